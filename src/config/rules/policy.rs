//! What holds for all rules of a home: its profile, and severities and questions that differ from the usual.

use crate::config::document::{self, Table};
use crate::config::nearest;
use crate::config::report::Report;
use crate::config::section::Section;
use crate::engine::rules::profile::Profile;
use crate::engine::rules::{ASKING, NAMES, PERSON, Settings};
use crate::model::reason::Severity;
use crate::model::time::{Span, write_span};

/// The table with the profile's keys under it: what the file says itself wins.
pub(super) fn with_profile<'a>(table: Table<'a>) -> Table<'a> {
    let Some(entry) = table.get("profile") else { return table };
    let profile = Profile::ALL.into_iter().find(|profile| entry.node.text() == Some(profile.as_str()));
    let place = entry.node.place.clone();
    // A word that is no profile is reported where the settings are read.
    profile.map_or(table.clone(), |profile| document::over(profile.text(), &place, table))
}

/// Severities and questions.
pub(super) fn check(settings: &Settings, section: &Section<'_, '_>, report: &Report<'_>) {
    let place = |key: &str| section.table().get(key).map_or(section.place.clone(), |entry| entry.node.place.clone());
    for (rule, severity) in &settings.severity {
        let place = place("severity");
        if !PERSON.contains(&rule.as_str()) {
            unknown(rule, PERSON, "the severity", &place, report);
        } else if matches!(severity, Severity::Blind | Severity::Fault) {
            let deed = Some("emergency, urgent or notice".into());
            report.error(&place, format!("the rule \"{rule}\" is about the person and not about equipment"), deed);
        } else if rule == "hazard" && *severity == Severity::Notice {
            let deed = Some("emergency or urgent".into());
            report.error(&place, "smoke, gas or water cannot wait until somebody has time", deed);
        }
    }
    if !settings.ask_first.is_empty() {
        let longest = settings.ask_first.values().map(|long| long.0).max().unwrap_or_default();
        let what = format!(
            "nothing in the home can ask: no way leads to a lamp or a voice, so the alert only comes later, by up to {}",
            write_span(longest)
        );
        let deed = "leave it out where every minute counts; movement or the OK button cancels, but nobody is told to";
        report.warning(&place("ask_first"), what, Some(deed.into()));
    }
    for (rule, long) in &settings.ask_first {
        let place = place("ask_first");
        let most = if rule == "call_button" { Span::minutes(1) } else { Span::minutes(15) };
        if !ASKING.contains(&rule.as_str()) {
            unknown(rule, ASKING, "that somebody is asked first", &place, report);
        } else if !(Span::seconds(1)..=most).contains(&long.0) {
            let what = format!("{rule} = \"{}\" is out of range", write_span(long.0));
            report.error(&place, what, Some(format!("from 1s to {}", write_span(most))));
        }
    }
}

fn unknown(rule: &str, known: &[&'static str], what: &str, place: &crate::config::report::Place, report: &Report<'_>) {
    let deed = nearest::question(rule, known.iter().copied());
    if NAMES.contains(&rule) {
        report.error(place, format!("{what} cannot be set for the rule \"{rule}\""), deed);
    } else {
        report.error(place, format!("there is no rule \"{rule}\""), deed);
    }
}
