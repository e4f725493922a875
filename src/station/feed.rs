//! Between the wire and the desk: messages become inputs, effects become messages.

use crate::desk::{
    AlertKey, Beat, BookState, Condition, Input, Notice, Outgoing, SensorSeen, Suspended, Suspending, SuspensionRefused,
};
use crate::model::ids::HomeId;
use crate::model::ids::PointId;
use crate::model::level::Level;
use crate::model::own_sign::{OwnDay, OwnSign, SignBy};
use crate::model::suspension::Suspend;
use crate::model::time::{Span, Timestamp};
use crate::station::Settings;
use crate::station::voice::Message;
use crate::trust::broker_log;
use crate::wire::{self, Down, Topic, Up, Wire};
use std::iter;

/// The station's connection to the broker.
pub(super) fn connection(settings: &Settings) -> crate::mqtt::Settings {
    // Only the broker whose configuration we write tells us what it refuses.
    let log = settings.enrolling.iter().flat_map(|_| broker_log::TOPICS.map(str::to_owned));
    crate::mqtt::Settings {
        client_id: format!("carecircle-station-{}", settings.point),
        broker: settings.broker.clone(),
        login: settings.login.clone(),
        tls: settings.tls.clone(),
        filters: iter::once(wire::up_filter(&settings.point)).chain(log).collect(),
        will: None,
        announce: None,
    }
}

/// Why a message tells nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NotRead {
    /// No home of ours says such a thing: it is counted as refused.
    Refused(String),
    /// It is not understood.
    Unclear(String),
}

/// What a message tells the desk.
pub(super) fn read(point: &PointId, topic: &str, payload: &[u8], retained: bool) -> Result<Option<Input>, NotRead> {
    let unclear = |why: String| Err(NotRead::Unclear(why));
    let Some(Topic::Up(home, to, up)) = Topic::parse(topic) else { return unclear("no topic of a home".to_owned()) };
    if to != *point {
        return unclear(format!("for the point {to}, and this is {point}"));
    }
    let words = |error: wire::WireError| NotRead::Unclear(error.to_string());
    // The topic is what the broker's access list holds a home to, so it says whose word this is.
    let ours = |said: &crate::model::ids::HomeId| {
        let wrong = || NotRead::Refused(format!("it speaks of the home {said} on the topic of {home}"));
        if *said == home { Ok(()) } else { Err(wrong()) }
    };
    match up {
        Up::Notice | Up::Heartbeat if retained => {
            Err(NotRead::Refused("retained: an old word is no sign of life".to_owned()))
        }
        Up::Notice => {
            let notice = wire::Notice::from_bytes(payload).map_err(words)?;
            ours(&notice.home)?;
            Ok(Some(notice_input(notice)))
        }
        Up::Heartbeat => {
            let heartbeat = wire::Heartbeat::from_bytes(payload).map_err(words)?;
            ours(&heartbeat.home)?;
            Ok(Some(heartbeat_input(heartbeat)))
        }
        Up::Link => {
            let online = wire::Link::from_bytes(payload).map_err(words)?.online;
            Ok(Some(Input::HomeLink { home, online }))
        }
        // For whoever looks, and not for the desk: see `live`.
        Up::Activity | Up::Walk => Ok(None),
    }
}

/// What a home says to people who look: kept nowhere but in memory.
pub(super) enum Live {
    /// What its last days were like.
    Activity(wire::Activity),
    /// What is heard of each sensor.
    Walk(wire::Walk),
}

/// The same for what is no matter of the desk. Errors say nothing of what the message held.
pub(super) fn live(point: &PointId, topic: &str, payload: &[u8], retained: bool) -> Option<Result<Live, NotRead>> {
    let unclear = |why: &str| Err(NotRead::Unclear(why.to_owned()));
    let Some(Topic::Up(home, to, up)) = Topic::parse(topic) else { return None };
    let read = match up {
        Up::Activity => wire::Activity::from_bytes(payload).map(|said| (said.home.clone(), Live::Activity(said))),
        Up::Walk => wire::Walk::from_bytes(payload).map(|said| (said.home.clone(), Live::Walk(said))),
        Up::Notice | Up::Heartbeat | Up::Link => return None,
    };
    Some(match read {
        _ if to != *point => unclear("it is for another point"),
        _ if retained => unclear("retained: nobody asked for it now"),
        Err(_) => unclear("it is no body of this kind"),
        Ok((said, _)) if said != home => Err(NotRead::Refused("it speaks of another home".to_owned())),
        Ok((_, live)) => Ok(live),
    })
}

/// Asks a home what its last days were like, for somebody who looks.
pub(super) fn look(look: &wire::Look) -> Message {
    Message::new(look.home.clone(), Down::Look, look)
}

/// A notice, whichever way it came.
pub(super) fn notice_input(notice: wire::Notice) -> Input {
    Input::Notice(Box::new(notice_of(notice)))
}

/// A heartbeat, whichever way it came.
pub(super) fn heartbeat_input(heartbeat: wire::Heartbeat) -> Input {
    let condition = Condition {
        blind: heartbeat.blind,
        clock_trusted: heartbeat.clock_trusted,
        last_life_secs: heartbeat.last_life_secs,
        oldest_unsent_secs: heartbeat.oldest_unsent_secs,
        answered_at_home: heartbeat.answered_at_home,
        sensors: heartbeat.sensors.into_iter().take(SENSORS_MAX).map(sensor_of).collect(),
        learning: heartbeat.learning.map(|learning| (learning.day, learning.of)),
        suspended: heartbeat.suspended.into_iter().take(SUSPENDED_MAX).map(suspended_of).collect(),
        refused: heartbeat.refused.into_iter().take(SUSPENDED_MAX).filter_map(refused_of).collect(),
        beat: Beat {
            run: heartbeat.run,
            boot: heartbeat.boot.filter(|boot| boot.len() <= BOOT_BYTES_MAX),
            seq: heartbeat.seq,
            at_ms: heartbeat.at.timestamp_millis(),
        },
        level: heartbeat.level_secs.and_then(level_of),
        today: heartbeat.today.map(today_of),
    };
    Input::Heartbeat { home: heartbeat.home, condition }
}

fn today_of(today: wire::Today) -> OwnDay {
    let by = today.by.unwrap_or(SignBy::Unknown);
    OwnDay {
        date: today.date,
        sign: today.own_sign_at.map(|at| OwnSign { at, by }),
        usual_by: today.usual_by,
        learning_day: today.learning_day,
        // A number from outside.
        unwatched: Span::seconds(i64::try_from(today.unwatched_secs).unwrap_or(i64::MAX).min(86_400 * 2)),
    }
}

fn suspended_of(said: wire::InForce) -> Suspended {
    Suspended { kind: said.kind, owner: said.owner, why: said.why, from: said.from, until: said.until }
}

/// A refusal that names no id is of nothing that was asked here.
fn refused_of(said: wire::Refusal) -> Option<SuspensionRefused> {
    Some(SuspensionRefused { id: said.id?, why: said.why.chars().take(WHY_LENGTH_MAX).collect() })
}

fn sensor_of(said: wire::SensorAge) -> SensorSeen {
    SensorSeen {
        id: said.id,
        room: said.room,
        kind: said.kind,
        heard_secs: said.heard_secs,
        battery_percent: said.battery_percent,
        is_missing: said.missing,
    }
}

/// What a home says of its rhythm. No home talks itself out of being missed for longer than the slowest level.
fn level_of(secs: u64) -> Option<Span> {
    let slowest = Level::Hours25.span();
    (secs > 0).then(|| i64::try_from(secs).map_or(slowest, |secs| slowest.min(Span::seconds(secs.min(1_000_000)))))
}

/// Ours is of sixteen.
const BOOT_BYTES_MAX: usize = 64;

/// A home has a few dozen.
const SENSORS_MAX: usize = 512;

/// A sentence.
const WHY_LENGTH_MAX: usize = 300;

/// A home has at most one of each kind.
const SUSPENDED_MAX: usize = 16;

fn notice_of(notice: wire::Notice) -> Notice {
    let wire::AlertState { reason, severity, phase, owner, count, escalated, last_resort, life_since, test } =
        notice.state;
    let last_resort = last_resort.map(|last_resort| last_resort.call);
    Notice {
        home: notice.home,
        place: notice.place,
        alert: notice.alert,
        step: notice.step,
        state: BookState { reason, severity, phase, owner, count, escalated, last_resort, life_since, test },
        // A number from outside: not a number becomes nought, a century stays a century.
        age_ms: (notice.age_secs * 1000.0).clamp(0.0, 1e15) as i64,
        clock_trusted: notice.clock_trusted,
        durable: notice.durable,
    }
}

/// Tells a home that a step is in the station's database.
pub(super) fn receipt(point: PointId, alert: AlertKey, step: u32, at: Timestamp) -> Message {
    let AlertKey { home, alert } = alert;
    let receipt = wire::Receipt { v: wire::VERSION, home: home.clone(), alert, step, point, at };
    Message::new(home, Down::Receipt, &receipt)
}

/// Tells a home that this station is there again: what waits for it there need not wait longer.
pub(super) fn greeting(point: PointId, home: HomeId) -> Message {
    let greeting = wire::Greeting { v: wire::VERSION, home: home.clone(), point };
    Message::new(home, Down::Greeting, &greeting)
}

/// Answers a heartbeat: the home learns that the station itself hears it, and not only the broker.
pub(super) fn heard(point: PointId, home: HomeId, beat: &Beat, at: Timestamp) -> Message {
    let Beat { run, boot, seq, .. } = beat.clone();
    let heard = wire::Heard { v: wire::VERSION, home: home.clone(), point, seq, run, boot, at };
    Message::new(home, Down::Heard, &heard)
}

/// Asks a home's gateway to write a step into its book.
pub(super) fn step(outgoing: Outgoing) -> Message {
    let step = step_of(outgoing);
    Message::new(step.home.clone(), Down::Step, &step)
}

/// A step as it travels.
pub(super) fn step_of(outgoing: Outgoing) -> wire::StationStep {
    let Outgoing { alert: AlertKey { home, alert }, key, at, by, deed } = outgoing;
    wire::StationStep { v: wire::VERSION, home, alert, key, at, by, deed }
}

/// Asks a home to suspend, or to end a suspension.
pub(super) fn suspend(suspending: Suspending) -> Message {
    let suspend = suspend_of(suspending);
    Message::new(suspend.home.clone(), Down::Suspension, &suspend)
}

/// A change of suspensions as it travels.
pub(super) fn suspend_of(Suspending { home, id, what }: Suspending) -> Suspend {
    Suspend { v: wire::VERSION, home, id: Some(id), what }
}
