//! The only file that reads a clock.

use crate::model::time::{Span, Timestamp, from_millis};
use std::cell::Cell;

thread_local! {
    /// What this thread is made to believe.
    static PRETENDED: Cell<Option<Reading>> = const { Cell::new(None) };
}

/// Makes this thread believe that both clocks show `reading`, or believe the true ones again. For simulated time alone: the
/// daemons never come here, and other threads go on as they were.
pub(crate) fn pretend(reading: Option<Reading>) {
    PRETENDED.set(reading);
}

/// What the clocks show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The clock on the wall, whole milliseconds; may jump.
    pub wall: Timestamp,
    /// Time since boot, sleep included; never jumps.
    pub since_boot: Span,
}

/// Reads both clocks.
pub fn read() -> Reading {
    Reading { wall: now(), since_boot: since_boot() }
}

/// The clock on the wall, whole milliseconds.
pub fn now() -> Timestamp {
    if let Some(pretended) = PRETENDED.get() {
        return pretended.wall;
    }
    #[allow(clippy::disallowed_methods)] // this is the one place
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    from_millis(since_epoch.map_or(0, |span| span.as_millis() as i64))
}

/// CLOCK_BOOTTIME: goes on while the machine sleeps, never jumps.
pub fn since_boot() -> Span {
    if let Some(pretended) = PRETENDED.get() {
        return pretended.since_boot;
    }
    let time = nix::time::clock_gettime(nix::time::ClockId::CLOCK_BOOTTIME)
        .expect("Linux has had CLOCK_BOOTTIME since 2.6.39");
    // By way of std's: the parts of the system's have 32 bits on a 32-bit board.
    Span::from_std(std::time::Duration::from(time)).expect("less than 292 million years since the start")
}
