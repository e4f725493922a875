//! A sensor's cell: how full, whether it is low, and when it will be empty if it goes on like this.

use super::days::Days;
use crate::engine::rules::low_battery::Settings;
use crate::model::observation::{Evidence, Measure, Observation};
use crate::model::time::{Span, Timestamp};

/// A sensor's battery.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Battery {
    /// As reported.
    pub percent: Option<f64>,
    /// The lowest report of this cell: cells do not recover, they only warm up.
    pub lowest_percent: Option<f64>,
    /// The supply voltage as reported.
    pub volts: Option<f64>,
    /// The lowest supply voltage of this cell.
    pub lowest_volts: Option<f64>,
    /// The device's own warning.
    pub low: bool,
    /// Since when it is low by percent, voltage or the device's own word.
    pub low_since: Option<Timestamp>,
    /// It falls so fast that it will be empty soon.
    pub falling: Option<Falling>,
    /// Whether the device has a warning of its own: then its voltage is its own matter.
    has_flag: bool,
    lowest_of_day: Days<f32>,
}

/// A cell that will be empty soon.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Falling {
    /// Since when that is known.
    pub since: Timestamp,
    /// When it will be empty, as far as can be told.
    pub empty_at: Timestamp,
}

impl Battery {
    /// What is known of a battery after `observation`; nothing new where that is not about a battery.
    pub fn after(before: Option<&Battery>, observation: &Observation, settings: &Settings) -> Option<Battery> {
        let at = observation.at;
        let (percent, volts, flag) = reported(observation)?;
        let before = before.copied();
        let jumped = rise(percent, before.and_then(|b| b.percent)) >= EXCHANGED_JUMP_PERCENT
            || rise(volts, before.and_then(|b| b.volts)) >= EXCHANGED_JUMP_VOLTS;
        let exchanged = jumped || before.is_some_and(|b| b.low && flag == Some(false));
        let mut battery = before.filter(|_| !exchanged).unwrap_or_else(Battery::new);
        battery.percent = percent.or(before.and_then(|b| b.percent));
        battery.volts = volts.or(before.and_then(|b| b.volts));
        battery.lowest_percent = percent.into_iter().chain(battery.lowest_percent).reduce(f64::min);
        battery.lowest_volts = volts.into_iter().chain(battery.lowest_volts).reduce(f64::min);
        battery.has_flag |= flag.is_some() || before.is_some_and(|b| b.has_flag);
        // The flag of the old cell says nothing about the new one.
        battery.low = flag.unwrap_or(battery.low);
        battery.low_since = if battery.is_low(settings) { battery.low_since.or(Some(at)) } else { None };
        if let Some(percent) = percent {
            battery.follow(at, percent as f32, settings);
        }
        Some(battery)
    }

    /// Moves every remembered instant by `by`.
    pub fn shift(&mut self, by: Span) {
        self.low_since = self.low_since.map(|at| at + by);
        self.falling = self.falling.map(|f| Falling { since: f.since + by, empty_at: f.empty_at + by });
        self.lowest_of_day.shift(by);
    }

    fn new() -> Battery {
        Battery {
            percent: None,
            lowest_percent: None,
            volts: None,
            lowest_volts: None,
            low: false,
            low_since: None,
            falling: None,
            has_flag: false,
            lowest_of_day: Days::default(),
        }
    }

    fn is_low(&self, settings: &Settings) -> bool {
        let by_percent = self.lowest_percent.is_some_and(|percent| percent <= settings.at_most_percent);
        // What a voltage means differs from cell to cell: it counts only where the device says nothing better.
        let only_volts = self.percent.is_none() && !self.has_flag;
        self.low || by_percent || (only_volts && self.lowest_volts.is_some_and(|volts| volts <= settings.at_most_volts))
    }

    /// Looks once a day at the lowest report of each day before.
    fn follow(&mut self, at: Timestamp, percent: f32, settings: &Settings) {
        let (today, begins) = self.lowest_of_day.at(at);
        *today = Some(today.map_or(percent, |lowest| lowest.min(percent)));
        if !begins {
            return;
        }
        let days_left = self.days_left();
        let within = f64::from(settings.empty_within_days);
        // Told at N days, taken back only at twice as many: an estimate wavers.
        let limit = if self.falling.is_some() { 2.0 * within } else { within };
        self.falling = days_left.filter(|days| *days <= limit).map(|days| Falling {
            since: self.falling.map_or(at, |falling| falling.since),
            empty_at: at + Span::seconds((days * 86_400.0) as i64),
        });
    }

    /// Days until it is empty, by the middle one of all slopes between two days: a cold morning does not sway it.
    fn days_left(&self) -> Option<f64> {
        let (mut days, mut known) = ([(0.0_f64, 0.0_f64); DAYS_FITTED], 0);
        for (place, (back, percent)) in days.iter_mut().zip(self.lowest_of_day.past()) {
            *place = (-(back as f64), f64::from(percent));
            known += 1;
        }
        let days = days.get(..known)?;
        let (newest, oldest) = (days.first()?, days.last()?);
        if known < DAYS_FITTED || newest.0 <= oldest.0 {
            return None;
        }
        let mut slopes = [0.0_f64; DAYS_FITTED * DAYS_FITTED / 2];
        let pairs = days.iter().enumerate().flat_map(|(nth, later)| days.iter().skip(nth + 1).map(move |d| (later, d)));
        let mut count = 0;
        for (place, (later, earlier)) in slopes.iter_mut().zip(pairs) {
            *place = (later.1 - earlier.1) / (later.0 - earlier.0);
            count += 1;
        }
        let slope = middle(slopes.get_mut(..count)?)?;
        if slope > -SLOPE_MIN {
            return None;
        }
        let mut levels = [0.0_f64; DAYS_FITTED];
        levels.iter_mut().zip(days).for_each(|(place, day)| *place = day.1 - slope * day.0);
        let level_now = middle(levels.get_mut(..known)?)?;
        Some((level_now / -slope).max(0.0))
    }
}

/// Percent, volts and the device's own warning, whichever it is that this says.
fn reported(observation: &Observation) -> Option<(Option<f64>, Option<f64>, Option<bool>)> {
    if observation.evidence == Evidence::Cached {
        return None;
    }
    let finite = |number: f64| Some(number).filter(|number| number.is_finite());
    if let Measure::BatteryPercent(percent) = observation.measure {
        Some((Some(finite(percent)?), None, None))
    } else if let Measure::SupplyVolts(volts) = observation.measure {
        Some((None, Some(finite(volts)?), None))
    } else if let Measure::BatteryLow(low) = observation.measure {
        Some((None, None, Some(low)))
    } else {
        None
    }
}

fn rise(now: Option<f64>, before: Option<f64>) -> f64 {
    now.zip(before).map_or(0.0, |(now, before)| now - before)
}

fn middle(values: &mut [f64]) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// A battery that gains this much has been changed; smaller jumps are temperature.
const EXCHANGED_JUMP_PERCENT: f64 = 20.0;
const EXCHANGED_JUMP_VOLTS: f64 = 0.4;

/// Percent a day; what falls more slowly than that lasts for months.
const SLOPE_MIN: f64 = 0.3;

/// The line goes through so many days: through fewer it is a guess, through more it sees too late that a cell begins to fall.
const DAYS_FITTED: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rules::testing::{at, observed};

    fn after(days: impl IntoIterator<Item = f64>) -> Battery {
        let settings = Settings::default();
        let mut battery = None;
        for (day, percent) in days.into_iter().enumerate() {
            for (hour, warm) in [(3, 0.0), (15, 4.0)] {
                let now = at("00:00") + Span::days(day as i64) + Span::hours(hour);
                let observation = observed("hall", now, Measure::BatteryPercent(percent + warm), Evidence::Level);
                battery = Battery::after(battery.as_ref(), &observation, &settings);
            }
        }
        battery.expect("there was a report")
    }

    #[test]
    fn a_cell_that_falls_by_three_percent_a_day_is_told_two_weeks_before_it_is_empty() {
        let level = |day: i32| 90.0 - 3.0 * f64::from(day);
        assert_eq!(after((0..15).map(level)).falling, None, "48 % left, sixteen days");
        let battery = after((0..18).map(level));
        let days = (battery.falling.expect("it falls").empty_at - (at("00:00") + Span::days(17))).num_days();
        assert!((12..=14).contains(&days), "{days}");
        assert_eq!(battery.low_since, None);
    }

    #[test]
    fn a_cold_week_or_a_step_is_no_falling_cell() {
        assert_eq!(after((0..28).map(|_| 60.0)).falling, None);
        assert_eq!(after((0..28).map(|day| if day == 20 { 20.0 } else { 70.0 })).falling, None);
        assert_eq!(after((0..28).map(|day| if day < 14 { 100.0 } else { 95.0 })).falling, None);
    }

    #[test]
    fn a_new_cell_ends_the_fall() {
        let falls = (0..18).map(|day| 70.0 - 3.0 * f64::from(day));
        assert_eq!(after(falls.chain([100.0])).falling, None);
    }

    #[test]
    fn a_voltage_counts_where_nothing_better_is_said() {
        let settings = Settings::default();
        let mut battery = None;
        let mut said = |measure| {
            battery =
                Battery::after(battery.as_ref(), &observed("hall", at("08:00"), measure, Evidence::Level), &settings);
            battery.is_some_and(|battery| battery.low_since.is_some())
        };
        assert!(!said(Measure::SupplyVolts(2.9)));
        assert!(said(Measure::SupplyVolts(2.2)));
        assert!(said(Measure::SupplyVolts(2.4)), "it has warmed up");
        assert!(!said(Measure::SupplyVolts(3.1)), "a new cell");
        assert!(!said(Measure::BatteryLow(false)));
        assert!(!said(Measure::SupplyVolts(2.2)), "the device knows better when its cell is low");
        assert!(!said(Measure::SupplyVolts(f64::NAN)));
    }
}
