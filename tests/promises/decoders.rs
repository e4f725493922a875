//! Every device family says what its frames say: golden frames, a table without gaps, and bytes of any kind.

#![allow(clippy::unwrap_used)] // fixtures are tests too

use crate::mutated;
use crate::support::unhex;
use carecircle::cmd::decode::{Asked, Came, answer};
use carecircle::devices::{Address, Carrier, Decoded, Devices, Family, Settings, Wiring};
use carecircle::model::frame::{Origin, RawFrame};
use carecircle::model::observation::{Evidence, Measure, Press, Reading};
use proptest::prelude::*;
use proptest::sample::Index;
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

// Each line of tests/frames/<family>.jsonl is a line for `carecircle decode` with its answer under "expect".
// UPDATE_GOLDEN=1 writes the answers anew; review the difference.

#[test]
fn golden_frames_mean_what_they_meant() {
    for family in Devices::families() {
        let path = frames_of(family.name);
        let frames = read_frames(&path);
        let mut wrong = Vec::new();
        let mut written = String::new();
        for mut frame in frames {
            let expected = frame.as_object_mut().unwrap().remove("expect").unwrap_or(Value::Null);
            let said = serde_json::to_value(answer(frame.to_string().as_bytes())).unwrap();
            if said != expected {
                wrong.push(format!("{}\n  expected {expected}\n  said     {said}", frame["name"]));
            }
            frame["expect"] = said;
            written += &in_reading_order(&frame);
        }
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, written).unwrap();
        } else {
            assert!(wrong.is_empty(), "{}:\n{}", path.display(), wrong.join("\n"));
        }
    }
}

#[test]
fn every_family_has_a_good_frame_a_low_battery_and_a_malformed_one() {
    for family in Devices::families() {
        let frames = read_frames(&frames_of(family.name));
        for (shows, outcome) in [("good", "readings"), ("low_battery", "readings"), ("malformed", "reject")] {
            if shows == "low_battery" && WITHOUT_BATTERY.contains(&family.name) {
                continue;
            }
            let has = frames.iter().any(|frame| frame["shows"] == shows && frame["expect"]["outcome"] == outcome);
            assert!(has, "{} has no frame that shows {shows:?}", family.name);
        }
        let mut names: Vec<_> = frames.iter().map(|frame| frame["name"].to_string()).collect();
        names.sort();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count, "two frames of {} have one name", family.name);
    }
}

/// Families whose devices hang on a wire.
const WITHOUT_BATTERY: &[&str] = &["ld2410", "ld2410s", "ld2412", "ld2450", "modbus", "ha_discovery"];

#[test]
fn every_family_draws_its_layout_and_gives_an_address_that_parses() {
    #[derive(Deserialize)]
    struct Sensor {
        #[serde(flatten)]
        address: Address,
    }
    for family in Devices::families() {
        let path = root().join(format!("src/devices/{}.rs", family.name));
        let text = std::fs::read_to_string(&path).unwrap();
        let doc: String = text.lines().take_while(|line| line.starts_with("//!")).collect();
        assert!(doc.contains("```"), "the module doc of {} shows no layout", path.display());
        let sensor: Sensor = toml::from_str(family.example).unwrap_or_else(|error| panic!("{}: {error}", family.name));
        // Discovery is no sensor: what stands there is what to write instead.
        let written = if family.name == "ha_discovery" { "json" } else { family.name };
        assert_eq!(sensor.address.family(), written);
    }
}

#[test]
fn what_is_said_of_a_device_carries_the_name_of_its_address() {
    for (family, address) in addresses_in_golden_frames() {
        let device = address.device();
        assert!(!device.is_empty() && address.family() == family, "{device}");
    }
    // Heard readings find their sensor by that name.
    let pir: Address = address(json!({"enocean": {"sender": "01A2B3C4", "profile": "A5-07-01"}}));
    assert_eq!(pir.device(), "01a2b3c4");
    assert_eq!(address(json!({"zigbee2mqtt": "卧室/红外"})).device(), "卧室/红外");
}

#[test]
fn a_wrong_address_is_refused_with_what_would_be_right() {
    for (written, part) in [
        (json!({"zigbe2mqtt": "x"}), "unknown variant `zigbe2mqtt`, expected one of"),
        (json!({"zigbee2mqtt": ""}), "friendly name"),
        (json!({"ha_discovery": "0x00158d"}), "only says what exists; write where the sensor reports"),
        (json!({"enocean": {"sender": "01a2b3", "profile": "A5-07-01"}}), "eight hexadecimal digits"),
        (json!({"enocean": {"sender": "01a2b3c4", "profile": "A5-07-1"}}), "known are F6-02-01"),
        (json!({"enocean": {"sender": "01a2b3c4", "profile": "A5-07-01", "x": 1}}), "unknown field"),
        (json!({"text": {"port": "radio", "line": "a", "kind": "pir"}}), "unknown variant"),
    ] {
        let why = serde_json::from_value::<Address>(written).unwrap_err().to_string();
        assert!(why.contains(part), "{why}");
    }
}

#[test]
fn no_family_takes_the_frames_of_another() {
    let mut devices = all_families();
    let mut taken = Vec::new();
    for (family, lines) in GOLDEN.iter().filter(|(family, _)| of(family).carrier == Carrier::Mqtt) {
        // Some stand there to be passed over.
        for line in lines.iter().filter(|line| line["expect"]["outcome"] == "readings") {
            let Ok(Asked { came: Came::Message { topic, payload }, .. }) = Asked::parse(line.to_string().as_bytes())
            else {
                continue;
            };
            for heard in devices.decode(&mqtt(&topic, &payload)) {
                // Any topic is somebody's JSON. One program that speaks for several families has one last will.
                let Decoded::Readings(said) = &heard.outcome else { continue };
                let is_will =
                    |reading: &Reading| matches!(reading.measure, Measure::Bridge(_) | Measure::Availability(_));
                if !["json", family].contains(&heard.family) && !said.iter().all(is_will) {
                    taken.push(format!("{topic} of {family} by {}: {said:?}", heard.family));
                }
            }
        }
    }
    assert!(taken.is_empty(), "{}", taken.join("\n"));
    for (topic, payload) in [("zigbee2mqttx/pir", "{}"), ("", "{}"), ("/", "")] {
        assert_eq!(devices.decode(&mqtt(topic, payload.as_bytes())), [], "{topic}");
    }
    let foreign = serial("enocean", b"20;2D;PIR=ON;");
    assert!(matches!(devices.decode(&foreign)[..], [ref heard] if matches!(heard.outcome, Decoded::Malformed(_))));
    assert_eq!(devices.decode(&serial("nowhere", b"x")), [], "a port that is not wired has no frames");
}

#[test]
fn every_topic_is_subscribed_once() {
    let pir = |pointer: &str| address(json!({"json": {"topic": "vendor/+", "pointer": pointer, "kind": "motion"}}));
    let devices = Devices::new(&Settings::default(), &[pir("/a"), pir("/b")]);
    assert_eq!(devices.topics(), ["vendor/+"], "families that are not in use are not heard");
    assert!(Devices::all(&Settings::default(), &[]).topics().contains(&"zigbee2mqtt/#".to_owned()));
}

#[test]
fn an_unknown_device_comes_with_a_snippet_that_parses() {
    #[derive(Deserialize)]
    struct File {
        sensor: Vec<Sensor>,
    }
    #[derive(Deserialize)]
    struct Sensor {
        id: String,
        kind: String,
        #[serde(flatten)]
        rest: toml::Table,
    }
    let reading =
        |device: &str, measure| Reading { device: device.to_owned(), measure, evidence: Evidence::Level, copy: false };
    let taught = Measure::Note { kind: "teach_in".to_owned(), text: "A5-07-03 manufacturer 00D".to_owned() };
    for (family, device, measure, kind) in [
        ("zigbee2mqtt", "bed \"room\"/红外", Measure::Motion(true), "motion"),
        ("zigbee2mqtt", "pendant", Measure::Button(Press::Sos), "call_button"),
        ("zigbee2mqtt", "sink", Measure::Leak(false), "leak"),
        ("enocean", "01a2b3c4", taught, "motion"),
        ("json", "vendor/17", Measure::Alive, "motion"),
        ("text", "radio: PIR 1 ON", Measure::Alive, "motion"),
    ] {
        let snippet = Devices::snippet(family, device, &[reading(device, measure)]);
        let file: File = toml::from_str(&snippet).unwrap_or_else(|error| panic!("{snippet}{error}"));
        let [sensor] = &file.sensor[..] else { panic!("{snippet}") };
        assert_eq!(sensor.kind, kind);
        assert!(carecircle::model::ids::SensorId::new(&sensor.id).is_ok(), "{snippet}");
        let written = sensor.rest[family].clone();
        let address: Address = toml::Table::from_iter([(family.to_owned(), written)]).try_into().unwrap();
        assert_eq!(address.family(), family);
        if matches!(family, "zigbee2mqtt" | "enocean") {
            assert_eq!(address.device(), device);
        }
        assert!(family != "enocean" || snippet.contains("A5-07-03"), "{snippet}");
    }
}

#[test]
fn a_line_that_cannot_be_understood_is_refused_with_its_reason() {
    for (line, part) in [
        ("", "no JSON"),
        ("{", "no JSON"),
        ("[]", "has none of"),
        ("{}", "has none of"),
        (r#"{"topic":7,"payload":"x"}"#, "topic is no text"),
        (r#"{"topic":"a"}"#, "payload or payload_hex"),
        (r#"{"input_hex":"5"}"#, "hexadecimal"),
        (r#"{"input_hex":"zz"}"#, "hexadecimal"),
        (r#"{"chunks_hex":["55",7]}"#, "list of texts"),
        (r#"{"family":"nobody","input_hex":"55"}"#, "no family"),
        (r#"{"family":"json","input_hex":"55"}"#, "serial port"),
        (r#"{"topic":"a","payload":"","config":{"addresses":[{"json":{}}]}}"#, "config.addresses"),
    ] {
        let said = serde_json::to_value(answer(line.as_bytes())).unwrap();
        assert_eq!(said["outcome"], "reject", "{line}");
        assert!(said["why"].as_str().unwrap().contains(part), "{line}: {said}");
    }
}

/// The long form, ten million frames: `cargo bench --bench hostile`.
#[test]
fn frames_broken_in_any_way_are_understood_or_refused_but_never_a_panic() {
    let seed = std::process::id().into();
    eprintln!("seed {seed}");
    let mut golden = mutated::corpus(&root().join("tests/frames"));
    let mut random = mutated::Random::new(seed);
    let report = mutated::run(&mut golden, 30_000, &mut random);
    mutated::flood(&mut golden, 3_000, &mut random);
    for family in Devices::families() {
        assert!(report.frames.contains_key(family.name), "{} was not tried: {report:?}", family.name);
    }
    for outcome in ["readings", "ignore", "reject", "incomplete"] {
        assert!(report.outcomes.contains_key(outcome), "no frame was {outcome}: {report:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn bytes_of_any_kind_never_panic(which in any::<Index>(), cut in any::<Index>(), end in "(/[a-z+ ]{0,8}){0,3}",
                                     bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        for (_, lines) in GOLDEN.iter() {
            // Its devices, its topic or port, and none of its bytes.
            let Ok(Asked { mut ear, came }) = Asked::parse(which.get(lines).to_string().as_bytes()) else { continue };
            match came {
                Came::Message { topic, .. } => {
                    let levels: Vec<&str> = topic.split('/').collect();
                    let other = levels[..=cut.index(levels.len())].join("/") + &end;
                    for topic in [topic.clone(), other] {
                        ear.hear(&Came::Message { topic, payload: bytes.clone() });
                    }
                }
                Came::Reads(_) => {
                    let (begin, rest) = bytes.split_at(cut.index(bytes.len() + 1));
                    ear.hear(&Came::Reads(vec![begin.to_vec(), rest.to_vec()]));
                }
            }
        }
        answer(&bytes);
    }

    #[test]
    fn a_press_behind_any_noise_in_any_pieces_is_heard(noise in prop::collection::vec(noise_byte(), 0..80),
                                                      cuts in prop::collection::vec(1usize..12, 1..30)) {
        let mut devices = some_families();
        let mut framer = devices.framer("dongle");
        let bytes = [&noise[..], &unhex(PRESS), &unhex(RELEASE)].concat();
        let mut heard = Vec::new();
        let mut rest = &bytes[..];
        for cut in cuts.iter().cycle() {
            let (piece, after) = rest.split_at((*cut).min(rest.len()));
            heard.extend(framer.push(piece).iter().flat_map(|frame| devices.decode(&serial("dongle", frame))));
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        let presses: Vec<Press> = heard.iter().filter_map(|heard| {
            let Decoded::Readings(readings) = &heard.outcome else { return None };
            readings.iter().find_map(|reading| {
                if let Measure::Button(press) = &reading.measure { Some(press.clone()) } else { None }
            })
        }).collect();
        prop_assert_eq!(presses, [Press::Single, Press::Release]);
    }

    #[test]
    fn side_fields_of_any_kind_never_cost_the_motion(side in prop::collection::btree_map("[a-z_]{1,12}", any_json(), 0..8),
                                                     motion in any::<bool>()) {
        let mut message = serde_json::Map::from_iter(side);
        message.insert("occupancy".to_owned(), json!(motion));
        // A number no machine can hold, as some firmware sends.
        let payload = Value::Object(message).to_string().replacen('{', "{\"zz\":-1e999,", 1);
        let heard = some_families().decode(&mqtt("zigbee2mqtt/pir", payload.as_bytes()));
        let [heard] = &heard[..] else { panic!("{heard:?}") };
        let Decoded::Readings(readings) = &heard.outcome else { panic!("{heard:?} of {payload}") };
        prop_assert!(readings.iter().any(|reading| reading.measure == Measure::Motion(motion)));
    }

    #[test]
    fn lines_in_any_pieces_are_the_same_lines(text in "[a-zA-Z \r\n]{0,200}", cut in 0usize..200) {
        let devices = some_families();
        let whole = devices.framer("radio").push(format!("{text}\n").as_bytes());
        let (begin, end) = text.split_at(cut.min(text.len()));
        let mut framer = devices.framer("radio");
        let mut pieces = Vec::new();
        for piece in [begin, end, "\n"].into_iter().filter(|piece| !piece.is_empty()) {
            pieces.extend(framer.push(piece.as_bytes()));
        }
        prop_assert_eq!(pieces, whole);
        prop_assert!(!framer.is_pending());
    }
}

/// The devices of all golden frames; each serial family on a port of its name.
fn all_families() -> Devices {
    let mut settings = Settings::default();
    for family in Devices::families().iter().filter(|family| family.carrier == Carrier::Serial) {
        settings.serial.insert(family.name.to_owned(), Wiring::usual(family.name).unwrap());
    }
    let addresses: Vec<Address> = addresses_in_golden_frames().into_iter().map(|(_, address)| address).collect();
    for family in Devices::families().iter().filter(|family| family.name != "ha_discovery") {
        assert!(addresses.iter().any(|address| address.family() == family.name), "no golden {} has one", family.name);
    }
    Devices::new(&settings, &addresses)
}

/// Few devices of few families; EnOcean on "dongle", lines on "radio".
fn some_families() -> Devices {
    let mut settings = Settings::default();
    settings.serial.insert("dongle".to_owned(), Wiring::usual("enocean").unwrap());
    settings.serial.insert("radio".to_owned(), Wiring::usual("text").unwrap());
    let addresses = [
        json!({"zigbee2mqtt": "pir"}),
        json!({"enocean": {"sender": "01a2b3c4", "profile": "F6-02-01"}}),
        json!({"text": {"port": "radio", "line": "PIR * ON", "kind": "motion", "value": "on"}}),
    ];
    Devices::new(&settings, &addresses.map(address))
}

fn address(written: Value) -> Address {
    serde_json::from_value(written).unwrap()
}

/// As written there; a port has the name of its family.
fn addresses_in_golden_frames() -> Vec<(&'static str, Address)> {
    let mut found = Vec::new();
    for (family, lines) in GOLDEN.iter() {
        for line in lines {
            for mut written in line["config"]["addresses"].as_array().cloned().unwrap_or_default() {
                if let Some(port) = written[*family].get_mut("port") {
                    *port = json!(family);
                }
                // Some stand there because they are refused; some are of another family.
                found.extend(serde_json::from_value(written).ok().map(|address: Address| (address.family(), address)));
            }
        }
    }
    // Where a golden frame needs no address, what the family shows as its example.
    for family in Devices::families().iter().filter(|family| family.name != "ha_discovery") {
        #[derive(Deserialize)]
        struct Sensor {
            #[serde(flatten)]
            address: Address,
        }
        found.extend(toml::from_str(family.example).map(|sensor: Sensor| (family.name, sensor.address)));
    }
    found
}

/// The golden frames by family.
static GOLDEN: LazyLock<Vec<(&'static str, Vec<Value>)>> = LazyLock::new(|| {
    Devices::families().iter().map(|family| (family.name, read_frames(&frames_of(family.name)))).collect()
});

fn of(name: &str) -> &'static Family {
    Devices::families().iter().find(|family| family.name == name).unwrap()
}

fn mqtt(topic: &str, payload: &[u8]) -> RawFrame {
    RawFrame { from: Origin::Mqtt { topic: topic.to_owned() }, bytes: payload.to_vec(), retained: false }
}

fn serial(port: &str, bytes: &[u8]) -> RawFrame {
    RawFrame { from: Origin::Serial { port: port.to_owned() }, bytes: bytes.to_vec(), retained: false }
}

/// Noise with many false beginnings.
fn noise_byte() -> impl Strategy<Value = u8> {
    prop_oneof![any::<u8>(), Just(0x55), Just(0x00), Just(0x01), Just(0x07)]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".{0,6}", inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn frames_of(family: &str) -> PathBuf {
    root().join(format!("tests/frames/{family}.jsonl"))
}

fn read_frames(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The name first, the answer last.
fn in_reading_order(frame: &Value) -> String {
    let place = |key: &str| match key {
        "name" => 0,
        "shows" => 1,
        "family" => 2,
        "config" => 4,
        "expect" => 5,
        _ => 3,
    };
    let mut fields: Vec<_> = frame.as_object().unwrap().iter().collect();
    fields.sort_by_key(|(key, _)| place(key));
    let fields: Vec<_> = fields.into_iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
    format!("{{{}}}\n", fields.join(", "))
}

/// A rocker of sender 01a2b3c4 is pressed and let go.
const PRESS: &str = "55000707017af63001a2b3c43003ffffffff3a002e";
const RELEASE: &str = "55000707017af60001a2b3c42003ffffffff3a0098";
