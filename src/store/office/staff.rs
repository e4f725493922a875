//! The people of the station, with what proves who they are.

use crate::model::ids::PersonId;
use crate::model::staff::Member;
use crate::model::time::Timestamp;
use crate::store::Error;
use crate::store::office::{Office, audit, failed};
use rusqlite::{Connection, params};

impl Office {
    /// Everybody. A row that a newer program wrote so that this one cannot read it is left out and said in the log.
    pub fn staff(&self) -> Result<Vec<(PersonId, Member)>, Error> {
        let connection = self.connection();
        let mut staff = Vec::new();
        let mut select = connection.prepare("SELECT id, body FROM person ORDER BY id").map_err(failed)?;
        let rows = select.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)));
        for row in rows.map_err(failed)? {
            let (id, body) = row.map_err(failed)?;
            match (PersonId::new(id.clone()), serde_json::from_slice(body.as_bytes())) {
                (Ok(id), Ok(member)) => staff.push((id, member)),
                _ => tracing::warn!(id, "this person cannot be read and cannot sign in"),
            }
        }
        Ok(staff)
    }

    /// Writes a person down; `who` did `what`.
    pub fn put_member(
        &self,
        id: &PersonId,
        member: &Member,
        who: &str,
        what: &str,
        detail: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut connection = self.connection();
        let transaction = connection.transaction().map_err(failed)?;
        write(&transaction, id, member).map_err(failed)?;
        audit::write(&transaction, now, who, what, None, detail).map_err(failed)?;
        transaction.commit().map_err(failed)
    }

    /// Writes down those whose ids are not there yet.
    pub fn seed_staff(&self, people: &[(PersonId, Member)], now: Timestamp) -> Result<(), Error> {
        let mut connection = self.connection();
        let transaction = connection.transaction().map_err(failed)?;
        for (id, member) in people {
            let known = "SELECT EXISTS (SELECT 1 FROM person WHERE id = ?1)";
            let known: bool = transaction.query_row(known, [id.as_str()], |row| row.get(0)).map_err(failed)?;
            if !known {
                write(&transaction, id, member).map_err(failed)?;
                audit::write(&transaction, now, "station", "person_seeded", None, id.as_str()).map_err(failed)?;
            }
        }
        transaction.commit().map_err(failed)
    }
}

fn write(connection: &Connection, id: &PersonId, member: &Member) -> rusqlite::Result<()> {
    let body = serde_json::to_string(member).expect("a person holds only text keys and whole numbers");
    let put = "INSERT INTO person (id, body) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET body = ?2";
    connection.execute(put, params![id.as_str(), body]).map(drop)
}
