//! The pages of the station, in the order in which every page names them.

use crate::web::models::Frame;

/// Address and label of each page that everybody finds.
const PAGES: &[(&str, &str)] =
    &[("/", "desk"), ("/homes", "homes"), ("/circle", "circle"), ("/faults", "faults"), ("/reports", "reports")];

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
        PAGES.iter().map(link).collect()
    }

    /// Whether this page has more than the desk and an alert have.
    pub fn is_office(&self) -> bool {
        self.here != "/" && !self.here.starts_with("/alert/")
    }
}
