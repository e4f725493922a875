//! A gateway's database, read beside the running daemon or from a copy of it.

use crate::cmd::progress::Progress;
use crate::gateway::from_record;
use crate::model::recorded::Recorded;
use crate::problem::Problem;
use crate::store::Looking;
use std::path::Path;

/// Hands every line of `database` to `take`, in the order in which they were written.
pub fn each_line(database: &Path, mut take: impl FnMut(Recorded)) -> Result<(), Problem> {
    let looking = Looking::at(database).map_err(|error| error.problem())?;
    let total = looking.count().map_err(|error| error.problem())?;
    let (mut progress, mut read) = (Progress::new("reading", total), 0);
    let taken = looking.for_each_record(|record| {
        read += 1;
        progress.passed(read);
        from_record(record).into_iter().for_each(&mut take);
    });
    taken.map_err(|error| error.problem())
}
