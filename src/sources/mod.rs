//! Bytes in: the home's MQTT broker and its serial ports.
//!
//! Never decides what bytes mean.

use crate::model::frame::RawFrame;

pub mod mqtt;

/// What a source says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Bytes as they came.
    Frame(RawFrame),
    /// The source was found or lost.
    Link {
        /// The source as the config names it.
        source: String,
        /// Whether it can be heard now.
        up: bool,
        /// Words for a person.
        why: String,
    },
}
