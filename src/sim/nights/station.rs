//! What happens at a service point: messages come, staff looks, takes, goes, closes; the station dies and starts.

use super::faults::Fault;
use super::planted::Planted;
use super::script::{DEEDS_END, MINUTE, Millis, POINTS, SECOND};
use super::world::{Event, Who, World, open};
use crate::desk::{AlertKey, Click, RowView};
use crate::model::actor::Actor;
use crate::model::lifecycle::{Contact, Deed, Outcome, Phase, Proof, Role};
use crate::model::reason::Severity;
use crate::mqtt;
use crate::station::stepped::{LOOKS_EVERY, Stepped};
use crate::store::Store;
use crate::wire::{self, Down, Topic, Up, Wire};

impl World {
    pub(super) fn start_station(&mut self, station: usize) {
        if self.posts[station].station.is_some() {
            return;
        }
        self.clock_of(Who::Station(station));
        let post = &mut self.posts[station];
        let run = {
            let mut disk = open(&post.disk);
            disk.runs += 1;
            disk.runs
        };
        post.scanned = 0;
        post.planned.clear();
        let store = Store::kept_by(post.disk.clone());
        match Stepped::start(post.settings(), store, run, post.said.clone()) {
            Ok(started) => post.station = Some(started),
            Err(error) => return self.breaks(format!("{} does not start: {error}", POINTS[station])),
        }
        if self.fault(Fault::Deaf, None, Some(station)).is_none() {
            self.broker_comes(station);
        }
        self.after_station(station);
    }

    pub(super) fn crash_station(&mut self, station: usize, commits: bool, back_in: Millis) {
        self.clock_of(Who::Station(station));
        let post = &mut self.posts[station];
        if post.station.take().is_none() {
            return;
        }
        open(&post.disk).crash(commits);
        post.said.take();
        (post.doom, post.wakes_at) = (None, None);
        self.note(|| format!("{} dies: commits {commits}", POINTS[station]));
        self.after(back_in, Event::Starts(Who::Station(station)));
    }

    /// The station reaches its broker, which has kept how each home is connected.
    pub(super) fn broker_comes(&mut self, station: usize) {
        self.with_station(station, |station| station.event(mqtt::Event::Up));
        for home in 0..self.homes.len() {
            let online = self.way(home, station) != super::home::Way::Down;
            let id = self.homes[home].plan.home.id.clone();
            let topic = Topic::Up(id, self.posts[station].point.clone(), Up::Link).to_string();
            let body = wire::Link { v: wire::VERSION, online }.to_bytes();
            self.after(50, Event::ToStation { station, home, topic, body, retained: true });
        }
    }

    pub(super) fn broker_goes(&mut self, station: usize) {
        let why = "the connection broke".to_owned();
        self.with_station(station, |station| station.event(mqtt::Event::Down { why }));
    }

    /// A message at the station's broker; one that comes while the station is away is lost.
    pub(super) fn comes_to_station(
        &mut self,
        station: usize,
        home: usize,
        topic: String,
        body: Vec<u8>,
        retained: bool,
    ) {
        if self.posts[station].station.is_none() || self.fault(Fault::Deaf, None, Some(station)).is_some() {
            return;
        }
        let body = self.as_planted(station, home, &topic, body);
        let Some(body) = body else { return };
        let message = mqtt::Event::Message { topic, payload: body, retained, kept: None };
        self.with_station(station, |station| station.event(message));
    }

    pub(super) fn with_station(&mut self, station: usize, deed: impl FnOnce(&mut Stepped)) {
        self.clock_of(Who::Station(station));
        if let Some(running) = &mut self.posts[station].station {
            deed(running);
            self.after_station(station);
        }
    }

    /// What follows from a turn: commits and their answers, what is said, what the staff sees, the next time it wakes.
    pub(super) fn after_station(&mut self, station: usize) {
        loop {
            let now = self.clock_of(Who::Station(station));
            let post = &mut self.posts[station];
            let is_due = {
                let disk = open(&post.disk);
                disk.is_busy() && disk.due().is_some_and(|due| due <= now.since_boot)
            };
            if let Some(commits) = post.doom.filter(|_| is_due) {
                let back_in = 2 * SECOND + (self.wire.length(20_000.0, 1.2) as Millis);
                return self.crash_station(station, commits, back_in);
            }
            let Some(running) = &mut post.station else { return };
            let answers = open(&post.disk).step();
            let is_still = answers.is_empty();
            answers.into_iter().for_each(|answer| running.written(answer));
            let said = post.said.take();
            if is_still && said.is_empty() {
                break;
            }
            said.into_iter().for_each(|message| self.carry_down(station, message.topic, message.body));
        }
        let commits = open(&self.posts[station].disk).commits + 1;
        if self.posts[station].scanned != commits {
            self.posts[station].scanned = commits;
            self.looks_at_page(station);
        }
        self.set_station_alarm(station);
    }

    fn set_station_alarm(&mut self, station: usize) {
        let now = self.clock_of(Who::Station(station));
        let post = &mut self.posts[station];
        let Some(running) = &post.station else { return };
        let disk = open(&post.disk);
        let deadline = running.next_wakeup().map(|at| now.since_boot + (at - now.wall));
        let again = (disk.is_busy() || running.has_trouble()).then_some(now.since_boot + LOOKS_EVERY);
        let due = [deadline, again, disk.due()].into_iter().flatten().min();
        drop(disk);
        let wait = due.map_or(10 * MINUTE, |due| (due - now.since_boot).num_milliseconds().clamp(1, 10 * MINUTE));
        let at = self.now + wait;
        if post.wakes_at.is_none_or(|wakes| at < wakes || wakes <= self.now) {
            post.wakes_at = Some(at);
            self.at(at, Event::Wakes(Who::Station(station)));
        }
    }

    fn carry_down(&mut self, station: usize, topic: String, body: Vec<u8>) {
        let Some(Topic::Down(home_id, down)) = Topic::parse(&topic) else { return };
        let Some(home) = self.homes.iter().position(|flat| flat.plan.home.id == home_id) else { return };
        if down == Down::Receipt
            && let Ok(receipt) = wire::Receipt::from_bytes(&body)
        {
            self.counts.receipts += 1;
            let held =
                (home_id.to_string(), receipt.alert.number, receipt.alert.raised_at.timestamp_millis(), receipt.step);
            if !open(&self.posts[station].disk).holds(&held) {
                return self
                    .breaks(format!("{} gave a receipt for {held:?}, and its disk does not hold it", POINTS[station]));
            }
        }
        if self.fault(Fault::Deaf, None, Some(station)).is_some() {
            return;
        }
        for wait in self.travels(home) {
            self.after(wait, Event::ToHome { home, station, topic: topic.clone(), body: body.clone() });
        }
    }

    /// What a planted bug makes of a message to the station.
    fn as_planted(&mut self, station: usize, home: usize, topic: &str, body: Vec<u8>) -> Option<Vec<u8>> {
        let Some(planted) = self.asked.planted else { return Some(body) };
        let Ok(mut notice) = wire::Notice::from_bytes(&body) else { return Some(body) };
        let post = &mut self.posts[station];
        let by_other = notice.step.by.point.as_ref().is_some_and(|point| *point != post.point);
        if planted == Planted::TakeUntold && by_other && notice.step.deed == Deed::Take {
            None
        } else if planted == Planted::SecondRow {
            if !post.seen.insert(body.clone()) {
                notice.alert.number += 1_000;
            }
            Some(notice.to_bytes())
        } else if planted == Planted::OldStepWins {
            let name = format!("{topic} {home} {}", notice.alert.number);
            let raise = post.raises.entry(name).or_insert_with(|| body.clone());
            let Ok(mut old) = wire::Notice::from_bytes(raise) else { return Some(body) };
            old.step.number = notice.step.number;
            Some(old.to_bytes())
        } else {
            Some(body)
        }
    }

    /// The staff looks at the page.
    fn looks_at_page(&mut self, station: usize) {
        let now = self.clock_of(Who::Station(station)).wall;
        let by = self.somebody(station);
        let Some(running) = &self.posts[station].station else { return };
        let desk = running.desk();
        let rows: Vec<(usize, Vec<RowView>)> = (0..self.homes.len())
            .map(|home| (home, desk.alerts_of(now, &self.homes[home].plan.home.id, &by)))
            .collect();
        drop(desk);
        for (home, row) in rows.into_iter().flat_map(|(home, rows)| rows.into_iter().map(move |row| (home, row))) {
            self.is_shown(station, home, &row);
            let wants = matches!(row.severity, Severity::Emergency | Severity::Urgent | Severity::Blind);
            if wants
                && row.phase.is_open()
                && row.owner.is_none()
                && self.posts[station].planned.insert(row.key.clone())
            {
                let rivals = self.fault(Fault::Rivals, None, None).is_some();
                let wait = if rivals { 20_000.0 } else { self.staff.between(5_000.0, 170_000.0) };
                if rivals || self.staff.happens(0.7) {
                    let event = Event::Clicks { station, alert: row.key, stage: 0 };
                    self.after(wait as Millis, event);
                }
            }
        }
    }

    /// Now and then somebody looks at what nobody has taken.
    pub(super) fn glances(&mut self, station: usize) {
        self.posts[station].planned.clear();
        self.posts[station].scanned = 0;
        self.with_station(station, |station| station.round());
        if self.now < DEEDS_END {
            self.after(6 * MINUTE, Event::Glances { station });
        }
    }

    /// Somebody does the next thing about an alert.
    pub(super) fn clicks(&mut self, station: usize, alert: AlertKey, stage: usize) {
        if self.now > DEEDS_END + 20 * MINUTE {
            return;
        }
        let now = self.clock_of(Who::Station(station)).wall;
        let by = self.somebody(station);
        let Some(running) = &self.posts[station].station else {
            return self.after(30 * SECOND, Event::Clicks { station, alert, stage });
        };
        let Some(row) = running.desk().alert_row(now, &alert, &by) else { return };
        let is_mine = row.owner.as_ref().is_some_and(|owner| owner.actor == by);
        let (deed, wait) = match stage {
            0 if row.owner.is_none() && row.phase.is_open() => (Deed::Take, 40_000.0),
            1 if is_mine => (Deed::Depart, 5.0 * MINUTE as f64),
            2 if is_mine => (Deed::Arrive { proof: Proof::None }, 8.0 * MINUTE as f64),
            3 if is_mine => (Deed::Close { outcome: Outcome::FoundWell, contact: Contact::Seen }, 0.0),
            _ => return,
        };
        if stage == 2 && row.phase == Phase::Arrived {
            return;
        }
        let key = format!("{}-{}-{stage}-{}", POINTS[station], alert.alert.number, self.now);
        let click = Click { ticket: 0, alert: alert.clone(), by, deed, expect: None, key };
        self.clicked(station, &alert, stage);
        self.with_station(station, |station| drop(station.click(click)));
        if stage < 3 {
            let wait = wait * self.staff.between(0.5, 1.2);
            self.after(wait as Millis, Event::Clicks { station, alert, stage: stage + 1 });
        }
    }

    /// Whoever arrives helps up who lies there.
    fn clicked(&mut self, _station: usize, alert: &AlertKey, stage: usize) {
        let home = self.homes.iter().position(|flat| flat.plan.home.id == alert.home);
        let Some(home) = home else { return };
        match stage {
            0 => self.ledger.taken(alert, self.now),
            2 if self.homes[home].fallen => {
                self.homes[home].fallen = false;
                self.after(3 * SECOND, Event::Stirs { home, sensor: 0 });
            }
            _ => {}
        }
    }

    pub(super) fn somebody(&self, station: usize) -> Actor {
        Actor {
            role: Role::Desk,
            point: Some(self.posts[station].point.clone()),
            person: "anna".parse().ok(),
            via: None,
        }
    }
}
