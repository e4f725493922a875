//! The sample files: every key stands there, commented out at its default.

use super::*;
use std::collections::BTreeSet;

const GATEWAY: &str = include_str!("../../config/gateway.toml");
const STATION: &str = include_str!("../../config/station.toml");

#[test]
fn every_key_of_the_gateways_sample_is_taken_and_stands_at_its_default() {
    let ours = |gateway: Gateway| Gateway { hash: String::new(), ..gateway };
    let whole = good(gateway("gateway.toml", &uncommented(GATEWAY, |_| true)));
    // What has no default may be anything; the rest must be what it is without being written.
    let shown = good(gateway("gateway.toml", &uncommented(GATEWAY, |remark| !remark.starts_with("no default"))));
    let required = good(gateway("gateway.toml", &uncommented(GATEWAY, |remark| remark.starts_with("required"))));
    assert_eq!(ours(shown), ours(required));
    assert_eq!((whole.home.sensors.len(), whole.rules.missed_visit.visits.len()), (3, 1));
}

#[test]
fn every_key_of_the_stations_sample_is_taken_and_stands_at_its_default() {
    let ours = |station: Station| Station { hash: String::new(), ..station };
    good(station("station.toml", &uncommented(STATION, |_| true)));
    let shown = good(station("station.toml", &uncommented(STATION, |remark| !remark.starts_with("no default"))));
    let required = good(station("station.toml", &uncommented(STATION, |remark| remark.starts_with("required"))));
    assert_eq!(ours(shown), ours(required));
}

#[test]
fn every_key_the_program_asks_for_stands_in_the_samples() {
    for (sample, is_gateway) in [(GATEWAY, true), (STATION, false)] {
        let files = [Source { name: "sample".into(), text: uncommented(sample, |_| true) }];
        let report = Report::new(&files);
        let root = section::Section::root(document::read(&report), &report);
        match is_gateway {
            true => drop(super::gateway::read(&root, &report)),
            false => drop(super::station::read(&root, &report)),
        }
        let asked_for = report.asked_for.take();
        let mut shown = BTreeSet::new();
        let mut section = String::new();
        for line in sample.lines().filter_map(|line| line.strip_prefix('#')) {
            if line.starts_with('[') {
                section = line.trim().to_owned();
            } else if let Some((key, _)) = line.split_once(" =") {
                shown.insert(format!("{section} {key}"));
            }
        }
        let one_line = ["[home.consent] given_on", "[home.consent] by", "[home.consent] scope"];
        let lists = ["[circle] point", "[circle] person", "[circle] step", "[directory] point"];
        let lacks: Vec<&String> = asked_for
            .iter()
            // Sections are shown by their headers.
            .filter(|key| {
                !key.starts_with(' ') && !lists.iter().any(|list| key == list) || key.starts_with("[station]")
            })
            .filter(|key| !shown.contains(*key) && !one_line.contains(&key.as_str()))
            .collect();
        assert!(lacks.is_empty(), "not in the sample: {lacks:?}");
    }
}

#[test]
fn every_key_of_the_rules_stands_in_the_sample() {
    for rule in crate::engine::rules::NAMES {
        let keys = keys_of_rule(rule);
        let has_none =
            ["call_button", "service_button", "hazard", "missed_visit", "moved_while_away", "tamper", "flood"]
                .contains(rule);
        assert!(has_none || !keys.is_empty(), "{rule} has no keys");
        let section = GATEWAY.split(&format!("\n#[rules.{rule}]\n")).nth(1).unwrap_or_default();
        let section = section.split("\n\n").next().unwrap_or_default();
        for key in keys {
            assert!(
                format!("\n{section}").contains(&format!("\n#{key} = ")),
                "rules.{rule}.{key} is not in the sample"
            );
        }
    }
}

#[test]
fn the_example_of_every_family_is_taken() {
    for family in crate::devices::Devices::families() {
        let example = family.example.replace("port = \"radio\"", "port = \"new\"");
        let port = example.split_once("port = \"").and_then(|(_, rest)| rest.split('"').next()).unwrap_or("new");
        let wiring = match family.name {
            "modbus" => "polls = [{ unit = 1, function = \"discrete_inputs\", address = 0 }]",
            "uart_frame" => "start = \"aa\", length = 5, code_at = 1, code_bytes = 3",
            _ => "",
        };
        let mut text = uncommented(GATEWAY, |_| true);
        // The dongle of the sample speaks EnOcean already.
        if family.carrier == crate::devices::Carrier::Serial && family.name != "enocean" {
            let path = "/dev/serial/by-id/new";
            let name = family.name;
            text += &format!("[[serial]]\nname = \"{port}\"\nport = \"{path}\"\n{name} = {{ {wiring} }}\n");
        }
        text += &format!("[[sensor]]\nid = \"new\"\nkind = \"item\"\n{example}\n");
        let new = good(gateway("gateway.toml", &text)).addresses.pop().expect("the new one is last").1;
        // Discovery is no sensor: its example is what to write instead.
        assert_eq!(new.family(), if family.name == "ha_discovery" { "json" } else { family.name });
    }
}

/// What serde says it would have taken in place of a key that nobody has.
fn keys_of_rule(rule: &str) -> Vec<String> {
    let stranger = serde_json::json!({ rule: { "?": null } });
    let error = serde_json::from_value::<RuleSettings>(stranger).expect_err("\"?\" is no key").to_string();
    error.split('`').skip(1).step_by(2).skip(1).map(str::to_owned).collect()
}

fn good<T>((config, problems): (Option<T>, Vec<Problem>)) -> T {
    config.unwrap_or_else(|| panic!("{}", problems.iter().map(Problem::to_string).collect::<String>()))
}

/// The sample with the keys whose remark is wanted.
fn uncommented(sample: &str, wanted: impl Fn(&str) -> bool) -> String {
    let line = |line: &str| -> Option<String> {
        let bare = line.strip_prefix('#')?;
        if bare.starts_with('[') {
            return Some(bare.to_owned());
        }
        let remark = bare.rsplit_once(" # ").map_or("", |(_, remark)| remark);
        (bare.contains(" = ") && !bare.starts_with(' ') && !remark.starts_with("mqtts only") && wanted(remark))
            .then(|| bare.to_owned())
    };
    sample.lines().filter_map(line).map(|line| line + "\n").collect()
}

#[test]
fn a_channel_is_watched_at_its_usual_level_or_at_one_of_the_four_that_the_file_names() {
    let file = |channel: &str| {
        format!(
            "[home]\nid = \"a\"\nplace = \"1\"\ntime_zone = \"Asia/Shanghai\"\n[mqtt]\nbroker = \"mqtt://127.0.0.1\"\n\
             [[sensor]]\nid = \"hall\"\nkind = \"motion\"\nzigbee2mqtt = \"hall\"\n\
             [[circle.point]]\nid = \"lehe\"\nname = \"乐合\"\ntravel = \"6m\"\nchannels = [\"way\"]\n\
             [[channel]]\nname = \"way\"\n{channel}\n"
        )
    };
    let level = |channel: &str| {
        let config = good(gateway("gateway.toml", &file(channel)));
        config.supervision[&"way".parse().unwrap()].level.num_seconds()
    };
    let mqtt = "station_mqtt = { broker = \"mqtt://127.0.0.1\" }";
    let centre = "dc09 = { receiver = \"10.0.0.1:12345\", account = \"1234\", supervision = \"10m\" }";
    assert_eq!(level(mqtt), 180);
    assert_eq!(level(&format!("level = \"5h\"\n{mqtt}")), 5 * 3600);
    assert_eq!(level("sms = { port = \"/dev/modem\", to = [\"+8613800138000\"] }"), 25 * 3600);
    assert_eq!(level(centre), 5 * 3600, "the fastest that holds three of its beats");
    let wrong = |channel: &str| {
        let (config, problems) = gateway("gateway.toml", &file(channel));
        assert!(config.is_none());
        problems.iter().map(ToString::to_string).collect::<String>()
    };
    let words = wrong(&format!("level = \"60s\"\n{mqtt}"));
    assert!(words.contains("\"60s\" is none of the four levels") && words.contains("\"90s\", \"180s\""), "{words}");
    let words = wrong(&format!("level = \"90s\"\n{centre}"));
    assert!(words.contains("key of its own") && words.contains("supervision"), "{words}");
}
