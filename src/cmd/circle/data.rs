//! The plan for other programs: CSV, GeoJSON, JSON.

use super::Plan;
use super::table::minutes_up;
use crate::model::place::Location;
use crate::reach::{Nearest, Seen, Way};
use serde_json::{Value, json};
use std::io::{Error, Result, Write};

/// A row for every home.
pub(super) fn homes_csv(out: &mut impl Write, plan: &Plan) -> Result<()> {
    let mut rows = csv::Writer::from_writer(out);
    let header = [
        "id",
        "place",
        "latitude",
        "longitude",
        "minutes",
        "point",
        "slowest_minutes",
        "slowest_point",
        "hours_in_time",
    ];
    rows.write_record(header).map_err(Error::other)?;
    for (home, seen) in plan.homes.iter().zip(&plan.survey.homes) {
        let [latitude, longitude] = degrees(home.location);
        let [(minutes, point), (slowest, slowest_point)] = [seen.best, seen.worst].map(|nearest| match nearest {
            Some(nearest) => (minutes_up(nearest.time).to_string(), plan.points[nearest.point as usize].id.as_str()),
            None => (String::new(), ""),
        });
        let hours = hours(plan, seen);
        let row = [
            &*home.id,
            &*guarded(&home.place),
            &latitude,
            &longitude,
            &minutes,
            point,
            &slowest,
            slowest_point,
            &hours,
        ];
        rows.write_record(row).map_err(Error::other)?;
    }
    rows.flush()
}

/// A row for every point in every part of the week in which it is on duty.
pub(super) fn points_csv(out: &mut impl Write, plan: &Plan) -> Result<()> {
    let mut rows = csv::Writer::from_writer(out);
    rows.write_record(["id", "name", "hours", "homes", "capacity"]).map_err(Error::other)?;
    for (nth, point) in plan.points.iter().enumerate() {
        let capacity = point.capacity.map_or_else(String::new, |capacity| capacity.to_string());
        for (shift, counted) in plan.shifts.iter().zip(&plan.survey.shifts) {
            if shift.points.binary_search(&(nth as u32)).is_ok() {
                let homes = counted.load[nth].to_string();
                let row = [&point.id, &*guarded(&point.name), &shift.hours, &homes, &capacity];
                rows.write_record(row).map_err(Error::other)?;
            }
        }
    }
    rows.flush()
}

/// A spreadsheet must not take a name for a formula.
fn guarded(text: &str) -> std::borrow::Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@']) { format!("'{text}").into() } else { text.into() }
}

/// Hours of the week in time, with one digit; for one instant, 1 or 0.
fn hours(plan: &Plan, seen: &Seen) -> String {
    if plan.is_instant { seen.minutes.to_string() } else { format!("{:.1}", f64::from(seen.minutes) / 60.0) }
}

/// To about a metre.
fn degrees(location: Location) -> [String; 2] {
    [location.latitude(), location.longitude()].map(|degrees| format!("{degrees:.5}"))
}

/// Points, homes and proposed places.
pub(super) fn geojson(out: &mut impl Write, plan: &Plan) -> Result<()> {
    writeln!(out, "{{\"type\":\"FeatureCollection\",\"features\":[")?;
    let points = plan.points.iter().enumerate().map(|(nth, point)| {
        let most = plan.survey.shifts.iter().map(|shift| shift.load[nth]).max();
        let properties = json!({
            "kind": "point", "id": point.id, "name": point.name, "by": point.by.as_str(),
            "on_duty": point.on_duty.to_string(), "capacity": point.capacity, "homes": most,
        });
        feature(point.location, properties)
    });
    let homes = plan.homes.iter().zip(&plan.survey.homes).map(|(home, seen)| {
        let mut properties = json!({ "kind": "home", "id": home.id, "place": home.place });
        put(&mut properties, said(plan, seen));
        feature(home.location, properties)
    });
    let more = plan.more.iter().map(|place| {
        let properties = json!({
            "kind": "proposed", "by": plan.more_by.as_str(), "homes": place.homes, "homes_never_before": place.never_before,
        });
        feature(place.location, properties)
    });
    for (nth, feature) in points.chain(homes).chain(more).enumerate() {
        write!(out, "{}{feature}", if nth > 0 { ",\n" } else { "" })?;
    }
    writeln!(out, "\n]}}")
}

fn feature(location: Location, properties: Value) -> Value {
    let rounded = |degrees: f64| (degrees * 1e5).round() / 1e5;
    // GeoJSON puts the longitude first.
    let coordinates = [rounded(location.longitude()), rounded(location.latitude())];
    json!({ "type": "Feature", "geometry": { "type": "Point", "coordinates": coordinates }, "properties": properties })
}

/// What is known of a home.
fn said(plan: &Plan, seen: &Seen) -> Value {
    let minutes = |nearest: Option<Nearest>| nearest.map(|nearest| minutes_up(nearest.time));
    let point = |nearest: Option<Nearest>| nearest.map(|nearest| &plan.points[nearest.point as usize].id);
    let of: u32 = plan.shifts.iter().map(|shift| shift.minutes).sum();
    json!({
        "minutes": minutes(seen.best), "point": point(seen.best),
        "slowest_minutes": minutes(seen.worst), "slowest_point": point(seen.worst),
        "in_time": f64::from(seen.minutes) / f64::from(of.max(1)),
    })
}

fn put(into: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(more)) = (into, more) {
        into.extend(more);
    }
}

/// Everything that was counted, and every home that is not always reached.
pub(super) fn json(out: &mut impl Write, plan: &Plan) -> Result<()> {
    let minutes: u32 = plan.shifts.iter().map(|shift| shift.minutes).sum();
    let of_shift = |(shift, counted): (&crate::reach::Shift, &crate::reach::ByShift)| {
        json!({
            "hours": shift.hours, "minutes_of_week": (!plan.is_instant).then_some(shift.minutes),
            "points_on_duty": shift.points.len(), "homes_by_third": counted.homes[..3], "homes_by_nobody": counted.homes[3],
        })
    };
    let shifts: Vec<Value> = plan.shifts.iter().zip(&plan.survey.shifts).map(of_shift).collect();
    let of_point = |(nth, point): (usize, &crate::reach::Point)| {
        let load: Vec<u32> = plan.survey.shifts.iter().map(|shift| shift.load[nth]).collect();
        json!({ "id": point.id, "name": point.name, "capacity": point.capacity, "homes_by_shift": load })
    };
    let points: Vec<Value> = plan.points.iter().enumerate().map(of_point).collect();
    let open = plan.homes.iter().zip(&plan.survey.homes).filter(|(_, seen)| seen.minutes < minutes);
    let open = open.map(|(home, seen)| {
        let mut home = json!({ "id": home.id, "place": home.place });
        put(&mut home, said(plan, seen));
        home
    });
    let open: Vec<Value> = open.collect();
    let more = plan.more.iter().map(|place| {
        json!({
            "latitude": place.location.latitude(), "longitude": place.location.longitude(), "beside": plan.homes[place.beside].id,
            "homes": place.homes, "homes_never_before": place.never_before,
        })
    });
    let more: Vec<Value> = more.collect();
    let speeds: serde_json::Map<String, Value> =
        Way::ALL.into_iter().map(|way| (way.as_str().to_owned(), plan.estimate.speeds.of(way).into())).collect();
    let whole = json!({
        "points": points, "homes": plan.homes.len(), "within_seconds": plan.bands.within().num_seconds(),
        "estimate": { "detour": plan.estimate.detour, "kmh": speeds, "start_seconds": plan.estimate.start.num_seconds() },
        "shifts": shifts, "homes_not_always_in_time": open, "more_by": plan.more_by.as_str(), "more": more,
    });
    writeln!(out, "{whole}")
}
