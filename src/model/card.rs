//! What a station knows about a home and who lives there: kept at the station only, never on the wire.

mod fields;

pub use fields::{CONTACT_FIELDS, CONTACTS_MAX, DIRECTIONS, FIELDS};

use crate::model::ids::PersonId;
use crate::model::time::TimeOfDay;
use serde::{Deserialize, Serialize};

/// The contact card of a home. Everything may be unknown; what is not known is shown as not known.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Card {
    /// Short address, as staff say it; else what the home's gateway calls itself.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// How often somebody has to come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<Class>,
    /// The name of who lives there.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub resident: String,
    /// Year, month and day of birth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub born: Option<(i16, u8, u8)>,
    /// Languages and dialects that the resident speaks.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub languages: String,
    /// The member of the staff to whom this home is familiar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub liaison: Option<PersonId>,
    /// Who is telephoned, in this order; the resident first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Contact>,
    /// How to get there.
    pub way_in: WayIn,
    /// What whoever goes there must know.
    pub health: Health,
    /// What the person agreed to show.
    pub consent: Consent,
    /// Until when a day without sign of life is waited for, by the clock on the wall; else the station's own time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_by: Option<TimeOfDay>,
}

/// A person's visiting class, which is no severity of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// High risk: a visit every week.
    Red,
    /// Key: every month.
    Yellow,
    /// General: every quarter.
    Blue,
}

impl Class {
    /// Every class, the most urgent visits first.
    pub const ALL: [Class; 3] = [Class::Red, Class::Yellow, Class::Blue];

    /// The word for it in forms and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Class::Red => "red",
            Class::Yellow => "yellow",
            Class::Blue => "blue",
        }
    }
}

/// What somebody who is telephoned is to the resident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactKind {
    /// Lives there.
    Resident,
    /// Son, daughter, other kin.
    Family,
    /// Lives next door.
    Neighbour,
    /// Looks after a few hundred flats for the neighbourhood.
    GridWorker,
    /// Family doctor, nurse.
    Doctor,
    /// Somebody else.
    #[default]
    Other,
}

impl ContactKind {
    /// Every kind, in the order of the form.
    pub const ALL: [ContactKind; 6] = [
        ContactKind::Resident,
        ContactKind::Family,
        ContactKind::Neighbour,
        ContactKind::GridWorker,
        ContactKind::Doctor,
        ContactKind::Other,
    ];

    /// The word for it in forms, tables, and in the log of calls.
    pub fn as_str(self) -> &'static str {
        match self {
            ContactKind::Resident => "resident",
            ContactKind::Family => "family",
            ContactKind::Neighbour => "neighbour",
            ContactKind::GridWorker => "grid_worker",
            ContactKind::Doctor => "doctor",
            ContactKind::Other => "other",
        }
    }
}

/// Somebody who is telephoned about a home.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Contact {
    /// What they are to the resident.
    pub kind: ContactKind,
    /// Who: daughter, neighbour 202; the kind says the rest.
    pub who: String,
    /// The number, as it is dialled.
    pub phone: String,
    /// Has a key of the home.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub has_key: bool,
    /// Language and what else helps on the telephone.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub remark: String,
}

/// How to get to a home and into it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct WayIn {
    /// In words: gate, entrance, floor, door.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub directions: String,
    /// Of door or key box: covered until an alert of the home is taken, and each look is written down.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// Minutes from the station's door to this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u16>,
    /// In which direction it lies, in degrees from north, clockwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bearing_degrees: Option<u16>,
    /// Latitude and longitude in degrees, of the same datum as the station's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<(f64, f64)>,
}

/// Medical notes: covered until an alert of the home is taken, and each look is written down.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Health {
    /// Allergies, hearing, gait, dementia, oxygen: what matters at the door first.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub notes: String,
    /// When they were written, as the writer puts it: 2026-09.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub as_of: String,
}

/// What of the home's activity the station may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// Alerts, and how old the last sign of life is.
    Alerts,
    /// Besides, one level a quarter of an hour, without rooms.
    #[default]
    Activity,
    /// Besides, in which rooms.
    Rooms,
}

impl Consent {
    /// Every degree, the least first.
    pub const ALL: [Consent; 3] = [Consent::Alerts, Consent::Activity, Consent::Rooms];

    /// The word for it in forms and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Consent::Alerts => "alerts",
            Consent::Activity => "activity",
            Consent::Rooms => "rooms",
        }
    }
}

impl Card {
    /// The place that staff gave it, if they did.
    pub fn named_place(&self) -> Option<&str> {
        Some(self.place.as_str()).filter(|place| !place.is_empty())
    }

    /// How old who lives there is in that year, month and day.
    pub fn age_on(&self, (year, month, day): (i16, i8, i8)) -> Option<u8> {
        let (born_year, born_month, born_day) = self.born?;
        let had_birthday = (month.unsigned_abs(), day.unsigned_abs()) >= (born_month, born_day);
        u8::try_from(year.checked_sub(born_year)?.checked_sub(i16::from(!had_birthday))?).ok()
    }
}

impl WayIn {
    /// The nearest of the sixteen directions, by its number clockwise from north.
    pub fn direction(&self) -> Option<usize> {
        self.bearing_degrees.map(|degrees| ((f64::from(degrees % 360) / 22.5).round() as usize) % DIRECTIONS.len())
    }
}
