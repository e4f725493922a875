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
    from: String,
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
    /// Which of them stand here, where not all do.
    part: Option<Part>,
    states: Vec<Choice>,
    classes: Vec<Choice>,
    is_sifted: bool,
}

/// One page of a list that is longer.
struct Part {
    first: usize,
    last: usize,
    /// Of how many that are meant.
    of: usize,
    earlier: Option<String>,
    later: Option<String>,
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
    let lines: Vec<HomeLine> = lines.into_iter().filter(|line| wanted.is_meant(now, line)).collect();
    let (lines, part) = wanted.page(lines);
    let printer = Printer { site, language, now };
    let choice =
        |value, word, chosen: &str| Choice { value, word: text::label(language, word), is_chosen: value == chosen };
    let states = HomeState::NAMES.iter().zip(STATE_WORDS);
    let classes = Class::ALL.into_iter().map(|class| (class.as_str(), class_label(Some(class))));
    HomesPage {
        columns: wanted.columns(language),
        lines: lines.iter().map(|line| printer.line(line)).collect(),
        total,
        part,
        states: states.map(|(value, word)| choice(value, word, &wanted.state)).collect(),
        classes: classes.map(|(value, word)| choice(value, word, &wanted.class)).collect(),
        is_sifted: !wanted.query(&[("sort", ""), ("down", ""), ("from", "")]).is_empty(),
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
        let is_found = text::is_found(line.home.as_str(), &self.q)
            || line.place.as_ref().is_some_and(|place| text::is_found(place, &self.q));
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

    /// The lines of the wanted page in their order; all of them on one page while that can be read and printed.
    fn page(&self, lines: Vec<HomeLine>) -> (Vec<HomeLine>, Option<Part>) {
        let (of, is_down) = (lines.len(), !self.down.is_empty());
        let (from, end) = match of > ON_ONE_PAGE {
            true => {
                let from = self.from.trim().parse::<usize>().unwrap_or(0).min(of - 1) / PAGE * PAGE;
                (from, (from + PAGE).min(of))
            }
            false => (0, of),
        };
        let mut keyed: Vec<_> =
            lines.into_iter().map(|line| ((self.rank(&line), natural_place(&line)), line)).collect();
        let order = |(one, a): &((i64, String), HomeLine), (other, b): &((i64, String), HomeLine)| {
            let order = one.cmp(other).then_with(|| a.home.cmp(&b.home));
            if is_down { order.reverse() } else { order }
        };
        if end < of {
            // What stands behind this page need not be in order.
            keyed.select_nth_unstable_by(end, order);
            keyed.truncate(end);
        }
        keyed.sort_unstable_by(order);
        let href = |from: usize| {
            let from = if from > 0 { from.to_string() } else { String::new() };
            format!("/homes?{}", self.query(&[("from", &from)]))
        };
        let part = Part {
            first: from + 1,
            last: end,
            of,
            earlier: from.checked_sub(PAGE).map(href),
            later: (end < of).then(|| href(end)),
        };
        (keyed.into_iter().skip(from).map(|(_, line)| line).collect(), (of > ON_ONE_PAGE).then_some(part))
    }

    /// What nobody knows comes first where old is worse, and last where near is better.
    fn rank(&self, line: &HomeLine) -> i64 {
        let at = |at: Option<Timestamp>| at.map_or(i64::MIN, |at| at.timestamp_millis());
        match self.sort.as_str() {
            "place" => 0,
            "class" => {
                line.class.and_then(|class| Class::ALL.iter().position(|of| *of == class)).map_or(9, |n| n as i64)
            }
            "life" => at(line.life_at),
            "link" => at(line.heard_at),
            "sensors" => line.sensors.map_or(i64::MIN, |(believed, all)| -((all - believed) as i64)),
            "suspended" => line.suspended.map_or(i64::MAX, |(_, until)| until.timestamp_millis()),
            "alerts" => -i64::from(line.open_alerts),
            "minutes" => line.minutes.map_or(i64::MAX, i64::from),
            _ => HomeState::NAMES.iter().position(|name| *name == line.state.as_str()).map_or(0, |nth| nth as i64),
        }
    }

    fn columns(&self, language: Language) -> Vec<Column> {
        let sort = if self.sort.is_empty() { "state" } else { &self.sort };
        let column = |(name, label): (&'static str, &'static str)| {
            let (is_sorted, is_down) = (name == sort, !self.down.is_empty());
            let turned = if is_sorted && !is_down { "1" } else { "" };
            Column {
                href: format!("/homes?{}", self.query(&[("sort", name), ("down", turned), ("from", "")])),
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
            ("from", &self.from),
        ];
        let said = own.into_iter().map(|(name, value)| {
            let other = other.iter().find(|(other, _)| *other == name);
            (name, other.map_or(value.as_str(), |(_, value)| *value))
        });
        let said = said.filter(|(_, value)| !value.is_empty());
        said.map(|(name, value)| format!("{name}={}", escape(value))).collect::<Vec<_>>().join("&")
    }
}

/// A place by which lists are sorted: numbers in it are counted, so that building 10 stands behind building 9.
fn natural_place(line: &HomeLine) -> String {
    natural(line.place.as_deref().unwrap_or(line.home.as_str()))
}

/// Before each number stands how many digits it has, as a sign that is before all letters.
fn natural(text: &str) -> String {
    let mut key = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_number = first.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != is_number).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        if is_number {
            let digits = part.trim_start_matches('0');
            key.push(char::from(digits.len().min(30) as u8 + 1));
            key.push_str(digits);
        } else {
            key.push_str(part);
        }
        rest = after;
    }
    key
}

/// All of so many are still one page.
const ON_ONE_PAGE: usize = 2000;
/// Rows of one page of a longer list.
const PAGE: usize = 500;

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

#[cfg(test)]
mod tests {
    use super::*;

    fn line(nth: usize, place: &str) -> HomeLine {
        HomeLine {
            home: format!("home-{nth:06}").parse().unwrap(),
            place: Some(place.to_owned()),
            class: None,
            state: if nth % 100 == 7 { HomeState::NoContact } else { HomeState::Quiet },
            life_at: None,
            heard_at: None,
            sensors: None,
            weakest_battery: None,
            suspended: None,
            open_alerts: 0,
            minutes: None,
        }
    }

    #[test]
    fn buildings_stand_in_the_order_of_their_numbers() {
        let mut places =
            ["10号楼", "9号楼2单元", "9号楼", "09号楼1单元", "A座", "9号楼10单元", "", "123456789012345678901234"];
        places.sort_by_key(|place| natural(place));
        let expected =
            ["", "9号楼", "09号楼1单元", "9号楼2单元", "9号楼10单元", "10号楼", "123456789012345678901234", "A座"];
        assert_eq!(places, expected);
    }

    #[test]
    fn the_pages_of_a_long_list_show_every_home_once_and_in_order() {
        let lines = || (0..2731).map(|nth| line(nth, &format!("{}号楼", nth % 977))).collect::<Vec<_>>();
        for (sort, down) in [("", ""), ("place", ""), ("state", "1")] {
            let mut wanted = Wanted { sort: sort.to_owned(), down: down.to_owned(), ..Wanted::default() };
            let (mut seen, mut pages) = (Vec::new(), 0);
            loop {
                let (shown, part) = wanted.page(lines());
                let part = part.expect("too long for one page");
                assert_eq!((part.first, part.last, part.of), (seen.len() + 1, seen.len() + shown.len(), 2731));
                assert_eq!(part.earlier.is_some(), pages > 0);
                seen.extend(shown);
                pages += 1;
                let Some(later) = part.later else { break };
                assert!(later.ends_with(&format!("from={}", seen.len())), "{later}");
                wanted.from = seen.len().to_string();
            }
            assert_eq!(pages, 6);
            let key = |line: &HomeLine| (wanted.rank(line), natural_place(line), line.home.clone());
            let in_order = |pair: &[HomeLine]| match down {
                "" => key(&pair[0]) < key(&pair[1]),
                _ => key(&pair[0]) > key(&pair[1]),
            };
            assert!(seen.windows(2).all(in_order), "sorted by {sort:?}");
        }
        let beyond = Wanted { from: "99999999".to_owned(), ..Wanted::default() };
        assert_eq!(beyond.page(lines()).0.len(), 231, "the last page");
        assert!(Wanted::default().page(lines().split_off(731)).1.is_none(), "two thousand are one page");
        assert_eq!(Wanted::default().page(Vec::new()).0, []);
    }
}
