//! Time is injected: a minute of a thousand alerts takes a moment.

use super::*;
use crate::model::time::from_millis;
use std::collections::BTreeSet;

fn news(number: u64, step: u32, is_button: bool, line: &str) -> News {
    let alert = (HomeId::new("made-up-1").unwrap(), AlertId { number, raised_at: from_millis(number as i64) });
    News { alert, step, is_button, line: line.to_owned(), clock_trusted: true }
}

fn form(bytes_max: usize) -> Form {
    Form { keyword: Some("告警".into()), bytes_max, and_more: |count| format!("另有 {count} 条") }
}

fn queue() -> Queue<u64> {
    Queue::new(Pace::new(15, Span::zero()))
}

fn sent(queue: &mut Queue<u64>, now: Span, form: &Form) -> Message<u64> {
    let Next::Send(message) = queue.next(now, form, |_| true) else { panic!("nothing to send at {now}") };
    message
}

#[test]
fn what_does_not_fit_is_joined_and_counted_and_buttons_stand_first() {
    let (mut queue, form) = (queue(), form(2048));
    let now = Span::zero();
    // The first go alone, until only those for buttons are left.
    for number in 1..=3 {
        assert_eq!(queue.push(news(number, 1, false, "a"), number), Pushed::Waits);
        let message = sent(&mut queue, now, &form);
        assert_eq!((message.text.as_str(), message.waiting.as_slice()), ("告警 a", &[number][..]));
        queue.done(&message.news, true);
    }
    for number in 4..=600 {
        let pushed = queue.push(news(number, 1, false, &format!("line {number}")), number);
        assert_eq!(pushed, if number < 12 { Pushed::Waits } else { Pushed::IsNoted });
    }
    let Next::Wait(wait) = queue.next(now, &form, |_| true) else { panic!("the limit is not kept") };
    assert!(wait > Span::zero() && wait < Span::seconds(10), "{wait}");
    queue.push(news(999, 1, true, "button"), 999);
    let message = sent(&mut queue, now, &form);
    let lines: Vec<&str> = message.text.lines().collect();
    assert_eq!((lines[0], lines[1], lines[20], lines.len()), ("告警 button", "line 4", "另有 578 条", 21));
    assert_eq!(message.news.len(), 598);
    queue.done(&message.news, true);
    for number in 4..=600 {
        assert_eq!(queue.push(news(number, 1, false, "line"), number), Pushed::IsKnown, "{number} was told or counted");
    }
    assert_eq!(queue.next(now, &form, |_| true), Next::Nothing);
}

#[test]
fn a_message_is_cut_between_characters_and_never_longer_than_the_robot_takes() {
    for bytes_max in 40..400 {
        for length in [1, 7, 40, 200] {
            let (mut queue, form) = (queue(), form(bytes_max));
            for number in 0..12 {
                queue.push(news(number, 1, number % 5 == 0, &"长a".repeat(length)), number);
            }
            let mut told = 0;
            for minute in 0..12 {
                let Next::Send(message) = queue.next(Span::minutes(minute), &form, |_| true) else { break };
                assert!(message.text.len() <= bytes_max, "{} > {bytes_max}", message.text.len());
                assert!(message.text.starts_with("告警 "));
                told += message.news.len();
                queue.done(&message.news, true);
            }
            assert_eq!(told, 12, "{bytes_max} bytes, lines of {length}");
        }
    }
}

#[test]
fn a_button_goes_beside_a_message_that_hangs_and_steps_do_not_overtake_each_other() {
    let (mut queue, form) = (queue(), form(2048));
    queue.push(news(1, 1, false, "first"), 1);
    let hanging = sent(&mut queue, Span::zero(), &form);
    queue.push(news(1, 2, false, "second"), 2);
    assert!(matches!(queue.next(Span::seconds(30), &form, |_| true), Next::Wait(_)));
    queue.push(news(2, 1, true, "button"), 3);
    let button = sent(&mut queue, Span::seconds(30), &form);
    assert_eq!(button.waiting, [3]);
    queue.done(&hanging.news, false);
    queue.done(&button.news, true);
    // What failed is handed in again by the outbox; what came later is told, so it is no news any more.
    let second = sent(&mut queue, Span::seconds(31), &form);
    assert_eq!(second.waiting, [2]);
    queue.done(&second.news, true);
    assert_eq!(queue.push(news(1, 1, false, "first"), 4), Pushed::IsKnown);
}

#[test]
fn a_robot_that_has_had_too_much_is_tried_by_buttons_alone_until_it_opens() {
    let (mut queue, form) = (queue(), form(2048));
    queue.close_until(Span::minutes(10));
    queue.push(news(1, 1, false, "other"), 1);
    assert_eq!(queue.next(Span::minutes(4), &form, |_| true), Next::Wait(Span::minutes(6)));
    queue.push(news(2, 1, true, "button"), 2);
    assert_eq!(sent(&mut queue, Span::minutes(4), &form).waiting, [2, 1]);
}

#[test]
fn the_line_of_who_no_longer_waits_goes_with_the_next_message_and_is_known_then() {
    let (mut queue, form) = (queue(), form(2048));
    queue.close_until(Span::minutes(10));
    queue.push(news(1, 1, false, "given up"), 1);
    assert_eq!(queue.next(Span::minutes(1), &form, |_| false), Next::Wait(Span::minutes(9)));
    queue.push(news(2, 1, false, "other"), 2);
    let message = sent(&mut queue, Span::minutes(11), &form);
    assert_eq!((message.text.as_str(), message.waiting.as_slice()), ("告警 given up\nother", &[2][..]));
    queue.done(&message.news, true);
    assert_eq!(queue.push(news(1, 1, false, "given up"), 1), Pushed::IsKnown);
}

/// What the outbox does: sixteen at once, buttons first, again after 5, 10, 20, 30 s.
struct Outbox {
    /// Number, whether a button, since when, due, tries.
    rows: Vec<(u64, bool, Span, Span, u32)>,
    in_flight: BTreeSet<u64>,
}

#[test]
fn a_thousand_alerts_in_a_minute_keep_the_limit_and_no_button_waits_behind_them() {
    let (mut queue, form, mut sent_at) = (queue(), form(2048), Vec::new());
    let mut outbox = Outbox { rows: Vec::new(), in_flight: BTreeSet::new() };
    let (mut told, mut told_in_all, mut slowest, mut came) = (BTreeSet::new(), 0, Span::zero(), 0);
    for now in (0..180_000).step_by(20).map(Span::milliseconds) {
        if now.num_milliseconds() % 60 == 0 && came < 1000 {
            came += 1;
            outbox.rows.push((came, came % 100 == 50, now, now, 0));
            outbox.rows.sort_by_key(|(number, is_button, ..)| (!is_button, *number));
        }
        let mut known = BTreeSet::new();
        for (number, is_button, _, due, tries) in &mut outbox.rows {
            if outbox.in_flight.len() >= 16 || outbox.in_flight.contains(number) || *due > now {
                continue;
            }
            match queue.push(news(*number, 1, *is_button, "3-2-201 长时间无活动"), *number) {
                Pushed::Waits => drop(outbox.in_flight.insert(*number)),
                Pushed::IsKnown => drop(known.insert(*number)),
                Pushed::IsNoted => {
                    *due = now + Span::seconds([5, 10, 20, 30][(*tries as usize).min(3)]);
                    *tries += 1;
                }
            }
        }
        while let Next::Send(message) = queue.next(now, &form, |_| true) {
            sent_at.push(now);
            told_in_all += message.news.len();
            queue.done(&message.news, true);
            for number in message.waiting {
                outbox.in_flight.remove(&number);
                known.insert(number);
            }
        }
        for (number, is_button, since, ..) in &outbox.rows {
            if known.contains(number) && told.insert(*number) && *is_button {
                slowest = slowest.max(now - *since);
            }
        }
        outbox.rows.retain(|(number, ..)| !known.contains(number));
    }
    assert_eq!((told.len(), told_in_all), (1000, 1000), "every one was told or counted, and none twice");
    assert!(slowest <= Span::seconds(1), "a button waited {slowest}");
    for (nth, first) in sent_at.iter().enumerate() {
        let within = sent_at[nth..].iter().filter(|at| **at - *first < Span::minutes(1)).count();
        assert!(within <= 15, "{within} messages in the minute from {first}");
    }
}
