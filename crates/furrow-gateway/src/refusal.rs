//! Why a batch is not taken, as gRPC and as HTTP say it.

use crate::client::KEY_HEADER;
use crate::limits::TooMuch;
use furrow_proto::{Reject, RejectReason};
use http::StatusCode;
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// `ErrorInfo.domain` of every error.
pub(crate) const DOMAIN: &str = "furrow";

/// Why a batch is not taken.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// No write key.
    KeyMissing,
    /// A write key that is not configured.
    KeyUnknown,
    /// The page's origin is not among the key's.
    OriginDenied,
    /// The input is wrong.
    Rejected(Reject),
    /// Over a limit that we set.
    Shed(TooMuch),
    /// The log did not take it.
    Failed {
        retry_after: Duration,
        failure: LogFailure,
    },
}

/// Why the log did not take a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFailure {
    /// It was closed.
    Closed,
    /// Its topic or partition is gone.
    Topic,
    /// It did not acknowledge in time; whether the batch is durable is not known.
    TimedOut,
    /// It refuses the batch, and always would.
    Refused,
    /// Its storage failed; whether the batch is durable is not known.
    Storage,
}

impl Refusal {
    /// Outcome and reason, for metrics.
    pub(crate) fn labels(&self) -> (&'static str, &'static str) {
        (self.outcome(), self.reason())
    }

    fn outcome(&self) -> &'static str {
        match self {
            Refusal::KeyMissing
            | Refusal::KeyUnknown
            | Refusal::OriginDenied
            | Refusal::Rejected(_) => "rejected",
            Refusal::Shed(_) => "shed",
            Refusal::Failed { .. } => "failed",
        }
    }

    /// The stable name of the reason.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Refusal::KeyMissing => "key_missing",
            Refusal::KeyUnknown => "key_unknown",
            Refusal::OriginDenied => "origin_denied",
            Refusal::Rejected(reject) => reject.reason.as_str(),
            Refusal::Shed(too_much) => too_much.limit.as_str(),
            Refusal::Failed { failure, .. } => match failure {
                LogFailure::Closed => "log_closed",
                LogFailure::Topic => "log_topic",
                LogFailure::TimedOut => "log_timed_out",
                LogFailure::Refused => "log_refused",
                LogFailure::Storage => "log_storage",
            },
        }
    }

    fn message(&self) -> String {
        match self {
            Refusal::KeyMissing => format!("no write key: send it as {KEY_HEADER}"),
            Refusal::KeyUnknown => "this write key is not configured".to_owned(),
            Refusal::OriginDenied => "pages of this origin may not send with this key".to_owned(),
            Refusal::Rejected(reject) => reject.to_string(),
            Refusal::Shed(too_much) => format!("over the limit {}", too_much.limit.as_str()),
            Refusal::Failed { .. } => "the log is not available".to_owned(),
        }
    }

    fn code(&self) -> Code {
        match self {
            Refusal::KeyMissing | Refusal::KeyUnknown => Code::Unauthenticated,
            Refusal::OriginDenied => Code::PermissionDenied,
            Refusal::Rejected(_) => Code::InvalidArgument,
            Refusal::Shed(_) => Code::ResourceExhausted,
            Refusal::Failed { .. } => Code::Unavailable,
        }
    }

    /// How long to wait, where waiting helps.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Refusal::KeyMissing
            | Refusal::KeyUnknown
            | Refusal::OriginDenied
            | Refusal::Rejected(_) => None,
            Refusal::Shed(too_much) => Some(too_much.retry_after),
            Refusal::Failed { retry_after, .. } => Some(*retry_after),
        }
    }

    /// As gRPC says it: the reason in `ErrorInfo`, the field in `BadRequest`,
    /// the time to wait in `RetryInfo`.
    pub(crate) fn status(&self) -> Status {
        let mut details = ErrorDetails::new();
        details.set_error_info(self.reason(), DOMAIN, []);
        if let Refusal::Rejected(reject) = self {
            let description = format!("{}: {}", reject.reason, reject.detail);
            details.set_bad_request(vec![tonic_types::FieldViolation::new(
                reject.field.to_string(),
                description,
            )]);
        }
        if let Some(wait) = self.retry_after() {
            details.set_retry_info(Some(wait));
        }
        Status::with_error_details(self.code(), self.message(), details)
    }

    /// As HTTP says it.
    pub(crate) fn http_status(&self) -> StatusCode {
        match self {
            Refusal::KeyMissing | Refusal::KeyUnknown => StatusCode::UNAUTHORIZED,
            Refusal::OriginDenied => StatusCode::FORBIDDEN,
            Refusal::Rejected(reject) if reject.reason == RejectReason::BatchTooLarge => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            Refusal::Rejected(_) => StatusCode::BAD_REQUEST,
            Refusal::Shed(_) => StatusCode::TOO_MANY_REQUESTS,
            Refusal::Failed { .. } => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// As one line of text, for a body.
    pub(crate) fn line(&self) -> String {
        format!("{}: {}\n", self.reason(), self.message())
    }
}
