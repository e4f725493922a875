//! `[daily]` and `[visits]` of a station: when the day's list opens, and how often people are visited.

use crate::config::section::{At, Section};
use crate::desk::{DailySettings, Intervals};
use crate::model::time::{Span, TimeOfDay, Zone};
use std::ops::RangeInclusive;

/// Both sections; what is wrong in them is told, and stays as it is shipped.
pub(super) fn read(root: &Section<'_, '_>, zone: Zone) -> DailySettings {
    let (daily, visits) = (root.section("daily"), root.section("visits"));
    let usual = DailySettings { zone, ..DailySettings::default() };
    let read = DailySettings {
        opens: time(&daily, "opens", usual.opens),
        by: time(&daily, "by", usual.by),
        deadline: time(&daily, "deadline", usual.deadline),
        call_again_after: daily
            .span("call_again_after", Span::minutes(1)..=Span::hours(2))
            .map_or(usual.call_again_after, |at| at.value),
        visits: intervals(&visits, usual.visits.clone()),
        zone: usual.zone.clone(),
    };
    let is_ordered = read.opens < read.by && read.by <= read.deadline;
    if !is_ordered {
        let what = format!(
            "the list opens at {}, people are telephoned from {} and all is to be done by {}",
            read.opens, read.by, read.deadline
        );
        let deed = Some("opens must be before by, and by not after deadline".into());
        daily.error(&daily.place, what, deed);
    }
    daily.finish();
    visits.finish();
    if is_ordered { read } else { usual }
}

fn time(section: &Section<'_, '_>, key: &str, usual: TimeOfDay) -> TimeOfDay {
    let Some(At { value, place }) = section.optional::<TimeOfDay>(key) else { return usual };
    if value.second_of_day() < 86_400 {
        return value;
    }
    section.error(
        &place,
        format!("{key} = \"{value}\" is the end of the day"),
        Some("write a time before midnight".into()),
    );
    usual
}

fn intervals(section: &Section<'_, '_>, usual: Intervals) -> Intervals {
    Intervals {
        red: days(section, "red_days", 1..=366, usual.red),
        yellow: days(section, "yellow_days", 1..=366, usual.yellow),
        blue: days(section, "blue_days", 1..=366, usual.blue),
        hospital: days(section, "hospital_days", 1..=366, usual.hospital),
        birthday_ahead: days(section, "birthday_days", 0..=60, usual.birthday_ahead),
    }
}

fn days(section: &Section<'_, '_>, key: &str, range: RangeInclusive<u16>, usual: u16) -> u16 {
    let Some(At { value, place }) = section.optional::<u16>(key) else { return usual };
    if range.contains(&value) {
        return value;
    }
    let deed = Some(format!("from {} to {} days", range.start(), range.end()));
    section.error(&place, format!("{key} = {value} is out of range"), deed);
    usual
}
