//! The head of an HTTP/1 answer, read with a limit and without trust.

use crate::settings::Secret;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::io::{self, BufRead, Read};
use url::{Position, Url};
use zeroize::Zeroizing;

/// The most bytes of an answer's head; Squid's own limit is 64 KB as well.
const HEAD: u64 = 64 * 1024;

/// The status and the headers of an answer.
///
/// The reason phrase is dropped. It is for people, and a hostile server could put anything there,
/// the password that it was sent included.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// The status, three digits.
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
}

impl Head {
    /// The values of all headers of that name, which may be written in any case.
    pub(crate) fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| &**v)
    }

    /// How many bytes follow, as far as the server says so.
    pub(crate) fn length(&self) -> u64 {
        let length = self.headers("Content-Length").next();
        length.and_then(|length| length.parse().ok()).unwrap_or(u64::MAX)
    }
}

/// Reads up to and including the empty line; what follows stays in `reader`.
///
/// # Errors
/// `InvalidData` if it is not HTTP/1, `UnexpectedEof` if it ends before the empty line or is
/// longer than 64 KiB, and those of `reader`.
pub(crate) fn read_head(reader: &mut impl BufRead) -> io::Result<Head> {
    let mut reader = reader.take(HEAD);
    let line = read_line(&mut reader)?;
    let status = status(&line).ok_or(io::ErrorKind::InvalidData)?;
    let mut headers = Vec::new();
    loop {
        match read_line(&mut reader)? {
            end if end.is_empty() => return Ok(Head { status, headers }),
            header => headers.extend(split(&header)),
        }
    }
}

/// One line without its end.
fn read_line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line)?;
    if line.pop() != Some(b'\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let line = line.strip_suffix(b"\r").unwrap_or(&line);
    Ok(String::from_utf8_lossy(line).into_owned())
}

fn status(line: &str) -> Option<u16> {
    let digits = line.strip_prefix("HTTP/1.")?.get(2..5)?;
    digits.parse().ok().filter(|status| (100..1000).contains(status))
}

fn split(header: &str) -> Option<(String, String)> {
    let (name, value) = header.split_once(':')?;
    Some((name.into(), value.trim().into()))
}

/// The credentials of Basic (RFC 7617) as Micronaut writes them: UTF-8, then Base64.
pub(crate) fn basic(username: &str, password: &Secret) -> Secret {
    let plain = Zeroizing::new(format!("{username}:{}", password.reveal()));
    BASE64_STANDARD.encode(plain.as_bytes()).into()
}

/// `host:port` of an address, the port always there, as CONNECT wants it.
pub(crate) fn authority(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), port(url))
}

/// `host` or `host:port` of an address, the port only if it is not the usual one.
pub(crate) fn host_header(url: &Url) -> &str {
    &url[Position::BeforeHost..Position::AfterPort]
}

/// The port of an address; of a scheme that has none, 443.
pub(crate) fn port(url: &Url) -> u16 {
    url.port_or_known_default().unwrap_or(443)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(answer: &[u8]) -> Result<Head, io::ErrorKind> {
        read_head(&mut &*answer).map_err(|error| error.kind())
    }

    #[test]
    fn headers_are_found_in_any_case() {
        let head = read(b"HTTP/1.0 407 No\r\nproxy-AUTHENTICATE:  NTLM\nx\r\n\r\nrest").unwrap();
        assert_eq!(head.status, 407);
        assert_eq!(head.headers("Proxy-Authenticate").collect::<Vec<_>>(), ["NTLM"]);
    }

    #[test]
    fn a_body_stays_unread() {
        let mut reader = &b"HTTP/1.1 200 OK\r\n\r\nbody"[..];
        read_head(&mut reader).unwrap();
        assert_eq!(reader, b"body");
    }

    #[test]
    fn endless_headers_end() {
        let endless = [&b"HTTP/1.1 200 OK\r\n"[..], &b"a: b\r\n".repeat(20_000)].concat();
        assert_eq!(read(&endless), Err(io::ErrorKind::UnexpectedEof));
        assert_eq!(read(&b"H".repeat(70_000)), Err(io::ErrorKind::UnexpectedEof));
    }

    #[test]
    fn what_is_not_http_is_refused() {
        for answer in ["HTTP/1.1 2\u{e9}0 x\r\n\r\n", "HTTP/2 200\r\n\r\n", "SSH-2.0\n", "\n"] {
            assert_eq!(read(answer.as_bytes()), Err(io::ErrorKind::InvalidData), "{answer}");
        }
    }

    #[test]
    fn the_usual_port_is_only_in_the_authority() {
        let url = Url::parse("https://[::1]/x").unwrap();
        assert_eq!((authority(&url).as_str(), host_header(&url)), ("[::1]:443", "[::1]"));
    }
}
