//! In one room for longer than people stay there, and seen nowhere else: counted from the first sign of life there, whether
//! or not something still moves. Somebody who has fallen in the bathroom may move without an end.
//!
//! Quiet there counts only where whoever leaves is seen to leave. Last seen in the bathroom, then to bed in a room without a
//! sensor: that is every evening of most homes, and for the quiet itself other rules have their limits. Unless the
//! configuration says so, the ways out are taken as seen where the bed or the bedroom has a sensor; elsewhere only a stay
//! in which something moves again and again until the limit is told.
//!
//! A limit of 45 minutes for the bathroom, which some kits have, would by itself use up what a home may cost in unneeded
//! alerts; 2.5 hours costs almost nothing. Shorter ones are for homes whose own history allows it.

use super::check::Ahead;
use super::{Alarm, Finding, Known, Rule, first_passed};
use crate::engine::rhythm::rooms::{RoomKind, kind_of};
use crate::model::found::{self, Limited};
use crate::model::home::{Sensor, SensorKind};
use crate::model::ids::RoomId;
use crate::model::reason::Reason;
use crate::model::time::{Hours, Span, Timestamp, span_text};
use serde::Deserialize;

/// `[rules.long_in_room]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The part of the day that is night; absent: the night of all rules.
    pub night: Option<Hours>,
    /// Whether whoever leaves these rooms is always seen by another sensor; absent: where somebody sleeps in sight of one.
    pub ways_out_are_seen: Option<bool>,
    /// The rooms that are judged, each with its limits; absent: every bathroom and toilet.
    pub rooms: Option<Vec<RoomLimit>>,
    /// How long people stay in a bathroom or toilet, known by the word for it in the room's name; while no rooms are set.
    pub bathrooms: Limit,
}

/// How long people stay.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// The longest stay by day that is no alert.
    #[serde(with = "span_text")]
    pub by_day: Span,
    /// The longest stay by night.
    #[serde(with = "span_text")]
    pub by_night: Span,
}

/// How long people stay in a room.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoomLimit {
    /// Which room.
    pub room: RoomId,
    /// The longest stay by day that is no alert.
    #[serde(with = "span_text")]
    pub by_day: Span,
    /// The longest stay by night.
    #[serde(with = "span_text")]
    pub by_night: Span,
}

impl Default for Settings {
    fn default() -> Self {
        let bathrooms = Limit { by_day: Span::minutes(150), by_night: Span::minutes(150) };
        Settings { night: None, ways_out_are_seen: None, rooms: None, bathrooms }
    }
}

impl Settings {
    /// How long people stay in `room`; absent where it is not judged.
    fn of(&self, room: &RoomId) -> Option<Limit> {
        match &self.rooms {
            Some(rooms) => {
                let own = rooms.iter().find(|limit| limit.room == *room)?;
                Some(Limit { by_day: own.by_day, by_night: own.by_night })
            }
            None => (kind_of(room.as_str()) == RoomKind::Wet).then_some(self.bathrooms),
        }
    }
}

struct LongInRoom {
    settings: Settings,
    night: Hours,
}

/// The rule with these settings.
pub fn rule(settings: &super::Settings) -> impl Rule + use<> {
    LongInRoom { settings: settings.long_in_room.clone(), night: settings.night(settings.long_in_room.night) }
}

impl Rule for LongInRoom {
    fn name(&self) -> &'static str {
        "long_in_room"
    }

    fn judge(&self, now: Timestamp, known: &Known) -> Finding {
        let seen = known.seen;
        let Some(stay) = seen.whereabouts.stay.as_ref().filter(|_| seen.blind.is_none()) else {
            return Finding::default();
        };
        let Some(limit) = self.settings.of(&stay.room) else { return Finding::default() };
        let leaving_is_seen = self.settings.ways_out_are_seen.unwrap_or_else(|| sleeps_in_sight(known));
        let since = if leaving_is_seen { stay.since } else { stay.moving_since };
        let passed = first_passed(known, since, self.night, limit.by_day, limit.by_night);
        if !leaving_is_seen && stay.at < passed.at {
            return Finding::default();
        }
        // Whoever leaves must be seen to leave.
        let may_be_elsewhere = || {
            let elsewhere = |sensor: &Sensor| {
                sensor.kind.watches_for_life() && sensor.room.as_ref().is_some_and(|room| *room != stay.room)
            };
            seen.whereabouts.out.is_some() || !seen.could_be_seen(known.home, elsewhere)
        };
        if passed.at > now {
            let ahead = Ahead { of: Limited::LongInRoom, since, due: passed.at, room: Some(stay.room.clone()) };
            let mut finding = ahead.finding(now, known);
            if !finding.alarms.is_empty() && may_be_elsewhere() {
                finding = Finding { alarms: Vec::new(), look_again: Some(passed.at) };
            }
            return finding;
        }
        if may_be_elsewhere() {
            return Finding::default();
        }
        let reason = Reason::LongInRoom(found::LongInRoom {
            room: stay.room.clone(),
            entered_at: since,
            limit: passed.limit,
            hours: passed.hours,
            last_life: seen.last_life.clone(),
        });
        Finding { alarms: vec![Alarm { reason, since, is_over: false }], look_again: None }
    }
}

/// Whether a sensor sees where people go to bed.
fn sleeps_in_sight(known: &Known) -> bool {
    let sees = |sensor: &Sensor| {
        let is_bedroom = sensor.room.as_ref().is_some_and(|room| kind_of(room.as_str()) == RoomKind::Bedroom);
        sensor.kind == SensorKind::Bed || (is_bedroom && sensor.kind.watches_for_life())
    };
    known.home.sensors.values().any(sees)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, home, observed};
    use super::*;
    use crate::engine::rules::Just;
    use crate::engine::seen::Seen;
    use crate::model::observation::{Evidence, Measure};

    /// Whether a stay in a room of this name from eight to eleven is told, in a home with a sensor beside a bed.
    fn is_told(room: &str, bedroom: &str, settings: &super::super::Settings) -> bool {
        let mut home = home();
        let mut add = |id: &str, room: &str| {
            let mut sensor = home.sensors[&"bath".parse().unwrap()].clone();
            (sensor.id, sensor.room) = (id.parse().unwrap(), Some(room.parse().unwrap()));
            home.sensors.insert(sensor.id.clone(), sensor);
        };
        add("bath", room);
        add("bed", bedroom);
        let mut seen = Seen::new(&home, settings);
        seen.observe(&home, &observed("bath", at("08:00"), Measure::Motion(true), Evidence::Event));
        let known = Known { home: &home, seen: &seen, just: &Just::Nothing };
        !rule(settings).judge(at("11:00"), &known).alarms.is_empty()
    }

    #[test]
    fn a_bathroom_is_known_by_its_word_in_both_languages_and_so_is_where_people_sleep() {
        let settings = super::super::Settings::default();
        for (room, told) in [
            ("bathroom", true),
            ("toilet", true),
            ("卫生间", true),
            ("主卧-厕所", true),
            ("guest_wc", true),
            ("厨房", false),
            ("kitchen", false),
        ] {
            assert_eq!(is_told(room, "bedroom", &settings), told, "{room}");
        }
        for (bedroom, told) in [("主卧室", true), ("master_bedroom", true), ("客厅", false)] {
            assert_eq!(is_told("bathroom", bedroom, &settings), told, "{bedroom}");
        }
    }

    #[test]
    fn where_rooms_are_set_only_those_are_judged() {
        let settings: super::super::Settings =
            toml::from_str(r#"long_in_room.rooms = [{ room = "kitchen", by_day = "2h", by_night = "2h" }]"#).unwrap();
        assert!(is_told("kitchen", "bedroom", &settings) && !is_told("bathroom", "bedroom", &settings));
    }
}
