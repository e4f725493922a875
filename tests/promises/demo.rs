//! The demo needs nothing installed and shows the whole way.
#![allow(clippy::unwrap_used)] // a test ends where it cannot go on

use std::process::Command;

#[test]
fn the_whole_story_is_seen_from_the_sensors_byte_to_the_closed_alert() {
    let folder = tempfile::tempdir().unwrap();
    seen(Command::new(env!("CARGO_BIN_EXE_carecircle")).args(["demo", "--story"]).env("TMPDIR", folder.path()));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the demo's folder stays");
}

#[test]
fn a_program_without_a_broker_inside_tells_the_same_story_with_mosquitto_and_leaves_none_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Command::new(env!("CARGO_BIN_EXE_carecircle"));
    seen(demo.args(["demo", "--story", "--mosquitto"]).env("TMPDIR", folder.path()));
    let of_the_demo = |entry: std::fs::DirEntry| {
        let line = std::fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default();
        line.contains(folder.path().to_str().unwrap()).then_some(line)
    };
    let left: Vec<String> = std::fs::read_dir("/proc").unwrap().flatten().filter_map(of_the_demo).collect();
    assert!(left.is_empty(), "{left:?}");
}

fn seen(demo: &mut Command) {
    let ended = demo.output().unwrap();
    let (told, errors) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success(), "{told}{errors}");
    let chapters = [
        "the call is on the desk",
        "the gateway's book says arrived",
        "service_button: closed in the gateway's book",
        "the silence is on the desk",
        "the sign of life afterwards is in the timeline",
        "inactivity: closed in the gateway's book",
        "the end: every step was seen",
    ];
    let mut rest: &str = &told;
    for chapter in chapters {
        let at = rest.find(chapter).unwrap_or_else(|| panic!("{chapter:?} is missing or out of order in:\n{told}"));
        rest = &rest[at..];
    }
}
