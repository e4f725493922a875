//! The home that one gateway watches: its sensors and where they hang.

use crate::model::ids::{HomeId, RoomId, SensorId};
use crate::model::observation::{Measure, Press};
use crate::model::time::{Span, Zone};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A home as the installer described it.
#[derive(Debug, Clone, PartialEq)]
pub struct Home {
    /// Its pseudonym on the wire.
    pub id: HomeId,
    /// Short address that lets someone go there; at most 20 characters, never a name.
    pub place: String,
    /// The clock on its wall.
    pub zone: Zone,
    /// Every registered sensor by id.
    pub sensors: BTreeMap<SensorId, Sensor>,
}

/// A registered sensor.
#[derive(Debug, Clone, PartialEq)]
pub struct Sensor {
    /// Its name in the config.
    pub id: SensorId,
    /// Where it hangs; a pendant hangs nowhere.
    pub room: Option<RoomId>,
    /// What its readings mean.
    pub kind: SensorKind,
    /// What a press of a service button asks for.
    pub service: Option<Service>,
    /// A motion or presence level that long after its report has ended by itself; for sensors that never report the end.
    pub hold: Option<Span>,
    /// The longest silence that is usual for this sensor; beyond it `silent_sensor` speaks.
    pub silent_after: Option<Span>,
    /// Whether its silence can be told from its death: a radio that sends only when it sees something and never checks in is
    /// never "silent", only not seen.
    pub checks_in: bool,
    /// Its radio says each event several times over, no further apart than this: they are one event.
    pub burst: Option<Span>,
    /// Its bridge's word that it is offline is believed: a device on the mains. One that sleeps is called offline all day.
    pub offline_is_silent: bool,
    /// The source that carries it (an MQTT broker or a serial port by its name): when that is lost, the sensor is blind.
    pub source: String,
}

/// What a sensor is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // the names are the field's own
pub enum SensorKind {
    Motion,
    Presence,
    CallButton,
    ServiceButton,
    OkButton,
    AwayButton,
    OuterDoor,
    Door,
    Bed,
    Chair,
    Item,
    Smoke,
    Gas,
    Leak,
    Temperature,
    Vital,
    Mains,
}

impl SensorKind {
    /// All kinds, those first that people most often mean.
    pub const ALL: [SensorKind; 17] = {
        use SensorKind::*;
        [
            Motion,
            Presence,
            CallButton,
            ServiceButton,
            OuterDoor,
            Door,
            Item,
            Bed,
            Chair,
            Smoke,
            Gas,
            Leak,
            Temperature,
            Mains,
            OkButton,
            AwayButton,
            Vital,
        ]
    };

    /// Its word in a configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            SensorKind::Motion => "motion",
            SensorKind::Presence => "presence",
            SensorKind::CallButton => "call_button",
            SensorKind::ServiceButton => "service_button",
            SensorKind::OkButton => "ok_button",
            SensorKind::AwayButton => "away_button",
            SensorKind::OuterDoor => "outer_door",
            SensorKind::Door => "door",
            SensorKind::Bed => "bed",
            SensorKind::Chair => "chair",
            SensorKind::Item => "item",
            SensorKind::Smoke => "smoke",
            SensorKind::Gas => "gas",
            SensorKind::Leak => "leak",
            SensorKind::Temperature => "temperature",
            SensorKind::Vital => "vital",
            SensorKind::Mains => "mains",
        }
    }

    /// Whether its events prove that somebody is alive and about.
    pub fn shows_life(self) -> bool {
        use SensorKind::*;
        match self {
            Motion | Presence | CallButton | ServiceButton | OkButton | AwayButton | OuterDoor | Door | Bed | Chair
            | Item => true,
            Smoke | Gas | Leak | Temperature | Vital | Mains => false,
        }
    }

    /// Whether silence can be judged by it: a home with nothing but buttons is never "quiet".
    pub fn watches_for_life(self) -> bool {
        use SensorKind::*;
        match self {
            Motion | Presence | OuterDoor | Door | Bed | Chair | Item => true,
            CallButton | ServiceButton | OkButton | AwayButton | Smoke | Gas | Leak | Temperature | Vital | Mains => {
                false
            }
        }
    }
}

impl SensorKind {
    /// What such a sensor says of a press with this measure; a release is the end of one.
    ///
    /// A raw code, or a child of unknown kind, that was registered as a button says no more than "it is so": that is a press.
    pub fn press(self, measure: &Measure) -> Option<Press> {
        if let Measure::Button(press) = measure {
            return Some(press.clone());
        }
        let Measure::Alarm(on) = measure else { return None };
        self.is_button().then_some(if *on { Press::Single } else { Press::Release })
    }

    /// Whether it is there to be pressed.
    pub fn is_button(self) -> bool {
        use SensorKind::*;
        match self {
            CallButton | ServiceButton | OkButton | AwayButton => true,
            Motion | Presence | OuterDoor | Door | Bed | Chair | Item | Smoke | Gas | Leak | Temperature | Vital
            | Mains => false,
        }
    }
}

/// What a service button asks for: a request, never an emergency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // the names are the field's own
pub enum Service {
    Meal,
    Bath,
    Cleaning,
    Nursing,
    Repair,
    Other,
    /// No request: whoever presses it has come to help (the visitor's proof of arrival).
    Arrival,
}

impl Service {
    /// All services.
    pub const ALL: [Service; 7] = {
        use Service::*;
        [Meal, Bath, Cleaning, Nursing, Repair, Other, Arrival]
    };

    /// Its word in a configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Service::Meal => "meal",
            Service::Bath => "bath",
            Service::Cleaning => "cleaning",
            Service::Nursing => "nursing",
            Service::Repair => "repair",
            Service::Other => "other",
            Service::Arrival => "arrival",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_hold_every_kind_and_service_by_its_word_in_a_configuration() {
        fn known<T: serde::de::DeserializeOwned + std::fmt::Debug>() -> Vec<String> {
            let refused = serde_json::from_value::<T>("?".into()).unwrap_err().to_string();
            let mut words: Vec<String> = refused.split('`').skip(3).step_by(2).map(str::to_owned).collect();
            words.sort();
            words
        }
        let mut kinds = SensorKind::ALL.map(|kind| kind.as_str().to_owned());
        kinds.sort();
        assert_eq!(known::<SensorKind>(), kinds);
        let mut services = Service::ALL.map(|service| service.as_str().to_owned());
        services.sort();
        assert_eq!(known::<Service>(), services);
    }

    #[test]
    fn an_alarm_is_a_press_where_it_was_registered_as_a_button_and_nowhere_else() {
        use SensorKind::*;
        for kind in [CallButton, ServiceButton, OkButton, AwayButton] {
            assert_eq!(kind.press(&Measure::Alarm(true)), Some(Press::Single));
            assert_eq!(kind.press(&Measure::Alarm(false)), Some(Press::Release));
            assert_eq!(kind.press(&Measure::Motion(true)), None);
        }
        for kind in [Motion, OuterDoor, Item, Smoke, Leak] {
            assert_eq!(kind.press(&Measure::Alarm(true)), None);
        }
        assert_eq!(Motion.press(&Measure::Button(Press::Sos)), Some(Press::Sos), "a button is one wherever it hangs");
    }
}
