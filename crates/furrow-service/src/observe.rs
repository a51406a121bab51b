//! What operators and orchestrators ask: is it alive, is it ready, what does
//! it count.

use crate::net::{BindError, bind};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use prometheus_client::registry::Registry;
use serde::Serialize;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// One role's readiness. Clones speak for the same role.
#[derive(Debug, Clone)]
pub struct Readiness {
    role: &'static str,
    state: Arc<watch::Sender<Standing>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Standing {
    serving: Condition,
    /// Why it is too far behind, if it is. It serves all the same.
    behind: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Condition {
    Ready,
    NotReady { reason: String },
}

impl Readiness {
    /// A role that is starting, and so not ready.
    #[must_use]
    pub fn new(role: &'static str) -> Readiness {
        let starting = Standing {
            serving: Condition::NotReady {
                reason: "starting".to_owned(),
            },
            behind: None,
        };
        Readiness {
            role,
            state: Arc::new(watch::Sender::new(starting)),
        }
    }

    /// Whom it speaks for.
    #[must_use]
    pub fn role(&self) -> &'static str {
        self.role
    }

    /// The role serves.
    pub fn ready(&self) {
        self.state
            .send_modify(|state| state.serving = Condition::Ready);
    }

    /// The role does not serve, because of `reason`, for people.
    pub fn not_ready(&self, reason: impl Into<String>) {
        let reason = reason.into();
        self.state
            .send_modify(|state| state.serving = Condition::NotReady { reason });
    }

    /// The role is too far behind, because of a reason for people, or not any
    /// more. What it serves it goes on serving.
    pub fn behind(&self, reason: Option<String>) {
        self.state.send_modify(|state| state.behind = reason);
    }

    /// The reason why the role is not ready, if so: that it does not serve, or
    /// else that it is too far behind.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        let state = self.state.borrow();
        match &state.serving {
            Condition::Ready => state.behind.clone(),
            Condition::NotReady { reason } => Some(reason.clone()),
        }
    }

    /// Waits until the role serves, however far behind it is.
    pub async fn until_ready(&self) {
        let mut changes = self.state.subscribe();
        changes
            .wait_for(|state| state.serving == Condition::Ready)
            .await
            .expect("this handle holds the sender");
    }
}

/// The bound endpoint.
#[derive(Debug)]
pub struct Observe {
    listener: TcpListener,
    address: SocketAddr,
    shown: Arc<Shown>,
}

#[derive(Debug)]
struct Shown {
    registry: Registry,
    roles: Vec<Readiness>,
}

impl Observe {
    /// Binds `address`, which the setting `observe.listen` gave.
    ///
    /// # Errors
    /// When the port is taken or the address is not ours.
    pub async fn bind(
        address: SocketAddr,
        registry: Registry,
        roles: Vec<Readiness>,
    ) -> Result<Observe, BindError> {
        const SETTING: &str = "observe.listen";
        let listener = bind(address, SETTING).await?;
        let address = listener.local_addr().map_err(|source| BindError::Other {
            address,
            setting: SETTING,
            source,
        })?;
        Ok(Observe {
            listener,
            address,
            shown: Arc::new(Shown { registry, roles }),
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// What `/metrics` says at any moment, for this process's own use.
    #[must_use]
    pub fn scrape(&self) -> Scrape {
        Scrape(Arc::clone(&self.shown))
    }

    /// Answers until `token` fires.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(self, token: CancellationToken) -> std::io::Result<()> {
        let router = Router::new()
            .route("/healthz", get(async || "ok\n"))
            .route("/readyz", get(readyz))
            .route("/metrics", get(metrics))
            .with_state(self.shown);
        axum::serve(self.listener, router)
            .with_graceful_shutdown(async move { token.cancelled().await })
            .await
    }
}

/// Reads this process's metrics. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Scrape(Arc<Shown>);

impl Scrape {
    /// The text of `/metrics`.
    ///
    /// # Panics
    /// Never: writing to a string does not fail.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.0.registry)
            .expect("a string takes everything");
        text
    }
}

#[derive(Serialize)]
struct Ready {
    ready: bool,
    roles: Vec<Role>,
}

#[derive(Serialize)]
struct Role {
    name: &'static str,
    ready: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

async fn readyz(State(shown): State<Arc<Shown>>) -> (StatusCode, Json<Ready>) {
    let roles: Vec<Role> = shown
        .roles
        .iter()
        .map(|role| {
            let reason = role.reason();
            Role {
                name: role.role,
                ready: reason.is_none(),
                reason,
            }
        })
        .collect();
    let ready = roles.iter().all(|role| role.ready);
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(Ready { ready, roles }))
}

async fn metrics(State(shown): State<Arc<Shown>>) -> Response {
    ([(header::CONTENT_TYPE, OPENMETRICS)], Scrape(shown).text()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus_client::metrics::counter::Counter;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    async fn ask(address: SocketAddr, path: &str) -> (String, String) {
        let mut stream = TcpStream::connect(address).await.expect("connects");
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("writes");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("reads");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        (head.to_owned(), body.to_owned())
    }

    #[tokio::test]
    async fn the_endpoint_tells_health_readiness_and_metrics() {
        let counted: Counter = Counter::default();
        let mut registry = Registry::default();
        registry.register("furrow_things", "Things seen", counted.clone());
        counted.inc_by(3);
        let gateway = Readiness::new("gateway");
        let scorer = Readiness::new("scorer");
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let roles = vec![gateway.clone(), scorer.clone()];
        let observe = Observe::bind(any, registry, roles).await.expect("binds");
        let address = observe.local_addr();
        let token = CancellationToken::new();
        let serving = tokio::spawn(observe.serve(token.clone()));

        let (head, body) = ask(address, "/healthz").await;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        assert_eq!(body, "ok\n");

        gateway.ready();
        scorer.not_ready("the log is away");
        let (head, body) = ask(address, "/readyz").await;
        assert!(head.starts_with("HTTP/1.1 503"), "{head}");
        assert_eq!(
            body,
            r#"{"ready":false,"roles":[{"name":"gateway","ready":true},{"name":"scorer","ready":false,"reason":"the log is away"}]}"#
        );

        scorer.ready();
        let (head, _) = ask(address, "/readyz").await;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");

        let (head, body) = ask(address, "/metrics").await;
        assert!(head.contains("application/openmetrics-text"), "{head}");
        assert!(body.contains("furrow_things_total 3"), "{body}");
        assert!(body.ends_with("# EOF\n"), "{body}");

        token.cancel();
        serving.await.expect("no panic").expect("ends well");
    }

    #[tokio::test]
    async fn a_connection_that_says_nothing_does_not_hold_the_end_up() {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let observe = Observe::bind(any, Registry::default(), Vec::new());
        let observe = observe.await.expect("binds");
        let address = observe.local_addr();
        let token = CancellationToken::new();
        let serving = tokio::spawn(observe.serve(token.clone()));
        let _silent = TcpStream::connect(address).await.expect("connects");
        ask(address, "/healthz").await;
        token.cancel();
        let ended = tokio::time::timeout(std::time::Duration::from_secs(10), serving).await;
        ended
            .expect("in time")
            .expect("no panic")
            .expect("ends well");
    }

    #[tokio::test]
    async fn a_role_starts_not_ready() {
        let role = Readiness::new("sink");
        assert_eq!(role.reason().as_deref(), Some("starting"));
        role.clone().ready();
        role.until_ready().await;
        assert_eq!(role.reason(), None);
    }

    #[tokio::test]
    async fn a_role_that_is_behind_is_not_ready_but_serves() {
        let role = Readiness::new("sink");
        role.behind(Some("far behind".to_owned()));
        assert_eq!(role.reason().as_deref(), Some("starting"));
        role.ready();
        role.until_ready().await;
        assert_eq!(role.reason().as_deref(), Some("far behind"));
        role.behind(None);
        assert_eq!(role.reason(), None);
    }
}
