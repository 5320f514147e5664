//! Events and effects.

use crate::checks::{Check, Finding};
use crate::kestra_config::Place;
use crate::kestra_release::Release;
use crate::key::Key;
use crate::machine::{Candidate, Machine, Seen, Text};
use crate::plan::{FileKind, Plan};
use crate::wizard::{Choice, FilePreview, PlanRequest};
use std::path::PathBuf;
use std::time::Duration;

/// Something happened: a key, time, or the outcome of an [`Effect`]. It has no `Debug`, since what is
/// typed may be a password.
pub enum Event {
    /// A key was pressed, whatever it means at this step.
    Key(Key),
    /// Text was pasted; it may hold line ends and worse.
    Paste(String),
    /// A line was answered in plain mode.
    Line(String),
    /// Enter alone in plain mode: the shown correction, or the current answer.
    Keep,
    /// One question back, in plain mode.
    PreviousQuestion,
    /// The whole machine was looked at.
    Discovered(Box<Machine>),
    /// The release that is installed for this configuration; it takes longer to find out.
    ReleaseFound(PathBuf, Release),
    /// The outcome of [`Effect::Load`].
    Loaded(LoadRequest, Result<Box<Machine>, LoadFailure>),
    /// The outcome of [`Effect::ReadFiles`].
    FilesRead(Vec<(PathBuf, Seen)>),
    /// The outcome of [`Effect::Check`]; of another value than the current one, it is ignored.
    Checked(Check, Vec<Finding>),
    /// The outcome of an effect that writes.
    Written(Result<WriteResult, Failure>),
    /// Something was done that ends the work, such as saving the files elsewhere.
    Stopped(WriteResult),
    /// The time asked for by [`Effect::Remind`] is over.
    Reminder,
    /// Typing paused, or a field was left.
    Paused,
    /// A second of a test is over, which is at this step.
    Second(&'static str),
    /// A plan for the live preview, with the number of its request; none where the answers are not
    /// valid.
    Planned(usize, Option<Vec<FilePreview>>),
    /// A key that scrolls was pressed.
    Scroll {
        /// Lines to scroll down; up where it is negative.
        lines: i16,
        /// How many lines can be scrolled away, in the size of the terminal, before the end of the
        /// page is in view.
        furthest: usize,
    },
}

/// Something is to be done outside; its outcome comes back as an [`Event`].
#[derive(Debug)]
pub enum Effect {
    /// Read these files again, since they may have changed.
    ReadFiles(Vec<PathBuf>),
    /// Read another configuration, and look at the machine anew.
    Load(LoadRequest),
    /// Run this check; it comes back as [`Event::Checked`].
    Check(Check),
    /// Abandon the checks that are under way.
    Cancel,
    /// Plan the answers for the live preview.
    Plan(Box<PlanRequest>),
    /// Write the plan: all of its files or none.
    Write(Plan),
    /// Write the plan with the rights of root.
    Elevate(Plan),
    /// Save what the plan would write in a folder of the operator, with the commands to install it.
    SaveAside(Plan),
    /// Save what the plan would write beside the files that changed meanwhile.
    SaveBeside(Plan),
    /// Undo the completed write with this name, or the one that was interrupted.
    Undo {
        /// As `rollback --list` has it; `None` for the interrupted one.
        id: Option<String>,
        /// Whether changes of others are overwritten.
        overwrite: bool,
    },
    /// Leave the files as the write that was interrupted left them.
    Forget,
    /// Put this text on the operator's clipboard.
    Copy(Text),
    /// Send [`Event::Reminder`] after this time.
    Remind(Duration),
    /// Draw every cell anew, since something else wrote to the terminal.
    Redraw,
    /// Give the terminal back to the shell until the operator returns.
    Suspend,
    /// End the program.
    Exit(Exit),
}

/// What becomes of the answers when the wizard is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// There are none to keep: the files are written, or nothing was answered.
    Done,
    /// They are kept as a draft, without secrets.
    KeepDraft,
    /// They are lost, and so is an earlier draft.
    Discard,
}

impl Effect {
    /// Whether files are written.
    pub(crate) fn writes(&self) -> bool {
        match self {
            Self::Write(_)
            | Self::Elevate(_)
            | Self::SaveAside(_)
            | Self::SaveBeside(_)
            | Self::Undo { .. }
            | Self::Forget => true,
            Self::ReadFiles(_)
            | Self::Load(_)
            | Self::Check(_)
            | Self::Cancel
            | Self::Plan(_)
            | Self::Copy(_)
            | Self::Remind(_)
            | Self::Redraw
            | Self::Suspend
            | Self::Exit(_) => false,
        }
    }
}

/// Another configuration to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadRequest {
    /// The file.
    pub path: PathBuf,
    /// Where in it the configuration is, if it has several.
    pub place: Option<Place>,
}

/// Why another configuration could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadFailure {
    /// What is wrong, then what to do.
    pub message: String,
    /// The configurations to choose from, where the file has several.
    pub candidates: Vec<Candidate>,
}

/// What became of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WriteState {
    /// Nothing was to be done.
    #[default]
    Unchanged,
    /// They have the planned text.
    Written,
    /// They are as they were before a write, or before it was undone.
    RolledBack,
    /// The planned texts are beside them.
    SavedBeside,
    /// The planned texts are in a folder of the operator.
    SavedAside,
    /// They stay as an interrupted write left them.
    Forgotten,
}

impl WriteState {
    /// The words in the title bar.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Unchanged => "no changes",
            Self::Written => "written",
            Self::RolledBack => "rolled back",
            Self::SavedBeside => "saved beside",
            Self::SavedAside => "saved aside",
            Self::Forgotten => "forgotten",
        }
    }
}

/// What was written, for the result page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WriteResult {
    /// What became of the files.
    pub state: WriteState,
    /// What lets others in, as the written files and the machine are; before everything else.
    pub urgent: Vec<String>,
    /// What happened, one sentence.
    pub headline: String,
    /// The files that were written, in that order.
    pub files: Vec<WrittenFile>,
    /// `None` where nothing was written.
    pub undo: Option<Undo>,
    /// Where Kestra can be opened, and when; empty where nothing leads there.
    pub open: String,
    /// What is not done yet, numbered on the page.
    pub next: Vec<NextStep>,
    /// What might make it useless.
    pub warnings: Vec<String>,
}

/// How a write is undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undo {
    /// The name of the write.
    pub id: String,
    /// The shell command that undoes it, quoted.
    pub command: String,
}

/// Something that is not done yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NextStep {
    /// What is to be done.
    pub(crate) what: String,
    /// The key of the result page that does it.
    pub(crate) key: Option<char>,
    /// The command that does it, where that is short.
    pub(crate) command: String,
    /// Lines to copy, into a shell or a file.
    pub(crate) lines: Vec<String>,
}

impl NextStep {
    /// What is to be done, without help for it.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), ..Self::default() }
    }

    pub(crate) fn key(self, key: char) -> Self {
        Self { key: Some(key), ..self }
    }

    pub(crate) fn command(self, command: impl Into<String>) -> Self {
        Self { command: command.into(), ..self }
    }

    pub(crate) fn lines(self, lines: impl Into<Vec<String>>) -> Self {
        Self { lines: lines.into(), ..self }
    }
}

/// One file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenFile {
    /// Which of the files it is; unknown where nothing waits for it.
    pub kind: FileKind,
    /// What it is called, such as the name of the file.
    pub what: String,
    /// Its real path.
    pub path: String,
    /// Owner, mode and how it was written.
    pub about: String,
    /// Whether it is gone: there was none before the write that is undone.
    pub is_removed: bool,
}

/// Why nothing was written, and the choices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The state in the title bar, such as `not written`.
    pub state: &'static str,
    /// What happened; each line at most 78 columns.
    pub lines: Vec<String>,
    /// What can be done now, the best first.
    pub choices: Vec<Choice>,
}
