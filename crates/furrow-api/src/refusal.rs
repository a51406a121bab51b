//! Why a question is not answered: a closed set, told alike over gRPC and as
//! JSON.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;
use std::borrow::Cow;
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// When to come back after being shed.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Why a question is not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// A field of the question is wrong.
    #[error("{field}: {message}")]
    Invalid {
        field: Cow<'static, str>,
        message: String,
    },
    /// There is no such session.
    #[error("there is no session {session} of {property}")]
    NoSession { session: String, property: String },
    /// There is nothing under this path.
    #[error("there is nothing under this path; see /api/v1/sessions")]
    NoPath,
    /// The path is there, but not for this method.
    #[error("this path does not take the method {0}")]
    Method(http::Method),
    /// The read key is missing or wrong.
    #[error("the read key is missing or wrong: send it in the header x-furrow-key")]
    Key,
    /// The request names a host that is not ours.
    #[error(
        "this service does not answer under that name: add it to api.hosts, or ask under \
         localhost"
    )]
    Host,
    /// Another site's page asks.
    #[error("pages of other sites may not ask")]
    ForeignPage,
    /// Too many questions or listeners at once.
    #[error("too many {0} at once; come back in a moment")]
    Busy(&'static str),
    /// The database did not answer in time.
    #[error("the database took longer than {0} ms")]
    Slow(u64),
    /// The database is away or failed.
    #[error("the database does not answer")]
    Away,
    /// The listener fell behind.
    #[error("updates were missed: read the sessions again, then listen again")]
    Behind,
    /// The service is ending.
    #[error("the service is ending; connect again")]
    Ending,
}

impl Refusal {
    pub(crate) fn invalid(
        field: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Refusal {
        Refusal::Invalid {
            field: field.into(),
            message: message.into(),
        }
    }

    pub(crate) fn code(&self) -> Code {
        match self {
            Refusal::Invalid { .. } => Code::InvalidArgument,
            Refusal::NoSession { .. } | Refusal::NoPath => Code::NotFound,
            Refusal::Method(_) => Code::Unimplemented,
            Refusal::Key => Code::Unauthenticated,
            Refusal::Host | Refusal::ForeignPage => Code::PermissionDenied,
            Refusal::Busy(_) => Code::ResourceExhausted,
            Refusal::Slow(_) => Code::DeadlineExceeded,
            Refusal::Away | Refusal::Ending => Code::Unavailable,
            Refusal::Behind => Code::Aborted,
        }
    }

    fn http(&self) -> StatusCode {
        match self {
            Refusal::Invalid { .. } => StatusCode::BAD_REQUEST,
            Refusal::NoSession { .. } | Refusal::NoPath => StatusCode::NOT_FOUND,
            Refusal::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Refusal::Key => StatusCode::UNAUTHORIZED,
            Refusal::Host => StatusCode::MISDIRECTED_REQUEST,
            Refusal::ForeignPage => StatusCode::FORBIDDEN,
            Refusal::Busy(_) => StatusCode::TOO_MANY_REQUESTS,
            Refusal::Slow(_) => StatusCode::GATEWAY_TIMEOUT,
            Refusal::Away | Refusal::Ending => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::Behind => StatusCode::CONFLICT,
        }
    }

    /// When trying again can help.
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Refusal::Busy(_) | Refusal::Away | Refusal::Ending | Refusal::Slow(_) => {
                Some(RETRY_AFTER)
            }
            Refusal::Invalid { .. }
            | Refusal::NoSession { .. }
            | Refusal::NoPath
            | Refusal::Method(_)
            | Refusal::Key
            | Refusal::Host
            | Refusal::ForeignPage
            | Refusal::Behind => None,
        }
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Status {
        let mut details = ErrorDetails::new();
        if let Refusal::Invalid { field, message } = &refusal {
            details.add_bad_request_violation(field.as_ref(), message.clone());
        }
        if let Some(after) = refusal.retry_after() {
            details.set_retry_info(Some(after));
        }
        Status::with_error_details(refusal.code(), refusal.to_string(), details)
    }
}

/// `google.rpc.Status` in the JSON mapping.
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut details = Vec::new();
        if let Refusal::Invalid { field, message } = &self {
            details.push(json!({
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [{ "field": field, "description": message }],
            }));
        }
        let retry = self.retry_after();
        if let Some(after) = retry {
            details.push(json!({
                "@type": "type.googleapis.com/google.rpc.RetryInfo",
                "retryDelay": format!("{}s", after.as_secs()),
            }));
        }
        let body = json!({
            "code": self.code() as i32,
            "message": self.to_string(),
            "details": details,
        });
        let mut response = (self.http(), axum::Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(after) = retry {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(after.as_secs()));
        }
        response
    }
}
