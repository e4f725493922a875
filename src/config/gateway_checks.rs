//! What must fit together in a gateway's configuration, over all sections.

use crate::config::MQTT_SOURCE;
use crate::config::gateway::{ChannelEntry, PortEntry, SensorEntry};
use crate::config::nearest;
use crate::config::outside::is_serial;
use crate::config::people_checks::{self, Told};
use crate::config::points::PointEntry;
use crate::config::report::{Place, Report};
use crate::config::section::{At, Section};
use crate::engine::rules::Settings;
use crate::model::home::SensorKind;
use crate::model::ids::{ChannelName, PointId, RoomId};
use crate::model::observation::Measure;
use crate::model::purpose::serves;
use crate::model::time::{Span, write_span};

/// Where rooms are listed, every room is one of the list.
pub(super) fn rooms(sensors: &[SensorEntry], rooms: Option<&[RoomId]>, report: &Report<'_>) {
    for sensor in sensors {
        let (Some(room), Some(rooms)) = (&sensor.room, rooms) else { continue };
        if !rooms.contains(&room.value) {
            let what = format!("sensor \"{}\" hangs in room \"{}\", which is not listed", sensor.id.value, room.value);
            let deed = nearest::question(room.value.as_str(), rooms.iter().map(RoomId::as_str));
            report.error(&room.place, what, deed);
        }
    }
}

/// Each sensor by itself and against the others.
pub(super) fn sensors(sensors: &[SensorEntry], root: &Section<'_, '_>, report: &Report<'_>) {
    for (nth, sensor) in sensors.iter().enumerate() {
        let before = &sensors[..nth];
        if before.iter().any(|other| other.id.value == sensor.id.value) {
            let deed = Some("give each sensor an id of its own".into());
            report.error(&sensor.id.place, format!("there are two sensors \"{}\"", sensor.id.value), deed);
        }
        same_address(before, sensor, report);
        other_profile(before, sensor, report);
        service(sensor, report);
    }
    if root.list("sensor").is_empty() && root.entry("sensor").is_none() {
        let deed = Some("see what is there: carecircle listen".into());
        root.warning(&root.place, "there is no sensor yet: this home is not watched", deed);
    }
}

fn same_address(before: &[SensorEntry], sensor: &SensorEntry, report: &Report<'_>) {
    let Some(address) = &sensor.address else { return };
    let same = |other: &&SensorEntry| {
        if other.profile != sensor.profile {
            return false;
        }
        other.address.as_ref().is_some_and(|other| {
            let (a, b) = (&other.value, &address.value);
            (a.family(), a.device(), a.port()) == (b.family(), b.device(), b.port())
        })
    };
    // One device may be two sensors where it measures two things (a door contact with a leak probe).
    if let Some(other) = before.iter().find(same)
        && other.kind.value == sensor.kind.value
    {
        let what = format!("sensors \"{}\" and \"{}\" have the same address", other.id.value, sensor.id.value);
        report.error(&address.place, what, Some("one of them is another device".into()));
    }
}

fn other_profile(before: &[SensorEntry], sensor: &SensorEntry, report: &Report<'_>) {
    let (Some((sender, profile)), Some(address)) = (&sensor.profile, &sensor.address) else { return };
    let other = before.iter().find(|other| {
        other.profile.as_ref().is_some_and(|(other_sender, other)| other_sender == sender && other != profile)
    });
    if let Some(other) = other {
        let what = format!("sender {sender} has another profile at sensor \"{}\"", other.id.value);
        report.error(&address.place, what, Some("a sender has one profile: see the label of the device".into()));
    }
}

fn service(sensor: &SensorEntry, report: &Report<'_>) {
    let is_service_button = sensor.kind.value == SensorKind::ServiceButton;
    match &sensor.service {
        None if is_service_button => {
            let what = format!("service button \"{}\" does not say what it asks for", sensor.id.value);
            let deed = "add service = \"meal\" (or bath, cleaning, nursing, repair, other)";
            report.error(&sensor.kind.place, what, Some(deed.into()));
        }
        Some(service) if !is_service_button => {
            let what = format!("sensor \"{}\" has a service, but is no service button", sensor.id.value);
            report.error(&service.place, what, Some("write kind = \"service_button\", or leave service out".into()));
        }
        Some(_) | None => {}
    }
}

/// The source of each sensor, in their order; an empty one where it could not be told.
pub(super) fn sources(
    sensors: &[SensorEntry],
    ports: &[PortEntry],
    has_mqtt: bool,
    report: &Report<'_>,
) -> Vec<String> {
    let source = |sensor: &SensorEntry| {
        let address = sensor.address.as_ref()?;
        let (family, id) = (address.value.family(), &sensor.id.value);
        if !is_serial(family) {
            return Some(MQTT_SOURCE.to_owned());
        }
        serial_source(address.value.port(), family, ports)
            .map_err(|(what, deed)| report.error(&address.place, format!("sensor \"{id}\": {what}"), Some(deed)))
            .ok()
    };
    let sources: Vec<String> = sensors.iter().map(|sensor| source(sensor).unwrap_or_default()).collect();
    let over_mqtt = sensors.iter().zip(&sources).filter(|(_, source)| *source == MQTT_SOURCE);
    if let (false, Some((first, _))) = (has_mqtt, over_mqtt.clone().next()) {
        let place = first.address.as_ref().map_or(&first.section_place, |address| &address.place);
        let what = match over_mqtt.count() {
            1 => format!("sensor \"{}\" speaks over MQTT, but no broker is configured", first.id.value),
            number => format!("{number} sensors speak over MQTT, but no broker is configured"),
        };
        report.error(place, what, Some("add [mqtt] with broker = \"mqtt://127.0.0.1:1883\"".into()));
    }
    sources
}

fn serial_source(named: Option<&str>, family: &str, ports: &[PortEntry]) -> Result<String, (String, String)> {
    let mine: Vec<&PortEntry> = ports.iter().filter(|entry| entry.port.wiring.family() == family).collect();
    if let Some(named) = named {
        return match ports.iter().find(|entry| entry.port.name == named) {
            Some(entry) if entry.port.wiring.family() == family => Ok(named.to_owned()),
            Some(entry) => Err((
                format!("on port \"{named}\" speaks {}, not {family}", entry.port.wiring.family()),
                "name another port".into(),
            )),
            None => {
                let names = ports.iter().map(|entry| entry.port.name.as_str());
                let deed = nearest::question(named, names).unwrap_or("add a [[serial]] of this name".into());
                Err((format!("there is no serial port \"{named}\""), deed))
            }
        };
    }
    match mine.as_slice() {
        [one] => Ok(one.port.name.clone()),
        [] => Err((
            format!("no serial port is configured on which {family} speaks"),
            format!("add [[serial]] with name, port and {family} = {{}}"),
        )),
        [first, ..] => {
            let names: Vec<&str> = mine.iter().map(|entry| entry.port.name.as_str()).collect();
            Err((
                format!("{family} speaks on the ports {}", names.join(" and ")),
                format!("say which one: add port = \"{}\" to the address", first.port.name),
            ))
        }
    }
}

/// Serial ports against one another, and names that change with every boot.
pub(super) fn ports(ports: &[PortEntry], report: &Report<'_>) {
    for (nth, entry) in ports.iter().enumerate() {
        if ports[..nth].iter().any(|other| other.port.name == entry.port.name) {
            report.error(&entry.name, format!("there are two serial ports \"{}\"", entry.port.name), None);
        }
        if entry.port.name == MQTT_SOURCE {
            let what = format!("\"{MQTT_SOURCE}\" is the name of the broker");
            report.error(&entry.name, what, Some("give the port another name, such as \"radio\"".into()));
        }
        if ports[..nth].iter().any(|other| other.port.path == entry.port.path) {
            let what = format!("{} is used twice: only one program can read a serial port", entry.port.path);
            report.error(&entry.path, what, None);
        }
        let path = &entry.port.path;
        if !path.starts_with('/') {
            let deed = Some("see its name: ls /dev/serial/by-id/".into());
            report.error(&entry.path, format!("{path:?} is no path of a serial port"), deed);
        } else if path.starts_with("/dev/ttyUSB") || path.starts_with("/dev/ttyACM") {
            let what = format!("{path} is another device after the next start or replug");
            report.warning(&entry.path, what, Some("take its name from: ls /dev/serial/by-id/".into()));
        }
    }
}

/// Service points and their channels.
pub(super) fn points(
    points: &[PointEntry],
    channels: &[ChannelEntry],
    circle: &Section<'_, '_>,
    respond_within: Span,
    report: &Report<'_>,
) {
    if points.is_empty() && circle.list("point").is_empty() {
        let deed = Some("add [[circle.point]] with id, name, travel and channels".into());
        report.error(&circle.place, "there is no service point: nobody would be asked", deed);
    }
    for (nth, entry) in points.iter().enumerate() {
        let (point, before) = (&entry.point, &points[..nth]);
        if before.iter().any(|other| other.point.id == point.id) {
            report.error(&entry.id, format!("there are two service points \"{}\"", point.id), None);
        }
        if before.iter().any(|other| other.point.name == point.name) {
            let what = format!("there are two service points called \"{}\"", point.name);
            report.warning(&entry.name, what, Some("people could not tell them apart".into()));
        }
        if point.is_outside(respond_within) {
            let (travel, within) = (write_span(point.travel), write_span(respond_within));
            let (needs, measure) = match entry.is_estimated {
                true => ("needs about", ", or measure the way: travel = \"12m\""),
                false => ("needs", ""),
            };
            let what =
                format!("\"{}\" {needs} {travel} to the door, but somebody must be there within {within}", point.id);
            report.warning(&entry.travel, what, Some(format!("look for a nearer point, or promise less{measure}")));
        }
        let who = format!("service point \"{}\"", point.id);
        people_checks::of_one(&who, &point.channels, &entry.channels, channels, report);
    }
}

/// A directory comes from a point of the circle, through a broker: nowhere else a station's word is kept for a home.
pub(super) fn directory(
    from: Option<&At<PointId>>,
    points: &[PointEntry],
    channels: &[ChannelEntry],
    report: &Report<'_>,
) {
    let Some(from) = from else { return };
    let Some(entry) = points.iter().find(|entry| entry.point.id == from.value) else {
        let deed = nearest::question(from.value.as_str(), points.iter().map(|entry| entry.point.id.as_str()));
        let what = format!("directory_from is \"{}\", which is no [[circle.point]]", from.value);
        report.error(&from.place, what, deed.or(Some("name one of the points".into())));
        return;
    };
    let through_broker = |name: &ChannelName| {
        let of_name = channels.iter().filter(|channel| channel.name.value == *name);
        of_name.filter_map(|channel| channel.settings.as_ref()).any(|settings| settings.broker().is_some())
    };
    if !entry.point.channels.iter().any(through_broker) {
        let what = format!("\"{}\" has no channel through a broker, so no directory can come from it", from.value);
        report.error(&from.place, what, Some("give it a channel with station_mqtt".into()));
    }
}

/// Channels against one another, and those that lead nowhere.
pub(super) fn channels(channels: &[ChannelEntry], told: &Told<'_>, root: &Section<'_, '_>, report: &Report<'_>) {
    let all_are_good = told.is_whole(root);
    if channels.is_empty() && root.list("channel").is_empty() {
        let deed = Some("add [[channel]] with name and station_mqtt = { broker = \"mqtts://…\" }".into());
        report.error(&root.place, "there is no channel: no alert could leave this home", deed);
    }
    for (nth, channel) in channels.iter().enumerate() {
        let name = &channel.name;
        if channels[..nth].iter().any(|other| other.name.value == name.value) {
            report.error(&name.place, format!("there are two channels \"{}\"", name.value), None);
        }
        if all_are_good && told.by(&name.value) == 0 {
            let deed = Some("add it to the channels of a [[circle.point]]".into());
            report.warning(&name.place, format!("channel \"{}\" is used by no service point", name.value), deed);
        }
    }
}

/// What a sensor is for against what its address lets through.
pub(super) fn meanings(sensors: &[SensorEntry], report: &Report<'_>) {
    for sensor in sensors {
        let (kind, Some(address)) = (sensor.kind.value, &sensor.address) else { continue };
        let says = address.value.says();
        if says.is_empty() || says.iter().any(|measure| serves(kind, measure)) {
            continue;
        }
        let mut said: Vec<&str> = says.iter().map(Measure::kind).collect();
        said.dedup();
        let what = format!(
            "sensor \"{}\" is of kind {}, but its address can only report {}: {}",
            sensor.id.value,
            kind.as_str(),
            said.join(", "),
            loss(kind)
        );
        let fits: Vec<String> = SensorKind::ALL
            .into_iter()
            .filter(|kind| *kind != SensorKind::Vital && says.iter().any(|measure| serves(*kind, measure)))
            .map(|kind| format!("\"{}\"", kind.as_str()))
            .take(FITTING_MAX)
            .collect();
        let deed = match fits.as_slice() {
            [] => "correct the address: what it reports is of no use to any sensor".to_owned(),
            fits => format!("correct the address, or write kind = {}", fits.join(" or ")),
        };
        // Somebody relies on it with their life: it must not look as if it worked.
        if matches!(kind, SensorKind::CallButton | SensorKind::Smoke | SensorKind::Gas) {
            report.error(&sensor.kind.place, what, Some(deed));
        } else {
            report.warning(&sensor.kind.place, what, Some(deed));
        }
    }
}

/// What is lost if it never reports.
fn loss(kind: SensorKind) -> &'static str {
    if kind == SensorKind::CallButton {
        "no press would ever be heard"
    } else if kind.watches_for_life() {
        "it would never show life"
    } else {
        "it would never report anything"
    }
}

/// Values that wait to be asked for are asked for.
pub(super) fn polls(sensors: &[SensorEntry], ports: &[PortEntry], sources: &[String], report: &Report<'_>) {
    for (sensor, source) in sensors.iter().zip(sources) {
        let Some(address) = &sensor.address else { continue };
        let Some(entry) = ports.iter().find(|entry| entry.port.name == *source) else { continue };
        let Some(poll) = entry.port.wiring.bus().and_then(|bus| address.value.unasked(bus)) else { continue };
        let what = format!("sensor \"{}\" is never heard: no poll of port \"{source}\" asks for it", sensor.id.value);
        report.error(&address.place, what, Some(format!("add to its polls: {poll}")));
    }
}

/// Enough to choose from.
const FITTING_MAX: usize = 3;

/// Whether anything in this home can raise an alert about a person.
pub(super) fn watch(sensors: &[SensorEntry], rules: &Settings, root: &Section<'_, '_>, report: &Report<'_>) {
    // What a mistyped sensor was meant to be is not known.
    if sensors.is_empty() || sensors.len() < root.list("sensor").len() {
        return;
    }
    let place: &Place = sensors.first().map_or(&root.place, |sensor| &sensor.section_place);
    let has_button = sensors.iter().any(|sensor| sensor.kind.value == SensorKind::CallButton);
    let has_life = sensors.iter().any(|sensor| sensor.kind.value.watches_for_life());
    match (has_button, has_life) {
        (false, false) => {
            let what =
                "no sensor is a call button and none can show life: nothing here can tell that a person needs help";
            report.warning(place, what, Some("add a call_button, or motion, door, bed …".into()));
        }
        (true, false) if !rules.off.iter().any(|name| name == "inactivity") => {
            let what = "no sensor can show life, so quiet is never noticed: only buttons work";
            report.warning(place, what, Some("add a sensor of kind motion, presence, door, bed …".into()));
        }
        (true | false, _) => {}
    }
    witnesses(sensors, report);
}

/// At least one sensor that can show life must be one whose death is noticed.
fn witnesses(sensors: &[SensorEntry], report: &Report<'_>) {
    let can_tell = |sensor: &SensorEntry| {
        sensor.silent_after.is_some() || sensor.address.as_ref().is_none_or(|address| address.value.checks_in())
    };
    let mut witnesses = sensors.iter().filter(|sensor| sensor.kind.value.watches_for_life()).peekable();
    let Some(first) = witnesses.peek().copied() else { return };
    if witnesses.any(can_tell) {
        return;
    }
    let place = first.address.as_ref().map_or(&first.section_place, |address| &address.place);
    let what = "no sensor that can show life ever checks in: whether they are dead or nobody is about cannot be told";
    let deed = "add one that checks in (Zigbee, EnOcean, a radar), or silent_after where it is never quiet for long";
    report.warning(place, what, Some(deed.into()));
}
