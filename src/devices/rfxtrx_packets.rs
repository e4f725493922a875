//! Packets of an RFXtrx433, taken apart. The drawing is in `rfxtrx.rs`.

use crate::model::hex;
use crate::model::observation::{Evidence, Measure, Press};

/// What a packet of a device says.
#[derive(Debug, PartialEq)]
pub struct Packet {
    /// As pyRFXtrx names it.
    pub device: String,
    /// Of Lighting4: six hexadecimal digits.
    pub code: Option<String>,
    /// The command or state by name, for a config that says what it means.
    pub word: Option<&'static str>,
    /// The state that the word usually stands for.
    pub is_on: Option<bool>,
    /// Of the word.
    pub evidence: Evidence,
    /// What it says by itself.
    pub says: Vec<(Measure, Evidence)>,
    /// Tamper, battery and signal.
    pub beside: Vec<Measure>,
}

/// The packet in `bytes`; `None` for the dongle's own talk and for devices that say nothing for us.
pub fn parse(bytes: &[u8]) -> Result<Option<Packet>, &'static str> {
    let Some((&length, body)) = bytes.split_first() else { return Err("empty") };
    if !(LENGTH_MIN..=LENGTH_MAX).contains(&usize::from(length)) || body.len() != usize::from(length) {
        return Err("length_byte_mismatch");
    }
    if !is_known(length, body[0], true) {
        return Err(if lengths(body[0]).is_some() { "length_byte_mismatch" } else { "unknown_packet_type" });
    }
    Ok(match *body {
        [0x10, _, _, house, unit, command, signal] => Some(lighting1(house, unit, command).heard(signal)),
        [0x11, _, _, i1, i2, i3, i4, unit, command, _, signal] => {
            let id = u32::from_be_bytes([i1, i2, i3, i4]);
            Some(lighting(format!("{id:07x}:{unit}"), word(LIGHTING2, command)).heard(signal))
        }
        [0x13, _, _, c1, c2, c3, _, _, signal] => Some(lighting4([c1, c2, c3]).heard(signal)),
        [0x14, subtype, _, i1, i2, i3, unit, command, _, signal] => {
            let words = if subtype == 0 { LIGHTWAVE } else { LIGHTING5 };
            Some(lighting(format!("{i1:02x}{i2:02x}{i3:02x}:{unit}"), word(words, command)).heard(signal))
        }
        [0x15, _, _, i1, i2, group, unit, command, _, _, signal] => {
            let device = format!("{i1:02x}{i2:02x}:{}{unit}", char::from(group).to_ascii_lowercase());
            Some(lighting(device, word(LIGHTING6, command)).heard(signal))
        }
        [0x16, _, _, i1, i2, _, signal] => Some(chime(format!("{i1:02x}{i2:02x}")).heard(signal)),
        [0x20, subtype, _, i1, i2, i3, status, last] => {
            let packet = security1(format!("{i1:02x}{i2:02x}{i3:02x}"), subtype, status);
            Some(if is_smoke_detector(subtype) { packet.heard(last) } else { packet.powered(last).heard(last) })
        }
        [0x50, _, _, i1, i2, t1, t2, last] => Some(weather(i1, i2, celsius(t1, t2), None, last)),
        [0x51, _, _, i1, i2, humidity, _, last] => Some(weather(i1, i2, None, Some(humidity), last)),
        [0x52, _, _, i1, i2, t1, t2, humidity, _, last] => Some(weather(i1, i2, celsius(t1, t2), Some(humidity), last)),
        [0x54, _, _, i1, i2, t1, t2, humidity, _, _, _, _, last] => {
            Some(weather(i1, i2, celsius(t1, t2), Some(humidity), last))
        }
        _ => None,
    })
}

impl Packet {
    fn new(device: String) -> Packet {
        let (says, beside) = (Vec::new(), Vec::new());
        Packet { device, code: None, word: None, is_on: None, evidence: Evidence::Event, says, beside }
    }

    /// High nibble: how well it was heard, 0 to 15.
    fn heard(mut self, last: u8) -> Packet {
        self.beside.push(Measure::SignalPercent((f64::from(last >> 4) * 100.0 / 15.0).round()));
        self
    }

    /// Low nibble: battery, 0 to 9.
    fn powered(mut self, last: u8) -> Packet {
        let says_it = self.says.iter().any(|(measure, _)| matches!(measure, Measure::BatteryLow(_)));
        if !says_it {
            self.beside.push(Measure::BatteryLow(last & 0x0f <= BATTERY_LOW_MAX));
        }
        self
    }
}

fn lighting1(house: u8, unit: u8, command: u8) -> Packet {
    let device = format!("{}{unit}", char::from(house).to_ascii_lowercase());
    if command == 7 { chime(device) } else { lighting(device, word(LIGHTING1, command)) }
}

fn chime(device: String) -> Packet {
    let says = vec![(Measure::Button(Press::Other("chime".to_owned())), Evidence::Event)];
    Packet { word: Some("chime"), is_on: Some(true), says, ..Packet::new(device) }
}

/// A command of a remote, a PIR, a contact: all of them say ON and OFF.
fn lighting(device: String, word: &'static str) -> Packet {
    let measure = match word {
        "on" => Measure::Switch(true),
        "off" => Measure::Switch(false),
        word => Measure::Note { kind: "switch".to_owned(), text: word.to_owned() },
    };
    let is_on = match word {
        "on" | "group_on" => Some(true),
        "off" | "group_off" => Some(false),
        _ => None,
    };
    Packet { word: Some(word), is_on, says: vec![(measure, Evidence::Event)], ..Packet::new(device) }
}

/// The last digit is the command, the five before it are the device: so of most, not of all, hence the whole code.
fn lighting4(code: [u8; 3]) -> Packet {
    let code = hex::lower(&code);
    Packet { code: Some(code.clone()), ..Packet::new(code.chars().take(5).collect()) }
}

fn security1(device: String, subtype: u8, status: u8) -> Packet {
    // Tamper comes on top of the states of contact and motion only.
    let can_tamper = status & 0x7f <= 0x05;
    let state = if can_tamper { status & 0x7f } else { status };
    let word = SECURITY1.get(usize::from(state)).copied().unwrap_or("unknown_state");
    let is_on = match word {
        "alarm" | "alarm_delayed" | "motion" | "panic" | "ir_beam" => Some(true),
        "normal" | "normal_delayed" | "no_motion" | "end_panic" => Some(false),
        _ => None,
    };
    let level = |measure| (measure, Evidence::Level);
    let press = |press| (Measure::Button(press), Evidence::Event);
    let note = |kind: &str| (Measure::Note { kind: kind.to_owned(), text: word.to_owned() }, Evidence::Event);
    let said = match word {
        "normal" | "normal_delayed" | "alarm" | "alarm_delayed" => {
            let on = is_on == Some(true);
            match subtype {
                _ if is_smoke_detector(subtype) => level(Measure::Smoke(on)),
                X10_MOTION | VISONIC_MOTION => level(Measure::Motion(on)),
                // Sensors of several kinds say this; the config must tell which.
                MEIANTECH => level(Measure::Alarm(on)),
                _ => level(Measure::Contact(on)),
            }
        }
        "motion" | "ir_beam" => level(Measure::Motion(true)),
        "no_motion" => level(Measure::Motion(false)),
        "panic" | "end_panic" if is_smoke_detector(subtype) => level(Measure::Smoke(word == "panic")),
        "panic" => press(Press::Sos),
        "end_panic" => press(Press::Release),
        "dark" | "light" => level(Measure::Dark(word == "dark")),
        "battery_low" => level(Measure::BatteryLow(true)),
        "pairing" => note("teach_in"),
        "unknown_state" => note("security"),
        key => press(Press::Other(key.to_owned())),
    };
    let tamper = can_tamper && !is_smoke_detector(subtype);
    let beside = tamper.then_some(Measure::Tamper(status & 0x80 != 0)).into_iter().collect();
    // Light, battery and pairing mean what they say, whatever the config makes of alarm and normal.
    let word = (!matches!(word, "dark" | "light" | "battery_low" | "pairing")).then_some(word);
    Packet { word, is_on, evidence: Evidence::Level, says: vec![said], beside, ..Packet::new(device) }
}

fn is_smoke_detector(subtype: u8) -> bool {
    matches!(subtype, 3 | 9 | 10) // KD101, SA30, RM174RF
}

fn weather(i1: u8, i2: u8, celsius: Option<f64>, humidity: Option<u8>, last: u8) -> Packet {
    let celsius = celsius.map(Measure::TemperatureCelsius);
    let humidity =
        humidity.filter(|percent| *percent <= 100).map(|percent| Measure::HumidityPercent(f64::from(percent)));
    let mut says: Vec<_> = celsius.into_iter().chain(humidity).map(|measure| (measure, Evidence::Level)).collect();
    if says.is_empty() {
        says.push((Measure::Alive, Evidence::Event));
    }
    Packet { says, evidence: Evidence::Level, ..Packet::new(format!("{i1:02x}:{i2:02x}")) }.powered(last).heard(last)
}

/// Tenths of a degree; bit 15 says below zero.
fn celsius(high: u8, low: u8) -> Option<f64> {
    let tenths = f64::from(u16::from_be_bytes([high & 0x7f, low]));
    let celsius = if high & 0x80 == 0 { tenths / 10.0 } else { -tenths / 10.0 };
    (-60.0..=150.0).contains(&celsius).then_some(celsius)
}

fn word(words: &[&'static str], command: u8) -> &'static str {
    words.get(usize::from(command)).copied().unwrap_or("unknown_command")
}

const LIGHTING1: &[&str] = &["off", "on", "dim", "bright", "unknown_command", "group_off", "group_on"];
const LIGHTING2: &[&str] = &["off", "on", "set_level", "group_off", "group_on", "set_group_level"];
const LIGHTWAVE: &[&str] = &["off", "on", "group_off", "mood1", "mood2", "mood3", "mood4", "mood5"];
const LIGHTING5: &[&str] = &["off", "on", "group_off", "group_on"];
const LIGHTING6: &[&str] = &["on", "off", "group_on", "group_off"];

/// By state. The keys of key fobs are named as they are printed.
const SECURITY1: [&str; 0x18] = [
    "normal",
    "normal_delayed",
    "alarm",
    "alarm_delayed",
    "motion",
    "no_motion",
    "panic",
    "end_panic",
    "ir_beam",
    "arm_away",
    "arm_away_delayed",
    "arm_home",
    "arm_home_delayed",
    "disarm",
    "unknown_state",
    "unknown_state",
    "light_off",
    "light_on",
    "light2_off",
    "light2_on",
    "dark",
    "light",
    "battery_low",
    "pairing",
];

const X10_MOTION: u8 = 1;
const VISONIC_MOTION: u8 = 5;
const MEIANTECH: u8 = 8;

/// Domoticz takes 0 for low and all above for good; devices that count down pass through 1 some days before.
const BATTERY_LOW_MAX: u8 = 1;

/// The shortest packet, without the byte that tells its length.
pub(super) const LENGTH_MIN: usize = 4;
/// The longest.
pub(super) const LENGTH_MAX: usize = 36;

/// The lengths that packets of a type can have; empty: any, since nothing in them is for us. `None`: no such type.
fn lengths(kind: u8) -> Option<&'static [u8]> {
    Some(match kind {
        0x01 => &[13, 20],
        0x02 => &[4],
        0x10 | 0x16 => &[7],
        0x11 | 0x15 => &[11],
        0x13 => &[9],
        0x14 | 0x52 => &[10],
        0x20 | 0x50 | 0x51 => &[8],
        0x54 => &[13],
        0x03 | 0x12 | 0x17..=0x1f | 0x21 | 0x28 | 0x30 | 0x31 | 0x40..=0x44 | 0x48 | 0x49 | 0x4d..=0x4f | 0x53 => &[],
        0x55..=0x63 | 0x70..=0x72 | 0x76 | 0x77 | 0x7f => &[],
        _ => return None,
    })
}

/// Whether a packet can begin so. Out of step, only types of one length are believed.
pub(super) fn is_known(length: u8, kind: u8, in_step: bool) -> bool {
    let range = (LENGTH_MIN..=LENGTH_MAX).contains(&usize::from(length));
    range && lengths(kind).is_some_and(|lengths| lengths.contains(&length) || in_step && lengths.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_that_the_type_cannot_have_is_refused() {
        assert_eq!(parse(&[4, 0x20, 0, 0, 0]), Err("length_byte_mismatch"));
        assert_eq!(parse(&[8, 0x20, 0, 0]), Err("length_byte_mismatch"));
        assert_eq!(parse(&[4, 0xee, 0, 0, 0]), Err("unknown_packet_type"));
        assert_eq!(parse(&[4, 0x02, 1, 0, 0]), Ok(None));
        assert_eq!(parse(&[]), Err("empty"));
    }

    #[test]
    fn panic_is_smoke_where_a_smoke_detector_says_it_and_a_call_where_a_key_fob_does() {
        let said = |subtype, status| security1("a".into(), subtype, status).says[0].0.clone();
        assert_eq!([3, 9, 10].map(|subtype| said(subtype, 6)), [const { Measure::Smoke(true) }; 3]);
        assert_eq!(said(2, 6), Measure::Button(Press::Sos));
        assert_eq!(said(2, 9), Measure::Button(Press::Other("arm_away".into())));
        assert_eq!(said(1, 0x84), Measure::Motion(true));
        assert_eq!(said(4, 0x82), Measure::Contact(true));
        let weak = security1("a".into(), 1, 0x16).powered(0x79);
        assert_eq!((&weak.says[0].0, weak.beside.len()), (&Measure::BatteryLow(true), 0), "said once, not taken back");
        assert_eq!(said(0, 0xf0), Measure::Note { kind: "security".into(), text: "unknown_state".into() });
    }
}
