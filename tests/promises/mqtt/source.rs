//! The home's broker as a source of frames.

use super::fake::{Fake, Mode};
use super::{settings, start, up};
use crate::support::Mosquitto;
use carecircle::model::frame::{Origin, RawFrame};
use carecircle::sources::{self, Event};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;

async fn next(events: &mut mpsc::Receiver<Event>) -> Event {
    timeout(Duration::from_secs(20), events.recv()).await.expect("in time").expect("the source goes on")
}

#[tokio::test]
async fn frames_and_the_state_of_the_link_come_as_they_are() {
    let mut broker = Mosquitto::start();
    let (sensor, mut events) = start(settings("sensor", &broker.url(), &[]));
    up(&mut events).await;
    sensor.publish("zigbee2mqtt/hall", b"\xff{}".to_vec(), true).await.unwrap();

    let (out, mut heard) = mpsc::channel(10);
    let source = settings("gateway", &broker.url(), &["zigbee2mqtt/#"]);
    let source = tokio::spawn(sources::mqtt::run(source, "mqtt".to_owned(), out, Arc::default()));
    let link = |up: bool, why: &str| Event::Link { source: "mqtt".to_owned(), up, why: why.to_owned() };
    assert_eq!(next(&mut heard).await, link(true, ""));
    let none_refused = Event::Refused { source: "mqtt".to_owned(), filters: Vec::new() };
    assert_eq!(next(&mut heard).await, none_refused);
    let frame = RawFrame {
        from: Origin::Mqtt { topic: "zigbee2mqtt/hall".to_owned() },
        bytes: b"\xff{}".to_vec(),
        retained: true,
    };
    assert_eq!(next(&mut heard).await, Event::Frame(frame));

    broker.kill();
    let Event::Link { up: false, why, .. } = next(&mut heard).await else { panic!("the loss is told first") };
    assert!(why.contains("closed the connection"), "{why}");
    drop(heard);
    timeout(Duration::from_secs(20), source).await.expect("ends when nobody reads").unwrap();
}

/// A fake, because Debian's mosquitto takes every subscription and keeps the messages back in silence.
#[tokio::test]
async fn filters_that_the_broker_refuses_are_told() {
    let broker = Fake::start(Mode::RefusesFilters);
    let (out, mut heard) = mpsc::channel(10);
    let source = settings("gateway", &broker.url(), &["zigbee2mqtt/#", "b"]);
    tokio::spawn(sources::mqtt::run(source, "mqtt".to_owned(), out, Arc::default()));
    let Event::Link { up: true, why, .. } = next(&mut heard).await else { panic!("connected all the same") };
    assert!(why.contains("access list"), "{why}");
    let filters = vec!["zigbee2mqtt/#".to_owned(), "b".to_owned()];
    assert_eq!(next(&mut heard).await, Event::Refused { source: "mqtt".to_owned(), filters });
}
