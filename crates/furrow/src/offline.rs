//! The pipeline's own fold without a log: batches in, sessions out.

use anyhow::{Context, Result};
use furrow_core::control::Control;
use furrow_core::ids::{Epoch, Property, Tenant};
use furrow_core::interaction::Batch;
use furrow_core::ledger::Outcome;
use furrow_core::output::ScoreUpdate;
use furrow_core::partition::{ALLOWED_LATENESS_MS, PartitionState, Record, TenantBatch};
use furrow_core::rules::RuleSet;
use furrow_core::session::{ClientFacts, Received};
use furrow_core::time::LogTime;
use furrow_proto::{decode_batch, json};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// The longest line that is read: a batch's JSON.
const LINE_BYTES_MAX: usize = 16 << 20;

/// Sessions of one tenant's property, scored as the pipeline scores them.
pub(crate) struct Offline {
    state: PartitionState,
    tenant: Tenant,
    property: Property,
}

impl Offline {
    pub(crate) fn new(tenant: &str, property: &str) -> Offline {
        Offline {
            state: PartitionState::new(Epoch(0), 0, 0, ALLOWED_LATENESS_MS),
            tenant: Tenant(tenant.into()),
            property: Property(property.into()),
        }
    }

    /// The same, under other rules than the compiled-in ones. They are number 1.
    pub(crate) fn under(mut self, rules: RuleSet) -> Offline {
        let control = Control::unpublished(0, self.tenant.clone(), 1, rules);
        let record = Record::Control(Box::new(control));
        let folded = self
            .state
            .fold(self.state.next_offset(), LogTime(0), record);
        debug_assert_eq!(folded.outcome, Outcome::Control);
        self
    }

    pub(crate) fn take(&mut self, batch: Batch) -> Outcome {
        let record = Record::Batch(Box::new(TenantBatch {
            tenant: self.tenant.clone(),
            property: self.property.clone(),
            // Nobody received it: its own clock is all there is.
            received: Received {
                received_ms: batch.sent.0,
                client: ClientFacts::default(),
                batch,
            },
        }));
        // Every record at one log time: nothing ends before the input does.
        let folded = self
            .state
            .fold(self.state.next_offset(), LogTime(0), record);
        folded.outcome
    }

    /// Every session's final update, in order of its id.
    pub(crate) fn finish(mut self) -> Vec<ScoreUpdate> {
        self.state.finish()
    }
}

/// The file, or standard input for -.
pub(crate) fn open(file: &Path) -> Result<Box<dyn BufRead>> {
    if file.as_os_str() == "-" {
        return Ok(Box::new(std::io::stdin().lock()));
    }
    let opened = File::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
    Ok(Box::new(BufReader::new(opened)))
}

/// Every line that is not empty with its number: its text, or why it has none.
/// Ends early when `each` fails, or the reader does.
pub(crate) fn for_each_line(
    mut reader: impl BufRead,
    mut each: impl FnMut(u64, Result<&str, String>) -> Result<()>,
) -> Result<()> {
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let limit = LINE_BYTES_MAX as u64 + 1;
        let read = Read::take(&mut reader, limit).read_until(b'\n', &mut line)?;
        if read == 0 {
            break;
        }
        if read > LINE_BYTES_MAX {
            if !line.ends_with(b"\n") {
                reader.skip_until(b'\n')?;
            }
            each(number, Err(format!("longer than {LINE_BYTES_MAX} bytes")))?;
            continue;
        }
        match std::str::from_utf8(&line) {
            Ok(text) if text.trim().is_empty() => {}
            Ok(text) => each(number, Ok(text.trim()))?,
            Err(error) => each(number, Err(error.to_string()))?,
        }
    }
    Ok(())
}

/// One batch in protobuf's JSON mapping.
pub(crate) fn read(line: &str) -> Result<Batch, String> {
    let bytes = json::batch_from_json(line).map_err(|error| error.to_string())?;
    decode_batch(&bytes, &furrow_scorer::read::log_limits()).map_err(|reject| {
        format!(
            "{}: {} ({})",
            reject.field,
            reject.detail,
            reject.reason.as_str()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(input: &[u8]) -> Vec<(u64, Result<String, String>)> {
        let mut lines = Vec::new();
        let each = |number, line: Result<&str, String>| {
            lines.push((number, line.map(str::to_owned)));
            Ok(())
        };
        for_each_line(input, each).unwrap();
        lines
    }

    #[test]
    fn lines_have_their_numbers_and_empty_ones_are_left_out() {
        assert_eq!(
            lines(b"{}\n\n  \r\n[]"),
            [(1, Ok("{}".into())), (4, Ok("[]".into()))]
        );
    }

    #[test]
    fn a_line_that_is_no_text_or_too_long_leaves_the_next_ones_readable() {
        let mut input = b"\xff\n".to_vec();
        input.extend(std::iter::repeat_n(b'x', LINE_BYTES_MAX + 7));
        input.extend(b"\nlast");
        let read = lines(&input);
        assert_eq!(read.len(), 3);
        assert!(read[0].1.as_ref().is_err_and(|why| why.contains("utf-8")));
        let too_long = Err(format!("longer than {LINE_BYTES_MAX} bytes"));
        assert_eq!(read[1], (2, too_long));
        assert_eq!(read[2], (3, Ok("last".into())));
    }
}
