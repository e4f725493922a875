//! Who of the staff can be called by telephone, and who of them is on duty.

use crate::model::duty::DutyHours;
use crate::model::ids::PersonId;
use crate::model::lifecycle::Role;
use crate::model::staff::Member;
use crate::model::time::{Timestamp, Zone};
use std::collections::BTreeMap;

/// Somebody who can be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reachable {
    /// The number, as it is dialled.
    pub phone: String,
    /// As whom they answer alerts.
    pub role: Role,
    /// The language they read, as its short word; else the station's.
    pub language: Option<String>,
    /// When they are on duty, where somebody wrote it down.
    pub duty: Option<DutyHours>,
}

/// Everybody who answers alerts and has a telephone.
#[derive(Debug, Clone, PartialEq)]
pub struct Roster {
    zone: Zone,
    people: BTreeMap<PersonId, Reachable>,
}

/// Who is called first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OnDuty {
    /// They.
    pub people: Vec<PersonId>,
    /// By the roster; else nobody is on duty by it, and these are all who have a number.
    pub by_roster: bool,
}

impl Roster {
    /// Of these people, those who can be called today.
    pub fn of<'a>(
        members: impl IntoIterator<Item = (&'a PersonId, &'a Member)>,
        zone: &Zone,
        now: Timestamp,
    ) -> Roster {
        let today = zone.local(now).date;
        let reachable = |member: &Member| {
            let Member { phone, language, duty, .. } = member.clone();
            Some(Reachable { phone: phone?, role: member.positions.role()?, language, duty })
        };
        let here = members.into_iter().filter(|(_, member)| member.is_in(today));
        let people = here.filter_map(|(id, member)| Some((id.clone(), reachable(member)?))).collect();
        Roster { zone: zone.clone(), people }
    }

    /// One of them.
    pub fn get(&self, person: &PersonId) -> Option<&Reachable> {
        self.people.get(person)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&PersonId, &Reachable)> {
        self.people.iter()
    }

    /// Who is called first at `now`. Where the roster names nobody, everybody is.
    pub fn on_duty(&self, now: Timestamp) -> OnDuty {
        let is_on = |reachable: &Reachable| reachable.duty.as_ref().is_some_and(|duty| duty.covers(&self.zone, now));
        let named: Vec<PersonId> =
            self.people.iter().filter(|(_, reachable)| is_on(reachable)).map(|(id, _)| id.clone()).collect();
        match named.is_empty() {
            false => OnDuty { people: named, by_roster: true },
            true => OnDuty { people: self.people.keys().cloned().collect(), by_roster: false },
        }
    }

    /// Who heads the station, on duty or not.
    pub fn supervisors(&self) -> impl Iterator<Item = &PersonId> {
        self.people.iter().filter(|(_, reachable)| reachable.role == Role::Supervisor).map(|(id, _)| id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::staff::Position;
    use crate::model::time::from_millis;

    fn member(position: Position, phone: &str, duty: &str) -> Member {
        Member {
            positions: [position].into_iter().collect(),
            phone: (!phone.is_empty()).then(|| phone.to_owned()),
            duty: (!duty.is_empty()).then(|| duty.parse().unwrap()),
            ..Member::default()
        }
    }

    #[test]
    fn who_is_on_the_roster_now_is_called_and_where_it_names_nobody_everybody_is() {
        let id = |id: &str| id.parse::<PersonId>().unwrap();
        let staff = [
            (id("day"), member(Position::Desk, "13800138000", "Mon-Fri 08:00-20:00")),
            (id("night"), member(Position::Responder, "13800138001", "Mon-Sun 20:00-08:00, 2026-11-24 closed")),
            (id("boss"), member(Position::Supervisor, "13800138002", "")),
            (id("silent"), member(Position::Desk, "", "always")),
            (id("fitter"), member(Position::Technician, "13800138003", "always")),
        ];
        let on = |at: &str| {
            let at: Timestamp = at.parse().unwrap();
            let roster = Roster::of(staff.iter().map(|(id, member)| (id, member)), &Zone::utc(), at);
            let on = roster.on_duty(at);
            (on.people.iter().map(PersonId::to_string).collect::<Vec<_>>().join(" "), on.by_roster)
        };
        assert_eq!(on("2026-11-23T09:00:00Z"), ("day".into(), true), "a Monday");
        assert_eq!(on("2026-11-23T22:00:00Z"), ("night".into(), true));
        assert_eq!(on("2026-11-24T22:00:00Z"), ("boss day night".into(), false), "the exception leaves nobody");
    }

    #[test]
    fn who_works_here_no_more_is_not_called() {
        let gone = Member { until: Some((2026, 1, 1)), ..member(Position::Desk, "13800138000", "always") };
        let at = from_millis(1_795_241_529_000);
        let id: PersonId = "p1".parse().unwrap();
        let roster = Roster::of([(&id, &gone)], &Zone::utc(), at);
        assert_eq!(roster.on_duty(at), OnDuty::default());
    }
}
