//! What happens in a home: somebody stirs, presses, falls; the gateway starts, writes, sends, dies.

use super::faults::Fault;
use super::planted::Planted;
use super::script::{BUTTONS, MINUTE, MOTIONS, Millis, POINTS, SECOND};
use super::world::{Event, Who, World, open};
use crate::clock;
use crate::gateway::plan::BROKER;
use crate::gateway::stepped::Stepped;
use crate::model::frame::{Origin, RawFrame};
use crate::model::time::Span;
use crate::mqtt::Delivery;
use crate::sources;
use crate::store::Store;

/// How a way from a home to a station is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Up,
    Down,
    HalfOpen,
}

impl World {
    /// The person stirs in front of a sensor, which says so, and a minute later that nobody is there.
    pub(super) fn stirs(&mut self, home: usize, sensor: usize) {
        if self.homes[home].fallen {
            return;
        }
        if self.fault(Fault::Stuck, Some(home), Some(sensor)).is_some()
            || self.fault(Fault::Dead, Some(home), Some(sensor)).is_some()
        {
            return;
        }
        self.says(home, sensor, true, true);
        self.after(70 * SECOND, Event::Says { home, sensor, on: false, honest: true });
    }

    /// A sensor says its state. What its gateway does not hear is lost.
    pub(super) fn says(&mut self, home: usize, sensor: usize, on: bool, honest: bool) {
        if honest && self.fault(Fault::Dead, Some(home), Some(sensor)).is_some() {
            return;
        }
        if !self.hears_sensors(home) {
            return;
        }
        let wall = self.clock_of(Who::Home(home)).wall;
        self.ledger.said(home, sensor, on && honest, on, (self.now, wall));
        if on && honest {
            self.quiet_again(home);
        }
        let body = format!(r#"{{"battery":87,"occupancy":{on}}}"#);
        self.frame(home, sensor, body, false);
    }

    fn frame(&mut self, home: usize, sensor: usize, body: String, retained: bool) {
        let retained = retained && !self.is_planted(Planted::RetainedIsLife);
        let from = Origin::Mqtt { topic: format!("zigbee2mqtt/{}", MOTIONS[sensor]) };
        let frame = RawFrame { from, bytes: body.into_bytes(), retained };
        self.with_gateway(home, |gateway| gateway.source(sources::Event::Frame(frame)));
    }

    /// The broker hands out again what it has kept of each sensor.
    pub(super) fn hands_out_retained(&mut self, home: usize) {
        if self.hears_sensors(home) {
            for sensor in 0..MOTIONS.len() {
                self.frame(home, sensor, r#"{"battery":87,"occupancy":false}"#.to_owned(), true);
                self.frame(home, sensor, r#"{"battery":87,"occupancy":true}"#.to_owned(), true);
            }
        }
    }

    /// A chattering or repeating sensor goes on until its fault ends.
    pub(super) fn goes_on(&mut self, nth: usize) {
        let injected = self.script.faults[nth];
        let Some(home) = injected.home else { return };
        let every = if injected.fault == Fault::Chatter { 500 } else { 4 * MINUTE };
        let every = if injected.fault == Fault::Stuck { 7 * MINUTE } else { every };
        let sensor = injected.which % MOTIONS.len();
        let (mut at, mut on) = (self.now, true);
        while at < injected.until {
            if injected.fault == Fault::Repeated {
                // It says the last state over and over.
                let on = self.ledger.state(home, sensor);
                self.at(at, Event::Says { home, sensor, on, honest: false });
                return self.again_later(nth, every);
            }
            self.at(at, Event::Says { home, sensor, on, honest: false });
            on = injected.fault != Fault::Chatter || !on;
            at += every;
        }
        if injected.fault == Fault::Stuck || injected.fault == Fault::Chatter {
            self.at(injected.until, Event::Says { home, sensor, on: false, honest: false });
        }
    }

    fn again_later(&mut self, nth: usize, every: Millis) {
        if self.now + every < self.script.faults[nth].until {
            self.after(every, Event::FaultBegins(nth));
        }
    }

    /// Somebody presses. The broker keeps it until the gateway says that it is safe.
    pub(super) fn presses(&mut self, home: usize, button: usize) {
        if self.homes[home].fallen {
            return;
        }
        self.counts.presses += 1;
        let nth = self.ledger.pressed(home, self.now);
        let from = Origin::Mqtt { topic: format!("zigbee2mqtt/{}", BUTTONS[button]) };
        let bytes = br#"{"action":"emergency","battery":80,"linkquality":120}"#.to_vec();
        let frame = RawFrame { from, bytes, retained: false };
        let broker = &mut self.homes[home].broker;
        let number = broker.next;
        broker.next += 1;
        broker.unacked.insert(number, frame);
        self.after(5 * SECOND, Event::PressIsDue { home, nth, at: self.now });
        if self.hears_sensors(home) {
            self.deliver(home, number, false);
        }
    }

    fn deliver(&mut self, home: usize, number: u16, late: bool) {
        let ack_at_once = self.is_planted(Planted::AckBeforeCommit);
        let counts_again = late && self.is_planted(Planted::PressCountsAgain);
        let broker = &mut self.homes[home].broker;
        let Some(frame) = broker.unacked.get(&number).cloned() else { return };
        let number = if counts_again {
            broker.unacked.remove(&number);
            broker.next += 1;
            broker.unacked.insert(broker.next - 1, frame.clone());
            broker.next - 1
        } else {
            number
        };
        if ack_at_once {
            broker.unacked.remove(&number);
        }
        let delivery = Delivery::told_to(broker.tell.clone(), late, number);
        let wall = self.clock_of(Who::Home(home)).wall;
        self.ledger.handed_out(home, number, (self.now, wall));
        self.with_gateway(home, |gateway| gateway.source(sources::Event::Delivered(frame, delivery)));
    }

    /// The person falls and lies: nothing stirs until somebody comes.
    pub(super) fn falls(&mut self, home: usize) {
        self.counts.falls += 1;
        self.homes[home].fallen = true;
        self.ledger.fell(home, self.now);
        self.quiet_again(home);
    }

    /// The silence of a home counts from now on at the earliest.
    pub(super) fn quiet_again(&mut self, home: usize) {
        let quiet_from = self.now;
        self.ledger.quiet_from(home, quiet_from);
        if self.homes[home].fallen {
            self.at(quiet_from + super::ledger::FOUND_WITHIN, Event::FallIsDue { home, quiet_from });
        }
    }

    /// Whether what a sensor says now comes to a gateway.
    pub(super) fn hears_sensors(&self, home: usize) -> bool {
        self.homes[home].gateway.is_some() && self.fault(Fault::Sensors, Some(home), None).is_none()
    }

    /// The way to its own broker is there, or not.
    pub(super) fn sensors_link(&mut self, home: usize, up: bool) {
        let link = sources::Event::Link { source: BROKER.to_owned(), up, why: String::new() };
        self.with_gateway(home, |gateway| gateway.source(link));
        let kept: Vec<u16> = if up { self.homes[home].broker.unacked.keys().copied().collect() } else { Vec::new() };
        kept.into_iter().for_each(|number| self.deliver(home, number, true));
    }

    /// The gateway starts with what its disk holds.
    pub(super) fn start_home(&mut self, home: usize) {
        if self.homes[home].gateway.is_some() {
            return;
        }
        self.clock_of(Who::Home(home));
        let forgets = self.is_planted(Planted::OutboxForgets);
        let flat = &mut self.homes[home];
        let run = {
            let mut disk = open(&flat.disk);
            disk.runs += 1;
            if forgets {
                disk.forget_outbox();
            }
            disk.runs
        };
        let store = Store::kept_by(flat.disk.clone());
        match Stepped::start(flat.plan.clone(), store, run, flat.mark.take()) {
            Ok(gateway) => flat.gateway = Some(gateway),
            Err(error) => return self.breaks(format!("home-{home} does not start: {error}")),
        }
        flat.beats += 1;
        let beat = flat.beats;
        if let Some(died_at) = flat.died_at.take() {
            self.ledger.was_blind(home, died_at, self.now);
        }
        self.quiet_again(home);
        let up = self.fault(Fault::Sensors, Some(home), None).is_none();
        self.sensors_link(home, up);
        for station in 0..POINTS.len() {
            if self.way(home, station) == Way::Up {
                self.link_comes(home, station);
            }
        }
        self.after(0, Event::Beats { home, beat });
        self.after_home(home);
    }

    /// The gateway dies. `in_memory` too means that the machine lost power.
    pub(super) fn crash_home(&mut self, home: usize, commits: bool, power: bool, back_in: Millis) {
        self.clock_of(Who::Home(home));
        let marks_always = self.is_planted(Planted::MarksUnwritten);
        let flat = &mut self.homes[home];
        let Some(gateway) = flat.gateway.take() else { return };
        let lost = open(&flat.disk).crash(commits);
        (flat.doom, flat.wakes_at, flat.died_at) = (None, None, Some(self.now));
        flat.under_way.clear();
        flat.mark = (!power).then(|| gateway.mark(marks_always));
        while flat.broker.told.try_recv().is_ok() {}
        self.ledger.forgot(home, lost);
        for station in 0..POINTS.len() {
            self.link_goes(home, station);
        }
        self.note(|| format!("home-{home} dies: commits {commits}, power {power}"));
        self.after(back_in, Event::Starts(Who::Home(home)));
    }

    /// Does something with a gateway that runs, and then all that follows from it.
    pub(super) fn with_gateway(&mut self, home: usize, deed: impl FnOnce(&mut Stepped)) {
        self.clock_of(Who::Home(home));
        if let Some(gateway) = &mut self.homes[home].gateway {
            deed(gateway);
            self.after_home(home);
        }
    }

    /// What follows from a turn: commits and their answers, tries, acknowledgements, the next time it wakes.
    pub(super) fn after_home(&mut self, home: usize) {
        loop {
            let now = self.clock_of(Who::Home(home));
            let flat = &mut self.homes[home];
            let is_doomed = {
                let disk = open(&flat.disk);
                disk.is_busy() && disk.due().is_some_and(|due| due <= now.since_boot)
            };
            if let Some((commits, power)) = flat.doom.filter(|_| is_doomed) {
                let back_in = 2 * SECOND + (self.wire.length(25_000.0, 1.3) as Millis);
                return self.crash_home(home, commits, power, back_in);
            }
            let Some(gateway) = &mut flat.gateway else { return };
            let answers = open(&flat.disk).step();
            let is_still = answers.is_empty();
            answers.into_iter().for_each(|answer| gateway.written(answer));
            while let Ok(number) = flat.broker.told.try_recv() {
                flat.broker.unacked.remove(&number);
            }
            let due = gateway.take_due();
            if is_still && due.is_empty() {
                break;
            }
            for (channel, key, notice) in due {
                self.try_to_send(home, channel, key, &notice);
            }
        }
        self.set_alarm(home);
    }

    /// When the gateway has to be woken if nothing happens before.
    fn set_alarm(&mut self, home: usize) {
        let now = clock::since_boot();
        let flat = &mut self.homes[home];
        let Some(gateway) = &flat.gateway else { return };
        let disk = open(&flat.disk);
        // While a commit is under way, or failed, the loop looks at it once a second.
        let round = (disk.is_busy() || gateway.has_trouble()).then_some(now + Span::seconds(1));
        let due = [gateway.next_wakeup(), disk.due(), round].into_iter().flatten().min();
        drop(disk);
        let wait = due.map_or(10 * MINUTE, |due| (due - now).num_milliseconds().clamp(1, 10 * MINUTE));
        let at = self.now + wait;
        if flat.wakes_at.is_none_or(|wakes| at < wakes || wakes <= self.now) {
            flat.wakes_at = Some(at);
            self.at(at, Event::Wakes(Who::Home(home)));
        }
    }

    pub(super) fn wakes(&mut self, who: Who) {
        match who {
            Who::Home(home) => {
                if self.homes[home].wakes_at == Some(self.now) {
                    self.homes[home].wakes_at = None;
                    self.clock_of(who);
                    // Only the end of a commit: the loop does not look at its deadlines for that.
                    self.with_gateway(home, |gateway| gateway.round());
                }
            }
            Who::Station(station) => {
                if self.posts[station].wakes_at == Some(self.now) {
                    self.posts[station].wakes_at = None;
                    self.with_station(station, |station| station.round());
                }
            }
        }
    }
}
