//! What the desk makes of a home's rhythm, and of two gateways that speak as one home.

use super::*;

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
    assert_eq!(desk.view(at(1), &person("p1")).homes[0].level, Some(Span::hours(5)));
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
