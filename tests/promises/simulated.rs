//! Made-up residents through the real engine: every fall is found, and nothing is said that cannot be known.
//!
//! The short form; `carecircle simulate year` is the long one.

use crate::support;
use carecircle::engine::rules;
use carecircle::model::time::Zone;
use carecircle::replay::{History, instant};
use carecircle::sim::year::outcome::{End, Outcome};
use carecircle::sim::year::{Plan, characters, live};

fn plan(seed: u64, days: u32, from: &str) -> Plan {
    let zone = Zone::named("Europe/Paris").unwrap();
    Plan {
        seed,
        days,
        from: instant(from, &zone).unwrap(),
        zone,
        rules: rules::Settings::default(),
        // A fall a week: a month of each home says something.
        falls_per_year: 52.0,
        failures: true,
        records: false,
    }
}

#[test]
fn every_fall_is_found_and_nothing_is_said_of_who_cannot_be_seen() {
    let mut falls = 0;
    // Over both changes of clocks.
    for (seed, from) in [(1, "2026-03-08"), (2, "2026-10-05")] {
        let plan = plan(seed, 35, from);
        let outcomes: Vec<Outcome> = characters::ALL.iter().map(|resident| live(&plan, resident).0).collect();
        for outcome in &outcomes {
            assert_eq!(outcome.breaks, [], "seed {seed} from {from}, {}", outcome.resident);
        }
        let together = Outcome::together(&outcomes);
        let (of, found, visitor) = together.found();
        eprintln!("seed {seed} from {from}: {found} of {of} falls found, {visitor} by a visitor");
        assert_eq!(found + visitor, of);
        falls += of;
    }
    assert!(falls >= 40, "only {falls} falls: the promise says little");
}

#[test]
fn a_rule_that_is_off_is_noticed_by_the_falls_it_does_not_find() {
    // Every rule that would notice the quiet.
    let off = ["inactivity", "rhythm", "daily_contact", "long_in_room", "late_rising", "out_of_bed"];
    let rules = rules::Settings { off: off.map(String::from).to_vec(), ..rules::Settings::default() };
    let plan = Plan { rules, failures: false, falls_per_year: 200.0, ..plan(1, 20, "2026-01-01") };
    let (outcome, _) = live(&plan, characters::named("steady").unwrap());
    let lost = outcome.falls.iter().filter(|fall| fall.end == Some(End::Nobody)).count();
    assert!(lost > 0, "{:?}", outcome.falls);
    assert_eq!(outcome.breaks.len(), lost);
}

#[test]
fn one_seed_is_one_year_and_another_seed_another() {
    let steady = characters::named("steady").unwrap();
    let year = |seed| live(&Plan { records: true, ..plan(seed, 10, "2026-01-01") }, steady);
    let ((first, first_rows), (again, again_rows), (other, other_rows)) = (year(3), year(3), year(4));
    assert_eq!(first, again);
    assert_ne!(first.readings, other.readings);
    let csv = |record: Option<carecircle::sim::year::record::Record>| record.map(|record| record.csv().to_owned());
    let (first, again, other) = (csv(first_rows), csv(again_rows), csv(other_rows));
    assert_eq!(first, again);
    assert_ne!(first, other);
}

#[test]
fn a_year_written_down_is_a_history_that_replay_reads() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("made_up.csv.gz");
    let file = file.to_str().unwrap();
    let asked = ["simulate", "year", "--seed", "5", "--residents", "frail", "--days", "12", "--from", "2026-03-25"];
    let output = support::carecircle(&[&asked[..], &["--write-history", file, "--format", "json"]].concat()).output();
    let output = output.unwrap();
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    let history = History::read(file.as_ref(), &Zone::named("Europe/Paris").unwrap()).unwrap();
    assert!(
        history.rows.windows(2).all(|pair| pair[0].at <= pair[1].at),
        "time runs forwards over the change of clocks"
    );
    for sensor in ["bathroom_motion", "front_door", "bed", "thermometer"] {
        assert!(history.sensors.iter().any(|name| name == sensor), "no {sensor} in {:?}", history.sensors);
    }
    let asked = ["replay", "--history", file, "--zone", "Europe/Paris", "--format", "jsonl"];
    let (replayed, _, code) = support::run(&asked, "");
    assert_eq!(code, 0);
    assert!(replayed.lines().last().is_some_and(|line| line.contains("\"summary\"")), "{replayed}");
}

#[test]
fn a_resident_whom_nobody_knows_is_named_with_those_who_are() {
    let output = support::carecircle(&["simulate", "year", "--residents", "steady,nobody"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("\"nobody\"") && said.contains("still_sitter"), "{said}");
}
