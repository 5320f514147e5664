//! A checkpoint on the disk, while its write is on the way.
//!
//! The folder is filled first; the journal comes last and by rename, so a journal that can be seen
//! is whole and so are the contents beside it.

use super::History;
use super::journal::{CLOSED, Entry, Journal, OPEN};
use crate::plan::{FileChange, FileKind, Plan};
use crate::system::fs::folder::Folder;
use crate::system::fs::lock::Lock;
use crate::system::fs::step::Step;
use crate::system::fs::{Content, Snapshot, WriteError, as_text, sha256};
use crate::system::passwd;
use jiff::Timestamp;
use std::fs;
use std::path::{Path, PathBuf};

/// A checkpoint whose write is on the way or was interrupted.
pub struct Open {
    id: String,
    history: History,
    folder: Folder,
    journal: Journal,
    steps: Vec<Step>,
}

impl Open {
    /// Its name.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// When the write began.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.journal.at
    }

    /// The files it is about, as the operator named them.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.steps.iter().map(|step| step.entry.path.as_path())
    }

    /// What it was to write, as far as its files are texts.
    #[must_use]
    pub fn plan(&self) -> Plan {
        let change = |step: &Step| {
            Some(FileChange {
                kind: FileKind::of(&step.entry.path),
                path: step.entry.path.clone(),
                before: step.old.as_ref().map(as_text),
                after: step.new.as_ref().map(as_text)?,
                mode: step.entry.new.as_ref()?.mode,
            })
        };
        Plan { changes: self.steps.iter().filter_map(change).collect() }
    }

    pub(crate) fn folders(&self) -> &[PathBuf] {
        &self.journal.folders
    }

    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Makes backups and journal, all safe on the disk.
    pub(crate) fn begin(
        history: &History,
        folders: Vec<PathBuf>,
        steps: Vec<Step>,
    ) -> Result<Self, WriteError> {
        let (id, folder) = new_folder(history)?;
        let files = steps.iter().map(|step| step.entry.clone()).collect();
        let journal = Journal::begin(passwd::current_user(), folders, files);
        let open = Self { id, history: history.clone(), folder, journal, steps };
        match open.save() {
            Ok(()) => Ok(open),
            Err(error) => {
                let _ = open.discard();
                Err(error)
            }
        }
    }

    fn save(&self) -> Result<(), WriteError> {
        for (number, step) in self.steps.iter().enumerate() {
            for (side, content) in [("old", &step.old), ("new", &step.new)] {
                let Some(content) = content else { continue };
                self.folder.save(&format!("{side}-{number}"), content)?;
            }
        }
        let journal = serde_json::to_string_pretty(&self.journal)
            .map_err(|error| self.folder.failed(Path::new(OPEN), error))?;
        self.folder.save("journal", journal.as_bytes())?;
        self.rename("journal", OPEN)?;
        self.folder.sync()?;
        sync(&self.history.checkpoints())
    }

    /// The end of the write: from here on it can only be rolled back.
    pub(crate) fn close(&self) -> Result<(), WriteError> {
        self.rename(OPEN, CLOSED)?;
        // Should this fail and the power too, the journal is open again, and finishing is nothing.
        let _ = self.folder.sync();
        self.history.prune();
        Ok(())
    }

    /// Forgets the checkpoint. Without its journal, the rest is only litter.
    pub(crate) fn discard(self) -> Result<(), WriteError> {
        self.folder.remove(Path::new(OPEN))?;
        // Should this fail and the power too, the journal is back, and undoing is nothing.
        let _ = self.folder.sync();
        let _ = fs::remove_dir_all(self.history.folder_of(&self.id));
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), WriteError> {
        let (from, to) = (Path::new(from), Path::new(to));
        self.folder.rename(from, to).map_err(|errno| self.folder.failed(to, errno))
    }
}

impl Lock {
    /// The write that was interrupted, if there is one. The lock shows that nobody is at it.
    ///
    /// # Errors
    /// [`WriteError::Damaged`] if its journal or its contents cannot be read.
    pub fn interrupted(&self) -> Result<Option<Open>, WriteError> {
        let history = self.history();
        for id in history.names()? {
            let folder = history.folder_of(&id);
            if let Some(journal) = Journal::load(&folder.join(OPEN))? {
                return load(history, id, folder_at(&folder)?, journal).map(Some);
            }
        }
        Ok(None)
    }
}

fn load(
    history: &History,
    id: String,
    folder: Folder,
    journal: Journal,
) -> Result<Open, WriteError> {
    let steps =
        journal.files.iter().enumerate().map(|(number, entry)| step(&folder, number, entry));
    let steps = steps.collect::<Result<_, _>>()?;
    Ok(Open { id, history: history.clone(), folder, journal, steps })
}

/// One file of a checkpoint, with the contents that were saved.
pub(super) fn step(folder: &Folder, number: usize, entry: &Entry) -> Result<Step, WriteError> {
    let content = |side: &str, wanted: Option<&str>| {
        let Some(wanted) = wanted else { return Ok(None) };
        saved(folder, &format!("{side}-{number}"), wanted).map(Some)
    };
    let hash = |image: &Option<super::journal::Image>| image.as_ref().map(|it| it.sha256.clone());
    Ok(Step {
        old: content("old", hash(&entry.old).as_deref())?,
        new: content("new", hash(&entry.new).as_deref())?,
        entry: entry.clone(),
    })
}

fn saved(folder: &Folder, name: &str, wanted: &str) -> Result<Content, WriteError> {
    let name = Path::new(name);
    let damaged = |why: &str| WriteError::Damaged { path: folder.path_of(name), why: why.into() };
    let Some(Snapshot { content, .. }) = folder.look(name)? else {
        return Err(damaged("it is gone"));
    };
    if sha256(&content) != wanted {
        return Err(damaged("it is not what was saved"));
    }
    Ok(content)
}

/// A folder of this moment; two writes in one second get a number.
fn new_folder(history: &History) -> Result<(String, Folder), WriteError> {
    let now = Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let taken = history.names()?;
    let numbered = (2..100).map(|number| format!("{now}-{number:02}"));
    let free = std::iter::once(now.clone()).chain(numbered).find(|id| !taken.contains(id));
    let id = free.unwrap_or(now);
    let folder = Folder::make(&history.folder_of(&id))?;
    Ok((id, folder))
}

pub(super) fn folder_at(path: &Path) -> Result<Folder, WriteError> {
    let missing = || WriteError::Damaged { path: path.to_owned(), why: "it is gone".into() };
    Folder::open(path)?.ok_or_else(missing)
}

fn sync(path: &Path) -> Result<(), WriteError> {
    folder_at(path)?.sync()
}
