//! A plain connection with a time limit, for the first words with a proxy.

use super::diagnosis::{self, ProxyFailure};
use super::{Attempt, Proxy, unreached};
use crate::system::checks::http::{CONNECT, HEAD};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::atomic::Ordering;
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

impl Attempt<'_> {
    /// Connects to a proxy, unless the test was stopped.
    pub(super) fn first_hop(&self, proxy: &Proxy) -> Result<TcpStream, ProxyFailure> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(diagnosis::NO_REPLY.seen("the test was stopped"));
        }
        let failures =
            [&diagnosis::PROXY_DNS, &diagnosis::PROXY_REFUSED, &diagnosis::PROXY_TIMEOUT];
        dial(&proxy.host, proxy.port).map_err(|error| unreached(&error, failures))
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

    #[test]
    fn a_name_without_an_address_is_unknown() {
        // A label over 63 bytes fails inside the resolver, without a question to the network.
        assert!(matches!(dial(&"x".repeat(64), 80), Err(DialError::Unknown(_))));
    }

    #[test]
    fn brackets_around_an_ipv6_are_not_part_of_it() {
        assert!(matches!(dial("[::1]", 1), Err(DialError::Unreached(_))));
    }
}
