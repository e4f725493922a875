//! MySensors nodes behind an MQTT gateway: the same six fields as behind a serial one, as levels of a topic.
//!
//! ```text
//! <prefix>/node/child/command/ack/type       payload
//! mysensors-out/7/1/1/0/16                   1            set: child 1 of node 7 is tripped (16)
//! mysensors-out/7/255/3/0/0                  88           internal: battery (0) of the whole node
//! mysensors-in/…                                          what controllers send, not heard
//! ```
//!
//! The fields mean what `mysensors.rs` draws. The prefix is the installer's (`MY_MQTT_PUBLISH_TOPIC_PREFIX`). Under the first
//! prefix of the config a device is `7/1`, under the others it is written with its prefix: `attic-out/7/1`.

use crate::devices::lenient::PAYLOAD_BYTES_MAX;
use crate::devices::mysensors_core::{self, Child, Children, Message};
use crate::devices::{Decoded, Decoder, Identity};
use crate::model::frame::{Origin, RawFrame};
use crate::model::observation::{Measure, Reading};
use serde::{Deserialize, Deserializer};

/// One sentence for the table.
pub const SUMMARY: &str = "MySensors nodes behind an MQTT gateway";

/// An address as written in a config.
pub const EXAMPLE: &str = "mysensors_mqtt = { device = \"7/1\", kind = \"motion\" }";

/// `[mysensors_mqtt]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// What the gateways of the home publish under.
    pub prefixes: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        // The second is what the library's example gateway publishes under.
        Settings { prefixes: vec!["mysensors-out".to_owned(), "mygateway1-out".to_owned()] }
    }
}

/// A child of a node, perhaps with what it is for.
#[derive(Debug, Clone, PartialEq)]
pub struct Address(Child);

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let child = Child::deserialize(from)?;
        check(&child).map_err(serde::de::Error::custom)?;
        Ok(Address(child))
    }
}

fn check(child: &Child) -> Result<(), String> {
    if child.port.is_some() {
        return Err("port is for serial gateways; leave it out".to_owned());
    }
    if child.name.contains(['+', '#']) {
        return Err(format!(
            "{:?} is no topic; write the prefix, the node and the child, as \"attic-out/7/1\"",
            child.name
        ));
    }
    let numbers = child.name.rsplitn(3, '/').take(2).collect::<Vec<_>>();
    match numbers[..] {
        [child, node] => Child::check_numbers(&format!("{node}/{child}")),
        _ => Child::check_numbers(&child.name),
    }
}

impl Identity for Address {
    /// Node and child, perhaps with a prefix, with the meaning where one is given: `7/1`, `attic-out/7/1#motion`.
    fn device(&self) -> String {
        self.0.device()
    }

    fn says(&self) -> Vec<Measure> {
        self.0.says()
    }
}

/// The decoder. Children that nobody registered are heard too.
pub fn decoder(settings: &Settings, addresses: Vec<Address>) -> impl Decoder + use<> {
    let prefixes = settings.prefixes.iter().map(|prefix| prefix.trim_end_matches('/').to_owned()).collect();
    MysensorsMqtt { prefixes, children: Children::new(addresses.into_iter().map(|address| address.0)) }
}

/// The address of a child that was heard.
pub fn address_toml(device: &str, readings: &[Reading]) -> String {
    mysensors_core::address_toml("mysensors_mqtt", device, readings)
}

struct MysensorsMqtt {
    prefixes: Vec<String>,
    children: Children,
}

impl Decoder for MysensorsMqtt {
    fn topics(&self) -> Vec<String> {
        self.prefixes.iter().map(|prefix| format!("{prefix}/+/+/+/+/+")).collect()
    }

    fn decode(&mut self, frame: &RawFrame) -> Decoded {
        let Origin::Mqtt { topic } = &frame.from else { return Decoded::NotMine };
        let under = |prefix: &String| topic.strip_prefix(prefix.as_str())?.strip_prefix('/').and_then(levels);
        let found = self.prefixes.iter().enumerate().find_map(|(at, prefix)| Some((at, prefix, under(prefix)?)));
        let Some((at, prefix, numbers)) = found else { return Decoded::NotMine };
        if frame.bytes.len() > PAYLOAD_BYTES_MAX {
            return Decoded::Malformed("too_long".to_owned());
        }
        let Ok(payload) = std::str::from_utf8(&frame.bytes) else { return Decoded::Malformed("not_utf8".to_owned()) };
        let message = match Message::parse(numbers, payload) {
            Ok(message) => message,
            Err(why) => return Decoded::Malformed(why.to_owned()),
        };
        let is_named = || {
            let (node, child) = (numbers[0], numbers[1]);
            self.children.knows(&format!("{prefix}/{node}/{child}")) || self.children.knows(&format!("{prefix}/{node}"))
        };
        let prefix = if at == 0 && !is_named() { String::new() } else { format!("{prefix}/") };
        self.children.decode(&message, &prefix, frame.retained)
    }
}

/// The five levels behind the prefix.
fn levels(rest: &str) -> Option<[&str; 5]> {
    let mut levels = rest.split('/');
    let mut next = || levels.next();
    let five = [next()?, next()?, next()?, next()?, next()?];
    levels.next().is_none().then_some(five)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(decoder: &mut dyn Decoder, topic: &str, payload: &str) -> Decoded {
        let from = Origin::Mqtt { topic: topic.to_owned() };
        decoder.decode(&RawFrame { from, bytes: payload.as_bytes().to_vec(), retained: false })
    }

    fn device(said: Decoded) -> (String, Measure) {
        match said {
            Decoded::Readings(readings) => (readings[0].device.clone(), readings[0].measure.clone()),
            other @ (Decoded::NotMine | Decoded::Incomplete | Decoded::Malformed(_)) => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_same_numbers_under_two_prefixes_are_two_devices() {
        let addresses = [r#"{"device":"7/1","kind":"motion"}"#, r#"{"device":"attic-out/7/1","kind":"leak"}"#];
        let addresses = addresses.map(|text| serde_json::from_str(text).unwrap());
        let settings = Settings { prefixes: vec!["flat-out".to_owned(), "attic-out".to_owned()] };
        let mut decoder = decoder(&settings, addresses.into());
        assert_eq!(
            device(said(&mut decoder, "flat-out/7/1/1/0/16", "1")),
            ("7/1#motion".into(), Measure::Motion(true))
        );
        assert_eq!(device(said(&mut decoder, "attic-out/7/1/1/0/16", "1")).1, Measure::Leak(true));
        assert_eq!(device(said(&mut decoder, "attic-out/7/255/3/0/0", "50")).0, "attic-out/7/1#leak");
        assert_eq!(said(&mut decoder, "flat-in/7/1/1/0/16", "1"), Decoded::NotMine);
        assert_eq!(said(&mut decoder, "flat-out/7/1/1/0", "1"), Decoded::NotMine);
    }

    #[test]
    fn the_first_prefix_may_be_written_too() {
        let address: Address = serde_json::from_str(r#""mysensors-out/7/1""#).unwrap();
        let name = address.device();
        let mut decoder = decoder(&Settings::default(), vec![address]);
        assert_eq!(device(said(&mut decoder, "mysensors-out/7/1/1/0/0", "20.5")).0, name);
        assert_eq!(device(said(&mut decoder, "mysensors-out/7/255/3/0/0", "50")).0, name);
        assert_eq!(device(said(&mut decoder, "mysensors-out/8/1/1/0/0", "20.5")).0, "8/1");
    }
}
