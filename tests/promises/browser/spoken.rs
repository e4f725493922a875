//! What a screen reader is given: names and roles, one announcement for one alert, and clocks that keep silent.

use super::sound::on_duty;
use super::*;
use serde_json::Value;

/// Role and name of everything that is there for a screen reader.
fn tree(browser: &Browser) -> Vec<(String, String)> {
    browser.devtools("Accessibility.enable", &json!({}));
    let tree = browser.devtools("Accessibility.getFullAXTree", &json!({}));
    let text = |node: &Value, field: &str| node[field]["value"].as_str().unwrap_or_default().to_owned();
    let seen = tree["nodes"].as_array().unwrap().iter().filter(|node| node["ignored"] != json!(true));
    seen.map(|node| (text(node, "role"), text(node, "name"))).collect()
}

/// Notes down what each live region is made to say.
const LISTEN: &str = "window.said = []; document.querySelectorAll('[aria-live], [role=alert], [role=status]').forEach(function (region) { \
    new MutationObserver(function () { if (!region.hidden && region.textContent.trim()) { window.said.push(region.id + ': ' + region.textContent); } }) \
    .observe(region, { childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: ['hidden'] }); });";

#[test]
fn a_screen_reader_hears_an_alert_once_and_no_clock_and_every_name() {
    let bench = Bench::start();
    let browser = on_duty(&bench, WIDE);
    wait_until("live", SOON, || browser.text("#live").contains("实时"));
    browser.wait_for_text("#ready", "可接警");
    browser.run(LISTEN);
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || browser.has("#content .row.s-emergency"));
    // A few seconds of running clocks, seen by one of them.
    let left = "return document.querySelector('#content .row time[data-warn=\"300\"]').textContent";
    let mut ticks = std::collections::BTreeSet::new();
    wait_until("the clocks run", SOON, || {
        ticks.insert(browser.run(left).to_string());
        ticks.len() > 4
    });
    let said = browser.run("return window.said");
    let said: Vec<&str> = said.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let told = said.iter().filter(|line| line.contains("3号楼2单元201室")).count();
    assert_eq!(told, 1, "{said:?}");
    assert!(said[0].starts_with("say-now: ") && said[0].contains("紧急") && said[0].contains("一键呼叫"), "{said:?}");
    assert_eq!(said.len(), 1, "nothing else speaks: {said:?}");

    let nodes = tree(&browser);
    let named =
        |role: &str| nodes.iter().filter(|(of, _)| of == role).map(|(_, name)| name.as_str()).collect::<Vec<_>>();
    assert_eq!((named("main").len(), named("banner").len()), (1, 1), "landmarks");
    assert!(named("navigation").contains(&"页面") && named("navigation").contains(&"警情分组"));
    assert!(named("region").contains(&"未接"), "{:?}", named("region"));
    assert_eq!(named("article").len(), 1);
    assert!(named("button").contains(&"接单"), "{:?}", named("button"));
    let link = named("link").into_iter().find(|name| name.contains("3号楼2单元201室"));
    assert!(link.is_some_and(|name| name.contains("紧急") && name.contains("一键呼叫")), "{:?}", named("link"));
    for role in ["button", "link", "textbox", "combobox", "checkbox", "radio", "region", "navigation"] {
        assert!(!named(role).contains(&""), "a {role} without a name: {nodes:?}");
    }
    let is_clock = |name: &str| {
        let digits = name.trim_start_matches('+');
        digits.contains(':') && digits.len() <= 5 && digits.chars().all(|c| c.is_ascii_digit() || c == ':')
    };
    let clocks: Vec<_> = nodes.iter().filter(|(_, name)| is_clock(name)).collect();
    assert!(clocks.is_empty(), "a clock is read aloud: {clocks:?}");

    // The name of the undo button does not change with its seconds.
    browser.click(".unclaimed .row button.d-take");
    browser.point_at(".brand");
    wait_until("undo is offered", SOON, || browser.has("#content .in_hand .undo"));
    assert!(tree(&browser).iter().any(|(role, name)| role == "button" && name.trim() == "撤销"));
    assert_eq!(bench.alert(id)["phase"], "taken");
    assert_clean(&bench, &browser);
}

#[test]
fn every_control_of_every_page_has_a_name() {
    let bench = Bench::start();
    fill(&bench);
    let browser = Browser::open(WIDE);
    browser.take_cookie(&bench.url(""), &bench.cookie("wang"));
    for page in pages::addresses(&bench, &browser) {
        browser.go(&bench.url(&page));
        let nodes = tree(&browser);
        for role in ["button", "link", "textbox", "combobox", "checkbox", "radio", "Date", "spinbutton"] {
            let nameless = nodes.iter().filter(|(of, name)| of == role && name.trim().is_empty()).count();
            assert_eq!(nameless, 0, "{role} without a name on {page}");
        }
        assert_eq!(nodes.iter().filter(|(of, _)| of == "main").count(), 1, "{page}");
    }
}
