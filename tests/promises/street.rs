//! The station's own modem: a real station and broker, and a modem on a pty that answers as real ones do.
#![allow(clippy::unwrap_used)] // a helper that cannot help ends its test

use carecircle::sinks::sms::pdu;
#[path = "../../src/sinks/sms/tests/fake_modem.rs"]
#[allow(dead_code)] // it can misbehave in more ways than a station is shown here
pub mod fake_modem;

use super::station::bench::{Bench, call_button};
use super::support::wait_until;
use carecircle::model::reason::Severity;
use carecircle::sinks::sms::{LineSettings, Patience, Port};
use fake_modem::{FakeModem, Manner};
use serde_json::{Value, json};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(20);
/// Of `li`, `zhang` and a stranger.
pub const LI: &str = "+8613800138000";
const ZHANG: &str = "+8613800138001";
const STRANGER: &str = "+8613900139000";

/// A station with a modem, in which `li` is on duty and `zhang` has a telephone.
pub fn bench(change: impl Fn(&mut carecircle::station::Settings)) -> (Bench, FakeModem) {
    let modem = FakeModem::plug_in(Manner::default());
    let port = Port::try_from(modem.link.display().to_string()).unwrap();
    let second = carecircle::model::time::Span::seconds(1);
    let patience = Patience {
        answer: Duration::from_secs(2),
        poll: second,
        look: second,
        rest: Duration::from_millis(20),
        ..Patience::default()
    };
    let line = LineSettings { patience, ..LineSettings::at(port) };
    let bench = Bench::start_with(|settings| {
        settings.modem = Some(line.clone());
        change(settings);
    });
    put_on_roster(&bench);
    (bench, modem)
}

fn put_on_roster(bench: &Bench) {
    let save = |who: &str, name: &str, body: &str| {
        let name: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let cookie = bench.cookie("wang");
        let body = format!("token={}&name={name}&{body}", bench.token_of("wang"));
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("cookie", cookie.as_str())];
        let (status, page) = bench.post(&format!("/admin/people/{who}"), &headers, &body);
        assert_eq!(status, 303, "{page}");
    };
    save("li", "上门员 老李", "responder=1&phone=13800138000&duty=always");
    save("zhang", "值班员 小张", "desk=1&phone=%2B86+138-0013-8001&duty=");
}

/// As the network brings it.
pub fn writes(modem: &FakeModem, from: &str, text: &str) {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let swapped: String =
        digits(from).as_bytes().chunks(2).map(|two| format!("{}{}", two[1] as char, two[0] as char)).collect();
    // Far ahead of our clock, each a second later than the one before.
    let (minute, second) = (number / 60 % 60, number % 60);
    let half = |n: u64| format!("{}{}", n % 10, n / 10);
    let stamp = format!("943012{}{}{}23", half(12), half(minute), half(second));
    let units: String = text.encode_utf16().map(|unit| format!("{unit:04X}")).collect();
    let pdu = format!("00040D91{swapped}0008{stamp}{:02X}{units}", units.len() / 2);
    modem.says(&format!("\r\n+CMT: ,{}\r\n{pdu}\r\n", pdu.len() / 2 - 1));
}

fn digits(number: &str) -> String {
    format!("{}F", number.trim_start_matches('+'))
}

/// The messages to one telephone.
pub fn to(modem: &FakeModem, phone: &str) -> Vec<String> {
    let short = phone.trim_start_matches("+86");
    modem.messages().into_iter().filter(|(to, _)| to.ends_with(short)).map(|(_, text)| text).collect()
}

/// The code at the end of a message.
pub fn code(text: &str) -> String {
    text.rsplit(' ').next().unwrap().to_owned()
}

fn timeline(bench: &Bench, id: carecircle::model::alert::AlertId, deed: &str) -> Vec<Value> {
    let alert = bench.alert(id);
    let lines = alert["timeline"].as_array().cloned().unwrap_or_default();
    lines.into_iter().filter(|line| line["deed"] == deed).collect()
}

#[test]
fn an_alert_without_a_screen_goes_to_who_is_on_duty_at_once_and_their_answers_are_steps() {
    let (bench, modem) = bench(|_| {});
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the message is out", SOON, || !to(&modem, LI).is_empty());
    let text = to(&modem, LI)[0].clone();
    for word in ["【照护圈】紧急：3号楼2单元201室", "前到", "回1接单2出发3到达0去不了"] {
        assert!(text.contains(word), "{word} in {text}");
    }
    assert!(to(&modem, ZHANG).is_empty(), "who is not on duty sleeps");
    writes(&modem, STRANGER, &format!("1 {}", code(&text)));
    writes(&modem, LI, &format!("1{}", code(&text).to_lowercase()));
    wait_until("taken", SOON, || bench.alert(id)["owner"]["who"]["person"] == "li");
    let by = &timeline(&bench, id, "take")[0]["by"];
    assert_eq!((&by["via"], &by["role"]), (&json!("sms"), &json!("responder")));
    wait_until("the home's book follows", SOON, || bench.home.phase(id.number) == "taken");
    writes(&modem, LI, "２");
    wait_until("on the way", SOON, || bench.alert(id)["phase"] == "on_the_way");
    writes(&modem, LI, "3");
    wait_until("there", SOON, || bench.alert(id)["phase"] == "arrived");
    assert_eq!(to(&modem, LI).len(), 1, "{:?}", modem.messages());
    bench.click(id, "close", "wang", &[("outcome", "found_well"), ("contact", "seen")]);
    writes(&modem, LI, "1");
    wait_until("told that nothing is open", SOON, || to(&modem, LI).len() > 1);
    assert!(to(&modem, LI).iter().any(|text| text.contains("没有发给您的未结警情")), "{:?}", to(&modem, LI));
}

#[test]
fn who_was_second_by_sms_is_told_so_and_several_alerts_need_a_code() {
    let (bench, modem) = bench(|_| {});
    let first = bench.home.raise(call_button("pendant"), Severity::Emergency);
    let second = bench.home.raise(call_button("bed_button"), Severity::Emergency);
    wait_until("both are out", SOON, || to(&modem, LI).len() == 2);
    let codes: Vec<String> = to(&modem, LI).iter().map(|text| code(text)).collect();
    assert_ne!(codes[0], codes[1]);
    writes(&modem, LI, "1");
    wait_until("asked back", SOON, || to(&modem, LI).len() == 3);
    assert!(codes.iter().all(|code| to(&modem, LI)[2].contains(code)), "{:?}", to(&modem, LI));
    bench.click(first, "take", "zhang", &[]);
    wait_until("told that another has it", SOON, || to(&modem, LI).iter().any(|text| text.contains("您不必前往")));
    let before = to(&modem, LI).len();
    let of_first = to(&modem, LI).iter().find(|text| text.contains("您不必前往")).map(|text| code(text)).unwrap();
    writes(&modem, LI, &format!("1 {of_first}"));
    wait_until("refused in words", SOON, || to(&modem, LI).len() > before);
    assert_eq!(bench.alert(first)["owner"]["who"]["person"], "zhang");
    writes(&modem, LI, "9");
    let of_second = codes.iter().find(|code| **code != of_first).unwrap();
    writes(&modem, LI, &format!("0{of_second}"));
    wait_until("noted", SOON, || !timeline(&bench, second, "note").is_empty());
    assert_eq!(bench.alert(second)["phase"], "received");
}

#[test]
fn a_modem_that_is_away_holds_nothing_up_and_what_waited_goes_once_over_a_restart() {
    let (mut bench, mut modem) = bench(|_| {});
    modem.pull_out();
    let ready = |bench: &Bench| bench.get("/ready").1;
    wait_until("the page says so", SOON, || ready(&bench).contains("短信模块故障"));
    assert!(bench.get("/faults").1.contains("modem-down"), "among the faults too");
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || bench.band("unclaimed").len() == 1);
    let waits = |bench: &Bench| rusqlite_lines(bench).iter().any(|line| line.contains("\"waits\""));
    wait_until("it is written down", SOON, || waits(&bench));
    bench.stop_station();
    modem.put_back();
    let port = Port::try_from(modem.link.display().to_string()).unwrap();
    bench.start_station_with(|settings| settings.modem = Some(LineSettings::at(port.clone())));
    wait_until("it is out", SOON, || to(&modem, LI).len() == 1);
    wait_until("the page says so", SOON, || ready(&bench).contains("已注册"));
    // Killed between the modem's word and its own note, it would send again: better twice than never.
    wait_until("that it is out is written down", SOON, || !waits(&bench));
    bench.stop_station();
    bench.start_station_with(|settings| settings.modem = Some(LineSettings::at(port.clone())));
    wait_until("ready again", SOON, || ready(&bench).contains("已注册"));
    bench.click(id, "take", "zhang", &[]);
    wait_until("the next word", SOON, || to(&modem, LI).len() == 2);
    assert!(to(&modem, LI)[1].contains("您不必前往"), "and nothing twice: {:?}", to(&modem, LI));
}

fn rusqlite_lines(bench: &Bench) -> Vec<String> {
    let office = carecircle::store::Office::open(bench.folder()).unwrap();
    office.summons().unwrap().into_iter().map(|(_, body)| body).collect()
}

#[test]
fn a_test_is_marked_as_one_and_who_answers_it_is_shown() {
    let (bench, modem) = bench(|_| {});
    let page = |bench: &Bench| bench.fetch_as(&bench.cookie("wang"), "/admin/people/li").1;
    assert!(page(&bench).contains("还没有测试过"));
    let (cookie, token) = (bench.cookie("wang"), bench.token_of("wang"));
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("cookie", cookie.as_str())];
    assert_eq!(bench.post("/admin/people/li/sms", &headers, &format!("token={token}")).0, 303);
    wait_until("the test is out", SOON, || to(&modem, LI).iter().any(|text| text.contains("测试短信")));
    wait_until("that is shown", SOON, || page(&bench).contains("等待本人回 9"));
    writes(&modem, LI, "9");
    wait_until("that too", SOON, || page(&bench).contains("本人已回复收到"));
    let ready = bench.get("/ready").1;
    assert!(ready.contains("现在短信发给") && ready.contains("上门员 老李"), "{ready}");
}
