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
use crate::devices::message::{Json, Object};
use crate::model::observation::Press;
use std::collections::{BTreeMap, BTreeSet};

/// The number of the last press of each device, by which its repeats are known.
#[derive(Debug, Default)]
pub struct Packets {
    /// Without their parts.
    registered: BTreeSet<String>,
    /// By device or part of one. `None`: it counts anew, so whatever number comes is a new one.
    last: BTreeMap<String, Option<u64>>,
}

/// What a number says of the press that carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// It was not said before.
    New,
    /// It was said before: the same press.
    Again,
    /// It is the first number that is heard of the device: whether the press is new nobody can know.
    First,
}

impl Packets {
    /// Of these devices, or parts of some, the numbers are never forgotten.
    pub fn of(names: impl IntoIterator<Item = String>) -> Packets {
        let registered = names.into_iter().map(|name| device_of(&name).to_owned()).collect();
        Packets { registered, last: BTreeMap::new() }
    }

    /// What `number` says of `name`, a device or a part of one. What a broker kept only tells where the count stands.
    pub fn counted(&mut self, name: &str, number: u64, retained: bool) -> Counted {
        match self.last.get_mut(name) {
            Some(Some(last)) if *last == number => Counted::Again,
            Some(last) => {
                if !retained {
                    *last = Some(number);
                }
                Counted::New
            }
            None => {
                let counts_anew = self.last.get(device_of(name)) == Some(&None);
                self.remember(name, Some(number));
                if counts_anew { Counted::New } else { Counted::First }
            }
        }
    }

    /// The count of `device` and of each of its buttons may begin anew.
    pub fn begin_anew(&mut self, device: &str) {
        self.last.retain(|known, _| device_of(known) != device);
        self.remember(device, None);
    }

    /// A neighbourhood of beacons must not grow the memory, nor take the place of what is registered.
    fn remember(&mut self, name: &str, number: Option<u64>) {
        if self.last.len() >= PACKETS_MAX && !self.last.contains_key(name) {
            let is_nobodys = |known: &&String| !self.registered.contains(device_of(known));
            match self.last.keys().find(is_nobodys).cloned() {
                Some(nobodys) => drop(self.last.remove(&nobodys)),
                None if is_nobodys(&&name.to_owned()) => return,
                None => {}
            }
        }
        self.last.insert(name.to_owned(), number);
    }
}

fn device_of(name: &str) -> &str {
    name.split('#').next().unwrap_or(name)
}

const PACKETS_MAX: usize = 256;

/// What a BTHome count of presses means.
fn counted_press(count: &Json) -> Option<Press> {
    match count {
        Json::Number(number) => match number.as_u64()? {
            0 => None,
            1 => Some(Press::Single),
            2 => Some(Press::Double),
            3 => Some(Press::Triple),
            4 | 9 => Some(Press::Long),
            11 | 128 | 254 => Some(Press::Hold),
            other => Some(Press::Other(other.to_string())),
        },
        Json::Text(word) => lenient::press(word),
        Json::Null | Json::Truth(_) | Json::List(_) | Json::Object(_) => None,
    }
}

/// Which buttons were pressed, counted from 1: `button`, `button2`, `button_2`, or a list.
pub fn pressed(message: &Object) -> Vec<(u8, Press)> {
    let mut pressed = Vec::new();
    // Few beacons have buttons.
    if !message.names().any(|name| name.starts_with("button")) {
        return pressed;
    }
    if let Some(button) = message.get("button") {
        let each = button.as_list().unwrap_or(std::slice::from_ref(button));
        pressed.extend((1..=BUTTONS_MAX).zip(each).filter_map(|(n, count)| Some((n, counted_press(count)?))));
    }
    for (key, count) in message.sorted() {
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
    if !matches!(text.len(), 12 | 17) || !text.bytes().all(|c| c.is_ascii_hexdigit() || matches!(c, b':' | b'-')) {
        return None;
    }
    let mut mac = String::with_capacity(17);
    for digit in text.chars().filter(char::is_ascii_hexdigit) {
        if mac.len() % 3 == 2 {
            mac.push(':');
        }
        mac.push(digit.to_ascii_uppercase());
    }
    (mac.len() == 17).then_some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

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
        let of = |message: Value| pressed(Json::from(message).as_object().unwrap());
        assert_eq!(of(json!({"button": 1})), [(1, Press::Single)]);
        assert_eq!(of(json!({"button": [0, 254, 0, 3]})), [(2, Press::Hold), (4, Press::Triple)]);
        assert_eq!(of(json!({"button1": 0, "button_3": 4, "buttons": 1, "button99": 1})), [(3, Press::Long)]);
        assert_eq!(of(json!({"button": "double press"})), [(1, Press::Double)]);
        assert_eq!(of(json!({"button": null, "button2": true})), []);
    }

    #[test]
    fn a_number_said_again_is_a_repeat_and_a_kept_one_tells_where_the_count_stands() {
        use Counted::{Again, First, New};
        let mut packets = Packets::default();
        let mut said = |name: &str, number, retained| packets.counted(name, number, retained);
        assert_eq!([said("a", 1, false), said("a", 1, false)], [First, Again]);
        assert_eq!(said("b", 1, false), First, "each device counts for itself");
        assert_eq!([said("a", 2, false), said("a", 2, true)], [New, Again]);
        assert_eq!([said("c", 7, true), said("c", 7, false)], [First, Again]);
        assert_eq!([said("c", 8, true), said("c", 8, false)], [New, New], "a kept press is not heard yet");
    }

    #[test]
    fn what_counts_anew_says_something_new() {
        let mut packets = Packets::default();
        assert_eq!(packets.counted("a#0", 2, false), Counted::First);
        packets.begin_anew("a");
        assert_eq!([2, 2].map(|number| packets.counted("a#0", number, false)), [Counted::New, Counted::Again]);
        assert_eq!(packets.counted("a#1", 2, false), Counted::New, "its other button too");
        assert_eq!(packets.counted("ab#1", 2, false), Counted::First, "another device");
    }

    #[test]
    fn a_neighbourhood_of_beacons_is_not_remembered_and_takes_no_registered_ones_place() {
        let mut packets = Packets::of(["#0", "0001#1", "~"].map(str::to_owned));
        for (round, registered) in ["0001#1", "~"].into_iter().enumerate() {
            packets.counted(registered, 1, false);
            for device in 0..10_000 {
                packets.counted(&format!("x{device}"), 1, false);
            }
            assert_eq!(packets.last.len(), PACKETS_MAX, "{round}");
        }
        assert_eq!(["0001#1", "~"].map(|name| packets.counted(name, 1, false)), [Counted::Again; 2]);
    }
}
