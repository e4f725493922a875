//! One message of SIA DC-09 as it goes over a socket, ours and the receiver's.
//!
//! ```text
//! LF CRC4 LEN4 "TOKEN" SEQ4 [Rreceiver] Lprefix #account [ data ] xdata* _HH:MM:SS,MM-DD-YYYY CR
//!    │    │   └─ a star before the token: all after the bracket is encrypted (cipher.rs)
//!    │    └─ hexadecimal, bytes from the first quote to before CR
//!    └─ CRC-16/ARC over the same bytes, hexadecimal
//! ```
//!
//! A receiver that does not know who speaks writes `A0` in place of `#account`. Source: SIA DC-09-2013, 5.5; the traps are
//! those of receivers in the field.

use super::cipher::Key;
use chrono::{DateTime, NaiveDateTime, Utc};

/// More than any message of ours and any reply; a peer that sends more without an end is no receiver.
pub const FRAME_MAX: usize = 2048;

/// A message or a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// What it is: `ADM-CID`, `SIA-DCS`, `NULL`, `ACK`, `NAK`, `DUH`, `RSP`.
    pub token: String,
    /// 0000 to 9999; a reply says that of the message it answers.
    pub sequence: u16,
    /// The receiver's number, if said.
    pub receiver: Option<String>,
    /// The account's prefix; `0` where there is none.
    pub prefix: String,
    /// Who speaks; absent in a reply to nobody known.
    pub account: Option<String>,
    /// What is said, without its brackets.
    pub data: String,
    /// Further blocks, without their brackets.
    pub more: Vec<String>,
    /// The sender's clock, whole seconds.
    pub at: Option<DateTime<Utc>>,
}

/// Why bytes are no frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAFrame {
    /// Damaged on the way.
    #[error("its checksum is {said} and should be {right:04X}")]
    Checksum {
        /// As it came.
        said: String,
        /// As computed.
        right: u16,
    },
    /// Cut or grown on the way.
    #[error("it says that it is {said} bytes long and is {right:04X}")]
    Length {
        /// As it came.
        said: String,
        /// As counted.
        right: usize,
    },
    /// Encrypted, with a key that is not ours or where we have none.
    #[error("it is encrypted with another key than the one of this channel")]
    Key,
    /// Not of this shape.
    #[error("it is not a message of SIA DC-09")]
    Shape,
}

const TIME: &str = "%H:%M:%S,%m-%d-%Y";
const CRC: crc::Crc<u16> = crc::Crc::<u16>::new(&crc::CRC_16_ARC);

impl Frame {
    /// The bytes from LF to CR, encrypted where there is a key.
    pub fn to_bytes(&self, key: Option<&Key>) -> Vec<u8> {
        let receiver = self.receiver.as_ref().map_or(String::new(), |receiver| format!("R{receiver}"));
        let account = self.account.as_ref().map_or("A0".to_owned(), |account| format!("#{account}"));
        let head = format!("{:04}{receiver}L{}{account}", self.sequence, self.prefix);
        let body = self.body();
        let said = match key {
            None => format!("\"{}\"{head}[{body}", self.token),
            Some(key) => format!("\"*{}\"{head}[{}", self.token, key.seal(&body)),
        };
        format!("\n{:04X}{:04X}{said}\r", CRC.checksum(said.as_bytes()), said.len()).into_bytes()
    }

    /// All after the opening bracket.
    fn body(&self) -> String {
        let more: String = self.more.iter().map(|block| format!("[{block}]")).collect();
        let at = self.at.map_or(String::new(), |at| format!("_{}", at.format(TIME)));
        format!("{}]{more}{at}", self.data)
    }

    /// What stands between LF and CR.
    pub fn parse(bytes: &[u8], key: Option<&Key>) -> Result<Frame, NotAFrame> {
        let text = std::str::from_utf8(bytes).map_err(|_| NotAFrame::Shape)?;
        let (checksum, rest) = text.split_at_checked(4).ok_or(NotAFrame::Shape)?;
        let (length, said) = rest.split_at_checked(4).ok_or(NotAFrame::Shape)?;
        let number = |digits: &str| u16::from_str_radix(digits, 16).map_err(|_| NotAFrame::Shape);
        let right = CRC.checksum(said.as_bytes());
        if number(checksum)? != right {
            return Err(NotAFrame::Checksum { said: checksum.to_owned(), right });
        }
        if usize::from(number(length)?) != said.len() {
            return Err(NotAFrame::Length { said: length.to_owned(), right: said.len() });
        }
        Frame::parse_said(said, key)
    }

    fn parse_said(said: &str, key: Option<&Key>) -> Result<Frame, NotAFrame> {
        let shape = || NotAFrame::Shape;
        let (token, rest) = said.strip_prefix('"').and_then(|rest| rest.split_once('"')).ok_or_else(shape)?;
        let (head, body) = rest.split_once('[').ok_or_else(shape)?;
        let mut frame = Frame::parse_head(head).ok_or_else(shape)?;
        let opened;
        let body = match token.strip_prefix('*') {
            None => body,
            Some(_) => {
                opened = key.and_then(|key| key.open(body.as_bytes())).ok_or(NotAFrame::Key)?;
                opened.as_str()
            }
        };
        frame.token = token.trim_start_matches('*').to_owned();
        frame.read_body(body).ok_or_else(shape)?;
        Ok(frame)
    }

    fn parse_head(head: &str) -> Option<Frame> {
        let (sequence, rest) = head.split_at_checked(4)?;
        let is_hex = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        // The account may hold no L. Before it stands the receiver's number, or what some write where they know none.
        let (receiver, rest) = rest.split_once('L')?;
        let receiver = receiver.strip_prefix('R').filter(|receiver| is_hex(receiver)).map(str::to_owned);
        let (prefix, account) = match rest.split_once('#') {
            Some((prefix, account)) if is_hex(account) => (prefix, Some(account)),
            Some(_) => return None,
            None => (rest.strip_suffix("A0")?, None),
        };
        let is_right = sequence.bytes().all(|digit| digit.is_ascii_digit()) && is_hex(prefix);
        is_right.then(|| Frame {
            token: String::new(),
            sequence: sequence.parse().unwrap_or_default(),
            receiver,
            prefix: prefix.to_owned(),
            account: account.map(str::to_owned),
            data: String::new(),
            more: Vec::new(),
            at: None,
        })
    }

    fn read_body(&mut self, body: &str) -> Option<()> {
        let (data, mut rest) = body.split_once(']')?;
        self.data = data.to_owned();
        while let Some(block) = rest.strip_prefix('[') {
            let (block, after) = block.split_once(']')?;
            self.more.push(block.to_owned());
            rest = after;
        }
        match rest.strip_prefix('_') {
            None => rest.is_empty().then_some(()),
            Some(at) => {
                self.at = Some(NaiveDateTime::parse_from_str(at, TIME).ok()?.and_utc());
                Some(())
            }
        }
    }
}

/// Finds the frames in what comes over a connection, however it is cut.
#[derive(Debug, Default)]
pub struct Frames {
    begun: Vec<u8>,
}

impl Frames {
    /// The frames that these bytes end, without LF and CR. What lies between frames is passed over.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut whole = Vec::new();
        for byte in bytes {
            match byte {
                b'\n' => self.begun.clear(),
                b'\r' if self.begun.is_empty() => {}
                b'\r' => whole.push(std::mem::take(&mut self.begun)),
                _ if self.begun.len() < FRAME_MAX => self.begun.push(*byte),
                _ => {}
            }
        }
        whole
    }
}

/// What a receiver says to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It holds it.
    Ack,
    /// The stamp is outside its window; its own clock, if said.
    Nak(Option<DateTime<Utc>>),
    /// It cannot process this.
    Duh,
}

impl Frame {
    /// What this says to `sent`; `None` if it answers another message or is no answer.
    pub fn answer_to(&self, sent: &Frame) -> Option<Answer> {
        // A receiver that refuses may not know who speaks, nor which message it was: then only the order tells.
        let is_same = self.sequence == sent.sequence && self.account == sent.account;
        match self.token.as_str() {
            "ACK" => is_same.then_some(Answer::Ack),
            "RSP" => is_same.then_some(Answer::Ack),
            "DUH" => (is_same || self.account.is_none()).then_some(Answer::Duh),
            "NAK" => (is_same || self.account.is_none()).then_some(Answer::Nak(self.at)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0123456789ABCDEF";

    fn key() -> Key {
        Key::parse(KEY).unwrap()
    }

    fn parsed(line: &str) -> Frame {
        Frame::parse(line.as_bytes(), Some(&key())).unwrap_or_else(|why| panic!("{line}: {why}"))
    }

    /// Our own, checked against another implementation: what each says.
    const OURS: [&str; 13] = [
        r#"8CED003A"SIA-DCS"0001L0#1234[#1234|Nri1/QA001]_20:30:00,11-21-2026"#,
        r#"1342003A"SIA-DCS"0002L0#1234[#1234|Nri1/NA003]_20:30:05,11-21-2026"#,
        r#"DEA9003B"ADM-CID"0003L0#1234[#1234|1101 01 001]_20:30:10,11-21-2026"#,
        r#"9933003B"ADM-CID"0004L0#1234[#1234|1102 01 000]_20:30:15,11-21-2026"#,
        r#"2E92003B"ADM-CID"0005L0#1234[#1234|1641 01 003]_20:30:20,11-21-2026"#,
        r#"8E2B003B"ADM-CID"0006L0#1234[#1234|3641 01 003]_20:30:25,11-21-2026"#,
        r#"1EF20013"NULL"0000L0#1234[]"#,
        r#"B6350027"NULL"0000L0#1234[]_20:30:30,11-21-2026"#,
        r#"1BC10012"ACK"0001L0#1234[]"#,
        r#"251F0012"DUH"0001L0#1234[]"#,
        r#"2B570025"NAK"0000R0L0A0[]_20:30:31,11-21-2026"#,
        r#"AE860096"*SIA-DCS"0001L0#1234[95B069A83F7E02B5628FDB3FC8A5C634D2F7B4ACCC67C23DFFA3469A63CF8236BF2B0FC5801B1DB9DA020544D5974D0570D338781EC2BEE17D0891530B7B5CF7"#,
        r#"548C0073"*NULL"0000L0#1234[95B069A83F7E02B5628FDB3FC8A5C634BE1D94CBF2D5047B1CFF9B41937914E964305CA63EFD42E8802F92E08CA3F0D0"#,
    ];

    #[test]
    fn what_is_read_is_written_again_byte_for_byte() {
        for line in OURS {
            let is_sealed = line.contains("\"*");
            let frame = parsed(line);
            let written = frame.to_bytes(is_sealed.then(key).as_ref());
            let back = Frame::parse(&written[1..written.len() - 1], Some(&key())).unwrap();
            assert_eq!(back, frame, "{line}");
            // The pad of our own is longer or shorter than the 26 letters of the recorded ones.
            if !is_sealed {
                assert_eq!(String::from_utf8(written).unwrap(), format!("\n{line}\r"));
            }
        }
    }

    #[test]
    fn an_encrypted_message_says_what_the_plain_one_says() {
        let (plain, sealed) = (parsed(OURS[0]), parsed(OURS[11]));
        assert_eq!(plain, sealed);
        assert_eq!(parsed(OURS[7]), parsed(OURS[12]));
        let other = Key::parse("FEDCBA9876543210").unwrap();
        assert_eq!(Frame::parse(OURS[11].as_bytes(), Some(&other)), Err(NotAFrame::Key));
        assert_eq!(Frame::parse(OURS[11].as_bytes(), None), Err(NotAFrame::Key));
    }

    #[test]
    fn frames_of_other_makers_are_read() {
        let lines = [
            (r#"F4D20029"SIA-DCS"0001RF3L77#1234[#1234|NRR|Atest]"#, "#1234|NRR|Atest"),
            (r#"96ED0016"SIA-DCS"0001L0#1234[]"#, ""),
            (r#"9EC40027"ADM-CID"0001L0#1002[#1002|1602 00 001]"#, "#1002|1602 00 001"),
            (r#"CA2F0038"NULL"0000L0#7890[#0000|0000 00 000]_22:13:29,12-29-2022"#, "#0000|0000 00 000"),
        ];
        for (line, data) in lines {
            assert_eq!(parsed(line).data, data);
        }
        let nak = parsed(r#"E4410025"NAK"0000R0L0A0[]_16:20:01,09-24-2025"#);
        assert_eq!((nak.account, nak.receiver.as_deref()), (None, Some("0")));
        assert_eq!(parsed(lines[0].0).prefix, "77");
        // A receiver in use writes the word None where it was given no number of its own, and a pad without a bar.
        let ack = parsed(r#"A6D00016"ACK"0005NoneL0#1234[]"#);
        assert_eq!((ack.sequence, ack.receiver, ack.account.as_deref()), (5, None, Some("1234")));
        let ack =
            parsed(r#"1FD80056"*ACK"0005NoneL0#1234[5187B403EEE10558ED4EF0D95C8607E01E54D4A25416F502A04026733646B327"#);
        assert_eq!((ack.token.as_str(), ack.data.as_str()), ("ACK", ""));
        // A panel of another maker: long text in the data, and its encrypted form in lower case with a pad of 16.
        let panel = r#"D3A10095"SIA-DCS"0005L0#12345[#12345|Nri0000pi0006da10-25-18ti14:37:53UT0000^$PR,SCOMPARSA          ,Centrale,Zona1,ROtTe.6MyLittlPoint^]_12:37:53,10-25-2018"#;
        assert!(parsed(panel).data.ends_with("MyLittlPoint^"));
        let sealed = r#"AEAE0137"*SIA-DCS"0018L0#12345[4cea0b8eb4752a51724c2c55f3801a6e35cb21d25e014290c29995e7cdbbb4659747c1e185c3627db922513d6d5cbb33440d09eefa204e96d62c9c9fc6ffaa5abeccfce859dd540f74cba79c04a048a9b597c12b027f6366a3817d1dd6e26e2019d33075a67ab4a74221f57450070a7f0de890d087c64e76db6893c192ef5e16762ef9934bbfc516d041ad71c47d4dd0"#;
        let frame = parsed(sealed);
        assert!(frame.data.starts_with("#12345|Nri0000pi0006da10-26-18"), "{frame:?}");
        assert_eq!(frame.at.unwrap().to_rfc3339(), "2018-10-26T07:50:26+00:00");
    }

    #[test]
    fn a_damaged_or_cut_frame_is_refused_with_the_figure_that_is_wrong() {
        let refused = |line: &str| Frame::parse(line.as_bytes(), None).unwrap_err();
        let length = |right| move |why: &NotAFrame| matches!(why, NotAFrame::Length { right: r, .. } if *r == right);
        assert!(length(0x2f)(&refused(r#"57150047"ADM-CID"0247R4F39L4F39#4F39[#4F39|3401 01 057]"#)));
        assert!(length(0x33)(&refused(r#"97F90078"SIA-DCS"6002L0#AAA[|Nri2/JC12]_12:58:23,09-15-2021"#)));
        let checksum =
            refused(r#"87CD0037"ADM-CID"9876R579BDFL789ABC#12345A[#12345A|1110 00 129]_14:12:04,09-25-2011"#);
        assert!(matches!(checksum, NotAFrame::Checksum { right: 0x9692, .. }), "{checksum}");
        for cut in 0..OURS[0].len() {
            assert!(Frame::parse(&OURS[0].as_bytes()[..cut], None).is_err());
        }
        assert_eq!(refused("ÄÖÜ"), NotAFrame::Shape);
        assert_eq!(refused(""), NotAFrame::Shape);
    }

    #[test]
    fn frames_are_found_however_the_bytes_are_cut() {
        let stream = format!("\nnoise\n{}\r\r\n\n{}\r{}", format_args!("\n{}", OURS[8]), OURS[9], OURS[10]);
        for size in 1..stream.len() {
            let mut frames = Frames::default();
            let found: Vec<Vec<u8>> = stream.as_bytes().chunks(size).flat_map(|part| frames.push(part)).collect();
            assert_eq!(found, [OURS[8].as_bytes(), OURS[9].as_bytes()], "in pieces of {size}");
        }
        let mut frames = Frames::default();
        assert!(frames.push(&vec![b'x'; 10 * FRAME_MAX]).is_empty());
        assert!(frames.begun.len() <= FRAME_MAX);
    }

    #[test]
    fn only_the_answer_to_this_message_of_this_account_counts() {
        let sent = parsed(OURS[0]);
        let answer = |line: &str| parsed(line).answer_to(&sent);
        assert_eq!(answer(OURS[8]), Some(Answer::Ack));
        assert_eq!(answer(OURS[9]), Some(Answer::Duh));
        assert!(matches!(answer(OURS[10]), Some(Answer::Nak(Some(_)))));
        let reply = |token: &str, sequence, account: &str| Frame {
            token: token.to_owned(),
            sequence,
            account: Some(account.to_owned()),
            ..parsed(OURS[8])
        };
        assert_eq!(reply("ACK", 9999, "1234").answer_to(&sent), None, "a late one");
        assert_eq!(reply("ACK", 1, "1235").answer_to(&sent), None, "of another home");
        assert_eq!(reply("NULL", 1, "1234").answer_to(&sent), None);
    }

    #[test]
    fn a_key_is_taken_as_text_or_as_digits_and_never_shown() {
        assert_eq!(key(), Key::parse("30313233343536373839414243444546").unwrap());
        assert_eq!([16, 24, 32].map(|n| Key::parse(&"k".repeat(n)).unwrap().bits()), [128, 192, 256]);
        assert!(Key::parse("short").unwrap_err().contains("this one has 5"));
        assert_eq!(format!("{:?}", key()), "Key(128 bits)");
        for key in [16, 24, 32].map(|n| Key::parse(&"k".repeat(n)).unwrap()) {
            for length in 0..40 {
                let text = "x".repeat(length);
                let sealed = key.seal(&text);
                assert_eq!(key.open(sealed.as_bytes()), Some(text));
                let pad = sealed.len() / 2 - length - 1;
                assert!((16..32).contains(&pad), "{pad}");
            }
        }
    }
}
