//! What bytes from sensors mean: one file per device family, one table.
//!
//! Never knows rooms, residents or the time of day; never fails because of the world. A frame goes in, readings come
//! out, and each family answers in one of four ways ([`Decoded`]), which are counted and shown.
//!
//! A new family is one file, begun from [`template`], and one line in `devices!` below: its module and the name of its
//! variant (`as DownAndUp`, where its buttons tell no lengths). The file brings `SUMMARY`, `EXAMPLE` (an address as written in a config), `Settings`, `Address` with its
//! [`Identity`], `decoder`, `address_toml`, and, where it speaks on a serial port, `framer` and `BAUD`.

use crate::model::frame::{Bus, RawFrame};
use crate::model::observation::{Evidence, Measure, Reading};
use serde::Deserialize;
use std::collections::BTreeMap;

pub mod bthome;
pub mod codes;
pub mod edges;
pub mod framing;
pub mod gateways;
mod home;
mod identity;
pub mod lenient;
pub mod meaning;
pub mod message;
pub mod objects;
pub mod parts;
mod rflink_lines;
mod rtl_433_address;
pub mod rtl_433_models;
mod rtl_433_words;
mod shelly_address;
pub mod shelly_components;
mod shelly_nature;
mod snippet;
pub mod template;

pub mod enocean_profiles;
pub mod esp3;
pub mod ha_entity;
pub mod milesight;
mod modbus_address;
pub mod modbus_rtu;
mod mysensors_core;
pub mod radar;
pub mod rfxtrx_packets;
pub mod rfxtrx_stream;
pub mod tasmota_address;
pub mod tasmota_bridges;
pub mod tasmota_relayed;
pub mod tasmota_sensors;
pub mod tasmota_topics;
mod written;
pub mod zigbee2mqtt_attributes;

use framing::Cut;
pub use home::{Devices, Framer, TOPIC_BYTES_MAX};
pub use identity::Identity;

macro_rules! devices {
    (mqtt { $($mqtt:ident: $Mqtt:ident),* $(,)? }
     serial { $($serial:ident: $Serial:ident $(as $presses:ident)?),* $(,)? }) => {
        $(pub mod $mqtt;)*
        $(pub mod $serial;)*

        /// The identity of a device within its family, as written in a config: `zigbee2mqtt = "hall_pir"`.
        #[derive(Debug, Clone, PartialEq, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[allow(missing_docs, non_camel_case_types)] // the families explain themselves; rtl_433 is Rtl_433
        pub enum Address {
            $($Mqtt($mqtt::Address),)*
            $($Serial($serial::Address),)*
        }

        impl Address {
            /// The family it belongs to.
            pub fn family(&self) -> &'static str {
                match self {
                    $(Address::$Mqtt(_) => stringify!($mqtt),)*
                    $(Address::$Serial(_) => stringify!($serial),)*
                }
            }

            fn identity(&self) -> &dyn Identity {
                match self {
                    $(Address::$Mqtt(address) => address,)*
                    $(Address::$Serial(address) => address,)*
                }
            }
        }

        /// What the families need to know besides addresses.
        #[derive(Debug, Clone, PartialEq, Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        #[allow(missing_docs)] // the families explain themselves
        pub struct Settings {
            $(pub $mqtt: $mqtt::Settings,)*
            /// Which family speaks on which serial port, by the port's name.
            #[serde(skip)]
            pub serial: BTreeMap<String, Wiring>,
        }

        /// The family that speaks on a serial port, with its settings: `enocean = {}`.
        #[derive(Debug, Clone, PartialEq, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[allow(missing_docs)] // the families explain themselves
        pub enum Wiring {
            $($Serial($serial::Settings),)*
        }

        impl Wiring {
            /// The family's name.
            pub fn family(&self) -> &'static str {
                match self {
                    $(Wiring::$Serial(_) => stringify!($serial),)*
                }
            }

            /// Bits per second that its dongles usually speak.
            pub fn usual_baud(&self) -> u32 {
                match self {
                    $(Wiring::$Serial(_) => $serial::BAUD,)*
                }
            }

            /// The wiring of `family` with its usual settings.
            pub fn usual(family: &str) -> Option<Wiring> {
                $(if family == stringify!($serial) {
                    return Some(Wiring::$Serial($serial::Settings::default()));
                })*
                None
            }

            fn cut(&self) -> Box<dyn Cut> {
                match self {
                    $(Wiring::$Serial(settings) => Box::new($serial::framer(settings)),)*
                }
            }

            fn decoder(&self, port: &str, addresses: &[Address]) -> Box<dyn Decoder> {
                match self {
                    $(Wiring::$Serial(settings) => {
                        let mine = addresses.iter().filter_map(|address| match address {
                            Address::$Serial(address) => Some(address),
                            #[allow(unreachable_patterns, clippy::wildcard_enum_match_arm)] // all other families
                            _ => None,
                        });
                        let here = mine.filter(|address| address.port().is_none_or(|named| named == port));
                        Box::new($serial::decoder(settings, here.cloned().collect()))
                    })*
                }
            }
        }

        /// Of the families in use (an address, or settings of their own), or of all.
        fn mqtt_decoders(settings: &Settings, addresses: &[Address], all: bool) -> Vec<(&'static str, Box<dyn Decoder>)> {
            let mut decoders: Vec<(&'static str, Box<dyn Decoder>)> = Vec::new();
            $({
                let mine = addresses.iter().filter_map(|address| match address {
                    Address::$Mqtt(address) => Some(address.clone()),
                    #[allow(unreachable_patterns, clippy::wildcard_enum_match_arm)] // all other families
                    _ => None,
                });
                let mine: Vec<_> = mine.collect();
                if all || !mine.is_empty() || settings.$mqtt != Default::default() {
                    decoders.push((stringify!($mqtt), Box::new($mqtt::decoder(&settings.$mqtt, mine))));
                }
            })*
            decoders
        }

        fn address_toml(family: &str, device: &str, readings: &[Reading]) -> Option<String> {
            $(if family == stringify!($mqtt) {
                return Some($mqtt::address_toml(device, readings));
            })*
            $(if family == stringify!($serial) {
                return Some($serial::address_toml(device, readings));
            })*
            None
        }

        const FAMILIES: &[Family] = &[
            $(Family {
                name: stringify!($mqtt),
                carrier: Carrier::Mqtt,
                summary: $mqtt::SUMMARY,
                example: $mqtt::EXAMPLE,
                presses: Presses::Timed,
            },)*
            $(Family {
                name: stringify!($serial),
                carrier: Carrier::Serial,
                summary: $serial::SUMMARY,
                example: $serial::EXAMPLE,
                presses: [$(Presses::$presses,)? Presses::Timed][0],
            },)*
        ];
    };
}

// `cargo fmt` does not see modules that a macro declares: rustfmt src/devices/*.rs
devices! {
    mqtt {
        zigbee2mqtt: Zigbee2mqtt,
        tasmota: Tasmota,
        esphome: Esphome,
        homie: Homie,
        rtl_433: Rtl_433,
        theengs: Theengs,
        omg_rf: OmgRf,
        shelly: Shelly,
        json: Json,
        ha_discovery: HaDiscovery,
        lorawan: Lorawan,
        mysensors_mqtt: MysensorsMqtt,
    }
    serial {
        enocean: Enocean as DownAndUp,
        text: Text,
        rfxtrx: Rfxtrx,
        rflink: Rflink,
        mysensors: Mysensors,
        ld2410: Ld2410,
        ld2410s: Ld2410s,
        ld2412: Ld2412,
        ld2450: Ld2450,
        rf_bridge: RfBridge,
        uart_frame: UartFrame,
        modbus: Modbus,
    }
}

impl Wiring {
    /// What is to be asked on the port, where its devices speak only when they are asked.
    pub fn bus(&self) -> Option<&Bus> {
        // All other families speak by themselves.
        if let Wiring::Modbus(settings) = self { Some(&settings.bus) } else { None }
    }
}

/// What a family says about a frame.
#[derive(Debug, Clone, PartialEq)]
pub enum Decoded {
    /// Another family's.
    NotMine,
    /// The beginning of a frame; the rest has not come.
    Incomplete,
    /// Cannot be true; a short stable reason such as `not_an_object`.
    Malformed(String),
    /// What it says. Empty: well-formed, and nothing in it for us.
    Readings(Vec<Reading>),
}

/// One family's word on a frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// Which family.
    pub family: &'static str,
    /// Never [`Decoded::NotMine`].
    pub outcome: Decoded,
}

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    /// Its stable name, as in configs and histories.
    pub name: &'static str,
    /// How its bytes come.
    pub carrier: Carrier,
    /// One sentence.
    pub summary: &'static str,
    /// An address as written in a config.
    pub example: &'static str,
    /// What its buttons tell.
    pub presses: Presses,
}

/// What the buttons of a family tell of a press.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presses {
    /// How long or how often it was.
    Timed,
    /// That the button went down and came up, not for how long.
    DownAndUp,
}

/// How a family's bytes come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Carrier {
    Mqtt,
    Serial,
}

/// Turns frames of one family into readings. May remember what frames said that tell how later ones are to be read (a
/// device that presents itself, then reports); never the time.
pub trait Decoder: Send + Sync {
    /// MQTT filters to subscribe to; none for serial families.
    fn topics(&self) -> Vec<String> {
        Vec::new()
    }

    /// What the frame says.
    fn decode(&mut self, frame: &RawFrame) -> Decoded;

    /// The line was cut and is open again: what was said before it is to be said anew, and is no event by that.
    fn forget(&mut self) {}
}

/// A reading of a live or a kept message: what a broker kept is never an event.
fn reading(device: &str, measure: Measure, evidence: Evidence, retained: bool) -> Reading {
    reading_of(device.to_owned(), measure, evidence, retained)
}

/// The same where the device's name was made for it.
fn reading_of(device: String, measure: Measure, evidence: Evidence, retained: bool) -> Reading {
    let evidence = if retained { Evidence::Cached } else { evidence };
    Reading { device, measure, evidence, copy: false }
}

/// `text` as a TOML string.
pub(crate) fn toml_text(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_have_one_name_each_and_say_what_they_are() {
        let mut names: Vec<_> = FAMILIES.iter().map(|family| family.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), FAMILIES.len());
        for family in FAMILIES {
            assert!(family.summary.len() > 10, "{} has no summary", family.name);
            assert!(family.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'));
        }
    }

    #[test]
    fn names_are_written_so_that_toml_reads_them_back() {
        assert_eq!(toml_text("卧室/\"红外\"\\\n"), "\"卧室/\\\"红外\\\"\\\\\\u000A\"");
    }
}
