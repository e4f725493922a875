//! What is done once a second, and less often: deadlines, marks, the watchdog, the status file, heartbeats.

use super::Gateway;
use super::health;
use super::turn::notices;
use crate::clock::Reading;
use crate::model::alert::AlertId;
use crate::model::recorded::Recorded;
use crate::model::status::STATUS_FILE;
use crate::mqtt::Floor;
use crate::store::{Fate, Judge};
use std::collections::BTreeSet;

impl Gateway {
    /// Once a second.
    pub(super) fn round(&mut self, now: Reading) {
        self.rounds += 1;
        self.turn.tick(now);
        self.turn.look_at_the_store(now);
        self.suspending.look_at_the_store(now.since_boot);
        self.turn.tell_floods(now);
        self.follow_test(now);
        self.follow_walk(now);
        self.supervise(now);
        // A mark beside a history that lacks what was seen since would make of a restart hours of watched quiet.
        let is_written = self.turn.store_trouble.is_none() && !std::mem::take(&mut self.clock_was_set);
        if self.rounds.is_multiple_of(2) && is_written {
            self.marks.write(now.wall);
        }
        if self.rounds.is_multiple_of(5) {
            self.look_after_tasks();
            let trusted = self.keeper.is_trusted(now.wall);
            if trusted != self.turn.clock_trusted {
                self.turn.trust_clock(now, trusted);
            }
        }
        if self.rounds.is_multiple_of(10) {
            self.show_status();
        }
        if self.rounds.is_multiple_of(10) || std::mem::take(&mut self.status_is_old) {
            self.write_status(now);
        }
        // Somebody may be about to phone: a station on a slow level is told at once.
        let own_sign = self.turn.engine.seen().newest_own_sign();
        let has_begun_the_day = own_sign != self.own_sign_told;
        self.own_sign_told = own_sign;
        let has_news = self.suspending.take_news() | self.turn.not_known.take_news();
        if has_news || has_begun_the_day {
            self.send_heartbeats(now, |_| true);
        }
        if self.rounds.is_multiple_of(MARK_SECS) {
            self.turn.mark(now);
        }
        if self.rounds % CERTIFICATE_SECS == 1 {
            self.look_at_certificates(now);
        }
        if self.turn.clock_trusted {
            Floor::vouched(now.wall);
        }
        if self.rounds % PRUNE_SECS == FIRST_PRUNE_SECS {
            self.prune(now);
        }
    }

    /// Forgets what is older than it may be kept. A clock that nobody vouches for makes nothing old.
    fn prune(&self, now: Reading) {
        let open = self.turn.engine.alerts().filter(|alert| alert.phase.is_open()).map(|alert| alert.id);
        let now = self.turn.clock_trusted.then_some(now.wall);
        self.store.prune_by(now, &self.plan.kept, Box::new(Open(open.collect())));
    }

    pub(super) fn look_after_tasks(&mut self) {
        let mut moves = self.tasks.moves();
        moves.push(("store".into(), self.answered));
        let stuck = self.watchdog.look(moves);
        if !stuck.is_empty() {
            tracing::error!(?stuck, "tasks that do not move; the watchdog is not fed");
        }
        self.turn.ask_store();
        self.tasks.settle_filters();
    }

    /// For `carecircle status`; a directory that cannot be written is said by the marks.
    pub(super) fn write_status(&self, now: Reading) {
        let about = health::About {
            started_at: self.started_at,
            config_fault: self.config_fault.clone(),
            fleeting: self.fleeting.map(|fleeting| fleeting.to_string()),
            directory: self.directory.status(&self.base),
            certificate: self.certificate.clone(),
        };
        let status = health::status(&about, now, &self.turn, &self.tasks, &self.links, &self.paths, &self.plan);
        let bytes = serde_json::to_vec(&status).expect("a status holds only text keys and finite numbers");
        let (path, new) = (self.plan.run_dir.join(STATUS_FILE), self.plan.run_dir.join("status.new"));
        std::fs::write(&new, bytes).and_then(|()| std::fs::rename(&new, &path)).ok();
        self.tasks.tell_home_assistant(status);
    }
}

const MARK_SECS: u64 = 600;
const CERTIFICATE_SECS: u64 = 3600;
const PRUNE_SECS: u64 = 24 * 3600;
/// So that a box that is switched off every night forgets, too; and not at once, for starting is no time to wear the card.
const FIRST_PRUNE_SECS: u64 = 3600;

/// The alerts that are not over: nothing of them is forgotten, however old they are.
struct Open(BTreeSet<AlertId>);

impl Judge for Open {
    fn line(&self, body: &str) -> Fate {
        if self.0.is_empty() {
            return Fate::ByAge;
        }
        let is_open = match serde_json::from_slice(body.as_bytes()) {
            Ok(Recorded::Step { alert, .. }) => self.0.iter().any(|open| open.number == alert),
            Ok(Recorded::Asked { alert, .. } | Recorded::Received { alert, .. }) => self.0.contains(&alert),
            Ok(_) | Err(_) => false,
        };
        if is_open { Fate::Keep } else { Fate::ByAge }
    }

    fn row(&self, key: &str) -> Fate {
        if self.0.iter().any(|open| notices::is_of(key, *open)) { Fate::Keep } else { Fate::ByAge }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::from_millis;

    #[test]
    fn nothing_of_an_open_alert_is_forgotten_whatever_its_age() {
        let id = |number| AlertId { number, raised_at: from_millis(5) };
        let open = Open(BTreeSet::from([id(7)]));
        let received = |number| {
            let line = Recorded::Received { at: from_millis(6), alert: id(number), point: "lehe".parse().unwrap() };
            open.line(&serde_json::to_string(&line).unwrap())
        };
        assert_eq!((received(7), received(8)), (Fate::Keep, Fate::ByAge));
        let row = |number| open.row(&notices::key(&"lehe".parse().unwrap(), id(number), 3));
        assert_eq!((row(7), row(77), row(8)), (Fate::Keep, Fate::ByAge, Fate::ByAge));
        assert_eq!(open.line(r#"{"watching":{"at":"2026-03-02T08:00:00Z"}}"#), Fate::ByAge);
    }
}
