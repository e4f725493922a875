//! Observations as compact rows and back.
//!
//! Names of sensors and kinds of measures are numbers of the `word` table, a value is a number or a text, and the
//! table has no second index: a flush of a few observations then touches one page.

use crate::model::ids::SensorId;
use crate::model::observation::{Availability, Evidence, Measure, Press};
use rusqlite::types::{ToSqlOutput, Value, ValueRef};

/// The word under which a measure is filed. A promise to all databases in the field: never change one.
pub(super) fn word(measure: &Measure) -> &'static str {
    match measure {
        Measure::Motion(_) => "motion",
        Measure::Presence(_) => "presence",
        Measure::Button(_) => "button",
        Measure::Contact(_) => "contact",
        Measure::Leak(_) => "leak",
        Measure::Smoke(_) => "smoke",
        Measure::Gas(_) => "gas",
        Measure::Tamper(_) => "tamper",
        Measure::Vibration(_) => "vibration",
        Measure::Alarm(_) => "alarm",
        Measure::Switch(_) => "switch",
        Measure::Mains(_) => "mains",
        Measure::BatteryPercent(_) => "battery_percent",
        Measure::BatteryLow(_) => "battery_low",
        Measure::SupplyVolts(_) => "supply_volts",
        Measure::TemperatureCelsius(_) => "temperature_celsius",
        Measure::HumidityPercent(_) => "humidity_percent",
        Measure::IlluminanceLux(_) => "illuminance_lux",
        Measure::Dark(_) => "dark",
        Measure::SignalPercent(_) => "signal_percent",
        Measure::Alive => "alive",
        Measure::Availability(_) => "availability",
        Measure::Bridge(_) => "bridge",
        Measure::Number(_) => "number",
        Measure::Note { .. } => "note",
    }
}

/// What stands in the `value` column.
pub(super) fn value(measure: &Measure) -> ToSqlOutput<'_> {
    if let Some(level) = measure.level() {
        return ToSqlOutput::Borrowed(ValueRef::Integer(level.into()));
    }
    match measure {
        Measure::BatteryPercent(number)
        | Measure::SupplyVolts(number)
        | Measure::TemperatureCelsius(number)
        | Measure::HumidityPercent(number)
        | Measure::IlluminanceLux(number)
        | Measure::SignalPercent(number)
        | Measure::Number(number) => ToSqlOutput::Borrowed(ValueRef::Real(*number)),
        Measure::Button(press) => ToSqlOutput::Borrowed(ValueRef::Text(press.as_str().as_bytes())),
        Measure::Availability(availability) => ToSqlOutput::Borrowed(ValueRef::Text(match availability {
            Availability::Online => b"online",
            Availability::Offline => b"offline",
            Availability::Removed => b"removed",
        })),
        // Both parts in one text, so that a device's own words never fill the table of words.
        Measure::Note { kind, text } => ToSqlOutput::Owned(Value::Text(serde_json::json!([kind, text]).to_string())),
        Measure::Alive
        | Measure::Motion(_)
        | Measure::Presence(_)
        | Measure::Contact(_)
        | Measure::Leak(_)
        | Measure::Smoke(_)
        | Measure::Gas(_)
        | Measure::Tamper(_)
        | Measure::Vibration(_)
        | Measure::Alarm(_)
        | Measure::Switch(_)
        | Measure::Mains(_)
        | Measure::BatteryLow(_)
        | Measure::Dark(_)
        | Measure::Bridge(_) => ToSqlOutput::Borrowed(ValueRef::Null),
    }
}

/// The measure that `word` and `value` say; `None` if they say nothing this program knows.
pub(super) fn measure(word: &str, value: ValueRef<'_>) -> Option<Measure> {
    let level = || match value {
        ValueRef::Integer(number) => Some(number != 0),
        ValueRef::Null | ValueRef::Real(_) | ValueRef::Text(_) | ValueRef::Blob(_) => None,
    };
    // SQLite keeps "not a number" as NULL.
    let number = || match value {
        ValueRef::Real(number) => Some(number),
        ValueRef::Integer(number) => Some(number as f64),
        ValueRef::Null => Some(f64::NAN),
        ValueRef::Text(_) | ValueRef::Blob(_) => None,
    };
    Some(match word {
        "motion" => Measure::Motion(level()?),
        "presence" => Measure::Presence(level()?),
        "button" => Measure::Button(Press::from(value.as_str().ok()?.to_owned())),
        "contact" => Measure::Contact(level()?),
        "leak" => Measure::Leak(level()?),
        "smoke" => Measure::Smoke(level()?),
        "gas" => Measure::Gas(level()?),
        "tamper" => Measure::Tamper(level()?),
        "vibration" => Measure::Vibration(level()?),
        "alarm" => Measure::Alarm(level()?),
        "switch" => Measure::Switch(level()?),
        "mains" => Measure::Mains(level()?),
        "battery_percent" => Measure::BatteryPercent(number()?),
        "battery_low" => Measure::BatteryLow(level()?),
        "supply_volts" => Measure::SupplyVolts(number()?),
        "temperature_celsius" => Measure::TemperatureCelsius(number()?),
        "humidity_percent" => Measure::HumidityPercent(number()?),
        "illuminance_lux" => Measure::IlluminanceLux(number()?),
        "dark" => Measure::Dark(level()?),
        "signal_percent" => Measure::SignalPercent(number()?),
        "alive" => Measure::Alive,
        "availability" => Measure::Availability(match value.as_str().ok()? {
            "online" => Availability::Online,
            "offline" => Availability::Offline,
            "removed" => Availability::Removed,
            _ => return None,
        }),
        "bridge" => Measure::Bridge(level()?),
        "number" => Measure::Number(number()?),
        "note" => {
            let (kind, text) = serde_json::from_slice(value.as_str().ok()?.as_bytes()).ok()?;
            Measure::Note { kind, text }
        }
        _ => return None,
    })
}

/// How much of an event it proves, whether it is a copy, and whether it was heard before it was written, in one small number.
/// Programs that do not know the last of these leave such rows out.
pub(super) fn proof(evidence: Evidence, copy: bool, was_before: bool) -> i64 {
    let evidence = match evidence {
        Evidence::Event => 0,
        Evidence::Level => 1,
        Evidence::Cached => 2,
        Evidence::Ambiguous => 3,
    };
    evidence * 2 + i64::from(copy) + if was_before { BEFORE } else { 0 }
}

/// The reverse of [`proof`].
pub(super) fn evidence(proof: i64) -> Option<(Evidence, bool, bool)> {
    let (proof, was_before) = if proof >= BEFORE { (proof - BEFORE, true) } else { (proof, false) };
    let evidence = match proof >> 1 {
        0 => Evidence::Event,
        1 => Evidence::Level,
        2 => Evidence::Cached,
        3 => Evidence::Ambiguous,
        _ => return None,
    };
    Some((evidence, proof & 1 == 1, was_before))
}

const BEFORE: i64 = 8;

/// A word of the `word` table, ready for use in either role.
#[derive(Debug, Clone)]
pub(super) struct Word {
    pub text: String,
    pub sensor: Option<SensorId>,
}

impl Word {
    pub(super) fn new(text: String) -> Word {
        Word { sensor: SensorId::new(text.as_str()).ok(), text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measure_comes_back_as_it_went() {
        let mut all = vec![
            Measure::Button(Press::Sos),
            Measure::Button(Press::Other("dim \"up\"".into())),
            Measure::BatteryPercent(87.0),
            Measure::SupplyVolts(2.97),
            Measure::TemperatureCelsius(-0.5),
            Measure::HumidityPercent(0.0),
            Measure::IlluminanceLux(1e6),
            Measure::Alive,
            Measure::Availability(Availability::Online),
            Measure::Availability(Availability::Offline),
            Measure::Availability(Availability::Removed),
            Measure::Number(1.0e-9),
            Measure::Note { kind: "raw".into(), text: "A5 \"\n\" 07".into() },
        ];
        for on in [true, false] {
            let levels = [
                Measure::Motion,
                Measure::Presence,
                Measure::Contact,
                Measure::Leak,
                Measure::Smoke,
                Measure::Gas,
                Measure::Tamper,
                Measure::Vibration,
                Measure::Alarm,
                Measure::Switch,
                Measure::Mains,
                Measure::BatteryLow,
                Measure::Bridge,
            ];
            all.extend(levels.iter().map(|level| level(on)));
        }
        for before in all {
            let stored = value(&before);
            let stored = match &stored {
                ToSqlOutput::Borrowed(value) => *value,
                ToSqlOutput::Owned(value) => ValueRef::from(value),
                _ => panic!("{before:?} is neither number nor text"),
            };
            assert_eq!(measure(word(&before), stored), Some(before));
        }
    }

    #[test]
    fn every_proof_comes_back_as_it_went() {
        for kind in [Evidence::Event, Evidence::Level, Evidence::Cached, Evidence::Ambiguous] {
            for copy in [true, false] {
                for was_before in [true, false] {
                    assert_eq!(evidence(proof(kind, copy, was_before)), Some((kind, copy, was_before)));
                }
            }
        }
        assert_eq!((evidence(16), evidence(-1)), (None, None));
    }
}
