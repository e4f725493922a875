//! A server of one's own: what it gets, how it checks it, and what its answers mean.

use super::*;
use crate::clock;
use crate::model::ids::{HomeId, PointId};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use tempfile::TempDir;

/// A request as the server got it; names of headers in lower case.
struct Got {
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

/// Answers each request with the next status, the last one for ever.
fn server(statuses: &[&'static str]) -> (String, mpsc::Receiver<Got>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (got, heard) = mpsc::channel();
    let mut statuses: VecDeque<&str> = statuses.iter().copied().collect();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (mut reader, mut headers) = (BufReader::new(&stream), BTreeMap::new());
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                match line.trim().split_once(": ") {
                    Some((name, value)) => drop(headers.insert(name.to_lowercase(), value.to_owned())),
                    None if line.trim().is_empty() => break,
                    None => {}
                }
            }
            let mut body = vec![0; headers.get("content-length").map_or(0, |length| length.parse().unwrap())];
            reader.read_exact(&mut body).unwrap();
            let status = if statuses.len() > 1 { statuses.pop_front().unwrap() } else { statuses[0] };
            got.send(Got { headers, body }).ok();
            let date = "Date: Sun, 22 Nov 2037 08:49:37 GMT";
            write!(stream, "HTTP/1.1 {status}\r\n{date}\r\nContent-Length: 0\r\n\r\n").unwrap();
        }
    });
    (url, heard)
}

fn settings(url: &str, more: &str) -> Settings {
    keys(&format!("url = {url:?}\n{more}"))
}

/// Settings from lines of a key and its value.
fn keys(lines: &str) -> Settings {
    let key = |line: &str| {
        let (key, value) = line.split_once(" = ").unwrap();
        (key.to_owned(), serde_json::from_str(value).unwrap())
    };
    serde_json::from_value(serde_json::Value::Object(lines.lines().map(key).collect())).unwrap()
}

fn sink(settings: &Settings) -> Arc<dyn Sink> {
    let opening = Opening {
        channel: ChannelName::new("hook").unwrap(),
        home: HomeId::new("made-up-1").unwrap(),
        point: PointId::new("lehe").unwrap(),
        sensors: Vec::new(),
        zone: crate::model::time::Zone::utc(),
        from_station: tokio::sync::mpsc::channel(1).0,
        alive: Arc::default(),
        modems: Default::default(),
    };
    open(settings, opening).unwrap()
}

fn outgoing(deed: &str, clock_trusted: bool) -> Outgoing {
    let reason = r#"{"rule":"call_button","sensor":"pendant","room":"bathroom","press":"sos"}"#;
    let raise = format!(r#""deed":"raise","severity":"emergency","reason":{reason}"#);
    let deed = if deed == "raise" { raise } else { format!(r#""deed":"{deed}""#) };
    let notice = format!(
        r#"{{"v":1,"home":"北-1","place":"3-2-201 \"rear\"","alert":{{"number":7,"raised_at_ms":1000}},
            "step":{{"number":4,"at_ms":1000,"by":{{"role":"gateway"}},{deed}}},
            "state":{{"reason":{reason},"severity":"emergency","phase":"raised","count":1,"escalated":0}},
            "age_secs":0.5,"clock_trusted":{clock_trusted},"durable":true}}"#
    );
    let notice = Notice::from_bytes(notice.as_bytes()).unwrap();
    Outgoing { home: notice.home.clone(), point: PointId::new("lehe").unwrap(), notice }
}

fn file(folder: &TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, format!("{text}\n")).unwrap();
    format!("{path:?}")
}

#[tokio::test]
async fn a_notice_is_posted_whole_signed_and_with_the_headers_of_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let (secret, token) = (file(&folder, "secret", "a made-up secret"), file(&folder, "token", "Bearer made-up"));
    let (url, heard) = server(&["202 Accepted"]);
    let more = format!("secret_file = {secret}\nheader_files = {{\"Authorization\": {token}}}");
    let press = outgoing("raise", true);
    assert_eq!(sink(&settings(&url, &more)).deliver(&press).await, Ok(Handed::Done));
    let got = heard.recv().unwrap();
    assert_eq!(Notice::from_bytes(&got.body).unwrap(), press.notice);
    let header = |name: &str| got.headers.get(name).unwrap().as_str();
    assert_eq!((header("authorization"), header("carecircle-id")), ("Bearer made-up", "%E5%8C%97-1/7/1000/4"));
    assert_eq!(header("content-type"), "application/json; charset=utf-8");
    let at: i64 = header("carecircle-time").parse().unwrap();
    assert!((at - clock::now().timestamp()).abs() < 60);
    assert_eq!(header("carecircle-signature"), signature("a made-up secret", at, &got.body));
    assert_eq!(
        signature("a made-up secret", 1_700_000_000, b"{}"),
        "sha256=88d2355b69601bb2b61f53ba72b1a9ca450dbf3589f38c100dfb8899751341e6",
        "as the module's head says"
    );
}

#[tokio::test]
async fn only_2xx_is_done_and_every_other_answer_says_what_to_do() {
    for (status, passes, words) in [
        ("500 Oops", true, "in trouble itself"),
        ("503 Busy", true, "in trouble itself"),
        ("429 Slow", true, "no more messages for now"),
        ("302 Found", false, "not followed"),
        ("401 Who", false, "check key, signature and headers"),
        ("404 Where", false, "copy the address again"),
        ("422 What", false, "refuses the message"),
    ] {
        let (url, _heard) = server(&[status]);
        let result = sink(&settings(&url, "")).deliver(&outgoing("raise", true)).await;
        let Err(NotDelivered::Later(why) | NotDelivered::Never(why)) = &result else { panic!("{status}: {result:?}") };
        assert!(why.contains(words) && why.contains(&status[..3]), "{status}: {why}");
        assert_eq!(matches!(result, Err(NotDelivered::Later(_))), passes, "{status}");
    }
}

#[tokio::test]
async fn a_refusal_is_answered_with_the_servers_clock_once_and_only_while_ours_is_not_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let secret = format!("secret_file = {}", file(&folder, "secret", "x"));
    let (url, heard) = server(&["401 Late", "200 OK", "401 Late"]);
    let sink = sink(&settings(&url, &secret));
    assert_eq!(sink.deliver(&outgoing("raise", false)).await, Ok(Handed::Done));
    let time = || heard.recv().unwrap().headers["carecircle-time"].parse::<i64>().unwrap();
    let (first, second) = (time(), time());
    assert!((first - clock::now().timestamp()).abs() < 60 && second > first + 1_000_000, "{first} {second}");
    assert!(matches!(sink.deliver(&outgoing("raise", true)).await, Err(NotDelivered::Never(_))));
    assert!(time() < second - 1_000_000);
    assert!(matches!(sink.deliver(&outgoing("raise", false)).await, Err(NotDelivered::Never(_))));
    assert_eq!(heard.try_iter().count(), 2);
}

#[tokio::test]
async fn a_template_is_filled_and_the_steps_for_people_can_be_asked_for_alone() {
    let (url, heard) = server(&["200 OK"]);
    let template =
        r#"template = {"to": "ops", "text": "{text}", "about": ["{alert}/{step} {deed} {severity} at {place}"]}"#;
    let main = settings(&url, &format!("steps = \"main\"\nlanguage = \"en\"\n{template}"));
    let sink = sink(&main);
    assert_eq!(sink.deliver(&outgoing("receive", true)).await, Ok(Handed::NotTheirs));
    assert_eq!(sink.deliver(&outgoing("take", false)).await, Ok(Handed::Done));
    let body: serde_json::Value = serde_json::from_slice(&heard.recv().unwrap().body).unwrap();
    let text = "[Emergency] 3-2-201 \"rear\" Call button · bathroom: taken";
    assert_eq!(
        body,
        serde_json::json!({"to": "ops", "text": text, "about": ["7/4 take emergency at 3-2-201 \"rear\""]})
    );
    assert!(heard.try_recv().is_err(), "a receipt is no news for people");
    let all = settings(&url, &format!("language = \"en\"\n{template}"));
    assert_eq!(super::tests::sink(&all).deliver(&outgoing("receive", true)).await, Ok(Handed::Done));
    let body: serde_json::Value = serde_json::from_slice(&heard.recv().unwrap().body).unwrap();
    assert_eq!(body["text"], "3-2-201 \"rear\" Call button · bathroom (raised)");
}

#[tokio::test]
async fn a_probe_posts_nothing() {
    let (url, heard) = server(&["404 Where"]);
    assert_eq!(sink(&settings(&url, "")).probe().await, Ok(()));
    assert!(heard.recv().unwrap().body.is_empty());
}

#[test]
fn settings_that_cannot_work_say_which_and_why() {
    let folder = tempfile::tempdir().unwrap();
    let (chinese, url) = (file(&folder, "chinese", "密码"), "https://hooks.example/x");
    let why = |url: &str, more: &str| check(&settings(url, more)).unwrap_err().to_string();
    assert!(check(&settings(url, "steps = \"main\"")).is_ok());
    assert!(why("http://hooks.example/x", "").contains("https://"));
    assert!(why(url, "url_file = \"/x\"").contains("given twice"));
    assert!(check(&keys("")).unwrap_err().to_string().contains("set url"));
    assert!(why(url, "secret_file = \"/nowhere/x\"").contains("/nowhere/x: no such file"));
    assert!(why(url, &format!("header_files = {{\"X-Key\": {chinese}}}")).contains("plain ASCII"));
    assert!(why(url, &format!("header_files = {{\"a b\": {chinese}}}")).contains("no name of a header"));
    assert!(why(url, &format!("header_files = {{\"Content-Length\": {chinese}}}")).contains("set by the program"));
    assert!(why(url, &format!("header_files = {{\"carecircle-time\": {chinese}}}")).contains("set by the program"));
    assert!(why(url, "template = {\"text\": \"{nmae}\"}").contains("{nmae}"));
    let all = "secret_file = \"a\"\nca = \"b\"\nheader_files = {\"A\": \"c\", \"B\": \"d\"}";
    assert_eq!(files(&settings(url, all)).len(), 4);
}
