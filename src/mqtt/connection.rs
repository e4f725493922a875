//! The task behind a link: makes a connection, polls it, throws it away when it fails, makes the next.
//!
//! Client and event loop of a failed connection are never used again: what they still hold is neither delivered nor
//! remembered.

mod conversation;

use crate::clock;
use crate::mqtt::Event;
use crate::mqtt::backoff::Backoff;
use crate::mqtt::dial::Dialer;
use crate::mqtt::link::{Link, Orders};
use crate::mqtt::progress::Progress;
use crate::mqtt::settings::{Kept, Pace, Settings, Will};
use crate::mqtt::words;
use conversation::mark_end_of_backlog;
use rumqttc::{AsyncClient, ConnectionError, EventLoop, PublishOptions};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Interval, MissedTickBehavior, interval, sleep, timeout};

/// Keeps a connection until told to stop.
#[allow(clippy::too_many_arguments)] // each comes from another hand
pub(super) async fn keep(
    settings: Settings,
    kept: Option<Kept>,
    pace: Pace,
    message_bytes_max: usize,
    link: Link,
    orders: watch::Receiver<Orders>,
    events: mpsc::Sender<Event>,
    alive: Arc<AtomicU64>,
) {
    let dialer = Dialer::new(settings.broker.clone(), &settings.client_id);
    let mut backoff = Backoff::new(&settings.client_id);
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut task = Task {
        settings,
        kept,
        is_stuck: false,
        pace,
        message_bytes_max,
        link,
        orders,
        events,
        alive,
        tick,
        number: 0,
        told: None,
    };
    loop {
        let End { why, held, closed_by_broker } = match task.one_connection(&dialer).await {
            Ok(()) => return,
            Err(end) => end,
        };
        let why = match held {
            Some(held) if held < task.pace.short_life && closed_by_broker => {
                backoff.was_short();
                match backoff.short_lived {
                    ..3 => why,
                    times => words::thrown_out(&task.settings.broker, &task.settings.client_id, times),
                }
            }
            Some(_) => {
                backoff.worked();
                why
            }
            None => {
                backoff.was_not_taken();
                why
            }
        };
        if task.tell_down(why).await.is_err() || task.pause(backoff.next_wait()).await.is_err() {
            return;
        }
    }
}

struct Task {
    settings: Settings,
    kept: Option<Kept>,
    /// The kept session is to be thrown away: the next connection ends it.
    is_stuck: bool,
    pace: Pace,
    /// Larger ones are left out.
    message_bytes_max: usize,
    link: Link,
    orders: watch::Receiver<Orders>,
    events: mpsc::Sender<Event>,
    alive: Arc<AtomicU64>,
    tick: Interval,
    number: u64,
    /// The last `Down` that was told and still holds.
    told: Option<String>,
}

/// How a connection ended.
struct End {
    why: String,
    /// How long it worked; absent if it never did.
    held: Option<Duration>,
    closed_by_broker: bool,
}

/// Nobody wants the link any more.
struct Stopped;

enum Next {
    Polled(Result<rumqttc::Event, ConnectionError>),
    Silent,
    Renew,
    Stop,
}

impl Task {
    /// One connection from the dialling to its end; `Ok` if it ended because nobody wants the link any more.
    async fn one_connection(&mut self, dialer: &Dialer) -> Result<(), End> {
        self.number += 1;
        let (client, mut event_loop) = self.client(dialer).map_err(|why| End::of(why, None))?;
        let mut progress = Progress::begun(self.pace.connect_within);
        loop {
            let next = self.next(&mut event_loop, &client, &mut progress).await;
            if matches!(next, Next::Polled(Err(_)) | Next::Silent | Next::Renew)
                && self.pass_on_the_rest(&mut event_loop, &client, &mut progress).await.is_err()
            {
                return Ok(());
            }
            let broker = &self.settings.broker;
            if matches!(next, Next::Silent) && progress.is_stuck() {
                self.is_stuck = true;
                return Err(End::of(words::stuck(broker), progress.held()));
            }
            match next {
                Next::Polled(Ok(event)) => {
                    if self.take(event, &client, &mut progress).await.is_err() {
                        return Ok(());
                    }
                    if self.is_stuck && progress.since.is_some() {
                        // This clean connection has ended the session; the next one begins a kept one.
                        self.is_stuck = false;
                        return Err(End::of(words::stuck(&self.settings.broker), None));
                    }
                }
                Next::Polled(Err(error)) => {
                    let closed_by_broker = words::is_closed_by_broker(&error);
                    return Err(End { closed_by_broker, ..End::of(words::why(broker, &error), progress.held()) });
                }
                Next::Silent if progress.since.is_none() => return Err(End::of(words::no_greeting(broker), None)),
                Next::Silent | Next::Renew => return Err(End::of(words::no_answer(broker), progress.held())),
                Next::Stop => {
                    self.link.now_down("stopped".to_owned());
                    say_goodbye(&client, event_loop, self.settings.will.as_ref().filter(|_| progress.is_up)).await;
                    return Ok(());
                }
            }
        }
    }

    fn client(&self, dialer: &Dialer) -> Result<(AsyncClient, EventLoop), String> {
        let mut options = self.settings.options(&self.pace, self.kept.is_some() && !self.is_stuck)?;
        let dialer = dialer.clone();
        options.set_socket_connector(move |_, _| dialer.clone().dial());
        let builder = AsyncClient::builder(options);
        // Acknowledgements are never refused a place; the broker's limit on messages under way bounds them.
        let builder = if self.kept.is_some() { builder.unbounded() } else { builder.capacity(REQUESTS_WAITING_MAX) };
        let built = builder.try_build();
        let (client, mut event_loop) = built.map_err(|error| error.to_string())?;
        let mut network = event_loop.network_options();
        network.set_connection_timeout(self.pace.connect_within.as_secs().max(1));
        event_loop.set_network_options(network);
        Ok((client, event_loop))
    }

    /// The next thing that happens. One poll outlives the ticks, or a slow connection would be begun anew at each.
    async fn next(&mut self, event_loop: &mut EventLoop, client: &AsyncClient, progress: &mut Progress) -> Next {
        let mut poll = pin!(event_loop.poll());
        loop {
            tokio::select! {
                biased;
                order = self.orders.changed() => {
                    let orders = *self.orders.borrow_and_update();
                    if order.is_err() || orders.stop {
                        return Next::Stop;
                    }
                    if orders.renew == self.number {
                        return Next::Renew;
                    }
                }
                event = &mut poll => return Next::Polled(event),
                _ = self.tick.tick() => {
                    self.alive.fetch_add(1, Ordering::Relaxed);
                    if self.events.is_closed() {
                        return Next::Stop;
                    }
                    if progress.answer_by().is_some_and(|by| clock::since_boot() > by) {
                        return Next::Silent;
                    }
                    if progress.gives_up_backlog(self.pace.late_at_most) {
                        tracing::warn!(broker = %self.settings.broker, "{}", words::no_mark());
                    } else if progress.is_marked() {
                        mark_end_of_backlog(client, self.mark_topic(), progress);
                    }
                }
            }
        }
    }

    async fn tell_down(&mut self, why: String) -> Result<(), Stopped> {
        self.link.now_down(why.clone());
        if self.told.as_ref() == Some(&why) {
            return Ok(());
        }
        self.told = Some(why.clone());
        self.events.send(Event::Down { why }).await.map_err(|_| Stopped)
    }

    /// Waits, and goes on proving that the task moves.
    async fn pause(&mut self, wait: Duration) -> Result<(), Stopped> {
        let mut wait = pin!(sleep(wait));
        loop {
            tokio::select! {
                () = &mut wait => return if self.events.is_closed() { Err(Stopped) } else { Ok(()) },
                order = self.orders.changed() => {
                    if order.is_err() || self.orders.borrow_and_update().stop {
                        return Err(Stopped);
                    }
                }
                _ = self.tick.tick() => {
                    self.alive.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }
}

impl End {
    fn of(why: String, held: Option<Duration>) -> End {
        End { why, held, closed_by_broker: false }
    }
}

/// Says what the last will would have said, and leaves cleanly.
async fn say_goodbye(client: &AsyncClient, mut event_loop: EventLoop, will: Option<&Will>) {
    if let Some(will) = will {
        let options = PublishOptions::at_least_once().retain(will.retain);
        if let Err(error) = client.try_publish(will.topic.as_str(), will.payload.clone(), options) {
            tracing::debug!(%error, "no goodbye");
        }
    }
    if client.try_disconnect_with_timeout(GOODBYE_WITHIN).is_ok() {
        // Whether the goodbye arrived cannot be mended any more.
        timeout(GOODBYE_WITHIN, async { while event_loop.poll().await.is_ok() {} }).await.ok();
    }
}

const TICK: Duration = Duration::from_secs(1);
const GOODBYE_WITHIN: Duration = Duration::from_secs(2);
/// Requests between the callers and the wire; the permits of a connection hold them far below it.
const REQUESTS_WAITING_MAX: usize = 100;
