//! The forward proxy: its kind and its address.

use super::host::host_and_port;
use super::text::trimmed;
use super::{Host, Invalid, Port};
use std::fmt;
use std::str::FromStr;

/// The kinds of `micronaut.http.services.api.proxy-type` that need an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProxyKind {
    /// CONNECT through an HTTP proxy, also for https sites.
    Http,
    /// SOCKS 5; Micronaut knows no other.
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

/// Whether Micronaut takes this text for the type without a proxy, in the same three spellings.
#[must_use]
pub fn means_direct(kind: &str) -> bool {
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
    /// The proxy's machine.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The proxy's port.
    #[must_use]
    pub fn port(&self) -> Port {
        self.port
    }

    /// The value of `proxy-address`. Micronaut splits `host:port` at every colon, so for IPv6 it
    /// takes only the form of a URL (`SharedHttpConvertersRegistrar`).
    #[must_use]
    pub fn in_config(&self) -> String {
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
        match host_and_port(address).map_err(Invalid::if_it_would_do::<Self>)? {
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
    match inside {
        Some(address) => refusal.or_use(address.to_string()),
        None => refusal,
    }
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
}
