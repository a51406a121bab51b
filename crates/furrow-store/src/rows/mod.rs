//! The core's outputs as rows of the tables, and rows as outputs.
//!
//! ```text
//! session   a session
//! parts     its signals, page views and conversions
//! archive   batches as they came
//! ```
//!
//! Every row carries its session's first record and visitor: the first decides
//! the partition, the second finds a person's data.

mod archive;
mod parts;
mod session;

pub use archive::{ArchivedBatch, BatchRow, Entry};
pub use parts::{ConversionRow, PageViewRow, SignalRow};
pub use session::SessionRow;

use clickhouse::{Row, RowOwned, RowRead, RowWrite};
use furrow_core::ids::{Origin, Property, SessionId, SessionKey, Tenant};
use furrow_core::output::{Contributor, Measured, ScoreUpdate, SessionScore};
use uuid::Uuid;

/// A row of one table.
pub trait StoredRow: Row + RowOwned + RowRead + RowWrite + for<'a> Row<Value<'a> = Self> {
    /// The table's name.
    const TABLE: &'static str;
}

/// Rows that go to the store together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Block {
    /// Sessions, one row each time one changed.
    pub sessions: Vec<SessionRow>,
    /// Firings of signals.
    pub signals: Vec<SignalRow>,
    /// Page views.
    pub page_views: Vec<PageViewRow>,
    /// Conversions.
    pub conversions: Vec<ConversionRow>,
}

impl Block {
    /// Adds the rows of one update.
    pub fn push(&mut self, update: &ScoreUpdate) {
        let identity = Identity::new(&update.session, update.origin);
        self.sessions
            .push(SessionRow::new(&identity, &update.session));
        self.signals
            .extend(update.signals.iter().map(|s| SignalRow::new(&identity, s)));
        self.page_views.extend(
            update
                .page_views
                .iter()
                .map(|p| PageViewRow::new(&identity, p)),
        );
        self.conversions.extend(
            update
                .conversions
                .iter()
                .map(|c| ConversionRow::new(&identity, c)),
        );
    }

    /// How many rows there are in all tables together.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sessions.len() + self.signals.len() + self.page_views.len() + self.conversions.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Drops the rows and keeps the room.
    pub fn clear(&mut self) {
        self.sessions.clear();
        self.signals.clear();
        self.page_views.clear();
        self.conversions.clear();
    }
}

/// What all rows of one update share.
struct Identity {
    tenant: String,
    property: String,
    session: Uuid,
    version: u64,
    visitor: Option<Uuid>,
    first_record: i64,
}

impl Identity {
    fn new(session: &SessionScore, origin: Origin) -> Identity {
        Identity {
            tenant: session.key.tenant.0.to_string(),
            property: session.key.property.0.to_string(),
            session: Uuid::from_bytes(session.key.session.0),
            version: origin.version(),
            visitor: session.visitor.map(|v| Uuid::from_bytes(v.0)),
            first_record: session.first_record.0,
        }
    }
}

/// A column holds a value that this version does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("column {column} holds {value}, which this version does not know")]
pub struct UnknownValue {
    /// The column.
    pub column: &'static str,
    /// Its number.
    pub value: i8,
}

fn session_key(tenant: String, property: String, session: Uuid) -> SessionKey {
    SessionKey {
        tenant: Tenant(tenant.into()),
        property: Property(property.into()),
        session: SessionId(session.into_bytes()),
    }
}

/// Signal, score, count, share in thousandths, text.
type ContributorValue = (String, String, u32, u16, String);

fn contributor_value(c: &Contributor) -> ContributorValue {
    (
        c.signal.to_string(),
        c.score.to_string(),
        c.count,
        c.share_milli,
        c.text.to_string(),
    )
}

fn contributor_of((signal, score, count, share_milli, text): ContributorValue) -> Contributor {
    Contributor {
        signal: signal.into(),
        score: score.into(),
        count,
        share_milli,
        text: text.into(),
    }
}

/// Its name, and the number.
type MeasuredValue = (String, f64);

fn measured_value(m: &Measured) -> MeasuredValue {
    (m.measure.to_string(), m.value)
}

fn measured_of((measure, value): MeasuredValue) -> Measured {
    Measured {
        measure: measure.into(),
        value,
    }
}

/// Declares a row: its columns, and what they hold of an output.
macro_rules! row {
    (
        $(#[$doc:meta])*
        $row:ident in $table:literal, from $identity:ident, $output:ident: $type:ty {
            $($(#[$serde:meta])* $column:ident: $column_type:ty = $value:expr;)+
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, clickhouse::Row, serde::Serialize, serde::Deserialize)]
        pub struct $row {
            $($(#[$serde])* pub(crate) $column: $column_type,)+
        }

        impl $row {
            pub(super) fn new($identity: &super::Identity, $output: &$type) -> $row {
                $row { $($column: $value,)+ }
            }
        }

        impl super::StoredRow for $row {
            const TABLE: &'static str = $table;
        }
    };
}

/// Declares the row of something that is scored, through `$declare`: its own
/// columns, those that all of these share, and what follows. Scores are named
/// here and in the two macros below, and nowhere else in this crate's code.
macro_rules! scored_row {
    (
        $declare:ident!
        $(#[$doc:meta])*
        $row:ident in $table:literal, from $identity:ident, $output:ident: $type:ty {
            $($own:tt)*
        }
        $({ $($last:tt)* })?
    ) => {
        $declare! {
            $(#[$doc])*
            $row in $table, from $identity, $output: $type {
                $($own)*
                scored: bool = $output.scored;
                frustration_milli: u16 = $output.scores.frustration;
                confusion_milli: u16 = $output.scores.confusion;
                engagement_milli: u16 = $output.scores.engagement;
                navigation_milli: u16 = $output.scores.navigation;
                form_milli: u16 = $output.scores.form;
                technical_milli: u16 = $output.scores.technical;
                exit_risk_milli: u16 = $output.scores.exit_risk;
                experience_milli: u16 = $output.scores.experience;
                frustration_now_milli: u16 = $output.running.frustration;
                confusion_now_milli: u16 = $output.running.confusion;
                engagement_now_milli: u16 = $output.running.engagement;
                navigation_now_milli: u16 = $output.running.navigation;
                form_now_milli: u16 = $output.running.form;
                technical_now_milli: u16 = $output.running.technical;
                exit_risk_now_milli: u16 = $output.running.exit_risk;
                confidence_milli: u16 = $output.confidence_milli;
                contributors: Vec<super::ContributorValue> =
                    $output.contributors.iter().map(super::contributor_value).collect();
                measures: Vec<super::MeasuredValue> =
                    $output.measures.iter().map(super::measured_value).collect();
                $($($last)*)?
            }
        }
    };
}

/// The scores that a row holds.
macro_rules! scores_of {
    ($row:ident) => {
        furrow_core::output::Scores {
            frustration: $row.frustration_milli,
            confusion: $row.confusion_milli,
            engagement: $row.engagement_milli,
            navigation: $row.navigation_milli,
            form: $row.form_milli,
            technical: $row.technical_milli,
            exit_risk: $row.exit_risk_milli,
            experience: $row.experience_milli,
        }
    };
}

/// The running scores that a row holds.
macro_rules! running_of {
    ($row:ident) => {
        furrow_core::output::RunningScores {
            frustration: $row.frustration_now_milli,
            confusion: $row.confusion_now_milli,
            engagement: $row.engagement_now_milli,
            navigation: $row.navigation_now_milli,
            form: $row.form_now_milli,
            technical: $row.technical_now_milli,
            exit_risk: $row.exit_risk_now_milli,
        }
    };
}

use {row, running_of, scored_row, scores_of};
