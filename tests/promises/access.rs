//! Who gets in at the station and who may do what there, over HTTP as browsers and programs ask.
#![allow(clippy::unwrap_used)] // a helper that cannot help ends its test

use super::station::bench::{Bench, PASSWORD, call_button, settings};
use super::support::{plain_agent, set_cookie, sign_in, token_in, wait_until};
use super::world::{Home, World};
use carecircle::model::reason::Severity;
use carecircle::station;
use carecircle::store::Office;
use serde_json::json;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(10);
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// Sends a form with these cookies; status and page.
fn send(bench: &Bench, cookie: &str, path: &str, body: &str) -> (u16, String) {
    bench.post(path, &[FORM, ("cookie", cookie)], body)
}

/// Sends a form of this person's own browser, with its token.
fn send_as(bench: &Bench, who: &str, path: &str, fields: &str) -> (u16, String) {
    send(bench, &bench.cookie(who), path, &format!("token={}&{fields}", bench.token_of(who)))
}

/// What the audit says, newest first.
fn audit(bench: &Bench) -> Vec<String> {
    let office = Office::open(bench.folder()).unwrap();
    let lines = office.audit_log(1000).unwrap();
    lines.into_iter().map(|line| format!("{} {} {}", line.who, line.what, line.detail)).collect()
}

#[test]
fn nobody_sees_anything_before_they_have_signed_in() {
    let bench = Bench::start();
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || bench.band("unclaimed").len() == 1);
    for path in ["/", "/homes", "/home/flat-1", "/alert/flat-1/1", "/who", "/me", "/admin/people", "/nothing/there"] {
        let (status, page, headers) = bench.fetch_as("", path);
        assert_eq!(status, 303, "{path}");
        assert!(headers["location"].starts_with("/sign-in"), "{path}: {}", headers["location"]);
        assert!(!page.contains("201室"), "{path}");
        assert!(headers.contains_key("content-security-policy"), "{path}");
    }
    for path in ["/desk.fragment", "/alert/flat-1/1?fragment=1", "/events", "/api/v1/desk", "/api/v1/alerts/flat-1/1"] {
        assert_eq!(bench.fetch_as("", path).0, 401, "{path}: a script and a program are told, not led away");
    }
    for path in ["/healthz", "/readyz", "/static/desk.css", "/static/desk.js", "/sign-in", "/sign-in?code="] {
        assert_eq!(bench.fetch_as("", path).0, 200, "{path}");
    }
    for cookie in ["session=", "session=0000", &format!("session={}", "0".repeat(64))] {
        assert_eq!(bench.fetch_as(cookie, "/").0, 303, "{cookie}");
    }
    let steps = bench.api_path(id);
    assert_eq!(bench.post(&steps, &[("content-type", "application/json"), ("cookie", "")], "{}").0, 401);
    assert_eq!(send(&bench, "", &bench.step_path(id), "token=x&step=take&key=k").0, 401);
    assert_eq!(bench.alert(id)["phase"], json!("received"));
}

#[test]
fn a_form_is_good_only_with_the_token_of_the_session_that_sends_it() {
    let bench = Bench::start();
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || bench.band("unclaimed").len() == 1);
    let (path, zhang) = (bench.step_path(id), bench.cookie("zhang"));
    for token in ["", "x", &bench.token_of("li"), &"0".repeat(32)] {
        assert_eq!(send(&bench, &zhang, &path, &format!("token={token}&step=take&key=k1")).0, 403, "{token}");
    }
    assert_eq!(send(&bench, &zhang, &path, "step=take&key=k1").0, 403, "no token at all");
    let twice = format!("token={0}&token={0}&step=take&key=k1", bench.token_of("zhang"));
    assert_eq!(send(&bench, &zhang, &path, &twice).0, 403, "two tokens");
    let plain = [("content-type", "text/plain"), ("cookie", zhang.as_str())];
    assert_eq!(bench.post(&path, &plain, &format!("token={}&step=take&key=k1", bench.token_of("zhang"))).0, 403);
    let foreign = [FORM, ("cookie", zhang.as_str()), ("sec-fetch-site", "cross-site")];
    assert_eq!(bench.post(&path, &foreign, &format!("token={}&step=take&key=k1", bench.token_of("zhang"))).0, 403);
    assert_eq!(bench.alert(id)["phase"], json!("received"), "nothing changed");
    assert!(audit(&bench).iter().any(|line| line.starts_with("zhang form_refused")), "and it is in the audit");
    assert_eq!(send_as(&bench, "zhang", &path, "step=take&key=k1").0, 303);
}

/// Every address of the pages that takes a form or a body, as their source names it.
fn posts() -> Vec<String> {
    routes("post(")
}

/// Every address of the pages that is asked in this way.
pub fn routes(way: &str) -> Vec<String> {
    let (mut folders, mut posts) = (vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web")], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let source = std::fs::read_to_string(&path).unwrap();
                let routes = source.split(".route(").skip(1).filter_map(|rest| rest.split_once('"')?.1.split_once('"'));
                let takes = |rest: &str| rest.split(';').next().unwrap().contains(way);
                posts.extend(routes.filter(|(_, rest)| takes(rest)).map(|(path, _)| path.to_owned()));
            }
        }
    }
    posts.sort();
    posts
}

#[test]
fn a_reader_can_change_nothing_at_any_address() {
    let bench = Bench::start();
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || bench.band("unclaimed").len() == 1);
    let posts = posts();
    assert!(posts.len() >= 12 && posts.iter().any(|path| path.ends_with("/step")), "{posts:?}");
    // What is about themselves.
    let own = ["/sign-in", "/sign-out", "/who", "/me/password", "/me/pin", "/me/language", "/me/letters"];
    // Whose address has a name of its own in the source.
    let named = ["/homes/cards".to_owned()];
    for path in posts.iter().chain(&named).filter(|path| !own.contains(&path.as_str())) {
        let path = path.replace("{home}", "flat-1").replace("{number}", "1").replace("{id}", "zhang");
        let path = path.replace("{deed}", "end").replace("{*rest}", "x");
        assert!(!path.contains('{'), "tell this test what stands in {path}");
        let fields = "step=take&key=k9&text=x&name=x&id=x&desk=1&out=1&back=/";
        let answer = match path.starts_with("/api/") {
            true => {
                let cookie = bench.cookie("qian");
                let headers = [("content-type", "application/json"), ("cookie", cookie.as_str())];
                bench.post(&path, &headers, r#"{"step":"take","key":"k9","who":"qian"}"#)
            }
            false => send_as(&bench, "qian", &path, fields),
        };
        assert_eq!(answer.0, 403, "{path}: {}", answer.1);
    }
    assert_eq!(bench.alert(id)["phase"], json!("received"), "nothing changed");
    for path in ["/", "/alert/flat-1/1", "/homes", "/home/flat-1", "/desk.fragment", "/api/v1/desk"] {
        assert_eq!(bench.fetch_as(&bench.cookie("qian"), path).0, 403, "{path}: places and names are not for figures");
    }
}

#[test]
fn each_position_opens_its_own_doors() {
    let bench = Bench::start();
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || bench.band("unclaimed").len() == 1);
    let opens = |who: &str, path: &str| bench.fetch_as(&bench.cookie(who), path).0;
    for (who, path, status) in [
        ("zhao", "/", 403),
        ("zhao", "/alert/flat-1/1", 403),
        ("zhao", "/api/v1/desk", 403),
        ("zhao", "/homes", 200),
        ("zhao", "/home/flat-1", 200),
        ("zhao", "/admin/people", 403),
        ("zhang", "/admin/people", 403),
        ("zhang", "/admin/audit", 403),
        ("wang", "/admin/people", 200),
        ("wang", "/admin/people/zhang", 200),
        ("wang", "/admin/audit", 200),
        ("qian", "/admin/audit", 403),
    ] {
        assert_eq!(opens(who, path), status, "{who} at {path}");
    }
    assert_eq!(send_as(&bench, "zhao", &bench.step_path(id), "step=take&key=k1").0, 403);
    let nav = bench.fetch_as(&bench.cookie("zhao"), "/homes").1;
    assert!(
        !nav.contains("/admin/people") && !nav.contains("aria-current=\"page\">值班台"),
        "no link to a closed door"
    );
    // A program says the same about somebody else.
    let answer = bench.post(
        &bench.api_path(id),
        &[("content-type", "application/json"), ("cookie", &bench.cookie("zhang"))],
        r#"{"step":"take","key":"k2","who":"wang"}"#,
    );
    assert_eq!(answer.0, 403, "one acts as oneself: {}", answer.1);
    assert_eq!(bench.alert(id)["phase"], json!("received"));
}

/// Tries to sign in; status and page.
fn try_in(bench: &Bench, who: &str, password: &str) -> (u16, String) {
    let agent = plain_agent();
    let mut form = agent.get(bench.url("/sign-in")).call().unwrap();
    let visit = set_cookie(&form, "visit").unwrap();
    let token = token_in(&form.body_mut().read_to_string().unwrap());
    let fields = [("token", token.as_str()), ("who", who), ("password", password)];
    let mut answer = agent.post(bench.url("/sign-in")).header("cookie", visit).send_form(fields).unwrap();
    (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
}

#[test]
fn who_guesses_waits_and_nobody_else_does() {
    let bench = Bench::start();
    let (zhang, _li) = (bench.cookie("zhang"), bench.cookie("li"));
    let unknown = try_in(&bench, "nobody-here", "a wrong password");
    let wrong = try_in(&bench, "zhang", "a wrong password");
    assert_eq!((unknown.0, wrong.0), (401, 401));
    assert!(unknown.1.contains("姓名、密码或代码不正确") && wrong.1.contains("姓名、密码或代码不正确"));
    for _ in 0..4 {
        assert_eq!(try_in(&bench, "zhang", "a wrong password").0, 401);
    }
    let (status, page) = try_in(&bench, "zhang", PASSWORD);
    assert_eq!(status, 429, "even the right one waits");
    assert!(page.contains("秒后再试"), "{page}");
    assert_eq!(bench.fetch_as(&zhang, "/").0, 200, "who is in stays in");
    assert_eq!(try_in(&bench, "li", PASSWORD).0, 303, "somebody else gets in");
    let audit = audit(&bench);
    assert!(audit.iter().any(|line| line.contains("sign_in_failed as \"zhang\" from 127.0.0.1")), "{audit:?}");
    assert!(audit.iter().any(|line| line.contains("sign_in_delayed as \"zhang\"")), "{audit:?}");
    assert!(!audit.iter().any(|line| line.contains("password\"") || line.contains(PASSWORD)), "never the password");
}

#[test]
fn a_session_outlives_a_restart_and_ends_where_it_is_ended() {
    let mut bench = Bench::start();
    let (zhang, li) = (bench.cookie("zhang"), bench.cookie("li"));
    let given = format!("session={}", "a".repeat(64));
    let signed_in = sign_in(&bench.url(""), "li", None, PASSWORD, false).unwrap();
    assert_ne!(signed_in, given, "an id that somebody brings along is never adopted");
    assert_eq!(bench.fetch_as(&given, "/").0, 303);
    bench.restart();
    assert_eq!((bench.fetch_as(&zhang, "/").0, bench.fetch_as(&li, "/").0), (200, 200));
    // Of the secrets themselves nothing is on the disk.
    for file in ["office.db", "office.db-wal"] {
        let bytes = std::fs::read(bench.folder().join(file)).unwrap_or_default();
        for secret in [zhang.strip_prefix("session=").unwrap(), PASSWORD, "MADE-UP-zhang", "MADEUPZHANG"] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret} in {file}");
        }
    }
    let out = format!("token={}", bench.token_of("zhang"));
    assert_eq!(send(&bench, &zhang, "/sign-out", &out).0, 303);
    assert_eq!(bench.fetch_as(&zhang, "/").0, 303);
    assert_eq!(bench.fetch_as(&li, "/").0, 200, "the other one goes on");
    bench.restart();
    assert_eq!(bench.fetch_as(&zhang, "/").0, 303, "and it stays ended");
}

#[test]
fn whoever_is_shut_out_is_out_everywhere_at_once() {
    let bench = Bench::start();
    let li = bench.cookie("li");
    assert_eq!(bench.fetch_as(&li, "/desk.fragment").0, 200);
    assert_eq!(send_as(&bench, "wang", "/admin/people/li/shut", "out=1").0, 303);
    assert_eq!((bench.fetch_as(&li, "/desk.fragment").0, bench.fetch_as(&li, "/events").0), (401, 401));
    assert_eq!(try_in(&bench, "li", PASSWORD).0, 401);
    assert_eq!(send_as(&bench, "wang", "/admin/people/li/shut", "").0, 303);
    assert_eq!(try_in(&bench, "li", PASSWORD).0, 303, "let in again");
    // Somebody must be left who can do that.
    let (status, page) = send_as(&bench, "wang", "/admin/people/wang/shut", "out=1");
    assert_eq!(status, 422);
    assert!(page.contains("至少要有一位"), "{page}");
    let demoted = send_as(&bench, "wang", "/admin/people/wang", "name=W&supervisor=1&until=");
    assert_eq!(demoted.0, 422, "nor may the last one step down by mistake");
}

#[test]
fn somebody_new_gets_a_code_once_and_is_known_to_the_desk() {
    let bench = Bench::start();
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || bench.band("unclaimed").len() == 1);
    assert_eq!(send_as(&bench, "wang", "/admin/people", "id=sun&name=Sun&responder=1").0, 303);
    assert_eq!(send_as(&bench, "wang", "/admin/people", "id=sun&name=Other&responder=1").0, 422, "the id is taken");
    let (status, page) = send_as(&bench, "wang", "/admin/people/sun/code", "");
    assert_eq!(status, 200);
    let code = page.split("class=\"code\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert_eq!(code.len(), 14, "{code}");
    assert!(!bench.fetch_as(&bench.cookie("wang"), "/admin/people/sun").1.contains(&code), "shown once");
    let base = bench.url("");
    let sun = sign_in(&base, "Sun", Some(&code.to_lowercase().replace('-', " ")), "another password", false).unwrap();
    assert_eq!(bench.fetch_as(&sun, "/").0, 200, "by name, and however the code is written");
    let again = std::panic::catch_unwind(|| sign_in(&base, "sun", Some(&code), "another password", false));
    assert!(again.is_err(), "once");
    bench.click(id, "take", "zhang", &[]);
    bench.click(id, "hand_over", "zhang", &[("person", "sun")]);
    let shown = bench.fetch_as(&sun, "/alert/flat-1/1").1;
    assert!(shown.contains("Sun"), "the desk knows whom it was handed to");
    let lines = audit(&bench);
    for what in ["wang person_added sun: responder", "wang code_made sun", "nobody code_used sun", "sun signed_in"] {
        assert!(lines.iter().any(|line| line.starts_with(what)), "{what} in {lines:?}");
    }
}

#[test]
fn at_a_shared_desk_a_pin_says_who_acts() {
    let bench = Bench::start();
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || bench.band("unclaimed").len() == 1);
    assert_eq!(send_as(&bench, "li", "/me/pin", &format!("current={PASSWORD}&new=2468")).0, 303);
    assert_eq!(send_as(&bench, "li", "/me/pin", &format!("current={PASSWORD}&new=24")).0, 422, "too short");
    assert_eq!(send_as(&bench, "li", "/me/pin", "current=wrong-password&new=1357").0, 422);
    let desk = bench.desk_cookie();
    let token = token_in(&bench.fetch_as(&desk, "/who").1);
    let click = |key: &str, more: &str| {
        send(&bench, &desk, &bench.step_path(id), &format!("token={token}&step=take&key={key}{more}"))
    };
    let (status, page) = click("k1", "");
    assert!(status == 200 && page.contains("谁来做这一步"), "the page asks who it is: {status}");
    let (status, page) = click("k2", "&who=li");
    assert!(status == 200 && page.contains("请输入此人的 PIN"), "{status}");
    let (status, page) = click("k3", "&who=li&pin=1357");
    assert!(status == 200 && page.contains("PIN 不正确"), "{status}");
    assert_eq!(bench.alert(id)["phase"], json!("received"), "nothing was done");
    assert_eq!(click("k4", "&who=li&pin=2468").0, 303);
    assert_eq!(bench.alert(id)["owner"]["who"]["person"], json!("li"));
    assert!(bench.fetch_as(&desk, "/").1.contains("上门员 老李"), "who acts stands at the top");
    let without = format!("token={token}&step=note&note=x&key=k5");
    assert_eq!(send(&bench, &desk, &bench.step_path(id), &without).0, 303, "and is remembered");
    // Somebody without a PIN uses the password.
    let as_wang = format!("token={token}&who=wang&pin={PASSWORD}&back=/");
    drop(bench.cookie("wang"));
    assert_eq!(send(&bench, &desk, "/who", &as_wang).0, 303);
    assert!(audit(&bench).iter().any(|line| line.starts_with("wang acts_at_desk")));
}

#[test]
fn a_desk_whose_sign_in_has_ended_says_so_loudly() {
    let bench = Bench::start();
    let desk = bench.desk_cookie();
    let token = token_in(&bench.fetch_as(&desk, "/me").1);
    assert_eq!(bench.fetch_as(&desk, "/").0, 200);
    assert_eq!(send(&bench, &desk, "/sign-out", &format!("token={token}")).0, 303);
    assert_eq!(bench.fetch_as(&desk, "/desk.fragment").0, 401);
    let page = bench.fetch_as(&format!("{desk}; desk=1"), "/sign-in").1;
    assert!(page.contains("id=\"ended\"") && page.contains("已退出，本机不再接警"), "{page}");
    assert!(!bench.fetch_as("", "/sign-in").1.contains("id=\"ended\""), "a PC that is no desk is not alarmed");
}

#[test]
fn the_first_administrator_signs_in_by_a_code_that_is_good_once() {
    let mut world = World::configure(&Home::default());
    world.start_station();
    let file = world.path("station/first-code");
    wait_until("the code is there", SOON, || std::fs::read_to_string(&file).is_ok_and(|code| code.len() > 14));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let code = std::fs::read_to_string(&file).unwrap().trim().to_owned();
    let station = world.station.as_ref().unwrap();
    wait_until("it is told", SOON, || station.output().contains(&format!("one-time code {code}")));
    let base = format!("http://127.0.0.1:{}", world.page);
    wait_until("the page is there", SOON, || plain_agent().get(format!("{base}/healthz")).call().is_ok());
    let refused = |code: &str, password: &str| {
        std::panic::catch_unwind(|| sign_in(&base, "head", Some(code), password, false)).is_err()
    };
    assert!(refused("AAAA-BBBB-CCCC", "a made-up password"), "a guessed code");
    assert!(refused(&code, "short"), "too short a password");
    let head = sign_in(&base, "head", Some(&code), "a made-up password", false).unwrap();
    assert!(!file.exists(), "used");
    assert!(refused(&code, "another password"), "once");
    let status =
        |path: &str| plain_agent().get(format!("{base}{path}")).header("cookie", &head).call().unwrap().status();
    assert_eq!(status("/admin/people"), 200);
    // Nobody can sign in any more: whoever may write there asks for another code.
    world.kill_station();
    world.start_station();
    wait_until("back", SOON, || plain_agent().get(format!("{base}/healthz")).call().is_ok());
    assert!(!file.exists(), "not asked for, not made");
    world.kill_station();
    std::fs::write(&file, "").unwrap();
    world.start_station();
    wait_until("another code", SOON, || std::fs::read_to_string(&file).is_ok_and(|code| code.len() > 14));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_ne!(std::fs::read_to_string(&file).unwrap().trim(), code);
}

#[tokio::test]
async fn beyond_this_machine_the_page_is_served_through_tls_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let mut wanted = settings("mqtt://127.0.0.1:1", folder.path());
    wanted.listen = "0.0.0.0:0".parse().unwrap();
    let problem = station::start(wanted.clone()).await.unwrap_err().to_string();
    assert!(problem.contains("readable") && problem.contains("credentials"), "{problem}");

    let authority = super::second_path::certificates::Authority::new();
    let pem = authority.server("station.lan", super::second_path::certificates::When::Now);
    wanted.credentials = Some(std::fs::read(pem).unwrap());
    wanted.names = vec!["station.lan".to_owned()];
    let running = station::start(wanted).await.unwrap();
    let port = running.address.port();
    let curl = |arguments: Vec<String>| {
        tokio::task::spawn_blocking(move || std::process::Command::new("curl").args(arguments).output().unwrap())
    };
    let ca = authority.ca().display().to_string();
    let resolve = format!("station.lan:{port}:127.0.0.1");
    let ask = |url: &str| {
        let usual = ["-s", "-i", "--max-time", "10", "--cacert", &ca, "--resolve", &resolve, url];
        usual.map(str::to_owned).to_vec()
    };
    let answer = curl(ask(&format!("https://station.lan:{port}/sign-in"))).await.unwrap();
    let answer = String::from_utf8_lossy(&answer.stdout).into_owned();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("name=\"token\""), "{answer}");
    let cookie = answer.lines().find(|line| line.starts_with("set-cookie: visit=")).unwrap();
    for mark in ["; HttpOnly", "; SameSite=Strict", "; Secure"] {
        assert!(cookie.contains(mark), "{mark} in {cookie}");
    }
    let plain = curl(ask(&format!("http://station.lan:{port}/sign-in"))).await.unwrap();
    assert!(!String::from_utf8_lossy(&plain.stdout).contains("token"), "nothing without TLS");
    running.stop().await;
}
