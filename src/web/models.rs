//! From the desk's plain data to the words and numbers of a page.

use crate::desk::{AlertView, BandName, HomeView, RowView, Suspended, View};
use crate::model::ids::PersonId;
use crate::model::lifecycle::{CallResult, Contact, Deed, Outcome, Phase, Role};
use crate::model::reason::Severity;
use crate::model::time::{Span, Timestamp, Zone};
use crate::text::{self, Language};
use crate::web::Site;
use crate::web::form::{Visitor, escape};

/// What stands round every page.
pub(super) struct Frame {
    pub language: Language,
    pub title: String,
    pub plain_title: String,
    pub build: String,
    pub after: String,
    pub now_ms: i64,
    pub wall: String,
    pub zone_offset_secs: i64,
    pub point_name: String,
    pub troubles: Vec<String>,
    pub token: String,
    pub who: Option<String>,
    pub people: Vec<PersonModel>,
    pub here: String,
    pub here_encoded: String,
    pub fragment: String,
    pub refreshes: bool,
    pub other_language: &'static str,
    pub other_language_tag: &'static str,
    pub units: String,
}

pub(super) struct PersonModel {
    pub id: String,
    pub name: String,
    pub chosen: bool,
}

impl Frame {
    pub fn new(site: &Site, visitor: &Visitor, now: Timestamp, here: &str, fragment: &str) -> Frame {
        let (language, zone) = (visitor.language, &site.settings.zone);
        let other = language.pick(Language::English, Language::Chinese);
        let who = visitor.person.as_ref().map(|person| person.id.to_string());
        let people = site.settings.people.iter().map(|person| PersonModel {
            id: person.id.to_string(),
            name: format!("{} · {}", text::shown(&person.name, 30), text::role(language, person.role)),
            chosen: visitor.person.as_ref().is_some_and(|chosen| chosen.id == person.id),
        });
        let health = site.health();
        let mut troubles = Vec::new();
        let broker_down = if health.second_path { "broker_down_second_path" } else { "broker_down" };
        for (what, why) in [(broker_down, &health.broker), ("store_failing", &health.store)] {
            troubles
                .extend(why.as_ref().map(|why| format!("{} ({})", text::label(language, what), text::shown(why, 160))));
        }
        let plain_title = text::label(language, "desk").to_owned();
        Frame {
            language,
            title: plain_title.clone(),
            plain_title,
            build: site.settings.build.clone(),
            after: site.feed.after(),
            now_ms: now.timestamp_millis(),
            wall: text::clock_time(zone, now),
            zone_offset_secs: offset_secs(zone, now),
            point_name: text::shown(&site.settings.name, 40),
            troubles,
            token: site.settings.token.clone(),
            who,
            people: people.collect(),
            here: here.to_owned(),
            here_encoded: escape(here),
            fragment: fragment.to_owned(),
            refreshes: !here.contains("form="),
            other_language: other.as_str(),
            other_language_tag: other.tag(),
            units: ["天", "小时", "分", "秒"]
                .iter()
                .zip(["d", "h", "min", "s"])
                .map(|(c, e)| language.pick(*c, e))
                .collect::<Vec<_>>()
                .join(","),
        }
    }

    /// The frame of a page besides the desk, which is not drawn anew by itself; `label` names its title.
    pub fn of(site: &Site, visitor: &Visitor, now: Timestamp, here: &str, label: &'static str) -> Frame {
        let mut frame = Frame::new(site, visitor, now, here, "");
        frame.refreshes = false;
        frame.plain_title = frame.l(label).to_owned();
        frame.title.clone_from(&frame.plain_title);
        frame
    }

    pub fn l(&self, name: &'static str) -> &'static str {
        text::label(self.language, name)
    }

    pub fn who_id(&self) -> &str {
        self.who.as_deref().unwrap_or("")
    }
}

/// What the wall clock is ahead of UTC now, so that the script can show it without knowing the zone.
pub(super) fn offset_secs(zone: &Zone, now: Timestamp) -> i64 {
    let utc = now.timestamp().rem_euclid(86_400);
    let offset = i64::from(zone.local(now).second_of_day) - utc;
    (offset + 43_200).rem_euclid(86_400) - 43_200 + if offset == 43_200 { 86_400 } else { 0 }
}

pub(super) struct BandModel {
    pub name: &'static str,
    pub word: &'static str,
    pub counts: bool,
    pub rows: Vec<RowModel>,
}

pub(super) struct RowModel {
    pub id: String,
    pub href: String,
    pub href_close: String,
    pub post: String,
    pub back: String,
    pub severity: &'static str,
    pub severity_word: &'static str,
    pub phase: &'static str,
    pub phase_word: &'static str,
    pub calm: bool,
    pub test: bool,
    pub place: String,
    pub headline: String,
    pub raised: String,
    pub raised_ms: i64,
    pub age: String,
    pub late: String,
    pub owner: String,
    pub flags: Vec<String>,
    pub closed: Option<String>,
    pub take: Option<ClockModel>,
    pub due: Option<ClockModel>,
    pub arrived: Option<String>,
    pub primary: Option<PrimaryModel>,
    pub click_key: String,
    pub version: u32,
}

pub(super) struct ClockModel {
    pub until_ms: i64,
    pub text: String,
    pub tone: &'static str,
    pub wall: String,
}

pub(super) struct PrimaryModel {
    pub step: &'static str,
    pub word: &'static str,
    pub is_form: bool,
}

pub(super) struct HomeModel {
    pub home: String,
    pub place: String,
    pub link: String,
    pub heard: String,
    pub life: String,
    /// Empty where the home is as usual.
    pub suspended: String,
}

pub(super) struct Choice {
    pub value: String,
    pub word: &'static str,
}

pub(super) struct Fact {
    pub name: &'static str,
    pub value: String,
}

pub(super) struct LineModel {
    pub at: String,
    pub text: String,
    pub undone: bool,
    pub waiting: bool,
    pub tone: &'static str,
}

pub(super) struct DeedModel {
    pub step: &'static str,
    pub word: &'static str,
}

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
    fn l(&self, name: &'static str) -> &'static str {
        text::label(self.language, name)
    }

    fn zone(&self) -> &Zone {
        &self.site.settings.zone
    }

    fn name(&self, id: &PersonId) -> Option<String> {
        self.site.name(id)
    }

    pub fn bands(&self, view: &View) -> Vec<BandModel> {
        let word = |name: BandName| match name {
            BandName::Unclaimed => self.l("unclaimed"),
            BandName::InHand => self.l("in_hand"),
            BandName::NoContact => self.l("no_contact"),
            BandName::Notices => self.l("notices"),
            BandName::JustClosed => self.l("just_closed"),
        };
        let band = |name: BandName| BandModel {
            name: name.as_str(),
            word: word(name),
            counts: name != BandName::JustClosed,
            rows: self.rows(view.band(name)),
        };
        BandName::ALL.into_iter().map(band).collect()
    }

    pub fn rows(&self, rows: &[RowView]) -> Vec<RowModel> {
        rows.iter().map(|row| self.row(row)).collect()
    }

    pub fn row(&self, row: &RowView) -> RowModel {
        let (home, number) = (escape(row.key.home.as_str()), row.key.alert.number);
        let raised_id = row.key.alert.raised_at.timestamp_millis();
        let address = format!("/alert/{home}/{number}");
        let id = format!("alert-{}-{number}-{raised_id}", row.key.home);
        let href = format!("{address}?raised={raised_id}");
        let wall = text::clock_time(self.zone(), row.raised_at);
        let late = if row.late > LATE { format!("{} {}", self.l("late"), self.span(row.late)) } else { String::new() };
        RowModel {
            back: if self.on_desk { format!("/#{}", escape(&id)) } else { href.clone() },
            post: format!("{address}/step?raised={raised_id}"),
            href_close: format!("{href}&form=close#close"),
            href,
            severity: severity_id(row.severity),
            severity_word: text::severity(self.language, row.severity),
            phase: row.phase.as_str(),
            phase_word: text::phase(self.language, row.phase),
            calm: !row.phase.is_open(),
            test: row.test,
            place: row.place.as_ref().map_or_else(|| row.key.home.to_string(), |place| text::shown(place, 30)),
            headline: text::headline(self.language, &row.reason),
            raised: if row.approximate { format!("≈ {wall}") } else { wall },
            raised_ms: row.raised_at.timestamp_millis(),
            age: self.language.pick(
                format!("{}前", self.span(self.now - row.raised_at)),
                format!("{} ago", self.span(self.now - row.raised_at)),
            ),
            late,
            owner: self.owner(row),
            flags: self.flags(row),
            closed: self.closed(row),
            take: row.take_by.map(|until| self.clock(until, Span::zero())),
            due: row.due_at.map(|until| self.clock(until, Span::minutes(5))),
            arrived: row.arrived_at.filter(|_| row.phase.is_open()).map(|at| text::clock_time(self.zone(), at)),
            primary: row.primary.and_then(|step| {
                let word = text::button(self.language, step)?;
                Some(PrimaryModel { step, word, is_form: step != "close" })
            }),
            click_key: format!("{}-{}-{number}", self.key, row.version),
            version: row.version,
            id,
        }
    }

    fn span(&self, span: Span) -> String {
        text::duration(self.language, span)
    }

    /// `0:41` before the deadline, `+3:12` after it.
    fn clock(&self, until: Timestamp, warn: Span) -> ClockModel {
        let left = (until - self.now).num_seconds();
        let text = format!("{}{}:{:02}", if left < 0 { "+" } else { "" }, left.abs() / 60, left.abs() % 60);
        let tone = if left < 0 {
            "over"
        } else if left <= warn.num_seconds() {
            "warn"
        } else {
            "fine"
        };
        let hour_minute = text::hour_minute(self.zone(), until);
        let wall = self.language.pick(format!("{hour_minute} 前到"), format!("by {hour_minute}"));
        ClockModel { until_ms: until.timestamp_millis(), text, tone, wall }
    }

    fn owner(&self, row: &RowView) -> String {
        match &row.owner {
            Some(owner) if row.phase.is_open() => {
                let who = text::actor(self.language, &owner.actor, &|id| self.name(id));
                format!("{who} · {}", text::phase(self.language, row.phase))
            }
            _ => text::phase(self.language, row.phase).to_owned(),
        }
    }

    fn flags(&self, row: &RowView) -> Vec<String> {
        let mut flags = Vec::new();
        let mut flag = |shown: bool, words: String| {
            if shown {
                flags.push(words);
            }
        };
        let name = |id: &PersonId| self.name(id).map_or_else(|| id.to_string(), |name| text::shown(&name, 30));
        if let Some(asked) = &row.asked {
            flag(true, format!("{} {}", self.l("asked"), name(&asked.person)));
        }
        if let Some(to) = &row.handing_to {
            flag(true, format!("{} {}", self.l("handing"), name(&to.person)));
        }
        for helper in &row.assisting {
            let who = text::actor(self.language, helper, &|id| self.name(id));
            flag(true, format!("{} {who}", self.l("helping")));
        }
        flag(row.count > 1, self.language.pick(format!("第 {} 次", row.count), format!("time {}", row.count)));
        if let Some(sign) = &row.life_since {
            let at = text::clock_time(self.zone(), sign.at);
            let place = sign.room.as_ref().map(|room| text::room(self.language, room)).unwrap_or_default();
            flag(true, format!("{} {at} {place}", self.l("life_since")).trim_end().to_owned());
        }
        flag(row.recovered_at.is_some(), self.l("recovered").to_owned());
        flag(row.person_cancelled, self.l("person_cancelled").to_owned());
        flag(row.escalated > 0, self.l("escalated").to_owned());
        let resort = row.last_resort.as_deref().map(|call| text::LastResort { call, waited: None });
        if let Some(resort) = resort.filter(|_| matches!(row.phase, Phase::Raised | Phase::Received)) {
            flag(true, text::last_resort(self.language, row.phase, resort));
        }
        flag(row.lapsed > 0 && row.owner.is_none(), self.l("lapsed").to_owned());
        flag(row.reopened > 0, self.l("reopened").to_owned());
        flag(row.unconfirmed, self.l("waiting_home").to_owned());
        flag(!row.durable, self.l("not_durable").to_owned());
        let gone = row.home_online == Some(false) && row.phase.is_open() && row.severity != Severity::Blind;
        flag(gone, self.l("gateway_gone").to_owned());
        flags
    }

    fn closed(&self, row: &RowView) -> Option<String> {
        if row.phase.is_open() {
            return None;
        }
        Some(match &row.closed {
            Some(closed) => {
                let who = text::actor(self.language, &closed.by, &|id| self.name(id));
                let at = text::hour_minute(self.zone(), closed.at);
                format!("{at} {} · {who}", text::outcome(self.language, closed.outcome))
            }
            None => self.l("closed_details_unknown").to_owned(),
        })
    }

    pub fn homes(&self, homes: &[HomeView]) -> Vec<HomeModel> {
        homes.iter().map(|home| self.home(home)).collect()
    }

    pub fn home(&self, home: &HomeView) -> HomeModel {
        let link = match (home.unreachable, home.online) {
            (true, _) => self.l("no_contact"),
            (false, Some(true)) => self.l("online"),
            (false, Some(false)) => self.l("offline"),
            (false, None) => self.l("unknown"),
        };
        let heard = home.heard_at.map_or_else(
            || self.l("not_heard").to_owned(),
            |at| format!("{} {}", self.l("heard"), text::clock_time(self.zone(), at)),
        );
        let heard = match home.level {
            Some(level) => {
                let level = self.span(level);
                let within = self.language.pick(format!("监督级别 {level}"), format!("speaks within {level}"));
                format!("{heard} · {within}")
            }
            None => heard,
        };
        let condition = home.condition.as_ref();
        let life = condition.and_then(|condition| Some((condition, condition.last_life_secs?)));
        let life = match (condition.is_some_and(|condition| condition.blind), life) {
            (true, _) => self.l("home_blind").to_owned(),
            (false, Some((_, secs))) => {
                // As old as the heartbeat that told it makes it.
                let told = home.heard_at.map_or(Span::zero(), |at| self.now - at);
                let age = self.span(Span::try_seconds(secs as i64).unwrap_or_default() + told);
                self.language.pick(format!("{age}前"), format!("{age} ago"))
            }
            (false, None) => self.l("unknown").to_owned(),
        };
        let answered = condition.map_or(0, |condition| condition.answered_at_home);
        let life = match answered {
            0 => life,
            times => {
                let week = self.language.pick(
                    format!("7 天内先行询问有回应 {times} 次"),
                    format!("answered at home {} in 7 days", text::counted(times, "time")),
                );
                format!("{life} · {week}")
            }
        };
        let place = home.place.as_ref().map_or_else(|| "—".to_owned(), |place| text::shown(place, 30));
        let suspended: Vec<&Suspended> = condition.iter().flat_map(|condition| &condition.suspended).collect();
        let holds = |suspended: &&&Suspended| suspended.from <= self.now && self.now < suspended.until;
        let suspended: Vec<String> =
            suspended.iter().filter(holds).map(|suspended| self.suspended(suspended)).collect();
        let (home, link, suspended) = (home.home.to_string(), link.to_owned(), suspended.join("; "));
        HomeModel { home, place, link, heard, life, suspended }
    }

    fn suspended(&self, suspended: &Suspended) -> String {
        let kind = suspended.kind.map_or(self.l("unknown"), |kind| text::absence(self.language, kind));
        let until = text::date_time(self.language, self.zone(), suspended.until);
        format!("{kind} {} {until} ({})", self.l("until"), text::shown(&suspended.owner, 30))
    }

    pub fn facts(&self, view: &AlertView) -> Vec<Fact> {
        let row = &view.row;
        let mut facts = Vec::new();
        let mut fact = |name: &'static str, value: String| facts.push(Fact { name: self.l(name), value });
        let raised = text::date_time(self.language, self.zone(), row.raised_at);
        fact("raised_at", if row.approximate { format!("≈ {raised} ({})", self.l("approximate")) } else { raised });
        fact("received_at", text::clock_time(self.zone(), row.received_at));
        if row.late > LATE {
            fact("late", self.span(row.late));
        }
        fact(
            "owner",
            match &row.owner {
                Some(owner) => text::actor(self.language, &owner.actor, &|id| self.name(id)),
                None => self.l("nobody").to_owned(),
            },
        );
        fact("home", row.key.home.to_string());
        if let Some(home) = &view.home {
            let home = self.home(home);
            fact("home_link", format!("{} · {}", home.link, home.heard));
            fact("last_life", home.life);
            if !home.suspended.is_empty() {
                fact("suspended", home.suspended);
            }
        }
        facts
    }

    pub fn timeline(&self, view: &AlertView) -> Vec<LineModel> {
        let line = |line: &crate::desk::Line| LineModel {
            at: text::clock_time(self.zone(), line.step.at),
            text: text::step(self.language, &line.step, self.zone(), &|id| self.name(id)),
            undone: line.undone,
            waiting: line.waiting,
            tone: match (line.undone, line.step.by.role) {
                (true, _) => "undone",
                (false, Role::Desk | Role::Responder | Role::Supervisor) => "person",
                (false, Role::Home) => "in-home",
                (false, Role::Gateway | Role::Station) => "machine",
            },
        };
        view.timeline.iter().map(line).collect()
    }

    pub fn deeds(&self, row: &RowView) -> Vec<DeedModel> {
        let deeds = row.others.iter().filter(|step| **step != "close");
        deeds.filter_map(|step| Some(DeedModel { step, word: text::button(self.language, step)? })).collect()
    }

    pub fn outcomes(&self) -> Vec<Choice> {
        let word = |o: Outcome| Choice { value: o.as_str().to_owned(), word: text::outcome(self.language, o) };
        // "Nobody could get in" ends nothing: it needs a next step instead.
        Outcome::ALL.into_iter().filter(|o| *o != Outcome::NoAccess).map(word).collect()
    }

    pub fn contacts(&self) -> Vec<Choice> {
        let all = [("seen", Contact::Seen), ("spoken", Contact::Spoken), ("none", Contact::None)];
        all.into_iter().map(|(id, c)| Choice { value: id.to_owned(), word: text::contact(self.language, c) }).collect()
    }

    pub fn calls(&self) -> Vec<Choice> {
        use CallResult::*;
        let all = [("reached", Reached), ("no_answer", NoAnswer), ("busy", Busy), ("wrong_number", WrongNumber)];
        all.into_iter()
            .map(|(id, r)| Choice { value: id.to_owned(), word: text::call_result(self.language, r) })
            .collect()
    }

    /// "Undo take, until 14:13:13", if the last step can be undone.
    pub fn undo(&self, view: &AlertView) -> Option<String> {
        let until = view.row.undo_until?;
        let last = view.timeline.iter().rev().find(|line| {
            matches!(line.step.deed, Deed::Take | Deed::Depart | Deed::Arrive { .. } | Deed::Close { .. })
                && !line.undone
        })?;
        let word = text::button(self.language, last.step.deed.name())?;
        Some(format!("{word} · {} {}", self.l("until"), text::clock_time(self.zone(), until)))
    }
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
