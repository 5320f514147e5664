//! A real nginx in front of something that behaves like a Kestra, looked at from both sides.

use crate::site::Identity;
use crate::{fake_kestra, servers};
use kestra_setup::checks::{Finding, Outcome};
use kestra_setup::system::checks::kestra::Kestra;
use std::sync::atomic::AtomicBool;

static GOING: AtomicBool = AtomicBool::new(false);

/// What is found with an nginx whose lines with `left_out` are missing.
fn look(left_out: &str) -> Option<Vec<Finding>> {
    let port = fake_kestra::serve("/kestra");
    let identity = Identity::new("localhost", "Test CA");
    let nginx = servers::nginx_before(port, left_out, &identity)?;
    let kestra = Kestra {
        public: format!("https://localhost:{}/kestra/", nginx.port).parse().unwrap(),
        upstream: format!("http://localhost:{port}").parse().unwrap(),
        context_path: "/kestra".into(),
        health: format!("http://localhost:{port}/kestra/health").parse().unwrap(),
        login: None,
    };
    Some(kestra.check(&GOING))
}

fn failures(left_out: &str) -> Option<Vec<&'static str>> {
    let findings = look(left_out)?;
    assert!(findings.iter().all(|finding| finding.outcome != Outcome::Skipped), "{findings:?}");
    let failed = findings.into_iter().filter(|finding| finding.outcome == Outcome::Failed);
    Some(failed.map(|finding| finding.code).collect())
}

#[test]
fn a_good_nginx_passes_every_look() {
    let Some(findings) = look("") else { return };
    let is_right = |finding: &Finding| match finding.code {
        // The certificate is of an authority that nobody knows.
        "public-ui" => finding.outcome == Outcome::Note,
        _ => finding.outcome == Outcome::Ok,
    };
    assert!(findings.iter().all(is_right), "{findings:?}");
    assert_eq!(findings[3].evidence, "/kestra -> /kestra/ -> /kestra/ui/");
}

#[test]
fn a_line_that_is_missing_is_felt_where_it_matters() {
    for (left_out, code) in [
        ("proxy_buffering off", "public-stream"),
        ("client_max_body_size", "public-upload"),
        ("X-Forwarded-Host", "public-scheme"),
        ("return 308", "public-redirect"),
    ] {
        let Some(failed) = failures(left_out) else { return };
        assert_eq!(failed, [code], "without {left_out}");
    }
}
