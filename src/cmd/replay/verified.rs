//! `replay --verify`: whether what was decided then is decided again from what was written down.

use super::{Failed, Own, engine};
use crate::cmd::listen::folded;
use crate::cmd::progress::Progress;
use crate::model::recorded::Recorded;
use crate::model::time::Timestamp;
use crate::problem::Problem;
use crate::replay::verify::{Difference, Limits, Verified, verify};
use crate::text::counted;
use serde_json::json;
use std::io::Write;
use std::process::ExitCode;

/// Fails where there is a difference, and where there is nothing that could be compared.
pub fn run(own: &Own, from: Option<Timestamp>, is_json: bool) -> Result<ExitCode, Problem> {
    let engine = engine(own.config.clone()).map_err(|failed| match failed {
        Failed::World(problem) => problem,
        Failed::Configuration(problems) => Problem::new(problems.first().map(crate::cmd::one_line).unwrap_or_default()),
    })?;
    let end = own.lines.last().map(Recorded::at).unwrap_or_default();
    let whole_from = end - own.config.kept.observations;
    let mut progress = Progress::new("verifying", own.lines.len() as u64);
    let limits = Limits { hash: &own.config.hash, from, whole_from };
    let found = verify(engine, &own.lines, limits, |done| progress.passed(done));
    drop(progress);
    let is_proved = found.difference.is_none() && found.stretches.iter().any(|stretch| stretch.same.is_some());
    let lines = if is_json { in_json(own, &found) } else { in_words(own, &found) };
    let mut out = std::io::stdout().lock();
    super::super::printed(lines.iter().try_for_each(|line| writeln!(out, "{line}")))?;
    Ok(if is_proved { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn in_words(own: &Own, found: &Verified) -> Vec<String> {
    let zone = &own.config.home.zone;
    let minute = |at| format!("{} {}", zone.date(at), zone.hour_minute(at));
    let mut lines = Vec::new();
    if found.before > 0 {
        let steps = counted(found.before, "step");
        let why = "were written by programs that did not write down every input, and are not compared";
        lines.extend(folded(&format!("note: {steps} {why}"), 6));
    }
    for stretch in &found.stretches {
        let span = format!("{} to {}", minute(stretch.from), minute(stretch.to));
        let what = match stretch.same {
            Some(same) => format!("{} the same", counted(same, "step")),
            None => format!("not compared: decided by another configuration ({})", stretch.hash),
        };
        lines.extend(folded(&format!("{span}  program {}: {what}", stretch.program), 6));
    }
    lines.extend(days_in_words(found, minute));
    match &found.difference {
        Some(difference) => {
            lines.extend(difference_in_words("the first difference", &minute(difference.at), difference))
        }
        None if found.stretches.iter().all(|stretch| stretch.same.is_none()) => {
            let why = "nothing could be compared: no part of this history was decided by this configuration";
            lines.extend(folded(&format!("{why} ({})", own.config.hash), 0));
        }
        None => lines.push(format!("{}: decided again, byte for byte the same", counted(found.same(), "step"))),
    }
    lines
}

/// What the days taught. A difference there is no other decision: each of those stands or falls by itself.
fn days_in_words(found: &Verified, minute: impl Fn(Timestamp) -> String) -> Vec<String> {
    let all = found.days_same + found.days_differ;
    let Some(difference) = &found.day_difference else {
        let same = format!("{}: learned again, the same", counted(all, "day"));
        return (all > 0).then_some(same).into_iter().collect();
    };
    let what = format!(
        "note: of {} that were learned again, {} taught something else",
        counted(all, "day"),
        found.days_differ
    );
    let why = "reports that change nothing are written down once in ten minutes only, and all of them taught";
    let mut lines = folded(&format!("{what}; {why}. What was written down is believed"), 6);
    lines.extend(difference_in_words("the first of them", &minute(difference.at), difference));
    lines
}

fn difference_in_words(title: &str, minute: &str, difference: &Difference) -> Vec<String> {
    let side = |text: &Option<String>| text.clone().unwrap_or_else(|| "nothing".to_owned());
    vec![
        format!("{title}, at {minute}:"),
        // Whole and unbroken: they are compared character by character.
        format!("  in the history: {}", side(&difference.recorded)),
        format!("  decided again:  {}", side(&difference.replayed)),
    ]
}

fn in_json(own: &Own, found: &Verified) -> Vec<String> {
    let zone = &own.config.home.zone;
    let stretches = found.stretches.iter().map(|stretch| {
        json!({
            "type": "stretch", "from": zone.wall_clock(stretch.from), "to": zone.wall_clock(stretch.to),
            "configuration": stretch.hash, "program": stretch.program, "steps_same": stretch.same,
        })
    });
    let differences = [("difference", &found.difference), ("day_difference", &found.day_difference)];
    let differences = differences.into_iter().filter_map(|(name, difference)| {
        let difference = difference.as_ref()?;
        Some(json!({
            "type": name, "t": zone.wall_clock(difference.at),
            "recorded": difference.recorded, "replayed": difference.replayed,
        }))
    });
    let summary = json!({
        "type": "summary", "steps_same": found.same(), "steps_before": found.before,
        "days_same": found.days_same, "days_differ": found.days_differ,
        "is_same": found.difference.is_none(), "configuration": own.config.hash,
    });
    stretches.chain(differences).chain([summary]).map(|line| line.to_string()).collect()
}
