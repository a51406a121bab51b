//! The queries, once for both ways of asking.

use crate::config::{Config, Limits, Scope};
use crate::health::Health;
use crate::live::{Listener, Live};
use crate::refusal::Refusal;
use crate::trail;
use furrow_core::ids::{Property, SessionId, SessionKey, Tenant};
use furrow_proto::v1;
use furrow_store::{BatchLimit, QueryError, SessionList, SessionOrder, Store};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use uuid::Uuid;

/// Sessions in a list when the question does not say.
const SESSIONS_DEFAULT: u32 = 100;
/// Sessions in a list at most.
const SESSIONS_MAX: u32 = 500;
/// The highest score, in thousandths.
const SCORE_MAX: u16 = 10_000;
/// The longest name of a tenant or property.
const NAME_BYTES_MAX: usize = 64;

/// Answers questions from the store and the live view. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Queries {
    store: Store,
    live: Live,
    health: Health,
    properties: Arc<[Scope]>,
    limits: Limits,
    places: Arc<Semaphore>,
}

impl Queries {
    pub(crate) fn new(config: &Config, store: Store, live: Live, health: Health) -> Queries {
        Queries {
            store,
            live,
            health,
            properties: config.properties.clone().into(),
            limits: config.limits.clone(),
            places: Arc::new(Semaphore::new(config.limits.queries_max)),
        }
    }

    pub(crate) async fn list_sessions(
        &self,
        asked: v1::ListSessionsRequest,
    ) -> Result<v1::ListSessionsResponse, Refusal> {
        let order = match v1::SessionOrder::try_from(asked.order) {
            Ok(v1::SessionOrder::Unspecified | v1::SessionOrder::Newest) => SessionOrder::Newest,
            Ok(v1::SessionOrder::MostFrustrated) => SessionOrder::MostFrustrated,
            Err(_) => return Err(Refusal::invalid("order", "no such order")),
        };
        let limit = match asked.limit {
            0 => SESSIONS_DEFAULT,
            limit if limit <= SESSIONS_MAX => limit,
            _ => return Err(Refusal::invalid("limit", format!("at most {SESSIONS_MAX}"))),
        };
        let frustration_min = u16::try_from(asked.frustration_min)
            .ok()
            .filter(|min| *min <= SCORE_MAX)
            .ok_or_else(|| {
                let message = format!("thousandths of a score, 0 to {SCORE_MAX}");
                Refusal::invalid("frustration_min", message)
            })?;
        if asked.before_ms < 0 {
            return Err(Refusal::invalid("before_ms", "ms since 1970, 0 for all"));
        }
        let Scope { tenant, property } = self.scope(asked.tenant, asked.property)?;
        let list = SessionList {
            tenant: Tenant(tenant.into()),
            property: Property(property.into()),
            limit,
            frustration_min,
            before_ms: (asked.before_ms > 0).then_some(asked.before_ms),
            order,
        };
        let sessions = self.bounded(self.store.sessions(&list)).await?;
        Ok(v1::ListSessionsResponse {
            sessions: sessions.iter().map(Into::into).collect(),
        })
    }

    pub(crate) async fn get_session(
        &self,
        asked: v1::GetSessionRequest,
    ) -> Result<v1::GetSessionResponse, Refusal> {
        let key = self.key(asked.tenant, asked.property, &asked.session_id)?;
        let found = self.bounded(self.store.session(&key)).await?;
        let found = found.ok_or_else(|| no_session(&key))?;
        Ok(v1::GetSessionResponse {
            session: Some((&found.session).into()),
            signals: found.signals.iter().map(Into::into).collect(),
            page_views: found.page_views.iter().map(Into::into).collect(),
            conversions: found.conversions.iter().map(Into::into).collect(),
        })
    }

    /// A session without archived batches has an empty trail: the archive may
    /// be kept for a shorter time than the scores.
    pub(crate) async fn get_trail(
        &self,
        asked: v1::GetTrailRequest,
    ) -> Result<v1::GetTrailResponse, Refusal> {
        let key = self.key(asked.tenant, asked.property, &asked.session_id)?;
        let limit = BatchLimit {
            count_max: self.limits.trail_batches_max as u64,
            bytes_max: self.limits.trail_bytes_max as u64,
        };
        let archive = self
            .bounded(self.store.session_batches(&key, limit))
            .await?;
        let samples_max = self.limits.trail_samples_max;
        let drawn = tokio::task::spawn_blocking(move || trail::draw(archive, samples_max));
        Ok(drawn.await.expect("drawing a trail does not panic"))
    }

    pub(crate) fn watch_scores(&self, asked: v1::WatchScoresRequest) -> Result<Listener, Refusal> {
        self.live.listen(self.scope(asked.tenant, asked.property)?)
    }

    pub(crate) fn get_health(&self) -> v1::GetHealthResponse {
        self.health.answer()
    }

    /// What is asked for: what is not said is the first configured that fits.
    fn scope(&self, tenant: String, property: String) -> Result<Scope, Refusal> {
        for (field, value) in [("tenant", &tenant), ("property", &property)] {
            if value.len() > NAME_BYTES_MAX {
                return Err(Refusal::invalid(
                    field,
                    format!("at most {NAME_BYTES_MAX} bytes"),
                ));
            }
        }
        if !tenant.is_empty() && !property.is_empty() {
            return Ok(Scope { tenant, property });
        }
        let fits = |scope: &&Scope| {
            (tenant.is_empty() || scope.tenant == tenant)
                && (property.is_empty() || scope.property == property)
        };
        self.properties.iter().find(fits).cloned().ok_or_else(|| {
            let (given, missing) = if tenant.is_empty() {
                ("property", "tenant")
            } else {
                ("tenant", "property")
            };
            Refusal::invalid(
                given,
                format!("api.properties does not name it; give the {missing} as well"),
            )
        })
    }

    fn key(&self, tenant: String, property: String, id: &str) -> Result<SessionKey, Refusal> {
        let session = Uuid::try_parse(id)
            .map_err(|_| Refusal::invalid("session_id", "a UUID, such as those of the list"))?;
        let Scope { tenant, property } = self.scope(tenant, property)?;
        Ok(SessionKey {
            tenant: Tenant(tenant.into()),
            property: Property(property.into()),
            session: SessionId(session.into_bytes()),
        })
    }

    /// Asks the database within the limits of number and time.
    async fn bounded<T>(
        &self,
        query: impl Future<Output = Result<T, QueryError>>,
    ) -> Result<T, Refusal> {
        let _place = self
            .places
            .try_acquire()
            .map_err(|_| Refusal::Busy("queries"))?;
        let limit_ms = self.limits.query_ms_max;
        match tokio::time::timeout(Duration::from_millis(limit_ms), query).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "query failed");
                Err(Refusal::Away)
            }
            Err(_) => Err(Refusal::Slow(limit_ms)),
        }
    }
}

fn no_session(key: &SessionKey) -> Refusal {
    Refusal::NoSession {
        session: key.session.to_string(),
        property: format!("{}/{}", key.tenant.0, key.property.0),
    }
}
