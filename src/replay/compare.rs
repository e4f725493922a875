//! Two replays of one history side by side: which alerts are gained, lost, earlier, later.
//!
//! Alerts are paired by their episode and not by their time: by the matter of a rule (sensor, link) while it was wrong, and
//! for silences by the silence itself, whichever rule found it.

use super::simulated::{Raised, is_silence};
use crate::model::time::{Span, Timestamp};

/// What became of one alert, or of one pair.
#[allow(clippy::large_enum_variant)] // a few dozen, each looked at once
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Both have it.
    Both {
        /// As the first has it.
        base: Raised,
        /// As the other has it.
        other: Raised,
    },
    /// Only the other has it.
    Gained {
        /// It.
        other: Raised,
        /// The other alert of the same silence that both have.
        beside: Option<&'static str>,
    },
    /// Only the first has it.
    Lost {
        /// It.
        base: Raised,
        /// The rule by which the other finds the same silence.
        beside: Option<&'static str>,
    },
}

impl Change {
    /// The alert: as the first has it, else as the other does.
    pub fn alert(&self) -> &Raised {
        match self {
            Change::Both { base, .. } | Change::Lost { base, .. } => base,
            Change::Gained { other, .. } => other,
        }
    }

    /// By how much the other is later; nothing where only one has it.
    pub fn later_by(&self) -> Option<Span> {
        match self {
            Change::Both { base, other } => Some(other.at - base.at),
            Change::Gained { .. } | Change::Lost { .. } => None,
        }
    }
}

/// Pairs what two configurations raised upon the same history. In order of time.
pub fn compare(base: &[Raised], other: &[Raised]) -> Vec<Change> {
    let mut partner: Vec<Option<usize>> = vec![None; base.len()];
    let mut is_taken = vec![false; other.len()];
    // The strictest likeness first, so that a repeat within an episode does not take the partner of the first alert.
    let likeness: [fn(&Raised, &Raised) -> bool; 3] = [
        |a, b| is_same_matter(a, b) && a.at == b.at,
        |a, b| is_same_matter(a, b) && overlap(a, b),
        |a, b| is_silence(&a.reason) && is_silence(&b.reason) && overlap(a, b),
    ];
    for is_alike in likeness {
        pair(base, other, &mut partner, &mut is_taken, is_alike);
    }
    let beside = |alert: &Raised, among: &[Raised]| {
        let same = |b: &&Raised| is_silence(&alert.reason) && is_silence(&b.reason) && overlap(alert, b);
        among.iter().find(same).map(|found| found.reason.rule())
    };
    let of_base = base.iter().zip(&partner).map(|(base_alert, partner)| match partner.and_then(|at| other.get(at)) {
        Some(found) => Change::Both { base: base_alert.clone(), other: found.clone() },
        None => Change::Lost { base: base_alert.clone(), beside: beside(base_alert, other) },
    });
    let gained = other.iter().zip(&is_taken).filter(|(_, taken)| !**taken);
    let gained = gained.map(|(alert, _)| Change::Gained { other: alert.clone(), beside: beside(alert, base) });
    let mut changes: Vec<Change> = of_base.chain(gained).collect();
    changes.sort_by_key(|change| change.alert().at);
    changes
}

/// Both lists are in order of time, so whoever comes first is paired first.
fn pair(
    base: &[Raised],
    other: &[Raised],
    partner: &mut [Option<usize>],
    is_taken: &mut [bool],
    is_alike: fn(&Raised, &Raised) -> bool,
) {
    for (alert, partner) in base.iter().zip(partner).filter(|(_, partner)| partner.is_none()) {
        let free = other.iter().enumerate().zip(&*is_taken).filter(|(_, taken)| !**taken);
        let found = free.map(|(candidate, _)| candidate).find(|(_, candidate)| is_alike(alert, candidate));
        if let Some((place, _)) = found {
            *partner = Some(place);
            is_taken[place] = true;
        }
    }
}

/// Whether two alerts tell the same: one matter of one rule, or one silence.
pub fn is_same_episode(a: &Raised, b: &Raised) -> bool {
    (is_same_matter(a, b) || is_silence(&a.reason) && is_silence(&b.reason)) && overlap(a, b)
}

fn is_same_matter(a: &Raised, b: &Raised) -> bool {
    let matter = |r: &Raised| (r.reason.rule(), r.reason.subject().cloned(), r.reason.link().map(str::to_owned));
    matter(a) == matter(b)
}

/// Whether two alerts are of one episode: the next one may begin at the very instant at which this one ends.
fn overlap(a: &Raised, b: &Raised) -> bool {
    let end = |raised: &Raised| raised.ended.unwrap_or(Timestamp::MAX_UTC);
    a.began == b.began || (a.began < end(b) && b.began < end(a))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reason::Reason;
    use crate::model::time::from_millis;

    fn at(hour: i64) -> Timestamp {
        from_millis(hour * 3_600_000)
    }

    fn silence(began: i64, raised: i64, ended: i64) -> Raised {
        let (limit, silence) = (at(raised) - at(began), at(raised) - at(began));
        let (hours, last_life, blind, learned_limit) = (None, None, None, None);
        let reason = Reason::Inactivity {
            limit,
            hours,
            silence,
            last_life,
            blind,
            sensors_alive: 1,
            sensors: 1,
            cannot_tell: 0,
            learned_limit,
        };
        Raised::made_up(at(raised), reason, at(began), Some(at(ended)))
    }

    fn battery(sensor: &str, raised: i64, ended: Option<i64>) -> Raised {
        let (room, volts, empty_in_days) = (None, None, None);
        let sensor = sensor.parse().unwrap();
        let reason = Reason::LowBattery { sensor, room, percent: None, limit_percent: 20.0, volts, empty_in_days };
        Raised::made_up(at(raised), reason, at(raised), ended.map(at))
    }

    fn in_words(changes: &[Change]) -> Vec<String> {
        let word = |change: &Change| match change {
            Change::Both { .. } => format!("{}h", change.later_by().unwrap().num_hours()),
            Change::Gained { .. } => "gained".into(),
            Change::Lost { .. } => "lost".into(),
        };
        changes.iter().map(word).collect()
    }

    #[test]
    fn silences_are_paired_by_the_silence_however_far_apart_they_are_found() {
        let base = [silence(0, 6, 11), silence(11, 17, 30), silence(40, 46, 47)];
        let other = [silence(0, 9, 11), silence(11, 20, 30)];
        assert_eq!(in_words(&compare(&base, &other)), ["3h", "3h", "lost"]);
        assert_eq!(in_words(&compare(&other, &base)), ["-3h", "-3h", "gained"]);
    }

    #[test]
    fn faults_are_paired_by_sensor_and_a_neighbour_in_time_is_no_partner() {
        let base = [battery("hall", 5, None), battery("bath", 6, Some(9))];
        let other = [battery("bath", 5, Some(9)), battery("hall", 50, None), battery("bath", 20, None)];
        assert_eq!(in_words(&compare(&base, &other)), ["45h", "-1h", "gained"]);
    }
}
