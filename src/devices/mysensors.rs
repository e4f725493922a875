//! MySensors nodes behind a serial gateway, as lines of six fields.
//!
//! ```text
//! node;child;command;ack;type;payload
//! 7   ;1    ;0      ;0  ;1   ;Hall PIR      presentation: child 1 of node 7 is a motion sensor (1)
//! 7   ;1    ;1      ;0  ;16  ;1             set: tripped (16)
//! 7   ;255  ;3      ;0  ;0   ;88            internal: battery (0) of the whole node (child 255)
//! 0   ;255  ;3      ;0  ;14  ;Gateway …     internal: the gateway (node 0) is ready
//! ```
//!
//! Numbers as in the library's serial API 2.x. With `ack` 1 it is an echo of what a controller sent. Battery of 102 % is
//! full. A sensor's state is a level: the usual sketches say it again whenever they wake. The battery, the heartbeat and
//! the sleep of a node count for each of its registered children.

use crate::devices::framing::{LINE_BYTES_MAX, Lines};
use crate::devices::mysensors_core::{self, Child, Children, Message};
use crate::devices::{Decoded, Decoder, Identity};
use crate::model::frame::RawFrame;
use crate::model::observation::{Measure, Reading};
use serde::{Deserialize, Deserializer};

/// One sentence for the table.
pub const SUMMARY: &str = "MySensors nodes behind a serial gateway";

/// An address as written in a config.
pub const EXAMPLE: &str = "mysensors = { device = \"7/1\", kind = \"motion\" }";

/// Bits per second of the library's gateways.
pub const BAUD: u32 = 115_200;

/// Nothing to set.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {}

/// A child of a node, perhaps with what it is for.
#[derive(Debug, Clone, PartialEq)]
pub struct Address(Child);

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let child = Child::deserialize(from)?;
        Child::check_numbers(&child.name).map_err(serde::de::Error::custom)?;
        Ok(Address(child))
    }
}

impl Identity for Address {
    /// Node and child, with the meaning where one is given: `7/1`, `7/1#motion`.
    fn device(&self) -> String {
        self.0.device()
    }

    fn port(&self) -> Option<&str> {
        self.0.port.as_deref()
    }

    fn says(&self) -> Vec<Measure> {
        self.0.says()
    }
}

/// The decoder. Children that nobody registered are heard too.
pub fn decoder(_settings: &Settings, addresses: Vec<Address>) -> impl Decoder + use<> {
    Mysensors { children: Children::new(addresses.into_iter().map(|address| address.0)) }
}

/// Cuts at line ends.
pub fn framer(_settings: &Settings) -> Lines {
    Lines::default()
}

/// The address of a child that was heard.
pub fn address_toml(device: &str, readings: &[Reading]) -> String {
    mysensors_core::address_toml("mysensors", device, readings)
}

struct Mysensors {
    children: Children,
}

impl Decoder for Mysensors {
    fn decode(&mut self, frame: &RawFrame) -> Decoded {
        match message(&frame.bytes) {
            Ok(message) => self.children.decode(&message, "", frame.retained),
            Err(why) => Decoded::Malformed(why.to_owned()),
        }
    }
}

fn message(line: &[u8]) -> Result<Message<'_>, &'static str> {
    if line.len() > LINE_BYTES_MAX {
        return Err("too_long");
    }
    let line = std::str::from_utf8(line).map_err(|_| "not_utf8")?;
    let mut fields = line.trim().splitn(6, ';');
    let mut next = || fields.next().ok_or("not_six_fields");
    let numbers = [next()?, next()?, next()?, next()?, next()?];
    Message::parse(numbers, next()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::frame::Origin;
    use crate::model::observation::{Evidence, Press};

    fn address(text: &str) -> Result<Address, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    fn said(decoder: &mut dyn Decoder, line: &str) -> Vec<(String, Measure)> {
        let from = Origin::Serial { port: "gateway".to_owned() };
        match decoder.decode(&RawFrame { from, bytes: line.as_bytes().to_vec(), retained: false }) {
            Decoded::Readings(readings) => readings.into_iter().map(|r| (r.device, r.measure)).collect(),
            other @ (Decoded::NotMine | Decoded::Incomplete | Decoded::Malformed(_)) => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn a_wrong_address_says_what_would_be_right() {
        for (text, part) in [
            (r#""7-1""#, "node/child"),
            (r#""7/256""#, "node/child"),
            (r#""07/1""#, "node/child"),
            (r#"{"device":"7/1","kind":"battery"}"#, "read without it"),
            (r#"{"device":"7/1","event":true}"#, "needs kind"),
            (r#"{"node":7}"#, "unknown field"),
        ] {
            let why = address(text).unwrap_err();
            assert!(why.contains(part), "{text}: {why}");
        }
    }

    #[test]
    fn what_a_child_is_comes_from_the_config_or_from_its_presentation_or_stays_open() {
        let addresses = [r#""7/1""#, r#"{"device":"7/2","kind":"leak"}"#].map(|text| address(text).unwrap());
        let mut decoder = decoder(&Settings::default(), addresses.into());
        assert_eq!(said(&mut decoder, "7;1;1;0;16;1"), [("7/1".to_owned(), Measure::Alarm(true))]);
        assert_eq!(said(&mut decoder, "7;2;1;0;16;1"), [("7/2#leak".to_owned(), Measure::Leak(true))]);
        said(&mut decoder, "7;1;0;0;0;Front door");
        said(&mut decoder, "7;2;0;0;1;Sink");
        assert_eq!(said(&mut decoder, "7;1;1;0;16;1"), [("7/1".to_owned(), Measure::Contact(true))]);
        assert_eq!(said(&mut decoder, "7;2;1;0;16;0"), [("7/2#leak".to_owned(), Measure::Leak(false))]);
    }

    #[test]
    fn the_battery_of_a_node_is_that_of_its_children() {
        let addresses = [r#""7/1""#, r#"{"device":"7/2","kind":"button"}"#].map(|text| address(text).unwrap());
        let mut decoder = decoder(&Settings::default(), addresses.into());
        let battery = |device: &str| (device.to_owned(), Measure::BatteryPercent(41.0));
        assert_eq!(said(&mut decoder, "7;255;3;0;0;41"), [battery("7/1"), battery("7/2#button single=1|true|on")]);
        assert_eq!(said(&mut decoder, "8;255;3;0;0;41"), [battery("8")]);
        let pressed = said(&mut decoder, "7;2;1;0;16;1");
        assert_eq!(pressed[0].1, Measure::Button(Press::Single));
        assert_eq!(said(&mut decoder, "7;2;1;0;16;0")[0].1, Measure::Alive, "the finger goes up");
    }

    #[test]
    fn a_press_is_an_event_and_a_state_is_a_level() {
        let addresses = [r#"{"device":"7/2","kind":"button"}"#, r#"{"device":"7/1","kind":"motion"}"#];
        let mut decoder = decoder(&Settings::default(), addresses.map(|text| address(text).unwrap()).into());
        let mut evidence = |line: &str| {
            let from = Origin::Serial { port: "gateway".to_owned() };
            let said = decoder.decode(&RawFrame { from, bytes: line.as_bytes().to_vec(), retained: false });
            if let Decoded::Readings(readings) = said { readings[0].evidence } else { panic!("{line}") }
        };
        assert_eq!(evidence("7;2;1;0;16;1"), Evidence::Event);
        assert_eq!(evidence("7;1;1;0;16;1"), Evidence::Level);
    }

    #[test]
    fn a_registered_child_stays_presented_however_many_present_themselves() {
        let addresses = [r#""1/0""#, r#""250/1""#].map(|text| address(text).unwrap());
        let mut decoder = decoder(&Settings::default(), addresses.into());
        said(&mut decoder, "1;0;0;0;0;Front door");
        for node in 2..=40 {
            (0..=250).for_each(|child| drop(said(&mut decoder, &format!("{node};{child};0;0;1;"))));
        }
        said(&mut decoder, "250;1;0;0;32;Sink");
        assert_eq!(said(&mut decoder, "1;0;1;0;16;1")[0].1, Measure::Contact(true));
        assert_eq!(said(&mut decoder, "250;1;1;0;16;1")[0].1, Measure::Leak(true));
    }

    #[test]
    fn presentations_without_end_take_no_more_memory() {
        let mut children = Children::default();
        for node in 1..=254u8 {
            for child in 0..254u8 {
                let (node, child) = (node.to_string(), child.to_string());
                let message = Message::parse([&node, &child, "0", "0", "1"], "x").unwrap();
                children.decode(&message, "", false);
            }
        }
        assert!(format!("{children:?}").len() < 200_000);
    }
}
