//! Lets in what a sensor can honestly have to say, and counts the rest: one that chatters delays no other.
//!
//! Token buckets per sensor and per source. Calls (presses, smoke, gas, water) have one of their own and are behind
//! nothing else, not even behind the same device's battery reports. What is refused is counted, and told when it is a
//! flood; a sensor that floods is alive, but its word about a person is not believed before it has calmed down.

use crate::model::flood::{Flood, Flooder};
use crate::model::home::SensorKind;
use crate::model::ids::SensorId;
use crate::model::observation::Measure;
use crate::model::time::Span;
use std::collections::BTreeMap;

/// Who may say how much.
#[derive(Debug, Default)]
pub struct Admission {
    sensors: BTreeMap<SensorId, OfSensor>,
    sources: BTreeMap<String, OfSource>,
}

/// What becomes of a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admitted {
    /// It is heard.
    Yes,
    /// It is heard, but its sensor floods: it proves nothing about a person.
    Doubtful,
    /// It is left out.
    No,
}

#[derive(Debug, Default)]
struct OfSensor {
    calls: Bucket,
    changes: Bucket,
    repeats: Bucket,
    meter: Meter,
    floods: bool,
    refused: u64,
}

#[derive(Debug, Default)]
struct OfSource {
    sensors: Bucket,
    strangers: Bucket,
    meter: Meter,
    refused: u64,
}

/// How many at once, and how many a second after that.
struct Allowance {
    burst: f64,
    per_second: f64,
}

/// Somebody who presses in fear presses often; each press is shown.
const CALLS: Allowance = Allowance { burst: 100.0, per_second: 20.0 };

/// More than one change a second for a minute tells nothing new about a person.
const CHANGES: Allowance = Allowance { burst: 60.0, per_second: 1.0 };

/// A radar says its state ten times a second, in four values; it costs nothing, and more than that is no radar.
const REPEATS: Allowance = Allowance { burst: 600.0, per_second: 50.0 };

/// All sensors of one source together: sixty of them, each at the end of its patience.
const SOURCE: Allowance = Allowance { burst: 1200.0, per_second: 60.0 };

/// What nobody registered, and frames that cannot be understood: the radio of a block of flats hears its neighbours.
const STRANGERS: Allowance = Allowance { burst: 600.0, per_second: 20.0 };

impl Admission {
    /// Whether a reading of `sensor` that changes something may be heard now; `since_boot` never runs backwards.
    pub fn admits(
        &mut self,
        sensor: &SensorId,
        kind: SensorKind,
        source: &str,
        measure: &Measure,
        since_boot: Span,
    ) -> Admitted {
        let own = entry(&mut self.sensors, sensor);
        own.meter.count();
        if is_call(kind, measure) {
            return own.judge(|own| own.calls.takes(&CALLS, since_boot));
        }
        let calm = own.changes.is_full_again(&CHANGES, since_boot);
        own.floods &= !calm;
        if !own.changes.takes(&CHANGES, since_boot) {
            own.floods = true;
            return own.refuse();
        }
        let common = entry(&mut self.sources, source);
        common.meter.count();
        if !common.sensors.takes(&SOURCE, since_boot) {
            common.refuse();
            return own.refuse();
        }
        if own.floods { Admitted::Doubtful } else { Admitted::Yes }
    }

    /// A reading of `sensor` that says again what it said a moment ago: counted, and nothing else.
    pub fn repeats(&mut self, sensor: &SensorId, since_boot: Span) {
        let own = entry(&mut self.sensors, sensor);
        own.meter.count();
        own.judge(|own| own.repeats.takes(&REPEATS, since_boot));
    }

    /// Something that nobody registered, or that cannot be understood, came from `source`.
    pub fn stranger(&mut self, source: &str, since_boot: Span) {
        let common = entry(&mut self.sources, source);
        common.meter.count();
        if !common.strangers.takes(&STRANGERS, since_boot) {
            common.refuse();
        }
    }

    /// Floods to be told now: each once when it is noticed, then about once a minute.
    pub fn floods(&mut self, since_boot: Span) -> Vec<Flood> {
        let sensors = self.sensors.iter_mut().map(|(id, own)| (Flooder::Sensor(id.clone()), &mut own.meter));
        let sources = self.sources.iter_mut().map(|(name, common)| (Flooder::Source(name.clone()), &mut common.meter));
        let meters = sensors.chain(sources);
        meters.filter_map(|(who, meter)| Some(Flood { per_second: meter.look(since_boot)?, who })).collect()
    }

    /// Messages of this sensor refused so far.
    pub fn refused_of(&self, sensor: &SensorId) -> u64 {
        self.sensors.get(sensor).map_or(0, |own| own.refused)
    }

    /// Messages from this source refused so far that are no single sensor's.
    pub fn refused_from(&self, source: &str) -> u64 {
        self.sources.get(source).map_or(0, |common| common.refused)
    }
}

impl OfSensor {
    fn judge(&mut self, takes: impl FnOnce(&mut OfSensor) -> bool) -> Admitted {
        if takes(self) { Admitted::Yes } else { self.refuse() }
    }

    fn refuse(&mut self) -> Admitted {
        self.refused += 1;
        self.meter.refused += 1;
        Admitted::No
    }
}

impl OfSource {
    fn refuse(&mut self) {
        self.refused += 1;
        self.meter.refused += 1;
    }
}

/// A call is a call whatever else its device says.
fn is_call(kind: SensorKind, measure: &Measure) -> bool {
    use SensorKind as K;
    if kind.press(measure).is_some() {
        return true;
    }
    match measure {
        Measure::Button(_) | Measure::Smoke(_) | Measure::Gas(_) | Measure::Leak(_) => true,
        Measure::Alarm(_) => matches!(kind, K::Smoke | K::Gas | K::Leak),
        Measure::Motion(_)
        | Measure::Presence(_)
        | Measure::Contact(_)
        | Measure::Tamper(_)
        | Measure::Vibration(_)
        | Measure::Switch(_)
        | Measure::Mains(_)
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

/// Looked up before it is made: most are known, and a key is a text.
fn entry<'a, K: Ord + ToOwned<Owned = O> + ?Sized, O: Ord + std::borrow::Borrow<K>, V: Default>(
    of: &'a mut BTreeMap<O, V>,
    key: &K,
) -> &'a mut V {
    if !of.contains_key(key) {
        of.insert(key.to_owned(), V::default());
    }
    of.get_mut(key).expect("it was made above")
}

/// Tokens come back with time; what has none is refused.
#[derive(Debug, Default)]
struct Bucket {
    /// Tokens that are gone, at `at`.
    used: f64,
    at: Span,
}

impl Bucket {
    fn takes(&mut self, allowance: &Allowance, since_boot: Span) -> bool {
        self.fill(allowance, since_boot);
        let has_one = self.used + 1.0 <= allowance.burst;
        if has_one {
            self.used += 1.0;
        }
        has_one
    }

    fn is_full_again(&mut self, allowance: &Allowance, since_boot: Span) -> bool {
        self.fill(allowance, since_boot);
        self.used <= 0.0
    }

    fn fill(&mut self, allowance: &Allowance, since_boot: Span) {
        let passed_secs = (since_boot - self.at).num_milliseconds().max(0) as f64 / 1000.0;
        self.used = (self.used - passed_secs * allowance.per_second).max(0.0);
        self.at = since_boot;
    }
}

/// Counts what came and what was refused since the last look.
#[derive(Debug, Default)]
struct Meter {
    came: u64,
    refused: u64,
    since: Option<Span>,
    told_at: Option<Span>,
}

impl Meter {
    fn count(&mut self) {
        self.came += 1;
    }

    /// Messages a second, where a flood is to be told now. Looked at once a second.
    fn look(&mut self, since_boot: Span) -> Option<u32> {
        if self.refused == 0 {
            (self.came, self.since) = (0, Some(since_boot));
            return None;
        }
        let since = *self.since.get_or_insert(since_boot);
        let lasted = since_boot - since;
        let was_told = self.told_at.is_some_and(|at| since_boot - at < FLOOD_TOLD_EVERY);
        if self.refused >= TOLD_FROM && lasted >= MEASURED_FOR && !was_told {
            let per_second = self.came as f64 / (lasted.num_milliseconds() as f64 / 1000.0);
            *self = Meter { told_at: Some(since_boot), since: Some(since_boot), ..Meter::default() };
            return Some(per_second.round() as u32);
        }
        if lasted > FLOOD_TOLD_EVERY + MEASURED_FOR {
            // So few in so long a time: no flood.
            *self = Meter { told_at: self.told_at, since: Some(since_boot), ..Meter::default() };
        }
        None
    }
}

/// While a flood lasts it is told again after this.
const FLOOD_TOLD_EVERY: Span = Span::minutes(1);

/// How long the rate is measured before a flood is told.
const MEASURED_FOR: Span = Span::seconds(5);

/// As many as a burst may have: fewer too many within a minute are no flood.
const TOLD_FROM: u64 = 60;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::observation::Press;

    const BATTERY: Measure = Measure::BatteryPercent(80.0);

    fn at(millis: i64) -> Span {
        Span::milliseconds(millis)
    }

    fn said(admission: &mut Admission, sensor: &str, measure: &Measure, millis: i64) -> Admitted {
        let kind = if sensor == "hall" { SensorKind::Motion } else { SensorKind::CallButton };
        admission.admits(&sensor.parse().unwrap(), kind, "mqtt/zigbee2mqtt", measure, at(millis))
    }

    #[test]
    fn a_chattering_sensor_is_held_back_and_a_button_is_not_even_if_it_chatters_itself() {
        let mut admission = Admission::default();
        let press = Measure::Button(Press::Single);
        for sensor in ["hall", "pendant"] {
            let let_in =
                (0..100_000).filter(|n| said(&mut admission, sensor, &BATTERY, n / 10) != Admitted::No).count();
            assert!((60..=71).contains(&let_in), "10,000 a second for 10 s: {let_in} were let in");
            assert_eq!(admission.refused_of(&sensor.parse().unwrap()), 100_000 - let_in as u64);
        }
        let pressed = (0..100).filter(|_| said(&mut admission, "pendant", &press, 10_000) == Admitted::Yes).count();
        assert_eq!(pressed, 100, "each press is shown");
        assert_ne!(
            said(&mut admission, "hall", &Measure::Motion(true), 20_000),
            Admitted::No,
            "quiet again, heard again"
        );
    }

    #[test]
    fn a_raw_code_that_is_a_button_is_a_call_like_any_press() {
        let mut admission = Admission::default();
        (0..1_000).for_each(|n| _ = said(&mut admission, "pendant", &BATTERY, n));
        for press in [Measure::Alarm(true), Measure::Alarm(false)] {
            assert_eq!(said(&mut admission, "pendant", &press, 1_000), Admitted::Yes);
        }
        (0..1_000).for_each(|n| _ = said(&mut admission, "hall", &Measure::Alarm(true), 1_000 + n));
        assert_eq!(said(&mut admission, "hall", &Measure::Alarm(true), 2_000), Admitted::No, "what moves is no call");
    }

    #[test]
    fn while_a_sensor_floods_its_motion_proves_nothing_about_a_person() {
        let mut admission = Admission::default();
        let motion = Measure::Motion(true);
        assert_eq!(said(&mut admission, "hall", &motion, 0), Admitted::Yes);
        let heard: Vec<_> = (0..60_000).map(|n| said(&mut admission, "hall", &motion, n / 2)).collect();
        assert!(heard[1_000..].iter().all(|admitted| *admitted != Admitted::Yes));
        assert!(heard[1_000..].contains(&Admitted::Doubtful), "it is alive");
        assert_eq!(said(&mut admission, "hall", &motion, 60_000), Admitted::Doubtful, "half a minute is not calm yet");
        assert_eq!(said(&mut admission, "hall", &motion, 91_500), Admitted::Yes, "it has calmed down");
    }

    #[test]
    fn all_sensors_of_a_source_together_cannot_flood_and_their_calls_pass() {
        let mut admission = Admission::default();
        let mut heard = 0;
        for n in 0..100_000 {
            let sensor = format!("s{}", n % 1_000).parse().unwrap();
            let admitted = admission.admits(&sensor, SensorKind::Motion, "mqtt/zigbee2mqtt", &BATTERY, at(n / 10));
            heard += i64::from(admitted != Admitted::No);
        }
        assert!((1_200..=1_900).contains(&heard), "{heard} of 10,000 a second for 10 s");
        assert_eq!(said(&mut admission, "pendant", &Measure::Button(Press::Sos), 10_000), Admitted::Yes);
        let told = |admission: &mut Admission| -> Vec<Flooder> {
            let mut told: Vec<_> = admission.floods(at(10_000)).into_iter().collect();
            told.extend(admission.floods(at(15_000)));
            told.into_iter().map(|flood| flood.who).filter(|who| matches!(who, Flooder::Source(_))).collect()
        };
        assert_eq!(told(&mut admission), [Flooder::Source("mqtt/zigbee2mqtt".into())]);
    }

    #[test]
    fn a_flood_is_told_with_its_rate_then_once_a_minute_and_a_hiccup_is_not() {
        let mut admission = Admission::default();
        let mut told = Vec::new();
        for second in 0..180 {
            for nth in 0..1_000 {
                said(&mut admission, "hall", &Measure::Motion(true), second * 1_000 + nth);
            }
            told.extend(admission.floods(at((second + 1) * 1_000)).into_iter().map(|flood| (second, flood.per_second)));
        }
        assert!((3..=4).contains(&told.len()), "{told:?}");
        assert!(told.iter().all(|(_, rate)| (900..=1_300).contains(rate)), "{told:?}");
        let mut admission = Admission::default();
        let refused = (0..100).filter(|_| said(&mut admission, "hall", &BATTERY, 0) == Admitted::No).count();
        assert_eq!(refused, 40);
        assert!((1..180).all(|second| admission.floods(at(second * 1_000)).is_empty()), "40 too many, once");
    }

    #[test]
    fn a_radar_that_says_its_state_ten_times_a_second_floods_nobody() {
        let mut admission = Admission::default();
        for millis in 0..600_000 {
            if millis % 25 == 0 {
                admission.repeats(&"radar".parse().unwrap(), at(millis));
            }
        }
        assert_eq!(admission.refused_of(&"radar".parse().unwrap()), 0);
        assert_eq!(admission.floods(at(700_000)), []);
    }

    #[test]
    fn strangers_and_noise_are_counted_by_source() {
        let mut admission = Admission::default();
        (0..50_000).for_each(|n| admission.stranger("radio", at(n / 5)));
        assert!(admission.refused_from("radio") > 40_000);
        admission.floods(at(10_000));
        assert_eq!(admission.floods(at(15_000)).len(), 1);
    }
}
