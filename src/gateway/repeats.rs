//! Which readings say nothing that was not written a moment ago: a battery at 87 % and a signal that trembles with every
//! movement are not written each time, because every row wears the card.
//!
//! Never leaves out an event; the engine hears everything all the same.

use crate::gateway::levels::is_near;
use crate::model::home::{Sensor, SensorKind};
use crate::model::ids::SensorId;
use crate::model::observation::{Evidence, Measure, Observation};
use crate::model::time::Span;
use std::collections::BTreeMap;

/// A sensor of which nothing new can be written is written again after this: a restart must know that it was heard lately.
const HEARD_AGAIN_AFTER: Span = Span::minutes(10);

/// A value that trembles about one place is written again after this.
const WRITTEN_AGAIN_AFTER: Span = Span::hours(6);

/// A danger or a presence that goes on is written again after this at the latest: after a restart, what was last said
/// hours ago would otherwise seem to have ended.
const GOES_ON: Span = Span::minutes(15);

/// What was written last, by sensor and kind of measure.
#[derive(Debug, Default)]
pub struct Repeats {
    written: BTreeMap<SensorId, OfSensor>,
}

#[derive(Debug, Default)]
struct OfSensor {
    any_at: Option<Span>,
    last: Vec<(Measure, Span)>,
}

impl Repeats {
    /// Whether this need not be written; if it must, it counts as written from now on. `sensor` as the home has it.
    pub fn is_repeat(&mut self, since_boot: Span, sensor: &Sensor, observation: &Observation) -> bool {
        let of_sensor = self.written.entry(observation.sensor.clone()).or_default();
        let age = |at: Span| since_boot - at;
        let again_after = sensor.silent_after.map_or(HEARD_AGAIN_AFTER, |silent| HEARD_AGAIN_AFTER.min(silent / 4));
        let was_heard = of_sensor.any_at.is_some_and(|at| age(at) < again_after);
        let kind = observation.measure.kind();
        let last = of_sensor.last.iter_mut().find(|(measure, _)| measure.kind() == kind);
        let is_event = observation.evidence == Evidence::Event || matches!(observation.measure, Measure::Button(_));
        let repeats = last.as_ref().is_some_and(|(measure, at)| {
            !is_event
                && was_heard
                && is_near(sensor, measure, &observation.measure)
                && age(*at) < written_again_after(sensor, measure)
        });
        if repeats {
            return true;
        }
        of_sensor.any_at = Some(since_boot);
        match last {
            // What follows an event is compared with the event.
            Some(last) => *last = (observation.measure.clone(), since_boot),
            None => of_sensor.last.push((observation.measure.clone(), since_boot)),
        }
        false
    }
}

/// A state that ends by itself is refreshed while it is said: restored from the history it must not seem to have ended.
fn written_again_after(sensor: &Sensor, measure: &Measure) -> Span {
    use SensorKind as K;
    let goes_on = matches!(sensor.kind, K::Presence | K::Smoke | K::Gas | K::Leak).then_some(GOES_ON);
    let hold = sensor.hold.or(goes_on).filter(|_| measure.level() == Some(true));
    hold.map_or(WRITTEN_AGAIN_AFTER, |hold| WRITTEN_AGAIN_AFTER.min(hold / 2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::observation::Press;
    use crate::model::time::from_millis;

    fn sensor(hold: Option<Span>) -> Sensor {
        let (service, room, silent_after, checks_in, burst, offline_is_silent) = (None, None, None, true, None, false);
        let (id, kind) = ("hall".parse().unwrap(), SensorKind::Motion);
        let source = "mqtt/zigbee2mqtt".into();
        Sensor { id, room, kind, service, hold, silent_after, checks_in, burst, offline_is_silent, source }
    }

    fn said(measure: Measure, evidence: Evidence) -> Observation {
        Observation { at: from_millis(0), sensor: "hall".parse().unwrap(), measure, evidence, copy: false }
    }

    #[test]
    fn an_unchanged_state_is_written_once_in_ten_minutes_and_a_press_always() {
        let (mut repeats, sensor) = (Repeats::default(), sensor(None));
        let mut is_repeat =
            |minute, measure, evidence| repeats.is_repeat(Span::minutes(minute), &sensor, &said(measure, evidence));
        let battery = |percent| Measure::BatteryPercent(percent);
        assert!(!is_repeat(0, battery(87.0), Evidence::Level));
        assert!(!is_repeat(0, Measure::Motion(false), Evidence::Level));
        assert!(is_repeat(1, battery(87.0), Evidence::Level));
        assert!(!is_repeat(2, battery(86.0), Evidence::Level));
        assert!(!is_repeat(12, battery(86.0), Evidence::Level), "heard again after ten minutes");
        assert!(is_repeat(12, Measure::Motion(false), Evidence::Level), "one row says that it is heard");
        assert!(!is_repeat(12, Measure::Motion(true), Evidence::Level));
        assert!(!is_repeat(12, Measure::Motion(false), Evidence::Level), "a level that went and came back is written");
        let press = || Measure::Button(Press::Sos);
        assert!(!is_repeat(13, press(), Evidence::Event) && !is_repeat(13, press(), Evidence::Event));
    }

    /// A day of a Zigbee motion sensor: 250 movements, each a message with five values of which three tremble.
    #[test]
    fn a_movement_writes_its_edges_and_not_what_trembles_beside_it() {
        let (mut repeats, sensor) = (Repeats::default(), sensor(None));
        let mut rows = 0;
        for message in 0..500_i64 {
            let tremble = |by: i64| (message * 7 % by) as f64;
            let measures = [
                Measure::Motion(message % 2 == 0),
                Measure::BatteryPercent(87.0),
                Measure::SignalPercent(50.0 + tremble(15)),
                Measure::TemperatureCelsius(21.0 + tremble(5) / 10.0),
                Measure::IlluminanceLux(100.0 + tremble(12)),
            ];
            let now = Span::seconds(message * 172);
            let written =
                measures.into_iter().filter(|m| !repeats.is_repeat(now, &sensor, &said(m.clone(), Evidence::Level)));
            rows += written.count();
        }
        assert!((500..520).contains(&rows), "{rows} rows for 500 messages");
    }

    #[test]
    fn what_holds_is_refreshed_so_that_a_restart_does_not_take_it_for_ended() {
        let (mut repeats, sensor) = (Repeats::default(), sensor(Some(Span::seconds(90))));
        let mut written = |second: i64, on| {
            !repeats.is_repeat(Span::seconds(second), &sensor, &said(Measure::Motion(on), Evidence::Level))
        };
        let held = (0..600).filter(|second| written(*second, true)).count();
        assert!((13..=14).contains(&held), "{held}");
        assert_eq!((600..1_200).filter(|second| written(*second, false)).count(), 1);
    }
}
