//! A certificate comes to its end: who speaks with it is believed no longer after that.

use crate::model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// A certificate with which the gateway speaks ends soon, or has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CertificateEnds {
    /// Its file, without the folder.
    pub file: String,
    /// Until when it is good.
    pub until: Timestamp,
    /// How near that is.
    pub within: Within,
}

/// So near is the end: each is told once, and asks for more haste than the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Within {
    /// Less than sixty days.
    Days60,
    /// Less than thirty.
    Days30,
    /// Less than seven.
    Days7,
    /// It has ended.
    Ended,
}

impl Within {
    /// How near `until` is at `now`; nothing while there is time.
    pub fn of(now: Timestamp, until: Timestamp) -> Option<Within> {
        let left = until - now;
        Some(match () {
            () if left <= Span::zero() => Within::Ended,
            () if left <= Span::days(7) => Within::Days7,
            () if left <= Span::days(30) => Within::Days30,
            () if left <= Span::days(60) => Within::Days60,
            () => return None,
        })
    }

    /// Its name: each is a matter of its own.
    pub fn as_str(self) -> &'static str {
        match self {
            Within::Days60 => "60",
            Within::Days30 => "30",
            Within::Days7 => "7",
            Within::Ended => "0",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::from_millis;

    #[test]
    fn a_certificate_is_told_of_sixty_thirty_and_seven_days_before_its_end_and_at_its_end() {
        let until = from_millis(1_900_000_000_000);
        let at = |left: Span| Within::of(until - left, until);
        assert_eq!(at(Span::days(60) + Span::seconds(1)), None);
        assert_eq!(at(Span::days(60)), Some(Within::Days60));
        assert_eq!(at(Span::days(30) + Span::seconds(1)), Some(Within::Days60));
        assert_eq!(at(Span::days(30)), Some(Within::Days30));
        assert_eq!(at(Span::days(7)), Some(Within::Days7));
        assert_eq!(at(Span::seconds(1)), Some(Within::Days7));
        assert_eq!(at(Span::zero()), Some(Within::Ended));
        assert!(Within::Days60 < Within::Ended);
    }
}
