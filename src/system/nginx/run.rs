//! Starts nginx or systemctl, with an end in sight.

#![expect(clippy::disallowed_types, reason = "this is where nginx is started")]

use std::io::{self, Read};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// A test that takes longer is not worth waiting for; nginx needs well under a second.
const LIMIT: Duration = Duration::from_secs(10);

/// How a command ended.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) ok: bool,
    /// What it wrote to standard error, which is where nginx talks.
    pub(super) said: String,
}

/// Runs a command to its end and keeps what it said.
///
/// # Errors
///
/// When it cannot be started, or has not ended after ten seconds; then it is killed.
pub(super) fn run(command: &mut Command) -> io::Result<Ran> {
    let command = command.env("LC_ALL", "C").stdin(Stdio::null()).stdout(Stdio::null());
    let mut child = command.stderr(Stdio::piped()).spawn()?;
    let (sender, said) = mpsc::channel();
    let stderr = child.stderr.take();
    thread::spawn(move || sender.send(read_all(stderr)));
    let Ok(said) = said.recv_timeout(LIMIT) else {
        child.kill()?;
        child.wait()?;
        return Err(io::Error::new(io::ErrorKind::TimedOut, "no answer within 10 s"));
    };
    Ok(Ran { ok: child.wait()?.success(), said })
}

fn read_all(stderr: Option<impl Read>) -> String {
    let mut bytes = Vec::new();
    // What came before an error is still worth showing.
    let _ = stderr.map(|mut stderr| stderr.read_to_end(&mut bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}
