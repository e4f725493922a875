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
        Record::Entry(entry) => serde_json::from_slice(entry.body.as_bytes()).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::alert::Step;
    use crate::model::lifecycle::{Actor, Deed};
    use crate::model::suspension::{Absence, Change, Suspension};
    use crate::model::time::from_millis;

    #[test]
    fn a_suspension_comes_back_from_the_store_and_never_without_its_end() {
        let (kind, owner, why) = (Absence::Hospital, "p-03".to_owned(), "hip".to_owned());
        let suspension = Suspension { kind, owner: owner.clone(), why, from: from_millis(5), until: from_millis(9) };
        for what in [Change::Begin(suspension), Change::End { kind, owner }] {
            let line = Recorded::Suspended { at: from_millis(5), what };
            assert_eq!(from_record(to_record(line.clone())), Some(line));
        }
        let endless = r#"{"suspended":{"at":"2026-03-02T08:00:00Z","change":"begin","kind":"hospital","owner":"p-03","from_ms":5}}"#;
        assert!(serde_json::from_str::<Recorded>(endless).is_err());
    }

    #[test]
    fn the_store_knows_the_line_of_a_day_by_its_beginning() {
        let day = r#"{"day":{"at":"2026-03-02T08:00:00Z","until":"2026-03-02T16:00:00Z","counts":true}}"#;
        let line: Recorded = serde_json::from_str(day).unwrap();
        let Record::Entry(entry) = to_record(line) else { panic!("a day is an entry") };
        assert!(entry.body.starts_with(crate::store::DAY_LINE), "{}", entry.body);
    }

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
