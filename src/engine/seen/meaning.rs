//! What the changes of a kind of sensor mean.

use crate::model::home::SensorKind;

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
