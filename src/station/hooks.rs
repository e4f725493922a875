//! Posts what happened to the addresses that somebody named: each has its own task and its own place in the row of events, so a
//! slow one delays nobody, and what waits for it is simply what came after its place.
//!
//! Signed as Standard Webhooks asks for. An answer of 2xx within five seconds takes an event; 410 ends the posting; anything else
//! is tried again, for three days. Encrypted and to public addresses alone, unless the config names the host.

use crate::clock;
use crate::model::ids::PointId;
use crate::model::time::{Span, Timestamp};
use crate::problem::Problem;
use crate::sinks::https::Way;
use crate::sinks::signing::hmac_sha256;
use crate::store::office::{Delivery, Hook};
use crate::store::{Kept, Office};
use crate::web::{Bell, Told};
use crate::wire::CloudEvent;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What posting needs.
#[derive(Clone)]
pub(super) struct Posting {
    pub point: PointId,
    pub office: Office,
    pub told: Told,
    pub changed: Bell,
    pub allow: Vec<String>,
}

/// What is wrong with an address, before anything is posted there.
pub(super) fn check(url: &str, allow: &[String]) -> Result<(), Problem> {
    way(url, allow).map(drop)
}

fn way(url: &str, allow: &[String]) -> Result<Way, Problem> {
    Way::outward("the address", url, allow)
}

/// Posts until the station stops.
pub(super) async fn run(posting: Posting, mut stopping: watch::Receiver<bool>) {
    let mut tasks: BTreeMap<i64, JoinHandle<()>> = BTreeMap::new();
    let mut changed = posting.changed.hear();
    while !*stopping.borrow() {
        changed.borrow_and_update();
        tasks.retain(|_, task| !task.is_finished());
        match posting.blocking(|office| office.hooks()).await {
            Ok(hooks) => {
                for hook in hooks.into_iter().filter(|hook| hook.stopped.is_none()) {
                    let (posting, stopping) = (posting.clone(), stopping.clone());
                    tasks.entry(hook.id).or_insert_with(|| tokio::spawn(post_all(posting, hook.id, stopping)));
                }
            }
            Err(why) => tracing::error!(why, "the addresses to post to cannot be read"),
        }
        tokio::select! {
            rung = changed.changed() => if rung.is_err() { break },
            () = tokio::time::sleep(LOOKED_AT_EVERY) => {}
            _ = stopping.changed() => {}
        }
    }
    // What is not taken waits in the row.
    tasks.into_values().for_each(|task| task.abort());
}

/// Posts to one address until it is gone, stopped, or the station stops.
async fn post_all(posting: Posting, id: i64, mut stopping: watch::Receiver<bool>) {
    let (mut rung, mut changed) = (posting.told.bell.hear(), posting.changed.hear());
    while !*stopping.borrow() {
        rung.borrow_and_update();
        changed.borrow_and_update();
        let hook = match posting.blocking(move |office| office.hook(id)).await {
            Ok(Some(hook)) if hook.stopped.is_none() => hook,
            Ok(_) => return,
            Err(why) => {
                tracing::error!(why, "an address to post to cannot be read");
                pause(LOOKED_AT_EVERY, &mut changed, &mut stopping).await;
                continue;
            }
        };
        let left = hook.next_at.map_or(Span::zero(), |at| (at - clock::now()).min(WAITS[WAITS.len() - 1]));
        if left > Span::zero() {
            pause(left.to_std().unwrap_or_default(), &mut changed, &mut stopping).await;
            continue;
        }
        match posting.post_some(&hook).await {
            Some(true) => {}
            Some(false) => tokio::select! {
                gone = rung.changed() => if gone.is_err() { return },
                gone = changed.changed() => if gone.is_err() { return },
                _ = stopping.changed() => {}
            },
            None => pause(WRITTEN_ANEW_AFTER, &mut changed, &mut stopping).await,
        }
    }
}

async fn pause(span: Duration, changed: &mut watch::Receiver<u64>, stopping: &mut watch::Receiver<bool>) {
    tokio::select! {
        () = tokio::time::sleep(span) => {}
        _ = changed.changed() => {}
        _ = stopping.changed() => {}
    }
}

impl Posting {
    /// Posts what waits, one after the other; whether there was anything, `None` where it cannot be known or written down.
    async fn post_some(&self, hook: &Hook) -> Option<bool> {
        let kept = self.told.after(hook.cursor, AT_ONCE).await.ok()?;
        let mut done = hook.cursor;
        if hook.cursor < kept.complete_after || hook.cursor > kept.newest {
            // What it did not take in time is forgotten; or another database counts from one again.
            let missed = kept.complete_after.saturating_sub(hook.cursor);
            done = kept.complete_after;
            self.write(hook, Delivery::Done { cursor: done, taken: 0, missed }).await?;
            return Some(true);
        }
        for event in &kept.events {
            match self.post(hook, event).await {
                Posted::NotWanted => done = event.seq,
                Posted::Taken => {
                    done = event.seq;
                    self.write(hook, Delivery::Done { cursor: done, taken: 1, missed: 0 }).await?;
                    // Somebody may have changed it meanwhile, or brought it to an end.
                    return Some(true);
                }
                Posted::Not(delivery) => {
                    if done > hook.cursor {
                        self.write(hook, Delivery::Done { cursor: done, taken: 0, missed: 0 }).await?;
                    }
                    self.write(hook, delivery).await?;
                    return Some(true);
                }
            }
        }
        if done > hook.cursor {
            self.write(hook, Delivery::Done { cursor: done, taken: 0, missed: 0 }).await?;
        }
        Some(!kept.events.is_empty())
    }

    async fn post(&self, hook: &Hook, kept: &Kept) -> Posted {
        let Ok(event) = CloudEvent::of_kept(&self.point, kept.seq, &kept.body, hook.pii) else {
            tracing::error!(seq = kept.seq, "an event cannot be read");
            return Posted::NotWanted;
        };
        if !hook.wants(event.word()) {
            return Posted::NotWanted;
        }
        let way = match way(&hook.url, &self.allow) {
            Ok(way) => way,
            Err(why) => return Posted::Not(later(hook, clock::now(), why.to_string())),
        };
        let (body, now) = (event.to_json().into_bytes(), clock::now());
        let secrets = [Some(hook.secret.as_str()), hook.old_secret.as_deref()];
        let headers = vec![
            ("webhook-id".to_owned(), event.id.clone()),
            ("webhook-timestamp".to_owned(), now.timestamp().to_string()),
            ("webhook-signature".to_owned(), signatures(secrets, &event.id, now.timestamp(), &body)),
        ];
        match way.tell(headers, body).await {
            Ok(200..=299) => Posted::Taken,
            Ok(410) => {
                let why = "the receiver answered 410: it is gone and wants no more".to_owned();
                Posted::Not(Delivery::Stopped { why })
            }
            Ok(status) => Posted::Not(later(hook, clock::now(), format!("the receiver answered {status}"))),
            Err(why) => Posted::Not(later(hook, clock::now(), why.to_string())),
        }
    }

    async fn write(&self, hook: &Hook, delivery: Delivery) -> Option<()> {
        let id = hook.id;
        match &delivery {
            Delivery::Done { missed: 0, .. } => {}
            Delivery::Done { .. } => tracing::warn!(hook = id, "events that were not taken in time are forgotten"),
            Delivery::Later { said, .. } => tracing::info!(hook = id, said, "an event was not taken"),
            Delivery::Stopped { why } => tracing::warn!(hook = id, why, "nothing is posted any more"),
        }
        let written = self.blocking(move |office| office.posted(id, clock::now(), &delivery)).await;
        written.inspect_err(|why| tracing::error!(hook = id, why, "how far an address is was not written")).ok()
    }

    async fn blocking<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Office) -> Result<T, crate::store::Error> + Send + 'static,
    ) -> Result<T, String> {
        let office = self.office.clone();
        let asked = tokio::task::spawn_blocking(move || ask(&office)).await;
        asked.map_err(|why| why.to_string())?.map_err(|why| why.to_string())
    }
}

/// What came of one event.
enum Posted {
    /// It is none of those that are posted there.
    NotWanted,
    /// It was taken.
    Taken,
    /// It was not.
    Not(Delivery),
}

/// Tried again, unless that has gone on for too long.
fn later(hook: &Hook, now: Timestamp, said: String) -> Delivery {
    let tries = usize::try_from(hook.tries).unwrap_or(usize::MAX);
    if tries >= TRIES_MAX {
        return Delivery::Stopped { why: format!("nothing was taken for three days; at last: {said}") };
    }
    let wait = WAITS.get(tries).or(WAITS.last()).copied().unwrap_or_default();
    Delivery::Later { said, next_at: now + wait }
}

/// One for each secret.
fn signatures<'a>(secrets: impl IntoIterator<Item = Option<&'a str>>, id: &str, at_secs: i64, body: &[u8]) -> String {
    let signed = [id.as_bytes(), b".", at_secs.to_string().as_bytes(), b".", body].concat();
    let signature = |secret: &str| {
        let text = secret.strip_prefix("whsec_").unwrap_or(secret);
        let key = STANDARD.decode(text).unwrap_or_else(|_| text.as_bytes().to_vec());
        format!("v1,{}", STANDARD.encode(hmac_sha256(&key, &signed)))
    };
    secrets.into_iter().flatten().map(signature).collect::<Vec<_>>().join(" ")
}

/// After each try that failed; the last one again and again.
const WAITS: [Span; 6] =
    [Span::seconds(5), Span::seconds(30), Span::minutes(2), Span::minutes(10), Span::hours(1), Span::hours(6)];
/// Three days of tries every six hours.
const TRIES_MAX: usize = WAITS.len() + 11;
const AT_ONCE: usize = 100;
/// Where the register cannot be read, and for tasks that broke off.
const LOOKED_AT_EVERY: Duration = Duration::from_secs(60);
/// The store tries a disk that failed again after as long.
const WRITTEN_ANEW_AFTER: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::from_millis;

    const SECRET: &str = "whsec_Y2FyZWNpcmNsZS13ZWJob29rLXRlc3Qtc2VjcmV0LTE=";
    const BODY: &str = r#"{"specversion":"1.0","id":"lehe-1042","source":"/station/lehe","type":"care.carecircle.alert.taken","time":"2026-11-21T06:12:09Z","subject":"ky-lehe-0412/37","seq":1042,"data":{"by":"p-03"}}"#;

    #[test]
    fn a_signature_is_that_of_the_documented_example_and_there_are_two_while_secrets_change() {
        let expected = "v1,2zVowWVIVmtZeA1dI+ruRjRx8r7IsysnXWNtvPTIkOw=";
        assert_eq!(signatures([Some(SECRET), None], "lehe-1042", 1_795_241_529, BODY.as_bytes()), expected);
        let both = signatures([Some("whsec_AAAA"), Some(SECRET)], "lehe-1042", 1_795_241_529, BODY.as_bytes());
        assert_eq!(both.split(' ').nth(1), Some(expected));
    }

    #[test]
    fn an_address_is_public_and_encrypted_or_named_in_the_config() {
        let allow = ["127.0.0.1:9000".to_owned(), "platform.inside".to_owned()];
        for good in ["https://platform.example/x?key=1", "http://127.0.0.1:9000/", "https://platform.inside:444/x"] {
            assert!(check(good, &allow).is_ok(), "{good}: {:?}", check(good, &allow));
        }
        for bad in [
            "http://platform.example/",
            "http://127.0.0.1:9001/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://localhost/",
            "https://192.168.1.1/",
            "https://user:pw@platform.example/",
            "ftp://platform.example/",
            "nonsense",
            "",
        ] {
            assert!(check(bad, &allow).is_err(), "{bad}");
        }
    }

    #[test]
    fn tries_go_on_for_three_days_and_then_end() {
        let mut hook = Hook {
            id: 1,
            url: String::new(),
            secret: String::new(),
            old_secret: None,
            kinds: Vec::new(),
            pii: false,
            made_by: String::new(),
            made_at: from_millis(0),
            cursor: 0,
            stopped: None,
            failing_since: None,
            tries: 0,
            next_at: None,
            said: None,
            said_at: None,
            delivered: 0,
            missed: 0,
        };
        let (mut now, mut waits) = (from_millis(0), Vec::new());
        while let Delivery::Later { next_at, .. } = later(&hook, now, "no".into()) {
            waits.push((next_at - now).num_seconds());
            (now, hook.tries) = (next_at, hook.tries + 1);
        }
        assert_eq!(waits[..7], [5, 30, 120, 600, 3600, 21_600, 21_600]);
        let days = (now - from_millis(0)).num_hours();
        assert!((72..84).contains(&days), "{days} h");
    }
}
