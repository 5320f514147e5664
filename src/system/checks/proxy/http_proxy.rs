//! A tunnel through an HTTP proxy: CONNECT, first without a password.
//!
//! The request is the one that Micronaut's client sends (Netty's `HttpProxyHandler`): a `Host`
//! header and nothing else. Squid and tinyproxy tell what is wrong by the status alone, and Squid
//! adds the reason in `X-Squid-Error`.

use super::identify::{speaks_socks, speaks_tls};
use super::trouble::{self, Closed, Trouble, no_reply};
use super::{Admission, Route, Tunnel};
use crate::settings::Secret;
use crate::system::checks::net::{Budget, Head, Wire, authority, basic, is_tls, read_head};
use std::io::{self, BufRead, BufReader, Write};
use zeroize::Zeroizing;

/// Opens a tunnel to the route's target.
pub(super) fn tunnel<'a>(route: &Route, budget: Budget<'a>) -> Result<Tunnel<'a>, Closed> {
    let (wire, head) = connect(route, None, budget)?;
    if head.status != 407 {
        return opened(wire, &head, Admission::Open);
    }
    if !schemes(&head).any(|scheme| scheme.eq_ignore_ascii_case("basic")) {
        let offered = schemes(&head).collect::<Vec<_>>().join(", ");
        return Err(trouble::AUTH_SCHEME.seen(&format!("status 407, offers {offered}")));
    }
    let Some((username, password)) = &route.login else {
        return Err(trouble::AUTH_NEEDED.seen(&status(&head)));
    };
    let (wire, head) = connect(route, Some(&basic(username, password)), budget)?;
    match head.status {
        // tinyproxy says 401 where others repeat 407.
        401 | 407 => Err(trouble::AUTH_WRONG.seen(&status(&head))),
        _ => opened(wire, &head, Admission::LoggedIn),
    }
}

/// Asks for the tunnel on a connection of its own, since most proxies close after a refusal.
fn connect<'a>(
    route: &Route,
    login: Option<&Secret>,
    budget: Budget<'a>,
) -> Result<(Wire<'a>, Head), Closed> {
    let mut reader = BufReader::new(route.dial(budget)?);
    let started = reader
        .get_mut()
        .write_all(request(route, login).as_bytes())
        .and_then(|()| reader.fill_buf().map(<[u8]>::to_vec));
    match started.as_deref() {
        Ok([b'H', ..]) => {}
        Ok([]) => return Err(closed_at_once(route, budget, &io::ErrorKind::UnexpectedEof.into())),
        Ok([first, ..]) => return Err(foreign(*first).seen("the answer is not HTTP")),
        Err(error) => return Err(closed_at_once(route, budget, error)),
    }
    let head = read_head(&mut reader).map_err(|error| unreadable(&error))?;
    // A tunnel starts with silence: whatever came after the head is not the target's.
    Ok((reader.into_inner(), head))
}

fn request(route: &Route, login: Option<&Secret>) -> Zeroizing<String> {
    let target = authority(&route.target);
    let login = login.map_or_else(Zeroizing::default, |login| {
        Zeroizing::new(format!("Proxy-Authorization: Basic {}\r\n", login.reveal()))
    });
    format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{}\r\n", *login).into()
}

/// The schemes in `Proxy-Authenticate`, which may be one header each or a list in one.
fn schemes(head: &Head) -> impl Iterator<Item = &str> {
    head.headers("Proxy-Authenticate")
        .flat_map(|value| value.split(','))
        .filter_map(|part| part.split_whitespace().next())
        .filter(|word| !word.contains('='))
}

fn opened<'a>(wire: Wire<'a>, head: &Head, admission: Admission) -> Result<Tunnel<'a>, Closed> {
    if (200..300).contains(&head.status) {
        return Ok(Tunnel { wire, admission });
    }
    let reason = squid_error(head);
    let seen = reason.map_or_else(|| status(head), |why| format!("{}, {why}", status(head)));
    Err(refusal(head.status, reason.unwrap_or_default()).seen(&seen))
}

fn status(head: &Head) -> String {
    format!("status {}", head.status)
}

/// Squid's own reason, such as `ERR_CONNECT_FAIL 111`, if it looks like one.
fn squid_error(head: &Head) -> Option<&str> {
    let reason = head.headers("X-Squid-Error").next()?;
    let (name, errno) = reason.strip_prefix("ERR_")?.split_once(' ')?;
    let is_name = name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    (is_name && errno.parse::<u16>().is_ok()).then_some(reason)
}

/// What a status other than 2xx and 407 means; `reason` is Squid's, with the errno at its end.
fn refusal(status: u16, reason: &str) -> &'static Trouble {
    match status {
        403 | 451 => &trouble::FORBIDDEN,
        503 if reason.ends_with(" 111") => &trouble::DEST_REFUSED,
        503 if reason.ends_with(" 110") => &trouble::DEST_TIMEOUT,
        504 => &trouble::DEST_TIMEOUT,
        // Web servers do not know CONNECT: nginx 400 or 405, Apache 405, Python 501.
        500 | 502 | 503 => &trouble::DEST_FAILED,
        _ => &trouble::NOT_A_PROXY,
    }
}

fn foreign(first: u8) -> &'static Trouble {
    match first {
        tls if is_tls(tls) => &trouble::IS_TLS,
        0 | 4 | 5 => &trouble::IS_SOCKS,
        _ => &trouble::NOT_A_PROXY,
    }
}

fn unreadable(error: &io::Error) -> Closed {
    match error.kind() {
        io::ErrorKind::InvalidData => trouble::NOT_A_PROXY.seen("the answer is not HTTP"),
        _ => trouble::NO_REPLY.seen(&no_reply(error)),
    }
}

/// Dante closes without a byte, TLS servers reset: both deserve a second look. Silence does not,
/// since a proxy may be waiting for its destination.
fn closed_at_once(route: &Route, budget: Budget, error: &io::Error) -> Closed {
    match error.kind() {
        io::ErrorKind::TimedOut => trouble::NO_REPLY.seen(&no_reply(error)),
        _ if speaks_socks(route, budget) => trouble::IS_SOCKS.seen("it answers a SOCKS greeting"),
        _ if speaks_tls(route, budget) => trouble::IS_TLS.seen("it answers a TLS greeting"),
        _ => trouble::NO_REPLY.seen(&no_reply(error)),
    }
}
