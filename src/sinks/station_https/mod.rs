//! The station by HTTPS, the second path: what its broker does not carry is posted to it, and its answer holds the receipt.
//!
//! Nothing can be sent to a home this way, so each answer brings what waits for the home: steps of people, suspensions. While
//! an alert that went this way is open the station says how soon to ask again; otherwise the heartbeat of every minute asks.

mod asking;
mod settings;

use crate::model::hex;
use crate::model::ids::{ChannelName, HomeId, PointId};
use crate::mqtt::{self, Broker};
use crate::problem::Problem;
use crate::sinks::https::{self, Way};
use crate::sinks::{
    BoxFuture, FromStation, FromSuspending, Handed, NotDelivered, Opening, Outgoing, Proves, Sink, What,
};
use crate::wire::{self, AsHeard, Wire};
use asking::Asking;
pub use settings::Settings;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// What it is, in one sentence.
pub const SUMMARY: &str = "the station by HTTPS, as a second path while its broker is out of reach";

/// An example for the config.
pub const EXAMPLE: &str = r#"station_https = { url = "https://station.example:8471", ca = "/etc/carecircle/ca.pem", credentials = "/etc/carecircle/home.pem" }"#;

/// What would keep the channel from working: its files, and the dates of our own certificate.
pub fn check(settings: &Settings) -> Result<(), Problem> {
    settings.way()?;
    let Some(file) = &settings.credentials else { return Ok(()) };
    let fault = mqtt::About::of_pem(&mqtt::secret(file)?).and_then(|about| about.fault(crate::clock::now()));
    let deed = "renew it, or set this machine's clock";
    fault.map_or(Ok(()), |what| Err(Problem::of(file.display().to_string(), what).with_deed(deed)))
}

/// There is no broker behind it.
pub fn broker(_: &Settings) -> Option<&Broker> {
    None
}

/// The files it names.
pub fn files(settings: &Settings) -> Vec<&Path> {
    [&settings.ca, &settings.credentials].into_iter().flatten().map(std::path::PathBuf::as_path).collect()
}

/// Opens the channel; it asks once at the beginning, so that it is known whether the way is open.
pub fn open(settings: &Settings, opening: Opening) -> Result<Arc<dyn Sink>, Problem> {
    // Our certificate's dates are not looked at: a clock that is wrong must not close the way.
    let Opening { channel, home, point, from_station, alive, .. } = opening;
    let said = Mutex::new(Said { to: Some(from_station), is_up: None, asking: Asking::from_now() });
    let link = Arc::new(Link { channel, home, point, way: settings.way()?, said });
    let task = tokio::spawn(asking::keep(Arc::clone(&link), alive));
    Ok(Arc::new(StationHttps { link, task }))
}

struct StationHttps {
    link: Arc<Link>,
    task: JoinHandle<()>,
}

/// What is shared with the task that asks.
struct Link {
    channel: ChannelName,
    home: HomeId,
    point: PointId,
    way: Way,
    said: Mutex<Said>,
}

struct Said {
    /// Where the station's words go; nowhere after the end.
    to: Option<mpsc::Sender<FromStation>>,
    /// Whether the station answered the last time.
    is_up: Option<bool>,
    asking: Asking,
}

impl Sink for StationHttps {
    fn name(&self) -> &str {
        self.link.channel.as_str()
    }

    fn deliver<'a>(&'a self, outgoing: &'a Outgoing) -> BoxFuture<'a, Result<Handed, NotDelivered>> {
        Box::pin(async move {
            let heard = self.link.exchange("notices", Some(outgoing.notice.to_bytes())).await?;
            match heard.receipt {
                Some(receipt) if is_for(&receipt, outgoing) => Ok(Handed::Receipt(receipt)),
                Some(_) | None => {
                    let why = "it answers, but holds nothing of this notice; is this the right address?";
                    Err(NotDelivered::Later(format!("{}: {why}", self.link.way.host())))
                }
            }
        })
    }

    fn heartbeat<'a>(
        &'a self,
        point: &'a PointId,
        heartbeat: &'a wire::Heartbeat,
    ) -> BoxFuture<'a, Result<(), NotDelivered>> {
        Box::pin(async move {
            match *point == self.link.point {
                true => self.link.exchange("heartbeats", Some(heartbeat.to_bytes())).await.map(drop),
                false => Ok(()),
            }
        })
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), NotDelivered>> {
        Box::pin(async move { self.link.exchange("steps", None).await.map(drop) })
    }

    fn proves(&self) -> Proves {
        Proves::Heartbeat
    }

    fn has_task(&self) -> bool {
        true
    }

    fn stop(&self) {
        self.task.abort();
        self.link.said().to = None;
    }
}

fn is_for(receipt: &wire::Receipt, outgoing: &Outgoing) -> bool {
    let notice = &outgoing.notice;
    let theirs = (&receipt.home, receipt.alert, receipt.step, &receipt.point);
    theirs == (&outgoing.home, notice.alert, notice.step.number, &outgoing.point)
}

impl Link {
    /// Speaks to the station once, and passes on what waited there for this home.
    async fn exchange(&self, what: &str, body: Option<Vec<u8>>) -> Result<AsHeard, NotDelivered> {
        let in_query = |id: &str| hex::percent(id, hex::is_unreserved);
        let path = format!("/v1/{what}?point={}&home={}", in_query(self.point.as_str()), in_query(self.home.as_str()));
        let answered = self.way.ask(&path, body).await;
        let heard = answered.and_then(|answer| read(self.way.host(), &answer));
        self.note(&heard);
        if let Ok(heard) = &heard {
            self.pass_on(heard).await;
        }
        heard
    }

    /// There is no connection that stands: whether the station is there is known from its answers alone.
    fn note(&self, heard: &Result<AsHeard, NotDelivered>) {
        let mut said = self.said();
        let before = said.is_up.replace(heard.is_ok());
        match heard {
            Ok(heard) => said.asking.answered(heard.ask_again_secs),
            Err(_) => said.asking.failed(),
        }
        if before == said.is_up {
            return;
        }
        let what = match heard {
            Ok(_) => What::Up,
            Err(NotDelivered::Later(why) | NotDelivered::Never(why)) => What::Down { why: why.clone() },
        };
        let event = FromStation { channel: self.channel.clone(), what };
        // Where so much waits to be read that this has no room, the next exchange says it again.
        let is_told = said.to.as_ref().is_none_or(|to| to.try_send(event).is_ok());
        said.is_up = said.is_up.filter(|_| is_told);
    }

    async fn pass_on(&self, heard: &AsHeard) {
        let Some(to) = self.said().to.clone() else { return };
        let steps = heard.steps.iter().filter_map(|step| self.step(step));
        let suspensions = heard.suspensions.iter().filter_map(|said| self.suspension(said));
        let whats: Vec<What> = steps.chain(suspensions).collect();
        for what in whats {
            if to.send(FromStation { channel: self.channel.clone(), what }).await.is_err() {
                return;
            }
        }
    }

    fn step(&self, step: &Result<wire::StationStep, String>) -> Option<What> {
        let refused = |why: String| Some(What::Refused { topic: STEPS.to_owned(), why });
        match step {
            Err(why) => refused(why.clone()),
            Ok(step) if step.home != self.home => {
                refused(format!("it speaks of the home {}, and this is {}", step.home, self.home))
            }
            // Until the station has this home's answer it says the same in every answer of its own.
            Ok(step) => self.said().asking.is_news(&step.key).then(|| What::Step(step.clone())),
        }
    }

    fn suspension(&self, said: &(Option<String>, Result<crate::model::suspension::Suspend, String>)) -> Option<What> {
        let (id, change) = said;
        let change = change.clone().and_then(|said| match said.home == self.home {
            true => Ok(said.what),
            false => Err(format!("it speaks of the home {}, and this is {}", said.home, self.home)),
        });
        let is_news = id.as_ref().is_none_or(|id| self.said().asking.is_news(id));
        is_news.then(|| What::Suspend(FromSuspending { id: id.clone(), change }))
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        // Nothing panics while it holds the lock; a poisoned one would still be whole.
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a step that cannot be used came on.
const STEPS: &str = "/v1/steps";

/// What the station said, or in its words why it did not do what was asked.
fn read(host: &str, answer: &https::Answer) -> Result<AsHeard, NotDelivered> {
    if answer.status == 200 {
        let not_ours = "it answers, but not as a station does; is this the right address?";
        return wire::Answer::read(&answer.body)
            .map_err(|error| NotDelivered::Later(format!("{host}: {not_ours} ({error})")));
    }
    let Ok(declined) = wire::Declined::from_bytes(&answer.body) else {
        // No station of ours: a proxy, or another server.
        answer.is_taken(host)?;
        return Err(NotDelivered::Later(format!(
            "{host}: it answers, but not as a station does (HTTP {})",
            answer.status
        )));
    };
    let why: String = declined.why.chars().filter(|c| !c.is_control()).take(WORDS_MAX).collect();
    let why = format!("{host}: {why}");
    match answer.status {
        400 | 403 | 404 | 413 | 421 => Err(NotDelivered::Never(why)),
        _ => Err(NotDelivered::Later(why)),
    }
}

/// More than a sentence is nobody's words.
const WORDS_MAX: usize = 200;

#[cfg(test)]
mod tests;
