//! Instants and spans as whole numbers on the wire and in the history; the key says the unit: `…_ms`, `…_secs`.
//!
//! Types in place of modules, so that one `#[serde(with = "Millis")]` is the form of the number and its JSON Schema.

use super::{Span, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant as whole milliseconds since 1970-01-01T00:00Z; use with `#[serde(with = "Millis")]`.
pub enum Millis {}

impl Millis {
    /// Writes whole milliseconds.
    pub fn serialize<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        chrono::serde::ts_milliseconds::serialize(at, to)
    }

    /// Reads whole milliseconds.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        chrono::serde::ts_milliseconds::deserialize(from)
    }
}

/// A span as whole seconds; use with `#[serde(with = "Secs")]`.
pub enum Secs {}

impl Secs {
    /// Writes whole seconds.
    pub fn serialize<S: Serializer>(span: &Span, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(span.num_seconds())
    }

    /// Reads whole seconds.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Span, D::Error> {
        let secs = i64::deserialize(from)?;
        Ok(Span::try_seconds(secs).unwrap_or(Span::zero()))
    }
}

/// The same where there may be none; use with `#[serde(default, with = "SecsIfAny")]`.
pub enum SecsIfAny {}

impl SecsIfAny {
    /// Writes whole seconds or nothing.
    pub fn serialize<S: Serializer>(span: &Option<Span>, to: S) -> Result<S::Ok, S::Error> {
        span.map(|span| span.num_seconds()).serialize(to)
    }

    /// Reads whole seconds or nothing.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Span>, D::Error> {
        Ok(Option::<i64>::deserialize(from)?.and_then(Span::try_seconds))
    }
}

/// An instant where there may be none; use with `#[serde(default, with = "MillisIfAny")]`.
pub enum MillisIfAny {}

impl MillisIfAny {
    /// Writes whole milliseconds or nothing.
    pub fn serialize<S: Serializer>(at: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
        at.map(|at| at.timestamp_millis()).serialize(to)
    }

    /// Reads whole milliseconds or nothing.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
        Ok(Option::<i64>::deserialize(from)?.and_then(Timestamp::from_timestamp_millis))
    }
}

#[cfg(test)]
mod schemas {
    use super::{Millis, MillisIfAny, Secs, SecsIfAny};
    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    macro_rules! number {
        ($name:ident, $schema:tt) => {
            impl JsonSchema for $name {
                fn schema_name() -> std::borrow::Cow<'static, str> {
                    stringify!($name).into()
                }

                fn inline_schema() -> bool {
                    true
                }

                fn json_schema(_: &mut SchemaGenerator) -> Schema {
                    json_schema!($schema)
                }
            }
        };
    }

    number!(Millis, { "type": "integer", "x-unit": "ms since 1970-01-01T00:00Z" });
    number!(Secs, { "type": "integer", "x-unit": "s" });
    number!(MillisIfAny, { "type": ["integer", "null"], "x-unit": "ms since 1970-01-01T00:00Z" });
    number!(SecsIfAny, { "type": ["integer", "null"], "x-unit": "s" });
}
