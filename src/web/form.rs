//! What a browser brings along: its language, who acts, which alert it means.

use crate::desk::AlertKey;
use crate::model::alert::AlertId;
use crate::model::hex;
use crate::model::ids::{HomeId, PersonId};
use crate::model::time::from_millis;
use crate::text::Language;
use crate::web::guard::is_token;
use crate::web::{Person, Site, pages};
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use std::sync::Arc;

/// Who looks, and in which language.
#[derive(Debug, Clone)]
pub(super) struct Visitor {
    pub language: Language,
    pub person: Option<Person>,
}

impl Visitor {
    pub fn of(site: &Site, headers: &HeaderMap) -> Visitor {
        let language = cookie(headers, "language").and_then(|text| text.parse().ok());
        let person = cookie(headers, "who").and_then(|id| PersonId::new(unescape(id)).ok());
        Visitor {
            language: language.unwrap_or(site.settings.language),
            person: person.and_then(|id| site.person(&id).cloned()),
        }
    }
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|line| line.split(';')).find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// A cookie that stays on this browser and goes to this station only.
pub(super) fn set_cookie(name: &str, value: &str) -> (header::HeaderName, String) {
    let cookie = format!("{name}={}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Strict", escape(value));
    (header::SET_COOKIE, cookie)
}

/// Ids may be Chinese; cookies and addresses may not.
pub(super) fn escape(text: &str) -> String {
    hex::percent(text, hex::is_unreserved)
}

fn unescape(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `/alert/<home>/<number>?raised=…`
#[derive(Debug, Deserialize, Default)]
pub(super) struct Which {
    pub raised: Option<i64>,
    pub form: Option<String>,
    pub fragment: Option<u8>,
    /// Whose lines of the timeline: of people or of machines; else all.
    pub show: Option<String>,
}

/// The alert that an address means; an empty list if there is none, two where the number is not enough.
pub(super) fn alerts(site: &Site, home: &str, number: u64, raised: Option<i64>) -> Vec<AlertKey> {
    let Ok(home) = HomeId::new(home) else { return Vec::new() };
    let mut keys = site.desk().alerts_numbered(&home, number);
    if let Some(raised) = raised {
        keys.retain(|key| key.alert == AlertId { number, raised_at: from_millis(raised) });
    }
    keys
}

/// Only ways back into this site; anything else leads to the desk.
pub(super) fn way_back(back: Option<&str>) -> String {
    let inside = |back: &&str| back.starts_with('/') && !back.starts_with("//") && !back.contains(['\\', '\r', '\n']);
    back.filter(inside).unwrap_or("/").to_owned()
}

#[derive(Debug, Deserialize)]
pub(super) struct WhoForm {
    token: String,
    who: String,
    back: Option<String>,
}

/// `POST /who`: who acts at this screen from now on.
pub(super) async fn who(State(site): State<Arc<Site>>, headers: HeaderMap, Form(form): Form<WhoForm>) -> Response {
    let visitor = Visitor::of(&site, &headers);
    if !is_token(&site, &form.token) {
        return pages::said(&site, &visitor, StatusCode::FORBIDDEN, &["foreign_form"]);
    }
    match PersonId::new(form.who).ok().filter(|id| site.person(id).is_some()) {
        Some(id) => ([set_cookie("who", id.as_str())], Redirect::to(&way_back(form.back.as_deref()))).into_response(),
        None => pages::said(&site, &visitor, StatusCode::UNPROCESSABLE_ENTITY, &["choose_first"]),
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Back {
    back: Option<String>,
}

/// `GET /language/<zh|en>`: harmless enough for a link.
pub(super) async fn language(Path(language): Path<String>, Query(query): Query<Back>) -> Response {
    let language: Language = language.parse().unwrap_or_default();
    ([set_cookie("language", language.as_str())], Redirect::to(&way_back(query.back.as_deref()))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_escaped_comes_back() {
        for text in ["p-03", "值班员A", "100%", "a;b c"] {
            assert_eq!(unescape(&escape(text)), text);
            assert!(escape(text).is_ascii() && !escape(text).contains([';', ' ']));
        }
        assert_eq!(unescape("%"), "%");
        assert_eq!(unescape("%zz"), "%zz");
    }

    #[test]
    fn a_way_back_stays_inside() {
        assert_eq!(way_back(Some("/alert/h/1#x")), "/alert/h/1#x");
        for outside in ["//evil.example", "https://evil.example", "/\\evil.example", "", "/a\r\nb"] {
            assert_eq!(way_back(Some(outside)), "/");
        }
    }
}
