//! The copy of a text that can be tested by any user, and what it has in place of what it says.

#![expect(clippy::disallowed_types, reason = "system/ looks whether a file can be read")]

use super::conf::{Directive, Word, parse};
use std::fmt;
use std::fs::File;
use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::ops::Range;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// nginx would wait for a resolver much longer than an operator at the review does.
const RESOLVING: Duration = Duration::from_secs(3);

/// How far privileged ports are moved: 443 becomes 20443, which nobody is known to use.
const MOVED_BY: u16 = 20_000;

/// A text that can be tested, and what was replaced in it.
#[derive(Debug)]
pub(super) struct TestCopy {
    pub(super) text: String,
    pub(super) stubs: Vec<Stub>,
}

/// One thing that the copy has in place of what the text says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stub {
    /// A port below 1024, which only root may bind.
    Port(u16),
    /// A certificate or a key that is not there.
    Missing(String),
    /// A certificate or a key that this user may not read; nginx reads it as root.
    Unreadable(String),
    /// A host that does not resolve on this machine.
    Unresolved(String),
}

impl fmt::Display for Stub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(port) => write!(f, "tested with port {} for {port}", port + MOVED_BY),
            Self::Missing(path) => {
                write!(f, "tested with a throw-away pair for {path}, which is not there")
            }
            Self::Unreadable(path) => {
                write!(f, "tested with a throw-away pair for {path}, which only root may read")
            }
            Self::Unresolved(host) => {
                write!(f, "tested with 127.0.0.1 for {host}, which does not resolve")
            }
        }
    }
}

impl Stub {
    /// What stops nginx when it meets the text itself, and what to do.
    pub(super) fn trouble(&self) -> Option<(String, String)> {
        match self {
            Self::Port(_) | Self::Unreadable(_) => None,
            Self::Missing(path) => Some((
                format!("nginx accepts this file, but would not start: {path} is not there."),
                "Put the certificate and its key there before nginx is reloaded.".into(),
            )),
            Self::Unresolved(host) => Some((
                format!(
                    "nginx accepts this file, but would not start: \"{host}\" does not resolve on this machine."
                ),
                "Correct the address of Kestra, or give the name an entry in DNS or /etc/hosts."
                    .into(),
            )),
        }
    }
}

impl TestCopy {
    pub(super) fn of(text: &str) -> Self {
        let all = flat(parse(text));
        let mut splices = Vec::new();
        let mut stubs = Vec::new();
        for (stub, splice) in ports(&all).chain(certificates(&all)).chain(upstreams(&all)) {
            stubs.extend(stub.filter(|stub| !stubs.contains(stub)));
            splices.push(splice);
        }
        Self { text: spliced(text, splices), stubs }
    }
}

type Splice = (Range<usize>, String);

fn flat(directives: Vec<Directive>) -> Vec<Directive> {
    let with_its_own = |mut directive: Directive| {
        let block = std::mem::take(&mut directive.block);
        std::iter::once(directive).chain(flat(block))
    };
    directives.into_iter().flat_map(with_its_own).collect()
}

/// The last splice first, so that the places of the others stay true.
fn spliced(text: &str, mut splices: Vec<Splice>) -> String {
    splices.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    let mut text = text.to_owned();
    for (span, with) in splices {
        text.replace_range(span, &with);
    }
    text
}

fn firsts<'a>(all: &'a [Directive], name: &'static str) -> impl Iterator<Item = &'a Word> {
    all.iter().filter(move |directive| directive.name == name).filter_map(Directive::first)
}

fn ports(all: &[Directive]) -> impl Iterator<Item = (Option<Stub>, Splice)> {
    firsts(all, "listen").filter_map(|listen| {
        let (address, port) = address_and_port(&listen.text)?;
        let port = Some(port).filter(|port| *port < 1024)?;
        let moved = format!("{address}{}", port + MOVED_BY);
        Some((Some(Stub::Port(port)), (listen.span.clone(), moved)))
    })
}

/// What stands in front of a port, and the port: 80 where none is said.
fn address_and_port(listen: &str) -> Option<(String, u16)> {
    if let Ok(port) = listen.parse() {
        return Some((String::new(), port));
    }
    match listen.rsplit_once(':').filter(|(_, port)| !port.contains(']')) {
        Some((address, port)) => Some((format!("{address}:"), port.parse().ok()?)),
        None => Some((format!("{listen}:"), 80)),
    }
}

/// All of them or none: half a pair would not match.
fn certificates(all: &[Directive]) -> impl Iterator<Item = (Option<Stub>, Splice)> {
    const PAIR: [(&str, &str); 2] =
        [("ssl_certificate", "throwaway.crt"), ("ssl_certificate_key", "throwaway.key")];
    let each = move || {
        PAIR.into_iter().flat_map(|(name, with)| firsts(all, name).map(move |path| (path, with)))
    };
    let needed = each().any(|(path, _)| unreadable(&path.text).is_some());
    each()
        .filter(move |_| needed)
        .map(|(path, with)| (unreadable(&path.text), (path.span.clone(), with.to_owned())))
}

fn unreadable(path: &str) -> Option<Stub> {
    match File::open(path).err()?.kind() {
        io::ErrorKind::PermissionDenied => Some(Stub::Unreadable(path.to_owned())),
        _ => Some(Stub::Missing(path.to_owned())),
    }
}

fn upstreams(all: &[Directive]) -> impl Iterator<Item = (Option<Stub>, Splice)> {
    firsts(all, "proxy_pass").filter_map(|url| {
        let (scheme, rest) = url.text.split_once("://")?;
        let host = rest.split([':', '/']).next()?;
        if needs_no_resolver(host) || resolves(host) {
            return None;
        }
        let stubbed = format!("{scheme}://127.0.0.1{}", &rest[host.len()..]);
        Some((Some(Stub::Unresolved(host.to_owned())), (url.span.clone(), stubbed)))
    })
}

/// An address, the beginning of an IPv6 address, or a variable.
fn needs_no_resolver(host: &str) -> bool {
    host.is_empty() || host.contains(['[', '$']) || host.parse::<IpAddr>().is_ok()
}

fn resolves(host: &str) -> bool {
    let (sender, answer) = mpsc::channel();
    let host = host.to_owned();
    thread::spawn(move || sender.send((host, 0).to_socket_addrs().is_ok()));
    answer.recv_timeout(RESOLVING).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn privileged_ports_are_moved_and_said() {
        let copy = TestCopy::of(
            "listen 80; listen [::]:443 ssl; listen 8080; listen 127.0.0.1:80; listen 127.0.0.1; listen [::]; listen unix:/s;",
        );
        assert_eq!(
            copy.text,
            "listen 20080; listen [::]:20443 ssl; listen 8080; listen 127.0.0.1:20080; listen 127.0.0.1:20080; listen [::]:20080; listen unix:/s;"
        );
        assert_eq!(copy.stubs, [Stub::Port(80), Stub::Port(443)]);
    }

    #[test]
    fn half_a_pair_is_replaced_as_a_whole() {
        let here = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let copy =
            TestCopy::of(&format!("ssl_certificate {here}; ssl_certificate_key /no/such.key;"));
        assert_eq!(copy.text, "ssl_certificate throwaway.crt; ssl_certificate_key throwaway.key;");
        assert_eq!(copy.stubs, [Stub::Missing("/no/such.key".into())]);
    }

    #[test]
    fn a_name_that_does_not_resolve_is_replaced() {
        let copy = TestCopy::of("x { proxy_pass http://kestra.invalid:8080/kestra; }");
        assert_eq!(copy.text, "x { proxy_pass http://127.0.0.1:8080/kestra; }");
        assert_eq!(copy.stubs, [Stub::Unresolved("kestra.invalid".into())]);
    }

    #[test]
    fn addresses_and_localhost_stay() {
        for url in
            ["http://localhost:8080", "http://10.0.0.1:1/x", "http://[::1]:8080", "http://$host"]
        {
            let text = format!("proxy_pass {url};");
            assert_eq!(TestCopy::of(&text).text, text);
        }
    }

    #[test]
    fn everything_else_stays_as_it_is() {
        let text = "# listen 80;\nserver_name a; return 308 https://a$request_uri;";
        let copy = TestCopy::of(text);
        assert_eq!((copy.text.as_str(), copy.stubs), (text, vec![]));
    }
}
