//! Who is called by SMS about what, and when no more.

use super::*;
use crate::desk::{Known, Matter, Roster, Summons, Told};
use crate::model::duty::DutyHours;
use crate::model::staff::{Member, Position};
use crate::model::time::Zone;

/// `p1` and `p2` are on duty, `p3` is not, `boss` heads the station.
fn roster() -> Roster {
    let member = |position, duty: Option<&str>| Member {
        positions: [position].into_iter().collect(),
        phone: Some("13800138000".into()),
        duty: duty.map(|duty| duty.parse::<DutyHours>().unwrap()),
        ..Member::default()
    };
    let staff: Vec<(PersonId, Member)> = [
        ("p1", member(Position::Desk, Some("always"))),
        ("p2", member(Position::Responder, Some("always"))),
        ("p3", member(Position::Responder, None)),
        ("boss", member(Position::Supervisor, None)),
    ]
    .map(|(id, member)| (id.parse().unwrap(), member))
    .into();
    Roster::of(staff.iter().map(|(id, member)| (id, member)), &Zone::utc(), at(0))
}

/// A book as the station keeps it, where every message is taken by the network at once.
#[derive(Default)]
struct Said {
    known: Known,
    said: Vec<(i64, String, Matter)>,
}

impl Said {
    /// Looks every second of this time.
    fn look(&mut self, desk: &Desk, secs: std::ops::RangeInclusive<i64>) -> &mut Said {
        for second in secs {
            let all = desk.summons(at(second), &roster(), &self.known);
            let mut keys: Vec<&str> = all.iter().map(|one| one.key.as_str()).collect();
            keys.dedup();
            assert_eq!(keys.len(), all.len(), "two messages of one key: {all:?}");
            all.into_iter().for_each(|summons| self.put(second, summons));
        }
        self
    }

    fn put(&mut self, second: i64, summons: Summons) {
        self.said.push((second, summons.to.to_string(), summons.matter));
        match (summons.matter, summons.alert) {
            (Matter::Daily(day), _) => drop(self.known.days.insert(day)),
            (Matter::NoWatcher, Some(alert)) => drop(self.known.unwatched.insert((alert, summons.spell))),
            (matter, Some(alert)) => {
                let told: &mut Told =
                    self.known.alerts.entry((alert, summons.spell)).or_default().entry(summons.to).or_default();
                told.count += 1;
                told.reminders +=
                    u32::from(matches!(matter, Matter::Untaken(_) | Matter::NotDeparted | Matter::Overdue));
                told.last = Some((matter, at(second)));
            }
            (_, None) => {}
        }
    }

    fn of(&self, who: &str) -> Vec<(i64, Matter)> {
        self.said.iter().filter(|(_, to, _)| to == who).map(|(second, _, matter)| (*second, *matter)).collect()
    }
}

#[test]
fn without_a_screen_who_is_on_duty_is_called_at_once_then_the_head_then_everybody_and_nobody_more_than_three_times() {
    let (mut desk, mut home) = (desk(), Book::new("flat"));
    desk.told(&home.raise(at(0)), at(1));
    let mut said = Said::default();
    said.look(&desk, 1..=3_000);
    let calls = vec![(1, Matter::Alert), (121, Matter::Untaken(1)), (241, Matter::Untaken(2))];
    assert_eq!((said.of("p1"), said.of("p2")), (calls.clone(), calls));
    assert_eq!(said.of("boss"), [(121, Matter::Alert), (241, Matter::Untaken(1)), (361, Matter::Untaken(2))]);
    assert_eq!(said.of("p3"), [(241, Matter::Alert), (361, Matter::Untaken(1)), (481, Matter::Untaken(2))]);
}

#[test]
fn a_screen_that_somebody_watches_has_the_first_word() {
    let (mut desk, mut home) = (desk(), Book::new("flat"));
    desk.told(&home.raise(at(0)), at(1));
    let screen = Screen { id: "a".into(), sound: Sound::Running, visible: true, build: "1".into(), person: None };
    let mut said = Said::default();
    for second in 1..=40 {
        desk.does(at(second), Input::Screen(screen.clone()));
        said.look(&desk, second..=second);
    }
    assert_eq!(said.of("p1"), [(31, Matter::Alert)]);
}

#[test]
fn whoever_was_called_hears_that_another_has_it_and_once_more_when_it_comes_back() {
    let (mut desk, mut home) = (desk(), Book::new("flat"));
    let key = desk.told(&home.raise(at(0)), at(1));
    let mut said = Said::default();
    said.look(&desk, 1..=10);
    desk.answer_to(&key, at(11), "p1", Deed::Take, "a");
    said.look(&desk, 11..=60);
    assert_eq!(said.of("p1"), [(1, Matter::Alert)], "who has it is not told that others have");
    assert_eq!(said.of("p2"), [(1, Matter::Alert), (11, Matter::Others)]);
    desk.answer_to(&key, at(61), "p1", Deed::Release { why: String::new() }, "b");
    said.look(&desk, 61..=70);
    assert_eq!(said.of("p2").last(), Some(&(61, Matter::Untaken(1))), "at once");
    let close = Deed::Close { outcome: Outcome::FoundWell, contact: Contact::Seen };
    desk.answer_to(&key, at(71), "boss", close, "c");
    said.look(&desk, 71..=80);
    assert_eq!(said.of("p2").last(), Some(&(71, Matter::Over)));
    assert_eq!(said.of("boss"), [], "who was never called is told nothing");
}

#[test]
fn who_has_it_and_does_not_go_is_reminded_and_who_cannot_come_is_left_alone() {
    let (mut desk, mut home) = (desk(), Book::new("flat"));
    let key = desk.told(&home.raise(at(0)), at(1));
    let mut said = Said::default();
    said.look(&desk, 1..=1);
    let told = said.known.alerts.entry((key.clone(), 0)).or_default();
    told.entry("p2".parse().unwrap()).or_default().declined = true;
    desk.answer_to(&key, at(10), "p1", Deed::Take, "a");
    for second in 10..=1_000 {
        if second == 200 {
            desk.answer_to(&key, at(200), "p1", Deed::Depart, "b");
        }
        desk.does(at(second), Input::Tick);
        said.look(&desk, second..=second);
    }
    assert_eq!(said.of("p1"), [(1, Matter::Alert), (190, Matter::NotDeparted), (900, Matter::Overdue)]);
    assert_eq!(said.of("boss"), [(900, Matter::Overdue)]);
    assert_eq!(said.of("p2"), [(1, Matter::Alert)]);
}

#[test]
fn whoever_is_chosen_is_called_at_once() {
    let (mut desk, mut home) = (desk(), Book::new("flat"));
    let key = desk.told(&home.raise(at(0)), at(1));
    desk.settings.people.insert("p3".parse().unwrap(), Role::Responder);
    desk.answer_to(&key, at(5), "p1", Deed::Ask { person: "p3".parse().unwrap() }, "a");
    let mut said = Said::default();
    said.look(&desk, 5..=6);
    assert_eq!(said.of("p3"), [(5, Matter::Alert)]);
}

#[test]
fn a_desk_that_nobody_watches_is_told_once_each_time_to_who_is_on_duty() {
    let mut desk = desk();
    desk.settings.duty = Some((DutyHours::always(), Zone::utc()));
    desk.does(at(0), Input::Tick);
    let mut said = Said::default();
    for second in 0..=100 {
        desk.does(at(second), Input::Tick);
        said.look(&desk, second..=second);
    }
    assert_eq!(said.of("p1"), [(60, Matter::NoWatcher)]);
    assert_eq!(said.of("p3"), []);
    let alert = said.known.unwatched.first().unwrap().0.clone();
    let p1: PersonId = "p1".parse().unwrap();
    assert!(desk.still_wants(Matter::NoWatcher, Some(&alert), &p1));
    let screen = Screen { id: "a".into(), sound: Sound::Running, visible: true, build: "1".into(), person: None };
    desk.does(at(101), Input::Screen(screen));
    assert!(!desk.still_wants(Matter::NoWatcher, Some(&alert), &p1), "a message that waited is of no use any more");
}
