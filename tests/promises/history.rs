//! What is kept of a home, and that it goes: shown, forgotten to the last byte, handed out without names.
#![allow(clippy::unwrap_used)] // a helper that cannot help ends its test

use super::station::bench::{Bench, call_button};
use super::support::{run, wait_until};
use super::world::{Home, PATIENCE, World};
use carecircle::clock;
use carecircle::gateway::{DATABASE, to_record};
use carecircle::model::card::{Card, Contact, ContactKind};
use carecircle::model::observation::{Evidence, Measure, Observation};
use carecircle::model::reason::Severity;
use carecircle::model::recorded::Recorded;
use carecircle::model::time::Span;
use carecircle::store::{Batch, Office, Store};
use std::path::{Path, PathBuf};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(10);

/// Every file below `folder`.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The files in which one of these texts stands.
fn naming(folder: &Path, texts: &[&str]) -> Vec<String> {
    let names = |path: &PathBuf| {
        let bytes = std::fs::read(path).unwrap_or_default();
        texts.iter().any(|text| bytes.windows(text.len()).any(|part| part == text.as_bytes()))
    };
    files(folder).iter().filter(|path| names(path)).map(|path| path.display().to_string()).collect()
}

/// A home that lived for a while, with an alert; its gateway has ended.
fn lived() -> World {
    let mut world = World::configure(&Home { more: "[home_assistant]\ndiscovery = true\n", ..Home::default() });
    std::fs::create_dir_all(world.path("state")).unwrap();
    let store = Store::open(&world.path("state"), DATABASE, |_| {}).unwrap().store;
    let moved = |n: i64| {
        let (at, measure) = (clock::now() - Span::days(20) + Span::minutes(30 * n), Measure::Motion(n % 2 == 0));
        let (sensor, evidence) = ("hall".parse().unwrap(), Evidence::Level);
        to_record(Recorded::Observed(Observation { at, sensor, measure, evidence, copy: false }))
    };
    store.submit(Batch { urgent: true, records: (0..500).map(moved).collect(), ..Batch::default() });
    drop(store);
    let contact = Contact { phone: "13800138000".into(), ..Contact::default() };
    let card = Card { resident: "王秀英".into(), contacts: vec![contact], ..Card::default() };
    let office = Office::open(&world.path("station")).unwrap();
    office.put_card(&"made-up-1".parse().unwrap(), &card, "desk1", clock::now()).unwrap();
    drop(office);
    world.start_station();
    world.start_gateway();
    world.wait_ready();
    world.press();
    wait_until("the alert is shown", PATIENCE, || !world.alerts_of("call_button").is_empty());
    let alert = world.alerts_of("call_button").remove(0);
    world.click(&alert, "take");
    wait_until("the home knows who comes", PATIENCE, || {
        naming(&world.path("state"), &["desk1"]).iter().any(|file| file.contains(DATABASE))
    });
    let mut gateway = world.gateway.take().unwrap();
    gateway.signal("TERM");
    gateway.wait(PATIENCE);
    world
}

#[test]
fn a_home_shows_what_it_keeps_hands_it_out_without_names_and_forgets_it_to_the_last_byte() {
    let world = lived();
    let config = world.path("gateway.toml").display().to_string();
    let state = world.path("state");

    assert!(world.html("/home/made-up-1").contains("王秀英"), "the station knows them");
    // The gateway knows people by ids only: no name of the staff or of a resident ever reaches it.
    let card = ["王秀英", "13800138000", "小李"];
    assert_eq!(naming(&state, &card), Vec::<String>::new());

    let (shown, _, code) = run(&["history", "show", "--config", &config], "");
    assert_eq!(code, 0);
    assert!(shown.contains("readings of sensors: 5") && shown.contains("kept 30 days, the oldest goes on "), "{shown}");
    assert!(shown.contains("consent: given on 2026-11-02 by the resident, for \"rooms\""), "{shown}");

    let export = |more: &[&str]| run(&[&["history", "export", "--config", &config], more].concat(), "").0;
    let hidden = export(&[]);
    assert!(hidden.lines().count() > 500 && hidden.lines().next().unwrap().contains("readme"));
    for name in ["made-up-1", "hall", "pendant", "desk1", "lehe", "单元"] {
        assert!(!hidden.contains(name), "{name} stands in what leaves the home");
    }
    assert!(hidden.contains("\"motion\"") && hidden.contains("\"n1\""), "what happened is still told");
    let whole = export(&["--as-is"]);
    assert!(whole.contains("hall") && whole.contains("desk1"));
    assert_eq!(whole.lines().count(), hidden.lines().count());

    let forget = |typed: &[&str]| run(&[&["history", "forget", "--config", &config], typed].concat(), "");
    let (_, refused, code) = forget(&["--home", "made-up-2"]);
    assert!(code != 0 && refused.contains("nothing was forgotten"), "{refused}");
    assert!(forget(&[]).2 != 0, "nobody can be asked");
    std::fs::copy(state.join(DATABASE), state.join("history.db.unreadable-1")).unwrap();
    let secrets = Path::new(&config).parent().unwrap().join("secrets");
    std::fs::create_dir_all(&secrets).unwrap();
    std::fs::write(secrets.join("home.pem"), "a key of nobody").unwrap();
    let (receipt, wrong, code) = forget(&["--home", "made-up-1"]);
    assert_eq!(code, 0, "{wrong}");
    assert!(receipt.contains("home.pem (--with-keys"), "{receipt}");
    // The database is there no more; a made-up one stands for what a gateway would begin anew.
    std::fs::write(state.join(DATABASE), "").unwrap();
    let (again, wrong, code) = forget(&["--home", "made-up-1", "--with-keys"]);
    assert!(code == 0 && !again.contains("home.pem") && !secrets.join("home.pem").exists(), "{again}{wrong}");
    assert!(receipt.contains("forgotten on") && receipt.contains("fingerprint"), "{receipt}");
    assert!(!receipt.lines().filter(|line| !line.starts_with("note:")).any(|line| line.contains("made-up-1")));
    let names = ["made-up-1", "hall", "pendant", "desk1", "lehe", "单元"];
    assert_eq!(naming(&state, &names), Vec::<String>::new());
    assert_eq!(naming(&world.path("run"), &names), Vec::<String>::new());
}

#[test]
fn a_running_gateway_is_not_forgotten_under_its_feet() {
    let mut world = World::configure(&Home::default());
    world.start_gateway();
    wait_until("the gateway runs", PATIENCE, || world.status().is_some());
    let config = world.path("gateway.toml").display().to_string();
    let (_, said, code) = run(&["history", "forget", "--config", &config, "--home", "made-up-1"], "");
    assert!(code != 0 && said.contains("stop it first"), "{said}");
    assert!(world.path("state").join(DATABASE).exists());
}

/// Goal: after `station forget` nothing names the home, and the others are as before. Method: a station with two homes whose ids
/// begin alike, each with a card, an alert, a look at its pages and a note of the shift; bytes are searched in every file.
#[test]
fn a_station_forgets_one_home_to_the_last_byte_and_keeps_the_others() {
    let mut bench = Bench::start();
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || bench.band("unclaimed").len() == 1);
    bench.click(id, "take", "zhang", &[]);
    bench.heartbeats(&["flat-10".to_owned()], |_| {});
    let office = Office::open(bench.folder()).unwrap();
    for (home, resident, phone) in [("flat-1", "王秀英", "0873-7123456"), ("flat-10", "李桂兰", "0873-7654321")] {
        let contact = Contact { kind: ContactKind::Resident, phone: phone.into(), ..Contact::default() };
        let card = Card { resident: resident.into(), contacts: vec![contact], ..Card::default() };
        office.put_card(&home.parse().unwrap(), &card, "zhang", clock::now()).unwrap();
    }
    let note = carecircle::store::office::ShiftLine {
        at: clock::now(),
        kind: carecircle::store::office::ShiftKind::Note,
        who: "zhang".into(),
        text: "王秀英 (flat-1) 今晚女儿来; 李桂兰 一切好".into(),
    };
    office.put_shift_line(&note).unwrap();
    drop(office);
    for page in ["/home/flat-1", "/alert/flat-1/1", "/home/flat-10"] {
        assert_eq!(bench.fetch_as(&bench.cookie("zhang"), page).0, 200, "{page}");
    }
    wait_until("both homes are in the history", SOON, || naming(bench.folder(), &["flat-10"]).len() > 1);
    bench.stop_station();
    let folder = bench.folder().to_owned();
    std::fs::copy(folder.join("station"), folder.join("station.copy")).unwrap();
    let config = folder.join("station.toml");
    let text = format!(
        "[station]\npoint = \"lehe\"\nname = \"lehe\"\ntime_zone = \"Asia/Shanghai\"\nstate_dir = \"{}\"\n[mqtt]\nbroker = \"mqtt://127.0.0.1:1883\"\n[[person]]\nid = \"zhang\"\nname = \"zhang\"\nrole = \"supervisor\"\n",
        folder.display()
    );
    std::fs::write(&config, text).unwrap();
    let file = config.display().to_string();
    let command = ["station", "--config", &file, "forget", "flat-1", "--confirm"];
    let forget = |confirm: &str| run(&[&command[..], &[confirm, "--even-with-open-alerts"]].concat(), "");
    assert!(forget("flat-10").2 != 0);
    let (_, refused, code) = run(&[&command[..], &["flat-1"]].concat(), "");
    assert!(
        code != 0 && refused.contains("an alert of this home is open") && refused.contains("--even-with"),
        "{refused}"
    );
    assert!(!naming(&folder, &["王秀英"]).is_empty());
    let (receipt, wrong, code) = forget("flat-1");
    assert_eq!(code, 0, "{receipt}{wrong}");
    assert!(receipt.contains("cards 1") && !receipt.contains("王秀英"), "{receipt}");
    assert_eq!(naming(&folder, &["王秀英", "0873-7123456"]), Vec::<String>::new());

    // "flat-1" is also how "flat-10" begins: what is left of it is that.
    for path in files(&folder) {
        let bytes = std::fs::read(&path).unwrap();
        let at = |n: usize| bytes.get(n..n + 6) == Some(b"flat-1") && bytes.get(n + 6) != Some(&b'0');
        assert!(!(0..bytes.len()).any(at), "{} still names it", path.display());
    }
    let office = Office::open(&folder).unwrap();
    assert_eq!(office.cards().unwrap().len(), 1);
    assert!(office.shift_lines(1).unwrap()[0].text.contains("李桂兰"));
    let looks = office.audit_log(100).unwrap();
    assert!(looks.iter().any(|look| look.who == "zhang" && look.home.is_none()), "that somebody looked stays");
    assert!(looks.iter().any(|look| look.home.as_deref() == Some("flat-10")));
    drop(office);
    bench.start_station_with(|_| {});
    wait_until("the desk is open again", SOON, || bench.fetch("/").0 == 200);
    assert!(bench.band("unclaimed").is_empty(), "the alert is gone with its home");
}

/// Goal: whoever sees a resident's name or telephone is in the audit. Method: each address that the source names is asked for by a
/// supervisor; where the answer holds either, the audit must have grown by a line of hers.
#[test]
fn nobody_sees_a_name_or_a_telephone_without_a_line_in_the_audit() {
    let mut bench = Bench::start();
    bench.stop_station();
    let office = Office::open(bench.folder()).unwrap();
    let contact = Contact { kind: ContactKind::Resident, phone: "0873-7123456".into(), ..Contact::default() };
    let card = Card { resident: "王秀英".into(), contacts: vec![contact], ..Card::default() };
    office.put_card(&"flat-1".parse().unwrap(), &card, "wang", clock::now()).unwrap();
    bench.start_station_with(|_| {});
    bench.heartbeats(&["flat-1".to_owned()], |_| {});
    wait_until("the home is known", SOON, || bench.fetch_as(&bench.cookie("wang"), "/home/flat-1").0 == 200);
    bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || bench.band("unclaimed").len() == 1);
    let cookie = bench.cookie("wang");
    let lines = || office.audit_log(10_000).unwrap().iter().filter(|line| line.who == "wang").count();
    let (mut seen, mut unaudited) = (Vec::new(), Vec::new());
    let mut routes = super::access::routes("get(");
    routes.push("/alert/{home}/{number}?fragment=1".to_owned());
    // Parts of pages before their pages, after which they would be no news.
    routes.sort_by_key(|route| !route.contains("fragment"));
    for route in routes {
        // Streams never end; what they send is the desk's, asked for besides.
        if route.ends_with("/events") || route.starts_with("/static") || route.contains("{*") {
            continue;
        }
        let address = route.replace("{home}", "flat-1").replace("{number}", "1").replace("{id}", "wang");
        let address = address.replace("{month}", "2026-11").replace("{language}", "zh").replace("{name}", "notice");
        let before = lines();
        let (_, answer, _) = bench.fetch_as(&cookie, &address);
        if answer.contains("王秀英") || answer.contains("7123456") {
            if lines() == before {
                unaudited.push(route.clone());
            }
            seen.push(route);
        }
    }
    assert!(seen.len() >= 4, "{seen:?}");
    assert_eq!(unaudited, Vec::<String>::new(), "of {seen:?}");
}
