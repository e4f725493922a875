//! The answer to a home that speaks by HTTPS: the receipt, and what waits for it here.

use crate::desk::{AlertKey, Input};
use crate::model::ids::{HomeId, PointId};
use crate::model::suspension::Suspend;
use crate::station::homes::NotHeld;
use crate::station::turn::Receipt;
use crate::wire::{self, Answer};
use std::collections::BTreeSet;
use tokio::sync::oneshot;

/// A home that waits for its answer.
pub(super) struct Reply {
    home: HomeId,
    /// The step it wants to see held.
    wants: Option<(AlertKey, u32)>,
    receipt: Option<Receipt>,
    to: oneshot::Sender<Result<Answer, NotHeld>>,
}

impl Reply {
    pub fn new(home: HomeId, wants: Option<(AlertKey, u32)>, to: oneshot::Sender<Result<Answer, NotHeld>>) -> Reply {
        Reply { home, wants, receipt: None, to }
    }

    pub fn home(&self) -> &HomeId {
        &self.home
    }

    /// With its receipt, if it is among these.
    pub fn with_receipt(self, receipts: &[Receipt]) -> Reply {
        let is_mine = |receipt: &&Receipt| {
            self.wants.as_ref().is_some_and(|(alert, step)| receipt.alert == *alert && receipt.step == *step)
        };
        let receipt = receipts.iter().find(is_mine).cloned();
        Reply { receipt, ..self }
    }

    /// Answers; what was wanted and is not written is not held.
    pub fn give(
        self,
        point: &PointId,
        is_durable: bool,
        steps: impl Iterator<Item = wire::StationStep>,
        suspensions: Vec<Suspend>,
        is_busy: bool,
    ) {
        let receipt = self.receipt.filter(|_| is_durable).map(|Receipt { alert, step, at }| wire::Receipt {
            v: wire::VERSION,
            home: alert.home,
            alert: alert.alert,
            step,
            point: point.clone(),
            at,
        });
        let answer = match self.wants.is_some() && receipt.is_none() {
            true => Err(NotHeld),
            false => Ok(Answer {
                v: wire::VERSION,
                receipt,
                steps: steps.take(STEPS_MAX).collect(),
                suspensions,
                ask_again_secs: is_busy.then_some(ASK_AGAIN_SECS),
            }),
        };
        // A home that has gone asks again.
        drop(self.to.send(answer));
    }
}

/// Far below what a home reads of one answer; the rest comes with the next.
const STEPS_MAX: usize = 64;

/// A person who took an alert is to be seen at the home within seconds.
const ASK_AGAIN_SECS: u32 = 5;

/// Which homes are heard by HTTPS and no longer by the broker: nothing can be sent to them.
#[derive(Debug, Default)]
pub(super) struct Ways {
    by_https: BTreeSet<HomeId>,
    by_broker: BTreeSet<HomeId>,
}

impl Ways {
    /// What a home says on the broker shows that its way there is open.
    pub fn heard_by_broker(&mut self, input: &Input) {
        let home = match input {
            Input::Notice(notice) => &notice.home,
            Input::Heartbeat { home, .. } => home,
            Input::HomeLink { .. } | Input::OwnLink { .. } | Input::Click(_) | Input::Late { .. } | Input::Tick => {
                return;
            }
            Input::Order(_) | Input::Handover(_) | Input::Screen(_) | Input::File { .. } => return,
        };
        self.by_https.remove(home);
        self.by_broker.insert(home.clone());
    }

    /// A notice comes this way only where the broker brought no receipt in time.
    pub fn heard_by_https(&mut self, home: &HomeId, is_notice: bool) {
        if is_notice || !self.by_broker.contains(home) {
            self.by_broker.remove(home);
            self.by_https.insert(home.clone());
        }
    }

    /// Whether nothing else leads to this home.
    pub fn is_https_alone(&self, home: &HomeId) -> bool {
        self.by_https.contains(home)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::Condition;

    #[test]
    fn a_home_has_no_other_way_from_its_notice_by_https_until_the_broker_brings_its_word() {
        let (home, other): (HomeId, HomeId) = ("flat".parse().unwrap(), "other".parse().unwrap());
        let beat = |home: &HomeId| Input::Heartbeat { home: home.clone(), condition: Condition::default() };
        let mut ways = Ways::default();
        ways.heard_by_broker(&beat(&home));
        ways.heard_by_https(&home, false);
        assert!(!ways.is_https_alone(&home), "its heartbeats come both ways");
        ways.heard_by_https(&home, true);
        ways.heard_by_https(&other, false);
        assert!(ways.is_https_alone(&home) && ways.is_https_alone(&other), "never heard by the broker in this run");
        ways.heard_by_broker(&Input::HomeLink { home: home.clone(), online: true });
        assert!(ways.is_https_alone(&home), "what a broker keeps proves nothing");
        ways.heard_by_broker(&beat(&home));
        assert!(!ways.is_https_alone(&home) && ways.is_https_alone(&other));
    }
}
