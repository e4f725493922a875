//! 433 MHz sensors heard by rtl_433, or by its port in OpenMQTTGateway.
//!
//! ```text
//! <base>/<host>/events                          {"model":"Kerui-Security","id":840812,"cmd":10,"motion":1,…}
//! <gateway base>/<gateway>/RTL_433toMQTT[/…]    the same, from OpenMQTTGateway
//! <base>/<host>/availability, …/<gateway>/LWT   online | offline
//! <base>/<host>/devices/…, /states              single fields and statistics: the events say it all
//! ```
//!
//! A device is `model/id`. Releases rename models (`DSC Contact` became `DSC-Security`), so a registered device is found by
//! the part of the name that lasts, and its readings then carry the name it is registered by. What the messages of a model
//! mean stands in [`rtl_433_models`].
//!
//! Remotes, and PIRs and contacts built like them, send a bare code; the registration says what it means:
//! `rtl_433 = { device = "Generic-Remote/30847", codes = { "205" = "leak" } }`, and `codes = { "open" = "motion" }` of a
//! Honeywell PIR. A bare code nobody registered is no more than a note; a smoke detector that noise makes is not heard at all.

use crate::devices::codes::Codes;
use crate::devices::gateways::{self, Gateways};
use crate::devices::message::{Json, Number, Object};
use crate::devices::rtl_433_address::RAW_CODE;
use crate::devices::rtl_433_models::{self, Model, Said};
use crate::devices::{Decoded, Decoder, Identity, lenient, reading};
use crate::model::frame::{Origin, RawFrame};
use crate::model::observation::{Evidence, Measure, Reading};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

pub use crate::devices::rtl_433_address::{Address, address_toml};

/// One sentence for the table.
pub const SUMMARY: &str = "433 MHz sensors heard by rtl_433";

/// An address as written in a config.
pub const EXAMPLE: &str = "rtl_433 = \"Kerui-Security/840812\"";

/// `[rtl_433]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The base topics of rtl_433, before the name of its host.
    pub base_topics: Vec<String>,
    /// The base topics of OpenMQTTGateways, before the name of the gateway.
    pub gateway_base_topics: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { base_topics: vec!["rtl_433".to_owned()], gateway_base_topics: vec!["home".to_owned()] }
    }
}

/// The decoder. Every device is heard, registered or not, but for those that noise makes.
pub fn decoder(settings: &Settings, addresses: Vec<Address>) -> impl Decoder + use<> {
    let mut registered: BTreeMap<String, BTreeMap<String, Vec<Registered>>> = BTreeMap::new();
    for address in addresses {
        let of_model = registered.entry(rtl_433_models::lasting_name(&address.model)).or_default();
        let known = of_model.entry(address.id.to_lowercase()).or_default();
        known.push(Registered { device: address.device(), codes: address.codes });
    }
    Rtl433 {
        bases: gateways::trimmed(&settings.base_topics),
        gateway_bases: gateways::trimmed(&settings.gateway_base_topics),
        registered,
        gateways: Gateways::default(),
        models: BTreeMap::new(),
    }
}

struct Rtl433 {
    bases: Vec<String>,
    gateway_bases: Vec<String>,
    /// By lasting model name, then by id in lower case.
    registered: BTreeMap<String, BTreeMap<String, Vec<Registered>>>,
    gateways: Gateways,
    /// The models that were heard, by the names they gave.
    models: BTreeMap<String, Arc<Model>>,
}

struct Registered {
    device: String,
    codes: Option<Codes>,
}

impl Decoder for Rtl433 {
    fn topics(&self) -> Vec<String> {
        let of_host = |base: &String| ["events", "availability"].map(|rest| format!("{base}/+/{rest}"));
        let of_gateway = |base: &String| ["RTL_433toMQTT/#", "LWT"].map(|rest| format!("{base}/+/{rest}"));
        self.bases.iter().flat_map(of_host).chain(self.gateway_bases.iter().flat_map(of_gateway)).collect()
    }

    fn decode(&mut self, frame: &RawFrame) -> Decoded {
        let Origin::Mqtt { topic } = &frame.from else { return Decoded::NotMine };
        let said = match self.part_of(topic) {
            Some((gateway, Part::Event)) => self.event(gateway, frame),
            Some((gateway, Part::Availability { is_ours })) => self.gateways.told(gateway, &frame.bytes, is_ours),
            Some((_, Part::Other)) => Ok(Vec::new()),
            None => return Decoded::NotMine,
        };
        said.map_or_else(|why| Decoded::Malformed(why.to_owned()), Decoded::Readings)
    }
}

/// What a topic carries.
enum Part {
    Event,
    Availability { is_ours: bool },
    Other,
}

impl Rtl433 {
    /// The gateway that speaks, and of what.
    fn part_of<'a>(&self, topic: &'a str) -> Option<(&'a str, Part)> {
        let upto = |rest: &str| topic.get(..topic.len() - rest.len()).map(|gateway| gateway.trim_end_matches('/'));
        if let Some(rest) = gateways::under(&self.bases, topic) {
            if rest.starts_with("devices/") || rest.contains("/devices/") {
                return Some((topic, Part::Other));
            }
            let last = rest.rsplit('/').next().unwrap_or(rest);
            let part = match last {
                "events" => Part::Event,
                "availability" | "LWT" => Part::Availability { is_ours: true },
                "states" => Part::Other,
                _ => return None,
            };
            return Some((upto(last)?, part));
        }
        let rest = gateways::under(&self.gateway_bases, topic)?;
        let (_, said) = rest.split_once('/')?;
        let part = match said.split('/').next()? {
            "RTL_433toMQTT" => Part::Event,
            "LWT" if said == "LWT" => Part::Availability { is_ours: false },
            _ => return None,
        };
        Some((upto(said)?, part))
    }

    fn event(&mut self, gateway: &str, frame: &RawFrame) -> Result<Vec<Reading>, &'static str> {
        if frame.bytes.is_empty() {
            return Ok(Vec::new());
        }
        let message = lenient::object(&frame.bytes)?;
        let model = message.get("model").and_then(Json::as_str).map(str::trim).filter(|model| !model.is_empty());
        let model = model.ok_or("no_model")?;
        let known_model = self.model(model);
        let id = id_of(&message);
        let said = rtl_433_models::read(&known_model, &message, id.is_some());
        let back = if frame.retained { None } else { self.gateways.heard(gateway) };
        let mut readings: Vec<Reading> = back.into_iter().collect();
        if said.is_foreign {
            return Ok(readings);
        }
        let known = self.registered_as(&known_model.name, id.as_deref(), &said);
        let mut is_named = false;
        for registered in known.into_iter().flatten() {
            is_named |= registered.tell(&said, &message, frame.retained, &mut readings);
        }
        let is_noise = known.is_none() && said.is_doubtful;
        if !is_named && !is_noise {
            tell_unregistered(model, id.as_deref(), &said, known.is_some(), frame.retained, &mut readings);
        }
        Ok(readings)
    }

    /// Each model says its name again and again.
    fn model(&mut self, written: &str) -> Arc<Model> {
        if let Some(known) = self.models.get(written) {
            return Arc::clone(known);
        }
        let model = Arc::new(Model::of(written));
        if self.models.len() < MODELS_MAX && written.len() <= MODEL_BYTES_MAX {
            self.models.insert(written.to_owned(), Arc::clone(&model));
        }
        model
    }

    /// The registered sensors of the device that speaks. A model without ids is known by its code, or as a whole.
    fn registered_as(&self, name: &str, id: Option<&str>, said: &Said) -> Option<&Vec<Registered>> {
        let of_model = self.registered.get(name)?;
        let of = |id: &str| of_model.get(&*lenient::lower_case(id));
        match id {
            Some(id) => of(id),
            None => said.code.as_deref().and_then(of).or_else(|| of("")),
        }
    }
}

impl Registered {
    /// Adds what `said` means for this sensor; whether it means anything but that the device is there.
    fn tell(&self, said: &Said, message: &Object, retained: bool, readings: &mut Vec<Reading>) -> bool {
        let before = readings.len();
        let tell = |measure: &Measure, evidence| reading(&self.device, measure.clone(), evidence, retained);
        match &self.codes {
            None => readings.extend(said.main.iter().map(|(measure, evidence)| tell(measure, *evidence))),
            Some(codes) => {
                let means = rtl_433_models::words(said, message).find_map(|word| codes.means(&word));
                // What a supervised model repeats stays a level when it is named.
                let evidence = match said.evidence {
                    Some(Evidence::Level) if !said.main.is_empty() => Evidence::Level,
                    Some(_) | None => Evidence::Event,
                };
                readings.extend(means.map(|means| tell(&means.measure(), evidence)));
            }
        }
        let is_named = readings.len() > before || (self.codes.is_none() && said.code.is_none());
        readings.extend(said.side.iter().map(|measure| tell(measure, Evidence::Level)));
        if readings.len() == before {
            readings.push(tell(&Measure::Alive, Evidence::Event));
        }
        is_named
    }
}

/// What a device says that nobody registered, or a code of it that nobody named: for the technician.
fn tell_unregistered(
    model: &str,
    id: Option<&str>,
    said: &Said,
    is_known: bool,
    retained: bool,
    readings: &mut Vec<Reading>,
) {
    let device = match id.or(said.code.as_deref()) {
        Some(id) => [model, "/", id].concat(),
        None => model.to_owned(),
    };
    let tell = |measure, evidence| reading(&device, measure, evidence, retained);
    let before = readings.len();
    if !is_known {
        readings.extend(said.main.iter().map(|(measure, evidence)| tell(measure.clone(), *evidence)));
    }
    if said.main.is_empty()
        && let Some(code) = &said.code
    {
        let text = id.map_or_else(|| code.clone(), |id| format!("{id}/{code}"));
        readings.push(tell(Measure::Note { kind: RAW_CODE.to_owned(), text }, Evidence::Event));
    }
    if !is_known {
        readings.extend(said.side.iter().map(|measure| tell(measure.clone(), Evidence::Level)));
        if readings.len() == before {
            readings.push(tell(Measure::Alive, Evidence::Event));
        }
    }
}

/// The device's id as the message writes it.
fn id_of<'m>(message: &'m Object) -> Option<Cow<'m, str>> {
    let written = |value: &'m Json| match value {
        Json::Number(Number::Whole(whole)) => Some(Cow::Owned(whole.to_string())),
        Json::Number(number) => Some(Cow::Owned(number.written().to_string())),
        Json::Text(text) => Some(Cow::Borrowed(text.trim())).filter(|text| !text.is_empty()),
        Json::Null | Json::Truth(_) | Json::List(_) | Json::Object(_) => None,
    };
    ["id", "device", "sid"].iter().find_map(|key| message.get(key).and_then(written))
}

/// No neighbourhood has more models; noise that makes up names must not grow the memory.
const MODELS_MAX: usize = 64;
const MODEL_BYTES_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::observation::Press;
    use serde_json::{Value, json};

    fn address(written: Value) -> Address {
        serde_json::from_value(written).unwrap()
    }

    fn heard(decoder: &mut impl Decoder, message: Value) -> Vec<(String, Measure)> {
        readings_of(decoder, message).into_iter().map(|reading| (reading.device, reading.measure)).collect()
    }

    fn readings_of(decoder: &mut impl Decoder, message: Value) -> Vec<Reading> {
        let from = Origin::Mqtt { topic: "rtl_433/attic/events".to_owned() };
        let frame = RawFrame { from, bytes: message.to_string().into_bytes(), retained: false };
        let Decoded::Readings(readings) = decoder.decode(&frame) else { panic!("{message}") };
        readings
    }

    #[test]
    fn a_registered_sensor_is_found_under_every_name_its_model_ever_had() {
        let pir = address(json!("Kerui Security/840A"));
        let mut decoder = decoder(&Settings::default(), vec![pir.clone()]);
        for model in ["Kerui-Security", "Kerui Security", "KERUI"] {
            let said = heard(&mut decoder, json!({"model": model, "id": "840a", "motion": 1}));
            assert_eq!(said, [(pir.device(), Measure::Motion(true))], "{model}");
        }
        let other = heard(&mut decoder, json!({"model": "Kerui-Security", "id": "840b", "motion": 1}));
        assert_eq!(other[0].0, "Kerui-Security/840b", "another device keeps its own name");
    }

    #[test]
    fn each_key_of_a_remote_is_the_sensor_it_is_registered_as() {
        let key = |code: &str, means: &str| address(json!({"device": "Generic-Remote/7", "codes": {code: means}}));
        let mut decoder = decoder(&Settings::default(), vec![key("1", "sos"), key("2", "single")]);
        let said = heard(&mut decoder, json!({"model": "Generic-Remote", "id": 7, "cmd": 1}));
        assert!(said.contains(&("Generic-Remote/7#1".to_owned(), Measure::Button(Press::Sos))), "{said:?}");
        assert!(!said.iter().any(|(device, measure)| device.ends_with("#2") && *measure != Measure::Alive), "{said:?}");
    }

    #[test]
    fn a_code_that_was_heard_becomes_an_address() {
        let mut decoder = decoder(&Settings::default(), vec![]);
        for (message, device) in [
            (json!({"model": "Generic-Remote", "id": 7, "cmd": 205}), "Generic-Remote/7#205"),
            (json!({"model": "Leak-EV1527", "code": 983_141}), "Leak-EV1527#983141"),
            (json!({"model": "Kerui-Security", "id": 7, "motion": 1}), "Kerui-Security/7"),
        ] {
            let readings = readings_of(&mut decoder, message);
            let written: toml::Table = toml::from_str(&address_toml(&readings[0].device, &readings)).unwrap();
            let address: Address = written["rtl_433"].clone().try_into().unwrap();
            assert_eq!(address.device(), device);
        }
    }
}
