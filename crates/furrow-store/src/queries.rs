//! Typed reading, through the views, so that a reader's rights suffice.

use crate::rows::{
    ArchivedBatch, BatchRow, ConversionRow, PageViewRow, SessionRow, SignalRow, UnknownValue,
};
use crate::store::{QueryError, Store, answered};
use bytes::Bytes;
use clickhouse::Row;
use clickhouse::query::Query;
use furrow_core::ids::{Property, SessionKey, Tenant};
use furrow_core::output::{ConversionSeen, PageViewScore, SessionScore, SignalFiring};
use furrow_core::time::LogTime;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const SESSIONS_NEWEST: &str = include_str!("../sql/queries/sessions_newest.sql");
const SESSIONS_MOST_FRUSTRATED: &str = include_str!("../sql/queries/sessions_most_frustrated.sql");
const SESSION: &str = include_str!("../sql/queries/session.sql");
const SIGNALS: &str = include_str!("../sql/queries/signals_of_session.sql");
const PAGE_VIEWS: &str = include_str!("../sql/queries/page_views_of_session.sql");
const CONVERSIONS: &str = include_str!("../sql/queries/conversions_of_session.sql");
const BATCHES: &str = include_str!("../sql/queries/batches_of_session.sql");
const COUNTS: &str = include_str!("../sql/queries/counts.sql");

/// The last moment that a column of time holds, ms since 1970: the end of 2299.
const TIME_MS_MAX: i64 = 10_413_791_999_999;

/// Which sessions come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SessionOrder {
    /// Those with the newest interaction.
    #[default]
    Newest,
    /// Those with the highest frustration, then the newest.
    MostFrustrated,
}

/// Which sessions to list.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionList {
    /// Whose they are.
    pub tenant: Tenant,
    /// Of which site or app.
    pub property: Property,
    /// How many at most.
    pub limit: u32,
    /// Only those with at least this frustration, in thousandths; 0 for all,
    /// unscored ones included.
    pub frustration_min: u16,
    /// Only those whose newest interaction came before this, ms since 1970.
    pub before_ms: Option<i64>,
    /// Which come first.
    pub order: SessionOrder,
}

/// One session with everything that its newest row counts.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionDetail {
    /// The session.
    pub session: SessionScore,
    /// Its signals by ordinal.
    pub signals: Vec<SignalFiring>,
    /// Its page views by ordinal.
    pub page_views: Vec<PageViewScore>,
    /// The conversions that it reported, by ordinal.
    pub conversions: Vec<ConversionSeen>,
}

/// How much of a session's archive to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchLimit {
    /// How many batches.
    pub count_max: u64,
    /// How many bytes of payload; the first batch comes however large it is.
    pub bytes_max: u64,
}

/// A session's archive, as far as the limit allows.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionBatches {
    /// In log order.
    pub batches: Vec<ArchivedBatch>,
    /// How many the limit left out.
    pub left_out: u64,
}

/// How much there is of everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Counts {
    pub sessions: u64,
    pub signals: u64,
    pub page_views: u64,
    pub conversions: u64,
    pub batches: u64,
    /// Log time of the newest record that a session row stands for.
    pub newest_record: Option<LogTime>,
}

impl Store {
    /// Sessions of one property.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sessions(&self, list: &SessionList) -> Result<Vec<SessionScore>, QueryError> {
        let sql = match list.order {
            SessionOrder::Newest => SESSIONS_NEWEST,
            SessionOrder::MostFrustrated => SESSIONS_MOST_FRUSTRATED,
        };
        let query = self
            .client
            .query_raw(sql)
            .param("tenant", &*list.tenant.0)
            .param("property", &*list.property.0)
            .param(
                "before_ms",
                list.before_ms
                    .map_or(TIME_MS_MAX, |ms| ms.clamp(0, TIME_MS_MAX)),
            )
            .param("frustration_min", list.frustration_min)
            .param("limit", list.limit);
        let rows = answered(query.fetch_all::<SessionRow>()).await?;
        Ok(rows
            .into_iter()
            .map(SessionScore::try_from)
            .collect::<Result<_, UnknownValue>>()?)
    }

    /// One session with its signals, page views and conversions.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn session(&self, key: &SessionKey) -> Result<Option<SessionDetail>, QueryError> {
        let Some(row) = self.of(SESSION, key).fetch_optional::<SessionRow>().await? else {
            return Ok(None);
        };
        let signals = self.of(SIGNALS, key).fetch_all::<SignalRow>().await?;
        let page_views = self.of(PAGE_VIEWS, key).fetch_all::<PageViewRow>().await?;
        let conversions = self
            .of(CONVERSIONS, key)
            .fetch_all::<ConversionRow>()
            .await?;
        Ok(Some(SessionDetail {
            session: row.try_into()?,
            signals: signals.into_iter().map(SignalFiring::from).collect(),
            page_views: page_views.into_iter().map(PageViewScore::from).collect(),
            conversions: conversions.into_iter().map(ConversionSeen::from).collect(),
        }))
    }

    /// The archived batches of one session.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn session_batches(
        &self,
        key: &SessionKey,
        limit: BatchLimit,
    ) -> Result<SessionBatches, QueryError> {
        let query = self
            .of(BATCHES, key)
            .param("count_max", limit.count_max)
            .param("bytes_max", limit.bytes_max);
        let rows = answered(query.fetch_all::<CountedBatch>()).await?;
        let total = rows.first().map_or(0, |r| r.total);
        let read = rows.len() as u64;
        let batches = rows
            .into_iter()
            .map(|r| ArchivedBatch::try_from(r.batch()))
            .collect::<Result<_, UnknownValue>>()?;
        Ok(SessionBatches {
            batches,
            left_out: total - read,
        })
    }

    /// How much there is of everything. It reads keys of all rows.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn counts(&self) -> Result<Counts, QueryError> {
        let row = self
            .client
            .query_raw(COUNTS)
            .fetch_one::<CountsRow>()
            .await?;
        Ok(Counts {
            sessions: row.sessions,
            signals: row.signals,
            page_views: row.page_views,
            conversions: row.conversions,
            batches: row.batches,
            newest_record: (row.sessions > 0).then_some(LogTime(row.newest_record_ms)),
        })
    }

    fn of(&self, sql: &str, key: &SessionKey) -> Query {
        self.client
            .query_raw(sql)
            .param("tenant", &*key.tenant.0)
            .param("property", &*key.property.0)
            .param("session", key.session.to_string())
    }
}

/// A row of `batches` with the number of rows before the limit.
#[derive(Row, Serialize, Deserialize)]
struct CountedBatch {
    tenant: String,
    property: String,
    #[serde(with = "clickhouse::serde::uuid")]
    session: Uuid,
    sender: [u8; 8],
    sequence: u32,
    version: u64,
    #[serde(with = "clickhouse::serde::uuid::option")]
    visitor: Option<Uuid>,
    session_created: i64,
    appended: i64,
    received: i64,
    entry: i8,
    partition: u32,
    offset: u64,
    payload: Bytes,
    total: u64,
}

impl CountedBatch {
    fn batch(self) -> BatchRow {
        BatchRow {
            tenant: self.tenant,
            property: self.property,
            session: self.session,
            sender: self.sender,
            sequence: self.sequence,
            version: self.version,
            visitor: self.visitor,
            session_created: self.session_created,
            appended: self.appended,
            received: self.received,
            entry: self.entry,
            partition: self.partition,
            offset: self.offset,
            payload: self.payload,
        }
    }
}

#[derive(Row, Serialize, Deserialize)]
struct CountsRow {
    sessions: u64,
    signals: u64,
    page_views: u64,
    conversions: u64,
    batches: u64,
    newest_record_ms: i64,
}
