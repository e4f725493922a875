//! What the robots of group chats have in common: WeCom, DingTalk and Feishu take a line of text into a group by one POST.
//!
//! A second path only. That a robot took a message says nothing of anybody who reads it: there is no receipt and no
//! acknowledgement here. HTTP 200 is no success either; the code in the body is. Steps that are no concern of a group
//! ([`text::for_group`]) are done without a word.
//!
//! What differs lies in the three files beside this folder, each a [`Kind`].

mod pace;
mod queue;

use crate::clock;
use crate::model::ids::ChannelName;
use crate::model::lifecycle::Deed;
use crate::model::reason::Severity;
use crate::model::time::{Span, Timestamp};
use crate::mqtt::Broker;
use crate::problem::Problem;
use crate::sinks::https::{Answer, Way, first_line};
use crate::sinks::nature::Nature;
use crate::sinks::signing::SigningTime;
use crate::sinks::{BoxFuture, Handed, NotDelivered, Opening, Outgoing, Sink};
use crate::text::{self, Language};
use crate::wire::Notice;
use pace::Pace;
use queue::{Form, Message, News, Next, Pushed, Queue};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tokio::sync::{Notify, oneshot};

/// The keys in the config, the same for all three.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The file that holds the robot's address in its first line. The address holds the robot's key, so it is a secret.
    pub url_file: PathBuf,
    /// The file that holds the secret for signatures in its first line, where the robot asks for them.
    pub secret_file: Option<PathBuf>,
    /// A word the robot asks for; it stands in every message.
    pub keyword: Option<String>,
    /// In which language the group reads.
    #[serde(default)]
    pub language: Language,
    /// Messages in a minute; fewer where several homes write through one robot.
    #[serde(default = "fifteen")]
    pub per_minute: u32,
    /// The authorities to believe instead of the system's, for a server of one's own.
    pub ca: Option<PathBuf>,
}

impl Nature for Settings {
    fn tells_people(&self) -> bool {
        true
    }
}

fn fifteen() -> u32 {
    15
}

/// What differs between robots.
#[derive(Debug)]
pub struct Kind {
    /// Its name for people.
    pub name: &'static str,
    /// What its addresses look like.
    pub address: &'static str,
    /// What path and query of such an address hold.
    pub address_holds: &'static str,
    /// Whether it knows signatures.
    pub signs: bool,
    /// Bytes of text in one message.
    pub bytes_max: usize,
    /// After "too much" it takes nothing for that long.
    pub closed_for: Span,
    /// The fields of its answer: code and words.
    pub answer: (&'static str, &'static str),
    /// What is added to the address, and the body, for a text that may be signed.
    pub request: fn(text: &str, signed: Option<(&str, Timestamp)>) -> (String, Value),
    /// What a code other than 0 means.
    pub meaning: fn(code: i64, words: &str) -> Meaning,
}

/// Why a robot did not take a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Too many messages.
    Limit,
    /// Signature or time are not what it wants.
    Signature,
    /// It never will; what is wrong and what to do.
    Never(&'static str),
    /// It is busy, or says what nobody here knows.
    Later,
}

/// What would keep a robot of this kind from working.
pub fn check(kind: &Kind, settings: &Settings) -> Result<(), Problem> {
    let place = settings.url_file.display().to_string();
    let wrong = |what: &str, deed: &str| Err(Problem::of(place.clone(), what).with_deed(deed));
    let way = way(kind, settings)?;
    if !way.path_and_query().contains(kind.address_holds) {
        let what = format!("this is no address of a robot of {}", kind.name);
        return wrong(&what, &format!("copy it from the group's robot; it looks like {}", kind.address));
    }
    if settings.secret_file.is_some() && !kind.signs {
        let what = format!("a robot of {} knows no signatures", kind.name);
        return wrong(&what, "leave secret_file out; its address is its secret");
    }
    if settings.keyword.as_ref().is_some_and(|word| word.trim().is_empty() || word.len() > KEYWORD_BYTES_MAX) {
        return wrong("keyword is empty or too long", "write the word that the robot asks for, or leave it out");
    }
    if !PER_MINUTE.contains(&settings.per_minute) {
        return wrong("per_minute is out of range", "from 5 to 15: robots take 20 in a minute and then close for ten");
    }
    settings.secret_file.as_deref().map(first_line).transpose().map(drop)
}

const KEYWORD_BYTES_MAX: usize = 100;

/// Below the 20 in a minute that WeCom and DingTalk take.
const PER_MINUTE: std::ops::RangeInclusive<u32> = 5..=15;

fn way(kind: &Kind, settings: &Settings) -> Result<Way, Problem> {
    let url = first_line(&settings.url_file)?;
    Way::new(&format!("the address of {} in {}", kind.name, settings.url_file.display()), &url, settings.ca.as_deref())
}

/// There is no broker behind it.
pub fn broker(_: &Settings) -> Option<&Broker> {
    None
}

/// The files it names.
pub fn files(settings: &Settings) -> Vec<&Path> {
    let files = [Some(&settings.url_file), settings.secret_file.as_ref(), settings.ca.as_ref()];
    files.into_iter().flatten().map(PathBuf::as_path).collect()
}

/// Opens the channel; nothing is sent before there is something to send.
pub fn open(kind: &'static Kind, settings: &Settings, opening: Opening) -> Result<Arc<dyn Sink>, Problem> {
    check(kind, settings)?;
    let way = way(kind, settings)?;
    Ok(Arc::new(Robot {
        channel: opening.channel,
        kind,
        form: Form {
            keyword: settings.keyword.clone(),
            bytes_max: kind.bytes_max,
            and_more: match settings.language {
                Language::Chinese => |count| text::and_more(Language::Chinese, count),
                Language::English => |count| text::and_more(Language::English, count),
            },
        },
        language: settings.language,
        secret: settings.secret_file.as_deref().map(first_line).transpose()?,
        time: SigningTime::default(),
        line: Line::to(&way, settings.per_minute),
        way,
    }))
}

struct Robot {
    channel: ChannelName,
    kind: &'static Kind,
    form: Form,
    language: Language,
    secret: Option<String>,
    time: SigningTime,
    line: Arc<Line>,
    way: Way,
}

/// What waits for one robot, by whichever channel it comes: its limit counts them together.
struct Line {
    queue: Mutex<Queue<Waiter>>,
    /// A message is done: who waits looks again.
    changed: Notify,
}

type Waiter = oneshot::Sender<Result<(), NotDelivered>>;

impl Line {
    fn to(way: &Way, per_minute: u32) -> Arc<Line> {
        static LINES: Mutex<BTreeMap<String, Weak<Line>>> = Mutex::new(BTreeMap::new());
        let mut lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
        lines.retain(|_, line| line.strong_count() > 0);
        let address = format!("{}{}", way.host(), way.path_and_query());
        if let Some(line) = lines.get(&address).and_then(Weak::upgrade) {
            line.queue().keep_to(per_minute, clock::since_boot());
            return line;
        }
        let queue = Queue::new(Pace::new(per_minute, clock::since_boot()));
        let line = Arc::new(Line { queue: Mutex::new(queue), changed: Notify::new() });
        lines.insert(address, Arc::downgrade(&line));
        line
    }

    fn queue(&self) -> MutexGuard<'_, Queue<Waiter>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for Robot {
    fn name(&self) -> &str {
        self.channel.as_str()
    }

    fn deliver<'a>(&'a self, outgoing: &'a Outgoing) -> BoxFuture<'a, Result<Handed, NotDelivered>> {
        Box::pin(async move {
            let Some(news) = news(&outgoing.notice, self.language) else { return Ok(Handed::NotTheirs) };
            self.tell(news).await.map(|()| Handed::Done)
        })
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), NotDelivered>> {
        // Whether the key is right only a message shows, and that would be read.
        Box::pin(self.way.probe())
    }
}

/// What a group reads about the newest step of this notice; `None` for steps that are no concern of a group.
pub fn line(notice: &Notice, language: Language) -> Option<String> {
    let (state, step) = (&notice.state, &notice.step);
    let said = text::ForGroup {
        place: &notice.place,
        step,
        reason: &state.reason,
        severity: state.severity,
        phase: state.phase,
        test: state.test,
        last_resort: super::last_resort(notice),
        age: notice.clock_trusted.then(|| clock::now() - step.at),
    };
    text::for_group(language, &said)
}

fn news(notice: &Notice, language: Language) -> Option<News> {
    let (state, step) = (&notice.state, &notice.step);
    // Somebody must be found, or is expected and not there: the rest can wait a few seconds.
    let is_missed = step.deed == Deed::Overdue || text::LastResort::goes_with(state.phase, &step.deed);
    let is_open = state.phase.is_open() && (!state.phase.is_in_hand() || is_missed);
    Some(News {
        line: line(notice, language)?,
        alert: (notice.home.clone(), notice.alert),
        step: step.number,
        is_button: state.severity == Severity::Emergency && is_open,
        clock_trusted: notice.clock_trusted,
    })
}

/// Who waits longer is told so, and asks again.
const WAIT_AT_MOST: Span = Span::seconds(20);

impl Robot {
    /// Hands the line in and returns when a message with it was taken or refused. Whoever waits sends what is due, be it
    /// their own line or another's: there is no task that could hang.
    async fn tell(&self, news: News) -> Result<(), NotDelivered> {
        let (answer, mut answered) = oneshot::channel();
        let goes_later = || {
            let what = format!("{}: the robot has its limit of messages", self.way.host());
            Err(NotDelivered::Later(format!("{what}, this one goes with the next")))
        };
        let pushed = self.line.queue().push(news, answer);
        match pushed {
            Pushed::Waits => {}
            Pushed::IsKnown => return Ok(()),
            Pushed::IsNoted => return goes_later(),
        }
        let given_up_at = clock::since_boot() + WAIT_AT_MOST;
        loop {
            let changed = self.line.changed.notified();
            let next = self.line.queue().next(clock::since_boot(), &self.form, |waiter| !waiter.is_closed());
            let wait = match next {
                Next::Send(message) => {
                    self.send(message).await;
                    Span::zero()
                }
                Next::Wait(_) if clock::since_boot() >= given_up_at => return goes_later(),
                Next::Wait(wait) => wait.min(given_up_at - clock::since_boot()).max(Span::zero()),
                // Ours is in a message that somebody else sends.
                Next::Nothing => Span::minutes(1),
            };
            tokio::select! {
                biased;
                answer = &mut answered => {
                    let broke_off = || NotDelivered::Later(format!("{}: the try broke off", self.way.host()));
                    return answer.unwrap_or_else(|_| Err(broke_off()));
                }
                () = changed => {}
                () = tokio::time::sleep(wait.to_std().unwrap_or_default()) => {}
            }
        }
    }

    async fn send(&self, message: Message<Waiter>) {
        let mut under_way = UnderWay { line: &self.line, message: &message, is_told: false };
        let result = self.post(&message.text, message.clock_trusted).await;
        under_way.is_told = result.is_ok();
        drop(under_way);
        for waiter in message.waiting {
            // Who no longer waits needs no answer.
            waiter.send(result.clone()).ok();
        }
    }

    /// Posts the text once; once more, signed by the server's clock, where it refused ours and ours is not trusted.
    async fn post(&self, text: &str, clock_trusted: bool) -> Result<(), NotDelivered> {
        for may_repeat in [true, false] {
            let signed = self.secret.as_deref().map(|secret| (secret, self.time.now(clock_trusted)));
            let (query, body) = (self.kind.request)(text, signed);
            let answer = self.way.post(&query, Vec::new(), body.to_string().into_bytes()).await?;
            let Some((meaning, words)) = self.refused(&answer)? else { return Ok(()) };
            let is_of_time = meaning == Meaning::Signature && signed.is_some() && may_repeat;
            if !(is_of_time && self.time.learn(self.way.host(), answer.date, clock_trusted)) {
                return Err(self.refusal(meaning, &words));
            }
        }
        Err(NotDelivered::Later(format!("{}: the robot refused its own time", self.way.host())))
    }

    /// Why the robot did not take it: what its code means, and its own words. `None`: it did.
    fn refused(&self, answer: &Answer) -> Result<Option<(Meaning, String)>, NotDelivered> {
        let host = self.way.host();
        if answer.status == 429 {
            self.close();
        }
        answer.is_taken(host)?;
        let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
        let field = |name| body.as_ref().and_then(|body| body.get(name));
        let (code, words) = self.kind.answer;
        let Some(code) = field(code).and_then(Value::as_i64) else {
            let what = format!("{host}: the answer is none of a robot of {}", self.kind.name);
            return Err(NotDelivered::Later(format!("{what}; is this the right address?")));
        };
        let words = field(words).and_then(Value::as_str).unwrap_or_default();
        let refused = || ((self.kind.meaning)(code, words), format!("{code}: {}", self.without_secrets(words)));
        Ok((code != 0).then(refused))
    }

    fn refusal(&self, meaning: Meaning, words: &str) -> NotDelivered {
        let (host, name) = (self.way.host(), self.kind.name);
        match meaning {
            Meaning::Limit => {
                self.close();
                NotDelivered::Later(format!("{host}: the robot of {name} has had too many messages ({words})"))
            }
            Meaning::Signature => {
                let deed = match &self.secret {
                    Some(_) => "compare secret_file with the robot's settings, and this machine's clock with a watch",
                    None => "the robot asks for signatures: write its secret into a file and set secret_file",
                };
                NotDelivered::Never(format!("{host}: the robot of {name} refuses the signature ({words}); {deed}"))
            }
            Meaning::Never(why) => NotDelivered::Never(format!("{host}: the robot of {name} refuses: {why} ({words})")),
            Meaning::Later => NotDelivered::Later(format!("{host}: the robot of {name} did not take it ({words})")),
        }
    }

    fn close(&self) {
        self.line.queue().close_until(clock::since_boot() + self.kind.closed_for);
    }

    /// A server's words may repeat what nobody may read.
    fn without_secrets(&self, words: &str) -> String {
        let secrets = self.way.secrets().chain(self.secret.as_deref());
        let words = secrets.fold(words.to_owned(), |words, secret| words.replace(secret, "***"));
        text::shown(&words, 160)
    }
}

/// A message under way; however the try ends, the next one may go.
struct UnderWay<'r> {
    line: &'r Line,
    message: &'r Message<Waiter>,
    is_told: bool,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.line.queue().done(&self.message.news, self.is_told);
        self.line.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests;
