//! The work of the day: a real gateway tells that somebody is up, and the station's forms lead to an alert where nobody is reached.

use super::station::bench::Bench;
use super::support::wait_until;
use super::world::{Home, PATIENCE, World};
use carecircle::clock;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(10);

/// The zone in which it is about noon now, so that the day has begun whatever the hour of the test.
fn noon_zone() -> String {
    let hour = clock::now().timestamp().rem_euclid(86_400) / 3600;
    match 12 - hour {
        0 => "Etc/GMT".to_owned(),
        ahead @ 1.. => format!("Etc/GMT-{ahead}"),
        behind => format!("Etc/GMT+{}", -behind),
    }
}

#[test]
fn who_presses_the_ok_button_at_home_is_ticked_at_the_station_and_stays_so_after_both_were_killed() {
    let more = "[[sensor]]\nid = \"ok\"\nkind = \"ok_button\"\nzigbee2mqtt = \"ok\"\n";
    let mut world = World::configure(&Home { more, ..Home::default() });
    for file in ["gateway.toml", "station.toml"] {
        let text = std::fs::read_to_string(world.path(file)).unwrap();
        std::fs::write(world.path(file), text.replace("Asia/Shanghai", &noon_zone())).unwrap();
    }
    world.start_station();
    world.start_gateway();
    world.wait_ready();
    let list = |world: &World| world.html("/daily");
    wait_until("nobody can tell of a morning that was not watched", PATIENCE, || {
        list(&world).contains("今早有一段时间没有观测到")
    });
    // What a broker kept is no press of today.
    world.home_broker.publish("zigbee2mqtt/ok", r#"{"action":"","battery":80}"#);
    assert!(!list(&world).contains("按了平安按钮"), "not ticked by a word without a press");
    world.publish("zigbee2mqtt/ok", r#"{"action":"single","battery":80}"#);
    let is_ticked = |world: &World| {
        let page = list(world);
        let row = page.split("id=\"well\"").nth(1).unwrap_or_default();
        row.contains("id=\"home-made-up-1\"") && row.contains("按了平安按钮")
    };
    wait_until("the row ticks itself", PATIENCE, || is_ticked(&world));
    world.kill_station();
    world.start_station();
    wait_until("the station remembers", PATIENCE, || world.desk().is_some() && is_ticked(&world));
    world.kill_gateway();
    world.start_gateway();
    world.kill_station();
    world.start_station();
    world.wait_ready();
    assert!(is_ticked(&world), "and the home does not take it back");
}

#[test]
fn the_third_call_that_nobody_answers_raises_the_alert_by_itself() {
    let bench = Bench::start();
    bench.home.beat();
    wait_until("the home stands on the list", SOON, || bench.get("/daily").1.contains("id=\"home-flat-1\""));
    let call = |key: &str| {
        let form = format!("token={}&key={key}&back=/daily%23home-flat-1&deed=no_answer", bench.token());
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        assert_eq!(bench.post("/daily/flat-1", &headers, &form).0, 303);
    };
    call("one");
    call("one");
    call("two");
    assert!(bench.get("/daily").1.contains("生成预警"), "proposed");
    assert_eq!(bench.band("unclaimed").len(), 0, "one click is one call");
    call("three");
    let alerts = bench.band("unclaimed");
    assert_eq!(
        (alerts.len(), alerts[0]["rule"].as_str(), alerts[0]["severity"].as_str()),
        (1, Some("missed_contact"), Some("urgent"))
    );
    assert!(bench.get("/daily").1.contains("已生成预警"));
    assert_eq!(bench.history().iter().filter(|line| line.contains("no_answer")).count(), 3);
}

#[test]
fn visits_and_requests_are_written_down_by_forms_and_only_by_who_may() {
    let bench = Bench::start();
    bench.home.beat();
    wait_until("the home is known", SOON, || bench.get("/daily").1.contains("home-flat-1"));
    let headers = |cookie: &str| {
        [("content-type", "application/x-www-form-urlencoded".to_owned()), ("cookie", cookie.to_owned())]
    };
    let post = |who: &str, path: &str, form: &str| {
        let headers = headers(&bench.cookie(who));
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        bench.post(path, &headers, &format!("token={}&{form}", bench.token_of(who))).0
    };
    let request = "key=r1&back=/requests&deed=open&home=flat-1&kind=meal&wish=%3Cb%3Esoup&day=2099-01-01&time=12:00";
    assert_eq!(post("zhang", "/requests/order", request), 409, "a lifetime ahead is a slip");
    let today = bench.get("/requests").1.split("name=\"day\" value=\"").nth(1).unwrap()[..10].to_owned();
    let request = request.replace("2099-01-01", &today);
    assert_eq!(post("li", "/requests/order", &request), 403, "who is in the street does not");
    assert_eq!(post("zhang", "/requests/order", &request.replace("r1", "r2")), 303);
    let page = bench.get("/requests").1;
    assert!(page.contains("&#60;b&#62;soup") && page.contains("id=\"request-1\""), "{page}");
    let visit = format!("key=v1&back=/visits&deed=visited&who=li&on={today}&note=well");
    assert_eq!(post("zhang", "/visits/flat-1", &visit), 303);
    assert!(bench.get("/visits").1.contains("上门员 老李"));
    assert!(bench.get("/daily").1.contains("有人见到本人"), "whoever was there today was met today");
    let (status, csv) = bench.get("/daily.csv");
    assert!(status == 200 && csv.starts_with('\u{feff}') && csv.contains(",flat-1,,visited,"), "{csv}");
    assert_eq!(bench.fetch_as(&bench.cookie("qian"), "/daily").0, 403, "the district sees no list of persons");
}
