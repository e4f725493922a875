//! What a config says of a Modbus: the questions on a port, and which value of which device means what.

use crate::devices::meaning::{Kind, Meaning, Values};
use crate::devices::message::{Number, Scalar};
use crate::devices::{Identity, modbus_rtu, toml_text};
use crate::model::frame::{Bus, Parity, Poll, Table};
use crate::model::observation::{Measure, Reading};
use crate::model::time::parse_span;
use serde::Deserialize;

/// What is asked on the line of one port.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(try_from = "WrittenSettings")]
pub struct Settings {
    /// The questions.
    pub bus: Bus,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSettings {
    polls: Vec<WrittenPoll>,
    #[serde(default)]
    parity: Parity,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPoll {
    unit: u8,
    function: Table,
    address: u16,
    count: Option<u16>,
    every: Option<String>,
}

impl TryFrom<WrittenSettings> for Settings {
    type Error = String;
    fn try_from(written: WrittenSettings) -> Result<Self, String> {
        if written.polls.is_empty() {
            let example = "{ unit = 1, function = \"discrete_inputs\", address = 0, count = 8, every = \"1s\" }";
            return Err(format!("polls is empty, so nothing is asked; write polls = [{example}]"));
        }
        let polls = written.polls.into_iter().map(poll).collect::<Result<_, _>>()?;
        Ok(Settings { bus: Bus { polls, parity: written.parity } })
    }
}

fn poll(written: WrittenPoll) -> Result<Poll, String> {
    let table = written.function;
    let count = written.count.unwrap_or(1);
    let count_max = modbus_rtu::count_max(table);
    check_unit(written.unit)?;
    if !(1..=count_max).contains(&count) || written.address.checked_add(count - 1).is_none() {
        return Err(format!(
            "count = {count} cannot be asked for at once; it can be 1 to {count_max}, up to address 65535"
        ));
    }
    let every = written.every.as_deref().unwrap_or("1s");
    let millis = parse_span(every)?.num_milliseconds();
    match u32::try_from(millis) {
        Ok(every_millis @ 100..=3_600_000) => {
            Ok(Poll { unit: written.unit, table, address: written.address, count, every_millis })
        }
        Ok(_) | Err(_) => Err(format!("every = {every:?} is too often or too rare; it can be \"100ms\" to \"1h\"")),
    }
}

fn check_unit(unit: u8) -> Result<(), String> {
    if (1..=247).contains(&unit) { Ok(()) } else { Err(format!("unit = {unit} is no device; units are 1 to 247")) }
}

/// One value of one device and what it means.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Address {
    port: String,
    pub(super) unit: u8,
    pub(super) table: Table,
    pub(super) address: u16,
    bit: Option<u8>,
    signed: bool,
    pub(super) meaning: Meaning,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    port: String,
    unit: u8,
    function: Table,
    address: u16,
    bit: Option<u8>,
    #[serde(default)]
    signed: bool,
    kind: Kind,
    #[serde(default)]
    values: Values,
    scale: Option<f64>,
}

impl TryFrom<Written> for Address {
    type Error = String;
    fn try_from(written: Written) -> Result<Self, String> {
        let table = written.function;
        check_unit(written.unit)?;
        let is_bits = modbus_rtu::is_bits(table);
        match written.bit {
            Some(_) if is_bits => {
                return Err("bit is for registers; coils and discrete inputs are bits themselves".into());
            }
            Some(bit) if bit > 15 => return Err(format!("bit = {bit} is none of a register; it can be 0 to 15")),
            Some(_) | None => {}
        }
        let meaning = Meaning::new(written.kind, written.values, written.scale)?;
        let is_button_without_words = meaning.kind == Kind::Button && meaning.values.is_empty();
        if is_button_without_words {
            return Err("kind button wants values: which number is which press, as { sos = 1 }".to_owned());
        }
        Ok(Address {
            port: written.port,
            unit: written.unit,
            table,
            address: written.address,
            bit: written.bit,
            signed: written.signed,
            meaning,
        })
    }
}

impl Identity for Address {
    /// Port, place and meaning: `rs485: 1/discrete_inputs/0: motion`.
    fn device(&self) -> String {
        let bit = self.bit.map(|bit| format!(".{bit}")).unwrap_or_default();
        let Address { port, unit, address, .. } = self;
        format!("{port}: {unit}/{}/{address}{bit}: {}", self.table.name(), self.meaning.name())
    }

    fn port(&self) -> Option<&str> {
        Some(&self.port)
    }

    fn unasked(&self, bus: &Bus) -> Option<String> {
        let is_asked = |poll: &Poll| {
            let offset = self.address.checked_sub(poll.address);
            (poll.unit, poll.table) == (self.unit, self.table) && offset.is_some_and(|offset| offset < poll.count)
        };
        let Address { unit, address, .. } = self;
        let poll = || format!("{{ unit = {unit}, function = \"{}\", address = {address} }}", self.table.name());
        (!bus.polls.iter().any(is_asked)).then(poll)
    }

    fn says(&self) -> Vec<Measure> {
        self.meaning.says()
    }
}

impl Address {
    /// The bit or the number of it in the register `raw`.
    pub(super) fn value(&self, raw: u16) -> Scalar<'static> {
        let whole = match self.bit {
            Some(bit) => i64::from(raw >> bit & 1),
            None if self.signed => i64::from(raw.cast_signed()),
            None => i64::from(raw),
        };
        Scalar::Number(Number::Whole(whole))
    }
}

/// The address of a value, from a note's device `rs485: 1/discrete_inputs/0`.
pub fn address_toml(device: &str, _readings: &[Reading]) -> String {
    let (port, place) = device.split_once(": ").unwrap_or(("rs485", device));
    let mut place = place.split('/');
    let unit: u8 = place.next().and_then(|unit| unit.parse().ok()).unwrap_or(1);
    let function = place.next().unwrap_or("discrete_inputs");
    let address: u16 = place.next().and_then(|address| address.parse().ok()).unwrap_or(0);
    let port = toml_text(port);
    let function = toml_text(function);
    format!(
        "modbus = {{ port = {port}, unit = {unit}, function = {function}, address = {address}, kind = \"motion\" }}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_address_or_poll_says_what_would_be_right() {
        let address = |text: &str| serde_json::from_str::<Address>(text).unwrap_err().to_string();
        let at = r#""port":"r","function":"coils","address":1,"kind":"motion""#;
        assert!(address(&format!(r#"{{{at},"unit":0}}"#)).contains("1 to 247"));
        assert!(address(&format!(r#"{{{at},"unit":1,"bit":1}}"#)).contains("bits themselves"));
        let button = r#"{"port":"r","unit":1,"function":"coils","address":1,"kind":"button"}"#;
        assert!(address(button).contains("{ sos = 1 }"));
        let settings = |text: &str| serde_json::from_str::<Settings>(text).unwrap_err().to_string();
        assert!(settings(r#"{"polls":[]}"#).contains("nothing is asked"));
        let poll =
            |rest: &str| settings(&format!(r#"{{"polls":[{{"unit":1,"function":"coils","address":0{rest}}}]}}"#));
        assert!(poll(r#","count":2001"#).contains("1 to 2000"));
        assert!(poll(r#","every":"1ms""#).contains("100ms"));
        assert!(poll(r#","parity":"even""#).contains("unknown field"));
    }

    #[test]
    fn an_address_of_a_note_parses() {
        let written = address_toml("rs485: 17/input_registers", &[]);
        assert_eq!(
            written,
            "modbus = { port = \"rs485\", unit = 17, function = \"input_registers\", address = 0, kind = \"motion\" }"
        );
    }
}
