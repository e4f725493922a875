//! What a process has used, by `/proc`.

use crate::clock;
use crate::model::time::Span;
use crate::problem::Problem;

/// What it has used up to an instant.
pub(super) struct Process {
    at: Span,
    ticks: u64,
    resident_kb: u64,
    peak_kb: u64,
}

/// What it used between two instants.
#[derive(Debug, Clone, Copy)]
pub(super) struct Used {
    /// Of one core, in percent.
    pub cpu_percent: f64,
    pub resident_kb: u64,
    pub peak_kb: u64,
    pub grew_kb: i64,
}

impl Process {
    pub fn read(pid: u32) -> Result<Process, Problem> {
        let file = |name: &str| {
            let path = format!("/proc/{pid}/{name}");
            std::fs::read_to_string(&path).map_err(|error| Problem::of(path, error.to_string()))
        };
        let (stat, status) = (file("stat")?, file("status")?);
        // The name in brackets may hold spaces.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let number = |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
        let kb = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
        };
        let ticks = number(11) + number(12);
        Ok(Process { at: clock::since_boot(), ticks, resident_kb: kb("VmRSS:"), peak_kb: kb("VmHWM:") })
    }

    pub fn since(&self, before: &Process) -> Used {
        let secs = (self.at - before.at).num_milliseconds().max(1) as f64 / 1000.0;
        Used {
            cpu_percent: (self.ticks - before.ticks) as f64 / TICKS_PER_SECOND / secs * 100.0,
            resident_kb: self.resident_kb,
            peak_kb: self.peak_kb,
            grew_kb: self.resident_kb as i64 - before.resident_kb as i64,
        }
    }
}

/// Linux has shown processor time in hundredths of a second for ever.
const TICKS_PER_SECOND: f64 = 100.0;
