//! `[rules]`: the settings belong to the engine; here each key is tried by itself, so that every mistake is reported.

use crate::config::document::{Node, Table, What};
use crate::config::nearest;
use crate::config::report::{Place, Report};
use crate::config::section::{Section, deserialize};
use crate::engine::rules::inactivity::Window;
use crate::engine::rules::{NAMES, Settings};
use crate::model::time::{Span, write_span};

mod policy;
mod rules_of_the_home;
pub(super) use rules_of_the_home::fit as check_fit;

/// The settings of all rules.
pub(super) fn read(section: &Section<'_, '_>, report: &Report<'_>) -> Option<Settings> {
    let table = &policy::with_profile(section.table().clone());
    let (readable, is_whole) = readable(table, report);
    let settings: Settings = deserialize(&Node { place: section.place.clone(), what: What::Table(readable) }, report)?;
    check_off(&settings, table, report);
    check_windows(&settings.inactivity.windows, section, report);
    check_limits(&settings, section, report);
    rules_of_the_home::check(&settings, section, report);
    policy::check(&settings, section, report);
    is_whole.then_some(settings)
}

/// The keys that can be read, and whether all of them can: what is wrong with one does not hide what is wrong with another.
fn readable<'a>(table: &Table<'a>, report: &Report<'a>) -> (Table<'a>, bool) {
    let mut is_whole = true;
    let mut is_good = |node: &Node<'_>| {
        let is_good = deserialize::<Settings>(node, report).is_some();
        is_whole &= is_good;
        is_good
    };
    let mut readable = table.clone();
    readable.retain(|key, entry| match &mut entry.node.what {
        // A part of the day is one thing; of a rule, and of a list by rule, each key is tried.
        What::Table(keys) if !keys.is_empty() && key.as_str() != "night" => {
            keys.retain(|inner_key, inner| {
                is_good(&inner.node.clone().under(inner_key, &inner.key).under(key, &entry.key))
            });
            true
        }
        What::Table(_) | What::List(_) | What::Leaf(_) => is_good(&entry.node.clone().under(key, &entry.key)),
    });
    (readable, is_whole)
}

/// Rules that cannot be switched off: a press is never overheard, and a gateway that fails says so.
const ALWAYS_ON: &[&str] = &["call_button", "service_button", "storage", "configuration"];
fn check_off(settings: &Settings, table: &Table<'_>, report: &Report<'_>) {
    let Some(entry) = table.get("off") else { return };
    for name in &settings.off {
        if ALWAYS_ON.contains(&name.as_str()) {
            let deed = Some("leave it out".into());
            report.error(&entry.node.place, format!("the rule \"{name}\" cannot be switched off"), deed);
        } else if !NAMES.contains(&name.as_str()) {
            let can_be_off = NAMES.iter().copied().filter(|name| !ALWAYS_ON.contains(name));
            let deed = nearest::question(name, can_be_off);
            report.error(&entry.node.place, format!("there is no rule \"{name}\""), deed);
        }
    }
    if settings.off.iter().any(|name| name == "inactivity") {
        let what = "with inactivity switched off, nobody is told when the home stays quiet";
        report.warning(&entry.node.place, what, None);
    }
}

/// Holes are named hour by hour: there the quiet is never wrong.
fn check_windows(windows: &[Window], section: &Section<'_, '_>, report: &Report<'_>) {
    let place = place_of(section, "inactivity", "windows");
    if windows.is_empty() {
        let deed = Some("leave the key out for the usual windows, or switch the rule off in rules.off".into());
        report.error(&place, "there is no window, so the quiet would never be wrong", deed);
        return;
    }
    let mut covered = [false; 24 * 60];
    for window in windows {
        let (from, to) = (window.from.second_of_day() as usize / 60, window.to.second_of_day() as usize / 60);
        match from < to {
            true => covered[from..to].fill(true),
            false => {
                covered[from..].fill(true);
                covered[..to].fill(true);
            }
        }
        in_range(&place, "at_most", window.at_most, Span::seconds(1), Span::days(7), report);
        if window.at_most < Span::minutes(20) {
            let what = format!("a limit of {} makes an alert of every nap", write_span(window.at_most));
            report.warning(&place, what, Some("20m and more are usual in a home".into()));
        }
    }
    let holes = holes(&covered);
    if !holes.is_empty() {
        let what = format!("no window covers {}: there the quiet is never wrong", holes.join(" and "));
        report.warning(&place, what, Some("let each window begin where another one ends".into()));
    }
}

fn holes(covered: &[bool]) -> Vec<String> {
    let clock = |minute: usize| format!("{:02}:{:02}", minute / 60, minute % 60);
    let mut holes: Vec<(usize, usize)> = Vec::new();
    for (minute, _) in covered.iter().enumerate().filter(|(_, covered)| !**covered) {
        match holes.last_mut() {
            Some((_, end)) if *end == minute => *end += 1,
            Some(_) | None => holes.push((minute, minute + 1)),
        }
    }
    // One hole over midnight is one hole.
    if let ([(0, _), .., (_, 1440)], true) = (holes.as_slice(), holes.len() > 1) {
        let (begin, _) = holes.pop().expect("there are two");
        holes[0].0 = begin;
    }
    holes.into_iter().map(|(from, to)| format!("{}-{}", clock(from), clock(to))).collect()
}

fn check_limits(settings: &Settings, section: &Section<'_, '_>, report: &Report<'_>) {
    let (silent, stuck) = (&settings.silent_sensor, &settings.stuck_sensor);
    let month = Span::days(30);
    for (rule, key, span, longest) in [
        ("silent_sensor", "after", silent.after, month),
        ("silent_sensor", "not_before", silent.not_before, month),
        ("silent_sensor", "offline_for", silent.offline_for, month),
        ("stuck_sensor", "on_for", stuck.on_for, month),
        ("stuck_sensor", "chatters_for", stuck.chatters_for, month),
        ("stuck_sensor", "off_for", stuck.off_for, month),
        ("inactivity", "presence_counts_for", settings.inactivity.presence_counts_for, Span::days(1)),
        ("rhythm", "cold_start_limit", settings.rhythm.cold_start_limit, Span::hours(48)),
        ("rhythm", "at_least", settings.rhythm.at_least, Span::hours(12)),
        ("rhythm", "hard_max", settings.rhythm.hard_max, Span::hours(48)),
        ("rhythm", "hard_max_away", settings.rhythm.hard_max_away, Span::hours(48)),
        ("link_lost", "after", settings.link_lost.after, Span::days(1)),
        ("not_observed", "at_most", settings.not_observed.at_most, Span::days(1)),
    ] {
        // A limit that is learned from silences of five minutes and more is none below that.
        let shortest = match (rule, key) {
            ("rhythm", "at_least") => Span::minutes(5),
            ("rhythm", _) => Span::hours(1),
            (_, _) => Span::seconds(1),
        };
        in_range(&place_of(section, rule, key), key, span, shortest, longest, report);
    }
    let (battery, signal) = (&settings.low_battery, &settings.weak_signal);
    let numbers = [
        ("silent_sensor", "times_usual", silent.times_usual, 1, 100),
        ("low_battery", "at_most_percent", battery.at_most_percent, 0, 100),
        ("low_battery", "at_most_volts", battery.at_most_volts, 0, 100),
        ("low_battery", "empty_within_days", f64::from(battery.empty_within_days), 0, 365),
        ("weak_signal", "at_most_percent", signal.at_most_percent, 0, 100),
    ];
    let target = settings.rhythm.target_false_alerts_per_30_days;
    if !(0.1..=10.0).contains(&target) {
        let what = format!("target_false_alerts_per_30_days = {target} is out of range");
        let place = place_of(section, "rhythm", "target_false_alerts_per_30_days");
        report.error(&place, what, Some("from 0.1 to 10; one alert in 30 days is what services live with".into()));
    }
    let rooms = stuck.room_times.values().map(|times| ("stuck_sensor", "room_times", *times, 1, 100));
    for (rule, key, number, from, to) in numbers.into_iter().chain(rooms) {
        if !(f64::from(from)..=f64::from(to)).contains(&number) {
            let what = format!("{key} = {number} is out of range");
            report.error(&place_of(section, rule, key), what, Some(format!("from {from} to {to}")));
        }
    }
}

fn in_range(place: &Place, key: &str, span: Span, from: Span, to: Span, report: &Report<'_>) {
    if !(from..=to).contains(&span) {
        let what = format!("{key} = \"{}\" is out of range", write_span(span));
        report.error(place, what, Some(format!("from {} to {}", write_span(from), write_span(to))));
    }
}

/// Where a key of a rule stands; the section where it is left out.
fn place_of(section: &Section<'_, '_>, rule: &str, key: &str) -> Place {
    let found = section.table().get(rule).and_then(|entry| match &entry.node.what {
        What::Table(keys) => keys.get(key).map(|entry| entry.node.place.clone()),
        What::List(_) | What::Leaf(_) => None,
    });
    found.unwrap_or(section.place.clone())
}
