//! A modem on a pty that can be told to misbehave, and what the channel makes of it.

mod fake_modem;
mod shared;

use super::*;
use crate::model::ids::{ChannelName, HomeId, PersonId, PointId};
use crate::model::lifecycle::{Deed, Role, Via};
use crate::model::time::Span;
use crate::sinks::{FromStation, What};
use crate::wire::Wire;
use fake_modem::{FakeModem, Manner};
use serde_json::json;
use std::path::Path;
use std::time::Duration;

/// "1 7" from +8613800138000, by a clock far ahead of ours.
const TAKES_7: &str = "00040D91683108108300F00000943012124143230331D00D";
/// The same from a stranger.
const A_STRANGER: &str = "00040D91683109109300F00000943012124143230331D00D";

struct Opened {
    sink: Arc<dyn Sink>,
    heard: mpsc::Receiver<FromStation>,
}

const QUICK: Patience = Patience {
    answer: Duration::from_secs(1),
    network: Duration::from_secs(2),
    poll: Span::milliseconds(30),
    look: Span::milliseconds(200),
    rest: Duration::from_millis(10),
};

fn open_on(link: &Path, more: serde_json::Value) -> Opened {
    let mut keys = json!({"port": link, "to": ["+8613800138000", "+8613800138001"], "language": "en"});
    let more = more.as_object().cloned().unwrap_or_default();
    keys.as_object_mut().unwrap().extend(more);
    let settings: Settings = serde_json::from_value(keys).unwrap();
    let (from_station, heard) = mpsc::channel(64);
    let opening = Opening {
        channel: ChannelName::new("phones").unwrap(),
        home: HomeId::new("made-up-1").unwrap(),
        point: PointId::new("family").unwrap(),
        sensors: Vec::new(),
        zone: Zone::utc(),
        from_station,
        alive: Arc::default(),
        modems: Default::default(),
    };
    Opened { sink: open_with(&settings, opening, QUICK).unwrap(), heard }
}

impl Opened {
    async fn next(&mut self) -> What {
        let said = tokio::time::timeout(Duration::from_secs(20), self.heard.recv()).await.expect("in time");
        said.expect("the channel goes on").what
    }

    async fn up(&mut self) {
        while self.next().await != What::Up {}
    }

    async fn down(&mut self, word: &str) -> String {
        loop {
            if let What::Down { why } = self.next().await
                && why.contains(word)
            {
                return why;
            }
        }
    }

    /// Tries as the outbox does, until it is no longer accepted.
    async fn until_done(&self, outgoing: &Outgoing) -> Result<Handed, NotDelivered> {
        for _ in 0..2_000 {
            let handed = self.sink.deliver(outgoing).await;
            if handed != Ok(Handed::Accepted) {
                return handed;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("never done")
    }
}

fn outgoing(step: u32, phase: &str, deed: &str) -> Outgoing {
    let reason = r#"{"rule":"call_button","sensor":"pendant","press":"sos"}"#;
    let raised_at = clock::now().timestamp_millis();
    let notice = format!(
        r#"{{"v":1,"home":"made-up-1","place":"3-2-201","alert":{{"number":7,"raised_at_ms":1000}},
            "step":{{"number":{step},"at_ms":{raised_at},"by":{{"role":"gateway"}},{deed}}},
            "state":{{"reason":{reason},"severity":"emergency","phase":"{phase}","count":1,"escalated":0}},
            "age_secs":0.5,"clock_trusted":true,"durable":true}}"#
    );
    let notice = wire::Notice::from_bytes(notice.as_bytes()).unwrap();
    Outgoing { home: notice.home.clone(), point: PointId::new("family").unwrap(), notice }
}

fn press() -> Outgoing {
    let reason = r#"{"rule":"call_button","sensor":"pendant","press":"sos"}"#;
    outgoing(1, "raised", &format!(r#""deed":"raise","severity":"emergency","reason":{reason}"#))
}

fn close() -> Outgoing {
    outgoing(4, "closed", r#""deed":"close","outcome":"helped","contact":"seen""#)
}

#[tokio::test]
async fn everybody_gets_one_message_and_one_when_it_is_over_and_none_is_a_receipt() {
    let modem = FakeModem::plug_in(Manner { chatters: true, ..Manner::default() });
    let mut channel = open_on(&modem.link, json!({}));
    channel.up().await;
    assert_eq!(channel.until_done(&press()).await, Ok(Handed::Done));
    let messages = modem.messages();
    let to: Vec<&str> = messages.iter().map(|(to, _)| to.as_str()).collect();
    assert_eq!(to, ["+8613800138000", "+8613800138001"]);
    assert!(messages[0].1.starts_with("CARECIRCLE EMERGENCY: 3-2-201: Call button, "), "{messages:?}");
    assert_eq!(channel.until_done(&press()).await, Ok(Handed::Done), "a repeat of the outbox");
    assert_eq!(channel.until_done(&outgoing(3, "taken", r#""deed":"take""#)).await, Ok(Handed::NotTheirs));
    assert_eq!(modem.messages().len(), 2);
    assert_eq!(channel.until_done(&close()).await, Ok(Handed::Done));
    assert!(modem.messages()[2].1.contains("No need to go"), "{:?}", modem.messages());
    assert_eq!(modem.messages().len(), 4);
    assert_eq!(channel.sink.probe().await, Ok(()));
    assert!(modem.was_told("AT+CNMI=1,1,0,1,0") > 0, "the second way to hear of reports");
}

#[tokio::test]
async fn an_answer_of_the_circle_takes_the_alert_and_nobody_elses_does() {
    let modem = FakeModem::plug_in(Manner::default());
    let mut channel = open_on(&modem.link, json!({"accept_answers": true}));
    channel.up().await;
    assert_eq!(channel.until_done(&press()).await, Ok(Handed::Done));
    modem.says(&format!("\r\n+CMT: ,23\r\n{A_STRANGER}\r\n"));
    let What::Refused { topic, why } = channel.next().await else { panic!() };
    assert!(
        topic.contains("…9000") && why.contains("nobody who is told by this modem has the number"),
        "{topic}: {why}"
    );
    modem.behaves(|manner| manner.memory = vec![(5, TAKES_7.to_owned())]);
    let What::Step(step) = channel.next().await else { panic!() };
    modem.behaves(|manner| manner.memory.clear());
    assert_eq!((step.alert, &step.deed), (press().notice.alert, &Deed::Take));
    let by = &step.by;
    assert_eq!(
        (by.role, by.via, by.point.as_ref().map(PointId::as_str)),
        (Role::Responder, Some(Via::Sms), Some("family"))
    );
    assert_eq!(by.person.as_ref().map(PersonId::as_str), Some("phones.1"));
    while modem.was_told("AT+CMGD=5") == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn without_leave_an_answer_is_only_shown() {
    let modem = FakeModem::plug_in(Manner::default());
    let mut channel = open_on(&modem.link, json!({}));
    channel.up().await;
    assert_eq!(channel.until_done(&press()).await, Ok(Handed::Done));
    modem.says(&format!("\r\n+CMT: ,23\r\n{TAKES_7}\r\n"));
    let What::Refused { why, .. } = channel.next().await else { panic!() };
    assert!(why.contains("accept_answers"), "{why}");
    modem.says("\r\n+CMT: ,23\r\nnonsense\r\n");
    assert!(matches!(channel.next().await, What::Refused { .. }));
}

#[tokio::test]
async fn what_the_modem_refuses_is_said_in_words_and_tried_again() {
    let modem = FakeModem::plug_in(Manner::default());
    let mut channel = open_on(&modem.link, json!({}));
    channel.up().await;
    for (refusal, word) in [("+CMS ERROR: 331", "no mobile network"), ("+CMS ERROR: 21", "money"), ("ERROR", "ERROR")] {
        modem.behaves(|manner| manner.refuses_message = Some(refusal));
        let Err(NotDelivered::Later(why)) = channel.sink.deliver(&press()).await else { panic!("{refusal}") };
        assert!(why.contains(word), "{why}");
    }
    modem.behaves(|manner| manner.refuses_message = Some("+CMS ERROR: 28"));
    let Err(NotDelivered::Never(why)) = channel.sink.deliver(&press()).await else { panic!() };
    assert!(why.contains("…8000") && why.contains("does not know this number"), "{why}");
    modem.behaves(|manner| (manner.refuses_message, manner.refuses_command) = (None, Some("+CMS ERROR: 302")));
    assert!(matches!(channel.sink.deliver(&press()).await, Err(NotDelivered::Later(_))));
    modem.behaves(|manner| manner.refuses_command = None);
    assert_eq!(channel.until_done(&press()).await, Ok(Handed::Done));
    assert_eq!(modem.messages().len(), 2);
}

#[tokio::test]
async fn a_sim_that_runs_dry_is_told_until_the_network_takes_a_message_again() {
    let modem = FakeModem::plug_in(Manner::default());
    let mut channel = open_on(&modem.link, json!({}));
    channel.up().await;
    assert_eq!(channel.until_done(&press()).await, Ok(Handed::Done));
    modem.behaves(|manner| manner.refuses_message = Some("+CMS ERROR: 21"));
    assert!(matches!(channel.sink.deliver(&close()).await, Err(NotDelivered::Later(_))));
    let why = channel.down("money").await;
    assert!(why.contains("the last message was taken "), "{why}");
    assert!(channel.sink.probe().await.is_err(), "the modem itself is well");
    modem.behaves(|manner| manner.refuses_message = None);
    assert_eq!(channel.until_done(&close()).await, Ok(Handed::Done));
    channel.up().await;
    assert_eq!(channel.sink.probe().await, Ok(()));
}

#[tokio::test]
async fn an_answer_that_comes_late_is_not_taken_for_the_next_one() {
    let modem = FakeModem::plug_in(Manner::default());
    modem.says("\r\nERROR\r\n\r\n+CPIN: SIM PUK\r\n\r\nOK\r\n");
    let mut channel = open_on(&modem.link, json!({}));
    assert_eq!(channel.next().await, What::Up, "nothing else was told before");
}

#[tokio::test]
async fn a_prompt_that_hangs_is_left_and_the_next_message_goes() {
    let modem = FakeModem::plug_in(Manner { hangs_in_prompt: true, ..Manner::default() });
    let mut channel = open_on(&modem.link, json!({}));
    channel.up().await;
    let escapes = modem.seen.lock().unwrap().escapes;
    let Err(NotDelivered::Later(why)) = channel.sink.deliver(&press()).await else { panic!() };
    assert!(why.contains("said nothing more"), "{why}");
    channel.down("does not answer").await;
    while modem.seen.lock().unwrap().escapes == escapes {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    modem.behaves(|manner| manner.hangs_in_prompt = false);
    channel.up().await;
    assert_eq!(channel.until_done(&press()).await, Ok(Handed::Done));
}

#[tokio::test]
async fn a_try_that_was_given_up_keeps_nobody_from_being_told() {
    let modem = FakeModem::plug_in(Manner { hangs_in_prompt: true, ..Manner::default() });
    let mut channel = open_on(&modem.link, json!({}));
    channel.up().await;
    assert!(tokio::time::timeout(Duration::from_millis(50), channel.sink.deliver(&press())).await.is_err());
    modem.behaves(|manner| manner.hangs_in_prompt = false);
    channel.up().await;
    assert_eq!(channel.until_done(&press()).await, Ok(Handed::Done));
    assert_eq!(modem.messages().len(), 2);
}

#[tokio::test]
async fn a_modem_pulled_out_in_the_middle_is_told_and_goes_on_when_it_is_back() {
    let mut modem = FakeModem::plug_in(Manner { vanishes_in_message: true, ..Manner::default() });
    let mut channel = open_on(&modem.link, json!({}));
    channel.up().await;
    let Err(NotDelivered::Later(why)) = channel.sink.deliver(&press()).await else { panic!() };
    assert!(why.contains("pulled out"), "{why}");
    channel.down("the modem is gone").await;
    modem.behaves(|manner| manner.vanishes_in_message = false);
    modem.put_back();
    channel.up().await;
    assert_eq!(channel.until_done(&press()).await, Ok(Handed::Done));
    modem.pull_out();
    channel.down("the modem is gone").await;
    let Err(NotDelivered::Later(why)) = channel.sink.probe().await else { panic!() };
    assert!(why.contains("modem"), "{why}");
}

#[tokio::test]
async fn a_modem_that_says_nothing_is_down_with_what_to_look_for() {
    let modem = FakeModem::plug_in(Manner { is_silent: true, ..Manner::default() });
    let mut channel = open_on(&modem.link, json!({}));
    let why = channel.down("does not answer").await;
    assert!(why.contains("by-id"), "{why}");
    modem.behaves(|manner| manner.is_silent = false);
    channel.up().await;
}

#[tokio::test]
async fn no_sim_and_no_network_are_told_and_hold_messages_back() {
    let modem = FakeModem::plug_in(Manner { pin: "+CME ERROR: 10", ..Manner::default() });
    let mut channel = open_on(&modem.link, json!({}));
    channel.down("there is no SIM").await;
    let Err(NotDelivered::Later(why)) = channel.sink.deliver(&press()).await else { panic!() };
    assert!(why.contains("there is no SIM"), "{why}");
    modem.behaves(|manner| (manner.pin, manner.registration) = ("READY", "0,3"));
    channel.down("refuses the SIM").await;
    modem.behaves(|manner| manner.registration = "0,5");
    channel.up().await;
    assert_eq!(channel.until_done(&press()).await, Ok(Handed::Done));
    modem.behaves(|manner| manner.registration = "0,2");
    modem.says("\r\n+CREG: 2\r\n");
    channel.down("still looking for a network").await;
}

#[tokio::test]
async fn the_pin_is_entered_once_and_a_wrong_one_never_twice() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "1234\n").unwrap();
    let pin = || json!({"pin_file": file.path()});
    let locked = Manner { pin: "SIM PIN", right_pin: "1234", tries_left: Some(3), ..Manner::default() };

    let modem = FakeModem::plug_in(locked.clone());
    let mut channel = open_on(&modem.link, pin());
    channel.up().await;
    assert_eq!(modem.was_told("AT+CPIN=\"1234\""), 1);

    let wrong = FakeModem::plug_in(Manner { right_pin: "9999", tries_left: None, ..locked.clone() });
    let mut channel = open_on(&wrong.link, pin());
    channel.down("is wrong and is not tried again").await;
    for _ in 0..5 {
        assert!(channel.sink.probe().await.is_err());
    }
    assert_eq!(wrong.was_told("AT+CPIN=\"1234\""), 1);

    let tried = FakeModem::plug_in(Manner { tries_left: Some(2), ..locked.clone() });
    let mut channel = open_on(&tried.link, pin());
    channel.down("is wrong and is not tried again").await;
    assert_eq!(tried.was_told("AT+CPIN=\"1234\""), 0, "an earlier run has tried it");

    let without = FakeModem::plug_in(locked);
    let mut channel = open_on(&without.link, json!({}));
    channel.down("pin_file").await;
    let puk = FakeModem::plug_in(Manner { pin: "SIM PUK", ..Manner::default() });
    let mut channel = open_on(&puk.link, pin());
    channel.down("PUK").await;
}

#[tokio::test]
async fn a_phone_that_cannot_be_reached_is_tried_again_and_then_named() {
    let modem = FakeModem::plug_in(Manner { reports: Some(0x46), ..Manner::default() });
    let mut channel = open_on(&modem.link, json!({}));
    channel.up().await;
    let Err(NotDelivered::Never(why)) = channel.until_done(&press()).await else { panic!() };
    assert!(why.contains("…8000, …8001"), "{why}");
    assert_eq!(modem.messages().len(), 6, "three times each");
}

#[tokio::test]
async fn a_channel_that_is_stopped_lets_go_of_port_and_gateway() {
    let modem = FakeModem::plug_in(Manner::default());
    let mut channel = open_on(&modem.link, json!({}));
    channel.up().await;
    channel.sink.stop();
    while channel.heard.recv().await.is_some() {}
    assert!(matches!(channel.sink.probe().await, Err(NotDelivered::Later(_))));
}

#[test]
fn settings_that_cannot_work_say_why() {
    let why = |keys: serde_json::Value| serde_json::from_value::<Settings>(keys).unwrap_err().to_string();
    let (port, one) = ("/dev/serial/by-id/m", ["+8613800138000"]);
    assert!(why(json!({"port": "modem", "to": one})).contains("no path of a serial port"));
    assert!(why(json!({"port": "/dev/ttyUSB2", "to": one})).contains("another device after the next start"));
    assert!(why(json!({"port": port, "to": []})).contains("nobody would be told"));
    assert!(why(json!({"port": port, "to": ["me"]})).contains("no telephone number"));
    assert!(why(json!({"port": port, "to": ["+8613800138000", "13800138000"]})).contains("listed twice"));
    assert!(why(json!({"port": port, "to": one, "per_hour": 0})).contains("from 1 to 500"));
    let wrong_pin = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(wrong_pin.path(), "12").unwrap();
    let keys = json!({"port": port, "to": one, "pin_file": wrong_pin.path()});
    let settings: Settings = serde_json::from_value(keys).unwrap();
    assert!(check(&settings).unwrap_err().to_string().contains("no PIN"));
    assert_eq!(files(&settings), [wrong_pin.path()]);
}
