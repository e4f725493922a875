//! A page that slept, or lies behind others: nothing old is shown as current, and a press is heard all the same.

use super::sound::{on_duty, tones};
use super::*;
use carecircle::model::time::Span;

/// Notes that the page has called itself stale, however short that was.
const WATCH: &str = "window.was_stale = false; var stripe = document.getElementById('stale'); \
    new MutationObserver(function () { window.was_stale = window.was_stale || !stripe.hidden; }) \
        .observe(stripe, { attributes: true });";

/// Counts the frames, from waking on, in which the row of before is shown and not called old.
const LIES: &str = "window.lies = 0; window.frames_seen = 0; document.addEventListener('resume', function look() { \
    var row = document.querySelector('#content .unclaimed .row'); \
    window.frames_seen++; \
    if (row && document.getElementById('stale').hidden) window.lies++; \
    if (row) requestAnimationFrame(look); });";

#[test]
fn a_page_that_slept_shows_what_happened_meanwhile_as_soon_as_it_wakes() {
    let bench = Bench::start();
    let browser = on_duty(&bench, WIDE);
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || browser.has("#content .unclaimed .row"));
    let begun = clock::since_boot();
    browser.run(LIES);
    browser.devtools("Page.setWebLifecycleState", &json!({ "state": "frozen" }));
    bench.click(id, "take", "li", &[]);
    wait_until("taken by another", SOON, || bench.alert(id)["phase"] == "taken");
    wait_until("a nap is over", SOON, || clock::since_boot() - begun > Span::seconds(8));
    browser.devtools("Page.setWebLifecycleState", &json!({ "state": "active" }));
    browser.wait_for_text("#content .in_hand .row", "老李");
    wait_until("live again", SOON, || browser.text("#stale").is_empty());
    assert!(!browser.has("#content .unclaimed .row"), "nothing of before");
    assert!(browser.run("return window.frames_seen").as_u64().unwrap() > 0, "it was looked at from waking on");
    assert_eq!(browser.run("return window.lies"), json!(0), "frames that showed an old row as current");
    assert_clean(&bench, &browser);
}

#[test]
fn a_clock_that_slept_with_the_machine_does_not_hide_that_it_did() {
    let bench = Bench::start();
    let browser = open(&bench, WIDE);
    browser.before_each_page(
        "window.slept = 0; var real = Date.now; Date.now = function () { return real() + window.slept; };",
    );
    browser.go(&bench.url("/"));
    wait_until("live", SOON, || browser.text("#live").contains("实时"));
    browser.run(WATCH);
    browser.run("window.slept = 3600000");
    wait_until("it was stale, and is live again", SOON, || {
        browser.run("return window.was_stale") == json!(true) && browser.text("#stale").is_empty()
    });
    wait_until("live", SOON, || browser.text("#live").contains("实时"));
    assert_clean(&bench, &browser);
}

#[test]
fn a_press_is_heard_by_a_page_behind_another_one() {
    let bench = Bench::start();
    let browser = on_duty(&bench, WIDE);
    let desk = browser.tab();
    wait_until("live", SOON, || browser.text("#live").contains("实时"));
    let before = tones(&browser);
    browser.new_tab();
    browser.go("about:blank");
    browser.switch_to(&desk);
    bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("its title counts", SOON, || browser.title().starts_with("(1!)"));
    wait_until("it sounds", SOON, || tones(&browser) > before);
    let notes = browser.run("return window.notes");
    assert_eq!(notes.as_array().map(Vec::len), Some(1), "{notes}");
    assert_eq!(notes[0][0], json!("紧急 3号楼2单元201室"));
    assert_clean(&bench, &browser);
}
