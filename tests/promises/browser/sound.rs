//! What is heard, by whom, and until when.

use super::*;
use carecircle::model::time::Span;

/// Notes down every tone that begins and every notification that is shown.
pub const LISTEN: &str = "window.tones = 0; window.notes = []; \
    var start = OscillatorNode.prototype.start; \
    OscillatorNode.prototype.start = function () { window.tones += 1; return start.apply(this, arguments); }; \
    window.Notification = function (title, options) { window.notes.push([title, options.body, options.tag, options.requireInteraction]); this.close = function () {}; }; \
    window.Notification.permission = 'granted';";

/// A browser at the desk in which somebody is on duty and the sound is on.
pub fn on_duty(bench: &Bench, window: Window) -> Browser {
    let browser = open(bench, window);
    browser.before_each_page(LISTEN);
    browser.go(&bench.url("/"));
    begin_duty(&browser);
    browser
}

/// Chooses who is on duty and switches the sound on.
pub fn begin_duty(browser: &Browser) {
    browser.click("#who");
    browser.click(".pin button[value=zhang]");
    browser.wait_for_text("#who", "小张");
    wait_until("the page has its script", SOON, || browser.has("#sound.locked, #sound.running"));
    if browser.has("#sound.locked") {
        browser.click("#sound");
    }
    wait_until("the sound is on", SOON, || browser.has("#sound.running"));
}

pub fn tones(browser: &Browser) -> i64 {
    browser.run("return window.tones").as_i64().unwrap_or_default()
}

#[test]
fn a_fresh_page_says_that_its_sound_is_off_until_the_first_click() {
    let bench = Bench::start();
    let browser = open(&bench, WIDE);
    browser.before_each_page(LISTEN);
    browser.go(&bench.url("/"));
    browser.wait_for_text("#sound", "声音未开启");
    assert!(browser.title().starts_with("🔇"), "{}", browser.title());
    wait_until("the station counts it", SOON, || bench.get("/api/v1/screens").1.contains(r#""locked":1"#));
    browser.wait_for_text("#not-ready", "没有一块屏幕开着声音");
    assert!(browser.text("#not-ready").contains("点一下页面"), "the next deed");
    keep_picture(&browser, "locked");
    browser.click(".empty");
    wait_until("the test tone sounds", SOON, || tones(&browser) > 0);
    wait_until("the field is neutral", SOON, || browser.has("#sound.running"));
    wait_until("the station counts it", SOON, || bench.get("/api/v1/screens").1.contains(r#""watchers":1"#));
    assert!(!browser.title().starts_with("🔇"));
    begin_duty(&browser);
    browser.wait_for_text("#ready", "可接警");
    assert_eq!(browser.text("#not-ready"), "");
    browser.go(&bench.url("/ready"));
    browser.wait_for_text(".ready-page", "值班员 小张");
    keep_picture(&browser, "ready");
    assert_clean(&bench, &browser);
}

#[test]
fn a_press_is_seen_counted_heard_and_notified_once() {
    let bench = Bench::start();
    let browser = on_duty(&bench, WIDE);
    wait_until("live", SOON, || browser.text("#live").contains("实时"));
    let before = tones(&browser);
    bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || browser.has(".row.s-emergency"));
    wait_until("it sounds", SOON, || tones(&browser) > before);
    assert!(browser.title().starts_with("(1!)"), "{}", browser.title());
    for part in [".place", ".sev", "time[data-warn='0']", "time[data-warn='300']"] {
        assert!(!browser.text(&format!(".row {part}")).is_empty(), "{part}");
    }
    let notes = browser.run("return window.notes");
    assert_eq!(notes.as_array().map(Vec::len), Some(1), "{notes}");
    assert_eq!((&notes[0][0], &notes[0][3]), (&json!("紧急 3号楼2单元201室"), &json!(true)));
    assert!(browser.run("return document.querySelector('link[rel=icon]').href").as_str().unwrap().contains("A4001D"));
    assert_eq!(browser.run("return document.getElementById('say-now').textContent.split('\\n')[0]"), notes[0][0]);
    keep_picture(&browser, "press");
    assert_clean(&bench, &browser);
}

#[test]
fn a_take_by_button_by_key_or_without_script_silences_every_screen() {
    let bench = Bench::start();
    let (here, there) = (on_duty(&bench, WIDE), on_duty(&bench, PHONE));
    let plain = open(&bench, Window { script: false, ..WIDE });
    type Way = fn(&Bench, &Browser, &Browser);
    let ways: [(&str, Way); 3] = [
        ("button", |_, here, _| {
            here.click(".unclaimed .row button.d-take");
            here.point_at(".brand"); // a row under the pointer would hold the list
        }),
        ("key", |_, here, _| {
            here.run("document.querySelector('.unclaimed .row .what').focus()");
            here.keys("t");
        }),
        ("form without script", |bench, _, plain| {
            plain.go(&bench.url("/"));
            plain.click(".unclaimed .row button.d-take");
            // The page that follows asks who it was, unless this browser knows.
            let is_taken = || plain.has(".in_hand .row");
            wait_until("the page that follows", SOON, || plain.has(".choose") || is_taken());
            if plain.has(".choose") {
                plain.click(".choose button[value=zhang]");
            }
        }),
    ];
    for (way, take) in ways {
        let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
        let rings = "return document.querySelectorAll('#content .row[data-rings=emergency]').length";
        wait_until("both see it", SOON, || here.run(rings) == json!(1) && there.run(rings) == json!(1));
        take(&bench, &here, &plain);
        wait_until(way, SOON, || bench.alert(id)["owner"]["name"] == "值班员 小张");
        wait_until("both are silent", SOON, || here.run(rings) == json!(0) && there.run(rings) == json!(0));
        assert_eq!(
            bench.alert(id)["timeline"].as_array().unwrap().iter().filter(|line| line["deed"] == "take").count(),
            1
        );
        here.keys("\u{e00c}");
    }
    assert_clean(&bench, &here);
    assert_clean(&bench, &there);
}

#[test]
fn a_pause_ends_by_itself_with_the_next_emergency() {
    let bench = Bench::start();
    let browser = on_duty(&bench, WIDE);
    bench.home.raise(inactivity(), Severity::Urgent);
    wait_until("the row is there", SOON, || browser.has(".row.s-urgent"));
    browser.click("#sound");
    browser.wait_for_text("#sound", "声音暂停至");
    keep_picture(&browser, "paused");
    let before = tones(&browser);
    bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("it sounds again", SOON, || tones(&browser) > before);
    browser.wait_for_text("#sound", "声音开启");
    assert_clean(&bench, &browser);
}

#[test]
fn nobody_watching_in_duty_hours_is_an_alert_until_a_screen_is_heard() {
    let bench = Bench::start_with(|settings| settings.duty = Some("always".parse().unwrap()));
    let faults = || bench.desk()["faults"].as_array().cloned().unwrap_or_default();
    wait_until("a minute is over", Duration::from_secs(80), || faults().iter().any(|row| row["rule"] == "no_watcher"));
    let browser = on_duty(&bench, WIDE);
    wait_until("heard again", SOON, || faults()[0]["recovered_at_ms"].is_i64());
    browser.click("#band-faults summary");
    browser.wait_for_text("#band-faults .row", "值班台无人看守");
    assert!(browser.text("#band-faults .row").contains("乐合社区服务站"));
    browser.wait_for_text("#ready", "可接警");
    assert_clean(&bench, &browser);
}

#[test]
fn a_take_that_stalls_is_remembered_and_comes_back_with_sound() {
    let bench = Bench::start_with(|settings| {
        settings.timers.depart_reminder = Span::seconds(3);
        settings.timers.lapse_after = Span::seconds(8);
    });
    let browser = on_duty(&bench, WIDE);
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    browser.click(".unclaimed .row button.d-take");
    browser.wait_for_text(".in_hand .flag.due", "未出发");
    let before = tones(&browser);
    wait_until("back with everybody", Duration::from_secs(20), || browser.has(".unclaimed .row[data-rings=emergency]"));
    wait_until("with sound", SOON, || tones(&browser) > before);
    assert!(bench.alert(id)["timeline"].as_array().unwrap().iter().any(|line| line["deed"] == "lapse"));
    assert_clean(&bench, &browser);
}
