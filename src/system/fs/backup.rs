//! What was written, when, and what was there before.
//!
//! Every write is a checkpoint: a directory with a journal and the contents before and after, 0700
//! and 0600. A checkpoint whose journal is called `open.json` was interrupted.
#![expect(clippy::disallowed_methods, reason = "reads the variable that names the state folder")]

pub(crate) mod journal;
pub(crate) mod pending;
mod rollback;

pub use pending::PendingWrite;
pub(crate) use rollback::Restore;

use super::WriteError;
use super::directory::Directory;
use crate::plan::FileKind;
use crate::system::passwd;
use jiff::Timestamp;
use journal::{Journal, WriteContext};
use rustix::process::geteuid;
use std::env;
use std::path::{Path, PathBuf};

/// The variable that names another state folder.
pub(crate) const STATE: &str = "KESTRA_SETUP_STATE";

/// How many checkpoints are kept.
pub(crate) const KEPT: usize = 20;

/// The directory of the checkpoints in the state folder.
pub(super) const CHECKPOINTS: &str = "checkpoints";

/// The state folder: lock, journals, backups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    folder: PathBuf,
}

/// A completed write, which can be undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Its name, made of the time: `20261123T085010Z`. Sorts by age.
    pub id: String,
    /// When it began.
    pub(crate) at: Timestamp,
    pub(crate) by: String,
    /// Empty where version 0.1.0 wrote it.
    pub(crate) context: WriteContext,
    /// The files, as the operator named them.
    pub files: Vec<(FileKind, PathBuf)>,
}

impl Checkpoint {
    fn new(id: &str, journal: Journal) -> Self {
        Self {
            id: id.to_owned(),
            at: journal.at,
            by: journal.by,
            context: journal.context,
            files: journal.files.into_iter().map(|file| (file.kind, file.path)).collect(),
        }
    }

    /// Whether the write belongs to this configuration.
    pub fn is_about(&self, config: &Path) -> bool {
        match &self.context.config {
            Some(own) => own == config,
            None => self.files.iter().any(|(_, path)| path == config),
        }
    }
}

impl History {
    /// The history of this user: [`STATE`] if set, `/var/lib/kestra-setup` for root,
    /// else `kestra-setup` in the user's folder for state.
    ///
    /// # Errors
    /// [`WriteError::NoState`] if there is no home.
    pub fn here() -> Result<Self, WriteError> {
        if let Some(folder) = env::var_os(STATE).filter(|it| !it.is_empty()) {
            let folder = std::path::absolute(folder).map_err(|_| WriteError::NoState)?;
            return Ok(Self::at(folder));
        }
        if geteuid().is_root() {
            return Ok(Self::at("/var/lib/kestra-setup"));
        }
        let state = dirs::state_dir().or_else(dirs::data_local_dir).ok_or(WriteError::NoState)?;
        Ok(Self::at(state.join("kestra-setup")))
    }

    /// A history in this folder, which is made when the lock is taken.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The state folder, which may not exist yet.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Every completed write, the newest first. Damaged ones are left out.
    pub fn list(&self) -> Vec<Checkpoint> {
        let Ok(Some(folder)) = self.checkpoints() else { return Vec::new() };
        let names = names(&folder).unwrap_or_default();
        let checkpoint = |id: String| {
            let journal = Journal::load(&folder.child(&id).ok()??, journal::CLOSED).ok()??;
            Some(Checkpoint::new(&id, journal))
        };
        names.into_iter().rev().filter_map(checkpoint).collect()
    }

    /// The last completed write that belongs to this configuration.
    pub(crate) fn last(&self, config: &Path) -> Option<Checkpoint> {
        self.list().into_iter().find(|checkpoint| checkpoint.is_about(config))
    }

    /// Opens the state folder; `None` if it does not exist.
    ///
    /// # Errors
    /// [`WriteError::UnsafeState`].
    pub(crate) fn open(&self) -> Result<Option<Directory>, WriteError> {
        Directory::open(&self.folder)?.map(|state| self.checked(state)).transpose()
    }

    /// Opens the state folder, or makes it for this user alone. One that exists keeps its rights.
    pub(crate) fn make(&self) -> Result<Directory, WriteError> {
        self.checked(Directory::make(&self.folder)?)
    }

    /// What others can write decides what is undone, with the rights of this user.
    fn checked(&self, state: Directory) -> Result<Directory, WriteError> {
        let stat = state.stat().map_err(|errno| WriteError::at(&self.folder, errno))?;
        let mode = stat.st_mode & 0o7777;
        let why = if stat.st_uid != geteuid().as_raw() {
            format!("belongs to {}", passwd::user(stat.st_uid))
        } else if mode & 0o022 != 0 {
            format!("can be written by others (mode {mode:04o})")
        } else {
            return Ok(state);
        };
        Err(WriteError::UnsafeState { path: self.folder.clone(), why })
    }

    fn checkpoints(&self) -> Result<Option<Directory>, WriteError> {
        self.open()?.map_or(Ok(None), |state| state.child(CHECKPOINTS))
    }
}

/// The names of all checkpoints, the oldest first.
fn names(checkpoints: &Directory) -> Result<Vec<String>, WriteError> {
    Ok(checkpoints.names()?.into_iter().filter_map(|name| name.into_string().ok()).collect())
}

/// Removes what is too old, and what a kill left before its journal was written.
///
/// Nothing depends on it, so what cannot be removed stays until the next time.
fn prune(checkpoints: &Directory) {
    let has = |id: &String, name: &str| -> bool {
        // What cannot be looked at is kept.
        checkpoints.child(id).is_ok_and(|folder| {
            folder.is_none_or(|it| it.stat_of(name).is_ok_and(|found| found.is_some()))
        })
    };
    let (closed, others): (Vec<_>, Vec<_>) =
        names(checkpoints).unwrap_or_default().into_iter().partition(|id| has(id, journal::CLOSED));
    let litter = others.iter().filter(|id| !has(id, journal::OPEN) && !has(id, journal::DAMAGED));
    for id in closed.iter().rev().skip(KEPT).chain(litter) {
        let _ = remove(checkpoints, id);
    }
}

/// Removes a checkpoint, which holds nothing but files.
fn remove(checkpoints: &Directory, id: &str) -> Result<(), WriteError> {
    let Some(folder) = checkpoints.child(id)? else { return Ok(()) };
    for name in folder.names()? {
        folder.remove(name)?;
    }
    checkpoints.remove_child(id.as_ref())
}
