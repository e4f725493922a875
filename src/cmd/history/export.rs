//! Everything that is kept of a home as JSON lines: for the person as it is, for everybody else without what names anybody.

use super::{DATABASE, configured, each_line};
use crate::cmd::{self, Failed};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `carecircle history export`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The gateway's configuration
    #[arg(long, value_name = "FILE", default_value = cmd::DEFAULT_CONFIG)]
    config: PathBuf,
    /// Ids and words as they are: for the person whose data it is
    #[arg(long)]
    as_is: bool,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failed> {
    let config = configured(&args.config)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut names = (!args.as_is).then(Names::default);
    let mut written = writeln!(out, "{}", readme(args.as_is));
    let read = each_line(&config.state_dir.join(DATABASE), |recorded| {
        if written.is_err() {
            return;
        }
        let line = serde_json::to_value(&recorded).expect("history lines hold only text keys and finite numbers");
        let line = names.as_mut().map_or(line.clone(), |names| names.hidden(line));
        written = writeln!(out, "{line}");
    });
    read?;
    Ok(cmd::printed(written.and_then(|()| out.flush()))?)
}

fn readme(as_is: bool) -> Value {
    let names = match as_is {
        true => "ids and words are as they are kept",
        false => {
            "ids and free words are replaced by n1, n2 …, each by the same one throughout; instants are as they are"
        }
    };
    json!({ "readme": {
        "lines": "one JSON object each, in the order in which they were written; its one key is the kind of line",
        "observed": "a reading: at, sensor, measure, evidence",
        "heard_before": "a reading that said nothing new",
        "step": "a step of an alert: its number, and who did what when",
        "day": "what a day taught: when it was quiet, and how long",
        "others": "what the gateway knew of itself: links, starts, clock, configuration, tests",
        "instants": "UTC; those that end in _ms are milliseconds since 1970",
        "names": names,
    }})
}

/// Words that could name somebody, and what stands for them.
#[derive(Debug, Default)]
struct Names(BTreeMap<String, String>);

impl Names {
    /// The same line with every text replaced that is neither an instant nor one of the program's own words.
    fn hidden(&mut self, value: Value) -> Value {
        self.under("", value)
    }

    fn under(&mut self, key: &str, value: Value) -> Value {
        match value {
            Value::String(text) if OWN_WORDS.contains(&key) || is_instant(&text) => Value::String(text),
            Value::String(text) => Value::String(self.of(text)),
            Value::Array(items) => Value::Array(items.into_iter().map(|item| self.under(key, item)).collect()),
            Value::Object(fields) => {
                let hidden = |(key, value): (String, Value)| {
                    let value = self.under(&key, value);
                    // A map by sensor: its keys are names, too.
                    (self.0.get(&key).cloned().unwrap_or(key), value)
                };
                Value::Object(fields.into_iter().map(hidden).collect())
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value,
        }
    }

    fn of(&mut self, text: String) -> String {
        let next = format!("n{}", self.0.len() + 1);
        self.0.entry(text).or_insert(next).clone()
    }
}

fn is_instant(text: &str) -> bool {
    text.len() >= 20 && text.parse::<crate::model::time::Timestamp>().is_ok()
}

/// Under these keys only words of the program stand.
const OWN_WORDS: &[&str] =
    &["change", "class", "deed", "evidence", "kind", "measure", "phase", "program", "role", "rule", "severity"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_somebody_is_replaced_by_the_same_word_throughout() {
        let mut names = Names::default();
        let line = json!({"step": {"at": "2026-03-02T08:00:00Z", "deed": "noted", "by": "p-03", "words": ["called Wang"], "n": 3}});
        let hidden =
            json!({"step": {"at": "2026-03-02T08:00:00Z", "deed": "noted", "by": "n1", "words": ["n2"], "n": 3}});
        assert_eq!(names.hidden(line), hidden);
        assert_eq!(names.hidden(json!({"by": "p-03", "p-03": 1})), json!({"by": "n1", "n1": 1}));
    }
}
