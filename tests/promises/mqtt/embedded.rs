//! The embedded broker serves clients of MQTT 3.1.1 and leaves nothing on the disk.

use super::{message, settings, start, up};
use carecircle::broker::Embedded;
use carecircle::mqtt::{Settings, Will};
use std::path::Path;

#[tokio::test]
async fn the_embedded_broker_publishes_keeps_retained_and_speaks_last_wills() {
    let broker = Embedded::start("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let url = format!("mqtt://{}", broker.addr());
    let (link, mut events) = start(settings("a", &url, &["home/#"]));
    up(&mut events).await;
    link.publish("home/pir", b"on".to_vec(), true).await.unwrap();
    assert_eq!(message(&mut events).await, ("home/pir".to_owned(), b"on".to_vec(), false));
    let (_late, mut late) = start(settings("b", &url, &["home/#"]));
    assert_eq!(message(&mut late).await, ("home/pir".to_owned(), b"on".to_vec(), true));

    let will = Some(Will { topic: "home/link".to_owned(), payload: b"off".to_vec(), retain: true });
    let crashing = Settings { will, ..settings("c", &url, &[]) };
    let crash = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (_link, mut events) = start(crashing);
            up(&mut events).await;
        });
        // The runtime and every socket of it end here, without a goodbye.
    });
    assert_eq!(message(&mut events).await, ("home/link".to_owned(), b"off".to_vec(), false));
    crash.join().unwrap();
    assert!(!Path::new("mqtt_storage").exists(), "the embedded broker wrote to the disk");
}

#[tokio::test]
async fn the_embedded_broker_refuses_what_it_must_not_or_cannot_do_in_words() {
    let open = Embedded::start("0.0.0.0:0".parse().unwrap()).await.err().unwrap().to_string();
    assert!(open.contains("loopback only"), "{open}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let busy = Embedded::start(taken.local_addr().unwrap()).await.err().unwrap().to_string();
    assert!(busy.contains("choose another port"), "{busy}");
}
