//! The rooms of a home by number; where there are more than can be told apart, the quietest share one.

use crate::model::home::Home;
use crate::model::ids::RoomId;
use crate::picture::{Life, PLACES_MAX, Silence};
use crate::text::{self, Language};

/// The rooms in the order of the sensors' names; the last stands for no room.
pub struct Places {
    rooms: Vec<Option<RoomId>>,
}

impl Places {
    /// Those of `home`.
    pub fn of(home: &Home) -> Places {
        let mut places = Places { rooms: Vec::new() };
        for sensor in home.sensors.values().filter(|sensor| sensor.kind.watches_for_life()) {
            places.number(sensor.room.as_ref());
        }
        places
    }

    /// The number of a room; a new one has the next.
    pub fn number(&mut self, room: Option<&RoomId>) -> usize {
        let known = self.rooms.iter().position(|known| known.as_ref() == room);
        known.unwrap_or_else(|| {
            self.rooms.push(room.cloned());
            self.rooms.len() - 1
        })
    }

    /// At most [`PLACES_MAX`] rooms in words; numbers in `life` and `silences` are changed to match.
    pub fn shown(&self, language: Language, life: &mut [Life], silences: &mut [Silence]) -> Vec<String> {
        let mut words: Vec<String> = self.rooms.iter().map(|room| word(language, room.as_ref())).collect();
        if words.len() <= PLACES_MAX {
            return words;
        }
        let mut lively = vec![0_u64; words.len()];
        life.iter().for_each(|life| lively[life.place] += 1);
        let mut order: Vec<usize> = (0..words.len()).collect();
        order.sort_by_key(|place| (std::cmp::Reverse(lively[*place]), *place));
        let mut kept: Vec<usize> = order.into_iter().take(PLACES_MAX - 1).collect();
        kept.sort_unstable();
        let new = |place: usize| kept.iter().position(|kept| *kept == place).unwrap_or(PLACES_MAX - 1);
        life.iter_mut().for_each(|life| life.place = new(life.place));
        silences.iter_mut().for_each(|silence| silence.place = silence.place.map(new));
        words = kept.iter().map(|place| words[*place].clone()).collect();
        words.push(text::report(language, "others").to_owned());
        words
    }
}

fn word(language: Language, room: Option<&RoomId>) -> String {
    room.map_or_else(|| text::report(language, "elsewhere").to_owned(), |room| text::room(language, room))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::from_millis;

    #[test]
    fn where_rooms_are_too_many_the_quietest_share_a_colour() {
        let mut places = Places { rooms: Vec::new() };
        let mut life = Vec::new();
        for n in 0..12_usize {
            let room: RoomId = format!("r{n}").parse().unwrap();
            let place = places.number(Some(&room));
            life.extend(std::iter::repeat_n(Life { at: from_millis(0), place }, n + 1));
        }
        let words = places.shown(Language::English, &mut life, &mut []);
        assert_eq!(words, ["r5", "r6", "r7", "r8", "r9", "r10", "r11", "other rooms"]);
        let of = |place| life.iter().filter(|life| life.place == place).count();
        assert_eq!((of(0), of(6), of(7)), (6, 12, 1 + 2 + 3 + 4 + 5));
    }
}
