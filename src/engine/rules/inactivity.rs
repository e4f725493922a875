//! No sign of life for longer than a fixed limit, set for each part of the day.
//!
//! Silence is judged only after a first sign of life (a home whose sensors have never shown life is a sensor problem) and
//! only while somebody watches: time without a watching gateway is neither quiet nor life. Dead and stuck sensors are no
//! witnesses; when none is left, the home is not quiet but not observed, and `not_observed` says so. Where that rule is switched
//! off, nobody else would speak of it, and this one does.

use super::check::Ahead;
use super::{Alarm, Finding, Known, Rule};
use crate::engine::seen::Unwatched;
use crate::model::found::Limited;
use crate::model::reason::{Blind, Reason};
use crate::model::time::{Hours, Span, TimeOfDay, Timestamp, Zone, span_text};
use serde::Deserialize;

/// `[rules.inactivity]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// A limit for each part of the day; silence longer than a limit inside its part is an alert.
    pub windows: Vec<Window>,
    /// Presence that a radar reports without an end is a sign of life for so long from its beginning.
    #[serde(with = "span_text")]
    pub presence_counts_for: Span,
}

/// A part of the day and its limit.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Begin, included: `09:00`.
    pub from: TimeOfDay,
    /// End, excluded: `21:00`.
    pub to: TimeOfDay,
    /// The longest silence that is no alert: `6h`.
    #[serde(with = "span_text")]
    pub at_most: Span,
}

impl Window {
    /// Its part of the day.
    pub fn hours(&self) -> Hours {
        Hours { from: self.from, to: self.to }
    }
}

impl Default for Settings {
    fn default() -> Self {
        let window = |from: &str, to: &str, hours| Window {
            from: from.parse().expect("a time of day"),
            to: to.parse().expect("a time of day"),
            at_most: Span::hours(hours),
        };
        // The night reaches to 09:00: with 07:00, everybody who sleeps from 22:30 would be an alert at seven sharp.
        let windows = vec![window("09:00", "21:00", 6), window("21:00", "09:00", 10)];
        // Long enough for an afternoon in the armchair; a fall in the field of a radar is found no later than this and the
        // limit of the hour together.
        Settings { windows, presence_counts_for: Span::hours(4) }
    }
}

impl Settings {
    /// Whether nobody has set the windows.
    pub fn is_as_shipped(&self) -> bool {
        let is = |(window, (from, to, hours)): (&Window, (u32, u32, i64))| {
            let own = (window.from.second_of_day(), window.to.second_of_day(), window.at_most);
            own == (from * 3600, to * 3600, Span::hours(hours))
        };
        self.windows.len() == 2 && self.windows.iter().zip([(9, 21, 6), (21, 9, 10)]).all(is)
    }

    /// When a silence that began at `quiet_since` becomes an alert, by which limit, and for which hours.
    ///
    /// While the clock is not trusted, hours mean nothing: the strictest limit holds at all times.
    pub fn fires_at(&self, zone: &Zone, clock_trusted: bool, quiet_since: Timestamp) -> Option<Fires> {
        let in_window = |window: &Window| Fires {
            at: window.hours().first_inside(zone, quiet_since + window.at_most),
            limit: window.at_most,
            hours: Some(window.hours()),
        };
        let strictest =
            |window: &Window| Fires { at: quiet_since + window.at_most, limit: window.at_most, hours: None };
        let candidates = self.windows.iter().map(|w| if clock_trusted { in_window(w) } else { strictest(w) });
        candidates.min_by_key(|fires| fires.at)
    }
}

/// When and by which limit a silence becomes an alert.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fires {
    /// When.
    pub at: Timestamp,
    /// By which limit.
    pub limit: Span,
    /// For which hours the limit is set.
    pub hours: Option<Hours>,
}

/// When the silence that began at `quiet_since` is too long for the windows that hold now: as they are shipped they step back
/// as soon as the rhythm of the home is learned, for they would spend the alerts that people will bear; its own ceiling is the
/// net then. Windows that somebody has set hold always; and so do all of them where nobody else tells that the home is not seen.
pub fn fires_at(known: &Known, quiet_since: Timestamp) -> Option<Fires> {
    let (seen, all) = (known.seen, known.seen.settings());
    let steps_back = all.inactivity.is_as_shipped() && seen.rhythm_watches() && all.is_on("not_observed");
    let holds = all.is_on("inactivity") && !steps_back;
    holds.then(|| all.inactivity.fires_at(&known.home.zone, seen.clock_trusted, quiet_since)).flatten()
}

struct Inactivity {
    /// Whether another rule tells that nobody watches.
    blindness_is_told: bool,
}

/// The rule with these settings.
pub fn rule(settings: &super::Settings) -> impl Rule + use<> {
    Inactivity { blindness_is_told: settings.is_on("not_observed") }
}

impl Rule for Inactivity {
    fn name(&self) -> &'static str {
        "inactivity"
    }

    fn judge(&self, now: Timestamp, known: &Known) -> Finding {
        let seen = known.seen;
        let is_told = seen.blind.is_some() && self.blindness_is_told;
        let Some(quiet_since) = seen.quiet_since.filter(|_| !is_told) else { return Finding::default() };
        let Some(fires) = fires_at(known, quiet_since) else { return Finding::default() };
        if fires.at > now {
            let ahead = Ahead { of: Limited::Inactivity, since: quiet_since, due: fires.at, room: None };
            return ahead.finding(now, known);
        }
        let unwatched = seen.unwatched(known.home, now);
        if unwatched.is_some() && self.blindness_is_told {
            return Finding::default();
        }
        let lasting = unwatched.map(|Unwatched { from, cause, .. }| Blind { from, to: None, cause });
        let past = || seen.blind_since(seen.last_life.as_ref().map_or(quiet_since, |life| life.at)).cloned();
        let sight = seen.sight(known.home, now);
        let reason = Reason::Inactivity {
            limit: fires.limit,
            hours: fires.hours,
            learned_limit: seen.habits.verdict().filter(|_| seen.rhythm_watches()).map(|verdict| verdict.limit),
            silence: now - quiet_since,
            last_life: seen.last_life.clone(),
            blind: seen.blind.clone().or(lasting).or_else(past),
            sensors_alive: sight.alive,
            sensors: sight.sensors,
            cannot_tell: sight.cannot_tell,
        };
        Finding { alarms: vec![Alarm { reason, since: quiet_since, is_over: false }], look_again: None }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, judge, moved};
    use super::*;

    fn default_rule() -> impl Rule {
        rule(&super::super::Settings::default())
    }

    #[test]
    fn silence_beyond_the_limit_of_the_hour_is_an_alarm_and_the_deadline_is_the_judgement() {
        let seen = moved(&["08:00"]);
        let rule = default_rule();
        let before = judge(&rule, at("13:59"), &seen);
        assert_eq!((before.alarms.len(), before.look_again), (0, Some(at("14:00"))));
        let finding = judge(&rule, at("14:00"), &seen);
        assert_eq!(finding.alarms[0].since, at("08:00"));
        assert!(matches!(
            &finding.alarms[0].reason,
            Reason::Inactivity { limit, silence, sensors_alive: 1, sensors: 3, .. }
                if *limit == Span::hours(6) && *silence == Span::hours(6)
        ));
    }

    #[test]
    fn a_night_without_movement_is_judged_by_the_night_and_then_by_the_morning() {
        let fires = |clock| Settings::default().fires_at(&Zone::utc(), true, at(clock)).map(|fires| fires.at);
        // Quiet since 20:00: from 21:00 on the night's limit holds, and it ends at 06:00.
        assert_eq!(fires("20:00"), Some(at("20:00") + Span::hours(10)));
        assert_eq!(fires("22:30"), Some(at("22:30") + Span::hours(10)));
        // Quiet since 23:30: at 09:00 the night has 30 minutes left, but the day's 6 h have long passed.
        assert_eq!(fires("23:30"), Some(at("09:00") + Span::hours(24)));
    }

    #[test]
    fn an_untrusted_clock_takes_the_strictest_limit_at_all_hours() {
        let fires = Settings::default().fires_at(&Zone::utc(), false, at("20:00"));
        assert_eq!(fires.map(|f| (f.at, f.hours)), Some((at("20:00") + Span::hours(6), None)));
    }

    #[test]
    fn where_nobody_else_tells_that_no_witness_is_left_the_quiet_is_told() {
        let later = at("08:00") + Span::hours(25);
        let judged = |off: &[&str], lose: &[&str]| {
            let off = off.iter().map(|rule| (*rule).to_owned()).collect();
            let settings = super::super::Settings { off, ..Default::default() };
            let mut seen = moved(&["08:00"]);
            lose.iter().for_each(|link| _ = seen.link(&super::super::testing::home(), at("09:00"), link, false));
            judge(&rule(&settings), later, &seen).alarms
        };
        for lose in [&[][..], &["mqtt", "radio"]] {
            assert_eq!(judged(&[], lose), [], "not_observed tells it");
            let alarms = judged(&["not_observed"], lose);
            assert!(
                matches!(
                    &alarms[..],
                    [Alarm { reason: Reason::Inactivity { sensors_alive: 0, blind: Some(_), .. }, .. }]
                ),
                "{alarms:?}"
            );
        }
    }

    #[test]
    fn windows_that_somebody_has_set_are_never_taken_for_the_shipped_ones() {
        let shipped = Settings::default();
        assert!(shipped.is_as_shipped());
        for (day, night) in [("09:30", "21:30"), ("09:20", "21:40"), ("09:00", "21:01")] {
            let (day, night) = (day.parse().unwrap(), night.parse().unwrap());
            let mut own = shipped.clone();
            (own.windows[0].from, own.windows[0].to) = (day, night);
            (own.windows[1].from, own.windows[1].to) = (night, day);
            assert!(!own.is_as_shipped(), "{day:?}");
        }
        let mut own = shipped.clone();
        own.windows[0].at_most = Span::hours(5);
        assert!(!own.is_as_shipped());
    }

    #[test]
    fn a_home_that_never_showed_life_is_not_quiet() {
        assert_eq!(judge(&default_rule(), at("23:00"), &moved(&[])), Finding::default());
    }
}
