//! What the daemon in the home is told.

use crate::config::document::{Node, What};
use crate::config::gateway_checks as checks;
use crate::config::modems;
use crate::config::nearest;
use crate::config::outside::{Address, ChannelSettings, DeviceSettings, Phones, Wiring};
use crate::config::people::{self, PersonEntry, StepEntry};
use crate::config::people_checks::{self, Told};
use crate::config::points::PointEntry;
use crate::config::privacy;
use crate::config::report::{Place, Report};
use crate::config::section::{At, Section, deserialize};
use crate::config::shared;
use crate::config::{Directory, Gateway, SerialPort, points, rules, signals, visits};
use crate::engine::circle::{Circle, Steps};
use crate::model::agreement::{self, Agreement};
use crate::model::card::Consent;
use crate::model::home::{Home, Sensor, SensorKind, Service};
use crate::model::ids::{ChannelName, HomeId, PointId, RoomId, SensorId};
use crate::model::level::{Level, Supervision};
use crate::model::lifecycle::Timers;
use crate::model::place::Location;
use crate::model::time::{Span, Zone};
use crate::text::Language;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A sensor as it stands in the file, with the places that cross-checks point at.
pub(super) struct SensorEntry {
    pub section_place: Place,
    pub id: At<SensorId>,
    pub room: Option<At<RoomId>>,
    pub kind: At<SensorKind>,
    pub service: Option<At<Service>>,
    pub hold: Option<Span>,
    pub silent_after: Option<Span>,
    pub offline_is_silent: bool,
    pub address: Option<At<Address>>,
    /// `sender` and `profile`, where the address has them.
    pub profile: Option<(String, String)>,
}

/// A channel as it stands in the file.
pub(super) struct ChannelEntry {
    pub name: At<ChannelName>,
    /// How closely it is watched, where the file says it.
    pub level: Option<Level>,
    /// Absent where a mistake in it has been reported.
    pub settings: Option<ChannelSettings>,
}

/// A serial port as it stands in the file.
pub(super) struct PortEntry {
    pub name: Place,
    pub path: Place,
    pub port: SerialPort,
}

/// Reads all sections, then checks them against one another; `None` if something that must be there is missing.
pub(super) fn read<'r>(root: &Section<'_, 'r>, report: &'r Report<'_>) -> Option<Gateway> {
    let home = root.section("home");
    let location: Option<At<Location>> = home.optional("location");
    let location_is_said = home.entry("location").is_some();
    let home = HomeEntry::read(&home);
    let own = root.section("gateway");
    let state_dir = own.or("state_dir", PathBuf::from("/var/lib/carecircle/gateway"));
    let run_dir = own.or("run_dir", PathBuf::from("/run/carecircle"));
    own.finish();
    let kept = privacy::kept_at_home(root);
    let clock = root.section("clock");
    let clock_assume_synced = clock.or("assume_synced", false);
    clock.finish();
    let mqtt = root.section("mqtt");
    let mqtt_exists = mqtt.exists;
    let mqtt = if mqtt_exists { shared::broker_access(&mqtt) } else { None };
    let rooms = rooms(root);
    let ports = ports(root, report);
    let sensors = sensors(root, report);
    let rules_section = root.section("rules");
    let mut rules = rules::read(&rules_section, report);
    let planned = visits::read(root);
    visits::check(&planned, &sensors, root);
    let circle = root.section("circle");
    let estimate = points::estimate(&circle);
    let points = points::points(&circle, location.as_ref(), location_is_said, &estimate);
    let people = people::people(&circle);
    let ids: Vec<&PointId> =
        points.iter().map(|entry| &entry.point.id).chain(people.iter().map(|entry| &entry.person.id)).collect();
    let steps = people::steps(&circle, &ids);
    let emergency_number = people::emergency_number(&circle);
    let weekly_test = people::weekly_test(&circle);
    let directory_from: Option<At<PointId>> = circle.optional("directory_from");
    let timers = shared::timers(&circle);
    circle.finish();
    let channels = channels(root, report);
    let signals = signals::read(root, mqtt_exists);
    let home_assistant = home_assistant(root, mqtt_exists);
    let devices = device_settings(root, report);

    checks::rooms(&sensors, rooms.as_deref(), report);
    checks::sensors(&sensors, root, report);
    checks::points(&points, &channels, &circle, timers.arrive_within, report);
    checks::directory(directory_from.as_ref(), &points, &channels, report);
    let told = Told { points: &points, people: &people };
    people_checks::people(&told, &steps, &channels, report);
    people_checks::steps(&steps, &told, report);
    checks::channels(&channels, &told, root, report);
    checks::ports(&ports, report);
    modems::modems(&channels, &told, &ports, root, report);
    let sources = checks::sources(&sensors, &ports, mqtt_exists, report);
    checks::meanings(&sensors, report);
    checks::polls(&sensors, &ports, &sources, report);
    if let Some(rules) = &rules {
        checks::watch(&sensors, rules, root, report);
        rules::check_fit(&sensors, rules, &rules_section, report);
        signals::check_asking(&signals, rules, &rules_section);
    }
    root.finish();
    if let Some(rules) = &mut rules {
        rules.missed_visit.visits = planned;
    }

    let home = home?;
    let addresses = sensors.iter().filter_map(|s| Some((s.id.value.clone(), s.address.clone()?.value))).collect();
    let serial: Vec<SerialPort> = ports.into_iter().map(|entry| entry.port).collect();
    let mut devices = devices?;
    devices.serial = serial.iter().map(|port| (port.name.clone(), port.wiring.clone())).collect();
    Some(Gateway {
        home: Home { id: home.id, place: home.place, zone: home.zone, sensors: models(sensors, sources) },
        language: home.language,
        shares: agreement::shared(home.shares, home.agreement.as_ref()),
        agreement: home.agreement,
        kept,
        state_dir,
        run_dir,
        mqtt,
        serial,
        devices,
        addresses,
        signals,
        home_assistant,
        rules: rules?,
        weekly_test,
        directory: Directory {
            from: directory_from.map(|at| at.value),
            location: location.map(|at| at.value),
            estimate,
            measured: points.iter().filter(|entry| !entry.is_estimated).map(|entry| entry.point.id.clone()).collect(),
        },
        phones: phones(&points, &people),
        circle: Circle {
            points: points.into_iter().map(|entry| entry.point).collect(),
            people: people.into_iter().map(|entry| entry.person).collect(),
            steps: steps_of_engine(&steps, &timers),
            emergency_number,
            timers,
        },
        supervision: channels.iter().filter_map(supervision).collect(),
        channels: channels.into_iter().filter_map(|entry| Some((entry.name.value, entry.settings?))).collect(),
        clock_assume_synced,
        hash: report.hash(),
    })
}

/// Who has telephones of their own.
fn phones(points: &[PointEntry], people: &[PersonEntry]) -> BTreeMap<PointId, Phones> {
    let points = points.iter().map(|entry| (&entry.point.id, &entry.phones));
    let people = people.iter().map(|entry| (&entry.person.id, &entry.phones));
    let said = points.chain(people).filter_map(|(id, said)| Some((id.clone(), said.phones.as_ref()?.value.clone())));
    said.collect()
}

/// The steps of the file, or the usual ones where it has none.
fn steps_of_engine(steps: &[StepEntry], timers: &Timers) -> Steps {
    let again_every = steps.last().and_then(|last| last.again_every.as_ref());
    let again_every = again_every.map_or(timers.ask_all_every, |at| at.value);
    let each = steps.iter().map(|step| step.of_engine(timers.receive_within)).collect();
    Steps::new(each, again_every).unwrap_or_else(|| Steps::usual(timers))
}

fn models(sensors: Vec<SensorEntry>, sources: Vec<String>) -> BTreeMap<SensorId, Sensor> {
    let model = |(entry, source): (SensorEntry, String)| Sensor {
        id: entry.id.value,
        room: entry.room.map(|room| room.value),
        kind: entry.kind.value,
        service: entry.service.map(|service| service.value),
        hold: entry.hold,
        silent_after: entry.silent_after,
        checks_in: entry.address.as_ref().is_none_or(|address| address.value.checks_in()),
        burst: entry.address.as_ref().and_then(|address| address.value.burst()),
        offline_is_silent: entry.offline_is_silent,
        source,
    };
    sensors.into_iter().zip(sources).map(model).map(|sensor| (sensor.id.clone(), sensor)).collect()
}

/// `[home]`
struct HomeEntry {
    id: HomeId,
    place: String,
    zone: Zone,
    language: Language,
    shares: Consent,
    agreement: Option<Agreement>,
}

impl HomeEntry {
    fn read(section: &Section<'_, '_>) -> Option<HomeEntry> {
        let id: Option<At<HomeId>> = section.required("id", "\"ky-lehe-0412\"");
        let place: Option<At<String>> = section.optional("place");
        match &place {
            Some(place) if place.value.chars().count() > PLACE_LENGTH_MAX => {
                let deed = Some("street, house and door are enough; never a name".into());
                section.error(&place.place, "a place has at most 20 characters", deed);
            }
            None if id.is_some() && section.entry("place").is_none() => {
                let deed = Some("add, for example: place = \"3栋2单元501\"".into());
                section.warning(&section.place, "without \"place\", alerts show only the id of the home", deed);
            }
            Some(_) | None => {}
        }
        let zone = shared::zone(section);
        let language = section.or("language", Language::default());
        let shares = section.or("shares", Consent::default());
        let agreement = privacy::agreement(section);
        section.finish();
        let id = id?.value;
        let place = place.map_or(id.to_string(), |place| place.value);
        Some(HomeEntry { place, id, zone: zone?, language, shares, agreement })
    }
}

fn rooms(root: &Section<'_, '_>) -> Option<Vec<RoomId>> {
    let sections = root.list("room");
    let mut rooms: Vec<RoomId> = Vec::new();
    for section in &sections {
        let id: Option<At<RoomId>> = section.required("id", "\"hall\"");
        section.finish();
        let Some(id) = id else { continue };
        if rooms.contains(&id.value) {
            section.error(&id.place, format!("the room \"{}\" is listed twice", id.value), None);
        }
        rooms.push(id.value);
    }
    (!sections.is_empty()).then_some(rooms)
}

fn ports(root: &Section<'_, '_>, report: &Report<'_>) -> Vec<PortEntry> {
    let port = |section: &Section<'_, '_>| {
        let name: Option<At<String>> = section.required("name", "\"radio\"");
        let path: Option<At<String>> = section.required("port", "\"/dev/serial/by-id/…\"");
        let baud: Option<At<u32>> = section.optional("baud");
        if let Some(baud) = &baud
            && !(300..=4_000_000).contains(&baud.value)
        {
            let what = format!("baud = {} is out of range", baud.value);
            section.error(&baud.place, what, Some("from 300 to 4000000; usual are 9600, 57600, 115200".into()));
        }
        let wiring: Option<At<Wiring>> = one_family(section, "enocean = {}", report);
        let (name, path, wiring) = (name?, path?, wiring?.value);
        Some(PortEntry {
            name: name.place,
            path: path.place,
            // What the family usually speaks; receivers of text say in their manual what they do.
            port: SerialPort {
                name: name.value,
                path: path.value,
                baud: baud.map_or_else(|| wiring.usual_baud(), |b| b.value),
                wiring,
            },
        })
    };
    root.list("serial").iter().filter_map(port).collect()
}

fn sensors(root: &Section<'_, '_>, report: &Report<'_>) -> Vec<SensorEntry> {
    let span = |section: &Section<'_, '_>, key, from, to| section.span(key, from..=to).map(|at| at.value);
    let sensor = |section: &Section<'_, '_>| {
        let id: Option<At<SensorId>> = section.required("id", "\"hall\"");
        let kind: Option<At<SensorKind>> = section.required("kind", "\"motion\"");
        let room = section.optional("room");
        let service = section.optional("service");
        let hold = span(section, "hold", Span::seconds(1), Span::hours(24));
        let silent_after = span(section, "silent_after", Span::seconds(1), Span::days(30));
        let offline_is_silent = section.or("offline_is_silent", false);
        let address = one_family(section, "zigbee2mqtt = \"hall_pir\"", report);
        Some(SensorEntry {
            section_place: section.place.clone(),
            profile: profile(section),
            id: id?,
            room,
            kind: kind?,
            service,
            hold,
            silent_after,
            offline_is_silent,
            address,
        })
    };
    root.list("sensor").iter().filter_map(sensor).collect()
}

/// `sender` and `profile` of an EnOcean address.
fn profile(section: &Section<'_, '_>) -> Option<(String, String)> {
    let What::Table(keys) = &section.table().get("enocean")?.node.what else { return None };
    let text = |key: &str| keys.get(key)?.node.text().map(str::to_lowercase);
    Some((text("sender")?.replace([':', ' '], ""), text("profile")?))
}

/// The one key of a table that is none of ours: the family of a device, the technology of a channel.
fn one_family<T: serde::de::DeserializeOwned>(
    section: &Section<'_, '_>,
    example: &str,
    report: &Report<'_>,
) -> Option<At<T>> {
    let rest = section.rest();
    let is_family = |key: &str| !matches!(try_family::<T>(key), Some(names) if !names.iter().any(|name| name == key));
    let (families, strangers): (Vec<_>, Vec<_>) = rest.into_iter().partition(|(key, _)| is_family(key));
    for (key, entry) in &strangers {
        let names = try_family::<T>(key).unwrap_or_default();
        let known = section.known();
        let all = known.iter().chain(&names).map(String::as_str);
        let what = format!("{} has no key \"{key}\"", section.name);
        section.error(&entry.key, what, nearest::question(key, all));
    }
    match families.as_slice() {
        [] if strangers.is_empty() => {
            let what = format!("{} does not say what it is connected to", section.name);
            section.error(&section.place, what, Some(format!("add, for example: {example}")));
            None
        }
        [] => None,
        [(key, entry)] => {
            let node: Node<'_> = entry.node.clone().under(key, &entry.key);
            let value = deserialize(&node, report)?;
            Some(At { value, place: entry.key.clone() })
        }
        [(first, _), .., (second, entry)] => {
            let what = format!("both \"{first}\" and \"{second}\": one entry is connected to one thing");
            section.error(&entry.key, what, Some("make two entries of it".into()));
            None
        }
    }
}

/// The names `T` knows instead of `key`; `None` if it knows `key`.
fn try_family<T: serde::de::DeserializeOwned>(key: &str) -> Option<Vec<String>> {
    let one = serde_json::Map::from_iter([(key.to_owned(), serde_json::Value::Null)]);
    let error = T::deserialize(serde_json::Value::Object(one)).err()?.to_string();
    let is_unknown = error.starts_with("unknown variant");
    is_unknown.then(|| error.split('`').skip(1).step_by(2).skip(1).map(str::to_owned).collect())
}

fn channels(root: &Section<'_, '_>, report: &Report<'_>) -> Vec<ChannelEntry> {
    let channel = |section: &Section<'_, '_>| {
        let name = section.required("name", "\"lehe\"");
        let level = level(section);
        let settings = one_family(section, "station_mqtt = { broker = \"mqtts://station.example\" }", report);
        let settings = settings.map(|at: At<ChannelSettings>| at.value);
        if let (Some(level), Some(settings)) = (&level, &settings)
            && settings.has_own_supervision()
        {
            let what = format!("{} has a key of its own for how closely it is watched", settings.kind());
            section.error(&level.place, what, Some("take level out, and set supervision in it".into()));
        }
        Some(ChannelEntry { name: name?, level: level.map(|at| at.value), settings })
    };
    root.list("channel").iter().filter_map(channel).collect()
}

fn supervision(entry: &ChannelEntry) -> Option<(ChannelName, Supervision)> {
    let usual = entry.settings.as_ref()?.supervision();
    Some((entry.name.value.clone(), entry.level.map_or(usual, Supervision::from)))
}

/// One of the four levels.
fn level(section: &Section<'_, '_>) -> Option<At<Level>> {
    let At { value, place } = section.span("level", Span::zero()..=Span::MAX)?;
    let level = Level::of(value);
    if level.is_none() {
        let typed = section.entry("level").and_then(|entry| entry.node.text()).unwrap_or_default();
        let deed = "write \"90s\", \"180s\", \"5h\" or \"25h\"".into();
        section.error(&place, format!("\"{typed}\" is none of the four levels"), Some(deed));
    }
    level.map(|value| At { value, place })
}

/// `[home_assistant]`: the prefix, where the home is shown there.
fn home_assistant(root: &Section<'_, '_>, has_broker: bool) -> Option<String> {
    let section = root.section("home_assistant");
    let discovery: Option<At<bool>> = section.optional("discovery");
    let prefix: Option<At<String>> = section.optional("prefix");
    section.finish();
    if let Some(At { value, place }) = &prefix
        && (value.is_empty() || value.contains(['+', '#', '\0']) || value.ends_with('/'))
    {
        let deed = Some("write what the discovery topics of Home Assistant begin with: \"homeassistant\"".into());
        section.error(place, format!("\"{value}\" is no beginning of a topic"), deed);
    }
    let At { value: is_wanted, place } = discovery?;
    if is_wanted && !has_broker {
        let deed = Some("add [mqtt] with broker = \"mqtt://127.0.0.1:1883\"".into());
        section.error(&place, "a home is shown on its own broker, and there is none", deed);
    }
    is_wanted.then(|| prefix.map_or_else(|| "homeassistant".to_owned(), |at| at.value))
}

/// The sections that families have of their own, such as `[zigbee2mqtt]`.
fn device_settings(root: &Section<'_, '_>, report: &Report<'_>) -> Option<DeviceSettings> {
    let names = crate::config::section::keys_of::<DeviceSettings>();
    let mut own = crate::config::document::Table::new();
    for name in &names {
        if let Some(entry) = root.entry(name) {
            own.insert(name.clone(), entry.clone());
        }
    }
    deserialize(&Node { place: root.place.clone(), what: What::Table(own) }, report)
}

/// A row of the station's list holds no more (`station.md`).
const PLACE_LENGTH_MAX: usize = 20;
