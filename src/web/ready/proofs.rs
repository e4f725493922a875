//! Whether alerts can be received, computed from proofs: the absence of errors proves nothing.

use crate::desk::{Hearing, Sound};
use crate::model::ids::PersonId;
use crate::model::time::{Span, Timestamp, from_millis};
use crate::text::{self, Language};
use crate::web::{Modem, Site};
use std::collections::BTreeSet;
use std::sync::PoisonError;

/// One thing that must hold.
pub(super) struct Proof {
    /// What, by the name of its label.
    pub what: &'static str,
    pub state: State,
    /// What it rests on, or what is wrong.
    pub found: String,
    /// The next deed where it does not hold; a label's name.
    pub deed: Option<&'static str>,
}

/// What is known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Good,
    Bad,
    /// Nothing proves it, nothing speaks against it.
    Unknown,
}

/// What the desk says of it. Looked up before a page is drawn, so that drawing a frame never waits for the desk.
#[derive(Debug, Default)]
pub(in crate::web) struct Facts {
    /// When; absent before the first look.
    at: Option<Timestamp>,
    hearing: Hearing,
    /// When that was found; every home is asked for it.
    heard_at: Option<Timestamp>,
    watchers: usize,
    on_duty: Option<bool>,
    people: BTreeSet<PersonId>,
}

impl Site {
    /// Looks at the desk unless that was a moment ago: every open stream asks.
    pub(in crate::web) fn look_if_old(&self) {
        let at = self.facts.read().unwrap_or_else(PoisonError::into_inner).at;
        if at.is_none_or(|at| (self.now() - at).abs() >= A_MOMENT) {
            self.look();
        }
    }

    /// Looks at the desk anew.
    pub(in crate::web) fn look(&self) {
        let (now, desk) = (self.now(), self.desk());
        let people = desk.screens(now).filter_map(|(_, screen)| screen.person.clone()).collect();
        let (watchers, on_duty) = (desk.watchers(now), desk.is_on_duty(now));
        let heard = {
            let known = self.facts.read().unwrap_or_else(PoisonError::into_inner);
            let is_new = |at: &Timestamp| (now - *at).abs() < HEARD_ANEW;
            known.heard_at.filter(is_new).map(|at| (known.hearing, at))
        };
        let (hearing, heard_at) = heard.unwrap_or_else(|| (desk.hearing(), now));
        drop(desk);
        let facts = Facts { at: Some(now), hearing, heard_at: Some(heard_at), watchers, on_duty, people };
        *self.facts.write().unwrap_or_else(PoisonError::into_inner) = facts;
    }
}

/// Every proof, in the order in which they are mended.
pub(super) fn proofs(site: &Site, language: Language, now: Timestamp) -> Vec<Proof> {
    let facts = site.facts.read().unwrap_or_else(PoisonError::into_inner);
    let prover = Prover { site, facts: &facts, language, now };
    let mut all = vec![prover.path(), prover.store(), prover.screen(), prover.person(), prover.clock(), prover.disk()];
    if let Some(modem) = site.health().modem {
        all.extend([prover.modem(&modem), prover.roster(&modem)]);
    }
    all
}

struct Prover<'a> {
    site: &'a Site,
    facts: &'a Facts,
    language: Language,
    now: Timestamp,
}

impl Prover<'_> {
    fn l(&self, name: &'static str) -> &'static str {
        text::label(self.language, name)
    }

    fn good(&self, what: &'static str, found: String) -> Proof {
        Proof { what, state: State::Good, found, deed: None }
    }

    fn bad(&self, what: &'static str, found: String, deed: &'static str) -> Proof {
        Proof { what, state: State::Bad, found, deed: Some(deed) }
    }

    fn path(&self) -> Proof {
        let health = self.site.health();
        if let Some(why) = &health.broker {
            let words = if health.second_path { "broker_down_second_path" } else { "broker_down" };
            let found = format!("{} ({})", self.l(words), text::shown(why, 160));
            return self.bad("ready_path", found, "ready_path_do");
        }
        let hearing = self.facts.hearing;
        if hearing.homes == 0 {
            let found = self.l("empty_none").to_owned();
            return Proof { what: "ready_path", state: State::Unknown, found, deed: None };
        }
        if hearing.silent == hearing.homes {
            return self.bad("ready_path", self.l("ready_homes_silent").to_owned(), "ready_homes_silent_do");
        }
        let heard = hearing.homes - hearing.silent;
        let found = format!("{} {heard}/{}", self.l("ready_homes_heard"), hearing.homes);
        match hearing.newest {
            Some(at) => self.good("ready_path", format!("{found} · {}", self.ago(at))),
            // The broker is reached; that a home is, nobody has proved since this station runs.
            None => Proof { what: "ready_path", state: State::Unknown, found: self.l("not_heard").into(), deed: None },
        }
    }

    fn store(&self) -> Proof {
        match self.site.health().store {
            Some(why) => {
                let found = format!("{} ({})", self.l("store_failing"), text::shown(&why, 160));
                self.bad("ready_store", found, "ready_store_do")
            }
            None => self.good("ready_store", self.l("ready_store_good").to_owned()),
        }
    }

    fn screen(&self) -> Proof {
        let (watchers, on_duty) = (self.facts.watchers, self.facts.on_duty);
        let count = format!("{} {watchers}", self.l("ready_screen_count"));
        match (watchers, on_duty) {
            (0, Some(false)) => self.good("ready_screen", self.l("ready_off_duty").to_owned()),
            (0, Some(true) | None) => {
                self.bad("ready_screen", self.l("ready_screen_none").to_owned(), "ready_screen_do")
            }
            (_, None) => self.good("ready_screen", format!("{count} · {}", self.l("ready_no_hours"))),
            (_, Some(_)) => self.good("ready_screen", count),
        }
    }

    fn person(&self) -> Proof {
        let names = self.facts.people.iter().filter_map(|id| self.site.name(id)).map(|name| text::shown(&name, 30));
        let names: Vec<String> = names.collect();
        match (names.is_empty(), self.facts.on_duty) {
            (false, _) => self.good("ready_person", names.join(", ")),
            (true, Some(false)) => self.good("ready_person", self.l("ready_off_duty").to_owned()),
            (true, Some(true) | None) => {
                self.bad("ready_person", self.l("ready_person_none").to_owned(), "ready_person_do")
            }
        }
    }

    fn clock(&self) -> Proof {
        let hearing = self.facts.hearing;
        let is_of_the_past = self.now < from_millis(EARLIEST_MS);
        let differs = hearing.clocks > 1 && hearing.clock_off.is_some_and(|off| off > CLOCKS_DIFFER);
        if is_of_the_past || differs {
            return self.bad("ready_clock", self.l("ready_clock_wrong").to_owned(), "ready_clock_do");
        }
        match hearing.clocks {
            0 => Proof {
                what: "ready_clock",
                state: State::Unknown,
                found: self.l("ready_clock_alone").to_owned(),
                deed: None,
            },
            _ => self.good("ready_clock", self.l("ready_clock_good").to_owned()),
        }
    }

    fn disk(&self) -> Proof {
        match self.site.health().disk {
            Some(free) if free.is_low() => {
                let found = format!("{} {} %", self.l("ready_disk_full"), free.percent);
                self.bad("ready_disk", found, "ready_disk_do")
            }
            Some(free) => self.good("ready_disk", format!("{} {} %", self.l("ready_disk_free"), free.percent)),
            None => {
                let found = self.l("ready_disk_unknown").to_owned();
                Proof { what: "ready_disk", state: State::Unknown, found, deed: None }
            }
        }
    }

    /// Alerts come in without it: it calls those who are not at the desk.
    fn modem(&self, modem: &Modem) -> Proof {
        match &modem.state {
            Ok(()) => {
                let taken = modem.taken_at.map(|at| format!(" · {} {}", self.l("ready_sms_taken"), self.ago(at)));
                self.good("ready_sms", format!("{}{}", self.l("ready_sms_good"), taken.unwrap_or_default()))
            }
            Err(why) => {
                let found = format!("{} ({})", self.l("ready_sms_down"), text::shown(why, 160));
                Proof { what: "ready_sms", state: State::Unknown, found, deed: Some("ready_sms_do") }
            }
        }
    }

    /// Who would be called.
    fn roster(&self, modem: &Modem) -> Proof {
        let names = modem.on_duty.iter().filter_map(|id| self.site.name(id)).map(|name| text::shown(&name, 30));
        let names = names.collect::<Vec<String>>().join(", ");
        if modem.by_roster {
            return self.good("ready_roster", names);
        }
        let (what, state, deed) = ("ready_roster", State::Unknown, Some("ready_roster_do"));
        let found = match names.is_empty() {
            true => self.l("ready_roster_no_phone").to_owned(),
            false => format!("{} ({names})", self.l("ready_roster_none")),
        };
        Proof { what, state, found, deed }
    }

    fn ago(&self, at: Timestamp) -> String {
        let age = text::duration(self.language, (self.now - at).max(Span::zero()));
        self.language.pick(format!("{age}前"), format!("{age} ago"))
    }
}

/// The word for a state of sound.
pub(super) fn sound_label(sound: Sound) -> &'static str {
    match sound {
        Sound::Running => "sound_state_running",
        Sound::Locked => "sound_state_locked",
        Sound::Interrupted => "sound_state_interrupted",
        Sound::Missing => "sound_state_missing",
    }
}

/// A hundred thousand homes are not asked for each picture of a page.
const HEARD_ANEW: Span = Span::seconds(1);
const A_MOMENT: Span = Span::seconds(1);
/// Before this program was made no clock can be right: 2026-01-01.
const EARLIEST_MS: i64 = 1_767_225_600_000;
/// A heartbeat is on its way for seconds; what has waited longer is not compared.
const CLOCKS_DIFFER: Span = Span::minutes(2);
