//! Taking a write back, long after.
//!
//! It is a write of its own, with the same promises and its own checkpoint, so it can be taken back
//! too. It reads no configuration, so it works when the configuration is broken.

use super::History;
use super::checkpoint::{folder_at, step};
use crate::machine::Text;
use crate::system::fs::lock::Lock;
use crate::system::fs::step::{Goal, Step};
use crate::system::fs::transaction::{self, Task, remove_folder};
use crate::system::fs::{Content, Receipt, Snapshot, WriteError, as_text};
use rustix::fs::CWD;
use std::path::PathBuf;

/// What a rollback would do. To be shown before it is done.
pub struct Rollback {
    id: String,
    folders: Vec<PathBuf>,
    files: Vec<(Step, Option<Snapshot>)>,
}

/// What a rollback would do to one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restore {
    /// The file, as the operator named it.
    pub path: PathBuf,
    /// What is there now; `None` if there is no file.
    pub now: Option<Text>,
    /// What will be there; `None` if the file is removed, because there was none.
    pub then: Option<Text>,
    /// Whether someone changed the file since it was written.
    pub changed: bool,
}

impl History {
    /// What taking back a checkpoint would do; the newest if none is named.
    ///
    /// # Errors
    /// [`WriteError::NoCheckpoint`], a damaged backup, or a file that cannot be read.
    pub fn rollback(&self, id: Option<&str>) -> Result<Rollback, WriteError> {
        let wanted = id.map_or_else(|| self.list().first().map(|it| it.id.clone()), known(self));
        let none = || WriteError::NoCheckpoint { id: id.unwrap_or("to take back").to_owned() };
        let id = wanted.ok_or_else(none)?;
        let path = self.folder_of(&id);
        let (folder, journal) = (folder_at(&path)?, self.journal(&id)?);
        let files = journal.files.iter().enumerate().map(|(number, entry)| {
            let now = Snapshot::take(CWD, &entry.real, &entry.path)?;
            Ok((step(&folder, number, entry)?, now))
        });
        Ok(Rollback {
            id,
            files: files.collect::<Result<_, WriteError>>()?,
            folders: journal.folders,
        })
    }
}

/// Only a name from the list: a name with a slash would lead elsewhere.
fn known(history: &History) -> impl Fn(&str) -> Option<String> {
    |id| history.list().into_iter().map(|it| it.id).find(|known| known == id)
}

impl Rollback {
    /// The checkpoint that would be taken back.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The files that would change.
    #[must_use]
    pub fn restores(&self) -> Vec<Restore> {
        let restores = self.files.iter().map(|(step, now)| Restore {
            path: step.entry.path.clone(),
            now: now.as_ref().map(|now| as_text(&now.content)),
            then: step.old.as_ref().map(as_text),
            changed: content(now.as_ref()) != step.new.as_ref(),
        });
        restores.filter(|restore| restore.now != restore.then).collect()
    }

    /// Does it. `overwrite` says that the changes of others may be lost; a backup keeps them.
    ///
    /// # Errors
    /// [`WriteError::Changed`] for a file that is neither as it was written nor as it was before,
    /// unless `overwrite`; else as [`write`](crate::system::fs::write).
    pub fn run(self, lock: &Lock, overwrite: bool) -> Result<Receipt, WriteError> {
        let mut tasks = Vec::new();
        for (step, now) in self.files {
            if content(now.as_ref()) == step.old.as_ref() {
                continue;
            }
            if !overwrite && content(now.as_ref()) != step.new.as_ref() {
                return Err(step.conflict(now.as_ref(), Goal::Old));
            }
            tasks.push(task(step, now));
        }
        let receipt = transaction::run(tasks, lock, &|| Ok(()))?;
        // A folder that the write had made; it stays if anything else lies in it by now.
        for folder in self.folders.iter().rev() {
            let _ = remove_folder(folder);
        }
        Ok(receipt)
    }
}

fn content(now: Option<&Snapshot>) -> Option<&Content> {
    now.map(|now| &now.content)
}

fn task(step: Step, now: Option<Snapshot>) -> Task {
    let old = step.entry.old;
    Task {
        path: step.entry.path,
        before: now.map(|now| now.content),
        after: step.old,
        mode: old.as_ref().map_or(0o600, |old| old.mode),
        owner: old.and_then(|old| old.owner),
        makes_folders: true,
    }
}
