//! What must hold, one module per promise.

mod architecture;
mod browser;
mod config;
mod days;
mod decoders;
mod demo;
mod end_to_end;
mod kills;
mod life_cycle;
mod mqtt;
mod replay;
mod serial;
mod station;
mod storage;
mod support;
