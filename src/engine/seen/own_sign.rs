//! When a day began for the resident, by her own doing: what a daily call need not ask.
//!
//! A day begins at four in the morning: who was up at two may have fallen at three. It has begun for her once she moved about
//! three times over at least ten minutes, or pressed the button that says so. What others, an animal or a door from outside may
//! have moved proves nothing; nor does a sensor that turns out to chatter. A day nobody watched is unknown, never ticked.

use super::Seen;
use crate::engine::rules::latest;
use crate::model::home::{Home, Sensor, SensorKind};
use crate::model::ids::SensorId;
use crate::model::own_sign::{OwnDay, OwnSign, SignBy};
use crate::model::time::{Span, TimeOfDay, Timestamp, Zone};
use std::collections::VecDeque;

/// The present day, and when earlier ones began.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct OwnSigns {
    day: Option<Day>,
    /// Begin of a day, and the minutes from there to its sign; oldest first.
    past: VecDeque<(Timestamp, u16)>,
}

#[derive(Debug, Clone, PartialEq)]
struct Day {
    from: Timestamp,
    /// The begin of the next; the epoch where it must be looked up anew.
    to: Timestamp,
    moved: u16,
    first: Option<Timestamp>,
    /// By which the moves were seen.
    sensors: Vec<SensorId>,
    sign: Option<OwnSign>,
}

impl OwnSigns {
    /// The clock on the wall was set; the next sign looks up which day it is.
    pub fn shift(&mut self, by: Span) {
        if let Some(day) = &mut self.day {
            day.from += by;
            day.to = Timestamp::UNIX_EPOCH;
            day.first = day.first.map(|at| at + by);
            day.sign = day.sign.map(|sign| OwnSign { at: sign.at + by, ..sign });
        }
        self.past.iter_mut().for_each(|(from, _)| *from += by);
    }

    /// What `sensor` said was nobody's doing.
    pub fn disbelieve(&mut self, sensor: &SensorId) {
        let Some(day) = self.day.as_mut().filter(|day| day.sensors.contains(sensor)) else { return };
        day.sensors.clear();
        (day.moved, day.first) = (0, None);
        day.sign = day.sign.filter(|sign| sign.by == SignBy::OkButton);
    }

    /// The day of `at`; the one before it is over.
    fn day_of(&mut self, zone: &Zone, at: Timestamp) -> &mut Day {
        let is_it = self.day.as_ref().is_some_and(|day| (day.from..day.to).contains(&at));
        if !is_it {
            let (from, to) = latest(zone, at, begin());
            let before = self.day.take();
            let is_same = |day: &Day| day.first.or(day.sign.map(|sign| sign.at)).is_some_and(|first| first >= from);
            match before {
                // The clock was set within the day.
                Some(day) if is_same(&day) => self.day = Some(Day { from, to, ..day }),
                Some(day) => self.end(day),
                None => {}
            }
            self.past.retain(|(begun, _)| at - *begun <= LOOKED_BACK);
            self.day.get_or_insert(Day { from, to, moved: 0, first: None, sensors: Vec::new(), sign: None });
        }
        self.day.as_mut().expect("it was made above")
    }

    fn end(&mut self, day: Day) {
        self.past.extend(day.minutes().map(|minutes| (day.from, minutes)));
    }

    /// The minutes from the begin of a day by which the sign is there on 19 days of 20.
    fn usual(&self, now: Timestamp) -> Result<u16, u32> {
        let known = self.past.iter().filter(|(from, _)| (now - *from) <= LOOKED_BACK);
        // Nothing happened since it ended: it is not among the others yet.
        let newest = self.day.as_ref().filter(|day| day.to <= now).and_then(Day::minutes);
        let mut minutes: Vec<u16> = known.map(|(_, minutes)| *minutes).chain(newest).collect();
        minutes.sort_unstable();
        let rank = (minutes.len() * 19).div_ceil(20);
        match minutes.get(rank.wrapping_sub(1)) {
            Some(usual) if minutes.len() >= LEARNED_AFTER_DAYS => Ok(*usual),
            _ => Err(minutes.len() as u32 + 1),
        }
    }
}

impl Day {
    /// From its begin to its sign.
    fn minutes(&self) -> Option<u16> {
        let sign = self.sign?;
        Some((sign.at - self.from).num_minutes().clamp(0, 24 * 60 - 1) as u16)
    }
}

impl Seen {
    /// Somebody did something at `sensor`.
    pub(super) fn own_sign(&mut self, home: &Home, sensor: &Sensor, at: Timestamp) {
        let is_ok = sensor.kind == SensorKind::OkButton;
        // A door may be opened from outside.
        let is_move = sensor.kind.watches_for_life() && sensor.kind != SensorKind::OuterDoor;
        if !is_ok && !is_move {
            return;
        }
        let day = self.own_signs.day_of(&home.zone, at);
        if day.sign.is_some() {
            return;
        }
        if is_ok {
            day.sign = Some(OwnSign { at, by: SignBy::OkButton });
        } else if self.suspended.moves_alone(day.from, at) {
            day.moved = day.moved.saturating_add(1);
            let first = *day.first.get_or_insert(at);
            if !day.sensors.contains(&sensor.id) {
                day.sensors.push(sensor.id.clone());
            }
            if day.moved >= MOVES && at - first >= MOVES_SPAN {
                day.sign = Some(OwnSign { at, by: SignBy::Movement });
            }
        }
    }

    /// The newest sign of its kind, of whichever day.
    pub fn newest_own_sign(&self) -> Option<OwnSign> {
        self.own_signs.day.as_ref().and_then(|day| day.sign)
    }

    /// The present day; nothing while the clock on the wall cannot be believed, for then nobody knows which day it is.
    pub fn own_day(&self, home: &Home, now: Timestamp) -> Option<OwnDay> {
        if !self.clock_trusted {
            return None;
        }
        let known = self.own_signs.day.as_ref();
        let (from, _) = match known.filter(|day| (day.from..day.to).contains(&now)) {
            Some(day) => (day.from, day.to),
            None => latest(&home.zone, now, begin()),
        };
        let sign = known.and_then(|day| day.sign).filter(|sign| sign.at >= from);
        let usual = self.own_signs.usual(now);
        Some(OwnDay {
            date: home.zone.day(from),
            sign,
            usual_by: usual.ok().map(|minutes| on_the_clock(&home.zone, from, minutes)),
            learning_day: usual.err(),
            unwatched: self.unwatched_between(home, from, now),
        })
    }

    /// How much of the time nobody watched.
    fn unwatched_between(&self, home: &Home, from: Timestamp, now: Timestamp) -> Span {
        let Some(begun_at) = self.begun_at else { return now - from };
        let known = self.blinds.iter().chain(&self.blind).map(|blind| (blind.from, blind.to.unwrap_or(now)));
        // Without a witness nobody watches, though that is told when it is over.
        let dark = if self.blind.is_none() { self.unwatched(home, now) } else { None };
        let spans = known.chain(dark.map(|dark| (dark.from, now)));
        let before = (begun_at.min(now) - from).max(Span::zero());
        let taken = |(begun, end): (Timestamp, Timestamp)| (end.min(now) - begun.max(from)).max(Span::zero());
        spans.fold(before, |sum, span| sum + taken(span)).min(now - from)
    }
}

/// The instant at which the clock shows so many minutes after the begin of the day that began at `from`.
fn on_the_clock(zone: &Zone, from: Timestamp, minutes: u16) -> Timestamp {
    let minute = (u16::try_from(begin().second_of_day() / 60).unwrap_or(0) + minutes) % (24 * 60);
    let time = TimeOfDay::new(minute / 60, minute % 60).unwrap_or(begin());
    zone.next(from - Span::milliseconds(1), time)
}

fn begin() -> TimeOfDay {
    TimeOfDay::new(4, 0).expect("a time of day")
}

/// Once up at night is no day begun.
const MOVES: u16 = 3;
const MOVES_SPAN: Span = Span::minutes(10);
/// A little less than the history holds, so that a restart finds the same days.
const LOOKED_BACK: Span = Span::days(28);
const LEARNED_AFTER_DAYS: usize = 7;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rules::Settings;
    use crate::engine::rules::testing::{at, home, hours, observed};
    use crate::model::observation::{Evidence, Measure, Press};
    use crate::model::suspension::{Absence, Change, Suspension};

    fn home_with_ok() -> Home {
        let mut home = home();
        let mut ok = home.sensors[&"pendant".parse().unwrap()].clone();
        (ok.id, ok.kind) = ("ok".parse().unwrap(), SensorKind::OkButton);
        home.sensors.insert(ok.id.clone(), ok);
        home
    }

    fn moved(seen: &mut Seen, home: &Home, clocks: &[&str]) {
        for clock in clocks {
            seen.pass(home, at(clock));
            seen.observe(home, &observed("hall", at(clock), Measure::Motion(true), Evidence::Event));
        }
    }

    fn pressed_ok(seen: &mut Seen, home: &Home, at: Timestamp, evidence: Evidence) {
        seen.observe(home, &observed("ok", at, Measure::Button(Press::Single), evidence));
    }

    fn sign(seen: &Seen, home: &Home, clock: &str) -> Option<(Timestamp, SignBy)> {
        seen.own_day(home, at(clock)).and_then(|day| day.sign).map(|sign| (sign.at, sign.by))
    }

    #[test]
    fn three_moves_over_ten_minutes_since_four_are_a_day_begun_and_less_is_not() {
        let home = home_with_ok();
        for (clocks, expected) in [
            (&["06:40", "06:44", "06:52"][..], Some("06:52")),
            (&["06:40", "06:52"], None),
            (&["06:40", "06:42", "06:44", "06:46", "06:49"], None),
            (&["02:00", "03:30", "03:59"], None),
            (&["03:50", "03:55", "04:02", "04:05", "04:15"], Some("04:15")),
        ] {
            let mut seen = Seen::new(&home, &Settings::default());
            moved(&mut seen, &home, clocks);
            assert_eq!(sign(&seen, &home, "12:00"), expected.map(|clock| (at(clock), SignBy::Movement)), "{clocks:?}");
        }
    }

    #[test]
    fn the_ok_button_is_enough_and_what_a_broker_kept_or_a_sensor_repeats_is_not() {
        let home = home_with_ok();
        let mut seen = Seen::new(&home, &Settings::default());
        pressed_ok(&mut seen, &home, at("07:00"), Evidence::Cached);
        for clock in ["06:00", "06:20", "06:40", "07:00", "07:20"] {
            seen.observe(&home, &observed("bath", at(clock), Measure::Motion(true), Evidence::Level));
        }
        assert_eq!(sign(&seen, &home, "08:00"), None);
        pressed_ok(&mut seen, &home, at("08:10"), Evidence::Event);
        assert_eq!(sign(&seen, &home, "08:11"), Some((at("08:10"), SignBy::OkButton)));
        assert_eq!(seen.own_day(&home, at("08:11") + hours(24)).unwrap().sign, None, "tomorrow is another day");
    }

    #[test]
    fn where_others_move_about_only_the_button_proves_anything_for_the_rest_of_the_day() {
        let home = home_with_ok();
        for kind in [Absence::Visitors, Absence::Cleaning, Absence::Pet, Absence::Away] {
            let mut seen = Seen::new(&home, &Settings::default());
            let (owner, why) = ("p-03".to_owned(), String::new());
            let visit = Suspension { kind, owner, why, from: at("05:00"), until: at("07:00") };
            seen.suspend(&home, at("05:00"), &Change::Begin(visit));
            moved(&mut seen, &home, &["05:30", "05:40", "05:50", "06:10"]);
            assert_eq!(sign(&seen, &home, "06:30"), None, "{kind:?}");
            moved(&mut seen, &home, &["07:30", "07:40", "07:50"]);
            let afterwards = (kind == Absence::Away).then(|| (at("07:50"), SignBy::Movement));
            assert_eq!(sign(&seen, &home, "08:00"), afterwards, "{kind:?}");
            pressed_ok(&mut seen, &home, at("09:00"), Evidence::Event);
            let by_button = Some((at("09:00"), SignBy::OkButton));
            assert_eq!(sign(&seen, &home, "09:00"), afterwards.or(by_button), "{kind:?}");
        }
    }

    #[test]
    fn a_door_that_opens_is_nobody_who_got_up() {
        let home = home_with_ok();
        let mut seen = Seen::new(&home, &Settings::default());
        for (clock, open) in [("06:00", true), ("06:10", false), ("06:20", true), ("06:30", false), ("06:40", true)] {
            seen.observe(&home, &observed("front", at(clock), Measure::Contact(open), Evidence::Event));
        }
        assert_eq!(sign(&seen, &home, "07:00"), None);
    }

    #[test]
    fn what_is_usual_is_told_after_a_week_and_what_nobody_watched_is_counted() {
        let home = home_with_ok();
        let mut seen = Seen::new(&home, &Settings::default());
        seen.started(&home, at("00:00"), None);
        for day in 0..10 {
            let told = seen.own_day(&home, at("05:00") + hours(24 * day)).unwrap();
            let learning = (day < 7).then_some(day as u32 + 1);
            assert_eq!(told.learning_day, learning, "day {day}");
            assert_eq!(told.usual_by.is_some(), day >= 7);
            pressed_ok(&mut seen, &home, at("06:30") + hours(24 * day) + Span::minutes(day), Evidence::Event);
            for hour in 0..24 {
                let alive =
                    observed("hall", at("06:45") + hours(24 * day + hour), Measure::Motion(false), Evidence::Level);
                seen.observe(&home, &alive);
            }
        }
        let morning = at("05:00") + hours(240);
        seen.observe(&home, &observed("hall", morning, Measure::Motion(true), Evidence::Event));
        let told = seen.own_day(&home, morning).unwrap();
        assert_eq!(told.usual_by, Some(at("06:39") + hours(240)), "19 of 20, and of ten that is all");
        assert_eq!((told.unwatched, told.date), (Span::zero(), home.zone.day(morning)));
        seen.started(&home, morning + hours(3), Some(morning + hours(1)));
        assert_eq!(seen.own_day(&home, morning + hours(4)).unwrap().unwatched, hours(2));
        seen.clock_trusted = false;
        assert_eq!(seen.own_day(&home, morning + hours(4)), None, "nobody knows which day it is");
    }

    #[test]
    fn the_morning_before_the_first_start_stays_unwatched_whatever_link_was_lost_since() {
        let home = home_with_ok();
        let mut seen = Seen::new(&home, &Settings::default());
        seen.started(&home, at("12:00"), None);
        let unwatched = |seen: &Seen, clock: &str| seen.own_day(&home, at(clock)).unwrap().unwatched;
        assert_eq!(unwatched(&seen, "12:01"), hours(8));
        for sensor in home.sensors.values() {
            seen.link(&home, at("12:01"), &sensor.source, false);
        }
        for sensor in home.sensors.values() {
            seen.link(&home, at("12:02"), &sensor.source, true);
        }
        seen.started(&home, at("12:05"), Some(at("12:04")));
        assert_eq!(unwatched(&seen, "12:06"), hours(8) + Span::minutes(2), "a minute without the link, one restarting");
    }

    #[test]
    fn a_clock_that_is_set_moves_the_sign_along_and_does_not_lose_it() {
        let home = home_with_ok();
        let mut seen = Seen::new(&home, &Settings::default());
        pressed_ok(&mut seen, &home, at("08:10"), Evidence::Event);
        seen.shift(hours(1));
        moved(&mut seen, &home, &["09:30"]);
        assert_eq!(sign(&seen, &home, "09:31"), Some((at("09:10"), SignBy::OkButton)));
        seen.shift(hours(24));
        let next = seen.own_day(&home, at("09:40") + hours(24)).unwrap();
        assert_eq!(next.sign.map(|sign| sign.at), Some(at("09:10") + hours(24)));
    }
}
