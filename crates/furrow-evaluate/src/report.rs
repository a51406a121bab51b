//! All figures for a set of labelled sessions.

use crate::auc::{self, Auc, Difference};
use crate::effect::{self, Effect};
use crate::interval::Rate;
use crate::labels::{Labels, Owned};
use crate::ranks::rank_correlation;
use furrow_core::ids::SessionId;
use std::collections::{BTreeMap, BTreeSet};

/// The score that is set beside every peer's rule and every plain count.
pub const FRUSTRATION: &str = "frustration";

/// One session: what was found in it, and what is true of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Labelled {
    /// The session.
    pub session: SessionId,
    /// Whose it is; any key that tells people apart.
    pub visitor: Box<str>,
    /// What is true: whether they were frustrated.
    pub frustrated: bool,
    /// How frustrated they were, on any rising scale, where that is known.
    pub latent: Option<f64>,
    /// Whether there was enough evidence to score it.
    pub scored: bool,
    /// Each 0 to 10, higher speaking for frustration; all sessions have the
    /// same ones.
    pub scores: Vec<(Box<str>, f64)>,
    /// The summed intensity of each signal that fired.
    pub signals: Vec<(Box<str>, f64)>,
    /// How often each peer's rule fired.
    pub peers: Vec<(Box<str>, u32)>,
    /// What anybody can count, such as the session's length: a score that
    /// tells no more than these tells nothing.
    pub plain: Vec<(Box<str>, f64)>,
}

/// What was measured on a set of sessions.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Frustrated sessions, and how many of them were not scored.
    pub frustrated: Part,
    /// Calm sessions, likewise.
    pub calm: Part,
    /// Different people.
    pub persons: usize,
    /// Those of them who had both kinds of sessions.
    pub persons_in_both_states: usize,
    /// A score of at least this is an alarm.
    pub alarm_at: f64,
    /// Scores in the order given, then signals by name, then peers and plain
    /// counts in theirs.
    pub rows: Vec<Row>,
    /// Frustration against each peer and each plain count; empty without a
    /// score of that name.
    pub margins: Vec<Margin>,
}

/// Sessions of one class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct Part {
    pub sessions: usize,
    pub unscored: usize,
}

/// What a row measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// A score of Furrow; an alarm at [`Report::alarm_at`].
    Score,
    /// A signal of Furrow; an alarm when it fired.
    Signal,
    /// Another product's rule; an alarm when it fired.
    Peer,
    /// A plain count, which never alarms.
    Plain,
}

impl Group {
    /// Every group, in the order of rows.
    pub const ALL: &[Group] = &[Group::Score, Group::Signal, Group::Peer, Group::Plain];

    /// The name in tables and answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Group::Score => "score",
            Group::Signal => "signal",
            Group::Peer => "peer",
            Group::Plain => "plain count",
        }
    }
}

/// How well one number per session tells frustrated from calm. What the data
/// do not allow is none.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What is measured.
    pub group: Group,
    /// Which of them.
    pub name: Box<str>,
    /// How often it puts a frustrated session above a calm one.
    pub auc: Option<Auc>,
    /// The share of calm sessions with an alarm.
    pub false_alarms: Option<Rate>,
    /// The share of frustrated sessions with an alarm.
    pub detections: Option<Rate>,
    /// d_z: within persons who had both kinds of sessions.
    pub within: Option<Effect>,
    /// Cohen's d between persons.
    pub between: Option<Effect>,
    /// Spearman's correlation with how frustrated people were, where every
    /// session tells it.
    pub rank_correlation: Option<f64>,
}

/// Frustration against one peer's rule or plain count, over the same sessions.
#[derive(Debug, Clone, PartialEq)]
pub struct Margin {
    /// Against what.
    pub against: Box<str>,
    /// The area of frustration minus that of the other.
    pub difference: Difference,
}

impl Margin {
    /// Whether frustration's lead is more than chance explains: the whole
    /// interval lies above 0.
    #[must_use]
    pub fn is_outside_the_interval(&self) -> bool {
        self.difference.interval.low > 0.0
    }
}

/// Measures everything that the sessions carry. A session that was not scored
/// counts as 0 in every score; what fired in it counts as it is.
#[must_use]
pub fn report(sessions: &[Labelled], alarm_at: f64) -> Report {
    let labels = Labels::new(sessions.iter().map(|s| (&*s.visitor, s.frustrated)));
    let latent: Option<Vec<f64>> = sessions.iter().map(|s| s.latent).collect();
    let columns = columns(sessions);
    let rows = columns
        .iter()
        .map(|column| column.row(&labels, latent.as_deref(), alarm_at))
        .collect();
    Report {
        frustrated: part(sessions, true),
        calm: part(sessions, false),
        persons: labels.persons(),
        persons_in_both_states: effect::persons_in_both_states(&labels),
        alarm_at,
        rows,
        margins: margins(&columns, &labels),
    }
}

fn part(sessions: &[Labelled], frustrated: bool) -> Part {
    let of_it = || sessions.iter().filter(|s| s.frustrated == frustrated);
    Part {
        sessions: of_it().count(),
        unscored: of_it().filter(|s| !s.scored).count(),
    }
}

fn margins(columns: &[Column], labels: &Labels) -> Vec<Margin> {
    let is_frustration = |c: &&Column| c.group == Group::Score && &*c.name == FRUSTRATION;
    let Some(frustration) = columns.iter().find(is_frustration) else {
        return Vec::new();
    };
    columns
        .iter()
        .filter(|column| matches!(column.group, Group::Peer | Group::Plain))
        .filter_map(|column| {
            let difference = auc::difference(&frustration.values, &column.values, labels)?;
            Some(Margin {
                against: column.name.clone(),
                difference,
            })
        })
        .collect()
}

/// One number for every session.
struct Column {
    group: Group,
    name: Box<str>,
    values: Vec<f64>,
}

impl Column {
    fn row(&self, labels: &Labels, latent: Option<&[f64]>, alarm_at: f64) -> Row {
        let (frustrated, calm) = labels.split(&self.values);
        let rate = |class: &[Owned]| {
            let mut alarms = 0;
            for &(_, value) in class {
                alarms += u64::from(self.alarms(value, alarm_at)?);
            }
            Rate::new(alarms, class.len() as u64)
        };
        Row {
            group: self.group,
            name: self.name.clone(),
            auc: auc::auc(&self.values, labels),
            false_alarms: rate(&calm),
            detections: rate(&frustrated),
            within: effect::within(&self.values, labels),
            between: effect::between(&self.values, labels),
            rank_correlation: latent.and_then(|latent| rank_correlation(&self.values, latent)),
        }
    }

    /// None where there is no such thing as an alarm.
    fn alarms(&self, value: f64, alarm_at: f64) -> Option<bool> {
        match self.group {
            Group::Score => Some(value >= alarm_at),
            Group::Signal | Group::Peer => Some(value > 0.0),
            Group::Plain => None,
        }
    }
}

fn columns(sessions: &[Labelled]) -> Vec<Column> {
    let signals: BTreeSet<&str> = sessions.iter().flat_map(|s| names(&s.signals)).collect();
    let scores = in_order(sessions.iter().flat_map(|s| names(&s.scores)));
    let peers = in_order(sessions.iter().flat_map(|s| names(&s.peers)));
    let plain = in_order(sessions.iter().flat_map(|s| names(&s.plain)));
    let score = |s: &Labelled, name| {
        if s.scored {
            value(&s.scores, name)
        } else {
            0.0
        }
    };
    let column = |group, name: &str, value: &dyn Fn(&Labelled) -> f64| Column {
        group,
        name: name.into(),
        values: sessions.iter().map(value).collect(),
    };
    let scores = scores
        .iter()
        .map(|n| column(Group::Score, n, &|s| score(s, n)));
    let signals = signals
        .iter()
        .map(|n| column(Group::Signal, n, &|s| value(&s.signals, n)));
    let peers = peers
        .iter()
        .map(|n| column(Group::Peer, n, &|s| value(&s.peers, n)));
    let plain = plain
        .iter()
        .map(|n| column(Group::Plain, n, &|s| value(&s.plain, n)));
    scores.chain(signals).chain(peers).chain(plain).collect()
}

fn names<T>(values: &[(Box<str>, T)]) -> impl Iterator<Item = &str> {
    values.iter().map(|(name, _)| &**name)
}

/// Each name once, in the order of first appearance.
fn in_order<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    for name in names {
        let next = first.len();
        first.entry(name).or_insert(next);
    }
    let mut ordered: Vec<(usize, &str)> = first.into_iter().map(|(name, at)| (at, name)).collect();
    ordered.sort_unstable();
    ordered.into_iter().map(|(_, name)| name).collect()
}

/// The sum of what stands under the name; 0 for none.
fn value<T: Copy + Into<f64>>(values: &[(Box<str>, T)], name: &str) -> f64 {
    let of_it = values.iter().filter(|(other, _)| &**other == name);
    of_it.map(|&(_, value)| value.into()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A session of somebody with these figures.
    fn session(
        visitor: &str,
        frustrated: bool,
        frustration: f64,
        rage: f64,
        peer: u32,
    ) -> Labelled {
        Labelled {
            session: SessionId([0; 16]),
            visitor: visitor.into(),
            frustrated,
            latent: Some(f64::from(u8::from(frustrated))),
            scored: true,
            scores: vec![
                (FRUSTRATION.into(), frustration),
                ("engagement".into(), 5.0),
            ],
            signals: if rage > 0.0 {
                vec![("rage_press".into(), rage)]
            } else {
                Vec::new()
            },
            peers: vec![("Theirs".into(), peer)],
            plain: vec![("presses".into(), 3.0)],
        }
    }

    fn few() -> Vec<Labelled> {
        vec![
            session("ann", true, 6.0, 1.0, 0),
            session("ann", false, 1.0, 0.0, 2),
            session("bob", true, 4.0, 0.5, 1),
            session("bob", false, 0.0, 0.0, 0),
            session("cyd", true, 2.0, 0.0, 0),
            session("cyd", false, 3.5, 0.5, 1),
        ]
    }

    fn row<'a>(report: &'a Report, name: &str) -> &'a Row {
        report.rows.iter().find(|row| &*row.name == name).unwrap()
    }

    #[test]
    fn scores_stand_first_then_signals_then_peers_then_plain_counts() {
        let report = report(&few(), 3.0);
        let names: Vec<(Group, &str)> = report.rows.iter().map(|r| (r.group, &*r.name)).collect();
        assert_eq!(
            names,
            [
                (Group::Score, "frustration"),
                (Group::Score, "engagement"),
                (Group::Signal, "rage_press"),
                (Group::Peer, "Theirs"),
                (Group::Plain, "presses"),
            ]
        );
        assert_eq!((report.persons, report.persons_in_both_states), (3, 3));
    }

    #[test]
    fn a_score_alarms_at_its_threshold_and_a_signal_or_a_rule_when_it_fires() {
        let report = report(&few(), 3.5);
        let hits = |name: &str| {
            let row = row(&report, name);
            (row.detections.unwrap().hits, row.false_alarms.unwrap().hits)
        };
        assert_eq!(hits("frustration"), (2, 1));
        assert_eq!(hits("rage_press"), (2, 1));
        assert_eq!(hits("Theirs"), (1, 2));
        assert_eq!(row(&report, "presses").detections, None);
    }

    #[test]
    fn the_figures_of_a_row_are_those_of_its_column() {
        let report = report(&few(), 3.0);
        // 6 and 4 above all calm ones, 2 above two of three.
        assert!((row(&report, "frustration").auc.unwrap().value - 8.0 / 9.0).abs() < 1e-12);
        // Differences 5, 4 and −1.5.
        assert!(row(&report, "frustration").within.unwrap().d > 0.5);
        assert_eq!(row(&report, "engagement").auc.unwrap().value, 0.5);
        assert_eq!(row(&report, "engagement").within, None);
        assert_eq!(row(&report, "engagement").rank_correlation, None);
        assert!(row(&report, "frustration").rank_correlation.unwrap() > 0.5);
    }

    #[test]
    fn a_session_without_evidence_ranks_at_0_and_is_counted_apart() {
        let mut sessions = few();
        sessions[0].scored = false;
        let report = report(&sessions, 3.0);
        assert_eq!(
            report.frustrated,
            Part {
                sessions: 3,
                unscored: 1
            }
        );
        assert_eq!(
            report.calm,
            Part {
                sessions: 3,
                unscored: 0
            }
        );
        // Its 6 counts as 0: half of a pair; 4 above three, 2 above two.
        assert!((row(&report, "frustration").auc.unwrap().value - 5.5 / 9.0).abs() < 1e-12);
        assert_eq!(row(&report, "rage_press").detections.unwrap().hits, 2);
    }

    #[test]
    fn frustration_is_set_beside_every_peer_and_every_plain_count() {
        let report = report(&few(), 3.0);
        let against: Vec<&str> = report.margins.iter().map(|m| &*m.against).collect();
        assert_eq!(against, ["Theirs", "presses"]);
        let margin = &report.margins[0];
        let areas = |name| row(&report, name).auc.unwrap().value;
        let expected = areas("frustration") - areas("Theirs");
        assert!((margin.difference.value - expected).abs() < 1e-12);
        assert_eq!(
            margin.is_outside_the_interval(),
            margin.difference.interval.low > 0.0
        );
    }

    #[test]
    fn a_clear_lead_over_many_sessions_is_outside_the_interval_and_a_tie_is_not() {
        let keys: Vec<String> = (0..200).map(|i| i.to_string()).collect();
        let sessions: Vec<Labelled> = keys
            .iter()
            .enumerate()
            .map(|(i, key)| {
                let frustrated = i % 2 == 0;
                let high = if frustrated == (i % 10 != 4) {
                    8.0
                } else {
                    1.0
                };
                let mut session = session(key, frustrated, high, 0.0, 0);
                let blind = u32::from(i % 3 == 0);
                let alike = u32::from(high > 5.0);
                session.peers = vec![("Blind".into(), blind), ("Alike".into(), alike)];
                session
            })
            .collect();
        let margins = report(&sessions, 3.0).margins;
        assert!(margins[0].is_outside_the_interval(), "{margins:?}");
        assert!(!margins[1].is_outside_the_interval(), "{margins:?}");
    }

    #[test]
    fn without_sessions_there_are_no_figures() {
        let report = report(&[], 3.0);
        assert!(report.rows.is_empty() && report.margins.is_empty());
    }
}
