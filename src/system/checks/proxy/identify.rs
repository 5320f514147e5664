//! What a port speaks, if not what it was said to speak. Every question has a connection of its
//! own and two seconds.

use super::Route;
use crate::system::checks::net::{Budget, Wire, starts_tls};
use std::io::{Read, Write};
use std::time::Duration;

/// Enough for a proxy to say hello, short enough to ask something else afterwards.
pub(super) const HELLO: Duration = Duration::from_secs(2);

/// Whether a SOCKS 5 greeting is answered in SOCKS 5.
pub(super) fn speaks_socks(route: &Route, budget: Budget) -> bool {
    first_byte(route, budget, &[5, 1, 0]) == Some(5)
}

/// Whether a request that every HTTP server and proxy knows is answered in HTTP.
pub(super) fn speaks_http(route: &Route, budget: Budget) -> bool {
    let request = b"OPTIONS * HTTP/1.1\r\nHost: proxy\r\nConnection: close\r\n\r\n";
    first_byte(route, budget, request) == Some(b'H')
}

/// Whether the start of a TLS handshake is answered in TLS.
pub(super) fn speaks_tls(route: &Route, budget: Budget) -> bool {
    connect(route, budget).is_some_and(|wire| starts_tls(wire, &route.host))
}

fn first_byte(route: &Route, budget: Budget, question: &[u8]) -> Option<u8> {
    let mut wire = connect(route, budget)?;
    let mut first = [0];
    wire.write_all(question).and_then(|()| wire.read_exact(&mut first)).ok()?;
    Some(first[0])
}

fn connect<'a>(route: &Route, budget: Budget<'a>) -> Option<Wire<'a>> {
    route.dial(budget.capped(HELLO)).ok()
}
