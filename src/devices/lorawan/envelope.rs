//! What two networks put around a payload: topics, places in the message, repeats, signal, the bytes as text.

use crate::devices::lenient;
use crate::devices::message::Json;
use crate::model::observation::Measure;
use std::hash::{DefaultHasher, Hash, Hasher};

/// What a topic tells of.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Event<'a> {
    /// ChirpStack, with the DevEUI of the topic.
    ChirpStackUp(&'a str),
    Status(&'a str),
    /// The device spoke, and there is nothing in it for us.
    Spoke(&'a str),
    Log(&'a str),
    ThingsUp,
    ThingsJoin,
    NotForUs,
}

impl<'a> Event<'a> {
    pub(super) fn of(topic: &'a str) -> Option<Event<'a>> {
        let mut levels = topic.splitn(7, '/');
        let mut next = || levels.next();
        match next()? {
            "application" => {
                let (_, "device", eui, "event", event) = (next()?, next()?, next()?, next()?, next()?) else {
                    return None;
                };
                let event = match event {
                    "up" => Event::ChirpStackUp(eui),
                    "status" => Event::Status(eui),
                    "join" | "ack" => Event::Spoke(eui),
                    "log" => Event::Log(eui),
                    // txack is the gateway's word; location and integration are made by machines.
                    "txack" | "location" | "integration" => Event::NotForUs,
                    _ => return None,
                };
                next().is_none().then_some(event)
            }
            "v3" => {
                let (_, "devices", _, event) = (next()?, next()?, next()?, next()?) else { return None };
                Some(match (event, next()) {
                    ("up", None) => Event::ThingsUp,
                    ("join", None) => Event::ThingsJoin,
                    _ => Event::NotForUs,
                })
            }
            _ => None,
        }
    }
}

/// Where a network puts things.
pub(super) struct Places {
    pub(super) data: &'static str,
    pub(super) port: &'static str,
    pub(super) count: &'static str,
    pub(super) address: &'static str,
    pub(super) receptions: &'static str,
    pub(super) battery: Option<&'static str>,
}

pub(super) const CHIRPSTACK: Places =
    Places { data: "/data", port: "/fPort", count: "/fCnt", address: "/devAddr", receptions: "/rxInfo", battery: None };

pub(super) const THINGS: Places = Places {
    data: "/uplink_message/frm_payload",
    port: "/uplink_message/f_port",
    count: "/uplink_message/f_cnt",
    address: "/end_device_ids/dev_addr",
    receptions: "/uplink_message/rx_metadata",
    battery: Some("/uplink_message/last_battery_percentage/value"),
};

/// What tells an uplink from the one before.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Mark {
    deduplication: Option<u64>,
    counted: Option<u64>,
}

impl Mark {
    pub(super) fn of(message: &Json, at: &Places, data: &str) -> Mark {
        let text = |pointer: &str| message.at(pointer).and_then(Json::as_str);
        let count = message.at(at.count).and_then(Json::as_u64);
        Mark {
            deduplication: text("/deduplicationId").map(|id| hashed(&id)),
            counted: count.map(|count| hashed(&(count, text(at.address), data))),
        }
    }

    /// A counter alone is not enough: a device that was switched off begins at 0 again.
    pub(super) fn repeats(&self, last: &Mark) -> bool {
        let same = |a: Option<u64>, b: Option<u64>| a.is_some() && a == b;
        same(self.deduplication, last.deduplication) || same(self.counted, last.counted)
    }
}

fn hashed(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new(); // fixed keys: the same on every run
    of.hash(&mut hasher);
    hasher.finish()
}

/// The network's own word on the battery, where it passes one on with an uplink.
pub(super) fn battery(message: &Json, at: &Places) -> Option<Measure> {
    message.at(at.battery?).and_then(lenient::percent).map(Measure::BatteryPercent)
}

/// How well the best gateway heard it.
pub(super) fn signal(receptions: Option<&Json>) -> Option<Measure> {
    let heard = |reception: &Json| {
        let rssi = lenient::number(reception.get("rssi")?)?;
        let snr = reception.get("snr").and_then(lenient::number).unwrap_or(0.0);
        Some(rssi + snr.min(0.0))
    };
    let best = receptions?.as_list()?.iter().filter_map(heard).reduce(f64::max)?;
    Some(Measure::SignalPercent(((best + 130.0) / 70.0 * 100.0).clamp(0.0, 100.0).round()))
}

/// Both alphabets, with or without the padding.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    if text.len() - digits.len() > 2 || digits.len() % 4 == 1 {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    let (mut held, mut bits) = (0u32, 0);
    for digit in digits.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        held = held << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    Some(bytes)
}
