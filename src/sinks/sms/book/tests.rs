//! Who is told what, and when no more.

use super::*;
use crate::model::time::from_millis;
use crate::sinks::sms::pdu::{Body, Coding};
use crate::wire::Wire;

const DUTY: &str = r#""deed":"escalate","level":1,"to":["family"]"#;
const CLOSE: &str = r#""deed":"close","outcome":"found_well","contact":"seen""#;
const RAISE: &str =
    r#""deed":"raise","severity":"urgent","reason":{"rule":"daily_contact","from":"04:00","by":"10:00"}"#;

fn notice(alert: u64, step: u32, phase: &str, deed: &str) -> Notice {
    let raised_at = 1_000_000 + alert;
    let text = format!(
        r#"{{"v":1,"home":"made-up-1","place":"3-2-201","alert":{{"number":{alert},"raised_at_ms":{raised_at}}},
            "step":{{"number":{step},"at_ms":1000,"by":{{"role":"gateway"}},{deed}}},
            "state":{{"reason":{{"rule":"daily_contact","from":"04:00","by":"10:00"}},"severity":"urgent","phase":"{phase}",
                "count":1,"escalated":0}},
            "age_secs":0.5,"clock_trusted":true,"durable":true}}"#
    );
    Notice::from_bytes(text.as_bytes()).unwrap()
}

fn call(alert: u64) -> Notice {
    let mut call = notice(alert, 1, "raised", RAISE);
    call.state.reason = serde_json::from_str(r#"{"rule":"call_button","sensor":"pendant","press":"sos"}"#).unwrap();
    call
}

fn number(text: &str) -> Address {
    text.parse().unwrap()
}

fn hour(per_hour: usize) -> Arc<Mutex<Hour>> {
    Arc::new(Mutex::new(Hour::new(per_hour)))
}

fn book(per_hour: usize) -> Book {
    Book::new(vec![number("+8613800138000"), number("+8613800138001")], hour(per_hour), from_millis(500_000))
}

fn at(minutes: i64) -> Span {
    Span::hours(100) + Span::minutes(minutes)
}

/// Sends what is wanted; the numbers of the network are alert × 10 + place.
fn send(book: &mut Book, notice: &Notice, minutes: i64) -> Wanted {
    let wanted = book.wants(notice, at(minutes));
    if let Wanted::Send(_, people) = &wanted {
        for nth in people {
            let reference = u8::try_from(notice.alert.number * 10).unwrap() + *nth as u8;
            book.carried(notice.alert, *nth, vec![reference], at(minutes), from_millis(60_000 * minutes + 2_000_000));
        }
    }
    wanted
}

fn report(reference: u8, to: &str, status: u8) -> Report {
    Report { reference, to: number(to), status }
}

fn delivered(book: &mut Book, alert: u8) {
    book.report(report(alert * 10, "13800138000", 0));
    book.report(report(alert * 10 + 1, "13800138001", 0));
}

fn said(text: &str, sent_at: Option<i64>) -> Deliver {
    let body = Body { coding: Coding::Gsm7, part: None, text: text.to_owned() };
    Deliver { from: number("13800138000"), at: sent_at.map(|minutes| from_millis(60_000 * minutes + 2_000_000)), body }
}

#[test]
fn each_person_is_told_once_and_once_more_when_it_is_over() {
    let mut book = book(20);
    let raise = notice(1, 1, "raised", RAISE);
    assert_eq!(send(&mut book, &raise, 0), Wanted::Send(Kind::Alert, vec![0, 1]));
    assert_eq!(book.wants(&raise, at(1)), Wanted::Wait, "the network has not said what became of it");
    delivered(&mut book, 1);
    assert_eq!(book.wants(&raise, at(1)), Wanted::Nothing);
    assert_eq!(book.wants(&notice(1, 2, "received", DUTY), at(2)), Wanted::Nothing, "they know");
    assert_eq!(book.wants(&notice(1, 3, "taken", r#""deed":"take""#), at(2)), Wanted::Nothing);
    let close = notice(1, 4, "closed", CLOSE);
    assert_eq!(send(&mut book, &close, 3), Wanted::Send(Kind::Over, vec![0, 1]));
    delivered(&mut book, 1);
    assert_eq!(book.wants(&close, at(4)), Wanted::Nothing);
}

#[test]
fn a_network_that_reports_nothing_is_not_waited_for_without_end() {
    let mut book = book(20);
    let raise = notice(1, 1, "raised", RAISE);
    send(&mut book, &raise, 0);
    assert_eq!(book.wants(&raise, at(4)), Wanted::Wait);
    assert_eq!(book.wants(&raise, at(5)), Wanted::Nothing);
}

#[test]
fn what_waited_until_it_was_over_or_in_hand_frightens_nobody() {
    let mut book = book(20);
    assert_eq!(book.wants(&notice(1, 4, "closed", CLOSE), at(0)), Wanted::Nothing, "nobody was told");
    assert_eq!(book.wants(&notice(1, 1, "raised", RAISE), at(0)), Wanted::Nothing);
    assert_eq!(book.wants(&notice(2, 3, "taken", r#""deed":"take""#), at(0)), Wanted::Nothing);
    assert_eq!(book.wants(&notice(2, 1, "raised", RAISE), at(0)), Wanted::Nothing);
    let lapsed = notice(2, 4, "received", r#""deed":"lapse""#);
    assert_eq!(book.wants(&lapsed, at(9)), Wanted::Send(Kind::Alert, vec![0, 1]), "whoever took it did nothing");
}

#[test]
fn whoever_was_told_that_it_is_over_hears_that_it_is_not() {
    let mut book = book(20);
    send(&mut book, &notice(1, 1, "raised", RAISE), 0);
    delivered(&mut book, 1);
    send(&mut book, &notice(1, 4, "closed", CLOSE), 3);
    delivered(&mut book, 1);
    let reopened = notice(1, 5, "received", r#""deed":"reopen""#);
    assert_eq!(send(&mut book, &reopened, 4), Wanted::Send(Kind::Alert, vec![0, 1]));
    delivered(&mut book, 1);
    send(&mut book, &notice(1, 6, "closed", CLOSE), 5);
    delivered(&mut book, 1);
    let undone = notice(1, 7, "arrived", r#""deed":"undo","step":6"#);
    assert_eq!(book.wants(&undone, at(6)), Wanted::Send(Kind::Alert, vec![0, 1]));
}

#[test]
fn after_a_restart_the_end_of_an_older_alert_is_told_all_the_same() {
    let mut book = Book::new(vec![number("+8613800138000")], hour(20), from_millis(9_000_000));
    assert_eq!(book.wants(&notice(1, 4, "closed", CLOSE), at(0)), Wanted::Send(Kind::Over, vec![0]));
}

#[test]
fn what_did_not_arrive_is_sent_again_a_few_times_and_then_said_to_have_failed() {
    let mut book = book(20);
    let raise = notice(1, 1, "raised", RAISE);
    assert_eq!(send(&mut book, &raise, 0), Wanted::Send(Kind::Alert, vec![0, 1]));
    book.report(report(11, "+8613800138001", 0));
    for minutes in 1..TRIES_MAX {
        book.report(report(10, "+8613800138000", 0x46));
        assert_eq!(send(&mut book, &raise, minutes.into()), Wanted::Send(Kind::Alert, vec![0]));
    }
    book.report(report(10, "+8613800138000", 0x46));
    assert_eq!(send(&mut book, &raise, 9), Wanted::Failed(vec![0]));
    assert_eq!(book.wants(&notice(1, 4, "closed", CLOSE), at(10)), Wanted::Send(Kind::Over, vec![1]));
    assert_eq!(book.wants(&raise, at(11)), Wanted::Nothing, "it is over: nobody asks for ever");
}

#[test]
fn a_message_that_was_not_taken_was_not_told() {
    let mut book = book(20);
    let raise = notice(1, 1, "raised", RAISE);
    assert_eq!(book.wants(&raise, at(0)), Wanted::Send(Kind::Alert, vec![0, 1]));
    assert_eq!(book.wants(&raise, at(0)), Wanted::Wait, "under way");
    book.not_carried(raise.alert, 0);
    book.carried(raise.alert, 1, Vec::new(), at(0), from_millis(2_000_000));
    assert_eq!(book.wants(&raise, at(0)), Wanted::Send(Kind::Alert, vec![0]));
}

#[test]
fn a_report_that_is_quicker_than_the_modem_counts() {
    let mut book = book(20);
    let raise = notice(1, 1, "raised", RAISE);
    book.wants(&raise, at(0));
    book.report(report(10, "+8613800138000", 0));
    book.report(report(11, "+8613800138000", 0));
    book.carried(raise.alert, 0, vec![10, 11], at(0), from_millis(2_000_000));
    book.carried(raise.alert, 1, Vec::new(), at(0), from_millis(2_000_000));
    assert_eq!(book.wants(&raise, at(0)), Wanted::Nothing);
}

#[test]
fn the_limit_of_the_hour_holds_everything_but_calls_and_opens_again() {
    let mut book = book(4);
    for alert in 1..=2 {
        assert!(matches!(send(&mut book, &notice(alert, 1, "raised", RAISE), 0), Wanted::Send(..)));
    }
    let third = notice(3, 1, "raised", RAISE);
    let Wanted::TooMany(why) = book.wants(&third, at(10)) else { panic!() };
    assert!(why.contains("limit of 4") && why.contains("51 min"), "{why}");
    assert!(matches!(send(&mut book, &call(4), 11), Wanted::Send(..)));
    assert!(matches!(book.wants(&third, at(59)), Wanted::TooMany(_)));
    assert_eq!(book.wants(&third, at(60)), Wanted::Send(Kind::Alert, vec![0, 1]));
}

#[test]
fn a_limit_below_the_number_of_people_still_lets_one_alert_out() {
    assert!(matches!(book(1).wants(&notice(1, 1, "raised", RAISE), at(0)), Wanted::Send(..)));
}

#[test]
fn an_answer_takes_the_newest_open_alert_or_the_one_it_names() {
    let mut book = book(20);
    assert!(book.answer(0, &said("1", Some(1))).unwrap_err().contains("no alert is open"));
    send(&mut book, &notice(1, 1, "raised", RAISE), 0);
    send(&mut book, &notice(2, 1, "raised", RAISE), 1);
    for text in ["1", " 1 ", "１", "1。"] {
        assert_eq!(book.answer(0, &said(text, Some(2))).map(|id| id.number), Ok(2), "{text:?}");
    }
    for text in ["1 1", "1 #1", "１　１"] {
        assert_eq!(book.answer(0, &said(text, Some(2))).map(|id| id.number), Ok(1), "{text:?}");
    }
    for text in ["", "2", "11", "1 x", "1 2 3", "yes", "accept_answers = true", "1 99999999999999999999999"] {
        assert!(book.answer(0, &said(text, Some(2))).is_err(), "{text:?}");
    }
    assert!(book.answer(0, &said("1 9", Some(2))).unwrap_err().contains("no alert 9"));
    book.wants(&notice(2, 4, "closed", CLOSE), at(3));
    assert!(book.answer(0, &said("1 2", Some(4))).is_err(), "it is over");
    assert_eq!(book.answer(0, &said("1", Some(4))).map(|id| id.number), Ok(1));
}

#[test]
fn an_answer_that_lay_in_the_network_for_hours_does_not_mean_the_newest_alert() {
    let mut book = book(20);
    send(&mut book, &notice(1, 1, "raised", RAISE), 600);
    assert!(book.answer(0, &said("1", Some(500))).unwrap_err().contains("before"));
    assert!(book.answer(0, &said("1", Some(597))).is_ok(), "two clocks are never quite the same");
    assert!(book.answer(0, &said("1", None)).is_ok());
    assert!(book.answer(0, &said("1 1", Some(500))).is_ok(), "it was named");
}

#[test]
fn only_the_people_of_the_list_are_known() {
    let book = book(20);
    assert_eq!(book.person_of(&number("13800138001")), Some(1));
    assert_eq!(book.person_of(&number("+8613900139000")), None);
}

#[test]
fn a_year_of_alerts_does_not_fill_the_memory() {
    let mut book = book(20);
    for alert in 1..2_000 {
        book.wants(&notice(alert, 1, "raised", RAISE), at(0));
    }
    assert!(book.alerts.len() <= ALERTS_MAX);
    for reference in 0..200 {
        book.report(report(reference, "+8613800138000", 0));
    }
    assert!(book.early.len() <= EARLY_MAX);
}

#[test]
fn at_the_last_resort_everybody_is_told_once_more_also_who_was_told_before() {
    let mut book = book(20);
    assert_eq!(send(&mut book, &notice(1, 1, "raised", RAISE), 0), Wanted::Send(Kind::Alert, vec![0, 1]));
    delivered(&mut book, 1);
    let mut resort = notice(1, 3, "received", r#""deed":"escalate","level":4,"to":[],"last_resort":"120""#);
    resort.state.last_resort = Some(crate::wire::LastResort { call: "120".into(), waited_secs: 240 });
    assert_eq!(send(&mut book, &resort, 4), Wanted::Send(Kind::LastResort, vec![0, 1]));
    delivered(&mut book, 1);
    resort.step.number = 4;
    assert_eq!(book.wants(&resort, at(6)), Wanted::Nothing, "they know");
    assert_eq!(book.answer(0, &said("1", None)), Ok(resort.alert), "whoever was told may take it");
    assert_eq!(send(&mut book, &notice(1, 6, "closed", CLOSE), 7), Wanted::Send(Kind::Over, vec![0, 1]));
}

#[test]
fn whoever_is_asked_because_nobody_arrives_is_told_although_somebody_has_it() {
    let mut book = book(20);
    assert_eq!(book.wants(&notice(1, 5, "on_the_way", r#""deed":"overdue""#), at(15)), Wanted::Nothing);
    let further = notice(1, 6, "on_the_way", DUTY);
    assert_eq!(send(&mut book, &further, 15), Wanted::Send(Kind::Alert, vec![0, 1]));
    delivered(&mut book, 1);
    // One that waited since before somebody took it calls nobody out of bed.
    let mut late = notice(2, 7, "taken", r#""deed":"take""#);
    assert_eq!(book.wants(&late, at(16)), Wanted::Nothing);
    late = notice(2, 6, "received", DUTY);
    assert_eq!(book.wants(&late, at(16)), Wanted::Nothing);
    // Nor does one that comes when somebody is there.
    assert_eq!(book.wants(&notice(3, 9, "arrived", r#""deed":"receive""#), at(17)), Wanted::Nothing);
    assert_eq!(book.wants(&notice(3, 8, "on_the_way", DUTY), at(17)), Wanted::Nothing);
}
