//! The writing transaction: all files of a plan change together, or none does.
//!
//! Journal and backups are safe on the disk before the first byte of a target changes. Each file is
//! prepared beside its target under a name that nginx's globs skip; then all are renamed, verified,
//! and put back if verification fails. What a kill leaves behind, the journal undoes.

mod attributes;
pub mod backup;
pub(crate) mod directory;
mod error;
pub(crate) mod file_write;
pub mod lock;
mod read;
mod resolve;
pub(crate) mod transaction;

pub use error::{FileConflict, FileDigest, WriteError};
pub use read::{Content, MAX_BYTES, OpenedFile, ReadError, read, sha256};
pub(crate) use read::{as_text, writable};
pub(crate) use resolve::locate;
pub use resolve::target;

use crate::checks::Finding;
use crate::plan::{FileKind, Plan};
use backup::journal::WriteContext;
use lock::Lock;
use std::fmt;
use std::path::{Path, PathBuf};
use transaction::WriteRequest;

/// The path for a new text beside this file, which stays as it is.
pub(crate) fn beside(path: &Path) -> PathBuf {
    let mut beside = path.to_owned();
    beside.as_mut_os_string().push(".kestra-setup-new");
    beside
}

/// Checks the files just written. The finding has a code where it is nginx's.
pub(crate) type Verify<'a> = &'a dyn Fn() -> Result<(), Finding>;

/// What a transaction did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Receipt {
    /// The name of the checkpoint for `rollback`; `None` if there was nothing to write.
    pub(crate) id: Option<String>,
    /// The configuration that the write belongs to.
    pub(crate) config: Option<PathBuf>,
    /// The files that were written.
    pub files: Vec<FileReceipt>,
    /// What the operator should know, in sentences.
    pub warnings: Vec<String>,
}

/// One file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReceipt {
    /// Which of the files it is.
    pub(crate) kind: FileKind,
    /// The file, as the operator named it.
    pub(crate) path: PathBuf,
    /// Its path with every link followed.
    pub real_path: PathBuf,
    /// What was done with it.
    pub action: FileAction,
    /// Its permission bits now; 0 if it is gone.
    pub(crate) mode: u32,
    /// Its owner and group now; empty if it is gone.
    pub owner: String,
}

/// What was done with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileAction {
    /// There was no file before.
    Created,
    /// Atomically: readers saw the old file or the new one.
    Replaced,
    /// Byte by byte, where a rename is not possible; a reader may have seen a mixture.
    InPlace(InPlaceReason),
    /// A rollback of `Created`.
    Removed,
}

/// Why a file was written in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InPlaceReason {
    /// The file has other names, which a rename would leave behind.
    HardLinks,
    /// The file itself is a mount, as in a container.
    Mounted,
    /// The file is writable, its folder is not.
    Folder,
    /// This user may not give its owner, group, ACL or label to another file.
    Owner,
}

impl fmt::Display for InPlaceReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HardLinks => "it has other hard links",
            Self::Mounted => "it is a mounted file",
            Self::Folder => "its folder cannot be written",
            Self::Owner => "its owner, group or access list cannot be given to a new file",
        })
    }
}

/// Writes every file of the plan that would change, and verifies the result.
///
/// # Errors
/// Every file is as it was, unless the error is [`WriteError::Unrepaired`]: then the checkpoint
/// stays open, and the next start finds it by [`Lock::interrupted`].
pub fn write(plan: &Plan, lock: &Lock, verify: Verify) -> Result<Receipt, WriteError> {
    let config = plan.changes.iter().find(|change| change.kind == FileKind::Config);
    let context = WriteContext {
        config: config.map(|change| change.path.clone()),
        settings: plan.settings().map(str::to_owned).collect(),
        undoes: None,
    };
    transaction::run(plan.pending().map(WriteRequest::from).collect(), context, lock, verify)
}
