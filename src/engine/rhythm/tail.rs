//! After movement like this, at this time of day, how long has quiet lasted here before, and how fast does that die out?
//!
//! Past silences are weighted by age, clock, way out and place; where they have become rare the tail begins, its mean excess is
//! the scale, and the limit is where so much is left of the tail as is allowed for the time that is spent like this.

use super::model::DAYS_KEPT;
use crate::model::learned::SilenceRow;
use std::sync::LazyLock;

/// What is kept of a past silence for the present day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Past {
    /// Its length in seconds.
    pub secs: u32,
    /// Minute of the day at which it began.
    pub minute: u16,
    /// The sensor that saw somebody last.
    pub sensor: u16,
    /// How near the way out: [`SilenceRow::exit`].
    pub exit: u8,
    /// Days ago.
    pub age_days: u16,
}

/// A silence that begins, as the tail sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Asked<'a> {
    /// Minute of the day at which it began.
    pub minute: u16,
    /// How near the way out.
    pub exit: u8,
    /// How much silences after each sensor count, by the sensor's number.
    pub nearness: &'a [f64],
    /// What is known beforehand of such a place.
    pub prior: &'a Prior,
}

/// The tail of the silences like the one that was asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tail {
    /// As reckoned from several lengths on.
    pieces: [Piece; RATES.len()],
    /// Hours a day that are spent like this.
    pub home_hours: f64,
}

/// The tail from one length on.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Piece {
    /// From which length on it is reckoned, in seconds.
    start: f64,
    /// How fast it dies out, in seconds.
    scale: f64,
    /// How often a day it begins.
    rate: f64,
}

/// How much a silence that began near the way out counts for one that did not: asked (row), past (column).
const EXITS: [[f64; 4]; 4] =
    [[1.0, 0.0, 0.10, 0.30], [0.0, 1.0, 0.30, 0.30], [0.05, 0.30, 1.0, 0.30], [0.25, 0.50, 0.30, 1.0]];

/// Half of what is remembered is younger than this.
pub const HALF_LIFE_DAYS: f64 = 45.0;

const CLOCK_KERNEL_MINUTES: f64 = 120.0;

/// What is assumed before the first day: so many days with so many silences longer than five minutes, …
const PRIOR_DAYS: f64 = 2.0;
const PRIOR_PER_DAY: f64 = 0.15;
const PRIOR_ROWS: usize = 25;
const PRIOR_HOME_HOURS: f64 = 0.3;

/// The tail begins where silences are no more frequent than this, a day. The mean of three begins is taken: of one alone the limit
/// would jump whenever a silence passes over it.
const RATES: [f64; 3] = [0.07, 0.10, 0.15];

const START_MIN_SECS: f64 = 900.0;
const EXCESS_MAX_SECS: f64 = 3600.0;
const SCALE_MIN_SECS: f64 = 600.0;
/// The shortest silence that is remembered.
pub const ROW_MIN_SECS: f64 = 300.0;
const HOME_HOURS_MIN: f64 = 0.02;
/// What of a silence counts as time at home after the movement before it.
const HOME_SECS_MAX: f64 = 7200.0;
const HOME_SHARE_OUTSIDE: f64 = 0.3;

/// What is known beforehand of quiet in a place; the home's own rows overrule it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prior {
    /// … of which the mean beyond five minutes is this.
    mean_secs: f64,
    /// So many rows are assumed in the tail (a tail of one row lies), …
    exceedances: f64,
    /// … with an excess of so many seconds, …
    excess_secs: f64,
    /// … or of this share of the tail's start, up to an hour.
    excess_of_start: f64,
}

/// Where people sit, lie and sleep, or where it is not known.
pub const LONG: Prior = Prior { mean_secs: 9000.0, exceedances: 2.0, excess_secs: 0.0, excess_of_start: 0.35 };
/// Nobody stays for hours in a bathroom or toilet.
pub const SHORT: Prior = Prior { mean_secs: 1800.0, exceedances: 3.0, excess_secs: 900.0, excess_of_start: 0.0 };
/// Nor, though a little longer, in a kitchen.
pub const KITCHEN: Prior = Prior { mean_secs: 1800.0, exceedances: 3.0, excess_secs: 1260.0, excess_of_start: 0.0 };

impl Past {
    /// A row as the present day keeps it.
    pub fn of(row: &SilenceRow, age_days: u16) -> Past {
        Past { secs: row.secs, minute: row.minute, sensor: row.sensor, exit: row.exit, age_days }
    }

    /// Its length in seconds.
    pub fn secs(&self) -> f64 {
        f64::from(self.secs)
    }

    /// How much it weighs for its age.
    pub fn aged(&self) -> f64 {
        AGED.get(usize::from(self.age_days)).copied().unwrap_or(0.0)
    }
}

/// What is made once a day of the silences before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Pasts {
    /// Longest first.
    rows: Vec<Past>,
    /// Days of history, weighted as the rows are, the assumed ones included.
    effective_days: f64,
}

impl Pasts {
    /// The silences of `days` days; the rows in any order.
    pub fn of(mut rows: Vec<Past>, days: usize) -> Pasts {
        rows.sort_unstable_by_key(order);
        let decayed = HALF_LIFE_DAYS / std::f64::consts::LN_2 * (1.0 - half(days as f64));
        Pasts { rows, effective_days: decayed + PRIOR_DAYS }
    }

    /// How much a past silence counts for the one that was asked for.
    pub fn weight(&self, asked: &Asked<'_>) -> impl Fn(&Past) -> f64 {
        let (exits, clock) = (&EXITS[usize::from(asked.exit & 3)], CLOCK.as_slice());
        let Asked { minute, nearness, .. } = *asked;
        move |past| {
            let place = nearness.get(usize::from(past.sensor)).copied().unwrap_or(0.0);
            let apart = usize::from(past.minute.abs_diff(minute));
            let clock = clock.get(apart.min(DAY_MINUTES.saturating_sub(apart))).copied().unwrap_or(0.0);
            past.aged() * exits[usize::from(past.exit & 3)] * place * clock
        }
    }

    /// The rows, longest first.
    pub fn rows(&self) -> &[Past] {
        &self.rows
    }

    /// The tail for the silence that was asked for.
    pub fn tail(&self, asked: &Asked<'_>) -> Tail {
        let days = self.effective_days;
        let assumed_weight = PRIOR_DAYS * PRIOR_PER_DAY / PRIOR_ROWS as f64;
        let mut assumed = QUANTILES.iter().map(|quantile| ROW_MIN_SECS + asked.prior.mean_secs * quantile).peekable();
        let weight = self.weight(asked);
        let at_home = |past: &Past, weight: f64| {
            let share = if past.exit > 0 { HOME_SHARE_OUTSIDE } else { 1.0 };
            weight * past.secs().min(HOME_SECS_MAX) / 3600.0 * share
        };
        let (mut home, mut begins) = (0.0, Begins::of(days));
        let mut rows = self.rows.iter();
        for past in rows.by_ref() {
            while let Some(secs) = assumed.next_if(|secs| *secs > past.secs()) {
                begins.take(secs, assumed_weight);
            }
            let weight = weight(past);
            home += at_home(past, weight);
            begins.take(past.secs(), weight);
            if begins.are_found() {
                break;
            }
        }
        // What lies below the last of the begins only adds to the time at home.
        home = rows.fold(home, |home, past| home + at_home(past, weight(past)));
        assumed.for_each(|secs| begins.take(secs, assumed_weight));
        let home_hours = ((home + PRIOR_DAYS * PRIOR_HOME_HOURS) / days).max(HOME_HOURS_MIN);
        Tail { pieces: begins.pieces(asked.prior), home_hours }
    }
}

/// Longest first; what is equally long in an order that depends on nothing else.
fn order(past: &Past) -> u128 {
    let Past { secs, minute, sensor, exit, age_days } = *past;
    let rest = u64::from(age_days) << 40 | u64::from(minute) << 24 | u64::from(sensor) << 8 | u64::from(exit);
    u128::from(!secs) << 64 | u128::from(rest)
}

/// Where the tails begin, found by taking silences, the longest first.
struct Begins {
    days: f64,
    above: Above,
    found: [Option<(f64, Above)>; RATES.len()],
}

impl Begins {
    fn of(days: f64) -> Begins {
        Begins { days, above: Above::default(), found: [None; RATES.len()] }
    }

    /// The last of them begins where silences are the most frequent.
    fn are_found(&self) -> bool {
        self.found[RATES.len() - 1].is_some()
    }

    fn take(&mut self, secs: f64, weight: f64) {
        if self.are_found() {
            return;
        }
        for (found, rate) in self.found.iter_mut().zip(RATES) {
            if found.is_none() && (self.above.weight + weight) / self.days >= rate {
                *found = Some((secs, self.above));
            }
        }
        self.above.weight += weight;
        self.above.secs += weight * secs;
    }

    fn pieces(&self, prior: &Prior) -> [Piece; RATES.len()] {
        let mut pieces = [Piece { start: 0.0, scale: 0.0, rate: 0.0 }; RATES.len()];
        for ((piece, found), rate) in pieces.iter_mut().zip(self.found).zip(RATES) {
            *piece = match found {
                Some((secs, above)) => above.piece(secs, rate, prior),
                None => self.above.piece(ROW_MIN_SECS, self.above.weight / self.days, prior),
            };
        }
        pieces
    }
}

/// The rows above the start of a tail: their weight, and their length times their weight.
#[derive(Debug, Clone, Copy, Default)]
struct Above {
    weight: f64,
    secs: f64,
}

impl Above {
    fn piece(&self, start: f64, rate: f64, prior: &Prior) -> Piece {
        let Prior { exceedances, excess_secs, excess_of_start, .. } = *prior;
        let assumed_excess = excess_secs + (excess_of_start * start.max(START_MIN_SECS)).min(EXCESS_MAX_SECS);
        let excess = self.secs - start * self.weight;
        let scale = ((excess + exceedances * assumed_excess) / (self.weight + exceedances)).max(SCALE_MIN_SECS);
        Piece { start, scale, rate }
    }
}

impl Tail {
    /// From which length on silences are long, in seconds: the middle one of those reckoned with.
    pub fn start(&self) -> f64 {
        self.pieces[RATES.len() / 2].start
    }

    /// The limit in seconds at this strictness. The allowance goes where she spends her time, divided by what an alert costs there in
    /// delay: so the last alert that is allowed buys the same everywhere.
    pub fn limit(&self, theta: f64) -> f64 {
        let limit = |piece: &Piece| {
            let allowed = theta * self.home_hours / (piece.scale / 3600.0);
            piece.start + piece.scale * (piece.rate / allowed).ln()
        };
        self.pieces.iter().map(limit).sum::<f64>() / RATES.len() as f64
    }
}

/// What of a weight is left after so many days.
fn half(days: f64) -> f64 {
    0.5_f64.powf(days / HALF_LIFE_DAYS)
}

/// How much silences weigh by their age in days.
static AGED: LazyLock<Vec<f64>> = LazyLock::new(|| (0..=DAYS_KEPT).map(|days| half(days as f64)).collect());

/// How much a silence weighs that began so many minutes of the day away.
static CLOCK: LazyLock<Vec<f64>> = LazyLock::new(|| {
    let away = |minutes: usize| (-0.5 * (minutes as f64 / CLOCK_KERNEL_MINUTES).powi(2)).exp();
    (0..=DAY_MINUTES / 2).map(away).collect()
});

/// Quantiles of an exponential distribution of mean one, longest first: the assumed silences.
static QUANTILES: LazyLock<Vec<f64>> = LazyLock::new(|| {
    let step = 0.96 / (PRIOR_ROWS - 1) as f64;
    (0..PRIOR_ROWS).rev().map(|nth| -(1.0 - (0.02 + step * nth as f64)).ln()).collect()
});

const DAY_MINUTES: usize = 24 * 60;
