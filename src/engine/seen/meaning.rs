//! What the changes of a kind of sensor mean.

use crate::model::home::SensorKind;
use crate::model::observation::Measure;

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
