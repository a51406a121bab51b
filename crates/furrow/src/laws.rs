//! What must add up, read from what `/metrics` says.

use furrow_service::exposition::Sample;
use furrow_service::law::{Account, Part};
use std::collections::BTreeMap;

/// What a gateway's account begins with.
const RECEIVED: &str = "furrow_gateway_batches_received_total";

/// What became of a batch that a gateway received.
const GATEWAY: [&str; 4] = ["accepted", "rejected", "shed", "failed"];

/// What became of a record that a scorer folded.
const SCORER: [&str; 8] = [
    "scored",
    "duplicate",
    "reordered",
    "held",
    "late",
    "dead",
    "tick",
    "control",
];

/// The gateway's account and that of every partition that a scorer owns, as far
/// as they are told.
pub(crate) fn accounts(samples: &[Sample]) -> Vec<Account> {
    gateway(samples)
        .into_iter()
        .chain(scorer(samples))
        .collect()
}

fn gateway(samples: &[Sample]) -> Option<Account> {
    let sum = |name: &str, outcome: Option<&str>| -> u64 {
        let of = samples.iter().filter(|sample| {
            sample.name == name && outcome.is_none_or(|o| sample.label("outcome") == Some(o))
        });
        of.map(count).sum()
    };
    samples.iter().find(|sample| sample.name == RECEIVED)?;
    Some(Account {
        name: "gateway",
        place: String::new(),
        whole: Part {
            name: "received",
            count: sum(RECEIVED, None),
        },
        settled: GATEWAY
            .map(|name| Part {
                name,
                count: sum("furrow_gateway_batches_total", Some(name)),
            })
            .into(),
        open: Some(Part {
            name: "in flight",
            count: sum("furrow_gateway_batches_in_flight", None),
        }),
    })
}

fn scorer(samples: &[Sample]) -> Vec<Account> {
    let mut partitions: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
    for sample in samples {
        if sample.name == "furrow_scorer_records"
            && let (Some(partition), Some(outcome)) =
                (sample.label("partition"), sample.label("outcome"))
        {
            let outcomes = partitions.entry(partition).or_default();
            outcomes.insert(outcome, count(sample));
        }
    }
    let account = |(partition, outcomes): (&str, BTreeMap<&str, u64>)| {
        let part = |name| Part {
            name,
            count: outcomes.get(name).copied().unwrap_or(0),
        };
        Account {
            name: "scorer",
            place: format!("partition {partition}"),
            whole: part("records"),
            settled: SCORER.map(part).into(),
            open: None,
        }
    };
    partitions.into_iter().map(account).collect()
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count is whole, and far below where a float is not exact"
)]
fn count(sample: &Sample) -> u64 {
    sample.value as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use furrow_service::exposition::samples;
    use furrow_service::law::{Verdict, check, summary};

    const TEXT: &str = r#"
furrow_gateway_batches_received_total{entry="publish"} 7
furrow_gateway_batches_received_total{entry="beacon"} 3
furrow_gateway_batches_in_flight{entry="publish"} 1
furrow_gateway_batches_in_flight{entry="beacon"} 0
furrow_gateway_batches_total{entry="publish",outcome="accepted",reason="none"} 4
furrow_gateway_batches_total{entry="publish",outcome="rejected",reason="truncated"} 1
furrow_gateway_batches_total{entry="publish",outcome="rejected",reason="key"} 1
furrow_gateway_batches_total{entry="beacon",outcome="accepted",reason="none"} 2
furrow_gateway_batches_total{entry="beacon",outcome="failed",reason="abandoned"} 1
furrow_scorer_records{partition="0",outcome="records"} 5
furrow_scorer_records{partition="0",outcome="scored"} 4
furrow_scorer_records{partition="0",outcome="tick"} 1
furrow_scorer_records{partition="5",outcome="records"} 2
furrow_scorer_records{partition="5",outcome="dead"} 2
"#;

    fn summed(text: &str) -> Vec<(&'static str, u64, Verdict)> {
        let checked = check(|| accounts(&samples(text)));
        let summed = summary(checked).into_iter();
        summed
            .map(|(account, verdict)| (account.name, account.whole.count, verdict))
            .collect()
    }

    #[test]
    fn both_laws_are_read_from_what_a_process_tells() {
        let expected = [
            ("gateway", 10, Verdict::Holds),
            ("scorer", 7, Verdict::Holds),
        ];
        assert_eq!(summed(TEXT), expected);
    }

    #[test]
    fn a_record_without_an_outcome_breaks_the_scorers_law() {
        let text = TEXT.replace(r#"outcome="dead"} 2"#, r#"outcome="dead"} 1"#);
        let broken = Verdict::Broken { missing: 1 };
        assert_eq!(summed(&text)[1], ("scorer", 7, broken));
    }

    #[test]
    fn a_process_without_gateway_and_scorer_has_no_account() {
        assert_eq!(summed("furrow_sink_rows_total{table=\"sessions\"} 3\n"), []);
    }
}
