//! What the daemon at the service point is told.

use crate::config::report::Report;
use crate::config::section::{At, Section};
use crate::config::{Homes, Person, Station, directory, shared};
use crate::model::ids::{PersonId, PointId};
use crate::model::lifecycle::Role;
use crate::model::place::Location;
use crate::model::time::{Span, Zone};
use crate::text::Language;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Reads all sections; `None` if something that must be there is missing or wrong.
pub(super) fn read<'r>(root: &Section<'_, 'r>, report: &'r Report<'_>) -> Option<Station> {
    let section = root.section("station");
    let own = Own::read(&section);
    let mqtt = shared::broker_access(&root.section("mqtt"));
    let homes = homes(&root.section("homes"));
    let timers = root.section("timers");
    let read_timers = shared::timers(&timers);
    timers.finish();
    let people = people(root);
    let directory = directory::read(root, own.as_ref().map(|own| &own.point));
    root.finish();
    let own = own?;
    Some(Station {
        point: own.point,
        name: own.name,
        zone: own.zone,
        language: section.or("language", Language::default()),
        location: own.location,
        listen: own.listen,
        state_dir: own.state_dir,
        mqtt: mqtt?,
        homes,
        people,
        directory,
        timers: read_timers,
        unreachable_after: own.unreachable_after,
        hash: report.hash(),
    })
}

/// `[station]`
struct Own {
    point: PointId,
    name: String,
    zone: Zone,
    listen: SocketAddr,
    location: Option<Location>,
    state_dir: PathBuf,
    unreachable_after: Span,
}

impl Own {
    fn read(section: &Section<'_, '_>) -> Option<Own> {
        let point: Option<At<PointId>> = section.required("point", "\"lehe\"");
        let name: Option<At<String>> = section.required("name", "\"乐合社区服务站\"");
        let zone = shared::zone(section);
        let listen = listen(section);
        let location: Option<At<Location>> = section.optional("location");
        section.optional::<Language>("language");
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
            listen: listen?,
            location: location.map(|at| at.value),
            state_dir,
            // 180 s: three signs of life missed (`trust.md` promise 3).
            unreachable_after: unreachable_after.map_or(Span::seconds(180), |at| at.value),
        })
    }
}

fn listen(section: &Section<'_, '_>) -> Option<SocketAddr> {
    let Some(At { value, place }) = section.optional::<String>("listen") else {
        return Some(SocketAddr::from(([127, 0, 0, 1], 8470)));
    };
    match value.parse::<SocketAddr>() {
        Err(_) => {
            let deed = Some("write it as \"127.0.0.1:8470\"".into());
            section.error(&place, format!("{value:?} is no address with a port"), deed);
            None
        }
        Ok(address) if !address.ip().is_loopback() => {
            let what = "the page has no sign-in yet: anybody on the network could read it and close alerts";
            let deed = format!("listen = \"127.0.0.1:{}\"; other desks reach it through an SSH tunnel", address.port());
            section.error(&place, what, Some(deed));
            None
        }
        Ok(address) => Some(address),
    }
}

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

fn people(root: &Section<'_, '_>) -> Vec<Person> {
    #[derive(Deserialize, Clone, Copy)]
    #[serde(rename_all = "snake_case")]
    enum Staff {
        Desk,
        Responder,
        Supervisor,
    }
    let sections = root.list("person");
    if sections.is_empty() {
        let deed = Some("add a [[person]] with id, name and role".into());
        root.error(&root.place, "nobody works here, so nobody could take an alert", deed);
    }
    let mut people: Vec<Person> = Vec::new();
    for section in &sections {
        let id: Option<At<PersonId>> = section.required("id", "\"p1\"");
        let name: Option<At<String>> = section.required("name", "\"小李\"");
        let role: Option<At<Staff>> = section.required("role", "\"desk\"");
        section.finish();
        let (Some(id), Some(name), Some(role)) = (id, name, role) else { continue };
        if people.iter().any(|other| other.id == id.value) {
            let deed = Some("give each person an id of their own".into());
            section.error(&id.place, format!("there are two people with the id \"{}\"", id.value), deed);
        }
        if people.iter().any(|other| other.name == name.value) {
            let what = format!("there are two people called \"{}\": the page could not tell them apart", name.value);
            section.warning(&name.place, what, None);
        }
        let role = match role.value {
            Staff::Desk => Role::Desk,
            Staff::Responder => Role::Responder,
            Staff::Supervisor => Role::Supervisor,
        };
        people.push(Person { id: id.value, name: name.value, role });
    }
    if !sections.is_empty() && !people.iter().any(|person| person.role == Role::Supervisor) {
        let deed = Some("give one person the role \"supervisor\"".into());
        root.warning(&sections[0].place, "nobody is supervisor, so overdue alerts reach nobody higher up", deed);
    }
    people
}
