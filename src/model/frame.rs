//! Bytes as they came, before anybody knows what they mean.

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
