//! Archived batches as what the pointer did on each page view.

use furrow_core::ids::SenderId;
use furrow_core::interaction::{Batch, Interaction, Kind, Page, Step};
use furrow_core::time::ClientTime;
use furrow_proto::v1::{GetTrailResponse, TrailPage, TrailPath, TrailPress, TrailScroll};
use furrow_proto::{Limits, decode_batch};
use furrow_store::{ArchivedBatch, SessionBatches};
use std::collections::BTreeMap;

/// One page view of a sender, while it is drawn.
struct Sheet {
    page: TrailPage,
    began: ClientTime,
}

/// What is known of a sender while its batches are drawn.
#[derive(Default)]
struct Sender {
    sheets: BTreeMap<u32, Sheet>,
    viewport: (u32, u32),
    /// The least that receipt was ahead of sending, ms: what turns the
    /// client's clock into the true time of day.
    behind_ms: Option<i64>,
}

/// Draws a session's archive. Batches beyond `samples_max` samples are left
/// out, as are those that cannot be read.
pub(crate) fn draw(archive: SessionBatches, samples_max: usize) -> GetTrailResponse {
    let mut left_out = archive.left_out;
    let mut room = samples_max;
    // What was accepted once is drawn, whatever the gateway's limits are now.
    let limits = Limits::default();
    let mut senders: BTreeMap<SenderId, Sender> = BTreeMap::new();
    let mut batches = archive.batches;
    batches.sort_by_key(|batch| (batch.sender, batch.sequence));
    for archived in &batches {
        let batch = match decode_batch(&archived.payload, &limits) {
            Ok(batch) => batch,
            Err(reject) => {
                tracing::warn!(reason = %reject.reason, "archived batch cannot be drawn");
                left_out += 1;
                continue;
            }
        };
        let Some(rest) = room.checked_sub(batch.samples as usize) else {
            left_out += 1;
            continue;
        };
        room = rest;
        senders
            .entry(archived.sender)
            .or_default()
            .draw(archived, &batch);
    }
    let mut pages: Vec<TrailPage> = senders
        .into_iter()
        .flat_map(|(id, sender)| sender.pages(id))
        .collect();
    pages.sort_by_key(|page| page.started_ms);
    GetTrailResponse {
        pages,
        batches_left_out: u32::try_from(left_out).unwrap_or(u32::MAX),
    }
}

impl Sender {
    fn draw(&mut self, archived: &ArchivedBatch, batch: &Batch) {
        let behind = archived.received_ms - batch.sent.0;
        self.behind_ms = Some(self.behind_ms.map_or(behind, |least| least.min(behind)));
        if let Some(device) = &batch.device {
            self.viewport = device.viewport;
        }
        let mut number = self.turn_to(&batch.page, batch.origin);
        for interaction in &batch.interactions {
            if let Kind::PageView(view) = &interaction.kind {
                number = self.turn_to(&view.page, interaction.at);
            }
            let sheet = self
                .sheets
                .get_mut(&number)
                .expect("its page was turned to");
            sheet.add(interaction, batch);
        }
    }

    /// The sheet of a page view, begun if it is new.
    fn turn_to(&mut self, page: &Page, at: ClientTime) -> u32 {
        let (viewport_width, viewport_height) = self.viewport;
        self.sheets.entry(page.number).or_insert_with(|| Sheet {
            page: TrailPage {
                number: page.number,
                path: page.path.to_string(),
                viewport_width,
                viewport_height,
                ..TrailPage::default()
            },
            began: at,
        });
        page.number
    }

    fn pages(self, id: SenderId) -> impl Iterator<Item = TrailPage> {
        let behind_ms = self.behind_ms.unwrap_or(0);
        self.sheets
            .into_values()
            .map(move |Sheet { page, began }| TrailPage {
                sender_id: id.0.to_vec(),
                started_ms: began.plus(behind_ms).0,
                ..page
            })
    }
}

impl Sheet {
    fn add(&mut self, interaction: &Interaction, batch: &Batch) {
        let at = interaction.at;
        let page = &mut self.page;
        match &interaction.kind {
            Kind::PageView(view) => {
                let (width, height) = view.viewport;
                if width > 0 && height > 0 {
                    (page.viewport_width, page.viewport_height) = view.viewport;
                }
                page.document_height = page.document_height.max(view.document.1);
            }
            Kind::PointerPath(path) => {
                let (at, x, y) = positions(self.began, at, path.start, &path.steps);
                page.paths.push(TrailPath { at, x, y });
            }
            Kind::ScrollPath(path) => {
                let (at, _, y) = positions(self.began, at, (0, path.start_y), &path.steps);
                page.scrolls.push(TrailScroll { at, y });
                page.document_height = page.document_height.max(path.document_height);
            }
            Kind::Press(press) => {
                let target = press
                    .target
                    .map(|index| &batch.targets[usize::from(index.0)]);
                let (x, y) = press.position;
                page.presses.push(TrailPress {
                    at: offset(self.began, press.down),
                    x,
                    y,
                    selector: target.map(|t| t.selector.to_string()).unwrap_or_default(),
                    label: target.map(|t| t.label.to_string()).unwrap_or_default(),
                });
            }
            Kind::Response(_)
            | Kind::Swipe(_)
            | Kind::Zoom(_)
            | Kind::Shake { .. }
            | Kind::Hover(_)
            | Kind::Rotation(_)
            | Kind::TiltPath(_)
            | Kind::Focus { .. }
            | Kind::Visibility { .. }
            | Kind::Field(_)
            | Kind::Navigation(_)
            | Kind::Problem(_)
            | Kind::TextSelection { .. }
            | Kind::Copy { .. }
            | Kind::Find
            | Kind::Print
            | Kind::Conversion(_)
            | Kind::Exposure { .. }
            | Kind::Feedback { .. }
            | Kind::Identify { .. }
            | Kind::Custom { .. }
            | Kind::SessionEnd(_)
            | Kind::Obstruction(_) => {}
        }
    }
}

fn offset(began: ClientTime, at: ClientTime) -> u32 {
    u32::try_from(at.since(began)).unwrap_or(u32::MAX)
}

/// The samples of a path as times since the page view began and positions.
fn positions(
    began: ClientTime,
    start: ClientTime,
    (mut x, mut y): (i32, i32),
    steps: &[Step],
) -> (Vec<u32>, Vec<i32>, Vec<i32>) {
    let mut at = start;
    let mut columns = (vec![offset(began, at)], vec![x], vec![y]);
    for step in steps {
        at = at.plus(i64::from(step.dt));
        x += step.dx;
        y += step.dy;
        columns.0.push(offset(began, at));
        columns.1.push(x);
        columns.2.push(y);
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{
        SENDER, batch, key, page_view, pointer_path, press, scroll_path, session_id,
    };
    use bytes::Bytes;
    use furrow_core::ids::{Epoch, Origin};
    use furrow_core::interaction::Batch;
    use furrow_core::time::LogTime;
    use furrow_proto::encode_batch;
    use furrow_store::Entry;

    const BEGAN: i64 = 1_790_000_000_000;
    /// The client's clock is this far behind the gateway's.
    const BEHIND: i64 = 40_000;

    fn archived(sequence: u32, received_ms: i64, payload: Bytes) -> ArchivedBatch {
        ArchivedBatch {
            key: key("shop", BEGAN, 1),
            sender: SENDER,
            sequence,
            visitor: None,
            origin: Origin {
                epoch: Epoch(0),
                partition: 0,
                offset: u64::from(sequence),
            },
            appended: LogTime(received_ms),
            received_ms,
            entry: Entry::Publish,
            payload,
        }
    }

    fn drawn(batches: &[Batch], samples_max: usize) -> GetTrailResponse {
        let batches = batches
            .iter()
            .map(|b| {
                // The second batch took longer: the first tells the clocks' difference.
                let delay = 300 * i64::from(b.sequence);
                archived(
                    b.sequence,
                    b.sent.0 + BEHIND + delay,
                    encode_batch(b).into(),
                )
            })
            .collect();
        draw(
            SessionBatches {
                batches,
                left_out: 0,
            },
            samples_max,
        )
    }

    fn two_pages() -> Vec<Batch> {
        let id = session_id(BEGAN, 1);
        vec![
            // As the archive may give them: the later one first.
            batch(
                id,
                1,
                BEGAN + 2_000,
                (0, "/"),
                vec![
                    (100, scroll_path(0, &[(200, 300), (100, -50)])),
                    (500, page_view(1, "/lamp", (1_024, 700))),
                    (900, pointer_path((5, 6), &[(16, 1, -2)])),
                    (1_700, press(BEGAN + 2_600, (70, 80))),
                ],
            ),
            batch(
                id,
                0,
                BEGAN,
                (0, "/"),
                vec![
                    (0, page_view(0, "/", (0, 0))),
                    (250, pointer_path((100, 100), &[(16, 10, 5), (20, -30, 0)])),
                ],
            ),
        ]
    }

    #[test]
    fn each_page_view_has_what_happened_on_it_in_its_own_time() {
        let trail = drawn(&two_pages(), 1_000);
        assert_eq!(trail.batches_left_out, 0);
        let [home, lamp] = &trail.pages[..] else {
            panic!("{:?}", trail.pages)
        };

        assert_eq!((home.number, home.path.as_str()), (0, "/"));
        assert_eq!(home.sender_id, SENDER.0);
        assert_eq!(
            (home.viewport_width, home.viewport_height),
            (800, 600),
            "the device's"
        );
        assert_eq!(home.document_height, 2_400, "the tallest told");
        assert_eq!(home.started_ms, BEGAN + BEHIND, "in true time");
        let path = TrailPath {
            at: vec![250, 266, 286],
            x: vec![100, 110, 80],
            y: vec![100, 105, 105],
        };
        assert_eq!(home.paths, [path]);
        let scroll = TrailScroll {
            at: vec![2_100, 2_300, 2_400],
            y: vec![0, 300, 250],
        };
        assert_eq!(home.scrolls, [scroll]);
        assert!(home.presses.is_empty());

        assert_eq!((lamp.number, lamp.path.as_str()), (1, "/lamp"));
        assert_eq!(
            (lamp.viewport_width, lamp.viewport_height),
            (1_024, 700),
            "its own"
        );
        assert_eq!(lamp.started_ms, BEGAN + 2_500 + BEHIND);
        assert_eq!(lamp.paths[0].at, [400, 416]);
        let press = TrailPress {
            at: 100,
            x: 70,
            y: 80,
            selector: "button#pay".into(),
            label: "Pay".into(),
        };
        assert_eq!(
            lamp.presses,
            [press],
            "at pointer-down, not when it was reported"
        );
    }

    #[test]
    fn batches_beyond_the_limit_of_samples_are_left_out_and_counted() {
        let trail = drawn(&two_pages(), 4);
        assert_eq!(trail.batches_left_out, 1);
        assert_eq!(trail.pages.len(), 1);
    }

    #[test]
    fn a_batch_that_cannot_be_read_is_left_out_and_the_rest_is_drawn() {
        let good = &two_pages()[1];
        let batches = vec![
            archived(0, good.sent.0, encode_batch(good).into()),
            archived(1, good.sent.0, Bytes::from_static(b"\xff\xff")),
        ];
        let trail = draw(
            SessionBatches {
                batches,
                left_out: 3,
            },
            1_000,
        );
        assert_eq!(trail.batches_left_out, 4);
        assert_eq!(trail.pages.len(), 1);
    }
}
