//! What a group of people may read on their telephones: place and matter, no name and no diagnosis.
//!
//! A group's messages stay on telephones and servers of others. So no sensor is named (people give them names of
//! persons), no value of a body, no absence, and not how an alert ended; the page tells all of it to whom it concerns.

use crate::model::alert::Step;
use crate::model::found::Quantity;
use crate::model::ids::RoomId;
use crate::model::lifecycle::{Deed, Phase};
use crate::model::reason::{Class, Reason, Severity};
use crate::model::time::Span;
use crate::text::{Language, LastResort, duration, headline, last_resort, room, shown, terms};

/// One step of an alert, as far as a group is concerned.
#[derive(Debug, Clone, Copy)]
pub struct ForGroup<'a> {
    /// The home's short address.
    pub place: &'a str,
    /// What was done.
    pub step: &'a Step,
    /// Why the alert was raised.
    pub reason: &'a Reason,
    /// How urgent.
    pub severity: Severity,
    /// Where the alert stands after the step.
    pub phase: Phase,
    /// A test or drill.
    pub test: bool,
    /// The last resort, once it has come to that.
    pub last_resort: Option<LastResort<'a>>,
    /// How long ago the step was, where that is known.
    pub age: Option<Span>,
}

/// What is wrong, in a few words fit for a group: `Call button · bathroom`.
pub fn matter(language: Language, reason: &Reason) -> String {
    let rule = || terms::rule(language, reason).to_owned();
    let in_room = |place: Option<&RoomId>| match place {
        Some(place) => format!("{} · {}", rule(), room(language, place)),
        None => rule(),
    };
    let words = match reason {
        Reason::CallButton { room, .. }
        | Reason::SilentSensor { room, .. }
        | Reason::LowBattery { room, .. }
        | Reason::StuckSensor { room, .. }
        | Reason::Tamper { room, .. }
        | Reason::WeakSignal { room, .. }
        | Reason::Flood { room, .. } => in_room(room.as_ref()),
        Reason::Hazard(found) => in_room(found.room.as_ref()),
        Reason::NightDoor(found) => in_room(found.room.as_ref()),
        Reason::OutOfBed(found) => in_room(found.room.as_ref()),
        Reason::DoorLeftOpen(found) => in_room(found.room.as_ref()),
        Reason::MainsLost(found) => in_room(found.room.as_ref()),
        Reason::Range(found) if found.what == Quantity::RoomTemperature => headline(language, reason),
        Reason::ServiceButton { .. }
        | Reason::Test { .. }
        | Reason::Inactivity { .. }
        | Reason::Rhythm { .. }
        | Reason::LongInRoom(_)
        | Reason::LateRising(_)
        | Reason::DailyContact(_)
        | Reason::MissedContact(_)
        | Reason::AwayTooLong(_)
        | Reason::LinkLost { nobody_can_call: true, .. } => headline(language, reason),
        // Of what body, and why nobody should be at home, is not for a group.
        Reason::Range(_)
        | Reason::Check(_)
        | Reason::MissedVisit(_)
        | Reason::MovedWhileAway(_)
        | Reason::NotBack(_)
        | Reason::LinkLost { .. }
        | Reason::NotObserved { .. }
        | Reason::Subscription { .. }
        | Reason::Storage { .. }
        | Reason::Configuration { .. }
        | Reason::CertificateEnds(_)
        | Reason::PathLost(_)
        | Reason::AllPathsLost(_)
        | Reason::Twin(_)
        | Reason::HomeUnreachable { .. }
        | Reason::NoWatcher { .. }
        | Reason::Unknown => rule(),
    };
    shown(&words, MATTER_LENGTH_MAX)
}

/// The line a group reads about this step; `None` for steps that are no concern of a group.
pub fn for_group(language: Language, said: &ForGroup) -> Option<String> {
    // A question before a limit is between the person and the desk.
    if said.reason.class() == Class::Check {
        return None;
    }
    let news = with_last_resort(language, said, news(language, said)?);
    let (severity, matter) = (terms::severity(language, said.severity), matter(language, said.reason));
    let test = if said.test { language.pick("测试·", "TEST ") } else { "" };
    let place = shown(said.place, PLACE_LENGTH_MAX);
    let age = match said.age.filter(|age| *age >= LATE) {
        Some(age) => {
            let age = duration(language, age);
            language.pick(format!("（{age}前）"), format!(" ({age} ago)"))
        }
        None => String::new(),
    };
    Some(language.pick(
        format!("【{test}{severity}】{place} {matter}：{news}{age}"),
        format!("[{test}{severity}] {place} {matter}: {news}{age}"),
    ))
}

/// At the last resort every line says what to do now; of a further call that is all there is to say.
fn with_last_resort(language: Language, said: &ForGroup, news: String) -> String {
    let goes_with = |_: &LastResort| LastResort::goes_with(said.phase, &said.step.deed) && !said.test;
    let Some(resort) = said.last_resort.filter(goes_with) else { return news };
    let resort = last_resort(language, said.phase, resort);
    if matches!(said.step.deed, Deed::Escalate { .. }) {
        return resort;
    }
    language.pick(format!("{news}。{resort}"), format!("{news}. {resort}"))
}

/// What stands for the lines that found no room in a message.
pub fn and_more(language: Language, count: usize) -> String {
    language.pick(format!("另有 {count} 条，请看值班台"), format!("and {count} more, see the page"))
}

/// A line that is later than that says so.
const LATE: Span = Span::minutes(2);

const PLACE_LENGTH_MAX: usize = 40;

const MATTER_LENGTH_MAX: usize = 60;

/// What is new. What was said to be in hand and is no longer is news as well: nobody may rely on it.
fn news(language: Language, said: &ForGroup) -> Option<String> {
    let in_hand = said.phase.is_in_hand();
    let text = match &said.step.deed {
        Deed::Raise { .. } | Deed::Unanswered { .. } => {
            language.pick("请到值班台接单", "take it on the page").to_owned()
        }
        Deed::Reopen => language.pick("重新处置，请到值班台接单", "open again, take it on the page").to_owned(),
        Deed::Escalate { level, .. } if in_hand => {
            language.pick(format!("第 {level} 次求助"), format!("more help is asked for, time {level}"))
        }
        Deed::Escalate { level, .. } => language
            .pick(format!("仍无人接单，第 {level} 次催请"), format!("nobody has taken it, asked again, time {level}")),
        Deed::Overdue => language.pick("超时，仍无人到达", "OVERDUE, nobody is there yet").to_owned(),
        Deed::Take => language.pick("已接单", "taken").to_owned(),
        Deed::Arrive { .. } => language.pick("已到达", "somebody is there").to_owned(),
        Deed::Close { .. } => language.pick("已办结", "closed").to_owned(),
        Deed::Cancel => language.pick("本人有回应，已撤销", "answered at home, taken back").to_owned(),
        Deed::Release { .. } | Deed::Lapse => {
            language.pick("退回未接，请到值班台接单", "free again, take it on the page").to_owned()
        }
        Deed::Undo { .. } => {
            let phase = terms::phase(language, said.phase);
            language
                .pick(format!("上一步已撤销，现在：{phase}"), format!("the last step was undone, it is now {phase}"))
        }
        Deed::Again { .. }
        | Deed::AskHome { .. }
        | Deed::CheckOver { .. }
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
        | Deed::Remind { .. }
        | Deed::Refused { .. }
        | Deed::Unknown => return None,
    };
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::found::Range;
    use crate::model::lifecycle::Actor;
    use crate::model::time::from_millis;
    use serde_json::json;

    fn line(language: Language, deed: Deed, reason: &Reason, test: bool, age: Span) -> Option<String> {
        let step = Step { number: 1, at: from_millis(0), by: Actor::home(), deed, key: None, implied: false };
        let (severity, phase) = (Severity::Emergency, Phase::Received);
        let said = ForGroup {
            place: "3号楼201室",
            step: &step,
            reason,
            severity,
            phase,
            test,
            last_resort: None,
            age: Some(age),
        };
        for_group(language, &said)
    }

    fn press() -> Reason {
        let json = json!({"rule": "call_button", "sensor": "grandma-pendant", "room": "bathroom", "press": "sos"});
        serde_json::from_value(json).unwrap()
    }

    fn raise(reason: &Reason) -> Deed {
        Deed::Raise { reason: reason.clone(), severity: Severity::Emergency, test: false, to: Vec::new() }
    }

    #[test]
    fn a_group_reads_place_matter_and_what_is_new() {
        let (zh, en, press) = (Language::Chinese, Language::English, press());
        let say = |language, deed, test, minutes| line(language, deed, &press, test, Span::minutes(minutes)).unwrap();
        assert_eq!(say(zh, raise(&press), false, 0), "【紧急】3号楼201室 一键呼叫 · 卫生间：请到值班台接单");
        assert_eq!(
            say(en, raise(&press), true, 0),
            "[TEST Emergency] 3号楼201室 Call button · bathroom: take it on the page"
        );
        assert_eq!(say(zh, Deed::Take, true, 12), "【测试·紧急】3号楼201室 一键呼叫 · 卫生间：已接单（12 分前）");
        assert_eq!(
            say(en, Deed::Overdue, false, 1),
            "[Emergency] 3号楼201室 Call button · bathroom: OVERDUE, nobody is there yet"
        );
        assert_eq!(and_more(zh, 7), "另有 7 条，请看值班台");
        assert_eq!(and_more(en, 7), "and 7 more, see the page");
    }

    #[test]
    fn at_the_last_resort_every_line_says_what_to_do_until_somebody_has_it() {
        let (press, resort) = (press(), LastResort { call: "120", waited: Some(Span::minutes(4)) });
        let say = |deed: Deed, phase, test| {
            let step = Step { number: 9, at: from_millis(0), by: Actor::gateway(), deed, key: None, implied: false };
            let (severity, last_resort) = (Severity::Emergency, Some(resort));
            let (place, reason) = ("3号楼201室", &press);
            let said = ForGroup { place, step: &step, reason, severity, phase, test, last_resort, age: None };
            for_group(Language::Chinese, &said).unwrap()
        };
        let further = Deed::ask_further;
        assert_eq!(
            say(further(), Phase::Received, false),
            "【紧急】3号楼201室 一键呼叫 · 卫生间：已 4 分无人接单，离得近的请马上上门，并拨打 120"
        );
        assert!(
            say(Deed::Lapse, Phase::Received, false)
                .ends_with("请到值班台接单。已 4 分无人接单，离得近的请马上上门，并拨打 120")
        );
        assert!(
            say(further(), Phase::OnTheWay, false).ends_with("已接单，但 4 分无人到场，离得近的请马上上门，并拨打 120")
        );
        for (deed, phase, test) in
            [(Deed::Take, Phase::Taken, false), (further(), Phase::Received, true), (further(), Phase::Arrived, false)]
        {
            assert!(!say(deed, phase, test).contains("120"), "{phase:?}");
        }
    }

    #[test]
    fn neither_a_sensor_nor_an_outcome_nor_a_value_of_a_body_is_told() {
        let secret = |deed: Deed, reason: &Reason, words: &[&str]| {
            for language in Language::ALL {
                let line = line(language, deed.clone(), reason, false, Span::zero()).unwrap();
                assert!(words.iter().all(|word| !line.contains(word)), "{line}");
            }
        };
        let press = press();
        secret(raise(&press), &press, &["grandma", "pendant"]);
        let close = json!({"deed": "close", "outcome": "hospital", "contact": "seen"});
        secret(serde_json::from_value(close).unwrap(), &press, &["送医", "hospital", "120"]);
        for (what, words) in [(Quantity::Glucose, ["血糖", "glucose"]), (Quantity::HeartRate, ["心率", "heart"])] {
            let found = Range { what, ..range() };
            secret(Deed::Take, &Reason::Range(found), &words);
        }
        let room = matter(Language::English, &Reason::Range(range()));
        assert!(room.contains("9.5 °C"), "{room}");
    }

    fn range() -> Range {
        let json = json!({"sensor": "s", "what": "room_temperature", "is_low": true, "value": 9.5, "limit": 12.0,
            "since": "2026-01-01T00:00:00Z"});
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn every_deed_is_told_in_both_languages_or_in_none_and_every_line_is_short() {
        let press = press();
        for deed in Deed::examples().into_iter().chain([Deed::Unknown]) {
            let lines = Language::ALL.map(|language| line(language, deed.clone(), &press, true, Span::hours(30)));
            assert_eq!(lines[0].is_some(), lines[1].is_some(), "{deed:?}");
            for line in lines.into_iter().flatten() {
                assert!(line.chars().count() < 140 && !line.contains(['{', '}', '\n']), "{line}");
            }
        }
    }
}
