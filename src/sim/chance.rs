//! Random numbers from one printed seed; the same everywhere and for ever.

use crate::model::fingerprint;

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub struct Chance {
    state: u64,
}

impl Chance {
    /// The stream of `seed`. Neighbouring seeds have nothing in common.
    pub fn new(seed: u64) -> Chance {
        // SplitMix64 once: xorshift must not begin at zero, nor with a few bits only.
        let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Chance { state: (z ^ (z >> 31)).max(1) }
    }

    /// A stream of its own for `what`: what is drawn for one thing does not shift what comes for another.
    pub fn stream(seed: u64, what: &str) -> Chance {
        Chance::new(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ fingerprint::of([what.as_bytes()]))
    }

    /// xorshift64*: 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// From 0 to just below 1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From `low` to `high`, each equally likely.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Whether something of this probability happens.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Time until the next of events that do not know of each other.
    pub fn wait(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    /// Normally distributed about `mean`.
    pub fn about(&mut self, mean: f64, deviation: f64) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        mean + deviation * radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// A length: half of them below `median`, few of them several times as long.
    pub fn length(&mut self, median: f64, sigma: f64) -> f64 {
        median * self.about(0.0, sigma).exp()
    }

    /// One of these, as likely as its weight says; the last where all weights are nothing.
    pub fn pick<T: Copy>(&mut self, choices: &[(T, f64)]) -> Option<T> {
        let mut left = self.unit() * choices.iter().map(|(_, weight)| weight).sum::<f64>();
        for (choice, weight) in choices {
            if left < *weight {
                return Some(*choice);
            }
            left -= weight;
        }
        choices.last().map(|(choice, _)| *choice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_stream_and_every_thing_has_its_own() {
        let first = |mut chance: Chance| [chance.bits(), chance.bits(), chance.bits()];
        assert_eq!(first(Chance::new(7)), first(Chance::new(7)));
        assert_ne!(first(Chance::new(7)), first(Chance::new(8)));
        assert_ne!(first(Chance::stream(7, "life")), first(Chance::stream(7, "falls")));
    }

    #[test]
    fn what_is_drawn_has_the_mean_it_should_have() {
        let mut chance = Chance::new(3);
        let mut mean =
            |draw: &mut dyn FnMut(&mut Chance) -> f64| (0..20_000).map(|_| draw(&mut chance)).sum::<f64>() / 20_000.0;
        assert!((mean(&mut |c| c.unit()) - 0.5).abs() < 0.01);
        assert!((mean(&mut |c| c.wait(4.0)) - 4.0).abs() < 0.15);
        assert!((mean(&mut |c| c.about(10.0, 3.0)) - 10.0).abs() < 0.1);
        assert!((mean(&mut |c| f64::from(u8::from(c.length(5.0, 1.0) < 5.0))) - 0.5).abs() < 0.02);
        assert!((mean(&mut |c| c.pick(&[(1.0, 3.0), (0.0, 1.0)]).unwrap()) - 0.75).abs() < 0.02);
    }
}
