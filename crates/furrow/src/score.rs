//! `furrow score FILE`: the pipeline's own fold over a file of batches.
//!
//! ```text
//! json      what is printed of a session or page view
//! progress  how far a long file is read
//! ```

mod json;
mod progress;

use crate::offline::{self, Offline};
use crate::{print, rules};
use anyhow::Result;
use furrow_core::ledger::Outcome;
use std::io::BufRead;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Batches in protobuf's JSON mapping, one a line; - for standard input.
    file: PathBuf,
    /// Whose they are.
    #[arg(long, default_value = "demo")]
    tenant: String,
    /// Of which site or app.
    #[arg(long, default_value = "shop")]
    property: String,
    /// Score by the rule set in this TOML file; what it leaves out is as
    /// compiled in.
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// Add what was measured on the samples, per session and page view.
    #[arg(long)]
    measures: bool,
    /// Print one line per page view instead of one per session, with its
    /// measures and signals.
    #[arg(long)]
    trials: bool,
}

/// What the printed lines are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lines {
    Sessions,
    SessionsWithMeasures,
    Trials,
}

impl Arguments {
    fn lines(&self) -> Lines {
        match (self.trials, self.measures) {
            (true, _) => Lines::Trials,
            (false, true) => Lines::SessionsWithMeasures,
            (false, false) => Lines::Sessions,
        }
    }
}

/// Scores every line; a line that cannot be read is told on standard error
/// and makes the exit code 1.
pub(crate) fn score(arguments: &Arguments) -> Result<ExitCode> {
    let mut pipeline = Offline::new(&arguments.tenant, &arguments.property);
    if let Some(file) = &arguments.rules {
        pipeline = pipeline.under(rules::read(file)?);
    }
    let progress = progress::of(&arguments.file);
    let reader = progress.wrap_read(offline::open(&arguments.file)?);
    let faults = take_all(&mut pipeline, reader, |line, why| {
        progress::tell(&progress, line, why);
    })?;
    progress.finish_and_clear();
    for update in pipeline.finish() {
        for line in json::lines(&update, arguments.lines()) {
            print(format!("{line}\n").as_bytes())?;
        }
    }
    Ok(if faults == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Folds every line's batch. Tells of those that are not scored, and gives
/// their number.
fn take_all(
    pipeline: &mut Offline,
    reader: impl BufRead,
    mut tell: impl FnMut(u64, &str),
) -> Result<u64> {
    let mut faults = 0_u64;
    offline::for_each_line(reader, |number, line| {
        let fault = match line.and_then(offline::read) {
            Ok(batch) => {
                let outcome = pipeline.take(batch);
                let (Outcome::Late | Outcome::Dead(_)) = outcome else {
                    return Ok(());
                };
                format!("not scored: {outcome:?}")
            }
            Err(why) => why,
        };
        faults += 1;
        tell(number, &fault);
        Ok(())
    })?;
    Ok(faults)
}

#[cfg(test)]
mod tests {
    use super::*;
    use furrow_sim::lines::lines;
    use furrow_sim::{SiteModel, Visitor};
    use serde_json::Value;

    const START_MS: i64 = 1_763_500_000_000;

    /// Whether a line is what `docs/score.schema.json` says.
    struct Schema {
        schemas: boon::Schemas,
        index: boon::SchemaIndex,
    }

    impl Schema {
        fn documented() -> Schema {
            let text = include_str!("../../../docs/score.schema.json");
            let name = "file:///score.schema.json";
            let mut schemas = boon::Schemas::new();
            let mut compiler = boon::Compiler::new();
            compiler
                .add_resource(name, serde_json::from_str(text).unwrap())
                .unwrap();
            let index = compiler.compile(name, &mut schemas).unwrap();
            Schema { schemas, index }
        }

        fn fits(&self, line: &Value) -> bool {
            self.schemas.validate(line, self.index).is_ok()
        }

        fn assert_fits(&self, line: &Value) {
            if let Err(error) = self.schemas.validate(line, self.index) {
                panic!("{error:#}\n{line:#}");
            }
        }
    }

    /// What is printed of some simulated sessions.
    fn printed(visitors: std::ops::Range<u64>, lines_of: Lines) -> Vec<Value> {
        let shop = SiteModel::shop();
        let mut pipeline = Offline::new("demo", "shop");
        for index in visitors {
            let script = Visitor::new(5, index, &shop).script(START_MS);
            let told = |line, why: &str| panic!("line {line}: {why}");
            take_all(&mut pipeline, lines(&script).as_bytes(), told).unwrap();
        }
        let updates = pipeline.finish();
        let lines = |update| json::lines(update, lines_of);
        updates.iter().flat_map(lines).collect()
    }

    #[test]
    fn every_line_is_as_the_schema_documents_it() {
        let schema = Schema::documented();
        let visitors = 0..40;
        let sessions = printed(visitors.clone(), Lines::Sessions);
        let measured = printed(visitors.clone(), Lines::SessionsWithMeasures);
        let trials = printed(visitors, Lines::Trials);
        assert_eq!((sessions.len(), measured.len()), (40, 40));
        assert!(trials.len() > sessions.len());
        for line in sessions.iter().chain(&measured).chain(&trials) {
            schema.assert_fits(line);
        }
        let fired = |line: &Value| line["signals"].as_array().is_some_and(|s| !s.is_empty());
        assert!(sessions.iter().any(fired) && trials.iter().any(fired));
        assert!(sessions.iter().all(|line| line.get("measures").is_none()));
    }

    #[test]
    fn the_schema_refuses_what_is_not_documented() {
        let schema = Schema::documented();
        let changed = |lines_of, change: fn(&mut Value)| {
            let mut line = printed(0..4, lines_of)
                .into_iter()
                .find(|line| line["scored"] == true)
                .unwrap();
            assert!(schema.fits(&line));
            change(&mut line);
            !schema.fits(&line)
        };
        for lines_of in [Lines::SessionsWithMeasures, Lines::Trials] {
            assert!(changed(lines_of, |line| line["more"] = 1.into()));
            assert!(changed(lines_of, |line| {
                line.as_object_mut().unwrap().remove("confidence");
            }));
            assert!(changed(lines_of, |line| line["running"]["form"] = 10.5.into()));
            assert!(changed(lines_of, |line| line["scores"]["anger"] = 1.into()));
            assert!(changed(lines_of, |line| line["measures"]["path_px"] = "1".into()));
        }
    }

    #[test]
    fn a_trial_says_of_its_page_view_what_its_session_does() {
        let sessions = printed(0..10, Lines::SessionsWithMeasures);
        let trials = printed(0..10, Lines::Trials);
        let views: usize = sessions
            .iter()
            .map(|session| session["page_views"].as_array().unwrap().len())
            .sum();
        assert_eq!(trials.len(), views);
        for trial in &trials {
            let session = sessions
                .iter()
                .find(|session| session["session"] == trial["session"])
                .unwrap();
            let ordinal = usize::try_from(trial["ordinal"].as_u64().unwrap()).unwrap();
            let view = session["page_views"][ordinal].as_object().unwrap();
            for (name, value) in view {
                assert_eq!(&trial[name], value, "{name}");
            }
            let here = |signal: &&Value| signal["page_view"] == trial["ordinal"];
            let signals = session["signals"].as_array().unwrap().iter();
            let signals: Vec<&Value> = signals.filter(here).collect();
            assert_eq!(
                trial["signals"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .collect::<Vec<_>>(),
                signals
            );
        }
    }

    #[test]
    fn what_is_unscored_has_no_scores() {
        let shop = SiteModel::shop();
        let script = Visitor::new(5, 0, &shop).script(START_MS);
        let mut first = script.sent[0].batch.clone();
        first.interactions.truncate(2);
        let line = furrow_sim::lines::line(&first);
        let mut pipeline = Offline::new("demo", "shop");
        take_all(&mut pipeline, line.as_bytes(), |_, why| panic!("{why}")).unwrap();
        let update = &pipeline.finish()[0];
        for lines_of in [Lines::Sessions, Lines::Trials] {
            let line = &json::lines(update, lines_of)[0];
            assert_eq!(line["scored"], false);
            assert!(line["scores"].is_null() && line["running"].is_null());
            Schema::documented().assert_fits(line);
        }
    }

    #[test]
    fn rules_of_a_file_stand_over_the_compiled_in_ones() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rules.toml");
        let fault = |text: &str| {
            std::fs::write(&file, text).unwrap();
            format!("{:#}", rules::read(&file).unwrap_err())
        };
        assert!(fault("[scores]\ntarget_cap = 0\n").contains("scores.target_cap"));
        assert!(fault("[press]\ndeadms = 4000\n").contains("deadms"));

        std::fs::write(&file, "[scores]\nevidence_min_interactions = 10000\n").unwrap();
        let shop = SiteModel::shop();
        let script = Visitor::new(5, 0, &shop).script(START_MS);
        let mut pipeline = Offline::new("demo", "shop").under(rules::read(&file).unwrap());
        take_all(&mut pipeline, lines(&script).as_bytes(), |_, why| {
            panic!("{why}")
        })
        .unwrap();
        let session = &pipeline.finish()[0].session;
        assert_eq!((session.rules, session.scored), (1, false));
    }

    #[test]
    fn lines_that_cannot_be_scored_are_told_by_number_and_the_others_scored() {
        let shop = SiteModel::shop();
        let script = Visitor::new(5, 0, &shop).script(START_MS);
        let good = lines(&script);
        let mut input = b"{}\n\xff\n".to_vec();
        input.extend(good.as_bytes());
        input.extend(b"{\"sessionID\": \"AA==\"}\n");
        let mut told = Vec::new();
        let mut pipeline = Offline::new("demo", "shop");
        let faults = take_all(&mut pipeline, &*input, |line, _| told.push(line)).unwrap();
        let last = 3 + u64::try_from(script.sent.len()).unwrap();
        assert_eq!((faults, told), (3, vec![1, 2, last]));
        assert_eq!(pipeline.finish().len(), 1);
    }
}
