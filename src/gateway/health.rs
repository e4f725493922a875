//! The daemon about itself: watchdog, systemd's status line, heartbeat.

use crate::clock::Reading;
use crate::gateway::paths::{Known, Paths};
use crate::gateway::plan::{BROKER, Plan};
use crate::gateway::tasks::Tasks;
use crate::gateway::tests_done::TestDone;
use crate::gateway::turn::Turn;
use crate::model::answer::Questions;
use crate::model::fingerprint;
use crate::model::home::Sensor;
use crate::model::reason::Class;
use crate::model::status::{
    CertificateStatus, Condition, DirectoryStatus, LinkStatus, OpenAlert, OutboxStatus, PathStatus, SensorStatus,
    Status, TestStatus,
};
use crate::model::time::{Span, Timestamp};
use crate::wire::{Heartbeat, InForce, LastTest, Learning, PathWord, Refusal, SensorAge, Today, VERSION};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

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

/// The daemon in one useful line; what is wrong stands behind it.
///
/// It begins with the worst: that nobody can be told.
pub fn status_line<'a>(
    turn: &Turn,
    plan: &Plan,
    links: &BTreeMap<String, Link>,
    paths: &Paths,
    remarks: impl Iterator<Item = &'a String>,
) -> String {
    let open = open_alerts(turn);
    let mut parts: Vec<String> = Vec::new();
    if paths.are_all_lost() {
        parts.push("NOBODY CAN BE REACHED: no way out works".to_owned());
    } else if !paths.any_works() {
        parts.push("no way out is proved to work".to_owned());
    }
    parts.push(format!("watching {}", count(turn.engine.home().sensors.len(), "sensor")));
    let mut whys = Vec::new();
    for name in link_names(plan) {
        let state = match links.get(&name) {
            None => "not known yet",
            Some(link) => {
                if !link.why.is_empty() {
                    whys.push(format!("; {name}: {}", link.why));
                }
                if link.up { "up" } else { "DOWN" }
            }
        };
        parts.push(format!("{name} {state}"));
    }
    parts.push(count(open, "open alert"));
    let mut line = parts.join(", ");
    line.extend(whys);
    if let Some(why) = &turn.store_trouble {
        line = format!("{line}; history not written: {why}");
    }
    for remark in remarks {
        line = format!("{line}; {remark}");
    }
    line
}

/// A question before a limit is none.
fn open_alerts(turn: &Turn) -> usize {
    turn.engine.alerts().filter(|alert| alert.phase.is_open() && alert.reason.class() != Class::Check).count()
}

fn count(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
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
#[derive(Debug, Clone, Default)]
pub struct Beat {
    /// Counted within the run.
    pub seq: u64,
    /// Which run.
    pub run: u64,
    /// Which start of the program.
    pub boot: String,
}

/// This start of the program in short, as the system tells it apart from every other: by the boot of this machine, the
/// process in it, and when it began. Two machines with one copied card differ by the first, two processes by the others.
pub fn boot(since_boot: Span) -> String {
    let machine = std::fs::read("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let (process, began) = (std::process::id().to_le_bytes(), since_boot.num_milliseconds().to_le_bytes());
    format!("{:016x}", fingerprint::of([machine.as_slice(), &process, &began]))
}

/// "I am alive, and this is how I am."
pub fn heartbeat(
    beat: &Beat,
    now: Reading,
    turn: &Turn,
    oldest: Option<Span>,
    plan: &Plan,
    paths: &Paths,
    refused: Vec<Refusal>,
) -> Heartbeat {
    let seen = turn.engine.seen();
    let age = |at: Timestamp| (now.wall - at).num_seconds().max(0) as u64;
    let sensors = turn.engine.home().sensors.values().map(|sensor| sensor_age(now, sensor, turn));
    let learning = seen.learning().map(|(day, of)| Learning { day: day as u32, of: of as u32 });
    Heartbeat {
        v: VERSION,
        home: plan.home.id.clone(),
        seq: beat.seq,
        run: beat.run,
        boot: Some(beat.boot.clone()),
        level_secs: None,
        at: now.wall,
        clock_trusted: turn.clock_trusted,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        config_hash: plan.hash.clone(),
        oldest_unsent_secs: oldest.map(|age: Span| age.num_seconds().max(0) as u64),
        open_alerts: open_alerts(turn) as u32,
        answered_at_home: Questions::of(now.wall, turn.engine.alerts()).answered,
        last_life_secs: seen.last_life.as_ref().filter(|_| seen.blind.is_none()).map(|life| age(life.at)),
        blind: seen.blind.is_some(),
        sensors: sensors.collect(),
        learning,
        suspended: seen.suspended.all().map(InForce::from).collect(),
        directory: None,
        refused,
        not_known: turn.not_known.told(now.since_boot),
        last_test: turn.tests.newest().map(|test| LastTest { age_secs: age(test.at), unanswered: test.unanswered }),
        paths: paths.all().map(|known| path_word(now, &known)).collect(),
        today: seen.own_day(turn.engine.home(), now.wall).filter(|_| turn.clock_trusted).map(Today::from),
    }
}

fn sensor_age(now: Reading, sensor: &Sensor, turn: &Turn) -> SensorAge {
    let seen = turn.engine.seen();
    let heard = seen.heard(&sensor.id);
    let age = |at: Timestamp| (now.wall - at).num_seconds().max(0) as u64;
    let percent = heard.and_then(|heard| heard.battery).and_then(|battery| battery.percent);
    SensorAge {
        id: sensor.id.clone(),
        heard_secs: heard.and_then(|heard| heard.heard_at).map(age),
        room: sensor.room.clone(),
        kind: Some(sensor.kind),
        battery_percent: percent.map(|percent| percent.clamp(0.0, 100.0) as u8),
        missing: match seen.condition(now.wall, sensor, heard) {
            Condition::CutOff | Condition::Silent | Condition::Stuck(_) => true,
            Condition::Alive | Condition::CannotTell => false,
        },
    }
}

fn path_word(now: Reading, known: &Known<'_>) -> PathWord {
    let age = |at: Span| (now.since_boot - at).num_seconds().max(0) as u64;
    PathWord {
        channel: known.way.channel.clone(),
        point: known.way.point.clone(),
        level_secs: known.level.num_seconds().max(0) as u64,
        state: known.state,
        proved_secs: known.proved_at.map(age),
    }
}

fn path_status(now: Reading, known: &Known<'_>) -> PathStatus {
    PathStatus {
        channel: known.way.channel.clone(),
        point: known.way.point.clone(),
        level_secs: known.level.num_seconds().max(0) as u64,
        state: known.state,
        proved_at: known.proved_at.map(|at| now.wall - (now.since_boot - at)),
        why: known.why.to_owned(),
    }
}

/// What the loop knows about itself.
pub struct About {
    /// Since when it runs.
    pub started_at: Timestamp,
    /// What is wrong with the configuration file, if an older one is in force.
    pub config_fault: Option<String>,
    /// Why the history would not outlast a power cut.
    pub fleeting: Option<String>,
    /// The directory of points, where one is wanted.
    pub directory: Option<DirectoryStatus>,
    /// The certificate that ends first.
    pub certificate: Option<CertificateStatus>,
}

/// For people who ask at the machine.
pub fn status(
    about: &About,
    now: Reading,
    turn: &Turn,
    tasks: &Tasks,
    links: &BTreeMap<String, Link>,
    paths: &Paths,
    plan: &Plan,
) -> Status {
    let seen = turn.engine.seen();
    let waiting = tasks.channels().iter().map(|open| open.waiting.rows.load(Ordering::Relaxed)).sum();
    let oldest = tasks.channels().iter().filter_map(|open| open.waiting.oldest(now.since_boot)).max();
    let open = turn.engine.alerts().filter(|alert| alert.phase.is_open()).map(|alert| OpenAlert {
        id: alert.id,
        reason: alert.reason.clone(),
        severity: alert.severity,
        phase: alert.phase,
        test: alert.test,
    });
    Status {
        at: now.wall,
        started_at: about.started_at,
        pid: std::process::id(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        home: plan.home.id.clone(),
        config_hash: plan.hash.clone(),
        config_fault: about.config_fault.clone(),
        clock_trusted: turn.clock_trusted,
        store_fault: turn.store_trouble.clone(),
        store_fleeting: about.fleeting.clone(),
        blind: seen.blind.is_some(),
        suspended: seen.suspended.all().cloned().collect(),
        last_life: seen.last_life.clone(),
        sensors: turn.engine.home().sensors.values().map(|sensor| sensor_status(now, sensor, turn)).collect(),
        links: link_statuses(turn, links, plan),
        directory: about.directory.clone(),
        open_alerts: open.collect(),
        questions: Questions::of(now.wall, turn.engine.alerts()),
        outbox: OutboxStatus { waiting, oldest_secs: oldest.map(|age| age.num_seconds().max(0) as u64) },
        last_test: turn.tests.newest().map(test_status),
        certificate: about.certificate.clone(),
        paths: paths.all().map(|known| path_status(now, &known)).collect(),
    }
}

fn test_status(TestDone { at, by_hand, unanswered }: TestDone) -> TestStatus {
    TestStatus { at, by_hand, unanswered }
}

fn sensor_status(now: Reading, sensor: &Sensor, turn: &Turn) -> SensorStatus {
    let heard = turn.engine.seen().heard(&sensor.id);
    let battery = heard.and_then(|heard| heard.battery);
    let gauge = turn.gauges.of(&sensor.id);
    let limit = turn.engine.seen().silence_limit(sensor, heard);
    SensorStatus {
        id: sensor.id.clone(),
        room: sensor.room.clone(),
        kind: sensor.kind,
        heard_at: heard.and_then(|heard| heard.heard_at),
        event_at: heard.and_then(|heard| heard.event_at),
        battery_percent: battery.and_then(|battery| battery.percent),
        battery_low: battery.map(|battery| battery.low),
        supply_volts: gauge.supply_volts,
        signal_percent: gauge.signal_percent,
        availability: gauge.availability,
        checks_in: sensor.checks_in,
        silent_after_secs: limit.and_then(|limit| u64::try_from(limit.num_seconds()).ok()),
        offline_since: heard.and_then(|heard| heard.offline_since),
        condition: Some(turn.engine.seen().condition(now.wall, sensor, heard)),
        refused: turn.admission.refused_of(&sensor.id),
    }
}

/// Every source and every channel, whether it was heard of or not.
pub fn link_names(plan: &Plan) -> Vec<String> {
    let mut names = source_names(plan);
    for channel in &plan.channels {
        // One that leads to several points is named once.
        if !names.iter().any(|name| name == channel.name.as_str()) {
            names.push(channel.name.to_string());
        }
    }
    names
}

/// Every source, whether it was heard of or not.
pub fn source_names(plan: &Plan) -> Vec<String> {
    let broker = plan.mqtt.iter().map(|_| BROKER.to_owned());
    broker.chain(plan.serial.iter().map(|port| port.name.clone())).collect()
}

/// Sources and channels as they were opened, then what stands behind them: bridges, families that may not be heard.
fn link_statuses(turn: &Turn, links: &BTreeMap<String, Link>, plan: &Plan) -> Vec<LinkStatus> {
    let names = link_names(plan);
    let opened = names.iter().map(|name| {
        let link = links.get(name);
        LinkStatus {
            up: link.map(|link| link.up),
            since: link.map(|link| link.since),
            why: link.map(|link| link.why.clone()).unwrap_or_default(),
            refused: turn.admission.refused_from(name),
            name: name.clone(),
        }
    });
    let behind = turn.engine.seen().links.all().filter(|(name, ..)| !names.iter().any(|known| known == name));
    let behind = behind.map(|(name, up, since)| LinkStatus {
        up: Some(up),
        since: Some(since),
        why: if up { String::new() } else { BEHIND_DOWN.to_owned() },
        refused: turn.admission.refused_from(name),
        name: name.to_owned(),
    });
    opened.chain(behind.take(BEHIND_MAX)).collect()
}

const BEHIND_DOWN: &str = "it says so itself, or its last will does: is it running?";

/// A page of bridges is enough for a glance.
const BEHIND_MAX: usize = 32;
