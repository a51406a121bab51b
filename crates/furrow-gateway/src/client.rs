//! What a request's headers say of the client: families, never versions.

use furrow_proto::record::ClientFacts;
use http::HeaderMap;
use http::header::{ORIGIN, USER_AGENT};
use std::net::{IpAddr, Ipv6Addr};

/// The metadata entry that holds the admin key. No page may send it.
pub(crate) const ADMIN_KEY_HEADER: &str = "x-furrow-admin-key";

/// The metadata entry that holds the write key.
pub(crate) const KEY_HEADER: &str = "x-furrow-key";

/// Who asks, as far as the request's head tells.
#[derive(Debug, Clone)]
pub(crate) struct Asker {
    pub(crate) address: IpAddr,
    /// As the browser names it; not for clients that are no browser.
    pub(crate) origin: Option<Box<str>>,
    pub(crate) key: Option<Box<str>>,
    pub(crate) facts: ClientFacts,
}

impl Asker {
    pub(crate) fn of(headers: &HeaderMap, peer: IpAddr, trusted_proxies: &[IpAddr]) -> Asker {
        Asker {
            address: bucket_address(address(headers, peer, trusted_proxies)),
            // An origin that is no text fits no pattern but the one for all.
            origin: headers
                .get(ORIGIN)
                .map(|value| value.to_str().unwrap_or("null").into()),
            key: text(headers, KEY_HEADER).map(Into::into),
            facts: facts(headers),
        }
    }
}

/// The nearest address that is not a trusted proxy's.
fn address(headers: &HeaderMap, peer: IpAddr, trusted_proxies: &[IpAddr]) -> IpAddr {
    let mut nearest = peer.to_canonical();
    let values = headers.get_all("x-forwarded-for").into_iter().rev();
    let hops = values.flat_map(|value| value.to_str().unwrap_or("").rsplit(','));
    for hop in hops {
        if !trusted_proxies.contains(&nearest) {
            break;
        }
        match hop.trim().parse::<IpAddr>() {
            Ok(hop) => nearest = hop.to_canonical(),
            Err(_) => break,
        }
    }
    nearest
}

/// One IPv6 customer has at least a /64, so that is what counts as one address.
fn bucket_address(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) if v6.is_loopback() => address,
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Client hints where the browser sends them, else the user agent.
fn facts(headers: &HeaderMap) -> ClientFacts {
    let agent = text(headers, USER_AGENT.as_str()).unwrap_or("");
    let brands = text(headers, "sec-ch-ua").unwrap_or("");
    let os = text(headers, "sec-ch-ua-platform")
        .and_then(|platform| known(OS_HINTS, platform))
        .or_else(|| known(OS_AGENTS, agent));
    let browser = known(BROWSER_HINTS, brands).or_else(|| known(BROWSER_AGENTS, agent));
    let mobile = match text(headers, "sec-ch-ua-mobile") {
        Some(hint) => hint == "?1",
        None => ["Mobi", "Android", "iPhone", "iPad"]
            .iter()
            .any(|mark| agent.contains(mark)),
    };
    let lower = format!("{agent} {brands}").to_ascii_lowercase();
    ClientFacts {
        os: os.unwrap_or("").into(),
        browser: browser.unwrap_or("").into(),
        mobile,
        automated: ROBOTS.iter().any(|mark| lower.contains(mark)),
    }
}

/// What to look for, and the family that it means. The first that is found
/// decides: many agents name other browsers after their own.
type Families = &'static [(&'static str, &'static str)];

const OS_HINTS: Families = &[
    ("Android", "Android"),
    ("Chrome OS", "ChromeOS"),
    ("Chromium OS", "ChromeOS"),
    ("iOS", "iOS"),
    ("Linux", "Linux"),
    ("macOS", "macOS"),
    ("Windows", "Windows"),
];

const OS_AGENTS: Families = &[
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("iPhone", "iOS"),
    ("iPad", "iOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

const BROWSER_HINTS: Families = &[
    ("Microsoft Edge", "Edge"),
    ("Opera", "Opera"),
    ("Brave", "Brave"),
    ("Samsung Internet", "Samsung Internet"),
    ("Google Chrome", "Chrome"),
    ("HeadlessChrome", "Chrome"),
    ("Chromium", "Chromium"),
];

const BROWSER_AGENTS: Families = &[
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// In lower case.
const ROBOTS: &[&str] = &[
    "bot/",
    "bot;",
    "bot ",
    "googlebot",
    "bingbot",
    "crawler",
    "spider",
    "headless",
    "lighthouse",
    "pagespeed",
    "phantomjs",
    "selenium",
    "puppeteer",
    "playwright",
    "slurp",
    "facebookexternalhit",
    "pingdom",
    "uptime",
];

fn known(families: Families, text: &str) -> Option<&'static str> {
    families
        .iter()
        .find(|(mark, _)| text.contains(mark))
        .map(|(_, family)| *family)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v)))
            .collect()
    }

    fn told(pairs: &[(&'static str, &'static str)]) -> (String, String, bool, bool) {
        let facts = facts(&headers(pairs));
        (
            facts.os.into(),
            facts.browser.into(),
            facts.mobile,
            facts.automated,
        )
    }

    fn row(os: &str, browser: &str, mobile: bool, automated: bool) -> (String, String, bool, bool) {
        (os.to_owned(), browser.to_owned(), mobile, automated)
    }

    #[test]
    fn client_hints_go_before_the_user_agent() {
        let hints = [
            (
                "sec-ch-ua",
                r#""Not;A=Brand";v="8", "Chromium";v="140", "Microsoft Edge";v="140""#,
            ),
            ("sec-ch-ua-platform", "\"Windows\""),
            ("sec-ch-ua-mobile", "?0"),
            (
                "user-agent",
                "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Mobile",
            ),
        ];
        assert_eq!(told(&hints), row("Windows", "Edge", false, false));
    }

    #[test]
    fn the_user_agent_says_families_where_hints_are_missing() {
        let iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 \
                      (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";
        assert_eq!(
            told(&[("user-agent", iphone)]),
            row("iOS", "Safari", true, false)
        );
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        assert_eq!(
            told(&[("user-agent", firefox)]),
            row("Linux", "Firefox", false, false)
        );
        assert_eq!(
            told(&[("user-agent", "tonic/0.14.9")]),
            row("", "", false, false)
        );
        assert_eq!(told(&[]), row("", "", false, false));
    }

    #[test]
    fn robots_are_flagged() {
        let robot = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
        assert!(told(&[("user-agent", robot)]).3);
        let headless = "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/140.0 Safari/537.36";
        assert_eq!(
            told(&[("user-agent", headless)]),
            row("Linux", "Chrome", false, true)
        );
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let proxy = IpAddr::from([10, 0, 0, 1]);
        let forwarded = headers(&[("x-forwarded-for", "1.1.1.1, 2.2.2.2")]);
        let seen = |peer, trusted: &[IpAddr]| address(&forwarded, peer, trusted);
        assert_eq!(seen(proxy, &[]), proxy);
        assert_eq!(seen(proxy, &[proxy]), IpAddr::from([2, 2, 2, 2]));
        let inner = IpAddr::from([2, 2, 2, 2]);
        assert_eq!(seen(proxy, &[proxy, inner]), IpAddr::from([1, 1, 1, 1]));
    }

    #[test]
    fn an_ipv6_network_counts_as_one_address() {
        let one: IpAddr = "2001:db8:1:2:3:4:5:6".parse().expect("an address");
        let other: IpAddr = "2001:db8:1:2:ffff::1".parse().expect("an address");
        assert_eq!(bucket_address(one), bucket_address(other));
    }
}
