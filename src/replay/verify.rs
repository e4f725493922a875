//! The decisions of a history are made again from its inputs and must come out the same, byte for byte.
//!
//! Each stretch between two changes of configuration or restarts begins as the daemon began: from all lines before it. What
//! people did, receipts, links, the clock and the starts are inputs; the steps that came of them are compared as they stand
//! in the history. So are the lines of what each day taught. There a difference is told and the history believed: what said the
//! same again was withheld from it, and may have taught something all the same.

use super::recorded::input;
use crate::engine::{Effect, Engine, Input, drive};
use crate::model::alert::Step;
use crate::model::learned::LearnedDay;
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
    /// How many days taught the same.
    pub days_same: u64,
    /// … and how many did not, …
    pub days_differ: u64,
    /// … and the first of them.
    pub day_difference: Option<Difference>,
}

impl Verified {
    /// How many steps came out the same.
    pub fn same(&self) -> u64 {
        self.stretches.iter().filter_map(|stretch| stretch.same).sum()
    }
}

/// Decides `lines` again with `engine`, which has seen nothing yet; `passed` hears how many lines are done.
pub fn verify(engine: Engine, lines: &[Recorded], limits: Limits<'_>, mut passed: impl FnMut(u64)) -> Verified {
    let mut again = Again {
        remembered: engine,
        running: None,
        decided: VecDeque::new(),
        learned: VecDeque::new(),
        found: Verified::default(),
    };
    for (line, number) in lines.iter().zip(1..) {
        if let Err(difference) = again.line(line, limits) {
            again.found.difference = Some(*difference);
            return again.found;
        }
        again.remembered.recall(line.clone());
        passed(number);
    }
    again.found.difference = again.undecided();
    again.unwritten_days(None);
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
    /// Days that it closed and that must stand in the history.
    learned: VecDeque<LearnedDay>,
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
            Recorded::Configured { hash, program, clock_trusted, steps_on, .. } => {
                self.difference_if_undecided()?;
                self.begin(at, hash, program, *clock_trusted, limits);
                if let Some(Running::Now(engine)) = &mut self.running {
                    engine.steps_go_on_beyond(*steps_on);
                }
            }
            // It stands right behind the line that begins a run; of one that is taken up later it is remembered.
            Recorded::HistoryCut { times, .. } => {
                if let Some(Running::Now(engine)) = &mut self.running {
                    engine.history_cut(*times);
                }
            }
            Recorded::Step { alert, step } => return self.step(*alert, step),
            Recorded::Day(day) => self.day(day),
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
            | Recorded::Test { .. }
            | Recorded::Tested { .. }
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
        self.unwritten_days(None);
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

    /// What a day taught is learned anew from its readings.
    fn day(&mut self, day: &LearnedDay) {
        self.pass_time(day.at);
        self.unwritten_days(Some(day.until));
        let replayed = self.next_learned(|learned| learned.until == day.until);
        let Some(Running::Now(engine)) = &mut self.running else { return };
        if replayed.as_ref() == Some(day) {
            self.found.days_same += 1;
            return;
        }
        // The daemon went on with what it wrote down.
        engine.recall(Recorded::Day(day.clone()));
        let effects = engine.handle(day.at, Input::Tick);
        self.take_note(effects);
        self.day_differs(day.at, Some(day), replayed.as_ref());
    }

    /// Days that are closed again before the one that ended at `until`, or at all, but do not stand in the history.
    fn unwritten_days(&mut self, until: Option<Timestamp>) {
        let is_missing = |learned: &LearnedDay| until.is_none_or(|until| learned.until < until);
        while let Some(learned) = self.next_learned(is_missing) {
            self.day_differs(learned.at, None, Some(&learned));
        }
    }

    fn next_learned(&mut self, fits: impl Fn(&LearnedDay) -> bool) -> Option<LearnedDay> {
        self.learned.front().is_some_and(fits).then(|| self.learned.pop_front()).flatten()
    }

    fn day_differs(&mut self, at: Timestamp, recorded: Option<&LearnedDay>, replayed: Option<&LearnedDay>) {
        self.found.days_differ += 1;
        let text = |day: Option<&LearnedDay>| day.map(|day| line_text(&Recorded::Day(day.clone())));
        let (recorded, replayed) = (text(recorded), text(replayed));
        self.found.day_difference.get_or_insert(Difference { at, recorded, replayed });
    }

    fn handle(&mut self, at: Timestamp, line: &Recorded) {
        let (Some(Running::Now(engine)), Some(input)) = (&mut self.running, input(line)) else { return };
        let effects = engine.handle(at, input);
        self.take_note(effects);
    }

    fn pass_time(&mut self, at: Timestamp) {
        let Some(Running::Now(engine)) = &mut self.running else { return };
        let mut came = Vec::new();
        drive::until(engine, at, |_, effects| came.extend(effects));
        self.take_note(came);
    }

    fn take_note(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Alert { alert, step } => self.decided.push_back((alert, step)),
                Effect::Learned(day) => self.learned.push_back(*day),
                Effect::Notify { .. } | Effect::Local(_) => {}
            }
        }
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

/// As the history holds it.
fn text(alert: u64, step: &Step) -> String {
    line_text(&Recorded::Step { alert, step: step.clone() })
}

fn line_text(line: &Recorded) -> String {
    serde_json::to_string(line).expect("history lines hold only text keys and finite numbers")
}

/// What the rules remember of single readings reaches back so far; longer memories stand in the history by themselves.
const WARM_UP: Span = Span::days(14);

#[cfg(test)]
mod tests;
