//! What is said at the gateway's local socket, by whoever stands at the box: one JSON line in, one out.
//!
//! The socket is `gateway.sock` in the state directory. Who may open it is the business of the file's rights (0660, the
//! daemon's user and group): there is no other login. A line is at most [`LINE_BYTES_MAX`] long, and one that does not come
//! within seconds is not waited for.
//!
//! ```text
//! {"v":1,"ask":"begin","kind":"hospital","owner":"p-03","why":"hip","until":"3d"}
//! {"v":1,"ask":"end","kind":"hospital","owner":"p-03"}
//! {"v":1,"ask":"list"}
//! {"v":1,"ask":"test"}
//! {"v":1,"ask":"test_result"}
//! ```
//!
//! The answer says whether it was done, and in English what that means or why it was refused:
//! `{"v":1,"done":true,"words":["…"]}`. What is done is on the disk when the answer comes.

use crate::model::ids::{ChannelName, PointId};
use crate::model::suspension::Absence;
use crate::wire::Wire;
use serde::{Deserialize, Serialize};

/// The socket's name in the state directory.
pub const SOCKET: &str = "gateway.sock";

/// No line is longer.
pub const LINE_BYTES_MAX: usize = 4096;

/// A line to the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "SocketQuestion"))]
pub struct Question {
    /// 1.
    pub v: u32,
    /// What is asked.
    #[serde(flatten)]
    pub ask: Ask,
}

/// What can be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "ask")]
pub enum Ask {
    /// The home is other than usual from now on.
    Begin {
        /// Why.
        kind: Absence,
        /// Who answers for it.
        owner: String,
        /// In words.
        why: String,
        /// Its end as a person writes it: only the gateway knows the clock on the wall of the home.
        until: String,
    },
    /// Over before its end.
    End {
        /// Which.
        kind: Absence,
        /// Who says so.
        owner: String,
    },
    /// What holds, and what will.
    List,
    /// Tries every way out from end to end; while a test goes on, no other begins.
    Test,
    /// How the newest test went, or goes.
    TestResult,
}

/// The gateway's line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "SocketAnswer"))]
pub struct Answer {
    /// 1.
    pub v: u32,
    /// Done, or refused.
    pub done: bool,
    /// What that means, or why not.
    pub words: Vec<String>,
    /// To `test_result`: the newest test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<TestCourse>,
}

/// A test of the ways out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TestCourse {
    /// Its alert's number.
    pub number: u64,
    /// Somebody wanted it; else it is the weekly one.
    pub by_hand: bool,
    /// It goes on no longer.
    pub over: bool,
    /// So many ways gave no answer; absent while it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unanswered: Option<u32>,
    /// Every way that was tried.
    pub ways: Vec<WayTried>,
}

/// One way in a test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct WayTried {
    /// The channel.
    pub channel: ChannelName,
    /// Its kind, as the key in the configuration: `station_mqtt`, `sms` …
    pub kind: String,
    /// The point it leads to.
    pub point: PointId,
    /// What came of it.
    pub state: WayState,
    /// So long after the beginning of the test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_ms: Option<u64>,
    /// What failed last, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// What came of a way in a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum WayState {
    /// Who is at its end holds the test and said so.
    Answered,
    /// Handed over to what the channel ends at; no word comes from there.
    Taken,
    /// Nothing was sent: this channel does not tell of tests.
    NotTold,
    /// There was no answer before the test was over.
    Failed,
    /// There is no answer yet. Also what a newer version may say.
    #[serde(other)]
    Waits,
}

impl Wire for Question {}
impl Wire for Answer {}

impl Answer {
    /// It is done.
    pub fn done(words: Vec<String>) -> Answer {
        Answer { v: super::VERSION, done: true, words, test: None }
    }

    /// It is not.
    pub fn refused(why: impl Into<String>) -> Answer {
        Answer { v: super::VERSION, done: false, words: vec![why.into()], test: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_handbook_is_read() {
        let pages = [include_str!("../../docs/suspend.md"), include_str!("../../docs/test-alert.md")];
        let lines = pages.iter().flat_map(|page| page.lines()).filter(|line| line.starts_with('{'));
        let (mut questions, mut answers, mut suspensions) = (0, 0, 0);
        for line in lines.map(str::as_bytes) {
            questions += usize::from(Question::from_bytes(line).is_ok());
            answers += usize::from(Answer::from_bytes(line).is_ok());
            suspensions += usize::from(crate::model::suspension::Suspend::from_bytes(line).is_ok());
        }
        assert_eq!((questions, answers, suspensions), (5, 4, 2));
    }

    #[test]
    fn a_question_is_read_whole_or_not_at_all() {
        let line = br#"{"v":1,"ask":"begin","kind":"hospital","owner":"p-03","why":"hip","until":"3d"}"#;
        let (owner, why, until) = ("p-03".to_owned(), "hip".to_owned(), "3d".to_owned());
        let ask = Ask::Begin { kind: Absence::Hospital, owner, why, until };
        let question = Question { v: 1, ask };
        assert_eq!(Question::from_bytes(line).unwrap(), question);
        assert_eq!(question.to_bytes(), line);
        for endless in
            ["begin\",\"until\":\"3d", "end", "begin\",\"kind\":\"hospital\",\"owner\":\"p-03\",\"why\":\"hip"]
        {
            assert!(Question::from_bytes(format!(r#"{{"v":1,"ask":"{endless}"}}"#).as_bytes()).is_err());
        }
    }
}
