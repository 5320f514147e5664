//! What each command does. Data goes to standard output, talk to standard error, and nothing asks a
//! question unless both standard input and standard error are terminals.

mod apply;
mod check;
mod rollback;
mod show;
mod sources;
mod wizard;

use crate::cli::{self, Invocation, Task};
use crate::kestra_config::Place;
use crate::messages;
use crate::plan::FileChange;
use crate::system::console::{Console, harmless};
use crate::system::discover::DiscoverError;
use crate::system::fs::WriteError;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

/// Why a command did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The configuration that is there.
    #[error(transparent)]
    Discover(#[from] DiscoverError),
    /// The files to be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A write that could not be undone.
    #[error(transparent)]
    Rollback(WriteError),
    /// Answers, every problem at once, one a line.
    #[error("{}", .0.join("\n"))]
    Answers(Vec<String>),
    /// A file that cannot be changed without touching something else; the message has the text to
    /// paste.
    #[error("{0}")]
    Refused(String),
    /// No write belongs to this configuration.
    #[error("there is no write to {} to undo", config.display())]
    NothingToUndo {
        /// The configuration.
        config: std::path::PathBuf,
    },
    /// A plan that is not the one that was reviewed.
    #[error("the files are not what was reviewed, so nothing was written")]
    Unexpected,
    /// Standard output is closed or full.
    #[error("cannot write to standard output; {outcome}")]
    Output {
        /// What became of the files.
        outcome: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Standard output, or a file that was named.
    #[error("{what}")]
    Io {
        /// What could not be done.
        what: String,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl CommandError {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Discover(error) => error.exit_code(),
            Self::Write(error) | Self::Rollback(error) => error.exit_code(),
            Self::Answers(_) => 2,
            Self::Unexpected => 4,
            Self::Io { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => 5,
            Self::NothingToUndo { .. }
            | Self::Refused(_)
            | Self::Output { .. }
            | Self::Io { .. } => 1,
        }
    }

    fn remedy(&self) -> String {
        match self {
            Self::Discover(error) => error.remedy(),
            Self::Rollback(WriteError::Changed(_)) => {
                "Look at their change; kestra-setup rollback --force undoes it as well.".into()
            }
            Self::Write(error) | Self::Rollback(error) => error.remedy(),
            Self::NothingToUndo { .. } => "List every write: kestra-setup rollback --list".into(),
            Self::Unexpected => "Review the change again.".into(),
            Self::Answers(_) | Self::Refused(_) | Self::Output { .. } | Self::Io { .. } => {
                String::new()
            }
        }
    }
}

impl From<io::Error> for CommandError {
    fn from(source: io::Error) -> Self {
        Self::Io { what: "cannot write to standard output".to_owned(), source }
    }
}

/// The place of a command that works on one configuration.
fn only(places: &[Place]) -> Result<Option<&Place>, CommandError> {
    match places {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        _ => Err(CommandError::Answers(vec!["--at: only apply takes several places.".to_owned()])),
    }
}

/// Does what was asked for; gives the exit code.
pub fn run(invocation: &Invocation, console: &mut Console) -> u8 {
    let result = match &invocation.task {
        Task::Wizard => wizard::run(invocation, console),
        Task::Apply { given, dry_run, json, expect } => {
            let options =
                apply::Options { given, dry_run: *dry_run, json: *json, expect: expect.as_deref() };
            apply::run(invocation, &options, console)
        }
        Task::Show { given, form } => show::run(invocation, given, *form, console),
        Task::Print { what, given } => show::print(invocation, *what, given, console),
        Task::Check { json, api_url } => check::run(invocation, *json, api_url.as_deref(), console),
        Task::Rollback(wanted) => rollback::run(invocation, wanted, console),
        Task::Completions(shell) => {
            cli::completions(*shell, console.data()).map(|()| 0).map_err(Into::into)
        }
        Task::Man => cli::man(console.data()).map(|()| 0).map_err(Into::into),
    };
    result.unwrap_or_else(|error| explain(&error, console))
}

/// Says an error the way the screens do: what, why, what to do.
pub fn explain(error: &CommandError, console: &mut Console) -> u8 {
    // A reader that went away, such as `head`, is no error worth a word.
    let is_closed = matches!(error, CommandError::Io { source, .. } if source.kind() == io::ErrorKind::BrokenPipe);
    if !is_closed {
        console.message(&words(error));
    }
    error.exit_code()
}

fn words(error: &CommandError) -> String {
    let mut text = match error {
        CommandError::Answers(lines) => lines.join("\n"),
        other => format!("Error: {other}"),
    };
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        let cause_text = source.to_string();
        if !text.contains(&cause_text) {
            let _ = write!(text, "\nCause: {cause_text}");
        }
        cause = source.source();
    }
    if let CommandError::Write(WriteError::Verification(failure)) = error {
        let _ = write!(text, "\n{}\n{}", failure.evidence, failure.outcome());
    }
    let remedy = error.remedy();
    if !remedy.is_empty() {
        let _ = write!(text, "\n{remedy}");
    }
    text
}

/// A change as it is printed: which file, then its difference.
fn difference(change: &FileChange) -> String {
    let mut text = format!("--- {}\n", harmless(&change.destination()));
    let _ = writeln!(text, "    {}", change.summary());
    for line in messages::listed(change) {
        let _ = writeln!(
            text,
            "{}",
            if change.before.is_none() { format!("+{}", &line[1..]) } else { line }
        );
    }
    text
}

/// The result page on the normal screen.
fn report(saved: &crate::wizard::WriteResult, console: &mut Console) {
    console.message(&crate::wizard::report(saved).join("\n"));
}

/// The text of a file that was named on the command line.
fn text_of(path: &Path) -> Result<String, CommandError> {
    let failed =
        |source| CommandError::Io { what: format!("cannot read {}", path.display()), source };
    crate::system::console::read_named(path).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::FileKind;

    #[test]
    fn the_name_of_a_file_sends_nothing_to_the_terminal() {
        let (path, after) = ("a\u{1b}[31m.yml".into(), "a: 1\n".into());
        let (kind, target, before) = (FileKind::Config, None, None);
        let change = FileChange { kind, path, target, before, after, mode: 0o600 };
        assert_eq!(difference(&change), "--- a?[31m.yml\n    new file, 1 line\n+…\n");
    }
}
