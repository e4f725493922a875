//! A new program is deployed while somebody works.

use super::sound::on_duty;
use super::*;

#[test]
fn a_new_program_offers_to_load_anew_and_takes_what_was_being_written() {
    let mut bench = Bench::start();
    let browser = on_duty(&bench, WIDE);
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || browser.has(".unclaimed .row"));
    for step in ["take", "depart", "arrive"] {
        bench.click(id, step, "zhang", &[]);
    }
    wait_until("the home agrees", SOON, || bench.home.phase(id.number) == "arrived");
    wait_until("to be closed", SOON, || bench.alert(id)["unconfirmed"] == json!(false));
    browser.click(".in_hand .row a.d-close");
    browser.click("#beside .close-form input[value=seen]");
    browser.click("#beside .close-form input[value=found_well]");
    browser.write("#beside .close-form textarea", "老人在看电视");
    browser.run("window.sameAsBefore = true");
    let port = bench.address().port();
    bench.stop_station();
    bench.start_station_with(|settings| {
        settings.listen.set_port(port);
        settings.build = "the-next-one".to_owned();
    });
    let patience = Duration::from_secs(30);
    wait_until("it offers to load anew", patience, || browser.text("#updated").contains("系统已更新"));
    wait_until("and is live", patience, || browser.text("#stale").is_empty() && browser.text("#live").contains("实时"));
    assert_eq!(browser.run("return window.sameAsBefore"), json!(true), "it did not load itself anew");
    assert_eq!(browser.run("return document.querySelector('#beside textarea').value"), json!("老人在看电视"));
    browser.click("#beside .close-form button.d-close");
    wait_until("the form is still good", SOON, || bench.alert(id)["phase"] == "closed");
    assert!(bench.alert(id)["timeline"].to_string().contains("老人在看电视"));
    browser.click("#updated a");
    wait_until("the new one", SOON, || browser.run("return document.body.dataset.build") == json!("the-next-one"));
    wait_until("and no more to offer", SOON, || browser.text("#updated").is_empty());
}

#[test]
fn a_program_is_known_by_what_browsers_keep_of_it() {
    let (build, version) = (carecircle::web::build(), env!("CARGO_PKG_VERSION"));
    let sum = build.strip_prefix(version).and_then(|rest| rest.strip_prefix('-')).unwrap();
    assert!(sum.len() == 8 && sum.chars().all(|c| c.is_ascii_hexdigit()), "{build}");
}
