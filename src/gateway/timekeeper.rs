//! Which time the engine is told: the clock on the wall, its jumps named, its trust known.
//!
//! A Pi without a battery clock starts in the past and is stepped when the network answers; what is remembered must move
//! along, and rules with hours must not believe such a clock before (`platform.md` section 6).

use crate::clock::Reading;
use crate::model::time::{Span, Timestamp};
use std::path::Path;

/// A difference between the two clocks that is no drift.
const JUMP: Span = Span::seconds(30);

/// A clock that shows less than this was never set: 2026-01-01, before this program was written.
const NEVER_BEFORE_SECS: i64 = 1_767_225_600;

/// Keeps the two clocks together.
#[derive(Debug)]
pub struct Timekeeper {
    last: Reading,
    assume_synced: bool,
}

impl Timekeeper {
    /// Begins with this reading.
    pub fn new(reading: Reading, assume_synced: bool) -> Timekeeper {
        Timekeeper { last: reading, assume_synced }
    }

    /// By how much the clock on the wall jumped since the last call, if it did.
    pub fn jump(&mut self, reading: Reading) -> Option<Span> {
        let on_the_wall = reading.wall - self.last.wall;
        let in_truth = reading.since_boot - self.last.since_boot;
        let difference = on_the_wall - in_truth;
        // Drift is taken along little by little; only what is larger than any drift is a jump.
        self.last = reading;
        (difference.abs() > JUMP).then_some(difference)
    }

    /// Whether the clock on the wall can be believed at `wall`.
    pub fn is_trusted(&self, wall: Timestamp) -> bool {
        let plausible = wall.timestamp() >= NEVER_BEFORE_SECS;
        plausible && (self.assume_synced || is_synchronized())
    }
}

/// systemd-timesyncd leaves a file when a server has answered. Where it does not run, another program keeps the clock.
fn is_synchronized() -> bool {
    Path::new("/run/systemd/timesync/synchronized").exists() || !Path::new("/run/systemd/timesync").exists()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::from_millis;

    #[test]
    fn a_set_clock_is_a_jump_and_a_drifting_one_is_not() {
        let reading = |wall, boot| Reading { wall: from_millis(wall), since_boot: Span::milliseconds(boot) };
        let mut keeper = Timekeeper::new(reading(1_000_000, 0), false);
        assert_eq!(keeper.jump(reading(1_001_000, 1_000)), None);
        assert_eq!(keeper.jump(reading(1_002_500, 2_000)), None);
        assert_eq!(keeper.jump(reading(8_202_500, 2_000)), Some(Span::seconds(7_200)));
        assert_eq!(keeper.jump(reading(8_203_500, 3_000)), None);
        assert_eq!(keeper.jump(reading(1_003_500, 3_000)), Some(Span::seconds(-7_200)));
    }
}
