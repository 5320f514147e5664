//! The writing transaction: all files of a plan change together, or none does.
//!
//! Journal and backups are safe on the disk before the first byte of a target changes. Each file is
//! prepared beside its target under a name that nginx's globs skip; then all are renamed, proved,
//! and put back if the proof fails. What a kill leaves behind, the journal repairs.

mod attributes;
pub mod backup;
mod error;
pub(crate) mod folder;
pub mod lock;
mod read;
pub(crate) mod step;
pub(crate) mod transaction;

pub use error::{Conflict, ProofFailure, Version, WriteError};
pub(crate) use read::{Content, Snapshot, as_text, resolve};
pub use read::{FileState, LARGEST, ReadError, read, sha256, writable};

use crate::plan::{FileChange, FileKind, Plan};
use crate::system::fs::lock::Lock;
use std::fmt;
use std::path::{Path, PathBuf};
use transaction::Task;
use zeroize::Zeroizing;

/// Where a new text goes that is to lie beside this file, which stays as it is.
#[must_use]
pub fn beside(path: &Path) -> PathBuf {
    let mut beside = path.to_owned();
    beside.as_mut_os_string().push(".kestra-setup-new");
    beside
}

/// Says what is wrong with the files just written, if anything is.
pub type Proof<'a> = &'a dyn Fn() -> Result<(), ProofFailure>;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Receipt {
    /// The name of the checkpoint for `rollback`; `None` if there was nothing to write.
    pub id: Option<String>,
    /// The files that were written.
    pub files: Vec<Written>,
    /// What the operator should know although all went well, in sentences.
    pub warnings: Vec<String>,
}

/// One file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The file, as the operator named it.
    pub path: PathBuf,
    /// Where it really lies, symlinks followed.
    pub real_path: PathBuf,
    /// What was done with it.
    pub how: How,
    /// Its permission bits now; 0 if it is gone.
    pub mode: u32,
    /// Its owner and group now; empty if it is gone.
    pub owner: String,
}

/// What was done with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// There was none before.
    Created,
    /// In one step; readers saw the old file or the new one.
    Replaced,
    /// Byte by byte, because a rename cannot be; a reader at that moment may have seen a mixture.
    InPlace(InPlace),
    /// It was there and is gone: the undoing of a `Created`.
    Removed,
}

/// Why a file was written in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InPlace {
    /// The file has other names, which a rename would leave behind.
    HardLinks,
    /// The file itself is a mount, as in a container.
    Mounted,
    /// The file may be written, its folder may not.
    Folder,
    /// Its owner, group, ACL or label is not this user's to give.
    Owner,
}

impl fmt::Display for InPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HardLinks => "it has other hard links",
            Self::Mounted => "it is a mounted file",
            Self::Folder => "its folder cannot be written",
            Self::Owner => "its owner, group or access list cannot be given to a new file",
        })
    }
}

/// Writes every file of the plan that would change, and proves the result.
///
/// # Errors
/// Every file is as it was, unless the error is [`WriteError::Unrepaired`]: then the checkpoint
/// stays open, and the next start finds it by [`Lock::interrupted`].
pub fn write(plan: &Plan, lock: &Lock, proof: Proof) -> Result<Receipt, WriteError> {
    transaction::run(plan.pending().map(Task::from).collect(), lock, proof)
}

impl From<&FileChange> for Task {
    fn from(change: &FileChange) -> Self {
        let bytes = |text: &str| Zeroizing::new(text.as_bytes().to_vec());
        Self {
            path: change.path.clone(),
            before: change.before.as_ref().map(|text| bytes(text.as_str())),
            after: Some(bytes(change.after.as_str())),
            mode: change.mode,
            owner: None,
            // A file of nginx in a folder that no nginx reads would do nothing, silently.
            makes_folders: change.kind != FileKind::Nginx,
        }
    }
}
