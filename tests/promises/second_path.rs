//! The second path: what the broker does not carry reaches the station by HTTPS, and what people do there reaches the home.
#![allow(clippy::unwrap_used)] // a test ends where it cannot go on

pub mod certificates;
mod door;
mod example;
mod faults;
pub(crate) mod proxy;
