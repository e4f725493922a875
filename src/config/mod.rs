//! (room config)
pub mod overrides;
