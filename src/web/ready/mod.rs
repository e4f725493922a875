//! `/ready`: why alerts can be received here, or cannot, and what to do next.

mod proofs;

use crate::model::time::{Span, Timestamp};
use crate::store::office::ShiftKind;
use crate::text::{self, Language};
use crate::web::Site;
use crate::web::form::Visitor;
use crate::web::models::Frame;
use crate::web::pages::page;
use askama::Template;
use axum::Router;
use axum::extract::{Request, State as Extracted};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::get;
pub(super) use proofs::Facts;
use proofs::{Proof, State, proofs, sound_label};
use std::sync::Arc;

/// The addresses of this page.
pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/ready", get(ready))
}

/// Looks at the desk before a page is drawn.
pub(super) async fn look(Extracted(site): Extracted<Arc<Site>>, request: Request, next: Next) -> Response {
    site.look();
    next.run(request).await
}

impl Site {
    /// Whether every proof holds that alerts can be received and heard.
    pub(super) fn is_ready(&self) -> bool {
        self.look_if_old();
        proofs(self, Language::English, self.now()).iter().all(|proof| proof.state != State::Bad)
    }

    /// What does not hold, each with its reason and the next deed, for the strip.
    pub(super) fn troubles(&self, language: Language, now: Timestamp) -> Vec<String> {
        let bad = proofs(self, language, now).into_iter().filter(|proof| proof.state == State::Bad);
        let (stop, end) = language.pick(("。", "。"), (". ", "."));
        let words = |proof: Proof| {
            let deed = proof.deed.map(|deed| format!("{stop}{}", text::label(language, deed))).unwrap_or_default();
            format!("{}{deed}{end}", proof.found)
        };
        bad.map(words).collect()
    }
}

#[derive(Template)]
#[template(path = "ready.html")]
struct ReadyPage {
    f: Frame,
    all_good: bool,
    proofs: Vec<ProofModel>,
    screens: Vec<ScreenModel>,
}

struct ProofModel {
    what: &'static str,
    tone: &'static str,
    word: &'static str,
    found: String,
    deed: &'static str,
}

struct ScreenModel {
    who: String,
    sound: &'static str,
    visible: &'static str,
    age: String,
}

/// `GET /ready`
async fn ready(Extracted(site): Extracted<Arc<Site>>, headers: HeaderMap) -> Response {
    let (visitor, now) = (Visitor::of(&site, &headers), site.now());
    let f = Frame::of(&site, &visitor, now, "/ready", "ready_page");
    let mut all = proofs(&site, visitor.language, now);
    all.push(sound_test(&site, visitor.language, now).await);
    let model = |proof: &Proof| {
        let (tone, word) = match proof.state {
            State::Good => ("good", "ready_yes"),
            State::Bad => ("bad", "ready_no"),
            State::Unknown => ("open", "ready_unproved"),
        };
        let deed = proof.deed.map(|deed| f.l(deed)).unwrap_or_default();
        ProofModel { what: f.l(proof.what), tone, word: f.l(word), found: proof.found.clone(), deed }
    };
    let proofs: Vec<ProofModel> = all.iter().map(model).collect();
    let screens = screens(&site, &f, now);
    let all_good = all.iter().all(|proof| proof.state != State::Bad);
    page(ReadyPage { all_good, proofs, screens, f }.render())
}

fn screens(site: &Site, f: &Frame, now: Timestamp) -> Vec<ScreenModel> {
    let desk = site.desk();
    let model = |(at, screen): (Timestamp, &crate::desk::Screen)| ScreenModel {
        who: screen.person.as_ref().and_then(|id| site.name(id)).unwrap_or_else(|| "—".to_owned()),
        sound: f.l(sound_label(screen.sound)),
        visible: f.l(if screen.visible { "ready_visible" } else { "ready_hidden" }),
        age: text::duration(f.language, (now - at).max(Span::zero())),
    };
    desk.screens(now).map(model).collect()
}

/// That a context runs does not prove a loudspeaker that sounds: somebody has to say that it was heard. An old test is shown,
/// and does not make the desk unready.
async fn sound_test(site: &Site, language: Language, now: Timestamp) -> Proof {
    let heard = site.shift_lines(SHIFT_LINES_LOOKED_AT).await;
    let last = heard.iter().find(|line| line.kind == ShiftKind::Sound).map(|line| line.at);
    let what = "ready_tested";
    let at = |at| text::date_time(language, &site.settings.zone, at);
    let deed = Some("ready_tested_do");
    match last {
        Some(last) if now - last <= TEST_HOLDS => Proof { what, state: State::Good, found: at(last), deed: None },
        Some(last) => {
            let found = format!("{} ({})", text::label(language, "ready_tested_old"), at(last));
            Proof { what, state: State::Unknown, found, deed }
        }
        None => {
            let found = text::label(language, "ready_tested_never").to_owned();
            Proof { what, state: State::Unknown, found, deed }
        }
    }
}

/// A longer shift has another test.
const TEST_HOLDS: Span = Span::hours(12);
const SHIFT_LINES_LOOKED_AT: usize = 200;
