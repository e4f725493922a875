//! Short messages and what a modem says, for `carecircle decode`: families `sms_pdu`, `sms_at` and `sms_split`.
//!
//! A message is `input_hex` as its octets, or `input_text` as the modem's lines. `text` is cut into the messages it would be
//! sent in. Kinds are `sms_deliver`, `sms_submit`, `sms_status_report`, `sms_parts` and `urc_…`.

use super::{Answer, Said, chunks};
use crate::model::observation::Evidence;
use crate::sinks::sms::at::{Ear, Heard, Lines};
use crate::sinks::sms::pdu::{Body, Coding, Malformed, Message as Kind, Part, Pdu, Validity};
use crate::sinks::sms::split::split;
use serde::Serialize;
use serde_json::{Value, json};

/// What a message says beside its kind.
#[derive(Debug, Default, Serialize, PartialEq)]
pub(super) struct Message {
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    smsc: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coding: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    validity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u8>,
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    reference: Option<u8>,
}

/// What the line says; nothing where it is of none of these families.
pub(super) fn answer(line: &[u8]) -> Option<Answer> {
    let asked: Value = serde_json::from_slice(line).ok()?;
    let heard = match asked["family"].as_str()? {
        "sms_pdu" => octets(&asked),
        "sms_at" => lines(&asked),
        "sms_split" => parts(&asked),
        _ => return None,
    };
    let refused = |why| Answer { outcome: "reject", readings: Vec::new(), why: Some(why) };
    Some(heard.unwrap_or_else(refused))
}

fn octets(asked: &Value) -> Result<Answer, String> {
    let octets = chunks(asked)?.concat();
    let pdu = Pdu::read(&octets).map_err(said_why)?;
    Ok(Answer { outcome: "readings", readings: vec![said(pdu)], why: None })
}

fn lines(asked: &Value) -> Result<Answer, String> {
    let (mut lines, mut ear) = (Lines::default(), Ear::default());
    let (mut readings, mut why) = (Vec::new(), None);
    for chunk in chunks(asked)? {
        for token in lines.push(&chunk) {
            match ear.hear(token) {
                Some(Heard::Message { pdu: Ok(pdu), .. }) => readings.push(said(pdu)),
                Some(Heard::Message { pdu: Err(malformed), .. }) => why = why.or(Some(said_why(malformed))),
                Some(Heard::Stored { index, is_report }) => {
                    readings.push(plain(if is_report { "urc_cdsi" } else { "urc_cmti" }, json!(index)));
                }
                Some(Heard::Registration(registration)) => readings.push(plain("urc_creg", json!(registration.0))),
                Some(Heard::Ring) => readings.push(plain("urc_ring", Value::Null)),
                Some(Heard::Done(_) | Heard::Prompt | Heard::Info(_) | Heard::Other(_)) | None => {}
            }
        }
    }
    let is_pending = lines.is_pending() || ear.is_pending();
    let outcome = match () {
        () if !readings.is_empty() => "readings",
        () if why.is_some() => "reject",
        () if is_pending => "incomplete",
        () => "ignore",
    };
    let why = why.filter(|_| outcome == "reject");
    Ok(Answer { outcome, readings, why })
}

fn parts(asked: &Value) -> Result<Answer, String> {
    let text = asked["text"].as_str().ok_or("text is no text")?;
    let count = split(text, 0).len();
    Ok(Answer { outcome: "readings", readings: vec![plain("sms_parts", json!(count))], why: None })
}

fn said(pdu: Pdu) -> Said {
    let smsc = pdu.centre.map(|centre| centre.to_string());
    let (kind, number, message) = match pdu.message {
        Kind::Deliver(deliver) => {
            let at = deliver.at.map(|at| at.to_rfc3339());
            ("sms_deliver", deliver.from, Message { at, ..words(deliver.body) })
        }
        Kind::Submit(submit) => {
            let validity = match submit.validity {
                Validity::Relative(octet) => Some(span(octet)),
                Validity::Unlimited | Validity::Other => None,
            };
            ("sms_submit", submit.to, Message { validity, ..words(submit.body) })
        }
        Kind::Report(report) => {
            let (status, reference) = (Some(report.status), Some(report.reference));
            ("sms_status_report", report.to, Message { status, reference, ..Message::default() })
        }
    };
    let number = number.to_string();
    let said = plain(kind, Value::Null);
    Said { device: number.clone(), message: Some(Message { number: Some(number), smsc, ..message }), ..said }
}

/// How long the network may try, as people write it: `60m`, `4d`.
fn span(octet: u8) -> String {
    let octet = u32::from(octet);
    match octet {
        0..=143 => format!("{}m", (octet + 1) * 5),
        144..=167 => format!("{}m", 720 + (octet - 143) * 30),
        168..=196 => format!("{}d", octet - 166),
        _ => format!("{}w", octet - 192),
    }
}

fn words(body: Body) -> Message {
    let coding = match body.coding {
        Coding::Gsm7 => "gsm7",
        Coding::Octets => "8bit",
        Coding::Ucs2 => "ucs2",
    };
    let part = body.part.map(|Part { number, of, .. }| format!("{number}/{of}"));
    Message { coding: Some(coding), text: Some(body.text), part, ..Message::default() }
}

fn said_why(malformed: Malformed) -> String {
    format!("malformed_pdu: {malformed}")
}

fn plain(kind: &str, value: Value) -> Said {
    Said {
        kind: kind.to_owned(),
        value,
        device: String::new(),
        part: None,
        evidence: Evidence::Event,
        cached: false,
        ambiguous: false,
        copy: false,
        about: None,
        message: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str) -> Value {
        serde_json::to_value(answer(line.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn a_message_is_read_from_octets_and_from_the_lines_of_a_modem() {
        let pdu = "00040D91683108108300F00000621112412134230331D00D";
        for line in [
            format!(r#"{{"family":"sms_pdu","input_hex":"{pdu}"}}"#),
            format!(r#"{{"family":"sms_at","input_text":"+CMT: ,23\r\n{pdu}\r\n"}}"#),
        ] {
            let told = told(&line);
            let reading = &told["readings"][0];
            assert_eq!((&reading["kind"], &reading["text"]), (&json!("sms_deliver"), &json!("1 7")), "{told}");
            assert_eq!(reading["number"], json!("+8613800138000"));
        }
    }

    #[test]
    fn what_is_no_message_is_refused_or_waited_for() {
        assert_eq!(told(r#"{"family":"sms_pdu","input_hex":"0004"}"#)["outcome"], json!("reject"));
        assert_eq!(told(r#"{"family":"sms_pdu","text":"a"}"#)["outcome"], json!("reject"));
        assert_eq!(told(r#"{"family":"sms_at","input_text":"+CMT: ,23\r\n"}"#)["outcome"], json!("incomplete"));
        assert_eq!(told(r#"{"family":"sms_at","input_text":"OK\r\n"}"#)["outcome"], json!("ignore"));
        assert_eq!(told(r#"{"family":"sms_at","input_text":"+CMTI: \"SM\",3\r\n"}"#)["readings"][0]["value"], json!(3));
        assert_eq!(answer(br#"{"family":"enocean"}"#), None);
    }

    #[test]
    fn a_text_is_counted_in_messages() {
        let long = "长".repeat(71);
        let told = told(&format!(r#"{{"family":"sms_split","text":"{long}"}}"#));
        assert_eq!(told["readings"][0]["value"], json!(2));
    }
}
