//! What the demo plays on: a broker, station with its page, gateway, and the simulated sensors.

use super::house::{self, Addresses, Keys};
use crate::broker::{Broker, Mosquitto};
use crate::gateway::{self, Control};
use crate::model::status::{STATUS_FILE, Status};
use crate::model::time::Span;
use crate::mqtt;
use crate::problem::Problem;
use crate::sim::bridge::Bridge;
use crate::sim::radio::Radio;
use crate::station::{self, Running};
use crate::text::Language;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Everything that runs.
pub struct Stage {
    /// The Zigbee bridge with its sensors.
    pub bridge: Bridge,
    /// The radio with the pendant.
    pub radio: Radio,
    /// Where the page is served.
    pub page: SocketAddr,
    /// By what its staff sign in.
    pub keys: Keys,
    folder: Folder,
    station: Running,
    gateway: JoinHandle<Result<(), Problem>>,
    control: mpsc::Sender<Control>,
    // Last: everybody above talks through it.
    _broker: Broker,
}

impl Stage {
    /// Sets everything up; returns when the page can be opened.
    pub async fn set(page: SocketAddr, language: Language, quiet_at_most: Span, with: With) -> Result<Stage, Problem> {
        let folder = Folder::new()?;
        let radio =
            Radio::plug_in().map_err(|error| Problem::of("a pty for the simulated radio", error.to_string()))?;
        let broker = with.start(&folder.path).await?;
        let at = Addresses { broker: broker.addr(), radio: radio.path(), folder: &folder.path, page };
        let keys = Keys::new()?;
        let station = station::start(house::station(&at, language, &keys)).await?;
        let (control, orders) = mpsc::channel(4);
        let plan = house::gateway(&at, quiet_at_most);
        let gateway = tokio::spawn(gateway::run(plan, Vec::new(), orders));
        let mut bridge = Bridge::new(connect(broker.addr()).await?);
        bridge.announce().await.map_err(|why| Problem::of(broker.addr().to_string(), why.to_string()))?;
        Ok(Stage { bridge, radio, page: station.address, keys, folder, station, gateway, control, _broker: broker })
    }

    /// Somebody walks through the room of this sensor: it sees her and then, its hold over, nobody.
    pub async fn walk_through(&mut self, sensor: &str) -> Result<(), Problem> {
        for occupied in [true, false] {
            let sent = self.bridge.motion(sensor, occupied).await;
            sent.map_err(|why| Problem::of(format!("sensor {sensor}"), why.to_string()))?;
        }
        Ok(())
    }

    /// What the gateway says about itself.
    pub fn status(&self) -> Option<Status> {
        let bytes = std::fs::read(self.folder.path.join("run").join(STATUS_FILE)).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Takes everything down by name.
    pub async fn strike(self) -> Result<(), Problem> {
        // A gateway that has ended by itself takes no orders; its own error is what counts.
        drop(self.control.send(Control::Stop).await);
        let ended = self.gateway.await.unwrap_or_else(|error| Err(Problem::new(error.to_string())));
        self.station.stop().await;
        ended
    }
}

/// Which broker everybody talks through.
#[derive(Debug, Clone, Copy)]
pub enum With {
    /// The one inside the program.
    #[cfg(feature = "embedded-broker")]
    Embedded,
    /// Debian's.
    Mosquitto,
}

impl With {
    async fn start(self, folder: &Path) -> Result<Broker, Problem> {
        match self {
            #[cfg(feature = "embedded-broker")]
            With::Embedded => {
                let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
                Ok(Broker::Embedded(crate::broker::Embedded::start(any_port).await?))
            }
            With::Mosquitto => Ok(Broker::Mosquitto(Mosquitto::start(folder).await?)),
        }
    }
}

async fn connect(broker: SocketAddr) -> Result<mqtt::Link, Problem> {
    let (link, mut events) = mqtt::start(house::connection(broker, "demo-bridge"), std::sync::Arc::default());
    loop {
        match tokio::time::timeout(Duration::from_secs(5), events.recv()).await {
            Ok(Some(mqtt::Event::Up)) => break,
            Ok(Some(mqtt::Event::Down { .. } | mqtt::Event::Message { .. })) => {}
            Ok(None) | Err(_) => return Err(Problem::of(broker.to_string(), "the broker does not answer")),
        }
    }
    // Nothing is subscribed, but a connection whose events nobody reads would stop.
    tokio::spawn(async move { while events.recv().await.is_some() {} });
    Ok(link)
}

/// A folder that goes when the demo ends.
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn new() -> Result<Folder, Problem> {
        let path = std::env::temp_dir().join(format!("carecircle-demo-{}", std::process::id()));
        let made = std::fs::create_dir_all(&path);
        made.map_err(|error| Problem::of(path.display().to_string(), error.to_string()))?;
        Ok(Folder { path })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

fn remove(path: &Path) {
    if let Err(error) = std::fs::remove_dir_all(path) {
        tracing::warn!(path = %path.display(), %error, "the demo's folder stays");
    }
}
