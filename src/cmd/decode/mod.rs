//! `carecircle decode`: JSON lines of raw frames in, JSON lines of readings out, one for one.
//!
//! ```text
//! {"topic":"zigbee2mqtt/hall","payload":"{\"occupancy\":true}"}
//! {"outcome":"readings","readings":[{"kind":"motion","value":true,"device":"hall","evidence":"level"}]}
//! ```
//!
//! A frame is `topic` + `payload` | `payload_hex`, or `input_hex` | `input_text` | `chunks_hex` | `chunks_text` |
//! `lines_text`. `family` and `config` may be given; `given.rs` lists what `config` may say, and `sms.rs` what is said of short
//! messages, which no sensor sends.

mod given;
mod sms;

use crate::devices::ha_entity::Entity;
use crate::devices::{Address, Decoded, Devices, Heard, Presses, Settings};
use crate::model::frame::{Origin, RawFrame};
use crate::model::hex;
use crate::model::observation::{Availability, Evidence, Measure, Press, Reading};
use serde::Serialize;
use serde_json::{Value, json};
use std::io::{BufRead, Write};
use std::process::ExitCode;

/// Arguments of `carecircle decode`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
pub fn run(_args: Args) -> ExitCode {
    let mut input = std::io::stdin().lock();
    let mut output = std::io::stdout().lock();
    let mut line = Vec::new();
    loop {
        line.clear();
        match input.read_until(b'\n', &mut line) {
            Ok(0) => return ExitCode::SUCCESS,
            Ok(_) if line.trim_ascii().is_empty() => {}
            Ok(_) => {
                let written = serde_json::to_string(&answer(&line)).expect("an answer holds only text and numbers");
                if writeln!(output, "{written}").and_then(|()| output.flush()).is_err() {
                    return ExitCode::SUCCESS; // the reader has gone
                }
            }
            Err(_) => return ExitCode::FAILURE,
        }
    }
}

/// One line of output.
#[derive(Debug, Serialize, PartialEq)]
pub struct Answer {
    outcome: &'static str,
    readings: Vec<Said>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

impl Answer {
    /// `readings`, `ignore`, `reject` or `incomplete`.
    pub fn outcome(&self) -> &'static str {
        self.outcome
    }
}

/// One reading in the words of the outside.
#[derive(Debug, Serialize, PartialEq)]
struct Said {
    kind: String,
    #[serde(skip_serializing_if = "Value::is_null")]
    value: Value,
    device: String,
    /// Which sensor of the device, where it has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<String>,
    evidence: Evidence,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cached: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    ambiguous: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    copy: bool,
    /// What discovery says of the device, key by key.
    #[serde(flatten)]
    about: Option<Entity>,
    /// What a short message says.
    #[serde(flatten)]
    message: Option<sms::Message>,
}

/// What the line `line` says; a line that cannot be understood is refused with its reason.
pub fn answer(line: &[u8]) -> Answer {
    let refused = |why| Answer { outcome: "reject", readings: Vec::new(), why: Some(why) };
    match Asked::parse(line) {
        Ok(Asked { mut ear, came }) => ear.hear(&came),
        Err(why) => sms::answer(line).unwrap_or_else(|| refused(why)),
    }
}

/// A line taken apart.
pub struct Asked {
    /// Who is to understand it.
    pub ear: Ear,
    /// What came.
    pub came: Came,
}

/// The decoders for the devices that a line names.
pub struct Ear {
    /// The family whose word counts; absent: anybody's.
    pub family: Option<&'static str>,
    /// All families, with the addresses of the line.
    pub devices: Devices,
    retained: bool,
}

/// Bytes from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Came {
    Message {
        topic: String,
        payload: Vec<u8>,
    },
    /// Serial reads, in order.
    Reads(Vec<Vec<u8>>),
}

impl Asked {
    /// The line's parts; the error says what is wrong with it.
    pub fn parse(line: &[u8]) -> Result<Asked, String> {
        Asked::heard_by(line, Devices::all)
    }

    /// The same where only the named family listens, as in a home that has no other.
    pub fn alone(line: &[u8]) -> Result<Asked, String> {
        Asked::heard_by(line, |settings, addresses| {
            let named = serde_json::from_slice(line).ok().and_then(|asked| family(&asked).ok().flatten());
            Devices::only(named.unwrap_or_default(), settings, addresses)
        })
    }

    fn heard_by(line: &[u8], devices: impl Fn(&Settings, &[Address]) -> Devices) -> Result<Asked, String> {
        let asked: Value = serde_json::from_slice(line).map_err(|error| format!("the line is no JSON: {error}"))?;
        let family = family(&asked)?;
        let (settings, addresses) = given::configured(&asked, family)?;
        let retained = asked["retained"] == json!(true) || asked["config"]["retained"] == json!(true);
        let ear = Ear { family, devices: devices(&settings, &addresses), retained };
        Ok(Asked { ear, came: came(&asked)? })
    }
}

impl Ear {
    /// What the bytes say.
    pub fn hear(&mut self, came: &Came) -> Answer {
        let (frames, is_pending) = self.frames(came);
        let heard: Vec<Heard> = frames.iter().flat_map(|frame| self.devices.decode(frame)).collect();
        let counts = |heard: &Heard| self.family.is_none_or(|name| heard.family == name);
        joined(heard.into_iter().filter(counts), &frames, is_pending)
    }

    /// The frames in what came, and whether another one has begun.
    fn frames(&self, came: &Came) -> (Vec<RawFrame>, bool) {
        let retained = self.retained;
        match came {
            Came::Message { topic, payload } => {
                let from = Origin::Mqtt { topic: topic.clone() };
                (vec![RawFrame { from, bytes: payload.clone(), retained }], false)
            }
            Came::Reads(reads) => {
                let mut framer = self.devices.framer(PORT);
                // An empty chunk is a read that gave nothing, not a line that was cut.
                let reads = reads.iter().filter(|read| !read.is_empty());
                let frames: Vec<Vec<u8>> = reads.flat_map(|read| framer.push(read)).collect();
                let from = || Origin::Serial { port: PORT.to_owned() };
                let frames = frames.into_iter().map(|bytes| RawFrame { from: from(), bytes, retained }).collect();
                (frames, framer.is_pending())
            }
        }
    }
}

/// The family that the line names, where we have it. `enocean_esp3` is a name of `enocean` too; a name that is none of ours
/// (`mqtt_hostile`) leaves a message to whoever knows its topic.
fn family(asked: &Value) -> Result<Option<&'static str>, String> {
    let Some(named) = asked["family"].as_str() else { return Ok(None) };
    let is_it = |name: &str| named == name || named.strip_prefix(name).is_some_and(|rest| rest.starts_with('_'));
    match Devices::families().iter().find(|family| is_it(family.name)) {
        Some(family) => Ok(Some(family.name)),
        None if asked.get("topic").is_some() => Ok(None),
        None => Err(format!("there is no family {named:?}")),
    }
}

/// The bytes of the line.
fn came(asked: &Value) -> Result<Came, String> {
    let Some(topic) = asked.get("topic") else { return Ok(Came::Reads(chunks(asked)?)) };
    let topic = topic.as_str().ok_or("topic is no text")?.to_owned();
    let payload = match (&asked["payload"], &asked["payload_hex"]) {
        (Value::String(text), Value::Null) => text.clone().into_bytes(),
        (Value::Null, Value::String(digits)) => unhex(digits)?,
        _ => return Err("a topic wants either payload or payload_hex, as text".to_owned()),
    };
    Ok(Came::Message { topic, payload })
}

/// The serial reads of the line, in order.
fn chunks(asked: &Value) -> Result<Vec<Vec<u8>>, String> {
    let texts = |key: &str| -> Result<Vec<&str>, String> {
        let texts = asked[key].as_array().and_then(|chunks| chunks.iter().map(Value::as_str).collect());
        texts.ok_or_else(|| format!("{key} is no list of texts"))
    };
    if let Some(digits) = asked.get("input_hex") {
        return Ok(vec![unhex(digits.as_str().ok_or("input_hex is no text")?)?]);
    }
    if let Some(text) = asked.get("input_text") {
        return Ok(vec![text.as_str().ok_or("input_text is no text")?.as_bytes().to_vec()]);
    }
    if asked.get("chunks_hex").is_some() {
        return texts("chunks_hex")?.into_iter().map(unhex).collect();
    }
    if asked.get("chunks_text").is_some() {
        return Ok(texts("chunks_text")?.into_iter().map(|text| text.as_bytes().to_vec()).collect());
    }
    if asked.get("lines_text").is_some() {
        let line = |text: &str| format!("{}\n", text.trim_end_matches(['\r', '\n'])).into_bytes();
        return Ok(texts("lines_text")?.into_iter().map(line).collect());
    }
    Err("the line has none of topic, input_hex, input_text, chunks_hex, chunks_text, lines_text".to_owned())
}

fn unhex(digits: &str) -> Result<Vec<u8>, String> {
    hex::bytes_of_text(digits).ok_or_else(|| "not hexadecimal digits in pairs".to_owned())
}

/// Readings of all frames in one answer; without any, the gravest that was said of a frame.
fn joined(heard: impl Iterator<Item = Heard>, frames: &[RawFrame], is_pending: bool) -> Answer {
    let mut readings = Vec::new();
    let (mut why, mut is_incomplete, mut is_ours) = (None, is_pending, false);
    for heard in heard {
        match heard.outcome {
            Decoded::NotMine => {}
            Decoded::Incomplete => is_incomplete = true,
            Decoded::Malformed(reason) => why = why.or(Some(reason)),
            Decoded::Readings(said) => {
                is_ours = true;
                readings.extend(said.into_iter().map(|reading| self::said(heard.family, reading)));
            }
        }
    }
    let is_serial = frames.iter().all(|frame| matches!(frame.from, Origin::Serial { .. }));
    let outcome = match () {
        () if !readings.is_empty() => "readings",
        () if why.is_some() => "reject",
        () if is_ours => "ignore",
        () if is_incomplete => "incomplete",
        () if is_serial => "reject",
        () => "ignore",
    };
    let why = if outcome == "reject" { why.or(Some("no_frame".to_owned())) } else { None };
    Answer { outcome, readings, why }
}

fn said(family: &str, reading: Reading) -> Said {
    let value = match &reading.measure {
        Measure::Button(press) => json!(press_word(family, press)),
        Measure::Contact(is_open) => json!(if *is_open { "open" } else { "closed" }),
        Measure::Bridge(is_online) => json!(if *is_online { "online" } else { "offline" }),
        Measure::Availability(Availability::Online) => json!("online"),
        Measure::Availability(Availability::Offline) => json!("offline"),
        Measure::Availability(Availability::Removed) => json!("removed"),
        Measure::Switch(is_on) => json!(if *is_on { "on" } else { "off" }),
        Measure::Motion(on)
        | Measure::Presence(on)
        | Measure::Leak(on)
        | Measure::Smoke(on)
        | Measure::Gas(on)
        | Measure::Tamper(on)
        | Measure::Vibration(on)
        | Measure::Alarm(on)
        | Measure::Mains(on)
        | Measure::Dark(on)
        | Measure::BatteryLow(on) => json!(on),
        Measure::BatteryPercent(number)
        | Measure::SupplyVolts(number)
        | Measure::TemperatureCelsius(number)
        | Measure::HumidityPercent(number)
        | Measure::IlluminanceLux(number)
        | Measure::SignalPercent(number)
        | Measure::Number(number) => json!(number),
        Measure::Alive => Value::Null,
        Measure::Note { kind, text } if kind == "weather" => json!(text.split(' ').collect::<Vec<_>>()),
        Measure::Note { kind, text } if kind == "tripped" => json!(text == "true"),
        Measure::Note { text, .. } => json!(text),
    };
    let about = Entity::of(&reading.measure);
    let value = if about.is_some() { Value::Null } else { value };
    let (device, part) = match reading.device.split_once('#') {
        Some((device, part)) => (device.to_owned(), Some(part.to_owned())),
        None => (reading.device, None),
    };
    Said {
        kind: reading.measure.kind().to_owned(),
        value,
        device,
        part,
        evidence: reading.evidence,
        cached: reading.evidence == Evidence::Cached,
        ambiguous: reading.evidence == Evidence::Ambiguous,
        copy: reading.copy,
        about,
        message: None,
    }
}

/// A press in the words of its family: radio telegrams know only pressed and released, not for how long.
fn press_word<'a>(family: &str, press: &'a Press) -> &'a str {
    let row = Devices::families().iter().find(|row| row.name == family);
    match (press, row.map_or(Presses::Timed, |row| row.presses)) {
        (Press::Single, Presses::DownAndUp) => "pressed",
        (Press::Release, Presses::DownAndUp) => "released",
        (Press::Release, Presses::Timed) => "release",
        (press, Presses::Timed | Presses::DownAndUp) => press.as_str(),
    }
}

/// The name of the port on which serial bytes come.
pub const PORT: &str = "decode";
