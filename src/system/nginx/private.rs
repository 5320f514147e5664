//! nginx's own word on a text that is not installed yet.
//!
//! A copy of the text is tested in a private folder, as any user: ports below 1024, files that
//! this user cannot read and names that do not resolve would stop the test for reasons that are
//! not the text's, so the copy has others in their place, and every one of them is reported. What
//! the live configuration adds, such as the same server name in another file, cannot be seen here.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "system/ runs nginx in a folder of its own"
)]

use super::copy::{Stub, TestCopy};
use super::run::{Ran, run};
use super::{Found, explain};
use crate::checks::{Finding, Outcome};
use rustix::process::geteuid;
use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

/// What a text is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Server blocks, for a file that is included at http level.
    Server,
    /// Locations, for a file that is included inside a server block.
    Location,
}

/// The pair that stands in for a certificate which this user cannot read. It is public, and worth
/// nothing anywhere else.
const CERTIFICATE: &str = include_str!("../../../assets/nginx/throwaway.crt");
const KEY: &str = include_str!("../../../assets/nginx/throwaway.key");

/// Tests a text with `nginx -t` on a private copy. Touches nothing live, as any user; ends within
/// ten seconds. Skipped, with why, where there is no nginx or it cannot be run.
///
/// The evidence names everything that the copy has in place of what the text says.
#[must_use]
pub fn test_privately(found: &Found, text: &str, form: Form) -> Finding {
    let Some(binary) = &found.binary else {
        return skipped("There is no nginx on this machine to test the file with.", String::new());
    };
    let copy = TestCopy::of(text);
    match run_on(found, binary, &copy.text, form) {
        Ok(ran) => judge(&ran, &copy.stubs),
        Err(error) => skipped("nginx could not be run.", error.to_string()),
    }
}

fn run_on(found: &Found, binary: &Path, text: &str, form: Form) -> io::Result<Ran> {
    let dir = tempfile::tempdir()?;
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text);
    fs::create_dir(dir.path().join("logs"))?;
    write("snippet.conf", text)?;
    write("throwaway.crt", CERTIFICATE)?;
    write("throwaway.key", KEY)?;
    write("nginx.conf", &wrapper(form))?;
    // Every path in the wrapper is relative, so that no folder name has to be quoted.
    let mut command = Command::new(binary);
    command.current_dir(&dir).arg("-t").args(["-c", "nginx.conf", "-p", "."]);
    // Older ones complain that they cannot open their log, and go on.
    if found.version >= Some((1, 19, 5)) {
        command.args(["-e", "logs/error.log"]);
    }
    run(&mut command)
}

/// Without `user`, root's nginx gives its temporary folders away to a user that a container may
/// not have; anyone else's warns about the line.
fn wrapper(form: Form) -> String {
    let user = if geteuid().is_root() { "user root;\n" } else { "" };
    let include = match form {
        Form::Server => "include snippet.conf;",
        Form::Location => {
            "server { listen unix:private.sock; server_name _; include snippet.conf; }"
        }
    };
    let temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {kind};\n"));
    let temp = temp.concat();
    format!(
        "{user}pid nginx.pid;\nerror_log logs/error.log;\nevents {{ }}\nhttp {{\naccess_log off;\n{temp}{include}\n}}\n"
    )
}

fn judge(ran: &Ran, stubs: &[Stub]) -> Finding {
    let said =
        ran.said.replace("in ./snippet.conf:", "in line ").replace("in snippet.conf:", "in line ");
    let Some(mut failure) = explain::failure(ran.ok, &said) else { return accepted(stubs) };
    if failure.evidence.contains("nginx.conf:") {
        return skipped("nginx cannot run a private test here.", failure.evidence);
    }
    failure.evidence = list(&failure.evidence, stubs);
    failure
}

/// nginx takes the text; what it would not have taken as it stands makes it a note.
fn accepted(stubs: &[Stub]) -> Finding {
    let evidence = list("nginx -t on a private copy: the test is successful", stubs);
    let ok = Finding {
        code: "nginx-test",
        outcome: Outcome::Ok,
        summary: "nginx accepts this file.".into(),
        evidence,
        remedy: String::new(),
    };
    let Some((what, remedy)) = stubs.iter().find_map(Stub::trouble) else { return ok };
    Finding { outcome: Outcome::Note, summary: what, remedy, ..ok }
}

fn list(line: &str, stubs: &[Stub]) -> String {
    let stubs = stubs.iter().map(|stub| format!("; {stub}"));
    std::iter::once(line.to_owned()).chain(stubs).collect()
}

fn skipped(what: &str, evidence: String) -> Finding {
    let remedy = if evidence.is_empty() { "" } else { "Run nginx -t after the file is installed." };
    Finding { evidence, remedy: remedy.into(), ..Finding::skipped("nginx-test", what) }
}
