//! The embedded broker: MQTT for `demo`, trial installs and tests, without a second program.
//!
//! Never writes a file (the crate's own default is a store in the working directory) and never listens beyond the
//! loopback, because it lets everybody in.

use crate::problem::Problem;
use mqtt5::broker::config::{BrokerConfig, StorageBackend, StorageConfig};
use mqtt5::broker::{MqttBroker, server::BrokerShutdownHandle};
use std::net::SocketAddr;

/// A running broker; ends with the value.
pub struct Embedded {
    addr: SocketAddr,
    shutdown: BrokerShutdownHandle,
}

impl Embedded {
    /// Listens on `addr`, a loopback address; port 0 chooses a free one.
    pub async fn start(addr: SocketAddr) -> Result<Embedded, Problem> {
        if !addr.ip().is_loopback() {
            return Err(Problem::of(
                addr.to_string(),
                "the embedded broker lets everybody in and listens on the loopback only",
            )
            .with_deed("run mosquitto for sensors on the network, or use 127.0.0.1"));
        }
        let mut broker = MqttBroker::with_config(config(addr)).await.map_err(|error| {
            Problem::of(addr.to_string(), format!("the embedded broker cannot listen there: {error}"))
                .with_deed("is a broker running already? choose another port, or connect to that one")
        })?;
        let addr = broker.local_addr().unwrap_or(addr);
        let shutdown = broker.shutdown_handle();
        let mut ready = broker.ready_receiver();
        tokio::spawn(async move {
            if let Err(error) = broker.run().await {
                tracing::error!(%error, "the embedded broker has ended");
            }
        });
        // An error means that it has ended, and its address will say so to whoever connects.
        ready.wait_for(|is_ready| *is_ready).await.ok();
        Ok(Embedded { addr, shutdown })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.shutdown.shutdown();
    }
}

fn config(addr: SocketAddr) -> BrokerConfig {
    let storage = StorageConfig::new().with_persistence(false).with_backend(StorageBackend::Memory);
    BrokerConfig::new()
        .with_bind_address(addr)
        .with_storage(storage)
        .with_max_packet_size(PACKET_BYTES_MAX)
        .with_sys_topics_enabled(false)
}

/// What the client reads at most; a bridge's device list is larger than a notice.
const PACKET_BYTES_MAX: usize = 4 * 1024 * 1024;
