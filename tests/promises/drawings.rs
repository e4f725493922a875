//! Parts of pages are drawn once for many browsers: nothing of one of them gets into what another one is given, and nobody is given
//! what is older than their question.

use super::station::bench::{Bench, PASSWORD, call_button, inactivity};
use super::support::{sign_in, token_in, wait_until};
use carecircle::model::reason::Severity;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(10);

/// The values of all fields of this name.
fn fields<'a>(html: &'a str, name: &str) -> BTreeSet<&'a str> {
    let begin = format!("name=\"{name}\" value=\"");
    html.split(&begin).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn each_browser_is_given_its_own_token_name_and_keys_and_its_own_deeds() {
    let bench = Bench::start();
    let taken = bench.home.raise(call_button("pendant"), Severity::Emergency);
    bench.home.raise(inactivity(), Severity::Urgent);
    wait_until("both are there", SOON, || bench.band("unclaimed").len() == 2);
    bench.click(taken, "take", "zhang", &[]);
    wait_until("taken", SOON, || bench.band("in_hand").len() == 1);
    let token_of = |cookie: &str, path: &str| token_in(&bench.fetch_as(cookie, path).1);
    let (desk, zhang_elsewhere) =
        (bench.desk_cookie(), sign_in(&bench.url(""), "zhang", None, PASSWORD, false).unwrap());
    let mut browsers = vec![("", desk.clone(), token_of(&desk, "/who"))];
    for who in ["zhang", "li", "wang"] {
        browsers.push((who, bench.cookie(who), bench.token_of(who)));
    }
    browsers.push(("zhang", zhang_elsewhere.clone(), token_of(&zhang_elsewhere, "/me")));
    let tokens: BTreeSet<&str> = browsers.iter().map(|(_, _, token)| token.as_str()).collect();
    assert_eq!(tokens.len(), browsers.len(), "five sign-ins");

    let mut keys_seen = BTreeSet::new();
    // At once, so that they share what can be shared; and again, so that what was kept is given to others.
    for round in 0..3 {
        let given: Vec<String> = std::thread::scope(|scope| {
            let asked: Vec<_> = browsers
                .iter()
                .map(|(_, cookie, _)| scope.spawn(|| bench.fetch_as(cookie, "/desk.fragment")))
                .collect();
            asked
                .into_iter()
                .map(|asked| asked.join().unwrap())
                .map(|(status, html, _)| (status == 200).then_some(html))
                .collect::<Option<_>>()
                .unwrap()
        });
        for ((who, _, token), html) in browsers.iter().zip(&given) {
            assert_eq!(fields(html, "token"), BTreeSet::from([token.as_str()]), "of {who:?}, round {round}");
            assert_eq!(fields(html, "who"), BTreeSet::from([*who]), "round {round}");
            for key in fields(html, "key") {
                assert!(keys_seen.insert(key.to_owned()), "{key} was another browser's, or of another drawing");
            }
            assert_eq!(
                html.contains("d-depart"),
                *who != "li",
                "the desk goes on with it, another one on the street does not: {who:?}"
            );
        }
    }
    for (who, status) in [("zhao", 403), ("qian", 403)] {
        assert_eq!(bench.fetch_as(&bench.cookie(who), "/desk.fragment").0, status, "{who}");
    }
    assert_eq!(bench.fetch_as("", "/desk.fragment").0, 401);
}

#[test]
fn whoever_asks_after_a_deed_is_shown_it_however_quickly_they_ask() {
    let bench = Bench::start();
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("it is there", SOON, || bench.band("unclaimed").len() == 1);
    for round in 0..10 {
        let (step, phase) = if round % 2 == 0 { ("take", "taken") } else { ("release", "received") };
        let (status, answer) = bench.step(id, &json!({ "step": step, "why": "made up" }));
        assert_eq!(status, 201, "{answer}");
        for who in ["zhang", "wang"] {
            let html = bench.fetch_as(&bench.cookie(who), "/desk.fragment").1;
            assert!(html.contains(&format!("data-phase=\"{phase}\"")), "{who}, round {round}");
        }
    }
}
