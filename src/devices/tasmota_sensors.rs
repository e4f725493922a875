//! Sensors on the pins of a Tasmota device, as they stand in `SENSOR`: climate and radars.
//!
//! ```text
//! {"AM2301":{"Temperature":21.5,"Humidity":48.0,"DewPoint":10.1},"TempUnit":"C"}
//! {"LD2410":{"Distance":[200.0,181.0,144.0],"Energy":[13,100]}}      cm: moving, still, both; 0 without a target
//! {"LD2410S":{"Distance":196.0,"People":2}}                          0, 1 nobody; 2, 3 somebody
//! ```

use crate::devices::lenient;
use crate::devices::message::{Json, Object};
use crate::model::observation::Measure;

/// One sensor of the device by its key: a climate sensor, a radar.
pub fn sensor(key: &str, object: &Object, is_fahrenheit: bool) -> impl Iterator<Item = Measure> + use<> {
    let celsius = object
        .get("Temperature")
        .and_then(lenient::number)
        .map(|degrees| if is_fahrenheit { (degrees - 32.0) / 1.8 } else { degrees });
    let temperature = celsius.and_then(lenient::celsius);
    let humidity = object.get("Humidity").and_then(lenient::percent);
    let lux = object.get("Illuminance").and_then(lenient::lux);
    let is_radar = key.starts_with("LD24") || key.starts_with("HLK") || key.starts_with("RD03");
    let presence = if is_radar { radar(object) } else { None };
    [
        presence.map(Measure::Presence),
        temperature.map(Measure::TemperatureCelsius),
        humidity.map(Measure::HumidityPercent),
        lux.map(Measure::IlluminanceLux),
    ]
    .into_iter()
    .flatten()
}

/// Whether a radar sees somebody. `People` of the LD2410S: 0 and 1 nobody, 2 and 3 somebody. The LD2410 gives distances in
/// cm (moving, still, both), which Tasmota sets to 0 when there is no target.
fn radar(object: &Object) -> Option<bool> {
    if let Some(people) = object.get("People") {
        return match people.as_u64()? {
            0 | 1 => Some(false),
            2 | 3 => Some(true),
            _ => None,
        };
    }
    if let Some(said) = ["Presence", "Occupancy", "Motion"].iter().find_map(|key| object.get(key)) {
        return lenient::truth(said);
    }
    let Json::List(distances) = object.get("Distance")? else { return None };
    let distances: Option<Vec<f64>> = distances.iter().map(lenient::number).collect();
    distances.filter(|distances| !distances.is_empty()).map(|distances| distances.iter().any(|cm| *cm > 0.0))
}

/// Keys that are no sensors: clocks, units, what a bridge heard, the temperature of the chip.
pub const NO_SENSORS: [&str; 12] = [
    "Time",
    "Epoch",
    "Uptime",
    "TempUnit",
    "PressureUnit",
    "SpeedUnit",
    "ESP32",
    "Heap",
    "ZbReceived",
    "LwReceived",
    "RfReceived",
    "RfRaw",
];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn said(key: &str, object: Value, is_fahrenheit: bool) -> Vec<Measure> {
        let Json::Object(object) = object.into() else { panic!() };
        sensor(key, &object, is_fahrenheit).collect()
    }

    #[test]
    fn a_radar_sees_somebody_nobody_or_says_nothing() {
        for (key, object, expected) in [
            ("LD2410", json!({"Distance": [0.0, 88.0, 88.0], "Energy": [0, 40]}), Some(true)),
            ("LD2410", json!({"Distance": [0, 0, 0], "Energy": [0, 0]}), Some(false)),
            ("LD2410", json!({"Distance": [0, null, 0]}), None),
            ("LD2410", json!({"Distance": []}), None),
            ("LD2410S", json!({"Distance": 0, "People": 3}), Some(true)),
            ("LD2410S", json!({"Distance": 210, "People": 1}), Some(false)),
            ("LD2410S", json!({"Distance": 210, "People": null}), None),
            ("LD2410S", json!({"Distance": 210, "People": 9}), None),
            ("HLK-LD2402", json!({"Presence": "ON"}), Some(true)),
            ("SR04", json!({"Distance": [120]}), None),
        ] {
            let expected: Vec<Measure> = expected.map(Measure::Presence).into_iter().collect();
            assert_eq!(said(key, object.clone(), false), expected, "{key} {object}");
        }
    }

    #[test]
    fn a_device_that_counts_in_fahrenheit_is_understood() {
        let [Measure::TemperatureCelsius(celsius), Measure::HumidityPercent(_)] =
            said("AM2301", json!({"Temperature": 70.7, "Humidity": 40}), true)[..]
        else {
            panic!()
        };
        assert!((celsius - 21.5).abs() < 0.01);
        assert_eq!(said("DS18B20", json!({"Id": "01", "Temperature": null}), false), []);
    }
}
