//! The result page: what is written, and what is not done yet.

use super::{Saved, SavedFile};
use crate::answers::Answers;
use crate::form;
use crate::plan::{FileKind, Plan};
use crate::settings::ServerUrl;

/// Adds what is left to do for these answers.
#[must_use]
pub fn with_next_steps(saved: Saved, answers: &Answers, plan: &Plan) -> Saved {
    let is_written = |kind| plan.pending().any(|change| change.kind == kind);
    let mut next = Vec::new();
    if is_written(FileKind::Env) || answers.keeps_password_elsewhere() {
        next.push(environment(answers));
    }
    if is_written(FileKind::Config) || is_written(FileKind::Env) {
        next.push(format!(
            "Restart Kestra so that it reads the file (your way of starting it), e.g.\n{}",
            answers.here().restart
        ));
    }
    if is_written(FileKind::Nginx) {
        next.push(nginx(answers));
        next.extend(certificate(answers));
    }
    next.push("Check               [c] run now:  kestra-setup check".to_owned());
    Saved { next, ..saved }
}

fn environment(answers: &Answers) -> String {
    let file = answers.get(&form::ENV_FILE);
    let variable = answers.get(&form::PROXY_PASSWORD_VARIABLE);
    if file.is_empty() {
        return format!(
            "Set {variable} in the environment of Kestra; without it Kestra does not start."
        );
    }
    format!(
        "Give Kestra the variable {variable}: in its systemd unit\nEnvironmentFile={file}\nor in docker-compose.yml\nenv_file: {file}"
    )
}

fn nginx(answers: &Answers) -> String {
    let file = answers.get(&form::NGINX_FILE);
    if !answers.here().has_nginx {
        return format!("Copy {file} to the machine with nginx, into a folder that it includes.");
    }
    if answers.get(&form::NGINX_FORM) == "location" {
        return format!(
            "Add this line inside your server block, then reload nginx [r]:\ninclude {file};"
        );
    }
    "Reload nginx        [r] run now:  nginx -t && systemctl reload nginx".to_owned()
}

/// How to get a certificate, where the address is https and there is none.
fn certificate(answers: &Answers) -> Option<String> {
    let url = answers.get(&form::URL).parse::<ServerUrl>().ok()?;
    let is_missing = answers.asks(&form::CERTIFICATE) && answers.get(&form::CERTIFICATE).is_empty();
    let name = url.host().name()?;
    (url.is_https() && is_missing).then(|| format!("Add a certificate   certbot --nginx -d {name}"))
}

/// The result as lines, which are printed to the normal screen as well when the wizard is left.
#[must_use]
pub fn report(saved: &Saved) -> Vec<String> {
    let mut lines = vec![saved.headline.clone(), String::new()];
    let width = saved.files.iter().map(|file| file.path.len()).max().unwrap_or(0);
    for SavedFile { what, path, about } in &saved.files {
        lines.push(format!("  {what:<11}  {path:<width$}   {about}"));
    }
    if saved.undo.is_some() {
        lines.push("  undo         kestra-setup rollback".to_owned());
    }
    if !saved.next.is_empty() {
        lines.extend([String::new(), "Not in effect yet. Next:".to_owned(), String::new()]);
    }
    for (number, step) in saved.next.iter().enumerate() {
        let mut parts = step.lines();
        lines.push(format!("  {}  {}", number + 1, parts.next().unwrap_or_default()));
        lines.extend(parts.map(|part| format!("       {part}")));
    }
    for warning in &saved.warnings {
        lines.extend([String::new(), format!("Warning: {warning}")]);
    }
    lines
}
