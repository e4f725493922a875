//! A daemon started as systemd would start it, with the test on the other side of its notify socket.

use crate::support::{carecircle, wait_until};
use crate::world::{PATIENCE, World};
use carecircle::clock;
use carecircle::model::time::Span;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// A daemon and everything it has told systemd.
pub struct Unit {
    child: Child,
    log: PathBuf,
    said: Arc<Mutex<Vec<(Span, String)>>>,
    listening: Arc<AtomicBool>,
    listener: Option<JoinHandle<()>>,
}

impl Unit {
    /// The daemon in the home of this world.
    pub fn gateway(world: &World) -> Unit {
        Unit::start(&world.path(""), gateway_command(world))
    }

    /// The daemon at the service point of this world.
    pub fn station(world: &World) -> Unit {
        let config = world.path("station.toml");
        Unit::start(&world.path(""), carecircle(&["station", "--config", config.to_str().unwrap()]))
    }

    /// Any command of ours; socket and log lie in `folder`.
    pub fn start(folder: &Path, mut command: Command) -> Unit {
        let number = (0..).find(|n| !folder.join(format!("notify-{n}")).exists()).unwrap();
        let path = folder.join(format!("notify-{number}"));
        let socket = UnixDatagram::bind(&path).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
        let log = folder.join(format!("unit-{number}.log"));
        let file = std::fs::File::create(&log).unwrap();
        command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "20000000");
        command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
        let (said, listening) = (Arc::<Mutex<Vec<_>>>::default(), Arc::new(AtomicBool::new(true)));
        let listener = std::thread::spawn({
            let (said, listening) = (Arc::clone(&said), Arc::clone(&listening));
            move || listen(&socket, &said, &listening)
        });
        Unit { child: command.spawn().unwrap(), log, said, listening, listener: Some(listener) }
    }

    /// Waits until it is ready.
    #[track_caller]
    pub fn ready(self) -> Unit {
        self.wait_for("READY=1");
        self
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it is gone.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// What it has printed so far.
    pub fn output(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Every message so far, each with its lines.
    pub fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().iter().map(|(_, message)| message.clone()).collect()
    }

    /// How often it has said exactly this.
    pub fn count(&self, message: &str) -> usize {
        self.said().iter().filter(|said| *said == message).count()
    }

    /// The newest status line.
    pub fn status(&self) -> String {
        let said = self.said();
        let mut lines = said.iter().flat_map(|message| message.lines()).rev();
        lines.find_map(|line| line.strip_prefix("STATUS=")).unwrap_or_default().to_owned()
    }

    /// Waits until the status line has all these words.
    #[track_caller]
    pub fn wait_for_status(&self, words: &[&str]) {
        wait_until(&format!("the status says {words:?}"), PATIENCE * 2, || {
            words.iter().all(|word| self.status().contains(word))
        });
    }

    /// Waits until it says exactly this once more.
    #[track_caller]
    pub fn wait_for(&self, message: &str) {
        wait_until(&format!("it says {message}"), PATIENCE, || self.count(message) > 0);
    }

    /// Waits for so many more pings of the watchdog.
    #[track_caller]
    pub fn wait_for_pings(&self, more: usize) {
        let wanted = self.count("WATCHDOG=1") + more;
        wait_until("the watchdog is fed", PATIENCE * 2, || self.count("WATCHDOG=1") >= wanted);
    }

    /// The longest time without a ping of the watchdog: systemd would kill at 20 s.
    pub fn longest_without_ping(&self) -> Span {
        let said = self.said.lock().unwrap();
        let begin = said.iter().find(|(_, message)| message == "READY=1").expect("it was ready").0;
        let pings = said.iter().filter(|(_, message)| message == "WATCHDOG=1").map(|(at, _)| *at);
        let instants: Vec<Span> = [begin].into_iter().chain(pings).chain([clock::since_boot()]).collect();
        instants.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or_default()
    }

    /// SIGHUP; returns when it has said that the reload is over.
    #[track_caller]
    pub fn reload(&self) {
        let ready = self.count("READY=1");
        self.signal("HUP");
        wait_until("the reload is over", PATIENCE, || self.count("READY=1") > ready);
    }

    /// Sends a signal by its name without SIG.
    pub fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
    }

    /// SIGTERM; how it ended.
    #[track_caller]
    pub fn stop(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.wait(Duration::from_secs(10))
    }

    /// How it ended; panics if it still runs after `within`.
    #[track_caller]
    pub fn wait(&mut self, within: Duration) -> ExitStatus {
        let mut status = None;
        wait_until("the daemon ends", within, || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.expect("waited for it")
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().unwrap();
        self.listening.store(false, Ordering::Relaxed);
        self.listener.take().map(JoinHandle::join);
        if std::thread::panicking() {
            eprintln!("--- {}\n{}\n--- told systemd: {:#?}", self.log.display(), self.output(), self.said());
        }
    }
}

/// `carecircle gateway` of this world, its last good configuration beside its history.
pub fn gateway_command(world: &World) -> Command {
    let (config, state) = (world.path("gateway.toml"), world.path("state"));
    carecircle(&["gateway", "--config", config.to_str().unwrap(), "--state-dir", state.to_str().unwrap()])
}

fn listen(socket: &UnixDatagram, said: &Mutex<Vec<(Span, String)>>, listening: &AtomicBool) {
    socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let mut bytes = [0; 4096];
    while listening.load(Ordering::Relaxed) {
        let Ok(count) = socket.recv(&mut bytes) else { continue };
        let message = String::from_utf8_lossy(&bytes[..count]).trim_end().to_owned();
        said.lock().unwrap().push((clock::since_boot(), message));
    }
}
