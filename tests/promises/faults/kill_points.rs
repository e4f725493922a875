//! Row 1 and row 19: the gateway, and the station, die at each of the writes that one alert's life costs.

use super::hurt::Hurt;
use super::ledger::{Ledger, is_confirmed};
use super::{Dice, times};
use crate::service::unit::{Unit, gateway_command};
use crate::support::{carecircle, wait_until};
use crate::world::{Home, PATIENCE, World};
use carecircle::clock;
use carecircle::model::time::Span;
use std::process::Command;

#[test]
fn a_gateway_killed_at_each_write_of_an_alerts_life_loses_nothing_and_tells_nothing_twice() {
    let mut world = World::configure(&Home::default());
    world.start_station();
    let hurt = Hurt::of("state/history.db");
    let victim = Victim::start(Box::new(gateway_command), &world, hurt);
    world.wait_ready();
    eprintln!("row 1: {}", lives(&world, victim, times(40, 200), times(0, 500)));
}

#[test]
fn a_station_killed_at_each_write_of_an_alerts_life_loses_nothing_and_tells_nothing_twice() {
    let mut world = World::configure(&Home::default());
    let hurt = Hurt::of("/station/");
    let victim = Victim::start(Box::new(station_command), &world, hurt);
    world.start_gateway();
    world.wait_ready();
    eprintln!("row 19: {}", lives(&world, victim, times(25, 200), times(0, 100)));
}

fn station_command(world: &World) -> Command {
    carecircle(&["station", "--config", world.path("station.toml").to_str().unwrap()])
}

/// One alert's life for each point: pressed, taken, closed, with a death at some write in between.
fn lives(world: &World, mut victim: Victim, points: usize, random: usize) -> String {
    let (mut dice, mut ledger, mut after_the_end) = (Dice::thrown(), Ledger::default(), 0);
    // What the first life costs bounds where the next ones may die.
    let before = victim.hurt.calls();
    victim.life(world, &mut ledger, None);
    let writes = victim.hurt.calls() - before;
    for nth in 1..=points + random {
        let at = if nth <= points { nth as u32 } else { 1 + dice.below(writes as usize * 5 / 4) as u32 };
        let deaths = victim.deaths.len();
        victim.life(world, &mut ledger, Some(at));
        after_the_end += usize::from(victim.deaths.len() == deaths);
    }
    ledger.check(world);
    let slowest = victim.deaths.iter().max().copied().unwrap_or_default();
    assert!(!victim.deaths.is_empty(), "nobody died");
    format!(
        "{} deaths at writes of a life of {writes} ({after_the_end} points lay behind its end), {}; ready again within {} ms",
        victim.deaths.len(),
        ledger.figures(world),
        slowest.num_milliseconds()
    )
}

/// A daemon that dies as it is told, and is started again.
struct Victim {
    command: Box<dyn Fn(&World) -> Command>,
    hurt: Hurt,
    unit: Unit,
    /// How long each new start took until it was ready.
    deaths: Vec<Span>,
}

impl Victim {
    fn start(command: Box<dyn Fn(&World) -> Command>, world: &World, hurt: Hurt) -> Victim {
        let unit = run(&command, world, &hurt).ready();
        Victim { command, hurt, unit, deaths: Vec::new() }
    }

    fn life(&mut self, world: &World, ledger: &mut Ledger, dies_at: Option<u32>) {
        if let Some(nth) = dies_at {
            self.hurt.kill_at(nth);
        }
        ledger.press(world);
        let mut shown = None;
        self.until(world, "the press is on the page", |world| {
            shown = ledger.shown_once(world);
            shown.is_some()
        });
        let alert = shown.expect("waited for it");
        for step in ["take", "close"] {
            // A click that met a dead station is made once more, as a person would.
            let clicker = world.clicker();
            let key = format!("{step} {}", clock::since_boot().num_microseconds().unwrap_or_default());
            self.until(world, step, |_| matches!(clicker.click(&alert, step, &key), Some((200 | 201, _))));
            self.until(world, "the home has confirmed it", |_| is_confirmed(world, &alert));
        }
        self.hurt.be_still();
        self.look(world);
    }

    /// Waits; the dead are started again.
    #[track_caller]
    fn until(&mut self, world: &World, what: &str, mut holds: impl FnMut(&World) -> bool) {
        wait_until(what, PATIENCE * 3, || {
            self.look(world);
            holds(world)
        });
    }

    fn look(&mut self, world: &World) {
        if !self.unit.has_ended() {
            return;
        }
        self.hurt.be_still();
        let began = clock::since_boot();
        self.unit = run(&self.command, world, &self.hurt).ready();
        self.deaths.push(clock::since_boot() - began);
    }
}

fn run(command: &dyn Fn(&World) -> Command, world: &World, hurt: &Hurt) -> Unit {
    let mut command = command(world);
    hurt.load_into(&mut command, false);
    Unit::start(&world.path(""), command)
}
