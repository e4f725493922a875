//! Addresses as people write them: a bare name where that says it all, a table where more is to be said.

use crate::devices::meaning::{Kind, Meaning, Values};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use std::marker::PhantomData;

/// Reads either a text, which `named` makes into the table it stands for, or the table itself.
pub(crate) fn name_or_table<'de, D, T>(from: D, expected: &'static str, named: fn(String) -> T) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct Either<T> {
        expected: &'static str,
        named: fn(String) -> T,
        table: PhantomData<T>,
    }
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
        type Value = T;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(self.expected)
        }

        fn visit_str<E: Error>(self, name: &str) -> Result<T, E> {
            Ok((self.named)(name.to_owned()))
        }

        fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(table))
        }
    }
    from.deserialize_any(Either { expected, named, table: PhantomData })
}

/// What the commands of a radio mean where the config says it: a state or a press, never a number.
pub(crate) fn commanded(kind: Option<Kind>, values: Values) -> Result<Option<Meaning>, String> {
    let Some(kind) = kind else {
        return if values.is_empty() { Ok(None) } else { Err("values needs kind, as kind = \"motion\"".to_owned()) };
    };
    match kind {
        Kind::Motion
        | Kind::Presence
        | Kind::Button
        | Kind::Contact
        | Kind::Leak
        | Kind::Smoke
        | Kind::Gas
        | Kind::Tamper
        | Kind::Vibration
        | Kind::Alarm
        | Kind::Switch
        | Kind::Mains
        | Kind::BatteryLow => {}
        Kind::Battery
        | Kind::SupplyVoltage
        | Kind::Temperature
        | Kind::Humidity
        | Kind::Illuminance
        | Kind::Availability
        | Kind::Number
        | Kind::Alive => {
            return Err(
                "kind names what ON and OFF mean, as \"motion\", \"contact\" or \"button\"; what a device measures \
                        is read without it"
                    .to_owned(),
            );
        }
    }
    Meaning::new(kind, values, None).map(Some)
}

/// What `word`, a command of a radio, says under `meaning`. `is_on` is the state that the word usually stands for.
///
/// Without words in the config every command of a button is a press: its radio says nothing when it is let go.
pub(crate) fn command(
    meaning: &Meaning,
    word: &str,
    is_on: Option<bool>,
) -> Option<crate::model::observation::Measure> {
    use crate::model::observation::{Measure, Press};
    if !meaning.values.is_empty() {
        return meaning.read(word);
    }
    if meaning.kind == Kind::Button {
        let press = if word == "panic" { Press::Sos } else { Press::Single };
        return (!matches!(word, "end_panic" | "normal")).then_some(Measure::Button(press));
    }
    meaning.read(word).or_else(|| meaning.read(is_on?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::observation::{Measure, Press};

    fn meaning(kind: Kind, values: &str) -> Meaning {
        commanded(Some(kind), serde_json::from_str(values).unwrap()).unwrap().unwrap()
    }

    #[test]
    fn commands_are_states_or_presses() {
        assert_eq!(command(&meaning(Kind::Motion, "{}"), "on", Some(true)), Some(Measure::Motion(true)));
        assert_eq!(command(&meaning(Kind::Motion, "{}"), "alarm", Some(true)), Some(Measure::Motion(true)));
        assert_eq!(command(&meaning(Kind::Contact, "{}"), "off", Some(false)), Some(Measure::Contact(false)));
        assert_eq!(command(&meaning(Kind::Motion, "{}"), "set_level", None), None);
        let presses =
            ["on", "off", "chime", "panic", "end_panic"].map(|word| command(&meaning(Kind::Button, "{}"), word, None));
        let pressed = |press| Some(Measure::Button(press));
        let expected = [Press::Single, Press::Single, Press::Single, Press::Sos].map(pressed);
        assert_eq!(presses[..4], expected);
        assert_eq!(presses[4], None);
        let sos = meaning(Kind::Button, r#"{"sos":["on"]}"#);
        assert_eq!(command(&sos, "on", Some(true)), pressed(Press::Sos));
        assert_eq!(command(&sos, "off", Some(false)), None, "listed words are the only ones");
    }

    #[test]
    fn a_command_is_no_number() {
        assert!(commanded(Some(Kind::Temperature), Values::new()).unwrap_err().contains("read without it"));
        assert!(commanded(None, serde_json::from_str(r#"{"on":"1"}"#).unwrap()).unwrap_err().contains("kind"));
    }
}
