//! Where one more point would help most.
//!
//! Candidates are homes that are not reached at every hour: where one stands there is a street, a floor and a power socket,
//! which the crossings of a grid cannot promise, in a river or on a hill. Of homes that lie close together (an eighth of the
//! reach) one stands for all. What a candidate is worth is what the new point, staffed day and night, would add: for each
//! home within its reach the minutes of the week in which nobody is there in time now. The best one is taken, its homes
//! count as reached, and so on: greedy, not the best set, but no set is worse than 63 % of the best of its size.

use super::{Estimate, Home, Seen, Way};
use crate::model::place::{Location, chord};
use crate::model::time::Span;
use rstar::RTree;
use rstar::primitives::GeomWithData;
use std::collections::BTreeMap;

/// A point that does not exist yet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct More {
    /// Where.
    pub location: Location,
    /// The home that stands there: index.
    pub beside: usize,
    /// Homes that would be reached at hours at which they are not now.
    pub homes: u32,
    /// Of these, homes that nobody reaches at any hour now.
    pub never_before: u32,
    /// Minutes of the week that this adds, over all homes.
    pub minutes: u64,
}

/// An open home: its place on the sphere, and which it is.
type Spot = GeomWithData<[f64; 3], u32>;

/// Cells in the radius of a point; a candidate stands for one cell.
const CELLS: f64 = 8.0;

/// Up to `count` places, each the best after those before it; fewer where there is nothing left to gain.
pub fn more(
    homes: &[Home],
    seen: &[Seen],
    week_minutes: u32,
    estimate: &Estimate,
    way: Way,
    within: Span,
    count: usize,
) -> Vec<More> {
    let metres = estimate.metres(way, within);
    if metres <= 0.0 {
        return Vec::new();
    }
    let reach_squared = chord(metres).powi(2);
    // Minutes of the week that are open, by home.
    let mut open: Vec<u32> = seen.iter().map(|seen| week_minutes.saturating_sub(seen.minutes)).collect();
    let spots: Vec<Spot> = (0..)
        .zip(homes.iter().zip(&open))
        .filter(|(_, (_, open))| **open > 0)
        .map(|(index, (home, _))| Spot::new(home.location.on_sphere(), index))
        .collect();
    let candidates = candidates(&spots, chord(metres) / CELLS);
    let tree = RTree::bulk_load(spots);
    let mut places = Vec::new();
    // What a candidate was worth last: it can only fall, so whoever was worth less than the best is not asked again.
    let mut worth: Vec<(u64, Spot)> = candidates.into_iter().map(|spot| (u64::MAX, spot)).collect();
    while places.len() < count {
        let mut best: Option<(u64, Spot)> = None;
        worth.sort_by_key(|(minutes, spot)| (std::cmp::Reverse(*minutes), spot.data));
        for (minutes, spot) in &mut worth {
            if best.is_some_and(|(best, _)| *minutes <= best) {
                break;
            }
            let near = tree.locate_within_distance(*spot.geom(), reach_squared);
            *minutes = near.map(|home| u64::from(open.get(home.data as usize).copied().unwrap_or(0))).sum();
            if best.is_none_or(|(best, _)| *minutes > best) {
                best = Some((*minutes, *spot));
            }
        }
        let Some((minutes, spot)) = best.filter(|(minutes, _)| *minutes > 0) else { break };
        let mut place = More {
            location: homes[spot.data as usize].location,
            beside: spot.data as usize,
            homes: 0,
            never_before: 0,
            minutes,
        };
        for home in tree.locate_within_distance(*spot.geom(), reach_squared) {
            let home = home.data as usize;
            let Some(open) = open.get_mut(home).filter(|open| **open > 0) else { continue };
            place.homes += 1;
            place.never_before += u32::from(seen.get(home).is_some_and(|seen| seen.minutes == 0));
            *open = 0;
        }
        places.push(place);
    }
    places
}

/// The first home of each cell of this size.
fn candidates(spots: &[Spot], cell: f64) -> Vec<Spot> {
    let mut cells: BTreeMap<[i64; 3], Spot> = BTreeMap::new();
    for spot in spots {
        let key = spot.geom().map(|coordinate| (coordinate / cell).floor() as i64);
        cells.entry(key).or_insert(*spot);
    }
    cells.into_values().collect()
}
