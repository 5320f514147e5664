//! Names the commit in `--version`, where the sources are a git checkout of their own.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "runs while building, not on the operator's machine"
)]

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let version = env!("CARGO_PKG_VERSION");
    let full = commit().map_or(version.to_owned(), |commit| format!("{version} ({commit})"));
    println!("cargo::rustc-env=KESTRA_SETUP_VERSION={full}");
}

/// The commit, if there is git and these sources are the root of its checkout: unpacked inside
/// another repository, they would show that one's commit.
fn commit() -> Option<String> {
    let questions = ["--show-prefix", "--git-path", "HEAD", "--git-path", "logs/HEAD"];
    let mut git = Command::new("git");
    let output = git.arg("rev-parse").args(questions).args(["--short=12", "HEAD"]).output().ok()?;
    let answer = String::from_utf8(output.stdout).ok().filter(|_| output.status.success())?;
    let mut lines = answer.lines();
    lines.next().filter(|prefix| prefix.is_empty())?;
    // The log of HEAD grows with every commit, checkout and reset. A file that is not there would
    // have this run on every build.
    lines.by_ref().take(2).filter(|path| Path::new(path).exists()).for_each(|path| {
        println!("cargo::rerun-if-changed={path}");
    });
    lines.next().map(str::to_owned)
}
