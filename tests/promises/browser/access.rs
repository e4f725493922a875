//! Everybody can read and operate every page: axe-core finds nothing serious, nothing is too wide or too small.
//!
//! axe-core is not part of this repository: `run-tests` fetches it, pinned, into `target/axe`.

use super::*;

const AXE: &str = "target/axe/axe.min.js";

/// The addresses in the navigation of the page, and of one alert.
fn pages(browser: &Browser) -> Vec<String> {
    let script = "return Array.from(document.querySelectorAll('.nav a')).map(function (a) { return a.getAttribute('href'); })\
        .concat(Array.from(document.querySelectorAll('#content .row .what')).slice(0, 1).map(function (a) { return a.getAttribute('href'); }))";
    browser.run(script).as_array().unwrap().iter().map(|href| href.as_str().unwrap().to_owned()).collect()
}

#[test]
fn nothing_on_any_page_is_a_serious_barrier() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(AXE);
    let axe = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; fetch it once: ./run-tests --axe", path.display()));
    let bench = Bench::start();
    fill(&bench);
    for window in [WIDE, PHONE] {
        let browser = open(&bench, window);
        browser.go(&bench.url("/"));
        super::sound::begin_duty(&browser);
        for page in pages(&browser) {
            browser.go(&bench.url(&page));
            wait_until("live", SOON, || browser.text("#live").contains("实时"));
            let found = violations(&browser, &axe);
            assert!(found.is_empty(), "{page}: {}", found.join("\n"));
            if page == "/" {
                browser.click(".unclaimed .what");
                browser.wait_for_text(".reason", "。");
                let found = violations(&browser, &axe);
                assert!(found.is_empty(), "an alert beside the list: {}", found.join("\n"));
            }
        }
    }
}

/// What axe-core calls serious or critical.
fn violations(browser: &Browser, axe: &str) -> Vec<String> {
    browser.run(&format!("{axe}; window.found = null; axe.run({{ resultTypes: ['violations'] }}).then(function (r) {{ window.found = r.violations; }});"));
    wait_until("axe has looked", Duration::from_secs(30), || !browser.run("return window.found").is_null());
    let found = browser.run(
        "return window.found.filter(function (v) { return v.impact === 'serious' || v.impact === 'critical'; }).map(function (v) \
         { return v.id + ': ' + v.help + ' ' + v.nodes.slice(0, 3).map(function (n) { return n.html.slice(0, 200) + ' ' + n.failureSummary; }).join(' | '); })",
    );
    found.as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_page_fits_a_phone_a_zoomed_desk_and_both_languages() {
    let bench = Bench::start();
    fill(&bench);
    let browser = open(&bench, WIDE);
    // 683 wide is what 200 % leaves of 1366.
    for (width, height) in [(1366, 768), (683, 384), (360, 740)] {
        browser.size(width, height);
        for language in ["zh", "en"] {
            browser.go(&bench.url(&format!("/language/{language}?back=/")));
            for page in pages(&browser) {
                browser.go(&bench.url(&page));
                assert_eq!(browser.overflow(), 0, "{page} at {width} in {language}");
                small_targets(&browser, &format!("{page} at {width}"));
                keep_picture(
                    &browser,
                    &format!("page-{width}-{language}{}", page.split('?').next().unwrap().replace('/', "_")),
                );
                if language == "en" {
                    let text = browser.text("body");
                    let foreign: String = text.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)).collect();
                    let allowed = "简体中文乐合社区服务站号楼单元室值班员小张上门员老李站长王芳维护员小赵街道小钱";
                    assert!(foreign.chars().all(|c| allowed.contains(c)), "Chinese in {page} in English: {foreign}");
                }
            }
        }
    }
    browser.go(&bench.url("/language/zh?back=/"));
    let low = browser.run(
        "return Array.from(document.querySelectorAll('#content .row .primary')).filter(function (b) { return b.offsetHeight < 56; }).length",
    );
    assert_eq!(low, json!(0), "what a thumb presses first is 56 pixels high");
    assert_clean(&bench, &browser);
}
