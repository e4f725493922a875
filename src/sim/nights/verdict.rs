//! What must hold at the end of a night, when everything has had its time.

use super::ledger::OfAlert;
use super::script::{MINUTE, Millis, POINTS, SECOND};
use super::world::{Who, World, open};
use crate::desk::AlertKey;
use crate::model::lifecycle::{Actor, Phase};

impl World {
    /// Everything has had its time: what must hold at the end of a night.
    pub(super) fn settle_up(&mut self) {
        for home in 0..self.homes.len() {
            self.every_press_is_shown(home);
            self.all_say_the_same(home);
        }
        self.every_step_is_held();
        let alerts: Vec<AlertKey> = self.ledger.alerts.keys().cloned().collect();
        alerts.iter().for_each(|alert| self.was_asked_in_time(alert));
    }

    fn every_press_is_shown(&mut self, home: usize) {
        let of = &self.ledger.homes[home];
        let pressed = of.presses.len();
        let mine = |other: &&OfAlert| other.home == home && other.is_press;
        let counted: u32 = self.ledger.alerts.values().filter(mine).map(|other| other.count).sum();
        let counted = counted as usize;
        if counted < pressed {
            self.breaks(format!("home-{home} pressed {pressed} times, and pages show {counted} presses"));
        } else if counted > pressed + of.may_count_twice {
            self.breaks(format!(
                "home-{home} pressed {pressed} times, and pages show {counted} presses: one is invented"
            ));
        }
    }

    /// What a gateway told a station is on the station's disk.
    fn every_step_is_held(&mut self) {
        for ((station, held), at) in &self.ledger.told {
            if !open(&self.posts[*station].disk).holds(held) {
                let what = format!("{held:?}, told at {} s, never came to {}", at / SECOND, POINTS[*station]);
                return self.breaks(what);
            }
        }
    }

    /// The home's book and both pages agree on what became of an alert and who has it.
    fn all_say_the_same(&mut self, home: usize) {
        let Some(gateway) = &self.homes[home].gateway else {
            return self.breaks(format!("home-{home} is not running at the end"));
        };
        let id = self.homes[home].plan.home.id.clone();
        let book: Vec<(AlertKey, Phase, Option<Actor>)> = gateway
            .alerts()
            .map(|alert| {
                let key = AlertKey { home: id.clone(), alert: alert.id };
                (key, alert.phase, alert.owner.as_ref().map(|owner| owner.actor.clone()))
            })
            .collect();
        for (station, point) in POINTS.iter().enumerate() {
            let now = self.clock_of(Who::Station(station)).wall;
            let by = self.somebody(station);
            let Some(running) = &self.posts[station].station else { continue };
            let desk = running.desk();
            let of_home = desk.alerts_of(now, &id, &by).into_iter().filter(|row| !row.is_ours);
            let unknown = of_home.into_iter().find_map(|row| {
                let of = self.ledger.alerts.get(&row.key);
                let is_known = book.iter().any(|(key, ..)| *key == row.key) || of.is_some_and(|of| of.is_lost_at_home);
                let what = match (row.unconfirmed, is_known || !row.phase.is_open()) {
                    (true, _) => "has a step that its home never confirmed",
                    (false, false) => "is open, and its home does not know it",
                    (false, true) => return None,
                };
                Some(format!("{:?} {what},", row.key))
            });
            let differs = unknown.or_else(|| {
                book.iter().find_map(|(key, phase, owner)| {
                    let row = desk.alert_row(now, key, &by)?;
                    if self.ledger.alerts.get(key).is_some_and(|of| of.is_unsure[station]) {
                        return None;
                    }
                    let its_owner = row.owner.as_ref().map(|owner| owner.actor.clone());
                    // A book says raised as long as nobody's receipt is in it.
                    let is_same = row.phase == *phase && (its_owner == *owner || !phase.is_open());
                    (!is_same).then(|| {
                        format!("{key:?} is {phase:?} of {owner:?} at home and {:?} of {its_owner:?}", row.phase)
                    })
                })
            });
            drop(desk);
            if let Some(differs) = differs {
                return self.breaks(format!("{differs} at {point}"));
            }
        }
    }

    /// Whoever is not answered is brought to the next point in time, and whoever is, to nobody else.
    fn was_asked_in_time(&mut self, alert: &AlertKey) {
        let Some(of) = self.ledger.alerts.get(alert) else { return };
        if !of.is_about_the_person
            || !self.script.is_calm(of.home, of.raised_at - 2 * MINUTE, of.raised_at + 4 * MINUTE)
        {
            return;
        }
        let wait = |at: Option<Millis>| at.map(|at| at - of.raised_at);
        let (taken, first, second) = (wait(of.taken_at), wait(of.shown[0]), wait(of.shown[1]));
        let what = match (first, second) {
            (Some(0..=5_000), second) if taken.is_some_and(|taken| taken < 115 * SECOND) => {
                second.is_some_and(|at| at < 4 * MINUTE).then_some("was brought to the next point though it was taken")
            }
            (Some(0..=5_000), Some(second)) if second < 119 * SECOND => Some("was brought to the next point too soon"),
            (Some(0..=5_000), Some(second)) if second <= 130 * SECOND => None,
            (Some(0..=5_000), _) if taken.is_none_or(|taken| taken > 125 * SECOND) => {
                Some("was not brought to the next point in time")
            }
            (Some(0..=5_000), _) => None,
            (_, _) => Some("was not shown at the nearest point at once"),
        };
        if let Some(what) = what {
            let what = format!("{alert:?} {what}: near {first:?} ms, far {second:?} ms, taken {taken:?} ms");
            self.breaks(what);
        }
    }
}
