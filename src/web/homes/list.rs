//! The list of homes: how each one is, sorted and sifted by whatever its columns say.

use crate::desk::{HomeLine, HomeState};
use crate::model::card::Class;
use crate::model::time::{Span, Timestamp};
use crate::text::{self, Language};
use crate::web::Site;
use crate::web::form::{Visitor, escape};
use crate::web::models::Frame;
use crate::web::pages::page;
use askama::Template;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use std::cmp::Reverse;
use std::sync::Arc;

/// What is to be shown, and in which order.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    sort: String,
    down: String,
    q: String,
    state: String,
    class: String,
    sensors: String,
    suspended: String,
    alerts: String,
    within: String,
    quiet: String,
}

/// Name in addresses and name of the heading.
const COLUMNS: [(&str, &str); 9] = [
    ("place", "homes_place"),
    ("class", "homes_class"),
    ("state", "homes_state"),
    ("life", "homes_life"),
    ("link", "homes_link"),
    ("sensors", "homes_sensors"),
    ("suspended", "homes_suspended"),
    ("alerts", "homes_alerts"),
    ("minutes", "homes_minutes"),
];

#[derive(Template)]
#[template(path = "homes.html")]
struct HomesPage {
    f: Frame,
    wanted: Wanted,
    columns: Vec<Column>,
    lines: Vec<Line>,
    total: usize,
    states: Vec<Choice>,
    classes: Vec<Choice>,
    is_sifted: bool,
}

struct Column {
    href: String,
    word: &'static str,
    name: &'static str,
    /// `ascending`, `descending`, or nothing.
    sorted: &'static str,
}

struct Choice {
    value: &'static str,
    word: &'static str,
    is_chosen: bool,
}

struct Line {
    href: String,
    place: String,
    home: String,
    class: &'static str,
    class_word: &'static str,
    state: &'static str,
    state_word: String,
    life: String,
    link: String,
    sensors: String,
    is_missing: bool,
    suspended: String,
    alerts: String,
    minutes: String,
}

/// `GET /homes`
pub(super) async fn list(State(site): State<Arc<Site>>, Query(wanted): Query<Wanted>, headers: HeaderMap) -> Response {
    let (visitor, now) = (Visitor::of(&site, &headers), site.now());
    let lines = site.desk().home_lines(now);
    page(homes_page(&site, &visitor, now, wanted, lines).render())
}

fn homes_page(site: &Site, visitor: &Visitor, now: Timestamp, wanted: Wanted, lines: Vec<HomeLine>) -> HomesPage {
    let f = Frame::of(site, visitor, now, &format!("/homes?{}", wanted.query(&[])), "homes");
    let (language, total) = (visitor.language, lines.len());
    let mut lines: Vec<HomeLine> = lines.into_iter().filter(|line| wanted.is_meant(now, line)).collect();
    wanted.sort(&mut lines);
    let printer = Printer { site, language, now };
    let choice =
        |value, word, chosen: &str| Choice { value, word: text::label(language, word), is_chosen: value == chosen };
    let states = HomeState::NAMES.iter().zip(STATE_WORDS);
    let classes = Class::ALL.into_iter().map(|class| (class.as_str(), class_label(Some(class))));
    HomesPage {
        columns: wanted.columns(language),
        lines: lines.iter().map(|line| printer.line(line)).collect(),
        total,
        states: states.map(|(value, word)| choice(value, word, &wanted.state)).collect(),
        classes: classes.map(|(value, word)| choice(value, word, &wanted.class)).collect(),
        is_sifted: !wanted.query(&[("sort", ""), ("down", "")]).is_empty(),
        wanted,
        f,
    }
}

const STATE_WORDS: [&str; 8] = [
    "state_alert",
    "state_no_contact",
    "state_unknown",
    "state_cannot_see",
    "state_suspended",
    "state_learning",
    "state_quiet",
    "state_active",
];

/// The name of the words for a visiting class.
pub(super) fn class_label(class: Option<Class>) -> &'static str {
    match class {
        Some(Class::Red) => "class_red",
        Some(Class::Yellow) => "class_yellow",
        Some(Class::Blue) => "class_blue",
        None => "class_none",
    }
}

/// The one word for how a home is, with its number where it has one.
pub(in crate::web) fn state_words(language: Language, state: HomeState) -> String {
    let nth = HomeState::NAMES.iter().position(|name| *name == state.as_str());
    let word = text::label(language, nth.and_then(|nth| STATE_WORDS.get(nth)).copied().unwrap_or("state_unknown"));
    match state {
        HomeState::Learning(day, of) => language.pick(format!("{word} {day}/{of} 天"), format!("{word} {day} of {of}")),
        HomeState::Alert
        | HomeState::NoContact
        | HomeState::Unknown
        | HomeState::CannotSee
        | HomeState::Suspended(_)
        | HomeState::Quiet
        | HomeState::Active => word.to_owned(),
    }
}

impl Wanted {
    fn is_meant(&self, now: Timestamp, line: &HomeLine) -> bool {
        let number = |text: &str| text.trim().parse::<i64>().ok();
        let find = self.q.trim().to_lowercase();
        let is_found = find.is_empty()
            || line.home.as_str().to_lowercase().contains(&find)
            || line.place.as_ref().is_some_and(|place| place.to_lowercase().contains(&find));
        let some_missing = line.sensors.is_none_or(|(believed, all)| believed < all);
        let hours = |hours: i64| Span::try_hours(hours).unwrap_or(Span::MAX);
        is_found
            && (self.state.is_empty() || line.state.as_str() == self.state)
            && (self.class.is_empty() || line.class.is_some_and(|class| class.as_str() == self.class))
            && (self.sensors.is_empty() || some_missing)
            && (self.suspended.is_empty() || line.suspended.is_some())
            && (self.alerts.is_empty() || line.open_alerts > 0)
            && number(&self.within).is_none_or(|most| line.minutes.is_some_and(|minutes| i64::from(minutes) <= most))
            && number(&self.quiet).is_none_or(|least| line.life_at.is_none_or(|at| now - at >= hours(least)))
    }

    /// What nobody knows comes first where old is worse, and last where near is better.
    fn sort(&self, lines: &mut [HomeLine]) {
        match self.sort.as_str() {
            "place" => lines.sort_by_cached_key(natural_place),
            "class" => lines.sort_by_cached_key(|line| (line.class.is_none(), line.class, natural_place(line))),
            "life" => lines.sort_by_cached_key(|line| (line.life_at, natural_place(line))),
            "link" => lines.sort_by_cached_key(|line| (line.heard_at, natural_place(line))),
            "sensors" => lines.sort_by_cached_key(|line| {
                (line.sensors.map(|(believed, all)| Reverse(all - believed)), natural_place(line))
            }),
            "suspended" => lines.sort_by_cached_key(|line| {
                let until = line.suspended.map(|(_, until)| until);
                (until.is_none(), until, natural_place(line))
            }),
            "alerts" => lines.sort_by_cached_key(|line| (Reverse(line.open_alerts), natural_place(line))),
            "minutes" => lines.sort_by_cached_key(|line| (line.minutes.is_none(), line.minutes, natural_place(line))),
            _ => lines.sort_by_cached_key(|line| (rank(line.state), natural_place(line))),
        }
        if !self.down.is_empty() {
            lines.reverse();
        }
    }

    fn columns(&self, language: Language) -> Vec<Column> {
        let sort = if self.sort.is_empty() { "state" } else { &self.sort };
        let column = |(name, label): (&'static str, &'static str)| {
            let (is_sorted, is_down) = (name == sort, !self.down.is_empty());
            let turned = if is_sorted && !is_down { "1" } else { "" };
            Column {
                href: format!("/homes?{}", self.query(&[("sort", name), ("down", turned)])),
                word: text::label(language, label),
                name,
                sorted: match (is_sorted, is_down) {
                    (false, _) => "",
                    (true, false) => "ascending",
                    (true, true) => "descending",
                },
            }
        };
        COLUMNS.into_iter().map(column).collect()
    }

    /// The same as a query, with some of it said otherwise.
    fn query(&self, other: &[(&str, &str)]) -> String {
        let own = [
            ("sort", &self.sort),
            ("down", &self.down),
            ("q", &self.q),
            ("state", &self.state),
            ("class", &self.class),
            ("sensors", &self.sensors),
            ("suspended", &self.suspended),
            ("alerts", &self.alerts),
            ("within", &self.within),
            ("quiet", &self.quiet),
        ];
        let said = own.into_iter().map(|(name, value)| {
            let other = other.iter().find(|(other, _)| *other == name);
            (name, other.map_or(value.as_str(), |(_, value)| *value))
        });
        let said = said.filter(|(_, value)| !value.is_empty());
        said.map(|(name, value)| format!("{name}={}", escape(value))).collect::<Vec<_>>().join("&")
    }
}

fn rank(state: HomeState) -> Option<usize> {
    HomeState::NAMES.iter().position(|name| *name == state.as_str())
}

/// A part of a place: numbers in it are counted, so that building 10 stands behind building 9.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(u64),
    Word(String),
}

fn natural_place(line: &HomeLine) -> (Vec<Part>, String) {
    (natural(line.place.as_deref().unwrap_or(line.home.as_str())), line.home.to_string())
}

fn natural(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_number = first.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != is_number).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        parts.push(match part.parse() {
            Ok(number) if is_number => Part::Number(number),
            _ => Part::Word(part.to_owned()),
        });
        rest = after;
    }
    parts
}

/// In a cell; the page says what it means.
const NOT_KNOWN: &str = "—";

struct Printer<'a> {
    site: &'a Site,
    language: Language,
    now: Timestamp,
}

impl Printer<'_> {
    fn line(&self, line: &HomeLine) -> Line {
        let place = line.place.as_ref().map_or_else(|| line.home.to_string(), |place| text::shown(place, 40));
        let unknown = || NOT_KNOWN.to_owned();
        let age = |at: Timestamp| text::duration(self.language, self.now - at);
        Line {
            href: format!("/home/{}", escape(line.home.as_str())),
            home: line.home.to_string(),
            class: line.class.map_or("", Class::as_str),
            class_word: match line.class {
                // The colour says it; what it means stands in the choice above and on the home's page.
                Some(_) => self.l(class_label(line.class)).split(['（', '(']).next().unwrap_or_default().trim(),
                None => NOT_KNOWN,
            },
            state: line.state.as_str(),
            state_word: state_words(self.language, line.state),
            life: line.life_at.map_or_else(unknown, age),
            link: line.heard_at.map_or_else(unknown, age),
            sensors: line.sensors.map_or_else(unknown, |(believed, all)| format!("{believed}/{all}")),
            is_missing: line.sensors.is_some_and(|(believed, all)| believed < all),
            suspended: line.suspended.map_or_else(String::new, |(kind, until)| {
                let kind = kind.map_or(self.l("unknown"), |kind| text::absence(self.language, kind));
                format!("{kind} {}", text::date_time(self.language, &self.site.settings.zone, until))
            }),
            alerts: if line.open_alerts > 0 { line.open_alerts.to_string() } else { String::new() },
            minutes: line.minutes.map_or_else(unknown, |minutes| minutes.to_string()),
            place,
        }
    }

    fn l(&self, name: &'static str) -> &'static str {
        text::label(self.language, name)
    }
}
