//! The ways between homes and stations: what is tried on them, what comes of it, who is connected.

use super::faults::Fault;
use super::home::Way;
use super::planted::Planted;
use super::script::{MINUTE, Millis, POINTS, SECOND};
use super::world::{Event, Who, World};
use crate::sinks::station_mqtt;
use crate::sinks::{Handed, NotDelivered, Outgoing, What};
use crate::wire::{self, Topic, Up, Wire};
use std::sync::Arc;

impl World {
    pub(super) fn try_to_send(&mut self, home: usize, channel: usize, key: String, notice: &Arc<Outgoing>) {
        let station = self.station_of(home, channel);
        self.sends(home, station, notice);
        let failed = |why: &str| Err(NotDelivered::Later(why.to_owned()));
        let ended = match self.way(home, station) {
            Way::Down => failed("there is no connection"),
            Way::HalfOpen if self.is_planted(Planted::HalfOpenBelieved) => Ok(Handed::Done),
            Way::HalfOpen => return self.waits_for_broker(home, channel, key, 10 * SECOND, false),
            Way::Up => {
                let (topic, body) = station_mqtt::message(notice);
                self.carry_up(home, station, topic, body);
                return self.waits_for_broker(home, channel, key, 60, true);
            }
        };
        self.clock_of(Who::Home(home));
        if let Some(gateway) = &mut self.homes[home].gateway {
            gateway.tried(channel, &key, ended);
        }
    }

    fn waits_for_broker(&mut self, home: usize, channel: usize, key: String, wait: Millis, ok: bool) {
        let flat = &mut self.homes[home];
        flat.tries += 1;
        let number = flat.tries;
        flat.under_way.insert(number, (channel, key));
        self.after(wait, Event::TryEnds { home, number, ok });
    }

    pub(super) fn try_ends(&mut self, home: usize, number: u64, ok: bool) {
        if let Some((channel, key)) = self.homes[home].under_way.remove(&number) {
            let no_answer = || NotDelivered::Later("the broker gave no answer within 10 s".to_owned());
            let ended = ok.then_some(Handed::Accepted).ok_or_else(no_answer);
            self.with_gateway(home, |gateway| gateway.tried(channel, &key, ended));
        }
    }

    /// A connection that ends takes with it what waits for its broker's word.
    fn tries_break_off(&mut self, home: usize, channel: usize) {
        let under_way = &self.homes[home].under_way;
        let theirs = |(number, (over, _)): (&u64, &(usize, String))| (*over == channel).then_some(*number);
        let broken: Vec<u64> = under_way.iter().filter_map(theirs).collect();
        broken.into_iter().for_each(|number| self.try_ends(home, number, false));
    }

    /// Which station is at the end of a channel.
    fn station_of(&self, home: usize, channel: usize) -> usize {
        let point = &self.homes[home].plan.channels[channel].point;
        self.posts.iter().position(|post| post.point == *point).unwrap_or_default()
    }

    /// Which channel leads to a station.
    fn channel_to(&self, home: usize, station: usize) -> usize {
        let channels = &self.homes[home].plan.channels;
        channels.iter().position(|channel| channel.point == self.posts[station].point).unwrap_or_default()
    }

    /// How the way between a home and a station is now.
    pub(super) fn way(&self, home: usize, station: usize) -> Way {
        let is = |fault, which| self.fault(fault, Some(home), which).is_some();
        if self.homes[home].gateway.is_none() || is(Fault::Cut, Some(station)) || is(Fault::Offline, None) {
            Way::Down
        } else if is(Fault::HalfOpen, Some(station)) {
            Way::HalfOpen
        } else {
            Way::Up
        }
    }

    /// The connection stands: the station's broker says so, and the gateway knows.
    pub(super) fn link_comes(&mut self, home: usize, station: usize) {
        self.say_link(home, station, true);
        if self.homes[home].gateway.is_none() {
            return;
        }
        let channel = self.channel_to(home, station);
        self.tries_break_off(home, channel);
        if !self.is_planted(Planted::LinkUpUnheard) {
            self.with_gateway(home, |gateway| gateway.station(channel, What::Up));
        }
        self.after(10 * SECOND, Event::Returned { home, station, since: self.now });
    }

    /// The connection is gone; the broker finds out.
    pub(super) fn link_goes(&mut self, home: usize, station: usize) {
        self.say_link(home, station, false);
        let channel = self.channel_to(home, station);
        self.tries_break_off(home, channel);
        let why = "the connection broke".to_owned();
        self.with_gateway(home, |gateway| gateway.station(channel, What::Down { why }));
    }

    fn say_link(&mut self, home: usize, station: usize, online: bool) {
        let plan = &self.homes[home].plan;
        let topic = Topic::Up(plan.home.id.clone(), self.posts[station].point.clone(), Up::Link).to_string();
        let body = wire::Link { v: wire::VERSION, online }.to_bytes();
        self.after(1_000, Event::ToStation { station, home, topic, body, retained: false });
    }

    /// What comes from a station.
    pub(super) fn comes_home(&mut self, home: usize, station: usize, topic: &str, body: &[u8]) {
        if self.way(home, station) != Way::Up {
            return;
        }
        let channel = self.channel_to(home, station);
        let id = self.homes[home].plan.home.id.clone();
        match station_mqtt::read(&id, topic, body, false) {
            Ok(what) => {
                let mut has_news = false;
                self.with_gateway(home, |gateway| {
                    gateway.station(channel, what);
                    has_news = gateway.take_news();
                });
                if has_news {
                    self.says_it_lives(home);
                }
            }
            Err(why) => self.breaks(format!("home-{home} cannot read what {} says: {why}", POINTS[station])),
        }
    }

    /// It is time to say that it lives.
    pub(super) fn beats(&mut self, home: usize, beat: u64) {
        if self.homes[home].beats == beat && self.homes[home].gateway.is_some() {
            self.says_it_lives(home);
            self.after(5 * MINUTE, Event::Beats { home, beat });
        }
    }

    /// Says that it lives, to both stations.
    fn says_it_lives(&mut self, home: usize) {
        let reading = self.clock_of(Who::Home(home));
        let Some(gateway) = &mut self.homes[home].gateway else { return };
        let mut heartbeat = gateway.heartbeat();
        heartbeat.level_secs = Some(900);
        debug_assert_eq!(heartbeat.at, reading.wall);
        for station in 0..POINTS.len() {
            if self.way(home, station) == Way::Up {
                let topic = Topic::Up(heartbeat.home.clone(), self.posts[station].point.clone(), Up::Heartbeat);
                self.carry_up(home, station, topic.to_string(), heartbeat.to_bytes());
            }
        }
        self.after_home(home);
    }

    fn carry_up(&mut self, home: usize, station: usize, topic: String, body: Vec<u8>) {
        for wait in self.travels(home) {
            let (topic, body) = (topic.clone(), body.clone());
            self.after(wait, Event::ToStation { station, home, topic, body, retained: false });
        }
    }

    /// How long each copy of a message between this home and a station is under way; none where it is lost.
    pub(super) fn travels(&mut self, home: usize) -> Vec<Millis> {
        let lossy = self.fault(Fault::Lossy, Some(home), None).is_some();
        let doubled = self.fault(Fault::Doubled, Some(home), None).is_some();
        let late = self.fault(Fault::Late, Some(home), None).map(|injected| injected.how);
        if lossy && self.wire.happens(0.4) {
            self.counts.lost_messages += 1;
            return Vec::new();
        }
        let mut wait = self.wire.between(30.0, 120.0);
        if let Some(mean) = late {
            wait += self.wire.wait(mean as f64).min(10.0 * MINUTE as f64);
        }
        let mut travels = vec![wait as Millis];
        if doubled && self.wire.happens(0.5) {
            travels.push((wait + self.wire.between(0.0, 60_000.0)) as Millis);
        }
        travels
    }
}
