//! The pipeline's own fold without a log: batches in, sessions out.

use anyhow::{Context, Result};
use furrow_core::ids::{Epoch, Property, Tenant};
use furrow_core::interaction::Batch;
use furrow_core::ledger::Outcome;
use furrow_core::output::ScoreUpdate;
use furrow_core::partition::{ALLOWED_LATENESS_MS, PartitionState, Record, TenantBatch};
use furrow_core::session::{ClientFacts, Received};
use furrow_core::time::LogTime;
use furrow_proto::{decode_batch, json};
use std::fs::File;
use std::io::{BufRead, BufReader};
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

/// Every line that is not empty with its number, until one fails.
pub(crate) fn for_each_line(
    mut reader: impl BufRead,
    mut each: impl FnMut(u64, &str) -> Result<()>,
) -> Result<()> {
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let limit = LINE_BYTES_MAX as u64 + 1;
        let read = std::io::Read::take(&mut reader, limit).read_until(b'\n', &mut line)?;
        if read == 0 {
            break;
        }
        anyhow::ensure!(
            read <= LINE_BYTES_MAX,
            "line {number} is longer than {LINE_BYTES_MAX} bytes"
        );
        let text = std::str::from_utf8(&line)
            .with_context(|| format!("line {number}"))?
            .trim();
        if !text.is_empty() {
            each(number, text)?;
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
