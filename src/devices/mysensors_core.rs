//! What MySensors messages mean, whether their six fields come as a line or as levels of a topic.
//!
//! The drawing is in `mysensors.rs`. A child says only that it is tripped; what that means it said when its node started,
//! in its presentation. Presentations are remembered, but a gateway that starts after the node has missed them: then the
//! kind in the address counts, and without one the state is told as an alarm that the sensor's registration names.

use crate::devices::meaning::{Kind, Meaning, Values};
use crate::devices::{Decoded, lenient, reading, toml_text, written};
use crate::model::observation::{Evidence, Measure, Press, Reading};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// The six fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    node: u8,
    child: u8,
    command: u8,
    ack: bool,
    kind: u8,
    payload: &'a str,
}

impl<'a> Message<'a> {
    /// From the five numbers and the payload.
    pub fn parse(numbers: [&str; 5], payload: &'a str) -> Result<Message<'a>, &'static str> {
        let number = |text: &str| text.parse::<u8>().map_err(|_| "not_numeric");
        let [node, child, command, ack, kind] = numbers;
        let message = Message {
            node: number(node)?,
            child: number(child)?,
            command: number(command)?,
            ack: match number(ack)? {
                0 => false,
                1 => true,
                _ => return Err("ack_not_0_or_1"),
            },
            kind: number(kind)?,
            payload: payload.trim(),
        };
        if message.command > STREAM { Err("unknown_command") } else { Ok(message) }
    }
}

/// A node or a child of one, perhaps with what it is for.
#[derive(Debug, Clone, PartialEq)]
pub struct Child {
    /// `7`, `7/1`, or with the prefix of a topic before it.
    pub name: String,
    meaning: Option<Meaning>,
    evidence: Option<Evidence>,
    /// The serial port it names.
    pub port: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    device: String,
    kind: Option<Kind>,
    #[serde(default)]
    values: Values,
    event: Option<bool>,
    port: Option<String>,
}

impl Child {
    /// Reads `"7/1"` or `{ device = "7/1", kind = "motion" }`.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Child, D::Error> {
        let named = |device| Written { device, ..Written::default() };
        let written = written::name_or_table(from, "node and child as \"7/1\", or { device = …, kind = … }", named)?;
        Child::checked(written).map_err(serde::de::Error::custom)
    }

    fn checked(written: Written) -> Result<Child, String> {
        let mut values = written.values;
        if written.kind == Some(Kind::Button) && values.is_empty() {
            // Its 0 is the finger going up.
            values = serde_json::from_value(serde_json::json!({"single": [1, true, "on"]})).unwrap_or_default();
        }
        let meaning = written::commanded(written.kind, values)?;
        let evidence = written.event.map(|is_event| if is_event { Evidence::Event } else { Evidence::Level });
        if evidence.is_some() && meaning.is_none() {
            return Err("event needs kind, as kind = \"motion\"".to_owned());
        }
        Ok(Child { name: written.device.trim().to_owned(), meaning, evidence, port: written.port })
    }

    /// Whether `name` is a node or a node with a child.
    pub fn check_numbers(name: &str) -> Result<(), String> {
        let number =
            |text: &str| text.parse::<u8>().is_ok_and(|number| number < WHOLE_NODE && text == number.to_string());
        let fits = name.split_once('/').map_or_else(|| number(name), |(node, child)| number(node) && number(child));
        if fits {
            Ok(())
        } else {
            Err(format!(
                "{name:?} is no MySensors child; write node/child as `carecircle listen` shows them, as \"7/1\""
            ))
        }
    }

    /// What it can say, where a meaning is given.
    pub fn says(&self) -> Vec<Measure> {
        self.meaning.as_ref().map_or(Vec::new(), Meaning::says)
    }

    /// The name in readings: the child, with the meaning where one is given.
    pub fn device(&self) -> String {
        match &self.meaning {
            Some(meaning) => format!("{}#{}", self.name, meaning.name()),
            None => self.name.clone(),
        }
    }
}

/// The line of a config for what was heard.
pub fn address_toml(family: &str, device: &str, readings: &[Reading]) -> String {
    let is_note = |measure: &Measure| matches!(measure, Measure::Note { kind, .. } if kind == "tripped");
    let is_tripped =
        readings.iter().any(|reading| matches!(reading.measure, Measure::Switch(_)) || is_note(&reading.measure));
    let device = toml_text(device);
    if is_tripped {
        format!("{family} = {{ device = {device}, kind = \"motion\" }}   # what its 1 means")
    } else {
        format!("{family} = {device}")
    }
}

/// What is registered, and what children said of themselves.
#[derive(Debug, Default)]
pub struct Children {
    registered: BTreeMap<String, Vec<(String, Child)>>,
    /// The children that are registered, by the name of their node.
    of_node: BTreeMap<String, Vec<String>>,
    /// The kind in the last presentation, by the name of the child.
    presented: BTreeMap<String, u8>,
}

impl Children {
    /// Those of the config.
    pub fn new(children: impl IntoIterator<Item = Child>) -> Children {
        let mut all = Children::default();
        for child in children {
            let device = child.device();
            // `1/7/0` is node `1/7`: the child is the last part, the rest names the node.
            if let Some((node, _)) = child.name.rsplit_once('/') {
                all.of_node.entry(node.to_owned()).or_default().push(device.clone());
            }
            all.registered.entry(child.name.clone()).or_default().push((device, child));
        }
        all
    }

    /// Whether this very name is registered.
    pub fn knows(&self, name: &str) -> bool {
        self.registered.contains_key(name) || self.of_node.contains_key(name)
    }

    /// What a message says; `prefix` stands before the numbers in names.
    pub fn decode(&mut self, message: &Message, prefix: &str, retained: bool) -> Decoded {
        match self.read(message, prefix, retained) {
            Ok(readings) => Decoded::Readings(readings),
            Err(why) => Decoded::Malformed(why.to_owned()),
        }
    }

    fn read(&mut self, message: &Message, prefix: &str, retained: bool) -> Result<Vec<Reading>, &'static str> {
        // What we or another controller sent, coming back.
        if message.ack {
            return Ok(Vec::new());
        }
        let node = || format!("{prefix}{}", message.node);
        let child = || format!("{prefix}{}/{}", message.node, message.child);
        let heard = |device: &str, measure, evidence| reading(device, measure, evidence, retained);
        Ok(match message.command {
            PRESENTATION if message.child == WHOLE_NODE => {
                let word = match (message.node, message.kind) {
                    (0, _) => "gateway",
                    (_, 18) => "repeater",
                    _ => "node",
                };
                vec![heard(&node(), note("presentation", word), Evidence::Event)]
            }
            PRESENTATION => {
                let child = child();
                self.remember(&child, message.kind);
                let word = CHILD_KINDS.get(usize::from(message.kind)).copied().unwrap_or("unknown");
                let about = (!message.payload.is_empty()).then(|| note("description", &shortened(message.payload)));
                let notes = [note("presentation", word)].into_iter().chain(about);
                notes.map(|measure| heard(&child, measure, Evidence::Event)).collect()
            }
            SET => self.set(&child(), message, retained),
            REQUEST => vec![heard(&child(), Measure::Alive, Evidence::Event)],
            INTERNAL => {
                let (said, node) = (internal(message)?, node());
                let children = self.of_node.get(&node).into_iter().flatten();
                let is_itself = self.registered.contains_key(&node) || !self.of_node.contains_key(&node);
                let devices: Vec<&String> = children.chain(is_itself.then_some(&node)).collect();
                let each = |device: &&String| -> Vec<Reading> {
                    said.iter().map(|(measure, evidence)| heard(device, measure.clone(), *evidence)).collect()
                };
                devices.iter().flat_map(each).collect()
            }
            // Firmware on its way to a node.
            _ => Vec::new(),
        })
    }

    /// Nodes are 254, children 254 each, and anybody can present: only so many are remembered, those that are registered first.
    fn remember(&mut self, child: &str, kind: u8) {
        if self.presented.len() >= PRESENTED_MAX && !self.presented.contains_key(child) {
            if !self.registered.contains_key(child) {
                return;
            }
            let nobodys = self.presented.keys().find(|name| !self.registered.contains_key(*name)).cloned();
            nobodys.map(|name| self.presented.remove(&name));
        }
        self.presented.insert(child.to_owned(), kind);
    }

    /// The value of a child.
    fn set(&self, child: &str, message: &Message, retained: bool) -> Vec<Reading> {
        let presented = self.presented.get(child).copied();
        let by_itself =
            |is_registered| value(message, presented, is_registered).unwrap_or((Measure::Alive, Evidence::Event));
        let Some(known) = self.registered.get(child) else {
            let (measure, evidence) = by_itself(false);
            return vec![reading(child, measure, evidence, retained)];
        };
        let each = |(device, child): &(String, Child)| {
            let (measure, evidence) = match &child.meaning {
                Some(meaning) if MEANT.contains(&message.kind) => {
                    let said = meaning.read(message.payload);
                    let evidence = child.evidence.unwrap_or_else(|| meaning.usual_evidence());
                    said.map_or((Measure::Alive, Evidence::Event), |measure| (measure, evidence))
                }
                Some(_) | None => by_itself(true),
            };
            reading(device, measure, evidence, retained)
        };
        known.iter().map(each).collect()
    }
}

/// What a value says by itself, with what its child said it is.
fn value(message: &Message, presented: Option<u8>, is_registered: bool) -> Option<(Measure, Evidence)> {
    let payload = message.payload;
    let level = |measure| (measure, Evidence::Level);
    let truth = || lenient::truth(payload);
    let measure = match message.kind {
        V_TEMP => Measure::TemperatureCelsius(lenient::celsius(payload)?),
        V_HUM => Measure::HumidityPercent(lenient::percent(payload)?),
        V_STATUS => Measure::Switch(truth()?),
        V_LEVEL if presented == Some(S_LIGHT_LEVEL) => {
            Measure::IlluminanceLux(lenient::number(payload).filter(|lux| *lux >= 0.0)?)
        }
        V_SCENE_ON => return Some((Measure::Button(Press::Other(shortened(message.payload))), Evidence::Event)),
        V_SCENE_OFF => return Some((Measure::Button(Press::Release), Evidence::Event)),
        V_TRIPPED => match presented {
            Some(S_DOOR) => Measure::Contact(truth()?),
            Some(S_MOTION) => Measure::Motion(truth()?),
            Some(S_SMOKE) => Measure::Smoke(truth()?),
            Some(S_WATER_LEAK) => Measure::Leak(truth()?),
            Some(S_VIBRATION) => Measure::Vibration(truth()?),
            Some(_) => Measure::Alarm(truth()?),
            None if is_registered => Measure::Alarm(truth()?),
            None => note("tripped", if truth()? { "true" } else { "false" }),
        },
        _ => return None,
    };
    Some(level(measure))
}

/// What a node or the gateway says about itself.
fn internal(message: &Message) -> Result<Vec<(Measure, Evidence)>, &'static str> {
    let payload = message.payload;
    let alive = || vec![(Measure::Alive, Evidence::Event)];
    Ok(match message.kind {
        I_BATTERY_LEVEL => {
            lenient::number(payload).ok_or("battery_not_numeric")?;
            let percent = lenient::percent(payload).ok_or("battery_out_of_range")?;
            vec![(Measure::BatteryPercent(percent), Evidence::Level)]
        }
        I_SKETCH_NAME | I_SKETCH_VERSION => {
            let kind = if message.kind == I_SKETCH_NAME { "sketch_name" } else { "sketch_version" };
            let said = [note("presentation", kind), note(kind, &shortened(message.payload))];
            said.into_iter().map(|note| (note, Evidence::Event)).collect()
        }
        I_GATEWAY_READY => vec![(note("gateway", "ready"), Evidence::Event)],
        I_HEARTBEAT_RESPONSE => {
            lenient::number(payload).ok_or("heartbeat_not_numeric")?;
            alive()
        }
        I_SIGNAL_REPORT => {
            // dBm; -256 is "cannot say".
            let dbm = lenient::number(payload).filter(|dbm| (-150.0..0.0).contains(dbm));
            dbm.map_or_else(alive, |dbm| vec![(Measure::SignalPercent(percent_of(dbm)), Evidence::Level)])
        }
        // Log lines, requests and answers of the gateway, and a node without a number yet.
        I_LOG_MESSAGE => Vec::new(),
        _ if message.node == 0 || message.node == WHOLE_NODE => Vec::new(),
        _ => alive(),
    })
}

/// −100 dBm and below is 0, −50 dBm and above is 100.
fn percent_of(dbm: f64) -> f64 {
    ((dbm + 100.0) * 2.0).clamp(0.0, 100.0)
}

fn note(kind: &str, text: &str) -> Measure {
    Measure::Note { kind: kind.to_owned(), text: text.to_owned() }
}

/// A radio packet holds 25 bytes of text; a line may claim more.
fn shortened(text: &str) -> String {
    text.chars().take(100).collect()
}

const PRESENTATION: u8 = 0;
const SET: u8 = 1;
const REQUEST: u8 = 2;
const INTERNAL: u8 = 3;
const STREAM: u8 = 4;

/// Child 255 stands for the node, node 255 for one without a number.
const WHOLE_NODE: u8 = 255;
const PRESENTED_MAX: usize = 4096;

const S_DOOR: u8 = 0;
const S_MOTION: u8 = 1;
const S_SMOKE: u8 = 2;
const S_LIGHT_LEVEL: u8 = 16;
const S_WATER_LEAK: u8 = 32;
const S_VIBRATION: u8 = 34;

const V_TEMP: u8 = 0;
const V_HUM: u8 = 1;
const V_STATUS: u8 = 2;
const V_TRIPPED: u8 = 16;
const V_SCENE_ON: u8 = 19;
const V_SCENE_OFF: u8 = 20;
const V_LEVEL: u8 = 37;

/// Values whose meaning a config can name: a state, a scene of a remote, text, the custom one.
const MEANT: [u8; 6] = [V_STATUS, V_TRIPPED, V_SCENE_ON, V_SCENE_OFF, 47, 48];

const I_BATTERY_LEVEL: u8 = 0;
const I_LOG_MESSAGE: u8 = 9;
const I_SKETCH_NAME: u8 = 11;
const I_SKETCH_VERSION: u8 = 12;
const I_GATEWAY_READY: u8 = 14;
const I_HEARTBEAT_RESPONSE: u8 = 22;
const I_SIGNAL_REPORT: u8 = 29;

/// What a child can present itself as, by number.
const CHILD_KINDS: &[&str] = &[
    "door",
    "motion",
    "smoke",
    "binary",
    "dimmer",
    "cover",
    "temperature",
    "humidity",
    "barometer",
    "wind",
    "rain",
    "uv",
    "weight",
    "power",
    "heater",
    "distance",
    "light_level",
    "node",
    "repeater",
    "lock",
    "infrared",
    "water",
    "air_quality",
    "custom",
    "dust",
    "scene_controller",
    "rgb_light",
    "rgbw_light",
    "color_sensor",
    "thermostat",
    "multimeter",
    "sprinkler",
    "water_leak",
    "sound",
    "vibration",
    "moisture",
    "information",
    "gas",
    "gps",
    "water_quality",
];
