//! Wrong passwords cost time, for each account and each address, and never more than a quarter of an hour.

use crate::model::time::Span;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Who tried how often in vain.
#[derive(Debug, Default)]
pub(super) struct Tries {
    counted: Mutex<BTreeMap<String, Counted>>,
}

#[derive(Debug, Clone, Copy)]
struct Counted {
    wrong: u32,
    last: Span,
    until: Span,
    is_told: bool,
}

/// A try that came too early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Waiting {
    /// So long must still pass.
    pub still: Span,
    /// The same was said before, since the last try that was looked at.
    pub is_told: bool,
}

/// What is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tried<'a> {
    /// To be this person.
    Account(&'a str),
    /// To be anybody, from this address.
    Address(&'a str),
    /// To act as this person at a shared desk.
    Pin(&'a str),
}

impl Tried<'_> {
    fn key(self) -> String {
        match self {
            Tried::Account(name) => format!("account {name}"),
            Tried::Address(address) => format!("address {address}"),
            Tried::Pin(person) => format!("pin {person}"),
        }
    }

    /// Wrong ones that cost nothing: behind one address may sit a whole station.
    fn free(self) -> u32 {
        match self {
            Tried::Account(_) | Tried::Pin(_) => 5,
            Tried::Address(_) => 20,
        }
    }
}

impl Tries {
    /// Counts a try before it is looked at, so that many at once are many; or how long to wait first.
    pub fn begin(&self, tried: Tried<'_>, now: Span) -> Result<(), Waiting> {
        let mut counted = self.counted();
        let known = counted.get_mut(&tried.key()).filter(|known| now - known.last < FORGOTTEN_AFTER);
        if let Some(Counted { until, is_told, .. }) = known
            && *until > now
        {
            return Err(Waiting { still: *until - now, is_told: std::mem::replace(is_told, true) });
        }
        let known = counted.get(&tried.key()).filter(|known| now - known.last < FORGOTTEN_AFTER);
        let wrong = known.map_or(0, |known| known.wrong).saturating_add(1);
        if counted.len() >= KEYS_MAX {
            let oldest = counted.iter().min_by_key(|(_, known)| known.last).map(|(key, _)| key.clone());
            oldest.and_then(|oldest| counted.remove(&oldest));
        }
        counted
            .insert(tried.key(), Counted { wrong, last: now, until: now + delay(wrong, tried.free()), is_told: false });
        Ok(())
    }

    /// It was right: nothing is held against it.
    pub fn right(&self, tried: Tried<'_>) {
        self.counted().remove(&tried.key());
    }

    fn counted(&self) -> MutexGuard<'_, BTreeMap<String, Counted>> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// After the free ones 30 s, doubled by each.
fn delay(wrong: u32, free: u32) -> Span {
    let Some(beyond) = wrong.checked_sub(free) else { return Span::zero() };
    (Span::seconds(30) * 2_i32.pow(beyond.min(10))).min(DELAY_MAX)
}

/// Never a lock.
const DELAY_MAX: Span = Span::minutes(15);
const FORGOTTEN_AFTER: Span = Span::hours(1);
/// Whoever makes up names and addresses takes no more memory than this many.
const KEYS_MAX: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_wrong_tries_cost_30_s_then_twice_that_and_never_a_lock() {
        let (tries, zhang) = (Tries::default(), Tried::Account("zhang"));
        let at = Span::seconds;
        for second in 0..5 {
            assert_eq!(tries.begin(zhang, at(second)), Ok(()), "try {second}");
        }
        let waiting = |still: i64, is_told| Err(Waiting { still: Span::seconds(still), is_told });
        assert_eq!(tries.begin(zhang, at(5)), waiting(29, false));
        assert_eq!(tries.begin(zhang, at(6)), waiting(28, true));
        assert_eq!(tries.begin(Tried::Account("li"), at(5)), Ok(()), "somebody else");
        assert_eq!(tries.begin(zhang, at(34)), Ok(()));
        assert_eq!(tries.begin(zhang, at(35)), waiting(59, false));
        let mut now = at(94);
        for _ in 0..20 {
            assert_eq!(tries.begin(zhang, now), Ok(()));
            let wait = tries.begin(zhang, now).unwrap_err().still;
            assert!(wait <= Span::minutes(15), "{wait}");
            now += wait;
        }
        tries.right(zhang);
        assert_eq!(tries.begin(zhang, now), Ok(()));
        assert_eq!(tries.begin(zhang, now), Ok(()), "forgiven");
    }

    #[test]
    fn many_at_once_are_many_and_made_up_names_take_no_memory() {
        let tries = Tries::default();
        let through = (0..100).filter(|_| tries.begin(Tried::Account("zhang"), Span::zero()).is_ok()).count();
        assert_eq!(through, 5);
        for n in 0..10_000 {
            assert_eq!(tries.begin(Tried::Account(&n.to_string()), Span::seconds(n)), Ok(()));
        }
        assert!(tries.counted().len() <= KEYS_MAX);
    }
}
