//! Errors and receipts as what the operator reads: what happened, what it means, what can be done.

use crate::checks::sentence;
use crate::form::{self, Field};
use crate::nginx_site;
use crate::plan::{FileChange, FileKind, Plan};
use crate::settings::{FilePath, SiteForm, counted};
use crate::shell;
use crate::system::discover::{DiscoverError, command_for};
use crate::system::effects::{Performed, WriteFailure};
use crate::system::export::Exported;
use crate::system::fs::backup::{PendingWrite, Restore};
use crate::system::fs::{FileAction, FileConflict, FileDigest, FileReceipt, Receipt, WriteError};
use crate::system::nginx;
use crate::wizard::{
    Choice, Event, Failure, LoadFailure, NextStep, Undo, WriteResult, WriteState, WrittenFile,
};
use std::path::Path;

/// What the wizard hears of it.
pub(crate) fn event(performed: Performed) -> Event {
    match performed {
        Performed::FilesRead(files) => Event::FilesRead(files),
        Performed::Loaded(request, result) => {
            Event::Loaded(request, result.map_err(|error| not_loaded(&error)))
        }
        Performed::Checked(check, findings) => Event::Checked(check, findings),
        Performed::Planned(number, files) => Event::Planned(number, files),
        Performed::Written(receipt) => Event::Written(Ok(written(receipt))),
        Performed::SavedBeside(receipt) => Event::Stopped(saved_beside(receipt)),
        Performed::Exported(exported) => Event::Stopped(saved_aside(exported)),
        Performed::RolledBack(receipt, is_redo) => Event::Stopped(rolled_back(receipt, is_redo)),
        Performed::Undone => {
            ended(WriteState::RolledBack, "Undone. Every file is as it was before.")
        }
        Performed::Forgotten => {
            ended(WriteState::Forgotten, "The files stay as they are; the backups are kept.")
        }
        Performed::NotUndone(error, id) => Event::Written(Err(not_undone(error, id.as_deref()))),
        Performed::NothingToRepair => ended(WriteState::Unchanged, "There is nothing to repair."),
        Performed::Failed(failure) => Event::Written(Err(not_written(&failure))),
    }
}

fn not_loaded(error: &DiscoverError) -> LoadFailure {
    let candidates = error.candidates();
    // Those are listed below.
    let remedy = if candidates.is_empty() { error.remedy() } else { String::new() };
    LoadFailure { message: format!("{error}. {remedy}").trim_end().to_owned(), candidates }
}

/// What happened, and what can be done.
pub fn not_written(failure: &WriteFailure) -> Failure {
    let WriteFailure { error, plan, .. } = failure;
    let what = format!("{}.", capital(error));
    let (state, lines, choices) = match error {
        WriteError::Changed(conflict) => {
            ("not written", changed(conflict, failure), ways_from(conflict))
        }
        WriteError::Redirected { .. } => {
            let lines = vec![what, error.remedy()];
            ("not written", lines, vec![Choice::Reapply, Choice::SaveAside, Choice::Quit])
        }
        WriteError::Denied { path, .. } => {
            let lines = vec![what, "Nothing was changed. Your answers are kept.".to_owned()];
            let is_nginx = plan.changes.iter().any(|change| {
                let folder = change.path.parent().unwrap_or(&change.path);
                change.kind == FileKind::Nginx && path.starts_with(folder)
            });
            let mut choices = vec![Choice::Sudo, Choice::SaveAside];
            choices.extend(is_nginx.then_some(Choice::Change(&form::NGINX_FILE)));
            ("not written", lines, choices)
        }
        WriteError::Verification(failure) => {
            let blamed = nginx::blamed(failure.code);
            let mut lines = vec![
                WriteError::after_verification(failure).to_owned(),
                sentence(&capital(&failure.summary)),
            ];
            if let Some((field, value)) =
                blamed.and_then(|field| Some((field, value(field, plan)?)))
            {
                lines.extend([String::new(), format!("{:<14}{value}", field.label)]);
            }
            lines.extend([String::new(), failure.remedy.clone()]);
            let is_tls = [Some(&form::CERTIFICATE), Some(&form::CERTIFICATE_KEY)].contains(&blamed);
            let mut choices: Vec<_> = blamed.map(Choice::Change).into_iter().collect();
            choices.extend(is_tls.then_some(Choice::WithoutTls));
            choices.extend(plan.has_more_than(FileKind::Nginx).then_some(Choice::WithoutNginx));
            choices.push(Choice::ShowEvidence(failure.evidence.clone()));
            if choices.len() < 4 {
                choices.push(Choice::SaveAside);
            }
            ("rolled back", lines, choices)
        }
        WriteError::Unrepaired { .. } | WriteError::Interrupted(_) => (
            "interrupted",
            vec![what, error.remedy()],
            vec![Choice::Undo, Choice::Forget, Choice::Quit],
        ),
        WriteError::Damaged { .. } => (
            "interrupted",
            vec![what, "It cannot be undone from here.".to_owned()],
            vec![Choice::Forget, Choice::Quit],
        ),
        other => {
            let lines = vec![
                what,
                other.remedy(),
                String::new(),
                "Nothing was changed. Your answers are kept.".to_owned(),
            ];
            let mut choices = vec![Choice::Retry, Choice::SaveAside, Choice::Quit];
            // What was to be saved elsewhere would be written.
            choices.retain(|choice| *choice != Choice::Retry || !plan.changes.is_empty());
            ("not written", lines, choices)
        }
    };
    Failure { state, lines, choices }
}

/// The value of a question in the nginx file that was planned.
fn value(field: &Field, plan: &Plan) -> Option<String> {
    let change = plan.changes.iter().find(|change| change.kind == FileKind::Nginx)?;
    let site = nginx_site::read(change.after.as_str())?.site;
    let SiteForm::Server { names, listen, tls } = &site.form else { return None };
    let path = |path: &FilePath| path.to_string();
    match field {
        it if *it == form::UPSTREAM => Some(site.upstream.to_string()),
        it if *it == form::SERVER_NAME => Some(names.to_string()),
        it if *it == form::LISTEN => Some(listen.to_string()),
        it if *it == form::CERTIFICATE => tls.as_ref().map(|tls| path(&tls.certificate)),
        it if *it == form::CERTIFICATE_KEY => tls.as_ref().map(|tls| path(&tls.key)),
        _ => None,
    }
}

/// Where the file is gone, starting from no file would lose every other setting in it.
fn ways_from(conflict: &FileConflict) -> Vec<Choice> {
    match conflict.now {
        Some(_) => vec![Choice::Reapply, Choice::SaveBeside, Choice::StartOver, Choice::Overwrite],
        None => vec![Choice::Overwrite, Choice::SaveBeside, Choice::Quit],
    }
}

/// A sentence from an error, which begins in lower case. A name, such as nginx or that of a file, a host
/// or a property, stays as it is.
pub(crate) fn capital(text: &impl ToString) -> String {
    let text = text.to_string();
    let first = text.split(' ').next().unwrap_or_default().trim_end_matches(['.', ',', ';']);
    if first == "nginx" || !first.chars().all(|c| c.is_ascii_lowercase()) {
        return text;
    }
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

/// Their change, as a redacted difference.
fn changed(conflict: &FileConflict, failure: &WriteFailure) -> Vec<String> {
    let version = |version: &Option<FileDigest>| match version {
        Some(FileDigest { sha256, lines }) => {
            let start = &sha256[..8.min(sha256.len())];
            format!("sha256 {start}...   {}", counted(*lines, "line"))
        }
        None => "no file".to_owned(),
    };
    let by = conflict.owner.as_ref().map_or(String::new(), |owner| format!("   owner {owner}"));
    let at = conflict.modified.map_or(String::new(), |at| format!("   {at:.0}"));
    let mut lines = vec![
        format!("{} changed on disk while you were editing.", conflict.path.display()),
        String::new(),
        format!("  opened   {}", version(&conflict.opened)),
        format!("  now      {}{by}{at}", version(&conflict.now)),
        String::new(),
    ];
    let ours = failure.plan.changes.iter().find(|change| change.path == conflict.path);
    if let (Some(ours), Some(after)) = (ours, failure.theirs.clone()) {
        let theirs = FileChange { after, ..ours.clone() };
        lines.push("Their change:".to_owned());
        lines.extend(listed(&theirs).into_iter().take(10));
    }
    if conflict.now.is_none() {
        lines.push("To overwrite it is to write it again, with every setting it had.".to_owned());
    }
    lines
}

/// A change as lines of plain text, redacted.
pub(crate) fn listed(change: &FileChange) -> Vec<String> {
    change.preview().iter().map(|line| format!("{}{}", line.tag.sign(), line.text)).collect()
}

/// The same where every line of a new file counts as added.
pub(crate) fn printed(change: &FileChange) -> Vec<String> {
    let lines = listed(change).into_iter();
    if change.before.is_some() {
        return lines.collect();
    }
    lines.map(|line| format!("+{}", &line[1..])).collect()
}

/// What undoing would do to one file, as a change to preview.
pub(crate) fn restored(restore: &Restore) -> FileChange {
    FileChange {
        kind: restore.kind,
        path: restore.path.clone(),
        target: (restore.real_path != restore.path).then(|| restore.real_path.clone()),
        before: restore.now.clone(),
        after: restore.then.clone().unwrap_or_default(),
        mode: 0o600,
    }
}

/// What can be done about a write that was interrupted. Undoing overwrites files, so what that
/// changes is shown first.
///
/// # Errors
/// Where a backup cannot be read.
pub(crate) fn interrupted(pending: &PendingWrite) -> Result<Failure, WriteError> {
    let mut lines =
        vec![format!("A write of {:.0} was interrupted.", pending.journal.at), String::new()];
    lines.extend(pending.files.iter().map(|file| format!("  {}", file.entry.path.display())));
    for restore in pending.restores()? {
        let change = restored(&restore);
        let what = if restore.then.is_some() { "changes" } else { "removes" };
        lines.extend([String::new(), format!("Undoing {what} {}:", change.destination())]);
        lines.extend(listed(&change).into_iter().take(10));
    }
    let choices = vec![Choice::Undo, Choice::Forget, Choice::Quit];
    Ok(Failure { state: "interrupted", lines, choices })
}

/// What sudo did with a plan.
pub(crate) fn elevated(plan: &Plan, config: &Path, result: Result<(), String>) -> Event {
    Event::Written(match result {
        Ok(()) => Ok(written_as_root(plan, config)),
        Err(why) => Err(Failure {
            state: "not written",
            lines: vec![
                format!("Writing with sudo failed: {why}"),
                "Your answers are kept.".to_owned(),
            ],
            choices: vec![Choice::Sudo, Choice::SaveAside, Choice::Quit],
        }),
    })
}

fn written_as_root(plan: &Plan, config: &Path) -> WriteResult {
    let files = plan.pending().map(|change| WrittenFile {
        kind: change.kind,
        what: change.kind.label(&change.path),
        path: change.destination(),
        about: "as root".to_owned(),
        is_removed: false,
    });
    let undo = format!("sudo kestra-setup --config {} rollback", shell::path(config));
    WriteResult {
        state: WriteState::Written,
        headline: "Done, with sudo.".to_owned(),
        files: files.collect(),
        next: vec![NextStep::new("Undo with:").lines([undo])],
        ..WriteResult::default()
    }
}

/// What was written, for the result page.
pub(crate) fn written(receipt: Receipt) -> WriteResult {
    let (state, headline) = match receipt.files.len() {
        0 => (
            WriteState::Unchanged,
            "Nothing was written. The files are as planned already.".to_owned(),
        ),
        count => (WriteState::Written, format!("Done. {} written.", counted(count, "file"))),
    };
    WriteResult {
        state,
        headline,
        files: receipt.files.iter().map(written_file).collect(),
        undo: receipt.id.map(|id| {
            let command = match &receipt.config {
                Some(config) => command_for(config, "rollback"),
                None => format!("kestra-setup rollback {id}"),
            };
            Undo { id, command }
        }),
        warnings: receipt.warnings,
        ..WriteResult::default()
    }
}

fn written_file(written: &FileReceipt) -> WrittenFile {
    let real = if written.real_path == written.path {
        String::new()
    } else {
        format!(" -> {}", written.real_path.display())
    };
    let how = match written.action {
        FileAction::Created => "new".to_owned(),
        FileAction::Replaced => "changed".to_owned(),
        FileAction::Removed => "removed".to_owned(),
        FileAction::InPlace(reason) => format!("changed in place, not atomic: {reason}"),
    };
    let about = if written.owner.is_empty() {
        how
    } else {
        format!("{how}, mode {:04o} {}", written.mode, written.owner)
    };
    WrittenFile {
        kind: written.kind,
        what: written.kind.label(&written.path),
        path: format!("{}{real}", written.path.display()),
        about,
        is_removed: written.action == FileAction::Removed,
    }
}

fn saved_beside(receipt: Receipt) -> WriteResult {
    let headline = "Your files are untouched; the new ones are beside them.".to_owned();
    WriteResult { state: WriteState::SavedBeside, headline, ..written(receipt) }
}

fn saved_aside(exported: Exported) -> WriteResult {
    let files = exported.files.iter().map(|path| WrittenFile {
        kind: FileKind::Unknown,
        what: "saved".to_owned(),
        path: path.display().to_string(),
        about: "mode 0600".to_owned(),
        is_removed: false,
    });
    WriteResult {
        state: WriteState::SavedAside,
        headline: "Nothing was installed. The files are saved; these commands install them."
            .to_owned(),
        files: files.collect(),
        next: exported.commands.into_iter().map(NextStep::new).collect(),
        ..WriteResult::default()
    }
}

/// The result of a rollback, which may have undone an undo.
pub(crate) fn rolled_back(receipt: Receipt, is_redo: bool) -> WriteResult {
    let headline = match (receipt.files.is_empty(), is_redo) {
        (true, _) => "Nothing was written. The files are as they were before that write.",
        (false, true) => "Redone. The files are as they were before the undo.",
        (false, false) => "Undone. The files are as they were before.",
    };
    WriteResult { state: WriteState::RolledBack, headline: headline.to_owned(), ..written(receipt) }
}

fn ended(state: WriteState, headline: &str) -> Event {
    let headline = headline.to_owned();
    Event::Stopped(WriteResult { state, headline, ..WriteResult::default() })
}

/// What can be done where undoing failed: of the completed write with this name, or of the
/// interrupted one.
fn not_undone(error: WriteError, id: Option<&str>) -> Failure {
    let (mut lines, mut choices) = (Vec::new(), Vec::new());
    match error {
        WriteError::Changed(conflict) => {
            lines.push(format!("{} was changed since that write.", conflict.path.display()));
            choices.push(Choice::UndoOverwriting(id.map(str::to_owned)));
        }
        // The undoing itself was interrupted.
        error @ WriteError::Unrepaired { .. } => {
            return not_written(&WriteFailure { error, plan: Plan::default(), theirs: None });
        }
        other => {
            lines.extend([format!("{}.", capital(&other)), other.remedy()]);
            let is_damaged = matches!(other, WriteError::Damaged { .. });
            choices.extend((id.is_none() && !is_damaged).then_some(Choice::Undo));
        }
    }
    choices.extend(id.is_none().then_some(Choice::Forget));
    choices.push(Choice::Quit);
    Failure { state: if id.is_none() { "interrupted" } else { "not undone" }, lines, choices }
}
