//! Addresses to which events are posted, and how far each of them is: what waits for one is what came after its cursor, so
//! nothing of it can be lost.

use crate::model::time::{Timestamp, from_millis};
use crate::store::Error;
use crate::store::office::{Office, audit, failed, random};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rusqlite::{Connection, OptionalExtension, Row, params};

/// An address to which events are posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// Which.
    pub id: i64,
    /// The address.
    pub url: String,
    /// Signs what is posted: `whsec_` and base64.
    pub secret: String,
    /// Signs besides, until everybody knows the new one.
    pub old_secret: Option<String>,
    /// What is posted: kinds such as `alert.closed`, or their beginnings such as `alert.`; everything where there is none.
    pub kinds: Vec<String>,
    /// With places and notes.
    pub pii: bool,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub made_at: Timestamp,
    /// The newest event that was taken or is not for it.
    pub cursor: u64,
    /// Why nothing is posted any more.
    pub stopped: Option<String>,
    /// Since when nothing was taken.
    pub failing_since: Option<Timestamp>,
    /// Tries of the event that waits.
    pub tries: u32,
    /// When the next try is due.
    pub next_at: Option<Timestamp>,
    /// What came of the last try.
    pub said: Option<String>,
    /// When that was.
    pub said_at: Option<Timestamp>,
    /// Events that were taken.
    pub delivered: u64,
    /// Events that were forgotten before it took them.
    pub missed: u64,
}

impl Hook {
    /// Whether an event of this kind is for it.
    pub fn wants(&self, kind: &str) -> bool {
        let fits = |wanted: &String| kind == wanted || wanted.ends_with('.') && kind.starts_with(wanted.as_str());
        self.kinds.is_empty() || self.kinds.iter().any(fits)
    }
}

/// An address that is wanted.
#[derive(Debug, Clone)]
pub struct NewHook<'a> {
    /// The key of the form: the same form sent twice makes one.
    pub key: &'a str,
    /// The address.
    pub url: &'a str,
    /// As in [`Hook::kinds`].
    pub kinds: &'a [String],
    /// With places and notes.
    pub pii: bool,
    /// The newest event now: earlier ones are not posted.
    pub cursor: u64,
    /// Who makes it.
    pub by: &'a str,
}

/// What came of posting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// Taken, or passed over because it is not wanted; further on than before by `taken` events.
    Done {
        /// The newest event.
        cursor: u64,
        /// So many were taken.
        taken: u64,
        /// So many were forgotten before.
        missed: u64,
    },
    /// Not taken; tried again.
    Later {
        /// Why.
        said: String,
        /// When.
        next_at: Timestamp,
    },
    /// Nothing is posted any more.
    Stopped {
        /// Why.
        why: String,
    },
}

impl Office {
    /// Makes one; its secret. `None` if the form was sent before.
    pub fn make_hook(&self, now: Timestamp, new: &NewHook<'_>) -> Result<Option<String>, Error> {
        let secret = secret()?;
        let mut connection = self.connection();
        let transaction = connection.transaction().map_err(failed)?;
        let insert = "INSERT INTO hook (key, url, secret, kinds, pii, made_by, made_at_ms, cursor)
                      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (key) DO NOTHING";
        let (made_at, cursor) = (now.timestamp_millis(), i64::try_from(new.cursor).unwrap_or(i64::MAX));
        let values = params![new.key, new.url, secret, new.kinds.join(" "), new.pii, new.by, made_at, cursor];
        if transaction.execute(insert, values).map_err(failed)? == 0 {
            return Ok(None);
        }
        audit::write(&transaction, now, new.by, "hook_made", None, host(new.url)).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        Ok(Some(secret))
    }

    /// All of them, newest first.
    pub fn hooks(&self) -> Result<Vec<Hook>, Error> {
        let connection = self.connection();
        let mut select = connection.prepare(&format!("{SELECT} ORDER BY id DESC")).map_err(failed)?;
        let rows = select.query_map([], hook).map_err(failed)?;
        rows.collect::<Result<_, _>>().map_err(failed)
    }

    /// One of them.
    pub fn hook(&self, id: i64) -> Result<Option<Hook>, Error> {
        let connection = self.connection();
        connection.query_row(&format!("{SELECT} WHERE id = ?1"), [id], hook).optional().map_err(failed)
    }

    /// A new secret; the old one signs besides until the next change. `None` if there is no such hook.
    pub fn turn_hook_secret(&self, id: i64, by: &str, now: Timestamp) -> Result<Option<String>, Error> {
        let secret = secret()?;
        let update = "UPDATE hook SET old_secret = secret, secret = ?2 WHERE id = ?1 RETURNING url";
        let done = self.change_hook(by, now, "hook_secret_turned", |connection| {
            connection.query_row(update, params![id, secret], |row| row.get(0)).optional()
        })?;
        Ok(done.then_some(secret))
    }

    /// Posts again what waits, from now on; whether there is such a hook.
    pub fn resume_hook(&self, id: i64, by: &str, now: Timestamp) -> Result<bool, Error> {
        let update = "UPDATE hook SET stopped = NULL, failing_since_ms = NULL, tries = 0, next_at_ms = NULL
                      WHERE id = ?1 RETURNING url";
        self.change_hook(by, now, "hook_resumed", |connection| {
            connection.query_row(update, [id], |row| row.get(0)).optional()
        })
    }

    /// Takes one away; whether there was one.
    pub fn end_hook(&self, id: i64, by: &str, now: Timestamp) -> Result<bool, Error> {
        self.change_hook(by, now, "hook_ended", |connection| {
            connection.query_row("DELETE FROM hook WHERE id = ?1 RETURNING url", [id], |row| row.get(0)).optional()
        })
    }

    /// Writes down what came of posting.
    pub fn posted(&self, id: i64, now: Timestamp, delivery: &Delivery) -> Result<(), Error> {
        let (connection, now) = (self.connection(), now.timestamp_millis());
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let changed = match delivery {
            Delivery::Done { cursor, taken, missed } => connection.execute(
                "UPDATE hook SET cursor = ?2, delivered = delivered + ?3, missed = missed + ?4, failing_since_ms = NULL,
                     tries = 0, next_at_ms = NULL, said = iif(?3 > 0, NULL, said), said_at_ms = iif(?3 > 0, ?5, said_at_ms)
                 WHERE id = ?1",
                params![id, number(*cursor), number(*taken), number(*missed), now],
            ),
            Delivery::Later { said, next_at } => connection.execute(
                "UPDATE hook SET failing_since_ms = coalesce(failing_since_ms, ?2), tries = tries + 1, next_at_ms = ?3,
                     said = ?4, said_at_ms = ?2 WHERE id = ?1",
                params![id, now, next_at.timestamp_millis(), said],
            ),
            Delivery::Stopped { why } => connection.execute(
                "UPDATE hook SET stopped = ?2, said = ?2, said_at_ms = ?3, next_at_ms = NULL WHERE id = ?1",
                params![id, why, now],
            ),
        };
        changed.map(drop).map_err(failed)
    }

    fn change_hook(
        &self,
        by: &str,
        now: Timestamp,
        what: &str,
        change: impl FnOnce(&Connection) -> rusqlite::Result<Option<String>>,
    ) -> Result<bool, Error> {
        let mut connection = self.connection();
        let transaction = connection.transaction().map_err(failed)?;
        let url = change(&transaction).map_err(failed)?;
        if let Some(url) = &url {
            audit::write(&transaction, now, by, what, None, host(url)).map_err(failed)?;
        }
        transaction.commit().map_err(failed)?;
        Ok(url.is_some())
    }
}

fn hook(row: &Row<'_>) -> rusqlite::Result<Hook> {
    let at = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(from_millis));
    let number = |column| Ok::<_, rusqlite::Error>(row.get::<_, i64>(column)?.unsigned_abs());
    let kinds: String = row.get(4)?;
    Ok(Hook {
        id: row.get(0)?,
        url: row.get(1)?,
        secret: row.get(2)?,
        old_secret: row.get(3)?,
        kinds: kinds.split_whitespace().map(str::to_owned).collect(),
        pii: row.get(5)?,
        made_by: row.get(6)?,
        made_at: from_millis(row.get(7)?),
        cursor: number(8)?,
        stopped: row.get(9)?,
        failing_since: at(10)?,
        tries: row.get(11)?,
        next_at: at(12)?,
        said: row.get(13)?,
        said_at: at(14)?,
        delivered: number(15)?,
        missed: number(16)?,
    })
}

/// Without what the address holds besides: a key may stand in it.
fn host(url: &str) -> &str {
    url.split('/').nth(2).unwrap_or_default()
}

fn secret() -> Result<String, Error> {
    Ok(format!("whsec_{}", STANDARD.encode(random::<SECRET_BYTES>()?)))
}

const SELECT: &str = "SELECT id, url, secret, old_secret, kinds, pii, made_by, made_at_ms, cursor, stopped,
    failing_since_ms, tries, next_at_ms, said, said_at_ms, delivered, missed FROM hook";
const SECRET_BYTES: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_remembers_how_far_it_is_and_signs_with_two_secrets_after_a_change() {
        let dir = tempfile::tempdir().unwrap();
        let office = Office::open(dir.path()).unwrap();
        let kinds = ["alert.raised".to_owned(), "home.".to_owned()];
        let url = "https://hooks.example/in?key=abc";
        let new = NewHook { key: "f1", url, kinds: &kinds, pii: false, cursor: 7, by: "wang" };
        let secret = office.make_hook(from_millis(1), &new).unwrap().unwrap();
        assert_eq!(office.make_hook(from_millis(1), &new).unwrap(), None);
        let hook = |office: &Office| office.hooks().unwrap().remove(0);
        let made = hook(&office);
        assert!(made.wants("alert.raised") && made.wants("home.state"));
        assert!(!made.wants("alert.closed") && !made.wants("homes"));
        let next_at = from_millis(5_000);
        office.posted(made.id, from_millis(2), &Delivery::Later { said: "503".into(), next_at }).unwrap();
        office.posted(made.id, from_millis(9), &Delivery::Later { said: "503".into(), next_at }).unwrap();
        let failing = hook(&office);
        assert_eq!((failing.tries, failing.failing_since, failing.cursor), (2, Some(from_millis(2)), 7));
        office.posted(made.id, from_millis(10), &Delivery::Done { cursor: 9, taken: 2, missed: 0 }).unwrap();
        let turned = office.turn_hook_secret(made.id, "wang", from_millis(11)).unwrap().unwrap();
        drop(office);
        let office = Office::open(dir.path()).unwrap();
        let well = hook(&office);
        assert_eq!((well.cursor, well.delivered, well.tries, well.failing_since), (9, 2, 0, None));
        assert_eq!((well.secret, well.old_secret), (turned, Some(secret)));
        office.posted(made.id, from_millis(12), &Delivery::Stopped { why: "410".into() }).unwrap();
        assert!(office.resume_hook(made.id, "wang", from_millis(13)).unwrap() && hook(&office).stopped.is_none());
        assert!(office.end_hook(made.id, "wang", from_millis(14)).unwrap() && office.hooks().unwrap().is_empty());
        let audit = office.audit_log(9).unwrap();
        assert!(audit.iter().all(|line| !line.detail.contains("abc")), "a key in the address is nobody's: {audit:?}");
    }
}
