//! What somebody outside the service points is to the person who lives there.

use serde::{Deserialize, Serialize};

/// What somebody outside the service points is to the person who lives there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// Lives next door.
    Neighbour,
    /// Looks after the building (楼长).
    Captain,
    /// Son, daughter, other kin.
    Family,
    /// Looks after a few hundred flats for the neighbourhood (网格员).
    GridWorker,
    /// The subdistrict's or district's own desk.
    District,
    /// A relation of a newer version.
    #[serde(other)]
    Unknown,
}

impl Relation {
    /// Every relation that can be configured.
    pub const ALL: [Relation; 5] =
        [Relation::Neighbour, Relation::Captain, Relation::Family, Relation::GridWorker, Relation::District];

    /// The word for it in the config and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Relation::Neighbour => "neighbour",
            Relation::Captain => "captain",
            Relation::Family => "family",
            Relation::GridWorker => "grid_worker",
            Relation::District => "district",
            Relation::Unknown => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_on_the_wire_is_the_word_in_the_config_and_a_newer_one_is_no_error() {
        for relation in Relation::ALL {
            assert_eq!(serde_json::to_value(relation).unwrap(), relation.as_str());
        }
        assert_eq!(serde_json::from_value::<Relation>("postman".into()).unwrap(), Relation::Unknown);
    }
}
