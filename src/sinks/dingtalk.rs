//! A group of DingTalk (钉钉) by its robot, signed where the robot asks for it.
//!
//! 20 messages in a minute, then closed for ten; success is `errcode` 0. A robot with a keyword drops what lacks it. Signed
//! is in the address: `timestamp` in milliseconds, `sign` = base64 of HMAC-SHA256(secret, timestamp + "\n" + secret).

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
pub const SUMMARY: &str = "a group of DingTalk by its robot, as a second path";

/// An example for the config.
pub const EXAMPLE: &str =
    r#"dingtalk = { url_file = "/etc/carecircle/dingtalk.url", secret_file = "/etc/carecircle/dingtalk.secret" }"#;

const KIND: Kind = Kind {
    name: "DingTalk",
    address: "https://oapi.dingtalk.com/robot/send?access_token=…",
    address_holds: "access_token=",
    signs: true,
    bytes_max: 16_000,
    closed_for: Span::seconds(600),
    answer: ("errcode", "errmsg"),
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
    let query = signed.map(|(secret, at)| {
        let at = at.timestamp_millis();
        format!("timestamp={at}&sign={}", in_address(&sign(secret, at)))
    });
    (query.unwrap_or_default(), json!({ "msgtype": "text", "text": { "content": text } }))
}

fn sign(secret: &str, at_ms: i64) -> String {
    STANDARD.encode(hmac_sha256(secret.as_bytes(), format!("{at_ms}\n{secret}").as_bytes()))
}

/// Base64 as it stands in an address.
fn in_address(base64: &str) -> String {
    base64.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}

/// One code stands for keyword, signature, time and address of the sender; its words, in one of two languages, tell which.
fn meaning(code: i64, words: &str) -> Meaning {
    let says = |some: &[&str]| some.iter().any(|word| words.contains(word));
    match code {
        310_000 if says(&["keyword", "关键词"]) => {
            Meaning::Never("the message lacks the robot's keyword; write that into the key keyword")
        }
        310_000 if says(&["whitelist", "IP", "ip "]) => {
            Meaning::Never("it does not know this network; take its list of addresses off, or sign instead")
        }
        310_000 => Meaning::Signature,
        130_101 | 410_100 | 660_026 => Meaning::Limit,
        300_001 | 300_005 | 400_101 | 40_035 => {
            Meaning::Never("there is no robot at this address; copy it from the group again into url_file")
        }
        400_013 => Meaning::Never("its group is gone; set up a robot in a group that is there"),
        400_102 => Meaning::Never("it was switched off; switch it on in the group's settings"),
        _ if says(&["too fast", "限流"]) => Meaning::Limit,
        _ => Meaning::Later,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::from_millis;

    #[test]
    fn a_signature_is_that_of_other_programs() {
        let signature = "aZLLrriXgn05YbwaGR7knYsLeJADjr9NwLaNNKpxh4g=";
        assert_eq!(sign("SECtest", 1_700_000_000_000), signature);
        let (query, body) = request("x", Some(("SECtest", from_millis(1_700_000_000_000))));
        let in_address = "aZLLrriXgn05YbwaGR7knYsLeJADjr9NwLaNNKpxh4g%3D";
        assert_eq!(query, format!("timestamp=1700000000000&sign={in_address}"));
        assert_eq!(body.to_string(), r#"{"msgtype":"text","text":{"content":"x"}}"#);
        assert_eq!(super::in_address("a+b/c="), "a%2Bb%2Fc%3D");
    }

    #[test]
    fn one_code_has_four_meanings_by_its_words() {
        assert!(matches!(meaning(310_000, "keywords not in content"), Meaning::Never(why) if why.contains("keyword")));
        assert!(
            matches!(meaning(310_000, "ip 192.0.2.1 not in whitelist"), Meaning::Never(why) if why.contains("network"))
        );
        assert_eq!(meaning(310_000, "sign not match"), Meaning::Signature);
        assert_eq!(meaning(310_000, "invalid timestamp"), Meaning::Signature);
        assert_eq!(meaning(310_000, "机器人发送签名过期"), Meaning::Signature);
        assert_eq!(meaning(130_101, "send too fast, exceed 20 times per minute"), Meaning::Limit);
        assert_eq!(meaning(-1, "系统繁忙"), Meaning::Later);
        assert!(matches!(meaning(300_005, "token is not exist"), Meaning::Never(_)));
    }
}
