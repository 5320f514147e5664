//! Before the plan: numbered settings above, the files as they will be below.

use super::{Effect, FilePreview, Step, Wizard};
use crate::answers::{Answers, Problem, Source};
use crate::checks::Check;
use crate::form::{self, Field, InReview};
use crate::kestra_config::Refusal;
use crate::machine::Machine;
use crate::plan::{FileChange, FileKind, Plan};
use crate::settings::{Settings, SiteForm};
use std::fmt;

/// The review: the plan, and what of it is in view.
#[derive(Clone)]
pub struct Review {
    preview: Preview,
    /// Its files as they are shown, in the order of their tabs.
    pub(crate) shown: Vec<FilePreview>,
    /// What is good to know before writing, found out once as well.
    pub(super) notes: Vec<String>,
    /// The number of the tab of the file that is shown, counted from 0.
    pub(crate) tab: usize,
    /// How many lines are scrolled away above.
    pub(crate) scroll: usize,
    /// Whether the file has the whole screen.
    pub(crate) is_full: bool,
    pub(super) is_revealed: bool,
    /// Whether `w` was pressed and the question whether to write is open.
    pub(crate) is_confirming: bool,
    /// What the last key came to, such as "Nothing to write."
    pub(crate) note: Option<String>,
}

/// Shows nothing of its lines, in which secrets may be revealed.
impl fmt::Debug for Review {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Review").field("preview", &self.preview).finish_non_exhaustive()
    }
}

/// What would be written, if anything can be.
#[derive(Debug, Clone)]
pub enum Preview {
    /// This plan; it may change nothing.
    Ready(Plan),
    /// Nothing, because the file cannot be changed without touching something else.
    Refused(Refusal),
    /// Nothing, because of invalid answers.
    Problems(Vec<Problem>),
}

impl Preview {
    /// The plan of these answers.
    pub(crate) fn new(answers: &Answers, settings: &Settings, machine: &Machine) -> Self {
        match Plan::new(answers, settings, machine) {
            Ok(plan) => Self::Ready(plan),
            Err(refusal) => Self::Refused(refusal),
        }
    }

    /// What would be written, if anything can be.
    pub(crate) fn plan(&self) -> Option<&Plan> {
        if let Self::Ready(plan) = self { Some(plan) } else { None }
    }

    /// The private test of the nginx file, if one would be written.
    pub(super) fn nginx_check(&self, settings: &Settings) -> Option<Check> {
        let change = self.plan()?.pending().find(|change| change.kind == FileKind::Nginx)?;
        let is_location = settings.nginx.as_ref()?.site.form == SiteForm::Location;
        Some(Check::Nginx { text: change.after.as_str().to_owned(), is_location })
    }
}

impl Review {
    pub(super) fn new(preview: Preview, notes: Vec<String>) -> Self {
        let mut review = Self {
            preview,
            shown: Vec::new(),
            notes,
            tab: 0,
            scroll: 0,
            is_full: false,
            is_revealed: false,
            is_confirming: false,
            note: None,
        };
        review.show_secrets(false);
        review
    }

    pub(super) fn show_secrets(&mut self, is_revealed: bool) {
        self.is_revealed = is_revealed;
        self.shown =
            self.files().iter().map(|change| FilePreview::new(change, is_revealed)).collect();
    }

    /// What would be written, or why nothing can be.
    pub fn preview(&self) -> &Preview {
        &self.preview
    }

    /// The files of the plan.
    pub(crate) fn files(&self) -> &[FileChange] {
        self.preview.plan().map_or(&[], |plan| &plan.changes)
    }

    /// What is good to know before writing, one sentence each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    pub(super) fn next_tab(&mut self) {
        self.tab = (self.tab + 1) % self.files().len().max(1);
        self.scroll = 0;
    }

    pub(super) fn toggle_full(&mut self) {
        self.is_full = !self.is_full;
        self.scroll = 0;
    }

    /// The plan, if it may be written; else the reason is shown.
    pub(super) fn plan_to_write(&mut self) -> Option<&Plan> {
        self.note = match &self.preview {
            Preview::Ready(plan) if !plan.is_noop() => None,
            Preview::Ready(_) => Some("Nothing to write.".to_owned()),
            Preview::Refused(_) => {
                Some("Cannot be written; the text to paste is shown.".to_owned())
            }
            Preview::Problems(_) => Some("Fix the errors above first.".to_owned()),
        };
        self.preview.plan().filter(|plan| !plan.is_noop())
    }
}

/// One numbered setting of the review.
#[derive(Debug, PartialEq, Eq)]
pub struct ReviewRow {
    /// The digit that opens it.
    pub(crate) number: usize,
    /// The question that it opens.
    pub(crate) field: &'static Field,
    /// The name of the setting.
    pub(crate) label: &'static str,
    /// Its value in words, secrets masked.
    pub(crate) text: String,
    /// The value in the files, if that differs; or where the answer comes from.
    pub(crate) remark: String,
    /// Whether it differs from the files.
    pub(crate) is_changed: bool,
}

impl ReviewRow {
    /// The numbered settings, as these answers have them.
    pub(crate) fn all(answers: &Answers) -> Vec<Self> {
        form::review_rows()
            .into_iter()
            .zip(1..)
            .map(|(row, number)| Self::new(row, number, answers))
            .collect()
    }

    fn new(row: &'static Field, number: usize, answers: &Answers) -> Self {
        let value = answers.get(row);
        let text = match row.review {
            _ if !answers.asks(row) => "-".to_owned(),
            InReview::Summary { text, .. } => text(answers),
            InReview::OwnRow | InReview::RowOf(_) => row
                .choice(&value)
                .map_or(answers.shown(row), |choice| choice.label.into())
                .into_owned(),
        };
        let is_changed = answers.defaults().is_reconfiguration
            && answers.changes().any(|field| field.row() == row);
        let remark = match (answers.found(row), answers.source(row)) {
            (Some(was), _) if is_changed && !row.is_secret() && was != value => {
                let was = row.choice(was).map_or(row.shown(was), |choice| choice.label.into());
                format!("was {}", if was.is_empty() { "empty" } else { &was })
            }
            _ if is_changed => "(changed)".to_owned(),
            (_, Source::Environment(variable)) => format!("(from {variable})"),
            _ => String::new(),
        };
        let label =
            if let InReview::Summary { label, .. } = row.review { label } else { row.label };
        // What is not asked is opened by the question that leaves it out.
        let field = row.ruled_out_by(answers).unwrap_or(row);
        Self { number, field, label, text, remark, is_changed }
    }
}

impl Wizard {
    /// `y`: the shown file for the operator's clipboard, redacted also while the screen shows it all.
    pub(super) fn copy(&mut self) -> Option<Effect> {
        let Step::Review(review) = &mut self.step else { return None };
        let change = review.files().get(review.tab)?;
        let text = change.redacted();
        let is_whole = text == change.after.as_str();
        let secrets = if is_whole { "" } else { "; secrets are masked" };
        review.note =
            Some(format!("Sent {} bytes to the clipboard of your terminal{secrets}.", text.len()));
        Some(Effect::Copy(text.into()))
    }
}
