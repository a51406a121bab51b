//! The port: connections, their limits, and draining.

use crate::Config;
use crate::beacon::{Beacons, beacon};
use crate::client::{Asker, KEY_HEADER};
use crate::config::Connections;
use crate::control::{self, Publishing};
use crate::grpc::Ingest;
use crate::intake::Intake;
use crate::keys::{KeyError, Keys};
use crate::metrics::Metrics;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{Next, from_fn};
use axum::routing::post;
use axum::{Extension, Router};
use furrow_log::{Log, Topic, TopicError};
use furrow_proto::ingest::IngestServiceServer;
use furrow_proto::v1::control_service_server::ControlServiceServer;
use furrow_service::net::{BindError, bind};
use furrow_service::observe::Readiness;
use http::{HeaderName, Method, Response, StatusCode, header};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use prometheus_client::registry::Registry;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic::codec::CompressionEncoding;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_health::server::{HealthReporter, health_reporter};
use tonic_web::GrpcWebLayer;
use tower::Layer;
use tower_http::cors::{AllowOrigin, CorsLayer};

/// The name under which gRPC health knows the ingest service; the empty name,
/// the whole port, says the same.
const SERVICE: &str = "furrow.v1.IngestService";
/// Where beacons go.
const BEACON_PATH: &str = "/v1/beacon";
const SETTING: &str = "gateway.listen";
/// All headers of a request together.
const HEADERS_BYTES_MAX: u32 = 16 * 1024;
/// HTTP/1 reads a head into so much memory.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// After a failed accept, so that a process out of file descriptors does not
/// spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Why there is no gateway.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// A write key cannot be.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A batch that the limits allow could not be read.
    #[error(
        "gateway.message_bytes_max is {message} but gateway.limits.batch_bytes_max is {batch}: \
         raise the first or lower the second"
    )]
    MessageLimit {
        /// What is read.
        message: usize,
        /// What is allowed.
        batch: usize,
    },
    /// The log has no such topic.
    #[error("the topic of interactions: {0}")]
    Topic(#[from] TopicError),
}

/// Why serving ended otherwise than asked.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Connections were cut.
    #[error("{connections} connections had not finished after {} ms", after.as_millis())]
    NotDrained {
        /// How many.
        connections: usize,
        /// How long they had.
        after: Duration,
    },
}

/// The gateway, composed and not yet bound.
pub struct Gateway {
    config: Config,
    router: Router,
    metrics: Metrics,
    readiness: Readiness,
    health: HealthReporter,
    draining: CancellationToken,
}

impl Gateway {
    /// Composes a gateway that appends to `topic`, which exists.
    ///
    /// # Errors
    /// When a write key cannot be, limits contradict each other, or the topic
    /// does not exist.
    pub async fn compose(
        config: Config,
        log: Log,
        topic: Topic,
        registry: &mut Registry,
        readiness: Readiness,
    ) -> Result<Gateway, ComposeError> {
        let keys = Keys::parse(&config.keys, config.rates.key)?;
        let (message, batch) = (config.message_bytes_max, config.limits.batch_bytes_max);
        if message < batch {
            return Err(ComposeError::MessageLimit { message, batch });
        }
        log.partitions(&topic).await?;
        let metrics = Metrics::register(registry);
        let publishing = Publishing::new(
            &config.admin_key,
            keys.clone(),
            log.clone(),
            topic.clone(),
            metrics.clone(),
            config.retry_after(),
        );
        let publishing = ControlServiceServer::new(publishing)
            .max_decoding_message_size(control::MESSAGE_BYTES_MAX);
        let intake = Intake::new(&config, keys.clone(), log, topic, metrics.clone());
        let draining = CancellationToken::new();
        let ingest = Ingest {
            intake: intake.clone(),
            limits: config.stream.clone(),
            retry_after: config.retry_after(),
            draining: draining.clone(),
        };
        let ingest = IngestServiceServer::new(ingest)
            .max_decoding_message_size(config.message_bytes_max)
            .accept_compressed(CompressionEncoding::Gzip);
        let (health, health_service) = health_reporter();
        let grpc = Routes::new(ingest)
            .add_service(publishing)
            .add_service(health_service)
            .prepare();
        let beacons = Beacons {
            intake,
            batches_max: config.beacon_batches_max,
        };
        let router = route(&config, keys, grpc, beacons);
        Ok(Gateway {
            config,
            router,
            metrics,
            readiness,
            health,
            draining,
        })
    }

    /// Binds the port.
    ///
    /// # Errors
    /// When the port is taken or the address is not ours.
    pub async fn bind(self) -> Result<Bound, BindError> {
        let address = self.config.listen;
        let listener = bind(address, SETTING).await?;
        let address = listener.local_addr().map_err(|source| BindError::Other {
            address,
            setting: SETTING,
            source,
        })?;
        Ok(Bound {
            gateway: self,
            listener,
            address,
        })
    }
}

/// The outermost layer is the last.
fn route(config: &Config, keys: Keys, grpc: Routes, beacons: Beacons) -> Router {
    let timeout = config.request_timeout();
    let proxies: Arc<[IpAddr]> = config.trusted_proxies.clone().into();
    let beacons = Router::new()
        .route(BEACON_PATH, post(beacon).with_state(beacons))
        .layer(DefaultBodyLimit::max(config.beacon_bytes_max))
        .layer(from_fn(move |request: Request, next: Next| {
            within(timeout, request, next, late_beacon)
        }));
    grpc.into_axum_router()
        .layer(from_fn(move |request: Request, next: Next| {
            within(timeout, request, next, late_call)
        }))
        .layer(GrpcWebLayer::new())
        .merge(beacons)
        .layer(from_fn(move |mut request: Request, next: Next| {
            let peer = request.extensions().get::<Peer>();
            let Peer(peer) = *peer.expect("every connection names its peer");
            let asker = Asker::of(request.headers(), peer, &proxies);
            request.extensions_mut().insert(asker);
            next.run(request)
        }))
        .layer(cors(keys, Duration::from_secs(config.preflight_max_age_s)))
}

/// Bounds the time from a request's head to its answer's head: the whole of a
/// unary call and of a beacon, and the opening of a stream.
async fn within(
    timeout: Duration,
    request: Request,
    next: Next,
    late: fn() -> Response<Body>,
) -> Response<Body> {
    tokio::time::timeout(timeout, next.run(request))
        .await
        .unwrap_or_else(|_| late())
}

fn late_call() -> Response<Body> {
    Status::deadline_exceeded("no answer in time").into_http()
}

fn late_beacon() -> Response<Body> {
    let mut response = Response::new(Body::from("no answer in time\n"));
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response
}

/// A preflight names no key, so it is answered by what any key allows; the
/// request itself is held against its own key.
fn cors(keys: Keys, max_age: Duration) -> CorsLayer {
    let allowed = AllowOrigin::predicate(move |origin, _| {
        origin.to_str().is_ok_and(|origin| keys.any_allows(origin))
    });
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::POST])
        .allow_headers([
            header::CONTENT_TYPE,
            HeaderName::from_static(KEY_HEADER),
            HeaderName::from_static("x-grpc-web"),
            HeaderName::from_static("x-user-agent"),
            HeaderName::from_static("grpc-timeout"),
        ])
        .expose_headers([
            HeaderName::from_static("grpc-status"),
            HeaderName::from_static("grpc-message"),
            HeaderName::from_static("grpc-status-details-bin"),
            header::RETRY_AFTER,
        ])
        .max_age(max_age)
}

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Copy)]
struct Peer(IpAddr);

/// A gateway that listens.
pub struct Bound {
    gateway: Gateway,
    listener: TcpListener,
    address: SocketAddr,
}

impl Bound {
    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `token` fires; then finishes what was begun.
    ///
    /// # Errors
    /// When requests had to be cut short.
    pub async fn serve(self, token: CancellationToken) -> Result<(), ServeError> {
        let Bound {
            gateway, listener, ..
        } = self;
        let mut open = OpenConnections::new(&gateway);
        gateway.tell_health(ServingStatus::Serving).await;
        gateway.readiness.ready();
        loop {
            // Biased: the end first; then who left, since that makes room.
            tokio::select! {
                biased;
                () = token.cancelled() => break,
                Some(left) = open.tasks.join_next_with_id() => open.forget(left),
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => open.admit(stream, peer.ip().to_canonical()),
                    Err(error) => {
                        tracing::warn!(%error, "connection not accepted");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
        drop(listener);
        gateway.readiness.not_ready("draining");
        gateway.tell_health(ServingStatus::NotServing).await;
        gateway.draining.cancel();
        open.drain(gateway.config.drain_max()).await
    }
}

impl Gateway {
    async fn tell_health(&self, status: ServingStatus) {
        for service in ["", SERVICE] {
            self.health.set_service_status(service, status).await;
        }
    }
}

/// Owned by the task that accepts.
struct OpenConnections {
    tasks: JoinSet<()>,
    addresses: HashMap<Id, IpAddr>,
    per_address: HashMap<IpAddr, usize>,
    limits: Connections,
    talk: Talk,
    metrics: Metrics,
}

impl OpenConnections {
    fn new(gateway: &Gateway) -> OpenConnections {
        OpenConnections {
            tasks: JoinSet::new(),
            addresses: HashMap::new(),
            per_address: HashMap::new(),
            limits: gateway.config.connections.clone(),
            talk: Talk::new(gateway),
            metrics: gateway.metrics.clone(),
        }
    }

    fn admit(&mut self, stream: TcpStream, peer: IpAddr) {
        let of_peer = self.per_address.get(&peer).copied().unwrap_or(0);
        if self.addresses.len() >= self.limits.max || of_peer >= self.limits.per_address_max {
            self.metrics.connections_refused.inc();
            return;
        }
        let task = self.tasks.spawn(self.talk.clone().with(stream, peer));
        self.addresses.insert(task.id(), peer);
        self.per_address.insert(peer, of_peer + 1);
        self.metrics.connections.inc();
    }

    fn forget(&mut self, left: Result<(Id, ()), JoinError>) {
        let id = match left {
            Ok((id, ())) => id,
            Err(error) => {
                // A bug, but not one that should end everybody's connections.
                tracing::error!(%error, "connection panicked");
                error.id()
            }
        };
        let peer = self
            .addresses
            .remove(&id)
            .expect("every connection has its address");
        let of_peer = self
            .per_address
            .get_mut(&peer)
            .expect("every address is counted");
        *of_peer -= 1;
        if *of_peer == 0 {
            self.per_address.remove(&peer);
        }
        self.metrics.connections.dec();
    }

    async fn drain(mut self, after: Duration) -> Result<(), ServeError> {
        let all = async {
            while let Some(left) = self.tasks.join_next_with_id().await {
                self.forget(left);
            }
        };
        tokio::time::timeout(after, all)
            .await
            .map_err(|_| ServeError::NotDrained {
                connections: self.addresses.len(),
                after,
            })
    }
}

/// What every connection is served with.
#[derive(Clone)]
struct Talk {
    protocol: auto::Builder<TokioExecutor>,
    router: Router,
    head_timeout: Duration,
    age_max: Duration,
    draining: CancellationToken,
}

impl Talk {
    fn new(gateway: &Gateway) -> Talk {
        let limits = &gateway.config.connections;
        let head_timeout = Duration::from_millis(limits.head_timeout_ms);
        let mut protocol = auto::Builder::new(TokioExecutor::new());
        protocol
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(head_timeout)
            .max_buf_size(HEAD_BYTES_MAX);
        protocol
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(limits.streams_max)
            .max_send_buf_size(limits.send_buffer_bytes_max)
            .max_header_list_size(HEADERS_BYTES_MAX)
            .keep_alive_interval(Duration::from_millis(limits.keepalive_interval_ms))
            .keep_alive_timeout(Duration::from_millis(limits.keepalive_timeout_ms));
        Talk {
            protocol,
            router: gateway.router.clone(),
            head_timeout,
            age_max: Duration::from_millis(limits.age_max_ms),
            draining: gateway.draining.clone(),
        }
    }

    async fn with(self, stream: TcpStream, peer: IpAddr) {
        // Answers are small; waiting to fill a packet would only delay them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "no TCP_NODELAY");
        }
        // The protocol is told by the first bytes, and only it has timeouts.
        let mut first = [0];
        let speaks = tokio::select! {
            () = self.draining.cancelled() => return,
            speaks = tokio::time::timeout(self.head_timeout, stream.peek(&mut first)) => speaks,
        };
        if !matches!(speaks, Ok(Ok(1..))) {
            return;
        }
        let service = Extension(Peer(peer)).layer(self.router);
        let connection = self
            .protocol
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        tokio::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = asked_to_end(&self.draining, self.age_max) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(error, "connection ended");
        }
    }
}

async fn asked_to_end(token: &CancellationToken, age_max: Duration) {
    tokio::select! {
        () = token.cancelled() => {}
        () = tokio::time::sleep(age_max) => {}
    }
}
