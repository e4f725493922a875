//! The street: answers by SMS, a telephone without a network, a desk that nobody watches, and the numbers to call.

use super::sound::{begin_duty, on_duty};
use super::*;
use crate::second_path::proxy::{Mode, Proxy};
use crate::street::{LI, bench as bench_with_modem, code, to, writes};
use carecircle::model::alert::AlertId;
use serde_json::Value;

fn line(bench: &Bench, id: AlertId, deed: &str) -> Value {
    let lines = bench.alert(id)["timeline"].as_array().cloned().unwrap_or_default();
    lines.into_iter().find(|line| line["deed"] == deed).unwrap_or_default()
}

#[test]
fn a_take_by_sms_is_the_same_step_with_its_second_and_silences_every_screen() {
    let (bench, modem) = bench_with_modem(|_| {});
    let browser = on_duty(&bench, WIDE);
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    let rings = "return document.querySelectorAll('#content .row[data-rings=emergency]').length";
    wait_until("it rings", SOON, || browser.run(rings) == json!(1));
    // A screen that somebody watches has the first 30 seconds.
    wait_until("the message is out", Duration::from_secs(60), || !to(&modem, LI).is_empty());
    writes(&modem, LI, &format!("1 {}", code(&to(&modem, LI)[0])));
    wait_until("taken", SOON, || bench.alert(id)["owner"]["who"]["person"] == "li");
    wait_until("silent", SOON, || browser.run(rings) == json!(0));
    let take = line(&bench, id, "take");
    assert_eq!((&take["by"]["person"], &take["by"]["via"]), (&json!("li"), &json!("sms")));
    assert_eq!(take["at_ms"], bench.alert(id)["owner"]["since_ms"], "{}", bench.alert(id)["owner"]);
    browser.go(&bench.url(&format!("/alert/flat-1/{}", id.number)));
    browser.wait_for_text(".timeline", "短信");
    assert_clean(&bench, &browser);
}

#[test]
fn nobody_watching_is_told_by_sms_and_the_desk_is_unready_until_a_screen_is_heard() {
    let (bench, modem) = bench_with_modem(|settings| settings.duty = Some("always".parse().unwrap()));
    wait_until("a minute is over", Duration::from_secs(90), || {
        to(&modem, LI).iter().any(|text| text.contains("无人看守"))
    });
    let messages = to(&modem, LI);
    assert!(messages[0].contains("值班台1 分无人看守，待接警情0件，请立即到岗"), "{messages:?}");
    let page = bench.get("/").1;
    assert!(page.contains("不可接警") && page.contains("没有一块屏幕开着声音"));
    let browser = on_duty(&bench, WIDE);
    browser.wait_for_text("#ready", "可接警");
    let faults = || bench.desk()["faults"].as_array().cloned().unwrap_or_default();
    wait_until("off again", SOON, || faults().iter().any(|row| row["recovered_at_ms"].is_i64()));
    assert_eq!(to(&modem, LI).len(), 1, "told once");
    assert_clean(&bench, &browser);
}

#[test]
fn on_a_telephone_without_a_network_a_departure_and_an_arrival_are_kept_and_a_take_is_not() {
    let bench = Bench::start();
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || bench.band("unclaimed").len() == 1);
    bench.click(id, "take", "li", &[]);
    let browser = Browser::open(PHONE);
    browser.take_cookie(&bench.url(""), &bench.cookie("li"));
    browser.go(&bench.url(&format!("/alert/flat-1/{}", id.number)));
    wait_until("live", SOON, || browser.text("#live").contains("实时"));
    let network = |is_off: bool| {
        let limits = json!({ "offline": is_off, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        browser.devtools("Network.enable", &json!({}));
        browser.devtools("Network.emulateNetworkConditions", &limits);
    };
    network(true);
    let before = clock::now().timestamp_millis();
    browser.click(".bar button.d-depart");
    browser.wait_for_text("#unsent", "未送达");
    let after = clock::now().timestamp_millis();
    assert_eq!(browser.overflow(), 0);
    keep_picture(&browser, "kept");
    wait_until("some seconds pass", SOON, || clock::now().timestamp_millis() > after + 3_000);
    assert_eq!(bench.alert(id)["phase"], "taken", "nobody knows of it yet");
    network(false);
    wait_until("it is sent", Duration::from_secs(30), || bench.alert(id)["phase"] == "on_the_way");
    let depart = line(&bench, id, "depart");
    let at = depart["at_ms"].as_i64().unwrap();
    assert!((before - 1_500..=after + 1_500).contains(&at), "{before} {at} {after}");
    assert!(depart["text"].as_str().unwrap().contains("补传"), "{depart}");
    browser.wait_for_text(".timeline", "补传");
    wait_until("the page goes on", SOON, || browser.has(".bar button.d-arrive"));
    wait_until("nothing waits", SOON, || browser.text("#unsent").is_empty());
    wait_until("the home's book follows", SOON, || bench.home.phase(id.number) == "on_the_way");
    let other = bench.home.raise(inactivity(), Severity::Urgent);
    wait_until("the other row is there", SOON, || bench.band("unclaimed").len() == 1);
    browser.go(&bench.url(&format!("/alert/flat-1/{}", other.number)));
    network(true);
    browser.click(".bar button.d-take");
    browser.wait_for_text("#unsent", "回复警情短信");
    keep_picture(&browser, "take-by-sms");
    network(false);
    assert_eq!(bench.alert(other)["phase"], "received");
}

#[test]
fn a_whole_life_is_in_the_home_and_counts_in_the_report() {
    let bench = Bench::start();
    let browser = on_duty(&bench, WIDE);
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || browser.has(".row.s-emergency"));
    for (button, phase) in [("take", "taken"), ("depart", "on_the_way"), ("arrive", "arrived")] {
        browser.click(&format!(".row button.d-{button}"));
        browser.point_at(".brand"); // a row under the pointer would hold the list
        wait_until("the home's book follows", SOON, || bench.home.phase(id.number) == phase);
        assert!(line(&bench, id, button)["at_ms"].is_i64(), "with its second");
    }
    bench.click(id, "close", "zhang", &[("outcome", "found_well"), ("contact", "seen")]);
    wait_until("the home's book is closed", SOON, || bench.home.phase(id.number) == "closed");
    let report = bench.fetch_as(&bench.cookie("wang"), "/reports/figures.json").1;
    let report: Value = serde_json::from_str(&report).unwrap();
    let figure = |name: &str| {
        let figures = report["figures"].as_array().cloned().unwrap_or_default();
        let found = figures.into_iter().find(|figure| figure["id"] == name).unwrap_or_default();
        (found["value"].clone(), found["among"].clone())
    };
    for name in ["answered_60", "on_site_15"] {
        assert_eq!(figure(name), (json!(1), json!(1)), "{name} in {report}");
    }
    assert_clean(&bench, &browser);
}

#[test]
fn a_page_that_is_cut_off_has_the_numbers_to_call() {
    let bench = Bench::start_with(|settings| {
        settings.telephones = vec![("东风社区服务站".into(), "0873-7120000".into())];
    });
    let port = bench.address().port();
    let proxy = Proxy::to(port);
    let rules = format!("--host-resolver-rules=MAP localhost:{port} 127.0.0.1:{}", proxy.port);
    let browser = Browser::open_with(PHONE, &[rules]);
    let base = format!("http://localhost:{port}");
    browser.take_cookie(&base, &bench.desk_cookie());
    browser.go(&format!("{base}/"));
    begin_duty(&browser);
    wait_until("live", SOON, || browser.text("#live").contains("实时"));
    assert_eq!(browser.text("#gone"), "", "beforehand in the page, and not shown");
    proxy.set(Mode::Stall);
    wait_until("it says that it is cut off", Duration::from_secs(60), || browser.title().starts_with("✖"));
    let box_text = browser.text("#gone");
    for word in ["东风社区服务站", "0873-7120000", "120", "刷新"] {
        assert!(box_text.contains(word), "{word} in {box_text}");
    }
    assert!(browser.has("#to-call a[href='tel:08737120000']"));
    assert_eq!(browser.overflow(), 0);
    keep_picture(&browser, "numbers");
}
