//! One table of a configuration, read key by key, so that each mistake in it is reported and not only the first.

use crate::config::document::{Entry, Node, Table, What};
use crate::config::nearest;
use crate::config::renamed;
use crate::config::report::{Place, Report};
use crate::model::time::{Span, span_text, write_span};
use serde::de::DeserializeOwned;
use std::cell::RefCell;
use std::ops::RangeInclusive;
use toml::de::ValueDeserializer;

/// A value with its place.
#[derive(Debug, Clone)]
pub(super) struct At<T> {
    pub value: T,
    pub place: Place,
}

/// A length of time as people write it.
#[derive(serde::Deserialize)]
struct Length(#[serde(with = "span_text")] Span);

/// One table.
pub(super) struct Section<'a, 'r> {
    /// As people call it: `[home]`, `[[sensor]]`.
    pub name: String,
    /// Where it begins; the whole file where it is missing.
    pub place: Place,
    pub exists: bool,
    /// It is something else than a table, which has been said.
    is_broken: bool,
    table: Table<'a>,
    report: &'r Report<'a>,
    known: RefCell<Vec<String>>,
}

impl<'a, 'r> Section<'a, 'r> {
    pub(super) fn root(table: Table<'a>, report: &'r Report<'a>) -> Section<'a, 'r> {
        Section::of(String::new(), Place { file: 0, span: 0..0 }, Some(table), report)
    }

    fn of(name: String, place: Place, table: Option<Table<'a>>, report: &'r Report<'a>) -> Section<'a, 'r> {
        let exists = table.is_some();
        let mut table = table.unwrap_or_default();
        renamed::apply(&name, &mut table, report);
        Section { name, place, exists, is_broken: false, table, report, known: RefCell::default() }
    }

    /// The value of `key`, which must be there.
    pub(super) fn required<T: DeserializeOwned>(&self, key: &str, example: &str) -> Option<At<T>> {
        if self.entry(key).is_none() && !self.is_broken {
            let deed = Some(format!("add, for example: {key} = {example}"));
            self.report.error(&self.place, format!("the key \"{key}\" is missing in {}", self.name), deed);
        }
        self.optional(key)
    }

    /// The value of `key`, if it is there and good.
    pub(super) fn optional<T: DeserializeOwned>(&self, key: &str) -> Option<At<T>> {
        let entry = self.entry(key)?;
        let value = deserialize(&entry.node, self.report)?;
        Some(At { value, place: entry.node.place.clone() })
    }

    /// The value of `key`, or the default.
    pub(super) fn or<T: DeserializeOwned>(&self, key: &str, default: T) -> T {
        self.optional(key).map_or(default, |at| at.value)
    }

    /// The length of time at `key`, if it is there, good and within `range`.
    pub(super) fn span(&self, key: &str, range: RangeInclusive<Span>) -> Option<At<Span>> {
        let At { value: Length(span), place } = self.optional(key)?;
        if range.contains(&span) {
            return Some(At { value: span, place });
        }
        let (from, to) = (write_span(*range.start()), write_span(*range.end()));
        let typed = self.entry(key).and_then(|entry| entry.node.text()).unwrap_or_default();
        self.report.error(&place, format!("{key} = \"{typed}\" is out of range"), Some(format!("from {from} to {to}")));
        None
    }

    /// The table at `key`; an empty one if it is missing.
    pub(super) fn section(&self, key: &str) -> Section<'a, 'r> {
        let name = match self.name.is_empty() {
            true => format!("[{key}]"),
            false => format!("{}.{key}]", self.name.trim_end_matches(']')),
        };
        let (place, table) = match self.entry(key) {
            None => (self.place.clone(), None),
            Some(Entry { key: _, node: Node { place, what: What::Table(table) } }) => {
                (place.clone(), Some(table.clone()))
            }
            Some(Entry { node, key: at }) => {
                let deed = Some(format!("write {name} on a line of its own, and its keys below"));
                self.report.error(at, format!("{key} must be a table"), deed);
                let broken = Section::of(name, node.place.clone(), None, self.report);
                return Section { is_broken: true, ..broken };
            }
        };
        Section::of(name, place, table, self.report)
    }

    /// All tables at `[[key]]`, in their order.
    pub(super) fn list(&self, key: &str) -> Vec<Section<'a, 'r>> {
        let name = match self.name.is_empty() {
            true => format!("[[{key}]]"),
            false => format!("[{}.{key}]]", self.name.trim_end_matches(']')),
        };
        let Some(entry) = self.entry(key) else { return Vec::new() };
        let What::List(items) = &entry.node.what else {
            let empty = matches!(&entry.node.what, What::Leaf(leaf) if leaf.as_array().is_some_and(|a| a.is_empty()));
            if !empty {
                let deed = Some(format!("write {name}, with double brackets"));
                self.report.error(&entry.key, format!("there can be several of \"{key}\""), deed);
            }
            return Vec::new();
        };
        let section = |item: &Node<'a>| {
            let What::Table(table) = &item.what else { return None };
            Some(Section::of(name.clone(), item.place.clone(), Some(table.clone()), self.report))
        };
        items.iter().filter_map(section).collect()
    }

    /// The keys that nobody has asked for.
    pub(super) fn rest(&self) -> Vec<(&String, &Entry<'a>)> {
        let known = self.known.borrow();
        self.table.iter().filter(|(key, _)| !known.contains(key)).collect()
    }

    /// The names that were asked for.
    pub(super) fn known(&self) -> Vec<String> {
        self.known.borrow().clone()
    }

    /// All keys, for those who read the table in their own way.
    pub(super) fn table(&self) -> &Table<'a> {
        &self.table
    }

    /// Says what is left over. The last call on every section.
    pub(super) fn finish(&self) {
        for (key, entry) in self.rest() {
            self.unknown(key, &entry.key);
        }
    }

    fn unknown(&self, key: &str, place: &Place) {
        let what = match self.name.is_empty() {
            true => format!("there is no section \"{key}\""),
            false => format!("{} has no key \"{key}\"", self.name),
        };
        let known = self.known();
        let is_secret = key.contains("password") && known.iter().any(|known| known == "password_file");
        let deed = match is_secret {
            true => Some("put the password into a file only the daemon can read, and name it in password_file".into()),
            false => nearest::near(key, known.iter().map(String::as_str))
                .or_else(|| self.belongs_elsewhere(key))
                .or_else(|| nearest::question(key, known.iter().map(String::as_str))),
        };
        self.report.error(place, what, deed);
    }

    /// In which other section a key of this name is asked for.
    fn belongs_elsewhere(&self, key: &str) -> Option<String> {
        let asked_for = self.report.asked_for.borrow();
        let section = asked_for.iter().find_map(|asked| asked.strip_suffix(key)?.strip_suffix(' '))?;
        (section != self.name && !section.is_empty()).then(|| format!("it belongs into {section}"))
    }

    /// Marks `key` as known, and gives what stands there.
    pub(super) fn entry(&self, key: &str) -> Option<&Entry<'a>> {
        self.report.asked_for.borrow_mut().insert(format!("{} {key}", self.name));
        let mut known = self.known.borrow_mut();
        if !known.iter().any(|other| other == key) {
            known.push(key.to_owned());
        }
        self.table.get(key)
    }

    pub(super) fn error(&self, place: &Place, what: impl Into<String>, deed: Option<String>) {
        self.report.error(place, what, deed);
    }

    pub(super) fn warning(&self, place: &Place, what: impl Into<String>, deed: Option<String>) {
        self.report.warning(place, what, deed);
    }
}

/// The value of a node as a type; a mistake goes into the report.
pub(super) fn deserialize<T: DeserializeOwned>(node: &Node<'_>, report: &Report<'_>) -> Option<T> {
    T::deserialize(ValueDeserializer::from(node.value())).map_err(|error| mistaken(node, &error, report)).ok()
}

/// Puts into the report why a node is not what it must be; apart from the above, which is compiled for every type.
fn mistaken(node: &Node<'_>, error: &toml::de::Error, report: &Report<'_>) {
    let span = error.span().filter(|span| !span.is_empty()).unwrap_or(node.place.span.clone());
    let (what, deed) = in_our_words(error.message());
    report.error(&Place { file: node.place.file, span }, what, deed);
}

/// What serde says, in the words of the house.
fn in_our_words(message: &str) -> (String, Option<String>) {
    let message = message.trim().replace('\n', ", ");
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let kind = message.split('`').next().unwrap_or_default().trim();
    if let ("unknown field" | "unknown variant", [typed, known @ ..]) = (kind, quoted.as_slice()) {
        let what = match kind {
            "unknown field" => format!("there is no key \"{typed}\" here"),
            _ => format!("\"{typed}\" is not known here"),
        };
        return (what, nearest::question(typed, known.iter().copied()));
    }
    if let (true, [missing]) = (message.starts_with("missing field"), quoted.as_slice()) {
        return (format!("the key \"{missing}\" is missing here"), None);
    }
    if message == "wanted string or table" {
        return ("this must be a word".into(), Some("put it in quotes".into()));
    }
    // What an untagged form expects comes without a verb.
    if ["a device as ", "a MAC address as ", "the id of a Shelly as "].iter().any(|form| message.starts_with(form)) {
        return (format!("this must be {message}"), None);
    }
    mismatch(&message).unwrap_or((message, None))
}

/// `invalid type: string "15", expected f64`: what stands there, and what should.
fn mismatch(message: &str) -> Option<(String, Option<String>)> {
    let is_type = message.starts_with("invalid type: ");
    let (found, expected) = message
        .strip_prefix("invalid type: ")
        .or(message.strip_prefix("invalid value: "))?
        .split_once(", expected ")?;
    let (sort, value) = found.split_once(' ').unwrap_or((found, ""));
    let value = value.trim_start_matches("point ").trim_matches('`');
    let found = match sort {
        "string" => format!("the text {value}"),
        "integer" | "floating" => format!("the number {value}"),
        "boolean" => value.to_owned(),
        "map" => "a table { … }".to_owned(),
        "sequence" => "a list [ … ]".to_owned(),
        _ => found.to_owned(),
    };
    let bare = value.trim_matches('"');
    let is_text = sort == "string";
    let is_whole = matches!(expected, "u8" | "u16" | "u32" | "u64" | "usize" | "i8" | "i16" | "i32" | "i64");
    let is_number = is_whole || matches!(expected, "f32" | "f64");
    let (wanted, deed) = match expected {
        "a length of time" => (
            "a length of time",
            (sort == "integer").then(|| format!("it needs a unit: \"{value}s\", \"{value}m\" or \"{value}h\"")),
        ),
        "a string" | "path string" if sort == "sequence" => ("text", Some("write one, without brackets".to_owned())),
        "a string" | "path string" => ("text", Some("put it in quotes".to_owned())),
        "a boolean" if is_text && matches!(bare, "true" | "false") => {
            ("true or false", Some(format!("write it without quotes: {bare}")))
        }
        "a boolean" => ("true or false", None),
        "a sequence" => {
            ("a list", Some(format!("write it in brackets: [{}]", if value.is_empty() { "…" } else { value })))
        }
        "a map" => ("a table", Some("write it in braces: { key = … }".to_owned())),
        _ if is_number && is_text && bare.parse::<f64>().is_ok() => {
            ("a number", Some(format!("write it without quotes: {bare}")))
        }
        _ if is_number && !is_type => return Some((format!("{found} is too large or too small here"), None)),
        _ if is_whole => ("a whole number", None),
        _ if is_number => ("a number", None),
        _ if expected.starts_with("struct ") => ("a table", Some("write it in braces: { key = … }".to_owned())),
        other => (other, None),
    };
    Some((format!("{found} stands here, where {wanted} is expected"), deed))
}

/// The keys that `T` knows.
pub(super) fn keys_of<T: DeserializeOwned>() -> Vec<String> {
    let stranger = serde_json::json!({ "?": null });
    let error = T::deserialize(stranger).err().map_or_else(String::new, |error| error.to_string());
    error.split('`').skip(1).step_by(2).skip(1).map(str::to_owned).collect()
}
