//! A station takes a step whose number it has for the one it has: no number may be given out twice, whatever was lost.

use super::*;

fn trouble() -> Reason {
    Reason::Configuration { what: "made up".into() }
}

fn steps(effects: Vec<Effect>) -> Vec<(u64, Step)> {
    let step = |effect| if let Effect::Alert { alert, step } = effect { Some((alert, step)) } else { None };
    effects.into_iter().filter_map(step).collect()
}

#[test]
fn what_was_told_and_never_written_gives_no_number_to_a_later_step_or_alert() {
    let now: Timestamp = "2026-03-02T06:00:00Z".parse().unwrap();
    let at = |secs| now + Span::seconds(secs);
    let mut engine = engine();
    let written = steps(engine.handle(at(0), Input::Trouble(trouble())));
    // From here on the disk fails: told, and on no disk.
    let over = || Input::TroubleOver { rule: "configuration", way: None };
    let told = steps(engine.handle(at(10), over()));
    let storage = Reason::Storage { what: "the disk is full".into() };
    let raised = steps(engine.handle(at(20), Input::Trouble(storage.clone())));
    // It dies, and begins anew with what was written.
    let begins = Recorded::Configured {
        at: at(30),
        hash: "a".into(),
        program: "1".into(),
        clock_trusted: true,
        steps_on: 1_000,
    };
    let history = written.iter().map(|(alert, step)| Recorded::Step { alert: *alert, step: step.clone() });
    let mut anew = super::engine().restore(history.chain([begins]));
    let again = steps(anew.handle(at(40), over()));
    assert_eq!((told[0].1.number, &told[0].1.deed), (2, &again[0].1.deed));
    assert_eq!((again[0].0, again[0].1.number), (told[0].0, 1_002));
    let other = steps(anew.handle(at(50), Input::Trouble(storage)));
    assert_eq!(other[0].0, raised[0].0, "the number of an alert comes again, …");
    let id = |engine: &Engine| engine.alerts().last().unwrap().id;
    assert_ne!(id(&anew), id(&engine), "… and is told apart by the instant of its raise");
}

#[test]
fn a_gateway_that_starts_all_the_time_never_counts_into_the_numbers_of_stations() {
    let mut engine = engine();
    let now: Timestamp = "2026-03-02T06:00:00Z".parse().unwrap();
    engine.handle(now, Input::Trouble(trouble()));
    (0..100_000).for_each(|_| engine.steps_go_on_beyond(1_000));
    let over = Input::TroubleOver { rule: "configuration", way: None };
    let number = steps(engine.handle(now, over))[0].1.number;
    assert!(number < (1 << 24) && number > 1 << 20, "{number}");
}
