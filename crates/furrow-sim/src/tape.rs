//! What one page load saw, cut into batches as a client would send them.

use furrow_core::ids::{SenderId, SessionId, VisitorId};
use furrow_core::interaction::{
    Batch, Device, Interaction, Kind, Page, Press, Response, ResponseKind, ResponseUpdate, Target,
    TargetIndex,
};
use furrow_core::time::ClientTime;

/// A batch is closed so long after the first thing that it holds was known.
const BATCH_MS: u32 = 1_000;
/// A batch with so many samples is closed at once.
const SAMPLES_ENOUGH: usize = 240;
/// A press is told at the latest after this.
const TOLD_MS: u32 = 1_000;
/// A press that was told unanswered is watched for so long.
const WATCHED_MS: u32 = 3_000;

/// Whose page load it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner {
    pub(crate) session: SessionId,
    pub(crate) visitor: VisitorId,
    /// The script's start on the client's clock, ms since 1970.
    pub(crate) start_ms: i64,
}

/// One page load. Times are ms since the script's start.
#[derive(Debug, Clone)]
pub(crate) struct Tape {
    owner: Owner,
    sender: SenderId,
    page: Page,
    device: Device,
    entries: Vec<Entry>,
    presses: u32,
}

#[derive(Debug, Clone)]
struct Entry {
    at: u32,
    /// When the client can tell it; not before `at`.
    known: u32,
    /// It does not wait for the batch to fill.
    urgent: bool,
    kind: Kind,
    target: Option<Target>,
}

impl Tape {
    pub(crate) fn new(owner: Owner, sender: SenderId, page: Page, device: Device) -> Tape {
        Tape {
            owner,
            sender,
            page,
            device,
            entries: Vec::new(),
            presses: 0,
        }
    }

    /// The client's clock at `at`.
    pub(crate) fn clock(&self, at: u32) -> ClientTime {
        ClientTime(self.owner.start_ms + i64::from(at))
    }

    /// Something that began at `at` and was over at `known`.
    pub(crate) fn note(&mut self, at: u32, known: u32, kind: Kind, target: Option<Target>) {
        self.entries.push(Entry {
            at,
            known,
            urgent: false,
            kind,
            target,
        });
    }

    /// A press that went down at `down`, whose response holds all that came
    /// within the time that a client watches. It is told when it was first
    /// answered, and again when more is known.
    pub(crate) fn press(&mut self, down: u32, mut press: Press, target: Target) {
        press.number = self.presses;
        press.down = self.clock(down);
        self.presses += 1;
        let whole = std::mem::take(&mut press.response);
        let answer = whole.facts.iter().find(|(kind, _)| answers(*kind));
        let told = answer.map_or(TOLD_MS, |(_, after)| (*after).min(TOLD_MS));
        let update = |watched_ms| {
            Kind::Response(ResponseUpdate {
                press: press.number,
                response: seen_by(&whole, watched_ms),
            })
        };
        let late = answer.filter(|(_, after)| *after > TOLD_MS);
        let later = match (answer, late) {
            (Some(_), None) => None,
            (_, Some((_, after))) => Some((down + after, update(*after))),
            (None, None) => Some((down + WATCHED_MS, update(WATCHED_MS))),
        };
        self.entries.extend(later.map(|(at, kind)| Entry {
            at,
            known: at,
            urgent: true,
            kind,
            target: None,
        }));
        press.response = seen_by(&whole, told);
        self.entries.push(Entry {
            at: down + told,
            known: down + told,
            urgent: told == TOLD_MS,
            kind: Kind::Press(press),
            target: Some(target),
        });
    }

    /// The page goes away at `at`: what is known is sent, presses as far as
    /// they were watched.
    pub(crate) fn leave(mut self, at: u32) -> Vec<(u32, Batch)> {
        for entry in &mut self.entries {
            if let Kind::Press(press) = &mut entry.kind
                && entry.known > at
            {
                let down = u32::try_from(press.down.0 - self.owner.start_ms);
                let watched_ms = at.saturating_sub(down.expect("presses follow the start"));
                press.response = seen_by(&press.response, watched_ms);
                (entry.at, entry.known) = (at, at);
            }
        }
        let mut entries = std::mem::take(&mut self.entries);
        entries.retain(|entry| entry.known <= at);
        entries.sort_by_key(|entry| entry.known);
        let mut batches: Vec<(u32, Batch)> = Vec::new();
        let mut rest = entries.into_iter().peekable();
        while let Some(first) = rest.next() {
            let mut closes = match first.urgent {
                true => first.known,
                false => first.known + BATCH_MS,
            };
            let mut samples = first.kind.samples();
            let mut held = vec![first];
            while let Some(entry) =
                rest.next_if(|next| next.known <= closes && samples < SAMPLES_ENOUGH)
            {
                if entry.urgent {
                    closes = entry.known;
                }
                samples += entry.kind.samples();
                held.push(entry);
            }
            if samples >= SAMPLES_ENOUGH {
                closes = held.last().map_or(closes, |last| last.known);
            }
            let sequence = u32::try_from(batches.len()).expect("a page load is short");
            let closes = closes.min(at);
            batches.push((closes, self.batch(sequence, closes, samples, held)));
        }
        batches
    }

    fn batch(&self, sequence: u32, closes: u32, samples: usize, mut held: Vec<Entry>) -> Batch {
        held.sort_by_key(|entry| entry.at);
        let mut targets: Vec<Target> = Vec::new();
        let origin = self.clock(held[0].at);
        let interactions = held.into_iter().map(|entry| {
            let index = entry.target.map(|target| {
                let known = targets.iter().position(|t| *t == target);
                let place = known.unwrap_or_else(|| {
                    targets.push(target);
                    targets.len() - 1
                });
                TargetIndex(u16::try_from(place).expect("a page has few targets"))
            });
            Interaction {
                at: self.clock(entry.at),
                kind: aimed(entry.kind, index),
            }
        });
        let interactions = interactions.collect();
        Batch {
            session: self.owner.session,
            visitor: Some(self.owner.visitor),
            sender: self.sender,
            sequence,
            origin,
            sent: self.clock(closes),
            page: self.page.clone(),
            device: (sequence == 0).then(|| self.device.clone()),
            targets,
            interactions,
            unknown: 0,
            samples: u32::try_from(samples).expect("a batch closes at SAMPLES_ENOUGH"),
        }
    }
}

/// What a client has seen of a response so long after pointer-down.
fn seen_by(whole: &Response, watched_ms: u32) -> Response {
    let facts = whole.facts.iter().filter(|(_, after)| *after <= watched_ms);
    Response {
        watched_ms,
        facts: facts.copied().collect(),
        ..*whole
    }
}

/// What a client takes for a reason to tell a press at once.
fn answers(kind: ResponseKind) -> bool {
    !matches!(
        kind,
        ResponseKind::MutationMoving
            | ResponseKind::MutationInsidePassing
            | ResponseKind::Error
            | ResponseKind::Analytics
    )
}

fn aimed(mut kind: Kind, index: Option<TargetIndex>) -> Kind {
    match (&mut kind, index) {
        (Kind::Press(press), index) => press.target = index,
        (Kind::Swipe(swipe), index) => swipe.target = index,
        (Kind::Zoom(zoom), index) => zoom.target = index,
        (Kind::TextSelection { target, .. } | Kind::Copy { target }, index) => *target = index,
        (Kind::Hover(hover), Some(index)) => hover.target = index,
        _ => {}
    }
    kind
}

#[cfg(test)]
mod tests {
    use super::*;
    use furrow_core::ids::TargetHash;
    use furrow_core::interaction::{Button, PointerType, PressKind, Reportable, TargetKind};

    fn tape() -> Tape {
        let owner = Owner {
            session: SessionId([7; 16]),
            visitor: VisitorId([8; 16]),
            start_ms: 1_000_000,
        };
        Tape::new(owner, SenderId([9; 8]), Page::default(), Device::default())
    }

    fn target() -> Target {
        Target {
            hash: TargetHash(1),
            selector: "button".into(),
            label: "".into(),
            kind: TargetKind::Button,
            interactive: true,
            looks_interactive: true,
            ignore_rage: false,
            ignore_dead: false,
        }
    }

    fn press(facts: &[(ResponseKind, u32)]) -> Press {
        Press {
            number: 0,
            kind: PressKind::Click,
            pointer: PointerType::Mouse,
            down: ClientTime(0),
            position: (0, 0),
            page_position: (0, 0),
            target: None,
            button: Button::Primary,
            hold_ms: 0,
            hover_before_ms: 0,
            selected_text: false,
            scrolled: false,
            keyboard: false,
            modified: false,
            response: Response {
                watched_ms: 0,
                reportable: Reportable(u64::MAX),
                facts: facts.to_vec(),
                quiet_before_ms: 10_000,
            },
        }
    }

    /// What was told: when, how long it was watched, and how many facts.
    fn told(facts: &[(ResponseKind, u32)], leaves: u32) -> Vec<(i64, u32, usize)> {
        let mut tape = tape();
        tape.press(100, press(facts), target());
        let batches = tape.leave(leaves);
        let interactions = batches.iter().flat_map(|(_, batch)| &batch.interactions);
        let tell = |at: ClientTime, r: &Response| (at.0 - 1_000_000, r.watched_ms, r.facts.len());
        interactions
            .filter_map(|i| match &i.kind {
                Kind::Press(press) => Some(tell(i.at, &press.response)),
                Kind::Response(update) => Some(tell(i.at, &update.response)),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn a_press_is_told_when_it_is_answered() {
        let facts = [(ResponseKind::Analytics, 5), (ResponseKind::Focus, 40)];
        assert_eq!(told(&facts, 9_000), [(140, 40, 2)]);
    }

    #[test]
    fn an_unanswered_press_is_told_after_a_second_and_again_after_three() {
        assert_eq!(told(&[], 9_000), [(1_100, 1_000, 0), (3_100, 3_000, 0)]);
    }

    #[test]
    fn a_late_answer_is_told_when_it_comes() {
        let facts = [(ResponseKind::MutationStill, 1_400)];
        assert_eq!(told(&facts, 9_000), [(1_100, 1_000, 0), (1_500, 1_400, 1)]);
    }

    #[test]
    fn a_page_that_goes_away_tells_what_it_has_seen() {
        let facts = [(ResponseKind::MutationStill, 1_400)];
        assert_eq!(told(&facts, 600), [(600, 500, 0)]);
    }

    #[test]
    fn batches_are_closed_after_a_second_or_when_something_is_urgent() {
        let mut tape = tape();
        for at in [0, 900, 1_001] {
            tape.note(at, at, Kind::Find, None);
        }
        tape.press(500, press(&[]), target());
        let batches = tape.leave(10_000);
        let closed: Vec<_> = batches
            .iter()
            .map(|(at, batch)| (*at, batch.interactions.len()))
            .collect();
        assert_eq!(closed, [(1_000, 2), (1_500, 2), (3_500, 1)]);
    }
}
