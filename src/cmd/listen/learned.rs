//! What was learned, in the words of a configuration: a whole `[[sensor]]`, its address, one more code.

use crate::cmd::listen::words::value;
use crate::devices::Devices;
use crate::model::home::SensorKind;
use crate::model::ids::SensorId;
use crate::model::observation::Reading;
use std::path::PathBuf;

/// What the technician asked for.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The sensor; none for a new one.
    pub id: Option<SensorId>,
    /// What it is for.
    pub kind: Option<SensorKind>,
    /// Where it hangs.
    pub room: Option<String>,
    /// What a service button asks for.
    pub service: Option<String>,
    /// What a radio code says.
    pub means: Option<String>,
    /// The configuration.
    pub config: PathBuf,
    /// Whether its file may be written to.
    pub write: bool,
    /// The ids that a new sensor cannot have.
    pub taken: Vec<SensorId>,
}

/// A device or a code, as it would stand in a configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Learned {
    /// Its sensor.
    pub id: String,
    /// What was heard.
    pub words: String,
    /// The whole `[[sensor]]`.
    pub entry: String,
    /// Its family.
    pub family: &'static str,
    /// Its address: `zigbee2mqtt = "hall_pir"`.
    pub address: String,
    /// The code and what it says.
    pub code: Option<(String, String)>,
}

impl Learned {
    /// What to write for a device that was heard.
    pub fn new(wish: &Wish, family: &'static str, device: &str, code: Option<&str>, readings: &[Reading]) -> Learned {
        let snippet = Devices::snippet(family, device, readings);
        let of = |key: &str| {
            let line = snippet.lines().find_map(|line| line.strip_prefix(key))?.strip_prefix(" = \"")?;
            line.split('"').next().map(str::to_owned)
        };
        let new = || free(of("id").unwrap_or_else(|| "new".to_owned()), &wish.taken);
        let id = wish.id.as_ref().map_or_else(new, ToString::to_string);
        let kind = wish
            .kind
            .map(|kind| kind.as_str().to_owned())
            .or_else(|| of("kind"))
            .unwrap_or_else(|| "motion".to_owned());
        let means = wish.means.clone().unwrap_or_else(|| usual_meaning(&kind).to_owned());
        let line = Devices::address_toml(family, device, readings).unwrap_or_default();
        // The family knows best how its codes are written.
        let code = code.and_then(|_| with_meaning(&line, &means));
        let (address, code) = match code {
            Some((address, code)) => (address, Some((code, means))),
            None if wish.kind.is_some() => (with_kind(&line, &means), None),
            None => (line, None),
        };
        let room = match &wish.room {
            Some(room) => format!("room = \"{room}\"\n"),
            None => "# room = \"\"   where it hangs\n".to_owned(),
        };
        let service = wish.service.as_ref().map_or(String::new(), |service| format!("service = \"{service}\"\n"));
        let entry = format!("[[sensor]]\nid = \"{id}\"\n{room}kind = \"{kind}\"\n{service}{address}\n");
        let says: Vec<String> =
            readings.iter().map(|said| format!("{} {}", said.measure.kind(), value(&said.measure))).collect();
        let words = super::cut(&format!("{family} {device}: {}", says.join(", ")), 70);
        Learned { id, words, entry, family, address, code }
    }
}

/// `address` with this meaning of its one code, and the code.
fn with_meaning(address: &str, says: &str) -> Option<(String, String)> {
    let begin = address.find("codes = { \"")? + "codes = { \"".len();
    let code = address[begin..].split('"').next()?;
    let value = begin + code.len() + "\" = \"".len();
    let length = address.get(value..)?.find('"')?;
    Some((format!("{}{says}{}", &address[..value], &address[value + length..]), code.to_owned()))
}

/// `address` of a family that has to be told what an event means: `kind = "motion"` until somebody says better.
fn with_kind(address: &str, says: &str) -> String {
    let kind = match says {
        "sos" | "single" | "double" | "long" => "button",
        "open" | "closed" => "contact",
        "on" | "off" => "switch",
        other => other.trim_end_matches("_end"),
    };
    let value = if matches!(kind, "button" | "contact") {
        says
    } else if says.ends_with("_end") || says == "off" {
        "off"
    } else {
        "on"
    };
    let told = address.replace("kind = \"motion\"", &format!("kind = \"{kind}\""));
    told.replace("value = \"on\"", &format!("value = \"{value}\""))
}

/// `id`, or with a number behind it, if a sensor has it already.
fn free(id: String, taken: &[SensorId]) -> String {
    let is_free = |id: &String| taken.iter().all(|known| known.as_str() != id);
    let numbered = (2..).map(|number| format!("{id}_{number}"));
    [id.clone()].into_iter().chain(numbered).find(is_free).unwrap_or(id)
}

/// What the first code of a sensor of this kind mostly says.
fn usual_meaning(kind: &str) -> &'static str {
    match kind {
        "call_button" => "sos",
        "service_button" | "ok_button" | "away_button" => "single",
        "presence" => "presence",
        "door" | "outer_door" => "open",
        "leak" => "leak",
        "smoke" => "smoke",
        "gas" => "gas",
        "item" => "vibration",
        "mains" => "mains",
        _ => "motion",
    }
}

/// Wishes for tests.
#[cfg(test)]
pub(super) mod testing {
    use super::*;
    use crate::model::observation::{Evidence, Measure, Press};

    /// A wish that may write; a sensor "pendant" is there already.
    pub fn wish(id: Option<&str>, kind: Option<SensorKind>) -> Wish {
        Wish {
            id: id.map(|id| id.parse().unwrap()),
            kind,
            room: None,
            service: None,
            means: None,
            config: "gateway.toml".into(),
            write: true,
            taken: vec!["pendant".parse().unwrap()],
        }
    }

    /// What a button says.
    pub fn pressed(device: &str) -> Vec<Reading> {
        let measure = Measure::Button(Press::Single);
        vec![Reading { device: device.to_owned(), measure, evidence: Evidence::Event, copy: false }]
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{pressed, wish};
    use super::*;

    #[test]
    fn a_code_says_what_was_asked_for() {
        let address = "rf = { codes = { \"bc7de4\" = \"motion\" } }   # what it says";
        let (told, code) = with_meaning(address, "open").unwrap();
        assert_eq!(
            (told.as_str(), code.as_str()),
            ("rf = { codes = { \"bc7de4\" = \"open\" } }   # what it says", "bc7de4")
        );
        assert_eq!(with_meaning("zigbee2mqtt = \"hall\"", "open"), None);
        assert_eq!([usual_meaning("call_button"), usual_meaning("outer_door")], ["sos", "open"]);
    }

    #[test]
    fn a_family_that_must_be_told_what_an_event_means_is_told_what_was_asked_for() {
        let line = "text = { port = \"r\", line = \"BELL\", kind = \"motion\", value = \"on\" }";
        for (says, kind, value) in [
            ("sos", "button", "sos"),
            ("open", "contact", "open"),
            ("motion", "motion", "on"),
            ("motion_end", "motion", "off"),
            ("leak", "leak", "on"),
        ] {
            let told = with_kind(line, says);
            assert!(told.contains(&format!("kind = \"{kind}\", value = \"{value}\"")), "{told}");
        }
        let wish = wish(None, Some(SensorKind::CallButton));
        let learned = Learned::new(&wish, "text", "r: BELL", None, &[]);
        assert!(learned.entry.contains("kind = \"button\", value = \"sos\""), "{}", learned.entry);
    }

    #[test]
    fn a_new_sensor_never_takes_the_id_of_another() {
        let learned = Learned::new(&wish(None, None), "zigbee2mqtt", "pendant", None, &pressed("pendant"));
        assert_eq!(learned.id, "pendant_2");
    }
}
