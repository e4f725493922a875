//! Two gateways that speak as one home: a copied card, an old box that was switched on again.
//!
//! Each start of a gateway's program has a name of its own, and counts its heartbeats. A start that goes on counting after
//! another one has begun to speak is alive beside it. A gateway that was only started anew never does that: its old start is
//! dead, and what it said last may come late, also by minutes where a broker kept it.

use crate::desk::Desk;
use crate::desk::input::{AlertKey, Beat, Effect, Recorded};
use crate::desk::watch::{HomeSeen, Watch};
use crate::desk::{Row, STATION_NUMBERS, timer_key};
use crate::model::alert::AlertId;
use crate::model::ids::HomeId;
use crate::model::lifecycle::{Actor, Deed};
use crate::model::reason::{Reason, Twin};
use crate::model::time::{Span, Timestamp};
use std::collections::BTreeMap;

/// Who spoke as one home lately.
#[derive(Debug, Clone, Default)]
pub(super) struct Twins {
    starts: BTreeMap<Start, Spoke>,
    /// When two were last known to live.
    seen_at: Option<Timestamp>,
    /// The station's alert about it, until there is only one again.
    pub alert: Option<AlertId>,
}

/// A start of a gateway's program; older versions say only which run of their database it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Start {
    run: u64,
    boot: Option<String>,
}

#[derive(Debug, Clone)]
struct Spoke {
    first: Timestamp,
    last: Timestamp,
    seq: u64,
    /// From its own clock to ours, in milliseconds, where a heartbeat came quickest.
    ahead_ms: i64,
    /// The same of its newest heartbeat, and how many before it in a row were as late as the one before them.
    newest_ms: i64,
    alike: u8,
}

impl Spoke {
    /// How long its newest heartbeat was on its way. Nothing where nobody can say: a broker may have kept it for long, and then
    /// the next one is as strange; or its clock was set, and then the next ones are like it. Two that are alike may still be the
    /// last words of a gateway that was started anew, so it takes three.
    fn is_late(&mut self, ahead_ms: i64) -> Option<Span> {
        self.ahead_ms = self.ahead_ms.min(ahead_ms);
        let before = std::mem::replace(&mut self.newest_ms, ahead_ms);
        let is_late = ahead_ms.saturating_sub(self.ahead_ms) > LATE_MAX_MS;
        let is_like = ahead_ms.abs_diff(before) <= LATE_MAX_MS.unsigned_abs();
        self.alike = if is_late && is_like { self.alike.saturating_add(1) } else { 0 };
        if is_late {
            if self.alike < ALIKE_MIN {
                return None;
            }
            self.ahead_ms = ahead_ms.min(before);
        }
        Some(Span::milliseconds(ahead_ms.saturating_sub(self.ahead_ms)))
    }
}

impl Twins {
    /// A heartbeat came; whether it shows that two gateways live.
    fn heard(&mut self, now: Timestamp, beat: &Beat, kept: Span) -> bool {
        self.starts.retain(|_, spoke| (now - spoke.last).abs() < kept);
        let start = Start { run: beat.run, boot: beat.boot.clone() };
        let ahead_ms = now.timestamp_millis().saturating_sub(beat.at_ms);
        let Some(spoke) = self.starts.get_mut(&start) else {
            if self.starts.len() < STARTS_MAX {
                self.starts.insert(
                    start,
                    Spoke { first: now, last: now, seq: beat.seq, ahead_ms, newest_ms: ahead_ms, alike: 0 },
                );
            }
            return false;
        };
        if beat.seq <= spoke.seq {
            return false;
        }
        (spoke.seq, spoke.last) = (beat.seq, now);
        let Some(late) = spoke.is_late(ahead_ms) else { return false };
        let (first, sent) = (spoke.first, now - late);
        let beside = self.starts.values().filter(|other| other.first > first && sent - other.first > A_MOMENT);
        // Both lived when the other one spoke last: that this one goes on shows nothing of the other.
        let both_lived = beside.map(|other| other.last).max();
        self.seen_at = self.seen_at.max(both_lived);
        both_lived.is_some()
    }

    /// When it is over if nothing shows it any more; `since` is when this station began to listen.
    fn over_at(&self, since: Timestamp) -> Option<Timestamp> {
        self.alert.map(|_| self.seen_at.map_or(since, |at| at.max(since)) + OVER_AFTER)
    }
}

impl Watch {
    /// The home of whose two gateways one has been silent for long enough, and when; earliest first.
    pub fn next_twin_over(&self) -> Option<(Timestamp, &HomeId)> {
        let since = self.since.filter(|_| !self.deaf)?;
        self.homes.iter().filter_map(|(home, seen)| Some((seen.twin_over_at(since)?, home))).min()
    }
}

impl HomeSeen {
    /// When one of its two gateways has been silent for long enough, listened to since then.
    pub fn twin_over_at(&self, since: Timestamp) -> Option<Timestamp> {
        let slow = self.level.map_or(Span::zero(), |level| (level - OVER_AFTER).max(Span::zero()));
        Some(self.twins.over_at(since)? + slow)
    }
}

impl Desk {
    /// Tells of a home as which two gateways speak: once, until there is one again.
    pub(super) fn twins(&mut self, now: Timestamp, home: &HomeId, beat: &Beat, effects: &mut Vec<Effect>) {
        let seen = self.watch.homes.entry(home.clone()).or_default();
        let kept = seen.level.map_or(OVER_AFTER, |level| level.max(OVER_AFTER));
        if !seen.twins.heard(now, beat, kept) || seen.twins.alert.is_some() {
            return;
        }
        let number = STATION_NUMBERS + seen.own_alerts + 1;
        let is_over = |row: &&Row| {
            let is_it = row.is_ours() && row.is_of_twins();
            is_it && row.alert.phase.is_open() && row.alert.recovered_at.is_some()
        };
        let (alert, what) = match self.rows_of(home).rfind(is_over) {
            Some(row) => (row.key.clone(), Deed::Again { count: row.alert.count + 1 }),
            None => {
                let reason = Reason::Twin(Twin { point: self.settings.point.clone(), channel: None });
                let (severity, to) = (reason.severity(), Vec::new());
                let alert = AlertKey { home: home.clone(), alert: AlertId { number, raised_at: now } };
                (alert, Deed::Raise { reason, severity, test: false, to })
            }
        };
        let (by, key) = (Actor::station(self.settings.point.clone()), timer_key(now, &what));
        self.record(Recorded::Done { at: now, alert: alert.clone(), by, what, key }, effects);
        effects.push(Effect::Changed(alert.into()));
    }

    /// Where one of the two has been silent for long enough, that is over.
    pub(super) fn twins_over(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        while let Some((at, home)) = self.watch.next_twin_over()
            && at <= now
        {
            let (home, alert) = (home.clone(), self.watch.homes[home].twins.alert);
            self.record(Recorded::OneGateway { at: now, home: home.clone() }, effects);
            effects.extend(alert.map(|alert| Effect::Changed(AlertKey { home, alert }.into())));
        }
    }

    /// The home says within which time it wants to be heard again; kept, so that a restarted station does not miss it too soon.
    pub(super) fn rhythm(&mut self, now: Timestamp, home: &HomeId, level: Option<Span>, effects: &mut Vec<Effect>) {
        if self.watch.homes.get(home).is_none_or(|seen| seen.level != level) {
            self.record(Recorded::Level { at: now, home: home.clone(), level }, effects);
        }
    }
}

/// More starts than this at once are no accident; the alert stands already.
const STARTS_MAX: usize = 8;
/// Longer than a heartbeat can be on its way: a sender gives up after ten seconds, and then the connection is made anew.
const LATE_MAX_MS: i64 = 15_000;
/// So many heartbeats that are late like the one before them are a clock that was set.
const ALIKE_MIN: u8 = 2;
/// Clocks of machines differ by less while a heartbeat travels.
const A_MOMENT: Span = Span::seconds(2);
/// Several heartbeats of a home on a fast level.
const OVER_AFTER: Span = Span::minutes(10);
