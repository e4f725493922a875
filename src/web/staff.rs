//! The people of the station as the pages know them: read once from the office, changed together with it.

use crate::model::ids::PersonId;
use crate::model::lifecycle::Role;
use crate::model::staff::{Member, Positions};
use crate::model::time::Timestamp;
use crate::web::form::Visitor;
use crate::web::{Site, Wanted};
use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

/// A member of the staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The id that travels.
    pub id: PersonId,
    /// The name that stays at the station.
    pub name: String,
    /// What they are.
    pub positions: Positions,
}

impl Person {
    /// As whom they answer alerts, if they do.
    pub fn role(&self) -> Option<Role> {
        self.positions.role()
    }

    fn of(id: &PersonId, member: &Member) -> Person {
        Person { id: id.clone(), name: member.name.clone(), positions: member.positions.clone() }
    }
}

/// Everybody who ever worked here.
pub(super) type Staff = RwLock<BTreeMap<PersonId, Member>>;

impl Site {
    /// Whoever works here now.
    pub(super) fn people(&self) -> Vec<Person> {
        let today = self.today();
        let staff = self.staff.read().unwrap_or_else(PoisonError::into_inner);
        staff.iter().filter(|(_, member)| member.is_in(today)).map(|(id, member)| Person::of(id, member)).collect()
    }

    /// Whoever works here now and answers alerts.
    pub(super) fn answering(&self) -> Vec<Person> {
        self.people().into_iter().filter(|person| person.role().is_some()).collect()
    }

    /// Somebody who works here now.
    pub(super) fn person(&self, id: &PersonId) -> Option<Person> {
        self.member(id).filter(|member| member.is_in(self.today())).map(|member| Person::of(id, &member))
    }

    /// The name of somebody who works here or once did.
    pub(super) fn name(&self, id: &PersonId) -> Option<String> {
        self.member(id).map(|member| member.name)
    }

    /// All that is known of somebody, whether they still work here or not.
    pub(super) fn member(&self, id: &PersonId) -> Option<Member> {
        self.staff.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// Everybody, former ones too.
    pub(super) fn members(&self) -> Vec<(PersonId, Member)> {
        let staff = self.staff.read().unwrap_or_else(PoisonError::into_inner);
        staff.iter().map(|(id, member)| (id.clone(), member.clone())).collect()
    }

    /// Whoever works here now under this id or name; nobody where two have the name.
    pub(super) fn named(&self, who: &str) -> Option<(PersonId, Member)> {
        let (who, today) = (who.trim().to_lowercase(), self.today());
        let members: Vec<_> = self.members().into_iter().filter(|(_, member)| member.is_in(today)).collect();
        let by_id = members.iter().find(|(id, _)| id.as_str().to_lowercase() == who);
        let mut by_name = members.iter().filter(|(_, member)| member.name.to_lowercase() == who);
        let found = by_id.or_else(|| by_name.next().filter(|_| by_name.next().is_none()));
        found.cloned()
    }

    /// Writes a person down and lets the desk know; `what` and `detail` stand in the audit.
    pub(super) async fn put_member(
        &self,
        visitor: &Visitor,
        id: &PersonId,
        member: Member,
        what: &'static str,
        detail: String,
    ) -> Result<(), NotWritten> {
        let (office, now, who) = (self.office.clone(), self.now(), visitor.name_in_audit());
        let (its_id, its_member) = (id.clone(), member.clone());
        let write = move || office.put_member(&its_id, &its_member, &who, what, &detail, now);
        match tokio::task::spawn_blocking(write).await {
            Ok(Ok(())) => {}
            Ok(Err(why)) => {
                tracing::error!(%why, what, "the change of a person was not written");
                return Err(NotWritten);
            }
            Err(_) => return Err(NotWritten),
        }
        self.staff.write().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), member);
        let answering = self.answering().into_iter().filter_map(|person| Some((person.id.clone(), person.role()?)));
        // A desk that does not answer learns it at its next start.
        self.ask(Wanted::People(answering.collect())).await;
        Ok(())
    }

    /// The day on the wall of the station.
    pub(super) fn today(&self) -> (i16, i8, i8) {
        self.settings.zone.local(self.now()).date
    }
}

/// The office could not be written, so nothing has changed.
#[derive(Debug)]
pub(super) struct NotWritten;

/// Who answers alerts, among these people.
pub fn answering(
    members: &[(PersonId, Member)],
    zone: &crate::model::time::Zone,
    now: Timestamp,
) -> BTreeMap<PersonId, Role> {
    let today = zone.local(now).date;
    let here = members.iter().filter(|(_, member)| member.is_in(today));
    here.filter_map(|(id, member)| Some((id.clone(), member.positions.role()?))).collect()
}
