//! All families, ready for the devices of one home: what is heard, and how its ports are cut into frames.

use super::{Address, Decoded, Decoder, FAMILIES, Family, Heard, Settings, Wiring, mqtt_decoders};
use crate::devices::framing::{self, Cut};
use crate::model::frame::{Origin, RawFrame};
use crate::model::observation::Reading;
use crate::model::time::Span;
use std::collections::BTreeMap;

/// All families, ready for the devices of one home.
pub struct Devices {
    mqtt: Vec<(&'static str, Box<dyn Decoder>)>,
    serial: BTreeMap<String, (&'static str, Box<dyn Decoder>)>,
    wiring: BTreeMap<String, Wiring>,
}

impl Devices {
    /// The families of the configured sensors; other families are not heard.
    pub fn new(settings: &Settings, addresses: &[Address]) -> Devices {
        Devices::of(settings, addresses, false)
    }

    /// Every family that MQTT can carry, configured or not: for looking around.
    pub fn all(settings: &Settings, addresses: &[Address]) -> Devices {
        Devices::of(settings, addresses, true)
    }

    /// Of the families on MQTT only `family`.
    pub fn only(family: &str, settings: &Settings, addresses: &[Address]) -> Devices {
        let mut devices = Devices::of(settings, addresses, true);
        devices.mqtt.retain(|(name, _)| *name == family);
        devices
    }

    fn of(settings: &Settings, addresses: &[Address], all: bool) -> Devices {
        let on_port =
            |(port, wiring): (&String, &Wiring)| (port.clone(), (wiring.family(), wiring.decoder(port, addresses)));
        Devices {
            mqtt: mqtt_decoders(settings, addresses, all),
            serial: settings.serial.iter().map(on_port).collect(),
            wiring: settings.serial.clone(),
        }
    }

    /// The MQTT filters to subscribe to, each once.
    pub fn topics(&self) -> Vec<String> {
        let mut topics: Vec<String> = self.mqtt.iter().flat_map(|(_, decoder)| decoder.topics()).collect();
        topics.sort();
        topics.dedup();
        topics
    }

    /// The MQTT filters of each family that MQTT carries.
    pub fn topics_by_family(&self) -> Vec<(&'static str, Vec<String>)> {
        self.mqtt.iter().map(|(family, decoder)| (*family, decoder.topics())).collect()
    }

    /// What the families say about a frame; empty where it is nobody's.
    pub fn decode(&mut self, frame: &RawFrame) -> Vec<Heard> {
        let heard = |(family, decoder): &mut (&'static str, Box<dyn Decoder>)| match decoder.decode(frame) {
            Decoded::NotMine => None,
            Decoded::Readings(readings) => Some(Heard { family, outcome: of_bounded_names(readings) }),
            outcome @ (Decoded::Incomplete | Decoded::Malformed(_)) => Some(Heard { family, outcome }),
        };
        match &frame.from {
            // Nobody's: a message of many values repeats its topic with each of them.
            Origin::Mqtt { topic } if topic.len() > TOPIC_BYTES_MAX => Vec::new(),
            Origin::Mqtt { .. } => self.mqtt.iter_mut().filter_map(heard).collect(),
            Origin::Serial { port } => self.serial.get_mut(port).and_then(heard).into_iter().collect(),
        }
    }

    /// The way to `source` is open again after it was not, or for the first time: levels are said anew with the next frames.
    pub fn forget(&mut self, source: &str) {
        if let Some((_, decoder)) = self.serial.get_mut(source) {
            decoder.forget();
        }
    }

    /// Cuts the bytes of a serial port into frames; lines where nothing is wired to a port of that name.
    pub fn framer(&self, port: &str) -> Framer {
        let cut = self.wiring.get(port).map_or_else(|| Box::new(framing::Lines::default()) as _, Wiring::cut);
        Framer { cut }
    }

    /// The table.
    pub fn families() -> &'static [Family] {
        FAMILIES
    }
}

/// Cuts the bytes of one serial port into frames, whatever pieces they come in.
pub struct Framer {
    cut: Box<dyn Cut>,
}

impl Framer {
    /// The frames that these bytes complete, in order. An empty slice says that the line was cut: what was begun is
    /// forgotten.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        if bytes.is_empty() {
            self.cut.forget();
            return Vec::new();
        }
        self.cut.push(bytes)
    }

    /// The same with what is to be written to the port: the frames that `bytes` complete and the answers to them; for an
    /// empty slice (the line was cut and is open again) no frame and the greeting.
    pub fn talk(&mut self, bytes: &[u8]) -> (Vec<Vec<u8>>, Vec<u8>) {
        let frames = self.push(bytes);
        let written = match bytes {
            [] => self.cut.greeting(),
            _ => frames.iter().flat_map(|frame| self.cut.answer(frame)).collect(),
        };
        (frames, written)
    }

    /// What to write to a port that was opened before it is greeted, and how long nothing is to be written after that.
    pub fn wake(&self) -> Option<(Vec<u8>, Span)> {
        self.cut.wake()
    }

    /// Whether a frame has begun and not ended.
    pub fn is_pending(&self) -> bool {
        self.cut.is_pending()
    }
}

/// Names go into lists, logs and the memory of what was heard; no device has one of kilobytes.
fn of_bounded_names(mut readings: Vec<Reading>) -> Decoded {
    let before = readings.len();
    readings.retain(|reading| reading.device.len() <= DEVICE_BYTES_MAX);
    if readings.is_empty() && before > 0 {
        return Decoded::Malformed("name_too_long".to_owned());
    }
    Decoded::Readings(readings)
}

/// Longest topic that is looked at; the longest of a real home have a tenth of it.
pub const TOPIC_BYTES_MAX: usize = 1024;

/// Longest name of a device. Registered ones hold their topic, their place and every word of their meaning, so much is left to them.
const DEVICE_BYTES_MAX: usize = 16 * TOPIC_BYTES_MAX;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_kilobytes_is_nobodys() {
        let mut devices = Devices::all(&Settings::default(), &[]);
        let mut heard = |topic: String, payload: String| {
            devices.decode(&RawFrame { from: Origin::Mqtt { topic }, bytes: payload.into_bytes(), retained: false })
        };
        let (long, motion) = ("x".repeat(20_000), "{\"Switch1\":\"ON\"}");
        assert!(heard(format!("tele/{long}/SENSOR"), motion.to_owned()).is_empty());
        let beacon = |id: &str| format!("{{\"id\":\"{id}\",\"open\":true}}");
        let of =
            |heard: Vec<Heard>| heard.into_iter().find(|heard| heard.family == "theengs").map(|heard| heard.outcome);
        let refused = of(heard("home/hall/BTtoMQTT/x".to_owned(), beacon(&long)));
        assert_eq!(refused, Some(Decoded::Malformed("name_too_long".to_owned())));
        let known = of(heard("home/hall/BTtoMQTT/x".to_owned(), beacon("tag")));
        assert!(matches!(known, Some(Decoded::Readings(readings)) if readings[0].device == "tag"));
    }
}
