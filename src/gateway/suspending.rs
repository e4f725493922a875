//! The home is other than usual: who says so hears what becomes of it.
//!
//! Somebody at the box gets an answer when it is on the disk; a station sees it in the next heartbeat.

use super::Gateway;
use super::local::Asked;
use crate::clock::Reading;
use crate::model::suspension::{Absence, Change, LONGEST, Suspension, end, fault_of_owner};
use crate::model::time::{Span, whole_millis};
use crate::sinks::FromSuspending;
use crate::text::{self, Language};
use crate::wire::Refusal;
use crate::wire::local::{Answer, Ask};
use tokio::sync::oneshot;

/// Answers that wait for the disk, and refusals that the heartbeat carries.
#[derive(Default)]
pub struct Suspending {
    waiting: Vec<Waiting>,
    refused: Vec<Refusal>,
    /// Stations are to be told at the next round: whoever asks without a pause gets no heartbeat for each.
    is_news: bool,
}

struct Waiting {
    /// Of the commit; absent until the turn ends.
    ticket: Option<u64>,
    since_boot: Span,
    words: Vec<String>,
    answer: oneshot::Sender<Answer>,
}

impl Suspending {
    /// What was asked in this turn is committed with `ticket`.
    pub fn handed_in(&mut self, ticket: Option<u64>) {
        self.waiting.iter_mut().filter(|waiting| waiting.ticket.is_none()).for_each(|waiting| waiting.ticket = ticket);
    }

    /// The store has committed everything up to `ticket`, or could not.
    pub fn written(&mut self, ticket: u64, result: &Result<(), String>) {
        self.answer_if(|waiting| waiting.ticket.is_some_and(|own| own <= ticket), result.as_ref().err());
    }

    /// A disk that hangs keeps nobody waiting.
    pub fn look_at_the_store(&mut self, since_boot: Span) {
        let why = super::turn::NO_ANSWER.to_owned();
        self.answer_if(|waiting| since_boot - waiting.since_boot > WRITTEN_WITHIN, Some(&why));
    }

    fn answer_if(&mut self, is_due: impl Fn(&Waiting) -> bool, trouble: Option<&String>) {
        let (due, waiting) = std::mem::take(&mut self.waiting).into_iter().partition(is_due);
        self.waiting = waiting;
        for Waiting { mut words, answer, .. } in due {
            words.extend(trouble.map(|why| format!("BUT IT IS NOT ON THE DISK, a restart forgets it: {why}")));
            // Whoever asked may have gone.
            answer.send(Answer::done(words)).ok();
        }
    }

    /// Whether stations have something to hear; once.
    pub fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.is_news)
    }

    /// What stations asked for lately and was not taken.
    pub fn refused(&mut self, now: Reading) -> Vec<Refusal> {
        self.refused.retain(|refusal| (now.wall - refusal.at).abs() <= TOLD_FOR);
        self.refused.clone()
    }

    fn refuse(&mut self, now: Reading, id: Option<String>, why: String) {
        // The same word may come twice.
        self.refused.retain(|refusal| id.is_none() || refusal.id != id);
        if self.refused.len() == REFUSALS_MAX {
            self.refused.remove(0);
        }
        self.refused.push(Refusal { id, why, at: whole_millis(now.wall) });
    }
}

impl Gateway {
    /// A station says that the home is other than usual, or no longer.
    pub(super) fn suspend_for_a_station(&mut self, now: Reading, said: FromSuspending) {
        let FromSuspending { id, change } = said;
        if let Err(why) = change.and_then(|change| self.turn.suspend(now, change)) {
            tracing::warn!(id, why, "a suspension from the station that cannot be taken");
            self.suspending.refuse(now, id, why);
        }
        self.suspending.is_news = true;
        self.status_is_old = true;
    }

    /// Somebody at the box asks.
    pub(super) fn asked(&mut self, now: Reading, asked: Asked) {
        let done = match asked.ask {
            Ask::List => {
                let list = self.list(now);
                drop(asked.answer.send(Answer::done(list)));
                return;
            }
            Ask::TestResult => {
                drop(asked.answer.send(self.test_result()));
                return;
            }
            Ask::Test => return self.answer_about_test(now, asked.answer),
            Ask::Begin { kind, owner, why, until } => self.begin_suspension(now, kind, owner, why, &until),
            Ask::End { kind, owner } => self.end_suspension(now, kind, owner),
        };
        match done {
            Ok(words) => {
                let since_boot = now.since_boot;
                self.suspending.waiting.push(Waiting { ticket: None, since_boot, words, answer: asked.answer });
                self.suspending.is_news = true;
                self.status_is_old = true;
            }
            Err(why) => {
                tracing::warn!(why, "a suspension asked for at the box that cannot be taken");
                drop(asked.answer.send(Answer::refused(why)));
            }
        }
    }

    /// Who wants a test hears of it when it is on the disk.
    fn answer_about_test(&mut self, now: Reading, answer: oneshot::Sender<Answer>) {
        match self.test_by_hand(now) {
            Ok(words) => {
                let since_boot = now.since_boot;
                self.suspending.waiting.push(Waiting { ticket: None, since_boot, words, answer });
            }
            Err(why) => drop(answer.send(Answer::refused(why))),
        }
    }

    fn begin_suspension(
        &mut self,
        now: Reading,
        kind: Absence,
        owner: String,
        why: String,
        until: &str,
    ) -> Result<Vec<String>, String> {
        let from = whole_millis(now.wall);
        let until = end(until, &self.plan.home.zone, from, self.turn.clock_trusted)?;
        let replaced = self.suspension(kind).map(|was| format!("It takes the place of: {}", self.in_words(now, &was)));
        let suspension = Suspension { kind, owner, why, from, until };
        self.turn.suspend(now, Change::Begin(suspension.clone()))?;
        let english = Language::English;
        let begun = [self.in_words(now, &suspension)].into_iter().chain(replaced);
        let meaning = [text::what_changes(english, kind), text::what_stays(english)].map(str::to_owned);
        Ok(begun.chain(meaning).collect())
    }

    fn end_suspension(&mut self, now: Reading, kind: Absence, owner: String) -> Result<Vec<String>, String> {
        let words = text::absence(Language::English, kind);
        let was = self.suspension(kind).ok_or_else(|| format!("nothing of this kind ({words}) holds or will"))?;
        if let Some(fault) = fault_of_owner(&owner) {
            return Err(fault);
        }
        let ended = format!("Over, and all rules judge as ever: {}", self.in_words(now, &was));
        self.turn.suspend(now, Change::End { kind, owner })?;
        let is_missed = kind.is_empty_home() && was.from <= now.wall;
        let missed = is_missed.then(|| "Somebody should be seen in the home soon; nobody seen is told.".to_owned());
        Ok([ended].into_iter().chain(missed).collect())
    }

    fn list(&self, now: Reading) -> Vec<String> {
        let all: Vec<&Suspension> = self.turn.engine.seen().suspended.all().collect();
        if all.is_empty() {
            let days = LONGEST.num_days();
            return vec![format!("nothing: the home is as usual (one may be set for up to {days} days)")];
        }
        all.into_iter().map(|suspension| self.in_words(now, suspension)).collect()
    }

    fn suspension(&self, kind: Absence) -> Option<Suspension> {
        self.turn.engine.seen().suspended.all().find(|suspension| suspension.kind == kind).cloned()
    }

    /// `2 in hospital until 2026-12-01 18:00 (for 3 d); answers for it: p-03; why: hip`.
    fn in_words(&self, now: Reading, suspension: &Suspension) -> String {
        let english = Language::English;
        let zone = &self.plan.home.zone;
        let minute = |at| format!("{} {}", zone.date(at), zone.hour_minute(at));
        let from =
            if suspension.from > now.wall { format!("from {} ", minute(suspension.from)) } else { String::new() };
        let long = text::duration(english, suspension.until - now.wall.max(suspension.from));
        let why = if suspension.why.is_empty() { "not said" } else { &suspension.why };
        format!(
            "{} {} {from}until {} (for {long}); answers for it: {}; why: {why}",
            suspension.kind.number(),
            text::absence(english, suspension.kind),
            minute(suspension.until),
            suspension.owner,
        )
    }
}

/// A commit takes milliseconds; a disk that needs longer is in trouble, and that is told elsewhere.
const WRITTEN_WITHIN: Span = Span::seconds(3);
/// A station that is not reached for longer asks anew.
const TOLD_FOR: Span = Span::hours(1);
const REFUSALS_MAX: usize = 8;
