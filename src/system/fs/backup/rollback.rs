//! Undoing a completed write, long after.
//!
//! It is a write of its own, with the same promises and its own checkpoint, so it can be undone
//! too. It reads no configuration, so it works when the configuration is broken.

use super::History;
use super::journal::{Journal, WriteContext};
use super::pending::recorded;
use crate::machine::Text;
use crate::plan::FileKind;
use crate::system::fs::file_write::{Direction, FileWrite};
use crate::system::fs::lock::Lock;
use crate::system::fs::transaction::{self, Destination, WriteRequest, remove_folder};
use crate::system::fs::{OpenedFile, Receipt, WriteError, as_text};
use std::path::PathBuf;

/// What a rollback would do. To be shown before it is done.
pub struct Rollback {
    id: String,
    journal: Journal,
    files: Vec<(FileWrite, Option<OpenedFile>)>,
}

/// What a rollback would do to one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restore {
    /// Which of the files it is.
    pub(crate) kind: FileKind,
    /// The file, as the operator named it.
    pub(crate) path: PathBuf,
    /// Its path with every link followed.
    pub(crate) real_path: PathBuf,
    /// Its contents now; `None` if there is no file.
    pub now: Option<Text>,
    /// Its contents afterwards; `None` if the file is removed, because there was none.
    pub then: Option<Text>,
    /// Whether somebody changed the file since it was written.
    pub(crate) changed: bool,
}

impl Restore {
    /// `None` where the file is as it was before.
    pub(super) fn new(file: &FileWrite, now: Option<&OpenedFile>) -> Option<Self> {
        let content = now.map(|now| &now.content);
        (content != file.old.as_ref()).then(|| Self {
            kind: file.entry.kind,
            path: file.entry.path.clone(),
            real_path: file.entry.real.clone(),
            now: content.map(as_text),
            then: file.old.as_ref().map(as_text),
            changed: content != file.new.as_ref(),
        })
    }
}

impl History {
    /// What undoing this write would do.
    ///
    /// # Errors
    /// [`WriteError::NoCheckpoint`], a damaged backup, or a file that cannot be read.
    pub fn rollback(&self, id: &str) -> Result<Rollback, WriteError> {
        let missing = || WriteError::NoCheckpoint(id.to_owned());
        // Only a name from the list: one with a slash would lead elsewhere.
        if !self.list().iter().any(|known| known.id == id) {
            return Err(missing());
        }
        let folder = self.checkpoints()?.ok_or_else(missing)?.child(id)?.ok_or_else(missing)?;
        let journal = Journal::load(&folder, super::journal::CLOSED)?.ok_or_else(missing)?;
        let files = recorded(&folder, &journal)?.into_iter().map(|file| {
            let now = file.read()?;
            Ok((file, now))
        });
        let files = files.collect::<Result<_, WriteError>>()?;
        Ok(Rollback { id: id.to_owned(), journal, files })
    }
}

impl Rollback {
    /// Whether that write was itself an undo, so that undoing it redoes the write before.
    pub(crate) fn is_redo(&self) -> bool {
        self.journal.context.undoes.is_some()
    }

    /// The files that would change.
    pub fn restores(&self) -> Vec<Restore> {
        self.files.iter().filter_map(|(file, now)| Restore::new(file, now.as_ref())).collect()
    }

    /// Does it. With `overwrite`, changes of others are lost; a backup keeps them.
    ///
    /// # Errors
    /// [`WriteError::Changed`] for a file that is neither as it was written nor as it was before,
    /// unless `overwrite`; else as [`write`](crate::system::fs::write).
    pub fn run(self, lock: &Lock, overwrite: bool) -> Result<Receipt, WriteError> {
        let mut requests = Vec::new();
        for (file, now) in self.files {
            let content = now.as_ref().map(|now| &now.content);
            if content == file.old.as_ref() {
                continue;
            }
            if !overwrite && content != file.new.as_ref() {
                return Err(file.conflict(now.as_ref(), Direction::Back));
            }
            let old = file.entry.old;
            requests.push(WriteRequest {
                kind: file.entry.kind,
                path: file.entry.path,
                destination: Destination::Recorded(file.entry.real),
                before: now.map(|now| now.content),
                after: file.old,
                mode: old.as_ref().map_or(0o600, |old| old.mode),
                owner: old.and_then(|old| old.owner),
                makes_folders: true,
            });
        }
        // Undoing an undo is a redo, which is a write like the first.
        let undoes = self.journal.context.undoes.is_none().then_some(self.id);
        let context = WriteContext { undoes, ..self.journal.context };
        let receipt = transaction::run(requests, context, lock, &|| Ok(()))?;
        // A directory that the write had made; it stays if anything else is in it by now.
        for folder in self.journal.folders.iter().rev() {
            let _ = remove_folder(folder);
        }
        Ok(receipt)
    }
}
