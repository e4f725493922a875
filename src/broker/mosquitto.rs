//! Debian's mosquitto as a process on the loopback, without a memory on the disk.

use crate::problem::Problem;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::net::TcpStream;

/// A running mosquitto; ends with the value.
pub struct Mosquitto {
    addr: SocketAddr,
    process: Child,
}

impl Mosquitto {
    /// Starts one on a free port of the loopback; its configuration lies in `folder`.
    pub async fn start(folder: &Path) -> Result<Mosquitto, Problem> {
        let addr = free_address()?;
        let file = folder.join("mosquitto.conf");
        let text = format!(
            "listener {} 127.0.0.1\nallow_anonymous true\npersistence false\nset_tcp_nodelay true\nlog_type error\n",
            addr.port()
        );
        std::fs::write(&file, text).map_err(|error| Problem::of(file.display().to_string(), error.to_string()))?;
        let process = spawn(&file)?;
        let mut broker = Mosquitto { addr, process };
        broker.answers().await?;
        Ok(broker)
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Returns when it can be connected to.
    async fn answers(&mut self) -> Result<(), Problem> {
        let listening = async {
            while TcpStream::connect(self.addr).await.is_err() {
                if let Ok(Some(status)) = self.process.try_wait() {
                    return Err(Problem::of("mosquitto", format!("it has ended at once: {status}")));
                }
                tokio::time::sleep(PAUSE).await;
            }
            Ok(())
        };
        tokio::time::timeout(PATIENCE, listening).await.unwrap_or_else(|_| {
            let what = format!("it does not listen after {} s", PATIENCE.as_secs());
            Err(Problem::of(format!("mosquitto on {}", self.addr), what))
        })
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        // Both fail only where it has ended by itself.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// mosquitto takes no port 0; the kernel does not give the same port away again soon.
fn free_address() -> Result<SocketAddr, Problem> {
    let bound = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    bound.map_err(|error| Problem::of("a free port of the loopback", error.to_string()))
}

fn spawn(file: &Path) -> Result<Child, Problem> {
    // In /usr/sbin, which is not on the path of everybody who may try a demo.
    let there = PROGRAMS.iter().find(|program| Path::new(program).exists()).unwrap_or(&"mosquitto");
    Command::new(there).arg("-c").arg(file).stdin(Stdio::null()).stdout(Stdio::null()).spawn().map_err(|error| {
        Problem::of("mosquitto", format!("it cannot be started: {error}"))
            .with_deed("sudo apt install mosquitto; this program was built without a broker of its own")
    })
}

const PROGRAMS: [&str; 2] = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"];
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);
