//! Who may do and see what: one table.

use crate::model::lifecycle::Role;
use crate::web::form::Visitor;

/// Something that not everybody may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code)] // until every page asks
pub(super) enum Right {
    /// See the desk, alerts and homes of this point.
    SeeHomes,
    /// Take, go, arrive, call, note.
    Act,
    /// Send somebody, hand an alert to another point.
    Send,
    /// Write cards of homes, and the work of the day: contact, visits, requests.
    Work,
    /// Uncover door codes and medical notes while an alert of the home is in hand.
    Uncover,
    /// Suspend for up to a week.
    Suspend,
    /// Suspend for up to a month, change an outcome, see the reports of everybody.
    Supervise,
    /// Sensors, walk tests, faults.
    Maintain,
    /// Reports, with ids and without names.
    Reports,
    /// People and their rights, tokens of programs, the audit.
    Administer,
}

impl Right {
    fn is_of(self, role: Role) -> bool {
        match self {
            Right::SeeHomes | Right::Act | Right::Uncover => role.is_staff(),
            Right::Send | Right::Work | Right::Suspend => matches!(role, Role::Desk | Role::Supervisor),
            Right::Supervise | Right::Maintain | Right::Reports | Right::Administer => role == Role::Supervisor,
        }
    }
}

impl Visitor {
    /// Whether whoever looks may.
    pub fn may(&self, right: Right) -> bool {
        self.person.as_ref().is_some_and(|person| right.is_of(person.role))
    }
}
