//! How a home is, in words.

use super::Painter;
use crate::desk::{HomeView, Suspended};
use crate::model::time::Span;
use crate::text;

pub(in crate::web) struct HomeModel {
    pub home: String,
    pub place: String,
    pub link: String,
    pub heard: String,
    pub life: String,
    /// Empty where the home is as usual.
    pub suspended: String,
}

impl Painter<'_> {
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
}
