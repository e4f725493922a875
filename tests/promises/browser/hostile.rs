//! Text from outside that means harm: shown as text on every page, cut, and no formula in any table.

use super::*;
use carecircle::text::{Answers, Language, Mark, Sms, sms};

/// A script, a mark that turns the reading round, a line end, and a formula.
const EVIL: &str = "=cmd|' /C calc'!A0<script>window.owned=1</script>\u{202e}<img src=x onerror=window.owned=2>\nX: y";

fn post(bench: &Bench, path: &str, fields: &[(&str, &str)]) {
    let escaped = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let fields: String = fields.iter().map(|(name, value)| format!("&{name}={}", escaped(value))).collect();
    let (cookie, token) = (bench.cookie("wang"), bench.token_of("wang"));
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("cookie", cookie.as_str())];
    let (status, page) = bench.post(path, &headers, &format!("token={token}&back=/&key=evil{path}{fields}"));
    assert!(status == 303 || status == 200, "{path}: {status} {page}");
}

#[test]
fn hostile_text_is_text_on_every_page_in_every_table_and_in_one_message() {
    let bench = Bench::start();
    let long = format!("{EVIL}{}", "长".repeat(10_000));
    bench.home.set_place(&long);
    fill(&bench);
    let sensor: carecircle::model::ids::SensorId = format!("-cmd{}", "W".repeat(60)).parse().unwrap();
    let id = bench.home.raise(call_button(sensor.as_str()), Severity::Emergency);
    bench.home.beat_of(|heartbeat| {
        let heard = json!({ "id": sensor, "heard_secs": 1, "kind": "call_button" });
        heartbeat.sensors = vec![serde_json::from_value(heard).unwrap()];
    });
    wait_until("the row is there", SOON, || bench.band("unclaimed").iter().any(|row| row["alert"] == json!(id.number)));
    bench.click(id, "note", "zhang", &[("note", &long)]);
    post(&bench, "/home/flat-1/note", &[("text", &long)]);
    post(&bench, "/handover/note", &[("text", &long)]);
    let card = [
        ("resident", "=1+1<script>window.owned=3</script>"),
        ("directions", EVIL),
        ("contact1_who", "@SUM<b>"),
        ("contact1_phone", "110"),
    ];
    post(&bench, "/home/flat-1/card", &card);
    let name = "-2<script>window.owned=4</script>\u{202e}";
    post(&bench, "/admin/people/li", &[("name", name), ("responder", "1"), ("until", "")]);
    let today = bench.get("/requests").1.split("name=\"day\" value=\"").nth(1).unwrap()[..10].to_owned();
    let request =
        [("deed", "open"), ("home", "flat-1"), ("kind", "meal"), ("wish", EVIL), ("day", &today), ("time", "23:59")];
    post(&bench, "/requests/order", &request);
    post(&bench, "/visits/flat-1", &[("deed", "visited"), ("who", "li"), ("on", &today), ("note", EVIL)]);

    let browser = Browser::open(WIDE);
    browser.take_cookie(&bench.url(""), &bench.cookie("wang"));
    for (width, height) in [(1366, 768), (360, 740)] {
        browser.size(width, height);
        for page in pages::addresses(&bench, &browser) {
            browser.go(&bench.url(&page));
            assert_eq!(browser.overflow(), 0, "{page} at {width}: {}", browser.too_wide());
            assert!(browser.run("return window.owned").is_null(), "{page}");
            assert!(!browser.has("main img"), "{page}");
            let text = browser.run("return document.body.innerText");
            let text = text.as_str().unwrap();
            assert!(!text.contains(['\u{202e}', '\u{202d}']), "{page} is turned round");
            let longest = text.lines().map(|line| line.chars().count()).max().unwrap_or_default();
            assert!(longest < 2_500, "{page} has a line of {longest}");
        }
    }
    let alert = format!("/alert/flat-1/{}", id.number);
    browser.go(&bench.url(&alert));
    browser.wait_for_text(".timeline", "<script>window.owned=1</script>");
    assert_clean(&bench, &browser);

    for path in [
        "/homes/cards.csv",
        "/daily.csv",
        "/faults.csv",
        "/reports/alerts.csv",
        "/reports/figures.csv",
        "/api/v1/alerts.csv",
    ] {
        let (status, csv, _) = bench.fetch_as(&bench.cookie("wang"), path);
        assert_eq!(status, 200, "{path}");
        for cell in cells(&csv) {
            assert!(!is_formula(&cell), "a formula in {path}: {cell:?}");
        }
    }
    let reason = call_button(sensor.as_str());
    let (now, zone) = (clock::now(), carecircle::model::time::Zone::utc());
    for language in Language::ALL {
        let told = Sms {
            place: &long,
            mark: Mark::Number(1),
            reason: &reason,
            severity: Severity::Emergency,
            is_test: false,
            raised_at: now,
            now: Some(now),
            answers: Answers::Take,
            due: None,
            last_resort: None,
        };
        let message = sms(language, &zone, &told);
        assert!(message.encode_utf16().count() <= 70, "one part: {message:?}");
        assert!(!message.contains(['\n', '\u{202e}']), "{message:?}");
    }
}

/// What a spreadsheet would reckon; a number is none.
fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err()
}

/// The cells of a table by RFC 4180.
fn cells(csv: &str) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(csv.trim_start_matches('\u{feff}').as_bytes());
    let records = reader.records().map(|record| record.unwrap());
    records.flat_map(|record| record.iter().map(str::to_owned).collect::<Vec<_>>()).collect()
}
