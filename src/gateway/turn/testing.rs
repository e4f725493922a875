//! A test of the ways out is begun and ended like every step: written first, then told.

use super::{Line, Turn};
use crate::clock::Reading;
use crate::engine::Input;
use crate::gateway::outbox::Order;
use crate::model::alert::{Alert, AlertId};
use crate::model::reason::{Reason, Way};
use crate::model::recorded::Recorded;
use crate::model::time::{Timestamp, Zone};

/// Who is told of a test that has just begun.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Its alert.
    pub alert: AlertId,
    /// By which ways, each with its row's key in the outbox.
    pub ways: Vec<(Way, String)>,
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
    pub fn give_up(&mut self, way: &Way, key: &str) {
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
            let way = Way { channel: row.channel.parse().ok()?, point };
            is_it.then_some((way, row.key))
        });
        let waiting: Vec<(Way, String)> = waiting.collect();
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
