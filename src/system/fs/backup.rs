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
pub use recover::{finish, leave, undo};
pub use rollback::{Restore, Rollback};

use crate::system::fs::WriteError;
use jiff::Timestamp;
use journal::Journal;
use std::fs::{DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::{env, fs};

/// The variable that names another state folder.
pub const STATE: &str = "KESTRA_SETUP_STATE";

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
    /// The history of this user: [`STATE`] if set, `/var/lib/kestra-setup` for root,
    /// else `kestra-setup` in the user's folder for state.
    ///
    /// # Errors
    /// [`WriteError::NoState`] if there is no home.
    pub fn here() -> Result<Self, WriteError> {
        let named = env::var_os(STATE).filter(|it| !it.is_empty());
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
        let names = self.names().unwrap_or_default();
        names.into_iter().rev().filter_map(|id| self.checkpoint(&id).ok()).collect()
    }

    fn checkpoint(&self, id: &str) -> Result<Checkpoint, WriteError> {
        let journal = self.journal(id)?;
        let files = journal.files.into_iter().map(|entry| entry.path).collect();
        Ok(Checkpoint { id: id.to_owned(), at: journal.at, by: journal.by, files })
    }

    /// The journal of a write that came to its end.
    fn journal(&self, id: &str) -> Result<Journal, WriteError> {
        let journal = Journal::load(&self.folder_of(id).join(journal::CLOSED))?;
        journal.ok_or_else(|| WriteError::NoCheckpoint { id: id.to_owned() })
    }

    fn checkpoints(&self) -> PathBuf {
        self.folder.join("checkpoints")
    }

    pub(crate) fn folder_of(&self, id: &str) -> PathBuf {
        self.checkpoints().join(id)
    }

    /// The names of all checkpoints, the oldest first.
    pub(crate) fn names(&self) -> Result<Vec<String>, WriteError> {
        let failed = |error| WriteError::at(&self.checkpoints(), error);
        let mut names = Vec::new();
        for entry in fs::read_dir(self.checkpoints()).map_err(failed)? {
            names.extend(entry.map_err(failed)?.file_name().into_string().ok());
        }
        names.sort();
        Ok(names)
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
        let surely = |id: &String, journal, has| {
            self.folder_of(id).join(journal).try_exists().is_ok_and(|there| there == has)
        };
        let (closed, others): (Vec<_>, Vec<_>) = self
            .names()
            .unwrap_or_default()
            .into_iter()
            .partition(|id| surely(id, journal::CLOSED, true));
        let litter = others
            .iter()
            .filter(|id| surely(id, journal::OPEN, false) && surely(id, journal::CLOSED, false));
        for id in closed.iter().rev().skip(KEPT).chain(litter) {
            let _ = fs::remove_dir_all(self.folder_of(id));
        }
    }
}
