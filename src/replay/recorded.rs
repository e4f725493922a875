//! A gateway's own history through an engine: what the sensors said, not what was decided upon it then.

use super::past::is_need;
use super::simulated::{Outcome, Probes, Simulated, Summary};
use crate::engine::{Engine, Input};
use crate::model::lifecycle::Deed;
use crate::model::recorded::Recorded;
use crate::model::time::Timestamp;
use std::collections::BTreeMap;

/// Runs `lines` up to `until`, answering `probes` (in order of time) on the way; `passed` hears how many lines are done.
///
/// Alerts and steps of the history are left out: the rules of `engine` decide anew, and simulated staff close. But in which silences
/// people found that somebody needed help is no decision, and no engine learns from those.
pub fn replay(
    engine: Engine,
    lines: &[Recorded],
    probes: &[Timestamp],
    until: Option<Timestamp>,
    mut passed: impl FnMut(u64),
) -> Outcome {
    let (mut home, mut summary, mut probes) = (Simulated::new(engine), Summary::default(), Probes::new(probes));
    let (mut has_readings, mut found) = (false, Found::default());
    for line in lines {
        if until.is_some_and(|until| line.at() > until) {
            break;
        }
        summary.count(line.at());
        if let Recorded::Observed(observation) = line
            && !home.engine.home().sensors.contains_key(&observation.sensor)
        {
            summary.strangers += 1;
        }
        probes.ask(&home, Some(line.at()));
        has_readings |= matches!(line, Recorded::Observed(_));
        if matches!(line, Recorded::Day(_)) && !has_readings {
            // What days taught whose readings are forgotten; later ones are learned anew, by these settings.
            home.engine.recall(line.clone());
        } else {
            take(&mut home, line);
        }
        if let Some(at) = found.emergency(line) {
            home.engine.never_learn(at);
        }
        passed(summary.rows);
    }
    probes.ask(&home, None);
    if let Some(until) = until {
        home.pass_time(until);
    }
    Outcome { raised: home.raised, asked: home.asked, answers: probes.answers, summary }
}

/// What people found out about the alerts of the history.
#[derive(Default)]
struct Found {
    raised_at: BTreeMap<u64, Timestamp>,
}

impl Found {
    /// When the alert was raised of which people say here that help was needed.
    fn emergency(&mut self, line: &Recorded) -> Option<Timestamp> {
        let Recorded::Step { alert, step } = line else { return None };
        if let Deed::Raise { .. } = step.deed {
            self.raised_at.insert(*alert, step.at);
        }
        let Deed::Close { outcome, .. } = step.deed else { return None };
        is_need(outcome).then(|| self.raised_at.get(alert).copied()).flatten()
    }
}

fn take(home: &mut Simulated, line: &Recorded) {
    let at = line.at();
    match line {
        // Nobody watched: no rule may count the time in between.
        Recorded::Started { blind_since, .. } => {
            home.pass_time(blind_since.unwrap_or(at).min(at));
            home.take(at, Input::Started { blind_since: *blind_since });
        }
        Recorded::ClockStepped { by, .. } => {
            home.pass_time(at - *by);
            home.take(at, Input::ClockStepped { by: *by });
        }
        // A start is told next; nothing may be judged before it.
        Recorded::Configured { clock_trusted, .. } => home.engine.begin_with_clock(*clock_trusted),
        Recorded::HistoryCut { times, .. } => drop(home.engine.history_cut(*times)),
        Recorded::Observed(_)
        | Recorded::HeardBefore(_)
        | Recorded::Link { .. }
        | Recorded::Flooded { .. }
        | Recorded::Suspended { .. }
        | Recorded::ClockTrusted { .. }
        | Recorded::Trouble { .. }
        | Recorded::Test { .. }
        | Recorded::Tested { .. }
        | Recorded::TroubleOver { .. } => {
            home.pass_time(at);
            if let Some(input) = input(line) {
                home.take(at, input);
            }
        }
        Recorded::Step { .. }
        | Recorded::Day(_)
        | Recorded::Watching { .. }
        | Recorded::Asked { .. }
        | Recorded::Received { .. } => home.pass_time(at),
    }
}

/// Readings that were written later than they came are put where they came: before the first line that happened after them.
pub fn in_order(lines: impl IntoIterator<Item = Recorded>) -> Vec<Recorded> {
    let mut ordered: Vec<Recorded> = Vec::new();
    for line in lines {
        let is_late = matches!(line, Recorded::HeardBefore(_));
        let came = |before: &Recorded| {
            let begins = matches!(before, Recorded::ClockStepped { .. } | Recorded::Configured { .. });
            begins || before.at() <= line.at()
        };
        let place = if is_late { ordered.iter().rposition(came).map_or(0, |last| last + 1) } else { ordered.len() };
        ordered.insert(place, line);
    }
    ordered
}

/// What the engine was told, where the line says that it was told something.
pub(super) fn input(line: &Recorded) -> Option<Input> {
    Some(match line.clone() {
        Recorded::Observed(observation) | Recorded::HeardBefore(observation) => Input::Observed(observation),
        Recorded::Link { source, up, .. } => Input::Link { source, up },
        Recorded::Started { blind_since, .. } => Input::Started { blind_since },
        Recorded::ClockStepped { by, .. } => Input::ClockStepped { by },
        Recorded::Flooded { flood, .. } => Input::Flooded(flood),
        Recorded::Suspended { what, .. } => Input::Suspended(what),
        Recorded::ClockTrusted { trusted, .. } => Input::ClockTrusted(trusted),
        Recorded::Asked { alert, key, by, deed, .. } => Input::Step { alert, key, by, deed },
        Recorded::Received { alert, point, .. } => Input::Received { alert, point },
        Recorded::Trouble { reason, .. } => Input::Trouble(reason),
        Recorded::Test { by_hand, .. } => Input::Test { by_hand },
        Recorded::Tested { unanswered, .. } => Input::Tested { unanswered },
        Recorded::TroubleOver { rule, way, .. } => Input::TroubleOver { rule: trouble_of(&rule)?, way },
        Recorded::Step { .. }
        | Recorded::Day(_)
        | Recorded::Watching { .. }
        | Recorded::Configured { .. }
        | Recorded::HistoryCut { .. } => return None,
    })
}

/// The troubles that a gateway tells of itself.
fn trouble_of(rule: &str) -> Option<&'static str> {
    let known = ["configuration", "storage", "subscription", "path_lost", "all_paths_lost", "twin"];
    known.into_iter().find(|known| *known == rule)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::circle::Circle;
    use crate::engine::rules::{Settings, testing};
    use crate::model::alert::Step;
    use crate::model::lifecycle::{Actor, Contact, Deed, Outcome};
    use crate::model::observation::{Evidence, Measure, Observation, Press};
    use crate::model::reason::{Reason, Severity};
    use crate::model::time::{Span, from_millis};

    #[test]
    fn a_reading_that_was_written_late_stands_where_it_came() {
        let heard = |at, late: bool| {
            let observation = Observation {
                at: from_millis(at),
                sensor: "hall".parse().unwrap(),
                measure: Measure::Motion(false),
                evidence: Evidence::Level,
                copy: false,
            };
            if late { Recorded::HeardBefore(observation) } else { Recorded::Observed(observation) }
        };
        let step = Recorded::ClockStepped { at: from_millis(50), by: crate::model::time::Span::milliseconds(-60) };
        let lines = [heard(100, false), step, heard(60, false), heard(70, false), heard(55, true), heard(65, true)];
        let at: Vec<i64> = in_order(lines).iter().map(|line| line.at().timestamp_millis()).collect();
        assert_eq!(at, [100, 50, 55, 60, 65, 70]);
    }

    fn clock(day: i64, minute: i64) -> Timestamp {
        testing::at("00:00") + Span::days(day) + Span::minutes(minute)
    }

    fn step(minute: i64, number: u32, deed: Deed) -> Recorded {
        let (by, key) = (Actor::gateway(), None);
        Recorded::Step { alert: 7, step: Step { number, at: clock(15, minute), by, deed, key, implied: false } }
    }

    /// Twenty days up from seven to ten at night; on one of them nothing from ten to five, and people closed the alert like this.
    fn with_a_long_silence(outcome: Outcome) -> Vec<Recorded> {
        let motion = |at, on| Recorded::Observed(testing::observed("hall", at, Measure::Motion(on), Evidence::Event));
        let mut lines: Vec<Recorded> = (0..20)
            .flat_map(|day| (420..1320).step_by(20).map(move |minute| (day, minute)))
            .filter(|(day, minute)| *day != 15 || !(601..1020).contains(minute))
            .flat_map(|(day, minute)| [motion(clock(day, minute), true), motion(clock(day, minute + 1), false)])
            .collect();
        let sensor = "pendant".parse().unwrap();
        let reason = Reason::CallButton { sensor, room: None, press: Press::Sos, last_life: None };
        lines.push(step(900, 1, Deed::Raise { reason, severity: Severity::Urgent, test: false, to: Vec::new() }));
        lines.push(step(1030, 2, Deed::Close { outcome, contact: Contact::Seen }));
        lines.sort_by_key(Recorded::at);
        lines
    }

    #[test]
    fn a_silence_in_which_people_found_that_help_was_needed_is_not_learned_by_a_replay_either() {
        let alert_at = |outcome| {
            let circle = Circle::default();
            let engine = Engine::new(testing::home(), &Settings::default(), circle);
            let probe = clock(19, 602);
            let answers = replay(engine, &with_a_long_silence(outcome), &[probe], None, |_| ()).answers;
            answers[0].alert.as_ref().expect("a silence of a day is found").0
        };
        let fine = alert_at(Outcome::FoundWell);
        for outcome in [Outcome::Helped, Outcome::Hospital, Outcome::Died] {
            assert!(alert_at(outcome) < fine, "{outcome:?}: {} {fine}", alert_at(outcome));
        }
    }
}
