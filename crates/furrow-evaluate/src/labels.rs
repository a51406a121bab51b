//! What the truth says of each session, and whose it is.

use std::collections::BTreeMap;

/// A value and whose session it is of.
pub(crate) type Owned = (usize, f64);

/// The truth about sessions, in the order in which their scores are given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Labels {
    /// Whether the visitor was frustrated.
    frustrated: Vec<bool>,
    /// Whose session it is, counted from 0.
    person: Vec<usize>,
    persons: usize,
}

impl Labels {
    /// Of sessions as (key of the person, whether frustrated).
    pub fn new<'a>(sessions: impl IntoIterator<Item = (&'a str, bool)>) -> Labels {
        let mut numbers = BTreeMap::new();
        let mut labels = Labels::default();
        for (key, frustrated) in sessions {
            let next = numbers.len();
            labels.person.push(*numbers.entry(key).or_insert(next));
            labels.frustrated.push(frustrated);
        }
        labels.persons = numbers.len();
        labels
    }

    /// How many sessions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.frustrated.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.frustrated.is_empty()
    }

    /// How many people.
    #[must_use]
    pub fn persons(&self) -> usize {
        self.persons
    }

    /// Each session as (person, whether frustrated).
    pub fn iter(&self) -> impl Iterator<Item = (usize, bool)> {
        self.person
            .iter()
            .copied()
            .zip(self.frustrated.iter().copied())
    }

    /// The values of the frustrated sessions and those of the calm ones, each
    /// with whose it is.
    ///
    /// # Panics
    ///
    /// When there is not one number for every session.
    pub(crate) fn split(&self, values: &[f64]) -> (Vec<Owned>, Vec<Owned>) {
        assert_eq!(values.len(), self.len(), "every session has a value");
        assert!(
            values.iter().all(|value| !value.is_nan()),
            "values are numbers"
        );
        let (mut frustrated, mut calm) = (Vec::new(), Vec::new());
        for ((person, is_frustrated), &value) in self.iter().zip(values) {
            let class = if is_frustrated {
                &mut frustrated
            } else {
                &mut calm
            };
            class.push((person, value));
        }
        (frustrated, calm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_of_one_key_are_one_persons() {
        let labels = Labels::new([("ann", true), ("bob", false), ("ann", false)]);
        assert_eq!(labels.persons(), 2);
        let (frustrated, calm) = labels.split(&[3.0, 2.0, 1.0]);
        assert_eq!(frustrated, [(0, 3.0)]);
        assert_eq!(calm, [(1, 2.0), (0, 1.0)]);
    }
}
