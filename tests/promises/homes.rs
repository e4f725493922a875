//! Homes at the station: who sees what of the person, cards in forms and tables, and the list of all of them.

use super::station::bench::{Bench, call_button};
use super::support::wait_until;
use carecircle::model::reason::Severity;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(10);
const CODE: &str = "1357#";
const NOTES: &str = "听力差；跌倒史";

/// A form of this person's; status and page.
fn post(bench: &Bench, who: &str, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
    let cookie = bench.cookie(who);
    let escaped = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let fields = fields.iter().map(|(name, value)| format!("&{name}={}", escaped(value))).collect::<String>();
    let body = format!("token={}{fields}", bench.token_of(who));
    bench.post(path, &[("content-type", "application/x-www-form-urlencoded"), ("cookie", &cookie)], &body)
}

fn page(bench: &Bench, who: &str, path: &str) -> (u16, String) {
    let (status, body, _) = bench.fetch_as(&bench.cookie(who), path);
    (status, body)
}

fn write_card(bench: &Bench) {
    let fields = [
        ("place", "3号楼2单元201室"),
        ("code", CODE),
        ("health", NOTES),
        ("health_as_of", "2026-09"),
        ("born", "1941-05-03"),
        ("directions", "南门进"),
        ("contact1_kind", "family"),
        ("contact1_who", "女儿"),
        ("contact1_phone", "+86 138 0000 0101"),
        ("contact1_order", "2"),
        ("contact2_kind", "resident"),
        ("contact2_phone", "0873-555 0100"),
        ("contact2_order", "1"),
    ];
    assert_eq!(post(bench, "wang", "/home/flat-1/card", &fields).0, 303);
}

#[test]
fn codes_and_medical_notes_are_seen_only_while_needed_by_who_needs_them_and_each_look_is_a_step() {
    let bench = Bench::start();
    write_card(&bench);
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || bench.band("unclaimed").len() == 1);
    let alert = format!("/alert/flat-1/{}", id.number);
    let uncover = format!("{alert}/uncover");
    let look = |who: &str, what: &str| {
        let key = format!("{who}-{what}");
        post(&bench, who, &uncover, &[("what", what), ("key", &key), ("back", "/")]).0
    };
    let sees = |who: &str| {
        let html = page(&bench, who, &alert).1;
        (html.contains(CODE), html.contains(NOTES))
    };
    assert_eq!((look("zhang", "code"), look("li", "health")), (409, 409), "nobody has taken it");
    assert_eq!(sees("zhang"), (false, false));
    let html = page(&bench, "zhang", &alert).1;
    let (resident, daughter) = (html.find("0873-555 0100").unwrap(), html.find("女儿").unwrap());
    assert!(resident < daughter && html.contains("tel:+8613800000101"), "in the order of calling");
    assert!(html.contains("八十多岁") && html.contains("tel:120"), "what to say to 120");

    bench.click(id, "take", "zhang", &[]);
    assert_eq!(look("zhang", "code"), 303);
    assert_eq!(sees("zhang"), (true, false), "what was uncovered, and no more");
    assert_eq!(sees("li"), (false, false), "by whom it was uncovered");
    assert_eq!(look("li", "code"), 409, "a responder sees what is theirs to do");
    assert_eq!(look("zhao", "code"), 403, "a technician");
    assert_eq!(look("zhang", "health"), 303);
    assert_eq!(sees("zhang"), (true, true));
    let forged = [("step", "note"), ("note", "x"), ("key", "uncover-code-1"), ("who", "zhang"), ("back", "/")];
    assert_eq!(post(&bench, "zhang", &bench.step_path(id), &forged).0, 422, "no other form writes such a step");
    let steps = bench.alert(id)["timeline"].to_string();
    assert!(steps.contains("查看了门禁码") && steps.contains("查看了健康须知"), "{steps}");
    let looked = page(&bench, "zhang", "/home/flat-1").1;
    assert!(looked.contains("查看了门禁码") && looked.contains("改了资料"), "and in the audit of the home");
    assert!(!looked.contains(CODE) && !looked.contains(NOTES));

    bench.click(id, "close", "zhang", &[("outcome", "found_well"), ("contact", "seen")]);
    assert_eq!(sees("zhang"), (false, false), "hidden after closing");
    assert_eq!(look("zhang", "code"), 409);
}

#[test]
fn a_call_is_logged_by_its_role_and_never_by_a_name() {
    let bench = Bench::start();
    write_card(&bench);
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || bench.band("unclaimed").len() == 1);
    bench.click(id, "call", "zhang", &[("whom", "family"), ("result", "no_answer")]);
    bench.click(id, "call", "zhang", &[("whom", "120"), ("result", "reached")]);
    let html = page(&bench, "zhang", &format!("/alert/flat-1/{}?show=people", id.number)).1;
    assert!(html.contains("致电家属：未接") && html.contains("致电120：通了"));
    assert!(!html.contains("发出紧急"), "only the lines of people");
    assert!(bench.history().iter().all(|line| !line.contains("女儿")), "the card is in the register alone");
}

#[test]
fn a_card_is_edited_by_who_may_and_hostile_text_in_it_is_text() {
    let bench = Bench::start();
    write_card(&bench);
    assert_eq!(page(&bench, "li", "/home/flat-1/card").0, 403, "a responder reads");
    assert_eq!(page(&bench, "zhao", "/home/flat-1/card").0, 403);
    let of_technician = page(&bench, "zhao", "/home/flat-1").1;
    assert!(!of_technician.contains("0873-555") && of_technician.contains("传感器"), "equipment, not persons");
    let of_desk = page(&bench, "zhang", "/home/flat-1/card").1;
    assert!(!of_desk.contains(CODE) && !of_desk.contains(NOTES), "kept unseen");
    assert!(page(&bench, "wang", "/home/flat-1/card").1.contains(CODE));

    let evil = "<script>alert(1)</script>\u{202e}=cmd";
    let (status, html) = post(&bench, "zhang", "/home/flat-1/card", &[("place", &"长".repeat(10_000)), ("born", "x")]);
    assert_eq!(status, 422);
    assert!(html.contains("太长了") && html.contains("不是日期"), "each fault at its field");
    let fields = [("resident", evil), ("directions", "a\nb"), ("contact1_who", evil), ("contact1_phone", "110")];
    assert_eq!(post(&bench, "zhang", "/home/flat-1/card", &fields).0, 303);
    let html = page(&bench, "zhang", "/home/flat-1").1;
    assert!(html.contains("&#60;script&#62;alert(1)") && !html.contains("<script>alert") && !html.contains('\u{202e}'));
    assert!(page(&bench, "wang", "/home/flat-1/card").1.contains(CODE), "what the desk did not see it did not lose");
    let form = [("content-type", "application/x-www-form-urlencoded")];
    assert_eq!(bench.post("/home/flat-1/card", &form, "token=wrong&place=x").0, 403);
}

#[test]
fn a_table_of_cards_goes_in_as_a_whole_or_not_at_all_and_comes_out_without_formulas() {
    let bench = Bench::start();
    bench.home.beat();
    wait_until("the home is heard", SOON, || page(&bench, "zhang", "/home/flat-1").0 == 200);
    let good = "住户编号\t短地址\t探访分类\t姓名\t联系人 1 关系\t联系人 1 电话\nflat-1\t\"1号楼\n101室\"\t红\t=cmd\t邻居\t+86 10 5550\n";
    let import = |text: &str, what: &str| post(&bench, "zhang", "/homes/cards", &[("do", what), ("text", text)]);
    let bad = format!("{good}flat 2\tx\t绿\t\t\t\nflat-3\tx\t绿\t\t\t何时\n");
    let (status, html) = import(&bad, "write");
    assert_eq!(status, 422);
    assert!(html.contains("不是可选的词") && html.contains("不是电话号码") && html.contains("住户编号不对"));
    assert!(page(&bench, "zhang", "/home/flat-1").1.contains("还没有资料"), "nothing of it was written");
    assert_eq!(import(good, "check").0, 200);
    assert!(page(&bench, "zhang", "/home/flat-1").1.contains("还没有资料"), "looked through only");
    assert_eq!(import(good, "write").0, 200);
    assert!(page(&bench, "zhang", "/home/flat-1").1.contains("1号楼 101室"));
    assert_eq!(page(&bench, "zhang", "/homes/cards.csv").0, 403, "everything at once is for the supervisor");
    let (status, csv) = page(&bench, "wang", "/homes/cards.csv");
    assert!(
        status == 200 && csv.starts_with('\u{feff}') && csv.contains(",'=cmd,") && csv.contains("'+86 10 5550"),
        "{csv}"
    );
    assert!(import(&csv, "check").1.contains("无改动 <b>1</b>"), "what comes out goes in as it was");
}

/// A made-up district of so many homes, each with a card, none ever heard.
fn write_cards(bench: &Bench, homes: usize) {
    let mut table = String::from("home,place,class,minutes\n");
    for n in 0..homes {
        table += &format!(
            "ky-lehe-{n:04},{}号楼{}单元{}01室,{},{}\n",
            n / 40 + 1,
            n % 4 + 1,
            n % 6 + 1,
            ["red", "yellow", "blue"][n % 3],
            n % 25
        );
    }
    assert_eq!(post(bench, "wang", "/homes/cards", &[("do", "write"), ("text", &table)]).0, 200);
}

#[test]
fn of_more_homes_than_anybody_chooses_from_the_id_is_typed_and_a_slip_is_told() {
    let bench = Bench::start();
    write_cards(&bench, 2_000);
    let html = page(&bench, "zhang", "/requests").1;
    assert!(html.contains("<option value=\"ky-lehe-1999\">") && !html.contains("name=\"home\" value="), "chosen");
    let one_more = "home,place\nky-lehe-2000,51号楼\n";
    assert_eq!(post(&bench, "wang", "/homes/cards", &[("do", "write"), ("text", one_more)]).0, 200);
    let html = page(&bench, "zhang", "/requests?home=ky-lehe-2000&kind=meal").1;
    assert!(html.contains("<input name=\"home\" value=\"ky-lehe-2000\" required"), "what came along stands there");
    assert!(!html.contains("<option value=\"ky-lehe"), "no megabytes of choices");

    let today = carecircle::model::time::Zone::named("Asia/Shanghai").unwrap().day(carecircle::clock::now());
    let day = (today + carecircle::model::time::Span::days(1)).to_string();
    let order = |home: &str| {
        let fields = [("deed", "open"), ("home", home), ("kind", "meal"), ("day", day.as_str()), ("time", "18:00")];
        post(&bench, "zhang", "/requests/order", &[&fields[..], &[("key", home), ("back", "/requests")]].concat())
    };
    for slip in ["ky-lehe-9999", "ky lehe 2000", ""] {
        let (status, html) = order(slip);
        assert!((400..500).contains(&status) && html.contains("本站不认识这个住户"), "{slip:?}: {status} {html}");
    }
    assert!(!page(&bench, "zhang", "/requests").1.contains("id=\"request-"), "nothing of it was opened");
    assert_eq!(order("ky-lehe-2000").0, 303);
    assert!(page(&bench, "zhang", "/requests").1.contains("51号楼"), "and is on the list");
}

#[test]
fn two_thousand_homes_are_one_light_page_that_is_sifted_and_sorted_without_script() {
    let bench = Bench::start();
    write_cards(&bench, 2_000);
    let all = page(&bench, "zhang", "/homes").1;
    assert!(all.matches("<tr><th>").count() >= 2_000);
    assert!(all.len() <= 350 * 1024, "{}", all.len());
    let near = page(&bench, "zhang", "/homes?class=red&within=3&sort=minutes").1;
    assert!((1..200).contains(&near.matches("<tr><th>").count()) && !near.contains("蓝（一般）<td"));
    let found = page(&bench, "zhang", "/homes?q=KY-LEHE-1999").1;
    assert_eq!(found.matches("<tr><th>").count(), 1);
    assert!(found.contains("t-unknown>不知道"), "a home that was never heard is not called well");
}

#[test]
fn a_suspension_is_for_a_week_by_the_desk_for_a_month_by_the_supervisor_and_never_by_a_responder() {
    let bench = Bench::start();
    bench.home.beat();
    wait_until("the home is heard", SOON, || page(&bench, "zhang", "/home/flat-1").0 == 200);
    let in_days = |days: i64| {
        let at = carecircle::clock::now() + carecircle::model::time::Span::days(days);
        carecircle::model::time::Zone::named("Asia/Shanghai").unwrap().wall_clock(at)[..16].to_owned()
    };
    let ask = |who: &str, days: i64| {
        let (until, key) = (in_days(days), format!("{who}-{days}"));
        let fields = [("kind", "away"), ("why", "去女儿家"), ("until", until.as_str()), ("key", &key), ("back", "/")];
        post(&bench, who, "/home/flat-1/suspend", &fields)
    };
    let (status, html) = ask("zhang", 8);
    assert!(status == 409 && html.contains("最长报备 7 天") && html.contains("value=\"去女儿家\""), "{status}");
    assert_eq!(ask("zhang", 6).0, 303);
    assert_eq!(ask("wang", 8).0, 303);
    assert_eq!(ask("wang", 31).0, 409);
    assert_eq!(ask("li", 1).0, 403, "a responder asks the desk");
    assert_eq!(ask("zhao", 1).0, 403, "as does a technician");
    let html = page(&bench, "zhang", "/home/flat-1").1;
    assert!(html.contains("家中尚未确认") && !html.contains("生效中"), "this home has not answered");
    assert!(page(&bench, "zhang", "/suspensions").1.contains("家中尚未确认"));
}
