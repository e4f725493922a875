//! Every page there is: in both languages, on a desk and on a phone, in usual and in large letters.

use super::*;
use std::collections::BTreeSet;

/// Every address that draws a page for the supervisor who is administrator too, of a station as `fill` leaves it.
pub fn addresses(bench: &Bench, browser: &Browser) -> Vec<String> {
    browser.go(&bench.url("/"));
    let script = "return Array.from(document.querySelectorAll('.nav a')).map(function (a) { return a.getAttribute('href'); })\
        .concat(Array.from(document.querySelectorAll('#content .row .what')).map(function (a) { return a.getAttribute('href'); }))";
    let linked = browser.run(script);
    let linked = linked.as_array().unwrap().iter().map(|href| href.as_str().unwrap().to_owned());
    let others = [
        "/suspensions",
        "/homes/cards",
        "/home/flat-1",
        "/home/flat-1/card",
        "/home/flat-1/picture",
        "/walk/flat-1",
        "/me",
        "/faults?by=street",
        "/faults?by=part",
        "/reports/alerts?of=person",
        "/admin/people/zhang",
        "/admin/hooks",
        "/alert/flat-1/2?form=close",
    ];
    let addresses: BTreeSet<String> = linked.chain(others.map(str::to_owned)).collect();
    assert!(addresses.len() > 25, "{addresses:?}");
    addresses.into_iter().collect()
}

/// What is said about addresses that lead nowhere; browsers write a line about them.
const NOWHERE: [&str; 2] = ["/alert/no-such-home/1", "/no/such/page"];

/// Each GET that the source names and that draws a page is among the addresses above.
#[test]
fn no_page_is_forgotten() {
    let bench = Bench::start();
    fill(&bench);
    let browser = Browser::open(WIDE);
    browser.take_cookie(&bench.url(""), &bench.cookie("wang"));
    let visited = addresses(&bench, &browser);
    // For scripts, programs and people who are not signed in; and what only leads elsewhere.
    let no_pages = [
        "/api/",
        "/static/",
        "/events",
        "/healthz",
        "/readyz",
        "/metrics",
        "/language/",
        "/sign-",
        "/who",
        "/admin/tokens/",
        "/admin/hooks/",
    ];
    for route in crate::access::routes("get(") {
        let is_page = !route.contains(".csv") && !route.contains(".json") && !route.ends_with(".fragment");
        if !is_page || route == "/admin" || no_pages.iter().any(|begin| route.starts_with(begin)) {
            continue;
        }
        let begin = route.split('{').next().unwrap();
        assert!(visited.iter().any(|page| page.starts_with(begin)), "nobody looks at {route}");
    }
}

/// Words of Latin letters that stand in a Chinese page by right: what is written so in Chinese too, the words that programs
/// are given, and the names of the bench.
const LATIN: &str = "AsyncAPI OpenAPI read steps reports pii alert English PIN CSV JSON SMS HTTP HTTPS URL Webhook MQTT Prometheus Token GB ID \
    flat lehe pendant bed_button kitchen_button bath_pir bedroom kitchen zhang li wang zhao qian Enter Esc Asia Shanghai";

fn latin_words(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':');
    let words = text.split(|c: char| !is_part(c)).filter(|word| !word.contains(['/', ':']));
    let words = words
        .flat_map(|word| word.split(['-', '.']))
        .filter(|word| word.chars().filter(char::is_ascii_alphabetic).count() > 1);
    // A check sum, a key of the script.
    let words = words.filter(|word| !word.chars().any(|c| c.is_ascii_digit()));
    words.filter(|word| !LATIN.split_whitespace().any(|known| known == *word)).map(str::to_owned).collect()
}

fn file_name(page: &str) -> String {
    page.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).take(40).collect()
}

/// Whether something that belongs to the page lies over the rest of it.
fn covers(browser: &Browser) -> bool {
    let fixed = "return Array.from(document.querySelectorAll('main *')).some(function (e) { return getComputedStyle(e).position === 'fixed'; })";
    browser.run(fixed) == json!(true)
}

#[test]
fn every_page_speaks_the_language_and_is_as_wide_as_the_screen() {
    let bench = Bench::start();
    fill(&bench);
    let browser = Browser::open(WIDE);
    browser.take_cookie(&bench.url(""), &bench.cookie("wang"));
    let pages = addresses(&bench, &browser);
    let mut faults = Vec::new();
    for (width, height) in [(1366, 768), (360, 740)] {
        browser.size(width, height);
        for language in ["zh", "en"] {
            browser.go(&bench.url(&format!("/language/{language}?back=/")));
            for page in pages.iter().map(String::as_str).chain(NOWHERE) {
                browser.go(&bench.url(page));
                if browser.overflow() != 0 {
                    faults.push(format!("{page} at {width} in {language} is too wide: {}", browser.too_wide()));
                }
                if covers(&browser) {
                    faults.push(format!("{page} at {width}: something covers the page"));
                }
                keep_picture(&browser, &format!("all-{width}-{language}{}", file_name(page)));
                let text = browser.run("return document.body.innerText");
                let text = text.as_str().unwrap();
                if language == "zh" {
                    let latin = latin_words(text);
                    if !latin.is_empty() {
                        faults.push(format!("{page} in Chinese: {latin:?}"));
                    }
                } else {
                    let foreign: String = text.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)).collect();
                    let allowed = "简体中文乐合社区服务站号楼单元室值班员小张上门员老李站长王芳维护员小赵街道小钱";
                    if !foreign.chars().all(|c| allowed.contains(c)) {
                        faults.push(format!("{page} in English: {foreign}"));
                    }
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn large_letters_are_a_quarter_larger_stay_with_the_person_and_fit_everywhere() {
    let bench = Bench::start();
    fill(&bench);
    let browser = Browser::open(PHONE);
    browser.take_cookie(&bench.url(""), &bench.cookie("wang"));
    let size = "return parseFloat(getComputedStyle(document.querySelector('h1')).fontSize)";
    browser.go(&bench.url("/me"));
    let usual = browser.run(size).as_f64().unwrap();
    browser.click("button[value=large]");
    wait_until("larger", SOON, || browser.has("html.large"));
    let large = browser.run(size).as_f64().unwrap();
    assert!((large / usual - 1.25).abs() < 0.01, "{usual} {large}");
    let mut faults = Vec::new();
    let pages = addresses(&bench, &browser);
    for (width, height) in [(360, 740), (1366, 768)] {
        browser.size(width, height);
        for page in &pages {
            browser.go(&bench.url(page));
            keep_picture(&browser, &format!("large-{width}{}", file_name(page)));
            if browser.overflow() != 0 {
                faults.push(format!("{page} at {width} is too wide: {}", browser.too_wide()));
            }
            // Where a row has a height of its own, nothing in it is cut off.
            let cut = browser.run(
                "return Array.from(document.querySelectorAll('.row')).filter(function (row) { return row.scrollHeight > row.clientHeight + 2; }).length",
            );
            if cut != json!(0) {
                faults.push(format!("{page} at {width}: rows are cut"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_clean(&bench, &browser);
    // Another browser of the same person, by its own sign-in.
    let other = Browser::open(WIDE);
    other.go(&bench.url("/sign-in"));
    other.write("input[name=who]", "wang");
    other.write("input[name=password]", crate::station::bench::PASSWORD);
    other.click("#enter");
    wait_until("large there too", SOON, || other.has("html.large #content.desk"));
    other.go(&bench.url("/me"));
    other.click("button[value=usual]");
    wait_until("as usual", SOON, || !other.has("html.large"));
}

#[test]
fn the_wall_names_places_and_nobody_and_to_a_reader_not_even_places() {
    let bench = Bench::start();
    fill(&bench);
    let wall = |who: &str| {
        let (status, page, _) = bench.fetch_as(&bench.cookie(who), "/wall");
        assert_eq!(status, 200, "{who}");
        page.split("id=\"content\"").nth(1).unwrap().split("</main>").next().unwrap().to_owned()
    };
    let of_staff = wall("wang");
    for shown in ["3号楼2单元201室", "flat-1 / 1", "紧急", "已出发"] {
        assert!(of_staff.contains(shown), "{shown} in {of_staff}");
    }
    for hidden in ["小张", "老李", "王芳", "<form", "<button", "卧室"] {
        assert!(!of_staff.contains(hidden), "{hidden} in {of_staff}");
    }
    let of_reader = wall("qian");
    assert!(of_reader.contains("flat-1 / 1") && !of_reader.contains("3号楼"), "{of_reader}");
}
