//! A session in words and rows: what an update says.

use crate::ids::{Origin, SessionKey};
use crate::measures::Measures;
use crate::output::{
    Contributor, ConversionSeen, Measured, PageViewScore, ScoreUpdate, Scores, SessionScore,
    SessionStatus, SignalFiring,
};
use crate::rules::{RuleSet, ScoreKind};
use crate::scores::{Attention, Tallies, confidence_milli, running_scores};
use crate::session::Session;
use crate::signals::{Firing, SignalKind};

/// Contributors that an update names, per score.
pub const CONTRIBUTORS_MAX: usize = 5;

/// Room for the measures of a page view with pointer and scrolling; other ones
/// grow. From 1 KiB on an allocator puts its free memory in order first.
const MEASURED_USUALLY: usize = 28;

/// Rises whenever any output could change.
pub const FOLD_VERSION: u32 = 3;

/// What to say of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// What changed since the last update.
    Running,
    /// Everything.
    Final,
}

/// Says how a session stands and forgets what had changed.
pub fn update(
    session: &mut Session,
    key: &SessionKey,
    origin: Origin,
    extent: Extent,
    rules: &RuleSet,
    rules_number: u64,
) -> ScoreUpdate {
    let changed = session.firings.take_changed();
    // A page view's scores change with its firings, also after it was left.
    for ordinal in &changed {
        if let Some(view) = session.firings.listed()[*ordinal as usize].page_view {
            session.page_views[view as usize].changed = true;
        }
    }
    let signals: Vec<u32> = match extent {
        Extent::Running => changed,
        Extent::Final => ordinals(session.firings.listed().len()).collect(),
    };
    let page_views: Vec<u32> = ordinals(session.page_views.len())
        .filter(|o| extent == Extent::Final || session.page_views[*o as usize].changed)
        .collect();
    let conversions: Vec<u32> = ordinals(session.conversions.len())
        .filter(|o| extent == Extent::Final || session.conversions[*o as usize].changed)
        .collect();
    session
        .page_views
        .iter_mut()
        .for_each(|view| view.changed = false);
    session
        .conversions
        .iter_mut()
        .for_each(|conversion| conversion.changed = false);

    let session = &*session;
    let conversions: Vec<ConversionSeen> = conversions
        .into_iter()
        .map(|o| conversion(session, o))
        .collect();
    let page_views: Vec<PageViewScore> = page_views
        .into_iter()
        .map(|o| page_view(session, o, rules))
        .collect();
    ScoreUpdate {
        origin,
        signals: signals.into_iter().map(|o| signal(session, o)).collect(),
        page_views,
        conversions,
        session: score(session, key, rules, rules_number),
    }
}

fn ordinals(count: usize) -> std::ops::Range<u32> {
    0..u32::try_from(count).expect("lists of a session are bounded")
}

fn signal(session: &Session, ordinal: u32) -> SignalFiring {
    let firing = &session.firings.listed()[ordinal as usize];
    let target = firing.target.as_ref();
    let path = firing
        .page_view
        .map(|page_view| session.page_views[page_view as usize].page.path.clone())
        .unwrap_or_default();
    SignalFiring {
        ordinal,
        signal: firing.kind.name().into(),
        at_ms: session.time_of_day(firing.sender, firing.at),
        duration_ms: firing.duration_ms,
        page_view: firing.page_view,
        path,
        target: target.map(|t| t.hash),
        selector: target.map(|t| t.selector.clone()).unwrap_or_default(),
        label: target.map(|t| t.label.clone()).unwrap_or_default(),
        position: firing.position,
        intensity_milli: firing.intensity_milli,
        evidence_count: firing.evidence_count,
        evidence_at: firing.evidence_at.clone(),
        reason: firing.reason.clone(),
        rule_version: firing.kind.version(),
    }
}

fn page_view(session: &Session, ordinal: u32, rules: &RuleSet) -> PageViewScore {
    let view = &session.page_views[ordinal as usize];
    let attention = Attention {
        engaged_ms: view.engaged_ms,
        scroll_depth_milli: view.scroll_depth_milli,
    };
    let tallies = session.firings.page_view_tallies(ordinal);
    let lasted_ms = view.span.1.since(view.span.0);
    PageViewScore {
        ordinal,
        path: view.page.path.clone(),
        group: view.page.group.clone(),
        started_ms: session.time_of_day(view.sender, view.span.0),
        last_interaction_ms: session.time_of_day(view.sender, view.span.1),
        engaged_ms: view.engaged_ms,
        scroll_depth_milli: view.scroll_depth_milli,
        presses: view.presses,
        interactions: view.interactions,
        samples: view.samples,
        scored: is_scored(lasted_ms, view.interactions, rules),
        scores: crate::scores::scores(tallies, attention, &rules.scores, &rules.attention),
        running: running_scores(tallies, view.span.1, &rules.scores),
        confidence_milli: confidence_milli(
            view.engaged_ms,
            view.presses,
            view.samples,
            &rules.scores,
        ),
        contributors: contributors(
            session,
            Within::PageView(ordinal),
            tallies,
            attention,
            rules,
        ),
        measures: measured(&view.measures()),
    }
}

/// What is known of them, by name.
fn measured(measures: &Measures) -> Vec<Measured> {
    let mut measured = Vec::with_capacity(MEASURED_USUALLY);
    measures.each(|kind, value| {
        measured.push(Measured {
            measure: kind.name().into(),
            value,
        });
    });
    measured
}

/// Whether there is enough evidence to score on.
fn is_scored(lasted_ms: u64, interactions: u32, rules: &RuleSet) -> bool {
    lasted_ms >= u64::from(rules.scores.evidence_min_ms)
        && interactions >= rules.scores.evidence_min_interactions
}

fn conversion(session: &Session, ordinal: u32) -> ConversionSeen {
    let seen = &session.conversions[ordinal as usize];
    ConversionSeen {
        ordinal,
        order_id: seen.conversion.order_id.clone(),
        kind: seen.conversion.kind.clone(),
        at_ms: session.time_of_day(seen.sender, seen.at),
        value_minor: seen.conversion.value_minor,
        currency: seen.conversion.currency.clone(),
        page_view: seen.page_view,
        frustration: seen.frustration,
    }
}

fn score(session: &Session, key: &SessionKey, rules: &RuleSet, rules_number: u64) -> SessionScore {
    let counts = session.counts;
    let day = |slot: usize, at| session.time_of_day(u8::try_from(slot).expect("few senders"), at);
    let spans = || {
        session
            .senders
            .iter()
            .enumerate()
            .filter_map(|(i, s)| Some((i, s.span?)))
    };
    let started_ms = spans().map(|(i, span)| day(i, span.0)).min();
    let last_interaction_ms = spans().map(|(i, span)| day(i, span.1)).max();
    let (started_ms, last_interaction_ms) = (
        started_ms.unwrap_or_default(),
        last_interaction_ms.unwrap_or_default(),
    );
    let lasted_ms = (last_interaction_ms - started_ms).unsigned_abs();
    let scores: Scores = session.scores(rules);
    let tallies = session.firings.tallies();
    let attention = Attention {
        engaged_ms: session.engaged_ms,
        scroll_depth_milli: session.scroll_depth_milli,
    };
    SessionScore {
        key: key.clone(),
        visitor: session.visitor,
        status: session.status,
        first_record: session.first_record,
        last_record: session.last_record,
        started_ms,
        last_interaction_ms,
        device: session.device,
        os: session.os.clone(),
        browser: session.browser.clone(),
        automated: session.automated,
        entry_path: session
            .page_views
            .first()
            .map(|v| v.page.path.clone())
            .unwrap_or_default(),
        exit_path: session
            .page_views
            .last()
            .map(|v| v.page.path.clone())
            .unwrap_or_default(),
        batches: counts.batches,
        interactions: counts.interactions,
        samples: counts.samples,
        presses: counts.presses,
        gaps: session.gaps(),
        reordered: counts.reordered,
        unknown: counts.unknown,
        senders: u32::try_from(session.senders.len()).expect("SENDERS_MAX fits"),
        engaged_ms: session.engaged_ms,
        scroll_depth_milli: session.scroll_depth_milli,
        signals: u32::try_from(session.firings.listed().len()).expect("FIRINGS_MAX fits"),
        page_views: u32::try_from(session.page_views.len()).expect("PAGE_VIEWS_MAX fits"),
        conversions: u32::try_from(session.conversions.len()).expect("CONVERSIONS_MAX fits"),
        scored: is_scored(lasted_ms, counts.interactions, rules),
        scores,
        running: running_scores(Some(tallies), session.newest(), &rules.scores),
        confidence_milli: confidence_milli(
            session.engaged_ms,
            counts.presses,
            counts.samples,
            &rules.scores,
        ),
        contributors: match session.status {
            SessionStatus::Open | SessionStatus::Ended => {
                contributors(session, Within::Session, Some(tallies), attention, rules)
            }
            SessionStatus::Broken => Vec::new(),
        },
        measures: measured(&session.measures()),
        fold_version: FOLD_VERSION,
        rules: rules_number,
    }
}

/// What contributors are asked of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    Session,
    /// By ordinal.
    PageView(u32),
}

/// What each score rests on, the largest share first.
fn contributors(
    session: &Session,
    within: Within,
    tallies: Option<&Tallies>,
    attention: Attention,
    rules: &RuleSet,
) -> Vec<Contributor> {
    let mut contributors = Vec::new();
    let mut parts: Vec<(f64, Part)> = Vec::new();
    for score in ScoreKind::ALL {
        parts.clear();
        for tally in tallies.map(Tallies::all).unwrap_or_default() {
            let weight = rules.scores.weight(tally.kind, *score);
            if weight > 0.0 {
                let part = Part::Signal(tally.kind, tally.count);
                parts.push((weight * tally.load(), part));
            }
        }
        if *score == ScoreKind::Engagement {
            let (time, depth) = (Part::EngagedTime, Part::ScrollDepth);
            parts.push((attention.engaged_load(&rules.attention), time));
            parts.push((attention.depth_load(&rules.attention), depth));
        }
        parts.retain(|part| part.0 > 0.0);
        let total: f64 = parts.iter().map(|part| part.0).sum();
        parts.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.name().cmp(b.1.name())));
        let named = parts.iter().take(CONTRIBUTORS_MAX);
        contributors.extend(named.map(|(load, part)| Contributor {
            signal: part.name().into(),
            score: score.name().into(),
            count: part.count(),
            share_milli: libm::round(1_000.0 * load / total) as u16,
            text: part.text(session, within, attention).into(),
        }));
    }
    contributors
}

/// What a score rests on.
#[derive(Debug, Clone, Copy)]
enum Part {
    /// A signal that fired so often.
    Signal(SignalKind, u32),
    EngagedTime,
    ScrollDepth,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Part::Signal(kind, _) => kind.name(),
            Part::EngagedTime => "engaged_time",
            Part::ScrollDepth => "scroll_depth",
        }
    }

    fn count(self) -> u32 {
        match self {
            Part::Signal(_, count) => count,
            Part::EngagedTime | Part::ScrollDepth => 1,
        }
    }

    fn text(self, session: &Session, within: Within, attention: Attention) -> String {
        match self {
            Part::Signal(kind, count) => words(session, within, kind, count),
            Part::EngagedTime => match attention.engaged_ms / 1_000 {
                seconds @ 0..=119 => format!("engaged for {seconds} s"),
                seconds => format!("engaged for {} min", seconds / 60),
            },
            Part::ScrollDepth => format!("scrolled to {} %", attention.scroll_depth_milli / 10),
        }
    }
}

/// Such as "rage press, twice, on button#pay".
fn words(session: &Session, within: Within, kind: SignalKind, count: u32) -> String {
    let often = match count {
        1 => String::new(),
        2 => ", twice".into(),
        n => format!(", {n} times"),
    };
    let here = |firing: &&Firing| match within {
        Within::Session => true,
        Within::PageView(ordinal) => firing.page_view == Some(ordinal),
    };
    let mut selectors: Vec<&str> = session
        .firings
        .listed()
        .iter()
        .filter(|f| f.kind == kind)
        .filter(here)
        .filter_map(selector)
        .collect();
    let last = selectors.last().copied();
    selectors.sort_unstable();
    selectors.dedup();
    let place = match (last, selectors.len()) {
        (Some(last), 0 | 1) => format!(", on {last}"),
        (Some(last), more) => format!(", on {last} and {} more", more - 1),
        (None, _) => String::new(),
    };
    format!("{}{often}{place}", kind.words())
}

/// How the target reads; of a form no more than its identity is told.
fn selector(firing: &Firing) -> Option<&str> {
    let selector = firing.target.as_ref().map(|t| &*t.selector);
    selector.filter(|s| !s.is_empty())
}
