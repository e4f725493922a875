//! Which presses the history holds already, by the numbers the home's broker gave their messages: a gateway that died
//! between its commit and its acknowledgement is handed the same press again.
//!
//! Never takes a message for known without the broker's own number: two equal presses are two presses. The one exception is a
//! press that an earlier run took on the button's own session and whose copy on the common one outlived that run.

use crate::model::frame::RawFrame;
use crate::model::time::{Span, Timestamp};
use crate::mqtt::Delivery;
use crate::store::{Entry, Record};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// The presses that may be handed out again.
#[derive(Debug, Default)]
pub struct Deliveries {
    taken: VecDeque<Taken>,
}

/// A press that became history, as a line of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Taken {
    at: Timestamp,
    /// The broker's number for the message, within its session.
    number: u16,
    /// Topic and payload in short: a broker that starts afresh counts from 1 again.
    content: u64,
    /// It came on the common session instead of its own: each session counts by itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    stands_in: bool,
    /// An earlier run took it.
    #[serde(skip)]
    recalled: bool,
}

/// How a line begins that is one of these.
const BEGINS: &str = "{\"taken\":";

/// The line as it stands in the history, beside those of the engine.
#[derive(Serialize, Deserialize)]
struct Line {
    taken: Taken,
}

impl Deliveries {
    /// Whether this message was taken before, by this run or the one before.
    pub fn is_known(&self, now: Timestamp, frame: &RawFrame, delivery: &Delivery) -> bool {
        // What the broker hands out again comes first on a connection: whatever comes later is new.
        let Some(number) = delivery.number.filter(|_| delivery.late) else { return false };
        let content = frame.fingerprint();
        let is_it = |taken: &Taken| {
            let is_same = taken.stands_in == delivery.stands_in && taken.number == number;
            is_same || (delivery.stands_in && !taken.stands_in && taken.recalled)
        };
        self.taken.iter().any(|taken| is_it(taken) && taken.content == content && now - taken.at <= KNOWN_FOR)
    }

    /// Remembers a press; the line belongs into the commit of what the press led to.
    pub fn take(&mut self, now: Timestamp, frame: &RawFrame, delivery: &Delivery) -> Option<Record> {
        let (number, content, stands_in) = (delivery.number?, frame.fingerprint(), delivery.stands_in);
        let taken = Taken { at: now, number, content, stands_in, recalled: false };
        let body = serde_json::to_string(&Line { taken: taken.clone() }).expect("a line of three numbers is JSON");
        self.remember(taken);
        Some(Record::Entry(Entry { at: now, body }))
    }

    /// A line of the history, if it is one of these.
    pub fn recall(&mut self, record: &Record) {
        let Record::Entry(entry) = record else { return };
        // A start reads weeks of history, and hardly any line of it is one of these.
        if !entry.body.starts_with(BEGINS) {
            return;
        }
        if let Ok(Line { taken }) = serde_json::from_slice(entry.body.as_bytes()) {
            self.remember(Taken { recalled: true, ..taken });
        }
    }

    fn remember(&mut self, taken: Taken) {
        self.taken.push_back(taken);
        if self.taken.len() > KEPT_MAX {
            self.taken.pop_front();
        }
    }
}

/// Far more than a broker has under way at once (mosquitto: 20 by itself, 100 as we set it up).
const KEPT_MAX: usize = 256;

/// Beyond it a press that is handed out again counts as one more press. Longer than a restart takes, and so short that
/// a broker that lost its session does not reach the same number with the same button.
const KNOWN_FOR: Span = Span::minutes(10);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::frame::Origin;
    use crate::model::time::from_millis;

    fn frame(payload: &str) -> RawFrame {
        let from = Origin::Mqtt { topic: "zigbee2mqtt/pendant".into() };
        RawFrame { from, bytes: payload.into(), retained: false }
    }

    fn delivery(number: u16, late: bool) -> Delivery {
        Delivery::made_up(late, Some(number))
    }

    #[test]
    fn a_press_is_known_again_by_its_number_also_after_a_restart_and_never_without() {
        let (mut before, mut after) = (Deliveries::default(), Deliveries::default());
        let line = before.take(from_millis(0), &frame("sos"), &delivery(7, false)).unwrap();
        after.recall(&line);
        for memory in [&before, &after] {
            let known = |payload, delivery: Delivery| memory.is_known(from_millis(5_000), &frame(payload), &delivery);
            assert!(known("sos", delivery(7, true)));
            assert!(!known("sos", delivery(8, true)), "the next press of the same button");
            assert!(!known("sos", delivery(7, false)), "a number that came round again");
            assert!(!known("other", delivery(7, true)));
            assert!(!known("sos", Delivery::made_up(true, None)));
            assert!(!memory.is_known(from_millis(3_600_000), &frame("sos"), &delivery(7, true)));
        }
    }

    #[test]
    fn a_second_press_that_comes_on_the_common_session_is_a_second_press() {
        let (mut this_run, mut next_run) = (Deliveries::default(), Deliveries::default());
        let line = this_run.take(from_millis(0), &frame("sos"), &delivery(7, false)).unwrap();
        next_run.recall(&line);
        let known = |memory: &Deliveries, number| {
            memory.is_known(from_millis(180_000), &frame("sos"), &delivery(number, true).standing_in())
        };
        assert!(!known(&this_run, 41), "pressed again while both sessions were down");
        assert!(!known(&this_run, 7), "each session counts by itself");
        assert!(known(&next_run, 41), "the copy of what the run before took");
        let second = this_run.take(from_millis(180_000), &frame("sos"), &delivery(41, true).standing_in()).unwrap();
        next_run.recall(&second);
        assert!(known(&this_run, 41), "handed out again");
    }
}
