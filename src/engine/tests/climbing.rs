//! Whatever the steps, the duties and the answers: what climbs, how fast, and to whom.

use super::*;
use crate::engine::circle::{Ask, AskStep, Person, Steps, Wait};
use crate::model::ids::PointId;
use crate::model::reason::{Class, Severity};
use crate::model::relation::Relation;
use std::collections::BTreeMap;

const DUTIES: [&str; 3] = ["always", "Mon-Sun 08:00-20:00", "Mon-Fri 20:00-08:00"];
const NAMES: [&str; 2] = ["wang", "daughter"];

/// A circle made of numbers: points, duties of points and people, steps.
#[derive(Debug, Clone)]
struct Made {
    points: usize,
    duties: [usize; 5],
    steps: Vec<(Vec<u8>, i64, i64, bool)>,
    again_every: i64,
}

fn made() -> impl Strategy<Value = Made> {
    let ask = proptest::collection::vec(0..6u8, 0..3);
    let step = (ask, 30..400i64, 30..400i64, proptest::bool::weighted(0.2));
    let duties = proptest::array::uniform5(0..DUTIES.len());
    (1..4usize, duties, proptest::collection::vec(step, 1..6), 60..300i64)
        .prop_map(|(points, duties, steps, again_every)| Made { points, duties, steps, again_every })
}

impl Made {
    fn circle(&self) -> Circle {
        let duty = |nth: usize| DUTIES[self.duties[nth]].parse().unwrap();
        let points = ["near", "far", "third"].into_iter().take(self.points).enumerate().map(|(nth, id)| Point {
            id: id.parse().unwrap(),
            name: id.into(),
            travel: Span::minutes(4 + nth as i64),
            on_duty: duty(nth),
            channels: Vec::new(),
        });
        let people = NAMES.into_iter().enumerate().map(|(nth, id)| Person {
            id: id.parse().unwrap(),
            name: None,
            relation: [Relation::Neighbour, Relation::Family][nth],
            travel: None,
            on_duty: duty(3 + nth),
            channels: Vec::new(),
        });
        let ask = |number: &u8| match number {
            0 => Ask::Nearest,
            1 => Ask::Next,
            2 => Ask::AllPoints,
            3 => Ask::Named("far".parse().unwrap()), // which may not be there
            other => Ask::Named(NAMES[usize::from(*other) - 4].parse().unwrap()),
        };
        let step = |(asks, emergency, urgent, last_resort): &(Vec<u8>, i64, i64, bool)| {
            let after = Wait { emergency: Span::seconds(*emergency), urgent: Span::seconds(*urgent) };
            let unreceived_after = after.at_most(Span::minutes(1));
            AskStep { ask: asks.iter().map(ask).collect(), after, unreceived_after, last_resort: *last_resort }
        };
        let mut circle = Circle::of_points(points.collect(), Timers::default());
        circle.people = people.collect();
        circle.steps = Steps::new(self.steps.iter().map(step).collect(), Span::seconds(self.again_every)).unwrap();
        circle
    }

    /// No wait is longer, the rare repeats of an old alert included.
    fn longest_wait(&self) -> Span {
        Span::seconds(self.steps.iter().map(|step| step.1.max(step.2)).chain([self.again_every, 600]).max().unwrap())
    }
}

/// What an observer of the steps alone can tell about one alert.
#[derive(Default)]
struct Watched {
    severity: Option<Severity>,
    level: u32,
    owner: bool,
    owned_since: Option<Timestamp>,
    due: Option<Timestamp>,
    asked_at: Option<Timestamp>,
    resort: bool,
    open: bool,
    arrived: bool,
}

impl Watched {
    fn see(&mut self, step: &Step) {
        match &step.deed {
            Deed::Raise { severity, to, .. } => {
                self.severity = Some(*severity);
                self.open = true;
                self.due = Some(step.at + Timers::default().arrive_within);
                let pressing = matches!(severity, Severity::Emergency | Severity::Urgent);
                let is_person = |id: &PointId| NAMES.contains(&id.as_str());
                assert!(pressing || !to.iter().any(is_person), "a person was told of a {severity:?}");
            }
            Deed::Escalate { level, to, people, last_resort } => self.climbs(step, *level, to, people, last_resort),
            Deed::Take => {
                assert!(!self.owner, "two owners");
                (self.owner, self.owned_since) = (true, Some(step.at));
            }
            Deed::Release { .. } | Deed::Lapse => self.owner = false,
            Deed::Arrive { .. } => self.arrived = true,
            Deed::Close { .. } | Deed::Cancel | Deed::CheckOver { .. } => self.open = false,
            Deed::Reopen => {
                *self = Watched { open: true, severity: self.severity, level: self.level, ..Watched::default() };
                self.due = Some(step.at + Timers::default().arrive_within);
            }
            Deed::Again { .. }
            | Deed::AskHome { .. }
            | Deed::Unanswered { .. }
            | Deed::PersonCancelled
            | Deed::Receive
            | Deed::Ask { .. }
            | Deed::AskEnded
            | Deed::Depart
            | Deed::HandOver { .. }
            | Deed::Accept
            | Deed::HandOverEnded
            | Deed::TakeOver
            | Deed::Assist
            | Deed::Call { .. }
            | Deed::Note { .. }
            | Deed::Life { .. }
            | Deed::Recovered
            | Deed::Undo { .. }
            | Deed::Remind { .. }
            | Deed::Overdue
            | Deed::Refused { .. }
            | Deed::Unknown => {}
        }
    }

    fn climbs(
        &mut self,
        step: &Step,
        level: u32,
        to: &[PointId],
        people: &BTreeMap<PointId, Relation>,
        resort: &Option<String>,
    ) {
        assert_eq!(level, self.level + 1, "not one level");
        assert_ne!(self.asked_at, Some(step.at), "twice in one turn");
        (self.level, self.asked_at) = (level, Some(step.at));
        assert!(!to.is_empty() && people.keys().all(|person| to.contains(person)));
        assert!(!self.resort || resort.is_some(), "the last resort was taken back");
        self.resort = resort.is_some();
        let pressing = matches!(self.severity, Some(Severity::Emergency | Severity::Urgent));
        assert!(pressing || (people.is_empty() && resort.is_none()), "{:?} climbed to people", self.severity);
        // Somebody at a desk may ask for more people at any time.
        let by_itself = step.by.role == Role::Gateway;
        let climbs = pressing || self.severity == Some(Severity::Blind);
        assert!(climbs || !by_itself, "{:?} climbed", self.severity);
        if self.owner && by_itself {
            assert!(!self.arrived && self.due.is_some_and(|due| step.at >= due), "taken, and it climbed in time");
        }
    }
}

fn life(made: &Made, kill: bool, events: &[Event]) -> Life {
    let circle = made.circle();
    Life::with(Box::new(move || engine_of(circle.clone())), kill).live(events)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, ..ProptestConfig::default() })]

    #[test]
    fn with_any_steps_it_climbs_one_level_at_a_time_to_whom_it_may_and_no_further_once_taken(
        made in made(), events in events()
    ) {
        let life = life(&made, false, &events);
        let mut watched = BTreeMap::<u64, Watched>::new();
        for effect in &life.told {
            let Effect::Alert { alert, step } = effect else { continue };
            // What was taken back is another story; the alert's own life has its tests.
            let alert = watched.entry(*alert).or_default();
            if matches!(step.deed, Deed::Undo { .. }) {
                *alert = Watched { severity: None, ..std::mem::take(alert) };
            }
            if alert.severity.is_some() || matches!(step.deed, Deed::Raise { .. }) {
                alert.see(step);
            }
        }
    }

    #[test]
    fn with_any_steps_an_alert_about_the_person_that_nobody_is_at_is_never_left_alone(
        made in made(), events in events()
    ) {
        let mut life = life(&made, false, &events);
        // Three hours in which nobody answers at all.
        let until = life.now + Span::hours(3);
        while let Some(deadline) = life.engine.next_wakeup().filter(|deadline| *deadline <= until) {
            life.handle(deadline, Input::Tick, None);
        }
        let longest = made.longest_wait();
        for alert in life.engine.alerts() {
            let pressing = matches!(alert.severity, Severity::Emergency | Severity::Urgent);
            let waits = pressing && alert.phase.is_open() && alert.phase != Phase::Arrived;
            if waits && alert.asking_until.is_none() {
                let asked_at = alert.escalated_at.unwrap_or(alert.due_from);
                let rested = alert.in_hand_since.map_or(alert.due_from, |since| since + Span::minutes(15));
                prop_assert!(until - asked_at.max(rested) <= longest, "nobody was asked since {asked_at}");
            }
        }
    }

    #[test]
    fn when_another_circle_takes_over_no_alert_that_was_told_is_left_with_those_who_are_gone(
        made in made(), then in made(), events in events()
    ) {
        let life = life(&made, false, &events);
        let told: Vec<u64> = life.engine.alerts().filter(|a| !a.points.is_empty()).map(|a| a.id.number).collect();
        let mut circle = then.circle();
        circle.points.iter_mut().for_each(|point| point.id = format!("new-{}", point.id).parse().unwrap());
        circle.people.clear();
        let mut engine = engine_of(circle.clone()).restore(life.history.iter().cloned());
        engine.handle(life.now, Input::Tick);
        for alert in engine.alerts().filter(|alert| alert.phase.is_open() && told.contains(&alert.id.number)) {
            let is_there = alert.points.iter().any(|id| circle.points.iter().any(|point| point.id == *id));
            prop_assert!(is_there || alert.reason.class() == Class::Check, "{:?}", alert.reason);
        }
        prop_assert!(engine.next_wakeup().is_none_or(|next| next > life.now));
    }

    #[test]
    fn with_any_steps_killed_and_restored_it_decides_the_same(made in made(), events in events()) {
        let events = &events[..events.len().min(12)];
        prop_assert_eq!(life(&made, false, events).told, life(&made, true, events).told);
    }
}
