//! What would change on disk.
//!
//! The preview and the write both read the same [`Plan`], so what is shown is what is written.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// The contents of a file, which may hold secrets: masked `Debug`, zeroed on drop.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Text(Zeroizing<String>);

impl Text {
    /// The contents, secrets included.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} bytes)", self.0.len())
    }
}

/// Which of the files a change is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileKind {
    /// Kestra's config.yml, or the compose or values file that holds it.
    Config,
    /// The nginx file.
    Nginx,
    /// The file with the proxy password as an environment variable.
    Env,
}

/// One file before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// Which of the files this is.
    pub kind: FileKind,
    /// Where it lies, as the operator named it.
    pub path: PathBuf,
    /// What was read when the plan was made; `None` if there was no file. A write is refused when
    /// the file is no longer this.
    pub before: Option<Text>,
    /// What will stand there.
    pub after: Text,
    /// Permission bits of a new file; an existing file keeps its own.
    pub mode: u32,
}

impl FileChange {
    /// Whether the file already is what it should be.
    #[must_use]
    pub fn is_noop(&self) -> bool {
        self.before.as_ref() == Some(&self.after)
    }
}

/// Every file that would change, in the order in which they are written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// The files, those that stay as they are included.
    pub changes: Vec<FileChange>,
}

impl Plan {
    /// The files that would not be the same afterwards.
    pub fn pending(&self) -> impl Iterator<Item = &FileChange> {
        self.changes.iter().filter(|change| !change.is_noop())
    }

    /// Whether nothing would change.
    #[must_use]
    pub fn is_noop(&self) -> bool {
        self.pending().next().is_none()
    }
}
