//! The decisions of a history are made again from its inputs and must come out the same, byte for byte.
//!
//! Each stretch between two changes of configuration or restarts begins as the daemon began: from all lines before it. What
//! people did, receipts, links, the clock and the starts are inputs; the steps that came of them are compared as they stand
//! in the history.

use super::recorded::input;
use crate::engine::{Effect, Engine, drive};
use crate::model::alert::Step;
use crate::model::recorded::Recorded;
use crate::model::time::{Span, Timestamp};
use std::collections::VecDeque;

/// How much of a history can be compared.
#[derive(Debug, Clone, Copy)]
pub struct Limits<'a> {
    /// The configuration in hand: only what it decided can be decided again.
    pub hash: &'a str,
    /// Compare from here on.
    pub from: Option<Timestamp>,
    /// Older readings may be forgotten already.
    pub whole_from: Timestamp,
}

/// A stretch of the history that one run decided by one configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Stretch {
    /// Begin.
    pub from: Timestamp,
    /// Its last line.
    pub to: Timestamp,
    /// Its configuration.
    pub hash: String,
    /// The program that decided.
    pub program: String,
    /// How many steps came out the same; absent where it was decided by another configuration.
    pub same: Option<u64>,
}

/// The first step that is not the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// When.
    pub at: Timestamp,
    /// As it stands in the history; absent if it is not there.
    pub recorded: Option<String>,
    /// As it is decided again; absent if it is not.
    pub replayed: Option<String>,
}

/// What a comparison came to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Verified {
    /// What was gone through, up to the first difference.
    pub stretches: Vec<Stretch>,
    /// Steps before the first stretch: written by programs that did not write every input.
    pub before: u64,
    /// The first difference.
    pub difference: Option<Difference>,
}

impl Verified {
    /// How many steps came out the same.
    pub fn same(&self) -> u64 {
        self.stretches.iter().filter_map(|stretch| stretch.same).sum()
    }
}

/// Decides `lines` again with `engine`, which has seen nothing yet; `passed` hears how many lines are done.
pub fn verify(engine: Engine, lines: &[Recorded], limits: Limits<'_>, mut passed: impl FnMut(u64)) -> Verified {
    let mut again = Again { remembered: engine, running: None, decided: VecDeque::new(), found: Verified::default() };
    for (line, number) in lines.iter().zip(1..) {
        if let Err(difference) = again.line(line, limits) {
            again.found.difference = Some(*difference);
            return again.found;
        }
        again.remembered.recall(line.clone());
        passed(number);
    }
    again.found.difference = again.undecided();
    again.found
}

/// The history decided again, up to some line.
struct Again {
    /// What a daemon would know that was started here.
    remembered: Engine,
    /// The daemon that ran; nothing where another configuration decided.
    running: Option<Running>,
    /// Steps that it decided and that must stand next in the history.
    decided: VecDeque<(u64, Step)>,
    found: Verified,
}

enum Running {
    /// Its first readings are forgotten: it is taken up later, from what is remembered then.
    Later(Timestamp),
    Now(Box<Engine>),
}

impl Again {
    fn line(&mut self, line: &Recorded, limits: Limits<'_>) -> Result<(), Box<Difference>> {
        let at = line.at();
        if let Some(stretch) = self.found.stretches.last_mut() {
            stretch.to = stretch.to.max(at);
        }
        match line {
            Recorded::Configured { hash, program, clock_trusted, .. } => {
                self.difference_if_undecided()?;
                self.begin(at, hash, program, *clock_trusted, limits);
            }
            Recorded::Step { alert, step } => return self.step(*alert, step),
            // What a day taught is learned anew from its readings.
            Recorded::Day(_) => {}
            // The time before was not watched, or was another one: no deadline came in it.
            Recorded::Started { .. } | Recorded::ClockStepped { .. } => {
                self.difference_if_undecided()?;
                self.handle(at, line);
            }
            Recorded::Watching { .. } => {
                self.pass_time(at);
                self.difference_if_undecided()?;
            }
            Recorded::Observed(_)
            | Recorded::HeardBefore(_)
            | Recorded::Link { .. }
            | Recorded::Flooded { .. }
            | Recorded::Suspended { .. }
            | Recorded::ClockTrusted { .. }
            | Recorded::Asked { .. }
            | Recorded::Received { .. }
            | Recorded::Trouble { .. }
            | Recorded::TroubleOver { .. } => {
                self.take_up(at, line);
                self.pass_time(at);
                self.difference_if_undecided()?;
                self.handle(at, line);
            }
        }
        Ok(())
    }

    /// A run begins, or goes on with another configuration.
    fn begin(&mut self, at: Timestamp, hash: &str, program: &str, clock_trusted: bool, limits: Limits<'_>) {
        let from = limits.from.unwrap_or(at);
        let is_its_own = hash == limits.hash;
        let later = (at < limits.whole_from).then(|| limits.whole_from + WARM_UP).into_iter().chain([from]).max();
        self.running = is_its_own.then(|| match later.filter(|later| *later > at) {
            Some(later) => Running::Later(later),
            None => {
                let mut engine = self.remembered.clone();
                engine.begin_with_clock(clock_trusted);
                Running::Now(Box::new(engine))
            }
        });
        let (hash, program) = (hash.to_owned(), program.to_owned());
        self.found.stretches.push(Stretch { from: at, to: at, hash, program, same: is_its_own.then_some(0) });
    }

    /// From the first input after the readings are whole: what is remembered by then is what a restart would remember.
    fn take_up(&mut self, at: Timestamp, line: &Recorded) {
        let is_due = matches!(&self.running, Some(Running::Later(later)) if at >= *later);
        if is_due && matches!(line, Recorded::Observed(_)) {
            self.running = Some(Running::Now(Box::new(self.remembered.clone())));
            if let Some(stretch) = self.found.stretches.last_mut() {
                stretch.from = at;
            }
        }
    }

    fn step(&mut self, alert: u64, step: &Step) -> Result<(), Box<Difference>> {
        match self.running {
            None if self.found.stretches.is_empty() => self.found.before += 1,
            None | Some(Running::Later(_)) => {}
            Some(Running::Now(_)) => {
                if self.decided.is_empty() {
                    self.pass_time(step.at);
                }
                let recorded = text(alert, step);
                let replayed = self.decided.pop_front();
                let replayed = replayed.map(|(alert, step)| text(alert, &step));
                if replayed.as_ref() != Some(&recorded) {
                    return Err(Box::new(Difference { at: step.at, recorded: Some(recorded), replayed }));
                }
                if let Some(same) = self.found.stretches.last_mut().and_then(|stretch| stretch.same.as_mut()) {
                    *same += 1;
                }
            }
        }
        Ok(())
    }

    fn handle(&mut self, at: Timestamp, line: &Recorded) {
        let (Some(Running::Now(engine)), Some(input)) = (&mut self.running, input(line)) else { return };
        let effects = engine.handle(at, input);
        self.decided.extend(steps(effects));
    }

    fn pass_time(&mut self, at: Timestamp) {
        let Some(Running::Now(engine)) = &mut self.running else { return };
        let decided = &mut self.decided;
        drive::until(engine, at, |_, effects| decided.extend(steps(effects)));
    }

    fn difference_if_undecided(&mut self) -> Result<(), Box<Difference>> {
        self.undecided().map_or(Ok(()), |difference| Err(Box::new(difference)))
    }

    /// A step that is decided again, but does not stand in the history.
    fn undecided(&self) -> Option<Difference> {
        let (alert, step) = self.decided.front()?;
        Some(Difference { at: step.at, recorded: None, replayed: Some(text(*alert, step)) })
    }
}

fn steps(effects: Vec<Effect>) -> impl Iterator<Item = (u64, Step)> {
    let step = |effect| if let Effect::Alert { alert, step } = effect { Some((alert, step)) } else { None };
    effects.into_iter().filter_map(step)
}

/// As the history holds it.
fn text(alert: u64, step: &Step) -> String {
    let line = Recorded::Step { alert, step: step.clone() };
    serde_json::to_string(&line).expect("history lines hold only text keys and finite numbers")
}

/// What the rules remember of single readings reaches back so far; longer memories stand in the history by themselves.
const WARM_UP: Span = Span::days(14);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::circle::Circle;
    use crate::engine::rules::Settings;
    use crate::model::home::{Home, Sensor, SensorKind};
    use crate::model::lifecycle::{Deed, Timers};
    use crate::model::observation::{Evidence, Measure, Observation};
    use crate::model::time::{Zone, from_millis};

    fn at(minute: i64) -> Timestamp {
        from_millis(1_770_000_000_000 + minute * 60_000)
    }

    fn engine() -> Engine {
        let (room, service, hold, silent_after, burst) = (None, None, None, None, None);
        let (kind, checks_in, offline_is_silent, source) = (SensorKind::Motion, true, false, "mqtt".to_owned());
        let id: crate::model::ids::SensorId = "hall".parse().unwrap();
        let hall = Sensor {
            id: id.clone(),
            room,
            kind,
            service,
            hold,
            silent_after,
            offline_is_silent,
            checks_in,
            burst,
            source,
        };
        let home = Home {
            id: "made-up-1".parse().unwrap(),
            place: "3-2-201".into(),
            zone: Zone::utc(),
            sensors: [(id, hall)].into(),
        };
        Engine::new(home, &Settings::default(), Circle { points: Vec::new(), timers: Timers::default() })
    }

    fn motion(minute: i64) -> Recorded {
        let (measure, evidence) = (Measure::Motion(true), Evidence::Event);
        let sensor = "hall".parse().unwrap();
        Recorded::Observed(Observation { at: at(minute), sensor, measure, evidence, copy: false })
    }

    /// What a gateway writes that is started, sees somebody once, and finds the silence after it.
    fn day() -> Vec<Recorded> {
        let configured = |minute| Recorded::Configured {
            at: at(minute),
            hash: "a".into(),
            program: "1".into(),
            clock_trusted: true,
        };
        let inputs = [
            configured(0),
            Recorded::Started { at: at(0), blind_since: None },
            motion(1),
            Recorded::Watching { at: at(900) },
            configured(1000),
            Recorded::Started { at: at(1000), blind_since: Some(at(999)) },
            motion(1001),
        ];
        let mut lines = Vec::new();
        let mut live = engine();
        for line in inputs {
            if matches!(line, Recorded::Configured { .. }) {
                live = engine().restore(lines.clone());
            } else if !matches!(line, Recorded::Started { .. }) {
                drive::until(&mut live, line.at(), |_, effects| {
                    lines.extend(steps(effects).map(|(alert, step)| Recorded::Step { alert, step }));
                });
            }
            let decided = input(&line).map(|input| live.handle(line.at(), input)).unwrap_or_default();
            lines.push(line);
            lines.extend(steps(decided).map(|(alert, step)| Recorded::Step { alert, step }));
        }
        lines
    }

    fn verified(lines: &[Recorded], hash: &str) -> Verified {
        verify(engine(), lines, Limits { hash, from: None, whole_from: at(0) }, |_| ())
    }

    #[test]
    fn what_was_decided_is_decided_again() {
        let day = day();
        let steps = day.iter().filter(|line| matches!(line, Recorded::Step { .. })).count() as u64;
        let found = verified(&day, "a");
        assert_eq!(found.difference, None);
        assert!(steps >= 2, "a raise and a sign of life");
        assert_eq!((found.same(), found.stretches.len()), (steps, 2));
    }

    #[test]
    fn a_step_that_is_missing_added_or_changed_is_the_first_difference() {
        let day = day();
        let raise = day.iter().position(|line| matches!(line, Recorded::Step { .. })).unwrap();
        let mut missing = day.clone();
        missing.remove(raise);
        let found = verified(&missing, "a").difference.unwrap();
        assert!(found.replayed.unwrap().contains("inactivity"));
        let mut added = day.clone();
        added.insert(raise, day[raise].clone());
        let found = verified(&added, "a").difference.unwrap();
        assert!(found.recorded.is_some() && found.replayed.is_none());
        let mut changed = day.clone();
        if let Recorded::Step { step, .. } = &mut changed[raise] {
            step.at += Span::milliseconds(1);
            assert!(matches!(step.deed, Deed::Raise { .. }));
        }
        let found = verified(&changed, "a").difference.unwrap();
        assert!(found.recorded.is_some() && found.replayed.is_some());
        let mut unheard = day;
        unheard.retain(|line| !matches!(line, Recorded::Observed(o) if o.at == at(1)));
        assert!(verified(&unheard, "a").difference.is_some(), "an input that is missing is noticed");
    }

    #[test]
    fn what_another_configuration_decided_is_left_out_and_said() {
        let found = verified(&day(), "b");
        assert_eq!((found.difference.is_none(), found.same()), (true, 0));
        assert!(found.stretches.iter().all(|stretch| stretch.same.is_none()));
    }
}
