//! The demo shop, on a port of its own: a page of a site that Furrow watches.

use crate::connect::{self, Bounds};
use crate::pages;
use crate::server::ServeError;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Json, Router};
use furrow_service::net;
use http::{Method, StatusCode};
use rust_embed::{EmbeddedFile, RustEmbed};
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

const SETTING: &str = "demo.listen";
/// How long the slow answer takes: longer than people take for an answer.
const SLOW: Duration = Duration::from_millis(1_800);
/// What a demo takes on at most.
const BOUNDS: Bounds = Bounds {
    connections_max: 256,
    streams_max: 64,
    drain: Duration::from_secs(3),
};

#[derive(RustEmbed)]
#[folder = "../../web/shop/dist"]
#[allow_missing = true]
struct Files;

#[derive(RustEmbed)]
#[folder = "../../web/sdk/dist"]
#[allow_missing = true]
struct Sdk;

/// The shop, listening but not yet answering.
#[derive(Debug)]
pub struct Shop {
    listener: TcpListener,
    address: SocketAddr,
    addresses: Arc<Addresses>,
}

/// Where the shop's pages find the rest of Furrow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// Where they send interactions, such as `http://127.0.0.1:7117`.
    pub ingest: String,
    /// Where their visitors see their scores, such as `http://127.0.0.1:7118/`.
    pub dashboard: String,
}

/// Listens on `listen`.
///
/// # Errors
/// When the port is taken or the address is not ours.
pub async fn bind(listen: SocketAddr, addresses: Addresses) -> Result<Shop, net::BindError> {
    let listener = net::bind(listen, SETTING).await?;
    let address = listener
        .local_addr()
        .map_err(|source| net::BindError::Other {
            address: listen,
            setting: SETTING,
            source,
        })?;
    Ok(Shop {
        listener,
        address,
        addresses: Arc::new(addresses),
    })
}

impl Shop {
    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `token` fires, then lets open answers end.
    ///
    /// # Errors
    /// When the server fails.
    pub async fn serve(self, token: CancellationToken) -> Result<(), ServeError> {
        Ok(connect::serve(self.listener, router(self.addresses), BOUNDS, token).await?)
    }
}

fn router(addresses: Arc<Addresses>) -> Router {
    Router::new()
        .route("/shop/api/error", any(error))
        .route("/shop/api/slow", any(slow))
        .route("/shop/api/{*name}", any(fine))
        .fallback(file)
        .with_state(addresses)
}

/// What a broken part of a shop answers.
async fn error() -> Response {
    let body = Json(json!({ "error": "the voucher service failed" }));
    (StatusCode::INTERNAL_SERVER_ERROR, body).into_response()
}

async fn slow() -> Response {
    tokio::time::sleep(SLOW).await;
    Json(json!({ "ok": true })).into_response()
}

async fn fine() -> Response {
    Json(json!({ "ok": true })).into_response()
}

async fn file(State(addresses): State<Arc<Addresses>>, request: Request) -> Response {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let path = request.uri().path().trim_start_matches('/');
    match found(path) {
        Some((name, file)) if name.ends_with(".html") => html(&file, &addresses),
        Some((name, file)) => pages::serve(&name, &file, request.headers()),
        None if Files::get("index.html").is_none() && path.is_empty() => {
            pages::not_built("demo shop")
        }
        None => pages::not_found(),
    }
}

/// A file of the shop or of the SDK; a page may be named without its ending.
fn found(path: &str) -> Option<(String, EmbeddedFile)> {
    let path = path.trim_end_matches('/');
    let names = match path {
        "" => vec!["index.html".to_owned()],
        path => vec![
            path.to_owned(),
            format!("{path}.html"),
            format!("{path}/index.html"),
        ],
    };
    names.into_iter().find_map(|name| {
        let file = Files::get(&name).or_else(|| Sdk::get(&name))?;
        Some((name, file))
    })
}

fn html(file: &EmbeddedFile, addresses: &Addresses) -> Response {
    let page = String::from_utf8_lossy(&file.data);
    let page = with_meta(&page, "furrow-endpoint", &addresses.ingest);
    let page = with_meta(&page, "furrow-dashboard", &addresses.dashboard);
    pages::content("page.html", page.into_bytes().into())
}

/// The page with the content of one `<meta>` replaced, if it has that one.
fn with_meta(page: &str, name: &str, value: &str) -> String {
    const CONTENT: &str = "content=\"";
    let name = format!("name=\"{name}\"");
    let place = || {
        let tag = page.find(&name)? + name.len();
        let tag_end = tag + page[tag..].find('>')?;
        let from = tag + page[tag..tag_end].find(CONTENT)? + CONTENT.len();
        let to = from + page[from..tag_end].find('"')?;
        Some((from, to))
    };
    match place() {
        Some((from, to)) => {
            let escaped = value
                .replace('&', "&amp;")
                .replace('"', "&quot;")
                .replace('<', "&lt;");
            format!("{}{escaped}{}", &page[..from], &page[to..])
        }
        None => page.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_in_a_page_are_the_real_ones() {
        let page = r#"<meta name="furrow-endpoint" content="http://old"><p content="x">"#;
        assert_eq!(
            with_meta(page, "furrow-endpoint", "http://127.0.0.1:9\""),
            r#"<meta name="furrow-endpoint" content="http://127.0.0.1:9&quot;"><p content="x">"#
        );
        let without = r#"<meta name="viewport" content="a">"#;
        assert_eq!(with_meta(without, "furrow-endpoint", "b"), without);
    }

    #[test]
    fn a_view_of_a_page_is_found_by_its_own_address() {
        if Files::get("index.html").is_none() {
            return;
        }
        for (path, name) in [
            ("", "index.html"),
            ("cart", "cart.html"),
            ("checkout/done", "checkout/done.html"),
            ("shop.js", "shop.js"),
        ] {
            assert_eq!(
                found(path).map(|(name, _)| name).as_deref(),
                Some(name),
                "{path}"
            );
        }
        assert!(found("no/such/page").is_none());
    }
}
