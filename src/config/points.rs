//! The service points of a home, and how long they need to its door: as somebody measured it, else as it is estimated.

use crate::config::modems::PhonesEntry;
use crate::config::report::Place;
use crate::config::section::{At, Section};
use crate::engine::circle::Point;
use crate::model::duty::DutyHours;
use crate::model::ids::{ChannelName, PointId};
use crate::model::place::Location;
use crate::model::time::Span;
use crate::reach::{Estimate, Speeds, Way};

/// A service point as it stands in the file.
pub(super) struct PointEntry {
    pub point: Point,
    pub id: Place,
    pub name: Place,
    /// What the time to the door comes from.
    pub travel: Place,
    /// Nobody measured it.
    pub is_estimated: bool,
    pub channels: Place,
    pub phones: PhonesEntry,
}

/// How times are estimated: `detour`, `speeds_kmh` and `start` of `[circle]`.
pub(super) fn estimate(circle: &Section<'_, '_>) -> Estimate {
    let usual = Estimate::default();
    let detour: Option<At<f64>> = circle.optional("detour");
    let is_detour = |detour: &f64| (1.0..=10.0).contains(detour);
    if let Some(detour) = detour.as_ref().filter(|detour| !is_detour(&detour.value)) {
        let deed = Some("from 1, the straight line, to 10".to_owned());
        circle.error(&detour.place, format!("detour = {} is out of range", detour.value), deed);
    }
    let speeds: Option<At<Speeds>> = circle.optional("speeds_kmh");
    if let Some((mistake, speeds)) = speeds.as_ref().and_then(|speeds| Some((speeds.value.mistake()?, speeds))) {
        circle.error(&speeds.place, mistake, None);
    }
    let start = circle.span("start", Span::seconds(1)..=Span::hours(1));
    Estimate {
        // With a figure that cannot be nothing is reckoned.
        detour: detour.map(|at| at.value).filter(is_detour).unwrap_or(usual.detour),
        speeds: speeds.map(|at| at.value).filter(|speeds| speeds.mistake().is_none()).unwrap_or(usual.speeds),
        start: start.map_or(usual.start, |at| at.value),
    }
}

/// All `[[circle.point]]`.
pub(super) fn points(
    circle: &Section<'_, '_>,
    home: Option<&At<Location>>,
    home_is_said: bool,
    estimate: &Estimate,
) -> Vec<PointEntry> {
    let point = |section: &Section<'_, '_>| {
        let id: Option<At<PointId>> = section.required("id", "\"lehe\"");
        let name: Option<At<String>> = section.required("name", "\"乐合社区服务站\"");
        let way = WayThere::read(section);
        let on_duty = section.or("on_duty", DutyHours::always());
        let channels: Option<At<Vec<ChannelName>>> = section.required("channels", "[\"lehe\"]");
        let phones = PhonesEntry::read(section);
        section.finish();
        let travel = way.time(section, home, home_is_said, estimate);
        let (id, name, (travel, is_estimated), channels) = (id?, name?, travel?, channels?);
        Some(PointEntry {
            id: id.place,
            name: name.place,
            travel: travel.place,
            is_estimated,
            channels: channels.place,
            phones,
            point: Point { id: id.value, name: name.value, travel: travel.value, on_duty, channels: channels.value },
        })
    };
    circle.list("point").iter().filter_map(point).collect()
}

/// What a point says of its way to the door.
struct WayThere {
    travel: Option<At<Span>>,
    location: Option<At<Location>>,
    by: Option<At<Way>>,
    /// Which of the three stand there, right or wrong.
    said: [bool; 3],
}

impl WayThere {
    fn read(section: &Section<'_, '_>) -> WayThere {
        let said = ["travel", "location", "by"].map(|key| section.entry(key).is_some());
        let travel = section.span("travel", Span::seconds(1)..=TRAVEL_MAX);
        WayThere { travel, location: section.optional("location"), by: section.optional("by"), said }
    }

    /// The time to the door, and whether it is estimated.
    fn time(
        self,
        section: &Section<'_, '_>,
        home: Option<&At<Location>>,
        home_is_said: bool,
        estimate: &Estimate,
    ) -> Option<(At<Span>, bool)> {
        let [travel_is_said, location_is_said, by_is_said] = self.said;
        if let (Some(by), false) = (&self.by, location_is_said) {
            let what = "\"by\" says nothing where the point has no location";
            section.warning(&by.place, what, Some("add location, or take it out".into()));
        }
        if travel_is_said {
            // Measured minutes win.
            return Some((self.travel?, false));
        }
        if !location_is_said {
            let deed = "add how long they need to the door: travel = \"6m\"; or where they are and how they come: \
                        location = { latitude = 23.7142, longitude = 103.2667 }, by = \"e_bike\"";
            section.error(
                &section.place,
                format!("the key \"travel\" is missing in {}", section.name),
                Some(deed.into()),
            );
            return None;
        }
        if !by_is_said {
            let deed = "add how they come: by = \"foot\", \"e_bike\" or \"car\"; or measured minutes: travel = \"6m\"";
            section.error(&section.place, format!("the key \"by\" is missing in {}", section.name), Some(deed.into()));
        }
        let location = self.location?;
        let Some(home) = home else {
            if !home_is_said {
                let deed =
                    "add to [home]: location = { latitude = 23.7142, longitude = 103.2667 }; or here: travel = \"6m\"";
                section.error(&location.place, "how far that is from the home cannot be told", Some(deed.into()));
            }
            return None;
        };
        let time = estimate.time(self.by?.value, location.value, home.value);
        if time > TRAVEL_MAX {
            let km = location.value.metres_to(home.value) / 1000.0;
            let deed = Some("are latitude and longitude swapped, here or in [home]?".to_owned());
            section.error(&location.place, format!("this is {km:.0} km from the home"), deed);
            return None;
        }
        Some((At { value: time, place: location.place }, true))
    }
}

const TRAVEL_MAX: Span = Span::hours(12);
