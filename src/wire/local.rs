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
//! ```
//!
//! The answer says whether it was done, and in English what that means or why it was refused:
//! `{"v":1,"done":true,"words":["…"]}`. What is done is on the disk when the answer comes.

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
}

impl Wire for Question {}
impl Wire for Answer {}

impl Answer {
    /// It is done.
    pub fn done(words: Vec<String>) -> Answer {
        Answer { v: super::VERSION, done: true, words }
    }

    /// It is not.
    pub fn refused(why: impl Into<String>) -> Answer {
        Answer { v: super::VERSION, done: false, words: vec![why.into()] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_handbook_is_read() {
        let lines = include_str!("../../docs/suspend.md").lines().filter(|line| line.starts_with('{'));
        let (mut questions, mut answers, mut suspensions) = (0, 0, 0);
        for line in lines.map(str::as_bytes) {
            questions += usize::from(Question::from_bytes(line).is_ok());
            answers += usize::from(Answer::from_bytes(line).is_ok());
            suspensions += usize::from(crate::model::suspension::Suspend::from_bytes(line).is_ok());
        }
        assert_eq!((questions, answers, suspensions), (3, 2, 2));
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
