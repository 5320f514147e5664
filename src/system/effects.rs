//! Does what the wizard and the commands ask of the world, and says what came of it as data.
//!
//! Everything here may block; whoever must not wait calls it on a thread of its own.

mod health;
mod words;

use super::checks::{
    self,
    proxy::{Outbound, Proxy},
};
use super::discover::{command_for, snapshot};
use super::export;
use super::fs::backup::{History, PendingWrite};
use super::fs::lock::Lock;
use super::fs::{
    self, FileAction, FileReceipt, InPlaceReason, Receipt, VerificationFailure, WriteError,
};
use super::nginx::{self, Live};
use crate::checks::{Check, Finding};
use crate::form::{self, Defaults};
use crate::kestra_config::{self, Place};
use crate::machine::{Found, Snapshot};
use crate::plan::{FileKind, Plan};
use crate::settings::{Connection, ForwardProxy, has_placeholder};
use crate::wizard::{
    Choice, Effect, Event, Failure, NextStep, Repair, Undo, WriteResult, WrittenFile,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use url::Url;

pub use health::unreadable;
pub use words::{capital, listed, restored, rolled_back, trouble};

/// Where the outbound connection is tested, as Kestra's own default has it.
pub const API_URL: &str = "https://api.kestra.io";

/// The world as far as the wizard touches it.
#[derive(Debug, Clone)]
pub struct EffectRunner {
    /// Kestra's configuration.
    pub config: PathBuf,
    /// Where in that file it stands.
    pub place: Place,
    /// The nginx of this machine.
    pub nginx: nginx::Found,
    /// Where the outbound connection is tested.
    pub api_url: Url,
    /// The lock, where it is held for the whole session; else each write takes it.
    pub lock: Option<Arc<Lock>>,
}

impl EffectRunner {
    /// Does what is asked. `None` where nothing comes of it for the wizard.
    #[must_use]
    pub fn perform(&self, effect: Effect, cancelled: &AtomicBool) -> Option<Event> {
        Some(match effect {
            Effect::Look(paths) => Event::Discovery(look(paths)),
            Effect::Check(check) => {
                let findings = self.check(&check, cancelled);
                Event::Checked(check, findings)
            }
            Effect::Plan(request) => {
                let (number, files) = request.run();
                Event::Planned(number, files)
            }
            Effect::Write(plan) => Event::Written(self.save(&plan)),
            Effect::SaveAside(plan) => stopped(save_aside(&plan)),
            Effect::SaveBeside(plan) => stopped(self.save_beside(&plan)),
            Effect::Rollback { id, overwrite } => undone(self.roll_back(&id, overwrite), Some(&id)),
            Effect::Repair(repair) => undone(self.repair(repair), None),
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
    pub fn write(&self, plan: &Plan) -> Result<Receipt, WriteError> {
        let lock = self.lock()?;
        if let Some(pending) = lock.interrupted()? {
            return Err(WriteError::Interrupted { id: pending.id().to_owned() });
        }
        let before = self.live_test(plan);
        let mut receipt = fs::write(plan, &lock, &|| self.verify(plan, before.as_ref()))?;
        receipt.warnings.extend(before.as_ref().and_then(old_complaint));
        Ok(receipt)
    }

    fn lock(&self) -> Result<Arc<Lock>, WriteError> {
        match &self.lock {
            Some(lock) => Ok(Arc::clone(lock)),
            None => Lock::take(&History::here()?).map(Arc::new),
        }
    }

    fn save(&self, plan: &Plan) -> Result<WriteResult, Failure> {
        self.write(plan).map(saved).map_err(|error| trouble(&error, plan))
    }

    /// Reads the written files again, the way Kestra and nginx do.
    fn verify(&self, plan: &Plan, before: Option<&Live>) -> Result<(), VerificationFailure> {
        for change in plan.pending().filter(|change| change.kind == FileKind::Config) {
            let on_disk = snapshot(&change.path);
            let text = on_disk.text().map_or("", |text| text.as_str());
            if let Err(refusal) = kestra_config::read_at(text, &self.place) {
                return Err(VerificationFailure {
                    what: "the written configuration cannot be read as Kestra reads it".to_owned(),
                    evidence: refusal.to_string(),
                    remedy: "Report this with the lines around the change.".to_owned(),
                });
            }
        }
        // An earlier complaint is not about this write.
        let is_new =
            |complaint: &Finding| before.is_none_or(|it| !it.complaints.contains(complaint));
        let complaints = self.live_test(plan).map_or(Vec::new(), |live| live.complaints);
        complaints.into_iter().find(is_new).map_or(Ok(()), |new| Err(new.into()))
    }

    /// `nginx -t` on the live configuration, where the plan touches what that nginx reads.
    fn live_test(&self, plan: &Plan) -> Option<Live> {
        let conf = self.nginx.conf.as_ref()?.parent()?;
        let touches = plan
            .pending()
            .any(|change| change.kind == FileKind::Nginx && change.path.starts_with(conf));
        touches.then(|| nginx::ask_live(&self.nginx).ok()).flatten()
    }

    /// Looks at the world.
    #[must_use]
    pub fn check(&self, check: &Check, cancelled: &AtomicBool) -> Vec<Finding> {
        match check {
            Check::Outbound(connection) => vec![self.outbound(connection, cancelled)],
            Check::Nginx { text, is_location } => {
                let form = if *is_location { nginx::Form::Location } else { nginx::Form::Server };
                vec![nginx::test_privately(&self.nginx, text, form)]
            }
            Check::All => self.health(cancelled),
            // nginx may have been started meanwhile.
            Check::Reload => vec![nginx::reload(&nginx::find())],
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
        checks::proxy::outbound(&Outbound { proxy, target: self.api_url.clone() }, cancelled)
    }

    /// Why this proxy is not tested. Only what is in the file can be unknown.
    fn unknown_proxy(&self, proxy: &ForwardProxy) -> Finding {
        let unread = [
            ("type", &form::CONNECTION, proxy.kind.is_none()),
            ("address", &form::PROXY_ADDRESS, proxy.address.is_none()),
        ];
        let mut found = Found::new(self.config.clone(), self.place.clone());
        found.see(self.config.clone(), snapshot(&self.config));
        let answers = found.answers(Defaults::default()).unwrap_or_default();
        let is_wrong = |field| answers.found(field).is_some_and(|text| !has_placeholder(text));
        match unread.into_iter().find(|(_, field, is_unread)| *is_unread && is_wrong(field)) {
            Some((part, ..)) => Finding {
                remedy: "Correct it first.".to_owned(),
                ..Finding::skipped(
                    "proxy-unknown",
                    format!("The proxy's {part} is none that Kestra accepts, so it is not tested."),
                )
            },
            None => Finding::skipped(
                "proxy-unknown",
                "A part of the proxy's settings is a placeholder; only Kestra knows its value.",
            ),
        }
    }

    fn repair(&self, repair: Repair) -> Result<WriteResult, WriteError> {
        let lock = self.lock()?;
        if repair == Repair::Forget {
            return lock.forget_interrupted().map(|_| words::forgotten());
        }
        let Some(pending) = lock.interrupted()? else {
            return Ok(words::nothing_to_repair());
        };
        if repair == Repair::UndoOverwriting {
            return pending.undo_overwriting(&lock).map(|receipt| rolled_back(receipt, false));
        }
        pending.undo()?;
        Ok(words::undone())
    }

    /// Saves the new text beside each file that changed meanwhile. One of nginx goes beside the
    /// configuration: nginx may include every file of its own folder.
    fn save_beside(&self, plan: &Plan) -> Result<WriteResult, WriteError> {
        let mut beside = Plan::default();
        for change in plan.pending() {
            let mut change = change.clone();
            if change.kind == FileKind::Nginx {
                change.path =
                    self.config.with_file_name(change.path.file_name().unwrap_or_default());
            }
            change.path = fs::beside(&change.path);
            change.before = snapshot(&change.path).text().cloned();
            change.mode = 0o600;
            beside.changes.push(change);
        }
        let receipt = fs::write(&beside, &*self.lock()?, &|| Ok(()))?;
        let headline = "Your files are untouched; the new ones are beside them.".to_owned();
        Ok(WriteResult { state: "saved beside", headline, ..saved(receipt) })
    }

    fn roll_back(&self, id: &str, overwrite: bool) -> Result<WriteResult, WriteError> {
        let lock = self.lock()?;
        let rollback = lock.history().rollback(id)?;
        let is_redo = rollback.is_redo();
        rollback.run(&lock, overwrite).map(|receipt| rolled_back(receipt, is_redo))
    }
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

/// The complaint that nginx had about its configuration before the write.
fn old_complaint(before: &Live) -> Option<String> {
    let first = before.complaints.first()?;
    Some(if before.accepted {
        format!("nginx warned already before this write: {}", first.summary)
    } else {
        "nginx refused its configuration already before this write; run nginx -t.".to_owned()
    })
}

/// Saves the files in a folder of the operator, with the commands that install them.
fn save_aside(plan: &Plan) -> Result<WriteResult, WriteError> {
    let folder = dirs::home_dir().ok_or(WriteError::NoState)?.join("kestra-setup-out");
    let aside = export::save_aside(plan, &folder)?;
    let files = aside.files.iter().map(|path| WrittenFile {
        what: "saved".to_owned(),
        path: path.display().to_string(),
        about: "mode 0600".to_owned(),
    });
    Ok(WriteResult {
        state: "saved aside",
        headline: "Nothing was installed. The files are saved; these commands install them."
            .to_owned(),
        files: files.collect(),
        next: aside.commands.into_iter().map(NextStep::from).collect(),
        ..WriteResult::default()
    })
}

fn look(paths: Vec<PathBuf>) -> Vec<(PathBuf, Snapshot)> {
    paths.into_iter().map(|path| (path.clone(), snapshot(&path))).collect()
}

fn stopped(result: Result<WriteResult, WriteError>) -> Event {
    match result {
        Ok(saved) => Event::Stopped(saved),
        Err(error) => Event::Written(Err(trouble(&error, &Plan::default()))),
    }
}

/// The outcome of undoing the completed write with this name, or the interrupted one.
fn undone(result: Result<WriteResult, WriteError>, id: Option<&str>) -> Event {
    match result {
        Ok(saved) => Event::Stopped(saved),
        Err(error) => Event::Written(Err(words::not_undone(&error, id))),
    }
}

/// What was written, for the result page.
#[must_use]
pub fn saved(receipt: Receipt) -> WriteResult {
    let files = match receipt.files.len() {
        1 => "One file",
        2 => "Two files",
        3 => "Three files",
        _ => "The files are",
    };
    WriteResult {
        state: "written",
        headline: format!("Done. {files} written."),
        files: receipt.files.iter().map(saved_file).collect(),
        undo: receipt.id.map(|id| {
            let command = match &receipt.config {
                Some(config) => command_for(config, "rollback"),
                None => format!("kestra-setup rollback {id}"),
            };
            Undo { id, command }
        }),
        next: Vec::new(),
        warnings: receipt.warnings,
    }
}

fn saved_file(written: &FileReceipt) -> WrittenFile {
    let real = if written.real_path == written.path {
        String::new()
    } else {
        format!(" -> {}", written.real_path.display())
    };
    let how = match written.action {
        FileAction::Created => "new".to_owned(),
        FileAction::Replaced => "changed".to_owned(),
        FileAction::Removed => "removed".to_owned(),
        FileAction::InPlace(reason) => in_place(reason),
    };
    let about = if written.owner.is_empty() {
        how
    } else {
        format!("{how}, mode {:04o} {}", written.mode, written.owner)
    };
    WrittenFile {
        what: words::label(written.kind, &written.path),
        path: format!("{}{real}", written.path.display()),
        about,
    }
}

fn in_place(reason: InPlaceReason) -> String {
    format!("changed in place, not atomic: {reason}")
}

/// What can be done about an interrupted write, if there is one.
///
/// # Errors
/// Where the state folder is damaged.
pub fn interrupted(lock: &Lock) -> Result<Option<Failure>, WriteError> {
    lock.interrupted()?.as_ref().map(offer).transpose()
}

/// Undoing overwrites files, so what that changes is shown first.
fn offer(pending: &PendingWrite) -> Result<Failure, WriteError> {
    let mut lines = vec![format!("A write of {:.0} was interrupted.", pending.at()), String::new()];
    lines.extend(pending.paths().map(|path: &Path| format!("  {}", path.display())));
    for restore in pending.restores()? {
        lines.extend([String::new(), format!("Undoing changes {}:", restore.path.display())]);
        lines.extend(listed(&restored(&restore)).into_iter().take(10));
    }
    let ways = vec![Choice::Undo, Choice::Forget, Choice::Quit];
    Ok(Failure { state: "interrupted", lines, ways })
}
