//! What a run showed, as a table, and whether it holds.

use super::crowd::Sent;
use super::schedule::{Blow, Part, Step};
use super::world::Folded;
use crate::compare::{Difference, Faults};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// Everything that was counted and compared.
#[derive(Debug)]
pub struct Report {
    pub(crate) seed: u64,
    pub(crate) steps: Vec<Step>,
    pub(crate) sent: Sent,
    pub(crate) faults: Faults,
    /// Sessions that count other batches than were acknowledged, and their counts.
    pub(crate) miscounted: BTreeMap<String, u64>,
    /// Batches that sessions miss.
    pub(crate) gaps: u64,
    /// Records of the two topics when all was drained.
    pub(crate) interactions: u64,
    pub(crate) dead_letters: u64,
    /// As the uninterrupted pass counted the records.
    pub(crate) folded: Folded,
    /// How many rows were compared, and where they differ, by table.
    pub(crate) rows: usize,
    pub(crate) differences: BTreeMap<&'static str, Difference>,
    /// Tables without a row, where nothing was compared.
    pub(crate) empty: Vec<&'static str>,
    pub(crate) own_ends: BTreeMap<Part, Vec<String>>,
    pub(crate) disorderly: Vec<String>,
    pub(crate) panics: Vec<String>,
    pub(crate) takeovers: Takeovers,
    pub(crate) struck_for: Duration,
    pub(crate) took: Duration,
}

/// How partitions changed hands.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Takeovers {
    /// Times that a scorer took over a partition.
    pub all: u32,
    /// From a snapshot.
    pub from_a_snapshot: u32,
    /// With records before it whose outputs might have been there already.
    pub with_outputs_to_repeat: u32,
}

impl Report {
    /// How often parts were killed.
    #[must_use]
    pub fn kills(&self) -> usize {
        let all = Part::ALL.into_iter();
        all.map(|part| self.struck(part, Blow::Kill)).sum()
    }

    /// How partitions changed hands.
    #[must_use]
    pub fn takeovers(&self) -> Takeovers {
        self.takeovers
    }

    /// How many batches were acknowledged.
    #[must_use]
    pub fn acknowledged(&self) -> usize {
        self.sent.acknowledged.len()
    }

    /// How many records repeat one that is in the log already.
    #[must_use]
    pub fn repeats(&self) -> u64 {
        self.folded.duplicate
    }

    /// Ends of roles that nobody brought about, with the last that each said.
    pub fn own_ends(&self) -> impl Iterator<Item = &str> {
        self.own_ends.values().flatten().map(String::as_str)
    }

    fn struck(&self, part: Part, blow: Blow) -> usize {
        let struck = |step: &&Step| step.victim.part == part && step.blow == blow;
        self.steps.iter().filter(struck).count()
    }

    fn different(&self) -> usize {
        self.differences.values().map(Difference::rows).sum()
    }

    /// Everything that does not hold, in words; nothing, if all does.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        let mut all = Vec::new();
        let mut hold = |holds: bool, complaint: String| {
            if !holds {
                all.push(complaint);
            }
        };
        hold(
            self.faults == Faults::default(),
            format!("the archive: {:?}", self.faults),
        );
        hold(
            self.miscounted.is_empty() && self.gaps == 0,
            format!(
                "sessions count other batches than were acknowledged: {:?}, {} gaps",
                self.miscounted, self.gaps
            ),
        );
        hold(
            self.dead_letters == 0,
            format!("{} dead letters", self.dead_letters),
        );
        let Folded {
            records,
            scored,
            duplicate,
            tick,
            other,
        } = self.folded;
        let acknowledged = u64::try_from(self.acknowledged()).expect("a count fits");
        hold(
            records == self.interactions
                && scored == acknowledged
                && other == 0
                && records == scored + duplicate + tick,
            format!(
                "{acknowledged} acknowledged and {} records in the log were folded as {:?}",
                self.interactions, self.folded
            ),
        );
        for (table, difference) in &self.differences {
            hold(
                difference.rows() == 0,
                format!("{table} differs. {difference}"),
            );
        }
        for table in &self.empty {
            hold(false, format!("{table} holds nothing"));
        }
        for disorderly in &self.disorderly {
            hold(false, format!("an orderly end was none: {disorderly}"));
        }
        for panic in &self.panics {
            hold(false, format!("a role panicked: {panic}"));
        }
        all
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| part | kill -9 | told to end | frozen | ended by itself |"
        )?;
        writeln!(f, "|---|---:|---:|---:|---:|")?;
        for part in Part::ALL {
            let [killed, stopped, frozen] =
                [Blow::Kill, Blow::Stop, Blow::Freeze].map(|blow| self.struck(part, blow));
            let own = self.own_ends.get(&part).map_or(0, Vec::len);
            let of = format!("{part} × {}", part.count());
            writeln!(f, "| {of} | {killed} | {stopped} | {frozen} | {own} |")?;
        }
        writeln!(f)?;
        let sessions: std::collections::BTreeSet<&str> = self
            .sent
            .acknowledged
            .iter()
            .map(|(session, ..)| session.as_str())
            .collect();
        let Takeovers {
            all,
            from_a_snapshot,
            with_outputs_to_repeat,
        } = self.takeovers;
        let rows: [(&str, String); 14] = [
            ("seed", self.seed.to_string()),
            ("kills", self.kills().to_string()),
            ("under blows, s", self.struck_for.as_secs().to_string()),
            ("in all, s", self.took.as_secs().to_string()),
            ("sessions", sessions.len().to_string()),
            ("batches acknowledged", self.acknowledged().to_string()),
            (
                "calls that failed and were made again",
                self.sent.failed.to_string(),
            ),
            ("batches sent twice on purpose", self.sent.again.to_string()),
            ("repeats in the log", self.folded.duplicate.to_string()),
            (
                "partitions taken over, from a snapshot, with outputs to repeat",
                format!("{all}, {from_a_snapshot}, {with_outputs_to_repeat}"),
            ),
            ("rows compared", self.rows.to_string()),
            ("lost", self.faults.lost.len().to_string()),
            (
                "doubled",
                (self.faults.doubled.len() + self.miscounted.len()).to_string(),
            ),
            ("different", self.different().to_string()),
        ];
        writeln!(f, "| what | |")?;
        writeln!(f, "|---|---:|")?;
        for (what, figure) in rows {
            writeln!(f, "| {what} | {figure} |")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::schedule::schedule;
    use super::*;

    fn report() -> Report {
        let identity = |sequence| ("s".to_owned(), "t".to_owned(), sequence);
        Report {
            seed: 1,
            steps: schedule(1, 10),
            sent: Sent {
                acknowledged: (0..4).map(identity).collect(),
                again: 1,
                failed: 2,
            },
            faults: Faults::default(),
            miscounted: BTreeMap::new(),
            gaps: 0,
            interactions: 6,
            dead_letters: 0,
            folded: Folded {
                records: 6,
                scored: 4,
                duplicate: 1,
                tick: 1,
                other: 0,
            },
            rows: 9,
            differences: BTreeMap::from([("sessions", Difference::default())]),
            empty: Vec::new(),
            own_ends: BTreeMap::new(),
            disorderly: Vec::new(),
            panics: Vec::new(),
            takeovers: Takeovers::default(),
            struck_for: Duration::from_secs(20),
            took: Duration::from_secs(60),
        }
    }

    #[test]
    fn a_run_in_which_all_holds_has_no_complaint() {
        assert_eq!(report().complaints(), Vec::<String>::new());
        assert_eq!(report().kills(), 10);
    }

    #[test]
    fn everything_that_may_go_wrong_is_complained_of() {
        let wrong: [fn(&mut Report); 10] = [
            |r| {
                r.faults.lost.insert(("s".into(), "t".into(), 3));
            },
            |r| {
                r.faults.doubled.insert(("s".into(), "t".into(), 3));
            },
            |r| {
                r.miscounted.insert("s".into(), 5);
            },
            |r| r.gaps = 1,
            |r| r.dead_letters = 1,
            |r| r.folded.scored = 5,
            |r| r.interactions = 7,
            |r| {
                let difference = Difference::between(&["a".into()], &[]);
                r.differences.insert("signals", difference);
            },
            |r| r.empty.push("signals"),
            |r| r.panics.push("panicked at".into()),
        ];
        for (number, spoil) in wrong.into_iter().enumerate() {
            let mut report = report();
            spoil(&mut report);
            assert_eq!(report.complaints().len(), 1, "{number}");
        }
    }

    #[test]
    fn the_table_has_a_row_for_every_part_and_figure() {
        let table = report().to_string();
        for part in Part::ALL {
            assert!(table.contains(&format!("| {part} × ")), "{table}");
        }
        assert!(table.contains("| batches acknowledged | 4 |"), "{table}");
        assert!(table.contains("| lost | 0 |"), "{table}");
    }
}
