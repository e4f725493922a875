//! Which measure is the main one of which kind of sensor, and what its changes mean.

use crate::model::home::SensorKind;
use crate::model::observation::{Availability, Evidence, Measure, Observation};

/// A bridge's word about a device, or kept state, proves nothing about the device now.
pub(super) fn proves_presence_of_device(observation: &Observation) -> bool {
    let word_of_bridge = matches!(
        observation.measure,
        Measure::Availability(Availability::Offline | Availability::Removed | Availability::Online)
            | Measure::Bridge(_)
    );
    !word_of_bridge && observation.evidence != Evidence::Cached
}

/// Whether this measure is what a sensor of this kind is there for: a door contact's temperature is no door.
///
/// `Alarm` says no more than that something is so; what, the registered kind says.
pub(super) fn measures_its_kind(kind: SensorKind, measure: &Measure) -> bool {
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
        // A meter: water ran, a kettle was on. Of any other kind of sensor a number says nothing.
        Measure::Number(_) => kind == K::Item,
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
        | Measure::Note { .. } => false,
    }
}

/// Whether a sensor of this kind can do anything with this measure.
pub fn serves(kind: SensorKind, measure: &Measure) -> bool {
    let is_climate = matches!(measure, Measure::TemperatureCelsius(_) | Measure::HumidityPercent(_));
    // What is measured of a body is kept for people to look at, whatever it is.
    kind == SensorKind::Vital
        || (kind == SensorKind::Temperature && is_climate)
        || (kind.shows_life() && matches!(measure, Measure::Button(_)))
        || measures_its_kind(kind, measure)
}

/// A door that closes was moved by somebody; a motion sensor that ends its hold was not.
pub(super) fn changes_count_both_ways(kind: SensorKind) -> bool {
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

/// Something that is opened and shut by hand: a hundred times an hour it is not.
pub(super) fn is_moved_by_hand(kind: SensorKind) -> bool {
    matches!(kind, SensorKind::OuterDoor | SensorKind::Door | SensorKind::Item)
}

/// Whether a bed or chair is occupied, where its sensor says so. A mat closes a contact; movement in a bed ends when somebody
/// sleeps, not when they get up.
pub(super) fn occupied(kind: SensorKind, measure: &Measure) -> Option<bool> {
    if !matches!(kind, SensorKind::Bed | SensorKind::Chair) {
        return None;
    }
    match *measure {
        Measure::Presence(on) | Measure::Switch(on) | Measure::Alarm(on) => Some(on),
        Measure::Contact(open) => Some(!open),
        Measure::Motion(_)
        | Measure::Vibration(_)
        | Measure::Button(_)
        | Measure::Leak(_)
        | Measure::Smoke(_)
        | Measure::Gas(_)
        | Measure::Tamper(_)
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
        | Measure::Note { .. } => None,
    }
}

/// Whether it warns of a danger.
pub(super) fn is_detector(kind: SensorKind) -> bool {
    matches!(kind, SensorKind::Smoke | SensorKind::Gas | SensorKind::Leak)
}
