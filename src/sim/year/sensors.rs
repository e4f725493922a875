//! What hangs in a made-up home, and how it speaks: reports, blind times, holds, check-ins, and the ways in which it breaks.

use super::characters::Kit;
use super::life::{Room, minutes};
use crate::model::home::{Home, Sensor, SensorKind};
use crate::model::observation::{Evidence, Measure, Press};
use crate::model::time::{Span, Timestamp, Zone};
use crate::sim::chance::Chance;

/// Zigbee, through a bridge and a broker.
pub const ZIGBEE: &str = "zigbee";

/// A radio dongle of its own.
pub const RADIO: &str = "radio";

/// Something that a sensor can feel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touch {
    /// Somebody moves in this room.
    Moves(Room),
    /// The front door opens (`true`) or closes.
    Door(bool),
    /// Somebody lies down (`true`) or gets up.
    Bed(bool),
    /// The refrigerator opens (`true`) or closes.
    Fridge(bool),
    /// The pendant is pressed.
    Press,
}

/// How a sensor is built.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Build {
    /// Says that it sees somebody, and a while after the last movement that it does not.
    ZigbeeMotion {
        hold: Span,
    },
    /// Says that it saw somebody, then sees nothing for a while; never says the end.
    RadioMotion {
        blind: Span,
    },
    /// Open or closed, lain upon or not.
    TwoStates,
    Thermometer,
    Pendant,
}

/// What is wrong with a sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Defect {
    /// It says nothing any more.
    Dead,
    /// It checks in and sees nobody.
    SeesNobody,
    /// It sees somebody again and again.
    Chatters,
}

/// A sensor on its wall.
pub struct Device {
    /// As the home knows it.
    pub sensor: Sensor,
    /// What is wrong with it.
    pub defect: Option<Defect>,
    build: Build,
    room: Option<Room>,
    on: bool,
    /// A Zigbee sensor holds so long, a radio one is blind so long.
    until: Option<Timestamp>,
    battery: f64,
}

/// Something that a sensor says.
pub type Said = (Measure, Evidence);

impl Device {
    fn new(name: &str, room: Option<Room>, kind: SensorKind, build: Build) -> Device {
        let on_radio = matches!(build, Build::RadioMotion { .. } | Build::Pendant);
        let hold = match build {
            Build::RadioMotion { blind } => Some(blind),
            Build::ZigbeeMotion { .. } | Build::TwoStates | Build::Thermometer | Build::Pendant => None,
        };
        let sensor = Sensor {
            id: name.parse().expect("a legal id"),
            room: room.map(|room| room.as_str().parse().expect("a legal id")),
            kind,
            service: None,
            hold,
            silent_after: None,
            checks_in: true,
            burst: None,
            offline_is_silent: false,
            source: if on_radio { RADIO } else { ZIGBEE }.to_owned(),
        };
        Device { sensor, defect: None, build, room, on: false, until: None, battery: 100.0 }
    }

    /// Whether it could show life now, were its source heard.
    pub fn could_show_life(&self) -> bool {
        self.sensor.kind.watches_for_life() && self.defect.is_none()
    }

    /// Whether this touch is within its field, broken or not.
    pub fn is_touched_by(&self, touch: Touch) -> bool {
        match touch {
            Touch::Moves(room) => self.sensor.kind == SensorKind::Motion && self.room == Some(room),
            Touch::Door(_) => self.sensor.kind == SensorKind::OuterDoor,
            Touch::Bed(_) => self.sensor.kind == SensorKind::Bed,
            Touch::Fridge(_) => self.sensor.kind == SensorKind::Item,
            Touch::Press => self.sensor.kind == SensorKind::CallButton,
        }
    }

    /// Feels a touch within its field; when to look whether it has ended comes beside.
    pub fn feel(&mut self, now: Timestamp, touch: Touch) -> (Option<Said>, Option<Timestamp>) {
        match (self.build, touch) {
            (Build::ZigbeeMotion { hold }, _) => {
                let ends = now + hold;
                let was_on = std::mem::replace(&mut self.on, true);
                self.until = Some(ends);
                if was_on { (None, None) } else { (Some((Measure::Motion(true), Evidence::Level)), Some(ends)) }
            }
            (Build::RadioMotion { blind }, _) => {
                if self.until.is_some_and(|until| now < until) {
                    return (None, None);
                }
                self.until = Some(now + blind);
                (Some((Measure::Motion(true), Evidence::Event)), None)
            }
            (Build::TwoStates, Touch::Door(on) | Touch::Bed(on) | Touch::Fridge(on)) => {
                let changed = std::mem::replace(&mut self.on, on) != on;
                (changed.then(|| self.state()), None)
            }
            (Build::Pendant, Touch::Press) => (Some((Measure::Button(Press::Single), Evidence::Event)), None),
            (Build::TwoStates | Build::Pendant | Build::Thermometer, _) => (None, None),
        }
    }

    /// The hold may be over: says so, or when to look again.
    pub fn hold_ends(&mut self, now: Timestamp) -> (Option<Said>, Option<Timestamp>) {
        if !self.on {
            return (None, None);
        }
        match self.until {
            Some(until) if until > now => (None, Some(until)),
            Some(_) | None => {
                self.on = false;
                (Some((Measure::Motion(false), Evidence::Level)), None)
            }
        }
    }

    /// The next check-in comes after this; `None` for what speaks only when used.
    pub fn checks_in_after(&self, chance: &mut Chance) -> Option<Span> {
        let every = match self.build {
            Build::ZigbeeMotion { .. } | Build::TwoStates => 55.0,
            Build::RadioMotion { .. } => 25.0,
            Build::Thermometer => 30.0,
            Build::Pendant => 8.0 * 60.0,
        };
        Some(minutes(every * chance.between(0.85, 1.15)))
    }

    /// What it says at a check-in: its state where it has one, and its battery.
    pub fn checks_in(&mut self, warmth: f64, chance: &mut Chance) -> Vec<Said> {
        self.battery = (self.battery - chance.between(0.0, 0.002)).max(30.0);
        let battery = (Measure::BatteryPercent(self.battery.round()), Evidence::Level);
        match self.build {
            Build::ZigbeeMotion { .. } => vec![battery, (Measure::Motion(self.on), Evidence::Level)],
            Build::TwoStates => vec![battery, self.state()],
            Build::RadioMotion { .. } | Build::Pendant => vec![battery],
            Build::Thermometer => {
                let celsius = 21.0 + 3.0 * warmth + chance.about(0.0, 0.4);
                vec![(Measure::TemperatureCelsius((celsius * 10.0).round() / 10.0), Evidence::Level)]
            }
        }
    }

    /// A chattering sensor sees somebody who is not there, and then no more.
    pub fn chatter(&self) -> [Said; 2] {
        let evidence = if self.sensor.hold.is_some() { Evidence::Event } else { Evidence::Level };
        [(Measure::Motion(true), evidence), (Measure::Motion(false), evidence)]
    }

    /// A new one in its place.
    pub fn replace(&mut self) {
        (self.defect, self.on, self.until, self.battery) = (None, false, None, 100.0);
    }

    /// Its state said as a level; a mat and a cupboard say it as what they are registered for.
    fn state(&self) -> Said {
        let is_use = matches!(self.sensor.kind, SensorKind::Bed | SensorKind::Item);
        (if is_use { Measure::Switch(self.on) } else { Measure::Contact(self.on) }, Evidence::Level)
    }
}

/// Every sensor of a home with this kit.
pub fn hang(kit: Kit, chance: &mut Chance) -> Vec<Device> {
    let mut devices: Vec<Device> = Room::ALL
        .into_iter()
        .map(|room| {
            let build = if kit.radio_motion {
                Build::RadioMotion { blind: minutes(chance.between(2.0, 5.0)) }
            } else {
                Build::ZigbeeMotion { hold: Span::seconds(90) }
            };
            Device::new(&format!("{}_motion", room.as_str()), Some(room), SensorKind::Motion, build)
        })
        .collect();
    devices.push(Device::new("front_door", Some(Room::Hall), SensorKind::OuterDoor, Build::TwoStates));
    devices.push(Device::new("pendant", None, SensorKind::CallButton, Build::Pendant));
    devices.push(Device::new("thermometer", Some(Room::LivingRoom), SensorKind::Temperature, Build::Thermometer));
    if kit.bed {
        devices.push(Device::new("bed", Some(Room::Bedroom), SensorKind::Bed, Build::TwoStates));
    }
    if kit.fridge {
        devices.push(Device::new("fridge", Some(Room::Kitchen), SensorKind::Item, Build::TwoStates));
    }
    devices
}

/// The home in which these hang.
pub fn home(devices: &[Device], zone: &Zone) -> Home {
    Home {
        id: "made-up".parse().expect("a legal id"),
        place: "made-up".into(),
        zone: zone.clone(),
        sensors: devices.iter().map(|device| (device.sensor.id.clone(), device.sensor.clone())).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        crate::model::time::from_millis(second * 1000)
    }

    fn motion_in_the_hall(radio_motion: bool) -> Device {
        let kit = Kit { radio_motion, bed: false, fridge: false };
        let mut devices = hang(kit, &mut Chance::new(1));
        devices.swap_remove(devices.iter().position(|device| device.is_touched_by(Touch::Moves(Room::Hall))).unwrap())
    }

    #[test]
    fn a_zigbee_sensor_holds_while_somebody_moves_and_says_the_end() {
        let mut hall = motion_in_the_hall(false);
        let touch = Touch::Moves(Room::Hall);
        assert_eq!(hall.feel(at(0), touch), (Some((Measure::Motion(true), Evidence::Level)), Some(at(90))));
        assert_eq!(hall.feel(at(60), touch), (None, None));
        assert_eq!(hall.hold_ends(at(90)), (None, Some(at(150))));
        assert_eq!(hall.hold_ends(at(150)), (Some((Measure::Motion(false), Evidence::Level)), None));
        assert!(hall.feel(at(151), touch).0.is_some());
    }

    #[test]
    fn a_sensor_on_a_coin_cell_is_blind_after_each_report() {
        let mut hall = motion_in_the_hall(true);
        let touch = Touch::Moves(Room::Hall);
        let blind = hall.sensor.hold.unwrap();
        assert!(hall.feel(at(0), touch).0.is_some());
        assert_eq!(hall.feel(at(0) + blind - Span::seconds(1), touch), (None, None));
        assert!(hall.feel(at(0) + blind, touch).0.is_some());
    }
}
