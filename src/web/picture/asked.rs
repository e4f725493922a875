//! What homes were asked for somebody who looks, and what they answered: in memory alone and for minutes, never on a disk.

use crate::model::ids::HomeId;
use crate::model::time::{Span, Timestamp};
use crate::wire::Activity;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The questions and answers of the last minutes; copies are handles of the same ones.
#[derive(Clone, Default)]
pub struct Pictures(Arc<Mutex<BTreeMap<HomeId, Asked>>>);

/// Says nothing of what homes answered.
impl std::fmt::Debug for Pictures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pictures({})", self.homes().len())
    }
}

struct Asked {
    id: String,
    at: Timestamp,
    /// Somebody was told that there was no answer: whoever comes next asks anew.
    was_told: bool,
    answer: Option<(Timestamp, Arc<Activity>)>,
}

/// How a question stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Stand {
    /// Nobody has asked: to be asked now, by this name.
    Ask(String),
    /// Asked then; the answer may come yet.
    Waiting(Timestamp),
    /// Asked then; the home does not answer.
    Unanswered(Timestamp),
    /// Answered then.
    Answered(Timestamp, Arc<Activity>),
}

impl Pictures {
    /// Somebody looks at a home: what there is, or that it is to be asked by the name that `id` makes.
    pub(super) fn look(&self, home: &HomeId, now: Timestamp, id: impl FnOnce() -> String) -> Stand {
        let mut homes = self.homes();
        forget(&mut homes, now);
        if let Some(asked) = homes.get_mut(home) {
            match &asked.answer {
                Some((at, activity)) => return Stand::Answered(*at, Arc::clone(activity)),
                None if now - asked.at < ANSWERED_WITHIN => return Stand::Waiting(asked.at),
                None if !asked.was_told => {
                    asked.was_told = true;
                    return Stand::Unanswered(asked.at);
                }
                None => {}
            }
        }
        if homes.len() >= HOMES_MAX {
            let oldest = homes.iter().min_by_key(|(_, asked)| asked.at).map(|(home, _)| home.clone());
            oldest.and_then(|oldest| homes.remove(&oldest));
        }
        let id = id();
        homes.insert(home.clone(), Asked { id: id.clone(), at: now, was_told: false, answer: None });
        Stand::Ask(id)
    }

    /// A home answers; an answer to nothing that was asked a moment ago is let go.
    pub fn answered(&self, now: Timestamp, activity: Activity) -> bool {
        let mut homes = self.homes();
        forget(&mut homes, now);
        let asked = homes.get_mut(&activity.home);
        let Some(asked) = asked.filter(|asked| asked.id == activity.id && asked.answer.is_none()) else { return false };
        asked.answer = Some((now, Arc::new(cut(activity))));
        true
    }

    /// What is older than it may be kept goes, though nobody looks.
    pub fn forget(&self, now: Timestamp) {
        forget(&mut self.homes(), now);
    }

    fn homes(&self) -> MutexGuard<'_, BTreeMap<HomeId, Asked>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn forget(homes: &mut BTreeMap<HomeId, Asked>, now: Timestamp) {
    homes.retain(|_, asked| {
        let newest = asked.answer.as_ref().map_or(asked.at, |(at, _)| *at);
        (newest - Span::seconds(1)..newest + KEPT_FOR).contains(&now)
    });
}

/// As much of it as can be drawn: it comes from outside.
fn cut(mut activity: Activity) -> Activity {
    activity.days.truncate(DAYS_MAX);
    activity.rooms.truncate(ROOMS_MAX);
    for day in &mut activity.days {
        for line in [&mut day.levels, &mut day.rooms] {
            *line = line.chars().take(QUARTERS_MAX).collect();
        }
        day.doors.truncate(QUARTERS_MAX);
        day.buttons.truncate(QUARTERS_MAX);
    }
    if let Some(usual) = &mut activity.usual {
        usual.quiet = usual.quiet.chars().take(QUARTERS_MAX).collect();
        usual.parts.truncate(8);
    }
    activity.fault = activity.fault.map(|fault| fault.chars().take(300).collect());
    activity
}

/// A home reads two weeks in a second or two; a slow broker and a small machine need longer.
const ANSWERED_WITHIN: Span = Span::seconds(20);
/// For so long an answer is shown again without asking; then it is gone.
const KEPT_FOR: Span = Span::minutes(2);
/// More people than a station has do not look at once.
const HOMES_MAX: usize = 64;
const DAYS_MAX: usize = 15;
const ROOMS_MAX: usize = 26;
/// Of the longest day there is.
const QUARTERS_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::card::Consent;
    use crate::model::time::from_millis;

    fn at(secs: i64) -> Timestamp {
        from_millis(1_795_000_000_000 + secs * 1000)
    }

    fn answer(id: &str) -> Activity {
        let (days, rooms) = (Vec::new(), Vec::new());
        let home = "flat-1".parse().unwrap();
        let shares = Consent::Activity;
        Activity { v: 1, home, id: id.into(), at: at(0), shares, days, rooms, usual: None, fault: None }
    }

    #[test]
    fn a_home_is_asked_once_while_people_wait_and_its_answer_is_gone_after_minutes() {
        let (pictures, home): (_, HomeId) = (Pictures::default(), "flat-1".parse().unwrap());
        let look = |secs| pictures.look(&home, at(secs), || format!("q{secs}"));
        assert_eq!(look(0), Stand::Ask("q0".into()));
        assert_eq!(look(2), Stand::Waiting(at(0)), "the page comes anew by itself");
        assert!(!pictures.answered(at(3), answer("q-other")), "an answer to no question of ours");
        assert!(pictures.answered(at(3), answer("q0")));
        assert!(!pictures.answered(at(4), answer("q0")), "once");
        assert!(matches!(look(60), Stand::Answered(asked, _) if asked == at(3)));
        assert_eq!(look(130), Stand::Ask("q130".into()));
        pictures.forget(at(1000));
        assert!(pictures.homes().is_empty());
    }

    #[test]
    fn a_home_that_does_not_answer_is_said_to_be_so_and_asked_again_by_whoever_comes_next() {
        let (pictures, home): (_, HomeId) = (Pictures::default(), "flat-1".parse().unwrap());
        let look = |secs| pictures.look(&home, at(secs), || format!("q{secs}"));
        look(0);
        assert_eq!(look(21), Stand::Unanswered(at(0)));
        assert_eq!(look(25), Stand::Ask("q25".into()));
        assert!(!pictures.answered(at(26), answer("q0")), "an answer to the first question comes too late");
    }

    #[test]
    fn many_homes_take_no_more_than_their_room() {
        let pictures = Pictures::default();
        for nth in 0..500 {
            pictures.look(&format!("flat-{nth}").parse().unwrap(), at(nth / 100), || "q".into());
        }
        assert_eq!(pictures.homes().len(), HOMES_MAX);
    }
}
