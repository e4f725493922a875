//! One alert: facts, timeline, what can be done and chosen.

use super::{LATE, Painter};
use crate::desk::{AlertView, RowView};
use crate::model::lifecycle::{CallResult, Contact, Deed, Outcome, Role};
use crate::text;

pub(in crate::web) struct Choice {
    pub value: String,
    pub word: &'static str,
}

pub(in crate::web) struct Fact {
    pub name: &'static str,
    pub value: String,
}

pub(in crate::web) struct LineModel {
    pub at: String,
    pub text: String,
    pub undone: bool,
    pub waiting: bool,
    pub tone: &'static str,
}

pub(in crate::web) struct DeedModel {
    pub step: &'static str,
    pub word: &'static str,
}

impl Painter<'_> {
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
