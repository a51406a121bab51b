//! Patterns that a page's origin must match.

/// One pattern: `scheme://host[:port]`, with `*.` before the host for its
/// subdomains, `:*` for any port or none, or `*` for every origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OriginPattern {
    Any,
    Like {
        scheme: Box<str>,
        host: Host,
        port: Port,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Host {
    Exactly(Box<str>),
    /// Subdomains of this host, which begins with a dot.
    Below(Box<str>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Port {
    Any,
    /// None is the scheme's own, which browsers leave out.
    Exactly(Option<Box<str>>),
}

impl OriginPattern {
    /// None when the text is no pattern.
    pub(crate) fn parse(text: &str) -> Option<OriginPattern> {
        if text == "*" {
            return Some(OriginPattern::Any);
        }
        let (scheme, host, port) = split(text)?;
        let port = match port {
            Some("*") => Port::Any,
            Some(port) => Port::Exactly(Some(port.parse::<u16>().ok()?.to_string().into())),
            None => Port::Exactly(None),
        };
        let host = host.to_ascii_lowercase();
        let host = match host.strip_prefix('*') {
            Some(below) if below.len() > 1 && below.starts_with('.') => Host::Below(below.into()),
            Some(_) => return None,
            None => Host::Exactly(host.into()),
        };
        if let Host::Exactly(name) | Host::Below(name) = &host
            && (name.is_empty() || name.contains(['*', '/', '?', '#', '@']))
        {
            return None;
        }
        Some(OriginPattern::Like {
            scheme: scheme.to_ascii_lowercase().into(),
            host,
            port,
        })
    }

    /// Whether a page of this origin may send.
    pub(crate) fn matches(&self, origin: &str) -> bool {
        match self {
            OriginPattern::Any => true,
            OriginPattern::Like { scheme, host, port } => {
                let Some((its_scheme, its_host, its_port)) = split(origin) else {
                    return false;
                };
                let host_fits = match host {
                    Host::Exactly(name) => its_host.eq_ignore_ascii_case(name),
                    Host::Below(name) => {
                        its_host.len() > name.len()
                            && its_host.to_ascii_lowercase().ends_with(name.as_ref())
                    }
                };
                let port_fits = match port {
                    Port::Any => true,
                    Port::Exactly(port) => its_port == port.as_deref(),
                };
                its_scheme.eq_ignore_ascii_case(scheme) && host_fits && port_fits
            }
        }
    }
}

/// Scheme, host, port; the host of an IPv6 address keeps its brackets.
fn split(text: &str) -> Option<(&str, &str, Option<&str>)> {
    let (scheme, rest) = text.split_once("://")?;
    let host_end = match rest.find(']') {
        Some(bracket) => bracket + 1,
        None => rest.find(':').unwrap_or(rest.len()),
    };
    let (host, port) = rest.split_at(host_end);
    match port.strip_prefix(':') {
        Some(port) => Some((scheme, host, Some(port))),
        None if port.is_empty() => Some((scheme, host, None)),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, origin: &str) -> bool {
        OriginPattern::parse(pattern)
            .expect("is a pattern")
            .matches(origin)
    }

    #[test]
    fn a_pattern_without_port_means_the_port_that_browsers_leave_out() {
        assert!(matches("https://shop.example", "https://shop.example"));
        assert!(matches("https://Shop.example", "https://shop.example"));
        assert!(!matches(
            "https://shop.example",
            "https://shop.example:8443"
        ));
        assert!(!matches("https://shop.example", "http://shop.example"));
        assert!(!matches(
            "https://shop.example",
            "https://shop.example.evil"
        ));
        assert!(!matches("https://shop.example", "null"));
    }

    #[test]
    fn a_star_port_means_any_port_or_none() {
        assert!(matches("http://localhost:*", "http://localhost:7120"));
        assert!(matches("http://localhost:*", "http://localhost"));
        assert!(!matches("http://localhost:*", "http://localhost.evil:7120"));
        assert!(matches("http://[::1]:*", "http://[::1]:7120"));
    }

    #[test]
    fn a_star_host_means_subdomains_only() {
        assert!(matches("https://*.example.com", "https://a.b.example.com"));
        assert!(!matches("https://*.example.com", "https://example.com"));
        assert!(!matches("https://*.example.com", "https://evilexample.com"));
    }

    #[test]
    fn a_star_means_every_origin() {
        assert!(matches("*", "null"));
        assert!(matches("*", "https://a"));
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in [
            "",
            "shop.example",
            "https://",
            "https://a/path",
            "https://*",
            "https://a:b",
        ] {
            assert_eq!(OriginPattern::parse(text), None, "{text}");
        }
    }
}
