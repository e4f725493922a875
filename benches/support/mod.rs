//! What the benches of the running daemon share: Debian's mosquitto, a home of made-up sensors, a stand-in station.
//!
//! The probe is a bare MQTT client on a blocking socket, so that what is measured is the other side.
#![allow(dead_code)] // not every bench needs every helper
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout)] // a bench ends when it cannot go on, reads the clock and prints

pub mod card;
pub mod commits;
pub mod floor;
pub mod home;
pub mod ingest;
pub mod lived;
pub mod probe;

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A broker on a port of its own; ends with the value.
pub struct Mosquitto {
    pub port: u16,
    /// Where it speaks TLS, if it does.
    pub tls_port: u16,
    child: Child,
    folder: tempfile::TempDir,
}

impl Mosquitto {
    pub fn start() -> Mosquitto {
        Mosquitto::start_in(tempfile::tempdir().unwrap(), 0, "")
    }

    /// It forgets nothing, however far behind a listener is.
    pub fn start_patient() -> Mosquitto {
        Mosquitto::start_in(tempfile::tempdir().unwrap(), 0, "max_queued_messages 0\nmax_inflight_messages 0\n")
    }

    /// A second listener asks for a certificate; `ca.pem` and `home.pem` lie in its folder.
    pub fn start_with_tls() -> Mosquitto {
        let folder = certificates();
        let port = free_port();
        let lines = format!(
            "listener {port} 127.0.0.1\nrequire_certificate true\nallow_anonymous true\ntls_version tlsv1.3\n\
             cafile {dir}/ca.pem\ncertfile {dir}/broker.pem\nkeyfile {dir}/broker.key\n",
            dir = folder.path().display()
        );
        Mosquitto::start_in(folder, port, &lines)
    }

    fn start_in(folder: tempfile::TempDir, tls_port: u16, lines: &str) -> Mosquitto {
        let port = free_port();
        let config = format!(
            "set_tcp_nodelay true\npersistence false\nsys_interval 1\nuser root\n\
             listener {port} 127.0.0.1\nallow_anonymous true\n{lines}"
        );
        std::fs::write(folder.path().join("mosquitto.conf"), config).unwrap();
        let child = Command::new("/usr/sbin/mosquitto")
            .arg("-c")
            .arg(folder.path().join("mosquitto.conf"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("mosquitto is installed (apt-get install mosquitto)");
        let begin = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begin.elapsed() < Duration::from_secs(10), "mosquitto does not start");
            std::thread::sleep(Duration::from_millis(5));
        }
        Mosquitto { port, tls_port, child, folder }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// An authority, a broker's certificate for the loopback, and a home's with its key, in a folder.
fn certificates() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let openssl = |arguments: &str| {
        let done = Command::new("openssl").current_dir(folder.path()).args(arguments.split(' ')).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    let request = "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(&format!("{request} -x509 -days 99 -subj /CN=circle -keyout ca.key -out ca.pem"));
    for (who, extension) in [("broker", "subjectAltName=IP:127.0.0.1"), ("home", "extendedKeyUsage=clientAuth")] {
        openssl(&format!("{request} -subj /CN={who} -keyout {who}.key -out {who}.csr"));
        std::fs::write(folder.path().join("extension"), extension).unwrap();
        openssl(&format!(
            "x509 -req -CA ca.pem -CAkey ca.key -CAcreateserial -extfile extension -days 99 -in {who}.csr -out {who}.pem"
        ));
    }
    let both = ["home.pem", "home.key"].map(|file| std::fs::read(folder.path().join(file)).unwrap()).concat();
    std::fs::write(folder.path().join("home.pem"), both).unwrap();
    folder
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Times in milliseconds, to be asked for their quantiles.
#[derive(Default, Clone)]
pub struct Times(Vec<f64>);

impl Times {
    pub fn add(&mut self, time: Duration) {
        self.0.push(time.as_secs_f64() * 1000.0);
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Nearest rank: of 200 values the 99 % is the third largest.
    pub fn quantile(&self, part: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let rank = (part * sorted.len() as f64).ceil() as usize;
        sorted.get(rank.max(1) - 1).copied().unwrap_or(f64::NAN)
    }

    pub fn p50(&self) -> f64 {
        self.quantile(0.50)
    }

    pub fn p99(&self) -> f64 {
        self.quantile(0.99)
    }
}
