//! Addresses of LoRaWAN devices: which device, and what its payload means.

use crate::devices::meaning::{Kind, Meaning, Values};
use crate::devices::message::Json;
use crate::devices::milesight::Model;
use crate::devices::{Identity, lenient};
use crate::model::observation::{Evidence, Measure};
use serde::Deserialize;

/// A device and what its payload means.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Address {
    pub(super) dev_eui: String,
    pub(super) says: Says,
}

/// How its payload is read.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Says {
    /// As the decoder of its model reads it.
    Model(Model),
    /// Only the falls that its model tells.
    Falls(Model),
    /// What stands at a place of the message.
    At(At),
}

/// A place in the message and what stands there.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct At {
    pointer: String,
    meaning: Meaning,
    evidence: Evidence,
    battery: Option<String>,
    battery_low: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    dev_eui: String,
    decoder: Option<String>,
    part: Option<String>,
    pointer: Option<String>,
    kind: Option<Kind>,
    #[serde(default)]
    values: Values,
    scale: Option<f64>,
    event: Option<bool>,
    battery: Option<String>,
    battery_low: Option<String>,
}

impl TryFrom<Written> for Address {
    type Error = String;
    fn try_from(written: Written) -> Result<Self, String> {
        let dev_eui = dev_eui(&written.dev_eui).ok_or_else(|| {
            format!("{:?} is no DevEUI; write its sixteen hexadecimal digits, as \"24e124000a1b2c3d\"", written.dev_eui)
        })?;
        let says = match (&written.decoder, &written.pointer) {
            (Some(decoder), None) => {
                let is_more = written.kind.is_some() || written.scale.is_some() || written.event.is_some();
                if is_more || !written.values.is_empty() || written.battery.is_some() || written.battery_low.is_some() {
                    return Err(
                        "a decoder says what is measured; leave out all but dev_eui, decoder and part".to_owned()
                    );
                }
                let model = Model::named(decoder)?;
                match written.part.as_deref() {
                    None => Says::Model(model),
                    Some("fall") if model.knows_falls() => Says::Falls(model),
                    Some(part) => return Err(format!("{decoder} has no part {part:?}; milesight-vs373 has \"fall\"")),
                }
            }
            (None, Some(_)) if written.part.is_some() => {
                return Err("part goes with a decoder; leave it out".to_owned());
            }
            (None, Some(_)) => Says::At(At::try_from(written)?),
            (Some(_), Some(_)) => return Err("either decoder or pointer, not both".to_owned()),
            (None, None) => {
                return Err(
                    "write what its payload means: decoder = \"milesight-ws202\", or pointer = \"/object/occupied\" \
                            with kind = \"motion\""
                        .to_owned(),
                );
            }
        };
        Ok(Address { dev_eui, says })
    }
}

impl TryFrom<Written> for At {
    type Error = String;
    fn try_from(written: Written) -> Result<Self, String> {
        let pointer = written.pointer.unwrap_or_default();
        for pointer in [Some(&pointer), written.battery.as_ref(), written.battery_low.as_ref()].into_iter().flatten() {
            if !pointer.starts_with('/') {
                return Err(format!(
                    "{pointer:?} is no JSON pointer: write \"/object/occupied\" (ChirpStack) or \
                     \"/uplink_message/decoded_payload/occupied\" (The Things Stack)"
                ));
            }
        }
        let kind = written.kind.ok_or("pointer needs kind, as kind = \"motion\"")?;
        let meaning = Meaning::new(kind, written.values, written.scale)?;
        let evidence = match written.event {
            Some(true) => Evidence::Event,
            Some(false) => Evidence::Level,
            None => meaning.usual_evidence(),
        };
        Ok(At { pointer, meaning, evidence, battery: written.battery, battery_low: written.battery_low })
    }
}

impl Identity for Address {
    /// The DevEUI, with the part or the place where one is named: `24e124000a1b2c3d`, `24e124000a1b2c3d#fall`.
    fn device(&self) -> String {
        match &self.says {
            Says::Model(_) => self.dev_eui.clone(),
            Says::Falls(_) => format!("{}#fall", self.dev_eui),
            Says::At(at) => format!("{}#{} {}", self.dev_eui, at.pointer, at.meaning.name()),
        }
    }

    fn says(&self) -> Vec<Measure> {
        match &self.says {
            Says::Model(_) | Says::Falls(_) => Vec::new(),
            Says::At(at) => at.meaning.says(),
        }
    }
}

/// Sixteen hexadecimal digits in lower case, also where people put signs between them.
pub(super) fn dev_eui(text: &str) -> Option<String> {
    let digits: String = text.trim().chars().filter(|c| !matches!(c, ':' | '-' | ' ')).collect();
    let fits = digits.len() == 16 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    fits.then(|| digits.to_ascii_lowercase())
}

impl At {
    /// What stands there, and the battery beside it.
    pub(super) fn read(&self, message: &Json) -> Vec<(Measure, Evidence)> {
        let at = |pointer: &Option<String>| message.at(pointer.as_deref()?);
        let measure = message.at(&self.pointer).and_then(|value| self.meaning.read(value));
        let percent = at(&self.battery).and_then(lenient::percent).map(Measure::BatteryPercent);
        let low = at(&self.battery_low).and_then(lenient::truth).map(Measure::BatteryLow);
        let said = measure.map_or((Measure::Alive, Evidence::Event), |measure| (measure, self.evidence));
        let beside = percent.into_iter().chain(low).map(|measure| (measure, Evidence::Level));
        [said].into_iter().chain(beside).collect()
    }
}
