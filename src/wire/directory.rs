//! The directory: the service points around a home, as its station knows them. Retained, so that a home reads it whenever it
//! connects; the newest version wins.

use crate::model::ids::{HomeId, PointId};
pub use crate::model::listed::Listed;
use serde::{Deserialize, Serialize};

/// Which points there are. Station → gateway, retained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
