//! The station's own modem: calls people who are on duty, reminds them, and does what they answer.
//!
//! A look every second asks the desk whom to tell what; what comes of it is a row of the office before it is sent, so that a
//! station that is killed forgets no message. One that was being sent when it was killed may be sent twice. What people
//! answer is a click like any other, marked as by SMS; it never closes an alert.

mod answers;
mod book;
mod entry;
mod words;

use crate::clock;
use crate::desk::{Codes, Desk, OnDuty, Roster, Summons};
use crate::model::ids::{PersonId, PointId};
use crate::model::time::{Span, Timestamp, Zone};
use crate::problem::Problem;
use crate::sinks::sms::{Event, Line, LineSettings, NotSent};
use crate::store::Office;
use crate::text::Language;
use crate::web::{Health, Modem, Request, Telephone, TestSms};
use book::Book;
use entry::{Entry, Kind, State};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// What the summoner needs of the station.
pub(super) struct Parts {
    pub point: PointId,
    pub zone: Zone,
    pub language: Language,
    pub desk: Arc<RwLock<Desk>>,
    pub health: Arc<RwLock<Health>>,
    pub office: Office,
    pub requests: mpsc::Sender<Request>,
}

/// Calls people.
pub(super) struct Summoner {
    parts: Parts,
    line: Arc<Line>,
    book: Book,
    codes: Codes,
    roster: Roster,
    read_at: Option<Span>,
    telephone: Telephone,
    /// What is being sent, with whether it is a call.
    sending: JoinSet<(String, bool, Result<Vec<u8>, NotSent>)>,
    calls: usize,
}

/// What wakes it.
pub(super) struct Heard {
    events: mpsc::Receiver<Event>,
    tests: mpsc::Receiver<PersonId>,
}

impl Summoner {
    /// Opens the modem and what was said before.
    pub fn open(settings: &LineSettings, parts: Parts) -> Result<(Summoner, Heard, Telephone), Problem> {
        let (line, events) = Line::open(settings)?;
        let rows = parts.office.summons().map_err(|error| error.problem())?;
        let book = Book::restore(rows);
        let (telephone, tests) = Telephone::new();
        for test in book.tests() {
            telephone.put(&test.to, of_test(test));
        }
        let roster = Roster::of([], &parts.zone, clock::now());
        let codes = book.codes();
        let line = Arc::new(line);
        let (sending, calls, read_at) = (JoinSet::new(), 0, None);
        let summoner =
            Summoner { parts, line, book, codes, roster, read_at, telephone: telephone.clone(), sending, calls };
        summoner.health(|modem| modem.state = Err("the modem has not answered yet".to_owned()));
        Ok((summoner, Heard { events, tests }, telephone))
    }

    /// Calls until the station stops.
    pub async fn run(mut self, mut heard: Heard, mut stopping: watch::Receiver<bool>) {
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while !*stopping.borrow() {
            tokio::select! {
                _ = look.tick() => self.look().await,
                Some(event) = heard.events.recv() => self.event(event).await,
                Some(person) = heard.tests.recv() => self.test(person).await,
                Some(done) = self.sending.join_next() => if let Ok((key, is_call, sent)) = done {
                    self.sent(key, is_call, sent).await;
                },
                _ = stopping.changed() => {}
            }
            self.send_next().await;
        }
    }

    /// Asks the desk whom to tell what, and writes it down.
    async fn look(&mut self) {
        self.read_roster().await;
        let now = clock::now();
        let known = self.book.known(|at| self.parts.zone.day(at));
        let mut rows = Vec::new();
        {
            let desk = Arc::clone(&self.parts.desk);
            let desk = desk.read().unwrap_or_else(PoisonError::into_inner);
            for summons in desk.summons(now, &self.roster, &known) {
                rows.extend(self.entry(&desk, now, &summons));
            }
            // A list that was done in time is not told of later.
            let today = self.parts.zone.day(now);
            if !known.days.contains(&today) && desk.open_at_deadline(now).is_some_and(|(_, homes)| homes == 0) {
                let nobody = PersonId::new("nobody").ok();
                let entry = nobody.map(|to| Entry::new(now, to, Kind::Daily, String::new()));
                rows.extend(entry.map(|entry| (format!("daily.{today}"), Entry { state: State::Dropped, ..entry })));
            }
        }
        self.write(rows).await;
    }

    fn entry(&mut self, desk: &Desk, now: Timestamp, summons: &Summons) -> Option<(String, Entry)> {
        if self.book.has(&summons.key) {
            return None;
        }
        let person = self.roster.get(&summons.to)?;
        let language = words::language(person, self.parts.language);
        let coded = summons.alert.as_ref().filter(|_| summons.matter != crate::desk::Matter::NoWatcher);
        let code = coded.and_then(|alert| self.codes.code(alert, |held| desk.keeps_code(held, now)));
        let words = words::words(desk, now, &self.parts.zone, language, summons, code)?;
        Some((summons.key.clone(), Entry::of(now, summons, code, words)))
    }

    /// The next message that waits, a call even while another message is under way.
    async fn send_next(&mut self) {
        for is_call in [true, false] {
            let has_room = if is_call { self.calls == 0 } else { self.sending.is_empty() };
            if !has_room {
                continue;
            }
            while let Some((key, entry)) = self.book.next(clock::since_boot(), is_call) {
                let (key, entry) = (key.clone(), entry.clone());
                let to = self.roster.get(&entry.to).map(|person| person.phone.clone());
                let Some(to) = to.filter(|_| self.is_wanted(&entry)) else {
                    self.write(vec![(key, Entry { state: State::Dropped, ..entry })]).await;
                    continue;
                };
                self.calls += usize::from(is_call);
                // Until it is known what became of it, it is not taken up again.
                self.book.hold(&key);
                let line = Arc::clone(&self.line);
                self.sending.spawn(async move {
                    let sent = line.send(&to, &entry.text, entry.is_call).await;
                    (key, is_call, sent)
                });
                break;
            }
        }
    }

    /// Whether it is still worth sending.
    fn is_wanted(&self, entry: &Entry) -> bool {
        let Some(matter) = entry.kind.matter() else {
            return clock::now() - entry.at < WORTH_FOR;
        };
        let desk = self.parts.desk.read().unwrap_or_else(PoisonError::into_inner);
        let has_declined = entry.alert.as_ref().is_some_and(|alert| self.book.has(&declined(alert, entry)));
        !has_declined && desk.still_wants(matter, entry.alert.as_ref(), &entry.to)
    }

    async fn sent(&mut self, key: String, is_call: bool, sent: Result<Vec<u8>, NotSent>) {
        self.calls = self.calls.saturating_sub(usize::from(is_call));
        self.book.release(&key);
        let Some(entry) = self.book.get(&key).cloned() else { return };
        match sent {
            Ok(references) => {
                let now = clock::now();
                tracing::info!(to = %entry.to, kind = ?entry.kind, "the network has taken an SMS");
                let (state, taken_ms) = (State::Taken, Some(now.timestamp_millis()));
                self.health(|modem| modem.taken_at = Some(now));
                let entry = Entry { state, taken_ms, references, ..entry };
                self.write(vec![(key, entry)]).await;
            }
            Err(NotSent { why, is_final: true }) => {
                tracing::error!(to = %entry.to, why, "an SMS cannot be sent");
                self.write(vec![(key, Entry { state: State::Failed, ..entry })]).await;
            }
            Err(NotSent { why, is_final: false }) => {
                tracing::warn!(to = %entry.to, why, "an SMS was not sent and is tried again");
                self.book.later(&key, clock::since_boot());
            }
        }
    }

    async fn event(&mut self, event: Event) {
        match event {
            Event::Up => {
                self.health(|modem| modem.state = Ok(()));
                self.book.all_due();
            }
            Event::Down(why) => {
                tracing::warn!(why, "no SMS can be sent");
                self.health(|modem| modem.state = Err(why));
            }
            Event::Came(said) => self.came(said).await,
            Event::Report(report) => self.report(&report).await,
            Event::Unreadable(why) => tracing::warn!(why, "an SMS cannot be read"),
        }
    }

    async fn test(&mut self, person: PersonId) {
        let Some(reachable) = self.fresh(&person).await else { return };
        let language = words::language(&reachable, self.parts.language);
        let text = crate::text::summons(language, &self.parts.zone, crate::text::Summons::Test, "");
        let now = clock::now();
        let key = format!("test.{person}.{}", now.timestamp_millis());
        self.write(vec![(key, Entry::new(now, person, Kind::Test, text))]).await;
    }

    /// Somebody of the roster as it stands in the office now.
    async fn fresh(&mut self, person: &PersonId) -> Option<crate::desk::Reachable> {
        self.read_at = None;
        self.read_roster().await;
        self.roster.get(person).cloned()
    }

    async fn read_roster(&mut self) {
        let since_boot = clock::since_boot();
        if self.read_at.is_some_and(|at| since_boot - at < ROSTER_READ_EVERY) {
            return;
        }
        let (office, zone) = (self.parts.office.clone(), self.parts.zone.clone());
        match tokio::task::spawn_blocking(move || office.staff()).await {
            Ok(Ok(staff)) => {
                let now = clock::now();
                self.roster = Roster::of(staff.iter().map(|(id, member)| (id, member)), &zone, now);
                self.read_at = Some(since_boot);
                let OnDuty { people, by_roster } = self.roster.on_duty(now);
                self.health(|modem| (modem.on_duty, modem.by_roster) = (people, by_roster));
            }
            // Who was known stays known.
            Ok(Err(why)) => tracing::error!(%why, "the staff cannot be read"),
            Err(why) => tracing::error!(%why, "the staff cannot be read"),
        }
    }

    /// Into the book at once, and into the office: a disk that fails holds back no call.
    async fn write(&mut self, rows: Vec<(String, Entry)>) {
        if rows.is_empty() {
            return;
        }
        let forgotten = clock::now() - KEPT_FOR;
        let bodies: Vec<_> = rows
            .iter()
            .filter_map(|(key, entry)| Some((key.clone(), entry.at, serde_json::to_string(entry).ok()?)))
            .collect();
        for (key, entry) in rows {
            if entry.kind == Kind::Test {
                self.telephone.put(&entry.to, of_test(&entry));
            }
            self.book.put(key, entry);
        }
        self.book.forget(forgotten);
        let office = self.parts.office.clone();
        let written = tokio::task::spawn_blocking(move || office.put_summons(&bodies, forgotten)).await;
        match written {
            Ok(Ok(())) => {}
            Ok(Err(why)) => tracing::error!(%why, "whom the station called was not written down"),
            Err(why) => tracing::error!(%why, "whom the station called was not written down"),
        }
    }

    fn health(&self, change: impl FnOnce(&mut Modem)) {
        let mut health = self.parts.health.write().unwrap_or_else(PoisonError::into_inner);
        change(health.modem.get_or_insert_default());
    }
}

/// The key of the line that says that this person cannot come.
fn declined(alert: &crate::desk::AlertKey, entry: &Entry) -> String {
    let at = alert.alert.raised_at.timestamp_millis();
    format!("declined.{}.{}.{at}.{}.{}", alert.home, alert.alert.number, entry.spell, entry.to)
}

fn of_test(test: &Entry) -> TestSms {
    let at = |ms: Option<i64>| ms.map(crate::model::time::from_millis);
    TestSms { asked_at: test.at, taken_at: at(test.taken_ms), heard_at: at(test.heard_ms) }
}

const LOOK_EVERY: Duration = Duration::from_secs(1);
const ROSTER_READ_EVERY: Span = Span::seconds(5);
/// Codes and the counting of reminders need days; more is for who asks what was sent.
const KEPT_FOR: Span = Span::days(30);
/// A test or an answer that comes later than this only puzzles.
const WORTH_FOR: Span = Span::hours(1);
