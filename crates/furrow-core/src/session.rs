//! One session's state, and what a batch does to it.

mod observe;

use crate::ids::{SenderId, VisitorId};
use crate::interaction::{Batch, Conversion, Device, DeviceClass, Kind, Page};
use crate::measures::{Measures, Streams};
use crate::output::SessionStatus;
use crate::rules::RuleSet;
use crate::scores::Attention;
use crate::sequence::{Arrival, Sequence};
use crate::signals::{Detectors, Firings, SessionDetectors};
use crate::time::{ClientTime, LogTime};
use serde::{Deserialize, Serialize};

/// Page loads or app starts of one session; more are refused.
pub const SENDERS_MAX: usize = 32;

/// Page views of one session that are listed; more count in its scores only.
pub const PAGE_VIEWS_MAX: usize = 200;

/// Conversions of one session that are listed; more are counted.
pub const CONVERSIONS_MAX: usize = 50;

/// A checked batch with what only the gateway knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Received {
    /// The gateway's clock, ms since 1970.
    pub received_ms: i64,
    /// From the request's headers.
    pub client: ClientFacts,
    /// The client's batch.
    pub batch: Batch,
}

/// Coarse facts from a request's headers; empty when they do not say.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ClientFacts {
    /// Operating system family.
    pub os: Box<str>,
    /// Browser family.
    pub browser: Box<str>,
    /// It says that it is a mobile device.
    pub mobile: bool,
    /// It names itself a robot or is a known one.
    pub automated: bool,
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Taken {
    /// Folded, together with so many that had waited for it.
    Scored {
        /// Batches that had been held before.
        released: u32,
    },
    /// It had come before.
    Duplicate,
    /// It filled a gap that had been accepted.
    Reordered,
    /// It waits for its predecessor.
    Held,
    /// Its sender is unknown and does not begin at 0.
    Late,
    /// The session has as many senders as it may.
    TooManySenders,
}

/// A session that may still change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    pub(crate) status: SessionStatus,
    pub(crate) visitor: Option<VisitorId>,
    /// Log time and offset of its first record.
    pub(crate) first_record: LogTime,
    pub(crate) first_offset: u64,
    /// The partition's watermark before that record.
    pub(crate) watermark_before: LogTime,
    pub(crate) last_record: LogTime,
    /// When an update last left.
    pub(crate) emitted: Option<LogTime>,
    /// Something changed since.
    pub(crate) dirty: bool,
    pub(crate) device: DeviceClass,
    pub(crate) os: Box<str>,
    pub(crate) browser: Box<str>,
    pub(crate) automated: bool,
    pub(crate) senders: Vec<Sender>,
    pub(crate) page_views: Vec<PageViewState>,
    pub(crate) conversions: Vec<ConversionState>,
    pub(crate) counts: Counts,
    pub(crate) engaged_ms: u64,
    pub(crate) scroll_depth_milli: u16,
    pub(crate) firings: Firings,
    measures: Measures,
    detectors: SessionDetectors,
}

/// What a session counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub(crate) batches: u32,
    pub(crate) interactions: u32,
    pub(crate) samples: u64,
    pub(crate) presses: u32,
    pub(crate) reordered: u32,
    pub(crate) unknown: u32,
}

/// One page load or app start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sender {
    pub(crate) id: SenderId,
    pub(crate) sequence: Sequence<Received>,
    /// The least that the gateway's clock was ahead of the client's, ms.
    pub(crate) clock_offset_ms: i64,
    /// First and newest interaction.
    pub(crate) span: Option<(ClientTime, ClientTime)>,
    visible: bool,
    focused: bool,
    /// Ordinal and number of the page view that it shows.
    page_view: Option<(u32, u32)>,
    detectors: Detectors,
    streams: Streams,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PageViewState {
    pub(crate) sender: u8,
    pub(crate) page: Page,
    pub(crate) span: (ClientTime, ClientTime),
    pub(crate) engaged_ms: u64,
    pub(crate) scroll_depth_milli: u16,
    pub(crate) presses: u32,
    pub(crate) interactions: u32,
    pub(crate) samples: u64,
    pub(crate) measures: Measures,
    pub(crate) changed: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ConversionState {
    pub(crate) sender: u8,
    pub(crate) at: ClientTime,
    pub(crate) page_view: Option<u32>,
    pub(crate) conversion: Conversion,
    pub(crate) frustration: u16,
    pub(crate) changed: bool,
}

impl Session {
    /// A session whose first record stands at this place of the log.
    #[must_use]
    pub fn new(
        visitor: Option<VisitorId>,
        offset: u64,
        watermark: LogTime,
        watermark_before: LogTime,
    ) -> Session {
        Session {
            status: SessionStatus::Open,
            visitor,
            first_record: watermark,
            first_offset: offset,
            watermark_before,
            last_record: watermark,
            emitted: None,
            dirty: false,
            device: DeviceClass::Unspecified,
            os: Box::default(),
            browser: Box::default(),
            automated: false,
            senders: Vec::new(),
            page_views: Vec::new(),
            conversions: Vec::new(),
            counts: Counts::default(),
            engaged_ms: 0,
            scroll_depth_milli: 0,
            firings: Firings::default(),
            measures: Measures::default(),
            detectors: SessionDetectors::default(),
        }
    }

    /// A batch came. `watermark` is the log time of its record.
    pub fn take(&mut self, received: Received, watermark: LogTime, rules: &RuleSet) -> Taken {
        let (id, number) = (received.batch.sender, received.batch.sequence);
        let slot = match self.senders.iter().position(|s| s.id == id) {
            Some(slot) => slot,
            None if number != 0 => return Taken::Late,
            None if self.senders.len() == SENDERS_MAX => return Taken::TooManySenders,
            None => {
                self.senders.push(Sender::new(&received));
                self.senders.len() - 1
            }
        };
        let sender = &mut self.senders[slot];
        let offset_ms = received.received_ms - received.batch.sent.0;
        sender.clock_offset_ms = sender.clock_offset_ms.min(offset_ms);
        let before = self.status;
        self.status = SessionStatus::Open;
        let taken = match sender.sequence.arrive(number, received) {
            Arrival::Repeat => {
                self.status = before;
                return Taken::Duplicate;
            }
            Arrival::Held => Taken::Held,
            Arrival::Filler(batch) => {
                self.fold_reordered(slot, &batch, rules);
                self.dirty = true;
                Taken::Reordered
            }
            Arrival::Released(batches, _) => {
                let mut released = u32::try_from(batches.len() - 1).expect("few batches are held");
                for batch in &batches {
                    released += self.fold(slot, batch, rules);
                }
                self.dirty = true;
                Taken::Scored { released }
            }
        };
        self.last_record = watermark;
        taken
    }

    /// Ends it: what is held is folded, what is judged is judged as it stands.
    /// Tells how many held batches were folded.
    pub fn end(&mut self, rules: &RuleSet) -> u32 {
        let mut folded = 0;
        for slot in 0..self.senders.len() {
            for batch in self.senders[slot].sequence.flush() {
                folded += 1 + self.fold(slot, &batch, rules);
            }
            self.settle(slot, rules);
        }
        self.status = SessionStatus::Ended;
        self.dirty = true;
        folded
    }

    /// Gives up on it after a record that could not be folded, with what it
    /// held.
    pub(crate) fn break_off(&mut self, watermark: LogTime) {
        for sender in &mut self.senders {
            sender.sequence.flush();
        }
        self.status = SessionStatus::Broken;
        self.last_record = watermark;
        self.dirty = true;
    }

    /// How many batches wait for a predecessor.
    pub(crate) fn held(&self) -> u32 {
        self.senders
            .iter()
            .map(|s| u32::try_from(s.sequence.held()).expect("few"))
            .sum()
    }

    /// Sequence numbers that never came.
    pub(crate) fn gaps(&self) -> u32 {
        self.senders.iter().map(|s| s.sequence.gaps()).sum()
    }

    /// What remains when the state goes: enough to tell repeats from late
    /// batches.
    pub(crate) fn seen(&self) -> Vec<(SenderId, Sequence<()>)> {
        self.senders
            .iter()
            .map(|s| (s.id, s.sequence.seen()))
            .collect()
    }

    /// The newest moment on any sender's clock.
    pub(crate) fn newest(&self) -> ClientTime {
        self.senders
            .iter()
            .filter_map(|s| s.span)
            .map(|span| span.1)
            .max()
            .unwrap_or_default()
    }

    /// Tells how many held batches were folded because the client says in this
    /// one that the session is over. What it tells afterwards reopens it,
    /// wherever batches were cut.
    fn fold(&mut self, slot: usize, received: &Received, rules: &RuleSet) -> u32 {
        let batch = &received.batch;
        self.counts.batches += 1;
        self.counts.unknown += batch.unknown;
        self.counts.samples += u64::from(batch.samples);
        self.know_client(received);
        self.show(slot, &batch.page, batch.origin, rules);
        let mut folded = 0;
        for interaction in &batch.interactions {
            self.status = SessionStatus::Open;
            self.observe(slot, interaction, batch, rules);
            if let Kind::SessionEnd(_) = interaction.kind {
                folded += self.end(rules);
            }
        }
        folded
    }

    /// Presses, problems and conversions of a batch that filled a gap count;
    /// its samples feed nothing, and the sender's time stands.
    fn fold_reordered(&mut self, slot: usize, received: &Received, rules: &RuleSet) {
        let batch = &received.batch;
        self.counts.batches += 1;
        self.counts.reordered += 1;
        self.counts.unknown += batch.unknown;
        self.counts.samples += u64::from(batch.samples);
        for interaction in &batch.interactions {
            self.observe_reordered(slot, interaction, batch, rules);
        }
    }

    fn know_client(&mut self, received: &Received) {
        self.visitor = self.visitor.or(received.batch.visitor);
        self.automated |= received.client.automated;
        if let Some(Device {
            class, os, browser, ..
        }) = &received.batch.device
        {
            self.device = *class;
            self.os = os.clone();
            self.browser = browser.clone();
        }
        if self.device == DeviceClass::Unspecified && received.client.mobile {
            self.device = DeviceClass::Phone;
        }
        if self.os.is_empty() {
            self.os = received.client.os.clone();
        }
        if self.browser.is_empty() {
            self.browser = received.client.browser.clone();
        }
    }

    /// What was measured over the whole session. Page views but the newest,
    /// which may go on, are dwell times.
    #[must_use]
    pub fn measures(&self) -> Measures {
        let mut measures = self.measures.clone();
        measures.engaged(self.engaged_ms);
        if let Some((_, left)) = self.page_views.split_last() {
            left.iter().for_each(|view| measures.dwelt(view.engaged_ms));
        }
        measures
    }

    /// What was measured on one page view.
    #[must_use]
    pub fn page_view_measures(&self, ordinal: u32) -> Option<Measures> {
        Some(self.page_views.get(ordinal as usize)?.measures())
    }

    /// The scores over the whole session.
    #[must_use]
    pub fn scores(&self, rules: &RuleSet) -> crate::output::Scores {
        let attention = Attention {
            engaged_ms: self.engaged_ms,
            scroll_depth_milli: self.scroll_depth_milli,
        };
        crate::scores::scores(
            Some(self.firings.tallies()),
            attention,
            &rules.scores,
            &rules.attention,
        )
    }

    /// True time of day of a moment on a sender's clock, ms since 1970.
    pub(crate) fn time_of_day(&self, sender: u8, at: ClientTime) -> i64 {
        at.0 + self.senders[usize::from(sender)].clock_offset_ms
    }
}

impl PageViewState {
    /// What was measured on it.
    pub(crate) fn measures(&self) -> Measures {
        let mut measures = self.measures.clone();
        measures.engaged(self.engaged_ms);
        measures
    }
}

impl Sender {
    fn new(received: &Received) -> Sender {
        Sender {
            id: received.batch.sender,
            sequence: Sequence::default(),
            clock_offset_ms: received.received_ms - received.batch.sent.0,
            span: None,
            visible: true,
            focused: true,
            page_view: None,
            detectors: Detectors::default(),
            streams: Streams::default(),
        }
    }
}
