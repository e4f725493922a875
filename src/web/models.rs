//! From the desk's plain data to the words and numbers of a page.

mod alert;
mod frame;
mod home;
mod person;
mod row;

pub(super) use alert::{Choice, DeedModel, Fact, LineModel};
pub(super) use frame::Frame;
pub(super) use home::HomeModel;
pub(super) use person::{CallModel, Covered, EMERGENCY_NUMBERS, UNCOVER, WayModel, uncover_key, why_covered};
pub(super) use row::{BandModel, ClockModel, RowModel};

use crate::desk::RowView;
use crate::model::card::ContactKind;
use crate::model::ids::PersonId;
use crate::model::lifecycle::Phase;
use crate::model::reason::Severity;
use crate::model::time::{Span, Timestamp, Zone};
use crate::text::{self, Language};
use crate::web::Site;

/// Draws for one visitor at one instant.
pub(super) struct Painter<'a> {
    pub site: &'a Site,
    pub language: Language,
    pub now: Timestamp,
    /// Where a form on a row leads back to: the row itself on the desk, the alert on its page.
    pub on_desk: bool,
    pub key: String,
}

impl Painter<'_> {
    pub fn l(&self, name: &'static str) -> &'static str {
        text::label(self.language, name)
    }

    fn zone(&self) -> &Zone {
        &self.site.settings.zone
    }

    fn name(&self, id: &PersonId) -> Option<String> {
        self.site.name(id)
    }

    fn span(&self, span: Span) -> String {
        text::duration(self.language, span)
    }
}

/// What somebody who is telephoned is to the resident.
fn contact_word(language: Language, kind: ContactKind) -> String {
    let name = match kind {
        ContactKind::Resident => "kind_resident",
        ContactKind::Family => "kind_family",
        ContactKind::Neighbour => "kind_neighbour",
        ContactKind::GridWorker => "kind_grid_worker",
        ContactKind::Doctor => "kind_doctor",
        ContactKind::Other => "kind_other",
    };
    text::label(language, name).to_owned()
}

/// The word for a severity in class names and in the API.
pub(super) fn severity_id(severity: Severity) -> &'static str {
    match severity {
        Severity::Emergency => "emergency",
        Severity::Urgent => "urgent",
        Severity::Notice => "notice",
        Severity::Blind => "blind",
        Severity::Fault => "fault",
    }
}

/// Whether anybody owns an alert that still waits.
pub(super) fn is_unclaimed(row: &RowView) -> bool {
    matches!(row.phase, Phase::Raised | Phase::Received)
}

/// Later than this is worth a word.
const LATE: Span = Span::seconds(10);
