//! A step that people must hear of becomes notices: one for each way to each point.

use super::commit::Send;
use super::testing::{Told, is_test};
use super::{Path, Turn};
use crate::gateway::outbox::Order;
use crate::model::alert::{Alert, AlertId, Step};
use crate::model::ids::{ChannelName, PointId};
use crate::model::lifecycle::Deed;
use crate::model::reason::{Severity, WayOut};
use crate::model::time::{Span, Timestamp};
use crate::sinks::Outgoing;
use crate::store::OutboxRow;
use crate::wire::{AlertState, Notice, VERSION, Wire};

/// A second path to the same point waits this long for the first one's receipt.
const SECOND_PATH_AFTER: Span = Span::seconds(15);

impl Turn {
    /// The ways out; rows that wait in the store's outbox are handed to them.
    pub fn lead_out(&mut self, paths: Vec<Path>) {
        self.paths = paths;
        let rows = self.store.outbox().unwrap_or_default();
        for row in &rows {
            let Ok(notice) = Notice::from_bytes(row.body.as_bytes()) else { continue };
            let point = row.key.split('/').next().unwrap_or_default();
            let mut there = self.paths.iter().filter(|path| path.point.as_str() == point).peekable();
            let is_gone = there.peek().is_none();
            match self.paths.iter().find(|path| path.point.as_str() == point && path.channel.as_str() == row.channel) {
                Some(path) => hand_in(path, row, notice),
                None if is_gone || !self.is_open(notice.alert) => {
                    let (channel, key) = (&row.channel, &row.key);
                    tracing::warn!(channel, key, "a notice waits for a channel that is no longer configured");
                }
                None => self.lead_around(row, &notice, &rows),
            }
        }
    }

    /// A notice waits for a channel that leads to its point no longer: those that do take it over.
    fn lead_around(&mut self, row: &OutboxRow, notice: &Notice, rows: &[OutboxRow]) {
        let Turn { paths, batch, .. } = self;
        tracing::warn!(channel = row.channel, key = row.key, "a notice goes by other channels than it waited for");
        let point = row.key.split('/').next().unwrap_or_default();
        for path in paths.iter().filter(|path| path.point.as_str() == point) {
            let channel = path.channel.as_str();
            if !rows.iter().any(|other| other.channel == channel && other.key == row.key) {
                let row = OutboxRow { channel: channel.to_owned(), ..row.clone() };
                hand_in(path, &row, notice.clone());
                batch.outbox.push(row);
            }
        }
        batch.settled.push((row.channel.clone(), row.key.clone()));
    }

    fn is_open(&self, alert: AlertId) -> bool {
        self.engine.alerts().any(|other| other.id == alert && other.phase.is_open())
    }

    /// Which ways out are lost now: the next one does not wait for them.
    pub fn lose_ways(&mut self, is_lost: impl Fn(&ChannelName, &PointId) -> bool) {
        for path in &mut self.paths {
            path.is_lost = is_lost(&path.channel, &path.point);
        }
    }

    pub(super) fn notify(&mut self, now: Timestamp, to: &[PointId], alert: &Alert, step: &Step) {
        self.batch.urgent = true;
        let notice = self.notice(now, alert, step);
        let (is_test, spares_people) = (is_test(&alert.reason), self.spares_people_of(alert));
        let body = String::from_utf8(notice.to_bytes()).expect("JSON is UTF-8");
        for point in to {
            let key = key(point, alert.id, step.number);
            let is_meant = |path: &Path| path.point == *point && !(spares_people && path.tells_people);
            let paths: Vec<(usize, &Path)> = self.paths.iter().enumerate().filter(|(_, path)| is_meant(path)).collect();
            // In a test each way is to show what it can do by itself.
            let waits = waits(paths.iter().map(|(_, path)| path.is_lost || is_test));
            for ((path, Path { channel, .. }), wait) in paths.into_iter().zip(waits) {
                let priority = priority(alert.severity);
                self.batch.outbox.push(OutboxRow {
                    channel: channel.as_str().to_owned(),
                    key: key.clone(),
                    priority,
                    at: now,
                    body: body.clone(),
                });
                let outgoing = Outgoing { home: notice.home.clone(), point: point.clone(), notice: notice.clone() };
                if is_test && matches!(step.deed, Deed::Raise { .. }) {
                    let way = WayOut { channel: channel.clone(), point: point.clone() };
                    self.told_of_test.get_or_insert_with(|| Told::new(alert.id)).ways.push((way, key.clone()));
                }
                self.held.sends.push(Send { path, key: key.clone(), priority, wait, outgoing });
            }
        }
    }

    fn notice(&self, now: Timestamp, alert: &Alert, step: &Step) -> Notice {
        let home = self.engine.home();
        Notice {
            v: VERSION,
            home: home.id.clone(),
            place: home.place.clone(),
            alert: alert.id,
            step: step.clone(),
            state: AlertState::of(alert, step.at),
            age_secs: (now - alert.due_from).num_milliseconds().max(0) as f64 / 1000.0,
            clock_trusted: self.clock_trusted,
            durable: true,
        }
    }
}

/// Gives a row of the outbox to the task of its channel.
fn hand_in(path: &Path, row: &OutboxRow, notice: Notice) {
    let outgoing = Outgoing { home: notice.home.clone(), point: path.point.clone(), notice };
    let (key, priority) = (row.key.clone(), row.priority);
    path.orders.send(Order::Send { key, priority, wait: Span::zero(), notice: Box::new(outgoing) }).ok();
}

/// How long each of the ways to one point waits for those before it; for one that is known to be lost nobody waits.
fn waits(are_lost: impl Iterator<Item = bool>) -> Vec<Span> {
    let mut before = 0;
    let wait = |is_lost: bool| {
        let wait = SECOND_PATH_AFTER * before;
        before += i32::from(!is_lost);
        wait
    };
    are_lost.map(wait).collect()
}

/// The name of a notice in the outbox.
pub fn key(point: &PointId, alert: AlertId, step: u32) -> String {
    format!("{point}/{}/{}/{step}", alert.number, alert.raised_at.timestamp_millis())
}

/// Whether a row with this key is about this alert.
pub fn is_of(key: &str, alert: AlertId) -> bool {
    let mut parts = key.split('/').skip(1);
    let is = |part: Option<&str>, number: &str| part == Some(number);
    is(parts.next(), &alert.number.to_string()) && is(parts.next(), &alert.raised_at.timestamp_millis().to_string())
}

fn priority(severity: Severity) -> u8 {
    match severity {
        Severity::Emergency => 0,
        Severity::Urgent => 1,
        Severity::Blind => 2,
        Severity::Notice => 3,
        Severity::Fault => 4,
    }
}

#[cfg(test)]
pub(in crate::gateway) mod tests {
    use super::*;
    use crate::clock::Reading;
    use crate::devices::Devices;
    use crate::engine::Engine;
    use crate::engine::circle::{Circle, Point};
    use crate::gateway::deliveries::Deliveries;
    use crate::model::home::Home;
    use crate::model::lifecycle::Timers;
    use crate::model::reason::Reason;
    use crate::model::time::Zone;
    use crate::store::Store;
    use tokio::sync::mpsc;

    fn path(channel: &str, point: &str) -> (Path, mpsc::UnboundedReceiver<Order>) {
        let (orders, ordered) = mpsc::unbounded_channel();
        let (channel, point) = (channel.parse().unwrap(), point.parse().unwrap());
        (Path { channel, point, orders, is_lost: false, tells_people: false }, ordered)
    }

    pub fn turn(store: &Store) -> Turn {
        let (id, place, sensors) = ("made-up-1".parse().unwrap(), "3-2-201".into(), Default::default());
        let home = Home { id, place, zone: Zone::utc(), sensors };
        let point = Point {
            id: "lehe".parse().unwrap(),
            name: "Lehe".into(),
            travel: Span::minutes(5),
            on_duty: Default::default(),
            channels: Vec::new(),
        };
        let engine = Engine::new(home, &Default::default(), Circle::of_points(vec![point], Timers::default()));
        let devices = Devices::new(&Default::default(), &[]);
        Turn::new(engine, Deliveries::default(), devices, Default::default(), store.clone())
    }

    #[test]
    fn a_notice_that_waits_for_a_channel_that_is_gone_goes_by_those_that_lead_to_its_point_now() {
        let folder = tempfile::tempdir().unwrap();
        let (answers, written) = std::sync::mpsc::channel();
        let store = Store::open(folder.path(), "history.db", move |done| drop(answers.send(done))).unwrap().store;
        let now = Reading { wall: crate::clock::now(), since_boot: Span::hours(1) };
        let mut turn = turn(&store);
        let commit = |turn: &mut Turn| {
            let ticket = turn.flush_store();
            while written.recv_timeout(std::time::Duration::from_secs(20)).unwrap().ticket < ticket {}
        };
        turn.lead_out(vec![path("old", "lehe").0]);
        turn.trouble(now, Reason::Configuration { what: "made up".into() });
        commit(&mut turn);
        let (new, mut ordered) = path("new", "lehe");
        let (other, mut others) = path("other", "elsewhere");
        turn.lead_out(vec![new, other]);
        commit(&mut turn);
        assert!(matches!(ordered.try_recv(), Ok(Order::Send { .. })), "a fault climbs to nobody: else it were lost");
        assert!(others.try_recv().is_err());
        let waiting: Vec<String> = store.outbox().unwrap().into_iter().map(|row| row.channel).collect();
        assert_eq!(waiting, ["new"]);
        turn.lead_out(vec![path("other", "elsewhere").0]);
        commit(&mut turn);
        assert_eq!(store.outbox().unwrap().len(), 1, "its point may come back");
    }

    #[test]
    fn each_way_waits_for_those_before_it_and_none_for_one_that_is_lost() {
        let of = |are_lost: &[bool]| -> Vec<i64> {
            waits(are_lost.iter().copied()).into_iter().map(|wait| wait.num_seconds()).collect()
        };
        assert_eq!(of(&[false, false, false]), [0, 15, 30]);
        assert_eq!(of(&[true, false, false]), [0, 0, 15]);
        assert_eq!(of(&[false, true, false]), [0, 15, 15]);
        assert_eq!(of(&[true, true]), [0, 0], "all lost: every one is tried at once");
    }
}
