//! What must hold of everything a browser is given, before a browser sees it.

use crate::text::has_label;
use crate::web::{CSS, OFFICE_CSS, SCRIPT};

/// Every file of the pages with this ending, and its text.
fn files(ending: &str) -> Vec<(String, String)> {
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src/web"))];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == ending) {
                files.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(!files.is_empty());
    files
}

#[test]
fn every_word_a_page_asks_for_is_there() {
    for (path, source) in files("html").into_iter().chain(files("rs")) {
        for asked in source.split("l(\"").skip(1) {
            let name = asked.split('"').next().unwrap();
            assert!(has_label(name) || path.ends_with("tests.rs"), "no words for {name:?} in {path}");
        }
    }
}

#[test]
fn the_audit_has_words_for_whatever_a_page_writes_into_it() {
    let mut seen = 0;
    for (path, source) in files("rs").into_iter().filter(|(path, _)| !path.ends_with("tests.rs")) {
        for call in [".audit(", ".audit_part(", ".audit_call("].iter().flat_map(|call| source.split(call).skip(1)) {
            let call = call.split(".await").next().unwrap_or_default();
            let words = call.split('"').skip(1).step_by(2);
            for word in words.filter(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '_') && word.len() > 3)
            {
                seen += 1;
                assert!(has_label(&format!("did_{word}")), "no words for {word:?} of {path}");
            }
        }
    }
    assert!(seen > 20, "{seen}");
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
        assert!(!CSS.contains(newer) && !OFFICE_CSS.contains(newer), "{newer:?} in the style");
    }
}

#[test]
fn nothing_is_inline_and_nothing_is_fetched_from_others() {
    for (path, template) in files("html") {
        for forbidden in [" style=", " onclick=", " onload=", "javascript:", "|safe", "src=\"http", "href=\"http"] {
            assert!(!template.contains(forbidden), "{forbidden:?} in {path}");
        }
        assert!(!template.contains("<script>"), "inline script in {path}");
    }
}
