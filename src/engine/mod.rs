//! The home's decisions. Pure: `(now, input) → effects`.

pub mod circle;
pub mod rules;
