//! A server of one's own: each notice is one POST of JSON, signed where there is a secret.
//!
//! A second path: an answer of 2xx says that the message was taken, never that anybody has read it, so there is no receipt.
//!
//! What is posted: the notice as it goes to a station (`wire::Notice`), or a template whose fields are filled in. Headers:
//!
//! | header | holds |
//! |---|---|
//! | `Carecircle-Id` | home, alert, instant of the raise and step: a repeat has the same |
//! | `Carecircle-Time` | seconds since 1970, with a secret only |
//! | `Carecircle-Signature` | `sha256=` and HMAC-SHA256(secret, `Carecircle-Time` + "." + body) in hexadecimal digits |
//!
//! A receiver computes the signature over the bytes it got, compares all of it, and refuses times that are long ago.

mod template;

use crate::model::hex;
use crate::model::ids::ChannelName;
use crate::mqtt::Broker;
use crate::problem::Problem;
use crate::sinks::https::{Answer, Way, first_line};
use crate::sinks::nature::Nature;
use crate::sinks::robot;
use crate::sinks::signing::{SigningTime, hmac_sha256};
use crate::sinks::{BoxFuture, Handed, NotDelivered, Opening, Outgoing, Sink};
use crate::text::Language;
use crate::wire::{Notice, Wire};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use template::Template;

/// What it is, in one sentence.
pub const SUMMARY: &str = "a server of one's own by signed JSON over HTTPS, as a second path";

/// An example for the config.
pub const EXAMPLE: &str =
    r#"webhook = { url = "https://hooks.example/carecircle", secret_file = "/etc/carecircle/webhook.secret" }"#;

/// The keys in the config.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The server's address.
    pub url: Option<String>,
    /// The file that holds the address in its first line, where a key stands in it.
    pub url_file: Option<PathBuf>,
    /// The file that holds the secret for signatures in its first line.
    pub secret_file: Option<PathBuf>,
    /// Further headers: the name, and the file that holds the value in its first line.
    #[serde(default)]
    pub header_files: BTreeMap<String, PathBuf>,
    /// What is posted instead of the notice.
    pub template: Option<Template>,
    /// Which steps are posted.
    #[serde(default)]
    pub steps: Steps,
    /// The language of the words in a template.
    #[serde(default)]
    pub language: Language,
    /// The authorities to believe instead of the system's, for a server of one's own.
    pub ca: Option<PathBuf>,
}

impl Nature for Settings {}

/// Which steps of an alert are posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Steps {
    /// Every one.
    #[default]
    All,
    /// What a group of people is told: raised, asked again, taken, arrived, closed, overdue.
    Main,
}

/// What would keep the channel from working.
pub fn check(settings: &Settings) -> Result<(), Problem> {
    way(settings)?;
    headers(settings)?;
    settings.secret_file.as_deref().map(first_line).transpose()?;
    settings.template.as_ref().map_or(Ok(()), Template::check)
}

fn way(settings: &Settings) -> Result<Way, Problem> {
    let name = "the address of the webhook";
    let url = match (&settings.url, &settings.url_file) {
        (Some(url), None) => url.clone(),
        (None, Some(file)) => first_line(file)?,
        (Some(_), Some(_)) => return Err(Problem::of(name, "it is given twice").with_deed("keep url or url_file")),
        (None, None) => {
            return Err(Problem::of(name, "it is missing").with_deed("set url, or url_file if it holds a key"));
        }
    };
    Way::new(name, &url, settings.ca.as_deref())
}

fn headers(settings: &Settings) -> Result<Vec<(String, String)>, Problem> {
    let header = |(name, file): (&String, &PathBuf)| {
        let wrong = |what: &str, deed: &str| Err(Problem::of(format!("the header {name:?}"), what).with_deed(deed));
        let is_token = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        let lower = name.to_ascii_lowercase();
        if name.is_empty() || name.len() > 64 || !is_token(name) {
            return wrong("this is no name of a header", "write one such as Authorization");
        }
        if OWN_HEADERS.contains(&lower.as_str()) || lower.starts_with("carecircle-") {
            return wrong("this header is set by the program itself", "leave it out");
        }
        let value = first_line(file)?;
        if !value.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
            return wrong("its file holds more than plain ASCII", "headers take nothing else");
        }
        Ok((name.clone(), value))
    };
    settings.header_files.iter().map(header).collect()
}

/// What the client writes itself; a second one would break the message.
const OWN_HEADERS: [&str; 6] = ["content-type", "content-length", "transfer-encoding", "host", "connection", "expect"];

/// There is no broker behind it.
pub fn broker(_: &Settings) -> Option<&Broker> {
    None
}

/// The files it names.
pub fn files(settings: &Settings) -> Vec<&Path> {
    let files = [&settings.url_file, &settings.secret_file, &settings.ca].into_iter().flatten();
    files.chain(settings.header_files.values()).map(PathBuf::as_path).collect()
}

/// Opens the channel; nothing is sent before there is something to send.
pub fn open(settings: &Settings, opening: Opening) -> Result<Arc<dyn Sink>, Problem> {
    check(settings)?;
    Ok(Arc::new(Webhook {
        channel: opening.channel,
        way: way(settings)?,
        headers: headers(settings)?,
        secret: settings.secret_file.as_deref().map(first_line).transpose()?,
        time: SigningTime::default(),
        template: settings.template.clone(),
        steps: settings.steps,
        language: settings.language,
    }))
}

struct Webhook {
    channel: ChannelName,
    way: Way,
    headers: Vec<(String, String)>,
    secret: Option<String>,
    time: SigningTime,
    template: Option<Template>,
    steps: Steps,
    language: Language,
}

impl Sink for Webhook {
    fn name(&self) -> &str {
        self.channel.as_str()
    }

    fn deliver<'a>(&'a self, outgoing: &'a Outgoing) -> BoxFuture<'a, Result<Handed, NotDelivered>> {
        Box::pin(async move {
            let (notice, line) = (&outgoing.notice, robot::line(&outgoing.notice, self.language));
            if self.steps == Steps::Main && line.is_none() {
                return Ok(Handed::NotTheirs);
            }
            let body = match &self.template {
                Some(template) => template.fill(outgoing, self.language, line.as_deref()),
                None => notice.to_bytes(),
            };
            self.post(&id(notice), body, notice.clock_trusted).await.map(|()| Handed::Done)
        })
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), NotDelivered>> {
        Box::pin(self.way.probe())
    }
}

impl Webhook {
    /// Posts it once; once more, signed by the server's clock, where it refused ours and ours is not trusted.
    async fn post(&self, id: &str, body: Vec<u8>, clock_trusted: bool) -> Result<(), NotDelivered> {
        let answer = self.try_once(id, body.clone(), clock_trusted).await?;
        let is_of_time = self.secret.is_some() && matches!(answer.status, 400 | 401 | 403);
        if is_of_time && self.time.learn(self.way.host(), answer.date, clock_trusted) {
            return self.try_once(id, body, clock_trusted).await?.is_taken(self.way.host());
        }
        answer.is_taken(self.way.host())
    }

    async fn try_once(&self, id: &str, body: Vec<u8>, clock_trusted: bool) -> Result<Answer, NotDelivered> {
        let mut headers = self.headers.clone();
        headers.push(("Carecircle-Id".to_owned(), id.to_owned()));
        if let Some(secret) = &self.secret {
            let at = self.time.now(clock_trusted).timestamp();
            headers.push(("Carecircle-Time".to_owned(), at.to_string()));
            headers.push(("Carecircle-Signature".to_owned(), signature(secret, at, &body)));
        }
        self.way.post("", headers, body).await
    }
}

/// The same for every repeat of a notice.
fn id(notice: &Notice) -> String {
    let (alert, step) = (notice.alert, notice.step.number);
    let home = hex::percent(notice.home.as_str(), |byte| byte.is_ascii_graphic());
    format!("{home}/{}/{}/{step}", alert.number, alert.raised_at.timestamp_millis())
}

fn signature(secret: &str, at_secs: i64, body: &[u8]) -> String {
    let signed = [at_secs.to_string().as_bytes(), b".", body].concat();
    let digits = hex::lower(&hmac_sha256(secret.as_bytes(), &signed));
    format!("sha256={digits}")
}

#[cfg(test)]
mod tests;
