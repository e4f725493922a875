//! `listen --pair`: opens the joining of Zigbee2MQTT for a while, shows who joins, and what to write for each.
//!
//! ```text
//! → <base>/bridge/request/permit_join    {"value":true,"time":120}     releases before 2.0 want `value`, later ones `time`
//! ← <base>/bridge/response/permit_join   {"status":"ok","data":{…}} | {"status":"error","error":"…"}
//! ← <base>/bridge/event                  {"type":"device_joined" | "device_interview" | "device_announce" | "device_leave","data":{…}}
//! → <base>/bridge/request/permit_join    {"value":false,"time":0}      at the end and on Ctrl-C
//! ```

use crate::clock;
use crate::cmd::init::found::Device;
use crate::cmd::init::write;
use crate::cmd::init::zigbee;
use crate::config::Gateway;
use crate::model::time::Span;
use crate::mqtt::{self, Event, Link};
use crate::problem::Problem;
use crate::text::shown;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Longest that a Zigbee network stays open by itself.
pub const SECONDS_MAX: u64 = 254;

/// Lets devices join for `seconds`.
pub async fn run(config: &Gateway, seconds: u64, is_json: bool) -> Result<(), Problem> {
    let Some(access) = &config.mqtt else {
        return Err(Problem::new("the configuration has no broker, so no Zigbee2MQTT can be asked")
            .with_deed("add [mqtt] with broker = \"mqtt://127.0.0.1:1883\""));
    };
    let bases = &config.devices.zigbee2mqtt.base_topics;
    let [base, others @ ..] = bases.as_slice() else {
        return Err(Problem::new("base_topics of [zigbee2mqtt] is empty"));
    };
    let filters = ["event", "response/permit_join", "state"].map(|topic| format!("{base}/bridge/{topic}"));
    let client_id = format!("{}.pair-{}", config.home.id, std::process::id());
    let settings = mqtt::Settings { filters: filters.into(), ..access.settings(client_id)? };
    let (link, events) = mqtt::start_for_large(settings, Arc::default());
    let known = config.addresses.iter().filter(|(_, address)| address.family() == "zigbee2mqtt");
    let known = known.map(|(_, address)| address.device().split('#').next().unwrap_or_default().to_owned()).collect();
    let mut pairing =
        Pairing { base: base.clone(), link, events, known, joined: BTreeSet::new(), is_asked: false, is_json };
    if !others.is_empty() {
        pairing.say(json!({"not_opened": others}), &format!("only \"{base}\" is opened, not {}", others.join(", ")));
    }
    // Waits from here on, so that no Ctrl-C leaves the network open.
    let mut stop = std::pin::pin!(asked_to_stop());
    let opened = tokio::select! {
        opened = pairing.open(seconds) => opened,
        () = &mut stop => Ok(()),
    };
    if opened.is_ok() {
        tokio::select! {
            () = pairing.watch(seconds) => {}
            () = &mut stop => {}
        }
    }
    match &opened {
        Ok(()) if pairing.is_asked => pairing.close(seconds).await,
        // What was asked for may have arrived all the same; who did not answer that is not waited for again.
        Err(_) if pairing.is_asked => drop(pairing.request(false, 0).await),
        Ok(()) | Err(_) => {}
    }
    pairing.link.stop();
    opened
}

struct Pairing {
    base: String,
    link: Link,
    events: mpsc::Receiver<Event>,
    /// Friendly names of the registered devices.
    known: BTreeSet<String>,
    joined: BTreeSet<String>,
    /// The network was asked to open.
    is_asked: bool,
    is_json: bool,
}

impl Pairing {
    async fn open(&mut self, seconds: u64) -> Result<(), Problem> {
        self.up().await?;
        self.is_asked = true;
        self.request(true, seconds).await?;
        self.answered().await?;
        let text = format!(
            "joining is open for {seconds} s. Put each new device into its pairing mode: a new battery,\n\
             or its button held for 5 to 10 s until a light blinks. Press it now and then."
        );
        self.say(json!({"joining": "open", "seconds": seconds}), &text);
        Ok(())
    }

    async fn up(&mut self) -> Result<(), Problem> {
        match timeout(ANSWER_WITHIN, self.events.recv()).await {
            Ok(Some(Event::Up)) => Ok(()),
            Ok(Some(Event::Down { why })) => Err(Problem::new(why)),
            Ok(Some(Event::Message { .. }) | None) | Err(_) => Err(Problem::new("the broker does not answer")),
        }
    }

    async fn request(&self, is_open: bool, seconds: u64) -> Result<(), Problem> {
        let topic = format!("{}/bridge/request/permit_join", self.base);
        let body = json!({"value": is_open, "time": if is_open { seconds } else { 0 }}).to_string();
        self.link.publish(&topic, body.into_bytes(), false).await.map_err(|why| Problem::of(topic, why.to_string()))
    }

    /// Waits for the bridge's word on the request.
    async fn answered(&mut self) -> Result<(), Problem> {
        let end = clock::since_boot() + span(ANSWER_WITHIN);
        let mut is_offline = false;
        while let Some((topic, said)) = self.next(end).await {
            if topic == "state" {
                is_offline = said == "offline" || said["state"] == "offline";
            }
            if topic != "response/permit_join" {
                continue;
            }
            if said["status"] == "ok" {
                return Ok(());
            }
            let why = shown(said["error"].as_str().unwrap_or("without a reason"), 200);
            return Err(Problem::of(self.base.clone(), format!("Zigbee2MQTT refuses to open: {why}")));
        }
        let what = if is_offline { "Zigbee2MQTT is offline" } else { "no Zigbee2MQTT answers" };
        let deed = "does it run? systemctl status zigbee2mqtt; is its base topic in [zigbee2mqtt] base_topics?";
        Err(Problem::of(self.base.clone(), what).with_deed(deed))
    }

    /// Shows who joins until the time is over.
    async fn watch(&mut self, seconds: u64) {
        let end = clock::since_boot() + Span::seconds(i64::try_from(seconds).unwrap_or(i64::MAX));
        while let Some((topic, said)) = self.next(end).await {
            if topic == "event" {
                self.event(&said);
            }
        }
    }

    fn event(&mut self, said: &Value) {
        let data = &said["data"];
        let Some(name) = data["friendly_name"].as_str() else { return };
        let shown_name = shown(name, 40);
        let status = data["status"].as_str().unwrap_or_default();
        match (said["type"].as_str().unwrap_or_default(), status) {
            ("device_joined", _) => {
                self.say(json!({"joined": name}), &format!("{shown_name} has joined; it is asked what it is"));
            }
            ("device_announce", _) if self.known.contains(name) => {
                self.say(json!({"announced": name}), &format!("{shown_name} is there again; it is registered already"));
            }
            ("device_interview", "failed") => {
                let text = format!("{shown_name} did not say what it is; hold it near the stick and let it join again");
                self.say(json!({"failed": name}), &text);
            }
            ("device_interview", "successful") => self.interviewed(name, data),
            ("device_leave", _) => self.say(json!({"left": name}), &format!("{shown_name} has left")),
            _ => {}
        }
    }

    fn interviewed(&mut self, name: &str, data: &Value) {
        if self.joined.len() >= JOINED_MAX || !self.joined.insert(name.to_owned()) {
            return;
        }
        let shown_name = shown(name, 40);
        if self.known.contains(name) {
            self.say(json!({"known": name}), &format!("{shown_name} is registered already"));
            return;
        }
        match zigbee::device(data) {
            None => self.say(json!({"no_sensor": name}), &format!("{shown_name} is no sensor")),
            Some(device) => {
                let about = shown(&device.about, 60);
                let snippet = snippet(device);
                let lines: Vec<String> = snippet.lines().map(|line| format!("    {line}")).collect();
                let text = format!("{shown_name} is {about}; to register it:\n{}", lines.join("\n"));
                self.say(json!({"new_device": name, "about": about, "snippet": snippet}), &text);
            }
        }
    }

    /// Closes the network again, and says so if that is not certain.
    async fn close(&mut self, seconds: u64) {
        let closed = match self.request(false, 0).await {
            Ok(()) => self.answered().await,
            Err(problem) => Err(problem),
        };
        let text = match &closed {
            Ok(()) => "joining is closed".to_owned(),
            Err(problem) => format!("{problem}\njoining may still be open; it closes by itself within {seconds} s"),
        };
        let count = self.joined.len();
        self.say(json!({"joining": if closed.is_ok() { "closed" } else { "unknown" }, "new_devices": count}), &text);
    }

    /// The next word of the bridge, by its topic below `<base>/bridge/`; none at `end`.
    async fn next(&mut self, end: Span) -> Option<(String, Value)> {
        loop {
            let left = (end - clock::since_boot()).to_std().ok()?;
            let event = timeout(left, self.events.recv()).await.ok()??;
            let Event::Message { topic, payload, .. } = event else { continue };
            let Some(topic) = topic.strip_prefix(&format!("{}/bridge/", self.base)) else { continue };
            let said = serde_json::from_slice(&payload);
            let said = said.unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&payload)));
            return Some((topic.to_owned(), said));
        }
    }

    fn say(&self, said: Value, text: &str) {
        let line = if self.is_json { said.to_string() } else { text.to_owned() };
        let mut output = io::stdout().lock();
        // A reader that has gone does not keep the network open: the time does not depend on it.
        drop(writeln!(output, "{line}").and_then(|()| output.flush()));
    }
}

/// What to write for a device that has joined.
fn snippet(device: Device) -> String {
    let note = device.doubt.map(|doubt| format!("# TO DO: {doubt}\n")).unwrap_or_default();
    format!("{note}{}", write::section(&device.into()))
}

/// Ctrl-C, or a stop by the system.
async fn asked_to_stop() {
    let asked = |kind| async move {
        match signal(kind) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = asked(SignalKind::interrupt()) => {}
        () = asked(SignalKind::terminate()) => {}
    }
}

fn span(duration: Duration) -> Span {
    Span::from_std(duration).unwrap_or_default()
}

const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// So many pieces of a flat are not paired in four minutes.
const JOINED_MAX: usize = 100;
