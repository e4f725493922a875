//! What was raised, why, and what ended it: for a person, and line by line as JSON.

use super::Tape;
use super::tally::{table, week};
use crate::cmd::listen::folded;
use crate::model::alert::Alert;
use crate::model::reason::{Class, Reason};
use crate::model::time::{Span, Timestamp, Zone, write_span};
use crate::replay::{Answer, Outcome, Raised, Summary, is_same_episode, past};
use crate::text::{self, Language, counted};
use std::collections::BTreeMap;

/// How a replay is shown.
pub struct Print<'a> {
    pub zone: &'a Zone,
    from: Option<Timestamp>,
    /// What really happened, where that is known, each alert with its episode.
    past: Option<Vec<(Raised, &'a Alert)>>,
    readings_from: Option<Timestamp>,
}

impl<'a> Print<'a> {
    pub fn new(zone: &'a Zone, from: Option<Timestamp>, tape: &'a Tape) -> Print<'a> {
        let (past, readings_from) = match tape {
            Tape::Recording(..) => (None, None),
            Tape::Own(own) => {
                let past = own.alerts.iter().map(|alert| (past::episode(alert), alert)).collect();
                (Some(past), own.readings_from())
            }
        };
        Print { zone, from, past, readings_from }
    }

    /// For a person at a terminal of 80 columns.
    pub fn text(&self, outcome: &Outcome) -> Vec<String> {
        let mut lines = self.about(&outcome.summary);
        for alert in &outcome.raised {
            lines.push(format!("{}  {:<14} {}", self.minute(alert.at), alert.reason.rule(), self.end(alert)));
            lines.extend(folded(&format!("    {}", self.explain(&alert.reason)), 4));
            lines.extend(self.then(alert).iter().flat_map(|then| folded(&format!("    {then}"), 4)));
        }
        lines.extend(outcome.answers.iter().flat_map(|answer| self.answer(answer)));
        let mut by_rule = BTreeMap::<String, Vec<u64>>::new();
        let mut by_week = BTreeMap::<String, Vec<u64>>::new();
        for alert in &outcome.raised {
            by_rule.entry(alert.reason.rule().to_owned()).or_insert(vec![0])[0] += 1;
            by_week.entry(week(self.zone, alert.at)).or_insert(vec![0])[0] += 1;
        }
        if !outcome.raised.is_empty() {
            lines.push(String::new());
            lines.extend(table("rule", &["alerts"], &by_rule));
            lines.push(String::new());
            lines.extend(table("week from", &["alerts"], &by_week));
            lines.push(String::new());
        }
        let days = self.days(&outcome.summary);
        lines.push(format!(
            "{} in {days:.1} days, {}",
            counted(outcome.raised.len(), "alert"),
            counted(outcome.summary.rows, "row")
        ));
        lines
    }

    /// What is to be known before the first line.
    pub fn about(&self, summary: &Summary) -> Vec<String> {
        let mut lines = Vec::new();
        let begin = self.from.or(summary.span.map(|(first, _)| first));
        if let Some(from) = self.readings_from.filter(|from| begin.is_some_and(|begin| *from - begin > A_DAY)) {
            let note = "note: readings are kept since";
            lines.extend(folded(&format!("{note} {}; what was before them is not judged", self.minute(from)), 6));
        }
        if summary.strangers > 0 {
            let readings = counted(summary.strangers, "reading");
            let note = format!("note: {readings} of sensors that this configuration does not have are left out");
            lines.extend(folded(&note, 6));
        }
        lines
    }

    /// One JSON object a line: the replay contract.
    pub fn jsonl(&self, outcome: &Outcome, probes: &[(String, Timestamp)]) -> Vec<String> {
        let alert = |alert: &Raised| {
            serde_json::json!({
                "type": "alert", "t": self.zone.wall_clock(alert.at), "rule": alert.reason.rule(),
                "class": class(&alert.reason), "ended": alert.ended.map(|at| self.zone.wall_clock(at)),
                "explain": self.explain(&alert.reason),
            })
        };
        let by_instant: BTreeMap<Timestamp, &Answer> =
            outcome.answers.iter().map(|answer| (answer.silent_from, answer)).collect();
        let probe = |(text, at): &(String, Timestamp)| {
            let alert = by_instant.get(at).and_then(|answer| answer.alert.as_ref());
            serde_json::json!({
                "type": "probe", "silent_from": text, "alert_at": alert.map(|(at, _)| self.zone.wall_clock(*at)),
                "rule": alert.map(|(_, reason)| reason.rule()),
            })
        };
        let mut by_rule = BTreeMap::<&str, u64>::new();
        for alert in &outcome.raised {
            *by_rule.entry(alert.reason.rule()).or_default() += 1;
        }
        let summary = serde_json::json!({
            "type": "summary", "alerts": outcome.raised.len(), "by_rule": by_rule, "rows": outcome.summary.rows,
            "days": all_days(&outcome.summary),
        });
        let lines = outcome.raised.iter().map(alert).chain(probes.iter().map(probe)).chain([summary]);
        lines.map(|line| line.to_string()).collect()
    }

    /// The reason in whole sentences.
    pub fn explain(&self, reason: &Reason) -> String {
        text::reason(Language::English, reason, self.zone)
    }

    /// `2026-03-04 14:36`
    pub fn minute(&self, at: Timestamp) -> String {
        format!("{} {}", self.zone.date(at), self.zone.hour_minute(at))
    }

    /// How long the shown part is.
    pub fn days(&self, summary: &Summary) -> f64 {
        let shown = summary.span.map(|(first, last)| (self.from.unwrap_or(first).clamp(first, last), last));
        shown.map_or(0.0, |(first, last)| (last - first).num_seconds() as f64 / 86_400.0)
    }

    /// What ended it.
    fn end(&self, alert: &Raised) -> String {
        let Some(ended) = alert.ended else { return "not over".to_owned() };
        let after = text::duration(Language::English, ended - alert.at);
        let clock = if self.zone.date(ended) == self.zone.date(alert.at) {
            self.zone.hour_minute(ended)
        } else {
            self.minute(ended)
        };
        match &alert.life {
            Some(life) => {
                let place = life.room.as_ref().map_or_else(|| life.sensor.to_string(), |place| place.to_string());
                format!("until {clock} ({after}): life in {}", text::shown(&place, 20))
            }
            None => format!("until {clock} ({after}): went by itself"),
        }
    }

    /// What really became of it.
    fn then(&self, alert: &Raised) -> Option<String> {
        let mut past = self.past.as_ref()?.iter();
        let real = past.find(|(episode, _)| is_same_episode(alert, episode));
        let Some((_, real)) = real else { return Some("Then: no alert.".to_owned()) };
        let raised = format!("Then: raised {}", self.minute(real.id.raised_at));
        Some(match &real.closed {
            Some(closed) => {
                let outcome = text::outcome(Language::English, closed.outcome);
                let contact = text::contact(Language::English, closed.contact);
                format!("{raised}, closed {}: {outcome} ({contact}).", self.minute(closed.at))
            }
            None => format!("{raised}, not closed yet."),
        })
    }

    fn answer(&self, answer: &Answer) -> Vec<String> {
        let from = self.minute(answer.silent_from);
        let line = match &answer.alert {
            Some((at, reason)) => {
                let after = write_span(*at - answer.silent_from);
                format!("silent from {from}: {} at {} ({after} later)", reason.rule(), self.minute(*at))
            }
            None => format!("silent from {from}: no alert within 24 h"),
        };
        folded(&line, 4)
    }
}

/// The three classes of the replay contract: a request is a matter of the person.
pub fn class(reason: &Reason) -> &'static str {
    match reason.class() {
        Class::Person | Class::Request => "person",
        Class::Sensor => "sensor",
        Class::System => "system",
    }
}

fn all_days(summary: &Summary) -> f64 {
    summary.span.map_or(0.0, |(first, last)| (last - first).num_seconds() as f64 / 86_400.0)
}

const A_DAY: Span = Span::days(1);
