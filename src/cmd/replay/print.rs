//! What was raised, why, and what ended it: for a person, and line by line as JSON.

use super::Tape;
use super::tally::Tally;
use crate::cmd::listen::folded;
use crate::model::alert::Alert;
use crate::model::answer::Answer;
use crate::model::reason::{Class, Reason};
use crate::model::time::{Span, Timestamp, Zone, write_span};
use crate::replay::{Answer as Probed, Asked, Outcome, Raised, Summary, is_same_episode, past};
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
        let raised = outcome.raised.iter().map(|alert| (alert.at, self.alert(alert)));
        let mut told: Vec<_> = raised.chain(outcome.asked.iter().map(|asked| (asked.at, self.asked(asked)))).collect();
        told.sort_by_key(|(at, _)| *at);
        lines.extend(told.into_iter().flat_map(|(_, lines)| lines));
        lines.extend(outcome.answers.iter().flat_map(|answer| self.answer(answer)));
        let tally = Tally::of(self.zone, outcome);
        let tables = tally.tables();
        if !tables.is_empty() {
            lines.push(String::new());
            lines.extend(tables);
        }
        let days = self.days(&outcome.summary);
        let alerts = counted(outcome.raised.len(), "alert");
        lines.push(format!(
            "{alerts} in {days:.1} days, {}{}",
            counted(outcome.summary.rows, "row"),
            tally.asked_at_home()
        ));
        lines
    }

    fn alert(&self, alert: &Raised) -> Vec<String> {
        let mut lines = vec![format!("{}  {:<14} {}", self.minute(alert.at), alert.reason.rule(), self.end(alert))];
        lines.extend(folded(&format!("    {}", self.explain(&alert.reason)), 4));
        lines.extend(self.then(alert).iter().flat_map(|then| folded(&format!("    {then}"), 4)));
        lines
    }

    /// A question at home: nobody was told.
    fn asked(&self, asked: &Asked) -> Vec<String> {
        let after = |at: Timestamp| text::duration(Language::English, at - asked.at);
        let answer = match asked.answer {
            Answer::Awaited => "not answered yet".to_owned(),
            Answer::Answered(at) => format!("answered after {}", after(at)),
            Answer::Unanswered(at) => format!("no answer: an alert after {}", after(at)),
            Answer::NoLongerDue(at) => format!("no longer due after {}", after(at)),
        };
        let mut lines = vec![format!("{}  {:<14} asked at home, {answer}", self.minute(asked.at), asked.rule())];
        lines.extend(folded(&format!("    {}", self.explain(&asked.reason)), 4));
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
            let line = serde_json::json!({
                "type": "alert", "t": self.zone.wall_clock(alert.at), "rule": alert.reason.rule(),
                "class": class(&alert.reason), "ended": alert.ended.map(|at| self.zone.wall_clock(at)),
                "explain": self.explain(&alert.reason),
            });
            (alert.at, line)
        };
        let check = |asked: &Asked| {
            let (answer, ended) = in_a_word(asked.answer);
            let line = serde_json::json!({
                "type": "check", "t": self.zone.wall_clock(asked.at), "rule": asked.rule(),
                "answer": answer, "ended": ended.map(|at| self.zone.wall_clock(at)),
                "explain": self.explain(&asked.reason),
            });
            (asked.at, line)
        };
        let by_instant: BTreeMap<Timestamp, &Probed> =
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
            "days": all_days(&outcome.summary), "asked": outcome.asked.len(),
            "answered": outcome.asked.iter().filter(|asked| asked.is_answered()).count(),
        });
        let mut told: Vec<_> = outcome.raised.iter().map(alert).chain(outcome.asked.iter().map(check)).collect();
        told.sort_by_key(|(at, _)| *at);
        let told = told.into_iter().map(|(_, line)| line);
        let lines = told.chain(probes.iter().map(probe)).chain([summary]);
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
            None if real.was_answered_at_home() => {
                format!("Then: asked at home {}, and answered.", self.minute(real.id.raised_at))
            }
            None => format!("{raised}, not closed yet."),
        })
    }

    fn answer(&self, answer: &Probed) -> Vec<String> {
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

/// What came of a question, and when that was known.
fn in_a_word(answer: Answer) -> (Option<&'static str>, Option<Timestamp>) {
    match answer {
        Answer::Awaited => (None, None),
        Answer::Answered(at) => (Some("answered"), Some(at)),
        Answer::Unanswered(at) => (Some("alert"), Some(at)),
        Answer::NoLongerDue(at) => (Some("no_longer_due"), Some(at)),
    }
}

/// The three classes of the replay contract: a request is a matter of the person.
pub fn class(reason: &Reason) -> &'static str {
    match reason.class() {
        Class::Person | Class::Request => "person",
        Class::Sensor => "sensor",
        Class::System => "system",
        Class::Check => "check",
    }
}

fn all_days(summary: &Summary) -> f64 {
    summary.span.map_or(0.0, |(first, last)| (last - first).num_seconds() as f64 / 86_400.0)
}

const A_DAY: Span = Span::days(1);
