//! The serial ports of this machine, and what speaks on each: by the name of its dongle, else by what is heard on it.
//!
//! Never opens the port of a Zigbee stick or a modem: another program uses it. Never writes to a port.

use super::found::{Port, Speaks};
use crate::clock;
use crate::devices::{Decoded, Devices, Framer, Settings, Wiring};
use crate::model::frame::{Origin, RawFrame};
use crate::model::observation::Reading;
use crate::model::time::Span;
use crate::sources::{self, Event};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// A port to look at: its path, and the family if a person named it.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    path: PathBuf,
    family: Option<String>,
}

impl std::str::FromStr for Asked {
    type Err = String;

    /// `/dev/ttyUSB0`, or `/dev/ttyUSB0=rflink` where it is known what speaks there.
    fn from_str(text: &str) -> Result<Asked, String> {
        let Some((path, family)) = text.rsplit_once('=') else {
            return Ok(Asked { path: text.into(), family: None });
        };
        if Wiring::usual(family).is_none() {
            let serial = Devices::families().iter().filter(|row| Wiring::usual(row.name).is_some());
            let names: Vec<&str> = serial.map(|row| row.name).collect();
            return Err(format!("{family:?} does not speak on serial ports; known are {}", names.join(", ")));
        }
        Ok(Asked { path: path.into(), family: Some(family.to_owned()) })
    }
}

/// The ports whose names stay the same when a dongle is put back.
pub fn all() -> Vec<Asked> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(BY_ID).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths.into_iter().map(|path| Asked { path, family: None }).collect()
}

/// A port with what was heard on it: readings by device.
pub struct Heard {
    /// The port.
    pub port: Port,
    /// What its devices said.
    pub devices: BTreeMap<String, Vec<Reading>>,
    /// Why it could not be opened.
    pub problem: Option<String>,
}

/// Looks at one port for as long as `lasts`; `nth` tells ports without a better name apart.
pub async fn look(asked: Asked, nth: usize, lasts: Duration) -> Heard {
    let path = by_id(&asked.path);
    let shown = path.display().to_string();
    let by_name = by_name(&shown);
    let port = |speaks| Port { name: format!("port{nth}"), path: shown.clone(), speaks };
    if let (None, Some(Guess::Others(whose))) = (&asked.family, by_name) {
        return Heard { port: port(Speaks::Others(whose)), devices: BTreeMap::new(), problem: None };
    }
    let named = asked.family.as_deref().or(match by_name {
        Some(Guess::Family(family)) => Some(family),
        Some(Guess::Others(_)) | None => None,
    });
    let wirings = named.and_then(Wiring::usual).map_or_else(guessable, |wiring| vec![wiring]);
    let mut candidates: Vec<Candidate> = wirings.into_iter().map(Candidate::new).collect();
    let bauds = bauds(&candidates);
    let mut problem = None;
    let lasts = Span::from_std(lasts).unwrap_or_default();
    let end = clock::since_boot() + lasts;
    let share = lasts / i32::try_from(bauds.len().max(1)).unwrap_or(1);
    for baud in &bauds {
        let here = Listening { path: &path, baud: *baud, until: (clock::since_boot() + share).min(end), end };
        problem = here.hear(&mut candidates).await;
        if problem.is_some() || candidates.iter().any(Candidate::is_sure) {
            break;
        }
    }
    let best = candidates
        .iter_mut()
        .filter(|candidate| candidate.fits())
        .max_by_key(|candidate| (candidate.wiring.family() != "text", candidate.good));
    let (speaks, devices) = match best {
        Some(best) => (Speaks::Family(best.wiring.clone(), best.baud), std::mem::take(&mut best.devices)),
        None => match named.and_then(Wiring::usual) {
            Some(wiring) => (Speaks::Family(wiring.clone(), wiring.usual_baud()), BTreeMap::new()),
            None => {
                let tried: Vec<String> = bauds.iter().map(u32::to_string).collect();
                let unheard = format!("nothing known was heard at {} baud; try --seconds 60", tried.join(", "));
                let prefix = format!("{shown}: ");
                let why = problem.as_ref().map(|why: &String| why.strip_prefix(&prefix).unwrap_or(why).to_owned());
                (Speaks::Unknown(why.unwrap_or(unheard)), BTreeMap::new())
            }
        },
    };
    Heard { port: port(speaks), devices, problem }
}

/// What the name of a dongle tells.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Guess {
    Family(&'static str),
    Others(&'static str),
}

fn by_name(path: &str) -> Option<Guess> {
    let name = path.rsplit('/').next().unwrap_or(path).to_lowercase();
    DONGLES.iter().find(|(words, _)| words.iter().any(|word| name.contains(word))).map(|(_, guess)| *guess)
}

/// The lasting name of a port, where it has one.
fn by_id(path: &Path) -> PathBuf {
    let Ok(device) = path.canonicalize() else { return path.to_owned() };
    let same = |asked: &Asked| asked.path.canonicalize().is_ok_and(|other| other == device);
    all().into_iter().find(same).map_or(path.to_owned(), |asked| asked.path)
}

/// Families whose frames prove themselves; the others would take anything, or must be asked before they speak.
fn guessable() -> Vec<Wiring> {
    let names = Devices::families().iter().map(|row| row.name);
    names.filter(|name| !matches!(*name, "uart_frame" | "modbus")).filter_map(Wiring::usual).collect()
}

fn bauds(candidates: &[Candidate]) -> Vec<u32> {
    let mut bauds: Vec<u32> = Vec::new();
    for candidate in candidates {
        if !bauds.contains(&candidate.baud) {
            bauds.push(candidate.baud);
        }
    }
    bauds
}

struct Listening<'a> {
    path: &'a Path,
    baud: u32,
    /// At this speed, unless somebody is understood.
    until: Span,
    end: Span,
}

impl Listening<'_> {
    /// Hears the port; says why it cannot be opened.
    async fn hear(&self, candidates: &mut [Candidate]) -> Option<String> {
        let (out, mut events) = mpsc::channel(100);
        let settings = sources::serial::Settings::new(LOOKING, self.path, self.baud);
        // Bytes as they come: every family cuts its own frames out of them. Nothing is written: it might mean something else to
        // another family's dongle.
        let cut = Box::new(|bytes: &[u8]| {
            let frames = if bytes.is_empty() { Vec::new() } else { vec![bytes.to_vec()] };
            (frames, Vec::new())
        });
        let task = tokio::spawn(sources::serial::run(settings, cut, Arc::default(), out));
        let mut problem = None;
        let mut until = self.until;
        while let Ok(Some(event)) =
            timeout((until - clock::since_boot()).to_std().unwrap_or_default(), events.recv()).await
        {
            match event {
                Event::Frame(frame) | Event::Delivered(frame, _) => {
                    let here = candidates.iter_mut().filter(|candidate| candidate.baud == self.baud);
                    here.for_each(|candidate| candidate.hear(&frame.bytes));
                }
                Event::Link { up: true, .. } | Event::Refused { .. } => {}
                Event::Link { why, .. } => {
                    problem = Some(why);
                    break;
                }
            }
            if candidates.iter().any(Candidate::is_sure) {
                until = self.end;
            }
        }
        // The port must be closed before it is opened at another speed.
        task.abort();
        drop(task.await);
        problem
    }
}

/// A family that may speak on a port.
struct Candidate {
    wiring: Wiring,
    baud: u32,
    devices_of_family: Devices,
    framer: Framer,
    good: u32,
    bad: u32,
    devices: BTreeMap<String, Vec<Reading>>,
}

impl Candidate {
    fn new(wiring: Wiring) -> Candidate {
        let mut settings = Settings::default();
        settings.serial.insert(LOOKING.to_owned(), wiring.clone());
        let devices = Devices::new(&settings, &[]);
        let framer = devices.framer(LOOKING);
        let baud = wiring.usual_baud();
        Candidate { wiring, baud, devices_of_family: devices, framer, good: 0, bad: 0, devices: BTreeMap::new() }
    }

    fn hear(&mut self, bytes: &[u8]) {
        for frame in self.framer.push(bytes) {
            let is_text = !frame.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') && frame.len() > 3;
            if self.wiring.family() == "text" && !(is_text && std::str::from_utf8(&frame).is_ok()) {
                self.bad += 1;
                continue;
            }
            let from = Origin::Serial { port: LOOKING.to_owned() };
            let frame = RawFrame { from, bytes: frame, retained: false };
            for heard in self.devices_of_family.decode(&frame) {
                match heard.outcome {
                    Decoded::Readings(readings) => {
                        self.good += 1;
                        readings.into_iter().for_each(|reading| self.note(reading));
                    }
                    Decoded::Malformed(_) => self.bad += 1,
                    Decoded::NotMine | Decoded::Incomplete => {}
                }
            }
        }
    }

    fn note(&mut self, reading: Reading) {
        if self.devices.len() >= DEVICES_MAX && !self.devices.contains_key(&reading.device) {
            return;
        }
        let readings = self.devices.entry(reading.device.clone()).or_default();
        if readings.len() < READINGS_MAX {
            readings.push(reading);
        }
    }

    /// Any line is text: it counts only where no family knows better.
    fn is_sure(&self) -> bool {
        self.wiring.family() != "text" && self.good >= 2 && self.good > self.bad
    }

    fn fits(&self) -> bool {
        self.good > self.bad
    }
}

const BY_ID: &str = "/dev/serial/by-id";
/// The name under which a port is looked at.
pub const LOOKING: &str = "looking";
const DEVICES_MAX: usize = 100;
const READINGS_MAX: usize = 20;

/// What stands in the USB names of dongles; the first that fits.
const DONGLES: &[(&[&str], Guess)] = &[
    (&["enocean", "usb_300", "usb300", "usb_400"], Guess::Family("enocean")),
    (&["rfxtrx", "rfxcom"], Guess::Family("rfxtrx")),
    (&["rflink"], Guess::Family("rflink")),
    (&["mysensors"], Guess::Family("mysensors")),
    (&["ld2450"], Guess::Family("ld2450")),
    (&["ld2410"], Guess::Family("ld2410")),
    (
        &["zigbee", "zbdongle", "conbee", "raspbee", "slzb", "slae", "cc2531", "cc26", "skyconnect", "zbt-1", "sonoff"],
        Guess::Others("a Zigbee stick: Zigbee2MQTT uses it"),
    ),
    (&["zwave", "z-wave", "z-stick", "zooz"], Guess::Others("a Z-Wave stick: another program uses it")),
    (&["huawei", "quectel", "simcom", "sim7", "sierra", "u-blox", "modem", "fibocom"], Guess::Others("a modem")),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_dongle_tells_who_speaks_or_whose_it_is() {
        let tell = |name: &str| by_name(&format!("/dev/serial/by-id/{name}"));
        assert_eq!(tell("usb-EnOcean_GmbH_USB_300_DB_X-if00-port0"), Some(Guess::Family("enocean")));
        assert_eq!(tell("usb-RFXCOM_RFXtrx433_X-if00-port0"), Some(Guess::Family("rfxtrx")));
        assert!(matches!(tell("usb-ITEAD_SONOFF_Zigbee_3.0_USB_Dongle_Plus_V2_X"), Some(Guess::Others(_))));
        assert!(matches!(tell("usb-HUAWEI_Mobile_X-if00-port0"), Some(Guess::Others(_))));
        assert_eq!(tell("usb-Silicon_Labs_CP2102_USB_to_UART_0001-if00-port0"), None);
    }

    #[test]
    fn a_port_is_named_alone_or_with_its_family() {
        assert_eq!("/dev/ttyS0".parse(), Ok(Asked { path: "/dev/ttyS0".into(), family: None }));
        let named: Asked = "/dev/a=b=enocean".parse().unwrap();
        assert_eq!((named.path, named.family.as_deref()), ("/dev/a=b".into(), Some("enocean")));
        let why = "/dev/ttyS0=zigbee2mqtt".parse::<Asked>().unwrap_err();
        assert!(why.contains("known are") && why.contains("enocean") && !why.contains("json"), "{why}");
    }

    #[test]
    fn noise_is_no_family_and_lines_are_text_only_if_nobody_knows_better() {
        let mut text = Candidate::new(Wiring::usual("text").unwrap());
        text.hear(b"\x01\x02\xff\xfe\n\x80\x81\n");
        assert!(!text.fits());
        let mut text = Candidate::new(Wiring::usual("text").unwrap());
        text.hear(b"PIR hall ON\r\nPIR hall OFF\r\nPIR hall ON\r\n");
        assert!(text.fits() && !text.is_sure());
        let mut enocean = Candidate::new(Wiring::usual("enocean").unwrap());
        enocean.hear(b"PIR hall ON\r\nUUUU\r\n");
        assert!(!enocean.fits());
    }
}
