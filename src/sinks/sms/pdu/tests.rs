//! Messages against those of the standard's kind, and against whatever a modem may say.

use super::*;
use crate::sinks::sms::gsm7;
use proptest::prelude::*;

fn number(text: &str) -> Address {
    text.parse().unwrap()
}

fn submit(text: &str, coding: Coding) -> Submit {
    let body = Body { coding, part: None, text: text.to_owned() };
    Submit { reference: 0, to: number("+8613800138000"), validity: Validity::Unlimited, wants_report: false, body }
}

fn read(digits: &str) -> Result<Pdu, Malformed> {
    Pdu::read(&octets(digits)?)
}

#[test]
fn our_own_messages_are_these_octets() {
    let text = "【告警】3号楼201室 卫生间停留45分钟未离开，请15分钟内上门";
    let plain = "0001000D91683108108300F00008423010544A8B663011003353F7697C0032003000315BA40020536B751F95F4505C7559003400355206949F672A79BB5F00FF0C8BF7003100355206949F51854E0A95E8";
    let (written, length) = submit(text, Coding::Ucs2).write(None);
    assert_eq!((hex::upper(&written).as_str(), length), (plain, 80));
    let reported = "0031000D91683108108300F000080B423010544A8B663011003353F7697C0032003000315BA40020536B751F95F4505C7559003400355206949F672A79BB5F00FF0C8BF7003100355206949F51854E0A95E8";
    let sent = Submit { validity: Validity::minutes(60), wants_report: true, ..submit(text, Coding::Ucs2) };
    let (written, length) = sent.write(None);
    assert_eq!((hex::upper(&written).as_str(), length), (reported, 81));
    assert_eq!(read(reported).unwrap(), Pdu { centre: None, message: Message::Submit(sent) });
}

#[test]
fn the_length_leaves_the_service_centre_out() {
    let sent = Submit { to: number("18426939"), ..submit("hello", Coding::Ucs2) };
    let centre = number("+8613800755500");
    assert_eq!(sent.write(None).1, sent.write(Some(&centre)).1);
    let (written, length) = sent.write(Some(&centre));
    let pdu = Pdu::read_of_length(&written, length).unwrap();
    assert_eq!(pdu.centre.unwrap().to_string(), "+8613800755500");
    assert_eq!(Pdu::read_of_length(&written, length + 1), Err(Malformed::Cut));
    assert_eq!(Pdu::read_of_length(&written, length - 1), Err(Malformed::TooLong));
}

#[test]
fn a_message_from_somebody_says_who_when_and_what() {
    // From +8613800138000 on 2026-11-21 at 14:12:43, eight hours east: "1 7".
    let pdu = read("00040D91683108108300F00000621112412134230331D00D").unwrap();
    let Message::Deliver(deliver) = pdu.message else { panic!() };
    assert_eq!(deliver.from.to_string(), "+8613800138000");
    assert_eq!(deliver.at.unwrap().to_rfc3339(), "2026-11-21T06:12:43+00:00");
    assert_eq!((deliver.body.text.as_str(), deliver.body.coding), ("1 7", Coding::Gsm7));
}

#[test]
fn a_time_that_cannot_be_is_unknown_and_the_message_stays() {
    let pdu = read("00040D91683108108300F00000FFFFFFFFFFFFFF0131").unwrap();
    assert!(matches!(pdu.message, Message::Deliver(Deliver { at: None, .. })));
}

#[test]
fn a_report_says_which_message_and_what_became_of_it() {
    for (status, fate) in [(0x00, Fate::Delivered), (0x02, Fate::Delivered), (0x20, Fate::Tried), (0x30, Fate::Tried)] {
        let pdu = read(&format!("00061F0D91683108108300F06211124121342362111241213523{status:02X}")).unwrap();
        let Message::Report(report) = pdu.message else { panic!() };
        assert_eq!((report.reference, report.fate()), (0x1f, fate));
    }
    let failed = read("00061F0D91683108108300F0621112412134236211124121352346FF").unwrap();
    assert!(matches!(failed.message, Message::Report(report) if report.fate() == Fate::Failed));
}

#[test]
fn relative_validity_is_rounded_up_to_what_there_is() {
    for (minutes, octet) in [(0, 0), (5, 0), (60, 11), (720, 143), (750, 144), (1440, 167), (2880, 168), (40_320, 194)]
    {
        assert_eq!(Validity::minutes(minutes), Validity::Relative(octet), "{minutes} min");
    }
    assert_eq!(Validity::minutes(u32::MAX), Validity::Relative(255));
}

#[test]
fn what_is_cut_reserved_or_too_long_is_refused() {
    let good = "00040D91683108108300F00000621112412134230331D00D";
    for end in (0..good.len()).step_by(2) {
        assert!(read(&good[..end]).is_err(), "{}", &good[..end]);
    }
    assert_eq!(read(&format!("{good}00")), Err(Malformed::TooLong));
    assert_eq!(read("0003"), Err(Malformed::Type));
    assert_eq!(read("00GG"), Err(Malformed::Digits));
    assert_eq!(read("000"), Err(Malformed::Digits));
    assert_eq!(read("00040D91683108108300F00020621112412134230331D00D"), Err(Malformed::Compressed));
    assert_eq!(read("00040D91683108108300F0000862111241213423034E0A4E"), Err(Malformed::Length));
    assert_eq!(read("0004FF91683108108300F00008"), Err(Malformed::Cut));
    assert_eq!(read("00040D91683108108300E00000621112412134230131"), Err(Malformed::Address));
}

proptest! {
    #[test]
    fn whatever_is_sent_is_read_back(text in ".{0,60}", minutes in 0_u32..100_000, wants_report: bool, of in 1_u8..9) {
        for coding in [Coding::Ucs2, Coding::Gsm7] {
            let fits = if coding == Coding::Gsm7 { gsm7::encode(&text).is_some() } else { text.encode_utf16().count() <= 67 };
            for part in [None, Some(Part { reference: 200, number: 1, of })] {
                let body = Body { coding, part, text: text.clone() };
                let sent = Submit { validity: Validity::minutes(minutes), wants_report, body, ..submit("", coding) };
                if fits {
                    let (written, length) = sent.write(None);
                    let message = Pdu::read_of_length(&written, length).unwrap().message;
                    prop_assert_eq!(message, Message::Submit(sent));
                }
            }
        }
    }

    #[test]
    fn no_octets_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        drop(Pdu::read(&bytes));
    }
}
