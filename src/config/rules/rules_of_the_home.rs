//! The rules about doors, rooms, beds and values: their ranges, and whether they fit the sensors of the home.

use super::{in_range, place_of};
use crate::config::gateway::SensorEntry;
use crate::config::nearest;
use crate::config::report::{Place, Report};
use crate::config::section::Section;
use crate::engine::rules::Settings;
use crate::engine::rules::range::Limits;
use crate::model::found::Quantity;
use crate::model::home::SensorKind;
use crate::model::ids::SensorId;
use crate::model::time::{Span, write_span};

/// Each setting by itself.
pub(super) fn check(settings: &Settings, section: &Section<'_, '_>, report: &Report<'_>) {
    let (night, open, bed) = (&settings.night_door, &settings.door_left_open, &settings.out_of_bed);
    let (minute, day) = (Span::minutes(1), Span::days(1));
    for (rule, key, span, shortest, longest) in [
        ("night_door", "back_within", night.back_within, minute, Span::hours(8)),
        ("door_left_open", "by_day", open.by_day, minute, day),
        ("door_left_open", "by_night", open.by_night, minute, day),
        ("out_of_bed", "at_most", bed.at_most, minute, Span::hours(8)),
        ("not_back", "within", settings.not_back.within, minute, day),
        ("not_back", "away_button_lasts", settings.not_back.away_button_lasts, minute, Span::days(7)),
        ("mains_lost", "after", settings.mains_lost.after, Span::seconds(1), day),
    ] {
        in_range(&place_of(section, rule, key), key, span, shortest, longest, report);
    }
    if let Some(after) = settings.away_too_long.after {
        let place = place_of(section, "away_too_long", "after");
        in_range(&place, "after", after, Span::minutes(1), Span::days(30), report);
    }
    rooms(settings, section, report);
    values(settings, section, report);
}

fn rooms(settings: &Settings, section: &Section<'_, '_>, report: &Report<'_>) {
    let of_all = settings.long_in_room.bathrooms;
    stay(&place_of(section, "long_in_room", "bathrooms"), "a bathroom", of_all.by_day, of_all.by_night, report);
    let place = place_of(section, "long_in_room", "rooms");
    let rooms = settings.long_in_room.rooms.as_deref().unwrap_or_default();
    for (nth, limit) in rooms.iter().enumerate() {
        stay(&place, limit.room.as_str(), limit.by_day, limit.by_night, report);
        if rooms[..nth].iter().any(|other| other.room == limit.room) {
            report.error(&place, format!("the room \"{}\" has two limits", limit.room), None);
        }
    }
}

fn stay(place: &Place, room: &str, by_day: Span, by_night: Span, report: &Report<'_>) {
    for (key, span) in [("by_day", by_day), ("by_night", by_night)] {
        in_range(place, key, span, Span::minutes(1), Span::days(7), report);
        if span < SHORT_STAY {
            let what = format!("{key} = \"{}\" in {room} makes many unneeded alerts", write_span(span));
            let deed = "in recorded homes 45 minutes alone used up one alert a month; see what it would have done: carecircle replay";
            report.warning(place, what, Some(deed.into()));
        }
    }
}

/// Shorter stays are everyday ones.
const SHORT_STAY: Span = Span::hours(1);

fn values(settings: &Settings, section: &Section<'_, '_>, report: &Report<'_>) {
    let place = place_of(section, "range", "temperature");
    limits(Quantity::RoomTemperature, &settings.range.temperature, &place, report);
    let place = place_of(section, "range", "vitals");
    for (nth, vital) in settings.range.vitals.iter().enumerate() {
        if let Some((what, judged)) = settings.range.of(&vital.sensor, SensorKind::Vital) {
            limits(what, &judged, &place, report);
        }
        if settings.range.vitals[..nth].iter().any(|other| other.sensor == vital.sensor) {
            let deed = Some("one sensor measures one thing: register the other as a sensor of its own".into());
            report.error(&place, format!("the sensor \"{}\" has two entries", vital.sensor), deed);
        }
    }
}

fn limits(what: Quantity, limits: &Limits, place: &Place, report: &Report<'_>) {
    let (least, most) = what.possible();
    for (key, limit) in [("below", limits.below), ("above", limits.above)] {
        if let Some(limit) = limit.filter(|limit| !(least..=most).contains(limit)) {
            let deed = Some(format!("from {least} to {most}"));
            report.error(place, format!("{key} = {limit} is out of range"), deed);
        }
    }
    if let (Some(below), Some(above)) = (limits.below, limits.above)
        && below >= above
    {
        report.error(place, format!("below = {below} is not less than above = {above}: all would be wrong"), None);
    }
    if !(0.0..=(most - least) / 4.0).contains(&limits.back_by) {
        let deed = Some(format!("from 0 to {}", (most - least) / 4.0));
        report.error(place, format!("back_by = {} is out of range", limits.back_by), deed);
    }
    if let Some(lasts) = limits.lasts {
        in_range(place, "lasts", lasts, Span::seconds(1), Span::hours(5), report);
    }
}

/// Whether what the rules name is there.
pub fn fit(sensors: &[SensorEntry], settings: &Settings, section: &Section<'_, '_>, report: &Report<'_>) {
    let place = place_of(section, "range", "vitals");
    for vital in &settings.range.vitals {
        let is_there = sensors.iter().find(|sensor| sensor.id.value == vital.sensor);
        let what = match is_there {
            None => format!("there is no sensor \"{}\"", vital.sensor),
            Some(sensor) if sensor.kind.value != SensorKind::Vital => {
                format!("the sensor \"{}\" is not of kind vital", vital.sensor)
            }
            Some(_) => continue,
        };
        let vitals = sensors.iter().filter(|sensor| sensor.kind.value == SensorKind::Vital);
        let names: Vec<&SensorId> = vitals.map(|sensor| &sensor.id.value).collect();
        report.warning(&place, what, nearest::question(vital.sensor.as_str(), names.iter().map(|id| id.as_str())));
    }
    for limit in settings.long_in_room.rooms.iter().flatten() {
        let rooms: Vec<&str> = sensors.iter().filter_map(|sensor| Some(sensor.room.as_ref()?.value.as_str())).collect();
        if !rooms.contains(&limit.room.as_str()) {
            let what = format!("no sensor hangs in the room \"{}\"", limit.room);
            let deed = nearest::question(limit.room.as_str(), rooms);
            report.warning(&place_of(section, "long_in_room", "rooms"), what, deed);
        }
    }
}
