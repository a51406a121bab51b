//! The order of one sender's batches: repeats dropped, gaps waited for.

use serde::{Deserialize, Serialize};

/// How far ahead of the lowest missing number a batch is told from its
/// repeats. Whatever is still missing further back is given up.
pub const WINDOW: u32 = 64;

/// Batches that wait for a missing predecessor. When as many have come, the
/// gap is accepted.
pub const HELD_MAX: usize = 2;

/// Which batches of a sender have come, and which wait.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sequence<T> {
    /// The lowest number that has not come.
    next: u32,
    /// Bit i: number `next + 1 + i` has come.
    beyond: u64,
    /// The number after the highest that was released in order.
    front: u32,
    /// Ascending by number.
    held: Vec<(u32, T)>,
    /// Numbers below `front` that never came.
    gaps: u32,
}

/// What to do with a batch that came.
#[derive(Debug, PartialEq)]
#[must_use]
pub enum Arrival<T> {
    /// It has come before.
    Repeat,
    /// It waits for its predecessor.
    Held,
    /// It fills a gap that had been accepted.
    Filler(T),
    /// These are next, in order; the newcomer is the one at the index.
    Released(Vec<T>, usize),
}

impl<T> Default for Sequence<T> {
    fn default() -> Self {
        Sequence {
            next: 0,
            beyond: 0,
            front: 0,
            held: Vec::new(),
            gaps: 0,
        }
    }
}

impl<T> Sequence<T> {
    /// A batch came.
    pub fn arrive(&mut self, number: u32, batch: T) -> Arrival<T> {
        if self.has_come(number) {
            return Arrival::Repeat;
        }
        self.note(number);
        if number < self.front {
            self.gaps = self.gaps.saturating_sub(1);
            return Arrival::Filler(batch);
        }
        let place = self.held.partition_point(|(held, _)| *held < number);
        self.held.insert(place, (number, batch));
        let in_order = number == self.front;
        if !in_order && self.held.len() < HELD_MAX {
            return Arrival::Held;
        }
        let ready = if in_order {
            self.run()
        } else {
            self.held.len()
        };
        Arrival::Released(self.release(ready), place)
    }

    /// Nothing more is waited for: what is held is next, gaps accepted.
    pub fn flush(&mut self) -> Vec<T> {
        self.release(self.held.len())
    }

    /// How many batches wait.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// Numbers that were given up for missing and have not come since.
    #[must_use]
    pub fn gaps(&self) -> u32 {
        self.gaps
    }

    /// Whether this number has come.
    #[must_use]
    pub fn has_come(&self, number: u32) -> bool {
        match number.checked_sub(self.next) {
            None => true,
            Some(0) => false,
            Some(ahead) => ahead <= WINDOW && self.beyond & (1 << (ahead - 1)) != 0,
        }
    }

    /// What tells repeats apart, without what is held.
    #[must_use]
    pub fn seen(&self) -> Sequence<()> {
        Sequence {
            next: self.next,
            beyond: self.beyond,
            front: self.front,
            held: Vec::new(),
            gaps: self.gaps,
        }
    }

    /// The lowest number that has not come, and which have come beyond it:
    /// bit i stands for `next + 1 + i`.
    pub(crate) fn window(&self) -> (u32, u64) {
        (self.next, self.beyond)
    }

    /// One that tells repeats apart and does nothing else.
    pub(crate) fn windowed(next: u32, beyond: u64) -> Sequence<T> {
        Sequence {
            next,
            beyond,
            ..Sequence::default()
        }
    }

    fn note(&mut self, number: u32) {
        let ahead = number - self.next;
        if ahead > WINDOW {
            self.slide(ahead - WINDOW);
        }
        match number - self.next {
            0 => {
                let run = self.beyond.trailing_ones();
                self.slide(1 + run);
            }
            ahead => self.beyond |= 1 << (ahead - 1),
        }
    }

    /// Moves the window on, and further past what has come.
    fn slide(&mut self, by: u32) {
        let come = (1..=WINDOW).contains(&by) && self.beyond >> (by - 1) & 1 == 1;
        self.next = self.next.saturating_add(by);
        self.beyond = self.beyond.checked_shr(by).unwrap_or(0);
        if come {
            let run = self.beyond.trailing_ones();
            self.slide(1 + run);
        }
    }

    /// How many of the held follow on without a gap.
    fn run(&self) -> usize {
        self.held
            .iter()
            .zip(self.front..)
            .take_while(|((held, _), expected)| held == expected)
            .count()
    }

    fn release(&mut self, count: usize) -> Vec<T> {
        self.held
            .drain(..count)
            .map(|(number, batch)| {
                self.gaps = self.gaps.saturating_add(number - self.front);
                self.front = number.saturating_add(1);
                batch
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Feeds numbers and tells what became of each: `3` folded in order, `~3`
    /// filled a gap, `=3` a repeat, `?` held.
    fn told(numbers: &[u32]) -> String {
        let mut sequence = Sequence::default();
        let mut words = Vec::new();
        for &number in numbers {
            match sequence.arrive(number, number) {
                Arrival::Repeat => words.push(format!("={number}")),
                Arrival::Held => words.push("?".into()),
                Arrival::Filler(n) => words.push(format!("~{n}")),
                Arrival::Released(batches, place) => {
                    assert_eq!(batches[place], number);
                    words.extend(batches.iter().map(u32::to_string));
                }
            }
        }
        format!("{} gaps {}", words.join(" "), sequence.gaps())
    }

    #[test]
    fn batches_in_order_are_folded_as_they_come() {
        assert_eq!(told(&[0, 1, 2]), "0 1 2 gaps 0");
    }

    #[test]
    fn a_repeat_is_dropped_whenever_it_comes() {
        assert_eq!(told(&[0, 0, 1, 0, 1, 2]), "0 =0 1 =0 =1 2 gaps 0");
        assert_eq!(told(&[0, 2, 2]), "0 ? =2 gaps 0");
    }

    #[test]
    fn a_batch_waits_for_its_predecessor() {
        assert_eq!(told(&[0, 2, 1, 3]), "0 ? 1 2 3 gaps 0");
    }

    #[test]
    fn two_later_ones_accept_the_gap() {
        assert_eq!(told(&[0, 2, 3, 4]), "0 ? 2 3 4 gaps 1");
        assert_eq!(told(&[0, 3, 2, 4]), "0 ? 2 3 4 gaps 1");
    }

    #[test]
    fn a_filler_after_that_is_reordered() {
        assert_eq!(told(&[0, 2, 3, 1, 1, 4]), "0 ? 2 3 ~1 =1 4 gaps 0");
    }

    #[test]
    fn a_second_gap_is_waited_for_anew() {
        assert_eq!(told(&[0, 2, 3, 5, 4, 1]), "0 ? 2 3 ? 4 5 ~1 gaps 0");
    }

    #[test]
    fn what_is_missing_beyond_the_window_is_given_up() {
        let mut numbers = vec![0];
        numbers.extend(2..=66);
        numbers.push(1);
        assert!(
            told(&numbers).ends_with("66 =1 gaps 1"),
            "{}",
            told(&numbers)
        );
        assert!(told(&numbers[1..66]).contains("65"));
    }

    #[test]
    fn what_came_is_not_forgotten_when_the_window_moves_on() {
        let mut numbers = vec![0];
        numbers.extend(2..=299);
        numbers.extend(2..=299);
        let repeats = told(&numbers)
            .split(' ')
            .filter(|word| word.starts_with('='))
            .count();
        assert_eq!(repeats, 298);
    }

    #[test]
    fn the_largest_numbers_do_no_harm() {
        assert_eq!(
            told(&[0, u32::MAX, u32::MAX]),
            format!("0 ? ={} gaps 0", u32::MAX)
        );
    }

    proptest! {
        #[test]
        fn no_number_is_folded_twice_however_far_apart_they_lie(
            numbers in prop::collection::vec(0..300_u32, 1..400)
        ) {
            let mut sequence = Sequence::default();
            let mut folded = Vec::new();
            for &number in &numbers {
                match sequence.arrive(number, number) {
                    Arrival::Repeat | Arrival::Held => {}
                    Arrival::Filler(n) => folded.push(n),
                    Arrival::Released(batches, _) => folded.extend(batches),
                }
            }
            folded.extend(sequence.flush());
            let once: std::collections::BTreeSet<u32> = folded.iter().copied().collect();
            prop_assert_eq!(once.len(), folded.len());
        }

        #[test]
        fn every_number_is_folded_once_whatever_the_order(
            numbers in prop::collection::vec(0..40_u32, 1..120)
        ) {
            let mut sequence = Sequence::default();
            let mut folded = Vec::new();
            for &number in &numbers {
                match sequence.arrive(number, number) {
                    Arrival::Repeat | Arrival::Held => {}
                    Arrival::Filler(n) => folded.push(n),
                    Arrival::Released(batches, _) => folded.extend(batches),
                }
            }
            folded.extend(sequence.flush());
            folded.sort_unstable();
            let mut expected = numbers;
            expected.sort_unstable();
            expected.dedup();
            prop_assert_eq!(folded, expected);
        }
    }
}
