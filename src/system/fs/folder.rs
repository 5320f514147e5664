//! A folder held open while files in it are written.
//!
//! Everything happens relative to the open folder, and no symlink in it is followed. So whoever
//! owns the folder cannot lead a write by root to another place halfway.
#![expect(clippy::disallowed_types, reason = "writes the disk")]

use super::error::WriteError;
use super::read::{ReadError, Snapshot};
use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, Stat, fchown, fstat, fsync, mkdirat,
    openat, openat2, renameat, statat, unlinkat,
};
use rustix::fs::{Gid, Uid};
use rustix::io::Errno;
use rustix::process::geteuid;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

/// A folder held open.
pub(crate) struct Folder {
    fd: OwnedFd,
    path: PathBuf,
}

impl Folder {
    /// Opens a folder; `None` if it does not exist.
    pub(crate) fn open(path: &Path) -> Result<Option<Self>, WriteError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        match openat(CWD, path, flags, Mode::empty()) {
            Ok(fd) => Ok(Some(Self { fd, path: path.to_owned() })),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(WriteError::at(path, errno)),
        }
    }

    /// Opens a folder by its real path; `None` if it does not exist.
    ///
    /// A symlink on the way was not there when the path was made, so it is refused.
    pub(crate) fn open_real(path: &Path) -> Result<Option<Self>, WriteError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        match openat2(CWD, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS) {
            Ok(fd) => Ok(Some(Self { fd, path: path.to_owned() })),
            Err(Errno::NOENT) => Ok(None),
            // Linux before 5.6, and containers that do not know the call.
            Err(Errno::NOSYS | Errno::PERM) => Self::open(path),
            Err(errno) => Err(WriteError::at(path, errno)),
        }
    }

    /// Makes a folder for this user alone, or opens the one that is there.
    pub(crate) fn make(path: &Path) -> Result<Self, WriteError> {
        let failed = |errno| WriteError::at(path, errno);
        let made = mkdirat(CWD, path, Mode::RWXU);
        let folder = Self::open(path)?.ok_or_else(|| failed(made.err().unwrap_or(Errno::NOENT)))?;
        if made.is_ok() {
            let parent = path.parent().unwrap_or(path);
            let outer = statat(CWD, parent, AtFlags::empty()).map_err(failed)?;
            give_to_owner_of(&outer, &folder.fd).map_err(failed)?;
        }
        Ok(folder)
    }

    /// The full path of a file in it.
    pub(crate) fn path_of(&self, name: &Path) -> PathBuf {
        self.path.join(name)
    }

    /// What is there now.
    pub(crate) fn look(&self, name: &Path) -> Result<Option<Snapshot>, ReadError> {
        Snapshot::take(&self.fd, name, &self.path_of(name))
    }

    /// The attributes of a file, without reading it.
    pub(crate) fn stat(&self, name: &Path) -> Result<Option<Stat>, WriteError> {
        match statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(self.failed(name, errno)),
        }
    }

    /// Makes a new file that only this user can read.
    pub(crate) fn create(&self, name: &Path) -> Result<File, Errno> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        openat(&self.fd, name, flags, Mode::RUSR | Mode::WUSR).map(File::from)
    }

    /// Gives a new file the owner of the folder. Without root it is the user's own.
    pub(crate) fn give(&self, file: &impl AsFd) -> Result<(), Errno> {
        give_to_owner_of(&fstat(&self.fd)?, file)
    }

    /// Makes a new file with these contents, safe on the disk, that only this user can read.
    pub(crate) fn save(&self, name: &str, content: &[u8]) -> Result<(), WriteError> {
        let name = Path::new(name);
        let mut file = self.create(name).map_err(|errno| self.failed(name, errno))?;
        let written = file.write_all(content).and_then(|()| file.sync_all());
        written.map_err(|error| self.failed(name, error))
    }

    /// Writes over what is there, without a moment in which the file is empty.
    pub(crate) fn overwrite(&self, name: &Path, content: &[u8]) -> Result<(), WriteError> {
        let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let opened = openat(&self.fd, name, flags, Mode::empty());
        let mut file = File::from(opened.map_err(|errno| self.failed(name, errno))?);
        let stat = fstat(&file).map_err(|errno| self.failed(name, errno))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(self.failed(name, Errno::INVAL));
        }
        let written = file
            .write_all(content)
            .and_then(|()| file.set_len(content.len() as u64))
            .and_then(|()| file.sync_all());
        written.map_err(|error| self.failed(name, error))
    }

    /// Puts one file in the place of another.
    pub(crate) fn rename(&self, from: &Path, to: &Path) -> Result<(), Errno> {
        renameat(&self.fd, from, &self.fd, to)
    }

    /// Removes a file if it is there.
    pub(crate) fn remove(&self, name: &Path) -> Result<(), WriteError> {
        match unlinkat(&self.fd, name, AtFlags::empty()) {
            // A read-only file system says so even of a file that is not there.
            Err(errno) if self.stat(name)?.is_some() => Err(self.failed(name, errno)),
            _ => Ok(()),
        }
    }

    /// Waits until names that came or went are safe on the disk.
    pub(crate) fn sync(&self) -> Result<(), WriteError> {
        match fsync(&self.fd) {
            // Some network file systems cannot sync a folder; there is nothing more to wait for.
            Ok(()) | Err(Errno::INVAL) => Ok(()),
            Err(errno) => Err(WriteError::at(&self.path, errno)),
        }
    }

    /// Finds the words for an error with one of its files.
    pub(crate) fn failed(&self, name: &Path, source: impl Into<io::Error>) -> WriteError {
        WriteError::at(&self.path_of(name), source)
    }
}

/// What root makes in the home of a service must be the service's, or it could not read it.
fn give_to_owner_of(outer: &Stat, new: &impl AsFd) -> Result<(), Errno> {
    if !geteuid().is_root() {
        return Ok(());
    }
    fchown(new, Some(Uid::from_raw(outer.st_uid)), Some(Gid::from_raw(outer.st_gid)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_put_in_the_way_of_a_real_path_is_not_followed() {
        let outer = tempfile::tempdir().unwrap();
        let (real, link) = (outer.path().join("real"), outer.path().join("link"));
        Folder::make(&real).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        assert!(Folder::open_real(&real).unwrap().is_some());
        assert!(Folder::open_real(&link).is_err());
    }
}
