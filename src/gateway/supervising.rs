//! The ways out are proved, each in its own rhythm, and what is lost is told by what is left.
//!
//! What a proof is, and when a way is lost, is decided in [`super::paths`]; here it is asked for, and told.

use super::Gateway;
use super::health;
use super::outbox::Report;
use super::paths::{News, Standing};
use super::tasks::OpenChannel;
use crate::clock::Reading;
use crate::model::fingerprint;
use crate::model::ids::{ChannelName, HomeId};
use crate::model::reason::{AllPathsLost, PathLost, Reason, Twin, WayOut};
use crate::model::status::PathState;
use crate::model::time::{Span, Timestamp};
use crate::sinks::Proves;
use crate::wire::{Heard, Heartbeat};
use std::time::Duration;

impl Gateway {
    /// Once a second: what is due is asked, what has changed is told.
    pub(super) fn supervise(&mut self, now: Reading) {
        self.paths.pass(now.since_boot);
        let due = self.paths.take_due();
        if !due.is_empty() {
            let heartbeat = self.heartbeat(now);
            due.iter().for_each(|(way, proves)| self.prove(way, *proves, &heartbeat));
        }
        let paths = &self.paths;
        self.turn.lose_ways(|channel, point| {
            let way = WayOut { channel: channel.clone(), point: point.clone() };
            paths.of(&way).is_some_and(|known| known.state == PathState::Lost)
        });
        let standing = self.standing();
        let news = self.paths.judge(&standing);
        if !news.is_empty() {
            news.into_iter().for_each(|news| self.tell_of_ways(now, news));
            self.status_is_old = true;
            self.show_status();
        }
    }

    /// A heartbeat out of turn to the stations at the end of these ways.
    pub(super) fn send_heartbeats(&mut self, now: Reading, is_meant: impl Fn(&WayOut) -> bool) {
        let ways = self.paths.ask_now(is_meant);
        if !ways.is_empty() {
            let heartbeat = self.heartbeat(now);
            ways.iter().for_each(|way| self.prove(way, Proves::Answer, &heartbeat));
        }
    }

    /// Every home that this station serves is asked for its heartbeat at this moment, or found its way back: each answers at an
    /// instant of its own.
    pub(super) fn heard_again_soon(&mut self, channel: &str) {
        let permille = own_instant(&self.plan.home.id);
        self.paths.ask_soon(permille, |way| way.channel.as_str() == channel);
    }

    /// A channel connected, or lost its connection.
    pub(super) fn linked(&mut self, now: Reading, channel: &str, up: Result<(), &str>) {
        match up {
            Ok(()) => self.send_heartbeats(now, |way| way.channel.as_str() == channel),
            Err(why) => self.paths.failed(now.since_boot, channel, None, why),
        }
    }

    /// A station answers a heartbeat. One of another gateway with our id proves nothing of our own way.
    pub(super) fn heard(&mut self, now: Reading, channel: ChannelName, heard: &Heard) {
        let is_ours = heard.run == self.beat.run
            && heard.seq <= self.beat.seq
            && heard.boot.as_ref().is_none_or(|boot| *boot == self.beat.boot);
        if !is_ours {
            tracing::debug!(%channel, run = heard.run, seq = heard.seq, "an answer to a heartbeat that is not ours");
            return;
        }
        let worked = self.paths.any_works();
        if self.paths.answered(now.since_boot, &WayOut { channel, point: heard.point.clone() }) {
            self.answering.keep(self.paths.answering());
        }
        if !worked {
            self.status_is_old = true;
            self.show_status();
        }
    }

    /// Whoever is at the end of a way took something or spoke.
    pub(super) fn spoke(&mut self, now: Reading, channel: &str, point: &str) {
        if self.paths.spoke(now.since_boot, channel, point) {
            tracing::warn!(channel, point, "the station hears us and answers no heartbeats any more: an older version");
            self.answering.keep(self.paths.answering());
        }
    }

    /// The ways of the plan as it is now.
    pub(super) fn follow_ways(&mut self, opened: &[String]) {
        let since_boot = crate::clock::since_boot();
        let open = self.tasks.channels().iter();
        let ways = open.map(|open| (open.channel.way(), open.channel.supervision, open.sink.proves())).collect();
        let answering = &self.answering;
        self.paths.follow(since_boot, ways, opened, |way| answering.has(way));
    }

    fn heartbeat(&mut self, now: Reading) -> Heartbeat {
        self.beat.seq += 1;
        let refused = self.suspending.refused(now);
        let oldest = self.tasks.channels().iter().filter_map(|open| open.waiting.oldest(now.since_boot)).max();
        let heartbeat = health::heartbeat(&self.beat, now, &self.turn, oldest, &self.plan, &self.paths, refused);
        Heartbeat { directory: self.directory.in_force, ..heartbeat }
    }

    fn prove(&self, way: &WayOut, proves: Proves, heartbeat: &Heartbeat) {
        let Some(open) = self.tasks.channels().iter().find(|open| open.channel.way() == *way) else { return };
        let (sink, way, reports) = (open.sink.clone(), way.clone(), self.tasks.reports());
        let heartbeat = Heartbeat { level_secs: self.level_to(&way), ..heartbeat.clone() };
        tokio::spawn(async move {
            let trying = async {
                match proves {
                    Proves::Answer | Proves::Heartbeat => sink.heartbeat(&way.point, &heartbeat).await,
                    Proves::Probe => sink.probe().await,
                }
            };
            let result = match tokio::time::timeout(TRIED_WITHIN, trying).await {
                Ok(result) => result.map_err(|why| why.to_string()),
                Err(_) => Err("there was no answer".to_owned()),
            };
            // The loop that reads the reports ends only when the daemon does.
            drop(reports.send(Report::Tried { way, result }));
        });
    }

    /// So soon the station at this point hears of us again: by the fastest of the ways there that carry heartbeats and are not
    /// lost; the one by which it hears this counts in any case.
    fn level_to(&self, way: &WayOut) -> Option<u64> {
        let is_lost = |way: &WayOut| self.paths.of(way).is_some_and(|known| known.state == PathState::Lost);
        let counts = |open: &&OpenChannel| {
            let (other, proves) = (open.channel.way(), open.sink.proves());
            let carries = matches!(proves, Proves::Answer | Proves::Heartbeat);
            other.point == way.point && carries && (other == *way || !is_lost(&other))
        };
        let levels = self.tasks.channels().iter().filter(counts).map(|open| open.channel.supervision.level);
        levels.min().and_then(|level| u64::try_from(level.num_seconds()).ok())
    }

    fn standing(&self) -> Standing {
        let mut standing = Standing::default();
        let open = |alert: &&crate::model::alert::Alert| alert.phase.is_open() && alert.recovered_at.is_none();
        for alert in self.turn.engine.alerts().filter(open) {
            if let Reason::PathLost(PathLost { channel, point, .. }) = &alert.reason {
                standing.lost.push(WayOut { channel: channel.clone(), point: point.clone() });
            }
            standing.all_lost |= matches!(alert.reason, Reason::AllPathsLost(_));
            standing.twin |= matches!(alert.reason, Reason::Twin(_));
        }
        standing
    }

    fn tell_of_ways(&mut self, now: Reading, news: News) {
        let at = |since_boot: Span| -> Timestamp { now.wall - (now.since_boot - since_boot) };
        match news {
            News::Lost(way) => {
                let Some(known) = self.paths.of(&way) else { return };
                let (since, why) = (at(known.since), known.why.to_owned());
                tracing::warn!(channel = %way.channel, point = %way.point, why, "a way out is lost");
                let WayOut { channel, point } = way;
                self.turn.trouble(now, Reason::PathLost(PathLost { channel, point, since, why }));
            }
            News::Found(way) => {
                tracing::info!(channel = %way.channel, point = %way.point, "a way out is no longer lost");
                self.turn.way_found(now, way);
            }
            News::AllLost => {
                tracing::error!("no way out works: nobody can be reached");
                let (since, paths) = (self.paths.all().map(|known| known.since).max(), self.paths.all().count());
                let since = since.map_or(now.wall, at);
                self.turn.trouble(now, Reason::AllPathsLost(AllPathsLost { since, paths: paths as u32 }));
            }
            News::OneFound => {
                tracing::info!("a way out works again");
                self.turn.trouble_over(now, "all_paths_lost");
            }
            News::Twin(WayOut { channel, point }) => {
                tracing::error!(%channel, "each connection is closed at once: another gateway with the id of this home?");
                self.turn.trouble(now, Reason::Twin(Twin { point, channel: Some(channel) }));
            }
            News::NoTwin => self.turn.trouble_over(now, "twin"),
        }
    }
}

/// Where in a time that all homes share this one has its place: the same in every run.
fn own_instant(home: &HomeId) -> u16 {
    u16::try_from(fingerprint::of([home.as_str().as_bytes()]) % 1000).unwrap_or_default()
}

/// Longer than any channel's own patience.
const TRIED_WITHIN: Duration = Duration::from_secs(45);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_thousand_homes_that_find_their_way_at_once_are_heard_spread_over_half_a_minute() {
        let mut seconds = [0; 30];
        for home in 0..2000 {
            let permille = own_instant(&format!("made-up-{home}").parse().unwrap());
            seconds[usize::from(permille) * 30 / 1000] += 1;
        }
        assert!(seconds.iter().all(|count| (20..=130).contains(count)), "{seconds:?}");
    }
}
