//! Reading a file that may be anything: a link, a FIFO, a device, too large, not text.
//!
//! A path is looked at before it is opened, and opened without blocking, so nothing here hangs.
#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "reads the disk")]

use crate::machine::Text;
use crate::system::passwd;
use jiff::Timestamp;
use rustix::fs::{
    Access, AtFlags, CWD, FileType, Mode, OFlags, Stat, accessat, fstat, openat, statat,
};
use rustix::io::Errno;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The largest file that is read, in bytes: 16 MiB.
pub const LARGEST: usize = 16 * 1024 * 1024;

/// As many links in a row as Linux follows.
const MOST_LINKS: usize = 40;

/// The bytes of a file, which may hold secrets.
pub(crate) type Content = Zeroizing<Vec<u8>>;

/// The same to be looked at, whatever is no text in it replaced.
pub(crate) fn as_text(content: &Content) -> Text {
    String::from_utf8_lossy(content).into_owned().into()
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileState {
    /// What is in it.
    pub text: Text,
    /// Where it really lies, symlinks followed.
    pub real_path: PathBuf,
    /// Permission bits.
    pub mode: u32,
    /// Owner and group: `kestra:kestra`.
    pub owner: String,
    /// Whether this user could write it.
    pub writable: bool,
    /// SHA-256 in hexadecimal digits.
    pub sha256: String,
    /// When it was last changed.
    pub modified: Timestamp,
    /// The number of its inode.
    pub inode: u64,
}

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A folder, a FIFO, a device or a socket.
    #[error("{} is {what}, not a file", path.display())]
    NotRegular {
        /// What was named.
        path: PathBuf,
        /// What it is: `a folder`, `a FIFO` …
        what: &'static str,
    },
    /// More than [`LARGEST`].
    #[error("{} is larger than 16 MiB", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// Symlinks that lead back to themselves.
    #[error("{} is a symlink that leads back to itself", path.display())]
    Loop {
        /// The link.
        path: PathBuf,
    },
    /// The user may not read it.
    #[error("cannot read {}: permission denied (user {user})", path.display())]
    Denied {
        /// The file.
        path: PathBuf,
        /// The user whose rights were not enough.
        user: String,
    },
    /// Not UTF-8.
    #[error("{} is not UTF-8 text: byte {offset}", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// The first byte that is not, counted from 0.
        offset: usize,
    },
    /// Another error of the system.
    #[error("cannot read {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl ReadError {
    fn at(path: &Path, source: impl Into<io::Error>) -> Self {
        let (path, source) = (path.to_owned(), source.into());
        match Errno::from_io_error(&source) {
            Some(Errno::LOOP) => Self::Loop { path },
            Some(Errno::ACCESS | Errno::PERM) => {
                Self::Denied { path, user: passwd::current_user() }
            }
            _ => Self::Io { path, source },
        }
    }

    /// What the operator can do about it.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::NotRegular { .. } | Self::TooLarge { .. } => "Name another file.".into(),
            Self::Loop { path } => format!("Remove the link: {}", path.display()),
            Self::Denied { .. } => "Run kestra-setup as a user who may read it.".into(),
            Self::NotText { .. } => "Save the file as UTF-8, or name another one.".into(),
            Self::Io { .. } => "Look for the cause in the system's log, then try again.".into(),
        }
    }
}

/// Reads a file, symlinks followed. `None` means that there is none.
///
/// # Errors
/// Anything that is not a readable UTF-8 file of at most [`LARGEST`].
pub fn read(path: &Path) -> Result<Option<FileState>, ReadError> {
    let real_path = resolve(path)?;
    let Some(found) = Snapshot::take(CWD, &real_path, path)? else { return Ok(None) };
    let text = str::from_utf8(&found.content)
        .map_err(|bad| ReadError::NotText { path: path.to_owned(), offset: bad.valid_up_to() })?;
    Ok(Some(FileState {
        text: text.into(),
        mode: found.mode(),
        owner: found.owner(),
        writable: writable(&real_path),
        sha256: sha256(&found.content),
        modified: found.modified(),
        inode: found.stat.st_ino,
        real_path,
    }))
}

/// Whether this user could write a file here, be it new or in the place of an old one.
///
/// Only for the screen: the write finds out for itself.
#[must_use]
pub fn writable(path: &Path) -> bool {
    let may_write = |path: &Path| accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS).is_ok();
    let nearest = path.ancestors().skip(1).find(|folder| folder.is_dir());
    may_write(path) || nearest.is_some_and(may_write)
}

/// Where a file really lies: every symlink followed, also one whose target does not exist yet.
pub(crate) fn resolve(path: &Path) -> Result<PathBuf, ReadError> {
    let failed = |source| ReadError::at(path, source);
    let mut here = std::path::absolute(path).map_err(failed)?;
    for _ in 0..MOST_LINKS {
        let Some(target) = link(&here).map_err(failed)? else {
            let (Some(folder), Some(name)) = (here.parent(), here.file_name()) else {
                return Err(ReadError::NotRegular { path: path.to_owned(), what: "a folder" });
            };
            return Ok(real_folder(folder).map_err(failed)?.join(name));
        };
        here.pop();
        here.push(target);
    }
    Err(ReadError::Loop { path: path.to_owned() })
}

/// Where a link leads; `None` if there is no link.
fn link(path: &Path) -> io::Result<Option<PathBuf>> {
    match fs::read_link(path) {
        Err(error)
            if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::NotFound) =>
        {
            Ok(None)
        }
        result => result.map(Some),
    }
}

/// The real path of a folder of which the last parts may not exist yet.
fn real_folder(folder: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let (Some(parent), Some(name)) = (folder.parent(), folder.file_name()) else {
                return Err(error);
            };
            Ok(real_folder(parent)?.join(name))
        }
        result => result,
    }
}

/// SHA-256 in hexadecimal digits.
#[must_use]
pub fn sha256(content: &[u8]) -> String {
    let digits = |byte: u8| {
        [byte >> 4, byte & 15].map(|half| char::from(b"0123456789abcdef"[usize::from(half)]))
    };
    Sha256::digest(content).iter().copied().flat_map(digits).collect()
}

/// A regular file at one moment. It stays open, so its attributes can be copied.
pub(crate) struct Snapshot {
    pub(crate) content: Content,
    pub(crate) stat: Stat,
    pub(crate) file: File,
}

impl Snapshot {
    /// Reads `name` in `folder`; `shown` is the path for messages. A symlink is not followed.
    pub(crate) fn take(
        folder: impl AsFd,
        name: &Path,
        shown: &Path,
    ) -> Result<Option<Self>, ReadError> {
        let failed = |errno: Errno| ReadError::at(shown, errno);
        // Opening a device can have effects, so it is looked at first.
        match statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => return Ok(None),
            found => regular(found.map_err(failed)?, shown)?,
        };
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = File::from(openat(&folder, name, flags, Mode::empty()).map_err(failed)?);
        let stat = regular(fstat(&file).map_err(failed)?, shown)?;
        let content = read_all(&file, stat.st_size, shown)?;
        Ok(Some(Self { content, stat, file }))
    }

    pub(crate) fn mode(&self) -> u32 {
        self.stat.st_mode & 0o7777
    }

    pub(crate) fn owner(&self) -> String {
        passwd::owner(self.stat.st_uid, self.stat.st_gid)
    }

    pub(crate) fn modified(&self) -> Timestamp {
        Timestamp::from_second(self.stat.st_mtime).unwrap_or_default()
    }
}

fn regular(stat: Stat, path: &Path) -> Result<Stat, ReadError> {
    let what = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => return Ok(stat),
        FileType::Directory => "a folder",
        FileType::Fifo => "a FIFO",
        FileType::Socket => "a socket",
        FileType::Symlink => return Err(ReadError::Loop { path: path.to_owned() }),
        _ => "a device",
    };
    Err(ReadError::NotRegular { path: path.to_owned(), what })
}

/// The room is made at once: a buffer that grows leaves copies of secrets behind.
fn read_all(file: &File, size: i64, path: &Path) -> Result<Content, ReadError> {
    let too_large = || ReadError::TooLarge { path: path.to_owned() };
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    if size > LARGEST {
        return Err(too_large());
    }
    let mut content = Content::new(Vec::with_capacity(size + 64));
    let most = LARGEST as u64 + 1;
    file.take(most).read_to_end(&mut content).map_err(|source| ReadError::at(path, source))?;
    if content.len() > LARGEST { Err(too_large()) } else { Ok(content) }
}
