//! From a name and a port to a connection that keeps to its budget.

#![expect(clippy::disallowed_types, reason = "this is where connections come from")]

use super::Budget;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

/// The longest that all addresses of a name together may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(5);

/// The least that one of many addresses gets of it.
const LEAST: Duration = Duration::from_secs(1);

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DialError {
    /// The name has no address.
    #[error("{0}")]
    Unknown(String),
    /// The machine is there, and nothing listens on the port.
    #[error("connection refused")]
    Refused,
    /// Nobody answered in time, or the network said that nobody can.
    #[error("{0}")]
    Silent(String),
}

/// A connection that waits for nothing longer than its budget allows.
#[derive(Debug)]
pub(crate) struct Wire<'a> {
    stream: TcpStream,
    budget: Budget<'a>,
}

impl<'a> Wire<'a> {
    /// Goes on with another limit.
    pub(crate) fn within(&mut self, budget: Budget<'a>) {
        self.budget = budget;
    }
}

/// A connection to the first address of `host` that takes one, `[…]` around an IPv6 allowed.
///
/// # Errors
/// [`DialError`]; of several addresses the last one counts.
pub(crate) fn dial<'a>(host: &str, port: u16, budget: Budget<'a>) -> Result<Wire<'a>, DialError> {
    let mut result = Err(DialError::Unknown("the name has no address".into()));
    let addresses = resolve(host, port, budget)?;
    let share = share(addresses.len());
    for address in addresses {
        result = connect(address, budget.capped(share));
        if result.is_ok() {
            break;
        }
    }
    let stream = result?;
    // One small write is one packet at once; a failure costs a few milliseconds only.
    drop(stream.set_nodelay(true));
    Ok(Wire { stream, budget })
}

fn share(addresses: usize) -> Duration {
    let addresses = u32::try_from(addresses).unwrap_or(u32::MAX).max(1);
    (CONNECT / addresses).max(LEAST)
}

fn resolve(host: &str, port: u16, budget: Budget) -> Result<Vec<SocketAddr>, DialError> {
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    budget
        .capped(CONNECT)
        .wait_for(move || Ok((host.as_str(), port).to_socket_addrs()?.collect()))
        .map_err(|error| DialError::Unknown(error.to_string()))
}

fn connect(address: SocketAddr, budget: Budget) -> Result<TcpStream, DialError> {
    budget.wait_for(move || TcpStream::connect_timeout(&address, CONNECT)).map_err(|error| {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => DialError::Refused,
            io::ErrorKind::TimedOut => DialError::Silent(format!("no answer from {address}")),
            _ => DialError::Silent(error.to_string()),
        }
    })
}

/// Repeats a call on a socket with a short time limit until it comes to something.
fn patiently<T>(budget: Budget, mut call: impl FnMut(Duration) -> io::Result<T>) -> io::Result<T> {
    loop {
        match call(budget.slice()?) {
            Err(error) if is_passing(&error) => {}
            result => return result,
        }
    }
}

/// Whether the same call may succeed a moment later. A socket whose time limit passed says
/// `WouldBlock` on Unix.
fn is_passing(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), Interrupted | TimedOut | WouldBlock)
}

impl Read for Wire<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        patiently(self.budget, |slice| {
            self.stream.set_read_timeout(Some(slice))?;
            self.stream.read(buffer)
        })
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        patiently(self.budget, |slice| {
            self.stream.set_write_timeout(Some(slice))?;
            self.stream.write(bytes)
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::sync::atomic::AtomicBool;

    static GOING: AtomicBool = AtomicBool::new(false);

    #[test]
    fn a_name_without_an_address_is_unknown() {
        // A label over 63 bytes fails inside the resolver, without a question to the network.
        let result = dial(&"x".repeat(64), 80, Budget::new(CONNECT, &GOING));
        assert!(matches!(result, Err(DialError::Unknown(_))));
    }

    #[test]
    fn brackets_around_an_ipv6_are_not_part_of_it() {
        let result = dial("[::1]", 1, Budget::new(CONNECT, &GOING));
        assert!(matches!(result, Err(DialError::Refused | DialError::Silent(_))));
    }

    #[test]
    fn a_silent_peer_is_not_waited_for_longer_than_the_budget() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut wire = dial("127.0.0.1", port, Budget::new(CONNECT, &GOING)).unwrap();
        wire.within(Budget::new(Duration::from_millis(30), &GOING));
        assert_eq!(wire.read(&mut [0]).unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
