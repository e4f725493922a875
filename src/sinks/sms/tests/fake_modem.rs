//! A modem on a pty that can be told to misbehave.

use super::pdu;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::pty::{PtyMaster, grantpt, posix_openpt, ptsname_r, unlockpt};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How the modem behaves; changed while it runs.
#[derive(Debug, Clone)]
pub struct Manner {
    /// The answer to `AT+CPIN?`.
    pub pin: &'static str,
    pub right_pin: &'static str,
    /// What `AT+CPINR` says is left, where the modem knows it.
    pub tries_left: Option<u8>,
    pub registration: &'static str,
    /// The answer to `AT+CMGS`, instead of the prompt.
    pub refuses_command: Option<&'static str>,
    /// The answer to the message, instead of a number.
    pub refuses_message: Option<&'static str>,
    /// It shows the prompt and takes no message.
    pub hangs_in_prompt: bool,
    pub is_silent: bool,
    /// It is busy: what it is told waits.
    pub is_busy: bool,
    /// It is pulled out when the message comes.
    pub vanishes_in_message: bool,
    /// The status in the report on a message; none comes without.
    pub reports: Option<u8>,
    /// It says other things between any two lines.
    pub chatters: bool,
    /// What lies in its memory, by place.
    pub memory: Vec<(u32, String)>,
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
            is_busy: false,
            vanishes_in_message: false,
            reports: Some(0),
            chatters: false,
            memory: Vec::new(),
        }
    }
}

/// What the modem was told and holds.
#[derive(Debug, Default)]
pub struct Seen {
    pub commands: Vec<String>,
    /// To whom, and what; each message joined from its octets.
    pub messages: Vec<(String, String)>,
    pub escapes: usize,
    /// It waits for a message.
    pub is_prompting: bool,
}

/// A modem at the end of a link that stays the same when it is put back.
pub struct FakeModem {
    pub manner: Arc<Mutex<Manner>>,
    pub seen: Arc<Mutex<Seen>>,
    /// Bytes it says by itself; dropped, it is pulled out.
    pub says: Option<std::sync::mpsc::Sender<String>>,
    _folder: tempfile::TempDir,
    pub link: PathBuf,
}

impl FakeModem {
    pub fn plug_in(manner: Manner) -> FakeModem {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("modem");
        let (manner, seen) = (Arc::new(Mutex::new(manner)), Arc::default());
        let mut modem = FakeModem { manner, seen, says: None, _folder: folder, link };
        modem.put_back();
        modem
    }

    pub fn put_back(&mut self) {
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
        let (manner, seen, link) = (Arc::clone(&self.manner), Arc::clone(&self.seen), self.link.clone());
        std::thread::spawn(move || live(ours, theirs, said, &manner, &seen, &link));
        self.says = Some(says);
    }

    /// The name goes first: the kernel gives the number of a port that is gone to the next, which may be another modem's.
    pub fn pull_out(&mut self) {
        drop(std::fs::remove_file(&self.link));
        self.says = None;
    }

    pub fn says(&self, text: &str) {
        self.says.as_ref().unwrap().send(text.to_owned()).unwrap();
    }

    pub fn behaves(&self, change: impl FnOnce(&mut Manner)) {
        change(&mut self.manner.lock().unwrap());
    }

    pub fn messages(&self) -> Vec<(String, String)> {
        self.seen.lock().unwrap().messages.clone()
    }

    pub fn was_told(&self, command: &str) -> usize {
        self.seen.lock().unwrap().commands.iter().filter(|said| said.as_str() == command).count()
    }
}

impl Drop for FakeModem {
    fn drop(&mut self) {
        self.pull_out();
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
    link: &Path,
) {
    let mut line = Vec::new();
    seen.lock().unwrap().is_prompting = false;
    loop {
        match said.recv_timeout(Duration::from_millis(1)) {
            Ok(text) => ours.write_all(text.as_bytes()).unwrap(),
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {}
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return drop(theirs),
        }
        if manner.lock().unwrap().is_busy {
            continue;
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
                        return drop(std::fs::remove_file(link));
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
