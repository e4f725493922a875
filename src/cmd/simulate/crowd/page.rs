//! The station's page as the crowd's staff uses it: steps by its API, and screens that watch as browsers do.

use crate::clock;
use crate::problem::Problem;
use crate::sim::crowd::{Key, Seen};
use crate::web::visit::{Shown, sign_in};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Somebody signed in at a station's page.
#[derive(Clone)]
pub(super) struct Page {
    agent: ureq::Agent,
    url: String,
    who: String,
    password: Option<String>,
    cookie: Option<String>,
    at_once: Arc<tokio::sync::Semaphore>,
}

/// What became of the staff's steps.
#[derive(Default)]
pub(super) struct Posted {
    pub refused: AtomicU64,
}

/// An alert as addresses name it.
#[derive(Clone)]
pub(super) struct Which {
    home: String,
    number: u64,
    raised_ms: i64,
}

impl Which {
    /// This alert.
    pub fn of((home, alert): &Key) -> Which {
        let raised_ms = alert.raised_at.timestamp_millis();
        Which { home: home.to_string(), number: alert.number, raised_ms }
    }
}

impl Page {
    pub fn sign_in(url: &str, who: Option<&str>, password_file: Option<&Path>) -> Result<Page, Problem> {
        let config = ureq::Agent::config_builder()
            .timeout_connect(Some(Duration::from_secs(5)))
            .timeout_recv_response(Some(Duration::from_secs(30)))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false);
        let mut page = Page {
            agent: config.build().into(),
            url: url.trim_end_matches('/').to_owned(),
            who: who.unwrap_or_default().to_owned(),
            password: None,
            cookie: None,
            at_once: Arc::new(tokio::sync::Semaphore::new(POSTS_AT_ONCE)),
        };
        if let (Some(_), Some(file)) = (who, password_file) {
            let read = std::fs::read_to_string(file);
            let password = read.map_err(|error| Problem::of(file.display().to_string(), error.to_string()))?;
            page.password = password.lines().next().map(str::to_owned);
        }
        page.anew()
    }

    /// The same on a browser of its own: a station keeps few streams of one sign-in.
    fn anew(&self) -> Result<Page, Problem> {
        let Some(password) = &self.password else { return Ok(self.clone()) };
        let signed_in = sign_in(&self.agent, &self.url, &Shown { who: &self.who, code: "", password });
        let cookie = signed_in.map_err(|problem| problem.with_deed("check --sign-in and --sign-in-password-file"))?;
        Ok(Page { cookie: Some(cookie), ..self.clone() })
    }

    /// Does a step in the background.
    pub fn post(&self, which: Which, step: &'static str, posted: Arc<Posted>) {
        let page = self.clone();
        tokio::spawn(async move {
            let Ok(_turn) = page.at_once.clone().acquire_owned().await else { return };
            let done = tokio::task::spawn_blocking(move || page.step(&which, step)).await;
            if !matches!(done, Ok(Ok(status)) if status / 100 == 2) {
                tracing::warn!(?done, step, "a step was not taken");
                posted.refused.fetch_add(1, Ordering::Relaxed);
            }
        });
    }

    fn step(&self, which: &Which, step: &str) -> Result<u16, String> {
        let Which { home, number, raised_ms } = which;
        let url = format!("{}/api/v1/alerts/{home}/{number}/steps?raised={raised_ms}", self.url);
        let body = serde_json::json!({
            "step": step, "key": format!("crowd-{home}-{number}-{step}"), "who": self.who,
            "outcome": "pressed_by_mistake", "contact": "seen",
        });
        let mut request = self.agent.post(&url);
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let answer = request.send_json(body).map_err(|error| error.to_string())?;
        Ok(answer.status().as_u16())
    }

    fn get(&self, path: &str) -> Result<ureq::http::Response<ureq::Body>, String> {
        let mut request = self.agent.get(format!("{}{path}", self.url));
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let answer = request.call().map_err(|error| error.to_string())?;
        if answer.status().is_success() { Ok(answer) } else { Err(format!("status {}", answer.status())) }
    }
}

/// Screens that watch the desk: each holds the stream, and reads the rows when something changed, as the page's script does.
pub(super) struct Screens {
    seen: Vec<Arc<Mutex<Seen>>>,
    ended: Arc<AtomicBool>,
}

impl Screens {
    pub fn open(page: &Page, count: usize) -> Result<Screens, Problem> {
        let ended = Arc::new(AtomicBool::new(false));
        let mut seen = Vec::new();
        for _ in 0..count {
            let (changes, changed) = mpsc::channel();
            let page = page.anew()?;
            let stream = page.get("/events").map_err(|why| Problem::of(format!("{}/events", page.url), why))?;
            let mine: Arc<Mutex<Seen>> = Arc::default();
            let (at_stream, at_rows) = (Arc::clone(&ended), Arc::clone(&ended));
            std::thread::spawn(move || listen(stream, &changes, &at_stream));
            let rows = Arc::clone(&mine);
            std::thread::spawn(move || look(&page, &changed, &rows, &at_rows));
            seen.push(mine);
        }
        Ok(Screens { seen, ended })
    }

    /// What each screen has shown, and when first.
    pub fn close(self) -> Vec<Seen> {
        self.ended.store(true, Ordering::Relaxed);
        self.seen.iter().map(|seen| seen.lock().unwrap_or_else(PoisonError::into_inner).clone()).collect()
    }
}

fn listen(stream: ureq::http::Response<ureq::Body>, changes: &Sender<()>, ended: &AtomicBool) {
    let mut lines = BufReader::new(stream.into_body().into_reader()).lines();
    while let Some(Ok(line)) = lines.next() {
        if ended.load(Ordering::Relaxed) {
            return;
        }
        let is_news = line.starts_with("event:") && !line.contains("beat");
        if is_news && changes.send(()).is_err() {
            return;
        }
    }
}

fn look(page: &Page, changed: &Receiver<()>, seen: &Mutex<Seen>, ended: &AtomicBool) {
    while changed.recv().is_ok() && !ended.load(Ordering::Relaxed) {
        while changed.try_recv().is_ok() {} // one look shows them all
        let read = page
            .get("/desk.fragment")
            .map(|mut rows| rows.body_mut().with_config().limit(ROWS_BYTES_MAX).read_to_string());
        let Ok(Ok(rows)) = read else { continue };
        let now = clock::now();
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        for id in rows.split("id=\"alert-").skip(1).filter_map(|rest| rest.split('"').next()) {
            let mut parts = id.rsplitn(3, '-');
            let (_raised, number, home) = (parts.next(), parts.next(), parts.next());
            if let (Some(home), Some(number)) = (home, number.and_then(|number| number.parse().ok())) {
                seen.entry((home.to_owned(), number)).or_insert(now);
            }
        }
    }
}

const POSTS_AT_ONCE: usize = 8;
const ROWS_BYTES_MAX: u64 = 64 * 1024 * 1024;
