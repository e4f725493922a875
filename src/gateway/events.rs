//! What the tasks around the loop report: frames, links, stations' words, the end of a commit.

use super::Gateway;
use super::health::{self, Link};
use super::outbox;
use super::testing::Came;
use crate::clock::Reading;
use crate::model::reason::{Reason, WayOut};
use crate::sinks::{FromStation, What};
use crate::sources;
use crate::store::Written;

/// The name of a notice begins with where it goes.
fn point_of(key: &str) -> &str {
    key.split('/').next().unwrap_or_default()
}

impl Gateway {
    pub(super) fn source(&mut self, now: Reading, event: sources::Event) {
        match event {
            sources::Event::Frame(frame) => self.turn.frame(now, &frame),
            sources::Event::Delivered(frame, delivery) => self.turn.delivered(now, &frame, delivery),
            sources::Event::Link { source, up, why } => {
                self.note_link(now, &source, up, why);
                self.turn.link(now, &source, up);
            }
            sources::Event::Refused { source, filters } => self.refused(now, &source, filters),
        }
    }

    /// The topics that the broker keeps from us, at every connection; none is good news. A family of which nothing at all
    /// may be heard is as good as gone, and that is told as a lost link; the rest is a trouble of its own.
    pub(super) fn refused(&mut self, now: Reading, source: &str, filters: Vec<String>) {
        let mut rest = filters.clone();
        for (family, topics) in self.plan.decoders().topics_by_family() {
            let is_deaf = !topics.is_empty() && topics.iter().all(|topic| filters.contains(topic));
            let link = format!("{source}/{family}");
            if is_deaf {
                rest.retain(|filter| !topics.contains(filter));
            }
            if is_deaf || self.turn.engine.seen().links.state(&link).is_some() {
                self.turn.link(now, &link, !is_deaf);
            }
        }
        if rest.is_empty() {
            self.turn.trouble_over(now, "subscription");
        } else {
            self.turn.trouble(now, Reason::Subscription { filters: rest });
        }
    }

    pub(super) fn station(&mut self, now: Reading, event: FromStation) {
        let name = event.channel.as_str().to_owned();
        match event.what {
            What::Up => {
                let was_down = self.links.get(&name).is_some_and(|link| !link.up);
                self.note_link(now, &name, true, String::new());
                self.tasks.all_due(&name);
                if was_down {
                    self.heard_again_soon(&name);
                } else {
                    self.linked(now, &name, Ok(()));
                }
            }
            What::Down { why } => {
                self.linked(now, &name, Err(&why));
                self.note_link(now, &name, false, why);
            }
            What::Connection { point, up } => {
                self.paths.linked(WayOut { channel: event.channel, point }, up);
            }
            What::Greeting => {
                self.tasks.all_due(&name);
                // It was away, or is new: it is to know soon how things are here, and how often it will hear of us.
                self.heard_again_soon(&name);
            }
            What::Heard(heard) => self.heard(now, event.channel, &heard),
            What::Look(look) => self.look(now, &name, look),
            What::Receipt(receipt) => {
                self.spoke(now, &name, receipt.point.as_str());
                self.turn.receipt(now, &event.channel, &receipt);
                self.testing.receipt(now.since_boot, &name, &receipt);
            }
            What::Step(step) => {
                if let Some(point) = &step.by.point {
                    self.spoke(now, &name, point.as_str());
                }
                self.turn.station_step(now, step);
            }
            // The loop takes it: another circle waits for the disk.
            What::Directory(_) => {}
            What::Suspend(said) => self.suspend_for_a_station(now, said),
            What::Refused { topic, why } => {
                tracing::warn!(topic, why, "a message from the station that cannot be used")
            }
        }
    }

    pub(super) fn report(&mut self, now: Reading, report: outbox::Report) {
        match report {
            outbox::Report::Receipt { channel, key, receipt } => {
                self.spoke(now, &channel, receipt.point.as_str());
                self.testing.came(&channel, &key, Came::Answered(now.since_boot));
                self.turn.done(channel, key);
                self.turn.held(now, &receipt);
            }
            outbox::Report::Done { channel, key } => {
                self.spoke(now, &channel, point_of(&key));
                self.testing.came(&channel, &key, Came::Taken(now.since_boot));
                self.turn.done(channel, key);
            }
            outbox::Report::NotTheirs { channel, key } => {
                self.testing.came(&channel, &key, Came::NotTold);
                self.turn.done(channel, key);
            }
            outbox::Report::Failed { channel, key, why } => {
                tracing::debug!(channel, why, "a notice was not delivered yet");
                self.paths.failed(now.since_boot, &channel, Some(point_of(&key)), &why);
                self.testing.came(&channel, &key, Came::Waits { why });
            }
            outbox::Report::Tried { way, result } => {
                if let Err(why) = &result {
                    tracing::debug!(channel = %way.channel, point = %way.point, why, "a way out is not proved");
                }
                self.paths.tried(now.since_boot, &way, result);
            }
        }
    }

    pub(super) fn written(&mut self, now: Reading, answer: Written) {
        self.answered += 1;
        self.suspending.written(answer.ticket, &answer.result);
        self.turn.written(now, answer);
    }

    pub(super) fn note_link(&mut self, now: Reading, name: &str, up: bool, why: String) {
        match (up, why.is_empty()) {
            (true, true) => tracing::info!(name, "link up"),
            (true, false) => tracing::info!(name, why, "link up"),
            (false, _) => tracing::warn!(name, why, "link down"),
        }
        let before = self.links.get(name).filter(|link| link.up && up);
        let since = before.map_or(now.wall, |link| link.since);
        self.links.insert(name.to_owned(), Link { up, since, why });
        self.status_is_old = true;
        self.show_status();
    }

    pub(super) fn show_status(&self) {
        let fleeting = self.fleeting.map(|fleeting| format!("history {fleeting}"));
        let remarks = fleeting.iter().chain(&self.remark);
        let line = health::status_line(&self.turn, &self.plan, &self.links, &self.paths, remarks);
        health::notify(&[sd_notify::NotifyState::Status(&line)]);
    }
}
