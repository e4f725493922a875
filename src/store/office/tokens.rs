//! Tokens by which other programs ask: only their SHA-256 is kept, so a copy of this file opens nothing.

use crate::model::hex;
use crate::model::time::{Span, Timestamp, from_millis};
use crate::store::Error;
use crate::store::office::{Office, audit, failed, random};
use rusqlite::{OptionalExtension, Row, params};

/// What a program with a token may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// See alerts, homes and events, without places, names and notes.
    Read,
    /// Do steps on behalf of people of the staff.
    Steps,
    /// Reports and files of many alerts.
    Reports,
    /// See places, names and notes where it may see anything.
    Pii,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Scope; 4] = [Scope::Read, Scope::Steps, Scope::Reports, Scope::Pii];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Read => "read",
            Scope::Steps => "steps",
            Scope::Reports => "reports",
            Scope::Pii => "pii",
        }
    }

    fn of(word: &str) -> Option<Scope> {
        Scope::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}

/// A token as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Which.
    pub id: i64,
    /// Whose program it is, in somebody's words.
    pub name: String,
    /// What it may.
    pub scopes: Vec<Scope>,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub made_at: Timestamp,
    /// When it was used last, to the minute.
    pub used_at: Option<Timestamp>,
    /// From when on it is worth nothing.
    pub ends_at: Option<Timestamp>,
}

impl Token {
    /// Whether its program may.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Whether it is worth something at `now`.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.ends_at.is_none_or(|end| now < end)
    }
}

/// A token that is wanted.
#[derive(Debug, Clone)]
pub struct NewToken<'a> {
    /// The key of the form: the same form sent twice makes one token.
    pub key: &'a str,
    /// Whose program it is.
    pub name: &'a str,
    /// What it may.
    pub scopes: &'a [Scope],
    /// From when on it is worth nothing.
    pub ends_at: Option<Timestamp>,
    /// Who makes it.
    pub by: &'a str,
}

impl Office {
    /// Makes a token; the text is known to whoever gets it here and to nobody afterwards. `None` if the form was sent before.
    pub fn make_token(&self, now: Timestamp, new: &NewToken<'_>) -> Result<Option<String>, Error> {
        let text = format!("{PREFIX}{}", hex::lower(&random::<TOKEN_BYTES>()?));
        let scopes: Vec<&str> = new.scopes.iter().map(|scope| scope.as_str()).collect();
        let mut connection = self.connection();
        let transaction = connection.transaction().map_err(failed)?;
        let insert = "INSERT INTO token (key, hash, name, scopes, made_by, made_at_ms, ends_at_ms)
                      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (key) DO NOTHING";
        let (made_at, ends_at) = (now.timestamp_millis(), new.ends_at.map(|end| end.timestamp_millis()));
        let values = params![new.key, hash(&text), new.name, scopes.join(" "), new.by, made_at, ends_at];
        if transaction.execute(insert, values).map_err(failed)? == 0 {
            return Ok(None);
        }
        audit::write(&transaction, now, new.by, "token_made", None, &format!("{}: {}", new.name, scopes.join(" ")))
            .map_err(failed)?;
        transaction.commit().map_err(failed)?;
        Ok(Some(text))
    }

    /// All tokens, newest first.
    pub fn tokens(&self) -> Result<Vec<Token>, Error> {
        let connection = self.connection();
        let mut select = connection.prepare(&format!("{SELECT} ORDER BY id DESC")).map_err(failed)?;
        let rows = select.query_map([], token).map_err(failed)?;
        rows.collect::<Result<_, _>>().map_err(failed)
    }

    /// The token of this text, if it is worth something; that it was used is noted once a minute.
    pub fn token_of(&self, text: &str, now: Timestamp) -> Result<Option<Token>, Error> {
        let connection = self.connection();
        let sql = format!("{SELECT} WHERE hash = ?1");
        let found = connection.query_row(&sql, [hash(text)], token).optional().map_err(failed)?;
        let Some(found) = found.filter(|found| found.holds(now)) else { return Ok(None) };
        if found.used_at.is_none_or(|used| !(used..used + NOTED_EVERY).contains(&now)) {
            let noted = connection
                .execute("UPDATE token SET used_at_ms = ?1 WHERE id = ?2", [now.timestamp_millis(), found.id]);
            if let Err(why) = noted {
                // A disk that takes nothing must not shut out whoever asks for open alerts.
                tracing::warn!(%why, "when a token was used was not noted");
            }
        }
        Ok(Some(found))
    }

    /// Takes a token away; whether there was one.
    pub fn end_token(&self, id: i64, by: &str, now: Timestamp) -> Result<bool, Error> {
        let mut connection = self.connection();
        let transaction = connection.transaction().map_err(failed)?;
        let delete = "DELETE FROM token WHERE id = ?1 RETURNING name";
        let name: Option<String> = transaction.query_row(delete, [id], |row| row.get(0)).optional().map_err(failed)?;
        if let Some(name) = &name {
            audit::write(&transaction, now, by, "token_ended", None, name).map_err(failed)?;
        }
        transaction.commit().map_err(failed)?;
        Ok(name.is_some())
    }
}

fn token(row: &Row<'_>) -> rusqlite::Result<Token> {
    let at = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(from_millis));
    let scopes: String = row.get(2)?;
    Ok(Token {
        id: row.get(0)?,
        name: row.get(1)?,
        scopes: scopes.split(' ').filter_map(Scope::of).collect(),
        made_by: row.get(3)?,
        made_at: from_millis(row.get(4)?),
        used_at: at(5)?,
        ends_at: at(6)?,
    })
}

fn hash(text: &str) -> Vec<u8> {
    ring::digest::digest(&ring::digest::SHA256, text.as_bytes()).as_ref().to_vec()
}

const SELECT: &str = "SELECT id, name, scopes, made_by, made_at_ms, used_at_ms, ends_at_ms FROM token";
/// Whoever finds one in a file knows what it is.
const PREFIX: &str = "cct_";
const TOKEN_BYTES: usize = 24;
const NOTED_EVERY: Span = Span::minutes(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_shown_once_kept_as_a_hash_and_ends() {
        let dir = tempfile::tempdir().unwrap();
        let office = Office::open(dir.path()).unwrap();
        let (key, name, scopes) = ("form-1", "街道平台", [Scope::Read, Scope::Pii]);
        let new = NewToken { key, name, scopes: &scopes, ends_at: Some(from_millis(1_000_000)), by: "wang" };
        let text = office.make_token(from_millis(1), &new).unwrap().unwrap();
        assert_eq!(office.make_token(from_millis(2), &new).unwrap(), None, "the same form again makes no second one");
        let found = office.token_of(&text, from_millis(2)).unwrap().unwrap();
        assert!(found.may(Scope::Read) && found.may(Scope::Pii) && !found.may(Scope::Steps));
        assert_eq!(office.token_of(&text[..text.len() - 1], from_millis(2)).unwrap(), None);
        assert_eq!(office.token_of(&text, from_millis(1_000_000)).unwrap(), None, "its time is over");
        drop(office);
        for file in std::fs::read_dir(dir.path()).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            assert!(!bytes.windows(text.len()).any(|part| part == text.as_bytes()), "the text is nowhere on the disk");
        }
        let office = Office::open(dir.path()).unwrap();
        assert_eq!(office.tokens().unwrap()[0].used_at, Some(from_millis(2)));
        assert!(office.end_token(found.id, "wang", from_millis(3)).unwrap());
        assert!(!office.end_token(found.id, "wang", from_millis(3)).unwrap());
        assert_eq!(office.token_of(&text, from_millis(4)).unwrap(), None);
        let audit: Vec<String> = office.audit_log(9).unwrap().into_iter().map(|line| line.what).collect();
        assert_eq!(audit, ["token_ended", "token_made"]);
    }
}
