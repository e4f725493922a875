//! The map of the house holds: which room may use which, and what a room must never touch.
//!
//! Reads every file under `src/`, comments and test modules cut off, and compares each `crate::`, `super::` and grouped
//! `use` with the table below, the twin of the one in `src/lib.rs`.

use std::collections::BTreeSet;
use std::path::Path;

/// A room and the rooms it may use. A room that is not here is not on the map.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("problem", &[]),
    ("engine", &["model", "problem"]),
    ("desk", &["model", "problem"]),
    ("devices", &["model", "problem"]),
    ("wire", &["model", "problem"]),
    ("text", &["model", "problem"]),
    ("picture", &["model", "problem"]),
    ("reach", &["model", "problem"]),
    ("clock", &["model", "problem"]),
    ("mqtt", &["model", "problem", "clock"]),
    ("store", &["model", "problem", "clock", "wire"]),
    ("trust", &["model", "problem", "clock", "mqtt", "text"]),
    ("sources", &["model", "problem", "clock", "mqtt"]),
    ("sinks", &["model", "problem", "clock", "mqtt", "wire", "text"]),
    ("web", &["model", "problem", "clock", "desk", "wire", "text", "store", "picture"]),
    ("broker", &["model", "problem", "clock"]),
    // Only each room's own `Settings`.
    (
        "config",
        &["model", "problem", "engine", "desk", "devices", "mqtt", "sources", "sinks", "store", "text", "reach"],
    ),
    (
        "gateway",
        &[
            "model", "problem", "engine", "devices", "wire", "text", "clock", "mqtt", "store", "sources", "sinks",
            "config",
        ],
    ),
    (
        "station",
        &["model", "problem", "desk", "wire", "text", "clock", "mqtt", "store", "sinks", "trust", "web", "config"],
    ),
    ("replay", &["model", "problem", "engine", "text"]),
    // Simulated nights step both daemons, with a disk and a broker of their own.
    (
        "sim",
        &[
            "model", "problem", "engine", "desk", "clock", "mqtt", "devices", "wire", "store", "sources", "sinks",
            "config", "gateway", "station",
        ],
    ),
    ("cmd", &["*"]),
    ("main", &["cmd"]),
    ("lib", &["*"]),
];

/// What only some rooms (or files) may name, with the rooms or files that may.
const KEPT_TO: &[(&str, &[&str])] = &[
    ("rusqlite", &["store"]),
    ("rumqttc", &["mqtt"]),
    ("tokio_serial", &["sources/serial.rs", "sinks/sms/modem.rs"]),
    ("mqtt5", &["broker/embedded.rs"]),
    ("toml::", &["config"]),
    ("tokio_rustls", &["mqtt", "station/homes/door.rs", "station/front.rs", "station/visit.rs"]),
    ("argon2", &["web/secrets.rs"]),
    ("x509_parser", &["mqtt/certificate.rs"]),
    ("rcgen", &["trust"]),
    ("rstar", &["reach"]),
    ("jiff", &["model/time.rs"]),
    ("axum", &["web", "station"]),
    ("askama", &["web"]),
    ("SystemTime", &["clock.rs"]),
    ("Instant::now", &["clock.rs"]),
    ("std::process::exit", &[]),
    ("println!", &["cmd"]),
    ("eprintln!", &["cmd"]),
];

/// What the pure rooms must never name: they cannot fail because of the world.
const PURE: &[&str] = &["model", "engine", "desk", "devices", "wire", "text", "picture", "reach"];
const WORLD: &[&str] = &[
    "tokio",
    "rusqlite",
    "rumqttc",
    "tokio_serial",
    "tracing",
    "std::fs",
    "std::net",
    "std::env",
    "std::thread",
    "SystemTime",
    "Instant",
    "HashMap",
    "HashSet",
    "rand::",
    "println!",
    "eprintln!",
];

#[test]
fn every_arrow_between_rooms_is_on_the_map() {
    let broken = broken_in(&sources());
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn the_map_catches_every_way_to_write_a_forbidden_arrow() {
    // Each of these once stood in a file and was caught; the last line of each case is what must be named.
    let cases = [
        ("engine/seen.rs", "use crate::store::Store;", "store"),
        ("engine/seen.rs", "use crate::{model::ids::HomeId, web::Page};", "web"),
        (
            "engine/rules/x.rs",
            "use crate::{\n  model::{ids::HomeId, time::Timestamp},\n  sinks::{self, Sink},\n};",
            "sinks",
        ),
        ("engine/mod.rs", "fn f() { super::store::open() }", "store"),
        ("engine/rules/x.rs", "use super::super::super::gateway::Plan;", "gateway"),
        ("model/x.rs", "use super::{alert::Alert, super::desk::Desk};", "desk"),
        ("text/x.rs", "let y = crate :: wire :: Notice :: new();", "wire"),
        ("desk/x.rs", "use carecircle::engine::Engine;", "engine"),
        ("attic/x.rs", "pub fn f() {}", "attic"),
        ("engine/x.rs", "let now = std::time::Instant::now();", "Instant"),
        ("web/x.rs", "use rusqlite::Connection;", "rusqlite"),
        ("gateway/x.rs", "println!(\"x\");", "println!"),
    ];
    for (file, code, named) in cases {
        let broken = broken_in(&[(file.to_owned(), code.to_owned())]);
        assert!(broken.iter().any(|line| line.contains(named)), "{file}: {code}: not caught, only {broken:?}");
    }
    let allowed = "// use crate::store::Store;\n/* crate::web */\nuse crate::model::ids::HomeId;\nlet s = \"crate::web::x\";\n#[cfg(test)]\nmod tests { use crate::gateway::Plan; }";
    assert_eq!(broken_in(&[("engine/x.rs".into(), allowed.into())]), Vec::<String>::new());
}

fn broken_in(files: &[(String, String)]) -> Vec<String> {
    let mut broken = Vec::new();
    for (file, source) in files {
        let code = code_of(source);
        let room = room_of(file);
        let Some((_, may)) = ARROWS.iter().find(|(name, _)| *name == room) else {
            broken.push(format!("src/{file}: room {room:?} is not on the map"));
            continue;
        };
        for used in rooms_used(file, &code) {
            if used != room && !may.contains(&"*") && !may.contains(&used.as_str()) {
                broken.push(format!("src/{file}: {room} must not use {used}"));
            }
        }
        for (word, keepers) in KEPT_TO {
            let kept = keepers.iter().any(|keeper| file == keeper || room == *keeper);
            if names(&code, word) && !kept {
                broken.push(format!("src/{file}: only {keepers:?} may name {word}"));
            }
        }
        if PURE.contains(&room.as_str()) {
            broken
                .extend(WORLD.iter().filter(|w| names(&code, w)).map(|w| format!("src/{file}: a pure room names {w}")));
        }
    }
    broken
}

fn room_of(file: &str) -> String {
    file.split('/').next().unwrap_or(file).trim_end_matches(".rs").to_owned()
}

/// Whether `code` names `word` as a word of its own.
fn names(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = code[at + word.len()..].chars().next();
        let joins = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        !joins(before) && (word.ends_with("::") || !joins(after))
    })
}

/// The code without comments, without string contents, and without what follows `#[cfg(test)]`.
fn code_of(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
        } else if rest.starts_with("/*") {
            rest = rest.find("*/").map_or("", |end| &rest[end + 2..]);
        } else if rest.starts_with("r#\"") {
            rest = rest[3..].find("\"#").map_or("", |end| &rest[end + 5..]);
        } else if c == '"' {
            let mut end = 1;
            let bytes = rest.as_bytes();
            while end < bytes.len() && bytes[end] != b'"' {
                end += if bytes[end] == b'\\' { 2 } else { 1 };
            }
            code.push_str("\"\"");
            rest = rest.get(end + 1..).unwrap_or("");
        } else if rest.starts_with("'\"'") {
            rest = &rest[3..];
        } else {
            code.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    match code.find("#[cfg(test)]") {
        Some(tests) => code[..tests].to_owned(),
        None => code,
    }
}

/// The rooms that `code` in `file` uses, by whatever way it writes them.
fn rooms_used(file: &str, code: &str) -> BTreeSet<String> {
    let tight: String = tighten(code);
    let mut used = BTreeSet::new();
    for start in ["crate::", "carecircle::"] {
        for (at, _) in tight.match_indices(start) {
            let joined = tight[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$');
            if !joined {
                heads(&tight[at + start.len()..], &mut used);
            }
        }
    }
    // `super::` climbs from the module that this file is: a file `a/b.rs` and a folder's `a/b/mod.rs` are both a::b.
    let depth = file.trim_end_matches("/mod.rs").trim_end_matches(".rs").split('/').count();
    for (at, _) in tight.match_indices("super::") {
        if tight[..at].ends_with("super::") {
            continue;
        }
        let mut climbed = 0;
        let mut rest = &tight[at..];
        while let Some(next) = rest.strip_prefix("super::") {
            climbed += 1;
            rest = next;
        }
        // Inside a group (`super::{a, super::b}`) one more level is climbed than is written.
        let grouped = tight[..at].ends_with(['{', ',']) && inside_super_group(&tight[..at]);
        if climbed + usize::from(grouped) >= depth {
            heads(rest, &mut used);
        }
    }
    used.retain(|name| name.chars().next().is_some_and(char::is_lowercase) && name != "self");
    used
}

fn inside_super_group(before: &str) -> bool {
    before.rfind("super::{").is_some_and(|open| !before[open..].contains('}'))
}

/// The first names of a path or of each member of a group.
fn heads(rest: &str, into: &mut BTreeSet<String>) {
    let Some(group) = rest.strip_prefix('{') else {
        into.insert(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        return;
    };
    let (mut depth, mut begin) = (0, true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return,
            '}' => depth -= 1,
            ',' if depth == 0 => begin = true,
            _ if begin && depth == 0 => {
                into.insert(group[at..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
                begin = false;
            }
            _ => {}
        }
    }
}

/// Without white space around `::`, `{` and `,`.
fn tighten(code: &str) -> String {
    let words: Vec<&str> = code.split_whitespace().collect();
    let mut tight = String::with_capacity(code.len());
    for word in words {
        let joins = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        if joins(tight.chars().next_back()) && joins(word.chars().next()) {
            tight.push(' ');
        }
        tight.push_str(word);
    }
    tight
}

fn sources() -> Vec<(String, String)> {
    fn walk(dir: &Path, root: &Path, into: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, root, into);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
                into.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    walk(&root, &root, &mut files);
    assert!(files.len() > 40, "the house has more files than that");
    files
}
