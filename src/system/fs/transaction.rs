//! From what is wanted to what is done: survey, checkpoint, forward, proof; or back.

use super::error::WriteError;
use super::folder::Folder;
use super::step::{Goal, Staged, Step, changed};
use super::{Content, Proof, Receipt, Snapshot, Written, resolve, sha256};
use crate::system::fs::backup::checkpoint::Open;
use crate::system::fs::backup::journal::{Entry, Image};
use crate::system::fs::lock::Lock;
use rustix::fs::{AtFlags, CWD, statat};
use rustix::io::Errno;
use std::path::{Path, PathBuf};

/// What is wanted of one file.
pub(crate) struct Task {
    pub(crate) path: PathBuf,
    pub(crate) before: Option<Content>,
    /// `None` removes the file.
    pub(crate) after: Option<Content>,
    /// Permission bits, and the owner if it is known, of a file that is not there now.
    pub(crate) mode: u32,
    pub(crate) owner: Option<(u32, u32)>,
    /// Whether folders that are missing on the way are made.
    pub(crate) makes_folders: bool,
}

/// Does all tasks, or none.
pub(crate) fn run(tasks: Vec<Task>, lock: &Lock, proof: Proof) -> Result<Receipt, WriteError> {
    if let Some(open) = lock.interrupted()? {
        return Err(WriteError::Interrupted { id: open.id().to_owned() });
    }
    if tasks.is_empty() {
        return Ok(Receipt::default());
    }
    let survey = survey(tasks)?;
    let warnings = survey.steps.iter().filter_map(readable_by_others).collect();
    let open = Open::begin(lock.history(), survey.folders, survey.steps)?;
    complete(open, proof).map(|receipt| Receipt { warnings, ..receipt })
}

/// Takes an open checkpoint to its end, or back to its beginning.
pub(crate) fn complete(open: Open, proof: Proof) -> Result<Receipt, WriteError> {
    let done = forward(&open).and_then(|files| {
        proof().map_err(WriteError::Proof)?;
        open.close()?;
        Ok(files)
    });
    let id = open.id().to_owned();
    match done {
        Ok(files) => Ok(Receipt { id: Some(id), files, warnings: Vec::new() }),
        Err(failure) => match back(open) {
            Ok(()) => Err(failure),
            Err(put_back) => Err(WriteError::Unrepaired {
                id,
                put_back: Box::new(put_back),
                failure: Box::new(failure),
            }),
        },
    }
}

fn forward(open: &Open) -> Result<Vec<Written>, WriteError> {
    for folder in open.folders() {
        Folder::make(folder)?;
        sync_parent(folder)?;
    }
    let staged = open.steps().iter().map(|step| step.stage(Goal::New));
    let staged = staged.collect::<Result<Vec<_>, _>>()?;
    let how = staged.iter().map(Staged::commit).collect::<Result<Vec<_>, _>>()?;
    staged.iter().try_for_each(Staged::sync)?;
    staged.iter().zip(how).map(|(staged, how)| staged.receipt(how)).collect()
}

/// Puts everything back and forgets the checkpoint. What fails does not keep the rest from being
/// put back; then the checkpoint stays open.
pub(crate) fn back(open: Open) -> Result<(), WriteError> {
    let put_back: Vec<_> = open.steps().iter().rev().map(Step::put_back).collect();
    put_back.into_iter().collect::<Result<(), _>>()?;
    open.folders().iter().rev().try_for_each(|folder| remove_folder(folder))?;
    open.discard()
}

/// Removes a folder unless something else lies in it by now.
pub(crate) fn remove_folder(path: &Path) -> Result<(), WriteError> {
    match rustix::fs::unlinkat(CWD, path, AtFlags::REMOVEDIR) {
        Ok(()) => sync_parent(path),
        Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST) => Ok(()),
        Err(errno) => Err(WriteError::at(path, errno)),
    }
}

fn sync_parent(path: &Path) -> Result<(), WriteError> {
    let parent = path.parent().map(Folder::open).transpose()?.flatten();
    parent.map_or(Ok(()), |parent| parent.sync())
}

/// What a write is about to do.
struct Survey {
    folders: Vec<PathBuf>,
    steps: Vec<Step>,
}

/// Compares every file with what was shown, before anything is touched.
fn survey(tasks: Vec<Task>) -> Result<Survey, WriteError> {
    let (mut folders, mut needed, mut steps) = (Vec::new(), Vec::new(), Vec::<Step>::new());
    for task in tasks {
        let makes_folders = task.makes_folders;
        let step = compare(task, steps.len())?;
        let real = &step.entry.real;
        if steps.iter().any(|other| other.entry.real == *real) {
            return Err(WriteError::Twice { path: real.clone() });
        }
        let missing = missing_folders(real);
        if makes_folders {
            folders.extend(missing);
        } else {
            needed.extend(missing);
        }
        steps.push(step);
    }
    folders.sort();
    folders.dedup();
    match needed.into_iter().find(|folder| !folders.contains(folder)) {
        Some(folder) => Err(WriteError::NoFolder { folder }),
        None => Ok(Survey { folders, steps }),
    }
}

/// The folders that would have to be made for a file, outermost first.
fn missing_folders(file: &Path) -> Vec<PathBuf> {
    let is_missing =
        |path: &&Path| statat(CWD, *path, AtFlags::empty()).is_err_and(|it| it == Errno::NOENT);
    let mut missing: Vec<_> =
        file.ancestors().skip(1).take_while(is_missing).map(Path::to_owned).collect();
    missing.reverse();
    missing
}

fn compare(task: Task, number: usize) -> Result<Step, WriteError> {
    let real = resolve(&task.path)?;
    let now = Snapshot::take(CWD, &real, &task.path)?;
    if now.as_ref().map(|now| &now.content) != task.before.as_ref() {
        return Err(changed(task.path, task.before.as_ref(), now.as_ref()));
    }
    let old = now.as_ref().map(|now| Image {
        sha256: sha256(&now.content),
        mode: now.mode(),
        owner: Some((now.stat.st_uid, now.stat.st_gid)),
    });
    let new = task.after.as_ref().map(|after| Image {
        sha256: sha256(after),
        mode: task.mode,
        owner: task.owner,
    });
    let entry = Entry { path: task.path, real, temp: Entry::temp_name(number), old, new };
    Ok(Step { entry, old: task.before, new: task.after })
}

/// A file that would be secret if it were new: its mode is the operator's to change.
fn readable_by_others(step: &Step) -> Option<String> {
    let (old, new) = (step.entry.old.as_ref()?, step.entry.new.as_ref()?);
    let (is_secret, is_open) = (new.mode == 0o600, old.mode & 0o004 != 0);
    let path = step.entry.real.display();
    let warning = || format!("{path} can be read by everyone (mode {:04o}).", old.mode);
    (is_secret && is_open).then(warning)
}
