//! What is counted.

use http::StatusCode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::sync::atomic::AtomicU64;
use tonic::Code;

/// What was asked for: a closed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
#[allow(missing_docs)]
pub(crate) enum Route {
    Sessions,
    Session,
    Trail,
    Health,
    Live,
    Login,
    Grpc,
    Page,
}

/// How it was answered, by what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
pub(crate) enum Class {
    /// As asked.
    Ok,
    /// The question was at fault.
    Refused,
    /// We were.
    Failed,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Request {
    route: Route,
    class: Class,
}

/// Handles of what the api counts. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    requests: Family<Request, Counter>,
    pub(crate) live_listeners: Gauge,
    pub(crate) live_updates: Counter,
    pub(crate) live_let_go: Counter,
    lag_seconds: Family<ReaderLabels, Gauge<f64, AtomicU64>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReaderLabels {
    role: &'static str,
    topic: &'static str,
}

impl Metrics {
    /// Makes the handles and registers them.
    pub fn register(registry: &mut Registry) -> Metrics {
        let metrics = Metrics::default();
        registry.register(
            "furrow_api_requests",
            "Requests answered, by route and by whether the answer was as asked",
            metrics.requests.clone(),
        );
        registry.register(
            "furrow_api_live_listeners",
            "Live listeners connected now",
            metrics.live_listeners.clone(),
        );
        registry.register(
            "furrow_api_live_updates",
            "Score updates read from the log for live listeners",
            metrics.live_updates.clone(),
        );
        registry.register(
            "furrow_api_live_let_go",
            "Live listeners let go because they fell behind",
            metrics.live_let_go.clone(),
        );
        registry.register(
            "furrow_api_lag_seconds",
            "How far a role is behind in its worst partition, whoever owns it, by the log alone",
            metrics.lag_seconds.clone(),
        );
        metrics
    }

    pub(crate) fn lag(&self, role: &'static str, topic: &'static str, seconds: f64) {
        let labels = ReaderLabels { role, topic };
        self.lag_seconds.get_or_create(&labels).set(seconds);
    }

    pub(crate) fn answered(&self, route: Route, class: Class) {
        self.requests.get_or_create(&Request { route, class }).inc();
    }
}

impl Route {
    /// The route that a path names.
    pub(crate) fn of(path: &str) -> Route {
        if path.starts_with("/furrow.v1.") {
            return Route::Grpc;
        }
        match path.strip_prefix("/api/v1/") {
            Some("sessions") => Route::Sessions,
            Some("live") => Route::Live,
            Some("health") => Route::Health,
            Some("login") => Route::Login,
            Some(rest) if rest.ends_with("/trail") => Route::Trail,
            Some(rest) if rest.starts_with("sessions/") => Route::Session,
            Some(_) | None => Route::Page,
        }
    }
}

impl Class {
    pub(crate) fn of(status: StatusCode, grpc: Option<Code>) -> Class {
        match grpc {
            None if status.is_server_error() => Class::Failed,
            None if status.is_client_error() => Class::Refused,
            None | Some(Code::Ok) => Class::Ok,
            Some(
                Code::Internal
                | Code::Unknown
                | Code::Unavailable
                | Code::DataLoss
                | Code::DeadlineExceeded
                | Code::Aborted,
            ) => Class::Failed,
            Some(
                Code::Cancelled
                | Code::InvalidArgument
                | Code::NotFound
                | Code::AlreadyExists
                | Code::PermissionDenied
                | Code::ResourceExhausted
                | Code::FailedPrecondition
                | Code::OutOfRange
                | Code::Unimplemented
                | Code::Unauthenticated,
            ) => Class::Refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_in_a_path_is_no_label() {
        for (path, route) in [
            ("/api/v1/sessions", Route::Sessions),
            ("/api/v1/sessions/0192-x", Route::Session),
            ("/api/v1/sessions/0192-x/trail", Route::Trail),
            ("/api/v1/live", Route::Live),
            ("/api/v1/health", Route::Health),
            ("/furrow.v1.QueryService/ListSessions", Route::Grpc),
            ("/app.js", Route::Page),
            ("/api/v2/other", Route::Page),
        ] {
            assert_eq!(Route::of(path), route, "{path}");
        }
    }
}
