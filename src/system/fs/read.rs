//! Reading a file that may be anything: a link, a FIFO, a device, too large, not text.
//!
//! A file is looked at before it is opened, and opened without blocking, so nothing here hangs.
#![expect(clippy::disallowed_types, reason = "reads the disk")]

use super::resolve::locate;
use crate::machine::Text;
use crate::plan::hex;
use crate::shell;
use crate::system::passwd;
use jiff::Timestamp;
use rustix::fs::{
    Access, AtFlags, CWD, FileType, Mode, OFlags, Stat, accessat, fstat, openat, statat,
};
use rustix::io::Errno;
use sha2::{Digest, Sha256};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The largest text that is read, in bytes: 4 MiB.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

/// The bytes of a file, which may hold secrets.
pub type Content = Zeroizing<Vec<u8>>;

/// What is not UTF-8 is replaced.
pub(crate) fn as_text(content: &Content) -> Text {
    String::from_utf8_lossy(content).into_owned().into()
}

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of a variant shows what its fields are")]
pub enum ReadError {
    /// A folder, a FIFO, a device or a socket.
    #[error("{} is {what}, not a file", path.display())]
    NotRegular {
        path: PathBuf,
        /// What it is: `a folder`, `a FIFO` …
        what: &'static str,
    },
    /// More than [`MAX_BYTES`].
    #[error("{} is larger than 4 MiB", .0.display())]
    TooLarge(PathBuf),
    /// Links that lead back to themselves.
    #[error("{} is a symlink that leads back to itself", .0.display())]
    Loop(PathBuf),
    /// A link that root does not follow, because another user decides where it leads.
    #[error("{} is a link that {owner} owns", path.display())]
    UntrustedLink { path: PathBuf, owner: String },
    /// A link that was not there when the path was resolved.
    #[error("{} has become a link meanwhile", .0.display())]
    NewLink(PathBuf),
    /// The user may not read it.
    #[error("cannot read {}: permission denied (user {user})", path.display())]
    Denied { path: PathBuf, user: String },
    /// Not UTF-8.
    #[error("{} is not UTF-8 text: byte {offset}", path.display())]
    NotText {
        path: PathBuf,
        /// The first byte that is not, counted from 0.
        offset: usize,
    },
    /// Another error of the system.
    #[error("cannot read {}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

impl ReadError {
    pub(crate) fn at(path: &Path, source: impl Into<io::Error>) -> Self {
        let (path, source) = (path.to_owned(), source.into());
        match Errno::from_io_error(&source) {
            Some(Errno::LOOP) => Self::Loop(path),
            Some(Errno::ACCESS | Errno::PERM) => {
                Self::Denied { path, user: passwd::current_user() }
            }
            _ => Self::Io { path, source },
        }
    }

    /// What the operator can do about it.
    pub(crate) fn remedy(&self) -> String {
        match self {
            Self::NotRegular { .. } | Self::TooLarge(_) => "Name another file.".into(),
            Self::Loop(path) => format!("Remove the link: rm {}", shell::path(path)),
            Self::UntrustedLink { .. } => {
                "Name the file that it leads to, or run kestra-setup as that user.".into()
            }
            Self::NewLink(_) => "Check who made the link, then start again.".into(),
            Self::Denied { .. } => "Run kestra-setup as a user who may read it.".into(),
            Self::NotText { .. } => "Save the file as UTF-8, or name another one.".into(),
            Self::Io { .. } => "Look for the cause in the system's log, then try again.".into(),
        }
    }
}

/// Reads a file, links followed. `None` means that there is none.
///
/// # Errors
/// Anything that is not a readable UTF-8 file of at most [`MAX_BYTES`].
pub fn read(path: &Path) -> Result<Option<Text>, ReadError> {
    let location = locate(path)?;
    let name = location.name.clone();
    let Some(directory) = location.existing() else { return Ok(None) };
    let Some(file) = OpenedFile::open(directory.fd(), &name, path)? else { return Ok(None) };
    let text = str::from_utf8(&file.content)
        .map_err(|bad| ReadError::NotText { path: path.to_owned(), offset: bad.valid_up_to() })?;
    Ok(Some(text.into()))
}

/// Whether this user could write a file here, be it new or in the place of an old one.
///
/// Only for the screen: the write finds out for itself.
#[expect(clippy::disallowed_methods, reason = "reads the disk")]
pub(crate) fn writable(path: &Path) -> bool {
    let may_write = |path: &Path| accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS).is_ok();
    let nearest = path.ancestors().skip(1).find(|folder| folder.is_dir());
    may_write(path) || nearest.is_some_and(may_write)
}

/// SHA-256 in hexadecimal digits.
pub fn sha256(content: &[u8]) -> String {
    hex(&Sha256::digest(content))
}

/// A regular file that was read. It stays open, so its attributes can be copied.
pub struct OpenedFile {
    pub(crate) content: Content,
    pub(crate) stat: Stat,
    pub(crate) file: File,
}

impl OpenedFile {
    /// Reads `name` in `folder`; `shown` is the path for messages. A link is not followed.
    pub(super) fn open(
        folder: impl AsFd,
        name: &OsStr,
        shown: &Path,
    ) -> Result<Option<Self>, ReadError> {
        let failed = |errno: Errno| ReadError::at(shown, errno);
        // Opening a device can have effects, so its type is checked first.
        match statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => return Ok(None),
            found => regular(found.map_err(failed)?, shown)?,
        };
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = File::from(openat(&folder, name, flags, Mode::empty()).map_err(failed)?);
        let stat = check_regular(&file, shown)?;
        let content = read_all(&file, stat.st_size, shown)?;
        Ok(Some(Self { content, stat, file }))
    }

    pub(crate) fn mode(&self) -> u32 {
        self.stat.st_mode & 0o7777
    }

    pub(crate) fn modified(&self) -> Timestamp {
        Timestamp::from_second(self.stat.st_mtime).unwrap_or_default()
    }
}

/// The attributes of an open file, which must be a regular one.
pub(super) fn check_regular(file: &impl AsFd, path: &Path) -> Result<Stat, ReadError> {
    regular(fstat(file).map_err(|errno| ReadError::at(path, errno))?, path)
}

fn regular(stat: Stat, path: &Path) -> Result<Stat, ReadError> {
    let what = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => return Ok(stat),
        FileType::Directory => "a folder",
        FileType::Fifo => "a FIFO",
        FileType::Socket => "a socket",
        FileType::Symlink => return Err(ReadError::NewLink(path.to_owned())),
        _ => "a device",
    };
    Err(ReadError::NotRegular { path: path.to_owned(), what })
}

/// The room is made at once: a buffer that grows leaves copies of secrets behind.
fn read_all(file: &File, size: i64, path: &Path) -> Result<Content, ReadError> {
    let too_large = || ReadError::TooLarge(path.to_owned());
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    if size > MAX_BYTES {
        return Err(too_large());
    }
    let mut content = Content::new(Vec::with_capacity(size + 64));
    let most = MAX_BYTES as u64 + 1;
    file.take(most).read_to_end(&mut content).map_err(|source| ReadError::at(path, source))?;
    if content.len() > MAX_BYTES { Err(too_large()) } else { Ok(content) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_of_a_remedy_can_be_pasted_whatever_the_path() {
        let remedy = ReadError::Loop("/a b/it's; rm -r".into()).remedy();
        assert_eq!(remedy, r"Remove the link: rm '/a b/it'\''s; rm -r'");
    }

    #[test]
    fn a_remedy_is_something_to_do() {
        let path = || PathBuf::from("/c.yml");
        let (user, owner) = ("nobody".to_owned(), "nobody".to_owned());
        for (error, remedy) in [
            (
                ReadError::UntrustedLink { path: path(), owner },
                "Name the file that it leads to, or run kestra-setup as that user.",
            ),
            (ReadError::NewLink(path()), "Check who made the link, then start again."),
            (
                ReadError::Denied { path: path(), user },
                "Run kestra-setup as a user who may read it.",
            ),
            (
                ReadError::at(&path(), Errno::IO),
                "Look for the cause in the system's log, then try again.",
            ),
        ] {
            assert_eq!(error.remedy(), remedy, "{error}");
        }
    }
}
