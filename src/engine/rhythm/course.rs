//! The course of a silence and of a day: how a silence gets its limit, ends and is learned, and how a day is closed.

use super::calibrator::COLUMNS;
use super::model::{Begun, DAYS_KEPT, Model, span};
use super::rooms::{self, RoomKind};
use super::today::Today;
use super::vacancy::VACANT_AFTER;
use super::{Columns, Habits, JUDGED_AFTER, Judged, LEARNING_DAYS, Limits, Place, Running};
use crate::model::home::{Home, Sensor, SensorKind};
use crate::model::ids::SensorId;
use crate::model::learned::{LearnedDay, LimitedBy, RunningSilence, SilenceLimit, SilenceRow};
use crate::model::time::{Span, Timestamp};
use std::sync::Arc;

impl Habits {
    /// When the silence that goes on gets its limit.
    pub(super) fn judged_at(&self) -> Option<Timestamp> {
        let running = self.running.as_ref().filter(|running| running.judged.is_none() && self.is_watched())?;
        Some(running.since + JUDGED_AFTER)
    }

    /// When the silence that goes on makes the home vacant.
    pub(super) fn vacant_at(&self) -> Option<Timestamp> {
        let waits = self.vacancy.since.is_none() && self.is_watched();
        self.running.as_ref().filter(|_| waits).map(|running| running.since + self.vacant_after(running))
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
        let entrance = self.model.entrance;
        let exit = self.trail.exit(since, running.sensor, is_outer_door, entrance, self.door_awaited_since);
        let minute = (home.zone.local(since).second_of_day / 60) as u16;
        let begun = Begun { minute, sensor: running.sensor, exit };
        let (limit, by) = limit_now(&self.model, &begun, &self.limits);
        let columns = Columns::Of(Arc::clone(&self.model));
        running.judged = Some(Judged { limit, by, begun, recent: self.trail.recent(), columns });
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
        today.alerts = today.alerts.saturating_add(u16::from(length >= judged.limit));
        if self.model.days >= LEARNING_DAYS && length >= self.limits.at_least {
            let columns = judged.columns(&self.limits);
            let reached = columns.iter().take_while(|secs| length >= Span::seconds(i64::from(**secs))).count();
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
        let day = self.line_of(&today, now);
        self.today = Some(next);
        if day.counts || day.vacant {
            let sensors = self.places.iter().map(|place| place.id.clone()).collect();
            self.untold.push(LearnedDay { sensors, ..day.clone() });
        }
        if day.counts {
            self.places = self.places.drain(..).map(|place| place.renewed(home)).collect();
            self.keep(day);
        }
    }

    fn line_of(&self, today: &Today, now: Timestamp) -> LearnedDay {
        let at_door = today.at_door.iter().zip(0..).filter(|((signs, _), _)| *signs > 0);
        let is_counted = self.model.days >= LEARNING_DAYS;
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

    /// A day becomes part of the memory.
    pub(super) fn keep(&mut self, day: LearnedDay) {
        self.days.push_back(Arc::new(LearnedDay { running: None, ..day }));
        if self.days.len() > DAYS_KEPT {
            self.days.pop_front();
        }
        self.model = Arc::new(Model::of(&self.days, &self.places, self.limits.target));
    }

    /// The number of a sensor; a new one gets the next.
    pub(super) fn number(&mut self, id: &SensorId, place: impl FnOnce() -> Place) -> u16 {
        if let Some(number) = self.numbers.get(id) {
            return *number;
        }
        let number = u16::try_from(self.places.len()).unwrap_or(u16::MAX);
        self.places.push(place());
        self.numbers.insert(id.clone(), number);
        number
    }
}

/// The limit in force, and what set it.
fn limit_now(model: &Model, begun: &Begun, limits: &Limits) -> (Span, LimitedBy) {
    if model.days < LEARNING_DAYS {
        return (limits.cold_start, LimitedBy::ColdStart);
    }
    let (secs, by) = model.limit(begun, &model.tail(begun), model.column, limits);
    (span(secs), by)
}

impl Judged {
    /// The limits of all columns in whole seconds.
    fn columns(&self, limits: &Limits) -> Vec<u32> {
        match &self.columns {
            Columns::Written(columns) => columns.clone(),
            Columns::Of(model) => {
                let tail = model.tail(&self.begun);
                let secs = |column| model.limit(&self.begun, &tail, column, limits).0.ceil() as u32;
                (0..COLUMNS).map(secs).collect()
            }
        }
    }
}

impl Running {
    fn line(&self, limits: &Limits) -> RunningSilence {
        let judged = self.judged.as_ref().map(|judged| SilenceLimit {
            limit_ms: judged.limit.num_milliseconds(),
            by: judged.by,
            minute: judged.begun.minute,
            exit: judged.begun.exit,
            recent: judged.recent,
            columns: judged.columns(limits),
        });
        RunningSilence { since: self.since, sensor: self.sensor, whole: self.whole, judged }
    }

    /// As it was written down at midnight.
    pub(super) fn written(line: RunningSilence) -> Running {
        let RunningSilence { since, sensor, whole, judged } = line;
        let judged = judged.map(|limit| Judged {
            limit: Span::milliseconds(limit.limit_ms),
            by: limit.by,
            begun: Begun { minute: limit.minute, sensor, exit: limit.exit },
            recent: limit.recent,
            columns: Columns::Written(limit.columns),
        });
        Running { since, sensor, whole, judged, answered_at: None }
    }
}

impl Place {
    /// Where this sensor hangs.
    pub(super) fn of(sensor: &Sensor) -> Place {
        let by_room = sensor.room.as_ref().map_or(RoomKind::Other, |room| rooms::kind_of(room.as_str()));
        let kind = if by_room == RoomKind::Other { rooms::kind_of(sensor.id.as_str()) } else { by_room };
        Place {
            id: sensor.id.clone(),
            room: sensor.room.clone(),
            kind,
            is_outer_door: sensor.kind == SensorKind::OuterDoor,
            sees_motion: matches!(sensor.kind, SensorKind::Motion | SensorKind::Presence),
        }
    }

    /// Where the sensor of this name hangs, if the home has it.
    pub(super) fn named(home: &Home, id: &SensorId) -> Place {
        let unknown = || Place {
            id: id.clone(),
            room: None,
            kind: rooms::kind_of(id.as_str()),
            is_outer_door: false,
            sees_motion: false,
        };
        home.sensors.get(id).map_or_else(unknown, Place::of)
    }

    fn renewed(self, home: &Home) -> Place {
        if home.sensors.contains_key(&self.id) { Place::named(home, &self.id) } else { self }
    }
}
