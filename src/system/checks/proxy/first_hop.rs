//! The first hop to a proxy: a plain connection with a time limit, then CONNECT to an HTTP proxy or
//! the greeting of a SOCKS proxy.
//!
//! The HTTP library sends a login unasked and drops the headers of a refusal: Squid and tinyproxy
//! tell what is wrong by the status, and Squid adds the reason in `X-Squid-Error`.

use super::diagnosis::{self, Diagnosis, ProxyFailure};
use super::{Admission, Attempt, GREETING, Proxy, TOTAL};
use crate::settings::{Secret, basic_header};
use crate::system::checks::http::{CONNECT, HEAD, io_in_words};
use crate::system::resolve;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// The ways to log in to a SOCKS proxy.
pub(super) const WITHOUT_LOGIN: u8 = 0;
const WITH_LOGIN: u8 = 2;
const NO_METHOD: u8 = 0xff;

impl Attempt<'_> {
    /// CONNECT, with the login only after a 407 that offers Basic.
    pub(super) fn connect(&self, proxy: &Proxy) -> Result<Admission, ProxyFailure> {
        let answer = self.connect_with(proxy, None)?;
        if answer.status != 407 {
            return answer.opened(Admission::WithoutLogin);
        }
        let mut schemes = answer.offers.split(',').filter_map(|it| it.split_whitespace().next());
        if !schemes.any(|scheme| scheme.eq_ignore_ascii_case("basic")) {
            let seen = format!("status 407, offers {}", answer.offers);
            return Err(diagnosis::AUTH_SCHEME.seen(&seen));
        }
        let needs_login = || diagnosis::AUTH_NEEDED.seen("status 407");
        let login = proxy.login.as_ref().ok_or_else(needs_login)?;
        (self.tell)("logging in");
        let answer = self.connect_with(proxy, Some(login))?;
        match answer.status {
            // tinyproxy answers 401 where others repeat 407.
            401 | 407 => Err(diagnosis::AUTH_WRONG.seen(&format!("status {}", answer.status))),
            _ => answer.opened(Admission::LoggedIn),
        }
    }

    /// The request of Micronaut's client (Netty's `HttpProxyHandler`), on a connection of its own:
    /// most proxies close after a refusal.
    fn connect_with(
        &self,
        proxy: &Proxy,
        login: Option<&(String, Secret)>,
    ) -> Result<ConnectAnswer, ProxyFailure> {
        let target = &self.outbound.target;
        let port = target.port_or_known_default().unwrap_or(443);
        let target = format!("{}:{port}", target.host_str().unwrap_or_default());
        let login = login.map_or_else(String::new, |(username, password)| {
            format!("Proxy-Authorization: {}\r\n", basic_header(username, password).reveal())
        });
        let request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{login}\r\n");
        let request = Secret::from(request);
        let read = |answer: &[u8]| {
            let seen = |error: httparse::Error| {
                diagnosis::spoken(proxy.kind, answer[0]).seen(&error.to_string())
            };
            ConnectAnswer::read(answer).map_err(seen).transpose()
        };
        let answer = self.ask(proxy, request.reveal().as_bytes(), TOTAL, read)?;
        answer.map_err(|error| self.another(proxy, &error))?
    }

    /// Whether a SOCKS proxy wants the login, which the HTTP library sends to it.
    pub(super) fn greet(&self, proxy: &Proxy) -> Result<Admission, ProxyFailure> {
        let hello: &[u8] = match proxy.login {
            Some(_) => &[5, 2, WITHOUT_LOGIN, WITH_LOGIN],
            None => &[5, 1, WITHOUT_LOGIN],
        };
        let read = |answer: &[u8]| match *answer {
            [5, method, ..] => Some(Ok(method)),
            [5] | [] => None,
            [first, ..] => {
                let diagnosis = diagnosis::spoken(proxy.kind, first);
                Some(Err(diagnosis.seen("the answer is not SOCKS 5")))
            }
        };
        let answer = self.ask(proxy, hello, GREETING, read)?;
        let method = answer.map_err(|error| self.another(proxy, &error))??;
        let refusal = match (method, &proxy.login) {
            (WITHOUT_LOGIN, _) => return Ok(Admission::WithoutLogin),
            (WITH_LOGIN, Some((username, password))) => {
                if username.len().max(password.reveal().len()) > 255 {
                    let seen = "SOCKS carries at most 255 bytes of each";
                    return Err(diagnosis::AUTH_WRONG.seen(seen));
                }
                return Ok(Admission::LoggedIn);
            }
            (NO_METHOD | WITH_LOGIN, None) => &diagnosis::AUTH_NEEDED,
            _ => &diagnosis::AUTH_SCHEME,
        };
        Err(refusal.seen(&format!("SOCKS answer 05 {method:02x}")))
    }

    /// Connects to a proxy, sends a question and reads until `read` gives an answer.
    ///
    /// # Errors
    /// The outer one is that the proxy is not reached or the test was stopped. The inner one is
    /// that there was no answer in time, within 64 KiB, or before the connection was closed.
    pub(super) fn ask<T>(
        &self,
        proxy: &Proxy,
        question: &[u8],
        time: Duration,
        read: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<io::Result<T>, ProxyFailure> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(diagnosis::NO_REPLY.seen("the test was stopped"));
        }
        let failures =
            [&diagnosis::PROXY_DNS, &diagnosis::PROXY_REFUSED, &diagnosis::PROXY_TIMEOUT];
        let stream = dial(&proxy.host, proxy.port, failures)?;
        Ok(exchange(stream, question, self.end.min(Instant::now() + time), read))
    }
}

fn exchange<T>(
    mut stream: TcpStream,
    question: &[u8],
    end: Instant,
    read: impl Fn(&[u8]) -> Option<T>,
) -> io::Result<T> {
    let left = || match end.saturating_duration_since(Instant::now()) {
        Duration::ZERO => Err(io::ErrorKind::TimedOut),
        left => Ok(Some(left)),
    };
    stream.set_write_timeout(left()?)?;
    stream.write_all(question)?;
    let (mut answer, mut chunk) = (Vec::new(), [0; 512]);
    while answer.len() < HEAD {
        stream.set_read_timeout(left()?)?;
        let length = stream.read(&mut chunk)?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        answer.extend_from_slice(&chunk[..length]);
        if let Some(answer) = read(&answer) {
            return Ok(answer);
        }
    }
    Err(io::ErrorKind::InvalidData.into())
}

/// The answer to CONNECT. The reason phrase is dropped: a hostile proxy could put anything there,
/// the password that it was sent included.
#[derive(Debug, PartialEq, Eq)]
struct ConnectAnswer {
    status: u16,
    /// The schemes in `Proxy-Authenticate`, which may be one header each or a list in one.
    offers: String,
    /// Squid's own, such as `ERR_CONNECT_FAIL 111`, which ends in an errno.
    reason: String,
}

impl ConnectAnswer {
    /// `None` where the head has no end yet.
    fn read(answer: &[u8]) -> Result<Option<Self>, httparse::Error> {
        let mut headers = [httparse::EMPTY_HEADER; 100];
        let mut response = httparse::Response::new(&mut headers);
        let mut parser = httparse::ParserConfig::default();
        parser.ignore_invalid_headers_in_responses(true);
        if parser.parse_response(&mut response, answer)?.is_partial() {
            return Ok(None);
        }
        let values = |name: &str| {
            let is_it = |it: &&httparse::Header| it.name.eq_ignore_ascii_case(name);
            let values = response.headers.iter().filter(is_it).map(|it| it.value);
            values.map(|it| String::from_utf8_lossy(it).into_owned()).collect::<Vec<_>>()
        };
        let is_plain = |byte: u8| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_' | b' ');
        let is_reason = |it: &String| it.starts_with("ERR_") && it.bytes().all(is_plain);
        let reason = values("x-squid-error").into_iter().find(is_reason).unwrap_or_default();
        let (status, offers) = (response.code.unwrap_or_default(), values("proxy-authenticate"));
        Ok(Some(Self { status, offers: offers.join(", "), reason }))
    }

    fn opened(&self, admission: Admission) -> Result<Admission, ProxyFailure> {
        let Self { status, reason, .. } = self;
        if (200..300).contains(status) {
            return Ok(admission);
        }
        let seen = format!("status {status} {reason}");
        Err(diagnosis::refused(*status, reason).seen(seen.trim_end()))
    }
}

/// Connects to a host, `[…]` around an IPv6 allowed.
///
/// # Errors
/// The diagnosis `unknown` where the name has no address; of several addresses that are not reached
/// the last one counts.
pub(super) fn dial(
    host: &str,
    port: u16,
    [unknown, refused, silent]: [&'static Diagnosis; 3],
) -> Result<TcpStream, ProxyFailure> {
    let seen = |diagnosis: &'static Diagnosis, error| diagnosis.seen(&io_in_words(&error));
    let addresses = resolve(host.trim_matches(['[', ']']), port, CONNECT)
        .map_err(|error| seen(unknown, error))?;
    connect(&addresses, CONNECT).map_err(|error| match error.kind() {
        io::ErrorKind::ConnectionRefused => seen(refused, error),
        _ => seen(silent, error),
    })
}

/// Connects to the first address that accepts. However many there are, it takes no longer than this.
fn connect(addresses: &[SocketAddr], time: Duration) -> io::Result<TcpStream> {
    let end = Instant::now() + time;
    let share = time / u32::try_from(addresses.len()).unwrap_or(1).max(1);
    let mut result = Err(io::ErrorKind::TimedOut.into());
    for address in addresses {
        let left = end.saturating_duration_since(Instant::now());
        if result.is_ok() || left.is_zero() {
            break;
        }
        result = TcpStream::connect_timeout(address, share.max(Duration::from_secs(1)).min(left));
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn code(host: &str, port: u16) -> &'static str {
        let failures =
            [&diagnosis::DIRECT_DNS, &diagnosis::DIRECT_REFUSED, &diagnosis::DIRECT_TIMEOUT];
        dial(host, port, failures).unwrap_err().finding("", "").code
    }

    #[test]
    fn a_name_without_an_address_is_unknown() {
        // A label over 63 bytes fails inside the resolver, without a question to the network.
        assert_eq!(code(&"x".repeat(64), 80), "direct-dns");
    }

    #[test]
    fn a_name_of_many_silent_addresses_takes_no_longer_than_one_of_a_few() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        let address = listener.local_addr().unwrap();
        let second = Duration::from_secs(1);
        let _full: Vec<_> =
            (0..4).map_while(|_| TcpStream::connect_timeout(&address, second / 5).ok()).collect();
        let started = Instant::now();
        let error = connect(&[address; 20], second / 2).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(started.elapsed() < 5 * second, "{:?}", started.elapsed());
    }

    #[test]
    fn brackets_around_an_ipv6_are_not_part_of_it() {
        assert_ne!(code("[::1]", 1), "direct-dns");
    }

    #[test]
    fn what_is_not_http_is_no_answer() {
        for head in ["HTTP/1.1 2\u{e9}0 x\r\n\r\n", "HTTP/2 200\r\n\r\n", "SSH-2.0\n\n", "x"] {
            assert!(ConnectAnswer::read(head.as_bytes()).is_err(), "{head}");
        }
        let head = b"HTTP/1.0 407 No\r\nproxy-AUTHENTICATE:  NTLM\nx\r\n\r\nrest";
        assert_eq!(ConnectAnswer::read(head).unwrap().unwrap().offers, "NTLM");
    }
}
