//! What is usual in this home: how long quiet lasts, after which movement, at which hours; and from it the limit of the silence
//! that goes on now.
//!
//! Fed by [`Seen`](crate::engine::seen::Seen) with every sign of life; judged by the rule `rhythm`. A silence of five minutes gets a limit,
//! which stays what it is while the silence lasts. At local midnight the day is closed: its silences, its line, its counts become
//! one [`LearnedDay`] that is recorded, and from all of them the next day's [`model`] is made. So no limit ever rests on later
//! knowledge, and the raw observations of old days need not be kept.

pub mod calibrator;
mod course;
pub mod line;
pub mod model;
pub mod rooms;
pub mod tail;
pub mod today;
pub mod together;
pub mod trail;
pub mod vacancy;

use crate::model::home::{Home, Sensor, SensorKind};
use crate::model::ids::{RoomId, SensorId};
use crate::model::learned::{LearnedDay, LimitedBy, SilenceRow};
use crate::model::time::{Span, Timestamp};
use model::{Begun, Model};
use rooms::RoomKind;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use today::Today;
use together::TOGETHER_WITHIN_MS;
use trail::Trail;
use vacancy::Vacancy;

/// A silence shorter than this is none: battery sensors are blind for so long after each movement.
pub const JUDGED_AFTER: Span = Span::minutes(5);

/// Before so many days nothing is learned enough to speak, and limits are not counted.
pub const LEARNING_DAYS: usize = 10;

/// No limit becomes longer than threefold because sensors are gone.
const MOST_SHARE_GONE: f64 = 2.0 / 3.0;

/// What the rule may do, from its settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Unneeded alerts that are accepted in 30 days.
    pub target: f64,
    /// The limit of the first days.
    pub cold_start: Span,
    /// No limit is shorter.
    pub at_least: Span,
    /// No limit is longer after movement inside, …
    pub most_at_home: Span,
    /// … or after the outer door.
    pub most_away: Span,
}

/// Where a sensor hangs.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    id: SensorId,
    room: Option<RoomId>,
    kind: RoomKind,
    is_outer_door: bool,
    sees_motion: bool,
}

/// The limit of the silence that goes on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// Its begin, or when people last said of it that all is well.
    pub since: Timestamp,
    /// How long it may last.
    pub limit: Span,
    /// What set the limit.
    pub by: LimitedBy,
    /// How it began.
    pub begun: Begun,
}

/// What is usual in a home.
#[derive(Debug, Clone, PartialEq)]
pub struct Habits {
    limits: Limits,
    places: Vec<Place>,
    numbers: BTreeMap<SensorId, u16>,
    days: VecDeque<Arc<LearnedDay>>,
    model: Arc<Model>,
    today: Option<Today>,
    /// Since when an outer door of the home could have been heard.
    door_awaited_since: Option<Timestamp>,
    running: Option<Running>,
    newest: Option<(Timestamp, u16)>,
    trail: Trail,
    vacancy: Vacancy,
    blind_since: Option<Timestamp>,
    /// Since when nobody is at home, as was said.
    absent_since: Option<Timestamp>,
    /// Whether guests are there, as was said.
    has_visitors: bool,
    /// Whether the way to some of the sensors is lost.
    is_partly_blind: bool,
    untold: Vec<LearnedDay>,
}

/// The silence that goes on.
#[derive(Debug, Clone, PartialEq)]
struct Running {
    since: Timestamp,
    sensor: u16,
    whole: bool,
    judged: Option<Judged>,
    /// When people last said that it is all right.
    answered_at: Option<Timestamp>,
}

impl Running {
    /// After a sign of life of this sensor.
    fn new(since: Timestamp, sensor: u16, whole: bool) -> Running {
        Running { since, sensor, whole, judged: None, answered_at: None }
    }
}

#[derive(Debug, Clone, PartialEq)]
struct Judged {
    limit: Span,
    by: LimitedBy,
    begun: Begun,
    recent: u16,
    columns: Columns,
}

/// The limits of all columns: from the model of the day on which the silence began, or as they were written down at midnight.
#[derive(Debug, Clone, PartialEq)]
enum Columns {
    Of(Arc<Model>),
    Written(Vec<u32>),
}

impl Habits {
    /// Nothing is known yet.
    pub fn new(limits: Limits) -> Habits {
        let days = VecDeque::new();
        let model = Arc::new(Model::of(&days, &[], limits.target));
        Habits {
            limits,
            places: Vec::new(),
            numbers: BTreeMap::new(),
            days,
            model,
            today: None,
            door_awaited_since: None,
            running: None,
            newest: None,
            trail: Trail::default(),
            vacancy: Vacancy::default(),
            blind_since: None,
            absent_since: None,
            has_visitors: false,
            is_partly_blind: false,
            untold: Vec::new(),
        }
    }

    /// The limit of the silence that goes on; absent in its first minutes and where nobody is waited for.
    pub fn verdict(&self) -> Option<Verdict> {
        let running = self.running.as_ref().filter(|_| self.vacancy.since.is_none())?;
        let judged = running.judged.as_ref()?;
        let since = running.answered_at.map_or(running.since, |at| at.max(running.since));
        Some(Verdict { since, limit: judged.limit, by: judged.by, begun: judged.begun })
    }

    /// The limit of a silence to the eyes of those that are left: quiet is broken less often where some of the sensors that broke it in
    /// the past cannot be believed or heard now. By the share of the past silences that began there, or of the signs of life where that is more; the fixed limit of the first days
    /// and the ceiling stay what they are.
    pub fn limit_without(&self, verdict: &Verdict, is_gone: impl Fn(&SensorId) -> bool) -> Span {
        let gone = self.places.iter().zip(self.model.shares()).filter(|(place, _)| is_gone(&place.id));
        let (begun, signs) = gone.fold((0.0, 0.0), |sum, (_, share)| (sum.0 + share.0, sum.1 + share.1));
        let share = f64::max(begun, signs).min(MOST_SHARE_GONE);
        let most = if verdict.begun.is_out() { self.limits.most_away } else { self.limits.most_at_home };
        match verdict.by {
            LimitedBy::ColdStart | LimitedBy::Most => verdict.limit,
            LimitedBy::Tail | LimitedBy::Line => {
                let millis = verdict.limit.num_milliseconds() as f64 / (1.0 - share);
                Span::milliseconds(millis as i64).min(most).max(verdict.limit)
            }
        }
    }

    /// The limit of a silence that would begin at this minute of the day after movement at `sensor`, far from the way out; absent
    /// while too little is known. For people to look at: what is judged has a [`Verdict`].
    pub fn limit_inside(&self, sensor: &SensorId, minute: u16) -> Option<Span> {
        let begun = Begun { minute, sensor: *self.numbers.get(sensor)?, exit: trail::INSIDE };
        let tail = self.model.tail(&begun);
        let (secs, _) = self.model.limit(&begun, &tail, self.model.column, &self.limits);
        self.has_learned().then_some(Span::seconds(secs as i64))
    }

    /// Whether enough days were learned for limits of its own.
    pub fn has_learned(&self) -> bool {
        self.model.days >= LEARNING_DAYS
    }

    /// Since when the home is taken to be empty.
    pub fn vacant_since(&self) -> Option<Timestamp> {
        self.vacancy.since
    }

    /// The last event of an outer door.
    pub fn door_at(&self) -> Option<Timestamp> {
        self.trail.door_at
    }

    /// What holds today.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Days that ended and were not handed out yet, to be recorded.
    pub fn take_untold(&mut self) -> Vec<LearnedDay> {
        std::mem::take(&mut self.untold)
    }

    /// When [`Habits::advance`] has something to do.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let until = self.today.as_ref().map(|today| today.until);
        [self.judged_at(), self.vacant_at(), until].into_iter().flatten().min()
    }

    /// Time passes until `now`: silences get their limits, days end. To be called before anything of `now` is taken in.
    pub fn advance(&mut self, home: &Home, now: Timestamp) {
        if self.today.is_none() {
            self.today = Some(Today::opened(now, &home.zone));
        }
        while let Some(deadline) = self.next_deadline().filter(|deadline| *deadline <= now) {
            if self.judged_at() == Some(deadline) {
                self.judge(home);
            } else if self.vacant_at() == Some(deadline) {
                self.become_vacant(deadline);
            } else {
                self.close_day(home, now);
            }
        }
    }

    /// A sign of life.
    pub fn life(&mut self, at: Timestamp, sensor: &Sensor) {
        let number = self.number(&sensor.id, || Place::of(sensor));
        if self.newest == Some((at, number)) {
            return;
        }
        let is_outer_door = sensor.kind == SensorKind::OuterDoor;
        let quiet_since = self.quiet_since();
        let passed = self.trail.saw(at, number, is_outer_door);
        if is_outer_door {
            self.door_awaited_since.get_or_insert(at);
        }
        if let Some(today) = self.today.as_mut().filter(|_| self.absent_since.is_none()) {
            today.fill(at, quiet_since);
            today.saw(number, is_outer_door || self.trail.is_of_passage(at));
            passed.into_iter().for_each(|sensor| today.passed(sensor));
            if let Some((before, other)) = self.newest
                && (0..TOGETHER_WITHIN_MS).contains(&(at - before).num_milliseconds())
            {
                today.together.saw(other, number, 1);
            }
        }
        self.end_silence(at);
        self.vacancy.ends(at, usize::from(number));
        self.newest = Some((at, number));
        self.running = Some(Running::new(at, number, !self.is_partly_blind));
    }

    /// Nobody watches from here on.
    pub fn blind(&mut self, at: Timestamp) {
        let quiet_since = self.quiet_since();
        if let Some(today) = &mut self.today {
            today.fill(at, quiet_since);
        }
        self.blind_since.get_or_insert(at);
    }

    /// Somebody watches again. Where the silence was only bridged it goes on; else what happened is not known, and a silence of which
    /// nothing can be learned begins.
    pub fn seen_again(&mut self, from: Timestamp, at: Timestamp, is_bridged: bool) {
        let from = self.blind_since.take().map_or(from, |since| since.min(from));
        if is_bridged {
            return;
        }
        self.begin_anew(Some(from), at);
    }

    /// The way to some of the sensors is lost: the quiet that the others see is not the quiet of the home, and no habit.
    pub fn partly_blind(&mut self) {
        self.is_partly_blind = true;
        if let Some(running) = &mut self.running {
            running.whole = false;
        }
    }

    /// All of them can be heard again. Unless that took moments, what happened where nobody watched is not known.
    pub fn wholly_seen_again(&mut self, at: Timestamp, is_bridged: bool) {
        self.is_partly_blind = false;
        if !is_bridged && self.blind_since.is_none() {
            self.begin_anew(None, at);
        }
    }

    /// Nobody is at home from here on, as somebody said who answers for it. Until they are back nothing is learned, and the time is
    /// no part of anybody's days.
    pub fn leave(&mut self, at: Timestamp) {
        if self.absent_since.is_none() {
            let quiet_since = self.quiet_since();
            if let Some(today) = &mut self.today {
                today.fill(at, quiet_since);
            }
            self.absent_since = Some(at);
        }
    }

    /// Whoever was not at home is back, or should be.
    pub fn come_back(&mut self, at: Timestamp) {
        if let Some(since) = self.absent_since.take() {
            self.vacancy = Vacancy::default();
            self.begin_anew(Some(since), at);
        }
    }

    /// Whether guests are there: quiet that they break says nothing about the resident alone, so such days would only shorten limits.
    pub fn visited(&mut self, has_visitors: bool) {
        self.has_visitors = has_visitors;
        if let Some(today) = self.today.as_mut().filter(|_| has_visitors) {
            today.was_visited = true;
        }
    }

    /// What happened before `at` is not known, nothing of it since `unwatched_from`.
    fn begin_anew(&mut self, unwatched_from: Option<Timestamp>, at: Timestamp) {
        if let Some(today) = &mut self.today {
            if let Some(from) = unwatched_from {
                today.not_watched(from, at);
            }
            today.fill(at, None);
        }
        if let Some(running) = &mut self.running {
            *running = Running::new(running.since.max(at), running.sensor, false);
        }
    }

    /// The last signs of life were nobody's doing: the silence began at `since`, after one of this sensor.
    pub fn rewind(&mut self, since: Timestamp, sensor: &Sensor) {
        let number = self.number(&sensor.id, || Place::of(sensor));
        self.trail.rewind(since);
        self.running = Some(Running::new(since, number, false));
    }

    /// People have looked into the silence that goes on and found nothing wrong: if it lasts for another limit, it is asked again.
    pub fn answered(&mut self, at: Timestamp) {
        if let Some(running) = &mut self.running {
            running.answered_at = Some(at);
        }
    }

    /// What was going on at `at` was an emergency: never to be learned from.
    pub fn never_learn(&mut self, at: Timestamp) {
        let secs = at.timestamp();
        let holds = |row: &SilenceRow| (row.start_secs..=row.start_secs + i64::from(row.secs)).contains(&secs);
        if let Some(running) = self.running.as_mut().filter(|running| running.since <= at) {
            running.whole = false;
        }
        if let Some(today) = &mut self.today {
            today.rows.retain(|row| !holds(row));
        }
        for day in self.days.iter_mut().filter(|day| day.rows.iter().any(holds)) {
            Arc::make_mut(day).rows.retain(|row| !holds(row));
        }
    }

    /// Takes in a day as it was recorded; whatever was reckoned of it from raw observations gives way.
    pub fn recall(&mut self, home: &Home, mut day: LearnedDay) {
        let ids = std::mem::take(&mut day.sensors);
        let numbers: Vec<u16> = ids.iter().map(|id| self.number(id, || Place::named(home, id))).collect();
        let known = |number: &mut u16| {
            let found = numbers.get(usize::from(*number));
            *number = found.copied().unwrap_or(*number);
            found.is_some()
        };
        day.rows.retain_mut(|row| known(&mut row.sensor));
        day.together.retain_mut(|(a, b, _)| known(a) && known(b));
        day.at_door.retain_mut(|(sensor, _, _)| known(sensor));
        self.untold.retain(|untold| untold.until != day.until);
        self.days.retain(|other| other.until != day.until);
        if day.vacant && self.vacancy.since.is_none() {
            self.vacancy.begin(day.until);
        }
        if let Some(mut written) = day.running.take()
            && known(&mut written.sensor)
            && let Some(running) = self.running.as_mut().filter(|running| running.since == written.since)
        {
            *running = Running { answered_at: running.answered_at, ..Running::written(written) };
        }
        if day.counts && self.days.back().is_none_or(|newest| newest.until < day.until) {
            self.keep(day);
        }
    }

    /// The clock on the wall was set by `by` and shows `now`.
    pub fn shift(&mut self, by: Span, now: Timestamp, home: &Home) {
        if let Some(running) = &mut self.running {
            running.since += by;
            running.answered_at = running.answered_at.map(|at| at + by);
            running.whole = false;
        }
        let instants = [&mut self.door_awaited_since, &mut self.blind_since, &mut self.absent_since];
        instants.into_iter().flatten().for_each(|at| *at += by);
        self.newest = self.newest.map(|(at, sensor)| (at + by, sensor));
        self.trail.shift(by);
        self.vacancy.shift(by);
        if let Some(today) = &mut self.today {
            today.shift(by, now, &home.zone);
        }
        let days = Span::days(by.num_days());
        if !days.is_zero() {
            for day in self.days.iter_mut().map(Arc::make_mut).chain(&mut self.untold) {
                day.until += days;
                day.rows.iter_mut().for_each(|row| row.start_secs += days.num_seconds());
            }
        }
    }
}

#[cfg(test)]
mod tests;
