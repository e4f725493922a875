//! A sensor speaks, but what it says cannot be believed: it sees somebody without an end, sees nobody where others see life
//! all around it, chatters without a pause, or does not say what it is there for.
//!
//! Such a sensor is no witness; a door that stands open is no fault.

use super::{Alarm, Finding, Known, Rule};
use crate::model::home::Sensor;
use crate::model::ids::RoomId;
use crate::model::reason::Reason;
use crate::model::time::{Span, Timestamp, span_text};
use serde::Deserialize;
use std::collections::BTreeMap;

/// `[rules.stuck_sensor]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Motion or presence without an end for longer than this is a fault.
    #[serde(with = "span_text")]
    pub on_for: Span,
    /// In these rooms so many times longer: there people lie or sit for hours.
    pub room_times: BTreeMap<RoomId, f64>,
    /// Events without a pause of half an hour for longer than this are nobody's doing.
    #[serde(with = "span_text")]
    pub chatters_for: Span,
    /// A motion or presence sensor that has seen nothing for longer than this, while others saw life far more often than is usual
    /// without it, is a fault.
    #[serde(with = "span_text")]
    pub off_for: Span,
}

impl Default for Settings {
    fn default() -> Self {
        // 8 h, six-fold in the bedroom, four-fold in the living room: 2 h gave false alarms every day (Area-Occupancy 465, 468).
        let times = [("bedroom", 6.0), ("living_room", 4.0), ("living", 4.0), ("study", 3.0)];
        let room = |name: &str| name.parse::<RoomId>().expect("a room's name");
        Settings {
            on_for: Span::hours(8),
            room_times: times.into_iter().map(|(name, times)| (room(name), times)).collect(),
            chatters_for: Span::hours(16),
            off_for: Span::hours(48),
        }
    }
}

impl Settings {
    /// How long `sensor` may see somebody without an end.
    pub fn on_limit(&self, sensor: &Sensor) -> Span {
        let times = sensor.room.as_ref().and_then(|room| self.room_times.get(room)).copied().unwrap_or(1.0);
        Span::milliseconds((self.on_for.num_milliseconds() as f64 * times) as i64)
    }
}

struct StuckSensor;

/// The rule; what is stuck is known to [`Seen`](crate::engine::seen::Seen), because other rules ask for it too.
pub fn rule(_settings: &super::Settings) -> impl Rule + use<> {
    StuckSensor
}

impl Rule for StuckSensor {
    fn name(&self) -> &'static str {
        "stuck_sensor"
    }

    fn judge(&self, now: Timestamp, known: &Known) -> Finding {
        let mut finding = Finding::default();
        let (from, look_again) = known.seen.first_stuck();
        if from.is_none_or(|from| from > now) {
            return Finding { look_again, ..finding };
        }
        for (sensor, heard) in known.seen.with_heard(known.home) {
            let Some(heard) = heard.filter(|_| sensor.kind.watches_for_life()) else { continue };
            let (from, look_again) = known.seen.stuck_of(heard);
            if from.is_none_or(|from| from > now) {
                finding.look_at(look_again);
                continue;
            }
            let changes_at = known.seen.stuck_changes_at(now, sensor, heard);
            finding.look_at(changes_at);
            let Some((how, since)) = known.seen.stuck(now, sensor, heard) else { continue };
            let reason = Reason::StuckSensor {
                sensor: sensor.id.clone(),
                room: sensor.room.clone(),
                kind: sensor.kind,
                how,
                stuck_since: since,
            };
            finding.alarms.push(Alarm { reason, since: since - Span::milliseconds(1), is_over: false });
        }
        finding
    }
}
