//! What a configuration shows alone, without anything that runs.

use crate::site;
use serde_json::Value;
use std::fs;
use support::machine::{Machine, PASSWORD};

const PROXY: &str = "  proxy-type: http\n  proxy-address: proxy.invalid:3128\n";

/// The exit code, and everything that failed or is good to know about the configuration.
fn check(config: &str) -> (Option<i32>, Vec<String>) {
    let machine = Machine::new();
    fs::write(machine.config(), config).unwrap();
    let url = format!("http://127.0.0.1:{}", site::answering(b"HTTP/1.1 204 x\r\n\r\n"));
    let ran = machine.run(&["check", "--json", "--api-url", &url]);
    assert!(!ran.out.contains(PASSWORD), "{ran:?}");
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let is_about_it = |finding: &&Value| {
        let is_bad = finding["outcome"] == "failed" || finding["outcome"] == "warning";
        is_bad || finding["code"].as_str().unwrap().starts_with("config-")
    };
    let words = |finding: &Value| format!("{} {}", finding["outcome"], finding["what"]);
    (ran.code, findings.iter().filter(is_about_it).map(words).collect())
}

/// One failure has these words.
fn fails(config: &str, words: &str) {
    let (code, findings) = check(config);
    let is_it = |output: &&String| output.starts_with("\"failed\"") && output.contains(words);
    assert_eq!((code, findings.iter().filter(is_it).count()), (Some(6), 1), "{findings:?}");
}

fn api(keys: &str) -> String {
    format!("kestra.url: https://my-host.com/\nmicronaut.http.services.api:\n{keys}")
}

#[test]
fn an_address_that_kestra_does_not_start_with() {
    fails("kestra:\n  url: my-host.com\n", "http:// or https://");
    fails("kestra:\n  url:\n", "kestra.url is empty");
    fails("kestra:\n  url: https://my-host.com/ui/\n", "ends in ui/");
}

#[test]
fn two_spellings_of_one_property() {
    let (code, findings) =
        check("kestra:\n  url: https://a.example.com/\n  URL: https://b.example.com/\n");
    let has =
        |output: &String| output.starts_with("\"warning\"") && output.contains("is set twice");
    assert!(code == Some(0) && findings.iter().any(has), "{findings:?}");
}

#[test]
fn what_lets_others_in_fails_before_kestra_runs() {
    let compose = "services:\n  k:\n    image: kestra/kestra:v1.3.20\n    environment:\n      \
                   KESTRA_CONFIGURATION: |\n        kestra.url: https://my-host.com/\n";
    fails(compose, "ANYONE CAN RUN CODE on kestra/kestra:v1.3.20");
    let entry = "kestra.url: https://my-host.com/\n\
                 kestra.server.basic-auth.open-urls: [/api/v1/main/basicAuth]\n";
    fails(entry, "ANYONE CAN TAKE OVER THIS KESTRA");
}

#[test]
fn a_release_that_closes_the_login_page_fails_before_kestra_runs() {
    let compose = |tag: &str| {
        format!(
            "services:\n  k:\n    image: kestra/kestra:{tag}\n    environment:\n      \
             KESTRA_CONFIGURATION: |\n        kestra.url: https://my-host.com/kestra/\n        \
             micronaut.server.context-path: /kestra\n"
        )
    };
    fails(&compose("v1.3.25"), "closes the login page and webhooks under /kestra");
    assert_eq!(check(&compose("latest")).0, Some(0));
}

#[test]
fn a_proxy_that_is_half_configured() {
    fails(&api("  proxy-address: a:1\n"), "without proxy-type");
    fails(&api("  proxy-type: http\n"), "proxy-address has no value");
    fails(&api(&format!("{PROXY}  proxy-username: svc\n")), "a username needs a password");
    fails(&api(&format!("{PROXY}  proxy-password: {PASSWORD}\n")), "a password needs a username");
    fails(&api(&format!("{PROXY}  proxy-password:\n")), "proxy-password is empty");
    fails(&api(&format!("{PROXY}  proxy-authorization: Basic eDp5\n")), "does not act on");
}

#[test]
fn an_ipv6_proxy_that_no_yaml_reader_takes() {
    fails(&api("  proxy-type: http\n  proxy-address: [::1]:3128\n"), "cannot be read");
    fails(&api("  proxy-type: http\n  proxy-address: '::1:3128'\n"), "IPv6");
}

#[test]
fn a_context_path_that_breaks_kestra_or_contradicts_the_address() {
    let with = |path: &str| {
        format!("kestra.url: https://my-host.com/kestra/\nmicronaut.server.context-path: {path}\n")
    };
    fails(&with("/other"), "the context path is /other");
    fails(&with("kestra"), "write /kestra");
    fails(&with("/api"), "every API of this Kestra is open without a login");
}

#[test]
fn what_works_and_surprises_is_a_warning() {
    let config = "kestra.url: https://my-host.com/kestra/\nstorage.umask: 0022\n\
                  micronaut.server: {context-path: /kestra, ssl.enabled: true}\n";
    let (code, findings) = check(config);
    let has = |words: &str| {
        findings.iter().any(|output| output.starts_with("\"warning\"") && output.contains(words))
    };
    assert_eq!(code, Some(0), "{findings:?}");
    let surprises = ["Webhooks", "serves https itself", "Kestra reads another number there"];
    assert!(surprises.into_iter().all(has), "{findings:?}");
}

#[test]
fn a_public_url_that_nobody_can_open_is_a_warning() {
    let config =
        "kestra:\n  server:\n    url: http://ops.example.com/\n  url: http://0.0.0.0:8080/\n";
    let (code, findings) = check(config);
    let warnings = findings.iter().filter(|output| output.starts_with("\"warning\""));
    let warnings: Vec<_> = warnings.map(String::as_str).collect();
    let has = |words: &str| warnings.iter().any(|output| output.contains(words));
    assert_eq!(code, Some(0), "{findings:?}");
    assert!(has("no property kestra.server.url") && has("an address to listen on"), "{findings:?}");
}

#[test]
fn a_remedy_names_a_configuration_that_is_not_the_default() {
    let machine = Machine::new();
    fs::write(machine.config(), "kestra:\n  url:\n").unwrap();
    let ran = machine.run(&["check", "--api-url", "http://127.0.0.1:1"]);
    let remedy = format!("Run kestra-setup --config {} to change it.", machine.config().display());
    assert!(ran.out.contains(&remedy), "{ran:?}");
}

#[test]
fn variables_beside_a_configuration_are_warnings() {
    let config = "services:\n  kestra:\n    image: kestra/kestra\n    environment:\n      \
                  KESTRA_CONFIGURATION: |\n        kestra.url: https://my-host.com/\n      \
                  KESTRA_URL: https://old.example.org/\n      MICRONAUT_SERVER_PORT: 1\n";
    let (code, findings) = check(config);
    let wins = |name: &str| {
        let words = format!("\"warning\" \"The variable {name} of the service wins over");
        findings.iter().any(|output| output.starts_with(&words))
    };
    assert_eq!(code, Some(0), "{findings:?}");
    assert!(wins("KESTRA_URL") && wins("MICRONAUT_SERVER_PORT"), "{findings:?}");
}

#[test]
fn a_good_configuration_has_one_verdict() {
    let (code, findings) = check("kestra:\n  url: https://my-host.com/\n");
    assert_eq!((code, findings.len()), (Some(0), 1), "{findings:?}");
}

#[test]
fn a_type_that_kestra_does_not_take_is_written_anew() {
    let machine = Machine::new();
    fs::write(machine.config(), api(&PROXY.replace("http", "hTTp"))).unwrap();
    let ran = machine.run(&["apply", "--connection", "http"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(machine.read("etc/config.yml"), api(PROXY));
}
