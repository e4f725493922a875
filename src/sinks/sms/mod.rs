//! People's phones by SMS, over a modem on a USB port: one message per person and alert, and one when it is over.
//!
//! SMS is best effort. That the network has taken a message, and even its report that the phone has it, proves no reader, so
//! neither is a receipt: the alert goes on as one that nobody has, and the next point is asked. (A receipt would also take the
//! notice off every other way to the same point, and a desk whose broker is down would never see it.) A notice is done when
//! every phone has reported, or five minutes after the network has it where none reports. What a person answers is a step of
//! theirs: `1`, or `1` and the number of the alert, takes it. Numbers can be forged, so answers count only where the config says so,
//! and all they can do is take. Sources: 3GPP TS 23.040, 27.005, 27.007.

pub mod address;
pub mod at;
mod book;
pub mod faults;
mod gsm7;
mod modem;
pub mod pdu;
mod settings;
pub mod split;

use crate::clock;
use crate::model::alert::AlertId;
use crate::model::ids::{ChannelName, HomeId, PersonId, PointId};
use crate::model::lifecycle::{Actor, Deed, Role, Via};
use crate::model::time::Zone;
use crate::mqtt::Broker;
use crate::problem::Problem;
use crate::sinks::{BoxFuture, FromStation, Handed, NotDelivered, Opening, Outgoing, Sink, What};
use crate::text;
use crate::wire;
use book::{Book, Kind, Wanted};
use modem::{Event, NotSent, Patience, Request, Waiting};
use pdu::{Deliver, Fate};
pub use settings::{Settings, check, files};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;

/// What it is, in one sentence.
pub const SUMMARY: &str = "people's phones by SMS, over a modem on a USB port";

/// An example for the config.
pub const EXAMPLE: &str = r#"sms = { port = "/dev/serial/by-id/usb-Made-Up_Modem-if02-port0", to = ["+8613800138000"], accept_answers = true }"#;

/// There is no broker behind it.
pub fn broker(_: &Settings) -> Option<&Broker> {
    None
}

/// Opens the channel; the modem is looked for from then on, again and again.
pub fn open(settings: &Settings, opening: Opening) -> Result<Arc<dyn Sink>, Problem> {
    open_with(settings, opening, Patience::default())
}

fn open_with(settings: &Settings, opening: Opening, patience: Patience) -> Result<Arc<dyn Sink>, Problem> {
    check(settings)?;
    let Opening { channel, home, point, zone, from_station, alive, .. } = opening;
    let pin = settings.pin()?;
    let port = settings.port.as_str().to_owned();
    let of_modem = modem::Settings { port, baud: settings.baud, pin, patience };
    let (calls, call_waits) = mpsc::channel(REQUESTS_WAITING_MAX);
    let (others, other_waits) = mpsc::channel(REQUESTS_WAITING_MAX);
    let waiting = Waiting { calls: call_waits, others: other_waits };
    let (events, heard) = mpsc::channel(REQUESTS_WAITING_MAX);
    let task = tokio::spawn(modem::run(of_modem, waiting, events, alive)).abort_handle();
    let book = Book::new(settings.to.clone(), settings.per_hour.into(), clock::now());
    let book = Arc::new(Mutex::new(book));
    let listener = Listener {
        channel: channel.clone(),
        home,
        point,
        accepts_answers: settings.accept_answers,
        zone: zone.clone(),
        book: Arc::clone(&book),
        from_station,
    };
    tokio::spawn(listener.run(heard));
    let settings = settings.clone();
    Ok(Arc::new(Sms { channel, settings, zone, book, calls, others, task, reference: AtomicU8::new(0) }))
}

/// More than the outbox has under way.
const REQUESTS_WAITING_MAX: usize = 32;

struct Sms {
    channel: ChannelName,
    settings: Settings,
    zone: Zone,
    book: Arc<Mutex<Book>>,
    calls: mpsc::Sender<Request>,
    others: mpsc::Sender<Request>,
    task: AbortHandle,
    /// Counts messages of several parts.
    reference: AtomicU8,
}

impl Sink for Sms {
    fn name(&self) -> &str {
        self.channel.as_str()
    }

    fn deliver<'a>(&'a self, outgoing: &'a Outgoing) -> BoxFuture<'a, Result<Handed, NotDelivered>> {
        Box::pin(async move {
            let (is_theirs, wanted) = {
                let mut book = lock(&self.book);
                (book.is_theirs(&outgoing.notice), book.wants(&outgoing.notice, clock::since_boot()))
            };
            match wanted {
                Wanted::Nothing if !is_theirs => Ok(Handed::NotTheirs),
                Wanted::Nothing => Ok(Handed::Done),
                Wanted::Wait => Ok(Handed::Accepted),
                Wanted::TooMany(why) => Err(NotDelivered::Later(why)),
                Wanted::Failed(people) => Err(NotDelivered::Never(self.unreached(&people))),
                Wanted::Send(kind, people) => self.send(&outgoing.notice, kind, people).await,
            }
        })
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), NotDelivered>> {
        Box::pin(async move {
            let (answer, answered) = oneshot::channel();
            self.ask(&self.others, Request::State { answer }).await?;
            let state = answered.await.map_err(|_| ended())?;
            state.map(drop).map_err(NotDelivered::Later)
        })
    }

    fn has_task(&self) -> bool {
        true
    }

    fn stop(&self) {
        self.task.abort();
    }
}

impl Drop for Sms {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Sms {
    /// One person after the other. One who cannot be told keeps none of the others from being told.
    async fn send(&self, notice: &wire::Notice, kind: Kind, people: Vec<usize>) -> Result<Handed, NotDelivered> {
        let words = self.words(notice, kind);
        let queue = if book::is_call(notice) { &self.calls } else { &self.others };
        let mut failed = None;
        let _reserved = Reserved { book: &self.book, alert: notice.alert, people: people.clone() };
        for nth in people {
            let Some(to) = self.settings.to.get(nth) else { continue };
            let bodies = split::split(&words, self.reference.fetch_add(1, Ordering::Relaxed));
            let (answer, answered) = oneshot::channel();
            let asked = self.ask(queue, Request::Send { to: to.clone(), bodies, answer }).await;
            let sent = match asked {
                Ok(()) => answered.await.unwrap_or_else(|_| Err(NotSent { why: ENDED.into(), is_final: false })),
                Err(error) => Err(NotSent { why: error.to_string(), is_final: false }),
            };
            match sent {
                Ok(references) => {
                    tracing::info!(
                        channel = self.name(),
                        to = to.masked(),
                        ?references,
                        "the network has taken an SMS"
                    );
                    lock(&self.book).carried(notice.alert, nth, references, clock::since_boot(), clock::now());
                }
                Err(NotSent { why, is_final }) => {
                    let why = if is_final { NotDelivered::Never(why) } else { NotDelivered::Later(why) };
                    // What can still come right is said first.
                    let is_worse = matches!(
                        (&failed, &why),
                        (Some(NotDelivered::Later(_)), _) | (Some(_), NotDelivered::Never(_))
                    );
                    failed = if is_worse { failed } else { Some(why) };
                }
            }
        }
        failed.map_or(Ok(Handed::Accepted), Err)
    }

    fn words(&self, notice: &wire::Notice, kind: Kind) -> String {
        let told = text::Sms {
            place: &notice.place,
            number: notice.alert.number,
            reason: &notice.state.reason,
            severity: notice.state.severity,
            is_test: notice.state.test,
            raised_at: notice.alert.raised_at,
            now: notice.clock_trusted.then(clock::now),
            may_answer: self.settings.accept_answers,
            last_resort: crate::sinks::last_resort(notice).filter(|_| kind == Kind::LastResort),
        };
        match kind {
            Kind::Alert | Kind::LastResort => text::sms(self.settings.language, &self.zone, &told),
            Kind::Over => text::sms_over(self.settings.language, &told),
        }
    }

    async fn ask(&self, queue: &mpsc::Sender<Request>, request: Request) -> Result<(), NotDelivered> {
        queue.send(request).await.map_err(|_| ended())
    }

    fn unreached(&self, people: &[usize]) -> String {
        let names = people.iter().filter_map(|nth| self.settings.to.get(*nth)).map(address::Address::masked);
        let names: Vec<String> = names.collect();
        format!("the network could not deliver to {}; is the number right, and the phone on?", names.join(", "))
    }
}

/// People who are being told. Whoever was not, when this ends in whatever way, is told at the next try.
struct Reserved<'b> {
    book: &'b Mutex<Book>,
    alert: AlertId,
    people: Vec<usize>,
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        let mut book = lock(self.book);
        self.people.iter().for_each(|nth| book.not_carried(self.alert, *nth));
    }
}

const ENDED: &str = "the channel is being closed";

fn ended() -> NotDelivered {
    NotDelivered::Later(ENDED.to_owned())
}

fn lock(book: &Mutex<Book>) -> MutexGuard<'_, Book> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Hears the modem and passes on what concerns the home.
struct Listener {
    channel: ChannelName,
    home: HomeId,
    point: PointId,
    accepts_answers: bool,
    zone: Zone,
    book: Arc<Mutex<Book>>,
    from_station: mpsc::Sender<FromStation>,
}

impl Listener {
    async fn run(self, mut heard: mpsc::Receiver<Event>) {
        while let Some(event) = heard.recv().await {
            let what = match event {
                Event::Up => What::Up,
                Event::Down(why) => What::Down { why: self.with_last_success(why) },
                Event::Unreadable(why) => What::Refused { topic: "an SMS".into(), why },
                Event::Came(deliver) => self.came(&deliver).unwrap_or_else(|why| What::Refused {
                    topic: format!("an SMS from {}", deliver.from.masked()),
                    why,
                }),
                Event::Report(report) => {
                    if report.fate() == Fate::Failed {
                        let (to, status) = (report.to.masked(), report.status);
                        tracing::warn!(channel = %self.channel, to, status, "the network could not deliver an SMS");
                    }
                    lock(&self.book).report(report);
                    continue;
                }
            };
            if self.from_station.send(FromStation { channel: self.channel.clone(), what }).await.is_err() {
                return;
            }
        }
    }

    /// A prepaid SIM runs dry some day: what worked last is said with its date.
    fn with_last_success(&self, why: String) -> String {
        let Some(at) = lock(&self.book).last_taken_at() else { return why };
        format!("{why}; the last message was taken {}", text::date_time(text::Language::English, &self.zone, at))
    }

    /// What somebody wrote, where it is a step; the error is words.
    fn came(&self, said: &Deliver) -> Result<What, String> {
        let book = lock(&self.book);
        let nth = book.person_of(&said.from).ok_or("the number is not in this channel's list")?;
        if !self.accepts_answers {
            return Err("accept_answers is not set".to_owned());
        }
        let alert = book.answer(nth, said)?;
        let at = said.at.unwrap_or_else(clock::now);
        // People of this channel have no names here: they are told apart by their place in the list.
        let person = PersonId::new(format!("{}.{}", self.channel, nth + 1)).ok();
        let by = Actor { role: Role::Responder, point: Some(self.point.clone()), person, via: Some(Via::Sms) };
        let key = format!("sms.{}.{}.{}", nth + 1, alert.number, at.timestamp_millis());
        let (v, home, deed) = (wire::VERSION, self.home.clone(), Deed::Take);
        Ok(What::Step(wire::StationStep { v, home, alert, key, at, by, deed }))
    }
}

#[cfg(test)]
mod tests;
