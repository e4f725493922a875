//! Who is asked when: the usual steps, and what must hold whatever they are.

use super::*;

fn circle(points: &[(&str, i64, &str)]) -> Circle {
    let point = |(id, minutes, duty): &(&str, i64, &str)| Point {
        id: id.parse().unwrap(),
        name: (*id).into(),
        travel: Span::minutes(*minutes),
        on_duty: duty.parse().unwrap(),
        channels: Vec::new(),
    };
    Circle::of_points(points.iter().map(point).collect(), Timers::default())
}

fn order(circle: &Circle, at: &str) -> Vec<String> {
    let zone = Zone::named("Asia/Shanghai").unwrap();
    circle.order(&zone, at.parse().unwrap()).iter().map(|point| point.id.to_string()).collect()
}

#[test]
fn whoever_can_be_there_first_is_asked_first_and_nobody_is_left_out() {
    let circle = circle(&[
        ("day", 3, "Mon-Sun 08:00-20:00"),
        ("far", 25, "always"),
        ("night", 9, "Mon-Sun 20:00-08:00"),
        ("near", 5, "Mon-Fri 07:00-19:00"),
        ("shut", 1, "Mon 08:00-09:00, 2026-11-01..2027-11-01 closed"),
    ]);
    // Saturday noon there: near comes on Monday, night this evening.
    assert_eq!(order(&circle, "2026-11-21T04:00:00Z"), ["day", "far", "night", "near", "shut"]);
    // Thursday 03:00: near and day come in the morning, near an hour sooner.
    assert_eq!(order(&circle, "2026-11-18T19:00:00Z"), ["night", "far", "near", "day", "shut"]);
    let within = circle.timers.arrive_within;
    assert!(circle.points.iter().map(|point| point.is_outside(within)).eq([false, true, false, false, false]));
}

#[test]
fn on_a_holiday_the_next_point_is_asked() {
    let circle = circle(&[("own", 3, "Mon-Sun 08:00-20:00, 2027-02-06 closed"), ("other", 14, "always")]);
    assert_eq!(order(&circle, "2027-02-06T02:00:00Z"), ["other", "own"]);
    assert_eq!(order(&circle, "2027-02-07T02:00:00Z"), ["own", "other"]);
}
