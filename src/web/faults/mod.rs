//! Faults: trouble of equipment with an owner and a time by which somebody has to have seen to it.

mod groups;

use crate::desk::{AlertKey, Fault, FaultState, Folded, Part, RowView, folded};
use crate::model::reason::{Reason, Severity, Within};
use crate::model::time::{Span, Timestamp};
use crate::store::office::Scope;
use crate::text;
use crate::web::access::Right;
use crate::web::api::Caller;
use crate::web::faults::groups::{By, grouped};
use crate::web::form::Visitor;
use crate::web::models::{Frame, Painter, RowModel};
use crate::web::pages::{page, said};
use crate::web::reports::csv;
use crate::web::{Health, Site};
use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The addresses of these pages.
pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/faults", get(list)).route("/faults.csv", get(table))
}

#[derive(Template)]
#[template(path = "faults.html")]
struct FaultsPage {
    f: Frame,
    /// Why the station's own modem sends nothing, where it has one.
    modem: Option<String>,
    /// That a certificate of the station ends soon.
    certificate: Option<String>,
    views: Vec<(&'static str, &'static str, bool)>,
    open: usize,
    overdue: usize,
    unreachable: usize,
    batteries: usize,
    folds: Vec<FoldModel>,
    groups: Vec<Group>,
    /// How many are not listed.
    more: usize,
    done: Vec<FaultModel>,
}

struct Group {
    name: String,
    faults: Vec<FaultModel>,
}

struct FaultModel {
    row: RowModel,
    rule: &'static str,
    state: &'static str,
    due: String,
    is_over: bool,
    part: &'static str,
    again: Option<String>,
    may_take: bool,
    may_ask: bool,
    may_close: bool,
    recovered: bool,
}

/// Many homes in one trouble, for a page that includes `folded.html`.
pub(super) struct FoldModel {
    /// The same while it is the same trouble, so that it stays open when the page is drawn anew.
    pub id: String,
    pub severity: &'static str,
    pub words: String,
    pub hint: &'static str,
    pub rows: Vec<RowModel>,
    /// How many of them are not listed.
    pub more: usize,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    by: Option<String>,
}

/// `GET /faults?by=due|street|part`
async fn list(State(site): State<Arc<Site>>, Query(asked): Query<Asked>, headers: HeaderMap) -> Response {
    let (visitor, now) = (Visitor::of(&site, &headers), site.now());
    if !visitor.may(Right::SeeHomes) {
        return said(&site, &visitor, StatusCode::FORBIDDEN, &["faults_not_allowed"]);
    }
    let faults = faults(&site, &visitor, now).await;
    site.audit(&visitor, "faults_looked_at", None, String::new()).await;
    let by = By::named(asked.by.as_deref().unwrap_or_default());
    page(faults_page(&site, &visitor, now, faults, by).render())
}

async fn faults(site: &Arc<Site>, visitor: &Visitor, now: Timestamp) -> Vec<Fault> {
    let past = site.cases(now - PAST, now).await.unwrap_or_else(|why| {
        tracing::error!(%why, "earlier faults could not be read");
        Vec::new()
    });
    site.desk().faults(now, &site.actor(visitor.person.as_ref()), &site.settings.zone, &past)
}

fn faults_page(site: &Site, visitor: &Visitor, now: Timestamp, faults: Vec<Fault>, by: By) -> FaultsPage {
    let here = format!("/faults?by={}", by.as_str());
    let f = Frame::of(site, visitor, now, &here, "faults");
    let painter = Painter { site, language: visitor.language, now, on_desk: false, key: site.click_key() };
    let (open, done): (Vec<Fault>, Vec<Fault>) = faults.into_iter().partition(|fault| fault.row.phase.is_open());
    let rows: Vec<RowView> = open.iter().map(|fault| fault.row.clone()).collect();
    let (folds, single) = folded(rows);
    let (count, overdue) = (open.len(), open.iter().filter(|fault| fault.due.is_over).count());
    let unreachable = open.iter().filter(|fault| is_unreachable(fault)).count();
    let batteries = open.iter().filter(|fault| fault.part == Part::Battery && fault.due.at - now < WEEK).count();
    let single: BTreeSet<&AlertKey> = single.iter().map(|row| &row.key).collect();
    let mut single: Vec<Fault> = open.into_iter().filter(|fault| single.contains(&fault.row.key)).collect();
    // In the order of due times: what is left out is the least pressing.
    let more = single.len().saturating_sub(SHOWN_MAX);
    single.truncate(SHOWN_MAX);
    let model = |fault: &Fault| model(&painter, visitor, &here, fault);
    let groups = grouped(single, by, visitor.language).into_iter();
    let Health { modem, certificate, .. } = site.health();
    let modem = modem.and_then(|modem| modem.state.err());
    FaultsPage {
        modem: modem.map(|why| format!("{} ({})", f.l("ready_sms_down"), text::shown(&why, 160))),
        certificate: certificate.and_then(|(of, until)| ends(&f, now, of, until)),
        views: By::ALL.map(|view| (view.as_str(), f.l(view.label()), view == by)).to_vec(),
        open: count,
        overdue,
        unreachable,
        batteries,
        folds: fold_models(&painter, &folds),
        more,
        groups: groups.map(|(name, faults)| Group { name, faults: faults.iter().map(model).collect() }).collect(),
        done: done.iter().rev().take(DONE_SHOWN_MAX).map(model).collect(),
        f,
    }
}

/// That a certificate of the station itself ends soon: homes that cannot tell of it any more would be silent.
fn ends(f: &Frame, now: Timestamp, of: &str, until: Timestamp) -> Option<String> {
    let (day, days) = (until.date_naive(), (until - now).num_days());
    Some(match Within::of(now, until)? {
        Within::Ended => f.language.pick(
            format!("本站证书 {of} 已于 {day} 到期，家庭网关不再信任本站"),
            format!("This station's certificate {of} has ended on {day}: homes believe it no longer"),
        ),
        Within::Days60 | Within::Days30 | Within::Days7 => f.language.pick(
            format!("本站证书 {of} 将于 {day} 到期，剩余 {days} 天"),
            format!("This station's certificate {of} ends on {day}, {days} days are left"),
        ),
    })
}

fn is_unreachable(fault: &Fault) -> bool {
    fault.row.severity == Severity::Blind && fault.row.recovered_at.is_none()
}

/// Folded rows in words: "37 homes: Home unreachable, since 14:02".
pub(super) fn fold_models(painter: &Painter<'_>, folds: &[Folded]) -> Vec<FoldModel> {
    let (language, zone) = (painter.language, &painter.site.settings.zone);
    let model = |fold: &Folded| {
        let (homes, rule) = (fold.homes, text::rule(language, &fold.reason));
        let since = text::hour_minute(zone, fold.since);
        FoldModel {
            id: format!("fold-{}-{}", fold.reason.rule(), fold.since.timestamp_millis()),
            severity: crate::web::models::severity_id(fold.severity),
            words: if matches!(fold.reason, Reason::HomeUnreachable { .. }) {
                language
                    .pick(format!("{homes} 户同时失联，自 {since}"), format!("{homes} homes unreachable since {since}"))
            } else {
                language.pick(
                    format!("{homes} 户同时{rule}，自 {since}"),
                    format!("{homes} homes at once since {since}: {rule}"),
                )
            },
            hint: text::label(language, "fold_hint"),
            rows: painter.rows(fold.rows.get(..FOLDED_SHOWN_MAX).unwrap_or(&fold.rows)),
            more: fold.rows.len().saturating_sub(FOLDED_SHOWN_MAX),
        }
    };
    folds.iter().map(model).collect()
}

fn model(painter: &Painter<'_>, visitor: &Visitor, here: &str, fault: &Fault) -> FaultModel {
    let (language, zone) = (painter.language, &painter.site.settings.zone);
    let offers = |deed: &str| fault.row.primary == Some(deed) || fault.row.others.contains(&deed);
    let acts = visitor.may(Right::Act);
    let mut row = painter.row(&fault.row);
    row.back = here.to_owned();
    FaultModel {
        rule: text::rule(language, &fault.row.reason),
        state: text::label(language, state_label(fault.state)),
        due: due(painter, fault),
        is_over: fault.due.is_over,
        part: text::label(language, groups::part_label(fault.part)),
        again: (fault.times >= TIMES_SAID).then(|| {
            let times = fault.times;
            language.pick(format!("30 天内第 {times} 次"), format!("{times} times within 30 days"))
        }),
        may_take: acts && offers("take"),
        may_ask: visitor.may(Right::Send) && offers("ask"),
        may_close: acts && offers("close"),
        recovered: fault.state == FaultState::Recovered,
        row: RowModel { raised: text::date_time(language, zone, fault.row.raised_at), ..row },
    }
}

fn due(painter: &Painter<'_>, fault: &Fault) -> String {
    let (language, zone) = (painter.language, &painter.site.settings.zone);
    let at = text::date_time(language, zone, fault.due.at);
    if fault.due.is_over {
        let over = text::duration(language, painter.now - fault.due.at);
        return language.pick(format!("{at} 前，已逾期 {over}"), format!("by {at}, overdue by {over}"));
    }
    language.pick(format!("{at} 前"), format!("by {at}"))
}

fn state_label(state: FaultState) -> &'static str {
    match state {
        FaultState::Open => "fault_open",
        FaultState::Assigned => "fault_assigned",
        FaultState::Recovered => "fault_recovered",
        FaultState::Verified => "fault_verified",
        FaultState::FixedByHand => "fault_by_hand",
    }
}

/// `GET /faults.csv`
async fn table(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let (caller, now) = match Caller::of(&site, &headers, Scope::Reports).await {
        Ok(caller) => (caller, site.now()),
        Err(why) => return why.into_response(),
    };
    if !caller.may(Right::SeeHomes) {
        return said(&site, &caller.visitor, StatusCode::FORBIDDEN, &["faults_not_allowed"]);
    }
    let faults = faults(&site, &caller.visitor, now).await;
    site.audit_call(&caller, "faults_exported", None, String::new()).await;
    let zone = &site.settings.zone;
    let head = [
        "home",
        "number",
        "rule",
        "sensor",
        "severity",
        "raised",
        "due",
        "overdue",
        "state",
        "owner",
        "part",
        "times_in_30_days",
    ];
    let line = |fault: &Fault| {
        let row = &fault.row;
        let owner = row.owner.as_ref().and_then(|owner| owner.actor.person.as_ref());
        vec![
            row.key.home.to_string(),
            row.number(),
            row.reason.rule().to_owned(),
            row.reason.subject().map(ToString::to_string).unwrap_or_default(),
            crate::web::models::severity_id(row.severity).to_owned(),
            csv::instant(zone, row.raised_at),
            csv::instant(zone, fault.due.at),
            fault.due.is_over.to_string(),
            fault.state.as_str().to_owned(),
            owner.map(ToString::to_string).unwrap_or_default(),
            fault.part.as_str().to_owned(),
            fault.times.to_string(),
        ]
    };
    let rows = std::iter::once(head.map(str::to_owned).to_vec()).chain(faults.iter().map(line));
    csv::answer(&format!("faults-{}-{}.csv", site.settings.point, zone.date(now)), csv::table(rows))
}

const PAST: Span = Span::days(30);
const WEEK: Span = Span::days(7);
const DONE_SHOWN_MAX: usize = 20;
/// More than anybody can mend before the page is read again.
const SHOWN_MAX: usize = 300;
const FOLDED_SHOWN_MAX: usize = 100;
/// `station.md` 2.6.
const TIMES_SAID: usize = 3;
