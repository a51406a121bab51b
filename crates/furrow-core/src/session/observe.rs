//! What one interaction does to a session.

use super::{CONVERSIONS_MAX, ConversionState, PAGE_VIEWS_MAX, PageViewState, Sender, Session};
use crate::interaction::{Batch, Conversion, Interaction, Kind, Page, ScrollPath, Step};
use crate::measures::{Measures, Movement, Recipients, Streams};
use crate::rules::RuleSet;
use crate::signals::{Around, Moment};
use crate::time::ClientTime;

impl Session {
    /// One interaction in order.
    pub(super) fn observe(
        &mut self,
        slot: usize,
        interaction: &Interaction,
        batch: &Batch,
        rules: &RuleSet,
    ) {
        let at = interaction.at;
        // The time until now was spent on the page view before.
        self.engage(slot, at, interaction, rules);
        if let Kind::PageView(view) = &interaction.kind {
            self.show(slot, &view.page, at, rules);
        }
        if let Kind::ScrollPath(path) = &interaction.kind {
            self.scrolled(slot, path);
        }
        let mut movements = Vec::new();
        let (streams, to) = self.measuring(slot, &mut movements);
        streams.observe(interaction, &batch.targets, to);
        self.moved(slot, &movements, rules);
        let sender = &mut self.senders[slot];
        if let Kind::Focus { gained } = interaction.kind {
            sender.focused = gained;
        }
        if let Kind::Visibility { visible } = interaction.kind {
            sender.visible = visible;
        }
        let moment = moment(slot, sender, &self.page_views, at, batch, rules);
        sender
            .detectors
            .observe(interaction, moment, &mut self.detectors, &mut self.firings);
        self.count(slot, interaction, rules);
    }

    /// One interaction of a batch that filled a gap.
    pub(super) fn observe_reordered(
        &mut self,
        slot: usize,
        interaction: &Interaction,
        batch: &Batch,
        rules: &RuleSet,
    ) {
        let sender = &mut self.senders[slot];
        let moment = moment(slot, sender, &self.page_views, interaction.at, batch, rules);
        sender.detectors.observe_reordered(
            interaction,
            moment,
            &mut self.detectors,
            &mut self.firings,
        );
        self.count(slot, interaction, rules);
    }

    /// The sender shows this page view, if it does not already.
    pub(super) fn show(&mut self, slot: usize, page: &Page, at: ClientTime, rules: &RuleSet) {
        let sender = &mut self.senders[slot];
        if let Some((ordinal, number)) = sender.page_view
            && number >= page.number
        {
            if number == page.number {
                let view = &mut self.page_views[ordinal as usize];
                if view.page != *page {
                    view.page = page.clone();
                    view.changed = true;
                }
            }
            return;
        }
        let mut movements = Vec::new();
        let (streams, to) = self.measuring(slot, &mut movements);
        streams.left(to);
        self.moved(slot, &movements, rules);
        self.senders[slot].page_view = None;
        if self.page_views.len() == PAGE_VIEWS_MAX {
            return;
        }
        let ordinal = u32::try_from(self.page_views.len()).expect("PAGE_VIEWS_MAX fits");
        self.senders[slot].page_view = Some((ordinal, page.number));
        self.page_views.push(PageViewState {
            sender: slot_number(slot),
            page: page.clone(),
            span: (at, at),
            engaged_ms: 0,
            scroll_depth_milli: 0,
            presses: 0,
            interactions: 0,
            samples: 0,
            measures: Measures::default(),
            changed: true,
        });
    }

    /// Nothing more will come of this sender: what is judged is judged as it
    /// stands.
    pub(super) fn settle(&mut self, slot: usize, rules: &RuleSet) {
        let mut movements = Vec::new();
        let (streams, to) = self.measuring(slot, &mut movements);
        streams.ended(to);
        self.moved(slot, &movements, rules);
        let sender = &mut self.senders[slot];
        let now = sender.span.map_or(ClientTime::default(), |span| span.1);
        let nowhere = Page::default();
        let moment = alone(slot, sender, now, &nowhere, rules);
        sender
            .detectors
            .ended(moment, &mut self.detectors, &mut self.firings);
    }

    /// What counts whether or not it comes in order.
    fn count(&mut self, slot: usize, interaction: &Interaction, rules: &RuleSet) {
        let press = u32::from(matches!(interaction.kind, Kind::Press(_)));
        self.counts.interactions += 1;
        self.counts.presses += press;
        if let Some((ordinal, _)) = self.senders[slot].page_view {
            let view = &mut self.page_views[ordinal as usize];
            view.interactions += 1;
            view.presses += press;
            view.samples += interaction.kind.samples() as u64;
            view.changed = true;
        }
        if let Kind::Conversion(conversion) = &interaction.kind {
            self.converted(slot, interaction.at, conversion, rules);
        }
        #[cfg(test)]
        if let Kind::Custom { name, .. } = &interaction.kind {
            assert_ne!(&**name, "panic", "planted by a test");
        }
    }

    /// Time that the visitor spent with the page up to the end of this
    /// interaction.
    fn engage(&mut self, slot: usize, at: ClientTime, interaction: &Interaction, rules: &RuleSet) {
        let pause_max = u64::from(rules.attention.pause_max_ms);
        let sender = &mut self.senders[slot];
        let before = sender.span.map_or(at, |span| span.1);
        let steps = steps(&interaction.kind);
        let engaged_ms =
            at.since(before).min(pause_max) + engaged_along(at, steps, before, pause_max);
        let path_ms: i64 = steps.iter().map(|step| i64::from(step.dt)).sum();
        let end = at.plus(path_ms).max(before);
        sender.span = Some((sender.span.map_or(at, |span| span.0), end));
        let engaged_ms = if sender.visible && sender.focused {
            engaged_ms
        } else {
            0
        };
        self.engaged_ms += engaged_ms;
        if let Some((ordinal, _)) = sender.page_view {
            let view = &mut self.page_views[ordinal as usize];
            view.engaged_ms += engaged_ms;
            view.span.1 = view.span.1.max(end);
        }
    }

    fn scrolled(&mut self, slot: usize, path: &ScrollPath) {
        let mut y = path.start_y;
        let mut lowest = y;
        for step in &path.steps {
            y = y.saturating_add(step.dy);
            lowest = lowest.max(y);
        }
        let seen = i64::from(lowest) + i64::from(path.viewport_height);
        let depth = match i64::from(path.document_height) {
            0 => 0,
            height => (seen * 1_000 / height).clamp(0, 1_000),
        };
        let depth = u16::try_from(depth).expect("at most 1,000");
        self.scroll_depth_milli = self.scroll_depth_milli.max(depth);
        if let Some((ordinal, _)) = self.senders[slot].page_view {
            let view = &mut self.page_views[ordinal as usize];
            view.scroll_depth_milli = view.scroll_depth_milli.max(depth);
        }
    }

    fn converted(&mut self, slot: usize, at: ClientTime, conversion: &Conversion, rules: &RuleSet) {
        if self.conversions.len() == CONVERSIONS_MAX {
            return;
        }
        let frustration = self.scores(rules).frustration;
        self.conversions.push(ConversionState {
            sender: slot_number(slot),
            at,
            page_view: self.senders[slot].page_view.map(|(ordinal, _)| ordinal),
            conversion: conversion.clone(),
            frustration,
            changed: true,
        });
    }

    /// A sender's streams, and where their measures go.
    fn measuring<'a>(
        &'a mut self,
        slot: usize,
        movements: &'a mut Vec<Movement>,
    ) -> (&'a mut Streams, Recipients<'a>) {
        let sender = &mut self.senders[slot];
        let page_view = sender.page_view.map(|(ordinal, _)| {
            let view = &mut self.page_views[ordinal as usize];
            view.changed = true;
            &mut view.measures
        });
        let session = &mut self.measures;
        let to = Recipients {
            session,
            page_view,
            movements,
        };
        (&mut sender.streams, to)
    }

    /// Movements ended while the sender showed its page view.
    fn moved(&mut self, slot: usize, movements: &[Movement], rules: &RuleSet) {
        for movement in movements {
            let nowhere = Page::default();
            let moment = alone(slot, &self.senders[slot], movement.end, &nowhere, rules);
            self.detectors.moved(movement, moment, &mut self.firings);
        }
    }
}

fn moment<'a>(
    slot: usize,
    sender: &Sender,
    page_views: &'a [PageViewState],
    now: ClientTime,
    batch: &'a Batch,
    rules: &'a RuleSet,
) -> Moment<'a> {
    let page_view = sender.page_view.map(|(ordinal, _)| ordinal);
    Moment {
        now,
        sender: slot_number(slot),
        page_view,
        page: page_view.map_or(&batch.page, |ordinal| &page_views[ordinal as usize].page),
        targets: &batch.targets,
        rules,
        around: Around::default(),
    }
}

/// A moment of a sender apart from any batch.
fn alone<'a>(
    slot: usize,
    sender: &Sender,
    now: ClientTime,
    nowhere: &'a Page,
    rules: &'a RuleSet,
) -> Moment<'a> {
    Moment {
        now,
        sender: slot_number(slot),
        page_view: sender.page_view.map(|(ordinal, _)| ordinal),
        page: nowhere,
        targets: &[],
        rules,
        around: Around::default(),
    }
}

/// Engaged time along a path that begins at `at`. What was already covered
/// `before`, by an earlier path, is not counted again.
fn engaged_along(at: ClientTime, steps: &[Step], before: ClientTime, pause_max: u64) -> u64 {
    if at >= before {
        let engaged_ms = steps.iter().map(|step| u64::from(step.dt).min(pause_max));
        return engaged_ms.sum();
    }
    let mut end = at;
    let engaged_ms = steps.iter().map(|step| {
        end = end.plus(i64::from(step.dt));
        end.since(before).min(u64::from(step.dt)).min(pause_max)
    });
    engaged_ms.sum()
}

/// The samples after the first of a pointer or scroll path.
fn steps(kind: &Kind) -> &[Step] {
    if let Kind::PointerPath(path) = kind {
        &path.steps
    } else if let Kind::ScrollPath(path) = kind {
        &path.steps
    } else {
        &[]
    }
}

fn slot_number(slot: usize) -> u8 {
    u8::try_from(slot).expect("SENDERS_MAX fits")
}
