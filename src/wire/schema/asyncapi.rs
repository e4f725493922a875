//! The AsyncAPI document: which body travels on which topic, who sends it, who hears it, and whose certificate may.

use super::bodies::{Body, RULE, Way, bodies, definitions};
use crate::model::ids::{HomeId, PointId};
use crate::wire::{Down, Link, Topic, Up, VERSION, Wire, down_filter, up_filter};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// The version of the MQTT bindings of AsyncAPI that are used here.
const BINDING: &str = "0.2.0";

/// The whole document.
pub fn document() -> Value {
    let travels: Vec<Body> = bodies().into_iter().filter(|body| body.way.word().is_some()).collect();
    let schemas = definitions(SchemaSettings::draft07().with(|to| to.definitions_path = "/components/schemas".into()));
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "carecircle: between homes and service points",
            "version": VERSION.to_string(),
            "description": format!("JSON by MQTT 3.1.1. {RULE}"),
            "license": { "name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0" },
        },
        "defaultContentType": "application/json",
        "servers": { "broker": broker() },
        "channels": by_key(&travels, |body| (word(body), channel(body))),
        "operations": operations(&travels),
        "components": {
            "schemas": schemas,
            "messages": by_key(&travels, |body| (body.name.clone(), message(body))),
            "parameters": {
                "home": { "description": "The home's id: the common name of its certificate." },
                "point": { "description": "The id of the service point that is spoken to." },
            },
            "securitySchemes": {
                "home": {
                    "type": "X509",
                    "description": format!(
                        "The certificate of a home, its common name the home's id: may write {} and read {}, nothing else.",
                        filter_down().replace("/down/", "/up/"),
                        filter_down(),
                    ),
                },
                "station": {
                    "type": "X509",
                    "description": format!(
                        "The certificate of a service point, its common name station-<point>: may read {}, and write {} of \
                         each home that it serves, nothing else.",
                        filter_up(),
                        filter_down(),
                    ),
                },
            },
        },
    })
}

/// The broker of the station or of its district.
fn broker() -> Value {
    let (home, point) = (a_home(), a_point());
    let will = Link { v: VERSION, online: false };
    json!({
        "host": "{broker}:{port}",
        "protocol": "secure-mqtt",
        "protocolVersion": "3.1.1",
        "description": "The broker of a station or of its district, TLS with a client certificate for each home and station.",
        "variables": {
            "broker": { "default": "district.example", "description": "As the channel's key `broker` names it." },
            "port": { "default": "8883" },
        },
        "security": [{ "$ref": "#/components/securitySchemes/home" }, { "$ref": "#/components/securitySchemes/station" }],
        "bindings": {
            "mqtt": {
                "cleanSession": true,
                "keepAlive": 15,
                "lastWill": {
                    "topic": Topic::Up(home, point, Up::Link).to_string(),
                    "qos": 1,
                    "message": String::from_utf8(will.to_bytes()).expect("JSON is text"),
                    "retain": true,
                },
                "bindingVersion": BINDING,
            },
        },
    })
}

/// Names that stand for any home and any point.
fn a_home() -> HomeId {
    "ky-0412".parse().expect("a legal id")
}

fn a_point() -> PointId {
    "lehe".parse().expect("a legal id")
}

fn filter_up() -> String {
    up_filter(&a_point()).replace(a_point().as_str(), "<point>")
}

fn filter_down() -> String {
    down_filter(&a_home()).replace(a_home().as_str(), "<home>")
}

fn word(body: &Body) -> String {
    body.way.word().unwrap_or_default().to_owned()
}

fn by_key(bodies: &[Body], entry: impl Fn(&Body) -> (String, Value)) -> Map<String, Value> {
    bodies.iter().map(entry).collect()
}

fn channel(body: &Body) -> Value {
    let parameter = |name: &str| (name.to_owned(), json!({ "$ref": format!("#/components/parameters/{name}") }));
    let point = matches!(body.way, Way::Up(_)).then(|| parameter("point"));
    let parameters: Map<String, Value> = [parameter("home")].into_iter().chain(point).collect();
    json!({
        "address": body.way.address(),
        "parameters": parameters,
        "messages": { body.name.clone(): { "$ref": format!("#/components/messages/{}", body.name) } },
        "servers": [{ "$ref": "#/servers/broker" }],
    })
}

fn message(body: &Body) -> Value {
    json!({
        "name": body.name,
        "contentType": "application/json",
        "payload": { "$ref": format!("#/components/schemas/{}", body.name) },
    })
}

/// Each topic twice: as its sender sees it, and as its hearer does.
fn operations(bodies: &[Body]) -> Map<String, Value> {
    let both = |body: &Body| {
        let word = word(body);
        let (sender, hearer, filter) = match body.way {
            Way::Up(_) => ("gateway", "station", filter_up()),
            Way::Down(_) | Way::Other(_) => ("station", "gateway", filter_down()),
        };
        let sends = (format!("{sender}_sends_{word}"), operation(body, "send", sender, None));
        let hears = (format!("{hearer}_hears_{word}"), operation(body, "receive", hearer, Some(filter)));
        [sends, hears]
    };
    bodies.iter().flat_map(both).collect()
}

fn operation(body: &Body, action: &str, who: &str, filter: Option<String>) -> Value {
    let word = word(body);
    let certificate = if who == "gateway" { "home" } else { who };
    let retained = is_retained(body.way);
    let mut operation = json!({
        "action": action,
        "channel": { "$ref": format!("#/channels/{word}") },
        "messages": [{ "$ref": format!("#/channels/{word}/messages/{}", body.name) }],
        "security": [{ "$ref": format!("#/components/securitySchemes/{certificate}") }],
        "bindings": { "mqtt": { "qos": 1, "bindingVersion": BINDING } },
    });
    match filter {
        None => operation["bindings"]["mqtt"]["retain"] = json!(retained),
        Some(filter) => operation["summary"] = json!(format!("Subscribed to as {filter}")),
    }
    operation
}

/// Only what somebody who comes later must know stays with the broker.
fn is_retained(way: Way) -> bool {
    way == Way::Up(Up::Link) || way == Way::Down(Down::Directory)
}
