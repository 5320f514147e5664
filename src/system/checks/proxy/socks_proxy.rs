//! A tunnel through a SOCKS 5 proxy (RFC 1928, login of RFC 1929), the name resolved by the proxy,
//! as Netty's `Socks5ProxyHandler` does it.

use super::identify::{HELLO, speaks_http, speaks_tls};
use super::trouble::{self, Closed, Trouble, no_reply};
use super::{Admission, Route, Tunnel};
use crate::settings::Secret;
use crate::system::checks::net::{Budget, Wire, is_tls, port};
use std::io::{self, Read, Write};
use url::{Host, Url};
use zeroize::Zeroizing;

const NO_LOGIN: u8 = 0;
const LOGIN: u8 = 2;
const NO_METHOD: u8 = 0xff;

/// Opens a tunnel to the route's target.
pub(super) fn tunnel<'a>(route: &Route, budget: Budget<'a>) -> Result<Tunnel<'a>, Closed> {
    let mut wire = route.dial(budget)?;
    wire.within(budget.capped(HELLO));
    let method = greet(&mut wire, route, budget)?;
    wire.within(budget);
    let admission = admit(&mut wire, route, method)?;
    request(&mut wire, &route.target)?;
    Ok(Tunnel { wire, admission })
}

/// The way to log in that the proxy chose. HTTP proxies wait for the end of a line that never
/// comes, so silence is looked into.
fn greet(wire: &mut Wire, route: &Route, budget: Budget) -> Result<u8, Closed> {
    let hello: &[u8] =
        if route.login.is_some() { &[5, 2, NO_LOGIN, LOGIN] } else { &[5, 1, NO_LOGIN] };
    let first = wire.write_all(hello).and_then(|()| read(wire));
    match first {
        Ok([5]) => read(wire).map(|[method]| method).map_err(|error| silent(&error)),
        Ok([first]) => Err(foreign(first).seen("the answer is not SOCKS 5")),
        Err(error) => Err(identified(route, budget, &error)),
    }
}

fn foreign(first: u8) -> &'static Trouble {
    match first {
        b'H' => &trouble::IS_HTTP,
        tls if is_tls(tls) => &trouble::IS_TLS,
        _ => &trouble::NOT_A_PROXY,
    }
}

fn identified(route: &Route, budget: Budget, error: &io::Error) -> Closed {
    match () {
        () if speaks_http(route, budget) => trouble::IS_HTTP.seen("it answers an HTTP request"),
        () if speaks_tls(route, budget) => trouble::IS_TLS.seen("it answers a TLS greeting"),
        () => silent(error),
    }
}

fn admit(wire: &mut Wire, route: &Route, method: u8) -> Result<Admission, Closed> {
    match (method, &route.login) {
        (NO_LOGIN, _) => Ok(Admission::Open),
        (LOGIN, Some((username, password))) => log_in(wire, username, password),
        (NO_METHOD | LOGIN, None) => Err(trouble::AUTH_NEEDED.seen(&hex(&[5, method]))),
        _ => Err(trouble::AUTH_SCHEME.seen(&hex(&[5, method]))),
    }
}

fn log_in(wire: &mut Wire, username: &str, password: &Secret) -> Result<Admission, Closed> {
    let Some(message) = login(username, password) else {
        return Err(trouble::AUTH_WRONG.seen("SOCKS takes at most 255 bytes of each"));
    };
    let answer = wire.write_all(&message).and_then(|()| read(wire));
    match answer {
        Ok([_, 0]) => Ok(Admission::LoggedIn),
        Ok(refused) => Err(trouble::AUTH_WRONG.seen(&hex(&refused))),
        // A refusal may come as nothing but the end (RFC 1929 asks for the end, not for words).
        Err(error) if error.kind() != io::ErrorKind::TimedOut => {
            Err(trouble::AUTH_WRONG.seen(&no_reply(&error)))
        }
        Err(error) => Err(silent(&error)),
    }
}

/// Version 1, then both texts with their lengths before them.
fn login(username: &str, password: &Secret) -> Option<Zeroizing<Vec<u8>>> {
    // All space at once: a vector that grows leaves copies behind.
    let mut message = Zeroizing::new(Vec::with_capacity(3 + 2 * usize::from(u8::MAX)));
    message.push(1);
    for text in [username, password.reveal()] {
        message.push(u8::try_from(text.len()).ok()?);
        message.extend_from_slice(text.as_bytes());
    }
    Some(message)
}

/// Asks for the target and reads the answer to its end, after which the tunnel begins.
fn request(wire: &mut Wire, target: &Url) -> Result<(), Closed> {
    let Some(address) = address(target) else {
        return Err(trouble::DEST_FAILED.seen("the name is longer than SOCKS allows"));
    };
    let message = [&[5, 1, 0], &*address, &port(target).to_be_bytes()].concat();
    let answer = wire.write_all(&message).and_then(|()| read::<4>(wire));
    let answer = answer.map_err(|error| silent(&error))?;
    if answer[1] != 0 {
        return Err(refusal(answer[1]).seen(&hex(&answer[..2])));
    }
    skip_address(wire, answer[3]).map_err(|error| silent(&error))
}

/// The kind of address and the address; of a name its length and itself.
fn address(target: &Url) -> Option<Vec<u8>> {
    match target.host()? {
        Host::Ipv4(address) => Some([&[1], &address.octets()[..]].concat()),
        Host::Ipv6(address) => Some([&[4], &address.octets()[..]].concat()),
        Host::Domain(name) => {
            let length = u8::try_from(name.len()).ok()?;
            Some([&[3, length], name.as_bytes()].concat())
        }
    }
}

/// The reply codes of RFC 1928, section 6.
fn refusal(code: u8) -> &'static Trouble {
    match code {
        2 => &trouble::FORBIDDEN,
        5 => &trouble::DEST_REFUSED,
        6 => &trouble::DEST_TIMEOUT,
        _ => &trouble::DEST_FAILED,
    }
}

/// Reads past the address and port that the proxy goes out from.
fn skip_address(wire: &mut Wire, kind: u8) -> io::Result<()> {
    let length = match kind {
        1 => 4,
        4 => 16,
        _ => read::<1>(wire)?[0].into(),
    };
    wire.read_exact(&mut vec![0; length + 2])
}

fn read<const N: usize>(wire: &mut Wire) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    wire.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn silent(error: &io::Error) -> Closed {
    trouble::NO_REPLY.seen(&no_reply(error))
}

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("SOCKS answer {}", digits.join(" "))
}
