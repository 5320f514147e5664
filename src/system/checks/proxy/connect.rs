//! The first CONNECT to an HTTP proxy.
//!
//! The HTTP library sends a login unasked and drops the headers of a refusal: Squid and tinyproxy
//! tell what is wrong by the status, and Squid adds the reason in `X-Squid-Error`.

use super::diagnosis::{self, ProxyFailure};
use super::{Admission, Attempt, Proxy};
use crate::settings::{Secret, basic_header};

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
        let is_whole = |answer: &[u8]| ConnectAnswer::read(answer) != Ok(None);
        let answer =
            self.ask(&self.first_hop(proxy)?, request.reveal().as_bytes(), is_whole, self.end);
        let answer = answer.map_err(|error| self.another(proxy, &error))?;
        match ConnectAnswer::read(&answer) {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(diagnosis::NO_REPLY.seen("the answer has no end")),
            Err(error) => Err(diagnosis::spoken(proxy.kind, answer[0]).seen(&error.to_string())),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_http_is_no_answer() {
        for head in ["HTTP/1.1 2\u{e9}0 x\r\n\r\n", "HTTP/2 200\r\n\r\n", "SSH-2.0\n\n", "x"] {
            assert!(ConnectAnswer::read(head.as_bytes()).is_err(), "{head}");
        }
        let head = b"HTTP/1.0 407 No\r\nproxy-AUTHENTICATE:  NTLM\nx\r\n\r\nrest";
        assert_eq!(ConnectAnswer::read(head).unwrap().unwrap().offers, "NTLM");
    }
}
