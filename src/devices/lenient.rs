//! One reader per meaning, used by all families: devices agree on what they mean long before they agree on how to
//! write it.
//!
//! Whatever cannot be understood is unknown (`None`), never a guess; `null` and the empty text are unknown too.

use crate::model::observation::{Availability, Press};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Largest payload that is looked at. A bridge's device list is larger; no sensor's message is.
pub const PAYLOAD_BYTES_MAX: usize = 64 * 1024;

/// A JSON payload, with numbers that no machine can hold read as `null`.
///
/// The error is a short stable reason.
pub fn json(payload: &[u8]) -> Result<Value, &'static str> {
    if payload.len() > PAYLOAD_BYTES_MAX {
        return Err("too_long");
    }
    let text = std::str::from_utf8(payload).map_err(|_| "not_utf8")?;
    let text = text.trim_start_matches('\u{feff}');
    serde_json::from_str(text).or_else(|_| serde_json::from_str(&with_numbers_that_fit(text))).map_err(|error| {
        // serde_json has no kind for this; it stops at 128 levels.
        if error.to_string().starts_with("recursion limit") { "too_deep" } else { "not_json" }
    })
}

/// A JSON object.
pub fn object(payload: &[u8]) -> Result<Map<String, Value>, &'static str> {
    match json(payload)? {
        Value::Object(object) => Ok(object),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Err("not_an_object"),
    }
}

/// Of a JSON object the fields whose names are `wanted`; the others are only read over, which costs less than half.
///
/// The errors are those of [`object`].
pub fn fields(payload: &[u8], wanted: fn(&str) -> bool) -> Result<Map<String, Value>, &'static str> {
    if payload.len() > PAYLOAD_BYTES_MAX {
        return Err("too_long");
    }
    let text = std::str::from_utf8(payload).map_err(|_| "not_utf8")?;
    let mut from = serde_json::Deserializer::from_str(text);
    let read = Fields { wanted }.deserialize(&mut from).and_then(|fields| from.end().map(|()| fields));
    // What cannot be read like this is rare, and the long way says why.
    read.or_else(|_| object(payload))
}

struct Fields {
    wanted: fn(&str) -> bool,
}

impl<'de> DeserializeSeed<'de> for Fields {
    type Value = Map<String, Value>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Fields {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut fields = Map::new();
        while let Some(Name(name)) = object.next_key()? {
            if (self.wanted)(&name) {
                fields.insert(name.into_owned(), object.next_value()?);
            } else {
                object.next_value::<Skipped>()?;
            }
        }
        Ok(fields)
    }
}

/// A value that nobody asks for, read by the same rules (so deep and no deeper) as one that somebody does.
struct Skipped;

impl<'de> Deserialize<'de> for Skipped {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Skipped)
    }
}

impl<'de> Visitor<'de> for Skipped {
    type Value = Skipped;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Skipped, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Skipped, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Skipped, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Skipped, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Skipped, E> {
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Skipped, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Skipped, A::Error> {
        while list.next_element::<Skipped>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Skipped, A::Error> {
        while object.next_entry::<Skipped, Skipped>()?.is_some() {}
        Ok(self)
    }
}

/// A name as it stands in the text, where no character of it is escaped.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }
        from.deserialize_str(Either)
    }
}

/// The same text with `1e400`, `NaN` and `Infinity` outside strings as `null`, so that one broken side field does not
/// cost the field that matters.
fn with_numbers_that_fit(text: &str) -> String {
    let mut fitting = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => string_length(rest),
            c if is_bare(c) => rest.find(|c| !is_bare(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        let is_bad = match token {
            "NaN" | "Infinity" | "-Infinity" | "nan" | "inf" | "-inf" => true,
            _ => {
                token.starts_with(|c: char| c.is_ascii_digit() || c == '-') && token.parse().is_ok_and(f64::is_infinite)
            }
        };
        fitting.push_str(if is_bad { "null" } else { token });
        rest = after;
    }
    fitting
}

fn is_bare(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.')
}

/// Bytes of the string literal that `text` begins with.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            _ => escaped = c == '\\' && !escaped,
        }
    }
    text.len()
}

/// A scalar as a trimmed, lower-case word: `" ON"` → `on`, `1.0` → `1`, `true` → `true`.
pub fn word(value: &Value) -> Option<String> {
    let word = match value {
        Value::String(text) => text.trim().to_lowercase(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            // Written much faster than a fraction, and the same.
            (Some(whole), _) if whole.unsigned_abs() < 1 << 53 => whole.to_string(),
            (_, Some(number)) => number.to_string(),
            (_, None) => number.to_string(),
        },
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    (!word.is_empty()).then_some(word)
}

/// What stands at a JSON pointer. The library makes new text of each of its parts, in case one is escaped; none is, mostly.
pub fn at<'a>(message: &'a Value, pointer: &str) -> Option<&'a Value> {
    if pointer.is_empty() || !pointer.starts_with('/') || pointer.contains('~') {
        return message.pointer(pointer);
    }
    pointer.split('/').skip(1).try_fold(message, |within, part| match within {
        Value::Object(object) => object.get(part),
        Value::Array(list) => {
            let is_index = part == "0" || !part.starts_with(['0', '+']);
            list.get(part.parse::<usize>().ok().filter(|_| is_index)?)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    })
}

/// What `words` say of a scalar, as [`word`] writes it. Makes no text of it: this is asked of every value of every message.
fn known<T: Copy>(value: &Value, words: &[(&str, T)]) -> Option<T> {
    let said = match value {
        Value::String(text) => text.trim(),
        Value::Bool(true) => "true",
        Value::Bool(false) => "false",
        Value::Number(number) => match number.as_f64()? {
            1.0 => "1",
            0.0 => "0",
            _ => return None,
        },
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    words.iter().find(|(word, _)| word.eq_ignore_ascii_case(said)).map(|(_, meaning)| *meaning)
}

/// Yes or no.
pub fn truth(value: &Value) -> Option<bool> {
    known(value, &TRUTHS)
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
pub fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
    .filter(|number: &f64| number.is_finite())
}

/// A share of a hundred, also as `"87 %"`. Slightly above 100 is full; below 0 and far above are unknown.
pub fn percent(value: &Value) -> Option<f64> {
    let percent = match value {
        Value::String(text) => text.trim().trim_end_matches('%').trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => number(value),
    };
    // 102 % is a full battery of MySensors; 255 is the "unknown" of Zigbee.
    percent.filter(|percent| (0.0..=120.0).contains(percent)).map(|percent: f64| percent.min(100.0))
}

/// Degrees Celsius that a dwelling, a fire or a winter can show.
pub fn celsius(value: &Value) -> Option<f64> {
    number(value).filter(|celsius| (-60.0..=150.0).contains(celsius))
}

/// Whether something is open: words, or a truth that means "open".
pub fn open(value: &Value) -> Option<bool> {
    let words = [("open", true), ("opened", true), ("closed", false), ("close", false), ("shut", false)];
    known(value, &words).or_else(|| truth(value))
}

/// Whether a bridge can reach a device.
pub fn availability(value: &Value) -> Option<Availability> {
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
    let word = word.trim();
    let lower = word.to_lowercase();
    if matches!(lower.as_str(), "" | "null" | "none" | "idle" | "unknown") {
        return None;
    }
    // Where several words stand, the one that counts most.
    let known = lower.split(['_', '-', ' ']).filter_map(rank).min();
    Some(match known {
        Some(0) => Press::Sos,
        Some(1) => Press::Release,
        Some(2) => Press::Triple,
        Some(3) => Press::Double,
        Some(4) => Press::Long,
        Some(5) => Press::Hold,
        Some(_) => Press::Single,
        None => Press::Other(lower),
    })
}

fn rank(part: &str) -> Option<u8> {
    match part {
        "sos" | "emergency" | "panic" => Some(0),
        // The end of a press names the press it ends: `on_hold_release`.
        "release" | "released" | "stop" => Some(1),
        "triple" => Some(2),
        "double" => Some(3),
        "long" => Some(4),
        "hold" | "held" => Some(5),
        "single" | "press" | "pressed" | "click" | "short" | "tap" => Some(6),
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
        assert_eq!(Value::Object(object), value!({"a":true,"b":null,"c":[null,2],"d":"1e400 \" 1e400","e":null}));
    }

    #[test]
    fn wanted_fields_are_read_as_from_the_whole_object() {
        for payload in [
            r#"{"a":true,"b":[1,{"a":2}],"a":null,"c":"x"}"#,
            r#"{"a":1e400,"b":2}"#,
            "\u{feff}{\"\\u0061\":3,\"b\":NaN}",
            "{}",
            "[]",
            "{\"a\":1} x",
            "{\"a\":",
            "",
            &format!("{{\"b\":{}1{}}}", "[".repeat(500), "]".repeat(500)),
        ] {
            let whole = object(payload.as_bytes()).map(|mut object| {
                object.retain(|name, _| name == "a");
                object
            });
            let mut fields = fields(payload.as_bytes(), |name| name == "a");
            // The long way does not leave anything out.
            fields.iter_mut().for_each(|fields| fields.retain(|name, _| name == "a"));
            assert_eq!(fields, whole, "{payload}");
        }
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
    fn a_pointer_finds_what_it_finds_in_the_library() {
        let message = value!({"a": [1, {"b": 2}], "c/d": 3, "": {"": 4}, "0": 5, "~": 6});
        let pointers = ["", "/", "//", "a", "/a", "/a/0", "/a/1/b", "/a/01", "/a/+1", "/a/2", "/a/-1", "/a/1/b/c"];
        for pointer in pointers.into_iter().chain(["/c~1d", "/c/d", "/0", "/00", "/~0", "/~", "/a/", "/a/b"]) {
            assert_eq!(at(&message, pointer), message.pointer(pointer), "{pointer}");
        }
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
