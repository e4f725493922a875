//! What a home tells about the day, as its heartbeats say it: written down when it changes.

use crate::desk::Desk;
use crate::desk::input::{AlertKey, Condition, Effect, Recorded};
use crate::desk::timer_key;
use crate::model::ids::HomeId;
use crate::model::lifecycle::{Actor, Deed};
use crate::model::own_sign::OwnSign;
use crate::model::reason::Reason;
use crate::model::suspension::Absence;
use crate::model::time::{Day, Span, TimeOfDay, Timestamp, Zone};
use serde::{Deserialize, Serialize};

/// What a home told about its day.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Word {
    /// It tells how its day goes at all; older gateways do not, and none whose clock cannot be believed.
    pub tells: bool,
    /// The newest day that the resident began by herself, and how.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sign: Option<(Day, OwnSign)>,
    /// When that has mostly come about, by the clock of the station.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usual_by: Option<TimeOfDay>,
    /// Which of the first days this is, until enough are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning_day: Option<u32>,
    /// Nothing there that could show life can be heard.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub blind: bool,
    /// A good part of the morning nobody watched.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub patchy: bool,
    /// Sensors that were never heard.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unheard: bool,
    /// Nobody should be at home: why, from when and until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub absent: Option<(Absence, i64, i64)>,
    /// Others move about there: only the button tells of the resident.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub with_others: bool,
}

impl Word {
    /// What `condition` tells at `now`; what it does not speak of stays as it was.
    fn of(now: Timestamp, condition: &Condition, zone: &Zone, before: &Word) -> Word {
        let today = condition.today.as_ref();
        let sign = match today {
            Some(today) => match today.sign {
                Some(sign) => Some((today.date, sign)),
                // Taken back: a sensor turned out to chatter.
                None => before.sign.filter(|(day, _)| *day != today.date),
            },
            None => before.sign,
        };
        let holds = |from: Timestamp, until: Timestamp| from <= now && now < until;
        let empty = condition.suspended.iter().filter_map(|said| {
            let kind = said.kind.filter(|kind| kind.is_empty_home() && said.until > now)?;
            Some((!holds(said.from, said.until), kind, said.from.timestamp_millis(), said.until.timestamp_millis()))
        });
        let others = condition.suspended.iter().filter(|said| holds(said.from, said.until));
        let is_shared = |kind: Absence| kind.is_shared_home() || kind == Absence::Cleaning;
        Word {
            tells: today.is_some(),
            sign,
            usual_by: today.and_then(|today| today.usual_by).and_then(|at| minute(zone, at)),
            learning_day: today.and_then(|today| today.learning_day),
            blind: condition.blind,
            patchy: today.is_some_and(|today| today.unwatched > PATCHY),
            unheard: condition.sensors.iter().any(|sensor| sensor.heard_secs.is_none()),
            absent: empty.min().map(|(_, kind, from, until)| (kind, from, until)),
            with_others: others.filter_map(|said| said.kind).any(is_shared),
        }
    }

    /// Why nobody should be at home at `now`, and until when.
    pub fn absent_at(&self, now: Timestamp) -> Option<(Absence, Timestamp, Timestamp)> {
        let (kind, from, until) = self.absent?;
        let (from, until) = (crate::model::time::from_millis(from), crate::model::time::from_millis(until));
        (from <= now && now < until).then_some((kind, from, until))
    }
}

fn minute(zone: &Zone, at: Timestamp) -> Option<TimeOfDay> {
    let minute = u16::try_from(zone.local(at).second_of_day / 60).ok()?;
    TimeOfDay::new(minute / 60, minute % 60)
}

impl Desk {
    /// A home says how it is: what of that bears on its day is written down where it is news.
    pub(in crate::desk) fn told_of_day(&mut self, now: Timestamp, home: &HomeId, effects: &mut Vec<Effect>) {
        let Some(condition) = self.watch.homes.get(home).and_then(|seen| seen.condition.as_ref()) else { return };
        let known = self.daily.homes.get(home).map(|morning| &morning.word);
        let usual = Word::default();
        let before = known.unwrap_or(&usual);
        let word = Word::of(now, condition, &self.settings.daily.zone, before);
        // A home that tells nothing is as one that was not heard.
        if *before == word {
            return;
        }
        let is_new_sign = word.sign.is_some() && word.sign != before.sign;
        self.record(Recorded::Morning { at: now, home: home.clone(), word }, effects);
        effects.push(Effect::Changed(crate::desk::Subject::Errands(home.clone())));
        if is_new_sign {
            self.shown_after_all(now, home, effects);
        }
    }

    /// The resident shows that the day began although an alert was raised about it: that is told, and people close.
    fn shown_after_all(&mut self, now: Timestamp, home: &HomeId, effects: &mut Vec<Effect>) {
        let is_it = |alert: &&crate::desk::Row| {
            let alert = &alert.alert;
            let is_about = matches!(alert.reason, Reason::MissedContact(_));
            is_about && alert.phase.is_open() && alert.recovered_at.is_none()
        };
        let Some(alert) = self.rows_of(home).find(is_it).map(|row| row.key.clone()) else { return };
        let (by, what) = (Actor::station(self.settings.point.clone()), Deed::Recovered);
        let key = timer_key(now, &what);
        self.record(Recorded::Done { at: now, alert: alert.clone(), by, what, key }, effects);
        effects.push(Effect::Changed(AlertKey::into(alert)));
    }
}

/// A restart or a short cut is no gap in a morning.
const PATCHY: Span = Span::minutes(30);
