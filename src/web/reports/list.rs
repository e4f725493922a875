//! The alerts behind a figure.

use crate::desk::{Case, Of, RowView, Selection};
use crate::model::lifecycle::Outcome;
use crate::model::reason::Severity;
use crate::text;
use crate::web::Site;
use crate::web::form::{Visitor, escape};
use crate::web::models::{Frame, Painter};
use crate::web::pages::page;
use crate::web::reports::period::Asked;
use crate::web::reports::{counted, csv};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "report_alerts.html")]
struct AlertsPage {
    f: Frame,
    what: String,
    words: String,
    back: String,
    csv: String,
    rows: Vec<AlertModel>,
    count: usize,
    is_cut: bool,
}

struct AlertModel {
    severity: &'static str,
    word: &'static str,
    href: String,
    number: String,
    home: String,
    rule: &'static str,
    raised: String,
    take: String,
    arrive: String,
    outcome: String,
}

/// `GET /reports/alerts?from=&to=&of=…`
pub(super) async fn alerts(State(site): State<Arc<Site>>, Query(asked): Query<Asked>, headers: HeaderMap) -> Response {
    let (visitor, now) = (Visitor::of(&site, &headers), site.now());
    let counted = match counted(&site, &headers, &asked, now).await {
        Ok(counted) => counted,
        Err(refused) => return refused,
    };
    let selection = selection(&asked, Selection::of(Of::All, counted.period.range));
    let chosen: Vec<&Case> =
        counted.cases.iter().filter(|case| selection.holds(case, now, &site.settings.zone)).collect();
    let query = query(&selection, &counted.period.query);
    let f = Frame::of(&site, &visitor, now, &format!("/reports/alerts?{query}"), "report_alerts");
    let painter = Painter { site: &site, language: visitor.language, now, on_desk: false, key: site.click_key() };
    let drawn = AlertsPage {
        what: words(&f, &selection),
        words: counted.period.words,
        back: format!("/reports?{}", counted.period.query),
        csv: format!("/reports/alerts.csv?{query}"),
        count: chosen.len(),
        is_cut: chosen.len() > ROWS_MAX,
        rows: chosen.iter().rev().take(ROWS_MAX).map(|case| model(&painter, case)).collect(),
        f,
    };
    page(drawn.render())
}

/// `GET /reports/alerts.csv?from=&to=&of=…`
pub(super) async fn alerts_csv(
    State(site): State<Arc<Site>>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let now = site.now();
    let counted = match counted(&site, &headers, &asked, now).await {
        Ok(counted) => counted,
        Err(refused) => return refused,
    };
    let zone = &site.settings.zone;
    let selection = selection(&asked, Selection::of(Of::All, counted.period.range));
    let chosen: Vec<&Case> = counted.cases.iter().filter(|case| selection.holds(case, now, zone)).collect();
    let (from, to) = counted.period.range.dates(zone);
    csv::answer(&format!("alerts-{}-{from}-{to}.csv", site.settings.point), csv::alerts(zone, &chosen))
}

/// What an address selects; a word that nobody knows selects nothing narrower.
fn selection(asked: &Asked, all: Selection) -> Selection {
    let of = asked.of.as_deref().and_then(Of::named).unwrap_or(all.of);
    let outcome = asked.outcome.as_deref().and_then(|word| match word {
        "none" => Some(None),
        word => Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == word).map(Some),
    });
    let severity = asked.severity.as_deref().and_then(severity);
    Selection { of, rule: asked.rule.clone().filter(|rule| !rule.is_empty()), outcome, severity, ..all }
}

fn severity(word: &str) -> Option<Severity> {
    use Severity::{Blind, Emergency, Fault, Notice, Urgent};
    [Emergency, Urgent, Notice, Blind, Fault].into_iter().find(|s| crate::web::models::severity_id(*s) == word)
}

/// The address of a selection, behind the question mark.
pub(super) fn query(selection: &Selection, period: &str) -> String {
    let mut query = format!("{period}&of={}", selection.of.as_str());
    if let Some(rule) = &selection.rule {
        query.push_str(&format!("&rule={}", escape(rule)));
    }
    if let Some(outcome) = selection.outcome {
        query.push_str(&format!("&outcome={}", outcome.map_or("none", Outcome::as_str)));
    }
    if let Some(severity) = selection.severity {
        query.push_str(&format!("&severity={}", crate::web::models::severity_id(severity)));
    }
    query
}

fn words(f: &Frame, selection: &Selection) -> String {
    let mut words = vec![text::label(f.language, kind_label(selection.of)).to_owned()];
    words.extend(selection.rule.clone());
    words.extend(selection.outcome.map(|outcome| match outcome {
        Some(outcome) => text::outcome(f.language, outcome).to_owned(),
        None => text::label(f.language, "no_outcome_yet").to_owned(),
    }));
    words.extend(selection.severity.map(|severity| text::severity(f.language, severity).to_owned()));
    words.join(" · ")
}

/// The name of the words for a kind.
pub(super) fn kind_label(of: Of) -> &'static str {
    match of {
        Of::All => "all_alerts",
        Of::Desk => "desk_alerts",
        Of::Person => "person_alerts",
        Of::Due60 => "due_60",
        Of::Due180 => "due_180",
        Of::Visits => "visits",
        Of::Open => "open_alerts",
        Of::Blind => "no_contact",
        Of::BlindLong => "no_contact_over_4h",
        Of::Faults => "faults_opened",
        Of::Taken60
        | Of::Taken180
        | Of::Late60
        | Of::Waited60
        | Of::Waited180
        | Of::OnSite
        | Of::LateOnSite
        | Of::Talks
        | Of::Lapsed
        | Of::Real
        | Of::Unneeded
        | Of::DeliveredLate
        | Of::FaultsClosed
        | Of::FaultsOpen
        | Of::FaultsOverdue
        | Of::Tests
        | Of::Duplicates
        | Of::Asked
        | Of::TakenBack => of.as_str(),
    }
}

fn model(painter: &Painter<'_>, case: &Case) -> AlertModel {
    let (language, zone) = (painter.language, &painter.site.settings.zone);
    let row = RowView::of_case(case);
    let drawn = painter.row(&row);
    let secs = |span: Option<crate::model::time::Span>| {
        span.map_or_else(|| "–".to_owned(), |span| text::duration(language, span))
    };
    AlertModel {
        severity: drawn.severity,
        word: drawn.severity_word,
        number: row.number(),
        home: case.key.home.to_string(),
        rule: text::rule(language, &case.reason),
        raised: format!("{} {}", zone.date(case.raised_at), text::clock_time(zone, case.raised_at)),
        take: secs(case.take_time()),
        arrive: secs(case.arrived.as_ref().map(|did| did.at - case.raised_at)),
        outcome: match &case.closed {
            Some(ended) => text::outcome(language, ended.outcome).to_owned(),
            None => drawn.phase_word.to_owned(),
        },
        href: drawn.href,
    }
}

/// A page that nobody reads to its end; the file holds all.
const ROWS_MAX: usize = 1_000;
