//! A planned visit at which nobody confirmed to have arrived: somebody asks what became of it. A task, never an emergency.
//!
//! Whoever comes presses a service button with `service = "arrival"`, or holds a tag to a reader at the door. One press counts
//! for every visit into whose time it falls; who pressed is not known. Where the home was not watched all the while, nobody can
//! say whether somebody came, and the notice says that instead. Not judged while the clock on the wall cannot be believed, and
//! not of a visit at whose end nobody was at home.

use super::{Alarm, Finding, Known, Rule};
use crate::model::duty::DutyHours;
use crate::model::found;
use crate::model::home::{Sensor, Service};
use crate::model::reason::{Blind, BlindCause, Reason};
use crate::model::time::{Span, TimeOfDay, Timestamp, Zone};
use serde::Deserialize;

/// `[rules.missed_visit]`: nothing to set; the visits stand in `[[visit]]`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The planned visits, from `[[visit]]`.
    #[serde(skip)]
    pub visits: Vec<Visit>,
}

/// A planned visit.
#[derive(Debug, Clone, PartialEq)]
pub struct Visit {
    /// As people call it.
    pub name: String,
    /// When somebody should come: each turn is one visit.
    pub when: DutyHours,
    /// So much before and after counts as well.
    pub grace: Span,
}

/// One visit of the calendar.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Window {
    from: Timestamp,
    to: Timestamp,
    /// Until when it is waited for.
    until: Timestamp,
}

/// What is found later, after a power cut or when the clock is known again, is told only so late: then everybody knows.
const TOLD_WITHIN: Span = Span::hours(12);

/// How many days ahead the next visit is looked for; after a long holiday it is looked for again.
const DAYS_AHEAD: i64 = 8;

impl Visit {
    /// The last visit whose time was over at `now`, if that was lately, and the instant at which the next one's will be.
    fn around(&self, zone: &Zone, now: Timestamp) -> (Option<Window>, Option<Timestamp>) {
        let (mut over, mut next): (Option<Window>, Option<Timestamp>) = (None, None);
        // One over midnight, with its grace, may have begun two days ago.
        for day in -2..=DAYS_AHEAD {
            for (from, to) in self.when.turns_on(zone, now, day) {
                let window = Window { from, to, until: to + self.grace };
                if window.until > now {
                    next = next.into_iter().chain([window.until]).min();
                } else if over.is_none_or(|over| window.until > over.until) {
                    over = Some(window);
                }
            }
            // One of tomorrow may be over sooner than one that begins today and lasts.
            if day >= 1 && next.is_some() {
                break;
            }
        }
        (over.filter(|window| now - window.until < TOLD_WITHIN), next)
    }

    /// Why somebody should ask what became of the visit, if that is so.
    fn missed(&self, window: Window, known: &Known) -> Option<Reason> {
        let seen = known.seen;
        let has_come = seen.arrived_at.is_some_and(|at| at >= window.from - self.grace);
        let nobody_was_home = seen.suspended.ended_at.is_some_and(|ended_at| ended_at >= window.to);
        let blind = unheard(window, known).or_else(|| seen.blind_within(window.from, window.until).cloned());
        let began_later = blind.is_none() && seen.watching_since.is_none_or(|since| since > window.from);
        if has_come || nobody_was_home || began_later || !known.home.sensors.values().any(confirms) {
            return None;
        }
        let covers = |blind: &Blind| blind.from <= window.from && blind.to.is_none_or(|to| to >= window.to);
        Some(Reason::MissedVisit(found::MissedVisit {
            visit: self.name.clone(),
            from: window.from,
            to: window.to,
            grace: self.grace,
            is_known: !blind.as_ref().is_some_and(covers),
            blind,
        }))
    }
}

/// Whether a press of it says that somebody has come.
fn confirms(sensor: &Sensor) -> bool {
    sensor.service == Some(Service::Arrival)
}

/// The ways to all that could confirm a visit are lost since before it ended, though the rest of the home may be seen.
fn unheard(window: Window, known: &Known) -> Option<Blind> {
    let mut lost: Option<(&str, Timestamp)> = None;
    for sensor in known.home.sensors.values().filter(|sensor| confirms(sensor)) {
        let (link, since) = known.seen.links.lost_for(&sensor.source)?;
        lost = lost.filter(|(_, later)| *later >= since).or(Some((link, since)));
    }
    let (link, from) = lost.filter(|(_, since)| *since < window.to)?;
    Some(Blind { from, to: None, cause: BlindCause::LinkLost { source: link.to_owned() } })
}

struct MissedVisit {
    visits: Vec<Visit>,
}

/// The rule with these settings.
pub fn rule(settings: &super::Settings) -> impl Rule + use<> {
    MissedVisit { visits: settings.missed_visit.visits.clone() }
}

impl Rule for MissedVisit {
    fn name(&self) -> &'static str {
        "missed_visit"
    }

    fn judge(&self, now: Timestamp, known: &Known) -> Finding {
        let mut finding = Finding::default();
        if !known.seen.clock_trusted {
            return finding;
        }
        let zone = &known.home.zone;
        for visit in &self.visits {
            let (over, next) = visit.around(zone, now);
            finding.look_at(next.or_else(|| look_again(zone, now)));
            let alarm = over.and_then(|window| {
                let reason = visit.missed(window, known)?;
                // Told at the instant at which its time is over, and once.
                Some(Alarm { reason, since: window.until - Span::milliseconds(1), is_over: false })
            });
            finding.alarms.extend(alarm);
        }
        finding
    }

    /// Only somebody who comes later makes a missed visit one that was late.
    fn may_go_on(&self, _now: Timestamp, known: &Known, reason: &Reason) -> bool {
        let Reason::MissedVisit(found) = reason else { return false };
        known.seen.arrived_at.is_none_or(|at| at < found.from - found.grace)
    }
}

/// A midnight before the days that were looked through are over.
fn look_again(zone: &Zone, now: Timestamp) -> Option<Timestamp> {
    Some(zone.next(now + Span::days(DAYS_AHEAD - 2), TimeOfDay::new(0, 0)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn visit(when: &str, grace: i64) -> Visit {
        Visit { name: "care".into(), when: when.parse().unwrap(), grace: Span::minutes(grace) }
    }

    fn around(visit: &Visit, zone: &str, now: &str) -> (Option<Timestamp>, Option<Timestamp>) {
        let (over, next) = visit.around(&Zone::named(zone).unwrap(), at(now));
        (over.map(|window| window.from), next)
    }

    #[test]
    fn the_last_visit_and_the_next_are_found_over_nights_weekends_and_holidays() {
        let care = visit("Mon-Fri 08:00-10:00, 2026-11-24 closed", 30);
        // 2026-11-20 is a Friday; 10:30 there is 02:30 UTC.
        let friday = Some(at("2026-11-20T00:00:00Z"));
        assert_eq!(around(&care, "Asia/Shanghai", "2026-11-20T02:29:59Z"), (None, Some(at("2026-11-20T02:30:00Z"))));
        assert_eq!(around(&care, "Asia/Shanghai", "2026-11-20T02:30:00Z"), (friday, Some(at("2026-11-23T02:30:00Z"))));
        assert_eq!(around(&care, "Asia/Shanghai", "2026-11-20T14:29:00Z").0, friday);
        assert_eq!(around(&care, "Asia/Shanghai", "2026-11-20T14:30:00Z").0, None, "nobody is told so late");
        let after_monday = around(&care, "Asia/Shanghai", "2026-11-23T02:30:00Z");
        assert_eq!(after_monday.1, Some(at("2026-11-25T02:30:00Z")), "not on the day that is closed");
        let night = visit("Fri 22:00-06:00", 360);
        assert_eq!(around(&night, "UTC", "2026-11-21T12:00:00Z").0, Some(at("2026-11-20T22:00:00Z")));
        let closed = visit("Mon 08:00-10:00, 2026-11-23..2027-03-01 closed", 30);
        assert_eq!(around(&closed, "UTC", "2026-11-21T12:00:00Z"), (None, None));
    }

    #[test]
    fn a_visit_of_tomorrow_that_is_over_sooner_is_looked_for_first() {
        let both = visit("Mon 08:00-07:00, Tue 01:00-02:00", 1);
        assert_eq!(around(&both, "UTC", "2026-11-23T09:00:00Z").1, Some(at("2026-11-24T02:01:00Z")));
    }

    #[test]
    fn where_clocks_change_a_visit_lasts_as_the_clock_on_the_wall_shows_it() {
        // Paris: 02:00 becomes 03:00 at 01:00Z on 2026-03-29, and 03:00 becomes 02:00 at 01:00Z on 2026-10-25.
        let care = visit("Mon-Sun 08:00-09:00", 10);
        let next = |now| around(&care, "Europe/Paris", now).1;
        assert_eq!(next("2026-03-28T12:00:00Z"), Some(at("2026-03-29T07:10:00Z")));
        assert_eq!(next("2026-10-24T12:00:00Z"), Some(at("2026-10-25T08:10:00Z")));
        let night = visit("Mon-Sun 02:15-02:45", 10);
        let (over, _) = night.around(&Zone::named("Europe/Paris").unwrap(), at("2026-03-29T05:00:00Z"));
        let over = over.expect("also a time that no clock shows comes");
        assert_eq!(over.to - over.from, Span::minutes(30));
    }
}
