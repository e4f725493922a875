//! What the messages of rtl_433 mean, model by model: the fields of one message in, measures out.
//!
//! ```text
//! Kerui-Security        cmd 10 motion  14 open  7 close  11 tamper  5 water  15 battery      or the word in "state"
//! Honeywell-Security    event bits CTRABHUU: contact, tamper, reed, alarm, battery, heartbeat
//! DSC-Security          closed 0/1, event 0 = a check-in
//! Visonic-Powercode     alarm 0/1: what it means is known to who hung it up
//! Interlogix-Security   switch1 contact, switch2 smoke, switch3 cover (of a smoke detector: switch4); motion and a check-in look alike
//! Generic-Motion        last digits of the code: a2 c2 e2 motion, 08 a check-in, 42 02 arm and disarm
//! Generic-Remote …      cmd or code, which only a registration can name
//! ```
//!
//! Sources: the decoders of rtl_433 and the samples of rtl_433_tests (interlogix/05 and 06 for the switches).

use crate::devices::lenient;
use crate::devices::message::{Json, Object};
use crate::devices::rtl_433_words::in_words;
use crate::model::observation::{Evidence, Measure};
use std::borrow::Cow;

/// One message, read.
#[derive(Debug, Default, PartialEq)]
pub struct Said {
    /// What happened or stands so.
    pub main: Vec<(Measure, Evidence)>,
    /// What the device says beside: battery, cover, weather, signal.
    pub side: Vec<Measure>,
    /// The code that a registration can name, as it is shown. Not looked for where an id names the device and the message says
    /// something without it.
    pub code: Option<String>,
    /// The word for what it says, which a registration can name.
    pub state: Option<&'static str>,
    /// How much of an event a word of it proves, once it is named.
    pub evidence: Option<Evidence>,
    /// Noise makes this model out of the presses of other devices: only a registered one is believed.
    pub is_doubtful: bool,
    /// Nothing of it is for a home: tyres.
    pub is_foreign: bool,
}

/// A model as the messages of all its releases are read.
#[derive(Debug, PartialEq)]
pub struct Model {
    /// See [`lasting_name`].
    pub name: String,
    /// See [`checks_in`].
    pub checks_in: bool,
}

impl Model {
    /// The model that a message names.
    pub fn of(written: &str) -> Model {
        let name = lasting_name(written);
        Model { checks_in: checks_in(&name), name }
    }
}

/// The part of a model's name that releases do not change: `DSC Contact` and `DSC-Security` are `dsc`.
pub fn lasting_name(model: &str) -> String {
    let mut name = String::with_capacity(model.len());
    for word in model.split(|c: char| !c.is_alphanumeric()) {
        let begun = name.len();
        name.extend(word.chars().flat_map(char::to_lowercase));
        if DROPPED.contains(&&name[begun..]) {
            name.truncate(begun);
        }
    }
    match RENAMED.iter().find(|(before, _)| *before == name) {
        Some((_, now)) => (*now).to_owned(),
        None => name,
    }
}

/// Whether a model sends now and then without anything happening, so that its silence means something.
pub fn checks_in(name: &str) -> bool {
    !SILENT.iter().any(|silent| name.contains(silent))
}

/// What `message` says of a device of this model. `has_id`: the device is known without its code.
pub fn read(model: &Model, message: &Object, has_id: bool) -> Said {
    let name = model.name.as_str();
    if message.get("type").and_then(Json::as_str) == Some("TPMS") || name.starts_with("tpms") {
        return Said { is_foreign: true, ..Said::default() };
    }
    let mut said = Said { side: side(message), evidence: Some(evidence(model, message)), ..Said::default() };
    said.is_doubtful = name == "smokegs558";
    let main = match name {
        "interlogix" => interlogix(message, &mut said),
        "smokegs558" => pressed(message, "learn").then_some(Measure::Smoke(true)).into_iter().collect(),
        "genericmotion" => generic_motion(message, &mut said),
        _ => by_fields(message),
    };
    let level = said.evidence.unwrap_or(Evidence::Level);
    let with_evidence = |measure| {
        let evidence = if name == "interlogix" && measure == Measure::Motion(true) {
            Evidence::Ambiguous
        } else if matches!(measure, Measure::Button(_)) {
            Evidence::Event
        } else {
            level
        };
        (measure, evidence)
    };
    said.main = main.into_iter().map(with_evidence).collect();
    said.state = said.main.iter().find_map(|(measure, _)| word_for(measure));
    if said.code.is_none() && (said.main.is_empty() || !has_id) && !is_explained(&said, message) {
        said.code = CODES.iter().find_map(|key| message.get(key).and_then(lenient::word)).map(Cow::into_owned);
    }
    said
}

fn word_for(measure: &Measure) -> Option<&'static str> {
    static SAID_BY: [(Measure, &str); 4] = [
        (Measure::Contact(true), "open"),
        (Measure::Contact(false), "closed"),
        (Measure::Motion(true), "motion"),
        (Measure::Alarm(true), "alarm"),
    ];
    SAID_BY.iter().find(|(said, _)| said == measure).map(|(_, word)| *word)
}

/// Every word of a message that a registration can name.
pub fn words<'a>(said: &'a Said, message: &'a Object<'a>) -> impl Iterator<Item = Cow<'a, str>> + 'a {
    let written = WORDS.iter().filter_map(|key| message.get(key).and_then(lenient::word));
    said.code.as_deref().map(Cow::Borrowed).into_iter().chain(written).chain(said.state.map(Cow::Borrowed))
}

/// Whether a code beside says no more than what was understood: an opened cover, an empty battery, a check-in.
fn is_explained(said: &Said, message: &Object) -> bool {
    let is_check_in = |key: &&str| {
        message.get(key).and_then(Json::as_str).is_some_and(|word| matches!(word, "Heartbeat" | "Battery Report"))
    };
    ["event", "state"].iter().any(is_check_in)
        || said.side.iter().any(|measure| matches!(measure, Measure::Tamper(true) | Measure::BatteryLow(true)))
}

/// Whether a message of this model is sent because something happened.
fn evidence(model: &Model, message: &Object) -> Evidence {
    let flag = |key: &str| message.get(key).and_then(lenient::truth);
    let is_event = match flag("heartbeat") {
        Some(is_check_in) => !is_check_in,
        None if model.name == "dsc" => flag("event") == Some(true),
        // What never checks in sends on the event alone. Of models nobody knows here, only a change is believed.
        None => !model.checks_in,
    };
    if is_event { Evidence::Event } else { Evidence::Level }
}

/// The meaning of the common fields, and of words where there are none.
fn by_fields(message: &Object) -> Vec<Measure> {
    let flag = |keys: &[&str]| keys.iter().find_map(|key| message.get(key).and_then(lenient::truth));
    let fields = [
        flag(&["motion"]).map(Measure::Motion),
        flag(&["opened", "open", "contact_open"]).map(Measure::Contact),
        flag(&["closed"]).map(|is_closed| Measure::Contact(!is_closed)),
        flag(&["water", "leak", "detect_wet", "water_leak"]).map(Measure::Leak),
        flag(&["smoke"]).map(Measure::Smoke),
        flag(&["alarm"]).map(Measure::Alarm),
    ];
    let mut measures: Vec<Measure> = fields.into_iter().flatten().collect();
    for key in ["state", "event", "remarks", "extradata", "text"] {
        let Some(Json::Text(words)) = message.get(key) else { continue };
        let Some(measure) = in_words(words) else { continue };
        let is_said = |known: &Measure| std::mem::discriminant(known) == std::mem::discriminant(&measure);
        if !measures.iter().any(is_said) {
            measures.push(measure);
        }
    }
    measures
}

fn interlogix(message: &Object, said: &mut Said) -> Vec<Measure> {
    let open = |number: usize| match SWITCHES.get(number - 1).and_then(|key| message.get(key)).and_then(Json::as_str) {
        Some("OPEN") => Some(true),
        Some("CLOSED") => Some(false),
        Some(_) | None => None,
    };
    let kind = ["subtype", "device_type"].iter().find_map(|key| message.get(key).and_then(Json::as_str));
    let cover = if kind == Some("smoke") { 4 } else { 3 };
    if kind != Some("keyfob") {
        said.side.extend(open(cover).map(Measure::Tamper));
    }
    match kind {
        Some("contact") => open(1).map(Measure::Contact).into_iter().collect(),
        Some("smoke") => open(2).map(Measure::Smoke).into_iter().collect(),
        // Not one of its fields tells movement from a check-in.
        Some("motion") => vec![Measure::Motion(true)],
        Some("keyfob") => {
            let key = (1..=5).find(|number| open(*number) == Some(false));
            said.code = key.map(|number| number.to_string());
            said.evidence = Some(Evidence::Event);
            Vec::new()
        }
        Some(_) | None => Vec::new(),
    }
}

fn generic_motion(message: &Object, said: &mut Said) -> Vec<Measure> {
    let code = message.get("code").and_then(lenient::word).unwrap_or_default();
    said.evidence = Some(Evidence::Event);
    match code.get(code.len().saturating_sub(2)..) {
        Some("a2" | "c2" | "e2") => vec![Measure::Motion(true)],
        Some("08") => vec![Measure::Alive],
        Some(_) | None => Vec::new(),
    }
}

/// `learn` and the like: 0 where somebody meant it.
fn pressed(message: &Object, key: &str) -> bool {
    message.get(key).and_then(lenient::truth) != Some(true)
}

/// What stands for the switches of an Interlogix, the first of which has the number 1.
const SWITCHES: [&str; 5] = ["switch1", "switch2", "switch3", "switch4", "switch5"];

/// Battery, cover, weather and signal, which all models write alike.
fn side(message: &Object) -> Vec<Measure> {
    let of = |key: &str| message.get(key);
    let mut side = Vec::new();
    side.extend(of("tamper").and_then(lenient::truth).map(Measure::Tamper));
    side.extend(battery(message));
    side.extend(of("battery_mV").and_then(lenient::number).map(|milli| Measure::SupplyVolts(milli / 1000.0)));
    let fahrenheit = || lenient::celsius((lenient::number(of("temperature_F")?)? - 32.0) / 1.8);
    let celsius = of("temperature_C").and_then(lenient::celsius).or_else(fahrenheit);
    side.extend(celsius.map(Measure::TemperatureCelsius));
    side.extend(of("humidity").and_then(lenient::percent).map(Measure::HumidityPercent));
    let lux = of("light_lux").or_else(|| of("lux")).and_then(lenient::lux);
    side.extend(lux.map(Measure::IlluminanceLux));
    // 5 dB above the noise is just heard, 30 dB is next door. Without a noise level only dBm says something.
    let above_noise = of("snr").and_then(lenient::number).filter(|db| (-20.0..100.0).contains(db));
    let signal = above_noise.map(|db| Measure::SignalPercent(((db - 5.0) * 4.0).clamp(0.0, 100.0)));
    side.extend(signal.or_else(|| lenient::dbm(of("rssi")?).map(Measure::SignalPercent)));
    side
}

/// `battery_ok` 0 or 1, or a share of one; older releases `battery` OK or LOW, `battery_low`.
fn battery(message: &Object) -> Option<Measure> {
    if let Some(ok) = message.get("battery_ok") {
        return match lenient::truth(ok) {
            Some(is_ok) => Some(Measure::BatteryLow(!is_ok)),
            None => lenient::number(ok)
                .filter(|share| (0.0..=1.0).contains(share))
                .map(|share| Measure::BatteryPercent(share * 100.0)),
        };
    }
    if let Some(is_low) = ["battery_low", "low_battery"].iter().find_map(|key| lenient::truth(message.get(key)?)) {
        return Some(Measure::BatteryLow(is_low));
    }
    let word = |key: &str| message.get(key).and_then(lenient::word);
    match (word("battery").as_deref(), word("state").as_deref()) {
        (Some("low"), _) | (None, Some("battery")) => Some(Measure::BatteryLow(true)),
        (Some("ok"), _) => Some(Measure::BatteryLow(false)),
        (Some(_) | None, _) => None,
    }
}

/// Words of a model's name that come and go between releases.
const DROPPED: &[&str] = &["security", "sensor", "contact", "door", "window", "detector"];

/// Models whose new name shares too little with the old one.
const RENAMED: &[(&str, &str)] = &[("skylinkha434tlmotion", "skylinkmotion"), ("skylinkha434tl", "skylinkmotion")];

/// Models that send when they see something or are pressed, and never else.
const SILENT: &[&str] = &[
    "kerui",
    "remote",
    "ev1527",
    "pt2262",
    "smokegs558",
    "dysq100b",
    "nexa",
    "proove",
    "akhan",
    "chuango",
    "doorbell",
    "waveman",
    "intertechno",
    "secplus",
    "silvercrest",
    "quhwa",
    "byron",
];

/// Where a code stands that means something to who registered it, best first.
const CODES: &[&str] = &["cmd", "command", "code", "data", "button"];

/// Where a word stands that a registration can name.
const WORDS: &[&str] = &["cmd", "command", "code", "data", "button", "unit", "state", "event", "tristate"];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read_of(model: &str, message: Value) -> Said {
        read(&Model::of(model), Json::from(message).as_object().unwrap(), true)
    }

    #[test]
    fn a_renamed_model_keeps_its_name() {
        for (before, now) in [
            ("DSC Contact", "DSC-Security"),
            ("Interlogix", "Interlogix-Security"),
            ("Kerui Security", "Kerui-Security"),
            ("Generic Remote", "Generic-Remote"),
            ("Generic motion sensor", "Generic-Motion"),
            ("Honeywell Door/Window Sensor", "Honeywell-Security"),
            ("Skylink HA-434TL motion sensor", "Skylink-Motion"),
            ("Smoke detector GS 558", "Smoke-GS558"),
            ("Visonic powercode", "Visonic-Powercode"),
            ("Security", "Sensor"),
        ] {
            assert_eq!(lasting_name(before), lasting_name(now), "{before}");
        }
        assert_ne!(lasting_name("Generic-Remote"), lasting_name("Generic-Motion"));
    }

    #[test]
    fn only_models_that_supervise_check_in() {
        assert!(["DSC Contact", "Honeywell-Security", "Nexus-TH"].iter().all(|model| checks_in(&lasting_name(model))));
        assert!(["Kerui-Security", "Generic-Remote"].iter().all(|model| !checks_in(&lasting_name(model))));
    }

    #[test]
    fn batteries_of_every_release_are_understood() {
        for (message, measure) in [
            (json!({"battery_ok": 1}), Some(Measure::BatteryLow(false))),
            (json!({"battery_ok": 0}), Some(Measure::BatteryLow(true))),
            (json!({"battery_ok": 1.0}), Some(Measure::BatteryLow(false))),
            (json!({"battery_ok": 0.5}), Some(Measure::BatteryPercent(50.0))),
            (json!({"battery_ok": null}), None),
            (json!({"battery_ok": 7}), None),
            (json!({"battery": "LOW"}), Some(Measure::BatteryLow(true))),
            (json!({"battery": "OK", "state": "battery"}), Some(Measure::BatteryLow(false))),
            (json!({"battery_low": 0}), Some(Measure::BatteryLow(false))),
            (json!({"state": "battery"}), Some(Measure::BatteryLow(true))),
        ] {
            assert_eq!(battery(Json::from(message.clone()).as_object().unwrap()), measure, "{message}");
        }
    }

    #[test]
    fn a_check_in_is_no_event() {
        let evidence = |model, message| read_of(model, message).main.remove(0).1;
        assert_eq!(evidence("Honeywell-Security", json!({"state": "open", "heartbeat": "yes"})), Evidence::Level);
        assert_eq!(evidence("Honeywell-Security", json!({"contact_open": 1, "heartbeat": 0})), Evidence::Event);
        assert_eq!(evidence("DSC-Security", json!({"closed": 1, "event": 0})), Evidence::Level);
        assert_eq!(evidence("DSC Contact", json!({"closed": 0, "event": 1})), Evidence::Event);
        assert_eq!(evidence("Visonic-Powercode", json!({"alarm": 1})), Evidence::Level);
        assert_eq!(evidence("Interlogix", json!({"device_type": "motion"})), Evidence::Ambiguous);
        assert_eq!(evidence("Kerui-Security", json!({"motion": 1})), Evidence::Event);
        assert_eq!(evidence("Some-New-PIR", json!({"motion": 1})), Evidence::Level);
    }

    #[test]
    fn the_cover_of_a_smoke_detector_is_no_smoke() {
        let message = |two, four| json!({"subtype": "smoke", "switch1": "OPEN", "switch2": two, "switch4": four});
        assert_eq!(read_of("Interlogix", message("CLOSED", "OPEN")).main, [(Measure::Smoke(false), Evidence::Level)]);
        assert_eq!(read_of("Interlogix", message("CLOSED", "OPEN")).side, [Measure::Tamper(true)]);
        assert_eq!(read_of("Interlogix", message("OPEN", "CLOSED")).main, [(Measure::Smoke(true), Evidence::Level)]);
    }
}
