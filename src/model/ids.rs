//! Names of things: homes, sensors, service points, people, channels.
//!
//! An id is short, printable and safe inside an MQTT topic and a URL, so that it can be read aloud on the telephone
//! and never has to be escaped. Ids are written in configs and histories: they are stable identities.

use serde::{Deserialize, Serialize};

/// Longest id in characters; fits a topic, a page column and an SMS.
pub const ID_LENGTH_MAX: usize = 64;

/// Why a text cannot be an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} cannot be an id: {why}")]
pub struct BadId {
    /// The text as given.
    pub text: String,
    /// What is wrong with it.
    pub why: &'static str,
}

fn checked(text: &str) -> Result<(), BadId> {
    let why = if text.is_empty() {
        "it is empty"
    } else if text.chars().count() > ID_LENGTH_MAX {
        "it is longer than 64 characters"
    } else if !text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.')) {
        "only letters, digits, '-', '_' and '.' are allowed"
    } else if text.starts_with('.') {
        "it begins with a dot"
    } else {
        return Ok(());
    };
    Err(BadId { text: text.to_owned(), why })
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        #[cfg_attr(test, schemars(extend("minLength" = 1, "maxLength" = ID_LENGTH_MAX, "pattern" = tests::PATTERN)))]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The id when `text` is a legal one.
            pub fn new(text: impl Into<String>) -> Result<Self, BadId> {
                let text = text.into();
                checked(&text)?;
                Ok($name(text))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadId;
            fn try_from(text: String) -> Result<Self, BadId> {
                $name::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                $name::new(text)
            }
        }
    };
}

id! {
    /// What one gateway watches.
    HomeId
}
id! {
    /// A device with an identity in the config.
    SensorId
}
id! {
    /// A place in the home.
    RoomId
}
id! {
    /// A service point whose staff can be at the door.
    PointId
}
id! {
    /// A person of a service point; never a name.
    PersonId
}
id! {
    /// A way out of the home.
    ChannelName
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rule of [`checked`] for the JSON Schemas, in what every dialect of patterns knows. Outside ASCII it takes more, for
    /// not every dialect can name the letters of all scripts.
    pub(super) const PATTERN: &str =
        r"^[^\x00-\x2c\x2e\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f][^\x00-\x2c\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f]*$";

    #[test]
    fn the_pattern_of_the_schema_is_the_rule_of_the_program() {
        let schema = schemars::schema_for!(HomeId);
        let schema = jsonschema::validator_for(schema.as_value()).unwrap();
        let ascii = (0..=127_u8).map(char::from);
        let texts = ascii.flat_map(|c| [c.to_string(), format!("a{c}"), format!("a{c}b")]);
        let long = [63, 64, 65].map(|count| "卧".repeat(count));
        for text in texts.chain(long).chain([String::new(), "ky-lehe-0412".to_owned(), "卧室.2".to_owned()]) {
            let of_schema = schema.is_valid(&serde_json::Value::String(text.clone()));
            assert_eq!(of_schema, HomeId::new(&*text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn an_id_is_safe_in_a_topic_and_a_url() {
        for bad in ["", "a/b", "a+b", "#", "a b", "..", "a\n", &"x".repeat(65)] {
            assert!(HomeId::new(bad).is_err(), "{bad:?} was taken");
        }
        for good in ["ky-lehe-0412", "hall_pir.2", "卧室"] {
            assert_eq!(HomeId::new(good).map(|id| id.to_string()), Ok(good.to_owned()));
        }
    }
}
