//! One modem on one port for everybody who is told by it: the first channel that is opened starts its task, the others join,
//! and with the last one it ends.
//!
//! What the modem hears is passed to whom it concerns: an answer to the addressee whose telephone it came from, a report to
//! whoever sent the message.

use super::address::Address;
use super::book::Book;
use super::hour::Hour;
use super::lock;
use super::modem::{self, Event, Moved, Request, Waiting};
use super::pdu::{Deliver, Fate, Report};
use crate::clock;
use crate::model::alert::AlertId;
use crate::model::ids::{ChannelName, HomeId, PersonId, PointId};
use crate::model::lifecycle::{Actor, Deed, Role, Via};
use crate::model::time::{Timestamp, Zone};
use crate::problem::Problem;
use crate::sinks::{FromStation, What};
use crate::text;
use crate::wire;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// The modems of one gateway, by their ports.
#[derive(Debug, Clone, Default)]
pub struct Modems(Arc<Mutex<BTreeMap<String, Running>>>);

#[derive(Debug)]
struct Running {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

/// A modem that runs.
#[derive(Debug)]
pub struct Shared {
    settings: modem::Settings,
    /// What has to do with a call.
    pub calls: mpsc::Sender<Request>,
    /// Everything else.
    pub others: mpsc::Sender<Request>,
    /// What it may still send this hour.
    pub hour: Arc<Mutex<Hour>>,
    members: Arc<Mutex<Members>>,
    task: tokio::task::AbortHandle,
}

/// Who is told by a modem, and how it stands.
#[derive(Debug, Default)]
struct Members {
    each: Vec<Member>,
    /// How many have joined.
    joined: u64,
    /// Up or down, as it was told last.
    state: Option<What>,
}

/// One addressee of a modem.
#[derive(Debug)]
pub struct Member {
    /// Which one, by the modem's count; set by it.
    pub number: u64,
    /// The channel's name.
    pub channel: ChannelName,
    /// The home it leads out of.
    pub home: HomeId,
    /// The point or person it leads to.
    pub point: PointId,
    /// The telephones are those of `point`, not the channel's.
    pub has_own_phones: bool,
    /// Whether an answer takes an alert.
    pub accepts_answers: bool,
    /// The clock on the home's wall.
    pub zone: Zone,
    /// Who was told what.
    pub book: Arc<Mutex<Book>>,
    /// Where what comes of it is told.
    pub from_station: mpsc::Sender<FromStation>,
    /// Counts up while the modem's task moves.
    pub alive: Arc<AtomicU64>,
}

/// More than the outbox has under way.
const REQUESTS_WAITING_MAX: usize = 32;

impl Modems {
    /// The modem of these settings: the one that runs, or a new one. Nobody is told by it before [`Shared::join`].
    pub fn get(&self, settings: modem::Settings, per_hour: usize) -> Result<Arc<Shared>, Problem> {
        let mut running = lock(&self.0);
        if let Some(Running { shared, .. }) = running.get(&settings.port)
            && shared.is_used()
        {
            return if shared.settings == settings {
                Ok(Arc::clone(shared))
            } else {
                let deed = "a modem is one [[channel]]: name that at everybody it tells";
                Err(Problem::of(&settings.port, "two channels open this modem, each with other settings")
                    .with_deed(deed))
            };
        }
        let before = running.remove(&settings.port);
        let new = Shared::start(settings.clone(), per_hour, before);
        let shared = Arc::clone(&new.shared);
        running.insert(settings.port, new);
        Ok(shared)
    }
}

impl Shared {
    fn start(settings: modem::Settings, per_hour: usize, before: Option<Running>) -> Running {
        let (calls, call_waits) = mpsc::channel(REQUESTS_WAITING_MAX);
        let (others, other_waits) = mpsc::channel(REQUESTS_WAITING_MAX);
        let waiting = Waiting { calls: call_waits, others: other_waits };
        let (events, heard) = mpsc::channel(REQUESTS_WAITING_MAX);
        let members = Arc::<Mutex<Members>>::default();
        // The messages of the last hour were sent with the same SIM.
        let hour = before.as_ref().map(|before| Arc::clone(&before.shared.hour));
        let hour = hour.unwrap_or_else(|| Arc::new(Mutex::new(Hour::new(per_hour))));
        lock(&hour).limit_to(per_hour);
        let listener = Listener { members: Arc::clone(&members), hour: Arc::clone(&hour) };
        let moved = moved(&members);
        let of_modem = settings.clone();
        let task = tokio::spawn(async move {
            // A port has one reader: of two, neither works.
            if let Some(before) = before {
                drop(before.task.await);
            }
            tokio::join!(modem::run(of_modem, waiting, events, moved), listener.run(heard));
        });
        let shared = Shared { settings, calls, others, hour, members, task: task.abort_handle() };
        Running { shared: Arc::new(shared), task }
    }

    fn is_used(&self) -> bool {
        !lock(&self.members).each.is_empty() && !self.task.is_finished()
    }

    /// One more is told by it, and hears how it stands; the number is theirs.
    pub fn join(&self, member: Member) -> u64 {
        let mut members = lock(&self.members);
        members.joined += 1;
        let number = members.joined;
        if let Some(state) = &members.state {
            let said = FromStation { channel: member.channel.clone(), what: state.clone() };
            // Where so much waits to be read, how the modem stands is read of the next change.
            drop(member.from_station.try_send(said));
        }
        members.each.push(Member { number, ..member });
        number
    }

    /// One is told no more. With the last of them the modem is let go.
    pub fn leave(&self, number: u64) {
        let mut members = lock(&self.members);
        let before = members.each.len();
        members.each.retain(|member| member.number != number);
        if members.each.is_empty() && before > 0 {
            self.task.abort();
        }
    }
}

fn moved(members: &Arc<Mutex<Members>>) -> Moved {
    let members = Arc::clone(members);
    Arc::new(move || {
        for member in &lock(&members).each {
            member.alive.fetch_add(1, Ordering::Relaxed);
        }
    })
}

/// Hears the modem and passes on what concerns the home.
struct Listener {
    members: Arc<Mutex<Members>>,
    hour: Arc<Mutex<Hour>>,
}

impl Listener {
    async fn run(self, mut heard: mpsc::Receiver<Event>) {
        while let Some(event) = heard.recv().await {
            for (to, said) in self.said(event) {
                // One who is closed hears nothing; the others do.
                drop(to.send(said).await);
            }
        }
    }

    /// What comes of it, and for whom.
    fn said(&self, event: Event) -> Vec<(mpsc::Sender<FromStation>, FromStation)> {
        let mut members = lock(&self.members);
        let of_all = |members: &Members, what: What| {
            let each = members.by_channel();
            each.into_iter().map(|member| member.says(what.clone())).collect::<Vec<_>>()
        };
        match event {
            Event::Up => {
                members.state = Some(What::Up);
                of_all(&members, What::Up)
            }
            Event::Down(why) => {
                let why = self.with_last_success(why, members.each.first().map(|member| &member.zone));
                members.state = Some(What::Down { why: why.clone() });
                of_all(&members, What::Down { why })
            }
            Event::Unreadable(why) => {
                let first = members.each.first();
                first.map(|member| member.says(What::Refused { topic: "an SMS".into(), why })).into_iter().collect()
            }
            Event::Came(deliver) => members.came(&deliver).into_iter().collect(),
            Event::Report(report) => {
                members.report(report);
                Vec::new()
            }
        }
    }

    /// A prepaid SIM runs dry some day: what worked last is said with its date.
    fn with_last_success(&self, why: String, zone: Option<&Zone>) -> String {
        let (Some(at), Some(zone)) = (lock(&self.hour).last_taken_at(), zone) else { return why };
        format!("{why}; the last message was taken {}", text::date_time(text::Language::English, zone, at))
    }
}

impl Members {
    /// One for each channel: how a modem stands is told once, however many it tells.
    fn by_channel(&self) -> Vec<&Member> {
        let is_first =
            |nth: usize, member: &Member| self.each.iter().take(nth).all(|other| other.channel != member.channel);
        self.each.iter().enumerate().filter(|(nth, member)| is_first(*nth, member)).map(|(_, member)| member).collect()
    }

    /// Who has this telephone, and which of theirs it is.
    fn with_phone(&self, phone: &Address) -> Vec<(&Member, usize)> {
        self.each.iter().filter_map(|member| Some((member, lock(&member.book).person_of(phone)?))).collect()
    }

    fn report(&self, report: Report) {
        let theirs = self.with_phone(&report.to);
        if report.fate() == Fate::Failed {
            let channel = theirs.first().map_or("", |(member, _)| member.channel.as_str());
            let (to, status) = (report.to.masked(), report.status);
            tracing::warn!(channel, to, status, "the network could not deliver an SMS");
        }
        if !theirs.iter().any(|(member, _)| lock(&member.book).enter(&report)) {
            theirs.iter().for_each(|(member, _)| lock(&member.book).report(report.clone()));
        }
    }

    /// What somebody wrote: a step of theirs, or why it is none.
    fn came(&self, said: &Deliver) -> Option<(mpsc::Sender<FromStation>, FromStation)> {
        let theirs = self.with_phone(&said.from);
        let steps: Vec<_> = theirs.iter().map(|(member, nth)| (*member, member.step(*nth, said))).collect();
        // Of two who share a telephone it is the one who was told last.
        let taken = steps.iter().filter_map(|(member, step)| Some((*member, step.as_ref().ok()?)));
        if let Some((member, step)) = taken.max_by_key(|(_, step)| (step.alert, step.told_at)) {
            return Some(member.says(What::Step(step.step.clone())));
        }
        let refused = steps.into_iter().find_map(|(member, step)| Some((member, step.err()?)));
        let (member, why) = match refused {
            Some(refused) => refused,
            None => (self.each.first()?, "nobody who is told by this modem has the number".to_owned()),
        };
        let topic = format!("an SMS from {}", said.from.masked());
        Some(member.says(What::Refused { topic, why }))
    }
}

/// An answer that takes an alert.
struct Taken {
    alert: AlertId,
    told_at: Option<Timestamp>,
    step: wire::StationStep,
}

impl Member {
    fn says(&self, what: What) -> (mpsc::Sender<FromStation>, FromStation) {
        (self.from_station.clone(), FromStation { channel: self.channel.clone(), what })
    }

    /// What the `nth` of its people wrote, where it is a step; the error is words.
    fn step(&self, nth: usize, said: &Deliver) -> Result<Taken, String> {
        if !self.accepts_answers {
            return Err("accept_answers is not set".to_owned());
        }
        let book = lock(&self.book);
        let alert = book.answer(nth, said)?;
        let at = said.at.unwrap_or_else(clock::now);
        let (number, millis) = (alert.number, at.timestamp_millis());
        let (who, key) = if self.has_own_phones {
            // One who has several telephones is told apart by them, in the log alone.
            let who = PersonId::new(self.point.as_str()).ok();
            (who, format!("sms.{}.{}.{number}.{millis}", self.point, nth + 1))
        } else {
            // People of a channel have no names here: they are told apart by their place in the list.
            let who = PersonId::new(format!("{}.{}", self.channel, nth + 1)).ok();
            (who, format!("sms.{}.{number}.{millis}", nth + 1))
        };
        let by = Actor { role: Role::Responder, point: Some(self.point.clone()), person: who, via: Some(Via::Sms) };
        let (v, home, deed) = (wire::VERSION, self.home.clone(), Deed::Take);
        let step = wire::StationStep { v, home, alert, key, at, by, deed };
        Ok(Taken { alert, told_at: book.told_at(alert, nth), step })
    }
}
