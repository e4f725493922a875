//! The index against brute force, on cities of every kind.

use super::*;
use crate::model::duty::MINUTES_OF_WEEK;
use proptest::prelude::*;

pub(super) fn point(id: &str, latitude: f64, longitude: f64, by: Way, on_duty: &str) -> Point {
    let location = Location::new(latitude, longitude).unwrap();
    Point { id: id.into(), name: id.into(), location, by, on_duty: on_duty.parse().unwrap(), capacity: None }
}

pub(super) fn home(latitude: f64, longitude: f64, given: &[(u32, i64)]) -> Home {
    let given = given.iter().map(|(point, minutes)| (*point, Span::minutes(*minutes))).collect();
    Home { id: "h".into(), place: "".into(), location: Location::new(latitude, longitude).unwrap(), given }
}

/// Every point asked, nothing clever.
fn by_force(points: &[Point], shift: &Shift, estimate: &Estimate, home: &Home) -> Option<Span> {
    let time = |index: &u32| {
        let given = home.given.iter().find(|(point, _)| point == index).map(|(_, time)| *time);
        let point = &points[*index as usize];
        given.unwrap_or_else(|| estimate.time(point.by, point.location, home.location))
    };
    shift.points.iter().map(time).min()
}

const DUTIES: [&str; 5] =
    ["always", "Mon-Fri 08:00-18:00", "Mon-Sun 20:00-08:00", "Sat 09:00-12:00, Sun 23:30-07:15", "Tue 00:00-24:00"];

/// A spot near one of two towns, one of which lies on the date line, or anywhere.
fn spot() -> impl Strategy<Value = (f64, f64)> {
    let near = |latitude: f64, longitude: f64| {
        (-0.2..0.2, -0.2..0.2).prop_map(move |(north, east): (f64, f64)| {
            let longitude = longitude + east;
            (latitude + north, if longitude > 180.0 { longitude - 360.0 } else { longitude })
        })
    };
    prop_oneof![4 => near(23.7, 103.2), 2 => near(-16.8, 179.95), 1 => near(89.7, 10.0), 1 => (-89.0..89.0, -179.0..179.0)]
}

fn points() -> impl Strategy<Value = Vec<Point>> {
    let one = (spot(), 0..Way::ALL.len(), 0..DUTIES.len())
        .prop_map(|((latitude, longitude), way, duty)| point("p", latitude, longitude, Way::ALL[way], DUTIES[duty]));
    proptest::collection::vec(one, 0..60)
}

fn homes() -> impl Strategy<Value = Vec<Home>> {
    let given = proptest::collection::btree_map(0..60_u32, 1..90_i64, 0..4);
    let one = (spot(), prop_oneof![3 => Just(Default::default()), 1 => given])
        .prop_map(|((latitude, longitude), given)| home(latitude, longitude, &given.into_iter().collect::<Vec<_>>()));
    proptest::collection::vec(one, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_index_finds_what_asking_every_point_finds(points in points(), homes in homes()) {
        let shifts = week(&points);
        prop_assert_eq!(shifts.iter().map(|shift| shift.minutes).sum::<u32>(), MINUTES_OF_WEEK);
        let estimate = Estimate::default();
        let index = Index::new(&points, &shifts, estimate);
        for home in &homes {
            for (nth, shift) in shifts.iter().enumerate() {
                let nearest = index.nearest(nth, home);
                let forced = by_force(&points, shift, &estimate, home);
                // Equally near but for the last bit: whole seconds may differ by one.
                let differ = nearest.zip(forced).map(|(found, forced)| (found.time - forced).num_seconds().abs());
                prop_assert_eq!(nearest.is_some(), forced.is_some());
                prop_assert!(differ.unwrap_or(0) <= 1, "{:?} instead of {:?}", nearest, forced);
                if let Some(nearest) = nearest {
                    prop_assert!(shift.points.contains(&nearest.point), "it is not on duty");
                }
            }
        }
    }

    #[test]
    fn homes_surveyed_in_parts_are_homes_surveyed_together(points in points(), homes in homes(), at in 0..40_usize) {
        let shifts = week(&points);
        let index = Index::new(&points, &shifts, Estimate::default());
        let bands = Bands::of(Span::minutes(15));
        let (first, second) = homes.split_at(at.min(homes.len()));
        let mut parts = Survey::default();
        for part in [first, second] {
            parts.append(Survey::of(&index, &shifts, part, bands));
        }
        let whole = Survey::of(&index, &shifts, &homes, bands);
        for shift in &whole.shifts {
            prop_assert_eq!(shift.homes.iter().sum::<u32>() as usize, homes.len(), "a home is counted once");
        }
        prop_assert_eq!(parts, whole);
    }
}

#[test]
fn who_is_quickest_wins_and_measured_minutes_win_over_the_estimate() {
    let points = [
        point("walks", 23.701, 103.2, Way::Foot, "always"),
        point("drives", 23.71, 103.2, Way::Car, "always"),
        point("rides", 23.74, 103.2, Way::EBike, "always"),
    ];
    let shifts = week(&points);
    let index = Index::new(&points, &shifts, Estimate::default());
    let nearest = |latitude, given: &[(u32, i64)]| {
        let nearest = index.nearest(0, &home(latitude, 103.2, given)).unwrap();
        (nearest.point, nearest.time.num_seconds())
    };
    assert_eq!(nearest(23.7, &[]).0, 0, "a hundred metres on foot");
    assert_eq!(nearest(23.705, &[]).0, 1, "four hundred on foot are slower than five hundred in a car");
    assert_eq!(nearest(23.7, &[(0, 20)]).0, 1, "there is a river before the near one");
    assert_eq!(nearest(23.7, &[(2, 1)]), (2, 60), "there is a tunnel from the far one");
    assert_eq!(nearest(23.7, &[(0, 50), (1, 40), (2, 30)]), (2, 1800));
}

#[test]
fn where_nobody_is_on_duty_nobody_is_invented() {
    let points = [point("p", 23.7, 103.2, Way::Car, "Mon-Fri 08:00-18:00")];
    let shifts = week(&points);
    let homes = [home(23.7, 103.2, &[]), home(23.8, 103.2, &[(0, 3)]), home(24.7, 103.2, &[])];
    let survey =
        Survey::of(&Index::new(&points, &shifts, Estimate::default()), &shifts, &homes, Bands::of(Span::minutes(15)));
    assert_eq!(shifts[1].hours, "Mon-Fri 08:00-18:00");
    assert_eq!((survey.shifts[0].homes, survey.shifts[1].homes), ([0, 0, 0, 3], [2, 0, 0, 1]));
    assert_eq!((&survey.shifts[0].load, &survey.shifts[1].load), (&vec![0], &vec![3]), "who comes late still comes");
    assert_eq!(survey.homes[0].worst, None);
    assert_eq!(survey.homes.iter().map(|seen| seen.minutes).collect::<Vec<_>>(), [3000, 3000, 0]);
}

#[test]
fn one_more_point_stands_where_most_hours_are_won() {
    let points = [point("p", 23.7, 103.2, Way::EBike, "Mon-Sun 08:00-20:00")];
    // Three homes near the point open at night, two far away that nobody ever reaches, one alone.
    let mut homes: Vec<Home> = [23.701, 23.702, 23.703].map(|latitude| home(latitude, 103.2, &[])).to_vec();
    homes.extend([home(24.0, 103.2, &[]), home(24.001, 103.2, &[]), home(25.0, 103.2, &[])]);
    let shifts = week(&points);
    let estimate = Estimate::default();
    let within = Span::minutes(15);
    let survey = Survey::of(&Index::new(&points, &shifts, estimate), &shifts, &homes, Bands::of(within));
    let places = more(&homes, &survey.homes, MINUTES_OF_WEEK, &estimate, Way::EBike, within, 9);
    let said: Vec<(u32, u32, u64)> =
        places.iter().map(|place| (place.homes, place.never_before, place.minutes)).collect();
    // Two homes for a whole week are more than three for its nights.
    assert_eq!(said, [(2, 2, 2 * 10_080), (3, 0, 3 * 5_040), (1, 1, 10_080)]);
    assert_eq!(places.len(), 3, "nobody is left");
    assert!(more(&homes, &survey.homes, MINUTES_OF_WEEK, &estimate, Way::EBike, Span::minutes(1), 3).is_empty());
}
