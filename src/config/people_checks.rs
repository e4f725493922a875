//! What must fit together around a home: points, people, steps, and the channels that lead to them.

use crate::config::gateway::ChannelEntry;
use crate::config::nearest;
use crate::config::people::{PersonEntry, StepEntry, WORDS};
use crate::config::points::PointEntry;
use crate::config::report::{Place, Report};
use crate::config::section::Section;
use crate::engine::circle::Ask;
use crate::model::ids::{ChannelName, PointId};

/// Everybody around a home who can be told something.
pub(super) struct Told<'e> {
    pub points: &'e [PointEntry],
    pub people: &'e [PersonEntry],
}

impl Told<'_> {
    /// How many of them a channel leads to.
    pub(super) fn by(&self, channel: &ChannelName) -> usize {
        let points = self.points.iter().map(|entry| &entry.point.channels);
        let people = self.people.iter().map(|entry| &entry.person.channels);
        points.chain(people).filter(|channels| channels.contains(channel)).count()
    }

    /// Whether everybody whom the file names could be read.
    pub(super) fn is_whole(&self, root: &Section<'_, '_>) -> bool {
        let circle = root.section("circle");
        self.points.len() == circle.list("point").len() && self.people.len() == circle.list("person").len()
    }
}

/// People against the points and one another, and whether somebody asks them.
pub(super) fn people(told: &Told<'_>, steps: &[StepEntry], channels: &[ChannelEntry], report: &Report<'_>) {
    let points = told.points.iter().map(|entry| (&entry.point.id, &entry.id));
    let everybody: Vec<(&PointId, &Place)> =
        points.chain(told.people.iter().map(|entry| (&entry.person.id, &entry.id))).collect();
    for (id, place) in &everybody {
        if WORDS.contains(&id.as_str()) {
            let deed = Some("give it another id".into());
            report.error(place, format!("\"{id}\" is a word of ask, so it cannot be an id"), deed);
        }
    }
    for (nth, entry) in told.people.iter().enumerate() {
        let id = &entry.person.id;
        if told.points.iter().any(|point| point.point.id == *id) {
            let deed = Some("points and people are told apart by their ids: give one another".into());
            report.error(&entry.id, format!("\"{id}\" is a service point already"), deed);
        } else if told.people.iter().take(nth).any(|other| other.person.id == *id) {
            report.error(&entry.id, format!("there are two people \"{id}\""), None);
        }
        let asks = |step: &StepEntry| asked(step).any(|ask| matches!(ask, Ask::Named(named) if named == id));
        if !steps.iter().any(asks) {
            let deed = format!("name them in the ask of a [[circle.step]]: ask = [\"{id}\"]");
            report.warning(&entry.id, format!("nobody ever asks \"{id}\""), Some(deed));
        }
        of_one(&format!("\"{id}\""), &entry.person.channels, &entry.channels, channels, report);
    }
}

/// The channels of a point or a person, called `who`.
pub(super) fn of_one(who: &str, named: &[ChannelName], place: &Place, channels: &[ChannelEntry], report: &Report<'_>) {
    if named.is_empty() {
        report.error(place, format!("{who} cannot be told anything"), Some("name at least one [[channel]]".into()));
    }
    for (nth, name) in named.iter().enumerate() {
        if named.iter().take(nth).any(|other| other == name) {
            report.warning(place, format!("channel \"{name}\" is named twice"), None);
        }
        if !channels.iter().any(|channel| channel.name.value == *name) {
            let names = channels.iter().map(|channel| channel.name.value.as_str());
            let deed = nearest::question(name.as_str(), names).unwrap_or("add a [[channel]] of this name".into());
            report.error(place, format!("{who} has the channel \"{name}\", which is not defined"), Some(deed));
        }
    }
}

/// Each step against those before it.
pub(super) fn steps(steps: &[StepEntry], told: &Told<'_>, report: &Report<'_>) {
    let (mut any, mut nearest, mut all) = (false, false, false);
    for (nth, step) in steps.iter().enumerate() {
        let place = step.ask.as_ref().map_or(&step.section, |ask| &ask.place);
        for ask in asked(step) {
            match ask {
                Ask::Next if all => {
                    let deed = Some("take it out, or put it before all_points".into());
                    report.warning(place, "all points were asked before: next finds nobody new", deed);
                }
                Ask::Next if !nearest => {
                    let deed = Some("write nearest for the point that is asked first".into());
                    report.warning(place, "next stands before nearest: next to whom?", deed);
                }
                Ask::Nearest | Ask::Next | Ask::Named(_) => {}
                Ask::AllPoints => all = true,
            }
            nearest |= !matches!(ask, Ask::Named(id) if told.people.iter().any(|entry| entry.person.id == *id));
        }
        waits(nth, nth + 1 == steps.len(), step, report);
        resort(any, step, report);
        any |= step.ask.as_ref().is_some_and(|ask| !ask.value.is_empty());
    }
    if !steps.iter().all(|step| step.is_whole) {
        return;
    }
    if let (Some(first), false) = (steps.first(), nearest) {
        let deed = Some("begin with ask = [\"nearest\"]".into());
        report.error(&first.section, "no step asks a service point", deed);
    } else if let (Some(last), false) = (steps.last(), all) {
        left_out(last, steps, told, report);
    }
}

fn waits(nth: usize, is_last: bool, step: &StepEntry, report: &Report<'_>) {
    match &step.after {
        Some(after) if nth == 0 => {
            let what = "the first step is taken with the alert itself: its after says nothing";
            report.warning(&after.place, what, Some("take it out".into()));
        }
        None if nth > 0 && !step.after_is_said => {
            let deed = "add how long after the step before: after = \"2m\"";
            report.error(&step.section, "the key \"after\" is missing in [[circle.step]]", Some(deed.into()));
        }
        Some(_) | None => {}
    }
    if let (Some(again), false) = (&step.again_every, is_last) {
        let deed = Some("put again_every into the last step".into());
        report.warning(&again.place, "only the last step is repeated", deed);
    }
}

/// The last resort speaks to those who were asked in vain.
fn resort(anybody_before: bool, step: &StepEntry, report: &Report<'_>) {
    let asks_nobody = step.is_whole && step.ask.as_ref().is_some_and(|ask| ask.value.is_empty());
    match step.last_resort.as_ref().filter(|at| at.value) {
        Some(at) if !anybody_before => {
            let deed = Some("ask somebody in a step before it, for example: ask = [\"nearest\"]".into());
            report.error(
                &at.place,
                "nobody has been told by the last resort: nobody can have left it unanswered",
                deed,
            );
        }
        None if asks_nobody => {
            let place = step.ask.as_ref().map_or(&step.section, |ask| &ask.place);
            report.error(
                place,
                "this step asks nobody",
                Some("name at least one of nearest, next, all_points or an id".into()),
            );
        }
        Some(_) | None => {}
    }
}

/// Points that no step reaches.
fn left_out(last: &StepEntry, steps: &[StepEntry], told: &Told<'_>, report: &Report<'_>) {
    let asks = || steps.iter().flat_map(asked);
    let is_named = |id: &PointId| asks().any(|ask| matches!(ask, Ask::Named(named) if named == id));
    let named = told.points.iter().filter(|entry| is_named(&entry.point.id)).count();
    let by_turn = asks().filter(|ask| matches!(ask, Ask::Next)).count() + 1;
    let reached = (named + by_turn).min(told.points.len());
    if reached < told.points.len() {
        let what = format!("only {reached} of {} service points are ever asked", told.points.len());
        report.warning(&last.section, what, Some("add a step with ask = [\"all_points\"]".into()));
    }
}

fn asked(step: &StepEntry) -> impl Iterator<Item = &Ask> {
    step.ask.iter().flat_map(|ask| &ask.value)
}
