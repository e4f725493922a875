//! What an alert is about: which findings are one and the same matter, when it was spoken of last, and whether it is the
//! person's.

use crate::model::found::{LateRising, LongInRoom};
use crate::model::ids::{PointId, SensorId};
use crate::model::lifecycle::Actor;
use crate::model::reason::{Class, Reason, SignOfLife};
use crate::model::time::{Span, Timestamp};

/// When each rule last spoke about each matter. A few dozen at most, looked through by reference: this happens at every input.
#[derive(Clone, Default)]
pub(super) struct Spoken(Vec<Once>);

/// When a rule last spoke about a subject.
#[derive(Clone)]
struct Once {
    rule: &'static str,
    subject: Option<SensorId>,
    link: Option<String>,
    leads_to: Option<PointId>,
    at: Timestamp,
}

impl Spoken {
    /// It was spoken of at `at`.
    pub(super) fn note(&mut self, reason: &Reason, at: Timestamp) {
        match self.0.iter_mut().find(|once| once.is_about(reason)) {
            Some(once) => once.at = at,
            None => {
                let (subject, link, leads_to) = matter(reason);
                let (subject, link, leads_to) = (subject.cloned(), link.map(str::to_owned), leads_to.cloned());
                self.0.push(Once { rule: reason.matter(), subject, link, leads_to, at });
            }
        }
    }

    /// When it was spoken of last.
    pub(super) fn at(&self, reason: &Reason) -> Option<Timestamp> {
        self.0.iter().find(|once| once.is_about(reason)).map(|once| once.at)
    }

    /// When anything of the matter of this name was spoken of last.
    pub(super) fn of(&self, matter: &str) -> Option<Timestamp> {
        self.0.iter().filter(|once| once.rule == matter).map(|once| once.at).max()
    }

    pub(super) fn shift(&mut self, by: Span) {
        self.0.iter_mut().for_each(|once| once.at += by);
    }
}

impl Once {
    fn is_about(&self, reason: &Reason) -> bool {
        self.rule == reason.matter()
            && (self.subject.as_ref(), self.link.as_deref(), self.leads_to.as_ref()) == matter(reason)
    }
}

/// Whether two findings are one matter.
pub(super) fn is_same(one: &Reason, other: &Reason) -> bool {
    one.matter() == other.matter() && matter(one) == matter(other)
}

/// What an alert is about: repeated findings of one rule about it are one alert.
pub(super) fn matter(reason: &Reason) -> (Option<&SensorId>, Option<&str>, Option<&PointId>) {
    // Too much is another matter than too little: who reads "too cold" is to be told of the heat.
    if let Reason::Range(found) = reason {
        return (Some(&found.sensor), Some(if found.is_low { "low" } else { "high" }), None);
    }
    (reason.subject(), reason.link(), reason.leads_to())
}

pub(super) fn who_says(reason: &Reason) -> Actor {
    let pressed = matches!(reason, Reason::CallButton { .. } | Reason::ServiceButton { .. });
    if pressed { Actor::home() } else { Actor::gateway() }
}

/// Whether it is the person, not the equipment or a meal, that the alert is about.
pub(super) fn concerns_person(reason: &Reason) -> bool {
    reason.class() == Class::Person || matches!(reason, Reason::NotObserved { .. })
}

/// Whether this sign of life answers the question at home. Somebody who has fallen and called may move: only a press of the
/// OK button takes a call back; and to move in the room where one has been for too long is no answer.
pub(super) fn is_answered_by(reason: &Reason, sign: &SignOfLife) -> bool {
    if let Reason::LongInRoom(LongInRoom { room, .. }) | Reason::LateRising(LateRising { room, .. }) = reason {
        return sign.room.as_ref().is_some_and(|seen_in| seen_in != room);
    }
    !matches!(reason, Reason::CallButton { .. })
}
