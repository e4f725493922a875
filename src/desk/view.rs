//! What the page shows, as plain data: the queue in its bands, one alert with its timeline and possible next deeds.

mod drawn;

pub(super) use drawn::{reminded, undone};

use crate::desk::STATION_NUMBERS;
use crate::desk::input::{AlertKey, Condition};
use crate::model::alert::{Asked, Closed, Owner, Step};
use crate::model::ids::HomeId;
use crate::model::lifecycle::{Actor, Phase, Reminder};
use crate::model::reason::{Reason, Severity, SignOfLife};
use crate::model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// The whole desk.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// When it was drawn.
    pub at: Timestamp,
    /// The bands in the order of the page; empty ones too.
    pub bands: Vec<Band>,
    /// Open faults: never among the persons.
    pub faults: Vec<RowView>,
}

impl View {
    /// The rows of a band.
    pub fn band(&self, name: BandName) -> &[RowView] {
        self.bands.iter().find(|band| band.name == name).map_or(&[], |band| &band.rows)
    }

    /// How many ended in the last two hours and are not among its rows.
    pub fn more_just_closed(&self) -> usize {
        self.bands.iter().find(|band| band.name == BandName::JustClosed).map_or(0, |band| band.more)
    }
}

/// A part of the queue.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// Which.
    pub name: BandName,
    /// Its alerts, the most pressing first; of those just closed the newest twenty.
    pub rows: Vec<RowView>,
    /// How many belong to it besides.
    pub more: usize,
}

/// The parts of the queue, in the order of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // the words are in the page
pub enum BandName {
    Unclaimed,
    InHand,
    NoContact,
    Notices,
    JustClosed,
}

impl BandName {
    /// All, in the order of the page.
    pub const ALL: [BandName; 5] =
        [BandName::Unclaimed, BandName::InHand, BandName::NoContact, BandName::Notices, BandName::JustClosed];

    /// The word for it in addresses and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            BandName::Unclaimed => "unclaimed",
            BandName::InHand => "in_hand",
            BandName::NoContact => "no_contact",
            BandName::Notices => "notices",
            BandName::JustClosed => "just_closed",
        }
    }
}

/// One alert in the queue.
#[derive(Debug, Clone, PartialEq)]
pub struct RowView {
    /// Which alert.
    pub key: AlertKey,
    /// Raised by the station itself.
    pub is_ours: bool,
    /// Short address, if the home ever told.
    pub place: Option<String>,
    /// Why.
    pub reason: Reason,
    /// How urgent.
    pub severity: Severity,
    /// A test or drill.
    pub test: bool,
    /// Where it is in its life.
    pub phase: Phase,
    /// Who owns it.
    pub owner: Option<Owner>,
    /// Who was asked to take it.
    pub asked: Option<Asked>,
    /// To whom the owner wants to hand it.
    pub handing_to: Option<Asked>,
    /// Who helps.
    pub assisting: Vec<Actor>,
    /// The raise, in the station's time.
    pub raised_at: Timestamp,
    /// The time of the raise is reckoned, because the home's clock cannot be trusted.
    pub approximate: bool,
    /// From the raise to the receipt.
    pub late: Span,
    /// When this desk had it.
    pub received_at: Timestamp,
    /// When somebody must have taken it; absent once taken, and where no such clock runs.
    pub take_by: Option<Timestamp>,
    /// When somebody must be at the door; absent once there, and where no such clock runs.
    pub due_at: Option<Timestamp>,
    /// When somebody was at the door.
    pub arrived_at: Option<Timestamp>,
    /// How often the finding came, and when last.
    pub count: u32,
    /// When the finding came last.
    pub again_at: Timestamp,
    /// How often the circle was widened.
    pub escalated: u32,
    /// The number that everybody is told to call themselves; absent until nobody came for long.
    pub last_resort: Option<String>,
    /// How often a take ran out.
    pub lapsed: u32,
    /// How often it was reopened.
    pub reopened: u32,
    /// The newest sign of life since.
    pub life_since: Option<SignOfLife>,
    /// When the trouble went by itself.
    pub recovered_at: Option<Timestamp>,
    /// Somebody in the home said that no help is needed.
    pub person_cancelled: bool,
    /// How it ended.
    pub closed: Option<Closed>,
    /// The home's gateway has not confirmed all that was done here.
    pub unconfirmed: bool,
    /// The home's disk held it before it was sent.
    pub durable: bool,
    /// The home does not know it any more: what is done here is asked of nobody.
    pub is_lost_at_home: bool,
    /// Whether the home's gateway is connected, as far as the broker knows.
    pub home_online: Option<bool>,
    /// Somebody works on the sensors of its home just now: it may be that person's doing, which nobody takes for granted.
    pub under_maintenance: bool,
    /// The row's version: a click that saw an older phase or owner is refused.
    pub version: u32,
    /// What the next click does; absent when only people elsewhere can act.
    pub primary: Option<&'static str>,
    /// What else can be done.
    pub others: Vec<&'static str>,
    /// Until when the last step can be undone.
    pub undo_until: Option<Timestamp>,
    /// What its owner was reminded of and has not done since.
    pub reminded: Option<Reminder>,
}

impl RowView {
    /// The number as people say it: `37`, or `S2` for an alert of the station itself.
    pub fn number(&self) -> String {
        let number = self.key.alert.number;
        if self.is_ours { format!("S{}", number.saturating_sub(STATION_NUMBERS)) } else { number.to_string() }
    }
}

/// One alert with everything that happened to it.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertView {
    /// As in the queue.
    pub row: RowView,
    /// Every step, oldest first.
    pub timeline: Vec<Line>,
    /// Other alerts of the same home, the newest first.
    pub earlier: Vec<RowView>,
    /// The newest word about how the home is.
    pub home: Option<HomeView>,
}

/// One line of the timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The step, in the station's time.
    #[serde(flatten)]
    pub step: Step,
    /// Taken back by a later step; it stays to be seen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undone: bool,
    /// The home's gateway has not confirmed it yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub waiting: bool,
}

/// One home.
#[derive(Debug, Clone, PartialEq)]
pub struct HomeView {
    /// Which.
    pub home: HomeId,
    /// Short address.
    pub place: Option<String>,
    /// When it was heard last; absent if not since this station runs.
    pub heard_at: Option<Timestamp>,
    /// Whether the broker says that it is connected.
    pub online: Option<bool>,
    /// Silent for too long.
    pub unreachable: bool,
    /// The time in which it wants to be heard again, where it says one.
    pub level: Option<Span>,
    /// By its newest heartbeat.
    pub condition: Option<Condition>,
}

impl HomeView {
    /// A home of which there is a card, and no word so far.
    pub(super) fn unheard(home: HomeId) -> HomeView {
        let (place, heard_at, online, level, condition) = (None, None, None, None, None);
        HomeView { home, place, heard_at, online, unreachable: false, level, condition }
    }
}
