//! Every home of the station: where it lies, how it is, how long the way took.

use crate::desk::{Case, Desk, HomeState};
use crate::model::card::WayIn;
use crate::model::ids::HomeId;
use crate::model::place::Location;
use crate::model::time::Span;
use crate::picture::Dot;
use crate::text;
use crate::web::Site;
use crate::web::form::escape;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One home on the circle. A district has a hundred thousand: what few of them need is looked up for those alone.
pub(super) struct Home {
    pub home: HomeId,
    /// The word of the list of homes.
    pub state: HomeState,
    /// Planned, from door to door.
    pub minutes: Option<u16>,
    /// Degrees from north.
    pub bearing: Option<u16>,
    pub location: Option<(f64, f64)>,
    pub way: Way,
}

/// How long the way to a home really took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Way {
    /// How often somebody said both that they set out and that they arrived.
    pub count: usize,
    /// The middle one, once there are enough.
    pub median: Option<Span>,
}

impl Home {
    /// How it is drawn.
    pub fn dot(&self) -> Dot {
        match self.state {
            HomeState::Alert => Dot::Alert,
            HomeState::NoContact => Dot::NoContact,
            HomeState::Unknown => Dot::Unknown,
            HomeState::CannotSee => Dot::CannotSee,
            HomeState::Suspended(_) => Dot::Suspended,
            HomeState::Learning(..) => Dot::Learning,
            HomeState::Quiet => Dot::Quiet,
            HomeState::Active => Dot::Active,
        }
    }

    pub fn href(&self) -> String {
        format!("/home/{}", escape(self.home.as_str()))
    }

    /// What people call it.
    pub fn place(&self, desk: &Desk) -> String {
        desk.place_of(&self.home).map_or_else(|| self.home.to_string(), |place| text::shown(&place, 30))
    }
}

/// All homes in the order of rings, then of directions; those of unknown place last.
pub(super) async fn homes(site: &Arc<Site>) -> Vec<Home> {
    let now = site.now();
    let cases = site.cases(now - WAYS_FROM, now).await.unwrap_or_else(|why| {
        tracing::error!(%why, "the ways to homes could not be read");
        Vec::new()
    });
    let ways = ways(&cases);
    let (desk, here) = (site.desk(), site.settings.location);
    let mut homes: Vec<Home> = desk
        .home_states(now)
        .map(|(id, state)| {
            let way_in = desk.card(id).map(|card| &card.way_in);
            home(id, state, way_in, here, ways.get(id).copied().unwrap_or_default())
        })
        .collect();
    drop(desk);
    // They come in the order of their ids, which those that lie alike keep.
    homes.sort_by_key(|home| {
        let ring = home.minutes.map(|minutes| ring(minutes).unwrap_or(u16::MAX));
        (ring.is_none(), ring, home.bearing.is_none(), home.bearing)
    });
    homes
}

fn home(id: &HomeId, state: HomeState, way_in: Option<&WayIn>, here: Option<Location>, way: Way) -> Home {
    let location = way_in.and_then(|way_in| way_in.location);
    let from_location = || {
        let there = Location::new(location?.0, location?.1).ok()?;
        Some(bearing(here?, there))
    };
    Home {
        state,
        minutes: way_in.and_then(|way_in| way_in.minutes),
        bearing: way_in.and_then(|way_in| way_in.bearing_degrees).map(|b| b % 360).or_else(from_location),
        location,
        way,
        home: id.clone(),
    }
}

/// From the raise of legs to the door, where somebody said both and not in one breath.
fn ways(cases: &[Case]) -> BTreeMap<HomeId, Way> {
    let mut lengths: BTreeMap<HomeId, Vec<Span>> = BTreeMap::new();
    for case in cases {
        let (Some(departed), Some(arrived)) = (&case.departed, &case.arrived) else { continue };
        if !departed.implied && departed.at < arrived.at {
            lengths.entry(case.key.home.clone()).or_default().push(arrived.at - departed.at);
        }
    }
    let way = |mut lengths: Vec<Span>| {
        lengths.sort_unstable();
        let median = lengths.get((lengths.len().max(1) - 1) / 2).copied();
        Way { count: lengths.len(), median: median.filter(|_| lengths.len() >= WAYS_MIN) }
    };
    lengths.into_iter().map(|(home, lengths)| (home, way(lengths))).collect()
}

/// The ring that a home lies in; none beyond the last.
pub(super) fn ring(minutes: u16) -> Option<u16> {
    [5, 10, 15].into_iter().find(|end| minutes <= *end)
}

/// The direction from one place to another near it, in degrees from north.
fn bearing(from: Location, to: Location) -> u16 {
    let north = to.latitude() - from.latitude();
    let east = (to.longitude() - from.longitude()) * ((from.latitude() + to.latitude()) / 2.0).to_radians().cos();
    (east.atan2(north).to_degrees().round() as i32).rem_euclid(360) as u16
}

/// Older ways say little about the present ones.
const WAYS_FROM: Span = Span::days(180);
/// `station.md` 2.5: a median of fewer says nothing.
const WAYS_MIN: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_direction_is_that_of_a_map_with_north_up() {
        let at = |latitude, longitude| Location::new(latitude, longitude).unwrap();
        let here = at(23.72, 103.27);
        let directions = [at(23.73, 103.27), at(23.72, 103.28), at(23.71, 103.27), at(23.72, 103.26)];
        assert_eq!(directions.map(|there| bearing(here, there)), [0, 90, 180, 270]);
    }

    #[test]
    fn a_minute_on_the_edge_lies_inside() {
        assert_eq!([0, 5, 6, 15, 16].map(ring), [Some(5), Some(5), Some(10), Some(15), None]);
    }
}
