//! Radio codes that mean nothing by themselves: the config says which code of which remote, PIR or door means what.
//!
//! ```toml
//! codes = { "bc7de4" = "sos" }                                              # a pendant
//! codes = { "22670e" = "motion", "226707" = "motion_end", "22670f" = "battery_low" }   # a PIR with three codes
//! ```
//!
//! Codes of EV1527 and PT2262 are fixed, unauthenticated and can be repeated by anybody, and noise makes new ones: only what is
//! registered is ever more than a note for the technician.

use crate::devices::lenient;
use crate::model::observation::{Measure, Press};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What a code says, as written in a config.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // the names are the field's own
pub enum Means {
    Motion,
    MotionEnd,
    Presence,
    PresenceEnd,
    #[serde(alias = "button")]
    Sos,
    Single,
    Double,
    Long,
    Open,
    Closed,
    Leak,
    LeakEnd,
    Smoke,
    SmokeEnd,
    Gas,
    GasEnd,
    Vibration,
    On,
    Off,
    Tamper,
    TamperEnd,
    BatteryLow,
    Alive,
}

impl Means {
    /// The reading it stands for.
    pub fn measure(self) -> Measure {
        match self {
            Means::Motion => Measure::Motion(true),
            Means::MotionEnd => Measure::Motion(false),
            Means::Presence => Measure::Presence(true),
            Means::PresenceEnd => Measure::Presence(false),
            Means::Sos => Measure::Button(Press::Sos),
            Means::Single => Measure::Button(Press::Single),
            Means::Double => Measure::Button(Press::Double),
            Means::Long => Measure::Button(Press::Long),
            Means::Open => Measure::Contact(true),
            Means::Closed => Measure::Contact(false),
            Means::Leak => Measure::Leak(true),
            Means::LeakEnd => Measure::Leak(false),
            Means::Smoke => Measure::Smoke(true),
            Means::SmokeEnd => Measure::Smoke(false),
            Means::Gas => Measure::Gas(true),
            Means::GasEnd => Measure::Gas(false),
            Means::Vibration => Measure::Vibration(true),
            Means::On => Measure::Switch(true),
            Means::Off => Measure::Switch(false),
            Means::Tamper => Measure::Tamper(true),
            Means::TamperEnd => Measure::Tamper(false),
            Means::BatteryLow => Measure::BatteryLow(true),
            Means::Alive => Measure::Alive,
        }
    }
}

/// The codes of one sensor and what each of them says; letter case does not count. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "BTreeMap<String, Means>")]
pub struct Codes(BTreeMap<String, Means>);

impl TryFrom<BTreeMap<String, Means>> for Codes {
    type Error = String;
    fn try_from(written: BTreeMap<String, Means>) -> Result<Self, String> {
        let mut codes = BTreeMap::new();
        let mut spellings: BTreeMap<String, String> = BTreeMap::new();
        for (spelling, means) in written {
            let code = spelling.trim().to_lowercase();
            if let Some(before) = spellings.get(&code) {
                return Err(format!(
                    "the code {code} is written twice, as {before:?} and as {spelling:?}; leave one of them"
                ));
            }
            codes.insert(code.clone(), means);
            spellings.insert(code, spelling);
        }
        match codes.keys().find(|code| code.is_empty() || code.contains(['#', '+'])) {
            Some(code) => Err(format!("{code:?} is no code; write it as `carecircle listen` shows it")),
            None if codes.is_empty() => Err("no code is named; write codes = { \"bc7de4\" = \"sos\" }".to_owned()),
            None => Ok(Codes(codes)),
        }
    }
}

impl Codes {
    /// An error that names the first code that is none and what would be `right`: "its six hexadecimal digits, as …".
    pub fn check(&self, is_code: impl Fn(&str) -> bool, right: &str) -> Result<(), String> {
        match self.0.keys().find(|code| !is_code(code)) {
            Some(code) => Err(format!("{code:?} is no code that can be heard; write {right}")),
            None => Ok(()),
        }
    }

    /// All codes, for the name of the device: `22670e+226707`.
    pub fn joined(&self) -> String {
        self.0.keys().map(String::as_str).collect::<Vec<_>>().join("+")
    }

    /// What `code` says, where it is one of them.
    pub fn means(&self, code: &str) -> Option<Means> {
        self.0.get(&*lenient::lower_case(code)).copied()
    }

    /// What they say, one of each.
    pub fn says(&self) -> Vec<Measure> {
        self.0.values().map(|means| means.measure()).collect()
    }

    /// Every code with what it says.
    pub fn all(&self) -> impl Iterator<Item = (&str, Means)> {
        self.0.iter().map(|(code, means)| (code.as_str(), *means))
    }
}

/// Hexadecimal digits that are not all nought: what receivers say of noise is never a code.
pub fn is_hex(code: &str) -> bool {
    code.bytes().all(|digit| digit.is_ascii_hexdigit()) && code.bytes().any(|digit| digit != b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_known_whatever_their_letter_case_and_others_are_not() {
        let codes: Codes = serde_json::from_str(r#"{"BC7DE4":"button","22670e":"motion"}"#).unwrap();
        assert_eq!(codes.joined(), "22670e+bc7de4");
        assert_eq!(codes.means("bc7DE4"), Some(Means::Sos));
        assert_eq!(codes.means("bc7de5"), None);
        assert_eq!(serde_json::from_str::<Means>(r#""motion_end""#).unwrap().measure(), Measure::Motion(false));
    }

    #[test]
    fn two_spellings_of_one_code_are_a_mistake_that_names_both() {
        let why = serde_json::from_str::<Codes>(r#"{"BC7DE4":"sos","22670e":"motion","bc7de4 ":"alive"}"#).unwrap_err();
        let why = why.to_string();
        assert!(why.contains("written twice") && why.contains("\"BC7DE4\"") && why.contains("\"bc7de4 \""), "{why}");
    }

    #[test]
    fn no_code_at_all_is_a_mistake() {
        for written in ["{}", r#"{"":"sos"}"#, r#"{"a#b":"sos"}"#, r#"{"a":"call"}"#] {
            assert!(serde_json::from_str::<Codes>(written).is_err(), "{written}");
        }
    }
}
