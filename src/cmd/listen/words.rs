//! Readings in the few words that fit a cell.

use crate::model::home::Sensor;
use crate::model::observation::{Availability, Evidence, Measure, Reading};
use crate::model::time::Span;
use serde_json::Value;

/// What a radio that never checks in cannot tell.
pub const NEVER_CHECKS_IN: &str = "its radio never checks in: it cannot tell silence from death";

/// What a radio code can say, in the words of the configuration.
pub const MEANS: [&str; 23] = [
    "sos",
    "single",
    "double",
    "long",
    "motion",
    "motion_end",
    "presence",
    "presence_end",
    "open",
    "closed",
    "leak",
    "leak_end",
    "smoke",
    "smoke_end",
    "gas",
    "gas_end",
    "vibration",
    "on",
    "off",
    "tamper",
    "tamper_end",
    "battery_low",
    "alive",
];

/// How much of an event it proves.
pub fn evidence(reading: &Reading) -> &'static str {
    match (reading.copy, reading.evidence) {
        (true, _) => "copy",
        (false, Evidence::Event) => "event",
        (false, Evidence::Level) => "level",
        (false, Evidence::Cached) => "cached",
        (false, Evidence::Ambiguous) => "ambiguous",
    }
}

/// The value with its unit.
pub fn value(measure: &Measure) -> String {
    let either = |on: bool, yes: &str, no: &str| if on { yes } else { no }.to_owned();
    match measure {
        Measure::Contact(is_open) => either(*is_open, "open", "closed"),
        Measure::Bridge(is_online) => either(*is_online, "online", "offline"),
        Measure::Motion(on)
        | Measure::Presence(on)
        | Measure::Leak(on)
        | Measure::Smoke(on)
        | Measure::Gas(on)
        | Measure::Tamper(on)
        | Measure::Vibration(on)
        | Measure::Alarm(on)
        | Measure::Mains(on)
        | Measure::Dark(on)
        | Measure::BatteryLow(on) => either(*on, "yes", "no"),
        Measure::Switch(on) => either(*on, "on", "off"),
        Measure::Button(press) => press.as_str().to_owned(),
        Measure::BatteryPercent(value) | Measure::HumidityPercent(value) | Measure::SignalPercent(value) => {
            format!("{value:.0} %")
        }
        Measure::SupplyVolts(value) => format!("{value:.2} V"),
        Measure::TemperatureCelsius(value) => format!("{value:.1} °C"),
        Measure::IlluminanceLux(value) => format!("{value:.0} lx"),
        Measure::Number(value) => format!("{value}"),
        Measure::Alive => "yes".to_owned(),
        Measure::Availability(Availability::Online) => "online".to_owned(),
        Measure::Availability(Availability::Offline) => "offline".to_owned(),
        Measure::Availability(Availability::Removed) => "removed".to_owned(),
        Measure::Note { text, .. } => text.clone(),
    }
}

/// The bare value, as `decode` writes it.
pub fn json_value(measure: &Measure) -> Value {
    if let Measure::Note { text, .. } = measure {
        return text.as_str().into();
    }
    let tagged = serde_json::to_value(measure).unwrap_or_default();
    tagged.as_object().and_then(|tagged| tagged.values().next().cloned()).unwrap_or_default()
}

/// One unit is enough: `12 s`, `40 min`, `3 h`.
pub fn age(span: Span) -> String {
    match span.num_seconds().max(0) {
        secs @ ..100 => format!("{secs} s"),
        secs @ 100..6_000 => format!("{} min", secs / 60),
        secs => format!("{} h", secs / 3_600),
    }
}

/// A battery by whatever it tells: its own warning before a number.
pub fn battery(percent: Option<f64>, volts: Option<f64>, low: Option<bool>) -> String {
    match (percent, volts, low) {
        (_, _, Some(true)) => "LOW".to_owned(),
        (Some(percent), _, _) => format!("{percent:.0} %"),
        (None, Some(volts), _) => format!("{volts:.2} V"),
        (None, None, Some(false)) => "ok".to_owned(),
        (None, None, None) => "-".to_owned(),
    }
}

/// Where a sensor hangs.
pub fn room(sensor: &Sensor) -> &str {
    sensor.room.as_ref().map_or("-", |room| room.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::codes::Means;

    #[test]
    fn the_help_lists_every_word_that_a_code_can_say() {
        let refused = serde_json::from_value::<Means>("?".into()).unwrap_err().to_string();
        let mut known: Vec<&str> = refused.split('`').skip(3).step_by(2).filter(|word| *word != "button").collect();
        let mut listed = MEANS.to_vec();
        known.sort_unstable();
        listed.sort_unstable();
        assert_eq!(listed, known, "\"button\" is another name of \"sos\"");
    }
}
