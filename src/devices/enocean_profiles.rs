//! What the payload of an EnOcean telegram says under each profile (EEP).
//!
//! ```text
//! F6-01-01  bit 4 pressed                                      F6-05-01  11 water, 00 dry
//! F6-02-xx  bits 7-5 first key, bit 4 pressed, bits 3-1 second key, bit 0 second key holds; status bit 4 (NU): keys named
//! F6-05-02  10 smoke, 00 none, 30 battery low                  F6-10-00  Fx closed, Ex and Cx open, Dx tilted
//! D5-00-01  bit 0 closed
//!           DB3            DB2             DB1             DB0
//! A5-02-xx  -              -               temperature     -        falling with the byte; -20 and -30: ten bits, DB2 and DB1
//! A5-04-xx  -              humidity 0-250  temp. 0-250     bit 1: it measures temperature;   -03: DB3 humidity, ten bits
//! A5-07-01  supply         -               >= 80 motion    bit 0: DB3 is a supply
//! A5-07-02  supply         -               -               bit 7 motion
//! A5-07-03  supply         light, ten bits with DB1 7-6    bit 7 motion
//! A5-08-xx  supply 0-5.1 V light           temperature     bit 1 unset: motion; bit 0: a button, not read
//! ```
//!
//! Source: EnOcean Equipment Profiles 2.6.7, compared with what kipe/enocean and openHAB read.

use crate::model::observation::{Evidence, Measure, Press};
use serde::Deserialize;

/// A key of a rocker, as EnOcean prints them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[allow(missing_docs)]
pub enum Key {
    #[serde(alias = "A1")]
    AI,
    A0,
    #[serde(alias = "B1")]
    BI,
    B0,
}

/// A profile that can be read here.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "String")]
pub enum Profile {
    /// F6-01-01: one push button.
    Button,
    /// F6-02-01, F6-02-02: rockers of two keys a side.
    Rocker,
    /// F6-05-01: water on the floor.
    Leak,
    /// F6-05-02: smoke.
    Smoke,
    /// F6-10-00: window handle; tilted is open.
    Handle,
    /// D5-00-01: window and door contact.
    Contact,
    /// A5-02-01 to -1B: temperature between two bounds, falling with the byte.
    Temperature {
        /// °C at byte 255.
        lowest: i16,
        /// °C between byte 255 and byte 0.
        range: i16,
    },
    /// A5-02-20, A5-02-30: the same with ten bits.
    FineTemperature {
        /// °C at 1023.
        lowest: i16,
        /// Tenths of °C between 1023 and 0.
        range_tenths: i16,
    },
    /// A5-04-01, A5-04-02: humidity and temperature.
    Climate {
        /// °C at byte 0.
        lowest: i16,
        /// °C between byte 0 and byte 250.
        range: i16,
    },
    /// A5-04-03: the same, temperature with ten bits.
    FineClimate,
    /// A5-07-01: motion in DB1, supply voltage where DB0 bit 0 says so.
    MotionInDb1,
    /// A5-07-02: motion in DB0 bit 7, supply voltage.
    MotionInDb0,
    /// A5-07-03: the same with illuminance.
    MotionAndLight,
    /// A5-08-01 to -03: motion, light and temperature.
    MotionLightTemperature {
        /// At byte 255.
        lux: u16,
        /// °C at byte 0.
        lowest: i16,
        /// °C between byte 0 and byte 255.
        range: i16,
    },
    /// D2-01-xx: plugs and actuators; they are there, and tell nothing of a person.
    Actuator,
}

impl Profile {
    /// What its telegrams can say of a home, one of each.
    pub fn says(self) -> Vec<Measure> {
        match self {
            Profile::Button | Profile::Rocker => vec![Measure::Button(Press::Single)],
            Profile::Leak => vec![Measure::Leak(true)],
            Profile::Smoke => vec![Measure::Smoke(true)],
            Profile::Handle | Profile::Contact => vec![Measure::Contact(true)],
            Profile::Temperature { .. }
            | Profile::FineTemperature { .. }
            | Profile::Climate { .. }
            | Profile::FineClimate => vec![Measure::TemperatureCelsius(20.0)],
            Profile::MotionInDb1 | Profile::MotionInDb0 | Profile::MotionAndLight => vec![Measure::Motion(true)],
            Profile::MotionLightTemperature { .. } => vec![Measure::Motion(true), Measure::TemperatureCelsius(20.0)],
            Profile::Actuator => vec![Measure::Alive],
        }
    }
}

impl TryFrom<String> for Profile {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let name = text.trim().to_uppercase();
        let kind = name.get(6..).and_then(|kind| i16::from_str_radix(kind, 16).ok());
        if name.is_ascii() && name.len() == 8 {
            match (name.get(..6), kind) {
                (Some("A5-02-"), Some(kind @ 0x01..=0x0b)) => {
                    return Ok(Profile::Temperature { lowest: 10 * kind - 50, range: 40 });
                }
                (Some("A5-02-"), Some(kind @ 0x10..=0x1b)) => {
                    return Ok(Profile::Temperature { lowest: 10 * (kind - 0x10) - 60, range: 80 });
                }
                (Some("D2-01-"), Some(_)) => return Ok(Profile::Actuator),
                _ => {}
            }
        }
        match name.as_str() {
            "F6-01-01" => Ok(Profile::Button),
            "F6-02-01" | "F6-02-02" => Ok(Profile::Rocker),
            "F6-05-01" => Ok(Profile::Leak),
            "F6-05-02" => Ok(Profile::Smoke),
            "F6-10-00" => Ok(Profile::Handle),
            "D5-00-01" => Ok(Profile::Contact),
            "A5-02-20" => Ok(Profile::FineTemperature { lowest: -10, range_tenths: 512 }),
            "A5-02-30" => Ok(Profile::FineTemperature { lowest: -40, range_tenths: 1023 }),
            "A5-04-01" => Ok(Profile::Climate { lowest: 0, range: 40 }),
            "A5-04-02" => Ok(Profile::Climate { lowest: -20, range: 80 }),
            "A5-04-03" => Ok(Profile::FineClimate),
            "A5-07-01" => Ok(Profile::MotionInDb1),
            "A5-07-02" => Ok(Profile::MotionInDb0),
            "A5-07-03" => Ok(Profile::MotionAndLight),
            "A5-08-01" => Ok(Profile::MotionLightTemperature { lux: 510, lowest: 0, range: 51 }),
            "A5-08-02" => Ok(Profile::MotionLightTemperature { lux: 1020, lowest: 0, range: 51 }),
            "A5-08-03" => Ok(Profile::MotionLightTemperature { lux: 1530, lowest: -30, range: 80 }),
            _ => Err(format!(
                "profile {text:?} is not known; known are F6-02-01, F6-02-02, F6-01-01, F6-05-01, F6-05-02, F6-10-00, \
                 D5-00-01, A5-02-01 to A5-02-1B, A5-02-20, A5-02-30, A5-04-01 to -03, A5-07-01 to -03, A5-08-01 to -03"
            )),
        }
    }
}

/// What a telegram says under a profile; `None` where it is of another kind. Of a rocker, only the key `button` where one is
/// named.
pub fn measures(
    profile: Profile,
    button: Option<Key>,
    rorg: u8,
    payload: &[u8],
    status: u8,
) -> Option<Vec<(Measure, Evidence)>> {
    let level = |measure| (measure, Evidence::Level);
    let event = |measure| (measure, Evidence::Event);
    Some(match (profile, rorg, payload) {
        (Profile::Button, ROCKER, &[bits]) => {
            vec![event(Measure::Button(if bits & 0x10 == 0 { Press::Release } else { Press::Single }))]
        }
        (Profile::Rocker, ROCKER, &[bits]) => {
            rocker(bits, status, button).into_iter().map(|press| event(Measure::Button(press))).collect()
        }
        (Profile::Leak, ROCKER, &[bits]) => vec![level(Measure::Leak(bits == 0x11))],
        (Profile::Smoke, ROCKER, &[bits]) => match bits {
            0x10 => vec![level(Measure::Smoke(true))],
            0x00 => vec![level(Measure::Smoke(false))],
            0x30 => vec![level(Measure::BatteryLow(true))],
            _ => return None,
        },
        (Profile::Handle, ROCKER, &[bits]) => match bits & 0xf0 {
            0xf0 => vec![level(Measure::Contact(false))],
            0xc0 | 0xd0 | 0xe0 => vec![level(Measure::Contact(true))],
            _ => return None,
        },
        (Profile::Contact, CONTACT, &[bits]) => vec![level(Measure::Contact(bits & 1 == 0))],
        (Profile::Actuator, VARIABLE, _) => vec![level(Measure::Alive)],
        (_, FOUR_BYTES, &[db3, db2, db1, db0]) => {
            four_bytes(profile, [db3, db2, db1, db0])?.into_iter().map(level).collect()
        }
        _ => return None,
    })
}

fn four_bytes(profile: Profile, [db3, db2, db1, db0]: [u8; 4]) -> Option<Vec<Measure>> {
    let motion = Measure::Motion(db0 & 0x80 != 0);
    let ten_bits = u16::from(db2 & 3) << 8 | u16::from(db1);
    Some(match profile {
        Profile::Temperature { lowest, range } => vec![scaled(255 - db1, 255.0, lowest, range.into())],
        Profile::FineTemperature { lowest, range_tenths } => {
            vec![celsius(f64::from(lowest) + f64::from(1023 - ten_bits) * f64::from(range_tenths) / 10_230.0)]
        }
        Profile::Climate { lowest, range } => {
            let humidity = (db2 <= 250).then(|| percent(f64::from(db2) / 2.5));
            let measures_it = db0 & 0x02 != 0 && db1 <= 250;
            let temperature = measures_it.then(|| scaled(db1, 250.0, lowest, range.into()));
            temperature.into_iter().chain(humidity).collect()
        }
        Profile::FineClimate => {
            vec![celsius(f64::from(ten_bits) * 80.0 / 1023.0 - 20.0), percent(f64::from(db3) / 2.55)]
        }
        Profile::MotionInDb1 => {
            let volts = volts(db3).filter(|_| db0 & 1 == 1);
            [Measure::Motion(db1 >= 0x80)].into_iter().chain(volts).collect()
        }
        Profile::MotionInDb0 => [motion].into_iter().chain(volts(db3)).collect(),
        Profile::MotionAndLight => {
            let lux = u16::from(db2) << 2 | u16::from(db1 >> 6);
            let lux = (lux <= 1000).then(|| Measure::IlluminanceLux(f64::from(lux)));
            [motion].into_iter().chain(volts(db3)).chain(lux).collect()
        }
        Profile::MotionLightTemperature { lux, lowest, range } => {
            let supply = (db3 > 0).then(|| Measure::SupplyVolts(f64::from(db3) * 2.0 / 100.0));
            let lux = Measure::IlluminanceLux(f64::from(db2) * f64::from(lux) / 255.0);
            let temperature = scaled(db1, 255.0, lowest, range.into());
            [Measure::Motion(db0 & 0x02 == 0)].into_iter().chain(supply).chain([lux, temperature]).collect()
        }
        Profile::Button
        | Profile::Rocker
        | Profile::Leak
        | Profile::Smoke
        | Profile::Handle
        | Profile::Contact
        | Profile::Actuator => return None,
    })
}

/// What a rocker says, with only the key `wanted` looked at where one is named. A release names no key.
fn rocker(bits: u8, status: u8, wanted: Option<Key>) -> Option<Press> {
    let is_pressed = bits & 0x10 != 0;
    let keys_are_named = status & 0x10 != 0;
    if !is_pressed {
        return Some(Press::Release);
    }
    let key = |number: u8| [Key::AI, Key::A0, Key::BI, Key::B0].get(usize::from(number)).copied();
    let second = if bits & 1 == 1 { key(bits >> 1 & 0x07) } else { None };
    let is_meant = |wanted: Key| !keys_are_named || key(bits >> 5) == Some(wanted) || second == Some(wanted);
    // Where the keys are not named (three or more at once), every key may be among them: better a call too many.
    wanted.is_none_or(is_meant).then_some(Press::Single)
}

fn scaled(byte: u8, full: f64, lowest: i16, range: f64) -> Measure {
    celsius(f64::from(lowest) + f64::from(byte) * range / full)
}

fn celsius(celsius: f64) -> Measure {
    Measure::TemperatureCelsius((celsius * 100.0).round() / 100.0)
}

fn percent(percent: f64) -> Measure {
    Measure::HumidityPercent((percent * 10.0).round() / 10.0)
}

/// 0 … 250 is 0 … 5 V; above stand error codes. Who has no volt does not send: 0 is a sensor that does not measure it.
fn volts(byte: u8) -> Option<Measure> {
    (1..=250).contains(&byte).then(|| Measure::SupplyVolts(f64::from(byte) * 2.0 / 100.0))
}

/// How well a telegram was heard: 0 % at -95 dBm, where receivers end, 100 % at -45 dBm, as from the next table.
pub fn signal(minus_dbm: u8) -> Measure {
    Measure::SignalPercent((f64::from(95 - i16::from(minus_dbm)) * 2.0).clamp(0.0, 100.0))
}

/// F6, RPS.
pub const ROCKER: u8 = 0xf6;
/// D5, 1BS.
pub const CONTACT: u8 = 0xd5;
/// A5, 4BS.
pub const FOUR_BYTES: u8 = 0xa5;
/// D2, VLD.
pub const VARIABLE: u8 = 0xd2;

#[cfg(test)]
mod tests {
    use super::*;

    fn said(profile: &str, rorg: u8, payload: &[u8]) -> Option<Vec<Measure>> {
        let profile = Profile::try_from(profile.to_owned()).unwrap();
        let measures = measures(profile, None, rorg, payload, 0x30)?;
        Some(measures.into_iter().map(|(measure, _)| measure).collect())
    }

    #[test]
    fn bounds_of_every_range_are_where_the_profile_puts_them() {
        let celsius = |celsius| Some(vec![Measure::TemperatureCelsius(celsius)]);
        for (profile, at_zero, at_full) in [
            ("A5-02-01", 0.0, -40.0),
            ("A5-02-0B", 100.0, 60.0),
            ("A5-02-10", 20.0, -60.0),
            ("A5-02-1B", 130.0, 50.0),
            ("A5-02-20", 41.2, -10.0),
            ("A5-02-30", 62.3, -40.0),
        ] {
            assert_eq!(said(profile, FOUR_BYTES, &[0, 0, 0, 8]), celsius(at_zero), "{profile}");
            assert_eq!(said(profile, FOUR_BYTES, &[0, 3, 255, 8]), celsius(at_full), "{profile}");
        }
    }

    #[test]
    fn profiles_that_do_not_exist_are_refused_with_those_that_do() {
        for name in ["A5-02-0C", "A5-07-1", "", "温度温度", "F6-02-03"] {
            let why = Profile::try_from(name.to_owned()).unwrap_err();
            assert!(why.contains("known are F6-02-01"), "{why}");
        }
        assert_eq!(Profile::try_from("d2-01-0e".to_owned()), Ok(Profile::Actuator));
    }

    #[test]
    fn a_signal_is_a_share_of_what_can_be_heard() {
        let percent = [45, 70, 95, 120, 20].map(signal);
        assert_eq!(percent, [100.0, 50.0, 0.0, 0.0, 100.0].map(Measure::SignalPercent));
    }
}
