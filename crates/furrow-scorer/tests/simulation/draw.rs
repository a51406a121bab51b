//! Chance, from a seed.

/// A source of chance.
pub(crate) struct Draw(fastrand::Rng);

impl Draw {
    pub(crate) fn new(seed: u64) -> Draw {
        Draw(fastrand::Rng::with_seed(seed))
    }

    /// A number from 0 to below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0.usize(..end)
    }

    /// A number within, ends included.
    pub(crate) fn within(&mut self, from: i64, to: i64) -> i64 {
        self.0.i64(from..=to)
    }

    /// True so often in a hundred.
    pub(crate) fn percent(&mut self, chance: u8) -> bool {
        self.0.u8(..100) < chance
    }

    /// One of several, by weight.
    pub(crate) fn weighted<T: Copy>(&mut self, of: &[(u32, T)]) -> T {
        let sum: u32 = of.iter().map(|(weight, _)| weight).sum();
        let mut left = self.0.u32(..sum);
        for (weight, one) in of {
            if left < *weight {
                return *one;
            }
            left -= weight;
        }
        unreachable!("what is left is below the sum of the weights")
    }

    /// A clock's fault, ms: mostly none, sometimes minutes, seldom hours.
    pub(crate) fn skew_ms(&mut self) -> i64 {
        match self.below(10) {
            0 => self.within(-6 * 3_600_000, 6 * 3_600_000),
            1..4 => self.within(-10 * 60_000, 10 * 60_000),
            _ => self.within(-200, 200),
        }
    }
}
