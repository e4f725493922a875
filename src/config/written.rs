//! What a configuration says of devices, as it is written there: for records that are to be understood elsewhere.

use crate::config::document::{Node, Table, What, read};
use crate::config::report::Report;
use crate::config::section::{deserialize, keys_of};
use crate::devices::{Address, Devices, Settings};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The parts of a configuration that decoders know of.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Written {
    /// The sections that families have of their own: `{"rtl_433": {"base_topics": […]}}`.
    pub settings: Map<String, Value>,
    /// What speaks on each serial port, by its name: `{"uart_frame": {"length": 6}}`.
    pub wirings: BTreeMap<String, Value>,
    /// The address of each sensor, by its id: `{"zigbee2mqtt": "hall_pir"}`.
    pub addresses: BTreeMap<String, Value>,
}

/// What the texts of a configuration, `(name, text)`, say of devices; what cannot be read is left out.
pub fn written(texts: &[(String, String)]) -> Written {
    let files = super::kept(texts);
    let report = Report::new(&files);
    let whole = read(&report);
    let settings = keys_of::<Settings>().into_iter();
    let settings = settings.filter_map(|name| Some((name.clone(), value(&whole.get(&name)?.node, &report)?)));
    let of_list = |list: &str, name: &str| -> BTreeMap<String, Value> {
        let Some(What::List(items)) = whole.get(list).map(|entry| &entry.node.what) else { return BTreeMap::new() };
        items.iter().filter_map(|item| named_family(item, name, &report)).collect()
    };
    Written { settings: settings.collect(), wirings: of_list("serial", "name"), addresses: of_list("sensor", "id") }
}

/// The address in a line of a configuration, such as `zigbee2mqtt = "hall_pir"`.
pub fn address(line: &str) -> Option<Address> {
    let texts = [(String::new(), format!("[[sensor]]\nid = \"one\"\n{line}\n"))];
    serde_json::from_value(written(&texts).addresses.remove("one")?).ok()
}

/// The name of an entry, and its one key that is a family.
fn named_family(item: &Node<'_>, name: &str, report: &Report<'_>) -> Option<(String, Value)> {
    let What::Table(keys) = &item.what else { return None };
    let id = keys.get(name)?.node.text()?.to_owned();
    let (family, entry) = family(keys)?;
    Some((id, Value::Object(Map::from_iter([(family.to_owned(), value(&entry.node, report)?)]))))
}

fn family<'t, 'a>(keys: &'t Table<'a>) -> Option<(&'static str, &'t crate::config::document::Entry<'a>)> {
    Devices::families().iter().find_map(|row| Some((row.name, keys.get(row.name)?)))
}

fn value(node: &Node<'_>, report: &Report<'_>) -> Option<Value> {
    deserialize(node, report)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_parts_that_decoders_know_of_are_taken_as_they_are_written() {
        let text = "[home]\nid = \"x\"\n[rtl_433]\nbase_topics = [\"sdr\"]\n[[serial]]\nname = \"uart\"\nport = \"/dev/x\"\n\
                    uart_frame = { length = 6 }\n[[sensor]]\nid = \"a\"\nkind = \"leak\"\nrtl_433 = { device = \"M/1\" }\n";
        let beside = "[[sensor]]\nid = \"b\"\nzigbee2mqtt = \"b\"\n";
        let texts = [("a.toml", text), ("b.toml", beside)].map(|(name, text)| (name.to_owned(), text.to_owned()));
        let written = written(&texts);
        assert_eq!(Value::Object(written.settings), json!({"rtl_433": {"base_topics": ["sdr"]}}));
        assert_eq!(written.wirings["uart"], json!({"uart_frame": {"length": 6}}));
        assert_eq!(written.addresses["a"], json!({"rtl_433": {"device": "M/1"}}));
        assert_eq!(written.addresses["b"], json!({"zigbee2mqtt": "b"}));
    }

    #[test]
    fn a_line_that_is_an_address_is_one() {
        assert_eq!(address("zigbee2mqtt = \"b\"   # a comment").map(|address| address.device()), Some("b".to_owned()));
        assert_eq!(address("# nothing hears it"), None);
        assert_eq!(address("zigbee2mqtt = [[["), None);
    }
}
