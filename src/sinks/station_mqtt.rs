//! The station by MQTT: notices and heartbeats up, receipts and steps down, over a connection of its own.
//!
//! PUBACK is the broker's word and moves nothing but the next attempt; the station's receipt comes as [`What::Receipt`].

use crate::model::ids::{ChannelName, HomeId, PointId};
use crate::model::level::{Level, Supervision};
use crate::model::suspension::Suspend;
use crate::mqtt::{self, Broker, Link, NotPublished, Will};
use crate::problem::Problem;
use crate::sinks::nature::Nature;
use crate::sinks::{
    BoxFuture, FromStation, FromSuspending, Handed, Live, NotDelivered, Opening, Outgoing, Proves, Sink, What,
};
use crate::wire::{self, Down, Topic, Up, Wire};
use std::path::Path;
use std::sync::Arc;
use tokio::sync::mpsc;

/// What it is, in one sentence.
pub const SUMMARY: &str = "the station by MQTT, through its own or its district's broker";

/// An example for the config.
pub const EXAMPLE: &str = r#"station_mqtt = { broker = "mqtts://district.example:8883", ca = "/etc/carecircle/ca.pem", credentials = "/etc/carecircle/home.pem" }"#;

/// The keys in the config.
pub type Settings = mqtt::Access;

impl Nature for Settings {
    fn supervision(&self) -> Supervision {
        Level::Seconds180.into()
    }
}

/// What would keep the channel from working.
pub fn check(settings: &Settings) -> Result<(), Problem> {
    settings.settings("check").map(drop)
}

/// The broker behind the channel, for an online check.
pub fn broker(settings: &Settings) -> Option<&Broker> {
    Some(&settings.broker)
}

/// The files it names.
pub fn files(settings: &Settings) -> Vec<&Path> {
    settings.files()
}

/// Opens the channel.
pub fn open(settings: &Settings, opening: Opening) -> Result<Arc<dyn Sink>, Problem> {
    let Opening { channel, home, point, from_station, alive, .. } = opening;
    let topic = Topic::Up(home.clone(), point.clone(), Up::Link).to_string();
    let link_is = |online| wire::Link { v: wire::VERSION, online }.to_bytes();
    // One id per home and way: a second gateway of the same home throws the first one out, and is noticed by that, and a
    // channel that leads to two points does not throw itself out.
    let client_id = if channel.as_str() == point.as_str() {
        format!("{home}.{channel}")
    } else {
        format!("{home}.{channel}.{point}")
    };
    let connection = mqtt::Settings {
        filters: vec![wire::down_filter(&home)],
        will: Some(Will { topic: topic.clone(), payload: link_is(false), retain: true }),
        announce: Some((topic, link_is(true))),
        ..settings.settings(client_id)?
    };
    let (link, events) = mqtt::start(connection, alive);
    tokio::spawn(listen(events, channel.clone(), home.clone(), point, from_station));
    Ok(Arc::new(StationMqtt { channel, home, link }))
}

struct StationMqtt {
    channel: ChannelName,
    home: HomeId,
    link: Link,
}

impl Sink for StationMqtt {
    fn name(&self) -> &str {
        self.channel.as_str()
    }

    fn deliver<'a>(&'a self, notice: &'a Outgoing) -> BoxFuture<'a, Result<Handed, NotDelivered>> {
        Box::pin(async move {
            let (topic, body) = message(notice);
            self.link.publish(&topic, body, false).await?;
            Ok(Handed::Accepted)
        })
    }

    fn heartbeat<'a>(
        &'a self,
        point: &'a PointId,
        heartbeat: &'a wire::Heartbeat,
    ) -> BoxFuture<'a, Result<(), NotDelivered>> {
        Box::pin(async move {
            let topic = Topic::Up(self.home.clone(), point.clone(), Up::Heartbeat).to_string();
            Ok(self.link.publish(&topic, heartbeat.to_bytes(), false).await?)
        })
    }

    fn say<'a>(&'a self, point: &'a PointId, said: &'a Live) -> BoxFuture<'a, Result<(), NotDelivered>> {
        Box::pin(async move {
            let (up, bytes) = match said {
                Live::Activity(activity) => (Up::Activity, activity.to_bytes()),
                Live::Walk(walk) => (Up::Walk, walk.to_bytes()),
            };
            let topic = Topic::Up(self.home.clone(), point.clone(), up).to_string();
            Ok(self.link.publish(&topic, bytes, false).await?)
        })
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), NotDelivered>> {
        Box::pin(async move {
            match self.link.why_down() {
                None => Ok(()),
                Some(why) => Err(NotDelivered::Later(why)),
            }
        })
    }

    fn proves(&self) -> Proves {
        Proves::Answer
    }

    fn has_task(&self) -> bool {
        true
    }

    fn stop(&self) {
        self.link.stop();
    }
}

/// A notice as it is published.
pub(crate) fn message(notice: &Outgoing) -> (String, Vec<u8>) {
    (Topic::Up(notice.home.clone(), notice.point.clone(), Up::Notice).to_string(), notice.notice.to_bytes())
}

impl From<NotPublished> for NotDelivered {
    fn from(error: NotPublished) -> NotDelivered {
        match error {
            NotPublished::Down(_) | NotPublished::NoAnswer(_) => NotDelivered::Later(error.to_string()),
            NotPublished::Never(why) => NotDelivered::Never(why),
        }
    }
}

/// Passes on what the station says until the link or the listener ends.
async fn listen(
    mut events: mpsc::Receiver<mqtt::Event>,
    channel: ChannelName,
    home: HomeId,
    point: PointId,
    from_station: mpsc::Sender<FromStation>,
) {
    while let Some(event) = events.recv().await {
        if let mqtt::Event::Up | mqtt::Event::Down { .. } = &event {
            let what = What::Connection { point: point.clone(), up: matches!(event, mqtt::Event::Up) };
            if from_station.send(FromStation { channel: channel.clone(), what }).await.is_err() {
                return;
            }
        }
        let what = match event {
            mqtt::Event::Up => What::Up,
            mqtt::Event::Down { why } => What::Down { why },
            mqtt::Event::Message { topic, payload, retained, .. } => {
                read(&home, &topic, &payload, retained).unwrap_or_else(|why| What::Refused { topic, why })
            }
        };
        if from_station.send(FromStation { channel: channel.clone(), what }).await.is_err() {
            return;
        }
    }
}

/// What a message to this home says; an error says why it says nothing.
pub(crate) fn read(home: &HomeId, topic: &str, payload: &[u8], retained: bool) -> Result<What, String> {
    let ours = |said: &HomeId| {
        if said == home { Ok(()) } else { Err(format!("it speaks of the home {said}, and this is {home}")) }
    };
    match Topic::parse(topic) {
        Some(Topic::Down(_, Down::Receipt)) => {
            let receipt = wire::Receipt::from_bytes(payload).map_err(|error| error.to_string())?;
            ours(&receipt.home).map(|()| What::Receipt(receipt))
        }
        Some(Topic::Down(_, Down::Step)) => {
            if retained {
                return Err("a step must not be retained: nobody does it again whenever this home connects".to_owned());
            }
            let step = wire::StationStep::from_bytes(payload).map_err(|error| error.to_string())?;
            ours(&step.home).map(|()| What::Step(step))
        }
        Some(Topic::Down(_, Down::Greeting)) => {
            let greeting = wire::Greeting::from_bytes(payload).map_err(|error| error.to_string())?;
            ours(&greeting.home).map(|()| What::Greeting)
        }
        Some(Topic::Down(_, Down::Heard)) => {
            if retained {
                return Err("an answer to a heartbeat must not be retained: it proves nothing later".to_owned());
            }
            let heard = wire::Heard::from_bytes(payload).map_err(|error| error.to_string())?;
            ours(&heard.home).map(|()| What::Heard(heard))
        }
        Some(Topic::Down(_, Down::Look)) => {
            if retained {
                return Err("a question must not be retained: nobody looks whenever this home connects".to_owned());
            }
            let look = wire::Look::from_bytes(payload).map_err(|error| error.to_string())?;
            ours(&look.home).map(|()| What::Look(look))
        }
        Some(Topic::Down(_, Down::Suspension)) => {
            let change = suspension(payload, retained).and_then(|said| ours(&said.home).map(|()| said.what));
            Ok(What::Suspend(FromSuspending { id: id_of(payload), change }))
        }
        Some(Topic::Down(_, Down::Directory)) => {
            let directory = wire::Directory::from_bytes(payload).map_err(|error| error.to_string())?;
            ours(&directory.home).map(|()| What::Directory(directory))
        }
        Some(Topic::Up(..)) | None => Err("nobody speaks to a home on this topic".to_owned()),
    }
}

fn suspension(payload: &[u8], retained: bool) -> Result<Suspend, String> {
    if retained {
        return Err("a suspension must not be retained: it would begin again whenever this home connects".to_owned());
    }
    Suspend::from_bytes(payload).map_err(|error| error.to_string())
}

/// The id of a body that may not be readable otherwise: also such a one is answered.
fn id_of(payload: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Named {
        id: String,
    }
    let Named { id } = serde_json::from_slice(payload).ok()?;
    (id.len() <= ID_BYTES_MAX).then_some(id)
}

/// What is longer is no id and is not carried back.
const ID_BYTES_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> HomeId {
        HomeId::new("ky-0412").unwrap()
    }

    fn receipt(home: &str) -> Vec<u8> {
        format!(
            r#"{{"v":1,"home":"{home}","alert":{{"number":7,"raised_at_ms":1}},"step":1,"point":"lehe","at_ms":2}}"#
        )
        .into_bytes()
    }

    #[test]
    fn a_receipt_of_another_home_closes_nothing_here() {
        let topic = "carecircle/v1/ky-0412/down/receipt";
        assert!(matches!(read(&home(), topic, &receipt("ky-0412"), false), Ok(What::Receipt(_))));
        assert!(read(&home(), topic, &receipt("ky-0413"), false).unwrap_err().contains("ky-0413"));
    }

    #[test]
    fn the_stations_answer_to_a_heartbeat_is_for_this_home_and_for_now() {
        let heard = |home: &str| {
            format!(r#"{{"v":1,"home":"{home}","point":"lehe","seq":7,"run":2,"at_ms":2,"new":1}}"#).into_bytes()
        };
        let topic = "carecircle/v1/ky-0412/down/heard";
        let Ok(What::Heard(answer)) = read(&home(), topic, &heard("ky-0412"), false) else { panic!("not read") };
        assert_eq!((answer.seq, answer.run, answer.boot), (7, 2, None));
        assert!(read(&home(), topic, &heard("ky-0412"), true).unwrap_err().contains("retained"));
        assert!(read(&home(), topic, &heard("ky-0413"), false).unwrap_err().contains("ky-0413"));
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_words() {
        let refused = |topic: &str, body: &[u8], retained| read(&home(), topic, body, retained).unwrap_err();
        assert!(refused("carecircle/v1/ky-0412/down/receipt", b"{", false).contains("not a body"));
        assert!(refused("carecircle/v1/ky-0412/down/receipt", br#"{"v":2}"#, false).contains("version 2"));
        assert!(refused("carecircle/v1/ky-0412/down/step", b"{}", true).contains("retained"));
        assert!(refused("carecircle/v1/ky-0412/down/directory", b"{\"v\":1}", true).contains("home"));
        assert!(refused("other/topic", b"{}", false).contains("nobody speaks"));
    }

    #[test]
    fn a_suspension_that_cannot_be_used_is_refused_by_its_id() {
        let said = |body: &[u8], retained| match read(&home(), "carecircle/v1/ky-0412/down/suspension", body, retained)
        {
            Ok(What::Suspend(said)) => said,
            other => panic!("{other:?}"),
        };
        let endless =
            br#"{"v":1,"home":"ky-0412","id":"k1","change":"begin","kind":"hospital","owner":"p-03","from_ms":1}"#;
        let (answer, kept) = (said(endless, false), said(endless, true));
        assert_eq!(answer.id.as_deref(), Some("k1"));
        assert!(answer.change.unwrap_err().contains("until_ms") && kept.change.unwrap_err().contains("retained"));
        let whole = br#"{"v":1,"home":"ky-0412","change":"end","kind":"hospital","owner":"p-03"}"#;
        assert!(said(whole, false).change.is_ok() && said(whole, false).id.is_none(), "an older station gives no id");
        let other = br#"{"v":1,"home":"ky-0413","id":"k2","change":"end","kind":"hospital","owner":"p-03"}"#;
        assert!(said(other, false).change.unwrap_err().contains("ky-0413"));
        let long = format!(r#"{{"id":"{}"}}"#, "x".repeat(65));
        assert_eq!(said(long.as_bytes(), false).id, None);
    }
}
