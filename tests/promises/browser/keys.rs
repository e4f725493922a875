//! Keys alone: from signing in to closing and handing over, and each key of the table.

use super::sound::on_duty;
use super::*;
use crate::station::bench::PASSWORD;

const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";
const DOWN: &str = "\u{e015}";

/// Signs in as somebody without a mouse does.
fn sign_in_by_keys(bench: &Bench, who: &str, is_desk: bool) -> Browser {
    bench.cookie(who); // gives them their password
    let browser = Browser::open(WIDE);
    browser.go(&bench.url("/sign-in"));
    browser.tab_to("input[name=who]");
    browser.keys(who);
    browser.tab_to("input[name=password]");
    browser.keys(PASSWORD);
    if is_desk {
        browser.tab_to("input[name=desk]");
        browser.keys(" ");
    }
    browser.tab_to("#enter");
    browser.keys(ENTER);
    wait_until("the desk is there", SOON, || browser.has("#content.desk"));
    browser
}

/// Chooses the option of this value in the list that has the focus.
fn choose_by_keys(browser: &Browser, value: &str) {
    for _ in 0..10 {
        browser.keys(DOWN);
        if browser.run("return document.activeElement.value") == json!(value) {
            return;
        }
    }
    panic!("no option {value:?}");
}

#[test]
fn keys_alone_are_enough_from_signing_in_to_closing_and_handing_over() {
    let bench = Bench::start();
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || bench.band("unclaimed").len() == 1);
    let desk = sign_in_by_keys(&bench, "zhang", true);
    wait_until("live", SOON, || desk.text("#live").contains("实时"));
    desk.keys("j");
    for (key, phase) in [("t", "taken"), ("o", "on_the_way"), ("a", "arrived")] {
        desk.keys(key);
        wait_until(phase, SOON, || bench.alert(id)["phase"] == phase);
        wait_until("and the page knows", SOON, || desk.has(&format!("#content .row.p-{phase}")));
    }
    desk.keys("c");
    wait_until("the form has the focus", SOON, || desk.run("return document.activeElement.name") == json!("contact"));
    desk.keys(" ");
    desk.tab_to("#beside input[name=outcome]");
    desk.keys(" ");
    desk.tab_to("#beside textarea[name=note]");
    desk.keys("在看电视");
    for _ in 0..20 {
        bench.home.raise(inactivity(), Severity::Urgent);
    }
    wait_until("twenty more have arrived", SOON, || {
        desk.run("return document.title").as_str().unwrap().contains("(20)")
    });
    let writing = "var e = document.activeElement; return e.name + ' ' + e.value";
    assert_eq!(desk.run(writing), json!("note 在看电视"), "whoever writes goes on writing");
    desk.tab_to("#beside .close-form .d-close");
    desk.keys(ENTER);
    wait_until("closed", SOON, || bench.alert(id)["phase"] == "closed");
    assert!(bench.alert(id)["timeline"].to_string().contains("在看电视"));

    let held = bench.home.raise(call_button("pendant"), Severity::Emergency);
    bench.click(held, "take", "zhang", &[]);
    desk.keys(ESCAPE);
    desk.tab_to(".nav a[href='/handover']");
    desk.keys(ENTER);
    desk.tab_to("#give select");
    choose_by_keys(&desk, "wang");
    desk.tab_to("#give button");
    desk.keys(ENTER);
    desk.wait_for_text("#content", "已请接手");
    let comes = sign_in_by_keys(&bench, "wang", false);
    comes.tab_to(".nav a[href='/handover']");
    comes.keys(ENTER);
    comes.tab_to("li.s-emergency .accept");
    comes.keys(ENTER);
    wait_until("accepted", SOON, || bench.alert(held)["owner"]["name"] == "站长 王芳");
    comes.tab_to("#heard button");
    comes.keys(ENTER);
    comes.wait_for_text(".notes-list", "听到了");
    comes.tab_to("#take select");
    choose_by_keys(&comes, "zhang");
    comes.tab_to("#take button");
    comes.keys(ENTER);
    comes.wait_for_text(".notes-list", "接班，来自 值班员 小张");
    assert_clean(&bench, &desk);
    assert_clean(&bench, &comes);
}

#[test]
fn each_key_of_the_table_does_what_the_table_says() {
    let bench = Bench::start();
    let browser = on_duty(&bench, WIDE);
    let first = bench.home.raise(call_button("pendant"), Severity::Emergency);
    let second = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("both rows are there", SOON, || bench.band("unclaimed").len() == 2);
    wait_until("and on the page", SOON, || {
        browser.run("return document.querySelectorAll('#content .row').length") == json!(2)
    });
    let focused = "var row = document.activeElement.closest('.row'); return row ? row.id : ''";
    let row = |id: carecircle::model::alert::AlertId| {
        json!(format!("alert-flat-1-{}-{}", id.number, id.raised_at.timestamp_millis()))
    };
    browser.run("document.activeElement.blur()");
    for (key, at) in [("j", first), ("j", second), ("k", first), (DOWN, second), ("\u{e013}", first)] {
        browser.keys(key);
        assert_eq!(browser.run(focused), row(at), "{key:?}");
    }
    browser.keys(ENTER);
    wait_until("opened beside the list", SOON, || browser.has("#beside .timeline"));
    assert_eq!(browser.run(focused), row(first), "and the focus stays in the list");
    browser.keys("t");
    wait_until("taken", SOON, || bench.alert(first)["phase"] == "taken");
    wait_until("undo is offered", SOON, || browser.has("#content .in_hand .undo"));
    wait_until("the row has the focus", SOON, || browser.run(focused) == row(first));
    browser.keys("z");
    wait_until("undone", SOON, || bench.alert(first)["phase"] == "received");
    wait_until("the page knows", SOON, || !browser.has("#content .in_hand .row"));
    wait_until("the row has the focus", SOON, || browser.run(focused) == row(first));
    browser.keys("n");
    wait_until("the note has it", SOON, || browser.run("return document.activeElement.name") == json!("note"));
    browser.keys("t j");
    assert_eq!(bench.alert(first)["phase"], "received", "a letter that is written is no key");
    browser.run("document.activeElement.value = ''");
    browser.keys(ESCAPE);
    browser.keys("m");
    browser.wait_for_text("#sound", "声音暂停至");
    browser.keys("m");
    browser.wait_for_text("#sound", "声音开启");
    browser.keys("?");
    browser.wait_for_text("#keys", "下一行");
    browser.keys(ESCAPE);
    assert_eq!(browser.text("#keys"), "");
    for (key, path) in [("d", "/daily"), ("h", "/homes"), ("f", "/faults")] {
        browser.keys("g");
        browser.keys(key);
        wait_until(path, SOON, || browser.run("return location.pathname") == json!(path));
        wait_until("the page has its script", SOON, || browser.has("body.live-page"));
    }
    browser.keys("/");
    let find = || browser.run("return location.pathname + ' ' + document.activeElement.name") == json!("/homes q");
    wait_until("to find a home", SOON, find);
    browser.keys("3hl2dy");
    browser.keys(ENTER);
    browser.wait_for_text(".list tbody", "3号楼2单元201室");
    assert_clean(&bench, &browser);
    let head = Browser::open(WIDE);
    head.take_cookie(&bench.url(""), &bench.cookie("wang"));
    head.go(&bench.url("/homes"));
    wait_until("the page has its script", SOON, || head.has("body.live-page"));
    head.keys("gr");
    wait_until("the reports", SOON, || head.run("return location.pathname") == json!("/reports"));
}
