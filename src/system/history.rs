//! What was written, when, and what was there before.
//!
//! Every write is a checkpoint: a folder with a journal and the contents before and after, 0700
//! and 0600. A checkpoint whose journal is called `open.json` was interrupted.
#![expect(clippy::disallowed_methods, reason = "keeps the state folder")]

pub(crate) mod checkpoint;
pub(crate) mod journal;
mod recover;
mod rollback;

pub use checkpoint::Open;
pub use recover::{finish, undo};
pub use rollback::{Restore, Rollback};

use crate::system::files::WriteError;
use jiff::Timestamp;
use journal::Journal;
use std::fs::{DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::{env, fs};

/// How many checkpoints are kept.
pub const KEPT: usize = 20;

/// The state folder: lock, journals, backups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    folder: PathBuf,
}

/// A write that came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Its name, made of the time: `20261123T085010Z`. Sorts by age.
    pub id: String,
    /// When it began.
    pub at: Timestamp,
    /// Who wrote.
    pub by: String,
    /// The files, as the operator named them.
    pub files: Vec<PathBuf>,
}

impl History {
    /// The history of this user: `KESTRA_SETUP_STATE` if set, `/var/lib/kestra-setup` for root,
    /// else `kestra-setup` in the user's folder for state.
    ///
    /// # Errors
    /// [`WriteError::NoState`] if there is no home.
    pub fn here() -> Result<Self, WriteError> {
        let named = env::var_os("KESTRA_SETUP_STATE").filter(|it| !it.is_empty());
        if let Some(folder) = named {
            let folder = std::path::absolute(folder).map_err(|_| WriteError::NoState)?;
            return Ok(Self::at(folder));
        }
        if rustix::process::geteuid().is_root() {
            return Ok(Self::at("/var/lib/kestra-setup"));
        }
        let state = dirs::state_dir().or_else(dirs::data_local_dir).ok_or(WriteError::NoState)?;
        Ok(Self::at(state.join("kestra-setup")))
    }

    /// A history in this folder, which is made when the lock is taken.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The state folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Every checkpoint that came to its end, the newest first. Damaged ones are left out.
    #[must_use]
    pub fn list(&self) -> Vec<Checkpoint> {
        self.names().into_iter().rev().filter_map(|id| self.checkpoint(&id).ok()).collect()
    }

    fn checkpoint(&self, id: &str) -> Result<Checkpoint, WriteError> {
        let journal = Journal::load(&self.folder_of(id).join(journal::CLOSED))?;
        let files = journal.files.into_iter().map(|entry| entry.path).collect();
        Ok(Checkpoint { id: id.to_owned(), at: journal.at, by: journal.by, files })
    }

    fn checkpoints(&self) -> PathBuf {
        self.folder.join("checkpoints")
    }

    pub(crate) fn folder_of(&self, id: &str) -> PathBuf {
        self.checkpoints().join(id)
    }

    /// The names of all checkpoints, the oldest first.
    pub(crate) fn names(&self) -> Vec<String> {
        let found = fs::read_dir(self.checkpoints()).into_iter().flatten().flatten();
        let mut names: Vec<_> = found.filter_map(|it| it.file_name().into_string().ok()).collect();
        names.sort();
        names
    }

    /// Makes the state folder, for this user alone.
    pub(crate) fn prepare(&self) -> Result<(), WriteError> {
        let folder = self.checkpoints();
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
        made.and_then(|()| fs::set_permissions(&self.folder, Permissions::from_mode(0o700)))
            .map_err(|error| WriteError::at(&self.folder, error))
    }

    /// Removes what is too old, and what a kill left before its journal was written.
    ///
    /// Nothing depends on it, so what cannot be removed stays until the next time.
    pub(crate) fn prune(&self) {
        let has = |id: &String, journal| self.folder_of(id).join(journal).exists();
        let names = self.names();
        let (closed, others): (Vec<_>, Vec<_>) =
            names.into_iter().partition(|id| has(id, journal::CLOSED));
        let old = closed.iter().rev().skip(KEPT);
        for id in old.chain(others.iter().filter(|id| !has(id, journal::OPEN))) {
            let _ = fs::remove_dir_all(self.folder_of(id));
        }
    }
}
