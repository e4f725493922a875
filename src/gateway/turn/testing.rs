//! A test of the ways out is begun and ended like every step: written first, then told.

use super::{Line, Turn};
use crate::clock::Reading;
use crate::engine::Input;
use crate::gateway::outbox::Order;
use crate::model::alert::{Alert, AlertId};
use crate::model::reason::{Reason, WayOut};
use crate::model::recorded::Recorded;
use crate::model::time::{Timestamp, Zone};

/// Who is told of a test that has just begun.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Its alert.
    pub alert: AlertId,
    /// By which ways, each with its row's key in the outbox.
    pub ways: Vec<(WayOut, String)>,
}

impl Told {
    pub(super) fn new(alert: AlertId) -> Told {
        Told { alert, ways: Vec::new() }
    }
}

impl Turn {
    /// Every way out is to be tried. Nobody is told where one goes on already, or no way leads to a point.
    pub fn test(&mut self, now: Reading, by_hand: bool) -> Option<Told> {
        self.told_of_test = None;
        self.take(now, Input::Test { by_hand }, Line::IfItDecides(Recorded::Test { at: now.wall, by_hand }));
        let told = self.told_of_test.take();
        if told.is_some() {
            self.tests.begun(now.wall, by_hand);
        }
        told
    }

    /// The test has gone its ways. Somebody may have closed its alert meanwhile: how it went is written all the same.
    pub fn tested(&mut self, now: Reading, unanswered: u32) {
        let line = Recorded::Tested { at: now.wall, unanswered };
        self.take(now, Input::Tested { unanswered }, Line::Always(line));
        self.tests.ended(unanswered);
    }

    /// The notice that a test began goes no further by this way: the test is over, and what comes late proves nothing of then.
    pub fn give_up(&mut self, way: &WayOut, key: &str) {
        let is_it = |path: &&super::Path| path.channel == way.channel && path.point == way.point;
        if let Some(path) = self.paths.iter().find(is_it) {
            path.orders.send(Order::Settle { key: key.to_owned() }).ok();
        }
        self.done(way.channel.to_string(), key.to_owned());
    }

    /// Ends the test amid which an earlier run ended. What still waits in the outbox was not answered as far as is known.
    pub fn end_leftover_test(&mut self, now: Reading) {
        let open = self.engine.alerts().find(|alert| alert.phase.is_open() && is_test(&alert.reason));
        let begun = open.map(|alert| (alert.id, alert.steps.first().map_or(1, |step| step.number)));
        let Some((id, begun)) = begun else { return };
        let rows = self.store.outbox().unwrap_or_default();
        let waiting = rows.into_iter().filter_map(|row| {
            let point = row.key.split('/').next()?.parse().ok()?;
            let is_it = row.key == super::key(&point, id, begun);
            let way = WayOut { channel: row.channel.parse().ok()?, point };
            is_it.then_some((way, row.key))
        });
        let waiting: Vec<(WayOut, String)> = waiting.collect();
        tracing::warn!(unanswered = waiting.len(), "a test of the ways out was cut short by the end of the run before");
        waiting.iter().for_each(|(way, key)| self.give_up(way, key));
        self.tested(now, u32::try_from(waiting.len()).unwrap_or(u32::MAX));
    }

    /// Whether this alert is a test of the ways out.
    pub(super) fn is_test(&self, id: AlertId) -> bool {
        self.engine.alerts().any(|alert| alert.id == id && is_test(&alert.reason))
    }

    /// Whether people's phones hear nothing of this alert.
    pub(super) fn spares_people_of(&self, alert: &Alert) -> bool {
        let Reason::Test { by_hand } = alert.reason else { return false };
        spares_people(&self.engine.home().zone, by_hand, alert.id.raised_at)
    }
}

/// Whether people's phones are left out of a test that began at `at`: of the weekly ones they are told of the first of a month.
pub fn spares_people(zone: &Zone, by_hand: bool, at: Timestamp) -> bool {
    let (_, _, day) = zone.local(at).date;
    !by_hand && day > FIRST_WEEK_DAYS
}

pub(super) fn is_test(reason: &Reason) -> bool {
    matches!(reason, Reason::Test { .. })
}

const FIRST_WEEK_DAYS: i8 = 7;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use crate::devices::Devices;
    use crate::engine::Engine;
    use crate::engine::circle::{Circle, Point};
    use crate::gateway::deliveries::Deliveries;
    use crate::gateway::turn::Path;
    use crate::model::duty::DutyHours;
    use crate::model::home::Home;
    use crate::model::ids::ChannelName;
    use crate::model::lifecycle::Timers;
    use crate::model::time::Span;
    use crate::store::Store;
    use crate::wire::Receipt;
    use tokio::sync::mpsc;

    type Orders = mpsc::UnboundedReceiver<Order>;

    fn id<T: std::str::FromStr>(text: &str) -> T {
        text.parse().unwrap_or_else(|_| panic!("{text}"))
    }

    /// A home of one point with these ways to it; those to phones begin with "sms".
    fn turn(channels: &[&str]) -> (Turn, Vec<Orders>) {
        let home = Home { id: id("made-up-1"), place: "3-2-201".into(), zone: Zone::utc(), sensors: [].into() };
        let (name, travel, on_duty) = ("Lehe".to_owned(), Span::minutes(5), DutyHours::always());
        let point = Point { id: id("lehe"), name, travel, on_duty, channels: Vec::new() };
        let circle = Circle::of_points(vec![point], Timers::default());
        let engine = Engine::new(home, &Default::default(), circle);
        let store = Store::unavailable("a made-up reason".to_owned(), |_| ());
        let devices = Devices::new(&Default::default(), &[]);
        let mut turn = Turn::new(engine, Deliveries::default(), devices, [].into(), store);
        let mut inboxes = Vec::new();
        let paths = channels.iter().map(|channel| {
            let (orders, inbox) = mpsc::unbounded_channel();
            inboxes.push(inbox);
            let tells_people = channel.starts_with("sms");
            Path { channel: id(channel), point: id("lehe"), orders, tells_people, is_lost: false }
        });
        turn.lead_out(paths.collect());
        (turn, inboxes)
    }

    fn settled(inbox: &mut Orders) -> Vec<String> {
        let orders = std::iter::from_fn(|| inbox.try_recv().ok());
        orders.filter_map(|order| if let Order::Settle { key } = order { Some(key) } else { None }).collect()
    }

    fn on_day(day: i64) -> Reading {
        let (clock, wall) = (clock::read(), "2026-12-01T10:00:00Z".parse::<Timestamp>().unwrap());
        Reading { wall: wall + Span::days(day - 1), since_boot: clock.since_boot }
    }

    #[test]
    fn a_station_that_asks_about_an_alert_that_is_not_known_here_is_told_so_and_nobody_else_asks_by_its_word() {
        let (mut turn, _inboxes) = turn(&["broker"]);
        let told = turn.test(on_day(9), true).unwrap();
        let text = r#"{"v":1,"home":"made-up-1","alert":{"number":1,"raised_at_ms":1},"key":"k","at_ms":5,
            "by":{"role":"desk","point":"lehe"},"deed":"take"}"#;
        let lost: crate::wire::StationStep = serde_json::from_str(text).unwrap();
        turn.station_step(on_day(9), crate::wire::StationStep { alert: told.alert, ..lost.clone() });
        let elsewhere = crate::model::lifecycle::Actor { point: Some(id("elsewhere")), ..lost.by.clone() };
        turn.station_step(on_day(9), crate::wire::StationStep { by: elsewhere, ..lost.clone() });
        assert_eq!(turn.not_known.told(clock::since_boot()), []);
        turn.station_step(on_day(9), lost.clone());
        assert_eq!(turn.not_known.told(clock::since_boot()), [lost.alert], "the number alone does not make it known");
        assert!(turn.not_known.take_news());
    }

    #[test]
    fn a_receipt_settles_in_a_test_the_row_of_its_own_channel_alone() {
        let (mut turn, mut inboxes) = turn(&["broker", "https"]);
        let told = turn.test(on_day(9), true).unwrap();
        let channels: Vec<&str> = told.ways.iter().map(|(way, _)| way.channel.as_str()).collect();
        assert_eq!(channels, ["broker", "https"]);
        assert!(turn.test(on_day(9), true).is_none(), "one goes on");
        let text =
            r#"{"v":1,"home":"made-up-1","alert":{"number":1,"raised_at_ms":1},"step":1,"point":"lehe","at_ms":5}"#;
        let receipt = Receipt { alert: told.alert, ..serde_json::from_str(text).unwrap() };
        turn.receipt(on_day(9), &id::<ChannelName>("https"), &receipt);
        assert_eq!((settled(&mut inboxes[0]).len(), settled(&mut inboxes[1]).len()), (0, 1));
        let other = AlertId { number: 99, ..told.alert };
        turn.receipt(on_day(9), &id::<ChannelName>("https"), &Receipt { alert: other, ..receipt });
        assert_eq!((settled(&mut inboxes[0]).len(), settled(&mut inboxes[1]).len()), (1, 1), "an alert is held once");
        turn.tested(on_day(9), 1);
        assert_eq!(turn.tests.newest().unwrap().unanswered, Some(1));
        assert!(turn.test(on_day(9), true).is_some());
    }

    #[test]
    fn phones_hear_of_the_first_weekly_test_of_a_month_and_of_every_one_by_hand() {
        for (day, by_hand, ways) in [(2, false, 2), (7, false, 2), (8, false, 1), (23, false, 1), (23, true, 2)] {
            let (mut turn, _inboxes) = turn(&["broker", "sms"]);
            assert_eq!(turn.test(on_day(day), by_hand).unwrap().ways.len(), ways, "{day} {by_hand}");
        }
    }
}
