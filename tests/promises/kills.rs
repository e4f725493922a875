//! Whoever is killed, and whenever: what was pressed is on the desk, once, and no timer begins anew.
//!
//! The driver keeps a ledger of what it pressed and compares it with what the station's page says, never with a
//! daemon's own tables. A random moment is a stimulus; every result is waited for by asking.

use super::support::wait_until;
use super::world::{Home, PATIENCE, World};
use carecircle::clock;
use carecircle::sim::radio::Radio;
use serde_json::Value;
use std::time::Duration;

mod said;
mod station;
mod timers;

#[test]
fn a_press_around_each_of_a_hundred_kills_of_the_gateway_is_one_alert() {
    let mut world = World::start(&Home::default());
    let (mut dice, mut ledger) = (Dice::thrown(), Ledger::default());
    for round in 0..rounds(100) {
        if round % 4 == 0 {
            world.kill_gateway();
            world.press();
        } else {
            let mut press = world.begin_press();
            dice.spin(30_000);
            world.kill_gateway();
            assert!(press.wait().unwrap().success());
        }
        world.start_gateway();
        let alert = ledger.one_more(&world);
        ledger.close(&world, &alert);
    }
    ledger.check(&world);
    eprintln!("{} presses, none lost, none doubled", ledger.presses);
}

#[test]
fn a_press_around_each_of_twenty_kills_of_the_district_broker_is_one_alert() {
    let mut world = World::start(&Home::default());
    let (mut dice, mut ledger) = (Dice::thrown(), Ledger::default());
    for _ in 0..rounds(20) {
        let mut press = world.begin_press();
        dice.spin(30_000);
        world.district_broker.kill();
        assert!(press.wait().unwrap().success());
        // Sometimes it is back before anybody has noticed, sometimes not.
        dice.spin(1_000_000);
        world.district_broker.restart();
        let alert = ledger.one_more(&world);
        ledger.close(&world, &alert);
    }
    ledger.check(&world);
    eprintln!("{} presses, none lost, none doubled", ledger.presses);
}

#[test]
fn a_press_and_a_taking_over_around_each_of_twenty_kills_of_the_station_stand_as_they_were() {
    let mut world = World::start(&Home::default());
    let (mut dice, mut ledger) = (Dice::thrown(), Ledger::default());
    for _ in 0..rounds(20) {
        let mut press = world.begin_press();
        dice.spin(30_000);
        world.kill_station();
        assert!(press.wait().unwrap().success());
        world.start_station();
        let alert = ledger.one_more(&world);
        let step = ["take", "depart", "arrive"][dice.below(3) as usize];
        ledger.click(&world, &alert, step);
        let before = world.alert(number(&alert)).unwrap();
        dice.spin(30_000);
        world.kill_station();
        world.start_station();
        wait_until("the station answers again", PATIENCE, || world.alert(number(&alert)).is_some());
        let after = world.alert(number(&alert)).unwrap();
        for what in ["phase", "owner"] {
            assert_eq!(after[what], before[what], "{what} after a click on {step}, seed {}", dice.seed);
        }
        ledger.close(&world, &alert);
    }
    ledger.check(&world);
    eprintln!("{} presses, none lost, none doubled", ledger.presses);
}

#[test]
fn a_press_into_a_port_that_nobody_reads_is_heard_by_the_next_gateway() {
    let mut radio = Radio::plug_in().unwrap();
    let mut world = World::start(&Home { radio: Some(radio.path().to_owned()), ..Home::default() });
    world.kill_gateway();
    radio.press([0xfe, 0xf1, 0x02, 0x31]).unwrap();
    world.start_gateway();
    Ledger::default().one_more(&world);
}

/// What was pressed, and what was clicked.
#[derive(Default)]
struct Ledger {
    presses: usize,
    clicks: usize,
}

impl Ledger {
    /// One more press, the alert before it being closed: it is on the desk, and it is there once.
    #[track_caller]
    fn one_more(&mut self, world: &World) -> Value {
        self.presses += 1;
        let is_told = || !open(world).is_empty() && told(world).0 >= self.presses;
        // A notice that was on its way into a dead station comes again after 5, 15, 35 s.
        wait_until(&format!("press {} is on the desk", self.presses), PATIENCE * 3, is_told);
        let shown = open(world);
        assert_eq!(shown.len(), 1, "press {} is shown once: {shown:#?}", self.presses);
        self.check(world);
        shown[0].clone()
    }

    fn click(&mut self, world: &World, alert: &Value, step: &str) {
        self.clicks += 1;
        let (status, answer) = world.try_click(alert, step, &format!("click {}", self.clicks));
        assert_eq!(status, 201, "{step} is on the station's disk: {answer}");
    }

    /// Closes it, and waits until the home's book says so too: the next press is to be shown anew.
    #[track_caller]
    fn close(&mut self, world: &World, alert: &Value) {
        self.click(world, alert, "close");
        wait_until("the home has confirmed the end", PATIENCE, || {
            let alert = world.alert(number(alert));
            alert.is_some_and(|alert| alert["phase"] == "closed" && alert["unconfirmed"] == false)
        });
    }

    /// Each press is told once on the desk: it raised an alert, or reopened the one that was closed minutes ago.
    #[track_caller]
    fn check(&self, world: &World) {
        assert_eq!(told(world), (self.presses, 0), "lost or doubled of {} presses", self.presses);
    }
}

/// How many presses raised or reopened an alert, and how many were only counted on an open one.
fn told(world: &World) -> (usize, usize) {
    let calls: Vec<Value> = world.alerts_of("call_button");
    let timelines = calls.iter().filter_map(|alert| Some(world.alert(number(alert))?["timeline"].clone()));
    let lines: Vec<Value> = timelines.flat_map(|lines| lines.as_array().cloned().unwrap_or_default()).collect();
    let told = |deed: &str| lines.iter().filter(|line| line["deed"] == deed).count();
    (told("raise") + told("reopen"), told("again"))
}

fn open(world: &World) -> Vec<Value> {
    world.alerts_of("call_button").into_iter().filter(|alert| alert["phase"] != "closed").collect()
}

fn number(alert: &Value) -> u64 {
    alert["alert"].as_u64().unwrap()
}

/// How many rounds; `CARECIRCLE_KILL_ROUNDS` asks for more.
fn rounds(usual: u64) -> u64 {
    std::env::var("CARECIRCLE_KILL_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Chance from one seed, which is printed; `CARECIRCLE_SEED` repeats a run.
struct Dice {
    seed: u64,
    state: u64,
}

impl Dice {
    fn thrown() -> Dice {
        let given = std::env::var("CARECIRCLE_SEED").ok().and_then(|text| text.parse().ok());
        let seed = given.unwrap_or_else(|| clock::now().timestamp_micros() as u64);
        eprintln!("CARECIRCLE_SEED={seed}");
        Dice { seed, state: seed | 1 }
    }

    fn below(&mut self, end: u64) -> u64 {
        // xorshift64
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % end
    }

    /// Lets up to so many microseconds pass.
    fn spin(&mut self, micros_max: u64) {
        std::thread::sleep(Duration::from_micros(self.below(micros_max)));
    }
}
