//! `rollback`: undoes a write, after showing what that changes.

use super::{CommandError, difference_in_words, report};
use crate::cli::{Invocation, RollbackCommand, UndoOptions};
use crate::messages::{restored, rolled_back};
use crate::settings::{counted, is_hidden};
use crate::system::console::{Console, can_ask};
use crate::system::discover::{self, config_path};
use crate::system::fs::WriteError;
use crate::system::fs::backup::journal::WriteContext;
use crate::system::fs::backup::{Checkpoint, History, PendingWrite, Restore};
use crate::system::fs::lock::Lock;
use crate::wizard::with_next_steps;
use jiff::Timestamp;
use serde::Serialize;
use std::path::Path;

pub(super) fn run(
    invocation: &Invocation,
    rollback: &RollbackCommand,
    console: &mut Console,
) -> Result<u8, CommandError> {
    let history = History::here()?;
    match rollback {
        RollbackCommand::List => list(&history.list(), invocation.json, console),
        RollbackCommand::Forget => forget(&Lock::take(&history)?, console),
        RollbackCommand::Undo(wanted) => undo(invocation, wanted, &history, console),
    }
}

fn undo(
    invocation: &Invocation,
    wanted: &UndoOptions,
    history: &History,
    console: &mut Console,
) -> Result<u8, CommandError> {
    // Before anything is read, so that nothing changes between the difference and the write.
    let lock = Lock::take(history)?;
    if let Some(pending) = lock.interrupted()? {
        // It is the last write, so it is undone first.
        if wanted.id.as_ref().is_some_and(|id| *id != pending.id) {
            return Err(WriteError::Interrupted(pending.id).into());
        }
        return undo_interrupted(pending, wanted, &lock, console);
    }
    let id = if let Some(id) = &wanted.id {
        id.clone()
    } else {
        let config = config_path(invocation.config.as_deref())?;
        let last = history.last(&config).map(|checkpoint| checkpoint.id);
        last.ok_or(CommandError::NothingToUndo(config))?
    };
    let rollback = history.rollback(&id)?;
    let restores = rollback.restores();
    if restores.is_empty() {
        console.message("Nothing to do: the files are as they were before that write.");
        return Ok(0);
    }
    let changed = restores.iter().any(|restore| restore.changed);
    show(&restores, console)?;
    if (wanted.force || !changed) && !agrees(wanted, console)? {
        return Ok(1);
    }
    let is_redo = rollback.is_redo();
    let receipt = rollback.run(&lock, wanted.force).map_err(CommandError::Rollback)?;
    let config = receipt.config.clone();
    let mut undone = rolled_back(receipt, is_redo);
    // What starts Kestra has to read the files again; they may be too broken to tell what that is.
    let machine = config.and_then(|config| discover::configuration(Some(&config), None).ok());
    let answers = machine.and_then(|machine| discover::complete_in_time(machine).answers().ok());
    if let Some(answers) = answers {
        undone = with_next_steps(undone, &answers);
    }
    report(&undone, console);
    Ok(0)
}

/// A write that was interrupted is the last one, so it is undone if none is named.
fn undo_interrupted(
    pending: PendingWrite,
    wanted: &UndoOptions,
    lock: &Lock,
    console: &mut Console,
) -> Result<u8, CommandError> {
    console.message(&format!("The write {} was interrupted.", pending.id));
    show(&pending.restores()?, console)?;
    if !agrees(wanted, console)? {
        return Ok(1);
    }
    let done =
        if wanted.force { pending.undo_overwriting(lock).map(|_| ()) } else { pending.undo() };
    done.map_err(CommandError::Rollback)?;
    console.message("The interrupted write is undone. Every file is as it was before.");
    Ok(0)
}

fn show(restores: &[Restore], console: &mut Console) -> Result<(), CommandError> {
    let shown = |restore: &Restore| {
        let change = restored(restore);
        let summary = match (&restore.now, &restore.then) {
            (Some(now), None) => {
                format!("file removed, {}", counted(now.as_str().lines().count(), "line"))
            }
            _ => change.summary(),
        };
        difference_in_words(&change, &summary)
    };
    let mut texts = restores.iter().map(shown);
    texts
        .try_for_each(|text| console.print_text(&text))
        .map_err(|source| CommandError::Output { outcome: "nothing was undone", source })
}

/// Asks, where somebody is there to be asked.
fn agrees(wanted: &UndoOptions, console: &mut Console) -> Result<bool, CommandError> {
    if wanted.yes || !can_ask() {
        return Ok(true);
    }
    console.message("Undo this? Type yes, or anything else to leave the files as they are:");
    let Some(answer) = super::wizard::line()? else { return Ok(false) };
    let agrees = matches!(answer.trim(), "y" | "yes");
    if !agrees {
        console.message("Nothing was undone.");
    }
    Ok(agrees)
}

fn forget(lock: &Lock, console: &mut Console) -> Result<u8, CommandError> {
    console.message(&match lock.forget_interrupted()? {
        Some(id) => format!("The files stay as they are. The backups of {id} are kept."),
        None => "Nothing to do: no write was interrupted.".to_owned(),
    });
    Ok(0)
}

/// `rollback --list --json`; the shape is documented in the manual page.
#[derive(Serialize)]
struct WriteList<'a> {
    writes: Vec<ListedWrite<'a>>,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct ListedWrite<'a> {
    id: &'a str,
    at: Timestamp,
    by: &'a str,
    files: Vec<&'a Path>,
    #[serde(flatten)]
    context: &'a WriteContext,
}

impl<'a> From<&'a Checkpoint> for ListedWrite<'a> {
    fn from(Checkpoint { id, at, by, context, files }: &'a Checkpoint) -> Self {
        let files = files.iter().map(|(_, path)| path.as_path()).collect();
        Self { id, at: *at, by, files, context }
    }
}

fn list(checkpoints: &[Checkpoint], json: bool, console: &mut Console) -> Result<u8, CommandError> {
    if json {
        let writes = checkpoints.iter().map(ListedWrite::from).collect();
        console.json(&WriteList { writes, warnings: console.warnings() })?;
        return Ok(0);
    }
    for checkpoint in checkpoints {
        console.print(&format!("{}\n", line(checkpoint)))?;
    }
    Ok(0)
}

/// One write on one line, whatever characters its paths have.
fn line(checkpoint: &Checkpoint) -> String {
    let Checkpoint { id, at, by, files, context } = checkpoint;
    let paths: Vec<_> = files.iter().map(|(_, path)| path.to_string_lossy()).collect();
    let about = match &context.undoes {
        Some(undone) => format!("  undo of {undone}"),
        None if context.settings.is_empty() => String::new(),
        None => format!("  {}", context.settings.join(", ")),
    };
    escaped(&format!("{id}  {at:.0}  by {by}  {}{about}", paths.join(" ")))
}

fn escaped(text: &str) -> String {
    let escape =
        |c: char| if is_hidden(c) { c.escape_unicode().to_string() } else { c.to_string() };
    text.chars().map(escape).collect()
}
