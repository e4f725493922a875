//! What Zigbee2MQTT says of its devices: the retained list, and the interview of a device that joins.
//!
//! ```text
//! <base>/bridge/devices   [{"type":"EndDevice","friendly_name":"…","definition":{"vendor":"…","model":"…","exposes":[…]}},…]
//! <base>/bridge/event     {"type":"device_interview","data":{"friendly_name":"…","status":"successful","definition":{…}}}
//! exposes                 [{"type":"binary","property":"occupancy"},{"type":"enum","property":"action","values":["single"]},
//!                          {"type":"light","features":[…]}]
//! ```

use super::found::{Device, WHAT_FOR, WHICH_BUTTON};
use super::guess;
use crate::devices::{Devices, lenient};
use crate::model::observation::Press;
use serde_json::Value;

/// The devices of the list that can become sensors, and how many others there are.
pub fn devices(list: &Value) -> (Vec<Device>, usize) {
    let listed = list.as_array().map(Vec::as_slice).unwrap_or_default();
    let others = |device: &&Value| device["type"] != "Coordinator" && device["disabled"] != true;
    let listed: Vec<&Value> = listed.iter().filter(others).take(DEVICES_MAX).collect();
    let sensors: Vec<Device> = listed.iter().filter_map(|device| self::device(device)).collect();
    let count = listed.len() - sensors.len();
    (sensors, count)
}

/// A device with its definition, as list and interview give it; none where it is no sensor.
pub fn device(said: &Value) -> Option<Device> {
    let name = said["friendly_name"].as_str().filter(|name| !name.is_empty())?;
    let definition = &said["definition"];
    let word = |key: &str| definition[key].as_str().unwrap_or_default();
    let about = format!("{} {}", word("vendor"), word("model")).trim().to_owned();
    let exposed = Exposed::of(&definition["exposes"]);
    let described = format!("{name} {}", said["description"].as_str().unwrap_or_default());
    let (kind, doubt) = match exposed.kind() {
        Some(kind) => match guess::kind(kind, &described) {
            "service_button" => (None, Some(WHICH_BUTTON)),
            kind => (Some(kind), None),
        },
        None if definition.is_object() => return None,
        // The bridge does not know it (yet).
        None => (None, Some(WHAT_FOR)),
    };
    let room = guess::room(&described);
    let address = Devices::address_toml("zigbee2mqtt", name, &[])?;
    Some(Device { name: name.to_owned(), about, address, kind, room, doubt })
}

/// What a device can say, without what it can be told.
#[derive(Default)]
struct Exposed {
    properties: Vec<String>,
    actions: Vec<String>,
    /// It is a lamp, a lock, a valve …
    is_actor: bool,
}

impl Exposed {
    fn of(exposes: &Value) -> Exposed {
        let mut exposed = Exposed::default();
        for each in exposes.as_array().into_iter().flatten().take(PROPERTIES_MAX) {
            let name = each["property"].as_str().or_else(|| each["name"].as_str()).unwrap_or_default();
            if each["features"].is_array() && each["type"] != "composite" {
                exposed.is_actor = true;
            }
            if name == "action" {
                let values = each["values"].as_array().into_iter().flatten();
                exposed.actions.extend(values.filter_map(Value::as_str).map(str::to_owned));
            }
            exposed.properties.push(name.to_owned());
        }
        exposed
    }

    /// What a sensor with these properties is for. What a person asks for goes before what is measured beside.
    fn kind(&self) -> Option<&'static str> {
        let has = |name: &str| self.properties.iter().any(|property| property == name);
        let calls = self.actions.iter().any(|action| lenient::press(action) == Some(Press::Sos));
        let kinds = [
            (calls || has("sos"), "call_button"),
            (has("smoke"), "smoke"),
            (has("gas") || has("carbon_monoxide"), "gas"),
            (has("water_leak"), "leak"),
            (has("presence"), "presence"),
            (has("occupancy"), "motion"),
            (has("contact"), "door"),
            (has("action") || has("click"), "service_button"),
            (has("vibration"), "item"),
            (has("temperature") && !self.is_actor, "temperature"),
        ];
        kinds.into_iter().find(|(is_it, _)| *is_it).map(|(_, kind)| kind)
    }
}

/// A network of hundreds of devices is no flat.
const DEVICES_MAX: usize = 500;
const PROPERTIES_MAX: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn exposes(names: &[&str]) -> Value {
        names.iter().map(|name| json!({"type": "binary", "property": name, "access": 1})).collect()
    }

    fn made(name: &str, exposes: Value) -> Option<Device> {
        device(
            &json!({"friendly_name": name, "type": "EndDevice", "definition": {"vendor": "Made", "model": "M1", "exposes": exposes}}),
        )
    }

    #[test]
    fn what_a_device_exposes_tells_what_it_is_for() {
        for (name, properties, kind, room) in [
            ("卧室红外", &["battery", "occupancy", "illuminance", "temperature"][..], Some("motion"), Some("bedroom")),
            ("radar", &["presence", "occupancy"], Some("presence"), None),
            ("入户门", &["contact", "battery"], Some("outer_door"), Some("hall")),
            ("sink", &["water_leak", "temperature"], Some("leak"), None),
            ("climate", &["temperature", "humidity"], Some("temperature"), None),
            ("wall", &["action", "battery"], None, None),
            ("求助", &["action", "battery"], Some("call_button"), None),
        ] {
            let device = made(name, exposes(properties)).unwrap();
            assert_eq!((device.kind, device.room), (kind, room), "{name}");
            assert_eq!(device.doubt.is_some(), kind.is_none(), "{name}");
            assert_eq!(device.about, "Made M1");
        }
        let sos = json!([{"type": "enum", "property": "action", "values": ["single", "emergency"]}]);
        assert_eq!(made("x", sos).unwrap().kind, Some("call_button"));
    }

    #[test]
    fn a_lamp_is_no_sensor_and_an_unknown_device_is_in_doubt() {
        let lamp = json!([{"type": "light", "features": [{"type": "binary", "property": "state"}]}]);
        assert_eq!(made("lamp", lamp), None);
        let unknown = device(&json!({"friendly_name": "0x00158d0001a2b3c4", "definition": null})).unwrap();
        assert_eq!((unknown.kind, unknown.doubt), (None, Some(WHAT_FOR)));
    }

    #[test]
    fn a_list_of_any_shape_is_read_without_harm() {
        for list in
            [json!(null), json!({}), json!([7, null, "x", {"friendly_name": 7}, {"definition": {"exposes": 7}}])]
        {
            assert_eq!(devices(&list).0, []);
        }
        let list = json!([
            {"type": "Coordinator", "friendly_name": "Coordinator"},
            {"friendly_name": "off", "disabled": true, "definition": null},
            {"friendly_name": "lamp", "definition": {"exposes": []}},
            {"friendly_name": "pir", "definition": {"exposes": [{"property": "occupancy"}]}},
        ]);
        let (sensors, others) = devices(&list);
        assert_eq!((sensors.len(), others), (1, 1));
        assert_eq!(sensors[0].address, "zigbee2mqtt = \"pir\"");
    }
}
