//! Every sentence a person reads, in zh-Hans and English, from one table per subject.
//!
//! Page, log and replay print the same words because they all come from here. Text from outside (places, notes,
//! sensor names) goes through [`shown`], so that it cannot reorder or flood a line.

mod commissioning;
mod group;
mod labels;
mod last_resort;
mod links;
mod names;
pub(crate) mod reason;
mod report;
mod say;
mod sms;
mod step;
mod summons;
mod suspension;
mod terms;
mod when;

pub use commissioning::{commissioning, outcome_of_walk, sensor_kind};
pub use group::{ForGroup, and_more, for_group, matter};
pub use labels::{has_label, label, label_named};
pub use last_resort::{LastResort, last_resort};
pub use links::link_name;
pub use names::{counted, room, shown};
pub use reason::{headline, reason};
pub use report::{condition, report, weekdays};
pub use say::{ForCall, to_say};
pub use sms::{Answers, Mark, Sms, sms, sms_over};
pub use step::{actor, deed_done, refusal, step};
pub use summons::{Summons, summons};
pub use suspension::{what_changes, what_stays};
pub use terms::{
    absence, audited, button, call_result, class, contact, outcome, phase, proof, relation, reminder, role, rule,
    severity, via,
};
pub use when::{clock_time, date_time, duration, hour_minute};

use crate::model::ids::PersonId;
use serde::{Deserialize, Serialize};

/// A language people read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub enum Language {
    /// Simplified Chinese.
    #[default]
    #[serde(rename = "zh")]
    Chinese,
    /// English.
    #[serde(rename = "en")]
    English,
}

impl Language {
    /// Both.
    pub const ALL: [Language; 2] = [Language::Chinese, Language::English];

    /// The short word for it in configs and cookies.
    pub fn as_str(self) -> &'static str {
        match self {
            Language::Chinese => "zh",
            Language::English => "en",
        }
    }

    /// The tag for a page's `lang` attribute.
    pub fn tag(self) -> &'static str {
        match self {
            Language::Chinese => "zh-Hans",
            Language::English => "en",
        }
    }

    /// The one of two texts that is in this language.
    pub fn pick<T>(self, chinese: T, english: T) -> T {
        match self {
            Language::Chinese => chinese,
            Language::English => english,
        }
    }
}

impl std::str::FromStr for Language {
    type Err = String;
    fn from_str(text: &str) -> Result<Language, String> {
        Language::ALL
            .into_iter()
            .find(|language| language.as_str() == text)
            .ok_or_else(|| format!("{text:?} is no language of this program; write \"zh\" or \"en\""))
    }
}

/// Finds the name of a person of the station; without one the id is shown.
pub type Names<'a> = &'a dyn Fn(&PersonId) -> Option<String>;

/// Knows nobody's name: for logs and replay, which carry ids only.
pub fn no_names(_: &PersonId) -> Option<String> {
    None
}
