//! One alert in the book of one made-up gateway.

use crate::model::alert::{Alert, AlertId, Step};
use crate::model::ids::{HomeId, PointId};
use crate::model::lifecycle::{Actor, Deed, Phase, Role, Timers};
use crate::model::observation::Press;
use crate::model::reason::Reason;
use crate::model::time::{Span, Timestamp};
use crate::sim::crowd::Message;
use crate::wire::{self, AlertState, StationStep, Topic, Up, Wire};
use std::collections::BTreeMap;

pub(super) struct Book {
    home: HomeId,
    alert: Alert,
    timers: Timers,
    /// Steps without a receipt: when they were sent last, and how often.
    waiting: BTreeMap<u32, (Timestamp, u32)>,
}

impl Book {
    /// Somebody presses the call button.
    pub fn press(home: HomeId, number: u64, now: Timestamp) -> Book {
        let sensor = "pendant".parse().expect("a legal id");
        let reason = Reason::CallButton { sensor, room: None, press: Press::Single, last_life: None };
        let severity = reason.severity();
        let deed = Deed::Raise { reason, severity, test: false, to: Vec::new() };
        let step = Step { number: 1, at: now, by: Actor::home(), deed, key: None, implied: false };
        let alert = Alert::begin(number, step).expect("a raise begins an alert");
        Book { home, alert, timers: Timers::default(), waiting: BTreeMap::from([(1, (now, 1))]) }
    }

    /// Home and alert.
    pub fn id(&self) -> (HomeId, AlertId) {
        (self.home.clone(), self.alert.id)
    }

    /// The notice of the newest step.
    pub fn newest(&self, now: Timestamp, point: &PointId) -> Message {
        let step = self.alert.steps.last().expect("at least the raise");
        self.notice(now, point, step)
    }

    /// The station holds this step, and with it the alert; that is recorded, not sent back.
    pub fn received(&mut self, now: Timestamp, step: u32, point: &PointId) {
        self.waiting.remove(&step);
        if self.alert.phase.after(&Deed::Receive, Role::Station).is_ok() {
            let (number, by) = (self.alert.last_step + 1, Actor::station(point.clone()));
            self.alert.apply(Step { number, at: now, by, deed: Deed::Receive, key: None, implied: false });
        }
    }

    /// What the gateway does with a step from a station: enters it, or says why not; a repeat gets the same answer.
    pub fn asked_for(&mut self, now: Timestamp, asked: StationStep, point: &PointId) -> Vec<Message> {
        let known = self.alert.steps.iter().find(|step| step.key.as_ref() == Some(&asked.key));
        if let Some(known) = known {
            return vec![self.notice(now, point, known)];
        }
        if self.alert.phase == Phase::Raised {
            // Whoever acts on an alert holds it, even if the receipt was lost on the way.
            self.received(now, 1, point);
        }
        let (by, deeds) = match self.alert.judge(asked.at, &asked.by, &asked.deed, &self.timers) {
            Ok(_) => {
                let implied = self.alert.implied_by(&asked.deed).into_iter().map(|deed| (deed, None));
                (asked.by, implied.chain([(asked.deed, Some(asked.key))]).collect::<Vec<_>>())
            }
            Err(why) => {
                let refused = Deed::Refused { asked: asked.deed.name().into(), why };
                (Actor::gateway(), vec![(refused, Some(asked.key))])
            }
        };
        let mut out = Vec::new();
        for (deed, key) in deeds {
            let implied = key.is_none();
            let step = Step { number: self.alert.last_step + 1, at: now, by: by.clone(), deed, key, implied };
            self.alert.apply(step.clone());
            self.waiting.insert(step.number, (now, 1));
            out.push(self.notice(now, point, &step));
        }
        out
    }

    /// Whether it has just refused what it was asked for.
    pub fn refuses(&self) -> bool {
        self.alert.steps.last().is_some_and(|step| matches!(step.deed, Deed::Refused { .. }))
    }

    /// What waits for its receipt for too long.
    pub fn repeats(&mut self, now: Timestamp, point: &PointId) -> Vec<Message> {
        let mut due = Vec::new();
        for (number, (sent, count)) in &mut self.waiting {
            if now - *sent >= pause(*count) {
                (*sent, *count) = (now, *count + 1);
                due.push(*number);
            }
        }
        let steps = self.alert.steps.iter().filter(|step| due.contains(&step.number));
        steps.map(|step| self.notice(now, point, step)).collect()
    }

    /// Closed, and nothing of it is waited for any more.
    pub fn is_over(&self, now: Timestamp) -> bool {
        let last = self.alert.steps.last().map_or(now, |step| step.at);
        !self.alert.phase.is_open() && self.waiting.is_empty() && now - last > Span::minutes(1)
    }

    fn notice(&self, now: Timestamp, point: &PointId, step: &Step) -> Message {
        let notice = wire::Notice {
            v: wire::VERSION,
            home: self.home.clone(),
            place: format!("{}号楼", self.home),
            alert: self.alert.id,
            step: step.clone(),
            state: AlertState::of(&self.alert, step.at),
            age_secs: (now - self.alert.id.raised_at).num_milliseconds() as f64 / 1000.0,
            clock_trusted: true,
            durable: true,
        };
        (Topic::Up(self.home.clone(), point.clone(), Up::Notice).to_string(), notice.to_bytes())
    }
}

/// As a gateway's outbox: 5, 10, 20, then 30 s.
fn pause(sent: u32) -> Span {
    Span::seconds(match sent {
        0 | 1 => 5,
        2 => 10,
        3 => 20,
        _ => 30,
    })
}
