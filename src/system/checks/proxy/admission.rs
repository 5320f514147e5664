//! What a proxy asks for before it opens a tunnel, and what listens there if it is no such proxy.

use super::connect::{ConnectAnswer, ask, dial, is_tls, request};
use super::diagnosis::{self, Diagnosis, ProxyFailure};
use super::{Admission, Attempt, Proxy, unreached};
use crate::settings::{ProxyKind, Secret};
use crate::system::checks::http::{Accept, agent, io_in_words, is_tls_error};
use std::io;
use std::net::TcpStream;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Enough for a proxy to answer a greeting, short enough to ask something else afterwards.
const GREETING: Duration = Duration::from_secs(2);

const WITHOUT_LOGIN: u8 = 0;
const WITH_LOGIN: u8 = 2;
const NO_METHOD: u8 = 0xff;

impl Attempt<'_> {
    /// What the proxy wants, learned without a login where that is possible.
    pub(super) fn admission(&self, proxy: &Proxy) -> Result<Admission, ProxyFailure> {
        match proxy.kind {
            ProxyKind::Http => self.connect(proxy),
            ProxyKind::Socks => self.greet(proxy),
        }
    }

    /// CONNECT, with the login only after a 407 that offers Basic.
    fn connect(&self, proxy: &Proxy) -> Result<Admission, ProxyFailure> {
        let answer = self.connect_with(proxy, None)?;
        if answer.status != 407 {
            return opened(&answer, Admission::WithoutLogin);
        }
        let schemes = answer.schemes();
        if !schemes.iter().any(|scheme| scheme.eq_ignore_ascii_case("basic")) {
            let seen = format!("status 407, offers {}", schemes.join(", "));
            return Err(diagnosis::AUTH_SCHEME.seen(&seen));
        }
        let Some(login) = &proxy.login else {
            return Err(diagnosis::AUTH_NEEDED.seen("status 407"));
        };
        let answer = self.connect_with(proxy, Some(login))?;
        match answer.status {
            // tinyproxy answers 401 where others repeat 407.
            401 | 407 => Err(diagnosis::AUTH_WRONG.seen(&format!("status {}", answer.status))),
            _ => opened(&answer, Admission::LoggedIn),
        }
    }

    /// Each request has a connection of its own, since most proxies close after a refusal.
    fn connect_with(
        &self,
        proxy: &Proxy,
        login: Option<&(String, Secret)>,
    ) -> Result<ConnectAnswer, ProxyFailure> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(diagnosis::NO_REPLY.seen("the test was stopped"));
        }
        let target = &self.outbound.target;
        let port = target.port_or_known_default().unwrap_or(443);
        let target = format!("{}:{port}", target.host_str().unwrap_or_default());
        // The end of the head may be in two reads; what follows it is the target's.
        let is_head = |answer: &[u8]| {
            let tail = &answer[answer.len().saturating_sub(1024)..];
            answer.first().is_some_and(|first| *first != b'H')
                || tail.windows(4).any(|four| four == b"\r\n\r\n")
                || tail.windows(2).any(|two| two == b"\n\n")
        };
        let stream = first_hop(proxy)?;
        let request = request(&target, login);
        let answer = match ask(&stream, request.reveal().as_bytes(), is_head, self.end) {
            Ok(answer) => answer,
            Err(error) => return Err(self.closed_at_once(proxy, &error)),
        };
        match (ConnectAnswer::read(&answer), answer.first()) {
            (Some(answer), _) => Ok(answer),
            (None, Some(b'H')) if answer.starts_with(b"HTTP/1.") && !is_head(&answer) => {
                Err(diagnosis::NO_REPLY.seen("the answer has no end"))
            }
            (None, first) => Err(foreign(first).seen("the answer is not HTTP")),
        }
    }

    /// Dante closes without a byte, TLS servers reset: both deserve a second look. Silence does
    /// not, since a proxy may be waiting for its destination.
    fn closed_at_once(&self, proxy: &Proxy, error: &io::Error) -> ProxyFailure {
        match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
                diagnosis::NO_REPLY.seen("no answer in time")
            }
            _ if self.first_byte(proxy, &[5, 1, WITHOUT_LOGIN]) == Some(5) => {
                diagnosis::IS_SOCKS.seen("it answers a SOCKS greeting")
            }
            _ if self.speaks_tls(proxy) => diagnosis::IS_TLS.seen("it answers a TLS greeting"),
            _ => diagnosis::NO_REPLY.seen(&io_in_words(error)),
        }
    }

    /// The way to log in that a SOCKS proxy chooses. HTTP proxies wait for the end of a line that
    /// never comes, so silence is looked into.
    fn greet(&self, proxy: &Proxy) -> Result<Admission, ProxyFailure> {
        let hello: &[u8] = match proxy.login {
            Some(_) => &[5, 2, WITHOUT_LOGIN, WITH_LOGIN],
            None => &[5, 1, WITHOUT_LOGIN],
        };
        let is_complete =
            |answer: &[u8]| answer.len() > 1 || answer.first().is_some_and(|first| *first != 5);
        let answer = ask(&first_hop(proxy)?, hello, is_complete, self.soon());
        let method = match answer.as_deref() {
            Ok([5, method, ..]) => *method,
            Ok([5]) => return Err(diagnosis::NO_REPLY.seen("the connection was closed")),
            Ok(other) if other.first() == Some(&b'H') => {
                return Err(diagnosis::IS_HTTP.seen("the answer is HTTP"));
            }
            Ok(other) if other.first().copied().is_some_and(is_tls) => {
                return Err(diagnosis::IS_TLS.seen("the answer is TLS"));
            }
            Ok(_) => return Err(diagnosis::NOT_A_PROXY.seen("the answer is not SOCKS 5")),
            Err(error) => return Err(self.not_socks(proxy, error)),
        };
        match (method, &proxy.login) {
            (WITHOUT_LOGIN, _) => Ok(Admission::WithoutLogin),
            (WITH_LOGIN, Some(_)) => Ok(Admission::LoggedIn),
            (NO_METHOD | WITH_LOGIN, None) => Err(&diagnosis::AUTH_NEEDED),
            _ => Err(&diagnosis::AUTH_SCHEME),
        }
        .map_err(|diagnosis| diagnosis.seen(&format!("SOCKS answer 05 {method:02x}")))
    }

    fn not_socks(&self, proxy: &Proxy, error: &io::Error) -> ProxyFailure {
        let options = b"OPTIONS * HTTP/1.1\r\nHost: proxy\r\nConnection: close\r\n\r\n";
        if self.first_byte(proxy, options) == Some(b'H') {
            return diagnosis::IS_HTTP.seen("it answers an HTTP request");
        }
        if self.speaks_tls(proxy) {
            return diagnosis::IS_TLS.seen("it answers a TLS greeting");
        }
        diagnosis::NO_REPLY.seen(&io_in_words(error))
    }

    fn first_byte(&self, proxy: &Proxy, question: &[u8]) -> Option<u8> {
        let stream = dial(&proxy.host, proxy.port).ok()?;
        ask(&stream, question, |answer| !answer.is_empty(), self.soon()).ok()?.first().copied()
    }

    fn speaks_tls(&self, proxy: &Proxy) -> bool {
        let url = format!("https://{}:{}/", proxy.bracketed_host(), proxy.port);
        match agent(None, Accept::Any, self.left().min(GREETING)).head(&url).call() {
            Ok(_) => true,
            Err(error) => is_tls_error(&error),
        }
    }

    fn soon(&self) -> Instant {
        self.end.min(Instant::now() + GREETING)
    }
}

fn first_hop(proxy: &Proxy) -> Result<TcpStream, ProxyFailure> {
    let failures = [&diagnosis::PROXY_DNS, &diagnosis::PROXY_REFUSED, &diagnosis::PROXY_TIMEOUT];
    dial(&proxy.host, proxy.port).map_err(|error| unreached(&error, failures))
}

fn foreign(first: Option<&u8>) -> &'static Diagnosis {
    match first {
        Some(tls) if is_tls(*tls) => &diagnosis::IS_TLS,
        Some(0 | 4 | 5) => &diagnosis::IS_SOCKS,
        _ => &diagnosis::NOT_A_PROXY,
    }
}

fn opened(answer: &ConnectAnswer, admission: Admission) -> Result<Admission, ProxyFailure> {
    if (200..300).contains(&answer.status) {
        return Ok(admission);
    }
    let status = format!("status {}", answer.status);
    let reason = answer.squid_error().unwrap_or_default();
    let seen = if reason.is_empty() { status } else { format!("{status}, {reason}") };
    Err(refusal(answer.status, reason).seen(&seen))
}

/// What a status other than 2xx and 407 means; `reason` is Squid's, with the errno at its end.
fn refusal(status: u16, reason: &str) -> &'static Diagnosis {
    match status {
        403 | 451 => &diagnosis::FORBIDDEN,
        503 if reason.ends_with(" 111") => &diagnosis::DEST_REFUSED,
        503 if reason.ends_with(" 110") => &diagnosis::DEST_TIMEOUT,
        504 => &diagnosis::DEST_TIMEOUT,
        // Web servers do not know CONNECT: nginx 400 or 405, Apache 405, Python 501.
        500 | 502 | 503 => &diagnosis::DEST_FAILED,
        _ => &diagnosis::NOT_A_PROXY,
    }
}
