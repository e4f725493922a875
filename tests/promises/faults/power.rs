//! Row 2: the power fails at any write of the real gateway. `hurt.c` writes down what it wrote and synced, and every notice that
//! left; from that come the files that a power cut could have left, and each must hold all that had left by then.

use super::hurt::Hurt;
use super::ledger::{Ledger, is_confirmed};
use super::{Dice, times};
use crate::service::unit::{Unit, gateway_command};
use crate::support::wait_until;
use crate::world::{Home, PATIENCE, World};
use carecircle::clock;
use carecircle::store::{Record, Store};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What the disk of a machine without power keeps of what was written and not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    SyncedOnly,
    Everything,
    Some,
    /// Some, and of those some sectors.
    Torn,
}

const LEFT: [Left; 4] = [Left::SyncedOnly, Left::Everything, Left::Some, Left::Torn];

#[test]
fn whatever_a_power_cut_leaves_holds_every_step_that_had_left_the_home() {
    let (log, mut dice) = (recorded(times(6, 20)), Dice::thrown());
    let (mut tried, mut damaged, mut lost) = (0, Vec::new(), Vec::new());
    let rounds = times(1, 4);
    for (at, _) in log.ops.iter().enumerate() {
        for left in (0..rounds).flat_map(|_| LEFT) {
            let folder = image(&log.ops[..=at], left, &mut dice);
            tried += 1;
            match steps_in(folder.path()) {
                Err(why) => damaged.push(format!("{left:?} after write {at}: {why}")),
                Ok(held) => {
                    let missing: Vec<&Step> = log.left_before(at).filter(|step| !held.contains(step)).collect();
                    if !missing.is_empty() {
                        lost.push(format!("{left:?} after write {at}: {missing:?}"));
                    }
                }
            }
        }
    }
    let (writes, sent) = (log.ops.len(), log.left.len());
    eprintln!(
        "row 2: {tried} images of {writes} writes, {sent} notices had left; {} corrupt, {} lost",
        damaged.len(),
        lost.len()
    );
    assert!(damaged.is_empty() && lost.is_empty(), "corrupt: {damaged:#?}, lost: {lost:#?}");
    assert!(sent > 0 && tried > 200, "nothing was tried");
}

#[test]
fn a_gateway_that_starts_on_what_a_power_cut_left_is_ready_in_five_seconds_and_tells_the_next_press() {
    let (log, mut dice, mut slowest) = (recorded(2), Dice::thrown(), 0);
    let starts = times(4, 40);
    for nth in 0..starts {
        let (at, left) = (dice.below(log.ops.len()), LEFT[nth % LEFT.len()]);
        let folder = image(&log.ops[..=at], left, &mut dice);
        let mut world = World::configure(&Home::default());
        std::fs::create_dir_all(world.path("state")).unwrap();
        for file in std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
            std::fs::copy(file.path(), world.path("state").join(file.file_name())).unwrap();
        }
        world.start_station();
        let began = clock::since_boot();
        let gateway = Unit::start(&world.path(""), gateway_command(&world)).ready();
        slowest = slowest.max((clock::since_boot() - began).num_milliseconds());
        world.wait_ready();
        // What had not left before leaves now; a press beside it is a press more.
        world.press();
        wait_until("the press is on the page", PATIENCE, || !world.alerts_of("call_button").is_empty());
        assert!(world.alerts_of("storage").is_empty(), "{left:?} after write {at}: {}", gateway.output());
    }
    eprintln!("row 2: {starts} starts on images, ready within {slowest} ms");
    assert!(slowest <= 5_000, "{slowest} ms");
}

#[test]
fn a_page_overwritten_at_random_keeps_no_gateway_from_watching_and_is_told() {
    let mut world = World::configure(&Home::default());
    world.start_station();
    let (mut dice, mut ledger, mut slowest, mut told) = (Dice::thrown(), Ledger::default(), 0, 0);
    let mut gateway = Unit::start(&world.path(""), gateway_command(&world)).ready();
    let runs = times(8, 200);
    for _ in 0..runs {
        world.wait_ready();
        ledger.press(&world);
        let alert = ledger.wait_shown(&world);
        ledger.click(&world, &alert, "close");
        wait_until("the end is confirmed", PATIENCE, || is_confirmed(&world, &alert));
        // An orderly end leaves no log: the damage is what is read.
        assert!(gateway.stop().success());
        let before = world.alerts_of("storage").len();
        let is_noticed = overwrite_a_page(&world.path("state/history.db"), &mut dice);
        let began = clock::since_boot();
        gateway = Unit::start(&world.path(""), gateway_command(&world)).ready();
        slowest = slowest.max((clock::since_boot() - began).num_milliseconds());
        if is_noticed {
            let is_told =
                || world.alerts_of("storage").iter().any(|fault| fault["recovered_at_ms"].is_null()) || before > 0;
            wait_until("the damage is told", PATIENCE, is_told);
            told += 1;
        }
    }
    eprintln!(
        "row 2: {runs} pages overwritten, {told} found at the start and told, ready within {slowest} ms; {}",
        ledger.figures(&world)
    );
    assert!(slowest <= 5_000, "{slowest} ms");
}

/// Says whether a look at every page finds it.
fn overwrite_a_page(path: &Path, dice: &mut Dice) -> bool {
    let mut bytes = std::fs::read(path).unwrap();
    let page = dice.below(bytes.len() / PAGE) * PAGE;
    bytes[page..page + PAGE].iter_mut().for_each(|byte| *byte = dice.below(256) as u8);
    std::fs::write(path, bytes).unwrap();
    let looked = rusqlite::Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)
        .and_then(|history| history.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0)));
    looked.as_deref() != Ok("ok")
}

/// Where the history lies, as the log names it.
const FOLDER: &str = "state";
const PAGE: usize = 4096;
const SECTOR: usize = 512;

/// Number of an alert, the millisecond of its raise, number of a step.
type Step = (u64, i64, u64);

/// What a gateway wrote, in its order.
struct Log {
    ops: Vec<Op>,
    /// After how many writes each notice left.
    left: Vec<(usize, Step)>,
}

impl Log {
    fn left_before(&self, at: usize) -> impl Iterator<Item = &Step> {
        self.left.iter().filter(move |(after, _)| *after <= at + 1).map(|(_, step)| step)
    }
}

struct Op {
    what: u8,
    file: String,
    offset: u64,
    data: Vec<u8>,
}

/// Runs a real gateway through so many alerts and takes down what it does to its history.
fn recorded(alerts: usize) -> Log {
    let mut world = World::configure(&Home::default());
    world.start_station();
    // The folder too: what was removed is gone when that is synced.
    let hurt = Hurt::of("/state");
    let mut command = gateway_command(&world);
    hurt.load_into(&mut command, true);
    let mut gateway = Unit::start(&world.path(""), command).ready();
    world.wait_ready();
    let mut ledger = Ledger::default();
    for _ in 0..alerts {
        world.move_in_hall();
        ledger.press(&world);
        let alert = ledger.wait_shown(&world);
        for step in ["take", "close"] {
            ledger.click(&world, &alert, step);
            wait_until("the home has confirmed it", PATIENCE, || is_confirmed(&world, &alert));
        }
    }
    assert!(gateway.stop().success());
    parse(&std::fs::read(hurt.log()).unwrap())
}

fn parse(mut log: &[u8]) -> Log {
    let (mut ops, mut left) = (Vec::new(), Vec::new());
    let mut take = |count: usize| {
        let (taken, rest) = log.split_at(count.min(log.len()));
        log = rest;
        taken
    };
    while let [what] = *take(1) {
        let path_length = u16::from_ne_bytes(take(2).try_into().unwrap());
        let path = String::from_utf8_lossy(take(path_length.into())).into_owned();
        let offset = u64::from_ne_bytes(take(8).try_into().unwrap());
        let length = u32::from_ne_bytes(take(4).try_into().unwrap());
        let has_data = matches!(what, b'W' | b'N');
        let data = take(if has_data { length as usize } else { 0 }).to_vec();
        if what == b'N' {
            left.extend(steps_that_left(&data).into_iter().map(|step| (ops.len(), step)));
        } else {
            let file = path.rsplit('/').next().unwrap_or_default().to_owned();
            let is_meant = file == FOLDER || file.starts_with("history.db") && !file.ends_with(".lock");
            ops.extend(is_meant.then_some(Op { what, file, offset, data }));
        }
    }
    Log { ops, left }
}

/// The notices in what went through a socket.
fn steps_that_left(bytes: &[u8]) -> Vec<Step> {
    let begins = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(b"{\"v\":1,\"home\""));
    let notices =
        begins.filter_map(|at| serde_json::Deserializer::from_slice(&bytes[at..]).into_iter::<Value>().next());
    let notices = notices.filter_map(Result::ok).filter(|notice| notice["durable"] != false);
    notices
        .filter_map(|notice| {
            let alert = &notice["alert"];
            Some((alert["number"].as_u64()?, alert["raised_at_ms"].as_i64()?, notice["step"]["number"].as_u64()?))
        })
        .collect()
}

/// The files as a power cut right after the last of `ops` could have left them.
fn image(ops: &[Op], left: Left, dice: &mut Dice) -> tempfile::TempDir {
    let (mut files, mut pending): (BTreeMap<&str, Vec<u8>>, BTreeMap<&str, Vec<&Op>>) = Default::default();
    for op in ops {
        if op.what == b'S' && op.file == FOLDER {
            for (name, waits) in &mut pending {
                if let Some(gone) = waits.iter().rposition(|op| op.what == b'U') {
                    waits.drain(..=gone);
                    files.remove(name);
                }
            }
        } else if op.what == b'S' {
            let waits = pending.entry(&op.file).or_default();
            waits.drain(..).for_each(|op| apply(&mut files, op, None));
        } else {
            pending.entry(&op.file).or_default().push(op);
        }
    }
    for op in pending.into_values().flatten() {
        let stays = match left {
            Left::SyncedOnly => false,
            Left::Everything => true,
            Left::Some | Left::Torn => dice.is_heads(),
        };
        if stays {
            apply(&mut files, op, (left == Left::Torn).then_some(&mut *dice));
        }
    }
    let folder = tempfile::Builder::new().prefix("power").tempdir_in(memory()).unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

/// Where nothing waits for a disk.
fn memory() -> std::path::PathBuf {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() }
}

fn apply<'o>(files: &mut BTreeMap<&'o str, Vec<u8>>, op: &'o Op, mut torn: Option<&mut Dice>) {
    if op.what == b'U' {
        files.remove(op.file.as_str());
        return;
    }
    let file = files.entry(&op.file).or_default();
    if op.what == b'T' {
        return file.resize(op.offset as usize, 0);
    }
    let (mut at, mut rest) = (op.offset as usize, op.data.as_slice());
    while !rest.is_empty() {
        // To the end of the sector.
        let (sector, after) = rest.split_at(rest.len().min(SECTOR - at % SECTOR));
        if torn.as_mut().is_none_or(|dice| dice.is_heads()) {
            file.resize(file.len().max(at + sector.len()), 0);
            file[at..at + sector.len()].copy_from_slice(sector);
        }
        (at, rest) = (at + sector.len(), after);
    }
}

/// Every step that the history in `folder` holds, as the program itself opens it; an error where it has to be put aside.
fn steps_in(folder: &Path) -> Result<BTreeSet<Step>, String> {
    let opened = Store::open(folder, "history.db", |_| ()).map_err(|error| error.to_string())?;
    if let Some(why) = opened.replaced {
        return Err(why);
    }
    let (mut raised, mut steps) = (BTreeMap::new(), BTreeSet::new());
    for record in opened.store.records(None).map_err(|error| error.to_string())? {
        let Record::Entry(entry) = record else { continue };
        let line: Value = serde_json::from_str(&entry.body).map_err(|error| error.to_string())?;
        let (Some(alert), step) = (line["step"]["alert"].as_u64(), &line["step"]["step"]) else { continue };
        if step["deed"] == "raise" {
            raised.insert(alert, step["at_ms"].as_i64().unwrap_or_default());
        }
        let raised_at = raised.get(&alert).copied().ok_or("a step before its raise")?;
        if !steps.insert((alert, raised_at, step["number"].as_u64().unwrap_or_default())) {
            return Err(format!("a step twice: {line}"));
        }
    }
    Ok(steps)
}
