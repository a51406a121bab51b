//! Composed, bound, served until the token fires.

use crate::config::{Config, ConfigError};
use crate::connect::{self, Bounds};
use crate::guard::{self, Guard};
use crate::health::{self, Pipeline, Watcher};
use crate::json::{self, Asked};
use crate::live::{self, Feed};
use crate::metrics::{Class, Metrics, Route};
use crate::pages;
use crate::query::Queries;
use crate::refusal::Refusal;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use furrow_log::{Log, ReadError, Topic, TopicError};
use furrow_proto::v1::query_service_server::QueryServiceServer;
use furrow_service::net;
use furrow_store::Store;
use http::{Method, header};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::Status;

const SETTING: &str = "api.listen";
/// A question in protobuf at most, bytes.
const QUESTION_BYTES_MAX: usize = 16 << 10;

/// The role: reads scores for people and programs.
#[derive(Debug)]
pub struct Api;

/// Why the api does not start.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The configuration is unsafe or could not work.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The address cannot be listened on.
    #[error(transparent)]
    Address(#[from] net::BindError),
    /// The log cannot be followed.
    #[error("the topic {topic}, as api.scores_topic says, cannot be read")]
    Log {
        /// The topic.
        topic: String,
        /// Why.
        #[source]
        source: TopicError,
    },
}

/// Why the api stopped.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The server failed.
    #[error("the query server failed")]
    Server(#[from] tonic::transport::Error),
    /// The log could not be followed any more.
    #[error("the live view cannot read the log")]
    Log(#[from] ReadError),
}

/// The api, listening but not yet answering.
pub struct Bound {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
    feed: Feed,
    watcher: Watcher,
    bounds: Bounds,
}

impl Api {
    /// Checks the configuration, listens, and begins to follow the log at its
    /// end. `store` should be a reader's: nothing is written. `pipeline` is
    /// whose health is told.
    ///
    /// # Errors
    /// What [`BindError`] says.
    pub async fn bind(
        config: &Config,
        store: Store,
        log: Log,
        metrics: Metrics,
        pipeline: Pipeline,
    ) -> Result<Bound, BindError> {
        config.check()?;
        let listener = net::bind(config.listen, SETTING).await?;
        let address = listener
            .local_addr()
            .map_err(|source| net::BindError::Other {
                address: config.listen,
                setting: SETTING,
                source,
            })?;
        let topic = Topic::new(&config.scores_topic);
        let opened = live::open(log.clone(), topic, &config.limits, metrics.clone()).await;
        let (live, feed) = opened.map_err(|source| BindError::Log {
            topic: config.scores_topic.clone(),
            source,
        })?;
        let (health, watcher) = health::open(log, pipeline, metrics.clone());
        let queries = Queries::new(config, store, live, health);
        Ok(Bound {
            listener,
            address,
            router: router(queries, Guard::new(config), metrics),
            feed,
            watcher,
            bounds: Bounds {
                connections_max: config.limits.connections_max,
                streams_max: config.limits.streams_max,
                drain: Duration::from_millis(config.limits.drain_ms_max),
            },
        })
    }
}

impl Bound {
    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `token` fires, then lets open answers end.
    ///
    /// # Errors
    /// When the server or the log fails.
    pub async fn serve(self, token: CancellationToken) -> Result<(), ServeError> {
        // Either part's end is the other's, too.
        let ending = token.child_token();
        let server = connect::serve(self.listener, self.router, self.bounds, ending.clone());
        let feed = async {
            let _ending = ending.clone().drop_guard();
            Ok(self.feed.run(ending.clone()).await?)
        };
        let server = async {
            let _ending = ending.clone().drop_guard();
            Ok(server.await?)
        };
        let watcher = self.watcher.run(ending.clone());
        let (fed, served, ()): (Result<(), ServeError>, Result<(), ServeError>, ()) =
            tokio::join!(feed, server, watcher);
        fed.and(served)
    }
}

fn router(queries: Queries, guard: Guard, metrics: Metrics) -> Router {
    let grpc =
        QueryServiceServer::new(queries.clone()).max_decoding_message_size(QUESTION_BYTES_MAX);
    let asked = Asked {
        queries,
        guard: guard.clone(),
    };
    json::questions()
        .route_service("/furrow.v1.QueryService/{*call}", grpc)
        .route_layer(middleware::from_fn_with_state(
            guard.clone(),
            admit_question,
        ))
        .merge(json::login())
        .fallback(page)
        .with_state(asked)
        .layer(middleware::from_fn_with_state(guard, admit_host))
        .layer(middleware::from_fn_with_state(metrics, count))
}

/// What is neither a question nor gRPC: the dashboard's files.
async fn page(request: Request) -> Response {
    let path = request.uri().path();
    if is_grpc(&request) {
        Status::unimplemented("there is no such call").into_http::<axum::body::Body>()
    } else if path == "/api" || path.starts_with("/api/") {
        Refusal::NoPath.into_response()
    } else if request.method() == Method::GET || request.method() == Method::HEAD {
        pages::dashboard(path, request.headers())
    } else {
        Refusal::Method(request.method().clone()).into_response()
    }
}

async fn admit_host(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let admitted = guard.admit_host(request.uri(), request.headers());
    let mut response = match admitted {
        Ok(()) => next.run(request).await,
        Err(refusal) => refused(&request, refusal),
    };
    guard::instruct(response.headers_mut());
    response
}

async fn admit_question(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    match guard.admit_question(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refused(&request, refusal),
    }
}

fn refused(request: &Request, refusal: Refusal) -> Response {
    if is_grpc(request) {
        Status::from(refusal).into_http::<axum::body::Body>()
    } else {
        refusal.into_response()
    }
}

fn is_grpc(request: &Request) -> bool {
    let content = request.headers().get(header::CONTENT_TYPE);
    content.is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"))
}

async fn count(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    let route = Route::of(request.uri().path());
    let response = next.run(request).await;
    let grpc = match route {
        Route::Grpc => Status::from_header_map(response.headers()).map(|status| status.code()),
        Route::Sessions
        | Route::Session
        | Route::Trail
        | Route::Health
        | Route::Live
        | Route::Login
        | Route::Page => None,
    };
    metrics.answered(route, Class::of(response.status(), grpc));
    response
}
