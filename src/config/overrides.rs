//! `--set rules.inactivity.windows=[…]`: single settings of the rules, changed for one run.

use crate::engine::rules;
use crate::engine::rules::profile::Profile;
use crate::problem::Problem;

/// The rule settings of `base` (the text of a configuration file, or nothing) with `sets` (`key=value`) put on top.
pub fn rules(base: &str, sets: &[String]) -> Result<rules::Settings, Problem> {
    let mut table: toml::Table = toml::from_str(base).map_err(|error| Problem::new(error.message().to_owned()))?;
    for set in sets {
        let (path, value) = path_and_value(set)?;
        put(&mut table, &path, value_of(value)).map_err(|what| Problem::of(format!("--set {set}"), what))?;
    }
    let section = table.remove("rules").unwrap_or_else(|| toml::Value::Table(toml::Table::new()));
    let section = with_profile(section);
    let settings: rules::Settings = section.try_into().map_err(|error: toml::de::Error| {
        Problem::of("rules", error.message().to_owned()).with_deed("see config/gateway.toml for every key")
    })?;
    Ok(settings)
}

/// `set` (`key=value`) as a line of a configuration file.
pub(super) fn line(set: &str) -> Result<String, Problem> {
    let (path, value) = path_and_value(set)?;
    let is_value = parsed(value).is_some();
    // What is no value is text; a string of JSON is one of TOML.
    let value = if is_value { value.to_owned() } else { serde_json::Value::from(value).to_string() };
    Ok(format!("{} = {value}", path.join(".")))
}

/// The parts of the key, and what stands behind the `=`.
fn path_and_value(set: &str) -> Result<(Vec<&str>, &str), Problem> {
    let (key, value) = set.split_once('=').ok_or_else(|| {
        Problem::of(format!("--set {set}"), "no value").with_deed("write it as rules.inactivity.windows=[…]")
    })?;
    let path: Vec<&str> = key.trim().split('.').collect();
    if path.first() != Some(&"rules") || path.len() < 2 {
        return Err(Problem::of(format!("--set {set}"), "only settings below `rules.` can be changed for one run"));
    }
    Ok((path, value.trim()))
}

/// The section with its profile's keys under it.
fn with_profile(section: toml::Value) -> toml::Value {
    let named = section.get("profile").and_then(toml::Value::as_str).map(str::to_owned);
    let profile = Profile::ALL.into_iter().find(|profile| named.as_deref() == Some(profile.as_str()));
    let lower: toml::Table = profile.and_then(|profile| toml::from_str(profile.text()).ok()).unwrap_or_default();
    let mut whole = toml::Value::Table(lower);
    lay_over(&mut whole, section);
    whole
}

fn lay_over(lower: &mut toml::Value, upper: toml::Value) {
    match (lower, upper) {
        (toml::Value::Table(lower), toml::Value::Table(upper)) => {
            for (key, value) in upper {
                match lower.get_mut(&key) {
                    Some(below) => lay_over(below, value),
                    None => drop(lower.insert(key, value)),
                }
            }
        }
        (lower, upper) => *lower = upper,
    }
}

/// A TOML value where it is one, else plain text: `9h` need not be quoted for the shell.
fn value_of(text: &str) -> toml::Value {
    parsed(text).unwrap_or_else(|| toml::Value::String(text.to_owned()))
}

/// Exactly one TOML value.
fn parsed(text: &str) -> Option<toml::Value> {
    let mut table: toml::Table = toml::from_str(&format!("value = {text}")).ok()?;
    table.remove("value").filter(|_| table.is_empty())
}

fn put(table: &mut toml::Table, path: &[&str], value: toml::Value) -> Result<(), String> {
    let (last, parents) = path.split_last().expect("a split always has one part");
    let mut at = table;
    for parent in parents {
        let entry = at.entry((*parent).to_owned()).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        at = entry.as_table_mut().ok_or_else(|| format!("`{parent}` is a value, not a section"))?;
    }
    at.insert((*last).to_owned(), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::Span;

    #[test]
    fn a_single_setting_is_changed_and_the_rest_stays() {
        let base = "[rules.silent_sensor]\nafter = \"30h\"\n";
        let sets = ["rules.not_observed.at_most=5m".to_owned(), "rules.off=[\"low_battery\"]".to_owned()];
        let settings = rules(base, &sets).unwrap();
        assert_eq!(settings.silent_sensor.after, Span::hours(30));
        assert_eq!(settings.not_observed.at_most, Span::minutes(5));
        assert_eq!(settings.off, ["low_battery"]);
    }

    #[test]
    fn a_setting_is_one_line_of_a_configuration_and_no_more() {
        assert_eq!(line("rules.silent_sensor.after=30h").unwrap(), "rules.silent_sensor.after = \"30h\"");
        assert_eq!(line("rules.off=[\"flood\"]").unwrap(), "rules.off = [\"flood\"]");
        let smuggled = line("rules.off=[]\nhome.id=\"x\"").unwrap();
        assert_eq!(smuggled.lines().count(), 1, "{smuggled}");
        assert!(line("home.id=x").is_err());
    }

    #[test]
    fn a_mistyped_setting_is_refused_and_a_number_may_be_whole() {
        assert!(rules("", &["rules.inactvity.windows=[]".into()]).is_err());
        assert!(rules("", &["home.id=x".into()]).is_err());
        let set = rules("", &["rules.rhythm.target_false_alerts_per_30_days=2".into()]).unwrap();
        assert_eq!(set.rhythm.target_false_alerts_per_30_days, 2.0);
    }
}
