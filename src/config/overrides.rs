//! `--set rules.inactivity.windows=[…]`: single settings of the rules, changed for one run.
//!
//! Each is one more file that wins over those before it, and is read like them: what `check` would say of it is said here too.

use super::report::Source;
use super::{finish, rules as section_of_rules, sources, visits};
use crate::engine::rules;
use crate::problem::Problem;
use std::path::Path;

/// The rules of the configuration at `path` and its `conf.d/*.toml`, or the usual ones, with `sets` (`key=value`) put on top.
/// Whatever else stands in the files is not looked at: they need not be whole.
pub fn rules(path: Option<&Path>, sets: &[String]) -> Result<rules::Settings, Vec<Problem>> {
    let mut files = path.map_or_else(|| Ok(Vec::new()), sources)?;
    files.extend(as_files(sets).map_err(|problem| vec![problem])?);
    read(files)
}

/// Each of `sets` as a file of a configuration.
pub(super) fn as_files(sets: &[String]) -> Result<Vec<Source>, Problem> {
    sets.iter().map(|set| Ok(Source { name: "--set".to_owned(), text: line(set)? })).collect()
}

fn read(mut files: Vec<Source>) -> Result<rules::Settings, Vec<Problem>> {
    if files.is_empty() {
        files.push(Source { name: "rules".to_owned(), text: String::new() });
    }
    let (settings, problems) = finish(&files, |root, report| {
        let mut settings = section_of_rules::read(&root.section("rules"), report)?;
        settings.missed_visit.visits = visits::read(root);
        Some(settings)
    });
    settings.ok_or(problems)
}

/// `set` (`key=value`) as a line of a configuration file.
fn line(set: &str) -> Result<String, Problem> {
    let (key, value) = set.split_once('=').ok_or_else(|| {
        Problem::of(format!("--set {set}"), "no value").with_deed("write it as rules.inactivity.windows=[…]")
    })?;
    let (key, value) = (key.trim(), value.trim());
    if key.strip_prefix("rules.").is_none_or(str::is_empty) {
        return Err(Problem::of(format!("--set {set}"), "only settings below `rules.` can be changed for one run"));
    }
    // What is no value is text, so that `9h` need not be quoted for the shell.
    let value = if is_one_value(value) { value.to_owned() } else { quoted(value) };
    Ok(format!("{} = {value}", as_key(key)))
}

/// As it was typed where TOML takes it; else each part in quotes that needs them: a room may have a Chinese name.
fn as_key(typed: &str) -> String {
    let is_key = !typed.contains('\n') && toml::from_str::<toml::Table>(&format!("{typed} = 0")).is_ok();
    if is_key {
        return typed.to_owned();
    }
    let is_bare = |part: &&str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    let part =
        |part: &str| Some(part).filter(is_bare).filter(|part| !part.is_empty()).map_or(quoted(part), str::to_owned);
    typed.split('.').map(part).collect::<Vec<_>>().join(".")
}

/// A string of JSON is one of TOML.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn is_one_value(text: &str) -> bool {
    let table = toml::from_str::<toml::Table>(&format!("value = {text}"));
    table.is_ok_and(|table| table.len() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::Span;

    fn with(base: &str, sets: &[&str]) -> Result<rules::Settings, String> {
        let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
        let words = |problems: Vec<Problem>| problems.iter().map(Problem::to_string).collect::<String>();
        let mut files = vec![Source { name: "gateway.toml".to_owned(), text: base.to_owned() }];
        files.extend(as_files(&sets).map_err(|problem| problem.to_string())?);
        read(files).map_err(words)
    }

    #[test]
    fn a_single_setting_is_changed_and_the_rest_stays() {
        let base = "[rules.silent_sensor]\nafter = \"30h\"\n";
        let settings = with(base, &["rules.not_observed.at_most=5m", "rules.off=[\"low_battery\"]"]).unwrap();
        assert_eq!(settings.silent_sensor.after, Span::hours(30));
        assert_eq!(settings.not_observed.at_most, Span::minutes(5));
        assert_eq!(settings.off, ["low_battery"]);
        assert_eq!(rules(None, &[]).unwrap(), rules::Settings::default());
    }

    #[test]
    fn a_range_that_check_refuses_is_refused_for_one_run_too() {
        let wrong = with("", &["rules.rhythm.target_false_alerts_per_30_days=40"]).unwrap_err();
        assert!(wrong.contains("out of range") && wrong.contains("from 0.1 to 10"), "{wrong}");
        let wrong = with("", &["rules.inactivity.windows=[{ from = \"00:00\", to = \"24:00\", at_most = \"900h\" }]"]);
        assert!(wrong.unwrap_err().contains("out of range"));
        let wrong = with("[rules]\noff = [\"call_button\"]\n", &[]).unwrap_err();
        assert!(wrong.contains("cannot be switched off"), "the file too: {wrong}");
    }

    #[test]
    fn the_last_of_two_wins_and_a_profile_stays_below_both() {
        let settings =
            with("", &["rules.profile=frail", "rules.link_lost.after=3m", "rules.link_lost.after=4m"]).unwrap();
        assert_eq!(settings.link_lost.after, Span::minutes(4));
        let profile = with("[rules]\nprofile = \"frail\"\n", &[]).unwrap();
        assert_eq!(rules::Settings { link_lost: profile.link_lost.clone(), ..settings }, profile);
    }

    #[test]
    fn what_the_site_says_in_conf_d_holds_for_one_run_too() {
        let folder = tempfile::tempdir().unwrap();
        let main = folder.path().join("gateway.toml");
        std::fs::create_dir(folder.path().join("conf.d")).unwrap();
        std::fs::write(&main, "[rules.link_lost]\nafter = \"3m\"\n").unwrap();
        std::fs::write(folder.path().join("conf.d/site.toml"), "[rules.link_lost]\nafter = \"5m\"\n").unwrap();
        assert_eq!(rules(Some(&main), &[]).unwrap().link_lost.after, Span::minutes(5));
        let set = ["rules.link_lost.after=6m".to_owned()];
        assert_eq!(rules(Some(&main), &set).unwrap().link_lost.after, Span::minutes(6));
    }

    #[test]
    fn a_setting_is_one_line_of_a_configuration_and_no_more() {
        assert_eq!(line("rules.silent_sensor.after=30h").unwrap(), "rules.silent_sensor.after = \"30h\"");
        assert_eq!(line("rules.off=[\"flood\"]").unwrap(), "rules.off = [\"flood\"]");
        for smuggled in ["rules.off=[]\nhome.id=\"x\"", "rules.x\n[home]\nid=1", "rules.x = 1\nhome.id = 2"] {
            let smuggled = line(smuggled).unwrap();
            assert_eq!(smuggled.lines().count(), 1, "{smuggled}");
        }
        assert!(line("home.id=x").is_err());
        assert!(line("rules.=x").is_err());
    }

    #[test]
    fn a_key_of_any_letters_is_taken() {
        assert_eq!(line("rules.stuck_sensor.room_times.客厅=5").unwrap(), "rules.stuck_sensor.room_times.\"客厅\" = 5");
        assert_eq!(
            line("rules.stuck_sensor.room_times.\"a.b\"=5").unwrap(),
            "rules.stuck_sensor.room_times.\"a.b\" = 5"
        );
        let settings = with("", &["rules.stuck_sensor.room_times.客厅=5"]).unwrap();
        assert_eq!(settings.stuck_sensor.room_times.values().copied().collect::<Vec<f64>>(), [5.0]);
    }

    #[test]
    fn a_mistyped_setting_is_refused_and_a_number_may_be_whole() {
        assert!(with("", &["rules.inactvity.windows=[]"]).is_err());
        assert!(with("", &["home.id=x"]).is_err());
        let set = with("", &["rules.rhythm.target_false_alerts_per_30_days=2"]).unwrap();
        assert_eq!(set.rhythm.target_false_alerts_per_30_days, 2.0);
    }
}
