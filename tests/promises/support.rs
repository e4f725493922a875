//! What several promises need: a real broker, free ports, waiting with a deadline, the binary itself, golden files.
#![allow(dead_code)] // not every promise needs every helper
#![allow(clippy::unwrap_used)] // a helper that cannot help ends its test

use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

/// A TCP port of the loopback that nobody has and nobody will be given: each is handed out once, and all lie below those that
/// the kernel gives to outgoing connections (from 32768 on) between now and the moment in which whoever asked listens there.
pub fn free_port() -> u16 {
    static HANDED_OUT: AtomicU32 = AtomicU32::new(0);
    // Two runs at once begin at different places.
    let begin = std::process::id() % 40 * 500;
    loop {
        let nth = HANDED_OUT.fetch_add(1, Ordering::Relaxed);
        assert!(nth < 20_000, "no port of the loopback is free");
        let port = 10_000 + u16::try_from((begin + nth) % 20_000).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Asks again and again until `what` holds; panics with `what` in words after `within`.
#[track_caller]
pub fn wait_until(what: &str, within: Duration, mut holds: impl FnMut() -> bool) {
    let begin = carecircle::clock::since_boot();
    while !holds() {
        let waited = (carecircle::clock::since_boot() - begin).to_std().unwrap_or_default();
        assert!(waited < within, "waited {within:?} in vain: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Debian's mosquitto on a port of its own; ends with the value.
pub struct Mosquitto {
    /// Where it listens on the loopback.
    pub port: u16,
    folder: tempfile::TempDir,
    child: Option<Child>,
}

impl Mosquitto {
    /// Anonymous, without persistence, with Nagle off on its side too.
    pub fn start() -> Mosquitto {
        Mosquitto::start_with("allow_anonymous true\n")
    }

    /// With further lines of configuration; `{dir}` in them is the broker's folder.
    pub fn start_with(lines: &str) -> Mosquitto {
        let folder = tempfile::tempdir().unwrap();
        Mosquitto::start_in(folder, lines)
    }

    /// With a folder that already holds what the lines name.
    pub fn start_in(folder: tempfile::TempDir, lines: &str) -> Mosquitto {
        let port = free_port();
        let lines = lines.replace("{dir}", &folder.path().display().to_string());
        let config = format!("listener {port} 127.0.0.1\nset_tcp_nodelay true\npersistence false\n{lines}");
        std::fs::write(folder.path().join("mosquitto.conf"), config).unwrap();
        let mut broker = Mosquitto { port, folder, child: None };
        broker.restart();
        broker
    }

    /// Its address as the configuration writes it.
    pub fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }

    /// Debian's own client with these arguments, not yet started.
    pub fn publisher(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("mosquitto_pub");
        command.args(["-p", &self.port.to_string()]).args(arguments);
        command
    }

    /// Debian's own listener with these arguments, not yet started.
    pub fn subscriber(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("mosquitto_sub");
        command.args(["-p", &self.port.to_string()]).args(arguments);
        command
    }

    /// Begins to publish at QoS 1; the client ends when the broker has acknowledged.
    pub fn begin_publish(&self, topic: &str, payload: &str) -> Child {
        let mut command = self.publisher(&["-q", "1", "-t", topic, "-m", payload]);
        command.spawn().expect("mosquitto_pub is installed (apt-get install mosquitto-clients)")
    }

    /// Publishes at QoS 1; returns when the broker has acknowledged.
    #[track_caller]
    pub fn publish(&self, topic: &str, payload: &str) {
        assert!(self.begin_publish(topic, payload).wait().unwrap().success());
    }

    /// Its process id while it runs.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("mosquitto runs").id()
    }

    /// Sends a signal by its name without SIG: `STOP` leaves every connection open and answers nothing.
    pub fn signal(&self, name: &str) {
        signal(self.pid(), name);
    }

    /// Ends it without a goodbye to anybody.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Runs it again on the same port; returns when it takes connections.
    pub fn restart(&mut self) {
        self.kill();
        let child = Command::new("/usr/sbin/mosquitto")
            .arg("-c")
            .arg(self.folder.path().join("mosquitto.conf"))
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(self.folder.path().join("log")).unwrap())
            .spawn()
            .expect("mosquitto is installed (apt-get install mosquitto)");
        self.child = Some(child);
        let port = self.port;
        wait_until("mosquitto listens", Duration::from_secs(10), || {
            std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The carecircle binary as a child; killed with the value.
pub struct Daemon {
    child: Child,
    /// What it prints on both outputs goes here.
    pub log: PathBuf,
}

impl Daemon {
    /// Starts `carecircle <arguments>` with its output in `folder`.
    pub fn start(folder: &Path, arguments: &[&str]) -> Daemon {
        let log = folder.join(format!("{}.log", arguments.first().unwrap_or(&"carecircle")));
        let file = std::fs::OpenOptions::new().create(true).append(true).open(&log).unwrap();
        let child =
            carecircle(arguments).stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap();
        Daemon { child, log }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has printed so far.
    pub fn output(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        // It may have ended by itself.
        self.child.kill().ok();
        self.child.wait().unwrap();
    }

    /// Sends a signal by its name without SIG, as `TERM`.
    pub fn signal(&self, name: &str) {
        signal(self.pid(), name);
    }

    /// Its exit status; panics if it still runs after `within`.
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

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The memory of a process that is in RAM.
pub fn resident_kb(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse().unwrap()
}

/// Bytes from hex digits; blanks between them mean nothing.
pub fn unhex(digits: &str) -> Vec<u8> {
    let digits: String = digits.split_whitespace().collect();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

fn signal(pid: u32, name: &str) {
    let status = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status().unwrap();
    assert!(status.success());
}

/// The binary with arguments, not yet started.
pub fn carecircle(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_carecircle"));
    command.args(arguments).env("NO_COLOR", "1");
    command
}

/// Runs the binary to its end; output, errors and exit code.
pub fn run(arguments: &[&str], input: &str) -> (String, String, i32) {
    let mut child =
        carecircle(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    // A command that does not read its input closes the pipe.
    writer.join().unwrap().ok();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code().unwrap_or(-1))
}

/// An agent that shows each answer as it is and follows nothing.
pub fn plain_agent() -> ureq::Agent {
    // A connection for each question: one that ends because a refusal came before the body was read is not used again.
    let config = ureq::Agent::config_builder().http_status_as_error(false).max_idle_connections(0);
    let config = config.max_redirects(0).max_redirects_will_error(false);
    config.timeout_global(Some(Duration::from_secs(20))).build().new_agent()
}

/// Signs in at the station served at `base` as a browser does: the form, its token, the cookie that comes back. With a code
/// the password is a new one. Nothing while the station is away; panics if it refuses.
#[track_caller]
pub fn sign_in(base: &str, who: &str, code: Option<&str>, password: &str, desk: bool) -> Option<String> {
    let agent = plain_agent();
    let mut form = agent.get(format!("{base}/sign-in?code=")).call().ok()?;
    let visit = set_cookie(&form, "visit").expect("a cookie for the form");
    let token = token_in(&form.body_mut().read_to_string().ok()?);
    let mut fields = vec![("token", token.as_str()), ("who", who), ("password", password)];
    fields.extend(code.map(|code| ("code", code)));
    fields.extend(desk.then_some(("desk", "1")));
    let mut answer = agent.post(format!("{base}/sign-in")).header("cookie", visit).send_form(fields).ok()?;
    let (session, said) = (set_cookie(&answer, "session"), answer.body_mut().read_to_string().unwrap_or_default());
    Some(session.unwrap_or_else(|| panic!("{who} cannot sign in: {said}")))
}

/// `name=value` of a cookie that an answer sets.
pub fn set_cookie<T>(answer: &ureq::http::Response<T>, name: &str) -> Option<String> {
    let set = answer.headers().get_all("set-cookie").iter().map(|value| value.to_str().unwrap().to_owned());
    set.map(|line| line.split(';').next().unwrap().to_owned()).find(|pair| pair.starts_with(&format!("{name}=")))
}

/// The token that the forms of a page carry.
#[track_caller]
pub fn token_in(html: &str) -> String {
    let token = html.split("name=\"token\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    token.unwrap_or_else(|| panic!("no form in {html}")).to_owned()
}

/// Compares with `tests/promises/<file>`; `UPDATE_GOLDEN=1` writes it instead.
#[track_caller]
pub fn assert_golden(file: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/promises").join(file);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, found).unwrap();
        return;
    }
    let wanted = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; run once with UPDATE_GOLDEN=1", path.display()));
    assert_eq!(found, wanted, "{} differs; UPDATE_GOLDEN=1 writes it anew, then review the difference", path.display());
}
