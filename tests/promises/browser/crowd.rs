//! Many homes in one trouble, and one person in need among them.

use super::sound::on_duty;
use super::*;
use carecircle::model::time::Span;

const HOMES: usize = 37;

#[test]
fn thirty_seven_homes_without_a_link_are_one_row_below_the_one_who_pressed() {
    let bench = Bench::start_with(|settings| settings.unreachable_after = Span::seconds(6));
    let browser = on_duty(&bench, WIDE);
    // The home of the one who presses is heard seldom, and is not missed so soon.
    bench.home.beat_of(|heartbeat| heartbeat.level_secs = Some(3_600));
    let homes: Vec<String> = (1..=HOMES).map(|n| format!("ky-lehe-{n:04}")).collect();
    bench.heartbeats(&homes, |_| {});
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    let lost = || bench.band("no_contact").len();
    wait_until("the homes are missed", Duration::from_secs(30), || lost() == HOMES);
    wait_until("folded", SOON, || browser.text("#content .fold summary").contains("37 户同时失联"));
    wait_until("and the one who pressed is there", SOON, || browser.has("#content .row.s-emergency"));
    let top = browser.run("return document.querySelector('#content .band .row, #content .band .fold').className");
    assert!(top.as_str().unwrap().contains("s-emergency"), "{top}");
    let seen = "return Array.from(document.querySelectorAll('#content .row')).filter(function (row) { return !row.closest('details:not([open])'); }).length";
    assert_eq!(browser.run("return document.querySelectorAll('#content .fold').length"), json!(1), "one row");
    assert_eq!(browser.run(seen), json!(1), "and the emergency");
    assert!(browser.title().starts_with("(1!)"), "{}", browser.title());
    assert_eq!(browser.run("return document.querySelector(\".nav a[href='/faults'] b\").textContent"), json!("37"));
    keep_picture(&browser, "crowd");
    browser.click("#content .fold summary");
    assert_eq!(browser.run(seen), json!(1 + HOMES), "it unfolds to all of them");
    // What comes meanwhile leaves it open.
    bench.click(id, "take", "zhang", &[]);
    wait_until("taken", SOON, || browser.has(".in_hand .row"));
    assert_eq!(browser.run(seen), json!(1 + HOMES), "and stays open");
    let (_, figures, _) = bench.fetch_as(&bench.cookie("wang"), "/reports/figures.json");
    let figures: serde_json::Value = serde_json::from_str(&figures).unwrap();
    let figure = |id: &str| {
        let all = figures["figures"].as_array().unwrap();
        all.iter().find(|figure| figure["id"] == id).map(|figure| figure["value"].clone()).unwrap()
    };
    assert_eq!((figure("no_contacts"), figure("emergencies")), (json!(HOMES), json!(1)));
    assert_clean(&bench, &browser);
}
