//! While somebody works on the sensors: what is heard of each of them, told to the stations within a second.
//!
//! It begins and ends with the suspension `maintenance`, and judges as `carecircle listen --walk-test` does. Nothing of it is
//! kept: a station that did not hear a word hears the next one.

use super::Gateway;
use super::plan::Plan;
use super::turn::Turn;
use crate::clock::Reading;
use crate::model::commissioning::{Checked, DeviceAddress, Outcome, Planned, WalkTest};
use crate::model::ids::SensorId;
use crate::model::observation::{Evidence, Measure};
use crate::model::suspension::Absence;
use crate::model::time::{Span, Timestamp, whole_millis};
use crate::sinks::Live;
use crate::wire;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A walk past the sensors.
pub struct Walking {
    since: Timestamp,
    test: WalkTest,
    /// Of each sensor how often it was told, and its newest event.
    told: BTreeMap<SensorId, u32>,
    last: BTreeMap<SensorId, Timestamp>,
    is_news: bool,
    said_since_boot: Option<Span>,
}

impl Walking {
    fn new(since: Timestamp, plan: &Plan) -> Walking {
        let planned = plan.addresses.iter().filter_map(|(id, address)| {
            let sensor = plan.home.sensors.get(id)?;
            let (family, device) = (address.family().to_owned(), address.device());
            Some(Planned {
                id: id.clone(),
                kind: sensor.kind,
                room: sensor.room.clone(),
                address: DeviceAddress { family, device, port: address.port().map(str::to_owned) },
                checks_in: sensor.checks_in,
            })
        });
        Walking {
            since,
            test: WalkTest::new(since, planned.take(SENSORS_MAX).collect()),
            told: BTreeMap::new(),
            last: BTreeMap::new(),
            is_news: true,
            said_since_boot: None,
        }
    }

    /// One reading of a known sensor; `is_event` is the engine's word on whether something happened.
    pub fn hear(&mut self, now: Timestamp, sensor: &SensorId, measure: &Measure, evidence: Evidence, is_event: bool) {
        let events = |walk: &Walking| walk.test.sensors().iter().find(|of| of.id == *sensor).map(|of| of.events);
        let before = events(self);
        self.test.hear(now, sensor, measure, evidence, is_event);
        if events(self) != before {
            self.last.insert(sensor.clone(), now);
        }
        self.is_news = true;
    }

    /// Whether stations are to hear of it now.
    fn is_due(&self, since_boot: Span) -> bool {
        self.is_news || self.said_since_boot.is_none_or(|said| since_boot - said >= SAID_AGAIN)
    }

    fn say(&mut self, now: Reading, turn: &Turn) -> wire::Walk {
        (self.is_news, self.said_since_boot) = (false, Some(now.since_boot));
        let sensors: Vec<wire::Walked> = self.test.sensors().iter().map(|of| self.walked(of, turn)).collect();
        self.told = sensors.iter().map(|of| (of.id.clone(), of.heard)).collect();
        let home = turn.engine.home().id.clone();
        wire::Walk { v: wire::VERSION, home, since: self.since, at: whole_millis(now.wall), sensors }
    }

    fn walked(&self, of: &Checked, turn: &Turn) -> wire::Walked {
        let battery = || turn.engine.seen().heard(&of.id).and_then(|heard| heard.battery)?.percent;
        let percent = |of: f64| of.clamp(0.0, 100.0) as u8;
        wire::Walked {
            id: of.id.clone(),
            room: of.room.clone(),
            kind: Some(of.kind),
            heard: of.events,
            new: of.events.saturating_sub(self.told.get(&of.id).copied().unwrap_or(0)),
            last: self.last.get(&of.id).copied().map(whole_millis),
            alive: of.result != Outcome::NotHeard,
            battery_percent: of.battery_percent.or_else(battery).map(percent),
            signal_percent: of.signal_percent.or_else(|| turn.gauges.of(&of.id).signal_percent).map(percent),
        }
    }
}

impl Gateway {
    /// Once a second: a walk begins and ends with its suspension, and what is new of it is said.
    pub(super) fn follow_walk(&mut self, now: Reading) {
        let mut held = self.turn.engine.seen().suspended.all();
        let holds = |from: Timestamp, until: Timestamp| from <= now.wall && now.wall < until;
        let held = held.find(|said| said.kind == Absence::Maintenance && holds(said.from, said.until));
        let since = held.map(|said| said.from);
        let goes_on = self.turn.walk.as_ref().map(|walk| walk.since);
        if since != goes_on {
            self.turn.walk = since.map(|since| Walking::new(since, &self.plan));
        }
        let Some(mut walk) = self.turn.walk.take_if(|walk| walk.is_due(now.since_boot)) else { return };
        let said = Live::Walk(walk.say(now, &self.turn));
        self.turn.walk = Some(walk);
        for open in self.tasks.channels() {
            let (sink, point, said) = (Arc::clone(&open.sink), open.channel.point.clone(), said.clone());
            tokio::spawn(async move {
                if let Err(why) = sink.say(&point, &said).await {
                    tracing::debug!(%point, %why, "what is heard of the sensors was not told");
                }
            });
        }
    }
}

/// As many as fit into one message.
const SENSORS_MAX: usize = 200;
/// What nothing is new of is said again, for a station that has just started.
const SAID_AGAIN: Span = Span::seconds(15);
