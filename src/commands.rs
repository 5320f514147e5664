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
use crate::system::console::{Console, harmless, setting};
use crate::system::discover::DiscoverError;
use crate::system::fs::WriteError;
use crate::ui::tui::backend::Colors;
use crate::ui::tui::theme::{Level, Theme};
use clap::ColorChoice;
use serde::Serialize;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

/// Why a command did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
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
    #[error("there is no write to {} to undo", .0.display())]
    NothingToUndo(PathBuf),
    /// A plan that is not the one that was reviewed.
    #[error("the files are not what was reviewed, so nothing was written")]
    Unexpected,
    /// Standard output is closed or full.
    #[error("cannot write to standard output; {outcome}")]
    Output {
        /// What became of the files.
        outcome: &'static str,
        #[source]
        source: io::Error,
    },
    /// Standard output, or a file that was named.
    #[error("{what}")]
    Io {
        /// What could not be done.
        what: String,
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
            Self::NothingToUndo(_) | Self::Refused(_) | Self::Output { .. } | Self::Io { .. } => 1,
        }
    }

    fn remedy(&self) -> String {
        match self {
            Self::Discover(error) => error.remedy(),
            // No command to copy: this one may be about another configuration than the usual one.
            Self::Rollback(WriteError::Changed(_)) => {
                "Look at their change; this command with --force undoes it as well.".into()
            }
            Self::Write(error) | Self::Rollback(error) => error.remedy(),
            Self::NothingToUndo(_) => "List every write: kestra-setup rollback --list".into(),
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
    if has_colours(invocation.colour) {
        console.paint(paint, invocation.colour == ColorChoice::Always);
    }
    let result = match &invocation.task {
        Task::Wizard => wizard::run(invocation, console),
        Task::Apply(options) => apply::run(invocation, options, console),
        Task::Show { given, as_answers } => show::run(invocation, given, *as_answers, console),
        Task::Print { what, given } => show::print(invocation, *what, given, console),
        Task::Check { api_url } => check::run(invocation, api_url.as_deref(), console),
        Task::Rollback(wanted) => rollback::run(invocation, wanted, console),
        Task::Completions(shell) => print(&cli::completions(*shell), console),
        Task::Man => cli::man().map_err(Into::into).and_then(|page| print(&page, console)),
    };
    result.unwrap_or_else(|error| explain(&error, invocation.json, console))
}

fn print(text: &str, console: &mut Console) -> Result<u8, CommandError> {
    console.print(text)?;
    Ok(0)
}

/// Reports an error: what, why, what to do; for machines as well, where a report was asked for.
fn explain(error: &CommandError, json: bool, console: &mut Console) -> u8 {
    // A reader that went away, such as `head`, is no error worth a word.
    let is_closed = matches!(error, CommandError::Io { source, .. } if source.kind() == io::ErrorKind::BrokenPipe);
    if !is_closed {
        console.message(&words(error));
        if json {
            // Where standard output is what failed, the message above is all that can be done.
            let error = ReportedError {
                exit_code: error.exit_code(),
                messages: messages(error).iter().map(|message| harmless(message)).collect(),
                remedy: harmless(&error.remedy()),
            };
            let _ = console.json(&FailureReport { error, warnings: console.warnings() });
        }
    }
    error.exit_code()
}

/// The object that `--json` prints in place of a report; its shape is documented in the manual page.
#[derive(Serialize)]
struct FailureReport {
    error: ReportedError,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct ReportedError {
    exit_code: u8,
    messages: Vec<String>,
    remedy: String,
}

/// Prints the help or the version that was asked for, or what is wrong with the command line, for
/// machines as well where they get a report; gives the exit code.
pub fn report_usage(error: &clap::Error, wants_json: bool, console: &mut Console) -> u8 {
    let text = error.to_string();
    if !error.use_stderr() {
        let printed = console.print(&text);
        return printed.map_or_else(|error| explain(&error.into(), false, console), |()| 0);
    }
    console.message(&text);
    if wants_json {
        let text = text.trim_start_matches("error: ").split("\n\n").next().unwrap_or_default();
        let error = ReportedError {
            exit_code: 2,
            messages: vec![text.to_owned()],
            remedy: "Run kestra-setup --help.".to_owned(),
        };
        let _ = console.json(&FailureReport { error, warnings: Vec::new() });
    }
    2
}

/// What is wrong, each with its causes.
fn messages(error: &CommandError) -> Vec<String> {
    if let CommandError::Answers(lines) = error {
        return lines.clone();
    }
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        let cause_text = source.to_string();
        if !text.contains(&cause_text) {
            let _ = write!(text, ": {cause_text}");
        }
        cause = source.source();
    }
    if let CommandError::Write(WriteError::Verification(failure)) = error {
        let became = WriteError::after_verification(failure);
        let _ = write!(text, "\n{}\n{became}", failure.evidence);
    }
    vec![text]
}

fn words(error: &CommandError) -> String {
    let mut lines: Vec<_> =
        messages(error).iter().map(|message| format!("error: {message}")).collect();
    lines.extend(Some(error.remedy()).filter(|remedy| !remedy.is_empty()));
    lines.join("\n")
}

/// Whether this terminal shows text alone, one line after the other.
fn is_dumb() -> bool {
    matches!(setting("TERM").as_str(), "" | "dumb")
}

/// Whether colours are wanted and the terminal has them. systemd gives serial lines `TERM=vt220`;
/// monochrome terminals have it in their name.
fn has_colours(wanted: ColorChoice) -> bool {
    let term = setting("TERM");
    let is_mono = is_dumb()
        || ["vt", "ansi", "linux", "sun"].iter().any(|name| term.starts_with(name))
        || term.contains("-m");
    match wanted {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => setting("NO_COLOR").is_empty() && !is_mono,
    }
}

/// Differences, findings, warnings and errors in colour.
fn paint(line: &str) -> String {
    let theme = Theme::new(Level::Full, Colors::Basic);
    let word = line.split_inclusive([' ', ':']).next().unwrap_or_default();
    let (length, style) = match word {
        "--- " => (line.len(), Theme::strong()),
        "@@ " => (line.len(), theme.key()),
        "ok:" => (word.len(), theme.good()),
        "error:" | "failed:" => (word.len(), theme.bad()),
        "warning:" => (word.len(), theme.warn()),
        "note:" | "skipped:" => (word.len(), theme.dim()),
        _ if line.starts_with('+') => (line.len(), theme.added()),
        _ if line.starts_with('-') => (line.len(), theme.removed()),
        _ => return line.to_owned(),
    };
    let (styled, rest) = line.split_at(length);
    theme.painted(styled, style) + rest
}

/// A change as it is printed: which file, then its difference.
fn difference(change: &FileChange) -> String {
    difference_in_words(change, &change.summary())
}

/// The same, with what happens to the file in words.
fn difference_in_words(change: &FileChange, summary: &str) -> String {
    let mut text = format!("--- {}\n", harmless(&change.destination()));
    let _ = writeln!(text, "    {summary}");
    for line in messages::printed(change) {
        let _ = writeln!(text, "{line}");
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
