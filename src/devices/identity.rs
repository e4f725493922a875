//! Who a device is, as its address names it, and what can be told of it before it has spoken.

use super::{Address, Settings};
use crate::model::frame::Bus;
use crate::model::observation::Measure;
use crate::model::time::Span;

/// Who a device is within its family, and what its radio cannot help.
pub trait Identity {
    /// Exactly what its readings carry in [`Reading::device`](crate::model::observation::Reading::device); two addresses of one family that differ in meaning
    /// differ here. Several sensors in one device are written `device#part`.
    fn device(&self) -> String;

    /// The serial port it names; absent for MQTT and where any port of the family will do.
    fn port(&self) -> Option<&str> {
        None
    }

    /// Whether its silence can be told from its death: `false` for radios that send only when they see something and never check in.
    fn checks_in(&self) -> bool {
        true
    }

    /// How far apart the copies of one and the same event can come, where its radio sends each event several times over.
    fn burst(&self) -> Option<Span> {
        None
    }

    /// One of each kind of reading that the address lets through, besides battery, signal and the like. Empty: only the device
    /// itself knows.
    fn says(&self) -> Vec<Measure> {
        Vec::new()
    }

    /// The topics, without wildcards, on which all its events come, where they can be told before it has spoken: a button can
    /// be heard on these alone. Empty where the family's devices share a topic.
    fn own_topics(&self, _settings: &Settings) -> Vec<String> {
        Vec::new()
    }

    /// The question, as a config writes it, that nobody on `bus` asks although the device answers to nothing else.
    fn unasked(&self, _bus: &Bus) -> Option<String> {
        None
    }
}

impl Address {
    /// See [`Identity::says`].
    pub fn says(&self) -> Vec<Measure> {
        self.identity().says()
    }

    /// See [`Identity::own_topics`].
    pub fn own_topics(&self, settings: &Settings) -> Vec<String> {
        self.identity().own_topics(settings)
    }

    /// See [`Identity::unasked`].
    pub fn unasked(&self, bus: &Bus) -> Option<String> {
        self.identity().unasked(bus)
    }

    /// See [`Identity::device`].
    pub fn device(&self) -> String {
        self.identity().device()
    }

    /// See [`Identity::port`].
    pub fn port(&self) -> Option<&str> {
        self.identity().port()
    }

    /// See [`Identity::checks_in`].
    pub fn checks_in(&self) -> bool {
        self.identity().checks_in()
    }

    /// See [`Identity::burst`].
    pub fn burst(&self) -> Option<Span> {
        self.identity().burst()
    }
}
