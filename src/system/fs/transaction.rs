//! From what is wanted to what is done: survey, checkpoint, forward, verification; or back.

use super::directory::Directory;
use super::error::WriteError;
use super::file_write::{Direction, FileWrite, PreparedFile, changed};
use super::resolve::{locate, locate_real, target_of};
use super::{Content, FileReceipt, Receipt, Verify, sha256};
use crate::plan::{FileChange, FileKind};
use crate::system::fs::backup::PendingWrite;
use crate::system::fs::backup::journal::{FileMetadata, JournalEntry, WriteContext};
use crate::system::fs::lock::Lock;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// What is wanted of one file.
pub(crate) struct WriteRequest {
    pub(crate) kind: FileKind,
    pub(crate) path: PathBuf,
    pub(crate) destination: Destination,
    pub(crate) before: Option<Content>,
    /// `None` removes the file.
    pub(crate) after: Option<Content>,
    /// Permission bits, and the owner if it is known, of a file that does not exist.
    pub(crate) mode: u32,
    pub(crate) owner: Option<(u32, u32)>,
    /// Whether directories that are missing on the way are made.
    pub(crate) makes_folders: bool,
}

/// Which file a path means.
pub(crate) enum Destination {
    /// The one that it led to when the change was shown; `None` where no link was on it.
    Shown(Option<PathBuf>),
    /// This one, from a journal. No link was on its path.
    Recorded(PathBuf),
}

impl From<&FileChange> for WriteRequest {
    fn from(change: &FileChange) -> Self {
        let bytes = |text: &str| Zeroizing::new(text.as_bytes().to_vec());
        Self {
            kind: change.kind,
            path: change.path.clone(),
            destination: Destination::Shown(change.target.clone()),
            before: change.before.as_ref().map(|text| bytes(text.as_str())),
            after: Some(bytes(change.after.as_str())),
            mode: change.mode,
            owner: None,
            // A file of nginx in a directory that no nginx reads would have no effect.
            makes_folders: change.kind != FileKind::Nginx,
        }
    }
}

/// Does all requests, or none.
pub(crate) fn run(
    requests: Vec<WriteRequest>,
    context: WriteContext,
    lock: &Lock,
    verify: Verify,
) -> Result<Receipt, WriteError> {
    if let Some(pending) = lock.interrupted()? {
        return Err(WriteError::Interrupted(pending.id));
    }
    if requests.is_empty() {
        return Ok(Receipt::default());
    }
    let (folders, files) = survey(requests)?;
    let warnings = files.iter().filter_map(readable_by_others).collect();
    let config = context.config.clone();
    let pending = PendingWrite::begin(lock, context, folders, files)?;
    let id = pending.id.clone();
    let done = forward(&pending).and_then(|files| {
        verify().map_err(WriteError::Verification)?;
        pending.close()?;
        Ok(files)
    });
    match done {
        Ok(files) => Ok(Receipt { id: Some(id), config, files, warnings }),
        Err(failure) => match pending.undo() {
            Ok(()) => Err(failure),
            Err(put_back) => Err(WriteError::Unrepaired {
                id,
                put_back: Box::new(put_back),
                failure: Box::new(failure),
            }),
        },
    }
}

fn forward(pending: &PendingWrite) -> Result<Vec<FileReceipt>, WriteError> {
    for path in &pending.journal.folders {
        let (Some(outer), Some(name)) = (path.parent(), path.file_name()) else { continue };
        let missing = || WriteError::NoFolder(outer.to_owned());
        let outer = Directory::open_real(outer)?.ok_or_else(missing)?;
        outer.make_child_of_same_owner(name)?;
        outer.sync()?;
    }
    let prepared = pending.files.iter().map(|file| file.prepare(Direction::Forward));
    let prepared = prepared.collect::<Result<Vec<_>, _>>()?;
    let actions = prepared.iter().map(PreparedFile::commit).collect::<Result<Vec<_>, _>>()?;
    prepared.iter().try_for_each(PreparedFile::sync)?;
    prepared.iter().zip(actions).map(|(file, action)| file.receipt(action)).collect()
}

/// Removes a directory unless something is in it by now.
pub(crate) fn remove_folder(path: &Path) -> Result<(), WriteError> {
    let (Some(outer), Some(name)) = (path.parent(), path.file_name()) else { return Ok(()) };
    Directory::open_real(outer)?.map_or(Ok(()), |outer| outer.remove_child(name))
}

/// Compares every file with what was shown, before anything is touched. Gives the directories to
/// make, outermost first, and the files.
fn survey(requests: Vec<WriteRequest>) -> Result<(Vec<PathBuf>, Vec<FileWrite>), WriteError> {
    let (mut folders, mut needed, mut files) = (Vec::new(), Vec::new(), Vec::<FileWrite>::new());
    for request in requests {
        let makes_folders = request.makes_folders;
        let (missing, file) = compare(request, files.len())?;
        let real = &file.entry.real;
        if files.iter().any(|other| other.entry.real == *real) {
            return Err(WriteError::Twice(real.clone()));
        }
        if makes_folders {
            folders.extend(missing);
        } else {
            needed.extend(missing);
        }
        files.push(file);
    }
    folders.sort();
    folders.dedup();
    match needed.into_iter().find(|folder| !folders.contains(folder)) {
        Some(folder) => Err(WriteError::NoFolder(folder)),
        None => Ok((folders, files)),
    }
}

/// Follows the path of a file, once. Gives the directories that are missing on it, and the file.
fn compare(request: WriteRequest, number: usize) -> Result<(Vec<PathBuf>, FileWrite), WriteError> {
    let location = match &request.destination {
        Destination::Recorded(real) => locate_real(real)?,
        Destination::Shown(_) => locate(&request.path)?,
    };
    let real = location.real_path();
    if let Destination::Shown(target) = request.destination
        && target != target_of(&request.path, real.clone())
    {
        return Err(WriteError::Redirected { path: request.path, real });
    }
    let mut deepest = location.directory.path().to_owned();
    let missing = location.missing.iter().map(|name| {
        deepest.push(name);
        deepest.clone()
    });
    let missing = missing.collect();
    let directory = location.missing.is_empty().then_some(location.directory);
    let now = match &directory {
        Some(directory) => directory.read(&location.name)?,
        None => None,
    };
    if now.as_ref().map(|now| &now.content) != request.before.as_ref() {
        return Err(changed(request.path, request.before.as_ref(), now.as_ref()));
    }
    let old = now.as_ref().map(|now| FileMetadata {
        sha256: sha256(&now.content),
        mode: now.mode(),
        owner: Some((now.stat.st_uid, now.stat.st_gid)),
    });
    let new = request.after.as_ref().map(|after| FileMetadata {
        sha256: sha256(after),
        mode: request.mode,
        owner: request.owner,
    });
    let temp = JournalEntry::temp_name(number);
    let entry = JournalEntry { kind: request.kind, path: request.path, real, temp, old, new };
    Ok((missing, FileWrite::new(entry, request.before, request.after, directory)))
}

/// A file that would be secret if it were new: its mode is the operator's to change.
fn readable_by_others(file: &FileWrite) -> Option<String> {
    let (old, new) = (file.entry.old.as_ref()?, file.entry.new.as_ref()?);
    let is_open_secret = new.mode == 0o600 && old.mode & 0o004 != 0;
    let path = file.entry.real.display();
    is_open_secret.then(|| format!("{path} can be read by everyone (mode {:04o}).", old.mode))
}
