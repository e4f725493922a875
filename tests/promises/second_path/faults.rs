//! Gateway and station as real processes, each pair with another fault on the way to the broker; all at the same time, because
//! a second path waits for the first.

use super::certificates::{Authority, When};
use super::proxy::{Mode, Proxy};
use crate::hook::Hook;
use crate::mqtt::fake::{self, Fake};
use crate::support::{free_port, wait_until};
use crate::world::{Home, PATIENCE, World};
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

/// From the decision to the desk, while the first path is broken.
const BY_SECOND_PATH: Duration = Duration::from_secs(30);
/// From the return of a link until nothing waits.
const AFTER_RETURN: Duration = Duration::from_secs(10);
/// "Taken" is to be known at home in seconds.
const KNOWN_AT_HOME: Duration = Duration::from_secs(10);

const MEAL: &str = "[[sensor]]\nid = \"meal\"\nkind = \"service_button\"\nservice = \"meal\"\nzigbee2mqtt = \"meal\"\n";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    DeadFromTheStart,
    NeverConnAck,
    NeverPubAck,
    HalfOpen,
    Killed,
    StalledTls,
    NoSuchName,
}

const FAULTS: [Fault; 7] = [
    Fault::DeadFromTheStart,
    Fault::NeverConnAck,
    Fault::NeverPubAck,
    Fault::HalfOpen,
    Fault::Killed,
    Fault::StalledTls,
    Fault::NoSuchName,
];

/// A home whose way to the broker has one fault.
struct Case {
    fault: Fault,
    world: World,
    /// Between the home and the broker.
    proxy: Proxy,
    /// A broker that does not do what one should.
    fake: Option<Fake>,
    /// The port at which the real broker takes homes.
    broker: u16,
    /// The next point.
    next: Hook,
    /// What the broker carries after its return.
    heard: Option<Child>,
}

#[test]
fn whatever_breaks_the_way_to_the_broker_the_alert_is_at_the_station_by_the_second_path_and_taken_there() {
    let authority = Authority::new();
    let mut cases: Vec<Case> = FAULTS.iter().map(|fault| Case::start(*fault, &authority)).collect();
    cases.iter_mut().for_each(Case::wait_ready);
    cases.iter_mut().for_each(Case::break_it);
    let pressed = thread::scope(|scope| {
        let running: Vec<_> = cases.iter().map(|case| scope.spawn(|| case.press_and_be_seen())).collect();
        running.into_iter().map(|case| case.join().is_ok()).collect::<Vec<bool>>()
    });
    assert_eq!(pressed, [true; FAULTS.len()], "{FAULTS:?}");
    let taken = cases.iter().find(|case| case.fault == Fault::DeadFromTheStart).unwrap();
    let nobody = cases.iter().find(|case| case.fault == Fault::NeverConnAck).unwrap();
    wait_until("where nobody takes it the next point is asked", PATIENCE, || nobody.next.times_told() > 0);
    assert_eq!(taken.next.times_told(), 0, "taken is taken, although the broker was never there");
    let mended = thread::scope(|scope| {
        let running: Vec<_> = cases.iter_mut().map(|case| scope.spawn(|| case.mend_it())).collect();
        running.into_iter().map(|case| case.join().is_ok()).collect::<Vec<bool>>()
    });
    assert_eq!(mended, [true; FAULTS.len()], "{FAULTS:?}");
}

impl Case {
    fn start(fault: Fault, authority: &Authority) -> Case {
        let mut world = World::configure(&Home { more: MEAL, ..Home::default() });
        let tls = free_port();
        if fault == Fault::StalledTls {
            let server = authority.server("localhost", When::Now);
            let broker = tempfile::tempdir().unwrap();
            for (from, to) in [(authority.ca(), "ca.pem"), (server.clone(), "broker.pem")] {
                std::fs::copy(from, broker.path().join(to)).unwrap();
            }
            crate::mqtt::readable(broker.path());
            let old = world.district_broker.url();
            world.district_broker = crate::support::Mosquitto::start_in(
                broker,
                &format!(
                    "allow_anonymous true\nlistener {tls} 127.0.0.1\ncafile {{dir}}/ca.pem\ncertfile {{dir}}/broker.pem\nkeyfile {{dir}}/broker.pem\n"
                ),
            );
            change(&world, "station.toml", &[(&old, &world.district_broker.url())]);
            change(&world, "gateway.toml", &[(&old, &world.district_broker.url())]);
        }
        let broker = if fault == Fault::StalledTls { tls } else { world.district_broker.port };
        let proxy = Proxy::to(broker);
        let next = Hook::start();
        let door = free_port();
        let (ca, home) = (authority.ca().display().to_string(), authority.home("made-up-1", When::Now));
        let first = match fault {
            Fault::NoSuchName => {
                "mqtt://no-such-host.invalid:1883\", plaintext = true, network_is_ours = true }".to_owned()
            }
            Fault::StalledTls => format!("mqtts://localhost:{}\", ca = \"{ca}\" }}", proxy.port),
            Fault::DeadFromTheStart | Fault::NeverConnAck | Fault::NeverPubAck | Fault::HalfOpen | Fault::Killed => {
                format!("mqtt://127.0.0.1:{}\" }}", proxy.port)
            }
        };
        let ways = format!(
            "[[channel]]\nname = \"past\"\nstation_https = {{ url = \"https://localhost:{door}\", ca = \"{ca}\", credentials = \"{}\" }}\n\
             [[circle.point]]\nid = \"beimen\"\nname = \"下一站\"\ntravel = \"9m\"\nchannels = [\"next\"]\n\
             [[channel]]\nname = \"next\"\nwebhook = {{ url = \"{}\" }}\n",
            home.display(),
            next.url
        );
        let old = format!("{}\" }}", world.district_broker.url());
        let channels = ("channels = [\"lehe\"]", "channels = [\"lehe\", \"past\"]");
        let circle = ("weekly_test", "next_point_after = \"32s\"\nweekly_test");
        change(&world, "gateway.toml", &[(&old, &first), channels, circle]);
        append(&world, "gateway.toml", &ways);
        let server = authority.server("localhost", When::Now);
        let homes =
            format!("[homes]\nlisten = \"127.0.0.1:{door}\"\nca = \"{ca}\"\ncredentials = \"{}\"\n", server.display());
        append(&world, "station.toml", &homes);
        if fault == Fault::DeadFromTheStart {
            world.district_broker.kill();
        }
        world.start_station();
        world.start_gateway();
        Case { fault, world, proxy, fake: None, broker, next, heard: None }
    }

    fn link(&self, name: &str) -> Option<bool> {
        let status = self.world.status()?;
        status["links"].as_array()?.iter().find(|link| link["name"] == name)?["up"].as_bool()
    }

    fn wait_ready(&mut self) {
        let lehe = !matches!(self.fault, Fault::DeadFromTheStart | Fault::NoSuchName);
        wait_until(&format!("{:?}: the ways are open", self.fault), PATIENCE, || {
            self.link("past") == Some(true)
                && self.link("mqtt") == Some(true)
                && (!lehe || self.link("lehe") == Some(true))
        });
    }

    fn break_it(&mut self) {
        let fake = |mode| Some(Fake::start(mode));
        match self.fault {
            Fault::DeadFromTheStart | Fault::NoSuchName => {}
            Fault::NeverConnAck => self.fake = fake(fake::Mode::NeverConnAck),
            Fault::NeverPubAck => self.fake = fake(fake::Mode::NeverPubAck),
            Fault::HalfOpen => self.proxy.set(Mode::Stall),
            Fault::Killed => self.world.district_broker.kill(),
            Fault::StalledTls => {
                self.proxy.set(Mode::Trickle);
                self.proxy.lead_to(self.broker);
            }
        }
        if let Some(fake) = &self.fake {
            self.proxy.lead_to(fake.port());
        }
        if self.fault == Fault::NeverPubAck {
            wait_until("connected to a broker that acknowledges nothing", PATIENCE, || {
                self.fake.as_ref().is_some_and(|fake| fake.connections() > 0)
            });
        }
    }

    fn press_and_be_seen(&self) {
        if self.fault == Fault::Killed {
            self.world.publish("zigbee2mqtt/meal", r#"{"action":"single"}"#);
            wait_until("the smaller request is decided", PATIENCE, || self.open_alerts() == 1);
        }
        self.world.press();
        wait_until(&format!("{:?}: by the second path", self.fault), BY_SECOND_PATH, || self.is_shown_once());
        if self.fault == Fault::DeadFromTheStart {
            self.world.click(&self.world.alerts_of("call_button")[0], "take");
            wait_until("taken there, known here", KNOWN_AT_HOME, || {
                self.world.status().is_some_and(|status| status["open_alerts"][0]["phase"] == "taken")
            });
        }
    }

    fn open_alerts(&self) -> usize {
        let status = self.world.status();
        status.and_then(|status| Some(status["open_alerts"].as_array()?.len())).unwrap_or_default()
    }

    fn is_shown_once(&self) -> bool {
        let alerts = self.world.alerts_of("call_button");
        assert!(alerts.len() <= 1 && alerts.iter().all(|alert| alert["count"] == 1), "{:?}: {alerts:?}", self.fault);
        alerts.len() == 1
    }

    fn mend_it(&mut self) {
        match self.fault {
            Fault::NoSuchName => return,
            Fault::DeadFromTheStart => self.world.district_broker.restart(),
            Fault::NeverConnAck | Fault::NeverPubAck => self.proxy.lead_to(self.broker),
            Fault::HalfOpen | Fault::StalledTls => self.proxy.set(Mode::Pass),
            Fault::Killed => {
                self.proxy.set(Mode::Stall);
                self.world.district_broker.restart();
                self.listen();
                self.proxy.set(Mode::Pass);
            }
        }
        wait_until(&format!("{:?}: nothing waits any more", self.fault), AFTER_RETURN, || {
            self.link("lehe") == Some(true)
                && self.world.status().is_some_and(|status| status["outbox"]["waiting"] == 0)
        });
        assert!(self.is_shown_once());
        if let Some(mut child) = self.heard.take() {
            let lines: Vec<String> = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap).collect();
            child.wait().unwrap();
            let first = |rule: &str| lines.iter().position(|line| line.contains(rule) && line.contains("/notice"));
            assert!(first("call_button").unwrap() < first("service_button").unwrap(), "buttons first: {lines:#?}");
        }
    }

    /// Hears what the broker carries, from now on, until both alerts were there.
    fn listen(&mut self) {
        let broker = &self.world.district_broker;
        assert!(broker.publisher(&["-r", "-t", "marker", "-m", "here"]).status().unwrap().success());
        let topics = ["-v", "-W", "12", "-q", "1", "-t", "marker", "-t", "carecircle/v1/made-up-1/up/lehe/notice"];
        let mut child = broker.subscriber(&topics).stdout(Stdio::piped()).spawn().unwrap();
        // One byte at a time: what comes later stays in the pipe.
        let mut line = Vec::new();
        let stdout = child.stdout.as_mut().unwrap();
        while !line.ends_with(b"\n") {
            let mut byte = [0];
            std::io::Read::read_exact(stdout, &mut byte).unwrap();
            line.push(byte[0]);
        }
        assert_eq!(line, b"marker here\n");
        self.heard = Some(child);
    }
}

fn change(world: &World, file: &str, changes: &[(&str, &str)]) {
    let path = world.path(file);
    let mut text = std::fs::read_to_string(&path).unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "{from} in {text}");
        text = text.replace(from, to);
    }
    std::fs::write(path, text).unwrap();
}

fn append(world: &World, file: &str, more: &str) {
    let path = world.path(file);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, format!("{text}\n{more}")).unwrap();
}
