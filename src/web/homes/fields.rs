//! The words of a card's fields: their names, and what can be chosen.

use crate::model::card::{CONTACT_FIELDS, FIELDS};
use crate::text::{self, Language};

/// The name of the words for a field, in the order of [`FIELDS`].
const NAMES: [&str; 15] = [
    "card_place",
    "card_class",
    "card_resident",
    "card_born",
    "card_languages",
    "card_liaison",
    "card_contact_by",
    "card_consent",
    "card_directions",
    "card_minutes",
    "card_bearing",
    "card_location",
    "card_code",
    "card_health",
    "card_health_as_of",
];

/// The same for a contact, in the order of [`CONTACT_FIELDS`].
const CONTACT_NAMES: [&str; 5] = ["card_kind", "card_who", "card_phone", "card_key", "card_remark"];

/// The name of the words for a field of a card.
pub(super) fn name_of(field: &str) -> &'static str {
    FIELDS.iter().zip(NAMES).find(|(known, _)| **known == field).map_or("unknown", |(_, name)| name)
}

/// The name of the words for a field of a contact.
pub(super) fn contact_name_of(field: &str) -> &'static str {
    CONTACT_FIELDS.iter().zip(CONTACT_NAMES).find(|(known, _)| **known == field).map_or("unknown", |(_, name)| name)
}

/// What can be chosen in a field, and the names of the words for it; empty where anything can be written.
pub(super) fn options(field: &str) -> &'static [(&'static str, &'static str)] {
    match field {
        "class" => &[("red", "class_red"), ("yellow", "class_yellow"), ("blue", "class_blue")],
        "consent" => &[("alerts", "consent_alerts"), ("activity", "consent_activity"), ("rooms", "consent_rooms")],
        "kind" => &[
            ("resident", "kind_resident"),
            ("family", "kind_family"),
            ("neighbour", "kind_neighbour"),
            ("grid_worker", "kind_grid_worker"),
            ("doctor", "kind_doctor"),
            ("other", "kind_other"),
        ],
        "key" => &[("yes", "key_yes")],
        "bearing" => &[
            ("N", "dir_N"),
            ("NNE", "dir_NNE"),
            ("NE", "dir_NE"),
            ("ENE", "dir_ENE"),
            ("E", "dir_E"),
            ("ESE", "dir_ESE"),
            ("SE", "dir_SE"),
            ("SSE", "dir_SSE"),
            ("S", "dir_S"),
            ("SSW", "dir_SSW"),
            ("SW", "dir_SW"),
            ("WSW", "dir_WSW"),
            ("W", "dir_W"),
            ("WNW", "dir_WNW"),
            ("NW", "dir_NW"),
            ("NNW", "dir_NNW"),
        ],
        _ => &[],
    }
}

/// What a field holds, in words.
pub(super) fn words(language: Language, field: &str, value: &str) -> String {
    let option = options(field).iter().find(|(id, _)| *id == value);
    option.map_or_else(|| value.to_owned(), |(_, name)| text::label(language, name).to_owned())
}

/// What somebody wrote in words, as the field has it; what is no such word stays as it is, to be refused by name.
pub(super) fn value(field: &str, words: &str) -> String {
    let words = words.trim();
    let is_meant = |(id, name): &&(&'static str, &'static str)| {
        let said = Language::ALL.map(|language| text::label(language, name));
        let short = said.map(|said| said.split(['（', '(']).next().unwrap_or_default().trim());
        id.eq_ignore_ascii_case(words) || said.contains(&words) || short.contains(&words)
    };
    options(field).iter().find(is_meant).map_or_else(|| words.to_owned(), |(id, _)| (*id).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_is_found_by_its_words_in_both_languages() {
        for field in FIELDS.iter().chain(&CONTACT_FIELDS) {
            for (id, _) in options(field) {
                for language in Language::ALL {
                    assert_eq!(value(field, &words(language, field, id)), *id);
                }
            }
        }
        assert_eq!(value("class", "红"), "red");
        assert_eq!(value("class", "Red"), "red");
        assert_eq!(value("class", "green"), "green");
        for name in NAMES.iter().chain(&CONTACT_NAMES) {
            assert!(text::has_label(name), "{name}");
        }
        for (_, name) in FIELDS.iter().chain(&CONTACT_FIELDS).flat_map(|field| options(field)) {
            assert!(text::has_label(name), "{name}");
        }
    }
}
