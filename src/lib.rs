//! carecircle notices in the home of an elder living alone that the quiet is wrong, puts an alert on the page of the
//! nearest service point whose staff can be at the door within 15 minutes, keeps asking until a person has taken it, and
//! counts until somebody is there. One package, one library, one binary.
//!
//! # Where to begin
//!
//! `README` → this page → [`engine`]. "Why was this alert raised?" is answered in three files: the rule in
//! `engine/rules/`, what it rests on in `engine/seen/` (for the learned limit `engine/rhythm/`), what became of it in
//! `engine/book.rs`.
//!
//! # The map
//!
//! ```text
//!  7  main
//!  6  cmd                 one file per subcommand; the only room that prints and exits
//!  5  replay    sim       recorded history through the same engine; a home in a box for demo and tests, and simulated years
//!  4  gateway   station   the two daemons: wiring, loop, one turn, health
//!  3  config              TOML to types that cannot be wrong
//!  2  store  sources  sinks  web  broker      rooms that touch the world
//!  2  trust               keys, certificates, codes: how a home is enrolled and turned away
//!  2' clock  mqtt                             … and the two they stand on: time, and connections to brokers
//!  1  engine  desk  devices  wire  text  picture  reach   pure rooms
//!  0  model  problem                          the words we all use; errors for people
//! ```
//!
//! Arrows go down only, and rooms on one level do not know each other (`store`, `sources`, `sinks` stand on `mqtt` and
//! `clock`; `web` uses `desk`'s view and inputs, the office of `store` and `picture`, `store`, `sinks` and `web` use `wire`, `sinks` and `web` use `text`;
//! `config` uses each room's own `Settings`, and `reach`). `tests/promises/architecture.rs` holds this map and fails on an arrow or a room
//! that is not on it.
//!
//! A sensor's byte: [`sources`] → [`devices`] → [`engine`] → [`store`] → [`sinks`] → the station's broker → [`station`] →
//! [`desk`] → [`store`] → [`web`]; steps of people travel back the same way.
//!
//! # Architecture invariants
//!
//! - The pure rooms never read a clock, a file, the network or a random number, and never log or print: time is an
//!   argument, effects are returned. Production, replay, simulation and tests drive the very same [`engine::Engine`].
//! - *History is the only state.* What the engine and the desk know is rebuilt from recorded lines; killed after every single
//!   input and restored, they decide the same (`tests/promises/days.rs`).
//! - An alert step is committed before anything about it is sent; a row of the outbox is closed only by the station's
//!   receipt. A failing store never holds back an alert: it goes out marked not durable.
//! - There is one legal-transition function, [`model::lifecycle::Phase::after`]; the whole table is a golden file.
//! - A received alert is never taken back silently: a sign of life is one more step, only people close.
//! - Unknown is not quiet: time in which nobody watched counts neither as silence nor as life, and is told.
//! - Retained, repeated and late messages prove at most that a device exists; motion counts on an edge; one press is one alert.
//! - A sensor problem is never a person problem: a silent, stuck or flooding sensor is no witness, and a home without a witness
//!   is not observed rather than quiet. A lost broker, bridge or port is one alert, not one for each sensor behind it.
//! - Only registered identities raise anything; a decoder may remember what devices said about themselves, never the time.
//! - Ids are counted, never random; repeats are recognised by (home, alert number and instant of the raise, step).
//! - Input never panics; a broken invariant may.
//!
//! # Glossary
//!
//! | word | means |
//! |---|---|
//! | home | what one gateway watches |
//! | consent | that the resident, or a guardian, agreed to being watched: when, and to what; limits what leaves the home besides alerts |
//! | forget | takes away for good, copies included; *prune*: forgets what is older than it may be kept |
//! | fleeting | of a history: it would not outlast a power cut, because it lies in memory or on an overlay |
//! | room | a place in the home |
//! | resident | who lives there |
//! | sensor | a device with an identity in the config |
//! | frame | bytes as they came |
//! | family | the sensors that speak one format; one decoder |
//! | device | a sensor, or several in one box, as its family names it; a *part* of it is one of several |
//! | bridge | what carries the words of other devices: Zigbee2MQTT, an RF gateway |
//! | link | a way to sensors: broker, port, bridge |
//! | reading | what a frame says |
//! | observation | a reading of a known sensor at a time |
//! | evidence | how much of an event a reading proves: event, level, cached, ambiguous |
//! | silence | a span without sign of life |
//! | witness | a sensor that could show life and can be believed now |
//! | to check in | to report from time to time that one is there, though nothing happened |
//! | burst | the copies of one event that a radio sends one after another |
//! | flood | more than can be meant |
//! | rule | a judgement made again and again |
//! | finding | what a rule says at one instant |
//! | alarm | one thing in a finding that is wrong |
//! | alert | a finding that people must answer; has a life |
//! | step | one change in an alert's life; its *deed* says what was done |
//! | notice | a step on its way to one channel |
//! | receipt | the station's word that it holds the notice |
//! | channel | a way out of the home |
//! | station | a service point with staff; *point* for short in the circle |
//! | desk | the station's decisions |
//! | circle | who is asked next, in order |
//! | blind | cannot see the home |
//! | mute | a source whose driver says that all is well, and from which nothing comes |
//! | habits, rhythm | what is usual in the home, learned; the rule that judges by it |
//! | day line | what one day taught, written at its end; kept when the day's observations are not |
//! | step of the circle | who is asked next, after which wait; the *last resort* is one from which everybody is told to call the emergency number |
//! | person | somebody outside the points who is asked: a neighbour, the family |
//! | directory | the list of points that a station keeps for its homes |
//! | visit | a planned time at which somebody comes and says so at the door |
//! | way out | a channel on its way to one point; *path* in the names of its alerts |
//! | level | for how long a way out may go without a proof that it works |
//! | suspension, absence | a time in which the home is known to be other than usual; of its kinds, those without the resident |
//! | profile | limits for a kind of person, under the keys that somebody set |
//! | to ask first | to ask the person at home before anybody is told |
//! | check | the same before a limit is reached: ends by itself, is no alert |
//! | errand | what the staff does for a home that is no step of an alert |
//! | card | what a station knows about a home and who lives there |
//! | case | an alert that is over for good, kept outside the history; to *file* is to make it one |
//! | office | what people write at a station and may change: cards, staff, sessions, cases, audit |
//! | position | what somebody is at the station; it says what they may see and do |
//! | event | what other systems are told of one thing that happened |
//! | own sign | that somebody showed by themselves that their day began |
//! | to look | to ask a home for the picture of its last days; answered once, kept nowhere |
//! | walk test | going past each sensor to see that it arrives |
//! | summons | a call of the station's own to people on duty, by SMS |
//! | sight | how a home can be seen from the station; *listened* is when the station could hear at all |
//! | fragment | a part of a page, drawn once for all who may see the same |
//! | to watch | of a screen: to show the desk with its sound running |
//! | signal | what a lamp, a siren or a voice in the home says: how far help has come |
//! | way | how the staff of a point goes: on foot, by e-bike, by car |
//! | night | of `simulate`: homes and stations in simulated time, in which whatever can fail does |
//! | ledger | what was done in a simulated night, written by who did it, and what must come of it |
//! | planted | a bug put on purpose into what stands around the daemons' code, to see that the ledger notices it |
//! | authority | what vouches for the homes of one operator; its key lies at the station |
//! | to enrol | to give a home its certificate, by a one-time code |
//! | bundle | everything a home needs to speak to its station, as it gets it when it is enrolled |
//! | to turn away | to take back what a home was enrolled for: it can do nothing more |
//! | lost at home | an open alert that its home says it does not know any more; the desk sees to it without the home |
//! | shift | a part of the week in which the same points are on duty |

pub mod broker;
pub mod clock;
pub mod cmd;
pub mod config;
pub mod desk;
pub mod devices;
pub mod engine;
pub mod gateway;
pub mod model;
pub mod mqtt;
pub mod picture;
pub mod problem;
pub mod reach;
pub mod replay;
pub mod sim;
pub mod sinks;
pub mod sources;
pub mod station;
pub mod store;
pub mod text;
pub mod trust;
pub mod web;
pub mod wire;
