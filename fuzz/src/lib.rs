//! What must hold of any input whatever, for libFuzzer and for plain tests.
//!
//! ```text
//! decode   any bytes as a batch and as what stands in the log
//! fold     any history of records
//! split    any session, cut into batches in another way
//! rules    any text as a rule set
//! seeds    inputs to begin with
//! laws     what must hold after every record
//! history  an input as a history of records
//! made     batches made by choice
//! draw     choices made by an input's bytes
//! ```
//!
//! A check panics when something does not hold. `targets/` puts each under
//! libFuzzer; the program of this package replays inputs without it.

mod decode;
mod draw;
mod fold;
mod history;
mod laws;
mod made;
mod rules;
pub mod seeds;
mod split;

/// What can be fuzzed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Target {
    Decode,
    Fold,
    Split,
    Rules,
}

impl Target {
    /// All of them.
    pub const ALL: [Target; 4] = [Target::Decode, Target::Fold, Target::Split, Target::Rules];

    /// As commands and folders call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Target::Decode => "decode",
            Target::Fold => "fold",
            Target::Split => "split",
            Target::Rules => "rules",
        }
    }

    /// Checks one input.
    ///
    /// # Panics
    /// When something does not hold.
    pub fn check(self, bytes: &[u8]) {
        match self {
            Target::Decode => decode::check(bytes),
            Target::Fold => fold::check(bytes),
            Target::Split => split::check(bytes),
            Target::Rules => rules::check(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seed_holds() {
        for target in Target::ALL {
            let seeds = seeds::seeds(target);
            assert!(!seeds.is_empty());
            for seed in seeds {
                target.check(&seed);
            }
        }
    }
}
