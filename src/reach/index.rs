//! The nearest point of a home, by time.
//!
//! Points that go at one speed are nearest in time where they are nearest in space: so there is one spatial index for each
//! way of travel and each shift, and of its answers (at most three) the quickest wins. Measured minutes stand beside it: a
//! pair for which they are given is taken out of the search, for they may be longer than the estimate as well as shorter.

use super::{Estimate, Home, Point, Shift, Way};
use crate::model::time::Span;
use rstar::RTree;
use rstar::primitives::GeomWithData;

/// A point in an index: its place on the sphere, and which it is.
type Spot = GeomWithData<[f64; 3], u32>;

/// Who comes first, and in what time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Nearest {
    /// From the alert to the door.
    pub time: Span,
    /// Index of the point.
    pub point: u32,
}

/// All points, ready to be asked for the nearest.
#[derive(Debug)]
pub struct Index<'p> {
    points: &'p [Point],
    estimate: Estimate,
    /// In the order of the shifts.
    trees: Vec<Vec<(Way, RTree<Spot>)>>,
    /// Who is on duty, by shift and point; for measured minutes.
    on_duty: Vec<Vec<bool>>,
}

impl<'p> Index<'p> {
    /// An index of the points that are on duty in each of `shifts`.
    pub fn new(points: &'p [Point], shifts: &[Shift], estimate: Estimate) -> Index<'p> {
        let trees = shifts.iter().map(|shift| trees(points, shift)).collect();
        let on_duty = shifts.iter().map(|shift| {
            let mut there = vec![false; points.len()];
            for index in &shift.points {
                if let Some(is_there) = there.get_mut(*index as usize) {
                    *is_there = true;
                }
            }
            there
        });
        Index { points, estimate, trees, on_duty: on_duty.collect() }
    }

    /// How many shifts it knows.
    pub fn shifts(&self) -> usize {
        self.trees.len()
    }

    /// How many points it knows.
    pub fn points(&self) -> usize {
        self.points.len()
    }

    /// Who comes first to `home` in this shift; nobody only where nobody is on duty.
    pub fn nearest(&self, shift: usize, home: &Home) -> Option<Nearest> {
        let on_sphere = home.location.on_sphere();
        let estimated = self.trees.get(shift)?.iter().filter_map(|(way, tree)| {
            let point = self.nearest_in(tree, on_sphere, home)?;
            let from = self.points.get(point as usize)?.location;
            Some(Nearest { time: self.estimate.time(*way, from, home.location), point })
        });
        let on_duty = self.on_duty.get(shift)?;
        let is_there = |point: u32| on_duty.get(point as usize).is_some_and(|there| *there);
        let given = home.given.iter().filter(|(point, _)| is_there(*point));
        let given = given.map(|(point, time)| Nearest { time: *time, point: *point });
        estimated.chain(given).min()
    }

    fn nearest_in(&self, tree: &RTree<Spot>, on_sphere: [f64; 3], home: &Home) -> Option<u32> {
        if home.given.is_empty() {
            return tree.nearest_neighbor(on_sphere).map(|spot| spot.data);
        }
        let is_given = |spot: &&Spot| home.given.iter().any(|(point, _)| *point == spot.data);
        tree.nearest_neighbor_iter(on_sphere).find(|spot| !is_given(spot)).map(|spot| spot.data)
    }
}

fn trees(points: &[Point], shift: &Shift) -> Vec<(Way, RTree<Spot>)> {
    let of = |way: Way| {
        let there = shift.points.iter().filter_map(|index| Some((*index, points.get(*index as usize)?)));
        let going = there.filter(|(_, point)| point.by == way);
        going.map(|(index, point)| Spot::new(point.location.on_sphere(), index)).collect::<Vec<_>>()
    };
    let filled = Way::ALL.into_iter().map(|way| (way, of(way))).filter(|(_, spots)| !spots.is_empty());
    filled.map(|(way, spots)| (way, RTree::bulk_load(spots))).collect()
}
