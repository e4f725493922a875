//! The directory: the service points around a home, as its station knows them. Retained, so that a home reads it whenever it
//! connects; the newest version wins.

use crate::model::duty::DutyHours;
use crate::model::ids::{ChannelName, HomeId, PointId};
use crate::model::place::{Location, Way};
use serde::{Deserialize, Deserializer, Serialize};

/// Which points there are. Station → gateway, retained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Directory {
    /// 1.
    pub v: u32,
    /// To whom.
    pub home: HomeId,
    /// Which station says so.
    pub point: PointId,
    /// The greater, the newer: seconds since 1970 at which the list was put into force.
    pub version: u64,
    /// All points of the circle, in no order; never empty.
    pub points: Vec<Listed>,
}

/// A service point in a directory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listed {
    /// Its name on the wire.
    pub id: PointId,
    /// Its name for people.
    pub name: String,
    /// When its staff is there, as in a configuration; always, if not said.
    #[serde(default, skip_serializing_if = "DutyHours::is_always")]
    pub on_duty: DutyHours,
    /// From the point to this home's door, where somebody measured it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub travel_secs: Option<u32>,
    /// Where it is: a home that knows its own place estimates the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// How its staff goes; absent too where it goes in a way that this program does not know.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "if_known")]
    pub by: Option<Way>,
    /// Names of channels in the home's configuration; if empty, it is told by those of the station that says so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<ChannelName>,
}

fn if_known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Way>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.and_then(|word| Way::named(&word)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Wire;

    #[test]
    fn a_directory_is_read_as_it_is_written_and_that_of_a_newer_station_too() {
        let text = r#"{"v":1,"home":"made-up-1","point":"lehe","version":1795241529,"points":[{"id":"lehe","name":"乐合","on_duty":"Mon-Fri 08:00-20:00","travel_secs":360},{"id":"far","name":"Far","location":{"latitude":23.7,"longitude":103.2},"by":"e_bike","channels":["district"]}]}"#;
        let directory = Directory::from_bytes(text.as_bytes()).unwrap();
        assert_eq!(String::from_utf8(directory.to_bytes()).unwrap(), text);
        let newer =
            text.replace("e_bike\"", "drone\",\"height\":30").replace("\"version\"", "\"colour\":\"red\",\"version\"");
        let mut known = directory.clone();
        known.points[1].by = None;
        assert_eq!(Directory::from_bytes(newer.as_bytes()).unwrap(), known);
        assert!(Directory::from_bytes(text.replace("Mon-Fri", "Mun-Fri").as_bytes()).is_err());
    }
}
