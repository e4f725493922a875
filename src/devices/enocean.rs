//! EnOcean sensors, which need no battery, behind a serial dongle (ESP3, see `esp3.rs`).
//!
//! ```text
//! RR  DD …      SS SS SS SS  TT        TT: low nibble = how often a repeater sent it again
//! |   payload   sender       status
//! F6  1 byte    rockers, handles, smoke
//! D5  1 byte    contacts; bit 3 unset = teach-in
//! A5  4 bytes   DB3 … DB0, most sensors; DB0 bit 3 unset = teach-in
//! D2  1 to 14   plugs and actuators
//! D4  7 bytes   teach-in
//! ```
//!
//! What the payloads say under each profile is drawn in `enocean_profiles.rs`.
//!
//! A telegram names its profile only at teach-in, and profiles put the same thing in different places (motion is
//! DB1 ≥ 128 in A5-07-01 and DB0 bit 7 in A5-07-02 and -03), so the config names the profile of each sender.

use crate::devices::enocean_profiles::{CONTACT, FOUR_BYTES, ROCKER, VARIABLE, measures, signal};
use crate::devices::esp3::{self, Broken, RADIO_ERP1};
use crate::devices::{Decoded, Decoder, Identity, reading, toml_text};
use crate::model::frame::RawFrame;
use crate::model::hex;
use crate::model::observation::{Evidence, Measure, Reading};

use serde::Deserialize;
use std::collections::BTreeMap;

pub use crate::devices::enocean_profiles::{Key, Profile};

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

    fn says(&self) -> Vec<Measure> {
        self.profile.says()
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

/// The decoder for the senders of the config. Others are heard too, as unknown profiles.
pub fn decoder(_settings: &Settings, addresses: Vec<Address>) -> impl Decoder + use<> {
    let mut senders: BTreeMap<String, Vec<(String, Address)>> = BTreeMap::new();
    for address in addresses {
        senders.entry(address.sender.0.clone()).or_default().push((address.device(), address));
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
    /// The registered sensors of each sender, with the names that their readings carry.
    senders: BTreeMap<String, Vec<(String, Address)>>,
}

impl Decoder for Enocean {
    fn decode(&mut self, frame: &RawFrame) -> Decoded {
        match esp3::parse(&frame.bytes) {
            Ok((packet, _)) if packet.kind == RADIO_ERP1 => match Telegram::parse(packet.data) {
                Some(telegram) => self.read(&telegram, packet.minus_dbm(), frame.retained),
                None => Decoded::Malformed("bad_length".to_owned()),
            },
            Ok(_) => Decoded::Readings(Vec::new()),
            Err(Broken::Incomplete) => Decoded::Incomplete,
            Err(Broken::Malformed(why)) => Decoded::Malformed(why.to_owned()),
        }
    }
}

impl Enocean {
    fn read(&self, telegram: &Telegram<'_>, minus_dbm: Option<u8>, retained: bool) -> Decoded {
        let mut readings = Vec::new();
        let mut say = |device: &str, measure: Measure, evidence: Evidence| {
            readings.push(Reading { copy: telegram.repeats > 0, ..reading(device, measure, evidence, retained) });
        };
        let sender = telegram.sender.as_str();
        let known = self.senders.get(sender).map_or(&[][..], Vec::as_slice);
        let teach_in = telegram.teach_in();
        let is_teach_in = teach_in.is_some();
        if let Some(text) = teach_in {
            say(sender, note("teach_in", text), Evidence::Event);
        } else if known.is_empty() {
            say(sender, note("unknown_profile", telegram.description()), Evidence::Event);
        }
        for (device, address) in known {
            match measures(address.profile, address.button, telegram.rorg, telegram.payload, telegram.status) {
                _ if is_teach_in => {}
                Some(measures) => measures.into_iter().for_each(|(measure, evidence)| say(device, measure, evidence)),
                None => say(device, note("unknown_profile", telegram.description()), Evidence::Event),
            }
        }
        // A press of a key that nobody registered is still heard of.
        if let ([], [(_, first), ..]) = (&readings[..], known) {
            let said = measures(first.profile, None, telegram.rorg, telegram.payload, telegram.status);
            for (measure, evidence) in said.unwrap_or_default() {
                let heard = reading(sender, measure, evidence, retained);
                readings.push(Reading { copy: telegram.repeats > 0, ..heard });
            }
        }
        // Every sensor of the device was heard as well as its telegram; of unknown ones a technician wants to know it too.
        if let Some(signal) = minus_dbm.map(signal) {
            let mut devices: Vec<&str> = known.iter().map(|(device, _)| device.as_str()).collect();
            devices.extend(readings.iter().map(|reading| reading.device.as_str()));
            devices.sort_unstable();
            devices.dedup();
            let heard = |device: &&str| reading(device, signal.clone(), Evidence::Level, retained);
            let heard = devices.iter().map(heard).map(|heard| Reading { copy: telegram.repeats > 0, ..heard });
            let heard: Vec<Reading> = heard.collect();
            readings.extend(heard);
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
        let sender = sender.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        let sender = format!("{sender:08x}");
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
        let bytes = hex::upper(self.payload);
        let hint = match self.rorg {
            ROCKER => "; perhaps F6-02-01",
            CONTACT => "; probably D5-00-01",
            VARIABLE => "; perhaps D2-01-xx, a plug: nothing to register",
            _ => "",
        };
        format!("{:02X} {bytes} status {:02X}{hint}", self.rorg, self.status)
    }
}

const UNIVERSAL_TEACH_IN: u8 = 0xd4;
