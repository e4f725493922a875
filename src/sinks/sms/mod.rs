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
mod hour;
mod line;
mod modem;
pub mod pdu;
mod settings;
mod shared;
pub mod split;

use crate::clock;
use crate::model::alert::AlertId;
use crate::model::ids::ChannelName;
use crate::model::time::Zone;
use crate::mqtt::Broker;
use crate::problem::Problem;
use crate::sinks::{BoxFuture, Handed, NotDelivered, Opening, Outgoing, Sink};
use crate::text;
use crate::wire;
use book::{Book, Kind, Wanted};
pub use line::{Line, LineSettings};
use modem::Request;
pub use modem::{Event, NotSent, Patience};
pub use settings::{Phones, Port, Settings, check, files};
pub use shared::Modems;
use shared::{Member, Shared};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{mpsc, oneshot};

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
    let Opening { channel, home, point, zone, from_station, alive, modems, .. } = opening;
    let (pin, port) = (settings.pin()?, settings.port.as_str().to_owned());
    let of_modem = modem::Settings { port, baud: settings.baud, pin, patience };
    let modem = modems.get(of_modem, settings.per_hour.into())?;
    let book = Book::new(settings.to.clone(), Arc::clone(&modem.hour), clock::now());
    let book = Arc::new(Mutex::new(book));
    let number = modem.join(Member {
        number: 0,
        channel: channel.clone(),
        home,
        point,
        has_own_phones: settings.are_of_addressee,
        accepts_answers: settings.accept_answers,
        zone: zone.clone(),
        book: Arc::clone(&book),
        from_station,
        alive,
    });
    let settings = settings.clone();
    Ok(Arc::new(Sms { channel, settings, zone, book, modem, number, reference: AtomicU8::new(0) }))
}

struct Sms {
    channel: ChannelName,
    settings: Settings,
    zone: Zone,
    book: Arc<Mutex<Book>>,
    modem: Arc<Shared>,
    /// Which of the modem's addressees this is.
    number: u64,
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
            self.ask(&self.modem.others, Request::State { answer }).await?;
            let state = answered.await.map_err(|_| ended())?;
            state.map(drop).map_err(NotDelivered::Later)
        })
    }

    fn has_task(&self) -> bool {
        true
    }

    fn stop(&self) {
        self.modem.leave(self.number);
    }
}

impl Drop for Sms {
    fn drop(&mut self) {
        self.modem.leave(self.number);
    }
}

impl Sms {
    /// To all at once, as far as a modem can: each waits in its queue, so that nobody else's message comes between those of a
    /// call. One who cannot be told keeps none of the others from being told.
    async fn send(&self, notice: &wire::Notice, kind: Kind, people: Vec<usize>) -> Result<Handed, NotDelivered> {
        let words = self.words(notice, kind);
        let queue = if book::is_call(notice) { &self.modem.calls } else { &self.modem.others };
        let _reserved = Reserved { book: &self.book, alert: notice.alert, people: people.clone() };
        let mut waiting = Vec::new();
        for nth in people {
            let Some(to) = self.settings.to.get(nth) else { continue };
            let bodies = split::split(&words, self.reference.fetch_add(1, Ordering::Relaxed));
            let (answer, answered) = oneshot::channel();
            let asked = self.ask(queue, Request::Send { to: to.clone(), bodies, answer }).await;
            waiting.push((nth, to, asked.map(|()| answered)));
        }
        let mut failed = None;
        for (nth, to, asked) in waiting {
            let sent = match asked {
                Ok(answered) => answered.await.unwrap_or_else(|_| Err(NotSent { why: ENDED.into(), is_final: false })),
                Err(error) => Err(NotSent { why: error.to_string(), is_final: false }),
            };
            match sent {
                Ok(references) => {
                    let (channel, to) = (self.name(), to.masked());
                    tracing::info!(channel, to, ?references, "the network has taken an SMS");
                    let mut book = lock(&self.book);
                    book.carried(notice.alert, nth, references, clock::since_boot(), clock::now());
                }
                Err(NotSent { why, is_final }) => failed = Some(worse(failed, why, is_final)),
            }
        }
        failed.map_or(Ok(Handed::Accepted), Err)
    }

    fn words(&self, notice: &wire::Notice, kind: Kind) -> String {
        let told = text::Sms {
            place: &notice.place,
            mark: text::Mark::Number(notice.alert.number),
            reason: &notice.state.reason,
            severity: notice.state.severity,
            is_test: notice.state.test,
            raised_at: notice.alert.raised_at,
            now: notice.clock_trusted.then(clock::now),
            answers: if self.settings.accept_answers { text::Answers::Take } else { text::Answers::None },
            due: None,
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

/// Of two failures what is said: first what can still come right.
fn worse(before: Option<NotDelivered>, why: String, is_final: bool) -> NotDelivered {
    match before {
        Some(before @ NotDelivered::Later(_)) => before,
        Some(before) if is_final => before,
        Some(_) | None if is_final => NotDelivered::Never(why),
        Some(_) | None => NotDelivered::Later(why),
    }
}

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
