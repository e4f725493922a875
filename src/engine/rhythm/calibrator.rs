//! Which strictness keeps the promised rate of unneeded alerts: each day's silences are counted against the limits that held on
//! that day, for many strictnesses at once, and the strictest one that kept the promise is used.
//!
//! Counts are kept and never made again with later knowledge.

/// What is aimed at is less than what was promised: counts of a few alerts waver.
const AIM: f64 = 0.8;

/// One number for strictness: the larger, the shorter the limits.
const STEPS: [f64; 8] = [3.0, 2.2, 1.7, 1.3, 1.0, 0.75, 0.55, 0.4];
const DECADES: [f64; 5] = [1.0, 0.1, 0.01, 0.001, 0.0001];

/// How many strictnesses are tried side by side.
pub const COLUMNS: usize = STEPS.len() * DECADES.len();

/// The days that are looked back.
pub const COUNTED_DAYS: usize = 90;

/// So many days of counting are assumed before the first one, …
const PRIOR_DAYS: f64 = 45.0;

/// … with so many alerts a day for each unit of strictness: what limits of this making cost elsewhere.
const ALERTS_A_DAY_PER_THETA: f64 = 8.0;

/// The strictness of a column; the first column is the strictest.
pub fn theta(column: usize) -> f64 {
    let column = column.min(COLUMNS - 1);
    STEPS[column % STEPS.len()] * DECADES[column / STEPS.len()]
}

/// The strictest column that would have kept `target` alerts in 30 days. `reached` holds for each silence of the `days` that were
/// counted how many columns it was longer than.
pub fn choose(target: f64, days: usize, reached: impl Iterator<Item = u8>) -> usize {
    // A silence that was longer than n columns was longer than the first n.
    let mut ends = [0_u32; COLUMNS + 1];
    for columns in reached {
        ends[usize::from(columns).min(COLUMNS)] += 1;
    }
    let mut alerts: u32 = ends.iter().skip(1).sum();
    let allowed = AIM * target / 30.0;
    for column in 0..COLUMNS {
        let assumed = ALERTS_A_DAY_PER_THETA * theta(column);
        let rate = (f64::from(alerts) + PRIOR_DAYS * assumed) / (days as f64 + PRIOR_DAYS);
        if rate <= allowed + 1e-12 {
            return column;
        }
        alerts -= ends[column + 1];
    }
    COLUMNS - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn before_anything_is_counted_the_promise_itself_decides() {
        for (target, wanted) in [(1.0, 0.003), (2.0, 0.0055), (0.5, 0.0013)] {
            let chosen = theta(choose(target, 0, std::iter::empty()));
            assert!((chosen - wanted).abs() < 1e-12, "{target}: {chosen}");
        }
    }

    #[test]
    fn alerts_that_were_counted_make_it_milder_and_quiet_weeks_stricter() {
        let quiet = choose(1.0, 60, std::iter::empty());
        let calm = choose(1.0, 60, [23, 5].into_iter());
        let restless = choose(1.0, 60, [40, 38, 36, 33, 12].into_iter());
        assert!(quiet < calm && calm < restless, "{quiet} {calm} {restless}");
        assert_eq!(choose(0.1, 60, std::iter::repeat_n(40, 60)), COLUMNS - 1, "no column keeps it: the mildest");
    }

    #[test]
    fn columns_go_from_strict_to_mild() {
        assert!((1..COLUMNS).all(|column| theta(column) < theta(column - 1)));
    }
}
