//! Counts by rule and by week, for a terminal of 80 columns.

use crate::model::time::{Span, Timestamp, Zone};
use std::collections::BTreeMap;

/// The Monday of the week of `at`: `2026-03-02`.
pub fn week(zone: &Zone, at: Timestamp) -> String {
    let local = zone.local(at);
    // From noon, so that no change of clocks leads into another day.
    let noon = at - Span::seconds(i64::from(local.second_of_day)) + Span::hours(12);
    zone.date(noon - Span::days(i64::from(local.weekday)))
}

/// A table of numbers: a line for each name, columns under `titles`, and a last line of sums. Nothing is shown as `-`.
pub fn table(first: &str, titles: &[&str], rows: &BTreeMap<String, Vec<u64>>) -> Vec<String> {
    let mut lines = vec![line(first, titles.iter().map(|title| (*title).to_owned()))];
    let shown = |number: &u64| if *number == 0 { "-".to_owned() } else { number.to_string() };
    lines.extend(rows.iter().map(|(name, numbers)| line(name, numbers.iter().map(shown))));
    if rows.len() > 1 {
        let sum = |column| rows.values().filter_map(|numbers| numbers.get(column)).sum::<u64>();
        lines.push(line("all", (0..titles.len()).map(|column| shown(&sum(column)))));
    }
    lines
}

fn line(first: &str, cells: impl Iterator<Item = String>) -> String {
    let cells: String = cells.map(|cell| format!("{cell:>COLUMN$}")).collect();
    format!("{first:<NAME$}{cells}")
}

const NAME: usize = 18;
const COLUMN: usize = 9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_begins_on_monday_also_where_clocks_change() {
        let paris = Zone::named("Europe/Paris").unwrap();
        let week_of = |text: &str| week(&paris, text.parse().unwrap());
        assert_eq!(week_of("2026-03-29T23:30:00Z"), "2026-03-30", "half past one on Monday");
        assert_eq!(week_of("2026-03-29T21:30:00Z"), "2026-03-23", "half past eleven on Sunday, an hour was skipped");
        assert_eq!(week_of("2026-03-22T23:10:00Z"), "2026-03-23");
    }

    #[test]
    fn a_table_has_sums_and_fits() {
        let rows = BTreeMap::from([("inactivity".to_owned(), vec![3, 0]), ("low_battery".to_owned(), vec![1, 2])]);
        let lines = table("rule", &["alerts", "later"], &rows);
        assert_eq!(lines[3].split_whitespace().collect::<Vec<_>>(), ["all", "4", "2"]);
        assert_eq!(lines[1].split_whitespace().collect::<Vec<_>>(), ["inactivity", "3", "-"]);
        assert!(line("x", (0..6).map(|_| "1".to_owned())).chars().count() <= 80);
    }
}
