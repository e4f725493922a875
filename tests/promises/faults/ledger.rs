//! What the driver did, and what the station's page made of it: lost, doubled, how late.

use crate::support::wait_until;
use crate::world::{PATIENCE, World};
use carecircle::clock;
use carecircle::model::time::Span;
use serde_json::Value;
use std::collections::BTreeMap;

/// The presses of one home, in their order.
#[derive(Default)]
pub struct Ledger {
    presses: usize,
    clicks: usize,
    pressed_at: Span,
    delays: Vec<Span>,
    /// What was last seen told of each alert: of those that ended the page lists the newest only.
    told: BTreeMap<u64, usize>,
}

impl Ledger {
    /// Somebody presses; the sensor's bridge has it from here on.
    pub fn press(&mut self, world: &World) {
        self.pressed_at = clock::since_boot();
        self.presses += 1;
        world.press();
    }

    /// Whether the page tells of every press.
    pub fn is_shown(&mut self, world: &World) -> bool {
        let told = self.told(world);
        let is_shown = told >= self.presses;
        if is_shown && self.delays.len() < self.presses {
            self.delays.push(clock::since_boot() - self.pressed_at);
        }
        is_shown
    }

    /// The open call, once the page tells of every press; nothing was told twice, and there is one.
    #[track_caller]
    pub fn shown_once(&mut self, world: &World) -> Option<Value> {
        if !self.is_shown(world) {
            return None;
        }
        self.check(world);
        let mut open = world.alerts_of("call_button");
        open.retain(|alert| alert["phase"] != "closed");
        assert!(open.len() <= 1, "press {} is shown once: {open:#?}", self.presses);
        open.pop()
    }

    /// Waits for it.
    #[track_caller]
    pub fn wait_shown(&mut self, world: &World) -> Value {
        let mut shown = None;
        // What was on its way into a dead station comes again after 5, 15, 35 s.
        wait_until(&format!("press {} is on the page", self.presses), PATIENCE * 3, || {
            shown = self.shown_once(world);
            shown.is_some()
        });
        shown.expect("waited for it")
    }

    /// How many presses the page tells of: each raised an alert, opened one again, or was counted on an open one.
    fn told(&mut self, world: &World) -> usize {
        for alert in world.alerts_of("call_button") {
            let number = alert["alert"].as_u64().unwrap_or_default();
            let Some(alert) = world.alert(number) else { continue };
            let lines = alert["timeline"].as_array().cloned().unwrap_or_default();
            let is_press = |line: &&Value| ["raise", "reopen", "again"].iter().any(|deed| line["deed"] == *deed);
            self.told.insert(number, lines.iter().filter(is_press).count());
        }
        self.told.values().sum()
    }

    /// A click of somebody at the desk.
    #[track_caller]
    pub fn click(&mut self, world: &World, alert: &Value, step: &str) {
        self.clicks += 1;
        let (status, answer) = world.try_click(alert, step, &format!("click {}", self.clicks));
        assert!(status / 100 == 2, "{step}: {status} {answer}");
    }

    /// Nothing was told that was not pressed; what is lost, [`Ledger::is_shown`] waits for.
    #[track_caller]
    pub fn check(&mut self, world: &World) {
        let told = self.told(world);
        assert!(told <= self.presses, "{told} told, {} pressed", self.presses);
    }

    /// Injected, lost, doubled, delay: for the table.
    pub fn figures(&mut self, world: &World) -> String {
        let told = self.told(world);
        let (lost, doubled) = (self.presses.saturating_sub(told), told.saturating_sub(self.presses));
        format!("{} injected, {lost} lost, {doubled} doubled, {}", self.presses, delays(&self.delays))
    }
}

/// `p50 12 ms, p99 40 ms`.
pub fn delays(delays: &[Span]) -> String {
    let mut millis: Vec<i64> = delays.iter().map(|delay| delay.num_milliseconds()).collect();
    millis.sort_unstable();
    let at = |percent: usize| millis.get((millis.len() * percent / 100).min(millis.len().saturating_sub(1)));
    let text = |percent| at(percent).map_or("none".to_owned(), |millis| format!("{millis} ms"));
    format!("delay p50 {}, p99 {}", text(50), text(99))
}

/// Whether the home's book says what was clicked.
pub fn is_confirmed(world: &World, alert: &Value) -> bool {
    let alert = alert["alert"].as_u64().and_then(|number| world.alert(number));
    alert.is_some_and(|alert| alert["unconfirmed"] == false)
}
