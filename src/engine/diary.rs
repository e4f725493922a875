//! What the last days were like, quarter hour by quarter hour: for people who look, never for a rule.
//!
//! A history is heard once more by an engine of its own. So a sign of life and a span in which nobody watched are here what they
//! were to the rules, and nothing has to be remembered by the engine that decides.

use super::Engine;
use super::seen::BRIDGED;
use crate::model::home::{Home, SensorKind};
use crate::model::ids::{RoomId, SensorId};
use crate::model::reason::{Blind, SignOfLife};
use crate::model::recorded::Recorded;
use crate::model::time::{Day, Span, TimeOfDay, Timestamp, Zone};
use std::collections::BTreeSet;

/// A history on its way through.
pub struct Diary {
    engine: Engine,
    from: Timestamp,
    until: Timestamp,
    /// Minutes since `from` with a sign of life, and by which of the sensors.
    lively: BTreeSet<(i64, SensorId)>,
    unwatched: Vec<(Timestamp, Timestamp)>,
    known_from: Option<Timestamp>,
    last_blind: Option<Blind>,
    last_at: Option<Timestamp>,
}

/// The last days, the oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Days {
    /// Each of them; the last is not over.
    pub days: Vec<DayShown>,
    /// The rooms in which somebody was seen.
    pub rooms: Vec<RoomId>,
}

/// One day by the clock on the wall.
#[derive(Debug, Clone, PartialEq)]
pub struct DayShown {
    /// Which.
    pub date: Day,
    /// Its midnight.
    pub from: Timestamp,
    /// Its quarter hours that have begun: of a whole day 96, or 92 or 100 where clocks change.
    pub quarters: Vec<Quarter>,
}

/// A quarter of an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quarter {
    /// In so many of its minutes somebody was seen.
    pub lively_minutes: u8,
    /// For most of it nobody watched.
    pub is_unwatched: bool,
    /// Where most was seen: a place in [`Days::rooms`].
    pub room: Option<usize>,
    /// An outer door was used.
    pub has_door: bool,
    /// A button was pressed.
    pub has_press: bool,
}

impl Quarter {
    /// How lively it was, from 0 to 3; nothing where nobody watched and nobody was seen.
    pub fn level(&self) -> Option<u8> {
        match self.lively_minutes {
            0 if self.is_unwatched => None,
            0 => Some(0),
            1..=2 => Some(1),
            3..=7 => Some(2),
            8.. => Some(3),
        }
    }
}

impl Diary {
    /// The last `days` days until `now`, of the home of `engine`, which knows nothing yet.
    pub fn new(engine: Engine, days: u32, now: Timestamp) -> Diary {
        let from = first_midnight(&engine.home().zone, now, days);
        let (lively, unwatched) = (BTreeSet::new(), Vec::new());
        Diary { engine, from, until: now, lively, unwatched, known_from: None, last_blind: None, last_at: None }
    }

    /// Lines before this instant need not be read: so long before the first day that what held when it began is known.
    pub fn reads_from(&self) -> Timestamp {
        self.from - HEARD_BEFORE
    }

    /// Takes in one line; they come in their order.
    pub fn take(&mut self, line: Recorded) {
        let at = line.at();
        if at > self.until || matches!(line, Recorded::HeardBefore(_)) {
            return;
        }
        self.last_at = Some(at);
        let jump = if let Recorded::ClockStepped { by, .. } = &line { Some(*by) } else { None };
        let speaker = if let Recorded::Observed(observation) = &line { Some(observation.sensor.clone()) } else { None };
        if speaker.is_some() {
            self.known_from.get_or_insert(at);
        }
        let chattered = speaker.as_ref().and_then(|sensor| self.chatters_since(sensor));
        let life_before = self.engine.seen().last_life.clone();
        self.engine.recall(line);
        if let Some(by) = jump {
            self.last_blind = self.engine.seen().blind_since(Timestamp::MIN_UTC).cloned();
            if by > Span::zero() {
                self.nobody_watched(at - by, at);
            }
            return;
        }
        if let (Some(sensor), None) = (&speaker, chattered)
            && let Some(since) = self.chatters_since(sensor)
        {
            self.take_back(sensor, since);
        }
        self.look(at, life_before.as_ref());
    }

    /// What the line has changed.
    fn look(&mut self, at: Timestamp, life_before: Option<&SignOfLife>) {
        let seen = self.engine.seen();
        let life = seen.last_life.clone().filter(|life| life.at == at && Some(life) != life_before);
        let blind = seen.blind_since(Timestamp::MIN_UTC).cloned();
        if let Some(life) = life.filter(|life| life.at >= self.from) {
            self.lively.insert((self.minute(life.at), life.sensor));
        }
        if blind != self.last_blind {
            if let Some(Blind { from, to: Some(to), .. }) = &blind {
                self.nobody_watched(*from, *to);
            }
            self.last_blind = blind;
        }
    }

    fn minute(&self, at: Timestamp) -> i64 {
        (at - self.from).num_minutes()
    }

    fn chatters_since(&self, sensor: &SensorId) -> Option<Timestamp> {
        self.engine.seen().heard(sensor).and_then(|heard| heard.run.chatters_since)
    }

    /// What was taken for life at `sensor` since then was its chatter.
    fn take_back(&mut self, sensor: &SensorId, since: Timestamp) {
        let minute = self.minute(since);
        self.lively.retain(|(at, of)| *at < minute || of != sensor);
    }

    fn nobody_watched(&mut self, from: Timestamp, to: Timestamp) {
        if to - from > BRIDGED && to > self.from {
            self.unwatched.push((from.max(self.from), to.min(self.until)));
        }
    }

    /// The days as they were.
    pub fn end(mut self) -> Days {
        let (seen, until) = (self.engine.seen(), self.until);
        let last_at = self.last_at.unwrap_or(until);
        let ended_early = (until - last_at > MARK_MISSED).then_some(last_at);
        let blind = seen.blind.as_ref().map(|blind| blind.from);
        let unwatched = seen.unwatched(self.engine.home(), until.min(last_at + MARK_MISSED));
        let open = [blind, unwatched.map(|unwatched| unwatched.from), ended_early].into_iter().flatten().min();
        if let Some(from) = open {
            self.nobody_watched(from, until);
        }
        // Before the first observation nothing is known.
        self.nobody_watched(self.from, self.known_from.unwrap_or(until));
        self.days()
    }

    fn days(&self) -> Days {
        let home = self.engine.home();
        let mut rooms: Vec<RoomId> = Vec::new();
        for (_, sensor) in &self.lively {
            let room = home.sensors.get(sensor).and_then(|sensor| sensor.room.clone());
            if let Some(room) = room.filter(|room| !rooms.contains(room)) {
                rooms.push(room);
            }
        }
        rooms.sort();
        let lively: Vec<&(i64, SensorId)> = self.lively.iter().collect();
        let mut days = Vec::new();
        let mut begin = self.from;
        while begin < self.until && days.len() < DAYS_MAX {
            let end = home.zone.next(begin, midnight());
            let lasts = (end.min(self.until) - begin).num_seconds();
            let quarters = (0..lasts.div_euclid(QUARTER_SECS) + i64::from(lasts % QUARTER_SECS > 0))
                .map(|nth| self.quarter(home, &rooms, &lively, begin + Span::seconds(nth * QUARTER_SECS)));
            days.push(DayShown { date: home.zone.day(begin), from: begin, quarters: quarters.collect() });
            begin = end;
        }
        Days { days, rooms }
    }

    fn quarter(&self, home: &Home, rooms: &[RoomId], lively: &[&(i64, SensorId)], from: Timestamp) -> Quarter {
        let to = (from + Span::seconds(QUARTER_SECS)).min(self.until);
        let minutes = self.minute(from)..self.minute(from) + QUARTER_SECS / 60;
        let first = lively.partition_point(|(at, _)| *at < minutes.start);
        let mut quarter = Quarter::default();
        let mut by_room = vec![0_u32; rooms.len()];
        let mut last = None;
        for (at, id) in lively.iter().skip(first).take_while(|(at, _)| *at < minutes.end) {
            if last != Some(*at) {
                quarter.lively_minutes += 1;
                last = Some(*at);
            }
            let Some(sensor) = home.sensors.get(id) else { continue };
            quarter.has_door |= sensor.kind == SensorKind::OuterDoor;
            quarter.has_press |= sensor.kind.is_button();
            let nth = sensor.room.as_ref().and_then(|room| rooms.iter().position(|known| known == room));
            if let Some(count) = nth.and_then(|nth| by_room.get_mut(nth)) {
                *count += 1;
            }
        }
        let most = by_room.iter().copied().max().filter(|most| *most > 0);
        quarter.room = most.and_then(|most| by_room.iter().position(|count| *count == most));
        let unwatched: Span = self.unwatched.iter().map(|span| overlap(*span, (from, to))).sum();
        quarter.is_unwatched = unwatched * 2 >= to - from;
        quarter
    }
}

fn overlap(one: (Timestamp, Timestamp), other: (Timestamp, Timestamp)) -> Span {
    (one.1.min(other.1) - one.0.max(other.0)).max(Span::zero())
}

/// The midnight with which the last `days` days begin, the day of `now` included.
fn first_midnight(zone: &Zone, now: Timestamp, days: u32) -> Timestamp {
    let mut midnights = Vec::new();
    let mut at = zone.next(now - Span::days(i64::from(days) + 1), midnight());
    while at <= now && midnights.len() < DAYS_MAX {
        midnights.push(at);
        at = zone.next(at, midnight());
    }
    let first = midnights.len().saturating_sub(days as usize);
    midnights.get(first).copied().unwrap_or(now - Span::days(i64::from(days)))
}

fn midnight() -> TimeOfDay {
    TimeOfDay::new(0, 0).expect("a clock shows midnight")
}

const QUARTER_SECS: i64 = 900;
/// Nobody looks at more in one picture.
const DAYS_MAX: usize = 64;
/// A sensor says within it how it is.
const HEARD_BEFORE: Span = Span::days(2);
/// A daemon that watches says so every ten minutes.
const MARK_MISSED: Span = Span::minutes(15);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::circle::Circle;
    use crate::model::home::Sensor;
    use crate::model::observation::{Evidence, Measure, Observation};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn sensor(id: &str, kind: SensorKind) -> Sensor {
        Sensor {
            id: id.parse().unwrap(),
            room: Some(id.parse().unwrap()),
            kind,
            service: None,
            hold: None,
            silent_after: None,
            offline_is_silent: false,
            checks_in: true,
            burst: None,
            source: "mqtt".into(),
        }
    }

    fn diary(zone: &str, now: &str) -> Diary {
        let sensors = [sensor("hall", SensorKind::Motion), sensor("door", SensorKind::OuterDoor)];
        let home = Home {
            id: "made-up-1".parse().unwrap(),
            place: "3-2-201".into(),
            zone: Zone::named(zone).unwrap(),
            sensors: sensors.into_iter().map(|sensor| (sensor.id.clone(), sensor)).collect(),
        };
        Diary::new(Engine::new(home, &Default::default(), Circle::default()), 14, at(now))
    }

    fn moves(diary: &mut Diary, sensor: &str, when: Timestamp) {
        let measure = if sensor == "door" { Measure::Contact(true) } else { Measure::Motion(true) };
        let sensor = sensor.parse().unwrap();
        let observation = Observation { at: when, sensor, measure, evidence: Evidence::Event, copy: false };
        diary.take(Recorded::Observed(observation));
    }

    fn levels(day: &DayShown) -> String {
        let letter = |quarter: &Quarter| quarter.level().map_or('-', |level| char::from(b'0' + level));
        day.quarters.iter().map(letter).collect()
    }

    #[test]
    fn a_quarter_hour_has_the_level_of_its_lively_minutes_and_what_was_not_seen_is_not_quiet() {
        let mut diary = diary("Asia/Shanghai", "2026-11-20T23:20:00Z");
        // 07:00 by the clock on the wall of the 20th: one minute; 07:15: four; 07:30: all of them.
        let seven = at("2026-11-19T23:00:00Z");
        for minute in [0, 0, 15, 16, 17, 18].into_iter().chain(30..45) {
            moves(&mut diary, "hall", seven + Span::minutes(minute));
        }
        moves(&mut diary, "door", seven + Span::minutes(46));
        for minutes in (50..24 * 60 + 20).step_by(10) {
            diary.take(Recorded::Watching { at: seven + Span::minutes(minutes) });
        }
        let Days { days, rooms } = diary.end();
        assert_eq!((days.len(), rooms.len()), (14, 2));
        assert!(days[..12].iter().all(|day| levels(day) == "-".repeat(96)), "nothing is known of these");
        let day = levels(&days[12]);
        assert!(day.starts_with(&format!("{}12310", "-".repeat(28))), "{day}");
        assert!(days[12].quarters[31].has_door && !days[12].quarters[30].has_door);
        assert_eq!(days[12].quarters[30].room.map(|nth| rooms[nth].as_str().to_owned()), Some("hall".into()));
        assert_eq!(days[13].quarters.len(), 30, "of today what has begun, until 07:20");
    }

    #[test]
    fn days_on_which_clocks_change_have_the_quarter_hours_that_there_were() {
        let count = |now: &str, date: &str| {
            let days = diary("Europe/Paris", now).end().days;
            let day = days.into_iter().find(|day| day.date == date.parse().unwrap()).unwrap();
            day.quarters.len()
        };
        assert_eq!(count("2026-10-30T10:00:00Z", "2026-10-25"), 100);
        assert_eq!(count("2026-04-02T10:00:00Z", "2026-03-29"), 92);
        assert_eq!(count("2026-04-02T10:00:00Z", "2026-03-30"), 96);
    }

    #[test]
    fn a_span_in_which_the_gateway_was_off_is_not_observed() {
        let mut diary = diary("UTC", "2026-11-20T12:00:00Z");
        moves(&mut diary, "hall", at("2026-11-20T06:00:00Z"));
        diary.take(Recorded::Started { at: at("2026-11-20T10:00:00Z"), blind_since: Some(at("2026-11-20T08:00:00Z")) });
        moves(&mut diary, "hall", at("2026-11-20T10:01:00Z"));
        for minutes in (70..240).step_by(10) {
            diary.take(Recorded::Watching {
                at: at("2026-11-20T09:00:00Z") + Span::minutes(minutes).min(Span::minutes(180)),
            });
        }
        let today = diary.end().days.pop().unwrap();
        let expected = format!("{}10000000--------10000000", "-".repeat(24));
        assert_eq!(levels(&today), expected);
    }
}
