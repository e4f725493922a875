//! Killed after any input and restored, the lists are the same.

use super::*;
use crate::model::errand::{RequestDeed, RequestKind, RequestOutcome, VisitDeed};

#[test]
fn killed_after_any_input_and_restored_the_lists_are_the_same() {
    for seed in 1..=3 {
        let mut dice = Dice(seed);
        let mut bench = Bench::new(SHANGHAI);
        bench.desk.settings.unreachable_after = Span::hours(2);
        let mut minutes = 5 * 60;
        for home in ["a", "b", "c"] {
            bench.card(home, Card { class: Some(Class::Yellow), born: Some((1940, 11, 24)), ..Card::default() });
        }
        for turn in 0..150 {
            minutes += dice.below(23);
            let clock = format!("{}:{}", minutes / 60, minutes % 60);
            let input = any_input(&mut dice, &bench, &clock, turn);
            bench.does(&clock, input);
            let restored = bench.restored();
            let now = at(&clock);
            assert_eq!(restored.daily_view(now), bench.desk.daily_view(now), "seed {seed}, turn {turn}");
            assert_eq!(restored.visits_view(now), bench.desk.visits_view(now), "seed {seed}, turn {turn}");
            assert_eq!(restored.requests_view(now), bench.desk.requests_view(now), "seed {seed}, turn {turn}");
            assert!(restored.daily_counts().eq(bench.desk.daily_counts()), "seed {seed}, turn {turn}");
        }
        assert!(bench.desk.daily_counts().count() > 0, "a day passed");
    }
}

fn any_input(dice: &mut Dice, bench: &Bench, clock: &str, turn: u32) -> Input {
    let home = ["a", "b", "c", "d"][dice.below(4) as usize];
    if dice.below(2) == 0 {
        let mut condition = bench.condition(None);
        let today = condition.today.as_mut().unwrap();
        today.date = Zone::named(SHANGHAI).unwrap().day(at(clock));
        today.sign = (dice.below(3) == 0).then(|| OwnSign { at: at(clock), by: SignBy::OkButton });
        today.usual_by = (dice.below(2) == 0).then(|| at("07:10"));
        today.learning_day = (dice.below(6) == 0).then_some(3);
        condition.blind = dice.below(9) == 0;
        return Input::Heartbeat { home: id(home), condition };
    }
    let day = Zone::named(SHANGHAI).unwrap().day(at(clock));
    let who = || "p1".parse().unwrap();
    let contact = |deed| Errand::Contact(deed);
    let errand = match dice.below(12) {
        0..=3 => contact(ContactDeed::Called { result: CallResult::NoAnswer }),
        4 => contact(ContactDeed::Called { result: CallResult::Reached }),
        5 => contact(ContactDeed::Undo),
        6 => contact(ContactDeed::Away { until: day }),
        7 => contact(if turn.is_multiple_of(2) { ContactDeed::Hospital } else { ContactDeed::Back }),
        8 => Errand::Visit(VisitDeed::Visited { who: who(), on: day, note: "made-up".into() }),
        9 => Errand::Visit(VisitDeed::Planned { who: who(), on: day, note: String::new() }),
        10 => {
            let (kind, wish, due) = (RequestKind::Meal, "soup".to_owned(), at(clock) + Span::hours(2));
            Errand::Request(RequestDeed::Open { kind, wish, due })
        }
        _ => {
            let (outcome, note) = (RequestOutcome::Done, String::new());
            Errand::Request(RequestDeed::End { number: 1 + u64::from(turn) % 9, outcome, note })
        }
    };
    let who = if dice.below(5) == 0 { "boss" } else { "p1" };
    Input::Order(Order { ticket: 1, home: id(home), by: person(who), errand, key: format!("k{turn}") })
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as u32 % sides
    }
}
