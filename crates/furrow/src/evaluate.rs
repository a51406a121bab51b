//! `furrow evaluate`: how well scores tell frustrated sessions from calm ones,
//! on simulated visitors or on labelled sessions of anybody's own.

use crate::offline::{self, Offline};
use crate::print;
use anyhow::{Context, Result, bail, ensure};
use furrow_core::ids::SessionId;
use furrow_core::interaction::Batch;
use furrow_core::ledger::Outcome;
use furrow_core::output::{ScoreUpdate, Scores, SessionScore};
use furrow_evaluate::interval::{Interval, Rate};
use furrow_evaluate::markdown::markdown;
use furrow_evaluate::report::{Margin, Part, Row};
use furrow_evaluate::{Labelled, Report, peers, report};
use furrow_evaluate::{auc::Auc, effect::Effect};
use furrow_sim::{SiteModel, Visitor};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

/// When simulated visitors come, ms since 1970; any time gives the same scores.
const START_MS: i64 = 1_763_500_000_000;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Batches in protobuf's JSON mapping, one a line; - for standard input.
    /// Without a file, visitors are simulated.
    #[arg(requires = "labels", conflicts_with_all = ["site", "seeds", "visitors"])]
    file: Option<PathBuf>,
    /// What is true of the file's sessions, one JSON object a line with at
    /// least "session", "visitor" and "frustrated".
    #[arg(long, requires = "file", value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Where simulated visitors go.
    #[arg(long, default_value = "report")]
    site: String,
    /// One report per seed, and one of all.
    #[arg(long, value_delimiter = ',', default_value = "1,2,3")]
    seeds: Vec<u64>,
    /// How many visitors of each seed.
    #[arg(long, default_value_t = 2_000)]
    visitors: u64,
    /// A score of at least this is an alarm, 0 to 10.
    #[arg(long, default_value_t = 3.0)]
    alarm_at: f64,
    /// How the report is written.
    #[arg(long, value_enum, default_value_t = Format::Markdown)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Markdown,
    Json,
}

pub(crate) fn evaluate(arguments: &Arguments) -> Result<()> {
    let reports = match (&arguments.file, &arguments.labels) {
        (Some(file), Some(labels)) => vec![labelled_file(file, labels, arguments.alarm_at)?],
        (None, None) => simulated(arguments)?,
        (Some(_), None) | (None, Some(_)) => unreachable!("one requires the other"),
    };
    let text = match arguments.format {
        Format::Markdown => {
            let parts: Vec<String> = reports
                .iter()
                .map(|(title, r)| markdown(title, r))
                .collect();
            parts.join("\n")
        }
        Format::Json => {
            let parts: Vec<Value> = reports
                .iter()
                .map(|(title, r)| report_json(title, r))
                .collect();
            format!("{}\n", json!({ "reports": parts }))
        }
    };
    print(text.as_bytes())
}

/// Reports under their titles: one per seed, and one of all.
fn simulated(arguments: &Arguments) -> Result<Vec<(String, Report)>> {
    let site = SiteModel::named(&arguments.site)
        .with_context(|| format!("there is no site named {}", arguments.site))?;
    let (mut reports, mut all) = (Vec::new(), Vec::new());
    for &seed in &arguments.seeds {
        let mut sessions = Vec::new();
        for index in 0..arguments.visitors {
            sessions.extend(of_visitor(&site, seed, index)?);
        }
        let title = format!("{}, seed {seed}", arguments.site);
        reports.push((title, report(&sessions, arguments.alarm_at)));
        all.append(&mut sessions);
    }
    if arguments.seeds.len() > 1 {
        let title = format!("{}, all {} seeds", arguments.site, arguments.seeds.len());
        reports.push((title, report(&all, arguments.alarm_at)));
    }
    Ok(reports)
}

fn of_visitor(site: &SiteModel, seed: u64, index: u64) -> Result<Vec<Labelled>> {
    let mut pipeline = Offline::new("evaluation", "simulated");
    let (mut truths, mut batches) = (Labels::new(), BatchesBySession::new());
    for script in Visitor::new(seed, index, site).sessions(START_MS) {
        let label = Label {
            // The same number under another seed is another person.
            visitor: format!("{seed}/{index}"),
            frustrated: script.truth.frustrated,
            frustration: Some(script.truth.frustration),
        };
        truths.insert(script.session, label);
        let sent = script.sent.into_iter().map(|sent| sent.batch);
        for batch in sent {
            take(&mut pipeline, &batch).with_context(|| format!("visitor {index} of {seed}"))?;
            batches.entry(script.session).or_default().push(batch);
        }
    }
    Ok(joined(pipeline.finish(), &batches, &truths).labelled)
}

fn labelled_file(file: &Path, labels: &Path, alarm_at: f64) -> Result<(String, Report)> {
    let truths = read_labels(offline::open(labels)?).with_context(|| name(labels))?;
    let (updates, batches) = read_batches(offline::open(file)?).with_context(|| name(file))?;
    let joined = joined(updates, &batches, &truths);
    ensure!(
        !joined.labelled.is_empty(),
        "{}: no line is about a session of {}",
        name(labels),
        name(file)
    );
    let without = truths.len() - joined.labelled.len();
    if joined.unlabelled + without > 0 {
        // Nobody is left to tell when standard error is gone.
        let _ = writeln!(
            std::io::stderr(),
            "left out: {} sessions without a label, {without} labels without a session",
            joined.unlabelled
        );
    }
    Ok((name(file), report(&joined.labelled, alarm_at)))
}

fn name(file: &Path) -> String {
    file.display().to_string()
}

/// What is true of a session.
#[derive(Debug, Clone, PartialEq)]
struct Label {
    visitor: String,
    frustrated: bool,
    frustration: Option<f64>,
}

type Labels = BTreeMap<SessionId, Label>;
type BatchesBySession = BTreeMap<SessionId, Vec<Batch>>;

/// One line of labels; what else it says does not matter here.
#[derive(Debug, Deserialize)]
struct LabelLine {
    session: String,
    visitor: Value,
    frustrated: bool,
    frustration: Option<f64>,
}

fn read_labels(reader: impl BufRead) -> Result<Labels> {
    let mut labels = Labels::new();
    offline::for_each_line(reader, |number, text| {
        let place = || format!("line {number}");
        let line: LabelLine = serde_json::from_str(text).with_context(place)?;
        let session = uuid::Uuid::parse_str(&line.session)
            .with_context(|| format!("line {number}: session"))?;
        let visitor = match line.visitor {
            Value::String(key) => key,
            Value::Number(key) => key.to_string(),
            other => bail!("line {number}: visitor: {other} is no key"),
        };
        let label = Label {
            visitor,
            frustrated: line.frustrated,
            frustration: line.frustration,
        };
        let before = labels.insert(SessionId(session.into_bytes()), label);
        ensure!(
            before.is_none(),
            "line {number}: {session} has a label already"
        );
        Ok(())
    })?;
    Ok(labels)
}

fn read_batches(reader: impl BufRead) -> Result<(Vec<ScoreUpdate>, BatchesBySession)> {
    let mut pipeline = Offline::new("evaluation", "labelled");
    let mut batches = BatchesBySession::new();
    offline::for_each_line(reader, |number, text| {
        let place = || format!("line {number}");
        let batch = offline::read(text)
            .map_err(anyhow::Error::msg)
            .with_context(place)?;
        take(&mut pipeline, &batch).with_context(place)?;
        batches.entry(batch.session).or_default().push(batch);
        Ok(())
    })?;
    Ok((pipeline.finish(), batches))
}

fn take(pipeline: &mut Offline, batch: &Batch) -> Result<()> {
    match pipeline.take(batch.clone()) {
        outcome @ (Outcome::Late | Outcome::Dead(_)) => bail!("not scored: {outcome:?}"),
        _ => Ok(()),
    }
}

struct Joined {
    labelled: Vec<Labelled>,
    /// Sessions of which nothing is known to be true.
    unlabelled: usize,
}

fn joined(updates: Vec<ScoreUpdate>, batches: &BatchesBySession, truths: &Labels) -> Joined {
    let mut joined = Joined {
        labelled: Vec::new(),
        unlabelled: 0,
    };
    for update in updates {
        let session = update.session.key.session;
        match truths.get(&session) {
            Some(label) => {
                let batches = batches.get(&session).map_or(&[][..], Vec::as_slice);
                joined.labelled.push(labelled(&update, batches, label));
            }
            None => joined.unlabelled += 1,
        }
    }
    joined
}

fn labelled(update: &ScoreUpdate, batches: &[Batch], label: &Label) -> Labelled {
    let mut signals: BTreeMap<&str, u64> = BTreeMap::new();
    for firing in &update.signals {
        *signals.entry(&firing.signal).or_default() += u64::from(firing.intensity_milli);
    }
    Labelled {
        session: update.session.key.session,
        visitor: label.visitor.as_str().into(),
        frustrated: label.frustrated,
        latent: label.frustration,
        scored: update.session.scored,
        scores: evidence(update.session.scores),
        signals: signals
            .into_iter()
            .map(|(signal, milli)| (signal.into(), milli as f64 / 1_000.0))
            .collect(),
        peers: peers::firings(batches)
            .into_iter()
            .map(|(rule, count)| (rule.into(), count))
            .collect(),
        plain: plain(&update.session),
    }
}

/// What needs no judgement.
fn plain(session: &SessionScore) -> Vec<(Box<str>, f64)> {
    let lasted_ms = session.last_interaction_ms - session.started_ms;
    [
        ("length of the session, s", lasted_ms as f64 / 1_000.0),
        ("engaged time, s", session.engaged_ms as f64 / 1_000.0),
        ("interactions", session.interactions.into()),
        ("presses", session.presses.into()),
        ("page views", session.page_views.into()),
    ]
    .map(|(name, count)| (name.into(), count))
    .to_vec()
}

/// Every score such that more speaks for frustration.
fn evidence(scores: Scores) -> Vec<(Box<str>, f64)> {
    const FULL: u16 = 10_000;
    [
        ("frustration", scores.frustration),
        ("engagement", scores.engagement),
        ("technical", scores.technical),
        ("experience, reversed", FULL - scores.experience),
    ]
    .map(|(name, milli)| (name.into(), f64::from(milli) / 1_000.0))
    .to_vec()
}

fn report_json(title: &str, report: &Report) -> Value {
    json!({
        "title": title,
        "frustrated": part_json(report.frustrated),
        "calm": part_json(report.calm),
        "persons": report.persons,
        "persons_in_both_states": report.persons_in_both_states,
        "alarm_at": report.alarm_at,
        "rows": report.rows.iter().map(row_json).collect::<Vec<_>>(),
        "margins": report.margins.iter().map(margin_json).collect::<Vec<_>>(),
    })
}

fn part_json(part: Part) -> Value {
    json!({ "sessions": part.sessions, "unscored": part.unscored })
}

fn row_json(row: &Row) -> Value {
    let auc = |auc: Auc| {
        json!({
            "value": auc.value,
            "standard_error": auc.standard_error,
            "interval": interval_json(auc.interval),
        })
    };
    let rate = |rate: Rate| {
        json!({
            "hits": rate.hits,
            "of": rate.of,
            "share": rate.share(),
            "interval": interval_json(rate.interval),
        })
    };
    let effect = |effect: Effect| {
        json!({
            "d": effect.d,
            "interval": interval_json(effect.interval),
            "persons": effect.persons,
        })
    };
    json!({
        "group": row.group.name(),
        "name": row.name,
        "auc": row.auc.map(auc),
        "false_alarms": row.false_alarms.map(rate),
        "detections": row.detections.map(rate),
        "within": row.within.map(effect),
        "between": row.between.map(effect),
        "rank_correlation": row.rank_correlation,
    })
}

fn margin_json(margin: &Margin) -> Value {
    json!({
        "against": margin.against,
        "difference": margin.difference.value,
        "interval": interval_json(margin.difference.interval),
        "z": margin.difference.z,
        "p": margin.difference.p,
        "outside_the_interval": margin.is_outside_the_interval(),
    })
}

fn interval_json(interval: Interval) -> Value {
    json!([interval.low, interval.high])
}

#[cfg(test)]
mod tests {
    use super::*;
    use furrow_sim::lines;

    const SESSION: &str = "019a0000-0000-7000-8000-000000000001";

    fn read(text: &str) -> Result<Labels, String> {
        read_labels(text.as_bytes()).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn a_label_needs_three_fields_and_may_have_others() {
        let labels = read(&format!(
            r#"{{"session":"{SESSION}","visitor":7,"frustrated":true,"faults":["dead"]}}"#
        ));
        let label = labels.unwrap().into_values().next().unwrap();
        let expected = Label {
            visitor: "7".into(),
            frustrated: true,
            frustration: None,
        };
        assert_eq!(label, expected);
    }

    #[test]
    fn a_line_that_is_no_label_is_named() {
        let good = format!(r#"{{"session":"{SESSION}","visitor":"a","frustrated":true}}"#);
        for (bad, why) in [
            ("{", "EOF"),
            (
                r#"{"session":"1","visitor":"a","frustrated":true}"#,
                "session",
            ),
            (&*good.replace("\"a\"", "null"), "visitor"),
            (&*good.replace("true", "1"), "boolean"),
            (&*good, "already"),
        ] {
            let error = read(&format!("{good}\n\n{bad}\n")).unwrap_err();
            assert!(
                error.starts_with("line 3") && error.contains(why),
                "{error}"
            );
        }
    }

    #[test]
    fn a_line_that_is_no_batch_is_named() {
        let error = read_batches("\n{}\n".as_bytes()).err().unwrap();
        assert!(format!("{error:#}").starts_with("line 2"), "{error:#}");
    }

    #[test]
    fn simulated_visitors_and_a_file_of_what_they_sent_are_found_the_same() {
        let site = SiteModel::named("shop").unwrap();
        let (mut direct, mut lines_sent, mut truths) = (Vec::new(), String::new(), Labels::new());
        for index in 0..6 {
            direct.extend(of_visitor(&site, 3, index).unwrap());
            for script in Visitor::new(3, index, &site).sessions(START_MS) {
                lines_sent += &lines::lines(&script);
                let label = Label {
                    visitor: format!("3/{index}"),
                    frustrated: script.truth.frustrated,
                    frustration: Some(script.truth.frustration),
                };
                truths.insert(script.session, label);
            }
        }
        let (updates, batches) = read_batches(lines_sent.as_bytes()).unwrap();
        let mut from_file = joined(updates, &batches, &truths).labelled;
        direct.sort_by_key(|s| s.session);
        from_file.sort_by_key(|s| s.session);
        assert_eq!(direct, from_file);
        assert!(direct.iter().any(|s| s.scored && !s.signals.is_empty()));
    }

    #[test]
    fn a_session_without_a_label_is_left_out_and_counted() {
        let site = SiteModel::named("shop").unwrap();
        let script = Visitor::new(1, 1, &site).script(START_MS);
        let (updates, batches) = read_batches(lines::lines(&script).as_bytes()).unwrap();
        let joined = joined(updates, &batches, &Labels::new());
        assert_eq!((joined.labelled.len(), joined.unlabelled), (0, 1));
    }

    #[test]
    fn a_report_as_json_has_a_row_for_every_score_and_peer() {
        let site = SiteModel::named("shop").unwrap();
        let sessions: Vec<Labelled> = (0..4)
            .flat_map(|index| of_visitor(&site, 1, index).unwrap())
            .collect();
        let json = report_json("few", &report(&sessions, 3.0));
        let of_group = |group: &str| {
            let rows = json["rows"].as_array().unwrap().iter();
            rows.filter(|row| row["group"] == group).count()
        };
        assert_eq!(of_group("score"), evidence(Scores::default()).len());
        assert_eq!(of_group("peer"), peers::RULES.len());
        assert_eq!(json["persons"], 4);
    }
}
