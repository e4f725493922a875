//! What a simulated year showed: every fall and what found it, every alert that nobody needed, and whatever must never happen.

use super::life::Room;
use crate::model::time::{Span, Timestamp};
use std::collections::BTreeMap;

/// A fall after which the resident could not get up.
#[derive(Debug, Clone, PartialEq)]
pub struct Fall {
    /// When.
    pub at: Timestamp,
    /// Where.
    pub room: Room,
    /// Between 22:00 and 07:00 by the clock on the wall.
    pub by_night: bool,
    /// Whether the pendant was pressed.
    pub pressed: bool,
    /// Whether the home was not watched for some of the time on the floor.
    pub blind: bool,
    /// What became of it.
    pub end: Option<End>,
}

/// How somebody came off the floor.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// An alert was raised.
    Alert {
        /// When.
        at: Timestamp,
        /// By which rule.
        rule: &'static str,
    },
    /// The weekly visitor was there first.
    Visitor {
        /// When.
        at: Timestamp,
    },
    /// Nothing happened for two days: an alert was lost.
    Nobody,
}

impl Fall {
    /// From the fall to the alert.
    pub fn delay(&self) -> Option<Span> {
        match self.end {
            Some(End::Alert { at, .. }) => Some(at - self.at),
            Some(End::Visitor { .. } | End::Nobody) | None => None,
        }
    }
}

/// Something that must never happen.
#[derive(Debug, Clone, PartialEq)]
pub struct Break {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: String,
}

/// What became of one resident's year.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// Whose.
    pub resident: &'static str,
    /// How long it lasted.
    pub days: f64,
    /// Readings that the gateway heard.
    pub readings: u64,
    /// In order of time. One whose end is open still lay there when the run ended.
    pub falls: Vec<Fall>,
    /// Alerts about the person while nothing was wrong: when, and by which rule.
    pub false_alerts: Vec<(Timestamp, &'static str)>,
    /// Of these, those that would not have come had a broken sensor shown the movement in front of it.
    pub misled_by_defect: u64,
    /// Requests, alerts about sensors and about the way to them, by rule.
    pub others: BTreeMap<&'static str, u64>,
    /// Sensors that broke, and how many of them were told.
    pub defects: (u64, u64),
    /// How often and how long the home was not watched.
    pub blind: (u64, Span),
    /// What must never happen and did.
    pub breaks: Vec<Break>,
}

/// The middle and the bad end of some delays.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Delays {
    /// How many.
    pub count: usize,
    /// Half are shorter.
    pub median: Span,
    /// Nine of ten are shorter.
    pub p90: Span,
    /// The longest.
    pub max: Span,
}

impl Delays {
    /// Of these falls, those that an alert found.
    pub fn of<'a>(falls: impl Iterator<Item = &'a Fall>) -> Option<Delays> {
        let mut delays: Vec<Span> = falls.filter_map(Fall::delay).collect();
        delays.sort_unstable();
        let count = delays.len();
        let part = |numerator: usize| delays.get((count * numerator).div_ceil(10).saturating_sub(1)).copied();
        Some(Delays { count, median: part(5)?, p90: part(9)?, max: *delays.last()? })
    }
}

impl Outcome {
    /// Falls that were over before the run ended, those found by an alert, and those the visitor found.
    pub fn found(&self) -> (usize, usize, usize) {
        let count =
            |is: fn(&End) -> bool| self.falls.iter().filter_map(|fall| fall.end.as_ref()).filter(|e| is(e)).count();
        (
            count(|_| true),
            count(|end| matches!(end, End::Alert { .. })),
            count(|end| matches!(end, End::Visitor { .. })),
        )
    }

    /// Alerts about the person that nobody needed, in thirty days.
    pub fn false_per_30_days(&self) -> f64 {
        if self.days > 0.0 { self.false_alerts.len() as f64 * 30.0 / self.days } else { 0.0 }
    }

    /// These by rule.
    pub fn false_by_rule(&self) -> BTreeMap<&'static str, u64> {
        let mut by_rule = BTreeMap::new();
        for (_, rule) in &self.false_alerts {
            *by_rule.entry(*rule).or_default() += 1;
        }
        by_rule
    }

    /// Everything of several residents together.
    pub fn together(outcomes: &[Outcome]) -> Outcome {
        let mut all = Outcome { resident: "together", ..Outcome::default() };
        for one in outcomes {
            all.days += one.days;
            all.readings += one.readings;
            all.falls.extend(one.falls.iter().cloned());
            all.false_alerts.extend(&one.false_alerts);
            all.misled_by_defect += one.misled_by_defect;
            for (rule, count) in &one.others {
                *all.others.entry(*rule).or_default() += count;
            }
            all.defects = (all.defects.0 + one.defects.0, all.defects.1 + one.defects.1);
            all.blind = (all.blind.0 + one.blind.0, all.blind.1 + one.blind.1);
            all.breaks.extend(one.breaks.iter().cloned());
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_those_of_falls_that_an_alert_found() {
        let at = crate::model::time::from_millis(0);
        let fall = |end| Fall { at, room: Room::Hall, by_night: false, pressed: false, blind: false, end };
        let found = |hours| fall(Some(End::Alert { at: at + Span::hours(hours), rule: "inactivity" }));
        let mut falls: Vec<Fall> = (1..=10).map(found).collect();
        falls.extend([fall(None), fall(Some(End::Nobody)), fall(Some(End::Visitor { at }))]);
        let delays = Delays::of(falls.iter()).unwrap();
        let hours = |span: Span| span.num_hours();
        assert_eq!((delays.count, hours(delays.median), hours(delays.p90), hours(delays.max)), (10, 5, 9, 10));
        assert_eq!(Delays::of(std::iter::empty()), None);
        let outcome = Outcome { falls, days: 60.0, false_alerts: vec![(at, "inactivity"); 3], ..Outcome::default() };
        assert_eq!(outcome.found(), (12, 10, 1));
        assert_eq!(outcome.false_per_30_days(), 1.5);
    }
}
