//! That somebody agreed to being watched: when, who, and to what. It stands in the home's configuration.

use crate::model::card::Consent;
use crate::model::time::Day;
use serde::Deserialize;

/// A recorded consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreement {
    /// On which day it was given.
    pub given_on: Day,
    /// Who gave it; never a name.
    pub by: By,
    /// How much of the home's activity it lets a station see.
    pub scope: Consent,
}

/// Who may give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// Who lives there.
    Resident,
    /// Whom the law lets speak for them.
    Guardian,
}

impl By {
    /// The word for it in files.
    pub fn as_str(self) -> &'static str {
        match self {
            By::Resident => "resident",
            By::Guardian => "guardian",
        }
    }
}

/// What leaves the home besides alerts: no more than the home's file says, no more than was agreed, and without a recorded
/// consent nothing. Alerts never depend on it.
pub fn shared(wanted: Consent, agreed: Option<&Agreement>) -> Consent {
    agreed.map_or(Consent::Alerts, |agreed| wanted.min(agreed.scope))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_alerts_leaves_a_home_without_consent_and_never_more_than_was_agreed() {
        let agreed = |scope| Agreement { given_on: Day::MIN, by: By::Resident, scope };
        assert_eq!(shared(Consent::Rooms, None), Consent::Alerts);
        assert_eq!(shared(Consent::Rooms, Some(&agreed(Consent::Activity))), Consent::Activity);
        assert_eq!(shared(Consent::Alerts, Some(&agreed(Consent::Rooms))), Consent::Alerts);
    }
}
