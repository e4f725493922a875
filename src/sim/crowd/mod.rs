//! Many made-up homes at once: what their gateways say to a station, and what they make of its answers. For load tests on a
//! real broker and a real station; the gateways' book is kept by the same rules as a real one's.
//!
//! Knows no network: messages come out as topic and payload, and go in the same way.

mod book;
mod tally;

pub use tally::{Key, Seen, Tally, percentile};

use crate::model::ids::{HomeId, PointId};
use crate::model::time::{Span, Timestamp};
use crate::sim::chance::Chance;
use crate::sim::crowd::book::Book;
use crate::wire::{self, Down, Heartbeat, SensorAge, Topic, Up, Wire};
use std::collections::BTreeMap;

/// A message to the broker.
pub type Message = (String, Vec<u8>);

/// The homes.
pub struct Crowd {
    point: PointId,
    /// Alert numbers and runs begin with it, so that one crowd after another is no repetition.
    run: u64,
    homes: usize,
    heartbeats: u64,
    chance: Chance,
    alerts: BTreeMap<(usize, u64), Book>,
    raised: u64,
    /// Alerts that the station holds since somebody last looked here.
    pub arrived: Vec<Key>,
    /// What was found out so far.
    pub tally: Tally,
}

impl Crowd {
    /// `homes` homes of `point`; what they do comes from `seed`.
    pub fn new(homes: usize, point: PointId, seed: u64, run: u64) -> Crowd {
        let (heartbeats, raised) = (0, 0);
        let (chance, tally) = (Chance::stream(seed, "crowd"), Tally::default());
        let (alerts, arrived) = (BTreeMap::new(), Vec::new());
        Crowd { point, run, homes, heartbeats, chance, alerts, raised, arrived, tally }
    }

    /// The id of a home.
    pub fn home(&self, index: usize) -> HomeId {
        HomeId::new(format!("{PREFIX}{index:06}")).expect("letters and digits")
    }

    /// What the next home whose turn it is says about itself.
    pub fn heartbeat(&mut self, now: Timestamp) -> Message {
        let index = (self.heartbeats % self.homes as u64) as usize;
        self.heartbeats += 1;
        let home = self.home(index);
        let age = |secs: u64| Some(secs + self.heartbeats % 600);
        let sensor = |name: &str, secs: u64| SensorAge {
            id: name.parse().expect("a legal id"),
            heard_secs: age(secs),
            room: None,
            kind: None,
            battery_percent: None,
            missing: false,
        };
        let heartbeat = Heartbeat {
            today: None,
            v: wire::VERSION,
            home: home.clone(),
            seq: self.heartbeats / self.homes as u64,
            run: self.run,
            boot: Some(format!("{:016x}", self.run)),
            level_secs: Some(180),
            at: now,
            clock_trusted: true,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            config_hash: "crowd".to_owned(),
            oldest_unsent_secs: None,
            open_alerts: 0,
            answered_at_home: 0,
            last_life_secs: age(20),
            blind: false,
            sensors: SENSORS.iter().map(|name| sensor(name, 30)).collect(),
            learning: None,
            suspended: Vec::new(),
            directory: None,
            refused: Vec::new(),
            not_known: Vec::new(),
            last_test: None,
            paths: Vec::new(),
        };
        let topic = Topic::Up(home, self.point.clone(), Up::Heartbeat).to_string();
        (topic, heartbeat.to_bytes())
    }

    /// Somebody in some home presses the call button.
    pub fn press(&mut self, now: Timestamp) -> Message {
        let index = ((self.chance.unit() * self.homes as f64) as usize).min(self.homes - 1);
        self.raised += 1;
        let number = self.run * 1_000_000 % 900_000_000 + self.raised;
        let book = Book::press(self.home(index), number, now);
        let message = book.newest(now, &self.point);
        self.tally.raised(book.id(), now);
        self.alerts.insert((index, number), book);
        message
    }

    /// What a message from the station makes the homes say.
    pub fn heard(&mut self, now: Timestamp, topic: &str, payload: &[u8]) -> Vec<Message> {
        let Some(Topic::Down(home, down)) = Topic::parse(topic) else { return Vec::new() };
        let Some(index) = index(&home).filter(|index| *index < self.homes) else { return Vec::new() };
        match down {
            Down::Receipt => {
                let Ok(receipt) = wire::Receipt::from_bytes(payload) else { return Vec::new() };
                if let Some(book) = self.alerts.get_mut(&(index, receipt.alert.number)) {
                    book.received(now, receipt.step, &self.point);
                    if self.tally.received(&book.id(), receipt.step, now) {
                        self.arrived.push(book.id());
                    }
                }
                Vec::new()
            }
            Down::Step => {
                let Ok(step) = wire::StationStep::from_bytes(payload) else { return Vec::new() };
                let Some(book) = self.alerts.get_mut(&(index, step.alert.number)) else { return Vec::new() };
                let said = book.asked_for(now, step, &self.point);
                self.tally.refused += u64::from(book.refuses());
                said
            }
            Down::Heard => {
                self.tally.answered += 1;
                Vec::new()
            }
            Down::Directory | Down::Suspension | Down::Greeting | Down::Look => Vec::new(),
        }
    }

    /// Notices that wait for their receipt for too long, again; what is settled and over is forgotten.
    pub fn repeats(&mut self, now: Timestamp) -> Vec<Message> {
        let point = &self.point;
        let again: Vec<Message> = self.alerts.values_mut().flat_map(|book| book.repeats(now, point)).collect();
        self.tally.repeated += again.len() as u64;
        self.alerts.retain(|_, book| !book.is_over(now));
        again
    }

    /// Alerts that wait for a receipt, or for somebody.
    pub fn open(&self) -> usize {
        self.alerts.len()
    }

    /// Between two heartbeats of the whole crowd, each home speaking once in `every`.
    pub fn pause(&self, every: Span) -> Span {
        every / i32::try_from(self.homes).unwrap_or(i32::MAX).max(1)
    }
}

fn index(home: &HomeId) -> Option<usize> {
    home.as_str().strip_prefix(PREFIX)?.parse().ok()
}

const PREFIX: &str = "crowd-";
const SENSORS: [&str; 7] = ["hall", "living", "bath", "kitchen", "bed", "front_door", "pendant"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::alert::AlertId;
    use crate::model::lifecycle::{Actor, Deed, Role};
    use crate::model::time::from_millis;

    #[test]
    fn a_press_is_repeated_until_its_receipt_and_then_no_more() {
        let mut crowd = Crowd::new(10, "lehe".parse().unwrap(), 1, 3);
        let at = |secs: i64| from_millis(secs * 1000);
        let (topic, payload) = crowd.press(at(0));
        let notice = wire::Notice::from_bytes(&payload).unwrap();
        assert_eq!(crowd.repeats(at(4)), []);
        assert_eq!(crowd.repeats(at(6)).len(), 1);
        let AlertId { number, .. } = notice.alert;
        let receipt = wire::Receipt {
            v: 1,
            home: notice.home.clone(),
            alert: notice.alert,
            step: 1,
            point: "lehe".parse().unwrap(),
            at: at(7),
        };
        let down = Topic::Down(notice.home, Down::Receipt).to_string();
        assert!(topic.starts_with("carecircle/v1/crowd-") && number > 0);
        assert_eq!(crowd.heard(at(7), &down, &receipt.to_bytes()), []);
        assert_eq!(crowd.heard(at(7), &down, &receipt.to_bytes()), [], "a broker may say it twice");
        assert_eq!(crowd.arrived.len(), 1, "and it arrived once");
        assert_eq!(crowd.repeats(at(3600)), []);
        assert_eq!(crowd.tally.lost(), 0);
        let take = wire::StationStep {
            v: 1,
            home: receipt.home,
            alert: notice.alert,
            key: "k".to_owned(),
            at: at(8),
            by: Actor { role: Role::Desk, ..Actor::station(receipt.point) },
            deed: Deed::Take,
        };
        let topic = down.replace("receipt", "step");
        let said = crowd.heard(at(8), &topic, &take.to_bytes());
        let taken = wire::Notice::from_bytes(&said[0].1).unwrap();
        assert_eq!((taken.step.deed, crowd.tally.refused), (Deed::Take, 0), "what the station holds can be taken");
        crowd.heard(at(9), &topic, &wire::StationStep { key: "k2".to_owned(), ..take }.to_bytes());
        assert_eq!(crowd.tally.refused, 1, "and only once");
    }
}
