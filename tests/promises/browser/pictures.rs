//! The pictures of the documentation, of made-up homes: `cargo test --test promises -- --ignored pictures_of_the_documentation`.

use super::sound::on_duty;
use super::*;

#[test]
#[ignore = "writes docs/pictures anew"]
fn pictures_of_the_documentation() {
    let bench = Bench::start();
    fill(&bench);
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures");
    std::fs::create_dir_all(&folder).unwrap();
    for (window, name, language) in [(WIDE, "desk", "zh"), (PHONE, "desk-phone", "en")] {
        let (width, height) = (window.width, window.height);
        let browser = on_duty(&bench, window);
        browser.go(&bench.url(&format!("/language/{language}?back=/")));
        wait_until("live", SOON, || !browser.text("#live").is_empty());
        if name == "desk" {
            browser.click(".in_hand .what");
            wait_until("the alert is beside the list", SOON, || browser.has("#beside .timeline"));
            browser.run("document.activeElement.blur()");
        }
        wait_until("ready", SOON, || !browser.text("#ready").is_empty());
        browser.run("document.querySelectorAll('.row').forEach(function (row) { row.getAnimations().forEach(function (a) { a.cancel(); }); })");
        let path = folder.join(format!("{name}.png"));
        let scale = if name == "desk" { 0.66 } else { 1.0 };
        browser.small_picture(&path, width, height, scale);
        let bytes = std::fs::metadata(&path).unwrap().len();
        assert!(bytes <= 150_000, "{} has {bytes} bytes", path.display());
    }
}
