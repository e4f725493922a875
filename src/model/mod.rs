//! The words we all use: plain data that every other room speaks.
//!
//! Never touches the world: no clock, no file, no network, no randomness. Depends on no other room.

pub mod actor;
pub mod agreement;
pub mod alert;
pub mod answer;
pub mod card;
pub mod commissioning;
pub mod duty;
pub mod errand;
pub mod event;
pub mod fingerprint;
pub mod flood;
pub mod found;
pub mod frame;
pub mod hex;
pub mod home;
pub mod ids;
pub mod learned;
pub mod level;
pub mod lifecycle;
pub mod listed;
pub mod observation;
pub mod own_sign;
pub mod place;
pub mod purpose;
pub mod reason;
pub mod recorded;
pub mod relation;
pub mod signal;
pub mod staff;
pub mod status;
pub mod suspension;
pub mod time;
pub mod timers;
pub mod week_time;
