//! EnOcean sensors, which need no battery, behind a serial dongle (ESP3, see `esp3.rs`).
//!
//! ```text
//! RR  DD …      SS SS SS SS  TT        TT: low nibble = how often a repeater sent it again
//! |   payload   sender       status
//! F6  1 byte    rocker:   bits 7-5 first key, bit 4 pressed, bits 3-1 second key, bit 0 second key holds;
//!               status bit 4 (NU) set: keys are named; unset: only how many; nothing pressed = let go
//! D5  1 byte    contact:  bit 0 closed; bit 3 unset = teach-in
//! A5  4 bytes   DB3 … DB0; DB0 bit 3 unset = teach-in
//! ```
//!
//! A telegram names its profile only at teach-in, and profiles put the same thing in different places (motion is
//! DB1 ≥ 128 in A5-07-01 and DB0 bit 7 in A5-07-02 and -03), so the config names the profile of each sender.

use crate::devices::esp3::{self, Broken, RADIO_ERP1};
use crate::devices::{Decoded, Decoder, Identity, reading, toml_text};
use crate::model::frame::RawFrame;
use crate::model::observation::{Evidence, Measure, Press, Reading};
use serde::Deserialize;
use std::collections::BTreeMap;

/// One sentence for the table.
pub const SUMMARY: &str = "EnOcean radio sensors behind a serial dongle (ESP3)";

/// An address as written in a config.
pub const EXAMPLE: &str = "enocean = { sender = \"0500aa01\", profile = \"A5-07-01\" }";

/// Bits per second of every dongle with ESP3.
pub const BAUD: u32 = 57_600;

/// Nothing to set.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {}

/// A sender and what its telegrams mean.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
    sender: Sender,
    profile: Profile,
    /// Of a rocker with several keys, only this one.
    button: Option<Key>,
    /// Only where this port hears it; absent: any port of the family.
    port: Option<String>,
}

impl Identity for Address {
    /// The sender in lower-case hex, with the key where one is named: `0500aa01`, `0500aa01#A0`.
    fn device(&self) -> String {
        match self.button {
            Some(key) => format!("{}#{key:?}", self.sender.0),
            None => self.sender.0.clone(),
        }
    }

    fn port(&self) -> Option<&str> {
        self.port.as_deref()
    }
}

/// Eight hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Sender(String);

impl TryFrom<String> for Sender {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let digits = text.replace([':', ' '], "").to_lowercase();
        if digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            Ok(Sender(digits))
        } else {
            Err(format!("{text:?} is no EnOcean sender; write its eight hexadecimal digits, as \"0500aa01\""))
        }
    }
}

/// A key of a rocker, as EnOcean prints them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[allow(missing_docs)]
pub enum Key {
    #[serde(alias = "A1")]
    AI,
    A0,
    #[serde(alias = "B1")]
    BI,
    B0,
}

/// A profile that can be read here.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "String")]
pub enum Profile {
    /// F6-02-01, F6-02-02: rockers of two keys a side.
    Rocker,
    /// D5-00-01: window and door contact.
    Contact,
    /// A5-07-01: motion in DB1, supply voltage where DB0 bit 0 says so.
    MotionInDb1,
    /// A5-07-02: motion in DB0 bit 7, supply voltage.
    MotionInDb0,
    /// A5-07-03: the same with illuminance.
    MotionAndLight,
    /// A5-02-01 to -0B: temperature between two bounds, falling with the byte.
    Temperature {
        /// °C at byte 255.
        lowest: i16,
    },
}

impl TryFrom<String> for Profile {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let lowest = |lowest| Ok(Profile::Temperature { lowest });
        match text.trim().to_uppercase().as_str() {
            "F6-02-01" | "F6-02-02" => Ok(Profile::Rocker),
            "D5-00-01" => Ok(Profile::Contact),
            "A5-07-01" => Ok(Profile::MotionInDb1),
            "A5-07-02" => Ok(Profile::MotionInDb0),
            "A5-07-03" => Ok(Profile::MotionAndLight),
            "A5-02-01" => lowest(-40),
            "A5-02-02" => lowest(-30),
            "A5-02-03" => lowest(-20),
            "A5-02-04" => lowest(-10),
            "A5-02-05" => lowest(0),
            "A5-02-06" => lowest(10),
            "A5-02-07" => lowest(20),
            "A5-02-08" => lowest(30),
            "A5-02-09" => lowest(40),
            "A5-02-0A" => lowest(50),
            "A5-02-0B" => lowest(60),
            _ => Err(format!(
                "profile {text:?} is not known; known are F6-02-01, F6-02-02, D5-00-01, A5-02-01 to A5-02-0B, A5-07-01, \
                 A5-07-02, A5-07-03"
            )),
        }
    }
}

/// The decoder for the senders of the config. Others are heard too, as unknown profiles.
pub fn decoder(_settings: &Settings, addresses: Vec<Address>) -> impl Decoder + use<> {
    let mut senders: BTreeMap<String, Vec<Address>> = BTreeMap::new();
    for address in addresses {
        senders.entry(address.sender.0.clone()).or_default().push(address);
    }
    Enocean { senders }
}

/// Cuts the dongle's bytes.
pub fn framer(_settings: &Settings) -> esp3::Packets {
    esp3::Packets::default()
}

/// The address of a sender that was heard, with the profile that its teach-in named or its telegram suggests.
pub fn address_toml(device: &str, readings: &[Reading]) -> String {
    let notes = readings.iter().filter_map(|reading| {
        let Measure::Note { kind, text } = &reading.measure else { return None };
        Some((kind.as_str(), text.as_str()))
    });
    let named = |text: &str| {
        text.split_whitespace().find(|word| word.len() == 8 && word.matches('-').count() == 2).map(str::to_owned)
    };
    let notes: Vec<_> = notes.collect();
    let taught = notes.iter().filter(|(kind, _)| *kind == "teach_in").find_map(|(_, text)| named(text));
    let profile = taught.or_else(|| notes.iter().find_map(|(_, text)| named(text)));
    let (profile, note) = profile.map_or(("A5-07-01".to_owned(), "   # see the data sheet"), |profile| (profile, ""));
    format!("enocean = {{ sender = {}, profile = {} }}{note}", toml_text(device), toml_text(&profile))
}

struct Enocean {
    senders: BTreeMap<String, Vec<Address>>,
}

impl Decoder for Enocean {
    fn decode(&mut self, frame: &RawFrame) -> Decoded {
        match esp3::parse(&frame.bytes) {
            Ok((packet, _)) if packet.kind == RADIO_ERP1 => match Telegram::parse(packet.data) {
                Some(telegram) => self.read(&telegram, frame.retained),
                None => Decoded::Malformed("bad_length".to_owned()),
            },
            Ok(_) => Decoded::Readings(Vec::new()),
            Err(Broken::Incomplete) => Decoded::Incomplete,
            Err(Broken::Malformed(why)) => Decoded::Malformed(why.to_owned()),
        }
    }
}

impl Enocean {
    fn read(&self, telegram: &Telegram<'_>, retained: bool) -> Decoded {
        let mut readings = Vec::new();
        let mut say = |device: &str, measure: Measure, evidence: Evidence| {
            readings.push(Reading { copy: telegram.repeats > 0, ..reading(device, measure, evidence, retained) });
        };
        let sender = telegram.sender.as_str();
        let known = self.senders.get(sender).map_or(&[][..], Vec::as_slice);
        if let Some(text) = telegram.teach_in() {
            say(sender, note("teach_in", text), Evidence::Event);
        } else if known.is_empty() {
            say(sender, note("unknown_profile", telegram.description()), Evidence::Event);
        }
        for address in known {
            let device = address.device();
            match telegram.measures(address.profile, address.button) {
                _ if telegram.teach_in().is_some() => {}
                Some(measures) => measures.into_iter().for_each(|(measure, evidence)| say(&device, measure, evidence)),
                None => say(&device, note("unknown_profile", telegram.description()), Evidence::Event),
            }
        }
        // A press of a key that nobody registered is still heard of.
        if let ([], [first, ..]) = (&readings[..], known) {
            for (measure, evidence) in telegram.measures(first.profile, None).unwrap_or_default() {
                let heard = reading(sender, measure, evidence, retained);
                readings.push(Reading { copy: telegram.repeats > 0, ..heard });
            }
        }
        Decoded::Readings(readings)
    }
}

fn note(kind: &str, text: String) -> Measure {
    Measure::Note { kind: kind.to_owned(), text }
}

/// A radio telegram taken apart.
struct Telegram<'a> {
    rorg: u8,
    payload: &'a [u8],
    sender: String,
    status: u8,
    repeats: u8,
}

impl<'a> Telegram<'a> {
    /// `None` where the length is none that its kind can have.
    fn parse(data: &'a [u8]) -> Option<Telegram<'a>> {
        let (&rorg, rest) = data.split_first()?;
        let (&status, rest) = rest.split_last()?;
        let (payload, sender) = rest.split_at_checked(rest.len().checked_sub(4)?)?;
        let fits = match rorg {
            ROCKER | CONTACT => payload.len() == 1,
            FOUR_BYTES => payload.len() == 4,
            UNIVERSAL_TEACH_IN => payload.len() == 7,
            _ => true,
        };
        let sender = sender.iter().map(|byte| format!("{byte:02x}")).collect();
        fits.then_some(Telegram { rorg, payload, sender, status, repeats: status & 0x0f })
    }

    /// What a teach-in telegram says about the sender.
    fn teach_in(&self) -> Option<String> {
        match (self.rorg, self.payload) {
            (CONTACT, [bits]) if bits & 0x08 == 0 => Some("D5-00-01".to_owned()),
            (FOUR_BYTES, [_, _, _, db0]) if db0 & 0x88 == 0 => {
                Some("4BS without a profile; see the data sheet".to_owned())
            }
            (FOUR_BYTES, [db3, db2, db1, db0]) if db0 & 0x08 == 0 => {
                let kind = (db3 & 0x03) << 5 | db2 >> 3;
                let maker = u16::from(db2 & 0x07) << 8 | u16::from(*db1);
                Some(format!("A5-{:02X}-{kind:02X} manufacturer {maker:03X}", db3 >> 2))
            }
            (UNIVERSAL_TEACH_IN, [_, _, maker, high, kind, function, rorg]) => {
                let maker = u16::from(high & 0x07) << 8 | u16::from(*maker);
                Some(format!("{rorg:02X}-{function:02X}-{kind:02X} manufacturer {maker:03X}"))
            }
            _ => None,
        }
    }

    /// For a technician who has to find the profile.
    fn description(&self) -> String {
        let bytes: String = self.payload.iter().map(|byte| format!("{byte:02X}")).collect();
        let hint = match self.rorg {
            ROCKER => "; perhaps F6-02-01",
            CONTACT => "; probably D5-00-01",
            _ => "",
        };
        format!("{:02X} {bytes} status {:02X}{hint}", self.rorg, self.status)
    }

    /// What it says under a profile; `None` where the telegram is of another kind.
    fn measures(&self, profile: Profile, button: Option<Key>) -> Option<Vec<(Measure, Evidence)>> {
        let level = |measure| (measure, Evidence::Level);
        Some(match (profile, self.rorg, self.payload) {
            (Profile::Rocker, ROCKER, &[bits]) => {
                let press = rocker(bits, self.status, button);
                press.into_iter().map(|press| (Measure::Button(press), Evidence::Event)).collect()
            }
            (Profile::Contact, CONTACT, &[bits]) => vec![level(Measure::Contact(bits & 1 == 0))],
            (Profile::MotionInDb1, FOUR_BYTES, &[db3, _, db1, db0]) => {
                let volts = volts(db3).filter(|_| db0 & 1 == 1);
                [level(Measure::Motion(db1 >= 0x80))].into_iter().chain(volts.map(level)).collect()
            }
            (Profile::MotionInDb0, FOUR_BYTES, &[db3, _, _, db0]) => {
                [level(Measure::Motion(db0 & 0x80 != 0))].into_iter().chain(volts(db3).map(level)).collect()
            }
            (Profile::MotionAndLight, FOUR_BYTES, &[db3, db2, db1, db0]) => {
                let lux = u16::from(db2) << 2 | u16::from(db1 >> 6);
                let lux = (lux <= 1000).then(|| Measure::IlluminanceLux(f64::from(lux)));
                let beside = volts(db3).into_iter().chain(lux).map(level);
                [level(Measure::Motion(db0 & 0x80 != 0))].into_iter().chain(beside).collect()
            }
            (Profile::Temperature { lowest }, FOUR_BYTES, &[_, _, db1, _]) => {
                let celsius = f64::from(lowest) + f64::from(255 - db1) * 40.0 / 255.0;
                vec![level(Measure::TemperatureCelsius((celsius * 100.0).round() / 100.0))]
            }
            _ => return None,
        })
    }
}

/// What a rocker says, with only the key `wanted` looked at where one is named. A release names no key.
fn rocker(bits: u8, status: u8, wanted: Option<Key>) -> Option<Press> {
    let is_pressed = bits & 0x10 != 0;
    let keys_are_named = status & 0x10 != 0;
    if !is_pressed {
        return Some(Press::Release);
    }
    let key = |number: u8| [Key::AI, Key::A0, Key::BI, Key::B0].get(usize::from(number)).copied();
    let second = if bits & 1 == 1 { key(bits >> 1 & 0x07) } else { None };
    let is_meant = |wanted: Key| !keys_are_named || key(bits >> 5) == Some(wanted) || second == Some(wanted);
    // Where the keys are not named (three or more at once), every key may be among them: better a call too many.
    wanted.is_none_or(is_meant).then_some(Press::Single)
}

/// 0 … 250 is 0 … 5 V; above stand error codes.
fn volts(byte: u8) -> Option<Measure> {
    (byte <= 250).then(|| Measure::SupplyVolts(f64::from(byte) * 2.0 / 100.0))
}

const ROCKER: u8 = 0xf6;
const CONTACT: u8 = 0xd5;
const FOUR_BYTES: u8 = 0xa5;
const UNIVERSAL_TEACH_IN: u8 = 0xd4;
