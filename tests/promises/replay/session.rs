//! The technician's session in `docs/replay.md`: each command is run on the made-up home, and prints what stands there.

use super::made_up;
use crate::hands::terminal::Terminal;
use crate::support::{carecircle, run};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/replay.md")
}

/// What a shell in `folder` prints, with this program as `carecircle`.
fn shell(folder: &Path, command: &str) -> String {
    let program = carecircle(&[]).get_program().to_owned();
    let command = format!("carecircle() {{ \"$PROGRAM\" \"$@\"; }}; {command}");
    let output = Command::new("bash")
        .args(["-c", &command])
        .env("PROGRAM", program)
        .env("NO_COLOR", "1")
        .current_dir(folder)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
}

#[test]
fn the_session_in_the_handbook_prints_what_stands_there_and_fits_80_columns() {
    let folder = tempfile::tempdir().unwrap();
    made_up::write(folder.path());
    let text = std::fs::read_to_string(page()).unwrap();
    let mut told = String::new();
    let mut in_block = false;
    for line in text.lines() {
        let is_fence = line.starts_with("```");
        in_block = if is_fence { line == "```console" } else { in_block };
        if is_fence || !in_block || line.starts_with("$ ") {
            told.push_str(&format!("{line}\n"));
        }
        if let Some(command) = line.strip_prefix("$ ").filter(|_| in_block) {
            // There is no systemd here; what it does is told elsewhere.
            let output = if command.starts_with("sudo ") { String::new() } else { shell(folder.path(), command) };
            // `check` breaks its lines on a terminal only.
            let fits = |line: &str| line.chars().count() <= 80 || line.starts_with("new.toml: ");
            assert!(output.lines().all(fits), "{output}");
            told.push_str(&output);
        }
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(page(), &told).unwrap();
    }
    assert_eq!(told, std::fs::read_to_string(page()).unwrap(), "UPDATE_GOLDEN=1 writes it anew, then review");
}

#[test]
fn a_comparison_pairs_by_episode_and_its_lines_add_up() {
    let folder = tempfile::tempdir().unwrap();
    made_up::write(folder.path());
    let config = folder.path().join("gateway.toml");
    let database = folder.path().join("state/history.db");
    let (config, database) = (config.to_str().unwrap(), database.to_str().unwrap());
    let five = r#"rules.inactivity.windows=[{ from = "00:00", to = "24:00", at_most = "5h" }]"#;
    let own = ["replay", "--config", config, "--database", database, "--format", "jsonl"];
    let lines = |more: &[&str]| -> Vec<Value> {
        let (out, errors, code) = run(&[&own[..], more].concat(), "");
        assert_eq!((code, errors.as_str()), (0, ""), "{out}");
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let base = lines(&[]);
    assert_eq!(base.last().unwrap()["type"], "summary");
    let compared = lines(&["--compare", "--set", five]);
    let sum = compared.last().unwrap();
    let count = |word: &str| compared.iter().filter(|line| line["change"] == word).count() as u64;
    assert_eq!(sum["base"].as_u64(), Some(base.len() as u64 - 1));
    for word in ["gained", "lost", "earlier", "later"] {
        assert_eq!(sum[word].as_u64(), Some(count(word)), "{word}");
    }
    assert!(count("earlier") >= 2 && count("lost") == 0, "five hours instead of six: {sum}");
    let earlier = compared.iter().find(|line| line["change"] == "earlier").unwrap();
    assert_eq!(earlier["later_by_secs"], -3600);
    let other = lines(&["--set", five]);
    assert_eq!(sum["other"].as_u64(), Some(other.len() as u64 - 1), "the other side alone is the same");
}

#[test]
fn a_configuration_that_misses_what_people_confirmed_or_doubles_the_alerts_is_told_with_exit_code_1() {
    let folder = tempfile::tempdir().unwrap();
    made_up::write(folder.path());
    let database = folder.path().join("state/history.db");
    let check = |at_most: &str| {
        let file = folder.path().join("new.toml");
        std::fs::write(&file, made_up::CONFIG.replace("at_most = \"6h\"", &format!("at_most = \"{at_most}\"")))
            .unwrap();
        let arguments =
            ["check", file.to_str().unwrap(), "--against-history", "--database", database.to_str().unwrap()];
        let (out, _, code) = run(&arguments, "");
        (out, code)
    };
    let (out, code) = check("6h");
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("1 confirmed need"), "{out}");
    let (out, code) = check("9h");
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("2026-02-23 15:") && out.contains("would not have been raised"), "{out}");
    let (out, code) = check("55m");
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("instead of") && out.contains("inactivity"), "{out}");
}

#[test]
fn without_anything_to_read_it_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("gateway.toml");
    std::fs::write(&config, made_up::CONFIG).unwrap();
    let config = config.to_str().unwrap();
    let (_, errors, code) = run(&["replay", "--config", config, "--database", "/nowhere/history.db"], "");
    assert_eq!((code, errors.contains("/nowhere/history.db")), (1, true), "{errors}");
    let (_, errors, code) = run(&["replay", "--config", "/nowhere.toml"], "");
    assert_eq!((code, errors.contains("/nowhere.toml")), (78, true), "{errors}");
    let (_, errors, code) = run(&["replay", "--config", config, "--compare"], "");
    assert_eq!((code, errors.contains("nothing to compare")), (1, true), "{errors}");
    let (_, errors, code) = run(&["replay", "--config", config, "--set", "rules.inactvity.windows=[]"], "");
    assert_eq!((code, errors.contains("inactvity")), (78, true), "{errors}");
}

#[test]
fn long_work_shows_a_bar_on_a_terminal_that_goes_away_and_none_in_a_pipe() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("long.csv");
    let row = |minute: usize| {
        format!("2026-03-{:02}T{:02}:{:02}:00,Hall,motion,ON\n", 1 + minute / 1440, minute / 60 % 24, minute % 60)
    };
    std::fs::write(&file, "time,sensor,kind,value\n".to_owned() + &(0..12_000).map(row).collect::<String>()).unwrap();
    let arguments = ["replay", "--history", file.to_str().unwrap()];
    let (out, errors, code) = run(&arguments, "");
    assert_eq!((code, errors.as_str()), (0, ""));
    let terminal = Terminal::open(80, 24, &arguments);
    terminal.wait_for(out.lines().last().unwrap());
    let shown = terminal.shown();
    let (bar, rest) = shown.rsplit_once("100 %").expect("a bar");
    assert!(bar.contains("replaying") && bar.contains(" 50 %"), "{shown}");
    assert!(rest.trim_start_matches(['\r', ' ']).starts_with(&out[..16]), "the bar goes away: {rest:?}");
}
