//! What a scorer's log says about its partitions, and when.

use chrono::DateTime;
use serde::Deserialize;

/// One line of the log that is about a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// When it was written, ms since 1970.
    pub at_ms: i64,
    /// The partition.
    pub partition: u32,
    /// What happened.
    pub what: What,
}

/// What happened to a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The group gave it to this scorer.
    Assigned,
    /// It goes on from here.
    TookOver {
        /// The first record that it folds.
        from: u64,
        /// The first whose outputs leave.
        emit_from: u64,
        /// Where the log ended then.
        end: u64,
    },
    /// The first output of this scorer was delivered.
    Flows,
    /// It is no longer this scorer's.
    GaveUp,
}

#[derive(Deserialize)]
struct Line {
    timestamp: String,
    message: String,
    partition: Option<u32>,
    from: Option<u64>,
    emit_from: Option<u64>,
    end: Option<u64>,
}

/// Everything about partitions in the text of a log, in order.
#[must_use]
pub fn told(log: &str) -> Vec<Told> {
    log.lines().filter_map(line).collect()
}

fn line(text: &str) -> Option<Told> {
    let line: Line = serde_json::from_str(text).ok()?;
    let what = match line.message.as_str() {
        "assigned" => What::Assigned,
        "took over" => What::TookOver {
            from: line.from?,
            emit_from: line.emit_from?,
            end: line.end?,
        },
        "first output is durable" => What::Flows,
        "gave up" => What::GaveUp,
        _ => return None,
    };
    let at = DateTime::parse_from_rfc3339(&line.timestamp).ok()?;
    Some(Told {
        at_ms: at.timestamp_millis(),
        partition: line.partition?,
        what,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_about_partitions_are_read_and_others_are_not() {
        let log = r#"{"timestamp":"2026-01-02T03:04:05.678901Z","level":"INFO","message":"took over","partition":3,"from":7,"emit_from":9,"end":12,"target":"furrow_scorer::takeover"}
{"timestamp":"2026-01-02T03:04:05.700Z","level":"INFO","message":"role is ready","role":"scorer"}
a line of something else
{"timestamp":"2026-01-02T03:04:06.000001Z","level":"INFO","message":"gave up","partition":3}"#;
        let took = Told {
            at_ms: 1_767_323_045_678,
            partition: 3,
            what: What::TookOver {
                from: 7,
                emit_from: 9,
                end: 12,
            },
        };
        let gave = Told {
            at_ms: 1_767_323_046_000,
            partition: 3,
            what: What::GaveUp,
        };
        assert_eq!(told(log), [took, gave]);
    }
}
