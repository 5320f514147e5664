//! Real reverse proxies in front of something that behaves like a Kestra, each once as it should
//! be and once without what Kestra needs.

use crate::fake_kestra::{Fake, PASSWORD, USERNAME};
use crate::servers;
use crate::site::identity;
use kestra_setup::checks::{Finding, Outcome};
use kestra_setup::system::checks::kestra::Kestra;
use servers::Server;
use std::sync::atomic::AtomicBool;

static GOING: AtomicBool = AtomicBool::new(false);

/// What is found behind a reverse proxy that passes on to this fake.
fn check(fake: Fake, scheme: &str, start: impl Fn(u16) -> Option<Server>) -> Option<Vec<Finding>> {
    let open_urls = fake.open_urls.clone();
    let port = fake.serve();
    let server = start(port)?;
    let kestra = Kestra {
        public: format!("{scheme}://localhost:{}/kestra/", server.port).parse().unwrap(),
        upstream: format!("http://localhost:{port}").parse().unwrap(),
        context_path: "/kestra".into(),
        health: format!("http://localhost:{port}/kestra/health").parse().ok(),
        login: Some((USERNAME.into(), PASSWORD.into())),
        open_urls,
        has_task_url: true,
        program: "kestra-setup".to_owned(),
    };
    Some(kestra.check(&GOING))
}

fn busy() -> Fake {
    Fake { is_running: true, ..Fake::new("/kestra") }
}

/// The codes of what is not as it should be, or was not checked.
fn bad(findings: &[Finding]) -> Vec<&'static str> {
    let is_bad = |it: &&Finding| match it.outcome {
        Outcome::Ok => false,
        // Over plain HTTP there is no scheme to know.
        Outcome::Skipped => it.code != "public-scheme",
        _ => true,
    };
    findings.iter().filter(is_bad).map(|finding| finding.code).collect()
}

fn evidence<'a>(findings: &'a [Finding], code: &str) -> &'a str {
    &findings.iter().find(|finding| finding.code == code).unwrap().evidence
}

fn nginx(fake: Fake, scheme: &str, left_out: &str) -> Option<Vec<Finding>> {
    let identity = identity("localhost");
    check(fake, scheme, |port| servers::nginx_before(port, scheme, left_out, &identity))
}

#[test]
fn a_good_nginx_passes_every_check() {
    let Some(findings) = nginx(busy(), "http", "") else { return };
    assert_eq!(bad(&findings), [""; 0], "{findings:?}");
    assert_eq!(evidence(&findings, "public-redirect"), "/kestra -> /kestra/ -> /kestra/ui/");
    assert!(evidence(&findings, "public-stream").starts_with("200"), "{findings:?}");
    // The certificate is of an authority that nobody knows.
    assert_eq!(bad(&nginx(busy(), "https", "").unwrap()), ["public-ui"]);
}

#[test]
fn a_line_that_is_missing_is_felt_where_it_matters() {
    for (left_out, code) in [
        ("proxy_buffering off", "public-stream"),
        ("client_max_body_size", "public-upload"),
        ("X-Forwarded-Host", "public-scheme"),
        ("return 308", "public-redirect"),
    ] {
        let Some(findings) = nginx(busy(), "https", left_out) else { return };
        assert_eq!(bad(&findings), ["public-ui", code], "without {left_out}: {findings:?}");
    }
}

/// Over plain HTTP a small event passes an nginx that buffers, and a large one does not.
#[test]
fn an_early_small_event_is_not_called_live() {
    let Some(findings) = nginx(busy(), "http", "proxy_buffering off") else { return };
    assert_eq!(bad(&findings), ["public-stream"], "{findings:?}");
    let findings = nginx(Fake::new("/kestra"), "http", "proxy_buffering off").unwrap();
    assert!(evidence(&findings, "public-stream").contains("no execution was running"));
}

#[test]
fn a_release_that_ignores_the_scheme_is_no_fault_of_nginx() {
    let old = Fake { trusts_scheme: false, ..busy() };
    let Some(findings) = nginx(old, "https", "") else { return };
    assert_eq!(bad(&findings), ["public-ui"], "{findings:?}");
}

#[test]
fn caddy_is_checked() {
    let caddy =
        |lines: &'static str| check(busy(), "http", move |port| servers::caddy(port, lines));
    let Some(right) = caddy("reverse_proxy KESTRA") else { return };
    assert_eq!(bad(&right), [""; 0], "{right:?}");
    let wrong = caddy("handle_path /kestra/* {\nreverse_proxy KESTRA\n}").unwrap();
    assert!(bad(&wrong).contains(&"public-ui"), "{wrong:?}");
    let small = "request_body {\nmax_size 1MB\n}\nreverse_proxy KESTRA {\nbuffer_responses\n}";
    let wrong = caddy(small).unwrap();
    assert!(bad(&wrong).contains(&"public-stream"), "{wrong:?}");
}

#[test]
fn haproxy_is_checked() {
    let haproxy =
        |lines: &'static str| check(busy(), "http", move |port| servers::haproxy(port, lines));
    let Some(right) = haproxy("") else { return };
    assert_eq!(bad(&right), [""; 0], "{right:?}");
    let large =
        "http-request deny deny_status 413 if { req.hdr(content-length) -m int gt 1048576 }";
    assert_eq!(bad(&haproxy(large).unwrap()), ["public-upload"]);
    let stripped = "http-request replace-path /kestra(/.*) \\1";
    let wrong = haproxy(stripped).unwrap();
    assert!(bad(&wrong).contains(&"public-ui"), "{wrong:?}");
}

#[test]
fn apache_is_checked() {
    let apache =
        |lines: &'static str| check(busy(), "http", move |port| servers::apache(port, lines));
    let Some(right) = apache("ProxyPass /kestra http://KESTRA/kestra nocanon flushpackets=on")
    else {
        return;
    };
    assert_eq!(bad(&right), [""; 0], "{right:?}");
    let wrong = apache("ProxyPass /kestra http://KESTRA/ nocanon").unwrap();
    assert!(bad(&wrong).contains(&"public-ui"), "{wrong:?}");
}

/// Apache tells nobody that its clients came by https, unless a line does.
#[test]
fn an_apache_that_ends_tls_and_does_not_tell_is_found() {
    const TLS: &str = "LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so\n\
        SSLEngine on\nSSLCertificateFile @DIR@/srv.crt\nSSLCertificateKeyFile @DIR@/srv.key\n\
        ProxyPass /kestra http://KESTRA/kestra nocanon\n";
    let apache =
        |line: &str| check(busy(), "https", |port| servers::apache(port, &format!("{TLS}{line}")));
    let Some(right) = apache("RequestHeader set X-Forwarded-Proto https") else { return };
    // The certificate is of an authority that nobody knows.
    assert_eq!(bad(&right), ["public-ui"], "{right:?}");
    assert_eq!(bad(&apache("").unwrap()), ["public-ui", "public-scheme"]);
}
