//! Why files were not written, and what the operator can do.

use super::lock::Holder;
use super::read::ReadError;
use crate::checks::Finding;
use crate::shell;
use crate::system::passwd;
use jiff::Timestamp;
use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
use rustix::io::Errno;
use std::io;
use std::path::{Path, PathBuf};

/// What can be done about an interrupted write.
const UNDO_OR_FORGET: &str = "kestra-setup rollback undoes it; \
                              kestra-setup rollback --forget keeps the files as they are.";

/// Why nothing was written. Unless it is [`WriteError::Unrepaired`], every file is as it was.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of a variant shows what its fields are")]
pub enum WriteError {
    /// A file is no longer what was shown.
    #[error("{} changed on disk meanwhile", .0.path.display())]
    Changed(Box<FileConflict>),
    /// A path leads to another file than the one that was shown.
    #[error("{} leads to {} by now", path.display(), real.display())]
    Redirected { path: PathBuf, real: PathBuf },
    /// The user may not write there.
    #[error("cannot write {}: permission denied (user {user})", path.display())]
    Denied { path: PathBuf, user: String },
    /// No space left, or the user's quota is used up.
    #[error("cannot write {}: the disk is full", .0.display())]
    Full(PathBuf),
    /// The file system is mounted read-only.
    #[error("cannot write {}: the file system is read-only", .0.display())]
    ReadOnly(PathBuf),
    /// The file or its folder has the immutable flag (`chattr +i`), which stops root too.
    #[error("cannot write {}: it is marked immutable", .0.display())]
    Immutable(PathBuf),
    /// Another wizard has the lock; what it recorded about itself, if that can be read.
    #[error("already being edited by {}", .0.as_ref().map_or("another wizard".into(), Holder::to_string))]
    Locked(Option<Holder>),
    /// A file could not be read before it was to be written.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The folder of a file does not exist, and this program does not make it.
    #[error("the folder {} does not exist", .0.display())]
    NoFolder(PathBuf),
    /// Two changes of one plan lead to the same file.
    #[error("{} would be written twice", .0.display())]
    Twice(PathBuf),
    /// No home and no `KESTRA_SETUP_STATE`: there is no place for backups.
    #[error("there is no folder for backups")]
    NoState,
    /// A state folder that somebody else controls.
    #[error("the state folder {} {why}", path.display())]
    UnsafeState {
        path: PathBuf,
        /// Who else controls it: `belongs to alice` …
        why: String,
    },
    /// A directory that was made here was replaced before it got its owner.
    #[error("{} was replaced by somebody else while it was made", .0.display())]
    Interfered(PathBuf),
    /// An earlier write was interrupted and is not undone.
    #[error("the write {0} was interrupted and is not undone yet")]
    Interrupted(String),
    /// A journal or a backup cannot be read.
    #[error("the backup {} is damaged: {why}", path.display())]
    Damaged { path: PathBuf, why: String },
    /// There is no such checkpoint.
    #[error("there is no backup {0}")]
    NoCheckpoint(String),
    /// Another error of the system.
    #[error("cannot write {}", path.display())]
    Io { path: PathBuf, source: io::Error },
    /// The files were written, failed verification and were restored.
    #[error("{}", .0.summary)]
    Verification(Finding),
    /// Writing failed, and restoring the files failed too.
    #[error("writing failed, and not every file could be put back: {put_back}")]
    Unrepaired {
        /// The checkpoint, which stays open until it is undone or forgotten.
        id: String,
        /// Why the files could not be put back.
        put_back: Box<WriteError>,
        /// Why the write failed in the first place.
        #[source]
        failure: Box<WriteError>,
    },
}

/// A file that is no longer what was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileConflict {
    /// The file, as the operator named it.
    pub(crate) path: PathBuf,
    /// What was shown; `None` if there was no file.
    pub opened: Option<FileDigest>,
    /// What is there now; `None` if there is no file.
    pub now: Option<FileDigest>,
    /// When the file was last changed, if there is one.
    pub(crate) modified: Option<Timestamp>,
    /// Who owns the file now, which is often who changed it.
    pub(crate) owner: Option<String>,
}

/// The contents of a file, short enough for one line on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDigest {
    /// SHA-256 in hexadecimal digits.
    pub(crate) sha256: String,
    /// How many lines the text has.
    pub lines: usize,
}

impl WriteError {
    /// An error of the system at this path.
    pub(crate) fn at(path: &Path, source: impl Into<io::Error>) -> Self {
        let (path, source) = (path.to_owned(), source.into());
        match Errno::from_io_error(&source) {
            Some(Errno::PERM) if is_immutable(&path) => Self::Immutable(path),
            Some(Errno::ACCESS | Errno::PERM) => {
                Self::Denied { path, user: passwd::current_user() }
            }
            Some(Errno::NOSPC | Errno::DQUOT) => Self::Full(path),
            Some(Errno::ROFS) => Self::ReadOnly(path),
            _ => Self::Io { path, source },
        }
    }

    /// What the operator can do about it.
    pub(crate) fn remedy(&self) -> String {
        match self {
            Self::Changed(_) => "Look at their change, then start from the new file.".into(),
            Self::Redirected { .. } => "Check who changed the link, then review again.".into(),
            Self::Denied { .. } => "Write with sudo, or choose another file name.".into(),
            Self::Full(_) => "Free some space, then write again.".into(),
            Self::ReadOnly(_) => "Mount it writable, or choose another file name.".into(),
            Self::Immutable(path) => format!("Remove the flag: chattr -i {}", shell::path(path)),
            Self::Locked(_) => "Wait until the other wizard is done, or end it.".into(),
            Self::Read(error) => error.remedy(),
            Self::NoFolder(_) => "Create the folder, or choose another file name.".into(),
            Self::Twice(_) => "Choose different names for the files.".into(),
            Self::NoState => "Set HOME, or name a folder in KESTRA_SETUP_STATE.".into(),
            Self::UnsafeState { .. } => {
                "Name a folder that is yours alone in KESTRA_SETUP_STATE.".into()
            }
            Self::Interfered(_) => "Find out which process did that, then write again.".into(),
            Self::Interrupted(_) => UNDO_OR_FORGET.into(),
            Self::Damaged { .. } => {
                "To keep your files as they are: kestra-setup rollback --forget".into()
            }
            Self::NoCheckpoint(_) => "List the backups: kestra-setup rollback --list".into(),
            Self::Io { .. } => "Look for the cause in the system's log, then write again.".into(),
            Self::Verification(failure) => failure.remedy.clone(),
            Self::Unrepaired { .. } => format!("Remove the cause first. {UNDO_OR_FORGET}"),
        }
    }

    /// What became of the files that failed this verification.
    pub(crate) fn after_verification(failure: &Finding) -> &'static str {
        match failure.code {
            "" => "The written files failed their verification. All files are restored.",
            _ => "nginx rejected the new file. All files are restored.",
        }
    }

    /// The exit code of a command that ends with this error.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Changed(_) | Self::Redirected { .. } => 4,
            Self::Denied { .. } | Self::Read(ReadError::Denied { .. }) => 5,
            Self::Verification(_) => 6,
            _ => 1,
        }
    }
}

/// Without this, root would read "permission denied (user root)".
fn is_immutable(path: &Path) -> bool {
    let flagged = |path: &Path| {
        let found = statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::empty());
        found.is_ok_and(|it| it.stx_attributes.contains(StatxAttributes::IMMUTABLE))
    };
    flagged(path) || path.parent().is_some_and(flagged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remedy_is_something_to_do() {
        let path = || PathBuf::from("/etc/it's.conf");
        let io = || io::Error::from(io::ErrorKind::Other);
        let conflict =
            FileConflict { path: path(), opened: None, now: None, modified: None, owner: None };
        for (error, remedy) in [
            (
                WriteError::Changed(Box::new(conflict)),
                "Look at their change, then start from the new file.",
            ),
            (WriteError::ReadOnly(path()), "Mount it writable, or choose another file name."),
            (WriteError::Immutable(path()), "Remove the flag: chattr -i '/etc/it'\\''s.conf'"),
            (WriteError::Twice(path()), "Choose different names for the files."),
            (WriteError::NoState, "Set HOME, or name a folder in KESTRA_SETUP_STATE."),
            (WriteError::Interfered(path()), "Find out which process did that, then write again."),
            (
                WriteError::Io { path: path(), source: io() },
                "Look for the cause in the system's log, then write again.",
            ),
        ] {
            assert_eq!(error.remedy(), remedy, "{error}");
        }
    }
}
