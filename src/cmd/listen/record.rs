//! `listen --record FILE`: what is heard as JSON lines that `carecircle decode` reads, so that a day in a real home can be
//! tried again at a desk.
//!
//! ```text
//! {"family":"zigbee2mqtt","topic":"zigbee2mqtt/hall","payload":"{\"occupancy\":true}","at_ms":1700000000000}
//! {"family":"text","input_hex":"5049522068616c6c204f4e0a","port":"radio","at_ms":1700000000250}
//! ```
//!
//! Such a file tells when somebody moved: it is readable by its owner only, and does not belong on a public page.

use crate::cmd::listen::ear::Telling;
use crate::devices::{Devices, Wiring};
use crate::model::frame::{Origin, RawFrame};
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

/// How frames of this home are written down.
pub struct Form {
    serial: BTreeMap<String, Wiring>,
    zigbee2mqtt_bases: Vec<String>,
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
    /// The form for a home with these device settings.
    pub fn new(settings: &crate::devices::Settings) -> Form {
        Form { serial: settings.serial.clone(), zigbee2mqtt_bases: settings.zigbee2mqtt.base_topics.clone() }
    }

    fn line(&self, now: Timestamp, frame: &RawFrame, tellings: &[Telling]) -> Value {
        let mut line = Map::new();
        match &frame.from {
            Origin::Mqtt { topic } => {
                // Where two families understand a message, either may be asked again.
                if let [telling] = tellings {
                    line.insert("family".to_owned(), json!(telling.family));
                    if telling.family == "zigbee2mqtt" {
                        line.insert("config".to_owned(), json!({ "base_topics": self.zigbee2mqtt_bases }));
                    }
                }
                line.insert("topic".to_owned(), json!(topic));
                match std::str::from_utf8(&frame.bytes) {
                    Ok(text) => line.insert("payload".to_owned(), json!(text)),
                    Err(_) => line.insert("payload_hex".to_owned(), json!(hex(&frame.bytes))),
                };
                if frame.retained {
                    line.insert("retained".to_owned(), json!(true));
                }
            }
            Origin::Serial { port } => {
                if let Some(wiring) = self.serial.get(port) {
                    line.insert("family".to_owned(), json!(wiring.family()));
                }
                line.insert("input_hex".to_owned(), json!(hex(&self.as_on_the_wire(port, &frame.bytes))));
                line.insert("port".to_owned(), json!(port));
            }
        }
        line.insert("at_ms".to_owned(), json!(now.timestamp_millis()));
        Value::Object(line)
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

/// Lower-case digits in pairs.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
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
        let mut devices = Devices::all(&settings, &[]);
        let mut recording = Recording::open(&path, Form::new(&settings)).unwrap();
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
}
