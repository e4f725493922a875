//! A robot that can be told to misbehave, and what the channel makes of it.

use super::*;
use crate::model::ids::{HomeId, PointId};
use crate::sinks::{dingtalk, feishu, wecom};
use crate::wire::Wire;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// The robot's answer to one message: a body in HTTP 200, or none at all.
type Manner = Option<&'static str>;

const OK: Manner = Some(r#"{"errcode":0,"errmsg":"ok","code":0,"msg":"success"}"#);

/// A message as the robot got it.
#[derive(Debug)]
struct Got {
    target: String,
    body: Value,
}

impl Got {
    fn text(&self) -> &str {
        let text = self.body.pointer("/text/content").or(self.body.pointer("/content/text"));
        text.and_then(Value::as_str).unwrap()
    }
}

/// The server's clock, in every answer.
const DATE: &str = "Sun, 22 Nov 2037 08:49:37 GMT";

const DATE_SECS: i64 = 2_142_492_577;

/// Answers one message for each manner, all at once if need be, then all with success; passes on what it got.
async fn robot(path: &str, manners: Vec<Manner>) -> (String, mpsc::UnboundedReceiver<Got>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}{path}", listener.local_addr().unwrap());
    let (got, heard) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut manners = manners.into_iter();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(answer(stream, manners.next().unwrap_or(OK), got.clone()));
        }
    });
    (url, heard)
}

async fn answer(mut stream: TcpStream, manner: Manner, got: mpsc::UnboundedSender<Got>) {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    let body_at = loop {
        let count = stream.read(&mut chunk).await.unwrap();
        bytes.extend_from_slice(&chunk[..count]);
        let head_ends = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let head = String::from_utf8_lossy(&bytes[..head_ends.unwrap_or_default()]).to_lowercase();
        let length =
            head.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()?.parse::<usize>().ok());
        match (head_ends, length) {
            (Some(at), Some(length)) if bytes.len() >= at + 4 + length => break at + 4,
            _ => assert!(count > 0, "cut off"),
        }
    };
    let target = String::from_utf8_lossy(&bytes).split(' ').nth(1).unwrap().to_owned();
    got.send(Got { target, body: serde_json::from_slice(&bytes[body_at..]).unwrap() }).unwrap();
    let Some(body) = manner else { return std::future::pending().await };
    let length = body.len();
    let answer = format!("HTTP/1.1 200 OK\r\nDate: {DATE}\r\nContent-Length: {length}\r\n\r\n{body}");
    stream.write_all(answer.as_bytes()).await.unwrap();
}

const WECOM: &str = "/cgi-bin/webhook/send?key=a-made-up-key-0001";
const DINGTALK: &str = "/robot/send?access_token=a-made-up-token-0001";
const FEISHU: &str = "/open-apis/bot/v2/hook/a-made-up-hook-0001";

/// Settings whose files lie in a folder that lives as long as they do.
fn settings(url: &str, secret: Option<&str>, more: &str) -> (Settings, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), format!("{text}\n")).unwrap();
        format!("{name}_file = {:?}\n", folder.path().join(name))
    };
    let secret = secret.map(|secret| file("secret", secret)).unwrap_or_default();
    (keys(&format!("{}{secret}{more}", file("url", url))).unwrap(), folder)
}

/// Settings from lines of a key and its value.
fn keys(lines: &str) -> serde_json::Result<Settings> {
    let key = |line: &str| {
        let (key, value) = line.split_once(" = ").unwrap();
        (key.to_owned(), serde_json::from_str(value).unwrap())
    };
    serde_json::from_value(Value::Object(lines.lines().map(key).collect()))
}

fn opening() -> Opening {
    Opening {
        channel: ChannelName::new("group").unwrap(),
        home: HomeId::new("made-up-1").unwrap(),
        point: PointId::new("lehe").unwrap(),
        sensors: Vec::new(),
        zone: crate::model::time::Zone::utc(),
        from_station: mpsc::channel(1).0,
        alive: Arc::default(),
        modems: Default::default(),
    }
}

type Open = fn(&Settings, Opening) -> Result<Arc<dyn Sink>, Problem>;

fn sink(open: Open, url: &str, secret: Option<&str>, more: &str) -> Arc<dyn Sink> {
    open(&settings(url, secret, more).0, opening()).unwrap()
}

/// Step `step` of alert `number`: a press, or a long silence.
fn outgoing(number: u64, step: u32, deed: &str, phase: &str, is_press: bool, clock_trusted: bool) -> Outgoing {
    let (reason, severity) = match is_press {
        true => (r#"{"rule":"call_button","sensor":"pendant","room":"bathroom","press":"sos"}"#, "emergency"),
        false => (r#"{"rule":"tamper","sensor":"hall","open_since":"2026-01-01T00:00:00Z"}"#, "fault"),
    };
    let raise = format!(r#""deed":"raise","severity":"{severity}","reason":{reason}"#);
    let deed = if deed == "raise" { raise } else { format!(r#""deed":{deed}"#) };
    let at = clock::now().timestamp_millis();
    let notice = format!(
        r#"{{"v":1,"home":"made-up-1","place":"3-2-201","alert":{{"number":{number},"raised_at_ms":1000}},
            "step":{{"number":{step},"at_ms":{at},"by":{{"role":"gateway"}},{deed}}},
            "state":{{"reason":{reason},"severity":"{severity}","phase":"{phase}","count":1,"escalated":0}},
            "age_secs":0.5,"clock_trusted":{clock_trusted},"durable":true}}"#
    );
    let notice = wire(&notice);
    Outgoing { home: notice.home.clone(), point: PointId::new("lehe").unwrap(), notice }
}

fn wire(notice: &str) -> Notice {
    Notice::from_bytes(notice.as_bytes()).unwrap()
}

fn press(number: u64) -> Outgoing {
    outgoing(number, 1, "raise", "raised", true, true)
}

fn fault(number: u64) -> Outgoing {
    outgoing(number, 1, "raise", "raised", false, true)
}

#[tokio::test]
async fn a_press_is_one_line_in_the_group_and_done_is_no_receipt() {
    for (open, path) in [(wecom::open as Open, WECOM), (dingtalk::open, DINGTALK), (feishu::open, FEISHU)] {
        let (url, mut heard) = robot(path, Vec::new()).await;
        let sink = sink(open, &url, None, "language = \"zh\"\nkeyword = \"告警\"");
        assert_eq!(sink.deliver(&press(7)).await, Ok(Handed::Done));
        let got = heard.recv().await.unwrap();
        assert_eq!(got.text(), "告警 【紧急】3-2-201 一键呼叫 · 卫生间：请到值班台接单");
        assert_eq!(got.target, path);
        // What is no concern of a group is done without a word, and so is what it knows.
        assert_eq!(sink.deliver(&outgoing(7, 2, r#""receive""#, "received", true, true)).await, Ok(Handed::NotTheirs));
        assert_eq!(sink.deliver(&press(7)).await, Ok(Handed::Done));
        let closed = r#""close","outcome":"hospital","contact":"seen""#;
        assert_eq!(sink.deliver(&outgoing(7, 9, closed, "closed", true, true)).await, Ok(Handed::Done));
        assert_eq!(heard.recv().await.unwrap().text(), "告警 【紧急】3-2-201 一键呼叫 · 卫生间：已办结");
        assert!(heard.try_recv().is_err());
    }
}

#[tokio::test]
async fn an_error_within_http_200_is_a_failure_that_passes_or_never_does() {
    let cases: [(Open, &str, Manner, bool, &str); 12] = [
        (wecom::open, WECOM, Some(r#"{"errcode":45009,"errmsg":"api freq out of limit"}"#), true, "too many"),
        (
            wecom::open,
            WECOM,
            Some(r#"{"errcode":93000,"errmsg":"invalid url"}"#),
            false,
            "url_file (93000: invalid url)",
        ),
        (wecom::open, WECOM, Some(r#"{"errcode":-1,"errmsg":"busy, key=a-made-up-key-0001"}"#), true, "key=***"),
        (wecom::open, WECOM, Some("<html>"), true, "none of a robot of WeCom"),
        (wecom::open, WECOM, Some(r#"{"code":0}"#), true, "none of a robot of WeCom"),
        (dingtalk::open, DINGTALK, Some(r#"{"errcode":130101,"errmsg":"send too fast"}"#), true, "too many"),
        (
            dingtalk::open,
            DINGTALK,
            Some(r#"{"errcode":310000,"errmsg":"keywords not in content"}"#),
            false,
            "key keyword",
        ),
        (dingtalk::open, DINGTALK, Some(r#"{"errcode":310000,"errmsg":"sign not match"}"#), false, "set secret_file"),
        (dingtalk::open, DINGTALK, Some(r#"{"errcode":300005,"errmsg":"token is not exist"}"#), false, "no robot at"),
        (feishu::open, FEISHU, Some(r#"{"code":11232,"msg":"frequency limited"}"#), true, "too many"),
        (feishu::open, FEISHU, Some(r#"{"code":19024,"msg":"Key Words Not Found"}"#), false, "key keyword"),
        (feishu::open, FEISHU, Some(r#"{"code":19001,"msg":"param invalid"}"#), false, "no robot at"),
    ];
    for (open, path, manner, passes, words) in cases {
        let (url, _heard) = robot(path, vec![manner]).await;
        let result = sink(open, &url, None, "").deliver(&press(1)).await;
        let (Err(NotDelivered::Later(why) | NotDelivered::Never(why)), manner) = (&result, manner.unwrap()) else {
            panic!("{manner:?}: {result:?}")
        };
        assert_eq!(matches!(result, Err(NotDelivered::Later(_))), passes, "{manner}: {why}");
        assert!(why.contains(words) && !why.contains("a-made-up"), "{manner}: {why}");
    }
}

#[tokio::test]
async fn a_refused_signature_is_made_again_by_the_servers_clock_while_ours_is_not_trusted() {
    let refused = Some(r#"{"code":19021,"msg":"sign match fail or timestamp is not within one hour"}"#);
    let (url, mut heard) = robot(FEISHU, vec![refused, OK, OK, refused, refused, refused]).await;
    let sink = sink(feishu::open, &url, Some("SECtest"), "");
    let lost = |number| outgoing(number, 1, "raise", "raised", true, false);
    assert_eq!(sink.deliver(&lost(1)).await, Ok(Handed::Done));
    let time = |got: Got| got.body["timestamp"].as_str().unwrap().parse::<i64>().unwrap();
    assert!((time(heard.recv().await.unwrap()) - clock::now().timestamp()).abs() < 60);
    assert!((time(heard.recv().await.unwrap()) - DATE_SECS).abs() < 60);
    assert_eq!(sink.deliver(&lost(2)).await, Ok(Handed::Done));
    assert!((time(heard.recv().await.unwrap()) - DATE_SECS).abs() < 60, "it is remembered");
    // Once only, and never while our clock is trusted: then it is the secret.
    let Err(NotDelivered::Never(why)) = sink.deliver(&lost(3)).await else { panic!() };
    assert!(why.contains("compare secret_file"), "{why}");
    assert!(heard.recv().await.is_some() && heard.recv().await.is_some());
    assert!(matches!(sink.deliver(&press(4)).await, Err(NotDelivered::Never(_))));
    assert!((time(heard.recv().await.unwrap()) - clock::now().timestamp()).abs() < 60);
    assert!(heard.try_recv().is_err());
}

#[tokio::test]
async fn dingtalk_is_signed_in_the_address() {
    let (url, mut heard) = robot(DINGTALK, Vec::new()).await;
    let sink = sink(dingtalk::open, &url, Some("SECtest"), "");
    assert_eq!(sink.deliver(&press(1)).await, Ok(Handed::Done));
    let target = heard.recv().await.unwrap().target;
    let (before, signed) = target.split_once("&timestamp=").unwrap();
    let (at, sign) = signed.split_once("&sign=").unwrap();
    assert_eq!((before, at.len()), (DINGTALK, 13));
    assert!(sign.ends_with("%3D") && !sign.contains(['+', '/', '=']), "{sign}");
}

#[tokio::test]
async fn what_comes_faster_than_the_limit_is_joined_and_a_button_goes_at_once_beside_one_that_hangs() {
    let (url, mut heard) = robot(WECOM, vec![None]).await;
    let group = sink(wecom::open, &url, None, "language = \"en\"");
    let deliver = |outgoing: Outgoing| {
        let group = Arc::clone(&group);
        tokio::spawn(async move { group.deliver(&outgoing).await })
    };
    // The first message hangs; what comes meanwhile waits, a button does not.
    let hanging = deliver(fault(2));
    assert!(heard.recv().await.unwrap().text().contains("Sensor opened"));
    let waiting = [deliver(fault(3)), deliver(fault(4))];
    assert_eq!(deliver(press(5)).await.unwrap(), Ok(Handed::Done));
    assert_eq!(heard.recv().await.unwrap().text(), "[Emergency] 3-2-201 Call button · bathroom: take it on the page");
    // The outbox gives the hanging one up: what waited goes in one message.
    hanging.abort();
    for waiting in waiting {
        assert_eq!(waiting.await.unwrap(), Ok(Handed::Done));
    }
    assert_eq!(heard.recv().await.unwrap().text().lines().count(), 2);
    assert!(heard.try_recv().is_err());
}

#[tokio::test]
async fn two_points_with_one_robot_share_its_limit_and_tell_it_once() {
    let (url, mut heard) = robot(FEISHU, Vec::new()).await;
    let (one, two) = (sink(feishu::open, &url, None, ""), sink(feishu::open, &url, None, ""));
    assert_eq!(one.deliver(&press(1)).await, Ok(Handed::Done));
    assert_eq!(two.deliver(&press(1)).await, Ok(Handed::Done));
    assert_eq!(two.deliver(&press(2)).await, Ok(Handed::Done));
    assert!(heard.recv().await.is_some() && heard.recv().await.is_some() && heard.try_recv().is_err());
}

#[tokio::test]
async fn a_robot_that_cannot_be_reached_is_tried_later_and_probed_without_a_message() {
    let (url, mut heard) = robot(WECOM, Vec::new()).await;
    let nobody = format!("http://{}{WECOM}", TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap());
    let away = sink(wecom::open, &nobody, None, "");
    assert!(matches!(away.deliver(&press(1)).await, Err(NotDelivered::Later(why)) if why.contains("nothing listens")));
    assert!(matches!(away.probe().await, Err(NotDelivered::Later(_))));
    assert_eq!(sink(wecom::open, &url, None, "").deliver(&press(1)).await, Ok(Handed::Done));
    assert!(heard.recv().await.is_some());
}

#[test]
fn settings_that_cannot_work_say_which_and_why() {
    let why = |check: fn(&Settings) -> Result<(), Problem>, url: &str, secret: Option<&str>, more: &str| {
        let (settings, _folder) = settings(url, secret, more);
        check(&settings).map_or_else(|problem| problem.to_string(), |()| "fine".to_owned())
    };
    let url = |path: &str| format!("https://robot.example{path}");
    assert_eq!(why(wecom::check, &url(WECOM), None, "per_minute = 5\nlanguage = \"en\""), "fine");
    assert_eq!(why(dingtalk::check, &url(DINGTALK), Some("SECx"), "keyword = \"告警\""), "fine");
    assert_eq!(why(feishu::check, &url(FEISHU), Some("x"), ""), "fine");
    for (words, found) in [
        ("no address of a robot of DingTalk", why(dingtalk::check, &url(FEISHU), None, "")),
        ("no address of a robot of Feishu", why(feishu::check, &url(WECOM), None, "")),
        ("knows no signatures", why(wecom::check, &url(WECOM), Some("x"), "")),
        ("keyword is empty", why(feishu::check, &url(FEISHU), None, "keyword = \" \"")),
        ("from 5 to 15", why(wecom::check, &url(WECOM), None, "per_minute = 16")),
        ("not encrypted", why(wecom::check, &format!("http://robot.example{WECOM}"), None, "")),
        ("is empty", why(feishu::check, &url(FEISHU), Some(""), "")),
        ("/nowhere: no such file", why(feishu::check, &url(FEISHU), None, "ca = \"/nowhere\"")),
    ] {
        assert!(found.contains(words) && !found.contains("a-made-up"), "{found}");
    }
    let (settings, folder) = settings(&url(WECOM), Some("x"), "ca = \"ca.pem\"");
    assert_eq!(files(&settings).len(), 3);
    drop(folder);
    assert!(wecom::check(&settings).unwrap_err().to_string().contains("no such file"));
    assert!(keys("url = \"https://x/\"").is_err(), "a key that holds a secret is no key");
}
