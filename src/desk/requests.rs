//! What residents asked for that is no emergency: each with its own time, until somebody has seen to it.

use crate::desk::Desk;
use crate::model::errand::{Declined, RequestDeed, RequestKind, RequestOutcome};
use crate::model::home::Service;
use crate::model::ids::{HomeId, PersonId};
use crate::model::lifecycle::Actor;
use crate::model::reason::Reason;
use crate::model::time::{Span, Timestamp};
use std::collections::BTreeMap;

/// What is asked for, and what was.
#[derive(Debug, Clone, Default)]
pub(super) struct Requests {
    newest: u64,
    all: BTreeMap<u64, Request>,
}

/// Something that is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Counted by the station.
    pub number: u64,
    /// For which home.
    pub home: HomeId,
    /// What.
    pub kind: RequestKind,
    /// In words.
    pub wish: String,
    /// By when it is wanted.
    pub due: Timestamp,
    /// When it was written down.
    pub opened_at: Timestamp,
    /// By whom.
    pub opened_by: Actor,
    /// Who sees to it.
    pub assigned: Option<PersonId>,
    /// What became of it.
    pub ended: Option<EndedRequest>,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq)]
pub struct EndedRequest {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Actor,
    /// What.
    pub outcome: RequestOutcome,
    /// What is to be known of it.
    pub note: String,
}

/// A request with what the page says beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestRow {
    /// The request.
    pub request: Request,
    /// The short address of its home.
    pub place: Option<String>,
}

/// A press of a service button of which no request was made yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Wished {
    /// Which home.
    pub home: HomeId,
    /// Its short address.
    pub place: Option<String>,
    /// What the button is for.
    pub service: Service,
    /// When it was pressed.
    pub at: Timestamp,
    /// The alert's number.
    pub alert: u64,
    /// Which one of that number.
    pub raised_at: Timestamp,
}

/// The requests of a station.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RequestsView {
    /// Those nobody has ended, the longest overdue first.
    pub open: Vec<RequestRow>,
    /// The newest that are over, newest first.
    pub ended: Vec<RequestRow>,
    /// Presses of service buttons that could become one.
    pub wished: Vec<Wished>,
}

impl Requests {
    /// Somebody did something about the requests of a home.
    pub fn did(&mut self, at: Timestamp, home: HomeId, by: Actor, deed: RequestDeed) {
        match deed {
            RequestDeed::Open { kind, wish, due } => {
                self.newest += 1;
                let (number, assigned, ended) = (self.newest, None, None);
                let request = Request { number, home, kind, wish, due, opened_at: at, opened_by: by, assigned, ended };
                self.all.insert(number, request);
            }
            RequestDeed::Assign { number, to } => {
                if let Some(request) = self.all.get_mut(&number) {
                    request.assigned = Some(to);
                }
            }
            RequestDeed::End { number, outcome, note } => {
                if let Some(request) = self.all.get_mut(&number) {
                    request.ended = Some(EndedRequest { at, by, outcome, note });
                }
                self.let_go();
            }
        }
    }

    /// Of those that are over the newest are at hand.
    fn let_go(&mut self) {
        let ended = self.all.values().filter_map(|request| Some((request.ended.as_ref()?.at, request.number)));
        let mut ended: Vec<(Timestamp, u64)> = ended.collect();
        ended.sort_unstable();
        let surplus = ended.len().saturating_sub(ENDED_KEPT);
        ended[..surplus].iter().for_each(|(_, number)| drop(self.all.remove(number)));
    }

    fn open(&self) -> impl Iterator<Item = &Request> {
        self.all.values().filter(|request| request.ended.is_none())
    }
}

impl Desk {
    /// Whether the deed makes sense.
    pub(super) fn judge_request(&self, now: Timestamp, home: &HomeId, deed: &RequestDeed) -> Result<(), Declined> {
        let open = |number: &u64| {
            let request = self.requests.all.get(number);
            request.is_some_and(|request| request.ended.is_none() && request.home == *home)
        };
        match deed {
            RequestDeed::Open { due, .. } if *due - now > AHEAD_MOST || now - *due > LATE_MOST => {
                Err(Declined::Unclear("due"))
            }
            RequestDeed::Open { kind: RequestKind::Other, wish, .. } if wish.trim().is_empty() => {
                Err(Declined::Unclear("wish"))
            }
            RequestDeed::Open { .. } => {
                let open = self.requests.open().filter(|request| request.home == *home).count();
                if open < OPEN_MOST { Ok(()) } else { Err(Declined::Unclear("too_many")) }
            }
            RequestDeed::Assign { number, to } => {
                let is_known = self.settings.people.contains_key(to) && open(number);
                if is_known { Ok(()) } else { Err(Declined::Unclear("request")) }
            }
            RequestDeed::End { number, .. } if open(number) => Ok(()),
            RequestDeed::End { .. } => Err(Declined::Unclear("request")),
        }
    }

    /// What is asked for, and what was.
    pub fn requests_view(&self, now: Timestamp) -> RequestsView {
        let row = |request: &Request| RequestRow { place: self.place_of(&request.home), request: request.clone() };
        let mut open: Vec<RequestRow> = self.requests.open().map(row).collect();
        open.sort_by_key(|row| (row.request.due, row.request.number));
        let ended = self.requests.all.values().filter(|request| request.ended.is_some());
        let mut ended: Vec<RequestRow> = ended.map(row).collect();
        ended.sort_by_key(|row| std::cmp::Reverse(row.request.ended.as_ref().map(|ended| ended.at)));
        ended.truncate(ENDED_SHOWN);
        RequestsView { open, ended, wished: self.wished(now) }
    }

    /// Presses of service buttons that nobody has ended, or of the last day, of which nothing was written down since.
    fn wished(&self, now: Timestamp) -> Vec<Wished> {
        let fresh = self.rows.values().filter(|row| {
            let ended = row.alert.closed.as_ref().map(|closed| closed.at);
            !row.alert.test && (row.alert.phase.is_open() || ended.is_some_and(|at| now - at < WISHED_WITHIN))
        });
        let wished = fresh.filter_map(|row| {
            let Reason::ServiceButton { service, .. } = &row.alert.reason else { return None };
            let was_made = |request: &Request| request.home == row.key.home && request.opened_at >= row.received_at;
            let is_request = *service != Service::Arrival && !self.requests.all.values().any(was_made);
            is_request.then(|| Wished {
                home: row.key.home.clone(),
                place: self.place_of(&row.key.home),
                service: *service,
                at: row.received_at,
                alert: row.key.alert.number,
                raised_at: row.key.alert.raised_at,
            })
        });
        wished.collect()
    }

    /// The open requests of one home.
    pub fn requests_of(&self, home: &HomeId) -> Vec<Request> {
        self.requests.open().filter(|request| request.home == *home).cloned().collect()
    }
}

/// Of those that are over so many are at hand; older ones are in the history.
const ENDED_KEPT: usize = 500;
const ENDED_SHOWN: usize = 30;
/// Of one home; who has more written down than this clicks in circles.
const OPEN_MOST: usize = 30;
const AHEAD_MOST: Span = Span::days(366);
const LATE_MOST: Span = Span::days(7);
const WISHED_WITHIN: Span = Span::days(1);
