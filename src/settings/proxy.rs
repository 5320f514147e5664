//! The forward proxy: its kind, its address, and all of it in one pasted line.

use super::host::host_and_port;
use super::text::trimmed;
use super::{Host, Invalid, Port, ProxyUsername, Secret};
use percent_encoding::percent_decode_str;
use std::fmt;
use std::str::FromStr;
use url::Url;

/// The kinds of `micronaut.http.services.api.proxy-type` that need an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProxyKind {
    /// CONNECT through an HTTP proxy, also for https sites.
    Http,
    /// SOCKS5; Micronaut supports no other version.
    Socks,
}

impl FromStr for ProxyKind {
    type Err = Invalid;

    /// Accepts the spellings that Micronaut accepts (`CharSequenceToEnumConverter`); with any other
    /// Kestra does not start.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text {
            "HTTP" | "http" | "Http" => Ok(Self::Http),
            "SOCKS" | "socks" | "Socks" => Ok(Self::Socks),
            _ => Err(Invalid::new("the type of a proxy is http or socks.")),
        }
    }
}

/// Whether Micronaut reads this text as the type without a proxy, in the same three spellings.
pub(crate) fn means_direct(kind: &str) -> bool {
    matches!(kind, "DIRECT" | "direct" | "Direct")
}

impl fmt::Display for ProxyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "http",
            Self::Socks => "socks",
        })
    }
}

/// A forward proxy, `host:port`.
///
/// Reads what an operator types and what [`ProxyAddress::in_config`] wrote. Messages never repeat
/// a login, which a pasted URL may hold.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProxyAddress {
    host: Host,
    port: Port,
}

impl ProxyAddress {
    pub(crate) fn host(&self) -> &Host {
        &self.host
    }

    pub(crate) fn port(&self) -> Port {
        self.port
    }

    /// The value of `proxy-address`. Micronaut splits `host:port` at every colon, so for IPv6 it
    /// takes only the form of a URL (`SharedHttpConvertersRegistrar`).
    pub(crate) fn in_config(&self) -> String {
        if self.host.is_ipv6() { format!("http://{self}") } else { self.to_string() }
    }

    pub(super) fn new(host: Host, port: Port) -> Result<Self, Invalid> {
        Ok(Self { host: host.connectable()?, port })
    }
}

impl FromStr for ProxyAddress {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let text = trimmed(text)?;
        let address = without_http(text);
        if address.contains(['/', '@']) {
            return Err(only_host_and_port(text));
        }
        if address.trim_start_matches(':').parse::<Port>().is_ok() || address.is_empty() {
            return Err(missing("a host"));
        }
        match host_and_port(address).map_err(Invalid::keep_suggestion_if::<Self>)? {
            (host, Some(port)) => Self::new(host, port),
            (_, None) => Err(missing("a port")),
        }
    }
}

impl fmt::Display for ProxyAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// Drops the `http://` that Micronaut takes in a configuration.
fn without_http(text: &str) -> &str {
    match text.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => {
            rest.strip_suffix('/').unwrap_or(rest)
        }
        _ => text,
    }
}

fn missing(half: &str) -> Invalid {
    Invalid::new(format!("{half} is missing. Write it as host:port, e.g. proxy.corp.example:3128"))
}

fn only_host_and_port(text: &str) -> Invalid {
    let refusal =
        Invalid::new("write the proxy as host:port alone; its login has fields of its own.");
    let inside = Host::inside(text).and_then(|(host, port)| ProxyAddress::new(host, port?).ok());
    refusal.or_use(inside.map(|address| address.to_string()))
}

/// The parts of `http://user:pass@host:port`; `Debug` masks the password.
///
/// Without a scheme it is an HTTP proxy, as curl reads it. Without a port it is 80 for HTTP, as
/// Micronaut reads it (curl would take 1080), and 1080 for SOCKS. The login is percent-decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastedProxy {
    /// From the scheme.
    pub(crate) kind: ProxyKind,
    pub(crate) address: ProxyAddress,
    /// The part of the login before the colon.
    pub(crate) username: Option<String>,
    /// The part of the login behind the colon.
    pub(crate) password: Option<Secret>,
}

impl FromStr for PastedProxy {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let url = read(trimmed(text)?)?;
        let kind = kind(url.scheme())?;
        let address = address(&url, kind)?;
        let part = |text: &str| (!text.is_empty()).then(|| decoded(text)).transpose();
        let username =
            part(url.username())?.map(|name| name.parse::<ProxyUsername>()).transpose()?;
        let password = part(url.password().unwrap_or_default())?;
        Ok(Self {
            kind,
            address,
            username: username.map(|name| name.to_string()),
            password: password.map(|text| text.parse()).transpose()?,
        })
    }
}

/// Messages never repeat the text, which may hold a password.
fn no_proxy() -> Invalid {
    Invalid::new("this is not the address of a proxy. Write it as http://user:password@host:port")
}

/// A backslash, as in `DOMAIN\user`, would end the host; encoded, it stays in the login.
fn read(text: &str) -> Result<Url, Invalid> {
    let text = text.replace('\\', "%5C");
    let text = if text.contains("://") { text } else { format!("http://{text}") };
    let url: Url = text.parse().map_err(|_| no_proxy())?;
    let has_more = !matches!(url.path(), "" | "/") || url.query().or(url.fragment()).is_some();
    if has_more { Err(no_proxy()) } else { Ok(url) }
}

fn kind(scheme: &str) -> Result<ProxyKind, Invalid> {
    match scheme {
        "http" => Ok(ProxyKind::Http),
        "socks" | "socks5" | "socks5h" => Ok(ProxyKind::Socks),
        "https" => Err(Invalid::new(
            "Kestra cannot talk TLS to a proxy. Use its http:// port; https sites work through it.",
        )),
        "socks4" | "socks4a" => Err(Invalid::new("Kestra can use SOCKS 5, not SOCKS 4.")),
        _ => Err(no_proxy()),
    }
}

fn address(url: &Url, kind: ProxyKind) -> Result<ProxyAddress, Invalid> {
    let host: Host = url.host_str().unwrap_or_default().parse().map_err(|_| no_proxy())?;
    let port = match (url.port(), kind) {
        (Some(port), _) => port.to_string().parse()?,
        (None, ProxyKind::Http) => Port::HTTP,
        (None, ProxyKind::Socks) => Port::SOCKS,
    };
    ProxyAddress::new(host, port)
}

fn decoded(text: &str) -> Result<String, Invalid> {
    let refusal = |_| Invalid::new("the login is not UTF-8 after percent-decoding.");
    percent_decode_str(text).decode_utf8().map(String::from).map_err(refusal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> ProxyAddress {
        text.parse().unwrap()
    }

    fn refusal(text: &str) -> Invalid {
        text.parse::<ProxyAddress>().unwrap_err()
    }

    #[test]
    fn a_missing_port_is_asked_for() {
        let message = "a port is missing. Write it as host:port, e.g. proxy.corp.example:3128";
        assert_eq!(refusal("proxy.corp.example").message, message);
    }

    #[test]
    fn a_port_alone_is_asked_for_its_host() {
        for text in ["", "3128", ":3128", "http://"] {
            assert!(refusal(text).message.starts_with("a host is missing."), "{text}");
        }
    }

    #[test]
    fn ipv6_is_written_in_the_only_form_that_micronaut_takes() {
        let proxy = address("[2001:DB8::1]:3128");
        assert_eq!(proxy.to_string(), "[2001:db8::1]:3128");
        assert_eq!(proxy.in_config(), "http://[2001:db8::1]:3128");
    }

    #[test]
    fn what_was_written_is_read_back() {
        for text in ["proxy.corp:3128", "10.0.0.1:8080", "[::1]:3128"] {
            assert_eq!(address(&address(text).in_config()), address(text), "{text}");
        }
        assert_eq!(address("HTTP://proxy.corp:3128/").to_string(), "proxy.corp:3128");
    }

    #[test]
    fn a_pasted_url_offers_its_host_and_port_and_hides_its_login() {
        for url in [
            "http://u:hunter2@proxy:3128",
            "u:hunter2@proxy:3128",
            "socks5://u:hunter2@proxy:3128/",
        ] {
            let refusal = refusal(url);
            assert_eq!(refusal.suggestion.as_deref(), Some("proxy:3128"), "{url}");
            assert!(!format!("{refusal:?}").contains("hunter2"));
        }
    }

    #[test]
    fn what_micronaut_takes_for_an_empty_host_is_refused() {
        for text in
            [":3128", "http://", "//proxy.corp:3128", "proxy.corp:0", "::1:3128", "0.0.0.0:3128"]
        {
            assert!(text.parse::<ProxyAddress>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_micronauts_spellings_are_a_kind() {
        assert_eq!("SOCKS".parse(), Ok(ProxyKind::Socks));
        for text in ["hTTp", "https", "SOCKS5", "direct", "http "] {
            assert!(text.parse::<ProxyKind>().is_err(), "{text}");
        }
    }

    fn proxy(text: &str) -> PastedProxy {
        text.parse().unwrap()
    }

    #[test]
    fn one_paste_fills_every_field() {
        let proxy = proxy("http://svc-kestra:hunter2@proxy.corp:3128\r\n");
        assert_eq!(proxy.kind, ProxyKind::Http);
        assert_eq!(proxy.address.to_string(), "proxy.corp:3128");
        assert_eq!(proxy.username.as_deref(), Some("svc-kestra"));
        assert_eq!(proxy.password, Some(Secret::from("hunter2")));
    }

    #[test]
    fn a_login_is_percent_decoded_and_may_hold_what_urls_cannot() {
        let login = |text: &str| {
            let proxy = proxy(text);
            (proxy.username.unwrap(), proxy.password.unwrap().reveal().to_owned())
        };
        let expected = ("us er".to_owned(), "s3cret pa:ss%".to_owned());
        assert_eq!(login("http://us%20er:s3cret%20pa%3Ass%25@proxy:3128"), expected);
        assert_eq!(login("http://us er:s3cret pa:ss%@proxy:3128"), expected);
        assert_eq!(login("CORP\\u:p@w@proxy:3128"), ("CORP\\u".to_owned(), "p@w".to_owned()));
    }

    #[test]
    fn socks_and_its_default_port_come_from_the_scheme() {
        for text in ["socks5://proxy", "socks5h://proxy/", "SOCKS://proxy:1080"] {
            assert_eq!(proxy(text).kind, ProxyKind::Socks, "{text}");
            assert_eq!(proxy(text).address.to_string(), "proxy:1080", "{text}");
        }
    }

    #[test]
    fn a_value_without_scheme_or_port_is_an_http_proxy_on_80() {
        assert_eq!(proxy("proxy.corp:3128").kind, ProxyKind::Http);
        assert_eq!(proxy("http://proxy.corp").address.to_string(), "proxy.corp:80");
    }

    #[test]
    fn debug_and_refusals_hide_the_password() {
        assert!(!format!("{:?}", proxy("http://u:hunter2@proxy:1")).contains("hunter2"));
        for text in [
            "https://u:hunter2@proxy:1",
            "http://u:hunter2@pro{xy:1",
            "u:hunter2@proxy:1/x",
            "http://u:80/hunter2@proxy:1",
        ] {
            let refusal = text.parse::<PastedProxy>().unwrap_err();
            assert!(!format!("{refusal:?}").contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn an_encoded_line_break_in_a_login_is_refused() {
        assert!("http://u%0ax:p@proxy:1".parse::<PastedProxy>().is_err());
        assert!("http://u:p%0a@proxy:1".parse::<PastedProxy>().is_err());
    }

    #[test]
    fn a_kind_that_kestra_cannot_use_is_told_from_what_is_no_proxy() {
        let refusal = |text: &str| text.parse::<PastedProxy>().unwrap_err().message;
        for text in ["socks4://proxy:1", "socks4a://proxy:1"] {
            assert_eq!(refusal(text), "Kestra can use SOCKS 5, not SOCKS 4.", "{text}");
        }
        assert!(refusal("https://proxy:1").starts_with("Kestra cannot talk TLS to a proxy."));
        assert_eq!(refusal("ftp://proxy:1"), no_proxy().message);
    }
}
