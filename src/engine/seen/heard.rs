//! What one sensor said, and what of it was an event.

use super::battery::Battery;
use super::meaning::{changes_count_both_ways, is_detector, is_moved_by_hand, occupied};
use super::presses::Presses;
use super::quality::{Signal, Tamper};
use super::rhythm::Rhythm;
use super::sights::Sights;
use super::value::Value;
use crate::engine::rules::Settings;
use crate::model::home::{Sensor, SensorKind};
use crate::model::observation::{Availability, Evidence, Measure, Observation};
use crate::model::purpose::{is_measured, measures_its_kind, proves_presence_of_device};
use crate::model::time::{Span, Timestamp};

/// What one sensor said.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Heard {
    /// The first frame of it that is on record.
    pub first_heard: Option<Timestamp>,
    /// The last frame that proves the device is there.
    pub heard_at: Option<Timestamp>,
    /// The last event: movement, a press, a door.
    pub event_at: Option<Timestamp>,
    /// The last sign of life that it gave: an event, or presence that lasted.
    pub life_at: Option<Timestamp>,
    /// The last battery report.
    pub battery: Option<Battery>,
    /// Its cover.
    pub tamper: Option<Tamper>,
    /// How well it is heard.
    pub signal: Signal,
    /// How long it is usually silent.
    pub rhythm: Rhythm,
    /// How often something happens where it looks.
    pub sights: Sights,
    /// Its main value.
    pub main: Main,
    /// A run of events without a pause.
    pub run: Run,
    /// Whether somebody is in the bed or chair that it watches, and since when it is so; absent where that is not known.
    pub occupied: Option<(bool, Timestamp)>,
    /// What it measures as a number, where that is judged.
    pub value: Option<Value>,
    /// Since when its bridge, or the broker in its name, calls it offline.
    pub offline_since: Option<Timestamp>,
    /// Since when its source, which was mute, is heard again.
    pub audible_since: Option<Timestamp>,
    /// What its meter read last, and the last instant at which it went on.
    meter: Option<(f64, Option<Timestamp>)>,
    /// Where its outlook stands.
    pub(super) place: usize,
    presses: Presses,
    /// The first of several copies of one event, where its radio says each event several times.
    burst: Option<(Measure, Timestamp)>,
}

/// The value that a sensor is there for.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Main {
    /// The level it said last, and when it said so.
    pub level: Option<(bool, Timestamp)>,
    /// Since when it is so, by its own word and not by what a bridge kept: what was a moment ago counts until the end is told.
    pub true_since: Option<Timestamp>,
    /// Since when it is not so, by its own word.
    pub false_since: Option<Timestamp>,
    /// Since when the level is true without an end in between.
    pub on_since: Option<Timestamp>,
    /// The same as far as it was said since the last time in which the word of an end may have been lost.
    pub sure_since: Option<Timestamp>,
    /// Whether it has ever said that its level had ended.
    pub says_off: bool,
    /// Whether it says its level unasked, with every report: then a report without it is one in which it is not known.
    pub rides_along: bool,
    /// Frames since it was said last; a few are enough.
    pub frames_without: u8,
}

/// Events that follow each other without a pause.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Run {
    since: Option<Timestamp>,
    hour: Option<(Timestamp, u16)>,
    /// Since when there is no pause at all: no person lives like this.
    pub chatters_since: Option<Timestamp>,
}

/// A level said again so long after it was said last is part of every report.
const UNASKED: Span = Span::minutes(15);

/// A radio that says only that something happened, and not its end, means the same by what it says within this.
const ONE_WARNING: Span = Span::minutes(10);

/// A danger that a detector has not said for so long is told anew: the word of its end may have been lost.
const SAID_AGAIN: Span = Span::hours(1);

/// What a meter counts within this is one use.
const ONE_USE: Span = Span::minutes(1);

impl Heard {
    /// Whether the observation is something that happened now.
    pub(super) fn is_event(&mut self, sensor: &Sensor, observation: &Observation) -> bool {
        if let Measure::Button(press) = &observation.measure {
            return observation.evidence == Evidence::Event
                && !self.is_in_burst(sensor, observation)
                && self.presses.is_new(press, observation.copy, observation.at);
        }
        if is_measured(sensor.kind) || !measures_its_kind(sensor.kind, &observation.measure) {
            return false;
        }
        self.take_occupancy(sensor, observation);
        if let Measure::Number(reads) = observation.measure {
            return self.has_gone_on(reads, observation);
        }
        let Some(on) = observation.measure.level() else { return false };
        match observation.evidence {
            Evidence::Event => {
                self.main.happened(on, observation.at);
                !self.is_in_burst(sensor, observation)
                    && match sensor.kind.press(&observation.measure) {
                        Some(press) => self.presses.is_new(&press, observation.copy, observation.at),
                        None => on || changes_count_both_ways(sensor.kind),
                    }
            }
            Evidence::Level => {
                let before = self.main.level;
                let ended = before
                    .is_some_and(|(was, since)| was && sensor.hold.is_some_and(|hold| observation.at - since > hold));
                let edge = before.map(|(was, _)| was) != Some(on);
                self.main.rides_along |= !edge && before.is_some_and(|(_, said)| observation.at - said >= UNASKED);
                if is_detector(sensor.kind) {
                    self.main.begin_anew_after(SAID_AGAIN, on, observation.at);
                }
                self.main.said(on, observation.at, edge || ended);
                (edge && (on || (changes_count_both_ways(sensor.kind) && before.is_some()))) || (on && ended)
            }
            Evidence::Cached => {
                // Kept state says where the level stands, so that saying it again later is no edge.
                self.main.level.get_or_insert((on, observation.at));
                false
            }
            Evidence::Ambiguous => false,
        }
    }

    /// Whether somebody used what a meter measures: it reads more than it did. A lower reading is another meter, or one
    /// that began anew, and nobody's doing.
    fn has_gone_on(&mut self, reads: f64, observation: &Observation) -> bool {
        let Some((before, used_at)) = self.meter else {
            self.meter = Some((reads, None));
            return false;
        };
        match observation.evidence {
            Evidence::Cached | Evidence::Ambiguous => return false,
            Evidence::Event | Evidence::Level => {}
        }
        let has_more = reads > before;
        // While water runs a meter says more every second: that is one use, which goes on.
        let is_new = has_more && used_at.is_none_or(|at| !(Span::zero()..ONE_USE).contains(&(observation.at - at)));
        self.meter = Some((reads, if is_new { Some(observation.at) } else { used_at }));
        is_new
    }

    /// A copy of an event that was counted: within the span in which its radio repeats one event, counted from the first, so
    /// that a button held down is heard again.
    fn is_in_burst(&mut self, sensor: &Sensor, observation: &Observation) -> bool {
        let Some(within) = sensor.burst else { return false };
        let repeats = self.burst.as_ref().is_some_and(|(measure, first)| {
            *measure == observation.measure && (Span::zero()..=within).contains(&(observation.at - *first))
        });
        if !repeats {
            self.burst = Some((observation.measure.clone(), observation.at));
        }
        repeats
    }

    fn take_occupancy(&mut self, sensor: &Sensor, observation: &Observation) {
        let is_live = matches!(observation.evidence, Evidence::Event | Evidence::Level);
        if let Some(occupied) = occupied(sensor.kind, &observation.measure).filter(|_| is_live) {
            let since = self.occupied.filter(|(was, _)| *was == occupied).map_or(observation.at, |(_, since)| since);
            self.occupied = Some((occupied, since));
        }
    }

    /// Takes note of everything that is no event: battery, cover, signal.
    pub(super) fn take_report(&mut self, sensor: &Sensor, observation: &Observation, settings: &Settings) {
        self.take_value(sensor, observation, settings);
        if let Some(battery) = Battery::after(self.battery.as_ref(), observation, &settings.low_battery) {
            self.battery = Some(battery);
        }
        self.take_availability(observation);
        if let Measure::Tamper(open) = observation.measure {
            self.tamper = Tamper::after(self.tamper, open, observation);
        }
        if let Measure::SignalPercent(percent) = observation.measure {
            self.signal.take(percent, observation, &settings.weak_signal);
        }
    }

    /// Takes note of what is measured, where that is judged.
    pub(super) fn take_value(&mut self, sensor: &Sensor, observation: &Observation, settings: &Settings) {
        if matches!(sensor.kind, SensorKind::Temperature | SensorKind::Vital)
            && let Some(judged) = settings.range.of(&sensor.id, sensor.kind)
        {
            self.value = Value::after(self.value, sensor.kind, observation, judged);
        }
    }

    /// The same of one that was written later than it came; what came after it stands.
    pub(super) fn recall_value(&mut self, sensor: &Sensor, observation: &Observation, settings: &Settings) {
        if self.value.is_none_or(|value| !value.is_newer_than(observation.at)) {
            self.take_value(sensor, observation, settings);
        }
    }

    fn take_availability(&mut self, observation: &Observation) {
        if let Measure::Availability(word) = observation.measure {
            let is_offline = matches!(word, Availability::Offline | Availability::Removed);
            self.offline_since = is_offline.then(|| self.offline_since.unwrap_or(observation.at));
        } else if proves_presence_of_device(&observation.measure, observation.evidence) {
            self.offline_since = None;
        }
    }

    /// Moves every remembered instant by `by`.
    pub(super) fn shift(&mut self, by: Span) {
        let burst = self.burst.as_mut().map(|(_, at)| at);
        let level = self.main.level.as_mut().map(|(_, at)| at);
        let hour = self.run.hour.as_mut().map(|(at, _)| at);
        let used = self.meter.as_mut().and_then(|(_, at)| at.as_mut());
        let plain = [
            &mut self.first_heard,
            &mut self.heard_at,
            &mut self.event_at,
            &mut self.life_at,
            &mut self.offline_since,
            &mut self.audible_since,
            &mut self.main.on_since,
            &mut self.main.sure_since,
            &mut self.main.true_since,
            &mut self.main.false_since,
            &mut self.run.since,
            &mut self.run.chatters_since,
        ];
        let plain = plain.into_iter().map(Option::as_mut);
        let occupied = self.occupied.as_mut().map(|(_, at)| at);
        for at in plain.chain([burst, level, hour, used, occupied]).flatten() {
            *at += by;
        }
        if let Some(battery) = &mut self.battery {
            battery.shift(by);
        }
        if let Some(tamper) = &mut self.tamper {
            tamper.shift(by);
        }
        if let Some(value) = &mut self.value {
            value.shift(by);
        }
        self.presses.shift(by);
        self.signal.shift(by);
        self.rhythm.shift(by);
        self.sights.shift(by);
    }
}

impl Main {
    /// That something happened says nothing about how long it lasts: the frame that ends it may have been lost.
    fn happened(&mut self, on: bool, at: Timestamp) {
        self.begin_anew_after(ONE_WARNING, on, at);
        self.said(on, at, false);
        (self.on_since, self.sure_since) = (None, None);
    }

    /// The end may have been lost, or is never said: what is said again after so long a pause has begun anew.
    fn begin_anew_after(&mut self, pause: Span, on: bool, at: Timestamp) {
        if on && self.level.is_some_and(|(was, said_at)| was && at - said_at >= pause) {
            self.true_since = None;
        }
    }

    fn said(&mut self, on: bool, at: Timestamp, anew: bool) {
        self.level = Some((on, at));
        self.frames_without = 0;
        self.says_off |= !on;
        self.true_since = on.then(|| self.true_since.unwrap_or(at));
        self.false_since = (!on).then(|| self.false_since.unwrap_or(at));
        for since in [&mut self.on_since, &mut self.sure_since] {
            let before = since.filter(|_| !anew);
            *since = on.then(|| before.unwrap_or(at));
        }
    }
}

impl Run {
    /// An event at `at`, `pause` after the one before; whether the sensor chatters from here on.
    pub(super) fn event(&mut self, at: Timestamp, pause: Option<Span>, kind: SensorKind, chatters_for: Span) -> bool {
        let pause = pause.unwrap_or(Span::MAX);
        if pause > PAUSE {
            self.since = None;
        }
        if pause > CALM {
            self.chatters_since = None;
        }
        let since = *self.since.get_or_insert(at);
        let (hour, count) = self.hour.filter(|(hour, _)| at - *hour < Span::hours(1)).unwrap_or((at, 0));
        self.hour = Some((hour, count.saturating_add(1)));
        if self.chatters_since.is_some() {
            return false;
        }
        if at - since >= chatters_for {
            self.chatters_since = Some(since);
        } else if is_moved_by_hand(kind) && count >= BY_HAND_PER_HOUR_MAX {
            self.chatters_since = Some(hour);
        }
        self.chatters_since.is_some()
    }

    /// It is as regular as a clock since then; whether that is news.
    pub(super) fn ticks(&mut self, since: Option<Timestamp>) -> bool {
        let is_news = self.chatters_since.is_none() && since.is_some();
        if is_news {
            self.chatters_since = since;
        }
        is_news
    }
}

/// Nobody is about for hours and hours without ever keeping still for so long.
const PAUSE: Span = Span::minutes(30);

/// A sensor that chattered is believed again after so long a pause.
pub(super) const CALM: Span = Span::hours(2);

/// Doors and drawers are moved by hand.
const BY_HAND_PER_HOUR_MAX: u16 = 120;
