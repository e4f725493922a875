//! Hi-Link LD2450: a radar on a wire that tells where up to three people are.
//!
//! ```text
//! AA FF 03 00  XX XX YY YY VV VV RR RR   (three times)   55 CC
//! head         |     |     |     resolution, mm          tail
//!              |     |     speed, cm/s
//!              |     mm away from the radar
//!              mm to the side         low byte first; bit 15 set = positive; eight zero bytes = no target
//! FD FC FB FA  LL LL  …  04 03 02 01     the answer to a command: not for us
//! ```
//!
//! Layout: the HLK-LD2450 protocol document and ESPHome's test. Numbers are sign and magnitude with the sign upside down.
//! There is no check sum; a place further away than the radar can see is refused.
//!
//! A zone is a rectangle before the radar: one radar can be a sensor for the bed and one for the chair.

use crate::devices::edges::Edges;
use crate::devices::framing::{Frames, Look, Shape};
use crate::devices::radar::{self, Envelopes, FRAMES_A_MINUTE};
use crate::devices::{Decoded, Decoder, Identity, reading};
use crate::model::frame::{Origin, RawFrame};
use crate::model::observation::{Evidence, Measure, Reading};
use serde::Deserialize;

pub use crate::devices::radar::Settings;

/// One sentence for the table.
pub const SUMMARY: &str = "LD2450 presence radar with zones on a serial port";

/// An address as written in a config.
pub const EXAMPLE: &str = "ld2450 = { port = \"radar\", zone = \"bed\", x = [-800, 800], y = [500, 2500] }";

/// As delivered.
pub const BAUD: u32 = 256_000;

/// All the radar sees, or one zone of it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Address {
    port: String,
    zone: Option<Zone>,
}

#[derive(Debug, Clone, PartialEq)]
struct Zone {
    name: String,
    x_mm: [i32; 2],
    y_mm: [i32; 2],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    port: String,
    zone: Option<String>,
    x: Option<[i32; 2]>,
    y: Option<[i32; 2]>,
}

impl TryFrom<Written> for Address {
    type Error = String;
    fn try_from(written: Written) -> Result<Self, String> {
        let Written { port, zone, x, y } = written;
        let zone = match (zone, x, y) {
            (None, None, None) => None,
            (None, _, _) => return Err("x and y want a name: add zone = \"bed\"".to_owned()),
            (Some(_), None, None) => {
                return Err("a zone wants x = [from, to] (to the side), y = [from, to] (away), in mm".to_owned());
            }
            (Some(name), x, y) => {
                if name.is_empty() || name.contains('#') {
                    return Err(format!("{name:?} is no name of a zone; write letters, as \"bed\""));
                }
                let x_mm = x.unwrap_or([-REACH_MM, REACH_MM]);
                let y_mm = y.unwrap_or([0, REACH_MM]);
                for (key, [from, to]) in [("x", x_mm), ("y", y_mm)] {
                    if from >= to {
                        return Err(format!("{key} = [{from}, {to}] is no stretch; the smaller number comes first"));
                    }
                }
                Some(Zone { name, x_mm, y_mm })
            }
        };
        Ok(Address { port, zone })
    }
}

impl Identity for Address {
    /// `radar`, or `radar#bed`.
    fn device(&self) -> String {
        match &self.zone {
            Some(zone) => format!("{}#{}", self.port, zone.name),
            None => self.port.clone(),
        }
    }

    fn port(&self) -> Option<&str> {
        Some(&self.port)
    }

    fn says(&self) -> Vec<Measure> {
        vec![Measure::Presence(true)]
    }
}

/// The decoder for the radar of one port. Where only zones are registered, the whole is not spoken of.
pub fn decoder(_settings: &Settings, addresses: Vec<Address>) -> impl Decoder + use<> {
    let has_whole = addresses.is_empty() || addresses.iter().any(|address| address.zone.is_none());
    let zones = addresses.into_iter().map(|address| (address.device(), address.zone));
    let zones = zones.filter_map(|(device, zone)| Some((device, zone?))).collect();
    Ld2450 { zones, has_whole, edges: Edges::new(FRAMES_A_MINUTE) }
}

/// Cuts the radar's bytes.
pub fn framer(_settings: &Settings) -> Frames<Targets> {
    Frames::new(Targets)
}

/// The address of the radar on port `device`.
pub fn address_toml(device: &str, _readings: &[Reading]) -> String {
    radar::address_toml("ld2450", device)
}

struct Ld2450 {
    zones: Vec<(String, Zone)>,
    has_whole: bool,
    edges: Edges<bool>,
}

impl Decoder for Ld2450 {
    fn decode(&mut self, frame: &RawFrame) -> Decoded {
        let Origin::Serial { port } = &frame.from else { return Decoded::NotMine };
        let targets = match read(&frame.bytes) {
            Ok(Some(targets)) => targets,
            Ok(None) => return Decoded::Readings(Vec::new()),
            Err(why) => return Decoded::Malformed(why.to_owned()),
        };
        let mut readings = Vec::new();
        let mut say = |device: &str, is_there: bool| {
            if self.edges.news(device, is_there).is_some() {
                readings.push(reading(device, Measure::Presence(is_there), Evidence::Level, frame.retained));
            }
        };
        let mut there = targets.iter().flatten();
        if self.has_whole {
            say(port, there.clone().next().is_some());
        }
        for (device, zone) in &self.zones {
            say(device, there.any(|target| zone.holds(*target)));
            there = targets.iter().flatten();
        }
        Decoded::Readings(readings)
    }

    fn forget(&mut self) {
        self.edges.all_due();
    }
}

impl Zone {
    fn holds(&self, target: Target) -> bool {
        let within = |[from, to]: [i32; 2], at: i32| (from..=to).contains(&at);
        within(self.x_mm, target.x_mm) && within(self.y_mm, target.y_mm)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Target {
    x_mm: i32,
    y_mm: i32,
}

/// The three places of a frame; `None` for the answer to a command.
fn read(frame: &[u8]) -> Result<Option<[Option<Target>; 3]>, &'static str> {
    if frame.first() == Some(&0xfd) {
        return radar::payload(frame).map(|_| None);
    }
    let rest = frame.strip_prefix(HEAD).ok_or("no_head")?;
    let places = rest.strip_suffix(TAIL).ok_or("bad_tail")?;
    let (places, []) = places.as_chunks::<8>() else { return Err("bad_length") };
    let &[first, second, third] = places else { return Err("bad_length") };
    Ok(Some([target(first)?, target(second)?, target(third)?]))
}

fn target(place: [u8; 8]) -> Result<Option<Target>, &'static str> {
    if place == [0; 8] {
        return Ok(None);
    }
    let [x_low, x_high, y_low, y_high, ..] = place;
    let number = |low, high| {
        let raw = u16::from_le_bytes([low, high]);
        let size = i32::from(raw & 0x7fff);
        if raw & 0x8000 == 0 { -size } else { size }
    };
    let target = Target { x_mm: number(x_low, x_high), y_mm: number(y_low, y_high) };
    if target.x_mm.abs() > REACH_MM || target.y_mm.abs() > REACH_MM {
        return Err("too_far");
    }
    Ok(Some(target))
}

/// Frames of three places, and answers to commands.
#[derive(Debug, Clone, Copy)]
pub struct Targets;

impl Shape for Targets {
    fn look(&self, rest: &[u8]) -> Look {
        match rest.get(..BYTES) {
            Some(frame) if frame.starts_with(HEAD) && frame.ends_with(TAIL) => Look::Whole(BYTES),
            Some(frame) if frame.starts_with(HEAD) => Look::Damaged(BYTES),
            None if rest.starts_with(HEAD) || HEAD.starts_with(rest) => Look::Begun,
            Some(_) | None => Envelopes { payload_bytes_max: 64 }.look(rest),
        }
    }
}

const HEAD: &[u8] = &[0xaa, 0xff, 0x03, 0x00];
const TAIL: &[u8] = &[0x55, 0xcc];
const BYTES: usize = 30;
/// The data sheet says 6 m; beyond 10 m nothing can be.
const REACH_MM: i32 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::framing::tests::holds_for;

    fn frame(x_mm: i16, y_mm: i16) -> Vec<u8> {
        let number = |mm: i16| (mm.unsigned_abs() | if mm >= 0 { 0x8000 } else { 0 }).to_le_bytes();
        [HEAD, &number(x_mm), &number(y_mm), &[0, 0, 0x40, 0x01], &[0; 16], TAIL].concat()
    }

    #[test]
    fn frames_are_found_in_any_pieces() {
        holds_for(|| Box::new(framer(&Settings::default())), &frame(-310, 1720));
    }

    #[test]
    fn a_person_is_in_the_zones_that_hold_the_place() {
        let address = |text: &str| serde_json::from_str::<Address>(text).unwrap();
        let bed = address(r#"{"port":"radar","zone":"bed","x":[-800,0],"y":[500,2500]}"#);
        let chair = address(r#"{"port":"radar","zone":"chair","x":[1,800]}"#);
        let mut decoder = decoder(&Settings::default(), vec![bed, chair]);
        let mut said = |bytes: Vec<u8>| {
            let from = Origin::Serial { port: "radar".to_owned() };
            let Decoded::Readings(readings) = decoder.decode(&RawFrame { from, bytes, retained: false }) else {
                panic!("refused")
            };
            readings.into_iter().map(|reading| (reading.device, reading.measure)).collect::<Vec<_>>()
        };
        let is = |zone: &str, on: bool| (format!("radar#{zone}"), Measure::Presence(on));
        assert_eq!(said(frame(-310, 1720)), [is("bed", true), is("chair", false)]);
        assert_eq!(said(frame(-310, 1730)), [], "nothing new");
        assert_eq!(said(frame(300, 1730)), [is("bed", false), is("chair", true)]);
    }

    #[test]
    fn a_wrong_zone_says_what_would_be_right() {
        let why = |text: &str| serde_json::from_str::<Address>(text).unwrap_err().to_string();
        assert!(why(r#"{"port":"r","zone":"bed"}"#).contains("x = [from, to]"));
        assert!(why(r#"{"port":"r","x":[0,1]}"#).contains("want a name"));
        assert!(why(r#"{"port":"r","zone":"bed","x":[5,1]}"#).contains("smaller number"));
        assert!(why(r#"{"port":"r","zone":"a#b","x":[1,5]}"#).contains("no name"));
    }
}
