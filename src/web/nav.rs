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

/// What was counted last, after which change and when.
pub(super) type Counted = Option<(String, Timestamp, Waits)>;

impl Site {
    /// Counted anew when something has changed, and else now and then: the day's list changes by the clock alone too.
    pub(super) fn waits(&self, now: Timestamp) -> Waits {
        let after = self.feed.after();
        let known = self.counted.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, _, waits)) = known.filter(|(at, when, _)| *at == after && (now - *when).abs() < COUNTED_FOR) {
            return waits;
        }
        let desk = self.desk();
        let list = desk.daily_view(now).counts;
        let waits = Waits {
            unclaimed: desk.unclaimed(),
            daily: (list.to_phone + list.cannot_tell) as usize,
            faults: desk.open_faults(),
        };
        drop(desk);
        *self.counted.lock().unwrap_or_else(PoisonError::into_inner) = Some((after, now, waits));
        waits
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
