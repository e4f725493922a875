//! What people write back: a step of theirs, or words about why it is none.

use super::entry::{Entry, Kind, State};
use super::{Summoner, declined, words};
use crate::clock;
use crate::desk::{AlertKey, Answer, Click, Reachable, RowView, Said, Spoken};
use crate::model::ids::PersonId;
use crate::model::lifecycle::{Actor, Deed, Phase, Proof, Refusal, Via};
use crate::model::time::{Span, from_millis};
use crate::sinks::sms::address::Address;
use crate::sinks::sms::pdu::{Deliver, Fate, Report};
use crate::text::{self, Language};
use crate::web::{Request, Wanted};
use std::sync::PoisonError;
use tokio::sync::oneshot;

/// Somebody of the staff who wrote.
struct Writer {
    id: PersonId,
    person: Reachable,
    language: Language,
    /// The same for the same message, though it be read twice.
    key: String,
}

impl Summoner {
    /// Somebody wrote. Only telephones of the staff are heard.
    pub(super) async fn came(&mut self, said: Deliver) {
        self.read_at = None;
        self.read_roster().await;
        let from = said.from.clone();
        let found = self.roster.iter().find(|(_, person)| is_phone(&person.phone, &from));
        let Some((id, person)) = found.map(|(id, person)| (id.clone(), person.clone())) else {
            tracing::warn!(from = from.masked(), "an SMS of somebody who is not on the staff list changes nothing");
            return;
        };
        let language = words::language(&person, self.parts.language);
        let at = said.at.unwrap_or_else(clock::now).timestamp_millis();
        let text: String = said.body.text.chars().filter(|sign| sign.is_ascii_alphanumeric()).take(8).collect();
        let writer = Writer { key: format!("sms.{id}.{at}.{text}"), id, person, language };
        match Spoken::read(&said.body.text) {
            None => self.reply_seldom(&writer, text::Summons::NotUnderstood).await,
            Some(Spoken { said: Said::Heard, .. }) => self.test_heard(&writer).await,
            Some(spoken) => match self.alert_meant(&writer, spoken, &said) {
                Ok(alert) => self.act(&writer, spoken.said, alert).await,
                Err(codes) if codes.is_empty() => self.reply(&writer, text::Summons::NoneOpen, "").await,
                Err(codes) => self.reply(&writer, text::Summons::WhichOne { codes: &codes }, "").await,
            },
        }
    }

    async fn test_heard(&mut self, writer: &Writer) {
        let Some((key, test)) = self.book.newest(&writer.id, Kind::Test) else { return };
        let heard_ms = test.heard_ms.or(Some(clock::now().timestamp_millis()));
        let row = (key.clone(), Entry { heard_ms, ..test.clone() });
        self.write(vec![row]).await;
    }

    /// The alert of the code; without one the only open alert that was sent to this telephone. Else the codes to choose from.
    fn alert_meant(&self, writer: &Writer, spoken: Spoken, said: &Deliver) -> Result<AlertKey, String> {
        let desk = self.parts.desk.read().unwrap_or_else(PoisonError::into_inner);
        let now = clock::now();
        let is_open = |alert: &AlertKey| words::row(&desk, now, alert).is_some_and(|row| row.phase.is_open());
        if let Some(code) = spoken.code {
            return self.codes.alert(code).filter(|alert| is_open(alert)).cloned().ok_or_else(String::new);
        }
        // An answer that lay in the network for hours does not mean what was raised meanwhile.
        let is_newer = |taken_ms: Option<i64>| {
            said.at.is_none_or(|at| taken_ms.is_none_or(|taken| at + CLOCKS_DIFFER >= from_millis(taken)))
        };
        let told = self.book.alerts_told(&writer.id).into_iter();
        let open: Vec<AlertKey> =
            told.filter(|(alert, taken)| is_newer(*taken) && is_open(alert)).map(|(alert, _)| alert).collect();
        match &open[..] {
            [only] => Ok(only.clone()),
            [] => Err(String::new()),
            several => Err(self.codes_of(several)),
        }
    }

    fn codes_of(&self, alerts: &[AlertKey]) -> String {
        let codes = alerts.iter().filter_map(|alert| self.codes.of(alert));
        codes.take(CODES_NAMED_MAX).map(|code| code.to_string()).collect::<Vec<_>>().join(" ")
    }

    async fn act(&mut self, writer: &Writer, said: Said, alert: AlertKey) {
        let row = {
            let desk = self.parts.desk.read().unwrap_or_else(PoisonError::into_inner);
            words::row(&desk, clock::now(), &alert)
        };
        let Some(row) = row else { return self.reply(writer, text::Summons::NoneOpen, "").await };
        let code = self.codes.of(&alert).map(|code| code.to_string()).unwrap_or_default();
        let owner = row.owner.as_ref().and_then(|owner| owner.actor.person.as_ref());
        let is_theirs = owner == Some(&writer.id);
        if said == Said::Cannot && !is_theirs {
            self.decline(writer, &alert, &row).await;
            if owner.is_some() {
                return;
            }
        }
        if is_theirs && is_done(said, row.phase) {
            return; // said twice
        }
        let deed = deed(said, &row, writer);
        let answer = self.click(writer, alert, deed).await;
        let zone = self.parts.zone.clone();
        match answer {
            Some(Answer::Done { .. }) => {}
            Some(Answer::Refused(Refusal::Owned { .. })) => {
                let place = row.place.clone().unwrap_or_else(|| row.key.home.to_string());
                let others = text::Summons::Others { place: &place, at: row.raised_at };
                self.reply(writer, others, &code).await;
            }
            Some(Answer::Refused(why)) => {
                let why = text::refusal(writer.language, &why, &zone, &text::no_names);
                self.reply(writer, text::Summons::Refused { why: &why }, &code).await;
            }
            Some(Answer::NoSuchAlert | Answer::Declined(_)) => {
                self.reply(writer, text::Summons::NoneOpen, &code).await;
            }
            None => {
                let why = text::label(writer.language, "not_answered");
                self.reply(writer, text::Summons::Refused { why }, &code).await;
            }
        }
    }

    /// Who cannot come is not asked again about this alert.
    async fn decline(&mut self, writer: &Writer, alert: &AlertKey, row: &RowView) {
        let entry = Entry {
            alert: Some(alert.clone()),
            spell: row.reopened,
            state: State::Dropped,
            ..Entry::new(clock::now(), writer.id.clone(), Kind::Declined, String::new())
        };
        let key = declined(alert, &entry);
        self.write(vec![(key, entry)]).await;
    }

    async fn click(&self, writer: &Writer, alert: AlertKey, deed: Deed) -> Option<Answer> {
        let (point, person) = (Some(self.parts.point.clone()), Some(writer.id.clone()));
        let by = Actor { role: writer.person.role, point, person, via: Some(Via::Sms) };
        let click = Click { ticket: 0, alert, by, deed, expect: None, key: writer.key.clone() };
        let (answer, answered) = oneshot::channel();
        self.parts.requests.send(Request { wanted: Wanted::Click(click), answer }).await.ok()?;
        let answered = tokio::time::timeout(ANSWER_WITHIN, answered).await.ok()?.ok()?;
        Some(answered.0)
    }

    async fn reply(&mut self, writer: &Writer, what: text::Summons<'_>, code: &str) {
        let key = format!("re.{}", writer.key);
        if self.book.has(&key) {
            return; // the same message, read twice
        }
        let text = text::summons(writer.language, &self.parts.zone, what, code);
        let entry = Entry::new(clock::now(), writer.id.clone(), Kind::Reply, text);
        self.write(vec![(key, entry)]).await;
    }

    /// To what may be another machine's answer: two machines that answer one another never end.
    async fn reply_seldom(&mut self, writer: &Writer, what: text::Summons<'_>) {
        let newest = self.book.newest(&writer.id, Kind::Reply).map(|(_, reply)| reply.at);
        if newest.is_none_or(|at| clock::now() - at > REPLY_SELDOM) {
            self.reply(writer, what, "").await;
        }
    }

    /// What became of a message.
    pub(super) async fn report(&mut self, report: &Report) {
        let is_theirs =
            |entry: &Entry| self.roster.get(&entry.to).is_some_and(|person| is_phone(&person.phone, &report.to));
        let found = self.book.carried(report.reference).into_iter().find(|(_, entry)| is_theirs(entry));
        let Some((key, mut entry)) = found else { return };
        match report.fate() {
            Fate::Tried => return,
            Fate::Delivered => entry.references.retain(|reference| *reference != report.reference),
            Fate::Failed => {
                tracing::warn!(to = %entry.to, status = report.status, "the network could not deliver an SMS");
                entry.undelivered += 1;
                entry.references.clear();
                entry.state = if entry.undelivered < TRIES_MAX { State::Waits } else { State::Failed };
            }
        }
        self.write(vec![(key, entry)]).await;
    }
}

fn is_phone(phone: &str, other: &Address) -> bool {
    phone.parse::<Address>().is_ok_and(|phone| phone.is_same_phone(other))
}

/// What an answer means for this alert.
fn deed(said: Said, row: &RowView, writer: &Writer) -> Deed {
    let is_handed_to = row.handing_to.as_ref().is_some_and(|asked| asked.person == writer.id);
    let is_theirs = row.owner.as_ref().is_some_and(|owner| owner.actor.person.as_ref() == Some(&writer.id));
    let cannot = || writer.language.pick("去不了", "cannot come").to_owned();
    match said {
        Said::Take if is_handed_to => Deed::Accept,
        Said::Take | Said::Heard => Deed::Take,
        Said::Depart => Deed::Depart,
        Said::Arrive => Deed::Arrive { proof: Proof::None },
        Said::Cannot if !is_theirs => Deed::Note { text: cannot() },
        Said::Cannot if row.phase == Phase::Taken => Deed::Release { why: cannot() },
        // Who is on the way or at the door needs help.
        Said::Cannot => Deed::ask_further(),
    }
}

/// Whether its owner has said it before, or more.
fn is_done(said: Said, phase: Phase) -> bool {
    match said {
        Said::Take => phase.is_in_hand(),
        Said::Depart => matches!(phase, Phase::OnTheWay | Phase::Arrived),
        Said::Arrive => phase == Phase::Arrived,
        Said::Cannot | Said::Heard => false,
    }
}

const ANSWER_WITHIN: std::time::Duration = std::time::Duration::from_secs(10);
/// How far the clocks of a station and of a network may differ.
const CLOCKS_DIFFER: Span = Span::minutes(5);
const REPLY_SELDOM: Span = Span::hours(1);
/// So often it may not arrive before it is given up.
const TRIES_MAX: u32 = 3;
const CODES_NAMED_MAX: usize = 8;
