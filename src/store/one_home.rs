//! Forgetting one home at a station: every line that is about it goes, and what else names it is cleaned of it.
//!
//! Afterwards no byte of its id, its resident's name or a telephone of its card is in the databases: deleted rows are
//! overwritten, the files are written anew without free pages, and the logs are cut to nothing.

use crate::model::card::Card;
use crate::model::ids::HomeId;
use crate::store::error::{Error, words};
use crate::store::forgetting::Held;
use crate::store::looking::Looking;
use crate::store::office::schema;
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Value;
use std::path::Path;

/// How many rows of each kind are gone or cleaned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HomeForgotten {
    /// Lines of the history.
    pub lines: usize,
    /// What other systems had not been told yet, or could still ask for.
    pub events: usize,
    /// Filed alerts.
    pub alerts: usize,
    /// Its card: one or none.
    pub cards: usize,
    /// Messages to the staff.
    pub messages: usize,
    /// Lines of the audit that stay, without the home.
    pub audit: usize,
    /// Notes of the shifts that stay, without what named it.
    pub notes: usize,
}

impl HomeForgotten {
    /// Whether there was nothing.
    pub fn is_nothing(&self) -> bool {
        *self == HomeForgotten::default()
    }
}

/// What names a home: its id, and from its card the resident's name, the telephones, the place.
#[derive(Debug, Clone)]
pub struct Named {
    home: HomeId,
    texts: Vec<String>,
}

impl Held {
    /// What names this home at the station.
    pub fn named(&self, home: &HomeId) -> Result<Named, Error> {
        let office = schema::open(&self.dir().join(OFFICE))?;
        let body = office.query_row("SELECT body FROM card WHERE home = ?", [home.as_str()], |row| row.get(0));
        let body: Option<String> = body.optional()?;
        let card: Card = body.and_then(|body| serde_json::from_slice(body.as_bytes()).ok()).unwrap_or_default();
        let phones = card.contacts.into_iter().map(|contact| contact.phone);
        let texts = phones.chain([card.resident, card.place]).filter(|text| text.chars().count() >= SHORTEST).collect();
        Ok(Named { home: home.clone(), texts })
    }

    /// Forgets it; `is_about` says of a line of the history whether it is about this home alone.
    pub fn forget_home(&self, named: &Named, is_about: &dyn Fn(&str) -> bool) -> Result<HomeForgotten, Error> {
        let path = self.database();
        // Says in words what is wrong with a database of another version.
        drop(Looking::at(&path)?);
        let mut forgotten = HomeForgotten::default();
        let history = Connection::open(&path)?;
        thorough(&history)?;
        of_history(&history, named, is_about, &mut forgotten)?;
        written_anew(&history)?;
        let office = schema::open(&self.dir().join(OFFICE))?;
        thorough(&office)?;
        of_office(&office, named, &mut forgotten)?;
        written_anew(&office)?;
        drop((history, office));
        self.forget_copies()?;
        Ok(forgotten)
    }

    /// The files in which something still names it; for whoever promises that nothing does.
    pub fn still_named(&self, named: &Named) -> Result<Vec<String>, Error> {
        let read = |path: &Path| std::fs::read(path).map_err(|error| Error::of_io(path, &error));
        let mut found = Vec::new();
        for entry in std::fs::read_dir(self.dir()).map_err(|error| Error::of_io(self.dir(), &error))?.flatten() {
            if entry.path().is_file() && named.stands_in(&read(&entry.path())?) {
                found.push(entry.path().display().to_string());
            }
        }
        Ok(found)
    }
}

impl Named {
    fn stands_in(&self, bytes: &[u8]) -> bool {
        let texts = self.texts.iter().map(String::as_str).chain([self.home.as_str()]);
        texts.into_iter().any(|text| bytes.windows(text.len()).any(|part| part == text.as_bytes()))
    }

    fn is_in(&self, text: &str) -> bool {
        self.without(text) != text
    }

    /// The text without it; another home whose id only begins like this one is another home.
    fn without(&self, text: &str) -> String {
        let mut clean = self.texts.iter().fold(text.to_owned(), |text, name| text.replace(name.as_str(), GONE));
        let (id, mut from) = (self.home.as_str(), 0);
        while let Some(at) = clean[from..].find(id).map(|at| from + at) {
            let is_of_id = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
            let is_longer = clean[..at].ends_with(is_of_id) || clean[at + id.len()..].starts_with(is_of_id);
            if !is_longer {
                clean.replace_range(at..at + id.len(), GONE);
            }
            from = at + if is_longer { id.len() } else { GONE.len() };
        }
        clean
    }

    /// A line about many homes without this one.
    fn cut_out(&self, value: Value) -> Option<Value> {
        match value {
            Value::String(text) => (!self.is_in(&text)).then_some(Value::String(text)),
            Value::Array(items) => Some(items.into_iter().filter_map(|item| self.cut_out(item)).collect()),
            Value::Object(fields) => {
                let is_its = fields.get("home").and_then(Value::as_str) == Some(self.home.as_str());
                let kept = fields.into_iter().filter(|(key, _)| !self.is_in(key));
                let kept = kept.filter_map(|(key, value)| Some((key, self.cut_out(value)?)));
                (!is_its).then(|| Value::Object(kept.collect()))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => Some(value),
        }
    }
}

fn of_history(
    history: &Connection,
    named: &Named,
    is_about: &dyn Fn(&str) -> bool,
    forgotten: &mut HomeForgotten,
) -> rusqlite::Result<()> {
    let transaction = history.unchecked_transaction()?;
    for (seq, body) in rows(history, "SELECT seq, body FROM entry")? {
        if is_about(&body) {
            forgotten.lines += history.execute("DELETE FROM entry WHERE seq = ?", [seq])?;
        } else if named.is_in(&body) {
            forgotten.lines += 1;
            let cut = serde_json::from_slice(body.as_bytes()).ok().and_then(|line| named.cut_out(line));
            match cut {
                Some(line) => {
                    history.execute("UPDATE entry SET body = ? WHERE seq = ?", params![line.to_string(), seq])?
                }
                None => history.execute("DELETE FROM entry WHERE seq = ?", [seq])?,
            };
        }
    }
    for (seq, body) in rows(history, "SELECT seq, body FROM event")? {
        if named.is_in(&body) {
            forgotten.events += history.execute("DELETE FROM event WHERE seq = ?", [seq])?;
        }
    }
    for (seq, text) in rows(history, "SELECT seq, key || ' ' || body FROM outbox")? {
        if named.is_in(&text) {
            forgotten.events += history.execute("DELETE FROM outbox WHERE seq = ?", [seq])?;
        }
    }
    transaction.commit()
}

fn of_office(office: &Connection, named: &Named, forgotten: &mut HomeForgotten) -> rusqlite::Result<()> {
    let (transaction, home) = (office.unchecked_transaction()?, named.home.as_str());
    forgotten.alerts = office.execute("DELETE FROM filed WHERE home = ?", [home])?;
    forgotten.cards = office.execute("DELETE FROM card WHERE home = ?", [home])?;
    // That somebody looked stays; at whom, does not.
    forgotten.audit = office.execute("UPDATE audit SET home = NULL, detail = '' WHERE home = ?", [home])?;
    for (seq, detail) in rows(office, "SELECT seq, detail FROM audit WHERE detail <> ''")? {
        if named.is_in(&detail) {
            let clean = params![named.without(&detail), seq];
            forgotten.audit += office.execute("UPDATE audit SET detail = ? WHERE seq = ?", clean)?;
        }
    }
    for (seq, text) in rows(office, "SELECT seq, text FROM shift")? {
        if named.is_in(&text) {
            let clean = params![named.without(&text), seq];
            forgotten.notes += office.execute("UPDATE shift SET text = ? WHERE seq = ?", clean)?;
        }
    }
    let mut messages = office.prepare("SELECT key, body FROM summons")?;
    let messages = messages.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    for (key, body) in messages.collect::<rusqlite::Result<Vec<_>>>()? {
        if named.is_in(&key) || named.is_in(&body) {
            forgotten.messages += office.execute("DELETE FROM summons WHERE key = ?", [key])?;
        }
    }
    transaction.commit()
}

fn rows(connection: &Connection, ask: &str) -> rusqlite::Result<Vec<(i64, String)>> {
    connection.prepare(ask)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// What is deleted is overwritten, and nothing of it goes to a temporary file.
fn thorough(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update_and_check(None, "secure_delete", "ON", |row| row.get::<_, i64>(0)).map(drop)
}

fn written_anew(connection: &Connection) -> Result<(), Error> {
    let anew = connection
        .execute_batch("VACUUM")
        .and_then(|()| connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0)));
    match anew {
        Ok(0) => Ok(()),
        Ok(_) => Err(Error::Database("somebody reads the database: end that, and forget once more".to_owned())),
        Err(error) => Err(Error::Database(words(&error))),
    }
}

const OFFICE: &str = "office.db";
/// Stands where a name stood.
const GONE: &str = "…";
/// A shorter text is no name: it would be cut out of everything.
const SHORTEST: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_home_whose_id_begins_alike_is_another_home() {
        let named = Named { home: "flat-1".parse().unwrap(), texts: vec!["王秀英".into()] };
        assert_eq!(named.without("flat-1, flat-10, xflat-1: 王秀英 flat-1"), "…, flat-10, xflat-1: … …");
        let line = serde_json::json!({"day": {"rows": [{"home": "flat-1", "n": 1}, {"home": "flat-10"}], "flat-1": 3}});
        let cut = serde_json::json!({"day": {"rows": [{"home": "flat-10"}]}});
        assert_eq!(named.cut_out(line), Some(cut));
    }
}
