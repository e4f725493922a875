//! Faults begin and end.

use super::faults::{Fault, Injected, TO_1970};
use super::home::Way;
use super::planted::Planted;
use super::script::{MINUTE, Millis, SECOND};
use super::world::{Who, World, open};
use crate::model::time::Span;

impl World {
    pub(super) fn fault_begins(&mut self, nth: usize) {
        let injected = self.script.faults[nth];
        let is_first = !self.active[nth];
        self.active[nth] = true;
        if is_first {
            *self.counts.faults.entry(injected.fault).or_default() += 1;
        }
        match (injected.fault, injected.home) {
            (Fault::Cut, Some(home)) => self.link_goes(home, injected.which % 2),
            (Fault::Offline, Some(home)) => (0..2).for_each(|station| self.link_goes(home, station)),
            (Fault::Crash | Fault::PowerCut, Some(home)) => {
                let power = injected.fault == Fault::PowerCut;
                self.homes[home].doom = Some((injected.how == 1, power));
                // A home in which nothing is written for minutes dies all the same.
            }
            (Fault::Sensors, Some(home)) => {
                self.ledger.blind_from(home, self.now);
                self.sensors_link(home, false);
            }
            (Fault::Jump, Some(home)) => self.jumps(home, self.jump_of(&injected)),
            (Fault::Stuck | Fault::Chatter | Fault::Repeated, Some(home)) => {
                if is_first && injected.fault != Fault::Repeated {
                    // Its first word is like that of any sensor.
                    self.quiet_again(home);
                }
                self.goes_on(nth);
            }
            (Fault::Retained, Some(home)) => self.hands_out_retained(home),
            (Fault::Full | Fault::Lies | Fault::Slow, Some(home)) => self.disk_is(home),
            (Fault::Deaf, _) => self.broker_goes(injected.which % 2),
            (Fault::StationCrash, _) => self.posts[injected.which % 2].doom = Some(injected.how == 1),
            (Fault::StationOff, _) => {
                self.crash_station(injected.which % 2, injected.how == 1, injected.until - injected.from + SECOND);
            }
            (Fault::StationFull, _) => open(&self.posts[injected.which % 2].disk).full = true,
            _ => {}
        }
    }

    pub(super) fn fault_ends(&mut self, nth: usize) {
        let injected = self.script.faults[nth];
        self.active[nth] = false;
        let which = injected.which % 2;
        match (injected.fault, injected.home) {
            (Fault::Cut | Fault::HalfOpen, Some(home)) if self.way(home, which) == Way::Up => {
                self.link_comes(home, which)
            }
            (Fault::Offline, Some(home)) => {
                for station in 0..2 {
                    if self.way(home, station) == Way::Up {
                        self.link_comes(home, station);
                    }
                }
            }
            (Fault::Crash | Fault::PowerCut, Some(home)) => {
                if let Some((commits, power)) = self.homes[home].doom.take() {
                    self.crash_home(home, commits, power, 20 * SECOND);
                }
            }
            (Fault::StationCrash, _) => {
                if let Some(commits) = self.posts[which].doom.take() {
                    self.crash_station(which, commits, 20 * SECOND);
                }
            }
            (Fault::Sensors, Some(home)) if self.fault(Fault::Sensors, Some(home), None).is_none() => {
                self.ledger.was_blind(home, injected.from, self.now);
                self.quiet_again(home);
                self.sensors_link(home, true);
            }
            // Set right again.
            (Fault::Jump, Some(home)) => self.jumps(home, -self.homes[home].offset),
            (Fault::Stuck | Fault::Chatter | Fault::Dead, Some(home)) => self.quiet_again(home),
            (Fault::Full | Fault::Lies | Fault::Slow, Some(home)) => self.disk_is(home),
            (Fault::Deaf, _) if self.fault(Fault::Deaf, None, Some(which)).is_none() => self.broker_comes(which),
            (Fault::StationFull, _) => {
                let full = self.fault(Fault::StationFull, None, Some(which)).is_some();
                open(&self.posts[which].disk).full = full;
            }
            _ => {}
        }
    }

    fn jump_of(&self, injected: &Injected) -> Millis {
        if injected.how == TO_1970 {
            -(self.script.begins.timestamp_millis() + self.now) + MINUTE
        } else {
            injected.how
        }
    }

    /// The clock on a home's wall is set.
    fn jumps(&mut self, home: usize, by: Millis) {
        self.homes[home].offset += by;
        if self.is_planted(Planted::JumpUnnoticed) {
            self.homes[home].boot_offset += by.max(0);
        }
        self.clock_of(Who::Home(home));
        self.with_gateway(home, |gateway| gateway.round());
    }

    /// How the disk of a home is, as long as these faults go on.
    fn disk_is(&mut self, home: usize) {
        let is = |fault| self.fault(fault, Some(home), None).is_some();
        let (full, lies) = (is(Fault::Full), is(Fault::Lies));
        let takes = self.fault(Fault::Slow, Some(home), None).map_or(5, |slow| slow.how);
        {
            let mut disk = open(&self.homes[home].disk);
            (disk.full, disk.lies, disk.takes) = (full, lies, Span::milliseconds(takes));
        }
        self.with_gateway(home, |gateway| gateway.round());
    }
}
