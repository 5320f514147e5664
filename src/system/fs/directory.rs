//! A directory held open while files in it are read and written.
//!
//! Everything happens relative to the open directory, and no link in it is followed.
#![expect(clippy::disallowed_types, reason = "writes the disk")]

use super::error::WriteError;
use super::read::{OpenedFile, ReadError};
use super::resolve::{ResolvedPath, locate, locate_real};
use rustix::fs::{
    AtFlags, CWD, Dir, FileType, Gid, Mode, OFlags, Stat, Uid, fchown, fstat, fsync, mkdirat,
    openat, renameat, statat, unlinkat,
};
use rustix::io::Errno;
use rustix::process::geteuid;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

const READ: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// Needs no right to list the directory.
const HOLD: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// What only this user can read and write.
const PRIVATE: Mode = Mode::RUSR.union(Mode::WUSR);

#[derive(Debug)]
pub(crate) struct Directory {
    /// Opened with [`HOLD`].
    fd: OwnedFd,
    path: PathBuf,
}

impl Directory {
    pub(super) fn new(fd: OwnedFd, path: PathBuf) -> Self {
        Self { fd, path }
    }

    pub(super) fn root() -> Result<Self, Errno> {
        Ok(Self::new(openat(CWD, "/", HOLD, Mode::empty())?, "/".into()))
    }

    pub(super) fn parent(&self) -> Result<Self, Errno> {
        let fd = openat(&self.fd, "..", HOLD, Mode::empty())?;
        Ok(Self::new(fd, self.path.parent().unwrap_or(&self.path).to_owned()))
    }

    /// Opens a directory, links followed; `None` if it does not exist.
    pub(crate) fn open(path: &Path) -> Result<Option<Self>, ReadError> {
        locate(&path.join("file")).map(ResolvedPath::existing)
    }

    /// Opens a directory by a path that had no link in it; `None` if it does not exist.
    pub(crate) fn open_real(path: &Path) -> Result<Option<Self>, ReadError> {
        locate_real(&path.join("file")).map(ResolvedPath::existing)
    }

    /// Opens a directory, and makes what is missing of it for this user alone.
    pub(crate) fn make(path: &Path) -> Result<Self, WriteError> {
        let ResolvedPath { mut directory, missing, .. } = locate(&path.join("file"))?;
        for name in &missing {
            directory = directory.make_child(name)?;
        }
        Ok(directory)
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The full path of something in it.
    pub(crate) fn path_of(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }

    /// The attributes of the directory itself.
    pub(crate) fn stat(&self) -> Result<Stat, Errno> {
        fstat(&self.fd)
    }

    /// The names in it, sorted.
    pub(crate) fn names(&self) -> Result<Vec<OsString>, WriteError> {
        let failed = |errno| WriteError::at(&self.path, errno);
        let mut names = Vec::new();
        let readable = openat(&self.fd, ".", READ, Mode::empty()).map_err(failed)?;
        for entry in Dir::new(readable).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name().to_owned();
            names.push(OsString::from_vec(name.into_bytes()));
        }
        names.retain(|name| name != "." && name != "..");
        names.sort();
        Ok(names)
    }

    /// Opens a directory in it; `None` if it does not exist.
    pub(crate) fn child(&self, name: impl AsRef<OsStr>) -> Result<Option<Self>, WriteError> {
        let name = name.as_ref();
        match openat(&self.fd, name, HOLD | OFlags::NOFOLLOW, Mode::empty()) {
            Ok(fd) => Ok(Some(Self::new(fd, self.path_of(name)))),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(self.failed(name, errno)),
        }
    }

    /// Makes a directory in it for this user alone, or opens the one that is there.
    pub(crate) fn make_child(&self, name: impl AsRef<OsStr>) -> Result<Self, WriteError> {
        let name = name.as_ref();
        match mkdirat(&self.fd, name, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(errno) => return Err(self.failed(name, errno)),
        }
        self.child(name)?.ok_or_else(|| self.failed(name, Errno::NOENT))
    }

    /// The same, and what root makes gets the owner of this directory: a directory in the home of a
    /// service that the service cannot enter would be of no use.
    pub(crate) fn make_child_of_same_owner(&self, name: &OsStr) -> Result<(), WriteError> {
        let failed = |errno| self.failed(name, errno);
        let existed = self.stat_of(name)?.is_some();
        let made = self.make_child(name)?;
        if existed || !geteuid().is_root() {
            return Ok(());
        }
        let inner = openat(&made.fd, ".", READ, Mode::empty()).map_err(failed)?;
        // The owner of this directory may have put another one here meanwhile. One that holds
        // something is never given away.
        if made.names()?.is_empty() && fstat(&inner).map_err(failed)?.st_uid == 0 {
            return self.give(&inner).map_err(failed);
        }
        Err(WriteError::Interfered(self.path_of(name)))
    }

    /// Reads a file in it; `None` if it does not exist.
    pub(crate) fn read(&self, name: impl AsRef<OsStr>) -> Result<Option<OpenedFile>, ReadError> {
        let name = name.as_ref();
        OpenedFile::open(&self.fd, name, &self.path_of(name))
    }

    /// The attributes of something in it, without opening it.
    pub(crate) fn stat_of(&self, name: impl AsRef<OsStr>) -> Result<Option<Stat>, WriteError> {
        let name = name.as_ref();
        match statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(self.failed(name, errno)),
        }
    }

    /// Makes a new file that only this user can read.
    pub(crate) fn create(&self, name: impl AsRef<OsStr>) -> Result<File, Errno> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        openat(&self.fd, name.as_ref(), flags, PRIVATE).map(File::from)
    }

    /// Opens a file that this program keeps for itself, or makes it.
    pub(crate) fn open_own(&self, name: &str) -> Result<File, WriteError> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let opened = openat(&self.fd, name, flags | OFlags::CLOEXEC, PRIVATE);
        let file = File::from(opened.map_err(|errno| self.failed(name, errno))?);
        super::read::check_regular(&file, &self.path_of(name))?;
        Ok(file)
    }

    /// Gives a new file the owner of this directory. Without root it is the user's own.
    pub(crate) fn give(&self, file: &impl AsFd) -> Result<(), Errno> {
        if !geteuid().is_root() {
            return Ok(());
        }
        let outer = self.stat()?;
        fchown(file, Some(Uid::from_raw(outer.st_uid)), Some(Gid::from_raw(outer.st_gid)))
    }

    /// Makes a new file with these contents, synced, that only this user can read.
    pub(crate) fn save(&self, name: &str, content: &[u8]) -> Result<(), WriteError> {
        let mut file = self.create(name).map_err(|errno| self.failed(name, errno))?;
        let written = file.write_all(content).and_then(|()| file.sync_all());
        written.map_err(|error| self.failed(name, error))
    }

    /// Writes over the file that was seen, without a moment in which it is empty. `false` if
    /// another file is there by now.
    pub(crate) fn overwrite(
        &self,
        name: &OsStr,
        seen: &Stat,
        content: &[u8],
    ) -> Result<bool, WriteError> {
        let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let opened = openat(&self.fd, name, flags, Mode::empty());
        let mut file = File::from(opened.map_err(|errno| self.failed(name, errno))?);
        let stat = fstat(&file).map_err(|errno| self.failed(name, errno))?;
        let is_regular = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        if !is_regular || (stat.st_dev, stat.st_ino) != (seen.st_dev, seen.st_ino) {
            return Ok(false);
        }
        let written = file
            .write_all(content)
            .and_then(|()| file.set_len(content.len() as u64))
            .and_then(|()| file.sync_all());
        written.map(|()| true).map_err(|error| self.failed(name, error))
    }

    pub(crate) fn rename(
        &self,
        from: impl AsRef<OsStr>,
        to: impl AsRef<OsStr>,
    ) -> Result<(), Errno> {
        renameat(&self.fd, from.as_ref(), &self.fd, to.as_ref())
    }

    /// Removes a file if it exists.
    pub(crate) fn remove(&self, name: impl AsRef<OsStr>) -> Result<(), WriteError> {
        let name = name.as_ref();
        match unlinkat(&self.fd, name, AtFlags::empty()) {
            // A read-only file system refuses even where there is no file.
            Err(errno) if self.stat_of(name)?.is_some() => Err(self.failed(name, errno)),
            _ => Ok(()),
        }
    }

    /// Removes a directory in it unless something is in there.
    pub(crate) fn remove_child(&self, name: &OsStr) -> Result<(), WriteError> {
        match unlinkat(&self.fd, name, AtFlags::REMOVEDIR) {
            Ok(()) => self.sync(),
            Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST | Errno::NOTDIR) => Ok(()),
            Err(errno) => Err(self.failed(name, errno)),
        }
    }

    /// Waits until names that came or went are safe on the disk.
    pub(crate) fn sync(&self) -> Result<(), WriteError> {
        match openat(&self.fd, ".", READ, Mode::empty()).and_then(fsync) {
            // Some network file systems cannot sync a directory; there is nothing to wait for.
            Ok(()) | Err(Errno::INVAL) => Ok(()),
            // One that can be written but not listed cannot be opened for it.
            Err(Errno::ACCESS) => {
                rustix::fs::sync();
                Ok(())
            }
            Err(errno) => Err(WriteError::at(&self.path, errno)),
        }
    }

    pub(crate) fn failed(
        &self,
        name: impl AsRef<OsStr>,
        source: impl Into<io::Error>,
    ) -> WriteError {
        WriteError::at(&self.path_of(name.as_ref()), source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_put_in_the_way_of_a_real_path_is_not_followed() {
        let outer = tempfile::tempdir().unwrap();
        let (real, link) = (outer.path().join("real"), outer.path().join("link"));
        Directory::make(&real).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        assert!(Directory::open_real(&real).unwrap().is_some());
        assert!(matches!(Directory::open_real(&link), Err(ReadError::NewLink(_))));
        let outer = Directory::open(outer.path()).unwrap().unwrap();
        assert!(matches!(outer.read("link"), Err(ReadError::NewLink(_))));
    }

    #[test]
    fn only_the_file_that_was_seen_is_written_over() {
        let outer = tempfile::tempdir().unwrap();
        let directory = Directory::open(outer.path()).unwrap().unwrap();
        for (name, text) in [("seen", "1"), ("other", "2")] {
            directory.save(name, text.as_bytes()).unwrap();
        }
        let seen = directory.stat_of("seen").unwrap().unwrap();
        let overwrite = |name: &str| directory.overwrite(name.as_ref(), &seen, b"new").unwrap();
        assert_eq!((overwrite("seen"), overwrite("other")), (true, false));
        let text = |name: &str| std::fs::read_to_string(outer.path().join(name)).unwrap();
        assert_eq!((text("seen"), text("other")), ("new".to_owned(), "2".to_owned()));
    }
}
