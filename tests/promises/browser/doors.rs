//! Whoever asks from elsewhere, without a token, about a home of another station, or after their time: refused, written down,
//! and nothing has changed.

use super::*;
use crate::station::bench::PASSWORD;
use carecircle::store::Office;
use std::io::{Read, Write};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// A site of somebody else, whose page sends a form to ours as soon as it is open.
fn foreign_site(action: &str, fields: &[(&str, &str)]) -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let inputs: String = fields.iter().map(|(name, value)| format!("<input name='{name}' value='{value}'>")).collect();
    let page = format!(
        "<!doctype html><title>nice</title><link rel=icon href=data:,><form method=post action='{action}'>{inputs}</form><script>document.forms[0].submit()</script>"
    );
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            // A browser opens connections ahead and says nothing on them.
            let (mut stream, mut asked) = (stream.unwrap(), [0; 4096]);
            stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
            if !stream.read(&mut asked).is_ok_and(|length| length > 0) {
                continue;
            }
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                page.len()
            );
            drop(stream.write_all(format!("{head}{page}").as_bytes()));
        }
    });
    port
}

fn audit(bench: &Bench) -> Vec<String> {
    let office = Office::open(bench.folder()).unwrap();
    office
        .audit_log(1000)
        .unwrap()
        .into_iter()
        .map(|line| format!("{} {} {}", line.who, line.what, line.detail))
        .collect()
}

#[track_caller]
fn assert_written(bench: &Bench, begin: &str) {
    let lines = audit(bench);
    assert!(lines.iter().any(|line| line.starts_with(begin)), "{begin:?} in {lines:#?}");
}

#[test]
fn a_form_of_another_site_is_refused_though_somebody_is_signed_in() {
    let bench = Bench::start();
    let browser = open(&bench, WIDE);
    browser.take_cookie(&bench.url(""), &bench.cookie("zhang"));
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || bench.band("unclaimed").len() == 1);
    let (action, token) = (bench.url(&bench.step_path(id)), bench.token());
    // Even with a token that somebody has read over a shoulder; by another name and by another port.
    let port = foreign_site(&action, &[("token", &token), ("step", "take"), ("key", "foreign"), ("who", "zhang")]);
    for host in ["localhost", "127.0.0.1"] {
        browser.go(&format!("http://{host}:{port}/"));
        browser.wait_for_text("body", "another site");
        assert_eq!(bench.alert(id)["phase"], json!("received"), "nothing changed: {host}");
    }
    assert_written(&bench, "nobody foreign_refused /alert/flat-1/1/step");
    let told = audit(&bench).iter().filter(|line| line.contains("foreign_refused")).count();
    assert_eq!(told, 1, "once a minute: nobody fills the disk from elsewhere");
}

#[test]
fn without_a_token_of_another_station_or_after_their_time_nobody_changes_anything_and_it_is_written_down() {
    let bench = Bench::start();
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || bench.band("unclaimed").len() == 1);
    let post = |who: &str, path: &str, fields: &str| {
        let cookie = bench.cookie(who);
        bench.post(path, &[FORM, ("cookie", &cookie)], fields).0
    };
    let signed =
        |who: &str, path: &str, fields: &str| post(who, path, &format!("token={}&{fields}", bench.token_of(who)));
    let step = bench.step_path(id);

    assert_eq!(post("zhang", &step, "step=take&key=k1&who=zhang"), 403, "without a token");
    assert_written(&bench, "zhang form_refused /alert/flat-1/1/step");

    // The home of another station.
    let other = "/alert/ky-chengxi-0001/1";
    assert_eq!(signed("zhang", &format!("{other}/step"), "step=take&key=k2&who=zhang"), 404);
    assert_written(&bench, "zhang refused 404 /alert/ky-chengxi-0001/1/step");
    for path in [other, "/home/ky-chengxi-0001", "/api/v1/homes/ky-chengxi-0001"] {
        assert_eq!(bench.fetch_as(&bench.cookie("zhang"), path).0, 404, "{path}");
    }
    for (path, fields) in [
        ("/home/ky-chengxi-0001/note", "text=x&key=k3&back=/"),
        ("/home/ky-chengxi-0001/suspend", "kind=away&why=x&until=2099-01-01T10:00&key=k4&back=/"),
        ("/daily/ky-chengxi-0001", "deed=reached&key=k5&back=/"),
        ("/visits/ky-chengxi-0001", "deed=planned&who=li&on=2026-01-01&key=k6&back=/"),
    ] {
        let status = signed("wang", path, fields);
        assert!((400..500).contains(&status), "{path}: {status}");
    }
    assert!(!bench.get("/daily").1.contains("ky-chengxi-0001"), "nor does it come onto a list");

    // A position that was taken away, while its holder is signed in.
    let li = bench.cookie("li");
    assert_eq!(bench.fetch_as(&li, "/").0, 200);
    assert_eq!(signed("wang", "/admin/people/li", "name=Li&reader=1&until="), 303);
    assert_eq!(bench.fetch_as(&li, "/").0, 403, "no desk for whoever reads figures");
    assert_eq!(signed("li", &step, "step=take&key=k7&who=li"), 403);
    assert_written(&bench, "li not_let_in /alert/flat-1/1/step");

    // Whose last day was yesterday.
    let zhao = bench.cookie("zhao");
    assert_eq!(signed("wang", "/admin/people/zhao", "name=Zhao&technician=1&until=2026-01-01"), 303);
    assert_eq!(bench.fetch_as(&zhao, "/homes").0, 303, "to the door");
    assert_eq!(bench.post("/home/flat-1/suspend", &[FORM, ("cookie", &zhao)], "kind=maintenance&why=x&key=k8").0, 401);
    let base = bench.url("");
    let in_vain = std::panic::catch_unwind(|| crate::support::sign_in(&base, "zhao", None, PASSWORD, false));
    assert!(in_vain.is_err(), "nor in again");
    assert_written(&bench, "nobody sign_in_failed as \"zhao\"");
    assert_eq!(bench.alert(id)["phase"], json!("received"), "nothing changed");
    assert_eq!(bench.alert(id)["timeline"].as_array().unwrap().len(), 2, "nothing at all");
}
