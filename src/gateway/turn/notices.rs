//! A step that people must hear of becomes notices: one for each way to each point.

use super::commit::Send;
use super::testing::{Told, is_test};
use super::{Path, Turn};
use crate::model::alert::{Alert, AlertId, Step};
use crate::model::ids::PointId;
use crate::model::lifecycle::Deed;
use crate::model::reason::{Severity, Way};
use crate::model::time::{Span, Timestamp};
use crate::sinks::Outgoing;
use crate::store::OutboxRow;
use crate::wire::{AlertState, Notice, VERSION, Wire};

/// A second path to the same point waits this long for the first one's receipt.
const SECOND_PATH_AFTER: Span = Span::seconds(15);

impl Turn {
    pub(super) fn notify(&mut self, now: Timestamp, to: &[PointId], alert: &Alert, step: &Step) {
        self.batch.urgent = true;
        let notice = self.notice(now, alert, step);
        let (is_test, spares_people) = (is_test(&alert.reason), self.spares_people_of(alert));
        let body = String::from_utf8(notice.to_bytes()).expect("JSON is UTF-8");
        for point in to {
            let key = key(point, alert.id, step.number);
            let is_meant = |path: &Path| path.point == *point && !(spares_people && path.tells_people);
            let paths: Vec<(usize, &Path)> = self.paths.iter().enumerate().filter(|(_, path)| is_meant(path)).collect();
            // In a test each way is to show what it can do by itself.
            let waits = waits(paths.iter().map(|(_, path)| path.is_lost || is_test));
            for ((path, Path { channel, .. }), wait) in paths.into_iter().zip(waits) {
                let priority = priority(alert.severity);
                self.batch.outbox.push(OutboxRow {
                    channel: channel.as_str().to_owned(),
                    key: key.clone(),
                    priority,
                    at: now,
                    body: body.clone(),
                });
                let outgoing = Outgoing { home: notice.home.clone(), point: point.clone(), notice: notice.clone() };
                if is_test && matches!(step.deed, Deed::Raise { .. }) {
                    let way = Way { channel: channel.clone(), point: point.clone() };
                    self.told_of_test.get_or_insert_with(|| Told::new(alert.id)).ways.push((way, key.clone()));
                }
                self.held.sends.push(Send { path, key: key.clone(), priority, wait, outgoing });
            }
        }
    }

    fn notice(&self, now: Timestamp, alert: &Alert, step: &Step) -> Notice {
        let home = self.engine.home();
        Notice {
            v: VERSION,
            home: home.id.clone(),
            place: home.place.clone(),
            alert: alert.id,
            step: step.clone(),
            state: AlertState::of(alert, step.at),
            age_secs: (now - alert.due_from).num_milliseconds().max(0) as f64 / 1000.0,
            clock_trusted: self.clock_trusted,
            durable: true,
        }
    }
}

/// How long each of the ways to one point waits for those before it; for one that is known to be lost nobody waits.
fn waits(are_lost: impl Iterator<Item = bool>) -> Vec<Span> {
    let mut before = 0;
    let wait = |is_lost: bool| {
        let wait = SECOND_PATH_AFTER * before;
        before += i32::from(!is_lost);
        wait
    };
    are_lost.map(wait).collect()
}

/// The name of a notice in the outbox.
pub fn key(point: &PointId, alert: AlertId, step: u32) -> String {
    format!("{point}/{}/{}/{step}", alert.number, alert.raised_at.timestamp_millis())
}

fn priority(severity: Severity) -> u8 {
    match severity {
        Severity::Emergency => 0,
        Severity::Urgent => 1,
        Severity::Blind => 2,
        Severity::Notice => 3,
        Severity::Fault => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_waits_for_those_before_it_and_none_for_one_that_is_lost() {
        let of = |are_lost: &[bool]| -> Vec<i64> {
            waits(are_lost.iter().copied()).into_iter().map(|wait| wait.num_seconds()).collect()
        };
        assert_eq!(of(&[false, false, false]), [0, 15, 30]);
        assert_eq!(of(&[true, false, false]), [0, 0, 15]);
        assert_eq!(of(&[false, true, false]), [0, 15, 15]);
        assert_eq!(of(&[true, true]), [0, 0], "all lost: every one is tried at once");
    }
}
