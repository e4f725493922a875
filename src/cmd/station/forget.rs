//! `carecircle station forget`: one home goes for good, while the station is stopped; prints a receipt that names nobody.

use crate::clock;
use crate::cmd::{self, Failed, receipt};
use crate::config;
use crate::desk::{self, Case, Desk, Recorded};
use crate::model::ids::HomeId;
use crate::model::reason::Class;
use crate::problem::Problem;
use crate::station::DATABASE;
use crate::store::{Held, Looking, Record};
use crate::text::{self, Language};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// Arguments of `carecircle station forget`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which home, by its id
    home: HomeId,
    /// Its id, typed once more; without it, it is asked for
    #[arg(long, value_name = "ID")]
    confirm: Option<String>,
    /// Although an alert about the person is open there: nobody would be told that it was not closed
    #[arg(long)]
    even_with_open_alerts: bool,
}

pub(super) fn run(config: &Path, args: &Args) -> Result<ExitCode, Failed> {
    let (config, problems) = config::load_station(config);
    let config = config.ok_or(Failed::Configuration(problems))?;
    let dir = &config.state_dir;
    let question = format!("Everything about this home will be gone for good, in {}.", dir.display());
    receipt::confirmed(args.home.as_str(), args.confirm.clone(), &question)?;
    let in_words = |error: crate::store::Error| error.problem();
    let held = Held::of(dir, DATABASE).map_err(|error| still_runs(error.problem()))?;
    if !args.even_with_open_alerts {
        nothing_is_open(&config, &args.home)?;
    }
    let mark = receipt::fingerprint(&dir.join(DATABASE))?;
    let named = held.named(&args.home).map_err(in_words)?;
    let forgotten = held.forget_home(&named, &|body| is_about(body, &args.home)).map_err(in_words)?;
    let left = held.still_named(&named).map_err(in_words)?;
    let mut lines = vec![
        format!("forgotten on {}", config.zone.date(clock::now())),
        format!(
            "lines {}, alerts {}, cards {}, events {}",
            forgotten.lines, forgotten.alerts, forgotten.cards, forgotten.events
        ),
        format!(
            "messages {}, cleaned: lines of the audit {}, notes of shifts {}",
            forgotten.messages, forgotten.audit, forgotten.notes
        ),
        format!("fingerprint of what was there {mark}"),
    ];
    if forgotten.is_nothing() {
        lines.push("note: this station knew nothing of this home; is its id right?".to_owned());
    }
    lines.extend(left.iter().map(|file| {
        format!("note: looked through once more, and something in {file} reads like it: perhaps another home or place")
    }));
    lines.push(
        "note: if its gateway still speaks to this station, the home is known again; stop the gateway first".to_owned(),
    );
    let mut out = std::io::stdout().lock();
    Ok(cmd::printed(lines.iter().try_for_each(|line| writeln!(out, "{line}")))?)
}

/// Refuses where somebody still has to go there, or to phone. Troubles of equipment do not count: a home that was taken down is
/// one for ever.
fn nothing_is_open(config: &config::Station, home: &HomeId) -> Result<(), Problem> {
    let looking = Looking::at(&config.state_dir.join(DATABASE)).map_err(|error| error.problem())?;
    let mut history: Vec<Recorded> = Vec::new();
    let read = looking.for_each_record(|record| {
        if let Record::Entry(entry) = record {
            history.extend(serde_json::from_slice::<Recorded>(entry.body.as_bytes()).ok());
        }
    });
    read.map_err(|error| error.problem())?;
    let settings = desk::Settings {
        point: config.point.clone(),
        timers: config.timers.clone(),
        unreachable_after: config.unreachable_after,
        people: Default::default(),
        duty: None,
        daily: config.daily.clone(),
    };
    let is_of_a_person = |case: &Case| {
        case.phase.is_open() && !case.test && matches!(case.reason.class(), Class::Person | Class::Request)
    };
    let open = Desk::new(settings).restore(history).open_cases().into_iter();
    let open: Vec<Case> = open.filter(|case| case.key.home == *home && is_of_a_person(case)).collect();
    let Some(first) = open.first() else { return Ok(()) };
    let rule = text::rule(Language::English, &first.reason);
    let what = match open.len() - 1 {
        0 => format!("an alert of this home is open: {rule}"),
        more => format!("alerts of this home are open: {rule}, and {more} more"),
    };
    let deed = "close what is open at the desk first; or forget all the same: --even-with-open-alerts";
    Err(Problem::of(home.to_string(), format!("nothing was forgotten: {what}")).with_deed(deed))
}

fn is_about(body: &str, home: &HomeId) -> bool {
    serde_json::from_slice::<Recorded>(body.as_bytes()).is_ok_and(|line| line.home() == Some(home))
}

fn still_runs(problem: Problem) -> Problem {
    problem.with_deed("stop it first: systemctl stop carecircle-station; or name another configuration: --config FILE")
}
