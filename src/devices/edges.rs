//! Levels that are said far more often than they change.

use std::collections::BTreeMap;

/// Lets changes through at once and what stays the same once in a while, by device: a level that is said ten times a second
/// is no more true than one said once a minute, and would hold back everything else.
#[derive(Debug)]
pub struct Edges<T> {
    every: u32,
    said: BTreeMap<String, (T, u32)>,
}

/// Why a state is to be said now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// It is another one, or the first.
    Change,
    /// It is still the same, and that is due again.
    Again,
}

impl<T: PartialEq> Edges<T> {
    /// What stays the same is said again as every `every`-th.
    pub fn new(every: u32) -> Edges<T> {
        Edges { every, said: BTreeMap::new() }
    }

    /// Whether `state` of `device` is to be said now, and why.
    pub fn news(&mut self, device: &str, state: T) -> Option<News> {
        let every = self.every;
        self.news_of(device, state, every)
    }

    /// The same where devices have rates of their own.
    pub fn news_of(&mut self, device: &str, state: T, every: u32) -> Option<News> {
        let is_full = self.said.len() >= DEVICES_MAX;
        match self.said.get_mut(device) {
            Some((said, unsaid)) if *said == state => {
                *unsaid = unsaid.saturating_add(1);
                let is_due = *unsaid >= every;
                if is_due {
                    *unsaid = 0;
                }
                is_due.then_some(News::Again)
            }
            Some(before) => {
                *before = (state, 0);
                Some(News::Change)
            }
            // Devices are named by a config or by a port; a flood of made-up ones is all news.
            None if is_full => Some(News::Change),
            None => {
                self.said.insert(device.to_owned(), (state, 0));
                Some(News::Change)
            }
        }
    }

    /// Nothing could be heard for a while: every state is due again. What did not change meanwhile is no change.
    pub fn all_due(&mut self) {
        self.said.values_mut().for_each(|(_, unsaid)| *unsaid = u32::MAX);
    }
}

const DEVICES_MAX: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_said_at_once_and_what_stays_the_same_once_in_a_while() {
        let mut edges = Edges::new(600);
        let said: Vec<usize> = (0..3000).filter(|n| edges.news("radar", *n >= 1000).is_some()).collect();
        assert_eq!(said, [0, 600, 1000, 1600, 2200, 2800]);
        assert!(edges.news("other", true).is_some(), "each device for itself");
    }

    #[test]
    fn what_is_said_again_is_no_change() {
        let mut edges = Edges::new(2);
        let said: Vec<_> = [0, 0, 0, 1, 1, 1].map(|state| edges.news("cord", state)).into();
        let (change, again) = (Some(News::Change), Some(News::Again));
        assert_eq!(said, [change, None, again, change, None, again]);
    }

    #[test]
    fn after_a_gap_everything_is_said_again_and_only_what_changed_is_a_change() {
        let mut edges = Edges::new(600);
        for device in ["bed", "chair"] {
            edges.news(device, true);
        }
        edges.all_due();
        assert_eq!(edges.news("bed", true), Some(News::Again));
        assert_eq!(edges.news("bed", true), None);
        assert_eq!(edges.news("chair", false), Some(News::Change));
    }
}
