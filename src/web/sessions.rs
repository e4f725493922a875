//! Who is signed in on which browser, and who of the staff acts at a shared desk.
//!
//! All of it is in memory, so that every request can ask without the disk; what changes is written to the office.

use crate::model::ids::PersonId;
use crate::model::time::{Millis, Span, Timestamp};
use crate::store::SessionRow;
use crate::web::secrets::{self, Hash, Unavailable};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// For what somebody signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// This PC is a desk of the station: it stays signed in, and whoever is on duty acts on it by PIN.
    Desk,
    /// One person's own.
    Personal,
}

impl Kind {
    /// How long it lasts when nobody uses it.
    pub fn lasts(self) -> Span {
        match self {
            Kind::Desk => Span::days(30),
            Kind::Personal => Span::hours(12),
        }
    }

    /// How much of that may be gone before it is prolonged: a row is not written at every click.
    fn prolonged_after(self) -> Span {
        match self {
            Kind::Desk => Span::hours(6),
            Kind::Personal => Span::minutes(10),
        }
    }
}

/// One browser that is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Session {
    pub kind: Kind,
    /// Who signed in.
    pub person: PersonId,
    #[serde(with = "Millis", rename = "begun_ms")]
    pub begun: Timestamp,
    /// At a desk: who acts.
    #[serde(default)]
    pub acting: Option<PersonId>,
    /// At a desk: who proved who they are, or did something, when.
    #[serde(default)]
    proved: Vec<Proved>,
    #[serde(skip)]
    pub ends: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Proved {
    person: PersonId,
    #[serde(with = "Millis", rename = "at_ms")]
    at: Timestamp,
}

impl Session {
    fn begin(kind: Kind, person: PersonId, now: Timestamp) -> Session {
        let acting = (kind == Kind::Desk).then(|| person.clone());
        let proved = vec![Proved { person: person.clone(), at: now }];
        Session { kind, person, begun: now, acting, proved, ends: now + kind.lasts() }
    }

    /// Whether this desk still knows that it is this person.
    pub fn remembers(&self, person: &PersonId, now: Timestamp) -> bool {
        self.proved.iter().any(|proved| proved.person == *person && now - proved.at < REMEMBERED)
    }

    /// `person` proved who they are, or does something; they act from now on.
    pub fn prove(&mut self, person: &PersonId, now: Timestamp) {
        self.proved.retain(|proved| proved.person != *person && now - proved.at < REMEMBERED);
        self.proved.push(Proved { person: person.clone(), at: now });
        self.acting = Some(person.clone());
    }

    fn row(&self) -> String {
        serde_json::to_string(self).expect("a session holds only text keys and whole numbers")
    }
}

/// Every browser that is signed in.
#[derive(Debug)]
pub(super) struct Sessions {
    held: Mutex<BTreeMap<Hash, Session>>,
}

/// What must be written to the office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Changed {
    pub hash: Hash,
    pub ends: Timestamp,
    pub body: String,
}

impl Changed {
    fn of(hash: &Hash, session: &Session) -> Changed {
        Changed { hash: *hash, ends: session.ends, body: session.row() }
    }
}

impl Sessions {
    /// Those that were written; one that cannot be read has ended.
    pub fn restore(rows: Vec<SessionRow>) -> Sessions {
        let read = |(hash, ends, body): SessionRow| {
            let hash = Hash::try_from(hash).ok()?;
            let session: Session = serde_json::from_slice(body.as_bytes()).ok()?;
            Some((hash, Session { ends, ..session }))
        };
        Sessions { held: Mutex::new(rows.into_iter().filter_map(read).collect()) }
    }

    /// A new one: the secret for the cookie, and what is written. The oldest ends where there are too many.
    pub fn begin(
        &self,
        kind: Kind,
        person: &PersonId,
        now: Timestamp,
    ) -> Result<(String, Changed, Vec<Hash>), Unavailable> {
        let secret = secrets::token()?;
        let hash = secrets::hash(SESSION, &secret);
        let session = Session::begin(kind, person.clone(), now);
        let changed = Changed::of(&hash, &session);
        let mut held = self.held();
        held.insert(hash, session);
        let mut ended = Vec::new();
        while held.len() > HELD_MAX {
            let oldest = held.iter().min_by_key(|(_, session)| session.ends).map(|(hash, _)| *hash);
            ended.extend(oldest.filter(|oldest| held.remove(oldest).is_some()));
        }
        Ok((secret, changed, ended))
    }

    /// The session of this secret, if it has not run out.
    pub fn of(&self, secret: &str, now: Timestamp) -> Option<(Hash, Session)> {
        let hash = secrets::hash(SESSION, secret);
        self.get(&hash, now).map(|session| (hash, session))
    }

    /// The same by its hash.
    pub fn get(&self, hash: &Hash, now: Timestamp) -> Option<Session> {
        self.held().get(hash).filter(|session| session.ends > now).cloned()
    }

    /// Changes one; nothing if it has ended.
    pub fn change(&self, hash: &Hash, now: Timestamp, change: impl FnOnce(&mut Session)) -> Option<Changed> {
        let mut held = self.held();
        let session = held.get_mut(hash).filter(|session| session.ends > now)?;
        change(session);
        session.ends = now + session.kind.lasts();
        Some(Changed::of(hash, session))
    }

    /// Prolongs one that is used; something only when it is time to write it.
    pub fn prolong(&self, hash: &Hash, now: Timestamp) -> Option<Changed> {
        let session = self.get(hash, now)?;
        let due = session.ends - now < session.kind.lasts() - session.kind.prolonged_after();
        if due { self.change(hash, now, |_| {}) } else { None }
    }

    /// Ends those that `which` names.
    pub fn end(&self, which: impl Fn(&Hash, &Session) -> bool) -> Vec<Hash> {
        let mut held = self.held();
        let ended: Vec<Hash> =
            held.iter().filter(|(hash, session)| which(hash, session)).map(|(hash, _)| *hash).collect();
        for hash in &ended {
            held.remove(hash);
        }
        ended
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<Hash, Session>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const SESSION: &str = "session";
/// A desk asks for the PIN again when somebody did nothing there for so long.
const REMEMBERED: Span = Span::minutes(30);
/// More browsers than any station has.
const HELD_MAX: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::from_millis;

    fn at(minutes: i64) -> Timestamp {
        from_millis(0) + Span::minutes(minutes)
    }

    #[test]
    fn a_session_outlives_a_restart_slides_and_runs_out() {
        let zhang: PersonId = "zhang".parse().unwrap();
        let sessions = Sessions::restore(Vec::new());
        let (secret, written, ended) = sessions.begin(Kind::Personal, &zhang, at(0)).unwrap();
        assert!(ended.is_empty() && !written.body.contains(&secret), "the secret itself is never written");
        let restored = Sessions::restore(vec![(written.hash.to_vec(), written.ends, written.body)]);
        let (hash, session) = restored.of(&secret, at(1)).unwrap();
        assert_eq!((session.person.as_str(), session.kind), ("zhang", Kind::Personal));
        assert_eq!(restored.prolong(&hash, at(5)), None, "not at every click");
        assert_eq!(restored.prolong(&hash, at(600)).unwrap().ends, at(600 + 720));
        assert!(restored.of(&secret, at(1319)).is_some());
        assert!(restored.of(&secret, at(1320)).is_none(), "nobody used it for twelve hours");
        assert!(restored.change(&hash, at(1321), |_| {}).is_none());
        assert!(restored.of("guessed", at(1)).is_none());
    }

    #[test]
    fn a_desk_knows_who_proved_themselves_for_half_an_hour_after_their_last_deed() {
        let (zhang, li): (PersonId, PersonId) = ("zhang".parse().unwrap(), "li".parse().unwrap());
        let sessions = Sessions::restore(Vec::new());
        let (secret, written, _) = sessions.begin(Kind::Desk, &zhang, at(0)).unwrap();
        sessions.change(&written.hash, at(10), |session| session.prove(&li, at(10))).unwrap();
        let session = sessions.of(&secret, at(29)).unwrap().1;
        assert_eq!(session.acting, Some(li.clone()));
        assert!(session.remembers(&zhang, at(29)) && session.remembers(&li, at(39)));
        assert!(!session.remembers(&zhang, at(30)) && !session.remembers(&li, at(40)));
    }

    #[test]
    fn more_browsers_than_any_station_has_end_the_oldest() {
        let sessions = Sessions::restore(Vec::new());
        let who: PersonId = "zhang".parse().unwrap();
        let first = sessions.begin(Kind::Personal, &who, at(0)).unwrap().1.hash;
        let ended: Vec<Hash> =
            (1..=HELD_MAX as i64).flat_map(|n| sessions.begin(Kind::Personal, &who, at(n)).unwrap().2).collect();
        assert_eq!(ended, [first]);
    }
}
