//! Bluetooth beacons, whoever hands them on: addresses, counts of presses, and how repeats are known.
//!
//! ```text
//! {"pid":41,"button":1}             one button: 0 none, 1 single, 2 double, 3 triple, 4 long, 254 or 128 held
//! {"packet":42,"button2":2}         the second of several, as Theengs writes it (which also writes 9 for long, 11 for held)
//! {"pid":43,"button":[0,2,0,0]}     the second of several, as Shelly's script writes it
//! ```
//!
//! Source: the BTHome format; the device tables of the Theengs decoder.

use crate::devices::lenient;
use crate::model::observation::Press;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The number of the last press of each device, by which its repeats are known.
#[derive(Debug, Default)]
pub struct Packets {
    last: BTreeMap<String, u64>,
}

impl Packets {
    /// Whether `device` has said this number before. What a broker kept only tells where the count stands.
    pub fn is_again(&mut self, device: &str, number: u64, retained: bool) -> bool {
        match self.last.get_mut(device) {
            Some(last) if *last == number => true,
            Some(last) => {
                if !retained {
                    *last = number;
                }
                false
            }
            None => {
                // A neighbourhood of beacons must not grow the memory.
                if self.last.len() >= PACKETS_MAX {
                    self.last.pop_first();
                }
                self.last.insert(device.to_owned(), number);
                false
            }
        }
    }

    /// The count of `device` and of each of its buttons may begin anew.
    pub fn forget(&mut self, device: &str) {
        self.last.retain(|known, _| known.split('#').next() != Some(device));
    }
}

const PACKETS_MAX: usize = 256;

/// What a BTHome count of presses means.
pub fn counted_press(count: &Value) -> Option<Press> {
    match count {
        Value::Number(number) => match number.as_u64()? {
            0 => None,
            1 => Some(Press::Single),
            2 => Some(Press::Double),
            3 => Some(Press::Triple),
            4 | 9 => Some(Press::Long),
            11 | 128 | 254 => Some(Press::Hold),
            other => Some(Press::Other(other.to_string())),
        },
        Value::String(word) => lenient::press(word),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Which buttons were pressed, counted from 1: `button`, `button2`, `button_2`, or a list.
pub fn pressed(message: &Map<String, Value>) -> Vec<(u8, Press)> {
    let mut pressed = Vec::new();
    if let Some(button) = message.get("button") {
        let each: &[Value] = match button {
            Value::Array(each) => each,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                std::slice::from_ref(button)
            }
        };
        pressed.extend((1..=BUTTONS_MAX).zip(each).filter_map(|(n, count)| Some((n, counted_press(count)?))));
    }
    for (key, count) in message {
        let number = key.strip_prefix("button").and_then(|number| number.trim_start_matches('_').parse().ok());
        let Some(number) = number.filter(|number| (1..=BUTTONS_MAX).contains(number)) else { continue };
        pressed.extend(counted_press(count).map(|press| (number, press)));
    }
    pressed
}

/// More keys than any remote has.
pub const BUTTONS_MAX: u8 = 16;

/// `aabbccddee05`, `AA-BB-…` or `AA:BB:…` as `AA:BB:CC:DD:EE:05`.
pub fn mac(text: &str) -> Option<String> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).map(|digit| digit.to_ascii_uppercase()).collect();
    let is_mac = digits.len() == 12
        && matches!(text.len(), 12 | 17)
        && text.chars().all(|c| c.is_ascii_hexdigit() || matches!(c, ':' | '-'));
    let pairs = || digits.chunks(2).map(|pair| String::from_utf8_lossy(pair).into_owned()).collect::<Vec<_>>();
    is_mac.then(|| pairs().join(":"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_mac_address_has_one_name() {
        for written in ["aabbccddee05", "AA-BB-CC-DD-EE-05", "aa:bb:cc:dd:ee:05"] {
            assert_eq!(mac(written).as_deref(), Some("AA:BB:CC:DD:EE:05"));
        }
        assert!(
            ["aabbccddee0", "aabbccddee05ff", "aa:bb:cc:dd:ee:0g", "", "a:abbccddee05"]
                .iter()
                .all(|id| mac(id).is_none())
        );
    }

    #[test]
    fn buttons_are_counted_however_they_are_written() {
        let of = |message: Value| pressed(message.as_object().unwrap());
        assert_eq!(of(json!({"button": 1})), [(1, Press::Single)]);
        assert_eq!(of(json!({"button": [0, 254, 0, 3]})), [(2, Press::Hold), (4, Press::Triple)]);
        assert_eq!(of(json!({"button1": 0, "button_3": 4, "buttons": 1, "button99": 1})), [(3, Press::Long)]);
        assert_eq!(of(json!({"button": "double press"})), [(1, Press::Double)]);
        assert_eq!(of(json!({"button": null, "button2": true})), []);
    }

    #[test]
    fn a_number_said_again_is_a_repeat_and_a_kept_one_tells_where_the_count_stands() {
        let mut packets = Packets::default();
        assert!(!packets.is_again("a", 1, false) && packets.is_again("a", 1, false));
        assert!(!packets.is_again("b", 1, false), "each device counts for itself");
        assert!(!packets.is_again("a", 2, false) && packets.is_again("a", 2, true));
        assert!(!packets.is_again("c", 7, true) && packets.is_again("c", 7, false));
        assert!(!packets.is_again("c", 8, true) && !packets.is_again("c", 8, false), "a kept press is not heard yet");
        packets.forget("a");
        assert!(!packets.is_again("a", 2, false));
    }

    #[test]
    fn a_neighbourhood_of_beacons_is_not_remembered() {
        let mut packets = Packets::default();
        for device in 0..10_000 {
            packets.is_again(&device.to_string(), 1, false);
        }
        assert_eq!(packets.last.len(), PACKETS_MAX);
    }
}
