//! A group of WeCom (企业微信) by its robot. Nothing is signed; the key stands in the address.
//!
//! 20 messages in a minute, 2048 bytes of text; success is `errcode` 0.

use crate::model::time::{Span, Timestamp};
use crate::problem::Problem;
use crate::sinks::robot::{self, Kind, Meaning};
use crate::sinks::{Opening, Sink};
use serde_json::{Value, json};
use std::sync::Arc;

pub use crate::sinks::robot::{Settings, broker, files};

/// What it is, in one sentence.
pub const SUMMARY: &str = "a group of WeCom by its robot, as a second path";

/// An example for the config.
pub const EXAMPLE: &str = r#"wecom = { url_file = "/etc/carecircle/wecom.url" }"#;

const KIND: Kind = Kind {
    name: "WeCom",
    address: "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…",
    address_holds: "key=",
    signs: false,
    bytes_max: 2048,
    closed_for: Span::seconds(60),
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

fn request(text: &str, _: Option<(&str, Timestamp)>) -> (String, Value) {
    (String::new(), json!({ "msgtype": "text", "text": { "content": text } }))
}

fn meaning(code: i64, _: &str) -> Meaning {
    match code {
        45009 | 45033 => Meaning::Limit,
        93000 => Meaning::Never("there is no robot at this address; copy it from the group again into url_file"),
        40008 | 40058 | 44004 | 45002 => Meaning::Never("it does not read this message; update carecircle"),
        _ => Meaning::Later,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_text_and_a_limit_passes() {
        let (query, body) = request("【测试】\"x\"", None);
        assert_eq!(
            (query.as_str(), body.to_string().as_str()),
            ("", r#"{"msgtype":"text","text":{"content":"【测试】\"x\""}}"#)
        );
        assert_eq!(meaning(45009, "api freq out of limit"), Meaning::Limit);
        assert!(matches!(meaning(93000, "invalid webhook url"), Meaning::Never(_)));
        assert_eq!(meaning(-1, "system busy"), Meaning::Later);
    }
}
