//! One message to a person of the staff, and what became of it: a row of the office.

use crate::desk::{AlertKey, Code, Matter, Summons};
use crate::model::ids::PersonId;
use crate::model::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};

/// A message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// When it was written.
    #[serde(with = "Millis", rename = "at_ms")]
    pub at: Timestamp,
    pub to: PersonId,
    pub kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<AlertKey>,
    /// How often the alert was reopened.
    #[serde(default)]
    pub spell: u32,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub code: String,
    pub text: String,
    /// It waits for no other, and for no limit of the hour.
    #[serde(default)]
    pub is_call: bool,
    pub state: State,
    /// When the network took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_ms: Option<i64>,
    /// The numbers of its parts of which the network has not said what became.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<u8>,
    /// How often the network could not deliver it.
    #[serde(default)]
    pub undelivered: u32,
    /// When the person answered a test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard_ms: Option<i64>,
}

/// What it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Alert,
    Untaken,
    NotDeparted,
    Overdue,
    Others,
    Over,
    NoWatcher,
    Daily,
    Test,
    /// An answer to an answer.
    Reply,
    /// No message: the person said that they cannot come.
    Declined,
    /// Of a newer program.
    #[serde(other)]
    Unknown,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// It has to be sent.
    Waits,
    /// The network has it.
    Taken,
    /// It was of no use any more before it was sent.
    Dropped,
    /// It cannot be delivered.
    Failed,
}

impl Kind {
    pub fn of(matter: Matter) -> Kind {
        match matter {
            Matter::Alert => Kind::Alert,
            Matter::Untaken(_) => Kind::Untaken,
            Matter::NotDeparted => Kind::NotDeparted,
            Matter::Overdue => Kind::Overdue,
            Matter::Others => Kind::Others,
            Matter::Over => Kind::Over,
            Matter::NoWatcher => Kind::NoWatcher,
            Matter::Daily(_) => Kind::Daily,
        }
    }

    /// What it was about, as far as the desk wants to know; nothing for what the desk never asked for.
    pub fn matter(self) -> Option<Matter> {
        Some(match self {
            Kind::Alert => Matter::Alert,
            Kind::Untaken => Matter::Untaken(0),
            Kind::NotDeparted => Matter::NotDeparted,
            Kind::Overdue => Matter::Overdue,
            Kind::Others => Matter::Others,
            Kind::Over => Matter::Over,
            Kind::NoWatcher => Matter::NoWatcher,
            Kind::Daily | Kind::Test | Kind::Reply | Kind::Declined | Kind::Unknown => return None,
        })
    }

    pub fn is_reminder(self) -> bool {
        matches!(self, Kind::Untaken | Kind::NotDeparted | Kind::Overdue)
    }
}

impl Entry {
    /// What has to be sent.
    pub fn new(at: Timestamp, to: PersonId, kind: Kind, text: String) -> Entry {
        Entry {
            at,
            to,
            kind,
            alert: None,
            spell: 0,
            code: String::new(),
            text,
            is_call: false,
            state: State::Waits,
            taken_ms: None,
            references: Vec::new(),
            undelivered: 0,
            heard_ms: None,
        }
    }

    /// What the desk wants somebody to be told.
    pub fn of(at: Timestamp, summons: &Summons, code: Option<Code>, text: String) -> Entry {
        let Summons { to, matter, alert, spell, .. } = summons;
        let code = code.map(|code| code.to_string()).unwrap_or_default();
        let (alert, spell, is_call) = (alert.clone(), *spell, *matter != Matter::Others && *matter != Matter::Over);
        Entry { alert, spell, code, is_call, ..Entry::new(at, to.clone(), Kind::of(*matter), text) }
    }
}
