//! Golden days: stories of a home, what the engine decided in them, and that it decides the same when it is killed and
//! restored after every single input.
//!
//! `tests/days/<name>.day` holds one line an event (`08:15 hall motion`), `<name>.txt` beside it what came of it. The home
//! is made up: hall, bathroom and kitchen with motion sensors, an outer door, a pendant, a meal button; two points, of
//! which `lehe` (6 minutes) is on duty from 08:00 to 20:00 and `beimen` (11 minutes) always. `with: radar` adds sensors that
//! only some homes have, `only: hall bath` leaves the others out. `08:00 hall alive every 1h for 30h` is 31 events, told once.

use super::support::assert_golden;
use carecircle::engine::circle::{Circle, Point};
use carecircle::engine::rules::missed_visit::Visit;
use carecircle::engine::{Effect, Engine, Input, drive, rules};
use carecircle::model::flood::{Flood, Flooder};
use carecircle::model::home::{Home, Sensor, SensorKind, Service};
use carecircle::model::lifecycle::{Actor, Contact, Deed, Outcome, Proof, Role, Timers};
use carecircle::model::observation::{Availability, Evidence, Measure, Observation, Press};
use carecircle::model::recorded::Recorded;
use carecircle::model::suspension::{Absence, Change, Suspension};
use carecircle::model::time::{Span, Timestamp, Zone, parse_span};
use carecircle::text::{self, Language};
use std::fmt::Write;

macro_rules! days {
    ($($name:ident),* $(,)?) => { $(
        #[test]
        fn $name() {
            day(stringify!($name));
        }
    )* };
}

days! {
    fell_in_bathroom, ordinary_day, pressed_the_pendant, nobody_answers, asked_for_a_meal, slept_late, power_cut_6h,
    blind_by_link, link_lost, bridge_of_two, flood, flood_in_two_episodes, dead_sensor, batteries, restart_of_seconds, clock_set_back, dst_night, two_points_take, gateway_down_over_deadline,
    taken_and_forgotten, quiet_again,
    dead_outer_door, dead_by_its_own_rhythm, all_sensors_dead, stuck_on, went_blind, chatters, presence_unknown,
    battery_falls, cover_opened, loose_cover, weak_signal, one_bad_hour, sat_still, fell_in_the_radar, only_a_radio_pir,
    one_press_of_a_remote, offline_by_its_bridge, water_was_used,
    mute_coordinator, mute_receiver, dead_then_mute,
    smoke_in_two_rooms, kept_smoke,
    out_at_night, visit_at_night, door_stood_open, radio_door_never_shuts, out_of_bed, up_at_night, away_for_long,
    long_in_bathroom, still_in_bathroom, long_bath_with_a_break, no_sign_by_ten, up_at_five, not_watched_in_the_morning,
    cold_room, pulse, mains_cut, in_bed_at_ten, up_before_ten,
    check_answered, check_in_vain, check_of_a_room, check_not_due,
    asked_first, asked_each_way, asked_in_vain, asked_about_a_press, ok_on_the_way, milder_by_configuration,
    in_hospital, holiday_over, moved_on_holiday, away_by_button, forgot_the_button, visitors_at_night,
    an_animal_stays,
    fell_on_an_ordinary_morning, naps_as_usual,
    missed_visit, visit_not_known, visits_made,
}

/// Runs a day three ways: straight through, killed and restored after every input, and compares with the golden file.
fn day(name: &str) {
    let path = format!("{}/tests/days/{name}.day", env!("CARGO_MANIFEST_DIR"));
    let story = std::fs::read_to_string(&path).unwrap();
    let straight = Run::new(&story, false).play();
    let killed = Run::new(&story, true).play();
    assert_eq!(killed, straight, "{name}: killed and restored after every input, other things happened");
    assert_golden(&format!("../days/{name}.txt"), &straight);
}

struct Run<'a> {
    story: &'a str,
    /// Throw the engine away after every input and rebuild it from what was recorded.
    kill: bool,
    /// Which sensors this home has.
    sensors: Vec<&'static str>,
    zone: Zone,
    date: String,
    engine: Engine,
    history: Vec<Recorded>,
    log: String,
    now: Timestamp,
}

impl<'a> Run<'a> {
    fn new(story: &'a str, kill: bool) -> Run<'a> {
        let setting = |key: &str| story.lines().find_map(|line| line.strip_prefix(key)).map(str::trim);
        let zone = Zone::named(setting("zone:").unwrap_or("Asia/Shanghai")).unwrap();
        let date = setting("date:").unwrap_or("2026-03-02").to_owned();
        let sensors = chosen(story);
        let engine = engine(&zone, &sensors, &settings(story));
        let now = instant(&zone, &date, "00:00:00");
        Run { story, sensors, kill, zone, date, engine, history: Vec::new(), log: String::new(), now }
    }

    fn play(mut self) -> String {
        let mut events = Vec::new();
        for line in self.story.lines() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() || line.contains(": ") && !line.starts_with(|c: char| c.is_ascii_digit() || c == '+') {
                continue;
            }
            self.line(line, &mut events);
        }
        if self.story.contains(" every ") {
            events.sort_by_key(|(at, _, _)| *at);
        }
        for (at, line, words) in events {
            self.event(at, line, &words);
        }
        self.log
    }

    /// The events of a line, with their words; the line itself is told with the first of them.
    fn line<'b>(&self, line: &'b str, events: &mut Vec<(Timestamp, &'b str, Vec<&'b str>)>) {
        let mut words = line.split_whitespace();
        let clock = words.next().unwrap();
        // `+1 08:00` is the next day.
        let (days, clock) = match clock.strip_prefix('+') {
            Some(days) => (days.parse::<i64>().unwrap(), words.next().unwrap()),
            None => (0, clock),
        };
        let full = if clock.len() == 5 { format!("{clock}:00") } else { clock.to_owned() };
        let at = instant(&self.zone, &self.date, &full) + Span::days(days);
        let words: Vec<&str> = words.collect();
        let [said @ .., "every", every, "for", lasts] = words.as_slice() else {
            events.push((at, line, words));
            return;
        };
        let (every, lasts) = (parse_span(every).unwrap(), parse_span(lasts).unwrap());
        let mut later = Span::zero();
        while later <= lasts {
            events.push((at + later, if later.is_zero() { line } else { "" }, said.to_vec()));
            later += every;
        }
    }

    fn event(&mut self, at: Timestamp, line: &str, words: &[&str]) {
        let mut input_at = at;
        let (input, recorded) = match words {
            ["end"] => {
                self.pass_time(at);
                return;
            }
            ["down"] => {
                self.pass_time(at);
                // What is known when the power goes is what the history holds: a mark of the last watching.
                self.history.push(Recorded::Watching { at });
                self.now = at;
                return;
            }
            ["up"] => {
                let blind_since = self.history.last().map(Recorded::at);
                (Input::Started { blind_since }, Some(Recorded::Started { at, blind_since }))
            }
            ["clock", by] => {
                let (sign, span) =
                    if let Some(back) = by.strip_prefix('-') { (-1, back) } else { (1, by.trim_start_matches('+')) };
                let by = parse_span(span).unwrap() * sign;
                input_at = at + by;
                self.pass_time(at);
                (Input::ClockStepped { by }, Some(Recorded::ClockStepped { at: input_at, by }))
            }
            ["link", source, state] => {
                let (source, up) = ((*source).to_owned(), *state == "up");
                (Input::Link { source: source.clone(), up }, Some(Recorded::Link { at, source, up }))
            }
            ["suspend", kind, "for", lasts] => {
                let kind = absence(kind);
                let until = at + parse_span(lasts).unwrap();
                let (owner, why) = ("p-03".to_owned(), String::new());
                suspended(at, Change::Begin(Suspension { kind, owner, why, from: at, until }))
            }
            ["resume", kind] => suspended(at, Change::End { kind: absence(kind), owner: "p-03".into() }),
            [sensor, "floods", rate] => flooded(at, Flooder::Sensor(sensor.parse().unwrap()), rate),
            ["source", source, "floods", rate] => flooded(at, Flooder::Source((*source).into()), rate),
            [point @ ("lehe" | "beimen"), deed @ ..] => {
                self.pass_time(at);
                (self.station(point, deed), None)
            }
            [sensor, said @ ..] => {
                let observation = observation(at, sensor, said);
                (Input::Observed(observation.clone()), Some(Recorded::Observed(observation)))
            }
            [] => panic!("nothing happens in {line:?}"),
        };
        if !matches!(input, Input::ClockStepped { .. } | Input::Started { .. }) {
            self.pass_time(at);
        }
        if !line.is_empty() {
            writeln!(self.log, "{line}").unwrap();
        }
        self.history.extend(recorded);
        let effects = self.engine.handle(input_at, input);
        self.note(input_at, effects);
        self.maybe_kill();
    }

    fn pass_time(&mut self, to: Timestamp) {
        while let Some(deadline) = self.engine.next_wakeup().filter(|deadline| *deadline <= to) {
            let mut effects = Vec::new();
            drive::until(&mut self.engine, deadline, |at, came| effects.push((at, came)));
            // A deadline may bring nothing; that somebody looked is on record all the same.
            self.history.push(Recorded::Watching { at: deadline });
            for (at, came) in effects {
                self.note(at, came);
            }
            self.maybe_kill();
        }
        self.now = to;
    }

    /// A killed engine knows only what was recorded; its first look must find the deadlines again.
    fn maybe_kill(&mut self) {
        if self.kill {
            let wakeup = self.engine.next_wakeup();
            self.engine =
                engine(&self.zone, &self.sensors, &settings(self.story)).restore(self.history.iter().cloned());
            let now = self
                .history
                .iter()
                .map(Recorded::at)
                .next_back()
                .unwrap_or(self.now)
                .max(self.now.min(self.engine_now()));
            let effects = self.engine.handle(now, Input::Tick);
            assert_eq!(effects, [], "restored, it did something by itself");
            assert_eq!(self.engine.next_wakeup(), wakeup, "restored, it has other deadlines");
        }
    }

    fn engine_now(&self) -> Timestamp {
        self.history.last().map_or(self.now, Recorded::at)
    }

    fn note(&mut self, at: Timestamp, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Alert { alert, step } => {
                    let words = text::step(Language::English, &step, &self.zone, &text::no_names);
                    let clock = self.zone.hour_minute_second(at);
                    writeln!(
                        self.log,
                        "    {clock} alert {alert} step {}: {} | {words}",
                        step.number,
                        step.deed.name()
                    )
                    .unwrap();
                    if let Deed::Raise { reason, .. } = &step.deed {
                        let why = text::reason(Language::English, reason, &self.zone);
                        writeln!(self.log, "             {} {:?}: {why}", reason.rule(), reason.class()).unwrap();
                    }
                    self.history.push(Recorded::Step { alert, step });
                }
                Effect::Notify { to, step, alert } => {
                    let to: Vec<&str> = to.iter().map(|point| point.as_str()).collect();
                    writeln!(
                        self.log,
                        "             tell {} of step {} ({})",
                        to.join(", "),
                        step.number,
                        alert.phase.as_str()
                    )
                    .unwrap();
                }
                // Nothing that anybody sees: the limits of later days show it.
                Effect::Learned(day) => self.history.push(Recorded::Day(*day)),
                Effect::Local(signal) => writeln!(self.log, "             home hears {signal:?}").unwrap(),
            }
        }
    }

    fn station(&self, point: &str, words: &[&str]) -> Input {
        let alert = self.engine.alerts().last().expect("there is an alert to act on").id;
        let point: carecircle::model::ids::PointId = point.parse().unwrap();
        let by = Actor { role: Role::Desk, point: Some(point.clone()), person: None, via: None };
        let deed = match words {
            ["receipt"] => return Input::Received { alert, point },
            ["take"] => Deed::Take,
            ["depart"] => Deed::Depart,
            ["arrive"] => Deed::Arrive { proof: Proof::None },
            ["release"] => Deed::Release { why: "ill".into() },
            ["close"] => Deed::Close { outcome: Outcome::FoundWell, contact: Contact::Seen },
            ["close-unseen"] => Deed::Close { outcome: Outcome::FoundWell, contact: Contact::None },
            other => panic!("a station does not {other:?}"),
        };
        let key = format!("{point}-{}-{}", deed.name(), self.log.lines().count());
        Input::Step { alert, key, by, deed }
    }
}

fn suspended(at: Timestamp, what: Change) -> (Input, Option<Recorded>) {
    (Input::Suspended(what.clone()), Some(Recorded::Suspended { at, what }))
}

fn absence(word: &str) -> Absence {
    serde_json::from_value(word.into()).expect("a kind of absence")
}

fn flooded(at: Timestamp, who: Flooder, rate: &str) -> (Input, Option<Recorded>) {
    let flood = Flood { who, per_second: rate.parse().unwrap() };
    (Input::Flooded(flood.clone()), Some(Recorded::Flooded { at, flood }))
}

fn observation(at: Timestamp, sensor: &str, said: &[&str]) -> Observation {
    let (measure, evidence) = match said {
        ["motion"] => (Measure::Motion(true), Evidence::Event),
        ["doubtful"] => (Measure::Motion(true), Evidence::Ambiguous),
        ["retained"] => (Measure::Motion(true), Evidence::Cached),
        ["level", on] => (Measure::Motion(*on == "on"), Evidence::Level),
        ["open"] => (Measure::Contact(true), Evidence::Event),
        ["shut"] => (Measure::Contact(false), Evidence::Event),
        ["press"] => (Measure::Button(Press::Sos), Evidence::Event),
        ["alive"] => (Measure::Alive, Evidence::Level),
        ["battery", percent] => (Measure::BatteryPercent(percent.parse().unwrap()), Evidence::Level),
        ["bed", on] => (Measure::Presence(*on == "occupied"), Evidence::Level),
        ["mains", on] => (Measure::Mains(*on == "on"), Evidence::Level),
        ["temperature", celsius] => (Measure::TemperatureCelsius(celsius.parse().unwrap()), Evidence::Level),
        ["smoke", on] => (Measure::Smoke(*on == "on"), Evidence::Level),
        ["kept", "smoke"] => (Measure::Smoke(true), Evidence::Cached),
        ["leak", on] => (Measure::Leak(*on == "on"), Evidence::Level),
        ["gas", on] => (Measure::Gas(*on == "on"), Evidence::Level),
        ["presence", on] => (Measure::Presence(*on == "on"), Evidence::Level),
        ["alarm"] => (Measure::Alarm(true), Evidence::Event),
        ["cover", state] => (Measure::Tamper(*state == "open"), Evidence::Level),
        ["bridge", "says", "offline"] => (Measure::Availability(Availability::Offline), Evidence::Level),
        ["bridge", "says", "online"] => (Measure::Availability(Availability::Online), Evidence::Level),
        ["reads", number] => (Measure::Number(number.parse().unwrap()), Evidence::Level),
        ["signal", percent] => (Measure::SignalPercent(percent.parse().unwrap()), Evidence::Level),
        other => panic!("no sensor says {other:?}"),
    };
    Observation { at, sensor: sensor.parse().unwrap(), measure, evidence, copy: false }
}

/// The rules as the story's home has them: `rules: away_too_long.after = "8h"`, one key a line.
fn settings(story: &str) -> rules::Settings {
    let sets: Vec<String> = story
        .lines()
        .filter_map(|line| line.strip_prefix("rules: "))
        .map(|set| format!("rules.{}", set.trim().replace(" = ", "=")))
        .collect();
    let mut settings = carecircle::config::overrides::rules(None, &sets).expect("rules as in a configuration");
    settings.missed_visit.visits = visits(story);
    settings
}

/// The planned visits of the story's home: `visit: care = Mon-Fri 08:00-10:00`, with half an hour of grace.
fn visits(story: &str) -> Vec<Visit> {
    let visit = |line: &str| {
        let (name, when) = line.trim().split_once(" = ").expect("a visit has a name and its hours");
        Visit { name: name.to_owned(), when: when.parse().expect("hours"), grace: Span::minutes(30) }
    };
    story.lines().filter_map(|line| line.strip_prefix("visit: ")).map(visit).collect()
}

fn engine(zone: &Zone, sensors: &[&str], settings: &rules::Settings) -> Engine {
    let point = |id: &str, name: &str, minutes, duty: &str| Point {
        id: id.parse().unwrap(),
        name: name.into(),
        travel: Span::minutes(minutes),
        on_duty: duty.parse().unwrap(),
        channels: vec![id.parse().unwrap()],
    };
    let points = vec![point("beimen", "Beimen", 11, "always"), point("lehe", "Lehe", 6, "Mon-Sun 08:00-20:00")];
    let circle = Circle::of_points(points, Timers::default());
    Engine::new(home(zone, sensors), settings, circle)
}

const SENSORS: [(&str, Option<&str>, SensorKind, &str); 24] = [
    ("hall", Some("hall"), SensorKind::Motion, "zigbee2mqtt"),
    ("bath", Some("bathroom"), SensorKind::Motion, "zigbee2mqtt"),
    ("kitchen", Some("kitchen"), SensorKind::Motion, "zigbee2mqtt"),
    ("front", Some("hall"), SensorKind::OuterDoor, "zigbee2mqtt"),
    ("pendant", None, SensorKind::CallButton, "radio"),
    ("meal", Some("kitchen"), SensorKind::ServiceButton, "radio"),
    ("visitor", Some("hall"), SensorKind::ServiceButton, "radio"),
    // Only where a story asks for them: a radar, and two of the radio that never checks in and says each event several times.
    ("radar", Some("dining_room"), SensorKind::Presence, "zigbee2mqtt"),
    ("radio_pir", Some("corridor"), SensorKind::Motion, "radio"),
    ("remote", None, SensorKind::CallButton, "radio"),
    // One on the mains, of which its bridge's word is believed, and a water meter.
    ("mains_pir", Some("study"), SensorKind::Motion, "zigbee2mqtt"),
    ("water", Some("kitchen"), SensorKind::Item, "zigbee2mqtt"),
    // Detectors: two on the mesh, one of the radio that says when it warns and never when it ends.
    ("smoke_kitchen", Some("kitchen"), SensorKind::Smoke, "zigbee2mqtt"),
    ("smoke_hall", Some("hall"), SensorKind::Smoke, "radio"),
    ("leak_bath", Some("bathroom"), SensorKind::Leak, "zigbee2mqtt"),
    ("gas_kitchen", Some("kitchen"), SensorKind::Gas, "zigbee2mqtt"),
    // A bed that says whether somebody lies in it, a bedroom, a thermometer, an oximeter, the mains.
    ("bed", Some("bedroom"), SensorKind::Bed, "zigbee2mqtt"),
    ("bedroom", Some("bedroom"), SensorKind::Motion, "zigbee2mqtt"),
    ("thermometer", Some("kitchen"), SensorKind::Temperature, "zigbee2mqtt"),
    ("pulse", None, SensorKind::Vital, "zigbee2mqtt"),
    ("mains", None, SensorKind::Mains, "radio"),
    ("radio_door", Some("hall"), SensorKind::OuterDoor, "radio"),
    ("ok", Some("living_room"), SensorKind::OkButton, "radio"),
    ("out", Some("hall"), SensorKind::AwayButton, "radio"),
];

/// The sensors of the home in which `story` happens.
fn chosen(story: &str) -> Vec<&'static str> {
    let named = |key: &str| story.lines().find_map(|line| line.strip_prefix(key)).map(str::split_whitespace);
    let known =
        |name: &str| SENSORS.iter().map(|sensor| sensor.0).find(|id| *id == name).expect("a sensor of the home");
    match named("only:") {
        Some(names) => names.map(known).collect(),
        None => {
            let usual = SENSORS[..7].iter().map(|sensor| sensor.0);
            usual.chain(named("with:").into_iter().flatten().map(known)).collect()
        }
    }
}

fn home(zone: &Zone, chosen: &[&str]) -> Home {
    let sensors = SENSORS.into_iter().filter(|(id, ..)| chosen.contains(id)).map(|(id, room, kind, source)| Sensor {
        id: id.parse().unwrap(),
        room: room.map(|room| room.parse().unwrap()),
        kind,
        service: match id {
            "meal" => Some(Service::Meal),
            "visitor" => Some(Service::Arrival),
            _ => None,
        },
        hold: None,
        silent_after: None,
        checks_in: !matches!(id, "radio_pir" | "remote" | "radio_door"),
        burst: matches!(id, "radio_pir" | "remote").then_some(Span::seconds(3)),
        offline_is_silent: id == "mains_pir",
        source: source.into(),
    });
    let sensors = sensors.map(|sensor| (sensor.id.clone(), sensor)).collect();
    Home { id: "made-up-1".parse().unwrap(), place: "3号楼2单元201室".into(), zone: zone.clone(), sensors }
}

fn instant(zone: &Zone, date: &str, clock: &str) -> Timestamp {
    carecircle::replay::instant(&format!("{date}T{clock}"), zone).unwrap()
}
