//! The ways out in `carecircle status`: what is proved, what is lost, and that nobody can be told.

use super::{ago, first_line, seconds, span};
use crate::model::level::Level;
use crate::model::status::{PathState, PathStatus, Status, TestStatus};
use crate::model::time::Timestamp;

/// The very first line, where it is so.
pub(super) fn nobody_is_reached(status: &Status) -> Option<String> {
    let waits = match status.outbox.waiting {
        0 => String::new(),
        1 => "; 1 notice waits for it".to_owned(),
        notices => format!("; {notices} notices wait for it"),
    };
    let line = format!("UNREACHABLE NOBODY CAN BE TOLD: no way out works{waits}");
    status.nobody_is_reached().then_some(line)
}

/// Every way out: what was proved, and within which time it must be proved again.
pub(super) fn lines(now: Timestamp, status: &Status) -> Vec<String> {
    let is_proved = status.paths.iter().any(|path| path.state == PathState::Works);
    let remark = (!is_proved && !status.nobody_is_reached() && !status.paths.is_empty())
        .then(|| "NO WAY OUT IS PROVED to reach anybody".to_owned());
    let lines = remark.into_iter().chain(status.paths.iter().map(|path| path_line(now, path)));
    lines
        .enumerate()
        .flat_map(|(number, line)| {
            let line = format!("{:11} {line}", if number == 0 { "ways out" } else { "" });
            line.lines().map(str::to_owned).collect::<Vec<_>>()
        })
        .collect()
}

/// How the newest test went. That there never was one is said too, by a gateway that knows of ways out and of tests.
pub(super) fn test_line(now: Timestamp, status: &Status) -> Option<String> {
    let Some(TestStatus { at, by_hand, unanswered }) = &status.last_test else {
        let never = "tested      never; carecircle test-alert tries every way out";
        return (!status.paths.is_empty()).then(|| never.to_owned());
    };
    let came = match unanswered {
        None => "its end is not known yet".to_owned(),
        Some(0) => "every way answered".to_owned(),
        Some(1) => "1 WAY GAVE NO ANSWER".to_owned(),
        Some(unanswered) => format!("{unanswered} WAYS GAVE NO ANSWER"),
    };
    let which = if *by_hand { "by hand" } else { "weekly" };
    Some(format!("tested      last {}, {which}: {came}", ago(now, *at)))
}

fn path_line(now: Timestamp, path: &PathStatus) -> String {
    let PathStatus { channel, point, level_secs, state, proved_at, why } = path;
    let name = if channel.as_str() == point.as_str() { point.to_string() } else { format!("{channel} to {point}") };
    let proved = proved_at.map_or("never proved".to_owned(), |at| format!("proved {}", ago(now, at)));
    let state = match state {
        PathState::Works => format!("works, {proved}"),
        PathState::Carried => format!("carried to the broker, not confirmed by the station, {proved}"),
        PathState::Lost => format!("LOST, {proved}"),
        PathState::Unproven => format!("not known yet, {proved}"),
    };
    let why = if why.is_empty() { String::new() } else { format!("\n            {}", first_line(why)) };
    let level = Level::of(seconds(*level_secs)).map_or_else(|| span(seconds(*level_secs)), |level| level.to_string());
    format!("{name:14} {state} (level {level}){why}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::listen::testing::assert_golden;
    use crate::cmd::status::tests::{STATUS, after};

    #[test]
    fn the_ways_out_are_shown_and_none_is_called_fine_that_nothing_proves() {
        let mut status: Status = serde_json::from_str(STATUS).unwrap();
        let path = |channel: &str, state, proved: Option<i64>, why: &str| PathStatus {
            channel: channel.parse().unwrap(),
            point: "lehe".parse().unwrap(),
            level_secs: 180,
            state,
            proved_at: proved.map(|secs| after(-secs)),
            why: why.to_owned(),
        };
        status.paths = vec![
            path("lehe", PathState::Works, Some(12), ""),
            path("sms", PathState::Lost, Some(90_000), "the modem is not in the network"),
            path("old", PathState::Carried, None, ""),
            path("new", PathState::Unproven, None, ""),
        ];
        let shown = |status: &Status| super::super::lines(after(4), status, true).join("\n");
        assert_golden("status_ways.txt", &format!("{}\n", lines(after(4), &status).join("\n")));
        assert!(shown(&status).starts_with("running"), "{}", shown(&status));
        assert!(shown(&status).contains("tested      never;"), "{}", shown(&status));
        for (unanswered, words) in [
            (None, "its end is not known yet"),
            (Some(0), "every way answered"),
            (Some(1), "1 WAY GAVE NO ANSWER"),
            (Some(2), "2 WAYS GAVE NO ANSWER"),
        ] {
            status.last_test = Some(TestStatus { at: after(-3 * 86_400), by_hand: false, unanswered });
            let line = test_line(after(4), &status).unwrap();
            assert_eq!(line, format!("tested      last {}, weekly: {words}", ago(after(4), after(-3 * 86_400))));
        }
        status.paths.remove(0);
        let unproved = shown(&status);
        assert!(unproved.contains("NO WAY OUT IS PROVED") && unproved.starts_with("running"), "{unproved}");
        status.paths.truncate(1);
        let unreached = shown(&status);
        let first = "UNREACHABLE NOBODY CAN BE TOLD: no way out works; 3 notices wait for it\n";
        assert!(unreached.starts_with(first), "{unreached}");
        assert!(unreached.lines().all(|line| crate::cmd::listen::width(line) <= 80), "{unreached}");
        assert!(super::super::json(&status, true).contains("\"state\": \"lost\""));
    }
}
