//! `ControlService`: rules enter the log.
//!
//! They are appended to every partition of the interactions topic; each is
//! told by its own record. A publication that was cut short is completed by
//! publishing again: where the rules stand already, they change nothing.

use crate::client::ADMIN_KEY_HEADER;
use crate::keys::Keys;
use crate::metrics::Metrics;
use crate::refusal::DOMAIN;
use bytes::Bytes;
use furrow_core::control::Scope;
use furrow_core::ids::{Property, Tenant};
use furrow_log::{AppendError, Log, Partition, Topic};
use furrow_proto::record::{Control, InteractionRecord};
use furrow_proto::rules::{RULES_BYTES_MAX, decode_rules};
use furrow_proto::v1::control_service_server::ControlService;
use furrow_proto::v1::{PublishRulesRequest, PublishRulesResponse};
use furrow_service::clock::now_ms;
use furrow_service::config::Secret;
use futures_util::future::try_join_all;
use sha2::{Digest, Sha256};
use std::time::Duration;
use tokio::sync::Semaphore;
use tonic::metadata::MetadataMap;
use tonic::{Code, Request, Response, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

/// The largest message that is read: rules, and the names around them.
pub(crate) const MESSAGE_BYTES_MAX: usize = RULES_BYTES_MAX + 4 * 1024;

/// Publications at a time, so that they do not mix in the log.
const PUBLICATIONS_MAX: usize = 1;

/// How far a number may lie beyond now, ms since 1970: one that was mistyped
/// would shut out every later one for ever.
const NUMBER_AHEAD_MAX: u64 = 24 * 3_600_000;

/// The service.
pub(crate) struct Publishing {
    admin_key: Option<AdminKey>,
    /// Whose rules make sense: nobody else can send batches.
    keys: Keys,
    log: Log,
    topic: Topic,
    slots: Semaphore,
    metrics: Metrics,
    retry_after: Duration,
}

/// A digest, so that comparing takes the same time wherever two keys differ.
struct AdminKey([u8; 32]);

/// Why rules are not published.
#[derive(Debug)]
enum Fault {
    Off,
    KeyMissing,
    KeyWrong,
    Field { field: String, detail: String },
    Busy,
    LogFull,
    Log(AppendError),
}

impl Publishing {
    pub(crate) fn new(
        admin_key: &Secret,
        keys: Keys,
        log: Log,
        topic: Topic,
        metrics: Metrics,
        retry_after: Duration,
    ) -> Publishing {
        let given = admin_key.expose().as_bytes();
        Publishing {
            admin_key: (!given.is_empty()).then(|| AdminKey(Sha256::digest(given).into())),
            keys,
            log,
            topic,
            slots: Semaphore::new(PUBLICATIONS_MAX),
            metrics,
            retry_after,
        }
    }

    fn authorise(&self, metadata: &MetadataMap) -> Result<(), Fault> {
        let AdminKey(expected) = self.admin_key.as_ref().ok_or(Fault::Off)?;
        let given = metadata.get(ADMIN_KEY_HEADER).ok_or(Fault::KeyMissing)?;
        if Sha256::digest(given.as_bytes())[..] == *expected {
            Ok(())
        } else {
            Err(Fault::KeyWrong)
        }
    }

    /// Checks everything before anything is appended.
    fn checked(&self, request: PublishRulesRequest, now_ms: i64) -> Result<Control, Fault> {
        let scope = Scope {
            tenant: Tenant(request.tenant.into()),
            property: request.property.map(|property| Property(property.into())),
        };
        let keys = self.keys.in_order();
        let mut of_tenant = keys.iter().filter(|key| key.tenant == scope.tenant);
        let field = |field: &str, detail: String| Fault::Field {
            field: field.to_owned(),
            detail,
        };
        if of_tenant.clone().next().is_none() {
            return Err(field("tenant", "no write key is of this tenant".into()));
        }
        if let Some(property) = &scope.property
            && !of_tenant.any(|key| key.property == *property)
        {
            let detail = "no write key of the tenant is of this property";
            return Err(field("property", detail.into()));
        }
        let number_max = now_ms.unsigned_abs() + NUMBER_AHEAD_MAX;
        if !(1..=number_max).contains(&request.number) {
            return Err(field("number", format!("is not 1 to {number_max}")));
        }
        decode_rules(&request.rules).map_err(|error| field(&error.field, error.detail))?;
        Ok(Control::new(now_ms, scope, request.number, request.rules))
    }

    /// Appends to every partition and waits until all of it is durable.
    async fn append(&self, control: Control) -> Result<u32, Fault> {
        let _slot = self.slots.try_acquire().map_err(|_| Fault::Busy)?;
        let partitions = self.log.partitions(&self.topic).await;
        let partitions = partitions.map_err(|error| Fault::Log(error.into()))?;
        let record: Bytes = InteractionRecord::Control(control).encode();
        let receipts = (0..partitions)
            .map(|partition| {
                let partition = Partition(partition);
                self.log
                    .append_to(&self.topic, partition, &[], record.clone())
            })
            .collect::<Result<Vec<_>, _>>();
        let receipts = receipts.map_err(Fault::of)?;
        try_join_all(receipts).await.map_err(Fault::of)?;
        Ok(partitions)
    }

    async fn publish(
        &self,
        request: Request<PublishRulesRequest>,
    ) -> Result<PublishRulesResponse, Fault> {
        self.authorise(request.metadata())?;
        let control = self.checked(request.into_inner(), now_ms())?;
        let hash = control.hash;
        tracing::info!(
            tenant = &*control.scope.tenant.0,
            property = control.scope.property.as_ref().map(|property| &*property.0),
            number = control.number,
            "publishing rules"
        );
        let partitions = self.append(control).await?;
        Ok(PublishRulesResponse {
            hash: hash.to_vec(),
            partitions,
        })
    }
}

#[tonic::async_trait]
impl ControlService for Publishing {
    async fn publish_rules(
        &self,
        request: Request<PublishRulesRequest>,
    ) -> Result<Response<PublishRulesResponse>, Status> {
        let published = self.publish(request).await;
        let outcome = published
            .as_ref()
            .map_or_else(Fault::reason, |_| "published");
        self.metrics.rules_published(outcome);
        published
            .map(Response::new)
            .map_err(|fault| fault.status(self.retry_after))
    }
}

impl Fault {
    fn of(error: AppendError) -> Fault {
        match error {
            AppendError::Full => Fault::LogFull,
            AppendError::TooLarge { .. }
            | AppendError::TimedOut
            | AppendError::Refused(_)
            | AppendError::Topic(_)
            | AppendError::Closed
            | AppendError::Storage(_) => Fault::Log(error),
        }
    }

    /// The stable name of the reason.
    fn reason(&self) -> &'static str {
        match self {
            Fault::Off => "publishing_off",
            Fault::KeyMissing => "key_missing",
            Fault::KeyWrong => "key_unknown",
            Fault::Field { .. } => "bad_field",
            Fault::Busy => "publication_in_progress",
            Fault::LogFull => "log_full",
            Fault::Log(_) => "log_failed",
        }
    }

    fn status(&self, retry_after: Duration) -> Status {
        let (code, message) = match self {
            Fault::Off => (
                Code::FailedPrecondition,
                "publishing is switched off: set gateway.admin_key".to_owned(),
            ),
            Fault::KeyMissing => (
                Code::Unauthenticated,
                format!("no admin key: send it as {ADMIN_KEY_HEADER}"),
            ),
            Fault::KeyWrong => (
                Code::Unauthenticated,
                "this is not the admin key".to_owned(),
            ),
            Fault::Field { field, detail } => (Code::InvalidArgument, format!("{field}: {detail}")),
            Fault::Busy => (
                Code::ResourceExhausted,
                "other rules are being published".to_owned(),
            ),
            Fault::LogFull => (Code::ResourceExhausted, "the log is full".to_owned()),
            Fault::Log(error) => {
                tracing::warn!(%error, "rules not published");
                (Code::Unavailable, "the log is not available".to_owned())
            }
        };
        let mut details = ErrorDetails::new();
        details.set_error_info(self.reason(), DOMAIN, []);
        match self {
            Fault::Off | Fault::KeyMissing | Fault::KeyWrong => {}
            Fault::Field { field, detail } => {
                details.set_bad_request(vec![FieldViolation::new(field, detail)]);
            }
            Fault::Busy | Fault::LogFull | Fault::Log(_) => {
                details.set_retry_info(Some(retry_after));
            }
        }
        Status::with_error_details(code, message, details)
    }
}
