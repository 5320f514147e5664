//! What is good to know before a plan is written.

use super::{FileChange, FileKind, Plan};
use crate::answers::Answers;
use crate::kestra_config::{self, Reading};
use crate::lint;
use crate::machine::Machine;
use crate::nginx_site;
use crate::settings::{SiteFile, SiteForm};
use std::sync::Arc;

/// What is good to know about these answers on this machine, one sentence each; with a plan, about
/// the files as they will be.
pub(crate) fn notes(answers: &Answers, machine: &Machine, plan: Option<&Plan>) -> Vec<String> {
    let reading = reading(machine, plan);
    // Nothing is worse than a login that anyone passes.
    let mut notes = reading.as_ref().map_or(Vec::new(), |it| lint::urgent(machine, it));
    notes.extend(nginx_notes(answers, machine));
    notes.extend(plan.and_then(replaced_by_hand));
    let env_files = plan.iter().flat_map(|plan| &plan.changes);
    let env_files = env_files.filter(|change| change.kind == FileKind::Env);
    notes.extend(env_files.filter_map(|change| lint::unread_env_file(machine, &change.path)));
    notes.extend(around(machine, reading.as_deref()));
    notes
}

/// What lets others in or keeps people out once this is written, the worst first.
pub(crate) fn urgent(machine: &Machine, plan: &Plan) -> Vec<String> {
    reading(machine, Some(plan)).map_or(Vec::new(), |reading| lint::urgent(machine, &reading))
}

/// What keeps nginx from serving Kestra as it should.
pub(crate) fn nginx_notes(answers: &Answers, machine: &Machine) -> Vec<String> {
    let Ok(settings) = answers.settings() else { return Vec::new() };
    let has_own_server = |nginx: &SiteFile| matches!(nginx.site.form, SiteForm::Server { .. });
    let unpublished = settings.nginx.as_ref().and_then(|it| lint::unpublished(machine, it));
    let servers = match (&settings.nginx, &settings.url) {
        (Some(nginx), _) if has_own_server(nginx) => lint::existing_servers(machine, nginx),
        (Some(_), Some(url)) => lint::including_server(machine, url).into_iter().collect(),
        (None, Some(url)) => lint::existing_site(machine, url),
        (_, None) => Vec::new(),
    };
    servers.into_iter().chain(unpublished).collect()
}

/// What lets others in, and what in the configuration or around it cannot work.
pub(crate) fn config_notes(machine: &Machine) -> Vec<String> {
    let reading = machine.reading().ok().flatten();
    let mut notes = reading.as_ref().map_or(Vec::new(), |it| lint::urgent(machine, it));
    notes.extend(around(machine, reading.as_deref()));
    notes
}

fn around(machine: &Machine, reading: Option<&Reading>) -> Vec<String> {
    let mut notes = lint::config_warnings(machine);
    let remarks = reading
        .iter()
        .flat_map(|reading| lint::config(reading).into_iter().chain(lint::doubtful(reading)));
    notes.extend(remarks.map(|remark| remark.text));
    notes
}

/// The configuration as it will be with this plan.
fn reading(machine: &Machine, plan: Option<&Plan>) -> Option<Arc<Reading>> {
    let change = plan.and_then(|plan| plan.pending().find(|it| it.kind == FileKind::Config));
    match change {
        Some(change) => {
            kestra_config::read_at(change.after.as_str(), machine.place()).ok().map(Arc::new)
        }
        None => machine.reading().ok().flatten(),
    }
}

/// The nginx file that would be replaced although somebody else wrote it.
pub(crate) fn foreign(plan: &Plan) -> Option<&FileChange> {
    let (change, before) = replaced(plan)?;
    let is_foreign = !before.trim().is_empty() && !nginx_site::is_ours(before);
    is_foreign.then_some(change)
}

/// Names what is lost, or why it is written anew, where the nginx file is replaced.
fn replaced_by_hand(plan: &Plan) -> Option<String> {
    let (change, before) = replaced(plan)?;
    let (path, written) = (change.path.display(), nginx_site::read(before)?);
    if written.edited {
        return Some(format!(
            "{path} was edited by hand since it was written; these edits are replaced."
        ));
    }
    written.outdated.then(|| {
        format!("{path} was written by another version of kestra-setup; it is renewed from today's template.")
    })
}

/// The nginx file that would be replaced, and its text.
fn replaced(plan: &Plan) -> Option<(&FileChange, &str)> {
    let change = plan.pending().find(|change| change.kind == FileKind::Nginx)?;
    Some((change, change.before.as_ref()?.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form;
    use crate::kestra_config::Place;
    use crate::machine::Snapshot;
    use crate::nginx_site::{Config, Include, Target};

    const FILE: &str = "/etc/nginx/conf.d/kestra.conf";

    fn replacing(before: &str) -> Plan {
        let change = FileChange {
            kind: FileKind::Nginx,
            path: FILE.into(),
            target: None,
            before: Some(before.into()),
            after: "server {}\n".into(),
            mode: 0o644,
        };
        Plan { changes: vec![change], ..Plan::default() }
    }

    fn ours() -> String {
        let mut answers = Answers::default();
        answers.set(&form::URL, "http://a.example/");
        answers.set(&form::REVERSE_PROXY, "nginx");
        let site = answers.settings().unwrap().nginx.unwrap().site;
        nginx_site::render(&site, &Target::default())
    }

    #[test]
    fn a_file_of_somebody_else_is_foreign_and_ours_is_not() {
        let is_foreign = |text: &str| foreign(&replacing(text)).is_some();
        assert!(is_foreign("server { listen 80; }\n"));
        assert!(is_foreign(&(ours() + "# managed by Certbot\n")));
        assert!(!is_foreign(&ours()));
        assert!(!is_foreign(&(ours() + "# a line of my own\n")));
        assert!(!is_foreign("\n"));
    }

    /// What changing the address makes of a file with half a login.
    fn readdressed(login: &str) -> String {
        let api = "micronaut.http.services.api:\n  proxy-type: http\n  proxy-address: p:1\n";
        let text = format!("kestra.url: http://a.example/\n{api}  {login}\n");
        let mut machine = Machine::new("c.yml".into(), Place::default());
        machine.see("c.yml".into(), Snapshot::Text(text.as_str().into()));
        let mut answers = machine.answers().unwrap();
        answers.set(&form::PROXY_ADDRESS, "p:2");
        let plan = Plan::new(&answers, &answers.settings().unwrap(), &machine).unwrap();
        assert_eq!(plan.changes[0].after.as_str(), text.replace("p:1", "p:2"));
        answers.problems().into_iter().map(|problem| problem.message).collect()
    }

    #[test]
    fn half_a_login_in_a_file_is_said_and_stands_in_nobodys_way() {
        assert!(readdressed("proxy-username: u").starts_with("a username needs a password."));
        assert!(readdressed("proxy-password: p").starts_with("a password needs a username."));
    }

    /// The nginx file with these answers; the file that is there serves https on another port.
    fn nginx_after(answered: &[(&form::Field, &str)]) -> (String, String) {
        let mut first = Answers::default();
        first.set(&form::URL, "https://a.example/");
        first.set(&form::REVERSE_PROXY, "nginx");
        first.set(&form::CERTIFICATE, "/c.pem");
        first.set(&form::CERTIFICATE_KEY, "/k.pem");
        let site = first.settings().unwrap().nginx.unwrap().site;
        let file = nginx_site::render(&site, &Target::default()).replace("443 ssl", "8443 ssl");
        let mut machine = Machine::new("c.yml".into(), Place::default());
        machine.see("c.yml".into(), Snapshot::Text("kestra.url: https://a.example/\n".into()));
        machine.see(FILE.into(), Snapshot::Text(file.as_str().into()));
        let mut answers = machine.answers().unwrap();
        for (field, text) in answered {
            answers.set(field, text);
        }
        let plan = Plan::new(&answers, &answers.settings().unwrap(), &machine).unwrap();
        (file, plan.changes.last().unwrap().after.as_str().to_owned())
    }

    #[test]
    fn another_port_for_https_stays() {
        let proxy = [(&form::CONNECTION, "http"), (&form::PROXY_ADDRESS, "p:1")];
        let (file, after) = nginx_after(&proxy);
        assert_eq!(after, file);
        let (file, after) = nginx_after(&[(&form::URL, "https://b.example/")]);
        assert_ne!(after, file);
        assert!(after.contains("listen 8443 ssl"), "{after}");
    }

    #[test]
    fn a_file_that_no_include_reaches_is_noted() {
        let mut answers = Answers::default();
        answers.set(&form::URL, "http://a.example/");
        answers.set(&form::REVERSE_PROXY, "nginx");
        let include = Include { pattern: "/etc/nginx/conf.d/*.conf".into(), start: 0, end: 0 };
        let mut machine = Machine::default();
        machine.nginx.conf = Some("/etc/nginx/nginx.conf".into());
        machine.nginx.config = Config { includes: vec![include], ..Config::default() };
        assert_eq!(notes(&answers, &machine, None), [""; 0]);
        answers.set(&form::NGINX_FILE, "/srv/kestra.conf");
        assert!(notes(&answers, &machine, None)[0].contains("would not read it"));
        machine.nginx.config.includes.clear();
        assert_eq!(notes(&answers, &machine, None), [""; 0]);
    }

    #[test]
    fn one_file_under_two_spellings_is_one_file() {
        let mut answers = Answers::default();
        for (field, text) in [
            (&form::URL, "http://a.example/"),
            (&form::REVERSE_PROXY, "nginx"),
            (&form::NGINX_FILE, "/etc//kestra/config.yml "),
        ] {
            answers.set(field, text);
        }
        let is_about = |problem: &crate::answers::Problem| problem.message.contains("already used");
        assert!(answers.problems().iter().any(is_about), "{:?}", answers.problems());
    }

    #[test]
    fn edits_by_hand_are_noticed() {
        let noticed = |text: &str| replaced_by_hand(&replacing(text)).is_some();
        assert!(noticed(&(ours() + "# a line of my own\n")));
        assert!(!noticed(&ours()));
    }
}
