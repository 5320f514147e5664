//! On a screen of the form: which field has the focus, what is being typed, what is wrong with it.

use super::editor::Editor;
use super::keymap;
use crate::answers::{Answers, Problem};
use crate::form::{self, Field, SCREENS, Screen, ScreenId};

/// One screen, one focus, one text being typed.
#[derive(Debug, Clone)]
pub struct FormStep {
    pub(super) screen: usize,
    pub(super) field: &'static Field,
    pub(super) editor: Editor,
    pub(super) problem: Option<Problem>,
    pub(super) note: Option<String>,
    /// Opened from the review, to which Enter returns.
    pub(super) is_returning: bool,
}

impl FormStep {
    /// The field at this place, or the first one that is asked.
    pub(super) fn new(answers: &Answers, screen: usize, focus: usize) -> Self {
        let rows = &SCREENS[screen.min(SCREENS.len() - 1)];
        let asked = |field: &&&'static Field| answers.asks(field);
        let field = rows.fields.get(focus).filter(asked).or_else(|| rows.fields.iter().find(asked));
        Self::on(answers, field.unwrap_or(&rows.fields[0]))
    }

    /// This field.
    pub(super) fn on(answers: &Answers, field: &'static Field) -> Self {
        let screen = form::position(field).map_or(0, |(screen, _)| screen);
        Self {
            screen,
            field,
            editor: Editor::of(answers, field),
            problem: None,
            note: None,
            is_returning: false,
        }
    }

    /// The screen.
    #[must_use]
    pub fn screen(&self) -> &'static Screen {
        &SCREENS[self.screen]
    }

    /// The number of the screen, counted from 0.
    #[must_use]
    pub fn number(&self) -> usize {
        self.screen
    }

    /// The field with the focus.
    #[must_use]
    pub fn field(&self) -> &'static Field {
        self.field
    }

    /// The text as it stands in the field, and the cursor's place in it, counted in characters.
    #[must_use]
    pub fn typed(&self) -> (&str, usize) {
        (self.editor.text(), self.editor.cursor())
    }

    /// Whether the text was changed since the field got the focus.
    #[must_use]
    pub fn is_touched(&self) -> bool {
        self.editor.is_touched
    }

    /// Whether the secret being typed is shown.
    #[must_use]
    pub fn is_revealed(&self) -> bool {
        self.editor.is_revealed
    }

    /// What is wrong, shown under the field.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        self.problem.as_ref()
    }

    /// What was corrected or is good to know.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Whether Enter returns to the review.
    #[must_use]
    pub fn is_returning(&self) -> bool {
        self.is_returning
    }

    pub(super) fn keys(&self) -> keymap::Tables {
        if self.screen().id == ScreenId::Proxy { keymap::ASKING_PROXY } else { keymap::ASKING }
    }

    pub(super) fn returning(mut self) -> Self {
        self.is_returning = true;
        self
    }

    pub(super) fn with_problem(mut self, problem: Problem) -> Self {
        self.problem = Some(problem);
        self
    }
}
