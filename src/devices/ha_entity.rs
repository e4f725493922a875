//! One entity of Home Assistant's discovery: what its value means here, and the address that hears it.

use crate::devices::{Address, lenient, toml_text};
use crate::model::observation::{Measure, Press};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The kind of the notes that tell of entities.
pub const NOTE: &str = "discovery";

/// What Home Assistant is told about one entity of a device.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Entity {
    /// `binary_sensor`, `sensor`, `event`, `device_automation`, `switch` …
    pub component: String,
    /// `motion`, `door` …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_class: Option<String>,
    /// Where it reports.
    pub state_topic: String,
    /// Which value of the message is meant, its keys joined by dots; absent where the whole payload is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_key: Option<String>,
    /// The same as a JSON pointer.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub pointer: String,
    /// The template does more than take a value out of the message.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_computed: bool,
    /// What stands for on, open, wet …
    #[serde(skip_serializing_if = "Value::is_null")]
    pub payload_on: Value,
    /// What stands for the opposite.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub payload_off: Value,
    /// The name of the device for people, else of the entity.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Who made it and what it is.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub model: String,
    /// Its friendly name in Zigbee2MQTT, where that bridge speaks of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zigbee2mqtt: Option<String>,
}

impl Entity {
    /// The entity that a note of discovery tells of.
    pub fn of(measure: &Measure) -> Option<Entity> {
        let Measure::Note { kind, text } = measure else { return None };
        if kind == NOTE { serde_json::from_str(text).ok() } else { None }
    }

    /// What its value means, as `kind` of a `json` address says it.
    pub fn kind(&self) -> Option<&'static str> {
        let class = self.device_class.as_deref().unwrap_or_default();
        let key = self.value_key.as_deref().unwrap_or_default();
        match self.component.as_str() {
            "binary_sensor" => Some(match class {
                "motion" | "moving" => "motion",
                // A PIR behind a bridge calls its movement so; a radar means that somebody is there.
                "occupancy" if key.ends_with("occupancy") => "motion",
                "occupancy" | "presence" => "presence",
                "door" | "garage_door" | "opening" | "window" => "contact",
                "moisture" => "leak",
                "smoke" => "smoke",
                "gas" | "carbon_monoxide" => "gas",
                "tamper" => "tamper",
                "vibration" => "vibration",
                "battery" => "battery_low",
                "connectivity" => "availability",
                "plug" | "power" => "mains",
                "" => kind_by_name(&format!("{key} {}", self.state_topic)),
                _ => "alarm",
            }),
            "sensor" => match class {
                "temperature" => Some("temperature"),
                "humidity" => Some("humidity"),
                "illuminance" => Some("illuminance"),
                "battery" => Some("battery"),
                _ if matches!(key, "action" | "click") => Some("button"),
                _ => None,
            },
            "event" if class == "motion" => None, // its word is an event type, no state
            "event" | "device_automation" => Some("button"),
            "switch" => Some("switch"),
            _ => None,
        }
    }

    /// What a sensor of a home with this value is probably for.
    pub fn sensor_kind(&self) -> Option<&'static str> {
        Some(match self.kind()? {
            "motion" => "motion",
            "presence" => "presence",
            "contact" => "door",
            "leak" => "leak",
            "smoke" => "smoke",
            "gas" => "gas",
            "vibration" => "item",
            "mains" => "mains",
            "button" if self.press() == Some(Press::Sos) => "call_button",
            "button" => "service_button",
            "temperature" => "temperature",
            _ => return None,
        })
    }

    /// The address that hears it, with the pointer to the battery beside it where one is known.
    pub fn address_toml(&self, battery: Option<&str>) -> String {
        if let Some(name) = &self.zigbee2mqtt {
            return format!("zigbee2mqtt = {}", toml_text(name));
        }
        let Some(kind) = self.kind() else {
            return "# no family of sensors reads this entity".to_owned();
        };
        if let Some(address) = self.esphome(kind) {
            return address;
        }
        let mut keys = vec![format!("topic = {}", toml_text(&self.state_topic))];
        if !self.pointer.is_empty() {
            keys.push(format!("pointer = {}", toml_text(&self.pointer)));
        }
        keys.push(format!("kind = \"{kind}\""));
        keys.extend(self.values(kind).map(|values| format!("values = {{ {values} }}")));
        keys.extend(battery.map(|pointer| format!("battery = {}", toml_text(pointer))));
        let note = if self.is_computed { "   # a guess: its template computes the value" } else { "" };
        format!("json = {{ {} }}{note}", keys.join(", "))
    }

    /// The words for both states, where they are not the usual ones.
    fn values(&self, kind: &str) -> Option<String> {
        if self.is_computed {
            return None;
        }
        let scalar = |value: &Value| match value {
            Value::String(text) => Some(toml_text(text)),
            Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        };
        if kind == "button" {
            let press = self.press()?;
            return Some(format!("{} = [{}]", toml_key(press.as_str()), scalar(&self.payload_on)?));
        }
        let is_usual =
            lenient::truth(&self.payload_on) == Some(true) && lenient::truth(&self.payload_off) == Some(false);
        let (on, off) = match kind {
            _ if is_usual => return None,
            "motion" | "presence" | "leak" | "smoke" | "gas" | "tamper" | "vibration" | "alarm" | "switch"
            | "mains" | "battery_low" => ("on", "off"),
            "contact" => ("open", "closed"),
            "availability" => ("online", "offline"),
            _ => return None,
        };
        Some(format!("{on} = [{}], {off} = [{}]", scalar(&self.payload_on)?, scalar(&self.payload_off)?))
    }

    /// What the payload of a trigger says.
    fn press(&self) -> Option<Press> {
        lenient::press(&lenient::word(&self.payload_on)?)
    }

    /// `<node>/<component>/<object>/state` is how ESPHome reports.
    fn esphome(&self, kind: &str) -> Option<String> {
        let place = self.state_topic.strip_suffix("/state").filter(|_| self.pointer.is_empty())?;
        let (rest, object) = place.rsplit_once('/')?;
        let node = rest.strip_suffix(&format!("/{}", self.component))?;
        let address = json!({"esphome": {"node": node, "object": object, "kind": kind}});
        serde_json::from_value::<Address>(address).ok()?;
        let (node, object) = (toml_text(node), toml_text(object));
        Some(format!("esphome = {{ node = {node}, object = {object}, kind = \"{kind}\" }}"))
    }
}

/// Without a class only the names can tell.
fn kind_by_name(names: &str) -> &'static str {
    let names = names.to_lowercase();
    let by_word = [
        ("presence", "presence"),
        ("occupancy", "motion"),
        ("motion", "motion"),
        ("pir", "motion"),
        ("contact", "contact"),
        ("door", "contact"),
        ("window", "contact"),
        ("leak", "leak"),
        ("smoke", "smoke"),
        ("gas", "gas"),
        ("tamper", "tamper"),
        ("vibration", "vibration"),
    ];
    by_word.iter().find(|(word, _)| names.contains(word)).map_or("alarm", |(_, kind)| kind)
}

fn toml_key(key: &str) -> String {
    let is_bare = key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if is_bare { key.to_owned() } else { toml_text(key) }
}

/// The keys by which a template takes its value out of the message, and whether it does more than that.
pub(super) fn path_of(template: &str) -> (Vec<String>, bool) {
    let plain = template.trim().strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
    let inner = plain.unwrap_or(template).trim();
    let Some(at) = inner.find("value_json") else {
        return (Vec::new(), !matches!(inner, "" | "value") && !inner.starts_with("value |"));
    };
    let (mut path, mut rest) = (Vec::new(), &inner[at + "value_json".len()..]);
    loop {
        let (key, after) = if let Some(word) = rest.strip_prefix('.') {
            let end = word.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(word.len());
            if word[..end] == *"get" && word[end..].starts_with('(') {
                rest = &word[end..];
                continue;
            }
            word.split_at(end)
        } else if let Some(inside) = rest.strip_prefix(['[', '(']) {
            let end = inside.find([']', ')', ',']).unwrap_or(inside.len());
            let after = inside[end..].find([']', ')']).map_or("", |close| &inside[end + close + 1..]);
            (inside[..end].trim().trim_matches(['\'', '"']), after)
        } else {
            break;
        };
        if key.is_empty() {
            break;
        }
        path.push(key.to_owned());
        rest = after;
    }
    let rest = rest.trim();
    let is_filtered = rest.is_empty() || rest.starts_with('|');
    // Filters only tidy the value up, unless they are followed by arithmetic or a choice.
    let is_choice =
        [" if ", "==", " * ", " / ", " + ", " - ", "{%", "{{", "replace"].iter().any(|sign| rest.contains(sign));
    (path, plain.is_none() || at > 0 || !is_filtered || is_choice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_that_takes_a_value_is_followed_and_one_that_computes_is_a_guess() {
        for (template, pointer, is_computed) in [
            ("{{ value_json.water_leak }}", "water_leak", false),
            ("{{value_json['a b'][\"c\"]}}", "a b.c", false),
            ("{{ value_json.state[1] | is_defined }}", "state.1", false),
            ("{{ value_json.get('pir') }}", "pir", false),
            ("{{ value }}", "", false),
            ("", "", false),
            ("{{ value_json.t | float / 10 }}", "t", true),
            ("{{ 'ON' if value_json.x > 3 else 'OFF' }}", "x", true),
            ("{% if value_json.x %}ON{% else %}OFF{% endif %}", "x", true),
            ("{{ value | int > 3 }}", "", false),
            ("{{ value_json[", "", true),
            ("{{ value_json.\u{95e8} }}", "\u{95e8}", false),
        ] {
            let (path, computed) = path_of(template);
            assert_eq!((path.join(".").as_str(), computed), (pointer, is_computed), "{template}");
        }
    }
}
