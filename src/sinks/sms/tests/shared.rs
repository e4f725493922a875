//! One modem for everybody around a home: what is shared, and what is each one's own.

use super::*;
use crate::sinks::nature::Nature;

/// "1" from this telephone, by a clock far ahead of ours.
fn takes(last_digits: &str) -> String {
    // 13800138000 is 683108108300F0 on the wire: the last two pairs are the last three digits and the fill.
    let pairs: Vec<char> = last_digits.chars().collect();
    let [a, b, c] = pairs.as_slice() else { panic!() };
    format!("00040D916831081083{b}{a}F{c}000094301212414323 0131").replace(' ', "")
}

struct Home {
    modem: FakeModem,
    modems: Modems,
    said: mpsc::Sender<FromStation>,
    heard: mpsc::Receiver<FromStation>,
}

impl Home {
    fn new() -> Home {
        let (said, heard) = mpsc::channel(64);
        Home { modem: FakeModem::plug_in(Manner::default()), modems: Modems::default(), said, heard }
    }

    fn try_open(&self, who: &str, more: serde_json::Value) -> Result<Arc<dyn Sink>, Problem> {
        let mut keys = json!({"port": self.modem.link, "language": "en", "accept_answers": true});
        let mut more = more.as_object().cloned().unwrap_or_default();
        let phones = more.remove("phones");
        keys.as_object_mut().unwrap().extend(more);
        let settings: Settings = serde_json::from_value(keys).unwrap();
        let settings = match phones {
            Some(phones) => settings.to_phones(&serde_json::from_value(phones).unwrap()),
            None => settings,
        };
        let opening = Opening {
            channel: ChannelName::new("modem").unwrap(),
            home: HomeId::new("made-up-1").unwrap(),
            point: PointId::new(who).unwrap(),
            sensors: Vec::new(),
            zone: Zone::utc(),
            from_station: self.said.clone(),
            alive: Arc::default(),
            modems: self.modems.clone(),
        };
        open_with(&settings, opening, QUICK)
    }

    fn open(&self, who: &str, more: serde_json::Value) -> Arc<dyn Sink> {
        self.try_open(who, more).unwrap()
    }

    async fn next(&mut self) -> What {
        let said = tokio::time::timeout(Duration::from_secs(20), self.heard.recv()).await.expect("in time");
        said.expect("somebody is told").what
    }

    async fn up(&mut self) {
        while self.next().await != What::Up {}
    }

    /// To whom messages went, by the last digits, in order.
    fn told(&self) -> Vec<String> {
        self.modem.messages().into_iter().map(|(to, _)| to[to.len() - 4..].to_owned()).collect()
    }
}

async fn done(sink: &Arc<dyn Sink>, outgoing: &Outgoing) -> Result<Handed, NotDelivered> {
    for _ in 0..2_000 {
        let handed = sink.deliver(outgoing).await;
        if handed != Ok(Handed::Accepted) {
            return handed;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("never done")
}

/// An alert that is no call, of this number.
fn quiet(number: u64) -> Outgoing {
    let reason = r#"{"rule":"daily_contact","from":"04:00","by":"10:00"}"#;
    let mut quiet = outgoing(1, "raised", &format!(r#""deed":"raise","severity":"urgent","reason":{reason}"#));
    quiet.notice.state.reason = serde_json::from_str(reason).unwrap();
    quiet.notice.state.severity = crate::model::reason::Severity::Urgent;
    quiet.notice.alert.number = number;
    quiet
}

#[tokio::test]
async fn each_is_told_on_their_own_phones_and_an_answer_is_of_who_wrote_it() {
    let mut home = Home::new();
    let wang = home.open("wang", json!({"phones": ["+8613800138001"]}));
    home.up().await;
    let daughter = home.open("daughter", json!({"phones": ["+8613800138002", "+8613800138003"]}));
    assert_eq!(home.next().await, What::Up, "who joins later hears how the modem stands");
    assert_eq!(done(&wang, &press()).await, Ok(Handed::Done));
    assert_eq!(home.told(), ["8001"], "nobody else is told what is hers to hear");
    // The daughter was told of another alert, and only of that.
    assert_eq!(done(&daughter, &quiet(9)).await, Ok(Handed::Done));
    assert_eq!(home.told(), ["8001", "8002", "8003"]);

    for (phone, who, alert) in [("001", "wang", 7), ("003", "daughter", 9)] {
        home.modem.says(&format!("\r\n+CMT: ,21\r\n{}\r\n", takes(phone)));
        let What::Step(step) = home.next().await else { panic!("{who}") };
        let by = &step.by;
        assert_eq!((step.alert.number, by.point.as_ref().map(PointId::as_str)), (alert, Some(who)));
        assert_eq!((by.person.as_ref().map(PersonId::as_str), by.via), (Some(who), Some(Via::Sms)));
        assert!(step.key.contains(who), "{}", step.key);
    }
    home.modem.says(&format!("\r\n+CMT: ,21\r\n{}\r\n", takes("009")));
    let What::Refused { why, .. } = home.next().await else { panic!() };
    assert!(why.contains("nobody who is told by this modem"), "{why}");
    assert_eq!(home.modem.was_told("ATE0"), 1, "one task, whoever uses the modem");
}

#[tokio::test]
async fn one_who_is_told_no_more_takes_the_modem_from_nobody_and_the_last_one_lets_it_go() {
    let mut home = Home::new();
    let wang = home.open("wang", json!({"phones": ["+8613800138001"]}));
    let daughter = home.open("daughter", json!({"phones": ["+8613800138002"]}));
    home.up().await;
    // A reload: she has another telephone.
    daughter.stop();
    let daughter = home.open("daughter", json!({"phones": ["+8613800138003"]}));
    assert_eq!(done(&daughter, &press()).await, Ok(Handed::Done));
    wang.stop();
    assert_eq!(daughter.probe().await, Ok(()));
    assert_eq!(home.told(), ["8003"]);
    assert_eq!(home.modem.was_told("ATE0"), 1, "the modem was not woken again");
    let other = home.try_open("wang", json!({"baud": 9600, "phones": ["+8613800138001"]}));
    assert!(other.err().unwrap().to_string().contains("two channels open this modem"));
    // A reload with another speed: all are closed, then all are opened.
    daughter.stop();
    let again = home.open("daughter", json!({"baud": 9600, "phones": ["+8613800138003"]}));
    assert_eq!(done(&again, &close()).await, Ok(Handed::Done));
    assert_eq!(home.modem.was_told("ATE0"), 2);
    again.stop();
    assert!(matches!(again.probe().await, Err(NotDelivered::Later(_))));
    let Home { heard: mut rest, said, .. } = home;
    drop(said);
    while rest.recv().await.is_some() {}
}

#[tokio::test]
async fn the_limit_of_an_hour_is_the_modems_and_a_call_goes_all_the_same() {
    let mut home = Home::new();
    let wang = home.open("wang", json!({"per_hour": 2, "phones": ["+8613800138001"]}));
    let daughter = home.open("daughter", json!({"per_hour": 2, "phones": ["+8613800138002"]}));
    home.up().await;
    assert_eq!(done(&wang, &quiet(1)).await, Ok(Handed::Done));
    assert_eq!(done(&daughter, &quiet(1)).await, Ok(Handed::Done));
    for sink in [&wang, &daughter] {
        let Err(NotDelivered::Later(why)) = sink.deliver(&quiet(2)).await else { panic!() };
        assert!(why.contains("limit of 2 messages an hour"), "{why}");
        assert_eq!(done(sink, &press()).await, Ok(Handed::Done));
    }
    // Not even a reload that opens the modem anew forgets them.
    wang.stop();
    daughter.stop();
    let again = home.open("wang", json!({"per_hour": 3, "phones": ["+8613800138001"]}));
    let Err(NotDelivered::Later(why)) = again.deliver(&quiet(3)).await else { panic!() };
    assert!(why.contains("limit of 3"), "{why}");
}

#[tokio::test]
async fn a_call_goes_first_whoever_it_is_for() {
    let mut home = Home::new();
    let wang = home.open("wang", json!({"phones": ["+8613800138001", "+8613800138002"]}));
    let daughter = home.open("daughter", json!({"phones": ["+8613800138003", "+8613800138004"]}));
    home.up().await;
    home.modem.behaves(|manner| manner.is_busy = true);
    let (slow, call) = (quiet(1), press());
    let asked = async {
        // The first message is with the modem already, or waits like the second: the call comes before what waits.
        let (first, second) = tokio::join!(wang.deliver(&slow), async {
            tokio::task::yield_now().await;
            daughter.deliver(&call).await
        });
        (first, second)
    };
    let release = async {
        tokio::task::yield_now().await;
        home.modem.behaves(|manner| manner.is_busy = false);
    };
    let ((first, second), ()) = tokio::join!(asked, release);
    assert_eq!((first, second), (Ok(Handed::Accepted), Ok(Handed::Accepted)));
    let told = home.told();
    let place = |digits: &str| told.iter().position(|to| to == digits).unwrap();
    assert!(place("8003") < place("8002") && place("8004") < place("8002"), "{told:?}");
}
