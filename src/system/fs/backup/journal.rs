//! What a checkpoint writes down: paths, hashes and modes, never contents.
#![expect(clippy::disallowed_methods, reason = "reads the state folder")]

use crate::system::fs::WriteError;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::{fs, io, process};

/// The journal of a write on its way.
pub(crate) const OPEN: &str = "open.json";
/// The journal of a write that came to its end. The rename from one to the other is the end.
pub(crate) const CLOSED: &str = "closed.json";

/// The only format there is so far.
const VERSION: u32 = 1;

/// The journal of one write.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Journal {
    pub(crate) version: u32,
    pub(crate) at: Timestamp,
    pub(crate) by: String,
    /// Folders that this write makes, outermost first.
    pub(crate) folders: Vec<PathBuf>,
    pub(crate) files: Vec<Entry>,
}

/// One file of a write.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// As the operator named it.
    pub(crate) path: PathBuf,
    /// Symlinks followed.
    pub(crate) real: PathBuf,
    /// The name of the temporary file in the same folder.
    pub(crate) temp: PathBuf,
    /// `None`: there was no file.
    pub(crate) old: Option<Image>,
    /// `None`: there shall be no file.
    pub(crate) new: Option<Image>,
}

/// What a file was or shall be.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Image {
    pub(crate) sha256: String,
    pub(crate) mode: u32,
    /// User and group; `None`: those of the folder.
    pub(crate) owner: Option<(u32, u32)>,
}

impl Entry {
    /// A name that nginx's globs skip, that is free, and that says whose it is.
    pub(crate) fn temp_name(number: usize) -> PathBuf {
        let moment = Timestamp::now().as_nanosecond();
        format!(".kestra-setup-{moment:x}-{}-{number}", process::id()).into()
    }
}

impl Journal {
    /// Reads a journal; `None` if there is none.
    pub(crate) fn load(path: &Path) -> Result<Option<Self>, WriteError> {
        let damaged = |why: String| WriteError::Damaged { path: path.to_owned(), why };
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|error| WriteError::at(path, error))?,
        };
        let journal: Self =
            serde_json::from_str(&text).map_err(|error| damaged(error.to_string()))?;
        if journal.version != VERSION {
            return Err(damaged(format!("its format is {}, not {VERSION}", journal.version)));
        }
        Ok(Some(journal))
    }

    /// The journal of a write that begins now.
    pub(crate) fn begin(by: String, folders: Vec<PathBuf>, files: Vec<Entry>) -> Self {
        Self { version: VERSION, at: Timestamp::now(), by, folders, files }
    }
}
