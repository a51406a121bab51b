//! The partitions that a sink reads.

use furrow_log::{Partition, Topic};

/// Which of the two topics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Source {
    /// Score updates.
    Scores,
    /// Batches as they came.
    Interactions,
}

impl Source {
    pub(crate) const ALL: [Source; 2] = [Source::Scores, Source::Interactions];

    /// The name in metrics, whatever the topic is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Source::Scores => "scores",
            Source::Interactions => "interactions",
        }
    }
}

/// One partition of one topic. Blocks hold their rows in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place {
    pub(crate) source: Source,
    pub(crate) partition: Partition,
}

/// What the two topics are called.
#[derive(Debug, Clone)]
pub(crate) struct Topics {
    pub(crate) scores: Topic,
    pub(crate) interactions: Topic,
}

impl Topics {
    pub(crate) fn name(&self, source: Source) -> &Topic {
        match source {
            Source::Scores => &self.scores,
            Source::Interactions => &self.interactions,
        }
    }

    /// The topic that is called so in metrics.
    pub(crate) fn named(&self, name: &str) -> Option<&Topic> {
        let source = Source::ALL
            .into_iter()
            .find(|source| source.name() == name)?;
        Some(self.name(source))
    }

    /// The place that the log names so; none for a topic that was not joined.
    pub(crate) fn place(&self, topic: &Topic, partition: Partition) -> Option<Place> {
        let source = Source::ALL
            .into_iter()
            .find(|source| self.name(*source) == topic)?;
        Some(Place { source, partition })
    }
}
