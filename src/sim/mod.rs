//! A home in a box: sensors that speak as real ones do, moved by a resident whose day comes from one seed.
//!
//! For the demo and for tests; production never comes here. What it sends are real Zigbee2MQTT payloads over MQTT and real
//! ESP3 telegrams over a pty, so that everything behind it is the product itself.

pub mod bridge;
pub mod radio;
pub mod resident;
