//! Another configuration takes over, or is refused; what is remembered stays.

use super::health;
use super::plan::Plan;
use super::timekeeper::Timekeeper;
use super::{Gateway, empty_turn, make_turn};
use crate::clock::Reading;
use crate::store::Written;
use tokio::sync::mpsc;

impl Gateway {
    /// A reload that changes nothing: the running configuration stays, and whoever asks is told why.
    pub(super) fn refuse(&mut self, what: String) {
        tracing::error!(what, "the changed configuration was refused; the running one stays");
        self.remark = Some(format!("the changed configuration was refused, the running one stays: {what}"));
        self.config_fault = Some(what);
        self.status_is_old = true;
        self.show_status();
        health::notify(&[sd_notify::NotifyState::Ready]);
    }

    /// Takes over another configuration. What is remembered is rebuilt from history, so no timer starts anew; while the
    /// history cannot be read, open alerts and running silences exist in this turn alone, and it stays.
    pub(super) async fn reload(&mut self, now: Reading, plan: Plan, written: &mut mpsc::UnboundedReceiver<Written>) {
        let fault = "another home id, state_dir or run_dir needs a restart of the gateway";
        let places = |plan: &Plan| (plan.home.id.clone(), plan.state_dir.clone(), plan.run_dir.clone());
        if places(&plan) != places(&self.plan) {
            return self.refuse(fault.into());
        }
        let laid_over = self.directory.laid_over(plan.clone());
        if self.take_over(now, laid_over, written).await {
            self.base = plan;
            (self.remark, self.config_fault) = (None, None);
            self.turn.trouble_over(now, "configuration");
            self.turn.tick(now);
            self.status_is_old = true;
            self.show_status();
        }
        health::notify(&[sd_notify::NotifyState::Ready]);
    }

    /// The disk has taken what it would not take since the start: what went before can be read now, and what is open there and
    /// waits there is taken up.
    pub(super) async fn remember(&mut self, now: Reading, written: &mut mpsc::UnboundedReceiver<Written>) {
        if !self.has_no_memory || self.turn.store_trouble.is_some() || self.store.last_watching().is_err() {
            return;
        }
        if self.take_over(now, self.plan.clone(), written).await {
            self.has_no_memory = false;
            tracing::info!("what went before this start is known again");
        }
    }

    /// The same for whatever changes what is in force. Says whether it was done.
    pub(super) async fn take_over(
        &mut self,
        now: Reading,
        plan: Plan,
        written: &mut mpsc::UnboundedReceiver<Written>,
    ) -> bool {
        let made = match self.flush(written).await {
            Ok(()) => make_turn(&plan, &self.store).map_err(|error| error.to_string()),
            Err(why) => Err(why),
        };
        let turn = match made {
            Ok(turn) => turn,
            Err(why) => {
                self.refuse(format!("the history cannot be read now ({why}); reload again later"));
                return false;
            }
        };
        self.turn = turn.succeeding(std::mem::replace(&mut self.turn, empty_turn(&plan, &self.store)));
        self.keeper = Timekeeper::new(now, plan.assume_synced);
        self.plan = plan;
        self.follow_plan();
        let is_trusted = self.keeper.is_trusted(now.wall);
        self.turn.begin_with_clock(is_trusted);
        self.turn.configured(now, &self.plan.hash);
        self.turn.history_cut(now, self.store.cuts().unwrap_or_default());
        self.turn.trust_clock(now, is_trusted);
        // The gateway watched all the time: links are as they were, and nothing was missed.
        // Channels are ways out: what is down there keeps nobody from being seen.
        let sources = health::source_names(&self.plan);
        let is_down = |name: &String| self.links.get(name).is_some_and(|link| !link.up);
        let down: Vec<String> = sources.into_iter().filter(is_down).collect();
        down.iter().for_each(|name| self.turn.link(now, name, false));
        self.turn.tick(now);
        tracing::info!(hash = self.plan.hash, "another configuration is in force");
        self.status_is_old = true;
        self.show_status();
        true
    }

    /// Runs the tasks that the plan names. A link that was opened anew is not known until it speaks.
    pub(super) fn follow_plan(&mut self) {
        let followed = self.tasks.follow(&self.plan);
        followed.problems.iter().for_each(|problem| tracing::error!("{problem}"));
        let names = health::link_names(&self.plan);
        self.links.retain(|name, _| names.contains(name) && !followed.opened.contains(name));
        self.turn.lead_out(self.tasks.paths());
        self.follow_ways(&followed.opened);
    }
}
