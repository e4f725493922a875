//! What a browser brings along: its language, who acts, which alert it means.

use crate::desk::AlertKey;
use crate::model::alert::AlertId;
use crate::model::hex;
use crate::model::ids::HomeId;
use crate::model::time::from_millis;
use crate::text::Language;
use crate::web::secrets::{Hash, hash};
use crate::web::sessions::Kind;
use crate::web::{Person, Site};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use std::sync::Arc;

/// Who looks, and in which language.
#[derive(Debug, Clone)]
pub(super) struct Visitor {
    pub language: Language,
    /// Whether letters are drawn large.
    pub is_large: bool,
    /// Who acts; at a shared desk nobody until somebody says so.
    pub person: Option<Person>,
    /// The browser's place here; none where nobody is signed in.
    pub seat: Option<Seat>,
    /// What the forms drawn for this browser carry; empty where it may send none.
    pub token: String,
}

/// A browser that is signed in.
#[derive(Debug, Clone)]
pub(super) struct Seat {
    pub hash: Hash,
    pub kind: Kind,
    /// Who signed in.
    pub owner: Person,
}

impl Visitor {
    pub fn of(site: &Site, headers: &HeaderMap) -> Visitor {
        let language = cookie(headers, "language").and_then(|text| text.parse().ok());
        let language = language.unwrap_or(site.settings.language);
        let is_large = cookie(headers, LARGE_COOKIE).is_some_and(|size| size == LARGE);
        let now = site.now();
        let signed_in = cookie(headers, SESSION_COOKIE).and_then(|secret| {
            let (hash, session) = site.sessions.of(secret, now)?;
            Some((secret, hash, session.clone(), site.person(&session.person)?))
        });
        let Some((secret, hash, session, owner)) = signed_in else {
            return Visitor { language, is_large, person: None, seat: None, token: Visitor::token_of(headers) };
        };
        let acting = session.acting.as_ref().filter(|person| session.remembers(person, now));
        let person = match session.kind {
            Kind::Personal => Some(owner.clone()),
            Kind::Desk => acting.and_then(|person| site.person(person)),
        };
        let seat = Some(Seat { hash, kind: session.kind, owner });
        Visitor { language, is_large, person, seat, token: form_token(secret) }
    }

    /// The token for the forms of a browser with these cookies that is not signed in.
    pub fn token_of(headers: &HeaderMap) -> String {
        cookie(headers, VISIT_COOKIE).map(form_token).unwrap_or_default()
    }

    /// Who stands in the audit: whoever acts, else whose desk it is.
    pub fn name_in_audit(&self) -> String {
        match (&self.person, &self.seat) {
            (Some(person), _) => person.id.to_string(),
            (None, Some(seat)) => format!("desk of {}", seat.owner.id),
            (None, None) => "nobody".to_owned(),
        }
    }

    /// Whether this is a shared desk.
    pub fn is_desk(&self) -> bool {
        self.seat.as_ref().is_some_and(|seat| seat.kind == Kind::Desk)
    }
}

fn form_token(secret: &str) -> String {
    hex::lower(&hash("form", secret)[..16])
}

/// The secret of a browser that is signed in.
pub(super) const SESSION_COOKIE: &str = "session";
/// Of one that is not, so that even the form of the sign-in is drawn for one browser.
pub(super) const VISIT_COOKIE: &str = "visit";
/// On a PC that is a desk: what it says when its sign-in has ended.
pub(super) const DESK_COOKIE: &str = "desk";

/// How large the letters are, on this browser.
pub(super) const LARGE_COOKIE: &str = "letters";
pub(super) const LARGE: &str = "large";

pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|line| line.split(';')).find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// A cookie that stays on this browser for so long and goes to this station only.
pub(super) fn set_cookie(name: &str, value: &str, seconds: i64, secure: bool) -> HeaderValue {
    let secure = if secure { "; Secure" } else { "" };
    let cookie = format!("{name}={}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}", escape(value));
    HeaderValue::try_from(cookie).expect("an escaped value is plain letters")
}

/// Whether the page is served through TLS, by this station or by what stands before it.
pub(super) fn is_secure(site: &Site, headers: &HeaderMap) -> bool {
    site.settings.is_tls
        || headers.get("x-forwarded-proto").is_some_and(|kind| kind.as_bytes().eq_ignore_ascii_case(b"https"))
}

/// Ids may be Chinese; cookies and addresses may not.
pub(super) fn escape(text: &str) -> String {
    hex::percent(text, hex::is_unreserved)
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
pub(super) struct Back {
    back: Option<String>,
}

/// `GET /language/<zh|en>`: harmless enough for a link.
pub(super) async fn language(
    State(site): State<Arc<Site>>,
    Path(language): Path<String>,
    Query(query): Query<Back>,
    headers: HeaderMap,
) -> Response {
    let language: Language = language.parse().unwrap_or_default();
    let cookie = set_cookie("language", language.as_str(), YEAR_SECS, is_secure(&site, &headers));
    ([(header::SET_COOKIE, cookie)], Redirect::to(&way_back(query.back.as_deref()))).into_response()
}

pub(super) const YEAR_SECS: i64 = 31_536_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_escaped_can_stand_in_an_address() {
        for text in ["p-03", "值班员A", "100%", "a;b c"] {
            assert!(escape(text).is_ascii() && !escape(text).contains([';', ' ']));
        }
        assert_eq!(escape("/alert/h/1?raised=2"), "%2Falert%2Fh%2F1%3Fraised%3D2");
    }

    #[test]
    fn a_way_back_stays_inside() {
        assert_eq!(way_back(Some("/alert/h/1#x")), "/alert/h/1#x");
        for outside in ["//evil.example", "https://evil.example", "/\\evil.example", "", "/a\r\nb"] {
            assert_eq!(way_back(Some(outside)), "/");
        }
    }
}
