//! The text of a configuration: commented, for a person who goes on from here, and taken by `carecircle check` as it stands.
//!
//! What is not known stands there as a comment with TO DO, never as a guess that would be watched.

use super::found::{Port, Speaks};
use super::plan::{Plan, Sensor};
use crate::config;
use crate::mqtt::{Access, Plaintext};
use crate::problem::{Kind, Problem};

/// The text, and what is left to do in it.
pub struct Written {
    /// TOML.
    pub text: String,
    /// One line for each TO DO.
    pub to_do: Vec<String>,
    /// How many sensors it registers.
    pub watched: usize,
}

/// Writes the plan down.
pub fn write(plan: &Plan) -> Written {
    let ports: Vec<(&Port, bool)> = plan.ports.iter().map(|port| (port, is_usable(port))).collect();
    let sensors = watched(plan, &ports);
    let watched = sensors.iter().filter(|(_, is_watched)| *is_watched).count();
    let mut file = File { text: String::new(), to_do: Vec::new() };
    file.heading(watched);
    file.home(plan);
    file.broker(plan);
    ports.iter().for_each(|(port, is_usable)| file.port(port, *is_usable));
    file.rooms(&sensors);
    file.sensors(&sensors);
    file.circle(plan);
    Written { text: file.text, to_do: file.to_do, watched }
}

/// Whether `check` takes the port with nothing more said of it.
fn is_usable(port: &Port) -> bool {
    matches!(port.speaks, Speaks::Family(..)) && problem(&format!("{SKELETON}{}", port_section(port))).is_none()
}

/// Each sensor, and whether it is registered: nobody doubts it, and `check` takes it with those before it.
fn watched<'a>(plan: &'a Plan, ports: &[(&Port, bool)]) -> Vec<(&'a Sensor, bool)> {
    let mut taken = SKELETON.to_owned();
    taken += &plan.broker.as_ref().map(|(access, _)| broker_section(access)).unwrap_or_default();
    ports.iter().filter(|(_, is_usable)| *is_usable).for_each(|(port, _)| taken += &port_section(port));
    let judge = |sensor: &'a Sensor| {
        let with_it = format!("{taken}{}", section(sensor));
        let is_watched = sensor.doubt.is_none() && problem(&with_it).is_none();
        if is_watched {
            taken = with_it;
        }
        (sensor, is_watched)
    };
    plan.sensors.iter().map(judge).collect()
}

struct File {
    text: String,
    to_do: Vec<String>,
}

impl File {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A comment that a person has to answer.
    fn ask_for(&mut self, what: &str) {
        let what = shown(what);
        self.line(&format!("# TO DO: {what}"));
        self.to_do.push(what);
    }

    fn heading(&mut self, watched: usize) {
        self.line("# carecircle gateway, begun by `carecircle init`. The packaged gateway.toml shows every key.");
        self.line("# After each change: carecircle check FILE && systemctl reload carecircle-gateway");
        if watched == 0 {
            self.line("#");
            self.line("# No sensor is registered yet, so nobody is watched. Next: put the sensors up, then");
            self.line("#   carecircle listen --config FILE          shows what each says, with a [[sensor]] to paste");
            self.line("#   carecircle listen --config FILE --pair   lets new Zigbee sensors join");
            self.to_do.push("there is no sensor yet; see the first lines of the file".to_owned());
        }
    }

    fn home(&mut self, plan: &Plan) {
        self.line("\n[home]");
        self.line(&format!(
            "id = {}   # a pseudonym, never a name; the station knows the home by it",
            text(&plan.home)
        ));
        match &plan.place {
            Some(place) => self.line(&format!("place = {}   # lets someone go there", text(place))),
            None => {
                self.ask_for("place: the address for whoever has to go there, at most 20 characters");
                self.line("#place = \"\"");
            }
        }
        if plan.zone.ends_with("UTC") || plan.zone == "GMT" {
            self.ask_for("time_zone: this machine's clock shows UTC; does the clock on the wall?");
        }
        self.line(&format!("time_zone = {}", text(&plan.zone)));
        self.line(&format!("language = {}   # zh or en: what people read", text(plan.language)));
        self.line("# Who agreed to being watched, when, and to what? Without this line only alerts leave the home.");
        match &plan.consent {
            Some((given_on, by)) => self.line(&format!(
                "consent = {{ given_on = {}, by = {}, scope = \"activity\" }}   # scope: alerts, activity or rooms",
                text(&given_on.to_string()),
                text(by.as_str())
            )),
            None => {
                self.line("# Not known when this was written.");
                self.line("#consent = { given_on = \"\", by = \"resident\", scope = \"activity\" }");
            }
        }
    }

    fn broker(&mut self, plan: &Plan) {
        let Some((access, answers)) = &plan.broker else {
            self.line("\n# No MQTT broker was found. Zigbee2MQTT, ESPHome, Tasmota and others need one:");
            self.line("#[mqtt]\n#broker = \"mqtt://127.0.0.1:1883\"");
            return;
        };
        self.line("");
        if !answers {
            self.ask_for(&format!("the broker {} did not answer; is it running?", access.broker));
        }
        self.line(broker_section(access).trim_end());
        if !plan.bases.is_empty() && plan.bases != ["zigbee2mqtt"] {
            self.line(&format!("\n{}", bases_section(&plan.bases)));
        }
    }

    fn port(&mut self, port: &Port, is_usable: bool) {
        self.line("");
        let path = shown(&port.path);
        match &port.speaks {
            Speaks::Family(..) => {
                if !is_usable {
                    self.ask_for(&format!("complete the port {path}: see docs/sensors"));
                }
                self.line(&commented(&port_section(port), !is_usable));
            }
            Speaks::Others(whose) => self.line(&format!("# {path}\n#   {whose}")),
            Speaks::Unknown(why) => {
                self.line(&format!("# {path}\n#   {}", shown(why)));
                self.ask_for(&format!("what speaks on {path}? Its data sheet says family and baud"));
                let (name, path) = (text(&port.name), text(&port.path));
                self.line(&format!("#[[serial]]\n#name = {name}\n#port = {path}\n#baud = 9600\n#text = {{}}"));
            }
        }
    }

    fn rooms(&mut self, sensors: &[(&Sensor, bool)]) {
        let mut rooms: Vec<&str> = sensors.iter().filter_map(|(sensor, _)| sensor.room.as_deref()).collect();
        rooms.sort_unstable();
        rooms.dedup();
        if rooms.is_empty() {
            return;
        }
        self.line("\n# The rooms: with this list, a mistyped room is found.");
        rooms.iter().for_each(|room| self.line(&format!("[[room]]\nid = {}", text(room))));
    }

    fn sensors(&mut self, sensors: &[(&Sensor, bool)]) {
        for (sensor, is_watched) in sensors {
            self.line("");
            self.line(&format!("# {}", shown(&sensor.about)));
            if !is_watched {
                let doubt = sensor.doubt.clone().unwrap_or_else(|| "complete the address: see docs/sensors".to_owned());
                // What is asked matters more than the end of a long name, which stands below.
                self.ask_for(&format!("{}: {doubt}", crate::text::shown(&sensor.id, 40)));
            }
            self.line(commented(&section(sensor), !is_watched).trim_end());
        }
    }

    fn circle(&mut self, plan: &Plan) {
        let (id, name, travel) = &plan.point;
        self.line("\n[circle]\nrespond_within = \"15m\"   # somebody must be at the door within this time");
        self.line(&format!("\n[[circle.point]]\nid = {}   # as the station's own configuration has it", text(id)));
        self.line(&format!("name = {}\ntravel = {}   # from the point to the door", text(name), text(travel)));
        self.line(&format!("channels = [{}]", text(CHANNEL)));
        self.line("");
        if plan.station.is_none() {
            self.ask_for("the station's broker: until it is right, no alert leaves this home");
        }
        let broker = plan.station.as_deref().unwrap_or("mqtts://station.example:8883");
        self.line(&format!("[[channel]]\nname = {}", text(CHANNEL)));
        self.line(&format!("station_mqtt = {{ broker = {} }}", text(broker)));
        self.line("# With certificates, as the operator gives them out, instead:");
        self.line(&format!(
            "#station_mqtt = {{ broker = {}, ca = \"/etc/carecircle/operator-ca.pem\", credentials = \"/etc/carecircle/home.pem\" }}",
            text(broker)
        ));
    }
}

/// A `[[sensor]]`, for the file and for who adds one to it.
pub fn section(sensor: &Sensor) -> String {
    let mut section = format!("[[sensor]]\nid = {}\n", text(&sensor.id));
    match (&sensor.room, sensor.kind.as_deref()) {
        (Some(room), _) => section += &format!("room = {}\n", text(room)),
        // A pendant hangs nowhere.
        (None, Some("call_button")) => {}
        (None, _) => section += "#room = \"\"   # where it hangs\n",
    }
    match &sensor.kind {
        Some(kind) => section += &format!("kind = {}\n", text(kind)),
        None => section += "kind = \"\"   # what it is for: motion, door, call_button …\n",
    }
    if let Some(service) = &sensor.service {
        section += &format!("service = {}\n", text(service));
    }
    section + &sensor.address + "\n"
}

/// The first mistake in a configuration.
pub fn problem(text: &str) -> Option<Problem> {
    config::gateway("gateway.toml", text).1.into_iter().find(|problem| problem.kind == Kind::Error)
}

fn broker_section(access: &Access) -> String {
    let mut section = format!("[mqtt]\nbroker = {}\n", text(&access.broker.to_string()));
    if let Some(user) = &access.user {
        section += &format!("user = {}\n", text(user));
    }
    if let Some(file) = &access.password_file {
        section += &format!("password_file = {}\n", text(&file.display().to_string()));
    }
    // Nobody gets here who did not say so twice.
    if Plaintext::default().check(access.broker.tls, &access.broker.host).is_err() {
        section += "plaintext = true         # not encrypted on the way to another machine\nnetwork_is_ours = true   # and nobody else is on that network\n";
    }
    section
}

fn bases_section(bases: &[String]) -> String {
    let bases: Vec<String> = bases.iter().map(|base| text(base)).collect();
    format!("[zigbee2mqtt]\nbase_topics = [{}]", bases.join(", "))
}

fn port_section(port: &Port) -> String {
    let Speaks::Family(wiring, baud) = &port.speaks else { return String::new() };
    let (name, path) = (text(&port.name), text(&port.path));
    format!("[[serial]]\nname = {name}\nport = {path}\nbaud = {baud}\n{} = {{}}\n", wiring.family())
}

fn commented(section: &str, is_comment: bool) -> String {
    if !is_comment {
        return section.trim_end().to_owned();
    }
    let lines = section.lines().map(|line| if line.starts_with('#') { line.to_owned() } else { format!("#{line}") });
    lines.collect::<Vec<_>>().join("\n")
}

/// As a TOML string.
fn text(text: &str) -> String {
    crate::devices::toml_text(text)
}

/// As a word of a comment: nothing in it ends the line.
fn shown(text: &str) -> String {
    crate::text::shown(text, 160)
}

const CHANNEL: &str = "station";

/// The least that `check` takes.
const SKELETON: &str = "[home]\nid = \"x\"\nplace = \"x\"\ntime_zone = \"UTC\"\n\
    [[circle.point]]\nid = \"x\"\nname = \"x\"\ntravel = \"1m\"\nchannels = [\"x\"]\n\
    [[channel]]\nname = \"x\"\nstation_mqtt = { broker = \"mqtts://station.example\" }\n";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::Wiring;
    use crate::mqtt::Broker;

    fn plan() -> Plan {
        let broker: Broker = "mqtt://127.0.0.1:1883".parse().unwrap();
        Plan {
            home: "ky-1".to_owned(),
            place: Some("1-1".to_owned()),
            zone: "Asia/Shanghai".to_owned(),
            language: "zh",
            broker: Some((Access::open(broker), true)),
            bases: vec!["zigbee2mqtt".to_owned()],
            ports: Vec::new(),
            sensors: Vec::new(),
            consent: None,
            point: ("lehe".to_owned(), "乐合".to_owned(), "6m".to_owned()),
            station: Some("mqtts://lehe.example:8883".to_owned()),
        }
    }

    fn sensor(id: &str, kind: &str, address: &str) -> Sensor {
        let (id, address) = (id.to_owned(), address.to_owned());
        Sensor { id, kind: Some(kind.to_owned()), address, about: "a PIR".to_owned(), ..Sensor::default() }
    }

    /// What the written configuration watches.
    fn watched(written: &Written) -> Vec<String> {
        let (config, problems) = config::gateway("gateway.toml", &written.text);
        let config = config.unwrap_or_else(|| panic!("{problems:?}\n{}", written.text));
        config.home.sensors.keys().map(ToString::to_string).collect()
    }

    #[test]
    fn everything_known_leaves_nothing_to_do() {
        let mut plan = plan();
        plan.sensors = vec![sensor("hall", "motion", "zigbee2mqtt = \"hall\"")];
        let written = write(&plan);
        assert_eq!(written.to_do, Vec::<String>::new());
        assert_eq!(watched(&written), ["hall"]);
        assert_eq!(config::gateway("x", &written.text).1, [], "check has nothing to say");
    }

    #[test]
    fn what_check_would_refuse_stands_there_as_a_comment() {
        let mut plan = plan();
        plan.sensors = vec![
            sensor("good", "motion", "zigbee2mqtt = \"good\""),
            sensor("bad", "motion", "zigbee2mqtt = \"\""),
            sensor("none", "motion", "# nothing hears it"),
            Sensor { doubt: Some("whose?".to_owned()), ..sensor("far", "motion", "zigbee2mqtt = \"far\"") },
            Sensor { kind: None, ..sensor("what", "motion", "zigbee2mqtt = \"what\"") },
        ];
        let written = write(&plan);
        assert_eq!(watched(&written), ["good"]);
        assert_eq!(written.to_do.len(), 4, "{:?}", written.to_do);
    }

    #[test]
    fn a_port_is_written_as_it_was_heard_and_one_of_others_is_only_mentioned() {
        let mut plan = plan();
        let port =
            |name: &str, speaks| Port { name: name.to_owned(), path: format!("/dev/serial/by-id/{name}"), speaks };
        plan.ports = vec![
            port("radio", Speaks::Family(Wiring::usual("enocean").unwrap(), 57_600)),
            port("stick", Speaks::Others("a Zigbee stick")),
            port("odd", Speaks::Unknown("nothing was heard".to_owned())),
        ];
        plan.sensors = vec![sensor("e", "motion", "enocean = { sender = \"0500aa01\", profile = \"A5-07-01\" }")];
        let written = write(&plan);
        assert_eq!(watched(&written), ["e"]);
        let (config, _) = config::gateway("x", &written.text);
        let ports: Vec<String> = config.unwrap().serial.into_iter().map(|port| port.name).collect();
        assert_eq!(ports, ["radio"]);
        assert!(written.text.contains("a Zigbee stick") && written.to_do.iter().any(|what| what.contains("odd")));
    }

    #[test]
    fn no_name_from_outside_writes_a_line_of_its_own() {
        let evil = "x\n[[sensor]]\nid = \"planted\"\nkind = \"motion\"\nzigbee2mqtt = \"planted\"\n";
        let mut plan = plan();
        plan.point.1 = evil.to_owned();
        plan.bases = vec![evil.to_owned()];
        let address = format!("zigbee2mqtt = {}", text(evil));
        plan.sensors = vec![
            Sensor { about: evil.to_owned(), ..sensor("a", "motion", "zigbee2mqtt = \"a\"") },
            Sensor { about: evil.to_owned(), doubt: Some(evil.to_owned()), ..sensor("b", "motion", &address) },
        ];
        plan.ports =
            vec![Port { name: "p".to_owned(), path: evil.to_owned(), speaks: Speaks::Unknown(evil.to_owned()) }];
        let written = write(&plan);
        assert!(!watched(&written).contains(&"planted".to_owned()), "{}", written.text);
    }
}
