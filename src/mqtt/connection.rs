//! The task behind a link: makes a connection, polls it, throws it away when it fails, makes the next.
//!
//! Client and event loop of a failed connection are never used again: what they still hold is neither delivered nor
//! remembered.

use crate::clock;
use crate::model::time::Span;
use crate::mqtt::Event;
use crate::mqtt::backoff::Backoff;
use crate::mqtt::delivery::Delivery;
use crate::mqtt::dial::Dialer;
use crate::mqtt::link::{Connection, Link, Orders};
use crate::mqtt::settings::{Kept, Pace, Settings, Will};
use crate::mqtt::words;
use rumqttc::{
    AsyncClient, ConnectionError, EventLoop, Outgoing, Packet, Publish, PublishOptions, QoS, SubAck, SubscribeFilter,
    SubscribeReasonCode,
};
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
    let dialer = Dialer::new(settings.broker.clone());
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

/// What a running connection waits for.
struct Progress {
    since: Option<Span>,
    is_up: bool,
    /// By when the broker must have greeted, then answered the subscription.
    ready_by: Option<Span>,
    /// By when it must have answered the question for a sign of life.
    ping_by: Option<Span>,
    /// What the broker held back is still coming.
    backlog: Option<Backlog>,
}

/// The messages that a broker held back come first and in their order, but nothing says where they end. So a mark is
/// published behind them, on a topic that only this client hears; when it is back, what follows is new.
struct Backlog {
    mark: Vec<u8>,
    /// When it must be back. A session that does not deliver it delivers no press either.
    over_at: Option<Span>,
}

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
        let ready_by = Some(clock::since_boot() + span(self.pace.connect_within));
        let mut progress = Progress { since: None, is_up: false, ready_by, ping_by: None, backlog: None };
        loop {
            let next = self.next(&mut event_loop, progress.answer_by()).await;
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
    async fn next(&mut self, event_loop: &mut EventLoop, answer_by: Option<Span>) -> Next {
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
                    if answer_by.is_some_and(|by| clock::since_boot() > by) {
                        return Next::Silent;
                    }
                }
            }
        }
    }

    async fn take(
        &mut self,
        event: rumqttc::Event,
        client: &AsyncClient,
        progress: &mut Progress,
    ) -> Result<(), Stopped> {
        let answer_by = Some(clock::since_boot() + span(self.pace.answer_within));
        // Of the rest of the protocol nothing is ours: publishes are told of their PUBACK by the client.
        if let rumqttc::Event::Outgoing(Outgoing::PingReq) = event {
            progress.ping_by = answer_by;
        } else if let rumqttc::Event::Incoming(packet) = event {
            match packet {
                Packet::ConnAck(greeting) => {
                    progress.since = Some(clock::since_boot());
                    progress.backlog = (self.kept.is_some() && greeting.session_present).then(Backlog::new);
                    progress.ready_by = answer_by;
                    if self.settings.filters.is_empty() {
                        progress.ready_by = None;
                        self.become_up(client, progress).await?;
                    } else {
                        self.subscribe(client);
                    }
                }
                Packet::SubAck(answer) => {
                    progress.ready_by = None;
                    self.note_refused(&answer);
                    self.mark_end_of_backlog(client, progress);
                    self.become_up(client, progress).await?;
                }
                Packet::PingResp => progress.ping_by = None,
                Packet::Publish(message) => self.pass_on(message, client, progress).await?,
                Packet::Connect(_)
                | Packet::PubAck(_)
                | Packet::PubRec(_)
                | Packet::PubRel(_)
                | Packet::PubComp(_)
                | Packet::Subscribe(_)
                | Packet::Unsubscribe(_)
                | Packet::UnsubAck(_)
                | Packet::PingReq
                | Packet::Disconnect => {}
            }
        }
        Ok(())
    }

    fn subscribe(&self, client: &AsyncClient) {
        let mark = self.kept.iter().map(|_| self.mark_topic());
        let filters = self.settings.filters.iter().cloned().chain(mark);
        let filters = filters.map(|filter| SubscribeFilter::new(filter, QoS::AtLeastOnce));
        // A refusal to queue leaves the SUBACK out, and its deadline drops the connection.
        if let Err(error) = client.try_subscribe_many(filters) {
            tracing::error!(broker = %self.settings.broker, %error, "cannot subscribe");
        }
        let dropped = self.kept.iter().flat_map(|kept| &kept.dropped_filters).cloned().collect::<Vec<_>>();
        if !dropped.is_empty()
            && let Err(error) = client.try_unsubscribe_many(dropped)
        {
            tracing::warn!(broker = %self.settings.broker, %error, "cannot unsubscribe");
        }
    }

    fn mark_topic(&self) -> String {
        format!("{}{}", words::MARK_TOPICS, self.settings.client_id)
    }

    fn mark_end_of_backlog(&self, client: &AsyncClient, progress: &mut Progress) {
        let Some(backlog) = &mut progress.backlog else { return };
        backlog.over_at = Some(clock::since_boot() + span(BACKLOG_WITHIN));
        let options = PublishOptions::at_least_once();
        if let Err(error) = client.try_publish(self.mark_topic(), backlog.mark.clone(), options) {
            tracing::debug!(broker = %self.settings.broker, %error, "cannot mark the end of what was held back");
        }
    }

    /// A refused filter leaves the others and all publishing at work: deaf in part is better than mute.
    fn note_refused(&self, answer: &SubAck) {
        let answers = self.settings.filters.iter().zip(&answer.return_codes);
        let refused: Vec<String> = answers
            .filter(|(_, code)| matches!(code, SubscribeReasonCode::Failure))
            .map(|(filter, _)| filter.clone())
            .collect();
        if !refused.is_empty() {
            tracing::error!(broker = %self.settings.broker, ?refused, "the broker refuses filters; check its access list");
        }
        self.link.now_refused(refused);
    }

    async fn become_up(&mut self, client: &AsyncClient, progress: &mut Progress) -> Result<(), Stopped> {
        if progress.is_up {
            return Ok(());
        }
        progress.is_up = true;
        self.told = None;
        if let Some((topic, payload)) = &self.settings.announce {
            let options = PublishOptions::at_least_once().retained();
            // Queued before the link is up, so that it stands in front of everything others publish.
            if let Err(error) = client.try_publish(topic.as_str(), payload.clone(), options) {
                tracing::error!(broker = %self.settings.broker, %error, "cannot announce the link");
            }
        }
        self.link.now_up(Connection::new(client.clone(), self.number));
        self.events.send(Event::Up).await.map_err(|_| Stopped)
    }

    async fn pass_on(
        &mut self,
        message: Publish,
        client: &AsyncClient,
        progress: &mut Progress,
    ) -> Result<(), Stopped> {
        // Brokers may send before the SUBACK; a message proves as well that we are subscribed.
        self.become_up(client, progress).await?;
        let kept = self.kept.as_ref().map(|_| Delivery::of(&message, progress.is_late(), client));
        let topic = String::from_utf8_lossy(&message.topic).into_owned();
        if message.payload.len() > self.message_bytes_max {
            tracing::debug!(topic, bytes = message.payload.len(), "message is too large and left out");
            kept.into_iter().for_each(Delivery::acknowledge);
            return Ok(());
        }
        if kept.is_some() && topic == self.mark_topic() {
            // A mark of an earlier connection says nothing about this one.
            progress.backlog.take_if(|backlog| message.payload[..] == backlog.mark[..]);
            kept.into_iter().for_each(Delivery::acknowledge);
            return Ok(());
        }
        let message = Event::Message { topic, payload: message.payload.to_vec(), retained: message.retain, kept };
        self.events.send(message).await.map_err(|_| Stopped)
    }

    /// What was read together with the end of the connection: the broker counts it as delivered and never repeats it;
    /// and one that keeps the session may have ended with it.
    async fn pass_on_the_rest(
        &mut self,
        event_loop: &mut EventLoop,
        client: &AsyncClient,
        progress: &mut Progress,
    ) -> Result<(), Stopped> {
        while let Some(event) = event_loop.state.events.pop_front() {
            if let rumqttc::Event::Incoming(Packet::Publish(message)) = event {
                self.pass_on(message, client, progress).await?;
            }
        }
        Ok(())
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

impl Progress {
    fn answer_by(&self) -> Option<Span> {
        let mark_by = self.backlog.as_ref().and_then(|backlog| backlog.over_at);
        self.ready_by.into_iter().chain(self.ping_by).chain(mark_by).min()
    }

    fn is_stuck(&self) -> bool {
        self.backlog.as_ref().and_then(|backlog| backlog.over_at).is_some_and(|by| clock::since_boot() > by)
    }

    fn is_late(&self) -> bool {
        self.backlog.is_some()
    }

    fn held(&self) -> Option<Duration> {
        (clock::since_boot() - self.since?).to_std().ok()
    }
}

impl Backlog {
    fn new() -> Backlog {
        // Unlike every mark that may still wait in the session: two runs of one boot never begin in one instant.
        let mark = format!("{}-{}", std::process::id(), clock::since_boot().num_milliseconds());
        Backlog { mark: mark.into_bytes(), over_at: None }
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

fn span(duration: Duration) -> Span {
    Span::from_std(duration).unwrap_or(Span::MAX)
}

/// A thousand messages, the most that a broker holds back, take a fraction of this.
const BACKLOG_WITHIN: Duration = Duration::from_secs(5);
const TICK: Duration = Duration::from_secs(1);
const GOODBYE_WITHIN: Duration = Duration::from_secs(2);
/// Requests between the callers and the wire; the permits of a connection hold them far below it.
const REQUESTS_WAITING_MAX: usize = 100;
