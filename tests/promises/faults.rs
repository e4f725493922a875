//! The faults of `docs/faults.md` that no other promise covers, on the real binaries.
//!
//! The driver keeps a ledger of what it did and compares it with what the station's page says; what had to come is never read
//! from a daemon's own tables. `tests/nightly` drives the same code with larger numbers.

mod cut;
mod disk;
mod fleeting;
mod hurt;
mod io_errors;
mod kill_points;
mod ledger;
mod names;
mod power;
mod stopped;
mod unopened;
mod zones;

/// How often something is tried: `usual`, or `nightly` when `CARECIRCLE_NIGHTLY` is set.
fn times(usual: usize, nightly: usize) -> usize {
    if std::env::var_os("CARECIRCLE_NIGHTLY").is_some() { nightly } else { usual }
}

/// Chance from one seed, which is printed; `CARECIRCLE_SEED` repeats a run.
struct Dice(u64);

impl Dice {
    fn thrown() -> Dice {
        let given = std::env::var("CARECIRCLE_SEED").ok().and_then(|text| text.parse().ok());
        let seed: u64 = given.unwrap_or_else(|| carecircle::clock::now().timestamp_micros() as u64);
        eprintln!("CARECIRCLE_SEED={seed}");
        Dice(seed | 1)
    }

    fn below(&mut self, end: usize) -> usize {
        // xorshift64
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }

    fn is_heads(&mut self) -> bool {
        self.below(2) == 0
    }
}
