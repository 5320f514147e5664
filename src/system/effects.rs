//! Does what the wizard and the commands ask for, and gives the outcome as data.
//!
//! Everything here may block: callers that must not wait use a thread.

mod health;

use super::checks;
use super::checks::proxy::{Outbound, Proxy};
use super::discover::{self, DiscoverError, look_at, snapshot};
use super::export::{self, Exported};
use super::fs::backup::History;
use super::fs::lock::Lock;
use super::fs::{self, Receipt, WriteError};
use super::nginx::{self, Deadline, Live};
use crate::checks::{Check, Finding, Outcome};
use crate::form;
use crate::kestra_config::{self, Place};
use crate::machine::{Machine, Nginx, Seen, Text};
use crate::plan::{FileKind, Plan};
use crate::settings::{Connection, ForwardProxy, has_placeholder};
use crate::wizard::{Effect, FilePreview, LoadRequest};
use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use url::Url;

pub(crate) use health::unreadable;

/// The address to which the outbound connection is tested, Kestra's own default.
pub const API_URL: &str = "https://api.kestra.io";

/// The world as far as the wizard touches it.
#[derive(Debug, Clone)]
pub struct EffectRunner {
    /// The configuration that is edited.
    pub config: PathBuf,
    /// Where in that file it is.
    pub place: Place,
    /// The nginx of this machine.
    pub nginx: Nginx,
    /// The address to which the outbound connection is tested.
    pub api_url: Url,
    /// The step at which the test of the outbound connection is.
    pub step: Arc<Mutex<&'static str>>,
    /// The lock, where it is held for the whole session; else each write takes it.
    pub lock: Option<Arc<Lock>>,
}

/// The outcome of an effect, as data; `messages` turns it into pages.
#[derive(Debug)]
pub enum Performed {
    /// The files that were asked for, as they are now.
    FilesRead(Vec<(PathBuf, Seen)>),
    /// This is the machine with another configuration, as it was asked for.
    Loaded(LoadRequest, Result<Box<Machine>, DiscoverError>),
    /// A check and what it found.
    Checked(Check, Vec<Finding>),
    /// The files of a live preview, with the number of its request.
    Planned(usize, Option<Vec<FilePreview>>),
    /// The plan is written and verified.
    Written(Receipt),
    /// The new texts are beside the files that changed.
    SavedBeside(Receipt),
    /// The files are in a folder of the operator, to be installed by hand.
    Exported(Exported),
    /// An earlier write is undone; or, where this is set, the undoing of one.
    RolledBack(Receipt, bool),
    /// The interrupted write is undone.
    Undone,
    /// There was no interrupted write.
    NothingToRepair,
    /// The interrupted write is forgotten.
    Forgotten,
    /// The completed write with this name could not be undone, or the interrupted one.
    NotUndone(WriteError, Option<String>),
    /// The plan is not written; every file is as it was.
    Failed(WriteFailure),
}

/// A plan that was not written, and why.
#[derive(Debug)]
pub struct WriteFailure {
    /// The cause, which decides what can be done next.
    pub error: WriteError,
    /// What was to be written.
    pub plan: Plan,
    /// The text of the file that somebody else changed meanwhile.
    pub theirs: Option<Text>,
}

impl WriteFailure {
    fn new(error: WriteError, plan: Plan) -> Self {
        let theirs = match &error {
            WriteError::Changed(conflict) => snapshot(&conflict.path).text().cloned(),
            _ => None,
        };
        Self { error, plan, theirs }
    }
}

impl EffectRunner {
    /// Takes the configuration and the nginx of this machine for those to work on.
    pub(crate) fn follow(&mut self, machine: &Machine) {
        machine.config().clone_into(&mut self.config);
        self.place = machine.place().clone();
        self.nginx = machine.nginx.clone();
    }

    /// Does what is asked. `None` where the wizard is to hear nothing of it.
    pub fn perform(&self, effect: Effect, cancelled: &AtomicBool) -> Option<Performed> {
        let not_saved = |error| Performed::Failed(WriteFailure::new(error, Plan::default()));
        Some(match effect {
            Effect::ReadFiles(paths) => {
                let look = |path: PathBuf| (path.clone(), look_at(&path));
                Performed::FilesRead(paths.into_iter().map(look).collect())
            }
            Effect::Load(request) => {
                let path = expanded(&request.path);
                let machine = discover::configuration(Some(&path), request.place.clone());
                let machine = machine.map(discover::complete_in_time).map(Box::new);
                Performed::Loaded(request, machine)
            }
            Effect::Check(check) => {
                let findings = self.check(&check, cancelled);
                Performed::Checked(check, findings)
            }
            Effect::Write(plan) => match self.write(&plan) {
                Ok(receipt) => Performed::Written(receipt),
                Err(error) => Performed::Failed(WriteFailure::new(error, plan)),
            },
            Effect::SaveAside(plan) => export(&plan).map_or_else(not_saved, Performed::Exported),
            Effect::SaveBeside(plan) => self.save_beside(&plan).unwrap_or_else(not_saved),
            Effect::Undo { id, overwrite } => self
                .undo(id.as_deref(), overwrite)
                .unwrap_or_else(|error| Performed::NotUndone(error, id)),
            Effect::Forget => {
                self.forget().unwrap_or_else(|error| Performed::NotUndone(error, None))
            }
            Effect::Plan(request) => {
                let (number, files) = request.run();
                Performed::Planned(number, files)
            }
            Effect::Elevate(_)
            | Effect::Cancel
            | Effect::Copy(_)
            | Effect::Remind(_)
            | Effect::Redraw
            | Effect::Suspend
            | Effect::Exit(_) => return None,
        })
    }

    /// Writes the plan as a transaction, and verifies it.
    ///
    /// # Errors
    /// Nothing was changed, unless the error is [`WriteError::Unrepaired`].
    pub(crate) fn write(&self, plan: &Plan) -> Result<Receipt, WriteError> {
        let lock = self.lock()?;
        let before = self.live_test(plan).and_then(Result::ok);
        let untested = OnceCell::new();
        let verify = || self.verify(plan, before.as_ref(), &untested);
        let mut receipt = fs::write(plan, &lock, &verify)?;
        receipt.warnings.extend(before.as_ref().and_then(old_complaint));
        receipt.warnings.extend(untested.into_inner());
        Ok(receipt)
    }

    fn lock(&self) -> Result<Arc<Lock>, WriteError> {
        match &self.lock {
            Some(lock) => Ok(Arc::clone(lock)),
            None => Lock::take(&History::here()?).map(Arc::new),
        }
    }

    /// Reads the written files again, the way Kestra and nginx do. Why nginx could not is left in
    /// `untested`.
    fn verify(
        &self,
        plan: &Plan,
        before: Option<&Live>,
        untested: &OnceCell<String>,
    ) -> Result<(), Finding> {
        for change in plan.pending().filter(|change| change.kind == FileKind::Config) {
            let on_disk = snapshot(&change.path);
            let text = on_disk.text().map_or("", |text| text.as_str());
            if let Err(refusal) = kestra_config::read_at(text, &self.place) {
                let what = "the written configuration cannot be read as Kestra reads it";
                return Err(Finding::new("", Outcome::Failed, what)
                    .seen(refusal.to_string())
                    .try_this("Report this with the lines around the change."));
            }
        }
        // An earlier complaint is not about this write.
        let is_new =
            |complaint: &Finding| before.is_none_or(|it| !it.complaints.contains(complaint));
        let complaints = match self.live_test(plan) {
            Some(Ok(live)) => live.complaints,
            Some(Err(why)) => {
                untested
                    .get_or_init(|| format!("nginx did not test the new file. {}", why.summary));
                Vec::new()
            }
            None => Vec::new(),
        };
        let new = complaints.into_iter().find(is_new);
        new.map_or(Ok(()), |new| Err(self.with_the_other_file(new, plan)))
    }

    /// A complaint of nginx that names the file in whose way the plan is.
    fn with_the_other_file(&self, complaint: Finding, plan: &Plan) -> Finding {
        let config = &self.nginx.config;
        let summary = match complaint.code {
            "nginx-conflicting-name" => {
                let name = complaint.evidence.trim_matches('"');
                let is_ours = |file: &Path| plan.changes.iter().any(|change| change.path == file);
                let mut others = config.servers().filter(|server| !is_ours(config.file(*server)));
                others.find(|server| server.names().any(|it| it == name)).map(|other| {
                    let (file, line) = (config.file(other).display(), other.0.line);
                    format!(
                        "{file}:{line} has the name {name} already; nginx ignores one of the two"
                    )
                })
            }
            "nginx-duplicate-location" | "nginx-duplicate-default" => {
                let what = complaint.summary.trim_end_matches('.');
                Some(format!("{what}: {}", complaint.evidence))
            }
            _ => None,
        };
        Finding { summary: summary.unwrap_or(complaint.summary), ..complaint }
    }

    /// `nginx -t` on the live configuration, or why it could not be run; `None` where the plan touches
    /// nothing that this nginx reads.
    fn live_test(&self, plan: &Plan) -> Option<Result<Live, Finding>> {
        let conf = self.nginx.conf.as_ref()?.parent()?;
        let touches = plan
            .pending()
            .any(|change| change.kind == FileKind::Nginx && change.path.starts_with(conf));
        touches.then(|| nginx::ask_live(&self.nginx, Deadline::usual()))
    }

    /// The findings of a check.
    pub(crate) fn check(&self, check: &Check, cancelled: &AtomicBool) -> Vec<Finding> {
        match check {
            Check::Outbound(connection) => vec![self.outbound(connection, cancelled)],
            Check::Nginx { text, is_location } => {
                vec![nginx::test_privately(&self.nginx, text, *is_location, Deadline::usual())]
            }
            Check::Certificate { certificate, key, host } => {
                let (path, key) = (Path::new(certificate), key.as_deref().map(Path::new));
                vec![checks::certificate::judge(path, key, host.as_ref())]
            }
            Check::All => self.health(cancelled),
            // nginx may have been started meanwhile.
            Check::Reload => {
                let deadline = Deadline::usual();
                vec![nginx::reload(&nginx::find(deadline), deadline)]
            }
        }
    }

    fn outbound(&self, connection: &Connection, cancelled: &AtomicBool) -> Finding {
        let proxy = match connection {
            Connection::Direct => None,
            Connection::Proxy(proxy) => match proxy_to_test(proxy) {
                Some(proxy) => Some(proxy),
                None => return self.unknown_proxy(proxy),
            },
        };
        let outbound = Outbound { proxy, target: self.api_url.clone() };
        let finding = checks::proxy::outbound(&outbound, cancelled, &|step| {
            if let Ok(mut shown) = self.step.lock() {
                *shown = step;
            }
        });
        let has_login = matches!(connection, Connection::Proxy(proxy) if proxy.login.is_some());
        if has_login && finding.code == "proxy-auth-needed" {
            // Only a part that is a placeholder keeps a login from being tried.
            let why = "The proxy requires a login, which is a placeholder; only Kestra knows its \
                       value.";
            return Finding::skipped("proxy-unknown", why);
        }
        finding
    }

    /// Why this proxy is not tested. Only what is in the file can be unknown.
    fn unknown_proxy(&self, proxy: &ForwardProxy) -> Finding {
        let mut machine = Machine::new(self.config.clone(), self.place.clone());
        machine.see(self.config.clone(), snapshot(&self.config));
        let answers = machine.answers().unwrap_or_default();
        let is_wrong = |field| answers.found(field).is_some_and(|text| !has_placeholder(text));
        let part = if proxy.kind.is_none() && is_wrong(&form::CONNECTION) {
            "type"
        } else if proxy.address.is_none() && is_wrong(&form::PROXY_ADDRESS) {
            "address"
        } else {
            let why =
                "A part of the proxy's settings is a placeholder; only Kestra knows its value.";
            return Finding::skipped("proxy-unknown", why);
        };
        let why = format!("The proxy's {part} is none that Kestra accepts, so it is not tested.");
        Finding::skipped("proxy-unknown", why).try_this("Correct it first.")
    }

    fn undo(&self, id: Option<&str>, overwrite: bool) -> Result<Performed, WriteError> {
        let lock = self.lock()?;
        if let Some(id) = id {
            let rollback = lock.history().rollback(id)?;
            let is_redo = rollback.is_redo();
            let receipt = rollback.run(&lock, overwrite)?;
            return Ok(Performed::RolledBack(receipt, is_redo));
        }
        let Some(pending) = lock.interrupted()? else { return Ok(Performed::NothingToRepair) };
        if overwrite {
            return Ok(Performed::RolledBack(pending.undo_overwriting(&lock)?, false));
        }
        pending.undo().map(|()| Performed::Undone)
    }

    fn forget(&self) -> Result<Performed, WriteError> {
        self.lock()?.forget_interrupted().map(|_| Performed::Forgotten)
    }

    /// Saves the new text beside each file that changed meanwhile. One of nginx goes beside the
    /// configuration: nginx may include every file of its own folder.
    fn save_beside(&self, plan: &Plan) -> Result<Performed, WriteError> {
        let mut beside = Plan::default();
        for change in plan.pending() {
            let mut change = change.clone();
            if change.kind == FileKind::Nginx {
                change.path =
                    self.config.with_file_name(change.path.file_name().unwrap_or_default());
            }
            change.path = fs::beside(&change.path);
            change.target = fs::target(&change.path);
            change.before = snapshot(&change.path).text().cloned();
            change.mode = 0o600;
            beside.changes.push(change);
        }
        fs::write(&beside, &*self.lock()?, &|| Ok(())).map(Performed::SavedBeside)
    }
}

/// A path as a shell takes it: `~/` is the home of the operator.
fn expanded(path: &Path) -> PathBuf {
    let in_home = path.strip_prefix("~").ok().and_then(|rest| Some(dirs::home_dir()?.join(rest)));
    in_home.unwrap_or_else(|| path.to_owned())
}

/// The proxy to test; `None` where a part of it is a placeholder or invalid.
fn proxy_to_test(proxy: &ForwardProxy) -> Option<Proxy> {
    let address = proxy.address.as_ref()?;
    let login = match &proxy.login {
        Some(login) if !login.password.is_empty() => {
            Some((login.username.as_ref()?.to_string(), login.password.clone()))
        }
        _ => None,
    };
    let (host, port) = (address.host().to_string(), address.port().get());
    Some(Proxy { kind: proxy.kind?, host, port, login })
}

/// Saves the files in a folder of the operator, with the commands that install them.
fn export(plan: &Plan) -> Result<Exported, WriteError> {
    let folder = dirs::home_dir().ok_or(WriteError::NoState)?.join("kestra-setup-out");
    export::save_aside(plan, &folder)
}

/// The complaint that nginx had about its configuration before the write.
fn old_complaint(before: &Live) -> Option<String> {
    let first = before.complaints.first()?;
    Some(if before.accepted {
        format!("nginx warned already before this write: {}", first.summary)
    } else {
        "nginx refused its configuration already before this write; run nginx -t.".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::FileChange;

    fn runner(folder: &Path) -> EffectRunner {
        let lock = Lock::take(&History::at(folder.join("state"))).unwrap();
        EffectRunner {
            config: folder.join("config.yml"),
            place: Place::default(),
            nginx: Nginx::default(),
            api_url: API_URL.parse().unwrap(),
            step: Arc::default(),
            lock: Some(Arc::new(lock)),
        }
    }

    #[test]
    fn a_file_that_nginx_did_not_test_is_written_and_the_result_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        let path = folder.join("kestra.conf");
        let nginx = Nginx {
            binary: Some(folder.join("gone")),
            conf: Some(folder.join("nginx.conf")),
            ..Nginx::default()
        };
        let change = FileChange {
            kind: FileKind::Nginx,
            path: path.clone(),
            target: None,
            before: None,
            after: "server {}\n".into(),
            mode: 0o644,
        };
        let plan = Plan { changes: vec![change], ..Plan::default() };
        let receipt = EffectRunner { nginx, ..runner(&folder) }.write(&plan).unwrap();
        let warning = "nginx did not test the new file. nginx could not be run.";
        assert_eq!(receipt.warnings, [warning]);
        assert!(path.exists());
    }

    #[test]
    fn a_configuration_that_cannot_be_read_once_it_is_written_is_put_back() {
        let folder = tempfile::tempdir().unwrap();
        let runner = runner(folder.path());
        let config = runner.config.clone();
        let before = "kestra.url: https://a.example/\n";
        std::fs::write(&config, before).unwrap();
        let change = FileChange {
            kind: FileKind::Config,
            path: config.clone(),
            target: fs::target(&config),
            before: Some(before.into()),
            after: "a: [".into(),
            mode: 0o600,
        };
        let error = runner.write(&Plan { changes: vec![change], ..Plan::default() }).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the written configuration cannot be read as Kestra reads it"
        );
        assert_eq!(std::fs::read_to_string(&config).unwrap(), before);
    }
}
