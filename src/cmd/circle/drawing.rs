//! The plan as a drawing.

use super::Plan;
use crate::model::time::write_span;
use crate::picture::{Caption, Circle, circle, circle_file};
use crate::reach::BANDS;

/// The drawing as SVG. A home is shown as it is at the slowest hour of the week, for that is the hour to plan for.
pub(super) fn drawing(plan: &Plan) -> String {
    let third = |seen: &crate::reach::Seen| seen.worst.map_or(BANDS, |slowest| plan.bands.band(slowest.time));
    let homes = plan.homes.iter().zip(&plan.survey.homes).map(|(home, seen)| (home.location, third(seen)));
    let points = plan.points.iter().map(|point| {
        let words = format!("{} {}, {}, {}", point.id, point.name, point.by.as_str(), point.on_duty);
        (point.location, words)
    });
    let proposed = plan.more.iter().map(|place| (place.location, format!("one more point: {} homes", place.homes)));
    let when = match (plan.is_instant, plan.shifts.first()) {
        (true, Some(shift)) => format!("at {}", shift.hours),
        (true | false, _) => "at the slowest hour of the week".to_owned(),
    };
    let [first, second, third] = [0, 1, 2].map(|nth| format!("within {}", write_span(plan.bands.end(nth))));
    let (all, points_all) = (plan.homes.len(), plan.points.len());
    let caption = Caption {
        title: format!("Who can be at the door, {when}"),
        description: format!("{points_all} service points and {all} homes, north up, estimated times"),
        weekdays: [""; 7],
        hours: "",
    };
    let drawn = circle(&Circle {
        caption,
        homes: homes.collect(),
        points: points.collect(),
        proposed: proposed.collect(),
        legend: [first, second, third, "nobody in time".into(), "service point".into(), "one more".into()],
    });
    circle_file(&drawn)
}
