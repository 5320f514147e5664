//! A real nginx reports what the private test reports.

use kestra_setup::checks::{Finding, Outcome};
use kestra_setup::machine::Nginx;
use kestra_setup::system::nginx::{Deadline, ask_live, find, reload, test_privately};

fn nginx() -> Option<Nginx> {
    let found = find(Deadline::usual());
    support::needs(found.binary.is_some(), "nginx").then_some(found)
}

/// What is found about a file with server blocks.
fn test(text: &str) -> Option<Finding> {
    Some(test_privately(&nginx()?, text, false, Deadline::usual()))
}

/// The same for one to be included in a server block.
fn test_locations(text: &str) -> Option<Finding> {
    Some(test_privately(&nginx()?, text, true, Deadline::usual()))
}

fn refused(text: &str) -> Option<(&'static str, String)> {
    let finding = test(text)?;
    assert_eq!(finding.outcome, Outcome::Failed, "{finding:?}");
    assert_ne!(finding.remedy, "");
    Some((finding.code, finding.evidence))
}

const DOCUMENTED: &str = "location /kestra {
    proxy_pass http://localhost:8080/kestra;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection \"upgrade\";
    proxy_read_timeout 600s;
    proxy_redirect off;
    proxy_set_header Host $http_host;
    proxy_buffering off;
    proxy_cache off;
}
";

fn server(lines: &str) -> String {
    format!("server {{ listen 80; server_name my-host.com; {lines} }}")
}

#[test]
fn good_locations_pass() {
    let Some(finding) = test_locations(DOCUMENTED) else { return };
    assert_eq!((finding.code, finding.outcome), ("nginx-test", Outcome::Ok), "{finding:?}");
}

#[test]
fn a_moved_port_is_reported() {
    let Some(finding) = test(&server(DOCUMENTED)) else { return };
    assert_eq!(finding.outcome, Outcome::Ok, "{finding:?}");
    assert!(finding.evidence.ends_with("; tested with port 20080 for 80"), "{finding:?}");
}

#[test]
fn a_missing_certificate_is_a_note_that_names_it() {
    let tls = "listen 443 ssl; ssl_certificate /no/such.pem; ssl_certificate_key /no/such.key;";
    let Some(finding) = test(&server(tls)) else { return };
    assert_eq!(finding.outcome, Outcome::Note, "{finding:?}");
    assert!(finding.summary.contains("/no/such.pem is not there"), "{finding:?}");
}

#[test]
fn an_unknown_host_is_a_note_that_names_it() {
    let Some(finding) = test_locations("location / { proxy_pass http://kestra.invalid:8080; }")
    else {
        return;
    };
    assert_eq!(finding.outcome, Outcome::Note, "{finding:?}");
    assert!(finding.summary.contains("\"kestra.invalid\" does not resolve"), "{finding:?}");
}

#[test]
fn a_bare_location_is_no_server_file() {
    let Some(refusal) = refused(DOCUMENTED) else { return };
    assert_eq!(refusal.0, "nginx-location-outside-server");
}

#[test]
fn a_refusal_names_the_line_of_the_text() {
    let Some(refusal) = refused("server {\n  listen 8080;\n  return\n}") else { return };
    assert_eq!(refusal, ("nginx-refused", "line 4".to_owned()));
}

#[test]
fn a_name_given_twice_is_a_failure_although_nginx_passes_it() {
    let Some(refusal) = refused(&server("").repeat(2)) else { return };
    assert_eq!(refusal.0, "nginx-conflicting-name");
}

#[test]
fn a_url_for_a_name_is_a_failure_although_nginx_passes_it() {
    let Some(refusal) = refused("server { listen 80; server_name http://my-host.com; }") else {
        return;
    };
    assert_eq!(refusal.0, "nginx-suspicious-name");
}

#[test]
fn a_location_given_twice_is_a_failure() {
    let Some(refusal) = refused(&server(&DOCUMENTED.repeat(2))) else { return };
    assert_eq!(refusal.0, "nginx-duplicate-location");
}

#[test]
fn two_defaults_are_a_failure() {
    let text =
        "server { listen 80 default_server; } server { listen 80 default_server; server_name b; }";
    let Some(refusal) = refused(text) else { return };
    assert_eq!(refusal.0, "nginx-duplicate-default");
}

/// The worst that nginx reports about its configuration.
fn test_live(found: &Nginx) -> Finding {
    ask_live(found, Deadline::usual()).unwrap().finding(|_| false)
}

/// A configuration of its own, nothing of which is running.
fn private(http: &str) -> Option<(Nginx, tempfile::TempDir)> {
    let binary = nginx()?.binary?;
    let dir = tempfile::tempdir().unwrap();
    let conf = dir.path().join("nginx.conf");
    let folder = dir.path().display();
    let logs = format!("pid {folder}/pid; error_log {folder}/log;");
    std::fs::write(&conf, format!("{logs} events {{}} http {{ access_log off; {http} }}")).unwrap();
    let (binary, conf) = (Some(binary), Some(conf));
    Some((Nginx { binary, conf, ..Nginx::default() }, dir))
}

#[test]
fn the_live_test_explains_a_broken_configuration() {
    let Some((found, _dir)) = private("server { listen 18400; location /x {} location /x {} }")
    else {
        return;
    };
    let finding = test_live(&found);
    assert_eq!((finding.code, finding.outcome), ("nginx-duplicate-location", Outcome::Failed));
    assert_eq!(reload(&found, Deadline::usual()), finding);
}

#[test]
fn an_nginx_that_does_not_run_is_not_reloaded() {
    let Some((found, _dir)) = private("server { listen 18401; }") else { return };
    assert_eq!(test_live(&found).outcome, Outcome::Ok);
    assert_eq!(reload(&found, Deadline::usual()).outcome, Outcome::Skipped);
}
