//! The result page: what is written, and what is not done yet.

use super::{NextStep, WriteResult, WriteState, WrittenFile};
use crate::answers::Answers;
use crate::form::{self, Context as _};
use crate::plan::FileKind;
use crate::settings::ServerUrl;
use crate::shell;
use std::iter::once;

/// The columns that a line may have where nothing is to wrap.
const LONGEST: usize = 78;

/// Adds what is left to do for these answers, so that the files are read.
pub(crate) fn with_next_steps(saved: WriteResult, answers: &Answers) -> WriteResult {
    let is_written = |kind| saved.files.iter().any(|file| file.kind == kind);
    let is_removed = |kind| saved.files.iter().any(|file| file.kind == kind && file.is_removed);
    // What is undone needs nothing of what the answers would have needed.
    let is_new = saved.state == WriteState::Written;
    let mut next = Vec::new();
    if is_new && (is_written(FileKind::Env) || answers.keeps_password_elsewhere()) {
        next.extend(environment(answers));
    }
    let has_config = !is_removed(FileKind::Config);
    if !has_config {
        next.push(NextStep::new("If Kestra was started with this file, restart it without."));
    } else if is_written(FileKind::Config) || is_written(FileKind::Env) {
        next.extend(access(answers).filter(|_| is_new && is_written(FileKind::Config)));
        next.push(restart(answers));
        next.extend(password_left_behind(answers).filter(|_| is_new));
    }
    if is_written(FileKind::Nginx) {
        next.push(nginx(answers, is_removed(FileKind::Nginx)));
        next.extend(certificate(answers).filter(|_| is_new));
    }
    if has_config {
        let check = format!("{} check", answers.defaults().program);
        next.push(NextStep::new("Check").key('c').command(check));
    }
    let is_new_proxy =
        [&form::CONNECTION, &form::PROXY_ADDRESS].iter().any(|field| answers.is_changed(field));
    let beyond = form::beyond_proxy(answers);
    if is_new && is_written(FileKind::Config) && is_new_proxy && !beyond.is_empty() {
        let what = "What does not go through this proxy, where you need it:";
        next.push(NextStep::new(what).lines(beyond));
    }
    next.extend(saved.next);
    let url = answers.get(&form::URL).parse::<ServerUrl>();
    let open = match url {
        _ if !is_new => String::new(),
        Ok(url) if is_written(FileKind::Config) || is_written(FileKind::Env) => {
            format!("Open {url} once Kestra has restarted.")
        }
        Ok(url) if is_written(FileKind::Nginx) => format!("Open {url} once nginx is reloaded."),
        _ => String::new(),
    };
    WriteResult { open, next, ..saved }
}

/// What lets the service read a new configuration that belongs to another user.
fn access(answers: &Answers) -> Option<NextStep> {
    let defaults = answers.defaults();
    let service = defaults.service.as_ref()?;
    let user = service.locked_out.as_ref()?;
    let what = format!("Let {} read the file; it runs as {user}:", service.name);
    let (user, file) = (shell::word(user), shell::word(&defaults.config_file));
    Some(NextStep::new(what).lines([format!("chown {user} {file}")]))
}

fn restart(answers: &Answers) -> NextStep {
    let service = answers.defaults().service.as_ref();
    if let Some(command) = service.and_then(|service| service.restart.clone()) {
        return NextStep::new("Restart Kestra").command(command);
    }
    let what = "Restart Kestra so that it reads the file (however you start it)";
    match answers.defaults().restart.clone() {
        example if example.is_empty() => NextStep::new(format!("{what}.")),
        example => NextStep::new(format!("{what}, e.g.")).lines([example]),
    }
}

/// The env file from which Kestra took the password of the proxy, if it takes it no longer.
fn password_left_behind(answers: &Answers) -> Option<NextStep> {
    let file = answers.found(&form::ENV_FILE).filter(|file| !file.is_empty())?;
    let variable = answers.found(&form::PROXY_PASSWORD_VARIABLE)?;
    let is_left = !answers.asks(&form::ENV_FILE);
    is_left.then(|| {
        NextStep::new(format!("Then remove {variable} from {file}, which keeps the password."))
    })
}

fn environment(answers: &Answers) -> Option<NextStep> {
    let file = answers.get(&form::ENV_FILE);
    let variable = answers.get(&form::PROXY_PASSWORD_VARIABLE);
    if file.is_empty() {
        return Some(NextStep::new(format!(
            "Set {variable} in the environment of Kestra; without it Kestra does not start."
        )));
    }
    if let Some(service) = &answers.defaults().service {
        let line = service.missing_line(&file)?;
        let how = if service.is_unit { " with systemctl edit" } else { "" };
        let what = format!("Add this line to {}{how}", service.name);
        return Some(NextStep::new(what).lines([line]));
    }
    let what = format!("Give Kestra the variable {variable}: in its systemd unit");
    let unit = format!("EnvironmentFile={file}");
    let compose = format!("env_file: {file}");
    Some(NextStep::new(what).lines([unit, "or in docker-compose.yml".to_owned(), compose]))
}

fn nginx(answers: &Answers, is_removed: bool) -> NextStep {
    let file = answers.get(&form::NGINX_FILE);
    if !answers.defaults().has_nginx {
        return NextStep::new(if is_removed {
            "Remove the file from the machine with nginx too, if it was copied there.".to_owned()
        } else {
            format!("Copy {file} to the machine with nginx, into a folder that it includes.")
        });
    }
    if answers.get(&form::NGINX_FORM) == "location" && !is_removed {
        let include = format!("include {file};");
        return NextStep::new(include_step(answers)).key('r').lines([include]);
    }
    NextStep::new("Reload nginx").key('r').command("nginx -t && systemctl reload nginx")
}

/// Names the server block that the locations go into, and the location that they replace: nginx
/// refuses two of the same path.
fn include_step(answers: &Answers) -> String {
    let url = answers.get(&form::URL).parse::<ServerUrl>().ok();
    let server = url.and_then(|url| answers.defaults().existing_server(&url.host().to_string()));
    let Some(server) = server else {
        return "Add this line inside your server block, then reload nginx:".to_owned();
    };
    let path = answers.get(&form::CONTEXT_PATH).into_owned();
    let ours = [format!("{path}/"), format!("= {path}"), path];
    let same = server.locations.iter().find(|(location, _)| ours.contains(location));
    let replaced = same.map_or(String::new(), |(location, line)| {
        format!(" in place of \"location {location}\" (line {line})")
    });
    format!("Add this line to the server block at {}{replaced}, then reload nginx:", server.place)
}

/// How to get a certificate, where the address is https and there is none.
fn certificate(answers: &Answers) -> Option<NextStep> {
    let url = answers.get(&form::URL).parse::<ServerUrl>().ok()?;
    let is_missing = answers.asks(&form::CERTIFICATE) && answers.get(&form::CERTIFICATE).is_empty();
    let name = url.host().name()?;
    let command = format!("certbot --nginx -d {name}");
    (url.is_https() && is_missing).then(|| NextStep::new("Add a certificate").command(command))
}

/// The result where no key does anything, such as on the normal screen once the wizard is left.
pub fn report(saved: &WriteResult) -> Vec<String> {
    let urgent = saved.urgent.iter().flat_map(|it| [format!("warning: {it}"), String::new()]);
    let mut lines: Vec<_> = urgent.chain([saved.headline.clone(), String::new()]).collect();
    let widest = |of: fn(&WrittenFile) -> &str| {
        saved.files.iter().map(|file| of(file).chars().count()).max().unwrap_or(0)
    };
    let (name, width) = (widest(|file| &file.what).max(11), widest(|file| &file.path));
    for WrittenFile { what, path, about, .. } in &saved.files {
        lines.push(format!("  {what:<name$}  {path:<width$}   {about}"));
    }
    if let Some(undo) = &saved.undo {
        let beside = format!("  {:<name$}  {}", "undo", undo.command);
        if beside.chars().count() <= LONGEST {
            lines.push(beside);
        } else {
            lines.extend(["  undo".to_owned(), format!("       {}", undo.command)]);
        }
    }
    if !saved.open.is_empty() {
        lines.extend([String::new(), saved.open.clone()]);
    }
    if !saved.next.is_empty() {
        let title = if saved.files.is_empty() { "Next:" } else { "Not in effect yet. Next:" };
        lines.extend([String::new(), title.to_owned(), String::new()]);
    }
    for (step, number) in saved.next.iter().zip(1..) {
        lines.extend(numbered(step, number));
    }
    for warning in &saved.warnings {
        lines.extend([String::new(), format!("warning: {warning}")]);
    }
    lines
}

/// A command that does not fit beside its step is below it, so that it can be copied whole.
fn numbered(step: &NextStep, number: usize) -> impl Iterator<Item = String> {
    let NextStep { what, command, lines, .. } = step;
    let beside = format!("  {number}  {what:<20}{command}");
    let (first, below) = if !command.is_empty() && beside.chars().count() <= LONGEST {
        (beside, None)
    } else {
        let command = Some(command).filter(|command| !command.is_empty());
        (format!("  {number}  {what}"), command)
    };
    once(first).chain(below.into_iter().chain(lines).map(|line| format!("       {line}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wizard::Undo;

    #[test]
    fn a_unit_whose_user_would_not_read_the_new_file_is_given_it_before_its_restart() {
        let service = form::Service {
            name: "kestra.service".to_owned(),
            restart: Some("systemctl restart kestra".to_owned()),
            locked_out: Some("kestra".to_owned()),
            ..form::Service::default()
        };
        let config_file = "/etc/kestra/my config.yml".to_owned();
        let defaults =
            form::Defaults { service: Some(service), config_file, ..form::Defaults::default() };
        let answers = Answers::new(defaults, [].into());
        let file = WrittenFile {
            is_removed: false,
            ..removed(FileKind::Config, "config.yml", "/etc/kestra/my config.yml")
        };
        let saved =
            WriteResult { state: WriteState::Written, files: vec![file], ..WriteResult::default() };
        let next = with_next_steps(saved, &answers).next;
        assert_eq!(next[0].what, "Let kestra.service read the file; it runs as kestra:");
        assert_eq!(next[0].lines, ["chown kestra '/etc/kestra/my config.yml'"]);
        assert_eq!(next[1].command, "systemctl restart kestra");
    }

    #[test]
    fn a_password_that_stays_in_an_env_file_is_told() {
        let found = [
            ("connection", "http"),
            ("proxy-address", "p:1"),
            ("proxy-username", "svc"),
            ("proxy-password", "hunter2"),
            ("proxy-credentials", "env"),
            ("proxy-password-variable", "LOGIN"),
            ("env-file", "/etc/kestra/kestra.env"),
        ];
        let found = found.map(|(name, text)| (name, text.into()));
        let mut answers = Answers::new(form::Defaults::default(), found.into());
        assert_eq!(password_left_behind(&answers), None);
        let what = "Then remove LOGIN from /etc/kestra/kestra.env, which keeps the password.";
        for (field, text) in [(&form::PROXY_CREDENTIALS, "basic"), (&form::CONNECTION, "direct")] {
            answers.set(field, text);
            assert_eq!(password_left_behind(&answers), Some(NextStep::new(what)), "{text}");
        }
        let file = WrittenFile {
            is_removed: false,
            ..removed(FileKind::Config, "config.yml", "/etc/kestra/config.yml")
        };
        let saved =
            WriteResult { state: WriteState::Written, files: vec![file], ..WriteResult::default() };
        assert_eq!(with_next_steps(saved, &answers).next[1].what, what);
    }

    #[test]
    fn a_unit_is_restarted_and_told_the_env_file_that_it_does_not_read() {
        let service = form::Service {
            name: "kestra.service".to_owned(),
            restart: Some("systemctl restart kestra".to_owned()),
            env_files: vec!["/etc/kestra/read.env".to_owned()],
            is_unit: true,
            ..form::Service::default()
        };
        let defaults = form::Defaults { service: Some(service), ..form::Defaults::default() };
        let mut answers = Answers::new(defaults, [].into());
        assert_eq!(restart(&answers).command, "systemctl restart kestra");
        answers.set(&form::ENV_FILE, "/etc/kestra/read.env");
        assert!(environment(&answers).is_none());
        answers.set(&form::ENV_FILE, "/etc/kestra/k.env");
        let step = environment(&answers).unwrap();
        assert_eq!(step.what, "Add this line to kestra.service with systemctl edit");
        assert_eq!(step.lines, ["EnvironmentFile=/etc/kestra/k.env"]);
    }

    #[test]
    fn a_variable_without_a_file_of_its_own_is_to_be_set() {
        let mut answers = Answers::new(form::Defaults::default(), [].into());
        answers.set(&form::PROXY_PASSWORD_VARIABLE, "LOGIN");
        answers.set(&form::ENV_FILE, "");
        let what = "Set LOGIN in the environment of Kestra; without it Kestra does not start.";
        assert_eq!(environment(&answers), Some(NextStep::new(what)));
    }

    #[test]
    fn a_file_for_nginx_is_copied_to_another_machine_and_locations_are_included() {
        let mut answers = Answers::new(form::Defaults::default(), [].into());
        answers.set(&form::NGINX_FILE, "/srv/kestra.conf");
        answers.set(&form::NGINX_FORM, "location");
        let what =
            "Copy /srv/kestra.conf to the machine with nginx, into a folder that it includes.";
        assert_eq!(nginx(&answers, false), NextStep::new(what));
        let here = form::Defaults { has_nginx: true, ..form::Defaults::default() };
        let answers = Answers::new(here, [].into()).with(&answers);
        let step = nginx(&answers, false);
        assert_eq!(step.what, "Add this line inside your server block, then reload nginx:");
        assert_eq!(
            (step.lines, step.key),
            (vec!["include /srv/kestra.conf;".to_owned()], Some('r'))
        );
    }

    fn removed(kind: FileKind, what: &str, path: &str) -> WrittenFile {
        let [what, path, about] = [what, path, "removed"].map(str::to_owned);
        WrittenFile { kind, what, path, about, is_removed: true }
    }

    #[test]
    fn what_an_undo_removed_is_neither_started_nor_included_nor_checked() {
        let defaults = form::Defaults {
            has_nginx: true,
            restart: "kestra server standalone --config /srv/config.yml".to_owned(),
            ..form::Defaults::default()
        };
        let mut answers = Answers::new(defaults, [].into());
        answers.set(&form::NGINX_FORM, "location");
        let files = vec![
            removed(FileKind::Config, "config.yml", "/srv/config.yml"),
            removed(FileKind::Nginx, "nginx", "/srv/kestra.conf"),
        ];
        let state = WriteState::RolledBack;
        let undone = WriteResult { state, files, ..WriteResult::default() };
        let steps = with_next_steps(undone.clone(), &answers).next;
        let told: Vec<_> = steps.iter().map(|step| (&*step.what, &*step.command)).collect();
        let reload = ("Reload nginx", "nginx -t && systemctl reload nginx");
        assert_eq!(
            told,
            [("If Kestra was started with this file, restart it without.", ""), reload]
        );
        assert!(steps.iter().all(|step| step.lines.is_empty()), "{steps:?}");
        let elsewhere = Answers::new(form::Defaults::default(), [].into());
        let last = with_next_steps(undone, &elsewhere).next.pop().unwrap();
        assert!(last.what.starts_with("Remove the file from the machine with nginx"), "{last:?}");
    }

    #[test]
    fn the_columns_are_as_wide_as_the_longest_name() {
        let files = vec![
            removed(FileKind::Config, "docker-compose.yml", "/é/docker-compose.yml"),
            removed(FileKind::Env, "kestra.env", "/é/kestra.env"),
        ];
        let undo = Some(Undo { id: "1".to_owned(), command: "kestra-setup rollback".to_owned() });
        let lines = report(&WriteResult { files, undo, ..WriteResult::default() });
        let expected = [
            "  docker-compose.yml  /é/docker-compose.yml   removed",
            "  kestra.env          /é/kestra.env           removed",
            "  undo                kestra-setup rollback",
        ];
        assert_eq!(lines[2..5], expected);
    }

    #[test]
    fn no_command_is_guessed_for_a_file_of_an_unknown_kind() {
        let place: crate::kestra_config::Place = "a.b".parse().unwrap();
        let restart = place.restart_command("f.yml");
        let answers =
            Answers::new(form::Defaults { restart, ..form::Defaults::default() }, [].into());
        let step = super::restart(&answers);
        assert!(
            step.what.ends_with("(however you start it).") && step.lines.is_empty(),
            "{step:?}"
        );
    }

    #[test]
    fn a_long_command_has_a_line_of_its_own() {
        let command = format!("kestra-setup --config /etc/{}/config.yml check", "k".repeat(30));
        let step = NextStep::new("Check").command(&*command);
        let lines = report(&WriteResult { next: vec![step], ..WriteResult::default() });
        let [.., first, second] = &lines[..] else { panic!("{lines:?}") };
        assert_eq!(first, "  1  Check");
        assert_eq!(second, &format!("       {command}"));
    }

    #[test]
    fn locations_are_told_their_server_block_and_what_they_replace() {
        let server = form::ExistingServer {
            names: vec!["ops.example.com".to_owned()],
            place: "/etc/nginx/sites-enabled/ops:5".to_owned(),
            has_tls: true,
            locations: vec![("/other".to_owned(), 7), ("/".to_owned(), 8)],
        };
        let defaults =
            form::Defaults { existing_servers: vec![server], ..form::Defaults::default() };
        let mut answers = Answers::new(defaults, [].into());
        answers.set(&form::URL, "https://ops.example.com/");
        assert_eq!(
            include_step(&answers),
            "Add this line to the server block at /etc/nginx/sites-enabled/ops:5 in place of \
             \"location /\" (line 8), then reload nginx:"
        );
        answers.set(&form::URL, "https://ops.example.com/kestra/");
        assert_eq!(
            include_step(&answers),
            "Add this line to the server block at /etc/nginx/sites-enabled/ops:5, then reload nginx:"
        );
    }
}
