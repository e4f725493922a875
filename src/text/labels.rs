//! The words on the station's pages that belong to no alert: headings, buttons, hints. One table for each page.

mod access;
mod circle;
mod common;
mod daily;
mod desk;
mod faults;
mod feed;
mod handover;
mod help;
mod homes;
mod lists;
mod picture;
mod ready;
mod reports;
mod requests;
mod walk;
mod wall;

use crate::text::Language;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The words of this name; the name itself where there is none, so that a gap is seen and a test finds it.
pub fn label(language: Language, name: &'static str) -> &'static str {
    label_named(language, name).unwrap_or(name)
}

/// The words of a name that is only known when it is read; `None` where there are none.
pub fn label_named(language: Language, name: &str) -> Option<&'static str> {
    BY_NAME.get(name).map(|(chinese, english)| language.pick(*chinese, *english))
}

/// Whether there are words of this name.
pub fn has_label(name: &str) -> bool {
    BY_NAME.contains_key(name)
}

/// A page asks for thousands of words.
static BY_NAME: LazyLock<BTreeMap<&str, (&str, &str)>> =
    LazyLock::new(|| all().map(|(name, chinese, english)| (*name, (*chinese, *english))).collect());

fn all() -> impl Iterator<Item = &'static (&'static str, &'static str, &'static str)> {
    TABLES.iter().flat_map(|table| table.iter())
}

/// Name, Chinese, English.
type Table = &'static [(&'static str, &'static str, &'static str)];

const TABLES: &[Table] = &[
    access::LABELS,
    circle::LABELS,
    common::LABELS,
    daily::LABELS,
    desk::LABELS,
    faults::LABELS,
    feed::LABELS,
    handover::LABELS,
    help::LABELS,
    homes::LABELS,
    lists::LABELS,
    picture::LABELS,
    ready::LABELS,
    reports::LABELS,
    requests::LABELS,
    wall::LABELS,
    walk::LABELS,
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_name_has_one_meaning() {
        let mut names = BTreeSet::new();
        for (name, chinese, english) in all() {
            assert!(names.insert(name), "{name:?} stands in two tables");
            assert!(!chinese.is_empty() && !english.is_empty(), "{name:?} has words in both languages");
        }
    }
}
