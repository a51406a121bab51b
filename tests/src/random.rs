//! Numbers that a seed repeats.

use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

/// `SplitMix64`: small, and the same on every machine.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The numbers of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// A seed of the moment, or the one in `$FURROW_TEST_SEED`.
    ///
    /// # Panics
    /// When the variable holds no number.
    #[must_use]
    pub fn seed() -> u64 {
        match std::env::var("FURROW_TEST_SEED") {
            Ok(seed) => seed.parse().expect("FURROW_TEST_SEED is a number"),
            Err(_) => RandomState::new().hash_one(std::process::id()),
        }
    }

    /// The next one.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number within the range.
    pub fn within(&mut self, range: Range<u64>) -> u64 {
        range.start + self.number() % (range.end - range.start)
    }

    /// True once in `of` times.
    pub fn once_in(&mut self, of: u64) -> bool {
        self.within(0..of) == 0
    }

    /// Bytes.
    pub fn bytes<const LENGTH: usize>(&mut self) -> [u8; LENGTH] {
        std::array::from_fn(|_| self.number().to_le_bytes()[0])
    }
}
