//! The floor: the least that turns a press into an alert, as anybody would write it. No rule, no memory, nothing on a disk.

use rumqttc::{AsyncClient, Event, MqttOptions, Packet, PublishOptions, QoS, SubscribeFilter};

/// What comes on `press` goes out on `alert` with the number it brought, until the broker is gone.
pub fn run(port: u16, press: &str, alert: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async move {
        let options = MqttOptions::new("bench-client", ("127.0.0.1", port));
        let (client, mut events) = AsyncClient::builder(options).capacity(10_000).try_build().unwrap();
        let mut network = events.network_options();
        network.set_tcp_nodelay(true);
        events.set_network_options(network);
        while let Ok(event) = events.poll().await {
            match event {
                Event::Incoming(Packet::ConnAck(_)) => {
                    client.try_subscribe_many([SubscribeFilter::new(press.into(), QoS::AtLeastOnce)]).unwrap();
                }
                Event::Incoming(Packet::Publish(press)) => {
                    let press: serde_json::Value = serde_json::from_slice(&press.payload).unwrap();
                    let said = serde_json::json!({ "alert": press["action"], "seq": press["seq"] }).to_string();
                    client.try_publish(alert, said, PublishOptions::at_least_once()).unwrap();
                }
                Event::Incoming(_) | Event::Outgoing(_) => {}
            }
        }
    });
}
