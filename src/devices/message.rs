//! A JSON message as it stands in its payload: text is borrowed from it where nothing is escaped, and an object is the list of
//! its fields, which costs half of a tree of owned maps. Messages are short: a field is found by looking along the list, and
//! most names that are asked for and not there are known by their [`mark`] without looking.

use serde_json::{Map, Value};
use std::borrow::Cow;

mod parse;

pub use parse::field;

/// A value of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Json<'a> {
    /// Unknown.
    Null,
    /// `true` or `false`.
    Truth(bool),
    /// A number that fits.
    Number(Number),
    /// Text without its escapes.
    Text(Cow<'a, str>),
    /// Values in order.
    List(Vec<Json<'a>>),
    /// Values by name.
    Object(Object<'a>),
}

/// A number as it is written: whole, or with a point or an exponent.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs)]
pub enum Number {
    Whole(i64),
    /// More than a whole one can hold.
    Large(u64),
    Fraction(f64),
}

/// Values by name. Of a name that is written twice the last holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Object<'a> {
    fields: Vec<(Cow<'a, str>, Json<'a>)>,
    /// The marks of all names.
    names: u64,
}

/// A value as the readers of [`lenient`](super::lenient) look at it, whatever holds it.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs)]
pub enum Scalar<'v> {
    Truth(bool),
    Number(Number),
    Text(&'v str),
    /// Unknown, a list or an object.
    Nothing,
}

impl<'a> Json<'a> {
    /// The text, where it is one.
    pub fn as_str(&self) -> Option<&str> {
        if let Json::Text(text) = self { Some(text) } else { None }
    }

    /// The whole number, where it is one and not below 0.
    pub fn as_u64(&self) -> Option<u64> {
        if let Json::Number(number) = self { number.as_u64() } else { None }
    }

    /// The values, where it is a list.
    pub fn as_list(&self) -> Option<&[Json<'a>]> {
        if let Json::List(list) = self { Some(list) } else { None }
    }

    /// The fields, where it is an object.
    pub fn as_object(&self) -> Option<&Object<'a>> {
        if let Json::Object(object) = self { Some(object) } else { None }
    }

    /// The field of that name, where it is an object.
    pub fn get(&self, name: &str) -> Option<&Json<'a>> {
        self.as_object()?.get(name)
    }

    /// What stands at a JSON pointer.
    pub fn at(&self, pointer: &str) -> Option<&Json<'a>> {
        if pointer.is_empty() {
            return Some(self);
        }
        pointer.strip_prefix('/')?.split('/').try_fold(self, |within, part| match within {
            Json::Object(object) if part.contains('~') => object.get(&part.replace("~1", "/").replace("~0", "~")),
            Json::Object(object) => object.get(part),
            Json::List(list) => {
                let is_index = part == "0" || !part.starts_with(['0', '+']);
                list.get(part.parse::<usize>().ok().filter(|_| is_index)?)
            }
            Json::Null | Json::Truth(_) | Json::Number(_) | Json::Text(_) => None,
        })
    }

    /// The same on its own.
    pub fn to_value(&self) -> Value {
        match self {
            Json::Null => Value::Null,
            Json::Truth(truth) => Value::from(*truth),
            Json::Number(number) => Value::Number(number.written()),
            Json::Text(text) => Value::from(text.as_ref()),
            Json::List(list) => list.iter().map(Json::to_value).collect(),
            Json::Object(object) => Value::Object(object.to_map()),
        }
    }
}

impl<'a> Object<'a> {
    /// An object of one field.
    pub fn of_one(name: &'a str, value: Json<'a>) -> Object<'a> {
        Object { fields: vec![(Cow::Borrowed(name), value)], names: mark(name) }
    }

    fn push(&mut self, name: Cow<'a, str>, value: Json<'a>) {
        // Most have more fields than a list begins with.
        if self.fields.capacity() == 0 {
            self.fields.reserve_exact(FIELDS_USUALLY);
        }
        self.names |= mark(&name);
        self.fields.push((name, value));
    }

    /// Where the field of that name stands.
    fn place(&self, name: &str) -> Option<usize> {
        let may_be_there = self.names & mark(name) != 0;
        if may_be_there { self.fields.iter().rposition(|(known, _)| known == name) } else { None }
    }

    /// The field of that name.
    pub fn get(&self, name: &str) -> Option<&Json<'a>> {
        self.fields.get(self.place(name)?).map(|(_, value)| value)
    }

    /// Whether there is a field of that name.
    pub fn has(&self, name: &str) -> bool {
        self.place(name).is_some()
    }

    /// The object that is the field of that name, taken out.
    pub fn take(&mut self, name: &str) -> Option<Json<'a>> {
        let at = self.place(name)?;
        self.fields.get_mut(at).map(|(_, value)| std::mem::replace(value, Json::Null))
    }

    /// All fields on their own.
    fn to_map(&self) -> Map<String, Value> {
        self.fields.iter().map(|(name, value)| (name.to_string(), value.to_value())).collect()
    }

    /// All names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|(name, _)| name.as_ref())
    }

    /// All fields by the order of their names, each name once.
    pub fn sorted(&self) -> Vec<(&str, &Json<'a>)> {
        let mut fields: Vec<(&str, &Json<'a>)> =
            self.fields.iter().map(|(name, value)| (&**name, value)).rev().collect();
        // Stable: of one name the last that was written now stands first.
        fields.sort_by_key(|(name, _)| *name);
        fields.dedup_by_key(|(name, _)| *name);
        fields
    }
}

const FIELDS_USUALLY: usize = 8;

/// One bit of 64 for a name, by its length and its first letter.
#[inline]
fn mark(name: &str) -> u64 {
    let first = name.as_bytes().first().map_or(0, |first| usize::from(*first));
    1 << ((first ^ (name.len() << 3)) & 63)
}

impl Number {
    /// As near as a machine's number comes.
    pub fn as_f64(self) -> f64 {
        match self {
            Number::Whole(whole) => whole as f64,
            Number::Large(large) => large as f64,
            Number::Fraction(fraction) => fraction,
        }
    }

    /// Where it is whole and not below 0.
    pub fn as_u64(self) -> Option<u64> {
        match self {
            Number::Whole(whole) => whole.try_into().ok(),
            Number::Large(large) => Some(large),
            Number::Fraction(_) => None,
        }
    }

    /// As JSON writes it.
    pub fn written(self) -> serde_json::Number {
        match self {
            Number::Whole(whole) => whole.into(),
            Number::Large(large) => large.into(),
            Number::Fraction(fraction) => serde_json::Number::from_f64(fraction).unwrap_or(0.into()),
        }
    }
}

impl Scalar<'_> {
    /// The text, where it is one.
    pub fn as_str(&self) -> Option<&str> {
        if let Scalar::Text(text) = self { Some(text) } else { None }
    }
}

impl<'v> From<&'v Json<'_>> for Scalar<'v> {
    fn from(value: &'v Json<'_>) -> Scalar<'v> {
        match value {
            Json::Truth(truth) => Scalar::Truth(*truth),
            Json::Number(number) => Scalar::Number(*number),
            Json::Text(text) => Scalar::Text(text),
            Json::Null | Json::List(_) | Json::Object(_) => Scalar::Nothing,
        }
    }
}

impl<'v> From<&'v Value> for Scalar<'v> {
    fn from(value: &'v Value) -> Scalar<'v> {
        match value {
            Value::Bool(truth) => Scalar::Truth(*truth),
            Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
                (Some(whole), _, _) => Scalar::Number(Number::Whole(whole)),
                (None, Some(large), _) => Scalar::Number(Number::Large(large)),
                (None, None, Some(fraction)) => Scalar::Number(Number::Fraction(fraction)),
                (None, None, None) => Scalar::Nothing,
            },
            Value::String(text) => Scalar::Text(text),
            Value::Null | Value::Array(_) | Value::Object(_) => Scalar::Nothing,
        }
    }
}

impl From<Value> for Json<'static> {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Json::Null,
            Value::Bool(truth) => Json::Truth(truth),
            Value::Number(ref number) => match Scalar::from(&value) {
                Scalar::Number(number) => Json::Number(number),
                Scalar::Truth(_) | Scalar::Text(_) | Scalar::Nothing => Json::Text(Cow::Owned(number.to_string())),
            },
            Value::String(text) => Json::Text(Cow::Owned(text)),
            Value::Array(list) => Json::List(list.into_iter().map(Json::from).collect()),
            Value::Object(object) => {
                let mut fields = Object::default();
                object.into_iter().for_each(|(name, value)| fields.push(Cow::Owned(name), Json::from(value)));
                Json::Object(fields)
            }
        }
    }
}

impl<'v> From<&'v str> for Scalar<'v> {
    fn from(text: &'v str) -> Scalar<'v> {
        Scalar::Text(text)
    }
}

impl From<bool> for Scalar<'_> {
    fn from(truth: bool) -> Self {
        Scalar::Truth(truth)
    }
}

impl From<f64> for Scalar<'_> {
    fn from(number: f64) -> Self {
        Scalar::Number(Number::Fraction(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parsed(text: &str) -> Json<'_> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_message_says_what_it_says_as_a_tree_of_maps() {
        for text in [
            r#"{"a":true,"b":[1,{"a":2}],"a":null,"c":"x\"\u00e4"}"#,
            r#"{"b":{"a":1,"a":{"d":-0.5}},"\u0061":3,"n":18446744073709551615,"m":-9223372036854775808}"#,
            r#"[1e3,"",{},[],false]"#,
            "\"卧室\"",
        ] {
            assert_eq!(parsed(text).to_value(), serde_json::from_str::<Value>(text).unwrap(), "{text}");
        }
    }

    #[test]
    fn of_a_name_that_is_written_twice_the_last_holds() {
        let Json::Object(object) = parsed(r#"{"b":1,"a":1,"c":0,"a":2,"b":null}"#) else { panic!() };
        assert_eq!(object.get("a").and_then(Json::as_u64), Some(2));
        assert_eq!(object.get("b"), Some(&Json::Null));
        let sorted: Vec<(&str, Value)> =
            object.sorted().iter().map(|(name, value)| (*name, value.to_value())).collect();
        assert_eq!(sorted, [("a", json!(2)), ("b", json!(null)), ("c", json!(0))]);
    }

    #[test]
    fn a_field_is_found_by_its_name_alone_however_the_object_came() {
        let text = r#"{"":1,"a":2,"ab":3,"i":4,"rssi":5,"äh":6,"a name that is longer than any mark can tell":7}"#;
        let of_tree = Json::from(serde_json::from_str::<Value>(text).unwrap());
        for message in [parsed(text), of_tree] {
            let Json::Object(mut object) = message else { panic!() };
            let names: Vec<String> = object.names().map(str::to_owned).collect();
            for name in &names {
                assert!(object.has(name) && object.get(name).is_some(), "{name}");
                assert!(object.take(name).and_then(|value| value.as_u64()).is_some(), "{name}");
                assert_eq!(object.get(name), Some(&Json::Null), "{name} was taken");
            }
            // Of the same length and first letter, of another length, and nobody's.
            assert!(["ac", "rsrp", "b", "abc", "\u{feff}"].iter().all(|name| !object.has(name)));
        }
        let one = Object::of_one("state", Json::Truth(true));
        assert!(one.has("state") && !one.has("stage") && one.get("s").is_none());
    }

    #[test]
    fn a_pointer_finds_what_the_library_finds() {
        let text = r#"{"a":[{"b/c":1},2],"~":3,"":{"":4},"0":5,"a":[{"b/c":6},7]}"#;
        let (message, value) = (parsed(text), serde_json::from_str::<Value>(text).unwrap());
        for pointer in
            ["", "/", "//", "/a/0/b~1c", "/a/1", "/a/01", "/a/+1", "/a/-", "/a/9", "/~0", "/0", "a", "/a/0/x/y", "/~01"]
        {
            assert_eq!(message.at(pointer).map(Json::to_value).as_ref(), value.pointer(pointer), "{pointer}");
        }
    }
}
