//! `carecircle simulate --homes N`: a crowd of made-up homes on a real broker, in front of a real station.

mod page;
mod process;
mod told;

use crate::clock;
use crate::cmd::daemon::{Asked, Signals, block_on, log};
use crate::model::ids::PointId;
use crate::model::time::{Span, Timestamp, parse_span};
use crate::mqtt::{self, Event, Link};
use crate::problem::Problem;
use crate::sim::crowd::{Crowd, Message};
use page::{Page, Screens};
use process::Process;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The crowd's own arguments.
#[derive(Debug, clap::Args)]
#[group(skip)] // the subcommands' own arguments are a group of this name already
pub(super) struct Args {
    /// Drive a real broker and station with so many made-up homes; with --nights: so many in each night, at most 3
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(super) homes: Option<u32>,
    /// The broker to which the station listens
    #[arg(long, default_value = "mqtt://127.0.0.1:1883", value_name = "URL", requires = "homes")]
    broker: String,
    /// User at the broker; it must be let write and read for every home
    #[arg(long, value_name = "NAME", requires = "homes")]
    user: Option<String>,
    /// File whose first line is the password
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
    /// The authority that vouches for the broker (mqtts)
    #[arg(long, value_name = "FILE", requires = "homes")]
    ca: Option<PathBuf>,
    /// The station's point
    #[arg(long, default_value = "lehe", value_name = "ID", requires = "homes")]
    point: String,
    /// How often each home says that it is there
    #[arg(long, default_value = "60s", value_name = "SPAN", value_parser = span, requires = "homes")]
    heartbeat_every: Span,
    /// How many call buttons are pressed in a second, in all homes together
    #[arg(long, default_value_t = 0.0, value_name = "NUMBER", requires = "homes")]
    alerts_per_second: f64,
    /// How long it goes on
    #[arg(long = "for", default_value = "1m", value_name = "SPAN", value_parser = span, requires = "homes")]
    lasts: Span,
    /// The station's page: its staff takes and closes every alert, and screens can watch
    #[arg(long, value_name = "URL", requires = "homes")]
    page: Option<String>,
    /// Who signs in there
    #[arg(long, value_name = "ID", requires = "page")]
    sign_in: Option<String>,
    /// File whose first line is their password
    #[arg(long, value_name = "FILE", requires = "sign_in")]
    sign_in_password_file: Option<PathBuf>,
    /// How long the staff takes until it takes an alert, and again until it closes it
    #[arg(long, default_value = "3s", value_name = "SPAN", value_parser = span, requires = "page")]
    staff_takes: Span,
    /// How many screens watch the desk, each as a browser does
    #[arg(long, default_value_t = 0, value_name = "N", requires = "page")]
    screens: usize,
    /// The station's process, to measure its processor time and memory
    #[arg(long, value_name = "PID", requires = "homes")]
    pid: Option<u32>,
    /// Connections to the broker
    #[arg(long, default_value_t = 8, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64), requires = "homes")]
    connections: u16,
    /// Everything that is left to chance comes from this number
    #[arg(long, default_value_t = 1, requires = "homes")]
    crowd_seed: u64,
}

fn span(text: &str) -> Result<Span, String> {
    let span = parse_span(text)?;
    if span <= Span::zero() { Err("it must be longer than nothing".to_owned()) } else { Ok(span) }
}

/// Runs the crowd; `None` if nobody asked for one.
pub(super) fn run(args: &Args) -> Option<Result<ExitCode, Problem>> {
    let homes = args.homes?;
    log("warn");
    Some(block_on(drive(args, homes as usize)).and_then(|driven| driven))
}

async fn drive(args: &Args, homes: usize) -> Result<ExitCode, Problem> {
    let point: PointId =
        args.point.parse().map_err(|bad: crate::model::ids::BadId| Problem::of("--point", bad.to_string()))?;
    let mut lines = Lines::connect(args).await?;
    let now = clock::now();
    let run = now.timestamp().unsigned_abs() % 900;
    let crowd = Crowd::new(homes, point, args.crowd_seed, run);
    let page = match &args.page {
        Some(url) => Some(Page::sign_in(url, args.sign_in.as_deref(), args.sign_in_password_file.as_deref())?),
        None => None,
    };
    let screens = page.as_ref().map(|page| Screens::open(page, args.screens)).transpose()?;
    let before = args.pid.map(Process::read).transpose()?;
    let mut show = Show { crowd, page, orders: VecDeque::new(), unsent: Arc::default(), posted: Arc::default() };
    show.play(args, &mut lines).await?;
    let after = args.pid.map(Process::read).transpose()?;
    let seen = screens.map(Screens::close).unwrap_or_default();
    let (unsent, refused) = (show.unsent.load(Ordering::Relaxed), show.posted.refused.load(Ordering::Relaxed));
    show.crowd.tally.unsent = unsent;
    let used = before.zip(after).map(|(before, after)| after.since(&before));
    let told = told::Told { homes, lasts: args.lasts, tally: &show.crowd.tally, seen: &seen, used, refused };
    super::super::printed(told.print(&mut std::io::stdout().lock()))?;
    Ok(if told.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The connections: one hears, the others speak.
struct Lines {
    ear: tokio::sync::mpsc::Receiver<Event>,
    mouths: Vec<Link>,
    turn: usize,
}

impl Lines {
    async fn connect(args: &Args) -> Result<Lines, Problem> {
        let broker = args.broker.parse().map_err(|bad: mqtt::BadBroker| Problem::of("--broker", bad.to_string()))?;
        let (user, password_file, ca) = (args.user.clone(), args.password_file.clone(), args.ca.clone());
        let access = mqtt::Access { broker, user, password_file, ca, credentials: None };
        let id = std::process::id();
        let mut hears = access.settings(format!("carecircle-crowd-{id}-ear"))?;
        hears.filters = vec!["carecircle/v1/+/down/#".to_owned()];
        let (ear_link, mut ear) = mqtt::start(hears, Arc::default());
        let mut mouths = Vec::new();
        for n in 0..args.connections {
            let (link, events) = mqtt::start(access.settings(format!("carecircle-crowd-{id}-{n}"))?, Arc::default());
            drain(events);
            mouths.push(link);
        }
        let up = async {
            while !matches!(ear.recv().await, Some(Event::Up) | None) {}
            while mouths.iter().any(|mouth| !mouth.is_up()) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        if tokio::time::timeout(CONNECT_WITHIN, up).await.is_err() {
            let why = ear_link.why_down().or(mouths.iter().find_map(Link::why_down)).unwrap_or_default();
            return Err(Problem::of(&args.broker, why).with_deed("start the broker, or name it with --broker"));
        }
        Ok(Lines { ear, mouths, turn: 0 })
    }

    fn send(&mut self, (topic, payload): Message, unsent: &Arc<AtomicU64>) {
        self.turn += 1;
        let (link, unsent) = (self.mouths[self.turn % self.mouths.len()].clone(), Arc::clone(unsent));
        tokio::spawn(async move {
            if link.publish(&topic, payload, false).await.is_err() {
                unsent.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
}

/// Nothing is told on a connection that only speaks, but what it says must be read.
fn drain(mut events: tokio::sync::mpsc::Receiver<Event>) {
    tokio::spawn(async move { while events.recv().await.is_some() {} });
}

struct Show {
    crowd: Crowd,
    page: Option<Page>,
    /// What the staff does next: when, to which alert, which step.
    orders: VecDeque<(Timestamp, page::Which, &'static str)>,
    unsent: Arc<AtomicU64>,
    posted: Arc<page::Posted>,
}

impl Show {
    async fn play(&mut self, args: &Args, lines: &mut Lines) -> Result<(), Problem> {
        let begun = clock::since_boot();
        let (mut heartbeats, mut presses, mut looked) = (0_i64, 0_i64, Span::zero());
        let heartbeat_pause = self.crowd.pause(args.heartbeat_every).max(Span::nanoseconds(1));
        let mut signals = Signals::listen()?;
        let mut tick = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                event = lines.ear.recv() => {
                    if let Some(Event::Message { topic, payload, .. }) = event {
                        for message in self.crowd.heard(clock::now(), &topic, &payload) {
                            lines.send(message, &self.unsent);
                        }
                        self.attend(args, clock::now());
                    }
                    continue;
                }
                asked = signals.next() => if asked == Asked::Stop { return Ok(()) },
                _ = tick.tick() => {}
            }
            let (gone, now) = (clock::since_boot() - begun, clock::now());
            let is_ending = gone >= args.lasts;
            if gone >= args.lasts + SETTLE || (is_ending && self.crowd.tally.lost() == 0 && self.orders.is_empty()) {
                return Ok(());
            }
            let nanos = |span: Span| span.num_nanoseconds().unwrap_or(i64::MAX);
            let due = nanos(gone) / nanos(heartbeat_pause).max(1);
            let caught_up = heartbeats + BURST_MAX;
            while heartbeats < due.min(caught_up) {
                heartbeats += 1;
                self.crowd.tally.heartbeats += 1;
                lines.send(self.crowd.heartbeat(now), &self.unsent);
            }
            let due = (gone.num_milliseconds() as f64 / 1000.0 * args.alerts_per_second) as i64;
            while presses < due && !is_ending {
                presses += 1;
                lines.send(self.crowd.press(now), &self.unsent);
            }
            if gone - looked >= Span::seconds(1) {
                looked = gone;
                for message in self.crowd.repeats(now) {
                    lines.send(message, &self.unsent);
                }
            }
            self.staff(now);
        }
    }

    /// The staff will take what has come to the desk, and later close it.
    fn attend(&mut self, args: &Args, now: Timestamp) {
        let arrived = std::mem::take(&mut self.crowd.arrived);
        for which in arrived.iter().filter(|_| self.page.is_some()).map(page::Which::of) {
            self.orders.push_back((now + args.staff_takes, which.clone(), "take"));
            self.orders.push_back((now + args.staff_takes + args.staff_takes, which, "close"));
        }
    }

    fn staff(&mut self, now: Timestamp) {
        let Some(page) = &self.page else { return };
        let (due, later): (VecDeque<_>, VecDeque<_>) =
            std::mem::take(&mut self.orders).into_iter().partition(|(at, _, _)| *at <= now);
        self.orders = later;
        for (_, which, step) in due {
            page.post(which, step, Arc::clone(&self.posted));
        }
    }
}

const CONNECT_WITHIN: Duration = Duration::from_secs(10);
const TICK: Duration = Duration::from_millis(10);
/// What is on its way when it ends may still arrive.
const SETTLE: Span = Span::seconds(20);
/// After a pause of this machine the homes catch up in steps.
const BURST_MAX: i64 = 2_000;
