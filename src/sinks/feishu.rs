//! A group of Feishu (飞书) by its robot, signed where the robot asks for it.
//!
//! 100 messages in a minute and 5 in a second, 20 KB; success is `code` 0. Signed is in the body: `timestamp` in seconds as
//! text, `sign` = base64 of HMAC-SHA256(timestamp + "\n" + secret, ""): key and message the other way round than DingTalk.

use crate::model::time::{Span, Timestamp};
use crate::problem::Problem;
use crate::sinks::robot::{self, Kind, Meaning};
use crate::sinks::signing::hmac_sha256;
use crate::sinks::{Opening, Sink};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::sync::Arc;

pub use crate::sinks::robot::{Settings, broker, files};

/// What it is, in one sentence.
pub const SUMMARY: &str = "a group of Feishu by its robot, as a second path";

/// An example for the config.
pub const EXAMPLE: &str =
    r#"feishu = { url_file = "/etc/carecircle/feishu.url", secret_file = "/etc/carecircle/feishu.secret" }"#;

const KIND: Kind = Kind {
    name: "Feishu",
    address: "https://open.feishu.cn/open-apis/bot/v2/hook/…",
    address_holds: "/bot/v2/hook/",
    signs: true,
    bytes_max: 16_000,
    closed_for: Span::seconds(60),
    answer: ("code", "msg"),
    request,
    meaning,
};

/// What would keep the channel from working.
pub fn check(settings: &Settings) -> Result<(), Problem> {
    robot::check(&KIND, settings)
}

/// Opens the channel.
pub fn open(settings: &Settings, opening: Opening) -> Result<Arc<dyn Sink>, Problem> {
    robot::open(&KIND, settings, opening)
}

fn request(text: &str, signed: Option<(&str, Timestamp)>) -> (String, Value) {
    let mut body = json!({ "msg_type": "text", "content": { "text": text } });
    if let Some((secret, at)) = signed {
        body["timestamp"] = json!(at.timestamp().to_string());
        body["sign"] = json!(sign(secret, at.timestamp()));
    }
    (String::new(), body)
}

fn sign(secret: &str, at_secs: i64) -> String {
    STANDARD.encode(hmac_sha256(format!("{at_secs}\n{secret}").as_bytes(), b""))
}

fn meaning(code: i64, words: &str) -> Meaning {
    match code {
        11232 => Meaning::Limit,
        // One code for a body it cannot read and, now and then, for too much.
        9499 if words.contains("too many") || words.contains("frequency") => Meaning::Limit,
        9499 | 19002 => Meaning::Never("it does not read this message; update carecircle"),
        19001 => Meaning::Never("there is no robot at this address; copy it from the group again into url_file"),
        19007 => Meaning::Never("it was switched off; switch it on in the group's settings"),
        19021 => Meaning::Signature,
        19022 => Meaning::Never("it does not know this network; take its list of addresses off, or sign instead"),
        19024 => Meaning::Never("the message lacks the robot's keyword; write that into the key keyword"),
        _ => Meaning::Later,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::from_millis;

    #[test]
    fn a_signature_is_that_of_other_programs() {
        let signature = "G7XpBpG8NgG02fJOAhX6FRAObIljmFoxVReo8I62pEk=";
        assert_eq!(sign("SECtest", 1_700_000_000), signature);
        let (query, body) = request("x", Some(("SECtest", from_millis(1_700_000_000_999))));
        assert_eq!((query.as_str(), &body["timestamp"], &body["sign"]), ("", &json!("1700000000"), &json!(signature)));
        assert_eq!(request("x", None).1.to_string(), r#"{"content":{"text":"x"},"msg_type":"text"}"#);
    }

    #[test]
    fn a_limit_passes_and_a_wrong_signature_does_not() {
        assert_eq!(meaning(11232, "frequency limited"), Meaning::Limit);
        assert_eq!(meaning(9499, "too many request"), Meaning::Limit);
        assert!(matches!(meaning(9499, "Bad Request"), Meaning::Never(_)));
        assert_eq!(meaning(19021, "sign match fail"), Meaning::Signature);
        assert!(matches!(meaning(19024, "Key Words Not Found"), Meaning::Never(_)));
        assert_eq!(meaning(55555, ""), Meaning::Later);
    }
}
