//! What is older than it may be kept goes: filed alerts, the audit, the book of the shifts.

use crate::model::time::{Timestamp, from_millis};
use crate::store::office::{Office, failed};
use crate::store::retention::believed;
use crate::store::{Error, Retention};
use rusqlite::{Connection, OptionalExtension, params};

impl Office {
    /// Takes away for good what is older than `keep`, in slices. The clock is believed a few days at a time, as everywhere.
    pub fn forget_old(&self, now: Timestamp, keep: &Retention) -> Result<(), Error> {
        let Some(now) = believe(&self.connection(), now, keep).map_err(failed)? else { return Ok(()) };
        let tables =
            [("filed", "began_ms", keep.entries), ("audit", "at_ms", keep.audit), ("shift", "at_ms", keep.audit)];
        for (table, at, kept) in tables {
            let forget = format!(
                "DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} WHERE {at} < ? LIMIT {SLICE_ROWS})"
            );
            // The lock is given back between the slices: a page does not wait for all of them.
            while self.forget_a_slice(&forget, now - kept)? == SLICE_ROWS {}
        }
        Ok(())
    }

    fn forget_a_slice(&self, forget: &str, before: Timestamp) -> Result<usize, Error> {
        self.connection().execute(forget, [before.timestamp_millis()]).map_err(failed)
    }
}

/// As the history does it; the instant that was believed stands among the marks.
fn believe(connection: &Connection, shown: Timestamp, keep: &Retention) -> rusqlite::Result<Option<Timestamp>> {
    let number = |ask: &str| connection.query_row(ask, [], |row| row.get::<_, Option<i64>>(0)).optional();
    let last = number("SELECT seq FROM mark WHERE reader = 'believed_ms'")?.flatten().map(from_millis);
    let first = number("SELECT at_ms FROM audit ORDER BY seq LIMIT 1")?.flatten();
    let forgets_nothing = first.map_or(shown, |at| from_millis(at) + keep.audit.min(keep.entries));
    let believed = believed(shown, last, forgets_nothing);
    if let Some(believed) = believed {
        let put = "INSERT OR REPLACE INTO mark (reader, seq) VALUES ('believed_ms', ?)";
        connection.execute(put, params![believed.timestamp_millis()])?;
    }
    Ok(believed)
}

const SLICE_ROWS: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::Span;
    use crate::store::office::Filed;

    #[test]
    fn old_rows_go_and_a_clock_years_ahead_takes_none_that_is_young() {
        let dir = tempfile::tempdir().unwrap();
        let office = Office::open(dir.path()).unwrap();
        let day = |n| from_millis(1) + Span::days(n);
        let filed = |number, began| Filed {
            home: "flat".parse().unwrap(),
            number,
            raised: began,
            began,
            case: number.to_string(),
            timeline: "[]".into(),
        };
        office.put_filed(&(0..20).map(|n| filed(n, day(50 * n as i64))).collect::<Vec<_>>()).unwrap();
        (0..1200).for_each(|n| office.audit(day(n), "p1", "looked", None, "").unwrap());
        let keep = Retention::default();
        let left =
            || (office.filed_of(&"flat".parse().unwrap(), 99).unwrap().len(), office.audit_log(9_999).unwrap().len());
        office.forget_old(day(5_000), &keep).unwrap();
        assert_eq!(left(), (20, 1200), "a clock that is years ahead");
        office.forget_old(day(732), &keep).unwrap();
        assert_eq!(left(), (19, 1198));
        office.forget_old(from_millis(0), &keep).unwrap();
        assert_eq!(left(), (19, 1198), "a clock that was never set");
    }
}
