//! A body of one's own: any value with fields in its texts, `{ text = "{place}: {matter}" }`.
//!
//! Fields are filled into the texts of a value that is JSON already, so nothing a field holds can break it.

use crate::model::reason::Severity;
use crate::problem::Problem;
use crate::sinks::Outgoing;
use crate::text::{self, Language};
use serde::Deserialize;
use serde_json::Value;

/// What is posted instead of the notice.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Template(Value);

/// The fields, in the order in which `check` lists them.
const FIELDS: [&str; 12] =
    ["home", "point", "place", "alert", "step", "deed", "severity", "phase", "rule", "matter", "text", "test"];

impl Template {
    /// Whether every field in it is known.
    pub fn check(&self) -> Result<(), Problem> {
        let unknown = texts(&self.0).into_iter().flat_map(fields).find(|field| !FIELDS.contains(field));
        match unknown {
            Some(field) => {
                let known = FIELDS.map(|field| format!("{{{field}}}")).join(" ");
                let what = format!("there is no field {{{field}}}");
                Err(Problem::of("the template of the webhook", what).with_deed(format!("the fields are {known}")))
            }
            None => Ok(()),
        }
    }

    /// The body for this notice; `line` is what a group would read of it.
    pub fn fill(&self, outgoing: &Outgoing, language: Language, line: Option<&str>) -> Vec<u8> {
        let value = |field: &str| value(field, outgoing, language, line);
        filled(&self.0, &value).to_string().into_bytes()
    }
}

fn value(field: &str, outgoing: &Outgoing, language: Language, line: Option<&str>) -> Option<String> {
    let notice = &outgoing.notice;
    let (state, step) = (&notice.state, &notice.step);
    Some(match field {
        "home" => notice.home.to_string(),
        "point" => outgoing.point.to_string(),
        "place" => notice.place.clone(),
        "alert" => notice.alert.number.to_string(),
        "step" => step.number.to_string(),
        "deed" => step.deed.name().to_owned(),
        "severity" => severity(state.severity).to_owned(),
        "phase" => state.phase.as_str().to_owned(),
        "rule" => text::rule(language, &state.reason).to_owned(),
        "matter" => text::matter(language, &state.reason),
        "text" => line.map_or_else(|| short(outgoing, language), str::to_owned),
        "test" => state.test.to_string(),
        _ => return None,
    })
}

/// For steps that a group is not told of: place, matter, and where the alert stands.
fn short(outgoing: &Outgoing, language: Language) -> String {
    let state = &outgoing.notice.state;
    let (matter, phase) = (text::matter(language, &state.reason), text::phase(language, state.phase));
    let test = if state.test { text::label(language, "test") } else { "" };
    let goes_with = text::LastResort::goes_with(state.phase, &outgoing.notice.step.deed) && !state.test;
    let resort = crate::sinks::last_resort(&outgoing.notice).filter(|_| goes_with);
    let resort = resort.map(|said| text::last_resort(language, state.phase, said)).unwrap_or_default();
    let words = format!("{test} {} {matter} ({phase}) {resort}", text::shown(&outgoing.notice.place, 40));
    words.trim().to_owned()
}

/// The word on the wire.
fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Emergency => "emergency",
        Severity::Urgent => "urgent",
        Severity::Blind => "blind",
        Severity::Notice => "notice",
        Severity::Fault => "fault",
    }
}

fn filled(template: &Value, value: &dyn Fn(&str) -> Option<String>) -> Value {
    match template {
        Value::String(text) => Value::String(filled_text(text, value)),
        Value::Array(items) => items.iter().map(|item| filled(item, value)).collect(),
        Value::Object(members) => members.iter().map(|(key, member)| (key.clone(), filled(member, value))).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => template.clone(),
    }
}

fn filled_text(text: &str, value: &dyn Fn(&str) -> Option<String>) -> String {
    let (mut whole, mut rest) = (String::new(), text);
    while let Some((before, name, after)) = next_field(rest) {
        whole.push_str(before);
        match value(name) {
            Some(value) => whole.push_str(&value),
            None => whole.push_str(&format!("{{{name}}}")),
        }
        rest = after;
    }
    whole + rest
}

fn fields(text: &str) -> Vec<&str> {
    let (mut found, mut rest) = (Vec::new(), text);
    while let Some((_, name, after)) = next_field(rest) {
        found.push(name);
        rest = after;
    }
    found
}

/// The first `{name}`, what stands before and what behind it; braces around anything else are braces.
fn next_field(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(open) = text.get(from..)?.find('{').map(|at| from + at) {
        let inside = text.get(open + 1..)?;
        let length = inside.find(|c: char| !(c.is_ascii_lowercase() || c == '_')).unwrap_or(inside.len());
        let (name, behind) = inside.split_at(length);
        match behind.strip_prefix('}') {
            Some(after) if !name.is_empty() => return Some((text.get(..open)?, name, after)),
            Some(_) | None => from = open + 1,
        }
    }
    None
}

fn texts(template: &Value) -> Vec<&str> {
    match template {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(members) => members.values().flat_map(texts).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_filled_in_and_other_braces_stay() {
        let value = |name: &str| (name == "place").then(|| "3-2 \"201\"".to_owned());
        let template =
            serde_json::json!({"a": ["{place}{place}", 1, null], "b": {"c": "{{place}} {} { {x y} {Place} {place"}});
        let whole = filled(&template, &value);
        assert_eq!(whole["a"], serde_json::json!(["3-2 \"201\"3-2 \"201\"", 1, null]));
        assert_eq!(whole["b"]["c"], "{3-2 \"201\"} {} { {x y} {Place} {place");
        assert_eq!(filled_text("{é{place}", &value), "{é3-2 \"201\"");
    }

    #[test]
    fn a_field_that_is_not_known_is_named_with_those_that_are() {
        let template = Template(serde_json::json!({"text": "{place}: {mater}"}));
        let why = template.check().unwrap_err().to_string();
        assert!(why.contains("{mater}") && why.contains("{matter}"), "{why}");
        assert!(Template(serde_json::json!(FIELDS.map(|field| format!("{{{field}}}")))).check().is_ok());
    }
}
