//! The contact cards of homes.

use crate::model::card::Card;
use crate::model::ids::HomeId;
use crate::model::time::Timestamp;
use crate::store::Error;
use crate::store::office::{Office, audit, failed};
use rusqlite::params;

impl Office {
    /// Every card. A row that a newer program wrote so that this one cannot read it is left out and said in the log.
    pub fn cards(&self) -> Result<Vec<(HomeId, Card)>, Error> {
        let connection = self.connection();
        let mut cards = Vec::new();
        let mut select = connection.prepare("SELECT home, body FROM card ORDER BY home").map_err(failed)?;
        let rows = select.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)));
        for row in rows.map_err(failed)? {
            let (home, body) = row.map_err(failed)?;
            match (HomeId::new(home.clone()), serde_json::from_slice(body.as_bytes())) {
                (Ok(home), Ok(card)) => cards.push((home, card)),
                _ => tracing::warn!(home, "the card of this home cannot be read"),
            }
        }
        Ok(cards)
    }

    /// Writes the card of a home; `who` by id.
    pub fn put_card(&self, home: &HomeId, card: &Card, who: &str, now: Timestamp) -> Result<(), Error> {
        self.put_cards(&[(home.clone(), card.clone())], who, now)
    }

    /// Writes the cards of homes, all of them or none; `who` by id.
    pub fn put_cards(&self, cards: &[(HomeId, Card)], who: &str, now: Timestamp) -> Result<(), Error> {
        let mut connection = self.connection();
        let transaction = connection.transaction().map_err(failed)?;
        for (home, card) in cards {
            let body = serde_json::to_string(card).expect("a card holds only text keys and finite numbers");
            transaction.execute(PUT, params![home.as_str(), body]).map_err(failed)?;
            audit::write(&transaction, now, who, "card_written", Some(home), "").map_err(failed)?;
        }
        transaction.commit().map_err(failed)
    }

    /// Takes the card of a home away for good; that it was there stays in the audit.
    pub fn forget_card(&self, home: &HomeId, who: &str, now: Timestamp) -> Result<(), Error> {
        let mut connection = self.connection();
        let transaction = connection.transaction().map_err(failed)?;
        transaction.execute("DELETE FROM card WHERE home = ?1", [home.as_str()]).map_err(failed)?;
        audit::write(&transaction, now, who, "card_forgotten", Some(home), "").map_err(failed)?;
        transaction.commit().map_err(failed)
    }
}

const PUT: &str = "INSERT INTO card (home, body) VALUES (?1, ?2) ON CONFLICT (home) DO UPDATE SET body = ?2";
