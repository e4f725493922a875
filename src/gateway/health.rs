//! The daemon about itself: watchdog, systemd's status line, heartbeat.

use crate::clock::Reading;
use crate::gateway::plan::Plan;
use crate::gateway::tasks::Tasks;
use crate::gateway::turn::Turn;
use crate::model::time::{Span, Timestamp};
use crate::wire::{Heartbeat, SensorAge, VERSION};
use std::collections::BTreeMap;

/// Pings systemd's watchdog only when every task has moved since the last ping: one that hangs lets the daemon be killed.
#[derive(Debug, Default)]
pub struct Watchdog {
    last: BTreeMap<String, u64>,
}

impl Watchdog {
    /// Says to systemd that all is well if it is; gives the names of the tasks that have not moved.
    pub fn look(&mut self, moves: Vec<(String, u64)>) -> Vec<String> {
        let stuck: Vec<String> = moves
            .iter()
            .filter(|(name, count)| self.last.get(name) == Some(count))
            .map(|(name, _)| name.clone())
            .collect();
        self.last = moves.into_iter().collect();
        if stuck.is_empty() {
            notify(&[sd_notify::NotifyState::Watchdog]);
        }
        stuck
    }
}

/// Tells systemd, if it listens.
pub fn notify(states: &[sd_notify::NotifyState]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "systemd does not listen");
    }
}

/// The daemon in one useful line.
pub fn status_line(turn: &Turn, links: &BTreeMap<String, Link>, remark: Option<&str>) -> String {
    let sensors = turn.engine.home().sensors.len();
    let open = turn.engine.alerts().filter(|alert| alert.phase.is_open()).count();
    let links: Vec<String> =
        links.iter().map(|(name, link)| format!("{name} {}", if link.up { "up" } else { "DOWN" })).collect();
    let mut line = format!("watching {sensors} sensors, {}, {open} open alerts", links.join(", "));
    if let Some(why) = &turn.store_trouble {
        line = format!("{line}; history not written: {why}");
    }
    if let Some(remark) = remark {
        line = format!("{line}; {remark}");
    }
    line
}

/// How a link stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// Whether it is up.
    pub up: bool,
    /// Since when.
    pub since: Timestamp,
    /// What happened, for people.
    pub why: String,
}

/// What a heartbeat counts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beat {
    /// Counted within the run.
    pub seq: u64,
    /// Which run.
    pub run: u64,
}

/// "I am alive, and this is how I am."
pub fn heartbeat(beat: Beat, now: Reading, turn: &Turn, tasks: &Tasks, plan: &Plan) -> Heartbeat {
    let seen = turn.engine.seen();
    let age = |at: Timestamp| (now.wall - at).num_seconds().max(0) as u64;
    let oldest = tasks.channels().iter().filter_map(|open| open.waiting.oldest(now.since_boot)).max();
    let sensors =
        turn.engine.home().sensors.keys().map(|id| SensorAge {
            id: id.clone(),
            heard_secs: seen.heard(id).and_then(|heard| heard.heard_at).map(age),
        });
    Heartbeat {
        v: VERSION,
        home: plan.home.id.clone(),
        seq: beat.seq,
        run: beat.run,
        at: now.wall,
        clock_trusted: turn.clock_trusted,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        config_hash: plan.hash.clone(),
        oldest_unsent_secs: oldest.map(|age: Span| age.num_seconds().max(0) as u64),
        open_alerts: turn.engine.alerts().filter(|alert| alert.phase.is_open()).count() as u32,
        last_life_secs: seen.last_life.as_ref().filter(|_| seen.blind.is_none()).map(|life| age(life.at)),
        blind: seen.blind.is_some(),
        sensors: sensors.collect(),
    }
}
