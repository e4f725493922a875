//! `listen --record FILE`: what is heard as JSON lines that `carecircle decode` reads, so that a day in a real home can be
//! tried again at a desk.
//!
//! ```text
//! {"family":"zigbee2mqtt","topic":"zb/hall","payload":"{\"occupancy\":true}",
//!  "config":{"settings":{"zigbee2mqtt":{"base_topics":["zb"]}},"addresses":[{"zigbee2mqtt":"hall"}]},"at_ms":1700000000000}
//! {"family":"text","input_hex":"5049522068616c6c204f4e0a","port":"radio","at_ms":1700000000250}
//! ```
//!
//! With each frame stands what the configuration says of its device, so that it means the same where that is not known.
//! Such a file tells when somebody moved: it is readable by its owner only, and does not belong on a public page.

use crate::cmd::decode::PORT;
use crate::cmd::listen::ear::Telling;
use crate::config::written::Written;
use crate::devices::{Devices, Wiring};
use crate::model::frame::{Origin, RawFrame};
use crate::model::hex;
use crate::model::time::Timestamp;
use crate::problem::Problem;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// An open file of frames.
pub struct Recording {
    path: PathBuf,
    file: File,
    form: Form,
    /// How many frames it holds.
    pub frames: u64,
}

/// How frames of this home are written down: each with what is needed to understand it at another desk.
pub struct Form {
    serial: BTreeMap<String, Wiring>,
    written: Written,
}

impl Recording {
    /// A new file; one that is there already is kept, and written on at its end.
    pub fn open(path: &Path, form: Form) -> Result<Recording, Problem> {
        let file = File::options().create(true).append(true).mode(0o600).open(path);
        let file = file.map_err(|error| not_written(path, &error))?;
        Ok(Recording { path: path.to_owned(), file, form, frames: 0 })
    }

    /// Writes a frame down.
    pub fn write(&mut self, now: Timestamp, frame: &RawFrame, tellings: &[Telling]) -> Result<(), Problem> {
        let line = format!("{}\n", self.form.line(now, frame, tellings));
        self.file.write_all(line.as_bytes()).map_err(|error| not_written(&self.path, &error))?;
        self.frames += 1;
        Ok(())
    }

    /// What was written, for people.
    pub fn summary(&self) -> String {
        format!("{} frames written to {}; try them again with: carecircle decode", self.frames, self.path.display())
    }
}

impl Form {
    /// The form for a home with these device settings, whose configuration says of devices what `written` holds.
    pub fn new(settings: &crate::devices::Settings, written: Written) -> Form {
        Form { serial: settings.serial.clone(), written }
    }

    fn line(&self, now: Timestamp, frame: &RawFrame, tellings: &[Telling]) -> Value {
        let mut line = Map::new();
        match &frame.from {
            Origin::Mqtt { topic } => {
                // Where two families understand a message, either may be asked again.
                if let [telling] = tellings {
                    line.insert("family".to_owned(), json!(telling.family));
                }
                line.insert("topic".to_owned(), json!(topic));
                match std::str::from_utf8(&frame.bytes) {
                    Ok(text) => line.insert("payload".to_owned(), json!(text)),
                    Err(_) => line.insert("payload_hex".to_owned(), json!(hex::lower(&frame.bytes))),
                };
                if frame.retained {
                    line.insert("retained".to_owned(), json!(true));
                }
            }
            Origin::Serial { port } => {
                if let Some(wiring) = self.serial.get(port) {
                    line.insert("family".to_owned(), json!(wiring.family()));
                }
                line.insert("input_hex".to_owned(), json!(hex::lower(&self.as_on_the_wire(port, &frame.bytes))));
                line.insert("port".to_owned(), json!(port));
            }
        }
        let config = self.config(frame, tellings);
        if !config.is_empty() {
            line.insert("config".to_owned(), Value::Object(config));
        }
        line.insert("at_ms".to_owned(), json!(now.timestamp_millis()));
        Value::Object(line)
    }

    /// What the decoders were told: the settings of the families that spoke, the wiring of the port, and the addresses that
    /// gave the bytes their meaning.
    fn config(&self, frame: &RawFrame, tellings: &[Telling]) -> Map<String, Value> {
        let mut config = Map::new();
        let port = match &frame.from {
            Origin::Mqtt { .. } => None,
            Origin::Serial { port } => Some(port.as_str()),
        };
        // What nobody understood is to stay so: then all that was said counts.
        let has_spoken = |family: &str| tellings.is_empty() || tellings.iter().any(|telling| telling.family == family);
        let settings = self.written.settings.iter().filter(|(family, _)| port.is_none() && has_spoken(family));
        let settings: Map<String, Value> = settings.map(|(family, said)| (family.clone(), said.clone())).collect();
        if !settings.is_empty() {
            config.insert("settings".to_owned(), Value::Object(settings));
        }
        if let Some(wiring) = port.and_then(|port| self.written.wirings.get(port)) {
            config.insert("wiring".to_owned(), wiring.clone());
        }
        let addresses: Vec<Value> = tellings.iter().flat_map(|telling| self.addresses(telling, port)).collect();
        if !addresses.is_empty() {
            config.insert("addresses".to_owned(), Value::Array(addresses));
        }
        config
    }

    /// The addresses without which this would not have been said: those of the sensors that spoke; where that cannot be told,
    /// all of the family.
    fn addresses(&self, telling: &Telling, port: Option<&str>) -> Vec<Value> {
        let said = telling.said.as_deref().unwrap_or_default();
        let spoke: Vec<&str> = said.iter().flat_map(|said| &said.sensors).map(|(id, _)| id.as_str()).collect();
        let counts = |id: &str| said.is_empty() || spoke.contains(&id);
        let own = self.written.addresses.iter().filter(|(id, _)| counts(id));
        own.filter_map(|(_, address)| at_a_desk(address, telling.family, port)).collect()
    }

    /// The frame with what its family's framer cuts off: a line has lost its end.
    fn as_on_the_wire(&self, port: &str, frame: &[u8]) -> Vec<u8> {
        let settings = crate::devices::Settings { serial: self.serial.clone(), ..Default::default() };
        let devices = Devices::new(&settings, &[]);
        let is_whole = |bytes: &[u8]| devices.framer(port).push(bytes).iter().any(|cut| cut == frame);
        let ended = [frame, b"\n"].concat();
        if !is_whole(frame) && is_whole(&ended) { ended } else { frame.to_vec() }
    }
}

/// The address as it is where all bytes come by one port; none if it is of another family or port.
fn at_a_desk(address: &Value, family: &str, port: Option<&str>) -> Option<Value> {
    let mut own = address.get(family)?.clone();
    if let Some(named) = own.get_mut("port").filter(|named| !named.is_null()) {
        if named.as_str() != port {
            return None;
        }
        *named = json!(PORT);
    }
    Some(Value::Object(Map::from_iter([(family.to_owned(), own)])))
}

fn not_written(path: &Path, error: &io::Error) -> Problem {
    let what = error.to_string();
    let what = what.split(" (os error").next().unwrap_or(&what).to_lowercase();
    Problem::of(path.display().to_string(), what).with_deed("name a file in a directory of your own, such as /tmp")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::decode::answer;

    #[test]
    fn what_was_heard_is_understood_again_by_decode() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("heard.jsonl");
        let mut settings = crate::devices::Settings::default();
        settings.zigbee2mqtt.base_topics = vec!["slzb06".to_owned()];
        for family in ["text", "enocean"] {
            settings.serial.insert(family.to_owned(), Wiring::usual(family).unwrap());
        }
        let said = Written {
            settings: Map::from_iter([("zigbee2mqtt".to_owned(), json!({"base_topics": ["slzb06"]}))]),
            ..Written::default()
        };
        let mut devices = Devices::all(&settings, &[]);
        let mut recording = Recording::open(&path, Form::new(&settings, said)).unwrap();
        let mqtt = |topic: &str, bytes: &[u8], retained| RawFrame {
            from: Origin::Mqtt { topic: topic.to_owned() },
            bytes: bytes.to_vec(),
            retained,
        };
        let serial = |port: &str, bytes: &[u8]| RawFrame {
            from: Origin::Serial { port: port.to_owned() },
            bytes: bytes.to_vec(),
            retained: false,
        };
        let telegram = crate::sim::radio::telegram(0x70, [5, 0, 0xaa, 1], 0x30);
        let frames = [
            (mqtt("slzb06/门厅", br#"{"occupancy":true}"#, false), "readings"),
            (mqtt("slzb06/hall", br#"{"occupancy":true}"#, true), "readings"),
            (mqtt("slzb06/hall", b"\xff\x00", false), "reject"),
            (serial("text", b"PIR hall ON"), "readings"),
            (serial("enocean", &telegram), "readings"),
        ];
        for (frame, _) in &frames {
            let tellings = devices.decode(frame).into_iter();
            let tellings: Vec<Telling> =
                tellings.map(|heard| Telling { family: heard.family, said: Ok(Vec::new()) }).collect();
            recording.write(crate::model::time::from_millis(0), frame, &tellings).unwrap();
        }
        let written = std::fs::read_to_string(&path).unwrap();
        assert_eq!(written.lines().count(), frames.len());
        for (line, (_, outcome)) in written.lines().zip(&frames) {
            let said = serde_json::to_value(answer(line.as_bytes())).unwrap();
            assert_eq!(said["outcome"], *outcome, "{line}\n{said}");
        }
        let kept = written.lines().nth(1).map(|line| serde_json::to_value(answer(line.as_bytes())).unwrap()).unwrap();
        assert_eq!(kept["readings"][0]["cached"], true, "{kept}");
    }

    #[test]
    fn every_familys_settings_are_recorded_with_its_frames() {
        let families = r#"
[rtl_433]
base_topics = ["sdr"]
[tasmota]
full_topics = ["flat/%topic%/%prefix%/"]
[[serial]]
name = "radio"
port = "/dev/serial/by-id/made-up"
text = {}
[[sensor]]
id = "leak"
kind = "leak"
rtl_433 = { device = "Made-Up/7", codes = { "205" = "leak" } }
[[sensor]]
id = "switch"
kind = "motion"
tasmota = { topic = "hall", switch = 1, kind = "motion" }
[[sensor]]
id = "bell"
kind = "call_button"
text = { port = "radio", line = "BELL", kind = "button", value = "sos" }
[[sensor]]
id = "chair"
kind = "chair"
json = { topic = "mat/1", pointer = "/on", kind = "contact" }
"#;
        let texts = [("gateway.toml".to_owned(), format!("{}{families}", crate::cmd::testing::HOME))];
        let (config, problems) = crate::config::gateway_from_texts(&texts);
        let config = config.unwrap_or_else(|| panic!("{problems:?}"));
        let mut ear = crate::cmd::listen::ear(&config);
        let form = Form::new(&config.devices, crate::config::written::written(&texts));
        let mqtt = |topic: &str, payload: &str| RawFrame {
            from: Origin::Mqtt { topic: topic.to_owned() },
            bytes: payload.as_bytes().to_vec(),
            retained: false,
        };
        let bell =
            RawFrame { from: Origin::Serial { port: "radio".to_owned() }, bytes: b"BELL".to_vec(), retained: false };
        for frame in [
            mqtt("sdr/made-up/events", r#"{"model":"Made-Up","id":7,"code":"205"}"#),
            mqtt("flat/hall/stat/RESULT", r#"{"Switch1":{"Action":"ON"}}"#),
            mqtt("mat/1", r#"{"on":true}"#),
            bell,
        ] {
            let now = crate::model::time::from_millis(0);
            let tellings = ear.hear(now, &frame);
            let said = tellings.iter().flat_map(|telling| telling.said.iter().flatten());
            let (kinds, sensors): (Vec<_>, Vec<_>) =
                said.map(|said| (json!(said.reading.measure.kind()), said.sensors.len())).unzip();
            let line = form.line(now, &frame, &tellings).to_string();
            assert!(sensors.iter().any(|count| *count > 0), "the home knows it: {line}");
            let again = serde_json::to_value(answer(line.as_bytes())).unwrap();
            let read: Vec<_> =
                again["readings"].as_array().into_iter().flatten().map(|said| said["kind"].clone()).collect();
            assert_eq!(read, kinds, "{line}\n{again}");
        }
    }
}
