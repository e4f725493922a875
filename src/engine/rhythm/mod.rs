//! What is usual in this home: how long quiet lasts, after which movement, at which hours; and from it the limit of the silence
//! that goes on now.
//!
//! Fed by [`Seen`](crate::engine::seen::Seen) with every sign of life; judged by the rule `rhythm`. A silence of five minutes gets a limit,
//! which stays what it is while the silence lasts. At local midnight the day is closed: its silences, its line, its counts become
//! one [`LearnedDay`] that is recorded, and from all of them the next day's [`model`] is made. So no limit ever rests on later
//! knowledge, and the raw observations of old days need not be kept.

mod basis;
pub mod calibrator;
mod course;
mod lazily;
pub mod line;
mod memory;
pub mod model;
mod place;
pub mod rooms;
mod silence;
pub mod tail;
pub mod today;
pub mod together;
pub mod trail;
pub mod usual;
pub mod vacancy;

use crate::model::home::{Home, Sensor, SensorKind};
use crate::model::ids::SensorId;
use crate::model::learned::{LearnedDay, LimitedBy};
use crate::model::time::{Span, Timestamp};
use basis::Basis;
use model::{Begun, Model};
use place::Place;
use silence::Running;
use std::collections::BTreeMap;
use std::sync::Arc;
use today::Today;
use together::TOGETHER_WITHIN_MS;
use trail::Trail;
use vacancy::Vacancy;

/// A silence shorter than this is none: battery sensors are blind for so long after each movement.
pub const JUDGED_AFTER: Span = Span::minutes(5);

/// Before so many days nothing is learned enough to speak, and limits are not counted.
pub const LEARNING_DAYS: usize = 10;

/// The time after a stay in hospital that is like no other.
const LEARNS_AFTER_HOSPITAL: Span = Span::hours(24);

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

impl Limits {
    /// The least that any limit can be.
    fn shortest(&self) -> Span {
        self.cold_start.min(self.at_least).min(self.most_at_home).min(self.most_away)
    }
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

impl Verdict {
    /// When the silence has lasted for longer than that.
    pub fn too_long_at(&self) -> Timestamp {
        self.since + self.limit
    }
}

/// What is usual in a home.
#[derive(Debug, Clone, PartialEq)]
pub struct Habits {
    limits: Limits,
    places: Arc<Vec<Place>>,
    numbers: BTreeMap<SensorId, u16>,
    basis: Arc<Basis>,
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
    /// Whether it was a stay in hospital.
    is_in_hospital: bool,
    /// Before that the days are not what they were before a stay in hospital.
    learns_from: Option<Timestamp>,
    /// Whether guests are there, as was said.
    has_visitors: bool,
    /// Since when the way to some of the sensors is lost.
    partly_blind_since: Option<Timestamp>,
    untold: Vec<LearnedDay>,
}

impl Habits {
    /// Nothing is known yet.
    pub fn new(limits: Limits) -> Habits {
        let places = Arc::default();
        Habits {
            basis: Arc::new(Basis::of(Vec::new(), &places, limits.target)),
            limits,
            places,
            numbers: BTreeMap::new(),
            today: None,
            door_awaited_since: None,
            running: None,
            newest: None,
            trail: Trail::default(),
            vacancy: Vacancy::default(),
            blind_since: None,
            absent_since: None,
            is_in_hospital: false,
            learns_from: None,
            has_visitors: false,
            partly_blind_since: None,
            untold: Vec::new(),
        }
    }

    /// The limit of the silence that goes on; absent in its first minutes and where nobody is waited for.
    pub fn verdict(&self) -> Option<Verdict> {
        let running = self.awaited()?;
        let judged = running.judged.as_ref()?;
        let (limit, by) = judged.limit(&self.limits);
        Some(Verdict { since: running.counted_from(), limit, by, begun: judged.begun })
    }

    /// When the silence that goes on will have lasted for longer than is usual.
    pub fn usual_until(&self) -> Option<Timestamp> {
        self.verdict().map(|verdict| verdict.too_long_at())
    }

    /// Before when the silence that goes on is not too long whatever its limit, so that nobody need ask for that; absent where nobody
    /// is waited for.
    pub fn usual_until_at_least(&self) -> Option<Timestamp> {
        let running = self.awaited()?;
        Some((running.counted_from() + running.at_least(&self.limits)).max(running.since + JUDGED_AFTER))
    }

    /// The silence that goes on, where somebody is waited for.
    fn awaited(&self) -> Option<&Running> {
        self.running.as_ref().filter(|_| self.vacancy.since.is_none())
    }

    /// The limit of a silence to the eyes of those that are left: quiet is broken less often where some of the sensors that broke it in
    /// the past cannot be believed or heard now. By the share of the past silences that began there, or of the signs of life where that is more; the fixed limit of the first days
    /// and the ceiling stay what they are.
    pub fn limit_without(&self, verdict: &Verdict, is_gone: impl Fn(&SensorId) -> bool) -> Span {
        let gone = self.places.iter().zip(self.basis.model().shares()).filter(|(place, _)| is_gone(&place.id));
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
        let model = self.has_learned().then(|| self.basis.model())?;
        let (secs, _) = model.limit(&begun, &model.tail(&begun), model.column, &self.limits);
        Some(Span::seconds(secs as i64))
    }

    /// Whether enough days were learned for limits of its own.
    pub fn has_learned(&self) -> bool {
        self.basis.is_enough()
    }

    /// So many days were learned.
    pub fn days_learned(&self) -> usize {
        self.basis.days().len()
    }

    /// The last event of an outer door.
    pub fn door_at(&self) -> Option<Timestamp> {
        self.trail.door_at
    }

    /// What holds today.
    pub fn model(&self) -> &Model {
        self.basis.model()
    }

    /// Silences of the last 30 days of the calendar, as far as they were days of hers, that were longer than the limit in force.
    pub fn alerts_of_30_days(&self) -> u32 {
        let Some(today) = &self.today else { return 0 };
        // From noon to noon: where clocks change, midnights are no whole days apart.
        let from = today.begin - Span::days(30) + Span::hours(12);
        self.basis.days().iter().filter(|day| day.until > from).map(|day| u32::from(day.alerts)).sum()
    }

    /// Days that ended and were not handed out yet, to be recorded.
    pub fn take_untold(&mut self) -> Vec<LearnedDay> {
        std::mem::take(&mut self.untold)
    }

    /// When a turn has to come though nothing happens. That a silence is to be judged is no reason: whoever comes next finds it
    /// judged, and before the shortest limit of all nobody need come.
    pub fn wakes_at(&self) -> Option<Timestamp> {
        let asked_at = self.judged_at().and_then(|_| self.usual_until_at_least());
        [asked_at, self.vacant_at(), self.midnight()].into_iter().flatten().min()
    }

    /// When [`Habits::advance`] has something to do.
    fn next_deadline(&self) -> Option<Timestamp> {
        [self.judged_at(), self.vacant_at(), self.midnight()].into_iter().flatten().min()
    }

    fn midnight(&self) -> Option<Timestamp> {
        self.today.as_ref().map(|today| today.until)
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
        let (quiet_since, learns) = (self.quiet_since(), self.learns_from.is_none_or(|from| at >= from));
        let passed = self.trail.saw(at, number, is_outer_door);
        if is_outer_door {
            self.door_awaited_since.get_or_insert(at);
        }
        if let Some(today) = self.today.as_mut().filter(|_| self.absent_since.is_none()) {
            today.fill(at, quiet_since);
            if learns {
                today.saw(number, is_outer_door || self.trail.is_of_passage(at));
                passed.into_iter().for_each(|sensor| today.passed(sensor));
                let together = |before: Timestamp| (0..TOGETHER_WITHIN_MS).contains(&(at - before).num_milliseconds());
                if let Some((_, other)) = self.newest.filter(|(before, _)| together(*before)) {
                    today.together.saw(other, number, 1);
                }
            }
        }
        self.end_silence(at);
        self.vacancy.saw(at, usize::from(number));
        self.newest = Some((at, number));
        self.running = Some(Running::new(at, number, learns && self.partly_blind_since.is_none()));
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
    pub fn partly_blind(&mut self, at: Timestamp) {
        self.partly_blind_since.get_or_insert(at);
        if let Some(running) = &mut self.running {
            running.whole = false;
        }
    }

    /// All of them can be heard again. Unless all of that took no longer than `bridged`, what happened where nobody watched is
    /// not known; one way may have been lost before another was back.
    pub fn wholly_seen_again(&mut self, at: Timestamp, bridged: Span) {
        let was_long = self.partly_blind_since.take().is_some_and(|since| at - since > bridged);
        if was_long && self.blind_since.is_none() {
            self.begin_anew(None, at);
        }
    }

    /// The ways are counted anew, and none of them is lost.
    pub fn is_wholly_seen(&mut self) {
        self.partly_blind_since = None;
    }

    /// Nobody is at home from here on, as somebody said who answers for it. Until they are back nothing is learned, and the time is
    /// no part of anybody's days. Whether that is a stay in hospital may be said later.
    pub fn leave(&mut self, at: Timestamp, is_in_hospital: bool) {
        self.is_in_hospital |= is_in_hospital;
        if self.absent_since.is_none() {
            let quiet_since = self.quiet_since();
            if let Some(today) = &mut self.today {
                today.fill(at, quiet_since);
            }
            self.absent_since = Some(at);
        }
    }

    /// Whoever was not at home is back, or should be. Who comes from hospital rests, and helpers come and go: the first day is watched,
    /// and not learned from.
    pub fn come_back(&mut self, at: Timestamp) {
        if let Some(since) = self.absent_since.take() {
            self.vacancy = Vacancy::default();
            self.begin_anew(Some(since), at);
        }
        if std::mem::take(&mut self.is_in_hospital) {
            let from = at + LEARNS_AFTER_HOSPITAL;
            self.learns_from = Some(from);
            if let Some(today) = &mut self.today {
                today.not_watched(at, from);
            }
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

    /// At `at` people answered what was asked at `asked_at`: if that silence goes on for another limit, it is asked again. One
    /// that began since is another.
    pub fn answered(&mut self, asked_at: Timestamp, at: Timestamp) {
        if let Some(running) = self.running.as_mut().filter(|running| running.since <= asked_at) {
            running.answered_at = Some(at);
        }
    }
}

#[cfg(test)]
mod tests;
