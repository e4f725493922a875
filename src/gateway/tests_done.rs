//! Which tests of the ways out the history holds, and when the weekly one is due: pure, time is an argument.
//!
//! The history is the only state, so nothing is asked twice because of a restart.

use crate::model::recorded::Recorded;
use crate::model::time::{Span, Timestamp, Zone};
use crate::model::week_time::WeekTime;

/// What is known of tests.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TestsDone {
    /// When this home began to be watched. It moves along when the clock is set: a box without a battery clock begins long ago.
    since: Option<Timestamp>,
    /// By the clock on the wall as it was: a weekly test comes only while it can be believed.
    newest: Option<TestDone>,
}

/// A test of the ways out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TestDone {
    /// When it was begun.
    pub at: Timestamp,
    /// Somebody wanted it.
    pub by_hand: bool,
    /// So many ways gave no answer; absent while it goes on.
    pub unanswered: Option<u32>,
}

impl TestsDone {
    /// A line of the history.
    pub fn recall(&mut self, line: &Recorded) {
        self.watched(line.at());
        match line {
            Recorded::Test { at, by_hand } => self.begun(*at, *by_hand),
            Recorded::Tested { unanswered, .. } => self.ended(*unanswered),
            Recorded::ClockStepped { by, .. } => self.shift(*by),
            Recorded::Observed(_)
            | Recorded::HeardBefore(_)
            | Recorded::Step { .. }
            | Recorded::Link { .. }
            | Recorded::Started { .. }
            | Recorded::Flooded { .. }
            | Recorded::Suspended { .. }
            | Recorded::Day(_)
            | Recorded::Watching { .. }
            | Recorded::Configured { .. }
            | Recorded::ClockTrusted { .. }
            | Recorded::Asked { .. }
            | Recorded::Received { .. }
            | Recorded::Trouble { .. }
            | Recorded::HistoryCut { .. }
            | Recorded::TroubleOver { .. } => {}
        }
    }

    /// The home is watched at this instant.
    pub fn watched(&mut self, at: Timestamp) {
        self.since.get_or_insert(at);
    }

    /// One began.
    pub fn begun(&mut self, at: Timestamp, by_hand: bool) {
        self.newest = Some(TestDone { at, by_hand, unanswered: None });
    }

    /// It has gone its ways.
    pub fn ended(&mut self, unanswered: u32) {
        if let Some(newest) = &mut self.newest {
            newest.unanswered = Some(unanswered);
        }
    }

    /// The clock was set.
    pub fn shift(&mut self, by: Span) {
        self.since = self.since.map(|since| since + by);
    }

    /// The newest one.
    pub fn newest(&self) -> Option<TestDone> {
        self.newest
    }

    /// Whether the weekly test is to be begun now: its time has come since this home is watched, no longer ago than a day, and
    /// nothing was tested since. One that was done in the future, by a clock that was wrong, counts for as long as a week.
    pub fn is_due(&self, when: WeekTime, zone: &Zone, now: Timestamp) -> bool {
        let (Some(since), Some(slot)) = (self.since, when.newest(zone, now)) else { return false };
        let newest = self.newest.map(|test| test.at).filter(|at| *at <= now + WEEK);
        since < slot && now - slot <= LATE_AT_MOST && newest.is_none_or(|at| at < slot)
    }
}

const LATE_AT_MOST: Span = Span::hours(24);
const WEEK: Span = Span::days(7);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("{text}:00Z").parse().unwrap()
    }

    fn watched_since(text: &str) -> TestsDone {
        let mut done = TestsDone::default();
        done.recall(&Recorded::Started { at: at(text), blind_since: None });
        done
    }

    /// Wednesday is 2026-11-25 there; 10:00 in Shanghai is 02:00 UTC.
    fn is_due(done: &TestsDone, now: &str) -> bool {
        done.is_due("Wed 10:00".parse().unwrap(), &Zone::named("Asia/Shanghai").unwrap(), at(now))
    }

    fn tested(done: &mut TestsDone, when: &str) {
        done.recall(&Recorded::Test { at: at(when), by_hand: false });
        done.recall(&Recorded::Tested { at: at(when), unanswered: 0 });
    }

    #[test]
    fn it_comes_once_a_week_and_a_restart_changes_nothing() {
        let mut done = watched_since("2026-11-20T00:00");
        let mut begun = Vec::new();
        for minute in 0..30 * 24 * 60 {
            let now = at("2026-11-20T00:00") + Span::minutes(minute);
            if done.is_due("Wed 10:00".parse().unwrap(), &Zone::named("Asia/Shanghai").unwrap(), now) {
                done.recall(&Recorded::Test { at: now, by_hand: false });
                begun.push(now);
                // All that a restart knows is what stands in the history.
                done = watched_since("2026-11-20T00:00");
                done.recall(&Recorded::Test { at: now, by_hand: false });
            }
        }
        let weeks = ["2026-11-25T02:00", "2026-12-02T02:00", "2026-12-09T02:00", "2026-12-16T02:00"];
        assert_eq!(begun, weeks.map(at));
    }

    #[test]
    fn a_first_start_tests_nothing_of_before_and_one_that_was_down_makes_it_up_for_a_day() {
        let first = watched_since("2026-11-25T02:01");
        assert!(!is_due(&first, "2026-11-25T02:02") && is_due(&first, "2026-12-02T02:00"));
        assert!(!is_due(&TestsDone::default(), "2026-11-25T02:02"), "without a history nothing is known");
        let down = watched_since("2026-11-20T00:00");
        assert!(!is_due(&down, "2026-11-25T01:59"));
        assert!(is_due(&down, "2026-11-25T02:00") && is_due(&down, "2026-11-26T02:00"));
        assert!(!is_due(&down, "2026-11-26T02:01"), "too late: next week");
    }

    #[test]
    fn one_by_hand_does_for_the_week_when_it_came_after_the_time() {
        let mut done = watched_since("2026-11-20T00:00");
        done.begun(at("2026-11-25T01:30"), true);
        assert!(is_due(&done, "2026-11-25T02:00"));
        done.begun(at("2026-11-25T02:30"), true);
        assert!(!is_due(&done, "2026-11-25T03:00") && is_due(&done, "2026-12-02T02:00"));
    }

    #[test]
    fn a_clock_that_is_set_brings_none_twice_and_a_box_that_began_long_ago_none_at_its_first_start() {
        let mut done = watched_since("2026-11-20T00:00");
        tested(&mut done, "2026-11-25T02:00");
        done.recall(&Recorded::ClockStepped { at: at("2026-11-25T01:05"), by: -Span::hours(1) });
        assert!(!is_due(&done, "2026-11-25T02:00"), "the same time once more");
        assert!(is_due(&done, "2026-12-02T02:00"));
        let mut no_battery = watched_since("1970-01-01T00:00");
        let by = at("2026-11-25T05:00") - at("1970-01-01T00:01");
        no_battery.recall(&Recorded::ClockStepped { at: at("2026-11-25T05:00"), by });
        assert!(!is_due(&no_battery, "2026-11-25T05:01") && is_due(&no_battery, "2026-12-02T02:00"));
        let mut far_ahead = watched_since("2026-11-20T00:00");
        tested(&mut far_ahead, "2027-11-24T02:00");
        far_ahead.recall(&Recorded::ClockStepped { at: at("2026-11-24T02:00"), by: -Span::days(365) });
        far_ahead.since = Some(at("2026-11-20T00:00"));
        assert!(is_due(&far_ahead, "2026-11-25T02:00"), "a test of next year keeps none away for a year");
    }
}
