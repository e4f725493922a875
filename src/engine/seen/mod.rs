//! What is known about a home: the last sign of life, blind spans, what each sensor said last.
//!
//! The one place that decides what a reading means: an edge is an event, a repeated or kept state is only "alive",
//! a press is a press once. Never reads a clock: every call brings its own instant.

use crate::engine::floods::Floods;
use crate::engine::links::Links;
use crate::model::home::{Home, Sensor, SensorKind};
use crate::model::ids::SensorId;
use crate::model::observation::{Availability, Evidence, Measure, Observation, Press};
use crate::model::reason::{Blind, BlindCause, SignOfLife};
use crate::model::time::{Span, Timestamp};
use std::collections::{BTreeMap, VecDeque};

/// A span without watching that is no longer than this does not stop the quiet from counting: a restart takes seconds.
pub const BRIDGED: Span = Span::seconds(60);

/// Two copies of one press (twin topic, repeated telegram) come within this of each other.
const COPY_WITHIN: Span = Span::seconds(2);

/// Past blind spans that are remembered, for sentences.
const BLINDS_KEPT_MAX: usize = 32;

/// What is known about a home.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The newest sign of life ever.
    pub last_life: Option<SignOfLife>,
    /// Since when nothing was seen, as watched: the last sign of life, or the end of a long blind span after it.
    pub quiet_since: Option<Timestamp>,
    /// The blind span that lasts now.
    pub blind: Option<Blind>,
    /// Whether wall-clock hours can be believed.
    pub clock_trusted: bool,
    /// Since when the gateway watches without a long blind span; absent before the first start.
    pub watching_since: Option<Timestamp>,
    blinds: VecDeque<Blind>,
    /// The ways to the sensors.
    pub links: Links,
    /// Who says more than can be meant.
    pub floods: Floods,
    sensors: BTreeMap<SensorId, Heard>,
}

/// What one sensor said.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Heard {
    /// The last frame that proves the device is there.
    pub heard_at: Option<Timestamp>,
    /// The last event: movement, a press, a door.
    pub event_at: Option<Timestamp>,
    /// The last battery report.
    pub battery: Option<Battery>,
    /// Since when its bridge, or the broker in its name, calls it offline.
    pub offline_since: Option<Timestamp>,
    level: Option<(bool, Timestamp)>,
    press: Option<(Press, bool, Timestamp)>,
}

/// A sensor's battery.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Battery {
    /// As reported.
    pub percent: Option<f64>,
    /// The lowest report of this cell.
    pub lowest_percent: Option<f64>,
    /// The device's own warning.
    pub low: bool,
    /// Since when this cell is in, as far as can be told: the first report, or a jump upwards.
    pub since: Timestamp,
}

/// What one observation told.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Told {
    /// Somebody is about; [`Seen::last_life`] says who and where.
    pub is_life: bool,
    /// Somebody pressed.
    pub press: Option<Pressed>,
}

/// A press.
#[derive(Debug, Clone, PartialEq)]
pub struct Pressed {
    /// Which button.
    pub sensor: SensorId,
    /// What it said.
    pub press: Press,
    /// The sign of life before it.
    pub life_before: Option<SignOfLife>,
}

/// A blind span that has just ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// The span, with its end.
    pub blind: Blind,
    /// Since when it had been quiet when it began.
    pub quiet_since: Option<Timestamp>,
}

impl Seen {
    /// Nothing seen yet.
    pub fn new(home: &Home) -> Seen {
        Seen {
            last_life: None,
            quiet_since: None,
            blind: None,
            clock_trusted: true,
            watching_since: None,
            blinds: VecDeque::new(),
            sensors: home.sensors.keys().map(|id| (id.clone(), Heard::default())).collect(),
            links: Links::default(),
            floods: Floods::default(),
        }
    }

    /// Takes in one observation and says what it tells.
    pub fn observe(&mut self, home: &Home, observation: &Observation) -> Told {
        let Some(sensor) = home.sensors.get(&observation.sensor) else { return Told::default() };
        let at = observation.at;
        self.watching_since.get_or_insert(at);
        // Looked up before it is made: a home-year has 75,000 observations, and a new sensor is rare.
        if !self.sensors.contains_key(&sensor.id) {
            self.sensors.insert(sensor.id.clone(), Heard::default());
        }
        let heard = self.sensors.get_mut(&sensor.id).expect("it was made above");
        if proves_presence_of_device(observation) {
            heard.heard_at = Some(at);
        } else if observation.evidence == Evidence::Cached {
            // A broker hands out the last message of a dead sensor as well: it shows only that the sensor once was.
            heard.heard_at.get_or_insert(at);
        }
        heard.take_battery(observation);
        heard.take_availability(observation);
        let is_event = heard.is_event(sensor, observation);
        if !is_event {
            return Told::default();
        }
        heard.event_at = Some(at);
        let press = if let Measure::Button(press) = &observation.measure {
            Some(Pressed { sensor: sensor.id.clone(), press: press.clone(), life_before: self.last_life.clone() })
        } else {
            None
        };
        let is_life = sensor.kind.shows_life();
        if is_life {
            self.life(at, sensor);
        }
        Told { is_life, press }
    }

    fn life(&mut self, at: Timestamp, sensor: &Sensor) {
        self.quiet_since = Some(at);
        match &mut self.last_life {
            // Mostly it is the same sensor again.
            Some(life) if life.sensor == sensor.id => life.at = at,
            _ => self.last_life = Some(SignOfLife { at, sensor: sensor.id.clone(), room: sensor.room.clone() }),
        }
    }

    /// The link to `source` changed; returns the blind span that this ended, if it was a long one.
    pub fn link(&mut self, home: &Home, at: Timestamp, source: &str, up: bool) -> Option<Ended> {
        if !self.links.set(at, source, up) {
            return None;
        }
        let (any_watches, sees) = self.sees(home);
        if any_watches && !sees && self.blind.is_none() {
            let cause = BlindCause::LinkLost { source: source.to_owned() };
            self.blind = Some(Blind { from: at, to: None, cause });
            None
        } else if sees {
            self.blind.take().and_then(|blind| self.see_again(blind, at))
        } else {
            None
        }
    }

    /// Whether any sensor could show life, and whether one of them can be heard.
    fn sees(&self, home: &Home) -> (bool, bool) {
        let mut watchers = home.sensors.values().filter(|sensor| sensor.kind.watches_for_life()).peekable();
        (watchers.peek().is_some(), watchers.any(|sensor| self.links.is_up(&sensor.source)))
    }

    /// The gateway began to watch at `at`; returns the blind span that this ended, if it was a long one.
    pub fn started(&mut self, home: &Home, at: Timestamp, blind_since: Option<Timestamp>) -> Option<Ended> {
        self.links.begin(home);
        self.watching_since.get_or_insert(at);
        let open = self.blind.take();
        let from = [blind_since, open.as_ref().map(|blind| blind.from)].into_iter().flatten().min();
        if let ((true, false), Some((source, _))) = (self.sees(home), self.links.lost().next()) {
            // The way to the sensors was lost before and is not back: still blind.
            let cause = open.map_or(BlindCause::LinkLost { source: source.to_owned() }, |blind| blind.cause);
            self.blind = Some(Blind { from: from.unwrap_or(at), to: None, cause });
            return None;
        }
        let from = from?;
        let cause = open.map_or(BlindCause::GatewayDown, |blind| blind.cause);
        self.see_again(Blind { from, to: None, cause }, at)
    }

    fn see_again(&mut self, blind: Blind, at: Timestamp) -> Option<Ended> {
        let blind = Blind { to: Some(at), ..blind };
        let quiet_since = self.quiet_since;
        self.blinds.push_back(blind.clone());
        if self.blinds.len() > BLINDS_KEPT_MAX {
            self.blinds.pop_front();
        }
        if at - blind.from <= BRIDGED {
            return None;
        }
        // What happened in between is not known: neither quiet nor life.
        self.quiet_since = self.quiet_since.map(|quiet| quiet.max(at));
        self.watching_since = Some(at);
        Some(Ended { blind, quiet_since })
    }

    /// Whether frames from `source` can arrive; a source that was never heard of is believed.
    pub fn link_is_up(&self, source: &str) -> bool {
        self.links.is_up(source)
    }

    /// Whether the silence of `sensor` has a cause that is told elsewhere: the way to it is lost, or may be.
    pub fn is_excused(&self, sensor: &Sensor, heard: Option<&Heard>) -> bool {
        let heard_at = heard.and_then(|heard| heard.heard_at);
        !self.links.is_up(&sensor.source) || self.links.excuses(&sensor.source, heard_at)
    }

    /// What a sensor said; nothing for a sensor the home does not have.
    pub fn heard(&self, sensor: &SensorId) -> Option<&Heard> {
        self.sensors.get(sensor)
    }

    /// Every sensor of `home` with what it said, in the order of their names.
    pub fn with_heard<'a>(&'a self, home: &'a Home) -> impl Iterator<Item = (&'a Sensor, Option<&'a Heard>)> {
        // Both maps are ordered by the same names: walked side by side instead of looked up one by one.
        let mut heard = self.sensors.iter().peekable();
        home.sensors.values().map(move |sensor| {
            while heard.next_if(|(id, _)| **id < sensor.id).is_some() {}
            (sensor, heard.next_if(|(id, _)| **id == sensor.id).map(|(_, heard)| heard))
        })
    }

    /// From when the silence of `sensor` counts: its last frame, or since it could be heard at all.
    pub fn silent_since(&self, sensor: &Sensor, heard: Option<&Heard>) -> Option<Timestamp> {
        let watching_since = self.watching_since?;
        let heard_at = heard.and_then(|heard| heard.heard_at);
        let link_since = self.links.since(&sensor.source);
        heard_at.into_iter().chain(link_since).chain([watching_since]).max()
    }

    /// The newest blind span that reaches into the time since `from`.
    pub fn blind_since(&self, from: Timestamp) -> Option<&Blind> {
        self.blinds.iter().rev().find(|blind| blind.to.is_none_or(|to| to > from))
    }

    /// Moves every remembered instant by `by`: the clock on the wall was set, the time in between is what it was.
    pub fn shift(&mut self, by: Span) {
        let move_blind = |blind: &mut Blind| {
            blind.from += by;
            blind.to = blind.to.map(|to| to + by);
        };
        if let Some(life) = &mut self.last_life {
            life.at += by;
        }
        for instant in [&mut self.quiet_since, &mut self.watching_since].into_iter().flatten() {
            *instant += by;
        }
        self.blind.iter_mut().chain(&mut self.blinds).for_each(move_blind);
        self.links.shift(by);
        self.floods.shift(by);
        self.sensors.values_mut().for_each(|heard| heard.shift(by));
    }
}

impl Heard {
    /// Whether the observation is something that happened now.
    fn is_event(&mut self, sensor: &Sensor, observation: &Observation) -> bool {
        if let Measure::Button(press) = &observation.measure {
            return observation.evidence == Evidence::Event && self.is_new_press(press, observation);
        }
        if !measures_its_kind(sensor.kind, &observation.measure) {
            return false;
        }
        let Some(on) = observation.measure.level() else { return false };
        match observation.evidence {
            Evidence::Event => {
                self.level = Some((on, observation.at));
                on || changes_count_both_ways(sensor.kind)
            }
            Evidence::Level => {
                let before = self.level.replace((on, observation.at));
                let ended = before
                    .is_some_and(|(was, since)| was && sensor.hold.is_some_and(|hold| observation.at - since > hold));
                let edge = before.map(|(was, _)| was) != Some(on);
                (edge && (on || (changes_count_both_ways(sensor.kind) && before.is_some()))) || (on && ended)
            }
            Evidence::Cached => {
                // Kept state says where the level stands, so that saying it again later is no edge.
                self.level.get_or_insert((on, observation.at));
                false
            }
            Evidence::Ambiguous => false,
        }
    }

    fn is_new_press(&mut self, press: &Press, observation: &Observation) -> bool {
        if !press.is_press() {
            return false;
        }
        let twin = self.press.as_ref().is_some_and(|(last, was_copy, at)| {
            last == press && *was_copy != observation.copy && observation.at - *at <= COPY_WITHIN
        });
        if twin {
            // One pair is one press: the next message of either kind is a new one.
            self.press = None;
            return false;
        }
        self.press = Some((press.clone(), observation.copy, observation.at));
        true
    }

    fn take_battery(&mut self, observation: &Observation) {
        if observation.evidence == Evidence::Cached {
            return;
        }
        let before = self.battery;
        let (percent, low) = if let Measure::BatteryPercent(percent) = observation.measure {
            (Some(percent), before.is_some_and(|b| b.low))
        } else if let Measure::BatteryLow(low) = observation.measure {
            (before.and_then(|b| b.percent), low)
        } else {
            return;
        };
        let jumped =
            percent.zip(before.and_then(|b| b.percent)).is_some_and(|(now, was)| now - was >= EXCHANGED_JUMP_PERCENT);
        let exchanged = jumped || before.is_some_and(|b| b.low && !low);
        let since = before.filter(|_| !exchanged).map_or(observation.at, |b| b.since);
        // The flag of the old cell says nothing about the new one.
        let low = low && !jumped;
        let lowest_before = before.filter(|_| !exchanged).and_then(|b| b.lowest_percent);
        let lowest_percent = percent.into_iter().chain(lowest_before).reduce(f64::min);
        self.battery = Some(Battery { percent, lowest_percent, low, since });
    }

    fn take_availability(&mut self, observation: &Observation) {
        if let Measure::Availability(word) = observation.measure {
            let is_offline = matches!(word, Availability::Offline | Availability::Removed);
            self.offline_since = is_offline.then(|| self.offline_since.unwrap_or(observation.at));
        } else if proves_presence_of_device(observation) {
            self.offline_since = None;
        }
    }

    fn shift(&mut self, by: Span) {
        let level = self.level.as_mut().map(|(_, at)| at);
        let press = self.press.as_mut().map(|(_, _, at)| at);
        let battery = self.battery.as_mut().map(|battery| &mut battery.since);
        let told = [self.heard_at.as_mut(), self.event_at.as_mut(), self.offline_since.as_mut()];
        for at in told.into_iter().chain([level, press, battery]).flatten() {
            *at += by;
        }
    }
}

/// A battery that gains this much has been changed; smaller jumps are temperature.
const EXCHANGED_JUMP_PERCENT: f64 = 20.0;

/// A bridge's word about a device, or kept state, proves nothing about the device now.
fn proves_presence_of_device(observation: &Observation) -> bool {
    let word_of_bridge = matches!(
        observation.measure,
        Measure::Availability(Availability::Offline | Availability::Removed | Availability::Online)
            | Measure::Bridge(_)
    );
    !word_of_bridge && observation.evidence != Evidence::Cached
}

/// Whether this measure is what a sensor of this kind is there for: a door contact's temperature is no door.
fn measures_its_kind(kind: SensorKind, measure: &Measure) -> bool {
    use SensorKind as K;
    match measure {
        Measure::Motion(_) => matches!(kind, K::Motion | K::Presence | K::Bed | K::Chair),
        Measure::Presence(_) => matches!(kind, K::Motion | K::Presence | K::Bed | K::Chair),
        Measure::Contact(_) => matches!(kind, K::OuterDoor | K::Door | K::Item | K::Bed | K::Chair),
        Measure::Switch(_) | Measure::Vibration(_) => matches!(kind, K::Item | K::Bed | K::Chair),
        Measure::Alarm(_) => kind.shows_life() || matches!(kind, K::Smoke | K::Gas | K::Leak),
        Measure::Leak(_) => kind == K::Leak,
        Measure::Smoke(_) => kind == K::Smoke,
        Measure::Gas(_) => kind == K::Gas,
        Measure::Mains(_) => kind == K::Mains,
        Measure::Button(_)
        | Measure::Tamper(_)
        | Measure::BatteryPercent(_)
        | Measure::BatteryLow(_)
        | Measure::SupplyVolts(_)
        | Measure::TemperatureCelsius(_)
        | Measure::HumidityPercent(_)
        | Measure::IlluminanceLux(_)
        | Measure::Dark(_)
        | Measure::SignalPercent(_)
        | Measure::Alive
        | Measure::Availability(_)
        | Measure::Bridge(_)
        | Measure::Number(_)
        | Measure::Note { .. } => false,
    }
}

/// A door that closes was moved by somebody; a motion sensor that ends its hold was not.
fn changes_count_both_ways(kind: SensorKind) -> bool {
    use SensorKind as K;
    match kind {
        K::OuterDoor | K::Door | K::Item | K::Bed | K::Chair | K::Presence => true,
        K::Motion
        | K::CallButton
        | K::ServiceButton
        | K::OkButton
        | K::AwayButton
        | K::Smoke
        | K::Gas
        | K::Leak
        | K::Temperature
        | K::Vital
        | K::Mains => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rules::testing::{at, home, observed};

    fn told(seen: &mut Seen, sensor: &str, clock: &str, measure: Measure, evidence: Evidence) -> Told {
        seen.observe(&home(), &observed(sensor, at(clock), measure, evidence))
    }

    #[test]
    fn motion_counts_on_an_edge_and_repeats_are_only_alive() {
        let mut seen = Seen::new(&home());
        let motion = |on| Measure::Motion(on);
        assert!(told(&mut seen, "hall", "08:00", motion(true), Evidence::Level).is_life);
        // Zigbee2MQTT says its kept state again with a battery report: nobody moved.
        assert!(!told(&mut seen, "hall", "09:00", motion(true), Evidence::Level).is_life);
        assert!(!told(&mut seen, "hall", "09:01", motion(false), Evidence::Level).is_life);
        assert!(told(&mut seen, "hall", "09:05", motion(true), Evidence::Level).is_life);
        assert_eq!(seen.quiet_since, Some(at("09:05")));
    }

    #[test]
    fn retained_motion_is_no_sign_of_life_and_makes_no_edge_later() {
        let mut seen = Seen::new(&home());
        assert!(!told(&mut seen, "hall", "08:00", Measure::Motion(true), Evidence::Cached).is_life);
        assert!(!told(&mut seen, "hall", "08:01", Measure::Motion(true), Evidence::Level).is_life);
        assert_eq!(seen.last_life, None);
        // What a broker kept does not make a dead sensor look alive.
        told(&mut seen, "hall", "12:00", Measure::Motion(true), Evidence::Cached);
        assert_eq!(seen.heard(&"hall".parse().unwrap()).unwrap().heard_at, Some(at("08:01")));
    }

    #[test]
    fn a_door_counts_both_ways_and_its_first_state_does_not() {
        let mut seen = Seen::new(&home());
        assert!(!told(&mut seen, "front", "08:00", Measure::Contact(false), Evidence::Level).is_life);
        assert!(told(&mut seen, "front", "08:01", Measure::Contact(true), Evidence::Level).is_life);
        assert!(told(&mut seen, "front", "08:02", Measure::Contact(false), Evidence::Level).is_life);
    }

    #[test]
    fn one_press_with_its_twin_is_one_press_and_two_presses_are_two() {
        let mut seen = Seen::new(&home());
        let mut press = |millis: i64, copy| {
            let mut o = observed(
                "pendant",
                at("08:00") + Span::milliseconds(millis),
                Measure::Button(Press::Sos),
                Evidence::Event,
            );
            o.copy = copy;
            seen.observe(&home(), &o).press.is_some()
        };
        assert_eq!([press(0, false), press(1, true), press(2, false), press(2, false)], [true, false, true, true]);
        assert_eq!([press(3, true), press(4, true), press(9_000, false)], [false, true, true]);
    }

    #[test]
    fn time_without_watching_is_unknown_not_quiet() {
        let mut seen = Seen::new(&home());
        told(&mut seen, "hall", "08:00", Measure::Motion(true), Evidence::Level);
        assert_eq!(seen.started(&home(), at("08:00") + Span::seconds(50), Some(at("08:00"))), None);
        assert_eq!(seen.quiet_since, Some(at("08:00")), "a restart of seconds does not reset the clock");
        let ended = seen.started(&home(), at("11:00"), Some(at("08:30"))).expect("a long blind span");
        assert_eq!(ended.quiet_since, Some(at("08:00")));
        assert_eq!(seen.quiet_since, Some(at("11:00")));
    }

    #[test]
    fn the_home_is_blind_only_when_no_source_can_show_life() {
        let mut seen = Seen::new(&home());
        let home = home();
        told(&mut seen, "hall", "08:00", Measure::Motion(true), Evidence::Level);
        seen.link(&home, at("08:10"), "radio", false);
        assert_eq!(seen.blind, None, "the sensors on MQTT still watch");
        seen.link(&home, at("08:20"), "mqtt", false);
        assert_eq!(seen.blind.as_ref().map(|b| b.from), Some(at("08:20")));
        assert!(seen.link(&home, at("08:50"), "radio", true).is_some());
        assert_eq!((seen.blind.clone(), seen.quiet_since), (None, Some(at("08:50"))));
    }
}
