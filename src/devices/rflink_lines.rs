//! The lines of an RFLink gateway, one by one: `20;2D;NewKaku;ID=cac142;SWITCH=1;CMD=ON;`. What the keys say stands in
//! [`rflink`](super::rflink).

use crate::model::observation::{Evidence, Measure, Press};

/// One line, read.
pub enum Line {
    /// A command to the gateway.
    NotForUs,
    /// What the gateway says about itself, in a word.
    Gateway(&'static str),
    /// What a device says.
    Device(Said),
}

/// What a line says of a device.
pub struct Said {
    /// `protocol/id`, or `protocol/id/switch`.
    pub device: String,
    /// Its command, lower case.
    pub word: Option<String>,
    /// What happened or stands so.
    pub says: Vec<(Measure, Evidence)>,
    /// Battery and signal.
    pub beside: Vec<Measure>,
}

impl Line {
    /// Reads a line without the blanks at its ends. The error is a short stable reason.
    pub fn parse(line: &str) -> Result<Line, &'static str> {
        // The last semicolon ends the line: without it, the rest is missing.
        let whole = line.strip_suffix(';').ok_or("cut_line")?;
        let mut fields = whole.split(';');
        match fields.next() {
            Some("10" | "11") => return Ok(Line::NotForUs),
            Some("20") => {}
            Some(_) | None => return Err("cut_line"),
        }
        let number = fields.next().ok_or("cut_line")?;
        if number.len() != 2 || !number.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err("no_line_number");
        }
        let protocol = fields.next().filter(|protocol| !protocol.is_empty()).ok_or("cut_line")?;
        let Some(id) = fields.clone().next().and_then(|field| field.strip_prefix("ID=")) else {
            return match protocol {
                // A device's line that lost its id is damage, not talk of the gateway.
                _ if fields.clone().any(is_said_of_a_device) => Err("no_id"),
                "OK" => Ok(Line::Gateway("ok")),
                "PONG" => Ok(Line::Gateway("pong")),
                _ => Ok(Line::Gateway("info")),
            };
        };
        if id.is_empty() {
            return Err("no_id");
        }
        Said::parse(protocol, id, fields.skip(1)).map(Line::Device)
    }
}

impl Said {
    fn parse<'a>(protocol: &str, id: &str, fields: impl Iterator<Item = &'a str>) -> Result<Said, &'static str> {
        let mut said = Said { device: format!("{protocol}/{id}"), word: None, says: Vec::new(), beside: Vec::new() };
        let mut weather = Vec::new();
        for field in fields {
            // Two lines that ran into each other show as fields without a key.
            let (key, value) = field.split_once('=').ok_or("cut_line")?;
            match key {
                "SWITCH" => said.device = format!("{}/{value}", said.device),
                _ if is_weather(key) => weather.push(key),
                _ => said.take(key, value),
            }
        }
        if !weather.is_empty() {
            weather.sort_unstable();
            let note = Measure::Note { kind: "weather".to_owned(), text: weather.join(" ") };
            said.says.push((note, Evidence::Level));
        }
        if said.says.is_empty() {
            said.says.push((Measure::Alive, Evidence::Event));
        }
        Ok(said)
    }

    /// One `key=value`; what cannot be read is unknown, and costs nothing else.
    fn take(&mut self, key: &str, value: &str) {
        let word = value.trim().to_lowercase();
        let is_on = match word.as_str() {
            "on" => Some(true),
            "off" => Some(false),
            _ => None,
        };
        let level = |measure| (measure, Evidence::Level);
        let event = |measure| (measure, Evidence::Event);
        let said = match key {
            "CMD" => Some(event(match is_on {
                Some(on) => Measure::Switch(on),
                None => Measure::Note { kind: "switch".to_owned(), text: word.clone() },
            })),
            "PIR" => is_on.map(|on| event(Measure::Motion(on))),
            "SMOKEALERT" => is_on.map(|on| event(Measure::Smoke(on))),
            "CHIME" => Some(event(Measure::Button(Press::Other("chime".to_owned())))),
            "TEMP" => celsius(value).map(|celsius| level(Measure::TemperatureCelsius(celsius))),
            "HUM" => {
                let percent = value.parse().ok().filter(|percent| (0.0..=100.0).contains(percent));
                percent.map(|percent| level(Measure::HumidityPercent(percent)))
            }
            _ => None,
        };
        match key {
            "CMD" => self.word = Some(word),
            "PIR" | "SMOKEALERT" if self.word.is_none() => self.word = Some(word),
            "CHIME" if self.word.is_none() => self.word = Some("chime".to_owned()),
            "BAT" if word == "low" || word == "ok" => self.beside.push(Measure::BatteryLow(word == "low")),
            "RSSI" => self.beside.extend(signal(value)),
            _ => {}
        }
        self.says.extend(said);
    }
}

/// Hex tenths of a degree; bit 15 says below zero.
fn celsius(digits: &str) -> Option<f64> {
    let raw = u16::from_str_radix(digits, 16).ok()?;
    let tenths = f64::from(raw & 0x7fff);
    let celsius = if raw & 0x8000 == 0 { tenths / 10.0 } else { -tenths / 10.0 };
    (-60.0..=150.0).contains(&celsius).then_some(celsius)
}

/// −100 dBm and below is 0, −50 dBm and above is 100.
fn signal(dbm: &str) -> Option<Measure> {
    let dbm: f64 = dbm.parse().ok().filter(|dbm| (-150.0..=0.0).contains(dbm))?;
    Some(Measure::SignalPercent(((dbm + 100.0) * 2.0).clamp(0.0, 100.0)))
}

fn is_weather(key: &str) -> bool {
    key.starts_with("WIN") || key.starts_with("RAIN") || matches!(key, "WDIR" | "AWINSP" | "UV" | "BARO" | "LUX")
}

fn is_said_of_a_device(field: &str) -> bool {
    let key = field.split('=').next().unwrap_or_default();
    matches!(key, "ID" | "SWITCH" | "CMD" | "PIR" | "SMOKEALERT" | "CHIME" | "TEMP" | "HUM" | "BAT") || is_weather(key)
}
