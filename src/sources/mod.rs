//! Bytes in: the home's MQTT broker and its serial ports.
//!
//! Never knows what the bytes mean.

use crate::model::frame::RawFrame;
use crate::mqtt::Delivery;

pub mod modbus;
pub mod mqtt;
mod mqtt_twins;
pub mod serial;

/// What a source has to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// One message or one complete serial frame.
    Frame(RawFrame),
    /// A message of a session that the home's broker keeps; to be acknowledged when what it led to is on the disk.
    Delivered(RawFrame, Delivery),
    /// The way to the sensors came or went.
    Link {
        /// The source by its name in the config.
        source: String,
        /// Whether bytes can come now.
        up: bool,
        /// What happened and what to do, for people; of a link that is up, what is remarkable about it.
        why: String,
    },
    /// The topic filters that the source keeps from us, at every connection; none is good news.
    Refused {
        /// The source by its name in the config.
        source: String,
        /// The filters.
        filters: Vec<String>,
    },
}
