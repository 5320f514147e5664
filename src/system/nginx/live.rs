//! The live configuration: tested where that is allowed, reloaded after a test, never restarted.

use super::explain;
use super::run::{Deadline, Ran, run};
use crate::checks::{Finding, Outcome};
use crate::machine::Nginx;
use std::io;
use std::process::Command;

/// What nginx reports about the configuration that it would read now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// Whether it would start with it.
    pub accepted: bool,
    /// What does not work, the worst first; also where it would start.
    pub complaints: Vec<Finding>,
}

impl Live {
    /// The first complaint that counts, else the first that is about others, as a note.
    pub fn finding(self, is_about_others: impl Fn(&Finding) -> bool) -> Finding {
        let (others, counting): (Vec<_>, Vec<_>) =
            self.complaints.into_iter().partition(is_about_others);
        let note = |other| Finding { outcome: Outcome::Note, ..other };
        let all = counting.into_iter().chain(others.into_iter().map(note));
        all.into_iter().next().unwrap_or_else(accepted)
    }
}

/// Tests the configuration that nginx would read now, with `nginx -t`.
///
/// # Errors
/// Why it could not be tested, as a finding: there is no nginx, or this user may not open what it
/// opens.
pub fn ask_live(found: &Nginx, deadline: Deadline) -> Result<Live, Finding> {
    let ran = run(command(found)?.arg("-t"), deadline).map_err(|error| {
        Finding::skipped("nginx-test-live", "nginx could not be run.").seen(error.to_string())
    })?;
    let complaints = explain::failures(ran.ok, &ran.output);
    if let Some(denied) = complaints.iter().find(|it| explain::is_denied(it)) {
        let what = "Only root may test the live configuration.";
        let skipped = Finding::skipped("nginx-test-live", what).try_this("Run: sudo nginx -t");
        return Err(skipped.seen(&*denied.evidence));
    }
    Ok(Live { accepted: ran.ok, complaints })
}

/// Tests the live configuration, then has the running nginx read it again.
///
/// An open event stream survives this. With a broken file nothing is reloaded, and nginx goes on
/// serving the old configuration.
pub fn reload(found: &Nginx, deadline: Deadline) -> Finding {
    try_reload(found, deadline).unwrap_or_else(|untested| untested)
}

fn try_reload(found: &Nginx, deadline: Deadline) -> Result<Finding, Finding> {
    let live = ask_live(found, deadline)?;
    if !live.accepted {
        return Ok(live.finding(|_| false));
    }
    if !found.is_running {
        let what = "nginx is not running, so there is nothing to reload.";
        let skipped = Finding::skipped("nginx-reload", what);
        return Ok(skipped.try_this("Start it when you are ready."));
    }
    let mut command = command(found)?;
    command.args(["-s", "reload"]);
    if found.is_service {
        command = Command::new("systemctl");
        command.args(["reload", "nginx"]);
    }
    Ok(reloaded(run(&mut command, deadline), found.is_service))
}

fn reloaded(ran: io::Result<Ran>, by_systemd: bool) -> Finding {
    let evidence = match ran {
        Ok(ran) if ran.ok => {
            let what = "nginx has read its configuration again.";
            return Finding::new("nginx-reload", Outcome::Ok, what);
        }
        // systemctl quotes no file; nginx may.
        Ok(ran) if by_systemd => ran.output.trim().to_owned(),
        Ok(ran) => explain::failure(false, &ran.output).map_or_else(String::new, |it| it.evidence),
        Err(error) => error.to_string(),
    };
    let what = "nginx was not reloaded and goes on as before.";
    Finding::new("nginx-reload", Outcome::Failed, what)
        .seen(evidence)
        .try_this("Run as root: nginx -t && systemctl reload nginx")
}

/// nginx with its configuration.
fn command(found: &Nginx) -> Result<Command, Finding> {
    let (Some(binary), Some(conf)) = (&found.binary, &found.conf) else {
        return Err(Finding::skipped("nginx-test-live", "There is no nginx on this machine."));
    };
    let mut command = Command::new(binary);
    command.arg("-c").arg(conf);
    Ok(command)
}

fn accepted() -> Finding {
    Finding::new("nginx-test-live", Outcome::Ok, "nginx accepts its configuration.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::geteuid;

    /// An nginx whose answers are those of a shell: `sh -c SCRIPT -t` and `sh -c SCRIPT -s reload`.
    fn answering(script: &str) -> Nginx {
        let binary = Some("/bin/sh".into());
        Nginx { binary, conf: Some(script.into()), is_running: true, ..Nginx::default() }
    }

    #[test]
    fn a_reload_that_fails_is_told_with_the_line_that_nginx_names() {
        let said = "nginx: [emerg] unknown directive in /etc/nginx/nginx.conf:7";
        let found = answering(&format!("[ $0 = -t ] || {{ echo '{said}' >&2; exit 1; }}"));
        let finding = reload(&found, Deadline::usual());
        assert_eq!((finding.code, finding.outcome), ("nginx-reload", Outcome::Failed));
        assert_eq!(finding.evidence, "/etc/nginx/nginx.conf:7");
    }

    #[test]
    fn what_systemd_answers_is_shown_where_it_reloads() {
        let answers = |ok, output: &str| Ok(Ran { ok, output: output.to_owned() });
        let refused = reloaded(answers(false, "Failed to reload nginx.service\n"), true);
        assert_eq!(refused.evidence, "Failed to reload nginx.service");
        assert_eq!(reloaded(answers(true, ""), true).outcome, Outcome::Ok);
        let missing = reloaded(Err(io::ErrorKind::NotFound.into()), true);
        assert_eq!((missing.outcome, &*missing.evidence), (Outcome::Failed, "entity not found"));
    }

    #[test]
    fn an_nginx_that_cannot_be_run_is_not_judged() {
        let binary = Some("/no/such/nginx".into());
        let finding = reload(&Nginx { binary, ..answering("") }, Deadline::usual());
        let skipped = Finding::skipped("nginx-test-live", "nginx could not be run.");
        assert_eq!(finding, skipped.seen("No such file or directory (os error 2)"));
    }

    #[test]
    fn what_only_root_may_open_is_no_fault_for_anybody_else() {
        let bind = "nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)";
        let live = ask_live(&answering(&format!("echo '{bind}' >&2; exit 1")), Deadline::usual());
        if geteuid().is_root() {
            assert_eq!(live.unwrap().complaints[0].code, "nginx-bind");
        } else {
            let skipped = live.unwrap_err();
            assert_eq!((skipped.code, skipped.outcome), ("nginx-test-live", Outcome::Skipped));
        }
    }
}
