//! A Zigbee bridge with its sensors, as Zigbee2MQTT publishes them.

use crate::mqtt::{Link, NotPublished};
use serde_json::json;

/// The bridge.
pub struct Bridge {
    link: Link,
    /// As Zigbee2MQTT it repeats its kept state with every report.
    linkquality: u8,
}

impl Bridge {
    /// A bridge that publishes over `link`.
    pub fn new(link: Link) -> Bridge {
        Bridge { link, linkquality: 80 }
    }

    /// "I am here": retained, as the real one does.
    pub async fn announce(&mut self) -> Result<(), NotPublished> {
        self.link.publish("zigbee2mqtt/bridge/state", json!({ "state": "online" }).to_string().into_bytes(), true).await
    }

    /// Movement before a PIR begins or ends.
    pub async fn motion(&mut self, name: &str, occupied: bool) -> Result<(), NotPublished> {
        let body = json!({ "battery": 91, "illuminance": 112, "occupancy": occupied, "voltage": 3015 });
        self.publish(name, body).await
    }

    /// A door contact opens or closes.
    pub async fn door(&mut self, name: &str, open: bool) -> Result<(), NotPublished> {
        self.publish(name, json!({ "battery": 77, "contact": !open, "voltage": 2985 })).await
    }

    /// A button is pressed: the press, then the empty action that follows it.
    pub async fn press(&mut self, name: &str, action: &str) -> Result<(), NotPublished> {
        self.publish(name, json!({ "action": action, "battery": 100 })).await?;
        self.publish(name, json!({ "action": "", "battery": 100 })).await
    }

    async fn publish(&mut self, name: &str, mut body: serde_json::Value) -> Result<(), NotPublished> {
        self.linkquality = 60 + (self.linkquality.wrapping_mul(37).wrapping_add(11)) % 120;
        body["linkquality"] = json!(self.linkquality);
        self.link.publish(&format!("zigbee2mqtt/{name}"), body.to_string().into_bytes(), false).await
    }
}
