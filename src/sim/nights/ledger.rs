//! What was done in the night, written by who did it, and what must have come of it.
//!
//! What was due is never asked of a gateway: its book is only compared, at the end, with what the stations show.

use super::disk::Held;
use super::faults::Fault;
use super::script::{LONGEST_LIMIT, MINUTE, MOTIONS, Millis, POINTS, SECOND, SHORTEST_LIMIT};
use super::world::{Who, World, open};
use crate::desk::{AlertKey, RowView};
use crate::gateway::history::from_record;
use crate::model::lifecycle::Deed;
use crate::model::observation::Measure;
use crate::model::reason::Reason;
use crate::model::recorded::Recorded;
use crate::model::time::Timestamp;
use crate::sinks::Outgoing;
use crate::store::Record;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What was done.
pub(super) struct Ledger {
    pub(super) homes: Vec<OfHome>,
    /// Every alert that was told, by home, number and instant of the raise.
    pub(super) alerts: BTreeMap<AlertKey, OfAlert>,
    /// Every step that was told to a station, and when first.
    pub(super) told: BTreeMap<(usize, Held), Millis>,
}

#[derive(Default)]
pub(super) struct OfHome {
    pub presses: Vec<Millis>,
    /// When the broker first handed out each number, and numbers that it may have handed out as new; with what the gateway's clock
    /// showed.
    numbers: BTreeMap<u16, (Millis, Timestamp)>,
    /// Presses that may count twice, by promise.
    pub may_count_twice: usize,
    fell_at: Option<Millis>,
    found: bool,
    /// Signs of life that the gateway must have understood, with what its clock showed.
    lives: Vec<(Millis, Timestamp)>,
    quiet_from: Millis,
    /// Times in which nobody watched.
    blind: Vec<(Millis, Millis)>,
    blind_from: Option<Millis>,
    states: [bool; MOTIONS.len()],
    raised: BTreeSet<&'static str>,
}

pub(super) struct OfAlert {
    pub home: usize,
    pub raised_at: Millis,
    pub is_about_the_person: bool,
    pub is_press: bool,
    pub shown: [Option<Millis>; POINTS.len()],
    pub count: u32,
    pub taken_at: Option<Millis>,
    /// Steps that a station was told while they were on no disk, with their instants.
    unwritten: BTreeSet<(usize, u32, Timestamp)>,
    /// The newest step that each station was told.
    newest: [u32; POINTS.len()],
    /// The home died before it could write the alert itself …
    pub is_lost_at_home: bool,
    /// … or the newest that it told a station of it: a page may say other than the book.
    pub is_unsure: [bool; POINTS.len()],
}

impl OfHome {
    /// The last sign of life, or the last end of a blindness, until then.
    fn quiet_since(&self, then: Millis) -> Option<Millis> {
        let lives = self.lives.iter().map(|(at, _)| *at);
        let surely = self.blind.iter().filter(|(from, until)| until - from >= SURELY_BLIND);
        lives.chain(surely.map(|(_, until)| *until)).filter(|at| *at <= then).max()
    }

    /// Whether it was quiet long enough then, and watched.
    fn is_quiet(&self, then: Millis) -> bool {
        let in_it = |from: Millis| then - from > SURELY_BLIND;
        let is_blind =
            self.blind.iter().any(|(from, until)| in_it(*from) && then < *until) || self.blind_from.is_some_and(in_it);
        then - self.quiet_since(then).unwrap_or_default() >= SHORTEST_LIMIT - 2 * SECOND && !is_blind
    }
}

impl OfAlert {
    fn told(&mut self, station: usize, step: u32, at: Timestamp, durable: bool) {
        if !durable {
            self.unwritten.insert((station, step, at));
        } else if step >= self.newest[station] {
            self.is_unsure[station] = false;
        }
        self.newest[station] = self.newest[station].max(step);
    }
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
    pub fn said(&mut self, home: usize, sensor: usize, is_life: bool, on: bool, now: (Millis, Timestamp)) {
        let of = &mut self.homes[home];
        // Without an edge it is a state that goes on.
        if is_life && !of.states[sensor] {
            of.lives.push(now);
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

    /// The broker hands out a press, perhaps again: after so long it may count once more, also if only the clock says so.
    pub fn handed_out(&mut self, home: usize, number: u16, (now, wall): (Millis, Timestamp)) {
        let of = &mut self.homes[home];
        let (first, first_wall) = *of.numbers.entry(number).or_insert((now, wall));
        of.lives.push((now, wall));
        if now - first > 9 * MINUTE || (wall - first_wall).num_minutes().abs() >= 9 {
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
    }

    /// The gateway died, and these lines never came to its disk: nobody can know afterwards what they say.
    pub fn forgot(&mut self, home: usize, lost: Vec<Record>) {
        let of = &mut self.homes[home];
        let mut steps = BTreeSet::new();
        for recorded in lost.into_iter().filter_map(from_record) {
            if let Recorded::Observed(observation) = recorded {
                of.lives.retain(|(_, wall)| *wall != observation.at);
                // The broker has it still and hands it out again, though a page may show it.
                of.may_count_twice += usize::from(matches!(observation.measure, Measure::Button(_)));
            } else if let Recorded::Step { alert, step } = recorded {
                steps.insert((alert, step.number, step.at));
            }
        }
        for (key, of) in self.alerts.iter_mut().filter(|(_, of)| of.home == home) {
            let number = key.alert.number;
            for (station, step, at) in std::mem::take(&mut of.unwritten) {
                if steps.contains(&(number, step, at)) {
                    let held = (key.home.to_string(), number, key.alert.raised_at.timestamp_millis(), step);
                    self.told.remove(&(station, held));
                    of.is_lost_at_home |= at == key.alert.raised_at;
                    of.is_unsure[station] |= step >= of.newest[station];
                }
            }
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
        let (step, at, durable) = (notice.step.number, notice.step.at, notice.durable);
        if let Some(of) = self.ledger.alerts.get_mut(&key) {
            return of.told(station, step, at, durable);
        }
        let reason = &notice.state.reason;
        let rule = reason.rule();
        let is_press = matches!(reason, Reason::CallButton { .. });
        let is_about_the_person = is_press || matches!(reason, Reason::Inactivity { .. });
        // One that is told late, because the gateway was dead meanwhile, is as old as it says.
        let age = (self.clock_of(Who::Home(home)).wall - at).num_milliseconds();
        let raised_at = self.now - age.clamp(0, self.now);
        let mut of = OfAlert {
            home,
            raised_at,
            is_about_the_person,
            is_press,
            shown: [None; POINTS.len()],
            count: 0,
            taken_at: None,
            unwritten: BTreeSet::new(),
            newest: [0; POINTS.len()],
            is_lost_at_home: false,
            is_unsure: [false; POINTS.len()],
        };
        of.told(station, step, at, durable);
        self.ledger.alerts.insert(key, of);
        *self.counts.alerts.entry(rule).or_default() += 1;
        self.note(|| format!("home-{home} raises {rule}"));
        if matches!(notice.step.deed, Deed::Raise { .. }) {
            self.has_a_cause(home, reason, raised_at);
        }
    }

    /// Each alert has something in the ledger that it comes of.
    fn has_a_cause(&mut self, home: usize, reason: &Reason, raised_at: Millis) {
        let rule = reason.rule();
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
                // Written, and told only by the next start: it was right when it was raised.
                of.is_quiet(now) || of.is_quiet(raised_at)
            }
            Reason::NotObserved { .. } => {
                of.found = of.found || of.fell_at.is_some();
                was_blind
            }
            Reason::LinkLost { .. } => had(Fault::Sensors),
            Reason::Storage { .. } => had(Fault::Full) || had(Fault::Lies) || had(Fault::Slow),
            Reason::Flood { .. } => had(Fault::Chatter),
            Reason::StuckSensor { .. } => had(Fault::Stuck) || had(Fault::Chatter) || had(Fault::Dead),
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
            let since = of.quiet_since(now).map(|at| (now - at) / MINUTE);
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
}
