//! What lies on this machine before anything is asked, and the answers in it.
//!
//! Reading is done once, by `system`; everything here is data, so that a test can make up any
//! machine.

mod entries;
pub mod remarks;

use crate::answers::Answers;
use crate::form::Defaults;
use crate::kestra_config::{self, Place, PublishedPort, Reading, Refusal};
use crate::nginx_site::{self, Machine, Written};
use crate::plan::{FileChange, FileKind, Plan, Text};
use crate::settings::{Form, Settings};
use entries::Entries;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// The files and the machine, as they were when they were looked at.
#[derive(Debug, Clone, Default)]
pub struct Found {
    config: PathBuf,
    place: Place,
    files: BTreeMap<PathBuf, Snapshot>,
    /// The configuration as it was read, once: it may be large.
    reading: OnceLock<Result<Option<Arc<Reading>>, Refusal>>,
    /// What the text for nginx depends on.
    pub machine: Machine,
    /// What was seen of nginx, for its screen; lines of at most 71 columns.
    pub sights: Vec<String>,
    /// What nginx serves already.
    pub served: Vec<Served>,
    /// The files that nginx reads by itself, as absolute patterns; none if it is not known.
    pub includes: Vec<PathBuf>,
    /// The files that this user could not write.
    pub unwritable: Vec<PathBuf>,
    /// What around the configuration is good to know, one sentence each.
    pub surroundings: Vec<String>,
}

/// A name that nginx answers to already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// The name.
    pub name: String,
    /// The port.
    pub port: u16,
    /// The file in which it stands.
    pub file: PathBuf,
}

/// What was at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Snapshot {
    /// No file.
    Absent,
    /// A text file.
    Text(Text),
    /// Something that cannot be read, and why.
    Unreadable(String),
}

impl Snapshot {
    /// The text, if there is one.
    #[must_use]
    pub fn text(&self) -> Option<&Text> {
        match self {
            Self::Text(text) => Some(text),
            Self::Absent | Self::Unreadable(_) => None,
        }
    }
}

impl Found {
    /// Kestra's configuration lies or will lie in this file, at this place; nothing was looked at.
    #[must_use]
    pub fn new(config: PathBuf, place: Place) -> Self {
        Self { config, place, ..Self::default() }
    }

    /// The same files with the configuration at another place.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        (self.place, self.reading) = (place, OnceLock::new());
        self
    }

    /// Takes what is at a path now.
    pub fn see(&mut self, path: PathBuf, snapshot: Snapshot) {
        if path == self.config {
            self.reading = OnceLock::new();
        }
        self.files.insert(path, snapshot);
    }

    /// Where Kestra's configuration lies or will lie.
    #[must_use]
    pub fn config(&self) -> &Path {
        &self.config
    }

    /// Where in that file it stands.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// What was at a path; `None` if nobody looked.
    #[must_use]
    pub fn snapshot(&self, path: &Path) -> Option<&Snapshot> {
        self.files.get(path)
    }

    /// The text of a file that was looked at.
    #[must_use]
    pub fn text(&self, path: &Path) -> Option<&Text> {
        self.snapshot(path)?.text()
    }

    /// The configuration as Micronaut reads it; `None` where there is no file.
    ///
    /// # Errors
    /// Where the text cannot be read as Kestra would.
    pub fn reading(&self) -> Result<Option<Arc<Reading>>, Refusal> {
        let read = |text: &Text| kestra_config::read_at(text.as_str(), &self.place).map(Arc::new);
        self.reading.get_or_init(|| self.text(&self.config).map(read).transpose()).clone()
    }

    /// What is good to know before anything is asked, one sentence each.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        let reading = self.reading().ok().flatten();
        let around = self.surroundings.iter().cloned().chain(self.around_place());
        around.chain(about(reading.as_deref())).collect()
    }

    /// What is still good to know once this is written.
    #[must_use]
    pub fn remarks_after(&self, plan: &Plan) -> Vec<String> {
        let Some(change) = plan.pending().find(|change| change.kind == FileKind::Config) else {
            return self.remarks();
        };
        let reading = kestra_config::read_at(change.after.as_str(), &self.place).ok();
        let around = self.surroundings.iter().cloned().chain(self.around_place());
        around.chain(about(reading.as_ref())).collect()
    }

    /// Says where nginx answers to one of our names on our port already. It would say `conflicting
    /// server name` and ignore ours (seen with nginx 1.22).
    #[must_use]
    pub fn served_elsewhere(&self, settings: &Settings) -> Option<String> {
        let nginx = settings.nginx.as_ref()?;
        let Form::Server { names, listen, .. } = &nginx.site.form else { return None };
        let is_named = |served: &Served| names.iter().any(|name| name.to_string() == served.name);
        let others = self.served.iter().filter(|served| served.file != nginx.file.as_path());
        let served = others.filter(|served| served.port == listen.get()).find(|it| is_named(it))?;
        let (name, file) = (&served.name, served.file.display());
        Some(format!(
            "{file} answers to {name} already, so nginx would ignore this file. Write as location."
        ))
    }

    /// Says that nginx reads the file neither by itself nor through a line of the operator's.
    #[must_use]
    pub fn unread(&self, settings: &Settings) -> Option<String> {
        let nginx = settings.nginx.as_ref()?;
        let file = nginx.file.as_path();
        let is_read = self.includes.iter().any(|pattern| nginx_site::reaches(pattern, file));
        let is_block = matches!(nginx.site.form, Form::Server { .. });
        (is_block && !is_read && !self.includes.is_empty()).then(|| {
            format!("this nginx includes no file at {}, so it would not read it.", file.display())
        })
    }

    /// What is uncertain about the port at which the service of a Compose file is published.
    fn unpublished(&self, settings: &Settings) -> Option<String> {
        let nginx = settings.nginx.as_ref()?;
        let reading = self.reading().ok().flatten()?;
        let published = self.published_port(&reading)?;
        let port = published.upstream.as_ref().map(|(_, port)| *port);
        let is_used = port.is_none_or(|port| nginx.site.upstream.port().get() == port);
        published.note.filter(|_| is_used)
    }

    /// What keeps nginx from serving the file.
    #[must_use]
    pub fn nginx_notes(&self, settings: &Settings) -> Vec<String> {
        let notes = self.served_elsewhere(settings).into_iter().chain(self.unread(settings));
        notes.chain(self.unpublished(settings)).collect()
    }

    /// The nginx file, if it is one that the wizard wrote.
    #[must_use]
    pub fn written(&self, path: &Path) -> Option<Written> {
        nginx_site::read(self.text(path)?.as_str())
    }

    /// What the wizard wrote for nginx, where it may lie, and in which file.
    fn nginx_file_of_ours(&self, defaults: &Defaults) -> Option<(Written, String)> {
        let mut files =
            defaults.nginx_files.iter().chain([&defaults.server_file, &defaults.location_file]);
        files.find_map(|file| Some((self.written(Path::new(file))?, file.clone())))
    }

    /// The nginx file that would be replaced although somebody else wrote it.
    #[must_use]
    pub fn foreign<'a>(&self, plan: &'a Plan) -> Option<&'a FileChange> {
        let (change, before) = replaced(plan)?;
        let is_foreign = !before.trim().is_empty() && !nginx_site::is_ours(before);
        is_foreign.then_some(change)
    }

    /// Says that edits by hand go with the nginx file that would be replaced.
    #[must_use]
    pub fn edited_by_hand(&self, plan: &Plan) -> Option<String> {
        let (change, before) = replaced(plan)?;
        let path = change.path.display();
        nginx_site::read(before)?.edited.then(|| {
            format!("{path} was edited by hand since it was written; these edits are replaced.")
        })
    }

    /// The answers that the files give, on this machine.
    ///
    /// # Errors
    /// Where the configuration cannot be read.
    pub fn answers(&self, defaults: Defaults) -> Result<Answers, Refusal> {
        let reading = self.reading()?.filter(|reading| !reading.is_empty());
        let mut found = Entries::default();
        let mut defaults = Defaults { is_reconfiguration: reading.is_some(), ..defaults };
        if let Some(reading) = &reading {
            found.configuration(reading);
            defaults.kestra_port = port(reading).unwrap_or(defaults.kestra_port);
            if let Some((host, port)) = self.published_port(reading).and_then(|it| it.upstream) {
                (defaults.kestra_host, defaults.kestra_port) = (host, port);
            }
        }
        found.password_in_env_file(self, &defaults.env_file);
        if let Some((written, file)) = self.nginx_file_of_ours(&defaults) {
            found.nginx(&written, &file);
            defaults.tls_port = written.site.tls_port();
        }
        Ok(found.answers(defaults))
    }
}

impl Found {
    /// The port that the edited service of a Compose file publishes.
    fn published_port(&self, reading: &Reading) -> Option<PublishedPort> {
        let text = self.text(&self.config)?.as_str();
        let port = port(reading).unwrap_or(kestra_config::KESTRA_PORT);
        kestra_config::published_port(text, &self.place, port)
    }

    /// What the file shows around the configuration: who shares it, and variables that win over it.
    fn around_place(&self) -> Vec<String> {
        let services = self.place.used_by();
        let shared = (services.len() > 1).then(|| {
            format!("This configuration is used by the services {}.", services.join(", "))
        });
        let text = self.text(&self.config).map_or("", Text::as_str);
        let variables = kestra_config::variables_beside(text, &self.place).into_iter();
        let beside = variables.map(|name| {
            format!("The variable {name} of the service wins over the same setting in KESTRA_CONFIGURATION.")
        });
        shared.into_iter().chain(beside).collect()
    }
}

/// What in a configuration cannot work.
fn about(reading: Option<&Reading>) -> impl Iterator<Item = String> {
    reading.into_iter().flat_map(remarks::of).map(|remark| remark.text)
}

/// The nginx file that would be replaced, and its text.
fn replaced(plan: &Plan) -> Option<(&FileChange, &str)> {
    let change = plan.pending().find(|change| change.kind == FileKind::Nginx)?;
    Some((change, change.before.as_ref()?.as_str()))
}

fn port(reading: &Reading) -> Option<u16> {
    reading.get("micronaut.server.port")?.text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form;

    const FILE: &str = "/etc/nginx/conf.d/kestra.conf";

    fn replacing(before: &str) -> (Found, Plan) {
        let change = FileChange {
            kind: FileKind::Nginx,
            path: FILE.into(),
            before: Some(before.into()),
            after: "server {}\n".into(),
            mode: 0o644,
        };
        (Found::default(), Plan { changes: vec![change], ..Plan::default() })
    }

    fn ours() -> String {
        let mut answers = Answers::default();
        answers.set(&form::URL, "http://a.example/");
        answers.set(&form::REVERSE_PROXY, "nginx");
        let site = answers.settings().unwrap().nginx.unwrap().site;
        nginx_site::render(&site, &Machine::default())
    }

    #[test]
    fn a_file_of_somebody_else_is_foreign_and_ours_is_not() {
        let is_foreign = |text: &str| {
            let (found, plan) = replacing(text);
            found.foreign(&plan).is_some()
        };
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
        let mut found = Found::new("c.yml".into(), Place::default());
        found.see("c.yml".into(), Snapshot::Text(text.as_str().into()));
        let mut answers = found.answers(Defaults::default()).unwrap();
        answers.set(&form::PROXY_ADDRESS, "p:2");
        let plan = Plan::new(&answers, &answers.settings().unwrap(), &found).unwrap();
        assert_eq!(plan.changes[0].after.as_str(), text.replace("p:1", "p:2"));
        answers.problems().into_iter().map(|problem| problem.message).collect()
    }

    #[test]
    fn half_a_login_in_a_file_is_said_and_stands_in_nobodys_way() {
        assert!(readdressed("proxy-username: u").starts_with("a username needs a password."));
        assert!(readdressed("proxy-password: p").starts_with("a password needs a username."));
    }

    /// The nginx file once this was said; the file that is there serves https on another port.
    fn nginx_after(said: &[(&form::Field, &str)]) -> (String, String) {
        let mut first = Answers::default();
        first.set(&form::URL, "https://a.example/");
        first.set(&form::REVERSE_PROXY, "nginx");
        first.set(&form::CERTIFICATE, "/c.pem");
        first.set(&form::CERTIFICATE_KEY, "/k.pem");
        let site = first.settings().unwrap().nginx.unwrap().site;
        let file = nginx_site::render(&site, &Machine::default()).replace("443 ssl", "8443 ssl");
        let mut found = Found::new("c.yml".into(), Place::default());
        found.see("c.yml".into(), Snapshot::Text("kestra.url: https://a.example/\n".into()));
        found.see(FILE.into(), Snapshot::Text(file.as_str().into()));
        let mut answers = found.answers(Defaults::default()).unwrap();
        for (field, text) in said {
            answers.set(field, text);
        }
        let plan = Plan::new(&answers, &answers.settings().unwrap(), &found).unwrap();
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
        let mut found =
            Found { includes: vec!["/etc/nginx/conf.d/*.conf".into()], ..Found::default() };
        assert_eq!(found.unread(&answers.settings().unwrap()), None);
        answers.set(&form::NGINX_FILE, "/srv/kestra.conf");
        assert!(found.unread(&answers.settings().unwrap()).unwrap().contains("would not read it"));
        found.includes.clear();
        assert_eq!(found.unread(&answers.settings().unwrap()), None);
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
        let noticed = |text: &str| {
            let (found, plan) = replacing(text);
            found.edited_by_hand(&plan).is_some()
        };
        assert!(noticed(&(ours() + "# a line of my own\n")));
        assert!(!noticed(&ours()));
    }
}
