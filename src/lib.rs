//! carecircle: draft map; see house.

pub mod clock;
pub mod cmd;
pub mod config;
pub mod desk;
pub mod devices;
pub mod engine;
pub mod gateway;
pub mod model;
pub mod mqtt;
pub mod problem;
pub mod replay;
pub mod sim;
pub mod sinks;
pub mod sources;
pub mod station;
pub mod store;
pub mod text;
pub mod web;
pub mod wire;

#[cfg(feature = "embedded-broker")]
pub mod broker;
