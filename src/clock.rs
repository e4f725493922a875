//! The only file that reads a clock.

use crate::model::time::{Span, Timestamp, from_millis};

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
    #[allow(clippy::disallowed_methods)] // this is the one place
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    from_millis(since_epoch.map_or(0, |span| span.as_millis() as i64))
}

/// CLOCK_BOOTTIME: goes on while the machine sleeps, never jumps.
pub fn since_boot() -> Span {
    let time = nix::time::clock_gettime(nix::time::ClockId::CLOCK_BOOTTIME)
        .expect("Linux has had CLOCK_BOOTTIME since 2.6.39");
    Span::seconds(time.tv_sec()) + Span::nanoseconds(time.tv_nsec())
}
