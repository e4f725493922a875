//! What travels between gateway and station: MQTT topics and JSON bodies, versioned.
//!
//! Tolerant to read (unknown fields are ignored, unknown words set aside), strict to write. Every body carries `v: 1`; changes
//! within a version only add. Source: `house.md` section 6; the forms as documents: `docs/schema/`.

mod activity;
mod answer;
mod body;
mod directory;
mod event;
pub mod local;
mod newer;
pub mod schema;
mod suspended;
mod topic;

pub use activity::{ActiveDay, Activity, Look, Usual, UsualPart, Walk, Walked};
pub use answer::{Answer, AsHeard, Declined};
pub use body::{
    AlertState, Greeting, Heard, Heartbeat, LastResort, LastTest, Learning, Link, Notice, PathWord, Receipt, SensorAge,
    StationStep, Today, VERSION, Wire, WireError,
};
pub use directory::{Directory, Listed};
pub use event::{CloudEvent, SCHEMAS};
pub use suspended::{InForce, Refusal};
pub use topic::{Down, Topic, Up, down_filter, station_event_topic, station_state_topic, up_filter};
