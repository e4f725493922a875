//! What is told to whom before, after and without a commit.

use super::*;
use crate::desk::{self, BandName};
use crate::model::lifecycle::{Actor, Deed, Role, Timers};
use crate::station::homes::NotHeld;

const NOTICE: &str = r#"{"v":1,"home":"flat","place":"3-2-201","alert":{"number":1,"raised_at_ms":1795241529000},
    "step":{"number":1,"at_ms":1795241529000,"by":{"role":"gateway"},"deed":"raise","reason":{"rule":"unknown"},
    "severity":"urgent"},"state":{"reason":{"rule":"unknown"},"severity":"urgent","phase":"raised","count":1,
    "escalated":0},"age_secs":0.5,"clock_trusted":true,"durable":true}"#;

fn turn(written: mpsc::UnboundedSender<Written>) -> Turn {
    let point: PointId = "lehe".parse().unwrap();
    let settings = desk::Settings {
        point: point.clone(),
        timers: Timers::default(),
        unreachable_after: Span::seconds(180),
        duty: None,
        daily: Default::default(),
        people: BTreeMap::new(),
    };
    let connection = crate::mqtt::Settings {
        client_id: "nobody".into(),
        broker: "mqtt://127.0.0.1:1".parse().unwrap(),
        login: None,
        tls: None,
        filters: Vec::new(),
        will: None,
        announce: None,
    };
    let (link, _events) = crate::mqtt::start(connection, Arc::default());
    let (desk, health) = (Arc::new(RwLock::new(Desk::new(settings))), Arc::default());
    Turn::new(point, desk, health, Memory::failing(written), link, Feed::new(1), Arc::default())
}

/// Goal: a receipt is the station's word that it holds the notice. Method: a disk that never works.
#[tokio::test]
async fn while_the_storage_fails_an_alert_is_shown_and_never_receipted() {
    let (written, mut writes) = mpsc::unbounded_channel();
    let mut turn = turn(written);
    let topic = "carecircle/v1/flat/up/lehe/notice";
    let message = |turn: &mut Turn| {
        let (topic, payload) = (topic.to_owned(), NOTICE.as_bytes().to_vec());
        turn.event(Event::Message { topic, payload, retained: false, kept: None });
    };
    message(&mut turn);
    assert_eq!((turn.waiting.len(), turn.withheld.len()), (1, 0), "nothing is told before the commit");
    turn.written(writes.recv().await.unwrap());
    assert_eq!((turn.waiting.len(), turn.withheld.len()), (0, 1), "no receipt without a commit");
    message(&mut turn);
    assert_eq!(turn.withheld.len(), 2, "nor for its repeats");
    assert_eq!(turn.health.read().unwrap().store.as_deref(), Some("the disk is full"), "the page says why");
    assert_ne!(turn.feed.after(), "1-0", "open pages were told");
    let by = Actor::station("lehe".parse().unwrap());
    let view = turn.desk.read().unwrap().view(clock::now(), &by);
    assert_eq!(view.band(BandName::Unclaimed).len(), 1, "the alert is shown");
}

/// A home says it by HTTPS.
fn ask(turn: &mut Turn, notice: Option<&str>) -> oneshot::Receiver<Result<crate::wire::Answer, NotHeld>> {
    let (answer, answered) = oneshot::channel();
    let said = notice.map(|text| Said::Notice(Box::new(serde_json::from_str(text).unwrap())));
    turn.asked(Asked { home: "flat".parse().unwrap(), said, answer });
    answered
}

#[tokio::test]
async fn a_home_by_https_gets_no_receipt_without_a_commit_and_no_step_before_it() {
    let (written, mut writes) = mpsc::unbounded_channel();
    let mut turn = turn(written);
    let mut first = ask(&mut turn, Some(NOTICE));
    assert!(first.try_recv().is_err(), "nothing is told before the commit");
    turn.written(writes.recv().await.unwrap());
    assert!(matches!(first.try_recv(), Ok(Err(NotHeld))), "the disk does not hold it");
    assert!(matches!(ask(&mut turn, Some(NOTICE)).try_recv(), Ok(Err(NotHeld))), "nor its repeat");

    let alert = AlertKey {
        home: "flat".parse().unwrap(),
        alert: serde_json::from_str::<crate::wire::Notice>(NOTICE).unwrap().alert,
    };
    let (role, point, person) = (Role::Desk, "lehe".parse().ok(), "p1".parse().ok());
    let by = Actor { role, point, person, via: None };
    let deed = Deed::Take;
    let (answer, _clicked) = oneshot::channel();
    let click = desk::Click { ticket: 0, alert, by, deed, expect: None, key: "k1".into() };
    turn.request(Request { wanted: Wanted::Click(click), answer });
    let mut early = ask(&mut turn, None);
    assert!(early.try_recv().is_err(), "the step is not written yet");
    turn.written(writes.recv().await.unwrap());
    let answer = early.try_recv().unwrap().unwrap();
    // Also while the disk fails help is on its way.
    assert_eq!(answer.steps.iter().map(|step| step.key.as_str()).collect::<Vec<_>>(), ["k1"]);
    assert_eq!((answer.receipt, answer.ask_again_secs), (None, Some(5)));

    turn.written(Written { ticket: turn.ticket, result: Ok(()) });
    let answer = ask(&mut turn, Some(NOTICE)).try_recv().unwrap().unwrap();
    assert_eq!(answer.receipt.unwrap().step, 1, "the disk is well again");
    let heartbeat = "carecircle/v1/flat/up/lehe/heartbeat".to_owned();
    let payload =
        br#"{"v":1,"home":"flat","seq":1,"run":1,"at_ms":1,"clock_trusted":true,"version":"x","config_hash":"x",
        "open_alerts":1,"blind":false,"sensors":[]}"#;
    turn.event(Event::Message { topic: heartbeat, payload: payload.to_vec(), retained: false, kept: None });
    // How the home can be seen is news.
    turn.written(Written { ticket: turn.ticket, result: Ok(()) });
    let answer = ask(&mut turn, None).try_recv().unwrap().unwrap();
    assert_eq!((answer.steps.len(), answer.ask_again_secs), (1, None), "the broker leads there again");
}

#[tokio::test]
async fn a_home_by_https_is_told_what_to_suspend_once_that_is_written() {
    use crate::model::errand::Errand;
    use crate::model::suspension::{Absence, Suspension};
    let (written, mut writes) = mpsc::unbounded_channel();
    let mut turn = turn(written);
    let mut first = ask(&mut turn, Some(NOTICE));
    turn.written(writes.recv().await.unwrap());
    assert!(first.try_recv().is_ok());
    let now = clock::now();
    let (role, point, person) = (Role::Desk, "lehe".parse().ok(), "p1".parse().ok());
    let wanted = Suspension {
        kind: Absence::Hospital,
        owner: "p1".into(),
        why: "hip".into(),
        from: now,
        until: now + Span::hours(5),
    };
    let (home, by) = ("flat".parse().unwrap(), Actor { role, point, person, via: None });
    let order = desk::Order { ticket: 0, home, by, errand: Errand::Suspend(wanted), key: "k1".into() };
    let (answer, _ordered) = oneshot::channel();
    turn.request(Request { wanted: Wanted::Order(order), answer });
    let mut early = ask(&mut turn, None);
    assert!(early.try_recv().is_err(), "it is not written yet");
    turn.written(writes.recv().await.unwrap());
    let told = early.try_recv().unwrap().unwrap().suspensions;
    assert_eq!(told.len(), 1);
    assert!(told[0].id.is_some(), "a refusal names it");
    let again = ask(&mut turn, None).try_recv().unwrap().unwrap().suspensions;
    assert_eq!(again, told, "until the home answers");
}
