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
    method: CommitMethod<'a>,
}

enum CommitMethod<'a> {
    /// It has these contents already.
    Keep,
    Remove,
    /// From the temporary file.
    Create,
    /// From the temporary file; where the name is a mount, in place.
    Replace(&'a Content, Stat),
    Overwrite(&'a Content, Stat, InPlaceReason),
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

    /// What the file is to be; `None` if it is to be gone.
    fn wanted(&self, direction: Direction) -> Option<(&Content, &FileMetadata)> {
        let (content, metadata) = match direction {
            Direction::Forward => (&self.new, &self.entry.new),
            Direction::Back => (&self.old, &self.entry.old),
        };
        content.as_ref().zip(metadata.as_ref())
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

    /// Fills the temporary file, where one is of use.
    fn method(
        &self,
        directory: &Directory,
        now: Option<&OpenedFile>,
        direction: Direction,
    ) -> Result<CommitMethod<'_>, WriteError> {
        let Some((content, metadata)) = self.wanted(direction) else {
            return Ok(CommitMethod::Remove);
        };
        let in_place =
            |now: &OpenedFile, reason| Ok(CommitMethod::Overwrite(content, now.stat, reason));
        match now {
            Some(now) if now.content == *content => return Ok(CommitMethod::Keep),
            Some(now) if now.stat.st_nlink > 1 => {
                self.check_hard_link(directory, &now.stat)?;
                return in_place(now, InPlaceReason::HardLinks);
            }
            _ => {}
        }
        let failed = |error: io::Error| directory.failed(self.entry.name(), error);
        let refused = |errno: Errno| failed(errno.into());
        let mut file = match (directory.create(&self.entry.temp), now) {
            (Err(Errno::ACCESS | Errno::PERM | Errno::ROFS), Some(now)) => {
                return in_place(now, InPlaceReason::Folder);
            }
            (created, _) => created.map_err(refused)?,
        };
        file.write_all(content).map_err(failed)?;
        let method = match now {
            None => {
                attributes::set(metadata, directory, &file).map_err(refused)?;
                CommitMethod::Create
            }
            Some(now) if attributes::copy(now, &file).map_err(refused)? => {
                CommitMethod::Replace(content, now.stat)
            }
            Some(now) => {
                directory.remove(&self.entry.temp)?;
                return in_place(now, InPlaceReason::Owner);
            }
        };
        file.sync_all().map_err(failed)?;
        Ok(method)
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
        let is_as_seen = now.as_ref().map(moment) == self.seen.as_ref().map(moment);
        if is_as_seen && let Some(action) = self.put_in_place()? {
            return Ok(action);
        }
        let now = self.directory.read(self.name())?;
        Err(self.write.conflict(now.as_ref(), self.direction))
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

    /// `None` if another file has come in the way at the last moment.
    fn put_in_place(&self) -> Result<Option<FileAction>, WriteError> {
        if !matches!(self.method, CommitMethod::Keep) {
            self.write.is_touched.set(true);
        }
        let rename = || self.directory.rename(&self.write.entry.temp, self.name());
        let failed = |errno| self.directory.failed(self.name(), errno);
        let overwrite = |content, seen, reason| {
            let is_done = self.directory.overwrite(self.name(), seen, content)?;
            Ok(is_done.then_some(FileAction::InPlace(reason)))
        };
        match &self.method {
            CommitMethod::Keep => Ok(Some(FileAction::Replaced)),
            CommitMethod::Remove => {
                self.directory.remove(self.name())?;
                Ok(Some(FileAction::Removed))
            }
            CommitMethod::Create => {
                rename().map_err(failed)?;
                Ok(Some(FileAction::Created))
            }
            CommitMethod::Replace(content, seen) => match rename() {
                Err(Errno::BUSY | Errno::XDEV) => {
                    self.write.remove_temp()?;
                    overwrite(content, seen, InPlaceReason::Mounted)
                }
                renamed => {
                    renamed.map_err(failed)?;
                    Ok(Some(FileAction::Replaced))
                }
            },
            CommitMethod::Overwrite(content, seen, reason) => overwrite(content, seen, *reason),
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::FileKind;
    use std::fs;

    #[test]
    fn a_file_that_was_touched_since_it_was_prepared_is_a_conflict() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap().join("config.yml");
        let content = |text: &str| Content::new(text.into());
        let metadata = FileMetadata { sha256: String::new(), mode: 0o600, owner: None };
        let entry = |old: bool| JournalEntry {
            kind: FileKind::Config,
            path: path.clone(),
            real: path.clone(),
            temp: JournalEntry::temp_name(0),
            old: old.then(|| metadata.clone()),
            new: Some(metadata.clone()),
        };
        let comes = FileWrite::new(entry(false), None, Some(content("new")), None);
        let prepared = comes.prepare(Direction::Forward).unwrap();
        fs::write(&path, "theirs").unwrap();
        assert!(matches!(prepared.commit(), Err(WriteError::Changed(_))));
        comes.put_back().unwrap();

        fs::write(&path, "old").unwrap();
        let changes = FileWrite::new(entry(true), Some(content("old")), Some(content("new")), None);
        let prepared = changes.prepare(Direction::Forward).unwrap();
        fs::write(&path, "theirs").unwrap();
        assert!(matches!(prepared.commit(), Err(WriteError::Changed(_))));
        changes.put_back().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
