//! Lamps, sirens and voices in the home: they say how far help has come, by messages on the home's own broker.
//!
//! Each output has a message of its own for each signal; one that has none for a signal stays as it is. What holds is
//! said again when the broker is back, so that a lamp does not go on saying what was true before.

use crate::clock;
use crate::model::signal::Signal;
use crate::model::time::Span;
use crate::mqtt::{self, Link};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// One lamp, siren or voice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its name, for people.
    pub name: String,
    /// Where its device listens.
    pub topic: String,
    /// Whether the broker keeps the newest message for a device that was away.
    pub retain: bool,
    /// A voice or a siren says it again after that long, while it holds; a lamp need not.
    pub again_after: Option<Span>,
    /// The message for each signal.
    pub says: BTreeMap<Signal, String>,
}

impl Output {
    /// The signal that it gives for this one: without words for the last resort it says what comes nearest and is as true.
    fn fitting(&self, signal: Signal) -> Signal {
        let has = |signal: Signal| self.says.contains_key(&signal);
        let falls_back = signal == Signal::LastResort && !has(signal) && has(Signal::Unreached);
        if falls_back { Signal::Unreached } else { signal }
    }
}

/// Plays signals until it is dropped.
pub struct Player {
    signal: watch::Sender<Signal>,
    link: Link,
    task: JoinHandle<()>,
}

impl Player {
    /// Connects to the home's broker, and from then on by itself, again and again.
    pub fn start(outputs: Vec<Output>, broker: mqtt::Settings, alive: Arc<AtomicU64>) -> Player {
        let (link, events) = mqtt::start(broker, Arc::clone(&alive));
        let (signal, wanted) = watch::channel(Signal::default());
        let outputs = outputs.into_iter().map(|output| Playing { output, said: None, is_in_doubt: false }).collect();
        let task = tokio::spawn(play(outputs, link.clone(), events, wanted));
        Player { signal, link, task }
    }

    /// From now on this holds.
    pub fn tell(&self, signal: Signal) {
        self.signal.send_if_modified(|told| std::mem::replace(told, signal) != signal);
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.link.stop();
        self.task.abort();
    }
}

struct Playing {
    output: Output,
    /// What it was told last, and when since boot.
    said: Option<(Signal, Span)>,
    /// Whether its device still knows that.
    is_in_doubt: bool,
}

impl Playing {
    /// Whether `signal` must be said to it now.
    fn is_due(&self, signal: Signal) -> bool {
        match &self.said {
            // Nothing to say, and it never said anything: at a start nobody hears "all clear".
            None => signal != Signal::AllClear,
            Some((said, _)) if *said != signal => true,
            // A voice does not say "all clear" twice.
            Some(_) if self.is_in_doubt => signal != Signal::AllClear || self.output.again_after.is_none(),
            Some((_, at)) => {
                let again = self.output.again_after.filter(|_| signal != Signal::AllClear);
                again.is_some_and(|span| clock::since_boot() - *at >= span)
            }
        }
    }
}

/// After a message that was not taken, and to see whether one is to be said again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

async fn play(
    mut outputs: Vec<Playing>,
    link: Link,
    mut events: mpsc::Receiver<mqtt::Event>,
    mut wanted: watch::Receiver<Signal>,
) {
    loop {
        let signal = *wanted.borrow_and_update();
        // What is there to be read comes first: a connection that is new must not be spoken on twice.
        while let Ok(event) = events.try_recv() {
            heard(&event, &mut outputs);
        }
        if link.is_up() {
            for playing in &mut outputs {
                say(&link, playing, playing.output.fitting(signal)).await;
            }
        }
        let has_to_look = outputs
            .iter()
            .any(|playing| playing.is_due(playing.output.fitting(signal)) || playing.output.again_after.is_some());
        tokio::select! {
            changed = wanted.changed() => if changed.is_err() { return },
            event = events.recv() => match event {
                Some(event) => heard(&event, &mut outputs),
                None => return,
            },
            () = tokio::time::sleep(LOOK_AGAIN), if has_to_look => {}
        }
    }
}

/// A device that lost its broker may have lost its state with it: what holds is said again, "all clear" too where it was said.
fn heard(event: &mqtt::Event, outputs: &mut [Playing]) {
    if matches!(event, mqtt::Event::Up) {
        outputs.iter_mut().for_each(|playing| playing.is_in_doubt = playing.said.is_some());
    }
}

async fn say(link: &Link, playing: &mut Playing, signal: Signal) {
    if !playing.is_due(signal) {
        return;
    }
    let Output { name, topic, retain, says, .. } = &playing.output;
    if let Some(words) = says.get(&signal)
        && let Err(why) = link.publish(topic, words.clone().into_bytes(), *retain).await
    {
        tracing::warn!(name, %why, signal = signal.as_str(), "the person in the home could not be told");
        return;
    }
    playing.said = Some((signal, clock::since_boot()));
    playing.is_in_doubt = false;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn playing(again_after: Option<Span>) -> Playing {
        let (name, topic, says) = ("lamp".to_owned(), "cmnd/lamp".to_owned(), BTreeMap::new());
        Playing { output: Output { name, topic, retain: false, again_after, says }, said: None, is_in_doubt: false }
    }

    #[test]
    fn after_a_reconnection_what_holds_is_said_once_more_and_no_voice_says_all_clear_twice() {
        let mut outputs = [playing(None), playing(Some(Span::hours(1)))];
        let due = |outputs: &[Playing], signal| outputs.iter().map(|one| one.is_due(signal)).collect::<Vec<_>>();
        heard(&mqtt::Event::Up, &mut outputs);
        assert_eq!(due(&outputs, Signal::AllClear), [false, false], "at a start nobody hears that all is well");
        assert_eq!(due(&outputs, Signal::Asking), [true, true]);
        outputs.iter_mut().for_each(|one| one.said = Some((Signal::Taken, clock::since_boot())));
        assert_eq!(due(&outputs, Signal::Taken), [false, false]);
        heard(&mqtt::Event::Up, &mut outputs);
        assert_eq!(due(&outputs, Signal::Taken), [true, true]);
        outputs.iter_mut().for_each(|one| one.said = Some((Signal::AllClear, clock::since_boot())));
        assert_eq!(due(&outputs, Signal::AllClear), [true, false]);
    }
}
