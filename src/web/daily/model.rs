//! From the desk's list to the words of the page.

use crate::desk::{Blindness, Counts, DailyRow, DailyState, DailyView, Ended, Entry, LimitBy};
use crate::model::card::{Class, Contact};
use crate::model::errand::ContactDeed;
use crate::model::own_sign::{OwnSign, SignBy};
use crate::model::time::{Day, Span, Timestamp, Zone};
use crate::text::{self, Language};
use crate::web::Site;
use crate::web::access::Right;
use crate::web::form::{Visitor, escape};

/// The list as the page shows it.
pub(super) struct ListModel {
    pub day: String,
    pub today: String,
    pub latest: String,
    pub may_see: bool,
    pub may_work: bool,
    pub counts: Counts,
    pub deadline: String,
    pub left: Option<String>,
    pub is_past_deadline: bool,
    pub to_phone: Section,
    pub cannot_tell: Section,
    pub suspended: Section,
    pub waiting: Section,
    pub well: Section,
    pub classes: Vec<ClassModel>,
    pub days: Vec<DayModel>,
}

/// Homes that stand alike.
pub(super) struct Section {
    pub count: usize,
    /// Those that press most.
    pub rows: Vec<RowModel>,
    /// How many are not listed.
    pub more: usize,
}

/// A home on it.
pub(super) struct RowModel {
    pub id: String,
    pub href: String,
    pub place: String,
    pub class_id: &'static str,
    pub class: &'static str,
    pub phones: Vec<PhoneModel>,
    pub how: String,
    pub alert: Option<String>,
    pub usual: String,
    pub late: Option<String>,
    pub carried: Option<String>,
    pub hint: Option<String>,
    pub proposes: bool,
    pub log: Vec<LogModel>,
    pub undo: Option<String>,
    pub is_away: bool,
    pub post: String,
    pub key: String,
    pub back: String,
}

pub(super) struct PhoneModel {
    pub who: String,
    pub number: String,
    pub href: String,
}

pub(super) struct LogModel {
    pub text: String,
    pub undone: bool,
}

pub(super) struct ClassModel {
    pub word: &'static str,
    pub done: u32,
    pub all: u32,
}

/// What became of a day before.
pub(super) struct DayModel {
    pub day: Day,
    pub counts: Counts,
}

impl ListModel {
    pub fn of(site: &Site, visitor: &Visitor, now: Timestamp, key: String) -> ListModel {
        let desk = site.desk();
        let view = desk.daily_part(now, ROWS_MAX);
        let (may_see, may_work) = (visitor.may(Right::SeePersons), visitor.may(Right::Work));
        let contacts = |row: &DailyRow| desk.card(&row.home).map_or(Vec::new(), |card| card.contacts.clone());
        let painter = Painter { site, language: visitor.language, now, opened_at: view.opened_at, key };
        let counts = view.counts;
        let drawn = |count: u32, fits: fn(&DailyState) -> bool| {
            let fitting = view.rows.iter().filter(|row| may_see && fits(&row.state));
            let rows: Vec<RowModel> = fitting.take(ROWS_MAX).map(|row| painter.row(row, &contacts(row))).collect();
            let count = if may_see { usize::try_from(count).unwrap_or(usize::MAX) } else { 0 };
            Section { more: count.saturating_sub(rows.len()), count, rows }
        };
        let classes = desk.visits_by_class(now).into_iter();
        let days = desk.daily_counts().rev().take(DAYS_SHOWN);
        let zone = &site.settings.zone;
        let today = zone.day(now);
        let latest = today.checked_add_days(chrono::Days::new(30)).unwrap_or(today);
        ListModel {
            day: day_words(visitor.language, view.day),
            today: today.to_string(),
            latest: latest.to_string(),
            may_see,
            may_work,
            counts,
            deadline: text::hour_minute(zone, view.deadline_at),
            left: left(visitor.language, &view, now),
            is_past_deadline: view.is_past_deadline,
            to_phone: drawn(counts.to_phone, |state| matches!(state, DailyState::Alerted(_) | DailyState::ToPhone)),
            cannot_tell: drawn(counts.cannot_tell, |state| matches!(state, DailyState::CannotTell(_))),
            suspended: drawn(counts.suspended, |state| matches!(state, DailyState::Suspended { .. })),
            waiting: drawn(counts.waiting, |state| *state == DailyState::Waiting),
            well: drawn(counts.well(), |state| matches!(state, DailyState::Ended(_) | DailyState::OwnSign(_))),
            classes: classes
                .map(|(class, done, all)| ClassModel { word: visiting_class(visitor.language, class), done, all })
                .collect(),
            days: days.map(|(day, counts)| DayModel { day: *day, counts: *counts }).collect(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.counts.homes == 0
    }
}

fn left(language: Language, view: &DailyView, now: Timestamp) -> Option<String> {
    (!view.is_past_deadline).then(|| in_minutes(language, view.deadline_at - now))
}

/// To the minute: a list is not a stopwatch.
pub(in crate::web) fn in_minutes(language: Language, span: Span) -> String {
    text::duration(language, Span::minutes(span.num_minutes().max(1)))
}

/// `2026-11-21 周六`
pub(super) fn day_words(language: Language, day: Day) -> String {
    use chrono::Datelike;
    let nth = day.weekday().num_days_from_monday() as usize;
    let chinese = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"];
    let english = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let weekday = language.pick(chinese, english).get(nth).copied().unwrap_or_default();
    format!("{day} {weekday}")
}

/// The word and the name of a class.
pub(super) fn class(language: Language, class: Option<Class>) -> (&'static str, &'static str) {
    match class {
        Some(Class::Red) => ("red", text::label(language, "daily_class_red")),
        Some(Class::Yellow) => ("yellow", text::label(language, "daily_class_yellow")),
        Some(Class::Blue) => ("blue", text::label(language, "daily_class_blue")),
        None => ("", ""),
    }
}

/// The same with how often they are visited.
pub(super) fn visiting_class(language: Language, class: Class) -> &'static str {
    match class {
        Class::Red => text::label(language, "visits_class_red"),
        Class::Yellow => text::label(language, "visits_class_yellow"),
        Class::Blue => text::label(language, "visits_class_blue"),
    }
}

struct Painter<'a> {
    site: &'a Site,
    language: Language,
    now: Timestamp,
    opened_at: Timestamp,
    key: String,
}

impl Painter<'_> {
    fn l(&self, name: &'static str) -> &'static str {
        text::label(self.language, name)
    }

    fn zone(&self) -> &Zone {
        &self.site.settings.zone
    }

    fn hm(&self, at: Timestamp) -> String {
        text::hour_minute(self.zone(), at)
    }

    fn row(&self, row: &DailyRow, contacts: &[Contact]) -> RowModel {
        let home = escape(row.home.as_str());
        let id = format!("home-{}", row.home);
        let (class_id, class) = class(self.language, row.class);
        let late =
            matches!(row.state, DailyState::ToPhone | DailyState::CannotTell(_)).then(|| self.now - row.limit.at);
        let phones = contacts.iter().filter(|contact| !contact.phone.trim().is_empty());
        RowModel {
            href: format!("/home/{home}"),
            back: format!("/daily#{}", escape(&id)),
            post: format!("/daily/{home}"),
            place: row.place.as_ref().map_or_else(|| row.home.to_string(), |place| text::shown(place, 30)),
            class_id,
            class,
            phones: phones.take(PHONES_SHOWN).map(phone).collect(),
            how: self.how(row),
            alert: self.alert(&row.state),
            usual: row.usual_by.map(|usual| format!("{} {usual}", self.l("daily_usual"))).unwrap_or_default(),
            late: late
                .filter(|late| late.num_minutes() > 0)
                .map(|late| format!("{} {}", self.l("daily_late"), in_minutes(self.language, late))),
            carried: row
                .open_since
                .filter(|_| row.state.is_unresolved())
                .map(|day| format!("{} {day}", self.l("daily_carried"))),
            hint: self.hint(row),
            proposes: row.proposes,
            log: row.log.iter().map(|entry| self.entry(entry)).collect(),
            undo: row
                .undo_until
                .map(|until| format!("{} · {} {}", self.l("daily_undo"), self.l("daily_open_until"), self.hm(until))),
            is_away: matches!(row.state, DailyState::Suspended { until: None, .. }),
            key: format!("{}-{}", self.key, row.home),
            id,
        }
    }

    fn alert(&self, state: &DailyState) -> Option<String> {
        let key = match state {
            DailyState::Alerted(key) => key,
            DailyState::Ended(ended) => ended.alert.as_ref()?,
            DailyState::ToPhone
            | DailyState::CannotTell(_)
            | DailyState::Waiting
            | DailyState::Suspended { .. }
            | DailyState::OwnSign(_) => return None,
        };
        let (home, alert) = (escape(key.home.as_str()), key.alert);
        Some(format!("/alert/{home}/{}?raised={}", alert.number, alert.raised_at.timestamp_millis()))
    }

    /// The state in words.
    fn how(&self, row: &DailyRow) -> String {
        match &row.state {
            DailyState::Alerted(_) => self.l("daily_alerted").to_owned(),
            DailyState::ToPhone => {
                let by = match row.limit.by {
                    LimitBy::Card => self.l("daily_of_card"),
                    LimitBy::Usual => self.l("daily_of_usual"),
                    LimitBy::Station => self.l("daily_of_station"),
                };
                let (open, close) = self.language.pick(("（", "）"), (" (", ")"));
                format!("{} {}{open}{by}{close}", self.l("daily_no_sign_by"), self.hm(row.limit.at))
            }
            DailyState::CannotTell(why) => self.blindness(why),
            DailyState::Waiting => format!("{} {}", self.l("daily_wait_until"), self.hm(row.limit.at)),
            DailyState::Suspended { kind, until, until_day, call_is_due } => {
                let until = until.map(|until| text::date_time(self.language, self.zone(), until));
                let until = until.or_else(|| until_day.map(|day| day.to_string()));
                let until = until.map(|until| format!(" {} {until}", self.l("daily_open_until"))).unwrap_or_default();
                let call = if *call_is_due { format!(" · {}", self.l("daily_weekly_call")) } else { String::new() };
                format!("{}{until}{call}", text::absence(self.language, *kind))
            }
            DailyState::Ended(ended) => self.ended(ended),
            DailyState::OwnSign(sign) => self.sign(sign),
        }
    }

    fn sign(&self, sign: &OwnSign) -> String {
        let how = match sign.by {
            SignBy::OkButton => self.l("daily_pressed"),
            SignBy::Movement | SignBy::Unknown => self.l("daily_moved"),
        };
        format!("{} {how}", self.hm(sign.at))
    }

    fn ended(&self, ended: &Ended) -> String {
        let how = if ended.seen { self.l("daily_seen") } else { self.l("daily_phoned") };
        format!("{} {how} · {}", self.hm(ended.at), self.actor(&ended.by))
    }

    fn blindness(&self, why: &Blindness) -> String {
        match why {
            Blindness::NoContact => self.l("daily_no_contact").to_owned(),
            Blindness::NeverHeard => self.l("daily_never_heard").to_owned(),
            Blindness::Blind => self.l("daily_blind").to_owned(),
            Blindness::Patchy => self.l("daily_patchy").to_owned(),
            Blindness::NotTold => self.l("daily_not_told").to_owned(),
            Blindness::Sensor(None) => self.l("daily_sensor").to_owned(),
            Blindness::Sensor(Some(room)) => {
                let (room, words) = (text::room(self.language, room), self.l("daily_sensor"));
                self.language.pick(format!("{room}{words}"), format!("{words}: {room}"))
            }
            Blindness::Learning(day) => {
                self.language.pick(format!("学习中第 {day} 天"), format!("{} {day}", self.l("daily_learning")))
            }
        }
    }

    fn hint(&self, row: &DailyRow) -> Option<String> {
        let after_end = row.sign.filter(|_| matches!(row.state, DailyState::Ended(_))).map(|sign| self.sign(&sign));
        let again = row
            .again_at
            .filter(|_| row.state.wants_a_call())
            .map(|at| format!("{} {}", self.l("daily_again_after"), self.hm(at)));
        let third = row.proposes.then(|| self.l("daily_third_raises").to_owned());
        let others = (row.with_others && row.state.is_unresolved()).then(|| self.l("daily_others").to_owned());
        let hints: Vec<String> = [after_end, others, third, again].into_iter().flatten().collect();
        (!hints.is_empty()).then(|| hints.join(" · "))
    }

    fn entry(&self, entry: &Entry) -> LogModel {
        let what = match &entry.deed {
            ContactDeed::Called { result } => text::call_result(self.language, *result).to_owned(),
            ContactDeed::Send => self.l("daily_send").to_owned(),
            ContactDeed::Visited => self.l("daily_visited").to_owned(),
            ContactDeed::Away { until } => format!("{} {} {until}", self.l("daily_away"), self.l("daily_open_until")),
            ContactDeed::Hospital => self.l("daily_hospital").to_owned(),
            ContactDeed::Back => self.l("daily_back").to_owned(),
            ContactDeed::Undo => self.l("daily_undo").to_owned(),
        };
        let is_before = entry.at < self.opened_at;
        let at = if is_before { text::date_time(self.language, self.zone(), entry.at) } else { self.hm(entry.at) };
        LogModel { text: format!("{at} {what} · {}", self.actor(&entry.by)), undone: entry.undone }
    }

    fn actor(&self, who: &crate::model::lifecycle::Actor) -> String {
        text::actor(self.language, who, &|id| self.site.name(id))
    }
}

fn phone(contact: &Contact) -> PhoneModel {
    let dialled: String =
        contact.phone.chars().filter(|c| c.is_ascii_digit() || matches!(c, '+' | '*' | '#' | ',')).collect();
    PhoneModel {
        who: text::shown(&contact.who, 12),
        number: text::shown(&contact.phone, 24),
        href: format!("tel:{dialled}"),
    }
}

/// The others are on the home's page.
const PHONES_SHOWN: usize = 3;
/// Of those that stand alike: more than a morning is long enough for.
const ROWS_MAX: usize = 300;
const DAYS_SHOWN: usize = 31;
