//! What the command line asks for.

use anyhow::{Context, Result, bail};

/// What is measured, and how much of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Which part.
    pub part: Part,
    /// Open sessions of each scorer.
    pub sessions: u32,
    /// Batches that each of them has sent before anything is handed over.
    pub batches: u32,
    /// Batches a second of all sessions together while partitions move.
    pub rate: u32,
    /// How often everything is repeated; the tables have medians.
    pub rounds: u32,
}

/// A part of the measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The log beside Kafka's tools.
    Throughput,
    /// Memory and hand-overs.
    Scorers,
    /// Both.
    Everything,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            part: Part::Everything,
            sessions: 100_000,
            batches: 5,
            rate: 1_000,
            rounds: 3,
        }
    }
}

impl Options {
    /// Reads the command line; what cargo adds is left aside.
    ///
    /// # Errors
    /// When it asks for something else.
    pub fn read(mut args: impl Iterator<Item = String>) -> Result<Options> {
        let mut options = Options::default();
        while let Some(name) = args.next() {
            let mut value = || args.next().unwrap_or_default();
            let number = |value: String| -> Result<u32> {
                let number = value.parse().ok().filter(|number| *number > 0);
                number.with_context(|| format!("{name} takes a number from 1, not {value:?}"))
            };
            match name.as_str() {
                "--bench" => {}
                "--sessions" => options.sessions = number(value())?,
                "--batches" => options.batches = number(value())?,
                "--rate" => options.rate = number(value())?,
                "--rounds" => options.rounds = number(value())?,
                "--only" => options.part = Part::named(&value())?,
                other => bail!(
                    "{other:?} is not known; there are --sessions N, --batches N, --rate N, \
                     --rounds N, --only throughput|scorers"
                ),
            }
        }
        Ok(options)
    }
}

impl Part {
    fn named(name: &str) -> Result<Part> {
        match name {
            "throughput" => Ok(Part::Throughput),
            "scorers" => Ok(Part::Scorers),
            other => bail!("--only takes throughput or scorers, not {other:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn read(line: &str) -> Result<Options> {
        Options::read(line.split_whitespace().map(ToOwned::to_owned))
    }

    #[test]
    fn what_is_not_asked_for_is_as_it_always_is() {
        assert_eq!(read("--bench").unwrap(), Options::default());
        let asked = read("--sessions 500 --only scorers").unwrap();
        assert_eq!((asked.sessions, asked.part), (500, Part::Scorers));
        assert_eq!(asked.rounds, Options::default().rounds);
    }

    #[test]
    fn what_cannot_be_measured_is_refused() {
        for line in ["--sessions 0", "--rounds", "--only kafka", "--seconds 5"] {
            read(line).unwrap_err();
        }
    }
}
