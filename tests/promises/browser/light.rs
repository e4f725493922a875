//! How heavy a page is, on an old machine and after a long day.

use super::*;

/// A slow desk: the first page with twenty alerts is three requests of a known weight. Times are for people to read.
#[test]
#[allow(clippy::print_stdout)]
fn the_desk_is_three_light_requests_on_a_slow_machine() {
    let bench = Bench::start();
    for n in 0..20 {
        let reason = if n % 2 == 0 { call_button("pendant") } else { inactivity() };
        let severity = reason.severity();
        bench.home.raise(reason, severity);
    }
    wait_until("all rows are there", SOON, || bench.band("unclaimed").len() == 20);
    let browser = open(&bench, WIDE);
    browser.devtools("Emulation.setCPUThrottlingRate", &json!({ "rate": 4 }));
    browser.before_each_page(
        "window.long = []; new PerformanceObserver(function (seen) { seen.getEntries().forEach(function (task) { \
         window.long.push(Math.round(task.duration)); }); }).observe({ entryTypes: ['longtask'] });",
    );
    browser.requests();
    browser.go(&bench.url("/"));
    wait_until("live", SOON, || browser.text("#live").contains("实时"));
    wait_until("painted", SOON, || {
        browser.run("return performance.getEntriesByName('first-contentful-paint').length") == json!(1)
    });
    let loaded = browser.run(
        "return performance.getEntriesByType('navigation').concat(performance.getEntriesByType('resource').filter(\
         function (r) { return r.initiatorType !== 'xmlhttprequest'; })).map(function (r) { return [r.name, r.decodedBodySize]; });",
    );
    let loaded: Vec<(String, usize)> = serde_json::from_value(loaded).unwrap();
    let weight = |of: &str| loaded.iter().filter(|(name, _)| name.contains(of)).map(|(_, bytes)| *bytes).sum::<usize>();
    assert_eq!(loaded.len(), 3, "{loaded:?}");
    let (style, script) = (weight("desk.css"), weight("desk.js"));
    let all: usize = loaded.iter().map(|(_, bytes)| *bytes).sum();
    assert!(all - style - script <= 40_000 + 20 * 2_000, "{loaded:?}");
    assert!(style <= 16 * 1024 && script <= 24 * 1024 && all <= 100 * 1024, "{loaded:?}");
    let nodes = browser.run("return document.querySelectorAll('*').length").as_u64().unwrap();
    assert!(nodes <= 1_500, "{nodes} elements");
    let paint = browser.run("return Math.round(performance.getEntriesByName('first-contentful-paint')[0].startTime)");
    let long = browser.run("return window.long");
    println!(
        "/ with 20 alerts, 4 times slower: {all} bytes, {nodes} elements, first paint after {paint} ms, long tasks {long} ms"
    );
    assert_clean(&bench, &browser);
}

/// What the browser holds for the page: elements, listeners, bytes of the script's heap. Of some collections the leanest: one
/// alone now and then leaves thousands of elements of which the next frees every one.
fn held(browser: &Browser) -> [i64; 3] {
    (0..5).map(|_| held_now(browser)).min().unwrap()
}

fn held_now(browser: &Browser) -> [i64; 3] {
    browser.devtools("HeapProfiler.collectGarbage", &json!({}));
    let metrics = browser.devtools("Performance.getMetrics", &json!({}));
    let metric = |name: &str| {
        let all = metrics["metrics"].as_array().unwrap().iter();
        let found = all.clone().find(|metric| metric["name"] == name);
        found.and_then(|metric| metric["value"].as_f64()).unwrap() as i64
    };
    ["Nodes", "JSEventListeners", "JSHeapUsedSize"].map(metric)
}

/// So many alerts come and are closed; at the end nothing is open.
fn live_through_many(bench: &Bench, browser: &Browser, count: usize) {
    let close = json!({ "step": "close", "outcome": "pressed_by_mistake", "contact": "seen" });
    for _ in 0..count {
        let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
        wait_until("here", SOON, || bench.get(&format!("/api/v1/alerts/flat-1/{}", id.number)).0 == 200);
        assert_eq!(bench.step(id, &close).0, 201);
    }
    wait_until("the page shows that nothing is open", SOON, || {
        browser.run("return document.querySelector('.counts').dataset.count + document.querySelectorAll('.unclaimed .row').length")
            == json!("00")
    });
    wait_until("all is confirmed", SOON, || !browser.text("#content").contains("待家庭网关确认"));
}

#[test]
#[allow(clippy::print_stdout)] // the figures are for people
fn a_page_that_is_open_for_a_long_day_grows_no_heavier_and_misses_nothing() {
    let bench = Bench::start();
    let browser = open(&bench, WIDE);
    browser.go(&bench.url("/"));
    wait_until("live", SOON, || browser.text("#live").contains("实时"));
    browser.devtools("Performance.enable", &json!({}));
    browser.run(
        "window.seqs = []; var all = new EventSource('/events?after=' + document.body.dataset.after); \
         ['changed', 'errands', 'reset'].forEach(function (kind) { all.addEventListener(kind, function (e) { \
         window.seqs.push(JSON.parse(e.data).seq || -1); }); });",
    );
    // The first ones fill the list of what was just closed.
    live_through_many(&bench, &browser, 30);
    let before = held(&browser);
    live_through_many(&bench, &browser, 90);
    let mut after = held(&browser);
    let no_heavier = |after: [i64; 3]| {
        let [nodes, listeners, heap] = [0, 1, 2].map(|nth| after[nth] - before[nth]);
        nodes <= 100 && listeners <= 5 && heap <= 2_000_000
    };
    wait_until(&format!("no heavier than {before:?}"), SOON, || {
        after = held(&browser);
        no_heavier(after)
    });
    println!("elements, listeners, bytes of script: {before:?} before 90 alerts, {after:?} after them");
    let seqs = || -> Vec<i64> { serde_json::from_value(browser.run("return window.seqs")).unwrap() };
    wait_until("two changes of each alert at least", SOON, || seqs().len() >= 240);
    let seqs = seqs();
    assert!(seqs.windows(2).all(|pair| pair[1] == pair[0] + 1), "no number is left out, none comes twice: {seqs:?}");
    assert_clean(&bench, &browser);
}
