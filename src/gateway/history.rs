//! The engine's history in the store: observations in their own narrow table, everything else as JSON lines.

use crate::model::recorded::Recorded;
use crate::store::{Entry, Record};

/// As the store keeps it.
pub fn to_record(recorded: Recorded) -> Record {
    if let Recorded::Observed(observation) = recorded {
        return Record::Observed(observation);
    }
    if let Recorded::HeardBefore(observation) = recorded {
        return Record::HeardBefore(observation);
    }
    let body = serde_json::to_string(&recorded).expect("history lines hold only text keys and finite numbers");
    Record::Entry(Entry { at: recorded.at(), body })
}

/// As the engine reads it; a line that a newer version wrote and this one cannot read is left out.
pub fn from_record(record: Record) -> Option<Recorded> {
    match record {
        Record::Observed(observation) => Some(Recorded::Observed(observation)),
        Record::HeardBefore(observation) => Some(Recorded::HeardBefore(observation)),
        Record::Entry(entry) => serde_json::from_str(&entry.body).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::alert::Step;
    use crate::model::lifecycle::{Actor, Deed};
    use crate::model::time::from_millis;

    #[test]
    fn every_deed_comes_back_from_the_store_as_it_went_in() {
        for deed in Deed::examples() {
            let step = Step {
                number: 1,
                at: from_millis(5),
                by: Actor::gateway(),
                deed,
                key: Some("k".into()),
                implied: true,
            };
            let line = Recorded::Step { alert: 7, step };
            assert_eq!(from_record(to_record(line.clone())), Some(line));
        }
    }
}
