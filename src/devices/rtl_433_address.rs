//! How a technician names a sensor that rtl_433 hears.
//!
//! ```toml
//! rtl_433 = "Kerui-Security/840812"                                           # by model and id
//! rtl_433 = { device = "Generic-Remote/30847", codes = { "205" = "leak" } }   # one code of a remote, and what it means
//! rtl_433 = { device = "Leak-EV1527", codes = { "983141" = "leak" } }         # of a model without ids
//! ```

use crate::devices::codes::Codes;
use crate::devices::rtl_433_models;
use crate::devices::{Identity, toml_text};
use crate::model::observation::{Measure, Reading};
use crate::model::time::Span;
use serde::Deserialize;

/// A device by model and id, and which of its codes mean what.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Address {
    device: String,
    /// As it was written.
    pub model: String,
    /// As it was written; empty where the model says only codes.
    pub id: String,
    /// Absent where the messages say themselves what they mean.
    pub codes: Option<Codes>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a device as \"model/id\", or { device = \"model/id\", codes = { \"205\" = \"leak\" } }")]
enum Written {
    Device(String),
    Coded(Coded),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Coded {
    device: String,
    codes: Codes,
}

impl TryFrom<Written> for Address {
    type Error = String;
    fn try_from(written: Written) -> Result<Self, String> {
        let (device, codes) = match written {
            Written::Device(device) => (device, None),
            Written::Coded(Coded { device, codes }) => (device, Some(codes)),
        };
        let device = device.trim().to_owned();
        // A model without ids says only codes.
        let (model, id) = match device.rsplit_once('/') {
            None if codes.is_some() => (device.as_str(), ""),
            Some((model, id)) if !id.is_empty() => (model, id),
            Some(_) | None => {
                return Err(format!(
                    "{device:?} is no device of rtl_433; write model and id, as \"Kerui-Security/840812\""
                ));
            }
        };
        if rtl_433_models::lasting_name(model).is_empty() || device.contains('#') {
            return Err(format!("{device:?} is no device of rtl_433; write the model as `carecircle listen` shows it"));
        }
        Ok(Address { model: model.to_owned(), id: id.to_owned(), device, codes })
    }
}

impl Identity for Address {
    /// As it was written, with the codes where some are named: `Generic-Remote/30847#205`.
    fn device(&self) -> String {
        match &self.codes {
            Some(codes) => format!("{}#{}", self.device, codes.joined()),
            None => self.device.clone(),
        }
    }

    fn checks_in(&self) -> bool {
        rtl_433_models::checks_in(&rtl_433_models::lasting_name(&self.model))
    }

    /// Every message is sent several times over, and decoded as often.
    fn burst(&self) -> Option<Span> {
        Some(Span::seconds(3))
    }
}

/// The address of a device that was heard.
pub fn address_toml(device: &str, readings: &[Reading]) -> String {
    let code = readings.iter().find_map(|reading| {
        let Measure::Note { kind, text } = &reading.measure else { return None };
        (kind == RAW_CODE).then(|| text.rsplit('/').next()).flatten()
    });
    match code {
        Some(code) => {
            let device = device.strip_suffix(&format!("/{code}")).unwrap_or(device);
            let (device, code) = (toml_text(device), toml_text(code));
            format!("rtl_433 = {{ device = {device}, codes = {{ {code} = \"motion\" }} }}")
        }
        None => format!("rtl_433 = {}", toml_text(device)),
    }
}

/// The kind of a note that shows a code nobody named.
pub(super) const RAW_CODE: &str = "raw_code";

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_wrong_address_says_what_would_be_right() {
        for (written, part) in [
            (json!("Kerui-Security"), "write model and id"),
            (json!("/7"), "write the model"),
            (json!({"device": "a/7"}), "model/id"),
        ] {
            let why = serde_json::from_value::<Address>(written.clone()).unwrap_err().to_string();
            assert!(why.contains(part), "{written}: {why}");
        }
    }
}
