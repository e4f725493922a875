//! A home in which it is never quiet, by night either: an animal moves there, and silence tells nothing of the person.

use crate::model::learned::LearnedDay;
use crate::model::recorded::Recorded;
use crate::model::time::Span;

/// What a technician should know, if the newest days of `lines` show such a home.
pub fn note(lines: &[Recorded]) -> Option<String> {
    let days = lines.iter().rev().filter_map(|line| if let Recorded::Day(day) = line { Some(day) } else { None });
    let newest: Vec<&LearnedDay> = days.filter(|day| day.counts).take(DAYS).collect();
    (newest.len() == DAYS && newest.into_iter().all(is_never_quiet)).then(|| {
        format!(
            "in the last {DAYS} days it was never quiet for longer than an hour, at night neither: if an animal lives there, \
             this home cannot be watched by silence; use sensors that do not see animals, or raise the mount, and let the \
             person carry a button"
        )
    })
}

/// Nobody sleeps for hours without a pause of an hour; where that is not known it is not said.
fn is_never_quiet(day: &LearnedDay) -> bool {
    let hour = 0..=Span::hours(1).num_seconds();
    !day.slots.is_empty()
        && day.rows.iter().all(|row| hour.contains(&i64::from(row.secs)))
        && day.slots.iter().all(|secs| hour.contains(&i64::from(*secs)))
}

/// By night as by day, for a week.
const DAYS: usize = 7;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A day with this longest silence, after which the clock showed so much quiet at every half hour.
    fn day(number: i64, longest_secs: i64, counts: bool) -> Recorded {
        let at = format!("2026-03-{:02}T00:00:00Z", number + 1);
        let slots = vec![longest_secs.min(900); 48];
        let rows = json!([[0, longest_secs, 60, 0, 0, 0]]);
        let line = json!({ "day": { "at": at, "until": at, "counts": counts, "sensors": ["hall"], "rows": rows, "slots": slots } });
        serde_json::from_value(line).unwrap()
    }

    #[test]
    fn a_week_without_an_hour_of_quiet_is_told_and_one_night_of_sleep_is_enough_against_it() {
        let restless: Vec<Recorded> = (1..=9).map(|number| day(number, 3_600, true)).collect();
        assert!(note(&restless).is_some_and(|note| note.contains("animal")));
        assert_eq!(note(&restless[..6]), None, "six days are too few");
        for (slept, counts, told) in [(3_601, true, false), (28_800, false, true)] {
            let mut days = restless.clone();
            days[5] = day(6, slept, counts);
            assert_eq!(note(&days).is_some(), told, "{slept} {counts}");
        }
        let mut unknown = restless;
        let Recorded::Day(day) = &mut unknown[8] else { panic!() };
        day.slots[7] = -1;
        assert_eq!(note(&unknown), None, "what was not watched is not known to be restless");
    }
}
