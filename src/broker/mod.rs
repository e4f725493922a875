//! A broker of the demo's own: the one inside the program, or Debian's mosquitto where the program was built without it, as the
//! package is.

#[cfg(feature = "embedded-broker")]
mod embedded;
mod mosquitto;

#[cfg(feature = "embedded-broker")]
pub use embedded::Embedded;
pub use mosquitto::Mosquitto;

use std::net::SocketAddr;

/// Whichever of them runs; it ends with the value.
pub enum Broker {
    /// Inside the program.
    #[cfg(feature = "embedded-broker")]
    Embedded(Embedded),
    /// A process.
    Mosquitto(Mosquitto),
}

impl Broker {
    /// Where it listens, on the loopback.
    pub fn addr(&self) -> SocketAddr {
        match self {
            #[cfg(feature = "embedded-broker")]
            Broker::Embedded(broker) => broker.addr(),
            Broker::Mosquitto(broker) => broker.addr(),
        }
    }
}
