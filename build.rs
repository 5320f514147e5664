//! Names the commit in `--version`, where the sources are a git checkout.

#![expect(clippy::disallowed_types, reason = "asks git for the commit")]

use std::process::Command;

fn main() {
    let version = env!("CARGO_PKG_VERSION");
    let commit = Command::new("git").args(["rev-parse", "--short=12", "HEAD"]).output();
    let commit = commit.ok().filter(|output| output.status.success());
    let commit = commit.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let full = commit.map_or(version.to_owned(), |commit| format!("{version} ({commit})"));
    println!("cargo::rustc-env=KESTRA_SETUP_VERSION={full}");
    println!("cargo::rerun-if-changed=.git/HEAD");
}
