//! The demo needs nothing installed and shows the whole way.

use super::support::run;

#[test]
fn the_whole_story_is_seen_from_the_sensors_byte_to_the_closed_alert() {
    let (told, errors, code) = run(&["demo", "--story"], "");
    assert_eq!(code, 0, "{told}{errors}");
    let chapters = [
        "the call is on the desk",
        "the gateway's book says arrived",
        "service_button: closed in the gateway's book",
        "the silence is on the desk",
        "the sign of life afterwards is in the timeline",
        "inactivity: closed in the gateway's book",
        "the end: every step was seen",
    ];
    let mut rest = told.as_str();
    for chapter in chapters {
        let at = rest.find(chapter).unwrap_or_else(|| panic!("{chapter:?} is missing or out of order in:\n{told}"));
        rest = &rest[at..];
    }
}
