//! Bytes as they came, before anybody knows what they mean.

use crate::model::fingerprint;
use serde::Deserialize;

/// One message or one complete serial frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawFrame {
    /// Where it came from.
    pub from: Origin,
    /// The bytes, unchanged.
    pub bytes: Vec<u8>,
    /// An MQTT broker kept this message and handed it out on subscription: state, never an event.
    pub retained: bool,
}

impl RawFrame {
    /// Place and bytes in short: by it a frame that comes twice is known again.
    pub fn fingerprint(&self) -> u64 {
        let place = match &self.from {
            Origin::Mqtt { topic } => topic,
            Origin::Serial { port } => port,
        };
        fingerprint::of([place.as_bytes(), &self.bytes])
    }
}

/// Where a frame came from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A message on this MQTT topic of the home's broker.
    Mqtt {
        /// The topic, byte for byte.
        topic: String,
    },
    /// A frame from the serial port of this name in the config.
    Serial {
        /// The port's name in the config, not its path.
        port: String,
    },
}

/// A question that is asked again and again on a serial bus where devices speak only when they are asked (Modbus).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poll {
    /// The device on the bus, 1 to 247.
    pub unit: u8,
    /// Which of its tables is read.
    pub table: Table,
    /// Of the first value, counted from 0.
    pub address: u16,
    /// How many values.
    pub count: u16,
    /// How often, in milliseconds.
    pub every_millis: u32,
}

/// The tables of values that a device on a Modbus has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // the names are Modbus's own
pub enum Table {
    Coils,
    DiscreteInputs,
    HoldingRegisters,
    InputRegisters,
}

impl Table {
    /// All, in the order of the functions that read them.
    pub const ALL: [Table; 4] = [Table::Coils, Table::DiscreteInputs, Table::HoldingRegisters, Table::InputRegisters];

    /// The function that reads it.
    pub fn function(self) -> u8 {
        match self {
            Table::Coils => 1,
            Table::DiscreteInputs => 2,
            Table::HoldingRegisters => 3,
            Table::InputRegisters => 4,
        }
    }

    /// Its name, as written in a config.
    pub fn name(self) -> &'static str {
        match self {
            Table::Coils => "coils",
            Table::DiscreteInputs => "discrete_inputs",
            Table::HoldingRegisters => "holding_registers",
            Table::InputRegisters => "input_registers",
        }
    }
}

/// How characters are checked on a serial line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Parity {
    #[default]
    None,
    Even,
    Odd,
}

/// What is asked on a bus, and how its characters are checked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bus {
    /// The questions.
    pub polls: Vec<Poll>,
    /// As the devices are set.
    pub parity: Parity,
}
