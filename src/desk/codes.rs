//! Short names of alerts in messages and answers: a letter and a digit that nobody mistakes for others.
//!
//! 160 of them, each unique among the alerts that are open or were closed within a day; an answer with an old one must never
//! mean a new alert.

use crate::desk::Desk;
use crate::desk::input::AlertKey;
use crate::model::time::{Span, Timestamp};
use std::collections::BTreeMap;
use std::fmt;

/// `K7`
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Code {
    letter: char,
    digit: char,
}

/// Without those that look like a digit or another letter.
const LETTERS: &str = "ABCDEFGHJKMNPQRTVWXY";
const DIGITS: &str = "23456789";
/// Of both.
const CODES: usize = 160;
/// So long after its end an alert keeps its code.
const KEPT_AFTER_END: Span = Span::hours(24);

impl Code {
    /// The code that these two signs are, in either case.
    pub fn of(letter: char, digit: char) -> Option<Code> {
        let letter = letter.to_ascii_uppercase();
        (LETTERS.contains(letter) && DIGITS.contains(digit)).then_some(Code { letter, digit })
    }

    fn nth(nth: usize) -> Option<Code> {
        let (letters, digits) = (LETTERS.chars().count(), DIGITS.chars().count());
        Code::of(LETTERS.chars().nth(nth % letters)?, DIGITS.chars().nth(nth / letters % digits)?)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.letter, self.digit)
    }
}

impl std::str::FromStr for Code {
    type Err = ();
    fn from_str(text: &str) -> Result<Code, ()> {
        let mut signs = text.chars();
        match (signs.next(), signs.next(), signs.next()) {
            (Some(letter), Some(digit), None) => Code::of(letter, digit).ok_or(()),
            _ => Err(()),
        }
    }
}

/// Which alert has which code.
#[derive(Debug, Clone, Default)]
pub struct Codes {
    alerts: BTreeMap<Code, AlertKey>,
}

impl Codes {
    /// What was given out before.
    pub fn learn(&mut self, code: Code, alert: AlertKey) {
        self.alerts.insert(code, alert);
    }

    /// The alert of this code.
    pub fn alert(&self, code: Code) -> Option<&AlertKey> {
        self.alerts.get(&code)
    }

    /// The code of this alert, if it has one.
    pub fn of(&self, alert: &AlertKey) -> Option<Code> {
        self.alerts.iter().find(|(_, its)| *its == alert).map(|(code, _)| *code)
    }

    /// The code of this alert, a new one where it has none; `keeps` says whether an alert still needs the one it has.
    /// Nothing where all are in use.
    pub fn code(&mut self, alert: &AlertKey, keeps: impl Fn(&AlertKey) -> bool) -> Option<Code> {
        if let Some(code) = self.of(alert) {
            return Some(code);
        }
        // Neighbouring numbers get codes that nobody confuses.
        let first = usize::try_from(alert.alert.number % CODES as u64).unwrap_or_default() * STRIDE;
        let tried = (0..CODES).filter_map(|nth| Code::nth((first + nth * STRIDE) % CODES));
        let free = tried.into_iter().find(|code| self.alerts.get(code).is_none_or(|holder| !keeps(holder)))?;
        self.alerts.insert(free, alert.clone());
        Some(free)
    }
}

/// Has no divisor in common with the number of codes.
const STRIDE: usize = 63;

impl Desk {
    /// Whether an answer may still mean this alert by its code.
    pub fn keeps_code(&self, alert: &AlertKey, now: Timestamp) -> bool {
        let Some(row) = self.rows.get(alert) else { return false };
        let ended_at = row.alert.closed.as_ref().map(|closed| closed.at);
        row.alert.phase.is_open() || ended_at.is_some_and(|at| now - at < KEPT_AFTER_END)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::alert::AlertId;
    use crate::model::time::from_millis;
    use std::collections::BTreeSet;

    fn alert(number: u64) -> AlertKey {
        AlertKey { home: "flat".parse().unwrap(), alert: AlertId { number, raised_at: from_millis(number as i64) } }
    }

    #[test]
    fn every_alert_has_a_code_of_its_own_until_all_are_in_use_and_then_those_of_the_ended_ones() {
        let mut codes = Codes::default();
        let given: BTreeSet<Code> = (1..=160).map(|n| codes.code(&alert(n), |_| true).unwrap()).collect();
        assert_eq!(given.len(), 160);
        assert_eq!(codes.code(&alert(161), |_| true), None);
        let again = codes.code(&alert(7), |_| true).unwrap();
        assert_eq!(codes.code(&alert(161), |holder| *holder != alert(7)), Some(again), "that of the one that is over");
        assert_eq!(codes.alert(again), Some(&alert(161)));
        for code in given {
            assert_eq!(code.to_string().to_lowercase().parse(), Ok(code));
            assert!(!code.to_string().contains(['I', 'L', 'O', 'S', 'U', 'Z', '0', '1']), "{code}");
        }
    }
}
