//! What looking around came to: the broker, the bridges, the ports, the devices.

use crate::devices::Wiring;
use crate::mqtt::Access;

/// Everything that was found.
#[derive(Debug, Default)]
pub struct Found {
    /// The home's broker and whether it answered; absent where none was named and none answered.
    pub broker: Option<(Access, bool)>,
    /// Base topics of the Zigbee2MQTT bridges.
    pub bases: Vec<String>,
    /// The serial ports.
    pub ports: Vec<Port>,
    /// Devices that can become sensors, each once.
    pub devices: Vec<Device>,
}

/// A serial port.
#[derive(Debug, Clone, PartialEq)]
pub struct Port {
    /// Its name in the file to be written.
    pub name: String,
    /// `/dev/serial/by-id/…` where it has such a name.
    pub path: String,
    /// What speaks there.
    pub speaks: Speaks,
}

/// What is known of a port.
#[derive(Debug, Clone, PartialEq)]
pub enum Speaks {
    /// Frames of this family at so many bits per second.
    Family(Wiring, u32),
    /// Another program's, which must not be disturbed: a Zigbee stick, a modem.
    Others(&'static str),
    /// Nothing that is known; what was tried.
    Unknown(String),
}

/// A device that can become a sensor.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Device {
    /// What people call it.
    pub name: String,
    /// Vendor and model, as far as they are known.
    pub about: String,
    /// Its address, as a line of the configuration.
    pub address: String,
    /// What it is for, as in the configuration; absent where nothing tells.
    pub kind: Option<&'static str>,
    /// The room that its name speaks of.
    pub room: Option<&'static str>,
    /// Why it must not be registered without a person's word.
    pub doubt: Option<&'static str>,
}

/// A button that says nothing of what it asks for.
pub const WHICH_BUTTON: &str = "a button: is it a call_button, service_button, ok_button or away_button?";
/// Nothing tells what it measures.
pub const WHAT_FOR: &str = "what is it for?";
/// Radio without pairing reaches through walls.
pub const WHOSE: &str = "heard by radio: a neighbour's sounds the same. Is it in this home?";
