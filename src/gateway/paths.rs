//! Which ways out of the home are proved to work, and which are lost: pure, time is an argument.
//!
//! A way is proved by the word of who is at its end: the station's answer to a heartbeat, a receipt, a step, a receiver
//! that took what was sent, a probe that went well. What a broker acknowledges proves the way to the broker only: a station
//! of a version that never answers is neither works nor lost ([`PathState::Carried`]), and never an alarm. That a station
//! answers is known from its first answer on, also over restarts of this gateway (see [`super::answering`]). If it is silent
//! beyond the level and then a receipt or a step shows that it hears all the same, it is of an older version again.
//!
//! The time without proof is counted in rounds, and no round counts for more than a moment: while the machine slept or the
//! loop stood still nobody could have answered. Clocks on walls play no part.

use crate::model::level::Supervision;
use crate::model::reason::WayOut;
use crate::model::status::PathState;
use crate::model::time::Span;
use crate::sinks::Proves;
use short::{Short, TWIN_OVER};
use std::collections::BTreeMap;

mod short;

/// Every way out.
#[derive(Debug, Default)]
pub struct Paths {
    ways: BTreeMap<WayOut, Path>,
    /// Time in which there could have been a proof.
    counted: Span,
    /// Time since boot at the last round.
    at: Option<Span>,
    /// The alert that nobody is reached was asked for in this episode.
    all_lost_told: bool,
    /// Connections to a broker that ended soon after they were made.
    short: BTreeMap<WayOut, Short>,
}

/// One way out.
#[derive(Debug)]
struct Path {
    supervision: Supervision,
    proves: Proves,
    /// The station has answered a heartbeat, in this run or an earlier one.
    answers: bool,
    begun: Moment,
    proved: Option<Moment>,
    /// A heartbeat was carried to the broker.
    carried: Option<Moment>,
    failed: Option<(Moment, String)>,
    /// A test of it got no answer, and nothing was delivered since: when it was begun, and why.
    failed_test: Option<(Moment, String)>,
    next: Span,
    under_way: bool,
    told: bool,
}

/// An instant, by the time that is counted and by the clock that never jumps.
#[derive(Debug, Clone, Copy)]
struct Moment {
    counted: Span,
    since_boot: Span,
}

/// What is known about one way, for people.
#[derive(Debug, Clone, PartialEq)]
pub struct Known<'p> {
    /// Which.
    pub way: &'p WayOut,
    /// Without a proof for longer, it is lost.
    pub level: Span,
    /// How it stands.
    pub state: PathState,
    /// Since boot, when it was proved last.
    pub proved_at: Option<Span>,
    /// Since boot, from when on nothing proves it.
    pub since: Span,
    /// What failed after that.
    pub why: &'p str,
}

/// What is to be told now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// This way is lost.
    Lost(WayOut),
    /// It is not, or it is no way of this home any more.
    Found(WayOut),
    /// Every way is lost.
    AllLost,
    /// One is not.
    OneFound,
    /// The connections on this way are closed as soon as they are made: a second gateway.
    Twin(WayOut),
    /// They hold.
    NoTwin,
}

/// What the book says of the ways out: alerts that are open and not over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Ways that are told as lost.
    pub lost: Vec<WayOut>,
    /// That nobody is reached.
    pub all_lost: bool,
    /// That there is a second gateway.
    pub twin: bool,
}

impl Paths {
    /// Watches these ways from now on. One that is watched already goes on as it is; of one that was opened anew nothing is
    /// known.
    pub fn follow(
        &mut self,
        since_boot: Span,
        ways: Vec<(WayOut, Supervision, Proves)>,
        opened: &[String],
        answers: impl Fn(&WayOut) -> bool,
    ) {
        self.pass(since_boot);
        self.ways.retain(|way, _| {
            let is_new = opened.iter().any(|name| name == way.channel.as_str());
            !is_new && ways.iter().any(|(wanted, ..)| wanted == way)
        });
        self.short.retain(|way, _| self.ways.contains_key(way));
        let begun = self.moment(since_boot);
        for (way, supervision, proves) in ways {
            let answers = proves == Proves::Answer && answers(&way);
            let path = self.ways.entry(way).or_insert_with(|| Path::begun(begun, supervision, proves, answers));
            path.supervision = supervision;
        }
    }

    /// Time passes.
    pub fn pass(&mut self, since_boot: Span) {
        let passed = self.at.map_or(Span::zero(), |at| since_boot - at);
        self.counted += passed.clamp(Span::zero(), ROUND_MAX);
        self.at = Some(since_boot);
    }

    /// The ways that are to be proved now: each is asked once, until [`Paths::tried`].
    pub fn take_due(&mut self) -> Vec<(WayOut, Proves)> {
        let counted = self.counted;
        let due = self.ways.iter_mut().filter(|(_, path)| path.next <= counted && !path.under_way);
        due.map(|(way, path)| {
            path.ask(counted);
            (way.clone(), path.proves)
        })
        .collect()
    }

    /// A heartbeat goes to these ways out of turn: a link came up, a station is there again, there is news.
    pub fn ask_now(&mut self, is_meant: impl Fn(&WayOut) -> bool) -> Vec<WayOut> {
        let counted = self.counted;
        let meant = self.ways.iter_mut().filter(|(way, path)| path.proves == Proves::Answer && is_meant(way));
        meant
            .map(|(way, path)| {
                path.ask(counted);
                way.clone()
            })
            .collect()
    }

    /// The same after an outage, when every home of a district has just found its way again: each at an instant of its own,
    /// `permille` of the time in which all of them are heard. An alert never waits for that.
    pub fn ask_soon(&mut self, permille: u16, is_meant: impl Fn(&WayOut) -> bool) {
        for (_, path) in self.ways.iter_mut().filter(|(way, path)| path.proves == Proves::Answer && is_meant(way)) {
            let within = HEARD_AGAIN_WITHIN.min(path.supervision.every / 2);
            path.next = self.counted + within * i32::from(permille) / 1000;
            path.under_way = false;
        }
    }

    /// What was asked for came to its end.
    pub fn tried(&mut self, since_boot: Span, way: &WayOut, result: Result<(), String>) {
        let moment = self.moment(since_boot);
        let Some(path) = self.ways.get_mut(way) else { return };
        path.under_way = false;
        match (result, path.proves) {
            (Ok(()), Proves::Answer) => path.carried = Some(moment),
            (Ok(()), Proves::Heartbeat) => path.prove(moment),
            (Ok(()), Proves::Probe) => {
                path.failed_test = None;
                path.prove(moment);
            }
            (Err(why), _) => path.fail(moment, why),
        }
    }

    /// Something failed on every way of this channel, or on the one that leads to `point`.
    pub fn failed(&mut self, since_boot: Span, channel: &str, point: Option<&str>, why: &str) {
        let moment = self.moment(since_boot);
        for (way, path) in &mut self.ways {
            if way.channel.as_str() == channel && point.is_none_or(|point| point == way.point.as_str()) {
                path.fail(moment, why.to_owned());
            }
        }
    }

    /// A test that was begun at `begun` got no answer on this way: it is lost at once. The notice of a test goes as that of an
    /// alert goes, and an alert would have got no answer either, whatever heartbeats say; so only something delivered shows
    /// that it works again, or the probe of a way that has no other proof. To a station the end of the test is delivered for
    /// as long as it takes.
    pub fn failed_test(&mut self, way: &WayOut, begun: Span, why: &str) {
        let counted = self.counted - self.at.map_or(Span::zero(), |at| (at - begun).max(Span::zero()));
        if let Some(path) = self.ways.get_mut(way) {
            let moment = Moment { counted, since_boot: begun };
            path.fail(moment, why.to_owned());
            path.failed_test = Some((moment, why.to_owned()));
        }
    }

    /// The station answered a heartbeat; true where that is new.
    pub fn answered(&mut self, since_boot: Span, way: &WayOut) -> bool {
        let moment = self.moment(since_boot);
        let Some(path) = self.ways.get_mut(way) else { return false };
        path.prove(moment);
        !std::mem::replace(&mut path.answers, true)
    }

    /// Who is at the end of a way spoke or took something, but not as an answer to a heartbeat. True where it has turned out
    /// that heartbeats are not answered there any more.
    pub fn spoke(&mut self, since_boot: Span, channel: &str, point: &str) -> bool {
        let (moment, counted) = (self.moment(since_boot), self.counted);
        let found =
            self.ways.iter_mut().find(|(way, _)| way.channel.as_str() == channel && way.point.as_str() == point);
        let Some((_, path)) = found else { return false };
        path.failed_test = None;
        let is_older = path.answers && path.state_by_time(counted) == PathState::Lost;
        path.answers &= !is_older;
        path.proved = Some(moment);
        is_older
    }

    /// The ways of which it is known that the station answers.
    pub fn answering(&self) -> impl Iterator<Item = &WayOut> {
        self.ways.iter().filter(|(_, path)| path.answers).map(|(way, _)| way)
    }

    /// The connection to a broker on this way was made, or has ended. Each way has one of its own: what becomes of another, or
    /// of a channel that has none, hints at no second gateway.
    pub fn linked(&mut self, way: WayOut, up: bool) {
        let counted = self.counted;
        if self.ways.contains_key(&way) {
            self.short.entry(way).or_default().linked(counted, up);
        }
    }

    /// Every way as it stands.
    pub fn all(&self) -> impl Iterator<Item = Known<'_>> {
        self.ways.iter().map(|(way, path)| path.known(way, self.counted))
    }

    /// One way as it stands.
    pub fn of(&self, way: &WayOut) -> Option<Known<'_>> {
        let (way, path) = self.ways.get_key_value(way)?;
        Some(path.known(way, self.counted))
    }

    /// Whether there are ways and all are lost.
    pub fn are_all_lost(&self) -> bool {
        !self.ways.is_empty() && self.ways.values().all(|path| path.state(self.counted) == PathState::Lost)
    }

    /// Whether there is one that is proved to work.
    pub fn any_works(&self) -> bool {
        self.ways.values().any(|path| path.state(self.counted) == PathState::Works)
    }

    /// What is to be told, given what the book says. An alert that somebody closed with open eyes is not raised again before
    /// the way was found; one of an earlier run is over when its way is found, not because nothing is known yet.
    pub fn judge(&mut self, standing: &Standing) -> Vec<News> {
        let mut news = Vec::new();
        let (counted, all_lost) = (self.counted, self.are_all_lost());
        for way in standing.lost.iter().filter(|way| !self.ways.contains_key(way)) {
            news.push(News::Found(way.clone()));
        }
        for (way, path) in &mut self.ways {
            let is_told = standing.lost.contains(way);
            match path.state(counted) {
                // Where none is left, that is told instead, and once.
                PathState::Lost if !path.told && !is_told && !all_lost => news.push(News::Lost(way.clone())),
                PathState::Works | PathState::Carried if is_told => news.push(News::Found(way.clone())),
                PathState::Lost | PathState::Works | PathState::Carried | PathState::Unproven => {}
            }
            path.told = match path.state(counted) {
                PathState::Lost => path.told || is_told || !all_lost,
                PathState::Works | PathState::Carried | PathState::Unproven => false,
            };
        }
        self.hurry(&news);
        let one_is_found = self.ways.is_empty()
            || self.ways.values().any(|path| matches!(path.state(counted), PathState::Works | PathState::Carried));
        if all_lost && !standing.all_lost && !self.all_lost_told {
            news.push(News::AllLost);
        } else if standing.all_lost && one_is_found {
            news.push(News::OneFound);
        }
        self.all_lost_told = all_lost;
        self.judge_twins(standing.twin, &mut news);
        news
    }

    /// Who heard of us by a way that is lost now hears at once by those that are left, and how soon again: a station does not
    /// wait for the word of a slower way as if it were the faster one.
    fn hurry(&mut self, news: &[News]) {
        let is_beside =
            |way: &WayOut| news.iter().any(|news| matches!(news, News::Lost(lost) if lost.point == way.point));
        for (_, path) in self.ways.iter_mut().filter(|(way, _)| is_beside(way)) {
            path.next = self.counted;
        }
    }

    fn judge_twins(&mut self, is_told: bool, news: &mut Vec<News>) {
        let counted = self.counted;
        self.short.values_mut().for_each(|short| short.forget(counted));
        // Also one that an earlier run told is over when connections have held for as long as it takes to know.
        let all_hold = counted >= TWIN_OVER && self.short.values().all(|short| short.all_held());
        if is_told && all_hold {
            news.push(News::NoTwin);
        }
        if let Some((way, short)) = self.short.iter_mut().find(|(_, short)| short.is_twin(counted)) {
            let was_told = std::mem::replace(&mut short.told, true);
            news.extend((!was_told && !is_told).then(|| News::Twin(way.clone())));
        }
    }

    fn moment(&self, since_boot: Span) -> Moment {
        Moment { counted: self.counted, since_boot }
    }
}

impl Path {
    fn begun(begun: Moment, supervision: Supervision, proves: Proves, answers: bool) -> Path {
        let next = begun.counted;
        let (proved, carried, failed, failed_test) = (None, None, None, None);
        let (under_way, told) = (false, false);
        Path { supervision, proves, answers, begun, proved, carried, failed, failed_test, next, under_way, told }
    }

    fn state(&self, counted: Span) -> PathState {
        if self.failed_test.is_some() { PathState::Lost } else { self.state_by_time(counted) }
    }

    fn state_by_time(&self, counted: Span) -> PathState {
        let is_fresh =
            |moment: &Option<Moment>| moment.is_some_and(|at| counted - at.counted <= self.supervision.level);
        if is_fresh(&self.proved) {
            return PathState::Works;
        }
        if self.is_only_carried() && is_fresh(&self.carried) {
            return PathState::Carried;
        }
        let was_there_time = counted - self.known_until().counted > self.supervision.level;
        if was_there_time { PathState::Lost } else { PathState::Unproven }
    }

    /// Whether nothing can be asked of it but that the broker takes what is sent.
    fn is_only_carried(&self) -> bool {
        self.proves == Proves::Answer && !self.answers
    }

    /// The last instant at which as much was known as can be.
    fn known_until(&self) -> Moment {
        let carried = self.carried.filter(|_| self.is_only_carried());
        let all = [self.proved, carried, Some(self.begun)].into_iter().flatten();
        all.max_by_key(|moment| moment.counted).unwrap_or(self.begun)
    }

    /// It answered as it should when it was asked.
    fn prove(&mut self, moment: Moment) {
        self.proved = Some(moment);
        self.next = moment.counted + self.supervision.every;
    }

    fn fail(&mut self, moment: Moment, why: String) {
        self.failed = Some((moment, why));
        self.next = self.next.min(moment.counted + self.supervision.every.min(AGAIN_AFTER));
    }

    /// It is asked now; again in its rhythm, and sooner while it does not answer as it should.
    fn ask(&mut self, counted: Span) {
        let every = self.supervision.every;
        let went_well = self.proved.is_some_and(|at| counted - at.counted <= every + A_MOMENT);
        self.next = counted + if went_well { every } else { every.min(AGAIN_AFTER) };
        self.under_way = true;
    }

    fn known<'p>(&'p self, way: &'p WayOut, counted: Span) -> Known<'p> {
        let mut until = self.known_until();
        if let Some((begun, why)) = &self.failed_test {
            until = if begun.counted < until.counted { *begun } else { until };
            return self.known_as(way, counted, until, why);
        }
        let failed = self.failed.as_ref().filter(|(at, _)| at.counted >= until.counted);
        self.known_as(way, counted, until, failed.map_or("", |(_, why)| why.as_str()))
    }

    fn known_as<'p>(&'p self, way: &'p WayOut, counted: Span, until: Moment, why: &'p str) -> Known<'p> {
        Known {
            way,
            level: self.supervision.level,
            state: self.state(counted),
            proved_at: self.proved.map(|at| at.since_boot),
            since: until.since_boot,
            why,
        }
    }
}

/// A round comes once a second; what lies between two beyond this was slept through.
const ROUND_MAX: Span = Span::seconds(5);
/// A way on a slow level that fails is asked again so soon: also its return is to be noticed.
const AGAIN_AFTER: Span = Span::minutes(5);
/// Two thousand homes are then less than a hundred heartbeats a second.
const HEARD_AGAIN_WITHIN: Span = Span::seconds(30);
const A_MOMENT: Span = Span::seconds(5);
#[cfg(test)]
mod tests;
