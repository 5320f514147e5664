//! A folder for the files of a test, and a history beside it.

use kestra_setup::plan::{FileChange, FileKind, Plan};
use kestra_setup::system::fs::backup::{History, PendingWrite};
use kestra_setup::system::fs::lock::Lock;
use kestra_setup::system::fs::{self as files, WriteError};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder for the files, and a history beside it.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
    pub(crate) history: History,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let history = History::at(folder.path().join("state"));
        Self { folder, history }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn has(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn lock(&self) -> Result<Lock, WriteError> {
        Lock::take(&self.history)
    }

    pub(crate) fn write(&self, changes: Vec<FileChange>) -> Result<files::Receipt, WriteError> {
        files::write(&plan(changes), &self.lock()?, &|| Ok(()))
    }

    /// Leaves a write as a kill just before its end would.
    pub(crate) fn dies_writing(&self, changes: Vec<FileChange>) {
        let (plan, lock) = (plan(changes), self.lock().unwrap());
        let dies = || resume_unwind(Box::new("as if killed"));
        let write = || files::write(&plan, &lock, &dies);
        assert!(catch_unwind(AssertUnwindSafe(write)).is_err());
    }

    /// The write that [`Self::dies_writing`] left.
    pub(crate) fn interrupted(&self) -> PendingWrite {
        self.lock().unwrap().interrupted().unwrap().unwrap()
    }

    pub(crate) fn roll_back(&self, overwrite: bool) -> Result<files::Receipt, WriteError> {
        let id = self.history.list()[0].id.clone();
        self.history.rollback(&id)?.run(&self.lock()?, overwrite)
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

pub(crate) fn plan(changes: Vec<FileChange>) -> Plan {
    Plan { changes, ..Plan::default() }
}

pub(crate) fn change(path: &Path, before: Option<&str>, after: &str) -> FileChange {
    let (before, after) = (before.map(Into::into), after.into());
    let (kind, target) = (FileKind::Config, kestra_setup::system::fs::target(path));
    FileChange { kind, path: path.to_owned(), target, before, after, mode: 0o600 }
}

pub(crate) fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

pub(crate) fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}
