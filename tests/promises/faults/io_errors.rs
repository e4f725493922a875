//! Row 16: a write or a sync of the history fails, at any of them; whether the disk did it all the same is not known.

use super::hurt::{ERRORS, Hurt};
use crate::support::wait_until;
use crate::world::PATIENCE;
use carecircle::model::time::from_millis;
use carecircle::store::{Batch, Entry, OutboxRow, Record, Store, Written};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{self, Receiver};

/// A commit costs fewer writes and syncs than this.
const POINTS: u32 = 12;

const IN_A_HURT_PROGRAM: &str = "CARECIRCLE_HURT_CONTROL";

/// A disk that fails at the n-th call; with `keeps` it did what was asked and says that it did not.
#[test]
fn a_commit_that_failed_is_written_once_whether_the_disk_kept_it_or_not() {
    if let Some(folder) = std::env::var_os(IN_A_HURT_PROGRAM) {
        return in_a_hurt_program(&Hurt::at(Path::new(&folder)));
    }
    let hurt = Hurt::of("history.db");
    let mut command = Command::new(std::env::current_exe().unwrap());
    let test = "faults::io_errors::a_commit_that_failed_is_written_once_whether_the_disk_kept_it_or_not";
    command.args(["--exact", test, "--nocapture"]).env(IN_A_HURT_PROGRAM, hurt.folder());
    hurt.load_into(&mut command, false);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stdout));
    eprintln!("{}", said.lines().find(|line| line.starts_with("row 16")).expect("it counts"));
}

fn in_a_hurt_program(hurt: &Hurt) {
    let folder = tempfile::tempdir().unwrap();
    let mut cases = Vec::new();
    for (name, error) in ERRORS {
        for (nth, keeps) in (1..=POINTS).flat_map(|nth| [(nth, false), (nth, true)]) {
            // Once, or also while the file is closed.
            for count in [1, 100] {
                let place = folder.path().join(format!("{name}-{nth}-{count}-{keeps}"));
                cases.push(Case::broken(hurt, &place, (nth, count), error, keeps));
            }
        }
    }
    let failed = cases.iter().filter(|case| case.has_failed).count();
    assert!(failed * 2 > cases.len(), "only {failed} of {} were hurt", cases.len());
    cases.iter_mut().for_each(Case::mends);
    eprintln!("row 16: {} commits, {failed} of them failed; 0 lost, 0 doubled", cases.len());
}

/// A history with a commit before, one amid the fault, and one after it.
struct Case {
    place: std::path::PathBuf,
    store: Store,
    answers: Receiver<Written>,
    submitted: u64,
    has_failed: bool,
}

impl Case {
    fn broken(hurt: &Hurt, place: &Path, (nth, count): (u32, u32), error: u32, keeps: bool) -> Case {
        let (sender, answers) = mpsc::channel();
        let opened = Store::open(place, "history.db", move |written| drop(sender.send(written))).unwrap();
        let mut case = Case { place: place.to_owned(), store: opened.store, answers, submitted: 0, has_failed: false };
        case.commit().unwrap();
        hurt.fail_at(nth, count, error, keeps);
        let result = case.commit();
        case.has_failed = hurt.failed() > 0;
        // A question that is answered after the file was closed.
        assert_eq!(case.store.outbox().is_err(), case.has_failed);
        assert_eq!(result.is_err(), case.has_failed, "what is on the disk is not known, so it is not said to be there");
        hurt.be_still();
        case
    }

    fn commit(&mut self) -> Result<(), String> {
        self.submitted += 1;
        let n = self.submitted;
        let record = Record::Entry(Entry { at: from_millis(n as i64), body: format!("{{\"n\":{n}}}") });
        let (channel, key, body) = ("lehe".to_owned(), n.to_string(), "{}".to_owned());
        let row = OutboxRow { channel, key, priority: 0, at: from_millis(n as i64), body };
        let batch = Batch { ticket: n, urgent: true, records: vec![record], outbox: vec![row], ..Batch::default() };
        self.store.submit(batch);
        let answer = self.answers.recv_timeout(PATIENCE).expect("every batch is answered");
        assert_eq!(answer.ticket, n);
        answer.result
    }

    /// All that was handed in is there once and in order, also for the next start.
    fn mends(&mut self) {
        let mut is_mended = false;
        wait_until("the history is written again", PATIENCE, || {
            is_mended = is_mended || self.commit().is_ok();
            is_mended
        });
        let expected: Vec<String> = (1..=self.submitted).map(|n| format!("{{\"n\":{n}}}")).collect();
        let held = |store: &Store| -> Vec<String> {
            let records = store.records(None).unwrap().into_iter();
            records
                .filter_map(|record| if let Record::Entry(entry) = record { Some(entry.body) } else { None })
                .collect()
        };
        assert_eq!(held(&self.store), expected, "{}", self.place.display());
        assert_eq!(self.store.outbox().unwrap().len() as u64, self.submitted, "{}", self.place.display());
    }
}
