//! The pictures of the documentation, of made-up homes: they can be made at any time, and `UPDATE_PICTURES=1` keeps them.

use super::sound::on_duty;
use super::*;
use std::path::Path;

/// A picture: its window, its name and its language.
const PICTURES: [(Window, &str, &str); 3] = [(WIDE, "desk", "zh"), (PHONE, "desk-phone", "en"), (WIDE, "alert", "en")];

#[test]
fn pictures_of_the_documentation_can_be_made() {
    let bench = Bench::start();
    fill(&bench);
    let scratch = tempfile::tempdir().unwrap();
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures");
    let folder = if std::env::var_os("UPDATE_PICTURES").is_some() { kept.as_path() } else { scratch.path() };
    for (window, name, language) in PICTURES {
        let (width, height, is_wide) = (window.width, window.height, window.width > 700);
        let browser = on_duty(&bench, window);
        browser.go(&bench.url(&format!("/language/{language}?back=/")));
        wait_until("live", SOON, || !browser.text("#live").is_empty());
        if name == "desk" {
            browser.click(".in_hand .what");
            wait_until("the alert is beside the list", SOON, || browser.has("#beside .timeline"));
            browser.run("document.activeElement.blur()");
        }
        if name == "alert" {
            let href = browser.run("return document.querySelector('.in_hand .what').getAttribute('href')");
            browser.go(&bench.url(href.as_str().unwrap()));
            wait_until("live", SOON, || !browser.text("#live").is_empty());
        }
        wait_until("the page has its script", SOON, || browser.has("#sound.locked, #sound.running"));
        if browser.has("#sound.locked") {
            browser.click("#sound");
        }
        wait_until("ready", SOON, || !browser.text("#ready").is_empty());
        browser.run("document.querySelectorAll('.row').forEach(function (row) { row.getAnimations().forEach(function (a) { a.cancel(); }); })");
        let path = folder.join(format!("{name}.png"));
        browser.small_picture(&path, width, height, if is_wide { 0.66 } else { 1.0 });
        let bytes = std::fs::metadata(&path).unwrap().len();
        assert!((5_000..=150_000).contains(&bytes), "{} has {bytes} bytes", path.display());
    }
}
