//! A made-up home for the tests of the technician's commands.

/// Its configuration: two motion sensors and a pendant behind Zigbee2MQTT.
pub const HOME: &str = include_str!("../../tests/hands/gateway.toml");
