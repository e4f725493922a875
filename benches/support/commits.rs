//! Single commits of one row, durable before they are answered: the part of a press's time that is the disk's.

use carecircle::model::ids::SensorId;
use carecircle::model::observation::{Evidence, Measure, Observation};
use carecircle::model::time::from_millis;
use carecircle::store::{Batch, Record, Store, Written};
use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

/// A database of its own in a folder, which goes with the value.
pub struct Commits {
    store: Store,
    answers: Receiver<Written>,
    _folder: tempfile::TempDir,
}

impl Commits {
    pub fn in_folder(place: &Path) -> Commits {
        let folder = tempfile::tempdir_in(place).unwrap();
        let (sender, answers) = mpsc::channel();
        let opened = Store::open(folder.path(), "history.db", move |written| drop(sender.send(written))).unwrap();
        Commits { store: opened.store, answers, _folder: folder }
    }

    pub fn time_one(&mut self, number: usize) -> Duration {
        let begin = Instant::now();
        self.store.submit(Batch { urgent: true, records: vec![row(number)], ..Batch::default() });
        self.answers.recv().unwrap();
        begin.elapsed()
    }
}

fn row(number: usize) -> Record {
    Record::Observed(Observation {
        at: from_millis(1_700_000_000_000 + number as i64),
        sensor: SensorId::new("hall").unwrap(),
        measure: Measure::Motion(number.is_multiple_of(2)),
        evidence: Evidence::Level,
        copy: false,
    })
}
