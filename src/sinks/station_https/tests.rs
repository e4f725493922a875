//! What a home makes of a station's answers; the station itself is in `tests/promises/second_path/`.

use super::*;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc as std_mpsc;
use std::time::Duration;

const NOTICE: &str = r#"{"v":1,"home":"ky-0412","place":"4-2-301","alert":{"number":7,"raised_at_ms":1000},
    "step":{"number":1,"at_ms":1000,"by":{"role":"home"},"deed":"receive"},
    "state":{"reason":{"rule":"call_button","sensor":"pendant","press":"single"},"severity":"emergency",
        "phase":"raised","count":1,"escalated":0},
    "age_secs":0.5,"clock_trusted":true,"durable":true}"#;
const HELD: &str =
    r#"{"v":1,"home":"ky-0412","alert":{"number":7,"raised_at_ms":1000},"step":1,"point":"lehe","at_ms":2}"#;
const TAKE: &str = r#"{"v":1,"home":"ky-0412","alert":{"number":7,"raised_at_ms":1000},"key":"k1","at_ms":2,
    "by":{"role":"desk","point":"lehe","person":"p1"},"deed":"take"}"#;

/// Answers each request with the next status and body, the last one for ever; tells the first line of each request.
fn station(answers: &[(u16, String)]) -> (String, std_mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (tell, heard) = std_mpsc::channel();
    let mut answers: VecDeque<(u16, String)> = answers.to_vec().into();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (mut reader, mut first, mut length) = (BufReader::new(&stream), String::new(), 0);
            reader.read_line(&mut first).unwrap();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
            }
            reader.read_exact(&mut vec![0; length]).unwrap();
            let (status, body) = if answers.len() > 1 { answers.pop_front().unwrap() } else { answers[0].clone() };
            tell.send(first.trim().to_owned()).ok();
            write!(stream, "HTTP/1.1 {status} x\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        }
    });
    (url, heard)
}

/// The channel without its task: nothing is asked but what the test asks.
fn link(url: &str) -> (StationHttps, mpsc::Receiver<FromStation>) {
    let settings: Settings = serde_json::from_value(serde_json::json!({ "url": url })).unwrap();
    let (to, heard) = mpsc::channel(10);
    let said = Mutex::new(Said { to: Some(to), is_up: None, asking: Asking::from_now() });
    let (channel, home, point) = ("past".parse().unwrap(), "ky-0412".parse().unwrap(), "lehe".parse().unwrap());
    let link = Arc::new(Link { channel, home, point, way: settings.way().unwrap(), said });
    (StationHttps { link, task: tokio::spawn(async {}) }, heard)
}

fn outgoing() -> Outgoing {
    let notice = wire::Notice::from_bytes(NOTICE.as_bytes()).unwrap();
    Outgoing { home: notice.home.clone(), point: "lehe".parse().unwrap(), notice }
}

fn whats(heard: &mut mpsc::Receiver<FromStation>) -> Vec<What> {
    std::iter::from_fn(|| heard.try_recv().ok()).map(|said| said.what).collect()
}

#[tokio::test]
async fn an_answer_is_a_receipt_only_for_the_notice_that_was_posted() {
    let answer = |receipt: String| (200, format!("{{\"v\":1,\"receipt\":{receipt}}}"));
    let changed = |from: &str, to: &str| answer(HELD.replace(from, to));
    let (url, requests) = station(&[
        changed("\"step\":1", "\"step\":2"),
        changed("ky-0412", "ky-0413"),
        changed("lehe", "other"),
        (200, r#"{"v":1}"#.to_owned()),
        answer(HELD.to_owned()),
    ]);
    let (sink, mut heard) = link(&url);
    for _ in 0..4 {
        let Err(NotDelivered::Later(why)) = sink.deliver(&outgoing()).await else { panic!("no receipt of this one") };
        assert!(why.contains("holds nothing of this notice"), "{why}");
    }
    assert!(matches!(sink.deliver(&outgoing()).await, Ok(Handed::Receipt(receipt)) if receipt.step == 1));
    assert_eq!(whats(&mut heard), [What::Up], "it answers all the time");
    assert_eq!(requests.recv().unwrap(), "POST /v1/notices?point=lehe&home=ky-0412 HTTP/1.1");
}

#[tokio::test]
async fn what_waits_at_the_station_comes_with_any_answer_once_and_only_for_this_home() {
    let other = TAKE.replace("ky-0412", "ky-0413").replace("k1", "k2");
    let endless = r#"{"v":1,"id":"s1","home":"ky-0412","change":"begin","kind":"hospital","owner":"p","from_ms":1}"#;
    let body = format!("{{\"v\":1,\"steps\":[{{}},{other},{TAKE}],\"suspensions\":[{endless}]}}");
    let (url, requests) = station(&[(200, body)]);
    let (sink, mut heard) = link(&url);
    assert_eq!(sink.probe().await, Ok(()));
    let said = whats(&mut heard);
    assert!(matches!(&said[..2], [What::Up, What::Refused { why, .. }] if why.contains("no version")), "{said:?}");
    assert!(matches!(&said[2], What::Refused { why, .. } if why.contains("ky-0413")), "{said:?}");
    assert!(matches!(&said[3], What::Step(step) if step.key == "k1"), "{said:?}");
    assert!(matches!(&said[4], What::Suspend(said) if said.id.as_deref() == Some("s1") && said.change.is_err()));
    assert_eq!(sink.probe().await, Ok(()));
    assert!(whats(&mut heard).iter().all(|what| matches!(what, What::Refused { .. })), "a moment later it is known");
    assert_eq!(requests.recv().unwrap(), "GET /v1/steps?point=lehe&home=ky-0412 HTTP/1.1");
}

#[tokio::test]
async fn a_station_that_declines_says_why_and_what_is_no_station_is_told_from_one() {
    let declined = |why: &str| format!("{{\"v\":1,\"why\":\"{why}\"}}");
    let cases = [
        (403, declined("its certificate is of ky-0413"), false, "of ky-0413"),
        (421, declined("this is the station of other"), false, "of other"),
        (400, declined("version 2"), false, "version 2"),
        (503, declined("the disk does not answer"), true, "the disk"),
        (503, declined(&"x".repeat(5000)), true, "xxx"),
        (200, "<html>Welcome</html>".to_owned(), true, "not as a station does"),
        (200, r#"{"v":2}"#.to_owned(), true, "version 2"),
        (404, "<html>".to_owned(), false, "nothing takes messages"),
        (302, String::new(), false, "not followed"),
        (502, "bad gateway".to_owned(), true, "in trouble itself"),
        (204, String::new(), true, "not as a station does"),
    ];
    for (status, body, again, words) in cases {
        let (url, _requests) = station(&[(status, body)]);
        let (sink, mut heard) = link(&url);
        let (is_later, why) = match sink.deliver(&outgoing()).await {
            Err(NotDelivered::Later(why)) => (true, why),
            Err(NotDelivered::Never(why)) => (false, why),
            other => panic!("{status}: {other:?}"),
        };
        assert!(is_later == again && why.contains(words) && why.len() < 300, "{status}: {why}");
        assert_eq!(whats(&mut heard), [What::Down { why }]);
    }
    let nobody = format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    let Err(NotDelivered::Later(why)) = link(&nobody).0.probe().await else { panic!() };
    assert!(why.contains("nothing listens"), "{why}");
}

#[tokio::test]
async fn it_asks_at_the_beginning_and_again_as_long_as_the_station_wishes_it() {
    let again = (200, r#"{"v":1,"ask_again_secs":2}"#.to_owned());
    let (url, requests) = station(&[again.clone(), again, (200, r#"{"v":1}"#.to_owned())]);
    let settings: Settings = serde_json::from_value(serde_json::json!({ "url": url })).unwrap();
    let (from_station, _heard) = mpsc::channel(10);
    let alive = Arc::default();
    let opening = Opening {
        channel: "past".parse().unwrap(),
        home: "ky-0412".parse().unwrap(),
        point: "lehe".parse().unwrap(),
        sensors: Vec::new(),
        zone: crate::model::time::Zone::utc(),
        from_station,
        alive: Arc::clone(&alive),
        modems: Default::default(),
    };
    let sink = open(&settings, opening).unwrap();
    assert!(sink.has_task());
    let asked = tokio::task::spawn_blocking(move || {
        let within = Duration::from_secs(20);
        (0..3).for_each(|_| assert!(requests.recv_timeout(within).unwrap().starts_with("GET /v1/steps")));
        requests.recv_timeout(Duration::from_secs(3)).is_err()
    });
    assert!(asked.await.unwrap(), "not without a wish");
    assert!(alive.load(std::sync::atomic::Ordering::Relaxed) > 0);
    sink.stop();
}

#[test]
fn keys_that_do_not_go_together_say_what_to_write() {
    let read = |keys: serde_json::Value| serde_json::from_value::<Settings>(keys).map_err(|error| error.to_string());
    let ok = serde_json::json!({ "url": "https://station.example:8471", "ca": "ca.pem", "credentials": "home.pem" });
    assert!(read(ok.clone()).is_ok());
    assert!(read(serde_json::json!({ "url": "http://127.0.0.1:8471" })).is_ok());
    assert!(read(serde_json::json!({ "url": "http://[::1]:8471/" })).is_ok());
    let twice = serde_json::json!({ "url": "http://station.lan:8471", "plaintext": true, "network_is_ours": true });
    assert!(read(twice).is_ok());
    assert!(read(serde_json::json!({ "url": "http://station.lan:8471", "plaintext": true })).is_err());
    for (key, value, words) in [
        ("url", serde_json::json!("station.example"), "https://station.example:8471"),
        ("url", serde_json::json!("https://station.example/desk"), "no address of a station"),
        ("url", serde_json::json!("https://me:secret@station.example"), "no address of a station"),
        ("url", serde_json::json!("mqtts://station.example"), "no address of a station"),
        ("url", serde_json::json!("http://127.0.0.1:1"), "begin it with https://"),
        ("ca", serde_json::Value::Null, "add ca"),
        ("credentials", serde_json::Value::Null, "add credentials"),
        ("plaintext", serde_json::json!(true), "leave them out"),
        ("pasword", serde_json::json!("x"), "pasword"),
    ] {
        let mut keys = ok.clone();
        keys[key] = value.clone();
        let why = read(keys).unwrap_err();
        assert!(why.contains(words), "{key} = {value}: {why}");
    }
    let open = read(serde_json::json!({ "url": "http://station.lan:8471" })).unwrap_err();
    assert!(open.contains("plaintext = true and network_is_ours = true"), "{open}");
}

#[test]
fn files_that_cannot_be_used_are_named_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let (ca, home) = (folder.path().join("ca.pem"), folder.path().join("home.pem"));
    let keys = serde_json::json!({ "url": "https://station.example:8471", "ca": ca, "credentials": home });
    let settings: Settings = serde_json::from_value(keys).unwrap();
    assert_eq!(files(&settings), [ca.as_path(), home.as_path()]);
    assert!(check(&settings).unwrap_err().to_string().contains("no such file"));
    std::fs::write(&ca, "x").unwrap();
    assert!(check(&settings).unwrap_err().to_string().contains("no certificate in this file"));
}
