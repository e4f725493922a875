//! What the tests of committed documents share: how one is written, that it is current, that it holds together.

// Nothing of this is a part of the program: it reads and writes the committed files.
#[cfg(test)]
use serde::Serialize;
use serde_json::Value;

/// One blank for each step in: the program carries the text.
pub fn written(document: &Value) -> String {
    let mut text = Vec::new();
    let form = serde_json::ser::PrettyFormatter::with_indent(b" ");
    document.serialize(&mut serde_json::Serializer::with_formatter(&mut text, form)).expect("a document is JSON");
    String::from_utf8(text).expect("JSON is text") + "\n"
}

/// `docs/schema/<file>` says what `document` says; with `UPDATE_GOLDEN` it is written anew.
pub fn assert_current(file: &str, committed: &str, document: &Value) {
    let document = written(document);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let path = format!("{}/docs/schema/{file}", env!("CARGO_MANIFEST_DIR"));
        std::fs::write(path, &document).expect("the folder of the documents can be written");
    } else {
        assert!(document == committed, "{file} is not current; UPDATE_GOLDEN=1 writes it anew, then review it");
    }
}

/// Every reference leads to something inside of the document; how many there are.
pub fn assert_whole(document: &Value) -> usize {
    let mut named = Vec::new();
    references(document, &mut named);
    for name in &named {
        let path = name.strip_prefix('#').unwrap_or_else(|| panic!("{name} leads out of the document"));
        assert!(document.pointer(path).is_some(), "{name} leads nowhere");
    }
    named.len()
}

fn references(value: &Value, into: &mut Vec<String>) {
    if let Some(object) = value.as_object() {
        into.extend(object.get("$ref").and_then(Value::as_str).map(str::to_owned));
        object.values().for_each(|value| references(value, into));
    } else if let Some(list) = value.as_array() {
        list.iter().for_each(|value| references(value, into));
    }
}
