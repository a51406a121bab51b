//! Batches as JSON in protobuf's mapping, one a line: what `furrow score`
//! reads and any tool can write.

use crate::visitor::Script;
use furrow_core::interaction::Batch;
use furrow_proto::{encode_batch, json};

/// One batch as a line, without its end.
#[must_use]
pub fn line(batch: &Batch) -> String {
    json::batch_to_json(&encode_batch(batch)).expect("an encoded batch decodes")
}

/// All batches of a session, each with the end of its line.
#[must_use]
pub fn lines(script: &Script) -> String {
    let lines = script.sent.iter().map(|sent| line(&sent.batch) + "\n");
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SiteModel, Visitor};
    use furrow_proto::{Limits, decode_batch};

    #[test]
    fn a_line_is_the_batch_that_it_came_from() {
        let shop = SiteModel::shop();
        let script = Visitor::new(3, 1, &shop).script(1_763_500_000_000);
        let text = lines(&script);
        let read: Vec<_> = text
            .lines()
            .map(|line| {
                let encoded = json::batch_from_json(line).unwrap();
                decode_batch(&encoded, &Limits::default()).unwrap()
            })
            .collect();
        let sent: Vec<_> = script.sent.into_iter().map(|sent| sent.batch).collect();
        assert_eq!(read, sent);
    }
}
