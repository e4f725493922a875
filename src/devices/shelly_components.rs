//! What the parts of a Shelly say: topics and letters of the first generation, components and events of the later ones.
//!
//! ```text
//! Gen1  sensor/state open|close   sensor/flood true|1   sensor/gas none|mild|heavy|test   sensor/illumination dark|twilight|bright
//! Gen2+ smoke:0 {"alarm":true}   flood:0 {"alarm":true}   input:0 {"state":true}   switch:0 {"output":true}
//!       occupancy:0, presence:0, presencezone:200 {"value":true}   temperature:0 {"tC":21.4}   humidity:0 {"rh":52.3}
//!       illuminance:0 {"lux":31,"illumination":"dark"}   devicepower:0 {"battery":{"V":2.93,"percent":88}}   wifi {"rssi":-61}
//!       bthomesensor:201 {"value":true}: only a registration can say what it is
//! ```

use crate::devices::lenient;
use crate::devices::message::{Json, Object, Scalar};
use crate::model::observation::{Evidence, Measure, Press};

/// One thing a message says.
#[derive(Debug, PartialEq)]
pub struct Found {
    /// Which input, relay or zone, where the device numbers them.
    pub channel: Option<u16>,
    /// What it measures.
    pub measure: Measure,
    /// How much of an event it proves.
    pub evidence: Evidence,
}

impl Found {
    fn level(channel: Option<u16>, measure: Measure) -> Found {
        Found { channel, measure, evidence: Evidence::Level }
    }
}

/// `S` short, `SS` twice, `SSS` three times, `L` long.
pub fn gen1_press(letters: &str) -> Option<Press> {
    match letters {
        "" => None,
        "S" => Some(Press::Single),
        "SS" => Some(Press::Double),
        "SSS" => Some(Press::Triple),
        "L" => Some(Press::Long),
        other => Some(Press::Other(other.to_lowercase())),
    }
}

/// The status of a Gen1 motion sensor, or the whole state of another Gen1 device.
pub fn gen1_status(message: &Object) -> Vec<Found> {
    let sensor = message.get("sensor").and_then(Json::as_object).unwrap_or(message);
    // Detection was switched off: that nothing moves is not known.
    let is_active = sensor.get("active").and_then(lenient::truth) != Some(false);
    let inner = |outer: &str, key: &str| message.get(outer).and_then(|outer| outer.get(key));
    let percent = sensor.get("bat").filter(|bat| bat.as_object().is_none()).or_else(|| inner("bat", "value"));
    let lux = sensor.get("lux").filter(|lux| lux.as_object().is_none()).or_else(|| inner("lux", "value"));
    let celsius = inner("tmp", "tC").or_else(|| inner("tmp", "value"));
    let truth = |key: &str| sensor.get(key).and_then(lenient::truth);
    [
        truth("motion").filter(|_| is_active).map(Measure::Motion),
        truth("vibration").map(Measure::Vibration),
        sensor.get("state").filter(|_| message.has("sensor")).and_then(contact),
        truth("flood").or_else(|| lenient::truth(message.get("flood")?)).map(Measure::Leak),
        truth("smoke").or_else(|| lenient::truth(message.get("smoke")?)).map(Measure::Smoke),
        percent.and_then(lenient::percent).map(Measure::BatteryPercent),
        celsius.and_then(lenient::celsius).map(Measure::TemperatureCelsius),
        inner("hum", "value").and_then(lenient::percent).map(Measure::HumidityPercent),
        lux.and_then(illuminance),
        inner("wifi_sta", "rssi").and_then(lenient::dbm).map(Measure::SignalPercent),
    ]
    .into_iter()
    .flatten()
    .map(|measure| Found::level(None, measure))
    .collect()
}

/// One value of the first generation. `None`: a topic that means nothing here; `Some(None)`: a value that cannot be.
pub fn gen1_value(rest: &str, value: Scalar) -> Option<Option<Found>> {
    let mut levels = rest.split('/');
    let place = (levels.next()?, levels.next()?);
    if levels.next().is_some() {
        return None;
    }
    let truth = || lenient::truth(value);
    let (channel, measure) = match place {
        ("sensor", "motion") => (None, truth().map(Measure::Motion)),
        ("sensor", "state") => (None, contact(value)),
        ("sensor", "flood") => (None, truth().map(Measure::Leak)),
        ("sensor", "smoke") => (None, truth().map(Measure::Smoke)),
        ("sensor", "vibration") => (None, truth().map(Measure::Vibration)),
        ("sensor", "tamper") => (None, truth().map(Measure::Tamper)),
        ("sensor", "battery") => (None, lenient::percent(value).map(Measure::BatteryPercent)),
        ("sensor", "temperature") => (None, lenient::celsius(value).map(Measure::TemperatureCelsius)),
        ("sensor", "humidity") => (None, lenient::percent(value).map(Measure::HumidityPercent)),
        ("sensor", "lux") => (None, illuminance(value)),
        ("sensor", "illumination") => (None, dark(value)),
        ("sensor", "gas") => match value.as_str()? {
            "none" => (None, Some(Measure::Gas(false))),
            "mild" | "heavy" => (None, Some(Measure::Gas(true))),
            // Somebody tries it out, or it warms up.
            "test" | "unknown" => return None,
            _ => (None, None),
        },
        ("relay" | "input", channel) => (Some(channel.parse().ok()?), truth().map(Measure::Switch)),
        _ => return None,
    };
    Some(measure.map(|measure| Found::level(channel, measure)))
}

/// The status of one component: `smoke:0`, `wifi`.
pub fn of_component(component: &str, status: &Object) -> Vec<Found> {
    let (name, number) = named(component);
    let truth = |key: &str| status.get(key).and_then(lenient::truth);
    let mut found = Vec::new();
    let mut say = |measure: Option<Measure>| found.extend(measure.map(|measure| Found::level(number, measure)));
    match name {
        "smoke" => say(truth("alarm").map(Measure::Smoke)),
        "flood" => say(truth("alarm").map(Measure::Leak)),
        "motion" => say(truth("motion").or_else(|| truth("value")).map(Measure::Motion)),
        "occupancy" | "presence" | "presencezone" => {
            say(truth("value").or_else(|| truth("occupancy")).or_else(|| truth("presence")).map(Measure::Presence));
        }
        "input" => say(truth("state").map(Measure::Switch)),
        "switch" => say(truth("output").map(Measure::Switch)),
        "temperature" => say(status.get("tC").and_then(lenient::celsius).map(Measure::TemperatureCelsius)),
        "humidity" => say(status.get("rh").and_then(lenient::percent).map(Measure::HumidityPercent)),
        "illuminance" => {
            say(status.get("lux").and_then(illuminance));
            say(status.get("illumination").and_then(dark));
        }
        "devicepower" => say(status
            .get("battery")
            .and_then(|battery| battery.get("percent").and_then(lenient::percent).map(Measure::BatteryPercent))),
        "bthomesensor" => say(match status.get("value") {
            Some(Json::Truth(on)) => Some(Measure::Alarm(*on)),
            Some(value @ Json::Number(_)) => lenient::number(value).map(Measure::Number),
            Some(_) | None => None,
        }),
        "bthomedevice" => {
            say(status.get("battery").and_then(lenient::percent).map(Measure::BatteryPercent));
            say(status.get("rssi").and_then(lenient::dbm).map(Measure::SignalPercent));
        }
        "wifi" => say(status.get("rssi").and_then(lenient::dbm).map(Measure::SignalPercent)),
        _ => {}
    }
    found
}

/// One event of a notification: `{"component":"input:0","event":"single_push"}`.
pub fn of_event(event: &Object) -> Vec<Found> {
    let text = |key: &str| event.get(key).and_then(Json::as_str).unwrap_or_default();
    let (name, number) = named(text("component"));
    let measure = match (name, text("event")) {
        // Pressed and let go; what kind of press it was follows.
        (_, "btn_down" | "btn_up") => None,
        ("input" | "bthomedevice" | "bthomesensor" | "button", word) if word.ends_with("_push") => {
            lenient::press(word.trim_end_matches("_push")).map(Measure::Button)
        }
        ("smoke", "alarm") => Some(Measure::Smoke(true)),
        ("smoke", "alarm_off") => Some(Measure::Smoke(false)),
        ("flood", "alarm") => Some(Measure::Leak(true)),
        ("flood", "alarm_off") => Some(Measure::Leak(false)),
        _ => None,
    };
    let found = measure.map(|measure| Found { channel: number, measure, evidence: Evidence::Event });
    found.into_iter().collect()
}

/// What a Bluetooth beacon says but for presses.
pub fn of_beacon(data: &Object) -> Vec<Found> {
    let truth = |key: &str| data.get(key).and_then(lenient::truth);
    [
        truth("motion").map(Measure::Motion),
        truth("occupancy").or_else(|| truth("presence")).map(Measure::Presence),
        truth("window").or_else(|| truth("door")).or_else(|| truth("opening")).map(Measure::Contact),
        truth("moisture").map(Measure::Leak),
        truth("smoke").map(Measure::Smoke),
        truth("vibration").map(Measure::Vibration),
        truth("tamper").map(Measure::Tamper),
        data.get("battery").and_then(lenient::percent).map(Measure::BatteryPercent),
        data.get("temperature").and_then(lenient::celsius).map(Measure::TemperatureCelsius),
        data.get("humidity").and_then(lenient::percent).map(Measure::HumidityPercent),
        data.get("illuminance").and_then(illuminance),
        data.get("rssi").and_then(lenient::dbm).map(Measure::SignalPercent),
    ]
    .into_iter()
    .flatten()
    .map(|measure| Found::level(None, measure))
    .collect()
}

/// `smoke:0` → `smoke` and 0.
fn named(component: &str) -> (&str, Option<u16>) {
    match component.split_once(':') {
        Some((name, number)) => (name, number.parse().ok()),
        None => (component, None),
    }
}

fn contact<'v>(value: impl Into<Scalar<'v>>) -> Option<Measure> {
    lenient::open(value).map(Measure::Contact)
}

fn illuminance<'v>(value: impl Into<Scalar<'v>>) -> Option<Measure> {
    lenient::lux(value).map(Measure::IlluminanceLux)
}

fn dark<'v>(value: impl Into<Scalar<'v>>) -> Option<Measure> {
    match value.into().as_str()? {
        "dark" => Some(Measure::Dark(true)),
        "twilight" | "bright" => Some(Measure::Dark(false)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sensor_that_was_switched_off_does_not_say_that_nobody_moves() {
        let status = |active: bool| serde_json::json!({"motion": false, "active": active, "bat": 80});
        let said = |active| gen1_status(Json::from(status(active)).as_object().unwrap());
        assert_eq!(said(true)[0].measure, Measure::Motion(false));
        assert_eq!(said(false)[0].measure, Measure::BatteryPercent(80.0));
    }

    #[test]
    fn presses_have_their_letters() {
        assert_eq!(
            ["S", "SS", "SSS", "L"].map(gen1_press),
            [Press::Single, Press::Double, Press::Triple, Press::Long].map(Some)
        );
        assert_eq!(gen1_press(""), None);
    }
}
