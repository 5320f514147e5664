//! Writes a plan with the rights of root: through a pipe to `sudo kestra-setup apply --plan -`.
//!
//! The plan goes through standard input, so no password is in an argument or a temporary file. sudo
//! asks for its own password at the terminal.
#![expect(clippy::disallowed_types, reason = "this is where sudo is started")]

use super::export::piped;
use crate::plan::Plan;
use std::io::{self, Write as _};
use std::process::{Command, ExitStatus, Stdio};

/// Writes the plan as root.
///
/// # Errors
/// Nothing was written: sudo is missing or refused, or the files changed meanwhile.
pub fn run(plan: &Plan) -> Result<(), String> {
    let text = piped::to_json(plan).map_err(|error| error.to_string())?;
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut child = Command::new("sudo")
        .arg("--")
        .arg(program)
        .args(["apply", "--plan", "-"])
        .stdin(Stdio::piped())
        .spawn()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => "there is no sudo on this machine".to_owned(),
            _ => error.to_string(),
        })?;
    if let Some(mut pipe) = child.stdin.take() {
        // If sudo refuses, it says so itself, and nobody reads the plan.
        let _ = pipe.write_all(text.as_bytes());
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err(why(status)) }
}

/// What the exit code of the other end means; sudo itself leaves with 1.
fn why(status: ExitStatus) -> String {
    match status.code() {
        Some(4) => "a file changed on disk meanwhile".to_owned(),
        Some(5) => "root may not write there either".to_owned(),
        Some(6) => "the result failed its proof, and was put back".to_owned(),
        _ => format!("sudo ended with {status}; what it said shows when you leave"),
    }
}
