//! Devices of ESPHome over its MQTT component.
//!
//! ```text
//! <node>/status                         online | offline                   birth message and last will, kept by the broker
//! <node>/binary_sensor/<object>/state   ON | OFF
//! <node>/sensor/<object>/state          21.5 | nan                         nan is unknown
//! <node>/switch/<object>/state          ON | OFF
//! <node>/text_sensor/<object>/state     any words
//! <node>/event/<object>/state           {"event_type":"press"}             sent when it happens, never repeated
//! <node>/<component>/<object>/command   …                                  commands of others
//! <node>/debug                          the log, with colours
//! ```
//!
//! The node is ESPHome's `topic_prefix`: the device's name unless the installer set another, which may hold slashes. The
//! object is its name in lower case with underscores. ESPHome says a state when it changes and again after each connection, so
//! a state is a level; what is registered gives its meaning, because a `binary_sensor` may be a PIR as well as a button. What the
//! node says about itself (status, battery, Wi-Fi) is said of each of its registered objects. Topics as in the documentation
//! of ESPHome's MQTT client component.

use crate::devices::meaning::{Kind, Meaning, Values};
use crate::devices::message::{Json, Scalar};
use crate::devices::{Decoded, Decoder, Identity, lenient, objects, reading, reading_of, toml_text};
use crate::model::frame::{Origin, RawFrame};
use crate::model::observation::{Availability, Evidence, Measure, Reading};
use serde::Deserialize;
use std::collections::BTreeMap;

/// One sentence for the table.
pub const SUMMARY: &str = "devices of ESPHome over MQTT: what each object means comes from its address";

/// An address as written in a config.
pub const EXAMPLE: &str = "esphome = { node = \"livingroom\", object = \"pir\", kind = \"motion\" }";

/// `[esphome]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Where nodes are looked for that nobody registered: MQTT levels, `+` for any.
    pub prefixes: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { prefixes: vec!["+".to_owned()] }
    }
}

/// One object of a node, and what it means.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Address {
    node: String,
    object: String,
    meaning: Meaning,
    evidence: Evidence,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    node: String,
    object: String,
    kind: Kind,
    #[serde(default)]
    values: Values,
    scale: Option<f64>,
    event: Option<bool>,
}

impl TryFrom<Written> for Address {
    type Error = String;
    fn try_from(written: Written) -> Result<Self, String> {
        let node = written.node.trim_end_matches('/');
        if node.is_empty() || node.contains(['+', '#']) {
            return Err(format!(
                "{:?} is no node; write the topic_prefix of the device, as \"livingroom\"",
                written.node
            ));
        }
        if written.object.is_empty() || written.object.contains(['+', '#', '/']) {
            let object = &written.object;
            return Err(format!("{object:?} is no object; write the level before /state, as \"pir\""));
        }
        let meaning = Meaning::new(written.kind, written.values, written.scale)?;
        let evidence = objects::evidence(&meaning, written.event);
        Ok(Address { node: node.to_owned(), object: written.object, meaning, evidence })
    }
}

impl Identity for Address {
    /// Node and object: `livingroom#pir`.
    fn device(&self) -> String {
        [&self.node, "#", &self.object].concat()
    }

    fn says(&self) -> Vec<Measure> {
        self.meaning.says()
    }

    fn own_topics(&self, _settings: &super::Settings) -> Vec<String> {
        COMPONENTS.map(|component| format!("{}/{component}/{}/state", self.node, self.object)).into()
    }
}

/// The decoder. Nodes below the prefixes are heard, registered or not.
pub fn decoder(settings: &Settings, addresses: Vec<Address>) -> impl Decoder + use<> {
    let prefixes = settings.prefixes.iter().map(|prefix| prefix.trim_end_matches('/').to_owned()).collect();
    let mut nodes: BTreeMap<String, Objects> = BTreeMap::new();
    for address in addresses {
        let objects = nodes.entry(address.node.clone()).or_default();
        objects.insert(address.object.clone(), Registered { device: address.device(), address });
    }
    Esphome { prefixes, nodes }
}

/// The address of a device that was heard.
pub fn address_toml(device: &str, readings: &[Reading]) -> String {
    let (node, object) = device.split_once('#').unwrap_or((device, "pir"));
    let kind = objects::kind_word(readings);
    format!("esphome = {{ node = {}, object = {}, kind = \"{kind}\" }}", toml_text(node), toml_text(object))
}

struct Esphome {
    prefixes: Vec<String>,
    nodes: BTreeMap<String, Objects>,
}

/// The registered objects of a node.
type Objects = BTreeMap<String, Registered>;

struct Registered {
    /// The name in its readings.
    device: String,
    address: Address,
}

impl Decoder for Esphome {
    fn topics(&self) -> Vec<String> {
        // A node that a prefix takes in already is not asked for twice: brokers may send a message once per filter.
        let strays = self.nodes.keys().filter(|node| !self.is_below_prefix(node));
        let places = self.prefixes.iter().chain(strays);
        let mut topics = Vec::new();
        for place in places {
            topics.extend(COMPONENTS.map(|component| format!("{place}/{component}/+/state")));
            topics.push(format!("{place}/status"));
        }
        topics
    }

    fn decode(&mut self, frame: &RawFrame) -> Decoded {
        let Origin::Mqtt { topic } = &frame.from else { return Decoded::NotMine };
        let said = match topic.rsplit_once('/') {
            Some((node, "status")) => match (self.node(node), status(&frame.bytes)) {
                (Some(node), Some(state)) => Ok(node.tell(Measure::Availability(state), Evidence::Level, false)),
                // Anybody may have a topic that ends like this.
                (Some(_) | None, _) => return Decoded::NotMine,
            },
            Some((rest, "state")) => match self.place(rest) {
                Some(place) => place.state(frame),
                None => return Decoded::NotMine,
            },
            Some(_) | None => return Decoded::NotMine,
        };
        match said {
            Ok(readings) => Decoded::Readings(readings),
            Err(why) => Decoded::Malformed(why.to_owned()),
        }
    }
}

impl Esphome {
    fn place<'a>(&'a self, rest: &'a str) -> Option<Place<'a>> {
        let (rest, object) = rest.rsplit_once('/')?;
        let (node, component) = rest.rsplit_once('/')?;
        if object.is_empty() || !COMPONENTS.contains(&component) {
            return None;
        }
        Some(Place { node: self.node(node)?, component, object })
    }

    /// The node of that name, where it is one that is heard.
    fn node<'a>(&'a self, name: &'a str) -> Option<Node<'a>> {
        let objects = self.nodes.get(name);
        (objects.is_some() || self.is_below_prefix(name)).then_some(Node { name, objects })
    }

    fn is_below_prefix(&self, node: &str) -> bool {
        let fits = |prefix: &String| {
            prefix.split('/').count() == node.split('/').count()
                && prefix
                    .split('/')
                    .zip(node.split('/'))
                    .all(|(wanted, level)| wanted == level || (wanted == "+" && !level.is_empty()))
        };
        self.prefixes.iter().any(fits)
    }
}

/// A node that speaks.
struct Node<'a> {
    name: &'a str,
    /// Where any of it is registered.
    objects: Option<&'a Objects>,
}

/// What a state topic names.
struct Place<'a> {
    node: Node<'a>,
    component: &'a str,
    object: &'a str,
}

impl Place<'_> {
    /// One object's state. A word that is none of those known, or a broken sensor's nan, shows only that the node is there.
    fn state(&self, frame: &RawFrame) -> Result<Vec<Reading>, &'static str> {
        let Some(value) = value(self.component, &frame.bytes)? else { return Ok(Vec::new()) };
        let alive = (Measure::Alive, Evidence::Event);
        if let Some(Registered { device, address }) = self.node.objects.and_then(|objects| objects.get(self.object)) {
            let said = objects::read(&address.meaning, &value).map(|measure| (measure, address.evidence));
            let (measure, evidence) = said.unwrap_or(alive);
            return Ok(vec![reading(device, measure, evidence, frame.retained)]);
        }
        let (measure, evidence) = match unregistered(self.component, self.object, (&value).into()) {
            (Some(measure), evidence) if objects::is_of_whole_device(self.object, self.node.name, &measure) => {
                return Ok(self.node.tell(measure, evidence, frame.retained));
            }
            (Some(measure), evidence) => (measure, evidence),
            (None, _) => alive,
        };
        let device = [self.node.name, "#", self.object].concat();
        Ok(vec![reading_of(device, measure, evidence, frame.retained)])
    }
}

impl Node<'_> {
    /// What is true of a node is true of each of its registered objects; of the node itself where there are none.
    fn tell(&self, measure: Measure, evidence: Evidence, retained: bool) -> Vec<Reading> {
        match self.objects {
            Some(objects) => {
                let each = |known: &Registered| reading(&known.device, measure.clone(), evidence, retained);
                objects.values().map(each).collect()
            }
            None => vec![reading(self.name, measure, evidence, retained)],
        }
    }
}

/// An object that nobody registered, by its component and its usual names.
fn unregistered(component: &str, object: &str, value: Scalar) -> (Option<Measure>, Evidence) {
    match component {
        "event" => (objects::press(value), Evidence::Event),
        "switch" => (lenient::truth(value).map(Measure::Switch), Evidence::Level),
        _ => match objects::guess(object, value) {
            Some(press @ Measure::Button(_)) => (Some(press), Evidence::Event),
            Some(measure) => (Some(measure), Evidence::Level),
            None => (lenient::number(value).map(Measure::Number), Evidence::Level),
        },
    }
}

/// The value of a state message; `None` where the broker's copy was cleared.
fn value<'a>(component: &str, payload: &'a [u8]) -> Result<Option<Json<'a>>, &'static str> {
    if payload.is_empty() {
        return Ok(None);
    }
    if component == "event" && payload.trim_ascii_start().starts_with(b"{") {
        return lenient::field(payload, "event_type")?.map(Some).ok_or("no_event_type");
    }
    Ok(Some(Json::Text(lenient::text(payload)?.into())))
}

fn status(payload: &[u8]) -> Option<Availability> {
    match payload.trim_ascii() {
        b"online" => Some(Availability::Online),
        b"offline" => Some(Availability::Offline),
        _ => None,
    }
}

const COMPONENTS: [&str; 5] = ["binary_sensor", "sensor", "switch", "text_sensor", "event"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::observation::Press;

    fn address(json: &str) -> Result<Address, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    fn heard(decoder: &mut impl Decoder, topic: &str, payload: &str) -> Decoded {
        let from = Origin::Mqtt { topic: topic.to_owned() };
        decoder.decode(&RawFrame { from, bytes: payload.as_bytes().to_vec(), retained: false })
    }

    #[test]
    fn a_node_whose_name_holds_slashes_is_heard_where_it_is_registered() {
        let pir = address(r#"{"node":"flat/3/hall","object":"pir","kind":"motion"}"#).unwrap();
        let mut decoder = decoder(&Settings::default(), vec![pir]);
        assert!(decoder.topics().contains(&"flat/3/hall/binary_sensor/+/state".to_owned()));
        assert!(decoder.topics().contains(&"+/status".to_owned()));
        let Decoded::Readings(readings) = heard(&mut decoder, "flat/3/hall/binary_sensor/pir/state", "ON") else {
            panic!()
        };
        assert_eq!(readings, [reading("flat/3/hall#pir", Measure::Motion(true), Evidence::Level, false)]);
        assert_eq!(heard(&mut decoder, "flat/3/bath/binary_sensor/pir/state", "ON"), Decoded::NotMine);
    }

    #[test]
    fn no_message_can_come_by_two_filters() {
        let addresses = ["hall", "bath"]
            .map(|node| address(&format!(r#"{{"node":"{node}","object":"pir","kind":"motion"}}"#)).unwrap());
        let topics = decoder(&Settings::default(), addresses.into()).topics();
        assert!(topics.iter().all(|topic| topic.starts_with("+/")), "{topics:?}");
    }

    #[test]
    fn every_registered_object_of_a_node_hears_that_the_node_is_gone() {
        let addresses = ["pir", "call"]
            .map(|object| address(&format!(r#"{{"node":"hall","object":"{object}","kind":"motion"}}"#)).unwrap());
        let mut decoder = decoder(&Settings::default(), addresses.into());
        let Decoded::Readings(readings) = heard(&mut decoder, "hall/status", "offline") else { panic!() };
        let devices: Vec<&str> = readings.iter().map(|reading| reading.device.as_str()).collect();
        assert_eq!(devices, ["hall#call", "hall#pir"]);
        assert_eq!(heard(&mut decoder, "hall/status", "brewing"), Decoded::NotMine);
    }

    #[test]
    fn a_wrong_address_says_what_would_be_right() {
        for (text, part) in [
            (r#"{"node":"a/+","object":"pir","kind":"motion"}"#, "topic_prefix"),
            (r#"{"node":"a","object":"binary_sensor/pir","kind":"motion"}"#, "before /state"),
            (r#"{"node":"a","object":"pir","kind":"pir"}"#, "unknown variant"),
            (r#"{"node":"a","object":"pir","kind":"motion","values":{"open":"1"}}"#, "on or off"),
            (r#"{"node":"a","object":"pir","kind":"motion","key":1}"#, "unknown field"),
        ] {
            let why = address(text).unwrap_err();
            assert!(why.contains(part), "{why}");
        }
    }

    #[test]
    fn what_listen_proposes_is_the_address_of_what_was_heard() {
        let press = reading("hall/1#call", Measure::Button(Press::Single), Evidence::Event, false);
        let written = address_toml(&press.device, std::slice::from_ref(&press));
        assert_eq!(written, "esphome = { node = \"hall/1\", object = \"call\", kind = \"button\" }");
        assert_eq!(address(r#"{"node":"hall/1","object":"call","kind":"button"}"#).unwrap().device(), press.device);
    }
}
