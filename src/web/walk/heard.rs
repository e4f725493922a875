//! What homes under maintenance say of their sensors: in memory alone, and counted here once more, so that the one who walks sees
//! what arrives at the station and not only in the home.

use crate::model::home::SensorKind;
use crate::model::ids::{HomeId, RoomId, SensorId};
use crate::model::time::{Span, Timestamp};
use crate::wire::{Walk, Walked};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The walks of the last hours; copies are handles of the same ones.
#[derive(Clone, Default)]
pub struct Walks(Arc<Mutex<BTreeMap<HomeId, Heard>>>);

impl std::fmt::Debug for Walks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Walks({})", self.walks().len())
    }
}

/// What was heard since the maintenance of a home began.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Heard {
    /// When it began, by the home's clock.
    pub since: Timestamp,
    /// When the home spoke last, by ours.
    pub told_at: Timestamp,
    pub sensors: Vec<Line>,
}

/// One sensor.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    pub id: SensorId,
    pub room: Option<RoomId>,
    pub kind: Option<SensorKind>,
    /// How often it was heard by the gateway since then.
    pub by_gateway: u32,
    /// And how often that arrived here.
    pub by_station: u32,
    /// When the newest arrived here, by our clock.
    pub last: Option<Timestamp>,
    pub is_alive: bool,
    pub battery_percent: Option<u8>,
    pub signal_percent: Option<u8>,
}

impl Heard {
    /// Whether what this sensor is there for arrived here.
    pub fn passed(&self) -> usize {
        self.sensors.iter().filter(|line| line.is_through()).count()
    }
}

impl Line {
    pub fn is_through(&self) -> bool {
        self.by_station > 0
    }

    fn of(said: Walked, now: Timestamp, before: Option<&Line>) -> Line {
        // A gateway that counts anew has read another configuration: with it, what arrived here is counted anew too.
        let before_count = before.filter(|line| line.by_gateway <= said.heard).map_or(0, |line| line.by_station);
        let last = before.and_then(|line| line.last);
        Line {
            by_gateway: said.heard,
            by_station: before_count.saturating_add(said.new),
            last: if said.new > 0 { Some(now) } else { last },
            id: said.id,
            room: said.room,
            kind: said.kind,
            is_alive: said.alive,
            battery_percent: said.battery_percent,
            signal_percent: said.signal_percent,
        }
    }
}

impl Walks {
    /// A home says what it heard.
    pub fn told(&self, now: Timestamp, walk: Walk) {
        let mut walks = self.walks();
        walks.retain(|_, heard| (heard.told_at - KEPT_FOR..heard.told_at + KEPT_FOR).contains(&now));
        if !walks.contains_key(&walk.home) && walks.len() >= HOMES_MAX {
            let oldest = walks.iter().min_by_key(|(_, heard)| heard.told_at).map(|(home, _)| home.clone());
            oldest.and_then(|oldest| walks.remove(&oldest));
        }
        let before = walks.get(&walk.home).filter(|heard| heard.since == walk.since).cloned();
        let line = |said: Walked| {
            let before = before.iter().flat_map(|heard| &heard.sensors).find(|line| line.id == said.id);
            Line::of(said, now, before)
        };
        let sensors = walk.sensors.into_iter().take(SENSORS_MAX).map(line).collect();
        walks.insert(walk.home, Heard { since: walk.since, told_at: now, sensors });
    }

    /// What was heard of a home.
    pub(super) fn of(&self, home: &HomeId) -> Option<Heard> {
        self.walks().get(home).cloned()
    }

    fn walks(&self) -> MutexGuard<'_, BTreeMap<HomeId, Heard>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A protocol is printed on the same day.
const KEPT_FOR: Span = Span::hours(24);
const HOMES_MAX: usize = 64;
const SENSORS_MAX: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::from_millis;

    fn walk(since: i64, heard: u32, new: u32) -> Walk {
        let (id, room, kind) = ("hall".parse().unwrap(), None, Some(SensorKind::Motion));
        let (last, alive, battery_percent, signal_percent) = (None, heard > 0, None, None);
        let sensors = vec![Walked { id, room, kind, heard, new, last, alive, battery_percent, signal_percent }];
        Walk { v: 1, home: "flat-1".parse().unwrap(), since: from_millis(since), at: from_millis(since), sensors }
    }

    #[test]
    fn what_was_lost_on_the_way_is_missing_in_the_count_of_the_station_alone() {
        let (walks, home) = (Walks::default(), "flat-1".parse().unwrap());
        let line = || walks.of(&home).unwrap().sensors.remove(0);
        walks.told(from_millis(1_000), walk(0, 0, 0));
        assert!(!line().is_through() && line().last.is_none());
        walks.told(from_millis(2_000), walk(0, 1, 1));
        // The word of the second event never came.
        walks.told(from_millis(4_000), walk(0, 3, 1));
        assert_eq!((line().by_gateway, line().by_station, line().last), (3, 2, Some(from_millis(4_000))));
        walks.told(from_millis(9_000), walk(0, 3, 0));
        assert_eq!(line().last, Some(from_millis(4_000)), "said again, and nothing new");
        walks.told(from_millis(10_000), walk(9_500, 0, 0));
        assert_eq!((line().by_gateway, line().by_station), (0, 0), "another maintenance begins anew");
        walks.told(from_millis(11_000), walk(9_500, 4, 4));
        walks.told(from_millis(12_000), walk(9_500, 1, 1));
        assert_eq!((line().by_gateway, line().by_station), (1, 1), "a gateway that was set anew");
    }
}
