//! Ways out by table: what proves them, when they are lost, and that nothing is told that is not known.

use super::*;
use crate::model::level::Level;

fn way(channel: &str, point: &str) -> WayOut {
    WayOut { channel: channel.parse().unwrap(), point: point.parse().unwrap() }
}

/// Ways on the level of 180 s, with a clock that starts anywhere.
struct Home {
    paths: Paths,
    since_boot: Span,
    standing: Standing,
}

impl Home {
    fn new(ways: &[(WayOut, Proves)]) -> Home {
        let mut home = Home { paths: Paths::default(), since_boot: Span::hours(7), standing: Standing::default() };
        home.follow(ways, &[], false);
        home
    }

    fn follow(&mut self, ways: &[(WayOut, Proves)], opened: &[&str], answers: bool) {
        let opened: Vec<String> = opened.iter().map(|name| (*name).to_owned()).collect();
        let wanted = |(way, proves): &(WayOut, Proves)| (way.clone(), Level::Seconds180.into(), *proves);
        self.paths.follow(self.since_boot, ways.iter().map(wanted).collect(), &opened, |_| answers);
    }

    /// Rounds of a second; what is told goes on the book. What was asked for stays unanswered.
    fn pass(&mut self, secs: i64) -> Vec<News> {
        let mut all = Vec::new();
        for _ in 0..secs {
            self.since_boot += Span::seconds(1);
            all.extend(self.round());
        }
        all
    }

    fn round(&mut self) -> Vec<News> {
        self.paths.pass(self.since_boot);
        let news = self.paths.judge(&self.standing);
        for one in &news {
            match one {
                News::Lost(way) => self.standing.lost.push(way.clone()),
                News::Found(way) => self.standing.lost.retain(|other| other != way),
                News::AllLost => self.standing.all_lost = true,
                News::OneFound => self.standing.all_lost = false,
                News::Twin(_) => self.standing.twin = true,
                News::NoTwin => self.standing.twin = false,
            }
        }
        news
    }

    fn state(&self, way: &WayOut) -> PathState {
        self.paths.of(way).unwrap().state
    }

    fn tried(&mut self, way: &WayOut, result: Result<(), &str>) {
        self.paths.tried(self.since_boot, way, result.map_err(str::to_owned));
    }
}

#[test]
fn what_proves_a_way_and_what_does_not() {
    let (mqtt, sms, centre) = (way("lehe", "lehe"), way("sms", "lehe"), way("centre", "centre"));
    let mut home =
        Home::new(&[(mqtt.clone(), Proves::Answer), (sms.clone(), Proves::Probe), (centre.clone(), Proves::Heartbeat)]);
    for way in [&mqtt, &sms, &centre] {
        assert_eq!(home.state(way), PathState::Unproven, "nothing is known yet");
        home.tried(way, Ok(()));
    }
    assert_eq!(home.state(&mqtt), PathState::Carried, "the broker is not the station");
    assert_eq!((home.state(&sms), home.state(&centre)), (PathState::Works, PathState::Works));
    assert!(home.paths.answered(home.since_boot, &mqtt), "new: it is to be remembered");
    assert!(!home.paths.answered(home.since_boot, &mqtt));
    assert_eq!(home.state(&mqtt), PathState::Works);
    // From now on only its own word counts.
    for _ in 0..181 {
        home.tried(&mqtt, Ok(()));
        home.pass(1);
    }
    assert_eq!(home.state(&mqtt), PathState::Lost);
}

#[test]
fn a_way_is_lost_at_its_level_told_once_and_over_by_itself() {
    let (one, two) = (way("lehe", "lehe"), way("lehe", "north"));
    let mut home = Home::new(&[(one.clone(), Proves::Probe), (two.clone(), Proves::Probe)]);
    home.tried(&one, Ok(()));
    home.tried(&two, Ok(()));
    for _ in 0..180 {
        assert_eq!(home.pass(1), []);
        home.tried(&two, Ok(()));
    }
    home.tried(&one, Err("no answer"));
    assert_eq!(home.pass(1), [News::Lost(one.clone())], "of one channel the one way");
    let known = home.paths.of(&one).unwrap();
    assert_eq!((known.since, known.why), (Span::hours(7), "no answer"), "since the last proof");
    home.tried(&two, Ok(()));
    assert_eq!(home.pass(100), []);
    home.tried(&one, Ok(()));
    assert_eq!(home.pass(1), [News::Found(one.clone())]);
    assert_eq!(home.paths.of(&one).unwrap().why, "");
}

#[test]
fn without_any_way_left_one_alert_says_it_and_unknown_is_not_lost() {
    let (one, two) = (way("lehe", "lehe"), way("sms", "lehe"));
    let mut home = Home::new(&[(one.clone(), Proves::Probe), (two.clone(), Proves::Answer)]);
    home.tried(&one, Ok(()));
    assert_eq!(home.pass(180), [], "the other was never proved: unknown until its level has passed since the start");
    assert_eq!(home.pass(1), [News::AllLost]);
    assert!(home.paths.are_all_lost() && !home.paths.any_works());
    assert_eq!(home.pass(1000), [], "once");
    home.tried(&two, Ok(()));
    assert_eq!(home.pass(1), [News::Lost(one.clone()), News::OneFound], "and then the one that is still lost");
    home.tried(&one, Ok(()));
    assert_eq!(home.pass(1), [News::Found(one)]);
    assert_eq!(Home::new(&[]).pass(1000), [], "a home without a way has no way that is lost");
}

#[test]
fn a_station_that_never_answers_is_never_an_alarm_while_the_broker_takes_what_is_sent() {
    let lehe = way("lehe", "lehe");
    let mut home = Home::new(&[(lehe.clone(), Proves::Answer)]);
    for _ in 0..2000 {
        assert_eq!(home.pass(1), []);
        home.tried(&lehe, Ok(()));
    }
    assert_eq!(home.state(&lehe), PathState::Carried);
    assert!(!home.paths.spoke(home.since_boot, "lehe", "lehe"));
    assert_eq!(home.state(&lehe), PathState::Works, "a receipt");
    for _ in 0..2000 {
        assert_eq!(home.pass(1), [], "and is no promise of more");
        home.tried(&lehe, Ok(()));
    }
    assert_eq!(home.pass(181), [News::AllLost], "but a broker that takes nothing is one");
}

#[test]
fn a_station_known_to_answer_is_missed_also_after_a_restart_of_this_gateway() {
    let lehe = way("lehe", "lehe");
    let mut home = Home::new(&[]);
    home.follow(&[(lehe.clone(), Proves::Answer)], &[], true);
    home.tried(&lehe, Ok(()));
    assert_eq!(home.state(&lehe), PathState::Unproven, "carried is not enough of a station that can answer");
    assert_eq!(home.pass(180), []);
    assert_eq!(home.pass(1), [News::AllLost]);
    // A station that went back to an older version: its receipt for this very alert shows that it hears.
    assert!(home.paths.spoke(home.since_boot, "lehe", "lehe"), "to be forgotten");
    assert_eq!(home.pass(1), [News::OneFound]);
    for _ in 0..1000 {
        home.tried(&lehe, Ok(()));
        assert_eq!(home.pass(1), [], "and no second alarm every three minutes");
    }
    assert_eq!(home.state(&lehe), PathState::Carried);
}

#[test]
fn what_was_slept_through_or_hung_is_no_time_without_proof() {
    let lehe = way("lehe", "lehe");
    let mut home = Home::new(&[(lehe.clone(), Proves::Probe)]);
    home.tried(&lehe, Ok(()));
    home.since_boot += Span::hours(8);
    assert_eq!(home.round(), [], "the machine slept");
    assert_eq!(home.state(&lehe), PathState::Works);
    assert_eq!(home.pass(174), []);
    assert_eq!(home.pass(2), [News::AllLost]);
}

#[test]
fn a_reload_keeps_what_is_known_and_what_is_opened_anew_begins_anew() {
    let (lehe, old) = (way("lehe", "lehe"), way("old", "lehe"));
    let ways = [(lehe.clone(), Proves::Probe), (old.clone(), Proves::Probe)];
    let mut home = Home::new(&ways);
    home.tried(&lehe, Ok(()));
    home.tried(&old, Ok(()));
    home.pass(150);
    home.tried(&lehe, Ok(()));
    assert_eq!(home.pass(31), [News::Lost(old.clone())]);
    home.follow(&ways, &[], false);
    assert_eq!(home.pass(1), [], "the same goes on");
    assert_eq!((home.state(&lehe), home.state(&old)), (PathState::Works, PathState::Lost));
    home.follow(&ways[..1], &["lehe"], false);
    assert_eq!(home.state(&lehe), PathState::Unproven, "with another password it is another way");
    assert_eq!(home.pass(1), [News::Found(old)], "what is no way any more is not lost");
    assert_eq!(home.pass(180), [News::AllLost], "its level has passed since then");
}

#[test]
fn an_alert_that_was_closed_with_open_eyes_is_not_raised_again_before_the_way_was_found() {
    let (one, two) = (way("lehe", "lehe"), way("sms", "lehe"));
    let mut home = Home::new(&[(one.clone(), Proves::Probe), (two.clone(), Proves::Probe)]);
    let told = |home: &mut Home| {
        let mut all = Vec::new();
        for _ in 0..400 {
            home.tried(&two, Ok(()));
            all.extend(home.pass(1));
        }
        all
    };
    assert_eq!(told(&mut home), [News::Lost(one.clone())]);
    home.standing.lost.clear();
    assert_eq!(told(&mut home), []);
    home.tried(&one, Ok(()));
    assert_eq!(told(&mut home), [News::Lost(one.clone())], "another episode");
    // A new run finds the alert of the last one standing.
    let mut next = Home::new(&[(one.clone(), Proves::Probe), (two.clone(), Proves::Probe)]);
    next.standing.lost.push(one.clone());
    assert_eq!(told(&mut next), [], "told already");
    next.tried(&one, Ok(()));
    next.standing.all_lost = true;
    assert_eq!(next.pass(1), [News::Found(one), News::OneFound]);
}

#[test]
fn each_way_is_proved_in_its_own_rhythm_and_sooner_while_it_fails() {
    let (fast, slow) = (way("lehe", "lehe"), way("sms", "lehe"));
    let mut paths = Paths::default();
    let ways = vec![
        (fast.clone(), Level::Seconds90.into(), Proves::Answer),
        (slow.clone(), Level::Hours25.into(), Proves::Probe),
    ];
    let begin = Span::hours(1);
    paths.follow(begin, ways, &[], |_| true);
    let mut asked = BTreeMap::new();
    let run = |paths: &mut Paths, asked: &mut BTreeMap<WayOut, Vec<i64>>, works: bool, secs: std::ops::Range<i64>| {
        for second in secs {
            let now = begin + Span::seconds(second);
            paths.pass(now);
            for (way, _) in paths.take_due() {
                asked.entry(way.clone()).or_default().push(second);
                paths.tried(now, &way, if works { Ok(()) } else { Err("down".into()) });
                paths.answered(now, &fast);
            }
        }
    };
    run(&mut paths, &mut asked, true, 0..100);
    assert_eq!(asked[&fast], [0, 30, 60, 90]);
    assert_eq!(asked[&slow], [0]);
    asked.clear();
    run(&mut paths, &mut asked, false, 100..30_302);
    assert_eq!(asked[&slow], [30_000, 30_300], "three times inside 25 h, and again soon after a failure");
}

#[test]
fn a_heartbeat_out_of_turn_goes_to_stations_only_and_puts_off_the_next() {
    let (lehe, sms) = (way("lehe", "lehe"), way("sms", "lehe"));
    let mut home = Home::new(&[(lehe.clone(), Proves::Answer), (sms.clone(), Proves::Probe)]);
    assert_eq!(home.paths.take_due().len(), 2);
    assert!(home.paths.take_due().is_empty(), "one at a time");
    assert_eq!(home.paths.ask_now(|_| true), std::slice::from_ref(&lehe));
    home.tried(&lehe, Ok(()));
    home.paths.answered(home.since_boot, &lehe);
    home.pass(40);
    assert_eq!(home.paths.ask_now(|way| way.channel.as_str() == "lehe").len(), 1);
    home.tried(&lehe, Ok(()));
    home.pass(30);
    assert!(home.paths.take_due().is_empty());
    home.pass(31);
    assert_eq!(home.paths.take_due(), [(lehe, Proves::Answer)]);
}

#[test]
fn after_an_outage_a_heartbeat_has_an_instant_of_its_own_within_half_a_minute_and_half_its_rhythm() {
    let lehe = way("lehe", "lehe");
    for (permille, wanted) in [(0, 0), (500, 15), (1000, 30)] {
        let mut home = Home::new(&[(lehe.clone(), Proves::Answer)]);
        home.paths.take_due();
        home.paths.ask_soon(permille, |_| true);
        let asked = (0..=60).find(|_| !home.paths.take_due().is_empty() || home.pass(1).len() > 9);
        assert_eq!(asked, Some(wanted), "at {permille} ‰; what was under way is given up with its connection");
    }
}

#[test]
fn connections_closed_as_soon_as_they_are_made_are_a_second_gateway() {
    let lehe = way("lehe", "lehe");
    let mut home = Home::new(&[(lehe.clone(), Proves::Answer)]);
    let throw_out = |home: &mut Home, held: i64, apart: i64| {
        home.paths.linked(lehe.clone(), true);
        let mut news = home.pass(held);
        home.paths.linked(lehe.clone(), false);
        home.tried(&lehe, Ok(()));
        news.extend(home.pass(apart));
        news
    };
    assert_eq!([throw_out(&mut home, 2, 3), throw_out(&mut home, 2, 3)], [[], []], "a broker that starts anew");
    assert_eq!(throw_out(&mut home, 2, 3), [News::Twin(lehe.clone())]);
    assert_eq!(throw_out(&mut home, 2, 3), [], "once");
    home.paths.linked(lehe.clone(), true);
    let mut over = Vec::new();
    for _ in 0..400 {
        home.tried(&lehe, Ok(()));
        over.extend(home.pass(1));
    }
    assert_eq!(over, [News::NoTwin]);
    for _ in 0..20 {
        assert_eq!(throw_out(&mut home, 11, 1), [], "connections that held are none");
    }
    for _ in 0..20 {
        assert_eq!(throw_out(&mut home, 2, 40), [], "nor is one a minute");
    }
}

#[test]
fn connections_of_one_channel_to_many_points_that_break_one_after_the_other_are_no_second_gateway() {
    let ways: Vec<(WayOut, Proves)> = (1..9).map(|nth| (way("lehe", &format!("p{nth}")), Proves::Answer)).collect();
    let mut home = Home::new(&ways);
    ways.iter().for_each(|(way, _)| home.paths.linked(way.clone(), true));
    home.pass(60);
    // A router was started anew: each connection notices it in its own time, and is made again at once.
    for (way, _) in &ways {
        home.paths.linked(way.clone(), false);
        home.pass(1);
        home.paths.linked(way.clone(), true);
        assert_eq!(home.pass(3), []);
    }
}

#[test]
fn when_a_way_is_lost_the_others_to_its_point_are_proved_at_once() {
    let (fast, slow, other) = (way("lehe", "lehe"), way("second", "lehe"), way("far", "far"));
    let mut home = Home::new(&[]);
    let ways = [(&fast, Level::Seconds90), (&slow, Level::Hours5), (&other, Level::Hours5)];
    let ways = ways.map(|(way, level)| (way.clone(), level.into(), Proves::Heartbeat));
    home.paths.follow(home.since_boot, ways.to_vec(), &[], |_| false);
    home.paths.take_due();
    for way in [&fast, &slow, &other] {
        home.tried(way, Ok(()));
    }
    assert_eq!(home.pass(90), []);
    home.tried(&fast, Err("no answer"));
    home.paths.take_due();
    assert_eq!(home.pass(1), [News::Lost(fast)]);
    let due: Vec<WayOut> = home.paths.take_due().into_iter().map(|(way, _)| way).collect();
    assert!(due.contains(&slow) && !due.contains(&other), "{due:?}");
}

#[test]
fn a_test_without_an_answer_loses_the_way_at_once_until_something_is_delivered_whatever_heartbeats_say() {
    let (broker, https) = (way("lehe", "lehe"), way("past", "lehe"));
    let mut home = Home::new(&[(broker.clone(), Proves::Answer), (https.clone(), Proves::Heartbeat)]);
    home.pass(10);
    home.paths.answered(home.since_boot, &broker);
    home.tried(&https, Ok(()));
    let begun = home.since_boot;
    home.pass(60);
    home.paths.answered(home.since_boot, &broker);
    home.tried(&https, Ok(()));
    home.pass(60);
    home.paths.failed_test(&broker, begun, "there was no answer");
    assert_eq!(home.state(&broker), PathState::Lost);
    let known = home.paths.of(&broker).unwrap();
    assert_eq!((known.since, known.why), (begun, "there was no answer"));
    assert_eq!(home.pass(1), [News::Lost(broker.clone())]);
    home.paths.answered(home.since_boot, &broker);
    assert_eq!(home.pass(100), [], "a heartbeat is no alert");
    home.tried(&https, Ok(()));
    assert!(!home.paths.spoke(home.since_boot, "lehe", "lehe"), "it is no older version");
    assert_eq!(home.state(&broker), PathState::Works);
    assert_eq!(home.pass(1), [News::Found(broker.clone())]);
    assert_eq!(home.paths.answering().collect::<Vec<_>>(), [&broker]);
}

#[test]
fn a_way_of_which_only_a_probe_tells_is_found_again_by_a_probe() {
    let phones = way("phones", "lehe");
    let mut home = Home::new(&[(phones.clone(), Proves::Probe)]);
    home.pass(1);
    home.tried(&phones, Ok(()));
    home.paths.failed_test(&phones, home.since_boot, "no network");
    assert_eq!(home.state(&phones), PathState::Lost);
    home.pass(1);
    home.tried(&phones, Ok(()));
    assert_eq!(home.state(&phones), PathState::Works);
}
