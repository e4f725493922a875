//! What the pages know of the station's own modem, and the tests of it that they ask for.

use crate::model::ids::PersonId;
use crate::model::lifecycle::Role;
use crate::model::staff::{Member, Position};
use crate::model::time::Timestamp;
use crate::text;
use crate::web::Site;
use crate::web::form::Visitor;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::mpsc;

/// How the modem is, and who would be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Modem {
    /// It is in the network; else why not.
    pub state: Result<(), String>,
    /// When the network took a message last.
    pub taken_at: Option<Timestamp>,
    /// Who is called first.
    pub on_duty: Vec<PersonId>,
    /// By the roster; else it names nobody, and these are all who have a number.
    pub by_roster: bool,
}

impl Default for Modem {
    fn default() -> Modem {
        Modem { state: Err(String::new()), taken_at: None, on_duty: Vec::new(), by_roster: false }
    }
}

/// A test of one person's telephone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TestSms {
    /// When somebody wanted it.
    pub asked_at: Timestamp,
    /// When the network took it.
    pub taken_at: Option<Timestamp>,
    /// When the person answered.
    pub heard_at: Option<Timestamp>,
}

/// The tests of everybody's telephones. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Telephone {
    tests: Arc<RwLock<BTreeMap<PersonId, TestSms>>>,
    ask: mpsc::Sender<PersonId>,
}

impl Telephone {
    /// The pages' end, and where what they ask for is heard.
    pub fn new() -> (Telephone, mpsc::Receiver<PersonId>) {
        let (ask, asked) = mpsc::channel(TESTS_WAITING_MAX);
        (Telephone { tests: Arc::default(), ask }, asked)
    }

    /// A test stands so now; an older one of the same person is not told any more.
    pub fn put(&self, person: &PersonId, test: TestSms) {
        let mut tests = self.tests.write().unwrap_or_else(PoisonError::into_inner);
        let is_newest = tests.get(person).is_none_or(|other| other.asked_at <= test.asked_at);
        if is_newest {
            tests.insert(person.clone(), test);
        }
    }

    /// The newest test of this person's telephone.
    pub fn test(&self, person: &PersonId) -> Option<TestSms> {
        self.tests.read().unwrap_or_else(PoisonError::into_inner).get(person).copied()
    }

    /// Asks for a test; whether it was taken up.
    pub fn ask(&self, person: PersonId) -> bool {
        self.ask.try_send(person).is_ok()
    }
}

impl Site {
    /// Whom a page that is cut off tells people to call: who, the number as it is read, and as it is dialled. For those who
    /// are signed in: it holds the numbers of people.
    pub(super) fn to_call(&self, visitor: &Visitor) -> Vec<(String, String, String)> {
        let language = visitor.language;
        let named = self.settings.telephones.iter().cloned();
        let today = self.today();
        let head = |(_, member): (PersonId, Member)| {
            let is_head = member.is_in(today) && member.positions.has(Position::Supervisor) && visitor.seat.is_some();
            let who = format!("{} {}", text::role(language, Role::Supervisor), text::shown(&member.name, 30));
            member.phone.filter(|_| is_head).map(|phone| (who, phone))
        };
        let heads = self.members().into_iter().filter_map(head);
        let ambulance = (text::label(language, "to_call_ambulance").to_owned(), "120".to_owned());
        let dialled = |number: &str| number.chars().filter(|sign| sign.is_ascii_digit() || *sign == '+').collect();
        let all = named.chain(heads).chain([ambulance]);
        all.map(|(who, number)| (text::shown(&who, 40), number.clone(), dialled(&number))).collect()
    }
}

const TESTS_WAITING_MAX: usize = 8;
