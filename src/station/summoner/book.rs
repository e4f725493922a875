//! What was said to whom: every message of the last weeks, in memory as in the office.

use super::entry::{Entry, Kind, State};
use crate::desk::{AlertKey, Codes, Known, Told};
use crate::model::ids::PersonId;
use crate::model::time::{Span, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// All messages, by their keys.
#[derive(Debug, Default)]
pub(super) struct Book {
    entries: BTreeMap<String, Entry>,
    /// What could not be sent is tried again then, since boot.
    again: BTreeMap<String, (u32, Span)>,
    /// What is being sent.
    held: BTreeSet<String>,
}

impl Book {
    /// From the rows of the office; one that a newer program wrote so that this one cannot read it is left out.
    pub fn restore(rows: Vec<(String, String)>) -> Book {
        let read = |(key, body): (String, String)| Some((key, serde_json::from_slice::<Entry>(body.as_bytes()).ok()?));
        Book { entries: rows.into_iter().filter_map(read).collect(), ..Book::default() }
    }

    pub fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.get(key)
    }

    pub fn put(&mut self, key: String, entry: Entry) {
        self.entries.insert(key, entry);
    }

    /// The codes that were given out, the oldest first.
    pub fn codes(&self) -> Codes {
        let mut codes = Codes::default();
        let mut coded: Vec<&Entry> = self.entries.values().filter(|entry| !entry.code.is_empty()).collect();
        coded.sort_by_key(|entry| entry.at);
        for entry in coded {
            if let (Ok(code), Some(alert)) = (entry.code.parse(), &entry.alert) {
                codes.learn(code, alert.clone());
            }
        }
        codes
    }

    /// What the desk has to know of it.
    pub fn known(&self, day_of: impl Fn(Timestamp) -> crate::model::time::Day) -> Known {
        let mut known = Known::default();
        for entry in self.entries.values() {
            match (&entry.alert, entry.kind) {
                (_, Kind::Daily) => drop(known.days.insert(day_of(entry.at))),
                (Some(alert), Kind::NoWatcher) => drop(known.unwatched.insert((alert.clone(), entry.spell))),
                (Some(alert), _) => {
                    let alert = known.alerts.entry((alert.clone(), entry.spell)).or_default();
                    tell(alert.entry(entry.to.clone()).or_default(), entry);
                }
                (None, _) => {}
            }
        }
        known
    }

    /// What is to be sent next: calls before everything else, then the oldest.
    pub fn next(&self, since_boot: Span, is_call: bool) -> Option<(&String, &Entry)> {
        let is_due =
            |key: &String| !self.held.contains(key) && self.again.get(key).is_none_or(|(_, at)| *at <= since_boot);
        let waiting = self.entries.iter().filter(|(_, entry)| entry.state == State::Waits && entry.is_call == is_call);
        waiting.filter(|(key, _)| is_due(key)).min_by_key(|(_, entry)| entry.at)
    }

    /// It was not sent: again in a while, and then in a longer one.
    pub fn later(&mut self, key: &str, since_boot: Span) {
        let (tries, at) = self.again.entry(key.to_owned()).or_default();
        *tries += 1;
        *at = since_boot + Span::seconds(5 << (*tries).min(4));
    }

    /// It is being sent.
    pub fn hold(&mut self, key: &str) {
        self.held.insert(key.to_owned());
    }

    /// It is not being sent any more.
    pub fn release(&mut self, key: &str) {
        self.held.remove(key);
    }

    /// The modem works again: nothing waits any longer.
    pub fn all_due(&mut self) {
        self.again.clear();
    }

    /// Alerts of which this person was told, with when that was last taken.
    pub fn alerts_told(&self, person: &PersonId) -> BTreeMap<AlertKey, Option<i64>> {
        let mut told = BTreeMap::new();
        let theirs = |entry: &&Entry| entry.to == *person && entry.kind.matter().is_some();
        for entry in self.entries.values().filter(theirs).filter(|entry| entry.kind != Kind::NoWatcher) {
            if let Some(alert) = &entry.alert {
                let at: &mut Option<i64> = told.entry(alert.clone()).or_default();
                *at = (*at).max(entry.taken_ms);
            }
        }
        told
    }

    /// The newest message of this kind to this person.
    pub fn newest(&self, person: &PersonId, kind: Kind) -> Option<(&String, &Entry)> {
        let theirs = self.entries.iter().filter(|(_, entry)| entry.to == *person && entry.kind == kind);
        theirs.max_by_key(|(_, entry)| entry.at)
    }

    /// The messages that the network has and of one part of which it used this number, the newest first.
    pub fn carried(&self, reference: u8) -> Vec<(String, Entry)> {
        let is_it = |entry: &Entry| entry.state == State::Taken && entry.references.contains(&reference);
        let found = self.entries.iter().filter(|(_, entry)| is_it(entry));
        let mut found: Vec<_> = found.map(|(key, entry)| (key.clone(), entry.clone())).collect();
        found.sort_by_key(|(_, entry)| std::cmp::Reverse(entry.taken_ms));
        found
    }

    /// Every test, the oldest first.
    pub fn tests(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values().filter(|entry| entry.kind == Kind::Test)
    }

    /// What is older is forgotten here as it is in the office.
    pub fn forget(&mut self, before: Timestamp) {
        self.entries.retain(|_, entry| entry.at >= before);
    }
}

fn tell(told: &mut Told, entry: &Entry) {
    if entry.kind == Kind::Declined {
        told.declined = true;
        return;
    }
    let Some(matter) = entry.kind.matter() else { return };
    told.count += 1;
    told.waits |= entry.state == State::Waits;
    // What was of no use before it was sent has told nobody anything.
    if entry.state == State::Dropped {
        return;
    }
    told.reminders += u32::from(entry.kind.is_reminder());
    if told.last.is_none_or(|(_, at)| at <= entry.at) {
        told.last = Some((matter, entry.at));
    }
}
