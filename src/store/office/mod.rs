//! What people write down at a station and may change: cards of homes, the staff, who is signed in, who looked at what.
//!
//! Apart from the history, which only grows: here a person's data is one row that can be corrected and forgotten. One
//! connection behind a lock; a question takes microseconds, a change one commit.

mod audit;
mod cards;
mod filed;
mod hooks;
mod marks;
mod retention;
pub(super) mod schema;
mod sessions;
mod shifts;
mod staff;
mod summons;
mod tokens;

pub use audit::Looked;
pub use filed::Filed;
pub use hooks::{Delivery, Hook, NewHook};
pub use sessions::SessionRow;
pub use shifts::{ShiftKind, ShiftLine};
pub use tokens::{NewToken, Scope, Token};

use crate::store::Error;
use rusqlite::Connection;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The register of one station. Cheap to clone. Blocks for as long as the disk takes.
#[derive(Clone)]
pub struct Office {
    connection: Arc<Mutex<Connection>>,
    /// Asks about filed alerts beside the writes: a page never waits for the disk to take somebody else's change.
    reader: Arc<Mutex<Connection>>,
}

impl std::fmt::Debug for Office {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Office")
    }
}

impl Office {
    /// Opens `office.db` in `dir`, both made if missing.
    pub fn open(dir: &Path) -> Result<Office, Error> {
        let path = dir.join("office.db");
        let (connection, reader) = (schema::open(&path)?, schema::reader(&path)?);
        Ok(Office { connection: Arc::new(Mutex::new(connection)), reader: Arc::new(Mutex::new(reader)) })
    }

    /// The same beside a station that may be running: only to be asked; nothing is locked, changed, made or upgraded.
    pub fn look(dir: &Path) -> Result<Office, Error> {
        let connection = Arc::new(Mutex::new(schema::looking(&dir.join("office.db"))?));
        Ok(Office { reader: connection.clone(), connection })
    }

    fn reader(&self) -> MutexGuard<'_, Connection> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // Every change is one transaction, so a panic in the middle left nothing half done.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes that nobody can guess.
fn random<const COUNT: usize>() -> Result<[u8; COUNT], Error> {
    let mut bytes = [0; COUNT];
    let filled = ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes);
    filled.map_err(|_| Error::Database("this machine gives no random numbers".to_owned()))?;
    Ok(bytes)
}

/// SQLite's word.
fn failed(error: rusqlite::Error) -> Error {
    Error::Database(format!("office.db: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::card::Card;
    use crate::model::ids::HomeId;
    use crate::model::time::from_millis;

    #[test]
    fn names_and_secrets_are_for_the_user_of_the_daemon_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("state/station");
        let office = Office::open(&dir).unwrap();
        office.forget_card(&"flat".parse().unwrap(), "p1", from_millis(1)).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&dir), 0o700);
        let modes = |dir: &Path| -> Vec<u32> {
            std::fs::read_dir(dir).unwrap().map(|file| mode(&file.unwrap().path())).collect()
        };
        assert!(modes(&dir).len() >= 2 && modes(&dir).iter().all(|mode| *mode == 0o600), "{:?}", modes(&dir));
        drop(office);
        // One that was made by a careless copy.
        std::fs::set_permissions(dir.join("office.db"), std::fs::Permissions::from_mode(0o644)).unwrap();
        drop(Office::open(&dir).unwrap());
        assert!(modes(&dir).iter().all(|mode| *mode == 0o600), "{:?}", modes(&dir));
    }

    #[test]
    fn what_was_written_down_is_there_after_a_restart_and_gone_when_it_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let home: HomeId = "flat".parse().unwrap();
        let card = Card { place: "3号楼2单元201室".into(), ..Card::default() };
        let office = Office::open(dir.path()).unwrap();
        office.put_card(&home, &card, "p1", from_millis(1)).unwrap();
        drop(office);
        let office = Office::open(dir.path()).unwrap();
        assert_eq!(office.cards().unwrap(), [(home.clone(), card)]);
        office.forget_card(&home, "p1", from_millis(2)).unwrap();
        assert_eq!(office.cards().unwrap(), []);
        let looked = office.audit_of(&home, 10).unwrap();
        assert_eq!(looked.iter().map(|l| l.what.as_str()).collect::<Vec<_>>(), ["card_forgotten", "card_written"]);
    }
}
