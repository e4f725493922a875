//! People outside the service points, and who is asked after whom: `[[circle.person]]` and `[[circle.step]]`.

use crate::config::document::What;
use crate::config::modems::PhonesEntry;
use crate::config::nearest;
use crate::config::report::Place;
use crate::config::section::{At, Section};
use crate::engine::circle::{Ask, AskStep, EMERGENCY_NUMBER, Person, Wait};
use crate::model::duty::DutyHours;
use crate::model::ids::{ChannelName, PointId};
use crate::model::relation::Relation;
use crate::model::time::{Span, span_text, write_span};
use crate::model::week_time::WeekTime;
use std::ops::RangeInclusive;

/// A person as they stand in the file.
pub(super) struct PersonEntry {
    pub person: Person,
    pub id: Place,
    pub channels: Place,
    pub phones: PhonesEntry,
}

/// A step as it stands in the file.
pub(super) struct StepEntry {
    pub section: Place,
    /// Without the names that nobody has, which were reported.
    pub ask: Option<At<Vec<Ask>>>,
    /// Whether every name in it is known.
    pub is_whole: bool,
    pub after: Option<At<Wait>>,
    /// Whether it stands there, right or wrong.
    pub after_is_said: bool,
    pub last_resort: Option<At<bool>>,
    pub again_every: Option<At<Span>>,
}

/// `emergency_number` of `[circle]`.
pub(super) fn emergency_number(circle: &Section<'_, '_>) -> String {
    let usual = || EMERGENCY_NUMBER.to_owned();
    let Some(number) = circle.optional::<String>("emergency_number") else { return usual() };
    let digits = number.value.strip_prefix('+').unwrap_or(&number.value);
    if (2..=15).contains(&digits.len()) && digits.bytes().all(|c| c.is_ascii_digit()) {
        return number.value;
    }
    let what = format!("\"{}\" is no telephone number", number.value);
    circle.error(&number.place, what, Some("write its digits, for example: emergency_number = \"120\"".into()));
    usual()
}

/// `weekly_test` of `[circle]`.
pub(super) fn weekly_test(circle: &Section<'_, '_>) -> Option<WeekTime> {
    let usual = || USUAL_TEST.parse().ok();
    let Some(text) = circle.optional::<String>("weekly_test") else { return usual() };
    if text.value == "never" {
        return None;
    }
    match text.value.parse() {
        Ok(time) => Some(time),
        Err(what) => {
            let deed = "by the clock on the home's wall, or: weekly_test = \"never\"";
            circle.error(&text.place, what, Some(deed.into()));
            usual()
        }
    }
}

/// A working hour, in which somebody is there to mend what is found.
const USUAL_TEST: &str = "Wed 10:00";

/// All `[[circle.person]]`.
pub(super) fn people(circle: &Section<'_, '_>) -> Vec<PersonEntry> {
    let person = |section: &Section<'_, '_>| {
        let id: Option<At<PointId>> = section.required("id", "\"wang\"");
        let relation = relation(section);
        let name: Option<At<String>> = section.optional("name");
        let travel = section.span("travel", Span::seconds(1)..=Span::hours(12));
        let on_duty = section.or("on_duty", DutyHours::always());
        let channels: Option<At<Vec<ChannelName>>> = section.required("channels", "[\"wang-sms\"]");
        let phones = PhonesEntry::read(section);
        section.finish();
        let (id, relation, channels) = (id?, relation?, channels?);
        let (name, travel) = (name.map(|at| at.value), travel.map(|at| at.value));
        Some(PersonEntry {
            id: id.place,
            channels: channels.place,
            phones,
            person: Person { id: id.value, name, relation, travel, on_duty, channels: channels.value },
        })
    };
    circle.list("person").iter().filter_map(person).collect()
}

fn relation(section: &Section<'_, '_>) -> Option<Relation> {
    let role: At<String> = section.required("role", "\"neighbour\"")?;
    let found = Relation::ALL.into_iter().find(|relation| relation.as_str() == role.value);
    if found.is_none() {
        let deed = nearest::question(&role.value, Relation::ALL.map(Relation::as_str));
        section.error(&role.place, format!("\"{}\" is not known here", role.value), deed);
    }
    found
}

/// All `[[circle.step]]`; `ids` are those of the points and people.
pub(super) fn steps(circle: &Section<'_, '_>, ids: &[&PointId]) -> Vec<StepEntry> {
    let step = |section: &Section<'_, '_>| {
        let ask: Option<At<Vec<String>>> = section.required("ask", "[\"next\"]");
        let said = ask.as_ref().map(|ask| ask.value.len());
        let ask = ask.map(|At { value, place }| {
            let found: Vec<Ask> = value.iter().filter_map(|name| named(section, name, ids, &place)).collect();
            At { value: found, place }
        });
        let is_whole = said.is_some() && said == ask.as_ref().map(|ask| ask.value.len());
        let after_is_said = section.entry("after").is_some();
        let entry = StepEntry {
            section: section.place.clone(),
            ask,
            is_whole,
            after: wait(section),
            after_is_said,
            last_resort: section.optional("last_resort"),
            again_every: section.span("again_every", WAIT),
        };
        section.finish();
        entry
    };
    circle.list("step").iter().map(step).collect()
}

fn named(section: &Section<'_, '_>, name: &str, ids: &[&PointId], place: &Place) -> Option<Ask> {
    match name {
        "nearest" => return Some(Ask::Nearest),
        "next" => return Some(Ask::Next),
        "all_points" => return Some(Ask::AllPoints),
        _ => {}
    }
    if let Some(id) = ids.iter().find(|id| id.as_str() == name) {
        return Some(Ask::Named((*id).clone()));
    }
    let known = WORDS.into_iter().chain(ids.iter().map(|id| id.as_str()));
    let what = format!("a step asks \"{name}\", which is neither a service point nor a person");
    section.error(place, what, nearest::question(name, known));
    None
}

/// Words of `ask` that are no ids.
pub(super) const WORDS: [&str; 3] = ["nearest", "next", "all_points"];

/// `after = "2m"`, or by severity.
fn wait(section: &Section<'_, '_>) -> Option<At<Wait>> {
    let entry = section.entry("after")?;
    if !matches!(entry.node.what, What::Table(_)) {
        return section.span("after", WAIT).map(|at| At { value: Wait::of(at.value), place: at.place });
    }
    let At { value: BySeverity { emergency, urgent }, place } = section.optional("after")?;
    for (word, span) in [("emergency", emergency), ("urgent", urgent)] {
        if !WAIT.contains(&span) {
            let what = format!("after = {{ {word} = \"{}\" }} is out of range", write_span(span));
            let deed = format!("from {} to {}", write_span(*WAIT.start()), write_span(*WAIT.end()));
            section.error(&place, what, Some(deed));
            return None;
        }
    }
    Some(At { value: Wait { emergency, urgent }, place })
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct BySeverity {
    #[serde(with = "span_text")]
    emergency: Span,
    #[serde(with = "span_text")]
    urgent: Span,
}

/// Somebody in need waits for it.
const WAIT: RangeInclusive<Span> = Span::seconds(1)..=Span::hours(1);

impl StepEntry {
    /// The step as the engine takes it: the wait is cut short while no station holds the alert.
    pub(super) fn of_engine(&self, receive_within: Span) -> AskStep {
        let after = self.after.as_ref().map_or(Wait::of(Span::zero()), |at| at.value);
        AskStep {
            ask: self.ask.as_ref().map(|at| at.value.clone()).unwrap_or_default(),
            after,
            unreceived_after: after.at_most(receive_within),
            last_resort: self.is_last_resort(),
        }
    }

    pub(super) fn is_last_resort(&self) -> bool {
        self.last_resort.as_ref().is_some_and(|at| at.value)
    }
}
