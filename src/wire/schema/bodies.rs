//! Every body of the wire and its way; their JSON Schema.

use crate::model::suspension::Suspend;
use crate::wire::local::{Answer, Question};
use crate::wire::{
    self, Activity, Directory, Down, Greeting, Heard, Heartbeat, Link, Look, Notice, Receipt, StationStep, Up, Walk,
    local,
};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// The table: what travels, and by which way.
pub fn bodies() -> Vec<Body> {
    vec![
        Body::of::<Notice>(Way::Up(Up::Notice)),
        Body::of::<Heartbeat>(Way::Up(Up::Heartbeat)),
        Body::of::<Activity>(Way::Up(Up::Activity)),
        Body::of::<Walk>(Way::Up(Up::Walk)),
        Body::of::<Link>(Way::Up(Up::Link)),
        Body::of::<Receipt>(Way::Down(Down::Receipt)),
        Body::of::<StationStep>(Way::Down(Down::Step)),
        Body::of::<Suspend>(Way::Down(Down::Suspension)),
        Body::of::<Greeting>(Way::Down(Down::Greeting)),
        Body::of::<Directory>(Way::Down(Down::Directory)),
        Body::of::<Heard>(Way::Down(Down::Heard)),
        Body::of::<Look>(Way::Down(Down::Look)),
        Body::of::<wire::Answer>(Way::Other("HTTPS, 200 of POST /v1/notices, POST /v1/heartbeats, GET /v1/steps")),
        Body::of::<wire::Declined>(Way::Other("HTTPS, any other status")),
        Body::of::<Question>(Way::Other(local::SOCKET)),
        Body::of::<Answer>(Way::Other(local::SOCKET)),
    ]
}

/// Topics that the access list of a broker may name and on which nothing travels yet.
pub const UNUSED: (&[Up], &[Down]) = (&[], &[]);

/// A row of the table.
pub struct Body {
    /// Its type's name.
    pub name: String,
    /// How it travels.
    pub way: Way,
    schema: fn(&mut SchemaGenerator),
}

/// How a body travels.
#[derive(Clone, Copy, PartialEq)]
pub enum Way {
    /// By MQTT, gateway to station.
    Up(Up),
    /// By MQTT, station to gateway.
    Down(Down),
    /// By no topic: a socket's name, a method and path of HTTP.
    Other(&'static str),
}

impl Body {
    fn of<T: JsonSchema>(way: Way) -> Body {
        let schema = |generator: &mut SchemaGenerator| drop(generator.subschema_for::<T>());
        Body { name: T::schema_name().into_owned(), way, schema }
    }
}

impl Way {
    /// The last part of the topic, where it is one.
    pub fn word(self) -> Option<&'static str> {
        match self {
            Way::Up(up) => Up::ALL.iter().find(|(one, _)| *one == up).map(|(_, word)| *word),
            Way::Down(down) => Down::ALL.iter().find(|(one, _)| *one == down).map(|(_, word)| *word),
            Way::Other(_) => None,
        }
    }

    /// Where it travels, with the parts that differ from home to home in braces.
    pub fn address(self) -> String {
        let root = crate::wire::topic::ROOT;
        match (self, self.word()) {
            (Way::Up(_), Some(word)) => format!("{root}/{{home}}/up/{{point}}/{word}"),
            (Way::Down(_), Some(word)) => format!("{root}/{{home}}/down/{word}"),
            (Way::Other(place), _) => place.to_owned(),
            (Way::Up(_) | Way::Down(_), None) => unreachable!("every topic has its word"),
        }
    }
}

/// How a reader of any version keeps being able to read; said in both documents.
pub const RULE: &str = "This is what a program of this version writes. Changes within `v: 1` only add, so whoever reads \
    takes more than this: fields that are not named here are passed over, and an unknown word (a rule, a deed, a severity …) \
    never makes a notice unreadable. An unknown severity is that of its reason, or urgent where that is unknown too. Numbers \
    say their unit in the name of their key.";

/// The JSON Schema of every body.
pub fn json_schema() -> Value {
    let definitions = definitions(SchemaSettings::draft2020_12());
    let anyone = |body: &Body| json!({ "$ref": format!("#/$defs/{}", body.name) });
    let ways: Map<String, Value> = bodies().iter().map(|body| (body.name.clone(), json!(body.way.address()))).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The bodies of carecircle's wire, version 1",
        "description": RULE,
        "x-ways": ways,
        "anyOf": bodies().iter().map(anyone).collect::<Vec<_>>(),
        "$defs": definitions,
    })
}

/// The schemas of all bodies and of what they are made of, by name.
pub fn definitions(settings: SchemaSettings) -> Map<String, Value> {
    let mut generator = settings.into_generator();
    for body in bodies() {
        (body.schema)(&mut generator);
    }
    let mut definitions = generator.take_definitions(true);
    definitions.values_mut().for_each(tidy);
    definitions
}

/// Descriptions as a reader of JSON sees them: no links of the program's own documents, one line.
pub fn tidy(value: &mut Value) {
    if let Some(object) = value.as_object_mut() {
        if let Some(Value::String(text)) = object.get_mut("description") {
            *text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        }
        object.values_mut().for_each(tidy);
    } else if let Some(list) = value.as_array_mut() {
        list.iter_mut().for_each(tidy);
    }
}
