//! A plain connection with a time limit, for the first words with a proxy.

use super::diagnosis::{self, Diagnosis, ProxyFailure};
use super::{Attempt, Proxy};
use crate::system::checks::http::{CONNECT, HEAD, io_in_words};
use crate::system::resolve;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Connects to the first address that accepts, `[…]` around an IPv6 allowed.
///
/// # Errors
/// The diagnosis `unknown` where the name has no address; of several addresses that are not reached
/// the last one counts.
pub(super) fn dial(
    host: &str,
    port: u16,
    [unknown, refused, silent]: [&'static Diagnosis; 3],
) -> Result<TcpStream, ProxyFailure> {
    let failed = |diagnosis: &'static Diagnosis, error| diagnosis.seen(&io_in_words(&error));
    let addresses = resolve(host.trim_matches(['[', ']']), port, CONNECT)
        .map_err(|error| failed(unknown, error))?;
    let share = CONNECT / u32::try_from(addresses.len()).unwrap_or(1).max(1);
    let mut failure = failed(unknown, io::ErrorKind::NotFound.into());
    for address in addresses {
        failure = match TcpStream::connect_timeout(&address, share.max(Duration::from_secs(1))) {
            Ok(stream) => return Ok(stream),
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                failed(refused, error)
            }
            Err(error) => failed(silent, error),
        };
    }
    Err(failure)
}

impl Attempt<'_> {
    /// Connects to a proxy, unless the test was stopped.
    pub(super) fn first_hop(&self, proxy: &Proxy) -> Result<TcpStream, ProxyFailure> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(diagnosis::NO_REPLY.seen("the test was stopped"));
        }
        let failures =
            [&diagnosis::PROXY_DNS, &diagnosis::PROXY_REFUSED, &diagnosis::PROXY_TIMEOUT];
        dial(&proxy.host, proxy.port, failures)
    }

    /// Sends a question and reads until `is_whole`, the end, 64 KiB or `end`. The answer is not
    /// empty.
    ///
    /// # Errors
    /// Those of the connection, `TimedOut` included. An end without a byte is `UnexpectedEof`, a
    /// test that was stopped `Interrupted`.
    pub(super) fn ask(
        &self,
        mut stream: &TcpStream,
        question: &[u8],
        is_whole: impl Fn(&[u8]) -> bool,
        end: Instant,
    ) -> io::Result<Vec<u8>> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let left = || end.saturating_duration_since(Instant::now());
        let patience = || (!left().is_zero()).then(left).ok_or(io::ErrorKind::TimedOut);
        stream.set_write_timeout(Some(patience()?))?;
        stream.write_all(question)?;
        let (mut answer, mut chunk) = (Vec::new(), [0; 512]);
        while !is_whole(&answer) && answer.len() < HEAD {
            stream.set_read_timeout(Some(patience()?))?;
            match stream.read(&mut chunk)? {
                0 if answer.is_empty() => return Err(io::ErrorKind::UnexpectedEof.into()),
                0 => break,
                length => answer.extend_from_slice(&chunk[..length]),
            }
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn brackets_around_an_ipv6_are_not_part_of_it() {
        assert_ne!(code("[::1]", 1), "direct-dns");
    }
}
