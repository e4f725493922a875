//! Row 10: every change of clocks of every zone from 2024 to 2030: what is due at a time of day comes once a day, at that time.

use super::times;
use carecircle::model::time::{Span, TimeOfDay, Timestamp, Zone};

#[test]
fn around_every_change_of_clocks_a_time_of_day_comes_once_a_day_and_never_beside_itself() {
    let (mut zones, mut changes, mut skipped, mut twice) = (0, 0, 0, 0);
    for name in Zone::names() {
        let Ok(zone) = Zone::named(&name) else { continue };
        let found = changes_of(&zone);
        zones += usize::from(!found.is_empty());
        changes += found.len();
        for change in found {
            for quarter in (0..96).step_by(times(3, 1)) {
                let time = TimeOfDay::new(quarter / 4, quarter % 4 * 15).unwrap();
                match comes_once(&name, &zone, change, time) {
                    Came::AtItsTime => {}
                    Came::AtTheChange => skipped += 1,
                    Came::First => twice += 1,
                }
            }
        }
    }
    eprintln!(
        "row 10: {changes} changes in {zones} zones, {} times of day each; {skipped} skipped, {twice} that come twice",
        96 / times(3, 1)
    );
    assert!(zones > 100 && changes > 1_000, "are the zones installed? {zones} zones, {changes} changes");
}

enum Came {
    AtItsTime,
    AtTheChange,
    First,
}

/// Two and a half days around the change, walked by "the next one".
fn comes_once(name: &str, zone: &Zone, change: Timestamp, time: TimeOfDay) -> Came {
    let (mut at, end, mut came) = (change - Span::hours(36), change + Span::hours(36), Came::AtItsTime);
    let mut before: Option<(Timestamp, (i16, i8, i8))> = None;
    loop {
        let next = zone.next(at, time);
        assert!(next > at, "{name}, {time}: {next} is not after {at}");
        if next > end {
            return came;
        }
        let local = zone.local(next);
        let wanted = time.second_of_day() % 86_400;
        let mut date = local.date;
        if local.second_of_day != wanted {
            // The wanted minute never came: the change itself is the first valid instant after it.
            assert_eq!(next, change, "{name}, {time}: at {} instead", zone.wall_clock(next));
            // A gap may reach over midnight: then it is the day before whose minute never came.
            if wanted > local.second_of_day {
                date = zone.local(next - Span::seconds(1)).date;
            }
            came = Came::AtTheChange;
        } else if (1..=24).any(|quarters| {
            let earlier = next - Span::minutes(15) * quarters;
            zone.local(earlier).second_of_day == wanted && zone.local(earlier).date == local.date
        }) {
            panic!("{name}, {time}: the second of two, {}", zone.with_offset(next));
        } else if (1..=24).any(|quarters| {
            let later = next + Span::minutes(15) * quarters;
            zone.local(later).second_of_day == wanted && zone.local(later).date == local.date
        }) {
            came = Came::First;
        }
        if let Some((was, day)) = before {
            assert!(day != date, "{name}, {time}: twice on {date:?}");
            assert!(next - was <= Span::hours(50), "{name}, {time}: nothing between {was} and {next}");
        }
        before = Some((next, date));
        at = next;
    }
}

/// The instants at which the clocks of a zone change: found by the clock alone, to the second.
fn changes_of(zone: &Zone) -> Vec<Timestamp> {
    let begin: Timestamp = "2024-01-01T00:00:00Z".parse().unwrap();
    let end: Timestamp = "2031-01-01T00:00:00Z".parse().unwrap();
    let (mut changes, mut at) = (Vec::new(), begin);
    while at < end {
        let next = at + Span::hours(12);
        if offset(zone, at) != offset(zone, next) {
            let (mut low, mut high) = (at, next);
            while high - low > Span::seconds(1) {
                let middle = low + (high - low) / 2;
                let middle = middle - Span::milliseconds(middle.timestamp_millis() % 1000);
                if offset(zone, middle) == offset(zone, at) { low = middle } else { high = middle }
            }
            changes.push(high);
        }
        at = next;
    }
    changes
}

/// The clock against UTC, in seconds.
fn offset(zone: &Zone, at: Timestamp) -> i64 {
    let of_day = i64::from(zone.local(at).second_of_day);
    (of_day - at.timestamp().rem_euclid(86_400) + 43_200).rem_euclid(86_400) - 43_200
}
