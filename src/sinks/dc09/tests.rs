//! A receiver that can be told to misbehave, and what the channel makes of it.

use super::*;
use crate::model::ids::HomeId;
use crate::sinks::NotDelivered;
use crate::wire::Wire;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::mpsc;

/// What the receiver does with the next message.
#[derive(Debug, Clone, Copy)]
enum Manner {
    Ack,
    /// The answer to the message before comes first.
    LateAckFirst,
    OtherAccount,
    Nak {
        hours_ahead: i64,
    },
    Duh,
    Damaged,
    Cut,
    CloseAtOnce,
}

fn answer(manner: Manner, said: &Frame) -> Vec<u8> {
    let reply = |token: &str, sequence: u16, account: &str| Frame {
        token: token.to_owned(),
        sequence,
        account: Some(account.to_owned()),
        data: String::new(),
        at: None,
        ..said.clone()
    };
    let account = said.account.clone().unwrap();
    let ack = reply("ACK", said.sequence, &account).to_bytes(None);
    match manner {
        Manner::Ack => ack,
        Manner::LateAckFirst => [reply("ACK", said.sequence + 7, &account).to_bytes(None), ack].concat(),
        Manner::OtherAccount => reply("ACK", said.sequence, "9999").to_bytes(None),
        Manner::Nak { hours_ahead } => {
            let at = Some(clock::now() + Span::hours(hours_ahead));
            Frame { account: None, at, ..reply("NAK", 0, &account) }.to_bytes(None)
        }
        Manner::Duh => reply("DUH", said.sequence, &account).to_bytes(None),
        Manner::Damaged => {
            let mut ack = ack;
            ack[1] ^= 1;
            ack
        }
        Manner::Cut => ack[..ack.len() / 2].to_vec(),
        Manner::CloseAtOnce => Vec::new(),
    }
}

/// Answers one message for each manner, over a connection each, and passes on what was said.
async fn receiver(manners: Vec<Manner>, key: Option<Key>) -> (String, mpsc::UnboundedReceiver<Frame>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (said, heard) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        for manner in manners {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (mut bytes, mut chunk) = (Vec::new(), [0; 256]);
            while !bytes.ends_with(b"\r") {
                let count = stream.read(&mut chunk).await.unwrap();
                bytes.extend_from_slice(&chunk[..count]);
            }
            let frame = Frame::parse(&bytes[1..bytes.len() - 1], key.as_ref()).unwrap();
            stream.write_all(&answer(manner, &frame)).await.unwrap();
            said.send(frame).unwrap();
        }
    });
    (address, heard)
}

/// The usual keys and `more`, a list of `"key":value`.
fn settings(receiver: &str, more: &str) -> Settings {
    read(receiver, more).unwrap()
}

fn read(receiver: &str, more: &str) -> Result<Settings, String> {
    let more = if more.is_empty() { String::new() } else { format!(",{more}") };
    let text = format!(r#"{{"receiver":"{receiver}","account":"1234"{more}}}"#);
    serde_json::from_str(&text).map_err(|error| error.to_string())
}

fn sink(settings: &Settings) -> Arc<dyn Sink> {
    let opening = Opening {
        channel: ChannelName::new("centre").unwrap(),
        home: HomeId::new("made-up-1").unwrap(),
        point: PointId::new("centre").unwrap(),
        sensors: ["hall", "pendant"].map(|id| SensorId::new(id).unwrap()).to_vec(),
        zone: crate::model::time::Zone::utc(),
        from_station: mpsc::channel(1).0,
        alive: Arc::default(),
        modems: Default::default(),
    };
    open(settings, opening).unwrap()
}

fn outgoing(step: u32, deed: &str, reason: &str) -> Outgoing {
    let reason = format!(r#"{{"rule":"{reason}","sensor":"pendant","press":"sos"}}"#);
    let raise = format!(r#""deed":"raise","severity":"emergency","reason":{reason}"#);
    let deed = if deed == "raise" { raise } else { format!(r#""deed":"{deed}""#) };
    let notice = format!(
        r#"{{"v":1,"home":"made-up-1","place":"3-2-201","alert":{{"number":7,"raised_at_ms":1000}},
            "step":{{"number":{step},"at_ms":1000,"by":{{"role":"gateway"}},{deed}}},
            "state":{{"reason":{reason},"severity":"emergency","phase":"raised","count":1,"escalated":0}},
            "age_secs":0.5,"clock_trusted":true,"durable":true}}"#
    );
    let notice = wire::Notice::from_bytes(notice.as_bytes()).unwrap();
    Outgoing { home: notice.home.clone(), point: PointId::new("centre").unwrap(), notice }
}

fn press() -> Outgoing {
    outgoing(1, "raise", "call_button")
}

#[tokio::test]
async fn a_press_is_101_of_its_zone_and_its_ack_is_the_receipt() {
    let (address, mut heard) = receiver(vec![Manner::Ack, Manner::LateAckFirst], None).await;
    let sink = sink(&settings(&address, ""));
    let press = press();
    let Ok(Handed::Receipt(receipt)) = sink.deliver(&press).await else { panic!("no receipt") };
    assert_eq!((receipt.step, receipt.alert), (1, press.notice.alert));
    let said = heard.recv().await.unwrap();
    assert_eq!((said.token.as_str(), said.data.as_str()), ("ADM-CID", "#1234|1101 01 002"));
    assert!(said.at.is_some() && said.sequence > 0);
    // The repeat of a notice is known by its number, and a late answer to another one is passed over.
    assert!(matches!(sink.deliver(&press).await, Ok(Handed::Receipt(_))));
    assert_eq!(heard.recv().await.unwrap().sequence, said.sequence);
    assert_eq!(sink.deliver(&outgoing(3, "take", "call_button")).await, Ok(Handed::NotTheirs), "no event of theirs");
}

#[tokio::test]
async fn a_refusal_for_the_time_is_answered_with_the_receivers_own_time() {
    let (address, mut heard) = receiver(vec![Manner::Nak { hours_ahead: 5 }, Manner::Ack, Manner::Ack], None).await;
    let sink = sink(&settings(&address, r#""language":"sia""#));
    assert!(matches!(sink.deliver(&press()).await, Ok(Handed::Receipt(_))));
    let (first, second) = (heard.recv().await.unwrap(), heard.recv().await.unwrap());
    assert_eq!((first.sequence, first.data.as_str()), (second.sequence, "#1234|Nri1/QA002"));
    let ahead = second.at.unwrap() - first.at.unwrap();
    assert!((ahead - Span::hours(5)).num_seconds().abs() < 60, "{ahead}");
    assert_eq!(sink.probe().await, Ok(()));
    assert!(heard.recv().await.unwrap().at.unwrap() > second.at.unwrap() - Span::minutes(1), "it is remembered");
}

#[tokio::test]
async fn a_time_that_no_clock_can_show_is_not_taken_over() {
    let far = 24 * 365 * 200_000;
    let manners = [Manner::Nak { hours_ahead: far }, Manner::Ack, Manner::Nak { hours_ahead: -far }, Manner::Ack];
    let (address, mut heard) = receiver(manners.to_vec(), None).await;
    let sink = sink(&settings(&address, ""));
    for _ in 0..2 {
        let Err(NotDelivered::Later(why)) = sink.deliver(&press()).await else { panic!() };
        assert!(why.contains("refused the time"), "{why}");
        assert!(matches!(sink.deliver(&press()).await, Ok(Handed::Receipt(_))));
    }
    let years = [heard.recv().await.unwrap(), heard.recv().await.unwrap()].map(|said| said.at.unwrap());
    assert!((years[1] - years[0]).num_seconds().abs() < 60, "still by our own clock");
}

#[tokio::test]
async fn whatever_is_no_ack_to_this_message_is_no_receipt() {
    let manners = [Manner::OtherAccount, Manner::Damaged, Manner::Cut, Manner::CloseAtOnce];
    let (address, _heard) = receiver(manners.to_vec(), None).await;
    let channel = sink(&settings(&address, ""));
    for manner in manners {
        let result = channel.deliver(&press()).await;
        let Err(NotDelivered::Later(why)) = result else { panic!("{manner:?}: {result:?}") };
        assert!(why.contains("without an answer"), "{manner:?}: {why}");
    }
    let (address, _heard) = receiver(vec![Manner::Duh], None).await;
    let Err(NotDelivered::Never(why)) = sink(&settings(&address, "")).deliver(&press()).await else { panic!() };
    assert!(why.contains("cannot process") && why.contains("1234"), "{why}");
    let nobody = settings("127.0.0.1:9", "");
    assert!(matches!(sink(&nobody).deliver(&press()).await, Err(NotDelivered::Later(_))));
}

#[tokio::test]
async fn with_a_key_everything_said_is_encrypted() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "0123456789ABCDEF\n").unwrap();
    let key = Key::parse("0123456789ABCDEF").unwrap();
    let (address, mut heard) = receiver(vec![Manner::Ack, Manner::Ack], Some(key)).await;
    let sink = sink(&settings(&address, &format!(r#""key_file":{:?}"#, file.path())));
    assert!(matches!(sink.deliver(&press()).await, Ok(Handed::Receipt(_))));
    assert_eq!(heard.recv().await.unwrap().data, "#1234|1101 01 002");
    assert_eq!(sink.probe().await, Ok(()));
    assert_eq!(heard.recv().await.unwrap().token, "NULL");
}

#[tokio::test]
async fn over_udp_it_is_the_same() {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap().to_string();
    let receiver = tokio::spawn(async move {
        let mut packet = [0; 512];
        let (count, from) = socket.recv_from(&mut packet).await.unwrap();
        let frame = Frame::parse(&packet[1..count - 1], None).unwrap();
        socket.send_to(&answer(Manner::LateAckFirst, &frame), from).await.unwrap();
        frame
    });
    let sink = sink(&settings(&address, r#""transport":"udp""#));
    assert!(matches!(sink.deliver(&press()).await, Ok(Handed::Receipt(_))));
    assert_eq!(receiver.await.unwrap().data, "#1234|1101 01 002");
}

#[test]
fn a_person_problem_and_a_sensor_problem_have_different_codes_and_what_is_over_is_a_restore() {
    let code = |notice: &Outgoing| Event::of(&notice.notice).map(|event| event.as_contact_id(2));
    assert_eq!(code(&press()).as_deref(), Some("1101 01 002"));
    assert_eq!(code(&outgoing(5, "recovered", "call_button")).as_deref(), Some("3101 01 002"));
    assert_eq!(code(&outgoing(2, "life_unknown_here", "call_button")), None);
    let mut quiet = press();
    quiet.notice.state.reason = serde_json::from_str(
        r#"{"rule":"inactivity","limit_secs":3600,"silence_secs":3700,"sensors_alive":3,"sensors":3}"#,
    )
    .unwrap();
    assert_eq!(code(&quiet).as_deref(), Some("1641 01 002"));
    let mut stuck = press();
    stuck.notice.state.reason = serde_json::from_str(
        r#"{"rule":"stuck_sensor","sensor":"hall","kind":"motion","how":"on","stuck_since":"2026-01-01T00:00:00Z"}"#,
    )
    .unwrap();
    assert_eq!(code(&stuck).as_deref(), Some("1391 01 002"));
    let mut visit = press();
    visit.notice.state.reason = serde_json::from_str(
        r#"{"rule":"missed_visit","visit":"care","from":"2026-01-01T08:00:00Z","to":"2026-01-01T10:00:00Z","grace_secs":1800,"is_known":true}"#,
    )
    .unwrap();
    assert_eq!(code(&visit), None, "their language has no word for it");
    quiet.notice.state.test = true;
    assert_eq!(code(&quiet).as_deref(), Some("1602 01 002"));
}

#[test]
fn settings_that_cannot_work_say_which_and_why() {
    let why = |receiver: &str, more: &str| read(receiver, more).unwrap_err();
    for receiver in ["receiver.example", "receiver.example:0", ":12345", "r:65536"] {
        assert!(why(receiver, "").contains("no address of a receiver"), "{receiver}");
    }
    assert!(why("r:1", r#""prefix":"xy""#).contains("\"xy\" is not a prefix"));
    assert!(why("r:1", r#""prefix":"""#).contains("1 to 6 hexadecimal digits"));
    assert!(why("r:1", r#""supervision":"5s""#).contains("from 60s to 25h"));
    let no_account = serde_json::from_str::<Settings>(r#"{"receiver":"r:1","account":"12"}"#).unwrap_err();
    assert!(no_account.to_string().contains("\"12\" is not an account"));
    let missing = check(&settings("r:1", r#""key_file":"/nowhere/key""#)).unwrap_err().to_string();
    assert!(missing.contains("/nowhere/key: no such file"), "{missing}");
    assert!(check(&settings("r:1", "")).is_ok());
}
