//! From what a home answered to the rows of the pictures, by the clock on the wall of the station.

use crate::desk::{RowView, Stand, SuspensionView};
use crate::model::card::Consent;
use crate::model::reason::{Class, Severity};
use crate::model::time::{Day, Span, TimeOfDay, Timestamp, Zone};
use crate::picture::{QUARTERS, Seen, Shape};
use crate::wire::{ActiveDay, Activity};

/// The days of an answer.
pub(super) struct Shown {
    pub zone: Zone,
    pub days: Vec<DayShown>,
    /// Half hours in which it is quiet on most days.
    pub quiet: Vec<bool>,
}

/// One day.
pub(super) struct DayShown {
    pub date: Day,
    pub from: Timestamp,
    /// By the clock on the wall.
    pub cells: Vec<Seen>,
    pub doors: Vec<usize>,
    pub buttons: Vec<usize>,
    pub suspended: Vec<(f64, f64)>,
    /// What was raised on it, the first first.
    pub alerts: Vec<RowView>,
    pub figures: Figures,
}

/// A day in figures, to the quarter of an hour: finer is not shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Figures {
    /// The quarter hours of the first and the last movement.
    pub moved: Option<(Timestamp, Timestamp)>,
    /// The longest quiet that was watched: its begin, how long, and whether it lasted to the end of what is known.
    pub quiet: Option<(Timestamp, Span, bool)>,
    /// So long nobody watched.
    pub unwatched: Span,
}

impl Shown {
    pub fn of(
        zone: &Zone,
        activity: &Activity,
        shares: Consent,
        mut alerts: Vec<RowView>,
        suspensions: &[SuspensionView],
    ) -> Shown {
        alerts.retain(|row| row.severity != Severity::Fault && row.reason.class() != Class::Check && !row.test);
        alerts.sort_by_key(|row| row.raised_at);
        let with_rooms = shares == Consent::Rooms;
        let usual = activity.usual.as_ref();
        let days = activity.days.iter().map(|day| DayShown::of(zone, day, with_rooms, &alerts, suspensions));
        Shown {
            zone: zone.clone(),
            days: days.collect(),
            quiet: usual.map(|usual| usual.quiet.chars().map(|c| c == '1').collect()).unwrap_or_default(),
        }
    }
}

impl DayShown {
    fn of(
        zone: &Zone,
        day: &ActiveDay,
        with_rooms: bool,
        alerts: &[RowView],
        suspensions: &[SuspensionView],
    ) -> DayShown {
        let end = end_of(zone, day.from);
        let cells = cells(zone, day);
        let at = |nth: &u8| place(zone, day.from + QUARTER * i32::from(*nth));
        let wanted = |of: &[u8]| if with_rooms { of.iter().filter_map(at).collect() } else { Vec::new() };
        let held =
            suspensions.iter().filter(|view| matches!(view.stand, Stand::InForce | Stand::Over | Stand::Ending(_)));
        let clock = |at: Timestamp| f64::from(zone.local(at).second_of_day) / 900.0;
        let held = held.map(|view| (view.from.max(day.from), view.until.min(end)));
        let held = held.filter(|(from, to)| from < to);
        DayShown {
            date: day.date,
            from: day.from,
            doors: wanted(&day.doors),
            buttons: wanted(&day.buttons),
            suspended: held
                .map(|(from, to)| (clock(from), if to == end { QUARTERS as f64 } else { clock(to) }))
                .collect(),
            alerts: alerts.iter().filter(|row| (day.from..end).contains(&row.raised_at)).cloned().collect(),
            figures: figures(day),
            cells,
        }
    }
}

/// Where a quarter hour stands by the clock on the wall.
fn place(zone: &Zone, at: Timestamp) -> Option<usize> {
    let nth = zone.local(at).second_of_day as usize / 900;
    (nth < QUARTERS).then_some(nth)
}

fn end_of(zone: &Zone, from: Timestamp) -> Timestamp {
    TimeOfDay::new(0, 0).map_or(from + Span::days(1), |midnight| zone.next(from, midnight))
}

/// An hour that comes twice shows what was livelier; one that is skipped stays empty.
fn cells(zone: &Zone, day: &ActiveDay) -> Vec<Seen> {
    let mut cells = vec![Seen::Nothing; QUARTERS];
    for (nth, letter) in day.levels.chars().enumerate() {
        let seen = read(letter);
        let at = day.from + QUARTER * i32::try_from(nth).unwrap_or(i32::MAX);
        let Some(cell) = place(zone, at).and_then(|nth| cells.get_mut(nth)) else { continue };
        *cell = match (*cell, seen) {
            (Seen::Level(before), Seen::Level(level)) => Seen::Level(before.max(level)),
            (Seen::Level(before), Seen::Nothing | Seen::Unknown) => Seen::Level(before),
            (Seen::Nothing | Seen::Unknown, seen) => seen,
        };
    }
    cells
}

/// A letter that this program does not know is not known.
fn read(letter: char) -> Seen {
    match letter.to_digit(10) {
        Some(level @ 0..=3) => Seen::Level(level as u8),
        Some(_) => Seen::Level(3),
        None => Seen::Unknown,
    }
}

fn figures(day: &ActiveDay) -> Figures {
    let mut figures = Figures::default();
    let mut quiet_since: Option<Timestamp> = None;
    let mut at = day.from;
    for letter in day.levels.chars() {
        match read(letter) {
            Seen::Level(0) => {
                quiet_since.get_or_insert(at);
            }
            Seen::Level(_) => {
                figures.moved = Some((figures.moved.map_or(at, |(first, _)| first), at));
                // What began the day before is longer than is seen here.
                let is_cut = quiet_since == Some(day.from);
                figures.was_quiet(quiet_since.take(), at, is_cut);
            }
            Seen::Unknown | Seen::Nothing => {
                figures.unwatched += QUARTER;
                figures.was_quiet(quiet_since.take(), at, true);
            }
        }
        at += QUARTER;
    }
    figures.was_quiet(quiet_since, at, true);
    figures
}

impl Figures {
    fn was_quiet(&mut self, since: Option<Timestamp>, until: Timestamp, is_cut: bool) {
        if let Some(since) = since
            && self.quiet.is_none_or(|(_, longest, _)| until - since > longest)
        {
            self.quiet = Some((since, until - since, is_cut));
        }
    }
}

/// The shape of an alert in a picture.
pub(super) fn shape(severity: Severity) -> Shape {
    match severity {
        Severity::Emergency => Shape::Emergency,
        Severity::Urgent => Shape::Urgent,
        Severity::Notice | Severity::Fault => Shape::Notice,
        Severity::Blind => Shape::Blind,
    }
}

const QUARTER: Span = Span::minutes(15);

#[cfg(test)]
mod tests {
    use super::*;

    fn day(zone: &str, from: &str, levels: &str) -> (Zone, ActiveDay) {
        let from: Timestamp = from.parse().unwrap();
        let zone = Zone::named(zone).unwrap();
        let (doors, buttons) = (Vec::new(), Vec::new());
        let day = ActiveDay { date: zone.day(from), from, levels: levels.into(), rooms: String::new(), doors, buttons };
        (zone, day)
    }

    #[test]
    fn a_day_is_read_to_the_quarter_hour_and_what_nobody_watched_is_no_quiet() {
        let (_, day) = day("Asia/Shanghai", "2026-11-19T16:00:00Z", "0000--00000100200");
        let Figures { moved, quiet, unwatched } = figures(&day);
        let at = |quarter: i32| day.from + QUARTER * quarter;
        assert_eq!(moved, Some((at(11), at(14))));
        assert_eq!(quiet, Some((at(6), QUARTER * 5, false)));
        assert_eq!(unwatched, QUARTER * 2);
        let begun_before = ActiveDay { levels: "000010".into(), ..day.clone() };
        assert_eq!(figures(&begun_before).quiet, Some((day.from, QUARTER * 4, true)), "it began the day before");
    }

    #[test]
    fn clocks_that_change_leave_a_gap_or_show_the_livelier_of_two_hours() {
        let mut levels = "0".repeat(100);
        levels.replace_range(8..9, "1");
        levels.replace_range(12..13, "3");
        let (zone, autumn) = day("Europe/Paris", "2026-10-24T22:00:00Z", &levels);
        let drawn = cells(&zone, &autumn);
        assert_eq!((drawn[8], drawn[9]), (Seen::Level(3), Seen::Level(0)), "two o'clock came twice");
        let (zone, spring) = day("Europe/Paris", "2026-03-28T23:00:00Z", &"0".repeat(92));
        let drawn = cells(&zone, &spring);
        assert_eq!(
            (drawn[7], drawn[8], drawn[11], drawn[12]),
            (Seen::Level(0), Seen::Nothing, Seen::Nothing, Seen::Level(0))
        );
        assert_eq!(drawn[95], Seen::Level(0));
    }

    #[test]
    fn letters_of_a_newer_home_are_not_taken_for_quiet() {
        assert_eq!(
            "0 9?".chars().map(read).collect::<Vec<_>>(),
            [Seen::Level(0), Seen::Unknown, Seen::Level(3), Seen::Unknown]
        );
    }
}
