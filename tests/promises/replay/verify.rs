//! What a real gateway decided is decided again from what it wrote down: presses, a silence, staff, a death in between.

use crate::support::{run, wait_until};
use crate::world::{Home, PATIENCE, World};

#[test]
fn live_decisions_and_their_replay_are_the_same_byte_for_byte_and_a_difference_is_shown_with_both_sides() {
    let mut world = World::start(&Home { quiet_at_most: Some("3s"), ..Home::default() });
    world.move_in_hall();
    wait_until("the silence is on the desk", PATIENCE, || world.alerts_of("inactivity").len() == 1);
    world.press();
    wait_until("the press is on the desk", PATIENCE, || world.alerts_of("call_button").len() == 1);
    let alert = &world.alerts_of("call_button")[0];
    for (step, phase) in [("take", "taken"), ("depart", "on_the_way"), ("arrive", "arrived")] {
        world.click(alert, step);
        wait_until(&format!("the gateway's book says {phase}"), PATIENCE, || {
            let status = world.status().unwrap_or_default();
            let open = status["open_alerts"].as_array().cloned().unwrap_or_default();
            open.iter().any(|open| open["phase"] == phase)
        });
    }
    // Said again and again, and written once: it bears on the decisions all the same.
    for _ in 0..5 {
        world.publish("zigbee2mqtt/hall", r#"{"occupancy":false,"battery":87}"#);
    }
    assert_same(&world, "beside the running daemon");
    world.kill_gateway();
    world.start_gateway();
    world.wait_ready();
    world.move_in_hall();
    world.press();
    wait_until("the second press is in the book", PATIENCE, || {
        world.alerts_of("call_button").first().is_some_and(|alert| alert["count"] == 2)
    });
    world.gateway.as_ref().unwrap().signal("HUP");
    wait_until("the configuration is in force anew", PATIENCE, || {
        world.gateway.as_ref().unwrap().output().contains("another configuration is in force")
    });
    world.move_in_hall();
    world.gateway.as_ref().unwrap().signal("TERM");
    assert!(world.gateway.as_mut().unwrap().wait(PATIENCE).success());
    let out = assert_same(&world, "after its end");
    assert!(out.lines().filter(|line| line.contains("program")).count() >= 3, "two runs and a reload: {out}");

    let database = rusqlite::Connection::open(world.path("state/history.db")).unwrap();
    let change = "UPDATE entry SET body = replace(body, '\"severity\":\"emergency\"', '\"severity\":\"urgent\"')
                  WHERE body LIKE '%\"deed\":\"raise\"%' AND body LIKE '%call_button%'";
    assert!(database.execute(change, []).unwrap() >= 1);
    drop(database);
    let (out, errors, code) = verify(&world);
    assert_eq!(code, 1, "{out}{errors}");
    let side = |name: &str| out.lines().find(|line| line.trim_start().starts_with(name)).unwrap_or_default().to_owned();
    assert!(side("in the history:").contains("urgent") && side("decided again:").contains("emergency"), "{out}");
}

fn verify(world: &World) -> (String, String, i32) {
    run(&["replay", "--verify", "--config", world.path("gateway.toml").to_str().unwrap()], "")
}

fn assert_same(world: &World, when: &str) -> String {
    let (out, errors, code) = verify(world);
    assert_eq!(code, 0, "{when}: {out}{errors}");
    assert!(out.contains("byte for byte the same"), "{when}: {out}");
    out
}
