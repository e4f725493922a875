//! What stands round every page.

use crate::model::time::{Timestamp, Zone};
use crate::text::{self, Language};
use crate::web::access::Right;
use crate::web::form::{Visitor, escape};
use crate::web::nav::Waits;
use crate::web::{Person, Site};

/// What stands round every page.
pub(in crate::web) struct Frame {
    pub language: Language,
    pub is_large: bool,
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
    /// The name of whoever acts.
    pub who_name: String,
    pub is_desk: bool,
    /// Whether deeds on alerts are offered.
    pub acts: bool,
    pub visitor: Visitor,
    pub people: Vec<PersonModel>,
    pub here: String,
    pub here_encoded: String,
    pub fragment: String,
    pub refreshes: bool,
    pub other_language: &'static str,
    pub other_language_tag: &'static str,
    pub units: String,
    /// What the style sheet knows this page by, where it looks other than the rest.
    pub room: &'static str,
    /// What waits on the pages that the navigation leads to.
    pub waits: Waits,
    /// Whom to call while the page is cut off: who, the number, and as it is dialled.
    pub to_call: Vec<(String, String, String)>,
}

pub(in crate::web) struct PersonModel {
    pub id: String,
    pub name: String,
    pub chosen: bool,
}

impl Frame {
    pub fn new(site: &Site, visitor: &Visitor, now: Timestamp, here: &str, fragment: &str) -> Frame {
        let (language, zone) = (visitor.language, &site.settings.zone);
        let other = language.pick(Language::English, Language::Chinese);
        let who = visitor.person.as_ref().map(|person| person.id.to_string());
        let role = |person: &Person| person.role().map(|role| text::role(language, role)).unwrap_or_default();
        let answering = site.answering();
        let people = answering.iter().map(|person| PersonModel {
            id: person.id.to_string(),
            name: format!("{} · {}", text::shown(&person.name, 30), role(person)),
            chosen: visitor.person.as_ref().is_some_and(|chosen| chosen.id == person.id),
        });
        let plain_title = text::label(language, "desk").to_owned();
        Frame {
            language,
            is_large: visitor.is_large,
            title: plain_title.clone(),
            plain_title,
            build: site.settings.build.clone(),
            after: site.feed.after(),
            now_ms: now.timestamp_millis(),
            wall: text::clock_time(zone, now),
            zone_offset_secs: offset_secs(zone, now),
            point_name: text::shown(&site.settings.name, 40),
            troubles: site.troubles(language, now),
            token: visitor.token.clone(),
            who,
            who_name: visitor.person.as_ref().map(|person| text::shown(&person.name, 30)).unwrap_or_default(),
            is_desk: visitor.is_desk(),
            acts: visitor.might(Right::Act),
            visitor: visitor.clone(),
            people: people.collect(),
            to_call: site.to_call(visitor),
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
            room: "",
            waits: site.waits(now),
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
pub(in crate::web) fn offset_secs(zone: &Zone, now: Timestamp) -> i64 {
    let utc = now.timestamp().rem_euclid(86_400);
    let offset = i64::from(zone.local(now).second_of_day) - utc;
    (offset + 43_200).rem_euclid(86_400) - 43_200 + if offset == 43_200 { 86_400 } else { 0 }
}
