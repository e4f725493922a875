//! What must hold, one module per promise.
#![allow(clippy::unwrap_used)] // a fixture that cannot be set up ends its test
#![allow(clippy::print_stderr)] // seeds and figures are printed

mod access;
mod architecture;
mod browser;
mod circle;
mod config;
mod daily;
mod days;
mod decoders;
mod demo;
mod directory;
mod documents;
mod end_to_end;
mod families;
mod feed;
mod flood;
mod framing;
mod hands;
mod health;
mod home_assistant;
mod homes;
mod hook;
mod init;
mod kills;
mod life_cycle;
mod modbus;
mod mqtt;
mod mutated;
mod night;
mod outage;
mod picture;
mod replay;
mod report;
mod second_path;
mod serial;
mod service;
mod simulated;
mod station;
mod storage;
mod support;
mod suspend;
mod test_alert;
mod ways;
mod world;
