//! Alerts that are over for good, each as one row: what reports count, and its steps.
//!
//! Here and not in the history: the history is read and checked as a whole at each start, so it must stay short, while these
//! are asked for one by one and by their time. Each is on the disk before the desk lets go of the alert.

use crate::model::ids::HomeId;
use crate::model::time::Timestamp;
use crate::store::Error;
use crate::store::office::{Office, failed};
use rusqlite::{OptionalExtension, params};

/// A filed alert in the station's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filed {
    /// Of which home.
    pub home: HomeId,
    /// The alert's number.
    pub number: u64,
    /// The instant that tells two alerts of one number apart.
    pub raised: Timestamp,
    /// The raise by the station's clock, by which reports sort it.
    pub began: Timestamp,
    /// JSON: what reports count.
    pub case: String,
    /// JSON: its steps.
    pub timeline: String,
}

impl Office {
    /// Keeps these, in place of what was kept of them before.
    pub fn put_filed(&self, filed: &[Filed]) -> Result<(), Error> {
        let mut connection = self.connection();
        let transaction = connection.transaction().map_err(failed)?;
        let put = "INSERT OR REPLACE INTO filed (home, number, raised_ms, began_ms, body, timeline)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        for one in filed {
            let (raised, began) = (one.raised.timestamp_millis(), one.began.timestamp_millis());
            let values = params![one.home.as_str(), one.number as i64, raised, began, one.case, one.timeline];
            transaction.prepare(put).and_then(|mut put| put.execute(values)).map_err(failed)?;
        }
        transaction.commit().map_err(failed)
    }

    /// One filed alert: what reports count, and its steps.
    pub fn filed(&self, home: &HomeId, number: u64, raised: Timestamp) -> Result<Option<(String, String)>, Error> {
        let ask = "SELECT body, timeline FROM filed WHERE home = ?1 AND number = ?2 AND raised_ms = ?3";
        let values = params![home.as_str(), number as i64, raised.timestamp_millis()];
        let reader = self.reader();
        let found = reader.query_row(ask, values, |row| Ok((row.get(0)?, row.get(1)?)));
        found.optional().map_err(failed)
    }

    /// What reports count of all that began from `from` until just before `to`, oldest first.
    pub fn filed_between(&self, from: Timestamp, to: Timestamp) -> Result<Vec<String>, Error> {
        let ask = "SELECT body FROM filed WHERE began_ms >= ?1 AND began_ms < ?2 ORDER BY began_ms, home, number";
        self.bodies(ask, params![from.timestamp_millis(), to.timestamp_millis()])
    }

    /// The newest of one home, newest first.
    pub fn filed_of(&self, home: &HomeId, count: usize) -> Result<Vec<String>, Error> {
        let ask = "SELECT body FROM filed WHERE home = ?1 ORDER BY number DESC, raised_ms DESC LIMIT ?2";
        self.bodies(ask, params![home.as_str(), count as i64])
    }

    fn bodies(&self, ask: &str, values: impl rusqlite::Params) -> Result<Vec<String>, Error> {
        let reader = self.reader();
        let mut select = reader.prepare(ask).map_err(failed)?;
        let rows = select.query_map(values, |row| row.get(0)).map_err(failed)?;
        rows.collect::<Result<_, _>>().map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::from_millis;

    #[test]
    fn what_is_filed_is_found_by_its_name_by_its_time_and_by_its_home_and_kept_once() {
        let dir = tempfile::tempdir().unwrap();
        let office = Office::open(dir.path()).unwrap();
        let home: HomeId = "flat".parse().unwrap();
        let one = |number, began, case: &str| Filed {
            home: home.clone(),
            number,
            raised: from_millis(7),
            began: from_millis(began),
            case: case.into(),
            timeline: "[]".into(),
        };
        office.put_filed(&[one(1, 10, "a"), one(2, 20, "b")]).unwrap();
        office.put_filed(&[one(2, 20, "c")]).unwrap();
        assert_eq!(office.filed(&home, 2, from_millis(7)).unwrap(), Some(("c".into(), "[]".into())));
        assert_eq!(office.filed(&home, 2, from_millis(8)).unwrap(), None);
        assert_eq!(office.filed_between(from_millis(10), from_millis(20)).unwrap(), ["a"]);
        assert_eq!(office.filed_of(&home, 5).unwrap(), ["c", "a"]);
    }
}
