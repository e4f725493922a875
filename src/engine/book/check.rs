//! A question before a limit: raised like an alert, and told as softly as can be; it ends by itself.
//!
//! What it is about becomes an alert of its own at the limit, found by its rule as if there had been no question: so none is
//! lost by a question, whatever became of it.

use super::Book;
use crate::engine::effect::Effect;
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
        self.spoken.of(check.becomes()).is_some_and(|spoken_at| spoken_at > alarm.since)
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
        let to = if self.tells_station { self.circle.nearest(&home.zone, now) } else { Vec::new() };
        let deed = Deed::Raise { severity: reason.severity(), reason, test: false, to };
        self.write_softly(now, self.next_number, Actor::gateway(), deed, effects);
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
            let by = if is_answered { Actor { via: None, ..Actor::home() } } else { Actor::gateway() };
            self.write_softly(now, number, by, Deed::CheckOver { how }, effects);
        }
    }

    /// Why a question is over, if it is.
    fn over(&self, alert: &Alert, home: &Home, found: &[&str], life: Option<&SignOfLife>) -> Option<CheckEnd> {
        let Reason::Check(check) = &alert.reason else { return None };
        let asked_at = alert.again_at;
        if self.spoken.of(check.becomes()).is_some_and(|spoken_at| spoken_at >= asked_at) {
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

#[cfg(test)]
mod tests {
    use crate::engine::circle::Circle;
    use crate::engine::rules::check::Share;
    use crate::engine::rules::testing::{at, home, observed};
    use crate::engine::rules::{self, Settings};
    use crate::engine::{Effect, Engine, Input, drive};
    use crate::model::lifecycle::{Actor, Contact, Deed, Outcome, Role};
    use crate::model::observation::{Evidence, Measure};
    use crate::model::time::{Span, Timestamp};

    /// A home in which the learned limit, of twelve hours still, is asked about; quiet since eight.
    fn quiet_since_eight(off: &[&str]) -> Engine {
        let off = off.iter().map(|rule| (*rule).to_owned()).collect();
        let mut settings = Settings { off, ..Settings::default() };
        settings.check = rules::check::Settings { at: [("rhythm".to_owned(), Share(70))].into(), ..settings.check };
        let mut engine = Engine::new(home(), &settings, Circle::default());
        engine.handle(at("08:00"), Input::Started { blind_since: None });
        let motion = observed("hall", at("08:00"), Measure::Motion(true), Evidence::Event);
        engine.handle(at("08:00"), Input::Observed(motion));
        engine
    }

    fn raised(engine: &mut Engine, until: Timestamp) -> Vec<(&'static str, Timestamp)> {
        let mut raised = Vec::new();
        drive::until(engine, until, |at, effects| {
            for effect in effects {
                if let Effect::Alert { step, .. } = effect
                    && let Deed::Raise { reason, .. } = step.deed
                {
                    raised.push((reason.rule(), at));
                }
            }
        });
        raised
    }

    #[test]
    fn nobody_is_asked_about_a_silence_of_which_people_were_told() {
        let told = raised(&mut quiet_since_eight(&[]), at("23:00"));
        assert_eq!(told, [("inactivity", at("14:00"))], "the fixed limit came first");
        let asked = raised(&mut quiet_since_eight(&["inactivity"]), at("23:00"));
        assert_eq!(asked, [("check", at("16:24")), ("rhythm", at("20:00"))]);
    }

    #[test]
    fn who_talked_to_the_person_has_an_answer_and_who_did_not_has_none() {
        for (contact, comes_at) in [(Contact::Spoken, at("04:30") + Span::days(1)), (Contact::None, at("20:00"))] {
            let mut engine = quiet_since_eight(&["inactivity"]);
            raised(&mut engine, at("16:25"));
            let alert = engine.alerts().last().unwrap().id;
            let point: crate::model::ids::PointId = "near".parse().unwrap();
            let by = Actor { role: Role::Desk, point: Some(point.clone()), person: None, via: None };
            engine.handle(at("16:30"), Input::Received { alert, point });
            let deed = Deed::Close { outcome: Outcome::FoundWell, contact };
            engine.handle(at("16:30"), Input::Step { alert, key: "k".into(), by, deed });
            let later = raised(&mut engine, at("08:30") + Span::days(1));
            assert_eq!(later, [("rhythm", comes_at)], "{contact:?}");
        }
    }
}
