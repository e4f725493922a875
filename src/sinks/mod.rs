//! Alerts out: one file per kind of channel, one line in the table below.
//!
//! A sink never decides: it knows no urgency and no retry, tries once and says what happened.

pub mod home_signals;
pub mod https;
mod nature;
mod robot;
pub mod signing;

use crate::model::ids::{ChannelName, HomeId, PointId, SensorId};
use crate::model::level::Supervision;
use crate::model::suspension::Change;
use crate::model::time::{Span, Zone};
use crate::mqtt::{Broker, Secrets};
use crate::problem::Problem;
use crate::text::LastResort;
use crate::wire;
use nature::Nature;
use serde::Deserialize;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use tokio::sync::mpsc;

/// A future in a box, as trait objects need it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A way out of the home.
pub trait Sink: Send + Sync {
    /// The channel's name in the config.
    fn name(&self) -> &str;

    /// Tries once to hand over a notice. Many may run at once.
    fn deliver<'a>(&'a self, notice: &'a Outgoing) -> BoxFuture<'a, Result<Handed, NotDelivered>>;

    /// Tries once to hand over a heartbeat; channels that carry none say that all is well.
    fn heartbeat<'a>(
        &'a self,
        _point: &'a PointId,
        _heartbeat: &'a wire::Heartbeat,
    ) -> BoxFuture<'a, Result<(), NotDelivered>> {
        Box::pin(async { Ok(()) })
    }

    /// Tries once to say something that is of no use later; most channels carry nothing of that sort.
    fn say<'a>(&'a self, _point: &'a PointId, _said: &'a Live) -> BoxFuture<'a, Result<(), NotDelivered>> {
        Box::pin(async { Err(NotDelivered::Never("this channel carries alerts alone".to_owned())) })
    }

    /// What shows that this way out works, besides what is delivered.
    fn proves(&self) -> Proves {
        Proves::Probe
    }

    /// Whether a notice would go out now, without sending one.
    fn probe(&self) -> BoxFuture<'_, Result<(), NotDelivered>>;

    /// Whether a task of its own counts up [`Opening::alive`]; the watchdog looks at it. Where every try is a connection
    /// with an end of its own, nothing stands that could hang.
    fn has_task(&self) -> bool {
        false
    }

    /// Says goodbye where the channel has a word for it.
    fn stop(&self) {}
}

/// What is said while somebody looks, and never again.
#[derive(Debug, Clone, PartialEq)]
pub enum Live {
    /// What the last days were like.
    Activity(wire::Activity),
    /// What is heard of each sensor.
    Walk(wire::Walk),
}

/// What shows that a way out works. It is done in the rhythm of the way's level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proves {
    /// The station's own word on a heartbeat, [`What::Heard`]: that the heartbeat was handed over proves only the way to a
    /// broker.
    Answer,
    /// A heartbeat that was handed over: it went to who is at the end, and was answered.
    Heartbeat,
    /// [`Sink::probe`].
    Probe,
}

/// What `notice` says of the last resort, as a text wants it.
fn last_resort(notice: &wire::Notice) -> Option<LastResort<'_>> {
    let said = notice.state.last_resort.as_ref()?;
    let waited = i64::try_from(said.waited_secs).ok().and_then(Span::try_seconds);
    Some(LastResort { call: &said.call, waited })
}

/// A notice on its way to one service point.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// Whose.
    pub home: HomeId,
    /// To whom.
    pub point: PointId,
    /// What.
    pub notice: wire::Notice,
}

/// What became of a notice that was handed over.
#[derive(Debug, Clone, PartialEq)]
pub enum Handed {
    /// Who is at the end of this channel holds it and said so; only this channel's row is settled by it.
    Receipt(wire::Receipt),
    /// It is carried; the receipt comes by itself, as [`FromStation`].
    Accepted,
    /// The channel has done what it can and expects nothing more; nobody has said that they hold it.
    Done,
    /// It is no concern of who is at the end of this channel; nothing was sent, and nothing is to be.
    NotTheirs,
}

/// Why a notice was not handed over. It may have arrived all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotDelivered {
    /// It can work at another time.
    #[error("{0}")]
    Later(String),
    /// This notice will never go this way.
    #[error("{0}")]
    Never(String),
}

/// What comes back from a station.
#[derive(Debug, Clone, PartialEq)]
pub struct FromStation {
    /// By which channel.
    pub channel: ChannelName,
    /// What.
    pub what: What,
}

/// What a channel or its station says.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant)] // a handful an hour, each moved twice
pub enum What {
    /// The channel works now: whatever waits is due.
    Up,
    /// It does not.
    Down {
        /// Words for a person.
        why: String,
    },
    /// The connection to a broker that leads to this point was made, or has ended: beside `Up` and `Down`, which speak of the
    /// channel.
    Connection {
        /// Where it leads.
        point: PointId,
        /// Whether it stands.
        up: bool,
    },
    /// A notice is in the station's database.
    Receipt(wire::Receipt),
    /// Somebody at the station did something.
    Step(wire::StationStep),
    /// The home is other than usual, or no longer.
    Suspend(FromSuspending),
    /// Which points there are.
    Directory(wire::Directory),
    /// The station is there again: whatever waits is due.
    Greeting,
    /// The station hears our heartbeats.
    Heard(wire::Heard),
    /// Somebody at the station wants to see what the last days were like.
    Look(wire::Look),
    /// Something came that cannot be used.
    Refused {
        /// On which topic.
        topic: String,
        /// Words for a person.
        why: String,
    },
}

/// A suspension that a station asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct FromSuspending {
    /// The station's own name for it, where it gave one: the answer names it.
    pub id: Option<String>,
    /// What, or why it cannot be used.
    pub change: Result<Change, String>,
}

/// What a channel needs to know of its home.
#[derive(Debug, Clone)]
pub struct Opening {
    /// The channel's name.
    pub channel: ChannelName,
    /// The home it leads out of.
    pub home: HomeId,
    /// The service point it serves.
    pub point: PointId,
    /// The home's sensors in the order of the config, for a channel that numbers them; empty for others.
    pub sensors: Vec<SensorId>,
    /// The clock on its wall, for a channel that speaks of times.
    pub zone: Zone,
    /// Where the station's words go.
    pub from_station: mpsc::Sender<FromStation>,
    /// Counts up while the channel's task moves.
    pub alive: Arc<AtomicU64>,
    /// The modems that run, for a channel that shares one with others.
    pub modems: sms::Modems,
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The key in the config.
    pub name: &'static str,
    /// One sentence for the page and `check`.
    pub summary: &'static str,
    /// An example for the config.
    pub example: &'static str,
}

macro_rules! sinks {
    ($($name:ident: $Name:ident),* $(,)?) => {
        $(pub mod $name;)*

        /// How a channel is made: the key says which kind, its value the rest.
        #[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
        #[serde(rename_all = "snake_case", deny_unknown_fields)]
        pub enum ChannelSettings {
            $(#[doc = concat!("See the module `", stringify!($name), "`.")] $Name($name::Settings),)*
        }

        impl ChannelSettings {
            /// Every kind of channel.
            pub const ROWS: &'static [Row] = &[
                $(Row { name: stringify!($name), summary: $name::SUMMARY, example: $name::EXAMPLE },)*
            ];

            /// The key of its kind in the config.
            pub fn kind(&self) -> &'static str {
                match self {
                    $(ChannelSettings::$Name(_) => stringify!($name),)*
                }
            }

            /// What would keep the channel from working, without opening it: files, certificates, addresses.
            pub fn check(&self) -> Result<(), Problem> {
                match self {
                    $(ChannelSettings::$Name(settings) => $name::check(settings),)*
                }
            }

            /// See [`Nature::supervision`].
            pub fn supervision(&self) -> Supervision {
                match self {
                    $(ChannelSettings::$Name(settings) => Nature::supervision(settings),)*
                }
            }

            /// See [`Nature::has_own_supervision`].
            pub fn has_own_supervision(&self) -> bool {
                match self {
                    $(ChannelSettings::$Name(settings) => settings.has_own_supervision(),)*
                }
            }

            /// See [`Nature::numbers_sensors`].
            pub fn numbers_sensors(&self) -> bool {
                match self {
                    $(ChannelSettings::$Name(settings) => settings.numbers_sensors(),)*
                }
            }

            /// See [`Nature::tells_people`].
            pub fn tells_people(&self) -> bool {
                match self {
                    $(ChannelSettings::$Name(settings) => settings.tells_people(),)*
                }
            }

            /// See [`Nature::port`].
            pub fn port(&self) -> Option<&str> {
                match self {
                    $(ChannelSettings::$Name(settings) => Nature::port(settings),)*
                }
            }

            /// See [`Nature::phones`].
            pub fn phones(&self) -> Option<&[sms::address::Address]> {
                match self {
                    $(ChannelSettings::$Name(settings) => settings.phones(),)*
                }
            }

            /// See [`Nature::to_phones`].
            pub fn to_phones(&self, phones: &sms::Phones) -> ChannelSettings {
                match self {
                    $(ChannelSettings::$Name(settings) => ChannelSettings::$Name(settings.to_phones(phones)),)*
                }
            }

            /// The broker it goes through, if it goes through one.
            pub fn broker(&self) -> Option<&Broker> {
                match self {
                    $(ChannelSettings::$Name(settings) => $name::broker(settings),)*
                }
            }

            /// The files it names.
            pub fn files(&self) -> Vec<&Path> {
                match self {
                    $(ChannelSettings::$Name(settings) => $name::files(settings),)*
                }
            }

            /// What these files hold now: another password or certificate needs another connection.
            pub fn secrets(&self) -> Secrets {
                Secrets::of(&self.files())
            }

            /// Opens the channel; from then on it connects by itself, again and again.
            pub fn open(&self, opening: Opening) -> Result<Arc<dyn Sink>, Problem> {
                match self {
                    $(ChannelSettings::$Name(settings) => $name::open(settings, opening),)*
                }
            }
        }
    };
}

sinks! {
    station_mqtt: StationMqtt,
    station_https: StationHttps,
    dc09: Dc09,
    sms: Sms,
    webhook: Webhook,
    wecom: Wecom,
    dingtalk: Dingtalk,
    feishu: Feishu,
}
