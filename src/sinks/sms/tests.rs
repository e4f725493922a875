//! A modem on a pty that can be told to misbehave, and what the channel makes of it.

use super::*;
use crate::model::time::Span;
use crate::wire::Wire;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::pty::{PtyMaster, grantpt, posix_openpt, ptsname_r, unlockpt};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How the modem behaves; changed while it runs.
#[derive(Debug, Clone)]
struct Manner {
    /// The answer to `AT+CPIN?`.
    pin: &'static str,
    right_pin: &'static str,
    /// What `AT+CPINR` says is left, where the modem knows it.
    tries_left: Option<u8>,
    registration: &'static str,
    /// The answer to `AT+CMGS`, instead of the prompt.
    refuses_command: Option<&'static str>,
    /// The answer to the message, instead of a number.
    refuses_message: Option<&'static str>,
    /// It shows the prompt and takes no message.
    hangs_in_prompt: bool,
    is_silent: bool,
    /// It is pulled out when the message comes.
    vanishes_in_message: bool,
    /// The status in the report on a message; none comes without.
    reports: Option<u8>,
    /// It says other things between any two lines.
    chatters: bool,
    /// What lies in its memory, by place.
    memory: Vec<(u32, String)>,
}

impl Default for Manner {
    fn default() -> Manner {
        Manner {
            pin: "READY",
            right_pin: "",
            tries_left: None,
            registration: "0,1",
            refuses_command: None,
            refuses_message: None,
            hangs_in_prompt: false,
            is_silent: false,
            vanishes_in_message: false,
            reports: Some(0),
            chatters: false,
            memory: Vec::new(),
        }
    }
}

/// What the modem was told and holds.
#[derive(Debug, Default)]
struct Seen {
    commands: Vec<String>,
    /// To whom, and what; each message joined from its octets.
    messages: Vec<(String, String)>,
    escapes: usize,
    /// It waits for a message.
    is_prompting: bool,
}

/// A modem at the end of a link that stays the same when it is put back.
struct FakeModem {
    manner: Arc<Mutex<Manner>>,
    seen: Arc<Mutex<Seen>>,
    /// Bytes it says by itself; dropped, it is pulled out.
    says: Option<std::sync::mpsc::Sender<String>>,
    _folder: tempfile::TempDir,
    link: PathBuf,
}

impl FakeModem {
    fn plug_in(manner: Manner) -> FakeModem {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("modem");
        let (manner, seen) = (Arc::new(Mutex::new(manner)), Arc::default());
        let mut modem = FakeModem { manner, seen, says: None, _folder: folder, link };
        modem.put_back();
        modem
    }

    fn put_back(&mut self) {
        let ours = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let path = PathBuf::from(ptsname_r(&ours).unwrap());
        fcntl(&ours, FcntlArg::F_SETFL(OFlag::O_RDWR | OFlag::O_NONBLOCK)).unwrap();
        // Kept open, or the kernel would take the port away whenever the channel closes it.
        let theirs =
            OpenOptions::new().read(true).write(true).custom_flags(OFlag::O_NOCTTY.bits()).open(&path).unwrap();
        make_raw(&theirs);
        drop(std::fs::remove_file(&self.link));
        std::os::unix::fs::symlink(&path, &self.link).unwrap();
        let (says, said) = std::sync::mpsc::channel();
        let (manner, seen) = (Arc::clone(&self.manner), Arc::clone(&self.seen));
        std::thread::spawn(move || live(ours, theirs, said, &manner, &seen));
        self.says = Some(says);
    }

    fn pull_out(&mut self) {
        self.says = None;
    }

    fn says(&self, text: &str) {
        self.says.as_ref().unwrap().send(text.to_owned()).unwrap();
    }

    fn behaves(&self, change: impl FnOnce(&mut Manner)) {
        change(&mut self.manner.lock().unwrap());
    }

    fn messages(&self) -> Vec<(String, String)> {
        self.seen.lock().unwrap().messages.clone()
    }

    fn was_told(&self, command: &str) -> usize {
        self.seen.lock().unwrap().commands.iter().filter(|said| said.as_str() == command).count()
    }
}

/// A pty would say everything back and turn line ends, as a terminal does.
fn make_raw(port: &File) {
    let mut termios = nix::sys::termios::tcgetattr(port).unwrap();
    nix::sys::termios::cfmakeraw(&mut termios);
    nix::sys::termios::tcsetattr(port, nix::sys::termios::SetArg::TCSANOW, &termios).unwrap();
}

/// The modem's life until it is pulled out.
fn live(
    mut ours: PtyMaster,
    theirs: File,
    said: std::sync::mpsc::Receiver<String>,
    manner: &Mutex<Manner>,
    seen: &Mutex<Seen>,
) {
    let mut line = Vec::new();
    seen.lock().unwrap().is_prompting = false;
    loop {
        match said.recv_timeout(Duration::from_millis(1)) {
            Ok(text) => ours.write_all(text.as_bytes()).unwrap(),
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {}
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return drop(theirs),
        }
        let mut bytes = [0; 4096];
        let Ok(count) = ours.read(&mut bytes) else { continue };
        for byte in &bytes[..count] {
            let (manner, mut seen) = (manner.lock().unwrap().clone(), seen.lock().unwrap());
            match byte {
                0x1b => {
                    seen.escapes += 1;
                    seen.is_prompting = false;
                    line.clear();
                }
                0x1a if seen.is_prompting => {
                    let message = String::from_utf8(std::mem::take(&mut line)).unwrap();
                    if manner.vanishes_in_message {
                        return;
                    }
                    let answer = take_message(&manner, &mut seen, &message);
                    ours.write_all(answer.as_bytes()).unwrap();
                }
                b'\r' if !seen.is_prompting => {
                    let command = String::from_utf8_lossy(&std::mem::take(&mut line)).into_owned();
                    if !command.is_empty() && !manner.is_silent {
                        let answer = answer(&manner, &mut seen, &command);
                        ours.write_all(answer.as_bytes()).unwrap();
                    }
                }
                byte => line.push(*byte),
            }
        }
    }
}

fn take_message(manner: &Manner, seen: &mut Seen, message: &str) -> String {
    if manner.hangs_in_prompt {
        return String::new();
    }
    seen.is_prompting = false;
    if let Some(refusal) = manner.refuses_message {
        return format!("\r\n{refusal}\r\n");
    }
    let pdu::Message::Submit(submit) = pdu::Pdu::read(&pdu::octets(message).unwrap()).unwrap().message else {
        panic!()
    };
    assert!(submit.wants_report && submit.validity == pdu::Validity::Relative(11));
    let reference = u8::try_from(seen.messages.len()).unwrap() + 100;
    seen.messages.push((submit.to.to_string(), submit.body.text));
    // The report may come before the modem is done with the answer.
    let report = manner.reports.map(|status| report(reference, message, status)).unwrap_or_default();
    format!("\r\n{report}+CMGS: {reference}\r\n\r\nOK\r\n")
}

/// The report on one of our messages: its number as it stands in the message.
fn report(reference: u8, message: &str, status: u8) -> String {
    let to = &message[6..6 + 4 + 14];
    let pdu = format!("0006{reference:02X}{to}6211211241234262112112412342{status:02X}");
    format!("+CDS: {}\r\n{pdu}\r\n", pdu.len() / 2 - 1)
}

fn answer(manner: &Manner, seen: &mut Seen, command: &str) -> String {
    seen.commands.push(command.to_owned());
    let between = if manner.chatters { "RING\r\n\r\n^RSSI: 17\r\n\r\n+CREG: 1\r\n\r\n" } else { "" };
    let info = |info: String| format!("\r\n{between}{info}\r\n{between}\r\nOK\r\n");
    match command {
        "AT" | "ATE0" | "AT+CMEE=1" | "AT+CMGF=0" | "AT+CREG=1" => "\r\nOK\r\n".to_owned(),
        "AT+CPIN?" if manner.pin.starts_with('+') => format!("\r\n{}\r\n", manner.pin),
        "AT+CPIN?" => {
            let entered = format!("AT+CPIN=\"{}\"", manner.right_pin);
            let is_open = seen.commands.contains(&entered);
            info(format!("+CPIN: {}", if is_open { "READY" } else { manner.pin }))
        }
        "AT+CPINR=\"SIM PIN\"" => match manner.tries_left {
            Some(left) => info(format!("+CPINR: SIM PIN,{left}")),
            None => "\r\nERROR\r\n".to_owned(),
        },
        pin if pin.starts_with("AT+CPIN=") => {
            let is_right = pin == format!("AT+CPIN=\"{}\"", manner.right_pin);
            if is_right { "\r\nOK\r\n" } else { "\r\n+CME ERROR: 16\r\n" }.to_owned()
        }
        "AT+CREG?" => info(format!("+CREG: {}", manner.registration)),
        "AT+CSQ" => info("+CSQ: 17,99".to_owned()),
        "AT+CNMI=1,1,0,1,0" => "\r\nOK\r\n".to_owned(),
        "AT+CMGL=4" => {
            let listed =
                |(index, pdu): &(u32, String)| format!("+CMGL: {index},0,,{}\r\n{between}{pdu}\r\n", pdu.len() / 2 - 1);
            format!("\r\n{}\r\nOK\r\n", manner.memory.iter().map(listed).collect::<String>())
        }
        send if send.starts_with("AT+CMGS=") => match manner.refuses_command {
            Some(refusal) => format!("\r\n{refusal}\r\n"),
            None => {
                seen.is_prompting = true;
                format!("\r\n{between}> ")
            }
        },
        _ => "\r\nERROR\r\n".to_owned(),
    }
}

/// "1 7" from +8613800138000, by a clock far ahead of ours.
const TAKES_7: &str = "00040D91683108108300F00000943012124143230331D00D";
/// The same from a stranger.
const A_STRANGER: &str = "00040D91683109109300F00000943012124143230331D00D";

struct Opened {
    sink: Arc<dyn Sink>,
    heard: mpsc::Receiver<FromStation>,
}

const QUICK: Patience = Patience {
    answer: Duration::from_millis(300),
    network: Duration::from_millis(600),
    poll: Span::milliseconds(30),
    look: Span::milliseconds(200),
    rest: Duration::from_millis(10),
};

fn open_on(link: &Path, more: &str) -> Opened {
    let port = link.display();
    let text = format!("port = \"{port}\"\nto = [\"+8613800138000\", \"+8613800138001\"]\nlanguage = \"en\"\n{more}");
    let settings: Settings = toml::from_str(&text).unwrap();
    let (from_station, heard) = mpsc::channel(64);
    let opening = Opening {
        channel: ChannelName::new("phones").unwrap(),
        home: HomeId::new("made-up-1").unwrap(),
        point: PointId::new("family").unwrap(),
        sensors: Vec::new(),
        zone: Zone::utc(),
        from_station,
        alive: Arc::default(),
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
    let mut channel = open_on(&modem.link, "");
    channel.up().await;
    assert_eq!(channel.until_done(&press()).await, Ok(Handed::Done));
    let messages = modem.messages();
    let to: Vec<&str> = messages.iter().map(|(to, _)| to.as_str()).collect();
    assert_eq!(to, ["+8613800138000", "+8613800138001"]);
    assert!(messages[0].1.starts_with("CARECIRCLE EMERGENCY: 3-2-201: Call button, "), "{messages:?}");
    assert_eq!(channel.until_done(&press()).await, Ok(Handed::Done), "a repeat of the outbox");
    assert_eq!(channel.until_done(&outgoing(3, "taken", r#""deed":"take""#)).await, Ok(Handed::Done));
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
    let mut channel = open_on(&modem.link, "accept_answers = true");
    channel.up().await;
    assert_eq!(channel.until_done(&press()).await, Ok(Handed::Done));
    modem.says(&format!("\r\n+CMT: ,23\r\n{A_STRANGER}\r\n"));
    let What::Refused { topic, why } = channel.next().await else { panic!() };
    assert!(topic.contains("…9000") && why.contains("not in this channel's list"), "{topic}: {why}");
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
    let mut channel = open_on(&modem.link, "");
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
    let mut channel = open_on(&modem.link, "");
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
    let mut channel = open_on(&modem.link, "");
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
    let mut channel = open_on(&modem.link, "");
    assert_eq!(channel.next().await, What::Up, "nothing else was told before");
}

#[tokio::test]
async fn a_prompt_that_hangs_is_left_and_the_next_message_goes() {
    let modem = FakeModem::plug_in(Manner { hangs_in_prompt: true, ..Manner::default() });
    let mut channel = open_on(&modem.link, "");
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
async fn a_modem_pulled_out_in_the_middle_is_told_and_goes_on_when_it_is_back() {
    let mut modem = FakeModem::plug_in(Manner { vanishes_in_message: true, ..Manner::default() });
    let mut channel = open_on(&modem.link, "");
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
    let mut channel = open_on(&modem.link, "");
    let why = channel.down("does not answer").await;
    assert!(why.contains("by-id"), "{why}");
    modem.behaves(|manner| manner.is_silent = false);
    channel.up().await;
}

#[tokio::test]
async fn no_sim_and_no_network_are_told_and_hold_messages_back() {
    let modem = FakeModem::plug_in(Manner { pin: "+CME ERROR: 10", ..Manner::default() });
    let mut channel = open_on(&modem.link, "");
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
    let pin = format!("pin_file = {:?}", file.path());
    let locked = Manner { pin: "SIM PIN", right_pin: "1234", tries_left: Some(3), ..Manner::default() };

    let modem = FakeModem::plug_in(locked.clone());
    let mut channel = open_on(&modem.link, &pin);
    channel.up().await;
    assert_eq!(modem.was_told("AT+CPIN=\"1234\""), 1);

    let wrong = FakeModem::plug_in(Manner { right_pin: "9999", tries_left: None, ..locked.clone() });
    let mut channel = open_on(&wrong.link, &pin);
    channel.down("is wrong and is not tried again").await;
    for _ in 0..5 {
        assert!(channel.sink.probe().await.is_err());
    }
    assert_eq!(wrong.was_told("AT+CPIN=\"1234\""), 1);

    let tried = FakeModem::plug_in(Manner { tries_left: Some(2), ..locked.clone() });
    let mut channel = open_on(&tried.link, &pin);
    channel.down("is wrong and is not tried again").await;
    assert_eq!(tried.was_told("AT+CPIN=\"1234\""), 0, "an earlier run has tried it");

    let without = FakeModem::plug_in(locked);
    let mut channel = open_on(&without.link, "");
    channel.down("pin_file").await;
    let puk = FakeModem::plug_in(Manner { pin: "SIM PUK", ..Manner::default() });
    let mut channel = open_on(&puk.link, &pin);
    channel.down("PUK").await;
}

#[tokio::test]
async fn a_phone_that_cannot_be_reached_is_tried_again_and_then_named() {
    let modem = FakeModem::plug_in(Manner { reports: Some(0x46), ..Manner::default() });
    let mut channel = open_on(&modem.link, "");
    channel.up().await;
    let Err(NotDelivered::Never(why)) = channel.until_done(&press()).await else { panic!() };
    assert!(why.contains("…8000, …8001"), "{why}");
    assert_eq!(modem.messages().len(), 6, "three times each");
}

#[tokio::test]
async fn a_channel_that_is_stopped_lets_go_of_port_and_gateway() {
    let modem = FakeModem::plug_in(Manner::default());
    let mut channel = open_on(&modem.link, "");
    channel.up().await;
    channel.sink.stop();
    while channel.heard.recv().await.is_some() {}
    assert!(matches!(channel.sink.probe().await, Err(NotDelivered::Later(_))));
}

#[test]
fn settings_that_cannot_work_say_why() {
    let why = |text: &str| toml::from_str::<Settings>(text).unwrap_err().to_string();
    let port = "port = \"/dev/serial/by-id/m\"\n";
    assert!(why("port = \"modem\"\nto = [\"+8613800138000\"]").contains("no path of a serial port"));
    assert!(why("port = \"/dev/ttyUSB2\"\nto = [\"+8613800138000\"]").contains("another device after the next start"));
    assert!(why(&format!("{port}to = []")).contains("nobody would be told"));
    assert!(why(&format!("{port}to = [\"me\"]")).contains("no telephone number"));
    assert!(why(&format!("{port}to = [\"+8613800138000\", \"13800138000\"]")).contains("listed twice"));
    assert!(why(&format!("{port}to = [\"+8613800138000\"]\nper_hour = 0")).contains("from 1 to 500"));
    let wrong_pin = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(wrong_pin.path(), "12").unwrap();
    let text = format!("{port}to = [\"+8613800138000\"]\npin_file = {:?}", wrong_pin.path());
    let settings: Settings = toml::from_str(&text).unwrap();
    let example: toml::Table = toml::from_str(EXAMPLE).unwrap();
    assert!(example["sms"].clone().try_into::<Settings>().unwrap().accept_answers);
    assert!(check(&settings).unwrap_err().to_string().contains("no PIN"));
    assert_eq!(files(&settings), [wrong_pin.path()]);
}
