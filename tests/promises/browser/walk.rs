//! The walk test by a real gateway, a real station and a browser on the ladder.

use super::*;
use crate::world::{Home, PATIENCE, World};

/// With the hall and the pendant of every world seven.
const MORE: &str = r#"
[[sensor]]
id = "bath"
room = "bath"
kind = "motion"
zigbee2mqtt = "bath"
[[sensor]]
id = "bedroom"
room = "bedroom"
kind = "motion"
zigbee2mqtt = "bedroom"
[[sensor]]
id = "kitchen"
room = "kitchen"
kind = "motion"
zigbee2mqtt = "kitchen"
[[sensor]]
id = "front"
room = "hall"
kind = "outer_door"
zigbee2mqtt = "front"
[[sensor]]
id = "dead"
room = "store"
kind = "motion"
zigbee2mqtt = "dead"
"#;

/// A world whose first person is the supervisor: what maintains a home is not for a desk.
fn world() -> World {
    let mut world = World::configure(&Home { more: MORE, ..Home::default() });
    let path = world.path("station.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("role = \"desk\"", "role = \"supervisor\"", 1)).unwrap();
    world.start_station();
    world.start_gateway();
    world.wait_ready();
    world
}

#[test]
fn seven_sensors_of_which_one_is_dead_are_six_ticks_and_no_end_without_a_reason() {
    let world = world();
    let base = format!("http://127.0.0.1:{}", world.page);
    let browser = Browser::open(PHONE);
    browser.take_cookie(&base, &world.cookie().unwrap());
    browser.go(&format!("{base}/home/made-up-1"));
    browser.click("a[href='/walk/made-up-1']");
    browser.click(".stage-before button");
    browser.wait_for_text(".said", "检修中，还有 1 小时 59 分");
    let ticks = || browser.run("return document.querySelectorAll('.walk .w-through').length").as_u64().unwrap();
    wait_until("all sensors are listed", PATIENCE, || {
        browser.run("return document.querySelectorAll('.walk li').length") == json!(7)
    });
    for (nth, (topic, payload)) in [
        ("hall", r#"{"occupancy":true,"battery":87,"linkquality":200}"#),
        ("bath", r#"{"occupancy":true,"battery":80}"#),
        ("bedroom", r#"{"occupancy":true}"#),
        ("kitchen", r#"{"occupancy":true}"#),
        ("front", r#"{"contact":false}"#),
        ("pendant", r#"{"action":"emergency"}"#),
    ]
    .into_iter()
    .enumerate()
    {
        if topic == "front" {
            world.publish("zigbee2mqtt/front", r#"{"contact":true}"#);
        }
        world.publish(&format!("zigbee2mqtt/{topic}"), payload);
        wait_until(topic, PATIENCE, || ticks() == nth as u64 + 1);
    }
    assert!(browser.text(".walk .w-through").contains("网关收到 1"), "{}", browser.text(".walk"));
    assert!(browser.text(".tally").contains("6/7"), "{}", browser.text(".tally"));
    assert_eq!(browser.overflow(), 0);
    keep_picture(&browser, "walk-phone");

    // The pendant is a call as ever, and says that somebody works there.
    wait_until("the call is at the desk", PATIENCE, || world.alerts_of("call_button").len() == 1);
    assert!(world.html("/").contains("检修中"));

    browser.click("a[href$='?end=1']");
    browser.click(".stage-ending button");
    browser.wait_for_text(".message", "请写明原因");
    assert_eq!(held(&world), 1, "it goes on");
    browser.write(".stage-ending input[name=reason]", "储藏室传感器没电，明天换");
    browser.click(".stage-ending button");
    wait_until("the home is as usual again", PATIENCE, || held(&world) == 0);
    browser.wait_for_text(".said", "上一次检修已结束");
    keep_picture(&browser, "walk-over");
    let notes = world.html("/home/made-up-1");
    assert!(notes.contains("6/7 个传感器到达本站；未到达：dead；原因：储藏室传感器没电，明天换"), "{notes}");
}

fn held(world: &World) -> usize {
    let desk = world.desk().unwrap_or_default();
    desk["homes"][0]["suspended"].as_array().map_or(0, Vec::len)
}
