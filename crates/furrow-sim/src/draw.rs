//! Random numbers that are a function of a seed.
//!
//! Only whole words are taken from the generator, whose stream is fixed by its
//! definition; what is made of them is made here, so that no new version of a
//! library changes what a seed means.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::ops::RangeInclusive;

/// One visitor's source of chance.
#[derive(Debug, Clone)]
pub(crate) struct Draw(ChaCha8Rng);

impl Draw {
    /// Every `stream` of a seed is independent of the others.
    pub(crate) fn new(seed: u64, stream: u64) -> Draw {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(stream);
        Draw(generator)
    }

    pub(crate) fn word(&mut self) -> u64 {
        self.0.next_u64()
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// A number within the range, every one as likely as the others but for
    /// less than 2^-32.
    pub(crate) fn within(&mut self, range: RangeInclusive<u32>) -> u32 {
        let span = u64::from(range.end() - range.start()) + 1;
        let offset = (u64::from(self.0.next_u32()) * span) >> 32;
        range.start() + u32::try_from(offset).expect("it is below the span")
    }

    /// True so often in a thousand.
    pub(crate) fn chance(&mut self, milli: u32) -> bool {
        self.within(0..=999) < milli
    }

    /// From 0 to below 1.
    pub(crate) fn unit(&mut self) -> f64 {
        f64::from(self.0.next_u32()) / 4_294_967_296.0
    }

    /// About normal with mean 0 and deviation 1; never beyond 3.5.
    pub(crate) fn normal(&mut self) -> f64 {
        let sum: f64 = (0..4).map(|_| self.unit()).sum();
        (sum - 2.0) * 1.732
    }

    /// One of several.
    pub(crate) fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        let last = u32::try_from(of.len() - 1).expect("there are few");
        &of[self.within(0..=last) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_means_the_same_for_ever() {
        let mut draw = Draw::new(7, 3);
        let numbers: Vec<u32> = (0..5).map(|_| draw.within(1..=1_000)).collect();
        assert_eq!(numbers, [526, 182, 523, 93, 720]);
    }

    #[test]
    fn streams_of_a_seed_differ() {
        assert_ne!(Draw::new(1, 0).word(), Draw::new(1, 1).word());
        assert_ne!(Draw::new(1, 0).word(), Draw::new(2, 0).word());
    }

    #[test]
    fn numbers_stay_within_their_range_and_reach_its_ends() {
        let mut draw = Draw::new(1, 1);
        let drawn: Vec<u32> = (0..200).map(|_| draw.within(3..=5)).collect();
        assert_eq!(drawn.iter().min(), Some(&3));
        assert_eq!(drawn.iter().max(), Some(&5));
    }
}
