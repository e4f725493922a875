//! The handbook tells the truth: every family is in it, and every configuration in it passes `carecircle check`.

#![allow(clippy::unwrap_used)] // fixtures are tests too

use crate::support;
use carecircle::devices::Devices;
use std::path::{Path, PathBuf};

#[test]
fn every_family_has_a_page_with_a_whole_configuration_and_the_list_leads_to_it() {
    let list = std::fs::read_to_string(root().join("docs/sensors.md")).unwrap();
    for family in Devices::families() {
        let page = root().join(format!("docs/sensors/{}.md", family.name));
        let text = std::fs::read_to_string(&page).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
        assert!(
            list.contains(&format!("(sensors/{}.md)", family.name)),
            "docs/sensors.md does not lead to {}",
            family.name
        );
        let configs = configs(&text);
        // What only says what exists is never an address.
        let uses = |config: &String| config.contains(&format!("{} = ", family.name)) || family.name == "ha_discovery";
        assert!(configs.iter().any(uses), "{} shows no whole configuration that uses {}", page.display(), family.name);
    }
}

#[test]
fn every_configuration_in_the_handbook_passes_the_check() {
    let mut pages = vec![root().join("README.md")];
    pages.extend(markdown(&root().join("docs")));
    let mut checked = 0;
    for page in pages {
        for (number, config) in configs(&std::fs::read_to_string(&page).unwrap()).iter().enumerate() {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("gateway.toml");
            std::fs::write(&file, config).unwrap();
            let output = support::carecircle(&["check", file.to_str().unwrap()]).output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{}, configuration {}:\n{said}", page.display(), number + 1);
            checked += 1;
        }
    }
    assert!(checked >= Devices::families().len(), "only {checked} configurations were found");
}

#[test]
fn no_page_leads_to_a_page_that_is_not_there() {
    for page in markdown(&root().join("docs")) {
        let text = std::fs::read_to_string(&page).unwrap();
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
        for target in targets.filter(|target| target.ends_with(".md") && !target.contains("://")) {
            assert!(page.parent().unwrap().join(target).exists(), "{} leads to {target}", page.display());
        }
    }
}

#[test]
fn the_program_prints_the_documents_of_the_wire_as_they_are_committed() {
    for document in ["wire.json", "asyncapi.json", "openapi.json", "events.json", "feed.json"] {
        let name = document.trim_end_matches(".json").replace("wire", "json");
        let output = support::carecircle(&["schema", &name]).output().unwrap();
        assert!(output.status.success(), "{document}");
        assert_eq!(output.stdout, std::fs::read(root().join("docs/schema").join(document)).unwrap(), "{document}");
    }
}

/// The ```toml blocks that are whole configurations.
fn configs(text: &str) -> Vec<String> {
    let blocks = text.split("```toml\n").skip(1).filter_map(|after| after.split("\n```").next());
    blocks
        .filter(|block| block.contains("[home]") || block.contains("[station]"))
        .map(|block| format!("{block}\n"))
        .collect()
}

fn markdown(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            found.extend(markdown(&entry));
        } else if entry.extension().is_some_and(|ending| ending == "md") {
            found.push(entry);
        }
    }
    found.sort();
    found
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
