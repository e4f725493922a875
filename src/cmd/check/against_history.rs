//! `check --against-history`: whether a new configuration would have missed an alert that people confirmed, or would have
//! doubled the alerts, on what the home has recorded.

use crate::cmd::Failed;
use crate::cmd::progress::Progress;
use crate::cmd::replay::{Own, engine, span_back};
use crate::engine::rules::NAMES;
use crate::model::alert::Alert;
use crate::model::recorded::Recorded;
use crate::model::time::{Span, Timestamp};
use crate::problem::Problem;
use crate::replay::{self, Raised, is_same_episode, past};
use crate::text::{self, Language, counted};
use std::collections::BTreeMap;
use std::path::Path;

/// What the history says of a configuration.
pub struct Judged {
    /// What speaks against it.
    pub against: Vec<Problem>,
    /// What should be known besides.
    pub notes: Vec<String>,
}

/// Judges the configuration at `path` by its home's history, or by `database`.
pub fn judge(path: &Path, database: Option<&Path>, since: Option<&str>) -> Result<Judged, Vec<Problem>> {
    let problems = |failed| match failed {
        Failed::World(problem) => vec![problem],
        Failed::Configuration(problems) => problems,
    };
    let since = since.map(span_back).transpose().map_err(|problem| vec![problem])?;
    let own = Own::read(path, database).map_err(problems)?;
    let mut progress = Progress::new("replaying", own.lines.len() as u64);
    let engine = engine(own.config.clone()).map_err(problems)?;
    let outcome = replay::replay(engine, &own.lines, &[], None, |done| progress.passed(done));
    drop(progress);
    let (Some(readings_from), Some(end)) = (own.readings_from(), own.lines.last().map(Recorded::at)) else {
        let deed = "let the gateway run for some days, then check again";
        return Err(vec![Problem::of(path.display().to_string(), "no readings are recorded yet").with_deed(deed)]);
    };
    let from = since.map_or(readings_from, |since| readings_from.max(end - since));
    Ok(Judging { own: &own, path, from, end, raised: &outcome.raised }.judged())
}

struct Judging<'a> {
    own: &'a Own,
    path: &'a Path,
    from: Timestamp,
    end: Timestamp,
    raised: &'a [Raised],
}

impl Judging<'_> {
    fn judged(&self) -> Judged {
        let confirmed = self.own.alerts.iter().filter(|alert| past::was_needed(alert));
        let (judged, too_old): (Vec<&Alert>, Vec<&Alert>) =
            confirmed.partition(|alert| alert.id.raised_at >= self.from);
        let (mut against, mut notes) = (Vec::new(), Vec::new());
        for alert in &judged {
            let episode = past::episode(alert);
            match self.raised.iter().find(|raised| is_same_episode(raised, &episode)) {
                None => against.push(self.missed(alert, &episode)),
                Some(raised) if raised.at - alert.id.raised_at > SAME => notes.push(self.later(alert, raised)),
                Some(_) => {}
            }
        }
        against.extend(self.doubled());
        let days = (self.end - self.from).num_seconds() as f64 / 86_400.0;
        let alerts = counted(self.by_rule_now().values().sum::<u64>(), "alert");
        let then = self.by_rule_then().values().sum::<u64>();
        let needed = counted(judged.len(), "confirmed need");
        notes.push(format!("{days:.1} days of its history: {alerts} instead of {then}; {needed} among them"));
        if !too_old.is_empty() {
            let alerts = counted(too_old.len(), "confirmed alert");
            notes.push(format!("{alerts} from before {} cannot be judged", self.minute(self.from)));
        }
        notes.extend(super::never_quiet::note(&self.own.lines));
        Judged { against, notes }
    }

    fn missed(&self, alert: &Alert, episode: &Raised) -> Problem {
        let what = format!("{}, would not have been raised", self.confirmed(alert));
        // The help that came is part of the record: what would have been without it is not known.
        let ended = episode.ended.map(|at| format!(" by {}, when it ended", self.minute(at)));
        let deed = "set the limit so that it is, or see what else would have found it: carecircle replay --compare";
        Problem::of(self.path.display().to_string(), what + &ended.unwrap_or_default()).as_warning().with_deed(deed)
    }

    fn later(&self, alert: &Alert, raised: &Raised) -> String {
        let by = text::duration(Language::English, raised.at - alert.id.raised_at);
        format!("{}, would have been raised {by} later", self.confirmed(alert))
    }

    /// Which alert, and what people found.
    fn confirmed(&self, alert: &Alert) -> String {
        let outcome = alert.closed.as_ref().map(|closed| text::outcome(Language::English, closed.outcome));
        let headline = text::headline(Language::English, &alert.reason);
        let (at, outcome) = (self.minute(alert.id.raised_at), outcome.unwrap_or_default());
        format!("the alert of {at} ({headline}), which people closed as \"{outcome}\"")
    }

    fn doubled(&self) -> Option<Problem> {
        let (then, now) = (self.by_rule_then(), self.by_rule_now());
        let (all_then, all_now) = (then.values().sum::<u64>(), now.values().sum::<u64>());
        // One alert instead of none is no flood.
        if all_now < 2 * all_then || all_now - all_then < MORE_MIN {
            return None;
        }
        let more = now.iter().filter(|(rule, count)| **count > then.get(*rule).copied().unwrap_or(0));
        let by_rule: Vec<String> = more
            .map(|(rule, count)| format!("{rule} {count} instead of {}", then.get(rule).copied().unwrap_or(0)))
            .collect();
        let span = format!("from {} to {}", self.minute(self.from), self.minute(self.end));
        let alerts = counted(all_now, "alert");
        let what = format!("{span} it would have raised {alerts} instead of {all_then}: {}", by_rule.join(", "));
        let deed = "see each of them: carecircle replay --since 30d";
        Some(Problem::of(self.path.display().to_string(), what).as_warning().with_deed(deed))
    }

    fn by_rule_then(&self) -> BTreeMap<&'static str, u64> {
        let mut counts = BTreeMap::new();
        for alert in self.own.alerts.iter().filter(|alert| NAMES.contains(&alert.reason.rule())) {
            *counts.entry(alert.reason.rule()).or_default() += past::pages(alert, self.from) as u64;
        }
        counts
    }

    fn by_rule_now(&self) -> BTreeMap<&'static str, u64> {
        let mut counts = BTreeMap::new();
        let is_judged = |raised: &&Raised| raised.at >= self.from && NAMES.contains(&raised.reason.rule());
        for raised in self.raised.iter().filter(is_judged) {
            *counts.entry(raised.reason.rule()).or_default() += 1;
        }
        counts
    }

    fn minute(&self, at: Timestamp) -> String {
        let zone = &self.own.config.home.zone;
        format!("{} {}", zone.date(at), zone.hour_minute(at))
    }
}

/// A later instant than this is told.
const SAME: Span = Span::minutes(1);
/// So many alerts more are worth a warning.
const MORE_MIN: u64 = 2;
