//! What a modem says, taken apart: lines and prompts out of bytes, then answers, messages and what it says unasked.
//!
//! Pure. Unasked lines may stand between any two lines of an answer, also between the head of a message and its octets:
//! each line is taken for what it is, never for what should come next.

use super::faults::{Fault, Registration, Signal};
use super::pdu::{self, Malformed, Pdu};

/// A line without its end, or the prompt that waits for a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// A line with something in it.
    Line(String),
    /// `>` at the begin of a line; it has no end.
    Prompt,
}

/// Cuts bytes into lines.
#[derive(Debug, Default)]
pub struct Lines {
    line: Vec<u8>,
    is_too_long: bool,
}

/// Twice what the longest message takes; what is longer is no line of a modem.
const LINE_BYTES_MAX: usize = 1024;

impl Lines {
    /// The lines and prompts that these bytes complete.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Token> {
        let mut tokens = Vec::new();
        for byte in bytes {
            match byte {
                b'\r' | b'\n' => tokens.extend(self.end()),
                b'>' if self.line.trim_ascii().is_empty() && !self.is_too_long => {
                    self.line.clear();
                    tokens.push(Token::Prompt);
                }
                byte if self.line.len() < LINE_BYTES_MAX => self.line.push(*byte),
                _ => self.is_too_long = true,
            }
        }
        tokens
    }

    /// Whether a line has begun.
    pub fn is_pending(&self) -> bool {
        !self.line.trim_ascii().is_empty()
    }

    fn end(&mut self) -> Option<Token> {
        let line = std::mem::take(&mut self.line);
        if std::mem::take(&mut self.is_too_long) {
            return None;
        }
        let text: String = String::from_utf8_lossy(&line).chars().filter(|c| !c.is_control()).collect();
        let text = text.trim();
        (!text.is_empty()).then(|| Token::Line(text.to_owned()))
    }
}

/// What was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// The command is carried out, or refused.
    Done(Result<(), Fault>),
    /// A message may be written now.
    Prompt,
    /// A line of the answer that is waited for, without its head.
    Info(String),
    /// A message, or what should be one.
    Message {
        /// How it came.
        how: How,
        /// What it is.
        pdu: Result<Pdu, Malformed>,
    },
    /// Something lies in the memory and can be read there.
    Stored {
        /// Where in it.
        index: u32,
        /// Whether it is a report.
        is_report: bool,
    },
    /// The modem came into a network or lost it.
    Registration(Registration),
    /// Somebody calls.
    Ring,
    /// Anything else.
    Other(String),
}

/// How a message came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// By itself: `+CMT`, `+CDS`.
    Unasked,
    /// Out of the memory, from this place: `+CMGL`.
    Listed {
        /// Where it lies.
        index: u32,
        /// Whether it came from outside; what we stored ourselves did not.
        is_received: bool,
    },
    /// Out of the memory, from the place that was asked for: `+CMGR`.
    Read,
}

/// Understands lines.
#[derive(Debug, Default)]
pub struct Ear {
    /// The head of the answer that is waited for.
    expected: Option<&'static str>,
    /// Messages whose octets are still to come, the newest last.
    heads: Vec<Head>,
}

#[derive(Debug)]
struct Head {
    /// Absent for what is no message of a person: it is heard and dropped.
    how: Option<How>,
    length: Option<usize>,
}

/// More than this many heads without octets are none.
const HEADS_MAX: usize = 4;

impl Ear {
    /// From now on lines with this head are an answer.
    pub fn expect(&mut self, head: Option<&'static str>) {
        self.expected = head;
    }

    /// Whether octets of a message are still to come.
    pub fn is_pending(&self) -> bool {
        !self.heads.is_empty()
    }

    /// What a token says; nothing for the head of a message, and for what is dropped.
    pub fn hear(&mut self, token: Token) -> Option<Heard> {
        match token {
            Token::Prompt => Some(Heard::Prompt),
            Token::Line(line) => self.line(&line),
        }
    }

    fn line(&mut self, line: &str) -> Option<Heard> {
        if let Some(result) = final_result(line) {
            // An answer that is over brings no octets any more; what came unasked may still.
            self.heads.retain(|head| head.how.is_none() || head.how == Some(How::Unasked));
            return Some(Heard::Done(result));
        }
        let Some((name, rest)) = named(line) else { return self.nameless(line) };
        match name {
            "+CMT" | "+CDS" => self.head(Some(How::Unasked), rest),
            "+CBM" => self.head(None, rest),
            "+CMGR" => self.head(Some(How::Read), rest),
            "+CMGL" => {
                let mut fields = rest.split(',').map(str::trim);
                let index = fields.next().and_then(|index| index.parse().ok())?;
                let is_received = matches!(fields.next(), Some("0" | "1"));
                self.head(Some(How::Listed { index, is_received }), rest)
            }
            "+CMTI" | "+CDSI" => {
                let index = rest.rsplit(',').next()?.trim().parse().ok()?;
                Some(Heard::Stored { index, is_report: name == "+CDSI" })
            }
            "+CRING" => Some(Heard::Ring),
            "+CREG" if !is_answer(rest) => registration_of(rest.split(',').next()?).map(Heard::Registration),
            name if self.expected == Some(name) => Some(Heard::Info(rest.to_owned())),
            _ => Some(Heard::Other(line.to_owned())),
        }
    }

    fn head(&mut self, how: Option<How>, rest: &str) -> Option<Heard> {
        let length = rest.rsplit(',').next().and_then(|length| length.trim().parse().ok());
        if self.heads.len() == HEADS_MAX {
            self.heads.remove(0);
        }
        self.heads.push(Head { how, length });
        None
    }

    /// A line without a name: octets where some are waited for.
    fn nameless(&mut self, line: &str) -> Option<Heard> {
        if line == "RING" {
            return Some(Heard::Ring);
        }
        if line.starts_with("AT") || line.starts_with(['^', '*', '%', '#', '$']) {
            // Our own command, said back; or a maker's own remark.
            return Some(Heard::Other(line.to_owned()));
        }
        let octets = pdu::octets(line);
        let fits = |head: &Head| {
            let behind_centre = octets.as_ref().ok().and_then(|octets| {
                let centre = usize::from(*octets.first()?) + 1;
                octets.len().checked_sub(centre)
            });
            head.length.is_some() && head.length == behind_centre
        };
        // Of two that wait, the one whose length it has; else the newest.
        let place = self.heads.iter().rposition(fits).or(self.heads.len().checked_sub(1));
        let Some(place) = place else { return Some(Heard::Other(line.to_owned())) };
        let head = self.heads.remove(place);
        let pdu = octets.and_then(|octets| match head.length {
            Some(length) => Pdu::read_of_length(&octets, length),
            None => Pdu::read(&octets),
        });
        head.how.map(|how| Heard::Message { how, pdu })
    }
}

/// `+CREG: 0,1` answers a question, `+CREG: 1` and `+CREG: 1,"00C3","2F"` come unasked.
fn is_answer(rest: &str) -> bool {
    let second = rest.split(',').nth(1).map(str::trim);
    second.is_some_and(|second| second.len() == 1 && second.bytes().all(|digit| digit.is_ascii_digit()))
}

/// The name before the colon, and what stands behind it.
fn named(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.split_once(':')?;
    let is_name = name.len() > 1 && name.starts_with('+') && name[1..].bytes().all(|c| c.is_ascii_alphanumeric());
    is_name.then_some((name, rest.trim()))
}

fn final_result(line: &str) -> Option<Result<(), Fault>> {
    let code = |rest: &str| rest.trim().parse().unwrap_or(u16::MAX);
    if let Some(rest) = line.strip_prefix("+CME ERROR:") {
        return Some(Err(Fault::Modem(code(rest))));
    }
    if let Some(rest) = line.strip_prefix("+CMS ERROR:") {
        return Some(Err(Fault::Message(code(rest))));
    }
    match line {
        "OK" => Some(Ok(())),
        "ERROR" | "COMMAND NOT SUPPORT" | "TOO MANY PARAMETERS" => Some(Err(Fault::Error)),
        _ => None,
    }
}

/// What the SIM waits for, from the answer to `AT+CPIN?`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lock {
    /// Nothing.
    Open,
    /// Its PIN.
    Pin,
    /// The PUK, after wrong PINs.
    Puk,
    /// Another word, which no file of ours holds.
    Other(String),
}

/// Reads the answer to `AT+CPIN?`.
pub fn lock(info: &str) -> Lock {
    match info.trim_matches('"') {
        "READY" => Lock::Open,
        "SIM PIN" => Lock::Pin,
        "SIM PUK" => Lock::Puk,
        other => Lock::Other(other.to_owned()),
    }
}

/// Reads the answer to `AT+CREG?` or `AT+CEREG?`.
pub fn registration(info: &str) -> Option<Registration> {
    registration_of(info.split(',').nth(1)?)
}

fn registration_of(state: &str) -> Option<Registration> {
    state.trim().parse().ok().map(Registration)
}

/// Reads the answer to `AT+CSQ`.
pub fn signal(info: &str) -> Option<Signal> {
    info.split(',').next()?.trim().parse().ok().map(Signal)
}

/// The number the network gave a message, from the answer to `AT+CMGS`.
pub fn reference(info: &str) -> Option<u8> {
    info.split(',').next()?.trim().parse().ok()
}

/// How many tries the SIM still allows, from the answer to `AT+CPINR`.
pub fn tries_left(info: &str) -> Option<u8> {
    let mut fields = info.split(',').map(|field| field.trim().trim_matches('"'));
    (fields.next()? == "SIM PIN").then(|| fields.next()?.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DELIVER: &str = "00040D91683108108300F00000621112412134230331D00D";
    const REPORT: &str = "00061F0D91683108108300F0621112412134236211124121352300";

    fn hear(expected: Option<&'static str>, text: &str) -> Vec<Heard> {
        let (mut lines, mut ear) = (Lines::default(), Ear::default());
        ear.expect(expected);
        lines.push(text.as_bytes()).into_iter().filter_map(|token| ear.hear(token)).collect()
    }

    fn is_message(heard: &Heard, of: How) -> bool {
        matches!(heard, Heard::Message { how, pdu: Ok(_) } if *how == of)
    }

    #[test]
    fn an_answer_is_known_by_its_head_whatever_comes_between() {
        let heard = hear(Some("+CSQ"), "\r\nRING\r\n\r\n^RSSI:14\r\n\r\n+CSQ: 18,99\r\n\r\n+CREG: 5\r\n\r\nOK\r\n");
        let [Heard::Ring, Heard::Other(_), Heard::Info(info), Heard::Registration(network), Heard::Done(Ok(()))] =
            heard.as_slice()
        else {
            panic!("{heard:?}")
        };
        assert_eq!((signal(info), network.is_in()), (Some(Signal(18)), true));
    }

    #[test]
    fn a_question_for_the_network_and_its_remark_are_told_apart() {
        assert_eq!(hear(Some("+CREG"), "+CREG: 0,1\r\n"), [Heard::Info("0,1".into())]);
        assert_eq!(hear(Some("+CREG"), "+CREG: 2\r\n"), [Heard::Registration(Registration(2))]);
        let with_cell = hear(Some("+CREG"), "+CREG: 1,\"00C3\",\"2F\"\r\n");
        assert_eq!(with_cell, [Heard::Registration(Registration(1))]);
        assert_eq!(registration("2,5,\"00C3\",\"2F\"").map(Registration::is_in), Some(true));
    }

    #[test]
    fn a_message_that_comes_inside_an_answer_is_taken_for_itself() {
        let text = format!("+CMGL: 3,0,,23\r\n+CDS: 26\r\n{REPORT}\r\n{DELIVER}\r\nOK\r\n");
        let heard = hear(None, &text);
        assert!(is_message(&heard[0], How::Unasked), "{heard:?}");
        assert!(is_message(&heard[1], How::Listed { index: 3, is_received: true }), "{heard:?}");
        assert_eq!(heard[2], Heard::Done(Ok(())));
        let crossed = format!("+CMGL: 3,0,,23\r\n+CDS: 26\r\n{DELIVER}\r\n{REPORT}\r\n");
        let heard = hear(None, &crossed);
        assert!(is_message(&heard[0], How::Listed { index: 3, is_received: true }), "known by its length: {heard:?}");
        assert!(is_message(&heard[1], How::Unasked));
    }

    #[test]
    fn a_message_of_another_length_than_was_said_is_refused() {
        let heard = hear(None, &format!("+CMGR: 1,,40\r\n{DELIVER}\r\nOK\r\n"));
        assert_eq!(heard[0], Heard::Message { how: How::Read, pdu: Err(Malformed::Cut) });
        let heard = hear(None, "+CMGR: 1,,23\r\nhello there\r\nOK\r\n");
        assert_eq!(heard[0], Heard::Message { how: How::Read, pdu: Err(Malformed::Digits) });
        assert_eq!(hear(None, "+CMGR: 0,,0\r\nOK\r\n"), [Heard::Done(Ok(()))], "an empty place");
    }

    #[test]
    fn the_prompt_has_no_end_and_needs_none() {
        assert_eq!(hear(None, "\r\n> "), [Heard::Prompt]);
        assert_eq!(hear(None, ">"), [Heard::Prompt]);
        assert_eq!(hear(Some("+CMGS"), " \r\n+CMGS: 42\r\n\r\nOK\r\n").first(), Some(&Heard::Info("42".into())));
        assert_eq!(reference("42"), Some(42));
    }

    #[test]
    fn a_refusal_carries_its_number() {
        assert_eq!(hear(None, "+CMS ERROR: 331\r\n"), [Heard::Done(Err(Fault::Message(331)))]);
        assert_eq!(hear(None, "+CME ERROR: 10\r\n"), [Heard::Done(Err(Fault::Modem(10)))]);
        assert_eq!(hear(None, "+CME ERROR: SIM busy\r\n"), [Heard::Done(Err(Fault::Modem(u16::MAX)))]);
        assert!(Fault::Modem(10).to_string().contains("no SIM"));
    }

    #[test]
    fn what_lies_in_the_memory_is_told_with_its_place() {
        assert_eq!(hear(None, "+CMTI: \"SM\",7\r\n"), [Heard::Stored { index: 7, is_report: false }]);
        assert_eq!(hear(None, "+CDSI: \"SR\",2\r\n"), [Heard::Stored { index: 2, is_report: true }]);
        assert_eq!(hear(None, "+CMTI: nonsense\r\n"), []);
    }

    #[test]
    fn the_answers_of_the_start_are_read() {
        assert_eq!(lock("SIM PIN"), Lock::Pin);
        assert_eq!(lock("PH-NET PIN"), Lock::Other("PH-NET PIN".into()));
        assert_eq!(tries_left("\"SIM PIN\",3"), Some(3));
        assert_eq!(tries_left("SIM PIN2,3"), None);
        assert!(Signal(99).to_string().contains("unknown") && Signal(31).to_string().contains("-51 dBm"));
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_cuts_change_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..3000), cut in 0_usize..3000) {
            let whole = Lines::default().push(&bytes);
            let (mut lines, cut) = (Lines::default(), cut.min(bytes.len()));
            let mut parts = lines.push(&bytes[..cut]);
            parts.extend(lines.push(&bytes[cut..]));
            prop_assert_eq!(&whole, &parts);
            let mut ear = Ear::default();
            for token in whole {
                drop(ear.hear(token));
            }
            prop_assert!(ear.heads.len() <= HEADS_MAX);
        }
    }
}
