//! What names tell: the room a device hangs in, and what a contact or a button is for.

/// The room that a name speaks of.
pub fn room(name: &str) -> Option<&'static str> {
    ROOMS.iter().find(|(_, words)| speaks_of(name, words)).map(|(room, _)| *room)
}

/// What a device of this kind is for, by its name: a contact at the front door, under a mattress, at a fridge.
pub fn kind(kind: &'static str, name: &str) -> &'static str {
    match kind {
        "door" => {
            let by_name = CONTACTS.iter().find(|(_, words)| speaks_of(name, words));
            by_name.map_or("door", |(kind, _)| kind)
        }
        "service_button" if speaks_of(name, CALLS) => "call_button",
        kind => kind,
    }
}

/// An id for the configuration: the name where it is one, else what the device is for, with what tells it apart.
pub fn id(name: &str, kind: Option<&str>, room: Option<&str>, taken: &[String]) -> String {
    let wanted = match ieee_end(name) {
        Some(end) => format!("{}_{end}", room.or(kind).unwrap_or("sensor")),
        None => as_id(name),
    };
    let is_free = |id: &String| !taken.contains(id);
    let next = (2..).map(|number| format!("{wanted}_{number}"));
    std::iter::once(wanted.clone()).chain(next).find(is_free).unwrap_or(wanted)
}

/// `name` with everything that no id may hold as `_`.
fn as_id(name: &str) -> String {
    let mut id = String::new();
    for c in name.chars().take(48) {
        match c {
            c if c.is_alphanumeric() || c == '-' => id.push(c),
            _ if id.is_empty() || id.ends_with('_') => {}
            _ => id.push('_'),
        }
    }
    let id = id.trim_end_matches('_');
    if id.is_empty() { "sensor".to_owned() } else { id.to_owned() }
}

/// The last digits of a Zigbee address, which stands for a name until somebody gives one.
fn ieee_end(name: &str) -> Option<&str> {
    let digits = name.strip_prefix("0x")?;
    (digits.len() == 16 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| &digits[12..])
}

/// Short words must stand alone ("wc", "bed"); longer ones and Chinese ones may be part of another.
fn speaks_of(name: &str, words: &[&str]) -> bool {
    let name = name.to_lowercase();
    let parts = name.split(|c: char| !c.is_ascii_lowercase());
    words.iter().any(|word| match word.is_ascii() && word.len() < 4 {
        true => parts.clone().any(|part| part == *word),
        false => name.contains(word),
    })
}

/// The narrower room first: "bathroom beside the bedroom" hangs in the bathroom.
const ROOMS: &[(&str, &[&str])] = &[
    ("bathroom", &["卫生间", "浴室", "厕所", "洗手间", "bath", "toilet", "shower", "wc"]),
    ("kitchen", &["厨房", "kitchen"]),
    ("dining_room", &["餐厅", "饭厅", "dining"]),
    ("study", &["书房", "study", "office"]),
    ("balcony", &["阳台", "balcony"]),
    ("bedroom", &["卧室", "主卧", "次卧", "bedroom", "bed", "床"]),
    ("living_room", &["客厅", "起居室", "living", "lounge", "sofa"]),
    ("hall", &["走廊", "门厅", "玄关", "过道", "大门", "入户", "防盗门", "hall", "corridor", "entrance", "front"]),
];

const CONTACTS: &[(&str, &[&str])] = &[
    ("outer_door", &["大门", "入户", "防盗门", "前门", "entrance", "front", "main door", "main_door", "outer"]),
    ("bed", &["床", "bed", "mattress"]),
    ("chair", &["椅", "沙发", "chair", "sofa"]),
    ("item", &["冰箱", "药", "抽屉", "柜", "fridge", "pill", "medicine", "drawer", "cupboard"]),
];

const CALLS: &[&str] =
    &["求助", "呼叫", "求救", "紧急", "报警", "sos", "pendant", "call", "help", "emergency", "panic"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_the_room_in_both_languages() {
        for (name, expected) in [
            ("卧室红外", Some("bedroom")),
            ("主卧卫生间/人体", Some("bathroom")),
            ("厨房 烟感", Some("kitchen")),
            ("客厅1", Some("living_room")),
            ("玄关门磁", Some("hall")),
            ("Bathroom PIR", Some("bathroom")),
            ("hall_pir", Some("hall")),
            ("guest-wc", Some("bathroom")),
            ("living.room", Some("living_room")),
            ("embedded sensor", None),
            ("0x00158d0001a2b3c4", None),
            ("", None),
        ] {
            assert_eq!(room(name), expected, "{name}");
        }
    }

    #[test]
    fn a_contact_is_for_what_it_hangs_at_and_a_button_calls_only_if_its_name_says_so() {
        assert_eq!(kind("door", "入户门"), "outer_door");
        assert_eq!(kind("door", "药盒"), "item");
        assert_eq!(kind("door", "balcony window"), "door");
        assert_eq!(kind("service_button", "卧室求助"), "call_button");
        assert_eq!(kind("service_button", "light switch"), "service_button");
        assert_eq!(kind("motion", "front door"), "motion");
    }

    #[test]
    fn an_id_is_legal_and_of_its_own() {
        use crate::model::ids::SensorId;
        let taken = ["卧室_红外".to_owned()];
        for (name, expected) in [
            ("卧室/红外", "卧室_红外_2"),
            ("0x00158d0001a2b3c4", "bedroom_b3c4"),
            (" ..#", "sensor"),
            ("a b.c", "a_b_c"),
        ] {
            let id = id(name, Some("motion"), Some("bedroom"), &taken);
            assert_eq!(id, expected);
            assert!(SensorId::new(&id).is_ok());
        }
        assert!(SensorId::new(super::id(&"长".repeat(500), None, None, &[])).is_ok());
    }
}
