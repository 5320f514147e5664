//! HTTP requests of the checks, made with ureq: blocking, and bounded in time and size.
//!
//! Whatever answers may be hostile. Nothing is read without a limit, and text from the network
//! passes [`shown`] before anybody sees it.

use crate::settings::is_hidden;
use rustls::CertificateError;
use std::io::{self, Read};
use std::time::Duration;
use ureq::http::Response;
use ureq::tls::TlsConfig;
use ureq::{Agent, Body, Error, Proxy};

/// The longest that connecting to one address may take.
pub(super) const CONNECT: Duration = Duration::from_secs(5);

/// The most bytes of the head of an answer; Squid's own limit is 64 KB as well.
pub(super) const HEAD: usize = 64 * 1024;

/// The most bytes of a body that are read.
const BODY: u64 = 64 * 1024;

/// The most characters of foreign text that one finding shows.
const SHOWN: usize = 200;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Accept {
    /// Those that an authority signed which browsers and Java know. The store of this machine is
    /// not asked: a company's authority in it would hide an interception that Kestra's Java does
    /// not trust.
    Trusted,
    /// Any, to see what answers. Nothing secret may be sent.
    Any,
}

/// A client whose requests take `limit` at most each, body included; the next one uses the same
/// connection where the server keeps it. It follows no redirects and ignores the proxies of the environment.
pub(super) fn agent(proxy: Option<Proxy>, accept: Accept, limit: Duration) -> Agent {
    let tls = TlsConfig::builder().disable_verification(accept == Accept::Any);
    #[cfg(test)]
    let tls = tls.root_certs(test::roots());
    Agent::config_builder()
        .proxy(proxy)
        .tls_config(tls.build())
        .timeout_global(Some(limit))
        .timeout_resolve(Some(CONNECT))
        // A SOCKS proxy connects to the target within this time, so it must not be short. It ends
        // before the whole, so that a stall before the request differs from one after it.
        .timeout_connect(Some(limit.mul_f32(0.95)))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_response_header_size(HEAD)
        .input_buffer_size(HEAD)
        .output_buffer_size(HEAD)
        .user_agent("kestra-setup")
        .build()
        .into()
}

/// Why the certificate of the other side was refused, in words; `None` for any other error.
pub(super) fn refused_certificate(error: &Error) -> Option<Refused> {
    use CertificateError as E;
    let rustls::Error::InvalidCertificate(reason) = tls_error(error)? else { return None };
    let (is_untrusted, reason) = match reason {
        E::UnknownIssuer | E::BadSignature => (true, "no public authority signed it".to_owned()),
        E::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            (true, "it is self-signed".to_owned())
        }
        E::Expired | E::ExpiredContext { .. } => (false, "it has expired".to_owned()),
        E::NotValidYet | E::NotValidYetContext { .. } => (false, "it is not valid yet".to_owned()),
        E::NotValidForName | E::NotValidForNameContext { .. } => {
            (false, "it is for another name".to_owned())
        }
        other => (false, shown(&other.to_string())),
    };
    Some(Refused { reason, is_untrusted })
}

/// A certificate that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    /// Fit for a terminal.
    pub(super) reason: String,
    /// Whether only the authority is the reason.
    pub(super) is_untrusted: bool,
}

/// Whether what answered speaks TLS, although it came to no connection.
pub(super) fn is_tls_error(error: &Error) -> bool {
    tls_error(error).is_some_and(|error| !matches!(error, rustls::Error::InvalidMessage(_)))
}

/// Why the TLS handshake failed, if it did.
fn tls_error(error: &Error) -> Option<&rustls::Error> {
    let Error::Io(error) = error else { return None };
    error.get_ref()?.downcast_ref()
}

/// What went wrong, fit for a terminal.
pub(super) fn in_words(error: &Error) -> String {
    match error {
        Error::Timeout(_) => "no answer in time".to_owned(),
        Error::HostNotFound => "the name has no address".to_owned(),
        Error::Protocol(_) | Error::LargeResponseHeader(..) => "the answer is not HTTP".to_owned(),
        Error::Io(error) => io_in_words(error),
        other => shown(&other.to_string()),
    }
}

/// The same for an error of a connection.
pub(super) fn io_in_words(error: &io::Error) -> String {
    if let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        return in_words(inner);
    }
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => "no answer in time".to_owned(),
        io::ErrorKind::UnexpectedEof => "the connection was closed".to_owned(),
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        _ => shown(&error.to_string()),
    }
}

/// The first 64 KiB of a body. One that is cut is still worth a look.
pub(super) fn text(answer: Response<Body>) -> String {
    let mut text = Vec::new();
    drop(answer.into_body().into_reader().take(BODY).read_to_end(&mut text));
    String::from_utf8_lossy(&text).into_owned()
}

/// Foreign text made fit for a terminal: what is hidden becomes a space, runs of spaces one,
/// and the rest is cut at 200 characters.
///
/// Without this, a header or an error could move the cursor or rewrite the screen.
pub(super) fn shown(text: &str) -> String {
    let visible: String = text.chars().map(|c| if is_hidden(c) { ' ' } else { c }).collect();
    let joined = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    joined.chars().take(SHOWN).collect()
}

#[cfg(test)]
pub(super) mod test {
    use super::*;
    use std::io::Write;
    use std::sync::LazyLock;
    use support::server::{Authority, Identity, answer, listen};
    use ureq::tls::{Certificate, RootCerts};

    /// The only authority that tests trust.
    pub(in crate::system::checks) static AUTHORITY: LazyLock<Authority> =
        LazyLock::new(|| Authority::new("trusted"));

    pub(super) fn roots() -> RootCerts {
        RootCerts::new_with_certs(&[Certificate::from_der(AUTHORITY.der()).to_owned()])
    }

    fn get(url: &str, accept: Accept) -> Result<Response<Body>, Error> {
        agent(None, accept, Duration::from_secs(2)).get(url).call()
    }

    #[test]
    fn foreign_text_cannot_move_the_cursor() {
        assert_eq!(shown("No\u{1b}[2J\0\r\n\u{9b}1m \u{202e}way"), "No [2J 1m way");
        assert_eq!(shown(&"x".repeat(5000)).len(), SHOWN);
    }

    #[test]
    fn a_certificate_is_refused_for_its_reason() {
        fn reason(identity: &Identity) -> Result<Response<Body>, String> {
            let secure = identity.server();
            let port = listen(move |stream| {
                answer(secure(stream), |_| "HTTP/1.1 204 x\r\n\r\n".to_owned())
            });
            let url = format!("https://localhost:{port}/");
            assert_eq!(get(&url, Accept::Any).unwrap().status(), 204);
            get(&url, Accept::Trusted).map_err(|error| refused_certificate(&error).unwrap().reason)
        }
        assert_eq!(reason(&AUTHORITY.identity("localhost")).unwrap().status(), 204);
        let other = reason(&AUTHORITY.identity("other.example"));
        assert_eq!(other.unwrap_err(), "it is for another name");
        let old = reason(&AUTHORITY.identity_between("localhost", 2020, 2021));
        assert_eq!(old.unwrap_err(), "it has expired");
        let new = reason(&AUTHORITY.identity_between("localhost", 2090, 2091));
        assert_eq!(new.unwrap_err(), "it is not valid yet");
        let stranger = Authority::new("stranger");
        let unsigned = reason(&stranger.identity("localhost"));
        assert_eq!(unsigned.unwrap_err(), "no public authority signed it");
        let own = reason(&Identity::self_signed());
        assert_eq!(own.unwrap_err(), "it is self-signed");
    }

    #[test]
    fn every_error_has_words_that_are_fit_for_a_terminal() {
        let io = |kind| Error::Io(io::Error::from(kind));
        for (error, words) in [
            (Error::Timeout(ureq::Timeout::Connect), "no answer in time"),
            (Error::HostNotFound, "the name has no address"),
            (Error::LargeResponseHeader(2, 1), "the answer is not HTTP"),
            (Error::BadUri("\u{1b}[2J".to_owned()), "bad uri: [2J"),
            (io(io::ErrorKind::WouldBlock), "no answer in time"),
            (io(io::ErrorKind::UnexpectedEof), "the connection was closed"),
            (io(io::ErrorKind::ConnectionRefused), "connection refused"),
            (Error::Io(io::Error::other("\u{1b}[2J")), "[2J"),
            (Error::Io(Error::HostNotFound.into_io()), "the name has no address"),
        ] {
            assert_eq!(in_words(&error), words, "{error}");
        }
    }

    #[test]
    fn a_certificate_is_refused_for_a_reason_that_is_rare_too() {
        let tls = |error| Error::Io(io::Error::new(io::ErrorKind::InvalidData, error));
        let revoked = tls(rustls::Error::InvalidCertificate(CertificateError::Revoked));
        let reason = "Revoked".to_owned();
        let refused = refused_certificate(&revoked).map(|it| (it.reason, it.is_untrusted));
        assert_eq!(refused, Some((reason, false)));
        assert_eq!(refused_certificate(&tls(rustls::Error::DecryptError)), None);
        assert_eq!(refused_certificate(&Error::HostNotFound), None);
    }

    #[test]
    fn nothing_is_read_without_a_limit() {
        let endless = |start: &'static str, rest: &'static str| {
            listen(move |mut stream| {
                stream.write_all(start.as_bytes())?;
                loop {
                    stream.write_all(rest.repeat(1000).as_bytes())?;
                }
            })
        };
        let url = |port: u16| format!("http://127.0.0.1:{port}/");
        let headers = endless("HTTP/1.1 200 OK\r\n", "a: b\r\n");
        assert!(get(&url(headers), Accept::Any).is_err());
        let one_line = endless("HTTP/1.1 200 ", "x");
        assert!(get(&url(one_line), Accept::Any).is_err());
        let body = endless("HTTP/1.1 200 OK\r\n\r\n", "x");
        assert_eq!(text(get(&url(body), Accept::Any).unwrap()).len(), 64 * 1024);
    }
}
