//! How a technician names a Shelly, or one input, relay or zone of it.
//!
//! ```toml
//! shelly = "shellydw2-A1B2C3"                           # by its id
//! shelly = "attic/hall"                                 # by the prefix an installer gave it
//! shelly = { id = "shellyix3-A1B2C3", channel = 1 }     # one input of several
//! shelly = "AA:BB:CC:DD:EE:05"                          # a Bluetooth device behind a Shelly
//! ```

use crate::devices::shelly_nature::Nature;
use crate::devices::{Identity, bthome, toml_text};
use crate::model::observation::Reading;
use crate::model::time::Span;
use serde::Deserialize;

/// A device by its id or its prefix, or one channel of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Address {
    /// The id, or the whole prefix an installer gave.
    pub id: String,
    channel: Option<u16>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "the id of a Shelly as \"shellydw2-A1B2C3\", or { id = \"…\", channel = 1 }")]
enum Written {
    Id(String),
    Table(Table),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    id: String,
    channel: u16,
}

impl TryFrom<Written> for Address {
    type Error = String;
    fn try_from(written: Written) -> Result<Self, String> {
        let (id, channel) = match written {
            Written::Id(id) => (id, None),
            Written::Table(Table { id, channel }) => (id, Some(channel)),
        };
        let id = id.trim().trim_matches('/');
        if id.is_empty() || id.contains(['#', '+']) {
            return Err(format!("{id:?} is no id of a Shelly; write it as its page shows it, as \"shellydw2-A1B2C3\""));
        }
        Ok(Address { id: bthome::mac(id).unwrap_or_else(|| id.to_owned()), channel })
    }
}

impl Identity for Address {
    /// The id, with the channel where one is named: `shellyix3-A1B2C3#1`.
    fn device(&self) -> String {
        match self.channel {
            Some(channel) => format!("{}#{channel}", self.id),
            None => self.id.clone(),
        }
    }

    /// A battery button wakes when it is pressed and never else.
    fn checks_in(&self) -> bool {
        Nature::of_id(&self.id) != Some(Nature::Button)
    }

    /// A Bluetooth beacon says an event for a second or two.
    fn burst(&self) -> Option<Span> {
        bthome::mac(&self.id).map(|_| Span::seconds(3))
    }
}

/// The address of a device that was heard.
pub fn address_toml(device: &str, _readings: &[Reading]) -> String {
    match device.split_once('#') {
        Some((id, channel)) => format!("shelly = {{ id = {}, channel = {channel} }}", toml_text(id)),
        None => format!("shelly = {}", toml_text(device)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_wrong_address_says_what_would_be_right() {
        for written in [json!(""), json!("a#b"), json!({"id": "a"}), json!({"id": "a", "channel": -1})] {
            let why = serde_json::from_value::<Address>(written.clone()).unwrap_err().to_string();
            assert!(why.contains("id of a Shelly"), "{written}: {why}");
        }
    }
}
