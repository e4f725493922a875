//! From figures to words: counts where they are few, shares where they are many, and the way to the alerts behind each.

use crate::desk::{Case, Figure, Report, Value};
use crate::model::lifecycle::Outcome;
use crate::model::time::Span;
use crate::text::{self, Language};
use crate::web::Site;
use crate::web::form::escape;
use crate::web::reports::list::query;
use crate::web::reports::period::Period;
use std::collections::{BTreeMap, BTreeSet};

/// A figure on the page.
pub(in crate::web) struct FigureModel {
    pub name: String,
    pub value: String,
    /// What it is held against; empty where nothing is promised.
    pub goal: String,
    /// Below what is promised.
    pub misses: bool,
    pub href: Option<String>,
}

/// How long something took.
pub(in crate::web) struct TimesModel {
    pub name: &'static str,
    pub count: usize,
    pub values: Vec<String>,
}

/// A cell of the table of outcomes.
pub(in crate::web) struct Cell {
    pub count: usize,
    pub href: String,
}

/// Draws one report.
pub(in crate::web) struct Painted<'a> {
    site: &'a Site,
    language: Language,
    period: &'a Period,
    report: &'a Report,
    rules: BTreeMap<&'static str, &'static str>,
}

impl<'a> Painted<'a> {
    pub fn new(
        site: &'a Site,
        language: Language,
        period: &'a Period,
        report: &'a Report,
        cases: &[Case],
    ) -> Painted<'a> {
        let rules = cases.iter().map(|case| (case.reason.rule(), text::rule(language, &case.reason))).collect();
        Painted { site, language, period, report, rules }
    }

    /// These figures, in this order; one of a rule stands once for each rule.
    pub fn group(&self, ids: &[&str]) -> Vec<FigureModel> {
        let figures = ids.iter().flat_map(|id| self.report.figures.iter().filter(move |figure| figure.id == *id));
        figures.map(|figure| self.figure(figure)).collect()
    }

    fn figure(&self, figure: &Figure) -> FigureModel {
        let name = text::label(self.language, figure.id);
        let name = match figure.rule {
            Some(rule) => format!("{name} · {}", self.rule(rule)),
            None => name.to_owned(),
        };
        let goal = GOALS.iter().find(|(id, _)| *id == figure.id).map(|(_, percent)| *percent);
        let misses = match (figure.value, goal) {
            (Value::Share(count, among), Some(goal)) => among > 0 && count as f64 * 100.0 < goal * among as f64,
            _ => false,
        };
        FigureModel {
            name,
            value: self.value(figure),
            goal: goal.map(|percent| format!("≥ {percent} %")).unwrap_or_default(),
            misses,
            href: figure.of.as_ref().map(|of| format!("/reports/alerts?{}", query(of, &self.period.query))),
        }
    }

    fn value(&self, figure: &Figure) -> String {
        match figure.value {
            Value::Count(count) => count.to_string(),
            Value::Share(_, 0) => "–".to_owned(),
            // A few cases make no share that says anything.
            Value::Share(count, among) if among < SHARE_FROM => format!("{count} / {among}"),
            Value::Share(count, among) => {
                // Never rounded up to all, or down to none.
                let tenths = (count as u128 * 1000 / among as u128) as f64 / 10.0;
                format!("{tenths:.1} % ({count} / {among})")
            }
            Value::Length(span) if span < Span::minutes(1) => seconds(span, self.language),
            Value::Length(span) => text::duration(self.language, span),
            Value::HomeHours(hours) if figure.id.starts_with("home_days") => {
                let days = format!("{:.1}", hours / 24.0);
                self.language.pick(format!("{days} 户·天"), format!("{days} home-days"))
            }
            Value::HomeHours(hours) => {
                let hours = format!("{hours:.1}");
                self.language.pick(format!("{hours} 户·小时"), format!("{hours} home-hours"))
            }
            Value::PerThirtyDays(count) => format!("{count:.2}"),
            Value::Unknown => text::label(self.language, "unknown").to_owned(),
        }
    }

    fn rule(&self, rule: &'static str) -> &'static str {
        self.rules.get(rule).copied().unwrap_or(rule)
    }

    pub fn times(&self) -> Vec<TimesModel> {
        let label = |name: &str| match name {
            "take" => "time_take",
            "departure" => "time_departure",
            "arrival" => "time_arrival",
            _ => "time_close",
        };
        let model = |(name, times): &(&'static str, Option<crate::desk::Times>)| TimesModel {
            name: text::label(self.language, label(name)),
            count: times.map_or(0, |times| times.count),
            values: match times {
                Some(times) => [times.median, times.p90, times.worst]
                    .map(|span| {
                        if span < Span::minutes(1) {
                            seconds(span, self.language)
                        } else {
                            text::duration(self.language, span)
                        }
                    })
                    .to_vec(),
                None => vec!["–".to_owned(); 3],
            },
        };
        self.report.times.iter().map(model).collect()
    }

    pub fn parts(&self) -> Vec<(String, String, [usize; 3])> {
        let zone = &self.site.settings.zone;
        let part = |(range, counts): &(crate::desk::Range, [usize; 3])| {
            let (first, last) = range.dates(zone);
            let href = format!("/reports/alerts?from={first}&to={last}&of=person");
            let words = if first == last { first } else { format!("{first} – {last}") };
            (words, href, *counts)
        };
        self.report.parts.iter().map(part).collect()
    }

    fn used(&self) -> Vec<Option<Outcome>> {
        let used: BTreeSet<Option<Outcome>> =
            self.report.outcomes.values().flat_map(|outcomes| outcomes.keys().copied()).collect();
        used.into_iter().rev().collect()
    }

    pub fn outcomes_head(&self) -> Vec<&'static str> {
        let word = |outcome: Option<Outcome>| match outcome {
            Some(outcome) => text::outcome(self.language, outcome),
            None => text::label(self.language, "no_outcome_yet"),
        };
        self.used().into_iter().map(word).collect()
    }

    pub fn outcomes(&self) -> Vec<(String, Vec<Cell>)> {
        let used = self.used();
        let row = |(rule, outcomes): (&&'static str, &BTreeMap<Option<Outcome>, usize>)| {
            let cell = |outcome: &Option<Outcome>| {
                let word = outcome.map_or("none", Outcome::as_str);
                let (period, rule) = (&self.period.query, escape(rule));
                Cell {
                    count: outcomes.get(outcome).copied().unwrap_or_default(),
                    href: format!("/reports/alerts?{period}&of=desk&rule={rule}&outcome={word}"),
                }
            };
            (self.rule(rule).to_owned(), used.iter().map(cell).collect())
        };
        self.report.outcomes.iter().map(row).collect()
    }
}

fn seconds(span: Span, language: Language) -> String {
    let tenths = format!("{:.1}", span.num_milliseconds().max(0) as f64 / 1000.0);
    language.pick(format!("{tenths} 秒"), format!("{tenths} s"))
}

/// `field.md`: what European alarm centres hold themselves to.
const GOALS: [(&str, f64); 2] = [("answered_60", 98.5), ("answered_180", 99.0)];
/// Fewer are told as counts.
const SHARE_FROM: usize = 20;

pub(super) const SHARES: [&str; 11] = [
    "person_alerts",
    "answered_60",
    "answered_180",
    "answered_late",
    "waited_60",
    "waited_180",
    "on_site_15",
    "on_site_late",
    "talks",
    "takes_lapsed",
    "open",
];
pub(super) const RESULTS: [&str; 7] = [
    "real",
    "unneeded",
    "home_days",
    "home_days_suspended",
    "home_days_cannot_see",
    "home_days_learning",
    "unneeded_per_30_home_days",
];
pub(super) const DAILY: [&str; 5] =
    ["contacts_own_sign", "contacts_phoned", "contacts_visited", "contacts_suspended", "contacts_unresolved"];
pub(super) const DESK: [&str; 2] = ["desk_unwatched", "sound_tests"];
pub(super) const LOAD: [&str; 8] = [
    "desk_alerts",
    "intervals_over_1",
    "intervals_over_10",
    "interval_most",
    "emergencies",
    "warnings",
    "notices_raised",
    "no_contacts",
];
pub(super) const DELIVERY: [&str; 4] = ["delivery_median", "delivery_p99", "delivery_worst", "delivered_late"];
pub(super) const EQUIPMENT: [&str; 8] = [
    "no_contact_hours",
    "no_contact_longest",
    "no_contact_over_4h",
    "faults_opened",
    "faults_closed",
    "faults_open",
    "faults_overdue",
    "faults_open_age",
];
pub(super) const APART: [&str; 4] = ["tests", "duplicates", "asked_at_home", "taken_back"];
