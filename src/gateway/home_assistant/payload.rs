//! What Home Assistant is told: one device with its parts, how it stands now, and the steps of a call. No clock, no network.

use crate::model::lifecycle::Phase;
use crate::model::reason::Severity;
use crate::model::status::{Condition, OpenAlert, PathState, Status};
use crate::model::suspension::Suspension;
use crate::model::{alert::AlertId, ids::HomeId};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Where what is said of a home goes on its own broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topics {
    /// The device and its parts; retained.
    pub config: String,
    /// How it stands; retained.
    pub state: String,
    /// The steps of a call; not retained, for they are over when they are said.
    pub call: String,
    /// Whether the gateway is there; retained, and its last will.
    pub availability: String,
}

impl Topics {
    /// Of this home, where Home Assistant listens under `prefix`.
    pub fn of(prefix: &str, home: &HomeId) -> Topics {
        // What stands in the topic of a discovery is narrower than an id.
        let object: String =
            home.as_str().chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
        let own = |word: &str| format!("carecircle/v1/{home}/home_assistant/{word}");
        Topics {
            config: format!("{prefix}/device/carecircle_{object}/config"),
            state: own("state"),
            call: own("call"),
            availability: own("availability"),
        }
    }
}

/// The gateway is there.
pub const ONLINE: &str = "online";
/// It is not.
pub const OFFLINE: &str = "offline";

/// The device and its parts.
pub fn config(topics: &Topics, home: &HomeId) -> Value {
    let part = |id: &str, platform: &str, name: &str, more: Value| {
        let mut part = json!({
            "platform": platform,
            "unique_id": format!("carecircle_{home}_{id}"),
            "name": name,
            "state_topic": topics.state,
            "value_template": format!("{{{{ value_json.{id} }}}}"),
        });
        merge(&mut part, more);
        (id.to_owned(), part)
    };
    let parts: serde_json::Map<String, Value> = [
        part("attention", "binary_sensor", "Needs attention", json!({ "device_class": "problem" })),
        part("last_life", "sensor", "Last sign of life", json!({ "device_class": "timestamp" })),
        part(
            "station_link",
            "binary_sensor",
            "Station link",
            json!({ "device_class": "connectivity", "entity_category": "diagnostic", "expire_after": EXPIRES_SECS }),
        ),
        part("suspended_until", "sensor", "Suspended until", json!({ "device_class": "timestamp" })),
        part("sensors_alive", "sensor", "Sensors alive", json!({ "entity_category": "diagnostic" })),
        part(
            "call",
            "event",
            "Call",
            json!({
                "state_topic": topics.call,
                "value_template": null,
                "event_types": ["pressed", "received", "on_the_way", "closed"],
            }),
        ),
    ]
    .into_iter()
    .collect();
    json!({
        "device": { "identifiers": [format!("carecircle_{home}")], "name": format!("carecircle {home}"), "manufacturer": "carecircle" },
        "origin": { "name": "carecircle", "sw_version": env!("CARGO_PKG_VERSION") },
        "availability_topic": topics.availability,
        "payload_available": ONLINE,
        "payload_not_available": OFFLINE,
        "qos": 1,
        "components": parts,
    })
}

/// A null takes a field away.
fn merge(into: &mut Value, more: Value) {
    let (Some(into), Value::Object(more)) = (into.as_object_mut(), more) else { return };
    for (key, value) in more {
        if value.is_null() {
            into.remove(&key);
        } else {
            into.insert(key, value);
        }
    }
}

/// How the home stands; what nobody knows is null, which Home Assistant shows as unknown.
pub fn state(status: &Status) -> Value {
    let attention = status.open_alerts.iter().any(|alert| {
        !alert.test && matches!(alert.severity, Severity::Emergency | Severity::Urgent) && alert.phase.is_open()
    });
    let is_proved = |state: PathState| matches!(state, PathState::Works);
    let link = match &status.paths[..] {
        paths if paths.iter().any(|path| is_proved(path.state)) => Some("ON"),
        paths if !paths.is_empty() && paths.iter().all(|path| path.state == PathState::Lost) => Some("OFF"),
        _ => None,
    };
    let alive = status.sensors.iter().filter(|sensor| sensor.condition == Some(Condition::Alive)).count();
    let holds = |suspension: &&Suspension| suspension.from <= status.at && status.at < suspension.until;
    let until = status.suspended.iter().filter(holds).map(|suspension| suspension.until).max();
    json!({
        "attention": if attention { "ON" } else { "OFF" },
        // A home that is blind has no last sign of life that says anything.
        "last_life": status.last_life.as_ref().filter(|_| !status.blind).map(|life| life.at),
        "station_link": link,
        "suspended_until": until,
        "sensors_alive": alive,
    })
}

/// Calls by their phase: what the next look is compared with.
pub type Calls = BTreeMap<AlertId, Phase>;

/// The calls that are open.
pub fn calls(status: &Status) -> Calls {
    let is_call = |alert: &&OpenAlert| !alert.test && alert.reason.rule() == "call_button";
    status.open_alerts.iter().filter(is_call).map(|alert| (alert.id, alert.phase)).collect()
}

/// What happened to calls between two looks, as Home Assistant's words for it.
pub fn steps_between(before: &Calls, now: &Calls) -> Vec<&'static str> {
    let mut steps = Vec::new();
    for (call, phase) in now {
        let earlier = before.get(call);
        if earlier.is_none() {
            steps.push("pressed");
        }
        let reached = |limit: Phase| *phase >= limit && earlier.is_none_or(|earlier| *earlier < limit);
        if reached(Phase::Received) {
            steps.push("received");
        }
        if reached(Phase::OnTheWay) {
            steps.push("on_the_way");
        }
    }
    steps.extend(before.keys().filter(|call| !now.contains_key(call)).map(|_| "closed"));
    steps
}

/// A link that nobody has said anything of for so long is unknown.
const EXPIRES_SECS: u32 = 180;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::from_millis;

    fn status() -> Status {
        serde_json::from_value(json!({
            "at_ms": 1_795_241_529_000_i64, "started_at_ms": 0, "pid": 1, "version": "x", "home": "ky-0412",
            "config_hash": "x", "clock_trusted": true, "blind": false, "sensors": [], "links": [], "open_alerts": [],
            "outbox": { "waiting": 0 },
            "last_life": { "at": "2026-11-21T06:00:00Z", "sensor": "hall", "room": null },
        }))
        .unwrap()
    }

    #[test]
    fn unknown_is_told_as_unknown() {
        let mut status = status();
        let told = state(&status);
        assert_eq!((&told["attention"], &told["station_link"]), (&json!("OFF"), &Value::Null), "{told}");
        assert!(told["last_life"].as_str().unwrap().starts_with("2026-11-21T06:00:00"));
        status.blind = true;
        assert_eq!(state(&status)["last_life"], Value::Null);
    }

    #[test]
    fn a_call_is_told_step_by_step_and_each_step_once() {
        let id = AlertId { number: 1, raised_at: from_millis(5) };
        let with = |phase| Calls::from([(id, phase)]);
        let none = Calls::new();
        assert_eq!(steps_between(&none, &with(Phase::Raised)), ["pressed"]);
        assert_eq!(steps_between(&with(Phase::Raised), &with(Phase::Received)), ["received"]);
        assert_eq!(steps_between(&with(Phase::Received), &with(Phase::Taken)), [""; 0]);
        assert_eq!(steps_between(&with(Phase::Taken), &with(Phase::Arrived)), ["on_the_way"]);
        assert_eq!(steps_between(&with(Phase::Arrived), &none), ["closed"]);
        assert_eq!(steps_between(&none, &with(Phase::OnTheWay)), ["pressed", "received", "on_the_way"]);
    }

    #[test]
    fn every_part_reads_a_topic_and_names_no_person() {
        let home: HomeId = "卧室.2".parse().unwrap();
        let topics = Topics::of("homeassistant", &home);
        assert_eq!(topics.config, "homeassistant/device/carecircle____2/config");
        let config = config(&topics, &home);
        let parts = config["components"].as_object().unwrap();
        assert_eq!(parts.len(), 6);
        for (id, part) in parts {
            assert!(part["state_topic"].is_string() && part["unique_id"].is_string(), "{id}: {part}");
        }
        assert!(parts["call"].get("value_template").is_none());
    }
}
