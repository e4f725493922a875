//! What the daemon at the service point is told.

use crate::config::report::Report;
use crate::config::section::{At, Section};
use crate::config::{Homes, Person, Station, directory, line, privacy, shared, work};
use crate::model::duty::DutyHours;
use crate::model::ids::{PersonId, PointId};
use crate::model::place::Location;
use crate::model::staff::{Position, Positions};
use crate::model::time::{Span, Zone};
use crate::text::Language;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Reads all sections; `None` if something that must be there is missing or wrong.
pub(super) fn read<'r>(root: &Section<'_, 'r>, report: &'r Report<'_>) -> Option<Station> {
    let section = root.section("station");
    let own = Own::read(&section);
    let mqtt = shared::broker_access(&root.section("mqtt"));
    let homes = homes(&root.section("homes"));
    let authority = super::authority::read(&root.section("authority"), own.as_ref().map(|own| own.state_dir.as_path()));
    let timers = root.section("timers");
    let read_timers = shared::timers(&timers);
    timers.finish();
    let people = people(root);
    let zone = own.as_ref().map_or_else(Zone::utc, |own| own.zone.clone());
    let daily = work::read(root, zone);
    let modem = line::read(&root.section("modem"));
    let telephones = line::telephones(root);
    let hooks_allow = hooks_allow(&root.section("webhooks"));
    let events_by_mqtt = events_by_mqtt(&root.section("events"));
    let directory = directory::read(root, own.as_ref().map(|own| &own.point));
    let kept = privacy::kept_at_station(root);
    root.finish();
    let own = own?;
    Some(Station {
        point: own.point,
        name: own.name,
        zone: own.zone,
        language: section.or("language", Language::default()),
        listen: own.page.listen,
        names: own.page.names,
        credentials: own.page.credentials,
        plain_http: own.page.plain_http,
        location: own.location,
        state_dir: own.state_dir,
        mqtt: mqtt?,
        homes,
        authority,
        people,
        directory,
        timers: read_timers,
        unreachable_after: own.unreachable_after,
        duty: own.duty,
        daily,
        hooks_allow,
        modem,
        events_by_mqtt,
        telephones,
        kept,
        hash: report.hash(),
    })
}

/// `[station]`
struct Own {
    point: PointId,
    name: String,
    zone: Zone,
    page: Page,
    location: Option<Location>,
    state_dir: PathBuf,
    unreachable_after: Span,
    duty: Option<DutyHours>,
}

impl Own {
    fn read(section: &Section<'_, '_>) -> Option<Own> {
        let point: Option<At<PointId>> = section.required("point", "\"lehe\"");
        let name: Option<At<String>> = section.required("name", "\"乐合社区服务站\"");
        let zone = shared::zone(section);
        let page = Page::read(section);
        let location: Option<At<Location>> = section.optional("location");
        section.optional::<Language>("language");
        let duty = section.optional::<DutyHours>("duty").map(|duty| duty.value);
        let state_dir = section.or("state_dir", PathBuf::from("/var/lib/carecircle/station"));
        let range = Span::seconds(10)..=Span::days(1);
        let unreachable_after = section.span("unreachable_after", range);
        if let Some(after) = &unreachable_after
            && after.value < Span::seconds(180)
        {
            let what = "homes send a sign of life every 60 s: a shorter span than 180s reports every lost message";
            section.warning(&after.place, what, None);
        }
        section.finish();
        Some(Own {
            point: point?.value,
            name: name?.value,
            zone: zone?,
            page: page?,
            location: location.map(|at| at.value),
            state_dir,
            // 180 s: three signs of life missed (`trust.md` promise 3).
            unreachable_after: unreachable_after.map_or(Span::seconds(180), |at| at.value),
            duty,
        })
    }
}

/// Where the page is served, and how.
struct Page {
    listen: SocketAddr,
    names: Vec<String>,
    credentials: Option<PathBuf>,
    plain_http: bool,
}

impl Page {
    fn read(section: &Section<'_, '_>) -> Option<Page> {
        let names: Option<At<Vec<String>>> = section.optional("names");
        let credentials: Option<At<PathBuf>> = section.optional("credentials");
        let plain: Option<At<String>> = section.optional("plain_http");
        if let Some(At { value, place }) = plain.as_ref().filter(|plain| plain.value != PLAIN_HTTP) {
            let deed = Some(format!("write it as {PLAIN_HTTP:?}, if that is so"));
            section.error(place, format!("{value:?} does not say that nobody else is on this network"), deed);
        }
        let listen: Option<At<String>> = section.optional("listen");
        let Some(At { value, place }) = listen else {
            let listen = SocketAddr::from(([127, 0, 0, 1], 8470));
            return Some(Page::of(listen, names, credentials, plain.is_some()));
        };
        let Ok(listen) = value.parse::<SocketAddr>() else {
            let deed = Some("write it as \"127.0.0.1:8470\"".into());
            section.error(&place, format!("{value:?} is no address with a port"), deed);
            return None;
        };
        if !listen.ip().is_loopback() && credentials.is_none() && plain.is_none() {
            let what = "without a certificate passwords would cross the network readable";
            let deed = format!(
                "add credentials = \"/etc/carecircle/page.pem\"; only where nobody else is on the network, plain_http = {PLAIN_HTTP:?}"
            );
            section.error(&place, what, Some(deed));
        }
        if listen.ip().is_unspecified() && names.as_ref().is_none_or(|names| names.value.is_empty()) {
            let what = "no other machine could open the page: it answers to its own names only";
            section.error(&place, what, Some("add names = [\"station.lan\", \"192.168.1.5\"]".into()));
        }
        Some(Page::of(listen, names, credentials, plain.is_some()))
    }

    fn of(listen: SocketAddr, names: Option<At<Vec<String>>>, pem: Option<At<PathBuf>>, plain_http: bool) -> Page {
        let names = names.map(|names| names.value).unwrap_or_default();
        Page { listen, names, credentials: pem.map(|pem| pem.value), plain_http }
    }
}

/// What somebody must write who lets the page leave the machine without TLS.
const PLAIN_HTTP: &str = "this network is ours";

/// `[homes]`; nothing where the section is missing or wrong.
fn homes(section: &Section<'_, '_>) -> Option<Homes> {
    if !section.exists {
        return None;
    }
    let listen: Option<At<String>> = section.required("listen", "\"0.0.0.0:8471\"");
    let ca: Option<At<PathBuf>> = section.optional("ca");
    let credentials: Option<At<PathBuf>> = section.optional("credentials");
    section.finish();
    let listen = listen.and_then(|At { value, place }| match value.parse::<SocketAddr>() {
        Ok(address) => Some((address, place)),
        Err(_) => {
            let deed = Some("write it as \"0.0.0.0:8471\"".into());
            section.error(&place, format!("{value:?} is no address with a port"), deed);
            None
        }
    });
    let tls = match (ca, credentials) {
        (Some(ca), Some(credentials)) => Some((ca.value, credentials.value)),
        (Some(ca), None) => {
            let deed = Some("add credentials = \"/etc/carecircle/station.pem\"".into());
            section.error(&ca.place, "homes would not believe a station without a certificate", deed);
            None
        }
        (None, Some(credentials)) => {
            let deed = Some("add ca = \"/etc/carecircle/operator-ca.pem\"".into());
            section.error(&credentials.place, "nobody vouches for the homes", deed);
            None
        }
        (None, None) => {
            if let Some((_, place)) = listen.as_ref().filter(|(address, _)| !address.ip().is_loopback()) {
                let what = "without certificates anybody on the network could speak for any home";
                section.error(place, what, Some("add ca and credentials".into()));
            }
            None
        }
    };
    let (listen, _) = listen?;
    Some(Homes { listen, tls })
}

/// `[webhooks]`
fn hooks_allow(section: &Section<'_, '_>) -> Vec<String> {
    let allow: Option<At<Vec<String>>> = section.optional("allow");
    section.finish();
    let Some(At { value, place }) = allow else { return Vec::new() };
    for host in &value {
        let is_host = !host.is_empty() && !host.contains(['/', '@', '*']) && !host.contains(char::is_whitespace);
        if !is_host {
            let deed = Some("write it as \"127.0.0.1:9000\" or \"platform.inside\"".into());
            section.error(&place, format!("{host:?} is no host"), deed);
        }
    }
    value
}

/// `[events]`
fn events_by_mqtt(section: &Section<'_, '_>) -> bool {
    let mqtt = section.or("mqtt", false);
    section.finish();
    mqtt
}

fn people(root: &Section<'_, '_>) -> Vec<Person> {
    let sections = root.list("person");
    if sections.is_empty() {
        let deed = Some("add a [[person]] with id, name and role".into());
        root.error(&root.place, "nobody works here, so nobody could take an alert", deed);
    }
    let mut people: Vec<Person> = Vec::new();
    for section in &sections {
        let id: Option<At<PersonId>> = section.required("id", "\"p1\"");
        let name: Option<At<String>> = section.required("name", "\"小李\"");
        let positions = positions(section);
        section.finish();
        let (Some(id), Some(name), Some(positions)) = (id, name, positions) else { continue };
        if people.iter().any(|other| other.id == id.value) {
            let deed = Some("give each person an id of their own".into());
            section.error(&id.place, format!("there are two people with the id \"{}\"", id.value), deed);
        }
        if people.iter().any(|other| other.name == name.value) {
            let what = format!("there are two people called \"{}\": the page could not tell them apart", name.value);
            section.warning(&name.place, what, None);
        }
        people.push(Person { id: id.value, name: name.value, positions });
    }
    if !sections.is_empty() && !people.iter().any(|person| person.positions.has(Position::Supervisor)) {
        let deed = Some("give one person the role \"supervisor\"".into());
        root.warning(&sections[0].place, "nobody is supervisor, so overdue alerts reach nobody higher up", deed);
    }
    people
}

/// `role`, and for who is several things `roles`.
fn positions(section: &Section<'_, '_>) -> Option<Positions> {
    let several: Option<At<Vec<Position>>> = section.optional("roles");
    let one: Option<At<Position>> = match several.as_ref().is_some_and(|several| !several.value.is_empty()) {
        true => section.optional("role"),
        false => section.required("role", "\"desk\""),
    };
    let several = several.map(|several| several.value).unwrap_or_default();
    let all: Positions = several.into_iter().chain(one.map(|one| one.value)).collect();
    (!all.is_empty()).then_some(all)
}
