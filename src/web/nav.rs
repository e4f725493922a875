//! The pages of the station, in the order in which every page names them.

use crate::web::access::{Door, Right};
use crate::web::models::Frame;

/// Address and label of each page that everybody finds.
const PAGES: &[(&str, &str)] = &[
    ("/", "desk"),
    ("/daily", "daily_page"),
    ("/homes", "homes"),
    ("/visits", "visits_page"),
    ("/requests", "requests_page"),
    ("/handover", "handover"),
    ("/ready", "ready_page"),
    ("/admin/people", "admin_people"),
    ("/admin/audit", "admin_audit"),
    ("/admin/tokens", "feed_page"),
];

/// A link to a page.
pub(super) struct NavLink {
    pub href: &'static str,
    pub word: &'static str,
    pub is_here: bool,
}

impl Frame {
    /// The pages, the present one marked.
    pub fn nav(&self) -> Vec<NavLink> {
        let here = self.here.split(['?', '#']).next().unwrap_or_default();
        let link = |(href, label): &(&'static str, &'static str)| NavLink {
            href,
            word: self.l(label),
            is_here: *href == here || (*href != "/" && here.starts_with(href)),
        };
        // Only what this visitor may open.
        let opens = |(href, _): &&(&'static str, &'static str)| Door::at(href).lets_in(&self.visitor, false);
        PAGES.iter().filter(opens).map(link).collect()
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
