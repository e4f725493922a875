//! A resident's time: one stay after the other, each in one room with one kind of doing, chosen by the hour and the habit
//! (a semi-Markov walk). Days begin and end by the clock on the wall, so that a change of clocks shifts them as it does people.

use super::characters::Character;
use crate::model::time::{Span, Timestamp, Zone};
use crate::sim::chance::Chance;
use std::collections::VecDeque;

/// A room of every home.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // the names are the field's own
pub enum Room {
    Bedroom,
    Bathroom,
    Kitchen,
    LivingRoom,
    Hall,
}

impl Room {
    /// All of them.
    pub const ALL: [Room; 5] = [Room::Bedroom, Room::Bathroom, Room::Kitchen, Room::LivingRoom, Room::Hall];

    /// Its id.
    pub fn as_str(self) -> &'static str {
        match self {
            Room::Bedroom => "bedroom",
            Room::Bathroom => "bathroom",
            Room::Kitchen => "kitchen",
            Room::LivingRoom => "living_room",
            Room::Hall => "hall",
        }
    }
}

/// What somebody does in a place; it decides how often a sensor sees it, and how dangerous it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Doing {
    Sleeping,
    /// Ill, or a nap on the bed.
    Lying,
    Sitting,
    /// On the legs: cooking, washing, tidying up.
    Busy,
    Out,
}

/// A stay in one place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stay {
    /// Where; nowhere in the home when out.
    pub place: Option<Room>,
    /// What.
    pub doing: Doing,
    /// How long.
    pub lasts: Span,
}

/// A day of the calendar as this resident will spend it.
#[derive(Debug, Clone, PartialEq)]
struct Day {
    rises: Timestamp,
    to_bed: Timestamp,
    leaves: Option<Timestamp>,
    out_minutes: f64,
    is_ill: bool,
    meals_had: usize,
    /// Cold and dark: 1 in mid-January, -1 in mid-July.
    winter: f64,
}

/// The walk of one resident.
pub struct Life<'a> {
    character: &'a Character,
    zone: &'a Zone,
    chance: Chance,
    /// Noon of the first day, near enough to name its date.
    first_noon: Timestamp,
    number: i64,
    day: Day,
    is_up: bool,
    next: VecDeque<Stay>,
}

/// The meals of a day, as parts of the time awake.
const MEALS: [f64; 3] = [0.0, 0.36, 0.74];

impl<'a> Life<'a> {
    /// The life that begins at `from`, usually a midnight.
    pub fn new(character: &'a Character, zone: &'a Zone, seed: u64, from: Timestamp) -> Life<'a> {
        let mut chance = Chance::stream(seed, &format!("life of {}", character.name));
        let first_noon = from + Span::hours(12);
        // Who sleeps by day is still up from the day before.
        let day = day(character, zone, &mut chance, first_noon - Span::days(1));
        let mut life =
            Life { character, zone, chance, first_noon, number: -1, day, is_up: false, next: VecDeque::new() };
        life.wake_into(from);
        life
    }

    /// What comes next at `now`.
    pub fn next(&mut self, now: Timestamp) -> Stay {
        if self.next.is_empty() {
            self.plan(now);
        }
        self.next.pop_front().unwrap_or(Stay { place: Some(Room::Hall), doing: Doing::Busy, lasts: minutes(1.0) })
    }

    /// After a fall: to bed for some hours, then on as if nothing had been.
    pub fn rest(&mut self, now: Timestamp) {
        self.next.clear();
        self.wake_into(now);
        let lasts = minutes(self.chance.between(60.0, 150.0));
        self.next.push_back(Stay { place: Some(Room::Bedroom), doing: Doing::Lying, lasts });
    }

    /// Finds the day to which `now` belongs.
    fn wake_into(&mut self, now: Timestamp) {
        while self.day.to_bed <= now {
            self.turn_page();
        }
        self.is_up = now >= self.day.rises;
    }

    fn turn_page(&mut self) {
        self.number += 1;
        let noon = self.first_noon + Span::days(self.number);
        self.day = day(self.character, self.zone, &mut self.chance, noon);
    }

    fn plan(&mut self, now: Timestamp) {
        if !self.is_up && now >= self.day.rises {
            self.is_up = true;
            self.stay(Room::Bathroom, Doing::Busy, 14.0, 0.4);
        } else if !self.is_up {
            self.night(now);
        } else if now >= self.day.to_bed {
            self.stay(Room::Bathroom, Doing::Busy, 11.0, 0.4);
            self.is_up = false;
            self.turn_page();
        } else if self.day.is_ill {
            self.ill();
        } else {
            self.awake(now);
        }
    }

    /// Asleep until something wakes: the hour, or the bladder.
    fn night(&mut self, now: Timestamp) {
        let until_rising = (self.day.rises - now).num_seconds() as f64 / 60.0;
        let hours_asleep = 24.0 - self.character.awake_hours;
        let visit_in = self.chance.wait(hours_asleep * 60.0 / self.character.night_visits.max(0.1)).max(20.0);
        let lasts = minutes(until_rising.min(visit_in).max(1.0));
        self.next.push_back(Stay { place: Some(Room::Bedroom), doing: Doing::Sleeping, lasts });
        if visit_in >= until_rising {
            return;
        }
        self.stay(Room::Bathroom, Doing::Busy, 5.0, 0.5);
        if self.chance.happens(self.character.sleepless) {
            let room = if self.chance.happens(0.4) { Room::Kitchen } else { Room::LivingRoom };
            self.stay(room, Doing::Sitting, 40.0, 0.5);
        }
    }

    fn awake(&mut self, now: Timestamp) {
        let awake_for = (self.day.to_bed - self.day.rises).num_seconds().max(1) as f64;
        let part = (now - self.day.rises).num_seconds() as f64 / awake_for;
        if MEALS.get(self.day.meals_had).is_some_and(|due| part >= *due) {
            return self.eat();
        }
        if self.day.leaves.is_some_and(|leaves| now >= leaves) {
            self.day.leaves = None;
            let left = (self.day.to_bed - now).num_seconds() as f64 / 60.0;
            if left > 30.0 {
                self.stay(Room::Hall, Doing::Busy, 3.0, 0.5);
                let lasts = minutes(self.chance.length(self.day.out_minutes, 0.5).clamp(8.0, left + 60.0));
                self.next.push_back(Stay { place: None, doing: Doing::Out, lasts });
            }
            return;
        }
        self.something();
    }

    fn eat(&mut self) {
        self.day.meals_had += 1;
        self.stay(Room::Kitchen, Doing::Busy, 22.0, 0.4);
        self.stay(Room::Kitchen, Doing::Sitting, 14.0, 0.4);
        if self.day.meals_had == 2 && self.chance.happens(self.character.naps) {
            let on_the_bed = self.chance.happens(0.5);
            let (room, doing) =
                if on_the_bed { (Room::Bedroom, Doing::Lying) } else { (Room::LivingRoom, Doing::Sitting) };
            self.stay(room, doing, self.character.nap_minutes, 0.4);
        }
    }

    fn something(&mut self) {
        let sits = self.character.sits_minutes * (1.0 + 0.15 * self.day.winter);
        let choices = [
            ((Room::LivingRoom, Doing::Sitting, sits), 5.0),
            ((Room::LivingRoom, Doing::Busy, 14.0), 1.0),
            ((Room::Kitchen, Doing::Busy, 12.0), 2.5),
            ((Room::Bathroom, Doing::Busy, 7.0), self.character.bathroom),
            ((Room::Bedroom, Doing::Busy, 12.0), 1.0),
            ((Room::Hall, Doing::Busy, 5.0), 0.7),
        ];
        if let Some((room, doing, median)) = self.chance.pick(&choices) {
            self.stay(room, doing, median, 0.6);
        }
    }

    fn ill(&mut self) {
        self.stay(Room::Bedroom, Doing::Lying, 110.0, 0.5);
        self.stay(Room::Bathroom, Doing::Busy, 6.0, 0.4);
        if self.chance.happens(0.4) {
            self.stay(Room::Kitchen, Doing::Busy, 8.0, 0.4);
        }
    }

    /// Nobody sits or lies for more than three and a half hours without getting up, awake.
    fn stay(&mut self, room: Room, doing: Doing, median_minutes: f64, sigma: f64) {
        let lasts = minutes(self.chance.length(median_minutes, sigma).clamp(0.5, 210.0));
        self.next.push_back(Stay { place: Some(room), doing, lasts });
    }
}

/// The day of `noon`'s date.
fn day(character: &Character, zone: &Zone, chance: &mut Chance, noon: Timestamp) -> Day {
    let local = zone.local(noon);
    let (_, month, day_of_month) = local.date;
    let day_of_year = f64::from(month - 1) * 30.4 + f64::from(day_of_month);
    let winter = ((day_of_year - 15.0) / 365.25 * std::f64::consts::TAU).cos();
    let is_sunday = local.weekday == 6;
    let later = 12.0 * winter + if is_sunday { 20.0 } else { 0.0 };
    let rises_minute = chance.about(character.rises_minute + later, character.rises_spread);
    let awake_minutes = chance.about(character.awake_hours * 60.0, character.rises_spread * 1.2);
    let chance_of_outing = character.outings.get(usize::from(local.weekday)).copied().unwrap_or(0.0);
    let leaves_after = chance.between(0.15, 0.6) * awake_minutes;
    let goes_out = chance.happens(chance_of_outing * (1.0 - 0.2 * winter));
    // One outing in twelve lasts until the evening.
    let all_day = chance.happens(1.0 / 12.0);
    let at = |minute: f64| on_the_wall(zone, noon, minute);
    Day {
        rises: at(rises_minute),
        to_bed: at(rises_minute + awake_minutes.max(6.0 * 60.0)),
        leaves: goes_out.then(|| at(rises_minute + leaves_after)),
        out_minutes: character.out_minutes * if all_day { 2.5 } else { 1.0 },
        is_ill: chance.happens(character.ill_days_per_year / 365.0),
        meals_had: 0,
        winter,
    }
}

/// The instant at which the clock shows `minute` of the date of `noon`; beyond 24 h it is the next day's clock.
pub fn on_the_wall(zone: &Zone, noon: Timestamp, minute: f64) -> Timestamp {
    let days = (minute / 1440.0).floor();
    let second_of_day = ((minute - days * 1440.0) * 60.0).clamp(0.0, 86_399.0) as u32;
    let date = zone.local(noon + Span::days(days as i64)).date;
    zone.both(date, second_of_day, 0).map_or(noon, |(first, _)| first)
}

/// `minutes` as a span, to the millisecond.
pub fn minutes(minutes: f64) -> Span {
    Span::milliseconds((minutes * 60_000.0) as i64)
}

#[cfg(test)]
mod tests {
    use super::super::characters;
    use super::*;

    /// Minutes by doing in so many days.
    fn lived(name: &str, days: i64) -> std::collections::BTreeMap<&'static str, f64> {
        let zone = Zone::named("Europe/Paris").unwrap();
        let from: Timestamp = "2026-01-05T23:00:00Z".parse().unwrap();
        let mut life = Life::new(characters::named(name).unwrap(), &zone, 5, from);
        let (mut now, mut by_doing) = (from, std::collections::BTreeMap::new());
        while now < from + Span::days(days) {
            let stay = life.next(now);
            let doing = match stay.doing {
                Doing::Sleeping => "sleeping",
                Doing::Lying => "lying",
                Doing::Sitting => "sitting",
                Doing::Busy => "busy",
                Doing::Out => "out",
            };
            *by_doing.entry(doing).or_insert(0.0) += stay.lasts.num_seconds() as f64 / 60.0 / days as f64;
            now += stay.lasts;
        }
        by_doing
    }

    #[test]
    fn everybody_sleeps_sits_and_is_about_for_hours_of_every_day() {
        for character in characters::ALL {
            let lived = lived(character.name, 60);
            let minutes = |doing| lived.get(doing).copied().unwrap_or(0.0);
            assert!((5.0 * 60.0..11.0 * 60.0).contains(&minutes("sleeping")), "{}: {lived:?}", character.name);
            assert!((2.0 * 60.0..13.5 * 60.0).contains(&minutes("sitting")), "{}: {lived:?}", character.name);
            assert!((1.5 * 60.0..9.0 * 60.0).contains(&minutes("busy")), "{}: {lived:?}", character.name);
        }
        assert!(lived("often_out", 60)["out"] > 2.0 * lived("steady", 60)["out"]);
    }

    #[test]
    fn days_go_by_the_clock_on_the_wall_when_it_is_changed() {
        let paris = Zone::named("Europe/Paris").unwrap();
        // 2026-03-29 has 23 hours: 07:00 is 05:00Z from then on.
        let before = on_the_wall(&paris, "2026-03-28T11:00:00Z".parse().unwrap(), 7.0 * 60.0);
        let after = on_the_wall(&paris, "2026-03-29T11:00:00Z".parse().unwrap(), 7.0 * 60.0);
        assert_eq!((after - before).num_hours(), 23);
    }
}
