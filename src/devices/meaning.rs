//! What a value means where only the config can say: the kind, and which words stand for which state.

use crate::devices::lenient;
use crate::devices::message::{Number, Scalar};
use crate::model::observation::{Availability, Evidence, Measure, Press};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A kind of measure, as written in a config.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // the names are the field's own
pub enum Kind {
    Motion,
    Presence,
    Button,
    Contact,
    Leak,
    Smoke,
    Gas,
    Tamper,
    Vibration,
    Alarm,
    Switch,
    Mains,
    Battery,
    BatteryLow,
    SupplyVoltage,
    Temperature,
    Humidity,
    Illuminance,
    Availability,
    Number,
    Alive,
}

impl Kind {
    /// As written in a config.
    fn name(self) -> String {
        let mut name = String::new();
        for c in format!("{self:?}").chars() {
            if c.is_uppercase() && !name.is_empty() {
                name.push('_');
            }
            name.extend(c.to_lowercase());
        }
        name
    }
}

/// The words for each state: `{ on = ["1", "motion"], off = ["0"] }`.
pub type Values = BTreeMap<String, Words>;

/// One word or several; numbers and truths are words too.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
#[allow(missing_docs)]
pub enum Words {
    One(Word),
    Many(Vec<Word>),
}

/// A word as a device may say it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
#[allow(missing_docs)]
pub enum Word {
    Truth(bool),
    Whole(i64),
    Number(f64),
    Text(String),
}

impl Word {
    /// As [`lenient::word`] writes what a device says.
    fn spoken(&self) -> String {
        match self {
            Word::Truth(truth) => truth.to_string(),
            Word::Whole(number) => number.to_string(),
            Word::Number(number) => number.to_string(),
            Word::Text(text) => text.trim().to_lowercase(),
        }
    }
}

impl Word {
    /// Whether it is what `value` says, letter case aside; mostly without making text of either.
    fn is(&self, value: Scalar) -> bool {
        match (self, value) {
            (_, Scalar::Nothing) => false,
            (Word::Truth(truth), Scalar::Truth(said)) => *truth == said,
            (Word::Whole(number), Scalar::Number(Number::Whole(said))) if said.unsigned_abs() < 1 << 53 => {
                *number == said
            }
            (Word::Text(text), Scalar::Number(Number::Whole(said))) => {
                let text = text.trim();
                // `01` and `+1` are words of their own.
                let is_plain = text == "0" || !text.trim_start_matches('-').starts_with(['0', '+']);
                is_plain && text.parse() == Ok(said)
            }
            (Word::Text(text), Scalar::Text(said)) if text.is_ascii() && said.is_ascii() => {
                let text = text.trim();
                !text.is_empty() && text.eq_ignore_ascii_case(said.trim())
            }
            // A truth is no number, whichever way it is written down.
            (Word::Truth(_), Scalar::Number(_)) | (Word::Whole(_) | Word::Number(_), Scalar::Truth(_)) => false,
            _ => lenient::word(value).is_some_and(|said| self.spoken() == said),
        }
    }
}

impl Words {
    /// Whether one of them is what `value` says, letter case aside.
    pub fn says<'v>(&self, value: impl Into<Scalar<'v>>) -> bool {
        let value = value.into();
        self.all().iter().any(|known| known.is(value))
    }

    fn all(&self) -> &[Word] {
        match self {
            Words::One(word) => std::slice::from_ref(word),
            Words::Many(words) => words,
        }
    }

    /// For the name of a device.
    pub fn joined(&self) -> String {
        self.all().iter().map(Word::spoken).collect::<Vec<_>>().join("|")
    }
}

/// How the value of one sensor is read.
#[derive(Debug, Clone, PartialEq)]
pub struct Meaning {
    /// What is measured.
    pub kind: Kind,
    /// Which words stand for which state; empty: the usual words.
    pub values: Values,
    /// A number is multiplied by this: 0.1 where a device says 215 for 21.5 °C.
    pub scale: f64,
}

impl Meaning {
    /// As a config gives it, checked.
    pub fn new(kind: Kind, values: Values, scale: Option<f64>) -> Result<Meaning, String> {
        let meaning = Meaning { kind, values, scale: scale.unwrap_or(1.0) };
        meaning.check()?;
        Ok(meaning)
    }

    /// A measure of the one kind that it can read.
    pub fn says(&self) -> Vec<Measure> {
        vec![match self.kind {
            Kind::Motion => Measure::Motion(true),
            Kind::Presence => Measure::Presence(true),
            Kind::Button => Measure::Button(Press::Single),
            Kind::Contact => Measure::Contact(true),
            Kind::Leak => Measure::Leak(true),
            Kind::Smoke => Measure::Smoke(true),
            Kind::Gas => Measure::Gas(true),
            Kind::Tamper => Measure::Tamper(true),
            Kind::Vibration => Measure::Vibration(true),
            Kind::Alarm => Measure::Alarm(true),
            Kind::Switch => Measure::Switch(true),
            Kind::Mains => Measure::Mains(true),
            Kind::Battery => Measure::BatteryPercent(100.0),
            Kind::BatteryLow => Measure::BatteryLow(false),
            Kind::SupplyVoltage => Measure::SupplyVolts(3.0),
            Kind::Temperature => Measure::TemperatureCelsius(20.0),
            Kind::Humidity => Measure::HumidityPercent(50.0),
            Kind::Illuminance => Measure::IlluminanceLux(100.0),
            Kind::Availability => Measure::Availability(Availability::Online),
            Kind::Number => Measure::Number(0.0),
            Kind::Alive => Measure::Alive,
        }]
    }

    /// What `value` says; `None` where it says nothing known.
    pub fn read<'v>(&self, value: impl Into<Scalar<'v>>) -> Option<Measure> {
        let value = value.into();
        let truth = |measure: fn(bool) -> Measure| {
            let said = if self.values.is_empty() { lenient::truth(value) } else { self.state(value).map(is_on) };
            said.map(measure)
        };
        let scaled = || Some(lenient::number(value)? * self.scale);
        match self.kind {
            Kind::Motion => truth(Measure::Motion),
            Kind::Presence => truth(Measure::Presence),
            Kind::Leak => truth(Measure::Leak),
            Kind::Smoke => truth(Measure::Smoke),
            Kind::Gas => truth(Measure::Gas),
            Kind::Tamper => truth(Measure::Tamper),
            Kind::Vibration => truth(Measure::Vibration),
            Kind::Alarm => truth(Measure::Alarm),
            Kind::Switch => truth(Measure::Switch),
            Kind::Mains => truth(Measure::Mains),
            Kind::BatteryLow => truth(Measure::BatteryLow),
            Kind::Contact if self.values.is_empty() => lenient::open(value).map(Measure::Contact),
            Kind::Contact => truth(Measure::Contact),
            Kind::Button if self.values.is_empty() => lenient::press_of(lenient::word(value)?).map(Measure::Button),
            Kind::Button => self.state(value).map(|name| Measure::Button(Press::from(name.to_owned()))),
            Kind::Availability if self.values.is_empty() => lenient::availability(value).map(Measure::Availability),
            Kind::Availability => lenient::availability(self.state(value)?).map(Measure::Availability),
            Kind::Battery => lenient::percent(scaled().map_or(value, Scalar::from)).map(Measure::BatteryPercent),
            Kind::Humidity => lenient::percent(scaled()?).map(Measure::HumidityPercent),
            Kind::Temperature => lenient::celsius(scaled()?).map(Measure::TemperatureCelsius),
            Kind::Illuminance => lenient::lux(scaled()?).map(Measure::IlluminanceLux),
            Kind::SupplyVoltage => lenient::number(scaled()?).filter(|volts| *volts >= 0.0).map(Measure::SupplyVolts),
            Kind::Number => lenient::number(scaled()?).map(Measure::Number),
            Kind::Alive => Some(Measure::Alive),
        }
    }

    /// The state whose words include what `value` says.
    fn state(&self, value: Scalar) -> Option<&str> {
        self.values.iter().find(|(_, words)| words.says(value)).map(|(state, _)| state.as_str())
    }

    /// Whether a value of this kind is an event in itself, unless the config says otherwise.
    pub fn usual_evidence(&self) -> Evidence {
        if matches!(self.kind, Kind::Button | Kind::Alive) { Evidence::Event } else { Evidence::Level }
    }

    /// What is wrong with it, for the person who wrote it.
    fn check(&self) -> Result<(), String> {
        let states: &[&str] = match self.kind {
            Kind::Motion | Kind::Presence | Kind::Leak | Kind::Smoke | Kind::Gas | Kind::Tamper => &["on", "off"],
            Kind::Vibration | Kind::Alarm | Kind::Switch | Kind::Mains | Kind::BatteryLow => &["on", "off"],
            Kind::Contact => &["open", "closed"],
            Kind::Availability => &["online", "offline"],
            Kind::Button => &[], // any press
            Kind::Battery
            | Kind::SupplyVoltage
            | Kind::Temperature
            | Kind::Humidity
            | Kind::Illuminance
            | Kind::Number
            | Kind::Alive => {
                if !self.values.is_empty() {
                    return Err(format!(
                        "kind {} is read as it stands; values cannot be given for it",
                        self.kind.name()
                    ));
                }
                &[]
            }
        };
        for state in self.values.keys() {
            if !states.is_empty() && !states.contains(&state.as_str()) {
                return Err(format!("values has {state:?}; for this kind it can be {}", states.join(" or ")));
            }
        }
        let mut said = BTreeMap::new();
        for (state, words) in &self.values {
            for word in words.all() {
                if let Some(other) = said.insert(word.spoken(), state)
                    && other != state
                {
                    return Err(format!("values has {:?} under {other} and {state}", word.spoken()));
                }
            }
        }
        if self.scale.is_finite() && self.scale != 0.0 { Ok(()) } else { Err("scale must be a number, not 0".into()) }
    }

    /// The part of a device's name that tells two meanings of one place apart.
    pub fn name(&self) -> String {
        let values = self.values.iter().map(|(state, words)| format!(" {state}={}", words.joined()));
        format!("{}{}", self.kind.name(), values.collect::<String>())
    }
}

fn is_on(state: &str) -> bool {
    matches!(state, "on" | "open")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn meaning(kind: Kind, values: &str) -> Meaning {
        Meaning { kind, values: serde_json::from_str(values).unwrap(), scale: 1.0 }
    }

    #[test]
    fn listed_words_are_the_only_ones() {
        let motion = meaning(Kind::Motion, r#"{"on":[1,"MOTION"],"off":0}"#);
        let said = |value: Value| motion.read(&value);
        assert_eq!(said("motion ".into()), Some(Measure::Motion(true)));
        assert_eq!(said(1.0.into()), Some(Measure::Motion(true)));
        assert_eq!(said("0".into()), Some(Measure::Motion(false)));
        assert_eq!(said(true.into()), None);
        assert_eq!(said(Value::Null), None);
    }

    #[test]
    fn a_word_cannot_stand_for_two_states() {
        assert!(meaning(Kind::Motion, r#"{"on":["1"],"off":[1]}"#).check().is_err());
        assert!(meaning(Kind::Contact, r#"{"on":["1"]}"#).check().is_err());
        assert!(meaning(Kind::Temperature, r#"{"on":["1"]}"#).check().is_err());
        assert!(meaning(Kind::Button, r#"{"single":["press"],"sos":"help"}"#).check().is_ok());
    }

    #[test]
    fn without_words_the_usual_ones_hold() {
        assert_eq!(meaning(Kind::Contact, "{}").read("open"), Some(Measure::Contact(true)));
        assert_eq!(meaning(Kind::Button, "{}").read(""), None);
        assert_eq!(meaning(Kind::Battery, "{}").read("87 %"), Some(Measure::BatteryPercent(87.0)));
    }
}
