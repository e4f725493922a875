//! Webhooks: a receiver that fails, comes back, is slow, or is gone.

use super::program::{administer, fresh_key};
use crate::station::bench::{Bench, call_button, inactivity};
use crate::support::wait_until;
use carecircle::model::reason::Severity;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(30);
/// Never answers.
const HANGS: u16 = 0;

/// The headers and the body of one event.
type Posted = (Vec<(String, String)>, String);

/// A receiver that answers with one status after the other as the test wants, and remembers what it took.
#[derive(Clone)]
struct Receiver {
    url: String,
    status: Arc<AtomicU16>,
    taken: Arc<Mutex<Vec<Posted>>>,
    asked: Arc<AtomicU16>,
}

impl Receiver {
    fn start(status: u16) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/in", listener.local_addr().unwrap());
        let receiver =
            Receiver { url, status: Arc::new(AtomicU16::new(status)), taken: Arc::default(), asked: Arc::default() };
        let serving = receiver.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serving = serving.clone();
                std::thread::spawn(move || serving.serve(stream));
            }
        });
        receiver
    }

    fn serve(&self, mut stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let (mut line, mut length, mut headers) = (String::new(), 0, Vec::new());
        while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
            if let Some((name, value)) = line.trim().split_once(": ") {
                headers.push((name.to_lowercase(), value.to_owned()));
                if name.eq_ignore_ascii_case("content-length") {
                    length = value.parse().unwrap();
                }
            }
            line.clear();
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok();
        let status = self.status.load(Ordering::SeqCst);
        if (200..300).contains(&status) {
            self.taken.lock().unwrap().push((headers, String::from_utf8(body).unwrap()));
        }
        self.asked.fetch_add(1, Ordering::SeqCst);
        if status == HANGS {
            // Until the sender gives up.
            stream.read_exact(&mut [0]).ok();
            return;
        }
        write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").ok();
    }

    fn kinds(&self) -> Vec<String> {
        let taken = self.taken.lock().unwrap();
        let kind = |body: &String| serde_json::from_str::<Value>(body).unwrap()["type"].as_str().unwrap().to_owned();
        taken.iter().map(|(_, body)| kind(body).replace("care.carecircle.", "")).collect()
    }

    fn was_asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst) > 0
    }
}

fn make(bench: &Bench, url: &str, kinds: &str) -> (u16, String) {
    administer(bench, "/admin/hooks", &[("key", &fresh_key()), ("url", url), ("kinds", kinds)])
}

/// Presses the button of this deed at the only hook.
fn press(bench: &Bench, deed: &str) {
    let page = administer(bench, "/admin/hooks", &[]).1;
    let id = page.split("action=\"/admin/hooks/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    assert_eq!(administer(bench, &format!("/admin/hooks/{id}/{deed}"), &[("x", "y")]).0, 303);
}

#[test]
fn what_is_posted_is_signed_and_each_event_is_taken_once_in_order() {
    let bench = Bench::start();
    let receiver = Receiver::start(204);
    let (status, page) = make(&bench, &receiver.url, "alert.");
    assert_eq!(status, 200, "{page}");
    let secret = page.split("<code>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let secret = secret.replace("&#43;", "+").replace("&#47;", "/").replace("&#61;", "=");
    bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("both are taken", SOON, || receiver.kinds().len() >= 2);
    assert_eq!(receiver.kinds()[..2], ["alert.raised", "alert.received"]);
    let taken = receiver.taken.lock().unwrap();
    let (headers, body) = &taken[0];
    let header = |name: &str| &headers.iter().find(|(one, _)| one == name).unwrap().1;
    let signed = format!("{}.{}.{body}", header("webhook-id"), header("webhook-timestamp"));
    let key = base64_of(secret.strip_prefix("whsec_").unwrap());
    let mac = carecircle::sinks::signing::hmac_sha256(&key, signed.as_bytes());
    assert_eq!(base64_of(header("webhook-signature").strip_prefix("v1,").unwrap()), mac);
    assert!(!body.contains("201室"), "places only where somebody said so: {body}");
    assert_eq!(header("webhook-id"), serde_json::from_str::<Value>(body).unwrap()["id"].as_str().unwrap());
}

#[test]
fn what_a_receiver_did_not_take_waits_over_a_restart_and_is_taken_when_it_comes_back() {
    let mut bench = Bench::start();
    let receiver = Receiver::start(503);
    make(&bench, &receiver.url, "alert.raised");
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("it was tried", SOON, || receiver.was_asked());
    wait_until("the page says so", SOON, || administer(&bench, "/admin/hooks", &[]).1.contains("503"));
    bench.home.raise(inactivity(), Severity::Urgent);
    wait_until("both rows are there", SOON, || bench.band("unclaimed").len() == 2);
    bench.restart();
    wait_until("ready", SOON, || bench.get("/readyz").0 == 200);
    receiver.status.store(200, Ordering::SeqCst);
    press(&bench, "resume");
    wait_until("both are taken", SOON, || receiver.kinds().len() == 2);
    let first: Value = serde_json::from_str(&receiver.taken.lock().unwrap()[0].1).unwrap();
    assert_eq!(first["data"]["alert"], id.number, "in order");
}

#[test]
fn a_receiver_that_hangs_delays_nobody_else() {
    let bench = Bench::start();
    let (slow, well) = (Receiver::start(HANGS), Receiver::start(200));
    make(&bench, &slow.url, "");
    make(&bench, &well.url, "");
    bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the slow one was asked", SOON, || slow.was_asked());
    wait_until("the other one has it", SOON, || well.kinds().contains(&"alert.raised".to_owned()));
    assert!(slow.kinds().is_empty());
    wait_until("the page says so", SOON, || administer(&bench, "/admin/hooks", &[]).1.contains("失败"));
}

#[test]
fn a_receiver_that_is_gone_is_told_nothing_more_until_somebody_says_so() {
    let bench = Bench::start();
    let receiver = Receiver::start(410);
    make(&bench, &receiver.url, "alert.raised");
    bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("it is stopped", SOON, || administer(&bench, "/admin/hooks", &[]).1.contains("已停止"));
    receiver.status.store(200, Ordering::SeqCst);
    press(&bench, "resume");
    wait_until("it is taken", SOON, || receiver.kinds() == ["alert.raised"]);
    press(&bench, "end");
    bench.home.raise(inactivity(), Severity::Urgent);
    wait_until("both rows are there", SOON, || bench.band("unclaimed").len() == 2);
    assert!(!administer(&bench, "/admin/hooks", &[]).1.contains(&receiver.url));
}

#[test]
fn an_address_inside_that_nobody_allowed_is_refused() {
    let bench = Bench::start();
    for bad in ["http://192.168.7.7/", "https://10.0.0.1/", "https://[::1]/", "http://a.example/", "nonsense"] {
        let (status, page) = make(&bench, bad, "");
        assert!(status == 200 && page.contains("role=\"alert\"") && !page.contains("<code>"), "{bad}: {page}");
    }
    assert!(make(&bench, "https://a.example/", "alert.levitated").1.contains("role=\"alert\""), "no such kind");
}

fn base64_of(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}
