//! The pictures of a report, each with the words of its page.

use crate::desk::Report;
use crate::model::lifecycle::Outcome;
use crate::model::time::Zone;
use crate::picture::{Bars, bars};
use crate::text::{self, Language};
use std::collections::BTreeMap;

/// How quickly alerts were taken.
pub(super) fn takes(report: &Report, language: Language) -> String {
    let within_60 = report.takes.iter().take(3).sum::<usize>();
    let all = report.takes.iter().sum::<usize>();
    bars(&Bars {
        id: "takes",
        title: text::label(language, "takes_plot").to_owned(),
        description: language
            .pick(format!("{all} 件中 {within_60} 件在 60 秒内接单"), format!("{within_60} of {all} within 60 s")),
        labels: take_labels(language),
        series: vec![(text::label(language, "person_alerts").to_owned(), report.takes.clone())],
        promise: Some((3, short(language, 60))),
    })
}

/// What stands below the bars of [`takes`].
pub(super) fn take_labels(language: Language) -> Vec<String> {
    let within = [15, 30, 60, 120, 180, 300, 600, 900];
    let mut labels: Vec<String> = within.iter().map(|secs| format!("≤ {}", short(language, *secs))).collect();
    labels.push(format!("> {}", short(language, 900)));
    labels.push(text::label(language, "never_taken").to_owned());
    labels
}

/// `60 s`, `2 min`.
fn short(language: Language, secs: u32) -> String {
    match secs {
        0..120 => format!("{secs} {}", language.pick("秒", "s")),
        _ => format!("{} {}", secs / 60, language.pick("分", "min")),
    }
}

/// How it went over the range.
pub(super) fn parts(report: &Report, language: Language, zone: &Zone) -> String {
    let day = |range: &crate::desk::Range| range.dates(zone).0.get(5..).unwrap_or_default().to_owned();
    let series = |nth: usize, label: &'static str| {
        let heights = report.parts.iter().map(|(_, counts)| counts.get(nth).copied().unwrap_or_default());
        (text::label(language, label).to_owned(), heights.collect())
    };
    bars(&Bars {
        id: "parts",
        title: text::label(language, "parts_plot").to_owned(),
        description: text::label(language, "parts_plot_desc").to_owned(),
        labels: report.parts.iter().map(|(range, _)| day(range)).collect(),
        series: vec![series(0, "person_alerts"), series(1, "answered_60_short"), series(2, "on_site_15_short")],
        promise: None,
    })
}

/// What alerts were.
pub(super) fn outcomes(report: &Report, language: Language) -> String {
    let mut counts: BTreeMap<Outcome, usize> = BTreeMap::new();
    for (outcome, count) in report.outcomes.values().flatten() {
        if let Some(outcome) = outcome {
            *counts.entry(*outcome).or_default() += count;
        }
    }
    let label = |outcome: &Outcome| {
        let word = text::outcome(language, *outcome);
        word.split([',', '/']).next().unwrap_or(word).chars().take(14).collect()
    };
    bars(&Bars {
        id: "outcomes",
        title: text::label(language, "outcomes_plot").to_owned(),
        description: text::label(language, "outcomes_plot").to_owned(),
        labels: counts.keys().map(label).collect(),
        series: vec![(text::label(language, "desk_alerts").to_owned(), counts.values().copied().collect())],
        promise: None,
    })
}
