//! What really became of the alerts of a history: raised by the rules of then, answered by people.

use super::simulated::Raised;
use crate::model::alert::Alert;
use crate::model::lifecycle::{Deed, Outcome};
use crate::model::reason::{Class, Reason};
use crate::model::recorded::Recorded;
use crate::model::time::Timestamp;
use std::collections::BTreeMap;

/// The alerts of `lines` with their whole lives, oldest first; tests and drills are left out.
pub fn alerts<'a>(lines: impl IntoIterator<Item = &'a Recorded>) -> Vec<Alert> {
    let mut all: BTreeMap<u64, Alert> = BTreeMap::new();
    let mut ended = Vec::new();
    for line in lines {
        let Recorded::Step { alert: number, step } = line else { continue };
        let is_raise = matches!(step.deed, Deed::Raise { .. });
        match all.get_mut(number).filter(|_| !is_raise) {
            Some(alert) => alert.apply(step.clone()),
            // A number that comes again: the database was begun anew in between.
            None => ended.extend(Alert::begin(*number, step.clone()).and_then(|alert| all.insert(*number, alert))),
        }
    }
    let mut alerts: Vec<Alert> = ended.into_iter().chain(all.into_values()).filter(|alert| !alert.test).collect();
    alerts.sort_by_key(|alert| alert.id.raised_at);
    alerts
}

/// Whether people found that the person did need help.
pub fn was_needed(alert: &Alert) -> bool {
    alert.reason.class().is_of_person() && alert.closed.as_ref().is_some_and(|closed| is_need(closed.outcome))
}

/// Whether somebody needed help, by what people say who were there.
pub fn is_need(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Helped | Outcome::Hospital | Outcome::Died)
}

/// How often people were paged for `alert` from `from` on: once, and each time it happened again.
pub fn pages(alert: &Alert, from: Timestamp) -> usize {
    // Who answered at home saved people the way; who did not is asked about once.
    if alert.reason.class() == Class::Check || alert.was_answered_at_home() {
        return 0;
    }
    let is_page = |deed: &Deed| matches!(deed, Deed::Raise { .. } | Deed::Again { .. });
    alert.steps.iter().filter(|step| step.at >= from && is_page(&step.deed)).count()
}

/// A real alert as a replay would have it: its episode ends with the first sign of life, or when it had gone.
pub fn episode(alert: &Alert) -> Raised {
    let at = alert.id.raised_at;
    let sign = |deed: &Deed| if let Deed::Life { sign } = deed { Some(sign.clone()) } else { None };
    let life = alert.steps.iter().find_map(|step| sign(&step.deed));
    let ended = match alert.reason.class() {
        Class::Person => life.as_ref().map(|sign| sign.at),
        Class::Request | Class::Sensor | Class::System | Class::Check => alert.recovered_at,
    };
    let ended = ended.into_iter().chain(alert.closed.as_ref().map(|closed| closed.at)).min();
    let (number, reason) = (alert.id.number, alert.reason.clone());
    Raised { at, began: began(&reason, at), reason, ended, life, number }
}

/// When the episode of a reason that was recorded at `at` began: for a silence its last sign of life, else `at`.
fn began(reason: &Reason, at: Timestamp) -> Timestamp {
    reason.silence().map_or(at, |silence| at - silence)
}
