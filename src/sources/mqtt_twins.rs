//! One message, heard twice: the topics of buttons are heard on a session of their own, and the broker hands the same
//! message to the common session too, whose filters take in everything.
//!
//! The button's own session is the one that counts. A copy on the common session waits a moment for its twin and is left
//! out when that comes; when it does not come, or that session is down, the copy stands in for it. So a press is lost only
//! if both sessions lose it, and counts once. A retained message is none: it is state, and state may be said twice.

use crate::model::frame::{Origin, RawFrame};
use crate::model::time::Span;
use crate::mqtt::Delivery;
use std::collections::{BTreeSet, VecDeque};

/// What was heard on one session and not yet on the other.
pub(super) struct Twins {
    /// The topics that have a session of their own.
    topics: BTreeSet<String>,
    /// On the common session: copies that wait for their twin.
    waiting: VecDeque<Waiting>,
    /// Passed on from one session, and still to come on the other.
    passed: VecDeque<Passed>,
    own: Side,
    common: Side,
}

struct Waiting {
    since: Span,
    frame: RawFrame,
    delivery: Delivery,
}

struct Passed {
    message: u64,
    at: Span,
    comes_on: Session,
}

/// Which of the two sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Session {
    /// Of the buttons.
    Own,
    /// Of everything.
    Common,
}

/// How a session stands.
#[derive(Default)]
struct Side {
    up_since: Option<Span>,
    is_known_down: bool,
}

/// What is to be done with a message.
pub(super) enum Verdict {
    /// It goes on.
    Pass(RawFrame, Delivery),
    /// It went on already, or waits; nothing to do.
    Done,
}

impl Twins {
    /// For these topics, which are heard on both sessions.
    pub(super) fn of(topics: impl IntoIterator<Item = String>) -> Twins {
        let topics = topics.into_iter().collect();
        let (own, common) = (Side::default(), Side::default());
        Twins { topics, waiting: VecDeque::new(), passed: VecDeque::new(), own, common }
    }

    /// A session came or went; gives what need not wait any longer.
    pub(super) fn session(&mut self, now: Span, session: Session, up: bool) -> Vec<(RawFrame, Delivery)> {
        let side = match session {
            Session::Own => &mut self.own,
            Session::Common => &mut self.common,
        };
        side.is_known_down = !up;
        side.up_since = if up { side.up_since.or(Some(now)) } else { None };
        // A copy that waits on a connection that has ended may never come again.
        if up { Vec::new() } else { self.release(now, |_| true) }
    }

    /// A message of the session of the buttons.
    pub(super) fn own(&mut self, now: Span, frame: RawFrame, delivery: Delivery) -> Verdict {
        let message = frame.fingerprint();
        if frame.retained {
            return Verdict::Pass(frame, delivery);
        }
        // What went on already as a stand-in is no twin of a copy that the other session hands out again.
        if self.came(now, message, Session::Own) {
            delivery.acknowledge();
            return Verdict::Done;
        }
        if let Some(twin) = self.waiting.iter().position(|waiting| waiting.frame.fingerprint() == message) {
            self.waiting.remove(twin).into_iter().for_each(|twin| twin.delivery.acknowledge());
            return Verdict::Pass(frame, delivery);
        }
        self.will_come(now, message, Session::Common);
        Verdict::Pass(frame, delivery)
    }

    /// A message of the common session.
    pub(super) fn common(&mut self, now: Span, frame: RawFrame, delivery: Delivery) -> Verdict {
        let Origin::Mqtt { topic } = &frame.from else { return Verdict::Pass(frame, delivery) };
        if frame.retained || !self.topics.contains(topic) {
            return Verdict::Pass(frame, delivery);
        }
        let message = frame.fingerprint();
        if self.came(now, message, Session::Common) {
            delivery.acknowledge();
            return Verdict::Done;
        }
        if self.own.is_known_down || self.waiting.len() >= WAITING_MAX {
            self.will_come(now, message, Session::Own);
            return Verdict::Pass(frame, delivery.standing_in());
        }
        self.waiting.push_back(Waiting { since: now, frame, delivery });
        Verdict::Done
    }

    /// What has waited for its twin long enough, and stands in for it.
    pub(super) fn overdue(&mut self, now: Span) -> Vec<(RawFrame, Delivery)> {
        self.release(now, |waiting| now - waiting.since >= TWIN_WITHIN)
    }

    fn release(&mut self, now: Span, goes: impl Fn(&Waiting) -> bool) -> Vec<(RawFrame, Delivery)> {
        let mut released = Vec::new();
        while self.waiting.front().is_some_and(&goes) {
            let Some(oldest) = self.waiting.pop_front() else { break };
            self.will_come(now, oldest.frame.fingerprint(), Session::Own);
            released.push((oldest.frame, oldest.delivery.standing_in()));
        }
        released
    }

    /// Whether this message was passed on from the other session before.
    fn came(&mut self, now: Span, message: u64, on: Session) -> bool {
        self.forget_old(now);
        let place = self.passed.iter().position(|passed| passed.message == message && passed.comes_on == on);
        place.and_then(|place| self.passed.remove(place)).is_some()
    }

    fn will_come(&mut self, now: Span, message: u64, on: Session) {
        if self.passed.len() >= PASSED_MAX {
            self.passed.pop_front();
        }
        self.passed.push_back(Passed { message, at: now, comes_on: on });
    }

    /// What has not come on a session that works was lost there: it must not swallow another press like it.
    fn forget_old(&mut self, now: Span) {
        let (own, common) = (self.own.up_since, self.common.up_since);
        self.passed.retain(|passed| {
            let up_since = match passed.comes_on {
                Session::Own => own,
                Session::Common => common,
            };
            up_since.is_none_or(|up_since| now - up_since.max(passed.at) < COMES_WITHIN)
        });
    }
}

/// The twin comes within milliseconds; beyond it the session of the buttons does not hear this topic.
const TWIN_WITHIN: Span = Span::seconds(3);
/// In a flood the common session lags behind by what the broker has queued for it.
const COMES_WITHIN: Span = Span::seconds(60);
/// Each takes one of the broker's places for messages under way (mosquitto by itself: 20).
const WAITING_MAX: usize = 8;
const PASSED_MAX: usize = 256;

#[cfg(test)]
mod tests {
    use super::Session::{Common, Own};
    use super::*;

    const TOPIC: &str = "zigbee2mqtt/pendant";

    fn frame(topic: &str, retained: bool) -> RawFrame {
        RawFrame { from: Origin::Mqtt { topic: topic.to_owned() }, bytes: b"sos".to_vec(), retained }
    }

    /// Both sessions are up, at second 0.
    fn twins() -> Twins {
        let mut twins = Twins::of([TOPIC.to_owned()]);
        assert!(
            twins.session(Span::zero(), Own, true).is_empty() && twins.session(Span::zero(), Common, true).is_empty()
        );
        twins
    }

    /// Whether a press that comes on this session goes on, and whether it stands in.
    fn press(twins: &mut Twins, at: i64, on: Session) -> Option<bool> {
        let (now, delivery) = (Span::seconds(at), Delivery::made_up(false, Some(7)));
        let verdict = match on {
            Own => twins.own(now, frame(TOPIC, false), delivery),
            Common => twins.common(now, frame(TOPIC, false), delivery),
        };
        match verdict {
            Verdict::Pass(_, delivery) => Some(delivery.stands_in),
            Verdict::Done => None,
        }
    }

    #[test]
    fn two_equal_presses_are_two_in_whatever_order_their_copies_come() {
        for order in [
            [Own, Common, Own, Common],
            [Common, Own, Common, Own],
            [Own, Own, Common, Common],
            [Common, Common, Own, Own],
        ] {
            let mut twins = twins();
            let passed: Vec<bool> = order.iter().filter_map(|on| press(&mut twins, 1, *on)).collect();
            assert_eq!(passed, [false, false], "{order:?}: once each, by their own session");
            assert!(twins.overdue(Span::seconds(100)).is_empty());
        }
    }

    #[test]
    fn a_press_that_only_the_common_session_hears_goes_on_after_a_moment_and_is_not_counted_again() {
        let mut twins = twins();
        assert_eq!(press(&mut twins, 1, Common), None);
        assert!(twins.overdue(Span::seconds(2)).is_empty());
        let late = twins.overdue(Span::seconds(4));
        assert!(late.len() == 1 && late[0].1.stands_in);
        assert_eq!(press(&mut twins, 5, Own), None, "it came after all");
        assert_eq!(press(&mut twins, 6, Own), Some(false), "the next one");
    }

    #[test]
    fn while_its_session_is_down_a_press_goes_on_at_once_and_its_twin_is_left_out_however_late() {
        let mut twins = twins();
        assert_eq!(press(&mut twins, 1, Common), None);
        assert_eq!(twins.session(Span::seconds(2), Own, false).len(), 1, "what waits need not wait any longer");
        assert_eq!(press(&mut twins, 3, Common), Some(true));
        twins.session(Span::seconds(5_000), Own, true);
        assert_eq!(press(&mut twins, 5_001, Own), None);
        assert_eq!(press(&mut twins, 5_001, Own), None);
        assert_eq!(press(&mut twins, 5_002, Own), Some(false));
    }

    #[test]
    fn a_press_that_stood_in_and_comes_again_on_both_sessions_goes_on_no_second_time() {
        let mut twins = twins();
        assert_eq!(press(&mut twins, 1, Common), None);
        assert_eq!(twins.session(Span::seconds(2), Common, false).len(), 1, "it stands in");
        twins.session(Span::seconds(3), Common, true);
        assert_eq!(press(&mut twins, 4, Common), None, "handed out again, it waits");
        assert_eq!(press(&mut twins, 4, Own), None, "counted when it stood in");
        let again = twins.overdue(Span::seconds(8));
        assert!(again.len() == 1 && again[0].1.stands_in, "known by its number");
    }

    #[test]
    fn a_copy_that_a_flood_pushed_out_does_not_swallow_a_later_press() {
        let mut twins = twins();
        assert_eq!(press(&mut twins, 1, Own), Some(false));
        assert_eq!(press(&mut twins, 100, Common), None);
        assert_eq!(twins.overdue(Span::seconds(104)).len(), 1);
    }

    #[test]
    fn other_topics_and_kept_states_are_nobodys_twin_and_nothing_grows_without_bound() {
        let mut twins = twins();
        let mut passes = |topic: &str, retained| {
            let verdict = twins.common(Span::zero(), frame(topic, retained), Delivery::made_up(false, None));
            matches!(verdict, Verdict::Pass(..))
        };
        assert!(passes("zigbee2mqtt/hall", false) && passes(TOPIC, true) && !passes(TOPIC, false));
        for _ in 0..10_000 {
            press(&mut twins, 1, Common);
        }
        assert!(twins.waiting.len() <= WAITING_MAX && twins.passed.len() <= PASSED_MAX);
    }
}
