//! The course of a silence and of a day: how a silence gets its limit, ends and is learned, and how a day is closed.

use super::model::Begun;
use super::silence::{Judged, Running};
use super::today::Today;
use super::vacancy::VACANT_AFTER;
use super::{Habits, JUDGED_AFTER};
use crate::model::home::Home;
use crate::model::learned::{LearnedDay, SilenceRow};
use crate::model::time::{Span, Timestamp};

impl Habits {
    /// When the silence that goes on gets its limit.
    pub(super) fn judged_at(&self) -> Option<Timestamp> {
        let running = self.running.as_ref().filter(|running| running.judged.is_none() && self.is_watched())?;
        Some(running.since + JUDGED_AFTER)
    }

    /// When the silence that goes on makes the home vacant.
    pub(super) fn vacant_at(&self) -> Option<Timestamp> {
        let waits = self.vacancy.since.is_none() && self.is_watched();
        self.running.as_ref().filter(|_| waits).map(|running| running.counted_from() + self.vacant_after(running))
    }

    /// A home is not given up before the longest limit of the silence has spoken.
    fn vacant_after(&self, running: &Running) -> Span {
        let may_be_out = running.judged.as_ref().is_none_or(|judged| judged.begun.is_out());
        let most = if may_be_out { self.limits.most_away } else { self.limits.most_at_home };
        VACANT_AFTER.max(most.max(self.limits.cold_start) + Span::hours(1))
    }

    /// Since when it has been quiet, where that is known.
    pub(super) fn quiet_since(&self) -> Option<Timestamp> {
        let known = self.running.as_ref().filter(|running| running.whole && self.is_watched());
        known.map(|running| running.since)
    }

    /// Whether somebody who should be at home is watched.
    fn is_watched(&self) -> bool {
        self.blind_since.is_none() && self.absent_since.is_none()
    }

    pub(super) fn judge(&mut self, home: &Home) {
        let Some(running) = &mut self.running else { return };
        let since = running.since;
        let is_outer_door = self.places.get(usize::from(running.sensor)).is_some_and(|place| place.is_outer_door);
        let is_entrance = || self.basis.model().entrance == Some(running.sensor);
        let exit = self.trail.exit(since, is_outer_door, is_entrance, self.door_awaited_since);
        let minute = (home.zone.local(since).second_of_day / 60) as u16;
        let begun = Begun { minute, sensor: running.sensor, exit };
        running.judged = Some(Judged::new(begun, self.trail.recent(), &self.basis));
    }

    pub(super) fn become_vacant(&mut self, at: Timestamp) {
        self.vacancy.begin(at);
        if let Some(running) = &mut self.running {
            running.whole = false;
        }
        if let Some(today) = &mut self.today {
            today.was_vacant = true;
        }
    }

    /// The silence that went on ends at `at` by a sign of life.
    pub(super) fn end_silence(&mut self, at: Timestamp) {
        let Some(running) = self.running.take().filter(|running| running.whole) else { return };
        let length = at - running.since;
        let is_lived_in = self.vacancy.since.is_none() && self.is_watched();
        let (Some(judged), Some(today), true) = (&running.judged, &mut self.today, is_lived_in) else { return };
        today.rows.push(SilenceRow {
            start_secs: running.since.timestamp(),
            secs: u32::try_from(length.num_seconds()).unwrap_or(u32::MAX),
            minute: judged.begun.minute,
            sensor: running.sensor,
            exit: judged.begun.exit,
            recent: judged.recent,
        });
        today.alerts = today.alerts.saturating_add(u16::from(judged.is_reached_by(length, &self.limits)));
        if self.basis.is_enough() && length >= self.limits.at_least {
            let columns = judged.columns(&self.limits);
            let reached = columns.take_while(|secs| length >= Span::seconds(i64::from(*secs))).count();
            today.reached.extend(u8::try_from(reached).ok().filter(|reached| *reached > 0));
        }
    }

    /// Midnight: what the day has brought becomes a line of the history, and the next day's limits rest on it.
    pub(super) fn close_day(&mut self, home: &Home, now: Timestamp) {
        let quiet_since = self.quiet_since();
        let Some(mut today) = self.today.take() else { return };
        today.fill(today.until, quiet_since);
        let unwatched = [self.blind_since, self.absent_since].into_iter().flatten().min();
        if let Some(since) = unwatched.filter(|since| *since < today.until) {
            today.not_watched(since, today.until);
        }
        for since in [&mut self.blind_since, &mut self.absent_since].into_iter().flatten() {
            *since = today.until.max(*since);
        }
        let mut next = today.next(&home.zone);
        next.was_vacant = self.vacancy.since.is_some();
        next.was_visited = self.has_visitors;
        if let Some(from) = self.learns_from {
            next.not_watched(today.until, from);
        }
        let day = self.line_of(&today, now);
        self.today = Some(next);
        if day.counts || day.vacant {
            let sensors = self.places.iter().map(|place| place.id.clone()).collect();
            self.untold.push(LearnedDay { sensors, ..day.clone() });
        }
        if day.counts {
            self.renew_places(home);
            self.put(LearnedDay { running: None, ..day });
        }
    }

    fn line_of(&self, today: &Today, now: Timestamp) -> LearnedDay {
        let at_door = today.at_door.iter().zip(0..).filter(|((signs, _), _)| *signs > 0);
        let is_counted = self.basis.is_enough();
        LearnedDay {
            at: now.max(today.until),
            until: today.until,
            counts: today.counts(),
            vacant: self.vacancy.since.is_some(),
            sensors: Vec::new(),
            rows: today.rows.clone(),
            slots: today.slots.clone(),
            counted: is_counted,
            reached: today.reached.clone(),
            alerts: today.alerts,
            together: today.together.pairs().collect(),
            at_door: at_door.map(|((signs, passed), sensor)| (sensor, *signs, *passed)).collect(),
            running: self.running.as_ref().map(|running| running.line(&self.limits)),
        }
    }
}
