//! Stories of homes: what suspends them, what is seen of who lives there, and the circle of three hundred.

use super::*;
use crate::world::{Home, PATIENCE, World};

fn send(bench: &Bench, who: &str, path: &str, fields: &[(&str, &str)]) -> u16 {
    let (cookie, token) = (bench.cookie(who), bench.token_of(who));
    let escaped = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let fields = fields.iter().map(|(name, value)| format!("&{name}={}", escaped(value))).collect::<String>();
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("cookie", cookie.as_str())];
    bench.post(path, &headers, &format!("token={token}{fields}")).0
}

/// Somebody's own browser.
fn open_as(bench: &Bench, who: &str, window: Window) -> Browser {
    let browser = Browser::open(window);
    browser.take_cookie(&bench.url(""), &bench.cookie(who));
    browser
}

#[test]
fn a_suspension_without_an_end_or_for_too_long_is_refused_in_words_and_a_button_alerts_while_one_holds() {
    let world = World::start(&Home::default());
    let base = format!("http://127.0.0.1:{}", world.page);
    let browser = Browser::open(WIDE);
    browser.take_cookie(&base, &world.cookie().unwrap());
    let ask = |until: &str| {
        browser.go(&format!("{base}/home/made-up-1"));
        wait_until("the form is there", PATIENCE, || browser.has("#suspensions form[action$='/suspend']"));
        // What a browser would hold back itself is sent all the same: the words are the server's.
        browser.run(&format!(
            "var f = document.querySelector('#suspensions form[action$=\"/suspend\"]'); f.noValidate = true; \
             f.closest('details').open = true; f.elements['why'].value = 'hip'; \
             f.querySelector('input[value=hospital]').checked = true; var u = f.elements['until']; u.removeAttribute('required'); u.value = '{until}';"
        ));
        browser.click("#suspensions form[action$='/suspend'] button");
    };
    let wall = |days: i64| {
        let at = clock::now() + carecircle::model::time::Span::days(days);
        carecircle::model::time::Zone::named("Asia/Shanghai").unwrap().wall_clock(at)[..16].to_owned()
    };
    ask("");
    browser.wait_for_text(".message", "请写结束时间");
    ask(&wall(31));
    browser.wait_for_text(".message", "最长 30 天");
    assert!(world.desk().unwrap()["homes"][0]["suspended"].as_array().is_none_or(Vec::is_empty));
    ask(&wall(3));
    browser.wait_for_text("#suspensions .held", "住院");
    wait_until("the home holds it", PATIENCE, || {
        world.desk().unwrap()["homes"][0]["suspended"].as_array().is_some_and(|held| held.len() == 1)
    });
    browser.go(&format!("{base}/"));
    world.press();
    wait_until("the press is on the desk", PATIENCE, || browser.has("#content .unclaimed .row.s-emergency"));
}

#[test]
fn medical_notes_are_hidden_shown_while_in_hand_and_hidden_again_and_never_for_a_technician() {
    const NOTES: &str = "听力差，抗凝药";
    let bench = Bench::start();
    assert_eq!(send(&bench, "wang", "/home/flat-1/card", &[("health", NOTES), ("health_as_of", "2026-09")]), 303);
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || bench.band("unclaimed").len() == 1);
    let alert = bench.url(&format!("/alert/flat-1/{}", id.number));
    let browser = open_as(&bench, "zhang", WIDE);
    browser.go(&alert);
    wait_until("the page is there", SOON, || browser.has("#medical h2"));
    assert!(!browser.text("#medical").contains(NOTES) && !browser.has("#medical button"), "before it is taken");
    bench.click(id, "take", "zhang", &[]);
    browser.go(&alert);
    wait_until("it can be uncovered", SOON, || browser.has("#medical button"));
    // Clear of the bar at the foot of the window.
    browser.run("document.querySelector('#medical button').scrollIntoView({ block: 'center' })");
    browser.click("#medical button");
    browser.wait_for_text("#medical", NOTES);
    browser.go(&alert);
    browser.wait_for_text(".timeline", "查看了健康须知");
    keep_picture(&browser, "medical");
    bench.click(id, "close", "zhang", &[("outcome", "found_well"), ("contact", "seen")]);
    browser.go(&alert);
    wait_until("the page is there", SOON, || browser.has("#medical h2"));
    assert!(!browser.text("body").contains(NOTES), "after it was closed");
    let technician = open_as(&bench, "zhao", WIDE);
    technician.go(&alert);
    technician.wait_for_text("body", "没有权限");
    assert_eq!(bench.fetch_as(&bench.cookie("zhao"), &format!("/alert/flat-1/{}", id.number)).0, 403);
    assert_clean_but_refusals(&bench, &technician);
    assert_clean(&bench, &browser);
}

/// A browser writes a refused page into its console.
fn assert_clean_but_refusals(bench: &Bench, browser: &Browser) {
    let lines: Vec<String> = browser.console().into_iter().filter(|line| !line.contains("403")).collect();
    assert_eq!(lines, Vec::<String>::new(), "the console");
    assert_clean(bench, browser);
}

#[test]
fn a_picture_is_for_desk_and_supervisor_by_name_and_says_that_it_waits() {
    let bench = Bench::start();
    bench.home.beat();
    wait_until("the home is heard", SOON, || bench.get("/home/flat-1").0 == 200);
    let page = "/home/flat-1/picture";
    for who in ["li", "zhao", "qian"] {
        assert_eq!(bench.fetch_as(&bench.cookie(who), page).0, 403, "{who}");
    }
    let (status, nobody, _) = bench.fetch_as(&bench.desk_cookie(), page);
    assert!(status == 403 && nobody.contains("请先选择是谁在查看"), "a desk at which nobody acts: {nobody}");
    assert!(!bench.fetch_as(&bench.cookie("zhao"), "/home/flat-1").1.contains("href=\"/home/flat-1/picture\""));
    let browser = open_as(&bench, "zhang", WIDE);
    browser.go(&bench.url("/home/flat-1"));
    browser.click("a[href='/home/flat-1/picture']");
    browser.wait_for_text(".said", "等待家中回答");
    // This home never answers, and the page does not wait for ever, nor is it empty.
    wait_until("it says so", Duration::from_secs(60), || browser.text(".said").contains("家中没有回答"));
    assert!(browser.text("main").contains("没有回答不等于没有活动"));
    keep_picture(&browser, "picture-unanswered");
    assert_eq!(send(&bench, "wang", "/home/flat-1/card", &[("consent", "alerts")]), 303);
    browser.go(&bench.url(page));
    browser.wait_for_text(".said", "本人未同意共享作息");
    assert_clean(&bench, &browser);
}

#[test]
fn three_hundred_homes_are_a_circle_without_overlaps_whose_badges_rim_and_table_agree() {
    let bench = Bench::start();
    let mut dice = 20_261_122_u64;
    let mut roll = |below: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % below
    };
    let homes: Vec<(u64, u64)> = (0..300).map(|_| (roll(10) + roll(10) + 1, roll(16))).collect();
    let directions = carecircle::model::card::DIRECTIONS;
    let lines = homes.iter().enumerate().map(|(nth, (minutes, direction))| {
        format!("h-{nth:03}\t{nth}号楼\t{minutes}\t{}\n", directions[*direction as usize])
    });
    let table = format!("home\tplace\tminutes\tbearing\n{}", lines.collect::<String>());
    assert_eq!(send(&bench, "wang", "/homes/cards", &[("do", "write"), ("text", &table)]), 200);
    let far = homes.iter().filter(|(minutes, _)| *minutes > 15).count();

    let browser = open_as(&bench, "wang", WIDE);
    browser.go(&bench.url("/circle"));
    let count = |script: &str| browser.run(script).as_u64().unwrap() as usize;
    let overlaps = "var a = Array.from(document.querySelectorAll('.minutes a > use, .minutes a > circle')).map(function (e) { \
        var b = e.getBoundingClientRect(); return [b.left + b.width / 2, b.top + b.height / 2, Math.min(b.width, b.height)]; }); \
        var n = 0; a.forEach(function (p, i) { a.slice(i + 1).forEach(function (q) { \
        if (Math.hypot(p[0] - q[0], p[1] - q[1]) < 0.8 * Math.min(p[2], q[2])) n += 1; }); }); return n;";
    assert_eq!(count(overlaps), 0, "no mark covers another");
    let badges = "return Array.from(document.querySelectorAll('.minutes a')).reduce(function (sum, a) { \
        var t = a.querySelector('text'); return sum + (t ? Number(t.textContent.slice(1)) : 1); }, 0);";
    assert_eq!(count(badges), 300, "badges sum up");
    assert_eq!(
        count("return document.querySelectorAll('.circle-table tbody tr').length"),
        300,
        "the table says the same"
    );
    assert!(browser.text(".circle-counts").contains(&format!("圈外 {far}")), "{}", browser.text(".circle-counts"));
    let beyond = "return Array.from(document.querySelectorAll('.circle-table tbody tr')).filter(function (r) { \
        return r.textContent.indexOf('圈外') >= 0; }).length";
    assert_eq!(count(beyond), far, "the rim's homes are in the list");
    // From the first mark on, each press of the tabulator goes to another one, ring by ring.
    let marks = count("return document.querySelectorAll('.minutes a').length");
    browser.run(
        "window.reached = []; document.addEventListener('focusin', function (e) { \
         if (e.target.closest && e.target.closest('.minutes')) window.reached.push(e.target); }); \
         document.querySelector('.minutes a').focus();",
    );
    browser.keys(&"\u{e004}".repeat(marks));
    let reached = "return new Set(window.reached).size";
    wait_until("every mark was reached", SOON, || count(reached) == marks);
    keep_picture(&browser, "circle-300");
    assert_clean(&bench, &browser);
}

#[test]
fn a_picture_of_two_weeks_fits_a_desk_and_a_phone_in_both_languages() {
    let world = crate::picture::lived(Some("rooms"));
    world.press();
    wait_until("the press is at the desk", PATIENCE, || world.alerts_of("call_button").len() == 1);
    let base = format!("http://127.0.0.1:{}", world.page);
    for (window, size) in [(WIDE, "wide"), (PHONE, "phone")] {
        let browser = Browser::open(window);
        browser.take_cookie(&base, &world.cookie().unwrap());
        for (language, word) in [("zh", "最近 14 天"), ("en", "The last 14 days")] {
            browser.go(&format!("{base}/language/{language}?back=/home/made-up-1/picture"));
            wait_until("the home answers", PATIENCE, || browser.has("svg.fortnight"));
            assert!(browser.text("main").contains(word));
            assert_eq!(browser.overflow(), 0, "{size}, {language}");
            keep_whole(&browser, &format!("picture-{size}-{language}"));
        }
        assert_eq!(browser.console(), Vec::<String>::new(), "the console");
    }
}

/// The whole page, however long.
fn keep_whole(browser: &Browser, name: &str) {
    if std::env::var_os("PICTURES").is_some() {
        let size = |script: &str| browser.run(script).as_u64().unwrap() as u32;
        let (width, height) = (size("return window.innerWidth"), size("return window.innerHeight"));
        browser.size(width, size("return document.documentElement.scrollHeight"));
        keep_picture(browser, name);
        browser.size(width, height);
    }
}
