//! Parts of pages that many browsers read at every change, drawn once for all that would get the same.
//!
//! A drawing is shared by browsers of one person (or of desks at which nobody acts) with the same positions and language, so what
//! somebody may see is decided as it is for a page of their own. What belongs to one browser alone, the token of its forms and
//! the keys of its clicks, is no part of the drawing: marks stand in their places, and each browser gets its own.
//!
//! Changes in quick succession are drawn together: nobody reads five drawings a second, and the desk is needed for other things.

use crate::clock;
use crate::model::ids::PersonId;
use crate::model::staff::Position;
use crate::model::time::Span;
use crate::text::Language;
use crate::web::Site;
use crate::web::form::Visitor;
use axum::response::{Html, IntoResponse, Response};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use tokio::sync::Mutex;

/// What is kept of the newest drawings.
#[derive(Debug)]
pub(super) struct Drawings {
    marks: Marks,
    kept: std::sync::Mutex<BTreeMap<Sight, Arc<Mutex<Option<Drawn>>>>>,
}

/// What stands in a shared drawing where each browser has its own; made of random bits, so that no text can hold it.
#[derive(Debug, Clone)]
pub(super) struct Marks {
    /// In the place of the token of the forms.
    pub token: String,
    /// In the place of the key of the clicks.
    pub key: String,
}

/// Everything by which two drawings of one instant may differ.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Sight {
    part: Part,
    language: Language,
    person: Option<PersonId>,
    positions: Vec<Position>,
    is_desk: bool,
}

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// The rows of the desk.
    Desk,
    /// The day's list.
    Daily,
    /// The visits that are due.
    Visits,
    /// The requests.
    Requests,
}

#[derive(Debug, Clone)]
struct Drawn {
    /// By the clock that never jumps.
    at: Span,
    /// The newest change that it shows.
    seq: u64,
    /// What was wrong with the station, which no change tells of.
    troubles: Vec<String>,
    html: Arc<Pieces>,
}

/// A drawing cut at its marks, so that each browser's own is put together in one go.
#[derive(Debug, Default, PartialEq)]
struct Pieces(Vec<Piece>);

#[derive(Debug, PartialEq)]
enum Piece {
    Text(String),
    Token,
    Key,
}

impl Drawings {
    /// None so far. `secret` is known to nobody outside this process.
    pub fn new(secret: &str) -> Drawings {
        let marks = Marks { token: format!("token-{secret}"), key: format!("key-{secret}") };
        Drawings { marks, kept: std::sync::Mutex::default() }
    }

    fn of(&self, sight: Sight) -> Arc<Mutex<Option<Drawn>>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX && !kept.contains_key(&sight) {
            // What nobody waits for can be drawn again.
            kept.retain(|_, drawn| Arc::strong_count(drawn) > 1);
        }
        Arc::clone(kept.entry(sight).or_default())
    }
}

impl Site {
    /// The part of a page as this visitor sees it, drawn by `draw` unless that was just done. It shows everything that had
    /// happened when it was asked for.
    pub(super) async fn drawn(
        &self,
        part: Part,
        visitor: &Visitor,
        draw: impl FnOnce(&Visitor, &Marks) -> askama::Result<String>,
    ) -> Response {
        let (wanted, troubles) = (self.feed.seq(), self.troubles(visitor.language, self.now()));
        let shared = self.drawings.of(Sight::of(part, visitor));
        let mut newest = shared.lock().await;
        let is_fresh = newest.as_ref().is_some_and(|drawn| {
            drawn.seq >= wanted && drawn.troubles == troubles && clock::since_boot() - drawn.at < FRESH_FOR
        });
        if !is_fresh {
            let next_at = newest.as_ref().map_or(Span::zero(), |last| last.at + PAUSE);
            let left = (next_at - clock::since_boot()).clamp(Span::zero(), PAUSE);
            tokio::time::sleep(left.to_std().unwrap_or_default()).await;
            // The number first: the drawing shows at least what it names.
            let (at, seq) = (clock::since_boot(), self.feed.seq());
            let marks = &self.drawings.marks;
            let anybody = Visitor { token: marks.token.clone(), ..visitor.clone() };
            match draw(&anybody, marks) {
                Ok(html) => *newest = Some(Drawn { at, seq, troubles, html: Arc::new(marks.cut(&html)) }),
                Err(why) => return super::pages::page(Err(why)),
            }
        }
        let html = newest.as_ref().map(|drawn| Arc::clone(&drawn.html)).unwrap_or_default();
        drop(newest);
        Html(html.joined(&visitor.token, &self.click_key())).into_response()
    }
}

impl Sight {
    fn of(part: Part, visitor: &Visitor) -> Sight {
        let person = visitor.person.as_ref();
        Sight {
            part,
            language: visitor.language,
            person: person.map(|person| person.id.clone()),
            positions: person.map(|person| person.positions.iter().collect()).unwrap_or_default(),
            is_desk: visitor.is_desk(),
        }
    }
}

impl Marks {
    fn cut(&self, html: &str) -> Pieces {
        let mut pieces = Vec::new();
        for (nth, between) in html.split(&self.token).enumerate() {
            pieces.extend((nth > 0).then_some(Piece::Token));
            for (nth, text) in between.split(&self.key).enumerate() {
                pieces.extend((nth > 0).then_some(Piece::Key));
                pieces.push(Piece::Text(text.to_owned()));
            }
        }
        Pieces(pieces)
    }
}

impl Pieces {
    fn joined(&self, token: &str, key: &str) -> String {
        let texts: Vec<&str> = self.0.iter().map(|piece| piece.of(token, key)).collect();
        texts.concat()
    }
}

impl Piece {
    fn of<'a>(&'a self, token: &'a str, key: &'a str) -> &'a str {
        match self {
            Piece::Text(text) => text,
            Piece::Token => token,
            Piece::Key => key,
        }
    }
}

/// Between two drawings of the same.
const PAUSE: Span = Span::milliseconds(200);
/// Ages in words grow old by themselves.
const FRESH_FOR: Span = Span::seconds(1);
/// People and languages of one station.
const KEPT_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_browser_gets_its_own_token_and_its_own_keys() {
        let Drawings { marks, .. } = Drawings::new("0123");
        let html = format!("<i value=\"{}\"><b value=\"{}-2-37\">token key</b>", marks.token, marks.key);
        assert_eq!(marks.cut(&html).joined("t1", "k1"), "<i value=\"t1\"><b value=\"k1-2-37\">token key</b>");
        assert_eq!(marks.cut(&html).joined("", "k2"), "<i value=\"\"><b value=\"k2-2-37\">token key</b>");
    }
}
