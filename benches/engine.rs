//! What the decisions cost: the engine on a movement, a press and a deadline, the rhythm that learns a day, the replay of a year, and
//! one alert's way onto a disk. `benches/decode.rs` has the decoders.
//!
//! `cargo bench --bench engine [-- NAME]`; figures and nothing asserted. The home is made up and has ninety days behind it.

#![allow(clippy::unwrap_used)] // a bench ends when it cannot go on

mod support;

use carecircle::engine::{Engine, Input, drive};
use carecircle::model::observation::{Evidence, Measure, Observation, Press};
use carecircle::model::recorded::Recorded;
use carecircle::model::time::{Span, Timestamp};
use carecircle::replay::replay;
use criterion::{BatchSize, Criterion};
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;
use support::commits::Commits;
use support::lived::{self, motion};

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
        .sample_size(20)
        .configure_from_args();
    let year = lived::lines(1);
    let (engine, now) = after_ninety_days(&year);
    decisions(&mut criterion, &engine, now);
    rhythm(&mut criterion, &year);
    disk(&mut criterion, "disk", Path::new("target"));
    disk(&mut criterion, "memory", Path::new("/dev/shm"));
    criterion.bench_function("replay/a_home_year", |bencher| {
        bencher.iter(|| black_box(replay(lived::engine(), &year, &[], None, |_| ())));
    });
    criterion.final_summary();
}

/// The engine at noon after ninety days, and that instant.
fn after_ninety_days(year: &[Recorded]) -> (Engine, Timestamp) {
    let noon = year[0].at() + Span::days(90) + Span::hours(12);
    let mut engine = lived::engine();
    for line in year.iter().take_while(|line| line.at() < noon) {
        hear(&mut engine, line);
    }
    (engine, noon)
}

fn hear(engine: &mut Engine, line: &Recorded) {
    let Recorded::Observed(observation) = line else { return };
    drive::until(engine, observation.at, |_, effects| drop(black_box(effects)));
    black_box(engine.handle(observation.at, Input::Observed(observation.clone())));
}

fn decisions(criterion: &mut Criterion, engine: &Engine, now: Timestamp) {
    let mut one = |name: &str, input: Input| {
        criterion.bench_function(&format!("engine/{name}"), |bencher| {
            bencher.iter_batched_ref(
                || (engine.clone(), input.clone()),
                |(engine, input)| black_box(engine.handle(now, input.clone())),
                BatchSize::LargeInput,
            );
        });
    };
    let Recorded::Observed(moved) = motion("kitchen", now, true) else { return };
    let same = Observation { evidence: Evidence::Level, measure: Measure::Motion(false), ..moved.clone() };
    let press =
        Observation { sensor: "pendant".parse().unwrap(), measure: Measure::Button(Press::Single), ..moved.clone() };
    one("a_movement", Input::Observed(moved));
    one("a_level_that_stays", Input::Observed(same));
    one("a_press_that_raises_an_alert", Input::Observed(press));
    one("a_deadline", Input::Tick);
}

/// One more day on ninety: 206 observations and the midnight that learns from them.
fn rhythm(criterion: &mut Criterion, year: &[Recorded]) {
    let begin = year[0].at();
    let day = |nth: i64| (begin + Span::days(nth), begin + Span::days(nth + 1) + Span::minutes(1));
    let of = |(from, to): (Timestamp, Timestamp)| year.iter().filter(move |line| (from..to).contains(&line.at()));
    let mut before = lived::engine();
    of((begin, day(90).0)).for_each(|line| hear(&mut before, line));
    let today: Vec<Recorded> = of(day(90)).cloned().collect();
    criterion.bench_function("rhythm/a_day_lived_and_learned", |bencher| {
        bencher.iter_batched_ref(
            || before.clone(),
            |engine| {
                today.iter().for_each(|line| hear(engine, line));
                drive::until(engine, day(90).1, |_, effects| drop(black_box(effects)));
            },
            BatchSize::LargeInput,
        );
    });
    let history: Vec<Recorded> = of((begin, day(90).0)).cloned().collect();
    criterion.bench_function("rhythm/ninety_days_read_at_the_start", |bencher| {
        bencher.iter(|| black_box(lived::engine().restore(history.iter().cloned())));
    });
}

fn disk(criterion: &mut Criterion, name: &str, place: &Path) {
    let mut commits = Commits::in_folder(place);
    let mut number = 0;
    criterion.bench_function(&format!("store/one_commit_on_{name}"), |bencher| {
        bencher.iter(|| {
            number += 1;
            commits.time_one(number)
        });
    });
}
