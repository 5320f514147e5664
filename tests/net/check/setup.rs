//! The whole setup: Kestra, and the nginx file that the program itself wrote, in a real nginx.

use crate::fake_kestra::{Era, Fake, PASSWORD, USERNAME};
use crate::site;
use serde_json::Value;
use std::fs;
use std::time::Duration;
use support::Session;
use support::machine::{Machine, Ran};
use support::private_nginx::{PrivateNginx, Running};

/// Where nothing is that could be reached, so that no test goes further than this machine.
fn nowhere() -> String {
    format!("http://127.0.0.1:{}", site::answering(b"HTTP/1.1 204 x\r\n\r\n"))
}

pub(crate) struct Setup {
    pub(crate) machine: Machine,
    pub(crate) nginx: PrivateNginx,
    running: Option<Running>,
}

impl Setup {
    /// A Kestra under `/kestra`, and everything written as the program writes it.
    pub(crate) fn new() -> Option<Self> {
        Self::with(Fake::new("/kestra"))
    }

    fn with(fake: Fake) -> Option<Self> {
        let machine = Machine::new();
        let nginx = PrivateNginx::on(&machine)?;
        let setup = Self { machine, nginx, running: None };
        let kestra = fake.serve();
        // The port of its health and its login, which the program only reads.
        let config = format!(
            "endpoints:\n  all:\n    port: {kestra}\nkestra:\n  server:\n    basic-auth:\n      \
             username: {USERNAME}\n      password: '{PASSWORD}'\n"
        );
        fs::write(setup.machine.config(), config).unwrap();
        let port = &setup.nginx.port;
        let (url, upstream) =
            (format!("http://localhost:{port}/kestra/"), format!("127.0.0.1:{kestra}"));
        let words = ["apply", "--reverse-proxy", "nginx", "--url", &url, "--upstream", &upstream];
        let ran = setup.run(&[&words[..], &["--listen", port]].concat());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        Some(setup)
    }

    /// The same, with nginx running.
    fn served() -> Option<Self> {
        let mut setup = Self::new()?;
        setup.start();
        Some(setup)
    }

    pub(crate) fn start(&mut self) {
        self.running = Some(self.nginx.start());
    }

    fn run(&self, words: &[&str]) -> Ran {
        let mut command = self.machine.command(&[], words);
        command.env("PATH", &self.nginx.path).env_remove("KESTRA_SETUP_REVERSE_PROXY");
        support::machine::ran(&mut command)
    }

    pub(crate) fn wizard(&self, answers: &[(&str, &str)]) -> Session {
        let path = ("PATH", self.nginx.path.as_str());
        self.machine.start(&[&[path, ("KESTRA_SETUP_REVERSE_PROXY", "nginx")], answers].concat())
    }

    /// The exit code, and what came of each check by its code.
    fn check(&self) -> (Option<i32>, Vec<(String, String)>) {
        let ran = self.run(&["check", "--json", "--api-url", &nowhere()]);
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        let findings = report["findings"].as_array().unwrap();
        let word = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_owned();
        let pair = |finding: &Value| (word(finding, "code"), word(finding, "outcome"));
        (ran.code, findings.iter().map(pair).collect())
    }

    /// Changes the nginx file, and has nginx read it again.
    fn edit(&self, from: &str, to: &str) {
        let file = self.nginx.included("kestra.conf");
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(&file, text.replace(from, to)).unwrap();
        let old = self.workers();
        assert!(self.nginx.command(&["-s", "reload"]).status().unwrap().success());
        let is_new = || {
            let now = self.workers();
            !now.is_empty() && now.iter().all(|worker| !old.contains(worker))
        };
        assert!(support::within(Duration::from_secs(10), is_new), "nginx does not reload");
    }

    /// The processes that answer requests. A reload replaces them.
    fn workers(&self) -> Vec<String> {
        let master = self.running.as_ref().unwrap().id();
        let children = fs::read_to_string(format!("/proc/{master}/task/{master}/children"));
        children.unwrap().split_whitespace().map(str::to_owned).collect()
    }
}

fn codes(findings: &[(String, String)], outcome: &str) -> Vec<String> {
    findings.iter().filter(|(_, is)| is == outcome).map(|(code, _)| code.clone()).collect()
}

#[test]
fn what_the_program_wrote_passes_every_check() {
    let Some(setup) = Setup::served() else { return };
    let (code, findings) = setup.check();
    assert_eq!((code, codes(&findings, "failed")), (Some(0), vec![]), "{findings:?}");
    let ok = codes(&findings, "ok");
    for expected in [
        "config-readable",
        "way-out-ok",
        "nginx-test-live",
        "kestra-answers",
        "kestra-login",
        "kestra-health",
        "public-ui",
        "public-redirect",
        "public-stream",
        "public-upload",
    ] {
        assert!(ok.iter().any(|code| code == expected), "{expected}: {findings:?}");
    }
    assert_eq!(codes(&findings, "skipped"), ["public-scheme"]);
}

#[test]
fn an_nginx_that_buffers_and_refuses_uploads_is_told() {
    let Some(setup) = Setup::served() else { return };
    setup.edit("proxy_buffering off;", "");
    setup.edit("client_max_body_size 10g;", "");
    let (code, findings) = setup.check();
    assert_eq!((code, codes(&findings, "failed")), (Some(0), vec![]), "{findings:?}");
    let warnings = codes(&findings, "warning");
    for code in ["public-upload", "nginx-buffering"] {
        assert!(warnings.contains(&code.to_owned()), "{findings:?}");
    }
}

#[test]
fn a_release_that_anyone_can_run_code_on_fails_first() {
    let fake = Fake { era: Era::E0, version: "1.3.20", ..Fake::new("/kestra") };
    let Some(setup) = Setup::with(fake) else { return };
    let (code, findings) = setup.check();
    assert_eq!((code, findings[0].0.as_str()), (Some(6), "kestra-release"), "{findings:?}");
}

#[test]
fn an_nginx_that_does_not_run_is_told() {
    let Some(setup) = Setup::new() else { return };
    let (code, findings) = setup.check();
    assert_eq!(code, Some(6));
    assert!(codes(&findings, "failed").contains(&"public-ui".to_owned()), "{findings:?}");
}

#[test]
fn a_kestra_that_does_not_run_is_no_failure_of_what_is_written() {
    let machine = Machine::new();
    fs::write(machine.config(), "kestra:\n  url: http://127.0.0.1:1/\nmicronaut.server.port: 1\n")
        .unwrap();
    let ran = machine.run(&["check", "--api-url", &nowhere()]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("skipped: Kestra does not answer at"), "{ran:?}");
    assert!(ran.out.contains("(kestra-open-api, kestra-release, kestra-takeover"), "{ran:?}");
}

/// What the live test comes to once these server blocks are in a file of somebody else.
fn beside(names: &[&str]) -> (Option<i32>, Vec<String>) {
    let setup = Setup::served().unwrap();
    let block =
        |name: &&str| format!("server {{ listen {}; server_name {name}; }}\n", setup.nginx.port);
    let text: String = names.iter().map(block).collect();
    fs::write(setup.nginx.included("a.conf"), text).unwrap();
    let (code, findings) = setup.check();
    let live = |(code, outcome): &(String, String)| {
        (code == "nginx-conflicting-name").then(|| outcome.clone())
    };
    (code, findings.iter().filter_map(live).collect())
}

#[test]
fn a_name_that_others_have_twice_hides_no_name_of_ours() {
    if Setup::new().is_none() {
        return;
    }
    assert_eq!(beside(&["x", "x"]), (Some(0), vec!["note".to_owned()]));
    assert_eq!(beside(&["x", "x", "localhost"]), (Some(6), vec!["failed".to_owned()]));
}
