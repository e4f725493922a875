//! The person round an alert: who is telephoned, how to get in, what to know at the door, what to say to 120.

use super::Painter;
use crate::desk::{AlertView, Line, RowView};
use crate::model::card::{Card, ContactKind};
use crate::model::lifecycle::{CallResult, Deed, Role};
use crate::model::time::Span;
use crate::text;
use crate::web::access::Right;
use crate::web::form::Visitor;

/// Somebody to telephone.
pub(in crate::web) struct CallModel {
    pub word: String,
    pub who: String,
    pub phone: String,
    /// As a telephone dials it.
    pub tel: String,
    pub has_key: bool,
    pub remark: String,
    /// The role by which the call is written down; never a name.
    pub whom: String,
    /// What came of the last call, and when.
    pub last: String,
}

/// How to get in.
pub(in crate::web) struct WayModel {
    pub directions: Vec<String>,
    pub minutes: Option<u16>,
    pub geo: Option<String>,
    pub keys: Vec<String>,
    pub code: Covered,
}

/// What is shown only while it is needed.
pub(in crate::web) struct Covered {
    pub what: &'static str,
    /// Whether there is anything.
    pub is_there: bool,
    /// The text, once somebody has uncovered it.
    pub shown: Option<String>,
    /// Whether the visitor may uncover it now.
    pub can: bool,
    /// Else why not.
    pub why: &'static str,
}

impl Covered {
    /// For templates, which name what they include by a borrow.
    pub fn here(&self) -> &Covered {
        self
    }
}

/// The numbers of the emergency services.
pub(in crate::web) const EMERGENCY_NUMBERS: [&str; 3] = ["120", "119", "110"];

impl Painter<'_> {
    pub fn label(&self, name: &'static str) -> &'static str {
        text::label(self.language, name)
    }

    /// Who is telephoned, in the order of the card.
    pub fn people(&self, card: &Card) -> Vec<CallModel> {
        let several = |kind: ContactKind| card.contacts.iter().filter(|contact| contact.kind == kind).count() > 1;
        let model = |(nth, contact): (usize, &crate::model::card::Contact)| {
            let kind = contact.kind.as_str();
            CallModel {
                word: crate::web::models::contact_word(self.language, contact.kind),
                who: text::shown(&contact.who, 40),
                phone: text::shown(&contact.phone, 40),
                tel: dialled(&contact.phone),
                has_key: contact.has_key,
                remark: text::shown(&contact.remark, 80),
                whom: if several(contact.kind) { format!("{kind} {}", nth + 1) } else { kind.to_owned() },
                last: String::new(),
            }
        };
        card.contacts.iter().enumerate().map(model).collect()
    }

    /// The same beside an alert, with what came of the calls so far.
    pub fn people_of(&self, card: &Card, view: &AlertView) -> Vec<CallModel> {
        let last = |whom: &str| {
            let calls = view.timeline.iter().rev();
            let call = calls.filter(|line| !line.undone).find_map(|line| {
                let Deed::Call { whom: called, result } = &line.step.deed else { return None };
                (called == whom).then_some((line, *result))
            });
            call.map_or_else(String::new, |(line, result): (&Line, CallResult)| {
                let at = text::clock_time(&self.site.settings.zone, line.step.at);
                format!("{at} {}", text::call_result(self.language, result))
            })
        };
        let people = self.people(card).into_iter();
        people.map(|call| CallModel { last: last(&call.whom), ..call }).collect()
    }

    /// How to get there and in.
    pub fn way(&self, visitor: &Visitor, card: &Card, view: &AlertView) -> WayModel {
        let keys = card.contacts.iter().filter(|contact| contact.has_key).map(|contact| {
            let kind = crate::web::models::contact_word(self.language, contact.kind);
            format!("{kind} {}", text::shown(&contact.who, 40)).trim().to_owned()
        });
        WayModel {
            directions: card.way_in.directions.lines().map(|line| text::shown(line, 300)).collect(),
            minutes: card.way_in.minutes,
            geo: card.way_in.location.map(|(lat, lon)| format!("{lat},{lon}")),
            keys: keys.collect(),
            code: self.covered(visitor, view, "code", &card.way_in.code),
        }
    }

    /// Medical notes, and when they were written.
    pub fn health(&self, visitor: &Visitor, card: &Card, view: &AlertView) -> (Covered, String) {
        let covered = self.covered(visitor, view, "health", &card.health.notes);
        (covered, text::shown(&card.health.as_of, 40))
    }

    fn covered(&self, visitor: &Visitor, view: &AlertView, what: &'static str, text: &str) -> Covered {
        let (is_there, why) = (!text.is_empty(), why_covered(visitor, &view.row));
        let is_uncovered = why.is_none() && self.is_uncovered(visitor, view, what);
        let shown = (is_there && is_uncovered).then(|| text::shown(&text.replace('\n', " / "), 1_200));
        Covered {
            what,
            is_there,
            can: is_there && shown.is_none() && why.is_none(),
            why: self.label(why.unwrap_or("uncovered_for")),
            shown,
        }
    }

    /// Whether this person has uncovered it a short while ago, by the timeline itself.
    fn is_uncovered(&self, visitor: &Visitor, view: &AlertView, what: &str) -> bool {
        let Some(person) = &visitor.person else { return false };
        let begins = uncover_key(what, "");
        view.timeline.iter().any(|line| {
            let is_theirs = line.step.by.person.as_ref() == Some(&person.id);
            let is_such = matches!(line.step.deed, Deed::Note { .. })
                && line.step.key.as_ref().is_some_and(|key| key.starts_with(&begins));
            is_theirs && is_such && self.now - line.step.at < UNCOVERED_FOR
        })
    }

    /// What to say to the emergency services.
    pub fn to_say(&self, card: Option<&Card>, row: &RowView) -> String {
        let place = row.place.clone().unwrap_or_else(|| row.key.home.to_string());
        let date = self.site.settings.zone.local(self.now).date;
        let call = text::ForCall {
            place: &place,
            directions: card.map_or("", |card| &card.way_in.directions),
            age: card.and_then(|card| card.age_on(date)),
            headline: &text::headline(self.language, &row.reason),
        };
        text::to_say(self.language, call)
    }
}

/// Why codes and medical notes stay covered for this visitor; nothing where they need not.
pub(in crate::web) fn why_covered(visitor: &Visitor, row: &RowView) -> Option<&'static str> {
    let Some(person) = &visitor.person else { return Some("home_must_sign") };
    if !visitor.may(Right::Uncover) {
        Some("not_for_role")
    } else if !row.phase.is_open() {
        Some("covered_closed")
    } else if person.role() == Some(Role::Supervisor) {
        None
    } else if !row.phase.is_in_hand() {
        Some("covered_until")
    } else if person.role() == Some(Role::Responder)
        && row.owner.as_ref().is_none_or(|owner| owner.actor.person.as_ref() != Some(&person.id))
    {
        Some("covered_other")
    } else {
        None
    }
}

/// The key of the step that tells who uncovered what: no other form may bring such a key.
pub(in crate::web) fn uncover_key(what: &str, key: &str) -> String {
    format!("{UNCOVER}{what}-{key}")
}

/// With this begins the key of every such step.
pub(in crate::web) const UNCOVER: &str = "uncover-";

/// A page that stands open on the desk does not show it for longer.
const UNCOVERED_FOR: Span = Span::minutes(15);

/// Digits, and the plus of a country.
fn dialled(phone: &str) -> String {
    phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect()
}
