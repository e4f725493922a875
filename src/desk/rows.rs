//! All alerts of the desk, with what has to be found quickly in them: whose timer is next, what waits for a home's word.
//!
//! A row is changed through here alone, so the order of the timers is never stale; looking is free.

use crate::desk::input::AlertKey;
use crate::desk::listing::figures;
use crate::desk::row::Row;
use crate::desk::tally::Tally;
use crate::model::ids::HomeId;
use crate::model::lifecycle::Timers;
use crate::model::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

/// The alerts by home and number.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    timers: Timers,
    rows: BTreeMap<AlertKey, Row>,
    /// How many each home has.
    of_home: BTreeMap<HomeId, usize>,
    /// Each row that has a timer, by when it goes off.
    by_timer: BTreeSet<(Timestamp, AlertKey)>,
    /// The same the other way round, to find the old place.
    timer_of: BTreeMap<AlertKey, Timestamp>,
    /// Rows with steps that the home's gateway has not confirmed.
    unconfirmed: BTreeSet<AlertKey>,
    /// What happened to them, also to those that have left.
    tally: Tally,
}

impl Deref for Rows {
    type Target = BTreeMap<AlertKey, Row>;

    fn deref(&self) -> &Self::Target {
        &self.rows
    }
}

impl Rows {
    pub fn new(timers: Timers) -> Rows {
        let (rows, of_home, by_timer, timer_of, unconfirmed, tally) = Default::default();
        Rows { timers, rows, of_home, by_timer, timer_of, unconfirmed, tally }
    }

    /// An alert that came for the first time.
    pub fn insert(&mut self, key: AlertKey, row: Row) {
        self.tally.changed(None, &figures(&row));
        self.insert_again(key, row);
    }

    /// An alert that was here before and had left.
    pub fn insert_again(&mut self, key: AlertKey, row: Row) {
        if self.rows.insert(key.clone(), row).is_none() {
            *self.of_home.entry(key.home.clone()).or_default() += 1;
        }
        self.put_in_order(key);
    }

    /// Whether there is one of this home.
    pub fn has_of(&self, home: &HomeId) -> bool {
        self.of_home.contains_key(home)
    }

    /// What happened to all that were ever here.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Lets go of the row of this alert.
    pub fn remove(&mut self, key: &AlertKey) {
        if self.rows.remove(key).is_some()
            && let Some(count) = self.of_home.get_mut(&key.home)
        {
            *count -= 1;
            if *count == 0 {
                self.of_home.remove(&key.home);
            }
        }
        self.unconfirmed.remove(key);
        if let Some(at) = self.timer_of.remove(key) {
            self.by_timer.remove(&(at, key.clone()));
        }
    }

    /// Changes the row of this alert; `None` if there is none.
    pub fn change<T>(&mut self, key: &AlertKey, change: impl FnOnce(&mut Row) -> T) -> Option<T> {
        let row = self.rows.get_mut(key)?;
        let before = figures(row);
        let changed = change(row);
        self.tally.changed(Some(&before), &figures(row));
        self.put_in_order(key.clone());
        Some(changed)
    }

    /// When the next timer goes off, and whose.
    pub fn next_timer(&self) -> Option<(Timestamp, &Row)> {
        let (at, key) = self.by_timer.first()?;
        Some((*at, self.rows.get(key)?))
    }

    /// Rows with steps that wait for the home's word, in their order.
    pub fn unconfirmed(&self) -> impl Iterator<Item = &Row> {
        self.unconfirmed.iter().filter_map(|key| self.rows.get(key))
    }

    /// The order is what a look at every row would find.
    #[cfg(test)]
    pub fn assert_in_order(&self) {
        let looked =
            self.rows.values().filter_map(|row| Some((row.next_timer(&self.timers)?.0, row.key.clone()))).min();
        assert_eq!(self.by_timer.first(), looked.as_ref());
        let waiting: Vec<&AlertKey> =
            self.rows.values().filter(|row| row.is_unconfirmed()).map(|row| &row.key).collect();
        assert_eq!(self.unconfirmed.iter().collect::<Vec<_>>(), waiting);
        assert_eq!(self.of_home.values().sum::<usize>(), self.rows.len());
    }

    fn put_in_order(&mut self, key: AlertKey) {
        let Some(row) = self.rows.get(&key) else { return };
        if row.is_unconfirmed() {
            self.unconfirmed.insert(key.clone());
        } else {
            self.unconfirmed.remove(&key);
        }
        let next = row.next_timer(&self.timers).map(|(at, _)| at);
        if self.timer_of.get(&key).copied() == next {
            return;
        }
        if let Some(was) = self.timer_of.remove(&key) {
            self.by_timer.remove(&(was, key.clone()));
        }
        if let Some(at) = next {
            self.by_timer.insert((at, key.clone()));
            self.timer_of.insert(key, at);
        }
    }
}
