//! A history that could not be opened at the start, because the disk was not there yet: the home is watched, and what went
//! before is known again as soon as the disk gives it.

use super::ledger::{Ledger, is_confirmed};
use crate::support::wait_until;
use crate::world::{Home, PATIENCE, World};

#[test]
fn a_history_that_opens_late_is_known_again_and_what_came_meanwhile_stands_in_it() {
    let mut world = World::start(&Home::default());
    let mut ledger = Ledger::default();
    ledger.press(&world);
    let before = ledger.wait_shown(&world);
    ledger.click(&world, &before, "take");
    wait_until("the home knows", PATIENCE, || is_confirmed(&world, &before));
    let mut gateway = world.gateway.take().unwrap();
    gateway.signal("TERM");
    assert!(gateway.wait(PATIENCE).success());

    let (history, away) = (world.path("state/history.db"), world.path("history.away"));
    std::fs::rename(&history, &away).unwrap();
    std::fs::create_dir(&history).unwrap();
    world.start_gateway();
    world.wait_ready();
    world.press();
    let calls = |world: &World| world.alerts_of("call_button");
    wait_until("a press without a memory is an alert of its own", PATIENCE, || calls(&world).len() == 2);

    std::fs::remove_dir(&history).unwrap();
    std::fs::rename(&away, &history).unwrap();
    let open = |world: &World| {
        let alerts = world.status().map(|status| status["open_alerts"].clone()).unwrap_or_default();
        alerts
            .as_array()
            .map_or(0, |alerts| alerts.iter().filter(|alert| alert["reason"]["rule"] == "call_button").count())
    };
    wait_until("both are known at home", PATIENCE, || open(&world) == 2);
    // What the staff does about the older one is judged at home again.
    ledger.click(&world, &before, "arrive");
    wait_until("the home has confirmed it", PATIENCE, || is_confirmed(&world, &before));

    world.kill_gateway();
    world.start_gateway();
    world.wait_ready();
    wait_until("both stand in the history", PATIENCE, || open(&world) == 2);
    assert_eq!(calls(&world).len(), 2);
}
