//! The picture of activity: asked from a real gateway when somebody at a real station looks, shown as far as it is shared, and
//! kept nowhere at the station.

#![allow(clippy::unwrap_used)] // a helper that cannot help ends its test

use super::support::wait_until;
use super::world::{Home, PATIENCE, World};
use carecircle::clock;
use carecircle::gateway::{DATABASE, to_record};
use carecircle::model::observation::{Evidence, Measure, Observation};
use carecircle::model::recorded::Recorded;
use carecircle::model::time::{Span, Timestamp, Zone, whole_millis};
use carecircle::store::{Batch, Store};
use std::path::Path;

/// Made-up days: up at seven, in the hall for some minutes of every half hour until ten in the evening; the fourth day the
/// gateway was off from noon until six.
fn record(folder: &Path, now: Timestamp) {
    let zone = Zone::named("Asia/Shanghai").unwrap();
    let store = Store::open(folder, DATABASE, |_| {}).unwrap().store;
    // On the full hour, so that what is told in hours is the same at every minute.
    let begin = now - Span::days(16);
    let begin = begin - Span::milliseconds(begin.timestamp_millis() % 3_600_000);
    let moved = |at: Timestamp, on: bool| {
        let (sensor, measure) = ("hall".parse().unwrap(), Measure::Motion(on));
        Recorded::Observed(Observation { at, sensor, measure, evidence: Evidence::Level, copy: false })
    };
    let mut lines = vec![Recorded::Started { at: begin, blind_since: None }];
    let mut at = begin;
    let mut off_since: Option<Timestamp> = None;
    while at < now - Span::minutes(12) {
        let local = zone.local(at);
        let hour = local.second_of_day / 3600;
        let is_off = zone.day(at) == zone.day(now - Span::days(4)) && (12..18).contains(&hour);
        if is_off {
            off_since.get_or_insert(at);
        } else {
            if let Some(since) = off_since.take() {
                lines.push(Recorded::Started { at, blind_since: Some(since) });
            }
            let is_up = (7..22).contains(&hour) && local.second_of_day / 60 % 30 < 10;
            if is_up {
                for minute in 0..4 {
                    lines.push(moved(at + Span::minutes(minute), true));
                    lines.push(moved(at + Span::minutes(minute) + Span::seconds(30), false));
                }
            }
            lines.push(Recorded::Watching { at: at + Span::minutes(5) });
        }
        at += Span::minutes(10);
    }
    let records = lines.into_iter().map(to_record).collect();
    store.submit(Batch { ticket: 1, urgent: true, records, ..Batch::default() });
}

/// A world whose home has lived for two weeks; `more` stands in its configuration.
pub fn lived(shares: Option<&str>) -> World {
    let mut world = World::configure(&Home::default());
    if let Some(shares) = shares {
        let path = world.path("gateway.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        let said = format!("shares = \"{shares}\"\n[gateway]");
        std::fs::write(&path, text.replacen("[gateway]", &said, 1)).unwrap();
    }
    std::fs::create_dir_all(world.path("state")).unwrap();
    record(&world.path("state"), whole_millis(clock::now()));
    world.start_station();
    world.start_gateway();
    world.wait_ready();
    world
}

const PAGE: &str = "/home/made-up-1/picture";

/// The page, once the home has answered.
fn answered(world: &World, has: &str) -> String {
    let mut page = String::new();
    wait_until("the home answers", PATIENCE, || {
        page = world.html(PAGE);
        page.contains(has)
    });
    page
}

/// Every file below `folder`.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn two_weeks_are_shown_to_whoever_looks_and_stay_nowhere_at_the_station() {
    let world = lived(None);
    let told = tempfile::NamedTempFile::new().unwrap();
    let mut listener = world.district_broker.subscriber(&["-t", "carecircle/v1/made-up-1/#", "-v"]);
    let mut listener = listener.stdout(told.reopen().unwrap()).spawn().unwrap();
    let told_of = |word: &str| -> Vec<String> {
        let text = std::fs::read_to_string(told.path()).unwrap();
        text.lines().filter(|line| line.split(' ').next().unwrap().ends_with(word)).map(str::to_owned).collect()
    };
    // What the broker kept of the home's link says that the listener hears.
    wait_until("the listener hears", PATIENCE, || !told_of("/up/lehe/link").is_empty());
    let first = world.html(PAGE);
    assert!(first.contains("已询问，等待家中回答"), "{first}");
    let page = answered(&world, "id=\"fortnight-title\"");
    // Two weeks of rows, shades, what is not known, and the table that says the same.
    assert_eq!(page.matches("<th scope=\"row\">").count(), 14 + 4, "days and parts of the day");
    for part in ["class=\"v2\"", "class=\"unknown\"", "07:00", "6 小时", "未观测", "作息规律", "已学习"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let svg = page.split("<svg class=\"picture fortnight\"").nth(1).unwrap().split("</svg>").next().unwrap();
    assert!(svg.len() <= 8_000, "{} bytes", svg.len());
    // What travelled holds levels and no room, and was asked for once though the page came several times.
    wait_until("the listener has it too", PATIENCE, || told_of("/up/lehe/activity").len() == 1);
    world.html(PAGE);
    assert_eq!(told_of("/down/look").len(), 1);
    assert!(told_of("/down/look")[0].contains("\"person\":\"desk1\""), "who looks is told");
    listener.kill().unwrap();
    listener.wait().unwrap();
    let answer = told_of("/up/lehe/activity").remove(0);
    assert!(!answer.contains("hall") && !answer.contains("\"doors\""), "{answer}");
    let levels: Vec<&str> = answer.split("\"levels\":\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(levels.len(), 14);
    assert!(levels[..13].iter().all(|day| day.len() == 96), "{levels:?}");
    assert!(levels[5].starts_with(&"0".repeat(28)) && levels[5][28..].starts_with("202020"), "{}", levels[5]);
    assert!(levels.iter().any(|day| day.contains(&"-".repeat(24))), "the hours without the gateway: {levels:?}");
    // Every look stands on the home's page.
    let home = world.html("/home/made-up-1");
    assert!(home.contains("看了作息图") && home.contains("向家中询问作息图"), "{home}");
    // Nothing of it lies on the disk of the station, and its log does not speak of it.
    for path in files(&world.path("station")).into_iter().chain([world.path("station.log")]) {
        let bytes = std::fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(levels[5]) && !text.contains("202020"), "{} holds what the home showed", path.display());
    }
}

#[test]
fn what_is_not_agreed_to_does_not_leave_the_home_and_the_page_says_what() {
    let world = lived(Some("alerts"));
    let page = answered(&world, "本人未同意共享作息");
    assert!(page.contains("本站只看得到警情和最近活动的时间") && !page.contains("<svg class=\"picture"), "{page}");
    // What comes unasked, retained, or from elsewhere is shown to nobody.
    let body = r#"{"v":1,"home":"made-up-1","id":"x","at_ms":1,"shares":"rooms","days":[]}"#;
    world.district_broker.publish("carecircle/v1/made-up-1/up/lehe/activity", body);
    assert!(world.html(PAGE).contains("本人未同意共享作息"));
}

#[test]
fn where_rooms_are_shared_doors_and_buttons_are_too() {
    let world = lived(Some("rooms"));
    world.press();
    wait_until("the press is on the disk", PATIENCE, || world.alerts_of("call_button").len() == 1);
    let page = answered(&world, "id=\"fortnight-title\"");
    assert!(page.contains("class=\"button\" d=\"M"), "the press: {page}");
    assert!(page.contains("class=\"mark emergency\""), "and what was raised by it");
    let alert = &world.alerts_of("call_button")[0];
    let page = world.html(&format!("/alert/made-up-1/{}", alert["alert"]));
    assert!(page.contains(&format!("href=\"{PAGE}\"")), "an alert leads to the picture");
}
