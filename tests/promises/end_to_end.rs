//! One whole path: a sensor's byte becomes an alert on a station's page, a person takes it, goes there, closes it.

use super::support::wait_until;
use super::world::{Home, PATIENCE, World};
use carecircle::sim::radio::{Radio, telegram};

const PENDANT: [u8; 4] = [0xfe, 0xf1, 0x02, 0x31];

#[test]
fn a_press_published_with_mosquitto_pub_is_on_the_page_and_is_carried_to_its_end() {
    let world = World::start(&Home::default());
    world.move_in_hall();
    world.press();
    wait_until("the press is on the desk", PATIENCE, || world.alerts_of("call_button").len() == 1);
    let page = world.html("/");
    assert!(page.contains("3号楼2单元201室"), "the place is on the page");
    let alert = &world.alerts_of("call_button")[0];
    assert_eq!((&alert["severity"], &alert["phase"]), (&"emergency".into(), &"received".into()));
    for (step, phase) in [("take", "taken"), ("depart", "on_the_way"), ("arrive", "arrived")] {
        world.click(alert, step);
        wait_until(&format!("the gateway's book says {phase}"), PATIENCE, || {
            world.status().is_some_and(|status| status["open_alerts"][0]["phase"] == phase)
        });
    }
    world.click(alert, "close");
    wait_until("closed in the gateway's book", PATIENCE, || {
        world.status().is_some_and(|status| status["open_alerts"].as_array().is_some_and(Vec::is_empty))
    });
    let alert = world.get(&format!("/api/v1/alerts/made-up-1/{}", alert["alert"])).unwrap();
    let deeds: Vec<&str> =
        alert["timeline"].as_array().unwrap().iter().filter_map(|line| line["deed"].as_str()).collect();
    let told = ["raise", "take", "depart", "arrive", "close"];
    assert!(told.iter().all(|deed| deeds.contains(deed)), "the timeline has every step: {deeds:?}");
}

#[test]
fn a_lamp_in_the_home_shows_how_far_help_has_come_also_after_a_restart_of_the_gateway() {
    let lamp = "[[signal]]\nname = \"lamp\"\ntopic = \"cmnd/lamp\"\nretain = true\nsent = \"S\"\nreceived = \"R\"\n\
                taken = \"T\"\non_the_way = \"W\"\nall_clear = \"OFF\"\n";
    let mut world = World::start(&Home { more: lamp, ..Home::default() });
    let shows = |world: &World, words: &str| {
        let broker = world.home_broker.subscriber(&["-t", "cmnd/lamp", "-C", "1", "-W", "2"]).output().unwrap();
        String::from_utf8_lossy(&broker.stdout).trim() == words
    };
    world.press();
    wait_until("the lamp says that the call has been received", PATIENCE, || shows(&world, "R"));
    let alert = world.alerts_of("call_button")[0].clone();
    world.click(&alert, "take");
    wait_until("taken", PATIENCE, || shows(&world, "T"));
    world.kill_gateway();
    assert!(world.home_broker.publisher(&["-r", "-t", "cmnd/lamp", "-m", "?"]).status().unwrap().success());
    world.start_gateway();
    wait_until("after the restart the same holds", PATIENCE, || shows(&world, "T"));
    world.click(&alert, "depart");
    wait_until("on the way", PATIENCE, || shows(&world, "W"));
    world.click(&alert, "close");
    wait_until("all clear", PATIENCE, || shows(&world, "OFF"));
}

#[test]
fn a_press_as_an_esp3_telegram_on_a_pty_is_on_the_page() {
    let mut radio = Radio::plug_in().unwrap();
    let world = World::start(&Home { radio: Some(radio.path().to_owned()), ..Home::default() });
    radio.press(PENDANT).unwrap();
    wait_until("the press is on the desk", PATIENCE, || world.alerts_of("call_button").len() == 1);
    assert_eq!(world.alerts_of("call_button")[0]["reason"]["sensor"], "pendant-radio");
}

#[test]
fn a_dongle_pulled_out_and_put_back_a_hundred_times_loses_no_next_press_and_costs_no_core() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("dongle");
    let plug = || {
        let radio = Radio::plug_in().unwrap();
        let new = folder.path().join("dongle.new");
        std::os::unix::fs::symlink(radio.path(), &new).unwrap();
        std::fs::rename(&new, &link).unwrap();
        radio
    };
    let mut radio = plug();
    let world = World::start(&Home { radio: Some(link.clone()), ..Home::default() });
    let pid = world.gateway.as_ref().unwrap().pid();
    let cpu_before = cpu_ticks(pid);
    for round in 1..=100 {
        radio.press(PENDANT).unwrap();
        wait_until(&format!("press {round} is in the book"), PATIENCE, || presses(&world) == round);
        // Pulled out in the middle of a telegram.
        radio.write_raw(&telegram(0x70, PENDANT, 0x30)[..9]).unwrap();
        // Unlinked first: the kernel may give the closed port's number to another test's.
        std::fs::remove_file(&link).unwrap();
        drop(radio);
        radio = plug();
        let status = || world.status().map(|status| status["links"].clone());
        // A press into a port that nobody has opened yet is kept by the kernel or read at once; both must arrive.
        wait_until("the dongle is found again", PATIENCE, || {
            status().is_some_and(|links| {
                links.as_array().is_some_and(|l| l.iter().any(|k| k["name"] == "radio" && k["up"] == true))
            }) && radio.is_open_elsewhere(pid)
        });
    }
    assert_eq!(world.alerts_of("call_button").len(), 1, "presses of one button are one alert");
    let ticks = cpu_ticks(pid) - cpu_before;
    assert!(ticks < 1000, "the gateway spent {ticks} ticks (of 10 ms) on 100 replugs: it spins");
    let files = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count();
    assert!(files < 60, "{files} open files: descriptors leak");
}

/// How often the one call-button alert was pressed, as the gateway's book has it.
fn presses(world: &World) -> u64 {
    world.alerts_of("call_button").first().and_then(|alert| alert["count"].as_u64()).unwrap_or(0)
}

fn cpu_ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[test]
fn silence_is_an_alert_on_the_page_with_its_reason_in_plain_words() {
    let world = World::start(&Home { quiet_at_most: Some("3s"), ..Home::default() });
    world.move_in_hall();
    wait_until("the silence is on the desk", PATIENCE, || world.alerts_of("inactivity").len() == 1);
    let number = world.alerts_of("inactivity")[0]["alert"].clone();
    let alert = world.get(&format!("/api/v1/alerts/made-up-1/{number}")).unwrap();
    let words = alert["reason_text"].as_str().unwrap();
    assert!(words.contains("3 秒") && words.contains("hall"), "limit and last sign of life: {words}");
}

#[test]
fn what_was_decided_while_the_station_was_away_is_there_after_its_return_although_both_were_killed() {
    let mut world = World::start(&Home::default());
    world.kill_station();
    world.press();
    wait_until("the press is decided", PATIENCE, || {
        world.status().is_some_and(|status| status["outbox"]["waiting"].as_u64() > Some(0))
    });
    world.kill_gateway();
    world.start_gateway();
    world.start_station();
    wait_until("the press is on the desk", PATIENCE, || world.alerts_of("call_button").len() == 1);
}

#[test]
fn a_history_that_cannot_be_read_is_told_and_the_next_press_is_shown_under_a_number_that_was_not_used_before() {
    let mut world = World::start(&Home::default());
    world.press();
    wait_until("the first press is on the desk", PATIENCE, || world.alerts_of("call_button").len() == 1);
    world.kill_gateway();
    for file in ["state/history.db", "state/history.db-wal"] {
        std::fs::write(world.path(file), b"this is no database any more").unwrap();
    }
    world.start_gateway();
    wait_until("the loss is on the desk", PATIENCE, || world.alerts_of("storage").len() == 1);
    wait_until("the home's broker is connected again", PATIENCE, || {
        let links = world.status().map(|status| status["links"].clone());
        links.is_some_and(|links| links.as_array().is_some_and(|links| links.iter().all(|link| link["up"] == true)))
    });
    world.press();
    wait_until("the second press is on the desk", PATIENCE, || world.alerts_of("call_button").len() == 2);
    let numbers: Vec<u64> = world.alerts().iter().filter_map(|alert| alert["alert"].as_u64()).collect();
    let used_before = numbers.iter().filter(|number| **number <= 10_000).count();
    assert_eq!(used_before, 1, "the new book counts far beyond the old one: {numbers:?}");
}
