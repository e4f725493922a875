//! A session that the broker keeps: what was not acknowledged comes again, what waited is told apart from what is new.

use super::{DEADLINE, next, readable, settings, start, up};
use crate::support::Mosquitto;
use carecircle::mqtt::{self, Delivery, Event, Kept, Link, Pace};
use std::process::Stdio;
use std::time::Duration;
use tokio::sync::mpsc::Receiver;
use tokio::time::timeout;

fn keep(broker: &Mosquitto, filters: &[&str], dropped: &[&str]) -> (Link, Receiver<Event>) {
    let dropped_filters = dropped.iter().map(|filter| (*filter).to_owned()).collect();
    let kept = Kept { dropped_filters, ..Kept::default() };
    mqtt::start_kept(settings("home", &broker.url(), filters), kept, Default::default())
}

async fn delivered(events: &mut Receiver<Event>) -> (String, Delivery) {
    loop {
        if let Event::Message { payload, kept, .. } = next(events).await {
            return (String::from_utf8(payload).unwrap(), kept.expect("the session is kept"));
        }
    }
}

/// Ends a connection; what is still on its way is not acknowledged any more.
async fn cut(link: &Link, mut events: Receiver<Event>) {
    link.stop();
    while timeout(DEADLINE, events.recv()).await.expect("the link ends").is_some() {}
}

#[tokio::test]
async fn what_was_not_acknowledged_comes_again_late_under_its_number_and_nothing_else_does() {
    let broker = Mosquitto::start();
    let (sensor, mut events) = start(settings("sensor", &broker.url(), &[]));
    up(&mut events).await;
    let (link, mut home) = keep(&broker, &["x"], &[]);
    up(&mut home).await;
    sensor.publish("x", b"done".to_vec(), false).await.unwrap();
    sensor.publish("x", b"begun".to_vec(), false).await.unwrap();
    let (_, done) = delivered(&mut home).await;
    let (_, begun) = delivered(&mut home).await;
    assert!(!done.late && !begun.late);
    done.acknowledge();
    // The next acknowledged message proves that the one before it has reached the broker.
    sensor.publish("x", b"after".to_vec(), false).await.unwrap();
    delivered(&mut home).await.1.acknowledge();
    link.publish("y", b"passed".to_vec(), false).await.unwrap();
    cut(&link, home).await;
    sensor.publish("x", b"meanwhile".to_vec(), false).await.unwrap();

    let (_link, mut home) = keep(&broker, &["x"], &[]);
    let (payload, again) = delivered(&mut home).await;
    assert_eq!((payload.as_str(), again.late, again.number), ("begun", true, begun.number));
    again.acknowledge();
    let (payload, meanwhile) = delivered(&mut home).await;
    assert_eq!((payload.as_str(), meanwhile.late), ("meanwhile", true));
    meanwhile.acknowledge();
}

#[tokio::test]
async fn all_that_waited_is_late_also_beyond_the_first_twenty_and_what_follows_is_not() {
    let broker = Mosquitto::start();
    let (link, mut home) = keep(&broker, &["x"], &[]);
    up(&mut home).await;
    cut(&link, home).await;
    publish_lines(&broker, "1", 900);
    let (_link, mut home) = keep(&broker, &["x"], &[]);
    for number in 0..900 {
        let (payload, delivery) = delivered(&mut home).await;
        assert_eq!((payload, delivery.late), (number.to_string(), true));
        delivery.acknowledge();
    }
    expect_fresh(&broker, &mut home).await;
}

/// Mosquitto 2.0.11 with `queue_qos0_messages true` delivers nothing at QoS 1 any more once twenty messages at QoS 0
/// have waited: a session like that would make a home deaf for presses.
#[tokio::test]
async fn a_session_that_delivers_nothing_any_more_is_given_up_for_a_new_one() {
    let broker = Mosquitto::start_with("allow_anonymous true\nqueue_qos0_messages true\n");
    let (link, mut home) = keep(&broker, &["x"], &[]);
    up(&mut home).await;
    cut(&link, home).await;
    publish_lines(&broker, "0", 30);
    let (_link, mut home) = keep(&broker, &["x"], &[]);
    for _ in 0..30 {
        assert!(delivered(&mut home).await.1.late);
    }
    while !matches!(next(&mut home).await, Event::Down { why } if why.contains("its session is stuck")) {}
    up(&mut home).await;
    expect_fresh(&broker, &mut home).await;
}

/// A broker drops the mark in silence where its queue is full; here its access list does, for as long as we want.
#[tokio::test]
async fn a_mark_that_was_lost_is_sent_again_so_that_steady_traffic_does_not_stay_late() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("acl");
    std::fs::write(&list, "topic readwrite x\n").unwrap();
    readable(folder.path());
    let broker = Mosquitto::start_in(folder, "allow_anonymous true\nacl_file {dir}/acl\n");
    let (link, mut home) = keep(&broker, &["x"], &[]);
    up(&mut home).await;
    cut(&link, home).await;
    publish_lines(&broker, "1", 3);
    let (link, mut home) = keep(&broker, &["x"], &[]);
    up(&mut home).await;
    // The broker answers in order: behind the first of these the subscription is answered, behind the second the mark.
    for _ in 0..2 {
        link.publish("x", b"passed".to_vec(), false).await.unwrap();
    }
    std::fs::write(&list, "topic readwrite #\n").unwrap();
    broker.signal("HUP");
    expect_fresh(&broker, &mut home).await;
}

/// A broker whose access list keeps the mark from coming back: what is heard now must not be called late for ever.
#[tokio::test]
async fn what_comes_long_after_the_connection_is_new_although_no_mark_ever_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("acl"), "topic readwrite x\n").unwrap();
    readable(folder.path());
    let broker = Mosquitto::start_in(folder, "allow_anonymous true\nacl_file {dir}/acl\n");
    let (link, mut home) = keep(&broker, &["x"], &[]);
    up(&mut home).await;
    cut(&link, home).await;
    publish_lines(&broker, "1", 3);
    let pace = Pace { late_at_most: Duration::from_secs(3), ..Pace::default() };
    let session = settings("home", &broker.url(), &["x"]);
    let (_link, mut home) = mqtt::start_kept_paced(session, Kept::default(), pace, Default::default());
    assert!(delivered(&mut home).await.1.late);
    expect_fresh(&broker, &mut home).await;
}

fn publish_lines(broker: &Mosquitto, qos: &str, count: u64) {
    let mut client = broker.publisher(&["-q", qos, "-t", "x", "-l"]).stdin(Stdio::piped()).spawn().unwrap();
    let lines: String = (0..count).map(|number| format!("{number}\n")).collect();
    std::io::Write::write_all(&mut client.stdin.take().unwrap(), lines.as_bytes()).unwrap();
    assert!(client.wait().unwrap().success());
}

/// What is published now is soon no longer called late.
async fn expect_fresh(broker: &Mosquitto, home: &mut Receiver<Event>) {
    let (sensor, mut events) = start(settings("sensor", &broker.url(), &[]));
    up(&mut events).await;
    let fresh = timeout(DEADLINE, async {
        loop {
            sensor.publish("x", b"fresh".to_vec(), false).await.unwrap();
            let (payload, delivery) = delivered(home).await;
            let late = delivery.late;
            delivery.acknowledge();
            if payload == "fresh" && !late {
                return;
            }
        }
    });
    fresh.await.expect("what comes after the backlog is new");
}

#[tokio::test]
async fn acknowledged_messages_flow_and_one_that_waits_for_its_commit_holds_up_no_other() {
    const MESSAGES: usize = 10_000;
    let broker = Mosquitto::start_with("allow_anonymous true\nmax_queued_messages 20000\n");
    let (_link, mut home) = keep(&broker, &["x"], &[]);
    up(&mut home).await;
    let mut client = broker.publisher(&["-q", "1", "-t", "x", "-l"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = client.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        (0..MESSAGES).try_for_each(|number| std::io::Write::write_all(&mut stdin, format!("{number}\n").as_bytes()))
    });
    let begin = carecircle::clock::since_boot();
    let (_, waits) = delivered(&mut home).await;
    for number in 1..MESSAGES {
        let (payload, delivery) = delivered(&mut home).await;
        assert_eq!(payload, number.to_string());
        delivery.acknowledge();
    }
    waits.acknowledge();
    let took = (carecircle::clock::since_boot() - begin).num_milliseconds();
    println!("{MESSAGES} messages at QoS 1, each acknowledged by hand, in {took} ms");
    writer.join().unwrap().unwrap();
    assert!(client.wait().unwrap().success());
}

#[tokio::test]
async fn filters_that_are_gone_from_the_configuration_are_gone_from_the_session() {
    let broker = Mosquitto::start();
    let (link, mut home) = keep(&broker, &["old", "x"], &[]);
    up(&mut home).await;
    cut(&link, home).await;
    let (link, mut home) = keep(&broker, &["x"], &["old"]);
    up(&mut home).await;
    // The broker answers in order: when this is acknowledged, the filter is gone.
    link.publish("y", b"passed".to_vec(), false).await.unwrap();
    let (sensor, mut events) = start(settings("sensor", &broker.url(), &[]));
    up(&mut events).await;
    sensor.publish("old", b"1".to_vec(), false).await.unwrap();
    sensor.publish("x", b"2".to_vec(), false).await.unwrap();
    let (payload, delivery) = delivered(&mut home).await;
    assert_eq!(payload, "2");
    delivery.acknowledge();
}
