//! What must hold of everything a browser is given, before a browser sees it.

use crate::text::has_label;
use crate::web::{CSS, SCRIPT};

const TEMPLATES: [&str; 8] = [
    include_str!("pages/frame.html"),
    include_str!("pages/desk.html"),
    include_str!("pages/desk_rows.html"),
    include_str!("pages/row.html"),
    include_str!("pages/alert.html"),
    include_str!("pages/alert_body.html"),
    include_str!("pages/said.html"),
    include_str!("pages/choose.html"),
];

#[test]
fn every_word_a_page_asks_for_is_there() {
    let sources = [include_str!("models.rs"), include_str!("pages.rs")];
    for source in TEMPLATES.iter().chain(&sources) {
        for asked in source.split("l(\"").skip(1) {
            let name = asked.split('"').next().unwrap();
            assert!(has_label(name), "no words for {name:?}");
        }
    }
}

#[test]
fn a_page_is_light() {
    assert!(CSS.len() <= 16 * 1024, "{}", CSS.len());
    assert!(SCRIPT.len() <= 24 * 1024, "{}", SCRIPT.len());
}

/// The floor is Chromium 78: what its parser would refuse must not be in the script or the style.
#[test]
fn old_browsers_can_read_it() {
    for newer in ["?.", "??", "async ", "await ", "import ", "export ", "**=", "&&=", "||=", "#private", "`"] {
        assert!(!SCRIPT.contains(newer), "{newer:?} in the script");
    }
    for newer in [":has(", "@container", "gap:", "@layer", "aspect-ratio", "inset:", ":is(", ":where("] {
        assert!(!CSS.contains(newer), "{newer:?} in the style");
    }
}

#[test]
fn nothing_is_inline_and_nothing_is_fetched_from_others() {
    for template in TEMPLATES {
        for forbidden in [" style=", " onclick=", " onload=", "javascript:", "|safe", "src=\"http", "href=\"http"] {
            assert!(!template.contains(forbidden), "{forbidden:?} in a template");
        }
        assert!(!template.contains("<script>"), "inline script");
    }
}
