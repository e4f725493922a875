//! The tasks around the loop: sources that bring frames, channels that carry notices; each can be replaced on reload.

use crate::devices::Wiring;
use crate::gateway::home_assistant::{self, Announcer, Wanted};
use crate::gateway::local::{Asked, Local};
use crate::gateway::outbox::{self, Report, Waiting};
use crate::gateway::plan::{BROKER, Channel, Plan};
use crate::gateway::subscribed::Subscribed;
use crate::gateway::turn::Path;
use crate::model::ids::HomeId;
use crate::model::signal::Signal;
use crate::model::status::Status;
use crate::mqtt;
use crate::problem::Problem;
use crate::sinks::home_signals::{Output, Player};
use crate::sinks::sms::Modems;
use crate::sinks::{FromStation, Opening, Sink};
use crate::sources::{self, modbus, serial};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// A broker that takes longer is not there.
const GOODBYE_WITHIN: Duration = Duration::from_secs(1);

/// Frames that wait for the loop; beyond it the sources wait.
const FRAMES_WAITING_MAX: usize = 1024;

/// Somebody at the box asks once, by hand.
const QUESTIONS_WAITING_MAX: usize = 16;

/// Beside the history: the filters that the broker's sessions may hold.
const COMMON_FILTERS: &str = "mqtt_filters.json";
const BUTTON_FILTERS: &str = "mqtt_button_filters.json";

/// What the tasks send to the loop.
pub struct Inbox {
    /// Frames and links.
    pub sources: mpsc::Receiver<sources::Event>,
    /// Receipts and steps.
    pub stations: mpsc::Receiver<FromStation>,
    /// What the outbox found out.
    pub reports: mpsc::UnboundedReceiver<Report>,
    /// What somebody at the box asks.
    pub people: mpsc::Receiver<Asked>,
}

/// The tasks that run now.
pub struct Tasks {
    frames: mpsc::Sender<sources::Event>,
    from_station: mpsc::Sender<FromStation>,
    reports: mpsc::UnboundedSender<Report>,
    people: mpsc::Sender<Asked>,
    local: Option<Local>,
    broker: Option<Broker>,
    ports: Vec<(serial::Settings, Option<Wiring>, Running)>,
    channels: Vec<OpenChannel>,
    /// Everybody who is told by one modem shares it.
    modems: Modems,
    signals: Option<Signals>,
    home_assistant: Option<Announcer>,
    /// Takes away from Home Assistant what is no longer wanted there.
    taking_away: Option<JoinHandle<()>>,
}

/// What plays in the home, and what it was started from.
struct Signals {
    from: (Vec<Output>, mqtt::Settings),
    player: Player,
    alive: Arc<AtomicU64>,
}

struct Running {
    handle: JoinHandle<()>,
    alive: Arc<AtomicU64>,
}

/// The home's broker.
struct Broker {
    /// Of the session for everything, and of the one for buttons alone.
    settings: (mqtt::Settings, mqtt::Settings),
    handle: JoinHandle<()>,
    /// How often each session's task moved.
    alive: [Arc<AtomicU64>; 2],
    /// Whether there is a session for the buttons.
    has_session: bool,
    subscribed: [Subscribed; 2],
}

/// What became of a plan.
#[derive(Default)]
pub struct Followed {
    /// Names of links that were opened anew: how they stand is not known yet.
    pub opened: Vec<String>,
    /// What could not be opened.
    pub problems: Vec<Problem>,
}

/// A channel with its task.
pub struct OpenChannel {
    /// What it was opened from.
    pub channel: Channel,
    /// The way out.
    pub sink: Arc<dyn Sink>,
    /// How its queue stands.
    pub waiting: Arc<Waiting>,
    orders: mpsc::UnboundedSender<outbox::Order>,
    link_alive: Arc<AtomicU64>,
    queue: Running,
}

impl Tasks {
    /// No task yet.
    pub fn new() -> (Tasks, Inbox) {
        let (frames, sources) = mpsc::channel(FRAMES_WAITING_MAX);
        let (from_station, stations) = mpsc::channel(FRAMES_WAITING_MAX);
        let (reports, report_inbox) = mpsc::unbounded_channel();
        let (people, questions) = mpsc::channel(QUESTIONS_WAITING_MAX);
        let tasks = Tasks {
            frames,
            from_station,
            reports,
            people,
            local: None,
            broker: None,
            ports: Vec::new(),
            channels: Vec::new(),
            modems: Modems::default(),
            signals: None,
            home_assistant: None,
            taking_away: None,
        };
        (tasks, Inbox { sources, stations, reports: report_inbox, people: questions })
    }

    /// Opens the way in for whoever stands at the box. Without it the home is watched all the same.
    pub async fn open_local(&mut self, state_dir: &std::path::Path) {
        match Local::open(state_dir, self.people.clone()).await {
            Ok(local) => self.local = Some(local),
            Err(error) => tracing::warn!(%error, dir = %state_dir.display(), "nobody at the box can ask this gateway"),
        }
    }

    /// Runs what `plan` names: what runs unchanged goes on, what is gone ends, what is new begins.
    pub fn follow(&mut self, plan: &Plan) -> Followed {
        let mut followed = Followed::default();
        self.follow_broker(plan, &mut followed);
        self.follow_ports(plan, &mut followed);
        self.follow_channels(plan, &mut followed);
        self.follow_signals(plan);
        self.follow_home_assistant(plan);
        followed
    }

    fn follow_broker(&mut self, plan: &Plan, followed: &mut Followed) {
        let wanted = plan.mqtt.clone().map(|settings| {
            let buttons = mqtt::Settings { filters: plan.button_topics(), ..settings.clone() };
            let buttons = mqtt::Settings { client_id: format!("{}.buttons", settings.client_id), ..buttons };
            (mqtt::Settings { filters: plan.decoders().topics(), ..settings }, buttons)
        });
        if wanted == self.broker.as_ref().map(|broker| broker.settings.clone()) {
            return;
        }
        followed.opened.push(BROKER.to_owned());
        if let Some(broker) = self.broker.take() {
            broker.handle.abort();
        }
        let filters_of = |settings: Option<&mqtt::Settings>| settings.map(|s| s.filters.clone()).unwrap_or_default();
        let common_filters = filters_of(wanted.as_ref().map(|(common, _)| common));
        let button_filters = filters_of(wanted.as_ref().map(|(_, buttons)| buttons));
        let (of_common, kept) = Subscribed::follow(&plan.state_dir, COMMON_FILTERS, common_filters);
        let (of_buttons, kept_buttons) = Subscribed::follow(&plan.state_dir, BUTTON_FILTERS, button_filters);
        let Some(settings) = wanted.filter(|(common, _)| !common.filters.is_empty()) else { return };
        let alive = [Arc::default(), Arc::default()];
        let session = |settings: &mqtt::Settings, kept, alive: &Arc<AtomicU64>| sources::mqtt::Kept {
            settings: settings.clone(),
            kept,
            alive: Arc::clone(alive),
        };
        let common = session(&settings.0, kept, &alive[0]);
        // Also without buttons where the broker still keeps a session of theirs: what it holds must be given back.
        let has_session = !settings.1.filters.is_empty() || !kept_buttons.dropped_filters.is_empty();
        let buttons = has_session.then(|| session(&settings.1, kept_buttons, &alive[1]));
        let source = sources::mqtt::run_kept(common, buttons, BROKER.to_owned(), self.frames.clone());
        let handle = tokio::spawn(source);
        let subscribed = [of_common, of_buttons];
        self.broker = Some(Broker { settings, handle, alive, has_session, subscribed });
    }

    fn follow_ports(&mut self, plan: &Plan, followed: &mut Followed) {
        let wanted: Vec<(serial::Settings, Option<Wiring>)> =
            plan.serial.iter().map(|port| (port.clone(), plan.devices.serial.get(&port.name).cloned())).collect();
        self.ports.retain(|(settings, wiring, running)| {
            let stays = wanted.iter().any(|(want, wired)| want == settings && wired == wiring);
            if !stays {
                running.handle.abort();
            }
            stays
        });
        for (settings, wiring) in wanted {
            if self.ports.iter().any(|(have, wired, _)| *have == settings && *wired == wiring) {
                continue;
            }
            followed.opened.push(settings.name.clone());
            let alive = Arc::new(AtomicU64::new(0));
            let handle = match wiring.as_ref().and_then(Wiring::bus) {
                Some(bus) => {
                    let source = modbus::run(settings.clone(), bus.clone(), Arc::clone(&alive), self.frames.clone());
                    tokio::spawn(source)
                }
                None => {
                    let mut framer = plan.decoders().framer(&settings.name);
                    let settings = settings.clone().waking(framer.wake());
                    let cut: serial::Framer = Box::new(move |bytes| framer.talk(bytes));
                    tokio::spawn(serial::run(settings, cut, Arc::clone(&alive), self.frames.clone()))
                }
            };
            self.ports.push((settings, wiring, Running { handle, alive }));
        }
    }

    fn follow_channels(&mut self, plan: &Plan, followed: &mut Followed) {
        self.channels.retain(|open| {
            let stays = plan.channels.contains(&open.channel);
            if !stays {
                open.sink.stop();
                open.queue.handle.abort();
            }
            stays
        });
        for channel in &plan.channels {
            if self.channels.iter().any(|open| open.channel == *channel) {
                continue;
            }
            followed.opened.push(channel.name.to_string());
            match self.open(channel, &plan.home.id) {
                Ok(open) => self.channels.push(open),
                Err(problem) => followed.problems.push(problem),
            }
        }
    }

    fn follow_signals(&mut self, plan: &Plan) {
        let broker = plan.mqtt.clone().filter(|_| !plan.signals.is_empty());
        let broker = broker.map(|broker| mqtt::Settings { client_id: format!("{}.signals", plan.home.id), ..broker });
        let wanted = broker.map(|broker| (plan.signals.clone(), broker));
        if wanted.as_ref() == self.signals.as_ref().map(|signals| &signals.from) {
            return;
        }
        self.signals = wanted.map(|from| {
            let alive = Arc::new(AtomicU64::new(0));
            let (outputs, broker) = from.clone();
            Signals { from, player: Player::start(outputs, broker, Arc::clone(&alive)), alive }
        });
    }

    fn follow_home_assistant(&mut self, plan: &Plan) {
        let wanted = plan.mqtt.as_ref().zip(plan.home_assistant.as_ref());
        let wanted = wanted.map(|(broker, prefix)| Wanted::new(&plan.home.id, prefix, broker));
        if self.home_assistant.as_ref().zip(wanted.as_ref()).is_some_and(|(runs, wanted)| runs.is(wanted)) {
            return;
        }
        if let Some(taking_away) = self.taking_away.take() {
            taking_away.abort();
        }
        self.home_assistant = None;
        match wanted {
            Some(wanted) => self.home_assistant = Some(Announcer::start(wanted, &plan.state_dir)),
            None => {
                let broker = plan.mqtt.as_ref();
                self.taking_away =
                    broker.and_then(|broker| home_assistant::take_away(&plan.home.id, broker, &plan.state_dir));
            }
        }
    }

    /// How the home stands now, for a Home Assistant there.
    pub fn tell_home_assistant(&self, status: Status) {
        if let Some(announcer) = &self.home_assistant {
            announcer.tell(status);
        }
    }

    /// What the person in the home is told from now on.
    pub fn tell_the_home(&self, signal: Signal) {
        if let Some(signals) = &self.signals {
            signals.player.tell(signal);
        }
    }

    fn open(&self, channel: &Channel, home: &HomeId) -> Result<OpenChannel, Problem> {
        let link_alive = Arc::new(AtomicU64::new(0));
        let sink = channel.settings.open(Opening {
            channel: channel.name.clone(),
            home: home.clone(),
            point: channel.point.clone(),
            sensors: channel.sensors.clone(),
            zone: channel.zone.clone(),
            from_station: self.from_station.clone(),
            alive: Arc::clone(&link_alive),
            modems: self.modems.clone(),
        })?;
        let (orders, order_inbox) = mpsc::unbounded_channel();
        let (waiting, alive) = (Arc::new(Waiting::default()), Arc::new(AtomicU64::new(0)));
        let queue =
            outbox::run(Arc::clone(&sink), order_inbox, self.reports.clone(), Arc::clone(&waiting), Arc::clone(&alive));
        let queue = Running { handle: tokio::spawn(queue), alive };
        Ok(OpenChannel { channel: channel.clone(), sink, waiting, orders, link_alive, queue })
    }

    /// The ways out, for the turn.
    pub fn paths(&self) -> Vec<Path> {
        let path = |open: &OpenChannel| Path {
            channel: open.channel.name.clone(),
            point: open.channel.point.clone(),
            orders: open.orders.clone(),
            tells_people: open.channel.settings.tells_people(),
            is_lost: false,
        };
        self.channels.iter().map(path).collect()
    }

    /// Where what was found out on a channel is told.
    pub fn reports(&self) -> mpsc::UnboundedSender<Report> {
        self.reports.clone()
    }

    /// The open channels.
    pub fn channels(&self) -> &[OpenChannel] {
        &self.channels
    }

    /// Everything that waits for this channel is due.
    pub fn all_due(&self, channel: &str) {
        for open in self.channels.iter().filter(|open| open.channel.name.as_str() == channel) {
            open.orders.send(outbox::Order::AllDue).ok();
        }
    }

    /// Takes note of what the broker has given up of filters that nobody wants any more.
    pub fn settle_filters(&mut self) {
        self.broker.iter_mut().flat_map(|broker| &mut broker.subscribed).for_each(Subscribed::settle);
    }

    /// Every task's name and its count of moves.
    pub fn moves(&self) -> Vec<(String, u64)> {
        let count = |alive: &Arc<AtomicU64>| alive.load(Ordering::Relaxed);
        let names = [BROKER.to_owned(), format!("{BROKER} buttons")];
        let sessions = |broker: &Broker| if broker.has_session { 2 } else { 1 };
        let broker = self.broker.iter().flat_map(|broker| broker.alive.iter().take(sessions(broker)));
        let broker = names.into_iter().zip(broker.map(count));
        let ports =
            self.ports.iter().map(|(port, _, running)| (format!("serial {}", port.name), count(&running.alive)));
        let queues =
            self.channels.iter().map(|open| (format!("queue {}", open.channel.name), count(&open.queue.alive)));
        let with_task = self.channels.iter().filter(|open| open.sink.has_task());
        let links = with_task.map(|open| (format!("channel {}", open.channel.name), count(&open.link_alive)));
        let signals = self.signals.iter().map(|signals| ("signals".to_owned(), count(&signals.alive)));
        let shown = self.home_assistant.iter().map(|announcer| ("home assistant".to_owned(), announcer.moves()));
        broker.chain(ports).chain(queues).chain(links).chain(signals).chain(shown).collect()
    }

    /// Ends the sources and says goodbye on every channel; returns when the brokers have it, or after a second.
    pub async fn stop(self, mut inbox: Inbox) {
        self.channels.iter().for_each(|open| open.sink.stop());
        self.ports.iter().for_each(|(_, _, running)| running.handle.abort());
        // The source of the broker leaves cleanly when nobody reads its frames any more.
        inbox.sources.close();
        drop((self.frames, self.from_station));
        // Each channel's listener ends when its link has said goodbye, and with the last of them this stream.
        let goodbyes = async { while inbox.stations.recv().await.is_some() {} };
        if tokio::time::timeout(GOODBYE_WITHIN, goodbyes).await.is_err() {
            tracing::warn!("a broker did not take the goodbye; it will find out by itself");
        }
    }
}
