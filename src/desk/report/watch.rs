//! How long homes were watched and the desk was, and how the daily contact went.

use super::{Counter, Figure, HomeWatch, Sources, Value};
use crate::desk::Counts;
use crate::desk::sights::HomeTimes;
use crate::model::event::HomeSight;
use crate::model::reason::Reason;
use crate::model::time::{Day, Span, TimeOfDay, Timestamp};
use std::collections::BTreeMap;

impl Counter<'_> {
    /// How long all homes together could be seen how, in hours: exact to a heartbeat, where the station listened and the home
    /// was heard. Nothing where nothing is known of any.
    pub(super) fn home_watch(&self) -> Option<HomeWatch> {
        let blind = self.blind_by_home();
        let mut millis: BTreeMap<HomeSight, i64> = BTreeMap::new();
        for HomeTimes { home, spans } in self.sources.times {
            let unseen = blind.get(home).map_or(&[][..], Vec::as_slice);
            for (from, to, sight) in spans {
                *millis.entry(*sight).or_default() += length(*from, *to) - overlap(unseen, *from, *to);
            }
        }
        let hours = |sight| millis.get(&sight).copied().unwrap_or_default() as f64 / 3_600_000.0;
        (!millis.is_empty()).then(|| HomeWatch {
            watched: hours(HomeSight::Heard),
            suspended: hours(HomeSight::Suspended),
            cannot_see: hours(HomeSight::CannotSee),
            learning: hours(HomeSight::Learning),
        })
    }

    pub(super) fn home_days(&self, watch: Option<&HomeWatch>) -> Vec<Figure> {
        let figure = |id, of: fn(&HomeWatch) -> f64| Figure {
            id,
            rule: None,
            value: watch.map_or(Value::Unknown, |watch| Value::HomeHours(of(watch))),
            of: None,
        };
        vec![
            figure("home_days", |watch| watch.watched),
            figure("home_days_suspended", |watch| watch.suspended),
            figure("home_days_cannot_see", |watch| watch.cannot_see),
            figure("home_days_learning", |watch| watch.learning),
        ]
    }

    /// The desk itself.
    pub(super) fn desk(&self) -> Vec<Figure> {
        let plain = |id, value| Figure { id, rule: None, value, of: None };
        let Sources { duty, sound_tests, .. } = self.sources;
        vec![
            plain("desk_unwatched", duty.map_or(Value::Unknown, |_| Value::Length(self.unwatched()))),
            plain("sound_tests", sound_tests.map_or(Value::Unknown, Value::Count)),
        ]
    }

    /// How long nobody watched in duty hours, as the station's own alerts tell it.
    fn unwatched(&self) -> Span {
        let Some(duty) = self.sources.duty else { return Span::zero() };
        let mut spells: Vec<(Timestamp, Timestamp)> = Vec::new();
        for case in self.sources.cases.iter().filter(|case| matches!(case.reason, Reason::NoWatcher { .. })) {
            let within = case.spells.iter().map(|spell| {
                // It is told only once it has lasted.
                let from = (spell.from - crate::desk::screens::UNWATCHED_FOR).max(self.range.from);
                (from, spell.to.unwrap_or(self.until).min(self.until))
            });
            spells.extend(within.filter(|(from, to)| from < to));
        }
        let mut all = Span::zero();
        for (from, to) in super::united(spells) {
            let mut at = from;
            while at < to {
                // Duty begins and ends with whole minutes of the wall, and those are whole minutes everywhere.
                let next = (at + (MINUTE - Span::milliseconds(at.timestamp_millis().rem_euclid(60_000)))).min(to);
                if duty.covers(self.zone, at) {
                    all += next - at;
                }
                at = next;
            }
        }
        all
    }

    /// The daily contact of the lists that are over, all days together.
    pub(super) fn daily(&self) -> Vec<Figure> {
        let days = self.days();
        let sum = |of: fn(&Counts) -> u32| days.iter().map(|(_, counts)| of(counts) as usize).sum::<usize>();
        let all = sum(|counts| counts.homes);
        let figure = |id, of: fn(&Counts) -> u32| {
            let value = if days.is_empty() { Value::Unknown } else { Value::Share(sum(of), all) };
            Figure { id, rule: None, value, of: None }
        };
        vec![
            figure("contacts_own_sign", Counts::own_sign),
            figure("contacts_phoned", |counts| counts.phoned),
            figure("contacts_visited", |counts| counts.visited),
            figure("contacts_suspended", |counts| counts.suspended),
            figure("contacts_unresolved", Counts::unresolved),
        ]
    }

    /// The lists of the range that are over, oldest first.
    pub(super) fn days(&self) -> Vec<(Day, Counts)> {
        let noon = TimeOfDay::new(12, 0);
        let holds = |day: Day| noon.is_some_and(|noon| self.range.holds(self.zone.on_day(day, noon)));
        self.sources.days.iter().filter(|(day, _)| holds(*day)).copied().collect()
    }
}

fn length(from: Timestamp, to: Timestamp) -> i64 {
    (to - from).num_milliseconds().max(0)
}

/// How much of the time from `from` to `to` lies in these, which do not overlap.
fn overlap(spells: &[(Timestamp, Timestamp)], from: Timestamp, to: Timestamp) -> i64 {
    spells.iter().map(|(begin, end)| length((*begin).max(from), (*end).min(to))).sum()
}

const MINUTE: Span = Span::minutes(1);
