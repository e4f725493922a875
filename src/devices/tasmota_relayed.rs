//! What a Tasmota bridge passes on: Zigbee, LoRaWAN and Bluetooth devices, and 433 MHz codes.
//!
//! ```text
//! {"ZbReceived":{"0xB87A":{"Device":"0xB87A","Name":"hall_pir","0500<00":"010000000000","ZoneStatusChange":1,"Occupancy":1,"LinkQuality":139}}}
//! {"0xB87A":{"Occupancy":1}}                                                      SetOption100, and releases of 2019
//! {"LwReceived":{"LDS01":{"Device":"0x4AD6","RSSI":-49.0,"DoorOpen":1,"Battery":3.006}}}      volts
//! {"RfReceived":{"Sync":11080,"Low":350,"High":1080,"Data":"BC7DE4","RfKey":"None"}}          Sonoff RF bridge
//! {"RfReceived":{"Data":"0xBC7DE4","Bits":24,"Protocol":1,"Pulse":350}}                       receiver on a pin; Data may be a number
//! ```
//!
//! A bridge passes on what it receives and repeats nothing of its own, but a Zigbee device itself reports its state again from time
//! to time: states are levels. Keys of the alarm zones (`Contact`, `Water`, `Fire` …) are 1 while the alarm lasts, so
//! `Contact:1` is open. `ZoneStatus` bits: 0 and 1 alarm, 2 tamper, 3 battery low. Names as in Tasmota's Zigbee documentation.

use crate::devices::message::{Json, Object};
use crate::devices::objects::Read;
use crate::devices::{lenient, objects};
use crate::model::observation::{Evidence, Measure, Press};

/// What was measured and what it proves.
pub type Said = (Measure, Evidence);

/// What a bridge passed on of one device.
pub fn readings(message: &Object) -> Vec<Said> {
    let mut said: Vec<Said> = objects::in_order_of(LEVELS, message).map(|measure| (measure, Evidence::Level)).collect();
    said.extend(press(message).map(|measure| (measure, Evidence::Event)));
    said.extend(shaken(message).map(|measure| (measure, Evidence::Event)));
    said.extend(power(message).into_iter().map(|measure| (measure, Evidence::Level)));
    said.extend(zone(message, &said).into_iter().map(|measure| (measure, Evidence::Level)));
    let is_command = message.names().any(|key| key.starts_with("0006!"));
    let switched = message.get("Power").filter(|_| !is_command).and_then(lenient::truth);
    said.extend(switched.map(|on| (Measure::Switch(on), Evidence::Level)));
    if said.is_empty() {
        said.push((Measure::Alive, Evidence::Event));
    }
    said
}

/// The code of a 433 MHz telegram in lower-case hexadecimal digits; `None` where it holds none.
pub fn code(received: &Object) -> Result<Option<String>, &'static str> {
    let (digits, number) = match received.get("Data") {
        Some(Json::Text(text)) => {
            let text = lenient::lower_case(text.trim());
            let digits = text.strip_prefix("0x").unwrap_or(&text).to_owned();
            if digits.is_empty() || digits.len() > 32 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err("no_code");
            }
            (digits, None)
        }
        // SetOption28: decimal.
        Some(Json::Number(number)) => (String::new(), Some(number.as_u64().ok_or("no_code")?)),
        Some(Json::Null) | None => return Ok(None),
        Some(Json::Truth(_) | Json::List(_) | Json::Object(_)) => return Err("no_code"),
    };
    let bits = received.get("Bits").and_then(Json::as_u64).filter(|bits| (1..=64).contains(bits)).unwrap_or(24);
    let width = bits.div_ceil(4) as usize;
    let code = match number {
        Some(number) => format!("{number:0width$x}"),
        None => format!("{digits:0>width$}"),
    };
    if code.bytes().all(|digit| digit == b'0') { Err("zero_code") } else { Ok(Some(code)) }
}

/// A button, or the pendant of an alarm zone.
fn press(message: &Object) -> Option<Measure> {
    let is_call = |key: &&str| message.get(key).and_then(lenient::truth) == Some(true);
    if ["PersonalAlarm", "Panic", "Emergency", "SOS"].iter().any(is_call) {
        return Some(Measure::Button(Press::Sos));
    }
    // IAS ACE: a remote's emergency key.
    if message.has("0501!02") {
        return Some(Measure::Button(Press::Sos));
    }
    if let Some(click) = ["Click", "Action"].iter().find_map(|key| message.get(key)) {
        return objects::press(click);
    }
    // A command to a lamp comes from somebody's finger on a remote.
    message.names().any(|key| key.starts_with("0006!")).then_some(Measure::Button(Press::Single))
}

fn shaken(message: &Object) -> Option<Measure> {
    let word = lenient::word(message.get("AqaraVibrationMode")?)?;
    matches!(&*word, "vibrate" | "tilt" | "drop").then_some(Measure::Vibration(true))
}

/// Battery and radio, whose units differ between the radios: LoRaWAN devices give their battery in volts.
fn power(message: &Object) -> Vec<Measure> {
    let is_lora = message.has("SNR");
    // More is the voltage of a plug's mains.
    let volts = |key: &&str| lenient::number(message.get(key)?).filter(|volts| (0.5..60.0).contains(volts));
    let keys: &[&str] = if is_lora { &["Battery", "BatteryVoltage"] } else { &["BatteryVoltage", "Voltage"] };
    let supply = keys.iter().find_map(volts).map(Measure::SupplyVolts);
    let share = message.get("Battery").filter(|_| !is_lora).and_then(lenient::percent).map(Measure::BatteryPercent);
    // LoRa is still heard at −120 dBm; −30 dBm is beside the antenna.
    let strength = message.get("RSSI").filter(|_| is_lora).and_then(lenient::number);
    let signal = strength.map(|dbm| Measure::SignalPercent(((dbm + 120.0) / 0.9).clamp(0.0, 100.0)));
    share.into_iter().chain(supply).chain(signal).collect()
}

/// Tamper and battery of the alarm zone's bits; its alarm only where no key has named it.
fn zone(message: &Object, named: &[Said]) -> Vec<Measure> {
    let status = ["ZoneStatusChange", "ZoneStatus"].iter().find_map(|key| message.get(key)?.as_u64());
    let Some(status) = status else { return Vec::new() };
    let has = |known: fn(&Measure) -> bool| named.iter().any(|(measure, _)| known(measure));
    let mut measures = Vec::new();
    if !has(|measure| matches!(measure, Measure::Tamper(_))) {
        measures.push(Measure::Tamper(status & 0b100 != 0));
    }
    if !has(|measure| matches!(measure, Measure::BatteryLow(_))) {
        measures.push(Measure::BatteryLow(status & 0b1000 != 0));
    }
    let is_named = has(|measure| {
        matches!(measure, Measure::Button(_))
            || (measure.level().is_some() && !matches!(measure, Measure::Tamper(_) | Measure::BatteryLow(_)))
    });
    if !is_named {
        measures.push(Measure::Alarm(status & 0b11 != 0));
    }
    measures
}

/// Keys whose present value may be said again.
const LEVELS: &[(&str, Read)] = &[
    ("Occupancy", |v| lenient::truth(v).map(Measure::Motion)),
    ("Motion", |v| lenient::truth(v).map(Measure::Motion)),
    ("Presence", |v| lenient::truth(v).map(Measure::Presence)),
    ("Contact", |v| lenient::open(v).map(Measure::Contact)),
    ("DoorOpen", |v| lenient::truth(v).map(Measure::Contact)),
    ("Water", |v| lenient::truth(v).map(Measure::Leak)),
    ("WaterLeak", |v| lenient::truth(v).map(Measure::Leak)),
    ("Fire", |v| lenient::truth(v).map(Measure::Smoke)),
    ("Smoke", |v| lenient::truth(v).map(Measure::Smoke)),
    ("Gas", |v| lenient::truth(v).map(Measure::Gas)),
    ("CO", |v| lenient::truth(v).map(Measure::Gas)),
    ("Movement", |v| lenient::truth(v).map(Measure::Vibration)),
    ("Vibration", |v| lenient::truth(v).map(Measure::Vibration)),
    ("Tamper", |v| lenient::truth(v).map(Measure::Tamper)),
    ("BatteryLow", |v| lenient::truth(v).map(Measure::BatteryLow)),
    ("LowBattery", |v| lenient::truth(v).map(Measure::BatteryLow)),
    ("BatteryPercentage", |v| lenient::percent(v).map(Measure::BatteryPercent)),
    ("Temperature", |v| lenient::celsius(v).map(Measure::TemperatureCelsius)),
    ("Humidity", |v| lenient::percent(v).map(Measure::HumidityPercent)),
    ("Illuminance", |v| lenient::lux(v).map(Measure::IlluminanceLux)),
    // 0 to 254.
    ("LinkQuality", |v| {
        lenient::number(v).filter(|q| (0.0..=255.0).contains(q)).map(|q| Measure::SignalPercent((q / 2.54).min(100.0)))
    }),
];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn said(message: Value) -> Vec<Measure> {
        let Json::Object(message) = message.into() else { panic!() };
        readings(&message).into_iter().map(|(measure, _)| measure).collect()
    }

    fn code_of(received: Value) -> Result<Option<String>, &'static str> {
        let Json::Object(received) = received.into() else { panic!() };
        code(&received)
    }

    #[test]
    fn a_code_is_the_same_code_however_the_bridge_writes_it() {
        for received in [
            json!({"Data": "0A7DE4"}),
            json!({"Data": "0xA7DE4", "Bits": 24}),
            json!({"Data": 687588, "Bits": 24}),
            json!({"Data": "0x0a7de4"}),
        ] {
            assert_eq!(code_of(received.clone()), Ok(Some("0a7de4".to_owned())), "{received}");
        }
        assert_eq!(code_of(json!({"RfKey": "Learn"})), Ok(None));
        assert_eq!(code_of(json!({"Data": "000000"})), Err("zero_code"));
        for bad in [json!("a b"), json!(-4), json!(1.5), json!([1]), json!("")] {
            assert_eq!(code_of(json!({"Data": bad})), Err("no_code"), "{bad}");
        }
    }

    #[test]
    fn the_bits_of_a_zone_speak_where_no_key_does() {
        let low = [Measure::Tamper(true), Measure::BatteryLow(true)];
        assert_eq!(said(json!({"ZoneStatusChange": 0b1101})), [&low[..], &[Measure::Alarm(true)]].concat());
        assert_eq!(said(json!({"ZoneStatus": 0b1101, "Contact": 1})), [&[Measure::Contact(true)], &low[..]].concat());
    }

    #[test]
    fn a_voltage_is_no_share_of_a_battery_and_the_mains_are_no_battery() {
        assert_eq!(
            said(json!({"RSSI": -75.0, "SNR": 9.0, "Battery": 3.006})),
            [Measure::SupplyVolts(3.006), Measure::SignalPercent(50.0)]
        );
        assert_eq!(
            said(json!({"Battery": 98, "Voltage": 2.995})),
            [Measure::BatteryPercent(98.0), Measure::SupplyVolts(2.995)]
        );
        assert_eq!(said(json!({"Power": true, "Voltage": 231})), [Measure::Switch(true)]);
    }

    #[test]
    fn a_remote_presses_and_a_plug_is_switched() {
        assert_eq!(said(json!({"0006!02": "", "Power": 2})), [Measure::Button(Press::Single)]);
        assert_eq!(said(json!({"Power": 0})), [Measure::Switch(false)]);
        assert_eq!(said(json!({"PersonalAlarm": 1})), [Measure::Button(Press::Sos)]);
        assert_eq!(said(json!({"PersonalAlarm": 0})), [Measure::Alive]);
        assert_eq!(said(json!({"Click": "double"})), [Measure::Button(Press::Double)]);
        assert_eq!(said(json!({"AqaraVibrationMode": "tilt"})), [Measure::Vibration(true)]);
    }
}
