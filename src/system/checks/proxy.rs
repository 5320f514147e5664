//! Kestra's outbound connection, tried from here: through the forward proxy, or directly, to
//! Kestra's API.
//!
//! It connects as Kestra's HTTP client does, with one difference: the login is sent only to a proxy
//! that asks for it. Every way to fail has a code of its own.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "connections with a time limit, and the operator is told how long it took"
)]

mod diagnosis;
mod first_hop;

use super::http::{Accept, agent, in_words, io_in_words, is_tls_error, refused_certificate, shown};
use crate::checks::{Finding, Outcome};
use crate::settings::{ProxyKind, Secret};
use diagnosis::{Diagnosis, ProxyFailure};
use first_hop::{WITHOUT_LOGIN, dial};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use ureq::{Error, Timeout};
use url::{Position, Url};

/// The longest that a test may take in all.
const TOTAL: Duration = Duration::from_secs(10);

/// Enough for a proxy to answer a greeting, short enough to ask something else afterwards.
const GREETING: Duration = Duration::from_secs(2);

/// An outbound connection. Its `Debug` masks the password.
#[derive(Debug, Clone)]
pub struct Outbound {
    /// `None` for a direct connection.
    pub proxy: Option<Proxy>,
    /// An address that has to answer: `https://api.kestra.io`, or another http or https one.
    pub target: Url,
}

/// A forward proxy, and the login that it may ask for.
#[derive(Debug, Clone)]
pub struct Proxy {
    /// What it speaks according to the operator.
    pub kind: ProxyKind,
    /// A name or an address; an IPv6 address may have its brackets.
    pub host: String,
    /// The TCP port that it listens on.
    pub port: u16,
    /// Username and password, if both are known.
    pub login: Option<(String, Secret)>,
}

/// What the first hop asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Admission {
    NoProxy,
    WithoutLogin,
    LoggedIn,
}

/// Tries an outbound connection, and tells each step that it begins, such as "connecting". Blocks
/// for ten seconds or little more, and does no further step once `cancelled` is set.
///
/// It never fails: whatever happens is the finding. The password is no part of it, even if the
/// proxy repeats it.
pub fn outbound(
    outbound: &Outbound,
    cancelled: &AtomicBool,
    tell: &dyn Fn(&'static str),
) -> Finding {
    let attempt = Attempt { outbound, cancelled, tell, end: Instant::now() + TOTAL };
    let result = attempt.run();
    if cancelled.load(Ordering::Relaxed) {
        return Finding::cancelled();
    }
    let site = shown(&outbound.target[Position::BeforeHost..Position::AfterPort]);
    let proxy = outbound.proxy.as_ref().map_or_else(String::new, Proxy::name);
    let (admission, seen) = match result {
        Ok(reached) => reached,
        Err(failure) => return failure.finding(&proxy, &site),
    };
    let summary = match admission {
        Admission::NoProxy => format!("{site} answers without a proxy"),
        Admission::WithoutLogin => {
            format!("{site} answers through {proxy}, which asks for no password")
        }
        Admission::LoggedIn => format!("{site} answers through {proxy}, which took the password"),
    };
    let took = TOTAL.saturating_sub(attempt.left());
    let evidence = format!("{seen}; {:.1} s", took.as_secs_f32());
    Finding::new("way-out-ok", Outcome::Ok, summary).seen(evidence)
}

impl Proxy {
    /// `host:port`, fit for a terminal.
    fn name(&self) -> String {
        shown(&format!("{}:{}", self.host, self.port))
    }

    /// The host as it is written in a URL.
    fn bracketed_host(&self) -> String {
        let host = self.host.trim_matches(['[', ']']);
        if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
    }

    /// The proxy as the library knows it. It resolves the target's name, as Netty's proxies do.
    fn with_login(&self, login: Option<&(String, Secret)>) -> Result<ureq::Proxy, Error> {
        let protocol = match self.kind {
            ProxyKind::Http => ureq::ProxyProtocol::Http,
            ProxyKind::Socks => ureq::ProxyProtocol::Socks5h,
        };
        let host = self.bracketed_host();
        let builder =
            ureq::Proxy::builder(protocol).host(&host).port(self.port).resolve_target(false);
        match login {
            Some((username, password)) => builder.username(username).password(password.reveal()),
            None => builder,
        }
        .build()
    }
}

/// One test, and the time that is left for it.
struct Attempt<'a> {
    outbound: &'a Outbound,
    cancelled: &'a AtomicBool,
    tell: &'a dyn Fn(&'static str),
    end: Instant,
}

impl Attempt<'_> {
    fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// The first hop, then one request. Any status will do: the site was reached.
    fn run(&self) -> Result<(Admission, String), ProxyFailure> {
        (self.tell)("connecting");
        let admission = match &self.outbound.proxy {
            None => {
                let target = &self.outbound.target;
                let port = target.port_or_known_default().unwrap_or(443);
                let failures = [
                    &diagnosis::DIRECT_DNS,
                    &diagnosis::DIRECT_REFUSED,
                    &diagnosis::DIRECT_TIMEOUT,
                ];
                dial(target.host_str().unwrap_or_default(), port, failures)?;
                Admission::NoProxy
            }
            Some(proxy) if proxy.kind == ProxyKind::Socks => self.greet(proxy)?,
            Some(proxy) => self.connect(proxy)?,
        };
        (self.tell)("waiting for the answer");
        let error = match self.head(admission, Accept::Trusted) {
            Ok(seen) => return Ok((admission, seen)),
            Err(error) => error,
        };
        let Some(refused) = refused_certificate(&error) else {
            return Err(self.explain(&error, admission));
        };
        // Whoever shows that certificate may be worth knowing; nothing secret is sent to it.
        let answers = match self.head(admission, Accept::Any) {
            Ok(seen) => format!("; without verification: {seen}"),
            Err(_) => String::new(),
        };
        let diagnosis =
            if refused.is_untrusted { &diagnosis::TLS_UNTRUSTED } else { &diagnosis::TLS_INVALID };
        Err(diagnosis.seen(&format!("{}{answers}", refused.reason)))
    }

    /// `HEAD` of the target, through the proxy with its login if that was asked for.
    fn head(&self, admission: Admission, accept: Accept) -> Result<String, Error> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(io::Error::from(io::ErrorKind::Interrupted).into());
        }
        let proxy = self.outbound.proxy.as_ref().map(|proxy| {
            proxy.with_login(proxy.login.as_ref().filter(|_| admission == Admission::LoggedIn))
        });
        let agent = agent(proxy.transpose()?, accept, self.left());
        let answer = agent.head(self.outbound.target.as_str()).call()?;
        Ok(format!("status {}", answer.status().as_u16()))
    }

    /// What listens there, where that closed the connection: dante closes without a byte, TLS
    /// servers reset. HTTP proxies wait for the end of a greeting of SOCKS; to silence after CONNECT
    /// there is nothing more to ask, since a proxy may be waiting for its destination.
    fn another(&self, proxy: &Proxy, error: &io::Error) -> ProxyFailure {
        let is_silence =
            matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock);
        let (question, first, diagnosis) = match proxy.kind {
            ProxyKind::Http if is_silence => {
                return diagnosis::NO_REPLY.seen("no answer in time");
            }
            ProxyKind::Http => (&[5, 1, WITHOUT_LOGIN][..], 5, &diagnosis::IS_SOCKS),
            ProxyKind::Socks => (
                &b"OPTIONS * HTTP/1.1\r\nHost: proxy\r\nConnection: close\r\n\r\n"[..],
                b'H',
                &diagnosis::IS_HTTP,
            ),
        };
        let answer = self.ask(proxy, question, GREETING, |answer| answer.first().copied());
        if matches!(answer, Ok(Ok(it)) if it == first) {
            return diagnosis.seen("it answers a greeting");
        }
        if self.speaks_tls(proxy) {
            return diagnosis::IS_TLS.seen("it answers a TLS greeting");
        }
        diagnosis::NO_REPLY.seen(&io_in_words(error))
    }

    fn speaks_tls(&self, proxy: &Proxy) -> bool {
        let url = format!("https://{}:{}/", proxy.bracketed_host(), proxy.port);
        match agent(None, Accept::Any, self.left().min(GREETING)).head(&url).call() {
            Ok(_) => true,
            Err(error) => is_tls_error(&error),
        }
    }

    /// Why the request failed although the first hop did not.
    fn explain(&self, error: &Error, admission: Admission) -> ProxyFailure {
        let is_https = self.outbound.target.scheme() == "https";
        let is_socks = matches!(&self.outbound.proxy, Some(it) if it.kind == ProxyKind::Socks);
        let seen = in_words(error);
        let is_connecting = match error {
            Error::ConnectProxyFailed(_) => return diagnosis::DEST_FAILED.seen(&seen),
            Error::Timeout(Timeout::Connect) if is_socks => {
                return diagnosis::NO_REPLY.seen(&seen);
            }
            Error::Io(error) => {
                if is_socks && let Some(diagnosis) = socks_refusal(error, admission) {
                    return diagnosis.seen(&seen);
                }
                // The TLS handshake is a part of connecting; this is what comes after it.
                error.to_string() != "Peer disconnected"
            }
            error => matches!(error, Error::Timeout(Timeout::Connect)),
        };
        if is_https && is_connecting {
            return diagnosis::TLS_CLOSED.seen(&seen);
        }
        diagnosis::SITE_SILENT.seen(&seen)
    }
}

/// What a SOCKS proxy refused, by the words that ureq has for the codes of RFC 1928 and 1929.
fn socks_refusal(error: &io::Error, admission: Admission) -> Option<&'static Diagnosis> {
    Some(match error.to_string().as_str() {
        "password authentication failed" => &diagnosis::AUTH_WRONG,
        "connection not allowed by ruleset" => &diagnosis::FORBIDDEN,
        "connection refused" => &diagnosis::DEST_REFUSED,
        "TTL expired" => &diagnosis::DEST_TIMEOUT,
        "general SOCKS server failure"
        | "network unreachable"
        | "host unreachable"
        | "command not supported"
        | "address kind not supported"
        | "unknown error"
        | "domain name too long" => &diagnosis::DEST_FAILED,
        // Some proxies close the connection instead of refusing a login.
        "failed to fill whole buffer" if admission == Admission::LoggedIn => &diagnosis::AUTH_WRONG,
        "failed to fill whole buffer" | "invalid response version" => &diagnosis::NO_REPLY,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
