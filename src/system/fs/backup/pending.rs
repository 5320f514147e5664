//! A write on its way, or interrupted: its checkpoint on the disk.
//!
//! The directory is filled first; the journal comes last and by rename, so a journal that can be
//! seen is whole and so are the contents beside it.

use super::journal::{
    CLOSED, DAMAGED, FileMetadata, Journal, JournalEntry, OPEN, VERSION, WriteContext,
};
use super::{Restore, names, prune, remove};
use crate::system::fs::directory::Directory;
use crate::system::fs::file_write::FileWrite;
use crate::system::fs::lock::Lock;
use crate::system::fs::transaction::remove_folder;
use crate::system::fs::{Content, Receipt, WriteError, sha256};
use crate::system::passwd;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use std::path::PathBuf;
use std::sync::Arc;

/// A write that is on its way or was interrupted.
pub struct PendingWrite {
    pub(crate) id: String,
    pub(crate) journal: Journal,
    pub(crate) files: Vec<FileWrite>,
    checkpoints: Arc<Directory>,
    folder: Directory,
}

impl PendingWrite {
    /// What undoing it would change.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn restores(&self) -> Result<Vec<Restore>, WriteError> {
        let restore = |file: &FileWrite| Ok(Restore::new(file, file.read()?.as_ref()));
        self.files.iter().map(restore).filter_map(Result::transpose).collect()
    }

    /// Puts every file back as it was before the write, and removes the checkpoint.
    ///
    /// # Errors
    /// The write stays interrupted if a file cannot be put back. [`WriteError::Changed`] names a
    /// file that somebody else changed since; the others are put back.
    pub fn undo(self) -> Result<(), WriteError> {
        let put_back: Vec<_> = self.files.iter().rev().map(FileWrite::put_back).collect();
        put_back.into_iter().collect::<Result<(), _>>()?;
        self.journal.folders.iter().rev().try_for_each(|folder| remove_folder(folder))?;
        self.discard()
    }

    /// Puts every file back, whoever changed it since: the write is completed as it is, then rolled
    /// back, so that a backup keeps the changes of others.
    ///
    /// # Errors
    /// As [`Rollback::run`](super::rollback::Rollback::run).
    pub fn undo_overwriting(self, lock: &Lock) -> Result<Receipt, WriteError> {
        self.forget()?;
        lock.history().rollback(&self.id)?.run(lock, true)
    }

    /// Leaves every file as it is now. The write counts as completed, so its backups are kept.
    ///
    /// # Errors
    /// The journal cannot be closed.
    pub fn forget(&self) -> Result<(), WriteError> {
        for file in &self.files {
            // A temporary file that cannot be removed must not keep the journal open.
            let _ = file.remove_temp();
        }
        self.close()
    }

    /// Saves backups and journal, all synced.
    pub(crate) fn begin(
        lock: &Lock,
        context: WriteContext,
        folders: Vec<PathBuf>,
        files: Vec<FileWrite>,
    ) -> Result<Self, WriteError> {
        let checkpoints = Arc::clone(&lock.checkpoints);
        let (id, folder) = new_folder(&checkpoints)?;
        let journal = Journal {
            version: VERSION,
            at: Timestamp::now(),
            by: passwd::current_user(),
            context,
            folders,
            files: files.iter().map(|file| file.entry.clone()).collect(),
        };
        let pending = Self { id, journal, files, checkpoints, folder };
        match pending.save() {
            Ok(()) => Ok(pending),
            Err(error) => {
                let _ = pending.discard();
                Err(error)
            }
        }
    }

    fn save(&self) -> Result<(), WriteError> {
        for (number, file) in self.files.iter().enumerate() {
            for (side, content) in [("old", &file.old), ("new", &file.new)] {
                let Some(content) = content else { continue };
                self.folder.save(&format!("{side}-{number}"), content)?;
            }
        }
        let journal = serde_json::to_string_pretty(&self.journal)
            .map_err(|error| self.folder.failed(OPEN, error))?;
        self.folder.save("journal", journal.as_bytes())?;
        rename(&self.folder, "journal", OPEN)?;
        self.folder.sync()?;
        self.checkpoints.sync()
    }

    /// Completes the write: from here on it can only be rolled back.
    pub(crate) fn close(&self) -> Result<(), WriteError> {
        rename(&self.folder, OPEN, CLOSED)?;
        // If this fails and the power too, the journal is open again and the files can be undone.
        let _ = self.folder.sync();
        prune(&self.checkpoints);
        Ok(())
    }

    /// Removes the checkpoint. Without its journal, the rest is only litter.
    fn discard(self) -> Result<(), WriteError> {
        self.folder.remove(OPEN)?;
        // If this fails and the power too, the journal is back, and undoing changes nothing.
        let _ = self.folder.sync();
        let _ = remove(&self.checkpoints, &self.id);
        Ok(())
    }
}

impl Lock {
    /// The write that was interrupted, if there is one. The lock shows that no process is at it.
    ///
    /// # Errors
    /// [`WriteError::Damaged`] if its journal or its contents cannot be read.
    pub fn interrupted(&self) -> Result<Option<PendingWrite>, WriteError> {
        let Some((id, folder)) = self.open_checkpoint()? else { return Ok(None) };
        let Some(journal) = Journal::load(&folder, OPEN)? else { return Ok(None) };
        let files = recorded(&folder, &journal)?;
        let checkpoints = Arc::clone(&self.checkpoints);
        Ok(Some(PendingWrite { id, journal, files, checkpoints, folder }))
    }

    /// Leaves every file as it is, and gives up an interrupted write, also one that is damaged.
    /// Gives its name; `None` if there is none. Its backups are kept.
    ///
    /// # Errors
    /// The journal cannot be renamed.
    pub fn forget_interrupted(&self) -> Result<Option<String>, WriteError> {
        match self.interrupted() {
            Ok(Some(pending)) => pending.forget().map(|()| Some(pending.id)),
            Ok(None) => Ok(None),
            Err(_) => {
                let Some((id, folder)) = self.open_checkpoint()? else { return Ok(None) };
                rename(&folder, OPEN, DAMAGED).map(|()| Some(id))
            }
        }
    }

    /// The checkpoint with an open journal.
    fn open_checkpoint(&self) -> Result<Option<(String, Directory)>, WriteError> {
        for id in names(&self.checkpoints)? {
            // What is no directory is no checkpoint.
            let Ok(Some(folder)) = self.checkpoints.child(&id) else { continue };
            if folder.stat_of(OPEN)?.is_some() {
                return Ok(Some((id, folder)));
            }
        }
        Ok(None)
    }
}

/// The files of a journal, with the contents that were saved.
pub(super) fn recorded(
    folder: &Directory,
    journal: &Journal,
) -> Result<Vec<FileWrite>, WriteError> {
    let file = |(number, entry): (usize, &JournalEntry)| {
        let content = |side: &str, wanted: Option<&FileMetadata>| {
            wanted.map(|wanted| saved(folder, &format!("{side}-{number}"), wanted)).transpose()
        };
        let old = content("old", entry.old.as_ref())?;
        let new = content("new", entry.new.as_ref())?;
        Ok(FileWrite::recorded(entry.clone(), old, new))
    };
    journal.files.iter().enumerate().map(file).collect()
}

fn saved(folder: &Directory, name: &str, wanted: &FileMetadata) -> Result<Content, WriteError> {
    let why = match folder.read(name) {
        Ok(Some(file)) if sha256(&file.content) == wanted.sha256 => return Ok(file.content),
        Ok(Some(_)) => "it is not what was saved".to_owned(),
        Ok(None) => "it is gone".to_owned(),
        Err(error) => error.to_string(),
    };
    Err(WriteError::Damaged { path: folder.path_of(name), why })
}

/// A directory named after this second. Where that is taken, or the clock was set back, the name is
/// the second after that of the last one: names tell which write came last.
fn new_folder(checkpoints: &Directory) -> Result<(String, Directory), WriteError> {
    const NAME: &str = "%Y%m%dT%H%M%SZ";
    let after = |name: &String| {
        let second = DateTime::strptime(NAME, name.split('-').next()?).ok()?;
        second.checked_add(1.second()).ok()
    };
    let next = names(checkpoints)?.iter().rev().find_map(after);
    let now = TimeZone::UTC.to_datetime(Timestamp::now());
    let id = next.map_or(now, |next| next.max(now)).strftime(NAME).to_string();
    let folder = checkpoints.make_child(&id)?;
    Ok((id, folder))
}

fn rename(folder: &Directory, from: &str, to: &str) -> Result<(), WriteError> {
    folder.rename(from, to).map_err(|errno| folder.failed(to, errno))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_comes_after_all_others_however_fast_and_whatever_the_clock() {
        let folder = tempfile::tempdir().unwrap();
        let checkpoints = Directory::open(folder.path()).unwrap().unwrap();
        let ids = || -> Vec<_> { (0..150).map(|_| new_folder(&checkpoints).unwrap().0).collect() };
        assert!(ids().is_sorted_by(|one, next| one < next));
        for last in ["20991231T235959Z", "21000101T000000Z-07", "lost+found"] {
            checkpoints.make_child(last).unwrap();
        }
        assert_eq!(ids()[..2], ["21000101T000001Z", "21000101T000002Z"]);
    }
}
