//! A span in which the home is known to be other than usual: nobody there, or more people than one.
//!
//! Every suspension has somebody who answers for it, and an end that cannot be left out. It holds back rules about the person's
//! habits; never a call, a danger, or a fault.

use crate::model::ids::HomeId;
use crate::model::time::{Millis, Span, TimeOfDay, Timestamp, Zone, whole_millis};
use serde::{Deserialize, Serialize};

/// Why the home is other than usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Absence {
    /// Out for longer, and said so.
    Away,
    /// In hospital.
    Hospital,
    /// Elsewhere for days.
    Holiday,
    /// Guests: movement is not the resident's alone.
    Visitors,
    /// Somebody cleans or repairs: doors stand open, sensors are moved.
    Cleaning,
    /// An animal stays there: movement need not be the resident's.
    Pet,
    /// Somebody works on the sensors: what they show is that person's doing.
    Maintenance,
}

impl Absence {
    /// Every kind.
    pub const ALL: [Absence; 7] = [
        Absence::Away,
        Absence::Hospital,
        Absence::Holiday,
        Absence::Visitors,
        Absence::Cleaning,
        Absence::Pet,
        Absence::Maintenance,
    ];

    /// The word for it on the wire and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Absence::Away => "away",
            Absence::Hospital => "hospital",
            Absence::Holiday => "holiday",
            Absence::Visitors => "visitors",
            Absence::Cleaning => "cleaning",
            Absence::Pet => "pet",
            Absence::Maintenance => "maintenance",
        }
    }

    /// Its number, counted from 1. Of each kind there is at most one at a time, so this names a suspension, and keeps naming
    /// it when others begin or end.
    pub fn number(self) -> usize {
        Absence::ALL.iter().position(|kind| *kind == self).unwrap_or_default() + 1
    }

    /// The kind of this word or number.
    pub fn named(text: &str) -> Option<Absence> {
        let is_it = |kind: &Absence| kind.as_str() == text || kind.number().to_string() == text;
        Absence::ALL.into_iter().find(is_it)
    }

    /// Whether others than the resident move about there: what the home shows is no habit of theirs.
    pub fn is_shared_home(self) -> bool {
        matches!(self, Absence::Visitors | Absence::Pet | Absence::Maintenance)
    }

    /// Whether nobody should be at home.
    pub fn is_empty_home(self) -> bool {
        matches!(self, Absence::Away | Absence::Hospital | Absence::Holiday)
    }

    /// Whether it holds back this rule.
    pub fn holds(self, rule: &str) -> bool {
        match self {
            Absence::Away | Absence::Hospital | Absence::Holiday => NOBODY_THERE.contains(&rule),
            Absence::Visitors => ["night_door", "long_in_room", "door_left_open"].contains(&rule),
            Absence::Cleaning => ["long_in_room", "door_left_open"].contains(&rule),
            // An animal opens no door, and a silence that it does not break is a silence.
            Absence::Pet => false,
            Absence::Maintenance => SENSORS_ARE_MOVED.contains(&rule),
        }
    }
}

/// Rules that judge how somebody lives there.
const NOBODY_THERE: [&str; 9] = [
    "inactivity",
    "rhythm",
    "night_door",
    "out_of_bed",
    "long_in_room",
    "late_rising",
    "daily_contact",
    "missed_visit",
    "away_too_long",
];

/// Rules that a technician sets off who covers a sensor, opens doors and walks about at any hour.
const SENSORS_ARE_MOVED: [&str; 7] =
    ["inactivity", "rhythm", "night_door", "out_of_bed", "long_in_room", "late_rising", "door_left_open"];

/// The owner of what a button in the home suspends: it ends when somebody is seen, so nobody else may take this name.
pub const HOME: &str = "home";

/// A suspension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Suspension {
    /// Why.
    pub kind: Absence,
    /// Who answers for it: an id of the station's staff, `home` for the away button; never a name.
    pub owner: String,
    /// In words, for the next reader.
    #[serde(default)]
    pub why: String,
    /// From when on.
    #[serde(with = "Millis", rename = "from_ms")]
    pub from: Timestamp,
    /// Its end.
    #[serde(with = "Millis", rename = "until_ms")]
    pub until: Timestamp,
}

/// Longer than this nobody suspends what watches over somebody.
pub const LONGEST: Span = Span::days(30);

const OWNER_LENGTH_MAX: usize = 64;
const WHY_LENGTH_MAX: usize = 200;

impl Suspension {
    /// Why it cannot be taken at `now`, in words.
    pub fn fault(&self, now: Timestamp) -> Option<String> {
        if let Some(fault) = fault_of_owner(&self.owner) {
            Some(fault)
        } else if self.why.trim().is_empty() {
            Some("a suspension needs a reason, for the next who reads it".into())
        } else if self.why.chars().count() > WHY_LENGTH_MAX || self.why.chars().any(char::is_control) {
            Some(format!("its reason is longer than {WHY_LENGTH_MAX} characters, or more than one line"))
        } else if self.until <= self.from || self.until <= now {
            Some("its end is over already".into())
        } else if self.until - now > LONGEST || self.from - now > LONGEST {
            Some(format!("it lasts for more than {} days; suspend again then", LONGEST.num_days()))
        } else {
            None
        }
    }
}

/// Why nobody of this name can answer for a suspension, in words.
pub fn fault_of_owner(owner: &str) -> Option<String> {
    if owner.trim().is_empty() {
        Some("a suspension needs somebody who answers for it".into())
    } else if owner == HOME {
        Some(format!("\"{HOME}\" is the button at the door; name somebody who answers for it"))
    } else if owner.chars().count() > OWNER_LENGTH_MAX || owner.chars().any(char::is_control) {
        Some(format!("its owner is longer than {OWNER_LENGTH_MAX} characters, or more than one line"))
    } else {
        None
    }
}

/// The end that somebody wrote: `3d`, `12h`, `90m` from `now` on, `20:00` when the clock on the wall shows it next, or
/// `2026-12-01 18:00` by that clock. Days are of 24 hours.
///
/// What a clock on the wall shows means nothing to a box that does not know the time (`clock_trusted`).
pub fn end(text: &str, zone: &Zone, now: Timestamp, clock_trusted: bool) -> Result<Timestamp, String> {
    let text = text.trim();
    let now = whole_millis(now);
    if let Some(long) = length(text) {
        return now.checked_add_signed(long).ok_or_else(|| format!("\"{text}\" is too long"));
    }
    let on_the_wall = match text.parse::<TimeOfDay>() {
        Ok(time) => Some(zone.next(now, time)),
        Err(_) => by_the_calendar(text, zone),
    };
    match on_the_wall {
        Some(_) if !clock_trusted => {
            Err("the box does not know what time it is; say how long it lasts, such as 12h or 3d".into())
        }
        Some(at) => Ok(at),
        None => Err(format!("\"{text}\" is no end; write 12h, 3d, 20:00 or \"2026-12-01 18:00\"")),
    }
}

fn length(text: &str) -> Option<Span> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let number: i64 = text.get(..end)?.parse().ok()?;
    let span = match text.get(end..)? {
        "s" => Span::try_seconds(number),
        "m" => Span::try_minutes(number),
        "h" => Span::try_hours(number),
        "d" => Span::try_days(number),
        "w" => Span::try_weeks(number),
        _ => None,
    };
    span.filter(|span| !span.is_zero())
}

/// `2026-12-01 18:00`, the two also joined by a T; a reading that comes twice is the first.
fn by_the_calendar(text: &str, zone: &Zone) -> Option<Timestamp> {
    let (date, time) = text.split_once(['T', ' '])?;
    let time: TimeOfDay = time.trim().parse().ok()?;
    let digits = |part: &str, count: usize| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || !digits(year, 4) || !digits(month, 2) || !digits(day, 2) {
        return None;
    }
    let date = (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    // A calendar has no 24:00; nobody who means midnight is refused for it.
    let (second, extra) = match time.second_of_day() {
        86_400.. => (0, Span::days(1)),
        second => (second, Span::zero()),
    };
    zone.both(date, second, 0).map(|(first, _)| first + extra)
}

/// What a station says about the suspensions of a home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Suspend {
    /// 1.
    pub v: u32,
    /// Whose home.
    pub home: HomeId,
    /// The station's own name for what it asks: a refusal names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What is done.
    #[serde(flatten)]
    pub what: Change,
}

/// A change of the suspensions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "change")]
pub enum Change {
    /// From now on, or from its beginning on.
    Begin(Suspension),
    /// Over before its end.
    End {
        /// Which.
        kind: Absence,
        /// Who says so.
        owner: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("test instants are well written")
    }

    fn stay(until: &str) -> Suspension {
        let (kind, owner, why) = (Absence::Hospital, "p-03".to_owned(), "hip".to_owned());
        Suspension { kind, owner, why, from: at("2026-11-20T10:00:00Z"), until: at(until) }
    }

    #[test]
    fn a_suspension_without_owner_reason_or_a_near_end_is_refused_in_words() {
        let now = at("2026-11-20T10:00:00Z");
        let good = stay("2026-12-01T10:00:00Z");
        assert_eq!(good.fault(now), None);
        let faults = [
            (Suspension { owner: " ".into(), ..good.clone() }, "answers for it"),
            (Suspension { owner: HOME.into(), ..good.clone() }, "button at the door"),
            (Suspension { owner: "x".repeat(65), ..good.clone() }, "64 characters"),
            (Suspension { owner: "p\u{1b}[2J".into(), ..good.clone() }, "one line"),
            (Suspension { why: String::new(), ..good.clone() }, "needs a reason"),
            (Suspension { why: "a\nb".into(), ..good.clone() }, "one line"),
            (stay("2026-11-20T10:00:00Z"), "over already"),
            (stay("2026-12-20T10:00:01Z"), "30 days"),
        ];
        for (suspension, words) in faults {
            let fault = suspension.fault(now).unwrap_or_default();
            assert!(fault.contains(words), "{suspension:?}: {fault}");
        }
    }

    #[test]
    fn an_end_is_a_length_a_time_of_day_or_a_day_and_time_on_the_wall() {
        let zone = Zone::named("Asia/Shanghai").unwrap();
        let now = at("2026-11-20T10:00:00.250Z");
        for (text, wanted) in [
            ("3d", "2026-11-23T10:00:00.250Z"),
            ("12h", "2026-11-20T22:00:00.250Z"),
            ("90m", "2026-11-20T11:30:00.250Z"),
            ("2w", "2026-12-04T10:00:00.250Z"),
            ("20:00", "2026-11-20T12:00:00Z"),
            ("07:30", "2026-11-20T23:30:00Z"),
            ("2026-12-01 18:00", "2026-12-01T10:00:00Z"),
            ("2026-12-01T18:00", "2026-12-01T10:00:00Z"),
            ("2026-12-01 24:00", "2026-12-01T16:00:00Z"),
        ] {
            assert_eq!(end(text, &zone, now, true), Ok(at(wanted)), "{text}");
        }
        for bad in ["", "3", "d", "0d", "-3d", "3 d", "tomorrow", "2026-12-01", "2026-13-01 10:00", "2026-2-1 10:00"] {
            assert!(end(bad, &zone, now, true).unwrap_err().contains("3d"), "{bad:?} was taken");
        }
        assert!(end("999999999999999d", &zone, now, true).is_err());
        assert!(end("20:00", &zone, now, false).unwrap_err().contains("how long"));
        assert!(end("3d", &zone, now, false).is_ok(), "a length needs no clock");
    }

    #[test]
    fn a_number_and_a_word_name_the_same_kind() {
        for kind in Absence::ALL {
            assert_eq!(Absence::named(kind.as_str()), Some(kind));
            assert_eq!(Absence::named(&kind.number().to_string()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        for none in ["", "0", "8", "01", "Hospital"] {
            assert_eq!(Absence::named(none), None, "{none:?}");
        }
    }
}
