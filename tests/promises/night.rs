//! A night in which everything goes wrong that can: the nearest point's link dies, its duty ends while it is asked, nobody
//! answers for minutes, a neighbour and the family are called, somebody takes it at last and does not come in time.
//!
//! The real engine of the home and the real desks of its three points, in simulated time: the story is one table of events,
//! a second passes on every way, and what the staff reads is a golden file in each language.

use super::support::assert_golden;
use carecircle::config;
use carecircle::desk::{self, BookState, Click, Desk};
use carecircle::engine::{Effect, Engine, Input};
use carecircle::model::alert::{Alert, AlertId, Step};
use carecircle::model::ids::{PersonId, PointId};
use carecircle::model::lifecycle::{Actor, Contact, Deed, Outcome, Phase, Role, Via};
use carecircle::model::observation::{Evidence, Measure, Observation, Press};
use carecircle::model::time::{Span, Timestamp, Zone};
use carecircle::text::{self, ForGroup, Language, LastResort};
use carecircle::wire::AlertState;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

const HOME: &str = r#"
[home]
id = "made-up-1"
place = "3栋2单元501"
time_zone = "Asia/Shanghai"
[mqtt]
broker = "mqtt://127.0.0.1:1883"
[[sensor]]
id = "hall"
room = "hall"
kind = "motion"
zigbee2mqtt = "hall"
[[sensor]]
id = "pendant"
kind = "call_button"
zigbee2mqtt = "pendant"
[[sensor]]
id = "visitor"
room = "hall"
kind = "service_button"
service = "arrival"
zigbee2mqtt = "visitor"
[[circle.point]]
id = "lehe"
name = "乐合社区服务站"
travel = "6m"
on_duty = "Mon-Sun 08:00-20:00"
channels = ["lehe"]
[[circle.point]]
id = "beimen"
name = "北门服务站"
travel = "11m"
channels = ["beimen"]
[[circle.point]]
id = "nanyuan"
name = "南苑服务站"
travel = "9m"
on_duty = "Mon-Sun 20:00-08:00"
channels = ["nanyuan"]
[[circle.person]]
id = "wang"
role = "neighbour"
on_duty = "Mon-Sun 07:00-22:00"
channels = ["group"]
[[circle.person]]
id = "daughter"
role = "family"
channels = ["family"]
[[circle.step]]
ask = ["nearest"]
[[circle.step]]
ask = ["next"]
after = "2m"
[[circle.step]]
ask = ["all_points"]
after = "1m"
[[circle.step]]
ask = ["wang"]
after = { emergency = "90s", urgent = "3m" }
[[circle.step]]
ask = ["daughter"]
after = "1m"
last_resort = true
again_every = "2m"
[[channel]]
name = "lehe"
station_mqtt = { broker = "mqtts://district.example" }
[[channel]]
name = "beimen"
station_mqtt = { broker = "mqtts://district.example" }
[[channel]]
name = "nanyuan"
station_mqtt = { broker = "mqtts://district.example" }
[[channel]]
name = "group"
wecom = { url_file = "/etc/carecircle/group.url" }
[[channel]]
name = "family"
wecom = { url_file = "/etc/carecircle/family.url" }
"#;

#[test]
fn a_night_in_which_nobody_answers_reads_right_to_a_station_worker() {
    for (language, file) in [(Language::Chinese, "night/night.zh.txt"), (Language::English, "night/night.en.txt")] {
        let mut night = Night::new(language);
        night.play();
        assert_golden(file, &night.whole());
        night.assert_what_must_hold();
    }
}

/// What happens in the world, in its order.
enum Event {
    Motion,
    Press,
    ServiceButton,
    /// The way between home and this point comes back.
    LinkBack(&'static str),
    /// Somebody at this point clicks.
    Click(&'static str, Deed),
    /// On its way to a desk, and to the home.
    ToDesk(PointId, Box<desk::Notice>),
    ToHome(Input),
}

struct Night {
    language: Language,
    zone: Zone,
    engine: Engine,
    desks: BTreeMap<PointId, Desk>,
    people: BTreeSet<PointId>,
    /// Points whose link is dead, with what waits for them at home.
    dead: BTreeMap<PointId, Vec<desk::Notice>>,
    /// By instant, then in the order in which they came.
    coming: BTreeMap<(Timestamp, u32), Event>,
    count: u32,
    log: String,
    /// What each person outside the points was sent.
    sent: BTreeMap<PointId, String>,
    owners: Vec<Option<Actor>>,
}

impl Night {
    fn new(language: Language) -> Night {
        let (config, problems) = config::gateway("night.toml", HOME);
        let config = config.unwrap_or_else(|| panic!("{problems:?}"));
        let desk = |point: &PointId| {
            Desk::new(desk::Settings {
                point: point.clone(),
                timers: config.circle.timers.clone(),
                unreachable_after: Span::days(1),
                duty: None,
                daily: Default::default(),
                people: [("p-03".parse().unwrap(), Role::Desk)].into(),
            })
        };
        let mut night = Night {
            language,
            zone: config.home.zone.clone(),
            desks: config.circle.points.iter().map(|point| (point.id.clone(), desk(&point.id))).collect(),
            people: config.circle.people.iter().map(|person| person.id.clone()).collect(),
            engine: Engine::new(config.home, &config.rules, config.circle),
            dead: [("lehe".parse().unwrap(), Vec::new())].into(),
            coming: BTreeMap::new(),
            count: 0,
            log: String::new(),
            sent: BTreeMap::new(),
            owners: Vec::new(),
        };
        let close = Deed::Close { outcome: Outcome::Helped, contact: Contact::Seen };
        for (clock, event) in [
            ("19:40:00", Event::Motion),
            ("19:58:30", Event::Press),
            ("20:03:20", Event::Click("beimen", Deed::Take)),
            ("20:04:00", Event::Click("beimen", Deed::Depart)),
            ("20:17:10", Event::ServiceButton),
            ("20:25:00", Event::LinkBack("lehe")),
            ("20:31:00", Event::Click("beimen", close)),
        ] {
            let at = carecircle::replay::instant(&format!("2026-03-02T{clock}"), &night.zone).unwrap();
            night.comes(at, event);
        }
        night
    }

    fn comes(&mut self, at: Timestamp, event: Event) {
        self.count += 1;
        self.coming.insert((at, self.count), event);
    }

    fn play(&mut self) {
        let end = carecircle::replay::instant("2026-03-02T20:40:00", &self.zone).unwrap();
        loop {
            let event = self.coming.first_key_value().map(|(key, _)| key.0);
            let desk = self.desks.values().filter_map(Desk::next_wakeup).min();
            let due = [event, desk, self.engine.next_wakeup()].into_iter().flatten().min();
            let Some(now) = due.filter(|due| *due <= end) else { return };
            // Deadlines before events: what came in at the same instant came after it.
            if self.engine.next_wakeup() == Some(now) {
                self.home(now, Input::Tick);
            } else if desk == Some(now) {
                let points: Vec<PointId> = self.desks.keys().cloned().collect();
                points.iter().for_each(|point| self.desk(now, point, desk::Input::Tick));
            } else if let Some((_, event)) = self.coming.pop_first() {
                self.event(now, event);
            }
        }
    }

    fn event(&mut self, now: Timestamp, event: Event) {
        let heard = |sensor: &str, measure| {
            let sensor = sensor.parse().unwrap();
            Input::Observed(Observation { at: now, sensor, measure, evidence: Evidence::Event, copy: false })
        };
        match event {
            Event::Motion => self.home(now, heard("hall", Measure::Motion(true))),
            Event::Press => self.home(now, heard("pendant", Measure::Button(Press::Sos))),
            Event::ServiceButton => self.home(now, heard("visitor", Measure::Button(Press::Single))),
            Event::LinkBack(point) => {
                let point: PointId = point.parse().unwrap();
                for notice in self.dead.remove(&point).unwrap_or_default() {
                    self.comes(now + WAY, Event::ToDesk(point.clone(), Box::new(notice)));
                }
            }
            Event::Click(point, deed) => self.click(now, &point.parse().unwrap(), deed),
            Event::ToDesk(point, notice) => self.desk(now, &point, desk::Input::Notice(notice)),
            Event::ToHome(input) => self.home(now, input),
        }
    }

    fn click(&mut self, now: Timestamp, point: &PointId, deed: Deed) {
        let by = Actor {
            role: Role::Desk,
            point: Some(point.clone()),
            person: Some("p-03".parse().unwrap()),
            via: Some(Via::Desk),
        };
        let view = self.desks[point].view(now, &by);
        let rows = view.bands.iter().flat_map(|band| &band.rows);
        let alert = rows.map(|row| row.key.clone()).next().expect("the alert is on the page");
        let key = format!("click-{}", now.timestamp());
        self.desk(now, point, desk::Input::Click(Click { ticket: 1, alert, by, deed, expect: None, key }));
    }

    fn desk(&mut self, now: Timestamp, point: &PointId, input: desk::Input) {
        for effect in self.desks.get_mut(point).unwrap().handle(now, input) {
            let to_home = match effect {
                desk::Effect::Receipt { alert, .. } => Input::Received { alert: alert.alert, point: point.clone() },
                desk::Effect::Send(desk::Outgoing { alert, key, by, deed, .. }) => {
                    Input::Step { alert: alert.alert, key, by, deed }
                }
                desk::Effect::Answer { answer, .. } => {
                    assert!(matches!(answer, desk::Answer::Done { .. }), "{answer:?}");
                    continue;
                }
                desk::Effect::Record(_)
                | desk::Effect::Changed(_)
                | desk::Effect::Suspend(_)
                | desk::Effect::Happened(_) => continue,
            };
            self.comes(now + WAY, Event::ToHome(to_home));
        }
    }

    fn home(&mut self, now: Timestamp, input: Input) {
        for effect in self.engine.handle(now, input) {
            match effect {
                Effect::Alert { alert, step } => {
                    let words = text::step(self.language, &step, &self.zone, &names(self.language));
                    self.line(now, &words);
                    let alert = self.engine.alerts().find(|other| other.id.number == alert).unwrap();
                    self.owners.push(alert.owner.as_ref().map(|owner| owner.actor.clone()));
                }
                Effect::Notify { to, alert, step } => {
                    for one in to {
                        self.tell(now, one, &alert, &step);
                    }
                }
                Effect::Local(signal) => {
                    let words = self.language.pick("家中提示", "told in the home");
                    self.line(now, &format!("  {words}: {}", signal.as_str()));
                }
                Effect::Learned(_) => {}
            }
        }
    }

    fn line(&mut self, now: Timestamp, words: &str) {
        writeln!(self.log, "{} {words}", text::clock_time(&self.zone, now)).unwrap();
    }

    fn tell(&mut self, now: Timestamp, to: PointId, alert: &Alert, step: &Step) {
        if self.people.contains(&to) {
            if let Some(words) = self.message(alert, step) {
                let at = text::clock_time(&self.zone, now);
                writeln!(self.sent.entry(to).or_default(), "{at} {words}").unwrap();
            }
            return;
        }
        let notice = notice(now, alert, step);
        match self.dead.get_mut(&to) {
            Some(waiting) => waiting.push(notice),
            None => self.comes(now + WAY, Event::ToDesk(to, Box::new(notice))),
        }
    }

    /// What a group robot says of it.
    fn message(&self, alert: &Alert, step: &Step) -> Option<String> {
        let state = AlertState::of(alert, step.at);
        let last_resort = state.last_resort.as_ref().map(|said| LastResort {
            call: &said.call,
            waited: Some(Span::seconds(i64::try_from(said.waited_secs).unwrap())),
        });
        let (severity, phase, test) = (state.severity, state.phase, state.test);
        let (place, reason) = ("3栋2单元501", &state.reason);
        text::for_group(self.language, &ForGroup { place, step, reason, severity, phase, test, last_resort, age: None })
    }

    /// The timeline of the home, what people were sent, and the page of each desk.
    fn whole(&self) -> String {
        let mut whole = format!("== {} ==\n{}", self.language.pick("经过", "what happened"), self.log);
        for (person, messages) in &self.sent {
            write!(whole, "\n== {} {person} ==\n{messages}", self.language.pick("发给", "sent to")).unwrap();
        }
        for (point, desk) in &self.desks {
            write!(whole, "\n== {} {point} ==\n", self.language.pick("值班台", "desk")).unwrap();
            for (at, words) in self.timeline(point, desk) {
                writeln!(whole, "{} {words}", text::clock_time(&self.zone, at)).unwrap();
            }
        }
        whole
    }

    fn timeline(&self, point: &PointId, desk: &Desk) -> Vec<(Timestamp, String)> {
        let (now, by) = (self.alert().closed.as_ref().unwrap().at, Actor::station(point.clone()));
        let key = desk::AlertKey { home: "made-up-1".parse().unwrap(), alert: self.id() };
        let view = desk.alert_view(now, &key, &by).expect("the desk has it");
        let line = |line: &desk::Line| {
            (line.step.at, text::step(self.language, &line.step, &self.zone, &names(self.language)))
        };
        view.timeline.iter().map(line).collect()
    }

    fn alert(&self) -> &Alert {
        self.engine.alerts().find(|alert| alert.id.number == 1).expect("there is one alert")
    }

    fn id(&self) -> AlertId {
        self.alert().id
    }

    fn assert_what_must_hold(&self) {
        let alert = self.alert();
        assert_eq!((alert.phase, alert.last_resort.as_deref()), (Phase::Closed, Some("120")));
        let owners: BTreeSet<String> = self.owners.iter().flatten().map(|by| format!("{by:?}")).collect();
        assert_eq!(owners.len(), 1, "{owners:?}");
        // Until somebody was there nobody waited longer than the promised time for the next to be asked.
        let asked: Vec<Timestamp> = alert
            .steps
            .iter()
            .filter(|step| matches!(step.deed, Deed::Raise { .. } | Deed::Escalate { .. }))
            .map(|step| step.at)
            .collect();
        let gaps: Vec<i64> = asked.windows(2).map(|pair| (pair[1] - pair[0]).num_seconds()).collect();
        assert_eq!(gaps, [60, 60, 90, 60, 630, 120], "asked at {asked:?}");
        for (point, desk) in &self.desks {
            let key = desk::AlertKey { home: "made-up-1".parse().unwrap(), alert: alert.id };
            let row =
                desk.alert_view(alert.closed.as_ref().unwrap().at, &key, &Actor::station(point.clone())).unwrap().row;
            assert_eq!(row.phase, Phase::Closed, "{point} does not know that it is closed");
        }
    }
}

/// From the home to a desk, and back.
const WAY: Span = Span::seconds(1);

fn names(language: Language) -> impl Fn(&PersonId) -> Option<String> {
    move |_| Some(language.pick("值班员甲", "Worker A").to_owned())
}

fn notice(now: Timestamp, alert: &Alert, step: &Step) -> desk::Notice {
    let state = BookState::of(alert);
    let (home, place) = ("made-up-1".parse().unwrap(), "3栋2单元501".to_owned());
    let age_ms = (now - alert.due_from).num_milliseconds();
    let (step, alert) = (step.clone(), alert.id);
    desk::Notice { home, place, alert, step, state, age_ms, clock_trusted: true, durable: true }
}
