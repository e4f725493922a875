//! The envelope of an event: the attributes of CloudEvents 1.0, so that stock tools read it.

use crate::model::event::{KINDS, PERSONAL};
use crate::model::ids::PointId;
use crate::model::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An event as it goes to other systems.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "CloudEvent"))]
pub struct CloudEvent<Data = Value> {
    /// Always 1.0.
    pub specversion: &'static str,
    /// The station's id and the number: the same for every repeat.
    pub id: String,
    /// Which station.
    pub source: String,
    /// What happened; kinds are only added.
    #[serde(rename = "type")]
    pub kind: String,
    /// When.
    pub time: Timestamp,
    /// What it is about: `<home>/<alert>` or `<home>`; absent where it is the station itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Always application/json.
    pub datacontenttype: &'static str,
    /// Where the schema of the data is.
    pub dataschema: String,
    /// Grows by one for each event of the station.
    pub seq: u64,
    /// More about it.
    pub data: Data,
}

/// An event as the store keeps it: whatever a newer program wrote is passed on.
#[derive(Deserialize)]
struct Kept {
    #[serde(rename = "type")]
    kind: String,
    time: Timestamp,
    #[serde(default)]
    subject: Option<String>,
    data: Value,
}

impl CloudEvent {
    /// The event that is kept as `body` under the number `seq`; personal data only for whoever may see it.
    pub fn of_kept(point: &PointId, seq: u64, body: &str, pii: bool) -> Result<CloudEvent, serde_json::Error> {
        let Kept { kind, time, subject, mut data } = serde_json::from_slice(body.as_bytes())?;
        if let Some(data) = data.as_object_mut().filter(|_| !pii) {
            PERSONAL.iter().for_each(|personal| drop(data.remove(*personal)));
        }
        Ok(CloudEvent {
            specversion: "1.0",
            id: format!("{point}-{seq}"),
            source: format!("/station/{point}"),
            dataschema: format!("/api/v1/schema/{}.json", schema_file(&kind)),
            kind,
            time,
            subject,
            datacontenttype: "application/json",
            seq,
            data,
        })
    }

    /// What happened, without what all kinds have in common: `alert.raised`.
    pub fn word(&self) -> &str {
        self.kind.strip_prefix(KINDS).unwrap_or(&self.kind)
    }

    /// As it travels.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("events hold only text keys and finite numbers")
    }
}

/// The schemas of data: which kinds begin so, the name of the file, the name of the type. The first that fits.
pub const SCHEMAS: [(&str, &str, &str); 8] = [
    ("alert.", "alert-step", "AlertStep"),
    ("home.", "home-state", "HomeState"),
    ("fault.", "fault-step", "FaultStep"),
    ("daily.closed", "daily-closed", "DailyClosed"),
    ("daily.", "daily-contact", "DailyContact"),
    ("suspension.", "suspension", "SuspensionChange"),
    ("test.", "test", "TestSign"),
    ("station.", "station-state", "StationState"),
];

/// The name of the schema of the data of this kind.
fn schema_file(kind: &str) -> &'static str {
    let word = kind.strip_prefix(KINDS).unwrap_or(kind);
    SCHEMAS.iter().find(|(begin, _, _)| word.starts_with(begin)).map_or("event", |(_, file, _)| file)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: &str = r#"{"type":"care.carecircle.alert.noted","time":"2026-11-21T06:12:43Z","subject":"ky-0412/37",
        "data":{"v":1,"home":"ky-0412","alert":37,"text":"door code 1234","place":"3-2-201","newer":true}}"#;

    #[test]
    fn names_and_notes_go_only_to_whoever_may_see_them() {
        let point: PointId = "lehe".parse().unwrap();
        let event = CloudEvent::of_kept(&point, 1042, KEPT, false).unwrap();
        assert_eq!(
            (event.id.as_str(), event.source.as_str(), event.word()),
            ("lehe-1042", "/station/lehe", "alert.noted")
        );
        assert!(!event.to_json().contains("1234") && !event.to_json().contains("3-2-201"));
        assert!(event.to_json().contains("newer"), "what a newer program wrote is passed on");
        assert!(CloudEvent::of_kept(&point, 1042, KEPT, true).unwrap().to_json().contains("door code 1234"));
    }

    #[test]
    fn every_kind_has_its_schema() {
        for kind in crate::model::event::EventKind::ALL {
            assert_ne!(schema_file(kind.as_str()), "event", "{kind:?}");
        }
    }
}
