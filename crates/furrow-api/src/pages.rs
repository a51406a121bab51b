//! The dashboard's files, compiled in.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rust_embed::{EmbeddedFile, RustEmbed};
use std::borrow::Cow;

#[derive(RustEmbed)]
#[folder = "../../web/dashboard/dist"]
#[allow_missing = true]
struct Dashboard;

/// The dashboard's file under a path.
pub(crate) fn dashboard(path: &str, asked: &HeaderMap) -> Response {
    let name = match path.trim_start_matches('/') {
        "" => "index.html",
        name => name,
    };
    match Dashboard::get(name) {
        Some(file) => serve(name, &file, asked),
        None if Dashboard::get("index.html").is_none() && name == "index.html" => {
            not_built("dashboard")
        }
        None => not_found(),
    }
}

/// One compiled-in file. Browsers ask each time whether it changed: its name
/// does not tell.
pub(crate) fn serve(name: &str, file: &EmbeddedFile, asked: &HeaderMap) -> Response {
    let tag: String = file.metadata.sha256_hash()[..16]
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    let tag = format!("\"{tag}\"");
    let known = asked
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            value
                .split(',')
                .any(|t| t.trim().trim_start_matches("W/") == tag)
        });
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        content(name, file.data.clone())
    };
    let tag = HeaderValue::try_from(tag).expect("hexadecimal digits are a header value");
    response.headers_mut().insert(header::ETAG, tag);
    response
}

/// Content with the type that its name tells.
pub(crate) fn content(name: &str, data: Cow<'static, [u8]>) -> Response {
    let body = match data {
        Cow::Borrowed(bytes) => bytes::Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes::Bytes::from(bytes),
    };
    let headers = [
        (header::CONTENT_TYPE, media_type(name)),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, body).into_response()
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("webp") => "image/webp",
        Some("ico") => "image/x-icon",
        Some("txt") => "text/plain; charset=utf-8",
        Some("woff2") => "font/woff2",
        Some(_) | None => "application/octet-stream",
    }
}

/// What stands where pages would be that were not built before this program.
pub(crate) fn not_built(what: &str) -> Response {
    let text = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Furrow</title>\
         <h1>The {what} is not in this build</h1>\
         <p>Its files are compiled in. Build them, then this program again:</p>\
         <pre>npm --prefix web ci\nnpm --prefix web run build\ncargo build --release</pre>\
         <p><code>cargo xtask up</code> does all of it. Scores are under \
         <a href=\"/api/v1/sessions\">/api/v1/sessions</a> meanwhile.</p></html>"
    );
    (StatusCode::SERVICE_UNAVAILABLE, axum::response::Html(text)).into_response()
}

/// What stands where nothing is.
pub(crate) fn not_found() -> Response {
    let text = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Not found</title>\
                <h1>Nothing here</h1><p><a href=\"/\">Back to the beginning</a></p></html>";
    (StatusCode::NOT_FOUND, axum::response::Html(text)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_there_or_says_which_command_builds_it() {
        let answer = dashboard("/", &HeaderMap::new());
        match Dashboard::get("index.html") {
            Some(_) => assert_eq!(answer.status(), StatusCode::OK),
            None => assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE),
        }
        assert_eq!(
            answer.headers()[header::CONTENT_TYPE],
            "text/html; charset=utf-8"
        );
    }

    #[test]
    fn a_path_that_climbs_finds_nothing() {
        for path in [
            "/../Cargo.toml",
            "/%2e%2e/Cargo.toml",
            "//etc/passwd",
            "/nothing.js",
        ] {
            assert_eq!(
                dashboard(path, &HeaderMap::new()).status(),
                StatusCode::NOT_FOUND,
                "{path}"
            );
        }
    }

    #[test]
    fn every_file_of_the_dashboard_has_a_known_type_and_is_sent_once() {
        for name in Dashboard::iter() {
            assert_ne!(media_type(&name), "application/octet-stream", "{name}");
            let path = format!("/{name}");
            let first = dashboard(&path, &HeaderMap::new());
            let tag = first.headers()[header::ETAG].clone();
            let asked = HeaderMap::from_iter([(header::IF_NONE_MATCH, tag)]);
            assert_eq!(
                dashboard(&path, &asked).status(),
                StatusCode::NOT_MODIFIED,
                "{name}"
            );
        }
    }
}
