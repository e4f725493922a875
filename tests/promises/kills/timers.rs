//! A silence of 20 s across restarts, in four homes at once: only time that really passed counts, and all of it does.

use super::super::support::wait_until;
use super::super::world::{Home, PATIENCE, World};
use carecircle::clock;
use carecircle::model::time::{Span, Timestamp};
use serde_json::Value;

const LIMIT: Span = Span::seconds(20);

#[test]
fn a_timer_of_20_s_survives_a_stop_a_kill_and_a_deadline_while_down() {
    let cases: [(&str, fn() -> String); 4] = [
        ("never restarted", never_restarted),
        ("stopped 5 s in, up at once", stopped_inside),
        ("down across the deadline", down_across),
        ("killed 10 s in, up again in 1 s", killed_inside),
    ];
    let homes = cases.map(|(name, case)| (name, std::thread::spawn(case)));
    for (name, home) in homes {
        let figures = home.join().unwrap_or_else(|_| panic!("{name}: see above"));
        eprintln!("{name}: {figures}");
    }
}

fn never_restarted() -> String {
    let case = Case::moved();
    case.on_time(&case.raised())
}

fn stopped_inside() -> String {
    let mut case = Case::moved();
    case.until(Span::seconds(5));
    case.stop();
    case.world.start_gateway();
    case.on_time(&case.raised())
}

fn killed_inside() -> String {
    let mut case = Case::moved();
    case.until(Span::seconds(10));
    case.world.kill_gateway();
    case.until(Span::seconds(11));
    case.world.start_gateway();
    case.on_time(&case.raised())
}

fn down_across() -> String {
    let mut case = Case::moved();
    case.until(Span::seconds(5));
    case.stop();
    let stopped = clock::now();
    case.until(Span::seconds(25));
    let started = clock::now();
    case.world.start_gateway();
    let alert = case.raised();
    let raised = clock::now();
    let (from, to) = (instant(&alert["reason"]["blind"]["from"]), instant(&alert["reason"]["blind"]["to"]));
    assert!((from - stopped).abs() <= Span::seconds(1), "down from {from}, stopped {stopped}");
    assert!(to >= started && to <= raised, "down to {to}, started {started}");
    assert_eq!(instant(&alert["reason"]["last_life"]["at"]), case.life);
    let late = raised - started;
    assert!(late <= Span::seconds(5), "on the desk {late} after the start");
    let words = case.world.alert(alert["alert"].as_u64().unwrap()).unwrap()["reason_text"].clone();
    format!("on the desk {} ms after the start: {words}", late.num_milliseconds())
}

/// A home in which somebody has just moved, for the last time.
struct Case {
    world: World,
    /// The instant of that movement, as the alert will have to tell it: between the driver's two looks at the clock.
    life: Timestamp,
}

impl Case {
    fn moved() -> Case {
        let world = World::start(&Home { quiet_at_most: Some("20s"), ..Home::default() });
        let before = clock::now();
        world.move_in_hall();
        let life = || world.status().map(|status| status["last_life"]["at"].clone()).filter(Value::is_string);
        wait_until("the movement is seen", PATIENCE, || life().is_some());
        // Not before: the broker may acknowledge the message to its sender before it hands it on.
        let after = clock::now();
        let life = instant(&life().unwrap());
        assert!(before - Span::milliseconds(1) <= life && life <= after, "moved between {before} and {after}: {life}");
        Case { world, life }
    }

    /// So long after the movement; nothing is waited for but the instant itself.
    fn until(&self, after: Span) {
        wait_until("the instant has come", PATIENCE, || clock::now() >= self.life + after);
    }

    fn stop(&mut self) {
        let mut gateway = self.world.gateway.take().unwrap();
        gateway.signal("TERM");
        assert!(gateway.wait(PATIENCE).success(), "an orderly stop");
    }

    /// The silence on the desk, and nothing else there.
    fn raised(&self) -> Value {
        wait_until("the silence is on the desk", PATIENCE * 2, || !self.world.alerts_of("inactivity").is_empty());
        let alerts = self.world.alerts();
        assert_eq!(alerts.len(), 1, "one alert: {alerts:#?}");
        alerts[0].clone()
    }

    fn on_time(&self, alert: &Value) -> String {
        assert_eq!(instant(&alert["reason"]["last_life"]["at"]), self.life, "the driver's movement is the last");
        let raised = carecircle::model::time::from_millis(alert["raised_at_ms"].as_i64().unwrap());
        let error = raised - self.life - LIMIT;
        assert!(error.abs() <= Span::seconds(1), "raised {error} off the deadline: {alert:#}");
        let received = carecircle::model::time::from_millis(alert["received_at_ms"].as_i64().unwrap());
        let late = (received - self.life - LIMIT).num_milliseconds();
        format!("raised {} ms off the deadline, on the desk {late} ms after it", error.num_milliseconds())
    }
}

fn instant(text: &Value) -> Timestamp {
    text.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no instant: {text}"))
}
