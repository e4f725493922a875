//! Which alerts stand behind a figure: the same words count them and list them.

use crate::desk::cases::Case;
use crate::desk::faults::due;
use crate::desk::report::{BLIND_LONG, Range};
use crate::model::lifecycle::{Contact, Outcome, Phase};
use crate::model::reason::{Class, Reason, Severity};
use crate::model::time::{Span, Timestamp, Zone};

/// A set of alerts of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// Of which kind.
    pub of: Of,
    /// Raised in this time.
    pub range: Range,
    /// Only of this rule.
    pub rule: Option<String>,
    /// Only with this outcome; of `Some(None)` only those without any.
    pub outcome: Option<Option<Outcome>>,
    /// Only of this severity.
    pub severity: Option<Severity>,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal,)*) => {
        /// A kind of alerts that figures count.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Of { $($(#[$doc])* $kind,)* }

        impl Of {
            /// Every kind.
            pub const ALL: &'static [Of] = &[$(Of::$kind,)*];

            /// The word for it in addresses.
            pub fn as_str(self) -> &'static str {
                match self { $(Of::$kind => $name,)* }
            }

            /// The kind of this word.
            pub fn named(name: &str) -> Option<Of> {
                Of::ALL.iter().copied().find(|of| of.as_str() == name)
            }
        }
    };
}

kinds! {
    /// All that count.
    All = "all",
    /// Those on the desk: no mere faults.
    Desk = "desk",
    /// About a person, somebody must hurry.
    Person = "person",
    /// Of these, those whose 60 s are over or that were taken.
    Due60 = "due_60",
    /// The same of 180 s.
    Due180 = "due_180",
    /// Taken within 60 s of the receipt.
    Taken60 = "answered_60",
    /// Taken within 180 s of the receipt.
    Taken180 = "answered_180",
    /// Not taken within 60 s.
    Late60 = "answered_late",
    /// Taken within 60 s of the raise: what the person waited.
    Waited60 = "waited_60",
    /// The same of 180 s.
    Waited180 = "waited_180",
    /// Somebody had to go.
    Visits = "visits",
    /// Somebody was there within 15 min of the raise.
    OnSite = "on_site_15",
    /// Nobody was.
    LateOnSite = "on_site_late",
    /// Ended by a talk.
    Talks = "talks",
    /// A take ran out.
    Lapsed = "takes_lapsed",
    /// Open still.
    Open = "open",
    /// There was a need.
    Real = "real",
    /// There was none.
    Unneeded = "unneeded",
    /// On their way for more than 10 s.
    DeliveredLate = "delivered_late",
    /// A home from which no alert could come.
    Blind = "no_contact",
    /// For more than 4 h.
    BlindLong = "no_contact_over_4h",
    /// Trouble of equipment, homes without contact included.
    Faults = "faults",
    /// Of these, those that ended.
    FaultsClosed = "faults_closed",
    /// Open at the end of the range or now, whenever they began.
    FaultsOpen = "faults_open",
    /// Of these, those whose time is over.
    FaultsOverdue = "faults_overdue",
    /// Tests and drills.
    Tests = "tests",
    /// Said to be another alert.
    Duplicates = "duplicates",
    /// The person was asked first.
    Asked = "asked_at_home",
    /// Taken back at home before anybody had it.
    TakenBack = "taken_back",
}

impl Selection {
    /// All of a kind.
    pub fn of(of: Of, range: Range) -> Selection {
        Selection { of, range, rule: None, outcome: None, severity: None }
    }

    /// Whether the alert is one of them, as known at `now`; working days are those of the zone.
    pub fn holds(&self, case: &Case, now: Timestamp, zone: &Zone) -> bool {
        let is_any_age = matches!(self.of, Of::FaultsOpen | Of::FaultsOverdue);
        let began = if is_any_age { case.raised_at < self.range.to } else { self.range.holds(case.raised_at) };
        let is_rule = self.rule.as_ref().is_none_or(|rule| rule == case.reason.rule());
        let outcome = case.closed.as_ref().map(|ended| ended.outcome);
        let is_outcome = self.outcome.is_none_or(|wanted| wanted == outcome);
        let is_severity = self.severity.is_none_or(|severity| severity == case.severity);
        began && is_rule && is_outcome && is_severity && is_of(self.of, case, now, zone)
    }
}

fn is_of(of: Of, case: &Case, now: Timestamp, zone: &Zone) -> bool {
    let is_open = case.phase.is_open();
    let is_due = |secs: i64| case.taken.is_some() || !is_open || now - case.received_at > Span::seconds(secs);
    let taken = |secs: i64| case.take_time().is_some_and(|time| time <= Span::seconds(secs));
    let waited = |secs: i64| case.taken.as_ref().is_some_and(|did| did.at - case.raised_at <= Span::seconds(secs));
    match of {
        Of::All => is_counted(case),
        Of::Desk => is_on_desk(case),
        Of::Person => is_person(case),
        Of::Due60 => is_person(case) && is_due(60),
        Of::Due180 => is_person(case) && is_due(180),
        Of::Taken60 => is_person(case) && taken(60),
        Of::Taken180 => is_person(case) && taken(180),
        Of::Late60 => is_person(case) && is_due(60) && !taken(60),
        Of::Waited60 => is_person(case) && is_due(60) && waited(60),
        Of::Waited180 => is_person(case) && is_due(180) && waited(180),
        Of::Visits => is_visit(case, now),
        Of::OnSite => is_visit(case, now) && is_there_in_time(case),
        Of::LateOnSite => is_visit(case, now) && !is_there_in_time(case),
        Of::Talks => is_person(case) && is_talk(case),
        Of::Lapsed => is_person(case) && case.lapsed > 0,
        Of::Open => is_on_desk(case) && is_open,
        Of::Real => is_on_desk(case) && need(case) == Some(true),
        Of::Unneeded => is_on_desk(case) && need(case) == Some(false),
        Of::DeliveredLate => is_counted(case) && case.late() > Span::seconds(10),
        Of::Blind => is_counted(case) && case.severity == Severity::Blind,
        Of::BlindLong => {
            let is_long = case.spells.iter().any(|spell| spell.to.unwrap_or(now) - spell.from > BLIND_LONG);
            is_counted(case) && case.severity == Severity::Blind && is_long
        }
        Of::Faults => is_fault(case),
        Of::FaultsClosed => is_fault(case) && !is_open,
        Of::FaultsOpen => is_fault(case) && is_open,
        Of::FaultsOverdue => {
            let due = due(&case.reason, case.severity, case.raised_at, zone);
            is_fault(case) && is_open && case.recovered_at.is_none() && due < now
        }
        Of::Tests => apart(case) == Some(Of::Tests),
        Of::Duplicates => apart(case) == Some(Of::Duplicates),
        Of::Asked => apart(case) == Some(Of::Asked),
        Of::TakenBack => apart(case) == Some(Of::TakenBack),
    }
}

/// Why it is counted apart, if it is.
fn apart(case: &Case) -> Option<Of> {
    let outcome = case.closed.as_ref().map(|ended| ended.outcome);
    if case.test || outcome == Some(Outcome::Test) || matches!(case.reason, Reason::Test { .. }) {
        Some(Of::Tests)
    } else if outcome == Some(Outcome::Duplicate) {
        Some(Of::Duplicates)
    } else if case.reason.class() == Class::Check {
        Some(Of::Asked)
    } else {
        (case.phase == Phase::Cancelled).then_some(Of::TakenBack)
    }
}

pub(super) fn is_counted(case: &Case) -> bool {
    apart(case).is_none()
}

fn is_on_desk(case: &Case) -> bool {
    is_counted(case) && case.severity != Severity::Fault
}

fn is_person(case: &Case) -> bool {
    let hurries = matches!(case.severity, Severity::Emergency | Severity::Urgent);
    is_counted(case) && hurries && case.reason.class().is_of_person()
}

fn is_fault(case: &Case) -> bool {
    is_counted(case) && matches!(case.severity, Severity::Fault | Severity::Blind)
}

/// A talk ended it and nobody was at the door.
fn is_talk(case: &Case) -> bool {
    case.arrived.is_none() && case.closed.as_ref().is_some_and(|ended| ended.contact == Contact::Spoken)
}

fn is_visit(case: &Case, now: Timestamp) -> bool {
    let is_due = case.arrived.is_some() || !case.phase.is_open() || now - case.raised_at > ARRIVE_WITHIN;
    is_person(case) && !is_talk(case) && is_due
}

fn is_there_in_time(case: &Case) -> bool {
    case.arrived.as_ref().is_some_and(|did| did.at - case.raised_at <= ARRIVE_WITHIN)
}

/// Whether there was a need, where it ended with a word about it.
fn need(case: &Case) -> Option<bool> {
    match case.closed.as_ref()?.outcome {
        Outcome::Helped | Outcome::Hospital | Outcome::WantedTalk | Outcome::Died => Some(true),
        Outcome::FoundWell
        | Outcome::AwayUnreported
        | Outcome::HouseWork
        | Outcome::PressedByMistake
        | Outcome::Equipment => Some(false),
        Outcome::NoAccess | Outcome::Test | Outcome::Duplicate => None,
    }
}

/// The promise.
const ARRIVE_WITHIN: Span = Span::minutes(15);
