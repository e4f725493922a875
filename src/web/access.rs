//! Who may do and see what: one table over the positions, and one over the addresses of pages.

use crate::model::lifecycle::Deed;
use crate::model::staff::Position;
use crate::web::Person;
use crate::web::form::Visitor;
use crate::web::sessions::Kind;

/// Something that not everybody may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Right {
    /// See the desk and alerts of this point.
    SeeDesk,
    /// See homes of this point: sensors, faults, times; nothing about who lives there.
    SeeHomes,
    /// See who lives there: names, telephones, cards.
    SeePersons,
    /// See when somebody moves about at home, as far as they agreed to it.
    SeePicture,
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
    /// Suspend for up to a month, change an outcome, see the reports of everybody; roster, plan and texts.
    Supervise,
    /// Sensors, walk tests, faults.
    Maintain,
    /// Reports, with ids and without names.
    Reports,
    /// People and their rights, tokens of programs, the audit.
    Administer,
}

impl Right {
    /// Every right, in the order of the table.
    #[cfg(test)]
    const ALL: [Right; 13] = [
        Right::SeeDesk,
        Right::SeeHomes,
        Right::SeePersons,
        Right::SeePicture,
        Right::Act,
        Right::Send,
        Right::Work,
        Right::Uncover,
        Right::Suspend,
        Right::Supervise,
        Right::Maintain,
        Right::Reports,
        Right::Administer,
    ];

    fn is_of(self, position: Position) -> bool {
        use Position::{Admin, Desk, Reader, Responder, Supervisor, Technician};
        match self {
            Right::SeeDesk => matches!(position, Desk | Responder | Supervisor),
            Right::SeeHomes => matches!(position, Desk | Responder | Supervisor | Technician),
            Right::SeePersons | Right::Act | Right::Uncover => matches!(position, Desk | Responder | Supervisor),
            Right::SeePicture | Right::Send | Right::Work | Right::Suspend => matches!(position, Desk | Supervisor),
            Right::Supervise => position == Supervisor,
            Right::Maintain => matches!(position, Supervisor | Technician),
            Right::Reports => matches!(position, Supervisor | Reader),
            Right::Administer => position == Admin,
        }
    }

    /// What a step of an alert asks for; which of them are possible now, and whose, the alert itself judges.
    pub fn of_step(deed: &Deed) -> Right {
        match deed {
            Deed::Ask { .. } | Deed::TakeOver => Right::Send,
            Deed::Reopen => Right::Supervise,
            Deed::Take
            | Deed::Depart
            | Deed::Arrive { .. }
            | Deed::Close { .. }
            | Deed::Release { .. }
            | Deed::HandOver { .. }
            | Deed::Accept
            | Deed::Assist
            // Whoever stands at the door and needs help says so.
            | Deed::Escalate { .. }
            | Deed::Call { .. }
            | Deed::Note { .. }
            | Deed::Undo { .. } => Right::Act,
            // Steps of homes and of stations themselves, which no person does.
            Deed::Raise { .. }
            | Deed::Again { .. }
            | Deed::AskHome { .. }
            | Deed::Unanswered { .. }
            | Deed::Cancel
            | Deed::CheckOver { .. }
            | Deed::PersonCancelled
            | Deed::Receive
            | Deed::AskEnded
            | Deed::HandOverEnded
            | Deed::Life { .. }
            | Deed::Recovered
            | Deed::Remind { .. }
            | Deed::Lapse
            | Deed::Overdue
            | Deed::Refused { .. }
            | Deed::Unknown => Right::Act,
        }
    }

    /// Whether a shared desk at which nobody acts may: it is there to be looked at.
    fn is_of_an_empty_desk(self) -> bool {
        match self {
            Right::SeeDesk | Right::SeeHomes | Right::SeePersons => true,
            // Who looks is written down by name.
            Right::SeePicture
            | Right::Act
            | Right::Send
            | Right::Work
            | Right::Uncover
            | Right::Suspend
            | Right::Supervise
            | Right::Maintain
            | Right::Reports
            | Right::Administer => false,
        }
    }
}

impl Person {
    /// Whether this person may.
    pub(super) fn may(&self, right: Right) -> bool {
        self.positions.iter().any(|position| right.is_of(position))
    }
}

impl Visitor {
    /// Whether whoever looks may.
    pub fn may(&self, right: Right) -> bool {
        match (&self.person, &self.seat) {
            (_, None) => false,
            (Some(person), Some(_)) => person.may(right),
            (None, Some(seat)) => seat.kind == Kind::Desk && right.is_of_an_empty_desk(),
        }
    }

    /// Whether whoever looks may, or might once somebody says who acts at this desk.
    pub fn might(&self, right: Right) -> bool {
        let asks_first = self.person.is_none() && self.seat.as_ref().is_some_and(|seat| seat.kind == Kind::Desk);
        self.may(right) || asks_first
    }

    /// Whether whoever looks may send anything but what is about themselves.
    fn may_change(&self) -> bool {
        let looks_on = |position| matches!(position, Position::Reader);
        self.person.as_ref().is_none_or(|person| person.positions.iter().any(|position| !looks_on(position)))
    }
}

/// What an address asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    /// Anybody, signed in or not.
    Open,
    /// Whoever is signed in: what is about themselves.
    Own,
    /// Whoever has one of these.
    Of(&'static [Right]),
}

impl Door {
    /// What the page at `path` asks for. A page that is not in the table asks for the desk.
    pub fn at(path: &str) -> Door {
        let is_there = |begin: &str| match begin.strip_suffix('*') {
            Some(begin) => path.starts_with(begin),
            None => path.strip_prefix(begin).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        };
        DOORS.iter().find(|(begin, _)| is_there(begin)).map_or(Door::Of(&[Right::SeeDesk]), |(_, door)| *door)
    }

    /// Whether this visitor may go in; to change something there if `changes`.
    pub fn lets_in(self, visitor: &Visitor, changes: bool) -> bool {
        match self {
            Door::Open => true,
            Door::Own => visitor.seat.is_some(),
            // Who acts at a shared desk is asked by the page itself.
            Door::Of(rights) if changes => rights.iter().any(|right| visitor.might(*right)) && visitor.may_change(),
            Door::Of(rights) => rights.iter().any(|right| visitor.may(*right)),
        }
    }
}

/// The begin of an address, and what it asks for; the first that fits.
const DOORS: &[(&str, Door)] = &[
    ("/healthz", Door::Open),
    ("/readyz", Door::Open),
    ("/static", Door::Open),
    ("/sign-in", Door::Open),
    ("/language", Door::Open),
    ("/sign-out", Door::Own),
    ("/who", Door::Own),
    ("/me", Door::Own),
    ("/help", Door::Own),
    ("/events", Door::Own),
    ("/admin/people", Door::Of(&[Right::Administer])),
    ("/admin/audit", Door::Of(&[Right::Administer])),
    ("/admin/tokens", Door::Of(&[Right::Administer])),
    ("/admin/hooks", Door::Of(&[Right::Administer])),
    ("/admin", Door::Of(&[Right::Administer, Right::Supervise])),
    ("/reports", Door::Of(&[Right::Reports])),
    ("/wall*", Door::Of(&[Right::Reports, Right::SeeDesk])),
    ("/api/v1/reports", Door::Of(&[Right::Reports])),
    ("/faults*", Door::Of(&[Right::SeeHomes])),
    ("/circle", Door::Of(&[Right::SeeHomes])),
    ("/api/v1/circle*", Door::Of(&[Right::Supervise])),
    ("/walk", Door::Of(&[Right::Maintain])),
    ("/daily*", Door::Of(&[Right::SeePersons])),
    ("/visits*", Door::Of(&[Right::SeePersons])),
    ("/requests*", Door::Of(&[Right::SeePersons])),
    ("/home*", Door::Of(&[Right::SeeHomes])),
    ("/metrics", Door::Open), // asks for itself
    ("/api/v1/openapi.json", Door::Open),
    ("/api/v1/asyncapi.json", Door::Open),
    ("/api/v1/schema", Door::Open),
    ("/api/v1/alerts.csv", Door::Of(&[Right::Reports])),
    ("/api/v1/faults", Door::Of(&[Right::SeeHomes])),
    ("/api/v1/daily", Door::Of(&[Right::SeePersons])),
    ("/api/v1/test", Door::Of(&[Right::Act])),
    ("/api/v1/home*", Door::Of(&[Right::SeeHomes])),
    ("/api/v1/events", Door::Of(&[Right::SeeDesk])),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The table as people read it; `station.md` §2.9 says the same.
    const TABLE: &str = "
                 desk responder supervisor technician admin reader
        SeeDesk      x     x         x          -         -     -
        SeeHomes     x     x         x          x         -     -
        SeePersons   x     x         x          -         -     -
        SeePicture   x     -         x          -         -     -
        Act          x     x         x          -         -     -
        Send         x     -         x          -         -     -
        Work         x     -         x          -         -     -
        Uncover      x     x         x          -         -     -
        Suspend      x     -         x          -         -     -
        Supervise    -     -         x          -         -     -
        Maintain     -     -         x          x         -     -
        Reports      -     -         x          -         -     x
        Administer   -     -         -          -         x     -
    ";

    #[test]
    fn every_position_may_what_the_table_says_and_no_more() {
        let words = |line: &'static str| line.split_whitespace().collect::<Vec<_>>();
        let mut lines = TABLE.lines().map(words).filter(|line| !line.is_empty());
        assert_eq!(lines.next().unwrap(), Position::ALL.map(Position::as_str));
        for right in Right::ALL {
            let marks = Position::ALL.map(|position| if right.is_of(position) { "x" } else { "-" });
            assert_eq!(lines.next().unwrap(), [&[format!("{right:?}").as_str()][..], &marks].concat());
        }
        assert_eq!(lines.next(), None);
    }

    /// One table: whoever the life-cycle refuses for their role has not the right either, and the other way round.
    #[test]
    fn a_step_asks_for_the_right_of_those_whose_role_may_do_it() {
        let own = Deed::examples().into_iter().filter(|deed| !matches!(deed, Deed::Unknown));
        for deed in own.filter(|deed| Position::ALL.iter().filter_map(|p| p.role()).any(|role| may(deed, role))) {
            for position in Position::ALL {
                let by_role = position.role().is_some_and(|role| may(&deed, role));
                assert_eq!(Right::of_step(&deed).is_of(position), by_role, "{} of {position:?}", deed.name());
            }
        }
        fn may(deed: &Deed, role: crate::model::lifecycle::Role) -> bool {
            use crate::model::lifecycle::{Phase, Refusal};
            let phases = [Phase::Raised, Phase::Received, Phase::Taken, Phase::Closed];
            let refused = |phase: Phase| matches!(phase.after(deed, role), Err(Refusal::NotForRole { .. }));
            !phases.into_iter().all(refused)
        }
    }

    #[test]
    fn an_address_that_nobody_named_asks_for_the_desk_and_a_like_one_is_another() {
        assert_eq!(Door::at("/"), Door::Of(&[Right::SeeDesk]));
        assert_eq!(Door::at("/anything/new"), Door::Of(&[Right::SeeDesk]));
        assert_eq!(Door::at("/sign-in"), Door::Open);
        assert_eq!(Door::at("/sign-inside"), Door::Of(&[Right::SeeDesk]));
        assert_eq!(Door::at("/static/desk.css"), Door::Open);
        assert_eq!(Door::at("/staticx"), Door::Of(&[Right::SeeDesk]));
        assert_eq!(Door::at("/home/flat-1/note"), Door::Of(&[Right::SeeHomes]));
        assert_eq!(Door::at("/homes"), Door::Of(&[Right::SeeHomes]));
        assert_eq!(Door::at("/healthz"), Door::Open);
    }
}
