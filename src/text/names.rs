//! Names from outside made fit for a line of text.

use crate::model::ids::RoomId;
use crate::text::Language;

/// `text` on one line, without characters that reorder or hide it, cut to `length_max` characters.
///
/// Bidirectional controls could make "take" look like something else; control characters could forge a log line.
pub fn shown(text: &str, length_max: usize) -> String {
    let mut line = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == length_max {
            line.push('…');
            break;
        }
        line.push(if c.is_control() || reorders_or_hides(c) { ' ' } else { c });
    }
    line.trim().to_owned()
}

/// `1 sensor`, `2 sensors`: English words with a plain plural.
pub fn counted(number: impl std::fmt::Display, word: &str) -> String {
    let number = number.to_string();
    let plural = if number == "1" { "" } else { "s" };
    format!("{number} {word}{plural}")
}

fn reorders_or_hides(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{61c}')
}

/// A room by the word people use, where its id is one of the common ones; else the id.
pub fn room(language: Language, room: &RoomId) -> String {
    let id = room.as_str();
    let common = ROOMS.iter().find(|(name, _, _)| *name == id);
    common.map_or_else(|| id.to_owned(), |(_, chinese, english)| language.pick(*chinese, *english).to_owned())
}

const ROOMS: [(&str, &str, &str); 12] = [
    ("bathroom", "卫生间", "bathroom"),
    ("toilet", "卫生间", "toilet"),
    ("bedroom", "卧室", "bedroom"),
    ("kitchen", "厨房", "kitchen"),
    ("living", "客厅", "living room"),
    ("living_room", "客厅", "living room"),
    ("hall", "门厅", "hall"),
    ("entrance", "门口", "entrance"),
    ("corridor", "走廊", "corridor"),
    ("balcony", "阳台", "balcony"),
    ("dining_room", "餐厅", "dining room"),
    ("study", "书房", "study"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_stays_on_its_line_and_in_its_order() {
        assert_eq!(shown("a\u{202e}b\nc", 99), "a b c");
        assert_eq!(shown(&"长".repeat(10_000), 3), "长长长…");
        assert_eq!(shown("<script>", 99), "<script>"); // escaping is the page's work
    }

    #[test]
    fn a_room_without_a_common_name_keeps_its_own() {
        assert_eq!(room(Language::Chinese, &"bathroom".parse().unwrap()), "卫生间");
        assert_eq!(room(Language::English, &"北屋".parse().unwrap()), "北屋");
    }
}
