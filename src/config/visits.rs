//! `[[visit]]`: planned visits, and who can say that they were made.

use crate::config::gateway::SensorEntry;
use crate::config::section::{At, Section};
use crate::engine::rules::missed_visit::Visit;
use crate::model::duty::DutyHours;
use crate::model::home::Service;
use crate::model::time::Span;

/// A name is read in the row of a list.
const NAME_LENGTH_MAX: usize = 40;

/// Waited for so long where nothing is said.
const GRACE: Span = Span::minutes(30);

/// All of them.
pub(super) fn read(root: &Section<'_, '_>) -> Vec<Visit> {
    let visits: Vec<At<Visit>> = root.list("visit").iter().filter_map(visit).collect();
    for (nth, visit) in visits.iter().enumerate() {
        if visits[..nth].iter().any(|other| other.value.name == visit.value.name) {
            let deed = Some("write the times of one visit into one `when`, with commas between them".into());
            root.error(&visit.place, format!("there are two visits \"{}\"", visit.value.name), deed);
        }
    }
    visits.into_iter().map(|visit| visit.value).collect()
}

fn visit(section: &Section<'_, '_>) -> Option<At<Visit>> {
    let name: Option<At<String>> = section.required("name", "\"morning care\"");
    let when: Option<At<DutyHours>> = section.required("when", "\"Mon-Fri 08:00-10:00\"");
    let grace = section.span("grace", Span::minutes(1)..=Span::hours(6));
    section.finish();
    let (name, when) = (name?, when?);
    let is_bad = name.value.trim().is_empty() || name.value.chars().any(char::is_control);
    if is_bad || name.value.chars().count() > NAME_LENGTH_MAX {
        let deed = Some(format!("a few words, at most {NAME_LENGTH_MAX} characters; never the name of a person"));
        section.error(&name.place, "this is no name for a visit", deed);
    }
    if when.value.is_every_hour() {
        let deed = Some("write \"Mon-Fri 08:00-10:00\"".into());
        section.error(&when.place, "a visit has its time; who is there always need not come", deed);
    }
    let grace = grace.map_or(GRACE, |at| at.value);
    Some(At { value: Visit { name: name.value, when: when.value, grace }, place: name.place })
}

/// Whoever comes must be able to say so.
pub(super) fn check(visits: &[Visit], sensors: &[SensorEntry], root: &Section<'_, '_>) {
    let confirms = |sensor: &SensorEntry| sensor.service.as_ref().is_some_and(|at| at.value == Service::Arrival);
    let (Some(visit), false) = (visits.first(), sensors.iter().any(confirms)) else { return };
    let place = root.list("visit").first().map_or(root.place.clone(), |section| section.place.clone());
    let what = format!("nobody can confirm the visit \"{}\": it would be missed every time", visit.name);
    let deed = "add a [[sensor]] at the door with kind = \"service_button\" and service = \"arrival\": a button, or a reader of tags";
    root.error(&place, what, Some(deed.into()));
}
