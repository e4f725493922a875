//! The week, cut into shifts: parts in which the same points are on duty.

use super::Point;
use crate::model::duty::{MINUTES_OF_WEEK, days};
use crate::model::time::{TimeOfDay, Timestamp, Zone};
use std::collections::{BTreeMap, BTreeSet};

/// The parts of a week in which the same points are on duty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    /// When, as duty hours are written: `Mon-Fri 08:00-20:00`.
    pub hours: String,
    /// How many minutes of the week.
    pub minutes: u32,
    /// Who: indices into the points.
    pub points: Vec<u32>,
}

/// The shifts of a usual week, the longest first. Exceptions are no part of it.
pub fn week(points: &[Point]) -> Vec<Shift> {
    // A city's points keep few different hours.
    let mut hours: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for (index, point) in (0..).zip(points) {
        hours.entry(point.on_duty.usual().to_string()).or_default().push(index);
    }
    let first_of = |points: &Vec<u32>| *points.first().unwrap_or(&0) as usize;
    let kinds: Vec<_> =
        hours.values().filter_map(|indices| Some((&points.get(first_of(indices))?.on_duty, indices))).collect();
    let mut cuts: Vec<u32> = kinds.iter().flat_map(|(duty, _)| duty.usual_changes()).chain([0]).collect();
    cuts.sort_unstable();
    cuts.dedup();
    // Who is there, and in which spans.
    let mut shifts: BTreeMap<Vec<bool>, Vec<(u32, u32)>> = BTreeMap::new();
    for (nth, from) in cuts.iter().enumerate() {
        let to = cuts.get(nth + 1).copied().unwrap_or(MINUTES_OF_WEEK);
        let who: Vec<bool> = kinds.iter().map(|(duty, _)| duty.covers_usually(*from)).collect();
        let spans = shifts.entry(who).or_default();
        match spans.last_mut().filter(|last| last.1 == *from) {
            Some(last) => last.1 = to,
            None => spans.push((*from, to)),
        }
    }
    let shift = |(who, spans): (Vec<bool>, Vec<(u32, u32)>)| {
        let there = kinds.iter().zip(who).filter(|(_, is_there)| *is_there);
        let mut points: Vec<u32> = there.flat_map(|((_, indices), _)| indices.iter().copied()).collect();
        points.sort_unstable();
        let minutes = spans.iter().map(|(from, to)| to - from).sum();
        Shift { hours: written(spans), minutes, points }
    };
    let mut shifts: Vec<Shift> = shifts.into_iter().map(shift).collect();
    shifts.sort_by(|a, b| b.minutes.cmp(&a.minutes).then_with(|| a.hours.cmp(&b.hours)));
    shifts
}

/// Into how many parts the coming and going of all points cuts a usual week, at most.
pub fn cuts(points: &[Point]) -> usize {
    points.iter().flat_map(|point| point.on_duty.usual_changes()).collect::<BTreeSet<u32>>().len()
}

/// One instant as the only shift there is; exceptions count.
pub fn at(points: &[Point], zone: &Zone, at: Timestamp, said: &str) -> Vec<Shift> {
    let there = (0..).zip(points).filter(|(_, point)| point.on_duty.covers(zone, at));
    vec![Shift { hours: said.to_owned(), minutes: 1, points: there.map(|(index, _)| index).collect() }]
}

const DAY: u32 = 24 * 60;

/// Spans of the week, in minutes, as duty hours are written.
fn written(mut spans: Vec<(u32, u32)>) -> String {
    if spans == [(0, MINUTES_OF_WEEK)] {
        return "always".to_owned();
    }
    // Sunday night goes on into Monday morning.
    if let ([(0, monday), .., (_, sunday)], true) = (spans.as_slice(), spans.len() > 1)
        && *sunday == MINUTES_OF_WEEK
    {
        let end = MINUTES_OF_WEEK + monday;
        spans.remove(0);
        if let Some(last) = spans.last_mut() {
            last.1 = end;
        }
    }
    let mut by_day: [Vec<(u32, u32)>; 7] = Default::default();
    for (from, to) in spans {
        let (mut from, to) = (from, to);
        // A turn ends within a day of its begin; what is longer goes on at midnight.
        while from < to {
            let midnight = (from / DAY + 1) * DAY;
            let end = if to - from <= DAY && to < midnight + DAY { to } else { midnight.min(to) };
            by_day[(from / DAY % 7) as usize].push((from % DAY, end - from / DAY * DAY));
            from = end;
        }
    }
    by_day.iter_mut().for_each(|spans| spans.sort_unstable());
    let mut parts = Vec::new();
    for day in 0..by_day.len() {
        for span in &by_day[day] {
            // Said with the day before.
            if day > 0 && by_day[day - 1].contains(span) {
                continue;
            }
            let like = by_day[day..].iter().take_while(|other| other.contains(span)).count();
            parts.push(format!("{} {}-{}", days(day as u8, (day + like - 1) as u8), clock(span.0), clock(span.1)));
        }
    }
    parts.join(", ")
}

fn clock(minute: u32) -> String {
    let minute = if minute > DAY { minute - DAY } else { minute };
    TimeOfDay::new((minute / 60) as u16, (minute % 60) as u16).map_or_else(String::new, |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::{Way, tests::point};
    use super::*;

    fn shifts(duties: &[&str]) -> Vec<(String, u32, Vec<u32>)> {
        let points: Vec<Point> = duties.iter().map(|duty| point("p", 0.0, 1.0, Way::Foot, duty)).collect();
        week(&points).into_iter().map(|shift| (shift.hours, shift.minutes, shift.points)).collect()
    }

    #[test]
    fn a_week_is_cut_where_somebody_comes_or_goes_and_nowhere_else() {
        assert_eq!(shifts(&["always", "always, 2027-02-06 closed"]), [("always".into(), MINUTES_OF_WEEK, vec![0, 1])]);
        assert_eq!(
            shifts(&["Mon-Fri 08:00-18:00", "always", "Mon-Fri 08:00-18:00"]),
            [
                (
                    "Mon 00:00-08:00, Mon-Thu 18:00-08:00, Fri 18:00-24:00, Sat-Sun 00:00-24:00".to_owned(),
                    MINUTES_OF_WEEK - 3000,
                    vec![1]
                ),
                ("Mon-Fri 08:00-18:00".to_owned(), 3000, vec![0, 1, 2]),
            ]
        );
        // Who hands over at half past leaves no gap.
        let handed = shifts(&["Mon-Sun 08:30-20:30", "Mon-Sun 20:30-08:30"]);
        assert_eq!(
            handed.iter().map(|shift| shift.0.as_str()).collect::<Vec<_>>(),
            ["Mon-Sun 08:30-20:30", "Mon-Sun 20:30-08:30"]
        );
    }

    #[test]
    fn every_minute_of_the_week_is_in_one_shift_with_those_who_are_there() {
        let duties = [
            "Mon-Fri 08:00-18:00, Sat 09:00-12:00",
            "Sun-Tue 22:15-06:45",
            "Wed 00:00-24:00",
            "always",
            "Fri 07:00-07:00",
        ];
        let points: Vec<Point> = duties.iter().map(|duty| point("p", 0.0, 1.0, Way::Foot, duty)).collect();
        let shifts = week(&points);
        assert_eq!(shifts.iter().map(|shift| shift.minutes).sum::<u32>(), MINUTES_OF_WEEK);
        for minute in 0..MINUTES_OF_WEEK {
            let there: Vec<u32> =
                (0..).zip(&points).filter(|(_, p)| p.on_duty.covers_usually(minute)).map(|(i, _)| i).collect();
            let mine: Vec<&Shift> = shifts
                .iter()
                .filter(|shift| shift.hours.parse::<crate::model::duty::DutyHours>().unwrap().covers_usually(minute))
                .collect();
            assert_eq!(mine.len(), 1, "minute {minute}: {mine:?}");
            assert_eq!(mine[0].points, there, "minute {minute}");
        }
    }
}
