//! `carecircle test-alert`: the running gateway tries every way out from end to end, and each is shown as it answers.

use super::Failed;
use super::socket::{self, ask};
use crate::clock;
use crate::model::time::Span;
use crate::problem::Problem;
use crate::text::counted;
use crate::wire::local::{Answer, Ask, TestCourse, WayState, WayTried};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

/// Arguments of `carecircle test-alert`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The gateway's configuration, for a gateway with a state directory of its own
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The gateway's state directory, in place of a configuration
    #[arg(long, value_name = "DIR", default_value = "/var/lib/carecircle/gateway", conflicts_with = "config")]
    state_dir: PathBuf,
    /// What came of it as JSON, at its end
    #[arg(long)]
    json: bool,
}

/// Runs the command: exit code 0 where every way answered, 1 where one did not or there was no test.
pub fn run(args: Args) -> ExitCode {
    super::ended(tested(args))
}

fn tested(args: Args) -> Result<ExitCode, Failed> {
    let socket = socket::of(args.config.as_deref(), &args.state_dir)?;
    let begun = done(ask(&socket, Ask::Test, NOT_KNOWN)?)?;
    let mut page = Page { json: args.json, is_terminal: io::stdout().is_terminal(), shown: Vec::new() };
    page.say(&begun.words)?;
    let course = followed(&socket, &mut page)?;
    page.end(&course)?;
    Ok(if course.unanswered == Some(0) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Asks again and again until the test is over.
fn followed(socket: &Path, page: &mut Page) -> Result<TestCourse, Problem> {
    let begun = clock::since_boot();
    loop {
        let answer = done(ask(socket, Ask::TestResult, NOT_KNOWN)?)?;
        let course = answer.test.ok_or_else(|| Problem::of(place(socket), "this is no answer to a test"))?;
        page.show(&course)?;
        if course.over {
            return Ok(course);
        }
        if clock::since_boot() - begun > PATIENCE {
            return Err(Problem::of(place(socket), "the test does not end").with_deed(NOT_KNOWN));
        }
        thread::sleep(ASKED_EVERY);
    }
}

fn done(answer: Answer) -> Result<Answer, Problem> {
    if answer.done { Ok(answer) } else { Err(Problem::of("no test", answer.words.join("; "))) }
}

fn place(socket: &Path) -> String {
    socket.display().to_string()
}

/// What was shown so far.
struct Page {
    json: bool,
    is_terminal: bool,
    shown: Vec<usize>,
}

impl Page {
    /// A way's line comes when it is known what became of it.
    fn show(&mut self, course: &TestCourse) -> Result<(), Problem> {
        for (number, way) in course.ways.iter().enumerate() {
            if way.state != WayState::Waits && !self.shown.contains(&number) {
                self.shown.push(number);
                self.say(&[line(way)])?;
            }
        }
        Ok(())
    }

    fn end(&self, course: &TestCourse) -> Result<(), Problem> {
        if self.json {
            let json = serde_json::to_string_pretty(course).expect("a test holds only text keys and whole numbers");
            return printed(writeln!(io::stdout().lock(), "{json}"));
        }
        self.say(&[sentence(course)])
    }

    fn say(&self, lines: &[String]) -> Result<(), Problem> {
        if self.json {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        let mut lines = lines.iter().map(|line| super::fitted(line.clone(), self.is_terminal));
        printed(lines.try_for_each(|line| writeln!(out, "{line}")))
    }
}

fn printed(result: io::Result<()>) -> Result<(), Problem> {
    super::printed(result).map(drop)
}

/// `lehe to lehe (station_mqtt): answered after 0.2 s`.
fn line(way: &WayTried) -> String {
    let WayTried { channel, kind, point, state, after_ms, why } = way;
    let after = after_ms.map_or(String::new(), |ms| format!(" after {:.1} s", ms as f64 / 1000.0));
    let came = match state {
        WayState::Answered => format!("answered{after}"),
        WayState::Taken => format!("taken{after}; nobody there says that they hold it"),
        WayState::NotTold => "not told: this channel carries no tests".to_owned(),
        WayState::Failed => format!("NO ANSWER: {why}"),
        WayState::Waits => "no answer yet".to_owned(),
    };
    format!("{channel} to {point} ({kind}): {came}")
}

/// What it means, in one sentence.
fn sentence(course: &TestCourse) -> String {
    let told = course.ways.iter().filter(|way| way.state != WayState::NotTold).count() as u64;
    match course.unanswered {
        Some(0) if told == 0 => "No way out was told of this test: nothing is proved.".to_owned(),
        Some(0) => format!("All is well: {} out, every one answered.", counted(told, "way")),
        Some(unanswered) => format!(
            "{} of {} out gave no answer: an alert would not get through there. See carecircle status.",
            unanswered,
            counted(told, "way")
        ),
        None => "The test goes on.".to_owned(),
    }
}

const NOT_KNOWN: &str = "how the test went is not known; see carecircle status";
const ASKED_EVERY: Duration = Duration::from_millis(300);
/// Longer than the longest test, on a machine that is slow.
const PATIENCE: Span = Span::seconds(180);

#[cfg(test)]
mod tests {
    use super::*;

    fn course(states: &[WayState], unanswered: u32) -> TestCourse {
        let way = |state: &WayState| WayTried {
            channel: "broker".parse().unwrap(),
            kind: "station_mqtt".to_owned(),
            point: "lehe".parse().unwrap(),
            state: *state,
            after_ms: Some(1_240),
            why: "connection refused".to_owned(),
        };
        let ways = states.iter().map(way).collect();
        TestCourse { number: 7, by_hand: true, over: true, unanswered: Some(unanswered), ways }
    }

    #[test]
    fn each_way_has_its_line_and_the_end_one_sentence() {
        let states = [WayState::Answered, WayState::Taken, WayState::Failed, WayState::NotTold];
        let lines: Vec<String> = course(&states, 1).ways.iter().map(line).collect();
        assert_eq!(lines[0], "broker to lehe (station_mqtt): answered after 1.2 s");
        assert!(lines[1].contains("taken after 1.2 s; nobody there says"), "{}", lines[1]);
        assert!(lines[2].ends_with("NO ANSWER: connection refused") && lines[3].contains("not told"));
        assert!(sentence(&course(&states, 1)).starts_with("1 of 3 ways out gave no answer"));
        assert!(sentence(&course(&states[..2], 0)).starts_with("All is well: 2 ways out"));
        assert!(sentence(&course(&states[3..], 0)).contains("nothing is proved"));
    }

    #[test]
    fn where_no_gateway_runs_that_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let args = Args { config: None, state_dir: folder.path().to_owned(), json: false };
        let Err(Failed::World(problem)) = tested(args) else { panic!("there is none") };
        assert!(problem.to_string().contains("not running"), "{problem}");
    }
}
