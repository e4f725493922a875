//! Who is asked when, in plain words: what the steps of a configuration come to.

use crate::config;
use crate::engine::circle::{Ask, AskStep, Circle, Wait};
use crate::model::ids::PointId;
use crate::model::time::write_span;
use crate::text::{self, Language};

/// One line a step.
pub(super) fn asked(config: &config::Gateway) -> Vec<String> {
    let circle = &config.circle;
    let mut lines = vec!["who is asked about the person, while nobody has taken it:".to_owned()];
    for (nth, step) in circle.steps.each().iter().enumerate() {
        let whom: Vec<String> = step.ask.iter().map(|ask| whom(circle, ask)).collect();
        let whom = if whom.is_empty() { "those asked before, once more".to_owned() } else { whom.join(", ") };
        let resort = match step.last_resort {
            true => format!("; from here on everybody is told to go if near, and to call {}", circle.emergency_number),
            false => String::new(),
        };
        let when = if nth == 0 { "at once".to_owned() } else { when(step) };
        lines.push(format!("  {when}: {whom}{resort}"));
    }
    let (often, rarely) = circle.steps.repeats_every();
    lines.push(match often == rarely {
        true => format!("  then the last of these again every {}, without end", write_span(often)),
        false => {
            let (often, rarely) = (write_span(often), write_span(rarely));
            format!("  then the last of these again every {often} for an hour, later every {rarely}, without end")
        }
    });
    lines.push(match config.weekly_test {
        Some(when) => format!("every way out is tested each {when}, and by hand: carecircle test-alert"),
        None => "the ways out are never tested by themselves; by hand: carecircle test-alert".to_owned(),
    });
    lines
}

fn when(step: &AskStep) -> String {
    let (after, unreceived) = (wait(step.after), wait(step.unreceived_after));
    if after == unreceived {
        format!("after {after}")
    } else {
        format!("after {after} ({unreceived} while no station has it)")
    }
}

fn wait(Wait { emergency, urgent }: Wait) -> String {
    if emergency == urgent {
        return write_span(emergency);
    }
    format!("{}, of a warning {}", write_span(emergency), write_span(urgent))
}

fn whom(circle: &Circle, ask: &Ask) -> String {
    match ask {
        Ask::Nearest => "the nearest point".to_owned(),
        Ask::Next => "the next point".to_owned(),
        Ask::AllPoints => "every point".to_owned(),
        Ask::Named(id) => named(circle, id),
    }
}

fn named(circle: &Circle, id: &PointId) -> String {
    let Some(person) = circle.people.iter().find(|person| person.id == *id) else { return format!("point {id}") };
    let role = text::relation(Language::English, person.relation);
    let travel = person.travel.map(|travel| format!(", {} away", write_span(travel))).unwrap_or_default();
    let name = person.name.as_ref().map(|name| format!(", {}", text::shown(name, 40))).unwrap_or_default();
    let is_always = person.on_duty == crate::model::duty::DutyHours::always();
    let hours = if is_always { "" } else { ", in their hours" };
    match format!("{travel}{name}{hours}").strip_prefix(", ") {
        Some(more) => format!("{role} {id} ({more})"),
        None => format!("{role} {id}"),
    }
}
