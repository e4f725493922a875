//! What a modem says, in pieces, with or without a command under way; and octets as an SMS PDU: what is understood of it can be
//! written, and is read again. The first byte chooses, the second is the size of the pieces.
#![no_main]

use carecircle::sinks::sms::at::{self, Ear, Heard, Lines};
use carecircle::sinks::sms::pdu::{Message, Pdu};
use carecircle::sinks::sms::split::split;
use libfuzzer_sys::fuzz_target;

/// What answers may begin with.
const HEADS: [Option<&str>; 6] = [None, Some("+CPIN"), Some("+CREG"), Some("+CSQ"), Some("+CMGS"), Some("+CPINR")];

fuzz_target!(|input: &[u8]| {
    let [choice, piece, bytes @ ..] = input else { return };
    if choice & 0x80 != 0 {
        return message(bytes);
    }
    let (mut lines, mut ear) = (Lines::default(), Ear::default());
    ear.expect(HEADS[usize::from(*choice) % HEADS.len()]);
    for piece in bytes.chunks(usize::from(*piece).max(1)) {
        for token in lines.push(piece) {
            match ear.hear(token) {
                Some(Heard::Info(info)) => {
                    let _said = (at::lock(&info), at::registration(&info), at::signal(&info));
                    let _said = (at::reference(&info), at::tries_left(&info));
                }
                Some(Heard::Message { pdu: Ok(pdu), .. }) => read(&pdu),
                _ => {}
            }
        }
    }
});

fn message(octets: &[u8]) {
    let Ok(pdu) = Pdu::read(octets) else { return };
    read(&pdu);
    if let Message::Submit(submit) = &pdu.message {
        let (written, length) = submit.write(pdu.centre.as_ref());
        let _again = Pdu::read_of_length(&written, length);
    }
}

fn read(pdu: &Pdu) {
    let body = match &pdu.message {
        Message::Deliver(deliver) => &deliver.body,
        Message::Submit(submit) => &submit.body,
        Message::Report(report) => {
            let _masked = (report.fate(), report.to.masked());
            return;
        }
    };
    assert!(body.text.len() <= 4 * 160, "{} bytes in one message", body.text.len());
    assert!(!split(&body.text, 7).is_empty());
}
