//! The core's outputs as rows of the tables, and rows as outputs.
//!
//! Every row carries its session's first record and visitor: the first decides
//! the partition, the second finds a person's data.

use bytes::Bytes;
use clickhouse::{Row, RowOwned, RowRead, RowWrite};
use furrow_core::ids::{
    Epoch, Origin, Property, SenderId, SessionId, SessionKey, TargetHash, Tenant, VisitorId,
};
use furrow_core::interaction::DeviceClass;
use furrow_core::output::{
    Contributor, ConversionSeen, PageViewScore, ScoreUpdate, Scores, SessionScore, SessionStatus,
    SignalFiring,
};
use furrow_core::time::LogTime;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A session's id may lie this far before its batch, ms; what lies further is
/// taken as this. The gateway's own bound is narrower, so this only keeps a
/// wrong clock from choosing the partition.
const SESSION_AGE_MS_MAX: i64 = 72 * 60 * 60 * 1000;

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
            .push(SessionRow::new(&update.session, update.origin));
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

/// A row of `sessions`.
#[derive(Debug, Clone, PartialEq, Row, Serialize, Deserialize)]
pub struct SessionRow {
    pub(crate) tenant: String,
    pub(crate) property: String,
    #[serde(with = "clickhouse::serde::uuid")]
    pub(crate) session: Uuid,
    pub(crate) version: u64,
    #[serde(with = "clickhouse::serde::uuid::option")]
    pub(crate) visitor: Option<Uuid>,
    pub(crate) status: i8,
    pub(crate) first_record: i64,
    pub(crate) last_record: i64,
    pub(crate) started: i64,
    pub(crate) last_interaction: i64,
    pub(crate) device: i8,
    pub(crate) os: String,
    pub(crate) browser: String,
    pub(crate) automated: bool,
    pub(crate) entry_path: String,
    pub(crate) exit_path: String,
    pub(crate) batches: u32,
    pub(crate) interactions: u32,
    pub(crate) samples: u64,
    pub(crate) presses: u32,
    pub(crate) gaps: u32,
    pub(crate) reordered: u32,
    pub(crate) unknown: u32,
    pub(crate) senders: u32,
    pub(crate) engaged_ms: u64,
    pub(crate) scroll_depth_milli: u16,
    pub(crate) signals: u32,
    pub(crate) page_views: u32,
    pub(crate) conversions: u32,
    pub(crate) scored: bool,
    pub(crate) frustration_milli: u16,
    pub(crate) engagement_milli: u16,
    pub(crate) technical_milli: u16,
    pub(crate) experience_milli: u16,
    pub(crate) frustration_now_milli: u16,
    pub(crate) confidence_milli: u16,
    pub(crate) contributors: Vec<ContributorValue>,
    pub(crate) fold_version: u32,
    pub(crate) rules: u64,
}

/// Signal, score, count, share in thousandths, text.
pub(crate) type ContributorValue = (String, String, u32, u16, String);

impl SessionRow {
    fn new(s: &SessionScore, origin: Origin) -> SessionRow {
        let identity = Identity::new(s, origin);
        SessionRow {
            tenant: identity.tenant,
            property: identity.property,
            session: identity.session,
            version: identity.version,
            visitor: identity.visitor,
            status: status_number(s.status),
            first_record: s.first_record.0,
            last_record: s.last_record.0,
            started: s.started_ms,
            last_interaction: s.last_interaction_ms,
            device: device_number(s.device),
            os: s.os.to_string(),
            browser: s.browser.to_string(),
            automated: s.automated,
            entry_path: s.entry_path.to_string(),
            exit_path: s.exit_path.to_string(),
            batches: s.batches,
            interactions: s.interactions,
            samples: s.samples,
            presses: s.presses,
            gaps: s.gaps,
            reordered: s.reordered,
            unknown: s.unknown,
            senders: s.senders,
            engaged_ms: s.engaged_ms,
            scroll_depth_milli: s.scroll_depth_milli,
            signals: s.signals,
            page_views: s.page_views,
            conversions: s.conversions,
            scored: s.scored,
            frustration_milli: s.scores.frustration,
            engagement_milli: s.scores.engagement,
            technical_milli: s.scores.technical,
            experience_milli: s.scores.experience,
            frustration_now_milli: s.frustration_now,
            confidence_milli: s.confidence_milli,
            contributors: s.contributors.iter().map(contributor_value).collect(),
            fold_version: s.fold_version,
            rules: s.rules,
        }
    }
}

impl TryFrom<SessionRow> for SessionScore {
    type Error = UnknownValue;

    fn try_from(r: SessionRow) -> Result<SessionScore, UnknownValue> {
        Ok(SessionScore {
            key: session_key(r.tenant, r.property, r.session),
            visitor: r.visitor.map(|v| VisitorId(v.into_bytes())),
            status: status_of(r.status)?,
            first_record: LogTime(r.first_record),
            last_record: LogTime(r.last_record),
            started_ms: r.started,
            last_interaction_ms: r.last_interaction,
            device: device_of(r.device)?,
            os: r.os.into(),
            browser: r.browser.into(),
            automated: r.automated,
            entry_path: r.entry_path.into(),
            exit_path: r.exit_path.into(),
            batches: r.batches,
            interactions: r.interactions,
            samples: r.samples,
            presses: r.presses,
            gaps: r.gaps,
            reordered: r.reordered,
            unknown: r.unknown,
            senders: r.senders,
            engaged_ms: r.engaged_ms,
            scroll_depth_milli: r.scroll_depth_milli,
            signals: r.signals,
            page_views: r.page_views,
            conversions: r.conversions,
            scored: r.scored,
            scores: Scores {
                frustration: r.frustration_milli,
                engagement: r.engagement_milli,
                technical: r.technical_milli,
                experience: r.experience_milli,
            },
            frustration_now: r.frustration_now_milli,
            confidence_milli: r.confidence_milli,
            contributors: r.contributors.into_iter().map(contributor_of).collect(),
            fold_version: r.fold_version,
            rules: r.rules,
        })
    }
}

/// A row of `signals`.
#[derive(Debug, Clone, PartialEq, Row, Serialize, Deserialize)]
pub struct SignalRow {
    pub(crate) tenant: String,
    pub(crate) property: String,
    #[serde(with = "clickhouse::serde::uuid")]
    pub(crate) session: Uuid,
    pub(crate) ordinal: u32,
    pub(crate) version: u64,
    #[serde(with = "clickhouse::serde::uuid::option")]
    pub(crate) visitor: Option<Uuid>,
    pub(crate) first_record: i64,
    pub(crate) signal: String,
    pub(crate) at: i64,
    pub(crate) duration_ms: u32,
    pub(crate) page_view: Option<u32>,
    pub(crate) path: String,
    pub(crate) target: Option<u64>,
    pub(crate) selector: String,
    pub(crate) label: String,
    pub(crate) x: i32,
    pub(crate) y: i32,
    pub(crate) intensity_milli: u16,
    pub(crate) evidence_count: u32,
    pub(crate) evidence_at: Vec<u32>,
    pub(crate) reason: String,
    pub(crate) rule_version: u32,
}

impl SignalRow {
    fn new(identity: &Identity, s: &SignalFiring) -> SignalRow {
        SignalRow {
            tenant: identity.tenant.clone(),
            property: identity.property.clone(),
            session: identity.session,
            ordinal: s.ordinal,
            version: identity.version,
            visitor: identity.visitor,
            first_record: identity.first_record,
            signal: s.signal.to_string(),
            at: s.at_ms,
            duration_ms: s.duration_ms,
            page_view: s.page_view,
            path: s.path.to_string(),
            target: s.target.map(|t| t.0),
            selector: s.selector.to_string(),
            label: s.label.to_string(),
            x: s.position.0,
            y: s.position.1,
            intensity_milli: s.intensity_milli,
            evidence_count: s.evidence_count,
            evidence_at: s.evidence_at.clone(),
            reason: s.reason.to_string(),
            rule_version: s.rule_version,
        }
    }
}

impl From<SignalRow> for SignalFiring {
    fn from(r: SignalRow) -> SignalFiring {
        SignalFiring {
            ordinal: r.ordinal,
            signal: r.signal.into(),
            at_ms: r.at,
            duration_ms: r.duration_ms,
            page_view: r.page_view,
            path: r.path.into(),
            target: r.target.map(TargetHash),
            selector: r.selector.into(),
            label: r.label.into(),
            position: (r.x, r.y),
            intensity_milli: r.intensity_milli,
            evidence_count: r.evidence_count,
            evidence_at: r.evidence_at,
            reason: r.reason.into(),
            rule_version: r.rule_version,
        }
    }
}

/// A row of `page_views`.
#[derive(Debug, Clone, PartialEq, Row, Serialize, Deserialize)]
pub struct PageViewRow {
    pub(crate) tenant: String,
    pub(crate) property: String,
    #[serde(with = "clickhouse::serde::uuid")]
    pub(crate) session: Uuid,
    pub(crate) ordinal: u32,
    pub(crate) version: u64,
    #[serde(with = "clickhouse::serde::uuid::option")]
    pub(crate) visitor: Option<Uuid>,
    pub(crate) first_record: i64,
    pub(crate) path: String,
    pub(crate) page_group: String,
    pub(crate) started: i64,
    pub(crate) last_interaction: i64,
    pub(crate) engaged_ms: u64,
    pub(crate) scroll_depth_milli: u16,
    pub(crate) presses: u32,
    pub(crate) interactions: u32,
    pub(crate) frustration_milli: u16,
    pub(crate) engagement_milli: u16,
    pub(crate) technical_milli: u16,
    pub(crate) experience_milli: u16,
}

impl PageViewRow {
    fn new(identity: &Identity, p: &PageViewScore) -> PageViewRow {
        PageViewRow {
            tenant: identity.tenant.clone(),
            property: identity.property.clone(),
            session: identity.session,
            ordinal: p.ordinal,
            version: identity.version,
            visitor: identity.visitor,
            first_record: identity.first_record,
            path: p.path.to_string(),
            page_group: p.group.to_string(),
            started: p.started_ms,
            last_interaction: p.last_interaction_ms,
            engaged_ms: p.engaged_ms,
            scroll_depth_milli: p.scroll_depth_milli,
            presses: p.presses,
            interactions: p.interactions,
            frustration_milli: p.scores.frustration,
            engagement_milli: p.scores.engagement,
            technical_milli: p.scores.technical,
            experience_milli: p.scores.experience,
        }
    }
}

impl From<PageViewRow> for PageViewScore {
    fn from(r: PageViewRow) -> PageViewScore {
        PageViewScore {
            ordinal: r.ordinal,
            path: r.path.into(),
            group: r.page_group.into(),
            started_ms: r.started,
            last_interaction_ms: r.last_interaction,
            engaged_ms: r.engaged_ms,
            scroll_depth_milli: r.scroll_depth_milli,
            presses: r.presses,
            interactions: r.interactions,
            scores: Scores {
                frustration: r.frustration_milli,
                engagement: r.engagement_milli,
                technical: r.technical_milli,
                experience: r.experience_milli,
            },
        }
    }
}

/// A row of `conversions`.
#[derive(Debug, Clone, PartialEq, Row, Serialize, Deserialize)]
pub struct ConversionRow {
    pub(crate) tenant: String,
    pub(crate) property: String,
    #[serde(with = "clickhouse::serde::uuid")]
    pub(crate) session: Uuid,
    pub(crate) ordinal: u32,
    pub(crate) version: u64,
    #[serde(with = "clickhouse::serde::uuid::option")]
    pub(crate) visitor: Option<Uuid>,
    pub(crate) first_record: i64,
    pub(crate) order_id: String,
    pub(crate) kind: String,
    pub(crate) at: i64,
    pub(crate) value_minor: i64,
    pub(crate) currency: String,
    pub(crate) page_view: Option<u32>,
    pub(crate) frustration_milli: u16,
}

impl ConversionRow {
    fn new(identity: &Identity, c: &ConversionSeen) -> ConversionRow {
        ConversionRow {
            tenant: identity.tenant.clone(),
            property: identity.property.clone(),
            session: identity.session,
            ordinal: c.ordinal,
            version: identity.version,
            visitor: identity.visitor,
            first_record: identity.first_record,
            order_id: c.order_id.to_string(),
            kind: c.kind.to_string(),
            at: c.at_ms,
            value_minor: c.value_minor,
            currency: c.currency.to_string(),
            page_view: c.page_view,
            frustration_milli: c.frustration,
        }
    }
}

impl From<ConversionRow> for ConversionSeen {
    fn from(r: ConversionRow) -> ConversionSeen {
        ConversionSeen {
            ordinal: r.ordinal,
            order_id: r.order_id.into(),
            kind: r.kind.into(),
            at_ms: r.at,
            value_minor: r.value_minor,
            currency: r.currency.into(),
            page_view: r.page_view,
            frustration: r.frustration_milli,
        }
    }
}

/// The door through which a batch came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// A call of its own.
    Publish,
    /// A message of a stream.
    Stream,
    /// What a browser sends when its page goes away.
    Beacon,
}

/// A batch as it came, with what the gateway and the log know about it.
#[derive(Debug, Clone, PartialEq)]
pub struct ArchivedBatch {
    /// Whose session it is.
    pub key: SessionKey,
    /// Who sent it.
    pub sender: SenderId,
    /// Which of the sender's batches it is.
    pub sequence: u32,
    /// None without consent.
    pub visitor: Option<VisitorId>,
    /// Where it stands in the log.
    pub origin: Origin,
    /// When the log took it.
    pub appended: LogTime,
    /// The gateway's clock when it came, ms since 1970.
    pub received_ms: i64,
    /// The way that it came.
    pub entry: Entry,
    /// The client's bytes.
    pub payload: Bytes,
}

/// A row of `batches`.
#[derive(Debug, Clone, PartialEq, Row, Serialize, Deserialize)]
pub struct BatchRow {
    pub(crate) tenant: String,
    pub(crate) property: String,
    #[serde(with = "clickhouse::serde::uuid")]
    pub(crate) session: Uuid,
    pub(crate) sender: [u8; 8],
    pub(crate) sequence: u32,
    pub(crate) version: u64,
    #[serde(with = "clickhouse::serde::uuid::option")]
    pub(crate) visitor: Option<Uuid>,
    pub(crate) session_created: i64,
    pub(crate) appended: i64,
    pub(crate) received: i64,
    pub(crate) entry: i8,
    pub(crate) partition: u32,
    pub(crate) offset: u64,
    pub(crate) payload: Bytes,
}

impl From<ArchivedBatch> for BatchRow {
    fn from(b: ArchivedBatch) -> BatchRow {
        let appended = b.appended.0;
        // A client's clock may be wrong by years, and it must not make a
        // partition for each of them.
        let session_created = b
            .key
            .session
            .created_ms()
            .clamp(appended - SESSION_AGE_MS_MAX, appended);
        BatchRow {
            tenant: b.key.tenant.0.to_string(),
            property: b.key.property.0.to_string(),
            session: Uuid::from_bytes(b.key.session.0),
            sender: b.sender.0,
            sequence: b.sequence,
            version: b.origin.version(),
            visitor: b.visitor.map(|v| Uuid::from_bytes(v.0)),
            session_created,
            appended,
            received: b.received_ms,
            entry: entry_number(b.entry),
            partition: b.origin.partition,
            offset: b.origin.offset,
            payload: b.payload,
        }
    }
}

impl TryFrom<BatchRow> for ArchivedBatch {
    type Error = UnknownValue;

    fn try_from(r: BatchRow) -> Result<ArchivedBatch, UnknownValue> {
        let epoch = u16::try_from(r.version >> 48).expect("16 bits remain of 64 shifted by 48");
        Ok(ArchivedBatch {
            key: session_key(r.tenant, r.property, r.session),
            sender: SenderId(r.sender),
            sequence: r.sequence,
            visitor: r.visitor.map(|v| VisitorId(v.into_bytes())),
            origin: Origin {
                epoch: Epoch(epoch),
                partition: r.partition,
                offset: r.offset,
            },
            appended: LogTime(r.appended),
            received_ms: r.received,
            entry: entry_of(r.entry)?,
            payload: r.payload,
        })
    }
}

impl StoredRow for SessionRow {
    const TABLE: &'static str = "sessions";
}

impl StoredRow for SignalRow {
    const TABLE: &'static str = "signals";
}

impl StoredRow for PageViewRow {
    const TABLE: &'static str = "page_views";
}

impl StoredRow for ConversionRow {
    const TABLE: &'static str = "conversions";
}

impl StoredRow for BatchRow {
    const TABLE: &'static str = "batches";
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

fn status_number(status: SessionStatus) -> i8 {
    match status {
        SessionStatus::Open => 1,
        SessionStatus::Ended => 2,
        SessionStatus::Broken => 3,
    }
}

fn status_of(value: i8) -> Result<SessionStatus, UnknownValue> {
    [
        SessionStatus::Open,
        SessionStatus::Ended,
        SessionStatus::Broken,
    ]
    .into_iter()
    .find(|s| status_number(*s) == value)
    .ok_or(UnknownValue {
        column: "status",
        value,
    })
}

fn device_number(device: DeviceClass) -> i8 {
    match device {
        DeviceClass::Unspecified => 0,
        DeviceClass::Desktop => 1,
        DeviceClass::Tablet => 2,
        DeviceClass::Phone => 3,
        DeviceClass::Other => 4,
    }
}

fn device_of(value: i8) -> Result<DeviceClass, UnknownValue> {
    DeviceClass::ALL
        .iter()
        .copied()
        .find(|d| device_number(*d) == value)
        .ok_or(UnknownValue {
            column: "device",
            value,
        })
}

fn entry_number(entry: Entry) -> i8 {
    match entry {
        Entry::Publish => 1,
        Entry::Stream => 2,
        Entry::Beacon => 3,
    }
}

fn entry_of(value: i8) -> Result<Entry, UnknownValue> {
    [Entry::Publish, Entry::Stream, Entry::Beacon]
        .into_iter()
        .find(|e| entry_number(*e) == value)
        .ok_or(UnknownValue {
            column: "entry",
            value,
        })
}
