//! A test of the ways out from end to end, by hand or once a week: its notice goes as that of an alert goes, by every way at
//! once, and each way is followed until it has answered for itself.
//!
//! It ends when all have, or after [`LASTS_AT_MOST`]: a modem may need a minute. A way that gave no answer is lost then (see
//! [`super::paths::Paths::failed_test`]), which is told by the others.

use super::Gateway;
use super::turn::Told;
use crate::clock::Reading;
use crate::model::alert::AlertId;
use crate::model::ids::ChannelName;
use crate::model::reason::{Class, WayOut};
use crate::model::time::Span;
use crate::wire::Receipt;
use crate::wire::local::{Answer, TestCourse, WayState, WayTried};

/// The tests of this run.
#[derive(Default)]
pub struct Testing {
    /// The newest one; it goes on until its end is counted.
    newest: Option<Course>,
}

/// One test.
struct Course {
    alert: AlertId,
    by_hand: bool,
    begun: Span,
    unanswered: Option<u32>,
    ways: Vec<Tried>,
}

/// One way in it.
struct Tried {
    way: WayOut,
    kind: &'static str,
    /// Of its row in the outbox.
    key: String,
    came: Came,
}

/// What came of one way.
#[derive(Debug, Clone, PartialEq)]
pub enum Came {
    /// Nothing yet; what failed last, in words.
    Waits {
        /// Empty where nothing failed.
        why: String,
    },
    /// Who is at the end holds it and said so; when, since boot.
    Answered(Span),
    /// The channel handed it over, and expects no word from the end; when, since boot.
    Taken(Span),
    /// Nothing was sent: the channel does not tell of tests.
    NotTold,
}

impl Testing {
    /// Something became of a row of the outbox. What has come stays.
    pub fn came(&mut self, channel: &str, key: &str, came: Came) {
        let Some(course) = self.newest.as_mut().filter(|course| course.unanswered.is_none()) else { return };
        let is_it = |tried: &&mut Tried| tried.way.channel.as_str() == channel && tried.key == key;
        if let Some(tried) = course.ways.iter_mut().find(is_it).filter(|tried| tried.is_waiting()) {
            tried.came = came;
        }
    }

    /// A station sent its receipt by this channel.
    pub fn receipt(&mut self, since_boot: Span, channel: &str, receipt: &Receipt) {
        let key = super::turn::key(&receipt.point, receipt.alert, receipt.step);
        self.came(channel, &key, Came::Answered(since_boot));
    }

    fn goes_on(&self) -> Option<&Course> {
        self.newest.as_ref().filter(|course| course.unanswered.is_none())
    }
}

impl Course {
    fn new(now: Reading, by_hand: bool, told: Told, kind_of: impl Fn(&ChannelName) -> &'static str) -> Course {
        let tried = |(way, key): (WayOut, String)| {
            let kind = kind_of(&way.channel);
            Tried { way, kind, key, came: Came::Waits { why: String::new() } }
        };
        let ways = told.ways.into_iter().map(tried).collect();
        Course { alert: told.alert, by_hand, begun: now.since_boot, unanswered: None, ways }
    }

    fn is_at_its_end(&self, since_boot: Span) -> bool {
        since_boot - self.begun >= LASTS_AT_MOST || !self.ways.iter().any(Tried::is_waiting)
    }

    fn as_said(&self) -> TestCourse {
        TestCourse {
            number: self.alert.number,
            by_hand: self.by_hand,
            over: self.unanswered.is_some(),
            unanswered: self.unanswered,
            ways: self.ways.iter().map(|tried| tried.as_said(self)).collect(),
        }
    }
}

impl Tried {
    fn is_waiting(&self) -> bool {
        matches!(self.came, Came::Waits { .. })
    }

    /// Why there was no answer, where there was none.
    fn why(&self) -> Option<&str> {
        let Came::Waits { why } = &self.came else { return None };
        Some(if why.is_empty() { NO_ANSWER } else { why })
    }

    fn as_said(&self, course: &Course) -> WayTried {
        let after = |at: &Span| u64::try_from((*at - course.begun).num_milliseconds()).ok();
        let (state, after_ms, why) = match &self.came {
            Came::Waits { .. } if course.unanswered.is_some() => {
                (WayState::Failed, None, self.why().unwrap_or_default())
            }
            Came::Waits { why } => (WayState::Waits, None, why.as_str()),
            Came::Answered(at) => (WayState::Answered, after(at), ""),
            Came::Taken(at) => (WayState::Taken, after(at), ""),
            Came::NotTold => (WayState::NotTold, None, ""),
        };
        let WayOut { channel, point } = self.way.clone();
        WayTried { channel, kind: self.kind.to_owned(), point, state, after_ms, why: why.to_owned() }
    }
}

impl Gateway {
    /// Somebody at the box wants a test; what is answered when it is on the disk, or why there is none.
    pub(super) fn test_by_hand(&mut self, now: Reading) -> Result<Vec<String>, String> {
        if let Some(course) = self.testing.goes_on() {
            let whose = if course.by_hand { "begun by hand" } else { "the weekly one" };
            return Ok(vec![format!("a test goes on already ({whose}): alert {}", course.alert.number)]);
        }
        match self.begin_test(now, true) {
            Some(ways) => {
                Ok(vec![format!("a test has begun on {ways} ways out, marked as a test wherever it is shown")])
            }
            None => Err("no way out of this home leads to a service point: there is nothing to test".to_owned()),
        }
    }

    /// How the newest test went, or goes.
    pub(super) fn test_result(&self) -> Answer {
        match &self.testing.newest {
            Some(course) => Answer { test: Some(course.as_said()), ..Answer::done(Vec::new()) },
            None => Answer::refused("no way out was tested since this gateway started; begin with {\"ask\":\"test\"}"),
        }
    }

    /// Once a second: one that is at its end is ended, and the weekly one is begun when its time has come.
    pub(super) fn follow_test(&mut self, now: Reading) {
        if self.testing.goes_on().is_some_and(|course| course.is_at_its_end(now.since_boot)) {
            self.end_test(now);
        }
        if self.rounds.is_multiple_of(WEEKLY_LOOKED_AT_SECS)
            && self.testing.goes_on().is_none()
            && self.is_week_over(now)
        {
            tracing::info!("the weekly test of the ways out");
            self.begin_test(now, false);
        }
    }

    /// Begins one; on how many ways.
    fn begin_test(&mut self, now: Reading, by_hand: bool) -> Option<usize> {
        let spares_people = super::turn::spares_people(&self.plan.home.zone, by_hand, now.wall);
        let is_tested = |channel: &super::plan::Channel| {
            let leads_to_a_point = self.plan.circle.points.iter().any(|point| point.id == channel.point);
            leads_to_a_point && !(spares_people && channel.settings.tells_people())
        };
        if !self.plan.channels.iter().any(is_tested) {
            return None;
        }
        let told = self.turn.test(now, by_hand)?;
        let ways = &self.plan.ways;
        let kind_of = |channel: &ChannelName| {
            ways.iter().find(|(name, _)| name == channel).map_or("", |(_, settings)| settings.kind())
        };
        let course = Course::new(now, by_hand, told, kind_of);
        let count = course.ways.len();
        self.testing.newest = Some(course);
        self.status_is_old = true;
        Some(count)
    }

    fn end_test(&mut self, now: Reading) {
        let Some(course) = &mut self.testing.newest else { return };
        let mut unanswered = 0;
        for tried in &course.ways {
            let Some(why) = tried.why() else { continue };
            let WayOut { channel, point } = &tried.way;
            tracing::warn!(%channel, %point, why, "a way out gave no answer in a test");
            unanswered += 1;
            self.turn.give_up(&tried.way, &tried.key);
            self.paths.failed_test(&tried.way, course.begun, why);
        }
        course.unanswered = Some(unanswered);
        tracing::info!(ways = course.ways.len(), unanswered, "the test of the ways out is over");
        self.turn.tested(now, unanswered);
        self.status_is_old = true;
    }

    /// Whether the weekly test is to begin now. It never comes amid what is about the person, nor before the ways had time to
    /// be opened; it waits, for a day at most.
    fn is_week_over(&mut self, now: Reading) -> bool {
        self.turn.tests.watched(now.wall);
        let Some(when) = self.plan.weekly_test.filter(|_| self.turn.clock_trusted) else { return false };
        let runs_for = now.wall - self.started_at;
        runs_for >= SETTLES
            && self.turn.tests.is_due(when, &self.plan.home.zone, now.wall)
            && !self.is_person_about(now)
    }

    fn is_person_about(&self, now: Reading) -> bool {
        let is_of_person = |class: Class| matches!(class, Class::Person | Class::Check);
        let mut alerts = self.turn.engine.alerts().filter(|alert| is_of_person(alert.reason.class()));
        alerts.any(|alert| {
            let moved_at = alert.steps.last().map_or(alert.id.raised_at, |step| step.at);
            alert.phase.is_open() || now.wall - moved_at < QUIET
        })
    }
}

const NO_ANSWER: &str = "there was no answer";
/// A modem may need a minute, a way that has just broken is tried a few times.
const LASTS_AT_MOST: Span = Span::minutes(2);
const WEEKLY_LOOKED_AT_SECS: u64 = 5;
/// After a start the ways are opened first.
const SETTLES: Span = Span::minutes(3);
/// So long after what was about the person nobody is disturbed by a test.
const QUIET: Span = Span::minutes(10);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::from_millis;

    fn way(channel: &str) -> WayOut {
        WayOut { channel: channel.parse().unwrap(), point: "lehe".parse().unwrap() }
    }

    fn course(ways: &[&str]) -> Testing {
        let alert = AlertId { number: 7, raised_at: from_millis(1_000) };
        let key = super::super::turn::key(&"lehe".parse().unwrap(), alert, 1);
        let ways = ways.iter().map(|channel| (way(channel), key.clone())).collect();
        let now = Reading { wall: from_millis(1_000), since_boot: Span::seconds(50) };
        Testing { newest: Some(Course::new(now, true, Told { alert, ways }, |_| "webhook")) }
    }

    fn receipt() -> Receipt {
        let text =
            r#"{"v":1,"home":"made-up-1","alert":{"number":7,"raised_at_ms":1000},"step":1,"point":"lehe","at_ms":5}"#;
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_receipt_speaks_for_the_channel_it_came_by_alone() {
        let mut testing = course(&["broker", "https"]);
        testing.receipt(Span::seconds(51), "broker", &receipt());
        let said = testing.newest.as_ref().unwrap().as_said();
        assert_eq!(said.ways[0].state, WayState::Answered);
        assert_eq!((said.ways[0].after_ms, said.ways[1].state), (Some(1_000), WayState::Waits));
        assert!(!testing.newest.as_ref().unwrap().is_at_its_end(Span::seconds(169)));
        testing.receipt(Span::seconds(52), "https", &Receipt { step: 2, ..receipt() });
        assert!(!testing.newest.as_ref().unwrap().is_at_its_end(Span::seconds(169)), "a receipt for another step");
        testing.receipt(Span::seconds(53), "https", &receipt());
        assert!(testing.newest.as_ref().unwrap().is_at_its_end(Span::seconds(53)));
    }

    #[test]
    fn a_way_that_fails_may_still_answer_and_what_has_answered_stays() {
        let mut testing = course(&["one", "two"]);
        let key = testing.newest.as_ref().unwrap().ways[0].key.clone();
        let why = || "connection refused".to_owned();
        testing.came("one", &key, Came::Waits { why: why() });
        testing.came("one", &key, Came::Taken(Span::seconds(60)));
        testing.came("one", &key, Came::Waits { why: why() });
        testing.came("two", &key, Came::Waits { why: why() });
        let course = testing.newest.as_mut().unwrap();
        assert!(course.is_at_its_end(Span::seconds(170)));
        assert_eq!(course.ways[1].why(), Some("connection refused"));
        course.unanswered = Some(1);
        let said = course.as_said();
        assert_eq!((said.ways[0].state, said.ways[1].state), (WayState::Taken, WayState::Failed));
        assert_eq!(said.ways[1].why, "connection refused");
        testing.came("two", &key, Came::Taken(Span::seconds(180)));
        assert_eq!(testing.newest.unwrap().as_said().ways[1].state, WayState::Failed, "too late");
    }
}
