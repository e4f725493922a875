//! The faults as who sets out wants them: what is over first, one street after another, or by what is to be carried.

use crate::desk::{Fault, Part};
use crate::text::{self, Language};
use std::collections::BTreeMap;

/// How the list is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Due,
    Street,
    Part,
}

impl By {
    pub const ALL: [By; 3] = [By::Due, By::Street, By::Part];

    pub fn named(name: &str) -> By {
        By::ALL.into_iter().find(|by| by.as_str() == name).unwrap_or(By::Due)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            By::Due => "due",
            By::Street => "street",
            By::Part => "part",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            By::Due => "faults_by_due",
            By::Street => "faults_by_street",
            By::Part => "faults_by_part",
        }
    }
}

/// The faults in named groups; inside each the order stays that of the due times.
pub(super) fn grouped(faults: Vec<Fault>, by: By, language: Language) -> Vec<(String, Vec<Fault>)> {
    if faults.is_empty() {
        return Vec::new();
    }
    let mut groups: BTreeMap<(u8, String), Vec<Fault>> = BTreeMap::new();
    for fault in faults {
        let key = match by {
            By::Due if fault.due.is_over => (0, text::label(language, "faults_overdue_now").to_owned()),
            By::Due => (1, text::label(language, "faults_in_time").to_owned()),
            By::Street => {
                let place = fault.row.place.as_deref().map(street).filter(|street| !street.is_empty());
                (
                    0,
                    place
                        .map_or_else(|| fault.row.key.home.to_string(), |place| text::shown(&place, STREET_LENGTH_MAX)),
                )
            }
            By::Part => (fault.part as u8, text::label(language, part_label(fault.part)).to_owned()),
        };
        groups.entry(key).or_default().push(fault);
    }
    let named = |((_, name), faults): ((u8, String), Vec<Fault>)| (format!("{name} × {}", faults.len()), faults);
    groups.into_iter().map(named).collect()
}

/// The name of the words for a part.
pub(super) fn part_label(part: Part) -> &'static str {
    match part {
        Part::Battery => "part_battery",
        Part::Sensor => "part_sensor",
        Part::Gateway => "part_gateway",
        Part::Nothing => "part_nothing",
    }
}

/// The house or street of a short address: up to the house, or up to the first word with a number.
fn street(place: &str) -> String {
    let ends = ['楼', '栋', '幢', '弄', '巷', '路', '街'];
    if let Some((at, end)) = place.char_indices().find(|(_, c)| ends.contains(c)) {
        return place.get(..at + end.len_utf8()).unwrap_or(place).to_owned();
    }
    let mut words = Vec::new();
    for word in place.split_whitespace() {
        words.push(word);
        if word.chars().any(|c| c.is_ascii_digit()) {
            break;
        }
    }
    words.join(" ").trim_end_matches(',').to_owned()
}

const STREET_LENGTH_MAX: usize = 30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn homes_of_one_house_are_one_way() {
        let streets = ["3号楼2单元201室", "3号楼1单元101室", "Bldg 3 Unit 2 Flat 201", "和平路5号", "3-2-201", ""];
        assert_eq!(streets.map(street), ["3号楼", "3号楼", "Bldg 3", "和平路", "3-2-201", ""]);
    }
}
