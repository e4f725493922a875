//! What came of it, in a table.

use crate::cmd::simulate::crowd::process::Used;
use crate::model::time::{Span, write_span};
use crate::sim::crowd::{Seen, Tally, percentile};
use std::io::{self, Write};

pub(super) struct Told<'a> {
    pub homes: usize,
    pub lasts: Span,
    pub tally: &'a Tally,
    pub seen: &'a [Seen],
    pub used: Option<Used>,
    /// Steps of the staff that the desk did not take.
    pub refused: u64,
}

impl Told<'_> {
    /// Nothing was lost or refused, and every page showed every alert.
    pub fn is_whole(&self) -> bool {
        self.tally.lost() == 0 && self.missed() == 0 && self.refused + self.tally.refused == 0
    }

    fn missed(&self) -> usize {
        self.tally.to_page(self.seen, crate::clock::now()).1
    }

    pub fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let tally = self.tally;
        writeln!(out, "homes                      {}", self.homes)?;
        writeln!(out, "lasted                     {}", write_span(self.lasts))?;
        writeln!(out, "heartbeats                 {} sent, {} answered", tally.heartbeats, tally.answered)?;
        writeln!(out, "alerts                     {} raised, {} without a receipt", tally.count(), tally.lost())?;
        writeln!(out, "notices sent again         {}", tally.repeated)?;
        writeln!(out, "messages not sent          {}", tally.unsent)?;
        spans(out, "press to receipt", &tally.to_receipt())?;
        if !self.seen.is_empty() {
            let (to_page, missed) = tally.to_page(self.seen, crate::clock::now());
            spans(out, "press to page", &to_page)?;
            writeln!(out, "screens                    {}, {missed} alerts not shown by some", self.seen.len())?;
            writeln!(out, "steps refused              {} at the desk, {} at home", self.refused, tally.refused)?;
        }
        if let Some(used) = self.used {
            let per_home = used.peak_kb as f64 / self.homes as f64;
            writeln!(out, "station's processor        {:.1} % of one core", used.cpu_percent)?;
            writeln!(
                out,
                "station's memory           {:.1} MB, at most {:.1} MB ({per_home:.2} KB a home), {:+.1} MB meanwhile",
                used.resident_kb as f64 / 1024.0,
                used.peak_kb as f64 / 1024.0,
                used.grew_kb as f64 / 1024.0
            )?;
        }
        Ok(())
    }
}

fn spans(out: &mut impl Write, name: &str, sorted: &[Span]) -> io::Result<()> {
    let at = |percent: f64| {
        percentile(sorted, percent)
            .map_or_else(|| "not known".to_owned(), |span| format!("{} ms", span.num_milliseconds()))
    };
    writeln!(out, "{name:<26} p50 {}, p99 {}, at most {}", at(50.0), at(99.0), at(100.0))
}
