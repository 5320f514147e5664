//! Runs nginx, systemctl or `kestra --version`, with limits of time and output.

use crate::system::console::PASSWORD_VARIABLE;
use crate::system::{timed_out, within};
use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// So much of what a command prints is read.
const MOST_OUTPUT: u64 = 1024 * 1024;

/// When every run of nginx that belongs to one task must have ended.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

impl Deadline {
    pub(crate) fn after(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    /// Time enough for a check or a write; nginx needs well under a second.
    pub fn usual() -> Self {
        Self::after(Duration::from_secs(10))
    }

    fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}

#[derive(Debug)]
pub(super) struct Ran {
    pub(super) ok: bool,
    /// What it printed where its reports go: standard error in the case of nginx.
    pub(super) output: String,
}

/// Runs a command to its end and keeps what it printed.
///
/// # Errors
/// When it cannot be started, has not ended in time, or prints too much; then it is killed.
pub(super) fn run(command: &mut Command, deadline: Deadline) -> io::Result<Ran> {
    let command = command.env("LC_ALL", "C").env_remove(PASSWORD_VARIABLE);
    let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let stderr = child.stderr.take();
    finish(child, stderr, deadline)
}

/// What another command prints to standard output, with the same limits.
///
/// # Errors
/// As [`run`], and where the command fails.
pub(in crate::system) fn output_of(
    command: &mut Command,
    deadline: Deadline,
) -> io::Result<String> {
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let stdout = child.stdout.take();
    let ran = finish(child, stdout, deadline)?;
    if ran.ok { Ok(ran.output) } else { Err(io::Error::other("it failed")) }
}

fn finish(
    mut child: Child,
    pipe: Option<impl Read + Send + 'static>,
    deadline: Deadline,
) -> io::Result<Ran> {
    let output = within(deadline.left(), move || {
        let mut bytes = Vec::new();
        // What came before an error is still worth showing.
        let _ = pipe.map(|pipe| pipe.take(MOST_OUTPUT + 1).read_to_end(&mut bytes));
        bytes
    });
    let ended = output.and_then(|output| {
        if output.len() as u64 > MOST_OUTPUT {
            return Err(io::Error::other("it printed more than 1 MiB"));
        }
        Ok((output, wait(&mut child, deadline)?))
    });
    if ended.is_err() {
        child.kill()?;
        child.wait()?;
    }
    let (output, status) = ended?;
    Ok(Ran { ok: status.success(), output: String::from_utf8_lossy(&output).into_owned() })
}

/// A command may close its output and go on.
fn wait(child: &mut Child, deadline: Deadline) -> io::Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if deadline.left().is_zero() {
            return Err(timed_out());
        }
        thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, time: Duration) -> io::Result<Ran> {
        run(Command::new("sh").args(["-c", script]), Deadline::after(time))
    }

    #[test]
    fn a_command_that_prints_without_end_is_killed() {
        let error = sh("yes >&2", Duration::from_secs(10)).unwrap_err();
        assert_eq!(error.to_string(), "it printed more than 1 MiB");
    }

    #[test]
    fn a_command_that_does_not_end_is_killed() {
        for script in ["sleep 100", "exec sleep 100 2>&-"] {
            let error = sh(script, Duration::from_millis(50)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut, "{script}");
        }
    }

    #[test]
    fn several_runs_share_one_time() {
        let deadline = Deadline::after(Duration::from_millis(300));
        let all: Vec<_> =
            (0..9).map(|_| run(Command::new("sleep").arg("0.1"), deadline).is_ok()).collect();
        assert!(all[0] && !all[8], "{all:?}");
    }

    #[test]
    fn nginx_does_not_inherit_the_password() {
        let mut command = Command::new("sh");
        command.env("KESTRA_SETUP_PROXY_PASSWORD", "x").args(["-c", "env >&2"]);
        let ran = run(&mut command, Deadline::usual()).unwrap();
        assert!(ran.ok && !ran.output.contains("PASSWORD"), "{ran:?}");
    }
}
