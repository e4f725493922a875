//! Which sensors see the same place: those that see somebody within seconds of each other.

use std::collections::BTreeMap;

/// Signs of life no further apart than this are of one walk past both.
pub const TOGETHER_WITHIN_MS: i64 = 20_000;

/// How much quiet after one sensor says about quiet after another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reach {
    /// However far away they are.
    pub elsewhere: f64,
    /// How soon sensors that see the same walks count as one place.
    pub times_similarity: f64,
}

/// How often sensors saw somebody together.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Together {
    pairs: BTreeMap<(u16, u16), u32>,
}

impl Together {
    /// `a` and `b` saw somebody one right after the other.
    pub fn saw(&mut self, a: u16, b: u16, times: u32) {
        let count = self.pairs.entry((a.min(b), a.max(b))).or_default();
        *count = count.saturating_add(times);
    }

    /// Every pair that ever saw somebody together, and how often.
    pub fn pairs(&self) -> impl Iterator<Item = (u16, u16, u32)> {
        self.pairs.iter().map(|((a, b), times)| (*a, *b, *times))
    }

    /// For each sensor (row) how much a silence that began at another (column) says about it: `sensors` by `sensors`.
    pub fn nearness(
        &self,
        sensors: usize,
        is_same_place: impl Fn(usize, usize) -> bool,
        reach: Reach,
    ) -> Vec<Vec<f64>> {
        let mut counts = vec![vec![0_u64; sensors]; sensors];
        for (a, b, times) in self.pairs() {
            let (a, b, times) = (usize::from(a), usize::from(b), u64::from(times));
            if a.max(b) < sensors {
                // A pair of one and the same sensor stands on both sides.
                counts[a][b] += times;
                counts[b][a] += times;
            }
        }
        let sums: Vec<u64> = counts.iter().map(|row| row.iter().sum()).collect();
        let similarity = |a: usize, b: usize| {
            let product = sums[a] as f64 * sums[b] as f64;
            if product > 0.0 { counts[a][b] as f64 / product.sqrt() } else { 0.0 }
        };
        let near = |a: usize, b: usize| {
            let similarity = if a == b || is_same_place(a, b) { 1.0 } else { similarity(a, b) };
            let Reach { elsewhere, times_similarity } = reach;
            elsewhere + (1.0 - elsewhere) * (times_similarity * similarity).min(1.0)
        };
        (0..sensors).map(|a| (0..sensors).map(|b| near(a, b)).collect()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAR: Reach = Reach { elsewhere: 0.05, times_similarity: 2.0 };

    #[test]
    fn sensors_that_see_the_same_walk_are_near_each_other() {
        let mut together = Together::default();
        for (a, b, times) in [(0, 1, 40), (1, 0, 20), (2, 2, 30), (2, 3, 1)] {
            together.saw(a, b, times);
        }
        let near = together.nearness(5, |_, _| false, FAR);
        assert_eq!((near[0][0], near[0][1], near[1][0]), (1.0, 1.0, 1.0));
        assert!(near[2][3] > 0.05 && near[2][3] < 0.5, "{}", near[2][3]);
        assert!((near[0][4] - 0.05).abs() < 1e-12 && near[4][4] == 1.0);
    }

    #[test]
    fn sensors_of_one_room_are_one_place() {
        let near = Together::default().nearness(3, |a, b| a + b == 1, FAR);
        assert_eq!(near[0], [1.0, 1.0, 0.05]);
    }
}
