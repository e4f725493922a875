//! A sensor's cover and its radio: whether it was opened, how well it is heard.

use super::days::Days;
use crate::engine::rules::weak_signal::Settings;
use crate::model::observation::{Evidence, Observation};
use crate::model::time::{Span, Timestamp};

/// A cover that was opened.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tamper {
    /// Since when.
    pub since: Timestamp,
    /// Since when it is shut again.
    pub shut_at: Option<Timestamp>,
}

impl Tamper {
    /// A cover that was shut for less than this was not shut: a switch that is loose is one matter.
    const SHUT_FOR: Span = Span::hours(1);

    /// What is known of the cover after it was said to be open or shut.
    pub(super) fn after(before: Option<Tamper>, open: bool, observation: &Observation) -> Option<Tamper> {
        let at = observation.at;
        match observation.evidence {
            Evidence::Cached | Evidence::Ambiguous => before,
            Evidence::Event | Evidence::Level if open => {
                let same = before.filter(|tamper| tamper.shut_at.is_none_or(|shut| at - shut < Tamper::SHUT_FOR));
                Some(Tamper { since: same.map_or(at, |tamper| tamper.since), shut_at: None })
            }
            Evidence::Event | Evidence::Level => {
                before.map(|tamper| Tamper { shut_at: tamper.shut_at.or(Some(at)), ..tamper })
            }
        }
    }

    /// When the matter is over; absent while the cover is open.
    pub fn over_at(&self) -> Option<Timestamp> {
        self.shut_at.map(|shut| shut + Tamper::SHUT_FOR)
    }

    pub(super) fn shift(&mut self, by: Span) {
        self.since += by;
        self.shut_at = self.shut_at.map(|at| at + by);
    }
}

/// How well a sensor is heard.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Signal {
    /// The median of the last whole day with enough reports, in percent.
    pub median_percent: Option<f64>,
    /// Since when the median of a day is too low.
    pub weak_since: Option<Timestamp>,
    /// How many reports of the present day lie in each twentieth of the scale.
    counts: [u16; STEPS],
    days: Days<()>,
}

impl Signal {
    pub(super) fn take(&mut self, percent: f64, observation: &Observation, settings: &Settings) {
        if observation.evidence == Evidence::Cached || !percent.is_finite() {
            return;
        }
        if self.days.at(observation.at).1 {
            self.close_day(observation.at, settings);
        }
        let step = (percent.clamp(0.0, 100.0) / STEP_PERCENT) as usize;
        if let Some(count) = self.counts.get_mut(step.min(STEPS - 1)) {
            *count = count.saturating_add(1);
        }
    }

    /// The day of the reports so far is over.
    fn close_day(&mut self, at: Timestamp, settings: &Settings) {
        let counts = std::mem::take(&mut self.counts);
        let all: u32 = counts.iter().map(|count| u32::from(*count)).sum();
        if all < REPORTS_MIN {
            return;
        }
        let mut below = 0;
        let middle = counts.iter().position(|count| {
            below += u32::from(*count);
            below * 2 >= all
        });
        let Some(middle) = middle else { return };
        let median = (middle as f64 + 0.5) * STEP_PERCENT;
        self.median_percent = Some(median);
        let limit = settings.at_most_percent + if self.weak_since.is_some() { BETTER_BY_PERCENT } else { 0.0 };
        self.weak_since = (median <= limit).then(|| self.weak_since.unwrap_or(at));
    }

    pub(super) fn shift(&mut self, by: Span) {
        self.days.shift(by);
        self.weak_since = self.weak_since.map(|at| at + by);
    }
}

const STEPS: usize = 20;
const STEP_PERCENT: f64 = 100.0 / STEPS as f64;

/// A median of fewer reports is chance.
const REPORTS_MIN: u32 = 6;

/// A signal is good again only when it is better by so much: it wavers with doors and weather.
const BETTER_BY_PERCENT: f64 = 10.0;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rules::testing::{at, observed};
    use crate::model::observation::Measure;

    #[test]
    fn the_median_of_a_day_counts_and_not_one_bad_hour() {
        let settings = Settings::default();
        let mut signal = Signal::default();
        let mut day = |day: i64, percents: [f64; 8]| {
            for (hour, percent) in percents.into_iter().enumerate() {
                let now = at("00:00") + Span::days(day) + Span::hours(hour as i64 * 3);
                let observation = observed("hall", now, Measure::SignalPercent(percent), Evidence::Level);
                signal.take(percent, &observation, &settings);
            }
            signal.weak_since
        };
        assert_eq!(day(0, [60.0, 3.0, 3.0, 60.0, 70.0, 3.0, 60.0, 60.0]), None);
        assert_eq!(day(1, [4.0; 8]), None, "the day before was good");
        let since = day(2, [16.0; 8]);
        assert_eq!(since, Some(at("00:00") + Span::days(2)));
        assert_eq!(day(3, [55.0; 8]), since, "better, but not by much");
        assert_eq!(day(4, [55.0; 8]), None);
    }

    #[test]
    fn a_loose_cover_is_one_matter() {
        let mut tamper = None;
        let mut say = |minute: i64, open: bool, evidence| {
            let observation = observed("hall", at("08:00") + Span::minutes(minute), Measure::Tamper(open), evidence);
            tamper = Tamper::after(tamper, open, &observation);
            tamper
        };
        assert_eq!(say(0, true, Evidence::Cached), None);
        assert_eq!(say(0, false, Evidence::Level), None);
        let opened = say(1, true, Evidence::Event).map(|tamper| tamper.since);
        assert_eq!(say(2, false, Evidence::Level).and_then(|t| t.over_at()), Some(at("08:02") + Span::hours(1)));
        assert_eq!(say(50, true, Evidence::Level).map(|tamper| tamper.since), opened);
        say(60, false, Evidence::Level);
        assert_eq!(say(121, true, Evidence::Level).map(|t| t.since), Some(at("10:01")));
    }
}
