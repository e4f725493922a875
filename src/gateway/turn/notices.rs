//! A step that people must hear of becomes notices: one for each way to each point.

use super::commit::Send;
use super::{Path, Turn};
use crate::model::alert::{Alert, AlertId, Step};
use crate::model::ids::PointId;
use crate::model::reason::Severity;
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
        let body = String::from_utf8(notice.to_bytes()).expect("JSON is UTF-8");
        for point in to {
            let key = key(point, alert.id, step.number);
            let paths = self.paths.iter().enumerate().filter(|(_, path)| path.point == *point);
            for (nth, (path, Path { channel, .. })) in paths.enumerate() {
                let priority = priority(alert.severity);
                self.batch.outbox.push(OutboxRow {
                    channel: channel.as_str().to_owned(),
                    key: key.clone(),
                    priority,
                    at: now,
                    body: body.clone(),
                });
                let outgoing = Outgoing { home: notice.home.clone(), point: point.clone(), notice: notice.clone() };
                let wait = SECOND_PATH_AFTER * nth as i32;
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

/// The name of a notice in the outbox.
pub(super) fn key(point: &PointId, alert: AlertId, step: u32) -> String {
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
