//! What a kind of sensor is there for: which measure is its main one, which is of any use, what proves that it is there.
//!
//! The engine, the walk through a new home and the configuration all ask here, so that what counts in one counts in all.

use crate::model::home::SensorKind;
use crate::model::observation::{Availability, Evidence, Measure};

/// A bridge's word about a device, or kept state, proves nothing about the device now.
pub fn proves_presence_of_device(measure: &Measure, evidence: Evidence) -> bool {
    let word_of_bridge = matches!(
        measure,
        Measure::Availability(Availability::Offline | Availability::Removed | Availability::Online)
            | Measure::Bridge(_)
    );
    !word_of_bridge && evidence != Evidence::Cached
}

/// Whether this measure is what a sensor of this kind is there for: a door contact's temperature is no door.
///
/// `Alarm` says no more than that something is so; what, the registered kind says.
pub fn measures_its_kind(kind: SensorKind, measure: &Measure) -> bool {
    use SensorKind as K;
    match measure {
        Measure::Button(press) => {
            press.is_press() && matches!(kind, K::CallButton | K::ServiceButton | K::OkButton | K::AwayButton)
        }
        Measure::Motion(_) | Measure::Presence(_) => matches!(kind, K::Motion | K::Presence | K::Bed | K::Chair),
        Measure::Contact(_) => matches!(kind, K::OuterDoor | K::Door | K::Item | K::Bed | K::Chair),
        Measure::Switch(_) | Measure::Vibration(_) => matches!(kind, K::Item | K::Bed | K::Chair),
        Measure::Alarm(_) => kind.shows_life() || matches!(kind, K::Smoke | K::Gas | K::Leak),
        Measure::Leak(_) => kind == K::Leak,
        Measure::Smoke(_) => kind == K::Smoke,
        Measure::Gas(_) => kind == K::Gas,
        Measure::Mains(_) => kind == K::Mains,
        Measure::TemperatureCelsius(_) | Measure::HumidityPercent(_) => kind == K::Temperature,
        // A meter: water ran, a kettle was on; or what is measured of a body.
        Measure::Number(_) => matches!(kind, K::Item | K::Vital),
        Measure::Tamper(_)
        | Measure::BatteryPercent(_)
        | Measure::BatteryLow(_)
        | Measure::SupplyVolts(_)
        | Measure::IlluminanceLux(_)
        | Measure::Dark(_)
        | Measure::SignalPercent(_)
        | Measure::Alive
        | Measure::Availability(_)
        | Measure::Bridge(_)
        | Measure::Note { .. } => false,
    }
}

/// Kinds that have no events: a good value is all they can show.
pub fn is_measured(kind: SensorKind) -> bool {
    matches!(kind, SensorKind::Temperature | SensorKind::Vital)
}

/// Whether a sensor of this kind can do anything with this measure.
pub fn serves(kind: SensorKind, measure: &Measure) -> bool {
    // What is measured of a body is kept for people to look at, whatever it is; any press is a sign of life.
    kind == SensorKind::Vital
        || (kind.shows_life() && matches!(measure, Measure::Button(_)))
        || measures_its_kind(kind, measure)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::observation::Press;

    #[test]
    fn a_number_is_a_meter_or_of_a_body_and_an_alarm_is_whatever_was_registered() {
        use SensorKind as K;
        let kinds = |measure: Measure| -> Vec<K> {
            K::ALL.into_iter().filter(|kind| measures_its_kind(*kind, &measure)).collect()
        };
        assert_eq!(kinds(Measure::Number(3.0)), [K::Item, K::Vital]);
        assert_eq!(kinds(Measure::TemperatureCelsius(21.0)), [K::Temperature]);
        assert_eq!(kinds(Measure::Button(Press::Release)), []);
        let not_by_alarm: Vec<K> =
            K::ALL.into_iter().filter(|kind| !measures_its_kind(*kind, &Measure::Alarm(true))).collect();
        assert_eq!(not_by_alarm, [K::Temperature, K::Mains, K::Vital]);
    }

    #[test]
    fn what_a_sensor_is_there_for_serves_it() {
        for measure in [Measure::Motion(true), Measure::Number(1.0), Measure::Button(Press::Sos), Measure::Alarm(true)]
        {
            for kind in SensorKind::ALL {
                assert!(serves(kind, &measure) || !measures_its_kind(kind, &measure), "{kind:?} {measure:?}");
            }
        }
        assert!(serves(SensorKind::Motion, &Measure::Button(Press::Single)), "a sign of life");
        assert!(!serves(SensorKind::Smoke, &Measure::Button(Press::Single)));
    }

    #[test]
    fn neither_a_bridge_nor_a_broker_can_vouch_for_a_device() {
        assert!(proves_presence_of_device(&Measure::Alive, Evidence::Level));
        assert!(!proves_presence_of_device(&Measure::Alive, Evidence::Cached));
        assert!(!proves_presence_of_device(&Measure::Availability(Availability::Online), Evidence::Event));
    }
}
