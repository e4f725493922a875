//! What a station answers to a home that speaks to it by HTTPS: nothing can be sent to such a home, so every answer brings
//! what waits for it.

use crate::model::suspension::Suspend;
use crate::wire::body::{Receipt, StationStep, VERSION, Wire, WireError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The answer to a notice, a heartbeat, or the question what there is. Station → gateway.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "HttpAnswer"))]
pub struct Answer {
    /// 1.
    pub v: u32,
    /// The station holds the notice that was posted; absent where none was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
    /// Steps whose confirmation the station waits for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, schemars(default))]
    pub steps: Vec<StationStep>,
    /// Suspensions that the station asks for and whose answer it waits for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, schemars(default))]
    pub suspensions: Vec<Suspend>,
    /// Somebody may do something at any moment and this is the only way: ask again after so many seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ask_again_secs: Option<u32>,
}

/// The same as it was heard: what can be read of it is not lost with what cannot.
#[derive(Debug, Clone, PartialEq)]
pub struct AsHeard {
    /// As in the answer.
    pub receipt: Option<Receipt>,
    /// Each step, or why it cannot be read.
    pub steps: Vec<Result<StationStep, String>>,
    /// Each suspension with the id it has, which is answered also where the rest cannot be read.
    pub suspensions: Vec<(Option<String>, Result<Suspend, String>)>,
    /// As in the answer.
    pub ask_again_secs: Option<u32>,
}

/// Why a station did not do what was asked; the body of every status but 200.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "HttpDeclined"))]
pub struct Declined {
    /// 1.
    pub v: u32,
    /// Words for a person.
    pub why: String,
}

impl Wire for Declined {}

impl Answer {
    /// The body as JSON bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("bodies hold only text keys and finite numbers")
    }

    /// An answer from JSON bytes of version 1.
    pub fn read(bytes: &[u8]) -> Result<AsHeard, WireError> {
        #[derive(Deserialize)]
        struct Whole {
            v: u32,
            receipt: Option<Receipt>,
            #[serde(default)]
            steps: Vec<Value>,
            #[serde(default)]
            suspensions: Vec<Value>,
            ask_again_secs: Option<u32>,
        }
        let Whole { v, receipt, steps, suspensions, ask_again_secs } = serde_json::from_slice(bytes)?;
        if v != VERSION || receipt.as_ref().is_some_and(|receipt| receipt.v != VERSION) {
            return Err(WireError::Version(if v == VERSION { receipt.map_or(v, |receipt| receipt.v) } else { v }));
        }
        let suspension = |body: Value| {
            let id = body.get("id").and_then(Value::as_str).filter(|id| id.len() <= ID_BYTES_MAX).map(str::to_owned);
            (id, read(body))
        };
        let (steps, suspensions) = (steps.into_iter().map(read), suspensions.into_iter().map(suspension));
        Ok(AsHeard { receipt, steps: steps.collect(), suspensions: suspensions.collect(), ask_again_secs })
    }
}

/// What is longer is no id and is not carried back.
const ID_BYTES_MAX: usize = 64;

fn read<T: Wire>(body: Value) -> Result<T, String> {
    match body.get("v").and_then(Value::as_u64) {
        Some(v) if v == u64::from(VERSION) => {
            serde_json::from_value(body).map_err(|error| WireError::Shape(error).to_string())
        }
        Some(v) => Err(WireError::Version(u32::try_from(v).unwrap_or(u32::MAX)).to_string()),
        None => Err("it has no version".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: &str = r#"{"v":1,"home":"ky-0412","alert":{"number":7,"raised_at_ms":1},"key":"k","at_ms":2,
        "by":{"role":"desk","point":"lehe","person":"p1"},"deed":"take"}"#;

    #[test]
    fn an_answer_is_read_as_it_is_written_and_leaves_out_what_is_not_there() {
        let step: StationStep = serde_json::from_str(STEP).unwrap();
        let answer =
            Answer { v: 1, receipt: None, steps: vec![step.clone()], suspensions: Vec::new(), ask_again_secs: Some(5) };
        let heard = Answer::read(&answer.to_bytes()).unwrap();
        assert_eq!((heard.steps, heard.ask_again_secs), (vec![Ok(step)], Some(5)));
        let empty = Answer { v: 1, receipt: None, steps: Vec::new(), suspensions: Vec::new(), ask_again_secs: None };
        assert_eq!(empty.to_bytes(), br#"{"v":1}"#);
    }

    #[test]
    fn what_cannot_be_read_of_an_answer_takes_nothing_else_with_it() {
        let body = format!(
            r#"{{"v":1,"news":[],"steps":[{{"v":1}},{{"v":2}},{{}},{STEP}],
            "suspensions":[{{"v":1,"id":"s1","home":"ky-0412","change":"begin","kind":"hospital"}}],
            "receipt":{{"v":1,"home":"ky-0412","alert":{{"number":7,"raised_at_ms":1}},"step":1,"point":"lehe","at_ms":2}}}}"#
        );
        let heard = Answer::read(body.as_bytes()).unwrap();
        assert_eq!(heard.receipt.unwrap().step, 1);
        let read: Vec<bool> = heard.steps.iter().map(Result::is_ok).collect();
        assert_eq!(read, [false, false, false, true]);
        assert!(heard.steps[1].as_ref().unwrap_err().contains("version 2"));
        assert!(heard.suspensions[0].0.as_deref() == Some("s1") && heard.suspensions[0].1.is_err());
        assert!(Answer::read(br#"{"v":2}"#).unwrap_err().to_string().contains("version 2"));
        assert!(Answer::read(b"<html>").is_err());
    }
}
