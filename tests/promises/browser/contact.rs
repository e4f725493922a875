//! The day's list while somebody telephones.

use super::*;
use carecircle::model::own_sign::SignBy;
use carecircle::model::time::{Day, TimeOfDay, Zone};
use carecircle::wire::Today;

/// A bench whose list is due whatever the hour of the test.
fn bench() -> Bench {
    let midnight = TimeOfDay::new(0, 0).unwrap();
    let bench = Bench::start_with(|settings| (settings.daily.opens, settings.daily.by) = (midnight, midnight));
    bench.home.beat_of(|heartbeat| heartbeat.today = Some(today(None)));
    bench
}

fn today(sign: Option<SignBy>) -> Today {
    let now = clock::now();
    let date: Day = Zone::named("Asia/Shanghai").unwrap().day(now);
    Today { date, own_sign_at: sign.map(|_| now), by: sign, usual_by: None, learning_day: None, unwatched_secs: 0 }
}

fn open_list(bench: &Bench) -> Browser {
    let browser = Browser::open(WIDE);
    browser.take_cookie(&bench.url(""), &bench.cookie("zhang"));
    browser.go(&bench.url("/daily"));
    wait_until("live", SOON, || browser.text("#live").contains("实时"));
    browser
}

const PHONED: &str = "#to-phone #home-flat-1";

#[test]
fn an_own_sign_ticks_the_row_while_somebody_telephones_and_keeps_what_was_done() {
    let bench = bench();
    let browser = open_list(&bench);
    wait_until("to be telephoned", SOON, || browser.has(PHONED));
    let count = "return document.querySelector(\".nav a[href='/daily'] b\").textContent";
    wait_until("counted beside the link", SOON, || browser.run(count) == json!("1"));
    browser.click(&format!("{PHONED} button[value=no_answer]"));
    browser.wait_for_text(&format!("{PHONED} .daily-log"), "未接");
    keep_picture(&browser, "daily-phoning");
    // Nothing is pressed any more: the home itself speaks.
    browser.point_at(".brand");
    bench.home.beat_of(|heartbeat| heartbeat.today = Some(today(Some(SignBy::Movement))));
    let ticked =
        || browser.run("var row = document.querySelector('#well #home-flat-1'); return row ? row.textContent : ''");
    wait_until("the row ticks itself", SOON, || ticked().as_str().is_some_and(|text| text.contains("自行有活动")));
    assert!(ticked().as_str().unwrap().contains("未接"), "and the call stays to be seen: {}", ticked());
    assert!(!browser.has(PHONED), "nobody is called any more");
    wait_until("nor counted", SOON, || browser.run(count) == json!(""));
    assert_clean(&bench, &browser);
}

#[test]
fn two_calls_in_vain_propose_an_alert_the_third_makes_it_and_a_blind_home_is_never_ticked() {
    let bench = bench();
    let blind = ["ky-lehe-0002".to_owned()];
    bench.heartbeats(&blind, |heartbeat| (heartbeat.blind, heartbeat.today) = (true, Some(today(None))));
    let browser = open_list(&bench);
    wait_until("both are to be telephoned", SOON, || {
        browser.has(PHONED) && browser.has("#cannot-tell #home-ky-lehe-0002")
    });
    for call in 1..=2 {
        browser.click(&format!("{PHONED} button[value=no_answer]"));
        let calls = format!("return document.querySelectorAll('{PHONED} .daily-log small').length");
        wait_until("written down", SOON, || browser.run(&calls) == json!(call));
    }
    browser.wait_for_text(PHONED, "生成预警");
    assert!(bench.band("unclaimed").is_empty(), "proposed, not done");
    keep_picture(&browser, "daily-proposed");
    browser.click(&format!("{PHONED} button[value=no_answer]"));
    wait_until("the third makes it", SOON, || bench.band("unclaimed").len() == 1);
    assert_eq!(bench.band("unclaimed")[0]["rule"], json!("missed_contact"));
    browser.wait_for_text(PHONED, "已生成预警");
    // Each word of the blind home says again that it sees nothing; who walks past its door is no proof.
    for _ in 0..3 {
        bench.heartbeats(&blind, |heartbeat| (heartbeat.blind, heartbeat.today) = (true, Some(today(None))));
    }
    bench.home.beat_of(|heartbeat| heartbeat.today = Some(today(Some(SignBy::OkButton))));
    wait_until("the other one is ticked", SOON, || browser.has("#well #home-flat-1"));
    assert!(browser.has("#cannot-tell #home-ky-lehe-0002"), "the blind one is telephoned");
    assert_clean(&bench, &browser);
}
