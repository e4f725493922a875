//! The directory of points: a station's list becomes the circle of its homes, over restarts, and one that cannot be used moves
//! nothing.

use super::support::{run, wait_until};
use super::world::{Home, PATIENCE, World};
use std::io::Write;
use std::process::{Child, Stdio};

const WANTS_ONE: Home = Home {
    radio: None,
    quiet_at_most: None,
    more: "[circle]\ndirectory_from = \"lehe\"\nweekly_test = \"never\"\n",
    home_broker: None,
    run_dir: None,
};

/// The station's list from now on.
fn list(world: &World, points: &str) {
    let path = world.path("station.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let before = text.split("[[directory.point]]").next().unwrap();
    std::fs::write(&path, format!("{before}{points}")).unwrap();
}

fn in_force(world: &World) -> Option<u64> {
    world.status()?["directory"]["version"].as_u64()
}

/// What the home says to a second point, to which no station belongs.
fn notices_of_second_point(world: &World) -> Child {
    let arguments = ["-q", "1", "-C", "1", "-W", "30", "-t", "carecircle/v1/made-up-1/up/second/notice"];
    world.district_broker.subscriber(&arguments).stdout(Stdio::piped()).spawn().unwrap()
}

#[test]
fn the_stations_list_is_the_circle_also_after_a_restart_without_the_station() {
    let mut world = World::configure(&WANTS_ONE);
    let own = "[[directory.point]]\nid = \"lehe\"\nname = \"乐合\"\ntravel = \"20m\"\n";
    let second = "[[directory.point]]\nid = \"second\"\nname = \"Second\"\ntravel = \"3m\"\n";
    list(&world, &format!("{own}{second}"));
    world.start_station();
    world.start_gateway();
    world.wait_ready();
    wait_until("the list is in force", PATIENCE, || in_force(&world).is_some());
    let version = in_force(&world);
    let run_dir = world.path("run");
    let (shown, ..) = run(&["status", "--run-dir", run_dir.to_str().unwrap()], "");
    assert!(shown.contains("points      from lehe, version of "), "{shown}");
    // Neither the station nor its broker is there to say it again; the second point, nearer, is asked first.
    world.kill_gateway();
    world.kill_station();
    world.start_gateway();
    wait_until("it is in force again", PATIENCE, || in_force(&world) == version);
    let heard = notices_of_second_point(&world);
    wait_until("the link is up", PATIENCE, || {
        world.status().is_some_and(|status| status["links"].as_array().unwrap().iter().all(|link| link["up"] == true))
    });
    world.press();
    let heard = heard.wait_with_output().unwrap();
    assert!(String::from_utf8(heard.stdout).unwrap().contains("call_button"));
}

#[test]
fn a_list_that_cannot_be_used_is_refused_in_words_and_a_changed_one_is_taken_without_a_restart_of_the_home() {
    let mut world = World::configure(&WANTS_ONE);
    // The home has no location, so the way from one cannot be estimated.
    let placed = "[[directory.point]]\nid = \"second\"\nname = \"Second\"\nlocation = { latitude = 23.7, longitude = 103.2 }\nby = \"foot\"\n";
    list(&world, placed);
    world.start_station();
    world.start_gateway();
    world.wait_ready();
    let refused =
        |world: &World| world.status().and_then(|status| Some(status["directory"]["refused"].as_str()?.to_owned()));
    wait_until("it is refused", PATIENCE, || refused(&world).is_some());
    assert!(refused(&world).unwrap().contains("\"second\"") && in_force(&world).is_none());
    world.press();
    wait_until("the file's own point is asked", PATIENCE, || world.alerts_of("call_button").len() == 1);
    list(&world, "[[directory.point]]\nid = \"lehe\"\nname = \"乐合\"\ntravel = \"6m\"\n");
    world.station.as_ref().unwrap().signal("HUP");
    wait_until("the new list is in force", PATIENCE, || in_force(&world).is_some() && refused(&world).is_none());
    assert_eq!(world.alerts_of("call_button").len(), 1, "what was open stays");
    let mut odd = std::fs::OpenOptions::new().append(true).open(world.path("station.toml")).unwrap();
    writeln!(odd, "[[directory.point]]\nid = \"lehe\"\nname = \"x\"\ntravel = \"6m\"").unwrap();
    let path = world.path("station.toml");
    let (said, _, code) = run(&["check", path.to_str().unwrap()], "");
    assert!(code == 78 && said.contains("two service points \"lehe\""), "{code} {said}");
}
