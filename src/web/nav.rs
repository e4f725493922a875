//! The pages of the station, in the order in which every page names them, and how much waits on some of them.

use crate::model::time::{Span, Timestamp};
use crate::web::Site;
use crate::web::access::{Door, Right};
use crate::web::models::Frame;
use std::sync::PoisonError;

/// Address and label of each page that everybody finds.
const PAGES: &[(&str, &str)] = &[
    ("/", "desk"),
    ("/daily", "daily_page"),
    ("/homes", "homes"),
    ("/visits", "visits_page"),
    ("/requests", "requests_page"),
    ("/circle", "circle"),
    ("/faults", "faults"),
    ("/reports", "reports"),
    ("/handover", "handover"),
    ("/ready", "ready_page"),
    ("/wall", "wall_page"),
    ("/admin/people", "admin_people"),
    ("/admin/audit", "admin_audit"),
    ("/admin/tokens", "feed_page"),
    ("/help", "help_page"),
];

/// A link to a page.
pub(super) struct NavLink {
    pub href: &'static str,
    pub word: &'static str,
    pub is_here: bool,
    /// What waits there, where that is told beside the link; empty while nothing does.
    pub waits: Option<String>,
}

/// How much waits on the pages whose links say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Waits {
    /// Alerts that nobody has taken.
    pub unclaimed: usize,
    /// Homes on the day's list that somebody has to telephone.
    pub daily: usize,
    /// Open troubles of equipment, lost homes among them.
    pub faults: usize,
}

/// What was counted last on the day's list, after which change and when.
pub(super) type Counted = Option<(String, Timestamp, usize)>;

impl Site {
    /// How much waits at `now`.
    pub(super) fn waits(&self, now: Timestamp) -> Waits {
        let daily = self.to_phone(now);
        let desk = self.desk();
        Waits { unclaimed: desk.unclaimed(), daily, faults: desk.open_faults() }
    }

    /// Counted anew when something has changed, and else now and then: the day's list changes by the clock alone too. It goes
    /// through all homes, so of many homes it is not counted at every change.
    fn to_phone(&self, now: Timestamp) -> usize {
        let after = self.feed.after();
        let rests = Span::milliseconds(i64::try_from(self.desk().homes().len() / HOMES_COUNTED_IN_1_MS).unwrap_or(0));
        let known = self.counted.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let is_fresh = |at: &str, age: Span| (at == after && age < COUNTED_FOR) || age < rests;
        if let Some((_, _, count)) = known.filter(|(at, when, _)| is_fresh(at, (now - *when).abs())) {
            return count;
        }
        let list = self.desk().daily_counts_at(now);
        let count = (list.to_phone + list.cannot_tell) as usize;
        *self.counted.lock().unwrap_or_else(PoisonError::into_inner) = Some((after, now, count));
        count
    }
}

impl Frame {
    /// The pages, the present one marked.
    pub fn nav(&self) -> Vec<NavLink> {
        let here = self.here.split(['?', '#']).next().unwrap_or_default();
        let link = |(href, label): &(&'static str, &'static str)| NavLink {
            href,
            word: self.l(label),
            is_here: *href == here || (*href != "/" && here.starts_with(href)),
            waits: self.waits_at(href).map(|waits| if waits > 0 { waits.to_string() } else { String::new() }),
        };
        // Only what this visitor may open.
        let opens = |(href, _): &&(&'static str, &'static str)| Door::at(href).lets_in(&self.visitor, false);
        PAGES.iter().filter(opens).map(link).collect()
    }

    fn waits_at(&self, href: &str) -> Option<usize> {
        match href {
            "/" => Some(self.waits.unclaimed),
            "/daily" => Some(self.waits.daily),
            "/faults" => Some(self.waits.faults),
            _ => None,
        }
    }

    /// Whether this visitor may be told how the desk is.
    pub fn sees_desk(&self) -> bool {
        self.visitor.may(Right::SeeDesk)
    }

    /// Whether this page has more than the desk and an alert have.
    pub fn is_office(&self) -> bool {
        self.here != "/" && !self.here.starts_with("/alert/")
    }
}

const COUNTED_FOR: Span = Span::seconds(10);
/// So that counting takes a small part of the time.
const HOMES_COUNTED_IN_1_MS: usize = 20;
