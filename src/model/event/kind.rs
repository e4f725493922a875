//! What can happen, each kind with its word.

use serde::{Serialize, Serializer};

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $word:literal,)*) => {
        /// What can happen.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum EventKind { $($(#[$doc])* $kind,)* }

        impl EventKind {
            /// Every kind.
            pub const ALL: &'static [EventKind] = &[$(EventKind::$kind,)*];

            /// The word for it, without what all have in common.
            pub fn as_str(self) -> &'static str {
                match self { $(EventKind::$kind => $word,)* }
            }
        }
    };
}

kinds! {
    /// An alert began.
    Raised = "alert.raised",
    /// The same finding came again while the alert was open.
    Again = "alert.again",
    /// A station holds it.
    Received = "alert.received",
    /// One person was asked to take it.
    Asked = "alert.asked",
    /// A person owns it.
    Taken = "alert.taken",
    /// The owner set out.
    OnTheWay = "alert.on_the_way",
    /// Somebody is at the door.
    Arrived = "alert.arrived",
    /// A person ended it.
    Closed = "alert.closed",
    /// It was taken back at home before any receipt, or a check that is over.
    Cancelled = "alert.cancelled",
    /// Somebody in the home said that no help is needed; people still close it.
    PersonCancelled = "alert.person_cancelled",
    /// The owner gave it back.
    Released = "alert.released",
    /// Another person owns it now.
    HandedOver = "alert.handed_over",
    /// A second person helps without owning.
    Assisted = "alert.assisted",
    /// Further points or people are asked.
    Escalated = "alert.escalated",
    /// A take that nobody carried out ran out.
    Lapsed = "alert.lapsed",
    /// Nobody was at the door within the promised time.
    Overdue = "alert.overdue",
    /// A step was taken back, or the home's book refused it.
    Undone = "alert.undone",
    /// A closed alert was opened again.
    Reopened = "alert.reopened",
    /// Somebody wrote a note.
    Noted = "alert.noted",
    /// A telephone call was tried.
    Called = "alert.called",
    /// A sign of life after the alert.
    Life = "alert.life",
    /// The trouble went by itself; people still close it.
    Recovered = "alert.recovered",
    /// A home can be seen again, or no longer.
    HomeState = "home.state",
    /// The station can take alerts.
    Ready = "station.ready",
    /// The station cannot take alerts.
    NotReady = "station.not_ready",
    /// Trouble of equipment that nobody has: it began, came back, or was given back.
    FaultOpened = "fault.opened",
    /// Somebody sees to it, or was asked to.
    FaultAssigned = "fault.assigned",
    /// It went by itself, or somebody closed it.
    FaultFixed = "fault.fixed",
    /// Closed, and a good report proves it.
    FaultVerified = "fault.verified",
    /// A resident has shown by herself that the day began.
    DailyOwnSign = "daily.own_sign",
    /// Somebody spoke to the resident.
    DailyPhoned = "daily.phoned",
    /// Somebody saw the resident.
    DailyVisited = "daily.visited",
    /// Nobody knows how the resident is: at the end of the day's list, or because a contact was taken back.
    DailyUnresolved = "daily.unresolved",
    /// The list of a day gave way to the next.
    DailyClosed = "daily.closed",
    /// A home is known to be other than usual from now on, by its own word.
    SuspensionStarted = "suspension.started",
    /// It is as usual again.
    SuspensionEnded = "suspension.ended",
    /// Somebody or something tries a way.
    TestSent = "test.sent",
    /// A test came through.
    TestHeard = "test.heard",
}

impl Serialize for EventKind {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{KINDS}{}", self.as_str()))
    }
}

/// What all kinds have in common.
pub const KINDS: &str = "care.carecircle.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_one_word_of_its_own() {
        let words: std::collections::BTreeSet<_> = EventKind::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(words.len(), EventKind::ALL.len());
        assert_eq!(serde_json::to_value(EventKind::Raised).unwrap(), "care.carecircle.alert.raised");
    }
}
