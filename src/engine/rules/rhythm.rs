//! Quiet for longer than is usual here, after movement like this, at this hour: the learned limit.
//!
//! What is usual is learned by [`Habits`](crate::engine::rhythm::Habits), and how strict the limit is follows from one number: how many
//! unneeded alerts in 30 days people will bear. While too little is known the limit is a fixed one. Judged under the same conditions as
//! `inactivity`; one silence is one alert, whichever of the two comes first.

use super::check::Ahead;
use super::{Alarm, Finding, Known, Rule};
use crate::engine::rhythm::{Limits, Verdict};
use crate::model::found::Limited;
use crate::model::reason::{Reason, Usual};
use crate::model::time::{Hours, Span, Timestamp, span_text};
use serde::Deserialize;
use std::collections::BTreeSet;

/// `[rules.rhythm]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// So many unneeded alerts in 30 days are borne; fewer mean longer limits.
    pub target_false_alerts_per_30_days: f64,
    /// The limit of the first ten days, in which nothing is learned enough to speak.
    #[serde(with = "span_text")]
    pub cold_start_limit: Span,
    /// No limit is shorter.
    #[serde(with = "span_text")]
    pub at_least: Span,
    /// A learned rule must not learn to be silent: after movement inside no limit is longer, …
    #[serde(with = "span_text")]
    pub hard_max: Span,
    /// … after the outer door no limit is longer than this.
    #[serde(with = "span_text")]
    pub hard_max_away: Span,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            target_false_alerts_per_30_days: 1.0,
            cold_start_limit: Span::hours(12),
            at_least: Span::minutes(20),
            hard_max: Span::hours(12),
            hard_max_away: Span::hours(24),
        }
    }
}

impl Settings {
    /// What the habits of the home need of them.
    pub fn limits(&self) -> Limits {
        Limits {
            target: self.target_false_alerts_per_30_days,
            cold_start: self.cold_start_limit,
            at_least: self.at_least,
            most_at_home: self.hard_max,
            most_away: self.hard_max_away,
        }
    }
}

struct Rhythm {
    target: f64,
}

/// The rule with these settings.
pub fn rule(settings: &super::Settings) -> impl Rule + use<> {
    Rhythm { target: settings.rhythm.target_false_alerts_per_30_days }
}

impl Rule for Rhythm {
    fn name(&self) -> &'static str {
        "rhythm"
    }

    fn judge(&self, now: Timestamp, known: &Known) -> Finding {
        let seen = known.seen;
        // Without a clock that can be believed no hour is usual; the fixed limits hold.
        if seen.blind.is_some() || !seen.clock_trusted {
            return Finding::default();
        }
        // Cheap questions first: most silences end before anybody need know their limit, …
        let Some(at_least) = seen.habits.usual_until_at_least() else { return Finding::default() };
        if at_least > now {
            return Finding { alarms: Vec::new(), look_again: Some(at_least) };
        }
        let Some(verdict) = seen.habits.verdict() else { return Finding::default() };
        let fires_at = verdict.too_long_at();
        if fires_at > now {
            return not_yet(now, known, &verdict, fires_at);
        }
        // … and only one that has passed asks who is left.
        let fires_at = seen.too_quiet_at(known.home, now, &verdict);
        if fires_at > now {
            return not_yet(now, known, &verdict, fires_at);
        }
        let verdict = Verdict { limit: fires_at - verdict.since, ..verdict };
        if seen.unwatched(known.home, now).is_some() {
            return Finding::default();
        }
        Finding { alarms: vec![self.alarm(now, known, &verdict)], look_again: None }
    }
}

/// The limit is still to come; perhaps the person is to be asked before. Who is left is asked only where a question may be due.
fn not_yet(now: Timestamp, known: &Known, verdict: &Verdict, due: Timestamp) -> Finding {
    let ahead = |due| Ahead { of: Limited::Rhythm, since: verdict.since, due, room: None };
    match ahead(due).asks_at(known).filter(|at| *at <= now) {
        Some(_) => ahead(known.seen.too_quiet_at(known.home, now, verdict)).finding(now, known),
        None => ahead(due).finding(now, known),
    }
}

impl Rhythm {
    fn alarm(&self, now: Timestamp, known: &Known, verdict: &Verdict) -> Alarm {
        let (seen, since) = (known.seen, verdict.since);
        let sight = seen.sight(known.home, now);
        let fixed_limit = super::inactivity::fires_at(known, since).map(|fires| fires.at - since);
        let reason = Reason::Rhythm {
            limit: verdict.limit,
            by: verdict.by,
            silence: now - since,
            last_life: seen.last_life.clone(),
            usual: usual(known, verdict),
            days: u16::try_from(seen.habits.model().days).unwrap_or(u16::MAX),
            target: self.target,
            alerts_of_30_days: seen.habits.alerts_of_30_days(),
            fixed_limit,
            door_at: seen.habits.door_at(),
            is_out: verdict.begun.is_out(),
            blind: seen.blind_since(seen.last_life.as_ref().map_or(since, |life| life.at)).cloned(),
            sensors_alive: sight.alive,
            sensors: sight.sensors,
            cannot_tell: sight.cannot_tell,
        };
        Alarm { reason, since, is_over: false }
    }
}

/// What was usual after movement like this: of the rows that decided, how many days had one longer than the tail's start.
fn usual(known: &Known, verdict: &Verdict) -> Option<Usual> {
    let habits = &known.seen.habits;
    if !habits.has_learned() {
        return None;
    }
    let rows = habits.model().deciding(&verdict.begun);
    let longest = rows.iter().map(|row| row.secs()).fold(0.0, f64::max);
    let start = habits.model().tail(&verdict.begun).start().min(longest);
    let minutes = rows.iter().map(|row| verdict.begun.minutes_after(row.minute));
    let (earliest, latest) = (minutes.clone().min()?, minutes.max()?);
    let days: BTreeSet<u16> = rows.iter().filter(|row| row.secs() >= start).map(|row| row.age_days).collect();
    Some(Usual {
        hours: Hours { from: verdict.begun.clock(earliest)?, to: verdict.begun.clock(latest + 1)? },
        reached: Span::seconds(start as i64),
        on_days: u16::try_from(days.len()).unwrap_or(u16::MAX),
        longest: Span::seconds(longest as i64),
    })
}
