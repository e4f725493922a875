//! What is to be written: the home, its sensors, who is asked. Made from what was found and from what a person says.

use super::ask::Ask;
use super::found::{Device, Found, Port, WHAT_FOR, WHICH_BUTTON};
use super::guess;
use crate::model::agreement::By;
use crate::model::home::{SensorKind, Service};
use crate::model::ids::{HomeId, PointId, RoomId};
use crate::model::time::{Day, Span, Zone, parse_span};
use crate::mqtt::{Access, Broker, Plaintext};
use crate::text::shown;
use std::io::{BufRead, Write};

/// A configuration to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The home's pseudonym.
    pub home: String,
    /// Where somebody has to go; absent where nobody said.
    pub place: Option<String>,
    /// IANA name.
    pub zone: String,
    /// `zh` or `en`.
    pub language: &'static str,
    /// The home's broker and whether it answered.
    pub broker: Option<(Access, bool)>,
    /// Base topics of Zigbee2MQTT.
    pub bases: Vec<String>,
    /// The serial ports.
    pub ports: Vec<Port>,
    /// The sensors.
    pub sensors: Vec<Sensor>,
    /// When somebody agreed to being watched, and who; absent where that is not known.
    pub consent: Option<(Day, By)>,
    /// The service point: its id as in the station's own configuration, its name, its way to the door.
    pub point: (String, String, String),
    /// The station's broker; absent where nobody said.
    pub station: Option<String>,
}

/// A sensor to be.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sensor {
    /// Its id.
    pub id: String,
    /// Where it hangs.
    pub room: Option<String>,
    /// What it is for.
    pub kind: Option<String>,
    /// What a service button asks for.
    pub service: Option<String>,
    /// The line of its address.
    pub address: String,
    /// What people call it, its vendor and model.
    pub about: String,
    /// Why it is not to be watched yet: it is written down, but commented out.
    pub doubt: Option<String>,
}

impl From<Device> for Sensor {
    /// As it was found, with nobody asked.
    fn from(device: Device) -> Sensor {
        Sensor {
            id: guess::id(&device.name, device.kind, device.room, &[]),
            room: device.room.map(str::to_owned),
            kind: device.kind.map(str::to_owned),
            address: device.address,
            ..Sensor::default()
        }
    }
}

/// What the machine itself tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Machine {
    /// The home's pseudonym if nobody names one.
    pub home: String,
    /// The zone of its clock.
    pub zone: String,
    /// `zh` or `en`.
    pub language: &'static str,
}

/// Asks what cannot be seen; every question has a default.
pub fn make<R: BufRead, W: Write>(found: Found, machine: &Machine, ask: &mut Ask<R, W>) -> Plan {
    ask.say("\nEnter takes what stands in [brackets].\n");
    let home = ask.ask("home id, a pseudonym, never a name", &machine.home, |text| {
        HomeId::new(text).map(|id| id.to_string()).map_err(|why| why.to_string())
    });
    let place = ask.ask("address for whoever has to go there, at most 20 characters", "", |text| match text {
        "" => Ok(None),
        text if text.chars().count() > 20 => Err("at most 20 characters: street, house and door are enough".to_owned()),
        text if text.chars().any(char::is_control) => Err("on one line".to_owned()),
        text => Ok(Some(text.to_owned())),
    });
    let zone = ask.ask("time zone", &machine.zone, |text| {
        Zone::named(text).map(|_| text.to_owned()).map_err(|why| why.to_string())
    });
    let language = ask.ask("language of alerts, zh or en", machine.language, |text| match text {
        "zh" => Ok("zh"),
        "en" => Ok("en"),
        _ => Err("zh or en".to_owned()),
    });
    let count = found.devices.len();
    if count > 0 {
        ask.say(&format!("\n{count} devices. The room of each? - is none, x leaves the device out.\n"));
    }
    let mut sensors: Vec<Sensor> = Vec::new();
    for device in found.devices {
        let taken: Vec<String> = sensors.iter().map(|sensor| sensor.id.clone()).collect();
        sensors.extend(sensor(device, &taken, ask));
    }
    let (point, station) = service_point(language, ask);
    let consent = consent(ask);
    Plan {
        home,
        place,
        zone,
        language,
        broker: found.broker,
        bases: found.bases,
        ports: found.ports,
        sensors,
        consent,
        point,
        station,
    }
}

/// One device; none where it is left out.
fn sensor<R: BufRead, W: Write>(device: Device, taken: &[String], ask: &mut Ask<R, W>) -> Option<Sensor> {
    let id = guess::id(&device.name, device.kind, device.room, taken);
    let (name, model) = (shown(&device.name, 30), shown(&device.about, 40));
    let about = if model.is_empty() { name } else { format!("{name}, {model}") };
    ask.say(&format!("{about}{}\n", device.kind.map(|kind| format!(": {kind}")).unwrap_or_default()));
    // What a person confirms is no doubt any more.
    let mut doubt = device.doubt.filter(|doubt| {
        let is_for_kind = [WHAT_FOR, WHICH_BUTTON].contains(doubt);
        !is_for_kind && !ask.ask(&format!("  {doubt}\n  watch it? y or n"), "n", yes_or_no)
    });
    let kind = match device.kind {
        Some(kind) => Some(kind.to_owned()),
        None if doubt.is_some() => None,
        None => kind(device.doubt == Some(WHICH_BUTTON), ask),
    };
    if kind.is_none() {
        doubt = doubt.or(device.doubt).or(Some(WHAT_FOR));
    }
    let service = (kind.as_deref() == Some("service_button")).then(|| {
        ask.ask("  asks for meal, bath, cleaning, nursing, repair or other?", "meal", |text| {
            let known = serde_json::from_value::<Service>(text.into());
            known.map(|_| text.to_owned()).map_err(|_| format!("{text:?} is none of them"))
        })
    });
    let room = ask.ask("  room", device.room.unwrap_or("-"), |text| match text {
        "-" => Ok(Room::None),
        "x" => Ok(Room::LeaveOut),
        text => RoomId::new(text).map(|room| Room::Is(room.to_string())).map_err(|why| why.to_string()),
    });
    let room = match room {
        Room::None => None,
        Room::Is(room) => Some(room),
        Room::LeaveOut => return None,
    };
    Some(Sensor { id, room, kind, service, address: device.address, about, doubt: doubt.map(str::to_owned) })
}

/// What a device is for, where nothing tells.
fn kind<R: BufRead, W: Write>(is_button: bool, ask: &mut Ask<R, W>) -> Option<String> {
    let question = match is_button {
        true => "  call_button, service_button, ok_button, away_button? - not yet known",
        false => "  what for? motion, door, call_button … - not yet known",
    };
    ask.ask(question, "-", |text| match text {
        "-" => Ok(None),
        text => is_kind(text).map(|()| Some(text.to_owned())),
    })
}

enum Room {
    None,
    Is(String),
    LeaveOut,
}

/// `y` or `n`.
pub fn yes_or_no(text: &str) -> Result<bool, String> {
    match text {
        "y" | "yes" => Ok(true),
        "n" | "no" => Ok(false),
        _ => Err("y or n".to_owned()),
    }
}

fn is_kind(text: &str) -> Result<(), String> {
    let known = serde_json::from_value::<SensorKind>(text.into());
    known.map(drop).map_err(|error| {
        let names: Vec<String> = error.to_string().split('`').skip(3).step_by(2).map(str::to_owned).collect();
        format!("known are {}", names.join(", "))
    })
}

/// Asked last: whoever installs may have to go and ask. Enter is "not known", and then only alerts leave the home.
fn consent<R: BufRead, W: Write>(ask: &mut Ask<R, W>) -> Option<(Day, By)> {
    ask.say("\nWho lives there, or a guardian, has to agree to being watched. Enter: not known; then only alerts leave the home.\n");
    let given_on = ask.ask("the day on which they agreed, as 2026-11-02", "", |text| match text {
        "" => Ok(None),
        text => text.parse::<Day>().map(Some).map_err(|_| "a day, as 2026-11-02".to_owned()),
    })?;
    let by = ask.ask("who agreed, resident or guardian", "resident", |text| match text {
        "resident" => Ok(By::Resident),
        "guardian" => Ok(By::Guardian),
        _ => Err("resident or guardian, never a name".to_owned()),
    });
    Some((given_on, by))
}

fn service_point<R: BufRead, W: Write>(
    language: &str,
    ask: &mut Ask<R, W>,
) -> ((String, String, String), Option<String>) {
    ask.say("\nThe service point whose staff can be at the door.\n");
    let id = ask.ask("its id, as its own configuration has it", "station", |text| {
        PointId::new(text).map(|id| id.to_string()).map_err(|why| why.to_string())
    });
    let usual = if language == "zh" { "社区服务站" } else { "Service point" };
    let name = ask.ask("its name", usual, |text| match text {
        text if text.chars().any(char::is_control) => Err("on one line".to_owned()),
        text => Ok(text.to_owned()),
    });
    let travel = ask.ask("minutes from there to the door", "10", |text| {
        let span = parse_span(text).or_else(|_| parse_span(&format!("{text}m")));
        match span {
            Ok(span) if (Span::minutes(1)..=Span::hours(12)).contains(&span) => Ok(format!("{}m", span.num_minutes())),
            Ok(_) | Err(_) => Err("a number of minutes, from 1 to 720".to_owned()),
        }
    });
    let station = ask.ask("its broker, as mqtts://station.example:8883; empty: not yet known", "", |text| match text {
        "" => Ok(None),
        text => {
            let broker = text.parse::<Broker>().map_err(|why| why.to_string())?;
            Plaintext::default().check(broker.tls, &broker.host)?;
            Ok(Some(broker.to_string()))
        }
    });
    ((id, name, travel), station)
}
