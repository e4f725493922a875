//! The pictures with their words, the table that says the same, and what is usual in words.

use super::model::{DayShown, Shown, shape};
use crate::model::time::{Span, Timestamp};
use crate::picture::{Actogram, Caption, Lively, Mark, actogram};
use crate::text;
use crate::web::models::Painter;
use crate::wire::Usual;

/// One day of the table.
pub(super) struct DayRow {
    pub day: String,
    pub first: String,
    pub last: String,
    pub quiet: String,
    pub unwatched: String,
    pub alerts: Vec<AlertLink>,
}

/// An alert in the table.
pub(super) struct AlertLink {
    pub href: String,
    pub words: String,
}

/// What is usual.
pub(super) struct RhythmModel {
    pub learned: String,
    pub is_learning: bool,
    pub goal: String,
    pub parts: Vec<PartRow>,
}

/// What is usual in a part of the day.
pub(super) struct PartRow {
    pub part: String,
    pub longest: String,
    pub limit: String,
}

impl Painter<'_> {
    /// Today alone, with a line where it is now.
    pub(super) fn today(&self, shown: &Shown, at: Timestamp) -> String {
        let Some(day) = shown.days.last() else { return String::new() };
        let second = f64::from(shown.zone.local(at).second_of_day);
        self.drawing("today", "picture_today", std::slice::from_ref(day), shown, Some(second / 900.0))
    }

    /// All days, the newest at the bottom.
    pub(super) fn fortnight(&self, shown: &Shown) -> String {
        if shown.days.is_empty() {
            return String::new();
        }
        self.drawing("fortnight", "picture_days", &shown.days, shown, None)
    }

    fn drawing(
        &self,
        id: &'static str,
        title: &'static str,
        days: &[DayShown],
        shown: &Shown,
        now: Option<f64>,
    ) -> String {
        let marks = days.iter().enumerate().flat_map(|(row, day)| {
            day.alerts.iter().map(move |alert| Mark {
                row,
                quarter: f64::from(shown.zone.local(alert.raised_at).second_of_day) / 900.0,
                shape: shape(alert.severity),
                words: self.alert_words(alert),
            })
        });
        actogram(&Actogram {
            id,
            caption: Caption {
                title: self.label(title).to_owned(),
                description: self.label("picture_desc").to_owned(),
                weekdays: text::weekdays(self.language),
                hours: "",
            },
            rows: days.iter().map(|day| self.lively(shown, day)).collect(),
            row_height: if days.len() == 1 { 54 } else { 28 },
            quiet: shown.quiet.clone(),
            now,
            marks: marks.collect(),
        })
    }

    fn lively(&self, shown: &Shown, day: &DayShown) -> Lively {
        let local = shown.zone.local(day.from);
        let weekday = text::weekdays(self.language).get(usize::from(local.weekday)).copied().unwrap_or_default();
        let (_, month, date) = local.date;
        Lively {
            name: format!("{month:02}-{date:02}"),
            weekday,
            cells: day.cells.clone(),
            doors: day.doors.clone(),
            buttons: day.buttons.clone(),
            suspended: day.suspended.clone(),
        }
    }

    fn alert_words(&self, alert: &crate::desk::RowView) -> String {
        let when = text::date_time(self.language, &self.site.settings.zone, alert.raised_at);
        let severity = text::severity(self.language, alert.severity);
        format!("{when} {severity} {}", text::headline(self.language, &alert.reason))
    }

    /// The same as a table, the newest first.
    pub(super) fn day_rows(&self, shown: &Shown) -> Vec<DayRow> {
        shown.days.iter().rev().map(|day| self.day_row(shown, day)).collect()
    }

    fn day_row(&self, shown: &Shown, day: &DayShown) -> DayRow {
        let none = || "–".to_owned();
        let clock = |at: Timestamp| text::hour_minute(&shown.zone, at);
        let weekday = usize::from(shown.zone.local(day.from).weekday);
        let weekday = text::weekdays(self.language).get(weekday).copied().unwrap_or_default();
        let figures = &day.figures;
        let links = day.alerts.iter().map(|alert| {
            let href = crate::web::form::escape(alert.key.home.as_str());
            let raised = alert.key.alert.raised_at.timestamp_millis();
            AlertLink {
                href: format!("/alert/{href}/{}?raised={raised}", alert.key.alert.number),
                words: format!("{} {}", clock(alert.raised_at), text::headline(self.language, &alert.reason)),
            }
        });
        DayRow {
            day: format!("{} {weekday}", day.date),
            first: figures.moved.map_or_else(none, |(first, _)| clock(first)),
            last: figures.moved.map_or_else(none, |(_, last)| clock(last)),
            quiet: figures.quiet.map_or_else(none, |(since, length, is_cut)| {
                let least = if is_cut { "≥ " } else { "" };
                format!("{least}{} ({})", text::duration(self.language, length), clock(since))
            }),
            unwatched: if figures.unwatched.is_zero() {
                none()
            } else {
                text::duration(self.language, figures.unwatched)
            },
            alerts: links.collect(),
        }
    }

    /// What is usual.
    pub(super) fn rhythm(&self, usual: &Usual) -> RhythmModel {
        let (learned, needed) = (usual.days_learned, usual.days_needed);
        let wanted = usual.wanted_in_30_days;
        let wanted = if wanted.is_finite() { (wanted * 10.0).round() / 10.0 } else { 0.0 };
        let parts = usual.parts.iter().map(|part| {
            let secs = |secs: u64| i64::try_from(secs).ok().and_then(Span::try_seconds).unwrap_or(Span::MAX);
            let long = |of: u64| text::duration(self.language, secs(of - of % 60));
            let none = || self.label("unknown").to_owned();
            let name = match part.from_hour {
                0..=5 => "part_night",
                6..=11 => "part_morning",
                12..=17 => "part_afternoon",
                18.. => "part_evening",
            };
            PartRow {
                part: format!("{} {:02}–{:02}", self.label(name), part.from_hour, part.to_hour),
                longest: part.longest_secs.map_or_else(none, |of| match of {
                    0..300 => self.label("picture_no_quiet").to_owned(),
                    of => long(of),
                }),
                limit: match (part.limit_secs, part.limit_at_most_secs) {
                    (Some(least), Some(most)) if most > least => format!("{} – {}", long(least), long(most)),
                    (Some(limit), _) => long(limit),
                    (None, _) => self.label("picture_fixed_limit").to_owned(),
                },
            }
        });
        RhythmModel {
            learned: self.language.pick(
                format!("已学习 {learned} 天（至少需 {needed} 天）"),
                format!("{learned} days learned ({needed} are needed)"),
            ),
            is_learning: learned < needed,
            goal: self.language.pick(
                format!(
                    "设定为每 30 天最多 {wanted} 次无需处置的警情；最近 30 天有 {} 次安静超过上限",
                    usual.in_30_days
                ),
                format!(
                    "set for at most {} in 30 days; in the last 30 days quiet was longer than its limit {}",
                    text::counted(wanted, "unneeded alert"),
                    text::counted(usual.in_30_days, "time")
                ),
            ),
            parts: parts.collect(),
        }
    }
}
