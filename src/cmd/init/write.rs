//! The text of a configuration: commented, for a person who goes on from here, and taken by `carecircle check` as it stands.
//!
//! What is not known stands there as a comment with TO DO, never as a guess that would be watched.

use super::found::{Port, Speaks};
use super::plan::{Plan, Sensor};
use crate::config;
use crate::mqtt::Access;
use crate::problem::{Kind, Problem};

/// The text, and what is left to do in it.
pub struct Written {
    /// TOML.
    pub text: String,
    /// One line for each TO DO.
    pub to_do: Vec<String>,
}

/// Writes the plan down.
pub fn write(plan: &Plan) -> Written {
    let mut file = File { text: String::new(), to_do: Vec::new() };
    file.heading(plan);
    file.home(plan);
    file.broker(plan);
    let ports: Vec<&Port> = plan.ports.iter().filter(|port| file.port(port)).collect();
    let base = file.skeleton(plan, &ports);
    let rooms: Vec<(&Sensor, bool)> = plan.sensors.iter().map(|sensor| (sensor, is_watched(sensor, &base))).collect();
    file.rooms(&rooms);
    file.sensors(&rooms);
    file.circle(plan);
    Written { text: file.text, to_do: file.to_do }
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
        self.line(&format!("# TO DO: {what}"));
        self.to_do.push(what.to_owned());
    }

    fn heading(&mut self, plan: &Plan) {
        self.line(
            "# carecircle gateway, begun by `carecircle init`. Every key there is stands in the packaged gateway.toml.",
        );
        self.line("# After each change: carecircle check FILE, then: systemctl reload carecircle-gateway");
        let watched = plan.sensors.iter().filter(|sensor| sensor.doubt.is_none()).count();
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

    /// Whether the port can be used as it is.
    fn port(&mut self, port: &Port) -> bool {
        self.line("");
        let Speaks::Family(..) = &port.speaks else {
            let why = match &port.speaks {
                Speaks::Others(whose) => whose,
                Speaks::Unknown(why) => why.as_str(),
                Speaks::Family(..) => "",
            };
            self.line(&format!("# {}\n#   {why}", shown(&port.path)));
            if matches!(port.speaks, Speaks::Unknown(_)) {
                self.ask_for(&format!("what speaks on {}? Its data sheet says family and baud", shown(&port.path)));
                let path = text(&port.path);
                let name = text(&port.name);
                self.line(&format!("#[[serial]]\n#name = {name}\n#port = {path}\n#baud = 9600\n#text = {{}}"));
            }
            return false;
        };
        let section = port_section(port);
        let is_taken = problem(&format!("{SKELETON}{section}")).is_none();
        if !is_taken {
            self.ask_for(&format!("complete the port {}: see docs/sensors", shown(&port.path)));
        }
        self.line(&commented(&section, !is_taken));
        is_taken
    }

    /// What every sensor needs around it to be checked by itself.
    fn skeleton(&self, plan: &Plan, ports: &[&Port]) -> String {
        let mut skeleton = SKELETON.to_owned();
        if let Some((access, _)) = &plan.broker {
            skeleton += &broker_section(access);
        }
        ports.iter().for_each(|port| skeleton += &port_section(port));
        skeleton
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
                self.ask_for(&format!("{}: {doubt}", sensor.id));
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

fn is_watched(sensor: &Sensor, skeleton: &str) -> bool {
    sensor.doubt.is_none() && problem(&format!("{skeleton}{}", section(sensor))).is_none()
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
    crate::text::shown(text, 100)
}

const CHANNEL: &str = "station";

/// The least that `check` takes.
const SKELETON: &str = "[home]\nid = \"x\"\nplace = \"x\"\ntime_zone = \"UTC\"\n\
    [[circle.point]]\nid = \"x\"\nname = \"x\"\ntravel = \"1m\"\nchannels = [\"x\"]\n\
    [[channel]]\nname = \"x\"\nstation_mqtt = { broker = \"mqtts://station.example\" }\n";
