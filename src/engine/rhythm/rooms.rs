//! What kind of room a sensor hangs in, from the word of its room or from its name: how long people stay depends on it.
//!
//! One table, in the languages of the installers. A word is looked for anywhere in the name, the first row that fits holds; names as
//! `Motion_K` carry their room in the letters behind the last `_`.

/// How people use a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RoomKind {
    /// Toilet, bathroom: minutes.
    Wet,
    /// Kitchen: minutes, sometimes an hour.
    Kitchen,
    /// Where people only pass.
    Hall,
    /// Where they sleep.
    Bedroom,
    /// Where they sit.
    Living,
    /// Not known.
    Other,
}

/// The kind of room that this word names: a room of the configuration or the name of a sensor.
pub fn kind_of(word: &str) -> RoomKind {
    let word = word.to_lowercase();
    let by_word = WORDS.iter().find(|(_, words)| words.iter().any(|part| word.contains(part)));
    let by_code = || {
        let is_device = DEVICES.iter().any(|device| word.starts_with(device));
        let code = word.rsplit_once('_').map(|(_, code)| code).filter(|_| is_device)?;
        CODES.iter().find(|(_, codes)| codes.contains(&code))
    };
    by_word.map(|(kind, _)| *kind).or_else(|| by_code().map(|(kind, _)| *kind)).unwrap_or(RoomKind::Other)
}

const WORDS: &[(RoomKind, &[&str])] = &[
    (
        RoomKind::Wet,
        &[
            "toilet",
            "wc",
            "bath",
            "shower",
            "basin",
            "washroom",
            "restroom",
            "卫生间",
            "厕所",
            "洗手间",
            "浴室",
            "盥洗",
        ],
    ),
    (
        RoomKind::Kitchen,
        &[
            "kitchen",
            "fridge",
            "freezer",
            "microwave",
            "stove",
            "oven",
            "cook",
            "dinette",
            "厨房",
            "灶",
            "冰箱",
            "微波炉",
        ],
    ),
    (RoomKind::Hall, &["hall", "entr", "corridor", "foyer", "aisle", "outside", "门厅", "玄关", "走廊", "过道"]),
    (RoomKind::Bedroom, &["bed", "dresser", "closet", "卧室", "床"]),
    (RoomKind::Living, &["living", "lounge", "couch", "sofa", "chair", "tv", "客厅", "起居", "沙发", "电视"]),
];

/// Names that begin like this may end in the letters of a room.
const DEVICES: &[&str] = &["motion", "pir", "move", "presence", "radar"];

const CODES: &[(RoomKind, &[&str])] = &[
    (RoomKind::Wet, &["t", "s", "ba", "br", "wc", "sh"]),
    (RoomKind::Kitchen, &["k", "ki", "kt"]),
    (RoomKind::Hall, &["e", "h", "en", "ha", "co"]),
    (RoomKind::Bedroom, &["b", "be", "bd"]),
    (RoomKind::Living, &["l", "li", "lr"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_are_known_by_their_words_in_both_languages_and_by_letters_behind_a_device() {
        use RoomKind::*;
        for (word, kind) in [
            ("Bathroom", Wet),
            ("guest_toilet", Wet),
            ("卫生间", Wet),
            ("kitchen_north", Kitchen),
            ("hall", Hall),
            ("bedroom", Bedroom),
            ("主卧室", Bedroom),
            ("living_room", Living),
            ("Motion_K", Kitchen),
            ("pir_ba", Wet),
            ("motion_b", Bedroom),
            ("shelf_k", Other),
            ("study", Other),
            ("", Other),
        ] {
            assert_eq!(kind_of(word), kind, "{word}");
        }
    }
}
