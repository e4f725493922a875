//! When somebody moves about at home: today and two weeks as pictures and as a table, and what is usual there in words.
//!
//! A home is asked when somebody opens the page, and only then; its answer stays in memory for minutes. Without script the page
//! comes anew by itself until the answer is there. Every look is written down.

mod asked;
mod model;
mod words;

pub use asked::Pictures;

use crate::desk::RowView;
use crate::model::card::Consent;
use crate::model::ids::HomeId;
use crate::model::time::Timestamp;
use crate::text;
use crate::web::access::Right;
use crate::web::form::{Visitor, escape};
use crate::web::models::{Frame, Painter};
use crate::web::pages::{page, said};
use crate::web::{Site, Wanted};
use crate::wire::{self, Activity};
use askama::Template;
use askama::filters::HtmlSafeOutput;
use asked::Stand;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use model::Shown;
use std::sync::Arc;
use words::{DayRow, RhythmModel};

/// The address of this page.
pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/home/{home}/picture", get(picture))
}

#[derive(Template)]
#[template(path = "picture.html")]
struct PicturePage {
    f: Frame,
    home_href: String,
    place: String,
    /// What there is to say while there is nothing to show.
    notice: Option<Notice>,
    shown: Option<Drawn>,
}

struct Notice {
    tone: &'static str,
    words: String,
    hint: &'static str,
    /// Where to ask anew.
    again: Option<String>,
}

/// Everything that is drawn of one answer.
struct Drawn {
    as_of: String,
    today: HtmlSafeOutput<String>,
    days: HtmlSafeOutput<String>,
    with_rooms: bool,
    rows: Vec<DayRow>,
    rhythm: Option<RhythmModel>,
    fault: Option<String>,
    not_shared: &'static str,
}

/// `GET /home/<id>/picture`
async fn picture(State(site): State<Arc<Site>>, Path(home): Path<String>, headers: HeaderMap) -> Response {
    let visitor = Visitor::of(&site, &headers);
    let Ok(home) = HomeId::new(home) else {
        return said(&site, &visitor, StatusCode::NOT_FOUND, &["home_unknown"]);
    };
    if !visitor.may(Right::SeePicture) {
        let why = if visitor.might(Right::SeePicture) { "picture_who" } else { "picture_not_for_you" };
        return said(&site, &visitor, StatusCode::FORBIDDEN, &[why]);
    }
    if site.desk().home(&home).is_none() {
        return said(&site, &visitor, StatusCode::NOT_FOUND, &["home_unknown"]);
    }
    let now = site.now();
    // Where nobody wrote a card, what the home itself shares is all that is known of it.
    let agreed = site.desk().card(&home).map_or(Consent::Rooms, |card| card.consent);
    if agreed == Consent::Alerts {
        return not_shared(&site, &visitor, &home);
    }
    let stand = site.pictures.look(&home, now, || site.click_key());
    match stand {
        Stand::Ask(id) => {
            site.audit(&visitor, "picture_asked", Some(home.clone()), String::new()).await;
            let by = site.actor(visitor.person.as_ref());
            let point = site.settings.point.clone();
            let look = wire::Look { v: wire::VERSION, home: home.clone(), point, id, by, at: now };
            site.ask(Wanted::Look(look)).await;
            waiting(&site, &visitor, &home, now)
        }
        Stand::Waiting(at) => waiting(&site, &visitor, &home, at),
        Stand::Unanswered(at) => unanswered(&site, &visitor, &home, at),
        Stand::Answered(..) if matches!(&stand, Stand::Answered(_, said) if said.shares == Consent::Alerts) => {
            not_shared(&site, &visitor, &home)
        }
        Stand::Answered(at, activity) => {
            let shares = activity.shares.min(agreed);
            site.audit(&visitor, "picture_looked_at", Some(home.clone()), shares.as_str().to_owned()).await;
            answered(&site, &visitor, &home, at, &activity, shares)
        }
    }
}

fn waiting(site: &Site, visitor: &Visitor, home: &HomeId, asked_at: Timestamp) -> Response {
    let clock = text::clock_time(&site.settings.zone, asked_at);
    let words = visitor.language.pick(format!("{clock} 已询问，等待家中回答"), format!("asked {clock}, waiting"));
    let hint = "picture_waiting_hint";
    let mut response = notice(site, visitor, home, Notice { tone: "calm", words, hint, again: None });
    // The page comes anew by itself, with script and without.
    let again = axum::http::HeaderValue::from_static(COMES_AGAIN);
    response.headers_mut().insert(HeaderName::from_static("refresh"), again);
    response
}

fn unanswered(site: &Site, visitor: &Visitor, home: &HomeId, asked_at: Timestamp) -> Response {
    let clock = text::clock_time(&site.settings.zone, asked_at);
    let words = visitor
        .language
        .pick(format!("家中没有回答（{clock} 询问）"), format!("the home does not answer (asked {clock})"));
    let again = Some(format!("/home/{}/picture", escape(home.as_str())));
    notice(site, visitor, home, Notice { tone: "stale", words, hint: "picture_unanswered_hint", again })
}

fn not_shared(site: &Site, visitor: &Visitor, home: &HomeId) -> Response {
    let words = text::label(visitor.language, "picture_not_shared").to_owned();
    notice(site, visitor, home, Notice { tone: "calm", words, hint: "picture_not_shared_hint", again: None })
}

fn notice(site: &Site, visitor: &Visitor, home: &HomeId, notice: Notice) -> Response {
    page(framed(site, visitor, home, Some(notice), None).render()).into_response()
}

fn framed(site: &Site, visitor: &Visitor, home: &HomeId, notice: Option<Notice>, shown: Option<Drawn>) -> PicturePage {
    let home_href = format!("/home/{}", escape(home.as_str()));
    let f = Frame::of(site, visitor, site.now(), &format!("{home_href}/picture"), "home_picture");
    let place = site.desk().place_of(home).map_or_else(|| home.to_string(), |place| text::shown(&place, 40));
    PicturePage { f, home_href, place, notice, shown }
}

fn answered(
    site: &Site,
    visitor: &Visitor,
    home: &HomeId,
    at: Timestamp,
    activity: &Activity,
    shares: Consent,
) -> Response {
    let now = site.now();
    let alerts: Vec<RowView> = site.alerts_of(now, home, &site.actor(visitor.person.as_ref()));
    let suspensions = site.desk().suspensions_of(now, home);
    let painter = Painter { site, language: visitor.language, now, on_desk: false, key: String::new() };
    let shown = Shown::of(&site.settings.zone, activity, shares, alerts, &suspensions);
    let drawn = Drawn {
        as_of: text::clock_time(&site.settings.zone, at),
        today: HtmlSafeOutput(painter.today(&shown, at)),
        days: HtmlSafeOutput(painter.fortnight(&shown)),
        with_rooms: shares == Consent::Rooms,
        rows: painter.day_rows(&shown),
        rhythm: activity.usual.as_ref().map(|usual| painter.rhythm(usual)),
        fault: activity.fault.as_ref().map(|fault| text::shown(fault, 300)),
        not_shared: painter.label(if shares == Consent::Rooms { "picture_shares_rooms" } else { "picture_shares" }),
    };
    page(framed(site, visitor, home, None, Some(drawn)).render()).into_response()
}

/// Seconds until a page that waits comes anew.
const COMES_AGAIN: &str = "2";
