//! What must hold for any sequence of inputs: deadlines move on, a killed engine decides the same, order is kept.

use super::rules::testing::{home, observed};
use super::*;
use crate::engine::circle::Point;
use crate::model::alert::AlertId;
use crate::model::flood::{Flood, Flooder};
use crate::model::lifecycle::{Actor, Contact, Deed, Outcome, Phase, Proof, Role, Timers};
use crate::model::observation::{Evidence, Measure, Press};
use crate::model::time::Span;
use proptest::prelude::*;

mod climbing;
mod numbers;
mod outages;

fn engine() -> Engine {
    let point = |id: &str, minutes, duty: &str| Point {
        id: id.parse().unwrap(),
        name: id.into(),
        travel: Span::minutes(minutes),
        on_duty: duty.parse().unwrap(),
        channels: Vec::new(),
    };
    let points = vec![point("near", 5, "Mon-Sun 08:00-20:00"), point("far", 12, "always")];
    engine_of(Circle::of_points(points, Timers::default()))
}

fn engine_of(circle: Circle) -> Engine {
    let mut settings = rules::Settings::default();
    settings.check.at =
        rules::check::LIMITED.iter().map(|rule| ((*rule).to_owned(), rules::check::Share(70))).collect();
    settings.check.tells_station = true;
    Engine::new(home(), &settings, circle)
}

/// Something that happens, `gap` seconds after the one before.
#[derive(Debug, Clone)]
struct Event {
    gap: i64,
    what: u8,
    which: u8,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    // Mostly minutes apart, sometimes hours: silences, lapses and blind spans all come to pass.
    let gap = prop_oneof![4 => 0..90i64, 3 => 90..2_000i64, 1 => 2_000..60_000i64];
    let event = (gap, 0..16u8, any::<u8>()).prop_map(|(gap, what, which)| Event { gap, what, which });
    proptest::collection::vec(event, 1..40)
}

/// An engine with its history, killed and rebuilt after every input if so wanted.
struct Life {
    /// Makes the engine that is to begin with its history alone.
    new: Box<dyn Fn() -> Engine>,
    engine: Engine,
    history: Vec<Recorded>,
    told: Vec<Effect>,
    now: Timestamp,
    kill: bool,
    keys: u32,
}

impl Life {
    fn new(kill: bool) -> Life {
        Life::with(Box::new(engine), kill)
    }

    fn with(new: Box<dyn Fn() -> Engine>, kill: bool) -> Life {
        let now = "2026-03-02T06:00:00Z".parse().unwrap();
        Life { engine: new(), new, history: Vec::new(), told: Vec::new(), now, kill, keys: 0 }
    }

    fn live(mut self, events: &[Event]) -> Life {
        for event in events {
            let to = self.now + Span::seconds(event.gap);
            while let Some(deadline) = self.engine.next_wakeup().filter(|deadline| *deadline <= to) {
                self.handle(deadline, Input::Tick, None);
                assert!(self.engine.next_wakeup().is_none_or(|next| next > deadline), "the deadline did not move on");
            }
            self.now = to;
            if let Some((input, recorded)) = self.input(event) {
                self.handle(self.now, input, recorded);
            }
        }
        self
    }

    fn handle(&mut self, at: Timestamp, input: Input, recorded: Option<Recorded>) {
        self.history.extend(recorded);
        let effects = self.engine.handle(at, input);
        self.engine.seen.assert_outlook(&self.engine.home);
        for effect in &effects {
            if let Effect::Alert { alert, step } = effect {
                self.history.push(Recorded::Step { alert: *alert, step: step.clone() });
            }
            if let Effect::Learned(day) = effect {
                self.history.push(Recorded::Day((**day).clone()));
            }
        }
        self.told.extend(effects);
        if self.kill {
            let before = self.engine.next_wakeup();
            self.engine = (self.new)().restore(self.history.iter().cloned());
            self.engine.seen.assert_outlook(&self.engine.home);
            assert_eq!(self.engine.handle(at, Input::Tick), [], "restored, it did something by itself");
            assert_eq!(self.engine.next_wakeup(), before, "restored, it has other deadlines");
        }
    }

    fn input(&mut self, event: &Event) -> Option<(Input, Option<Recorded>)> {
        let at = self.now;
        let heard = |sensor: &str, measure, evidence| {
            let observation = observed(sensor, at, measure, evidence);
            Some((Input::Observed(observation.clone()), Some(Recorded::Observed(observation))))
        };
        let flag = event.which.is_multiple_of(2);
        match event.what {
            0 | 1 => heard(["hall", "bath"][usize::from(flag)], Measure::Motion(true), Evidence::Event),
            2 => heard("hall", Measure::Motion(flag), Evidence::Level),
            3 => heard("bath", Measure::Motion(true), Evidence::Cached),
            4 => heard("front", Measure::Contact(flag), Evidence::Level),
            5 => heard("pendant", Measure::Button(Press::Sos), Evidence::Event),
            6 => heard("meal", Measure::Button(Press::Single), Evidence::Event),
            7 => heard("hall", Measure::BatteryPercent(f64::from(event.which % 101)), Evidence::Level),
            8 | 9 => {
                let names = [["mqtt", "mqtt/a"], ["radio", "mqtt/b"]][usize::from(event.what - 8)];
                let source = names[usize::from(event.which / 2 % 2)].to_owned();
                let recorded = Recorded::Link { at, source: source.clone(), up: flag };
                Some((Input::Link { source, up: flag }, Some(recorded)))
            }
            10 => {
                let blind_since = Some(at - Span::seconds(i64::from(event.which)));
                Some((Input::Started { blind_since }, Some(Recorded::Started { at, blind_since })))
            }
            11 => {
                let who = match event.which % 3 {
                    0 => Flooder::Source("radio".into()),
                    1 => Flooder::Sensor("gone".parse().unwrap()),
                    _ => Flooder::Sensor("hall".parse().unwrap()),
                };
                let flood = Flood { who, per_second: u32::from(event.which) };
                Some((Input::Flooded(flood.clone()), Some(Recorded::Flooded { at, flood })))
            }
            _ => self.step(event.which).map(|input| (input, None)),
        }
    }

    /// A step or a receipt for one of the open alerts.
    fn step(&mut self, which: u8) -> Option<Input> {
        let open: Vec<AlertId> =
            self.engine.alerts().filter(|alert| alert.phase.is_open()).map(|alert| alert.id).collect();
        let alert = *open.get(usize::from(which) % open.len().max(1))?;
        let point: crate::model::ids::PointId = ["near", "far"][usize::from(which / 64 % 2)].parse().unwrap();
        let by = Actor { role: Role::Desk, point: Some(point.clone()), person: None, via: None };
        let deed = match which % 8 {
            0 => return Some(Input::Received { alert, point }),
            1 => Deed::Take,
            2 => Deed::Depart,
            3 => Deed::Arrive { proof: Proof::None },
            4 => Deed::Release { why: String::new() },
            5 => Deed::Undo { step: u32::from(which % 5) + 1 },
            6 => Deed::ask_further(),
            _ => Deed::Close { outcome: Outcome::FoundWell, contact: Contact::Seen },
        };
        self.keys += u32::from(!which.is_multiple_of(5)); // every fifth click comes twice
        Some(Input::Step { alert, key: format!("k{}", self.keys), by, deed })
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn killed_and_restored_after_every_input_it_decides_the_same(events in events()) {
        let straight = Life::new(false).live(&events);
        let killed = Life::new(true).live(&events);
        prop_assert_eq!(straight.told, killed.told);
    }

    #[test]
    fn whatever_happens_steps_are_counted_without_a_hole_and_only_people_close(events in events()) {
        let life = Life::new(false).live(&events);
        let mut last = std::collections::BTreeMap::<u64, u32>::new();
        for effect in &life.told {
            let Effect::Alert { alert, step } = effect else { continue };
            let before = last.insert(*alert, step.number).unwrap_or(0);
            prop_assert_eq!(step.number, before + 1, "alert {}", alert);
            if matches!(step.deed, Deed::Close { .. }) {
                prop_assert!(step.by.role.is_staff());
            }
        }
        for alert in life.engine.alerts() {
            prop_assert_eq!(alert.phase == Phase::Closed, alert.closed.is_some());
            prop_assert!(alert.phase.is_in_hand() == alert.owner.is_some() || alert.phase == Phase::Closed);
        }
    }

    #[test]
    fn a_notice_is_told_only_after_its_step_was_handed_out_to_be_recorded(events in events()) {
        let life = Life::new(false).live(&events);
        let mut recorded = std::collections::BTreeSet::new();
        for effect in &life.told {
            match effect {
                Effect::Alert { alert, step } => { recorded.insert((*alert, step.number)); }
                Effect::Notify { alert, step, .. } => prop_assert!(recorded.contains(&(alert.id.number, step.number))),
                Effect::Local(_) | Effect::Learned(_) => {}
            }
        }
    }
}
