//! `[history]`: how long what is kept, within bounds; `[home.consent]`: that somebody agreed, when and to what.

use crate::config::section::{At, Section};
use crate::model::agreement::{Agreement, By};
use crate::model::card::Consent;
use crate::model::time::{Day, Span};
use crate::store::Retention;
use std::ops::RangeInclusive;

/// How long a gateway keeps things. The lower bounds are what the rules need to know, the upper ones what can be justified.
pub(super) fn kept_at_home(root: &Section<'_, '_>) -> Retention {
    let (section, usual) = (root.section("history"), Retention::default());
    let kept = Retention {
        observations: days(&section, "observation_days", 14..=90, usual.observations),
        days: days(&section, "silence_days", 120..=400, usual.days),
        entries: days(&section, "alert_days", 90..=1825, usual.entries),
        ..usual
    };
    section.finish();
    kept
}

/// How long a station does.
pub(super) fn kept_at_station(root: &Section<'_, '_>) -> Retention {
    let (section, usual) = (root.section("history"), Retention::default());
    let kept = Retention {
        entries: days(&section, "alert_days", 90..=1825, usual.entries),
        audit: days(&section, "audit_days", 180..=1825, usual.audit),
        ..usual
    };
    section.finish();
    kept
}

fn days(section: &Section<'_, '_>, key: &str, range: RangeInclusive<i64>, usual: Span) -> Span {
    let Some(At { value, place }) = section.optional::<i64>(key) else { return usual };
    if range.contains(&value) {
        return Span::days(value);
    }
    let deed = Some(format!("from {} to {} days", range.start(), range.end()));
    section.error(&place, format!("{key} = {value} is out of range"), deed);
    usual
}

/// The consent, where the section stands.
pub(super) fn agreement(home: &Section<'_, '_>) -> Option<Agreement> {
    let section = home.section("consent");
    if !section.exists {
        return None;
    }
    let given_on: Option<At<String>> = section.required("given_on", "\"2026-11-02\"");
    let by: Option<At<By>> = section.required("by", "\"resident\"");
    let scope: Option<At<Consent>> = section.required("scope", "\"activity\"");
    section.finish();
    let At { value, place } = given_on?;
    let Ok(given_on) = value.parse::<Day>() else {
        let deed = Some("write the day as \"2026-11-02\"".to_owned());
        section.error(&place, format!("given_on = {value:?} is no day"), deed);
        return None;
    };
    Some(Agreement { given_on, by: by?.value, scope: scope?.value })
}
