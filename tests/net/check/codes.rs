//! The codes of `check`: the manual page has them all, and none is left out without a word.

use crate::site;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use support::machine::{self, Machine};

/// What looks like a code in the source and is none of `check`: names of the program's own, and what
/// only the wizard shows.
const NO_CODES: [&str; 6] = [
    "kestra-setup-check",
    "proxy-authenticate",
    "kestra-setup",
    "kestra-setup-out",
    "nginx-reload",
    "way-out-cancelled",
];

/// How a code begins: what it is about.
const ABOUT: [&str; 10] =
    ["config", "way", "direct", "proxy", "not", "tls", "site", "nginx", "kestra", "public"];

fn is_code(text: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase());
    let has_words = text.contains('-') && text.split('-').all(is_word);
    has_words && ABOUT.iter().any(|about| text.split('-').next() == Some(about))
}

/// The codes among the texts in quotes of every file below, tests left out.
fn of_source(path: &Path, codes: &mut BTreeSet<String>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            of_source(&entry.unwrap().path(), codes);
        }
        return;
    }
    if path.ends_with("tests.rs") {
        return;
    }
    let text = fs::read_to_string(path).unwrap();
    let program = text.split("#[cfg(test)]").next().unwrap();
    codes.extend(program.split('"').filter(|text| is_code(text)).map(str::to_owned));
}

#[test]
fn the_manual_page_has_every_code_that_the_program_gives_and_no_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut given = BTreeSet::new();
    of_source(&root.join("src/system"), &mut given);
    of_source(&root.join("src/checks.rs"), &mut given);
    of_source(&root.join("src/nginx_site/needs.rs"), &mut given);
    given.retain(|code| !NO_CODES.contains(&code.as_str()));
    let page = fs::read_to_string(root.join("assets/man.roff")).unwrap().replace("\\-", "-");
    let (_, section) = page.split_once(".SH CODES").unwrap();
    let section = section.split("\n.SH").next().unwrap();
    let bold = section.split("\\fB").skip(1).map(|text| text.split("\\fR").next().unwrap());
    let output: BTreeSet<_> = bold.filter(|text| is_code(text)).map(str::to_owned).collect();
    assert_eq!(output, given);
}

#[test]
fn what_cannot_be_looked_at_has_its_code_all_the_same() {
    let machine = Machine::new();
    fs::write(machine.config(), "kestra.url: ${PUBLIC}\n").unwrap();
    let url = format!("http://127.0.0.1:{}", site::answering(b"HTTP/1.1 204 x\r\n\r\n"));
    // It comes before the one of this machine, and cannot be run.
    fs::write(machine.at("home/nginx"), "").unwrap();
    let mut command = machine.command(&[], &["check", "--json", "--api-url", &url]);
    let ran = machine::ran(command.env("PATH", machine.at("home")));
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let skipped: Vec<_> = findings
        .iter()
        .filter(|finding| finding["outcome"] == "skipped")
        .map(|finding| finding["code"].as_str().unwrap())
        .collect();
    let serving = "kestra-answers kestra-open-api kestra-release kestra-takeover kestra-login \
                   kestra-webhooks kestra-health public-ui public-redirect public-scheme \
                   public-stream public-upload kestra-tasks";
    let wanted: Vec<_> = ["nginx-test-live"].into_iter().chain(serving.split(' ')).collect();
    assert_eq!(skipped, wanted, "{ran:?}");
}

/// What was not checked, and why.
fn skipped(config: &str) -> Vec<String> {
    let machine = Machine::new();
    fs::write(machine.config(), config).unwrap();
    let ran = machine.run(&["check", "--json", "--api-url", "http://127.0.0.1:1/"]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    let skipped = findings.filter(|finding| finding["outcome"] == "skipped");
    skipped.map(|finding| finding["what"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_placeholder_hides_no_more_than_what_depends_on_it() {
    let url = "kestra.url: http://localhost:1/\n";
    let port = "micronaut.server.port: 1\nendpoints.all.port: ${PORT}\n";
    let no_health = skipped(&format!("{url}{port}"));
    let no_answer = "Kestra does not answer at http://localhost:1/ui/ from this machine";
    assert!(no_health.iter().any(|what| what == no_answer), "{no_health:?}");
    let no_path = skipped(&format!("{url}micronaut.server.context-path: ${{PATH_OF_KESTRA}}\n"));
    let not_checked = "not checked, since the context path is not known";
    assert_eq!(no_path.iter().filter(|what| *what == not_checked).count(), 13, "{no_path:?}");
}

#[test]
fn where_the_live_configuration_is_not_known_the_file_for_kestra_is_tested_alone() {
    for form in ["server", "location"] {
        let machine = Machine::new();
        let script = "#!/bin/sh\necho nginx version: nginx/1.24.0 >&2\n";
        fs::write(machine.at("home/script"), script).unwrap();
        // Not by this process, whose open file a test that starts a program would inherit.
        let (script, nginx) = (machine.at("home/script"), machine.at("home/nginx"));
        let copied = Command::new("install").args(["-m", "755"]).arg(script).arg(nginx).status();
        assert!(copied.unwrap().success());
        let path = format!("{}:/usr/bin:/bin", machine.at("home").display());
        let run = |words: &[&str]| {
            let mut command = machine.command(&[], words);
            command.env("PATH", &path).env_remove("KESTRA_SETUP_REVERSE_PROXY");
            machine::ran(&mut command)
        };
        let ran = run(&["apply", "--url", "http://a.example/", "--reverse-proxy", "nginx"]
            .into_iter()
            .chain(["--nginx-form", form])
            .collect::<Vec<_>>());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let ran = run(&["check", "--json", "--api-url", "http://127.0.0.1:1/"]);
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        let findings = report["findings"].as_array().unwrap();
        let test = findings.iter().find(|it| it["code"] == "nginx-test").unwrap();
        assert_eq!(test["outcome"], "ok", "{form}: {ran:?}");
    }
}
