//! What a hand does at the desk: one click is one deed, rows stay where it is, keys alone are enough.

use super::sound::on_duty;
use super::*;
use carecircle::model::time::Span;

#[test]
fn of_two_who_take_at_once_one_wins_and_the_other_learns_who() {
    let bench = Bench::start();
    let hands = ["zhang", "li"].map(|who| (who, bench.cookie(who), bench.token_of(who)));
    let raised: Vec<_> = (0..200).map(|_| bench.home.raise(call_button("pendant"), Severity::Emergency)).collect();
    wait_until("all are there", Duration::from_secs(60), || bench.band("unclaimed").len() == raised.len());
    for (round, id) in raised.into_iter().enumerate() {
        // Two browsers send their form in the same instant.
        let together = std::sync::Barrier::new(2);
        let take = |(who, cookie, token): &(&str, String, String)| {
            let form = [("content-type", "application/x-www-form-urlencoded"), ("cookie", cookie.as_str())];
            let body = format!("token={token}&step=take&key={who}-{round}&who={who}&back=/");
            together.wait();
            bench.post(&bench.step_path(id), &form, &body)
        };
        let (first, second) = std::thread::scope(|scope| {
            let other = scope.spawn(|| take(&hands[1]));
            (take(&hands[0]), other.join().unwrap())
        });
        let won = [&first, &second].iter().filter(|(status, _)| *status == 303).count();
        assert_eq!(won, 1, "{first:?} {second:?}");
        let (lost, winner) = if first.0 == 303 { (&second, "值班员 小张") } else { (&first, "上门员 老李") };
        let message = lost.1.split("class=\"message\"").nth(1).unwrap_or_default();
        let message = message.split("</div>").next().unwrap_or_default();
        assert!(message.contains(winner) && message.contains("早 1 秒"), "{message}");
        // Whoever watches the desk may take over too; whoever goes may help.
        let ways: &[&str] = if first.0 == 303 { &["assist"] } else { &["assist", "take_over"] };
        for way in ways {
            assert!(lost.1.contains(&format!("value=\"{way}\"")), "{way} is offered: {}", lost.1);
        }
        let alert = bench.alert(id);
        assert_eq!(alert["owner"]["name"], winner);
        assert_eq!(alert["timeline"].as_array().unwrap().iter().filter(|line| line["deed"] == "take").count(), 1);
    }
}

#[test]
fn the_one_who_was_second_sees_who_and_can_help_or_take_over() {
    let bench = Bench::start();
    let browser = on_duty(&bench, WIDE);
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || browser.has(".unclaimed .row"));
    // The click of the other one reaches the station first, and this page does not know yet.
    browser.run("window.XMLHttpRequest.prototype.realOpen = XMLHttpRequest.prototype.open; \
        XMLHttpRequest.prototype.open = function (method, url) { if (method === 'GET') { url = '/none'; } return this.realOpen(method, url); };");
    bench.click(id, "take", "li", &[]);
    browser.click(".unclaimed .row button.d-take");
    browser.wait_for_text("#beside .message", "上门员 老李");
    assert!(browser.text("#beside .message").contains("秒）"), "and by how much");
    let deeds = browser.text("#beside .deeds");
    assert!(deeds.contains("协助") && deeds.contains("接管"), "{deeds}");
    keep_picture(&browser, "second");
}

#[test]
fn a_double_click_a_reload_and_a_replay_are_one_step() {
    let bench = Bench::start();
    let browser = on_duty(&bench, WIDE);
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || browser.has(".unclaimed .row button.d-take"));
    let body = browser.run(
        "var form = document.querySelector('.unclaimed .row form'); var b = form.querySelector('button'); \
         var sent = [form.getAttribute('action'), new URLSearchParams(new FormData(form)).toString()]; b.click(); b.click(); return sent;",
    );
    wait_until("taken", SOON, || browser.has(".in_hand .row"));
    browser.go(&bench.url("/"));
    for _ in 0..2 {
        let again = "var again = new XMLHttpRequest(); again.open('POST', '{action}', false); \
            again.setRequestHeader('content-type', 'application/x-www-form-urlencoded'); again.send('{body}'); return again.status;";
        let again = again.replace("{action}", body[0].as_str().unwrap()).replace("{body}", body[1].as_str().unwrap());
        assert_eq!(browser.run(&again), json!(200));
    }
    let takes = bench.alert(id)["timeline"].as_array().unwrap().iter().filter(|line| line["deed"] == "take").count();
    assert_eq!(takes, 1);
    assert_clean(&bench, &browser);
}

#[test]
fn an_undo_counts_down_brings_the_old_deadline_back_and_comes_too_late_after_its_time() {
    let bench = Bench::start_with(|settings| settings.timers.undo_within = Span::seconds(12));
    let browser = on_duty(&bench, WIDE);
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || browser.has(".unclaimed .row"));
    let due = bench.alert(id)["take_by_ms"].clone();
    browser.click(".unclaimed .row button.d-take");
    browser.wait_for_text(".in_hand .undo", "0:");
    browser.click(".in_hand .undo");
    wait_until("back", SOON, || browser.has(".unclaimed .row[data-rings=emergency]"));
    assert_eq!(bench.alert(id)["take_by_ms"], due, "an undo never gains time");
    browser.click(".unclaimed .row button.d-take");
    browser.wait_for_text(".in_hand .undo", "0:");
    wait_until("no more to be undone", SOON, || browser.text(".in_hand .undo").is_empty());
    let (status, late) = bench.step(id, &json!({ "step": "undo" }));
    assert!(status == 409 && late["what"].as_str().unwrap().contains("太晚"), "{late}");
    assert_clean(&bench, &browser);
}

#[test]
fn a_closing_is_undone_within_its_time_and_only_a_supervisor_reopens() {
    let bench = Bench::start();
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || bench.band("unclaimed").len() == 1);
    let close = json!({ "step": "close", "outcome": "found_well", "contact": "seen" });
    assert_eq!(bench.step(id, &json!({ "step": "take" })).0, 201);
    assert_eq!(bench.step(id, &close).0, 201);
    let browser = on_duty(&bench, WIDE);
    wait_until("the home agrees", SOON, || bench.home.phase(id.number) == "closed");
    browser.click(".just_closed .undo");
    wait_until("in hand again", SOON, || bench.alert(id)["phase"] == "taken");
    assert_eq!(bench.step(id, &close).0, 201);
    assert_eq!(bench.step(id, &json!({ "step": "reopen", "who": "zhang" })).0, 403, "not for the desk");
    let before = super::sound::tones(&browser);
    assert_eq!(bench.step(id, &json!({ "step": "reopen", "who": "wang" })).0, 201);
    wait_until("back, with sound", SOON, || browser.has(".unclaimed .row[data-rings=emergency]"));
    wait_until("it sounds", SOON, || super::sound::tones(&browser) > before);
    assert_clean(&bench, &browser);
}

#[test]
fn a_row_under_the_pointer_does_not_move_when_an_emergency_comes() {
    let bench = Bench::start();
    let browser = on_duty(&bench, WIDE);
    let quiet = bench.home.raise(inactivity(), Severity::Urgent);
    wait_until("the row is there", SOON, || browser.has(".row.s-urgent button.d-take"));
    browser.point_at(".row.s-urgent button.d-take");
    // A row that was drawn anew is under the pointer from the browser's next frame on.
    wait_until("the pointer is seen there", SOON, || browser.has(".row.s-urgent:hover"));
    let top = "return Math.round(document.querySelector('#content .row.s-urgent').getBoundingClientRect().top)";
    let before = browser.run(top);
    let pressed = bench.home.raise(call_button("pendant"), Severity::Emergency);
    browser.wait_for_text("#alarm", "3号楼2单元201室");
    assert!(!browser.has("#content .row.s-emergency"), "the list waits for the hand");
    browser.wait_for_text("#fresh", "新增 1 条");
    keep_picture(&browser, "held");
    assert_eq!(browser.run(top), before, "not by a pixel");
    browser.press_here();
    wait_until("the row that was meant", SOON, || bench.alert(quiet)["phase"] == "taken");
    assert_eq!(bench.alert(pressed)["phase"], "received");
    browser.point_at(".brand");
    wait_until("the list goes on", SOON, || browser.has("#content .row.s-emergency"));
    assert_clean(&bench, &browser);
}

#[test]
fn a_late_answer_leaves_the_form_that_was_opened_meanwhile() {
    let bench = Bench::start();
    let browser = on_duty(&bench, WIDE);
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || browser.has(".unclaimed .row"));
    browser.run("document.activeElement.blur()");
    browser.keys("j\u{e007}");
    wait_until("opened beside the list", SOON, || browser.has("#beside .timeline"));
    // The line is slow: the answer to the step is held until it is asked for.
    browser.run(
        "window.asked = 0; var send = XMLHttpRequest.prototype.send; XMLHttpRequest.prototype.send = function (body) { \
         var done = this.onloadend; asked += 1; \
         this.onloadend = () => { asked -= 1; if (body) window.answer = done; else done(); }; return send.call(this, body); };",
    );
    browser.keys("t");
    wait_until("answered", SOON, || {
        bench.alert(id)["phase"] == "taken" && browser.run("return !!window.answer") == json!(true)
    });
    browser.keys("n");
    let in_note = || browser.run("return document.activeElement.name") == json!("note");
    wait_until("the note has it", SOON, in_note);
    browser.run("answer()");
    wait_until("all is heard", SOON, || browser.has(".in_hand .row") && browser.run("return asked") == json!(0));
    assert!(in_note(), "{}", browser.text("#beside"));
    assert_clean(&bench, &browser);
}

#[test]
fn keys_alone_take_go_and_close_and_twenty_new_rows_do_not_steal_the_focus() {
    let bench = Bench::start();
    let browser = on_duty(&bench, WIDE);
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || browser.has(".unclaimed .row"));
    browser.run("document.activeElement.blur()");
    browser.keys("?");
    browser.wait_for_text("#keys", "下一行");
    keep_picture(&browser, "keys");
    browser.keys("\u{e00c}j");
    let focused = "var row = document.activeElement.closest('.row'); return row && row.id";
    let row = browser.run(focused);
    assert!(row.as_str().is_some_and(|id| id.starts_with("alert-flat-1-1-")), "{row}");
    for _ in 0..20 {
        bench.home.raise(inactivity(), Severity::Urgent);
    }
    browser.wait_for_text("#fresh", "新增 20 条");
    assert_eq!(browser.run(focused), row, "the focus stays");
    let ring = browser.run("return getComputedStyle(document.activeElement).outlineWidth");
    assert_eq!(ring, "3px", "and is seen");
    for (key, phase) in [("t", "taken"), ("o", "on_the_way"), ("a", "arrived")] {
        wait_until("the row has the focus", SOON, || browser.run(focused) == row);
        browser.keys(key);
        wait_until(phase, SOON, || bench.alert(id)["phase"] == phase);
        wait_until("and the page knows", SOON, || browser.has(&format!("#content .row.p-{phase}")));
    }
    wait_until("the row has the focus", SOON, || browser.run(focused) == row);
    browser.keys("c");
    wait_until("the form has it", SOON, || browser.run("return document.activeElement.type") == json!("radio"));
    // Seen · well · to the note · to "back" · to the button.
    browser.keys(" \u{e004}\u{e015}\u{e015}");
    browser.run("document.querySelector('#beside input[value=found_well]').focus()");
    browser.keys(" ");
    browser.run("document.querySelector('#beside .close-form .d-close').focus()");
    browser.keys("\u{e007}");
    wait_until("closed", SOON, || bench.alert(id)["phase"] == "closed");
    assert_clean(&bench, &browser);
}
