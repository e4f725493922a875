//! The documents of what other systems are told: a JSON Schema of every event, and the channel as AsyncAPI.

use crate::model::event::{EventData, EventKind};
use crate::wire::{CloudEvent, SCHEMAS};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// What every reader is promised; said in both documents.
const RULE: &str = "Within `v: 1` fields and kinds of events are only added: pass over what you do not know, and show an unknown \
    word as text. Times are UTC. `seq` grows by one for each event of a station; `id` is the same for every repeat. Ids are \
    pseudonyms; `place`, `text` and `owner` are there with the scope `pii` alone.";

/// The schemas of the envelope, of the data, and of what they are made of.
fn definitions(settings: SchemaSettings) -> Map<String, Value> {
    let mut generator = settings.for_serialize().into_generator();
    generator.subschema_for::<CloudEvent<EventData>>();
    let mut definitions = generator.take_definitions(true);
    definitions.values_mut().for_each(super::bodies::tidy);
    definitions
}

/// The name of the type of the data of a kind.
fn data_of(kind: EventKind) -> &'static str {
    let schema = SCHEMAS.iter().find(|(begin, _, _)| kind.as_str().starts_with(begin));
    schema.map_or("EventData", |(_, _, name)| name)
}

/// The JSON Schema of an event.
pub fn events() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The events of a carecircle station, version 1",
        "description": RULE,
        "$ref": "#/$defs/CloudEvent",
        "$defs": definitions(SchemaSettings::draft2020_12()),
    })
}

/// The AsyncAPI document of the stream, and of what is posted.
pub fn asyncapi() -> Value {
    let schemas = definitions(SchemaSettings::draft07().with(|to| to.definitions_path = "/components/schemas".into()));
    let messages: Map<String, Value> = EventKind::ALL.iter().map(|kind| (name(*kind), message(*kind))).collect();
    let of_channel: Map<String, Value> = EventKind::ALL
        .iter()
        .map(|kind| (name(*kind), json!({ "$ref": format!("#/components/messages/{}", name(*kind)) })))
        .collect();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "carecircle: what a station tells other systems",
            "version": crate::model::event::VERSION.to_string(),
            "description": RULE,
            "license": { "name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0" },
        },
        "defaultContentType": "application/json",
        "servers": {
            "station": {
                "host": "{station}",
                "protocol": "http",
                "description": "The station's own address; on a network, the one with TLS before it.",
                "variables": { "station": { "default": "127.0.0.1:8470" } },
                "security": [{ "$ref": "#/components/securitySchemes/token" }],
            },
        },
        "channels": {
            "events": {
                "address": "/api/v1/events",
                "description": "Server-sent events: `id` is the seq, `event` the kind; resumed with `Last-Event-ID` or \
                    `?after=`, for seven days. `event: beat` comes every 5 s without an id; `event: reset` says that something \
                    between was forgotten, and where to read the present state. With `?limit=` or `?wait=` lines of JSON.",
                "messages": of_channel,
                "servers": [{ "$ref": "#/servers/station" }],
            },
            "hook": {
                "address": null,
                "description": "An address that somebody named at /admin/hooks: one POST for each event, with the headers \
                    `webhook-id`, `webhook-timestamp` and `webhook-signature` of Standard Webhooks: `v1,` and the base64 of \
                    HMAC-SHA256(secret, id.timestamp.body); two of them while secrets change.",
                "messages": of_channel,
            },
        },
        "operations": {
            "station_tells": { "action": "send", "channel": { "$ref": "#/channels/events" } },
            "station_posts": { "action": "send", "channel": { "$ref": "#/channels/hook" } },
        },
        "components": {
            "schemas": schemas,
            "messages": messages,
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": "A token of the scope read, from /admin/tokens." },
            },
        },
    })
}

fn name(kind: EventKind) -> String {
    kind.as_str().to_owned()
}

fn message(kind: EventKind) -> Value {
    let data = format!("#/components/schemas/{}", data_of(kind));
    let of_kind = json!({
        "type": "object",
        "properties": {
            "type": { "const": format!("care.carecircle.{}", kind.as_str()) },
            "data": { "$ref": data },
        },
    });
    json!({
        "name": kind.as_str(),
        "contentType": "application/json",
        "payload": { "allOf": [{ "$ref": "#/components/schemas/CloudEvent" }, of_kind] },
    })
}

#[cfg(test)]
mod tests {
    use super::super::{EVENTS, FEED, golden};
    use super::*;
    use crate::model::event::{
        DailyClosed, DailyContact, Event, FaultStep, HomeSight, HomeState, SuspensionChange, TestSign, VERSION,
    };
    use crate::model::ids::{HomeId, PointId};
    use crate::model::own_sign::SignBy;
    use crate::model::reason::Severity;
    use crate::model::suspension::Absence;
    use crate::model::time::from_millis;

    #[test]
    fn the_committed_documents_of_the_feed_are_what_the_types_say_and_hold_together() {
        for (file, committed, document) in [("events.json", EVENTS, events()), ("feed.json", FEED, asyncapi())] {
            golden::assert_current(file, &committed.text(), &document);
            assert!(golden::assert_whole(&document) > 10);
        }
    }

    /// One of each kind of data besides that of alerts.
    fn examples() -> Vec<Event> {
        let (v, at, home): (_, _, HomeId) = (VERSION, from_millis(1), "ky-0412".parse().unwrap());
        let home_state = HomeState {
            v,
            home: home.clone(),
            state: HomeSight::NoContact,
            heard_at: None,
            life_at: Some(at),
            sensors_alive: Some(3),
            sensors: Some(4),
            suspended_until: None,
        };
        let fault = FaultStep {
            v,
            home: home.clone(),
            alert: 7,
            raised_id: at,
            kind: "low_battery".to_owned(),
            sensor: Some("hall".parse().unwrap()),
            severity: Severity::Fault,
            state: "open".to_owned(),
            due_at: at,
            by: None,
        };
        let day = "2026-11-21".parse().unwrap();
        let (sign, by) = (Some(SignBy::OkButton), None);
        let contact = DailyContact { v, home: home.clone(), day, at: Some(at), sign, by };
        let closed = DailyClosed { v, day, homes: 9, own_sign: 5, phoned: 1, visited: 1, suspended: 1, unresolved: 1 };
        let (kind, owner) = (Some(Absence::Away), Some("p-03".to_owned()));
        let change = SuspensionChange { v, home: home.clone(), kind, until: at, owner };
        let test = TestSign { v, channel: "home".to_owned(), home: Some(home), seconds: Some(1.5), by: None };
        vec![
            Event::of_station(at, Vec::new()),
            Event::of_station(at, vec!["broker".into()]),
            Event::of_home(at, home_state),
            Event::of_fault(EventKind::FaultOpened, at, fault),
            Event::of_daily(EventKind::DailyOwnSign, at, contact),
            Event::of_day(at, closed),
            Event::of_suspension(EventKind::SuspensionStarted, at, change),
            Event::of_test(EventKind::TestHeard, at, test),
        ]
    }

    #[test]
    fn what_is_told_fits_the_schema() {
        let judge = jsonschema::draft202012::new(&serde_json::from_str(&EVENTS.text()).unwrap()).unwrap();
        let point: PointId = "lehe".parse().unwrap();
        for event in examples() {
            let told = CloudEvent::of_kept(&point, 1, &serde_json::to_string(&event).unwrap(), true).unwrap();
            let told: Value = serde_json::from_str(&told.to_json()).unwrap();
            let faults: Vec<String> = judge.iter_errors(&told).map(|fault| fault.to_string()).collect();
            assert!(faults.is_empty(), "{told}\n{}", faults.join("\n"));
            let mut wrong = told.clone();
            wrong["seq"] = json!("1");
            assert!(!judge.is_valid(&wrong));
        }
    }
}
