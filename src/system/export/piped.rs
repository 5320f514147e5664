//! A plan as JSON, for the pipe to `sudo kestra-setup apply --plan -`.
//!
//! The reader has more rights than the writer, so it takes nothing on trust: three files at most,
//! each by an absolute path, none executable. That a file still is `before`, the write checks.

use crate::plan::{FileChange, FileKind, Plan};
use crate::system::fs::LARGEST;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use zeroize::Zeroizing;

/// The only format there is so far.
const VERSION: u32 = 1;

/// Three files before and after, each byte at most a six-byte escape: more cannot be a plan.
const LONGEST: u64 = 3 * 2 * 6 * LARGEST as u64;

/// Why a text is not a plan that may be written.
#[derive(Debug, thiserror::Error)]
pub enum BadPlan {
    /// It could not be read.
    #[error("cannot read the plan")]
    Io(#[from] io::Error),
    /// Not JSON, or not of this form.
    #[error("the plan is not in the form that this version reads")]
    Form(#[from] serde_json::Error),
    /// Made by another version.
    #[error("the plan has format {0}, this version reads {VERSION}")]
    Version(u32),
    /// Larger than any plan.
    #[error("the plan is too large")]
    TooLarge,
    /// A path that is relative, has `..` in it, or control characters.
    #[error("the plan names {0:?}, which is not a full path")]
    Path(PathBuf),
    /// Permission bits other than reading and writing.
    #[error("the plan asks for mode {0:o}")]
    Mode(u32),
    /// The same kind of file twice.
    #[error("the plan has two files of one kind")]
    Twice,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Piped<'a> {
    version: u32,
    changes: Vec<PipedChange<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PipedChange<'a> {
    kind: FileKind,
    path: Cow<'a, Path>,
    before: Option<Cow<'a, str>>,
    after: Cow<'a, str>,
    mode: u32,
}

/// The plan as one line of JSON, secrets included: for a pipe, never for a file.
///
/// # Errors
/// A path that is not UTF-8.
pub fn to_json(plan: &Plan) -> Result<Zeroizing<String>, BadPlan> {
    let changes: Vec<_> = plan.pending().map(PipedChange::from).collect();
    // The room is made at once: a buffer that grows leaves copies of secrets behind.
    let text: usize = changes.iter().map(PipedChange::len).sum();
    let mut json = Zeroizing::new(Vec::with_capacity(6 * text + 4096));
    serde_json::to_writer(&mut *json, &Piped { version: VERSION, changes })?;
    let json = String::from_utf8(std::mem::take(&mut *json)).map_err(io::Error::other)?;
    Ok(Zeroizing::new(json))
}

/// Reads a plan that came through a pipe.
///
/// # Errors
/// Anything that [`to_json`] would not have written.
pub fn from_json(pipe: impl Read) -> Result<Plan, BadPlan> {
    let mut json = Zeroizing::new(Vec::with_capacity(64 * 1024));
    pipe.take(LONGEST + 1).read_to_end(&mut json)?;
    if json.len() as u64 > LONGEST {
        return Err(BadPlan::TooLarge);
    }
    let piped: Piped = serde_json::from_slice(&json)?;
    if piped.version != VERSION {
        return Err(BadPlan::Version(piped.version));
    }
    let mut plan = Plan::default();
    for change in piped.changes {
        if plan.changes.iter().any(|other| other.kind == change.kind) {
            return Err(BadPlan::Twice);
        }
        plan.changes.push(change.checked()?);
    }
    Ok(plan)
}

impl<'a> From<&'a FileChange> for PipedChange<'a> {
    fn from(change: &'a FileChange) -> Self {
        Self {
            kind: change.kind,
            path: (&*change.path).into(),
            before: change.before.as_ref().map(|before| before.as_str().into()),
            after: change.after.as_str().into(),
            mode: change.mode,
        }
    }
}

impl PipedChange<'_> {
    fn len(&self) -> usize {
        self.before.as_ref().map_or(0, |before| before.len()) + self.after.len()
    }

    fn checked(self) -> Result<FileChange, BadPlan> {
        if !is_full(&self.path) {
            return Err(BadPlan::Path(self.path.into_owned()));
        }
        if self.mode & !0o666 != 0 {
            return Err(BadPlan::Mode(self.mode));
        }
        if self.after.len() > LARGEST {
            return Err(BadPlan::TooLarge);
        }
        Ok(FileChange {
            kind: self.kind,
            path: self.path.into_owned(),
            before: self.before.map(|before| before.into_owned().into()),
            after: self.after.into_owned().into(),
            mode: self.mode,
        })
    }
}

/// From the root, without `..`, to a name, and without anything that would confuse a terminal.
fn is_full(path: &Path) -> bool {
    let text = path.to_string_lossy();
    let has_plain_parts =
        path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    path.is_absolute()
        && has_plain_parts
        && !text.ends_with('/')
        && !text.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        let change = |kind, path: &str, before: Option<&str>| FileChange {
            kind,
            path: path.into(),
            before: before.map(Into::into),
            after: "a: \"1\"\n# \u{1}é\n".into(),
            mode: 0o600,
        };
        let config = change(FileKind::Config, "/home/k/config.yml", Some("a: 0\n"));
        Plan { changes: vec![config, change(FileKind::Nginx, "/etc/nginx/k.conf", None)] }
    }

    #[test]
    fn a_plan_comes_out_of_the_pipe_as_it_went_in() {
        let json = to_json(&plan()).unwrap();
        assert_eq!(from_json(json.as_bytes()).unwrap(), plan());
    }

    #[test]
    fn a_plan_that_the_wizard_would_not_make_is_refused() {
        let json = to_json(&plan()).unwrap();
        for (from, to) in [
            ("\"version\":1", "\"version\":2"),
            ("\"version\":1", "\"version\":1,\"more\":0"),
            ("\"nginx\"", "\"config\""),
            ("\"nginx\"", "\"cron\""),
            ("/etc/nginx", "etc/nginx"),
            ("/etc/nginx", "/etc/../nginx"),
            ("/etc/nginx/k.conf", "/etc/nginx/"),
            ("/etc/nginx", "/etc/\\u0000nginx"),
            ("\"mode\":384", "\"mode\":2541"),
            ("\"changes\"", "\"change\""),
        ] {
            assert!(json.contains(from), "{from}");
            assert!(from_json(json.replacen(from, to, 1).as_bytes()).is_err(), "{to}");
        }
    }
}
