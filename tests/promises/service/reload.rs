//! SIGHUP, and starting on a broken file: a careless edit changes nothing but the status line.

use super::Site;
use super::unit::{Unit, gateway_command};
use crate::support::wait_until;
use crate::world::{Home, PATIENCE, World};
use std::process::Command;

#[test]
fn the_new_limit_of_a_reload_is_in_force_and_links_stay_up() {
    let site = Site::start(&Home::default());
    site.world.move_in_hall();
    let before = links(&site.world);
    edit(&site.world, "at_most = \"6h\"", "at_most = \"2s\"");
    site.gateway.reload();
    wait_until("the silence is on the desk", PATIENCE, || site.world.alerts_of("inactivity").len() == 1);
    let reason = &site.world.alerts_of("inactivity")[0]["reason"];
    assert_eq!(reason["limit_secs"].as_f64(), Some(2.0), "{reason}");
    assert_eq!(reason["last_life"]["sensor"], "hall", "what was seen before the reload is known: {reason}");
    assert_eq!(links(&site.world), before, "no link was made anew");
}

#[test]
fn a_silence_that_runs_through_reloads_fires_at_its_own_instant() {
    let site = Site::start(&Home { quiet_at_most: Some("12s"), ..Home::default() });
    site.world.move_in_hall();
    wait_until("the movement is seen", PATIENCE, || {
        site.world.status().is_some_and(|status| status.get("last_life").is_some())
    });
    for (old, new) in [("", "[rules.not_observed]\nat_most = \"9m\"\n"), ("\"9m\"", "\"8m\""), ("\"8m\"", "\"7m\"")] {
        edit(&site.world, old, new);
        site.gateway.reload();
    }
    wait_until("the silence is on the desk", PATIENCE, || site.world.alerts_of("inactivity").len() == 1);
    let reason = &site.world.alerts_of("inactivity")[0]["reason"];
    assert_eq!(reason["silence_secs"].as_f64().map(f64::floor), Some(12.0), "{reason}");
}

#[test]
fn no_press_is_lost_while_the_configuration_is_changed_again_and_again() {
    let site = Site::start(&Home::default());
    for round in 0..6 {
        let (old, new) = if round % 2 == 0 { ("\"6h\"", "\"7h\"") } else { ("\"7h\"", "\"6h\"") };
        edit(&site.world, old, new);
        site.gateway.signal("HUP");
        for _ in 0..3 {
            site.world.press();
        }
    }
    wait_until("every press is on the desk", PATIENCE, || site.presses() == 18);
    assert_eq!(site.world.alerts_of("call_button").len(), 1);
}

#[test]
fn a_button_that_comes_and_goes_makes_no_press_of_another_lost_or_counted_twice() {
    const CORD: &str =
        "[[sensor]]\nid = \"cord\"\nroom = \"bathroom\"\nkind = \"call_button\"\nzigbee2mqtt = \"cord\"\n";
    let site = Site::start(&Home::default());
    let without = std::fs::read_to_string(site.world.path("gateway.toml")).unwrap();
    let with = without.replace("[rules.inactivity]", &format!("{CORD}[rules.inactivity]"));
    for round in 0..6 {
        let text = if round % 2 == 0 { &with } else { &without };
        std::fs::write(site.world.path("gateway.toml"), text).unwrap();
        site.gateway.signal("HUP");
        for _ in 0..3 {
            site.world.press();
        }
    }
    wait_until("every press is on the desk", PATIENCE, || site.presses() >= 18);
    // Long after that, a press that came twice would have been counted.
    let begin = carecircle::clock::since_boot();
    wait_until("no copy waits any more", PATIENCE, || (carecircle::clock::since_boot() - begin).num_seconds() >= 5);
    assert_eq!(site.presses(), 18, "{:?}", site.world.alerts_of("call_button"));
}

#[test]
fn a_broken_file_is_refused_with_its_place_and_the_running_configuration_stays() {
    let site = Site::start(&Home::default());
    edit(&site.world, "kind = \"motion\"", "kind = \"moton\"");
    site.gateway.reload();
    let line = std::fs::read_to_string(site.world.path("gateway.toml"))
        .unwrap()
        .lines()
        .position(|line| line.contains("moton"))
        .unwrap()
        + 1;
    let place = format!("gateway.toml:{line}:8");
    site.gateway.wait_for_status(&["watching 2 sensors", "refused, the running one stays", &place]);
    assert!(site.gateway.output().contains("^^^^"), "the log draws the line: {}", site.gateway.output());
    let shown = || {
        let run_dir = site.world.path("run");
        crate::support::run(&["status", "--run-dir", run_dir.to_str().unwrap()], "").0
    };
    wait_until("`status` says so", PATIENCE, || shown().contains("AN OLDER CONFIGURATION IS IN FORCE"));
    site.press_and_see(1);
    edit(&site.world, "moton", "motion");
    site.gateway.reload();
    wait_until("all is well again", PATIENCE, || !site.gateway.status().contains("refused"));
}

#[test]
fn a_restart_on_a_broken_file_watches_on_the_last_good_configuration_and_says_so() {
    let mut site = Site::start(&Home::default());
    assert_eq!(site.gateway.stop().code(), Some(0));
    edit(&site.world, "kind = \"motion\"", "kind = \"moton\"");
    site.gateway = Unit::gateway(&site.world).ready();
    site.gateway.wait_for_status(&["watching 2 sensors", "on the last good configuration", "gateway.toml:"]);
    wait_until("the fault is at the station", PATIENCE, || site.world.alerts_of("configuration").len() == 1);
    site.press_and_see(1);
    edit(&site.world, "moton", "motion");
    site.gateway.reload();
    wait_until("all is well again", PATIENCE, || !site.gateway.status().contains("last good"));
}

#[test]
fn a_password_that_cannot_be_read_does_not_leave_the_home_unwatched() {
    let mut site = Site::start(&Home::default());
    assert_eq!(site.gateway.stop().code(), Some(0));
    let nowhere = site.world.path("no-such-password");
    edit(
        &site.world,
        "[[sensor]]\nid = \"hall\"",
        &format!("user = \"x\"\npassword_file = \"{}\"\n[[sensor]]\nid = \"hall\"", nowhere.display()),
    );
    site.gateway = Unit::gateway(&site.world).ready();
    site.gateway.wait_for_status(&["on the last good configuration", "no-such-password"]);
    site.press_and_see(1);
}

#[test]
fn another_password_in_the_same_file_is_taken_over_by_a_reload() {
    let site = Site::start(&Home::default());
    let password = site.world.path("password");
    std::fs::write(&password, "first").unwrap();
    let keys = format!("user = \"x\"\npassword_file = \"{}\"\n[[sensor]]\nid = \"hall\"", password.display());
    edit(&site.world, "[[sensor]]\nid = \"hall\"", &keys);
    for password_in_force in ["first", "second"] {
        std::fs::write(&password, password_in_force).unwrap();
        let before = links(&site.world);
        site.gateway.reload();
        wait_until("the broker is connected anew", PATIENCE, || {
            stands(&site.world, "mqtt", true) && links(&site.world)[0] != before[0]
        });
        assert_eq!(links(&site.world)[1..], before[1..], "no other link was made anew");
    }
    site.press_and_see(1);
}

#[test]
fn a_channel_that_is_down_while_the_configuration_changes_is_never_taken_for_a_way_to_sensors() {
    let mut site = Site::start(&Home::default());
    site.world.district_broker.kill();
    wait_until("the channel is down", PATIENCE, || stands(&site.world, "lehe", false));
    edit(&site.world, "\"6h\"", "\"7h\"");
    site.gateway.reload();
    edit(&site.world, "channels = [\"lehe\"]", "channels = [\"other\"]");
    edit(&site.world, "[[channel]]\nname = \"lehe\"", "[[channel]]\nname = \"other\"");
    site.gateway.reload();
    wait_until("the other channel is down", PATIENCE, || stands(&site.world, "other", false));
    // A way to sensors would be remembered as lost until it speaks again.
    assert!(links(&site.world).iter().all(|(name, _)| name != "\"lehe\""), "{:?}", links(&site.world));
}

#[test]
fn without_a_last_good_configuration_a_broken_file_ends_the_daemon_with_78_and_its_problems() {
    let world = World::configure(&Home::default());
    edit(&world, "kind = \"motion\"", "kind = \"moton\"");
    let (code, said) = ended(gateway_command(&world));
    assert_eq!(code, Some(78), "{said}");
    assert!(
        said.contains("gateway.toml:") && said.contains("^^^^") && said.contains("no last good configuration"),
        "{said}"
    );
    let (code, said) =
        ended(crate::support::carecircle(&["gateway", "--config", "/no/such/file.toml", "--state-dir", "/no/such"]));
    assert_eq!(code, Some(78), "{said}");
    assert!(said.contains("/no/such/file.toml: there is no such file; correct the path"), "{said}");
}

/// As the package starts it: before anybody ran `init`.
#[test]
fn a_home_that_nobody_set_up_says_what_to_do_and_is_watched_as_soon_as_it_is() {
    let world = World::configure(&Home::default());
    let (config, away) = (world.path("gateway.toml"), world.path("later.toml"));
    std::fs::rename(&config, &away).unwrap();
    let station = Unit::station(&world).ready();
    let gateway = Unit::gateway(&world).ready();
    gateway.wait_for_status(&["not set up, nobody is watched yet", "sudo carecircle init"]);
    gateway.wait_for_pings(2);
    gateway.reload();
    let right = std::fs::read_to_string(&away).unwrap();
    std::fs::write(&config, right.replace("kind = \"motion\"", "kind = \"moton\"")).unwrap();
    gateway.wait_for_status(&["nobody is watched yet", "gateway.toml:", "moton"]);
    std::fs::write(&config, right).unwrap();
    gateway.wait_for_status(&["watching 2 sensors"]);
    world.wait_ready();
    Site { station, gateway, world }.press_and_see(1);
}

#[test]
fn a_station_refuses_a_broken_file_and_a_port_in_use_and_its_desk_stays_open() {
    let site = Site::start(&Home::default());
    let station = site.world.path("station.toml");
    let good = std::fs::read_to_string(&station).unwrap();
    std::fs::write(&station, good.replace("role = \"desk\"", "role = \"desc\"")).unwrap();
    site.station.reload();
    site.station.wait_for_status(&["the desk is open", "refused", "station.toml:"]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    std::fs::write(&station, good.replace(&format!(":{}\"", site.world.page), &format!(":{port}\""))).unwrap();
    site.station.reload();
    site.station.wait_for_status(&["the desk is open", "refused", "another program listens on this port"]);
    site.press_and_see(1);
}

/// Runs a command that must end by itself; its code and all it said.
pub fn ended(mut command: Command) -> (Option<i32>, String) {
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned())
}

/// Changes the home's file as a technician would; an empty `old` appends.
pub fn edit(world: &World, old: &str, new: &str) {
    let path = world.path("gateway.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let changed = if old.is_empty() { format!("{text}{new}") } else { text.replace(old, new) };
    assert_ne!(changed, text, "nothing changed");
    std::fs::write(path, changed).unwrap();
}

/// Every link with the instant since when it stands.
fn links(world: &World) -> Vec<(String, String)> {
    let status = world.status().unwrap();
    let links = status["links"].as_array().unwrap().iter();
    links.map(|link| (link["name"].to_string(), link["since_ms"].to_string())).collect()
}

fn stands(world: &World, name: &str, up: bool) -> bool {
    let Some(status) = world.status() else { return false };
    status["links"].as_array().is_some_and(|links| links.iter().any(|link| link["name"] == name && link["up"] == up))
}
