//! What a checkpoint records: paths, hashes and modes, never contents.

use crate::plan::FileKind;
use crate::system::fs::WriteError;
use crate::system::fs::directory::Directory;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::path::{Component, Path, PathBuf};
use std::process;

/// The journal of a write on its way.
pub(crate) const OPEN: &str = "open.json";
/// The journal of a completed write. The rename from one to the other completes it.
pub(crate) const CLOSED: &str = "closed.json";
/// A journal that could not be read and was given up.
pub(crate) const DAMAGED: &str = "damaged.json";

/// The current format. Version 1 knew no kinds, no configuration, no settings and no undo.
pub(super) const VERSION: u32 = 2;

const TEMPORARY: &str = ".kestra-setup-";

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Journal {
    pub(super) version: u32,
    pub(crate) at: Timestamp,
    pub(crate) by: String,
    #[serde(default)]
    pub(crate) context: WriteContext,
    /// Directories that this write makes, outermost first.
    pub(crate) folders: Vec<PathBuf>,
    pub(crate) files: Vec<JournalEntry>,
}

/// What a write is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WriteContext {
    /// The configuration that the write belongs to, as the operator named it.
    pub(crate) config: Option<PathBuf>,
    /// The names of the settings that were changed.
    pub(crate) settings: Vec<String>,
    /// The checkpoint that this write undoes.
    pub(crate) undoes: Option<String>,
}

/// One file of a write.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JournalEntry {
    #[serde(default)]
    pub(crate) kind: FileKind,
    /// As the operator named it.
    pub(crate) path: PathBuf,
    /// Links followed.
    pub(crate) real: PathBuf,
    /// The name of the temporary file in the same directory.
    pub(crate) temp: PathBuf,
    /// `None`: there was no file.
    pub(crate) old: Option<FileMetadata>,
    /// `None`: the write removes the file.
    pub(crate) new: Option<FileMetadata>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileMetadata {
    pub(crate) sha256: String,
    pub(crate) mode: u32,
    /// User and group; `None`: those of the directory.
    pub(crate) owner: Option<(u32, u32)>,
}

impl JournalEntry {
    /// A name that nginx's globs skip, that is free, and that tells which program made it.
    pub(crate) fn temp_name(number: usize) -> PathBuf {
        let moment = Timestamp::now().as_nanosecond();
        format!("{TEMPORARY}{moment:x}-{}-{number}", process::id()).into()
    }

    /// Whether this program's own writes could name these paths.
    fn is_plausible(&self) -> bool {
        let temp = self.temp.to_str().and_then(|name| name.strip_prefix(TEMPORARY));
        self.path.is_absolute()
            && is_plain(&self.real)
            && self.real.file_name().is_some()
            && temp
                .is_some_and(|rest| rest.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-'))
            && [&self.old, &self.new].into_iter().flatten().all(|it| it.mode <= 0o7777)
    }
}

/// Absolute, and without `..`.
fn is_plain(path: &Path) -> bool {
    let mut parts = path.components();
    path.is_absolute()
        && parts.all(|part| matches!(part, Component::RootDir | Component::Normal(_)))
}

impl Journal {
    /// Reads a journal; `None` if there is none.
    ///
    /// # Errors
    /// [`WriteError::Damaged`] if it is not one that this program could have written.
    pub(crate) fn load(folder: &Directory, name: &str) -> Result<Option<Self>, WriteError> {
        let damaged = |why: String| WriteError::Damaged { path: folder.path_of(name), why };
        let file = folder.read(name).map_err(|error| damaged(error.to_string()))?;
        let Some(file) = file else { return Ok(None) };
        let journal: Self =
            serde_json::from_slice(&file.content).map_err(|error| damaged(error.to_string()))?;
        if !(1..=VERSION).contains(&journal.version) {
            return Err(damaged(format!("its format is {}, not {VERSION}", journal.version)));
        }
        let leads_to_a_file =
            |folder: &PathBuf| journal.files.iter().any(|file| file.real.starts_with(folder));
        let mut folders = journal.folders.iter();
        if journal.files.iter().all(JournalEntry::is_plausible)
            && folders.all(|folder| is_plain(folder) && leads_to_a_file(folder))
        {
            return Ok(Some(journal));
        }
        Err(damaged("kestra-setup would not write these paths".to_owned()))
    }
}
