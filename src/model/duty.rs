//! When the staff of a service point is on duty.
//!
//! Written as `Mon-Fri 08:00-20:00, Sat 09:00-12:00` or `always`. Holidays and exceptions may join the list later.

use crate::model::time::{Hours, TimeOfDay, Timestamp, Zone};
use serde::{Deserialize, Serialize};

/// Duty hours: a list of days and hours; empty means always.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DutyHours {
    turns: Vec<Turn>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Turn {
    first_day: u8,
    last_day: u8,
    hours: Hours,
}

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

impl DutyHours {
    /// On duty day and night.
    pub fn always() -> DutyHours {
        DutyHours::default()
    }

    /// Whether somebody is on duty at `at`, by the clock of `zone`.
    pub fn covers(&self, zone: &Zone, at: Timestamp) -> bool {
        self.turns.is_empty() || self.turns.iter().any(|turn| turn.covers(zone, at))
    }
}

impl Turn {
    /// A turn over midnight belongs to the day on which it begins.
    fn covers(&self, zone: &Zone, at: Timestamp) -> bool {
        let local = zone.local(at);
        let over_midnight = self.hours.from >= self.hours.to;
        let after_midnight = over_midnight && local.second_of_day < self.hours.to.second_of_day();
        let day = if after_midnight { (local.weekday + 6) % 7 } else { local.weekday };
        self.hours.contains(local) && self.has_day(day)
    }

    fn has_day(&self, day: u8) -> bool {
        if self.first_day <= self.last_day {
            (self.first_day..=self.last_day).contains(&day)
        } else {
            day >= self.first_day || day <= self.last_day
        }
    }
}

impl std::str::FromStr for DutyHours {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim().eq_ignore_ascii_case("always") {
            return Ok(DutyHours::always());
        }
        let turns: Result<Vec<Turn>, String> = text.split(',').map(|part| turn(part.trim())).collect();
        Ok(DutyHours { turns: turns? })
    }
}

fn turn(text: &str) -> Result<Turn, String> {
    let say =
        || format!("{text:?} are no duty hours; write \"Mon-Fri 08:00-20:00\", \"Sat 09:00-12:00\" or \"always\"");
    let (days, hours) = text.split_once(' ').ok_or_else(say)?;
    let day = |name: &str| DAYS.iter().position(|d| d.eq_ignore_ascii_case(name)).map(|d| d as u8).ok_or_else(say);
    let (first, last) = days.split_once('-').unwrap_or((days, days));
    let (from, to) = hours.trim().split_once('-').ok_or_else(say)?;
    let time = |text: &str| text.trim().parse::<TimeOfDay>().map_err(|_| say());
    Ok(Turn { first_day: day(first)?, last_day: day(last)?, hours: Hours { from: time(from)?, to: time(to)? } })
}

impl TryFrom<String> for DutyHours {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<DutyHours> for String {
    fn from(duty: DutyHours) -> String {
        duty.to_string()
    }
}

impl std::fmt::Display for DutyHours {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.turns.is_empty() {
            return f.write_str("always");
        }
        for (i, turn) in self.turns.iter().enumerate() {
            let (first, last) = (DAYS[turn.first_day as usize], DAYS[turn.last_day as usize]);
            let days = if first == last { first.to_owned() } else { format!("{first}-{last}") };
            write!(f, "{}{days} {}", if i > 0 { ", " } else { "" }, turn.hours)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_turn_belongs_to_the_day_it_begins() {
        let duty: DutyHours = "Fri 20:00-08:00".parse().unwrap();
        let zone = Zone::utc();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert!(duty.covers(&zone, at("2026-11-20T21:00:00Z"))); // Friday evening
        assert!(duty.covers(&zone, at("2026-11-21T07:59:00Z"))); // Saturday morning
        assert!(!duty.covers(&zone, at("2026-11-20T07:00:00Z"))); // Friday morning
        assert!(!duty.covers(&zone, at("2026-11-21T21:00:00Z")));
    }

    #[test]
    fn duty_hours_are_written_as_they_are_read() {
        for text in ["Mon-Sun 08:00-20:00", "Mon-Fri 08:00-18:00, Sat 09:00-12:00", "Sat-Mon 00:00-24:00", "always"] {
            assert_eq!(text.parse::<DutyHours>().map(|d| d.to_string()), Ok(text.to_owned()));
        }
        for bad in ["", "Mon", "Funday 08:00-20:00", "Mon 8-20", "Mon-Sun 08:00-25:00"] {
            assert!(bad.parse::<DutyHours>().is_err(), "{bad:?} was taken");
        }
    }
}
