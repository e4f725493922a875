//! A broker, a serial port or a bridge is gone: one technical alert for everything behind it, never one for each sensor. So it
//! is where a source is mute: its driver says that all is well, and nothing comes from any of its sensors.
//!
//! Where nothing else is left that could show life the home is blind, and `not_observed` says so instead. A lost link with
//! the last call button behind it is no mere fault: whoever calls now is not heard.

use super::{Alarm, Finding, Known, Rule};
use crate::engine::links::{Links, Lost};
use crate::engine::seen::Mute;
use crate::model::home::{Sensor, SensorKind};
use crate::model::ids::SensorId;
use crate::model::reason::{BlindCause, Loss, Reason};
use crate::model::time::{Span, Timestamp, span_text};
use serde::Deserialize;

/// `[rules.link_lost]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// A link that is down for longer than this is told.
    #[serde(with = "span_text")]
    pub after: Span,
}

impl Default for Settings {
    fn default() -> Self {
        // An update of a bridge, or a dongle that is moved to another socket, takes a minute.
        Settings { after: Span::minutes(2) }
    }
}

struct LinkLost {
    after: Span,
    /// Whether another rule tells that nobody watches.
    blindness_is_told: bool,
}

/// The rule with these settings.
pub fn rule(settings: &super::Settings) -> impl Rule + use<> {
    LinkLost { after: settings.link_lost.after, blindness_is_told: settings.is_on("not_observed") }
}

impl Rule for LinkLost {
    fn name(&self) -> &'static str {
        "link_lost"
    }

    fn judge(&self, now: Timestamp, known: &Known) -> Finding {
        let mut finding = self.down(now, known);
        let mutes = known.seen.mutes(known.home, now);
        for mute in self.not_told_as_blindness(now, known, &mutes) {
            let behind: Vec<&Sensor> =
                known.home.sensors.values().filter(|sensor| sensor.source == mute.source).collect();
            let reason = reason(known, (mute.source, Loss::Mute), mute.since, &behind);
            // It may be known in the very instant in which the watch began.
            finding.alarms.push(Alarm { reason, since: mute.since, is_over: false });
        }
        finding.look_at(known.seen.mutes_change_at(now));
        finding
    }
}

impl LinkLost {
    fn down(&self, now: Timestamp, known: &Known) -> Finding {
        let mut finding = Finding::default();
        let blind_from = if known.seen.links.any_is_down() { self.blind_from(now, known) } else { None };
        for Lost { name: link, since, carrier_lost } in known.seen.links.lost() {
            let behind: Vec<&Sensor> =
                known.home.sensors.values().filter(|sensor| Links::is_behind(link, sensor)).collect();
            let deadline = since + self.after;
            // What was told before its carrier went stands; what was not is part of the carrier's loss.
            let is_the_carriers = carrier_lost.is_some_and(|carrier_lost| deadline > carrier_lost);
            // While the home is blind, a link to what could show life is part of that; what was told before it stands.
            let watches = behind.iter().any(|sensor| sensor.kind.watches_for_life());
            let is_told_as_blindness = watches && blind_from.is_some_and(|from| deadline > from);
            if behind.is_empty() || is_the_carriers || is_told_as_blindness {
                continue;
            }
            if deadline > now {
                finding.look_at(deadline);
                continue;
            }
            let reason = reason(known, (link, Loss::Down), since, &behind);
            finding.alarms.push(Alarm { reason, since, is_over: false });
        }
        finding
    }

    /// Since when a lost link leaves nothing that could show life, where that is told.
    fn blind_from(&self, now: Timestamp, known: &Known) -> Option<Timestamp> {
        let by_link = || {
            let unwatched = known.seen.unwatched(known.home, now)?;
            matches!(unwatched.cause, BlindCause::LinkLost { .. }).then_some(unwatched.from)
        };
        let blind = known.seen.blind.as_ref().map(|blind| blind.from);
        if self.blindness_is_told { blind.or_else(by_link) } else { None }
    }

    /// A mute source that leaves nothing that could show life is told as that; what was told before it stands.
    fn not_told_as_blindness<'a>(&self, now: Timestamp, known: &Known, mutes: &'a [Mute<'a>]) -> Vec<&'a Mute<'a>> {
        let may_be = !mutes.is_empty() && self.blindness_is_told;
        let unwatched = if may_be { known.seen.unwatched(known.home, now) } else { None };
        let is_part = |mute: &&Mute| {
            let sensors = known.home.sensors.values();
            let mut behind = sensors.filter(|sensor| sensor.source == mute.source);
            let watches = behind.any(|sensor| sensor.kind.watches_for_life());
            watches && unwatched.as_ref().is_some_and(|unwatched| mute.at >= unwatched.known_at)
        };
        mutes.iter().filter(|mute| !is_part(mute)).collect()
    }
}

fn reason(known: &Known, (link, how): (&str, Loss), since: Timestamp, behind: &[&Sensor]) -> Reason {
    let named = |kind: SensorKind| -> Vec<SensorId> {
        behind.iter().filter(|sensor| sensor.kind == kind).map(|sensor| sensor.id.clone()).take(NAMED_MAX).collect()
    };
    let is_mute = |sensor: &Sensor| how == Loss::Mute && sensor.source == link;
    let can_be_heard = |sensor: &&Sensor| known.seen.link_is_up(&sensor.source) && !is_mute(sensor);
    let sensors = known.home.sensors.values();
    let mut other_buttons = sensors.filter(|sensor| sensor.kind == SensorKind::CallButton).filter(can_be_heard);
    let call_buttons = named(SensorKind::CallButton);
    Reason::LinkLost {
        link: link.to_owned(),
        how,
        since,
        sensors: behind.len() as u32,
        is_whole: !behind.iter().any(can_be_heard),
        nobody_can_call: !call_buttons.is_empty() && other_buttons.next().is_none(),
        call_buttons,
        outer_doors: named(SensorKind::OuterDoor),
    }
}

/// A sentence names a few; the rest is counted.
const NAMED_MAX: usize = 4;

#[cfg(test)]
mod tests {
    use super::super::testing::{at, home, judge, moved};
    use super::*;
    use crate::engine::seen::Seen;

    fn links_of(now: Timestamp, seen: &Seen) -> Vec<(String, bool, u32)> {
        let alarms = judge(&rule(&super::super::Settings::default()), now, seen).alarms.into_iter();
        let told = alarms.map(|alarm| {
            let Reason::LinkLost { link, nobody_can_call, sensors, .. } = alarm.reason else { panic!("{alarm:?}") };
            (link, nobody_can_call, sensors)
        });
        told.collect()
    }

    #[test]
    fn a_lost_port_is_one_alarm_after_its_grace_and_says_that_nobody_can_call() {
        let mut seen = moved(&["08:00"]);
        seen.link(&home(), at("08:30"), "radio", false);
        let finding = judge(&rule(&super::super::Settings::default()), at("08:31"), &seen);
        assert_eq!((finding.alarms.len(), finding.look_again), (0, Some(at("08:32"))));
        assert_eq!(links_of(at("08:32"), &seen), [("radio".to_owned(), true, 2)]);
        seen.link(&home(), at("08:40"), "radio", true);
        assert_eq!(links_of(at("08:50"), &seen), []);
    }

    #[test]
    fn the_loss_that_makes_blind_is_not_told_twice_and_the_one_before_it_stands() {
        let mut seen = moved(&["08:00"]);
        seen.link(&home(), at("08:30"), "radio", false);
        seen.link(&home(), at("09:00"), "mqtt", false);
        assert_eq!(links_of(at("10:00"), &seen), [("radio".to_owned(), true, 2)]);
        seen.link(&home(), at("10:00"), "radio", true);
        assert_eq!(
            links_of(at("10:00"), &seen),
            [("mqtt".to_owned(), false, 3)],
            "no longer blind, still without mqtt"
        );
    }

    #[test]
    fn a_bridge_nobody_needs_is_no_matter() {
        let mut seen = moved(&["08:00"]);
        seen.link(&home(), at("08:30"), "mqtt2/tasmota/x", false);
        assert_eq!(links_of(at("09:00"), &seen), []);
    }

    #[test]
    fn one_of_two_bridges_excuses_only_those_not_heard_since() {
        let mut seen = moved(&["08:00"]);
        seen.link(&home(), at("07:00"), "mqtt/b", true);
        seen.link(&home(), at("07:30"), "mqtt/a", false);
        assert_eq!(links_of(at("09:00"), &seen), [("mqtt/a".to_owned(), false, 3)]);
        let home = home();
        let excused = |id: &str| {
            let id: SensorId = id.parse().unwrap();
            seen.is_excused(at("09:00"), &home.sensors[&id], seen.heard(&id))
        };
        assert!(!excused("hall") && excused("front") && !excused("bath"));
    }
}
