//! What was done in the night, written by who did it, and what must have come of it.
//!
//! What was due is never asked of a gateway: its book is only compared, at the end, with what the stations show.

use super::disk::Held;
use super::faults::Fault;
use super::script::{LONGEST_LIMIT, MINUTE, MOTIONS, Millis, POINTS, SECOND, SHORTEST_LIMIT};
use super::world::{Who, World, open};
use crate::desk::{AlertKey, RowView};
use crate::model::lifecycle::{Actor, Deed, Phase};
use crate::model::reason::Reason;
use crate::sinks::Outgoing;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What was done.
pub(super) struct Ledger {
    homes: Vec<OfHome>,
    /// Every alert that was told, by home, number and instant of the raise.
    alerts: BTreeMap<AlertKey, OfAlert>,
    /// Every step that was told to a station, and when first.
    told: BTreeMap<(usize, Held), Millis>,
}

#[derive(Default)]
struct OfHome {
    presses: Vec<Millis>,
    /// When the broker first handed out each number, and numbers that it may have handed out as new.
    numbers: BTreeMap<u16, Millis>,
    /// Presses that may count twice, by promise.
    may_count_twice: usize,
    fell_at: Option<Millis>,
    found: bool,
    /// The last sign of life that the gateway must have understood.
    life_at: Option<Millis>,
    /// The end of the last time in which nobody watched.
    blind_until: Option<Millis>,
    quiet_from: Millis,
    /// Times in which nobody watched.
    blind: Vec<(Millis, Millis)>,
    blind_from: Option<Millis>,
    states: [bool; MOTIONS.len()],
    raised: BTreeSet<&'static str>,
}

struct OfAlert {
    home: usize,
    raised_at: Millis,
    is_about_the_person: bool,
    is_press: bool,
    shown: [Option<Millis>; POINTS.len()],
    count: u32,
    taken_at: Option<Millis>,
}

/// A fall is found within the longest limit, a little more for the way there.
pub(super) const FOUND_WITHIN: Millis = LONGEST_LIMIT + 3 * MINUTE;
/// A restart shorter than this is no blindness.
const SURELY_BLIND: Millis = 70 * SECOND;
/// A press is on a page so soon where nothing fails.
const SHOWN_WITHIN: Millis = 5 * SECOND;

impl Ledger {
    pub fn new(homes: usize) -> Ledger {
        let homes = (0..homes).map(|_| OfHome::default()).collect();
        Ledger { homes, alerts: BTreeMap::new(), told: BTreeMap::new() }
    }

    /// A sensor said its state, and the gateway heard it.
    pub fn said(&mut self, home: usize, sensor: usize, on: bool, honest: bool, now: Millis) {
        let of = &mut self.homes[home];
        // Without an edge it is a state that goes on.
        if on && honest && !of.states[sensor] {
            of.life_at = Some(now);
        }
        of.states[sensor] = on;
    }

    pub fn state(&self, home: usize, sensor: usize) -> bool {
        self.homes[home].states[sensor]
    }

    pub fn pressed(&mut self, home: usize, now: Millis) -> usize {
        let of = &mut self.homes[home];
        of.presses.push(now);
        of.presses.len()
    }

    /// The broker hands out a press, perhaps again: after so long it may count once more.
    pub fn handed_out(&mut self, home: usize, number: u16, now: Millis) {
        let of = &mut self.homes[home];
        let first = *of.numbers.entry(number).or_insert(now);
        of.life_at = Some(now);
        if now - first > 9 * MINUTE {
            of.may_count_twice += 1;
        }
    }

    pub fn fell(&mut self, home: usize, now: Millis) {
        self.homes[home].fell_at = Some(now);
        self.homes[home].found = false;
    }

    pub fn quiet_from(&mut self, home: usize, now: Millis) {
        self.homes[home].quiet_from = now;
    }

    pub fn blind_from(&mut self, home: usize, now: Millis) {
        self.homes[home].blind_from.get_or_insert(now);
    }

    pub fn was_blind(&mut self, home: usize, from: Millis, until: Millis) {
        let of = &mut self.homes[home];
        of.blind.push((from, until));
        of.blind_from = None;
        if until - from >= SURELY_BLIND {
            of.blind_until = Some(until);
        }
    }

    pub fn taken(&mut self, alert: &AlertKey, now: Millis) {
        if let Some(of) = self.alerts.get_mut(alert) {
            of.taken_at.get_or_insert(now);
        }
    }
}

impl World {
    /// A gateway tries to tell a station of a step.
    pub(super) fn sends(&mut self, home: usize, station: usize, notice: &Arc<Outgoing>) {
        let notice = &notice.notice;
        let held = (
            notice.home.to_string(),
            notice.alert.number,
            notice.alert.raised_at.timestamp_millis(),
            notice.step.number,
        );
        self.ledger.told.entry((station, held)).or_insert(self.now);
        if !matches!(notice.state.reason, Reason::CallButton { .. }) {
            let (most, _) = &mut self.counts.most_again;
            if notice.state.count > *most {
                self.counts.most_again = (notice.state.count, notice.state.reason.rule());
            }
        }
        let key = AlertKey { home: notice.home.clone(), alert: notice.alert };
        if self.ledger.alerts.contains_key(&key) {
            return;
        }
        let reason = &notice.state.reason;
        let rule = reason.rule();
        let is_press = matches!(reason, Reason::CallButton { .. });
        let is_about_the_person = is_press || matches!(reason, Reason::Inactivity { .. });
        let raised_at = self.now;
        let of = OfAlert {
            home,
            raised_at,
            is_about_the_person,
            is_press,
            shown: [None; POINTS.len()],
            count: 0,
            taken_at: None,
        };
        self.ledger.alerts.insert(key, of);
        *self.counts.alerts.entry(rule).or_default() += 1;
        self.note(|| format!("home-{home} raises {rule}"));
        if matches!(notice.step.deed, Deed::Raise { .. }) {
            self.has_a_cause(home, reason, rule);
        }
    }

    /// Each alert has something in the ledger that it comes of.
    fn has_a_cause(&mut self, home: usize, reason: &Reason, rule: &'static str) {
        let of = &mut self.ledger.homes[home];
        of.raised.insert(rule);
        let now = self.now;
        let had =
            |fault: Fault| self.script.faults.iter().any(|i| i.fault == fault && i.concerns(home) && i.from <= now);
        let was_blind = had(Fault::Sensors) || had(Fault::Crash) || had(Fault::PowerCut);
        let has_cause = match reason {
            Reason::CallButton { .. } => !of.presses.is_empty(),
            Reason::Inactivity { .. } => {
                of.found = of.found || of.fell_at.is_some();
                let since = of.life_at.max(of.blind_until).unwrap_or_default();
                let is_blind = of.blind_from.is_some_and(|from| now - from > SURELY_BLIND);
                now - since >= SHORTEST_LIMIT - 2 * SECOND && !is_blind
            }
            Reason::NotObserved { .. } => {
                of.found = of.found || of.fell_at.is_some();
                was_blind
            }
            Reason::LinkLost { .. } => had(Fault::Sensors),
            Reason::Storage { .. } => had(Fault::Full) || had(Fault::Lies) || had(Fault::Slow),
            Reason::Flood { .. } => had(Fault::Chatter),
            Reason::StuckSensor { .. } => had(Fault::Stuck) || had(Fault::Chatter),
            Reason::SilentSensor { .. } => had(Fault::Dead),
            // Nothing of a night leads to any of these.
            Reason::ServiceButton { .. }
            | Reason::Hazard(_)
            | Reason::NightDoor(_)
            | Reason::OutOfBed(_)
            | Reason::LongInRoom(_)
            | Reason::LateRising(_)
            | Reason::DailyContact(_)
            | Reason::MissedContact(_)
            | Reason::MissedVisit(_)
            | Reason::AwayTooLong(_)
            | Reason::DoorLeftOpen(_)
            | Reason::MovedWhileAway(_)
            | Reason::NotBack(_)
            | Reason::Range(_)
            | Reason::MainsLost(_)
            | Reason::Check(_)
            | Reason::Rhythm { .. }
            | Reason::Test { .. }
            | Reason::LowBattery { .. }
            | Reason::Tamper { .. }
            | Reason::WeakSignal { .. }
            | Reason::Subscription { .. }
            | Reason::Configuration { .. }
            | Reason::CertificateEnds(_)
            | Reason::PathLost(_)
            | Reason::AllPathsLost(_)
            | Reason::Twin(_)
            | Reason::HomeUnreachable { .. }
            | Reason::NoWatcher { .. }
            | Reason::Unknown => false,
        };
        if !has_cause {
            let since = of.life_at.max(of.blind_until).map(|at| (now - at) / MINUTE);
            self.breaks(format!(
                "home-{home} raised {rule} without a cause; {since:?} minutes after the last life or blindness"
            ));
        }
    }

    /// A station shows an alert.
    pub(super) fn is_shown(&mut self, station: usize, home: usize, row: &RowView) {
        if row.is_ours {
            return self.is_stations_own(station, home, row);
        }
        let now = self.now;
        let Some(of) = self.ledger.alerts.get_mut(&row.key) else {
            return self
                .breaks(format!("{} shows an alert that home-{home} never told: {:?}", POINTS[station], row.key));
        };
        // A press soon after the closing opens the alert again.
        of.count = of.count.max(row.count + row.reopened);
        if of.shown[station].is_none() {
            of.shown[station] = Some(now);
            if of.shown.iter().flatten().count() == 1 {
                self.counts.delays.push(now - of.raised_at);
            }
        }
    }

    /// What a station raises by itself: that it does not hear a home.
    fn is_stations_own(&mut self, station: usize, home: usize, row: &RowView) {
        let now = self.now;
        let silent = |i: &super::faults::Injected| {
            let can = matches!(
                i.fault,
                Fault::Cut
                    | Fault::Offline
                    | Fault::HalfOpen
                    | Fault::Lossy
                    | Fault::Late
                    | Fault::Deaf
                    | Fault::Crash
                    | Fault::PowerCut
                    | Fault::StationCrash
                    | Fault::StationOff
            );
            can && i.concerns(home) && i.from <= now
        };
        let has_cause = matches!(row.reason, Reason::HomeUnreachable { .. }) && self.script.faults.iter().any(silent);
        if !has_cause {
            let rule = row.reason.rule();
            self.breaks(format!("{} raised {rule} of home-{home} without a cause", POINTS[station]));
        }
    }

    /// Where nothing fails, a press is on a page within seconds.
    pub(super) fn press_is_due(&mut self, home: usize, nth: usize, at: Millis) {
        if !self.script.is_calm(home, at - MINUTE, self.now) || self.homes[home].gateway.is_none() {
            return;
        }
        let shown = |of: &&OfAlert| of.home == home && of.is_press && of.shown.iter().any(Option::is_some);
        let shown: u32 = self.ledger.alerts.values().filter(shown).map(|of| of.count).sum();
        if (shown as usize) < nth {
            self.breaks(format!(
                "press {nth} of home-{home} is not on a page {} s later: {shown} are",
                SHOWN_WITHIN / SECOND
            ));
        }
    }

    /// Ten seconds after a connection came back, what waited for it has arrived.
    pub(super) fn returned(&mut self, home: usize, station: usize, since: Millis) {
        let calm = self.script.is_calm(home, since + SECOND, self.now);
        let still = self.script.faults.iter().zip(&self.active).any(|(fault, active)| *active && fault.concerns(home));
        let near = |fault: &&super::faults::Injected| {
            fault.concerns(home) && fault.until > since - 12 * SECOND && fault.until < since
                || fault.from < self.now && fault.until > since
        };
        let near = self.script.faults.iter().any(|fault| near(&fault));
        let dead = self.homes[home].gateway.is_none() || self.posts[station].station.is_none();
        if near || still || dead {
            return;
        }
        let name = self.homes[home].plan.home.id.to_string();
        let disk = open(&self.posts[station].disk);
        let waits = |((to, held), at): &(&(usize, Held), &Millis)| {
            *to == station && held.0 == name && **at < since - 20 * SECOND && !disk.holds(held)
        };
        let waits = self.ledger.told.iter().find(waits).map(|((_, held), _)| held.clone());
        drop(disk);
        if let Some(held) = waits {
            self.breaks(format!(
                "{held:?} is not at {} ten seconds after the connection came back (calm {calm})",
                POINTS[station]
            ));
        }
    }

    /// Who lies is found within the limit, counted from when it could be watched.
    pub(super) fn fall_is_due(&mut self, home: usize, quiet_from: Millis) {
        let of = &self.ledger.homes[home];
        let is_watched = self.hears_sensors(home);
        if !self.homes[home].fallen || of.quiet_from != quiet_from || of.found || !is_watched {
            return;
        }
        let minutes = of.fell_at.map(|at| (self.now - at) / MINUTE);
        self.breaks(format!("nobody was told of the fall in home-{home}, {minutes:?} minutes ago"));
    }

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
                let is_known = book.iter().any(|(key, ..)| *key == row.key);
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
