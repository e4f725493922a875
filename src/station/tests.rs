//! A station's pages about its past, over HTTP, on a database of made-up months.

use super::*;
use crate::station::memory::tests::make;
use crate::web::visit::{Shown, sign_in};
use std::io::{Read, Write};
use std::net::TcpStream;

fn settings(dir: &std::path::Path) -> Settings {
    use crate::model::staff::Position::{Desk, Supervisor};
    let person = |id: &str, name: &str, position| Person {
        id: id.parse().unwrap(),
        name: name.into(),
        positions: [position].into_iter().collect(),
    };
    let key = |id: &str| Key { person: id.parse().unwrap(), code: Some(code_of(id)), password: None, pin: None };
    Settings {
        point: "lehe".parse().unwrap(),
        name: "乐合社区服务站".into(),
        zone: Zone::named("Asia/Shanghai").unwrap(),
        language: Language::English,
        location: None,
        listen: "127.0.0.1:0".parse().unwrap(),
        names: Vec::new(),
        credentials: None,
        plain_http: false,
        broker: "mqtt://127.0.0.1:1".parse().unwrap(),
        login: None,
        tls: None,
        homes: None,
        enrolling: None,
        state_dir: dir.to_owned(),
        people: vec![person("li", "小李", Desk), person("wang", "王芳", Supervisor)],
        keys: ["li", "wang"].map(key).to_vec(),
        directory: Vec::new(),
        timers: Timers::default(),
        unreachable_after: Span::days(4_000),
        duty: None,
        daily: desk::DailySettings::default(),
        hooks_allow: Vec::new(),
        build: web::build(),
        modem: None,
        events_by_mqtt: false,
        telephones: Vec::new(),
        kept: crate::store::Retention::default(),
    }
}

fn code_of(who: &str) -> String {
    format!("MADE-UP-{who}")
}

/// The cookie of somebody who has signed in.
fn session(address: SocketAddr, who: &str) -> String {
    let config = ureq::Agent::config_builder().max_redirects(0).http_status_as_error(false);
    let shown = Shown { who, code: &code_of(who), password: "a made-up password" };
    sign_in(&config.build().into(), &format!("http://{address}"), &shown).unwrap()
}

/// Status and body, asked for by somebody of the staff.
fn get(address: SocketAddr, path: &str, who: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\ncookie: {who}\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// Every address in a page that begins like this.
fn links(page: &str, begin: &str) -> Vec<String> {
    let links = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    links.filter(|link| link.starts_with(begin)).map(|link| link.replace("&amp;", "&").replace("&#38;", "&")).collect()
}

fn rows_of(csv: &str) -> usize {
    csv.lines().count() - 1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_lists_and_files_of_a_report_say_the_same_and_filed_alerts_have_their_pages() {
    let dir = tempfile::tempdir().unwrap();
    let made = dir.path().to_owned();
    tokio::task::spawn_blocking(move || make(&made, clock::now(), true, 600)).await.unwrap();
    let running = start(settings(dir.path())).await.unwrap();
    let address = running.address;
    let asked = tokio::task::spawn_blocking(move || look(address));
    asked.await.unwrap();
    running.stop().await;
}

fn look(address: SocketAddr) {
    let (li, wang) = (session(address, "li"), session(address, "wang"));
    assert_eq!(get(address, "/reports", &li).0, 403, "a desk sees no report of everybody");
    assert_eq!(get(address, "/api/v1/circle.geojson", &li).0, 403);
    let day = |at| Zone::named("Asia/Shanghai").unwrap().date(at);
    let range = format!("from={}&to={}", day(clock::now() - Span::days(300)), day(clock::now()));
    let (status, page) = get(address, &format!("/reports?{range}"), &wang);
    assert_eq!(status, 200);
    assert_eq!(page.matches("<svg class=\"picture").count(), 3, "three pictures");
    let (_, json) = get(address, &format!("/reports/figures.json?{range}"), &wang);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let figures = json["figures"].as_array().unwrap();
    assert!(figures.iter().any(|figure| figure["id"] == "person_alerts" && figure["value"].as_u64() > Some(50)));
    // Each figure leads to exactly the alerts that it counts.
    let mut followed = 0;
    for link in links(&page, "/reports/alerts?") {
        let csv = get(address, &link.replace("/reports/alerts?", "/reports/alerts.csv?"), &wang).1;
        let of = link.split("&of=").nth(1).unwrap_or_default().split('&').next().unwrap_or_default();
        let is_plain = !link.contains("&rule=") && !link.contains("&severity=") && !link.contains("&outcome=");
        let figure = figures.iter().find(|figure| figure["id"] == of && figure["unit"] == "alerts");
        if let (Some(figure), true) = (figure, is_plain && link.contains(&range)) {
            assert_eq!(figure["value"].as_u64(), Some(rows_of(&csv) as u64), "{link}");
            followed += 1;
        }
    }
    assert!(followed > 8, "{followed}");
    let (_, csv) = get(address, &format!("/reports/figures.csv?{range}"), &wang);
    assert!(csv.starts_with("\u{feff}figure,rule,value,among,unit\r\n"));
    for figure in figures.iter().filter(|figure| figure["unit"] == "alerts" && figure["rule"].is_null()) {
        let among = figure["among"].as_u64().map(|among| among.to_string()).unwrap_or_default();
        let line = format!("{},,{},{among},\r\n", figure["id"].as_str().unwrap(), figure["value"]);
        assert!(csv.contains(&line), "{line}");
    }
    past(address, &range, &li, &wang);
}

fn past(address: SocketAddr, range: &str, li: &str, wang: &str) {
    let (_, list) = get(address, &format!("/reports/alerts?{range}&of=person"), wang);
    let alert = links(&list, "/alert/").pop().expect("there are alerts");
    let (status, page) = get(address, &alert, li);
    assert_eq!(status, 200, "{alert}");
    assert!(page.matches("<li class=\"person\">").count() >= 4, "who did what when stands there: {alert}");
    assert!(!page.contains("name=\"step\""), "nothing can be done to it any more");
    let home = alert.split('/').nth(2).unwrap();
    assert!(links(&get(address, &format!("/home/{home}"), li).1, "/alert/").len() >= 2, "and its home names it");
    let (status, circle) = get(address, "/circle", li);
    assert_eq!(status, 200);
    assert_eq!(circle.matches("scope=\"row\"").count(), 300, "each home is in the table");
    assert!(circle.matches("<a href=\"/home/").count() > 500, "and most are marks of their own");
    let drawing = circle.split("<svg class=\"picture minutes").nth(1).unwrap().split("</svg>").next().unwrap();
    assert!(drawing.len() < 40_000, "{}", drawing.len());
    for (path, who) in [("/faults", li), ("/faults?by=street", li), ("/faults?by=part", li)] {
        assert_eq!(get(address, path, who).0, 200, "{path}");
    }
    assert!(get(address, "/faults.csv", li).1.starts_with("\u{feff}home,number,rule,"));
    assert_eq!(get(address, "/reports?from=2026-02-30&to=2026-03-01", wang).0, 422);
    assert_eq!(get(address, "/circle", "").0, 303, "nobody sees anything before signing in");
}
