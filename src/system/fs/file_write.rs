//! One file of a write, on its way from old to new or back.
//!
//! Going forward, undoing and repairing are the same two motions: prepare the file under a
//! temporary name beside its target, then put it in place. Both may be repeated at will.

use super::directory::Directory;
use super::error::{FileConflict, FileDigest, WriteError};
use super::read::{Content, OpenedFile, ReadError, sha256};
use super::{FileAction, FileReceipt, InPlaceReason, attributes};
use crate::system::fs::backup::journal::{FileMetadata, JournalEntry};
use crate::system::passwd;
use rustix::fs::Stat;
use rustix::io::Errno;
use rustix::process::geteuid;
use std::cell::{Cell, OnceCell};
use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// One file: its entry in the journal, and both contents.
pub(crate) struct FileWrite {
    pub(crate) entry: JournalEntry,
    pub(crate) old: Option<Content>,
    pub(crate) new: Option<Content>,
    /// The directory of the file, once it was opened.
    directory: OnceCell<Directory>,
    /// Whether this write may have changed the file already.
    is_touched: Cell<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Forward,
    Back,
}

/// A file that only waits to be put in place.
pub(crate) struct PreparedFile<'a> {
    write: &'a FileWrite,
    direction: Direction,
    directory: &'a Directory,
    seen: Option<Stat>,
    method: CommitMethod,
}

enum CommitMethod {
    /// It has these contents already.
    Keep,
    /// From the temporary file.
    Rename,
    Overwrite(InPlaceReason),
    Remove,
}

impl FileWrite {
    /// A file that this process has not written yet, in this directory if it exists.
    pub(crate) fn new(
        entry: JournalEntry,
        old: Option<Content>,
        new: Option<Content>,
        directory: Option<Directory>,
    ) -> Self {
        let directory = directory.map_or_else(OnceCell::new, OnceCell::from);
        Self { entry, old, new, directory, is_touched: Cell::new(false) }
    }

    /// A file of a journal: an earlier process may have written it.
    pub(crate) fn recorded(
        entry: JournalEntry,
        old: Option<Content>,
        new: Option<Content>,
    ) -> Self {
        Self { is_touched: Cell::new(true), ..Self::new(entry, old, new, None) }
    }

    /// What the file is to be.
    fn wanted(&self, direction: Direction) -> (Option<&Content>, Option<&FileMetadata>) {
        match direction {
            Direction::Forward => (self.new.as_ref(), self.entry.new.as_ref()),
            Direction::Back => (self.old.as_ref(), self.entry.old.as_ref()),
        }
    }

    /// The directory of the file; `None` if it does not exist. The path is followed once.
    fn directory(&self) -> Result<Option<&Directory>, WriteError> {
        if self.directory.get().is_none()
            && let Some(found) = Directory::open_real(self.entry.directory())?
        {
            // It was empty just now.
            let _ = self.directory.set(found);
        }
        Ok(self.directory.get())
    }

    pub(crate) fn read(&self) -> Result<Option<OpenedFile>, WriteError> {
        let Some(directory) = self.directory()? else { return Ok(None) };
        Ok(directory.read(self.entry.name())?)
    }

    /// Prepares the file, and changes nothing that anyone else would see.
    ///
    /// # Errors
    /// [`WriteError::Changed`] if the file is neither old nor new: somebody else changed it.
    pub(crate) fn prepare(&self, direction: Direction) -> Result<PreparedFile<'_>, WriteError> {
        let missing = || WriteError::NoFolder(self.entry.directory().to_owned());
        let directory = self.directory()?.ok_or_else(missing)?;
        directory.remove(&self.entry.temp)?;
        let now = directory.read(self.entry.name())?;
        if !self.is_own(now.as_ref().map(|now| now.content.as_slice())) {
            return Err(self.conflict(now.as_ref(), direction));
        }
        let method = self.method(directory, now.as_ref(), direction)?;
        let seen = now.map(|now| now.stat);
        Ok(PreparedFile { write: self, direction, directory, seen, method })
    }

    fn method(
        &self,
        directory: &Directory,
        now: Option<&OpenedFile>,
        direction: Direction,
    ) -> Result<CommitMethod, WriteError> {
        let (content, metadata) = self.wanted(direction);
        let Some(content) = content else {
            return Ok(if now.is_some() { CommitMethod::Remove } else { CommitMethod::Keep });
        };
        match now {
            Some(now) if now.content == *content => Ok(CommitMethod::Keep),
            Some(now) if now.stat.st_nlink > 1 => {
                self.check_hard_link(directory, &now.stat)?;
                Ok(CommitMethod::Overwrite(InPlaceReason::HardLinks))
            }
            now => self.fill_temporary(directory, now, content, metadata),
        }
    }

    /// The owner of a directory decides what its names are linked to.
    fn check_hard_link(&self, directory: &Directory, file: &Stat) -> Result<(), WriteError> {
        let outer = directory.stat().map_err(|errno| WriteError::at(directory.path(), errno))?;
        if geteuid().is_root() && ![0, file.st_uid].contains(&outer.st_uid) {
            let (path, owner) = (self.entry.real.clone(), passwd::user(outer.st_uid));
            return Err(ReadError::UntrustedLink { path, owner }.into());
        }
        Ok(())
    }

    fn fill_temporary(
        &self,
        directory: &Directory,
        now: Option<&OpenedFile>,
        content: &Content,
        metadata: Option<&FileMetadata>,
    ) -> Result<CommitMethod, WriteError> {
        let failed = |error: io::Error| directory.failed(self.entry.name(), error);
        let mut file = match directory.create(&self.entry.temp) {
            Err(Errno::ACCESS | Errno::PERM | Errno::ROFS) if now.is_some() => {
                return Ok(CommitMethod::Overwrite(InPlaceReason::Folder));
            }
            created => created.map_err(|errno| failed(errno.into()))?,
        };
        file.write_all(content).map_err(failed)?;
        let given = match (now, metadata) {
            (Some(now), _) => attributes::copy(now, &file),
            (None, Some(wanted)) => attributes::set(wanted, directory, &file).map(|()| true),
            (None, None) => Ok(true),
        };
        if !given.map_err(|errno| failed(errno.into()))? {
            directory.remove(&self.entry.temp)?;
            return Ok(CommitMethod::Overwrite(InPlaceReason::Owner));
        }
        file.sync_all().map_err(failed)?;
        Ok(CommitMethod::Rename)
    }

    /// Puts the file back as it was before the write. One that this process has not touched stays
    /// as it is, whoever changed it meanwhile.
    pub(crate) fn put_back(&self) -> Result<(), WriteError> {
        if !self.is_touched.get() || (self.old.is_none() && self.directory()?.is_none()) {
            return self.remove_temp();
        }
        let prepared = self.prepare(Direction::Back)?;
        prepared.commit()?;
        prepared.sync()
    }

    /// Removes what was prepared and is not needed any more.
    pub(crate) fn remove_temp(&self) -> Result<(), WriteError> {
        self.directory()?.map_or(Ok(()), |directory| directory.remove(&self.entry.temp))
    }

    /// Whether only this write can have left the file so.
    fn is_own(&self, now: Option<&[u8]>) -> bool {
        let (old, new) = (self.old.as_ref(), self.new.as_ref());
        match (now, old, new) {
            (None, old, new) => old.is_none() || new.is_none(),
            (Some(now), Some(old), Some(new)) => is_mixed(now, old, new),
            (Some(now), old, new) => old.or(new).is_some_and(|content| content.as_slice() == now),
        }
    }

    /// The error for a file that somebody else changed.
    pub(crate) fn conflict(&self, now: Option<&OpenedFile>, direction: Direction) -> WriteError {
        let expected = if direction == Direction::Forward { &self.old } else { &self.new };
        changed(self.entry.path.clone(), expected.as_ref(), now)
    }
}

/// The error for a file that is not what was expected.
pub(crate) fn changed(
    path: PathBuf,
    expected: Option<&Content>,
    now: Option<&OpenedFile>,
) -> WriteError {
    WriteError::Changed(Box::new(FileConflict {
        path,
        opened: expected.map(digest),
        now: now.map(|now| digest(&now.content)),
        modified: now.map(OpenedFile::modified),
        owner: now.map(|now| passwd::user(now.stat.st_uid)),
    }))
}

fn digest(content: &Content) -> FileDigest {
    let lines = String::from_utf8_lossy(content).lines().count();
    FileDigest { sha256: sha256(content), lines }
}

/// Whether `now` is one of the two, or what a write in place leaves when it stops halfway: at each
/// place the byte of one or of the other.
fn is_mixed(now: &[u8], old: &[u8], new: &[u8]) -> bool {
    let lengths = old.len().min(new.len())..=old.len().max(new.len());
    let from_either =
        |(place, byte): (usize, &u8)| old.get(place) == Some(byte) || new.get(place) == Some(byte);
    lengths.contains(&now.len()) && now.iter().enumerate().all(from_either)
}

impl PreparedFile<'_> {
    /// Puts the prepared file in place.
    ///
    /// # Errors
    /// [`WriteError::Changed`] if somebody else touched the file since it was prepared.
    pub(crate) fn commit(&self) -> Result<FileAction, WriteError> {
        let now = self.directory.stat_of(self.name())?;
        let moment = |it: &Stat| (it.st_dev, it.st_ino, it.st_size, it.st_ctime, it.st_ctime_nsec);
        if now.as_ref().map(moment) != self.seen.as_ref().map(moment) {
            return Err(self.conflict()?);
        }
        if !matches!(self.method, CommitMethod::Keep) {
            self.write.is_touched.set(true);
        }
        match self.method {
            CommitMethod::Keep => Ok(self.action()),
            CommitMethod::Rename => self.rename(),
            CommitMethod::Overwrite(reason) => self.overwrite(reason),
            CommitMethod::Remove => {
                self.directory.remove(self.name()).map(|()| FileAction::Removed)
            }
        }
    }

    pub(crate) fn sync(&self) -> Result<(), WriteError> {
        self.directory.sync()
    }

    pub(crate) fn receipt(&self, action: FileAction) -> Result<FileReceipt, WriteError> {
        let stat = self.directory.stat_of(self.name())?;
        let entry = &self.write.entry;
        Ok(FileReceipt {
            kind: entry.kind,
            path: entry.path.clone(),
            real_path: entry.real.clone(),
            action,
            mode: stat.map_or(0, |stat| stat.st_mode & 0o7777),
            owner: stat.map_or_else(String::new, |it| passwd::owner(it.st_uid, it.st_gid)),
        })
    }

    fn name(&self) -> &OsStr {
        self.write.entry.name()
    }

    fn conflict(&self) -> Result<WriteError, WriteError> {
        let now = self.directory.read(self.name())?;
        Ok(self.write.conflict(now.as_ref(), self.direction))
    }

    fn action(&self) -> FileAction {
        match (self.write.wanted(self.direction).0, &self.write.old) {
            (None, _) => FileAction::Removed,
            (Some(_), None) => FileAction::Created,
            (Some(_), Some(_)) => FileAction::Replaced,
        }
    }

    fn rename(&self) -> Result<FileAction, WriteError> {
        let temp = &self.write.entry.temp;
        match self.directory.rename(temp, self.name()) {
            Ok(()) => Ok(self.action()),
            Err(Errno::BUSY | Errno::XDEV) if self.seen.is_some() => {
                self.directory.remove(temp)?;
                self.overwrite(InPlaceReason::Mounted)
            }
            Err(errno) => Err(self.directory.failed(self.name(), errno)),
        }
    }

    fn overwrite(&self, reason: InPlaceReason) -> Result<FileAction, WriteError> {
        let (Some(content), Some(seen)) = (self.write.wanted(self.direction).0, &self.seen) else {
            return Ok(FileAction::Removed);
        };
        if self.directory.overwrite(self.name(), seen, content)? {
            return Ok(FileAction::InPlace(reason));
        }
        Err(self.conflict()?)
    }
}

impl JournalEntry {
    pub(crate) fn directory(&self) -> &Path {
        self.real.parent().unwrap_or(Path::new("/"))
    }

    /// The name of the file in its directory.
    pub(crate) fn name(&self) -> &OsStr {
        self.real.file_name().unwrap_or_default()
    }
}
