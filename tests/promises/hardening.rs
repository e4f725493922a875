//! Goal: what the units forbid, the daemons never need; and nothing listens that was not asked to. Method: both real daemons
//! under strace through a start, a press and a stop; their system calls against the sets that systemd itself prints.

use crate::support::{carecircle, wait_until};
use crate::world::{Home, PATIENCE, World};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A daemon under strace.
struct Traced {
    strace: Child,
    calls: PathBuf,
}

impl Traced {
    fn start(world: &World, what: &str) -> Traced {
        let (calls, config) = (world.path(&format!("{what}.calls")), world.path(&format!("{what}.toml")));
        let log = std::fs::File::create(world.path(&format!("{what}.log"))).unwrap();
        let daemon = carecircle(&[]).get_program().to_owned();
        let strace = Command::new("strace")
            .args(["-f", "-qq", "-o", calls.to_str().unwrap()])
            .arg(daemon)
            .args([what, "--config", config.to_str().unwrap()])
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn();
        Traced { strace: strace.expect("strace is installed (apt-get install strace)"), calls }
    }

    fn daemon(&self) -> u32 {
        let pid = self.strace.id();
        let children = || std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        let mut child = String::new();
        wait_until("the daemon is there", PATIENCE, || {
            child = children();
            !child.trim().is_empty()
        });
        child.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// Ends the daemon as systemd does; the system calls it made.
    fn stop(mut self) -> BTreeSet<String> {
        assert!(Command::new("kill").arg(self.daemon().to_string()).status().unwrap().success());
        wait_until("the daemon ends", PATIENCE, || self.strace.try_wait().unwrap().is_some());
        calls_in(&std::fs::read_to_string(&self.calls).unwrap())
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        self.strace.kill().ok();
        self.strace.wait().ok();
    }
}

/// `1234 read(3, …`: the word before the bracket; a line that goes on after another thread's has none.
fn calls_in(trace: &str) -> BTreeSet<String> {
    let call = |line: &str| {
        let name = line.split_once(' ')?.1.trim_start().split_once('(')?.0;
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        is_name.then(|| name.to_owned())
    };
    trace.lines().filter_map(call).collect()
}

/// The sets of system calls by their names, as this machine's systemd has them.
fn sets() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new("systemd-analyze").args(["syscall-filter", "--no-pager"]).output().unwrap();
    let (mut sets, mut set) = (BTreeMap::<String, BTreeSet<String>>::new(), String::new());
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let word = line.trim();
        match line.starts_with('@') {
            true => set = word.to_owned(),
            false if word.is_empty() || word.starts_with('#') => {}
            false => drop(sets.entry(set.clone()).or_default().insert(word.to_owned())),
        }
    }
    sets
}

fn of_set(sets: &BTreeMap<String, BTreeSet<String>>, name: &str) -> BTreeSet<String> {
    let members = sets.get(name).unwrap_or_else(|| panic!("systemd knows no set {name}"));
    let each = |member: &String| match member.starts_with('@') {
        true => of_set(sets, member),
        false => BTreeSet::from([member.clone()]),
    };
    members.iter().flat_map(each).collect()
}

/// What the unit lets through, from its own lines.
fn allowed(unit: &str) -> BTreeSet<String> {
    let (text, sets) = (std::fs::read_to_string(Path::new("systemd").join(unit)).unwrap(), sets());
    let mut allowed = of_set(&sets, "@default");
    for line in text.lines().filter_map(|line| line.strip_prefix("SystemCallFilter=")) {
        let names = line.trim_start_matches('~').split_whitespace();
        let named: BTreeSet<String> = names.flat_map(|name| of_set(&sets, name)).collect();
        match line.starts_with('~') {
            true => allowed.retain(|call| !named.contains(call)),
            false => allowed.extend(named),
        }
    }
    allowed
}

/// Ports of this machine on which the process listens.
fn listening(pid: u32) -> BTreeSet<u16> {
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    let sockets: BTreeSet<String> = open
        .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
        .filter_map(|link| Some(link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect();
    let of = |table: &str| std::fs::read_to_string(format!("/proc/{pid}/net/{table}")).unwrap_or_default();
    let both = of("tcp") + &of("tcp6");
    let port = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let is_ours = *fields.get(3)? == "0A" && sockets.contains(*fields.get(9)?);
        is_ours.then(|| u16::from_str_radix(fields[1].rsplit(':').next()?, 16).ok())?
    };
    both.lines().filter_map(port).collect()
}

#[test]
fn the_daemons_need_no_system_call_that_their_units_forbid_and_listen_nowhere_unasked() {
    let world = World::configure(&Home::default());
    let (station, gateway) = (Traced::start(&world, "station"), Traced::start(&world, "gateway"));
    world.wait_ready();
    world.move_in_hall();
    world.press();
    wait_until("the press is on the desk", PATIENCE, || world.alerts_of("call_button").len() == 1);
    assert_eq!(listening(gateway.daemon()), BTreeSet::new(), "the gateway listens on no port at all");
    assert_eq!(listening(station.daemon()), BTreeSet::from([world.page]), "the station on its page alone");
    for (what, traced) in [("gateway", gateway), ("station", station)] {
        let (made, allowed) = (traced.stop(), allowed(&format!("carecircle-{what}.service")));
        // SQLite gives its files to the owner of the database where root opens it; the units run as carecircle.
        let as_root = |call: &&String| matches!(call.as_str(), "fchown" | "chown" | "fchown32");
        let refused: Vec<&String> = made.difference(&allowed).filter(|call| !as_root(call)).collect();
        eprintln!("{what}: {} system calls made of {} let through", made.len(), allowed.len());
        assert!(made.len() > 30, "{what}: strace saw only {made:?}");
        assert!(refused.is_empty(), "{what}: its unit refuses {refused:?}");
    }
}

#[test]
fn the_units_hand_over_secrets_and_bound_memory_and_tasks() {
    for unit in ["carecircle-gateway.service", "carecircle-station.service"] {
        let text = std::fs::read_to_string(Path::new("systemd").join(unit)).unwrap();
        for key in
            ["LoadCredential=secrets:/etc/carecircle/secrets", "MemoryHigh=", "MemoryMax=", "TasksMax=", "UMask=0077"]
        {
            assert!(text.lines().any(|line| line.starts_with(key)), "{unit} lacks {key}");
        }
    }
    let dir = tempfile::tempdir().unwrap();
    for unit in ["carecircle-renew.service", "carecircle-renew.timer"] {
        let text = std::fs::read_to_string(Path::new("systemd").join(unit)).unwrap();
        std::fs::write(dir.path().join(unit), text.replace("/usr/bin/carecircle", env!("CARGO_BIN_EXE_carecircle")))
            .unwrap();
    }
    let verified = Command::new("systemd-analyze")
        .args(["verify", "--man=no"])
        .arg(dir.path().join("carecircle-renew.timer"))
        .arg(dir.path().join("carecircle-renew.service"))
        .output()
        .unwrap();
    assert_eq!((verified.status.success(), String::from_utf8_lossy(&verified.stderr).as_ref()), (true, ""));
}
