//! What a release is made of: why each dependency is there, and a check that never calls fine what it could not look at.

use std::path::Path;
use std::process::{Command, Output};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn every_dependency_says_why_it_is_there() {
    let manifest = std::fs::read_to_string(Path::new(ROOT).join("Cargo.toml")).unwrap();
    let (mut is_among_them, mut is_told, mut seen) = (false, false, 0);
    for line in manifest.lines() {
        match line {
            line if line.starts_with('[') => is_among_them = line.ends_with("dependencies]"),
            line if line.starts_with('#') => is_told = true,
            "" => is_told = false,
            line if is_among_them => {
                // What follows without a line between shares the reason of the one before.
                assert!(is_told, "no word why: {line}");
                seen += 1;
            }
            _ => is_told = false,
        }
    }
    assert!(seen > 30, "{seen}");
}

#[test]
fn a_check_that_cannot_ask_for_vulnerabilities_says_so_and_does_not_pass() {
    let unreachable = "echo 'failed to fetch advisory database https://example.invalid' >&2; exit 1";
    for (advisories, code, words) in [
        (unreachable, 3, "NOT CHECKED"),
        ("echo 'error[vulnerability]: made up' >&2; exit 1", 1, "made up"),
        ("echo 'advisories ok'", 0, "advisories ok"),
    ] {
        let said = check(&format!("case \"$*\" in *advisories*) {advisories};; *) exit 0;; esac"));
        let text = format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
        assert_eq!(said.status.code(), Some(code), "{text}");
        assert!(text.contains(words), "{text}");
    }
    let without = check("exit 101");
    assert_eq!(without.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&without.stderr).contains("cargo install --locked cargo-deny"));
}

/// `release/check` in a folder of its own, with a made-up `cargo` that does this. The shell writes both: a file that this process has
/// open for writing could not be run while another test starts a program.
fn check(cargo: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let steps = "mkdir bin release && printf '#!/bin/sh\n%s\n' \"$MADE_UP\" >bin/cargo && chmod +x bin/cargo \
                 && cp \"$CHECK\" release/check && PATH=\"$PWD/bin:$PATH\" sh release/check";
    let check = Path::new(ROOT).join("release/check");
    let mut sh = Command::new("sh");
    sh.args(["-c", steps]).env("MADE_UP", cargo).env("CHECK", check).current_dir(folder.path()).output().unwrap()
}
