//! 433 MHz codes heard by OpenMQTTGateway: RF receivers and flashed Sonoff RF bridges.
//!
//! ```text
//! <base>/<gateway>/433toMQTT           {"value":12345678,"protocol":1,"length":24,"delay":311}   or the bare number
//! <base>/<gateway>/SRFBtoMQTT          {"raw":"2F8A019A04A6BC614E","value":12345678,…}           or the bare number
//! <base>/<gateway>/SRFBtoMQTT/Raw      2F8A 019A 04A6 BC614E = sync, low, high, code             beside a bare number
//! <base>/<gateway>/…/Tsyn, /protocol   single fields, beside a bare number
//! <base>/<gateway>/PilighttoMQTT       another decoder's guess: not for us
//! <base>/<gateway>/LWT                 online | offline
//! ```
//!
//! The code is the value in at least six hexadecimal digits. It means nothing until it is registered:
//! `omg_rf = { codes = { "bc614e" = "sos" } }`; others are notes for the technician, short ones (12 or 13 bits) mostly
//! noise, and one press may give several. A code of nought is a receiver's fault and refused (OpenMQTTGateway #218).

use crate::devices::codes::{self, Codes};
use crate::devices::gateways::{self, Gateways};
use crate::devices::message::{Json, Object};
use crate::devices::{Decoded, Decoder, Identity, lenient, reading, toml_text};
use crate::model::frame::{Origin, RawFrame};
use crate::model::observation::{Evidence, Measure, Reading};
use crate::model::time::Span;
use serde::Deserialize;

/// One sentence for the table.
pub const SUMMARY: &str = "433 MHz codes heard by OpenMQTTGateway";

/// An address as written in a config.
pub const EXAMPLE: &str = "omg_rf = { codes = { \"bc614e\" = \"sos\" } }";

/// `[omg_rf]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The base topics of the gateways, before their names.
    pub base_topics: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { base_topics: vec!["home".to_owned()] }
    }
}

/// The codes of one sensor and what each says.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Address {
    codes: Codes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    codes: Codes,
}

impl TryFrom<Written> for Address {
    type Error = String;
    fn try_from(written: Written) -> Result<Self, String> {
        // A longer code is said without noughts before it.
        let fits = |code: &str| match code.len() {
            ..CODE_DIGITS => false,
            CODE_DIGITS => true,
            _ => code.len() <= CODE_DIGITS_MAX && !code.starts_with('0'),
        };
        let is_code = |code: &str| fits(code) && codes::is_hex(code);
        written.codes.check(is_code, "it in six hexadecimal digits or more, as \"bc614e\"")?;
        Ok(Address { codes: written.codes })
    }
}

impl Identity for Address {
    /// All its codes: `22670e+226707`.
    fn device(&self) -> String {
        self.codes.joined()
    }

    fn checks_in(&self) -> bool {
        false
    }

    /// Every code is sent several times over.
    fn burst(&self) -> Option<Span> {
        Some(Span::seconds(3))
    }

    fn says(&self) -> Vec<Measure> {
        self.codes.says()
    }
}

/// The decoder for the codes of the config; others are told as such.
pub fn decoder(settings: &Settings, addresses: Vec<Address>) -> impl Decoder + use<> {
    OmgRf {
        bases: gateways::trimmed(&settings.base_topics),
        addresses: addresses.into_iter().map(|address| (address.device(), address.codes)).collect(),
        gateways: Gateways::default(),
    }
}

/// The address of a code that was heard.
pub fn address_toml(device: &str, _readings: &[Reading]) -> String {
    format!("omg_rf = {{ codes = {{ {} = \"motion\" }} }}", toml_text(device))
}

struct OmgRf {
    bases: Vec<String>,
    addresses: Vec<(String, Codes)>,
    gateways: Gateways,
}

impl Decoder for OmgRf {
    fn topics(&self) -> Vec<String> {
        let parts = ["433toMQTT/#", "SRFBtoMQTT/#", "LWT"];
        self.bases.iter().flat_map(|base| parts.map(|part| format!("{base}/+/{part}"))).collect()
    }

    fn decode(&mut self, frame: &RawFrame) -> Decoded {
        let Origin::Mqtt { topic } = &frame.from else { return Decoded::NotMine };
        let Some(rest) = gateways::under(&self.bases, topic) else { return Decoded::NotMine };
        let Some((_, said)) = rest.split_once('/') else { return Decoded::NotMine };
        let gateway = topic[..topic.len() - said.len()].trim_end_matches('/');
        let readings = match said.split_once('/').unwrap_or((said, "")) {
            ("433toMQTT" | "SRFBtoMQTT", "") => self.heard(gateway, frame),
            ("433toMQTT" | "SRFBtoMQTT", "Raw") => raw(&frame.bytes).map(|_| Vec::new()),
            ("433toMQTT" | "SRFBtoMQTT" | "PilighttoMQTT", _) => Ok(Vec::new()),
            ("LWT", "") => self.gateways.told(gateway, &frame.bytes, false),
            _ => return Decoded::NotMine,
        };
        readings.map_or_else(|why| Decoded::Malformed(why.to_owned()), Decoded::Readings)
    }
}

impl OmgRf {
    fn heard(&mut self, gateway: &str, frame: &RawFrame) -> Result<Vec<Reading>, &'static str> {
        if frame.bytes.is_empty() {
            return Ok(Vec::new());
        }
        let message = lenient::json(&frame.bytes)?;
        let value = match message.as_object() {
            Some(message) => value_of(message)?,
            None => whole(&message).ok_or("no_code")?,
        };
        let signal = message.get("rssi").and_then(lenient::dbm).map(Measure::SignalPercent);
        if value == 0 {
            return Err("zero_code");
        }
        let back = if frame.retained { None } else { self.gateways.heard(gateway) };
        let mut readings: Vec<Reading> = back.into_iter().collect();
        let code = format!("{value:06x}");
        let mut tell = |device: &str, measure| {
            readings.push(reading(device, measure, Evidence::Event, frame.retained));
            readings
                .extend(signal.iter().map(|signal| reading(device, signal.clone(), Evidence::Level, frame.retained)));
        };
        let mut is_registered = false;
        for (device, codes) in &self.addresses {
            if let Some(means) = codes.means(&code) {
                is_registered = true;
                tell(device, means.measure());
            }
        }
        if !is_registered {
            tell(&code, Measure::Note { kind: "raw_code".to_owned(), text: code.clone() });
        }
        Ok(readings)
    }
}

/// The code of a message; a bridge says it in its raw bytes too.
fn value_of(message: &Object) -> Result<u64, &'static str> {
    match (message.get("value").and_then(whole), message.get("raw").and_then(Json::as_str)) {
        (Some(value), _) => Ok(value),
        (None, Some(bytes)) => raw(bytes.as_bytes()),
        (None, None) => Err("no_code"),
    }
}

fn whole(value: &Json) -> Option<u64> {
    match value {
        Json::Number(number) => number.as_u64(),
        Json::Text(digits) => digits.trim().parse().ok(),
        Json::Null | Json::Truth(_) | Json::List(_) | Json::Object(_) => None,
    }
}

/// The code at the end of a bridge's nine bytes in hexadecimal digits.
fn raw(digits: &[u8]) -> Result<u64, &'static str> {
    let digits = std::str::from_utf8(digits).map_err(|_| "not_utf8")?.trim();
    let code = digits.get(RAW_DIGITS - CODE_DIGITS..).filter(|code| code.len() == CODE_DIGITS).ok_or("no_raw_code")?;
    match u64::from_str_radix(code, 16) {
        Ok(0) => Err("zero_code"),
        Ok(code) => Ok(code),
        Err(_) => Err("no_raw_code"),
    }
}

/// Sync, low and high in four digits each, and the code.
const RAW_DIGITS: usize = 18;
/// 24 bits, as EV1527 and PT2262 send.
const CODE_DIGITS: usize = 6;
/// Of the longest number that is read.
const CODE_DIGITS_MAX: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn address(written: Value) -> Result<Address, String> {
        serde_json::from_value(written).map_err(|error| error.to_string())
    }

    #[test]
    fn codes_are_written_as_listen_shows_them() {
        let known = address(json!({"codes": {"BC614E": "sos", "000551": "single"}})).unwrap();
        assert_eq!((known.device().as_str(), known.checks_in()), ("000551+bc614e", false));
        for code in ["551", "12345678x", "bc 614e", "0xbc614e", "00bc614e", "000000"] {
            assert!(address(json!({"codes": {code: "sos"}})).unwrap_err().contains("six hexadecimal digits"), "{code}");
        }
        assert!(address(json!({"code": {}})).unwrap_err().contains("unknown field"));
    }

    #[test]
    fn a_code_in_two_sensors_is_told_to_both() {
        let both = [json!({"codes": {"bc614e": "motion"}}), json!({"codes": {"bc614e": "motion", "bc6141": "tamper"}})];
        let mut decoder = decoder(&Settings::default(), both.map(|written| address(written).unwrap()).into());
        let from = Origin::Mqtt { topic: "home/hall/433toMQTT".to_owned() };
        let frame = RawFrame { from, bytes: br#"{"value":12345678}"#.to_vec(), retained: false };
        let Decoded::Readings(readings) = decoder.decode(&frame) else { panic!() };
        assert_eq!(
            readings.iter().map(|reading| reading.device.as_str()).collect::<Vec<_>>(),
            ["bc614e", "bc6141+bc614e"]
        );
    }

    #[test]
    fn raw_bytes_end_in_the_code() {
        assert_eq!(raw(b"2F8A019A04A6BC614E"), Ok(0xbc_614e));
        assert_eq!(raw(b"2F8A019A04A6000000"), Err("zero_code"));
        for bad in [
            &b""[..],
            b"2F8A",
            b"2F8A019A04A6BC614",
            b"2F8A019A04A6BC614E00",
            b"2F8A019A04A6xyzxyz",
            b"\xff",
            "é".repeat(9).as_bytes(),
        ] {
            assert!(raw(bad).is_err(), "{bad:?}");
        }
    }
}
