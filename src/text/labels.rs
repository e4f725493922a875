//! The words on the station's pages that belong to no alert: headings, buttons, hints. One table for each page.

mod access;
mod circle;
mod common;
mod daily;
mod desk;
mod faults;
mod feed;
mod handover;
mod homes;
mod picture;
mod ready;
mod reports;
mod requests;
mod walk;

use crate::text::Language;

/// The words of this name; the name itself where there is none, so that a gap is seen and a test finds it.
pub fn label(language: Language, name: &'static str) -> &'static str {
    let found = all().find(|(label, _, _)| *label == name);
    found.map_or(name, |(_, chinese, english)| language.pick(chinese, english))
}

/// The words of a name that is only known when it is read; `None` where there are none.
pub fn label_named(language: Language, name: &str) -> Option<&'static str> {
    all().find(|(label, _, _)| *label == name).map(|(_, chinese, english)| language.pick(*chinese, *english))
}

/// Whether there are words of this name.
pub fn has_label(name: &str) -> bool {
    all().any(|(label, _, _)| *label == name)
}

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
    homes::LABELS,
    picture::LABELS,
    ready::LABELS,
    reports::LABELS,
    requests::LABELS,
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
