//! `rollback`: takes a write back, after showing what that changes.

use super::{CommandError, difference, report};
use crate::messages::{restored, rolled_back};
use crate::system::console::Console;
use crate::system::fs::WriteError;
use crate::system::fs::backup::{self, History, Open};
use crate::system::fs::lock::Lock;

pub(super) fn run(
    id: Option<&str>,
    list: bool,
    force: bool,
    console: &mut Console,
) -> Result<u8, CommandError> {
    let history = History::here()?;
    if list {
        for checkpoint in history.list() {
            console.print(&format!("{checkpoint}\n"))?;
        }
        return Ok(0);
    }
    // Before anything is looked at, so that nothing changes between the difference and the write.
    let lock = Lock::take(&history)?;
    if let Some(open) = lock.interrupted()? {
        return undo_interrupted(open, id, console);
    }
    let rollback = history.rollback(id)?;
    let restores = rollback.restores();
    for restore in &restores {
        console.print(&difference(&restored(restore)))?;
    }
    if restores.is_empty() {
        console.say("Nothing to do: the files are as they were before that write.");
        return Ok(0);
    }
    let receipt = rollback.run(&lock, force).map_err(CommandError::Rollback)?;
    report(&rolled_back(receipt), console);
    Ok(0)
}

/// A write that was interrupted is the last one, so it is what is taken back if none is named.
fn undo_interrupted(
    open: Open,
    id: Option<&str>,
    console: &mut Console,
) -> Result<u8, CommandError> {
    if id.is_some_and(|id| id != open.id()) {
        return Err(WriteError::Interrupted { id: open.id().to_owned() }.into());
    }
    backup::undo(open)?;
    console.say("The interrupted write is undone. Every file is as it was before.");
    Ok(0)
}
