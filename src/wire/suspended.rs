//! The part of a heartbeat that tells which suspensions hold in a home, and which it did not take.
//!
//! `down/suspension` has no answer of its own: what a station asked for is in `suspended` of the next heartbeat, which is
//! sent within a second, or in `refused` with the `id` that the station gave it. A heartbeat goes to every point of the home, so a
//! station looks for its own ids. A refusal is repeated for an hour, and forgotten by a restart.

use crate::model::suspension::{Absence, Suspension};
use crate::model::time::{Millis, Timestamp};
use serde::{Deserialize, Deserializer, Serialize};

/// A suspension as a home tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct InForce {
    /// Why; absent where the home knows a kind that this program does not.
    #[serde(default, deserialize_with = "if_known")]
    pub kind: Option<Absence>,
    /// Who answers for it.
    pub owner: String,
    /// In words.
    #[serde(default)]
    pub why: String,
    /// From when on, by the home's clock.
    #[serde(with = "Millis", rename = "from_ms")]
    pub from: Timestamp,
    /// Its end, by the home's clock.
    #[serde(with = "Millis", rename = "until_ms")]
    pub until: Timestamp,
}

impl From<&Suspension> for InForce {
    fn from(suspension: &Suspension) -> InForce {
        InForce {
            kind: Some(suspension.kind),
            owner: suspension.owner.clone(),
            why: suspension.why.clone(),
            from: suspension.from,
            until: suspension.until,
        }
    }
}

/// A suspension that a home did not take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "SuspensionRefused"))]
pub struct Refusal {
    /// The station's own name for it, where it gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Why, for a person.
    pub why: String,
    /// When, by the home's clock.
    #[serde(with = "Millis", rename = "at_ms")]
    pub at: Timestamp,
}

/// A home may be newer than its station: a kind that is not known must not make its heartbeat unreadable.
fn if_known<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Absence>, D::Error> {
    let kind = Option::<String>::deserialize(from)?;
    Ok(kind.and_then(|word| Absence::ALL.into_iter().find(|kind| kind.as_str() == word)))
}

#[cfg(test)]
mod tests {
    use crate::wire::{Heartbeat, Wire};

    const BEAT: &str = r#"{"v":1,"home":"ky-0412","seq":1,"run":1,"at_ms":5,"clock_trusted":true,"version":"0.1.0",
        "config_hash":"x","open_alerts":0,"blind":false,"sensors":[]"#;

    #[test]
    fn a_heartbeat_of_an_older_and_of_a_newer_home_is_read() {
        let older = Heartbeat::from_bytes(format!("{BEAT}}}").as_bytes()).unwrap();
        assert!(older.suspended.is_empty() && older.refused.is_empty());
        let written = String::from_utf8(older.to_bytes()).unwrap();
        assert!(!written.contains("suspended") && !written.contains("refused"), "{written}");
        let newer = format!(
            r#"{BEAT},"suspended":[{{"kind":"on_the_moon","owner":"p-03","from_ms":1,"until_ms":9,"news":1}}],
            "refused":[{{"id":"k1","why":"its end is over already","at_ms":4}},{{"why":"not a body","at_ms":4}}]}}"#
        );
        let newer = Heartbeat::from_bytes(newer.as_bytes()).unwrap();
        assert_eq!((newer.suspended[0].kind, newer.suspended[0].owner.as_str()), (None, "p-03"));
        assert_eq!(newer.refused[0].id.as_deref(), Some("k1"));
        assert_eq!(Heartbeat::from_bytes(&newer.to_bytes()).unwrap(), newer);
    }
}
