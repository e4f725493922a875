//! `/help`: one page to print and hang beside the desk. The keys, what each shape and colour means, what to do when the page stops.

use crate::model::reason::Severity;
use crate::text;
use crate::web::Site;
use crate::web::form::Visitor;
use crate::web::models::{Frame, severity_id};
use crate::web::pages::page;
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use std::sync::Arc;

/// The address of this page.
pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/help", get(help))
}

#[derive(Template)]
#[template(path = "help.html")]
struct HelpPage {
    f: Frame,
    kinds: Vec<Kind>,
    signs: Vec<Sign>,
    deeds: Vec<&'static str>,
}

/// A severity with its shape.
struct Kind {
    severity: &'static str,
    word: &'static str,
    means: &'static str,
}

/// Something that the page says about itself.
struct Sign {
    look: &'static str,
    word: &'static str,
    means: &'static str,
}

/// `GET /help`
async fn help(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let visitor = Visitor::of(&site, &headers);
    let f = Frame::of(&site, &visitor, site.now(), "/help", "help_page");
    let kind = |(severity, label): (Severity, &'static str)| Kind {
        severity: severity_id(severity),
        word: text::severity(f.language, severity),
        means: f.l(label),
    };
    let sign = |(look, word, means): (&'static str, &'static str, &'static str)| Sign {
        look,
        word: f.l(word),
        means: f.l(means),
    };
    page(
        HelpPage {
            kinds: KINDS.into_iter().map(kind).collect(),
            signs: SIGNS.into_iter().map(sign).collect(),
            deeds: DEEDS.into_iter().map(|label| f.l(label)).collect(),
            f,
        }
        .render(),
    )
}

const KINDS: [(Severity, &str); 5] = [
    (Severity::Emergency, "help_emergency"),
    (Severity::Urgent, "help_urgent"),
    (Severity::Notice, "help_notice"),
    (Severity::Blind, "help_blind"),
    (Severity::Fault, "help_fault"),
];

/// How it looks, what it says, and what that means.
const SIGNS: [(&str, &str, &str); 7] = [
    ("good", "ready_word", "help_ready"),
    ("amber", "not_ready", "help_not_ready"),
    ("amber", "sound_locked", "help_sound_locked"),
    ("warn", "help_clock_warn", "help_clock_warn_is"),
    ("over", "help_clock_over", "help_clock_over_is"),
    ("stale", "stale_at", "help_stale"),
    ("over", "ended", "help_ended"),
];

/// When the page stops, in this order.
const DEEDS: [&str; 5] = ["help_do_reload", "help_do_other", "help_do_phone", "help_do_computer", "help_do_note"];
