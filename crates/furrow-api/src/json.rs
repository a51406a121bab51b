//! Questions as JSON under /api/v1/, in the protobuf mapping.

use crate::guard::Guard;
use crate::live::Listener;
use crate::query::Queries;
use crate::refusal::Refusal;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRef, Path, Query, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Json, Router};
use furrow_proto::{json, v1};
use futures_util::stream::{self, Stream};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde::Deserialize;
use std::convert::Infallible;
use std::str::FromStr;
use std::time::Duration;

/// How often a quiet live stream shows that it lives; proxies end idle ones.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// What the routes answer from.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) queries: Queries,
    pub(crate) guard: Guard,
}

impl FromRef<Asked> for Queries {
    fn from_ref(asked: &Asked) -> Queries {
        asked.queries.clone()
    }
}

impl FromRef<Asked> for Guard {
    fn from_ref(asked: &Asked) -> Guard {
        asked.guard.clone()
    }
}

/// The routes that need the read key.
pub(crate) fn questions() -> Router<Asked> {
    Router::new()
        .route("/api/v1/sessions", only(get(sessions)))
        .route("/api/v1/sessions/{id}", only(get(session)))
        .route("/api/v1/sessions/{id}/trail", only(get(trail)))
        .route("/api/v1/live", only(get(live)))
        .route("/api/v1/health", only(get(health)))
}

/// The route that takes the read key.
pub(crate) fn login() -> Router<Asked> {
    Router::new().route("/api/v1/login", only(post(log_in)))
}

fn only(methods: MethodRouter<Asked>) -> MethodRouter<Asked> {
    methods.fallback(async |method: Method| Refusal::Method(method))
}

type Parameters = Result<Query<Vec<(String, String)>>, QueryRejection>;

async fn sessions(State(queries): State<Queries>, given: Parameters) -> Result<Response, Refusal> {
    let mut asked = v1::ListSessionsRequest::default();
    for (name, value) in parameters(given)? {
        match name.as_str() {
            "tenant" => asked.tenant = value,
            "property" => asked.property = value,
            "limit" => asked.limit = number("limit", &value)?,
            "frustration_min" => asked.frustration_min = number("frustration_min", &value)?,
            "before_ms" => asked.before_ms = number("before_ms", &value)?,
            "order" => asked.order = order(&value)?.into(),
            _ => return Err(unknown(name)),
        }
    }
    Ok(mapped(json::to_json(&queries.list_sessions(asked).await?)))
}

async fn session(
    State(queries): State<Queries>,
    Path(session_id): Path<String>,
    given: Parameters,
) -> Result<Response, Refusal> {
    let (tenant, property) = scope(given)?;
    let asked = v1::GetSessionRequest {
        tenant,
        property,
        session_id,
    };
    Ok(mapped(json::to_json(&queries.get_session(asked).await?)))
}

async fn trail(
    State(queries): State<Queries>,
    Path(session_id): Path<String>,
    given: Parameters,
) -> Result<Response, Refusal> {
    let (tenant, property) = scope(given)?;
    let asked = v1::GetTrailRequest {
        tenant,
        property,
        session_id,
    };
    Ok(mapped(json::to_json(&queries.get_trail(asked).await?)))
}

async fn health(State(queries): State<Queries>, given: Parameters) -> Result<Response, Refusal> {
    match parameters(given)?.into_iter().next() {
        Some((name, _)) => Err(unknown(name)),
        None => Ok(mapped(json::to_json(&queries.get_health()))),
    }
}

async fn live(State(queries): State<Queries>, given: Parameters) -> Result<Response, Refusal> {
    let (tenant, property) = scope(given)?;
    let listener = queries.watch_scores(v1::WatchScoresRequest { tenant, property })?;
    let events = Sse::new(events(listener)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    let mut response = events.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

enum Next {
    Ready(Listener),
    Update(Listener),
    End,
}

/// `ready` once nothing is missed any more, `score` for every update, and
/// `resync` when the listener is let go.
fn events(listener: Listener) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(Next::Ready(listener), |next| async move {
        let (event, next) = match next {
            Next::Ready(listener) => (
                Event::default().event("ready").data("{}"),
                Next::Update(listener),
            ),
            Next::Update(mut listener) => match listener.next().await {
                Ok(update) => {
                    let event = Event::default().event("score").data(update.json());
                    (event, Next::Update(listener))
                }
                Err(reason) => {
                    let event = Event::default().event("resync").data(reason.to_string());
                    (event, Next::End)
                }
            },
            Next::End => return None,
        };
        Some((Ok(event), next))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LogIn {
    key: String,
}

async fn log_in(
    State(guard): State<Guard>,
    headers: HeaderMap,
    body: Result<Json<LogIn>, JsonRejection>,
) -> Result<Response, Refusal> {
    let Json(given) = body.map_err(|error| Refusal::invalid("key", error.body_text()))?;
    let mut response = mapped("{}".to_owned());
    if let Some(cookie) = guard.cookie(&headers, &given.key)? {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

fn parameters(given: Parameters) -> Result<Vec<(String, String)>, Refusal> {
    match given {
        Ok(Query(pairs)) => Ok(pairs),
        Err(error) => Err(Refusal::invalid("query", error.body_text())),
    }
}

fn scope(given: Parameters) -> Result<(String, String), Refusal> {
    let (mut tenant, mut property) = (String::new(), String::new());
    for (name, value) in parameters(given)? {
        match name.as_str() {
            "tenant" => tenant = value,
            "property" => property = value,
            _ => return Err(unknown(name)),
        }
    }
    Ok((tenant, property))
}

fn unknown(name: String) -> Refusal {
    Refusal::invalid(name, "there is no such parameter")
}

fn number<N: FromStr>(name: &'static str, value: &str) -> Result<N, Refusal> {
    value
        .parse()
        .map_err(|_| Refusal::invalid(name, "not a whole number in range"))
}

/// The mapping's name of an order, or its last word.
fn order(value: &str) -> Result<v1::SessionOrder, Refusal> {
    let long = format!("SESSION_ORDER_{}", value.to_ascii_uppercase());
    v1::SessionOrder::from_str_name(value)
        .or_else(|| v1::SessionOrder::from_str_name(&long))
        .ok_or_else(|| Refusal::invalid("order", "newest or most_frustrated"))
}

fn mapped(body: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (StatusCode::OK, headers, body).into_response()
}
