//! Suspensions that the staff asks homes for: sent until the home shows them in force or says why not.
//!
//! The home is the judge: what holds there stands in its heartbeat. What was asked and not yet answered is told apart from
//! it, so that nobody believes that a home is suspended which never heard of it.

use crate::desk::Desk;
use crate::desk::input::{Condition, Effect, Recorded, Subject, Suspending};
use crate::desk::send::Attempt;
use crate::model::errand::{Declined, Errand};
use crate::model::fingerprint;
use crate::model::ids::HomeId;
use crate::model::lifecycle::{Actor, Role};
use crate::model::suspension::{Absence, Change, LONGEST, Suspension};
use crate::model::time::{Span, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// What was asked of homes: of each home and kind the newest.
#[derive(Debug, Clone, Default)]
pub(super) struct Suspensions {
    asked: BTreeMap<(HomeId, Absence), Asked>,
    /// Those without an answer.
    waiting: BTreeSet<(HomeId, Absence)>,
    /// When each of them goes out again. Not written down: after a restart all are due at once.
    attempts: BTreeMap<(HomeId, Absence), Attempt>,
}

/// One thing that was asked.
#[derive(Debug, Clone, PartialEq)]
struct Asked {
    id: String,
    at: Timestamp,
    by: Actor,
    what: Change,
    answer: Option<(Timestamp, HomeSaid)>,
}

/// What a home said to what was asked.
#[derive(Debug, Clone, PartialEq)]
enum HomeSaid {
    Done,
    Refused(String),
}

/// How a suspension stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stand {
    /// The home says that it holds, or will.
    InForce,
    /// Asked for at that instant; the home has not confirmed it.
    Asked(Timestamp),
    /// It holds, and its end was asked for at that instant.
    Ending(Timestamp),
    /// The home did not take it, and said why.
    Refused(String),
    /// Its end came before the home ever confirmed it.
    NeverConfirmed,
    /// The home confirmed it, and its end has come.
    Over,
}

/// A suspension as people see it.
#[derive(Debug, Clone, PartialEq)]
pub struct SuspensionView {
    /// Why; absent where the home knows a kind that this program does not.
    pub kind: Option<Absence>,
    /// Who answers for it.
    pub owner: String,
    /// In words.
    pub why: String,
    /// From when on.
    pub from: Timestamp,
    /// Its end.
    pub until: Timestamp,
    /// How it stands.
    pub stand: Stand,
}

impl Asked {
    /// Whether it is worth asking still.
    fn is_over(&self, now: Timestamp) -> bool {
        match &self.what {
            Change::Begin(suspension) => suspension.until <= now,
            Change::End { .. } => now - self.at > LONGEST,
        }
    }

    /// What `condition` says to it.
    fn answer_in(&self, condition: &Condition) -> Option<HomeSaid> {
        let refusal = condition.refused.iter().find(|refused| refused.id == self.id);
        if let Some(refused) = refusal {
            return Some(HomeSaid::Refused(refused.why.clone()));
        }
        let is_so = match &self.what {
            Change::Begin(wanted) => condition
                .suspended
                .iter()
                .any(|held| held.kind == Some(wanted.kind) && held.owner == wanted.owner && held.until == wanted.until),
            Change::End { kind, .. } => condition.suspended.iter().all(|held| held.kind != Some(*kind)),
        };
        is_so.then_some(HomeSaid::Done)
    }
}

impl Suspensions {
    /// The one way in which this state changes, at work and when it is restored.
    pub fn learn(&mut self, at: Timestamp, home: &HomeId, by: &Actor, what: &Errand, key: &str) {
        let (kind, what) = match what {
            Errand::Suspend(suspension) => (suspension.kind, Change::Begin(suspension.clone())),
            Errand::EndSuspension { kind } => {
                let owner = by.person.as_ref().map(ToString::to_string).unwrap_or_default();
                (*kind, Change::End { kind: *kind, owner })
            }
            Errand::Note { .. } | Errand::Contact(_) | Errand::Visit(_) | Errand::Request(_) => return,
        };
        let of = (home.clone(), kind);
        self.attempts.remove(&of);
        self.waiting.insert(of.clone());
        self.asked.insert(of, Asked { id: id_of(home, key), at, by: by.clone(), what, answer: None });
    }

    /// A home answered.
    pub fn answered(&mut self, at: Timestamp, home: &HomeId, id: &str, refused: Option<String>) {
        let said = refused.map_or(HomeSaid::Done, HomeSaid::Refused);
        let asked = self.asked.iter_mut().find(|((of, _), asked)| of == home && asked.id == id);
        if let Some((of, asked)) = asked {
            asked.answer = Some((at, said));
            self.waiting.remove(of);
            self.attempts.remove(of);
        }
    }

    fn waiting_of(&self, home: &HomeId) -> impl Iterator<Item = &Asked> {
        let kinds = Absence::ALL.into_iter().map(|kind| (home.clone(), kind));
        kinds.filter(|of| self.waiting.contains(of)).filter_map(|of| self.asked.get(&of))
    }

    /// What is to be sent now.
    pub fn due(&mut self, now: Timestamp) -> Vec<Suspending> {
        let mut due = Vec::new();
        let over: Vec<_> =
            self.waiting.iter().filter(|of| self.asked.get(of).is_none_or(|a| a.is_over(now))).cloned().collect();
        for of in over {
            self.waiting.remove(&of);
            self.attempts.remove(&of);
        }
        for of in &self.waiting {
            let Some(asked) = self.asked.get(of) else { continue };
            let attempt = self.attempts.entry(of.clone()).or_insert_with(|| Attempt::new(now));
            if attempt.is_due(now) {
                due.push(asked.on_its_way(&of.0));
            }
        }
        due
    }

    /// A link came up: all that wait for it are due at once.
    pub fn all_due(&mut self, of: impl Fn(&HomeId) -> bool) {
        self.attempts.retain(|(home, _), _| !of(home));
    }

    /// When the next one is due; one that was never tried is due with the next input.
    pub fn next(&self) -> Option<Timestamp> {
        self.attempts.values().map(Attempt::next).min()
    }
}

impl Asked {
    fn on_its_way(&self, home: &HomeId) -> Suspending {
        Suspending { home: home.clone(), id: self.id.clone(), what: self.what.clone() }
    }
}

impl Desk {
    /// A home's newest word: what waited for it may have its answer.
    pub(super) fn suspensions_heard(&mut self, now: Timestamp, home: &HomeId, effects: &mut Vec<Effect>) {
        let Some(condition) = self.watch.homes.get(home).and_then(|seen| seen.condition.as_ref()) else { return };
        let waiting = self.suspensions.waiting_of(home);
        let answers: Vec<(String, HomeSaid)> =
            waiting.filter_map(|asked| Some((asked.id.clone(), asked.answer_in(condition)?))).collect();
        for (id, said) in answers {
            let refused = match said {
                HomeSaid::Done => None,
                HomeSaid::Refused(why) => Some(why),
            };
            let (at, home) = (now, home.clone());
            effects.push(Effect::Changed(Subject::Errands(home.clone())));
            self.record(Recorded::Suspended { at, home, id, refused }, effects);
        }
    }

    /// Whether this may be asked of a home by whoever asks.
    pub(super) fn judge_suspension(&self, now: Timestamp, by: &Actor, wanted: &Suspension) -> Result<(), Declined> {
        let longest = match by.role {
            Role::Supervisor => LONGEST,
            Role::Desk => LONGEST_OF_A_DESK,
            Role::Home | Role::Gateway | Role::Station | Role::Responder => return Err(Declined::NotForRole),
        };
        let answers_for_it = by.person.as_ref().is_some_and(|person| person.as_str() == wanted.owner);
        if !answers_for_it {
            Err(Declined::Unclear("suspend_needs_owner"))
        } else if wanted.why.trim().is_empty() {
            Err(Declined::Unclear("suspend_needs_reason"))
        } else if wanted.until <= now || wanted.until <= wanted.from {
            Err(Declined::Unclear("suspend_needs_end"))
        } else if wanted.until - now > LONGEST {
            Err(Declined::Unclear("suspend_month"))
        } else if wanted.until - now > longest {
            Err(Declined::Unclear("suspend_week"))
        } else if wanted.fault(now).is_some() {
            Err(Declined::Unclear("suspend_words"))
        } else {
            Ok(())
        }
    }

    /// Whether there is something of this kind to end.
    pub(super) fn judge_end(&self, now: Timestamp, home: &HomeId, by: &Actor, kind: Absence) -> Result<(), Declined> {
        if !matches!(by.role, Role::Desk | Role::Supervisor) {
            return Err(Declined::NotForRole);
        }
        let is_there = self.suspensions_of(now, home).iter().any(|view| {
            view.kind == Some(kind) && matches!(view.stand, Stand::InForce | Stand::Asked(_) | Stand::Ending(_))
        });
        if is_there { Ok(()) } else { Err(Declined::Unclear("suspend_not_there")) }
    }

    /// Everything that is asked of this home and waits for its answer: for a home that asks by itself.
    pub fn suspensions_waiting_for(&self, home: &HomeId) -> Vec<Suspending> {
        self.suspensions.waiting_of(home).map(|asked| asked.on_its_way(home)).collect()
    }

    /// The suspensions of a home: those that hold or will, those that were asked for, and those that ended a day ago or later.
    pub fn suspensions_of(&self, now: Timestamp, home: &HomeId) -> Vec<SuspensionView> {
        let condition = self.watch.homes.get(home).and_then(|seen| seen.condition.as_ref());
        let mut views: Vec<SuspensionView> = condition
            .iter()
            .flat_map(|condition| &condition.suspended)
            .map(|held| self.held(now, home, held))
            .collect();
        for kind in Absence::ALL {
            let Some(asked) = self.suspensions.asked.get(&(home.clone(), kind)) else { continue };
            let Change::Begin(suspension) = &asked.what else { continue };
            let is_shown = views.iter().any(|view| {
                view.kind == Some(kind) && view.until == suspension.until && view.owner == suspension.owner
            });
            let stand = if is_shown { None } else { asked.stand(now, suspension, condition.is_some()) };
            views.extend(stand.map(|stand| view_of(suspension, stand)));
        }
        views.retain(|view| now - view.until < OVER_SHOWN);
        views.sort_by_key(|view| view.until);
        views
    }

    /// Every home with a suspension that holds, will, was asked for, or ended a day ago or later; the nearest end first.
    pub fn suspended_homes(&self, now: Timestamp) -> Vec<(HomeId, SuspensionView)> {
        let told = self
            .watch
            .homes
            .iter()
            .filter(|(_, seen)| seen.condition.as_ref().is_some_and(|c| !c.suspended.is_empty()));
        let homes: BTreeSet<&HomeId> =
            told.map(|(home, _)| home).chain(self.suspensions.asked.keys().map(|(home, _)| home)).collect();
        let mut all: Vec<(HomeId, SuspensionView)> = homes
            .into_iter()
            .flat_map(|home| self.suspensions_of(now, home).into_iter().map(|view| (home.clone(), view)))
            .collect();
        all.sort_by_key(|(_, view)| view.until);
        all
    }

    fn held(&self, now: Timestamp, home: &HomeId, held: &crate::desk::Suspended) -> SuspensionView {
        let asked = held.kind.and_then(|kind| self.suspensions.asked.get(&(home.clone(), kind)));
        let ending = asked.filter(|asked| asked.answer.is_none() && matches!(asked.what, Change::End { .. }));
        let stand = match ending {
            _ if held.until <= now => Stand::Over,
            Some(asked) => Stand::Ending(asked.at),
            None => Stand::InForce,
        };
        let (kind, owner, why) = (held.kind, held.owner.clone(), held.why.clone());
        SuspensionView { kind, owner, why, from: held.from, until: held.until, stand }
    }
}

impl Asked {
    /// How a suspension stands that the home's newest heartbeat does not show; nothing where it ended before its time.
    fn stand(&self, now: Timestamp, wanted: &Suspension, was_heard: bool) -> Option<Stand> {
        match (&self.answer, wanted.until <= now) {
            (None, true) => Some(Stand::NeverConfirmed),
            (None, false) => Some(Stand::Asked(self.at)),
            (Some((at, HomeSaid::Refused(why))), _) => (now - *at < OVER_SHOWN).then(|| Stand::Refused(why.clone())),
            (Some((_, HomeSaid::Done)), true) => Some(Stand::Over),
            // Confirmed, and nothing was heard since the station started: as far as anybody knows it holds.
            (Some((_, HomeSaid::Done)), false) => (!was_heard).then_some(Stand::InForce),
        }
    }
}

fn view_of(suspension: &Suspension, stand: Stand) -> SuspensionView {
    let Suspension { kind, owner, why, from, until } = suspension.clone();
    SuspensionView { kind: Some(kind), owner, why, from, until, stand }
}

/// The name under which a home refuses: another for each click, and the same when it is sent again.
fn id_of(home: &HomeId, key: &str) -> String {
    format!("{:016x}", fingerprint::of([home.as_str().as_bytes(), key.as_bytes()]))
}

/// For longer somebody decides who answers for the station.
pub const LONGEST_OF_A_DESK: Span = Span::days(7);
const OVER_SHOWN: Span = Span::days(1);
