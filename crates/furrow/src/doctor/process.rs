//! What a running process says of itself, judged: readiness, lag, the canary,
//! and what must add up.

use super::Finding;
use crate::config::Config;
use crate::laws;
use furrow_service::exposition::Sample;
use furrow_service::law::{Account, Verdict, check, summary};
use serde::Deserialize;
use std::cell::Cell;
use std::collections::BTreeMap;

/// Part of the retention after which unread records are in danger.
const RETENTION_SHARE: f64 = 0.5;

/// How many intervals may pass without a canary that arrived.
const CANARY_INTERVALS_MAX: f64 = 3.0;

/// What `/readyz` says.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Report {
    pub(super) ready: bool,
    pub(super) roles: Vec<RoleReport>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct RoleReport {
    pub(super) name: String,
    pub(super) ready: bool,
    pub(super) reason: Option<String>,
}

/// What was asked of one process.
#[derive(Debug)]
pub(super) struct Answers {
    pub(super) report: Report,
    /// Its metrics three times, one after the other.
    pub(super) readings: [Vec<Sample>; 3],
}

/// Judges a process by its own words.
pub(super) fn judge(answers: &Answers, config: &Config, now_ms: i64) -> Vec<Finding> {
    let [.., newest] = &answers.readings;
    let mut findings = vec![readiness(&answers.report)];
    findings.extend(lags(newest, config));
    findings.extend(canary(newest, config, now_ms));
    let reading = Cell::new(0);
    let read = || {
        let samples = &answers.readings[reading.get()];
        reading.set(reading.get() + 1);
        laws::accounts(samples)
    };
    findings.extend(
        summary(check(read))
            .iter()
            .map(|(a, verdict)| law(a, *verdict)),
    );
    findings
}

fn readiness(report: &Report) -> Finding {
    let names = |ready: bool| {
        let roles = report.roles.iter().filter(move |role| role.ready == ready);
        roles.map(|role| match &role.reason {
            Some(reason) => format!("{} ({reason})", role.name),
            None => role.name.clone(),
        })
    };
    if report.ready {
        let roles: Vec<_> = names(true).collect();
        return Finding::Good(format!("running and ready: {}", roles.join(", ")));
    }
    let roles: Vec<_> = names(false).collect();
    Finding::Bad {
        what: format!("runs but is not ready: {}", roles.join(", ")),
        remedy: "wait if it is replaying or catching up; else its log says more".into(),
    }
}

/// The oldest record that a role has not passed on.
#[derive(Debug, Clone, PartialEq)]
struct Behind {
    seconds: f64,
    place: String,
}

fn lags(samples: &[Sample], config: &Config) -> Vec<Finding> {
    let mut worst: BTreeMap<String, Behind> = BTreeMap::new();
    for sample in samples {
        let (Some(role), Some(topic)) = (sample.label("role"), sample.label("topic")) else {
            continue;
        };
        let place = match (sample.name.as_str(), sample.label("partition")) {
            ("furrow_lag_seconds", Some(partition)) => format!("partition {partition} of {topic}"),
            // What the api sees of a role that may have no process at all.
            ("furrow_api_lag_seconds", _) => topic.to_owned(),
            _ => continue,
        };
        let behind = Behind {
            seconds: sample.value,
            place,
        };
        let known = worst.get(role);
        if known.is_none_or(|known| known.seconds < behind.seconds) {
            worst.insert(role.to_owned(), behind);
        }
    }
    let mut findings: Vec<_> = worst
        .iter()
        .map(|(role, behind)| lag(role, behind, config))
        .collect();
    let oldest = worst
        .values()
        .max_by(|a, b| a.seconds.total_cmp(&b.seconds));
    findings.extend(oldest.map(|behind| retention(behind, config)));
    findings
}

fn lag(role: &str, behind: &Behind, config: &Config) -> Finding {
    let seconds_max = match role {
        "scorer" => config.scorer.lag_seconds_max,
        "sink" => config.sink.lag_seconds_max,
        _ => 0,
    };
    let Behind { seconds, place } = behind;
    if seconds_max > 0 && *seconds > f64::from(seconds_max) {
        return Finding::Bad {
            what: format!("the {role} is {seconds:.0} s behind in {place}"),
            remedy: format!(
                "see that a {role} runs and what its log says; if it does and works, give it time \
                 or start another one"
            ),
        };
    }
    if *seconds > 0.0 {
        return Finding::Good(format!("{role}: {seconds:.1} s behind at most, in {place}"));
    }
    Finding::Good(format!("{role}: caught up"))
}

fn retention(behind: &Behind, config: &Config) -> Finding {
    let hours = config.log.retention_hours;
    let seconds = behind.seconds;
    if seconds > hours as f64 * 3_600.0 * RETENTION_SHARE {
        return Finding::Bad {
            what: format!(
                "the oldest record that was not passed on is {:.1} h old, and the log keeps \
                 records for {hours} h",
                seconds / 3_600.0
            ),
            remedy: "raise log.retention_hours (and run `furrow migrate`) before they are \
                     dropped, then see why the role stands still"
                .into(),
        };
    }
    Finding::Good(format!(
        "log: records are kept for {hours} h, the oldest that was not passed on is {seconds:.1} s \
         old"
    ))
}

fn canary(samples: &[Sample], config: &Config, now_ms: i64) -> Option<Finding> {
    let value = |name: &str| Some(samples.iter().find(|sample| sample.name == name)?.value);
    let arrived = value("furrow_canary_arrived_timestamp_seconds")?;
    let took = value("furrow_canary_last_trip_seconds")?;
    let lost = samples.iter().filter_map(|sample| {
        let outcome = sample.label("outcome")?;
        let is_lost = sample.name == "furrow_canary_sent_total" && outcome != "arrived";
        is_lost.then(|| format!("{outcome} {}", sample.value))
    });
    let lost: Vec<_> = lost.collect();
    let lost = match lost.is_empty() {
        true => "none failed".to_owned(),
        false => format!("failed: {}", lost.join(", ")),
    };
    let remedy = "the outcome names the leg: not_accepted the gateway, not_archived the sink, \
                  not_scored the scorer, not_readable ClickHouse; see its log";
    if arrived == 0.0 {
        return Some(if lost == "none failed" {
            Finding::Note("canary: none has come back yet".into())
        } else {
            Finding::Bad {
                what: format!("no canary has arrived ({lost})"),
                remedy: remedy.into(),
            }
        });
    }
    let age = now_ms as f64 / 1_000.0 - arrived;
    let age_max = config.canary.every_ms as f64 / 1_000.0 * CANARY_INTERVALS_MAX;
    Some(if age > age_max {
        Finding::Bad {
            what: format!("the last canary arrived {age:.0} s ago ({lost})"),
            remedy: remedy.into(),
        }
    } else {
        Finding::Good(format!(
            "canary: arrived {age:.0} s ago, {took:.2} s from sending to ClickHouse, {lost}"
        ))
    })
}

fn law(account: &Account, verdict: Verdict) -> Finding {
    let parts = account.settled.iter().chain(&account.open);
    let parts: Vec<_> = parts
        .map(|part| format!("{} {}", part.count, part.name))
        .collect();
    let told = format!(
        "{}: {} {} = {}",
        account.name,
        account.whole.count,
        account.whole.name,
        parts.join(" + ")
    );
    match verdict {
        Verdict::Holds => Finding::Good(format!("{told}: holds")),
        Verdict::Broken { missing } => Finding::Bad {
            what: format!("{told}: broken, {missing} are missing"),
            remedy: "this is a bug in Furrow: please report it with the process's log".into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use furrow_service::exposition::samples;

    const NOW_MS: i64 = 1_790_000_000_000;

    const WELL: &str = r#"
furrow_lag_seconds{role="scorer",topic="interactions",partition="0"} 0
furrow_lag_seconds{role="scorer",topic="interactions",partition="3"} 0.42
furrow_lag_seconds{role="sink",topic="scores",partition="1"} 0
furrow_api_lag_seconds{role="scorer",topic="interactions"} 0.3
furrow_canary_sent_total{outcome="arrived"} 12
furrow_canary_last_trip_seconds 0.61
furrow_canary_arrived_timestamp_seconds 1789999990
furrow_gateway_batches_received_total{entry="publish"} 3
furrow_gateway_batches_in_flight{entry="publish"} 1
furrow_gateway_batches_total{entry="publish",outcome="accepted",reason="none"} 2
furrow_scorer_records{partition="0",outcome="records"} 2
furrow_scorer_records{partition="0",outcome="scored"} 2
"#;

    fn config() -> Config {
        Config::with(&[])
    }

    fn judged(text: &str) -> Vec<String> {
        let role = RoleReport {
            name: "scorer".into(),
            ready: true,
            reason: None,
        };
        let answers = Answers {
            report: Report {
                ready: true,
                roles: vec![role],
            },
            readings: [(); 3].map(|()| samples(text)),
        };
        let findings = judge(&answers, &config(), NOW_MS);
        findings
            .iter()
            .map(|finding| match finding {
                Finding::Good(what) => format!("ok {what}"),
                Finding::Note(what) => format!("note {what}"),
                Finding::Bad { what, .. } => format!("BAD {what}"),
            })
            .collect()
    }

    #[test]
    fn a_process_that_is_well_is_told_in_plain_words() {
        let expected = [
            "ok running and ready: scorer",
            "ok scorer: 0.4 s behind at most, in partition 3 of interactions",
            "ok sink: caught up",
            "ok log: records are kept for 76 h, the oldest that was not passed on is 0.4 s old",
            "ok canary: arrived 10 s ago, 0.61 s from sending to ClickHouse, none failed",
            "ok gateway: 3 received = 2 accepted + 0 rejected + 0 shed + 0 failed + 1 in flight: \
             holds",
            "ok scorer: 2 records = 2 scored + 0 duplicate + 0 reordered + 0 held + 0 late + 0 \
             dead + 0 tick + 0 control: holds",
        ];
        assert_eq!(judged(WELL), expected);
    }

    #[test]
    fn lag_beyond_the_limit_is_bad_whoever_tells_it() {
        for (well, ill, told) in [
            (
                r#"partition="3"} 0.42"#,
                r#"partition="3"} 412"#,
                "BAD the scorer is 412 s behind in partition 3 of interactions",
            ),
            (
                r#"topic="interactions"} 0.3"#,
                r#"topic="interactions"} 9000"#,
                "BAD the scorer is 9000 s behind in interactions",
            ),
        ] {
            let findings = judged(&WELL.replace(well, ill));
            assert!(findings.contains(&told.to_owned()), "{findings:?}");
        }
    }

    #[test]
    fn unread_records_that_near_the_retention_are_bad() {
        let findings = judged(&WELL.replace("} 0.42", "} 180000"));
        let told = "BAD the oldest record that was not passed on is 50.0 h old, and the log keeps \
                    records for 76 h";
        assert!(findings.contains(&told.to_owned()), "{findings:?}");
    }

    #[test]
    fn a_canary_that_stays_away_is_bad_and_names_the_leg() {
        let lost = "furrow_canary_sent_total{outcome=\"not_scored\"} 4\n";
        let text = format!("{}{lost}", WELL.replace("1789999990", "1789999000"));
        let told = "BAD the last canary arrived 1000 s ago (failed: not_scored 4)";
        let findings = judged(&text);
        assert!(findings.contains(&told.to_owned()), "{findings:?}");

        let never = WELL.replace("1789999990", "0");
        let told = "note canary: none has come back yet";
        assert!(judged(&never).contains(&told.to_owned()));
        let told = "BAD no canary has arrived (failed: not_scored 4)";
        assert!(judged(&format!("{never}{lost}")).contains(&told.to_owned()));
    }

    #[test]
    fn a_broken_law_is_bad_with_its_numbers() {
        let findings = judged(&WELL.replace("in_flight{entry=\"publish\"} 1", "in_flight 0"));
        let told = "BAD gateway: 3 received = 2 accepted + 0 rejected + 0 shed + 0 failed + 0 in \
                    flight: broken, 1 are missing";
        assert!(findings.contains(&told.to_owned()), "{findings:?}");
    }

    #[test]
    fn a_role_that_is_not_ready_is_named_with_its_reason() {
        let report: Report = serde_json::from_str(
            r#"{"ready":false,"roles":[{"name":"gateway","ready":true},
                {"name":"scorer","ready":false,"reason":"replaying"}]}"#,
        )
        .unwrap();
        let Finding::Bad { what, .. } = readiness(&report) else {
            panic!("it is not ready");
        };
        assert_eq!(what, "runs but is not ready: scorer (replaying)");
    }
}
