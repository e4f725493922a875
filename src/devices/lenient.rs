//! One reader per meaning, used by all families: devices agree on what they mean long before they agree on how to
//! write it.
//!
//! Whatever cannot be understood is unknown (`None`), never a guess; `null` and the empty text are unknown too.

use crate::devices::message::{self, Json, Number, Object, Scalar};
use crate::model::observation::{Availability, Press};
use serde_json::Value;
use std::borrow::Cow;

/// Largest payload that is looked at. A bridge's device list is larger; no sensor's message is.
pub const PAYLOAD_BYTES_MAX: usize = 64 * 1024;

/// A JSON payload, with numbers that no machine can hold read as `null`.
///
/// The error is a short stable reason.
pub fn json(payload: &[u8]) -> Result<Json<'_>, &'static str> {
    let text = text_of_json(payload)?;
    match serde_json::from_str(text) {
        Ok(message) => Ok(message),
        Err(error) => match with_numbers_that_fit(text) {
            // The text that fits is our own, so nothing can be borrowed from it; this is rare.
            Some(fitting) => {
                serde_json::from_str::<Value>(&fitting).map(Json::from).map_err(|error| reason(&fitting, &error))
            }
            None => Err(reason(text, &error)),
        },
    }
}

/// A payload that may be JSON.
fn text_of_json(payload: &[u8]) -> Result<&str, &'static str> {
    if payload.len() > PAYLOAD_BYTES_MAX {
        return Err("too_long");
    }
    let text = std::str::from_utf8(payload).map_err(|_| "not_utf8")?;
    let text = if payload.first() == Some(&BOM_BEGINS) { text.trim_start_matches('\u{feff}') } else { text };
    // A bare word, as many devices send it, is told from JSON by its first letter.
    match text.as_bytes().trim_ascii_start().first() {
        Some(first) if first.is_ascii_digit() || BEGINS.contains(first) => Ok(text),
        Some(_) | None => Err("not_json"),
    }
}

/// What JSON can begin with besides a digit, and the numbers that nobody can hold.
const BEGINS: &[u8] = b"{[\"-tfnNIi";

/// The first byte of the mark that some programs put before a text.
const BOM_BEGINS: u8 = 0xef;

fn reason(text: &str, error: &serde_json::Error) -> &'static str {
    let is_deep = || text.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count() >= LEVELS_MAX;
    // serde_json has no kind for this.
    if is_deep() && error.to_string().starts_with("recursion limit") { "too_deep" } else { "not_json" }
}

/// serde_json stops at so many levels.
const LEVELS_MAX: usize = 127;

/// A JSON object.
pub fn object(payload: &[u8]) -> Result<Object<'_>, &'static str> {
    match json(payload)? {
        Json::Object(object) => Ok(object),
        Json::Null | Json::Truth(_) | Json::Number(_) | Json::Text(_) | Json::List(_) => Err("not_an_object"),
    }
}

/// The field of that name of a JSON object, where nothing else of it matters.
pub fn field<'a>(payload: &'a [u8], name: &str) -> Result<Option<Json<'a>>, &'static str> {
    // What is wrong with the rest, and what can be mended in it, shows when all of it is read.
    message::field(text_of_json(payload)?, name).or_else(|_| Ok(object(payload)?.take(name)))
}

/// A JSON payload; one that is none is a bare word, which is text.
pub fn json_or_text(payload: &[u8]) -> Result<Json<'_>, &'static str> {
    match json(payload) {
        Err("not_json") => text(payload).map(|word| Json::Text(Cow::Borrowed(word))),
        said => said,
    }
}

/// A payload as trimmed text.
pub fn text(payload: &[u8]) -> Result<&str, &'static str> {
    if payload.len() > PAYLOAD_BYTES_MAX {
        return Err("too_long");
    }
    std::str::from_utf8(payload).map(str::trim).map_err(|_| "not_utf8")
}

/// The same text with `1e400`, `NaN` and `Infinity` outside strings as `null`, so that one broken side field does not
/// cost the field that matters; `None` where all fit.
fn with_numbers_that_fit(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let (mut fitting, mut copied, mut at) = (String::new(), 0, 0);
    while let Some(first) = bytes.get(at) {
        let rest = bytes.get(at..).unwrap_or_default();
        let end = at
            + match first {
                b'"' => string_length(rest),
                first if is_bare(first) => rest.iter().position(|byte| !is_bare(byte)).unwrap_or(rest.len()),
                _ => 1,
            };
        if is_bare(first) && text.get(at..end).is_some_and(is_beyond_all_bounds) {
            fitting.push_str(text.get(copied..at).unwrap_or_default());
            fitting.push_str("null");
            copied = end;
        }
        at = end;
    }
    if copied == 0 {
        return None;
    }
    fitting.push_str(text.get(copied..).unwrap_or_default());
    Some(fitting)
}

fn is_beyond_all_bounds(token: &str) -> bool {
    let is_number = token.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    match token {
        "NaN" | "Infinity" | "-Infinity" | "nan" | "inf" | "-inf" => true,
        // Without an exponent a number must have hundreds of digits to be too large.
        _ if token.len() < 300 && !token.contains(['e', 'E']) => false,
        _ => is_number && token.parse().is_ok_and(f64::is_infinite),
    }
}

fn is_bare(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.')
}

/// Bytes of the string literal that `text` begins with.
fn string_length(text: &[u8]) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.iter().enumerate().skip(1) {
        match byte {
            b'"' if !is_escaped => return at + 1,
            _ => is_escaped = *byte == b'\\' && !is_escaped,
        }
    }
    text.len()
}

/// A scalar as a trimmed, lower-case word: `" ON"` → `on`, `1.0` → `1`, `true` → `true`.
pub fn word<'v>(value: impl Into<Scalar<'v>>) -> Option<Cow<'v, str>> {
    let word = match value.into() {
        Scalar::Text(text) => lower_case(text.trim()),
        Scalar::Truth(truth) => Cow::Borrowed(if truth { "true" } else { "false" }),
        // Written much faster than a fraction, and the same.
        Scalar::Number(Number::Whole(whole)) if whole.unsigned_abs() < 1 << 53 => Cow::Owned(whole.to_string()),
        Scalar::Number(number) => Cow::Owned(number.as_f64().to_string()),
        Scalar::Nothing => return None,
    };
    (!word.is_empty()).then_some(word)
}

/// The same in lower case, which most text is.
pub fn lower_case(text: &str) -> Cow<'_, str> {
    let is_lower = text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
    if is_lower { Cow::Borrowed(text) } else { Cow::Owned(text.to_lowercase()) }
}

/// What `words` say of a scalar, as [`word`] writes it. Makes no text of it: this is asked of every value of every message.
fn known<T: Copy>(value: Scalar, words: &[(&str, T)]) -> Option<T> {
    let said = match value {
        Scalar::Text(text) => text.trim(),
        Scalar::Truth(true) => "true",
        Scalar::Truth(false) => "false",
        Scalar::Number(number) => match number.as_f64() {
            1.0 => "1",
            0.0 => "0",
            _ => return None,
        },
        Scalar::Nothing => return None,
    };
    words.iter().find(|(word, _)| word.eq_ignore_ascii_case(said)).map(|(_, meaning)| *meaning)
}

/// Yes or no.
pub fn truth<'v>(value: impl Into<Scalar<'v>>) -> Option<bool> {
    match value.into() {
        Scalar::Truth(truth) => Some(truth),
        value @ (Scalar::Number(_) | Scalar::Text(_) | Scalar::Nothing) => known(value, &TRUTHS),
    }
}

const TRUTHS: [(&str, bool); 10] = [
    ("true", true),
    ("on", true),
    ("yes", true),
    ("1", true),
    ("y", true),
    ("false", false),
    ("off", false),
    ("no", false),
    ("0", false),
    ("n", false),
];

/// A finite number, also as text: `"100.00"`.
pub fn number<'v>(value: impl Into<Scalar<'v>>) -> Option<f64> {
    match value.into() {
        Scalar::Number(number) => Some(number.as_f64()),
        Scalar::Text(text) => text.trim().parse().ok(),
        Scalar::Truth(_) | Scalar::Nothing => None,
    }
    .filter(|number: &f64| number.is_finite())
}

/// A share of a hundred, also as `"87 %"`. Slightly above 100 is full; below 0 and far above are unknown.
pub fn percent<'v>(value: impl Into<Scalar<'v>>) -> Option<f64> {
    let percent = match value.into() {
        Scalar::Text(text) => text.trim().trim_end_matches('%').trim().parse().ok(),
        value @ (Scalar::Truth(_) | Scalar::Number(_) | Scalar::Nothing) => number(value),
    };
    // 102 % is a full battery of MySensors; 255 is the "unknown" of Zigbee.
    percent.filter(|percent| (0.0..=120.0).contains(percent)).map(|percent: f64| percent.min(100.0))
}

/// A signal in dBm as a share of a hundred: −100 and below is lost in the noise, −50 and above as good as it gets indoors.
pub fn dbm<'v>(value: impl Into<Scalar<'v>>) -> Option<f64> {
    let dbm = number(value).filter(|dbm| (-150.0..0.0).contains(dbm))?;
    Some(((dbm + 100.0) * 2.0).clamp(0.0, 100.0))
}

/// Light in lux, which is never negative.
pub fn lux<'v>(value: impl Into<Scalar<'v>>) -> Option<f64> {
    number(value).filter(|lux| *lux >= 0.0)
}

/// Degrees Celsius that a dwelling, a fire or a winter can show.
pub fn celsius<'v>(value: impl Into<Scalar<'v>>) -> Option<f64> {
    number(value).filter(|celsius| (-60.0..=150.0).contains(celsius))
}

/// Whether something is open: words, or a truth that means "open".
pub fn open<'v>(value: impl Into<Scalar<'v>>) -> Option<bool> {
    let value = value.into();
    let words = [("open", true), ("opened", true), ("closed", false), ("close", false), ("shut", false)];
    truth(value).or_else(|| known(value, &words))
}

/// Whether a bridge can reach a device.
pub fn availability<'v>(value: impl Into<Scalar<'v>>) -> Option<Availability> {
    let value = value.into();
    let words = [
        ("online", Availability::Online),
        ("connected", Availability::Online),
        ("offline", Availability::Offline),
        ("disconnected", Availability::Offline),
        ("lost", Availability::Offline),
    ];
    let by_truth = |on| if on { Availability::Online } else { Availability::Offline };
    known(value, &words).or_else(|| truth(value).map(by_truth))
}

/// What a button's word means: `single_right`, `1_single`, `on_press_release`, `brightness_stop`.
///
/// Buttons of one device with several keys put the key before or behind the press; the key is left out here.
pub fn press(word: &str) -> Option<Press> {
    press_of(lower_case(word.trim()))
}

/// The same of a word as [`word`] writes it.
pub fn press_of(word: Cow<str>) -> Option<Press> {
    if matches!(&*word, "" | "null" | "none" | "idle" | "unknown") {
        return None;
    }
    // Where several words stand, the one that counts most.
    let known = word.as_bytes().split(|byte| matches!(byte, b'_' | b'-' | b' ')).filter_map(rank).min();
    Some(match known {
        Some(0) => Press::Sos,
        Some(1) => Press::Release,
        Some(2) => Press::Triple,
        Some(3) => Press::Double,
        Some(4) => Press::Long,
        Some(5) => Press::Hold,
        Some(_) => Press::Single,
        None => Press::Other(word.into_owned()),
    })
}

fn rank(part: &[u8]) -> Option<u8> {
    match part {
        b"sos" | b"emergency" | b"panic" => Some(0),
        // The end of a press names the press it ends: `on_hold_release`.
        b"release" | b"released" | b"stop" => Some(1),
        b"triple" => Some(2),
        b"double" => Some(3),
        b"long" => Some(4),
        b"hold" | b"held" => Some(5),
        b"single" | b"press" | b"pressed" | b"click" | b"short" | b"tap" => Some(6),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json as value;

    #[test]
    fn a_number_beyond_all_bounds_costs_only_itself() {
        let object = object(br#"{"a":true,"b":1e400,"c":[-1e999,2],"d":"1e400 \" 1e400","e":NaN}"#).unwrap();
        assert_eq!(
            Json::Object(object).to_value(),
            value!({"a":true,"b":null,"c":[null,2],"d":"1e400 \" 1e400","e":null})
        );
    }

    #[test]
    fn what_is_no_object_is_refused_by_name() {
        for (payload, why) in [
            ("[]", "not_an_object"),
            ("true", "not_an_object"),
            ("", "not_json"),
            ("{\"a\":", "not_json"),
            ("{'a':1}", "not_json"),
            (&"[".repeat(5000), "too_deep"),
            (&format!("{{\"a\":{}1{}}}", "[".repeat(500), "]".repeat(500)), "too_deep"),
            (&format!("\"{}\"", "x".repeat(70_000)), "too_long"),
        ] {
            assert_eq!(object(payload.as_bytes()), Err(why), "{payload:.40}");
        }
        assert_eq!(object(b"{\"a\":\"\xff\"}"), Err("not_utf8"));
    }

    #[test]
    fn a_single_field_is_what_it_is_in_the_whole_message() {
        for payload in [
            r#"{"a":1}"#,
            r#"{"b":{"a":[1,{"a":2}]},"a":"x","c":null,"d":[true,-0.5,18446744073709551615]}"#,
            r#"{"a":1,"b":2,"\u0061":"\u00e4"}"#,
            "\u{feff} {\"a\":true} ",
            r#"{"b":1e400,"a":NaN}"#,
            r#"{"a":1,"b":"\ud800"}"#,
            r#"{"a":1} x"#,
            r#"{"a":1,"b":"#,
            r#"{"a":1,"b":{"c":tru}}"#,
            r#"["a"]"#,
            "{}",
            "a",
            &format!("{{\"a\":1,\"b\":{}1{}}}", "[".repeat(500), "]".repeat(500)),
        ] {
            let whole = object(payload.as_bytes()).map(|mut object| object.take("a"));
            assert_eq!(field(payload.as_bytes(), "a"), whole, "{payload:.60}");
        }
    }

    #[test]
    fn types_that_drift_keep_their_meaning() {
        assert_eq!(["true", "ON", "1", "yes"].map(|w| truth(&value!(w))), [Some(true); 4]);
        assert_eq!([value!(0), value!(0.0), value!(false), value!("No ")].map(|v| truth(&v)), [Some(false); 4]);
        assert_eq!(
            [value!(null), value!(""), value!("maybe"), value!(2), value!([true])].map(|v| truth(&v)),
            [None; 5]
        );
        assert_eq!(
            [value!("100.00"), value!(102), value!("87 %")].map(|v| percent(&v)),
            [100.0, 100.0, 87.0].map(Some)
        );
        assert_eq!(
            [value!(-1), value!(255), value!(null), value!("NaN"), value!(true)].map(|v| percent(&v)),
            [None; 5]
        );
        assert_eq!([value!(21.5), value!("21.5")].map(|v| celsius(&v)), [Some(21.5); 2]);
        assert_eq!([value!(6553.5), value!("inf"), value!(null)].map(|v| celsius(&v)), [None; 3]);
    }

    #[test]
    fn a_press_is_known_behind_the_names_of_keys() {
        for (word, expected) in [
            ("single", Press::Single),
            ("single_right", Press::Single),
            ("2_double", Press::Double),
            ("long_press", Press::Long),
            ("button_1_hold", Press::Hold),
            ("on_press_release", Press::Release),
            ("on_hold_release", Press::Release),
            ("brightness_stop", Press::Release),
            ("emergency", Press::Sos),
            ("SOS", Press::Sos),
            ("toggle", Press::Other("toggle".into())),
        ] {
            assert_eq!(press(word), Some(expected), "{word}");
        }
        assert_eq!(["", "null", " ", "none"].map(press), [None, None, None, None]);
    }
}
