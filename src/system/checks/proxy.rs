//! Kestra's way out, tried from here: through the forward proxy, or directly, to Kestra's API.
//!
//! It goes as Kestra's HTTP client goes, with one difference: the password is sent only to a proxy
//! that asks for it. Resolve, connect, tunnel, TLS, one request, ten seconds at most; every way to
//! fail has a code of its own.

#![expect(clippy::disallowed_methods, reason = "the operator is told how long it took")]

mod http_proxy;
mod identify;
mod socks_proxy;
mod trouble;

use super::net::{
    Budget, DialError, TlsError, Wire, dial, host_header, port, read_head, secure, shown,
};
use crate::checks::{Finding, Outcome};
use crate::settings::Secret;
use rustls::pki_types::CertificateDer;
use std::io::{BufReader, Read, Write};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};
use trouble::{Closed, no_reply};
use url::Url;

/// The longest that a test may take in all.
const TOTAL: Duration = Duration::from_secs(10);

/// The two kinds of proxy that Kestra's HTTP client knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP with CONNECT, also for https sites.
    Http,
    /// SOCKS, which for Netty is version 5.
    Socks,
}

/// A way out: the proxy, the login it may ask for, and where to go. Its `Debug` masks the password.
#[derive(Debug, Clone)]
pub struct Route {
    /// What the proxy is said to speak.
    pub protocol: Protocol,
    /// A name or an address; an IPv6 address may have its brackets.
    pub host: String,
    /// The port of the proxy.
    pub port: u16,
    /// Username and password, if there are both.
    pub login: Option<(String, Secret)>,
    /// An address that has to answer: `https://api.kestra.io`, or another http or https one.
    pub target: Url,
    /// Authorities beside the public ones; DER.
    pub trust: Vec<CertificateDer<'static>>,
}

impl Route {
    /// `host:port` of the proxy, fit for a terminal.
    fn proxy(&self) -> String {
        shown(&format!("{}:{}", self.host, self.port))
    }

    fn dial<'a>(&self, budget: Budget<'a>) -> Result<Wire<'a>, Closed> {
        dial(&self.host, self.port, budget).map_err(|error| match error {
            DialError::Unknown(seen) => trouble::PROXY_DNS.seen(&seen),
            DialError::Refused => trouble::PROXY_REFUSED.seen(&error.to_string()),
            DialError::Silent(seen) => trouble::PROXY_TIMEOUT.seen(&seen),
        })
    }
}

/// A connection that reaches the target, and how it was let through.
struct Tunnel<'a> {
    wire: Wire<'a>,
    admission: Admission,
}

/// What the proxy wanted to know.
#[derive(Debug, Clone, Copy)]
enum Admission {
    /// There is no proxy.
    NoProxy,
    /// It let everybody through.
    Open,
    /// It asked for the login and took it.
    LoggedIn,
}

/// Tries the way out through a proxy. Blocks for ten seconds at most, and ends within a tenth of a
/// second once `cancelled` is set.
///
/// It never fails: whatever happens is the finding. The password is no part of it, even if the
/// proxy says it back.
pub fn way_out(route: &Route, cancelled: &AtomicBool) -> Finding {
    let try_it = |budget| {
        let tunnel = match route.protocol {
            Protocol::Http => http_proxy::tunnel(route, budget),
            Protocol::Socks => socks_proxy::tunnel(route, budget),
        };
        visit(tunnel?, &route.target, &route.trust)
    };
    let names = Names { proxy: route.proxy(), site: shown(host_header(&route.target)) };
    judge(&names, cancelled, try_it)
}

/// Tries the way out without a proxy, to `target`, like [`way_out`].
pub fn direct(target: &Url, trust: &[CertificateDer<'static>], cancelled: &AtomicBool) -> Finding {
    let try_it = |budget| {
        let host = target.host_str().unwrap_or_default();
        let wire = dial(host, port(target), budget).map_err(|error| match error {
            DialError::Unknown(seen) => trouble::DIRECT_DNS.seen(&seen),
            DialError::Refused => trouble::DIRECT_REFUSED.seen(&error.to_string()),
            DialError::Silent(seen) => trouble::DIRECT_TIMEOUT.seen(&seen),
        })?;
        visit(Tunnel { wire, admission: Admission::NoProxy }, target, trust)
    };
    let names = Names { proxy: String::new(), site: shown(host_header(target)) };
    judge(&names, cancelled, try_it)
}

/// What the words of a finding name.
struct Names {
    proxy: String,
    site: String,
}

/// An answer of the target.
struct Visit {
    admission: Admission,
    /// The status, and who issued the certificate if there was one.
    seen: String,
}

/// TLS with the target if it wants that, and one request.
fn visit(tunnel: Tunnel, target: &Url, trust: &[CertificateDer<'static>]) -> Result<Visit, Closed> {
    let Tunnel { wire, admission } = tunnel;
    if target.scheme() == "http" {
        return Ok(Visit { admission, seen: ask(wire, target)? });
    }
    let host = target.host_str().unwrap_or_default();
    let secured = secure(wire, host, trust).map_err(|error| match error {
        TlsError::Untrusted { issuer } => trouble::TLS_UNTRUSTED.seen(&issuer),
        TlsError::Invalid { .. } => trouble::TLS_INVALID.seen(&error.to_string()),
        TlsError::Cut(seen) => trouble::TLS_CLOSED.seen(&seen),
    })?;
    let line = ask(secured.stream, target)?;
    Ok(Visit { admission, seen: format!("{line}; certificate by {}", secured.issuer) })
}

/// The status that the target answers with. Any status will do: it was reached.
fn ask(mut stream: impl Read + Write, target: &Url) -> Result<String, Closed> {
    let request = format!(
        "HEAD {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: kestra-setup\r\nConnection: close\r\n\r\n",
        target.path(),
        host_header(target),
    );
    let head = stream
        .write_all(request.as_bytes())
        .and_then(|()| stream.flush())
        .and_then(|()| read_head(&mut BufReader::new(stream)))
        .map_err(|error| trouble::SITE_SILENT.seen(&no_reply(&error)))?;
    Ok(format!("status {}", head.status))
}

fn judge<'a>(
    names: &Names,
    cancelled: &'a AtomicBool,
    try_it: impl FnOnce(Budget<'a>) -> Result<Visit, Closed>,
) -> Finding {
    let started = Instant::now();
    let budget = Budget::new(TOTAL, cancelled);
    match try_it(budget) {
        _ if budget.is_cancelled() => Finding::cancelled(),
        Ok(visit) => arrived(names, &visit, started.elapsed()),
        Err(closed) => closed.finding(&names.proxy, &names.site),
    }
}

fn arrived(Names { proxy, site }: &Names, visit: &Visit, took: Duration) -> Finding {
    let what = match visit.admission {
        Admission::NoProxy => format!("{site} answers without a proxy"),
        Admission::Open => format!("{site} answers through {proxy}, which asks for no password"),
        Admission::LoggedIn => format!("{site} answers through {proxy}, which took the password"),
    };
    let evidence = format!("{}; {:.1} s", visit.seen, took.as_secs_f32());
    Finding { code: "way-out-ok", outcome: Outcome::Ok, what, evidence, remedy: String::new() }
}

#[cfg(test)]
mod tests;
