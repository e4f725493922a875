//! An alarm receiving centre by SIA DC-09 over TCP or UDP, in the language of Contact ID or of SIA, plain or encrypted.
//!
//! The receiver's ACK with our sequence number and account is its word that it holds the event; that an operator looked is
//! not in it. Only what is an event there is sent; a person who takes an alert is none. Source: SIA DC-09-2013.

pub mod cipher;
mod events;
mod exchange;
pub mod frame;

use crate::clock;
use crate::model::ids::{ChannelName, PointId, SensorId};
use crate::model::level::Supervision;
use crate::model::time::{Span, span_text};
use crate::mqtt::Broker;
use crate::problem::Problem;
use crate::sinks::https;
use crate::sinks::nature::Nature;
use crate::sinks::{BoxFuture, FromStation, Handed, NotDelivered, Opening, Outgoing, Proves, Sink, What};
use crate::wire;
use cipher::Key;
use events::Event;
use exchange::Line;
use frame::Frame;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;

/// What it is, in one sentence.
pub const SUMMARY: &str = "an alarm receiving centre by SIA DC-09, in Contact ID or SIA";

/// An example for the config.
pub const EXAMPLE: &str =
    r#"dc09 = { receiver = "receiver.example:12345", account = "1234", key_file = "/etc/carecircle/dc09.key" }"#;

/// The keys in the config.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The receiver's name or address, and its port.
    #[serde(deserialize_with = "receiver")]
    pub receiver: String,
    /// Who we are there: 3 to 16 hexadecimal digits.
    #[serde(deserialize_with = "account")]
    pub account: String,
    /// The prefix of the account, as some centres want it: 1 to 6 hexadecimal digits.
    #[serde(default = "no_prefix", deserialize_with = "prefix")]
    pub prefix: String,
    /// Over what.
    #[serde(default)]
    pub transport: Transport,
    /// In which language.
    #[serde(default)]
    pub language: Language,
    /// The file that holds the key in its first line; without it nothing is encrypted.
    pub key_file: Option<PathBuf>,
    /// The receiver hears from us at least so often.
    #[serde(default = "a_minute", deserialize_with = "supervision")]
    pub supervision: Span,
}

impl Nature for Settings {
    fn supervision(&self) -> Supervision {
        Supervision::with_rhythm(self.supervision)
    }

    fn has_own_supervision(&self) -> bool {
        true
    }

    fn numbers_sensors(&self) -> bool {
        true
    }
}

/// Over what it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Transport {
    #[default]
    Tcp,
    Udp,
}

/// In which language events are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Contact ID, SIA DC-05: token `ADM-CID`.
    #[default]
    ContactId,
    /// SIA DC-03: token `SIA-DCS`.
    Sia,
}

fn no_prefix() -> String {
    "0".to_owned()
}

fn a_minute() -> Span {
    Span::seconds(60)
}

fn receiver<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    let parts = text.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)));
    match parts {
        Some((host, 1..)) if !host.is_empty() => Ok(text),
        Some(_) | None => {
            let right = "write name and port as \"receiver.example:12345\"";
            Err(D::Error::custom(format!("\"{text}\" is no address of a receiver; {right}")))
        }
    }
}

fn account<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    digits(from, 3..=16, "an account")
}

fn prefix<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    digits(from, 1..=6, "a prefix of an account")
}

fn digits<'de, D: Deserializer<'de>>(from: D, long: RangeInclusive<usize>, what: &str) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    if long.contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Ok(text);
    }
    let (least, most) = (long.start(), long.end());
    let right = format!("write the {least} to {most} hexadecimal digits that the centre gave");
    Err(D::Error::custom(format!("\"{text}\" is not {what}; {right}")))
}

fn supervision<'de, D: Deserializer<'de>>(from: D) -> Result<Span, D::Error> {
    let span = span_text::deserialize(from)?;
    let is_right = (Span::seconds(60)..=Span::hours(25)).contains(&span);
    if is_right { Ok(span) } else { Err(D::Error::custom("supervision is out of range; from 60s to 25h")) }
}

/// What would keep the channel from working.
pub fn check(settings: &Settings) -> Result<(), Problem> {
    key(settings).map(drop)
}

fn key(settings: &Settings) -> Result<Option<Key>, Problem> {
    let Some(file) = &settings.key_file else { return Ok(None) };
    let wrong = |why: String| Problem::of(file.display().to_string(), why).with_deed("take the key the centre gave");
    Key::parse(&https::first_line(file)?).map(Some).map_err(wrong)
}

/// There is no broker behind it.
pub fn broker(_: &Settings) -> Option<&Broker> {
    None
}

/// The files it names.
pub fn files(settings: &Settings) -> Vec<&Path> {
    settings.key_file.iter().map(PathBuf::as_path).collect()
}

/// Opens the channel; nothing is sent before there is something to send.
pub fn open(settings: &Settings, opening: Opening) -> Result<Arc<dyn Sink>, Problem> {
    let Opening { channel, point, sensors, from_station, .. } = opening;
    let line = Line::new(settings.receiver.clone(), settings.transport, key(settings)?);
    let settings = settings.clone();
    let state = Mutex::new(State { is_up: None });
    Ok(Arc::new(Dc09 { channel, point, settings, sensors, line, from_station, state }))
}

struct Dc09 {
    channel: ChannelName,
    point: PointId,
    settings: Settings,
    /// In the order of the config: the zone of a sensor is its place in it, from 1.
    sensors: Vec<SensorId>,
    line: Line,
    from_station: mpsc::Sender<FromStation>,
    state: Mutex<State>,
}

/// What is known of the receiver.
#[derive(Debug, Clone, Copy)]
struct State {
    /// Whether it answered the last time.
    is_up: Option<bool>,
}

impl Sink for Dc09 {
    fn name(&self) -> &str {
        self.channel.as_str()
    }

    fn deliver<'a>(&'a self, outgoing: &'a Outgoing) -> BoxFuture<'a, Result<Handed, NotDelivered>> {
        Box::pin(async move {
            let notice = &outgoing.notice;
            let Some(event) = Event::of(notice) else { return Ok(Handed::NotTheirs) };
            let zone = event.sensor.map_or(0, |sensor| self.zone(sensor));
            let account = &self.settings.account;
            let (token, data) = match self.settings.language {
                Language::ContactId => ("ADM-CID", format!("#{account}|{}", event.as_contact_id(zone))),
                Language::Sia => ("SIA-DCS", format!("#{account}|{}", event.as_sia(zone))),
            };
            self.exchange(token, sequence(notice), data, notice.clock_trusted).await?;
            let (home, alert, step) = (notice.home.clone(), notice.alert, notice.step.number);
            let point = outgoing.point.clone();
            Ok(Handed::Receipt(wire::Receipt { v: wire::VERSION, home, alert, step, point, at: clock::now() }))
        })
    }

    fn heartbeat<'a>(
        &'a self,
        point: &'a PointId,
        heartbeat: &'a wire::Heartbeat,
    ) -> BoxFuture<'a, Result<(), NotDelivered>> {
        Box::pin(async move {
            // They come in the rhythm that `supervision` sets.
            match *point == self.point {
                true => self.exchange("NULL", 0, String::new(), heartbeat.clock_trusted).await,
                false => Ok(()),
            }
        })
    }

    fn proves(&self) -> Proves {
        Proves::Heartbeat
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), NotDelivered>> {
        Box::pin(self.exchange("NULL", 0, String::new(), true))
    }
}

impl Dc09 {
    fn zone(&self, sensor: &SensorId) -> u16 {
        let place = self.sensors.iter().position(|other| other == sensor);
        place.and_then(|place| u16::try_from(place + 1).ok()).unwrap_or_default()
    }

    async fn exchange(
        &self,
        token: &str,
        sequence: u16,
        data: String,
        clock_trusted: bool,
    ) -> Result<(), NotDelivered> {
        let frame = Frame {
            token: token.to_owned(),
            sequence,
            receiver: None,
            prefix: self.settings.prefix.clone(),
            account: Some(self.settings.account.clone()),
            data,
            more: Vec::new(),
            at: None,
        };
        let result = self.line.exchange(frame, clock_trusted).await;
        self.note(&result);
        result
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// There is no connection that stands: whether the receiver is there is known from its answers alone.
    fn note(&self, result: &Result<(), NotDelivered>) {
        let mut state = self.state();
        let before = state.is_up.replace(result.is_ok());
        let what = match result {
            Ok(()) => What::Up,
            Err(NotDelivered::Later(why) | NotDelivered::Never(why)) => What::Down { why: why.clone() },
        };
        if before != state.is_up {
            // Where so much waits to be read that this has no room, the next exchange says it again.
            let told = self.from_station.try_send(FromStation { channel: self.channel.clone(), what });
            state.is_up = state.is_up.filter(|_| told.is_ok());
        }
    }
}

/// The number of a notice is always the same: a repeat after a lost answer, or a restart, is known as a repeat. Neighbours
/// differ, so that a late answer to one is none to the next. 0 is left to NULL.
fn sequence(notice: &wire::Notice) -> u16 {
    let (alert, step) = (notice.alert.number % 9999, u64::from(notice.step.number));
    1 + ((alert * 101 + step) % 9999) as u16
}

#[cfg(test)]
mod tests;
