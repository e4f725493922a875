//! `carecircle suspend`: whoever stands at the box tells the running gateway, on the real binary with real brokers.

use super::support::{run, wait_until};
use super::world::{Home, PATIENCE, World};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;

/// The command with these arguments; output, errors and exit code.
fn suspend(world: &World, arguments: &[&str]) -> (String, String, i32) {
    let state = world.path("state");
    run(&[&["suspend", "--state-dir", state.to_str().unwrap()], arguments].concat(), "")
}

#[track_caller]
fn accepted(world: &World, arguments: &[&str]) -> String {
    let (said, wrong, code) = suspend(world, arguments);
    assert_eq!((wrong.as_str(), code), ("", 0), "{arguments:?}: {said}");
    said
}

fn in_status(world: &World) -> Vec<Value> {
    let status = world.status().unwrap_or_default();
    status["suspended"].as_array().cloned().unwrap_or_default()
}

/// What the station knows of the one home's suspensions.
fn at_the_station(world: &World) -> Vec<Value> {
    let desk = world.desk().unwrap_or_default();
    desk["homes"][0]["suspended"].as_array().cloned().unwrap_or_default()
}

const HOSPITAL: [&str; 7] = ["hospital", "--owner", "p-03", "--reason", "hip", "--until", "3d"];

#[test]
fn what_is_said_at_the_box_holds_over_a_kill_and_is_shown_at_home_and_at_the_station() {
    let mut world = World::start(&Home::default());
    assert!(accepted(&world, &["--list"]).contains("as usual"));
    let said = accepted(&world, &HOSPITAL);
    for words in ["2 in hospital until ", "(for 3 d)", "p-03", "hip", "Held back", "Never held back: calls"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let state = world.path("state/gateway.sock");
    assert_eq!(std::fs::metadata(&state).unwrap().permissions().mode() & 0o777, 0o660);
    // The answer says that it is on the disk: not an instant more is needed.
    world.kill_gateway();
    let (_, wrong, code) = suspend(&world, &["--list"]);
    assert!(wrong.contains("not running") && wrong.contains("systemctl start") && code == 1, "{wrong}");
    world.start_gateway();
    // What it left in its run directory says nothing about the new one.
    wait_until("it answers again", PATIENCE, || suspend(&world, &["--list"]).2 == 0);
    world.wait_ready();
    assert!(accepted(&world, &["--list"]).contains("2 in hospital until "));
    wait_until("the station knows", PATIENCE, || at_the_station(&world).len() == 1);
    assert_eq!(at_the_station(&world)[0]["kind"], "hospital");
    assert!(world.html("/home/made-up-1").contains("p-03"), "and the home's page shows it");
    wait_until("the status tells", PATIENCE, || in_status(&world).len() == 1);
    let run_dir = world.path("run");
    let (shown, ..) = run(&["status", "--run-dir", run_dir.to_str().unwrap()], "");
    assert!(shown.contains("SUSPENDED   2 in hospital, ends in 2 days (p-03: hip)"), "{shown}");

    let said = accepted(&world, &["hospital", "--owner", "p-04", "--reason", "longer", "--until", "5d"]);
    assert!(said.contains("takes the place of: 2 in hospital") && said.contains("p-03"), "{said}");
    let said = accepted(&world, &["--end", "2", "--owner", "p-03"]);
    assert!(said.contains("Over, and all rules judge as ever") && said.contains("seen in the home soon"), "{said}");
    wait_until("the status tells", PATIENCE, || in_status(&world).is_empty());
    wait_until("the station knows", PATIENCE, || at_the_station(&world).is_empty());
    let (_, wrong, code) = suspend(&world, &["--end", "2", "--owner", "p-03"]);
    assert!(wrong.contains("nothing of this kind (in hospital)") && code == 1, "{wrong}");
}

#[test]
fn what_cannot_be_taken_is_refused_with_why_and_changes_nothing() {
    let world = World::start(&Home::default());
    let begin = |owner, reason, until| ["away", "--owner", owner, "--reason", reason, "--until", until];
    for (arguments, words) in [
        (begin("p-03", "sister", "31d"), "more than 30 days"),
        (begin("p-03", "sister", "2020-01-01 10:00"), "over already"),
        (begin("p-03", "sister", "soon"), "no end; write"),
        (begin("home", "sister", "3d"), "the button at the door"),
        (begin(" ", "sister", "3d"), "answers for it"),
        (begin("p-03", "", "3d"), "needs a reason"),
    ] {
        let (_, wrong, code) = suspend(&world, &arguments);
        assert!(wrong.contains("refused") && wrong.contains(words) && code == 1, "{arguments:?}: {wrong}");
    }
    let (_, wrong, code) = suspend(&world, &["away", "--owner", "p-03", "--until", "3d"]);
    assert!(wrong.contains("--reason") && code == 2, "{wrong}");
    assert!(accepted(&world, &["--list"]).contains("as usual"));
}

#[test]
fn a_suspension_holds_back_the_quiet_never_a_call_and_ends_by_itself() {
    let world = World::start(&Home { quiet_at_most: Some("3s"), ..Home::default() });
    // Longer than a command takes on a loaded machine; the end is what the test waits for.
    let in_hospital: Vec<&str> = HOSPITAL[..6].iter().copied().chain(["20s"]).collect();
    accepted(&world, &in_hospital);
    world.move_in_hall();
    let early = world.alerts_of("inactivity").len();
    world.press();
    wait_until("the call is on the desk", PATIENCE, || world.alerts_of("call_button").len() == 1);
    assert_eq!(world.alerts_of("inactivity").len(), early, "nobody is missed at home");
    wait_until("it ended by itself", PATIENCE * 4, || accepted(&world, &["--list"]).contains("as usual"));
    wait_until("the quiet counts again", PATIENCE, || world.alerts_of("inactivity").len() > early);
}

#[test]
fn a_station_sees_what_became_of_what_it_asked_for() {
    let world = World::start(&Home::default());
    let beats = Beats::listen(&world);
    let ask = |body: &str| {
        let body = format!(r#"{{"v":1,"home":"made-up-1",{body}}}"#);
        world.district_broker.publish("carecircle/v1/made-up-1/down/suspension", &body);
    };
    let until = (carecircle::clock::now() + carecircle::model::time::Span::hours(5)).timestamp_millis();
    ask(&format!(
        r#""id":"k1","change":"begin","kind":"visitors","owner":"p-03","why":"family","from_ms":1,"until_ms":{until}"#
    ));
    beats.wait_for("the visitors are in force", |beat| beat["suspended"][0]["kind"] == "visitors");
    let refused = |id: &'static str, words: &'static str| {
        move |beat: &Value| {
            let all = beat["refused"].as_array().cloned().unwrap_or_default();
            all.iter().any(|one| one["id"] == id && one["why"].as_str().is_some_and(|why| why.contains(words)))
        }
    };
    ask(r#""id":"k2","change":"begin","kind":"away","owner":"p-03","why":"x","from_ms":1,"until_ms":2"#);
    beats.wait_for("an end that is over is refused", refused("k2", "over already"));
    ask(r#""id":"k3","change":"begin","kind":"away","owner":"p-03","why":"x","from_ms":1"#);
    let both = |beat: &Value| refused("k3", "until_ms")(beat) && refused("k2", "over already")(beat);
    beats.wait_for("one without an end is refused, and what was refused before is still said", both);
    ask(r#""id":"k4","change":"end","kind":"visitors","owner":"p-03""#);
    beats.wait_for("the visitors are gone", |beat| beat.get("suspended").is_none());
    assert!(world.alerts().is_empty());
}

#[test]
fn what_the_station_asks_for_is_asked_until_the_home_shows_it_and_a_call_alerts_at_once() {
    let mut world = World::start(&Home { quiet_at_most: Some("3s"), ..Home::default() });
    let wall = |hours: i64| {
        let at = carecircle::clock::now() + carecircle::model::time::Span::hours(hours);
        carecircle::model::time::Zone::named("Asia/Shanghai").unwrap().wall_clock(at)[..16].to_owned()
    };
    let ask = |world: &World, key: &str, until: &str| {
        let fields = [("kind", "hospital"), ("why", "hip"), ("until", until), ("key", key), ("back", "/homes")];
        world.post("/home/made-up-1/suspend", &fields)
    };
    for (key, until, words) in
        [("a", String::new(), "请写结束时间"), ("b", wall(-1), "请写结束时间"), ("d", wall(31 * 24), "最长 30 天")]
    {
        let (status, page) = ask(&world, key, &until);
        assert!(matches!(status, 409 | 422) && page.contains(words), "{until}: {status}");
        assert!(page.contains("value=\"hip\""), "what was typed is still there");
    }
    assert!(accepted(&world, &["--list"]).contains("as usual"));

    // While the gateway is away nobody is told that it holds.
    world.kill_gateway();
    assert_eq!(ask(&world, "e", &wall(5)).0, 303);
    assert!(
        world.html("/home/made-up-1").contains("家中尚未确认") && world.html("/suspensions").contains("家中尚未确认")
    );
    world.kill_station();
    world.start_station();
    wait_until("the station is back", PATIENCE, || world.desk().is_some());
    assert!(world.html("/home/made-up-1").contains("家中尚未确认"), "after a restart it is asked for still");
    world.start_gateway();
    wait_until("the home has it", PATIENCE, || at_the_station(&world).len() == 1);
    wait_until("and the page says so", PATIENCE, || world.html("/home/made-up-1").contains("生效中"));
    assert!(accepted(&world, &["--list"]).contains("2 in hospital until "), "the box says the same");

    wait_until("its own broker is connected", PATIENCE, || {
        let status = world.status().unwrap_or_default();
        status["links"].as_array().is_some_and(|links| links.iter().all(|link| link["up"] == true))
    });
    world.press();
    wait_until("the call is on the desk", PATIENCE, || world.alerts_of("call_button").len() == 1);
    let end = [("kind", "hospital"), ("key", "f"), ("back", "/homes")];
    assert_eq!(world.post("/home/made-up-1/suspend/end", &end).0, 303);
    wait_until("it is over at home", PATIENCE, || accepted(&world, &["--list"]).contains("as usual"));
    wait_until("the station knows", PATIENCE, || at_the_station(&world).is_empty());
    assert!(!world.html("/suspensions").contains("生效中"));
    assert_eq!(world.post("/home/made-up-1/suspend/end", &[("kind", "hospital"), ("key", "g")]).0, 409);
}

/// Every heartbeat of the home.
struct Beats {
    child: std::process::Child,
    lines: std::sync::mpsc::Receiver<String>,
}

impl Beats {
    fn listen(world: &World) -> Beats {
        use std::io::BufRead;
        let mut child = world
            .district_broker
            .subscriber(&["-t", "carecircle/v1/made-up-1/up/lehe/heartbeat"])
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("mosquitto_sub is installed (apt-get install mosquitto-clients)");
        let output = child.stdout.take().unwrap();
        let (into, lines) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            std::io::BufReader::new(output).lines().map_while(Result::ok).for_each(|line| drop(into.send(line)));
        });
        Beats { child, lines }
    }

    #[track_caller]
    fn wait_for(&self, what: &str, holds: impl Fn(&Value) -> bool) {
        wait_until(what, PATIENCE * 3, || {
            let lines = self.lines.try_iter();
            lines.map(|line| serde_json::from_str::<Value>(&line).unwrap()).any(|beat| holds(&beat))
        });
    }
}

impl Drop for Beats {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
