//! What a night brings, drawn from one seed before it begins: who lives there, when they stir, press and fall, and what fails.
//!
//! Each kind of fault has a stream of its own, so that leaving one out changes nothing of the others.

use super::Asked;
use super::faults::{Fault, Injected};
use crate::model::time::{Span, Timestamp};
use crate::sim::chance::Chance;

/// Milliseconds since the night began; no clock of the night changes them.
pub(super) type Millis = i64;

pub(super) const SECOND: Millis = 1_000;
pub(super) const MINUTE: Millis = 60 * SECOND;
pub(super) const HOUR: Millis = 60 * MINUTE;

/// From seven in the evening to nine in the morning, and an hour in which nothing fails any more.
pub(super) const FAULTS_END: Millis = 13 * HOUR;
/// Nobody presses, clicks or falls after it.
pub(super) const DEEDS_END: Millis = FAULTS_END + 15 * MINUTE;
/// Everything has had its time to arrive.
pub(super) const END: Millis = FAULTS_END + HOUR;

/// What is planned.
#[derive(Debug)]
pub(super) struct Script {
    pub begins: Timestamp,
    pub homes: Vec<Life>,
    pub faults: Vec<Injected>,
}

/// What the person in one home does.
#[derive(Debug)]
pub(super) struct Life {
    /// When they stir, and in front of which sensor.
    pub stirs: Vec<(Millis, usize)>,
    /// When they press, and which button.
    pub presses: Vec<(Millis, usize)>,
    /// When they fall and lie.
    pub falls: Option<Millis>,
}

impl Script {
    pub fn draw(asked: &Asked, night: u64) -> Script {
        let seed = asked.seed.wrapping_mul(1_000_003).wrapping_add(night);
        let mut chance = Chance::stream(seed, "night");
        let drawn = 1 + (chance.unit() * 3.0) as usize;
        let homes = asked.homes.unwrap_or(drawn);
        let begins = begin(&mut chance);
        let lives: Vec<Life> =
            (0..homes).map(|home| Life::draw(&mut Chance::stream(seed, &format!("life {home}")))).collect();
        let mut faults = Vec::new();
        for fault in Fault::ALL {
            if !asked.without.contains(fault) {
                let mut chance = Chance::stream(seed, fault.name());
                let first = faults.len();
                fault.draw(&mut chance, homes, &mut faults);
                for injected in &mut faults[first..] {
                    let pressed = &lives[injected.home.unwrap_or_default()].presses;
                    injected.meet(&mut chance, pressed);
                }
            }
        }
        Script { begins, homes: lives, faults }
    }

    /// Whether anything fails that concerns `home` within this time.
    pub fn is_calm(&self, home: usize, from: Millis, until: Millis) -> bool {
        !self.faults.iter().any(|fault| fault.concerns(home) && fault.from < until && fault.lasts_until() > from)
    }
}

/// Seven in the evening of a day of 2026; one night in eight is one of those in which clocks change.
fn begin(chance: &mut Chance) -> Timestamp {
    let day = match chance.unit() {
        low if low < 0.06 => 86,
        low if low < 0.12 => 296,
        other => 2 + (other * 360.0) as i64,
    };
    "2026-01-01T18:00:00Z".parse::<Timestamp>().unwrap_or_default() + Span::days(day)
}

impl Life {
    fn draw(chance: &mut Chance) -> Life {
        let mut stirs = Vec::new();
        let (to_bed, up) = (chance.between(2.5, 5.0) * HOUR as f64, chance.between(10.5, 12.0) * HOUR as f64);
        let mut at = chance.between(0.0, 5.0) * MINUTE as f64;
        while at < END as f64 {
            stirs.push((at as Millis, (chance.unit() * MOTIONS.len() as f64) as usize));
            let asleep = at > to_bed && at < up;
            at += MINUTE as f64 * if asleep { chance.between(40.0, 110.0) } else { chance.between(2.0, 25.0) };
        }
        let mut presses: Vec<(Millis, usize)> = Vec::new();
        let mut at = chance.wait(2.5 * HOUR as f64);
        while at < DEEDS_END as f64 - 10.0 * MINUTE as f64 {
            presses.push((at as Millis, (chance.unit() * BUTTONS.len() as f64) as usize));
            at += 90_000.0 + chance.wait(3.0 * HOUR as f64);
        }
        let falls = chance.happens(0.4).then(|| (chance.between(0.5, 7.0) * HOUR as f64) as Millis);
        Life { stirs, presses, falls }
    }
}

/// The sensors that see somebody stir.
pub(super) const MOTIONS: [&str; 4] = ["hall", "bath", "kitchen", "bedroom"];
/// What is pressed for help.
pub(super) const BUTTONS: [&str; 2] = ["pendant", "cord"];

/// The home's configuration, as a technician writes it.
pub(super) fn gateway_toml(home: usize) -> String {
    let sensor =
        |name: &&str, kind| format!("[[sensor]]\nid = \"{name}\"\nkind = \"{kind}\"\nzigbee2mqtt = \"{name}\"\n");
    let motions: String = MOTIONS.iter().map(|name| format!("{}room = \"{name}\"\n", sensor(name, "motion"))).collect();
    let buttons: String = BUTTONS.iter().map(|name| sensor(name, "call_button")).collect();
    let point = |(name, travel)| {
        format!(
            "[[circle.point]]\nid = \"{name}\"\nname = \"{name}\"\ntravel = \"{travel}\"\nchannels = [\"{name}\"]\n\
             [[channel]]\nname = \"{name}\"\nstation_mqtt = {{ broker = \"mqtt://127.0.0.1:1\" }}\n"
        )
    };
    let points: String = [(POINTS[0], "5m"), (POINTS[1], "9m")].map(point).concat();
    format!(
        r#"[home]
id = "home-{home}"
place = "3-2-20{home}"
time_zone = "Europe/Paris"
[clock]
assume_synced = true
[mqtt]
broker = "mqtt://127.0.0.1:1"
{motions}{buttons}
[rules]
off = ["late_rising", "daily_contact", "long_in_room", "rhythm"]
[rules.inactivity]
windows = [{{ from = "07:00", to = "22:00", at_most = "2h" }}, {{ from = "22:00", to = "07:00", at_most = "4h" }}]
[circle]
weekly_test = "never"
{points}"#
    )
}

/// The service points, the nearer one first.
pub(super) const POINTS: [&str; 2] = ["near", "far"];
/// The limits of [`gateway_toml`].
pub(super) const SHORTEST_LIMIT: Millis = 2 * HOUR;
pub(super) const LONGEST_LIMIT: Millis = 4 * HOUR;
