//! What was done where there was no network.

use super::*;

fn late(desk: &mut Desk, alert: &AlertKey, now: i64, ago: i64, deed: Deed, key: &str) -> Answer {
    let click = Click { ticket: 7, alert: alert.clone(), by: person("p1"), deed, expect: Some(0), key: key.into() };
    answer(&desk.does(at(now), Input::Late { click, ago: Span::seconds(ago) }))
}

#[test]
fn a_departure_and_an_arrival_that_come_late_have_the_time_at_which_they_were_done_and_say_so() {
    let (mut desk, mut home) = (desk(), Book::new("flat"));
    let key = desk.told(&home.raise(at(0)), at(1));
    desk.answer_to(&key, at(10), "p1", Deed::Take, "a");
    let arrive = || Deed::Arrive { proof: Proof::None };
    assert!(matches!(late(&mut desk, &key, 300, 250, Deed::Depart, "b"), Answer::Done { .. }));
    let first = late(&mut desk, &key, 301, 60, arrive(), "c");
    assert_eq!(late(&mut desk, &key, 310, 69, arrive(), "c"), first, "sent twice, done once");
    let view = desk.alert_view(at(400), &key, &person("p1")).unwrap();
    let steps: Vec<_> = view.timeline.iter().map(|line| (line.step.deed.name(), line.step.at)).collect();
    assert_eq!(steps[steps.len() - 2..], [("depart", at(50)), ("arrive", at(241))]);
    assert_eq!(view.row.arrived_at, Some(at(241)));
    let marked = view.timeline.iter().filter(|line| line.step.is_late());
    assert_eq!(marked.count(), 2);
    assert_eq!(picture(&desk.restored()), picture(&desk));
}

#[test]
fn what_came_in_time_with_its_answer_lost_is_not_done_again() {
    let (mut desk, mut home) = (desk(), Book::new("flat"));
    let key = desk.told(&home.raise(at(0)), at(1));
    desk.answer_to(&key, at(10), "p1", Deed::Take, "a");
    let first = desk.answer_to(&key, at(20), "p1", Deed::Depart, "b");
    assert_eq!(late(&mut desk, &key, 30, 10, Deed::Depart, "b"), first);
}

#[test]
fn too_old_or_overtaken_or_a_take_is_refused() {
    let (mut desk, mut home) = (desk(), Book::new("flat"));
    let key = desk.told(&home.raise(at(0)), at(1));
    assert_eq!(late(&mut desk, &key, 20, 5, Deed::Take, "t"), Answer::Refused(Refusal::Nothing));
    desk.answer_to(&key, at(10), "p1", Deed::Take, "a");
    assert_eq!(late(&mut desk, &key, 100, 96, Deed::Depart, "d"), Answer::Refused(Refusal::Stale), "before the take");
    assert!(
        matches!(late(&mut desk, &key, 100, 93, Deed::Depart, "e"), Answer::Done { .. }),
        "the clocks differ a little"
    );
    assert_eq!(desk.row(&key).phase, Phase::OnTheWay);
    desk.answer_to(&key, at(120), "p1", Deed::Release { why: String::new() }, "f");
    let arrive = Deed::Arrive { proof: Proof::None };
    assert_eq!(late(&mut desk, &key, 130, 20, arrive, "g"), Answer::Refused(Refusal::Stale));
    let words = Deed::Note { text: "no signal in the cellar".into() };
    assert!(matches!(late(&mut desk, &key, 131, 60, words, "h"), Answer::Done { .. }));
    let too_late = Answer::Refused(Refusal::TooLate { limit_secs: 600 });
    assert_eq!(late(&mut desk, &key, 700, 601, Deed::Depart, "b"), too_late);
    assert_eq!(late(&mut desk, &key, 700, -1, Deed::Depart, "c"), too_late);
}
