//! Bytes in: from serial ports and from the home's broker.
//!
//! Never knows what they mean.

pub mod serial;

use crate::model::frame::RawFrame;

/// What a source has to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// One message or one complete serial frame.
    Frame(RawFrame),
    /// The way to the sensors came or went.
    Link {
        /// The source by its name in the config.
        source: String,
        /// Whether bytes can come now.
        up: bool,
        /// Why not and what to do, for people; empty when up.
        why: String,
    },
}
