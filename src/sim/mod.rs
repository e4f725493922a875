//! A home in a box: sensors that speak as real ones do, moved by a resident whose day comes from one seed.
//!
//! For the demo, for tests and for `carecircle simulate`; production never comes here. What the demo's home sends are real
//! Zigbee2MQTT payloads over MQTT and real ESP3 telegrams over a pty, so that everything behind it is the product itself; a
//! simulated [`year`] tells the engine what decoders would have said.

pub mod bridge;
pub mod chance;
pub mod city;
pub mod crowd;
pub mod nights;
pub mod radio;
pub mod resident;
pub mod year;
