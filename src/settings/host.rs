//! A machine by name or address, and a TCP port.
//!
//! The parser of hosts is stricter than the `url` crate, which lets `; { } $ "` through: what it
//! accepts is written into nginx text as it is.

use super::Invalid;
use super::text::{only, trimmed};
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use std::net::Ipv6Addr;
use std::str::FromStr;

/// A name, an IPv4 address or an IPv6 address; displayed as in a URL, IPv6 in brackets.
///
/// Names are lower case, without a dot at the end, and in A-labels (`xn--`, UTS 46): nginx never
/// matches a `server_name` in UTF-8, though it takes one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Host(url::Host<String>);

impl Host {
    /// Whether this always means the machine that asks; `0.0.0.0` does when it is connected to.
    pub(crate) fn is_loopback(&self) -> bool {
        match &self.0 {
            url::Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
            url::Host::Ipv4(ip) => ip.is_loopback() || ip.is_unspecified(),
            url::Host::Ipv6(ip) => ip.to_canonical().is_loopback() || ip.is_unspecified(),
        }
    }

    /// Whether this is an address to listen on, such as `0.0.0.0`.
    pub(crate) fn is_unspecified(&self) -> bool {
        match &self.0 {
            url::Host::Domain(_) => false,
            url::Host::Ipv4(ip) => ip.is_unspecified(),
            url::Host::Ipv6(ip) => ip.to_canonical().is_unspecified(),
        }
    }

    /// Whether this means something only inside one network: a single label, a name under a suffix
    /// that is not public, or a private address. Loopback is not private.
    pub(crate) fn is_private(&self) -> bool {
        match &self.0 {
            url::Host::Domain(name) => !self.is_loopback() && is_private_name(name),
            url::Host::Ipv4(ip) => ip.is_private() || ip.is_link_local(),
            url::Host::Ipv6(ip) => ip.is_unique_local() || ip.is_unicast_link_local(),
        }
    }

    /// Whether this is an IPv6 address, which a port can only follow behind brackets.
    pub(crate) fn is_ipv6(&self) -> bool {
        matches!(self.0, url::Host::Ipv6(_))
    }

    /// The name, where this is not an address.
    pub(crate) fn name(&self) -> Option<&str> {
        match &self.0 {
            url::Host::Domain(name) => Some(name),
            _ => None,
        }
    }

    /// Whether one of these names of a certificate is its own, or a wildcard for its first label
    /// (RFC 6125).
    pub(crate) fn is_named_by(&self, names: &[String]) -> bool {
        let host = self.to_string();
        names.iter().any(|name| match name.strip_prefix("*.") {
            Some(parent) => host.split_once('.').is_some_and(|(_, rest)| rest == parent),
            None => *name == host,
        })
    }

    /// Rejects what is no destination: unspecified, multicast and broadcast addresses.
    pub(super) fn connectable(self) -> Result<Self, Invalid> {
        let is_group = match self.0 {
            url::Host::Domain(_) => return Ok(self),
            url::Host::Ipv4(ip) => ip.is_multicast() || ip.is_broadcast(),
            url::Host::Ipv6(ip) => ip.is_multicast(),
        };
        if self.is_unspecified() {
            return Err(Invalid::new(format!(
                "{self} is an address to listen on. Name the machine to connect to, e.g. 127.0.0.1"
            )));
        }
        if is_group {
            return Err(Invalid::new(format!("{self} is an address of many machines. Name one.")));
        }
        Ok(self)
    }

    /// The host and port inside something longer, such as a pasted URL.
    pub(super) fn inside(text: &str) -> Option<(Self, Option<Port>)> {
        let text = text.split_once("://").map_or(text, |(_, rest)| rest);
        let authority = text.split(['/', '?', '#']).next()?.rsplit('@').next()?;
        host_and_port(authority).ok()
    }
}

impl FromStr for Host {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let text = trimmed(text)?;
        let is_bare_ipv6 = text.matches(':').count() > 1 && !text.contains('/');
        match text.strip_prefix('[') {
            Some(rest) => ipv6(rest.strip_suffix(']').unwrap_or_default()),
            None if is_bare_ipv6 => ipv6(text),
            None => name_or_ipv4(text),
        }
    }
}

shows_its_field!(Host);

/// The host of `host` or `host:port`, and the port.
pub(crate) fn split_port(text: &str) -> (&str, Option<&str>) {
    let after_brackets = text.rfind(']').map_or(0, |end| end + 1);
    match text[after_brackets..].split_once(':') {
        Some((rest, port)) => (&text[..after_brackets + rest.len()], Some(port)),
        None => (text, None),
    }
}

/// Reads `host` or `host:port`; an IPv6 address must be in brackets, since its end is not clear.
pub(super) fn host_and_port(text: &str) -> Result<(Host, Option<Port>), Invalid> {
    let (host, port) = split_port(text);
    if port.is_some_and(|port| port.contains(':')) && !text.contains(']') {
        return Err(too_many_colons(text));
    }
    Ok((host.parse()?, port.map(str::parse).transpose()?))
}

fn too_many_colons(text: &str) -> Invalid {
    if !text.contains("::") {
        return Invalid::new("only one \":\" is allowed, between host and port.");
    }
    let refusal = Invalid::new("an IPv6 address needs brackets, e.g. [2001:db8::1]:8080");
    let meant = text.rsplit_once(':').and_then(|(host, port)| {
        Some((host.parse::<Ipv6Addr>().ok()?, port.parse::<Port>().ok()?))
    });
    refusal.or_use(meant.map(|(ip, port)| format!("{}:{port}", Host(url::Host::Ipv6(ip)))))
}

fn ipv6(text: &str) -> Result<Host, Invalid> {
    let ip = text.parse().map_err(|_| Invalid::new("this is not an IPv6 address."))?;
    Ok(Host(url::Host::Ipv6(ip)))
}

fn name_or_ipv4(text: &str) -> Result<Host, Invalid> {
    let refusal = || Invalid::new("this is not a host name.");
    let name = Uts46::new()
        .to_ascii(text.as_bytes(), AsciiDenyList::EMPTY, Hyphens::Allow, DnsLength::Ignore)
        .map_err(|_| refusal())?;
    only(&name, is_host_character, "a host name")?;
    let name = name.strip_suffix('.').unwrap_or(&name);
    if name.is_empty() {
        return Err(Invalid::new("a host name is missing, e.g. kestra.example.com"));
    }
    if name.len() > 253 || !name.split('.').all(is_label) {
        return Err(refusal());
    }
    if ends_in_number(name) {
        let invalid = |_| Invalid::new("this is not an IPv4 address. Write four numbers.");
        return name.parse().map(|ip| Host(url::Host::Ipv4(ip))).map_err(invalid);
    }
    Ok(Host(url::Host::Domain(name.to_owned())))
}

fn is_host_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
}

/// Whether browsers would read this as an IPv4 address in one of its old spellings (URL Standard,
/// "ends in a number checker"), such as `127.1` or `0x7f.1`.
fn ends_in_number(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_hex = |digits: &str| digits.chars().all(|c| c.is_ascii_hexdigit());
    last.chars().all(|c| c.is_ascii_digit()) || last.strip_prefix("0x").is_some_and(is_hex)
}

fn is_private_name(name: &str) -> bool {
    const SUFFIXES: [&str; 7] = ["local", "internal", "lan", "corp", "home", "intranet", "arpa"];
    name.rsplit_once('.').is_none_or(|(_, suffix)| SUFFIXES.contains(&suffix))
}

/// A TCP port, 1 to 65535.
///
/// Plain ASCII digits only: nginx reads `080` as 80 and `80.5` as an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port(u16);

impl Port {
    /// Default of http.
    pub const HTTP: Self = Self(80);
    /// Default of https.
    pub const HTTPS: Self = Self(443);
    /// Default of SOCKS (RFC 1928).
    pub(crate) const SOCKS: Self = Self(1080);
    /// Default of Kestra.
    pub(crate) const KESTRA: Self = Self(8080);

    /// The port as a number.
    pub(crate) fn get(self) -> u16 {
        self.0
    }
}

impl FromStr for Port {
    type Err = Invalid;

    /// Messages never repeat the text: what follows a colon may be a password.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let text = trimmed(text)?;
        if text.is_empty() {
            return Err(Invalid::new("a port is missing. Ports go from 1 to 65535."));
        }
        // A zero in front is not plain, and 0 is no port.
        let is_plain = text.chars().all(|c| c.is_ascii_digit()) && !text.starts_with('0');
        let number = text.parse().ok().filter(|_| is_plain);
        number.map(Self).ok_or_else(|| Invalid::new("a port is a number from 1 to 65535."))
    }
}

shows_its_field!(Port);

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> String {
        text.parse::<Host>().map_or_else(|refusal| refusal.message, |host| host.to_string())
    }

    #[test]
    fn a_name_in_another_script_becomes_what_dns_knows() {
        assert_eq!(host("München.DE."), "xn--mnchen-3ya.de");
        assert_eq!(host("例え。テスト"), "xn--r8jz45g.xn--zckzah");
    }

    #[test]
    fn a_letter_that_turns_into_syntax_is_refused() {
        assert_eq!(host("a\u{2100}b"), "\"/\" cannot be part of a host name.");
    }

    #[test]
    fn old_spellings_of_ipv4_are_refused() {
        for old in ["127.1", "0x7f.0.0.1", "0x7f000001", "2130706433", "010.0.0.1", "1.2.3.4.5"] {
            assert!(old.parse::<Host>().is_err(), "{old}");
        }
    }

    #[test]
    fn ipv6_is_compressed_and_in_brackets() {
        assert_eq!(host("2001:DB8:0:0::1"), "[2001:db8::1]");
        assert_eq!(host("[::1]"), "[::1]");
    }

    #[test]
    fn an_ipv6_zone_is_refused() {
        assert!("[fe80::1%eth0]".parse::<Host>().is_err());
    }

    #[test]
    fn this_machine_has_many_names() {
        for name in
            ["localhost", "kestra.localhost", "127.9.9.9", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"]
        {
            assert!(name.parse::<Host>().unwrap().is_loopback(), "{name}");
        }
    }

    #[test]
    fn a_bare_ipv6_address_with_a_port_is_asked_for_brackets() {
        let refusal = host_and_port("2001:db8::1:3128").unwrap_err();
        assert_eq!(refusal.suggestion.as_deref(), Some("[2001:db8::1]:3128"));
    }

    #[test]
    fn a_number_that_is_no_port_is_named() {
        let refusal = "70000".parse::<Port>().unwrap_err();
        assert_eq!(refusal.message, "a port is a number from 1 to 65535.");
    }

    #[test]
    fn only_plain_digits_are_a_port() {
        for text in ["0", "080", "+80", "-1", "8_0", "8e1", "80.5", "８０", "٨٠"] {
            assert!(text.parse::<Port>().is_err(), "{text}");
        }
    }
}
