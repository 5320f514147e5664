//! What would change on disk.
//!
//! The preview and the write both read the same [`Plan`], so what is shown is what is written.

mod difference;
mod notes;
mod open_urls;
mod properties;
mod redact;

pub(crate) use difference::{DiffLine, DiffStat, DiffTag};
pub(crate) use notes::{config_notes, foreign, nginx_notes, notes, urgent};

use crate::answers::Answers;
use crate::env_file;
use crate::form;
use crate::kestra_config::{self, Refusal};
use crate::machine::{Machine, Snapshot, Text};
use crate::nginx_site;
use crate::settings::{
    Connection, CredentialStorage, FilePath, ForwardProxy, Login, Secret, Settings, SiteFile,
    VariableName,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Which of the files a change is about.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum FileKind {
    /// Kestra's config.yml, or the compose or values file that holds it.
    Config,
    /// The server block, or the locations to include in one.
    Nginx,
    /// The file with the proxy password as an environment variable.
    Env,
    /// A file in a journal of version 0.1.0, which recorded no kind.
    #[default]
    Unknown,
}

impl FileKind {
    /// What a file of this kind is called on a screen.
    pub(crate) fn label(self, path: &Path) -> String {
        match self {
            Self::Nginx => "nginx".to_owned(),
            Self::Config | Self::Env | Self::Unknown => {
                path.file_name().unwrap_or_default().to_string_lossy().into_owned()
            }
        }
    }
}

/// One file before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// Which of the files this is.
    pub kind: FileKind,
    /// Its path, as the operator named it.
    pub path: PathBuf,
    /// Where the path leads, if a link is on it. A write is refused when it leads elsewhere.
    pub target: Option<PathBuf>,
    /// What was read when the plan was made; `None` if there was no file. A write is refused when
    /// the file is no longer this.
    pub before: Option<Text>,
    /// The text that is written.
    pub after: Text,
    /// Permission bits of a new file; an existing file keeps its own.
    pub mode: u32,
}

impl FileChange {
    /// Whether the file already is what it should be.
    pub(crate) fn is_noop(&self) -> bool {
        self.before.as_ref() == Some(&self.after)
    }

    /// The path, and where it leads if a link is on it.
    pub(crate) fn destination(&self) -> String {
        let path = self.path.display();
        self.target
            .as_ref()
            .map_or(path.to_string(), |target| format!("{path} -> {}", target.display()))
    }
}

/// Every file that would change, in the order in which they are written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// The files, those that stay as they are included.
    pub changes: Vec<FileChange>,
    /// The answer to every open question, defaults included.
    pub answers: Vec<PlannedAnswer>,
    /// What the files had when their new texts were made, where that is not what is overwritten.
    pub reviewed: BTreeMap<PathBuf, Option<Text>>,
}

/// An answer that a plan was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedAnswer {
    pub(crate) name: &'static str,
    pub(crate) text: Secret,
    /// Whether the operator gave it; else it is a default or was found in the files.
    pub(crate) is_set: bool,
}

/// Hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// What a new config.yml starts from: the example of Kestra's documentation, every property that
/// the wizard knows included.
const NEW_CONFIG: &str = include_str!("../assets/config.yml");

impl Plan {
    /// What these answers do to these files.
    ///
    /// # Errors
    /// Refuses where a file cannot be changed without touching something else, with the text to
    /// paste by hand.
    pub fn new(answers: &Answers, settings: &Settings, machine: &Machine) -> Result<Self, Refusal> {
        let mut changes = vec![config(answers, settings, machine)?];
        if let Some((variable, password, path)) = variable_to_save(settings) {
            changes.push(variable_file(machine, variable, password, path.as_path())?);
        }
        if let Some(nginx) = &settings.nginx {
            changes.push(nginx_file(answers, nginx, machine)?);
        }
        let planned = |field: &'static crate::form::Field| PlannedAnswer {
            name: field.name,
            text: answers.get(field).as_ref().into(),
            is_set: answers.is_set(field),
        };
        let answers = answers.questions().map(planned).collect();
        Ok(Self { changes, answers, reviewed: BTreeMap::new() })
    }

    /// The names of the settings that the operator gave.
    pub(crate) fn settings(&self) -> impl Iterator<Item = &'static str> {
        self.answers.iter().filter(|answer| answer.is_set).map(|answer| answer.name)
    }

    /// SHA-256 over kind, path, target, before and after of each change, in hexadecimal digits. Two plans
    /// with the same digest write the same.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        // Each part is preceded by its length, so that no two lists of parts have the same bytes.
        let mut add = |part: &[u8]| {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        };
        for change in self.pending() {
            add(format!("{:?}", change.kind).as_bytes());
            add(change.path.as_os_str().as_encoded_bytes());
            let target = change.target.as_deref().unwrap_or(Path::new(""));
            add(target.as_os_str().as_encoded_bytes());
            add(if change.before.is_some() { b"file" } else { b"" });
            add(change.before.as_ref().map_or("", Text::as_str).as_bytes());
            add(change.after.as_str().as_bytes());
        }
        hex(&hash.finalize())
    }

    /// The files that these settings are about, which must have been looked at.
    pub fn paths(settings: &Settings, machine: &Machine) -> Vec<PathBuf> {
        let env = variable_to_save(settings).map(|(_, _, path)| path.as_path().to_owned());
        let nginx = settings.nginx.as_ref().map(|nginx| nginx.file.as_path().to_owned());
        [Some(machine.config().to_owned()), env, nginx].into_iter().flatten().collect()
    }

    /// The files that would not be the same afterwards.
    pub fn pending(&self) -> impl Iterator<Item = &FileChange> {
        self.changes.iter().filter(|change| !change.is_noop())
    }

    /// The same plan without the files of one kind.
    pub(crate) fn without(mut self, kind: FileKind) -> Self {
        self.changes.retain(|change| change.kind != kind);
        self
    }

    /// Whether files of other kinds would not be the same afterwards.
    pub(crate) fn has_more_than(&self, kind: FileKind) -> bool {
        self.pending().any(|change| change.kind != kind)
    }

    /// The same texts, to be written over what the files have now.
    pub(crate) fn over(mut self, machine: &Machine) -> Self {
        for change in &mut self.changes {
            let now = machine.text(&change.path).cloned();
            if now != change.before {
                let reviewed = std::mem::replace(&mut change.before, now);
                self.reviewed.entry(change.path.clone()).or_insert(reviewed);
            }
        }
        self
    }

    pub(crate) fn is_noop(&self) -> bool {
        self.pending().next().is_none()
    }
}

fn config(
    answers: &Answers,
    settings: &Settings,
    machine: &Machine,
) -> Result<FileChange, Refusal> {
    let before = readable(machine, machine.config())?;
    let edits = match (&before, machine.reading()?) {
        (Some(_), Some(reading)) if !reading.is_empty() => {
            properties::edits_of_existing(answers, settings, &reading)
        }
        (Some(_), _) => properties::edits_of_empty(answers, settings),
        (None, _) => properties::edits_of_new(answers, settings),
    };
    let after = match &before {
        Some(text) => kestra_config::patch_at(text.as_str(), machine.place(), &edits)?,
        None => kestra_config::patch(NEW_CONFIG, &edits)?,
    };
    Ok(change(FileKind::Config, machine.config(), before, after.into(), machine))
}

/// The variable, its value and its file, where the wizard writes one.
fn variable_to_save(settings: &Settings) -> Option<(&VariableName, &Secret, &FilePath)> {
    let Connection::Proxy(ForwardProxy { login: Some(login), .. }) = &settings.connection else {
        return None;
    };
    let Login { saved: CredentialStorage::Env { variable, file: Some(file) }, password, .. } =
        login
    else {
        return None;
    };
    (!password.is_empty()).then_some((variable, password, file))
}

fn variable_file(
    machine: &Machine,
    variable: &VariableName,
    password: &Secret,
    path: &Path,
) -> Result<FileChange, Refusal> {
    let before = readable(machine, path)?;
    let text = before.as_ref().map_or("", Text::as_str);
    let after = env_file::set(text, variable.as_str(), password).map_err(|refusal| Refusal {
        reason: format!("{}: {refusal}", path.display()),
        ..refusal
    })?;
    Ok(change(FileKind::Env, path, before, after.into(), machine))
}

fn nginx_file(
    answers: &Answers,
    nginx: &SiteFile,
    machine: &Machine,
) -> Result<FileChange, Refusal> {
    let path = nginx.file.as_path();
    let before = readable(machine, path)?;
    let stays = machine.written(path).is_some_and(|written| {
        !written.outdated && !is_asked_for(answers, written.site == nginx.site)
    });
    let after = match &before {
        Some(text) if stays => text.clone(),
        _ => nginx_site::render(&nginx.site, &machine.nginx.target()).into(),
    };
    Ok(change(FileKind::Nginx, path, before, after, machine))
}

/// A change of the file at this path of the machine.
fn change(
    kind: FileKind,
    path: &Path,
    before: Option<Text>,
    after: Text,
    machine: &Machine,
) -> FileChange {
    let mode = if kind == FileKind::Nginx { 0o644 } else { 0o600 };
    FileChange { kind, path: path.to_owned(), target: machine.target(path), before, after, mode }
}

/// Whether a question about nginx was answered, or one that its file depends on and is behind. Only
/// then may edits made by hand be overwritten.
fn is_asked_for(answers: &Answers, is_current: bool) -> bool {
    let mut nginx = form::in_row_of(&form::REVERSE_PROXY);
    let mut followed = [&form::URL, &form::CONTEXT_PATH].into_iter();
    nginx.any(|field| answers.is_set(field))
        || (!is_current && followed.any(|field| answers.is_set(field)))
}

/// The text at a path, which must have been looked at.
fn readable(machine: &Machine, path: &Path) -> Result<Option<Text>, Refusal> {
    match machine.snapshot(path) {
        Some(Snapshot::Text(text)) => Ok(Some(text.clone())),
        Some(Snapshot::Unreadable(why)) => {
            Err(Refusal::new(None, format!("{}: {why}", path.display())))
        }
        Some(Snapshot::Absent) | None => Ok(None),
    }
}
