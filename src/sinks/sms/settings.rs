//! The keys of the channel in the config; what cannot be is refused with its line.

use super::address::Address;
use crate::mqtt;
use crate::problem::Problem;
use crate::sinks::nature::Nature;
use crate::text::Language;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The keys in the config.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The modem's port for commands, by a path that stays the same.
    pub port: Port,
    /// Bits per second; modems on USB do not care.
    #[serde(default = "usual_baud")]
    pub baud: u32,
    /// Who is told, where the addressee has no telephones of their own.
    #[serde(default, deserialize_with = "people")]
    pub to: Vec<Address>,
    /// `to` holds the telephones of the addressee.
    #[serde(skip)]
    pub are_of_addressee: bool,
    /// The file that holds the PIN of the SIM in its first line; without it the SIM must have none.
    pub pin_file: Option<PathBuf>,
    /// In which language.
    #[serde(default)]
    pub language: Language,
    /// So many messages an hour; a call may exceed it.
    #[serde(default = "usual_per_hour", deserialize_with = "per_hour")]
    pub per_hour: u16,
    /// Whether the people above may take an alert by an answer.
    #[serde(default)]
    pub accept_answers: bool,
}

/// The path of a port.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Port(String);

impl Port {
    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Port {
    type Error = String;
    fn try_from(path: String) -> Result<Port, String> {
        if !path.starts_with('/') {
            return Err(format!("{path:?} is no path of a serial port; see its name: ls /dev/serial/by-id/"));
        }
        // A modem has several such ports, and the dongle of the sensors is one more.
        if path.starts_with("/dev/ttyUSB") || path.starts_with("/dev/ttyACM") {
            return Err(format!(
                "{path} is another device after the next start; take its name from: ls /dev/serial/by-id/"
            ));
        }
        Ok(Port(path))
    }
}

pub(super) fn usual_baud() -> u32 {
    115_200
}

pub(super) fn usual_per_hour() -> u16 {
    20
}

fn people<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<Address>, D::Error> {
    let people = Vec::<Address>::deserialize(from)?;
    let is_twice = |nth: usize, person: &Address| people.iter().take(nth).any(|other| other.is_same_phone(person));
    if people.is_empty() {
        return Err(serde::de::Error::custom("nobody would be told; name a telephone: [\"+8613800138000\"]"));
    }
    if people.len() > PEOPLE_MAX {
        return Err(serde::de::Error::custom(format!(
            "at most {PEOPLE_MAX} people: a modem sends them one after the other"
        )));
    }
    if let Some((_, twice)) = people.iter().enumerate().find(|(nth, person)| is_twice(*nth, person)) {
        return Err(serde::de::Error::custom(format!("{twice} is listed twice")));
    }
    Ok(people)
}

fn per_hour<'de, D: serde::Deserializer<'de>>(from: D) -> Result<u16, D::Error> {
    let count = u16::deserialize(from)?;
    if (1..=500).contains(&count) {
        Ok(count)
    } else {
        Err(serde::de::Error::custom(format!("per_hour = {count} is out of range; from 1 to 500")))
    }
}

/// The tenth waits for a minute.
const PEOPLE_MAX: usize = 10;

/// The telephones of one point or person.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Phones(#[serde(deserialize_with = "people")] pub Vec<Address>);

impl Nature for Settings {
    fn tells_people(&self) -> bool {
        true
    }

    fn port(&self) -> Option<&str> {
        Some(self.port.as_str())
    }

    fn phones(&self) -> Option<&[Address]> {
        Some(&self.to)
    }

    fn to_phones(&self, phones: &Phones) -> Settings {
        Settings { to: phones.0.clone(), are_of_addressee: true, ..self.clone() }
    }
}

impl Settings {
    /// The PIN out of its file.
    pub(super) fn pin(&self) -> Result<Option<String>, Problem> {
        self.pin_file.as_deref().map(read_pin).transpose()
    }
}

/// The PIN that stands in a file.
pub(super) fn read_pin(file: &Path) -> Result<String, Problem> {
    let secret = mqtt::secret(file)?;
    let text = String::from_utf8_lossy(&secret);
    let pin = text.lines().next().unwrap_or_default().trim();
    if (4..=8).contains(&pin.len()) && pin.bytes().all(|digit| digit.is_ascii_digit()) {
        return Ok(pin.to_owned());
    }
    let what = "its first line is no PIN";
    Err(Problem::of(file.display().to_string(), what).with_deed("write the 4 to 8 digits that came with the SIM"))
}

/// What would keep the channel from working, without opening it.
pub fn check(settings: &Settings) -> Result<(), Problem> {
    settings.pin().map(drop)
}

/// The files it names.
pub fn files(settings: &Settings) -> Vec<&Path> {
    settings.pin_file.iter().map(PathBuf::as_path).collect()
}
