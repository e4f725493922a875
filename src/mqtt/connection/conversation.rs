//! What the broker says on a running connection, and our answers to it: subscriptions, marks, messages passed on.

use super::{Stopped, Task};
use crate::clock;
use crate::mqtt::Event;
use crate::mqtt::delivery::Delivery;
use crate::mqtt::link::Connection;
use crate::mqtt::progress::{Backlog, Progress, span};
use crate::mqtt::words;
use rumqttc::{
    AsyncClient, EventLoop, Outgoing, Packet, Publish, PublishOptions, QoS, SubAck, SubscribeFilter,
    SubscribeReasonCode,
};
use std::sync::atomic::Ordering;

impl Task {
    pub(super) async fn take(
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
                    progress.backlog = (self.kept.is_some() && greeting.session_present).then(Backlog::begun);
                    progress.ready_by = answer_by;
                    if self.settings.filters.is_empty() && self.kept.is_none() {
                        progress.ready_by = None;
                        self.become_up(client, progress).await?;
                    } else {
                        self.subscribe(client);
                    }
                }
                Packet::SubAck(answer) => {
                    progress.ready_by = None;
                    self.note_refused(&answer);
                    mark_end_of_backlog(client, self.mark_topic(), progress);
                    self.become_up(client, progress).await?;
                }
                Packet::UnsubAck(_) => self.note_dropped(),
                Packet::PingResp => progress.ping_by = None,
                Packet::Publish(message) => self.pass_on(message, client, progress).await?,
                Packet::Connect(_)
                | Packet::PubAck(_)
                | Packet::PubRec(_)
                | Packet::PubRel(_)
                | Packet::PubComp(_)
                | Packet::Subscribe(_)
                | Packet::Unsubscribe(_)
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

    pub(super) fn mark_topic(&self) -> String {
        format!("{}{}", words::MARK_TOPICS, self.settings.client_id)
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

    /// What nobody wants any more is given back; the next connection need not do it again.
    fn note_dropped(&mut self) {
        if let Some(kept) = &mut self.kept {
            kept.dropped_filters.clear();
            kept.are_dropped.store(true, Ordering::Relaxed);
        }
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
        progress.more_of_backlog(&message);
        let topic = String::from_utf8_lossy(&message.topic).into_owned();
        if message.payload.len() > self.message_bytes_max {
            tracing::debug!(topic, bytes = message.payload.len(), "message is too large and left out");
            kept.into_iter().for_each(Delivery::acknowledge);
            return Ok(());
        }
        if kept.is_some() && topic == self.mark_topic() {
            progress.marked(&message.payload);
            kept.into_iter().for_each(Delivery::acknowledge);
            return Ok(());
        }
        let message = Event::Message { topic, payload: message.payload.to_vec(), retained: message.retain, kept };
        self.events.send(message).await.map_err(|_| Stopped)
    }

    /// What was read together with the end of the connection: the broker counts it as delivered and never repeats it;
    /// and one that keeps the session may have ended with it.
    pub(super) async fn pass_on_the_rest(
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
}

/// Publishes the mark behind what the broker held back, where it is due.
pub(super) fn mark_end_of_backlog(client: &AsyncClient, topic: String, progress: &mut Progress) {
    let Some(mark) = progress.due_mark() else { return };
    if let Err(error) = client.try_publish(topic, mark, PublishOptions::at_least_once()) {
        tracing::debug!(%error, "cannot mark the end of what was held back");
    }
}
