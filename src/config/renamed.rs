//! Keys that were renamed: the old name works, with a warning, for two minor versions.

use crate::config::document::Table;
use crate::config::report::Report;

/// One renamed key.
pub(super) struct Renamed {
    /// The section as people call it: `[home]`, `[[sensor]]`.
    pub section: &'static str,
    pub old: &'static str,
    pub new: &'static str,
}

/// All renamed keys. None so far.
const RENAMED: &[Renamed] = &[];

/// Gives renamed keys of a section their new names.
pub(super) fn apply(section: &str, table: &mut Table<'_>, report: &Report<'_>) {
    apply_these(RENAMED, section, table, report);
}

fn apply_these(all: &[Renamed], section: &str, table: &mut Table<'_>, report: &Report<'_>) {
    for renamed in all.iter().filter(|renamed| renamed.section == section) {
        let Some(entry) = table.remove(renamed.old) else { continue };
        let what = format!("\"{}\" is now called \"{}\"; the old name will stop working", renamed.old, renamed.new);
        report.warning(&entry.key, what, Some(format!("write {}", renamed.new)));
        table.entry(renamed.new.to_owned()).or_insert(entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::document;
    use crate::config::report::Source;

    #[test]
    fn a_renamed_key_works_under_its_old_name_with_a_warning() {
        let made_up = [Renamed { section: "[home]", old: "flat", new: "id" }];
        let files = [Source { name: "gateway.toml".into(), text: "flat = \"x\"\n".into() }];
        let report = Report::new(&files);
        let mut table = document::read(&report);
        apply_these(&made_up, "[home]", &mut table, &report);
        assert_eq!(table.get("id").and_then(|entry| entry.node.text()), Some("x"));
        assert!(!report.has_errors());
        let problem = report.into_problems().remove(0).to_string();
        assert!(
            problem.contains("warning: \"flat\" is now called \"id\"") && problem.contains("^^^^ write id"),
            "{problem}"
        );
    }
}
