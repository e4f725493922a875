//! What the desk makes of a home's rhythm, and of two gateways that speak as one home.

use super::*;
use proptest::prelude::*;

/// A gateway's heartbeats.
struct Gateway {
    run: u64,
    boot: Option<&'static str>,
    seq: u64,
    /// Its clock is wrong by so much.
    clock_is_off: i64,
}

impl Gateway {
    fn new(run: u64, boot: &'static str) -> Gateway {
        Gateway { run, boot: Some(boot), seq: 0, clock_is_off: 0 }
    }

    fn beat(&mut self, sent: Timestamp) -> Input {
        self.seq += 1;
        let at_ms = (sent + Span::seconds(self.clock_is_off)).timestamp_millis();
        let beat = Beat { run: self.run, boot: self.boot.map(str::to_owned), seq: self.seq, at_ms };
        let condition = Condition { beat, ..Condition::default() };
        Input::Heartbeat { home: "flat".parse().unwrap(), condition }
    }
}

fn slow_beat(level: Option<Span>) -> Input {
    Input::Heartbeat { home: "flat".parse().unwrap(), condition: Condition { level, ..Condition::default() } }
}

fn twins(desk: &Desk) -> Vec<RowView> {
    let faults = desk.view(at(100_000), &person("p1")).faults;
    faults.into_iter().filter(|row| matches!(row.reason, Reason::Twin(_))).collect()
}

fn no_contact(desk: &Desk, now: Timestamp) -> usize {
    desk.view(now, &person("p1")).band(BandName::NoContact).len()
}

#[test]
fn a_home_on_a_slow_level_is_missed_at_its_level_also_by_a_station_that_was_restarted() {
    let mut desk = desk();
    desk.does(at(0), slow_beat(Some(Span::hours(5))));
    assert_eq!(desk.next_wakeup(), Some(at(5 * 3600)));
    assert_eq!(desk.home_views()[0].level, Some(Span::hours(5)));
    let mut desk = desk.restored();
    desk.does(at(100), Input::Tick);
    assert_eq!(desk.next_wakeup(), Some(at(100 + 5 * 3600)));
    desk.does(at(200), slow_beat(Some(Span::seconds(90))));
    assert_eq!(desk.next_wakeup(), Some(at(380)), "never sooner than the station's own patience");
    desk.does(at(300), slow_beat(None));
    desk.does(at(480), Input::Tick);
    assert_eq!(no_contact(&desk, at(480)), 1);
}

#[test]
fn two_gateways_that_speak_in_turns_are_a_fault_within_a_minute_whatever_their_clocks_show() {
    for off in [-86_400, -3, 0, 3, 86_400] {
        for apart in [4, 20, 40, 57] {
            let mut desk = desk();
            let (mut one, mut two) = (Gateway::new(7, "a"), Gateway { clock_is_off: off, ..Gateway::new(7, "b") });
            desk.does(at(0), one.beat(at(0)));
            desk.does(at(60), one.beat(at(60)));
            desk.does(at(60 + apart), two.beat(at(60 + apart)));
            assert!(twins(&desk).is_empty(), "the second may be the first, started anew");
            desk.does(at(120), one.beat(at(120)));
            let row = twins(&desk).pop().unwrap_or_else(|| panic!("not seen: off by {off}, {apart} s apart"));
            assert_eq!((row.severity, row.is_ours), (crate::model::reason::Severity::Fault, true));
            for minute in 3..30 {
                desk.does(at(minute * 60), one.beat(at(minute * 60)));
                desk.does(at(minute * 60 + apart), two.beat(at(minute * 60 + apart)));
            }
            assert_eq!((twins(&desk).len(), twins(&desk)[0].count), (1, 1), "told once");
        }
    }
}

#[test]
fn a_gateway_that_is_started_anew_again_and_again_is_no_second_one() {
    let mut desk = desk();
    for run in 1..20_u64 {
        let begin = run as i64 * 130;
        let mut gateway = Gateway { run, boot: None, seq: 0, clock_is_off: 0 };
        desk.does(at(begin), gateway.beat(at(begin)));
        desk.does(at(begin + 60), gateway.beat(at(begin + 60)));
        // Its last word comes after the first of the next, and once more.
        let last = gateway.beat(at(begin + 120));
        let mut next = Gateway { run: run + 1, boot: None, seq: 0, clock_is_off: 0 };
        desk.does(at(begin + 122), next.beat(at(begin + 122)));
        desk.does(at(begin + 129), last.clone());
        desk.does(at(begin + 129), last);
    }
    assert!(twins(&desk).is_empty());
    // A database that was replaced counts its runs from the beginning.
    let mut replaced = Gateway::new(1, "c");
    for minute in 50..80 {
        desk.does(at(minute * 60), replaced.beat(at(minute * 60)));
    }
    assert!(twins(&desk).is_empty());
}

#[test]
fn when_one_of_the_two_is_switched_off_that_is_over_and_a_second_time_is_the_same_alert() {
    let mut desk = desk();
    let (mut one, mut two) = (Gateway::new(7, "a"), Gateway::new(3, "b"));
    let both = |desk: &mut Desk, one: &mut Gateway, two: &mut Gateway, minutes: std::ops::Range<i64>| {
        for minute in minutes {
            desk.does(at(minute * 60), one.beat(at(minute * 60)));
            desk.does(at(minute * 60 + 30), two.beat(at(minute * 60 + 30)));
        }
    };
    both(&mut desk, &mut one, &mut two, 0..3);
    assert!(twins(&desk)[0].recovered_at.is_none());
    for minute in 3..15 {
        desk.does(at(minute * 60), one.beat(at(minute * 60)));
    }
    assert!(twins(&desk)[0].recovered_at.is_some(), "people close it");
    assert_eq!(no_contact(&desk, at(900)), 0, "and it has nothing to do with the home's silence");
    let mut desk = desk.restored();
    both(&mut desk, &mut one, &mut two, 20..23);
    assert_eq!((twins(&desk).len(), twins(&desk)[0].count), (1, 2));
    // A station that is started anew while two speak tells it no second time, and still knows when it is over.
    let mut desk = desk.restored();
    both(&mut desk, &mut one, &mut two, 23..26);
    assert_eq!((twins(&desk).len(), twins(&desk)[0].count), (1, 2));
    let mut desk = desk.restored();
    desk.does(at(30 * 60), Input::Tick);
    assert_eq!(desk.next_wakeup(), Some(at(30 * 60 + 180)), "the home's silence");
    for minute in 31..45 {
        desk.does(at(minute * 60), one.beat(at(minute * 60)));
    }
    assert!(twins(&desk)[0].recovered_at.is_some());
}

#[test]
fn a_heartbeat_that_came_the_slower_of_two_ways_does_not_show_how_it_was_as_how_it_is() {
    let mut desk = desk();
    let mut gateway = Gateway::new(7, "a");
    let (by_https, by_broker) = (gateway.beat(at(0)), gateway.beat(at(5)));
    let Input::Heartbeat { home, condition } = by_broker else { panic!("no heartbeat") };
    desk.does(at(5), Input::Heartbeat { home, condition: Condition { blind: true, ..condition } });
    desk.does(at(8), by_https);
    let shown = |desk: &Desk| desk.home_views()[0].condition.clone().unwrap();
    assert!(shown(&desk).blind);
    let mut anew = Gateway::new(8, "b");
    desk.does(at(60), anew.beat(at(60)));
    assert!(!shown(&desk).blind, "a gateway that was started anew counts from the beginning");
}

#[test]
fn what_a_broker_kept_of_a_gateway_that_was_started_anew_meanwhile_is_no_second_one() {
    let mut desk = desk();
    let (mut one, mut two) = (Gateway::new(7, "a"), Gateway::new(8, "b"));
    desk.does(at(0), one.beat(at(0)));
    let kept: Vec<Input> = (1..5).map(|nth| one.beat(at(nth * 60))).collect();
    // The broker's way to the station is lost; the next start is heard by HTTPS at once.
    for minute in 5..9 {
        desk.does(at(minute * 60), two.beat(at(minute * 60)));
    }
    for beat in kept {
        desk.does(at(545), beat);
    }
    for minute in 10..15 {
        desk.does(at(minute * 60), two.beat(at(minute * 60)));
    }
    assert!(twins(&desk).is_empty());
}

#[test]
fn a_second_gateway_is_seen_also_where_the_clock_of_one_was_set_back() {
    let mut desk = desk();
    let (mut one, mut two) = (Gateway::new(7, "a"), Gateway::new(7, "b"));
    for minute in 0..9 {
        if minute == 3 {
            one.clock_is_off = -3600;
        }
        desk.does(at(minute * 60), one.beat(at(minute * 60)));
        if minute >= 2 {
            desk.does(at(minute * 60 + 30), two.beat(at(minute * 60 + 30)));
        }
    }
    assert_eq!(twins(&desk).len(), 1);
}

#[test]
fn last_words_that_come_equally_late_beside_the_next_start_are_no_second_gateway() {
    let mut desk = desk();
    let (mut before, mut after) = (Gateway::new(7, "a"), Gateway::new(8, "b"));
    for minute in 0..5 {
        desk.does(at(minute * 60), before.beat(at(minute * 60)));
    }
    // Dead after its seventh minute; the last three were kept on their way.
    for (sent, comes) in [(300, 459), (360, 523)] {
        desk.does(at(comes), before.beat(at(sent)));
        desk.does(at(comes + 1), after.beat(at(comes + 1)));
    }
    assert!(twins(&desk).is_empty());
}

/// What is written down until `until`, each deadline at its time; with `looks_anew` every home is looked through at every input.
fn written(desk: &mut Desk, until: Timestamp, input: Input, looks_anew: bool) -> Vec<Effect> {
    let mut all = Vec::new();
    loop {
        if looks_anew {
            desk.watch.look_anew();
        }
        let Some(at) = desk.next_wakeup().filter(|at| *at < until) else { break };
        all.extend(desk.handle(at, Input::Tick));
    }
    all.extend(desk.handle(until, input));
    all.retain(|effect| matches!(effect, Effect::Record(_)));
    all
}

proptest! {
    #[test]
    fn homes_are_missed_and_twins_end_at_the_same_instants_though_not_all_are_looked_through_at_each_message(
        said in prop::collection::vec((0..8u8, 0..3u8, 1..400i64, prop::option::of(60..2000i64)), 1..60),
    ) {
        let (mut one, mut other) = (desk(), desk());
        let (mut now, mut seq) = (at(0), 0);
        for (kind, home, later, level) in said {
            now += Span::seconds(later);
            seq += 1;
            let home: HomeId = format!("h{home}").parse().unwrap();
            let input = match kind {
                0 => Input::OwnLink { up: false },
                1 => Input::OwnLink { up: true },
                2 => Input::HomeLink { home, online: true },
                _ => {
                    let beat = Beat { run: u64::from(kind % 2), boot: None, seq, at_ms: now.timestamp_millis() };
                    let level = level.map(Span::seconds);
                    Input::Heartbeat { home, condition: Condition { beat, level, ..Condition::default() } }
                }
            };
            prop_assert_eq!(written(&mut one, now, input.clone(), false), written(&mut other, now, input, true));
        }
    }
}
