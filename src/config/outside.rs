//! What other rooms say about their own part of the file: addresses of sensors, wiring of serial ports, channels, brokers.

pub use crate::devices::{Address, Settings as DeviceSettings, Wiring};
pub use crate::mqtt::{Access as BrokerAccess, Broker, Plaintext};
pub use crate::sinks::ChannelSettings;
pub use crate::sinks::sms::{LineSettings as Modem, Phones, Port, address::Address as PhoneNumber};

use crate::devices::{Carrier, Devices};

/// Whether devices of `family` are heard on serial ports.
pub fn is_serial(family: &str) -> bool {
    Devices::families().iter().any(|row| row.name == family && row.carrier == Carrier::Serial)
}
