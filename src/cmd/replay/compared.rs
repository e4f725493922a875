//! Two configurations side by side: what the other one would have raised more, less, earlier, later.

use super::print::{Print, class};
use super::tally::{table, week};
use crate::cmd::listen::folded;
use crate::model::time::Span;
use crate::replay::{Change, Outcome, compare};
use crate::text::{self, Language, counted};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// How the two sides are called.
pub struct Names {
    base: String,
    other: String,
}

impl Names {
    /// By their files, or by what was changed.
    pub fn new(base: Option<&Path>, other: Option<&Path>, sets: &[String]) -> Names {
        let name = |path: Option<&Path>| {
            path.map_or_else(|| "the configuration".to_owned(), |path| path.display().to_string())
        };
        let is_file_of_its_own = other != base;
        let changed = sets.join(", ");
        let other = match (is_file_of_its_own, sets.is_empty()) {
            (true, true) => name(other),
            (true, false) => format!("{} with {changed}", name(other)),
            (false, _) => changed,
        };
        Names { base: name(base), other }
    }
}

/// What the comparison came to, in numbers.
#[derive(Default, Clone)]
struct Counts {
    base: u64,
    other: u64,
    gained: u64,
    lost: u64,
    earlier: Vec<Span>,
    later: Vec<Span>,
    /// Silences that the other does not find at all.
    unfound: u64,
}

impl Counts {
    fn add(&mut self, change: &Change) {
        match change {
            Change::Both { .. } => {
                self.base += 1;
                self.other += 1;
            }
            Change::Gained { .. } => {
                self.other += 1;
                self.gained += 1;
            }
            Change::Lost { base, beside } => {
                self.base += 1;
                self.lost += 1;
                self.unfound += u64::from(beside.is_none() && class(&base.reason) == "person");
            }
        }
        let later = change.later_by().unwrap_or_default();
        if later > Span::zero() {
            self.later.push(later);
        } else if later < Span::zero() {
            self.earlier.push(-later);
        }
    }

    fn columns(&self) -> Vec<u64> {
        let (earlier, later) = (self.earlier.len() as u64, self.later.len() as u64);
        vec![self.base, self.other, self.gained, self.lost, earlier, later]
    }
}

/// The lines of the comparison.
pub fn lines(print: &Print<'_>, names: &Names, base: &Outcome, other: &Outcome, is_json: bool) -> Vec<String> {
    let changes = compare(&base.raised, &other.raised);
    let mut all = Counts::default();
    let (mut by_rule, mut by_week) = (BTreeMap::<String, Counts>::new(), BTreeMap::<String, Counts>::new());
    for change in &changes {
        all.add(change);
        by_rule.entry(change.alert().reason.rule().to_owned()).or_default().add(change);
        by_week.entry(week(print.zone, change.alert().at)).or_default().add(change);
    }
    let days = print.days(&base.summary);
    let verdict = verdict(&all, days);
    if is_json {
        let counts = |of: &BTreeMap<String, Counts>| -> Value {
            of.iter().map(|(name, counts)| (name.clone(), in_json(counts))).collect::<serde_json::Map<_, _>>().into()
        };
        let mut summary = in_json(&all);
        summary["type"] = "comparison".into();
        summary["days"] = days.into();
        summary["by_rule"] = counts(&by_rule);
        summary["by_week"] = counts(&by_week);
        summary["verdict"] = verdict.into();
        let ((base_times, base_answered), (other_times, other_answered)) = (asked(base), asked(other));
        summary["asked"] = json!({ "base": base_times, "other": other_times });
        summary["answered"] = json!({ "base": base_answered, "other": other_answered });
        return changes
            .iter()
            .map(|change| change_in_json(print, change))
            .chain([summary])
            .map(|l| l.to_string())
            .collect();
    }
    let mut lines = print.about(&other.summary);
    lines.extend(folded(&format!("base   {}", names.base), 7));
    lines.extend(folded(&format!("other  {}", names.other), 7));
    lines.push(String::new());
    let before = lines.len();
    lines.extend(changes.iter().flat_map(|change| change_in_words(print, change)));
    if lines.len() > before {
        lines.push(String::new());
    }
    let titles = ["base", "other", "gained", "lost", "earlier", "later"];
    let columns = |of: BTreeMap<String, Counts>| of.into_iter().map(|(name, c)| (name, c.columns())).collect();
    if !changes.is_empty() {
        lines.extend(table("rule", &titles, &columns(by_rule)));
        lines.push(String::new());
        lines.extend(table("week from", &titles, &columns(by_week)));
        lines.push(String::new());
    }
    lines.extend(folded(&verdict, 0));
    let ((times, answers), (times_other, answers_other)) = (asked(base), asked(other));
    if times + times_other > 0 {
        let answered = format!("{answers_other} instead of {answers} answered");
        lines.push(format!("Asked at home: {} instead of {times}, {answered}.", counted(times_other, "time")));
    }
    lines
}

/// How often the person at home was asked, and how often there was an answer before anybody was told.
fn asked(outcome: &Outcome) -> (u64, u64) {
    (outcome.asked.len() as u64, outcome.asked.iter().filter(|asked| asked.is_answered()).count() as u64)
}

/// What is not the same on both sides.
fn change_in_words(print: &Print<'_>, change: &Change) -> Vec<String> {
    let alert = change.alert();
    let (word, more) = match change {
        Change::Gained { beside, .. } => ("gained", beside.map(|rule| format!("base has {rule} for the same silence"))),
        Change::Lost { beside, .. } => ("lost", beside.map(|rule| format!("the silence is still found by {rule}"))),
        Change::Both { base, other } if base.at == other.at => return Vec::new(),
        Change::Both { other, .. } => {
            let later = change.later_by().unwrap_or_default();
            let by = text::duration(Language::English, later.abs());
            let rule = Some(other.reason.rule()).filter(|rule| *rule != alert.reason.rule());
            let rule = rule.map_or(String::new(), |rule| format!(", by {rule}"));
            let when = print.minute(other.at);
            let word = if later > Span::zero() { "later" } else { "earlier" };
            (word, Some(format!("by {by}: {when}{rule}")))
        }
    };
    let more = more.map_or(String::new(), |more| format!("  {more}"));
    let mut lines = folded(&format!("{word:<8} {}  {}{more}", print.minute(alert.at), alert.reason.rule()), 9);
    if !matches!(change, Change::Both { .. }) {
        lines.extend(folded(&format!("         {}", print.explain(&alert.reason)), 9));
    }
    lines
}

fn verdict(all: &Counts, days: f64) -> String {
    if all.base + all.other == 0 {
        return format!("Neither would have raised anything in {days:.1} days.");
    }
    let per_month = |count: u64| if days > 0.0 { count as f64 * 30.0 / days } else { 0.0 };
    let rate = format!("{:.1} instead of {:.1} in 30 days", per_month(all.other), per_month(all.base));
    let mut parts = Vec::new();
    parts.extend((all.gained > 0).then(|| format!("{} gained", all.gained)));
    parts.extend((all.lost > 0).then(|| format!("{} lost", all.lost)));
    parts.extend(shifted(&all.earlier, "earlier"));
    parts.extend(shifted(&all.later, "later"));
    if parts.is_empty() {
        return format!("Verdict: no difference: {}, each at the same instant.", counted(all.base, "alert"));
    }
    let found = match all.unfound {
        0 => "Nothing about the person would be missed.".to_owned(),
        missed => format!("{} about the person would be missed: look at each of them.", counted(missed, "alert")),
    };
    let alerts = format!("{} instead of {}", counted(all.other, "alert"), all.base);
    format!("Verdict: {alerts} ({rate}): {}. {found}", parts.join(", "))
}

/// `3 later (2 h in the middle, 3 h at most)`
fn shifted(by: &[Span], word: &str) -> Option<String> {
    let mut by = by.to_vec();
    by.sort_unstable();
    let (middle, most) = (by.get(by.len() / 2)?, by.last()?);
    let say = |span: &Span| text::duration(Language::English, *span);
    Some(format!("{} {word} (by {} in the middle, {} at most)", by.len(), say(middle), say(most)))
}

fn in_json(counts: &Counts) -> Value {
    let seconds = |by: &[Span]| by.iter().map(Span::num_seconds).max();
    json!({
        "base": counts.base, "other": counts.other, "gained": counts.gained, "lost": counts.lost,
        "earlier": counts.earlier.len(), "earlier_by_at_most_secs": seconds(&counts.earlier),
        "later": counts.later.len(), "later_by_at_most_secs": seconds(&counts.later),
        "person_missed": counts.unfound,
    })
}

fn change_in_json(print: &Print<'_>, change: &Change) -> Value {
    let (word, base, other, beside) = match change {
        Change::Both { base, other } => {
            let word = match change.later_by().unwrap_or_default() {
                later if later > Span::zero() => "later",
                later if later < Span::zero() => "earlier",
                _ => "same",
            };
            (word, Some(base), Some(other), None)
        }
        Change::Gained { other, beside } => ("gained", None, Some(other), *beside),
        Change::Lost { base, beside } => ("lost", Some(base), None, *beside),
    };
    let alert = change.alert();
    json!({
        "type": "change", "change": word, "rule": alert.reason.rule(), "class": class(&alert.reason),
        "t": base.map(|alert| print.zone.wall_clock(alert.at)),
        "t_other": other.map(|alert| print.zone.wall_clock(alert.at)),
        "rule_other": other.map(|alert| alert.reason.rule()),
        "later_by_secs": change.later_by().map(|by| by.num_seconds()),
        "silence_found_by": beside, "explain": print.explain(&alert.reason),
    })
}
