//! `[[directory.point]]`: the service points that a station names to its homes.

use crate::config::section::{At, Section};
use crate::model::duty::DutyHours;
use crate::model::ids::{ChannelName, PointId};
use crate::model::listed::Listed;
use crate::model::place::{Location, Way};
use crate::model::time::Span;

/// All of them, in the order of the file; `own` is the station's point.
pub(super) fn read(root: &Section<'_, '_>, own: Option<&PointId>) -> Vec<Listed> {
    let directory = root.section("directory");
    let sections = directory.list("point");
    let mut points: Vec<Listed> = Vec::new();
    for section in &sections {
        let id: Option<At<PointId>> = section.required("id", "\"lehe\"");
        let name: Option<At<String>> = section.required("name", "\"乐合社区服务站\"");
        let on_duty = section.or("on_duty", DutyHours::always());
        let travel = section.span("travel", Span::seconds(1)..=Span::hours(12));
        let location: Option<At<Location>> = section.optional("location");
        let by: Option<At<Way>> = section.optional("by");
        let channels: Vec<ChannelName> = section.or("channels", Vec::new());
        section.finish();
        let is_said = |key: &str| section.entry(key).is_some();
        if !(is_said("travel") || is_said("location") && is_said("by")) {
            let what = "how long its staff needs to a home cannot be told";
            let deed = "add location = { latitude = 23.7142, longitude = 103.2667 } and by = \"e_bike\", or travel = \"6m\" for all homes";
            section.error(&section.place, what, Some(deed.into()));
        }
        let (Some(id), Some(name)) = (id, name) else { continue };
        if points.iter().any(|other| other.id == id.value) {
            section.error(&id.place, format!("there are two service points \"{}\"", id.value), None);
        }
        points.push(Listed {
            id: id.value,
            name: name.value,
            on_duty,
            travel_secs: travel.and_then(|travel| u32::try_from(travel.value.num_seconds()).ok()),
            location: location.map(|at| at.value),
            by: by.map(|at| at.value),
            channels,
        });
    }
    if let Some(own) = own.filter(|own| !sections.is_empty() && points.iter().all(|point| point.id != **own)) {
        let what = format!("this station, \"{own}\", is not among the points that its homes shall ask");
        directory.warning(&directory.place, what, Some("add a [[directory.point]] for it".into()));
    }
    directory.finish();
    points
}
