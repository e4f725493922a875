//! The whole table of legal transitions, phase × step × role, is one golden file.

use super::support::assert_golden;
use carecircle::model::lifecycle::{Deed, Next, Phase, Refusal, Role};
use std::fmt::Write;

#[test]
fn the_table_of_transitions_is_the_one_that_was_agreed() {
    let mut table = String::from(
        "# Phase::after: for each step and phase, where it leads and who may do it.\n\
         # `same`: the phase stays. `back`: to the phase before the undone step. `-`: refused in this phase for everybody.\n",
    );
    for deed in Deed::examples() {
        let may: Vec<String> = Role::ALL
            .into_iter()
            .filter(|role| Phase::ALL.into_iter().any(|phase| phase.after(&deed, *role).is_ok()))
            .map(|role| format!("{role:?}").to_lowercase())
            .collect();
        let may = if may.is_empty() { "nobody: begins an alert".to_owned() } else { may.join(", ") };
        writeln!(table, "\n{} ({may})", deed.name()).unwrap();
        for phase in Phase::ALL {
            writeln!(table, "    {:<11} {}", phase.as_str(), leads(phase, &deed)).unwrap();
        }
    }
    assert_golden("life_cycle.txt", &table);
}

/// Where the deed leads; a role either may do a deed wherever it is legal, or nowhere.
fn leads(phase: Phase, deed: &Deed) -> String {
    let results: Vec<_> = Role::ALL.into_iter().map(|role| phase.after(deed, role)).collect();
    let legal: Vec<Next> = results.iter().filter_map(|result| result.as_ref().ok().copied()).collect();
    assert!(legal.windows(2).all(|pair| pair[0] == pair[1]), "roles lead to different phases");
    for result in &results {
        match result {
            Err(Refusal::NotInPhase { phase: named }) => assert_eq!((*named, legal.len()), (phase, 0)),
            Err(Refusal::NotForRole { .. }) | Ok(_) => {}
            Err(other) => panic!("the table knows phases and roles only, not {other:?}"),
        }
    }
    match legal.first() {
        Some(Next::To(to)) => to.as_str().to_owned(),
        Some(Next::Same) => "same".to_owned(),
        Some(Next::Before) => "back".to_owned(),
        None => "-".to_owned(),
    }
}
