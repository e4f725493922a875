//! A resident: where the next movement is and how long until then. Pure; the whole day comes from one seed.

use crate::sim::chance::Chance;
use std::time::Duration;

/// Somebody who walks about.
#[derive(Debug, Clone)]
pub struct Resident {
    chance: Chance,
    rooms: Vec<String>,
    room: usize,
}

impl Resident {
    /// A resident of these rooms (names of their motion sensors).
    pub fn new(seed: u64, rooms: &[&str]) -> Resident {
        assert!(!rooms.is_empty(), "a resident needs a room");
        Resident { chance: Chance::new(seed), rooms: rooms.iter().map(|room| (*room).to_owned()).collect(), room: 0 }
    }

    /// Goes on: after this pause somebody moves in this room.
    pub fn step(&mut self) -> (Duration, &str) {
        let pause = Duration::from_millis(1500 + self.next() % 2500);
        // Two of three times on to another room, else about in the same one.
        if !self.next().is_multiple_of(3) {
            self.room =
                (self.room + 1 + (self.next() as usize % self.rooms.len().max(2).saturating_sub(1))) % self.rooms.len();
        }
        (pause, &self.rooms[self.room])
    }

    fn next(&mut self) -> u64 {
        self.chance.bits() >> 32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_is_one_day() {
        let walk = |seed| {
            let mut resident = Resident::new(seed, &["hall", "bath", "kitchen"]);
            let mut walk = Vec::new();
            for _ in 0..50 {
                let (pause, room) = resident.step();
                walk.push((pause, room.to_owned()));
            }
            walk
        };
        assert_eq!(walk(7), walk(7));
        assert_ne!(walk(7), walk(8));
        assert!(["hall", "bath", "kitchen"].iter().all(|room| walk(7).iter().any(|(_, at)| at == room)));
    }
}
