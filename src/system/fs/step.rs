//! One file of a write, on its way from old to new or back.
//!
//! Going forward, undoing and repairing are the same two motions: prepare what a file shall be in
//! a temporary file beside it, then put that in its place. Both may be repeated at will.

use super::error::{Conflict, Version, WriteError};
use super::folder::Folder;
use super::read::{Content, Snapshot, sha256};
use super::{How, InPlace, Written, attributes};
use crate::system::fs::backup::journal::{Entry, Image};
use crate::system::passwd;
use rustix::fs::Stat;
use rustix::io::Errno;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// One file: its line in the journal, and both contents.
pub(crate) struct Step {
    pub(crate) entry: Entry,
    pub(crate) old: Option<Content>,
    pub(crate) new: Option<Content>,
}

/// Which way a step goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goal {
    Old,
    New,
}

/// A step that only waits to be put in its place.
pub(crate) struct Staged<'a> {
    step: &'a Step,
    goal: Goal,
    folder: Folder,
    seen: Option<Stat>,
    way: PutHow,
}

enum PutHow {
    /// It is there already.
    Stay,
    /// From the temporary file.
    Rename,
    Overwrite(InPlace),
    Remove,
}

impl Step {
    fn content(&self, goal: Goal) -> Option<&Content> {
        match goal {
            Goal::Old => self.old.as_ref(),
            Goal::New => self.new.as_ref(),
        }
    }

    fn image(&self, goal: Goal) -> Option<&Image> {
        match goal {
            Goal::Old => self.entry.old.as_ref(),
            Goal::New => self.entry.new.as_ref(),
        }
    }

    fn folder(&self) -> &Path {
        self.entry.real.parent().unwrap_or(Path::new("/"))
    }

    /// The name of the file in its folder.
    fn name(&self) -> &Path {
        self.entry.real.file_name().map_or(Path::new(""), Path::new)
    }

    /// Prepares the file, and changes nothing that anyone else would see.
    ///
    /// # Errors
    /// [`WriteError::Changed`] if the file is neither old nor new: then it is someone else's.
    pub(crate) fn stage(&self, goal: Goal) -> Result<Staged<'_>, WriteError> {
        let folder = Folder::open_real(self.folder())?
            .ok_or_else(|| WriteError::NoFolder { folder: self.folder().to_owned() })?;
        folder.remove(&self.entry.temp)?;
        let now = folder.look(self.name())?;
        if !self.is_ours(now.as_ref().map(|now| now.content.as_slice())) {
            return Err(self.conflict(now.as_ref(), goal));
        }
        let way = self.way(&folder, now.as_ref(), goal)?;
        Ok(Staged { step: self, goal, folder, seen: now.map(|now| now.stat), way })
    }

    fn way(&self, at: &Folder, now: Option<&Snapshot>, goal: Goal) -> Result<PutHow, WriteError> {
        let Some(content) = self.content(goal) else {
            return Ok(if now.is_some() { PutHow::Remove } else { PutHow::Stay });
        };
        match now {
            Some(now) if now.content == *content => Ok(PutHow::Stay),
            Some(now) if now.stat.st_nlink > 1 => Ok(PutHow::Overwrite(InPlace::HardLinks)),
            now => self.prepare(at, now, content, goal),
        }
    }

    /// Fills the temporary file.
    fn prepare(
        &self,
        folder: &Folder,
        now: Option<&Snapshot>,
        content: &Content,
        goal: Goal,
    ) -> Result<PutHow, WriteError> {
        let failed = |error: io::Error| folder.failed(self.name(), error);
        let mut file = match folder.create(&self.entry.temp) {
            Err(Errno::ACCESS | Errno::PERM | Errno::ROFS) if now.is_some() => {
                return Ok(PutHow::Overwrite(InPlace::Folder));
            }
            created => created.map_err(|errno| failed(errno.into()))?,
        };
        file.write_all(content).map_err(failed)?;
        let given = match (now, self.image(goal)) {
            (Some(now), _) => attributes::copy(now, &file),
            (None, Some(image)) => attributes::give(image, folder, &file).map(|()| true),
            (None, None) => Ok(true),
        };
        if !given.map_err(|errno| failed(errno.into()))? {
            folder.remove(&self.entry.temp)?;
            return Ok(PutHow::Overwrite(InPlace::Owner));
        }
        file.sync_all().map_err(failed)?;
        Ok(PutHow::Rename)
    }

    /// Puts the file back as it was, whatever state it is in.
    pub(crate) fn put_back(&self) -> Result<(), WriteError> {
        if self.old.is_none() && Folder::open_real(self.folder())?.is_none() {
            return Ok(());
        }
        let staged = self.stage(Goal::Old)?;
        staged.commit()?;
        staged.sync()
    }

    /// Removes what was prepared and will not be needed.
    pub(crate) fn remove_temp(&self) -> Result<(), WriteError> {
        let folder = Folder::open_real(self.folder())?;
        folder.map_or(Ok(()), |folder| folder.remove(&self.entry.temp))
    }

    /// Whether only this write can have left the file so.
    fn is_ours(&self, now: Option<&[u8]>) -> bool {
        let (old, new) = (self.old.as_ref(), self.new.as_ref());
        match (now, old, new) {
            (None, old, new) => old.is_none() || new.is_none(),
            (Some(now), Some(old), Some(new)) => is_mixed(now, old, new),
            (Some(now), old, new) => old.or(new).is_some_and(|content| content.as_slice() == now),
        }
    }

    /// The words for a file that someone else changed.
    pub(crate) fn conflict(&self, now: Option<&Snapshot>, goal: Goal) -> WriteError {
        let expected = if goal == Goal::New { &self.old } else { &self.new };
        changed(self.entry.path.clone(), expected.as_ref(), now)
    }
}

/// The words for a file that is not what was expected.
pub(crate) fn changed(
    path: PathBuf,
    expected: Option<&Content>,
    now: Option<&Snapshot>,
) -> WriteError {
    WriteError::Changed(Box::new(Conflict {
        path,
        opened: expected.map(version),
        now: now.map(|now| version(&now.content)),
        modified: now.map(Snapshot::modified),
        owner: now.map(|now| passwd::user(now.stat.st_uid)),
    }))
}

fn version(content: &Content) -> Version {
    let lines = String::from_utf8_lossy(content).lines().count();
    Version { sha256: sha256(content), lines }
}

/// Whether `now` is one of the two, or what a write in place leaves when it stops halfway: at each
/// place the byte of one or of the other.
fn is_mixed(now: &[u8], old: &[u8], new: &[u8]) -> bool {
    let lengths = old.len().min(new.len())..=old.len().max(new.len());
    let from_either =
        |(place, byte): (usize, &u8)| old.get(place) == Some(byte) || new.get(place) == Some(byte);
    lengths.contains(&now.len()) && now.iter().enumerate().all(from_either)
}

impl Staged<'_> {
    /// Puts the prepared file in its place.
    ///
    /// # Errors
    /// [`WriteError::Changed`] if someone else touched the file since it was looked at.
    pub(crate) fn commit(&self) -> Result<How, WriteError> {
        if !self.is_untouched()? {
            let now = self.folder.look(self.step.name())?;
            return Err(self.step.conflict(now.as_ref(), self.goal));
        }
        match self.way {
            PutHow::Stay => Ok(self.renamed()),
            PutHow::Rename => self.rename(),
            PutHow::Overwrite(why) => self.overwrite(why),
            PutHow::Remove => self.folder.remove(self.step.name()).map(|()| How::Removed),
        }
    }

    /// Waits until it is safe on the disk.
    pub(crate) fn sync(&self) -> Result<(), WriteError> {
        self.folder.sync()
    }

    /// The line of the receipt.
    pub(crate) fn receipt(&self, how: How) -> Result<Written, WriteError> {
        let stat = self.folder.stat(self.step.name())?;
        let entry = &self.step.entry;
        Ok(Written {
            path: entry.path.clone(),
            real_path: entry.real.clone(),
            how,
            mode: stat.map_or(0, |stat| stat.st_mode & 0o7777),
            owner: stat.map_or_else(String::new, |it| passwd::owner(it.st_uid, it.st_gid)),
        })
    }

    fn is_untouched(&self) -> Result<bool, WriteError> {
        let now = self.folder.stat(self.step.name())?;
        let moment = |it: &Stat| (it.st_dev, it.st_ino, it.st_size, it.st_ctime, it.st_ctime_nsec);
        Ok(now.as_ref().map(moment) == self.seen.as_ref().map(moment))
    }

    fn renamed(&self) -> How {
        let step = self.step;
        match (step.content(self.goal), &step.old) {
            (None, _) => How::Removed,
            (Some(_), None) => How::Created,
            (Some(_), Some(_)) => How::Replaced,
        }
    }

    fn rename(&self) -> Result<How, WriteError> {
        let (temp, name) = (&self.step.entry.temp, self.step.name());
        match self.folder.rename(temp, name) {
            Ok(()) => Ok(self.renamed()),
            Err(Errno::BUSY | Errno::XDEV) if self.seen.is_some() => {
                self.folder.remove(temp)?;
                self.overwrite(InPlace::Mounted)
            }
            Err(errno) => Err(self.folder.failed(name, errno)),
        }
    }

    fn overwrite(&self, why: InPlace) -> Result<How, WriteError> {
        let Some(content) = self.step.content(self.goal) else { return Ok(How::Removed) };
        self.folder.overwrite(self.step.name(), content).map(|()| How::InPlace(why))
    }
}
