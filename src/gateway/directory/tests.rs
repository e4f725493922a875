//! Directories that fit, and those that must not move the circle.

use super::*;
use crate::config;
use proptest::prelude::*;

const CONFIG: &str = r#"
[home]
id = "made-up-1"
place = "3-2-201"
time_zone = "Asia/Shanghai"
location = { latitude = 23.7142, longitude = 103.2667 }
[mqtt]
broker = "mqtt://127.0.0.1:1883"
[[sensor]]
id = "pendant"
kind = "call_button"
zigbee2mqtt = "pendant"
[circle]
directory_from = "lehe"
[[circle.point]]
id = "lehe"
name = "Lehe"
travel = "6m"
channels = ["lehe", "phones"]
[[circle.point]]
id = "near"
name = "Near"
location = { latitude = 23.7152, longitude = 103.2667 }
by = "foot"
channels = ["district"]
[[channel]]
name = "lehe"
station_mqtt = { broker = "mqtt://127.0.0.1:1884" }
[[channel]]
name = "district"
station_mqtt = { broker = "mqtt://127.0.0.1:1885" }
[[channel]]
name = "phones"
sms = { port = "/dev/modem", to = ["+8613800138000"] }
"#;

fn plan(text: &str) -> Plan {
    let (config, problems) = config::gateway("gateway.toml", text);
    Plan::of(config.unwrap_or_else(|| panic!("{problems:?}"))).unwrap()
}

fn directory(version: u64, points: &str) -> Directory {
    let text = format!(r#"{{"v":1,"home":"made-up-1","point":"lehe","version":{version},"points":[{points}]}}"#);
    Directory::from_bytes(text.as_bytes()).unwrap()
}

const LEHE: &str = r#"{"id":"lehe","name":"乐合","travel_secs":1200,"channels":["district","unknown"]}"#;
const NEAR: &str = r#"{"id":"near","name":"Near","on_duty":"Mon-Fri 08:00-18:00","travel_secs":120}"#;
const NEW: &str = r#"{"id":"new","name":"New","location":{"latitude":23.7242,"longitude":103.2667},"by":"e_bike"}"#;

#[test]
fn what_somebody_measured_or_wired_here_holds_and_the_rest_is_the_stations_word() {
    let base = plan(CONFIG);
    let laid = judged(&base, None, &directory(7, &[LEHE, NEAR, NEW].join(","))).unwrap().unwrap();
    let shown: Vec<String> = laid
        .circle
        .points
        .iter()
        .map(|point| {
            let channels: Vec<&str> = point.channels.iter().map(|name| name.as_str()).collect();
            format!(
                "{} {} {}s {} by {}",
                point.id,
                point.name,
                point.travel.num_seconds(),
                point.on_duty,
                channels.join("+")
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "lehe 乐合 360s always by lehe+phones+district",
            "near Near 120s Mon-Fri 08:00-18:00 by district",
            "new New 467s always by lehe",
        ]
    );
    let led: Vec<String> = laid.channels.iter().map(|way| format!("{}>{}", way.name, way.point)).collect();
    assert_eq!(led, ["lehe>lehe", "lehe>new", "district>lehe", "district>near", "phones>lehe"]);
    assert_ne!(laid.hash, base.hash, "an alert says by which circle it was decided");
}

#[test]
fn a_directory_that_cannot_be_used_is_refused_in_words() {
    let base = plan(CONFIG);
    let why = |points: &str| judged(&base, None, &directory(7, points)).unwrap_err();
    assert!(why("").contains("no points"));
    assert!(why(&[LEHE, LEHE].join(",")).contains("two points"));
    assert!(why(r#"{"id":"new","name":"New"}"#).contains("not known"));
    assert!(why(r#"{"id":"new","name":"New","travel_secs":90000}"#).contains("hours away"));
    let many: Vec<String> = (0..65).map(|n| format!(r#"{{"id":"p{n}","name":"P","travel_secs":60}}"#)).collect();
    assert!(why(&many.join(",")).contains("at most 64"));
    let other = Directory { point: "near".parse().unwrap(), ..directory(7, LEHE) };
    assert!(judged(&base, None, &other).unwrap_err().contains("directory_from is lehe"));
    let unwanted = plan(&CONFIG.replace("directory_from", "#directory_from"));
    assert!(judged(&unwanted, None, &directory(7, LEHE)).unwrap_err().contains("no directory_from"));
}

#[test]
fn only_a_newer_one_replaces_the_one_in_force() {
    let base = plan(CONFIG);
    let before = directory(7, LEHE);
    let judged = |said: &Directory| judged(&base, Some(&before), said).map(|plan| plan.is_some());
    assert_eq!(judged(&before), Ok(false), "the broker says it again whenever we connect");
    assert_eq!(judged(&directory(8, NEAR)), Ok(true));
    assert!(judged(&directory(6, LEHE)).unwrap_err().contains("older"));
    assert!(judged(&directory(7, NEAR)).unwrap_err().contains("other points"));
}

#[test]
fn one_that_could_not_be_taken_over_is_tried_again_when_it_is_said_again() {
    let base = plan(CONFIG);
    let said = directory(7, LEHE);
    let mut standing = Standing { newest: Some(said.clone()), in_force: Some(6), refused: None };
    assert!(judged(&base, standing.before(&said), &said).unwrap().is_some());
    assert!(judged(&base, standing.before(&directory(7, NEAR)), &directory(7, NEAR)).is_err());
    standing.in_force = Some(7);
    assert!(judged(&base, standing.before(&said), &said).unwrap().is_none());
}

#[test]
fn what_was_kept_is_in_force_after_a_restart_and_what_is_broken_leaves_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let mut base = plan(CONFIG);
    base.state_dir = folder.path().join("state");
    assert!(Standing::kept(&base).refused.is_none());
    keep(&base.state_dir, &directory(7, NEW)).unwrap();
    let mut standing = Standing::kept(&base);
    let laid = standing.laid_over(base.clone());
    assert_eq!((laid.circle.points.len(), standing.in_force), (1, Some(7)));
    let other_home = Plan {
        home: crate::model::home::Home { id: "made-up-2".parse().unwrap(), ..base.home.clone() },
        ..base.clone()
    };
    assert_eq!(standing.laid_over(other_home).circle.points.len(), 2, "the box moved to another home");
    let unwanted = Plan { directory: config::Directory::default(), ..base.clone() };
    assert_eq!((standing.laid_over(unwanted).circle.points.len(), standing.in_force), (2, None));
    std::fs::write(path(&base.state_dir), b"{\"v\":1").unwrap();
    let mut standing = Standing::kept(&base);
    assert_eq!((standing.laid_over(base.clone()).circle.points.len(), standing.in_force), (2, None));
    assert!(standing.status(&base).unwrap().refused.unwrap().contains("cannot be read"));
}

proptest! {
    #[test]
    fn whatever_a_station_says_a_home_is_never_left_without_a_point_that_can_be_told(
        points in prop::collection::vec((0..5u8, prop::option::of(0..100_000u32), any::<bool>(), 0..3usize), 0..6),
    ) {
        let base = plan(CONFIG);
        let listed = |(id, travel, is_placed, channel): &(u8, Option<u32>, bool, usize)| Listed {
            id: ["lehe", "near", "c", "d", "e"][usize::from(*id)].parse().unwrap(),
            name: String::new(),
            on_duty: Default::default(),
            travel_secs: *travel,
            location: base.directory.location.filter(|_| *is_placed),
            by: Some(crate::model::place::Way::Foot),
            channels: ["phones", "nobody"].iter().take(*channel).map(|name| name.parse().unwrap()).collect(),
        };
        let said = Directory { points: points.iter().map(listed).collect(), ..directory(7, "") };
        if let Ok(laid) = judged(&base, None, &said) {
            let laid = laid.unwrap();
            prop_assert!(!laid.circle.points.is_empty());
            for point in &laid.circle.points {
                prop_assert!(laid.channels.iter().any(|way| way.point == point.id));
            }
        }
    }
}
