//! Who may ask.
//!
//! A page of any site can have its visitor's browser ask a loopback address,
//! and with a name that resolves to one it may even read the answer. So the
//! Host header must name us, other sites' pages are turned away, and no answer
//! allows another origin.

use crate::config::Config;
use crate::refusal::Refusal;
use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue, Uri};
use sha2::{Digest, Sha256};
use std::net::IpAddr;

/// The header, and the gRPC metadata entry, that carries the read key.
const KEY_HEADER: HeaderName = HeaderName::from_static("x-furrow-key");
/// The cookie that stands for the read key in a browser.
const COOKIE: &str = "furrow_read";
/// How long a browser keeps it.
const COOKIE_AGE_S: u32 = 30 * 24 * 3600;

/// Scripts, styles and pictures come from here alone, nothing is inline, and
/// no other page frames this one.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      connect-src 'self'; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'";

/// What every answer says to browsers.
const HEADERS: &[(&str, &str)] = &[
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
];

/// Decides who may ask.
#[derive(Debug, Clone)]
pub(crate) struct Guard {
    hosts: Vec<Box<str>>,
    key: Option<Key>,
}

/// A read key as digests, so that comparing takes the same time wherever two
/// keys differ, and a browser's cookie does not hold the key itself.
#[derive(Debug, Clone)]
struct Key {
    digest: [u8; 32],
    cookie: String,
}

fn digest(purpose: &str, key: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(purpose)
        .chain_update([0])
        .chain_update(key)
        .finalize()
        .into()
}

impl Key {
    fn new(key: &str) -> Key {
        let cookie = digest("furrow read cookie", key.as_bytes());
        Key {
            digest: digest("furrow read key", key.as_bytes()),
            cookie: cookie.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }

    fn is(&self, given: &[u8]) -> bool {
        digest("furrow read key", given) == self.digest
    }

    fn is_cookie(&self, given: &str) -> bool {
        digest("compare", given.as_bytes()) == digest("compare", self.cookie.as_bytes())
    }
}

impl Guard {
    pub(crate) fn new(config: &Config) -> Guard {
        Guard {
            hosts: config
                .hosts
                .iter()
                .map(|host| host.to_ascii_lowercase().into())
                .collect(),
            key: config.key().map(Key::new),
        }
    }

    /// Whether the request names this service, as every request must.
    pub(crate) fn admit_host(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        // HTTP/2 carries the authority in the request's own line.
        let host = match uri.host() {
            Some(host) => host,
            None => headers
                .get(header::HOST)
                .and_then(|value| value.to_str().ok())
                .map(without_port)
                .ok_or(Refusal::Host)?,
        };
        if self.names_us(host) {
            Ok(())
        } else {
            Err(Refusal::Host)
        }
    }

    fn names_us(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let literal = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost"
            || host.ends_with(".localhost")
            || literal.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
            || self
                .hosts
                .iter()
                .any(|ours| **ours == *host || **ours == *literal)
    }

    /// Whether a question may be answered.
    pub(crate) fn admit_question(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        own_page(headers)?;
        let Some(key) = &self.key else { return Ok(()) };
        let by_header = headers
            .get(KEY_HEADER)
            .is_some_and(|given| key.is(given.as_bytes()));
        let by_cookie = || cookies(headers).any(|value| key.is_cookie(value));
        if by_header || by_cookie() {
            Ok(())
        } else {
            Err(Refusal::Key)
        }
    }

    /// The cookie for a browser whose visitor knows the key; none is needed
    /// where there is no key.
    pub(crate) fn cookie(
        &self,
        headers: &HeaderMap,
        given: &str,
    ) -> Result<Option<HeaderValue>, Refusal> {
        own_page(headers)?;
        let Some(key) = &self.key else {
            return Ok(None);
        };
        if !key.is(given.as_bytes()) {
            return Err(Refusal::Key);
        }
        let cookie = format!(
            "{COOKIE}={}; Path=/api; Max-Age={COOKIE_AGE_S}; HttpOnly; SameSite=Strict",
            key.cookie
        );
        Ok(Some(
            HeaderValue::try_from(cookie).expect("hexadecimal digits are a header value"),
        ))
    }
}

/// Browsers say whether the page that asks is of this origin; other clients
/// say nothing.
fn own_page(headers: &HeaderMap) -> Result<(), Refusal> {
    match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
        None | Some(b"same-origin" | b"none") => Ok(()),
        Some(_) => Err(Refusal::ForeignPage),
    }
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value)
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        // The colons of an IPv6 address stand inside its brackets.
        Some((host, port)) if !port.contains(']') => host,
        _ => authority,
    }
}

/// Adds what every answer says to browsers.
pub(crate) fn instruct(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use furrow_service::config::Secret;

    fn guard(hosts: &[&str], key: Option<&str>) -> Guard {
        Guard::new(&Config {
            hosts: hosts.iter().map(|h| (*h).to_owned()).collect(),
            read_key: key.map(Secret::new).unwrap_or_default(),
            ..Config::default()
        })
    }

    fn host(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::HOST, HeaderValue::from_str(value).unwrap())])
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(n, v)| {
                (
                    HeaderName::from_static(n),
                    HeaderValue::from_str(v).unwrap(),
                )
            })
            .collect()
    }

    #[test]
    fn loopback_names_and_configured_ones_are_ours_and_no_others() {
        let guard = guard(&["Scores.Example.org"], None);
        let path = Uri::from_static("/");
        for ours in [
            "localhost",
            "localhost:7118",
            "LOCALHOST.:7118",
            "furrow.localhost:7118",
            "127.0.0.1:7118",
            "127.9.9.9",
            "[::1]:7118",
            "[::1]",
            "scores.example.org",
        ] {
            assert_eq!(guard.admit_host(&path, &host(ours)), Ok(()), "{ours}");
        }
        for foreign in [
            "evil.example",
            "evil.example:7118",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.7",
            "notlocalhost",
            "",
        ] {
            assert_eq!(
                guard.admit_host(&path, &host(foreign)),
                Err(Refusal::Host),
                "{foreign}"
            );
        }
        assert_eq!(
            guard.admit_host(&path, &HeaderMap::new()),
            Err(Refusal::Host)
        );
    }

    #[test]
    fn the_authority_of_http_2_is_what_counts_when_there_is_one() {
        let guard = guard(&[], None);
        let foreign = Uri::from_static("http://evil.example/");
        assert_eq!(
            guard.admit_host(&foreign, &host("localhost")),
            Err(Refusal::Host)
        );
        let ours = Uri::from_static("http://[::1]:7118/");
        assert_eq!(guard.admit_host(&ours, &HeaderMap::new()), Ok(()));
    }

    #[test]
    fn without_a_key_everybody_on_this_machine_may_ask() {
        assert_eq!(guard(&[], None).admit_question(&HeaderMap::new()), Ok(()));
        assert_eq!(
            guard(&[], Some("")).admit_question(&HeaderMap::new()),
            Ok(())
        );
    }

    #[test]
    fn the_key_opens_by_header_and_by_the_cookie_that_it_buys() {
        let guard = guard(&[], Some("geheim"));
        assert_eq!(guard.admit_question(&HeaderMap::new()), Err(Refusal::Key));
        let wrong = headers(&[("x-furrow-key", "geheim2")]);
        assert_eq!(guard.admit_question(&wrong), Err(Refusal::Key));
        let right = headers(&[("x-furrow-key", "geheim")]);
        assert_eq!(guard.admit_question(&right), Ok(()));

        assert_eq!(guard.cookie(&HeaderMap::new(), "falsch"), Err(Refusal::Key));
        let set = guard
            .cookie(&HeaderMap::new(), "geheim")
            .unwrap()
            .expect("a key is set");
        let set = set.to_str().unwrap();
        assert!(
            set.contains("HttpOnly") && set.contains("SameSite=Strict"),
            "{set}"
        );
        assert!(!set.contains("geheim"), "{set}");
        let pair = set.split(';').next().unwrap();
        let carried = headers(&[("cookie", &format!("a=b; {pair}"))]);
        assert_eq!(guard.admit_question(&carried), Ok(()));
        let forged = headers(&[("cookie", "furrow_read=geheim")]);
        assert_eq!(guard.admit_question(&forged), Err(Refusal::Key));
    }

    #[test]
    fn pages_of_other_sites_may_not_ask_even_with_the_cookie() {
        let guard = guard(&[], None);
        for site in ["cross-site", "same-site"] {
            let asks = headers(&[("sec-fetch-site", site)]);
            assert_eq!(
                guard.admit_question(&asks),
                Err(Refusal::ForeignPage),
                "{site}"
            );
        }
        let own = headers(&[("sec-fetch-site", "same-origin")]);
        assert_eq!(guard.admit_question(&own), Ok(()));
    }
}
