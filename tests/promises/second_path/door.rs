//! The station's door for homes: who comes in, who does not and why, and that nobody keeps a place.

use super::certificates::{Authority, When};
use crate::station::bench::settings;
use crate::support::free_port;
use carecircle::model::time::Zone;
use carecircle::sinks::{ChannelSettings, Handed, NotDelivered, Opening, Outgoing, Sink};
use carecircle::station::{self, Homes, Running};
use carecircle::wire::{self, Wire};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

const NOTICE: &str = r#"{"v":1,"home":"ky-0412","place":"4-2-301","alert":{"number":7,"raised_at_ms":1795241529000},
    "step":{"number":1,"at_ms":1795241529000,"by":{"role":"gateway"},"deed":"raise",
        "reason":{"rule":"call_button","sensor":"pendant","press":"single"},"severity":"emergency"},
    "state":{"reason":{"rule":"call_button","sensor":"pendant","press":"single"},"severity":"emergency",
        "phase":"raised","count":1,"escalated":0},
    "age_secs":0.5,"clock_trusted":true,"durable":true}"#;

/// A station without any broker, and its door.
pub async fn station(tls: Option<(&Path, &Path)>) -> (Running, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let read = |(ca, identity): (&Path, &Path)| carecircle::mqtt::Tls {
        ca: std::fs::read(ca).unwrap(),
        identity: Some(std::fs::read(identity).unwrap()),
    };
    let homes = Some(Homes { listen: "127.0.0.1:0".parse().unwrap(), tls: tls.map(read) });
    let broker = format!("mqtt://127.0.0.1:{}", free_port());
    let running = station::start(station::Settings { homes, ..settings(&broker, folder.path()) }).await.unwrap();
    (running, folder)
}

fn home(id: &str, keys: &str) -> Arc<dyn Sink> {
    home_of(id, "lehe", keys)
}

fn home_of(id: &str, point: &str, keys: &str) -> Arc<dyn Sink> {
    let settings: ChannelSettings = toml::from_str(&format!("station_https = {{ {keys} }}")).unwrap();
    let opening = Opening {
        channel: "past".parse().unwrap(),
        home: id.parse().unwrap(),
        point: point.parse().unwrap(),
        sensors: Vec::new(),
        zone: Zone::utc(),
        from_station: mpsc::channel(10).0,
        alive: Arc::default(),
        modems: Default::default(),
    };
    settings.open(opening).unwrap()
}

fn keys(station: &Running, ca: &Path, credentials: &Path) -> String {
    let port = station.homes.unwrap().port();
    let (ca, credentials) = (ca.display(), credentials.display());
    format!("url = \"https://localhost:{port}\", ca = \"{ca}\", credentials = \"{credentials}\"")
}

fn outgoing() -> Outgoing {
    let notice = wire::Notice::from_bytes(NOTICE.as_bytes()).unwrap();
    Outgoing { home: notice.home.clone(), point: "lehe".parse().unwrap(), notice }
}

#[tokio::test]
async fn a_home_gets_in_with_its_certificate_and_its_receipt_again_for_a_repeat() {
    let authority = Authority::new();
    let server = authority.server("localhost", When::Now);
    let (running, _folder) = station(Some((&authority.ca(), &server))).await;
    let sink = home("ky-0412", &keys(&running, &authority.ca(), &authority.home("ky-0412", When::Now)));
    assert_eq!(sink.probe().await, Ok(()));
    let Ok(Handed::Receipt(first)) = sink.deliver(&outgoing()).await else { panic!("no receipt") };
    assert_eq!((first.home.as_str(), first.alert.number, first.step, first.point.as_str()), ("ky-0412", 7, 1, "lehe"));
    assert_eq!(sink.deliver(&outgoing()).await, Ok(Handed::Receipt(first)), "the same answer to a repeat");
    assert!(running.status_line().contains("1 open alert, 1 unclaimed"), "{}", running.status_line());
    assert!(running.status_line().contains("BY HTTPS ALONE"), "{}", running.status_line());

    // One home never speaks for another.
    let other = home("ky-0412", &keys(&running, &authority.ca(), &authority.home("ky-0413", When::Now)));
    let Err(NotDelivered::Never(why)) = other.deliver(&outgoing()).await else { panic!("it was taken") };
    assert!(why.contains("its certificate is of ky-0413"), "{why}");
    assert!(matches!(other.probe().await, Err(NotDelivered::Never(_))), "nor reads what another one is told");
    assert!(running.status_line().contains("refused"), "{}", running.status_line());
    // Nor does a notice for another point stay here.
    let elsewhere = Outgoing { point: "other".parse().unwrap(), ..outgoing() };
    let keys = keys(&running, &authority.ca(), &authority.home("ky-0412", When::Now));
    let Err(NotDelivered::Never(why)) = home_of("ky-0412", "other", &keys).deliver(&elsewhere).await else { panic!() };
    assert!(why.contains("this is the station of lehe"), "{why}");
    running.stop().await;
}

#[tokio::test]
async fn every_wrong_certificate_is_refused_in_words_on_whichever_side() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let (ca, good) = (ours.ca(), ours.home("ky-0412", When::Now));
    for (server, believed, words) in [
        (ours.server("localhost", When::Now), theirs.ca(), "not signed by the authority in the key ca"),
        (ours.server("elsewhere.example", When::Now), ca.clone(), "belongs to another name"),
        (ours.server("localhost", When::Before), ca.clone(), "has expired"),
        (ours.server("localhost", When::Later), ca.clone(), "is not valid yet"),
    ] {
        let (running, _folder) = station(Some((&ca, &server))).await;
        let refused = home("ky-0412", &keys(&running, &believed, &good)).probe().await;
        let Err(NotDelivered::Later(why)) = refused else { panic!("{words}: {refused:?}") };
        assert!(why.contains(words), "{words}: {why}");
        running.stop().await;
    }
    let (running, _folder) = station(Some((&ca, &ours.server("localhost", When::Now)))).await;
    for (credentials, words) in [
        (theirs.home("ky-0412", When::Now), "an authority it does not know"),
        (ours.home("ky-0412", When::Before), "has expired or is not valid yet"),
        (ours.home("ky-0412", When::Later), "has expired or is not valid yet"),
    ] {
        let refused = home("ky-0412", &keys(&running, &ca, &credentials)).deliver(&outgoing()).await;
        let Err(NotDelivered::Later(why)) = refused else { panic!("{words}: {refused:?}") };
        assert!(why.contains(words), "{words}: {why}");
    }
    assert!(running.status_line().contains("of homes refused"), "{}", running.status_line());
    // Without a certificate, or by an older TLS, there is not even an answer.
    let port = running.homes.unwrap().port();
    for more in [&["-tls1_2", "-cert", "x", "-key", "x"][..], &["-tls1_3"][..]] {
        let more: Vec<&str> =
            more.iter().map(|word| if *word == "x" { good.to_str().unwrap() } else { word }).collect();
        let mut child = Command::new("openssl")
            .args(["s_client", "-quiet", "-CAfile", ca.to_str().unwrap(), "-connect", &format!("localhost:{port}")])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        std::io::Write::write_all(&mut stdin, b"GET /v1/steps?home=ky-0412 HTTP/1.1\r\nHost: x\r\n\r\n").ok();
        let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
        drop(stdin);
        assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    running.stop().await;
}

/// Says `request` over plain TCP; everything until the other side ends it.
async fn say(running: &Running, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(running.homes.unwrap()).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn what_is_no_word_of_a_home_is_declined_in_words_and_nobody_keeps_a_place() {
    let (running, _folder) = station(None).await;
    let post = |path: &str, body: &str| {
        format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
    };
    let taken = say(&running, &post("/v1/notices", NOTICE)).await;
    assert!(
        taken.starts_with("HTTP/1.1 200") && taken.contains("\"receipt\":{") && taken.contains("connection: close")
    );
    let wait = "\"ask_again_secs\":5";
    assert!(taken.contains(wait), "an open alert, and no other way: {taken}");
    assert!(say(&running, b"GET /v1/steps?home=ky-0412 HTTP/1.1\r\nHost: x\r\n\r\n").await.contains(wait));
    assert!(!say(&running, b"GET /v1/steps?home=ky-9 HTTP/1.1\r\nHost: x\r\n\r\n").await.contains(wait));
    let large = format!("{{\"v\":1,\"x\":\"{}\"}}", "x".repeat(70_000));
    for (request, status, words) in [
        (post("/v1/notices", "{}"), 400, "not a body"),
        (post("/v1/notices", r#"{"v":2}"#), 400, "version 2"),
        (post("/v1/heartbeats", "<html>"), 400, "not a body"),
        (post("/v1/notices", &large), 413, "\"why\""),
        (post("/v1/notices?point=other", NOTICE), 421, "station of lehe"),
        (post("/v1/other", "{}"), 404, "\"why\""),
        (b"GET /v1/steps HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), 400, "which home"),
    ] {
        let answer = say(&running, &request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")) && answer.contains(words), "{words}: {answer}");
    }
    // Said slowly, or not at all: the connection is ended all the same.
    let silent = say(&running, b"");
    let begun = say(&running, b"POST /v1/notices HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{");
    let both = async { tokio::join!(silent, begun) };
    let (silent, begun) = tokio::time::timeout(Duration::from_secs(25), both).await.expect("their time is over");
    assert!(silent.is_empty() && !begun.starts_with("HTTP/1.1 200"), "{begun}");
    running.stop().await;
}

#[tokio::test]
async fn check_tries_the_second_path_and_looks_at_the_dates_of_certificates() {
    let authority = Authority::new();
    let (ca, server) = (authority.ca(), authority.server("localhost", When::Now));
    let (running, folder) = station(Some((&ca, &server))).await;
    let write = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let gateway = |when: When| {
        let way = keys(&running, &ca, &authority.home("ky-0412", when));
        format!(
            "[home]\nid = \"ky-0412\"\nplace = \"4-2-301\"\ntime_zone = \"Asia/Shanghai\"\n[gateway]\nstate_dir = \"{0}\"\n\
             run_dir = \"{0}\"\n[[circle.point]]\nid = \"lehe\"\nname = \"乐合\"\ntravel = \"6m\"\nchannels = [\"past\"]\n\
             [[channel]]\nname = \"past\"\nstation_https = {{ {way} }}\n",
            folder.path().display()
        )
    };
    let door = |when: When| {
        let (ca, identity) = (ca.display(), authority.server("localhost", when));
        format!(
            "[station]\npoint = \"lehe\"\nname = \"乐合\"\ntime_zone = \"Asia/Shanghai\"\nstate_dir = \"{}\"\n[mqtt]\n\
             broker = \"mqtt://127.0.0.1:1\"\n[homes]\nlisten = \"127.0.0.1:{}\"\nca = \"{ca}\"\ncredentials = \"{}\"\n\
             [[person]]\nid = \"p1\"\nname = \"值班员\"\nrole = \"supervisor\"\n",
            folder.path().display(),
            free_port(),
            identity.display()
        )
    };
    let check = |file: String| async move {
        let checking = move || crate::support::run(&["check", "--online", &file], "").0;
        tokio::task::spawn_blocking(checking).await.unwrap()
    };
    let fine = check(write("good.toml", gateway(When::Now))).await;
    assert!(fine.contains("fine") && fine.contains("1 station by HTTPS"), "{fine}");
    let old = check(write("old.toml", gateway(When::Before))).await;
    assert!(old.contains("channel \"past\": localhost:") && old.contains("has expired on 20"), "{old}");
    let early = check(write("early.toml", door(When::Later))).await;
    assert!(early.contains("credentials in [homes]: the certificate is good only from"), "{early}");
    let open = check(write("open.toml", door(When::Now))).await;
    assert!(!open.contains("[homes]") && !open.contains("8471"), "{open}");
    running.stop().await;
}

#[tokio::test]
async fn without_certificates_the_door_opens_to_this_machine_alone() {
    let folder = tempfile::tempdir().unwrap();
    let homes = Some(Homes { listen: "0.0.0.0:0".parse().unwrap(), tls: None });
    let broker = format!("mqtt://127.0.0.1:{}", free_port());
    let refused = station::start(station::Settings { homes, ..settings(&broker, folder.path()) }).await;
    assert!(refused.unwrap_err().to_string().contains("anybody on the network could speak for any home"));
}
