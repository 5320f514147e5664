//! The live checks against real proxies on loopback: each row of the table of diagnoses is what a
//! real forward proxy makes of it, and a real nginx is in front of what people open.

mod reverse;

use crate::site::{BlackHole, Site, free_port};
use crate::{servers, site};
use kestra_setup::checks::{Finding, Outcome};
use kestra_setup::settings::ProxyKind;
use kestra_setup::system::checks::proxy::{Outbound, Proxy, outbound};
use std::sync::LazyLock;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::{Duration, Instant};
use url::Url;

const USERNAME: &str = "kestra";
const PASSWORD: &str = "s3cret pa:ss%";
static GOING: AtomicBool = AtomicBool::new(false);
static API: LazyLock<u16> = LazyLock::new(|| site::answering(b"HTTP/1.1 204 x\r\n\r\n"));

fn through(kind: ProxyKind, port: u16) -> Outbound {
    let login = Some((USERNAME.into(), PASSWORD.into()));
    let proxy = Proxy { kind, host: "127.0.0.1".into(), port, login };
    Outbound { proxy: Some(proxy), target: url(&format!("http://localhost:{}/", *API)) }
}

fn http(port: u16) -> Outbound {
    through(ProxyKind::Http, port)
}

fn socks(port: u16) -> Outbound {
    through(ProxyKind::Socks, port)
}

fn url(text: &str) -> Url {
    text.parse().unwrap()
}

fn localhost(port: u16) -> Url {
    url(&format!("https://localhost:{port}/"))
}

/// A site under a name that this machine does not know.
fn only_for_the_proxy() -> Url {
    url(&format!("http://{}:{}/", servers::NAME, *API))
}

trait But: Sized {
    fn to(self, target: Url) -> Self;
    fn login_as(self, username: &str, password: &str) -> Self;
    fn without_login(self) -> Self;
}

impl But for Outbound {
    fn to(self, target: Url) -> Self {
        Self { target, ..self }
    }

    fn login_as(mut self, username: &str, password: &str) -> Self {
        self.proxy.as_mut().unwrap().login = Some((username.into(), password.into()));
        self
    }

    fn without_login(mut self) -> Self {
        self.proxy.as_mut().unwrap().login = None;
        self
    }
}

fn test(connection: &Outbound) -> Finding {
    let started = Instant::now();
    let finding = outbound(connection, &GOING, &|_| ());
    assert!(started.elapsed() < Duration::from_secs(11), "{finding:?}");
    let words = format!("{finding:?} {connection:?}");
    assert!(
        !words.contains("s3cret") && !words.contains("czNjcmV0"),
        "the password shows: {words}"
    );
    assert!(!words.contains("tinypass"), "the password shows: {words}");
    finding
}

/// Each connection has the diagnosis beside it. All are tried at once, since most of the time is
/// waiting.
fn expect<const N: usize>(cases: [(Outbound, &'static str); N]) {
    thread::scope(|scope| {
        for (connection, code) in cases {
            scope.spawn(move || {
                let finding = test(&connection);
                assert_eq!(finding.code, code, "{} {finding:?}", connection.target);
            });
        }
    });
}

#[test]
fn squid_is_diagnosed() {
    let Some(squid) = servers::squid() else { return };
    let (hole, inspected) =
        (BlackHole::dig(), Site::start("localhost", "Corporate TLS Inspection CA"));
    let http = || http(squid.port);
    // Squid checks the logins of one user together: a wrong one spoils the others of that moment.
    expect([(http().login_as(USERNAME, "wrong"), "proxy-auth-wrong")]);
    expect([
        (http(), "way-out-ok"),
        (http().to(only_for_the_proxy()), "way-out-ok"),
        (http().without_login(), "proxy-auth-needed"),
        (http().to(url("https://forbidden.example")), "proxy-forbidden"),
        (http().to(url("https://localhost:80")), "proxy-forbidden"),
        (http().to(url("https://nosuch.invalid")), "proxy-dest-failed"),
        (http().to(localhost(free_port())), "proxy-dest-refused"),
        (http().to(localhost(hole.port)), "proxy-dest-timeout"),
        (http().to(localhost(site::closing())), "tls-closed"),
        (http().to(localhost(inspected.port)), "tls-untrusted"),
        (socks(squid.port), "proxy-is-http"),
    ]);
}

#[test]
fn a_port_of_squid_that_speaks_only_tls_is_diagnosed() {
    let Some((_squid, port)) = servers::squid_behind_tls() else { return };
    expect([(http(port), "proxy-is-tls"), (socks(port), "proxy-is-tls")]);
}

#[test]
fn tinyproxy_is_diagnosed() {
    let Some(tinyproxy) = servers::tinyproxy() else { return };
    let http = || http(tinyproxy.port).login_as(USERNAME, "tinypass");
    let (unknown, hole) = (format!("https://{}.invalid", "x".repeat(64)), BlackHole::dig());
    expect([
        (http(), "way-out-ok"),
        (http().to(only_for_the_proxy()), "way-out-ok"),
        (http().without_login(), "proxy-auth-needed"),
        (http().login_as(USERNAME, PASSWORD), "proxy-auth-wrong"),
        (http().to(url("https://forbidden.example")), "proxy-forbidden"),
        (http().to(url(&unknown)), "proxy-dest-failed"),
        (http().to(localhost(free_port())), "proxy-dest-failed"),
        // It sends nothing while it waits for the destination.
        (http().to(localhost(hole.port)), "proxy-no-reply"),
        (socks(tinyproxy.port), "proxy-is-http"),
    ]);
}

#[test]
fn dante_is_diagnosed() {
    let Some(dante) = servers::dante() else { return };
    let hole = BlackHole::dig();
    let socks = || socks(dante.port);
    expect([
        (socks(), "way-out-ok"),
        (socks().to(only_for_the_proxy()), "way-out-ok"),
        (socks().without_login(), "proxy-auth-needed"),
        (socks().login_as(USERNAME, "wrong"), "proxy-auth-wrong"),
        (socks().login_as(&"x".repeat(256), PASSWORD), "proxy-auth-wrong"),
        (socks().to(url("https://127.0.0.99")), "proxy-forbidden"),
        (socks().to(url("https://nosuch.invalid")), "proxy-dest-failed"),
        (socks().to(localhost(free_port())), "proxy-dest-refused"),
        (socks().to(localhost(hole.port)), "proxy-dest-timeout"),
        (socks().to(localhost(site::closing())), "tls-closed"),
        (http(dante.port), "proxy-is-socks"),
    ]);
}

#[test]
fn dante_for_everybody_needs_no_login() {
    let Some(dante) = servers::open_dante() else { return };
    let finding = test(&socks(dante.port).without_login());
    assert!(finding.summary.ends_with("which asks for no password"), "{finding:?}");
    expect([(socks(dante.port), "way-out-ok"), (http(dante.port), "proxy-is-socks")]);
}

#[test]
fn a_web_server_is_not_a_proxy() {
    let Some(nginx) = servers::nginx() else { return };
    expect([(http(nginx.port), "not-a-proxy"), (socks(nginx.port), "proxy-is-http")]);
}

#[test]
fn a_proxy_that_is_absent_and_one_that_is_silent_are_told_apart() {
    let hole = BlackHole::dig();
    let mut nameless = http(3128);
    nameless.proxy.as_mut().unwrap().host = "x".repeat(64);
    expect([
        (nameless, "proxy-dns"),
        (http(free_port()), "proxy-refused"),
        (http(hole.port), "proxy-timeout"),
        (socks(hole.port), "proxy-timeout"),
        (http(site::silent()), "proxy-no-reply"),
        (socks(site::silent()), "proxy-no-reply"),
        (http(site::closing()), "proxy-no-reply"),
    ]);
}

#[test]
fn a_proxy_that_wants_a_login_of_windows_is_told_apart() {
    let port = site::answering(
        b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Negotiate\r\n\
          Proxy-Authenticate: NTLM\r\n\r\n",
    );
    let finding = test(&http(port));
    assert_eq!(finding.code, "proxy-auth-scheme");
    assert_eq!(finding.evidence, "status 407, offers Negotiate, NTLM");
}

fn direct(target: Url) -> Finding {
    outbound(&Outbound { proxy: None, target }, &GOING, &|_| ())
}

#[test]
fn an_interception_is_told_with_what_java_needs() {
    let finding = direct(localhost(Site::start("localhost", "Corporate TLS Inspection CA").port));
    assert_eq!((finding.code, finding.outcome), ("tls-untrusted", Outcome::Failed));
    let evidence = "no public authority signed it; without verification: status 204";
    assert_eq!(finding.evidence, evidence);
    for line in ["keytool -importcert", "-Djavax.net.ssl.trustStore="] {
        assert!(finding.remedy.contains(line), "{}", finding.remedy);
    }
}

#[test]
fn the_direct_connection_is_diagnosed() {
    let hole = BlackHole::dig();
    let nameless = url(&format!("https://{}.invalid", "x".repeat(64)));
    for (target, code) in [
        (url(&format!("http://localhost:{}/", *API)), "way-out-ok"),
        (nameless, "direct-dns"),
        (localhost(free_port()), "direct-refused"),
        (localhost(hole.port), "direct-timeout"),
        (localhost(site::closing()), "tls-closed"),
    ] {
        let finding = direct(target);
        assert_eq!(finding.code, code, "{finding:?}");
    }
}
