//! What the words say in which models of rtl_433, and older releases of all, tell what happened.

use crate::devices::lenient;
use crate::model::observation::{Measure, Press};

/// `DS10A DOOR/WINDOW OPEN`, `Water Leak`, `Contact Closed`, `motion`, `ON`.
pub fn in_words(text: &str) -> Option<Measure> {
    let text = lenient::lower_case(text);
    let words = text.split(|c: char| !c.is_alphanumeric()).fold(0, |words, word| words | sense_of(word));
    let has = |sense: u16| words & sense != 0;
    match () {
        () if has(TRIED) => None,
        () if has(CALL) => Some(Measure::Button(Press::Sos)),
        () if has(MOTION) => Some(Measure::Motion(!has(NO | CLEAR | READY))),
        () if has(LEAK) => Some(Measure::Leak(!has(NO | DRY))),
        () if has(SMOKE) => Some(Measure::Smoke(!has(NO | CLEAR))),
        () if has(OPEN) => Some(Measure::Contact(true)),
        () if has(CLOSED) => Some(Measure::Contact(false)),
        () => match text.trim() {
            "on" => Some(Measure::Switch(true)),
            "off" => Some(Measure::Switch(false)),
            _ => None,
        },
    }
}

/// What a word says, as one of the bits below; 0 where it says nothing.
fn sense_of(word: &str) -> u16 {
    match word {
        "test" | "heartbeat" | "report" => TRIED,
        "panic" | "sos" | "emergency" => CALL,
        "motion" | "pir" => MOTION,
        "leak" | "water" | "wet" | "flood" => LEAK,
        "smoke" | "fire" => SMOKE,
        "open" | "opened" => OPEN,
        "close" | "closed" => CLOSED,
        "no" | "off" => NO,
        "clear" => CLEAR,
        "ready" => READY,
        "dry" => DRY,
        _ => 0,
    }
}

/// Somebody tries the device out, or it says that it is there.
const TRIED: u16 = 1;
const CALL: u16 = 1 << 1;
const MOTION: u16 = 1 << 2;
const LEAK: u16 = 1 << 3;
const SMOKE: u16 = 1 << 4;
const OPEN: u16 = 1 << 5;
const CLOSED: u16 = 1 << 6;
const NO: u16 = 1 << 7;
const CLEAR: u16 = 1 << 8;
const READY: u16 = 1 << 9;
const DRY: u16 = 1 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_every_release_mean_what_they_say() {
        for (text, measure) in [
            ("DS10A DOOR/WINDOW OPEN", Some(Measure::Contact(true))),
            ("Contact Closed", Some(Measure::Contact(false))),
            ("MS10A MOTION TRIPPED", Some(Measure::Motion(true))),
            ("MS10A MOTION READY", Some(Measure::Motion(false))),
            ("KR15A PANIC-3SECOND", Some(Measure::Button(Press::Sos))),
            ("Water Leak", Some(Measure::Leak(true))),
            ("Fire alarm", Some(Measure::Smoke(true))),
            ("Smoke test", None),
            ("Battery Report", None),
            ("Heartbeat", None),
            ("Alarm Off", None),
            ("OFF", Some(Measure::Switch(false))),
        ] {
            assert_eq!(in_words(text), measure, "{text}");
        }
    }
}
