//! A change of shift at the page.

use super::sound::{on_duty, tones};
use super::*;

#[test]
fn what_nobody_accepts_at_a_change_of_shift_comes_back_with_sound() {
    let bench = Bench::start();
    let desk = on_duty(&bench, WIDE);
    let kept = bench.home.raise(call_button("pendant"), Severity::Emergency);
    let left = bench.home.raise(inactivity(), Severity::Urgent);
    wait_until("both are there", SOON, || bench.band("unclaimed").len() == 2);
    for id in [kept, left] {
        bench.click(id, "take", "zhang", &[]);
    }
    wait_until("both are in hand", SOON, || bench.band("in_hand").len() == 2);
    let goes = as_person(&bench, "zhang");
    choose(&goes, "#give", "wang");
    goes.click("#give button");
    goes.wait_for_text("#content", "已请接手");
    let page = as_person(&bench, "wang");
    page.wait_for_text("#content", "已请您接手");
    assert_eq!(page.overflow(), 0);
    keep_picture(&page, "handover-phone");
    page.click("li.s-emergency .accept");
    wait_until("accepted", SOON, || bench.alert(kept)["owner"]["name"] == "站长 王芳");
    page.click("#heard button");
    page.wait_for_text(".notes-list", "听到了");
    page.write("textarea[name=text]", "201 室请再看一次");
    page.click("form[action='/handover/note'] button");
    page.wait_for_text(".notes-list", "201 室请再看一次");
    let before = tones(&desk);
    choose(&page, "#take", "zhang");
    page.click("#take button");
    wait_until("the other one is back", SOON, || bench.alert(left)["phase"] == "received");
    assert_eq!(bench.alert(kept)["phase"], "taken");
    wait_until("on the desk, with sound", SOON, || {
        desk.has(".unclaimed .row[data-rings=urgent]") && tones(&desk) > before
    });
    page.wait_for_text(".notes-list", "接班，来自 值班员 小张");
    page.size(1366, 900);
    keep_picture(&page, "handover");
    assert_clean(&bench, &page);
    assert_clean(&bench, &desk);
}

fn as_person(bench: &Bench, who: &str) -> Browser {
    let page = Browser::open(PHONE);
    page.take_cookie(&bench.url(""), &bench.cookie(who));
    page.go(&bench.url("/handover"));
    page
}

fn choose(page: &Browser, form: &str, who: &str) {
    page.run(&format!("document.querySelector('{form} select').value = '{who}'"));
}
