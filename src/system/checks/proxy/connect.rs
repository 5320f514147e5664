//! The first words with a proxy, on a plain connection: CONNECT without a login, a SOCKS greeting,
//! or the question what else listens there.
//!
//! This stays beside the HTTP library, which sends a login unasked and drops the headers of a
//! refusal: Squid and tinyproxy tell what is wrong by the status, and Squid adds the reason in
//! `X-Squid-Error`.

use crate::settings::{Secret, basic_header};
use crate::system::checks::http::{CONNECT, HEAD};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum DialError {
    /// The name has no address.
    #[error(transparent)]
    Unknown(io::Error),
    /// Nobody accepted the connection; of several addresses the last one counts.
    #[error(transparent)]
    Unreached(io::Error),
}

/// Connects to the first address that accepts, `[…]` around an IPv6 allowed.
pub(super) fn dial(host: &str, port: u16) -> Result<TcpStream, DialError> {
    let addresses =
        resolve(host.trim_matches(['[', ']']).to_owned(), port).map_err(DialError::Unknown)?;
    let share = CONNECT / u32::try_from(addresses.len()).unwrap_or(1).max(1);
    let mut result = Err(DialError::Unknown(io::ErrorKind::NotFound.into()));
    for address in addresses {
        let share = share.max(Duration::from_secs(1));
        result = TcpStream::connect_timeout(&address, share).map_err(DialError::Unreached);
        if result.is_ok() {
            break;
        }
    }
    result
}

/// Without the thread, a name server that does not answer would hold the check for minutes.
fn resolve(host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
    let (done, result) = channel();
    thread::Builder::new().spawn(move || {
        let addresses = (host.as_str(), port).to_socket_addrs();
        drop(done.send(addresses.map(Iterator::collect)));
    })?;
    result.recv_timeout(CONNECT).map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

/// Sends a question and reads until `is_complete`, the end, 64 KiB or `end`.
///
/// # Errors
/// Those of the connection, `TimedOut` included. An end without a byte is `UnexpectedEof`.
pub(super) fn ask(
    mut stream: &TcpStream,
    question: &[u8],
    is_complete: impl Fn(&[u8]) -> bool,
    end: Instant,
) -> io::Result<Vec<u8>> {
    let left = || end.saturating_duration_since(Instant::now());
    let patience = || (!left().is_zero()).then(left).ok_or(io::ErrorKind::TimedOut);
    stream.set_write_timeout(Some(patience()?))?;
    stream.write_all(question)?;
    let (mut answer, mut chunk) = (Vec::new(), [0; 512]);
    while !is_complete(&answer) && answer.len() < HEAD {
        stream.set_read_timeout(Some(patience()?))?;
        match stream.read(&mut chunk)? {
            0 if answer.is_empty() => return Err(io::ErrorKind::UnexpectedEof.into()),
            0 => break,
            length => answer.extend_from_slice(&chunk[..length]),
        }
    }
    Ok(answer)
}

/// The CONNECT of Micronaut's client (Netty's `HttpProxyHandler`): a `Host` header, and the login.
pub(super) fn request(target: &str, login: Option<&(String, Secret)>) -> Secret {
    let login = login.map_or_else(String::new, |(username, password)| {
        format!("Proxy-Authorization: {}\r\n", basic_header(username, password).reveal())
    });
    format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{login}\r\n").into()
}

/// The answer to CONNECT. The reason phrase is dropped: a hostile proxy could put anything there,
/// the password that it was sent included.
#[derive(Debug)]
pub(super) struct ConnectAnswer {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
}

impl ConnectAnswer {
    /// `None` where this is no complete head of HTTP/1.
    pub(super) fn read(head: &[u8]) -> Option<Self> {
        let head = String::from_utf8_lossy(head);
        let mut lines = head.split_once("\r\n\r\n").or_else(|| head.split_once("\n\n"))?.0.lines();
        let status = lines.next()?.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()?;
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_lowercase(), value.trim().to_owned()))
        };
        Some(Self { status, headers: lines.filter_map(header).collect() })
    }

    fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The schemes in `Proxy-Authenticate`, which may be one header each or a list in one.
    pub(super) fn schemes(&self) -> Vec<&str> {
        self.headers("proxy-authenticate")
            .flat_map(|value| value.split(','))
            .filter_map(|part| part.split_whitespace().next())
            .filter(|word| !word.contains('='))
            .collect()
    }

    /// Squid's own reason, such as `ERR_CONNECT_FAIL 111`, if it looks like one.
    pub(super) fn squid_error(&self) -> Option<&str> {
        let reason = self.headers("x-squid-error").next()?;
        let (name, errno) = reason.strip_prefix("ERR_")?.split_once(' ')?;
        let is_name = name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        (is_name && errno.parse::<u16>().is_ok()).then_some(reason)
    }
}

/// Whether a byte is the start of a TLS alert or handshake message.
pub(super) fn is_tls(first: u8) -> bool {
    matches!(first, 0x15 | 0x16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_name_without_an_address_is_unknown() {
        // A label over 63 bytes fails inside the resolver, without a question to the network.
        assert!(matches!(dial(&"x".repeat(64), 80), Err(DialError::Unknown(_))));
    }

    #[test]
    fn brackets_around_an_ipv6_are_not_part_of_it() {
        assert!(matches!(dial("[::1]", 1), Err(DialError::Unreached(_))));
    }

    #[test]
    fn a_silent_peer_is_not_waited_for_longer_than_allowed() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = dial("127.0.0.1", listener.local_addr().unwrap().port()).unwrap();
        let end = Instant::now() + Duration::from_millis(30);
        let error = ask(&stream, b"?", |_| false, end).unwrap_err();
        assert!(matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut));
    }

    #[test]
    fn what_is_not_http_is_no_answer() {
        for head in ["HTTP/1.1 2\u{e9}0 x\r\n\r\n", "HTTP/2 200\r\n\r\n", "SSH-2.0\n\n", "\n\n"] {
            assert!(ConnectAnswer::read(head.as_bytes()).is_none(), "{head}");
        }
        let head = b"HTTP/1.0 407 No\r\nproxy-AUTHENTICATE:  NTLM\nx\r\n\r\nrest";
        assert_eq!(ConnectAnswer::read(head).unwrap().schemes(), ["NTLM"]);
    }
}
