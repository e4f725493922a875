//! The technician's hands, as typed: the live table, learning by pressing, the walk test and its record, `check` and `status`.

pub(crate) mod terminal;

use super::support::{Daemon, Mosquitto, run, wait_until};
use super::world::{Home, PATIENCE, World};
use carecircle::sim::radio::Radio;
use std::path::{Path, PathBuf};
use std::process::Command;
use terminal::Terminal;

#[test]
fn on_a_terminal_listen_draws_a_table_in_its_place_and_leaves_the_snippets() {
    let bench = Bench::new(None);
    let mut terminal = Terminal::open(80, 24, &["listen", "--config", bench.config()]);
    terminal.wait_for("mqtt up");
    bench.publish("zigbee2mqtt/hall_pir", r#"{"occupancy":true,"battery":87}"#);
    bench.publish("zigbee2mqtt/卧室 门磁", r#"{"contact":false}"#);
    terminal.wait_for("1 of 2 sensors heard, 1 unknown");
    terminal.wait_for("motion yes");
    bench.publish("zigbee2mqtt/pendant", r#"{"action":"emergency"}"#);
    terminal.wait_for("2 of 2 sensors heard");
    let frames = terminal.shown();
    let last = frames.rsplit("\x1b[H").next().unwrap().replace("\x1b[K", "").replace("\x1b[J", "");
    let lines: Vec<&str> = last.lines().collect();
    assert!(lines.len() <= 24, "{last}");
    let rows = |name: &str| lines.iter().filter(|line| line.starts_with(name)).count();
    assert_eq!([rows("hall_pir"), rows("hall "), rows("pendant "), rows("卧室 门磁")], [0, 1, 1, 1], "{last}");
    assert!(last.contains("what happened last") && last.contains("pendant button sos"), "{last}");
    terminal.signal("INT");
    assert_eq!(terminal.wait(), 0);
    let after = terminal.shown();
    let after = after.split("\x1b[?1049l").nth(1).expect("the first screen is given back");
    assert!(after.contains("zigbee2mqtt = \"卧室 门磁\""), "{after}");
}

#[test]
fn every_help_fits_a_terminal_of_80_columns_and_lists_the_words_that_can_be_typed() {
    for command in ["", "demo", "gateway", "station", "init", "check", "listen", "decode", "replay", "report", "status"]
    {
        let arguments: Vec<&str> = [command, "--help"].into_iter().filter(|word| !word.is_empty()).collect();
        let (help, _, code) = run(&arguments, "");
        assert_eq!(code, 0);
        assert!(help.lines().all(|line| line.chars().count() <= 80), "{command}:\n{help}");
    }
    let (help, _, _) = run(&["listen", "--help"], "");
    for word in ["outer_door", "motion_end", "cleaning", "battery_low", "/etc/carecircle/gateway.toml"] {
        assert!(help.contains(word), "{word} in\n{help}");
    }
    let (_, errors, code) = run(&["listen", "--learn", "new", "--kind", "buton"], "");
    assert!(code == 2 && errors.contains("call_button"), "{errors}");
}

#[test]
fn what_listen_records_is_read_again_by_decode() {
    let bench = Bench::new(None);
    let file = bench.path("heard.jsonl");
    let arguments = ["listen", "--config", bench.config(), "--record", file.to_str().unwrap()];
    let mut listen = Daemon::start(bench.folder.path(), &arguments);
    wait_until("the broker is connected", PATIENCE, || listen.output().contains("mqtt up"));
    bench.publish("zigbee2mqtt/hall_pir", r#"{"occupancy":true,"battery":87}"#);
    bench.publish("zigbee2mqtt/hall_pir", "nonsense");
    wait_until("both are heard", PATIENCE, || listen.output().contains("malformed"));
    listen.signal("TERM");
    assert!(listen.wait(PATIENCE).success() && listen.output().contains("2 frames written"), "{}", listen.output());
    let (answers, _, code) = run(&["decode"], &std::fs::read_to_string(&file).unwrap());
    assert_eq!(code, 0);
    let outcomes: Vec<_> = answers.lines().map(|line| line.contains("\"outcome\":\"readings\"")).collect();
    assert_eq!(outcomes, [true, false], "{answers}");
}

#[test]
fn a_button_is_learned_by_pressing_it_and_check_accepts_what_is_written() {
    let bench = Bench::new(None);
    // Nothing may be written: it is printed.
    let (shown, code) = bench.learn(&["new", "--kind", "call_button", "--room", "bath"], "bath_button");
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("put this into") && shown.contains("zigbee2mqtt = \"bath_button\""), "{shown}");
    let before = std::fs::read_to_string(bench.config()).unwrap();
    assert!(!before.contains("bath_button"));
    // Asked to, it is added to the file, behind all that stands there.
    let (shown, code) = bench.learn(&["new", "--kind", "call_button", "--room", "bath", "--write"], "bath_button");
    assert_eq!(code, 0, "{shown}");
    let after = std::fs::read_to_string(bench.config()).unwrap();
    assert!(after.starts_with(&before) && after.contains("zigbee2mqtt = \"bath_button\""), "{after}");
    bench.check_is_fine("3 sensors");
    // With a conf.d beside it, the exchanged pendant goes there.
    std::fs::create_dir(bench.path("conf.d")).unwrap();
    let (shown, code) = bench.learn(&["pendant"], "pendant_two");
    assert_eq!(code, 0, "{shown}");
    let learned = std::fs::read_to_string(bench.path("conf.d/learned.toml")).unwrap();
    assert!(learned.contains("id = \"pendant\"") && learned.contains("zigbee2mqtt = \"pendant_two\""), "{learned}");
    assert_eq!(std::fs::read_to_string(bench.config()).unwrap(), after, "the main file stays as it is");
    bench.check_is_fine("3 sensors");
    // Mistyped, it is asked about before anybody has pressed in vain.
    let args = ["listen", "--config", bench.config(), "--learn", "pendnt"];
    let mistyped = Command::new(env!("CARGO_BIN_EXE_carecircle")).args(args).output().unwrap();
    let words = String::from_utf8_lossy(&mistyped.stderr).into_owned();
    assert!(mistyped.status.code() == Some(1) && words.contains("did you mean \"pendant\"?"), "{words}");
    // Pressed once more, it is known.
    let (shown, code) = bench.learn(&["new", "--kind", "call_button"], "pendant_two");
    assert_eq!(code, 1);
    assert!(shown.contains("this is sensor pendant already"), "{shown}");
}

#[test]
fn where_two_models_understand_one_device_the_technician_takes_one_by_its_number() {
    let bench = Bench::new(None);
    let arguments = [
        "listen",
        "--config",
        bench.config(),
        "--write",
        "--learn",
        "window",
        "--kind",
        "outer_door",
        "--room",
        "hall",
    ];
    let mut terminal = Terminal::open(80, 24, &arguments);
    terminal.wait_for("mqtt up");
    let mut is_open = false;
    wait_until("both are heard again and again, and the choice is offered", PATIENCE, || {
        is_open = !is_open;
        let state = if is_open { "open" } else { "closed" };
        for (model, id) in [("Made-Up-A", 7), ("Made-Up-B", 9)] {
            let said = format!(r#"{{"model":"{model}","id":{id},"state":"{state}"}}"#);
            bench.publish("rtl_433/attic/events", &said);
        }
        terminal.shown().contains("which one is it?")
    });
    terminal.types("7");
    terminal.wait_for("a number from 1 to 2");
    terminal.types("2");
    assert_eq!(terminal.wait(), 0, "{}", terminal.shown());
    let shown = terminal.shown();
    let second = shown.split("  2. rtl_433 ").nth(1).and_then(|rest| rest.split(',').next()).unwrap();
    let after = std::fs::read_to_string(bench.config()).unwrap();
    assert!(after.contains(&format!("rtl_433 = \"{second}\"")), "{second}:\n{after}\n{shown}");
    bench.check_is_fine("3 sensors");
}

#[test]
fn a_button_without_battery_is_learned_on_the_serial_port() {
    let mut radio = Radio::plug_in().unwrap();
    let bench = Bench::new(Some((radio.path(), "enocean")));
    let mut learn = Daemon::start(
        bench.folder.path(),
        &["listen", "--config", bench.config(), "--learn", "bell", "--kind", "call_button", "--write"],
    );
    wait_until("the port is open", PATIENCE, || radio.is_open_elsewhere(learn.pid()));
    radio.write_raw(&[0x00, 0x55, 0x13]).unwrap();
    wait_until("two presses are heard", PATIENCE, || {
        radio.press([0x05, 0x00, 0xaa, 0x09]).unwrap();
        learn.output().contains("(2)")
    });
    assert!(learn.wait(PATIENCE).success(), "{}", learn.output());
    let after = std::fs::read_to_string(bench.config()).unwrap();
    assert!(after.contains("id = \"bell\"") && after.contains("sender = \"0500aa09\""), "{after}");
    bench.check_is_fine("3 sensors");
}

#[test]
fn the_codes_of_a_radio_are_learned_one_after_the_other() {
    let mut radio = Radio::plug_in().unwrap();
    let bench = Bench::new(Some((radio.path(), "rfxtrx")));
    let mut sequence = 0;
    let mut learn = |code: [u8; 3], further: &[&str]| {
        let common = ["listen", "--config", bench.config(), "--write", "--learn", "front", "--kind", "outer_door"];
        let arguments: Vec<&str> = common.iter().chain(further).copied().collect();
        let folder = tempfile::tempdir().unwrap();
        let mut learn = Daemon::start(folder.path(), &arguments);
        wait_until("the port is open", PATIENCE, || radio.is_open_elsewhere(learn.pid()));
        wait_until("the code is heard again and again", PATIENCE, || {
            sequence = (sequence + 1) % 255;
            let [a, b, c] = code;
            // A made-up magnet of Lighting4 (PT2262), and noise that is never the same twice.
            radio.write_raw(&[0x09, 0x13, 0x00, sequence, a, b, c, 0x01, 0x5e, 0x70]).unwrap();
            radio.write_raw(&[0x09, 0x13, 0x00, sequence, 0x10, 0x20, sequence, 0x01, 0x5e, 0x70]).unwrap();
            learn.output().contains("(3)")
        });
        assert!(learn.wait(PATIENCE).success(), "{}", learn.output());
    };
    learn([0x3a, 0x51, 0xce], &["--room", "hall"]);
    learn([0x3a, 0x51, 0xc7], &["--means", "closed"]);
    learn([0x3a, 0x51, 0xcb], &["--means", "tamper"]);
    let after = std::fs::read_to_string(bench.config()).unwrap();
    let codes = "codes = { \"3a51ce\" = \"open\", \"3a51c7\" = \"closed\", \"3a51cb\" = \"tamper\" }";
    assert!(after.contains(codes), "{after}");
    bench.check_is_fine("3 sensors");
}

#[test]
fn a_walk_through_the_home_becomes_a_record_that_check_compares_with() {
    let bench = Bench::new(None);
    // What the broker kept ticks nothing off.
    bench.keep("zigbee2mqtt/hall_pir", r#"{"occupancy":true,"battery":87}"#);
    let mut walk = Daemon::start(bench.folder.path(), &["listen", "--config", bench.config(), "--walk-test", "--yes"]);
    wait_until("the broker is connected", PATIENCE, || walk.output().contains("mqtt up"));
    assert!(walk.output().starts_with("Buttons pressed now reach the running gateway and are REAL calls"));
    bench.publish("zigbee2mqtt/hall_pir", r#"{"occupancy":true,"battery":87}"#);
    bench.publish("zigbee2mqtt/pendant", r#"{"action":"emergency"}"#);
    wait_until("the press is ticked off", PATIENCE, || walk.output().contains("ok: pendant (-), 1 of 2"));
    assert!(!walk.output().contains("ok: hall"), "{}", walk.output());
    bench.publish("zigbee2mqtt/hall_pir", r#"{"occupancy":false}"#);
    bench.publish("zigbee2mqtt/hall_pir", r#"{"occupancy":true}"#);
    assert!(walk.wait(PATIENCE).success(), "{}", walk.output());
    assert!(walk.output().contains("ok: hall (hall), 2 of 2 sensors ticked off"), "{}", walk.output());
    let record: serde_json::Value =
        serde_json::from_slice(&std::fs::read(bench.path("commissioning.json")).unwrap()).unwrap();
    assert_eq!((record["v"].as_u64(), record["sensors"][0]["result"].as_str()), (Some(1), Some("passed")));
    assert!(std::fs::read_to_string(bench.path("commissioning.html")).unwrap().contains("☑"));
    bench.check_is_fine("2 sensors");
    let text = std::fs::read_to_string(bench.config()).unwrap();
    std::fs::write(bench.config(), text.replace("room = \"hall\"", "room = \"bath\"")).unwrap();
    let (shown, _, code) = run(&["check", bench.config()], "");
    assert!(code == 0 && shown.contains("warning: sensor \"hall\" was walked in \"hall\", and is now in \"bath\""));
    assert!(shown.contains("gateway.toml:13:8:"), "{shown}");
}

#[test]
fn a_walk_that_is_broken_off_says_what_is_missing_and_is_recorded_as_it_is() {
    let bench = Bench::new(None);
    let file = bench.path("walk.json");
    let arguments = ["listen", "--config", bench.config(), "--walk-test", "--yes", "--record", file.to_str().unwrap()];
    let mut terminal = Terminal::open(80, 24, &arguments);
    terminal.wait_for("0 of 2 sensors ticked off");
    terminal.wait_for("mqtt up");
    bench.publish("zigbee2mqtt/pendant", r#"{"action":"single"}"#);
    terminal.wait_for("1 of 2 sensors ticked off");
    terminal.signal("INT");
    assert_eq!(terminal.wait(), 1);
    let after = terminal.shown();
    let after = after.split("\x1b[?1049l").nth(1).unwrap();
    assert!(after.contains("[ ] hall") && after.contains("[x] pendant"), "{after}");
    let (shown, _, code) = run(&["check", bench.config(), "--record", file.to_str().unwrap()], "");
    assert!(code == 0 && shown.contains("sensor \"hall\" was never heard in the walk test"), "{shown}");
}

#[test]
fn status_shows_every_sensor_in_a_table_of_80_columns() {
    let world = World::start(&Home::default());
    world.move_in_hall();
    let run_dir = world.path("run");
    let shown = || run(&["status", "--run-dir", run_dir.to_str().unwrap()], "").0;
    wait_until("the battery is shown", PATIENCE, || shown().contains("87 %"));
    let shown = shown();
    assert!(shown.contains("heard") && shown.contains("pendant"), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
}

/// A broker and a configuration of two sensors.
struct Bench {
    broker: Mosquitto,
    folder: tempfile::TempDir,
    config: String,
}

impl Bench {
    /// With a radio of this family on this port.
    fn new(radio: Option<(&Path, &str)>) -> Bench {
        let broker = Mosquitto::start();
        let folder = tempfile::tempdir().unwrap();
        let serial = radio.map_or(String::new(), |(path, family)| {
            format!("[[serial]]\nname = \"radio\"\nport = \"{}\"\n{family} = {{}}\n", path.display())
        });
        let text = format!(
            r#"[home]
id = "ky-0412"
place = "4-2-301"
time_zone = "Asia/Shanghai"
[gateway]
state_dir = "{0}/state"
run_dir = "{0}/run"
[mqtt]
broker = "{1}"
# the hall
[[sensor]]
id = "hall"
room = "hall"
kind = "motion"
zigbee2mqtt = "hall_pir"
[[sensor]]
id = "pendant"
kind = "call_button"
zigbee2mqtt = "pendant"
{serial}[circle]
weekly_test = "never"
respond_within = "15m"
[[circle.point]]
id = "lehe"
name = "Lehe"
travel = "6m"
channels = ["lehe"]
[[channel]]
name = "lehe"
station_mqtt = {{ broker = "{1}" }}
"#,
            folder.path().display(),
            broker.url()
        );
        let config = folder.path().join("gateway.toml");
        std::fs::write(&config, text).unwrap();
        Bench { broker, folder, config: config.to_str().unwrap().to_owned() }
    }

    fn config(&self) -> &str {
        &self.config
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn publish(&self, topic: &str, payload: &str) {
        self.publish_with(topic, payload, &[]);
    }

    fn keep(&self, topic: &str, payload: &str) {
        self.publish_with(topic, payload, &["-r"]);
    }

    fn publish_with(&self, topic: &str, payload: &str, further: &[&str]) {
        let port = self.broker.port.to_string();
        let status = Command::new("mosquitto_pub")
            .args(["-p", &port, "-q", "1", "-t", topic, "-m", payload])
            .args(further)
            .status()
            .expect("mosquitto_pub is installed (apt-get install mosquitto-clients)");
        assert!(status.success());
    }

    /// `listen --learn …` while `device` is pressed again and again.
    fn learn(&self, arguments: &[&str], device: &str) -> (String, i32) {
        let folder = tempfile::tempdir().unwrap();
        let all: Vec<&str> =
            ["listen", "--config", self.config(), "--learn"].iter().chain(arguments).copied().collect();
        let mut learn = Daemon::start(folder.path(), &all);
        wait_until("the broker is connected", PATIENCE, || learn.output().contains("mqtt up"));
        wait_until("two presses are heard", PATIENCE, || {
            self.publish(&format!("zigbee2mqtt/{device}"), r#"{"action":"single"}"#);
            learn.output().contains("(2)")
        });
        let code = learn.wait(PATIENCE).code().unwrap_or(-1);
        (learn.output(), code)
    }

    #[track_caller]
    fn check_is_fine(&self, words: &str) {
        let (shown, _, code) = run(&["check", self.config()], "");
        assert!(code == 0 && shown.contains(words) && !shown.contains("warning"), "{shown}");
    }
}
