//! Devices on a Modbus line are asked over a real port and a real client; what they say, and that they do not, is told.
//!
//! The line is a pty; at its far end stands a device that checks every CRC and answers with real ones.

#![allow(clippy::unwrap_used)] // fixtures are tests too

use carecircle::devices::modbus_rtu::crc16;
use carecircle::devices::{Address, Decoded, Devices, Settings as DeviceSettings, Wiring};
use carecircle::model::frame::Origin;
use carecircle::model::observation::{Availability, Measure, Press};
use carecircle::sim::radio::Radio;
use carecircle::sources::{Event, modbus, serial};
use serde_json::json;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, channel};

#[tokio::test]
async fn what_a_device_says_is_read_and_changes_are_told() {
    let mut line = Line::start(2);
    line.until_up().await;
    let mut device = Device { unit: 1, bits: 0b000, ..Device::default() };
    assert_eq!(line.said(&mut device).await, Measure::Motion(false));
    device.bits = 0b001;
    assert_eq!(line.said(&mut device).await, Measure::Motion(true));
    device.bits = 0b101;
    assert_eq!(line.said(&mut device).await, Measure::Button(Press::Sos));
    device.bits = 0b100;
    assert_eq!(line.said(&mut device).await, Measure::Motion(false), "a held button is one press");
}

#[tokio::test]
async fn a_device_that_does_not_answer_is_told_of_alone_and_so_is_its_return() {
    let mut line = Line::start(2);
    line.until_up().await;
    let mut device = Device { unit: 1, ..Device::default() };
    assert_eq!(line.said(&mut device).await, Measure::Motion(false));
    // Unit 2 is asked too and is not there.
    assert_eq!(line.said_by("2/", &mut device).await, Measure::Availability(Availability::Offline));
    device.also = Some(2);
    assert_eq!(line.said_by("2/", &mut device).await, Measure::Availability(Availability::Online));
    assert!(line.links.is_empty(), "the line itself was well all the time: {:?}", line.links);
}

#[tokio::test]
async fn a_line_on_which_nobody_answers_is_a_link_that_is_down() {
    let mut line = Line::start(1);
    line.until_up().await;
    let mut deaf = Device { unit: 99, ..Device::default() };
    let why = line.until_link(false, &mut deaf).await;
    assert!(why.contains("no device answers") && why.contains("wires A and B") && why.contains("19200"), "{why}");
    let mut device = Device { unit: 1, ..Device::default() };
    line.until_link(true, &mut device).await;
}

#[tokio::test]
async fn a_line_on_which_nobody_answers_is_not_up_because_its_port_opens_again() {
    let mut line = Line::start(1);
    line.until_up().await;
    let mut deaf = Device { unit: 99, ..Device::default() };
    line.until_link(false, &mut deaf).await;
    for _opening in 0..3 {
        line.pull_out();
        line.plug_in();
        let mut deaf = Device { unit: 99, ..Device::default() };
        let asked = async {
            while deaf.asked.load(Ordering::Relaxed) < 2 {
                line.turn(&mut deaf).await;
            }
        };
        tokio::time::timeout(DEADLINE, asked).await.expect("nothing was asked in time");
        assert!(line.links.iter().all(|(up, _)| !up), "{:?}", line.links);
        line.links.clear();
    }
    let mut device = Device { unit: 1, ..Device::default() };
    line.until_link(true, &mut device).await;
}

#[tokio::test]
async fn a_port_pulled_out_and_put_back_is_asked_again() {
    let mut line = Line::start(1);
    line.until_up().await;
    let mut device = Device { unit: 1, ..Device::default() };
    assert_eq!(line.said(&mut device).await, Measure::Motion(false));
    line.pull_out();
    let why = line.until_link(false, &mut device).await;
    assert!(why.contains("the dongle is gone"), "{why}");
    line.plug_in();
    line.until_link(true, &mut device).await;
    device.bits = 1;
    assert_eq!(line.said(&mut device).await, Measure::Motion(true));
}

#[tokio::test]
async fn an_answer_that_comes_too_late_answers_no_other_question() {
    let mut line = Line::start(1);
    line.until_up().await;
    // Every answer comes when it is no longer waited for, just before the next question.
    let mut device = Device { unit: 1, bits: 0b001, late: true, ..Device::default() };
    let asked = device.asked.clone();
    while asked.load(Ordering::Relaxed) < 4 {
        let said = line.turn(&mut device).await;
        let is_state = |measure: &Measure| matches!(measure, Measure::Motion(_) | Measure::Button(_) | Measure::Alive);
        assert!(!said.iter().any(|(_, measure)| is_state(measure)), "a late answer was believed: {said:?}");
    }
}

#[tokio::test]
async fn damaged_answers_are_given_out_to_be_counted() {
    let mut line = Line::start(1);
    line.until_up().await;
    let mut device = Device { unit: 1, damaged: true, ..Device::default() };
    let malformed = async {
        while line.malformed == 0 {
            let said = line.turn(&mut device).await;
            assert!(said.is_empty(), "a damaged answer was believed: {said:?}");
        }
    };
    tokio::time::timeout(DEADLINE, malformed).await.expect("nothing was counted");
}

#[tokio::test]
async fn a_line_that_waits_still_shows_that_its_task_lives() {
    let mut line = Line::start(1);
    line.until_up().await;
    let before = line.progress.load(Ordering::Relaxed);
    let moved = async {
        while line.progress.load(Ordering::Relaxed) < before + 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(DEADLINE, moved).await.expect("the task does not move");
}

/// What stands at the far end of the line.
#[derive(Default)]
struct Device {
    unit: u8,
    /// Answers for this unit as well.
    also: Option<u8>,
    bits: u8,
    late: bool,
    damaged: bool,
    begun: Vec<u8>,
    kept: Option<(tokio::time::Instant, Vec<u8>)>,
    asked: Arc<AtomicU64>,
}

impl Device {
    /// What it answers to these bytes.
    fn answer(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.begun.extend(bytes);
        let mut answers = Vec::new();
        if let Some((_, answer)) = self.kept.take_if(|(due, _)| tokio::time::Instant::now() >= *due) {
            answers.extend(answer);
        }
        while self.begun.len() >= 8 {
            let request: Vec<u8> = self.begun.drain(..8).collect();
            assert_eq!(crc16(&request[..6]).to_le_bytes(), request[6..], "the client's own CRC");
            self.asked.fetch_add(1, Ordering::Relaxed);
            if request[0] != self.unit && Some(request[0]) != self.also {
                continue;
            }
            let mut answer = vec![request[0], request[1], 1, self.bits];
            answer.extend(crc16(&answer).to_le_bytes());
            if self.damaged {
                answer[3] ^= 0x10;
            }
            if self.late {
                self.kept = Some((tokio::time::Instant::now() + TOO_LATE, answer));
            } else {
                answers.extend(answer);
            }
        }
        answers
    }
}

/// A line under test: the source, the decoder behind it and the pty.
struct Line {
    radio: Option<Radio>,
    folder: tempfile::TempDir,
    events: Receiver<Event>,
    devices: Devices,
    progress: Arc<AtomicU64>,
    links: Vec<(bool, String)>,
    malformed: u64,
    waiting: Vec<(String, Measure)>,
}

impl Line {
    /// Units 1 to `units` are asked for eight inputs each.
    fn start(units: u8) -> Line {
        let polls: Vec<_> = (1..=units)
            .map(
                |unit| json!({"unit": unit, "function": "discrete_inputs", "address": 0, "count": 8, "every": "100ms"}),
            )
            .collect();
        let wiring: Wiring = serde_json::from_value(json!({"modbus": {"polls": polls}})).unwrap();
        let bus = wiring.bus().unwrap().clone();
        let mut settings = DeviceSettings::default();
        settings.serial.insert("rs485".to_owned(), wiring);
        let input = |unit: u8, address: u16, kind: &str, values: serde_json::Value| -> Address {
            serde_json::from_value(json!({"modbus": {
                "port": "rs485", "unit": unit, "function": "discrete_inputs", "address": address, "kind": kind, "values": values
            }}))
            .unwrap()
        };
        let addresses = [
            input(1, 0, "motion", json!({})),
            input(1, 2, "button", json!({"sos": 1})),
            input(2, 0, "motion", json!({})),
        ];
        let folder = tempfile::tempdir().unwrap();
        let (out, events) = channel(64);
        let progress = Arc::new(AtomicU64::new(0));
        let pause = serial::Pause { first: Duration::from_millis(5), longest: Duration::from_millis(50) };
        let port = serial::Settings { pause, ..serial::Settings::new("rs485", folder.path().join("line"), 19_200) };
        tokio::spawn(modbus::run(port, bus, Arc::clone(&progress), out));
        let devices = Devices::new(&settings, &addresses);
        let mut line = Line {
            radio: None,
            folder,
            events,
            devices,
            progress,
            links: Vec::new(),
            malformed: 0,
            waiting: Vec::new(),
        };
        line.plug_in();
        line
    }

    fn plug_in(&mut self) {
        let radio = Radio::plug_in().unwrap();
        self.lead(radio.path());
        self.radio = Some(radio);
    }

    fn pull_out(&mut self) {
        self.lead(Path::new("/dev/pts/pulled-out"));
        self.radio = None;
    }

    fn lead(&self, to: &Path) {
        let link = self.folder.path().join("line");
        symlink(to, link.with_extension("new")).unwrap();
        std::fs::rename(link.with_extension("new"), link).unwrap();
    }

    async fn until_up(&mut self) {
        let mut nobody = Device { unit: 99, ..Device::default() };
        self.until_link(true, &mut nobody).await;
    }

    /// Lets the device answer and hears what comes of it within a moment.
    async fn turn(&mut self, device: &mut Device) -> Vec<(String, Measure)> {
        let mut said = Vec::new();
        if let Some(radio) = &mut self.radio {
            let asked = radio.read_raw().unwrap();
            let answer = device.answer(&asked);
            // In pieces, as a converter delivers them.
            for piece in answer.chunks(3) {
                radio.write_raw(piece).unwrap();
            }
        }
        while let Ok(event) = self.events.try_recv() {
            match event {
                Event::Frame(frame) => {
                    assert_eq!(frame.from, Origin::Serial { port: "rs485".to_owned() });
                    for heard in self.devices.decode(&frame) {
                        match heard.outcome {
                            Decoded::Readings(readings) => {
                                said.extend(readings.into_iter().map(|reading| (reading.device, reading.measure)));
                            }
                            Decoded::Malformed(_) => self.malformed += 1,
                            other @ (Decoded::Incomplete | Decoded::NotMine) => panic!("{other:?} of {frame:02x?}"),
                        }
                    }
                }
                Event::Link { source, up, why } => {
                    assert_eq!(source, "rs485");
                    self.links.push((up, why));
                }
                Event::Delivered(..) | Event::Refused { .. } => panic!("that is for MQTT"),
            }
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
        said
    }

    async fn said(&mut self, device: &mut Device) -> Measure {
        self.said_by("1/", device).await
    }

    /// The next thing said of a unit, apart from what a button says while it is not pressed.
    async fn said_by(&mut self, unit: &str, device: &mut Device) -> Measure {
        let name = format!("rs485: {unit}");
        let next = async {
            loop {
                let at = self
                    .waiting
                    .iter()
                    .position(|(device, measure)| device.starts_with(&name) && *measure != Measure::Alive);
                if let Some(at) = at {
                    return self.waiting.remove(at).1;
                }
                let said = self.turn(device).await;
                self.waiting.extend(said);
            }
        };
        tokio::time::timeout(DEADLINE, next).await.expect("nothing was said in time")
    }

    async fn until_link(&mut self, expected: bool, device: &mut Device) -> String {
        let next = async {
            loop {
                if !self.links.is_empty() {
                    return self.links.remove(0);
                }
                let said = self.turn(device).await;
                self.waiting.extend(said);
            }
        };
        let (up, why) = tokio::time::timeout(DEADLINE, next).await.expect("no link was told of in time");
        assert_eq!(up, expected, "{why}");
        why
    }
}

/// Longer than an answer is waited for.
const TOO_LATE: Duration = Duration::from_millis(600);
const DEADLINE: Duration = Duration::from_secs(30);
