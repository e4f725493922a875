//! A question before a limit: raised like an alert, and told as softly as can be; it ends by itself.
//!
//! What it is about becomes an alert of its own at the limit, found by its rule as if there had been no question: so none is
//! lost by a question, whatever became of it.

use super::Book;
use crate::engine::effect::{Effect, Signal};
use crate::engine::rules::Alarm;
use crate::model::alert::Alert;
use crate::model::home::{Home, SensorKind};
use crate::model::lifecycle::{Actor, CheckEnd, Deed};
use crate::model::reason::{Class, Reason, SignOfLife};
use crate::model::time::Timestamp;

impl Book {
    /// Whether this is a question about something that people were told already.
    pub(super) fn is_late_check(&self, alarm: &Alarm) -> bool {
        let Reason::Check(check) = &alarm.reason else { return false };
        self.spoken_of(check.becomes()).is_some_and(|spoken_at| spoken_at > alarm.since)
    }

    /// Whether the person was asked before this limit and has not answered: to ask once more would only lose time.
    pub(super) fn was_asked_in_time(&self, reason: &Reason) -> bool {
        let asked = |alert: &Alert| {
            alert.phase.is_open()
                && if let Reason::Check(check) = &alert.reason { check.becomes() == reason.matter() } else { false }
        };
        self.alerts.values().any(asked)
    }

    /// Asks the person at home, and tells the nearest station if that is wanted.
    pub(super) fn ask_in_time(&mut self, now: Timestamp, home: &Home, reason: Reason, effects: &mut Vec<Effect>) {
        let to = if self.tells_station { self.circle.first(&home.zone, now) } else { Vec::new() };
        let deed = Deed::Raise { severity: reason.severity(), reason, test: false, to };
        self.write_softly(now, self.next_number, Actor::gateway(), deed, effects);
        effects.push(Effect::Local(Signal::Asking));
    }

    /// Ends every question that none of its rule's `found` is about any more.
    pub fn end_checks(
        &mut self,
        now: Timestamp,
        home: &Home,
        found: &[&'static str],
        life: Option<&SignOfLife>,
        effects: &mut Vec<Effect>,
    ) {
        if !self.outlook().has_checks {
            return;
        }
        for number in self.numbers(|alert| alert.phase.is_open() && alert.reason.class() == Class::Check) {
            let Some(how) = self.alerts.get(&number).and_then(|alert| self.over(alert, home, found, life)) else {
                continue;
            };
            let is_answered = matches!(how, CheckEnd::Answered { .. });
            let is_unanswered = how == CheckEnd::LimitPassed;
            let by = if is_answered { Actor { via: None, ..Actor::home() } } else { Actor::gateway() };
            self.write_softly(now, number, by, Deed::CheckOver { how }, effects);
            effects.extend((!is_unanswered).then_some(Effect::Local(Signal::Closed)));
        }
    }

    /// Why a question is over, if it is.
    fn over(&self, alert: &Alert, home: &Home, found: &[&str], life: Option<&SignOfLife>) -> Option<CheckEnd> {
        let Reason::Check(check) = &alert.reason else { return None };
        let asked_at = alert.again_at;
        if self.spoken_of(check.becomes()).is_some_and(|spoken_at| spoken_at >= asked_at) {
            return Some(CheckEnd::LimitPassed);
        }
        if found.contains(&alert.reason.matter()) {
            return None;
        }
        // To move on in the room where one has been for long is no answer; to say that all is well is one anywhere.
        let is_answer = |life: &&SignOfLife| {
            let is_elsewhere = check.room.is_none() || life.room != check.room;
            let says_so = home.sensors.get(&life.sensor).is_some_and(|sensor| sensor.kind == SensorKind::OkButton);
            life.at >= asked_at && (is_elsewhere || says_so)
        };
        let answer = life.filter(is_answer).map(|sign| CheckEnd::Answered { sign: sign.clone() });
        Some(answer.unwrap_or(CheckEnd::NoLongerDue))
    }

    /// When a rule last spoke about the matter of this name.
    fn spoken_of(&self, matter: &str) -> Option<Timestamp> {
        self.spoken.iter().filter(|spoken| spoken.rule == matter).map(|spoken| spoken.at).max()
    }

    /// Writes a step, and tells it only where somebody is to hear of the question at all.
    fn write_softly(&mut self, now: Timestamp, number: u64, by: Actor, deed: Deed, effects: &mut Vec<Effect>) {
        let points = if let Deed::Raise { to, .. } = &deed { Some(to.is_empty()) } else { None };
        let is_silent = points.unwrap_or_else(|| self.alerts.get(&number).is_none_or(|alert| alert.points.is_empty()));
        if is_silent {
            self.record(now, number, by, deed, None, effects);
        } else {
            self.write(now, number, by, deed, None, effects);
        }
    }
}
