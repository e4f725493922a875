//! What to write into a configuration for a device that was heard and that nobody has registered.

use super::{Devices, address_toml, toml_text};
use crate::devices::ha_entity;
use crate::model::observation::{Measure, Press, Reading};

impl Devices {
    /// The address of a device that was heard, as a line of a config; absent for a family that is none of ours.
    pub fn address_toml(family: &str, device: &str, readings: &[Reading]) -> Option<String> {
        address_toml(family, device, readings)
    }

    /// What a device with these readings is for, where they can tell.
    pub fn kind_for(readings: &[Reading]) -> Option<&'static str> {
        kinds(readings)
    }

    /// Whether these readings are only of things that no home registers: a device's link quality, its firmware.
    pub fn is_no_sensor(readings: &[Reading]) -> bool {
        let is_none = |reading: &Reading| {
            ha_entity::Entity::of(&reading.measure).is_some_and(|entity| entity.sensor_kind().is_none())
        };
        !readings.is_empty() && readings.iter().all(is_none)
    }

    /// A `[[sensor]]` table for a device nobody has registered, ready to be pasted and corrected.
    pub fn snippet(family: &str, device: &str, readings: &[Reading]) -> String {
        let id: String =
            device.chars().map(|c| if c.is_alphanumeric() || c == '-' { c } else { '_' }).take(64).collect();
        let id = if id.is_empty() { "new_sensor".to_owned() } else { id };
        let address = address_toml(family, device, readings).unwrap_or_else(|| format!("# unknown family {family:?}"));
        // What its ON means stands in the address that was just made.
        let is_motion = address.contains("kind = \"motion\"");
        let (kind, guess) = kinds(readings)
            .map(|kind| if kind == "item" && is_motion { "motion" } else { kind })
            .map_or(("motion", true), |kind| (kind, kind == "service_button" || kinds(readings) != Some(kind)));
        let note = if guess { "   # a guess: put what it is for" } else { "" };
        format!(
            "[[sensor]]\nid = {}\nroom = \"\"   # where it hangs\nkind = \"{kind}\"{note}\n{address}\n",
            toml_text(&id)
        )
    }
}

fn kinds(readings: &[Reading]) -> Option<&'static str> {
    let kinds = readings.iter().filter_map(|reading| match &reading.measure {
        Measure::Motion(_) => Some("motion"),
        Measure::Presence(_) => Some("presence"),
        Measure::Button(press) => Some(if *press == Press::Sos { "call_button" } else { "service_button" }),
        Measure::Contact(_) => Some("door"),
        Measure::Leak(_) => Some("leak"),
        Measure::Smoke(_) => Some("smoke"),
        Measure::Gas(_) => Some("gas"),
        Measure::Mains(_) => Some("mains"),
        Measure::Vibration(_) | Measure::Switch(_) => Some("item"),
        Measure::TemperatureCelsius(_) | Measure::HumidityPercent(_) => Some("temperature"),
        Measure::Dark(_)
        | Measure::SignalPercent(_)
        | Measure::Alarm(_)
        | Measure::Tamper(_)
        | Measure::BatteryPercent(_)
        | Measure::BatteryLow(_)
        | Measure::SupplyVolts(_)
        | Measure::IlluminanceLux(_)
        | Measure::Alive
        | Measure::Availability(_)
        | Measure::Bridge(_)
        | Measure::Number(_) => None,
        Measure::Note { .. } => ha_entity::Entity::of(&reading.measure)?.sensor_kind(),
    });
    // A leak sensor measures the temperature beside, never the other way round.
    kinds.min_by_key(|kind| *kind == "temperature")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::{Decoded, Heard, Settings, reading};
    use crate::model::frame::{Origin, RawFrame};
    use crate::model::observation::Evidence;

    #[test]
    fn what_is_announced_and_no_home_registers_is_no_sensor() {
        let announced = |component: &str, about: &str| {
            let topic = format!("homeassistant/{component}/x/config");
            let text = format!(r#"{{"state_topic":"flat/x",{about},"device":{{"identifiers":["x"]}}}}"#);
            let frame = RawFrame { from: Origin::Mqtt { topic }, bytes: text.into_bytes(), retained: true };
            let mut devices = Devices::only("ha_discovery", &Settings::default(), &[]);
            let heard = devices.decode(&frame);
            let [Heard { outcome: Decoded::Readings(readings), .. }] = heard.as_slice() else { panic!("{heard:?}") };
            Devices::is_no_sensor(readings)
        };
        assert!(announced("sensor", r#""value_template":"{{ value_json.linkquality }}""#));
        assert!(!announced("binary_sensor", r#""device_class":"motion""#));
        let there = reading("x", Measure::Alive, Evidence::Event, false);
        assert!(!Devices::is_no_sensor(&[there]) && !Devices::is_no_sensor(&[]));
    }

    #[test]
    fn the_kind_in_a_snippet_is_the_one_of_its_address() {
        let on = [reading("Pir/aa66/0", Measure::Switch(true), Evidence::Event, false)];
        let snippet = Devices::snippet("rflink", "Pir/aa66/0", &on);
        assert!(snippet.contains("kind = \"motion\"   # a guess") && !snippet.contains("item"), "{snippet}");
        let plug = Devices::snippet("zigbee2mqtt", "plug", &on);
        assert!(plug.contains("kind = \"item\"\n"), "{plug}");
    }
}
