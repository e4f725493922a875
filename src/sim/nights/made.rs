//! A home and a service point as they are when the night begins.

use super::disk::Disk;
use super::planted::Planted;
use super::script::gateway_toml;
use super::world::{Flat, HomeBroker, Mouth, Post};
use crate::config;
use crate::desk;
use crate::gateway::plan::Plan;
use crate::model::ids::PointId;
use crate::model::lifecycle::Role;
use crate::model::time::Span;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, Mutex};
use tokio::sync::mpsc;

impl Flat {
    pub fn new(home: usize, planted: Option<Planted>) -> Flat {
        let mut plan = PLANS.get(home).cloned().unwrap_or_else(|| plan_of(home));
        if planted == Some(Planted::EscalatesLate) {
            let mut timers = plan.circle.timers.clone();
            timers.next_point_after = Span::minutes(5);
            plan.circle.steps = crate::engine::circle::Steps::usual(&timers);
            plan.circle.timers = timers;
        }
        let mut disk = Disk::default();
        disk.takes = Span::milliseconds(5);
        disk.answers_first = planted == Some(Planted::SentBeforeCommit);
        disk.drops_unwritten = planted == Some(Planted::UnwrittenDropped);
        disk.forgets_blindness = planted == Some(Planted::UnknownIsQuiet);
        let (tell, told) = mpsc::unbounded_channel();
        Flat {
            plan: Arc::new(plan),
            disk: Arc::new(Mutex::new(disk)),
            gateway: None,
            offset: 0,
            boot_offset: 0,
            wakes_at: None,
            died_at: None,
            mark: None,
            doom: None,
            fallen: false,
            broker: HomeBroker { next: 1, unacked: BTreeMap::new(), tell, told },
            beats: 0,
            under_way: BTreeMap::new(),
            tries: 0,
        }
    }
}

/// The same in every night: read once.
static PLANS: LazyLock<[Plan; 3]> = LazyLock::new(|| [0, 1, 2].map(plan_of));

fn plan_of(home: usize) -> Plan {
    let (config, problems) = config::gateway("made-up.toml", &gateway_toml(home));
    let config = config.unwrap_or_else(|| panic!("the made-up configuration is wrong: {problems:?}"));
    Plan::of(config).unwrap_or_else(|problem| panic!("the made-up configuration is wrong: {problem}"))
}

impl Post {
    pub fn new(point: &str, planted: Option<Planted>) -> Post {
        let mut disk = Disk::default();
        disk.takes = Span::milliseconds(5);
        disk.answers_first = planted == Some(Planted::ReceiptTooSoon);
        Post {
            point: PointId::new(point).expect("a point's name"),
            disk: Arc::new(Mutex::new(disk)),
            station: None,
            said: Mouth::default(),
            wakes_at: None,
            doom: None,
            scanned: 0,
            planned: BTreeSet::new(),
            raises: BTreeMap::new(),
            seen: BTreeSet::new(),
        }
    }

    /// What its daemon is told.
    pub fn settings(&self) -> desk::Settings {
        let person = |name: &str| name.parse().expect("a person's id");
        desk::Settings {
            point: self.point.clone(),
            timers: Default::default(),
            unreachable_after: Span::minutes(15),
            people: [(person("anna"), Role::Desk), (person("bert"), Role::Supervisor)].into(),
            duty: None,
            daily: Default::default(),
        }
    }
}
