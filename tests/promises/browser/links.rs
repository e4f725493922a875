//! What a page does when its station goes away, comes back, or is looked at by many tabs and old browsers.

use super::sound::{LISTEN, begin_duty, on_duty, tones};
use super::*;
use crate::second_path::proxy::{Mode, Proxy};

/// A browser whose way to the station can be cut without anybody being told.
fn through_a_proxy(bench: &Bench) -> (Browser, Proxy) {
    let port = bench.address().port();
    let proxy = Proxy::to(port);
    let rules = format!("--host-resolver-rules=MAP localhost:{port} 127.0.0.1:{}", proxy.port);
    let browser = Browser::open_with(WIDE, &[rules]);
    let base = format!("http://localhost:{port}");
    browser.take_cookie(&base, &bench.desk_cookie());
    browser.before_each_page(LISTEN);
    browser.go(&format!("{base}/"));
    begin_duty(&browser);
    (browser, proxy)
}

#[test]
fn a_stream_that_is_cut_without_a_word_is_seen_and_comes_back_without_a_gap() {
    let bench = Bench::start();
    let (browser, proxy) = through_a_proxy(&bench);
    wait_until("live", SOON, || browser.text("#live").contains("实时"));
    proxy.set(Mode::Stall);
    wait_until("it calls itself stale", Duration::from_secs(20), || browser.text("#stale").contains("画面停在"));
    assert!(browser.text("#ready").is_empty(), "nothing is green without proof");
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    let before = tones(&browser);
    wait_until("it says that it is cut off", Duration::from_secs(40), || browser.title().starts_with("✖"));
    assert!(browser.has("body.dead") && browser.text("#gone").contains("电话"), "the whole page, and what to do");
    wait_until("and sounds", SOON, || tones(&browser) > before);
    keep_picture(&browser, "dead");
    proxy.set(Mode::Pass);
    wait_until("the missed row is there", Duration::from_secs(30), || browser.has("#content .row.s-emergency"));
    wait_until("the strip is gone", SOON, || browser.text("#stale").is_empty() && browser.text("#gone").is_empty());
    assert_eq!(bench.alert(id)["phase"], "received");
}

#[test]
fn a_station_that_starts_anew_shows_the_same_clocks_no_row_twice_and_no_taken_one_with_sound() {
    let mut bench = Bench::start();
    let browser = on_duty(&bench, WIDE);
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    browser.click(".unclaimed .row button.d-take");
    browser.point_at(".brand"); // a row under the pointer would hold the list
    wait_until("taken", SOON, || browser.has(".in_hand .row"));
    let due = "return document.querySelector('#content .in_hand .row time[data-warn=\"300\"]').dataset.until";
    let before = browser.run(due);
    let port = bench.address().port();
    bench.stop_station();
    bench.start_station_at(port);
    wait_until("homes can reach it", SOON, || bench.get("/readyz").0 == 200);
    let other = bench.home.raise(inactivity(), Severity::Urgent);
    wait_until("the page goes on", Duration::from_secs(20), || browser.has("#content .row.s-urgent"));
    assert_eq!(browser.run(due), before, "to the millisecond");
    assert_eq!(browser.run("return document.querySelectorAll('#content .row').length"), json!(2));
    assert_eq!(browser.run("return document.querySelectorAll('#content .row[data-rings=emergency]').length"), json!(0));
    assert_eq!((&bench.alert(id)["phase"], &bench.alert(other)["phase"]), (&json!("taken"), &json!("received")));
}

#[test]
fn a_wrong_clock_and_another_zone_of_the_machine_change_nothing() {
    let bench = Bench::start();
    let browser = open(&bench, WIDE);
    browser.devtools("Emulation.setTimezoneOverride", &json!({ "timezoneId": "America/New_York" }));
    browser.before_each_page("var real = Date.now; Date.now = function () { return real() + 420000; };");
    bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || bench.band("unclaimed").len() == 1);
    browser.go(&bench.url("/"));
    wait_until("live", SOON, || browser.text("#live").contains("实时"));
    let left = browser.text(".row time[data-warn='300']");
    assert!(left.starts_with("14:"), "of a quarter of an hour: {left}");
    let wall = browser.text("#wall");
    let zone = carecircle::model::time::Zone::named("Asia/Shanghai").unwrap();
    let [now, before] = [0, 5].map(|secs| zone.wall_clock(clock::now() - carecircle::model::time::Span::seconds(secs)));
    assert!([&now, &before].iter().any(|at| at.contains(&wall[..4])), "{wall} is no time of the station: {now}");
    assert_clean(&bench, &browser);
}

#[test]
fn seven_tabs_are_live_with_one_stream() {
    let bench = Bench::start();
    let browser = on_duty(&bench, WIDE);
    let mut tabs = vec![browser.tab()];
    for _ in 1..7 {
        tabs.push(browser.new_tab());
        browser.go(&bench.url("/"));
        wait_until("live", SOON, || browser.text("#live").contains("实时"));
    }
    bench.home.raise(call_button("pendant"), Severity::Emergency);
    for tab in &tabs {
        browser.switch_to(tab);
        wait_until("the row is there", SOON, || browser.has("#content .row.s-emergency"));
        assert!(browser.text("#live").contains("实时") && browser.text("#stale").is_empty(), "{tab} is live");
        assert_eq!(browser.run("return performance.getEntriesByType('resource').filter(function (r) { return /events/.test(r.name); }).length"), json!(0));
    }
    assert!(bench.get("/metrics").1.contains("carecircle_sse_clients{of=\"pages\"} 1\n"), "one stream for all of them");
}

#[test]
fn a_browser_without_streams_or_workers_asks_again_and_again() {
    let bench = Bench::start();
    let browser = open(&bench, WIDE);
    browser.before_each_page(&format!("{LISTEN} delete window.EventSource; delete window.SharedWorker;"));
    browser.go(&bench.url("/"));
    begin_duty(&browser);
    wait_until("live", SOON, || browser.text("#live").contains("实时"));
    let before = tones(&browser);
    bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || browser.has("#content .row.s-emergency"));
    wait_until("it sounds", SOON, || tones(&browser) > before);
    assert!(browser.title().starts_with("(1!)"));
    assert_clean(&bench, &browser);
}

#[test]
fn a_browser_without_workers_has_a_stream_of_its_own() {
    let bench = Bench::start();
    let browser = open(&bench, WIDE);
    browser.before_each_page("delete window.SharedWorker;");
    browser.go(&bench.url("/"));
    wait_until("live", SOON, || browser.text("#live").contains("实时"));
    bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || browser.has("#content .row.s-emergency"));
    assert_clean(&bench, &browser);
}

#[test]
fn a_sign_in_that_ends_is_a_loud_full_screen_and_no_ordinary_page() {
    let bench = Bench::start();
    let browser = on_duty(&bench, WIDE);
    bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || browser.has(".unclaimed .row"));
    let before = tones(&browser);
    // Signed out in another tab of the same browser.
    browser.run(
        "var out = new XMLHttpRequest(); out.open('POST', '/sign-out', false); \
         out.setRequestHeader('content-type', 'application/x-www-form-urlencoded'); \
         out.send('token=' + encodeURIComponent(document.querySelector('input[name=token]').value));",
    );
    wait_until("it says so", Duration::from_secs(20), || browser.text("#ended").contains("本机不再接警"));
    assert!(tones(&browser) > before, "and is heard");
    keep_picture(&browser, "ended");
}
