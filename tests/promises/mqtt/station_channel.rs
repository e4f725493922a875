//! The channel to the station: what goes up, what comes down, and what the station sees when the home is gone.

use super::{message, settings, start, up};
use crate::support::Mosquitto;
use carecircle::model::ids::{ChannelName, HomeId, PointId};
use carecircle::model::time::Zone;
use carecircle::sinks::{ChannelSettings, FromStation, Handed, NotDelivered, Opening, Outgoing, Sink, What};
use carecircle::wire::{self, Wire};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;

const LINK: &str = "carecircle/v1/ky-0412/up/lehe/link";
const NOTICE: &str = r#"{"v":1,"home":"ky-0412","place":"4-2-301","alert":{"number":7,"raised_at_ms":1000},
    "step":{"number":1,"at_ms":1000,"by":{"role":"home"},"deed":"receive"},
    "state":{"reason":{"rule":"call_button","sensor":"pendant","press":"single"},"severity":"emergency",
        "phase":"raised","count":1,"escalated":0},
    "age_secs":0.5,"clock_trusted":true,"durable":true}"#;

fn open(url: &str) -> (Arc<dyn Sink>, mpsc::Receiver<FromStation>) {
    let (from_station, heard) = mpsc::channel(10);
    let text = format!("station_mqtt = {{ broker = \"{url}\" }}");
    let opening = Opening {
        channel: ChannelName::new("lehe").unwrap(),
        home: HomeId::new("ky-0412").unwrap(),
        point: PointId::new("lehe").unwrap(),
        sensors: Vec::new(),
        zone: Zone::utc(),
        from_station,
        alive: Arc::default(),
        modems: Default::default(),
    };
    (toml::from_str::<ChannelSettings>(&text).unwrap().open(opening).unwrap(), heard)
}

/// What it says next, of the channel: that the connection of one point was made or has ended stands beside it.
async fn next(heard: &mut mpsc::Receiver<FromStation>) -> What {
    loop {
        let said = timeout(Duration::from_secs(20), heard.recv()).await.expect("in time").expect("the channel goes on");
        assert_eq!(said.channel.as_str(), "lehe");
        if !matches!(said.what, What::Connection { .. }) {
            return said.what;
        }
    }
}

fn outgoing() -> Outgoing {
    let notice = wire::Notice::from_bytes(NOTICE.as_bytes()).unwrap();
    Outgoing { home: notice.home.clone(), point: PointId::new("lehe").unwrap(), notice }
}

fn online(payload: &[u8]) -> bool {
    wire::Link::from_bytes(payload).unwrap().online
}

#[tokio::test]
async fn a_notice_goes_up_and_its_receipt_comes_down() {
    let broker = Mosquitto::start();
    let (station, mut events) = start(settings("station", &broker.url(), &["carecircle/v1/+/up/lehe/#"]));
    up(&mut events).await;
    let (sink, mut heard) = open(&broker.url());
    assert_eq!(next(&mut heard).await, What::Up);
    assert_eq!(sink.probe().await, Ok(()));
    let (topic, payload, _) = message(&mut events).await;
    assert!(topic == LINK && online(&payload));

    let notice = outgoing();
    assert_eq!(sink.deliver(&notice).await, Ok(Handed::Accepted));
    let (topic, payload, retained) = message(&mut events).await;
    assert_eq!((topic.as_str(), retained), ("carecircle/v1/ky-0412/up/lehe/notice", false));
    assert_eq!(wire::Notice::from_bytes(&payload).unwrap(), notice.notice);

    let receipt = wire::Receipt {
        v: 1,
        home: notice.home.clone(),
        alert: notice.notice.alert,
        step: 1,
        point: notice.point.clone(),
        at: notice.notice.alert.raised_at,
    };
    station.publish("carecircle/v1/ky-0412/down/receipt", receipt.to_bytes(), false).await.unwrap();
    assert_eq!(next(&mut heard).await, What::Receipt(receipt));
    station.publish("carecircle/v1/ky-0412/down/step", b"nonsense".to_vec(), false).await.unwrap();
    assert!(matches!(next(&mut heard).await, What::Refused { topic, .. } if topic.ends_with("/down/step")));

    sink.stop();
    let (topic, payload, _) = message(&mut events).await;
    assert!(topic == LINK && !online(&payload), "the station sees an orderly stop at once");
}

#[tokio::test]
async fn a_notice_without_a_broker_is_told_to_come_later_at_once() {
    let mut broker = Mosquitto::start();
    let (sink, mut heard) = open(&broker.url());
    assert_eq!(next(&mut heard).await, What::Up);
    broker.kill();
    assert!(matches!(next(&mut heard).await, What::Down { .. }));
    let notice = outgoing();
    let answer = timeout(Duration::from_secs(1), sink.deliver(&notice)).await.expect("at once");
    assert!(matches!(answer, Err(NotDelivered::Later(_))), "{answer:?}");
    assert!(matches!(sink.probe().await, Err(NotDelivered::Later(_))));
    broker.restart();
    while next(&mut heard).await != What::Up {}
    assert_eq!(sink.deliver(&notice).await, Ok(Handed::Accepted));
}

#[tokio::test]
async fn a_notice_that_no_broker_would_take_is_told_never_to_come() {
    let broker = Mosquitto::start();
    let (sink, mut heard) = open(&broker.url());
    assert_eq!(next(&mut heard).await, What::Up);
    let mut notice = outgoing();
    notice.notice.place = "x".repeat(70_000);
    assert!(matches!(sink.deliver(&notice).await, Err(NotDelivered::Never(_))));
}

#[test]
fn every_kind_of_channel_has_an_example_that_parses_under_its_own_name() {
    for row in ChannelSettings::ROWS {
        let settings: ChannelSettings = toml::from_str(row.example).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(settings.kind(), row.name);
        assert!(!row.summary.is_empty());
    }
    let unknown = "station_mqtt = { broker = \"mqtt://localhost\", usr = \"me\" }";
    assert!(toml::from_str::<ChannelSettings>(unknown).unwrap_err().to_string().contains("usr"));
    let address = "station_mqtt = { broker = \"localhost\" }";
    assert!(toml::from_str::<ChannelSettings>(address).unwrap_err().to_string().contains("mqtt://localhost"));
}
