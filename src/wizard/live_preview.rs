//! What the answers do to the files, shown beside the form and planned again when they change.
//!
//! Planning reads and edits whole files, so it is an effect: the loop asks for it when typing
//! pauses or a field is left, and a thread does it.

use super::{Effect, Step, Wizard};
use crate::answers::Answers;
use crate::form;
use crate::machine::Machine;
use crate::plan::{DiffLine, FileChange, FileKind, Plan};

/// The files as the last valid answers have them.
#[derive(Debug, Clone, Default)]
pub struct LivePreview {
    pub(super) files: Vec<FilePreview>,
    /// The answers that were last sent to be planned.
    requested: Option<Answers>,
    /// Counts the requests, so that a plan that arrives late is not shown.
    request: usize,
    /// Whether the answers of this moment are not valid: an earlier plan is shown.
    pub(crate) is_stale: bool,
}

/// One file as the screen shows it, made once: a configuration may be large.
#[derive(Debug, Clone)]
pub struct FilePreview {
    pub(crate) kind: FileKind,
    pub(crate) name: String,
    /// What happens to it.
    pub(crate) about: String,
    pub(crate) is_new: bool,
    /// Its lines, or the difference to the file on disk.
    pub(crate) lines: Vec<DiffLine>,
}

impl FilePreview {
    pub(super) fn new(change: &FileChange, is_revealed: bool) -> Self {
        let is_new = change.before.is_none();
        let mode = if is_new { format!(", mode {:04o}", change.mode) } else { String::new() };
        Self {
            kind: change.kind,
            name: change.kind.label(&change.path),
            about: change.summary() + &mode,
            is_new,
            lines: if is_revealed { change.revealed() } else { change.preview() },
        }
    }
}

/// Everything that a plan is made from, so that a thread can make it.
#[derive(Debug)]
pub struct PlanRequest {
    number: usize,
    answers: Answers,
    machine: Machine,
}

impl LivePreview {
    /// What was planned, and is being planned, is about files that have changed by now.
    pub(super) fn forget_request(&mut self) {
        self.requested = None;
        self.request += 1;
    }

    /// The file of this kind; without one the configuration.
    pub(crate) fn file(&self, kind: FileKind) -> Option<&FilePreview> {
        let of_kind = |kind| self.files.iter().find(|file| file.kind == kind);
        of_kind(kind).or_else(|| of_kind(FileKind::Config))
    }
}

impl PlanRequest {
    /// The files as these answers have them, with the number of the request; `None` where the
    /// answers are not valid or a file cannot be changed.
    pub(crate) fn run(self) -> (usize, Option<Vec<FilePreview>>) {
        let Self { number, answers, machine } = self;
        let settings = answers.settings().ok();
        let plan = settings.and_then(|settings| Plan::new(&answers, &settings, &machine).ok());
        let previews = |plan: Plan| {
            plan.changes.iter().map(|change| FilePreview::new(change, false)).collect()
        };
        (number, plan.map(previews))
    }
}

impl Wizard {
    /// The answers that the preview is about: with the text that is typed for the address, from
    /// which others follow, as of the last pause.
    pub(crate) fn answers_in_preview(&self) -> &Answers {
        let requested = self.live_preview.requested.as_ref();
        let is_typing = matches!(&self.step, Step::FormStep(step)
            if *step.field == form::URL && step.editor.is_touched);
        requested.filter(|_| is_typing).unwrap_or(&self.answers)
    }

    /// The answers with the text in the field.
    pub(crate) fn typed_answers(&self) -> Answers {
        let mut answers = self.answers.clone();
        if let Step::FormStep(step) = &self.step
            && step.editor.is_touched
        {
            let (typed, _) = step.typed();
            let checked = step.field.check(typed);
            answers.set(step.field, checked.as_deref().unwrap_or(typed));
        }
        answers
    }

    /// Asks for a plan of the answers and the text in the field, if they are new.
    pub(super) fn plan_preview(&mut self) -> Option<Effect> {
        let Step::FormStep(_) = &self.step else { return None };
        let answers = self.typed_answers();
        let preview = &mut self.live_preview;
        if preview.requested.as_ref() == Some(&answers) {
            return None;
        }
        preview.requested = Some(answers.clone());
        preview.request += 1;
        let (number, machine) = (preview.request, self.machine.clone());
        Some(Effect::Plan(Box::new(PlanRequest { number, answers, machine })))
    }

    pub(super) fn planned(&mut self, number: usize, files: Option<Vec<FilePreview>>) {
        let preview = &mut self.live_preview;
        if number == preview.request {
            preview.is_stale = files.is_none();
            preview.files = files.unwrap_or(std::mem::take(&mut preview.files));
        }
    }
}
