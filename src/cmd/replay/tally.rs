//! Counts by rule and by week, for a terminal of 80 columns.

use crate::model::time::{Span, Timestamp, Zone};
use crate::replay::Outcome;
use crate::text::counted;
use std::collections::BTreeMap;

/// How many alerts, and how often the person at home was asked: by rule and by week.
pub struct Tally {
    by_rule: BTreeMap<String, Vec<u64>>,
    by_week: BTreeMap<String, Vec<u64>>,
    asked: usize,
    answered: usize,
}

impl Tally {
    pub fn of(zone: &Zone, outcome: &Outcome) -> Tally {
        let answered = outcome.asked.iter().filter(|asked| asked.is_answered()).count();
        let (by_rule, by_week) = (BTreeMap::new(), BTreeMap::new());
        let mut tally = Tally { by_rule, by_week, asked: outcome.asked.len(), answered };
        for alert in &outcome.raised {
            tally.count(zone, alert.reason.rule(), alert.at, ALERTS);
        }
        for asked in &outcome.asked {
            tally.count(zone, asked.rule(), asked.at, ASKED);
            if asked.is_answered() {
                tally.count(zone, asked.rule(), asked.at, ANSWERED);
            }
        }
        tally
    }

    fn count(&mut self, zone: &Zone, rule: &str, at: Timestamp, column: usize) {
        let zeros = || vec![0; TITLES.len()];
        for counts in [
            self.by_rule.entry(rule.to_owned()).or_insert_with(zeros),
            self.by_week.entry(week(zone, at)).or_insert_with(zeros),
        ] {
            counts.get_mut(column).into_iter().for_each(|count| *count += 1);
        }
    }

    /// By rule and by week, each with an empty line behind it; nothing where nothing happened.
    pub fn tables(&self) -> Vec<String> {
        if self.by_rule.is_empty() {
            return Vec::new();
        }
        let titles = if self.asked > 0 { &TITLES[..] } else { &TITLES[..1] };
        let mut lines = Vec::new();
        for (first, counts) in [("rule", &self.by_rule), ("week from", &self.by_week)] {
            let shown = |(name, counts): (&String, &Vec<u64>)| {
                (name.clone(), counts.iter().take(titles.len()).copied().collect::<Vec<u64>>())
            };
            lines.extend(table(first, titles, &counts.iter().map(shown).collect()));
            lines.push(String::new());
        }
        lines
    }

    /// `; asked at home 5 times, 4 answered`, or nothing.
    pub fn asked_at_home(&self) -> String {
        match self.asked {
            0 => String::new(),
            asked => format!("; asked at home {}, {} answered", counted(asked, "time"), self.answered),
        }
    }
}

const TITLES: [&str; 3] = ["alerts", "asked", "answered"];
const ALERTS: usize = 0;
const ASKED: usize = 1;
const ANSWERED: usize = 2;

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
