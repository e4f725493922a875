//! Thirty days of a made-up home as its gateway would have written them: readings, decisions, and what people did.

use carecircle::config;
use carecircle::engine::{Effect, Engine, Input, drive};
use carecircle::gateway::{plan::Plan, to_record};
use carecircle::model::alert::{Alert, AlertId};
use carecircle::model::lifecycle::{Actor, Contact, Deed, Outcome, Role};
use carecircle::model::observation::{Evidence, Measure, Observation};
use carecircle::model::recorded::Recorded;
use carecircle::model::time::{Span, Timestamp};
use carecircle::store::{Batch, Store};
use std::collections::VecDeque;
use std::path::Path;

/// The home; the database lies in `state`, beside the file.
pub const CONFIG: &str = r#"[home]
id = "made-up-1"
place = "3-2-201"
time_zone = "Asia/Shanghai"
[gateway]
state_dir = "state"
run_dir = "run"
[mqtt]
broker = "mqtt://127.0.0.1:1883"
[[sensor]]
id = "hall"
room = "hall"
kind = "motion"
zigbee2mqtt = "hall"
[[sensor]]
id = "kitchen"
room = "kitchen"
kind = "motion"
zigbee2mqtt = "kitchen"
[[sensor]]
id = "bath"
room = "bath"
kind = "motion"
zigbee2mqtt = "bath"
[[sensor]]
id = "pendant"
kind = "call_button"
zigbee2mqtt = "pendant"
[rules]
off = ["rhythm"]
[rules.inactivity]
windows = [
  { from = "09:00", to = "21:00", at_most = "6h" },
  { from = "21:00", to = "09:00", at_most = "10h" },
]
[[circle.point]]
id = "lehe"
name = "Lehe"
travel = "6m"
channels = ["lehe"]
[[channel]]
name = "lehe"
station_mqtt = { broker = "mqtt://127.0.0.1:1883" }
"#;

/// Midnight at home before the first day.
const BEGIN: &str = "2026-01-31T16:00:00Z";
const DAYS: i64 = 30;

/// Writes `gateway.toml` and `state/history.db` into `folder`.
pub fn write(folder: &Path) {
    std::fs::write(folder.join("gateway.toml"), CONFIG).unwrap();
    let (config, problems) = config::load_gateway(&folder.join("gateway.toml"));
    let config = config.unwrap_or_else(|| panic!("{problems:?}"));
    let hash = config.hash.clone();
    let config = config::Gateway { mqtt: None, channels: Vec::new(), ..config };
    let plan = Plan::of(config).unwrap();
    let engine = Engine::new(plan.home, &plan.rules, plan.circle);
    let lines = Gateway { engine, lines: Vec::new() }.live(&hash);
    let store = Store::open(&folder.join("state"), "history.db", |_| ()).unwrap().store;
    let records = lines.into_iter().map(to_record).collect();
    store.submit(Batch { ticket: 1, urgent: true, records, ..Batch::default() });
}

/// A gateway that lives through the days.
struct Gateway {
    engine: Engine,
    lines: Vec<Recorded>,
}

impl Gateway {
    fn live(mut self, hash: &str) -> Vec<Recorded> {
        let begin: Timestamp = BEGIN.parse().unwrap();
        let configured = Recorded::Configured {
            at: begin,
            hash: hash.to_owned(),
            program: "0.1.0".into(),
            clock_trusted: true,
            steps_on: 0,
        };
        self.lines.push(configured);
        self.take(begin, Input::Started { blind_since: None }, Recorded::Started { at: begin, blind_since: None });
        let mut events: VecDeque<(i64, &str)> = events().into();
        let mut minute = 0;
        while minute < DAYS * 24 * 60 {
            let at = begin + Span::minutes(minute);
            while events.front().is_some_and(|(when, _)| *when <= minute) {
                let (_, what) = events.pop_front().unwrap();
                self.event(at, what);
            }
            self.staff(at);
            if minute % 10 == 0 {
                self.pass_time(at);
                self.lines.push(Recorded::Watching { at });
            }
            minute += 1;
        }
        self.lines
    }

    fn event(&mut self, at: Timestamp, what: &str) {
        let observed = |sensor: &str, measure, evidence| {
            let sensor = sensor.parse().unwrap();
            Observation { at, sensor, measure, evidence, copy: false }
        };
        let observation = match what.split_once(' ') {
            Some((sensor, percent)) => {
                observed(sensor, Measure::BatteryPercent(percent.parse().unwrap()), Evidence::Level)
            }
            None => observed(what, Measure::Motion(true), Evidence::Event),
        };
        self.take(at, Input::Observed(observation.clone()), Recorded::Observed(observation));
    }

    /// The staff: at the door after twelve minutes, and the alert closed half an hour later; a battery the next day.
    fn staff(&mut self, at: Timestamp) {
        let open: Vec<Alert> = self.engine.alerts().filter(|alert| alert.phase.is_open()).cloned().collect();
        for alert in open {
            let age = (at - alert.id.raised_at).num_minutes();
            let is_fault = alert.reason.rule() == "low_battery";
            let day = (at - BEGIN.parse::<Timestamp>().unwrap()).num_days() + 1;
            let outcome = match (is_fault, day) {
                (true, _) => Outcome::Equipment,
                (false, FALL_DAY) => Outcome::Helped,
                (false, _) => Outcome::FoundWell,
            };
            let contact = if is_fault { Contact::None } else { Contact::Seen };
            match age {
                1 => self.ask(at, alert.id, "take", Deed::Take),
                12 if !is_fault => self.ask(at, alert.id, "depart", Deed::Depart),
                45 if !is_fault => self.ask(at, alert.id, "close", Deed::Close { outcome, contact }),
                1500 => self.ask(at, alert.id, "close", Deed::Close { outcome, contact }),
                _ => {}
            }
        }
    }

    fn ask(&mut self, at: Timestamp, alert: AlertId, key: &str, deed: Deed) {
        let point = Some("lehe".parse().unwrap());
        let by = Actor { role: Role::Desk, point, person: Some("desk1".parse().unwrap()), via: None };
        let key = format!("{key}-{}", alert.number);
        let line = Recorded::Asked { at, alert, key: key.clone(), by: by.clone(), deed: deed.clone() };
        self.take(at, Input::Step { alert, key, by, deed }, line);
    }

    fn take(&mut self, at: Timestamp, input: Input, line: Recorded) {
        if !matches!(input, Input::Started { .. }) {
            self.pass_time(at);
        }
        let effects = self.engine.handle(at, input);
        self.lines.push(line);
        self.write(effects);
    }

    fn pass_time(&mut self, at: Timestamp) {
        let mut came = Vec::new();
        drive::until(&mut self.engine, at, |_, effects| came.extend(effects));
        self.write(came);
    }

    fn write(&mut self, effects: Vec<Effect>) {
        self.lines.extend(effects.into_iter().filter_map(|effect| match effect {
            Effect::Alert { alert, step } => Some(Recorded::Step { alert, step }),
            Effect::Learned(day) => Some(Recorded::Day(*day)),
            Effect::Notify { .. } | Effect::Local(_) => None,
        }));
    }
}

/// On this day the resident falls at half past nine and is helped when the staff come.
const FALL_DAY: i64 = 23;

/// Minute since the begin, and the sensor that sees somebody, or a battery and its charge.
fn events() -> Vec<(i64, &'static str)> {
    let mut events = Vec::new();
    let mut dice = 7_u64;
    let mut roll = |sides: i64| {
        // A linear congruence: the same home for everybody.
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((dice >> 33) % sides as u64) as i64
    };
    for day in 0..DAYS {
        let midnight = day * 24 * 60;
        // Who sleeps is up once at night.
        events.push((midnight + 150 + roll(60), "bath"));
        let mut minute = midnight + 6 * 60 + 30 + roll(40);
        while minute < midnight + 22 * 60 {
            events.push((minute, ["hall", "kitchen", "bath"][roll(3) as usize]));
            minute += 8 + roll(50);
        }
        let of_bath = match day {
            0..11 => "bath 64",
            11..13 => "bath 14",
            _ => "bath 100",
        };
        let reports = [(480, "hall 91"), (481, "kitchen 88"), (482, of_bath), (483, "pendant 80")];
        events.extend(reports.map(|(at, what)| (midnight + at, what)));
    }
    // Out to see the family (no key, no away button), a long afternoon in the chair, and the fall.
    for (day, from, to) in [(5, 9 * 60, 16 * 60 + 20), (9, 13 * 60, 18 * 60 + 30), (FALL_DAY - 1, 570, 950)] {
        let (from, to) = ((day * 24 * 60) + from, (day * 24 * 60) + to);
        events.retain(|(minute, what)| what.contains(' ') || !(from..to).contains(minute));
    }
    events.sort_by_key(|(minute, _)| *minute);
    events
}
