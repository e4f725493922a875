//! Where the sensors of a configuration stand in its files: for remarks that point at a line, and for changes that leave
//! every other byte as it was.

use crate::config::document::{Node, Table, What, read};
use crate::config::report::{Place, Report, Source};
use crate::devices::Devices;
use crate::problem::TextPlace;
use std::ops::Range;
use std::path::Path;

/// A `[[sensor]]` with the places of what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SensorPlace {
    /// The file, as an index into [`crate::config::texts`].
    pub file: usize,
    /// The file's name.
    pub file_name: String,
    /// Its id.
    pub id: String,
    /// All its lines, from `[[sensor]]` to its last value.
    pub section: Range<usize>,
    /// Key and value of its address: `zigbee2mqtt = "hall_pir"`.
    pub address: Option<Range<usize>>,
    /// Just before the end of the list of codes within the address, where it has one.
    pub codes_end: Option<usize>,
    id_at: TextPlace,
    room_at: Option<TextPlace>,
    address_at: Option<TextPlace>,
}

impl SensorPlace {
    /// Where its id stands.
    pub fn of_id(&self) -> TextPlace {
        self.id_at.clone()
    }

    /// Where its room stands, or its id.
    pub fn of_room(&self) -> TextPlace {
        self.room_at.clone().unwrap_or_else(|| self.of_id())
    }

    /// Where its address stands, or its id.
    pub fn of_address(&self) -> TextPlace {
        self.address_at.clone().unwrap_or_else(|| self.of_id())
    }
}

/// The sensors of the configuration at `path`, in their order; none where it cannot be read.
pub fn sensor_places(path: &Path) -> Vec<SensorPlace> {
    super::sources(path).map(|files| places(&files)).unwrap_or_default()
}

/// The same of texts: `(name, text)`.
pub fn sensor_places_of_texts(texts: &[(String, String)]) -> Vec<SensorPlace> {
    places(&super::kept(texts))
}

fn places(files: &[Source]) -> Vec<SensorPlace> {
    let report = Report::new(files);
    let whole = read(&report);
    let Some(What::List(sensors)) = whole.get("sensor").map(|entry| &entry.node.what) else { return Vec::new() };
    sensors.iter().filter_map(|sensor| place(files, sensor)).collect()
}

fn place(files: &[Source], node: &Node<'_>) -> Option<SensorPlace> {
    let What::Table(table) = &node.what else { return None };
    let id = table.get("id")?;
    let file = node.place.file;
    let Source { name, text } = files.get(file)?;
    let text_place = |place: &Place| TextPlace::new(name, text, place.span.clone());
    let is_family = |key: &str| Devices::families().iter().any(|family| family.name == key);
    let address = table.iter().find(|(key, _)| is_family(key)).map(|(_, entry)| entry);
    let end = table.values().map(|entry| last_byte(&entry.node)).max()?;
    let begin = text.get(..node.place.span.start)?.rfind('\n').map_or(0, |at| at + 1);
    Some(SensorPlace {
        file,
        file_name: name.clone(),
        id: id.node.text()?.to_owned(),
        section: begin..end.max(node.place.span.end),
        address: address.map(|entry| entry.key.span.start..last_byte(&entry.node)),
        codes_end: address.and_then(|entry| codes_end(&entry.node)),
        id_at: text_place(&id.node.place),
        room_at: table.get("room").map(|entry| text_place(&entry.node.place)),
        address_at: address.map(|entry| text_place(&entry.key)),
    })
}

/// The end of a value, also of one that is written as a table of its own.
fn last_byte(node: &Node<'_>) -> usize {
    let inner = |table: &Table<'_>| table.values().map(|entry| last_byte(&entry.node)).max();
    let within = match &node.what {
        What::Table(table) => inner(table),
        What::List(items) => items.iter().map(last_byte).max(),
        What::Leaf(_) => None,
    };
    within.unwrap_or(0).max(node.place.span.end)
}

fn codes_end(address: &Node<'_>) -> Option<usize> {
    let What::Table(table) = &address.what else { return None };
    let codes = &table.get("codes")?.node;
    let What::Table(known) = &codes.what else { return None };
    // Behind the last code; what follows it, a comma or the brace, stays.
    known.values().map(|entry| last_byte(&entry.node)).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"# made up
[[sensor]]
id = "hall"          # by the door
room = "hall"
kind = "motion"
zigbee2mqtt = "hall_pir"  # the old one

[[sensor]]
kind = "door"
id = "front"
json = { topic = "r", codes = { "a1" = "open", "a2" = "closed", } }

[rules.low_battery]
at_most_percent = 20.0
"#;

    #[test]
    fn a_sensor_is_found_with_its_lines_its_address_and_the_end_of_its_codes() {
        let places = sensor_places_of_texts(&[("gateway.toml".to_owned(), TEXT.to_owned())]);
        let [hall, front] = places.as_slice() else { panic!("{places:?}") };
        assert_eq!(&TEXT[hall.section.clone()], TEXT[10..].split("  # the old").next().unwrap());
        assert_eq!(&TEXT[hall.address.clone().unwrap()], "zigbee2mqtt = \"hall_pir\"");
        assert_eq!((hall.of_id().line, hall.of_room().line, hall.of_address().line), (3, 4, 6));
        assert_eq!(front.of_room().line, 10, "a sensor without a room is pointed at by its id");
        assert!(TEXT[front.codes_end.unwrap()..].starts_with(", } }"), "{:?}", &TEXT[front.codes_end.unwrap()..]);
        assert!(TEXT[front.section.clone()].ends_with("} }"));
    }
}
