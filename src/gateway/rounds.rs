//! What is done once a second, and less often: deadlines, marks, the watchdog, the status file, heartbeats.

use super::Gateway;
use super::health;
use crate::clock::Reading;
use crate::model::status::STATUS_FILE;
use crate::store::Retention;

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
        if self.suspending.take_news() || has_begun_the_day {
            self.send_heartbeats(now, |_| true);
        }
        if self.rounds.is_multiple_of(MARK_SECS) {
            self.turn.mark(now);
        }
        if self.rounds.is_multiple_of(PRUNE_SECS) {
            self.store.prune(now.wall, &Retention::default());
        }
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
            directory: self.directory.status(&self.base),
        };
        let status = health::status(&about, now, &self.turn, &self.tasks, &self.links, &self.paths, &self.plan);
        let bytes = serde_json::to_vec(&status).expect("a status holds only text keys and finite numbers");
        let (path, new) = (self.plan.run_dir.join(STATUS_FILE), self.plan.run_dir.join("status.new"));
        std::fs::write(&new, bytes).and_then(|()| std::fs::rename(&new, &path)).ok();
        self.tasks.tell_home_assistant(status);
    }
}

const MARK_SECS: u64 = 600;
const PRUNE_SECS: u64 = 24 * 3600;
